"""`dossier doctor` finds what a set-up can get wrong, says what to do, and changes and sends nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.folders import DISK, new_folder, remove
from kit.mail_server import Server, login_with, serving
from kit.support import CLIENTS, SETTINGS, STAFF, Root, new_office

from desk.doctor import folders, machine
from desk.doctor.doctor import examine
from dossier.database.database import close_database
from dossier.office.opening import load_office


@pytest.fixture
def root() -> Iterator[Root]:
    """On a disk, as in memory doctor advises against it."""
    folder = new_folder("doctor", DISK)
    yield new_office(folder / "office")
    remove(folder)


def _found(root: Root, level: str = "wrong") -> dict[str, list[str]]:
    """Check → what it found wrong, in this process: quicker than the command, and the same."""
    office = load_office(root.path, root.environ)
    found: dict[str, list[str]] = {}
    for one in examine(office, root.environ):
        if one.level == level:
            assert one.todo or level == "ok", f"{one} says not what to do"
            found.setdefault(one.check, []).append(str(one.message))
    close_database()
    return found


def _tree(path: Path) -> list[tuple[str, int]]:
    return sorted((str(one), one.stat().st_mtime_ns) for one in path.rglob("*") if one.is_file())


def test_a_sound_office_has_nothing_wrong_and_nothing_is_changed_or_sent(root: Root, post: Server) -> None:
    before = _tree(root.path)
    done = root.run("doctor")
    assert "Nothing is wrong." in done.stdout
    assert _tree(root.path) == before
    assert post.mails == []
    with root.daemon():
        found = root.json("doctor")
        assert {one["level"] for one in found} <= {"ok", "note"}
        assert any(one["check"] == "daemon" and one["level"] == "ok" for one in found)
    assert set(found[0]) == {"check", "level", "message", "todo"}


def test_the_command_ends_with_1_if_anything_is_wrong_and_says_what_to_do(root: Root, post: Server) -> None:
    (root.path / "inbox/strangers").mkdir()
    done = root.run("doctor", code=1)
    assert "inbox/strangers is no client's folder" in done.stdout
    assert "-> name it as the client's code" in done.stdout
    assert "1 thing is wrong." in done.stdout
    found = json.loads(root.run("doctor", "--json", code=1).stdout)
    assert [one["check"] for one in found if one["level"] == "wrong"] == ["inbox"]
    root.set("settings", SETTINGS + "nonsense: 1\n")
    assert root.run("doctor", code=3).stderr.startswith("config/settings.yaml:4: nonsense:")


def test_whether_programs_that_are_to_help_are_there_is_told(root: Root, post: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert any("LibreOffice is not used" in one for one in _found(root, "ok")["programs"])
    root.set(
        "settings",
        SETTINGS.replace("guard: off", "guard: off, guard_ocr: tesseract") + "portal: {office_pictures: libreoffice}\n",
    )
    monkeypatch.setattr(machine.ocr, "program", lambda: "/usr/bin/tesseract")
    monkeypatch.setattr(machine.office_papers, "program", lambda: "/usr/bin/soffice.bin")
    monkeypatch.setattr(machine.office_papers, "can_be_confined", lambda: True)
    assert len(_found(root, "ok")["programs"]) == 2
    monkeypatch.setattr(machine.office_papers, "can_be_confined", lambda: False)
    assert "can't keep LibreOffice from other files" in _found(root)["programs"][0]
    monkeypatch.setattr(machine.ocr, "program", lambda: None)
    monkeypatch.setattr(machine.office_papers, "program", lambda: None)
    assert len(_found(root)["programs"]) == 2


def test_folders_that_are_gone_or_anybodys_are_found(root: Root, post: Server) -> None:
    root.once()
    for path, mode in (
        ("var/portal", 0o777),
        ("var/queue", 0o777),
        ("config/staff.yaml", 0o666),
        ("var/vault", 0o755),
        ("var/dossier.db", 0o644),
    ):
        os.chmod(root.path / path, mode)
    found = _found(root)
    assert "can put files before clients" in found["portal"][0]
    assert "and so decide" in found["queue"][0]
    assert "take any right" in found["secrets"][0]
    assert len(found["secrets"]) == 3
    shutil.rmtree(root.path / "inbox")
    assert f"there is no {root.path / 'inbox'}" in _found(root)["inbox"]
    (root.path / "inbox").write_text("a file")
    assert "is no folder" in _found(root)["inbox"][0]


def test_people_and_clients_that_do_not_fit_are_found(root: Root, post: Server) -> None:
    root.set(
        "staff", STAFF.replace("rights: [create, share, approve]", "rights: [create]").replace("rights: [admin]", "rights: []")
    )
    root.set(
        "clients", CLIENTS.replace("contacts: [{id: a.brown, name: Alice Brown, email: alice@northwind.example}]", "contacts: []")
    )
    found = _found(root)
    assert "nobody is an admin" in found["people"][0]
    assert "acme-bv's default approver can't approve: m.devries does not have the right `approve`" in found["clients"][0]
    assert "northwind-ltd has no contact" in found["clients"][1]
    root.set(
        "clients",
        CLIENTS.replace("contacts: [{id: a.brown, name: Alice Brown, email: alice@northwind.example}]", "portal: false"),
    )
    assert len(_found(root)["clients"]) == 1


def test_two_people_with_one_code_but_for_capitals_or_with_one_address_are_told(root: Root, post: Server) -> None:
    root.set("staff", STAFF + "  K.Smit: {name: Another, email: other@office.example, rights: [create]}\n")
    assert "the codes k.smit and K.Smit differ in capitals only" in _found(root)["people"][0]
    one = root.path.joinpath("config", "staff.yaml").read_text().partition("email: ")[2].partition("\n")[0].split(",")[0]
    root.set("staff", STAFF + f"  z.other: {{name: Another, email: {one.upper()}, rights: [create]}}\n")
    told = " ".join(root.run("doctor").stdout.split())
    assert f"z.other have one mail address, {one.upper()}: whoever reads it can log in to the desk as either" in told


def test_codes_whose_folders_windows_can_not_open_are_told(root: Root, post: Server) -> None:
    root.set("clients", CLIENTS + "  con: {name: Con B.V., portal: false}\n  nul.bv: {name: Nul B.V., portal: false}\n")
    root.set("staff", STAFF + "  aux: {name: Another, email: other@office.example, rights: [approve]}\n")
    told = " ".join(root.run("doctor").stdout.split())
    for code in ("con", "nul.bv", "aux"):
        assert f"Windows can't open a folder called {code}:" in told
    assert told.count("Windows can't open") == 3


def test_a_concept_that_waits_for_somebody_without_the_right_is_found(root: Root, post: Server) -> None:
    root.drop(
        "report",
        "description: Annual accounts\nshare: yes\nshare_status: concept\nshare_attachments: all\napprover: k.smit\ncreated_by: p.bakker\n",
        report_pdf=b"x",
    )
    root.once()
    assert _found(root) == {}
    root.set("staff", STAFF.replace("rights: [create, approve]", "rights: [create]"))
    assert "D-2026-000001 waits for k.smit: k.smit does not have the right `approve`" in _found(root)["people"][0]


def test_a_concept_that_waits_for_the_admins_as_nobody_else_is_left_is_as_it_should_be(root: Root, post: Server) -> None:
    root.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    root.drop(
        "letter",
        "description: Letter about the year\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n",
        client="northwind-ltd",
        letter_txt=b"Acme B.V., KvK 12345678",
    )
    root.once()
    assert root.json("show", "1")["approver"] == "j.admin"
    assert "people" not in _found(root)


def test_each_concept_that_waits_for_who_left_is_counted_with_the_command_that_gives_it_to_another(
    root: Root, post: Server
) -> None:
    for name in ("first", "second"):
        asked = "share: yes\nshare_status: concept\nshare_attachments: all\napprover: k.smit\ncreated_by: p.bakker\n"
        root.drop(name, f"description: Annual accounts {name}\n{asked}", **{f"{name}_pdf": name.encode()})
    root.once()
    root.set("staff", STAFF.replace("rights: [create, approve]", "rights: [create, approve], active: no"))
    told = root.run("doctor", code=1).stdout
    assert "2 concepts wait for k.smit, such as D-2026-000001: k.smit is not active any more" in told
    assert "dossier edit D-2026-000001 --approver STAFF" in told
    for item in ("1", "2"):
        root.run("--as", "j.admin", "edit", item, "--approver", "m.devries")
    assert "people" not in _found(root)


def test_mail_is_tried_up_to_the_recipient_and_none_is_sent(root: Root) -> None:
    with serving() as server:
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
        assert _found(root) == {}
        assert (server.senders, server.recipients, server.mails) == (["office@office.example"], ["office@office.example"], [])
        server.on_rcpt = lambda address: "554 relaying denied"
        assert "554 relaying denied" in _found(root)["mail"][0]
        server.on_mail = lambda address: "553 not yours"
        assert "refuses mail from" in _found(root)["mail"][0]
        root.environ["DOSSIER_MAIL__USERNAME"] = "office"
        assert "set the environment variable DOSSIER_MAIL_PASSWORD" in _found(root)["mail"][0]
    assert "set the environment variable" in _found(root)["mail"][0]
    root.environ.pop("DOSSIER_MAIL__USERNAME")
    assert "Connection refused" in _found(root)["mail"][0]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_login_that_is_refused_is_found(root: Root) -> None:
    with serving(**login_with(b"right")) as server:
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port), "DOSSIER_MAIL__USERNAME": "o"}
        root.environ["DOSSIER_MAIL_PASSWORD"] = "wrong"
        assert "refused the login of o" in _found(root)["mail"][0]
        root.environ["DOSSIER_MAIL_PASSWORD"] = "right"
        assert _found(root) == {}


def test_a_database_that_is_damaged_too_new_or_out_of_time_is_found(root: Root, post: Server) -> None:
    root.drop("report", "description: Annual accounts\ncreated_by: p.bakker\n", report_pdf=b"x")
    root.once()
    path = root.path / "var/dossier.db"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE event SET at = '2999-01-01T00:00:00.000000Z' WHERE seq = (SELECT max(seq) FROM event)")
    assert "which is still to come" in _found(root)["clock"][0]
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    assert "from a later version of dossier" in _found(root)["database"][0]
    path.write_bytes(b"this is no database at all" * 100)
    assert "is not a database" in _found(root)["database"][0]


def test_what_is_only_good_to_know_is_no_fault(root: Root, post: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for client in ("acme-bv", "northwind-ltd"):
        root.inbox(client)
    root.once()
    notes = _found(root, "note")
    assert "none runs" in notes["daemon"][0]
    assert "none was made yet" in notes["backup"][0]
    assert "identity.trust_sidecar is on" in notes["inbox"][0]
    assert len(notes["inbox"]) == 1
    monkeypatch.chdir(root.path.parent)
    root.run("backup", "backups")
    assert _found(root, "ok")["backup"][0].endswith(f"in {root.path.with_name('backups')}"), "wherever it was typed"
    root.inbox("northwind-ltd").rmdir()
    notes = _found(root, "note")
    assert "backup" not in notes
    assert "northwind-ltd has no folder in" in notes["inbox"][1]


def test_a_full_disk_too_few_watches_and_templates_are_found(root: Root, post: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    root.set("settings", SETTINGS + "alarms: {free_mb: 1000000000}\n")
    assert "nearly full" in _found(root)["disk"][0]
    assert "nearly full" in root.json("status")["alarms"][0], "also where no daemon could write down an alarm"
    root.set("settings", SETTINGS)
    monkeypatch.setattr(folders, "_watched_folders", lambda top: iter([top] * 10_000_000))
    assert "folders are to be watched" in _found(root)["inotify"][0]
    monkeypatch.undo()
    (root.path / "config/templates").mkdir()
    (root.path / "config/templates/ready.nl.txt").write_text("no subject")
    (root.path / "config/templates/redy.nl.txt").write_text("Subject: x\n\nx")
    faults = _found(root)["templates"]
    assert any("redy.nl.txt: there is no such mail" in fault for fault in faults)
    assert any("ready.nl.txt:1: begin with a line" in fault for fault in faults)


def test_a_check_that_trips_hides_no_other(root: Root, post: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*_: Any) -> Iterator[Any]:
        raise RuntimeError("oops")

    monkeypatch.setattr(machine, "clocks", trip)
    monkeypatch.setattr(folders, "portal", trip)
    found = _found(root)
    assert found == {
        "clock": ["this could not be looked at: RuntimeError: oops"],
        "portal": ["this could not be looked at: RuntimeError: oops"],
    }


def test_a_time_zone_that_does_not_exist_is_found(root: Root, post: Server) -> None:
    root.environ["TZ"] = "Europe/Amsterdm"
    assert "which is no time zone here" in _found(root)["time zone"][0]
    root.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    assert "time zone" not in _found(root)


def test_what_lies_beside_the_clients_folders_and_a_scanner_that_is_gone_are_found(root: Root, post: Server) -> None:
    (root.path / "inbox/loose.pdf").write_bytes(b"x")
    root.environ["DOSSIER_INTAKE__CLAMD"] = "unix:/nonexistent/clamd.ctl"
    found = _found(root)
    assert "inbox/loose.pdf lies in no client's folder" in found["inbox"][0]
    assert "start clamd" in found["scanner"][0]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_what_root_left_behind_in_the_daemons_folders_is_found(root: Root, post: Server) -> None:
    root.once()
    for path in (root.path / "var").rglob("*"):
        os.chown(path, 65534, 65534)
    os.chown(root.path / "var", 65534, 65534)
    assert not {"portal", "var"} & set(_found(root))
    here = root.path / "var/portal/acme-bv"
    here.mkdir(exist_ok=True)
    os.chown(here, 0, 0)
    here.chmod(0o755)
    (root.path / "var/errors.log").write_text("x")
    os.chmod(root.path / "var/errors.log", 0o644)
    found = _found(root)
    assert f"can't read and write {root.path}/var/portal/acme-bv" in found["portal"][0]
    assert f"can't read and write {root.path}/var/errors.log" in found["var"][0]


def test_a_database_password_counts_only_where_it_stands_in_a_file(root: Root, post: Server) -> None:
    root.environ["DOSSIER_DATABASE__URL"] = "postgresql://office:s3cret@127.0.0.1:9/office"
    found = _found(root)
    assert "secrets" not in found
    assert "Connection refused" in found["database"][0]
    assert "s3cret" not in str(found)
    root.environ.pop("DOSSIER_DATABASE__URL")
    root.set("settings", SETTINGS + "database: {url: 'postgresql://office:s3cret@127.0.0.1:9/office'}\n")
    os.chmod(root.path / "config/settings.yaml", 0o644)
    assert "with the database's password" in _found(root)["secrets"][0]


def test_a_file_system_that_keeps_no_rights_is_worked_on_and_told(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    root.once()
    (root.path / "var" / "dossier.db").chmod(0o644)

    def refuse(path: object, mode: int, **more: Any) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chmod", refuse)
    notes = _found(root, "note")
    assert all("keeps no owners and rights" in notes[name][0] for name in ("queue", "vault", "var"))
    assert "database" not in _found(root)


def test_what_many_lack_is_told_once(root: Root, post: Server) -> None:
    nobody = "".join(f"  c-{number}: {{name: Client {number}}}\n" for number in range(40))
    root.set("clients", CLIENTS + nobody)
    for number in range(40):
        root.inbox(f"c-{number}")
    payroll = "presets: {payroll: {folder: Payroll, share: yes, share_status: concept}}\n"
    root.set("settings", SETTINGS.replace("trust_sidecar: true", "trust_sidecar: no") + payroll)
    told = "payroll: nobody is asked to approve for 40 clients, such as c-0, so each file of theirs is refused"
    assert _found(root)["presets"] == [told]
    assert "payroll: 40 folders are not there yet, such as " in _found(root, "note")["presets"][0]
    assert [one for one in _found(root)["clients"] if "no contact" in one] == [
        "40 clients have no contact, such as c-0: nobody of them can be told or log in"
    ]
    assert "4 staff members have no os_user, such as p.bakker" in _found(root, "note")["people"][0]


def test_of_a_type_that_the_reader_may_not_know_of_no_preset_and_no_concept_is_told(root: Root, post: Server) -> None:
    types = "types: {aml: {staff: [m.devries, j.admin]}}\npresets: {secret: {folder: Secret, type: aml}, open: {folder: Open}}\n"
    root.set("settings", SETTINGS + types)
    concept = "share: yes\nshare_status: concept\napprover: m.devries\nattachments: []\n"
    root.drop("a", f"description: Annual accounts 2025\ntype: aml\ncreated_by: j.admin\n{concept}")
    root.once()
    root.set("staff", STAFF.replace("rights: [create, share, approve]", "rights: [create]", 1))

    def told(user: str) -> str:
        return root.run("doctor", user=user, code=None).stdout

    assert ("secret" in (all_of_it := told("j.admin")), "D-20" in all_of_it) == (True, True)
    assert ("secret" in (seen := told("p.bakker")), "D-20" in seen, "open" in seen) == (False, False, True)


@pytest.mark.parametrize("instead", ["nothing", "a file", "a link to nowhere"])
def test_an_inbox_that_is_not_there_is_told_once_and_in_plain_words(root: Root, instead: str) -> None:
    inbox = root.path / "inbox"
    inbox.rename(root.path / "moved")
    if instead == "a file":
        inbox.write_text("x")
    elif instead == "a link to nowhere":
        inbox.symlink_to(root.path / "nowhere")
    found = _found(root)
    assert found["inbox"]
    assert not [message for messages in found.values() for message in messages if "Error" in message]


def test_what_could_not_be_looked_at_is_told_without_words_of_the_program(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def barred(_: object) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(root.path / "inbox"))

    monkeypatch.setattr(folders, "_watched_folders", barred)
    (told,) = _found(root)["inotify"]
    assert told.startswith(f"this could not be looked at: {root.path / 'inbox'}: Permission denied")
