"""Commands that tell what happened and why: why, audit."""

from __future__ import annotations

import contextlib
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from desk.cli import session
from desk.cli.approval import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dossier.office.office import Office
    from dossier.office.people import Readable
    from dossier.trail.trail import Kept

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
OfItem = Annotated[str | None, typer.Option("--item", metavar="ITEM")]
OfClient = Annotated[str | None, typer.Option("--client", metavar="CODE", help="About this client or an item of it.")]
OfPerson = Annotated[str | None, typer.Option("--person", metavar="STAFF", help="Who did it, also for another.")]
_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
Since = Annotated[datetime | None, typer.Option(formats=_DAY, help="From this day or moment on.")]
Until = Annotated[datetime | None, typer.Option(formats=_DAY, help="Before this day or moment.")]

FIELDS = ("seq", "at", "actor", "behind", "way", "action", "item", "subject", "detail", "salt", "digest", "hash", "link")
"""Of an export. `link`: only of an event from which a person was erased: what the chain was computed over."""

audit = typer.Typer(
    no_args_is_help=True,
    help="The trail: who did what, when, in a chain that shows every change to it.",
    epilog="Example: dossier audit verify",
)


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier why 2026-000012, or: dossier why inbox/acme-bv/report.yaml")(why)
    app.command(epilog="Example: dossier proof 2026-000012 > proof.html, and later: dossier proof --check proof.html")(proof)
    app.add_typer(audit, name="audit")
    audit.command(epilog="Example: dossier audit log --client acme-bv --since 2026-01-01")(log)
    audit.command(epilog="Example: dossier audit verify")(verify)
    audit.command(epilog="Example: dossier audit export --format csv --since 2026-01-01 > trail.csv")(export)
    audit.command(epilog='Example: dossier audit erase --item 2026-000012 --reason "request of 3 March"')(erase)


def why(
    what: Annotated[str, typer.Argument(metavar="ITEM|PATH", help="An item's number, or a file or folder of the inbox.")],
    json: Json = False,
) -> None:
    """All that keeps an item off the portal, or a file in the inbox from being taken."""
    from pathlib import Path

    from dossier.database.tables import item_key

    try:
        key = item_key(what)
    except ValueError:
        told, found, heading = _why_path(Path(what))
    else:
        told, found, heading = _why_item(key)
    from desk.cli import printing

    if json:
        printing.as_json({**told, "reasons": found})
        return
    print(printing.text(heading))
    for reason in found:
        print(f"  - {printing.text(reason)}")


def proof(
    item: Annotated[str | None, typer.Argument(metavar="[ITEM]", help="A number: D-2026-000012, or 2026-000012.")] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="FILE", help="Verify a sheet; needs no office.")] = None,
    language: Annotated[Literal["nl", "en"] | None, typer.Option(help="Of the sheet; without it, yours.")] = None,
    json: Json = False,
) -> None:
    """What the client could see of an item from when to when, as a page that can be verified without the database."""
    if (item is None) == (check is None):
        raise typer.BadParameter("give an ITEM, or --check FILE")
    if check is not None:
        _check_proof(check, json)
        return
    from desk.cli import printing
    from dossier.text import clock
    from workflow.items import items
    from workflow.reports import finding
    from workflow.reports import proof as room

    key, office, reader = key_of(item or ""), session.opened(), session.reader()
    found = items.get_for(office, reader, key)
    finding.note_view(clock.utc_now(), reader, found, "proof")
    sheet = room.collect(office, clock.utc_now(), found)
    if json:
        printing.as_json(sheet)
    else:
        print(room.render(sheet, language or session.language()), end="")


def _check_proof(path: str, json: bool) -> None:
    from pathlib import Path

    from desk.cli import printing
    from workflow.reports import proof as room

    with Path(path).open("rb") as file:
        data = file.read(room.MOST_BYTES + 1)
    try:
        sheet, faults = room.check(data.decode("utf-8", "replace"))
    except room.NotASheet as error:
        sheet, faults = {}, [str(error)]
    anchor = sheet.get("anchor", {})
    if json:
        printing.as_json({"item": sheet.get("item"), "holds": not faults, "faults": faults, "anchor": anchor})
    elif not faults:
        print(
            f"{printing.text(sheet['item'])}: the sheet holds. It leads to the trail's anchor of {printing.text(anchor['at'])}, event {anchor['length']}:"
        )
        print(f"  {printing.text(anchor['head'])}")
        print("Compare that with the office's anchors: var/anchors/, a backup, or the mail of that day.")
    for fault in faults:
        print(printing.text(fault), file=sys.stderr)
    if faults:
        raise typer.Exit(1)


def _why_item(key: int) -> tuple[dict[str, Any], list[str], str]:
    from dossier.database.tables import item_name
    from dossier.text import clock
    from workflow.items import items
    from workflow.reports import reasons

    office, reader = session.opened_quickly(), session.reader()
    item = items.get_for(office, reader, key)
    found = reasons.reasons(office, clock.utc_now(), item)
    told = {"item": item_name(key), "share_state": item.share_state, "public": item.public is not None}
    after = " What keeps it off as it is now:" if found else " Nothing keeps it off."
    return told, found, f"{item_name(key)} is {item.share_state}. {reasons.visible(item)}{after}"


def _why_path(path: Path) -> tuple[dict[str, Any], list[str], str]:
    """What `check` says of it, and what became of a file that is not there any more."""
    import os

    from dossier.cluster import presence
    from dossier.text import clock, names
    from ingest.intake import checking, staying

    office, parts, may = session.opened(), path.parts, session.readable()
    if not os.path.lexists(path):
        found = _what_became(path.name, may)
        return {"path": str(path)}, found, f"{path} is not there." + (" What became of one of that name:" if found else "")
    if any(part in ("_rejected", "_done") for part in parts):
        return (
            {"path": str(path)},
            ["it lies where the office puts what it has finished with; WHY.txt or the receipt beside it says more"],
            f"{path}:",
        )
    if names.is_ignored(path.name):
        return {"path": str(path)}, ["a file with such a name is never taken; rename it"], f"{path} is not taken:"
    found, good = checking.check(office, [path], may, staying.recorded())
    if not found and not good:
        found = [] if path.resolve().is_relative_to(office.inbox.resolve()) else [f"it does not lie in the inbox {office.inbox}"]
    found = found + _trouble(office, path, may)
    if not presence.daemons(office, clock.utc_now()):
        found.append("no daemon runs here; start it with: dossier run")
    heading = f"{path} is not taken yet:" if found else f"Nothing keeps {path} from being taken; the daemon's next look takes it."
    return {"path": str(path)}, found, heading


def _trouble(office: Office, path: Path, may: Readable) -> list[str]:
    """What keeps the drops of this client from being taken, whatever they are like."""
    from workflow.outbox import alarms

    told = None
    with contextlib.suppress(ValueError, IndexError):
        client = path.resolve().relative_to(office.inbox.resolve()).parts[0]
        told = alarms.text_of(f"intake {client}") if may.has(client) else None
    return [f"it can't be taken now: {told}; it is tried again"] if told else []


def _what_became(name: str, may: Readable) -> list[str]:
    """Drops of this name that were taken or refused, the newest first."""
    from dossier.database import readable
    from dossier.database.tables import Drop, item_name
    from dossier.text import clock, names

    stems = {name, names.stem(name) if names.is_sidecar(name) else name, name.rpartition(".")[0] or name}
    query = readable.only_of_clients(Drop.select().where(Drop.stem.in_(list(stems))), Drop.client, Drop.item, may)
    rows = query.order_by(Drop.id.desc()).limit(5)
    return [
        f"{row.client}: {row.kind} on {clock.shown(row.at)}"
        + (f" as {item_name(row.item)}" if row.item else f", see _rejected/{row.target}")
        for row in rows
    ]


def _events(
    item: str | None,
    client: str | None,
    person: str | None,
    since: datetime | None,
    until: datetime | None,
    newest: int | None = None,
) -> Iterator[Kept]:
    from dossier.trail import trail

    session.opened_quickly()
    return trail.events(
        item=key_of(item) if item else None, client=client, person=person, since=since and since.astimezone(),
        until=until and until.astimezone(), may=session.readable(), newest=newest,
    )  # fmt: skip


def log(
    item: OfItem = None,
    client: OfClient = None,
    person: OfPerson = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many, the newest; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """What happened, oldest first. All filters must hold."""
    from desk.cli import printing
    from dossier.database.tables import item_name
    from dossier.text import clock
    from dossier.trail import trail

    found = list(_events(item, client, person, since, until, limit or None))
    if json:
        told = [
            {
                "seq": e.seq, "at": clock.shown(e.at), "actor": e.actor, "action": e.action, "item": e.item and item_name(e.item),
                "client": e.subject, "detail": trail.told(e),
            }
            for e in found
        ]  # fmt: skip
        printing.as_json(told)
        return
    rows = [
        (
            e.seq,
            printing.day_and_time(clock.shown(e.at)),
            _who(e),
            e.action,
            item_name(e.item) if e.item else e.subject,
            _told(trail.told(e)),
        )
        for e in found
    ]
    printing.table(("", "when", "who", "what", "about", ""), rows, "Nothing of that kind has happened.")


def _who(event: Kept) -> str:
    return f"{event.actor} (by {event.behind})" if event.behind else event.actor


def _told(detail: dict[str, Any]) -> str:
    detail |= {"redacted": ", ".join(detail["redacted"])} if "redacted" in detail else {}
    return "; ".join(f"{key}: {value}" for key, value in detail.items() if key not in ("behind",) and value not in (None, [], {}))


def verify() -> None:
    """Check the whole trail, against its anchors and the records too; exit 1 and the first event that does not fit."""
    from dossier.trail import anchors, auditing, trail

    office = session.opened()
    found, fault = anchors.read(anchors.folder_of(office))
    fault = auditing.first_fault(found) or fault
    if fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(1)
    length, head = trail.head()
    print(f"{length} events, each as it was written; {len(found)} anchors lie on the chain")
    print(f"head {head}")


def export(
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="A JSON object a line, or CSV.")] = "jsonl",
    item: OfItem = None,
    client: OfClient = None,
    person: OfPerson = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Print the trail with its hashes, so that others can check and search it. That you did is in the trail."""
    import csv
    import json

    from dossier.database.database import transaction
    from dossier.database.tables import item_name
    from dossier.text import clock
    from dossier.trail import redacting, trail

    found = _events(item, client, person, since, until)
    links = redacting.redactions(1, trail.head()[0])
    reader, written = session.reader(), 0
    sheet = csv.writer(sys.stdout)
    if form == "csv":
        sheet.writerow(FIELDS)
    for event in found:
        values = {**event._asdict(), "item": event.item and item_name(event.item), "link": links.get(event.seq)}
        if form == "csv":
            sheet.writerow([values[name] for name in FIELDS])
        else:
            values["detail"] = event.detail and json.loads(event.detail)
            print(json.dumps({name: values[name] for name in FIELDS}, ensure_ascii=False))
        written += 1
    with transaction():
        trail.record(clock.utc_now(), reader, "exported", key_of(item) if item else None, {"events": written}, client)


def erase(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays, so it must not say what was erased.")],
    item: OfItem = None,
    event: Annotated[list[int] | None, typer.Option("--event", metavar="N", help="Numbers of events, as log tells them.")] = None,
) -> None:
    """Erase for good what people wrote in events, of an item or by number. The chain still verifies. Needs an admin."""
    from dossier.database.database import transaction
    from dossier.office import people
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from dossier.trail import redacting, trail

    office, actor = session.opened(), session.actor()
    if not people.is_admin(office, actor.code):
        raise Refusal(f"{actor.code} may not erase; an admin can")
    if not item and not event:
        raise typer.BadParameter("which events? give --item, or --event, as often as needed")
    if not reason.strip():
        raise Refusal("an erasure needs a reason: --reason TEXT")
    with transaction():
        wanted = [*(event or ()), *(one.seq for one in trail.events(item=key_of(item)))] if item else list(event or ())
        count = redacting.erase(clock.utc_now(), actor, wanted, reason)
    print(f"what {count} events told is erased" if count else "nothing was left to erase")
