"""A sheet of proof fits itself also where the item was another client's before."""

from __future__ import annotations

import json
from pathlib import Path

from kit.records import LISA, PETRA, Records

from dossier.database.database import transaction
from dossier.text import clock
from workflow.items import items, undoing
from workflow.reports import proof


def test_what_was_offered_for_the_client_before_is_not_on_the_sheet_and_all_that_is_fits(tmp_path: Path) -> None:
    office = Records(tmp_path)
    try:
        key = office.make(files=[office.file("accounts.pdf", "accounts", share=True)], share=True, share_status="concept")
        office.decide(key, "reject")
        with transaction():
            undoing.move(office.office, office.tick(), PETRA, key, "zon")
        office.amend(key, LISA, share=True, share_status="approved", share_all=True)
        assert office.on_portal(key) == {"accounts.pdf": "accounts"}
        sheet = proof.collect(office.office, clock.utc_now(), items.get(key))
        assert proof.check(json.dumps(sheet)) == (sheet, [])
        assert len(sheet["contents"]) == 1  # type: ignore[arg-type]
    finally:
        office.close()
