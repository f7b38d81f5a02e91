"""How a drop gets into the inbox, whole at once; `dossier new`, which waits for what becomes of it.

The files are copied into a folder whose name is never taken, synced, and the folder gets its own
name in one step. Killed before that? A hidden folder is left in the inbox, which the daemon removes
a day later (`sweep`), and the files are still where they were.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dossier.files import files
from dossier.files.beneath import At, Folder, open_beneath
from dossier.files.files import Look
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.names import without_accents
from dossier.text.refusals import Invalid, Problem, Refusal, fault
from dossier.text.yamltext import Fault, lines_of, plain, read_map, scalar
from ingest.inbox import listing
from ingest.inbox.found import Found
from ingest.inbox.listing import WHY
from ingest.intake import delegation, kinds
from ingest.intake.judging import Judgement, judge
from ingest.sidecar import seal
from ingest.sidecar.reading import Sidecar, read_sidecar
from ingest.sources import placing
from ingest.sources.placing import Filled as Filled
from ingest.sources.placing import place as place

if TYPE_CHECKING:
    from dossier.office.keys import Settings  # takes longer to load than a command lasts

LOOK_SECONDS = 0.05
"""How often `--wait` looks whether the receipt is there."""

MOST_BYTES = 1024 * 1024
"""Of a receipt or a WHY.txt."""


FORGOTTEN_HOURS = 24
"""So long after a last change nobody fills a hidden folder any more."""

_HIDDEN = re.compile(r"\.new-[0-9a-f]{16}")

TAKEN_NAMES = frozenset({"item.yaml", "item.yml", "why.txt"})
"""Names, in small letters, that mean something in a folder drop: no file of one can have them."""

_SCHEMA = "# yaml-language-server: $schema=../../../config/schema/sidecar.json"


Keys = Mapping[str, str | Sequence[str] | Mapping[str, str] | None]
"""English key of a sidecar → value, or list of values; of `rename`, old name → new one."""


class Listed(NamedTuple):
    """An attachment in a sidecar. None or empty: nothing is said of it."""

    name: str
    sha256: str | None = None
    share: bool | None = None
    called: str = ""
    """The name that it gets in the item."""
    note: str = ""


@dataclass(slots=True)
class Request:
    """What `dossier new` was asked for. Keys of the sidecar that are None or empty are left out."""

    client: str
    files: Sequence[Path | At]
    keys: Keys
    shared: Sequence[str] = field(default_factory=tuple)
    """Names of the attachments that are shared, where only some are."""
    is_examined: bool = False
    """What kind each file is was looked at as it came, and nobody can have changed it since."""


def sidecar_text(client: str, keys: Keys, listed: Sequence[Listed], maker: str) -> str:
    """The sidecar of a drop. `client` and `maker` stand in it unless `keys` say who."""
    said = {key: value for key, value in keys.items() if value or value == ""}
    lines = lines_of({**({} if said.keys() & {"client", "klant"} else {"client": client}), **said})
    lines.append("attachments:" if listed else "attachments: []")
    for one in listed:
        lines.append(f"  - file: {scalar(one.name)}")
        lines += [f"    sha256: {one.sha256}"] if one.sha256 else []
        lines += [f"    share: {'yes' if one.share else 'no'}"] if one.share is not None else []
        lines += [f"    name: {scalar(one.called)}"] if one.called else []
        lines += [f"    note: {scalar(one.note)}"] if one.note else []
    lines += [] if said.keys() & {"created_by", "gemaakt_door"} else [f"created_by: {scalar(maker)}"]
    return "\n".join(lines) + "\n"


def drop(office: Office, now: datetime, actor: Actor, request: Request) -> Path:
    """Put the drop into the inbox; returns its folder. Raises Invalid with all faults; OSError.

    The database must be open if `actor` acts for another.
    """
    shared = {names.nfc(name) for name in request.shared}
    shares = {path.name: names.nfc(path.name) in shared if shared else None for path in request.files}
    given = {names.nfc(path.name) for path in request.files}
    wrong = [fault("attachments", "dropping.not_given", file=names.printable(name)) for name in sorted(shared - given)]
    wrong += problems(office, actor, request, _data(request, actor, shares, {}), is_delegated=actor.behind is not None)
    if wrong:
        raise Invalid(wrong)
    folder, hashes = folder_name(request.keys["description"], now), dict[str, str]()
    rights = placing.rights(actor.behind is not None)
    with hidden_folder(office, request.client) as (name, hidden):
        for path in request.files:
            hashes[path.name], _ = files.copy_whole(path, hidden / path.name, mode=rights)
        data = _data(request, actor, shares, hashes)
        files.write_whole(hidden / delegation.SIDECAR, data, rights)
        let_in(hidden, *hashes, delegation.SIDECAR)
        place(office, now, actor, [Filled(request.client, name, folder, data, hashes)], actor.behind is not None)
    return office.inbox / request.client / folder


def _data(request: Request, actor: Actor, shares: Mapping[str, bool | None], hashes: Mapping[str, str]) -> bytes:
    """The sidecar as it is placed; of a file whose hash is not known yet with one as long."""
    listed = [Listed(name, hashes.get(name, "0" * 64), share) for name, share in shares.items()]
    return seal.sealed(f"{_SCHEMA}\n{sidecar_text(request.client, request.keys, listed, actor.code)}".encode())


@contextlib.contextmanager
def hidden_folder(office: Office, client: str) -> Iterator[tuple[str, Folder]]:
    """A new folder of a client's inbox that is never taken, to be filled and placed: its name and
    itself, held open. After an error nothing of it is left."""
    with listing.home_of(office, client) as home:
        hidden = home / f".new-{secrets.token_hex(8)}"
        try:
            with files.made_folder(hidden, 0o777) as opened:
                yield hidden.name, opened
        except BaseException:
            files.remove_tree(hidden)
            raise


def let_in(hidden: Folder, *called: str) -> None:
    """Let the group of the client's folder do in a filled one what it may do there, and read its
    files, whatever the umask was: the daemon may be in that group alone.

    A folder that this group can write to already is left: others may have changed it by now.
    """
    ours, above = hidden.status(), os.stat("..", dir_fd=hidden.descriptor)
    group = stat.S_IMODE(above.st_mode) & stat.S_IRWXG
    if ours.st_gid == above.st_gid and group & ~ours.st_mode:
        for name in called:
            rights = os.stat(name, dir_fd=hidden.descriptor).st_mode & (0o004 | files.UNSIGNED)
            os.chmod(name, 0o640 | rights, dir_fd=hidden.descriptor)
        os.chmod(hidden.descriptor, stat.S_IMODE(ours.st_mode) | group)


def sweep(office: Office) -> None:
    """Remove hidden folders that killed commands left, and what they had copied into them."""
    for client in office.clients:
        with contextlib.suppress(OSError), open_beneath(office.inbox, client) as home:
            for name in filter(_HIDDEN.fullmatch, home.names()):
                with home.open(name) as folder:
                    changed = max(
                        [folder.status().st_ctime, *(entry.stat(follow_symlinks=False).st_ctime for entry in folder.entries())]
                    )
                if time.time() - changed > FORGOTTEN_HOURS * 3600:
                    files.remove_tree(home / name)


def no_client(office: Office, actor: Actor, client: str) -> Problem | None:
    """What is wrong with a client that there is none of, as far as this person may know."""
    is_known = client in office.clients and people.may_read(office, actor, client)
    return None if is_known else fault("client", "dropping.no_client", client=client)


Foreseen = Callable[[Found, Judgement], Sequence[Fault]]
"""All that forbids a drop, where more is known than what it says itself."""


def problems(
    office: Office, actor: Actor, request: Request, data: bytes, is_delegated: bool = True, foreseen: Foreseen | None = None
) -> list[Problem]:
    """Why the daemon would refuse it, each with its key; nothing if it would take it.

    Of a drop that amends an item, what forbids that is known with `foreseen` alone.
    """
    if (unknown := no_client(office, actor, request.client)) is not None:
        return [unknown]
    limits, found_wrong = office.settings.intake, list[Problem]()
    looks: dict[str, Look] = {}
    for path in request.files:
        look = files.look(path)
        if look is None:
            code = "dropping.no_plain_file" if files.exists(path) else "dropping.no_file"
            found_wrong.append(fault("attachments", code, path=str(path)))
        elif path.name in looks:
            found_wrong.append(fault("attachments", "dropping.same_name", path=str(path)))
        elif names.fold(path.name) in TAKEN_NAMES:
            found_wrong.append(fault("attachments", "staging.taken_name", file=names.printable(path.name)))
        elif look.size == 0:  # the daemon would wait for it to be filled
            looks[path.name] = look
            found_wrong.append(fault("attachments", "staging.empty", file=names.printable(path.name)))
        else:
            looks[path.name] = look
            kind = None if request.is_examined else kinds.examine(path.name, path)
            reason = kind and kinds.blocked(path.name, kind, limits.blocked_types, limits.macros)
            found_wrong += [fault("attachments", "dropping.file_fault", path=str(path), why=reason)] if reason else []
    settings = people.settings_for(office, actor)
    found, judgement = _judged(office, request.client, "new", data, looks, actor if is_delegated else None, settings)
    for one in judgement.faults if foreseen is None else foreseen(found, judgement):
        found_wrong.append(Problem(one.key or _key_at(data, one.line), one.message))
    return list({str(one.message): one for one in reversed(found_wrong)}.values())[::-1]


def judged(
    office: Office,
    client: str,
    stem: str,
    data: bytes,
    looks: Mapping[str, Look],
    actor: Actor | None,
) -> tuple[Sidecar | None, Sequence[Fault]]:
    """The sidecar `data` as it reads, and what is wrong with a drop of it and these files.

    `actor`: whose drop it is, where that is recorded.
    """
    found, judgement = _judged(office, client, stem, data, looks, actor, office.settings)
    return found.sidecar, judgement.faults


def _judged(
    office: Office,
    client: str,
    stem: str,
    data: bytes,
    looks: Mapping[str, Look],
    actor: Actor | None,
    settings: Settings,
) -> tuple[Found, Judgement]:
    """A drop of the sidecar `data`, read by these settings, and these files, as it is judged."""
    sidecar, faults = read_sidecar(data, settings)
    own = Look(0, 0, len(data), 0, 0, os.geteuid())
    here, all_of_them = {name: name for name in looks}, {**looks, delegation.SIDECAR: own}
    digest = hashlib.sha256(data).hexdigest()
    found = Found(client, stem, delegation.SIDECAR, digest, sidecar, here, all_of_them, tuple(faults))
    return found, judge(office, found, actor)


def _key_at(data: bytes, line: int) -> str:
    """The key of the sidecar that stands at this line, or above it."""
    keys = [text.partition(b":")[0].decode() for text in data.splitlines()[:line] if re.match(rb"\w+:", text)]
    return keys[-1] if keys else ""


def folder_name(description: object, now: datetime) -> str:
    """`Jaarrekening 2025` → `jaarrekening-2025-20261124-101500-3f9a1c07b2e4`: readable, and nobody
    else's, though a program sends hundreds of one name in a second."""
    slug = re.sub(r"[^a-z0-9]+", "-", without_accents(str(description))).strip("-")[:40].strip("-") or "item"
    return f"{slug}-{now.astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(6)}"


class Received(NamedTuple):
    """What the receipt of a drop says."""

    item: str
    warnings: Sequence[str]
    """In the office's language."""


def wait(office: Office, client: str, folder: Path, seconds: float) -> Received:
    """What became of the drop. Raises Refusal if it was refused, or nothing came in `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (receipt := _read(office, client, "_done", f"{folder.name}.receipt.yaml")) is not None:
            tree, _ = read_map("\n".join(receipt).encode())
            warnings = plain(tree.entries["warnings"].node) if "warnings" in tree.entries else []
            return Received(receipt[0].removeprefix("item: "), [str(one) for one in warnings or ()])
        if (why := _why_refused(office, client, folder.name)) is not None:
            raise Refusal("dropping.refused", reasons="; ".join(why))
        time.sleep(LOOK_SECONDS)
    what = f"{names.printable(str(folder.relative_to(office.root)) if folder.is_relative_to(office.root) else str(folder))}"
    raise Refusal("dropping.nothing_happened", what=what, seconds=f"{seconds:g}")


def _why_refused(office: Office, client: str, stem: str) -> list[str] | None:
    """What WHY.txt says of the first drop of this name that was refused; None if none was."""
    try:
        with open_beneath(office.inbox, client, "_rejected") as rejected:
            named = sorted(name for name in rejected.names() if name.endswith(f"-{stem}"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    told = (_read(office, client, "_rejected", name, WHY) for name in named)
    return next((lines for lines in told if lines is not None), None)


def _read(office: Office, client: str, *names_: str) -> list[str] | None:
    """The lines of a file that the daemon wrote into a client's folder; None if it is not there."""
    *folders, name = names_
    try:
        with open_beneath(office.inbox, client, *folders) as folder:
            return files.read_plain(folder / name, MOST_BYTES)[0].decode("utf-8", "replace").splitlines()
    except (FileNotFoundError, NotADirectoryError, files.NotPlain, files.Changed):
        return None
