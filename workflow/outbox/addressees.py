"""Where somebody's mail goes, in which name and language, as config/ says now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dossier.office import people
from dossier.office.office import Office

if TYPE_CHECKING:
    from dossier.office.keys import Contact


@dataclass(frozen=True, slots=True)
class Addressee:
    name: str
    email: str
    language: str


def find_contact(office: Office, client: str, code: str | None) -> Contact | None:
    """The contact of the client with this id or e-mail address."""
    customer = office.clients.get(client)
    wanted = (code or "").casefold()
    return next((c for c in customer.contacts if code == c.id or wanted == c.email.casefold()), None) if customer else None


def of_contact(office: Office, client: str, code: str | None) -> Addressee | None:
    """Where this contact's mail goes; None if they are not active any more."""
    contact = find_contact(office, client, code)
    if contact is None or not contact.active:
        return None
    return Addressee(contact.name, contact.email, contact.language or office.clients[client].language)


def of_staff(office: Office, code: str) -> Addressee | None:
    """Where this staff member's mail goes; None if they have left."""
    person = office.staff.get(code)
    if person is None or not person.active:
        return None
    return Addressee(person.name, person.email, people.language_of(office, code))


def of_anchors(office: Office) -> Addressee | None:
    """The mailbox that keeps the trail's anchors; None if there is none."""
    address = office.settings.trail.anchors_to
    return Addressee("", address, office.settings.office.language) if address else None
