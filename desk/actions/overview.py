"""What `status` and `rejected` tell: the daemon, its queues, what waits in the inbox for what since
when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from peewee import ModelSelect

from dossier.cluster import presence
from dossier.database import identity, readable
from dossier.database.database import transaction
from dossier.database.tables import Drop, Item, Mail, chunks, tuples
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.files import settling
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock, names, system
from dossier.text.refusals import NotFound
from dossier.text.sentences import Sentence, sentence
from ingest.inbox import listing, looking
from ingest.inbox.found import NotTaken
from ingest.inbox.looking import Looker
from ingest.intake import leftovers, staying
from ingest.sources import unsorted
from workflow.outbox import alarms

T = TypeVar("T")

A_MOMENT = timedelta(minutes=1)
"""A refusal is written down so much later than its WHY.txt at most."""


def status(office: Office, reader: Actor) -> dict[str, Any]:
    """As `status --json` gives it: whole numbers, and what is behind them, as far as the reader may
    know of it."""
    return status_within(office, people.readable(office, reader))


def status_within(office: Office, may: Readable) -> dict[str, Any]:
    """The same within these bounds."""
    look = _look(office, may)
    mails = readable.only_of_clients(Mail.select(), Mail.client, Mail.item, may)
    daemons = presence.daemons(office, clock.utc_now())
    return {
        "waiting": len(look.waiting),
        "queued": readable.only_items(Item.select().where(Item.pending.is_null(False)), may).count(),
        "outbox": mails.where(Mail.state == "waiting").count(),
        "items": readable.count_items(may),
        "rejected": len(_rejected(office, may)),
        "unsorted": len(_readable(lambda: unsorted.lying(office, may))),
        "failed_mails": mails.where(Mail.state == "failed").count(),
        "trial": identity.trial_since(),
        "daemon": daemons[0] if daemons else None,
        "daemons": daemons,
        **_told_of(office, may, look),
    }


MOST_WAITING = 200
"""So much that waits a page of the desk looks at: with a backlog of thousands it would wait for
minutes to tell of each."""


def waits(office: Office, reader: Actor, is_whole: bool = True) -> list[dict[str, Any]]:
    """What waits in the inbox, as `status` tells it, without all else that it counts."""
    most = None if is_whole else MOST_WAITING
    return [_told(one) for one in _look(office, people.readable(office, reader), most).waiting]


def of_the_inbox(office: Office, reader: Actor) -> dict[str, Any]:
    """What `status` tells of the inbox (`waits`, `left_alone`), and the `alarms`, without all that
    it counts."""
    may = people.readable(office, reader)
    return _told_of(office, may, _look(office, may, MOST_WAITING))


MOST_TAKEN = 1000
"""Of so many drops, the last ones, it is looked which were taken lately."""


def taken_lately(office: Office, reader: Actor, since: datetime) -> tuple[int, bool]:
    """How many drops were taken since then that this person may know of, and whether there may be
    more of them."""
    last = tuples(Drop.select(Drop.kind, Drop.at, Drop.item).order_by(Drop.id.desc()).limit(MOST_TAKEN))
    begin = clock.to_text(since)
    found = [item for kind, at, item in last if kind == "taken" and at >= begin]
    may, known = people.readable(office, reader), set[int]()
    for some in chunks(sorted(set(found))):
        known |= {key for (key,) in tuples(readable.only_items(Item.select(Item.id).where(Item.id.in_(some)), may))}
    return sum(item in known for item in found), len(last) == MOST_TAKEN and last[-1][1] >= begin


def _told_of(office: Office, may: Readable, look: InboxLook) -> dict[str, Any]:
    elsewhere = [
        {"path": names.printable(name), "reason": reason, "since": None, "until": None, "then": None}
        for name, reason in look.others.items()
    ]
    return {
        "alarms": list({str(one): one for one in [*alarms.standing(may), *_full(office), *look.trouble]}.values()),
        "waits": [_told(one) for one in look.waiting],
        "left_alone": [*(_told(one) for one in look.odd), *elsewhere],
    }


def _readable(look: Callable[[], Sequence[T]]) -> Sequence[T]:
    """What `look` finds in the inbox; nothing where that can't be read, which `trouble` tells."""
    try:
        return look()
    except OSError:
        return ()


def _full(office: Office) -> list[Sentence]:
    """That a disk is nearly full, seen now: on a full one no alarm can be written down."""
    trouble = alarms.disk_trouble(office) if alarms.text_of("disk") is None else None
    return [trouble] if trouble else []


@dataclass(slots=True)
class InboxLook:
    """What lies in the inbox and is not taken."""

    waiting: list[NotTaken] = field(default_factory=list)
    odd: list[NotTaken] = field(default_factory=list)
    """What is no plain file."""
    others: Mapping[str, Sentence] = field(default_factory=dict)
    """What is in no client's folder, and why."""
    trouble: list[Sentence] = field(default_factory=list)
    """What is wrong with the inbox itself."""


def _look(office: Office, may: Readable, most: int | None = None) -> InboxLook:
    """`most`: no further client is looked at once so much is known to wait."""
    looker, inbox, look = Looker(office, at_once=True), office.inbox, InboxLook()
    try:
        known, others = listing.clients_with_folders(office)
    except OSError as error:
        look.trouble.append(sentence("inbox.inbox_unreadable", path=str(inbox), why=system.why(error)))
        return look
    stays, left = staying.recorded(), leftovers.Leftovers(may)
    if may.clients is None:
        look.others = {**others, **_never_sorted(office)}
    for client in filter(may.has, known):
        if most is not None and len(look.waiting) >= most:
            break
        folder = f"{inbox}/{client}"
        stamp = listing.stamp_of(folder)
        if listing.is_still_bare(folder, stamp):
            continue
        if listing.is_bare(folder):
            listing.note_bare(folder, stamp)
            continue
        try:
            view = looker.look(client, *settling.now())
        except OSError as error:
            look.trouble.append(sentence("overview.folder_unreadable", path=folder, why=system.why(error)))
            continue
        if may.hidden_types:
            view.waiting, view.odd = (
                [one for one in some if not _is_for_others(office, one, may)] for some in (view.waiting, view.odd)
            )
            view.ready = [one for one in view.ready if one.sidecar is None or one.sidecar.type not in may.hidden_types]
        look.waiting += [replace(one, reason=left.pointing_back(one)) for one in view.waiting]
        for found in view.ready:
            path, reason = f"{client}/{names.printable(found.called.rstrip('/'))}", stays.get(staying.lying(found))
            look.waiting.append(NotTaken(client, path, reason or sentence("overview.is_whole"), found.changed_at))
        look.odd += view.odd
    return look


def _never_sorted(office: Office) -> Mapping[str, Sentence]:
    try:
        return listing.never_sorted(office)
    except OSError:
        return {}  # the count of its files says so


def _is_for_others(office: Office, one: NotTaken, may: Readable) -> bool:
    """True for what is to be of a type that the reader must not know of."""
    return bool(one.names) and listing.waits_for_others(office, one.client, one.names[0], may.hidden_types)


def _told(one: NotTaken) -> dict[str, Any]:
    since, ends = looking.at(one.since).isoformat(timespec="seconds"), one.ends
    until = looking.at(ends.at).isoformat(timespec="seconds") if ends is not None else None
    return {
        "path": one.path,
        "reason": one.reason,
        "since": since,
        "until": until,
        "then": ends.how if ends is not None else None,
    }


def _rejected(office: Office, may: Readable, is_binned: bool = False) -> list[listing.Refused]:
    """The refused drops that a reader may know of: none that was to be of a type which is not for
    them. `is_binned`: those that were thrown away."""
    clients = _readable(lambda: listing.clients_with_folders(office)[0])
    found = listing.rejected(office, list(filter(may.has, clients)), is_binned)
    if not may.hidden_types:
        return found
    secret = set(tuples(_of_hidden_types(may)))
    return [
        one
        for one in found
        if (one.client, one.folder) not in secret
        and not listing.speaks_of(office, one.client, one.folder, may.hidden_types, is_binned)
    ]


def _of_hidden_types(may: Readable) -> ModelSelect[Drop]:
    return Drop.select(Drop.client, Drop.target).where((Drop.kind == "refused") & Drop.of_type.in_(sorted(may.hidden_types)))


def check_refused(office: Office, reader: Actor, client: str, folder: str, is_binned: bool = False) -> None:
    """Raise NotFound if this folder of `_rejected` is of a type which is not for the reader.
    `is_binned`: it was thrown away."""
    may = people.readable(office, reader)
    if may.hidden_types and (
        (names.is_text(folder) and _of_hidden_types(may).where((Drop.client == client) & (Drop.target == folder)).exists())
        or listing.speaks_of(office, client, folder, may.hidden_types, is_binned)
    ):
        raise NotFound("staging.no_drop")


RefusedDrop = dict[str, Any]
"""What `rejected` tells of one."""


def rejected(office: Office, reader: Actor, language: str = "", is_binned: bool = False) -> list[RefusedDrop]:
    """Refused drops that the reader may know of: {client, path from the root, at, why: lines},
    oldest first; with `is_binned` those that were thrown away.

    Without a `language`, and where it is not known in that, `why` is what WHY.txt says.
    """
    found, homes = [], dict[str, str]()
    for one in _rejected(office, people.readable(office, reader), is_binned):
        if one.client not in homes:
            home = office.inbox / one.client / "_rejected" / (listing.BIN if is_binned else "")
            homes[one.client] = _from(office.root, home)
        path, at = f"{homes[one.client]}/{names.printable(one.folder)}", looking.at(one.at).isoformat(timespec="seconds")
        found.append({"client": one.client, "path": path, "at": at, "why": one.why.decode("utf-8", "replace").splitlines()})
    return in_language(language, found) if language else found


def refused_folder(office: Office, actor: Actor, client: str, shown: str, is_binned: bool = False) -> str:
    """The name of the refused folder that `rejected` tells by this one."""
    is_known = client in office.clients and people.readable(office, actor).has(client)
    return listing.folder_shown_as(office, client, shown, is_binned) if is_known else shown


def in_language(language: str, refused: Sequence[RefusedDrop]) -> list[RefusedDrop]:
    """The same of `rejected`, `why` in another language where that is known. Of thousands, only
    those that are shown need be asked for."""
    keys = [(one["client"], one["path"].rpartition("/")[2]) for one in refused]
    texts = why_in(language, {key: "\n".join(one["why"]) for key, one in zip(keys, refused, strict=True)})
    return [{**one, "why": texts[key].splitlines()} for key, one in zip(keys, refused, strict=True)]


def why_in(language: str, written: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """What WHY.txt says of refused drops, (client, folder) → text, in another language.

    What somebody changed since stays.
    """
    # A name that is no UTF-8 is none that we gave, and no database can be asked for it.
    clients, folders = {client for client, _ in written}, {folder for _, folder in written if names.is_text(folder)}
    found, columns = dict(written), (Drop.client, Drop.target, Drop.text, Drop.told)
    for some in chunks(sorted(folders)):
        these = (Drop.kind == "refused") & Drop.client.in_(sorted(clients)) & Drop.target.in_(some)
        for client, folder, text, told in tuples(Drop.select(*columns).where(these & Drop.told.is_null(False))):
            if (lies := written.get((client, folder))) is not None and lies.splitlines() == text.splitlines():
                found[client, folder] = told.get(language, text)
    return found


def look_at_rejected(office: Office, now: datetime, reader: Actor, seen: Sequence[dict[str, Any]]) -> None:
    """A person has seen what is refused (`seen`, of `rejected`): no alarm about it.

    Whoever saw a part only has not seen to the rest.

    Nothing is written where they had seen all of it before. Where it can't be written down, there
    may be an alarm still.
    """
    if people.readable(office, reader).clients is not None:
        return
    latest = max((datetime.fromisoformat(one["at"]) for one in seen), default=None)
    if latest is None or alarms.has_looked_at_rejected(reader.code, latest + A_MOMENT):
        return
    try:
        with transaction():
            alarms.look_at_rejected(reader.code, now)
    except (DatabaseUnavailable, *UNAVAILABLE) as error:
        import structlog  # takes longer to import than most commands last

        log = structlog.get_logger("looking")
        log.error("that somebody looked at what is refused can't be written down", actor=reader.code, error=str(error))


def _from(root: Path, path: Path) -> str:
    return names.printable(str(path.relative_to(root)) if path.is_relative_to(root) else str(path))
