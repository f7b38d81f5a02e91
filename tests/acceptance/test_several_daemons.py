"""Several daemons on one office: one PostgreSQL, one file server, processes that are killed while drops come in.

SEVERAL_SECONDS and SEVERAL_DROPS make it longer: `make several` kills for two minutes while 3,000 drops come.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import threading
import time

import pytest
import yaml
from mail_server import Server
from servers import new_database
from support import PDF, Root, wait_for

DAEMONS = 4
KILL_SECONDS = 3.0
SECONDS = float(os.environ.get("SEVERAL_SECONDS", "12"))
DROPS = int(os.environ.get("SEVERAL_DROPS", "200"))

SHARED = """\
description: Report number {number}
share: yes
share_status: approved
share_attachments: all
notify: {notify}
{contact}created_by: m.devries
"""


@pytest.fixture
def shared(root: Root) -> Root:
    root.environ["DOSSIER_DATABASE__URL"] = new_database()
    return root


class Fleet:
    """Daemons on one office, the dead ones replaced."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.processes: list[subprocess.Popen[bytes]] = []

    def fill(self) -> None:
        self.processes = [process for process in self.processes if process.poll() is None]
        while len(self.processes) < DAEMONS:
            self.processes.append(self.root.popen("run", log=self.root.path.with_name("fleet.log")))

    def kill_one(self) -> None:
        victim = random.choice(self.processes)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.fill()

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            assert process.wait(15) == 0


def running(root: Root) -> int:
    return len(root.json("status")["daemons"])


def test_several_daemons_share_an_office_and_one_leads(shared: Root) -> None:
    shared.run("items")  # the tables are made
    fleet = Fleet(shared)
    fleet.fill()
    try:
        wait_for(lambda: running(shared) == DAEMONS, "all of them run")
        assert [one["leads"] for one in shared.json("status")["daemons"]].count(True) <= 1
        shared.drop("a", SHARED.format(number=1, notify="no", contact=""), a_pdf=PDF)
        wait_for(lambda: list((shared.path / "var/portal/acme-bv").glob("D-*/a.pdf")), "it is published")
        leader = shared.json("status")["daemons"][0]["pid"]
        os.kill(leader, signal.SIGKILL)
        shared.drop("b", SHARED.format(number=2, notify="no", contact=""), b_pdf=PDF)
        wait_for(lambda: list((shared.path / "var/portal/acme-bv").glob("D-*/b.pdf")), "another one leads and publishes")
    finally:
        fleet.processes = [process for process in fleet.processes if process.poll() is None]
        fleet.stop()


@pytest.mark.timeout(900)
def test_with_one_killed_every_few_seconds_nothing_is_lost_and_nothing_comes_twice(shared: Root, post: Server) -> None:
    shared.run("items")
    fleet = Fleet(shared)
    fleet.fill()
    clients = ("acme-bv", "northwind-ltd")
    contacts = {"acme-bv": "contact: j.jansen\n", "northwind-ltd": "contact: a.brown\n"}

    def drop_all() -> None:
        for number in range(DROPS):
            client, told = clients[number % 2], number % 10 == 0
            text = SHARED.format(number=number, notify="yes" if told else "no", contact=contacts[client] if told else "")
            shared.drop(f"r{number}", text, client, **{f"r{number}_pdf": PDF + str(number).encode()})
            time.sleep(SECONDS / DROPS)

    dropper = threading.Thread(target=drop_all)
    dropper.start()
    until, kills = time.monotonic() + SECONDS, 0
    while time.monotonic() < until or dropper.is_alive():
        time.sleep(KILL_SECONDS)
        fleet.kill_one()
        kills += 1
    dropper.join()
    receipts = {f"r{number}": clients[number % 2] for number in range(DROPS)}
    patience = 60.0 + DROPS / 20
    try:
        wait_for(
            lambda: all(shared.receipt(stem, client) for stem, client in receipts.items()), "every drop has its receipt", patience
        )
        wait_for(
            lambda: len(list((shared.path / "var/portal").glob("*/D-*/*.pdf"))) == DROPS, "every item is on the portal", patience
        )
        wait_for(lambda: len(post.mails) >= DROPS // 10, "every mail came", patience)
        wait_for(lambda: shared.json("status")["outbox"] == 0, "the outbox is empty", patience)
    finally:
        fleet.stop()
    items = [yaml.safe_load(shared.receipt(stem, client) or "") for stem, client in receipts.items()]
    assert not any(receipt.get("duplicate") for receipt in items)
    numbers = sorted(receipt["item"] for receipt in items)
    assert [int(number[-6:]) for number in numbers] == list(range(1, DROPS + 1)), "numbers without holes, none twice"
    assert len(shared.json("items", "--limit", "0")) == DROPS
    for client in clients:
        assert [path.name for path in shared.inbox(client).iterdir()] == ["_done"], "nothing is left in the inbox"
    told = collections.Counter(str(mail["Message-ID"]) for mail in post.mails)
    assert len(told) == DROPS // 10
    assert sum(told.values()) - len(told) <= kills, "but for a daemon killed inside the SMTP dialogue, each once"
    shared.run("audit", "verify")
