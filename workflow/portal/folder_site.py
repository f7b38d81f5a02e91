"""Where the portal lies: what publishing does there, by names like `acme-bv/D-2026-000012/a.pdf`.

`FolderSite` is the folder. Each name in it is reached step by step, and no link is followed
(beneath.py). It is also what the rest of the house knows: where the settings name an object store,
`open_site` gives a StoreSite (store_site.py), which keeps to the same calls. Only publishing.py
changes anything there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dossier.files import files, moves, statx
from dossier.files.beneath import At, Folder, Place, open_beneath, open_folder
from dossier.text import system
from dossier.text.sentences import sentence
from workflow.portal.placing import PAGES, Change

AT_ONCE = 1000
"""Items in one round. More make fewer index pages; fewer make a quicker stop."""


SWEEP_SECONDS = 1.0
"""How long a start waits until what a daemon left is deleted: a large folder takes a minute."""


MARKS = "marks"
"""The folder, beside the staging folders, in which a file says who works on a client's folder."""

UNSURE = "unsure"
"""In the place of a staging folder's name: nobody works there, and what lies there is unsure."""

GONE = ".gone"
"""How the name ends of a staging folder that is to be deleted."""

OWNER, OWNER_BYTES = "office", 1000
"""The file, beside the staging folders, in which the id of the office stands whose portal it is."""


class PortalUnusable(OSError):
    """The portal's folder can't be used as it is set up; the message says why and what to do."""


class FolderSite:
    """The folder at `path`. The staging folder lies beside it: renames need one file system."""

    at_once = AT_ONCE
    can_travel = True
    """Another process can be given it, to read what lies there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stagings = path.parent / f".{path.name}-staging"
        self.staging = self._stagings / secrets.token_hex(8)
        self._can_swap: bool | None = None
        self._made: tuple[int, ...] | None = None
        self._times_made = 0
        self._session = ""

    def share(self, session: str) -> None:
        """Others put things there as well; `session` is what our connections are called."""
        self._session = session
        self.staging = self._stagings / f"{session}-{secrets.token_hex(4)}"

    def prepare(self, working: Callable[[], Collection[str]] = tuple) -> None:
        """Make the folders, and empty the staging folder. Raises PortalUnusable.

        `working` gives the sessions of others who may be at work; what they have staged stays.
        """
        self._make()
        self.prepare_staging(working)
        if not moves.can_move(self.staging, self.path):
            within = str(self.path / "portal")
            raise PortalUnusable(sentence("publishing.mount_point", path=str(self.path), within=within))
        self._can_swap = self._swaps()

    def _swaps(self) -> bool | None:
        """Whether trees can be swapped; None while there is no room to try."""
        try:
            return moves.can_swap(self.staging)
        except OSError as error:
            if error.errno not in files.NO_ROOM:
                raise
            return None

    def belong_to(self, office_id: str, is_adopted: bool = False) -> None:
        """Note whose portal it is; `is_adopted`: whoever's it was. Raises PortalUnusable if it is
        another office's: clients of both would see what either shows."""
        mark = self._stagings / OWNER
        try:
            known = files.read_plain(mark, OWNER_BYTES)[0].decode(errors="replace") if files.exists(mark) else ""
            if known and known != office_id and not is_adopted:
                raise PortalUnusable(sentence("publishing.of_another_office", path=str(self.path), mark=str(mark)))
            if known != office_id:
                files.make_folder(self._stagings, 0o750)
                files.write_whole(mark, office_id.encode(), 0o640, durably=True)
        except PortalUnusable:
            raise
        except OSError as error:
            raise _not_beside(error) from error

    def prepare_staging(self, working: Callable[[], Collection[str]] = tuple) -> None:
        """Make an empty staging folder, and remove those of others. Raises PortalUnusable."""
        try:
            files.make_folder(self._stagings, 0o750)
            names = set(os.listdir(self._stagings)) - {OWNER}
            here = working()  # asked now: whoever has a folder among these was there before
            left = [self._set_aside(name) for name in names if not self._session or self._is_left(name, here)]
            try:
                self._make_staging()
            except OSError as error:
                if error.errno not in files.NO_ROOM:
                    raise
                for path in left:  # the room for ours: without one nothing could be taken off either
                    files.remove_tree(path)
                self._make_staging()
            _remove_beside(left).join(SWEEP_SECONDS)
        except OSError as error:
            raise _not_beside(error) from error

    def _is_left(self, name: str, working: Collection[str]) -> bool:
        """True if nobody who works needs what lies beside our staging folder by this name."""
        session = name.partition("-")[0]
        return name not in (MARKS, self.staging.name) and (session == self._session or session not in working)

    def _set_aside(self, name: str) -> Path:
        """A staging folder gets another name: whoever is at work there finds nothing of it any
        more. Always the same: whoever comes next finds what of it is still to be deleted."""
        if name.endswith(GONE):
            return self._stagings / name
        gone = self._stagings / f".{name}{GONE}"
        files.remove_tree(gone)
        moves.move(self._stagings / name, gone)
        return gone

    def _make_staging(self) -> None:
        for name in ("items", "ahead", "clients", "pages"):
            files.make_folder(self.staging / name, 0o750)
        if self._session:
            files.make_folder(self._stagings / MARKS, 0o750)

    def is_gone(self) -> bool:
        """True if the folder that `prepare` made is gone, or another one is in its place."""
        try:
            now = self._which()
        except (FileNotFoundError, NotADirectoryError):
            return True
        return self._made is not None and now != self._made

    @property
    def folder(self) -> tuple[str, int] | None:
        """Which folder was made or found, as the file system numbers it, and the how many-th that
        was: one that was away may be there again. None: no other one can take its place."""
        return None if self._made is None else ("-".join(map(str, self._made)), self._times_made)

    def make_again(self) -> None:
        """Make it anew, while everything goes on. Raises OSError."""
        self._make()
        self._make_staging()

    def is_beside(self, staging: str) -> bool:
        """True if the staging folder of this name lies beside the portal as we see it."""
        return files.is_folder(self._stagings / staging)

    def follow(self) -> None:
        """Go on in the folder that another daemon made anew. FileNotFoundError: nobody did yet."""
        found = self._which()
        self._make_staging()
        self._note(found)

    def _make(self) -> None:
        files.make_folder(self.path)
        self._note(self._which())

    def _which(self) -> tuple[int, ...]:
        """What tells the folder from every other one: with its birth, where the file system keeps
        that, as it may give the number to the next one (ext4 does so at once)."""
        status, born = os.stat(self.path), statx.more(Path(os.path.realpath(self.path))).born_ns
        return (status.st_dev, status.st_ino, *(() if born is None else (born,)))

    def _note(self, made: tuple[int, ...]) -> None:
        self._made = made
        self._times_made += 1

    # Whose is what, where several daemons put things there (sharing.py)

    def enter(self, codes: Collection[str]) -> set[str]:
        """Mark these clients as being worked on by us, who have claimed them. OSError.

        Returns those whose mark somebody left: what lies there may be half done. Whoever it was
        has lost the claim, and whatever they may still be about to do fails: their staging folder
        is gone from here on, with all that is in it. (A file server knows folders by a number, and
        a machine that was there a moment ago may still go by that, whatever they are called now.)
        """
        marks = self._marks()
        left = [(code, name) for code, name in map(_read_mark, os.listdir(marks)) if code in codes]
        ours = {code for code, name in left if name == self.staging.name}
        try:
            for code in codes:
                files.make_mark(marks / f"{code}.{self.staging.name}", 0o640)
            for name in {name for _, name in left} - {self.staging.name, UNSURE}:
                self._remove_staging(name)
        except OSError:
            with contextlib.suppress(OSError):  # who finds one of ours later only takes us for dead
                for code in set(codes) - ours:
                    files.remove(marks / f"{code}.{self.staging.name}")
            raise
        for code, name in left:
            if name != self.staging.name:
                files.remove(marks / f"{code}.{name}")
        return {code for code, _ in left}

    def _remove_staging(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._set_aside(name)
        files.remove_tree(self._stagings / f".{name}{GONE}")

    def _marks(self) -> Path:
        """The folder of the marks, made if it lacks: somebody may have tidied up."""
        marks = self._stagings / MARKS
        files.make_folder(marks, 0o750)
        return marks

    def leave(self, code: str, is_sure: bool) -> None:
        """Before the claim is given back; not `is_sure`: something may be half done. OSError: our
        mark stays, and counts as that."""
        mark = self._stagings / MARKS / f"{code}.{self.staging.name}"
        if is_sure:
            files.remove(mark)
            return
        try:
            moves.move(mark, mark.with_name(f"{code}.{UNSURE}"))
        except FileNotFoundError:  # somebody has tidied up
            self.doubt(code)

    def doubt(self, code: str) -> None:
        """Have whoever claims this client next believe nothing of what lies there. OSError."""
        files.make_mark(self._marks() / f"{code}.{UNSURE}", 0o640)

    # What lies there

    def begin(self) -> None:
        """A new round: what was seen before is not believed any more. OSError."""
        self._make_staging()  # somebody may have tidied up, or taken us for dead

    def expect(self, names: Iterable[str]) -> None:
        """These will be looked at in this round."""

    def homes(self) -> set[str]:
        """The names of clients' folders, and of whatever else lies beside them."""
        try:
            return set(os.listdir(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return set()

    @contextlib.contextmanager
    def _at(self, name: str) -> Iterator[At]:
        """This name's place, in its folder held open. FileNotFoundError; NotADirectoryError."""
        *folders, last = name.split("/")
        with open_beneath(self.path, *folders) as folder:
            yield folder / last

    def has(self, name: str) -> bool:
        """True if anything lies there."""
        try:
            with self._at(name) as place:
                return files.exists(place)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def which(self, code: str, names: Iterable[str]) -> set[str]:
        """At which of these names in a client's folder anything lies."""
        try:
            with open_beneath(self.path, code) as home:
                return {name for name in names if files.exists(home / name)}
        except (FileNotFoundError, NotADirectoryError):
            return set()

    def is_folder(self, name: str) -> bool:
        """True if a folder lies there, not a link to one."""
        try:
            with self._at(name) as place:
                return files.is_folder(place)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def names(self, name: str) -> list[str]:
        """What lies in this folder."""
        with open_beneath(self.path, *name.split("/")) as folder:
            return folder.names()

    def extras(self, code: str, items: Collection[str] | None) -> list[str]:
        """The files of a client's _pages folder, all in one look, whatever the `items`."""
        del items
        return self.names(f"{code}/{PAGES}") if self.is_folder(f"{code}/{PAGES}") else []

    def walk(self, name: str, folders: Container[str]) -> Iterator[tuple[str, int | None]]:
        """What lies in this folder and the expected ones in it: name → bytes (None: no file)."""
        with open_beneath(self.path, *name.split("/")) as folder:
            yield from _walk(folder, "", folders)

    def size(self, name: str) -> int | None:
        """The bytes of the plain file of this name; None if there is none."""
        try:
            with self._at(name) as place:
                seen = files.look(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return seen.size if seen else None

    def digest(self, name: str) -> str:
        """SHA-256 (hex) of the file, read anew. Raises FileNotFoundError; OSError."""
        with self._at(name) as place:
            return files.hash_on_disk(place)

    def pieces(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes of the file from `start` to before `end`. Raises FileNotFoundError; OSError."""
        with contextlib.ExitStack() as opened:
            with self._at(name) as place:
                descriptor = opened.enter_context(files.open_plain(place))
            yield from files.pieces_of(descriptor, start, end)

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[Place]:
        """Where this machine can read the file meanwhile. Raises FileNotFoundError; OSError."""
        with self._at(name) as place:
            yield place

    # What is changed there

    def change(
        self,
        code: str,
        put: Mapping[str, Path],
        drop: Sequence[str],
        pages: Mapping[str, bytes | Path],
        more: Mapping[str, Path],
        less: Sequence[str],
    ) -> Change:
        """What is to become of a client's folder: see Change."""
        if self._can_swap is None:
            self._can_swap = self._swaps()
        staging, can_swap = self.staging / "clients", bool(self._can_swap)
        return Change(self.path, code, staging, put, drop, pages, more, less, can_swap, self._remove_later)

    def sync_staged(self, changes: Sequence[Change]) -> None:
        """Return when what these changes have staged is on the disk."""
        if sum(len(change.put) + len(change.pages) for change in changes) < files.GROUP:
            files.sync([path for change in changes for path in change.staged()], ())
            return
        with open_folder(self.staging) as staging:
            files.sync_whole(staging)

    def sync(self, codes: Iterable[str]) -> None:
        """Return when what was changed in these clients' folders is on the disk."""
        changed = list(codes)
        with open_folder(self.path) as portal:
            if 2 * len(changed) >= files.GROUP:
                files.sync_whole(portal)
                return
            for code in changed:
                with portal.open(code) as home:
                    files.sync((), (home, home / PAGES))
            files.sync((), (portal,))

    def take_off(self, code: str) -> None:
        """A client's folder goes whole, at once."""
        aside = self.staging / "clients" / f"{code}.off"
        files.remove_tree(aside)
        with open_folder(self.path) as portal:
            if files.exists(portal / code):
                moves.move(portal / code, aside)
            files.sync((), (portal,))
        try:
            files.remove_tree(aside)
        except OSError:  # a folder of somebody else's in it: the next client's doesn't wait for that
            self._remove_later(aside)

    def take_out(self, code: str, names: Sequence[str]) -> None:
        """What lies at these names in a client's folder goes, in this order. It needs no room."""
        aside: list[Path] = []
        for name in names:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), self._at(f"{code}/{name}") as place:
                aside.append(self.staging / "clients" / f".{secrets.token_hex(8)}.gone")
                moves.move(place, aside[-1])
        with open_beneath(self.path, code) as home:
            files.sync((), (home,))
        for one in aside:
            try:
                files.remove_tree(one)
            except OSError:
                self._remove_later(one)

    def move_out(self, name: str, target: Path, is_copied: bool = False) -> None:
        """Move what does not belong there to a free name. `is_copied`: it is about to be replaced,
        so a copy goes there, or it goes itself where it can't be read."""
        with self._at(name) as place:
            if is_copied:
                try:
                    files.make_folder(target.parent, 0o750)
                    files.copy_to(place, target, 0o640)
                    files.sync((target,), (target.parent,))
                except (PermissionError, files.SourceUnreadable):
                    is_copied = False
            if not is_copied:
                moves.move_away(place, moves.free_name(target))

    def _remove_later(self, folder: Path) -> None:
        """Delete a folder of the staging on a thread. Killed, or asked twice? The next start
        does."""
        gone = self.staging / "clients" / f".{secrets.token_hex(8)}.gone"
        moves.move(folder, gone)
        _remove_beside([gone])


def _not_beside(error: OSError) -> PortalUnusable:
    if error.errno in files.NO_ROOM:
        return PortalUnusable(system.whole(error))
    return PortalUnusable(sentence("publishing.not_beside", path=str(error.filename), why=system.why(error)))


def _read_mark(name: str) -> tuple[str, str]:
    """A mark's client, and the staging folder of who made it."""
    code, _, staging = name.rpartition(".")
    return code, staging


def _remove_beside(folders: Sequence[Path]) -> threading.Thread:
    """Delete folders on a thread of its own, which has begun."""

    def remove() -> None:
        try:
            for folder in folders:
                files.remove_tree(folder)
        except OSError as error:
            import structlog  # takes longer to import than most commands last

            log = structlog.get_logger("portal")
            log.warning("what was swapped out is not deleted until the next start", error=str(error))

    thread = threading.Thread(target=remove, name="remove", daemon=True)
    thread.start()
    return thread


def _walk(folder: Folder, prefix: str, folders: Container[str]) -> Iterator[tuple[str, int | None]]:
    """No link is followed."""
    for entry in sorted(folder.entries(), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False) and name in folders:
                with folder.open(entry.name) as inner:
                    yield from _walk(inner, f"{name}/", folders)
            elif entry.is_file(follow_symlinks=False):
                yield name, entry.stat(follow_symlinks=False).st_size
            else:
                yield name, None
        except FileNotFoundError:  # it went at this very moment
            continue
