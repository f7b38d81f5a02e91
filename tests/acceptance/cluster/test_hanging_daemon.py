"""Daemons that share an office and do not run as they should: one hangs and wakes up, one has a clock that is minutes off."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from kit.mail_server import Server
from kit.servers import new_database
from kit.support import DOSSIER, PDF, Root, need, wait_for

from dossier.cluster import presence

SHARED = """\
description: Report {stem}
share: yes
share_status: approved
share_attachments: all
notify: yes
contact: j.jansen
created_by: m.devries
"""

REPLACED = 30.0
"""Seconds after which another daemon does what one did that hangs."""

pytestmark = pytest.mark.sqlite  # they have a PostgreSQL of their own
WHOLE = pytest.mark.skipif(not os.environ.get("TROUBLE"), reason="takes long; make trouble")


@pytest.fixture
def shared(root: Root, post: Server) -> Root:
    root.environ["DOSSIER_DATABASE__URL"] = new_database()
    root.run("items")
    return root


@contextlib.contextmanager
def running(root: Root, *clocks: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """As many daemons as clocks: how far each is off (`+5m`), or `` for right."""
    log = open(root.path.with_name("fleet.log"), "ab")  # noqa: SIM115
    made = []
    for off in clocks:
        command = [*(["faketime", "-f", off] if off else []), str(DOSSIER), "--root", str(root.path), "run"]
        environ = {**root.whole_environ(), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        made.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environ, process_group=0))
    try:
        wait_for(lambda: len(daemons(root)) == len(clocks), "all of them run")
        yield made
    finally:
        for process in made:
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
        for process in made:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        log.close()


def daemons(root: Root) -> list[dict[str, object]]:
    found: list[dict[str, object]] = root.json("status")["daemons"]
    return found


def drop(root: Root, stem: str) -> None:
    root.drop(stem, SHARED.format(stem=stem), **{f"{stem}_pdf": PDF + stem.encode()})


def published(root: Root) -> set[str]:
    return {path.stem for path in (root.path / "var/portal/acme-bv").glob("D-*/*.pdf")}


def log_of(root: Root) -> str:
    return root.path.with_name("fleet.log").read_text()


def check(root: Root, post: Server, stems: set[str]) -> None:
    """Each is on the portal, and told about once; nothing else is."""
    wait_for(lambda: published(root) == stems, lambda: f"all are published; {log_of(root)[-3000:]}")
    wait_for(lambda: root.json("status")["outbox"] == 0, "all is mailed")
    told = collections.Counter(str(mail["Message-ID"]) for mail in post.mails)
    assert len(told) == len(stems)
    assert set(told.values()) == {1}, "no mail came twice"
    assert len(root.json("items")) == len(stems), "no drop was taken twice"
    root.run("verify")
    root.run("audit", "verify")


@WHOLE
def test_a_daemon_that_hangs_is_replaced_and_goes_on_when_it_wakes_up(shared: Root, post: Server) -> None:
    with running(shared, "", "") as fleet:
        drop(shared, "a")
        wait_for(lambda: published(shared) == {"a"}, "it is published")
        leader = next(one["pid"] for one in daemons(shared) if one["leads"])
        [hanging] = [process for process in fleet if process.pid == leader]
        drop(shared, "b")  # it may be in the middle of this one
        os.kill(hanging.pid, signal.SIGSTOP)
        began = time.monotonic()
        drop(shared, "c")
        wait_for(
            lambda: published(shared) == {"a", "b", "c"}, lambda: f"the other one publishes; {log_of(shared)[-3000:]}", REPLACED
        )
        assert time.monotonic() - began < REPLACED
        wait_for(lambda: "a daemon is silent; what it held was taken from it" in log_of(shared), "the other one leads", REPLACED)
        item = next(row["item"] for row in shared.json("items") if row["description"] == "Report b")
        shared.run("withdraw", item, "--reason", "Wrong client", user="m.devries")
        wait_for(lambda: published(shared) == {"a", "c"}, "it is taken off")
        wait_for(lambda: shared.json("status")["outbox"] == 0, "all is mailed")
        os.kill(hanging.pid, signal.SIGCONT)
        wait_for(lambda: len(daemons(shared)) == 2, "it is there again")
        assert hanging.poll() is None
        shared.run("publish", item, user="m.devries")
        drop(shared, "d")
        check(shared, post, {"a", "b", "c", "d"})


@pytest.mark.slow
def test_while_the_daemon_that_leads_hangs_the_other_one_publishes(shared: Root, post: Server) -> None:
    archives = shared.path / "var/portal/acme-bv/_pages"
    with running(shared, "", "") as fleet:
        shared.drop("a", SHARED.format(stem="a"), a_pdf=PDF + b"a", a_txt=b"a")
        wait_for(lambda: published(shared) == {"a"}, "it is published")
        wait_for(lambda: shared.json("status")["outbox"] == 0, "it is mailed")
        wait_for(lambda: list(archives.glob("*.zip")), "it does what is done when there is nothing else")
        leader = next(one["pid"] for one in daemons(shared) if one["leads"])
        [hanging] = [process for process in fleet if process.pid == leader]
        os.kill(hanging.pid, signal.SIGSTOP)
        shared.drop("b", SHARED.format(stem="b"), b_pdf=PDF + b"b", b_txt=b"b")
        wait_for(lambda: published(shared) == {"a", "b"}, "nobody waits until it is replaced", presence.GONE_SECONDS / 2)
        os.kill(hanging.pid, signal.SIGCONT)
        wait_for(lambda: len(list(archives.glob("*.zip"))) == 2, "the one that leads makes what pages have besides")
        check(shared, post, {"a", "b"})


@WHOLE
def test_clocks_that_differ_by_minutes_cost_nothing(shared: Root, post: Server) -> None:
    need("faketime")
    with running(shared, "-7m", "+7m") as fleet:
        drop(shared, "a")
        wait_for(lambda: published(shared) == {"a"}, "it is published")
        wait_for(
            lambda: [one["leads"] for one in daemons(shared)].count(True) == 1, "each sees the other, whatever the clocks say"
        )
        future = time.time() + 420  # as a file server's clock may say
        path = shared.inbox() / "b.pdf"
        path.write_bytes(PDF + b"b")
        os.utime(path, (future, future))
        shared.drop("b", SHARED.format(stem="b"))
        wait_for(lambda: published(shared) == {"a", "b"}, "a file from the future is taken")
        [newest, _] = shared.json("items")
        at = datetime.fromisoformat(newest["created_at"])
        assert abs(at - datetime.now(at.tzinfo)) < timedelta(seconds=60), "the times are the database's"
        # Killed after a mail was handed over, before that is written down, it would come once more, with the same Message-ID.
        wait_for(lambda: shared.json("status")["outbox"] == 0, "all is mailed")
        leader = next(one["pid"] for one in daemons(shared) if one["leads"])
        os.kill(int(str(leader)), signal.SIGKILL)
        drop(shared, "c")
        wait_for(lambda: published(shared) == {"a", "b", "c"}, "another one leads", REPLACED)
        check(shared, post, {"a", "b", "c"})
        del fleet


def test_doctor_tells_of_a_clock_that_differs_from_the_servers(shared: Root) -> None:
    command = [need("faketime"), "-f", "-5m", str(DOSSIER), "--root", str(shared.path), "doctor", "--json"]
    told = subprocess.run(command, capture_output=True, text=True, env=shared.whole_environ()).stdout
    assert "300 seconds behind the database server's" in told
    assert "the database server's" not in shared.run("doctor", code=None).stdout
