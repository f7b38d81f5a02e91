"""What a round of publishing works on: whether an item is to be touched, and what of its pictures stays. Pure."""

from __future__ import annotations

import pytest

from dossier.database.tables import Edition, Item
from workflow.portal.jobs import PortalJob, is_shown, left_over
from workflow.portal.pages import archive_source

KEY = 2026_0000012
OLD, NEW = KEY * 10_000 + 1, KEY * 10_000 + 2
PDF = {"name": "a.pdf", "size": 1, "sha256": "a" * 64, "media_type": "application/pdf"}
OTHER = {**PDF, "name": "b.pdf", "sha256": "b" * 64}


def job(public: int | None, wanted: int | None, is_there: bool = True, is_sure: bool = True) -> PortalJob:
    return PortalJob(Item(id=KEY, public=public), Edition(id=wanted) if wanted else None, is_there, is_sure)


@pytest.mark.parametrize(
    ("public", "wanted", "is_there", "is_sure", "is_change", "is_due"),
    [
        (None, NEW, False, True, True, True),  # published for the first time
        (OLD, NEW, True, True, True, True),  # another edition
        (OLD, OLD, True, True, False, False),  # nothing to do
        (OLD, OLD, True, False, False, True),  # nobody is sure of what lies there: it is put there again
        (OLD, None, True, True, True, True),  # taken off
        (None, None, False, False, False, False),  # nothing is there, and nothing shall be
        (None, None, True, False, False, True),  # a stranger, or what a killed round left: it goes
    ],
)
def test_an_item_is_touched_only_where_the_portal_is_not_as_it_shall_be(
    public: int | None, wanted: int | None, is_there: bool, is_sure: bool, is_change: bool, is_due: bool
) -> None:
    found = job(public, wanted, is_there, is_sure)
    assert (found.is_change, found.is_due, found.name) == (is_change, is_due, "D-2026-000012")


def test_a_picture_stays_as_long_as_what_it_was_made_of_is_shown() -> None:
    shown = ("2026-11-28T10:00:00Z", Edition(shown={"description": "x", "explanation": None, "attachments": [PDF, OTHER]}))
    assert is_shown(PDF["sha256"], shown)
    assert is_shown(archive_source([PDF, OTHER]), shown)
    assert not is_shown(archive_source([OTHER, PDF]), shown), "in another order it is another archive"
    assert not is_shown("c" * 64, shown)
    assert not is_shown(PDF["sha256"], None)


def test_what_is_left_over_of_some_items_goes_and_other_items_and_pages_stay() -> None:
    there = ["D-2026-000012-aa.webp", "D-2026-000012-bb.zip", "D-2026-000013-aa.webp", "style.css"]
    assert left_over(there, {"D-2026-000012"}, {"D-2026-000012-bb.zip"}) == ["_pages/D-2026-000012-aa.webp"]
    assert left_over(there, None, set()) == [f"_pages/{name}" for name in there[:3]]
