"""Files that come in over the web for an item that is there already: each onto the disk, piece by
piece, for as long as it is needed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dossier.files import files
from dossier.office.office import Office
from dossier.text.refusals import Invalid, fault


@contextmanager
def received(office: Office, name: str, pieces: Iterable[bytes]) -> Iterator[Path]:
    """The file called `name`, of these pieces, at a place that is gone afterwards. Raises Invalid;
    OSError.

    What `pieces` raises (a connection that broke) goes through. Killed here? A file in
    `var/uploads` that nothing names.
    """
    folder, most = office.var / "uploads", office.settings.intake.max_file_mb
    files.make_folder(folder, 0o700)
    part, size = folder / secrets.token_hex(12), 0
    try:
        with open(part, "xb") as stream:
            for piece in pieces:
                size += len(piece)
                if size > most * 1024 * 1024:
                    raise Invalid([fault("files", "staging.too_large", file=name, most=most)])
                stream.write(piece)
        if not size:
            raise Invalid([fault("files", "staging.empty", file=name)])
        yield part
    finally:
        files.remove(part)
