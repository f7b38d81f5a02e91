"""Erasing a person's data on their request, as far as nothing says that they must be kept.

Needs an admin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import Language
from dossier.text.refusals import Forbidden
from dossier.vault.opening import open_vault
from workflow.retention import erasing, retention
from workflow.retention.erasure_plan import ErasurePlan, find_person
from workflow.retention.personal import ErasedPerson


@dataclass(frozen=True, slots=True)
class ErasureWish:
    """Who is to be erased, and what the admin wants to go with them."""

    who: str
    """CLIENT/CONTACT, a staff code, a mail address, or a name."""
    names: Sequence[str] = ()
    addresses: Sequence[str] = ()
    items: Sequence[int] = ()
    """Keys of items that are to go as a whole."""
    files: Sequence[tuple[int, str]] = ()
    """(item, name) of attachments that are to go, in all versions."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, and where the report of it lies: for programs, and for people."""

    plan: ErasurePlan
    data: str
    page: str


def look(office: Office, now: datetime, actor: Actor, wish: ErasureWish) -> ErasurePlan:
    """What would go and what would stay. Raises Refusal."""
    person = _person(office, actor, wish)
    return erasing.look(office, now, person, wish.items, wish.files)


def erase(
    office: Office, now: datetime, actor: Actor, wish: ErasureWish, reason: str, language: Language | None = None
) -> Erased:
    """Erase the person's data, and write the report.

    `reason` stays in the trail. `language`: of the report; else the person's, else the admin's.
    Raises Refusal, OSError.
    """
    person = _person(office, actor, wish)
    spoken = language or _language_of(office, person) or people.language_of(office, actor.code)
    made = erasing.erase(office, now, actor, person, reason, wish.items, wish.files, language=spoken)
    retention.sweep_now_or_later(open_vault(office))
    return Erased(made, *erasing.report_names(office, made.pseudonym))


def _person(office: Office, actor: Actor, wish: ErasureWish) -> ErasedPerson:
    if not people.is_admin(office, actor.code):
        raise Forbidden("erasing.not_admin", who=actor.code)
    erasing.finish(office)
    return find_person(office, wish.who, wish.names, wish.addresses)


def _language_of(office: Office, person: ErasedPerson) -> Language | None:
    for client, contact in person.seats:
        known = office.clients.get(client)
        if known is not None:
            return next((one.language for one in known.contacts if one.id == contact and one.language), known.language)
    return people.language_of(office, person.staff) if person.staff in office.staff else None
