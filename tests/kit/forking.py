"""The `dossier` command without its start: a process that has imported all of it, and forks for each command.

Each command runs in a process of its own, with its own folder, environment, standard input, output and exit code, as a shell would start
it; several at a time, if they are asked for on several threads. Only the time in which Python imports is spared: a third of a second of a
processor, a thousand times. What is about that start itself asks for `Root.run(afresh=True)`, or starts a process as everybody does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

MOST_SECONDS = 120
"""A command that takes longer is ended: the test is wrong, or the command hangs."""

MOST_BYTES = 1 << 20
"""Of an order: its words and environment."""


def is_fit(environ: Mapping[str, str]) -> bool:
    """True if Python would start with this environment as it did in the process that forks."""
    return all(environ.get(name) == os.environ.get(name) for name in {*environ, *os.environ} if _shapes_the_start(name))


def _shapes_the_start(name: str) -> bool:
    return name in ("LANG", "LD_PRELOAD", "TZ") or (name.startswith(("LC_", "PYTHON")) and name != "PYTHONFAULTHANDLER")


def run(words: list[str], folder: Path, environ: Mapping[str, str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    """`words`, the first of which is dossier, in `folder`; `text` is what it can read from its standard input."""
    order = json.dumps({"words": words, "folder": str(folder), "environ": dict(environ)}).encode()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write((text or "").encode())
        given.seek(0)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
            line.connect(_server())
            socket.send_fds(line, [order], [given.fileno(), out.fileno(), err.fileno()])
            code = int(line.recv(16))
        texts = [os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0).decode() for stream in (out, err)]
    return subprocess.CompletedProcess(words, code, *texts)


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


# In the process that forks


def _serve(address: str) -> None:
    for package in ("dossier", "ingest", "workflow", "desk"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
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
    line.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _be(order: dict[str, object], streams: list[int]) -> None:
    """Become the command. Does not return."""
    from desk.cli.main import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0)  # noqa: SIM115
    assert isinstance(order["environ"], dict)
    assert isinstance(order["words"], list)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(str(order["folder"]))
    signal.alarm(MOST_SECONDS)
    sys.argv = order["words"]
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _serve(sys.argv[1])
