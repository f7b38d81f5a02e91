"""What waits for what since when, and why something isn't taken: as the daemon sees it, and as status, check and rejected tell it."""

from __future__ import annotations

import errno
import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, OWN_STAFF, Root, own_office

from dossier.files import files, settling
from dossier.files.beneath import Place, name_of
from dossier.files.settling import Settling
from dossier.office.opening import load_office
from ingest.inbox import looking
from ingest.inbox.found import View
from ingest.inbox.looking import Looker

PDF = b"%PDF-1.7\n" + bytes(range(256)) + b"\n%%EOF\n"
GOOD = "description: Annual accounts 2025\n"


@pytest.fixture
def office(tmp_path: Path) -> Root:
    made = own_office(tmp_path, settings=OWN_SETTINGS)
    (made.path / "inbox" / "acme-bv").mkdir()
    return made


def look(office: Root, looker: Looker | None = None) -> View:
    looker = looker or Looker(load_office(office.path, {}), at_once=True)
    return looker.look("acme-bv", *settling.now())


def reasons(view: View) -> dict[str, str]:
    return {one.path.removeprefix("acme-bv/"): str(one.reason) for one in view.waiting}


def ready(view: View) -> dict[str, list[str]]:
    """Stem → faults of each drop that can be taken or must be refused."""
    return {found.stem: [str(fault.message) for fault in found.faults] for found in view.ready}


def clock(path: Path) -> str:
    return datetime.fromtimestamp(os.stat(path).st_ctime).strftime("%H:%M")


def test_status_and_check_say_what_waits_for_what_since_when(office: Root) -> None:
    office.place(
        "acme-bv", {"jaarrekening.yaml": GOOD + "attachments: [a.pdf, bijlage.xlsx, c.pdf]\n", "a.pdf": PDF, "los.pdf": PDF}
    )
    office.place("acme-bv", {"map/a.pdf": PDF, "alleen.yaml": GOOD, "klaar.pdf": PDF, "klaar.yaml": GOOD})
    home = office.path / "inbox" / "acme-bv"
    told = office.run("status").stdout
    since = clock(home / "jaarrekening.yaml")
    with open(home / "open.pdf", "wb"):
        (home / "open.yaml").write_text(GOOD)
        still = office.run("check", str(home / "open.yaml"), code=None)
    assert f"  acme-bv/jaarrekening.yaml waits for bijlage.xlsx and 1 more, since {since}\n" in told
    assert f"  acme-bv/alleen.yaml waits for its files, since {clock(home / 'alleen.yaml')}\n" in told
    assert f"  acme-bv/los.pdf waits for a sidecar, since {clock(home / 'los.pdf')}\n" in told
    assert f"  acme-bv/map waits for its sidecar item.yaml, since {clock(home / 'map')}\n" in told
    assert f"  acme-bv/klaar is whole and waits for the daemon, since {clock(home / 'klaar.yaml')}\n" in told
    assert f"{home / 'open.yaml'}:1: waits for open.pdf, which is still being written, since" in still.stdout + still.stderr

    found = office.json("status")
    waits = {one["path"]: one for one in found["waits"]}
    assert waits["acme-bv/jaarrekening.yaml"]["reason"] == "waits for bijlage.xlsx and 1 more"
    moment = datetime.fromisoformat(waits["acme-bv/jaarrekening.yaml"]["since"])
    assert abs(moment.timestamp() - os.stat(home / "a.pdf").st_ctime) < 2
    assert found["waiting"] == len(waits) == 6


@pytest.mark.parametrize("asked", ["", "jaarrekening.yaml", "a.pdf"])
def test_check_explains_it_by_whatever_name_one_asks(office: Root, asked: str) -> None:
    office.place("acme-bv", {"jaarrekening.yaml": GOOD + "attachments: [a.pdf, bijlage.xlsx]\n", "a.pdf": PDF, "los.pdf": PDF})
    told = office.run("check", str(office.path / "inbox" / "acme-bv" / asked), code=None)
    assert told.returncode == 1
    lines = (told.stdout + told.stderr).splitlines()
    assert f"{office.path / 'inbox'}/acme-bv/jaarrekening.yaml:1: waits for bijlage.xlsx, since " in lines[0] or not asked
    assert any("jaarrekening.yaml:1: waits for bijlage.xlsx, since" in line for line in lines)
    assert any("los.pdf" in line for line in lines) == (not asked)


@pytest.mark.slow
def test_thousands_that_wait_are_a_number_after_the_first(office: Root) -> None:
    office.place("acme-bv", {f"{number:04d}.pdf": b"" for number in range(3000)})
    told = office.run("status").stdout
    assert told.count("waits for a sidecar") == 20
    assert "and 2980 more: dossier check inbox/CLIENT" in told
    assert len(office.json("status")["waits"]) == 3000


def test_rejected_says_what_was_refused_why_and_when(office: Root) -> None:
    office.place("acme-bv", {"a.pdf": PDF, "a.yaml": "description: Short\n"})
    office.once()
    (found,) = office.json("rejected")
    assert found["client"] == "acme-bv"
    assert found["why"] == ["a.yaml:1: `description` has 5 characters; give at least 8, so that the client can tell what it is"]
    assert abs(datetime.fromisoformat(found["at"]).timestamp() - time.time()) < 60
    told = office.run("rejected").stdout
    assert "a.yaml:1: `description` has 5 characters" in told


def test_a_drop_whose_files_were_moved_back_is_not_refused_any_more_though_its_why_stays(office: Root) -> None:
    home = office.path / "inbox" / "acme-bv"
    office.place("acme-bv", {"a.pdf": PDF, "a.yaml": "description: Short\n"})
    office.once()
    (refused,) = (home / "_rejected").iterdir()
    (refused / "a.yaml").unlink()
    (refused / "Thumbs.db").write_bytes(b"x")
    assert len(office.json("rejected")) == office.json("status")["rejected"] == 1  # a.pdf lies there still
    office.place("acme-bv", {"a.yaml": GOOD})
    (refused / "a.pdf").rename(home / "a.pdf")
    office.once()
    assert [one["description"] for one in office.json("items")] == ["Annual accounts 2025"]
    assert (office.json("rejected"), office.json("status")["rejected"]) == ([], 0)


def test_queue_says_of_a_concept_that_nobody_may_decide_that_it_waits_for_nobody(office: Root) -> None:
    office.place(
        "acme-bv",
        {"a.pdf": PDF, "a.yaml": GOOD + "share: yes\nshare_status: concept\nshare_attachments: all\napprover: m.devries\n"},
    )
    office.once()
    assert office.run("queue").stdout.split()[-1] == "m.devries"
    office.set("staff", OWN_STAFF.replace("rights: [create, share, approve]", "rights: [create]").replace("[admin]", "[create]"))
    office.once()
    assert office.run("queue").stdout.rstrip().endswith("nobody; name an approver: dossier edit")


def test_an_amendment_that_says_something_by_itself_waits_for_no_files(office: Root) -> None:
    office.place("acme-bv", {"amend.yaml": "item: D-2026-000001\nstatus: done\n", "more.yaml": "item: D-2026-000001\n"})
    view = look(office)
    assert list(ready(view)) == ["amend"]
    assert reasons(view) == {"more.yaml": "waits for its files"}


def test_drops_that_claim_the_same_file_are_refused_together_or_not_yet(office: Root) -> None:
    home = office.path / "inbox" / "acme-bv"
    office.place(
        "acme-bv", {"one.yaml": GOOD + "attachments: [a.pdf]\n", "two.yaml": GOOD + "attachments: [a.pdf, b.pdf]\n", "a.pdf": PDF}
    )
    with open(home / "b.pdf", "wb"):
        view = look(office)
        assert ready(view) == {}
        assert "b.pdf, which is still being written" in reasons(view)["one.yaml"]
        assert "b.pdf, which is still being written" in reasons(view)["two.yaml"]
    assert set(ready(look(office))) == {"one", "two"}


def test_a_sidecar_waits_while_another_that_may_claim_its_files_is_still_being_written(office: Root) -> None:
    home = office.path / "inbox" / "acme-bv"
    office.place("acme-bv", {"report.yaml": GOOD, "report.v2.pdf": PDF})
    with open(home / "report.v2.yaml", "w") as slow:
        slow.write(GOOD)
        slow.flush()
        view = look(office)
        assert ready(view) == {}
    found = ready(look(office))
    assert found["report.v2"] != [] or found["report"] != []


def test_a_file_that_the_disk_can_not_give_waits_and_holds_up_nobody(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    office.place("acme-bv", {"bad.pdf": PDF, "bad.yaml": GOOD, "good.pdf": PDF, "good.yaml": GOOD, "folder/item.yaml": GOOD})
    real, broken = files.read_plain, [True]

    def read_plain(path: Place, limit: int) -> tuple[bytes, files.Look]:
        if broken[0] and name_of(path) in ("bad.yaml", "item.yaml"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path, limit)

    monkeypatch.setattr(looking.files, "read_plain", read_plain)
    monkeypatch.setattr(Settling, "take_whole", lambda *_: None)  # nor could it be read when it was seen whether it is whole
    looker = Looker(load_office(office.path, {}), at_once=True)
    view = look(office, looker)
    assert ready(view) == {"good": []}
    assert reasons(view)["bad.yaml"] == "can't be read now (Input/output error)"
    assert view.trouble is not None
    assert view.next_in is not None
    broken[0] = False
    view = look(office, looker)
    assert "bad" in ready(view)
    assert view.trouble is None
