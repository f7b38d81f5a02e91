"""What can be chosen when an item is made or shared: the types, who may approve it, whether its
maker may share outright."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dossier.office import people
from dossier.office.keys import ItemType, Preset
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Forbidden


def may_make(office: Office, actor: Actor, client: str) -> bool:
    """True if this person may make items for the client."""
    return people.why_not_create(office, actor.code, client) is None


def check_making(office: Office, actor: Actor, client: str) -> None:
    """Raises Forbidden for whoever may not make items for the client."""
    refusal = people.why_not_create(office, actor.code, client)
    if refusal is not None:
        raise Forbidden(refusal)


def check_active(office: Office, client: str) -> None:
    """Raises Forbidden for a client for whom nothing is taken any more."""
    if not office.clients[client].active:
        raise Forbidden("rules.client_not_active", client=client)


def may_share_outright(office: Office, actor: Actor, client: str) -> bool:
    """True if this person's items need no approver."""
    return people.why_not_share(office, actor.code, client) is None


def approvers(office: Office, actor: Actor, client: str, kind: str | None = None) -> list[str]:
    """Who may approve what this person makes for the client, of this type; in the order of
    staff.yaml."""
    return [code for code in office.staff if people.why_not_approve(office, code, client, kind, actor.people) is None]


def owners(office: Office, client: str, kind: str | None = None) -> list[str]:
    """Who can see to an item of the client, of this type; in the order of staff.yaml."""
    return [code for code in office.staff if people.why_not_own(office, code, client, kind) is None]


def named(name: str, code: str) -> str:
    """How a person or client is offered, and understood when it comes back: `Marieke de Vries
    (m.devries)`."""
    return f"{name} ({code})"


class Named(Protocol):
    """A member of staff, or a client."""

    @property
    def name(self) -> str: ...


def code_typed(text: str, known: Mapping[str, Named]) -> str:
    """The code that was meant by what was typed, of those in `known`.

    What fits none, or several, is given back as it is.
    """
    text = text.strip()
    _, _, behind = text.rstrip(")").rpartition("(")
    if text in known:
        return text
    if text.endswith(")") and behind in known:
        return behind
    fitting = [code for code, one in known.items() if names.fold(one.name) == names.fold(text)]
    fitting = fitting or [code for code, one in known.items() if text and names.fold(text) in names.fold(f"{one.name} {code}")]
    return fitting[0] if len(fitting) == 1 else text


def presets(office: Office, actor: Actor) -> dict[str, Preset]:
    """The presets of items of whose type this person may know."""
    hidden = people.readable(office, actor).hidden_types
    return {name: preset for name, preset in office.settings.presets.items() if preset.type not in hidden}


def preset_keys(office: Office, actor: Actor, name: str) -> dict[str, str]:
    """What a preset says of an item, by the fields of a form; nothing for a name that is none's."""
    preset = presets(office, actor).get(name)
    if preset is None:
        return {}
    said = {
        "description": preset.description, "status": preset.status, "type": preset.type, "location": preset.location,
        "labels": ", ".join(preset.labels), "explanation": preset.explanation, "share_status": preset.share_status,
        "contact": preset.contact, "approvals": str(preset.approvals or ""), "share_attachments": preset.share_attachments,
        **{f"field.{key}": value for key, value in preset.fields.items()},
        **{key: "yes" for key in ("share", "share_explanation", "notify") if getattr(preset, key)},
    }  # fmt: skip
    return {key: value for key, value in said.items() if value}


def preset_approvers(office: Office, actor: Actor, name: str) -> list[str]:
    """Whom a preset asks, as people are offered; nobody for a name that is none's."""
    preset = presets(office, actor).get(name)
    asked = preset.approver if preset is not None else ()
    return [named(office.staff[code].name, code) if code in office.staff else code for code in asked or ()]


def types(office: Office, actor: Actor) -> dict[str, ItemType]:
    """The types of item that this person may know of."""
    hidden = people.readable(office, actor).hidden_types
    return {name: kind for name, kind in office.settings.types.items() if name not in hidden}
