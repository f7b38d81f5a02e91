"""Keys of a type are kept with an item of that type, or it is told why not: none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import PETRA, Records

from desk.actions import changing
from dossier.text.refusals import Invalid
from workflow.items import items

TYPES = (
    "sharing: {guard: off}\ntypes: {advice: {fields: {until: date, matter: text}}, letter: {fields: {matter: [tax, wages]}}}\n"
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, TYPES)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [(None, "matter", "tax"), ("letter", "until", "2027-03-01"), ("letter", "matter", "of another type")],
)
def test_a_key_that_the_items_type_does_not_have_or_not_so_is_refused_and_not_passed_over(
    office: Records, kind: str | None, key: str, value: str
) -> None:
    item = office.make(type=kind) if kind else office.make()
    with pytest.raises(Invalid) as refusal:
        changing.edit(office.office, office.tick(), PETRA, item, {key: value, "location": "2026"})
    assert [problem.key for problem in refusal.value.problems] == [key]
    assert items.get(item).location is None
    changing.edit(office.office, office.tick(), PETRA, item, {"type": "advice", "matter": "of another type"})
    assert items.get(item).fields == {"matter": "of another type"}
