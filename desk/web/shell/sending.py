"""Sending a file: whole or the part that is asked for, from a place of this machine or in pieces
from a store.

What is sent is to be saved, or shown by a browser in a sandbox; it is never a page of ours,
whatever it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from dossier.text import media
from dossier.vault.folder import Vault

log = structlog.get_logger("web")

SANDBOX = {"content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
"""Whatever is sent with this has no origin, runs no script and fetches nothing (CSP level 3,
section 6.3.2)."""

PREVIEW = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self';"
        " sandbox allow-same-origin allow-downloads"
    ),
    "x-frame-options": "SAMEORIGIN",
}
"""A page of the portal for staff to look at has its style and pictures inside; it runs nothing, and
stands in a frame of the desk's alone."""

SMALL = 256 * 1024
"""Bytes that are read at once by the thread that makes the answer: to open, read and close a file
each take a thread of their own else, which costs more than all that a small file is."""


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file as it is kept: at a place of this machine, or to be had in pieces; None of both if it
    can't be had."""

    place: Path | None
    size: int | None
    pieces: Callable[[int, int], Iterator[bytes]]


def size_of(size: Callable[[str], int | None], name: str) -> int | None:
    """The bytes of what `name` names; None if it can't be had, which the log tells."""
    try:
        return size(name)
    except OSError as error:
        log.error("a file can't be had", error=str(error))
        return None


def of_vault(vault: Vault, sha256: str) -> ServedFile:
    """What the vault keeps by this hash."""
    return ServedFile(vault.place(sha256), size_of(vault.size, sha256), partial(vault.pieces, sha256))


def saved_file(request: Request, kept: ServedFile, name: str, media_type: str, content: str, is_shown: bool = False) -> Response:
    """The file, whole or the part that is asked for, to be saved, or (`is_shown`) shown. `content`
    names its content."""
    headers = {
        "content-type": media.as_saved(media_type),
        "content-disposition": media.saved_as(name, is_shown),
        "etag": f'"{content}"',
        **SANDBOX,
    }
    return sent(request, kept, headers)


def sent(request: Request, kept: ServedFile, headers: dict[str, str]) -> Response:
    assert kept.size is not None
    etag = headers.get("etag")
    if etag is not None and is_known(request, etag):
        return Response(status_code=304, headers={"etag": etag})
    part = part_of(request.headers, kept.size, etag)
    if part is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{kept.size}"})
    start, end, is_part = part
    if kept.place is not None and end - start > SMALL:
        # the server's own reading of `Range` refuses what the RFC says is to be passed over
        rest = [one for one in request.scope["headers"] if one[0] not in (b"range", b"if-range")]
        request.scope["headers"] = [*rest, (b"range", f"bytes={start}-{end - 1}".encode())] if is_part else rest
        made = FileResponse(kept.place, headers=headers, stat_result=os.stat(kept.place))
        del made.headers["last-modified"]  # since when the vault has it is the office's own business
        return made
    headers = {**headers, "accept-ranges": "bytes"}
    if is_part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{kept.size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD" or start == end:
        return Response(status_code=206 if is_part else 200, headers=headers)
    pieces = kept.pieces(start, end)
    if end - start <= SMALL:
        return Response(b"".join(pieces), 206 if is_part else 200, headers)
    first = next(pieces)  # what fails now can still be told
    return StreamingResponse(chain([first], pieces), 206 if is_part else 200, headers)


def is_known(request: Request, etag: str) -> bool:
    """True if what has this ETag is ruled out by If-None-Match (RFC 9110 section 13.1.2)."""
    lines = request.headers.getlist("if-none-match")
    known = [one.strip().removeprefix("W/") for line in lines for one in line.split(",")]
    return etag in known or "*" in known


def part_of(headers: Mapping[str, str], size: int, etag: str | None) -> tuple[int, int, bool] | None:
    """(first byte, the one behind the last, was a part asked for?) of what is to be sent; None if
    there is no such part (RFC 9110 section 14).

    Several parts at once, and what is no range, are answered with the whole, as the RFC allows.
    """
    asked = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", headers.get("range", "").replace(" ", ""), re.IGNORECASE)
    if asked is None or asked[1] == asked[2] == "" or headers.get("if-range", etag) != etag:
        return 0, size, False
    if asked[1] == "":
        start, end = max(0, size - int(asked[2])), size
        return (start, end, True) if start < end else None
    start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
    if asked[2] and int(asked[2]) < int(asked[1]):
        return 0, size, False
    return (start, end, True) if start < size else None
