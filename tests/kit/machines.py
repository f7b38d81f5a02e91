"""Machines for tests: each a network, process and host name of its own, on one bridge. What they share is the file system. Needs root."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kit.support import DOSSIER, Root, need, wait_for


class Network:
    """A bridge at `address`, and machines on it. Whoever is on a machine is process 1 there, and its name is that of all of them."""

    def __init__(self, machines: int) -> None:
        need("ip"), need("unshare")
        self._bridge = f"dsr{os.urandom(3).hex()}"
        self._prefix = f"10.{random.randrange(64, 250)}.{random.randrange(250)}"
        self.address = f"{self._prefix}.1"
        self._names = [f"{self._bridge}-{number}" for number in range(machines)]
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no networks may be made on this machine: {error.stderr.decode().strip()}")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for number, name in enumerate(self._names):
            _ip("netns", "add", name)
            _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", name, "master", self._bridge, "up")
            _ip("-n", name, "addr", "add", f"{self._prefix}.{number + 2}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def run(self, machine: int, root: Root, log: Path, **environ: str) -> subprocess.Popen[bytes]:
        """`dossier run` on a machine. Killed, it dies at once with all that belongs to it."""
        there = [
            "ip",
            "netns",
            "exec",
            self._names[machine],
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--uts",
        ]
        command = [*there, "sh", "-c", 'hostname machine && exec "$@"', "sh", str(DOSSIER), "--root", str(root.path), "run"]
        with open(log, "ab") as output:
            options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            return subprocess.Popen(command, env={**root.whole_environ(), **environ}, **options)

    def cut_off(self, machine: int) -> None:
        """Nothing comes to it or from it any more."""
        _ip("link", "set", self._names[machine], "down")

    def reconnect(self, machine: int) -> None:
        _ip("link", "set", self._names[machine], "up")

    def remove(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", self._bridge], capture_output=True)


def terminate(process: subprocess.Popen[bytes]) -> int:
    """SIGTERM to the daemon that `Network.run` started; its exit code."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for child in wait_for(lambda: children.read_text().split(), "it has started"):
        # Process 1 of a machine gets no signal that it has no handler for (pid_namespaces(7)).
        wait_for(lambda child=child: process.poll() is not None or _handles(int(child), signal.SIGTERM), "it can be stopped")
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGTERM)
    return process.wait(15)


def _handles(pid: int, number: signal.Signals) -> bool:
    """True if the process has a handler for this signal (SigCgt of proc(5))."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
