"""What the web portal answers with: pages, files, cookies, and the headers that keep each in its place.

Pure but for the files it names. Every answer, whatever it is, says: no script, no frame, no guessing of types, no keeping, no
telling other sites where the reader came from (Referrer-Policy `same-origin`; `no-referrer` would take the Origin off our
own forms, Fetch standard, "append a request Origin header").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dossier.office.office import Office
from workflow.messages import logo
from workflow.messages.language import environment
from workflow.portal import pages, showing
from workflow.portal.pages import ShownItem
from workflow.portal_access.access import Seat

TEMPLATES = Path(__file__).parents[2] / "templates"

ARTICLES_KEPT = 2000
"""Items of which the part of a page is kept; each takes a kilobyte or two."""

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class Guard:
    """Around the whole of it: the headers above where an answer has none of its own, and base_url's path taken off.

    A web server in front may pass its path on or take it off itself; both are understood.
    """

    def __init__(self, app: ASGIApp, before: Callable[[], str], headers: Mapping[str, str] = HEADERS) -> None:
        """`before`: the path of base_url, as config/ has it now."""
        self._app, self._before, self._headers = app, before, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] == "http":
            before = self._before()
            if before and scope["path"].startswith(f"{before}/"):
                scope = {**scope, "path": scope["path"].removeprefix(before)}
        await self._app(scope, receive, guarded)


def prefix(office: Office) -> str:
    """The path of base_url, which every address begins with; empty for most."""
    return urlsplit(office.settings.portal.base_url).path.rstrip("/")


# Pages


@cache
def _templates(language: str) -> Environment:
    made = environment(language).overlay(loader=FileSystemLoader(TEMPLATES))
    made.filters = {**made.filters, "encoded": pages.encoded, "badge": pages.badge, "kind": pages.kind, "dial": pages.dial}
    return made


@lru_cache(ARTICLES_KEPT)
def _article(language: str, root: str, client: str, item: ShownItem, is_new: bool, level: int) -> str:
    """An item on a page, in `language`: made once of all that it depends on."""
    made: Any = _templates(language).get_template("items.html").module
    return cast(str, made.article(root, client, item, is_new, level))


def page(office: Office, language: str, name: str, status: int, seats: Sequence[Seat], **values: Any) -> Response:
    """A page in `language`, with what every page has: the firm's name and logo, who is logged in, where addresses begin."""
    client = values.get("client") or (seats[0].client if seats else None)
    html = (
        _templates(language)
        .get_template(name)
        .render(
            house=showing.house_of(office, client),
            root=prefix(office),
            style=_address_of("style.css"),
            icon=_address_of("icon.svg"),
            article=partial(_article, language),
            seats=seats,
            is_one_client=len({seat.client for seat in seats}) == 1,
            **values,
        )
    )
    return HTMLResponse(pages.text_only(html), status)


def asked_language(accept: str) -> str:
    """`nl` or `en`, whichever an Accept-Language header wants more; English if neither."""
    wanted: list[tuple[float, str]] = []
    for part in accept.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        language = tag.lower().partition("-")[0]
        if language in ("nl", "en"):
            wanted.append((float(weight) if re.fullmatch(r"[01](\.[0-9]{1,3})?", weight) else 1.0, language))
    return max(wanted, key=lambda one: one[0])[1] if wanted else "en"


@cache
def _static() -> dict[str, tuple[bytes, str]]:
    """What the pages need beside them, by name: content and type. The style is the folder's, and what these pages add to it."""
    style = pages.static_files()["style.css"] + (TEMPLATES / "web.css").read_bytes()
    return {"style.css": (style, "text/css"), "icon.svg": ((TEMPLATES / "icon.svg").read_bytes(), "image/svg+xml")}


@cache
def _address_of(name: str) -> str:
    """Where a page finds it; other content has another address, so it can be kept for ever."""
    return f"_static/{name}?v={hashlib.sha256(_static()[name][0]).hexdigest()[:12]}"


def logo_file(office: Office) -> Response:
    """The firm's logo. Pages name it with a version, so it can be kept."""
    found = logo.find(office)
    if found is None:
        return Response(status_code=404)
    return Response(found.data, media_type="image/png", headers={"cache-control": "public, max-age=31536000, immutable"})


def static_file(name: str) -> Response:
    if name not in _static():
        return Response(status_code=404)
    data, media_type = _static()[name]
    return Response(data, media_type=media_type, headers={"cache-control": "public, max-age=31536000, immutable"})
