"""Drops from a browser or a program: files come into a hidden folder, and a rename makes a drop.

 1. begin     a row, and a hidden folder `.drop-ID` in the client's inbox.
              Killed here? An empty hidden folder; swept after a day.
 2. put       a file is streamed into it under a hidden name, hashed and counted on the way; whole,
              it gets its name and stands in the row. Nobody waits for the disk yet: a power cut may
              leave what only the first two steps did as if it had never been. Killed here? A part
              of a file under a hidden name, that counts for nothing.
 3. commit    the keys are judged as a sidecar would be. With faults nothing happens; else the
              sidecar is written with every file's SHA-256, hidden and under a name of its own, as
              another may commit the same drop at this moment. All is synced, and the drop is
              recorded as this person's: of several the first. Then a rename gives the sidecar its
              name, and one the folder. Killed before it is recorded? The hidden folder is still to
              be committed, or swept. After? `finish` gives the names. After both? A whole drop,
              which intake takes like any other.

A drop that comes in one request with all its files (`received`) goes the same way, but that its
files get their names at once and stand in its row with 3: before, the row has none. Where anything
is in its way, or its line breaks off, it is removed at once.

Committed twice is one drop: the second time answers with the folder of the first, unless it says
other things. Nothing else than intake makes an item.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Drop, Note, change_row, find_row, insert_rows, item_name
from dossier.database.web_tables import StagedDrop
from dossier.files import files, moves
from dossier.files.beneath import At, Folder, open_beneath
from dossier.files.files import Look
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, names
from dossier.text.refusals import Conflict, Invalid, NotFound, Problem, fault
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault, Limits, read_map, scalar
from ingest.inbox import listing
from ingest.inbox.found import Found
from ingest.inbox.listing import WHY
from ingest.intake import delegation, foreseeing, kinds
from ingest.intake.candidate import fingerprint
from ingest.intake.judging import Judgement
from ingest.sidecar import seal
from ingest.sidecar.keys import BY_WORD
from ingest.sidecar.reading import read_sidecar
from ingest.sources import dropping, placing
from ingest.sources.dropping import Keys, Listed, Request
from ingest.sources.placing import Filled

log = structlog.get_logger("staging")

HOURS = 24
"""How long a drop that is being put together is kept."""

PREFIX = ".drop-"

KNOWN = frozenset({"client", "created_by", "attachments"})
"""Keys by which nobody says another thing of such a drop than is known: whose it is, and what it
holds."""


class _TooLarge(Invalid):
    """More than is taken of a file: no more of it is read."""


class Said(NamedTuple):
    """What is said of a file, besides which it is."""

    share: bool | None = None
    """None: nobody said."""
    called: str = ""
    """The name that it gets in the item; empty: its own."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a placed drop."""

    state: Literal["open", "waiting", "taken", "duplicate", "refused"]
    item: str | None = None
    faults: Sequence[Problem] = ()
    """Of a refused drop: the lines of its WHY.txt, without the line of a file that nobody sent."""


def begin(office: Office, now: datetime, actor: Actor, client: str, once: str | None = None) -> StagedDrop:
    """A drop to be put together for `client`. Raises NotFound, Invalid: what will be refused is
    refused before its files are sent.

    `once`: what is asked with the same word again is the same drop.
    """
    if client not in office.clients or not people.may_read(office, actor, client):
        raise NotFound("staging.no_client", client=client)
    refusal = people.why_not_create(office, actor.code, client)
    if refusal is None and not office.clients[client].active:
        refusal = sentence("rules.client_not_active", client=client)
    if refusal is not None:
        raise Invalid([Problem("client", refusal)])
    end = clock.to_text(now + timedelta(hours=HOURS))
    values = {"client": client, "staff": actor.code, "way": actor.way, "made_at": clock.to_text(now), "expires_at": end}
    key = hashlib.sha256(f"{actor.way} {once}".encode()).hexdigest()[:24] if once else secrets.token_hex(12)
    row: StagedDrop | None = find_row(StagedDrop.id, key) if once else None
    if row is None:
        with transaction(is_durable=False):  # asked again inside: another process may do the same request at this moment
            row = find_row(StagedDrop.id, key) if once else None
            if row is None:
                row = StagedDrop(id=key, files={}, folder=None, **values)
                insert_rows(StagedDrop, [[row.__data__[field.name] for field in StagedDrop._meta.sorted_fields]])
    if row.folder is None:
        with listing.home_of(office, client) as home:
            files.make_folder(home / _name(row), 0o700)
    return row


def find(office: Office, actor: Actor, key: str) -> StagedDrop:
    """This person's drop with this id. Raises NotFound, also for what is somebody else's."""
    row: StagedDrop | None = find_row(StagedDrop.id, key)
    if row is None or (row.staff, row.way) != (actor.code, actor.way) or not people.may_read(office, actor, row.client):
        raise NotFound("staging.no_drop")
    return row


def put(
    office: Office,
    row: StagedDrop,
    name: str,
    pieces: Iterable[bytes],
    is_seen: bool = True,
    check: Callable[[Mapping[str, object] | None], None] = lambda had: None,
) -> dict[str, object]:
    """Take a file in, or in another's place; {size, sha256}. Raises Invalid, Conflict; OSError.

    What `pieces` raises (a connection that broke) goes through, and nothing of the file is left.
    `is_seen`: whoever sends it sees all that was sent, and so that it takes the place of one whose
    name differs in capitals alone. Else that is refused: one of the two would be missed by nobody.
    `check` raises if it may not take the place of what was sent by that name (None: nothing was);
    it is asked before the file comes, and again once it has.
    """
    name = names.nfc(name)
    before = _fresh(row)
    check(before.files.get(name))
    _check_name(office, before, name, is_seen)
    with _opened(office, row) as hidden:
        part = hidden / f".{secrets.token_hex(8)}.part"
        try:
            told = _receive(office, part, name, pieces)
            with transaction(is_durable=False):
                there = _fresh(row)
                check(there.files.get(name))
                _check_name(office, there, name, is_seen)
                others = {one: had for one, had in there.files.items() if names.fold(one) != names.fold(name)}
                change_row(StagedDrop.id, row.id, files={**others, name: told})
                moves.move(part, hidden / name)
            for one in there.files.keys() - others.keys() - {name}:  # called the same but for its capitals
                files.remove(hidden / one)
        except BaseException:
            files.remove(part)
            raise
    return told


@contextlib.contextmanager
def received(
    office: Office, now: datetime, actor: Actor, client: str, sent: Iterable[tuple[str, Iterable[bytes]]]
) -> Iterator[tuple[StagedDrop, list[Problem]]]:
    """A drop for `client` with all these files, to be committed inside; what is not is gone
    afterwards. And what is wrong with those that are not in it, as they can't be taken: then it is
    not to be committed. Raises NotFound, Invalid; OSError; what `sent` raises goes through.

    Nobody else sees the drop before it is committed, so its files get their names at once and stand
    in its row only then. Killed before that? The row has none, and is swept after a day.
    """
    row, wrong = begin(office, now, actor, client), list[Problem]()
    most = office.settings.intake
    with _gone_unless_placed(office, row):
        with _opened(office, row) as hidden:
            for number, (name, pieces) in enumerate(sent):
                if number >= most.max_files:
                    raise Invalid([fault("files", "staging.too_many", most=most.max_files)])
                rest = _bounded(pieces, names.nfc(name), most.max_file_mb)
                try:
                    _take_in(office, hidden, row, names.nfc(name), rest)
                except _TooLarge:
                    raise
                except Invalid as refused:
                    wrong += refused.problems
                    for _ in rest:  # of the others it is told as well what is wrong
                        pass
        yield row, wrong
    if row.folder is None:
        _forget(office, row)


def _bounded(pieces: Iterable[bytes], name: str, most_mb: int) -> Iterator[bytes]:
    """These pieces of a file. Raises _TooLarge once they are more than is taken of one."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most_mb * 1024 * 1024:
            raise _TooLarge([fault("files", "staging.too_large", file=names.printable(name), most=most_mb)])
        yield piece


def _take_in(office: Office, hidden: Folder, row: StagedDrop, name: str, pieces: Iterable[bytes]) -> None:
    """One more file of a drop that comes as a whole. Raises Invalid, and nothing is left of it."""
    _check_name(office, row, name, is_seen=False)
    if name in row.files:
        raise Invalid([fault("files", "staging.sent_twice", file=names.printable(name))])
    try:
        row.files[name] = _receive(office, hidden / name, name, pieces)
    except Invalid:
        files.remove(hidden / name)
        raise


@contextlib.contextmanager
def _gone_unless_placed(office: Office, row: StagedDrop) -> Iterator[None]:
    """Where something fails inside, nothing is left of a drop that was not placed."""
    try:
        yield
    except BaseException:
        if _fresh(row).folder is None:
            _forget(office, row)
        raise


def _receive(office: Office, part: At, name: str, pieces: Iterable[bytes]) -> dict[str, object]:
    """Write a file as it comes, and look at what it is; returns {size, sha256}. Raises Invalid."""
    most = office.settings.intake.max_file_mb
    digest, size, flushed = hashlib.sha256(), 0, 0
    with open(files.open_new(part, placing.rights(is_delegated=True)), "wb") as stream:
        for piece in pieces:
            size += len(piece)
            if size > most * 1024 * 1024:
                raise Invalid([fault("files", "staging.too_large", file=names.printable(name), most=most)])
            digest.update(piece)
            stream.write(piece)
            if size >= flushed + files.FLUSH:
                stream.flush()
                files.write_out(stream.fileno())
                flushed = size
    if size == 0:
        raise Invalid([fault("files", "staging.empty", file=names.printable(name))])
    reason = kinds.blocked(name, kinds.examine(name, part), office.settings.intake.blocked_types, office.settings.intake.macros)
    if reason:
        raise Invalid([Problem("files", Sentence("staging.kind", {"file": names.printable(name), "reason": reason}))])
    return {"size": size, "sha256": digest.hexdigest()}


def remove(office: Office, row: StagedDrop, name: str) -> None:
    """Take a file out again. Raises NotFound."""
    with transaction(is_durable=False):
        there = _fresh(row)
        if name not in there.files:
            raise NotFound("staging.no_file", file=names.printable(name))
        change_row(StagedDrop.id, row.id, files={one: had for one, had in there.files.items() if one != name})
    with _opened(office, row) as hidden:
        files.remove(hidden / name)


def faults(office: Office, actor: Actor, row: StagedDrop, keys: Keys, said: Mapping[str, Said]) -> list[Problem]:
    """All that is wrong with the drop, as it stands in `row`, if it were committed; changes
    nothing."""
    with _opened(office, row) as hidden:
        return _known(actor, row, keys) + dropping.problems(office, actor, *_request(hidden, actor, row, keys, said))


def commit(office: Office, now: datetime, actor: Actor, row: StagedDrop, keys: Keys, said: Mapping[str, Said]) -> str:
    """Make a drop of it; returns its folder. `said`: file → what is said of it.

    Raises Invalid with every fault; then nothing has happened. Conflict if it was committed before,
    and other things were said of it then.
    """
    row = _fresh(row)
    if row.folder is not None:
        return _placed_so(office, row, _sidecar(actor, row, keys, said))
    try:
        with _opened(office, row) as hidden:
            return _commit_if_good(office, now, actor, row, hidden, keys, said, row.files, is_alone=False)
    except (Invalid, NotFound, FileNotFoundError):
        if (there := _fresh(row)).folder is None:
            raise
        return _placed_so(office, there, _sidecar(actor, there, keys, said))  # somebody pressed twice


def commit_received(office: Office, now: datetime, actor: Actor, row: StagedDrop, keys: Keys, said: Mapping[str, Said]) -> None:
    """Make a drop of one that was `received`. Raises Invalid with every fault; then nothing has
    happened."""
    with _opened(office, row) as hidden:
        row.folder = _commit_if_good(office, now, actor, row, hidden, keys, said, {})


def give_back(office: Office, now: datetime, actor: Actor, client: str, refused: str, text: str) -> StagedDrop:
    """A refused drop once more, its sidecar now `text`; the new drop. Invalid, NotFound; OSError.

    `refused` is the name of its folder in the client's `_rejected`.

    Its files are copied, and those of the refused folder go once the new drop lies whole in the
    inbox. Killed in between, `finish` goes on. Given back twice at once, the second is told so by
    Conflict. Whoever gives it back made it, from then on.
    """
    finish(office)
    try:
        lies_in = open_beneath(office.inbox, client, "_rejected", refused)
    except FileNotFoundError as error:
        raise Conflict("staging.given_back") from error
    with lies_in as folder:
        card = card_of(client, refused, folder.names())
        looks = {name: files.look(folder / name) for name in sorted(folder.names())}
        seen = {name: look for name, look in looks.items() if look is not None}
        _check_alike(seen)
        row = begin(office, now, actor, client)
        with _gone_unless_placed(office, row):
            for name, look in seen.items():
                if name not in (WHY, card):
                    put(office, row, name, files.pieces(folder / name, 0, look.size))
            _give_back(office, now, actor, row, refused, text, seen)
    _clear_what_was_given_back(office)
    return _fresh(row)


def _give_back(
    office: Office, now: datetime, actor: Actor, staged: StagedDrop, refused: str, text: str, seen: Mapping[str, Look]
) -> None:
    """Commit the copy of a refused drop. Raises Invalid; Conflict if that is not as it was
    `seen`."""
    row, client = _fresh(staged), str(staged.client)
    whole = _signed(seal.without(text.replace("\r\n", "\n")), client, actor.code)
    data = seal.sealed(whole.encode("utf-8", "surrogateescape"))

    def note() -> None:
        is_there = False
        with contextlib.suppress(FileNotFoundError), open_beneath(office.inbox, client, "_rejected", refused) as folder:
            is_there = all(files.look(folder / name) == look for name, look in seen.items())
        if not is_there or not Note.put_first(f"{_GIVEN_BACK}{client}/{_in_key(refused)}", json.dumps([row.id, seen])):
            raise Conflict("staging.given_back")

    with _opened(office, row) as hidden:
        wrong = _problems(office, now, actor, row, hidden, Request(client, [hidden / name for name in row.files], {}), data)
        wrong += _not_as_listed(office, row, data)
        if wrong:
            raise Invalid(wrong)
        _commit(office, now, actor, row, hidden, data, _stem_of(refused), row.files, note)


_GIVEN_BACK = "given back: "
"""And the client and the folder: the note of the drop that was made of a refused one, and of what
of that is to go as it was given back (name → Look)."""


_AS_JSON = "/"
"""No folder's name begins with it: one that is no UTF-8 stands behind it as JSON."""


def _in_key(folder: str) -> str:
    return folder if names.is_text(folder) else _AS_JSON + json.dumps(folder)


def _stem_of(refused: str) -> str:
    """What the new drop is called after."""
    stem = refused.partition("-")[2] or refused
    return stem if names.name_fault(stem) is None else "given-back"


def _clear_what_was_given_back(office: Office) -> None:
    """Remove what was refused and lies in the inbox anew; what was changed since then stays."""
    for note in list(Note.select().where(Note.key.startswith(_GIVEN_BACK))):
        client, _, refused = note.key.removeprefix(_GIVEN_BACK).partition("/")
        refused = json.loads(refused.removeprefix(_AS_JSON)) if refused.startswith(_AS_JSON) else refused
        drop, seen = json.loads(note.value)
        try:
            with open_beneath(office.inbox, client) as home:
                if files.is_folder(home / f"{PREFIX}{drop}"):  # it has no name yet: `finish` gives it one
                    continue
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _remove_as_seen(office, client, refused, seen)
        except OSError as error:
            log.warning(
                "what was given back can't be removed; it is tried again", folder=names.printable(refused), error=str(error)
            )
            continue
        with transaction(is_durable=False):
            Note.delete().where(Note.key == note.key).execute()


def _remove_as_seen(office: Office, client: str, refused: str, seen: Mapping[str, Sequence[Any]]) -> None:
    """Remove the files of a refused drop that look as they did then, and its folder if empty."""
    with open_beneath(office.inbox, client, "_rejected") as rejected:
        with rejected.open(refused) as folder:
            for name, look in seen.items():
                if files.look(folder / name) == Look(*look):
                    files.remove(folder / name)
        files.remove_folder(rejected / refused)


def _not_as_listed(office: Office, row: StagedDrop, data: bytes) -> list[Problem]:
    """Files that the sidecar `data` lists and that are not there, or that are there and not in its
    list: what is placed for somebody holds for exactly its files."""
    sidecar, _ = read_sidecar(data, office.settings)
    if sidecar is None or sidecar.attachments is None:
        return []
    listed = {names.fold(one.file): one.file for one in sidecar.attachments}
    there = {names.fold(name): name for name in row.files}
    return [
        *(fault("attachments", "staging.no_file", file=names.printable(listed[one])) for one in listed if one not in there),
        *(fault("attachments", "staging.not_listed", file=names.printable(there[one])) for one in there if one not in listed),
    ]


def _check_alike(there: Iterable[str]) -> None:
    """Raises Invalid for names that are one to Windows: of two such files one would be lost."""
    seen = dict[str, str]()
    for name in there:
        other = seen.setdefault(names.fold(name), name)
        if other != name:
            told = {"file": names.printable(name), "other": names.printable(other)}
            raise Invalid([fault("attachments", "intake.one_to_windows", **told)])


def card_of(client: str, refused: str, there: Iterable[str]) -> str | None:
    """The sidecar of a refused drop, of the names in its folder: others were attached. None: it has
    none."""
    cards = sorted(filter(names.is_sidecar, there))
    ours = (Drop.client == client) & (Drop.target == refused) & (Drop.kind == "refused")
    row = Drop.select().where(ours).first() if names.is_text(refused) else None
    own = str(row.files[-1][0]) if row is not None else ""
    return own if own in cards else next(iter(cards), None)


def _signed(text: str, client: str, maker: str) -> str:
    """A sidecar that says for whom it is and who made it, wherever its YAML has room for that."""
    begin = re.search(r"(?m)^([ \t]*)(?!#|---|%)\S", text)
    indent = begin[1] if begin is not None else ""
    said = f"client: {scalar(client)}", f"created_by: {scalar(maker)}"
    if begin is not None and text[begin.end() - 1] == "{":
        rest = text[begin.end() :]
        comma = "" if rest.lstrip().startswith("}") else ", "
        return f"{text[: begin.end()]}{', '.join(said)}{comma}{rest.rstrip()}\n"
    own = re.sub(rf"(?m)^{indent}[\"']?(created_by|gemaakt_door|client|klant)[\"']?[ \t]*:.*\n?", "", text)
    own = re.sub(r"(?m)^\.\.\.\s*\Z", "", own)
    return "\n".join([own.rstrip(), *(f"{indent}{line}" for line in said), ""])


def _commit_if_good(
    office: Office,
    now: datetime,
    actor: Actor,
    row: StagedDrop,
    hidden: Folder,
    keys: Keys,
    said: Mapping[str, Said],
    had: Mapping[str, object],
    is_alone: bool = True,
) -> str:
    """As `_commit`. Raises Invalid with every fault, and nothing has happened."""
    request, data = _request(hidden, actor, row, keys, said)
    wrong = _known(actor, row, keys) + _problems(office, now, actor, row, hidden, request, data)
    if wrong:
        raise Invalid(wrong)
    return _commit(office, now, actor, row, hidden, data, str(keys.get("description") or ""), had, is_alone=is_alone)


def _problems(
    office: Office, now: datetime, actor: Actor, row: StagedDrop, hidden: Folder, request: Request, data: bytes
) -> list[Problem]:
    """Why the daemon would refuse it, also of what it changes of an item as that is now."""

    def foreseen(found: Found, judgement: Judgement) -> Sequence[Fault]:
        hashes = {name: told["sha256"] for name, told in row.files.items()}
        return foreseeing.with_its_item(office, now, found, judgement, people.readable(office, actor), hidden, hashes)

    return dropping.problems(office, actor, request, data, foreseen=foreseen)


def _commit(
    office: Office,
    now: datetime,
    actor: Actor,
    row: StagedDrop,
    hidden: Folder,
    data: bytes,
    called: str,
    had: Mapping[str, object],
    note: Callable[[], None] = lambda: None,
    is_alone: bool = True,
) -> str:
    """Write the sidecar, record whose it is, and name the folder, returned. Conflict if the row has
    other files by now than it `had`. `note` writes along with that; what it raises is raised.

    `is_alone`: nobody else knows of the drop yet. Else another may be committing it with other
    words at this moment, and each has a sidecar of its own.
    """
    folder = dropping.folder_name(called, now)
    hashes = {name: told["sha256"] for name, told in row.files.items()}
    card = delegation.SIDECAR if is_alone else _card(folder)
    files.write_whole(hidden / card, data, placing.rights(is_delegated=True))

    def claim() -> bool:
        there = _fresh(row)
        if there.folder is not None:  # somebody pressed twice: the other one goes on with it
            return False
        if there.files != had:
            raise Conflict("staging.changed")
        note()
        change_row(StagedDrop.id, row.id, folder=folder, files=row.files)
        return True

    filled = Filled(row.client, _name(row), folder, data, hashes, card=card)
    if placing.place(office, now, actor, [filled], True, claim):
        return folder
    files.remove(hidden / card)
    there = _fresh(row)
    with contextlib.suppress(FileNotFoundError), open_beneath(office.inbox, row.client) as home:
        files.remove_folder(home / str(there.folder))  # it was taken meanwhile, but for what was in the daemon's way
    return _placed_so(office, there, data)


def _placed_so(office: Office, row: StagedDrop, data: bytes) -> str:
    """The folder of a placed drop. Raises Conflict if it was placed with another sidecar than
    `data`: what that says would be lost without a word. That can be told while the drop lies in the
    inbox, and of what was taken."""
    _give_name(office, row)
    folder, digest = str(row.folder), hashlib.sha256(data).hexdigest()
    contents = [str(told["sha256"]) for told in row.files.values()]
    was = delegation.sidecar_of(str(row.client), folder)
    became = Drop.select().where((Drop.client == row.client) & (Drop.folder == folder) & Drop.fingerprint.is_null(False)).first()
    if was is not None:
        same = was == digest
    elif became is not None:
        same = became.fingerprint == fingerprint(str(row.client), digest, "", contents)
    else:
        same = True
        gone = contextlib.suppress(FileNotFoundError, NotADirectoryError, files.NotPlain, files.Changed)
        with gone, open_beneath(office.inbox, str(row.client), folder) as place:
            same = files.read_plain(place / delegation.SIDECAR, len(data) + 1)[0] == data
    if not same:
        raise Conflict("staging.placed")
    return folder


def _fresh(row: StagedDrop) -> StagedDrop:
    """The same drop as it is now. Raises NotFound if it was swept meanwhile."""
    there: StagedDrop | None = find_row(StagedDrop.id, row.id)
    if there is None:
        raise NotFound("staging.no_drop")
    return there


def finish(office: Office) -> set[str]:
    """Name what a killed process had recorded as placed, and clear what it was made of. At the
    desk's start, and each hour. What is in the way of one holds no other up: those that have no
    name yet."""
    nameless = set[str]()
    for row in StagedDrop.select().where(StagedDrop.folder.is_null(False)):
        try:
            _give_name(office, row)
        except OSError as error:
            log.warning("a drop can't get its name; it is tried again", client=row.client, folder=row.folder, error=str(error))
            nameless.add(str(row.id))
    _clear_what_was_given_back(office)
    return nameless


def sweep(office: Office, now: datetime) -> None:
    """Remove what nobody committed within a day, and forget what was placed then."""
    nameless = finish(office)
    for row in list(StagedDrop.select().where(StagedDrop.expires_at <= clock.to_text(now))):  # read before it is forgotten
        if str(row.id) not in nameless or fate(office, row).state != "waiting":
            _forget(office, row)


def _forget(office: Office, row: StagedDrop) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_beneath(office.inbox, str(row.client)) as home:
        files.remove_tree(home / _name(row))
    with transaction():
        StagedDrop.delete().where(StagedDrop.id == row.id).execute()


def fate(office: Office, row: StagedDrop, language: str = "") -> Fate:
    """What became of it; the faults as WHY.txt has them, or in this language, each with the key
    that it is about, as long as its sidecar lies where it was refused."""
    row = _fresh(row)
    if row.folder is None:
        return Fate("open")
    drop = Drop.select().where((Drop.client == row.client) & (Drop.folder == row.folder) & (Drop.kind != "claimed")).first()
    if drop is None:
        return Fate("waiting")
    if drop.kind == "refused":
        keys = _keys_by_line(office, row.client, str(drop.target))
        lines = (drop.told or {}).get(language, str(drop.text)).splitlines()
        return Fate("refused", faults=tuple(_problem(line, keys) for line in lines))
    return Fate("duplicate" if drop.kind == "duplicate" else "taken", item_name(drop.item))


def _problem(line: str, keys: Mapping[int, str]) -> Problem:
    """A line of WHY.txt as whoever sent keys, and no file, can read it."""
    found = re.fullmatch(rf"{re.escape(delegation.SIDECAR)}:(\d+): (.*)", line, re.DOTALL)
    return Problem(keys.get(int(found[1]), ""), found[2]) if found else Problem("", line)


def _keys_by_line(office: Office, client: str, folder: str) -> Mapping[int, str]:
    """Which key stands on each line of the sidecar of a refused drop; none of what was not sent."""
    try:
        with open_beneath(office.inbox, client, "_rejected", folder) as home:
            data = files.read_plain(home / delegation.SIDECAR, Limits().bytes)[0]
    except OSError:
        return {}
    found, key, entries = dict[int, str](), "", read_map(data)[0].entries
    starts = {entry.line: name for name, entry in entries.items()}
    for number in range(1, data.count(b"\n") + 2):
        key = starts.get(number, key)
        word = BY_WORD.get(key)
        found[number] = "" if word is not None and word.english in ("client", "created_by") else key
    return found


def _give_name(office: Office, row: StagedDrop) -> None:
    """Give the hidden folder of a placed drop its name, unless it has it. OSError, also where the
    client's folder is away."""
    has_it = contextlib.suppress(FileNotFoundError)
    with open_beneath(office.inbox, str(row.client)) as home, has_it:
        placing.give_name(home, _name(row), _card(str(row.folder)), str(row.folder))
        files.sync((), [home])


def _name(row: StagedDrop) -> str:
    """What the folder of a drop is called while it is put together."""
    return f"{PREFIX}{row.id}"


def _card(folder: str) -> str:
    """What the sidecar of what gets this name is called until it has it."""
    return f"{placing.CARD}{folder}.yaml"


def _opened(office: Office, row: StagedDrop) -> Folder:
    """This folder, held open. Raises NotFound if it is gone: placed, or swept."""
    try:
        return open_beneath(office.inbox, str(row.client), _name(row))
    except FileNotFoundError as error:
        raise NotFound("staging.no_drop") from error


def _known(actor: Actor, row: StagedDrop, keys: Keys) -> list[Problem]:
    """Of each of KNOWN that is said otherwise, in either language, that it is not to be: else
    whoever puts a drop together could say that another made it."""
    known = {"client": row.client, "created_by": actor.code}
    said = {word: BY_WORD[word].english for word in keys if _is_known(word)}
    return [fault(word, "staging.known", key_=word) for word, key in said.items() if keys[word] and keys[word] != known.get(key)]


def _is_known(word: str) -> bool:
    return word in BY_WORD and BY_WORD[word].english in KNOWN


def _request(hidden: Folder, actor: Actor, row: StagedDrop, keys: Keys, said: Mapping[str, Said]) -> tuple[Request, bytes]:
    request = Request(row.client, [hidden / name for name in row.files], _given(keys), is_examined=True)
    return request, _sidecar(actor, row, keys, said)


def _given(keys: Keys) -> Keys:
    return {key: value or None for key, value in keys.items() if not _is_known(key)}


def _sidecar(actor: Actor, row: StagedDrop, keys: Keys, said: Mapping[str, Said]) -> bytes:
    listed = [Listed(name, told["sha256"], *said.get(name, Said())) for name, told in row.files.items()]
    return seal.sealed(dropping.sidecar_text(row.client, _given(keys), listed, actor.code).encode())


def _check_name(office: Office, row: StagedDrop, name: str, is_seen: bool) -> None:
    shown = names.printable(name)
    wrong = names.name_fault(name)
    if wrong:
        raise Invalid([Problem("files", Sentence("staging.name", {"file": shown, "reason": wrong}))])
    if names.fold(name) in dropping.TAKEN_NAMES:
        raise Invalid([fault("files", "staging.taken_name", file=shown)])
    if row.folder is not None:
        raise Conflict("staging.placed")
    if not is_seen and name not in row.files:
        _check_alike([*row.files, name])
    if len(row.files) >= office.settings.intake.max_files and name not in row.files:
        raise Invalid([fault("files", "staging.too_many", most=office.settings.intake.max_files)])
    blocked = names.extension(name)
    if blocked in office.settings.intake.blocked_types:
        raise Invalid([fault("files", "staging.blocked", file=shown, kind=blocked)])
