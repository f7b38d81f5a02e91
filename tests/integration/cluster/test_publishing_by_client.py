"""On PostgreSQL each daemon publishes: for the clients that it has claimed, and beside a daemon that leads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kit.portals import CLIENTS, SETTINGS, PortalOffice
from kit.servers import new_database
from kit.support import wait_for
from peewee import OperationalError

from dossier.cluster.claims import LEAD, Claims, key_of
from dossier.cluster.claims import portal as claim_of
from dossier.database import postgresql
from dossier.database.database import close_database
from dossier.database.tables import PROXY
from dossier.database.trouble import UNAVAILABLE
from dossier.files import files, moves
from dossier.trail import auditing, trail
from workflow.portal import placing, verifying
from workflow.portal.publishing import Publisher

SESSION = "dossier bbbbbbbbbbbbbbbb"

pytestmark = pytest.mark.sqlite  # they have a PostgreSQL of their own


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    """An office in which this thread leads."""
    made = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    assert Claims().take(LEAD)
    made.start()
    yield made
    made.close()


class Helper:
    """A daemon that does not lead: a publisher on a thread, and so with a connection, of its own."""

    def __init__(self, office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office = office
        self._thread = ThreadPoolExecutor(1)
        known = postgresql.sessions
        monkeypatch.setattr(postgresql, "sessions", lambda: known() | {SESSION})
        self.start(monkeypatch)

    def start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As it begins, and after every loss of the connection."""
        with monkeypatch.context() as patch:
            patch.setattr(postgresql, "SESSION", SESSION)  # it is this very process, which has another
            self.portal = Publisher(self.office.office, self.office.vault)
        self.do(self.portal.prepare_to_help)

    def do(self, what: Callable[[], Any]) -> Any:
        return self._thread.submit(what).result(60)

    def begin(self, what: Callable[[], Any]) -> Callable[[float], Any]:
        return self._thread.submit(what).result

    def publish(self) -> int:
        """Rounds until there is nothing to do for it; how many items that were."""
        shown = 0
        while self.portal.is_awaited(self.office.now):
            shown += self.portal.round(self.office.now)
        self.portal.let_go()
        return shown

    def end(self) -> None:
        self.do(close_database)
        self._thread.shutdown()


@pytest.fixture
def helper(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helper]:
    made = Helper(office, monkeypatch)
    yield made
    made.end()


def marks(office: PortalOffice) -> list[str]:
    return sorted(path.name.rpartition(".")[0] for path in (office.root / "var/.portal-staging/marks").iterdir())


def test_two_daemons_publish_at_once_each_for_clients_of_its_own(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        office.share({"a.pdf": b"%d" % number})
        office.share({"z.pdf": b"%d" % number}, client="zon")
    meet, stage, staged = threading.Barrier(2, timeout=30), placing.Change.stage, list[tuple[int, str]]()

    def stage_together(change: placing.Change) -> None:
        """While one makes its change ready, so does the other."""
        who = threading.get_ident()
        is_first = who not in dict(staged)
        staged.append((who, change.code))
        if is_first:
            meet.wait()
        stage(change)

    monkeypatch.setattr(placing.Change, "stage", stage_together)
    office.portal._most = helper.portal._most = 1  # a client in a round, and so one for each
    done = helper.begin(helper.publish)
    office.publish()
    done(60)
    office.publish()
    monkeypatch.undo()
    assert {code for _, code in staged} == {"acme-bv", "zon"}
    assert len(dict(staged)) == 2
    office.check()
    assert marks(office) == []
    assert auditing.first_fault() is None


def test_a_client_for_whom_another_daemon_works_waits_and_the_others_do_not(office: PortalOffice, helper: Helper) -> None:
    office.share({"a.pdf": b"1"})
    office.share({"z.pdf": b"1"}, client="zon")
    with psycopg.connect(office.office.settings.database.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of(claim_of("acme-bv")),))
        assert helper.do(helper.publish) == 1
        assert not office.portal.is_awaited(office.now)
        assert office.portal.were_others()
        assert not (office.office.portal / "acme-bv").exists()
        assert list(office.tree("zon"))
        other.execute("SELECT pg_advisory_unlock_all()")
    assert helper.do(helper.publish) == 1
    office.check()


def test_nobody_publishes_beside_no_daemon_that_leads(office: PortalOffice, helper: Helper) -> None:
    office.share({"a.pdf": b"1"})
    PROXY.execute_sql("SELECT pg_advisory_unlock(%s)", (key_of(LEAD),))
    assert helper.do(helper.publish) == 0
    PROXY.execute_sql("SELECT pg_advisory_lock(%s)", (key_of(LEAD),))
    assert helper.do(helper.publish) == 1
    office.check()


def test_a_daemon_that_has_read_another_configuration_than_the_one_that_leads_publishes_nothing(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = office.share({"z.pdf": b"1"}, client="zon")
    stage = placing.Change.stage

    def stage_and_change(change: placing.Change) -> None:
        """The client goes off the portal, and the daemon that leads knows it, in the midst of a round of the other one."""
        stage(change)
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as beside:
            beside.submit(reload).result(60)

    def reload() -> None:
        office.configure(clients=CLIENTS.replace("{name: Bakkerij Zon}", "{name: Bakkerij Zon, portal: no}"))
        claims = Claims()
        PROXY.connect(reuse_if_open=True)
        leader = Publisher(office.office, office.vault)
        leader.reconsider_clients()  # by another connection than the one that leads: it is another configuration all the same
        claims.release_all()
        close_database()

    monkeypatch.setattr(placing.Change, "stage", stage_and_change)
    assert helper.do(helper.publish) == 0
    assert not (office.office.portal / "zon").exists()
    office.portal.office = office.office
    office.portal.reconsider_clients()
    office.publish()
    assert helper.do(helper.publish) == 0
    assert not (office.office.portal / "zon").exists()
    assert office.row(item).public is None


@pytest.mark.parametrize("can_swap", [True, False])
def test_a_daemon_that_wakes_up_changes_nothing_though_the_one_that_goes_on_was_there_all_the_time(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch, can_swap: bool
) -> None:
    slept = number = 0
    while slept == number:
        number += 1
        amended, gone = office.share({"a.pdf": b"1", "b.pdf": b"1"}), office.share({"g.pdf": b"g"})
        office.portal.site._can_swap = helper.portal.site._can_swap = can_swap
        office.publish()
        office.amend(amended, {"a.pdf": b"2"}, remove=["b.pdf"])
        office.withdraw(gone)
        office.share({"n.pdf": b"n"})
        with monkeypatch.context() as patch:
            sleep = _Sleep(patch, number)
            woke = helper.begin(lambda: _publish_and_be_cut_off(helper))
            if sleep.fell.wait(3):  # the daemon that leads goes on, with the staging folder that it has
                slept += 1
                _end_connection_of(office, sleep.backend)
                wait_for(lambda: office.publish() or not office.portal.is_awaited(office.now), "its claims are free")
                office.check()
                tree = office.tree()
                sleep.wakes.set()
                assert woke(60) == "cut off"
                assert office.tree() == tree
            else:
                woke(60)
        office.publish()
        office.check()
        office.share({"x.pdf": b"x"}, client="zon")
        helper.start(monkeypatch)
        assert helper.do(helper.publish) == 1
    assert slept >= (2 if can_swap else 6)
    assert marks(office) == []
    assert auditing.first_fault() is None


def _publish_and_be_cut_off(helper: Helper) -> str:
    try:
        helper.publish()
    except UNAVAILABLE:
        close_database()
        return "cut off"
    return "done"


def _end_connection_of(office: PortalOffice, backend: int) -> None:
    with psycopg.connect(office.office.settings.database.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))


class _Sleep:
    """Who helps falls asleep before its `number`th rename in a transaction, counted from 1, until it `wakes`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.fell, self.wakes, self.backend = threading.Event(), threading.Event(), 0
        self._number, self._count, self._awake = number, 0, threading.get_ident()
        for name in ("move", "exchange"):
            monkeypatch.setattr(moves, name, self._sleepy(getattr(moves, name)))

    def _sleepy(self, rename: Callable[..., Any]) -> Callable[..., Any]:
        def renamed(source: Any, target: Any) -> Any:
            if threading.get_ident() != self._awake and PROXY.in_transaction():
                self._count += 1
                if self._count == self._number:
                    self.backend = PROXY.connection().info.backend_pid
                    self.fell.set()
                    assert self.wakes.wait(30)
            return rename(source, target)

        return renamed


def test_what_a_daemon_left_half_done_is_done_again_by_the_next_one(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    office.amend(item, {"a.pdf": b"2"})
    new = office.share({"n.pdf": b"n"})

    def cut_off(*_: Any) -> int:
        raise OperationalError("placed, and not recorded")

    with monkeypatch.context() as patch:
        patch.setattr("workflow.portal.publishing.record", cut_off)
        with pytest.raises(UNAVAILABLE):
            helper.do(helper.publish)
    helper.do(close_database)
    assert marks(office) == ["acme-bv"]
    (office.office.portal / "acme-bv" / item / "a.pdf").write_bytes(b"half")  # whatever state it was left in
    office.publish()
    assert office.tree() == {f"{item}/a.pdf": b"2", f"{new}/n.pdf": b"n"}
    office.check()
    assert marks(office) == []


def test_what_is_to_be_mended_is_done_whoever_publishes_next(office: PortalOffice, helper: Helper) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    (office.office.portal / "acme-bv" / item / "a.pdf").write_bytes(b"changed")
    verifying.ask(office.now, trail.DAEMON, verifying.look_at_client(office.office, "acme-bv", is_read=True))
    assert verifying.mend(office.portal, office.now, verifying.asked()) == verifying.asked() != []
    office.portal.let_go()
    helper.do(helper.publish)
    assert office.tree() == {f"{item}/a.pdf": b"1"}
    office.publish()
    office.check()


def test_a_client_for_whom_another_daemon_works_is_mended_when_it_has_ended(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    (office.office.portal / "acme-bv" / "mine.txt").write_bytes(b"mine")
    verifying.ask(office.now, trail.DAEMON, verifying.look_at_client(office.office, "acme-bv", is_read=True))
    with psycopg.connect(office.office.settings.database.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of(claim_of("acme-bv")),))
        assert verifying.mend(office.portal, office.now, verifying.asked()) == []
        assert (office.office.portal / "acme-bv" / "mine.txt").exists()
        other.execute("SELECT pg_advisory_unlock_all()")
    assert verifying.mend(office.portal, office.now, verifying.asked()) != []
    assert not (office.office.portal / "acme-bv" / "mine.txt").exists()
    assert list(office.tree()) == [f"{item}/a.pdf"]


def test_a_folder_that_is_made_anew_is_followed(office: PortalOffice, helper: Helper) -> None:
    first = office.share({"a.pdf": b"1"})
    assert helper.do(helper.publish) == 1
    files.remove_tree(office.office.portal)
    assert helper.do(helper.publish) == 0
    office.publish()
    second = office.share({"b.pdf": b"2"})
    office.now = office.now.replace(hour=23)  # what can't be done is tried again after a while
    assert helper.do(helper.publish) == 1
    assert set(office.tree()) == {f"{first}/a.pdf", f"{second}/b.pdf"}
    office.publish()
    office.check()
