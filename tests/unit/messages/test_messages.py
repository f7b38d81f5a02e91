"""The mails, as values: what they say and to whom, and that nothing in them becomes a header or markup."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.keys import Client, Settings
from dossier.office.office import Office
from workflow.mail.mime import Head, mime
from workflow.messages import addresses, messages
from workflow.messages.composing import Letter
from workflow.messages.language import translator
from workflow.messages.messages import WaitingConcept

LINK = "https://portal.example/acme-bv/index.html#D-2026-000012"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ID = "<D-2026-000012.ready.0123456789abcdef@office.example>"
INJECTION = "A =?UTF-8?Q?=0A?=Bcc: x@e.nl"
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
}


def ready(description: str = "Jaarrekening 2025", language: str = "nl", name: str = "Jan Jansen") -> Letter:
    return messages.ready_letter(language, "Acme B.V.", name, description, LINK, "Kantoor De Vries")


def sent(
    letter: Letter,
    to_name: str = "Jan Jansen",
    to_email: str = "j.jansen@acme.example",
    sender: str = "Office <office@office.example>",
) -> EmailMessage:
    """The mail as its reader's program sees it, from the bytes that go over the line."""
    data = mime(letter, Head(sender, to_name, to_email, ID, NOW, "nl"))
    parsed = email.message_from_bytes(data, policy=policy.default.clone(utf8=True))
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


# What they say


def test_a_contact_reads_in_plain_dutch_what_is_ready_and_where() -> None:
    letter = ready()
    assert letter.subject == "Voor u klaargezet: Jaarrekening 2025"
    assert letter.text == (
        "Beste Jan Jansen,\n\n"
        "Er staat iets voor u klaar op het klantenportaal van Acme B.V.:\n\n"
        "    Jaarrekening 2025\n\n"
        f"Bekijk het op het portaal:\n{LINK}\n\n"
        "Met vriendelijke groet,\nKantoor De Vries\n"
    )
    assert LINK in letter.html
    assert '<html lang="nl">' in letter.html


def test_a_contact_reads_english_if_that_is_the_contacts_language() -> None:
    letter = ready(language="en")
    assert letter.subject == "Ready for you: Jaarrekening 2025"
    assert letter.text.startswith("Dear Jan Jansen,\n\nSomething is ready for you on the portal of Acme B.V.:")
    assert '<html lang="en">' in letter.html


def test_a_maker_reads_who_returned_what_and_why() -> None:
    letter = messages.returned_letter(
        "nl", "Petra Bakker", "D-2026-000012", "Acme B.V.", "Jaarrekening", "Marieke", "Blad 3\nontbreekt", "Kantoor"
    )
    assert letter.subject == "Afgekeurd: Jaarrekening (D-2026-000012)"
    assert "Marieke heeft D-2026-000012 voor Acme B.V. afgekeurd:" in letter.text
    assert "> Blad 3\n> ontbreekt" in letter.text
    assert "Blad 3\nontbreekt</blockquote>" in letter.html


def test_an_approver_is_reminded_of_all_that_waits() -> None:
    concepts = [WaitingConcept(f"D-2026-00001{n}", "Acme B.V.", f"Stuk {n}", "2026-11-23T09:00:00+01:00") for n in (1, 2)]
    two, one = (messages.reminder_letter("nl", "Marieke", some, "Kantoor") for some in (concepts, concepts[:1]))
    assert two.subject == "Er wachten 2 concepten op uw beslissing"
    assert one.subject == "Er wacht 1 concept op uw beslissing"
    assert "- D-2026-000011, Acme B.V.: Stuk 1 (sinds 23 november 2026)\n- D-2026-000012" in two.text
    assert two.html.count("<li") == 2
    assert messages.escalation_letter("en", "Karel", concepts, "Office").subject == "2 concepts wait too long"


def test_a_maker_reads_that_a_contact_could_not_be_told_and_what_to_do() -> None:
    letter = messages.failed_mail_letter(
        "en", "Petra", "D-2026-000012", "Acme B.V.", "Accounts", "Jan <j@acme.example>", "550 no such user", "Office"
    )
    assert letter.subject == "Mail not sent: Accounts (D-2026-000012)"
    assert "Jan <j@acme.example> of Acme B.V. got no mail about D-2026-000012:" in letter.text
    assert "> 550 no such user" in letter.text
    assert "dossier notify D-2026-000012 --contact ID" in letter.text.replace("\n", " ")
    assert "Jan &lt;j@acme.example&gt;" in letter.html


def test_an_alarm_names_what_is_wrong() -> None:
    letter = messages.alarm_letter("nl", "disk", ["/srv/office: 0 bytes over", "2 drops wachten"], False, "Kantoor")
    assert letter.subject == "Alarm: de schijf is bijna vol (Kantoor)"
    assert messages.alarm_letter("en", "disk", ["x"], True, "Office").subject == "Over: the disk is nearly full (Office)"
    assert "- /srv/office: 0 bytes over\n- 2 drops wachten" in letter.text


def test_every_kind_in_the_outbox_has_its_letter(tmp_path: Path) -> None:
    office = Office(tmp_path, Settings(), {"acme-bv": Client(name="Acme B.V.")}, {})
    row = {"item": "D-2026-000012", "client": "Acme B.V.", "description": "Jaarrekening", "since": "2026-11-23T09:00:00+01:00"}
    payloads = {
        "ready": {"description": "Jaarrekening", "link": LINK},
        "returned": {"description": "Jaarrekening", "approver": "Marieke", "comment": "Nee"},
        "failed": {"description": "Jaarrekening", "contact": "Jan", "reason": "550"},
        "reminder": {"items": [row]},
        "escalation": {"items": [row]},
        "review": {"items": [row], "more": 2},
        "bundle": {"items": [{"item": "D-2026-000012", "description": "Jaarrekening", "link": LINK}]},
        "alarm": {"cause": "disk", "lines": ["Vol"], "over": False},
    }
    for kind, payload in payloads.items():
        about = None if kind in ("reminder", "escalation", "review", "alarm", "bundle") else ("acme-bv", "D-2026-000012")
        letter = messages.letter_of(office, kind, "nl", "Jan", *(about or (None, None)), payload)
        assert letter.subject
        assert letter.text.endswith("\n")
        assert "None" not in letter.text
    with pytest.raises(ValueError, match="no letter for postcard"):
        messages.letter_of(office, "postcard", "nl", "Jan", None, None, {})


def test_every_alarm_has_a_name_in_dutch() -> None:
    assert [cause for cause, name in messages.ALARMS.items() if translator("nl").gettext(name) == name] == []


# What nothing in them can do


@pytest.mark.parametrize(
    "description",
    [
        INJECTION,
        "A\r\nBcc: x@e.nl",
        "A\nBcc: x@e.nl\n\nbody",
        "A =?utf-8?b?CkJjYzogeEBlLm5s?= B",
        "A\x0bBcc: x@e.nl\x85Bcc: y@e.nl\u2028Bcc: z@e.nl",
        "=?=?UTF-8?Q?=0A?=UTF-8?Q?=0A?=Bcc: x@e.nl",
        "=?UTF-8?Q?=0ABcc:_x@e.nl?=",
        "é =?UTF-8?Q?=0A?=Bcc: x@e.nl",
        "half \ud800 surrogate",
    ],
)
def test_a_description_cannot_become_a_header(description: str) -> None:
    for message in (sent(ready(description)), sent(ready(name=description), to_name=description)):
        assert set(message.keys()) == HEADERS
        assert message["To"].addresses[0].addr_spec == "j.jansen@acme.example"
        assert len(message["To"].addresses) == 1
        assert not re.search(r"[\r\n]", message["Subject"])
        assert "=?" not in message["Subject"]


@given(st.text(max_size=300), st.text(max_size=120))
def test_whatever_is_written_the_headers_are_ours(description: str, name: str) -> None:
    message = sent(ready(description, name=name), to_name=name)
    assert set(message.keys()) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["j.jansen@acme.example"]
    assert message["Message-ID"] == ID


def test_a_description_cannot_become_markup_or_more_lines() -> None:
    letter = ready("<script>x</script>\n\nBeste Jan,\n\nBetaal hier \u202eevil")
    assert "<script" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "    <script>x</script> Beste Jan, Betaal hier evil\n" in letter.text


# MIME


def test_a_mail_says_that_no_person_wrote_it_and_is_the_same_at_every_attempt() -> None:
    message = sent(ready())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == ID
    assert message["Date"].datetime == NOW
    assert message["Content-Language"] == "nl"
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain") == ready().text
    assert part(message, "html") == ready().html


def test_a_long_message_id_is_not_folded_into_something_else() -> None:
    long = f"<D-2026-000012.ready.0123456789abcdef@{'very-long-name.' * 8}office.example>"
    data = mime(ready(), Head("a@b.nl", "J", "j@b.nl", long, NOW, "nl"))
    assert email.message_from_bytes(data)["Message-ID"].strip() == long


@pytest.mark.parametrize(
    "name", ["Fatma Yılmaz", 'Jansen, "Jan" <x@e.nl>', "Łukasz Żółć", "", "O'Neill (CFO)", "a@b, c@d", "Very Long " * 30]
)
def test_any_name_can_be_in_an_address(name: str) -> None:
    sender = '"Kantoor & Co, Zürich B.V." <office@office.example>'
    message = sent(ready(), to_name=name, sender=sender)
    assert [address.addr_spec for address in message["To"].addresses] == ["j.jansen@acme.example"]
    assert [address.addr_spec for address in message["From"].addresses] == ["office@office.example"]
    assert message["From"].addresses[0].display_name == "Kantoor & Co, Zürich B.V."
    if name == "Fatma Yılmaz":
        assert message["To"].addresses[0].display_name == name


def test_a_domain_goes_as_the_dns_has_it() -> None:
    assert addresses.ascii_domain("info@bücher.example") == "info@xn--bcher-kva.example"
    # IDNA 2008 (RFC 5894 section 7.2): not strasse.example, which may be somebody else's.
    assert addresses.ascii_domain("info@straße.example") == "info@xn--strae-oqa.example"
    assert addresses.domain_of("Info <info@plain.example>") == "plain.example"


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert addresses.needs_smtputf8("jürgen@acme.example")
    assert not addresses.needs_smtputf8("info@bücher.example")
    assert not addresses.needs_smtputf8("info@acme.example")
    data = mime(ready(), Head("a@b.nl", "", "jürgen@bücher.example", ID, NOW, "nl"))
    assert "\nTo: jürgen@xn--bcher-kva.example\r\n".encode() in data
