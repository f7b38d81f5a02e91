"""What the daemon costs while nothing happens, with 10,000 client folders: processor and memory.

    idle.py [--clients N] [--seconds S]        for `make bench`: idle.py

Two daemons, each on an office of its own, one watching natively and one polling, run side by side for S seconds after
they have settled; long enough that the full look of every minute is in it. Processor time is that of the process as the
kernel counts it, memory what is resident. Prints a table, then the same as JSON. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORK = Path(__file__).resolve().parent.parent / "var"
DOSSIER = Path(sys.executable).with_name("dossier")
CPU_PERCENT, MEMORY_MB = 1.0, 150
"""Targets: of one core; resident."""

SETTLED_SECONDS = 10
"""After the start, so long until it counts as idle."""

STAFF = "staff:\n  m.devries: {name: Marieke de Vries, email: m@office.example, rights: [create, share, approve]}\n"


class Running:
    """A daemon on an office with so many client folders."""

    def __init__(self, root: Path, mode: str, clients: int) -> None:
        self.mode = mode
        codes = [f"client-{number:05d}" for number in range(clients)]
        (root / "config").mkdir(parents=True)
        (root / "config/settings.yaml").write_text(f"watch: {{mode: {mode}}}\n")
        (root / "config/staff.yaml").write_text(STAFF)
        contact = "contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@client.example}]"
        lines = (f'  {code}: {{name: Client {code}, identifiers: ["KvK {code[-5:]}678"], {contact}}}\n' for code in codes)
        (root / "config/clients.yaml").write_text("clients:\n" + "".join(lines))
        for code in codes:
            # As it looks after some use: receipts, and a file that nobody takes.
            (root / "inbox" / code / "_done").mkdir(parents=True)
            (root / "inbox" / code / ".gitkeep").touch()
        self.started = time.monotonic()
        self.log = open(root / "daemon.log", "w")  # noqa: SIM115 - closed in stop()
        self.process = subprocess.Popen(
            [DOSSIER, "--root", root, "run"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        while not (root / "var" / "daemon.json").exists():
            if self.process.poll() is not None:
                raise RuntimeError((root / "daemon.log").read_text())
            time.sleep(0.05)
        self.start_seconds = time.monotonic() - self.started

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the daemon is gone")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="what the daemon costs while nothing happens")
    parser.add_argument("--clients", type=int, default=10_000, metavar="N", help="client folders (default 10000)")
    parser.add_argument("--seconds", type=float, default=120, metavar="S", help="how long is measured (default 120)")
    arguments = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="bench-") as folder:
        daemons = [Running(Path(folder) / mode, mode, arguments.clients) for mode in ("native", "polling")]
        try:
            time.sleep(SETTLED_SECONDS)
            before = [daemon.cpu_seconds() for daemon in daemons]
            time.sleep(arguments.seconds)
            results = [
                {
                    "mode": daemon.mode,
                    "cpu_percent": round(100 * (daemon.cpu_seconds() - was) / arguments.seconds, 2),
                    "memory_mb": round(daemon.memory_mb(), 1),
                    "start_seconds": round(daemon.start_seconds, 1),
                }
                for daemon, was in zip(daemons, before, strict=True)
            ]
        finally:
            for daemon in daemons:
                daemon.stop()
    print(f"{'mode':>9} {'% of a core':>12} {'MB':>7} {'start s':>8}   idle, {arguments.clients} client folders")
    for result in results:
        print(f"{result['mode']:>9} {result['cpu_percent']:>12} {result['memory_mb']:>7} {result['start_seconds']:>8}")
    print(f"targets: under {CPU_PERCENT} % of a core, under {MEMORY_MB} MB")
    print(json.dumps({"benchmark": "idle", "clients": arguments.clients, "seconds": arguments.seconds, "results": results}))
    return 0 if all(result["cpu_percent"] < CPU_PERCENT and result["memory_mb"] < MEMORY_MB for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
