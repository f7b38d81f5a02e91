"""Refused drops that somebody threw away: in `_rejected/_bin` of the client's folder.

By whoever made the drop, or an admin; as an item goes into the bin. Its folder is renamed, and
renamed back when it is taken out again: nothing of it is removed, here or by anything else. Whoever
drags such a folder about by hand does the same.

Functions that write are called inside `transaction()`, whose event is written before the folder is
renamed: killed in between, nothing was done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from dossier.database.tables import Drop, Event, chunks, tuples
from dossier.files import files, moves
from dossier.files.beneath import Folder, open_beneath
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Conflict, Forbidden, NotFound
from dossier.trail import trail
from ingest.inbox.listing import BIN, WHY
from ingest.intake.leaving import made_like

THROWN_AWAY, TAKEN_OUT = "thrown_away", "taken_out"


def makers(refused: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Who made the drops that were put into these folders of `_rejected`, (client, folder), as far
    as the trail says."""
    return {which: actor for which, (_, actor) in _refusals(list(refused)).items()}


def throw_away(office: Office, now: datetime, actor: Actor, client: str, refused: str) -> None:
    """Put this folder of `_rejected` into the bin, if it isn't there already. Raises Forbidden,
    NotFound, Conflict; OSError."""
    _refuse_others(office, actor, client, refused)
    with _rejected(office, client) as rejected:
        if not files.exists(rejected / refused) and _is_binned(rejected, refused):
            return
        _need_drop(rejected, refused)
        _refuse_unfinished(rejected, client, refused)
        trail.record(now, actor, THROWN_AWAY, None, _detail(client, refused), client)
        with made_like(rejected, BIN) as binned:
            _move(rejected, binned, refused)


def take_out(office: Office, now: datetime, actor: Actor, client: str, refused: str) -> None:
    """Put it back among what was refused. Raises as `throw_away`."""
    _refuse_others(office, actor, client, refused)
    with _rejected(office, client) as rejected, _opened(rejected, BIN) as binned:
        if not files.exists(binned / refused) and files.exists(rejected / refused):
            return
        _need_drop(binned, refused)
        trail.record(now, actor, TAKEN_OUT, None, _detail(client, refused), client)
        _move(binned, rejected, refused)


def may_throw_away(office: Office, actor: Actor, client: str, refused: str) -> bool:
    """True if this person may throw it away, and take it out again."""
    try:
        _refuse_others(office, actor, client, refused)
    except Forbidden:
        return False
    return True


def last_thrown_away(clients: Iterable[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(client, its folder) → (who threw it away last, and when), as far as the trail says."""
    about = Event.subject.in_(sorted(set(clients))) & (Event.action == THROWN_AWAY)
    seqs = [row.seq for row in Event.select(Event.seq).where(about)]
    return {(str(one.subject), str(one.said.get("folder"))): (one.actor, one.at) for one in trail.those(seqs)}


def _refusals(refused: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, str]]:
    """The events that tell of these refusals, and who made each drop. Several drops may be refused
    in one moment; those of a secret type are not called by name."""
    rows = _rows(refused)
    moments = sorted({row.at for row in rows.values()})
    if not moments:
        return {}
    among = Event.subject.in_(sorted({client for client, _ in rows})) & (Event.action == "refused")
    then = among & Event.at.between(moments[0], moments[-1])
    told: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for seq, actor, client, at in tuples(Event.select(Event.seq, Event.actor, Event.subject, Event.at).where(then)):
        told[client, at][seq] = actor
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for which, row in rows.items():
        meant = told[row.client, row.at]
        if len(meant) > 1:
            said = {event.seq: event.said.get("source") for event in trail.those(meant)}
            called = {seq: meant[seq] for seq, source in said.items() if source == names.printable(row.stem)}
            meant = called or {seq: meant[seq] for seq, source in said.items() if source is None}
        if len(set(meant.values())) == 1:
            found[which] = next(iter(meant.items()))
    return found


_OF_DROPS = Drop.client, Drop.target, Drop.at, Drop.stem, Drop.files, Drop.cleared


def _rows(refused: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Drop]:
    wanted, clients = set(refused), sorted({client for client, _ in refused})
    found = list[Drop]()
    for some in chunks(sorted({folder for _, folder in refused if names.is_text(folder)})):
        found.extend(Drop.select(*_OF_DROPS).where((Drop.kind == "refused") & Drop.client.in_(clients) & Drop.target.in_(some)))
    return {which: row for row in found if (which := (str(row.client), str(row.target))) in wanted}


def _detail(client: str, refused: str) -> dict[str, object]:
    """Of a secret type no more than of its refusal."""
    found = _refusals([(client, refused)]).get((client, refused))
    [said] = [event.said for event in trail.those([found[0]])] if found is not None else [{}]
    if "source" not in said:
        return {}
    return {"folder": refused, **{key: said[key] for key in ("source", "of_type") if key in said}}


def _refuse_others(office: Office, actor: Actor, client: str, refused: str) -> None:
    if people.is_admin(office, actor.code):
        return
    if makers([(client, refused)]).get((client, refused)) != actor.code:
        raise Forbidden("undoing.not_its_maker", who=actor.code)
    if refusal := people.why_not_create(office, actor.code, client):
        raise Forbidden(refusal)


def _refuse_unfinished(rejected: Folder, client: str, refused: str) -> None:
    """Raises Conflict while its files are still moved into it: the sidecar is the last."""
    row = _rows([(client, refused)]).get((client, refused))
    if row is not None and not row.cleared and row.files:
        with _opened(rejected, refused) as folder:
            if not files.exists(folder / str(row.files[-1][0])):
                raise Conflict("undoing.still_put_there")


def _is_binned(rejected: Folder, refused: str) -> bool:
    try:
        with rejected.open(BIN) as binned:
            return files.exists(binned / refused)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _rejected(office: Office, client: str) -> Folder:
    try:
        return open_beneath(office.inbox, client, "_rejected")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("staging.no_drop") from error


def _opened(above: Folder, name: str) -> Folder:
    try:
        return above.open(name)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("staging.no_drop") from error


def _need_drop(above: Folder, refused: str) -> None:
    """Raises NotFound unless this folder, which is no link, holds a refused drop."""
    with _opened(above, refused) as folder:
        inside = folder.names()
    if WHY not in inside or not names.hold_a_drop(inside):
        raise NotFound("staging.no_drop")


def _move(source: Folder, target: Folder, name: str) -> None:
    if not moves.move_new(source / name, target / name):
        raise Conflict("undoing.name_is_taken", folder=names.printable(name))
    files.sync((), (source, target))
