"""The preview of a client's portal has nothing of a type that its reader must not know of."""

from __future__ import annotations

from pathlib import Path

from kit.records import LISA, MARIEKE, SETTINGS, Records

from desk.actions import concepts


def test_a_preview_tells_nothing_of_a_type_that_is_not_for_its_reader(tmp_path: Path) -> None:
    office = Records(tmp_path, f"{SETTINGS}types: {{salary: {{staff: [l.visser, k.smit]}}}}\n")
    office.published(LISA, type="salary", description="What everybody earns")
    office.published(LISA, description="Annual accounts 2024")
    file = office.file("a.pdf", "content", share=True)
    concept = office.make(
        LISA,
        files=[file],
        description="To be decided on",
        share=True,
        share_status="concept",
        approvers=("m.devries",),
    )
    page = concepts.preview(office.office, MARIEKE, office.now, concept)
    office.close()
    assert page is not None
    assert "Annual accounts 2024" in page
    assert "What everybody earns" not in page
