"""edit, attach, replace, rename, remove, copy and audit, by the installed command, as their users type them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kit.support import CLIENTS, PDF, SETTINGS, STAFF, Root, once_here, wait_until_quiet

SHARED = """\
description: Annual accounts 2025
share: yes
share_status: approved
attachments:
  - {file: accounts.pdf, share: yes}
  - {file: notes.txt, share: no}
created_by: m.devries
"""
PRIVATE = "description: Only for the office\nattachments: []\ncreated_by: p.bakker\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with one item, made once."""
    office = Root(tmp_path_factory.mktemp("made") / "office")
    (office.path / "config").mkdir(parents=True)
    for name, text in (("settings", SETTINGS), ("clients", CLIENTS), ("staff", STAFF)):
        office.set(name, text)
    office.drop("accounts", SHARED, accounts_pdf=PDF, notes_txt=b"ours")
    office.once()
    return office.path


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Root:
    """A copy of that office for each test."""
    return Root(Path(shutil.copytree(made, tmp_path / "office")))


@pytest.fixture
def item(root: Root) -> str:
    """The item, on the portal: accounts.pdf shared, notes.txt not."""
    return next(path.name for path in (root.path / "var" / "portal" / "acme-bv").glob("D-*"))


def put_back(database: Path, content: bytes) -> None:
    """The database as it was, with nobody at it."""
    for rest in ("-wal", "-shm"):
        database.with_name(database.name + rest).unlink(missing_ok=True)
    database.write_bytes(content)


def portal(root: Root, item: str) -> dict[str, bytes]:
    once_here(root)
    folder = root.path / "var" / "portal" / "acme-bv" / item
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def file(root: Root, name: str, data: bytes) -> str:
    path = root.path.parent / "elsewhere" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return str(path)


def attachments(root: Root, item: str) -> dict[str, tuple[int, bool]]:
    return {one["name"]: (one["version"], one["share"]) for one in root.json("show", item)["attachments"]}


def test_to_say_how_what_is_not_shared_is_shared_is_refused_and_not_passed_over(root: Root, item: str) -> None:
    root.drop("private", PRIVATE)
    once_here(root)
    private = root.told("private")["item"]
    why = "`--share-status` is given, but it is not shared; use `--share` as well"
    assert why in root.run("edit", private, "--share-status", "approved", user="m.devries", code=1).stderr
    still_seen = root.run("edit", item, "--no-share", "--reason", "wrong", user="m.devries").stderr
    assert "as no daemon runs" in still_seen
    assert why in root.run("edit", item, "--share-status", "approved", user="m.devries", code=1).stderr
    root.drop("amend", f"item: {private}\nshare_status: approved\nattachments: []\ncreated_by: m.devries\n")
    once_here(root)
    assert "amend.yaml:2: `share_status` is given, but it is not shared; use `share: yes` as well" in str(root.why("amend"))
    root.run("edit", private, "--share", "--share-status", "approved", user="m.devries")
    assert root.json("show", private)["share_state"] == "approved"


def test_edit_changes_what_is_given_and_leaves_the_rest(root: Root, item: str) -> None:
    done = root.run(
        "edit", item, "--status", "done", "--label", "vat", "--label", "a, [b]: c", "--location", "2025/Accounts",
        "--explanation", "two\nlines: and 'more'", user="p.bakker",
    )  # fmt: skip
    assert done.stdout.startswith(f"{item} is changed: ")
    shown = root.json("show", item)
    assert (shown["status"], shown["labels"], shown["location"]) == ("done", ["vat", "a, [b]: c"], "2025/Accounts")
    assert shown["explanation"] == "two\nlines: and 'more'"
    assert (shown["description"], shown["share_state"]) == ("Annual accounts 2025", "published")
    root.run("edit", item, "--label", "", "--location", "", "--explanation", "", user="p.bakker")
    shown = root.json("show", item)
    assert (shown["labels"], shown["location"], shown["explanation"]) == ([], None, None)


def test_what_the_client_sees_waits_for_approval_and_then_changes(root: Root, item: str) -> None:
    done = root.run("edit", item, "--description", "Annual accounts 2025, corrected", user="p.bakker")
    assert "waits for approval by j.admin; the client still sees what was approved" in done.stdout, "Marieke made it"
    shown = root.json("show", item)
    assert (shown["share_state"], shown["public"]) == ("concept", True)
    index = root.path / "var" / "portal" / "acme-bv" / "items.json"
    once_here(root)
    assert json.loads(index.read_text())["items"][0]["description"] == "Annual accounts 2025"
    root.run("approve", item, user="j.admin")
    once_here(root)
    assert json.loads(index.read_text())["items"][0]["description"] == "Annual accounts 2025, corrected"


def test_share_no_takes_the_item_off_the_portal_however_it_is_written(root: Root, item: str) -> None:
    database = root.path / "var" / "dossier.db"
    before = database.read_bytes()
    for words in (["--share", "no"], ["--share=nee"], ["--no-share"]):
        put_back(database, before)
        for mark in ("anchors/office.json", "vault/.office.json"):  # else it is refused as older than the office
            (database.parent / mark).unlink(missing_ok=True)
        root.run("edit", item, *words, "--reason", "wrong year", user="m.devries")
        shown = root.json("items")[0]
        assert (shown["share"], shown["share_state"]) == (False, "withdrawn"), words
    assert portal(root, item) == {}


def test_an_edit_that_is_wrong_tells_all_that_is_wrong_in_one_line_and_changes_nothing(root: Root, item: str) -> None:
    before = root.json("items")
    done = root.run("edit", item, "--status", "gone", "--contact", "nobody", "--description", "short", user="p.bakker", code=1)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    for word in ("`gone` is no status", "`description` has 5 characters"):
        assert word in done.stderr
    assert root.json("items") == before
    assert root.run("edit", item, user="p.bakker", code=2).stderr


def test_if_version_refuses_what_somebody_else_changed_meanwhile(root: Root, item: str) -> None:
    version = root.json("show", item)["version"]
    root.run("edit", item, "--label", "first", "--if-version", str(version), user="p.bakker")
    done = root.run("edit", item, "--label", "second", "--if-version", str(version), user="m.devries", code=1)
    assert "somebody changed it meanwhile" in done.stderr
    assert root.json("show", item)["labels"] == ["first"]


def test_attach_replace_rename_and_remove_reach_the_portal_by_who_may_share(root: Root, item: str) -> None:
    root.run("attach", item, file(root, "letter.pdf", PDF + b"letter"), "--share", user="m.devries")
    root.run("replace", item, "accounts.pdf", file(root, "v2.pdf", PDF + b"v2"), user="m.devries")
    root.run("rename", item, "letter.pdf", "Brief – cliënt.pdf", user="m.devries")
    assert portal(root, item) == {"Brief – cliënt.pdf": PDF + b"letter", "accounts.pdf": PDF + b"v2"}
    root.run("remove", item, "Brief – cliënt.pdf", "notes.txt", user="m.devries")
    assert portal(root, item) == {"accounts.pdf": PDF + b"v2"}
    assert attachments(root, item) == {"accounts.pdf": (2, True)}
    vault = root.path / "var" / "vault"
    for data in (PDF, b"ours", PDF + b"letter"):
        digest = hashlib.sha256(data).hexdigest()
        assert (vault / digest[:2] / digest).read_bytes() == data


def test_a_status_and_labels_are_changed_back_and_the_trail_tells_both(root: Root, item: str) -> None:
    assert "never changed" in root.run("revert", item, "--status", user="m.devries", code=1).stderr
    before = root.json("show", item)
    root.run("edit", item, "--status", "closed", "--label", "+vat", user="m.devries")
    root.run("revert", item, "--status", user="m.devries", code=1)  # closed: an admin opens it again
    root.run("revert", item, "--status", user="j.admin")
    root.run("edit", item, "--location", "2025/VAT", user="m.devries")
    root.run("revert", item, "--labels", user="m.devries")
    after = root.json("show", item)
    assert (after["status"], after["labels"]) == (before["status"], before["labels"])
    changes = [event["detail"]["changed"] for event in after["history"] if event["action"] == "amended"]
    assert changes[-3]["status"] == {"from": "closed", "to": before["status"]}
    assert changes[-1]["labels"] == {"from": [*before["labels"], "vat"], "to": before["labels"]}
    assert changes[-2]["location"]["to"] == "2025/VAT"
    root.run("revert", item, "--status", "--labels", user="m.devries", code=2)
    root.run("revert", item, user="m.devries", code=2)


def test_what_a_drop_may_not_bring_a_command_may_not_attach(root: Root, item: str) -> None:
    root.set("settings", (root.path / "config" / "settings.yaml").read_text() + "intake: {max_file_mb: 1}\n")
    before = attachments(root, item)
    for name, data, word in (
        ("tool.exe", b"MZ" + bytes(100), "files of type .exe are not taken"),
        ("tool.pdf", b"MZ" + bytes(100), "its content is that of a"),
        ("con.pdf", PDF, "Windows keeps this name for itself"),
        ("big.pdf", PDF + bytes(1024 * 1024), "is larger than 1 MB"),
        (".hidden", PDF, "never taken"),
    ):
        assert word in root.run("attach", item, file(root, name, data), "--share", user="m.devries", code=1).stderr
        assert not [path for path in (root.path / "var" / "vault" / ".incoming").iterdir() if path.name != ".lock"], name
    assert attachments(root, item) == before


def test_files_that_cant_be_attached_are_refused_in_words(root: Root, item: str) -> None:
    link = Path(file(root, "real.pdf", PDF)).with_name("link.pdf")
    link.symlink_to("real.pdf")
    assert "it is no plain file" in root.run("attach", item, str(link), "--share", user="m.devries", code=1).stderr
    assert "there is no such file" in root.run("attach", item, "gone.pdf", "--share", user="m.devries", code=1).stderr
    with open(file(root, "open.pdf", PDF), "ab"):
        done = root.run(
            "attach", item, file(root, "real.pdf", PDF), str(link.with_name("open.pdf")), "--share", user="m.devries", code=1
        )
    assert "is being changed" in done.stderr
    assert (
        "no attachment `gone.pdf`"
        in root.run("replace", item, "gone.pdf", file(root, "x.pdf", PDF), user="m.devries", code=1).stderr
    )
    assert (
        "say whether the client gets `x.pdf`: --share or --no-share"
        in root.run("attach", item, file(root, "x.pdf", PDF), user="m.devries", code=1).stderr
    )


def test_an_empty_file_is_refused_at_once_where_a_drop_with_it_would_wait(root: Root, item: str) -> None:
    empty, before = file(root, "empty.pdf", b""), attachments(root, item)
    words = ("new", "acme-bv", file(root, "full.pdf", PDF), empty, "--description", "A letter that was scanned")
    for command in (words, ("attach", item, empty, "--no-share")):
        assert "`empty.pdf` is empty" in root.run(*command, user="m.devries", code=1).stderr.replace(empty, "empty.pdf")
    assert not [one for one in (root.path / "inbox/acme-bv").iterdir() if not one.name.startswith("_")]
    assert attachments(root, item) == before


def test_what_assign_lacks_is_asked_by_the_options_that_it_has(root: Root) -> None:
    scan = root.path / "inbox/_unsorted/scan.pdf"
    scan.parent.mkdir()
    scan.write_bytes(PDF)
    wait_until_quiet(scan)
    words = ("--client", "acme-bv", "--description", "What was scanned", "--share", "--share-status", "approved")
    told = root.run("assign", "scan.pdf", *words, user="m.devries", code=1).stderr
    assert told == "say whether the client gets `scan.pdf`: --share-all or --share-none\n"


def test_copy_brings_attachments_to_another_item(root: Root, item: str) -> None:
    root.drop("other", PRIVATE)
    once_here(root)
    other = next(one["item"] for one in root.json("items") if one["item"] != item)
    root.run("copy", item, "accounts.pdf", "NOTES.TXT", "--to", other, user="p.bakker")
    assert attachments(root, other) == {"accounts.pdf": (1, False), "notes.txt": (1, False)}
    assert "no attachment" in root.run("copy", item, "gone.pdf", "--to", other, user="p.bakker", code=1).stderr


def test_who_may_not_and_what_is_not_there(root: Root, item: str) -> None:
    staff = (root.path / "config" / "staff.yaml").read_text().replace("[create]", "[]")
    root.set("staff", staff)
    assert "does not have the right `create`" in root.run("edit", item, "--label", "x", user="p.bakker", code=1).stderr
    assert "there is no item" in root.run("edit", "2020-000001", "--label", "x", user="m.devries", code=1).stderr
    assert root.run("show", "99", user="m.devries", code=1).stderr == "there is no item 99\n"
    assert "no item's number" in root.run("show", "0", user="m.devries", code=2).stderr
    assert "no item's number" in root.run("edit", "nonsense", "--label", "x", user="m.devries", code=2).stderr


# The trail


def test_audit_log_shows_who_did_it_for_whom_and_the_filters_combine(root: Root, item: str) -> None:
    root.run("edit", item, "--label", "vat", user="p.bakker")
    events: list[dict[str, Any]] = root.json("audit", "log", "--item", item, "--limit", "0")
    assert [event["action"] for event in events] == ["created", "approved", "published", "amended"]
    last = events[-1]
    assert (last["actor"], last["item"], last["detail"]["way"], last["detail"]["rights"]) == (
        "p.bakker",
        item,
        "command",
        ["create"],
    )
    assert last["detail"]["behind"].startswith("os:")
    assert root.json("audit", "log", "--person", "p.bakker", "--client", "acme-bv") == [last]
    assert root.json("audit", "log", "--person", "p.bakker", "--client", "northwind-ltd") == []
    assert root.json("audit", "log", "--until", "2020-01-01") == []
    said = root.run("audit", "log", "--item", item).stdout
    assert "amended" in said
    assert "changed: labels: nothing → vat" in said
    assert not re.search(r"[{}\[\]']|None|True|False", said), "no values as a program writes them"


def test_show_is_recorded_as_viewed(root: Root, item: str) -> None:
    root.run("show", item, user="p.bakker")
    assert [event["action"] for event in root.json("audit", "log", "--person", "p.bakker")] == ["viewed"]
    assert [one["item"] for one in root.json("recent", user="p.bakker")["items"]] == [item]


def test_a_status_is_put_back_by_whom_a_type_is_hidden_from(root: Root) -> None:
    root.set("settings", SETTINGS + "types: {wwft: {staff: [k.smit]}}\n")
    root.drop("one", "description: Annual accounts\ncreated_by: p.bakker\nattachments: []\n")
    root.once()
    for path in (root.path / "config").glob("*.yaml"):
        os.utime(path, (path.stat().st_mtime - 60,) * 2)
    root.run("edit", "1", "--status", "done", user="p.bakker")
    root.run("items", user="p.bakker")
    root.run("revert", "1", "--status", user="p.bakker")
    assert root.json("show", "1")["status"] == "new"


def test_the_schema_of_a_sidecar_names_no_type_that_whoever_asks_may_not_know_of(root: Root) -> None:
    root.set("settings", SETTINGS + "types: {wwft: {staff: [k.smit], fields: {suspicion: text}}, advice: {}}\n")
    told = {who: root.run("schema", "sidecar", user=who).stdout for who in ("p.bakker", "k.smit", None)}
    assert {who: "wwft" in text for who, text in told.items()} == {"p.bakker": False, "k.smit": True, None: True}
    assert {who: "suspicion" in text for who, text in told.items()} == {"p.bakker": False, "k.smit": True, None: True}
    assert "advice" in told["p.bakker"]


def test_audit_verify_finds_every_change_to_the_database(root: Root) -> None:
    assert "3 events" in root.run("audit", "verify").stdout
    database = root.path / "var" / "dossier.db"
    before = database.read_bytes()
    for tamper in (
        "UPDATE event SET actor = 'k.smit' WHERE seq = 2",
        "UPDATE event_detail SET detail = replace(detail, 'accounts', 'accountz') WHERE seq = 1",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)",
        "DELETE FROM event_detail WHERE seq = 3; DELETE FROM event WHERE seq = 3",
        "DELETE FROM event_detail; DELETE FROM event",
    ):
        put_back(database, before)
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(tamper)
        done = root.run("audit", "verify", code=1)
        assert "event " in done.stderr, tamper
        assert len(done.stderr.splitlines()) == 1, tamper
    put_back(database, before)
    assert "3 events" in root.run("audit", "verify").stdout, "it was the tampering that was found"


def test_audit_export_holds_all_and_can_be_checked_by_others(root: Root, item: str) -> None:
    lines = [json.loads(line) for line in root.run("audit", "export").stdout.splitlines()]
    assert [line["action"] for line in lines] == ["created", "approved", "published"]
    previous = "0" * 64
    for line in lines:
        told = json.dumps(line["detail"], ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256((line["salt"] + told).encode()).hexdigest() == line["digest"]
        key = int(line["item"][2:6]) * 10_000_000 + int(line["item"][7:])
        event = [line[name] for name in ("seq", "at", "actor", "behind", "way", "action")] + [
            key,
            line["subject"],
            line["digest"],
        ]
        link = hashlib.sha256(json.dumps(event, ensure_ascii=False).encode()).hexdigest()
        previous = hashlib.sha256((previous + link).encode()).hexdigest()
        assert previous == line["hash"]
    sheet = list(csv.DictReader(io.StringIO(root.run("audit", "export", "--format", "csv", "--item", item).stdout)))
    assert [row["hash"] for row in sheet] == [line["hash"] for line in lines]
    assert [event["action"] for event in root.json("audit", "log")][-2:] == ["exported", "exported"]


def test_audit_erase_needs_an_admin_and_the_trail_still_verifies(root: Root, item: str) -> None:
    assert root.run("audit", "erase", "--item", item, "--reason", "on request", user="p.bakker", code=1).stderr
    for held in (("--item", item), ("--client", "acme-bv")):
        root.run("retention", "hold", *held, "--reason", "court case", user="j.admin")
        for what in (("--item", item), ("--event", "1")):
            refused = root.run("audit", "erase", *what, "--reason", "on request", user="j.admin", code=1).stderr
            assert refused.startswith("nothing was erased: legal hold on ")
        root.run("retention", "release", *held, "--reason", "settled", user="j.admin")
    for strange in ("0", "999", str(10**30)):
        assert "nothing" in root.run("audit", "erase", "--event", strange, "--reason", "on request", user="j.admin").stdout
    root.run("audit", "erase", "--item", item, "--reason", "on request", user="j.admin")
    assert "8 events" in root.run("audit", "verify").stdout
    assert "accounts" not in root.run("audit", "export").stdout


def test_all_files_none_or_some_are_shared_as_the_options_say(root: Root, item: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    files = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    place = ["--share", "--approver", "m.devries"]
    for choice in (["--share-none"], ["--share-all"], ["--share-file", "b.txt"]):
        root.run("new", "acme-bv", *files, "-d", f"Shared with {choice[0]}", *place, *choice, user="p.bakker")
    root.once()
    shared = {}
    for one in json.loads(root.run("items", "--json", user="p.bakker").stdout):
        told = json.loads(root.run("show", one["item"], "--json", user="p.bakker").stdout)
        shared[one["description"].removeprefix("Shared with ")] = [file["share"] for file in told["attachments"]]
    assert (shared["--share-none"], shared["--share-all"], shared["--share-file"]) == (
        [False, False],
        [True, True],
        [False, True],
    )
    mistyped = root.run(
        "new", "acme-bv", *files, "-d", "Shared by a name", *place, "--share-file", "c.txt", user="p.bakker", code=1
    )
    assert mistyped.stderr == "`c.txt` is to be shared, and is none of the files that were given\n"
    for wrong in (["--share-all", "--share-none"], ["--share-none", "--share-file", "a.txt"]):
        assert root.run("new", "acme-bv", *files, "-d", "Two ways at once", *place, *wrong, user="p.bakker", code=2).stdout == ""
    root.run("edit", item, "--share-none", user="m.devries")
    assert not any(file["share"] for file in json.loads(root.run("show", item, "--json", user="m.devries").stdout)["attachments"])


@pytest.mark.parametrize(("approvals", "said"), [("all", "each of m.devries, k.smit"), ("any", "m.devries or k.smit")])
def test_who_has_to_approve_a_change_is_told_as_it_is_asked(root: Root, approvals: str, said: str) -> None:
    root.drop("private", PRIVATE)
    root.once()
    [item] = [one["item"] for one in json.loads(root.run("items", "--json", "--state", "private").stdout)]
    asked = ["--share", "--share-status", "concept", "--approver", "m.devries", "--approver", "k.smit", "--approvals", approvals]
    done = root.run("edit", item, *asked, user="p.bakker")
    assert done.stdout.endswith(f"It waits for approval by {said}\n")


def test_a_command_without_an_option_for_the_approver_says_how_one_is_named(root: Root, tmp_path: Path) -> None:
    root.drop(
        "offer",
        SHARED.replace("Annual accounts 2025", "Offer of this year"),
        client="northwind-ltd",
        accounts_pdf=PDF,
        notes_txt=b"1",
    )
    root.once()
    [item] = [one["item"] for one in json.loads(root.run("items", "--json", "--client", "northwind-ltd").stdout)]
    (tmp_path / "accounts.pdf").write_bytes(PDF + b"new")
    change = ["replace", item, "accounts.pdf", str(tmp_path / "accounts.pdf")]
    refused = root.run(*change, user="p.bakker", code=1).stderr
    assert refused.endswith(f"; name one first, with: dossier edit {item} --approver STAFF\n")
    root.run("edit", item, "--approver", "k.smit", user="p.bakker")
    assert "It waits for approval by k.smit" in root.run(*change, user="p.bakker").stdout
