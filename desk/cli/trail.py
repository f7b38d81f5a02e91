"""Commands that tell what happened and why: why, proof, audit."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from desk.cli import completing, counted, options, printing, session
from desk.cli.numbers import key_of
from desk.cli.options import Json
from desk.cli.translation import _, add, group, ngettext
from dossier.text import clock
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from desk.actions.auditing import EventFilter
    from dossier.trail.trail import RecordedEvent

OfItem = Annotated[str | None, typer.Option("--item", metavar="ITEM", autocompletion=completing.items)]
_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

FILTER = {
    "item": OfItem,
    "client": options.text(
        "--client", metavar="CODE", help="About this client or an item of it.", autocompletion=completing.clients
    ),
    "person": options.text("--person", metavar="STAFF", help="Who did it, also for another.", autocompletion=completing.staff),
    "since": Annotated[datetime | None, typer.Option(formats=_DAY, metavar="DATE", help="From this day or moment on.")],
    "until": Annotated[datetime | None, typer.Option(formats=_DAY, metavar="DATE", help="Before this day or moment.")],
}
"""Which events are wanted. All that is given must hold."""

FIELDS = ("seq", "at", "actor", "behind", "way", "action", "item", "subject", "detail", "salt", "digest", "hash", "link")
"""Of an export. `link`: only of an event from which a person was erased: what the chain was
computed over."""


def register(app: typer.Typer) -> None:
    add(app, why, "dossier why 2026-000012", "dossier why inbox/acme-bv/report.yaml")
    add(app, proof, "dossier proof 2026-000012 > proof.html", "dossier proof --check proof.html")
    audit = group("The trail: who did what, when, in a chain that shows every change to it.", "dossier audit verify")
    app.add_typer(audit, name="audit")
    add(audit, log, "dossier audit log --client acme-bv --since 2026-01-01")
    add(audit, verify, "dossier audit verify")
    add(audit, export, "dossier audit export --format csv --since 2026-01-01 > trail.csv")
    add(audit, erase, 'dossier audit erase --item 2026-000012 --reason "request of 3 March"')


def why(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ITEM|PATH", help="An item's number, or a file or folder of the inbox.", autocompletion=completing.items
        ),
    ],
    json: Json = False,
) -> None:
    """All that keeps an item off the portal, or a file in the inbox from being taken."""
    from desk.actions import explaining
    from dossier.database.tables import item_key, item_name

    try:
        key = key_of(what) if what.isdecimal() and not Path(what).exists() else item_key(what)
    except ValueError:
        key = None
    office, now = session.opened_quickly(), clock.utc_now()
    told: dict[str, Any] = {"path": what}
    if key is None:
        found = explaining.why_path(office, now, session.reader(), Path(what), session.language())
    else:
        found, state, public = explaining.why_item(office, now, session.reader(), key)
        told = {"item": item_name(key), "share_state": state, "public": public}
    if json:
        printing.as_json({**told, "reasons": found.reasons, "attention": found.besides})
        return
    print(printing.text(found.heading))
    for reason in found.reasons:
        print(f"  - {printing.text(reason)}")
    for line in found.besides:
        print(printing.text(line))


def proof(
    item: Annotated[
        str | None,
        typer.Argument(metavar="[ITEM]", help="A number: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items),
    ] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="FILE", help="Verify a sheet; needs no office.")] = None,
    language: Annotated[Literal["nl", "en"] | None, typer.Option(help="Of the sheet; without it, yours.")] = None,
    json: Json = False,
) -> None:
    """What the client could see of an item from when to when, as a page that can be verified
    without the database."""
    if (item is None) == (check is None):
        raise typer.BadParameter(_("give an ITEM, or --check FILE"))
    if check is not None:
        _check_proof(check, json)
        return
    from desk.actions import auditing
    from workflow.reports.proof import render

    key, office, reader = key_of(item or ""), session.opened_despite_faults(), session.reader()
    sheet = auditing.prove(office, clock.utc_now(), reader, key)
    if json:
        printing.as_json(sheet)
    else:
        printing.for_a_file()
        print(render(sheet, language or session.language()), end="")


def _check_proof(path: str, json: bool) -> None:
    """A sheet that fits itself may still be another's: only the trail of this office, or an anchor
    kept elsewhere, can tell."""
    from desk.actions import auditing
    from dossier.office.terms import ConfigurationError
    from workflow.reports import proof as room

    if not os.path.lexists(path):
        raise typer.BadParameter(_("%(path)s: there is no such file or folder") % {"path": path})
    with Path(path).open("rb") as file:
        data = file.read(room.MOST_BYTES + 1)
    sheet: dict[str, Any] = {}
    faults: list[Any]
    try:
        sheet, faults = room.check(data.decode("utf-8", "replace"))
    except room.NotASheet as error:
        faults = [error.sentence]
    is_ours: bool | None = None
    if not faults:
        with contextlib.suppress(ConfigurationError, OSError):  # then nothing here can tell
            is_ours = auditing.belongs_here(session.office(), sheet)
    if is_ours is False:
        faults = [_("the sheet fits itself, but not this office's trail: its anchor does not lie on it")]
    anchor = sheet.get("anchor", {})
    if json:
        told = {"item": sheet.get("item"), "holds": not faults, "fits_trail": is_ours, "faults": faults, "anchor": anchor}
        printing.as_json(told)
    elif not faults:
        fits = (
            _("%(item)s: the sheet fits itself, and this office's trail: the anchor of %(at)s, event %(count)s:")
            if is_ours
            else _("%(item)s: the sheet fits itself. It leads to the anchor of %(at)s, event %(count)s:")
        )
        print(printing.text(fits % {"item": sheet["item"], "at": anchor["at"], "count": anchor["length"]}))
        print(f"  {printing.text(anchor['head'])}")
        if not is_ours:
            compare = _(
                "Whether that is the office's own can't be told here: compare it with the office's anchors:"
                " var/anchors/, a backup, or the mail of that day."
            )
            print(compare)
    for fault in faults:
        print(printing.text(fault), file=sys.stderr)
    if faults:
        raise typer.Exit(1)


def _wanted(which: options.Given) -> EventFilter:
    from desk.actions.auditing import EventFilter

    key, since, until = key_of(which["item"]) if which["item"] else None, which["since"], which["until"]
    return EventFilter(key, which["client"], which["person"], since and since.astimezone(), until and until.astimezone())


@options.spread("which", FILTER)
def log(
    *,
    which: options.Given,
    limit: Annotated[int, typer.Option(min=0, help="At most so many, the newest; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """What happened, oldest first. All filters must hold."""
    from desk.actions import auditing
    from dossier.database.tables import item_name

    office, reader = session.opened_quickly(), session.reader()
    wanted, detail = _wanted(which), auditing.details(office, reader)
    found = list(auditing.events(office, reader, wanted, limit or None))
    if json:
        printing.as_json([
            {
                "seq": e.seq, "at": clock.local_iso(e.at), "actor": e.actor, "action": e.action, "item": e.item and item_name(e.item),
                "subject": e.subject, "client": e.subject, "detail": detail(e),
            }
            for e in found
        ])  # fmt: skip
        return
    rows = [
        (
            e.seq, printing.day_and_time(clock.local_iso(e.at)), _who(e), Sentence(f"trail.did_{e.action}"),
            item_name(e.item) if e.item else e.subject, _told(detail(e)),
        )
        for e in found
    ]  # fmt: skip
    columns = ("", _("when"), _("who"), _("what"), _("about"), "")
    printing.table(columns, rows, _("Nothing of that kind has happened."))


def _who(event: RecordedEvent) -> str:
    return _("%(who)s (by %(behind)s)") % {"who": event.actor, "behind": event.behind} if event.behind else event.actor


def _told(detail: dict[str, Any]) -> str:
    from workflow.reports import story

    detail |= {"redacted": ", ".join(detail["redacted"])} if "redacted" in detail else {}
    detail |= {"reason" if "reason" in detail else "text": detail.pop("said")} if "said" in detail else {}
    told = {key: value for key, value in detail.items() if key not in ("behind",) and value not in (None, "", [], {})}
    return "; ".join(f"{story.called(key, printing.text)}: {story.worded(value, printing.text)}" for key, value in told.items())


def verify() -> None:
    """Check the whole trail, against its anchors and the records too; exit 1 and the first event
    that does not fit."""
    from desk.actions import auditing

    office, doubt = session.opened(), session.doubt()
    session.reader_of_all()
    found = auditing.verify(office)
    if fault := found.fault or (doubt and doubt.sentence):
        print(printing.text(fault), file=sys.stderr)
        raise typer.Exit(1)
    lying = ngettext("%(anchors)s lies on the chain", "%(anchors)s lie on the chain", found.anchors)
    values = {"events": counted.events(found.events), "lying": lying % {"anchors": counted.anchors(found.anchors)}}
    print(_("%(events)s, each as it was written; %(lying)s") % values)
    print(_("head %(hash)s") % {"hash": found.head})
    if found.events and not found.anchors:
        print(printing.text(sentence("trail.no_anchors")), file=sys.stderr)


@options.spread("which", FILTER)
def export(
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="A JSON object a line, or CSV.")] = "jsonl",
    *,
    which: options.Given,
) -> None:
    """Print the trail with its hashes, so that others can check and search it. That you did is in
    the trail."""
    import csv

    from desk.actions import auditing
    from dossier.database.tables import item_name

    office, reader = session.opened_quickly(), session.reader()
    printing.for_a_file()
    sheet = csv.writer(sys.stdout)
    if form == "csv":
        sheet.writerow(FIELDS)
    for event, link in auditing.export(office, clock.utc_now(), reader, _wanted(which)):
        values = {**event._asdict(), "item": event.item and item_name(event.item), "link": link}
        if form == "csv":
            sheet.writerow([values[name] for name in FIELDS])
        else:
            values["detail"] = event.detail and json.loads(event.detail)
            print(printing.json_of({name: values[name] for name in FIELDS}))


def erase(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays, so it must not say what was erased.")],
    item: OfItem = None,
    event: Annotated[list[int] | None, typer.Option("--event", metavar="N", help="Numbers of events, as log tells them.")] = None,
) -> None:
    """Erase for good what people wrote in events, of an item or by number. The chain still
    verifies. Needs an admin."""
    from desk.actions import auditing

    office, actor = session.opened(), session.actor()
    if not item and not event:
        raise typer.BadParameter(_("which events? give --item, or --event, as often as needed"))
    count = auditing.erase(office, clock.utc_now(), actor, reason, key_of(item) if item else None, event or ())
    erased = ngettext("what one event told is erased", "what %(count)s events told is erased", count) % {"count": count}
    print(erased if count else _("nothing was left to erase"))
