"""How the daemon logs, lines for people on a terminal and JSON otherwise; and bars of progress."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Literal, TextIO, cast

from desk.cli.translation import _
from desk.sparing import without

# structlog would draw tracebacks with rich, and has ways to log from asyncio and greenlets. None is
# asked for, and to load them is a fourth of the daemon's start.
with without("rich"), without("asyncio", ModuleType("asyncio")), without("greenlet"):
    import structlog

PROGRESS_FROM = 50
"""So many sidecars in the inbox are worth a progress bar."""


class _Log:
    """Where the log goes.

    A line that can't be written is lost, as its disk is full or whoever read it has left: what is
    logged of goes on all the same.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(form: Literal["auto", "human", "json"], quiet: bool = False) -> None:
    """Log to stderr. `quiet`: warnings and worse only, for where a summary tells the rest."""
    human = form == "human" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if human else "iso", utc=not human),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
            if human
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Log(sys.stderr))),  # a line with one call of the system
        cache_logger_on_first_use=True,
    )
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # desk/daemon/schedule.py tells what failed


def progress(inbox: Path, shown: bool) -> AbstractContextManager[Callable[[int], None]]:
    """As `counting`, for the daemon: a bar only if there is much to do."""
    total = _sidecars_in(inbox) if shown and sys.stderr.isatty() else 0
    return counting(_("taking drops"), total, shown=total >= PROGRESS_FROM)


@contextmanager
def counting(what: str, total: int | None, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; what to call with how many more are done. `total` None: nobody knows."""
    if not (shown and sys.stderr.isatty()):
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)


def _sidecars_in(inbox: Path) -> int:
    """How many sidecars there are, about: a number for a bar."""
    count = 0
    for folder, folders, names in os.walk(inbox):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))] if folder.count(os.sep) < 2000 else []
        count += sum(name.endswith((".yaml", ".yml")) for name in names)
    return count
