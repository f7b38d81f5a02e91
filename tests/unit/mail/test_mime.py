"""A letter on the line: headers arrive as they were written, whatever was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kit import strict_headers

from workflow.mail.mime import HEADER_CHARACTERS, MailHead, header_text, mime
from workflow.messages.composing import Letter

HEAD = MailHead(
    "Office <office@office.example>", "Jan Jansen", "j.jansen@acme.example", "<D-2026-000012.ready.01@office.example>",
    datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "nl",
)  # fmt: skip


def raw(subject: str = "Jaarrekening", **head: object) -> bytes:
    return mime(Letter(subject, "tekst\n", "<p>tekst</p>\n"), replace(HEAD, **head))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "subject",
    [
        "Voor u klaargezet: Jaarrekening coöperatie één voor allen, allen voor één en nog veel meer in reünieverband",
        "é" * 180,
        "plain words, " * 15,
        "w" * 200,
        "\U0001f4c4" * 90,
        "Ready: “Q3” – 50 % of €1,000 (draft?) = fine_print",
        "",
        "=?",
    ],
)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    assert strict_headers.unstructured(raw(subject), "Subject") == header_text(subject)


@given(st.text(max_size=300), st.text(max_size=120))
@example("a " * 100 + "é", "é, " * 40)
@example("\u0301" * 200, "\u0301")
def test_whatever_is_written_arrives_in_subject_and_name(subject: str, name: str) -> None:
    mail = raw(subject, to_name=name)
    assert strict_headers.unstructured(mail, "Subject") == header_text(subject)
    assert strict_headers.mailbox(mail, "To") == (header_text(name), "j.jansen@acme.example")


@pytest.mark.parametrize(
    "name",
    [
        "Jansen, Jan",
        'Jan "de Lange" Jansen',
        "Kantoor & Co. B.V.",
        "O'Neill (CFO)",
        "back\\slash",
        "Fatma Yılmaz, directeur",
        "a@b",
    ],
)
def test_a_name_arrives_with_its_commas_dots_and_quotes(name: str) -> None:
    assert strict_headers.mailbox(raw(to_name=name), "To") == (name, "j.jansen@acme.example")


def test_a_long_description_is_in_the_subject_whole() -> None:
    subject = "Voor u klaargezet: " + "é" * 200
    assert strict_headers.unstructured(raw(subject), "Subject") == subject
    cut = strict_headers.unstructured(raw("é" * 500), "Subject")
    assert (len(cut), cut[-1]) == (HEADER_CHARACTERS, "…")


def test_programs_that_answer_by_themselves_are_asked_not_to() -> None:
    mail = raw()
    assert strict_headers.header(mail, "Auto-Submitted") == "auto-generated"
    assert strict_headers.header(mail, "X-Auto-Response-Suppress") == "OOF, AutoReply"


def test_answers_go_where_the_office_wants_them() -> None:
    assert strict_headers.mailbox(raw(reply_to="Receptie één <info@office.example>"), "Reply-To") == (
        "Receptie één", "info@office.example",
    )  # fmt: skip
    assert strict_headers.mailbox(raw(reply_to="info@office.example"), "Reply-To") == ("", "info@office.example")
    assert "Reply-To" not in dict(strict_headers.headers(raw()))


def test_one_of_a_series_says_whom_to_ask_to_be_taken_off() -> None:
    assert "List-Unsubscribe" not in dict(strict_headers.headers(raw()))
    assert strict_headers.header(raw(may_unsubscribe=True), "List-Unsubscribe") == (
        "<mailto:office@office.example?subject=unsubscribe>"
    )
    to = "Info <in+fo%x@bücher.example>"
    assert strict_headers.header(raw(may_unsubscribe=True, reply_to=to), "List-Unsubscribe") == (
        "<mailto:in%2Bfo%25x@xn--bcher-kva.example?subject=unsubscribe>"
    )
