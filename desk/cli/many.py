"""Commands that take several items, or a search: they are listed first, and on a terminal it is
asked whether to go on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk.cli import completing, printing, session
from desk.cli.items import columns
from desk.cli.numbers import key_of
from desk.cli.translation import _, confirm, ngettext
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence

if TYPE_CHECKING:
    from dossier.office.people import Actor

ManyItems = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM]...", help="Numbers: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="SEARCH", help="Instead of numbers: words, and KEY=VALUE such as client=acme-bv or status=new."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


def each_of(
    names: Sequence[str] | None,
    where: str | None,
    yes: bool,
    actor: Actor,
    act: Callable[[int, int | None], Sequence[Sentence | str]],
    between: str = "",
) -> None:
    """Do it to each item, and say what became of each; with something `between`, not in one line.
    The database is open.

    `act` is told the key, and the version that was listed, if it was.
    """
    from desk.actions import many
    from dossier.database.tables import item_key

    def say(told: Sequence[Sentence | str]) -> None:
        with printing.read_or_not():
            print(between.join(map(printing.text, told)) if between else printing.several(told))

    if bool(names) == bool(where):
        raise typer.BadParameter(_("which items? give their numbers, or --where SEARCH"))
    office = session.office()
    if names and len(names) == 1:
        say(act(key_of(names[0]), None))
        return
    keys = list(dict.fromkeys(map(key_of, names or ())))
    found = many.matching(office, actor, where) if where else many.listed(office, actor, keys)
    if where:
        keys = [item_key(one["item"]) for one in found]
    if not going_on(found, yes, bool(where)):
        return
    versions = {item_key(one["item"]): one["version"] for one in found}
    refused = 0
    for name, outcome in many.each(keys, lambda key: act(key, versions.get(key))):
        if isinstance(outcome, Refusal):
            with printing.read_or_not():
                print(f"{name}: {printing.refusal(outcome)}", file=sys.stderr)
            refused += 1
        else:
            say(outcome)
    if refused:
        values = {"refused": refused, "count": len(keys)}
        print(_("%(refused)s of %(count)s were refused; they are as they were") % values, file=sys.stderr)
        raise typer.Exit(1)


@contextlib.contextmanager
def seen_off() -> Iterator[list[int]]:
    """What is put into this list was taken off the portal: wait until it is gone from there."""
    from desk.actions import withdrawing

    withdrawn: list[int] = []
    try:
        yield withdrawn
    finally:
        if left := withdrawing.wait_until_gone(session.office(), clock.utc_now(), withdrawn):
            print(printing.text(left), file=sys.stderr)


def going_on(found: Sequence[Mapping[str, Any]], yes: bool, is_search: bool) -> bool:
    """List the items, and ask on a terminal. Elsewhere a search needs --yes.

    Raises BadParameter.
    """
    shown = columns("item", "created_at", "client", "description", "status", "share_state")
    with printing.read_or_not():
        printing.listing(found, False, shown, _("No item fits."), spare=(_("status"),))
    if not found and is_search:
        return False
    if yes:
        return True
    if sys.stdin.isatty():
        return confirm(ngettext("Go on with this item?", "Go on with these %(count)s items?", len(found)) % {"count": len(found)})
    if is_search:
        raise typer.BadParameter(_("nobody can be asked here whether these are meant; add --yes"))
    return True
