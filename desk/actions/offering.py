"""What can be chosen when an item is made or shared: the types, who may approve it, whether its maker may share outright."""

from __future__ import annotations

from dossier.office import people
from dossier.office.keys import ItemType
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Forbidden


def may_make(office: Office, actor: Actor, client: str) -> bool:
    """True if this person may make items for the client."""
    return people.why_not_create(office, actor.code, client) is None


def check_making(office: Office, actor: Actor, client: str) -> None:
    """Raises Forbidden for whoever may not make items for the client."""
    refusal = people.why_not_create(office, actor.code, client)
    if refusal is not None:
        raise Forbidden(refusal)


def may_share_outright(office: Office, actor: Actor, client: str) -> bool:
    """True if this person's items need no approver."""
    return people.why_not_share(office, actor.code, client) is None


def approvers(office: Office, actor: Actor, client: str, kind: str | None = None) -> list[str]:
    """Who may approve what this person makes for the client, of this type; in the order of staff.yaml."""
    return [code for code in office.staff if people.why_not_approve(office, code, client, kind, actor.people) is None]


def types(office: Office, actor: Actor) -> dict[str, ItemType]:
    """The types of item that this person may know of."""
    hidden = people.readable(office, actor).hidden_types
    return {name: kind for name, kind in office.settings.types.items() if name not in hidden}
