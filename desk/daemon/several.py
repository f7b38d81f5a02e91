"""`dossier run --root A --root B`: several offices, each served by a process of its own.

The operating system shares the machine between them, so a noisy office can't starve another. What
ends one (a broken database, a wrong configuration) leaves the others alone. A daemon that ended by
itself is started again; the longer it had lasted, the sooner. SIGTERM or SIGINT stops all of them,
within the five seconds that each promises.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from desk.daemon.process import call_on_stop

log = structlog.get_logger("several")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""How long an office that ended by itself rests; doubled each time, and from the start again
once it ran so long as the longest."""

STOP_SECONDS = 6.0
"""A daemon promises to stop in five; then it is killed, and the next start finishes what it
began."""


@dataclass(slots=True)
class _Part:
    """A process that is kept running: an office's daemon, its desk or its portal."""

    root: Path
    words: tuple[str, ...] = ("run",)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    due: float = 0.0
    """Monotonic seconds from which it may be started."""


def run(roots: Sequence[Path], log_form: str) -> int:
    """Serve these offices until stopped; returns the exit code."""
    return _keep([_Part(root) for root in roots], log_form)


def serve(root: Path, log_form: str, has_portal: bool = True) -> int:
    """The daemon, the desk and the portal of one office, until stopped; returns the exit code."""
    return _keep([_Part(root, (word,)) for word in ("run", "desk", *(["portal"] if has_portal else []))], log_form)


def _keep(parts: Sequence[_Part], log_form: str) -> int:
    stopping = threading.Event()
    call_on_stop(stopping.set)
    while not stopping.is_set():
        now = time.monotonic()
        for part in parts:
            _tend(part, now, log_form)
        stopping.wait(0.1)
    _stop(parts)
    return 0


def once(roots: Sequence[Path], log_form: str) -> int:
    """`run --once` for each office, one after the other; returns the worst exit code."""
    return max(subprocess.run(_command(root, ("run", "--once"), log_form), check=False).returncode for root in roots)


def _command(root: Path, words: Sequence[str], log_form: str) -> list[str]:
    """By -P no `desk.py` of the folder that somebody stands in is taken for the program."""
    return [sys.executable, "-P", "-m", "desk", "--root", str(root), *words, "--log", log_form]


def _tend(part: _Part, now: float, log_form: str) -> None:
    """Start a part that does not run, when it is due."""
    if part.process is not None:
        code = part.process.poll()
        if code is None:
            return
        part.process = None
        if now - part.started >= LONGEST_PAUSE_SECONDS:
            part.pause = FIRST_PAUSE_SECONDS
        part.due, part.pause = now + part.pause, min(2 * part.pause, LONGEST_PAUSE_SECONDS)
        log.error(
            "a process ended; it is started again", root=str(part.root), what=part.words[0], code=code, seconds=part.due - now
        )
    if now >= part.due:
        # In a process group of its own: Ctrl-C is for this process, which passes it on once.
        part.process = subprocess.Popen(_command(part.root, part.words, log_form), stdin=subprocess.DEVNULL, process_group=0)
        part.started = now


def _stop(parts: Sequence[_Part]) -> None:
    running = [part.process for part in parts if part.process is not None and part.process.poll() is None]
    for process in running:
        process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            log.error("a daemon did not stop in time and was killed", pid=process.pid)


def check(roots: Sequence[Path]) -> None:
    """Raise ConfigurationError with every fault of every office, before any is started."""
    from dossier.office.opening import find_root, load_office
    from dossier.office.terms import ConfigFault, ConfigurationError
    from dossier.text.sentences import sentence

    faults: list[ConfigFault] = []
    seen: dict[Path, Path] = {}
    for root in roots:
        try:
            found = find_root(Path.cwd(), root, os.environ)
            load_office(found, os.environ)
            if seen.setdefault(found, root) is not root:
                faults.append(ConfigFault(str(root), None, "", sentence("config.twice", what=root)))
        except ConfigurationError as error:
            faults += [
                fault if fault.file.startswith(str(root)) else fault._replace(file=f"{root}/{fault.file}")
                for fault in error.faults
            ]
    if faults:
        raise ConfigurationError(faults)
