"""The folder beside a queue file: copies of what would be shared, and a preview.

Approvers may do there what they like: nothing of it is read. What is ours is known by a mark in its
time stamp; what an approver put there, or changed, is never deleted: it goes to `_decided` with the
rest.

An approver can write to the folder, and the daemon may be able to write everywhere. So copies are
made in a staging folder that is the daemon's alone, and moved in whole; each folder is held open
meanwhile, and no link is followed (beneath.py).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Container

from dossier.database.tables import Shown
from dossier.files import files, moves
from dossier.files.beneath import At, Folder, open_folder
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import sentence
from dossier.vault.folder import Vault
from workflow.queue import writing

PREVIEW = "preview.html"

_STAGING = ".staging"

MARK_NS = 271_828_000
"""Our copies have this part of a second in their time stamp. Without it we keep too much."""


_RIGHTS = 0o644 | files.UNSIGNED


class Copies:
    """The copies of an office's queue. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault

    def sweep(self) -> None:
        """Remove what an interrupted daemon left half made."""
        with contextlib.suppress(FileNotFoundError), open_folder(self.office.queue) as queue:
            files.remove_tree(queue / _STAGING)

    def make(self, home: Folder, name: str, shown: Shown, made_at: str, preview: str | None) -> None:
        """Put the folder `name` into `home`, anew; on the disk before it gets its name.

        Raises OSError: the disk is full, the vault's copy is gone or damaged.
        """
        with open_folder(self.office.queue) as queue, files.made_folder(queue / _STAGING, 0o700) as staging:
            staged = staging / secrets.token_hex(12)
            try:
                self._fill(staged, shown, made_at, preview)
                self.retire(home / name, _names(shown))
                try:
                    moves.move(staged, home / name)
                    # Once more in its place: on btrfs a folder that was renamed may come back from
                    # a power cut with empty files.
                    with open_folder(home / name) as folder:
                        files.sync([folder / one for one in folder.names()], (folder, home))
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    # The approver's folder is a file system of its own: made again in there.
                    files.remove_tree(home / name)
                    self._fill(home / name, shown, made_at, preview)
            finally:
                files.remove_tree(staged)

    def _fill(self, place: At, shown: Shown, made_at: str, preview: str | None) -> None:
        with files.made_folder(place) as folder:
            for attachment in shown["attachments"]:
                digest = self.vault.copy_to(attachment["sha256"], folder / attachment["name"], _RIGHTS)
                if digest != attachment["sha256"]:
                    raise OSError(errno.EIO, sentence("publishing.vault_damaged"), self.vault.address_of(attachment["sha256"]))
            if preview is not None:
                files.write_whole(folder / _preview_name(shown), preview.encode(), _RIGHTS)
            stamp = int(clock.from_text(made_at).timestamp()) * 1_000_000_000 + MARK_NS
            names = folder.names()
            for name in names:
                os.utime(name, ns=(stamp, stamp), dir_fd=folder.descriptor, follow_symlinks=False)
            files.sync([folder / name for name in names], (folder,))

    def are_whole(self, place: At, shown: Shown) -> bool:
        """False if the folder is gone, or a file of ours in it lacks some or all of its bytes.

        A power cut may leave a name alone, without the bytes and without our mark.
        """
        sizes = {attachment["name"]: attachment["size"] for attachment in shown["attachments"]}
        names = _names(shown)
        try:
            with open_folder(place) as folder:
                there = {
                    entry.name: entry.stat(follow_symlinks=False).st_size
                    for entry in folder.entries()
                    if _is_ours(entry) or (entry.name in names and _is_empty(entry))
                }
        except (FileNotFoundError, NotADirectoryError):
            return False
        return all(size == sizes.get(one, size) and (size or not sizes.get(one, 1)) for one, size in there.items())

    def retire(self, place: At, hollow: Container[str] = ()) -> None:
        """Take a folder of copies away: ours are removed, what is left goes to `_decided`.

        `hollow`: names of ours, whose files are removed as well if they are empty (a power cut took
        bytes and mark).
        """
        if not files.exists(place):
            return
        if files.is_folder(place):
            with open_folder(place) as folder:
                ours = [one.name for one in folder.entries() if _is_ours(one) or (one.name in hollow and _is_empty(one))]
                for name in ours:
                    files.remove(folder / name)
            if files.remove_folder(place):
                return
        writing.move_to(place, writing.DECIDED, place.name)


def _names(shown: Shown) -> set[str]:
    """What the files of ours are called."""
    return {*(attachment["name"] for attachment in shown["attachments"]), _preview_name(shown)}


def _preview_name(shown: Shown) -> str:
    """What the preview is called. An attachment's name never begins with `_` (names.name_fault)."""
    return f"_{PREVIEW}" if PREVIEW in {attachment["name"].casefold() for attachment in shown["attachments"]} else PREVIEW


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime_ns % 1_000_000_000 == MARK_NS


def _is_empty(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and not entry.stat(follow_symlinks=False).st_size
