"""The API as routes of the desk's server, under /api/v1.

- Every request needs a key but for the OpenAPI document and its page; which office it sees, and
  whom it acts for, follows from the key (desk/actions/tokens.py). Cookies open nothing here.
- A POST with an Idempotency-Key is done once, whenever somebody is killed: that it was done is
  written in the transaction that does it. The same request again is given the same answer for a
  day; if the answer was lost, one of how it is now. Another request with that key is refused.
- So many requests a minute for each key; beyond that 429, with the seconds to wait.
- Each request has a line in the log, with the name of its key.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.routing import Route as Address
from starlette.types import Receive, Scope, Send

from desk.actions import item_view, tokens
from desk.web.api import drops
from desk.web.api.call import BODY_BYTES, Call, answer, collected, headers_of, problem, where_is
from desk.web.api.document import document, page
from desk.web.api.routes import ROUTES, Route
from desk.web.shell.bodies import all_files_bytes, one_file_bytes
from desk.web.shell.gate import Configured, Endpoint, Form, Gate
from desk.web.shell.parts import FORM
from desk.web.staff.visit import STATICS, StaffVisit
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.refusals import Forbidden, Refusal
from dossier.text.sentences import sentence
from dossier.vault.opening import open_vault

log = structlog.get_logger("api")

BASE = "/api/v1"
A_MINUTE = 600
"""Requests a minute of one key: ten a second, for as long as it likes."""

METER_PLACES = 65_536
_COUNT = struct.Struct("II")
"""When the key's minute began, in seconds since the machine was started, and its requests since."""

ONCE_LOCKS = 64
"""So many requests with different Idempotency-Keys are done side by side."""


class Unknown(Forbidden):
    """No key, or one that is not good (any more)."""

    http_status = 401


class TooMany(Forbidden):
    """This key asks too often. `seconds`: how long it must wait."""

    http_status = 429

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__("tokens.too_many", seconds=seconds)


class Api:
    """The API of one office. `addresses` are routes for the desk's application."""

    def __init__(self, office: Office, environ: Mapping[str, str]) -> None:
        self._vault = open_vault(office)
        self.configured = Configured(office, environ)
        self._gate = Gate(self.configured, StaffVisit.face, self._call, _message, BODY_BYTES, _trouble)
        self._meter = Meter(A_MINUTE)
        self._once_locks = [Lock() for _ in range(ONCE_LOCKS)]
        own = [self._address(route) for route in ROUTES]
        own.append(Address(f"{BASE}/openapi.json", self._gate.page(self._document), methods=["GET"]))
        own.append(Address(BASE, self._gate.page(self._page), methods=["GET"]))
        self._places = Places(own, self._gate.stream(lambda call, _: self._nowhere(call), one_file_bytes))
        self.addresses: list[BaseRoute] = [self._places]

    def _address(self, route: Route) -> Address:
        if streamed := route.streamed:
            endpoint = self._gate.stream(lambda call, pieces: streamed(self._let_in(route, call), pieces), one_file_bytes)
        else:
            endpoint = self._gate.json(lambda call, body: self._asked(route, replace(call, body=body)))
        if route.takes_form:
            endpoint = _by_kind(
                endpoint,
                self._gate.stream(lambda call, pieces: self._whole_drop(self._let_in(route, call), pieces), all_files_bytes),
            )
        return Address(BASE + route.path, endpoint, methods=[route.method])

    def _call(self, request: Request, form: Form, office: Office, now: datetime, peer: str) -> Call:
        del form
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        bearer = tokens.bearer(office, now, key.strip()) if scheme.lower() == "bearer" and key else None
        return Call(request, {}, now, peer, self._vault, bearer, office)

    def _admitted(self, route: Route, call: Call) -> Call:
        """The same call. Raises Refusal if its key is not good for it, or asks too often."""
        if call.bearer is None:
            raise Unknown("tokens.no_bearer")
        log.info(
            "a program asks",
            key=call.bearer.name,
            staff=call.actor.code,
            method=route.method,
            path=call.request.url.path,
            peer=call.peer,
        )
        wait = self._meter.wait(call.bearer.name, int(time.monotonic()))
        if wait:
            raise TooMany(wait)
        call.need(route.scope)
        if call.request.query_params:
            call.take_only([name for name, _, _ in route.query])
        return call

    def _let_in(self, route: Route, call: Call) -> Call:
        """As `_admitted`, of a request whose body is still to come."""

        def again() -> Call:
            there = self._call(call.request, {}, self._gate.office(), clock.utc_now(), call.peer)
            if there.bearer is None:
                raise Unknown("tokens.no_bearer")
            there.need(route.scope)
            return there

        self._admitted(route, call).refuse_wrong()
        return replace(call, again=again)

    def _asked(self, route: Route, call: Call) -> Response:
        self._admitted(route, call)
        assert route.handler is not None
        key = _look_through(route, call)
        if key is None:
            return call.unless_known(route.handler(call))
        return self._once(route, call, key)

    def _whole_drop(self, call: Call, pieces: Iterable[bytes]) -> Response:
        """A drop as a form with its files. With an Idempotency-Key these come before it is known
        whether it is there already, as they are part of what is asked."""
        key = call.header("Idempotency-Key")
        with drops.drop_received(call, pieces) as (row, body, wrong):
            call = replace(call.as_of_now(), body=body)
            drops.refuse_lacking(call, row, wrong)
            if key is None:
                return drops.commit_received(call, row)
            whole, asked = _called(call, key), _digest({"drop": body, "client": row.client, "files": row.files})
            with self._once_locks[int(whole[:8], 16) % ONCE_LOCKS]:
                before = tokens.answered(call.now, whole, asked)
                if before is None:
                    told = drops.as_received(row)
                    try:
                        with tokens.once(call.now, whole, asked, (told.status_code, bytes(told.body).decode())):
                            return drops.commit_received(call, row)
                    except tokens.DoneAlready:
                        before = tokens.answered(call.now, whole, asked)
                assert before is not None
                told_before = json.loads(before[1])
                tokens.refuse_unreadable(call.office, call.actor, told_before)
                return Response(before[1], before[0], where_is(told_before["drop"]), "application/json")

    def _once(self, route: Route, call: Call, key: str) -> Response:
        whole, asked = _called(call, key), _digest(call.body)
        call = replace(call, once=whole)
        # the same request again waits for the first one's answer
        with self._once_locks[int(whole[:8], 16) % ONCE_LOCKS]:
            before, made = tokens.answered(call.now, whole, asked), None
            assert route.handler is not None
            if before is None:
                try:
                    with tokens.once(call.now, whole, asked):
                        made = route.handler(call)
                except Refusal:  # it may be that another process has just done it
                    before = tokens.answered(call.now, whole, asked)
                    if before is None:
                        raise
            if made is None and before is not None and before[0]:
                status, body = before
                told = json.loads(body)
                tokens.refuse_unreadable(call.office, call.actor, told)
                return Response(body, status, headers_of(told, body.encode()), "application/json")
            made = made or (route.again or route.handler)(call)
            tokens.keep_answer(call.now, whole, asked, made.status_code, bytes(made.body).decode())
            return made

    def _nowhere(self, call: Call) -> Response:
        """What is no address here, or one that is asked in another way."""
        scope = call.request.scope
        here = [one.methods for one in self._places.near(scope) if one.methods and one.matches(scope)[0] is Match.PARTIAL]
        if not here:
            return problem(call, 404, sentence("tokens.no_path"))
        allowed = ", ".join(sorted(set[str]().union(*here)))
        made = problem(call, 405, sentence("tokens.no_method", methods=allowed))
        made.headers["allow"] = allowed
        return made

    def _document(self, call: Call) -> Response:
        return answer(document(call.whole.settings.desk.base_url.rstrip("/")))

    def _page(self, call: Call) -> Response:
        style = f"{StaffVisit.face.prefix(call.whole)}/{STATICS.addresses['css']}"
        return HTMLResponse(page(call.whole.settings.desk.base_url.rstrip("/"), style))


def _look_through(route: Route, call: Call) -> str | None:
    """The Idempotency-Key of a request, if it has one. Raises Invalid with all that is wrong with
    what it says."""
    key = None
    if call.body and route.keys is not None:
        call.take_only_keys(route.keys)
        for name in route.texts:
            with collected(call.wrong):
                call.text(name, required=name in (route.body or {})["required"])
    for header in ("If-Match",) if route.takes_version else ():
        with collected(call.wrong):
            call.header(header)
    with collected(call.wrong):
        key = call.header("Idempotency-Key") if route.is_repeatable else None
    if route.check is not None:
        with collected(call.wrong):
            route.check(call)
    if call.wrong and "item" in call.request.path_params:  # what they may not know of is not there, whatever they send
        item_view.find(call.office, call.actor, call.path("item"))
    call.refuse_wrong()
    return key


def _called(call: Call, key: str) -> str:
    """What this request and no other is called, by its Idempotency-Key."""
    assert call.bearer is not None
    request = call.request
    return hashlib.sha256(f"{call.bearer.name}\n{request.method} {request.url.path}\n{key}".encode()).hexdigest()


def _digest(asked: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _by_kind(plain: Endpoint, form: Endpoint) -> Endpoint:
    """The endpoint of an address that takes a form with files as well."""

    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return await (form if kind == FORM else plain)(request)

    return endpoint


class Meter:
    """So many requests a minute for each key, counted in memory that the processes of the server
    share. A key's minute begins with the first request after the last one.

    Two that count at the same instant may count as one. Keys whose names fall into one place, which
    is rare, share what they may ask.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts = mmap.mmap(-1, METER_PLACES * _COUNT.size)

    def wait(self, name: str, now: int) -> int:
        """0, or the seconds until this key may ask again. `now`: seconds since the machine was
        started."""
        place = zlib.crc32(name.encode()) % METER_PLACES * _COUNT.size
        begun, count = _COUNT.unpack_from(self._counts, place)
        if now - begun >= 60:
            begun, count = now, 0
        _COUNT.pack_into(self._counts, place, begun, min(count + 1, self._most + 1))
        return 0 if count < self._most else int(begun + 60 - now)


class Places(BaseRoute):
    """All addresses of the API as one route of the server. Of a request only those are looked
    through that begin with the same word."""

    def __init__(self, own: Sequence[Address], nowhere: Callable[[Request], Awaitable[Response]]) -> None:
        """`nowhere` answers what is no address, or one that is asked in another way."""
        self._nowhere = nowhere
        self._by_word: dict[str, list[Address]] = {}
        for one in own:
            self._by_word.setdefault(_word(one.path), []).append(one)

    def near(self, scope: Scope) -> Sequence[Address]:
        return self._by_word.get(_word(scope["path"]), ())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_here = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{BASE}/")
        return (Match.FULL if is_here else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._nowhere
        for one in self.near(scope):
            match, found = one.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                endpoint = one.endpoint
                break
        made = await endpoint(Request(scope, receive, send))
        await made(scope, receive, send)


def _word(path: str) -> str:
    """`items` of `/api/v1/items/D-2026-000012`."""
    return path[len(BASE) + 1 :].partition("/")[0]


def _trouble(status: int) -> Response:
    return problem(None, status, sentence("tokens.trouble"))


def _message(call: Call, status: int, about: Refusal | str) -> Response:
    if isinstance(about, Refusal):
        made = problem(call, status, about)
        if isinstance(about, TooMany):
            made.headers["retry-after"] = str(about.seconds)
        return made
    code = "tokens.foreign" if about == "foreign" else "tokens.trouble" if status >= 500 else "tokens.no_path"
    return problem(call, status, sentence(code))
