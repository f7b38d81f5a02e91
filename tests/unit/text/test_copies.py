"""Names that editors, file browsers and people give to copies of a sidecar. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.text import copies

COPIES = [
    "report.yaml.bak", "report.yaml.txt", "report.yaml~", "report.yaml~1", "report.yaml.orig", "report.yaml.save.1", "report.yaml.2",
    "#report.yaml#", "report (1).yaml", "report - Copy.yaml", "report - Kopie (2).yaml", "report copy 3.yaml", "Copy of report.yaml",
    "Kopie (2) van report.yaml", "report.sync-conflict-20261124-091500-ABCDEFG.yaml", "report (conflicted copy 2026-11-24).yaml",
    "report.yaml.yaml", "report.yaml.zip", "report_conflict-20261124.yaml", "report (1) (2).yaml.bak",
]  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_known_by_its_name_and_so_is_what_it_is_a_copy_of(name: str) -> None:
    assert copies.copy_of(name) == "report.yaml"
    assert copies.is_copy(name) == (not name.lower().endswith(".yaml"))


@pytest.mark.parametrize(
    "name", ["report.yaml", "report.yml", "report.pdf", "copy.yaml.pdf", "conflict.pdf", "2026.yaml", "copy.yaml", ".yaml"]
)
def test_any_other_name_is_no_copys(name: str) -> None:
    assert copies.copy_of(name) is None
    assert not copies.is_copy(name)


@given(st.text(max_size=40), st.sampled_from([".yaml.bak", " (1).yaml", "~", " - Copy.yaml", ".yaml.txt", ".yml~"]))
def test_what_a_copy_is_one_of_is_no_copy_itself(begin: str, end: str) -> None:
    card = copies.copy_of(begin + end)
    assert card is None or copies.copy_of(card) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jaarrekening 2025.pdf", "jaarrekening\u00a02025.pdf"),
        ("d’Arc – 1.pdf", "d'arc - 1.pdf"),
        ("“a”.pdf", '"a".pdf'),
        ("a\u200bb", "ab"),
        ("“report.pdf”", "report.pdf"),
        ("report_2025.pdf", "Report 2025.pdf"),
        ("rap\u043ert.\u0420df", "raport.pdf"),
    ],
)
def test_names_that_look_the_same_have_one_outline(one: str, other: str) -> None:
    assert copies.outline(one) == copies.outline(other)


@given(st.text(max_size=40))
def test_an_outline_of_an_outline_is_the_same(name: str) -> None:
    assert copies.outline(copies.outline(name)) == copies.outline(name)
