"""The wrong-client guard, from outside (CONTRACT section 4). Its rules are tested in integration/test_wrong_client.py."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

import pytest
import yaml
from kit.guard_corpus import endless, pdf
from kit.support import CLIENTS, SETTINGS, Daemon, Root, wait_for

READER = "texts_child"
"""The process that reads a file."""
SHARED = "description: Jaarrekening 2025\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"


@pytest.fixture
def guarded(root: Root) -> Root:
    root.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    return root


def test_approving_with_the_finding_in_view_publishes(guarded: Root) -> None:
    with guarded.daemon():
        guarded.drop("a", SHARED, a_pdf=pdf("Jaarrekening 2025 van Northwind Ltd"))
        [paper] = wait_for(lambda: list((guarded.path / "var/queue/j.admin").glob("D-*.yaml")), "the queue file is there")
        text = paper.read_text()
        assert "Northwind Ltd (northwind-ltd)" in text.splitlines()[0]
        assert not (guarded.path / "var/portal/acme-bv" / paper.stem).exists()
        paper.write_text(text.replace("\ndecision:", "\ndecision: approve", 1))
        wait_for((guarded.path / "var/portal/acme-bv" / paper.stem / "a.pdf").exists, "it is on the portal")


def test_who_waits_for_the_item_is_told_what_its_receipt_warns_of(guarded: Root, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jaarrekening 2025 van Northwind Ltd")
    shared = ("--share", "--share-status", "approved", "--share-all", "--wait")
    with guarded.daemon():
        done = guarded.run(
            "new", "acme-bv", str(tmp_path / "a.txt"), "--description", "Jaarrekening 2025", *shared, user="m.devries"
        )
    [item] = [row["item"] for row in guarded.json("items")]
    assert done.stdout == f"{item}\n"
    assert "`a.txt` names Northwind Ltd" in done.stderr


@pytest.mark.slow
def test_hostile_pdfs_hold_up_no_other_drop_and_are_held_in_the_end(guarded: Root) -> None:
    bad = endless()
    with guarded.daemon(afresh=True) as daemon:
        for number in range(2):
            guarded.drop(f"bad{number}", SHARED.replace("2025", f"hostile {number}"), **{f"bad{number}_pdf": bad + b" " * number})
        guarded.drop("good", SHARED, good_pdf=pdf("Jaarrekening van Acme B.V."))
        wait_for(lambda: guarded.receipt("good"), "the good one is taken")
        for number in range(2):
            wait_for(lambda number=number: guarded.receipt(f"bad{number}"), "the hostile one is taken")
        assert daemon.poll() is None
    rows = {row["description"]: row["item"] for row in guarded.json("items")}
    hostile = guarded.json("show", rows["Jaarrekening hostile 1"])
    assert hostile["share_state"] == "concept"
    [held] = [event for event in hostile["history"] if event["action"] == "held_by_guard"]
    reason = held["detail"]["findings"][0]["failed"]
    assert reason in ("it takes too long to read", "the program that reads it was ended, twice")
    assert reason in hostile["attention"][0]
    if reason == "it takes too long to read":  # else they were done with before anybody had lost patience
        assert rows["Jaarrekening 2025"] == min(rows.values())  # it was dropped last


def killing_readers(daemon: Daemon, most: int, until: threading.Event) -> threading.Thread:
    """SIGKILL each process that reads as soon as it is there, up to so many."""

    def kill() -> None:
        killed = set[int]()
        while len(killed) < most and not until.is_set():
            for pid in set(daemon.children(READER)) - killed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                killed.add(pid)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(("most", "told"), [(1, "Northwind Ltd"), (1_000, "the program that reads it was ended, twice")])
def test_whoever_kills_the_reader_publishes_nothing(guarded: Root, most: int, told: str) -> None:
    over = threading.Event()
    with guarded.daemon(afresh=True) as daemon:
        daemon.until_running()
        killer = killing_readers(daemon, most, over)
        guarded.drop("a", SHARED, a_pdf=pdf("Jaarrekening 2025 van Northwind Ltd"))
        receipt = wait_for(lambda: guarded.receipt("a"), "taken")
        over.set()
        killer.join()
        [paper] = wait_for(lambda: list((guarded.path / "var/queue/j.admin").glob("D-*.yaml")), "the queue file is there")
    assert told in paper.read_text().splitlines()[0]
    assert "not shared until" in " ".join(yaml.safe_load(receipt)["warnings"])
    assert list((guarded.path / "var/portal").glob("*/D-*")) == []


def test_a_client_added_to_the_configuration_counts_from_then_on(guarded: Root) -> None:
    with guarded.daemon():
        guarded.drop("a", SHARED, a_pdf=pdf("Jaarrekening van Quintessa Software B.V."))
        wait_for(lambda: guarded.receipt("a"), "taken")
        guarded.set("clients", CLIENTS + "  quintessa: {name: Quintessa Software B.V.}\n")
        log = guarded.path.with_name(f"{guarded.path.name}-daemon.log")
        wait_for(lambda: "configuration read again" in log.read_text(), "the daemon has read it")
        guarded.drop("b", SHARED.replace("2025", "2026"), b_pdf=pdf("Jaarrekening van Quintessa Software B.V."))
        wait_for(lambda: guarded.receipt("b"), "taken")
    states = {row["description"]: row["share_state"] for row in guarded.json("items")}
    assert states["Jaarrekening 2026"] == "concept"
    assert states["Jaarrekening 2025"] in ("approved", "published")
