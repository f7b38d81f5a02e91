"""Every refusal of CONTRACT section 3, as the user reads it: WHY.txt beside their files, unchanged, in _rejected.

The bad drops lie in one office, each in the folder of a client of its own, and one run of the daemon refuses them all.
"""

from __future__ import annotations

import os
import pwd
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from kit.support import ME, OWN_SETTINGS, OWN_STAFF, Root, new_office, own_office

from desk.actions import overview
from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.office.people import ALL

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8" + bytes(47) + b"PE\x00\x00L\x01" + bytes(64)
LNK = bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(56)
GOOD = "description: Annual accounts 2025\n"
SHARED = GOOD + "share: yes\nshare_attachments: all\n"
NFD = unicodedata.normalize("NFD", "café.pdf")


def _jar() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        archive.writestr("Main.class", b"\xca\xfe\xba\xbe")
    return made.getvalue()


@dataclass
class Case:
    name: str
    files: dict[str, str | bytes]
    """What is dropped."""
    why: list[str]
    """`file:line: part of the message` of each line of WHY.txt, in order."""
    client: str = ""
    stem: str = "report"
    away: dict[str, str] = field(default_factory=dict)
    """Other stems that are refused with it → part of their WHY.txt."""


def sidecar(name: str, text: str | bytes, *why: str, pdf: bytes | None = PDF, **more: str) -> Case:
    """report.yaml with report.pdf beside it; `why` without the file's name."""
    files: dict[str, str | bytes] = {} if pdf is None else {"report.pdf": pdf}
    return Case(name, {**files, "report.yaml": text}, [f"report.yaml:{line}" for line in why], **more)


def listed(name: str, on_disk: str, asked: str, *why: str) -> Case:
    """A sidecar that lists `asked`, with the file `on_disk` beside it."""
    return Case(name, {on_disk: PDF, "report.yaml": GOOD + f"attachments: [{asked}]\n"}, [f"report.yaml:{line}" for line in why])


CASES = [
    # What can't be read
    sidecar("not YAML", "description: [open\n", "1: this is not YAML: the `[` in `description: [open` is not closed"),
    sidecar("a bare text", "just words\n", "1: expected `key: value` lines"),
    sidecar("a list", "- a\n- b\n", "1: expected `key: value` lines"),
    sidecar("over 64 kB", GOOD + "explanation: " + "x" * 65536 + "\n", "1: the file is larger than 64 kB"),
    sidecar("an alias", "description: &a Annual accounts\nexplanation: *a\n", "1: aliases", "2: aliases"),
    sidecar("a tag", GOOD + "explanation: !!python/object/apply:os.system [id]\n", "2: tags"),
    sidecar("an unknown key", GOOD + "expires: 2026\n", "2: there is no key `expires`; leave it out"),
    sidecar("a key that is nearly right", GOOD + "explenation: why\n", "2: there is no key `explenation`; did you mean `explanation`?"),
    sidecar("a repeated key", GOOD + "status: new\nstatus: done\n", "3: `status` is given twice (first on line 2)"),
    sidecar("a key in two languages", GOOD + "omschrijving: Jaarrekening 2025\n", "2: `omschrijving` and `description` (line 1)"),
    sidecar("two documents", GOOD + "---\n" + GOOD, "2: more than one document"),
    sidecar("Latin-1", GOOD.encode() + "explanation: één\n".encode("latin-1"), "2: this is not UTF-8 text, but most likely Windows' own (ANSI"),
    sidecar("a NUL", GOOD.encode() + b"explanation: a\0b\n", "2: a character that a text file can't hold"),
    sidecar("nested deep", GOOD + "labels: " + "[" * 20 + "]" * 20 + "\n", "2: nested too deep"),
    sidecar("a pit of brackets", GOOD + "labels: " + "[" * 5000 + "\n", "2: this is not YAML, from `labels: [[["),
    # Keys and their values
    sidecar("no description", "status: new\n", "1: `description` is required"),
    sidecar("no description in Dutch", "toelichting: niets\n", "1: `omschrijving` is required"),
    sidecar("a short description", "description: Short\n", "1: `description` has 5 characters; give at least 8"),
    sidecar("a long description", f"description: {'x' * 201}\n", "1: `description` has 201 characters; at most 200"),
    sidecar("a description of two lines", "description: |\n  Annual\n  accounts\n", "1: `description`: give one line of text"),
    sidecar("a description that turns round", "description: Annual \u202eaccounts\n", "1: `description` has control or direction"),
    sidecar("an unknown status", GOOD + "status: finished\n", "2: `status`: `finished` is no status; give new, in_progress, done or"),
    sidecar("an unknown type", GOOD + "type: memo\n", "2: `type`: `memo` is no type"),
    sidecar("a type's key is missing", GOOD + "type: advice\n", "2: an item of type advice needs `matter`; add it"),
    sidecar("a location that is not allowed", GOOD + "location: 2019/Loon\n", "2: `location`"),
    sidecar("a label twice", GOOD + "labels: [BTW, btw]\n", "2: `labels`"),
    sidecar("a label that is not allowed", GOOD + "labels: [Loon]\n", "2: `labels`"),
    sidecar("a yes/no that is neither", GOOD + "share: 1\n", "2: `share`"),
    # Sharing
    sidecar("share without a status", SHARED, "2: `share` is yes, so say `share_status: concept` (with an approver) or"),
    sidecar("an unknown share status", SHARED + "share_status: maybe\n", "4: `share_status`"),
    sidecar("a concept without approver", SHARED + "share_status: concept\n", "4: a concept needs an `approver`"),
    sidecar("an unknown approver", SHARED + "share_status: concept\napprover: x.nobody\n", "5: there is no staff member `x.nobody`"),
    sidecar("an approver without the right", SHARED + "approver: k.smit\n", "4: k.smit does not have the right `approve`"),
    sidecar("an approver of other clients", SHARED + "approver: a.peters\n", "4: a.peters does not work for client"),
    sidecar("approver while share is no", GOOD + "share: no\napprover: m.devries\n", "3: `approver` is given, but `share` is no"),
    sidecar("share_status while share is no", GOOD + "share_status: approved\n", "2: `share_status` is given, but `share` is not given"),
    sidecar("an approver of what is approved", SHARED + "share_status: approved\napprover: m.devries\n",
            "4: p.bakker does not have the right `share`", "5: `approver` is given, but"),
    sidecar("more approvals than approvers", SHARED + "approver: m.devries\napprovals: 2\n", "5: `approvals` is 2, but there is one"),
    sidecar("attachments nobody spoke of", GOOD + "share: yes\napprover: m.devries\n", "1: say which attachments are shared: `report.pdf`"),
    sidecar("notify while share is no", GOOD + "notify: yes\ncontact: j.jansen\n", "2: `notify` is yes, but `share` is not given"),
    sidecar("notify without contact", SHARED + "approver: m.devries\nnotify: yes\n", "5: `notify` is yes, but no `contact` is given"),
    sidecar("an unknown contact", GOOD + "contact: p.nobody\n", "2: this client has no contact `p.nobody`; its contacts are: j.jansen"),
    sidecar("a contact who left", GOOD + "contact: old@acme.example\n", "2: contact old is not active any more"),
    sidecar("a client without portal", SHARED + "approver: m.devries\n", "2: client offline has no portal", client="offline"),
    # Amending
    sidecar("an item that is not there", "item: D-2020-000001\nstatus: done\n", "1: client"),
    sidecar("an item's number that is none", "item: twelve\nstatus: done\n", "1: `item`: give an item's number, such as D-2026-000012"),
    sidecar("remove without item", GOOD + "remove: [a.pdf]\n", "2: `remove` needs `item`"),
    sidecar("rename without item", GOOD + "rename: {a.pdf: b.pdf}\n", "2: `rename` needs `item`"),
    # Who and for whom
    sidecar("a client that is not active", GOOD, "1: client gone is not active any more; ask an admin", client="gone"),
    sidecar("somebody else's name", GOOD + "created_by: m.devries\n", "2: `created_by` is m.devries, but the file is p.bakker's"),
    sidecar("not the maker's client", GOOD, "1: p.bakker does not work for client foreign; ask an admin", client="foreign"),
    sidecar("sharing outright without the right", SHARED + "share_status: approved\n", "4: p.bakker does not have the right `share`"),
    # Names
    sidecar("two of one name", GOOD + "attachments:\n- {file: report.pdf, name: A.pdf}\n- {file: b.pdf, name: a.PDF}\n", "4: two attachments are called"),
    Case("two of one name on disk", {"REPORT.pdf": PDF, "Report.pdf": b"%PDF-2", "report.yaml": GOOD},
         ["report.yaml:1: `REPORT.pdf` and `Report.pdf` are one name to Windows"]),
    Case("two spellings of an accent", {"café.pdf": PDF, NFD: b"%PDF-2", "report.yaml": GOOD + "attachments: [café.pdf]\n"},
         ["report.yaml:1: `café.pdf` may be"]),
    listed("a folder part", "a.pdf", "sub/a.pdf", "2: `sub/a.pdf`: a file name can't have a folder part"),
    listed("a way out", "a.pdf", "../a.pdf", "2: `../a.pdf`: a file name can't have a folder part"),
    listed("a Windows folder part", "a.pdf", "sub\\a.pdf", "2: `sub\\a.pdf`: a file name can't have a folder part"),
    listed("a control character", "a\nb.pdf", '"a\\nb.pdf"', "2: `a\\nb.pdf`: the name has control or direction characters"),
    listed("a direction override", "a\u202efdp.exe.pdf", '"a\\u202efdp.exe.pdf"', "2: `a\\u202efdp.exe.pdf`: the name has control or"),
    listed("a Windows character", "a?.pdf", '"a?.pdf"', "2: `a?.pdf`: Windows can't hold a name with ?"),
    listed("a Windows device", "CON.pdf", "CON.pdf", "2: `CON.pdf`: Windows keeps this name for itself"),
    listed("a last dot", "a.", "a.", "2: `a.`: Windows can't hold a name that begins with a space or ends with a space or dot"),
    listed("a very long name", "a" * 250 + ".pdf", "a" * 250 + ".pdf", "2: `" + "a" * 60 + "…`: the name is longer than 240 bytes"),
    listed("a name that is never taken", ".hidden.pdf", ".hidden.pdf", "2: `.hidden.pdf`: a file with such a name is never taken"),
    listed("an Office lock", "~$a.docx", "~$a.docx", "2: `~$a.docx`: a file with such a name is never taken"),
    Case("a bad name nobody wrote", {"report.a\tb.pdf": PDF, "report.yaml": GOOD},
         ["report.yaml:1: `report.a\\tb.pdf`: the name has control or direction characters"]),
    Case("undecodable bytes in a name", {os.fsdecode(b"report.\xff.pdf"): PDF, "report.yaml": GOOD},
         ["report.yaml:1: `report.\\udcff.pdf`: the name is not written in UTF-8"]),
    # Types, by name and by content
    *(
        Case(f"a .{kind} file", {f"report.{kind}": b"x", "report.yaml": GOOD}, [f"report.yaml:1: `report.{kind}`: files of type .{kind}"])
        for kind in ("exe", "dll", "bat", "cmd", "com", "scr", "msi", "js", "vbs", "ps1", "jar", "lnk", "hta")
    ),
    listed("an exe in capitals", "SETUP.EXE", "SETUP.EXE", "2: `SETUP.EXE`: files of type .exe are not taken"),
    Case("an exe under a new name", {"a.exe": PDF, "report.yaml": GOOD + "attachments: [{file: a.exe, name: a.pdf}]\n"},
         ["report.yaml:2: `a.pdf`: files of type .exe are not taken"]),
    Case("a listed file that doesn't lie there, and nobody said whether it is shared",
         {"report.yaml": GOOD + "attachments: [a.pdf]\nshare: yes\nshare_status: concept\napprover: m.devries\nfoo: bar\n"},
         ["report.yaml:2: say which attachments are shared: `a.pdf`", "report.yaml:6: there is no key `foo`"]),
    Case("listed files of such types, of which none lies there",
         {"report.yaml": GOOD + "attachments:\n  - a.EXE\n  - {file: b.txt, name: b.bat}\n  - c.pdf\nfoo: bar\n"},
         ["report.yaml:3: `a.EXE`: files of type .exe are not taken", "report.yaml:4: `b.bat`: files of type .bat are not taken",
          "report.yaml:6: there is no key `foo`"]),
    sidecar("a program named .pdf", GOOD, "1: `report.pdf`: its content is that of a .exe file", pdf=EXE),
    sidecar("a shortcut named .pdf", GOOD, "1: `report.pdf`: its content is that of a .lnk file", pdf=LNK),
    sidecar("a jar named .pdf", GOOD, "1: `report.pdf`: its content is that of a .jar file", pdf=_jar()),
    # Limits
    sidecar("a file over the limit", GOOD, "1: `report.pdf` is larger than 1 MB", pdf=bytes(1024 * 1024) + PDF),
    Case("too many files", {**{f"report.{n}.pdf": PDF for n in range(21)}, "report.yaml": GOOD}, ["report.yaml:1: 21 files in one drop; at most 20"]),
    Case("too many in a list, of which none lies there",
         {"report.yaml": GOOD + f"attachments: [{', '.join(f'report.{n}.pdf' for n in range(21))}]\n"},
         ["report.yaml:2: 21 files in one drop; at most 20"]),
    Case("too many in a list, all there",
         {**{f"report.{n}.pdf": PDF for n in range(21)},
          "report.yaml": GOOD + f"attachments: [{', '.join(f'report.{n}.pdf' for n in range(21))}]\n"},
         ["report.yaml:2: 21 files in one drop; at most 20"]),
    # Several drops at once
    Case("claimed twice", {"a.pdf": PDF, "report.yaml": GOOD + "attachments: [a.pdf]\n", "other.yaml": GOOD + "attachments: [a.pdf]\n"},
         ["report.yaml:1: `a.pdf` is claimed by `other.yaml` too"], away={"other": "other.yaml:1: `a.pdf` is claimed by `report.yaml` too"}),
    Case("one name, two endings", {"report.pdf": PDF, "report.yml": GOOD, "report.yaml": GOOD},
         ["report.yml:1: `report.pdf` is claimed by `report.yaml` too", "report.yml:1: `report.yaml` has the same name"]),
    Case("a folder in a folder drop", {"map/item.yaml": GOOD, "map/a.pdf": PDF, "map/deeper/b.pdf": PDF},
         ["item.yaml:1: a folder drop can't hold folders (`deeper`)"], stem="map"),
    Case("two cards in a folder", {"map/item.yaml": GOOD, "map/item.yml": GOOD, "map/a.pdf": PDF},
         ["item.yaml:1: `item.yaml` and `item.yml` are both in this folder; keep one"], stem="map"),
    # What only follows from another fault
    sidecar("a description misspelt", "descripton: Annual accounts\n", "1: there is no key `descripton`; did you mean `description`?"),
    sidecar("a Dutch description misspelt", "omschrijvng: Jaarrekening\n", "1: there is no key `omschrijvng`; did you mean"),
    sidecar("a contact misspelt", SHARED + "approver: m.devries\nnotify: yes\ncontct: j.jansen\n", "6: there is no key `contct`"),
    sidecar("an approver misspelt", SHARED + "share_status: concept\naprover: m.devries\n", "5: there is no key `aprover`"),
    sidecar("share misspelt", GOOD + "shre: yes\nshare_attachments: all\napprover: m.devries\n", "2: there is no key `shre`"),
    sidecar("a choice of files that is none", GOOD + "share: yes\nshare_attachments: al\napprover: m.devries\n", "3: `share_attachments`: give"),
    sidecar("a file's share misspelt", GOOD + "share: yes\napprover: m.devries\nattachments: [{file: report.pdf, shar: yes}]\n", "4: `attachments`: there"),
    sidecar("a file's name misspelt", GOOD + "attachments: [{fil: report.pdf}]\n", "2: `attachments`: there is no key `fil`", pdf=None),
    sidecar("cut off and so too short", "description: Bill #12 of May # really\n", "1: `description`: what stands behind ` #`"),
    sidecar("an approver nobody asks", SHARED + "share_status: approved\napprover: x.nobody\n", "4: p.bakker does not have", "5: `approver` is given, but"),
    sidecar("another client's contact", GOOD + "client: offline\ncontact: p.nobody\n", "2: it says client `offline`"),
    sidecar("a client that its maker may not know of", GOOD + "client: foreign\n", "2: there is no client `foreign`"),
    sidecar("no client at all", GOOD + "client: Acme B.V.\n", "2: there is no client `Acme B.V.`, and this is the folder of "),
    # All at once
    sidecar("all faults at once", "description: Short\nstatus: odd\nexpires: 1\nshare: yes\nshare_status: concept\napprover: x.nobody\ncontact: y\n",
            "1: `description` has 5", "1: say which attachments", "2: `status`", "3: there is no key `expires`",
            "6: there is no staff member `x.nobody`", "7: this client has no contact `y`"),
]  # fmt: skip

for number, case in enumerate(CASES):
    case.client = case.client or f"client-{number:02d}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The office after one run with every case in its inbox."""
    contacts = "{id: j.jansen, name: Jan, email: j@acme.example}, {id: old, name: O, email: old@acme.example, active: no}"
    extra = {"gone": "active: no, ", "offline": "portal: no, "}
    lines = "".join(f"  {case.client}: {{name: X, {extra.get(case.client, '')}contacts: [{contacts}]}}\n" for case in CASES)
    mine = ", ".join(case.client for case in CASES if case.client != "foreign")
    made = own_office(
        tmp_path_factory.mktemp("office"),
        settings=OWN_SETTINGS
        + "intake: {max_file_mb: 1, max_files: 20}\n"
        + "items: {labels: [BTW], locations: [2025, 2026]}\n"
        + "types: {advice: {required: [matter], fields: {matter: text}}}\n",
        clients="clients:\n" + lines,
        staff="staff:\n"
        + f"  p.bakker: {{name: P, email: p@x.example, os_user: {ME}, rights: [create], clients: [{mine}]}}\n"
        + "  m.devries: {name: M, email: m@x.example, rights: [create, share, approve]}\n"
        + "  k.smit: {name: K, email: k@x.example, rights: [create]}\n"
        + "  a.peters: {name: A, email: a@x.example, rights: [approve], clients: [gone]}\n",
    )
    for case in CASES:
        made.place(case.client, case.files)
    made.place("nobody", {"report.pdf": PDF, "report.yaml": GOOD})
    made.once()
    return made


def test_all_of_the_bad_drops_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len({case.client for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_refusal_says_why_with_file_and_line(office: Root, case: Case) -> None:
    lines = office.why(case.stem, case.client).splitlines()
    assert len(lines) == len(case.why), lines
    for line, (place, part) in zip(
        lines, (re.fullmatch(r"(\S+:\d+: )(.*)", wanted, re.DOTALL).groups() for wanted in case.why), strict=True
    ):
        assert line.startswith(place), lines
        assert part in line, lines
    for stem, part in case.away.items():
        assert part in office.why(stem, case.client)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_refused_files_lie_unchanged_beside_the_reason(office: Root, case: Case) -> None:
    there = {
        path.name: path.read_bytes() for path in (office.path / "inbox" / case.client / "_rejected").rglob("*") if path.is_file()
    }
    still = {path.name: path.read_bytes() for path in (office.path / "inbox" / case.client).rglob("*") if path.is_file()}
    for name, data in case.files.items():
        assert still[name.rpartition("/")[2]] == (data.encode() if isinstance(data, str) else data)
    assert there["WHY.txt"]
    assert not list((office.path / "inbox" / case.client).glob("_done/*"))


def test_a_folder_of_the_inbox_that_is_no_clients_is_reported_and_left_alone(office: Root) -> None:
    assert office.tree("nobody") == ["report.pdf", "report.yaml"]
    opened = load_office(office.path, office.environ)
    open_database(opened)
    try:  # who runs the tests works for some clients only; this is for whoever may know of all
        assert "nobody" in [one["path"] for one in overview.status_within(opened, ALL)["left_alone"]]
    finally:
        close_database()


def test_corrected_files_that_are_moved_back_are_taken(office: Root) -> None:
    case = next(case for case in CASES if case.name == "a short description")
    refused = office.rejected(case.stem, case.client)
    assert refused is not None
    (refused / "report.yaml").write_text(GOOD)
    for name in ("report.pdf", "report.yaml", "WHY.txt"):
        (refused / name).rename(office.path / "inbox" / case.client / name)
    refused.rmdir()
    office.once()
    assert office.receipt("report", case.client)
    assert office.tree(case.client) == ["WHY.txt", "_done", "_done/report.receipt.yaml", "_rejected"]


def test_an_owner_who_is_nobody_and_a_maker_who_is_not_there_are_refused(tmp_path: Path) -> None:
    trusting = own_office(
        tmp_path, settings=OWN_SETTINGS + "identity: {trust_sidecar: true}\n", staff=OWN_STAFF.replace(ME, "somebody-else")
    )
    trusting.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD, "b.pdf": PDF, "b.yaml": GOOD + "created_by: x.nobody\n"})
    trusting.place("acme-bv", {"c.pdf": PDF, "c.yaml": GOOD + "created_by: p.bakker\n"})
    trusting.once()
    assert trusting.why("a").startswith(f"a.yaml:1: this file is `{ME}`'s, who is nobody in config/staff.yaml (os_user)")
    assert trusting.why("b") == "b.yaml:2: there is no staff member `x.nobody`\n"
    assert trusting.receipt("c")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_an_operating_system_user_who_is_no_staff_is_refused(tmp_path: Path) -> None:
    office = own_office(tmp_path)
    office.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD})
    os.chown(office.path / "inbox" / "acme-bv" / "a.yaml", pwd.getpwnam("nobody").pw_uid, -1)
    office.once()
    assert office.why("a") == (
        "a.yaml:1: this file is `nobody`'s, who is nobody in config/staff.yaml (os_user);"
        " let somebody of the staff drop it, or an admin enter that account there\n"
    )


def test_what_stays_incomplete_is_refused_after_wait_hours(tmp_path: Path) -> None:
    hurried = own_office(tmp_path, settings=OWN_SETTINGS + "intake: {wait_hours: 0.0003}\n")
    hurried.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD + "attachments: [a.pdf, b.xlsx, c.xlsx]\n", "alone.yaml": GOOD})
    hurried.once()
    assert hurried.why("a").splitlines() == [
        "a.yaml:1: b.xlsx did not come within 0.0003 hours; put it beside the sidecar",
        "a.yaml:1: c.xlsx did not come within 0.0003 hours; put it beside the sidecar",
    ]
    assert hurried.why("alone").startswith("alone.yaml:1: its files did not come within")


def test_what_stays_empty_or_another_than_its_sha256_is_refused_after_wait_hours(tmp_path: Path) -> None:
    made = own_office(tmp_path / "office", settings=OWN_SETTINGS + "intake: {wait_hours: 0.0002}\n")
    listed = f"{GOOD}attachments: [{{file: other.pdf, sha256: {'0' * 64}}}]\n"
    made.place("acme-bv", {"other.pdf": PDF, "other.yaml": listed, "empty.pdf": b"", "empty.yaml": GOOD, "nothing.yaml": b""})
    made.once()
    assert "other.yaml:2: `other.pdf` has another sha256" in (made.why("other") or "")
    assert "empty.yaml:1: `empty.pdf` was still empty after 0.0002 hours" in (made.why("empty") or "")
    assert "nothing.yaml:1: `description` is required" in (made.why("nothing") or "")


def test_whoever_names_no_approver_is_told_who_may_by_name_and_code(tmp_path: Path) -> None:
    root = new_office(tmp_path)
    for stem, keys in {"wrong": "approver: m.vries\n", "none": "", "maker": "approver: p.bakker\n"}.items():
        sidecar_ = (
            f"description: Annual accounts\nshare: yes\nshare_status: concept\n{keys}created_by: p.bakker\nattachments: []\n"
        )
        root.place("northwind-ltd", {f"{stem}.yaml": sidecar_})
    root.once()
    for stem in ("wrong", "none", "maker"):
        why = root.why(stem, "northwind-ltd") or ""
        assert "those who may are: Marieke de Vries (m.devries), Karel Smit (k.smit)" in why, why
        assert "@" not in why
