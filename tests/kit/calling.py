"""A web server of ours without its socket: a request goes into the application, whole, and its answer comes out. For thousands of them."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.types import ASGIApp


@dataclass
class Told:
    """An answer, with all of its bytes."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def everything(self) -> str:
        """Headers and body, as text: what whoever asked has in hands. A path in it is as it reads."""
        lines = b"\n".join(name + b": " + value for name, value in self.headers)
        return unquote((lines + b"\n\n" + self.body).decode("utf-8", "replace"))


class Caller:
    """Asks an application that is in this process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Told:
        """`path` with its search; header names with `_` for `-`."""
        return asyncio.run(self._ask(method, path, body, headers))

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> Told:
        """A form, as a browser sends it."""
        return self.ask("POST", path, urlencode(fields).encode(), content_type="application/x-www-form-urlencoded", **headers)

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Told:
        raw, _, query = path.partition("?")
        sent = {"host": "desk.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(raw),
            "raw_path": quote(raw, safe="/%").encode(), "query_string": query.encode(), "root_path": "", "client": ("192.0.2.7", 4711),
            "server": ("desk.example", 80), "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }  # fmt: skip
        answer, pieces = Told(), [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return pieces.pop() if pieces else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return answer
