"""When two names are the same to a person, and what a name becomes to be printed, or to lie on any file system. Pure."""

from __future__ import annotations

import pytest

from dossier.text import names
from workflow.guard.directory import fold_text
from workflow.portal_access.access import folded, network_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jaarrekening.PDF", "jaarrekening.pdf"),
        ("Caf\u00e9.pdf", "Cafe\u0301.PDF"),  # composed on Windows, decomposed on a Mac
        ("STRASSE.pdf", "stra\u00dfe.pdf"),
        ("\u0130.pdf", "i\u0307.pdf"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"),  # a final sigma is a sigma
    ],
)
def test_names_that_a_person_would_call_the_same_fold_to_the_same(one: str, other: str) -> None:
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize("name", ["Caf\u00e9", "Cafe\u0301", "\u0130stanbul", "STRASSE", "\ufb01le", "\u1e9e", "\u0345\u0301"])
def test_what_is_folded_stays_as_it_is_when_it_is_folded_again(name: str) -> None:
    assert names.fold(names.fold(name)) == names.fold(name)


@pytest.mark.parametrize(("one", "other"), [("cafe", "caf\u00e9"), ("a b", "a  b"), ("1", "\u0661")])
def test_accents_spaces_and_digits_tell_names_apart(one: str, other: str) -> None:
    assert names.fold(one) != names.fold(other)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("a.pdf", False),
        (".a", True),
        ("~$a.docx", True),
        ("Thumbs.DB", True),
        ("a.PART", True),
        ("a~", True),
        ("a.tmp.pdf", False),
        ("Icon\r", True),
        ("Icon.pdf", False),
        ("a.pdf:Zone.Identifier", True),
        ("a.xlsx.sb-5f3c8ab1-W2kq9Z", True),
        ("a.sb-1.pdf", False),
    ],
)
def test_what_other_programs_leave_is_known_by_its_name(name: str, known: bool) -> None:
    assert names.is_ignored(name) == known


def test_a_name_is_printed_on_one_line_whatever_is_in_it() -> None:
    assert names.printable("Café.pdf") == "Café.pdf"
    assert names.printable("a\nb\x1b[2J") == "a\\nb\\x1b[2J"
    assert names.printable("invoice\u202efdp.exe") == "invoice\\u202efdp.exe"
    assert names.printable(b"\xff.pdf".decode("utf-8", "surrogateescape")) == "\\udcff.pdf"


def test_a_name_in_an_old_encoding_is_told_as_such() -> None:
    found = names.name_fault(b"r\xe9sum\xe9.pdf".decode("utf-8", "surrogateescape"))
    assert found is not None
    assert "not written in UTF-8" in str(found)


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("a.pdf", "a.pdf"),
        ("a:b?.pdf", "a-b-.pdf"),
        ("con.pdf", "con-.pdf"),
        (" a .pdf.", "a.pdf"),
        ("a.tmp", "a.tmp"),
    ],
)
def test_a_name_from_elsewhere_is_brought_as_near_as_windows_lets_it(name: str, fitting: str) -> None:
    assert names.fitted(name) == fitting


def test_a_name_that_is_too_long_keeps_its_ending_and_no_half_character() -> None:
    found = names.fitted("é" * 200 + ".pdf")
    assert found.endswith("é.pdf")
    assert len(found.encode()) <= names.MAX_NAME_BYTES
    assert names.name_fault(found) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("J.Jansen@Acme.example", " j.jansen@acme.EXAMPLE ", True),
        ("jos\u00e9@acme.example", "jose\u0301@acme.example", True),
        ("a@\uff41cme.example", "a@acme.example", True),
        ("stra\u00dfe@acme.example", "strasse@acme.example", False),
        ("\u212aees@acme.example", "kees@acme.example", True),
        ("\u00cbva@acme.example", "\u00ebva@acme.example", False),
    ],
)
def test_mail_addresses_are_the_same_only_where_mail_goes_to_the_same_place(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) == same


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.17", "192.0.2.0/24"),
        ("192.0.2.17:50123", "192.0.2.0/24"),
        ("::ffff:192.0.2.17", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("[2001:db8:1:2ff::1]:443", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
    ],
)
def test_tries_are_counted_by_what_one_subscriber_has(peer: str, network: str) -> None:
    assert network_of(peer) == network


def test_the_guard_reads_past_accents_ligatures_and_hyphens_but_not_past_capitals() -> None:
    assert fold_text("Zo\u00eb & \ufb01liaal") == "Zoe & filiaal"
    assert fold_text("admini-\nstratie") == "administratie"
    assert fold_text("BAKKER") != fold_text("bakker")
