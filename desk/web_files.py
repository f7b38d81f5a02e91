"""What the web portal sends besides pages: files of items, to be saved; all of an item's in one; small pictures for the lists.

Which file that is, the database says: an address names an item, a content and a name, and only what the item shows now is
looked for, at a path that no caller has a word in. Files come from the vault; pictures and archives lie in the portal's
folder (pictures.py), and as they are made of what is shown, they go when it does.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote

import structlog
from starlette.responses import FileResponse, Response

from desk.web_pages import Visit, find, gone, to_login
from dossier import files
from workflow import openings
from workflow.openings import Shown
from workflow.pages import ShownFile

log = structlog.get_logger("web")

# These a browser saves, or shows in a viewer of its own. All else is told it is just bytes: nothing that could act as a page.
_KNOWN_TYPES = re.compile(
    r"application/(pdf|zip|msword|vnd\.ms-(excel|powerpoint|outlook)|vnd\.openxmlformats-officedocument\.[a-z]+\.[a-z]+"
    r"|vnd\.oasis\.opendocument\.[a-z]+)|image/(png|jpeg|gif|tiff|webp|bmp|heic)|text/(plain|csv)"
)


def download(visit: Visit) -> Response:
    """A file of an item, whole or in part."""
    client, item, content, name = _asked(visit, "client", "item", "content", "name")
    if not visit.seats:
        return to_login(visit, f"/{client}/{item}")
    shown = find(visit, client, item)
    file = next((one for one in shown.what.attachments if one.name == name), None) if shown else None
    if shown is None or file is None or file.version != content:
        return gone(visit)
    path = visit.vault.location(file.sha256)
    if not _is_whole(path, file.size):
        log.error("the vault lacks a file that is on the portal; see: dossier verify", item=item, file=name)
        return visit.page("message.html", 503, message="trouble")
    _record(visit, shown, (file,))
    return saved_file(path, name, file.media_type, file.sha256)


def archive(visit: Visit) -> Response:
    """All files of an item in one. It counts as a download of each."""
    client, item, content = _asked(visit, "client", "item", "content")
    if not visit.seats:
        return to_login(visit, f"/{client}/{item}")
    shown = find(visit, client, item)
    packed = shown.what.archive if shown else None
    if shown is None or packed is None or packed.version != content:
        return gone(visit)
    path = visit.office.portal / client / packed.path
    if not _is_whole(path, packed.size):
        return visit.page("message.html", 503, message="trouble")  # the daemon is just putting up another; or see: dossier verify
    _record(visit, shown, shown.what.attachments)
    return saved_file(path, f"{item}.zip", "application/zip", packed.version)


def picture(visit: Visit) -> Response:
    """The small picture of a file's first page. That it was seen opens nothing: it is on the list."""
    client, item, content = _asked(visit, "client", "item", "content")
    shown = find(visit, client, item) if visit.seats else None
    drawn = next((one.picture for one in shown.what.attachments if one.version == content), None) if shown else None
    path = visit.office.portal / client / drawn if drawn else None
    if path is None or files.look(path) is None:
        return Response(status_code=404)
    return FileResponse(path, headers={"content-type": "image/webp"}, stat_result=os.stat(path))


def _asked(visit: Visit, *keys: str) -> tuple[str, ...]:
    return tuple(visit.request.path_params[key] for key in keys)


def _is_whole(path: Path, size: int) -> bool:
    look = files.look(path)
    return look is not None and look.size == size


def _record(visit: Visit, shown: Shown, wanted: tuple[ShownFile, ...]) -> None:
    if visit.request.method == "GET":
        openings.record(visit.now, visit.seats_for(shown.client), shown, wanted, in_part="range" in visit.request.headers)


def saved_file(path: Path, name: str, media_type: str, content: str) -> Response:
    """The file at `path`, whole or the part that is asked for, to be saved and never shown as a page. `content` names its content."""
    headers = {
        "content-type": media_type if _KNOWN_TYPES.fullmatch(media_type) else "application/octet-stream",
        "content-disposition": _disposition(name),
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "etag": f'"{content}"',
    }
    return FileResponse(path, headers=headers, stat_result=os.stat(path))


def _disposition(name: str) -> str:
    """RFC 6266: the name for everybody, and for who reads ASCII only something near it."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and c.isprintable())
    plain = re.sub(r'["\\%;]', "_", plain).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
