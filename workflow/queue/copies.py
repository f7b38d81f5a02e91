"""The folder beside a queue file: copies of what would be shared, to look at, and a preview of the portal.

Approvers may do there what they like: nothing of it is read. What is ours is known by a mark in its
time stamp; what they put there, or changed, is never deleted: it goes to `_decided` with the rest.

An approver can write to their folder, and the daemon may be able to write everywhere. So copies are made in a staging folder
that is the daemon's alone, and moved in whole; no link that lies there is followed.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dossier.files import files, moves
from dossier.office.office import Office
from dossier.text import clock
from dossier.vault.folder import Vault
from workflow.queue import writing

PREVIEW = "preview.html"

MARK_NS = 271_828_000
"""The part of a second in the time stamp of each copy of ours. A file system without it makes us keep what we could remove."""


class Copies:
    """The copies of an office's queue. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault
        self._staging = office.queue / ".staging"

    def sweep(self) -> None:
        """Remove what an interrupted daemon left half made."""
        files.remove_tree(self._staging)

    def make(self, home: Path, name: str, shown: Mapping[str, Any], made_at: str, preview: str) -> None:
        """Put the folder `name` into `home`, anew; what is in it is on the disk before it gets its name.

        Raises OSError: the disk is full, the vault's copy is gone or damaged.
        """
        files.make_folder(self._staging, 0o700)
        staged = self._staging / secrets.token_hex(12)
        files.make_folder(staged)
        try:
            self._fill(staged, shown, made_at, preview)
            self.retire(home, name)
            try:
                moves.move(staged, home / name)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # The approver's folder is a file system of its own: made again in there.
                files.remove_tree(home / name)
                files.make_folder(home / name)
                self._fill(home / name, shown, made_at, preview)
        finally:
            files.remove_tree(staged)

    def _fill(self, folder: Path, shown: Mapping[str, Any], made_at: str, preview: str) -> None:
        for attachment in shown["attachments"]:
            digest = self.vault.copy_to(attachment["sha256"], folder / attachment["name"])
            if digest != attachment["sha256"]:
                raise OSError(errno.EIO, "the vault's copy is damaged", self.vault.shown(attachment["sha256"]))
        files.write_whole(folder / _preview_name(shown), preview.encode())
        stamp = int(clock.from_text(made_at).timestamp()) * 1_000_000_000 + MARK_NS
        for path in folder.iterdir():
            os.utime(path, ns=(stamp, stamp), follow_symlinks=False)
        files.sync(list(folder.iterdir()), (folder,))

    def are_whole(self, home: Path, name: str, shown: Mapping[str, Any]) -> bool:
        """False if there is no folder `name`, or a file of ours in it is empty or has not all of its bytes."""
        folder = home / name
        if not files.is_folder(folder):
            return False
        sizes = {attachment["name"]: attachment["size"] for attachment in shown["attachments"]}
        with os.scandir(folder) as entries:
            there = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries if _is_ours(entry)}
        return all(size == sizes.get(one, size) and (size or not sizes.get(one, 1)) for one, size in there.items())

    def retire(self, home: Path, name: str) -> None:
        """Take the folder `name` out of `home`: copies of ours are removed, what is left goes to `_decided`."""
        folder = home / name
        if not os.path.lexists(folder):
            return
        if files.is_folder(folder):
            with os.scandir(folder) as entries:
                ours = [Path(entry.path) for entry in entries if _is_ours(entry)]
            for path in ours:
                files.remove(path)
            if files.remove_folder(folder):
                return
        writing.move_to(folder, home, writing.DECIDED, name)


def _preview_name(shown: Mapping[str, Any]) -> str:
    """What the preview is called. An attachment's name never begins with `_` (names.name_fault)."""
    return f"_{PREVIEW}" if PREVIEW in {attachment["name"].casefold() for attachment in shown["attachments"]} else PREVIEW


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime_ns % 1_000_000_000 == MARK_NS
