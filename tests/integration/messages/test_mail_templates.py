"""Digests, and letters with an office's own words and looks."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest
from kit.mail_server import MailOffice, Server, text_of
from kit.support import CLIENTS
from PIL import Image

from desk.doctor import office as office_checks
from dossier.database.database import transaction
from dossier.office.people import Actor
from workflow.items import items
from workflow.mail import resending, sending

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")


@pytest.fixture
def office(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port)


# Digest

DIGEST = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, notify: digest")


@pytest.mark.slow
def test_who_wants_a_digest_gets_at_most_one_mail_an_hour_with_all_that_came(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys, sent_at = [], []
    for minute in range(180):
        if minute % 10 == 0:
            keys.append(office.item(f"Stuk van minuut {minute}"))
        before = len(server.mails)
        office.later(60)
        sent_at += [minute] * (len(server.mails) - before)
    for _ in range(61):
        office.later(60)
    assert all(later - earlier >= 59 for earlier, later in pairwise(sent_at))
    assert len(server.mails) <= 4
    text = "".join(text_of(mail) for mail in server.mails)
    assert [text.count(f"Stuk van minuut {minute}\n") for minute in range(0, 180, 10)] == [1] * 18
    assert all(office.get(key).notify is False and office.get(key).notified_at for key in keys)
    assert server.mails[1]["Subject"] == "Er staan 6 documenten voor u klaar"
    assert server.mails[0]["Subject"] == "Er staat 1 document voor u klaar"
    assert {mail["List-Unsubscribe"] for mail in server.mails} == {"<mailto:office@office.example?subject=unsubscribe>"}


def test_a_digest_leaves_out_what_was_withdrawn_meanwhile(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys = [office.item(name) for name in ("Blijft staan", "Gaat er weer af")]
    server.on_data = lambda data: "451 later"
    office.later(301)
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, keys[1], "fout")
    server.on_data = lambda data: None
    office.later(5)
    text = text_of(server.mails[0])
    assert "Blijft staan" in text
    assert "Gaat er weer af" not in text


def test_a_digest_that_failed_tells_the_makers_and_its_items_can_be_tried_again(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys = [office.item(name) for name in ("Eerste stuk", "Tweede stuk")]
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    office.later(301)
    office.send_all()
    assert [mail["Subject"] for mail in server.mails] == ["2 berichten uit het dossier"]
    assert "Eerste stuk" in text_of(server.mails[0])
    assert "Tweede stuk" in text_of(server.mails[0])
    [digest] = office.mails("bundle")
    assert digest.state == "failed"
    server.on_rcpt = lambda address: None
    with transaction():
        resending.retry(office.office, office.now, BAKKER, digest.id)
    for _ in range(80):
        office.later(60)
    assert [office.get(key).notify for key in keys] == [False, False]
    assert "Eerste stuk" in text_of(server.mails[-1])


# Templates


def test_an_office_has_its_own_words_and_looks(office: MailOffice, server: Server) -> None:
    folder = office.root / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(
        "Subject: Nieuw van {{ firm }}: {{ description }}\n\nHallo {{ name }},\n\n    {{ description }}\n\n{{ link }}\n\nGroet van {{ firm }}\n"
    )
    (folder / "letter.html").write_text(
        "<body class=huis>{% for b in blocks %}<p>{{ b.text }}</p>{% if b.link %}<a href='{{ b.link }}'>x</a>{% endif %}{% endfor %}</body>"
    )
    office.item("Jaarrekening <b>2025</b>")
    office.send_all()
    [mail] = server.mails
    assert mail["Subject"] == "Nieuw van Office: Jaarrekening <b>2025</b>"
    html, text = text_of(mail, "html"), text_of(mail)
    assert "<body class=huis><p>Hallo Jan Jansen,</p><p>Jaarrekening &lt;b&gt;2025&lt;/b&gt;</p>" in html
    assert "    Jaarrekening <b>2025</b>\n" in text
    assert "index.html?item=D-2026-000001#D-2026-000001" in html
    assert office.told == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Hallo {{ name }}", "begin with a line `Subject: …`"),
        ("Subject: x\n\n{{ nonsense }}", "nonsense"),
        ("Subject: x\n\n{% if %}", "ready.nl.txt:3"),
        ("Subject: x\n\n{{ name.__class__.__mro__ }}", "unsafe"),
        ("Subject: x\n\n{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_faulty_template_holds_up_no_mail_and_is_told(office: MailOffice, server: Server, text: str, fault: str) -> None:
    folder = office.root / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(text)
    office.item()
    office.send_all()
    assert server.mails[0]["Subject"] == "Voor u klaargezet: Jaarrekening 2025"
    assert office.told[0][0] == "mail templates"
    assert fault in str(office.told[0][1])


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(office: MailOffice, server: Server) -> None:
    key = office.item()
    letter, to, fault = sending.preview(office.office, key, None)
    office.send_all()
    assert to == "Jan Jansen <j.jansen@acme.example>"
    assert fault is None
    assert letter.text == text_of(server.mails[0])


def logo_png() -> bytes:
    image = Image.new("RGB", (300, 60), (11, 95, 85))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_the_firms_logo_goes_with_each_mail(office: MailOffice, server: Server) -> None:
    (office.root / "config/logo.png").write_bytes(logo_png())
    office.item()
    office.send_all()
    [mail] = server.mails
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<logo@dossier>"
    assert Image.open(io.BytesIO(picture.get_content())).size == (300, 60)
    assert '<img src="cid:logo@dossier" width="200" height="40" alt="Office"' in text_of(mail, "html")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip


def test_a_logo_that_is_none_holds_up_no_mail_and_is_told_by_doctor(office: MailOffice, server: Server) -> None:
    (office.root / "config/logo.png").write_bytes(b"\xff" * 3_000_000)
    office.item()
    office.send_all()
    assert ">Office</p>" in text_of(server.mails[0], "html")
    [found] = office_checks.picture(office.office)
    assert (found.level, found.check) == ("wrong", "logo")
    assert "larger than 100 kB" in str(found.message)
