"""intake.without_sidecar: create. What comes without a sidecar becomes a private item, once nobody can be about to say more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit.inboxes import GOOD, Inbox
from kit.support import OWN_SETTINGS, PDF, once_here, own_office

CREATE = "watch: {settle_seconds: 1, folder_settle_seconds: 5}\nintake: {without_sidecar: create}\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(own_office(tmp_path, settings=CREATE))


def test_a_file_waits_create_after_seconds_for_a_sidecar(inbox: Inbox) -> None:
    inbox.place({"btw_aangifte-2026.pdf": PDF})
    assert inbox.ready(50) == {}
    assert inbox.waits(50)["btw_aangifte-2026.pdf"].startswith("waits 60 seconds for a sidecar")
    assert inbox.ready(61) == {"btw_aangifte-2026.pdf": []}
    inbox.place({"btw_aangifte-2026.yaml": GOOD})
    (drop,) = inbox.look(61).ready
    assert drop.sidecar_name == "btw_aangifte-2026.yaml"


def test_a_folder_that_somebody_still_fills_is_left_alone(inbox: Inbox) -> None:
    inbox.place({"map/a.pdf": PDF})
    with open(inbox.home / "map/b.pdf", "wb") as upload:
        upload.write(PDF[:20])
        upload.flush()
        assert inbox.ready(120) == {}
        upload.write(PDF[20:])
    assert inbox.ready(50) == {}
    (drop,) = inbox.look(61).ready
    assert set(drop.matched) == {"a.pdf", "b.pdf"}


def test_an_empty_file_waits_and_is_refused_after_wait_hours(tmp_path: Path) -> None:
    inbox = Inbox(own_office(tmp_path, settings=CREATE + "presets: {vat: {folder: BTW}}\n"))
    inbox.place({"BTW/scan.pdf": b"", "map/a.pdf": PDF, "map/b.pdf": b"", "los.pdf": b""})
    inbox.look()
    assert inbox.ready(23 * 3600) == {}
    assert set(inbox.waits(23 * 3600)) == {"BTW/scan.pdf", "map", "los.pdf"}
    told = inbox.ready(24 * 3600 + 5)
    assert told == {
        stem: [f"`{file}` was still empty after 24 hours; put the whole file there"]
        for stem, file in {"scan.pdf": "scan.pdf", "map": "b.pdf", "los.pdf": "los.pdf"}.items()
    }
    inbox.place({"BTW/scan.pdf": PDF})
    assert inbox.ready(10)["scan.pdf"] == []


def test_what_a_faulty_sidecar_names_goes_with_it_and_becomes_no_item(inbox: Inbox) -> None:
    inbox.place(
        {"report.pdf": PDF, "extra.pdf": PDF, "other.pdf": PDF, "report.yaml": "attachments:\n- extra.pdf\n- 'report.pdf\n"}
    )
    drops = {drop.sidecar_name: drop for drop in inbox.look(61).ready}
    assert set(drops) == {"report.yaml", None}
    assert set(drops["report.yaml"].looks) == {"report.yaml", "report.pdf", "extra.pdf"}
    assert set(drops[None].looks) == {"other.pdf"}


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("btw_aangifte_2026-q3.pdf", "btw aangifte 2026-q3"), ("brief.pdf", "File brief.pdf"), ("a  b_c Jaarrekening.xlsx", "a b c Jaarrekening"),
    ],
)  # fmt: skip
def test_it_gets_a_description_that_a_person_would_write(inbox: Inbox, name: str, described: str) -> None:
    inbox.place({name: PDF})
    (drop,) = inbox.look(61).ready
    assert drop.sidecar is not None
    assert drop.sidecar.description == described


def test_the_item_is_private_and_its_maker_the_files_owner(tmp_path: Path) -> None:
    office = own_office(
        tmp_path / "office", settings=OWN_SETTINGS + "intake: {without_sidecar: create, create_after_seconds: 0}\n"
    )
    office.place("acme-bv", {"loonstaat_oktober.pdf": PDF})
    once_here(office)
    (item,) = office.json("items")
    assert (item["description"], item["share_state"]) == ("loonstaat oktober", "private")
    assert office.json("show", item["item"])["created_by"] == "p.bakker"
    assert not os.path.exists(office.path / "inbox/acme-bv/loonstaat_oktober.pdf")


def test_an_item_yaml_where_it_speaks_for_no_folder_is_told_of_as_that(tmp_path: Path) -> None:
    inbox = Inbox(own_office(tmp_path, settings=CREATE + "presets: {vat: {folder: BTW, location_from_folders: yes}}\n"))
    inbox.place({"BTW/2026/item.yaml": GOOD, "BTW/2026/return.pdf": PDF, "item.yaml": GOOD})
    inbox.look()
    why = "here item.yaml does not speak for the whole folder"
    assert {path: why in reason for path, reason in inbox.waits(10).items()} == {"BTW/2026/item.yaml": True, "item.yaml": True}
    told = inbox.ready(24 * 3600 + 5)
    assert told.pop("return.pdf", []) == []
    assert {stem: [why in fault for fault in faults] for stem, faults in told.items()} == {"item": [True]}


@pytest.mark.parametrize("settings", ["", CREATE])
def test_a_folder_of_which_only_a_why_txt_is_left_is_told_of_and_holds_up_nothing(tmp_path: Path, settings: str) -> None:
    inbox = Inbox(own_office(tmp_path, settings=settings))
    inbox.place({"20261130-t/WHY.txt": "t.yaml:1: there is no key `statis`\n", "t.yaml": GOOD, "t.pdf": PDF})
    inbox.look()
    assert inbox.ready(10) == {"t": []}
    assert "tells why something was refused" in inbox.waits(10)["20261130-t/WHY.txt"]
