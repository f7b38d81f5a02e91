"""The report of an erasure: for the office, which must be able to show that the request was met, and for the person who asked. Pure.

It holds his name and addresses, so it lies in var/erasures/ and nowhere else: whoever looks after it gives it to him, and
puts it away, or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from workflow.messages.language import N_, environment, translator

if TYPE_CHECKING:
    from workflow.retention.erasure_plan import Plan

VERSION = 1

AREAS: Mapping[str, str] = {
    "mails": N_("Mails to you: name, address, content"),
    "letters": N_("Mails to others that name you"),
    "logins": N_("Log-ins at the portal"),
    "openings": N_("What you opened on the portal"),
    "contact": N_("Items of which you were the contact"),
    "viewed": N_("What you looked at last"),
    "trail": N_("Events in the trail"),
    "account": N_("Items and approvals under your code"),
    "drops": N_("Receipts and refusals of what was dropped"),
    "item": N_("Items"),
    "file": N_("Files of items"),
    "shown": N_("Names and hashes of files as they were approved"),
    "paper": N_("Files that people keep"),
    "backups": N_("Backups"),
}

GROUNDS: Mapping[str, str] = {
    "hold": N_("A legal hold: establishment, exercise or defence of legal claims (GDPR article 17, paragraph 3, e)"),
    "term": N_("A term of law or agreement runs (GDPR article 17, paragraph 3, b)"),
    "obstacle": N_("It is in use; it is looked at again when that is over"),
    "account": N_("The office must be able to say who did and approved what (GDPR article 17, paragraph 3, b and e)"),
    "approved": N_("What was approved and shown stays provable; the file itself is gone (GDPR article 17, paragraph 3, e)"),
    "choose": N_("It names you; the office decides whether it goes"),
    "people": N_("It names you; somebody of the office removes it by hand"),
    "backup": N_("Older backups still hold it, and are removed in time; none is restored without erasing again"),
}


def collect(office: Office, now: datetime, actor: Actor, made: Plan, language: str) -> dict[str, Any]:
    """The report, as its JSON file holds it."""
    person = made.person
    return {
        "erasure": VERSION,
        "office": office.settings.portal.title,
        "at": clock.shown(clock.to_text(now)),
        "by": actor.code,
        "language": language,
        "person": {
            "names": list(person.names),
            "addresses": list(person.addresses),
            "contact_of": [f"{client}/{contact}" for client, contact in person.seats],
            "staff": person.staff,
        },
        "pseudonym": made.pseudonym,
        "findings": [asdict(one) for one in made.findings],
    }


def render(told: Mapping[str, Any]) -> str:
    """The report as a page, in the language that it was made in."""
    language = str(told["language"])
    _ = in_words = translator(language).gettext
    groups: list[tuple[str, str, list[dict[str, Any]]]] = []
    for fate, heading in (
        ("goes", _("Erased")),
        ("stays", _("Kept, and on what ground")),
        ("by hand", _("Left for people to look at")),
    ):
        lines = [
            {**one, "what": in_words(AREAS[one["area"]]), "why": in_words(GROUNDS[one["ground"]]) if one["ground"] else ""}
            for one in told["findings"]
            if one["fate"] == fate
        ]
        groups.append((fate, heading, lines))
    return environment(language).get_template("erasure.html").render(report=told, groups=groups)
