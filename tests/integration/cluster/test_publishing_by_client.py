"""On PostgreSQL each daemon publishes: for the clients that it has claimed, and beside a daemon that leads."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kit.portals import CLIENTS, SETTINGS, PortalOffice, raised
from kit.servers import new_database
from kit.support import wait_for
from peewee import OperationalError

from desk.daemon.portal_work import PortalWork
from dossier.cluster.claims import LEAD, Claims, key_of
from dossier.cluster.claims import portal as claim_of
from dossier.database import postgresql
from dossier.database.database import close_database
from dossier.database.tables import PROXY, item_key
from dossier.database.trouble import UNAVAILABLE
from dossier.files import files, moves
from dossier.office.opening import load_office
from dossier.trail import auditing, trail
from workflow.portal import mending, placing, verifying
from workflow.portal.folder_site import OWNER, FolderSite
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

    def disconnect(self) -> None:
        """Its connection ends, and the server has seen it."""
        backend = self.do(lambda: PROXY.connection().info.backend_pid)
        self.do(close_database)
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        wait_for(lambda: PROXY.execute_sql(query, (backend,)).fetchone() == (0,), "its claims are free")

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


@pytest.mark.slow
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

    with monkeypatch.context() as patch:
        patch.setattr("workflow.portal.publishing.record", _cut_off)
        with pytest.raises(UNAVAILABLE):
            helper.do(helper.publish)
    helper.disconnect()
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
    mending.ask(office.now, trail.DAEMON, verifying.look_at_client(office.office, "acme-bv", is_read=True))
    assert mending.mend(office.portal, office.now, mending.asked(), raised) == mending.asked() != []
    office.portal.let_go()
    helper.do(helper.publish)
    assert office.tree() == {f"{item}/a.pdf": b"1"}
    office.publish()
    office.check()


def test_what_is_to_be_mended_is_known_however_the_database_sorts(tmp_path: Path) -> None:
    try:
        url = new_database("LOCALE 'en_US.utf8' TEMPLATE template0")  # a colon stands behind a semicolon there
    except psycopg.errors.WrongObjectType:
        pytest.skip("this machine has no en_US.utf8")
    office = PortalOffice(tmp_path / "sorted", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")
    office.start()
    item = office.share({"a.pdf": b"1"})
    office.publish()
    (office.office.portal / "acme-bv" / item / "a.pdf").write_bytes(b"changed")
    (office.office.portal / "zz").write_bytes(b"mine")
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    asked = mending.asked()
    office.close()
    assert asked == ["mend:acme-bv", "mend:zz"]


def test_a_client_for_whom_another_daemon_works_is_mended_when_it_has_ended(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    (office.office.portal / "acme-bv" / "mine.txt").write_bytes(b"mine")
    mending.ask(office.now, trail.DAEMON, verifying.look_at_client(office.office, "acme-bv", is_read=True))
    with psycopg.connect(office.office.settings.database.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of(claim_of("acme-bv")),))
        assert mending.mend(office.portal, office.now, mending.asked(), raised) == []
        assert (office.office.portal / "acme-bv" / "mine.txt").exists()
        other.execute("SELECT pg_advisory_unlock_all()")
    assert mending.mend(office.portal, office.now, mending.asked(), raised) != []
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


def test_where_a_machine_serves_the_portal_is_its_own_affair(office: PortalOffice, helper: Helper) -> None:
    helper.portal.office = load_office(office.root, {"DOSSIER_PORTAL__HOST": "127.0.0.2", "DOSSIER_PORTAL__PORT": "8099"})
    office.share({"a.pdf": b"a"})
    assert helper.do(helper.publish) == 1
    helper.portal.office = load_office(office.root, {"DOSSIER_PORTAL__TITLE": "Another"})
    office.share({"b.pdf": b"b"})
    assert helper.do(helper.publish) == 0
    office.publish()
    office.check()


def test_who_sees_another_portal_than_the_daemon_that_leads_publishes_nothing(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that is not mounted, and a path of its own."""
    gone = office.share({"g.pdf": b"g"})
    office.publish()
    here, elsewhere = office.office, office.root / "elsewhere/portal"
    office.office = load_office(office.root, {"DOSSIER_PATHS__PORTAL": str(elsewhere)})
    helper = Helper(office, monkeypatch)
    office.office = here
    office.withdraw(gone)
    new = office.share({"n.pdf": b"n"})
    assert helper.do(helper.publish) == 0
    helper.end()
    assert not list(elsewhere.iterdir())
    assert office.row(new).public is None
    assert office.row(gone).public is not None
    office.publish()
    assert list(office.tree()) == [f"{new}/n.pdf"]
    office.check()


def test_a_staging_folder_that_somebody_tidied_up_is_made_anew(office: PortalOffice, helper: Helper) -> None:
    gone = office.share({"g.pdf": b"g"})
    office.publish()
    files.remove_tree(office.root / "var/.portal-staging")
    office.withdraw(gone)
    first = office.share({"f.pdf": b"f"})
    assert helper.do(helper.publish) == 0, "it can't tell whether this is the portal of the daemon that leads"
    office.publish()
    assert list(office.tree()) == [f"{first}/f.pdf"]
    second = office.share({"s.pdf": b"s"})
    assert helper.do(helper.publish) == 1
    assert set(office.tree()) == {f"{first}/f.pdf", f"{second}/s.pdf"}
    office.check()
    assert marks(office) == []


def test_a_daemon_that_could_not_mark_its_clients_is_not_taken_for_dead(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full after one of two marks."""
    office.share_all([({"a.pdf": b"a"}, code, "Annual accounts") for code in ("acme-bv", "zon")])
    made = list[Path]()

    def make_one(path: Path, mode: int) -> None:
        made.append(path)
        if len(made) > 1:
            raise OSError(errno.ENOSPC, "full", str(path))
        files.write_whole(path, b"", mode)

    with monkeypatch.context() as patch:
        patch.setattr(files, "make_mark", make_one)
        with pytest.raises(OSError, match="full"):
            helper.do(lambda: helper.portal.claim(["acme-bv", "zon"]))
    assert len(made) == 2
    assert marks(office) == []
    office.publish()
    assert helper.portal.site.staging.is_dir()
    office.share({"b.pdf": b"b"})
    assert helper.do(helper.publish) == 1
    office.check()


@pytest.mark.parametrize("fails", ["sync", "leave"])
def test_what_a_daemon_can_not_put_in_order_another_one_does(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """A share that is away for one of them."""
    item = office.share({"a.pdf": b"1"})
    office.publish()
    office.amend(item, {"a.pdf": b"2"})

    def away(*_: Any) -> None:
        files.remove_tree(office.root / "var/.portal-staging/marks" if fails == "sync" else office.root / "nothing")
        raise OSError(errno.EIO, "away")

    with monkeypatch.context() as patch:
        patch.setattr(FolderSite, fails, away)
        helper.do(helper.publish)
    assert marks(office) == ["acme-bv"]
    office.withdraw(item)
    assert office.portal.is_awaited(office.now), "nobody keeps the client"
    office.publish()
    assert office.tree() == {}
    office.check()
    assert marks(office) == []
    new = office.share({"n.pdf": b"n"})
    office.now += timedelta(minutes=1)
    assert helper.do(helper.publish) == 1, "its staging folder is there again"
    assert list(office.tree()) == [f"{new}/n.pdf"]
    office.check()


def test_what_a_dead_daemon_had_staged_is_deleted_before_anything_is_done_for_its_client(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.share({"a.pdf": b"1"})
    with monkeypatch.context() as patch:
        patch.setattr("workflow.portal.publishing.record", _cut_off)
        with pytest.raises(UNAVAILABLE):
            helper.do(helper.publish)
    helper.disconnect()
    begins, remove = threading.Event(), files.remove_tree

    def remove_late(path: Any) -> None:
        if threading.current_thread().name == "remove":
            begins.wait(30)
        remove(path)

    monkeypatch.setattr(files, "remove_tree", remove_late)
    assert office.portal.claim(["acme-bv"]) == {"acme-bv"}
    there = {path.name for path in (office.root / "var/.portal-staging").iterdir()}
    begins.set()
    assert there - {OWNER} == {"marks", office.portal.site.staging.name}
    office.portal.let_go()
    office.publish()
    office.check()


def _cut_off(*_: Any) -> int:
    raise OperationalError("placed, and not recorded")


def test_what_was_left_half_done_is_doubted_until_something_is_placed(office: PortalOffice, helper: Helper) -> None:
    office.share({"a.pdf": b"1"})
    office.publish()
    office.portal.site.doubt("acme-bv")
    assert helper.do(lambda: helper.portal.claim(["acme-bv"])) == {"acme-bv"}
    helper.do(helper.portal.let_go)
    assert marks(office) == ["acme-bv"]
    office.share({"b.pdf": b"2"})
    assert helper.do(helper.publish) == 1
    assert marks(office) == []
    office.check()


@pytest.mark.parametrize("fails", [(placing.Change, "apply"), (FolderSite, "sync")])
def test_pages_alone_that_could_not_be_placed_are_doubted(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch, fails: tuple[Any, str]
) -> None:
    office.share({"a.pdf": b"1"})
    office.publish()
    office.configure(settings=f"{(office.root / 'config/settings.yaml').read_text()}portal: {{title: Another}}\n")
    office.reload()

    def away(*_: Any) -> None:
        raise OSError(errno.EIO, "away")

    with monkeypatch.context() as patch:
        patch.setattr(*fails, away)
        office.portal.round(office.now)
    assert marks(office) == ["acme-bv", "zon"]
    office.now += timedelta(minutes=1)
    office.publish()
    assert marks(office) == []
    office.check()


def test_two_daemons_take_the_same_name_in_the_quarantine_and_neither_file_is_lost(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = {"acme-bv": office.portal, "zon": helper.portal}
    for code in codes:
        office.share({"a.pdf": b"a"}, client=code)
    office.publish()
    meet, free_name = threading.Barrier(2, timeout=30), moves.free_name

    def free_for_both(path: Any) -> Any:
        free = free_name(path)
        meet.wait()
        return free

    monkeypatch.setattr(moves, "free_name", free_for_both)
    for code in codes:
        (office.office.portal / code / "mine.txt").write_bytes(code.encode())
    first = helper.begin(lambda: _quarantine(helper.portal, office, "zon/mine.txt"))
    second = _quarantine(office.portal, office, "acme-bv/mine.txt")
    assert {first(30), second} == {"moved", "taken"}
    assert {path.read_bytes() for path in (office.root / "var").rglob("mine.txt")} == {b"acme-bv", b"zon"}


def _quarantine(portal: Publisher, office: PortalOffice, name: str) -> str:
    try:
        portal.quarantine.move(office.now, name)
    except FileExistsError:
        return "taken"
    return "moved"


def test_a_withdrawal_for_which_a_daemon_has_waited_is_seen_whatever_the_server_lets_transactions_see(
    office: PortalOffice, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `repeatable read` it would still see what was there before it began to wait."""
    [(name,)] = PROXY.execute_sql("SELECT current_database()").fetchall()
    PROXY.execute_sql(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'")
    helper.do(close_database)
    office.share({"f.pdf": b"f"})
    office.publish()
    item = office.share({"a.pdf": b"a"})
    staged, may_go_on, stage = threading.Event(), threading.Event(), Publisher._stage_changes

    def stage_and_wait(*given: Any) -> set[str]:
        left = stage(*given)
        staged.set()
        assert may_go_on.wait(30)
        return left

    monkeypatch.setattr(Publisher, "_stage_changes", stage_and_wait)
    done = helper.begin(helper.publish)
    assert staged.wait(30)
    with psycopg.connect(office.office.settings.database.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (postgresql.WRITERS,))
        may_go_on.set()
        wait_for(lambda: _waiting() == 1, "it waits for its turn")
        key = item_key(item)
        other.execute("UPDATE item SET standing = NULL, share_state = 'withdrawn', version = version + 1 WHERE id = %s", (key,))
    assert done(60) == 0
    assert f"{item}/a.pdf" not in office.tree()


def _waiting() -> int:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    return int(PROXY.execute_sql(query).fetchone()[0])


def test_over_another_connection_nothing_is_claimed_any_more(office: PortalOffice) -> None:
    assert office.portal.claim(["acme-bv"]) == {"acme-bv"}
    close_database()
    with pytest.raises(OperationalError, match="connection was lost"):
        office.portal.claim(["acme-bv", "zon"])


def test_who_led_and_leads_no_more_publishes_beside_the_one_that_does(office: PortalOffice) -> None:
    work = PortalWork(office.office, office.vault, lambda: None, lambda cause, text: None)
    for _ in range(2):
        work.prepare(office.office)
        assert work.portal.leads
        work.help(lambda: False)
        assert not work.portal.leads


def test_of_many_clients_that_are_mended_some_are_claimed_at_a_time(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [f"c{number}" for number in range(10)]
    office.configure(clients=CLIENTS + "".join(f"  {code}: {{name: {code}}}\n" for code in codes))
    office.reload()
    office.share_all([({"a.pdf": b"1"}, code, "Annual accounts") for code in codes])
    office.publish()
    for code in codes:
        (office.office.portal / code / "index.html").write_bytes(b"changed")
    office.portal.site.at_once = 4
    changed = [one for code in codes for one in verifying.look_at_client(office.office, code, is_read=True)]
    mending.ask(office.now, trail.DAEMON, changed)
    held, take = list[int](), office.portal.claim

    def counted(codes: Any) -> set[str]:
        mine = take(codes)
        held.append(len(office.portal._clients.held()))
        return mine

    monkeypatch.setattr(office.portal, "claim", counted)
    assert mending.mend(office.portal, office.now, mending.asked(), raised) == mending.asked()
    assert max(held) == 4
    office.publish()
    assert verifying.look_at_portal(office.office, lambda code: True) == []
    office.check()


def test_many_clients_go_off_the_portal_some_at_a_time(office: PortalOffice) -> None:
    """All claims at a server share a table that has room for some thousands."""
    codes = [f"c{number}" for number in range(30)]
    office.configure(clients=CLIENTS + "".join(f"  {code}: {{name: {code}, portal: no}}\n" for code in codes))
    for code in codes:
        (office.office.portal / code).mkdir()
    office.reload()
    office.portal.site.at_once = 10
    assert office.portal.is_awaited(office.now)
    assert len(office.portal._clients.held()) == 10
    office.publish()
    office.check()
