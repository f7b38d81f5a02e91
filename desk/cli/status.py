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

from desk.cli import counted, printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add, ngettext
from dossier.text import clock

if TYPE_CHECKING:
    from dossier.office.office import Office
    from dossier.office.people import Actor


LISTED_MOST = 20
"""So many things that wait are listed for people."""


WATCH_SECONDS = 2.0
"""How often `status --watch` looks: each look reads the inbox's folders."""


def register(app: typer.Typer) -> None:
    add(app, status, "dossier status")
    add(app, rejected, "dossier rejected --json")


def status(
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="On a terminal: look again and again, until Ctrl-C.")] = False,
) -> None:
    """The daemon and its queues: what waits for what, since when."""
    from desk.actions import overview

    if watch:
        if json or not sys.stdout.isatty():
            raise typer.BadParameter(_("--watch is for a terminal; for programs: dossier status --json"))
        _watch(session.opened_quickly(), session.reader())
        return
    found = overview.status(session.opened_quickly(), session.reader())
    if json:
        printing.as_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    """For people."""
    if found["trial"]:
        told = _("FOR TRYING, since %(since)s: nothing is mailed, published or sent to a webhook from this office.")
        print(told % {"since": printing.day_and_time(clock.local_iso(found["trial"]))})
    daemon = found["daemon"]
    if daemon is None:
        print(_("No daemon runs here. Start it with: dossier run"))
    else:
        since = printing.day_and_time(clock.local_iso(daemon["since"]) if "since" in daemon else None)
        print(_("The daemon runs (process %(pid)s, since %(since)s).") % {"pid": daemon.get("pid", "?"), "since": since})
    for alarm in found["alarms"]:
        print(_("ALARM: %(what)s") % {"what": printing.text(alarm)})
    things = ("queued", "waiting", "rejected", "outbox", "failed_mails", "unsorted", "alarms", "left_alone")
    if daemon is not None and not any(found[what] for what in things):
        print(_("All is well: %(items)s, and nothing waits.") % {"items": counted.items(found["items"])})
        return
    rows = [
        (found["items"], _("item") if found["items"] == 1 else _("items")),
        (found["queued"], ngettext("waits for an approver: dossier queue", "wait for an approver: dossier queue", found["queued"])),
        (found["waiting"], ngettext("waits in the inbox", "wait in the inbox", found["waiting"])),
        (found["rejected"], ngettext("refused drop: dossier rejected", "refused drops: dossier rejected", found["rejected"])),
        (found["unsorted"], ngettext("file without a client: dossier assign", "files without a client: dossier assign", found["unsorted"])),
        (found["outbox"], ngettext("mail to be sent", "mails to be sent", found["outbox"])),
        (found["failed_mails"], ngettext("mail that failed: dossier outbox", "mails that failed: dossier outbox", found["failed_mails"])),
    ]  # fmt: skip
    for count, what in rows:
        print(f"{count:>6}  {what}")
    for one in found["waits"][:LISTED_MOST]:
        told = f"{printing.text(one['path'])} {printing.text(one['reason'])}"
        print(_("  %(what)s, since %(when)s") % {"what": told, "when": _clock(one["since"])})
    for one in found["left_alone"][:LISTED_MOST]:
        print(f"  {printing.text(one['path'])} {printing.text(one['reason'])}")
    more = sum(max(0, len(found[what]) - LISTED_MOST) for what in ("waits", "left_alone"))
    if more:
        print(_("  and %(count)s more: dossier check inbox/CLIENT, or dossier status --json") % {"count": more})


def _watch(office: Office, reader: Actor) -> None:
    """Show the status on the terminal, anew every WATCH_SECONDS, until Ctrl-C."""
    from desk.actions import overview

    with contextlib.suppress(KeyboardInterrupt):
        while True:
            text = io.StringIO()
            with contextlib.redirect_stdout(text):
                _print(overview.status(office, reader))
            head = f"{office.root}, {clock.utc_now().astimezone():%H:%M:%S}  " + _("(Ctrl-C ends)")
            lines = [head, "", *text.getvalue().splitlines()]
            # Home, each line with what is behind it erased, then all below: an emptied screen
            # would flicker.
            shown_lines = lines[: max(1, shutil.get_terminal_size().lines - 1)]
            sys.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in shown_lines) + "\x1b[J")
            sys.stdout.flush()
            time.sleep(WATCH_SECONDS)


def _clock(iso: str) -> str:
    """`10:42` for today, else with the day."""
    moment, now = datetime.fromisoformat(iso), clock.utc_now().astimezone()
    return moment.strftime("%H:%M" if moment.date() == now.date() else "%Y-%m-%d %H:%M")


def rejected(json: Json = False) -> None:
    """Refused drops that still lie in the inbox, with what is wrong with them."""
    from desk.actions import overview

    office, reader = session.opened_despite_faults(), session.reader()
    found = overview.rejected(office, reader, "" if json else session.language())
    if json:
        printing.as_json(found)
        return
    overview.look_at_rejected(office, clock.utc_now(), reader, found)
    for drop in found:
        print(f"{printing.text(drop['path'])}  ({printing.day_and_time(drop['at'])})")
        for line in drop["why"]:
            print(f"    {printing.text(line)}")
    todo = _("Correct the sidecar and move the files back into the client's folder.")
    print(todo if found else _("Nothing is refused."))
