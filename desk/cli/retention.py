"""Commands about how long things are kept: retention list, run, hold, release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session
from desk.cli.approval import key_of

if TYPE_CHECKING:
    from workflow.retention.retention import Kept

Client = Annotated[str | None, typer.Option("--client", metavar="CODE", help="A client, with all its items.")]
Item = Annotated[str | None, typer.Option("--item", metavar="ITEM", help="One item.")]
Reason = Annotated[str, typer.Option("--reason", help="Stays in the trail.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]

retention = typer.Typer(
    no_args_is_help=True,
    help="How long items are kept and why; their removal when the term is over.",
    epilog="Example: dossier retention list --due",
)


def register(app: typer.Typer) -> None:
    app.add_typer(retention, name="retention")
    retention.command("list", epilog="Example: dossier retention list --due")(list_)
    retention.command(epilog="Example: dossier retention run 2026-000012")(run)
    retention.command(epilog='Example: dossier retention hold --client acme-bv --reason "court case"')(hold)
    retention.command(epilog='Example: dossier retention release --client acme-bv --reason "settled"')(release)


def list_(
    client: Client = None,
    due: Annotated[bool, typer.Option("--due", help="Only what is over.")] = False,
    json: Json = False,
) -> None:
    """Until when each item is kept, and because of what."""
    from desk.cli import printing
    from dossier.database.tables import item_name
    from dossier.text import clock
    from workflow.retention import retention as rules

    office, today = session.opened(), clock.utc_now().astimezone().date()
    found = [one for one in rules.kept(office, session.readable(), client) if one.is_over(today) or not due]
    if json:
        printing.as_json([rules.as_json(one, today) for one in found])
        return
    rows = [
        (
            item_name(one.item),
            one.client,
            _until(one),
            "; ".join(one.obstacles) if one.obstacles else "may go" if one.is_over(today) else "",
        )
        for one in found
    ]
    printing.table(("item", "client", "", ""), rows, "Nothing is over." if due else "There are no items.")


def run(
    items: Annotated[list[str] | None, typer.Argument(metavar="[ITEM...]", help="Only these; without, all that may go.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove for good what may go: the item's record, its files, and what the trail told of it. Needs an admin."""
    from dossier.database.database import transaction
    from dossier.database.tables import item_name
    from dossier.office import people
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from dossier.vault.opening import open_vault
    from workflow.retention import retention as rules

    office, actor, now = session.opened(), session.actor(), clock.utc_now()
    if not people.is_admin(office, actor.code):
        raise Refusal(f"{actor.code} may not remove items; an admin can")
    today, keys = now.astimezone().date(), [key_of(name) for name in items] if items else None
    found = list(rules.kept(office, keys=keys))
    wrong = [one for one in found if keys is not None and (one.obstacles or not one.is_over(today))]
    if wrong or (keys is not None and len(found) < len(set(keys))):
        told = [f"{item_name(one.item)}: {'; '.join(one.obstacles) or _until(one)}" for one in wrong]
        told += [f"{item_name(key)}: there is no such item" for key in keys or () if key not in {one.item for one in found}]
        raise Refusal("nothing was removed: " + " / ".join(told))
    going = [one for one in found if one.is_over(today) and not one.obstacles]
    for one in found:
        if one.is_over(today):
            print(
                f"{item_name(one.item)}  {one.client}  {'; '.join(one.obstacles) or f'over since {one.end.until}: {one.end.because}'}"
            )
    if not going:
        went, left = rules.sweep(open_vault(office))
        print("Nothing may go." + (f" {went} files of earlier removals went." if went else ""))
        return
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Remove {len(going)} items for good?")):
        raise Refusal("nothing was removed; to remove what is listed: dossier retention run --yes")
    with transaction():
        gone = rules.remove(office, now, actor, [one.item for one in going])
    went, left = rules.sweep(open_vault(office))
    print(f"{len(gone)} items removed, {went} files" + (f"; {left} that came in lately go in an hour or so" if left else ""))


def _until(one: Kept) -> str:
    return f"kept until {one.end.until or 'further notice'} because of {one.end.because}"


def hold(reason: Reason, client: Client = None, item: Item = None) -> None:
    """Remove nothing of this client or item until it is released, whatever the terms say. Needs an admin."""
    from dossier.database.database import transaction
    from dossier.text import clock
    from workflow.retention import retention as rules

    office, actor = session.opened(), session.actor()
    kind, subject = _subject(client, item)
    with transaction():
        rules.hold(office, clock.utc_now(), actor, kind, subject, reason)
    print(f"legal hold on {subject}")


def release(reason: Reason, client: Client = None, item: Item = None) -> None:
    """End a legal hold. Needs an admin."""
    from dossier.database.database import transaction
    from dossier.text import clock
    from workflow.retention import retention as rules

    office, actor = session.opened(), session.actor()
    kind, subject = _subject(client, item)
    with transaction():
        rules.release(office, clock.utc_now(), actor, kind, subject, reason)
    print(f"no legal hold on {subject} any more")


def _subject(client: str | None, item: str | None) -> tuple[str, str]:
    from dossier.database.tables import item_name
    from dossier.text.refusals import Refusal
    from workflow.items import items

    if bool(client) == bool(item):
        raise typer.BadParameter("on what? give --client or --item")
    if item:
        return "item", item_name(items.get(key_of(item)).id)
    if client not in session.office().clients:
        raise Refusal(f"there is no client {client}")
    return "client", str(client)
