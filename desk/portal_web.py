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
import re
import threading
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from desk import web_answers
from desk.web_answers import page
from dossier import clock, files
from dossier.database import UNAVAILABLE, close_database
from dossier.models import PROXY, item_key
from dossier.settings import CLIENTS, SETTINGS, STAFF, ConfigurationError, Office, load_office
from dossier.vault import Vault
from workflow import access, openings
from workflow.access import Directory, Seat

log = structlog.get_logger("web")

PAGE_ITEMS = 50
"""Items on one page of a client's list."""

FORM_BYTES = 4096
"""No form of these pages is longer."""

_ITEM = re.compile(r"D-[0-9]{4}-[0-9]{6,7}")
_GOAL = re.compile(rf"/(?:[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}/(?:{_ITEM.pattern})?)?")
"""Where a login may lead to: the start, a client's list, an item."""

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, and who makes it."""

    request: Request
    form: Form
    directory: Directory
    now: datetime
    peer: str
    """The caller's IP address."""
    session: Any = None
    seats: tuple[Seat, ...] = ()
    """What he may see; empty for who isn't logged in."""

    @property
    def office(self) -> Office:
        return self.directory.office

    @property
    def clients(self) -> list[str]:
        return list(dict.fromkeys(seat.client for seat in self.seats))

    def seats_for(self, client: str) -> list[Seat]:
        return [seat for seat in self.seats if seat.client == client]

    @property
    def language(self) -> str:
        """The contact's, once it is known who it is; else what the browser asks for."""
        for seat in self.seats_for(self.request.path_params.get("client", "")) or self.seats:
            return seat.contact.language or self.office.clients[seat.client].language
        return web_answers.asked_language(self.request.headers.get("accept-language", ""))

    def page(self, name: str, status: int = 200, **values: Any) -> Response:
        return page(self.office, values.pop("language", self.language), name, status, seats=self.seats, **values)

    def to(self, path: str) -> Response:
        """Go on to a path of the portal."""
        return RedirectResponse(web_answers.prefix(self.office) + path, 303)


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
        self.vault = Vault(office.vault)
        both, get, post = ["GET", "POST"], ["GET"], ["POST"]
        self.app = Starlette(
            routes=[
                Route("/", self._endpoint(start), methods=get),
                Route("/_login", self._endpoint(login), methods=both),
                Route("/_login/{secret}", self._endpoint(link), methods=both),
                Route("/_logout", self._endpoint(logout), methods=post),
                Route("/_static/{name}", static, methods=get),
                Route("/{client}", self._endpoint(client_list), methods=get),
                Route("/{client}/", self._endpoint(client_list), methods=get),
                Route("/{client}/index.html", self._endpoint(old_address), methods=get),
                Route("/{client}/{item}", self._endpoint(item_page), methods=get),
                Route("/{client}/{item}/{content}/{name}", self._endpoint(self.download), methods=get),
                Route("/{anything:path}", self._endpoint(gone), methods=get),
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
        visit = Visit(request, form, directory, clock.utc_now(), self._peer(directory.office, request))
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
        answer = Visit(request, {}, directory, clock.utc_now(), "").page("message.html", status, message="refused")
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
            before = self._directory.office.settings
            if (office.settings.paths, office.settings.database) != (before.paths, before.database):
                log.error("paths or database were changed: restart the portal; until then the old settings hold")
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

    def download(self, visit: Visit) -> Response:
        """A file of an item, whole or in part."""
        client, item, content, name = (visit.request.path_params[key] for key in ("client", "item", "content", "name"))
        if not visit.seats:
            return _to_login(visit, f"/{client}/{item}")
        shown = _find(visit, client, item)
        file = next((file for file in shown.what.attachments if file.name == name), None) if shown else None
        if shown is None or file is None or web_answers.version(file) != content:
            return gone(visit)
        path = self.vault.location(file.sha256)
        look = files.look(path)
        if look is None or look.size != file.size:
            log.error("the vault lacks a file that is on the portal; see: dossier verify", item=shown.what.item, file=file.name)
            return visit.page("message.html", 503, message="trouble")
        if visit.request.method == "GET":
            openings.record(visit.now, visit.seats_for(client), shown, file, in_part="range" in visit.request.headers)
        return web_answers.saved_file(path, file)


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
    cookie = visit.request.cookies.get(web_answers.cookie_name(visit.office))
    session = access.find_session(visit.now, cookie) if cookie else None
    if session is None:
        return visit
    seats = visit.directory.seats(session.address)
    if not seats:
        access.log_out(visit.now, session, ())
        return visit
    return Visit(visit.request, visit.form, visit.directory, visit.now, visit.peer, session, seats)


def _find(visit: Visit, client: str, item: str) -> openings.Shown | None:
    """The item, if it is on the portal of this client now, and the visitor may see that."""
    if not visit.seats_for(client) or not _ITEM.fullmatch(item):
        return None
    return openings.find_shown(visit.office, [client], item_key(item))


def _to_login(visit: Visit, goal: str) -> Response:
    return visit.to(f"/_login?next={goal}" if _GOAL.fullmatch(goal) else "/_login")


# The pages


def start(visit: Visit) -> Response:
    """To the list of his one client; with several, a choice."""
    if not visit.seats:
        return visit.to("/_login")
    if len(visit.clients) == 1:
        return visit.to(f"/{visit.clients[0]}/")
    choice = [(code, visit.office.clients[code].name) for code in visit.clients]
    return visit.page("clients.html", choice=sorted(choice, key=lambda one: _bare(one[1])))


def login(visit: Visit) -> Response:
    """Where an address is typed in; the answer is the same for each."""
    goal = visit.form.get("next") or visit.request.query_params.get("next") or "/"
    goal = goal if _GOAL.fullmatch(goal) else "/"
    if visit.request.method != "POST":
        return visit.to(goal) if visit.seats else visit.page("login.html", goal=goal, state="new")
    address = visit.form.get("address", "").strip()
    if not access.is_address(address):
        return visit.page("login.html", 422, goal=goal, state="wrong", address=address[: access.MAX_ADDRESS])
    wait = access.ask(visit.now, address, visit.peer, goal)
    if wait:
        answer = visit.page("message.html", 429, message="often", minutes=-(-wait // 60))
        answer.headers["retry-after"] = str(wait)
        return answer
    return visit.page("login.html", goal=goal, state="asked", address=address, minutes=access.LINK_MINUTES)


def link(visit: Visit) -> Response:
    """The page of a mailed link, and what its button does."""
    secret = visit.request.path_params["secret"]
    if visit.request.method == "POST":
        begun = access.log_in(visit.directory, visit.now, secret, visit.peer)
        if begun is not None:
            if visit.session is not None:
                access.log_out(visit.now, visit.session, visit.seats)
            answer = visit.to(begun[1].goal)
            web_answers.set_cookie(answer, visit.office, begun[0])
            return answer
    found = access.find_link(secret)
    if found is not None and visit.session is not None and visit.session.address == found.address:
        return visit.to(found.goal)  # he clicked it again, and is in
    language = found.language if found is not None else visit.language
    if visit.request.method != "POST" and access.is_good(found, visit.now):
        return visit.page("link.html", language=language, secret=secret, address=found.address)
    goal = found.goal if found is not None else "/"
    return visit.page("login.html", 410, language=language, goal=goal, state="over", minutes=access.LINK_MINUTES)


def logout(visit: Visit) -> Response:
    if visit.session is not None:
        access.log_out(visit.now, visit.session, visit.seats)
    answer = page(visit.office, visit.language, "message.html", 200, seats=(), message="bye")
    web_answers.forget_cookie(answer, visit.office)
    return answer


def old_address(visit: Visit) -> Response:
    """`/acme-bv/index.html?item=D-2026-000012`, as mails have it, for a folder behind a web server as well."""
    item = visit.request.query_params.get("item", "")
    goal = f"/{visit.request.path_params['client']}/{item if _ITEM.fullmatch(item) else ''}"
    return visit.to(goal) if visit.seats else _to_login(visit, goal)


def client_list(visit: Visit) -> Response:
    """All that a client sees, newest first: a page of it, a year of it, or what has these words."""
    client = visit.request.path_params["client"]
    if not visit.seats:
        return _to_login(visit, f"/{client}/")
    seats = visit.seats_for(client)
    if not seats:
        return gone(visit)
    if not visit.request.url.path.endswith("/"):
        return visit.to(f"/{client}/")
    words, year = visit.request.query_params.get("q", "")[:200].strip(), visit.request.query_params.get("year", "")
    lines = openings.list_lines(visit.office, client)
    years = [found for found, _ in groupby(line.published_at[:4] for line in lines)]
    if words:
        lines = [line for line, shown in _with_text(visit, client, lines) if _has_words(shown, words)]
    elif year in years:
        lines = [line for line in lines if line.published_at.startswith(year)]
    else:
        year = ""
    pages = max(1, -(-len(lines) // PAGE_ITEMS))
    number = _page_number(visit.request.query_params.get("page", ""), pages)
    here = openings.load_shown(visit.office, client, lines[(number - 1) * PAGE_ITEMS : number * PAGE_ITEMS])
    opened = openings.opened_by([seat.contact.id for seat in seats], [shown.edition for shown in here])
    groups = [(of, list(group)) for of, group in groupby(here, key=lambda shown: shown.what.published_at[:4])]
    return visit.page(
        "list.html", client=client, client_name=visit.office.clients[client].name, groups=groups, opened=opened,
        count=len(lines), words=words, year=year, years=years, number=number, pages=pages,
    )  # fmt: skip


def _with_text(visit: Visit, client: str, lines: list[openings.Line]) -> list[tuple[openings.Line, openings.Shown]]:
    by_key = {line.key: line for line in lines}
    return [(by_key[shown.key], shown) for shown in openings.load_shown(visit.office, client, lines)]


def _has_words(shown: openings.Shown, words: str) -> bool:
    what = shown.what
    text = _bare(" ".join([what.item, what.description, what.explanation or "", *(file.name for file in what.attachments)]))
    return all(word in text for word in _bare(words).split())


def _bare(text: str) -> str:
    """Without accents and case: how the search of the portal's folder compares, too (search.js)."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return text.lower()


def _page_number(text: str, pages: int) -> int:
    return min(max(1, int(text)), pages) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def item_page(visit: Visit) -> Response:
    """An item alone: where mails lead, and what counts as opened."""
    client, item = visit.request.path_params["client"], visit.request.path_params["item"]
    if not visit.seats:
        return _to_login(visit, f"/{client}/{item}")
    shown = _find(visit, client, item)
    if shown is None:
        return gone(visit)
    if visit.request.method == "GET":
        openings.record(visit.now, visit.seats_for(client), shown, None)
    return visit.page("item.html", client=client, client_name=visit.office.clients[client].name, shown=shown)


def gone(visit: Visit) -> Response:
    """What was withdrawn, is another client's, or never was: one answer."""
    return visit.page("message.html", 404, message="gone") if visit.seats else visit.to("/_login")


async def static(request: Request) -> Response:
    return web_answers.static_file(request.path_params["name"])
