"""The command that erases a person's data on their request: erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk.cli import completing, printing, session
from desk.cli.numbers import key_of
from desk.cli.options import Json
from desk.cli.translation import _, add
from dossier.text import clock
from dossier.text.sentences import Sentence

if TYPE_CHECKING:
    from workflow.retention.erasure_plan import ErasurePlan, PersonalData


def register(app: typer.Typer) -> None:
    add(app, erase, "dossier erase acme-bv/j.jansen")


def erase(
    who: Annotated[
        str, typer.Argument(metavar="WHO", help="CLIENT/CONTACT, a staff code, a mail address, or the name of somebody else.")
    ],
    name: Annotated[list[str] | None, typer.Option("--name", help="Another name of theirs, as often as needed.")] = None,
    address: Annotated[list[str] | None, typer.Option("--address", help="Another mail address of theirs.")] = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="ITEM", help="An item that is to go as a whole.", autocompletion=completing.items),
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", metavar="ITEM/NAME", help="An attachment that is to go, in all versions.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Stays in the trail, so it must not say whom it is about.")] = "",
    language: Annotated[Literal["nl", "en"] | None, typer.Option(help="Of the report; without it, theirs or yours.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, what would go and stay is listed.")] = False,
    json: Json = False,
) -> None:
    """Erase a person's data, as far as nothing says that they must be kept; with a report. Without
    --yes, only a list. Needs an admin."""
    from desk.actions import erasing

    office, actor, now = session.opened(), session.actor(), clock.utc_now()
    keys, chosen = [key_of(one) for one in item or ()], [_chosen(one) for one in file or ()]
    wish = erasing.ErasureWish(who, name or [], address or [], keys, chosen)
    if not yes:
        _list(erasing.look(office, now, actor, wish), json)
        return
    done = erasing.erase(office, now, actor, wish, reason, language)
    _list(done.plan, json, done=True)
    if not json:
        values = {"name": done.plan.pseudonym, "page": done.page, "data": done.data}
        print(_("\nErased; in their place stands %(name)s. The report: %(page)s and %(data)s.") % values)
        print(_("It names the person: give it to them, and put it away."))


def _chosen(text: str) -> tuple[int, str]:
    number, _slash, name = text.partition("/")
    if not name:
        raise typer.BadParameter(_("%(given)s: give ITEM/NAME, such as 2026-000012/passport.pdf") % {"given": text})
    return key_of(number), name


def _list(made: ErasurePlan, json: bool, done: bool = False) -> None:
    from workflow.retention.erasure_report import as_data

    if json:
        told = {"pseudonym": made.pseudonym, "done": done, "obstacles": [] if done else made.obstacles}
        printing.as_json({**told, "findings": [as_data(one, session.language()) for one in made.findings]})
        return
    fates = {"goes": _("gone") if done else _("goes"), "stays": _("stays"), "by hand": _("by hand")}
    rows = [(fates[one.fate], one.count, Sentence(f"erasing.area_{one.area}"), one.subject, _why(one)) for one in made.findings]
    printing.table(("", "", _("what"), _("where"), _("why")), rows, _("Nothing of this person was found."))
    if done:
        return
    for obstacle in made.obstacles:
        print(_("first: %(what)s") % {"what": printing.text(obstacle)})
    print(_("Nothing was erased. What is inside of files was not searched: choose them with --item or --file."))
    print(_("To erase: --reason TEXT --yes"))


def _why(one: PersonalData) -> str:
    if one.because:
        return printing.text(one.because)
    if one.ground in ("choose", "people", "unread"):
        return printing.text(Sentence(f"erasing.office_{one.ground}"))
    return printing.text(Sentence(f"erasing.ground_{one.ground}")) if one.ground else ""
