"""The report of an erasure: for the office, to show it, and for whoever asked. Pure.

It holds the person's name and addresses, so it lies in var/erasures/ and nowhere else: whoever
looks after it gives it to the person, and puts it away, or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, sentences
from dossier.text.sentences import Sentence
from workflow.messages import firm
from workflow.messages.language import environment, translator

if TYPE_CHECKING:
    from workflow.retention.erasure_plan import ErasurePlan, PersonalData

VERSION = 1


def collect(office: Office, now: datetime, actor: Actor, made: ErasurePlan, language: str) -> dict[str, object]:
    """The report, as its JSON file holds it."""
    person = made.person
    return {
        "erasure": VERSION,
        "office": firm.name_of(office),
        "at": clock.local_iso(clock.to_text(now)),
        "by": actor.code,
        "language": language,
        "person": {
            "names": list(person.names),
            "addresses": list(person.addresses),
            "contact_of": [f"{client}/{contact}" for client, contact in person.seats],
            "staff": person.staff,
        },
        "pseudonym": made.pseudonym,
        "findings": [as_data(one, language) for one in made.findings],
    }


def as_data(one: PersonalData, language: str) -> dict[str, object]:
    """A finding as the report's file, and the list before it, hold it."""
    because = sentences.told(one.because, language) if one.because else ""
    return {
        "area": one.area, "fate": one.fate, "subject": one.subject, "count": one.count, "ground": one.ground, "because": because,
    }  # fmt: skip


def render(told: Mapping[str, Any]) -> str:
    """The report as a page, in the language that it was made in."""
    language = str(told["language"])
    _ = translator(language).gettext
    groups: list[tuple[str, str, list[dict[str, Any]]]] = []
    for fate, heading in (
        ("goes", _("Erased")),
        ("stays", _("Kept, and on what ground")),
        ("by hand", _("Left for people to look at")),
    ):
        lines = [
            {
                **one,
                "what": sentences.told(Sentence(f"erasing.area_{one['area']}"), language),
                "why": sentences.told(Sentence(f"erasing.ground_{one['ground']}"), language) if one["ground"] else "",
            }
            for one in told["findings"]
            if one["fate"] == fate
        ]
        groups.append((fate, heading, lines))
    return environment(language).get_template("erasure.html").render(report=told, groups=groups)
