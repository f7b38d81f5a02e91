"""A daemon without its start, for a harness that starts ten thousand of them: what each would load is loaded before the forks.

What it does to the office stays the same. Only its helpers (dossier/workers/child.py) are forks of
the daemon instead of programs of their own, and without limits: no file here is hostile.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import pkgutil
import subprocess
import time
from types import SimpleNamespace
from typing import Any

import typer.main
from kit import folders
from office import make

from dossier.office.opening import load_office
from dossier.workers import child
from workflow.guard import texts_child
from workflow.portal import pictures_child

GLANCE_SECONDS = 0.01


def warm_up() -> None:
    """Load and put together what does not depend on the office. To be called once, before anything is forked."""
    for package in ("dossier", "ingest", "workflow", "desk"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    _put_the_command_line_together_once()
    folder = folders.new_folder("crash-warm")
    make(folder / "office")
    load_office(folder / "office", {})  # the models of settings build their checks when they are first used
    folders.remove(folder)
    pictures_child.warm_up()
    _fork_the_helpers()
    gc.freeze()


def _put_the_command_line_together_once() -> None:
    from desk.cli.main import whole

    typer.main.get_command = functools.cache(typer.main.get_command)
    typer.main.get_command(whole())


def _fork_the_helpers() -> None:
    child.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=_Fork, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
    )
    texts_child.limit = lambda: None
    pictures_child.warm_up = lambda: None


class _Fork:
    """As much of subprocess.Popen as child.py asks for."""

    def __init__(self, words: list[str], stdin: int, **_: object) -> None:
        module: Any = importlib.import_module(words[-1])
        self._code: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.setsid()
                os.dup2(stdin, 0)
                os.closerange(3, 1 << 16)  # the daemon's lock and database among them
                module.main()
            finally:
                os._exit(0)

    def poll(self) -> int | None:
        if self._code is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a helper", timeout or 0)
            time.sleep(GLANCE_SECONDS)
        return code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, 9)
