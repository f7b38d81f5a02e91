"""Commands that decide what a client sees: queue, approve, reject, publish, withdraw."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

import typer

from desk.cli import completing, printing, session
from desk.cli.items import columns
from desk.cli.many import ManyItems, Where, Yes, each_of, going_on, seen_off
from desk.cli.numbers import Items, OneItem, key_of
from desk.cli.options import Json
from desk.cli.translation import _, add
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence

Comment = Annotated[str, typer.Option("--comment", help="Goes into the item's history.")]


TABLE_ROWS = 50
"""What `queue` prints for people, if they don't ask for more."""


def register(app: typer.Typer) -> None:
    add(app, queue, "dossier queue --approver k.smit")
    add(app, approve, 'dossier approve 2026-000012 --comment "Looked at it"')
    add(app, reject, 'dossier reject 2026-000012 --comment "Page 3 is missing"')
    add(app, publish, "dossier publish 2026-000012")
    add(app, withdraw, 'dossier withdraw 2026-000012 --reason "Wrong year"')


def queue(
    approver: Annotated[
        str | None,
        typer.Option("--approver", metavar="STAFF", help="Only what waits for this person.", autocompletion=completing.staff),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="At most so many; 0: all. A table has at most 50, unless you say so.")
    ] = None,
    json: Json = False,
) -> None:
    """Concepts that wait for a decision, oldest first."""
    office = session.opened_quickly()
    from desk.actions import deciding

    most = TABLE_ROWS if limit is None and not json else limit or None
    found = deciding.queue(office, clock.utc_now(), session.reader(), approver, most)
    shown = [*columns("item", "created_at", "client", "description"), (_("made by"), "created_by"), (_("waits for"), _asked)]
    noted: list[tuple[str, Sentence | str]] = []
    printing.listing(_noting(found.items, noted), json, shown, _("Nothing waits for a decision."), spare=(_("made by"),))
    if json:
        return
    for item, line in noted:
        print(_("%(item)s, attention: %(what)s") % {"item": item, "what": printing.text(line)})
    if most is not None and found.count > most:
        print(_("These are the oldest %(most)s of %(count)s; --limit 0 shows all.") % {"most": most, "count": found.count})


def _asked(one: printing.Entry) -> object:
    return one["asked"] or _("nobody; name an approver: dossier edit")


def _noting(found: Iterable[dict[str, Any]], noted: list[tuple[str, Sentence | str]]) -> Iterator[dict[str, Any]]:
    """What is found; meanwhile what must be in view of each item is noted."""
    for one in found:
        noted += [(one["item"], line) for line in one["attention"]]
        yield one


def approve(items: Items, comment: Comment = "") -> None:
    """Approve concepts: the client sees them within a second."""
    _decide(items, "approve", comment)


def reject(
    items: Items, comment: Annotated[str, typer.Option("--comment", help="What must be changed; its maker gets it by mail.")]
) -> None:
    """Return concepts to their makers, with a comment."""
    _decide(items, "reject", comment)


def _decide(names: list[str], verdict: Literal["approve", "reject"], comment: str) -> None:
    """Of several items, what waits is listed, and on a terminal it is asked.

    What somebody changes meanwhile is not decided on.
    """
    office = session.opened_quickly()
    from desk.actions import deciding, many

    keys, actor, refused = list(dict.fromkeys(map(key_of, names))), session.actor(), False
    contents = deciding.waiting_now(keys)
    listed = many.listed(office, actor, [key for key in keys if contents[key]])
    if len(keys) > 1 and not going_on(listed, yes=False, is_search=False):
        return
    for key, outcome in deciding.decide_each(office, clock.utc_now(), actor, contents, verdict, comment):
        is_refused = isinstance(outcome, Refusal)
        with printing.read_or_not():
            if isinstance(outcome, Refusal):
                of = f"{key}: " if len(keys) > 1 else ""
                print(f"{of}{printing.refusal(outcome)}", file=sys.stderr)
            else:
                print(printing.text(outcome))
        refused = refused or is_refused
    if refused:
        raise typer.Exit(1)


def publish(item: OneItem) -> None:
    """Put back on the portal what was approved before it was withdrawn."""
    from desk.actions import withdrawing

    printing.outcome(withdrawing.put_back, key_of(item))


def withdraw(
    items: ManyItems = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the item's history.")],
    where: Where = None,
    yes: Yes = False,
) -> None:
    """Take items off the portal, or concepts from their approvers."""
    from desk.actions import withdrawing

    office, actor = session.opened_despite_faults(), session.actor(despite_faults=True)

    def act(key: int, _version: int | None) -> Sequence[Sentence]:
        told = withdrawing.withdraw(office, clock.utc_now(), actor, key, reason)
        withdrawn.append(key)
        return told

    with seen_off() as withdrawn:
        each_of(items, where, yes, actor, act, "\n")
