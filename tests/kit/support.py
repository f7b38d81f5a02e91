"""What tests use: an office in a folder, the installed command, a running daemon."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

from kit import forking
from kit.servers import DATABASE_URL, POSTGRESQL, new_database

DOSSIER = Path(sys.executable).with_name("dossier")

LONG = bool(os.environ.get("LONG"))
"""More of what is played by chance, and all of what a test takes a part of: `make long`."""

PATIENCE = 30.0
"""Seconds after which what a test waits for will not come any more."""

SETTINGS = """\
identity: {trust_sidecar: true}
watch: {settle_seconds: 0.1, folder_settle_seconds: 0.1}
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
ME = pwd.getpwuid(os.geteuid()).pw_name
OWN_SETTINGS = """\
watch: {settle_seconds: 0.2, folder_settle_seconds: 0.2}
sharing: {guard: off}
mail: {host: 127.0.0.1, port: 9}
"""
OWN_CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}
  zon:
    name: Bakkerij Zon
"""
OWN_STAFF = f"""\
staff:
  p.bakker: {{name: Petra Bakker, email: p.bakker@office.example, os_user: {ME}, rights: [create, share]}}
  m.devries: {{name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}}
  k.smit: {{name: Karel Smit, email: k.smit@office.example, rights: [admin]}}
"""
"""Who runs the tests is p.bakker, so what is dropped needs no `created_by`: see `own_office`."""

BARE_INBOX = {"DOSSIER_INTAKE__HELP_FILES": "no", "DOSSIER_INTAKE__MAKE_FOLDERS": "no"}
"""The inbox of a test holds what the test puts there; help files are written where a test is about them."""

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

NOTIFIED = """\
description: Annual accounts
share: yes
share_status: approved
share_attachments: all
notify: yes
contact: j.jansen
created_by: m.devries
"""
"""A sidecar of what is shared outright, with a mail to the contact."""


def need(program: str, package: str = "") -> str:
    """The path of a program that only some tests need; without it they are skipped, but never in CI. `package`: Debian's, if called otherwise."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        message = f"{program} is not on this machine (on Debian: apt-get install {package or program})"
        if os.environ.get("CI"):
            pytest.fail(f"in CI nothing may be skipped: {message}")
        pytest.skip(message)
    return found


def wait_for(what: Callable[[], Any], why: Callable[[], str] | str, seconds: float = PATIENCE, step: float = 0.01) -> Any:
    """Ask `what`, every `step` seconds, until it says something true; returns that. Fails with `why`."""
    until = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > until:
            pytest.fail(f"after {seconds:g} seconds still not: {why if isinstance(why, str) else why()}")
        time.sleep(step)
    return found


def wait_until_quiet(path: Path, seconds: float = 0.2) -> None:
    """For as long as a file must have been left alone before it counts as whole."""
    wait_for(lambda: time.time() > path.stat().st_ctime + seconds, f"{path} was left alone for {seconds} s")


def plain_environ() -> dict[str, str]:
    """This process's environment without settings of an office; a process that is sent SIGABRT says what it was doing."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("DOSSIER_")}
    return {**plain, "PYTHONFAULTHANDLER": "1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def start(
    command: list[str],
    environ: Mapping[str, str],
    output: IO[bytes],
    afresh: bool = False,
    account: forking.Account | None = None,
) -> subprocess.Popen[bytes] | forking.Started:
    """Start `dossier WORDS`, which says everything into `output`. `afresh`: not from a process that has imported it already."""
    if afresh or command[0] != str(DOSSIER) or not forking.is_fit(environ):
        command = account.whose(command) if account else command
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ)
    with open(os.devnull, "rb") as nothing:
        streams = nothing.fileno(), output.fileno(), output.fileno()
        return forking.Started(command, Path.cwd(), environ, streams, account=account)


class Daemon:
    """`dossier run` as a process, and what it logged since it started."""

    def __init__(self, root: Root, afresh: bool = False) -> None:
        self._log = root.path.with_name(f"{root.path.name}-daemon.log")
        command = [str(DOSSIER), "--root", str(root.path), "run"]
        with open(self._log, "ab") as log:
            self._from = log.tell()
            self._process = start(command, root.whole_environ(), log, afresh, root.account())

    def __getattr__(self, name: str) -> Any:
        """What a process has besides: `pid`, `wait`, `poll`, `returncode`, `send_signal`, `terminate`, `kill`."""
        return getattr(self._process, name)

    def log(self) -> str:
        return self._log.read_bytes()[self._from :].decode(errors="replace")

    def said(self, text: str) -> bool:
        return text in self.log()

    def until_said(self, text: str) -> None:
        wait_for(lambda: self.said(text), lambda: f"the log says {text!r}; it says {self.log()[-3000:]}")

    def until_running(self) -> None:
        wait_for(lambda: self.said('"event": "running"') or not self.is_alive(), "the daemon runs")
        assert self.is_alive(), self.log()

    def is_alive(self) -> bool:
        return self.poll() is None

    def children(self, module: str) -> list[int]:
        """The processes of it that run this module."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and module.encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
        return found

    def stop(self) -> int:
        """SIGTERM; the exit code. It promises to end within five seconds."""
        self.terminate()
        try:
            return self.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGABRT)  # what each thread is doing, into the log
            self.wait()
            raise AssertionError(f"the daemon did not stop within 5 seconds:\n{self.log()[-8000:]}") from None

    def end(self) -> None:
        """Killed, if it still runs."""
        self.kill()
        self.wait()


def dossier(
    *words: str | Path, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`dossier WORDS` as it is typed in this folder, with nothing said about an office."""
    command, whole = [str(DOSSIER), *map(str, words)], plain_environ() if environ is None else environ
    if not forking.is_fit(whole):
        return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True)
    return forking.run(command, folder or Path.cwd(), whole)


@dataclass
class Root:
    """An office in a folder, and the command as its users have it."""

    path: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(BARE_INBOX))
    uid: int | None = None
    """The account that the commands and the daemon run as, if it is not ours."""

    def run(
        self, *words: str, code: int | None = 0, user: str | None = None, text: str | None = None, afresh: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """`dossier WORDS`; with `code`, that exit code is asserted. `afresh`: not from a process that has imported it already."""
        command = [str(DOSSIER), "--root", str(self.path), *(["--as", user] if user else []), *words]
        environ = self.whole_environ()
        account = self.account()
        if afresh or not forking.is_fit(environ):
            command = account.whose(command) if account else command
            done = subprocess.run(command, capture_output=True, text=True, env=environ, input=text, timeout=120)
        else:
            done = forking.run(command, Path.cwd(), environ, text, account)
        if code is not None:
            assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str, user: str | None = None) -> Any:
        return json.loads(self.run(*words, "--json", user=user).stdout)

    def once(self, code: int | None = 0) -> str:
        """`dossier run --once`; what it printed."""
        return self.run("run", "--once", code=code).stdout

    def killed_at(self, place: str) -> None:
        """`run --once`, which kills itself (SIGKILL) where it would call `place`, as in `ingest.intake.intake:Intake._commit`."""
        module, _, name = place.partition(":")
        owner, _, function = name.rpartition(".")
        code = (
            f"import os, sys, {module} as there\nfrom desk.cli.main import main\n"
            f"setattr({f'there.{owner}' if owner else 'there'}, {function!r}, lambda *a, **k: os.kill(os.getpid(), 9))\n"
            f"sys.argv = ['dossier', '--root', {str(self.path)!r}, 'run', '--once']\nsys.exit(main())\n"
        )
        done = subprocess.run([sys.executable, "-c", code], env=self.whole_environ(), capture_output=True, text=True, timeout=120)
        assert done.returncode == -9, f"{done.returncode}\n{done.stdout}\n{done.stderr}"

    def popen(self, *words: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        output = open(log, "ab") if log else subprocess.DEVNULL  # noqa: SIM115
        command = [str(DOSSIER), "--root", str(self.path), *words]
        return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=self.whole_environ())

    @contextlib.contextmanager
    def daemon(self, afresh: bool = False) -> Iterator[Daemon]:
        """The daemon, running; its log is `<root>-daemon.log` beside the root. If it still runs then, it is stopped, which must go well."""
        daemon = Daemon(self, afresh)
        try:
            daemon.until_running()
            yield daemon
            if daemon.is_alive():
                assert daemon.stop() == 0, daemon.log()
        finally:
            daemon.end()

    def is_running(self) -> bool:
        return (self.path / "var" / "daemon.json").exists()

    # The inbox

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

    def place(self, client: str, files: Mapping[str, bytes | str]) -> None:
        """Write files into a client's inbox folder, in this order; names may have one folder in front."""
        for name, data in files.items():
            path = self.path / "inbox" / client / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)

    def receipt(self, stem: str, client: str = "acme-bv") -> str | None:
        path = self.path / "inbox" / client / "_done" / f"{stem}.receipt.yaml"
        return path.read_text() if path.exists() else None

    def told(self, stem: str, client: str = "acme-bv") -> dict[str, Any]:
        """What the receipt of a drop says; it must be there."""
        return dict(yaml.safe_load(self.receipt(stem, client) or ""))

    def rejected(self, stem: str, client: str = "acme-bv") -> Path | None:
        """The folder under _rejected that holds this drop, once WHY.txt is in it."""
        found = sorted((self.path / "inbox" / client / "_rejected").glob(f"*-{stem}/WHY.txt"))
        return found[-1].parent if found else None

    def why(self, stem: str, client: str = "acme-bv") -> str | None:
        """The WHY.txt of a refused drop."""
        folder = self.rejected(stem, client)
        return (folder / "WHY.txt").read_text() if folder else None

    def tree(self, client: str | None = None) -> list[str]:
        """All that lies in the inbox, or in a client's folder of it."""
        top = self.path / "inbox" / client if client else self.path / "inbox"
        return sorted(str(path.relative_to(top)) for path in top.rglob("*"))

    def until_taken(self, client: str, *stems: str) -> None:
        for stem in stems:
            wait_for(
                lambda stem=stem: self.receipt(stem, client),
                lambda stem=stem: f"a receipt of {stem}; there is {self.tree(client)}",
            )

    def until_rejected(self, client: str, stem: str) -> None:
        wait_for(lambda: self.rejected(stem, client), lambda: f"{stem} refused; there is {self.tree(client)}")

    # What it is made of

    def set(self, name: str, text: str) -> None:
        """Write config/<name>.yaml anew, whole at once."""
        path = self.path / "config" / f"{name}.yaml"
        whole = path.with_name(f".{name}.new")
        whole.write_text(text, encoding="utf-8")
        whole.rename(path)

    def whole_environ(self) -> dict[str, str]:
        return {**plain_environ(), **self.environ}

    def account(self) -> forking.Account | None:
        """Whose the command is. It may read everything, for the interpreter may lie where that account may not look."""
        return None if self.uid is None else forking.Account(self.uid, self.uid, ("dac_read_search",))


def new_office(path: Path, settings: str = SETTINGS, clients: str = CLIENTS, staff: str = STAFF) -> Root:
    """An office in the folder `path`, which may be there already."""
    made = Root(path)
    (path / "config").mkdir(parents=True)
    (path / "inbox").mkdir()
    for name, text in (("settings", settings), ("clients", clients), ("staff", staff)):
        made.set(name, text)
    if POSTGRESQL:
        made.environ[DATABASE_URL] = os.environ.get(DATABASE_URL) or new_database()  # one that several tests share has its own
    return made


def own_office(path: Path, settings: str = OWN_SETTINGS, clients: str = OWN_CLIENTS, staff: str = OWN_STAFF) -> Root:
    """An office where who runs the tests is staff: the owner of a file says who dropped it."""
    return new_office(path, settings, clients, staff)


def once_here(root: Root) -> None:
    """`dossier run --once` in this process, which is quicker; the database is closed after."""
    from desk.daemon.daemon import Daemon
    from dossier.office.opening import load_office

    with daemon_here():
        Daemon(load_office(root.path, root.environ), root.environ, once=True).run()


@contextlib.contextmanager
def daemon_here() -> Iterator[None]:
    """A daemon runs in this process meanwhile. After it signals do what they did, and nobody else is told to stop."""
    from dossier.files import files

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGIO)}
    files.stopping.clear()
    try:
        yield
    finally:
        files.stopping.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
