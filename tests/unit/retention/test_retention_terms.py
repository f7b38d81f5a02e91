"""How long something is kept. Pure: terms and days in, an end and its reason out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.item_types import months_later
from dossier.office.keys import Client, Settings, Term
from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError
from workflow.retention.retention import end_of, end_of_term

WWFT = [
    Term(years=5, counted_from="relation_end", basis="Wwft art. 33"),
    Term(**{"from": "2027-07-10", "years": 5, "counted_from": "relation_end", "basis": "Regulation (EU) 2024/1624"}),
]
TERMS = {
    "wwft": [term.model_dump(by_alias=True) for term in WWFT],
    "tax": [{"years": 7, "basis": "AWR art. 52"}],
}
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def settings(**more: Any) -> Settings:
    return Settings(**{"retention": {"terms": TERMS, "default": ["wwft", "tax"]}, **more})


def client(ended: date | None) -> Client:
    return Client(name="Acme", ended=ended)


@given(DAYS)
def test_without_the_end_of_the_relation_there_is_no_end(made: date) -> None:
    end = end_of(settings(), None, made, client(None))
    assert end.until is None
    assert "has not ended" in str(end.because)
    assert end_of(settings(), None, made, None).until is None


@given(DAYS, DAYS)
def test_the_longest_of_several_terms_wins(made: date, ended: date) -> None:
    end = end_of(settings(), None, made, client(ended))
    assert end.until == max(months_later(made, 84), months_later(ended, 60))
    assert ("AWR" in str(end.because)) == (months_later(made, 84) > months_later(ended, 60)) or months_later(
        made, 84
    ) == months_later(ended, 60)


@given(DAYS)
def test_a_term_that_ends_before_the_law_changes_is_the_old_laws(ended: date) -> None:
    end = end_of_term(WWFT, ended, ended)
    assert end.until == months_later(ended, 60)
    assert ("Wwft" in str(end.because)) == (end.until < date(2027, 7, 10))


@given(DAYS, st.integers(1, 20), st.integers(1, 20), DAYS)
def test_a_longer_new_term_holds_for_what_was_still_kept_when_it_came(made: date, old: int, new: int, start: date) -> None:
    versions = [Term(years=old, basis="old"), Term(**{"from": start, "years": new, "basis": "new"})]
    until = end_of_term(versions, made, None).until
    old_end = months_later(made, old * 12)
    assert until == (old_end if old_end < start else months_later(made, new * 12))


def test_a_type_with_terms_of_its_own_does_not_follow_the_default() -> None:
    office = settings(types={"letter": {"keep_years": 1}, "tax": {"keep": ["tax"]}, "both": {"keep": ["tax"], "keep_years": 9}})
    made = date(2020, 2, 29)
    assert end_of(office, "letter", made, client(None)).until == date(2021, 2, 28)
    assert end_of(office, "tax", made, client(None)).until == date(2027, 2, 28)
    assert end_of(office, "both", made, client(None)).until == date(2029, 2, 28)


def test_without_a_term_or_of_an_unknown_type_an_item_is_kept_for_good() -> None:
    assert end_of(Settings(), None, date(1990, 1, 1), None).until is None
    assert end_of(settings(), "gone", date(1990, 1, 1), client(date(1991, 1, 1))).until is None


def test_terms_that_are_not_there_or_out_of_order_are_told(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for name in ("clients", "staff"):
        (tmp_path / "config" / f"{name}.yaml").write_text(f"{name}: {{}}\n")
    (tmp_path / "config" / "settings.yaml").write_text(
        "retention:\n  default: [wft]\n  terms:\n    wwft:\n      - {years: 5, basis: a}\n      - {years: 6, basis: b}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_office(tmp_path, {})
    assert list(map(str, caught.value.faults)) == [
        "config/settings.yaml:2: retention.default: there is no `wft` under retention.terms",
        "config/settings.yaml:6: retention.terms.wwft.1: give a `from` that is later than that of the term before it",
    ]
