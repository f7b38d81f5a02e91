"""A receiver of webhooks: an HTTP server that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw"


@dataclass
class Receiver:
    port: int = 0
    answers: list[int] = field(default_factory=list)
    """The statuses of the next answers; then 200."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """(headers, body) of each request."""
    paths: list[str] = field(default_factory=list)
    location: str = "/elsewhere"
    retry_after: str = ""
    """What it says of when to try again, with an answer that is no yes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=dossier"

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """What came, each message verified with the library of the standard."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.got]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.paths.append(self.path)
            made.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = made.answers.pop(0) if made.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", made.location)
            if status >= 400 and made.retry_after:
                self.send_header("retry-after", made.retry_after)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    made.port = server.server_address[1]
    with served(server):
        yield made


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[None]:
    """In a thread of its own, until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
