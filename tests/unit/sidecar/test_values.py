"""What is asked for without a file, by option or form, is judged as the same words in a sidecar would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.keys import Settings
from dossier.text.yamltext import Limits, lines_of
from ingest.sidecar.reading import read_sidecar, read_values

SETTINGS = Settings.model_validate({"types": {"advice": {"fields": {"reviewer": "text"}}}})


def both(values: Mapping[str, str | Sequence[str]]) -> tuple[object, object]:
    """(what the values ask for, what the same words ask for in a file), each with its faults' sentences."""
    by_value, by_file = read_values(values, SETTINGS), read_sidecar("\n".join(lines_of(values)).encode(), SETTINGS)
    told = [sorted(str(fault.message) for fault in faults) for _, faults in (by_value, by_file)]
    asked = [
        None if found is None else {**{k: getattr(found, k) for k in found.__slots__}, "lines": None}
        for found in (by_value[0], by_file[0])
    ]
    return (asked[0], told[0]), (asked[1], told[1])


@pytest.mark.parametrize(
    "values",
    [
        {"description": "Jaarrekening 2025 #2", "labels": ["a: b", "c"], "share": "yes"},
        {"omschrijving": "Jaarrekening 2025", "gedeeld": "ja"},
        {"description": ""},
        {"description": "null"},
        {"labels": []},
        {"share": "perhaps", "status": "twee\nregels"},
        {"description": "with\u0000nothing", "location": "a\u202eb"},
        {"item": "D-2026-000012", "type": "advice", "reviewer": "k.smit"},
        {"nonsense": "x", "labels": ["y"] * 100},
    ],
)
def test_values_are_judged_as_the_same_words_in_a_file(values: Mapping[str, str | Sequence[str]]) -> None:
    by_value, by_file = both(values)
    assert by_value == by_file


@given(
    st.dictionaries(
        st.sampled_from(["description", "location", "status"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    )
)
def test_whatever_the_texts_are(values: dict[str, str]) -> None:
    by_value, by_file = both(values)
    assert by_value == by_file


def test_half_a_character_and_more_than_a_sidecar_may_hold_are_refused() -> None:
    assert [fault.message.code for fault in read_values({"description": "half \ud800"}, SETTINGS)[1]] == ["yaml.bad_character"]
    found, faults = read_values({"explanation": "x" * Limits().bytes}, SETTINGS)
    assert found is None
    assert [fault.message.code for fault in faults] == ["yaml.too_large"]
