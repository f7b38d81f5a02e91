"""Commands that find and show items: items, show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from desk.cli import completing, printing, session
from desk.cli.numbers import OneItem, key_of
from desk.cli.options import Json
from desk.cli.translation import _, add
from dossier.text import clock

if TYPE_CHECKING:
    from dossier.office.office import Office


def register(app: typer.Typer) -> None:
    add(app, items, "dossier items --client acme-bv --since 2026-01-01 jaarrekening")
    add(app, show, "dossier show 2026-000012")


def items(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...", help="Beginnings of words that must be there, also in the files; a client's name counts, too."
        ),
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="CODE", autocompletion=completing.clients)] = None,
    label: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str | None, typer.Option(help="This place in the dossier, and what is below it.")] = None,
    status: Annotated[str | None, typer.Option()] = None,
    kind: Annotated[str | None, typer.Option("--type")] = None,
    share_state: Annotated[
        str | None, typer.Option("--share-state", "--state", help="private, concept, approved, published, returned or withdrawn.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Made on or after this day.")
    ] = None,
    within: Annotated[
        Literal["files"] | None, typer.Option("--in", help="The words are in the text of the files, not in what the item says.")
    ] = None,
    unopened: Annotated[bool, typer.Option("--unopened", help="On the portal, and opened by no contact yet.")] = False,
    due: Annotated[
        bool, typer.Option("--due", help="Something must be done with it soon, or had to be; the earliest first.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 50,
    after: Annotated[
        str | None, typer.Option(metavar="ITEM", help="Go on behind this one.", autocompletion=completing.items)
    ] = None,
    json: Json = False,
) -> None:
    """Find items, newest first; with words the best match first."""
    office = session.opened_quickly()
    from desk.actions import looking_up
    from workflow.reports.finding import Filter

    horizon = None
    if due:
        from workflow.items import dates

        horizon = dates.horizon(office, clock.utc_now())
    wanted = Filter(
        client=client, label=label, location=location, status=status, type=kind, share_state=share_state,
        since=since.date() if since else None, unopened=unopened, words=" ".join(words or ()),
        in_files=within == "files", due_by=horizon,
    )  # fmt: skip
    reader = session.reader()
    looking_up.check_filter(office, reader, wanted)
    found = looking_up.find_items(office, reader, wanted, limit, key_of(after) if after else None)
    if client is not None:
        looking_up.note_client(office, clock.utc_now(), reader, client)
    shown = columns("item", "due_on" if due else "created_at", "client", "description", "status", "share_state", "location")
    printing.listing(found, json, shown, _("No item fits."), spare=(_("location"), _("status")))
    if limit and len(found) == limit and not json:
        print(_("There may be more: --after %(item)s, or --limit 0 for all.") % {"item": found[-1]["item"]})


def show(item: OneItem, json: Json = False) -> None:
    """One item with its attachments and history. That you looked at it is in its history."""
    office = session.opened_quickly()
    from desk.actions import looking_up

    whole = looking_up.show(office, clock.utc_now(), session.reader(), key_of(item))
    if json:
        printing.as_json(whole)
        return
    with printing.paged():
        _print_item(office, whole)


def columns(*keys: str) -> list[printing.Column]:
    """Columns of a list of items, by the keys that `items --json` has."""
    headings = {
        "item": _("item"), "created_at": _("date"), "due_on": _("due"), "client": _("client"), "description": _("description"),
        "status": _("status"), "share_state": _("shared"), "location": _("location"),
    }  # fmt: skip
    shown = {"created_at": lambda one: one["created_at"][:10], "share_state": lambda one: state(one["share_state"])}
    return [(headings[key], shown.get(key, key)) for key in keys]


def state(share_state: str) -> str:
    """A share state in the reader's language."""
    return {
        "private": _("private"), "concept": _("concept"), "approved": _("approved"), "published": _("published"),
        "returned": _("returned"), "withdrawn": _("withdrawn"),
    }.get(share_state, share_state)  # fmt: skip


def _notify(is_asked: bool, is_public: bool) -> str | None:
    if not is_asked:
        return None
    return _("yes, it is not sent yet") if is_public else _("yes, once it is on the portal")


def _print_taken_out(item: str) -> None:
    from dossier.database.tables import item_key
    from workflow.items import versions

    for number, one in enumerate(versions.taken_out(item_key(item))):
        if number == 0:
            print()
        back = f"dossier revert {item} {quote(one.name)} --version {one.number}"
        printing.indented("", _("%(name)s was taken out; put it back with: %(command)s") % {"name": one.name, "command": back})


def _print_item(office: Office, whole: dict[str, Any]) -> None:
    from workflow.reports import story

    printing.indented(f"{whole['item']}  ", whole["description"])
    approver = whole["approver"]
    facts = {
        _("client"): _named(office, whole["client"]), _("status"): whole["status"], _("type"): whole["type"], _("location"): whole["location"],
        _("labels"): ", ".join(whole["labels"]),
        _("shared"): state(whole["share_state"]) + (_(", on the portal now") if whole["public"] else ""),
        _("approver"): approver if isinstance(approver, str) or approver is None else ", ".join(approver),
        _("made by"): f"{whole['created_by']}, {printing.day_and_time(whole['created_at'])}",
        _("published"): printing.day_and_time(whole["published_at"]),
        _("contact"): whole["contact"], _("notify"): _notify(whole["notify"], whole["public"]),
        _("notified"): printing.day_and_time(whole["notified_at"]), _("due"): whole["due"], _("owner"): whole["owner"],
        **whole["fields"], _("explanation"): whole["explanation"],
    }  # fmt: skip
    told = [(name, value) for name, value in facts.items() if value] + [(_("attention"), line) for line in whole["attention"]]
    width = max(13, *(len(name) + 2 for name, _value in told))
    for name, value in told:
        printing.indented(f"  {name + ':':<{width}}", value)
    if whole["attachments"]:
        print()
        files = [row for one in whole["attachments"] for row in _versions(office, one)]
        columns = (_("attachment"), _("version"), _("date"), _("by"), _("bytes"), _("shared"), _("note"))
        printing.table(columns, files, spare=(_("note"),))
    _print_taken_out(whole["item"])
    if whole["openings"]:
        print()
        shown: list[printing.Column] = [
            (_("opened by"), "contact"), (_("what"), lambda one: one["file"] or _("the item's page")),
            (_("first"), printing.moment("first_at")), (_("last"), printing.moment("last_at")), (_("times"), "times"),
        ]  # fmt: skip
        printing.listing(whole["openings"], False, shown, "")
    print()
    for one in reversed(story.story(office, whole["client"], whole["history"])):
        who = f"{printing.text(one.who)} " if one.who else ""
        printing.indented(f"{printing.day_and_time(one.at)}  ", f"{who}{printing.text(one.what)}")
        for more in one.more:
            printing.indented(f"{'':<18}", more)


def _versions(office: Office, attachment: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """The rows of an attachment: as it is now, and below it what it was."""
    from workflow.reports import story

    for number, one in enumerate(attachment["versions"]):
        by = story.name_of(office, one["by"]) if one["by"] else ""
        what = (one["version"], (one["at"] or "")[:10], by, printing.number(one["size"]))
        if number == 0:
            yield attachment["name"], *what, _("yes") if attachment["share"] else _("no"), attachment["note"]
        else:
            yield "" if one["name"] == attachment["name"] else one["name"], *what, "", ""


def _named(office: Office, client: str) -> str:
    return f"{office.clients[client].name} ({client})" if client in office.clients else client
