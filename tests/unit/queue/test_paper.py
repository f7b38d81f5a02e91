"""The queue file as text: what is written comes back, and nothing that is unclear is a decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.text.names import fold, name_fault
from dossier.text.yamltext import plain, read_map
from workflow.queue import paper
from workflow.queue.paper import Sheet

SHEET = Sheet(
    item="D-2026-000012", content="sha256:9f", client="acme-bv", client_name="Acme B.V.",
    shown={
        "description": "Annual accounts 2025", "explanation": None,
        "attachments": [{"name": "a.pdf", "size": 3, "sha256": "ab", "media_type": "application/pdf"}],
    },
    explanation=None, made_by="p.bakker", made_at="2026-11-24T09:00:00.123456Z",
)  # fmt: skip

texts = st.text(max_size=60)
lines = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=60).map(str.strip).filter(bool)
names = lines.filter(lambda name: name_fault(name) is None)


@st.composite
def sheets(draw: Any) -> Sheet:
    chosen = draw(st.lists(names, max_size=4, unique_by=fold))
    explanation = draw(st.none() | texts)
    shown = {
        "description": draw(lines), "explanation": explanation if draw(st.booleans()) else None,
        "attachments": [{"name": name, "size": 1, "sha256": "ab"} for name in chosen],
    }  # fmt: skip
    remarks = tuple(draw(st.lists(texts, max_size=2)))
    return replace(
        SHEET, shown=shown, explanation=explanation, client_name=draw(st.none() | lines), attention=remarks, remarks=remarks
    )


@given(sheets(), st.lists(texts, max_size=2))
def test_whatever_a_concept_holds_comes_back_as_it_was_written(sheet: Sheet, reasons: list[str]) -> None:
    data = paper.render(sheet, reasons).encode()
    reading = paper.read(data, sheet)
    assert reading.is_blank, reading
    assert paper.without_reasons(data) == paper.render(sheet).encode()
    values: Any = plain(read_map(data, paper.limits_for(sheet))[0])
    assert values["description"] == sheet.shown["description"]
    assert values["explanation"] == sheet.explanation
    assert [a["name"] for a in values["attachments"]] == [a["name"] for a in sheet.shown["attachments"]]


@given(sheets(), st.sampled_from(sorted(paper.WORDS)), lines)
def test_a_word_and_a_comment_in_their_places_decide(sheet: Sheet, word: str, comment: str) -> None:
    from dossier.text.yamltext import scalar

    text = paper.render(sheet).replace("\ndecision:\ncomment:", f"\ndecision: {word}\ncomment: {scalar(comment)}", 1)
    reading = paper.read(text.encode(), sheet)
    assert (reading.verdict, reading.comment) == (paper.WORDS[word], comment)


@settings(max_examples=300)
@given(st.data())
def test_damage_is_never_a_decision_that_was_not_typed(data: Any) -> None:
    """Some bytes are cut out, doubled, or written over: nothing raises, and only a whole file decides."""
    typed = data.draw(st.sampled_from(["", "approve", "reject", "aprove"]))
    text = (
        paper.render(SHEET)
        .replace("\ndecision:", f"\ndecision: {typed}", 1)
        .replace("\ncomment:", "\ncomment: because", 1)
        .encode()
    )
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    put = data.draw(
        st.binary(max_size=6) | st.sampled_from([text[start:end] * 2, b"\n---\n", b"approve", b"\ndecision: approve\n"])
    )
    damaged = text[:start] + put + text[end:]
    reading = paper.read(damaged, SHEET)
    if reading.verdict is not None:
        tree, faults = read_map(paper.without_reasons(damaged), paper.limits_for(SHEET))
        values: Any = plain(tree)
        assert not faults
        assert values["decision"].strip().casefold() in paper.WORDS
        assert values["content"] == SHEET.content
        assert values["description"] == SHEET.shown["description"]
        assert [a["sha256"] for a in values["attachments"]] == ["ab"]
    else:
        assert reading.reasons or not reading.typed.get("decision")


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert paper.read(data, SHEET).verdict is None
    assert paper.without_reasons(paper.with_reasons(data, ["one", "two\nlines"])) == paper.without_reasons(data)


@given(st.binary(max_size=200), st.lists(texts, max_size=3))
def test_reasons_are_put_on_top_and_taken_off_without_touching_the_rest(data: bytes, reasons: list[str]) -> None:
    rest = paper.without_reasons(data)
    assert paper.without_reasons(paper.with_reasons(data, reasons)) == rest
    assert paper.with_reasons(data, reasons).endswith(rest)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"description": "A"}, {"description": "B"}, ["description: was A, is now B"]),
        ({"explanation": None}, {"explanation": "x"}, ["explanation: shared now"]),
        ({"explanation": "x"}, {"explanation": None}, ["explanation: not shared any more"]),
        ({"explanation": "x"}, {"explanation": "y"}, ["explanation: changed"]),
        ({"attachments": ["a:1"]}, {"attachments": ["b:1"]}, ["attachment b: renamed from a"]),
        ({"attachments": ["a:1"]}, {"attachments": ["a:2"]}, ["attachment a: replaced (was 1 byte, is now 1)"]),
        ({"attachments": ["a:1"]}, {"attachments": []}, ["attachment a: removed"]),
        ({"attachments": []}, {"attachments": ["a:1"]}, ["attachment a: added (1 byte)"]),
        (
            {"attachments": ["a:1", "b:1"]}, {"attachments": ["c:1", "d:1"]},
            ["attachment c: renamed from a", "attachment d: renamed from b"],
        ),
        ({"attachments": ["a:1", "b:2"]}, {"attachments": ["b:2", "a:1"]}, ["the order of the attachments"]),
        ({}, {}, []),
    ],
)  # fmt: skip
def test_what_changed_is_told_a_line_each(before: dict[str, Any], after: dict[str, Any], told: list[str]) -> None:
    def shown(values: dict[str, Any]) -> dict[str, Any]:
        files = [dict(zip(("name", "sha256"), one.split(":"), strict=True), size=1) for one in values.get("attachments", ())]
        return {"description": "D", "explanation": None, **values, "attachments": files}

    assert [str(one) for one in paper.differences(shown(before), shown(after))] == told
