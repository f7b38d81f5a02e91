"""What is left in the inbox of a drop that is decided already is told as what it is (CONTRACT section 3)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit.support import PDF, Root, own_office

from desk.actions import overview
from dossier.database.database import close_database, open_to_read
from dossier.database.tables import PROXY
from dossier.office import people
from dossier.office.opening import load_office

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nmail: {host: 127.0.0.1, port: 9}\n"
GOOD = "description: A good description\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An office that has taken `report` with its PDF and refused `bad`; what is left of each lies there."""
    made = own_office(tmp_path_factory.mktemp("left") / "office", settings=SETTINGS)
    made.drop("report", GOOD, report_pdf=PDF)
    made.drop("again", GOOD + "labels: [again]\nattachments: [again.pdf]\n", again_pdf=PDF)
    made.drop("bad", GOOD + "status: nonsense\nattachments: []\n")
    made.once()
    assert made.why("bad")
    made.place("acme-bv", {"report.pdf": PDF + b"newer", "report.xlsx": b"late", "bad.pdf": PDF, "strange.pdf": PDF})
    made.place("acme-bv", {"again.yaml": GOOD + "labels: [again]\nattachments: [again.pdf]\n# saved once more\n"})
    return made


def test_status_and_why_point_back_to_the_drop_that_it_is_left_of(root: Root) -> None:
    taken = {stem: root.told(stem)["item"] for stem in ("report", "again")}
    expected = {
        "report.pdf": f"{taken['report']} took a file of this name",
        "report.xlsx": f"{taken['report']} was made at",
        "again.yaml": f"{taken['again']} was made at",
        "bad.pdf": "bad was refused at",
    }
    reasons = {one["path"].removeprefix("acme-bv/"): one["reason"] for one in root.json("status")["waits"]}
    for name, said in expected.items():
        [reason] = [text for path, text in reasons.items() if path in (name, name.rpartition(".")[0])]
        assert "waits for " in reason
        assert said in reason
        assert said in root.run("why", str(root.inbox() / name)).stdout.replace("\n", " ")
    checked = root.run("check", str(root.inbox()), code=1).stdout
    assert all(said in checked for said in expected.values()), "check points back as well"
    assert f"`item: {taken['report']}`" in reasons["report.pdf"]
    assert "WHY.txt; put the corrected sidecar beside this" in reasons["bad.pdf"]
    assert reasons["strange.pdf"] == "waits for a sidecar"


def test_a_hundred_files_of_a_client_are_as_many_questions_as_one(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    office = load_office(root.path, root.environ)

    def questions() -> int:
        asked = list[str]()
        open_to_read(office)
        with monkeypatch.context() as counted:
            execute = PROXY.obj.execute_sql
            counted.setattr(PROXY.obj, "execute_sql", lambda sql, *values: asked.append(sql) or execute(sql, *values))
            look = overview._look(office, people.readable(office, people.reader(office, None, os.geteuid())))
        close_database()
        assert any(one.reason.code == "intake.left" for one in look.waiting)
        return len(asked)

    before = questions()
    root.place("acme-bv", {f"many {number}.pdf": PDF for number in range(100)})
    assert questions() == before


def test_check_needs_no_database_and_makes_none(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=SETTINGS)
    office.place("acme-bv", {"report.yaml": GOOD + "attachments: ['brief “Jansen”.pdf']\n", 'brief "Jansen".pdf': PDF})
    told = office.run("check", str(office.inbox()), code=1).stdout
    assert 'is `brief "Jansen".pdf` meant? Rename that to `brief “Jansen”.pdf`' in told, "it names the twin"
    assert not (office.path / "var").exists()


def test_what_was_claimed_by_a_run_that_was_killed_is_found_by_the_next_and_a_newer_file_keeps_its_name(root: Root) -> None:
    root.drop("killed", GOOD + "labels: [killed]\nattachments: [paper.pdf]\n", paper_pdf=PDF + b"first")
    root.killed_at("ingest.intake.intake:Intake._commit")
    assert not (root.inbox() / "paper.pdf").exists()  # claimed: out of sight, under a hidden name
    (root.inbox() / "paper.pdf").write_bytes(PDF + b"newer")
    root.once()
    assert (root.inbox() / "paper (2).pdf").read_bytes() == PDF + b"first"
    root.drop("plain", GOOD + "labels: [plain]\n", plain_pdf=PDF + b"plain")
    root.killed_at("ingest.intake.intake:Intake._commit")
    assert not list(root.inbox().glob("plain*"))
    root.once()
    assert root.told("plain")["attachments"][0]["name"] == "plain.pdf"
