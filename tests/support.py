"""What tests use: an office in a folder, the installed command, a running daemon."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

DOSSIER = Path(sys.executable).with_name("dossier")

PATIENCE = 30.0
"""Seconds after which what a test waits for will not come any more."""

SETTINGS = """\
identity: {trust_sidecar: true}
watch: {settle_seconds: 0.1}
sharing: {guard: off}
"""
CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    default_approver: m.devries
    identifiers: ["KvK 12345678"]
    contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]
  northwind-ltd:
    name: Northwind Ltd
    language: en
    contacts: [{id: a.brown, name: Alice Brown, email: alice@northwind.example}]
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
  k.smit: {name: Karel Smit, email: k.smit@office.example, rights: [create, approve]}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, rights: [admin]}
"""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def need(program: str) -> str:
    """The path of a program that only some tests need; without it they are skipped, but never in CI."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        message = f"{program} is not on this machine (on Debian: apt-get install {program})"
        if os.environ.get("CI"):
            pytest.fail(f"in CI nothing may be skipped: {message}")
        pytest.skip(message)
    return found


def wait_for(what: Callable[[], Any], why: str, seconds: float = PATIENCE) -> Any:
    """Ask `what` until it says something true; returns that. Fails with `why`."""
    until = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > until:
            pytest.fail(f"after {seconds:g} seconds still not: {why}")
        time.sleep(0.01)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Root:
    """An office in a folder, and the command as its users have it."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(
        self, *words: str, code: int | None = 0, user: str | None = None, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`dossier WORDS`; with `code`, that exit code is asserted."""
        command = [str(DOSSIER), "--root", str(self.path), *(["--as", user] if user else []), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environ(), input=text, timeout=120)
        if code is not None:
            assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str, user: str | None = None) -> Any:
        return json.loads(self.run(*words, "--json", user=user).stdout)

    def once(self, code: int | None = 0) -> str:
        """`dossier run --once`; what it printed."""
        return self.run("run", "--once", code=code).stdout

    def popen(self, *words: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        output = open(log, "ab") if log else subprocess.DEVNULL  # noqa: SIM115
        command = [str(DOSSIER), "--root", str(self.path), *words]
        return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=self._environ())

    @contextlib.contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """`dossier run`, watching; its log is var-daemon.log beside the root."""
        log = self.path.with_name(f"{self.path.name}-daemon.log")
        process = self.popen("run", log=log)
        try:
            wait_for(lambda: process.poll() is not None or self.is_running(), "the daemon runs")
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise

    def is_running(self) -> bool:
        return (self.path / "var" / "daemon.json").exists()

    def inbox(self, client: str = "acme-bv") -> Path:
        folder = self.path / "inbox" / client
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drop(self, stem: str, sidecar: str, client: str = "acme-bv", **files: bytes) -> Path:
        """Put files (`report_pdf=b"…"` is report.pdf) and the sidecar `<stem>.yaml` into an inbox."""
        folder = self.inbox(client)
        for name, data in files.items():
            (folder / ".".join(name.rsplit("_", 1))).write_bytes(data)
        hidden = folder / f".{stem}.yaml"
        hidden.write_text(sidecar, encoding="utf-8")
        hidden.rename(folder / f"{stem}.yaml")
        return folder / f"{stem}.yaml"

    def receipt(self, stem: str, client: str = "acme-bv") -> str | None:
        path = self.inbox(client) / "_done" / f"{stem}.receipt.yaml"
        return path.read_text() if path.exists() else None

    def why(self, stem: str, client: str = "acme-bv") -> str | None:
        """The WHY.txt of a refused drop."""
        found = sorted((self.inbox(client) / "_rejected").glob(f"*-{stem}/WHY.txt"))
        return found[-1].read_text() if found else None

    def set(self, name: str, text: str) -> None:
        """Write config/<name>.yaml anew."""
        (self.path / "config" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def _environ(self) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("DOSSIER_")}
        return {**plain, **self.environ}


def once_here(root: Root) -> None:
    """`dossier run --once` in this process, which is quicker; the database is closed after."""
    from desk.daemon import Daemon
    from dossier import files
    from dossier.settings import load_office

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGIO)}
    files.stopping.clear()
    try:
        Daemon(load_office(root.path, root.environ), root.environ, once=True).run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
