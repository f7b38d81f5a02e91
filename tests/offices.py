"""An office in a temporary folder, with the real daemon as a process of its own: for the tests that need one."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

ME = pwd.getpwuid(os.geteuid()).pw_name
"""Whose files the tests drop."""

PATIENCE_SECONDS = 20.0
"""How long a condition may take to come true on a busy machine. Nothing waits so long unless it fails."""

CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}
  zon:
    name: Bakkerij Zon
"""

STAFF = f"""\
staff:
  p.bakker: {{name: Petra Bakker, email: p.bakker@office.example, os_user: {ME}, rights: [create, share]}}
  m.devries: {{name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}}
  k.smit: {{name: Karel Smit, email: k.smit@office.example, rights: [admin]}}
"""

SETTINGS = """\
watch: {settle_seconds: 0.2}
sharing: {guard: off}
mail: {host: 127.0.0.1, port: 9}
"""


def until(condition: Callable[[], object], what: Callable[[], str] | str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `condition()` is true; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what if isinstance(what, str) else what()}"
        time.sleep(0.02)


class TestOffice:
    """An office at `root`; `settings`, `clients` and `staff` are the YAML of config/."""

    __test__ = False

    def __init__(self, root: Path, settings: str = SETTINGS, clients: str = CLIENTS, staff: str = STAFF) -> None:
        self.root = root
        self.inbox = root / "inbox"
        self.inbox.mkdir(parents=True)
        (root / "config").mkdir()
        self.configure(settings=settings, clients=clients, staff=staff)

    def configure(self, **texts: str) -> None:
        """Write config files: settings, clients, staff."""
        for name, text in texts.items():
            path = self.root / "config" / f"{name}.yaml"
            whole = path.with_name(f".{name}.new")
            whole.write_text(text)
            whole.rename(path)

    def drop(self, client: str, files: Mapping[str, bytes | str]) -> None:
        """Write files into a client's inbox folder, in this order; names may have one folder in front."""
        for name, data in files.items():
            path = self.inbox / client / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)

    # What became of it

    def receipt(self, client: str, stem: str) -> dict[str, object] | None:
        """The receipt of a drop that was taken, or None."""
        path = self.inbox / client / "_done" / f"{stem}.receipt.yaml"
        return yaml.safe_load(path.read_text()) if path.exists() else None

    def rejected(self, client: str, stem: str) -> Path | None:
        """The folder under _rejected that holds this drop, once WHY.txt is in it and the sidecar has followed."""
        found = sorted((self.inbox / client / "_rejected").glob(f"*-{stem}"))
        return found[-1] if found and (found[-1] / "WHY.txt").exists() else None

    def why(self, client: str, stem: str) -> str:
        """WHY.txt of a refused drop."""
        folder = self.rejected(client, stem)
        assert folder is not None, f"{client}/{stem} was not refused; the inbox holds {self.tree(client)}"
        return (folder / "WHY.txt").read_text()

    def tree(self, client: str | None = None) -> list[str]:
        """All that lies in the inbox, or in a client's folder of it."""
        top = self.inbox / client if client else self.inbox
        return sorted(str(path.relative_to(top)) for path in top.rglob("*"))

    def until_taken(self, client: str, *stems: str) -> None:
        for stem in stems:
            until(
                lambda stem=stem: self.receipt(client, stem),
                lambda stem=stem: f"a receipt of {stem}; there is {self.tree(client)}",
            )

    def until_rejected(self, client: str, stem: str) -> None:
        until(lambda: self.rejected(client, stem), lambda: f"{stem} refused; there is {self.tree(client)}")

    # Processes

    def command(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `dossier` to its end."""
        return subprocess.run(
            [*DOSSIER, "--root", str(self.root), *arguments],
            env=_environment(environ),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def run_once(self) -> subprocess.CompletedProcess[str]:
        done = self.command("run", "--once")
        assert done.returncode == 0, done.stderr
        return done

    @contextmanager
    def daemon(self, environ: Mapping[str, str] | None = None) -> Iterator[Daemon]:
        """The daemon as a process, running; stopped at the end, which must go well."""
        daemon = Daemon(self, environ)
        try:
            until(lambda: daemon.said("running") or not daemon.is_alive(), "the daemon runs")
            assert daemon.is_alive(), daemon.log()
            yield daemon
            if daemon.is_alive():
                assert daemon.stop() == 0, daemon.log()
        finally:
            daemon.kill()


class Daemon:
    """A daemon process and its log."""

    def __init__(self, office: TestOffice, environ: Mapping[str, str] | None = None) -> None:
        self._log = office.root / "daemon.log"
        with open(self._log, "ab") as log:
            self._from = log.tell()
            self.process = subprocess.Popen(
                [*DOSSIER, "--root", str(office.root), "run"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(environ),
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return self._log.read_bytes()[self._from :].decode(errors="replace")

    def said(self, text: str) -> bool:
        return text in self.log()

    def until_said(self, text: str) -> None:
        until(lambda: self.said(text), lambda: f"the log says {text!r}; it says {self.log()[-3000:]}")

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM; the exit code. It promises to end within five seconds."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # what each thread is doing, into the log
            self.process.wait()
            raise AssertionError(f"the daemon did not stop within 5 seconds:\n{self.log()[-8000:]}") from None

    def kill(self) -> None:
        if self.is_alive():
            self.process.kill()
            self.process.wait()


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    return {**mine, "PYTHONFAULTHANDLER": "1", **(more or {})}


DOSSIER = [str(Path(sys.executable).with_name("dossier"))]
"""The command as it is installed."""
