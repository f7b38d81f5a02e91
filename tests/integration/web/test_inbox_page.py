"""The page of what lies in the inbox: until when it waits and for what, and throwing away what was refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from kit.clicking import Person
from kit.records import JOOST, Records, with_inbox
from kit.support import PDF

from desk.actions import overview
from desk.web.staff import moments
from dossier.text import clock


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


def rows(page: bytes) -> dict[str, str]:
    """Name → all that is told of it, of what waits."""
    [section] = re.findall(r'(?s)<section class="card" aria-labelledby="wa">.*?</section>', page.decode())
    lines = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", line)).strip() for line in re.findall(r"(?s)<li .*?</li>", section)]
    return {line.split(" ")[0]: line for line in lines}


def placed(office: Records, **files: bytes | str) -> Path:
    home = office.root / "inbox/acme-bv"
    for name, content in files.items():
        (home / name.replace("_", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    return home


def after(path: Path, hours: float) -> str:
    """So long after the file's last change, as a page in Dutch tells it."""
    then = datetime.fromtimestamp(os.stat(path).st_ctime).astimezone() + timedelta(hours=hours)
    return moments.ahead(then.isoformat(), clock.utc_now(), "nl")


def test_what_waits_is_told_with_until_when_and_what_then(office: Records) -> None:
    home = placed(office, short_yaml="description: Waits for it\nattachments: [ledger.xlsx]\n", alone_pdf=PDF)
    told = rows(Person(office).get("/inbox").body)
    assert f"wacht op ledger.xlsx · daarna geweigerd tot {after(home / 'short.yaml', 24)}" in told["short.yaml"]
    assert f"daarna horen de beheerders het · wat is het? tot {after(home / 'alone.pdf', 24)}" in told["alone.pdf"]
    placed(office, short_yaml="description: Waits for it\nattachments: [alone.pdf]\n")
    with open(home / "alone.pdf", "ab"):
        assert re.search(r"wordt nog geschreven \d\d:\d\d$", rows(Person(office).get("/inbox").body)["short.yaml"])


def test_what_waited_for_a_person_long_enough_waits_for_one_still(office: Records) -> None:
    office.configure(settings="intake: {wait_hours: 0.0000001}\n")
    placed(office, alone_pdf=PDF)
    told = rows(Person(office).get("/inbox").body)
    assert "de beheerders kregen bericht" in told["alone.pdf"]
    assert "tot iemand iets doet" in told["alone.pdf"]


def test_what_is_taken_by_itself_is_told_with_when(office: Records) -> None:
    office.configure(settings="intake: {without_sidecar: create, create_after_seconds: 7200}\n")
    home = placed(
        office, alone_pdf=PDF, cut_yaml="description: Has no end\nattachments: [cut.pdf]\n", cut_pdf=b"%PDF-1.7\n1 0 obj"
    )
    told = rows(Person(office).get("/inbox").body)
    assert after(home / "cut.pdf", 1 / 6) in told["cut.yaml"]
    assert after(home / "alone.pdf", 2) in told["alone.pdf"]
    ends = {one["path"]: one["then"] for one in overview.waits(office.office, JOOST)}
    assert ends == {"acme-bv/cut.yaml": "taken", "acme-bv/alone.pdf": "taken"}


def test_ones_own_files_are_told_so_on_the_start_page_too(office: Records) -> None:
    home = placed(office, short_yaml="description: Waits for it\nattachments: [ledger.xlsx]\n")
    page = Person(office).get("/").body.decode()
    assert f"wacht op ledger.xlsx · tot {after(home / 'short.yaml', 24)}, daarna geweigerd" in page
