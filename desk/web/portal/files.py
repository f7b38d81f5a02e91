"""What the web portal sends besides pages: files of items, to be saved; all of an item's or of a
year's in one; small pictures.

Which file that is, the database says: an address names an item, a content and a name, and only what
the item shows now is looked for, at a place that no caller has a word in. Files come from the
vault; pictures and archives lie with the portal's pages (pictures.py), and as they are made of what
is shown, they go when it does.
"""

from __future__ import annotations

import re
from functools import partial

import structlog
from starlette.responses import Response

from desk.web.portal.pages import find, gone
from desk.web.portal.visit import ClientVisit
from desk.web.shell.sending import ServedFile, of_vault, saved_file, sent, size_of
from desk.web.shell.statics import KEPT
from desk.web.shell.zipping import ZippedFile, sent_zipped
from workflow.messages import logo as brand
from workflow.portal.pages import ShownFile, ShownItem
from workflow.portal.site import open_site
from workflow.portal_access import lines, openings
from workflow.portal_access.openings import PublicItem

log = structlog.get_logger("web")

PDF = "application/pdf"
"""What browsers show by themselves, in a viewer of their own."""


def download(visit: ClientVisit) -> Response:
    """A file of an item, whole or in part."""
    client, item, content, name = _asked(visit, "client", "item", "content", "name")
    shown = find(visit, client, item)
    file = next((one for one in shown.what.attachments if one.name == name), None) if shown else None
    if shown is None or file is None or file.version != content:
        return gone(visit)
    kept = of_vault(visit.vault, file.sha256)
    if kept.size != file.size:
        log.error("the vault lacks a file that is on the portal; see: dossier verify", item=item, file=name)
        return visit.page("message.html", 503, message="trouble")
    _record(visit, shown, (file,))
    is_shown = file.media_type == PDF and "view" in visit.request.query_params
    return saved_file(visit.request, kept, name, file.media_type, file.sha256, is_shown)


def archive(visit: ClientVisit) -> Response:
    """All files of an item in one. It counts as a download of each."""
    client, item, content = _asked(visit, "client", "item", "content")
    shown = find(visit, client, item)
    packed = shown.what.archive if shown else None
    if shown is None or packed is None or packed.version != content:
        return gone(visit)
    kept = _of_portal(visit, f"{client}/{packed.path}")
    if kept.size != packed.size:
        # the daemon is just putting up another; or see: dossier verify
        return visit.page("message.html", 503, message="trouble")
    _record(visit, shown, shown.what.attachments)
    return saved_file(visit.request, kept, f"{item}.zip", "application/zip", packed.version)


def whole_year(visit: ClientVisit) -> Response:
    """All files of the items that were published in a year, or are about it, in one. It counts as a
    download of each.

    It is put together while it is sent, so it takes no room and is never older than the list.
    """
    client, of, year = _asked(visit, "client", "of", "year")
    if not visit.seats_for(client) or of not in ("published", "about") or not re.fullmatch(r"[0-9]{4}", year):
        return gone(visit)
    wanted_lines = lines.some(lines.listed(visit.office, client).lines, **{of: year})
    found = openings.load_shown(visit.office, client, wanted_lines)
    wanted = [(shown.what, file, of_vault(visit.vault, file.sha256)) for shown in found for file in shown.what.attachments]
    if not wanted:
        return gone(visit)
    if any(kept.size != file.size for _, file, kept in wanted):
        log.error("the vault lacks a file that is on the portal; see: dossier verify", client=client, year=year)
        return visit.page("message.html", 503, message="trouble")
    for shown in found:
        _record(visit, shown, shown.what.attachments)
    entries = [
        ZippedFile(f"{_folder_of(item)}/{file.name}", item.published_at, file.size, kept.pieces) for item, file, kept in wanted
    ]
    return sent_zipped(entries, f"{client}-{year}.zip")


def _folder_of(item: ShownItem) -> str:
    """What an item's folder in an archive is called: for people, on every kind of file system."""
    words = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", item.description)
    return f"{item.item} {' '.join(words.split())[:60]}".rstrip(" .")


def logo(visit: ClientVisit) -> Response:
    """The firm's logo, also for whoever isn't logged in. Pages name it with a version, so it can be
    kept."""
    found = brand.find(visit.office)
    return Response(found.data, media_type="image/png", headers=KEPT) if found else Response(status_code=404)


def picture(visit: ClientVisit) -> Response:
    """The small picture of a file's first page. Seeing it opens nothing: it is on the list."""
    client, item, content = _asked(visit, "client", "item", "content")
    shown = find(visit, client, item)
    drawn = next((one.picture for one in shown.what.attachments if one.version == content), None) if shown else None
    kept = _of_portal(visit, f"{client}/{drawn}") if drawn else None
    if kept is None or kept.size is None:
        return Response(status_code=404)
    return sent(visit.request, kept, {"content-type": "image/webp"})


def _of_portal(visit: ClientVisit, name: str) -> ServedFile:
    site = open_site(visit.office)
    return ServedFile(None, size_of(site.size, name), partial(site.pieces, name))


def _asked(visit: ClientVisit, *keys: str) -> tuple[str, ...]:
    return tuple(visit.request.path_params[key] for key in keys)


def _record(visit: ClientVisit, shown: PublicItem, wanted: tuple[ShownFile, ...]) -> None:
    if visit.request.method == "GET":
        openings.record(
            visit.office, visit.now, visit.seats_for(shown.client), shown, wanted, in_part="range" in visit.request.headers
        )
