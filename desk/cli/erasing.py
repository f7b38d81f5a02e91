"""The command that erases a person's data on his request: erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk.cli import session
from desk.cli.approval import key_of

if TYPE_CHECKING:
    from dossier.office.office import Office
    from workflow.retention.erasure_plan import Plan
    from workflow.retention.personal import Person


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier erase acme-bv/j.jansen")(erase)


def erase(
    who: Annotated[
        str, typer.Argument(metavar="WHO", help="CLIENT/CONTACT, a staff code, a mail address, or the name of somebody else.")
    ],
    name: Annotated[list[str] | None, typer.Option("--name", help="Another name of his, as often as needed.")] = None,
    address: Annotated[list[str] | None, typer.Option("--address", help="Another mail address of his.")] = None,
    item: Annotated[list[str] | None, typer.Option("--item", metavar="ITEM", help="An item that is to go as a whole.")] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", metavar="ITEM/NAME", help="An attachment that is to go, in all versions.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Stays in the trail, so it must not say whom it is about.")] = "",
    language: Annotated[Literal["nl", "en"] | None, typer.Option(help="Of the report; without it, his or yours.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, what would go and stay is listed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Erase a person's data, as far as nothing says that they must be kept; with a report. Without --yes, only a list. Needs an admin."""
    from dossier.office import people
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from dossier.vault.opening import open_vault
    from workflow.retention import erasing, retention
    from workflow.retention.erasure_plan import find_person

    office, actor, now = session.opened(), session.actor(), clock.utc_now()
    if not people.is_admin(office, actor.code):
        raise Refusal(f"{actor.code} may not erase; an admin can")
    erasing.finish(office)
    person = find_person(office, who, name or [], address or [])
    keys, chosen = [key_of(one) for one in item or ()], [_chosen(one) for one in file or ()]
    if not yes:
        _list(erasing.look(office, now, person, keys, chosen), json)
        return
    spoken = language or _language(office, person) or people.language_of(office, actor.code)
    made = erasing.erase(office, now, actor, person, reason, keys, chosen, language=spoken)
    retention.sweep(open_vault(office))
    data, page = erasing.report_names(office, made)
    _list(made, json, done=True)
    if not json:
        print(
            f"\nErased; in his place stands {made.pseudonym}. The report: {page} and {data}. It names him: give it to him, and put it away."
        )


def _chosen(text: str) -> tuple[int, str]:
    number, _, name = text.partition("/")
    if not name:
        raise typer.BadParameter(f"{text}: give ITEM/NAME, such as 2026-000012/passport.pdf")
    return key_of(number), name


def _language(office: Office, person: Person) -> str | None:
    from dossier.office import people

    for client, contact in person.seats:
        known = office.clients.get(client)
        if known is not None:
            return next((one.language for one in known.contacts if one.id == contact and one.language), known.language)
    return people.language_of(office, person.staff) if person.staff in office.staff else None


def _list(made: Plan, json: bool, done: bool = False) -> None:
    from dataclasses import asdict

    from desk.cli import printing
    from workflow.retention.erasure_report import GROUNDS

    if json:
        told = {"pseudonym": made.pseudonym, "done": done, "obstacles": [] if done else made.obstacles}
        printing.as_json({**told, "findings": [asdict(one) for one in made.findings]})
        return
    rows = [
        (
            one.fate if not done or one.fate != "goes" else "gone",
            one.count,
            one.area,
            one.subject,
            one.because or GROUNDS.get(one.ground, "").replace("names you", "names him"),
        )
        for one in made.findings
    ]
    printing.table(("", "", "what", "where", "why"), rows, "Nothing of this person was found.")
    if done:
        return
    for obstacle in made.obstacles:
        print(f"first: {printing.text(obstacle)}")
    print(
        "Nothing was erased. What is inside of files was not searched: choose them with --item or --file. To erase: --reason TEXT --yes"
    )
