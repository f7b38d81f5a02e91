"""A real object store for tests (moto's server, over HTTP), and a gate before it that can be shut, slow down, refuse and garble."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from kit.support import Root, free_port, wait_for

KEYS = {"AWS_ACCESS_KEY_ID": "office", "AWS_SECRET_ACCESS_KEY": "not-really-secret", "AWS_EC2_METADATA_DISABLED": "true"}

Fault = Callable[[str, str], "str | int | None"]
"""(method, path) → `break` (the connection), `half` (of the answer), `garble` (a byte of it), `endless` (a listing), `lost` (done, but the answer is
lost), a number of an HTTP answer, or None."""


@cache
def server() -> int:
    """The port of a store that this process started; it ends with it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    atexit.register(process.wait)
    atexit.register(process.kill)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        return False

    wait_for(answers, "the object store answers")
    return port


def client(port: int) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        super().__init__(("127.0.0.1", gate.port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the other side hung up, or was killed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.gate.open.add(self.connection)

    def finish(self) -> None:
        self.server.gate.open.discard(self.connection)
        super().finish()

    def hand_on(self) -> None:
        gate = self.server.gate
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = unquote(self.path)
        gate.asked.append((self.command, path))
        gate.keys |= set(re.findall(r"Credential=([^/]+)/", self.headers.get("authorization", "")))
        is_stranger = "authorization" not in self.headers and not gate.is_public
        fault = 403 if is_stranger else gate.fault(self.command, path)
        if gate.slow_seconds:
            time.sleep(gate.slow_seconds)
        if fault == "break":
            self.close()
            return
        if isinstance(fault, int):
            code = {403: "AccessDenied", 503: "SlowDown", 500: "InternalError"}[fault]
            data = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
            self.answer(fault, [("content-type", "application/xml")], data)
            return
        if gate.swap is not None and self.command == "PUT":
            body = gate.swap
        inner = http.client.HTTPConnection("127.0.0.1", gate.behind, timeout=20)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in ("expect", "content-length", "content-md5")}
        path_on = re.sub(r"&continuation-token=[^&]*", "", self.path) if fault == "endless" else self.path
        inner.request(self.command, path_on, body, kept)
        told = inner.getresponse()
        data = told.read()
        length = told.headers.get("content-length")
        inner.close()
        gate.after(self.command, path)
        if fault == "lost":
            self.close()
            return
        if fault == "endless":
            more = b"<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
            data = re.sub(rb"<IsTruncated>false</IsTruncated>", more, data, flags=re.IGNORECASE)
        if fault == "garble" and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        headers = [(k, v) for k, v in told.getheaders() if k.lower() not in ("content-length", "transfer-encoding", "connection")]
        self.answer(told.status, headers, data, length if self.command == "HEAD" else None, is_half=fault == "half")

    def answer(
        self, status: int, headers: list[tuple[str, str]], data: bytes, length: str | None = None, is_half: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", length or str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if is_half else data)
        if is_half:
            self.close()

    def close(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = hand_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Gate:
    """Hands on what comes to `port` to the store at `behind`, or doesn't, as `fault` says. Remembers what was changed."""

    behind: int
    port: int = field(default_factory=free_port)
    fault: Fault = lambda method, path: None
    slow_seconds: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """Access keys that were used."""
    after: Callable[[str, str], None] = lambda method, path: None
    swap: bytes | None = None
    """Put instead of what was sent."""
    is_public: bool = False
    """Whether who has no key gets in, too."""
    _server: _Server | None = None
    open: set[socket.socket] = field(default_factory=set)

    def start(self) -> None:
        if self._server is not None:
            return
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """As when the store is down: nobody answers, and what was under way breaks off."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@cache
def direct() -> Any:
    """A client of the store itself, past any gate."""
    return client(server())


@dataclass
class Shop:
    """A store with a bucket for the vault and one for the portal, behind a gate."""

    gate: Gate
    direct: Any
    vault: str
    portal: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            **KEYS, "DOSSIER_PATHS__VAULT": f"s3://{self.vault}/office/vault", "DOSSIER_PATHS__PORTAL": f"s3://{self.portal}/shown",
            "DOSSIER_STORE__ENDPOINT": f"http://127.0.0.1:{self.gate.port}", "DOSSIER_STORE__PATH_STYLE": "yes",
        }  # fmt: skip

    @property
    def settings(self) -> str:
        """The same as `environ`, less the keys, for settings.yaml."""
        return (
            f"paths: {{vault: 's3://{self.vault}/office/vault', portal: 's3://{self.portal}/shown'}}\n"
            f"store: {{endpoint: 'http://127.0.0.1:{self.gate.port}', path_style: yes}}\n"
        )

    def names(self, bucket: str, prefix: str) -> list[str]:
        pages = self.direct.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [one["Key"].removeprefix(prefix) for page in pages for one in page.get("Contents", ())]

    def in_vault(self) -> list[str]:
        names = self.names(self.vault, "office/vault/")
        return [name.rpartition("/")[2] for name in names if name != ".office.json"]

    def on_portal(self) -> list[str]:
        return self.names(self.portal, "shown/")

    def read(self, name: str) -> bytes:
        """What lies on the portal."""
        return bytes(self.direct.get_object(Bucket=self.portal, Key=f"shown/{name}")["Body"].read())

    def of_vault(self, sha256: str) -> bytes:
        return bytes(self.direct.get_object(Bucket=self.vault, Key=f"office/vault/{sha256[:2]}/{sha256}")["Body"].read())

    def uploads(self) -> list[str]:
        """What was begun and not finished."""
        return [one["Key"] for bucket in (self.vault, self.portal)
                for one in self.direct.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]  # fmt: skip


_numbers = iter(range(1, 10_000))
_gates: list[Gate] = []
"""Those that nobody uses now: the same port again is the same client again, which takes long to make."""


@contextlib.contextmanager
def shop() -> Iterator[Shop]:
    """New, empty buckets."""
    behind, number = server(), next(_numbers)
    gate = _gates.pop() if _gates else Gate(behind)
    made = Shop(gate, direct(), f"vault-{number}", f"portal-{number}")
    for bucket in (made.vault, made.portal):
        made.direct.create_bucket(Bucket=bucket)
    gate.start()
    try:
        yield made
    finally:
        gate.stop()
        _gates.append(Gate(behind, gate.port))


def moved_in(root: Root, to: Shop) -> Root:
    """The office keeps its vault and portal there."""
    root.environ |= to.environ
    return root


def watch_the_portal(to: Shop, faults: list[str], secret: bytes = b"secret") -> None:
    """Look after each request that changes the portal, and note: an index that names what lacks; what was never approved."""

    def look(method: str, path: str) -> None:
        if method in ("GET", "HEAD") or to.portal not in path:
            return
        there = set(to.on_portal())
        for name in [one for one in there if one.endswith("items.json")]:
            client = name.partition("/")[0]
            page = to.read(f"{client}/index.html").decode() if f"{client}/index.html" in there else ""
            told = [f"{client}/{unquote(link)}" for link in re.findall(r'(?:href|src)="((?:D-|_pages/)[^"#?]+)', page)]
            told += named(to.read(name), client)
            faults.extend(f"after {method} {path}: {one} is named and not there" for one in told if one not in there)
        new = path.partition("?")[0].partition("/shown/")[2]
        if new in there and ("secret" in new or secret in to.read(new)):
            faults.append(f"after {method} {path}: {new} is there")

    to.gate.after = look


def named(items_json: bytes, client: str) -> list[str]:
    """The attachments that an items.json says are there."""
    told = json.loads(items_json)
    return [f"{client}/{item['item']}/{one['name']}" for item in told["items"] for one in item["attachments"]]
