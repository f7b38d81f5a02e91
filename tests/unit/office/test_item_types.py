"""What a type of item says: what fits its fields, when something must be looked at again, what is wrong with it. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office import item_types
from dossier.office.keys import ItemType

MADE = date(2026, 1, 31)


def kind(**keys: Any) -> ItemType:
    return ItemType(**keys)


@pytest.mark.parametrize(
    ("field", "text", "fits"),
    [
        ("text", " anything at all ", " anything at all "),
        ("date", "2026-02-28", "2026-02-28"),
        ("date", "2026-02-30", None),
        ("date", "28-02-2026", None),
        ("date", "20260228", None),
        (["Low", "High"], "high", "High"),
        (["Low", "High"], "medium", None),
    ],
)
def test_a_value_fits_its_field_or_does_not(field: Any, text: str, fits: str | None) -> None:
    assert item_types.fitting(field, text) == fits


@given(st.text(max_size=12))
def test_a_text_is_a_date_only_as_a_date_is_written(text: str) -> None:
    assert not item_types.is_date(text) or date.fromisoformat(text).isoformat() == text


@given(st.dates(date(1900, 1, 1), date(2900, 1, 1)), st.integers(0, 1200))
def test_months_later_is_the_same_day_or_the_last_of_that_month(day: date, months: int) -> None:
    later = item_types.months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_no_day_is_later_than_the_calendar_goes() -> None:
    assert item_types.months_later(date(9999, 12, 1), 1) == date.max


@pytest.mark.parametrize(
    ("keys", "fields", "due"),
    [
        ({}, {}, None),
        ({"review_months": 1}, {}, date(2026, 2, 28)),
        ({"review_field": "until", "fields": {"until": "date"}}, {"until": "2027-03-01"}, date(2027, 3, 1)),
        ({"review_field": "until", "fields": {"until": "date"}, "review_months": 12}, {}, date(2027, 1, 31)),
        ({"review_field": "until", "fields": {"until": "date"}, "review_months": 12}, {"until": "spring"}, date(2027, 1, 31)),
    ],
)
def test_a_review_is_due_by_its_field_else_by_its_months(keys: dict[str, Any], fields: dict[str, str], due: date | None) -> None:
    assert item_types.review_due(kind(**keys), fields, MADE) == due


def test_all_that_is_wrong_with_a_type_is_told_with_its_key() -> None:
    wrong = kind(
        fields={"klant": "text", "risk": "text"},
        required=["risk", "colour"],
        labels=["Blue"],
        staff=["nobody"],
        review_field="risk",
    )
    told = [(name, path, what.code) for name, path, what in item_types.faults({"kyc": wrong}, ["Red"], ["k.smit"])]
    assert told == [
        ("kyc", ("fields", "klant"), "config.field_taken"),
        ("kyc", ("required",), "config.no_such_field"),
        ("kyc", ("labels",), "config.no_such_label"),
        ("kyc", ("staff",), "config.no_such_person"),
        ("kyc", ("review_field",), "config.no_date_field"),
    ]
