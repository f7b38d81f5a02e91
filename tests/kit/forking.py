"""The `dossier` command without its start: a process that has imported all of it, and forks for each command.

Each command runs in a process of its own, with its own folder, environment, standard input and exit code, as a shell would start it; only the
time in which Python imports is spared. What is about that start, or a daemon, uses support.Root.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class Commands:
    """`with Commands() as commands: commands.run([...], folder, environ)`."""

    def __enter__(self) -> Commands:
        words = [sys.executable, "-P", __file__]  # its own folder has modules with the names of packages
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def run(self, words: list[str], folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """`words`, the first of which is dossier, in `folder`, with nothing to read."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"words": words, "folder": str(folder), "environ": dict(environ)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(words, answer["code"], answer["out"], answer["err"])


def _serve() -> None:
    for package in ("dossier", "ingest", "workflow", "desk"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for line in sys.stdin:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                _be(json.loads(line), out.fileno(), err.fileno())
            _, status = os.waitpid(pid, 0)
            texts = [os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0).decode() for stream in (out, err)]
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1]}), flush=True)


def _be(order: dict[str, object], out: int, err: int) -> None:
    """Become the command. Does not return."""
    from desk.cli.main import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdin = open(0)  # noqa: SIM115
    assert isinstance(order["environ"], dict)
    assert isinstance(order["words"], list)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(str(order["folder"]))
    sys.argv = order["words"]
    code: object = 0
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _serve()
