"""Who is to be erased, and what of theirs was found: the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from dossier.database.tables import Event, Item, Mail, tuples
from dossier.office.office import Office
from dossier.text.refusals import NotFound
from dossier.text.sentences import Sentence
from dossier.trail.trail import RecordedEvent
from workflow.messages.kinds import TO_CONTACTS
from workflow.portal_access import access
from workflow.retention import retention
from workflow.retention.personal import ErasedPerson

Fate = Literal["goes", "stays", "by hand"]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Some of the person's data. `ground`: why it stays, or people must look; `because`: more."""

    area: str
    fate: Fate
    subject: str
    count: int = 1
    ground: str = ""
    because: Sentence | None = None


@dataclass(slots=True)
class ErasurePlan:
    """What is known of a person, and what is to be done about it."""

    person: ErasedPerson
    pseudonym: str
    findings: list[PersonalData] = field(default_factory=list)
    obstacles: list[Sentence] = field(default_factory=list)
    """What must be done before anything is erased."""
    mails: list[int] = field(default_factory=list)
    letters: dict[int, tuple[object, str | None]] = field(default_factory=dict)
    """Mails to others: number → payload and error without the person."""
    openings: list[tuple[int, str]] = field(default_factory=list)
    """(edition, contact)."""
    notes: list[str] = field(default_factory=list)
    contacts: list[int] = field(default_factory=list)
    """Items of which the person is the contact."""
    events: list[RecordedEvent] = field(default_factory=list)
    """As they are to be."""
    drops: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Taken or refused drops: number → stem and text without the person."""
    items: list[retention.RetentionState] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)

    def tell(
        self, area: str, fate: Fate, subject: str, count: int = 1, ground: str = "", because: Sentence | None = None
    ) -> None:
        if count:
            self.findings.append(PersonalData(area, fate, subject, count, ground, because))


def find_person(office: Office, who: str, names: Sequence[str], addresses: Sequence[str]) -> ErasedPerson:
    """Who is `client/contact`, a staff code, a mail address or a name; with their others.

    Raises NotFound where a code is nobody's, now or in the outbox.
    """
    seats: list[tuple[str, str]] = []
    found_names, mail_addresses = list(names), [access.folded(one) for one in addresses]
    staff: str | None = None
    if "/" in who:
        client, _, contact = who.partition("/")
        seats.append((client, contact))
    elif "@" in who:
        mail_addresses.append(access.folded(who))
    elif who in office.staff or Item.select().where(Item.created_by == who).exists() or _acted(who):
        staff = who
    else:
        found_names.append(who)
    for code, customer in office.clients.items():
        for one in customer.contacts:
            if (code, one.id) in seats or access.folded(one.email) in mail_addresses:
                seats.append((code, one.id))
                found_names.append(one.name)
                mail_addresses.append(access.folded(one.email))
    for code, person in office.staff.items():
        if code == staff or (staff is None and access.folded(person.email) in mail_addresses):
            staff = code
            found_names.append(person.name)
            mail_addresses.append(access.folded(person.email))
    query: object = Mail.select(Mail.kind, Mail.client, Mail.recipient, Mail.name, Mail.email).distinct()
    for kind, client_code, recipient, name, email in tuples(query):
        is_contact = kind in TO_CONTACTS
        is_theirs = (client_code, recipient) in seats if is_contact else recipient == staff
        if is_theirs or access.folded(email) in mail_addresses:
            found_names.append(name)
            mail_addresses.append(access.folded(email))
            if is_contact and client_code:
                seats.append((client_code, recipient))
    if "/" in who and not found_names and not _acted(f"contact:{who}"):
        raise NotFound("erasing.nobody_known", who=who)
    unique = (tuple(dict.fromkeys(found_names)), tuple(dict.fromkeys(mail_addresses)), tuple(dict.fromkeys(seats)))
    return ErasedPerson(*unique, staff)


def _acted(code: str) -> bool:
    return bool(Event.select().where(Event.actor == code).exists())
