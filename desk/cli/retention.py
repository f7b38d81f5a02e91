"""Commands about how long things are kept: retention list, run, hold, release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import completing, printing, session
from desk.cli.numbers import key_of
from desk.cli.options import Json
from desk.cli.translation import _, add, confirm, group, ngettext
from dossier.text import clock
from dossier.text.refusals import Conflict
from dossier.text.sentences import sentence

if TYPE_CHECKING:
    from workflow.retention.retention import RetentionState

Client = Annotated[
    str | None, typer.Option("--client", metavar="CODE", help="A client, with all its items.", autocompletion=completing.clients)
]
Item = Annotated[str | None, typer.Option("--item", metavar="ITEM", help="One item.", autocompletion=completing.items)]
Reason = Annotated[str, typer.Option("--reason", help="Stays in the trail.")]


def register(app: typer.Typer) -> None:
    retention = group("How long items are kept and why; their removal when the term is over.", "dossier retention list --due")
    app.add_typer(retention, name="retention")
    add(retention, list_, "dossier retention list --due", name="list")
    add(retention, run, "dossier retention run 2026-000012")
    add(retention, hold, 'dossier retention hold --client acme-bv --reason "court case"')
    add(retention, release, 'dossier retention release --client acme-bv --reason "settled"')


def list_(
    client: Client = None,
    due: Annotated[bool, typer.Option("--due", help="Only what is over.")] = False,
    json: Json = False,
) -> None:
    """Until when each item is kept, and because of what."""
    from desk.actions import retaining
    from dossier.database.tables import item_name
    from workflow.retention import retention as rules

    office, today = session.opened_as_remembered(), clock.utc_now().astimezone().date()
    found = retaining.kept(office, session.reader(), today, client, due)
    if json:
        printing.as_json([rules.as_json(one, today) for one in found])
        return
    may_go, no_end = _("may go"), _("further notice")
    rows = [
        (
            item_name(one.item), one.client, str(one.end.until or no_end), one.end.because,
            _against(one) or (may_go if one.is_over(today) else ""),
        )
        for one in found
    ]  # fmt: skip
    columns = (_("item"), _("client"), _("kept until"), _("because"), _("what keeps it"))
    printing.table(columns, rows, _("Nothing is over.") if due else _("There are no items."))


def _against(one: RetentionState) -> str:
    """What says that an item must stay, though its term is over."""
    return "; ".join(map(printing.text, one.obstacles))


def run(
    items: Annotated[list[str] | None, typer.Argument(metavar="[ITEM...]", help="Only these; without, all that may go.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove for good what may go: the item's record, its files, and what the trail told of it.
    Needs an admin."""
    from desk.actions import retaining
    from dossier.database.tables import item_name

    office, actor, now = session.opened(), session.actor(), clock.utc_now()
    found = retaining.due(office, now, actor, [key_of(name) for name in items] if items else None)
    with printing.read_or_not():
        for one in found.over:
            over = sentence("retention.over_since", until=str(one.end.until), because=one.end.because)
            print(f"{item_name(one.item)}  {one.client}  {_against(one) or printing.text(over)}")
    if not found.going:
        went, left = retaining.sweep(office)
        print(_("Nothing may go."))
        if went:
            told = ngettext("one file of earlier removals went", "%(count)s files of earlier removals went", went)
            print(told % {"count": went})
        return
    count = len(found.going)
    question = ngettext("Remove one item for good?", "Remove %(count)s items for good?", count) % {"count": count}
    if not yes and not (sys.stdin.isatty() and confirm(question)):
        raise Conflict("retention.say_yes")
    gone = retaining.remove(office, now, actor, found.going)
    went, left = retaining.sweep(office)
    later = ngettext(
        "; %(count)s that came in lately goes in an hour or so", "; %(count)s that came in lately go in an hour or so", left
    )
    print(
        ngettext("one item removed", "%(count)s items removed", gone) % {"count": gone}
        + ", "
        + ngettext("%(count)s file", "%(count)s files", went) % {"count": went}
        + (later % {"count": left} if left else "")
    )


def hold(reason: Reason, client: Client = None, item: Item = None) -> None:
    """Remove nothing of this client or item until it is released, whatever the terms say. Needs an
    admin."""
    from desk.actions import retaining

    office, actor, key = session.opened(), session.actor(), _one_of(client, item)
    print(_("legal hold on %(what)s") % {"what": retaining.hold(office, clock.utc_now(), actor, reason, client, key)})


def release(reason: Reason, client: Client = None, item: Item = None) -> None:
    """End a legal hold. Needs an admin."""
    from desk.actions import retaining

    office, actor, key = session.opened(), session.actor(), _one_of(client, item)
    what = retaining.release(office, clock.utc_now(), actor, reason, client, key)
    print(_("no legal hold on %(what)s any more") % {"what": what})


def _one_of(client: str | None, item: str | None) -> int | None:
    """The item's key, where it is about an item; None where it is about a client."""
    if bool(client) == bool(item):
        raise typer.BadParameter(_("on what? give --client or --item"))
    return key_of(item) if item else None
