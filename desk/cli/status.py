"""Commands that tell how the office stands: status, rejected."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk.cli import session

if TYPE_CHECKING:
    from dossier.office.office import Office
    from dossier.office.people import Readable

Json = Annotated[bool, typer.Option("--json", help="For programs.")]

LISTED_MOST = 20
"""So many things that wait are listed for people."""


WATCH_SECONDS = 2.0
"""How often `status --watch` looks: each look reads the inbox's folders."""


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier status")(status)
    app.command(epilog="Example: dossier rejected --json")(rejected)


def status(
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="On a terminal: look again and again, until Ctrl-C.")] = False,
) -> None:
    """The daemon and its queues: what waits for what, since when."""
    from desk.actions import overview
    from desk.cli import printing

    if watch:
        if json or not sys.stdout.isatty():
            raise typer.BadParameter("--watch is for a terminal; for programs: dossier status --json")
        _watch(session.opened_quickly(), session.readable())
        return
    found = overview.status(session.opened_quickly(), session.readable(), session.language())
    if json:
        printing.as_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    """For people."""
    from desk.cli import printing
    from dossier.text import clock

    daemon = found["daemon"]
    if daemon is None:
        print("No daemon runs here. Start it with: dossier run")
    else:
        since = clock.shown(daemon["since"]) if "since" in daemon else None
        print(f"The daemon runs (process {daemon.get('pid', '?')}, since {printing.day_and_time(since)}).")
    for alarm in found["alarms"]:
        print(f"ALARM: {printing.text(alarm)}")
    rows = [
        (found["items"], "items"), (found["queued"], "wait for an approver: dossier queue"), (found["waiting"], "wait in the inbox"),
        (found["rejected"], "refused drops: dossier rejected"), (found["outbox"], "mails to be sent"),
        (found["failed_mails"], "mails that failed: dossier outbox"),
    ]  # fmt: skip
    for count, what in rows:
        print(f"{count:>6}  {what}")
    for one in found["waits"][:LISTED_MOST]:
        print(f"  {printing.text(one['path'])} {printing.text(one['reason'])} since {_clock(one['since'])}")
    for one in found["left_alone"][:LISTED_MOST]:
        print(f"  {printing.text(one['path'])} {printing.text(one['reason'])}")
    more = sum(max(0, len(found[what]) - LISTED_MOST) for what in ("waits", "left_alone"))
    if more:
        print(f"  and {more} more: dossier check inbox/CLIENT, or dossier status --json")


def _watch(office: Office, may: Readable) -> None:
    """Show the status on the terminal, anew every WATCH_SECONDS, until Ctrl-C."""
    from desk.actions import overview
    from dossier.text import clock

    with contextlib.suppress(KeyboardInterrupt):
        while True:
            text = io.StringIO()
            with contextlib.redirect_stdout(text):
                _print(overview.status(office, may, session.language()))
            lines = [f"{office.root}, {clock.utc_now().astimezone():%H:%M:%S}  (Ctrl-C ends)", "", *text.getvalue().splitlines()]
            # Home, each line with what is behind it erased, then all below: without the flicker of a screen that is emptied.
            shown_lines = lines[: max(1, shutil.get_terminal_size().lines - 1)]
            sys.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in shown_lines) + "\x1b[J")
            sys.stdout.flush()
            time.sleep(WATCH_SECONDS)


def _clock(iso: str) -> str:
    """`10:42` for today, else with the day."""
    from dossier.text import clock

    moment, now = datetime.fromisoformat(iso), clock.utc_now().astimezone()
    return moment.strftime("%H:%M" if moment.date() == now.date() else "%Y-%m-%d %H:%M")


def rejected(json: Json = False) -> None:
    """Refused drops that still lie in the inbox, with what is wrong with them."""
    from desk.actions import overview
    from desk.cli import printing

    found = overview.rejected(session.office(), session.readable())
    if json:
        printing.as_json(found)
        return
    if found:
        session.opened()
        if session.readable().clients is None:  # who saw a part only has not seen to the rest
            overview.look_at_rejected(session.reader())
    for drop in found:
        print(f"{drop['path']}  ({printing.day_and_time(drop['at'])})")
        for line in drop["why"]:
            print(f"    {printing.text(line)}")
    print("Correct the sidecar and move the files back into the client's folder." if found else "Nothing is refused.")
