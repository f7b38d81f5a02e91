"""What every request to a web server of ours goes through, whatever its pages are.

- config/ is looked at on each click, so whoever is gone from it is out at once; while it is wrong,
  what it said before holds.
- A POST from another site is refused: browsers say where it comes from (Sec-Fetch-Site, else
  Origin). What says neither is no browser of these years, and has no cookies of one.
- A form is read with a limit, and its database connection is this request's alone as long as it
  takes.
- A refusal is told with its own status, in the reader's language; trouble with the database is an
  answer of 503 and a line in the log, and the next click tries anew. No traceback reaches anybody.

A server gives the gate two things: how a request becomes a visit (who it is), and how a message
becomes a page. Pages are functions from a visit to an answer, run in threads: peewee must not run
on the event loop.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

import anyio
import anyio.to_thread
import structlog
from anyio import from_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from desk.web.shell.bodies import (
    Malformed,
    TooLong,
    all_files_bytes,
    is_text,
    json_object,
    refuse_longer,
    refuse_other_than_utf_8,
    refuse_packed,
    refuse_part,
    said_bytes,
)
from desk.web.shell.face import Face
from dossier.database.database import close_database, go_on, keep_for_next
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.office.office import Office
from dossier.office.watching import Common, ConfigWatch
from dossier.text import clock, system
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence

log = structlog.get_logger("web")

Form = Mapping[str, list[str]]
"""The fields of a form: name → its values, in their order."""

Endpoint = Callable[[Request], Awaitable[Response]]
"""What answers a request, as the framework calls it."""

Upload = tuple[str, Iterable[bytes]]
"""A file that came with a form: its name, and its bytes piece by piece."""

MOST_FILES, MOST_FIELDS = 1000, 3000
"""In one form; how many files an item may have is for its rules to say."""

PIECE_BYTES = 1024 * 1024

FIRST_BYTES = 64 * 1024
"""So much of a file comes before anybody looks at it."""

MORE_BYTES = 256 * 1024
"""So much of the rest comes before it is handed to the thread that waits for it."""

THREADS = 8
"""Pages that a process makes side by side; more would only wait for each other. Uploads and
downloads have threads of their own."""

AT_ONCE = 2
"""Requests of one session that are answered at once: somebody who clicks a lot, or a script of
theirs, waits for themselves."""

V = TypeVar("V")


class Turns:
    """AT_ONCE requests of one session are answered at once. Its others wait, hold no thread
    meanwhile, and hold up nobody else's."""

    def __init__(self) -> None:
        self._lines: dict[str, list[anyio.Semaphore]] = {}
        """Whose → one semaphore, as often as somebody waits for it or has it. Only the event loop
        is here."""

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        if not who:
            yield
            return
        line = self._lines.setdefault(who, [])
        line.append(line[0] if line else anyio.Semaphore(AT_ONCE))
        turn = line[0]
        try:
            async with turn:
                yield
        finally:
            line.pop()
            if not line:
                del self._lines[who]


class Configured:
    """The office as config/ says now, for all gates of a server and all its processes. Any thread
    may ask."""

    def __init__(self, office: Office, environ: Mapping[str, str]) -> None:
        self.last = office
        """As it was at the last look."""
        self._watch = ConfigWatch(office, environ, _log_trouble, Common())
        self._lock = threading.Lock()

    def now(self) -> Office:
        """The office; while config/ is wrong, as it said before."""
        with self._lock:
            changed = self._watch.changed()
            if changed is not None:
                self.last = changed
                log.info("configuration read again", clients=len(changed.clients), staff=len(changed.staff))
            return self.last


class Gate(Generic[V]):
    """The way in for the requests of one server."""

    def __init__(
        self,
        configured: Configured,
        face: Face,
        visit: Callable[[Request, Form, Office, datetime, str], V],
        message: Callable[[V, int, Refusal | str], Response],
        form_bytes: int,
        trouble: Callable[[int], Response] | None = None,
    ) -> None:
        """`visit` runs with the database open. `message`: a page for a refusal, or for `foreign`,
        `trouble`, `refused`.

        `trouble`: what is answered where not even a visit can be made.
        """
        self._configured, self._face = configured, face
        self._visit, self._message, self._without_visit = visit, message, trouble or _plain_trouble
        self._form_bytes, self._turns = form_bytes, Turns()
        self._limiter: anyio.CapacityLimiter | None = None
        self._told_proxy = False

    def office(self) -> Office:
        """The office as config/ says now. While config/ is wrong, as it said before."""
        return self._configured.now()

    def prefix(self) -> str:
        """The path of base_url, as config/ said at the last look: each request looks once, not
        also for this."""
        return self._face.prefix(self._configured.last)

    def is_proxy(self, peer: str) -> bool:
        """True for an address of a web server in front, by whose connections everybody comes."""
        return _is_in(peer, [ip_network(network) for network in self._face.settings(self._configured.last).trusted_proxies])

    def application(self, routes: Sequence[BaseRoute]) -> Starlette:
        """What a server runs. An address is the one that is written, with its slash at the end or
        without."""
        made = Starlette(routes=routes, exception_handlers={HTTPException: self._refusal})
        made.router.redirect_slashes = False
        return made

    def route(self, path: str, handler: Callable[[V], Response], methods: Sequence[str], most: int | None = None) -> Route:
        """A page at this address. `most`: bytes of its form, if not as many as of any other."""
        return Route(path, self.page(handler, most), methods=methods)

    def page(self, handler: Callable[[V], Response], most: int | None = None) -> Endpoint:
        """The endpoint of a page."""

        @_unless_gone
        async def endpoint(request: Request) -> Response:
            form = await self._read_form(request, most)
            async with self._turns.of(self._who(request)):
                return await self._answered(handler, request, form)

        return endpoint

    async def _answered(self, handler: Callable[[V], Response], request: Request, form: Form) -> Response:
        """What `answer` says in one of THREADS threads."""
        if self._limiter is None:  # it belongs to the event loop of this process
            self._limiter = anyio.CapacityLimiter(THREADS)
        return await anyio.to_thread.run_sync(self.answer, handler, request, form, limiter=self._limiter)

    def _who(self, request: Request) -> str:
        """Whose request it is, as far as it says itself: its session or key; "" for whoever has
        none."""
        return request.cookies.get(self._face.cookie_name(self._configured.last), "") or request.headers.get("authorization", "")

    def answer(self, handler: Callable[[V], Response], request: Request, form: Form) -> Response:
        """What `handler` says to this request, in this thread."""
        office = self.office()
        now, peer = clock.utc_now(), self._peer(office, request)
        visit: V | None = None
        try:
            if "prefetch" in request.headers.get("sec-purpose", ""):
                # nobody has looked at it yet: ask again when somebody does
                return Response(status_code=503)
            go_on()
            visit = self._visit(request, form, office, now, peer)
            if request.method not in ("GET", "HEAD") and not self._is_from_here(request, office):
                return self._message(visit, 403, "foreign")
            refuse_other_than_utf_8(request)
            if not is_text([request.scope["path"], *map(list, request.query_params.multi_items()), *form, *form.values()]):
                raise Malformed("tokens.no_text")
            return handler(visit)
        except DatabaseUnavailable as error:  # which, and where it is, is for the log
            close_database()
            return self._trouble(visit, _logged(request, error))
        except Refusal as refusal:
            assert visit is not None
            return self._message(visit, refusal.http_status, refusal)
        except ClientDisconnect:
            close_database()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the log has it and the caller gets an answer
            close_database()
            return self._trouble(visit, _logged(request, error))
        finally:
            keep_for_next()

    def _trouble(self, visit: V | None, status: int) -> Response:
        if visit is not None:
            try:
                return self._message(visit, status, "trouble")
            except Exception:
                log.exception("not even the page that says so can be made")
        return self._without_visit(status)

    def json(self, handler: Callable[[V, Mapping[str, Any]], Response]) -> Endpoint:
        """The endpoint of a request that may bring a JSON object."""

        @_unless_gone
        async def endpoint(request: Request) -> Response:
            body = await self._read_body(request)
            async with self._turns.of(self._who(request)):
                return await self._answered(lambda visit: handler(visit, self._object(request, body)), request, {})

        return endpoint

    def _object(self, request: Request, body: bytes | None) -> Mapping[str, Any]:
        """Raises Malformed for what is no JSON object, TooLong, Packed."""
        refuse_packed(request)
        if body is None:
            raise TooLong("tokens.too_long")
        return json_object(body, self._form_bytes)

    def upload(self, handler: Callable[[V, Sequence[Upload]], Response]) -> Endpoint:
        """The endpoint of a form that files may come with (multipart/form-data, without a script).

        The files wait on the disk, not in memory, until the handler has read them.
        """

        @_unless_gone
        async def endpoint(request: Request) -> Response:
            if request.method != "POST" or not request.headers.get("content-type", "").startswith("multipart/form-data"):
                form = await self._read_form(request)
                return await run_in_threadpool(self.answer, lambda visit: handler(visit, ()), request, form)
            most = all_files_bytes(self._configured.last)
            if said_bytes(request) > most:
                return await run_in_threadpool(self.answer, lambda _: refuse_longer(most), request, {})
            limits = {"max_files": MOST_FILES, "max_fields": MOST_FIELDS, "max_part_size": self._form_bytes}
            async with request.form(**limits) as parts:
                fields: dict[str, list[str]] = {}
                uploads: list[Upload] = []
                for name, value in parts.multi_items():
                    if isinstance(value, str):
                        fields.setdefault(name, []).append(value)
                    elif value.filename:
                        uploads.append((value.filename, _pieces(value)))
                return await run_in_threadpool(self.answer, lambda visit: handler(visit, uploads), request, fields)

        return endpoint

    def stream(self, handler: Callable[[V, Iterable[bytes]], Response], most: Callable[[Office], int]) -> Endpoint:
        """The endpoint of a request whose body is one file: handed on as it comes, never held as a
        whole.

        No thread waits for its first FIRST_BYTES, so one is taken for a small file once. A
        connection that breaks off is a ClientDisconnect out of the iteration, a body that says
        itself that it has more than `most` bytes a TooLong: nothing of it is read.
        """

        @_unless_gone
        async def endpoint(request: Request) -> Response:
            pieces = request.stream().__aiter__()
            most_bytes = most(self._configured.last)
            is_longer = said_bytes(request) > most_bytes

            async def following() -> bytes:
                try:
                    return await pieces.__anext__()
                except StopAsyncIteration:
                    return b""

            async def some(at_least: int) -> bytes:
                whole = b""
                while len(whole) < at_least and (piece := await following()):
                    whole += piece
                return whole

            first = b"" if is_longer else await some(FIRST_BYTES)

            def body() -> Iterator[bytes]:
                refuse_part(request)
                if is_longer:
                    refuse_longer(most_bytes)
                piece = first
                while piece:
                    yield piece
                    piece = from_thread.run(some, MORE_BYTES) if len(first) >= FIRST_BYTES else b""

            return await run_in_threadpool(self.answer, lambda visit: handler(visit, body()), request, {})

        return endpoint

    async def _refusal(self, request: Request, error: Exception) -> Response:
        """What the framework refuses: a method that an address does not have, a form that is too
        long."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        answer = await run_in_threadpool(self.answer, lambda visit: self._message(visit, status, "refused"), request, {})
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    async def _read_body(self, request: Request, most: int | None = None) -> bytes | None:
        """The body; None for one that is too long, of which no more is read than is taken."""
        body, most = b"", most or self._form_bytes
        if said_bytes(request) > most:
            return None
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                return None
        return body

    async def _read_form(self, request: Request, most: int | None = None) -> Form:
        """The fields of a POST."""
        if request.method != "POST":
            return {}
        body = await self._read_body(request, most)
        if body is None:
            raise HTTPException(413)
        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise HTTPException(413) from error
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        return found

    def _peer(self, office: Office, request: Request) -> str:
        """Whose request it is: the nearest address that is no trusted proxy's."""
        peer = request.client.host if request.client else ""
        trusted = [ip_network(network) for network in self._face.settings(office).trusted_proxies]
        hops = [hop.strip() for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
        if hops and not _is_in(peer, trusted) and not self._told_proxy:
            self._told_proxy = True
            log.warning("X-Forwarded-For is not believed: its sender is not in trusted_proxies", sender=peer)
        while hops and _is_in(peer, trusted):
            peer = hops.pop()
        return peer

    def _is_from_here(self, request: Request, office: Office) -> bool:
        """False for a request that another site made the browser send."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = request.headers.get("origin")
        if origin is None:
            return True
        try:
            parts, own = urlsplit(origin), urlsplit(self._face.settings(office).base_url)
        except ValueError:  # no browser says so
            return False
        return parts.netloc == request.headers.get("host") or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def _unless_gone(endpoint: Endpoint) -> Endpoint:
    """The same; whoever broke the connection off meanwhile reads no answer."""

    async def unless_gone(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return Response(status_code=400)

    return unless_gone


def _logged(request: Request, error: Exception) -> int:
    """Tell the log what went wrong. Returns the status of the answer: 503 for what may go well
    later."""
    path = _safe_path(request)
    if isinstance(error, (DatabaseUnavailable, *UNAVAILABLE)):
        log.error("the database can't be used", path=path, error=str(error))
    elif isinstance(error, OSError) and (system.advised(error) is not None or isinstance(error.strerror, Sentence)):
        log.error("a file can't be used", path=path, error=str(error))
    else:
        log.error("an unexpected error", path=path, exc_info=error)
        return 500
    return 503


def _plain_trouble(status: int) -> Response:
    return Response("This can't be answered just now. Please try again in a minute.", status, media_type="text/plain")


def _log_trouble(cause: str, text: Sentence | None) -> None:
    """What is wrong with config/, for whoever reads the log."""
    if text is not None:
        log.error(str(text), cause=cause)


def _pieces(file: UploadFile) -> Iterator[bytes]:
    while piece := file.file.read(PIECE_BYTES):
        yield piece


def _is_in(peer: str, networks: list[Any]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    # a socket for both, as systemd makes them, tells of IPv4 within IPv6 (RFC 4291 section 2.5.5.2)
    spellings = (address, getattr(address, "ipv4_mapped", None) or address)
    return any(one in network for one in spellings for network in networks)


def _safe_path(request: Request) -> str:
    """The path for the log, without a link's secret."""
    return "/_login/…" if "secret" in request.path_params else request.url.path
