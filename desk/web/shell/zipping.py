"""An archive that is put together while it is sent: no more of it is in memory than a piece, and
nothing on the disk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response, StreamingResponse

from desk.web.shell.sending import SANDBOX
from dossier.text import media


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """A file in the archive: its name in there, its time (ISO 8601), its bytes, and what gives
    those from one place to before another."""

    name: str
    at: str
    size: int
    pieces: Callable[[int, int], Iterator[bytes]]


class _Out:
    """What a ZipFile writes to and can't seek in, so that sizes stand behind each file (APPNOTE
    4.4.4, bit 3)."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        written, self._written = self._written, []
        return b"".join(written)


def sent_zipped(entries: Iterable[ZippedFile], name: str) -> Response:
    """The archive, to be saved as `name`."""
    headers = {"content-disposition": media.saved_as(name), **SANDBOX}
    return StreamingResponse(zipped(entries), headers=headers, media_type="application/zip")


def zipped(entries: Iterable[ZippedFile]) -> Iterator[bytes]:
    """The archive in pieces; its files are not packed, as most are already. Raises what `pieces`
    of an entry raises."""
    out = _Out()
    with zipfile.ZipFile(out, "w") as archive:  # type: ignore[call-overload]
        for entry in entries:
            at = datetime.fromisoformat(entry.at)
            info = zipfile.ZipInfo(entry.name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
            info.external_attr = 0o644 << 16
            info.file_size = entry.size  # a large one is written with room for a large number
            with archive.open(info, "w") as writing:
                for piece in entry.pieces(0, entry.size) if entry.size else ():
                    writing.write(piece)
                    yield out.taken()
    yield out.taken()
