"""`dossier why`: one answer with every reason; the anchors that a run leaves; the shipped type wwft."""

from __future__ import annotations

import re
import sqlite3

from kit.support import PDF, Root

CONCEPT = "description: Annual accounts 2025\nshare: yes\nshare_status: concept\nattachments: []\ncreated_by: p.bakker\n"


def test_why_tells_all_that_keeps_an_item_off_and_what_the_client_sees(root: Root) -> None:
    root.drop("accounts", CONCEPT)
    root.once()
    (item,) = [one["item"] for one in root.json("items")]
    assert "waits for approval by m.devries" in root.json("why", item)["reasons"][0]
    root.set(
        "clients",
        (root.path / "config" / "clients.yaml").read_text().replace("name: Acme B.V.", "name: Acme B.V.\n    portal: false"),
    )
    reasons = root.json("why", item)["reasons"]
    assert len(reasons) == 2
    assert "has no portal" in reasons[0]
    root.run("withdraw", item, "--reason", "wrong year", user="j.admin")
    assert "withdrawn by j.admin: wrong year" in root.run("why", item).stdout
    assert "there is no item" in root.run("why", "2020-000001", code=1).stderr


def test_why_tells_what_keeps_a_file_from_being_taken_and_what_became_of_it(root: Root) -> None:
    inbox = root.inbox()
    (inbox / "loose.pdf").write_bytes(PDF)
    (inbox / "a.yaml").write_text("description: short\nattachments: [gone.pdf]\n")
    assert "waits for a sidecar" in root.run("why", str(inbox / "loose.pdf")).stdout
    told = root.run("why", str(inbox / "a.yaml")).stdout
    assert "`description` has 5 characters" in told
    assert "no daemon runs" in told
    root.drop("accounts", CONCEPT)
    root.once()
    assert re.search(r"taken on \d{4}-\d\d-\d\d \d\d:\d\d as D-", root.run("why", str(inbox / "accounts.yaml")).stdout)
    assert "refused on" in root.run("why", str(inbox / "a.yaml")).stdout


def test_why_knows_what_became_of_a_file_whatever_its_drop_was_called_and_refuses_what_never_was(root: Root) -> None:
    root.place("acme-bv", {
        "paper/één.pdf": PDF, "paper/item.yaml": CONCEPT.replace("attachments: []", "share_attachments: all"), "two.pdf": PDF + b"2",
        "letter.yaml": CONCEPT.replace("[]", "[two.pdf]").replace("2025", "2024") + "share_attachments: all\n",
    })  # fmt: skip
    root.once()
    for way in ("paper", "paper/één.pdf", "paper/item.yaml", "two.pdf", "letter.yaml", "letter"):
        assert "acme-bv: taken on" in root.run("why", str(root.inbox() / way)).stdout, way
    for way in (
        "never.pdf",
        "één.pdf",
        "paper/two.pdf",
        "paper/never.pdf",
        "item.yaml",
        "../northwind-ltd/two.pdf",
        "../nobody/two.pdf",
    ):
        refused = root.run("why", str(root.inbox() / way), code=1)
        assert (refused.stdout, refused.stderr.count("\n"), "is not there" in refused.stderr) == ("", 1, True)
    assert "is not there" in root.run("why", str(root.path.parent / "elsewhere.pdf"), code=1).stderr


def test_a_run_leaves_an_anchor_and_a_cut_tail_is_found(root: Root) -> None:
    root.drop("accounts", CONCEPT)
    root.once()
    [anchors] = (root.path / "var" / "anchors").glob("*.jsonl")
    assert root.run("audit", "verify").stderr == ""
    anchors.unlink()
    assert "without an anchor" in root.run("audit", "verify").stderr
    with sqlite3.connect(root.path / "var" / "dossier.db") as database:
        database.executescript("DELETE FROM event_detail WHERE seq = 2; DELETE FROM event WHERE seq = 2")
    assert "event 2 is missing" in root.run("audit", "verify", code=1).stderr
