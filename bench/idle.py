"""What the daemon costs while nothing happens, with 10,000 client folders: processor and memory.

    idle.py [--clients N] [--seconds S]        for `make bench`: idle.py

Two daemons, each on an office of its own, one watching natively and one polling, run side by
side for S seconds after they have settled; long enough that the full look of every minute is in
it. Processor time is that of the process as the kernel counts it, memory what is resident at the
end. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import common

CPU_PERCENT, MEMORY_MB = {"native": 0.2, "polling": 0.6}, 80
"""Targets: of one core; resident."""

SETTLED_SECONDS, SETTLED_CPU, MOST_SECONDS = 10, 0.2, 600
"""After the start it counts as idle once it took no more than so many seconds of the processor in
so many by the clock: before that it makes a page for each client. After MOST_SECONDS it never
will."""

STAFF = "staff:\n  m.devries: {name: Marieke de Vries, email: m@office.example, rights: [create, share, approve]}\n"


def prepare(root: Path, mode: str, clients: int) -> None:
    """An office with so many client folders."""
    codes = [f"client-{number:05d}" for number in range(clients)]
    (root / "config").mkdir(parents=True)
    (root / "config/settings.yaml").write_text(f"watch: {{mode: {mode}}}\n")
    (root / "config/staff.yaml").write_text(STAFF)
    contact = "contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@client.example}]"
    lines = (f'  {code}: {{name: Client {code}, identifiers: ["KvK {code[-5:]}678"], {contact}}}\n' for code in codes)
    (root / "config/clients.yaml").write_text("clients:\n" + "".join(lines))
    yesterday = time.time() - 86_400
    for code in codes:
        # As it looks after some use: receipts, a file that nobody takes, and the last drop a day
        # ago.
        (root / "inbox" / code / "_done").mkdir(parents=True)
        (root / "inbox" / code / ".gitkeep").touch()
        os.utime(root / "inbox" / code, (yesterday, yesterday))


def _wait_until_settled(daemons: list[common.Daemon]) -> None:
    for _ in range(MOST_SECONDS // SETTLED_SECONDS):
        before = [daemon.cpu_seconds() for daemon in daemons]
        time.sleep(SETTLED_SECONDS)
        if all(daemon.cpu_seconds() - was <= SETTLED_CPU for daemon, was in zip(daemons, before, strict=True)):
            return
    raise common.BenchmarkFailed("a daemon with nothing to do does not come to rest")


def main() -> int:
    arguments = common.asked("what the daemon costs while nothing happens", clients=10_000, seconds=120.0)
    modes = ("native", "polling")
    with common.workplace() as folder:
        daemons: list[common.Daemon] = []
        try:
            for mode in modes:
                prepare(folder / mode, mode, arguments.clients)
                daemons.append(common.Daemon(folder / mode, log=folder / f"{mode}.log"))
            _wait_until_settled(daemons)
            before = [daemon.cpu_seconds() for daemon in daemons]
            time.sleep(arguments.seconds)
            results = [
                {
                    "mode": mode,
                    "cpu_percent": round(100 * (daemon.cpu_seconds() - was) / arguments.seconds, 2),
                    "memory_mb": round(daemon.memory_mb(), 1),
                    "start_seconds": round(daemon.start_seconds, 1),
                }
                for mode, daemon, was in zip(modes, daemons, before, strict=True)
            ]
        finally:
            for daemon in daemons:
                daemon.stop()
    columns = {"% of a core": "cpu_percent", "MB": "memory_mb", "start s": "start_seconds"}
    lines = [f"idle, {arguments.clients} client folders", *common.table(results, "mode", columns)]
    missed = [
        f"{one['mode']}: {one[key]} {unit} (less than {limit:g})"
        for one in results
        for key, unit, limit in (("cpu_percent", "% of a core", CPU_PERCENT[one["mode"]]), ("memory_mb", "MB", MEMORY_MB))
        if float(one[key]) >= limit
    ]
    told = {"clients": arguments.clients, "seconds": arguments.seconds, "results": results}
    return common.finish("idle", told, lines, missed)


if __name__ == "__main__":
    common.run(main)
