"""How long a server waits for a request: not for ever, and as long as a large file takes to arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from desk.web.server import BODY_BYTES, REQUEST_SECONDS, Impatient

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
SOON, LATE = REQUEST_SECONDS - 1, REQUEST_SECONDS + 1


def put(size: int) -> bytes:
    return b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size


class Timer:
    """What is called later, unless it is cancelled."""

    def __init__(self, at: float, what: Callable[[], None]) -> None:
        self.at, self.what, self.is_over = at, what, False

    def cancel(self) -> None:
        self.is_over = True


class Clock:
    """An event loop whose time passes when the test says so."""

    def __init__(self) -> None:
        self._loop, self._now = asyncio.get_running_loop(), 0.0
        self._timers = list[Timer]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_later(self, seconds: float, what: Callable[[], None]) -> Timer:
        self._timers.append(Timer(self._now + seconds, what))
        return self._timers[-1]

    async def passes(self, seconds: float) -> None:
        """What is due by then is done, and whoever reads or answers has the time to."""
        self._now += seconds
        for timer in list(self._timers):
            if not timer.is_over and timer.at <= self._now:
                timer.is_over = True
                timer.what()
        for _ in range(10):
            await asyncio.sleep(0)


class Line:
    """A connection to one who calls."""

    def __init__(self) -> None:
        self.sent, self.is_cut_off, self.is_paused = b"", False, False

    def get_extra_info(self, name: str) -> Any:
        return None

    def write(self, data: bytes) -> None:
        self.sent += data

    def abort(self) -> None:
        self.is_cut_off = True

    close = abort

    def is_closing(self) -> bool:
        return self.is_cut_off

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False


class Server:
    """One that reads what it is sent while it `reads`, and answers then."""

    def __init__(self) -> None:
        self.clock, self.line, self.reads = Clock(), Line(), asyncio.Event()
        self.reads.set()
        answer: Any = self._answer
        config = uvicorn.Config(
            answer, ws="none", lifespan="off", interface="asgi3", log_config=None, timeout_keep_alive=10 * LATE
        )
        self._protocol = Impatient(config, ServerState(), {}, _loop=self.clock)  # type: ignore[arg-type]
        self._protocol.connection_made(self.line)

    async def _answer(self, scope: Any, receive: Callable[[], Coroutine[Any, Any, Any]], send: Callable[[Any], Coroutine[Any, Any, None]]) -> None:  # fmt: skip
        await self.reads.wait()
        while (await receive()).get("more_body"):
            await self.reads.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    async def hears(self, data: bytes, after: float = 0.0) -> None:
        await self.clock.passes(after)
        self._protocol.data_received(data)
        await self.clock.passes(0)


def play(what: Callable[[Server], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await what(Server())

    asyncio.run(whole())


def test_a_request_that_takes_too_long_to_be_said_is_cut_off() -> None:
    async def what(server: Server) -> None:
        await server.hears(GET)
        await server.hears(b"Cookie: x\r\n", SOON)
        assert not server.line.is_cut_off
        await server.clock.passes(2)
        assert server.line.is_cut_off

    play(what)


def test_so_is_one_that_comes_behind_another_on_the_same_connection() -> None:
    async def what(server: Server) -> None:
        await server.hears(GET + b"\r\n")
        assert server.line.sent.endswith(b"done")
        await server.hears(GET, LATE)
        assert not server.line.is_cut_off
        await server.clock.passes(LATE)
        assert server.line.is_cut_off

    play(what)


def test_an_answer_may_take_as_long_as_it_takes() -> None:
    async def what(server: Server) -> None:
        server.reads.clear()
        await server.hears(GET + b"\r\n")
        await server.clock.passes(5 * LATE)
        server.reads.set()
        await server.clock.passes(0)
        assert server.line.sent.endswith(b"done")

    play(what)


def test_a_large_file_may_take_longer_than_a_request_if_it_goes_on_coming() -> None:
    async def what(server: Server) -> None:
        await server.hears(put(10 * BODY_BYTES))
        for _ in range(10):
            assert not server.line.is_cut_off
            await server.hears(bytes(BODY_BYTES), SOON)
        assert server.line.sent.endswith(b"done")

    play(what)


def test_a_file_that_hardly_comes_is_cut_off() -> None:
    async def what(server: Server) -> None:
        await server.hears(put(10 * BODY_BYTES))
        await server.hears(bytes(BODY_BYTES), SOON)
        await server.hears(bytes(BODY_BYTES - 1), SOON)
        assert not server.line.is_cut_off
        await server.clock.passes(2)
        assert server.line.is_cut_off

    play(what)


def test_nobody_is_cut_off_for_what_the_server_does_not_take() -> None:
    async def what(server: Server) -> None:
        server.reads.clear()
        await server.hears(put(3 * BODY_BYTES))
        await server.hears(bytes(BODY_BYTES + 1))
        assert server.line.is_paused
        await server.clock.passes(5 * LATE)
        assert not server.line.is_cut_off
        server.reads.set()
        await server.hears(bytes(2 * BODY_BYTES - 1))
        assert server.line.sent.endswith(b"done")

    play(what)
