"""What the web portal sends besides pages: files of items, to be saved; all of an item's in one; small pictures for the lists.

Which file that is, the database says: an address names an item, a content and a name, and only what the item shows now is
looked for, at a place that no caller has a word in. Files come from the vault; pictures and archives lie with the portal's
pages (pictures.py), and as they are made of what is shown, they go when it does.
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
from starlette.responses import FileResponse, Response, StreamingResponse

from desk.web.portal.pages import find, gone, to_login
from desk.web.portal.visit import Visit
from dossier.text import media
from workflow.portal.pages import ShownFile
from workflow.portal.site import open_site
from workflow.portal_access import openings
from workflow.portal_access.openings import Shown

log = structlog.get_logger("web")


def download(visit: Visit) -> Response:
    """A file of an item, whole or in part."""
    client, item, content, name = _asked(visit, "client", "item", "content", "name")
    if not visit.seats:
        return to_login(visit, f"/{client}/{item}")
    shown = find(visit, client, item)
    file = next((one for one in shown.what.attachments if one.name == name), None) if shown else None
    if shown is None or file is None or file.version != content:
        return gone(visit)
    kept = _of_vault(visit, file.sha256)
    if kept.size != file.size:
        log.error("the vault lacks a file that is on the portal; see: dossier verify", item=item, file=name)
        return visit.page("message.html", 503, message="trouble")
    _record(visit, shown, (file,))
    return saved_file(visit, kept, name, file.media_type, file.sha256)


def archive(visit: Visit) -> Response:
    """All files of an item in one. It counts as a download of each."""
    client, item, content = _asked(visit, "client", "item", "content")
    if not visit.seats:
        return to_login(visit, f"/{client}/{item}")
    shown = find(visit, client, item)
    packed = shown.what.archive if shown else None
    if shown is None or packed is None or packed.version != content:
        return gone(visit)
    kept = _of_portal(visit, f"{client}/{packed.path}")
    if kept.size != packed.size:
        return visit.page("message.html", 503, message="trouble")  # the daemon is just putting up another; or see: dossier verify
    _record(visit, shown, shown.what.attachments)
    return saved_file(visit, kept, f"{item}.zip", "application/zip", packed.version)


def picture(visit: Visit) -> Response:
    """The small picture of a file's first page. That it was seen opens nothing: it is on the list."""
    client, item, content = _asked(visit, "client", "item", "content")
    shown = find(visit, client, item) if visit.seats else None
    drawn = next((one.picture for one in shown.what.attachments if one.version == content), None) if shown else None
    kept = _of_portal(visit, f"{client}/{drawn}") if drawn else None
    if kept is None or kept.size is None:
        return Response(status_code=404)
    return _sent(visit, kept, {"content-type": "image/webp"})


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file as it is kept: at a place of this machine, or to be had in pieces; None of both if it can't be had."""

    place: Path | None
    size: int | None
    pieces: Callable[[int, int], Iterator[bytes]]


def _of_vault(visit: Visit, sha256: str) -> _Kept:
    vault = visit.vault
    return _Kept(vault.place(sha256), _told(vault.size, sha256), partial(vault.pieces, sha256))


def _of_portal(visit: Visit, name: str) -> _Kept:
    site = open_site(visit.office)
    return _Kept(None, _told(site.size, name), partial(site.pieces, name))


def _told(size: Callable[[str], int | None], name: str) -> int | None:
    try:
        return size(name)
    except OSError as error:
        log.error("a file can't be had", error=str(error))
        return None


def _asked(visit: Visit, *keys: str) -> tuple[str, ...]:
    return tuple(visit.request.path_params[key] for key in keys)


def _record(visit: Visit, shown: Shown, wanted: tuple[ShownFile, ...]) -> None:
    if visit.request.method == "GET":
        openings.record(visit.now, visit.seats_for(shown.client), shown, wanted, in_part="range" in visit.request.headers)


def saved_file(visit: Visit, kept: _Kept, name: str, media_type: str, content: str) -> Response:
    """The file, whole or the part that is asked for, to be saved and never shown as a page. `content` names its content."""
    headers = {
        "content-type": media.as_saved(media_type),
        "content-disposition": media.saved_as(name),
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "etag": f'"{content}"',
    }
    return _sent(visit, kept, headers)


def _sent(visit: Visit, kept: _Kept, headers: dict[str, str]) -> Response:
    assert kept.size is not None
    if kept.place is not None:
        return FileResponse(kept.place, headers=headers, stat_result=os.stat(kept.place))
    headers = {**headers, "accept-ranges": "bytes"}
    part = part_of(visit.request.headers, kept.size, headers.get("etag"))
    if part is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{kept.size}"})
    start, end = part
    is_part = (start, end) != (0, kept.size)
    if is_part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{kept.size}"
    headers["content-length"] = str(end - start)
    if visit.request.method == "HEAD" or start == end:
        return Response(status_code=206 if is_part else 200, headers=headers)
    pieces = kept.pieces(start, end)
    first = next(pieces)  # what fails now can still be told
    return StreamingResponse(chain([first], pieces), 206 if is_part else 200, headers)


def part_of(headers: Mapping[str, str], size: int, etag: str | None) -> tuple[int, int] | None:
    """(first byte, the one behind the last) of what is asked for; None if there is no such part (RFC 9110 section 14).

    Several parts at once, and what is no range, are answered with the whole, as the RFC allows.
    """
    asked = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", headers.get("range", "").replace(" ", ""))
    if asked is None or asked[1] == asked[2] == "" or headers.get("if-range", etag) != etag:
        return 0, size
    if asked[1] == "":
        start, end = max(0, size - int(asked[2])), size
        return (start, end) if start < end else None
    start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
    if asked[2] and int(asked[2]) < int(asked[1]):
        return 0, size
    return (start, end) if start < size else None
