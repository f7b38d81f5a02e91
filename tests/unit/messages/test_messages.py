"""The mails, as values: what they say and to whom, and that nothing in them becomes a header or markup."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office import cache
from dossier.office.keys import Client, DeskSettings, Settings, Staff
from dossier.office.office import Office
from dossier.text.sentences import Sentence, packed, sentence, told
from workflow.mail.mime import MailHead, mime
from workflow.messages import addresses, kinds, letters
from workflow.messages.composing import Letter
from workflow.webhooks.sending import CAUSE as WEBHOOK

TOP = Path(__file__).parents[3]

OFFICE = Office(
    Path("/nowhere"),
    Settings.model_validate({"office": {"name": "Kantoor De Vries", "phone": "020 765 43 21"}}),
    {"acme-bv": Client(name="Acme B.V.", default_approver="m.devries")},
    {"m.devries": Staff(name="Marieke de Vries", email="m.devries@office.example", phone="020 123 45 67")},
)
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


def letter(kind: str, language: str, name: str, about: str | None, **payload: object) -> Letter:
    """A letter of this kind; `about`: an item of Acme B.V., or None."""
    return letters.letter_of(OFFICE, kind, language, name, "acme-bv", about, payload)[0]


def ready(description: str = "Jaarrekening 2025", language: str = "nl", name: str = "Jan Jansen") -> Letter:
    return letter("ready", language, name, "D-2026-000012", description=description, link=LINK)


def sent(
    letter: Letter,
    to_name: str = "Jan Jansen",
    to_email: str = "j.jansen@acme.example",
    sender: str = "Office <office@office.example>",
) -> EmailMessage:
    """The mail as its reader's program sees it, from the bytes that go over the line."""
    data = mime(letter, MailHead(sender, to_name, to_email, ID, NOW, "nl"))
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
        "Heeft u een vraag? Marieke de Vries helpt u graag: 020\u00a0123\u00a045\u00a067.\n\n"
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
    about = {"description": "Jaarrekening", "approver": "Marieke", "comment": "Blad 3\nontbreekt"}
    told = letter("returned", "nl", "Petra Bakker", "D-2026-000012", **about, phone="020 123 45 67")
    assert told.subject == "Afgekeurd: Jaarrekening (D-2026-000012)"
    assert "Marieke heeft D-2026-000012 voor Acme B.V. afgekeurd:" in told.text
    assert "> Blad 3\n> ontbreekt" in told.text
    assert "Blad 3<br>ontbreekt</td>" in told.html
    assert "Marieke is te bellen op 020 123 45 67." in told.text
    assert "te bellen" not in letter("returned", "nl", "Petra Bakker", "D-2026-000012", **about).text


def test_an_approver_is_reminded_of_all_that_waits() -> None:
    concepts = [
        {"item": f"D-2026-00001{n}", "client": "Acme B.V.", "description": f"Stuk {n}", "since": "2026-11-23T09:00:00+01:00"}
        for n in (1, 2)
    ]
    two, one = (letter("reminder", "nl", "Marieke", None, items=some) for some in (concepts, concepts[:1]))
    assert two.subject == "Er wachten 2 concepten op uw beslissing"
    assert one.subject == "Er wacht 1 concept op uw beslissing"
    assert "- D-2026-000011, Acme B.V.: Stuk 1 (sinds 23 november 2026)\n- D-2026-000012" in two.text
    assert two.html.count("•") == 2
    asked = [{**concept, "asked": ["Marieke (020 123 45 67)"]} for concept in concepts]
    late = letter("escalation", "en", "Karel", None, items=asked, more=3)
    assert late.subject == "5 concepts wait too long"
    assert "(since 23 November 2026, asked: Marieke (020 123 45 67))" in " ".join(late.text.split())
    assert "- and 3 more\n" in late.text


def test_a_maker_reads_that_a_contact_could_not_be_told_and_what_to_do() -> None:
    about = {"description": "Accounts", "contact": "Jan <j@acme.example>", "reason": "550 no such user"}
    told = letter("failed", "en", "Petra", "D-2026-000012", **about)
    assert told.subject == "Mail not sent: Accounts (D-2026-000012)"
    assert "Jan <j@acme.example> of Acme B.V. got no mail about D-2026-000012:" in told.text
    assert "> 550 no such user" in told.text
    assert "dossier notify D-2026-000012 --contact ID" in told.text.replace("\n", " ")
    assert "Jan &lt;j@acme.example&gt;" in told.html


def test_an_alarm_names_what_is_wrong_in_the_readers_language() -> None:
    full = packed(sentence("alarms.little_room", path="/srv/office", free=0))
    told = letter("alarm", "nl", "", None, cause="disk", lines=[full, "2 drops"], over=False)
    assert told.subject == "Alarm: de schijf is bijna vol (Kantoor De Vries)"
    assert "- /srv/office: nog 0 MB vrij\n- 2 drops" in told.text
    over = letter("alarm", "en", "", None, cause="disk", lines=[full], over=True)
    assert over.subject == "Over: the disk is nearly full (Kantoor De Vries)"
    assert "- /srv/office: 0 MB left" in over.text


def test_an_alarm_about_a_client_is_called_what_all_of_its_kind_are() -> None:
    assert told(letters.alarm_name("intake acme-bv"), "nl") == "aangeleverde stukken kunnen niet worden verwerkt"
    assert told(letters.alarm_name("watch inbox"), "nl") == "de inbox wordt niet bewaakt"
    assert letters.alarm_name("something new") == "something new"


def test_every_alarm_is_called_by_its_name_in_the_subject_of_its_mail() -> None:
    sources = [path.read_text() for part in ("dossier", "workflow", "ingest", "desk") for path in (TOP / part).rglob("*.py")]
    causes = {cause.strip() for text in sources for cause in re.findall(r'_alarm\(\s*f?"([a-z_: ]+)', text)}
    causes |= {cause for text in sources for cause in re.findall(r'alarms\.tell\([^,]+, "([a-z ]+)"', text)}
    assert {"disk", "client folders:new", "watch inbox", "stays"} < causes
    for cause in [*causes, WEBHOOK + "crm"]:
        assert isinstance(letters.alarm_name(cause), Sentence), cause
    assert told(letters.alarm_name("client folders:new"), "nl") == "de map van een klant kan niet worden gemaakt"


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("kind", sorted({path.name.split(".")[0] for path in letters.USUAL.iterdir()} | letters.LIKE.keys()))
def test_every_kind_of_mail_has_its_letter(kind: str, language: str) -> None:
    row = {
        "item": "D-2026-000012",
        "client": "Acme B.V.",
        "description": "Stuk",
        "since": "2026-11-23T09:00:00+01:00",
        "link": LINK,
    }
    payload = {
        **row, "approver": "Marieke", "comment": "Nee", "contact": "Jan", "reason": "550", "cause": "disk", "lines": ["Vol"],
        "over": False, "more": 2, "findings": ["x"], "held": True, "line": "anker", "minutes": 15, "descriptions": ["Stuk"],
        "items": [row, row], "subject": "Te beslissen", "reasons": ["report.yaml:1: fout"], "page": "/queue", "decides": True,
    }  # fmt: skip
    told = letter(kind, language, "Jan", "D-2026-000012", **payload)
    assert told.subject
    assert told.text.endswith("\n")
    assert not re.search(r"None|\{|\}|Undefined|\n\n\n", told.text)
    assert told.html.count("<table") == told.html.count("</table>")


def test_there_is_no_letter_of_a_kind_that_nobody_knows() -> None:
    with pytest.raises(ValueError, match="no letter for postcard"):
        letter("postcard", "nl", "Jan", None)


def test_a_client_reads_whom_to_call() -> None:
    assert "Heeft u een vraag? Marieke de Vries helpt u graag: 020\u00a0123\u00a045\u00a067.\n" in ready().text
    away = replace(OFFICE, staff={"m.devries": Staff(name="Marieke", email="m@office.example", active=False, phone="020 1")})
    called = letters.letter_of(away, "ready", "en", "Jan", "acme-bv", None, {"description": "Stuk", "link": LINK})[0]
    assert "Any questions? Please call Kantoor De Vries, 020\u00a0765\u00a043\u00a021.\n" in called.text
    silent = replace(OFFICE, settings=Settings(), staff={})
    quiet = letters.letter_of(silent, "ready", "en", "Jan", "acme-bv", None, {"description": "Stuk", "link": LINK})[0]
    assert "questions" not in quiet.text


def test_a_mail_to_staff_leads_to_the_desk_wherever_somebody_said_that_it_is() -> None:
    row = {"item": "D-2026-000012", "client": "Acme B.V.", "description": "Stuk", "since": "2026-11-23T09:00:00+01:00"}
    assert "Decide on the desk" not in letter("reminder", "en", "Marieke", None, items=[row]).text
    desk = replace(OFFICE, settings=Settings.model_validate({"desk": {"base_url": "https://desk.office.example/"}}))
    told = letters.letter_of(desk, "reminder", "en", "Marieke", None, None, {"items": [row]})[0]
    assert "Decide on the desk:\nhttps://desk.office.example/queue\n" in told.text
    assert '<a href="https://desk.office.example/queue"' in told.html
    here = replace(OFFICE, settings=Settings.model_validate({"desk": {"base_url": "http://127.0.0.1:8099"}}))
    assert (
        "http://127.0.0.1:8099/queue\n"
        in letters.letter_of(here, "reminder", "en", "Marieke", None, None, {"items": [row]})[0].text
    )
    as_usual = replace(OFFICE, settings=Settings.model_validate({"desk": {"base_url": DeskSettings().base_url}}))
    told = letters.letter_of(as_usual, "reminder", "en", "Marieke", None, None, {"items": [row]})[0]
    assert f"Decide on the desk:\n{DeskSettings().base_url}/queue\n" in told.text
    for office, leads in ((as_usual, True), (OFFICE, False)):
        snapshot = cache.unpacked(cache.packed(office))
        again = letters.letter_of(
            cache.unpacked(cache.packed(snapshot)), "reminder", "en", "Marieke", None, None, {"items": [row]}
        )[0]
        assert ("Decide on the desk" in again.text) == leads, "as well where the office comes out of a snapshot"


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
    data = mime(ready(), MailHead("a@b.nl", "J", "j@b.nl", long, NOW, "nl"))
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
    assert message["To"].addresses[0].display_name == name.strip()


def test_a_domain_goes_as_the_dns_has_it() -> None:
    assert addresses.ascii_domain("info@bücher.example") == "info@xn--bcher-kva.example"
    # IDNA 2008 (RFC 5894 section 7.2): not strasse.example, which may be somebody else's.
    assert addresses.ascii_domain("info@straße.example") == "info@xn--strae-oqa.example"
    assert addresses.domain_of("Info <info@plain.example>") == "plain.example"


def test_a_local_part_beyond_ascii_stays_as_it_is() -> None:
    data = mime(ready(), MailHead("a@b.nl", "", "jürgen@bücher.example", ID, NOW, "nl"))
    assert "\nTo: jürgen@xn--bcher-kva.example\r\n".encode() in data


def test_each_kind_of_mail_has_a_name_for_people() -> None:
    """What a list of mails says it is."""
    letters_of = {path.name.partition(".")[0] for path in letters.USUAL.glob("*.txt")}
    for kind in {*letters_of, *kinds.NOTICES, *kinds.TO_CONTACTS, kinds.TOGETHER, *kinds.IN_SERIES, "desk_login"}:
        for language in ("en", "nl"):
            assert not told(Sentence(f"mail.kind_{kind}"), language).startswith("mail."), kind
