"""How one client's folder on the portal changes: all at once, as far as the file system can.

A `Change` is made in the staging folder first, so that whatever needs room on the disk has it
before anything on the portal is touched. Then, by `apply`, which only renames:

- a client who had no folder gets a whole one;
- a client who only gets more: each new item's folder is renamed in, then the pages. The pages never
  name what is not there;
- a client of whom something is replaced, or goes: a successor of the whole folder, hard links of
  what stays, is swapped in (RENAME_EXCHANGE). A reader sees all as before or all as after, folders,
  items.json and index.html alike;
- where that can't be done (network file systems without links or exchange, somebody else's file
  that can't be read): files are renamed in one by one, over their old namesakes, then the pages,
  then the old names go. No page names what is not there, but for an instant an item may be part
  new.

The portal's folder is held open meanwhile, and what lies in it is reached from there: no link
beneath it is followed (beneath.py). The staging folder is the daemon's own.

What was swapped out waits in the staging folder for `clear`. Killed anywhere: the staging folder is
emptied at the next start, and publishing.py does anew what it hasn't written down as done.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dossier.files import files, moves
from dossier.files.beneath import Folder, Place, open_folder
from dossier.text.sentences import sentence

PAGES = "_pages"
"""The folder of a client's folder with what the pages need besides."""

PAGE_NAMES = ("items.json", "index.html", "feed.xml")
"""What lies in a client's folder beside the items and PAGES."""

LARGE = 500
"""A client's items whose old folder is deleted later: on a busy disk it may take a minute."""

_CANT_LINK = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV, errno.EMLINK)


@dataclass(slots=True)
class Change:
    """What becomes of a client's folder, ready in `staging`. `pages` are renamed in in this
    order."""

    portal: Path
    code: str
    staging: Path
    put: Mapping[str, Path] = field(default_factory=dict)
    """Item's name → a staged folder with exactly its files, new or in the place of the old one; all
    of them in one folder, which is this client's alone."""
    drop: Sequence[str] = ()
    """Items' names that go."""
    pages: Mapping[str, bytes | Path] = field(default_factory=dict)
    """File name, of the folder or behind `_pages/` → content, or a staged file."""
    more: Mapping[str, Path] = field(default_factory=dict)
    """As `pages`, but staged files: pictures and archives."""
    less: Sequence[str] = ()
    """File names behind `_pages/` that go."""
    can_swap: bool = False
    """Whether the file system swaps folders."""
    remove_later: Callable[[Path], None] = files.remove_tree
    """What deletes a large folder while others wait, or later what can't be deleted now."""
    _staged: Path | None = None
    _whole: bool = False
    _linked: list[Path] = field(default_factory=list)

    def stage(self) -> None:
        """Make all of it ready in a folder in `staging`."""
        self._staged = self.staging / self.code
        files.remove_tree(self._staged)
        with open_folder(self.portal) as portal:
            is_there = files.is_folder(portal / self.code)
            if is_there and not (self.can_swap and self._replaces(portal)):
                self._stage_pages()
                return
            try:
                self._stage_whole(portal / self.code if is_there else None)
            except OSError as error:
                if not is_there or error.errno not in _CANT_LINK:
                    raise
                files.remove_tree(self._staged)  # somebody else's file lies there, that we may not even read
                self._stage_pages()
                return
        self._whole = True

    def staged(self) -> list[Path]:
        """After `stage`: what to sync before `apply`."""
        assert self._staged is not None
        pages = [self._staged / name for name in (*self.more, *self.pages)]
        if not self._whole:
            return [*pages, self._staged / PAGES, self._staged, *_content(self.put)]
        placed = _content({name: self._staged / name for name in self.put})
        return [*self._linked, self._staged, *placed, *pages]

    def _replaces(self, portal: Folder) -> bool:
        """True if anything that a reader may be looking at goes, or gives way to something new."""
        with portal.open(self.code) as home:
            return bool(self.less) or any(files.exists(home / name) for name in (*self.put, *self.drop))

    def forget_content(self) -> None:
        """After `stage`: the pages lie on the disk, and would fill the memory of a round."""
        self.pages = dict.fromkeys(self.pages, b"")

    def _stage_pages(self) -> None:
        assert self._staged is not None
        files.make_folder(self._staged / PAGES)
        for name, path in self.more.items():
            moves.move(path, self._staged / name)
        self._write_pages(self._staged)

    def _stage_whole(self, home: Place | None) -> None:
        assert self._staged is not None
        if home is not None:
            self._linked = moves.link_tree(home, self._staged, {*self.put, *self.drop, *self.pages})
            if not files.is_folder(self._staged / PAGES):
                files.remove(self._staged / PAGES)  # a link that somebody put there: what is put behind it would be elsewhere
            for name in (*self.less, *self.more, *self.pages):
                files.remove(self._staged / name)
        if home is None and (prepared := self._prepared()) is not None:
            moves.move(prepared, self._staged)
        else:
            files.make_folder(self._staged)
            for name, folder in self.put.items():
                moves.move(folder, self._staged / name)
        files.make_folder(self._staged / PAGES)
        for name, path in self.more.items():
            moves.move(path, self._staged / name)
        self._write_pages(self._staged)

    def _prepared(self) -> Path | None:
        """The folder in which the items' folders lie, if nothing else does."""
        for folder in self.put.values():
            return folder.parent if set(os.listdir(folder.parent)) == set(self.put) else None
        return None

    def _write_pages(self, folder: Path) -> None:
        for name, data in self.pages.items():
            if isinstance(data, Path):
                moves.move(data, folder / name)
            else:
                files.write_whole(folder / name, data)

    def apply(self) -> None:
        """Put it on the portal: renames only, synced only where the file system swaps no
        folders."""
        assert self._staged is not None
        with open_folder(self.portal) as portal:
            home = portal / self.code
            if not self._whole:
                with portal.open(self.code) as opened:
                    self._apply_in_place(opened)
            elif not files.exists(home):
                moves.move(self._staged, home)
            elif not moves.exchange(self._staged, home):
                raise OSError(errno.ENOTSUP, sentence("publishing.no_swap"), str(home))

    def _apply_in_place(self, home: Folder) -> None:
        """What goes is moved away, not removed: it must do even without the staging folder."""
        assert self._staged is not None
        stale: list[tuple[str, str]] = []
        for name, folder in self.put.items():
            if not files.exists(home / name):
                moves.move(folder, home / name)
                continue
            with home.open(name) as item:
                new = os.listdir(folder)
                stale += [(name, old) for old in item.names() if old not in new]
                for file in new:
                    moves.move(folder / file, item / file)
                files.sync((), (item,))
        with files.made_folder(home / PAGES) as pages:
            for name in (*self.more, *self.pages):
                moves.move(self._staged / name, _beneath(home, pages, name))
            for name in self.less:
                self._put_aside(_beneath(home, pages, name))
        for name, old in stale:
            with home.open(name) as item:
                self._put_aside(item / old)
                files.sync((), (item,))
        for name in self.drop:
            self._put_aside(home / name)

    def _put_aside(self, place: Place) -> None:
        assert self._staged is not None
        if files.exists(place):
            moves.move(place, self._staged / f"{secrets.token_hex(8)}.gone")

    def clear(self) -> None:
        """Delete what was swapped out, and the staging; a large folder goes to `remove_later`, and
        so does what can't be deleted, as a folder of somebody else's in it: nobody waits for
        that."""
        assert self._staged is not None
        if self._whole and self._staged.is_dir() and len(os.listdir(self._staged)) > LARGE:
            self.remove_later(self._staged)
        try:
            files.remove_tree(self._staged)
        except OSError:
            self.remove_later(self._staged)
        self.clear_put()

    def clear_put(self) -> None:
        """Delete what is left of the items' staged folders."""
        for home in {folder.parent for folder in self.put.values()}:
            files.remove_tree(home)


def _content(folders: Mapping[str, Path]) -> list[Path]:
    """The folders and the files in them."""
    return [path for folder in folders.values() for path in (*(folder / name for name in os.listdir(folder)), folder)]


def _beneath(home: Folder, pages: Folder, name: str) -> Place:
    """Where the file of this name lies: in the client's folder, or in PAGES in it."""
    folder, _, last = name.rpartition("/")
    return (pages if folder == PAGES else home) / last
