"""Mails arrive as they were written: what a strict reader makes of what a real server was handed."""

from __future__ import annotations

import random
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from kit import strict_headers
from kit.mail_server import START, MailOffice, Server

from dossier.office.keys import MailSettings
from dossier.office.terms import ConfigurationError
from workflow.mail import mime, smtp
from workflow.messages.composing import Letter

HEAD = mime.MailHead("Office <o@office.example>", "", "j@acme.example", "<1@office.example>", START, "nl")

DUTCH = """de het een één van voor aan bij café coöperatie reünie geïnd financiële jaarrekening aangifte vennootschapsbelasting
omzetbelasting 2025 (concept) ’s-Gravenhage Curaçao naïef beïnvloed zeeën ruïne e-mail: knooppunt Q3 €1.000,- – “zoals besproken”
B.V. Müller Łukasz Yılmaz Façade créditnota 12½% één-op-één = ? _ ; 100% D-2026-000012 accountantsverklaring"""
ENGLISH = """the annual accounts of a for with résumé naïve café payroll tax return (draft) 2025 Q1 – “final” £1,000 it's re: fw:
statement year-end VAT review & co. Smith O’Brien Zoë façade attached = ? _ ; 100% D-2026-000012 miscellaneous 📎 declaration"""


def random_subject(chance: random.Random) -> str:
    words = chance.choice([DUTCH, ENGLISH]).split()
    subject = ""
    while len(subject) < chance.randint(1, 200):
        subject += chance.choice(words) + " "
    return subject.strip()[:200].strip()


@pytest.mark.slow
def test_four_thousand_dutch_and_english_subjects_and_names_are_as_they_were_written() -> None:
    chance = random.Random(2047)
    for _ in range(4000):
        subject, name = random_subject(chance), random_subject(chance)
        data = mime.headers(subject, replace(HEAD, to_name=name)) + b"\r\n"
        assert strict_headers.unstructured(data, "Subject") == subject
        assert strict_headers.mailbox(data, "To") == (name, HEAD.to_email)


def test_subjects_and_names_arrive_as_they_were_written(server: Server) -> None:
    chance = random.Random(5322)
    written = [(random_subject(chance), random_subject(chance)) for _ in range(300)]
    line = smtp.open_line(MailSettings(host="127.0.0.1", port=server.port), {})
    for subject, name in written:
        data = mime.mime(Letter(subject, "tekst\n", "<p>tekst</p>\n"), replace(HEAD, to_name=name))
        answer = smtp.hand_over(line, HEAD.sender, HEAD.to_email, data, lambda: True)
        assert answer is not None
        assert answer.is_yes
    smtp.close_line(line, politely=True)
    arrived = [(strict_headers.unstructured(raw, "Subject"), strict_headers.mailbox(raw, "To")[0]) for raw in server.raw]
    assert arrived == written


@pytest.mark.parametrize(
    ("own", "settings", "greeting"),
    [
        ("dossier.office.example", {}, "dossier.office.example"),
        ("3f2a9c", {"sender": "Kantoor <info@kantoor.example>"}, "kantoor.example"),
        ("server.local", {"sender": "Kantoor <info@bücher.example>"}, "xn--bcher-kva.example"),
        ("localhost.localdomain", {"sender": "Kantoor <info@kantoor>"}, "[127.0.0.1]"),
        ("dossier.office.example", {"helo": "out.kantoor.example"}, "out.kantoor.example"),
        ("dossier.office.example", {"helo": "'[192.0.2.1]'"}, "[192.0.2.1]"),
    ],
)
def test_the_server_is_greeted_by_a_name_that_it_can_look_up(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, own: str, settings: dict[str, str], greeting: str
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda *name: own)
    office = MailOffice(tmp_path / "office", server.port, **settings)
    office.item()
    office.send_all()
    assert set(server.greetings) == {greeting}


def test_answers_go_where_the_settings_say(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, reply_to="Receptie één <info@kantoor.example>")
    office.item("Jaarrekening coöperatie één voor allen, allen voor één en zo verder")
    office.send_all()
    assert strict_headers.mailbox(server.raw[0], "Reply-To") == ("Receptie één", "info@kantoor.example")
    subject = "Voor u klaargezet: Jaarrekening coöperatie één voor allen, allen voor één en zo verder"
    assert strict_headers.unstructured(server.raw[0], "Subject") == subject


@pytest.mark.parametrize(
    "settings", [{"reply_to": "nobody"}, {"reply_to": "jürgen@kantoor.example"}, {"helo": "two words"}, {"helo": "-x.example"}]
)
def test_a_name_or_address_that_no_mail_can_have_is_told_before_one_goes(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=f"mail.{next(iter(settings))}"):
        MailOffice(tmp_path / "office", 25, **settings)
