"""What may go wrong with watching, made to happen: lost events, no watches left, a share that goes and comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.records import Records
from kit.servers import rows
from kit.support import DOSSIER, OWN_CLIENTS, OWN_SETTINGS, Root, own_office, wait_for
from structlog.testing import capture_logs

from dossier.text.sentences import from_data
from ingest.inbox import listing
from ingest.inbox.lookout import QUIET_TURNS, TURNS, Lookout

PDF = b"%PDF-1.7\n" + bytes(range(256)) + b"\n%%EOF\n"
GOOD = "description: Annual accounts 2025\n"
FILES = 20_000
DROPS = 100

# No rescan and no poll comes to help within a test, unless it says so.
ALONE = OWN_SETTINGS.replace(
    "settle_seconds: 0.2", "settle_seconds: 0.2, mode: native, poll_seconds: 3600, rescan_seconds: 3600", 1
)


def alarms(office: Root) -> str:
    """As the daemon wrote them down for `status`, which costs a second a call on a busy machine."""
    kept = [json.loads(value) for (value,) in rows(office.path, "SELECT value FROM note WHERE key LIKE 'alarm:%'")]
    return "\n".join(str(from_data(one["text"])) for one in kept)


def until_alarm(office: Root, text: str) -> None:
    wait_for(lambda: text in alarms(office), lambda: f"an alarm {text!r}; there is {alarms(office)!r}")
    assert text in office.run("status").stdout


def until_calm(office: Root) -> None:
    wait_for(lambda: not alarms(office), lambda: f"the alarm is over; there is {alarms(office)!r}")


def place(office: Root, client: str, stem: str) -> None:
    office.place(client, {f"{stem}.pdf": PDF, f"{stem}.yaml": f"description: Annual accounts {stem}\n"})


@pytest.mark.slow
def test_files_that_come_faster_than_they_are_read_are_all_seen(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=ALONE)
    home = office.path / "inbox" / "acme-bv"
    home.mkdir()
    with office.daemon() as daemon:
        place(office, "acme-bv", "before")
        office.until_taken("acme-bv", "before")
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            for number in range(FILES - 2 * DROPS):
                os.close(os.open(home / f"scan-{number}.pdf", os.O_CREAT | os.O_WRONLY))
            for number in range(DROPS):
                place(office, "acme-bv", f"late-{number}")
                place(office, "zon", f"late-{number}")
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        daemon.until_said("queue overflow")
        for client in ("acme-bv", "zon"):
            office.until_taken(client, *(f"late-{number}" for number in range(DROPS)))
        assert sum(name.startswith("scan-") for name in os.listdir(home)) == FILES - 2 * DROPS
        place(office, "zon", "after")  # its folder was made while events were lost, and is watched all the same
        office.until_taken("zon", "after")


def _limited(office: Root, what: str, most: int) -> list[str]:
    """The daemon with an inotify limit of its own: in a user namespace."""
    limited = f"echo {most} > /proc/sys/user/{what}"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    done = subprocess.run([*command, limited], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no user namespace with a limit of its own on this machine: {done.stderr.strip()}")
    return [*command, f"{limited} && exec " + " ".join([str(DOSSIER), "--root", str(office.path), "run"])]


@pytest.mark.sqlite  # in a user namespace one is nobody whom the database's server knows
@pytest.mark.parametrize(("limit", "most"), [("max_inotify_watches", 12), ("max_inotify_instances", 1)])
def test_a_folder_that_can_not_be_watched_is_told_and_looked_at_by_the_clock(tmp_path: Path, limit: str, most: int) -> None:
    codes = [f"client-{number:02d}" for number in range(20)]
    clients = "clients:\n" + "".join(f"  {code}: {{name: {code}}}\n" for code in codes)
    office = own_office(tmp_path, settings=ALONE.replace("poll_seconds: 3600", "poll_seconds: 0.3"), clients=clients)
    for code in codes:
        (office.path / "inbox" / code).mkdir()
    command = _limited(office, limit, most)
    with open(tmp_path / "daemon.log", "w") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for((office.path / "var" / "daemon.json").exists, (tmp_path / "daemon.log").read_text)
        setting = "fs.inotify.max_user_watches" if "watches" in limit else "fs.inotify.max_user_instances"
        until_alarm(office, f"raise {setting} (sysctl)")
        for code in codes:
            place(office, code, "a")
        for code in codes:
            office.until_taken(code, "a")
    finally:
        daemon.terminate()
        assert daemon.wait(10) == 0


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be mounted at the inbox; unmounted at the end."""
    folder = tmp_path / "share"
    (folder / "acme-bv").mkdir(parents=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(tmp_path / "office" / "inbox")], capture_output=True)


def mount(share: Path, office: Root) -> None:
    done = subprocess.run(["mount", "--bind", str(share), str(office.path / "inbox")], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


def unmount(office: Root) -> None:
    """As soon as nothing in it is open: the daemon may be looking at a folder, or syncing one."""
    command = ["umount", str(office.path / "inbox")]
    wait_for(lambda: subprocess.run(command, capture_output=True).returncode == 0, "the inbox can be unmounted")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["native", "polling"])
def test_a_share_that_is_unmounted_is_an_alarm_and_work_goes_on_when_it_is_back(tmp_path: Path, share: Path, mode: str) -> None:
    settings = ALONE.replace("mode: native", f"mode: {mode}").replace("poll_seconds: 3600", "poll_seconds: 0.3")
    office = own_office(tmp_path / "office", settings=settings)
    mount(share, office)
    with office.daemon() as daemon:
        place(office, "acme-bv", "before")
        office.until_taken("acme-bv", "before")
        office.place("acme-bv", {"waiting.yaml": GOOD})
        unmount(office)
        until_alarm(office, "has no client's folder in it any more; is the share mounted?")
        assert daemon.said("is the share mounted?")
        place_in(share, "meanwhile")
        mount(share, office)
        office.until_taken("acme-bv", "meanwhile")
        until_calm(office)
        place(office, "acme-bv", "after")
        office.place("acme-bv", {"waiting.pdf": PDF})
        office.until_taken("acme-bv", "after", "waiting")
        assert office.rejected("waiting") is None


def place_in(share: Path, stem: str) -> None:
    (share / "acme-bv" / f"{stem}.pdf").write_bytes(PDF)
    (share / "acme-bv" / f"{stem}.yaml").write_text(f"description: Annual accounts {stem}\n")


def test_a_daemon_that_starts_before_the_share_is_mounted_says_so_and_begins_when_it_is(tmp_path: Path, share: Path) -> None:
    office = own_office(tmp_path / "office", settings=ALONE)
    mount(share, office)
    place(office, "acme-bv", "before")
    office.once()
    place(office, "acme-bv", "later")
    unmount(office)
    with office.daemon():
        until_alarm(office, "is the share mounted?")
        mount(share, office)
        office.until_taken("acme-bv", "later")
        until_calm(office)
    unmount(office)
    done = office.run("run", "--once", code=None)
    assert (done.returncode, "is the share mounted?" in done.stderr) == (4, True), done.stderr


def test_clients_that_are_all_gone_from_the_configuration_are_told_as_that(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=ALONE)
    clients = office.path / "config/clients.yaml"
    before = clients.read_text()
    place(office, "acme-bv", "before")
    with office.daemon():
        office.until_taken("acme-bv", "before")
        office.set("clients", "clients: {}\n")
        until_alarm(office, "config/clients.yaml has no clients any more")
        office.set("clients", before)
        place(office, "acme-bv", "after")
        office.until_taken("acme-bv", "after")
        until_calm(office)


def test_an_inbox_that_is_moved_away_is_an_alarm_and_not_the_end(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=ALONE, clients=OWN_CLIENTS)
    place(office, "acme-bv", "before")
    with office.daemon():
        office.until_taken("acme-bv", "before")
        (office.path / "inbox").rename(tmp_path / "away")
        until_alarm(office, "can't be read: No such file or directory; is the share mounted?")
        assert office.run("status").stdout.count("is the share mounted?") == 1  # it was seen twice, and is told once
        (tmp_path / "away").rename(office.path / "inbox")
        until_calm(office)
        place(office, "acme-bv", "after")
        office.until_taken("acme-bv", "after")


# Where nobody tells


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office", settings="watch: {mode: polling, settle_seconds: 0, folder_settle_seconds: 0}\n")
    for client in ("acme-bv", "zon"):
        (made.root / "inbox" / client).mkdir(parents=True)
    yield made
    made.close()


def seen_empty(office: Records) -> tuple[Lookout, Path]:
    """A lookout that has seen a folder empty, in which nothing has happened for a day; and the folder."""
    home = office.root / "inbox/acme-bv"
    set_back(home)
    lookout = Lookout(office.office, lambda: None, lambda cause, text: None)
    lookout.watch()
    assert list(lookout.ready()) == []
    return lookout, home


def set_back(home: Path) -> None:
    yesterday = time.time() - 86_400
    os.utime(home, (yesterday, yesterday))


def looks_until_found(lookout: Lookout, look: Callable[[], None]) -> int:
    for count in range(1, 10):
        look()
        if list(lookout.ready()):
            return count
    raise AssertionError("it was never found")


def test_a_quiet_folder_is_polled_every_third_time_and_one_in_use_each_time(office: Records) -> None:
    lookout, home = seen_empty(office)
    (home / "a.pdf").write_bytes(PDF)
    (home / "a.yaml").write_text(GOOD)
    assert looks_until_found(lookout, lookout.poll) <= QUIET_TURNS
    for path in list(home.iterdir()):
        path.unlink()
    assert list(lookout.ready()) == []
    (home / "b.pdf").write_bytes(PDF)
    (home / "b.yaml").write_text(GOOD)
    assert looks_until_found(lookout, lookout.poll) == 1


def test_a_folder_whose_time_stamp_says_nothing_is_listed_all_the_same(office: Records) -> None:
    lookout, home = seen_empty(office)
    stamp = os.stat(home).st_mtime_ns
    (home / "a.pdf").write_bytes(PDF)
    (home / "a.yaml").write_text(GOOD)
    os.utime(home, ns=(stamp, stamp))
    assert looks_until_found(lookout, lookout.look_everywhere) <= TURNS


def test_an_inbox_in_which_no_folder_came_or_went_is_not_listed_again_at_each_full_look(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout = Lookout(office.office, lambda: None, lambda cause, text: None)
    listed, listing_ = list[int](), listing.clients_with_folders
    monkeypatch.setattr(listing, "clients_with_folders", lambda office: (listed.append(1), listing_(office))[1])

    def look() -> None:
        lookout.look_everywhere()
        list(lookout.ready())

    look()  # which puts help files into it
    set_back(office.root / "inbox")
    listed.clear()
    for _ in range(2 * TURNS):
        look()
    assert len(listed) == 3  # it is another inbox, and every TURNS-th time
    (office.root / "inbox/strange").mkdir()
    with capture_logs() as logged:
        look()
    assert [line["name"] for line in logged] == ["strange"]


def test_an_inbox_that_was_exchanged_while_it_was_listed_is_listed_again(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout = Lookout(office.office, lambda: None, lambda cause, text: None)
    lookout.look_everywhere()
    list(lookout.ready())
    inbox = office.root / "inbox"
    set_back(inbox)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(listing, "clients_with_folders", lambda _: (os.utime(inbox, (1, 1)), ([], {}))[1])
        lookout.look_everywhere()
        list(lookout.ready())
    assert lookout.trouble is not None
    set_back(inbox)
    for name, data in (("a.pdf", PDF), ("a.yaml", GOOD.encode())):
        (inbox / "acme-bv" / name).write_bytes(data)
    assert looks_until_found(lookout, lookout.look_everywhere) == 1
    assert lookout.trouble is None


def test_a_file_that_settles_in_a_moment_is_looked_at_in_a_moment(office: Records) -> None:
    lookout, _ = seen_empty(office)
    lookout.again_in("acme-bv", 0.0002)
    assert lookout.next_at() - time.monotonic() < 0.004


def test_whoever_wants_no_more_of_what_came_hears_of_the_rest_the_next_time(office: Records) -> None:
    lookout, home = seen_empty(office)
    assert list(lookout.ready()) == []
    for client in ("acme-bv", "zon"):
        for name, data in (("a.pdf", PDF), ("a.yaml", GOOD.encode())):
            (home.parent / client / name).write_bytes(data)
    for look in (lambda: lookout.fresh((), 25), lookout.ready):
        lookout.hint("acme-bv")
        lookout.hint("zon")
        assert [drop.client for drop in next(iter(look()))] == ["acme-bv"]
        wait_for(lambda: lookout.next_at() <= time.monotonic(), "the other one is due")
        assert [drop.client for drops in lookout.ready() for drop in drops] == ["zon"]


def test_where_many_came_nobody_looks_in_the_midst_of_a_backlog_and_where_many_only_wait_somebody_does(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout, home = seen_empty(office)
    waits, many = home, home.parent / "zon"
    for number in range(60):
        (waits / f"waits-{number}.pdf").write_bytes(PDF)  # for sidecars
    lookout.look_everywhere()
    assert list(lookout.ready()) == []
    for folder, drops in ((waits, 2), (many, 40)):
        for number in range(drops):
            (folder / f"drop-{number}.pdf").write_bytes(PDF)
            (folder / f"drop-{number}.yaml").write_text(GOOD)
    for number in range(80):  # one drop
        (waits / f"page-{number}.jpg").write_bytes(PDF)
    (waits / "pages.yaml").write_text(f"{GOOD}attachments: [{', '.join(f'page-{number}.jpg' for number in range(80))}]\n")
    for client in ("acme-bv", "zon"):
        lookout.hint(client)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(
            lookout.looker,
            "look",
            lambda client, *now, look=lookout.looker.look: look(client, *now) if client != "zon" else 1 / 0,
        )
        assert [len(drops) for drops in lookout.fresh((), 25)] == [3]
    wait_for(lambda: lookout.next_at() <= time.monotonic(), "the other one is due")
    assert [len(drops) for drops in lookout.ready()] == [40]


def test_of_a_hundred_polled_clients_a_folder_that_is_filled_later_is_found_within_three_polls(tmp_path: Path) -> None:
    """With poll_seconds 5 that is within poll_seconds and 10 seconds; folder_settle_seconds come on top."""
    codes = [f"c{number:02d}" for number in range(100)]
    clients = "clients:\n" + "".join(f"  {code}: {{name: Client {code}}}\n" for code in codes)
    settings = "watch: {mode: polling, settle_seconds: 0, folder_settle_seconds: 0}\n"
    office = Records(tmp_path / "office", settings=settings, clients=clients)
    homes = [office.root / "inbox" / code for code in codes]
    for home in homes:
        home.mkdir(parents=True)
        set_back(home)
    lookout = Lookout(office.office, lambda: None, lambda cause, text: None)
    lookout.watch()
    assert list(lookout.ready()) == []
    for home in homes:
        (home / "map").mkdir()
    lookout.poll()
    assert list(lookout.ready()) == []
    for home in homes:
        set_back(home)
        (home / "map/item.yaml").write_text("description: Annual accounts 2025\nattachments: []\n")
    found = set()
    for _ in range(QUIET_TURNS):
        lookout.poll()
        found |= {drop.client for drops in lookout.ready() for drop in drops}
    assert found == set(codes)
    office.close()


def test_what_is_put_into_a_folder_that_lay_empty_in_a_quiet_one_is_found_by_the_next_poll(office: Records) -> None:
    home = office.root / "inbox/acme-bv"
    (home / "map").mkdir()
    lookout, _ = seen_empty(office)
    (home / "map/item.yaml").write_text("description: Annual accounts 2025\nattachments: []\n")
    set_back(home)
    assert looks_until_found(lookout, lookout.poll) <= 2
