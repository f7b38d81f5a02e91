"""What its own format calls unfinished is taken after a while, with a warning, and shared with nobody before somebody has looked."""

from __future__ import annotations

from pathlib import Path

from kit.support import OWN_SETTINGS, PDF, own_office


def test_an_unfinished_file_is_taken_with_a_warning_and_as_a_concept(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=OWN_SETTINGS + "intake: {unfinished_minutes: 0}\n")
    said = "description: Annual accounts 2025\nshare: yes\nshare_attachments: all\nshare_status: approved\n"
    office.place("acme-bv", {"cut.pdf": PDF[:-12], "cut.yaml": said, "whole.pdf": PDF, "whole.yaml": said})
    office.place("acme-bv", {"folder/item.yaml": said, "folder/whole.pdf": PDF + b"\n", "folder/item (1).yaml": said})
    office.once()
    cut, whole = office.told("cut"), office.told("whole")
    [warning] = cut["warnings"]
    assert warning.startswith(
        "`cut.pdf` has no end: it was cut off; see whether it is whole, and give the whole file if it isn't"
    )
    assert "It is not shared until somebody has looked at it" in warning
    assert office.json("show", cut["item"])["share_state"] == "concept"
    assert "has no end" in next((office.path / "var/queue").glob(f"*/{cut['item']}.yaml")).read_text()
    assert "warnings" not in whole
    assert office.json("show", whole["item"])["share_state"] == "published"
    assert "`item (1).yaml` looks like a copy of `item.yaml`" in office.told("folder")["warnings"][0]
