"""A drop on its way through the whole house, by the installed command, as its users see it."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from pathlib import Path

import pytest
import yaml
from kit.mail_server import Server
from kit.support import PDF, Root, wait_for

APPROVED = """\
description: Annual accounts 2025
status: done
location: 2025/Jaarrekening
labels: [annual, 2025]
explanation: For our eyes only
share: yes
share_status: approved
share_attachments: all
notify: yes
contact: j.jansen
created_by: m.devries
"""
CONCEPT = """\
omschrijving: Loonstaat oktober 2026
delen: ja
status_delen: concept
goedkeurder: k.smit
bijlagen:
  - {bestand: loonstaat.pdf, delen: ja}
  - {bestand: intern.txt, delen: nee, notitie: niet voor de klant}
gemaakt_door: p.bakker
"""


def portal(root: Root, client: str = "acme-bv") -> dict[str, object]:
    path = root.path / "var/portal" / client / "items.json"
    return json.loads(path.read_text()) if path.exists() else {"items": []}


def test_an_approved_drop_reaches_the_client_with_one_mail(root: Root, post: Server) -> None:
    with root.daemon(afresh=True):
        root.drop("report", APPROVED, report_pdf=PDF)
        receipt = yaml.safe_load(wait_for(lambda: root.receipt("report"), "the receipt is there"))
        digest = hashlib.sha256(PDF).hexdigest()
        assert receipt["item"].endswith("-000001")
        assert receipt["attachments"] == [{"name": "report.pdf", "sha256": digest}]
        item = receipt["item"]
        shown = root.path / "var/portal/acme-bv" / item / "report.pdf"
        wait_for(shown.exists, "the attachment is on the portal")
        wait_for(lambda: post.mails, "the mail came")
        wait_for(lambda: root.json("show", item)["notified_at"], "the item is marked as notified")
    found = root.json("show", item)
    assert shown.read_bytes() == PDF
    assert (found["share_state"], found["public"], found["notify"]) == ("published", True, False)
    assert (found["created_by"], found["location"], found["labels"]) == ("m.devries", "2025/Jaarrekening", ["annual", "2025"])
    [version] = found["attachments"][0].pop("versions")
    assert (version["sha256"], version["size"]) == (digest, len(PDF))
    assert found["attachments"] == [
        {
            "name": "report.pdf",
            "size": len(PDF),
            "sha256": digest,
            "media_type": "application/pdf",
            "share": True,
            "version": 1,
            "note": None,
        }
    ]
    assert {event["action"] for event in found["history"]} >= {"created", "approved", "published", "notified", "viewed"}
    [told] = post.mails
    assert told["To"] == "Jan Jansen <j.jansen@acme.example>"
    assert told["Auto-Submitted"] == "auto-generated"
    entry = portal(root)["items"][0]  # type: ignore[index]
    assert entry["explanation"] is None
    assert [a["name"] for a in entry["attachments"]] == ["report.pdf"]
    assert "For our eyes only" not in (root.path / "var/portal/acme-bv/index.html").read_text()
    assert list(root.inbox().iterdir()) == [root.inbox() / "_done"]


def test_a_concept_waits_for_its_approver_and_is_published_when_he_saves_approve(root: Root) -> None:
    folder = root.inbox()
    (folder / "intern.txt").write_text("not for the client")
    with root.daemon(afresh=True):
        root.drop("loonstaat", CONCEPT, loonstaat_pdf=PDF)
        [paper] = wait_for(lambda: list((root.path / "var/queue/k.smit").glob("D-*.yaml")), "the queue file is there")
        item = paper.stem
        assert [path.name for path in (paper.parent / item).iterdir() if path.suffix != ".html"] == ["loonstaat.pdf"]
        assert not (root.path / "var/portal/acme-bv" / item).exists()
        assert [row["item"] for row in root.json("queue", "--approver", "k.smit")] == [item]
        text = paper.read_text()
        assert "decision:\ncomment:\n" in text
        paper.write_text(text.replace("\ndecision:", "\ndecision: goedkeuren", 1))
        wait_for((root.path / "var/portal/acme-bv" / item / "loonstaat.pdf").exists, "it is on the portal")
        wait_for((paper.parent / "_decided" / paper.name).exists, "the queue file is put away")
    assert [path.name for path in (root.path / "var/portal/acme-bv" / item).iterdir()] == ["loonstaat.pdf"]
    assert root.json("queue") == []


def test_a_rejected_concept_returns_to_its_maker_with_the_comment(root: Root, post: Server) -> None:
    (root.inbox() / "intern.txt").write_text("x")
    root.drop("loonstaat", CONCEPT, loonstaat_pdf=PDF)
    root.once()
    [row] = root.json("queue")
    root.run("reject", row["item"], "--comment", "Page 3 is missing", user="k.smit")
    refused = root.run("approve", row["item"], user="k.smit", code=1)
    assert "rejected by k.smit" in refused.stderr
    assert refused.stderr.count("\n") == 1
    root.once()
    assert root.json("show", row["item"])["share_state"] == "returned"
    asked, mail = post.mails
    assert "k.smit@office.example" in asked["To"]
    assert "p.bakker@office.example" in mail["To"]
    assert "Page 3 is missing" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_withdraw_takes_it_off_and_publish_puts_it_back(root: Root) -> None:
    root.drop("report", APPROVED.replace("notify: yes", "notify: no"), report_pdf=PDF)
    root.once()
    [item] = [row["item"] for row in root.json("items")]
    folder = root.path / "var/portal/acme-bv" / item
    assert folder.is_dir()
    root.run("withdraw", item, "--reason", "wrong year", user="m.devries")
    root.once()
    assert not folder.exists()
    assert portal(root)["items"] == []
    assert root.json("show", item)["share_state"] == "withdrawn"
    root.run("publish", item, user="m.devries")
    root.once()
    assert (folder / "report.pdf").read_bytes() == PDF
    assert root.json("show", item)["share_state"] == "published"


def test_a_faulty_drop_is_refused_with_every_fault_and_comes_in_when_corrected(root: Root) -> None:
    root.drop("bad", "description: short\nshar: yes\nshare: maybe\ncreated_by: p.bakker\n", bad_pdf=PDF)
    assert "refused 1" in root.once()
    why = root.why("bad")
    assert why is not None
    assert [line.split(":")[1] for line in why.splitlines()] == ["1", "2", "3"]
    [refused] = root.json("rejected")
    assert refused["why"] == why.splitlines()
    folder = root.path / refused["path"]
    (folder / "bad.yaml").write_text("description: A good description\ncreated_by: p.bakker\n")
    for name in ("bad.pdf", "bad.yaml"):
        (folder / name).rename(root.inbox() / name)
    assert "taken 1" in root.once()
    assert root.json("items")[0]["share_state"] == "private"


def test_a_folder_drop_and_new_with_wait(root: Root, tmp_path: Path) -> None:
    file = tmp_path / "brief.txt"
    file.write_text("Geachte heer")
    with root.daemon(afresh=True):
        done = root.run("new", "acme-bv", str(file), "--description", "Letter to the client", "--wait", user="p.bakker")
        item = done.stdout.strip()
        folder = root.inbox() / "btw"
        hidden = folder.with_name(".btw")
        hidden.mkdir()
        (hidden / "a.pdf").write_bytes(PDF)
        (hidden / "b.csv").write_text("a;b\n")
        (hidden / "item.yaml").write_text("description: VAT return of the third quarter\ncreated_by: p.bakker\n")
        hidden.rename(folder)
        wait_for(lambda: root.receipt("btw"), "the folder drop is taken")
    assert root.json("show", item)["attachments"][0]["name"] == "brief.txt"
    assert not folder.exists()
    second = root.json("items", "VAT")[0]
    assert [a["name"] for a in root.json("show", second["item"])["attachments"]] == ["a.pdf", "b.csv"]


def test_new_says_at_once_what_would_be_refused(root: Root, tmp_path: Path) -> None:
    file = tmp_path / "tool.exe"
    file.write_bytes(b"MZ" + bytes(200))
    done = root.run("new", "acme-bv", str(file), "-d", "A good description", "--share", user="p.bakker", code=1)
    assert ".exe" in done.stderr
    assert "say which attachments are shared" in done.stderr
    assert list(root.inbox().iterdir()) == []


def test_the_same_drop_twice_is_one_item(root: Root) -> None:
    for _ in range(2):
        root.drop("report", APPROVED, report_pdf=PDF)
        root.once()
    receipt = yaml.safe_load(root.receipt("report") or "")
    assert receipt["duplicate"] is True
    assert [row["item"] for row in root.json("items")] == [receipt["item"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_daemon_stops_within_five_seconds(root: Root, number: signal.Signals) -> None:
    with root.daemon(afresh=True) as process:
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - started < 5
        assert not root.is_running()


@pytest.mark.sqlite  # on PostgreSQL any number work together: test_several_daemons.py
def test_a_second_daemon_on_the_same_root_is_refused(root: Root) -> None:
    with root.daemon(afresh=True):
        done = root.run("run", code=1)
        assert "daemon" in done.stderr
        assert done.stderr.count("\n") == 1
