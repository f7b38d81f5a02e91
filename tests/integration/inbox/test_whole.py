"""A drop is taken when all its files are there and whole: looks at a real folder, at moments that the test chooses."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from kit import folders
from kit.inboxes import GOOD, Inbox
from kit.support import PDF, own_office

from dossier.files import settling
from ingest.sidecar import seal

SETTINGS = "watch: {settle_seconds: 1, folder_settle_seconds: 5}\nsharing: {guard: off}\n"
DAY = 24 * 3600


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(own_office(tmp_path, settings=SETTINGS))


def test_an_empty_file_waits_and_is_refused_after_wait_hours(inbox: Inbox) -> None:
    inbox.place({"scan.pdf": b"", "scan.yaml": GOOD})
    assert inbox.ready(2) == {}
    assert inbox.waits(2) == {"scan.yaml": "waits for scan.pdf, which is empty"}
    inbox.place({"scan.pdf": PDF})
    assert inbox.ready(2) == {"scan": []}
    inbox.place({"scan.pdf": b""})
    assert inbox.ready(DAY + 2) == {"scan": ["`scan.pdf` was still empty after 24 hours; put the whole file there"]}


def test_an_empty_sidecar_waits_whatever_stands_for_nothing_in_it(inbox: Inbox) -> None:
    for nothing in (b"", b"\n\r\n", b"\xef\xbb\xbf", b"\0" * 40):
        inbox.place({"report.pdf": PDF, "report.yaml": nothing})
        assert inbox.ready(2) == {}
        assert inbox.waits(2) == {"report.yaml": "is empty as yet"}
    assert len(inbox.ready(DAY + 2)["report"]) == 1
    inbox.place({"report.yaml": GOOD})
    assert inbox.ready(2) == {"report": []}


@pytest.mark.parametrize("card", ["report.yaml", "folder/item.yaml"])
def test_a_file_whose_sha256_does_not_match_yet_waits_for_the_rest_of_it(inbox: Inbox, card: str) -> None:
    place = card.rpartition("/")[0]
    part = f"{place}/report.pdf" if place else "report.pdf"
    listed = f"attachments: [{{file: report.pdf, sha256: {hashlib.sha256(PDF).hexdigest()}}}]\n"
    inbox.place({part: PDF[:40], card: GOOD + listed})
    assert inbox.ready(60) == {}
    assert inbox.waits(60) == {card: "waits for report.pdf, whose content is not yet what its sha256 says"}
    with open(inbox.home / part, "ab") as upload:  # as reput, APPE and rsync --append-verify go on
        upload.write(PDF[40:])
    assert list(inbox.ready(2).values()) == [[]]


def test_a_file_that_never_gets_its_sha256_is_handed_over_after_wait_hours(inbox: Inbox) -> None:
    inbox.place({"report.pdf": PDF, "report.yaml": f"{GOOD}attachments: [{{file: report.pdf, sha256: {'a' * 64}}}]\n"})
    assert inbox.ready(DAY - 60) == {}
    assert list(inbox.ready(DAY + 2)) == ["report"]


@pytest.mark.parametrize(
    "temporary",
    [
        ".large.pdf.x7Yq2Z", ".syncthing.large.pdf.tmp", "~syncthing~large.pdf.tmp", ".in.large.pdf.", "large.pdf.8c3f0a1b.partial",
        "large.pdf.filepart", "large.pdf.part", "large.pdf.crdownload", ".large.pdf.~1a2b3c", ".goutputstream-AB12CD",
    ],
)  # fmt: skip
def test_a_set_that_nobody_listed_waits_while_a_program_writes_beside_it_under_a_name_of_its_own(
    inbox: Inbox, temporary: str
) -> None:
    inbox.place({"set/small.txt": "small", "set/item.yaml": GOOD})
    with open(inbox.home / "set" / temporary, "wb") as upload:
        upload.write(PDF)
        upload.flush()
        assert inbox.ready(60) == {}, "it is open"
        assert inbox.waits(60) == {"set/item.yaml": f"waits for {temporary}, which is still being written"}
    assert inbox.ready(3) == {}, "it was changed a moment ago"
    assert inbox.ready(7) == {"set": []}, "who wrote it was killed long ago"
    os.rename(inbox.home / "set" / temporary, inbox.home / "set/large.pdf")
    (drop,) = inbox.look(6).ready
    assert set(drop.matched) == {"small.txt", "large.pdf"}


def test_beside_a_sidecar_that_lists_nothing_only_what_could_become_one_of_its_files_is_waited_for(inbox: Inbox) -> None:
    inbox.place({"report.txt": "small", "report.yaml": GOOD, "other.txt": "x", "other.yaml": GOOD})
    with open(inbox.home / ".report.pdf.a1B2c3", "wb") as upload:
        upload.write(PDF[:20])
        upload.flush()
        assert list(inbox.ready(60)) == ["other"]


def test_a_sidecar_with_a_list_waits_for_no_other_file(inbox: Inbox) -> None:
    inbox.place({"set/small.txt": "small", "set/item.yaml": GOOD + "attachments: [small.txt]\n"})
    with open(inbox.home / "set/.other.pdf.a1B2c3", "wb"):
        assert inbox.ready(2) == {"set": []}


def test_a_folder_without_a_list_must_have_been_quiet_as_a_whole_for_folder_settle_seconds(inbox: Inbox) -> None:
    inbox.place({"set/item.yaml": GOOD, "set/one.txt": "one"})
    old = os.stat(inbox.home / "set/item.yaml").st_mtime - 60
    os.utime(inbox.home / "set/item.yaml", (old, old))
    assert inbox.ready(3) == {}
    assert inbox.waits(3) == {"set/item.yaml": "waits until nothing more comes to its folder"}
    assert inbox.look(3).next_in == pytest.approx(2, abs=1)
    assert inbox.ready(6) == {"set": []}


def test_a_file_that_the_daemon_may_not_read_yet_waits() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else for a while")
    folder = folders.new_folder("unread")  # other accounts can't get to what pytest makes
    try:
        os.chmod(folder, 0o755)
        _see_that_an_unreadable_file_waits(Inbox(own_office(folder / "office", settings=SETTINGS)))
    finally:
        folders.remove(folder)


def _see_that_an_unreadable_file_waits(inbox: Inbox) -> None:
    inbox.place({"report.pdf": PDF, "report.yaml": GOOD})
    os.chmod(inbox.home / "report.pdf", 0o600)
    os.seteuid(65534)
    try:
        inbox.look()
        assert inbox.ready(60) == {}
        assert inbox.waits(60) == {"report.yaml": "waits for report.pdf, which the daemon may not read yet"}
        (fault,) = inbox.ready(DAY + 2)["report"]
        assert fault == "`report.pdf` could not be read for 24 hours; let the daemon read it"
    finally:
        os.seteuid(0)
    os.chmod(inbox.home / "report.pdf", 0o644)
    assert inbox.ready(2) == {"report": []}


@pytest.mark.parametrize(
    "copy",
    [
        "item (1).yaml",
        "item.yaml.bak",
        "item.yaml.txt",
        "notes.txt",
        "item.sync-conflict-20261128-101500-ABC.yaml",
        "item - kopie.yaml",
    ],
)
def test_a_copy_of_a_sidecar_is_no_attachment_unless_a_list_names_it(inbox: Inbox, copy: str) -> None:
    inbox.place(
        {"set/item.yaml": GOOD + "explanation: for us alone\n", f"set/{copy}": GOOD + "explanation: for us\n", "set/a.pdf": PDF}
    )
    (drop,) = inbox.look(6).ready
    assert set(drop.matched) == {"a.pdf"}
    assert f"set/{copy}" in inbox.waits(6)
    inbox.place({"set/item.yaml": f"{GOOD}attachments: [a.pdf, {copy}]\n"})
    (drop,) = inbox.look(6).ready
    assert set(drop.matched) == {"a.pdf", copy}


FIELDS = "types: {advice: {fields: {matter: text, risk: text, until: date}}}\n"
ADVICE = f"{GOOD}type: advice\nmatter: Tax\nrisk: low\nuntil: 2027-01-01\n"


@pytest.mark.parametrize(
    ("copy", "content"),
    [
        ("old.yaml", ADVICE.encode()),
        ("notes.txt", "description: Jaarrekening één\nexplanation: for us\n".encode("cp1252")),
        ("old.yaml", f"{GOOD}explanation: for us\n".encode("utf-16-le")),
        ("old.yaml", b'"description": "Annual accounts"\n"explanation": "for us"\n'),
        ("old.yaml", b'# ours\n{"description": "Annual accounts", "explanation": "for us"}\n'),
        ("old.yaml", b"  description: Annual accounts\n  explanation: for us\n"),
        ("item (1).yaml", b"status: done\nlabels: [for us]\n"),
        ("item (1).yml", b"description Annual accounts\nfor us\n"),
        ("Item - kopie.yaml", b""),
    ],
)
def test_a_copy_is_known_by_its_name_and_by_what_it_says_however_that_is_written(
    tmp_path: Path, copy: str, content: bytes
) -> None:
    inbox = Inbox(own_office(tmp_path, settings=SETTINGS + FIELDS))
    inbox.place({"set/item.yaml": GOOD, f"set/{copy}": content, "set/a.pdf": PDF})
    (drop,) = inbox.look(6).ready
    assert set(drop.matched) == {"a.pdf"}
    assert f"set/{copy}" in inbox.waits(6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data (1).yaml", b"openapi: 3.1.0\ninfo: {}\n"),
        ("list.txt", b"item: pen\nprice: 2\nnumber: 7\n"),
        ("prices.csv", b"description;price\npen;2\n"),
    ],
)
def test_what_is_no_copy_by_either_is_an_attachment(inbox: Inbox, name: str, content: bytes) -> None:
    inbox.place({"set/item.yaml": GOOD, f"set/{name}": content})
    (drop,) = inbox.look(6).ready
    assert set(drop.matched) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db", "desktop.ini", "@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "System Volume Information", "__MACOSX", "lost+found", "Icon\r",
        "#snapshot", "Temporary Items", "a.pdf:Zone.Identifier", "a.pdf.sb-5f3c8ab1-W2kq9Z",
    ],
)  # fmt: skip
def test_files_and_folders_of_systems_neither_stop_a_folder_drop_nor_become_part_of_it(inbox: Inbox, name: str) -> None:
    inbox.place({"set/item.yaml": GOOD, "set/a.pdf": PDF, f"set/{name}/a.pdf@SynoEAStream": PDF, f"{name}/b.pdf": PDF})
    inbox.place({"also/item.yaml": GOOD, "also/a.pdf": PDF, f"also/{name}": PDF})
    view = inbox.look(6)
    assert [(set(drop.matched), drop.faults) for drop in view.ready] == [({"a.pdf"}, ())] * 2
    assert [*view.waiting, *view.odd] == []


CUT_OFF = PDF[: len(PDF) - 12]


@pytest.mark.parametrize("card", ["scan.yaml", "scan/item.yaml"])
def test_a_file_that_its_own_format_calls_unfinished_waits_and_is_then_handed_over_as_such(inbox: Inbox, card: str) -> None:
    place = card.rpartition("/")[0]
    inbox.place({f"{place}/scan.pdf" if place else "scan.pdf": CUT_OFF, card: GOOD})
    inbox.look()
    assert inbox.ready(9 * 60) == {}
    (why,) = inbox.waits(9 * 60).values()
    assert why.startswith(
        "waits for scan.pdf, which has no end yet: it was cut off, or the rest is still to come; after 10 minutes"
    )
    (drop,) = inbox.look(10 * 60 + 2).ready
    assert (drop.faults, drop.unfinished) == ((), ("scan.pdf",))


def test_a_scanner_that_closes_the_file_after_each_page_is_waited_for(inbox: Inbox) -> None:
    inbox.place({"scan.yaml": GOOD, "scan.pdf": CUT_OFF[:60]})
    assert inbox.ready(9) == {}
    with open(inbox.home / "scan.pdf", "ab") as page:
        page.write(PDF[60:])
    assert inbox.ready(2) == {"scan": []}


def test_a_file_whose_listed_sha256_matches_is_whole_whatever_its_format_says(inbox: Inbox) -> None:
    inbox.place(
        {"a.pdf": CUT_OFF, "a.yaml": f"{GOOD}attachments: [{{file: a.pdf, sha256: {hashlib.sha256(CUT_OFF).hexdigest()}}}]\n"}
    )
    (drop,) = inbox.look(2).ready
    assert (drop.faults, drop.unfinished) == ((), ())


def _sealed(*names: str, content: bytes = PDF) -> bytes:
    listed = "".join(f"  - {{file: {name}, sha256: {hashlib.sha256(content).hexdigest()}}}\n" for name in names)
    return seal.sealed(f"{GOOD}attachments:\n{listed}".encode())


def test_a_folder_whose_sidecar_has_its_seal_and_lists_each_files_sha256_is_taken_at_once(inbox: Inbox) -> None:
    inbox.place({"set/report.pdf": PDF, "set/item.yaml": _sealed("report.pdf")})
    assert inbox.ready(0) == {"set": []}


def test_a_seal_that_does_not_fit_or_does_not_speak_for_all_that_lies_there_saves_no_time(inbox: Inbox) -> None:
    whole = _sealed("report.pdf")
    unlisted = seal.sealed(f"{GOOD}attachments: [report.pdf]\n".encode())
    for card in (whole.replace(b"description: ", b"description: Not "), whole[:-1], whole + b"status: done\n", unlisted):
        inbox.place({"set/report.pdf": PDF, "set/item.yaml": card})
        assert inbox.ready(0) == {}
        assert set(inbox.ready(2)) == {"set"}
    inbox.place({"set/report.pdf": PDF, "set/more.pdf": PDF, "set/item.yaml": whole})
    assert inbox.ready(0) == {}


def test_a_file_beside_a_seal_that_is_open_or_not_yet_what_its_sha256_says_is_waited_for(inbox: Inbox) -> None:
    inbox.place({"set/report.pdf": PDF[:40], "set/item.yaml": _sealed("report.pdf")})
    assert inbox.ready(0) == {}
    with open(inbox.home / "set/report.pdf", "ab") as upload:
        upload.write(PDF[40:])
        upload.flush()
        assert inbox.ready(0) == {}
    assert inbox.ready(0) == {"set": []}


def test_a_seal_hastens_no_refusal_for_more_may_come_to_what_is_refused(inbox: Inbox) -> None:
    faulty = _sealed("report.pdf", "more.pdf").replace(GOOD.encode(), b"description: Short\n")
    faulty = seal.sealed(seal.without(faulty.decode()).encode())
    inbox.place({"set/report.pdf": PDF, "set/more.pdf": PDF[:40], "set/item.yaml": faulty})
    assert inbox.ready(0) == {}
    inbox.place({"other/report.pdf": PDF, "other/sub/b.pdf": PDF, "other/item.yaml": _sealed("report.pdf")})
    assert inbox.ready(0) == {}
    assert {stem: len(faults) for stem, faults in inbox.ready(6).items()} == {"set": 1, "other": 1}


def test_a_drop_from_before_the_clock_was_set_back_is_not_waited_for_until_then(inbox: Inbox) -> None:
    inbox.place({"a.yaml": f"{GOOD}attachments: [never.pdf]\n"})
    wall, monotonic = settling.now()

    def faults(hours: float) -> list[str]:
        ready = inbox.looker.look("acme-bv", wall - 400 * 86400 + hours * 3600, monotonic + hours * 3600).ready
        return [str(fault.message) for found in ready for fault in found.faults]

    assert faults(0) == faults(23) == []
    assert faults(24.1) == ["never.pdf did not come within 24 hours; put it beside the sidecar"]


def test_a_file_that_is_listed_twice_in_two_spellings_is_told_once(inbox: Inbox) -> None:
    inbox.place({"a.yaml": f"{GOOD}attachments: [a.pdf, A.PDF]\n", "a.pdf": PDF})
    assert inbox.ready(2) == {"a": ["`a.pdf` and `A.PDF` are the same file here; list it once"]}
    inbox.place({"A.PDF": PDF + b"another"})
    (told,) = inbox.ready(4)["a"]
    assert told.startswith("two attachments are called `a.pdf`, capitals apart")
