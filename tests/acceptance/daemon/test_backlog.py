"""A backlog, with the other processes that copy its files: whatever of it is killed, each drop is taken whole and exactly once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from kit.support import PDF, Root, wait_for

DROPS = 400
CLIENTS = "acme-bv", "northwind-ltd"
SIDECAR = """\
description: Annual accounts {number}
share: yes
share_status: approved
share_attachments: all
created_by: m.devries
"""


@pytest.fixture
def backlog(root: Root) -> Root:
    """An office in whose inbox a migration's drops have lain for a while."""
    root.set("settings", "identity: {trust_sidecar: true}\nwatch: {settle_seconds: 0.1, folder_settle_seconds: 0.1}\n")
    for number in range(DROPS):
        client, bytes_ = CLIENTS[number % 2], PDF + f"% {number}\n".encode() * 4000
        root.drop(f"r{number:04d}", SIDECAR.format(number=number), client, **{f"r{number:04d}_pdf": bytes_})
    return root


def _hands(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that help this one: what began as a copy of it has its words."""
    found, own = [], Path(f"/proc/{process.pid}/cmdline").read_bytes()
    for listed in Path(f"/proc/{process.pid}/task").glob("*/children"):
        for pid in listed.read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"spawn_main" in words or words == own:
                found.append(int(pid))
    return found


def _has_hands(process: subprocess.Popen[bytes]) -> list[int]:
    try:
        return _hands(process)
    except (FileNotFoundError, ProcessLookupError):
        return []


def _receipts(root: Root) -> list[Path]:
    return [path for client in CLIENTS for path in (root.inbox(client) / "_done").glob("*")]


def _all_is_taken_once(root: Root) -> None:
    items = root.json("items", "--limit", "0")
    assert sorted(item["description"] for item in items) == sorted(f"Annual accounts {number}" for number in range(DROPS))
    assert {item["share_state"] for item in items} == {"published"}
    assert [path.name for client in CLIENTS for path in root.inbox(client).iterdir() if path.is_file()] == []
    assert len(_receipts(root)) == DROPS
    for path in (root.path / "var/portal").glob("*/D-*/*.pdf"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert (root.path / "var/vault" / digest[:2] / digest).exists()
    assert list((root.path / "var/vault/.incoming").glob("*.tmp")) == []
    root.run("audit", "verify")
    root.run("verify")


@pytest.mark.slow
def test_a_backlog_is_taken_though_the_processes_that_help_are_killed(backlog: Root) -> None:
    log = backlog.path.with_name("run.log")
    process = backlog.popen("run", "--once", log=log)
    for _ in range(3):
        for pid in wait_for(lambda: process.poll() is not None or _has_hands(process), "it is helped") or []:
            with contextlib.suppress(ProcessLookupError):  # where one dies, the others are ended
                os.kill(pid, signal.SIGKILL)
        if process.poll() is not None:
            break
    assert process.wait(120) == 0, log.read_text()[-3000:]
    backlog.once()
    _all_is_taken_once(backlog)


@pytest.mark.slow
def test_the_processes_that_help_end_with_a_daemon_that_is_killed_and_the_next_goes_on(backlog: Root) -> None:
    process = backlog.popen("run", "--once")
    helpers = wait_for(lambda: _has_hands(process), "it is helped")
    wait_for(
        lambda: any((backlog.path / "var/vault/.incoming").glob("*.tmp")) or process.poll() is not None, "files are received"
    )
    process.kill()
    process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in helpers), "they end, too")
    backlog.once()
    _all_is_taken_once(backlog)


def test_a_daemon_that_has_worked_off_a_backlog_is_one_process_again(backlog: Root) -> None:
    with backlog.daemon() as process:
        wait_for(lambda: len(_receipts(backlog)) == DROPS, "all is taken", 120)
        wait_for(lambda: not _has_hands(process), "nobody helps any more")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
