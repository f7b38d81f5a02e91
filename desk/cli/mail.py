"""Commands about mail: notify, remind, outbox (list, retry, cancel), mail preview."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from desk.cli import printing, session
from desk.cli.numbers import OneItem, key_of
from desk.cli.options import Json
from desk.cli.translation import _, add, group
from dossier.text import clock
from dossier.text.sentences import Sentence

Number = Annotated[int, typer.Argument(metavar="ID", help="The mail's number in `dossier outbox`.")]
Contact = Annotated[
    str | None, typer.Option("--contact", metavar="ID", help="Id or e-mail of a contact; default: the item's own.")
]

SHOWN = 50
"""Mails in the table; programs get all of them."""


def register(app: typer.Typer) -> None:
    add(app, notify, "dossier notify 2026-000012 --contact j.jansen")
    add(app, remind, "dossier remind 2026-000012")
    box = group("Mails that wait, failed or were sent.", "dossier outbox --state failed", needs_command=False)
    box.callback(invoke_without_command=True)(outbox)
    add(box, retry, "dossier outbox retry 17")
    add(box, cancel, "dossier outbox cancel 17")
    app.add_typer(box, name="outbox")
    mail = group("What mails look like.", "dossier mail preview 2026-000012")
    mail.callback()(lambda: None)
    add(mail, preview, "dossier mail preview 2026-000012 --html > mail.html")
    app.add_typer(mail, name="mail")


def notify(item: OneItem, contact: Contact = None) -> None:
    """Send the mail about an item: again, or to another contact."""
    from desk.actions import mailing

    printing.outcome(mailing.notify, key_of(item), contact)


def remind(item: OneItem) -> None:
    """Remind whoever is asked to decide on an item; at most once an hour."""
    from desk.actions import mailing

    printing.outcome(mailing.remind, key_of(item))


def outbox(
    context: typer.Context,
    only: Annotated[Literal["waiting", "failed", "sent", "cancelled"] | None, typer.Option("--state", help="Only these.")] = None,
    json: Json = False,
) -> None:
    """Mails that wait, failed or were sent, newest first."""
    if context.invoked_subcommand is not None:
        return
    from desk.actions import mailing

    office = session.opened_despite_faults()
    found = mailing.listing(office, session.reader(), only, 0 if json else SHOWN, "en" if json else session.language())
    shown: list[printing.Column] = [
        (_("id"), "id"), (_("status"), lambda mail: Sentence(f"mail.state_{mail['state']}")),
        (_("kind"), lambda mail: Sentence(f"mail.kind_{mail['kind']}")), (_("item"), "item"), (_("to"), "email"),
        (_("sent or due"), lambda mail: printing.day_and_time(mail["sent_at"] or mail["due_at"])),
        (_("tries"), "attempts"), (_("trouble"), "error"),
    ]  # fmt: skip
    printing.listing(found, json, shown, _("The outbox is empty."))
    if len(found) == SHOWN and not json:
        print(_("The newest %(count)s; all of them: dossier outbox --json") % {"count": SHOWN})


def retry(number: Number) -> None:
    """Try a mail that failed, was called off, or waits, again now. It stays the same mail."""
    from desk.actions import mailing

    printing.outcome(mailing.retry, number)


def cancel(number: Number) -> None:
    """Call off a mail that waits or failed."""
    from desk.actions import mailing

    printing.outcome(mailing.cancel, number)


def preview(
    item: OneItem,
    contact: Contact = None,
    html: Annotated[bool, typer.Option("--html", help="The HTML part, for a browser.")] = False,
) -> None:
    """Show the mail that an item's contact gets, with this office's templates. Sends nothing."""
    from desk.actions import mailing

    key, office, reader = key_of(item), session.opened_as_remembered(), session.reader()
    letter, to, fault = mailing.preview(office, clock.utc_now(), reader, key, contact)
    if fault is not None:
        told = _("a template is wrong, the usual letter is shown: %(fault)s") % {"fault": printing.text(fault.sentence)}
        print(told, file=sys.stderr)
    if html:
        printing.for_a_file()
        print(letter.standalone)
    else:
        for name, value in ((_("From"), office.settings.mail.sender), (_("To"), to), (_("Subject"), letter.subject)):
            print(f"{name}: {printing.text(value)}")
        print(f"\n{letter.text}", end="")
    if fault is not None:
        raise typer.Exit(1)
