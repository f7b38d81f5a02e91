"""Several daemons on one office: one PostgreSQL, one file server, processes that are killed while drops come in.

SEVERAL_SECONDS and SEVERAL_DROPS make it longer: `make several` kills for two minutes while 3,000 drops come. It also plays it
with each client's inbox on one of two machines only, and with daemons that are machines of their own: network, processes and name.
"""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
import yaml
from kit.machines import Network, terminate
from kit.mail_server import Server, serving
from kit.own_server import Server as Database
from kit.servers import new_database
from kit.support import PDF, Root, free_port, wait_for

DAEMONS = 4
KILL_SECONDS = 3.0
BACKLOG, BACKLOG_KILL_SECONDS = 1200, 1.5
"""Some batches for each client: while one is written down, the files of the one before leave the inbox."""

SECONDS = float(os.environ.get("SEVERAL_SECONDS", "12"))
DROPS = int(os.environ.get("SEVERAL_DROPS", "200"))

CLIENTS = ("acme-bv", "northwind-ltd")
LONG = pytest.mark.skipif("SEVERAL_DROPS" not in os.environ and not os.environ.get("TROUBLE"), reason="takes long; make several")

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
        self.log = root.path.with_name("fleet.log")
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, number: int) -> subprocess.Popen[bytes]:
        return self.root.popen("run", log=self.log)

    def fill(self) -> None:
        for number in range(DAEMONS):
            if number not in self.processes or self.processes[number].poll() is not None:
                self.processes[number] = self.start(number)

    def kill_one(self) -> None:
        victim = random.choice(list(self.processes.values()))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.fill()

    def terminate(self, process: subprocess.Popen[bytes]) -> int:
        process.terminate()
        return process.wait(15)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                # One that was started a moment ago knows no signals yet, and ends of it.
                assert self.terminate(process) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)

    def inbox_of(self, client: str) -> Root:
        """Where this client's drops are put."""
        return self.root


class SplitFleet(Fleet):
    """Two machines, each with an inbox of its own, and in it the folder of one client."""

    def __init__(self, root: Root) -> None:
        super().__init__(root)
        self.inboxes = {client: Root(root.path.with_name(f"machine{number}")) for number, client in enumerate(CLIENTS)}
        for client, home in self.inboxes.items():
            (home.path / "inbox" / client).mkdir(parents=True)

    def start(self, number: int) -> subprocess.Popen[bytes]:
        inbox = self.inboxes[CLIENTS[number % 2]].path / "inbox"
        own = Root(self.root.path, {**self.root.environ, "DOSSIER_PATHS__INBOX": str(inbox)})
        return own.popen("run", log=self.log)

    def inbox_of(self, client: str) -> Root:
        return self.inboxes[client]


class MachineFleet(Fleet):
    """Each daemon on a machine of its own."""

    def __init__(self, root: Root, network: Network) -> None:
        super().__init__(root)
        self.network = network

    def start(self, number: int) -> subprocess.Popen[bytes]:
        return self.network.run(number, self.root, self.log)

    def terminate(self, process: subprocess.Popen[bytes]) -> int:
        return terminate(process)


def running(root: Root) -> int:
    return len(root.json("status")["daemons"])


@pytest.mark.slow
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
        fleet.stop()


@LONG
def test_an_alarm_about_mail_is_over_with_the_next_daemon_that_mails(shared: Root) -> None:
    port = free_port()
    shared.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(port)}
    shared.run("items")
    logs = [shared.path.with_name(f"daemon{number}.log") for number in range(2)]
    daemons = [shared.popen("run", log=log) for log in logs]
    try:
        wait_for(lambda: running(shared) == len(daemons), "both run")
        shared.drop("a", SHARED.format(number=1, notify="yes", contact="contact: j.jansen\n"), a_pdf=PDF)
        wait_for(lambda: shared.json("status")["alarms"], "mail can't be sent")
        mails = next(one for one, log in enumerate(logs) if '"alarm": "mail"' in log.read_text())
        daemons[mails].kill()
        daemons[mails].wait()
        with serving(Server(port)) as post:
            wait_for(lambda: post.mails, "the other one sends it", 60)
            wait_for(lambda: shared.json("status")["alarms"] == [], "and says that it is over", 60)
    finally:
        for one in daemons:
            if one.poll() is None:
                one.terminate()
                assert one.wait(15) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_one_killed_every_few_seconds_nothing_is_lost_and_nothing_comes_twice(shared: Root, post: Server) -> None:
    kill_while_drops_come(Fleet(shared), post)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_backlog_comes_once_though_the_daemons_that_take_it_are_killed(shared: Root, post: Server) -> None:
    fleet = Fleet(shared)
    shared.run("items")
    drop_all(fleet, BACKLOG, 0)
    fleet.fill()
    everything_came_once(fleet, post, BACKLOG, kill_for(fleet, SECONDS, BACKLOG_KILL_SECONDS))


@LONG
@pytest.mark.timeout(900)
def test_the_inbox_may_be_split_by_client(shared: Root, post: Server) -> None:
    kill_while_drops_come(SplitFleet(shared), post)


@pytest.fixture
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("needs root: networks are made")
    made = Network(DAEMONS)
    yield made
    made.remove()


@LONG
@pytest.mark.timeout(900)
def test_each_daemon_on_a_machine_of_its_own(root: Root, network: Network) -> None:
    database = Database(host=network.address)
    root.environ |= {"DOSSIER_DATABASE__URL": database.new_database(), "DOSSIER_MAIL__HOST": network.address}
    with contextlib.ExitStack() as beside:
        beside.callback(database.remove)
        post = beside.enter_context(serving(Server(free_port(), network.address)))
        root.environ["DOSSIER_MAIL__PORT"] = str(post.port)
        kill_while_drops_come(MachineFleet(root, network), post)
        cut_off_who_leads(MachineFleet(root, network), post)


def cut_off_who_leads(fleet: MachineFleet, post: Server) -> None:
    """The network of the machine that leads goes down: another one leads soon, and it goes on when it is back."""
    root = fleet.root

    def told() -> list[EmailMessage]:
        return [mail for mail in post.mails if "Report number cut" in str(mail["Subject"])]

    fleet.fill()
    try:
        wait_for(lambda: running(root) == DAEMONS, "all of them run")
        wait_for(lambda: root.json("status")["daemons"][0]["leads"], "one leads")
        for machine in range(DAEMONS):  # all have the same name and number: cut off one after the other, each has led
            fleet.network.cut_off(machine)
            text = SHARED.format(number=f"cut {machine}", notify="yes", contact="contact: j.jansen\n")
            root.drop(f"cut{machine}", text, **{f"cut{machine}_pdf": PDF + b"cut" + bytes([machine])})
            wait_for(lambda machine=machine: root.receipt(f"cut{machine}"), "it is taken", 90)
            wait_for(lambda machine=machine: len(told()) == machine + 1, "it is published and told about", 90)
            # What a machine was cut off from before it could write down that it went goes once more; that is not what is tried here.
            wait_for(lambda: root.json("status")["outbox"] == 0, "that it went is written down", 60)
            fleet.network.reconnect(machine)
        wait_for(lambda: running(root) == DAEMONS, "all of them are there again", 60)
    finally:
        fleet.stop()
    assert len(told()) == DAEMONS, ("no mail went twice", [str(mail["Message-ID"]) for mail in told()])
    root.run("audit", "verify")


def kill_while_drops_come(fleet: Fleet, post: Server) -> None:
    shared = fleet.root
    shared.run("items")
    fleet.fill()
    dropper = threading.Thread(target=drop_all, args=(fleet, DROPS, SECONDS / DROPS))
    dropper.start()
    kills = kill_for(fleet, SECONDS, KILL_SECONDS, dropper.is_alive)
    dropper.join()
    everything_came_once(fleet, post, DROPS, kills)


def drop_all(fleet: Fleet, drops: int, pause: float) -> None:
    contacts = {"acme-bv": "contact: j.jansen\n", "northwind-ltd": "contact: a.brown\n"}
    for number in range(drops):
        client, told = CLIENTS[number % 2], number % 10 == 0
        text = SHARED.format(number=number, notify="yes" if told else "no", contact=contacts[client] if told else "")
        fleet.inbox_of(client).drop(f"r{number}", text, client, **{f"r{number}_pdf": PDF + str(number).encode()})
        time.sleep(pause)


def kill_for(fleet: Fleet, seconds: float, pause: float, is_longer: Callable[[], bool] = lambda: False) -> int:
    """Kill a daemon every so often, for so long; how many that were."""
    until, kills = time.monotonic() + seconds, 0
    while time.monotonic() < until or is_longer():
        time.sleep(pause)
        fleet.kill_one()
        kills += 1
    return kills


def everything_came_once(fleet: Fleet, post: Server, drops: int, kills: int) -> None:
    """Waits until all came, and ends the daemons."""
    shared = fleet.root
    receipts = {f"r{number}": CLIENTS[number % 2] for number in range(drops)}

    def receipt(stem: str) -> str | None:
        return fleet.inbox_of(receipts[stem]).receipt(stem, receipts[stem])

    patience = 60.0 + drops / 20
    try:
        wait_for(lambda: all(map(receipt, receipts)), "every drop has its receipt", patience)
        wait_for(
            lambda: len(list((shared.path / "var/portal").glob("*/D-*/*.pdf"))) == drops, "every item is on the portal", patience
        )
        wait_for(lambda: len(post.mails) >= drops // 10, "every mail came", patience)
        wait_for(lambda: shared.json("status")["outbox"] == 0, "the outbox is empty", patience)
    finally:
        fleet.stop()
    items = [yaml.safe_load(receipt(stem) or "") for stem in receipts]
    assert not any(one.get("duplicate") for one in items)
    numbers = sorted(one["item"] for one in items)
    assert [int(number[-6:]) for number in numbers] == list(range(1, drops + 1)), "numbers without holes, none twice"
    assert len(shared.json("items", "--limit", "0")) == drops
    for client in CLIENTS:
        assert [path.name for path in fleet.inbox_of(client).inbox(client).iterdir()] == ["_done"], "nothing is left in the inbox"
    told = collections.Counter(str(mail["Message-ID"]) for mail in post.mails)
    assert len(told) == drops // 10
    assert sum(told.values()) - len(told) <= kills, "but for a daemon killed inside the SMTP dialogue, each once"
    shared.run("audit", "verify")
