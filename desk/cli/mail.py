"""Commands about mail: notify, outbox (list, retry, cancel), mail preview."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from desk.cli import session
from desk.cli.approval import OneItem, key_of

Number = Annotated[int, typer.Argument(metavar="ID", help="The mail's number in `dossier outbox`.")]

SHOWN = 50
"""Mails in the table; programs get all of them."""


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier notify 2026-000012 --contact j.jansen")(notify)
    box = typer.Typer(help="Mails that wait, failed or were sent.", epilog="Example: dossier outbox --state failed")
    box.callback(invoke_without_command=True)(outbox)
    box.command(epilog="Example: dossier outbox retry 17")(retry)
    box.command(epilog="Example: dossier outbox cancel 17")(cancel)
    app.add_typer(box, name="outbox")
    mail = typer.Typer(help="What mails look like.", epilog="Example: dossier mail preview 2026-000012", no_args_is_help=True)
    mail.callback()(lambda: None)
    mail.command(epilog="Example: dossier mail preview 2026-000012 --html > mail.html")(preview)
    app.add_typer(mail, name="mail")


def notify(
    item: OneItem,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="ID", help="Id or e-mail of a contact; default: the item's own.")
    ] = None,
) -> None:
    """Send the mail about an item: again, or to another contact."""
    from dossier.database.database import transaction
    from dossier.text import clock
    from workflow.mail import resending

    key, office = key_of(item), session.opened()
    with transaction():
        told = resending.notify(office, clock.utc_now(), session.actor(), key, contact)
    print(told)


def outbox(
    context: typer.Context,
    only: Annotated[Literal["waiting", "failed", "sent", "cancelled"] | None, typer.Option("--state", help="Only these.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Mails that wait, failed or were sent, newest first."""
    if context.invoked_subcommand is not None:
        return
    from desk.cli import printing
    from workflow.outbox import outbox

    session.opened()
    may = session.readable()
    if json:
        printing.as_json(outbox.listing(only, may=may))
        return
    mails = outbox.listing(only, SHOWN, may)
    rows = [(m["id"], m["state"], m["kind"], m["item"], m["email"], printing.day_and_time(m["sent_at"] or m["due_at"]),
             m["attempts"], m["error"]) for m in mails]  # fmt: skip
    printing.table(("id", "status", "kind", "item", "to", "sent or due", "tries", "trouble"), rows, "The outbox is empty.")
    if len(mails) == SHOWN:
        print(f"The newest {SHOWN}; all of them: dossier outbox --json")


def retry(number: Number) -> None:
    """Try a mail that failed, was called off, or waits, again now. It stays the same mail."""
    from dossier.database.database import transaction
    from dossier.text import clock
    from workflow.mail import resending

    office = session.opened()
    with transaction():
        told = resending.retry(office, clock.utc_now(), session.actor(), number)
    print(told)


def cancel(number: Number) -> None:
    """Call off a mail that waits or failed."""
    from dossier.database.database import transaction
    from dossier.text import clock
    from workflow.mail import resending

    office = session.opened()
    with transaction():
        told = resending.cancel(office, clock.utc_now(), session.actor(), number)
    print(told)


def preview(
    item: OneItem,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="ID", help="Id or e-mail of a contact; default: the item's own.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The HTML part, for a browser.")] = False,
) -> None:
    """Show the mail that an item's contact gets, with this office's templates. Sends nothing."""
    import sys

    from dossier.text import clock
    from dossier.text.sentences import told
    from workflow.items import items
    from workflow.mail import sending
    from workflow.reports import finding

    key, office, reader = key_of(item), session.opened(), session.reader()
    found = items.get_for(office, reader, key)
    letter, to, fault = sending.preview(office, key, contact)
    finding.note_view(clock.utc_now(), reader, found, "mail preview")
    if fault is not None:
        print(f"a template is wrong, the usual letter is shown: {told(fault.sentence, session.language())}", file=sys.stderr)
    if html:
        print(letter.standalone)
    else:
        print(f"From: {office.settings.mail.sender}\nTo: {to}\nSubject: {letter.subject}\n\n{letter.text}", end="")
    if fault is not None:
        raise typer.Exit(1)
