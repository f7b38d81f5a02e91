"""Commands that decide what a client sees: queue, approve, reject, withdraw, publish."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from desk.cli import completing, session
from desk.cli.words import _, add

Items = Annotated[
    list[str],
    typer.Argument(metavar="ITEM...", help="Numbers: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items),
]
OneItem = Annotated[
    str, typer.Argument(metavar="ITEM", help="A number: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items)
]
Comment = Annotated[str, typer.Option("--comment", help="Goes into the item's history.")]


TABLE_ROWS = 50
"""What `queue` prints for people, if they don't ask for more."""


def register(app: typer.Typer) -> None:
    add(app, queue, "dossier queue --approver k.smit")
    add(app, approve, 'dossier approve 2026-000012 --comment "Looked at it"')
    add(app, reject, 'dossier reject 2026-000012 --comment "Page 3 is missing"')
    add(app, withdraw, 'dossier withdraw 2026-000012 --reason "Wrong year"')
    add(app, publish, "dossier publish 2026-000012")


def key_of(name: str) -> int:
    """The key of the item that was typed: a number, or, where only one fits, the part of it without the year. Raises BadParameter."""
    from dossier.database.tables import item_key, item_name

    if name.isascii() and name.isdecimal() and len(name) <= 7:  # as many digits as a number has at most
        from desk.actions import looking_up

        fitting = looking_up.key_of_number(int(name), session.opened_quickly(), session.reader())
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            values = {"name": name, "items": ", ".join(map(item_name, fitting))}
            raise typer.BadParameter(_("`%(name)s` may be %(items)s: say which") % values)
    try:
        return item_key(name)
    except ValueError:
        told = _("`%(name)s` is no item's number; give one such as D-2026-000012") % {"name": name}
        raise typer.BadParameter(told) from None


def queue(
    approver: Annotated[
        str | None,
        typer.Option("--approver", metavar="STAFF", help="Only what waits for this person.", autocompletion=completing.staff),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="At most so many; 0: all. A table has at most 50, unless you say so.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Concepts that wait for a decision, oldest first."""
    office = session.opened_quickly()
    from desk.actions import deciding
    from desk.cli import printing
    from dossier.text import clock

    most = TABLE_ROWS if limit is None and not json else limit or None
    found = deciding.queue(office, clock.utc_now(), session.reader(), approver, most)
    if json:
        printing.as_json(found.items)
        return
    rows = [(one["item"], one["client"], one["description"], one["created_by"], ", ".join(one["asked"])) for one in found.items]
    columns = (_("item"), _("client"), _("description"), _("made by"), _("waits for"))
    printing.table(columns, rows, _("Nothing waits for a decision."))
    for one in found.items:
        for line in one["attention"]:
            print(_("%(item)s, attention: %(what)s") % {"item": one["item"], "what": printing.text(line)})
    if most is not None and found.count > most:
        print(_("These are the oldest %(most)s of %(count)s; --limit 0 shows all.") % {"most": most, "count": found.count})


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
    from desk.actions import deciding
    from desk.cli import printing
    from dossier.text import clock
    from dossier.text.refusals import Refusal

    keys, actor, refused = [key_of(name) for name in names], session.actor(), False
    for outcome in deciding.decide_each(office, clock.utc_now(), actor, keys, verdict, comment):
        if isinstance(outcome, Refusal):
            print(printing.refusal(outcome), file=sys.stderr)
            refused = True
        else:
            print(printing.text(outcome))
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
    from desk.actions import withdrawing
    from desk.cli import printing
    from dossier.text import clock

    key, office, actor = key_of(item), session.opened(), session.actor()
    print(printing.several(withdrawing.put_back(office, clock.utc_now(), actor, key)))
