"""The portal as a web server: logging in, the pages, the files. One function a page; each gets a `Visit` and gives an answer.

What is promised:
- Nobody sees anything without a session, and with one nothing but his clients' (openings.py asks the database with them in
  the question). Who is gone from config/clients.yaml is out at his next click: config/ is looked at on each.
- No answer tells whether an address, a client or an item exists: who isn't logged in is sent to the login, whatever he
  asks for; who is gets one and the same page for what was withdrawn, is another's, or never was.
- A link of a mail is used up by the POST of its page's button. A GET changes nothing but what its own session has opened.
- A POST from another site is refused: browsers say where it comes from (Sec-Fetch-Site, else Origin). What says neither is no
  browser of these years, and has no cookies of one.
- A file is sent only after its opening is in the trail, from the vault, by the hash that the edition on the portal names,
  and as something to save: never as a page of this origin. An address names the content too, so that it dies with it.
- No page has a script, and none is kept by the browser.

Trouble with the database is an answer of 503 and a line in the log; the next click tries anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from desk.web.portal import files, pages
from desk.web.portal.visit import Form, Visit
from desk.web.shell import answers
from dossier.database.database import close_database
from dossier.database.tables import PROXY
from dossier.database.trouble import UNAVAILABLE
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.words import CLIENTS, SETTINGS, STAFF, ConfigurationError
from dossier.text import clock
from dossier.vault.opening import open_vault
from workflow.portal_access import access
from workflow.portal_access.access import Directory

log = structlog.get_logger("web")

FORM_BYTES = 4096
"""No form of these pages is longer."""

Handler = Callable[[Visit], Response]


class PortalWeb:
    """The portal of one office. `app` is what a server runs."""

    def __init__(self, office: Office, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._directory = Directory(office)
        self._root = office.root
        self._config_state = self._config_stat()
        self._lock = threading.Lock()
        self._told_proxy = False
        self._vault = open_vault(office)
        both, get, post = ["GET", "POST"], ["GET"], ["POST"]
        self.app = Starlette(
            routes=[
                Route("/", self._endpoint(pages.start), methods=get),
                Route("/_login", self._endpoint(pages.login), methods=both),
                Route("/_login/{secret}", self._endpoint(pages.link), methods=both),
                Route("/_logout", self._endpoint(pages.logout), methods=post),
                Route("/_static/{name}", static, methods=get),
                Route("/{client}", self._endpoint(pages.client_list), methods=get),
                Route("/{client}/", self._endpoint(pages.client_list), methods=get),
                Route("/{client}/index.html", self._endpoint(pages.old_address), methods=get),
                Route("/{client}/{item}", self._endpoint(pages.item_page), methods=get),
                Route("/{client}/{item}/archive/{content}", self._endpoint(files.archive), methods=get),
                Route("/{client}/{item}/picture/{content}", self._endpoint(files.picture), methods=get),
                Route("/{client}/{item}/{content}/{name}", self._endpoint(files.download), methods=get),
                Route("/{anything:path}", self._endpoint(pages.gone), methods=get),
            ],
            exception_handlers={HTTPException: self._refusal},
        )
        self.app.router.redirect_slashes = False

    # What every request goes through

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            form: Form = {}
            if request.method == "POST":
                try:
                    form = await _read_form(request)
                except ClientDisconnect:
                    return Response(status_code=400)
            return await run_in_threadpool(self._answer, handler, request, form)

        return endpoint

    def _answer(self, handler: Handler, request: Request, form: Form) -> Response:
        directory = self.directory()
        visit = Visit(request, form, directory, clock.utc_now(), self._peer(directory.office, request), self._vault)
        try:
            if request.method == "POST" and not _is_from_here(request, directory.office):
                return visit.page("message.html", 403, message="foreign")
            if "prefetch" in request.headers.get("sec-purpose", ""):
                return Response(status_code=503)  # nobody has looked at it yet: ask again when somebody does
            PROXY.connect(reuse_if_open=True)
            return handler(_known(visit))
        except UNAVAILABLE as error:
            log.error("the database can't be used", path=_safe_path(request), error=str(error))
            return visit.page("message.html", 503, message="trouble")
        except Exception:
            log.exception("an unexpected error", path=_safe_path(request))
            return visit.page("message.html", 500, message="trouble")
        finally:
            close_database()

    async def _refusal(self, request: Request, error: Exception) -> Response:
        """What the framework refuses: a method that an address does not have, a form that is too long."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        directory = await run_in_threadpool(self.directory)
        answer = Visit(request, {}, directory, clock.utc_now(), "", self._vault).page("message.html", status, message="refused")
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    def _peer(self, office: Office, request: Request) -> str:
        """Whose request it is: the nearest address that is no trusted proxy's."""
        peer = request.client.host if request.client else ""
        trusted = [ip_network(network) for network in office.settings.portal.trusted_proxies]
        hops = [hop.strip() for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
        if hops and not _is_in(peer, trusted) and not self._told_proxy:
            self._told_proxy = True
            log.warning("X-Forwarded-For is not believed: its sender is not in portal.trusted_proxies", sender=peer)
        while hops and _is_in(peer, trusted):
            peer = hops.pop()
        return peer

    def directory(self) -> Directory:
        """The office as config/ says now. While config/ is wrong, as it said before."""
        with self._lock:
            state = self._config_stat()
            if state == self._config_state:
                return self._directory
            self._config_state = state
            try:
                office = load_office(self._root, self._environ)
            except ConfigurationError as error:
                log.error("config/ was changed, but is wrong; the old one holds", fault=error.faults[0])
                return self._directory
            before, new = self._directory.office.settings, office.settings
            if (new.paths, new.store, new.database) != (before.paths, before.store, before.database):
                log.error("paths, store or database were changed: restart the portal; until then the old settings hold")
                return self._directory
            log.info("configuration read again", clients=len(office.clients))
            self._directory = Directory(office)
            return self._directory

    def _config_stat(self) -> list[Any]:
        found: list[Any] = []
        for name in (SETTINGS, CLIENTS, STAFF):
            try:
                status = os.stat(self._root / name)  # a link is followed: config/ may be kept elsewhere
            except OSError:
                found.append(None)
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return found


async def _read_form(request: Request) -> Form:
    """The fields of a form, the last of each name. Raises HTTPException 413 for what no form of ours can be."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _is_from_here(request: Request, office: Office) -> bool:
    """False for a POST that another site made the browser send."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    parts, own = urlsplit(origin), urlsplit(office.settings.portal.base_url)
    return parts.netloc == request.headers.get("host") or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def _is_in(peer: str, networks: list[Any]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _safe_path(request: Request) -> str:
    """The path for the log, without a link's secret."""
    return "/_login/…" if "secret" in request.path_params else request.url.path


def _known(visit: Visit) -> Visit:
    """The visit with its session, if it has one that gives access to anything."""
    cookie = visit.request.cookies.get(answers.cookie_name(visit.office))
    session = access.find_session(visit.now, cookie) if cookie else None
    if session is None:
        return visit
    seats = visit.directory.seats(session.address)
    if not seats:
        access.log_out(visit.now, session, ())
        return visit
    return replace(visit, session=session, seats=seats)


async def static(request: Request) -> Response:
    return answers.static_file(request.path_params["name"])
