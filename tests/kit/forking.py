"""The `dossier` command without its start: a process that has imported all of it, and forks for each command.

Each command runs in a process of its own, with its own folder, environment, standard input, output and exit code, as a shell would start
it; several at a time, if they are asked for on several threads. Only the time in which Python imports is spared: a third of a second of a
processor (of a daemon or the desk twice that), a thousand times. What is about that start itself asks for `afresh`, or starts a process as
everybody does.

So it is with the processes in which files may do their worst (dossier/workers/child.py), of commands that are forked and of what runs in the
tests' own process: how they are confined is their own, and holds there too. Tests of what files do to them ask for `real_children`.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

MOST_SECONDS = 120
"""A command that takes longer is ended: the test is wrong, or the command hangs."""

MOST_BYTES = 1 << 20
"""Of an order: its words and environment."""


def is_fit(environ: Mapping[str, str]) -> bool:
    """True if Python would start with this environment as it did in the process that forks."""
    alike = all(environ.get(name) == os.environ.get(name) for name in {*environ, *os.environ} if _shapes_the_start(name))
    return alike and _has_every_sign(environ) and _has_every_sign(os.environ)


def _shapes_the_start(name: str) -> bool:
    return name in ("LD_PRELOAD", "TZ") or (name.startswith("PYTHON") and name != "PYTHONFAULTHANDLER")


def _has_every_sign(environ: Mapping[str, str]) -> bool:
    """True if Python speaks UTF-8: all that it takes from a locale. Where none is set it does too."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"
    return locale in ("C", "POSIX") or locale.lower().replace("-", "").endswith(".utf8")


class Account(NamedTuple):
    """Whose process a command is, as setpriv would start it: in no group but `group`."""

    user: int
    group: int
    capabilities: tuple[str, ...]
    """What it may do besides: names from CAPABILITIES."""

    def whose(self, command: list[str]) -> list[str]:
        """The command as a process of this account, for who starts it afresh."""
        given = "".join(f",+{name}" for name in self.capabilities)[1:]
        who = [f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups"]
        return ["setpriv", *who, f"--inh-caps={given}", f"--ambient-caps={given}", *command]


CAPABILITIES = {"dac_override": 1, "dac_read_search": 2}
"""By their numbers in capability.h."""


def run(
    words: list[str], folder: Path, environ: Mapping[str, str], text: str | None = None, account: Account | None = None
) -> subprocess.CompletedProcess[str]:
    """`words`, the first of which is dossier, in `folder`; `text` is what it can read from its standard input."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write((text or "").encode())
        given.seek(0)
        code = Started(words, folder, environ, (given.fileno(), out.fileno(), err.fileno()), MOST_SECONDS, account).wait()
        texts = [os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0).decode() for stream in (out, err)]
    return subprocess.CompletedProcess(words, code, *texts)


class Started:
    """A command that runs, and what tests ask of a process: as subprocess.Popen has it. It never outlives the tests."""

    def __init__(
        self,
        words: list[str],
        folder: Path,
        environ: Mapping[str, str],
        streams: tuple[int, int, int],
        most_seconds: int = 0,
        account: Account | None = None,
    ) -> None:
        """`streams`: descriptors of its standard input, output and errors. After `most_seconds` it is ended; 0: never."""
        self.args, self.returncode, self._asking = words, None, threading.Lock()
        told = {"words": words, "folder": str(folder), "environ": dict(environ), "seconds": most_seconds, "account": account}
        order = json.dumps(told).encode()
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
        self._line.connect(_address or _server())
        socket.send_fds(self._line, [order], streams)
        self.pid = int(self._line.recv(16))
        _running.add(self)

    returncode: int | None

    def poll(self) -> int | None:
        return self._heard(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._heard(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _heard(self, timeout: float | None) -> int | None:
        """The exit code, if it is there within so many seconds. Several threads may ask."""
        if not self._asking.acquire(timeout=-1 if timeout is None else timeout):
            return None
        try:
            if self.returncode is None:
                self._line.settimeout(timeout)
                self.returncode = int(self._line.recv(16) or -signal.SIGKILL)
                self._line.close()
                _running.discard(self)
        except (TimeoutError, BlockingIOError):
            return None
        finally:
            self._asking.release()
        return self.returncode


_address = ""
"""Where the process listens that forks, in what it has forked."""

_account: Account | None = None
"""Whose process this is, if it is another's than that which forks."""

_running: set[Started] = set()
"""Whoever hangs up ends the command, so nobody does by forgetting it."""


@cache
def _server() -> str:
    """The address of the process that forks, which is started once for all tests of this process."""
    from kit import folders  # the process that forks has no kit

    folder = folders.new_folder("commands")
    address = f"{folder}/socket"
    # Its own folder has modules with the names of packages, so that is no place to import from (-P).
    process = subprocess.Popen([sys.executable, "-P", __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.stdin.close()
        process.wait(30)
        folders.remove(folder)

    atexit.register(end)
    return address


def fork_children() -> None:
    """From now on the children of this process (child.py) are forked, too."""
    from dossier.workers import child

    child.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=_start_child, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
    )


def _start_child(words: list[str], stdin: int, env: Mapping[str, str], cwd: str, **_: object) -> Started:
    """As subprocess.Popen, for child.py."""
    with open(os.devnull, "wb") as nothing:
        return Started(words[-1:], Path(cwd), env, (stdin, nothing.fileno(), nothing.fileno()), account=_account)


# In the process that forks


def _serve(address: str) -> None:
    global _address
    _address = address
    for package in ("dossier", "ingest", "workflow", "desk"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    sys.path.append(str(Path(__file__).parents[1]))
    from kit import new_databases

    sys.path.pop()
    new_databases.copy_from_now_on(f"{address}.db")
    from workflow.guard.readers import pdf  # noqa: F401 - it is loaded when it is first needed
    from workflow.portal import pictures_child

    pictures_child.warm_up()
    pictures_child.warm_up = lambda: None
    _compile_templates()
    fork_children()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, b"ready\n")
        _end_with_the_tests()
        while True:
            line = listening.accept()[0]
            if os.fork() == 0:
                listening.close()
                _answer(line)
            line.close()


def _compile_templates() -> None:
    """Those of portal and desk, which each process would compile for itself."""
    from desk.web.portal import templating as of_portal
    from desk.web.staff import templating as of_desk
    from workflow.portal import pages

    for language in ("en", "nl"):
        for name in ("index.html", "feed.xml"):
            pages._template(name, language)
        for templates in (of_portal.templates(language), of_desk.templates(language)):
            for name in templates.list_templates(extensions=["html"]):
                templates.get_template(name)


def _end_with_the_tests() -> None:
    """Whoever has the other end of our standard input is gone: nobody will ask any more."""
    tests, server = os.getpid(), os.fork()
    if server == 0:
        os.close(1)
        os.read(0, 1)
        os.kill(tests, signal.SIGKILL)
        os._exit(0)


def _answer(line: socket.socket) -> None:
    """Do what is ordered, and tell the exit code. Does not return."""
    order, streams, _, _ = socket.recv_fds(line, MOST_BYTES, 3)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        line.close()
        _be(json.loads(order), streams)
    for stream in streams:
        os.close(stream)
    line.send(b"%d" % pid)
    either = select.poll()
    either.register(os.pidfd_open(pid), select.POLLIN)
    either.register(line, select.POLLIN)
    either.poll()
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:  # the tests have hung up
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):
        line.send(b"%d" % code)
    os._exit(0)


PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 4, 8, 47, 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def _change_to(account: Account) -> None:
    """Be this account's process from now on, and that of nobody else."""
    global _account
    from kit import new_databases

    _account = account
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = [CAPABILITIES[name] for name in account.capabilities]
    set_ = sum(1 << number for number in numbers)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(account.group, account.group, account.group)
    os.setresuid(account.user, account.user, account.user)
    head, sets = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)(set_, set_, set_)
    if libc.capset(head, sets):
        raise OSError(ctypes.get_errno(), "capset")
    for number in numbers:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: what it has under /proc is its own
    if "dac_override" not in account.capabilities:
        new_databases.copy_from_now_on()  # the shared one is not this account's to open


def _be(order: dict[str, object], streams: list[int]) -> None:
    """Become the command, or the child whose module it is. Does not return."""
    from desk.cli import start

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0)  # noqa: SIM115
    sys.stdout, sys.stderr = (open(number, "w", errors=was.errors) for number, was in ((1, sys.stdout), (2, sys.stderr)))  # noqa: SIM115
    assert isinstance(order["environ"], dict)
    assert isinstance(order["words"], list)
    assert isinstance(order["account"], list | None)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(str(order["folder"]))
    if order["account"]:
        _change_to(Account(*order["account"]))
    assert isinstance(order["seconds"], int)
    signal.alarm(order["seconds"])
    if "PYTHONFAULTHANDLER" in os.environ:
        faulthandler.enable()
    sys.argv = order["words"]
    code: object = 0
    try:
        if sys.argv[0].endswith("_child"):
            os.setsid()
            sys.modules[sys.argv[0]].main()
        else:
            start.main()
    except SystemExit as ended:
        code = ended.code
    threading._shutdown()  # type: ignore[attr-defined]
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _serve(sys.argv[1])
