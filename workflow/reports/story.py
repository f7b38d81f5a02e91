"""An item's history as a person would tell it: one sentence an event, in no language yet. Pure.

Names instead of codes, and no values of programs. What only counts (that somebody of the office
looked at it) is folded to one line. An event that nobody has words for is told by its name, so
nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dossier.office.office import Office
from dossier.text.sentences import Sentence, from_data, plain, sentence
from dossier.trail import trail
from workflow.messages.kinds import NOTICES

LOOKS = ("viewed",)
"""Somebody of the office looked: told once for each run of them."""


class Told(NamedTuple):
    """One line of the story."""

    at: str
    """ISO 8601, local."""
    who: str
    """Their name; "" for what the daemon did by itself."""
    what: Sentence
    more: tuple[Sentence, ...] = ()
    is_sharing: bool = False
    """It changes what the client sees, or tells of that."""


def story(office: Office, client: str, history: Sequence[Mapping[str, Any]]) -> list[Told]:
    """The events of `history` (trail.history, times local), the latest first."""
    found: list[Told] = []
    lookers: list[str] = []
    for event in history:
        if event["action"] in LOOKS:
            name = name_of(office, event["actor"])
            if found and found[-1].what.code == "story.viewed":
                lookers = [*lookers, name] if name not in lookers else lookers
                found.pop()
            else:
                lookers = [name]
            found.append(Told(event["at"], "", sentence("story.viewed", who=", ".join(lookers))))
            continue
        if event["action"] == "notified" and (event["detail"] or {}).get("kind") in NOTICES:
            continue  # that staff were told of what the line before says
        found.append(_told(office, client, event))
    return found[::-1]


def name_of(office: Office, actor: str) -> str:
    """The name behind a code of the trail: staff, contact, system user; "" for the daemon."""
    if actor in office.staff:
        return office.staff[actor].name
    if actor.startswith("contact:"):
        code, _, contact = actor.removeprefix("contact:").partition("/")
        known = office.clients.get(code)
        return next((one.name for one in known.contacts if one.id == contact), contact) if known else contact
    return "" if actor == trail.DAEMON.code else actor.removeprefix("os:")


def called(key: str, tell: Callable[[Sentence | str], str]) -> str:
    """What a key of an event's detail is called; a client's code, say, is called as it is."""
    name = sentence(f"trail.called_{key}")
    return key if (told := tell(name)) == name.code else told


def worded(value: object, tell: Callable[[Sentence | str], str]) -> str:
    """A value of an event's detail in words, without a program's brackets and quotation marks.

    `tell` tells a sentence in the reader's language.
    """
    if isinstance(value, bool):
        return tell(sentence("story.yes" if value else "story.no"))
    if value is None or value in ("", [], {}):
        return tell(sentence("story.nothing"))
    if isinstance(value, Mapping):
        if isinstance(kept := from_data(value), Sentence):
            return tell(kept)
        if value.keys() == {"from", "to"}:
            return f"{worded(value['from'], tell)} → {worded(value['to'], tell)}"
        return ", ".join(f"{called(key, tell)}: {worded(one, tell)}" for key, one in value.items())
    if isinstance(value, list):
        return ("; " if any(isinstance(one, Mapping) for one in value) else ", ").join(worded(one, tell) for one in value)
    return tell(str(value))


def _told(office: Office, client: str, event: Mapping[str, Any]) -> Told:
    action, detail, who = event["action"], event["detail"] or {}, name_of(office, event["actor"])
    is_sharing = action in (
        "approved", "offered", "rejected", "published", "taken_off", "withdrawn", "restored", "unshared", "reverted", "notified",
        "not_notified", "mail_failed", "mail_retried", "mail_cancelled", "opened", "downloaded", "held_by_guard",
        "warned_by_guard",
    )  # fmt: skip
    return Told(event["at"], who, _what(office, client, action, detail), tuple(_more(office, action, detail)), is_sharing)


TELLING = frozenset({
    "created", "approved", "rejected", "offered", "notified", "mail_failed", "mail_retried", "mail_cancelled", "contact_reminded",
    "notify_asked", "not_notified", "reminded", "escalated", "due_reminded", "downloaded", "copied", "moved", "passed_on",
})  # fmt: skip
"""Events whose words say more than that it was done, by their detail."""


def _what(office: Office, client: str, action: str, detail: Mapping[str, Any]) -> Sentence:
    if detail.get("erased") and action in TELLING:
        return sentence("story.erased", action=sentence(f"trail.did_{action}"))
    if action == "created":
        names = [one["name"] for one in detail.get("attachments", ())]
        if detail.get("source") is None:
            return sentence("story.created_elsewhere", count=len(names))
        return sentence("story.created", source=detail["source"], count=len(names))
    if action == "approved" and detail.get("outright"):
        return sentence("story.shared")
    if action in ("approved", "rejected"):
        return sentence(f"story.{action}", comment=_said(detail.get("comment")))
    if action == "offered":
        return sentence("story.offered", whom=_names(office, detail.get("approvers", ())) or "?")
    if action in ("withdrawn", "restored", "unshared", "asked_again", "file_erased"):
        return sentence(f"story.{action}", reason=_said(detail.get("said") or detail.get("reason")))
    if action in (
        "notified", "mail_failed", "mail_retried", "mail_cancelled", "contact_reminded", "notify_asked", "not_notified",
    ):  # fmt: skip
        code = str(detail.get("contact") or detail.get("to") or "")
        whom = name_of(office, code if detail.get("kind") in NOTICES else f"contact:{client}/{code}")
        return sentence(f"story.{action}", contact=whom, reason=_said(detail.get("said") or detail.get("reason")))
    if action in ("reminded", "escalated"):
        to = detail.get("to", ())
        return sentence(f"story.{action}", whom=_names(office, [to] if isinstance(to, str) else to))
    if action == "passed_on":
        seat = _names(office, filter(None, [str(detail.get("seat") or "")]))
        return sentence(
            "story.passed_on" if seat else "story.passed_on_to", whom=_names(office, detail.get("to", ())) or "?", seat=seat
        )
    if action == "duplicate":
        source = str(detail.get("source") or "")
        return sentence("story.duplicate" if source else "story.duplicate_again", source=source)
    if action == "due_reminded":
        return sentence("story.due_reminded", whom=_names(office, detail.get("to", ())), day=str(detail.get("due") or "?"))
    if action in ("opened", "downloaded"):
        return sentence(f"story.{action}", files=_files(detail.get("files", ()) or filter(None, [detail.get("name")])))
    if action == "copied":
        return sentence("story.copied", files=_files(detail.get("files", ())), item=str(detail.get("to") or "?"))
    if action == "moved":
        if detail.get("from") is None:
            return sentence("story.moved_here")
        return sentence("story.moved", before=str(detail["from"]), after=str(detail.get("to") or "?"))
    if action in (
        "published", "taken_off", "reverted", "held_by_guard", "warned_by_guard", "nobody_left", "held", "released", "amended", "deleted", "undeleted",
        "mended", "vault_mended", "exported",
    ):  # fmt: skip
        return sentence(f"story.{action}")
    return sentence("story.other", action=action.replace("_", " "))


def _more(office: Office, action: str, detail: Mapping[str, Any]) -> Iterable[Sentence]:
    """What belongs to the event beside: each change of an amendment, what the guard found or could
    not read."""
    if action in ("held_by_guard", "warned_by_guard"):
        yield from (plain(str(one["name"])) for one in detail.get("findings", ()))
    if action == "approved":
        for one in detail.get("not_searched", ()):
            yield sentence("guard.not_read", file=one["name"], why=from_data(one.get("why", one.get("reason"))))
    if action != "amended":
        return
    for key, change in (detail.get("changed") or {}).items():
        if isinstance(change, Mapping):
            yield sentence(
                "story.changed", what=_key(key), before=_value(office, change.get("from")), after=_value(office, change.get("to"))
            )
    for what in ("added", "replaced", "removed", "noted"):
        for one in detail.get(what, ()):
            yield _file_story(what, one if isinstance(one, Mapping) else {"name": one})
    for one in detail.get("renamed", ()):
        yield sentence("story.renamed", before=one["from"], after=one["to"])
    for one in detail.get("sharing", ()):
        yield sentence("story.file_shared" if one["share"] else "story.file_kept", name=one["name"])


def _file_story(what: str, one: Mapping[str, object]) -> Sentence:
    """What was done with one attachment, and where its new content comes from."""
    if what in ("added", "replaced") and one.get("copied_from"):
        return sentence(f"story.{what}_from", name=one["name"], item=one["copied_from"])
    if what in ("added", "replaced") and "of_version" in one:
        return sentence("story.replaced_by_version", name=one["name"], version=one["of_version"])
    if what == "replaced" and "version" in one:
        return sentence("story.replaced_to_version", name=one["name"], version=one["version"])
    return sentence(f"story.{what}", name=one["name"])


def _key(key: str) -> Sentence:
    return Sentence(f"keys.{key}", {}) if key in KEYS else plain(key)


KEYS = frozenset({
    "description", "status", "type", "location", "labels", "explanation", "share", "share_status", "share_explanation", "approvers",
    "approvals", "notify", "contact", "fields", "attachments", "due", "owner",
})  # fmt: skip
"""What dossier/sentences/keys.toml has names for."""


def _value(office: Office, value: Any) -> Sentence:
    if value is True or value is False:
        return sentence("story.yes" if value else "story.no")
    if value in (None, "", [], {}):
        return sentence("story.nothing")
    if isinstance(value, Mapping):
        return plain(", ".join(f"{key}: {one}" for key, one in value.items()))
    if isinstance(value, str | int):
        return plain(office.staff[value].name if value in office.staff else str(value))
    return plain(", ".join(office.staff[one].name if one in office.staff else str(one) for one in value))


def _names(office: Office, codes: Iterable[str]) -> str:
    return ", ".join(office.staff[code].name if code in office.staff else code for code in codes)


def _files(files: Iterable[object]) -> str:
    """The names of files, of which some events tell the SHA-256 besides."""
    return ", ".join(str(one["name"] if isinstance(one, Mapping) else one) for one in files)


def _said(text: object) -> Sentence:
    """`: “…”`, or nothing where nothing was said."""
    return sentence("story.said", text=from_data(text)) if text else plain("")
