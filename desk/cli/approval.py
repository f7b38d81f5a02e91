"""Commands that decide what a client sees: queue, approve, reject, withdraw, publish."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from desk.cli import session

Items = Annotated[list[str], typer.Argument(metavar="ITEM...", help="Numbers: D-2026-000012, or 2026-000012.")]
OneItem = Annotated[str, typer.Argument(metavar="ITEM", help="A number: D-2026-000012, or 2026-000012.")]
Comment = Annotated[str, typer.Option("--comment", help="Goes into the item's history.")]


TABLE_ROWS = 50
"""What `queue` prints for people, if they don't ask for more."""


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier queue --approver k.smit")(queue)
    app.command(epilog='Example: dossier approve 2026-000012 --comment "Looked at it"')(approve)
    app.command(epilog='Example: dossier reject 2026-000012 --comment "Page 3 is missing"')(reject)
    app.command(epilog='Example: dossier withdraw 2026-000012 --reason "Wrong year"')(withdraw)
    app.command(epilog="Example: dossier publish 2026-000012")(publish)


def key_of(name: str) -> int:
    """The key of the item that was typed. Raises BadParameter."""
    from dossier.database.tables import item_key

    try:
        return item_key(name)
    except ValueError:
        raise typer.BadParameter(f"`{name}` is no item's number; give one such as D-2026-000012") from None


def queue(
    approver: Annotated[str | None, typer.Option("--approver", metavar="STAFF", help="Only what waits for this person.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="At most so many; 0: all. A table has at most 50, unless you say so.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Concepts that wait for a decision, oldest first."""
    office = session.opened_quickly()
    from desk.cli import printing
    from dossier.office import hours
    from dossier.text import clock
    from workflow.approval import waiting
    from workflow.reports import finding

    if approver is not None and approver not in office.staff:
        raise typer.BadParameter(f"there is no staff member `{approver}` in config/staff.yaml")
    may = session.readable()
    today, most = hours.today(office, clock.utc_now()), TABLE_ROWS if limit is None and not json else limit or None
    if approver is None and most is not None and most <= TABLE_ROWS:
        keys = waiting.all_waiting(may)
        asked = waiting.who_is_asked(office, today, may, keys[:most])
    else:
        asked = waiting.who_is_asked(office, today, may)
        keys = [key for key, whom in asked.items() if approver is None or approver in whom]
    found = [{**summary, "asked": asked[key]} for key, summary in finding.summaries_of_waiting(set(keys[:most]))]
    if json:
        printing.as_json(found)
        return
    rows = [(one["item"], one["client"], one["description"], one["created_by"], ", ".join(one["asked"])) for one in found]
    printing.table(("item", "client", "description", "made by", "waits for"), rows, "Nothing waits for a decision.")
    for one in found:
        for line in one["attention"]:
            print(f"{one['item']}, attention: {printing.text(line)}")
    if most is not None and len(keys) > most:
        print(f"These are the oldest {most} of {len(keys)}; --limit 0 shows all.")


def approve(items: Items, comment: Comment = "") -> None:
    """Approve concepts: the client sees them within a second."""
    _decide(items, "approve", comment)


def reject(
    item: OneItem, comment: Annotated[str, typer.Option("--comment", help="What must be changed; its maker gets it by mail.")]
) -> None:
    """Return a concept to its maker, with a comment."""
    _decide([item], "reject", comment)


def _decide(names: list[str], verdict: Literal["approve", "reject"], comment: str) -> None:
    office = session.opened_quickly()
    from dossier.database.database import transaction
    from dossier.database.tables import item_name
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from workflow.approval import deciding

    keys, actor = [key_of(name) for name in names], session.actor()
    # What waits now is decided on, and nothing that somebody makes of it while others are decided.
    contents = {key: deciding.content_waiting(key) for key in keys}
    refused = False
    for key in keys:
        try:
            with transaction():
                share_state = deciding.decide(office, clock.utc_now(), actor, key, verdict, comment, contents[key])
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            refused = True
        else:
            done = {"approve": "approved", "reject": "returned to its maker"}[verdict]
            more = "; more approvals are needed" if verdict == "approve" and share_state == "concept" else ""
            print(f"{item_name(key)} is {done}{more}")
    if refused:
        raise typer.Exit(1)


def withdraw(item: OneItem, reason: Annotated[str, typer.Option("--reason", help="Why; goes into the item's history.")]) -> None:
    """Take an item off the portal, or a concept from its approvers."""
    from desk.actions import withdrawing
    from desk.cli import printing
    from dossier.text import clock

    key, office, actor = key_of(item), session.opened(), session.actor()
    for line in withdrawing.withdraw(office, clock.utc_now(), actor, key, reason):
        print(printing.text(line))


def publish(item: OneItem) -> None:
    """Put back on the portal what was approved before it was withdrawn."""
    from desk.actions import changing
    from dossier.text import clock

    key, office, actor = key_of(item), session.opened(), session.actor()
    print(changing.put_back(office, clock.utc_now(), actor, key))
