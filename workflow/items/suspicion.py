"""What the wrong-client guard found in files that are about to be shared outright, and what follows (CONTRACT section 4).

With `sharing.guard: hold` the item becomes a concept: somebody looks, with the finding on top of the
queue file. With `warn` it is shared, and its maker is told. A file that could be read, but whose
reader was killed or gave up, is a finding as well. What can't be read (a scan, a password) is no
finding: the maker and the history are told, and `sharing.guard_unread: hold` has it held, too.
The guard only ever asks for one look more: rights and four eyes hold as for any concept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.database.tables import Edition, Event, EventDetail, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text.sentences import Sentence, as_data, from_data, packed, sentence
from dossier.trail import trail
from workflow.items import notes
from workflow.items.rules import Draft
from workflow.outbox import outbox

if TYPE_CHECKING:
    from dossier.office.keys import Client


class Unscreened(Exception):
    """A file that would be shared outright was not looked at: the item was changed since. Look again, and try again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that names other clients and not its own, or whose reader failed."""

    name: str
    sha256: str
    clients: tuple[str, ...] = ()
    words: str = ""
    """As the file has them."""
    failure: Sentence | None = None
    """Why nobody knows what it says, though it can be read."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that can't be read, or not all of it, and why."""

    name: str
    sha256: str
    why: Sentence


@dataclass(frozen=True, slots=True)
class Screened:
    """What is known of the files of one item that a change would share outright."""

    seen: frozenset[str] = frozenset()
    """SHA-256 of each file that was looked at."""
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()

    def only(self, sha256s: Iterable[str]) -> Screened:
        """What of it is about these files. Raises Unscreened."""
        wanted = set(sha256s)
        if not wanted <= self.seen:
            raise Unscreened
        findings = tuple(finding for finding in self.findings if finding.sha256 in wanted)
        return Screened(self.seen, findings, tuple(one for one in self.unread if one.sha256 in wanted))

    def told(self) -> dict[str, Any]:
        """For the trail: what was not searched. `why` is the reason for readers of any language (sentences.as_data)."""
        told = [{"name": one.name, "sha256": one.sha256, "reason": str(one.why), "why": as_data(one.why)} for one in self.unread]
        return {"not_searched": told} if told else {}


NOTHING = Screened()

CHUNK = 500
"""Items asked of in one statement."""


def is_on(office: Office) -> bool:
    return office.settings.sharing.guard != "off"


def holds(office: Office, screened: Screened) -> bool:
    """True if what was found, or could not be read, makes a concept of what would have been shared outright."""
    sharing = office.settings.sharing
    return bool(screened.findings and sharing.guard == "hold") or bool(screened.unread and sharing.guard_unread == "hold")


def held(office: Office, draft: Draft) -> Draft:
    """The draft as a concept for the client's default approver, else for any admin."""
    default = office.clients[draft.client].default_approver
    approvers = (default,) if default else tuple(people.admins(office))
    return replace(draft, share_status="concept", approvers=approvers, approvals="all" if default else "any")


def sentences(office: Office, client: str, screened: Screened) -> list[Sentence]:
    """The findings and what was not read, for a person, a sentence each."""
    found = []
    for finding in screened.findings:
        if finding.failure is not None:
            found.append(sentence("guard.reader_failed", file=finding.name, why=finding.failure))
            continue
        found.append(sentence(
            "guard.names_another", file=finding.name, others=_named(finding.clients, office.clients), words=finding.words,
            own=_named([client], office.clients), clients=list(finding.clients),
        ))  # fmt: skip
    return [*found, *(sentence("guard.not_read", file=one.name, why=one.why) for one in screened.unread)]


def warnings(office: Office, client: str, screened: Screened) -> list[Sentence]:
    """The same for the maker, with what was done about it."""
    if holds(office, screened):
        done = sentence("guard.is_held")
    elif screened.findings:
        done = sentence("guard.is_shared")
    else:
        done = sentence("guard.is_shared_unread")
    return [sentence("guard.with_what_follows", what=one, done=done) for one in sentences(office, client, screened)]


def _named(codes: Sequence[str], known: Mapping[str, Client]) -> Sentence | str:
    """`Acme B.V. (acme-bv) and Bakkerij Zon (zon)`; of many, the first five."""
    names = [f"{known[code].name} ({code})" if code in known else code for code in codes[:5]]
    listed: Sentence | str = names[-1]
    for name in reversed(names[:-1]):
        listed = sentence("guard.and", one=name, other=listed)
    return sentence("guard.and_more", named=listed, count=len(codes) - 5) if len(codes) > 5 else listed


def record(office: Office, now: datetime, item: Any, screened: Screened) -> None:
    """Tell of findings: in the history, to the approvers (a pending item is held), to the maker by mail.

    Call inside `transaction()`, once the item has the state that follows.
    """
    is_held = holds(office, screened)
    if not (screened.findings or is_held):
        return
    found = [
        {"name": one.name, "sha256": one.sha256, **({"failed": str(one.failure)} if one.failure else _whose(one))}
        for one in screened.findings
    ]
    action = "held_by_guard" if is_held else "warned_by_guard"
    trail.record(now, trail.DAEMON, action, item.id, {"findings": found, **screened.told()})
    lines = sentences(office, item.client, screened)
    if is_held:
        notes.add({item.pending: lines})
    payload = {"description": item.description, "findings": [packed(line) for line in lines], "held": is_held}
    outbox.enqueue_to_staff(office, now, "guard", item, item.created_by, payload)


def attention(item: Any) -> list[Sentence | str]:
    """What must be in view of whoever looks at the item: what its approvers are told, and what of its shared files nobody searched."""
    told = notes.on(item.pending) if item.pending else []
    return [*told, *(line for line in not_searched([item]).get(item.id, ()) if line not in told)]


def not_searched(items: Sequence[Any]) -> dict[int, list[Sentence]]:
    """What was not searched of the files of each of these items that the client sees or would see: key → sentences."""
    editions = {item.id: item.pending or item.standing or item.public for item in items}
    if not any(editions.values()):
        return {}
    shown = {one.id: one.shown for one in Edition.select().where(Edition.id.in_([key for key in editions.values() if key]))}
    found: dict[int, dict[str, Sentence]] = {}
    for key, told in _told_in_trail([item.id for item in items if editions[item.id]]):
        names = {one["sha256"]: one["name"] for one in shown[editions[key]]["attachments"]}
        for one in told:
            if "sha256" in one and one["sha256"] in names:  # the first release did not say which file it was
                why = sentence("guard.not_read", file=names[one["sha256"]], why=from_data(one["why"]))
                found.setdefault(key, {})[packed(why)] = why
    return {key: list(lines.values()) for key, lines in found.items()}


def _told_in_trail(keys: Sequence[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for start in range(0, len(keys), CHUNK):
        query = Event.select(Event.item, EventDetail.detail).join(EventDetail, on=(Event.seq == EventDetail.seq))
        here = Event.item.in_(keys[start : start + CHUNK]) & EventDetail.detail.contains('"not_searched"')
        for key, detail in tuples(query.where(here).order_by(Event.seq)):
            yield key, json.loads(detail)["not_searched"]


def _whose(finding: Finding) -> dict[str, Any]:
    return {"clients": list(finding.clients), "words": finding.words}
