"""Approval inside the office: which items ask for it, and what is decided on. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dossier.office.keys import Settings
from dossier.office.office import Office
from workflow.items import internal, makers
from workflow.items.items import File
from workflow.items.rules import Draft

OFFICE = Office(Path("/nowhere"), Settings(types={"kyc": {"approval": "internal"}, "free": {}}), {}, {})  # type: ignore[dict-item]


def draft(**more: Any) -> Draft:
    return Draft(**{"client": "acme-bv", "description": "Identification", "status": "new", **more})


def test_only_what_is_not_shared_and_of_such_a_type_is_approved_inside() -> None:
    asked = [
        internal.is_asked(OFFICE, draft(type=kind, share=share)) for kind in ("kyc", "free", None) for share in (False, True)
    ]
    assert asked == [True, False, False, False, False, False]


def test_all_of_the_item_is_decided_on_also_what_no_client_would_see() -> None:
    files = [
        File("passport.pdf", "ab", 12, "application/pdf", share=False, note="valid"),
        File("list.txt", "cd", 3, "text/plain"),
    ]
    shown = internal.content_of(draft(type="kyc", fields={"risk": "high"}, due="2027-03-01", labels=("id",)), files)
    assert [one["name"] for one in shown["attachments"]] == ["passport.pdf", "list.txt"]
    inside = shown["internal"]
    assert (inside["fields"], inside["due"], inside["labels"]) == ({"risk": "high"}, "2027-03-01", ["id"])
    assert inside["notes"] == {"passport.pdf": "valid"}
    assert "owner" not in inside


def test_everybody_whose_work_a_part_is_counts_once() -> None:
    assert makers.of_inside({"item": ["a", "b"], "since": ["b"], "file 1": ["c", "a"]}) == ["a", "b", "c"]
