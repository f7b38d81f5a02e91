"""inbox/_unsorted: nothing is taken from it, who works for all clients sees it, and `assign` makes a drop of a file. With real accounts."""

from __future__ import annotations

import errno
import json
import os
import pwd
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from kit.accounts import NOBODYS, SETTINGS, AccountOffice, staff
from kit.support import PDF, once_here, wait_for, wait_until_quiet

from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict
from ingest.sources import unsorted

CLIENTS = """\
clients:
  acme-bv: {name: Acme Bouw B.V., identifiers: ["KvK 12345678"], contacts: [{id: j.jansen, name: Jan, email: j.jansen@acme.example}]}
  zon: {name: Bakkerij Zonnestraal}
"""


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(SETTINGS, CLIENTS, staff(k_smit="clients: [zon]"))
    (made.path / "inbox" / "_unsorted").mkdir()
    yield made
    made.remove()


def scanned(office: AccountOffice, name: str, data: bytes = PDF, age: float = 60) -> Path:
    """A file of the scanner's account, that lay there for a while."""
    path = office.path / "inbox" / "_unsorted" / name
    path.write_bytes(data)
    os.chown(path, pwd.getpwnam(NOBODYS).pw_uid, -1)
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    if age:
        wait_until_quiet(path)  # its times can be set back, but not when they were
    return path


def assigned(office: AccountOffice, name: str, *more: str, who: str = "m.devries", acts_for: str | None = None) -> Path:
    told = office.run(
        who, "assign", name, "--client", "acme-bv", "--description", f"What was scanned as {name}", *more, acts_for=acts_for
    )
    return office.path / told.split(" is in the inbox")[0]


def test_nothing_is_taken_from_it_and_it_is_told_of_to_whoever_works_for_all_clients(office: AccountOffice) -> None:
    path = scanned(office, "wacht.pdf")
    once_here(office.root)
    assert path.exists()
    assert json.loads(office.run("m.devries", "status", "--json"))["unsorted"] == 1
    assert "1  file without a client" in office.run("m.devries", "status")
    assert json.loads(office.run("k.smit", "status", "--json"))["unsorted"] == 0
    told = office.run("m.devries", "why", str(path))
    assert "has no client yet" in told
    assert "dossier assign inbox/_unsorted/wacht.pdf --client CODE" in told
    (path.parent / "link.pdf").symlink_to(path)
    assert "is a link: it is never taken" in office.run("m.devries", "why", str(path.parent / "link.pdf"))
    (path.parent / "link.pdf").unlink()
    assert "there is no file" in office.run("k.smit", "why", str(path), code=1)
    assert "there is no file" in office.run("k.smit", "assign", "wacht.pdf", "--client", "zon", code=1)
    path.unlink()


def test_a_folder_in_it_is_told_of_as_no_file_of_it_can_be_assigned(office: AccountOffice) -> None:
    folder = office.path / "inbox" / "_unsorted" / "2026-11-29"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(PDF)
    reason = "is a folder within `_unsorted`"
    assert [one["path"] for one in office.json("status")["left_alone"]] == ["_unsorted/2026-11-29"]
    inbox = str(office.path / "inbox")
    for place in (inbox, str(folder)):
        assert reason in office.root.run("check", place, code=1).stdout
    for place in (folder, folder / "scan.pdf"):
        assert reason in office.run("m.devries", "why", str(place)).replace("\n", " ")
    assert reason not in office.run("k.smit", "check", inbox, code=None)
    assert reason not in office.run("k.smit", "why", str(folder), code=None)
    shutil.rmtree(folder)
    scan = scanned(office, "told.pdf")
    assert "has no client yet" in office.root.run("check", str(scan), code=1).stdout
    scan.unlink()


def test_names_and_numbers_in_its_text_suggest_whose_it_is(office: AccountOffice) -> None:
    path = scanned(office, "brief.txt", b"Betreft: KvK 12345678\nEen exemplaar gaat naar Bakkerij Zonnestraal te Zeist.\n")
    told = office.run("m.devries", "assign", "brief.txt", code=2)
    assert "Acme Bouw B.V. (acme-bv), Bakkerij Zonnestraal (zon)" in told
    assert "Acme Bouw B.V. (acme-bv)" in office.run("m.devries", "why", str(path))
    path.unlink()


def test_it_becomes_an_item_whose_file_stays_the_scanners(office: AccountOffice) -> None:
    path = scanned(office, "scan-1.pdf")
    folder = assigned(office, "scan-1.pdf", "--label", "scan")
    assert not path.exists()
    assert (folder / "scan-1.pdf").stat().st_uid == pwd.getpwnam(NOBODYS).pw_uid
    once_here(office.root)
    item = office.json("show", office.root.told(folder.name)["item"])
    assert (item["created_by"], item["client"], item["labels"]) == ("m.devries", "acme-bv", ["scan"])
    assert item["history"][0]["detail"]["attachments"][0]["owner"] == f"os:{NOBODYS}"


def test_a_name_is_found_as_it_is_typed_though_a_mac_wrote_it_and_in_whatever_case(office: AccountOffice) -> None:
    path = scanned(office, unicodedata.normalize("NFD", "Café één.pdf"))
    assigned(office, unicodedata.normalize("NFC", "Café één.pdf"))
    assert not path.exists()
    path = scanned(office, "Scan 2.PDF")
    assigned(office, "scan 2.pdf")
    assert not path.exists()


def test_a_scan_that_ends_too_early_goes_without_its_hash_so_that_its_rest_may_come(office: AccountOffice) -> None:
    scanned(office, "kort.pdf", b"%PDF-1.7\n1 0 obj\n")
    folder = assigned(office, "kort.pdf")
    assert "sha256" not in (folder / "item.yaml").read_text()
    shutil.rmtree(folder)
    scanned(office, "heel.pdf")
    assert "sha256" in (assigned(office, "heel.pdf") / "item.yaml").read_text()


@pytest.mark.parametrize("acts_for", [None, "m.devries"])
def test_what_is_to_be_shared_at_once_is_a_concept_as_its_file_is_somebody_elses(
    office: AccountOffice, acts_for: str | None
) -> None:
    who = "m.devries" if acts_for is None else "j.admin"
    scanned(office, f"deel-{who}.pdf")
    words = ("--share", "--share-all", "--share-status", "approved")
    folder = assigned(office, f"deel-{who}.pdf", *words, who=who, acts_for=acts_for)
    once_here(office.root)
    item = office.json("show", office.root.told(folder.name)["item"])
    assert (item["created_by"], item["share_state"], item["public"]) == ("m.devries", "concept", False)


def test_a_word_for_somebody_holds_for_the_file_that_was_assigned_alone(office: AccountOffice) -> None:
    scanned(office, "een.pdf")
    folder = assigned(office, "een.pdf", who="j.admin", acts_for="m.devries")
    (folder / "een.pdf").unlink()
    office.put("p.bakker", f"{folder.name}/een.pdf", PDF)
    once_here(office.root)
    assert "but the file is j.admin's" in (office.root.why(folder.name) or "")


@pytest.mark.sqlite  # the office's database is opened in this process, too
def test_on_the_desk_it_is_of_whoever_gives_it_to_a_client_whoever_runs_the_desk(office: AccountOffice) -> None:
    scanned(office, "van de desk.pdf", PDF + b"% from the desk")
    alone = office.root.inbox() / "los.pdf"
    alone.write_bytes(PDF + b"% alone")
    whole, desk = load_office(office.path, {}), Actor("m.devries", "desk")

    def given(name: str, said: str, is_clients: bool) -> Path | None:
        """None while it is not known to be whole."""
        try:
            return unsorted.assign(whole, clock.utc_now(), desk, name, "acme-bv", {"description": said}, is_clients=is_clients)
        except Conflict:
            return None

    open_database(whole)
    try:
        placed = [
            wait_for(lambda: given("van de desk.pdf", "Given to a client on the desk", False), "it is given to a client"),
            wait_for(lambda: given("los.pdf", "Said what it is", True), "it is said what it is"),
        ]
    finally:
        close_database()
    once_here(office.root)
    for folder in placed:
        receipt = yaml.safe_load(office.root.receipt(folder.name) or "")
        assert office.json("show", receipt["item"])["created_by"] == "m.devries"


def test_a_file_that_is_still_being_written_is_left_alone(office: AccountOffice) -> None:
    """As the desk asks: whoever may not ask the kernel sees only that the file was quiet, and intake looks again."""
    path, read = scanned(office, "half.pdf"), load_office(office.path, office.root.environ)
    keys = {"description": "Still on its way"}

    def refusal() -> str:
        with pytest.raises(Conflict) as refused:
            unsorted.assign(read, clock.utc_now(), Actor("m.devries", "desk"), "half.pdf", "acme-bv", keys)
        return str(refused.value)

    with open(path, "ab"):
        assert "half.pdf is empty or still being written" in refusal()
    path.write_bytes(b"")
    assert "half.pdf is empty or still being written" in refusal()
    path.unlink()


@pytest.mark.slow
def test_what_the_daemon_would_refuse_is_told_and_the_file_stays(office: AccountOffice) -> None:
    path = scanned(office, "goed.pdf")
    words = ("--client", "acme-bv", "--status", "weg", "--approver", "nobody")
    told = office.run("m.devries", "assign", "goed.pdf", *words, code=1)
    assert "weg" in told
    assert path.exists()
    assert "there is no client" in office.run("m.devries", "assign", "goed.pdf", "--client", "weg", code=1)
    link = path.with_name("link.pdf")
    link.symlink_to("/etc/passwd")
    assert "there is no file" in office.run("m.devries", "assign", "link.pdf", "--client", "acme-bv", code=1)
    assert "there is no file" in office.run("m.devries", "assign", "/etc/passwd", "--client", "acme-bv", code=1)
    link.unlink()
    path.unlink()


def test_a_file_of_a_name_that_means_something_in_a_drop_stays_and_one_that_lies_elsewhere_is_named(
    office: AccountOffice,
) -> None:
    scan = scanned(office, "item.yaml", b"openapi: 3.1\n")
    told = office.run(
        "j.admin", "assign", "item.yaml", "--client", "acme-bv", "--description", "What a scanner called so", code=1
    )
    assert "`item.yaml` is a name that means something here; give it another" in told
    assert scan.exists()
    assert not list(office.root.inbox().glob("what-a-scanner*"))
    scan.unlink()
    elsewhere = office.folder / "elsewhere.pdf"
    elsewhere.write_bytes(PDF)
    assert f"there is no file {elsewhere} in inbox/_unsorted" in office.run(
        "j.admin", "assign", str(elsewhere), "--client", "acme-bv", code=1
    )


@pytest.mark.sqlite  # the office's database is opened in this process, too
def test_a_disk_that_fails_once_the_file_was_moved_takes_nothing_away(
    office: AccountOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(office, "failing.pdf")
    wait_until_quiet(office.path / "inbox/_unsorted/failing.pdf")
    real = unsorted.files.sync

    def failing(files_: Sequence[object], folders: Sequence[object], *more: object) -> None:
        if not files_:
            raise OSError(errno.EIO, "Input/output error")
        real(files_, folders, *more)  # type: ignore[arg-type]

    whole = load_office(office.path, {})
    open_database(whole)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(unsorted.files, "sync", failing)
            with pytest.raises(OSError, match="Input/output"):
                unsorted.assign(
                    whole,
                    clock.utc_now(),
                    Actor("m.devries", "desk"),
                    "failing.pdf",
                    "acme-bv",
                    {"description": "On a failing disk"},
                )
    finally:
        close_database()
    (file,) = (office.path / "inbox").rglob("failing.pdf")
    assert file.parent.parent == office.root.inbox(), "it is a whole drop"
    once_here(office.root)
    assert office.root.receipt(file.parent.name)


@pytest.mark.slow
def test_killed_before_its_file_is_moved_it_lies_where_it_was_and_can_be_assigned_again(office: AccountOffice) -> None:
    path = scanned(office, "afgebroken.pdf")
    code = (
        "import os, sys\nfrom dossier.files import moves\nfrom desk.cli.main import main\n"
        "moves.move_new = lambda *a: os.kill(os.getpid(), 9)\n"
        f"sys.argv = ['dossier', '--root', {str(office.path)!r}, '--as', 'm.devries', 'assign', 'afgebroken.pdf', '--client', 'acme-bv']\n"
        "sys.exit(main())\n"
    )
    office.root.set("settings", SETTINGS + "identity: {trust_sidecar: true}\n")
    assert subprocess.run([sys.executable, "-c", code], env=office.root.whole_environ(), timeout=60).returncode == -9
    office.root.set("settings", SETTINGS)
    assert path.read_bytes() == PDF
    assert [one["reason"] for one in office.json("status")["waits"]] == ["waits for afgebroken.pdf"]
    folder = assigned(office, "afgebroken.pdf")
    once_here(office.root)
    assert office.root.receipt(folder.name)
