"""The firm as it signs: its name, and whom a client can call.

A telephone number in staff.yaml is there to be called: clients see it. Clients whose
`default_approver` has one are given that person's name and number, all others the firm's own
(`office.phone`), if it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr

from dossier.office.office import Office

_UNNAMED = "Office"
"""What `office.name` is where nobody gave it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom to ask, and by which number."""

    name: str
    phone: str


def name_of(office: Office) -> str:
    """The firm's name; where `office.name` isn't given, the one that its mails come from."""
    given = office.settings.office.name
    return given if given != _UNNAMED else parseaddr(office.settings.mail.sender)[0] or given


def ask_of(office: Office, client: str | None) -> Ask | None:
    """Whom this client calls with a question; None if nobody gave a number."""
    customer = office.clients.get(client or "")
    person = office.staff.get(customer.default_approver or "") if customer else None
    if person is not None and person.active and person.phone:
        return Ask(person.name, person.phone)
    phone = office.settings.office.phone
    return Ask(name_of(office), phone) if phone else None


def reached(office: Office, code: str) -> str:
    """A staff member's name, with their number if they have one: for colleagues."""
    person = office.staff.get(code)
    if person is None:
        return code
    return f"{person.name} ({person.phone})" if person.phone else person.name
