"""The vault: every attachment version ever accepted, by its SHA-256, as `vault/ab/ab12…`.

A file comes in as a copy that nobody else ever had open: what is hashed is what is kept, whatever happens to the
source meanwhile. `receive` makes the copy under a temporary name, `keep` gives it its own. A power cut before
`files.sync` may leave a torn file under a good name; so a name that exists already is never believed, but read.

What a vault file is for is in the database. A file that no attachment names is left over from a crash and harmless.
"""

from __future__ import annotations

import os
from pathlib import Path

from dossier import files
from dossier.files import Copy, Look

_INCOMING = ".incoming"


class Vault:
    """The folder at `path`, made if it lacks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._incoming = path / _INCOMING
        files.make_folder(path, 0o750)
        files.make_folder(self._incoming, 0o750)

    def location(self, sha256: str) -> Path:
        """Where the file with this hash is kept, if it is."""
        return self.path / sha256[:2] / sha256

    def receive(self, source: Path, seen: Look | None = None) -> Copy:
        """Copy `source` in, under a temporary name. Errors: see files.copy_hashed."""
        return files.copy_hashed(source, self._incoming, seen)

    def keep(self, copy: Copy) -> Path:
        """Give a received copy its name; returns it. Not synced: the caller syncs it and its folder before the commit."""
        target = self.location(copy.sha256)
        if files.look(target) is not None and files.hash_file(target) == copy.sha256:
            files.remove(copy.path)
        else:
            if not target.parent.is_dir():
                files.make_folder(target.parent, 0o750)
            files.move(copy.path, target)
        return target

    def discard(self, copy: Copy) -> None:
        """Forget a received copy."""
        files.remove(copy.path)

    def sweep(self) -> None:
        """Remove what a crash left half received. Only for the daemon, before it takes anything."""
        for name in os.listdir(self._incoming):
            files.remove(self._incoming / name)
