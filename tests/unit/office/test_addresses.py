"""Mail addresses as they stand in config/."""

from __future__ import annotations

from email.utils import parseaddr

import pytest
from pydantic import ValidationError

from dossier.office.keys import Contact, MailSettings


@pytest.mark.parametrize("pasted", ["\u200bjan@acme.example", "\u202ajan@acme.example\u202c", "jan@ac\u00adme.example\ufeff"])
def test_what_nobody_sees_of_a_pasted_address_is_no_part_of_it(pasted: str) -> None:
    assert Contact(id="jan", name="Jan", email=pasted).email == "jan@acme.example"


@pytest.mark.parametrize("wrong", ["\u200b@acme.example", "jan@\u200b", "Jan <jan@acme.example>"])
def test_what_is_no_address_without_that_is_none(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Contact(id="jan", name="Jan", email=wrong)


@pytest.mark.parametrize(
    "name",
    [
        "Jansen, De Vries & Partners",
        "Jansen: kantoor",
        "Kantoor @Zee",
        "Jansen [NL]",
        "Zon; Maan",
        "Zon (Maan)",
        "Van 't Hof",
        "A\\B",
    ],
)
def test_a_name_in_front_of_an_address_needs_no_quotes_whatever_marks_it_has(name: str) -> None:
    for said in (f"{name} <k@office.example>", f'"{name.replace(chr(92), chr(92) * 2)}" <k@office.example>'):
        mail = MailSettings(sender=said, reply_to=said)
        assert parseaddr(mail.sender) == (name, "k@office.example")
        assert parseaddr(mail.reply_to or "") == (name, "k@office.example")


@pytest.mark.parametrize("wrong", ["Jansen, De Vries", "Jansen, De Vries <k>", "Jansen <k@o.example\nBcc: x@y.example>", ""])
def test_a_name_without_an_address_sends_nothing(wrong: str) -> None:
    with pytest.raises(ValidationError):
        MailSettings(sender=wrong)
