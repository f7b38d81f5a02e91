"""How fast the API answers in a large office, beside a floor in the same run; and how fast drops
come in by it, beside those of the inbox.

    api.py [--items N] [--drops D] [--seconds S] [--keep DIR]
        for `make bench`: 1,000,000 items, 500 drops

The floor is the same web server with one address: fifty rows of the same database by its key, as
JSON, without keys, rights or anything else. Told are p50 and p95 of each call with one caller,
with the processor time that the desk's processes took for it, and requests a second of a mix of
calls with eight callers. By the processor time a machine that has other work can be told from a
slow desk. The drops are such files and keys three times: as a backlog in an inbox, and over the API
while daemon and desk run, by eight callers that each keep their connection; each drop in one
request, which is held against the target, and then each in three. Told is what of the processor a
drop took, of the daemon and the desk, and of the caller, which is on the same machine here and no
part of what is measured. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import sqlite3
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import backlog
import common
import yaml

P95_MS, PER_SECOND, DROPS_RATIO = 60, 200, 0.6
"""Targets."""

CALLERS, KEYS, TURNS = 8, 40, 200
"""A key may ask 600 times a minute."""

BOUNDARY = "------------------------4f8a1c"
ITEM = "D-2024-000042"
LISTS = {
    "/items": "/items",
    "/items of a client": "/items?client=client-0042",
    "/items of the largest client": "/items?client=client-1999",
    "/items, two words": "/items?q=annual+accounts",
    "/items, a label": "/items?label=invoice",
    "/items, far behind": "/items?after=D-2020-000042",
}
OTHERS = {
    "/items/ITEM": f"/items/{ITEM}",
    "/clients": "/clients?limit=50",
    "/events": "/events?after=100000",
    "/queue": "/queue?limit=20",
}
FLOOR = "/floor"


def serve_floor(root: Path, port: int) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    own = threading.local()

    def answer(request: Request) -> Response:
        del request
        if not hasattr(own, "database"):
            own.database = sqlite3.connect(root / "var/dossier.db")
            own.database.row_factory = sqlite3.Row
        rows = own.database.execute("SELECT * FROM item ORDER BY id DESC LIMIT 50").fetchall()
        return Response(json.dumps([dict(row) for row in rows]), media_type="application/json")

    uvicorn.run(Starlette(routes=[Route(FLOOR, answer)]), port=port, http="h11", log_level="error", access_log=False)


def keys_of(root: Path, staff: str) -> list[str]:
    from desk.actions import tokens
    from dossier.office.people import Actor
    from dossier.text import clock

    who, stamp = Actor("os:root", "command"), time.time_ns()
    with common.opened(root) as office:
        return [
            tokens.new(office, clock.utc_now(), who, f"bench-{stamp}-{number}", staff, tokens.SCOPES, date(2099, 12, 31))
            for number in range(KEYS)
        ]


class Caller:
    """One connection, which is kept; each request with the next key."""

    def __init__(self, port: int, keys: Iterator[str]) -> None:
        self._line, self._keys = http.client.HTTPConnection("127.0.0.1", port, timeout=120), keys

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, key: str | None = None) -> Any:
        whole = path if path == FLOOR else f"/api/v1{path}"
        self._line.request(method, whole, body, {"authorization": f"Bearer {key or next(self._keys)}"})
        answer = self._line.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise common.BenchmarkFailed(f"{method} {path}: {answer.status} {data[:300]!r}")
        return json.loads(data)


class Sender:
    """One connection, which is kept, for drops: as little of the processor as a sender can do
    with."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=120)

    def whole_drop(self, key: str, client: str, name: str, content: bytes, body: common.Result) -> None:
        """In one request."""
        said = json.dumps({"client": client, **body})
        form = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="drop"\r\n\r\n{said}\r\n--{BOUNDARY}\r\n'
        form += f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        self._ask(key, "POST", "/drops", b"%s%s\r\n--%s--\r\n" % (form.encode(), content, BOUNDARY.encode()), kind)

    def drop(self, key: str, client: str, name: str, content: bytes, body: common.Result) -> None:
        """In three requests."""
        drop = self._ask(key, "POST", "/drops", json.dumps({"client": client}).encode())["drop"]
        self._ask(key, "PUT", f"/drops/{drop}/files/{name}", content)
        self._ask(key, "POST", f"/drops/{drop}/commit", json.dumps(body).encode())

    def _ask(self, key: str, method: str, path: str, body: bytes, kind: str = "") -> Any:
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n{kind}\r\n"
        self._line.sendall(head.encode() + body)
        told, data = b"", b""
        while not told or len(data) < int(told.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            piece = self._line.recv(65536)
            if not piece:
                raise common.BenchmarkFailed(f"{method} {path}: the connection was closed")
            data += piece
            if not told and b"\r\n\r\n" in data:
                told, _, data = data.partition(b"\r\n\r\n")
        if not told.startswith(b"HTTP/1.1 20"):
            raise common.BenchmarkFailed(f"{method} {path}: {told[:40]!r} {data[:300]!r}")
        return json.loads(data)


def timed(caller: Caller, path: str) -> list[float]:
    """Milliseconds of each of TURNS requests, in order of size."""
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        caller.ask(path)
        took.append(1000 * (time.perf_counter() - began))
    return sorted(took)


def per_second(port: int, keys: Iterator[str], paths: Sequence[str], seconds: float) -> float:
    ends = time.perf_counter() + seconds

    def call(first: int) -> int:
        caller, turns = Caller(port, keys), itertools.cycle(paths)
        for count, path in enumerate(itertools.islice(turns, first, None)):
            if time.perf_counter() >= ends:
                return count
            caller.ask(path)
        raise AssertionError

    with ThreadPoolExecutor(CALLERS) as threads:
        return sum(threads.map(call, range(CALLERS))) / seconds


def measure_reading(root: Path, seconds: float) -> common.Result:
    keys, ports = itertools.cycle(keys_of(root, "k.smit")), (common.free_port(), common.free_port())
    with ExitStack() as beside:
        desk = beside.enter_context(common.serving([common.DOSSIER, "--root", root, "desk", "--port", str(ports[0])], ports[0]))
        base = beside.enter_context(common.serving([sys.executable, __file__, "--serve-floor", root, str(ports[1])], ports[1]))
        calls = {"floor": (base, ports[1], FLOOR)} | {name: (desk, ports[0], path) for name, path in (LISTS | OTHERS).items()}
        results: list[common.Result] = []
        for name, (server, port, path) in calls.items():
            caller = Caller(port, keys)
            for _ in range(KEYS):  # that a key is used is written down once a minute
                caller.ask(path)
            before = common.processor_ms(server)
            took = timed(caller, path)
            results.append({
                "call": name, "p50_ms": round(statistics.median(took), 1), "p95_ms": common.percentile(took),
                "processor_ms": round((common.processor_ms(server) - before) / TURNS, 1),
            })  # fmt: skip
        for one in results:
            one["times_the_floor"] = round(one["p50_ms"] / results[0]["p50_ms"], 1)
        mix = [LISTS["/items"], LISTS["/items of a client"], OTHERS["/items/ITEM"], OTHERS["/clients"], OTHERS["/events"]]
        before = common.processor_ms(desk)
        rate = per_second(ports[0], keys, mix, seconds)
        each = (common.processor_ms(desk) - before) / (rate * seconds)
        floor = round(per_second(ports[1], keys, [FLOOR], seconds))
    return {"results": results, "mixed_per_second": round(rate), "mixed_processor_ms": round(each, 1), "floor_per_second": floor}


def measure_drops(drops: int) -> common.Result:
    with common.workplace() as folder:
        root = folder / "inbox"
        backlog.prepare(root, drops)
        time.sleep(common.SETTLE_SECONDS)
        inbox = common.timed([common.DOSSIER, "--root", str(root), "run", "--once"])
        backlog.check_all_done(root, drops)
    result: common.Result = {
        "drops": drops,
        "inbox_per_second": round(drops / inbox.seconds, 1),
        "inbox_processor_ms": round(1000 * inbox.cpu_seconds / drops, 2),
    }
    for name, way in (("one", Sender.whole_drop), ("three", Sender.drop)):
        took = _by_api(drops, way)
        result[name] = took | {"ratio": round(took["per_second"] * inbox.seconds / drops, 2)}
    return result


def _by_api(drops: int, way: Callable[..., None]) -> common.Result:
    with common.workplace() as folder:
        root = folder / "api"
        backlog.prepare(root, drops)
        work = []
        for sidecar in sorted(root.glob("inbox/*/*.yaml")):
            given = yaml.safe_load(sidecar.read_text())
            file = sidecar.with_suffix(".pdf")
            body = {name: value for name, value in given.items() if name not in ("attachments", "created_by")}
            body |= {"labels": [str(one) for one in body["labels"]], "share_attachments": "all"}
            work.append((sidecar.parent.name, file.name, file.read_bytes(), body))
            sidecar.unlink()
            file.unlink()
        daemon, port = common.Daemon(root, log=root / "daemon.log"), common.free_port()
        keys = itertools.cycle(keys_of(root, "m.devries"))
        try:
            with common.serving([common.DOSSIER, "--root", root, "desk", "--port", str(port)], port) as desk:
                own, others = time.process_time(), (common.processor_ms(desk), common.processor_ms(daemon.pid))
                began = time.perf_counter()
                with ThreadPoolExecutor(CALLERS) as threads:
                    list(threads.map(lambda turn: _send(port, keys, work[turn::CALLERS], way), range(CALLERS)))
                caller_ms = 1000 * (time.process_time() - own)
                while not _is_public(root, drops):
                    time.sleep(0.1)  # to look costs the processor, too
                while sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml")) < drops:
                    time.sleep(0.1)  # to look costs the processor, too
                took = time.perf_counter() - began
                desk_ms, daemon_ms = common.processor_ms(desk) - others[0], common.processor_ms(daemon.pid) - others[1]
        finally:
            daemon.stop()
    return {
        "per_second": round(drops / took, 1),
        "desk_processor_ms": round(desk_ms / drops, 2),
        "daemon_processor_ms": round(daemon_ms / drops, 2),
        "caller_processor_ms": round(caller_ms / drops, 2),
    }


def _is_public(root: Path, drops: int) -> bool:
    return sum(1 for _ in root.glob("var/portal/*/D-*/*.pdf")) >= drops


def _send(
    port: int, keys: Iterator[str], work: Sequence[tuple[str, str, bytes, common.Result]], way: Callable[..., None]
) -> None:
    sender = Sender(port)
    for one in work:
        way(sender, next(keys), *one)


def main() -> int:
    if sys.argv[1:2] == ["--serve-floor"]:
        serve_floor(Path(sys.argv[2]), int(sys.argv[3]))
        return 0
    arguments = common.asked("the API in a large office, beside a floor", items=1_000_000, drops=500, seconds=10.0, keep=None)
    with common.workplace() as folder:
        root = common.filled(arguments.keep or folder / "office", arguments.items, arguments.items // 100)
        reading = measure_reading(root, arguments.seconds)
    by_drops = measure_drops(arguments.drops)
    columns = {"p50 ms": "p50_ms", "p95 ms": "p95_ms", "processor ms": "processor_ms", "times the floor": "times_the_floor"}
    lines = common.table(reading["results"], "call", columns)
    lines += [
        f"a mix of calls: {reading['mixed_per_second']} a second, each {reading['mixed_processor_ms']} ms of a processor;"
        f" the floor: {reading['floor_per_second']} a second",
        f"drops by the inbox: {by_drops['inbox_per_second']} a second, {by_drops['inbox_processor_ms']} ms of a processor each",
        *(
            f"drops by the API, {name} request{end}: {one['per_second']} a second: {one['ratio']};"
            f" ms of a processor: desk {one['desk_processor_ms']}, daemon {one['daemon_processor_ms']}"
            f" (and the caller {one['caller_processor_ms']})"
            for name, end in (("one", ""), ("three", "s"))
            for one in (by_drops[name],)
        ),
    ]
    missed = [
        f"{one['call']} takes {one['p95_ms']} ms at p95 (at most {P95_MS})"
        for one in reading["results"]
        if one["call"] in LISTS and one["p95_ms"] > P95_MS
    ]
    if reading["mixed_per_second"] < PER_SECOND:
        missed.append(f"a mix of calls: {reading['mixed_per_second']} a second (at least {PER_SECOND})")
    if by_drops["one"]["ratio"] < DROPS_RATIO:
        missed.append(f"drops by the API: {by_drops['one']['ratio']} of those by the inbox (at least {DROPS_RATIO})")
    return common.finish("api", {"items": arguments.items, **reading, "by_drops": by_drops}, lines, missed)


if __name__ == "__main__":
    common.run(main)
