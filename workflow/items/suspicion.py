"""What the guard found in files that are to be shared outright, and what follows.

With `sharing.guard: hold` the item becomes a concept: somebody looks, with the finding on top of
the queue file. With `warn` it is shared, and its maker is told. A file that could be read, but
whose reader was killed or gave up, is a finding as well. What can't be read (a scan, a password) is
no finding: the maker and the history are told, and `sharing.guard_unread: hold` has it held, too.
The guard only ever asks for one look more: rights and four eyes hold as for any concept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dossier.database.tables import Edition, Event, EventDetail, Item, Shown, chunks, item_name, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text.names import clipped
from dossier.text.sentences import Sentence, as_data, from_data, packed, sentence
from dossier.trail import trail
from workflow.items import notes

if TYPE_CHECKING:
    from dossier.office.keys import Client
    from workflow.items.rules import Draft


Line = TypeVar("Line", Sentence, Sentence | str)

SAID_MOST = 60
"""Characters of what is said to the client by which it is told of."""


class Unscreened(Exception):
    """A file to be shared outright was not looked at: the item was changed since. Try again."""


class GuardFinding(NamedTuple):
    """A file that names other clients and not its own, or whose reader failed; or what is said
    beside the files."""

    name: str
    """Or what is said, whole."""
    sha256: str
    """Empty: of what is said."""
    clients: tuple[str, ...] = ()
    words: str = ""
    """As the file has them."""
    failure: Sentence | None = None
    """Why nobody knows what it says, though it can be read."""

    @property
    def called(self) -> str:
        """For people."""
        return self.name if self.sha256 else told_of(self.name)


class Unread(NamedTuple):
    """A file that can't be read, or not all of it, and why."""

    name: str
    sha256: str
    why: Sentence


class NewToClient(NamedTuple):
    """What of an item a client would see that they do not have yet. False if there is nothing."""

    files: Sequence[tuple[str, str]] = ()
    """(name, SHA-256) of each file that is new."""
    renamed: Sequence[tuple[str, str]] = ()
    """Of each that they have by another name."""
    said: Sequence[str] = ()
    """The description and what is explained, if it is another."""
    beside: Sequence[tuple[str, str]] = ()
    """Files that they have and keep: what is said with these may be about whom they name."""

    def __bool__(self) -> bool:
        return bool(self.files or self.renamed or self.said)

    def keys(self) -> set[str]:
        """By what each of it is known to have been looked at."""
        return {*(sha256 for _, sha256 in self.files), *(name for name, _ in self.renamed), *self.said}

    def kept(self) -> list[tuple[str, str]]:
        """Files that they have, and that must be read for what is new beside them."""
        return [*self.renamed, *self.beside] if self.renamed or self.said else []


def new_to_client(shown: Shown, had: Shown | None = None) -> NewToClient:
    """What is in what would be shown, and not in what the client has (items.shown_to_client)."""
    names = {(one["name"], one["sha256"]) for one in had["attachments"]} if had is not None else set()
    bytes_, known = {sha256 for _, sha256 in names}, said_in(had) if had is not None else []
    files, renamed, beside = list[tuple[str, str]](), list[tuple[str, str]](), list[tuple[str, str]]()
    for one in shown["attachments"]:
        name, sha256 = one["name"], one["sha256"]
        where = files if sha256 not in bytes_ else beside if (name, sha256) in names else renamed
        where.append((name, sha256))
    return NewToClient(files, renamed, [text for text in said_in(shown) if text not in known], beside)


def said_in(shown: Shown) -> list[str]:
    """What a client reads beside the files (items.shown_to_client)."""
    return [text for text in (shown["description"], shown["explanation"]) if text]


def told_of(said: str) -> str:
    """By what a finding in what is said is told."""
    return clipped(" ".join(said.split()), SAID_MOST)


class Screened(NamedTuple):
    """What is known of what a change would share outright of one item."""

    seen: frozenset[str] = frozenset()
    """What was looked at (NewToClient.keys)."""
    findings: tuple[GuardFinding, ...] = ()
    unread: tuple[Unread, ...] = ()

    def only(self, new: NewToClient) -> Screened:
        """What of it is about this. Raises Unscreened."""
        wanted = new.keys()
        if not wanted <= self.seen:
            raise Unscreened
        findings = tuple(finding for finding in self.findings if not wanted.isdisjoint((finding.sha256, finding.name)))
        return Screened(self.seen, findings, tuple(one for one in self.unread if one.sha256 in wanted))

    def told(self) -> dict[str, object]:
        """For the trail: what was not searched; `why` in no language yet (sentences.as_data)."""
        told = [{"name": one.name, "sha256": one.sha256, "reason": str(one.why), "why": as_data(one.why)} for one in self.unread]
        return {"not_searched": told} if told else {}


NOTHING = Screened()

CHUNK = 500
"""Items asked of in one statement."""


def is_on(office: Office) -> bool:
    return office.settings.sharing.guard != "off"


def holds(office: Office, screened: Screened) -> bool:
    """True if what was found, or not read, makes a concept of what was to be shared outright."""
    sharing = office.settings.sharing
    return bool(screened.findings and sharing.guard == "hold") or bool(screened.unread and sharing.guard_unread == "hold")


def held(office: Office, draft: Draft, screened: Screened) -> Draft:
    """The draft as a concept for the client's default approver, else for any admin.

    Where the default approver may not know of a client that was found, whoever may and approves for
    this client is asked as well.
    """
    default = office.clients[draft.client].default_approver
    if not default:
        return replace(draft, share_status="concept", approvers=tuple(people.admins(office)), approvals="any")
    others = () if _knows(office, default, screened) else _who_know(office, draft.client, screened)
    approvers = (default, *(code for code in others if code != default))
    return replace(draft, share_status="concept", approvers=approvers, approvals="any" if others else "all")


def _who_know(office: Office, client: str, screened: Screened) -> list[str]:
    """Who may approve for this client, and know of all clients that were found."""
    able = [code for code, person in office.staff.items() if people.has_right(person, "approve", client)]
    return [code for code in able if _knows(office, code, screened)]


def _knows(office: Office, code: str, screened: Screened) -> bool:
    known = people.readable_clients(office, code)
    return known is None or all(known.issuperset(finding.clients) for finding in screened.findings)


def sentences(office: Office, client: str, screened: Screened) -> list[Sentence]:
    """The findings and what was not read, for a person, a sentence each."""
    found = []
    for finding in screened.findings:
        if finding.failure is not None:
            found.append(sentence("guard.reader_failed", file=finding.called, why=finding.failure))
            continue
        found.append(sentence(
            "guard.names_another", file=finding.called, others=_named(finding.clients, office.clients), words=finding.words,
            own=_named([client], office.clients), clients=list(finding.clients),
        ))  # fmt: skip
    return [*found, *(sentence("guard.not_read", file=one.name, why=one.why) for one in screened.unread)]


def warnings(office: Office, client: str, screened: Screened, is_doubtful: bool) -> list[Sentence]:
    """The same for the maker, with what was done about it. `is_doubtful`: it is held anyway."""
    if is_doubtful or holds(office, screened):
        done = sentence("guard.is_held")
    elif screened.findings:
        done = sentence("guard.is_shared")
    else:
        done = sentence("guard.is_shared_unread")
    return [sentence("guard.with_what_follows", what=one, done=done) for one in sentences(office, client, screened)]


def for_reader(lines: Iterable[Line], clients: frozenset[str] | None) -> list[Line]:
    """For whoever may know of these clients alone: of others, no name and no word."""
    return [_hidden(line, clients) if clients is not None and isinstance(line, Sentence) else line for line in lines]


def _hidden(line: Sentence, clients: frozenset[str]) -> Sentence:
    values = line.values
    if line.code == "guard.with_what_follows":
        return sentence(line.code, what=_hidden(values["what"], clients), done=values["done"])
    if line.code == "guard.names_another" and not clients.issuperset(values["clients"]):
        return sentence("guard.names_hidden", file=values["file"], own=values["own"])
    return line


def _named(codes: Sequence[str], known: Mapping[str, Client]) -> Sentence | str:
    """`Acme B.V. (acme-bv) and Bakkerij Zon (zon)`; of many, the first five."""
    names = [f"{known[code].name} ({code})" if code in known else code for code in codes[:5]]
    listed: Sentence | str = names[-1]
    for name in reversed(names[:-1]):
        listed = sentence("guard.and", one=name, other=listed)
    return sentence("guard.and_more", named=listed, count=len(codes) - 5) if len(codes) > 5 else listed


def record(office: Office, now: datetime, item: Item, screened: Screened) -> None:
    """Tell of findings: in the history, to approvers (a pending item is held), to the maker.

    Whom a file names is an event of that client, which only those are told who may know of it.
    Call inside `transaction()`, once the item has the state that follows.
    """
    is_held = holds(office, screened)
    if not (screened.findings or is_held):
        return
    found = [
        {"name": one.called, **_bytes_of(one), **({"failed": str(one.failure)} if one.failure else {})}
        for one in screened.findings
    ]
    action = "held_by_guard" if is_held else "warned_by_guard"
    events = [trail.NewEvent(trail.DAEMON, action, item.id, {"findings": found, **screened.told()})]
    for one in screened.findings:
        where = {"item": item_name(item.id), "name": one.called, **_bytes_of(one), "words": one.words}
        events += [trail.NewEvent(trail.DAEMON, "named_elsewhere", None, where, client) for client in one.clients]
    trail.record_all(now, events)
    lines = sentences(office, item.client, screened)
    if is_held and item.pending:
        notes.add({item.pending: lines})
    from workflow.outbox import notices, outbox  # who only reads what was found needs neither

    told, admins = [item.created_by], list[str]()
    if is_held and not any(_knows(office, code, screened) for code in item.approvers):
        admins = people.admins(office)  # nobody who is asked may know whom it names
    for code in dict.fromkeys((*told, *admins)):
        shown = for_reader(lines, people.readable_clients(office, code))
        payload = {"description": item.description, "findings": [packed(line) for line in shown], "held": is_held}
        if code in admins:
            outbox.enqueue_to_staff(office, now, "guard", item, code, payload)
        elif not notices.imported([item.id]):
            notices.tell(office, now, "held", code, item, payload)


def _bytes_of(finding: GuardFinding) -> dict[str, str]:
    return {"sha256": finding.sha256} if finding.sha256 else {}


def attention(item: Item, clients: frozenset[str] | None) -> list[Sentence | str]:
    """What must be in view of whoever looks at it: notes, and which shared files nobody searched.

    `clients`: those that the reader may know of (people.readable_clients).
    """
    told = for_reader(notes.on(item.pending), clients) if item.pending else []
    return [*told, *(line for line in not_searched([item]).get(item.id, ()) if line not in told)]


def not_searched(items: Sequence[Item]) -> dict[int, list[Sentence]]:
    """What was not searched of the files that the client sees or would see: key → sentences."""
    editions = {item.id: item.pending or item.standing or item.public or 0 for item in items}
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


def _told_in_trail(keys: Sequence[int]) -> Iterator[tuple[int, list[dict[str, object]]]]:
    for some in chunks(keys, CHUNK):
        query = Event.select(Event.item, EventDetail.detail).join(EventDetail, on=(Event.seq == EventDetail.seq))
        here = Event.item.in_(some) & EventDetail.detail.contains('"not_searched"')
        for key, detail in tuples(query.where(here).order_by(Event.seq)):
            yield key, json.loads(detail)["not_searched"]
