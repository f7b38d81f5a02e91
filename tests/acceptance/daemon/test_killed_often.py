"""A daemon that is killed again and again under a backlog: what was withdrawn goes first, and each life gets further."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit.support import PDF, Root, new_office, wait_for

DROPS, LIVES = 9000, 2
"""So many that they are not all taken by the time at which publishing has its turn (daemon.TURN_SECONDS)."""

SIDECAR = (
    "description: Annual accounts {number}\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"
)

DROPS_A_SECOND, BACKLOG = 20, 100
ENDS = (20, 0, 0, 20)
"""After how many seconds a daemon is killed; 0: as soon as it has published something."""

WITHDRAWN_SECONDS, STARTS = 5, 8


def _shown(root: Root) -> set[str]:
    """The numbers of the items that the client sees."""
    index = root.path / "var" / "portal" / "acme-bv" / "items.json"
    return {item["item"] for item in json.loads(index.read_text())["items"]} if index.exists() else set()


def _left(root: Root) -> int:
    return sum(1 for path in root.inbox().iterdir() if path.suffix == ".yaml")


@pytest.mark.slow
def test_a_daemon_that_is_killed_again_and_again_takes_off_first_what_was_withdrawn_and_gets_further_each_time(
    root: Root, tmp_path: Path
) -> None:
    """Long before the backlog is taken; so a kill every 20 seconds, or a machine that is slow, can't keep it from that."""
    idle = new_office(tmp_path / "idle")
    for number in range(LIVES):
        root.drop(f"first{number}", SIDECAR.format(number=number), **{f"first{number}_pdf": PDF + b"%% %d\n" % number})
    root.once()
    public = sorted(_shown(root))
    assert len(public) == LIVES
    for number in range(DROPS):
        root.drop(f"r{number:04d}", SIDECAR.format(number=number + 10), **{f"r{number:04d}_pdf": PDF + b"%% %d\n" % number})
    for item in public:
        before, left = len(_shown(root)), _left(root)
        root.run("withdraw", item, "--reason", "the wrong client", user="m.devries")
        patience, daemon = _patience(idle), root.popen("run")
        try:
            wait_for(lambda item=item: item not in _shown(root), f"{item} is off", patience)
            assert _left(root) > left - DROPS // 3
            wait_for(lambda before=before: len(_shown(root)) > before, "more is published than before")
            assert _left(root), "the backlog was taken first"
        finally:
            daemon.kill()
            daemon.wait()
    root.once()
    assert len(_shown(root)) == DROPS
    root.run("verify")


@contextmanager
def _dropping(root: Root, dropped: list[int]) -> Iterator[None]:
    """Somebody who drops on and on, daemon or not."""
    over = threading.Event()

    def drop_on() -> None:
        while not over.wait(1 / DROPS_A_SECOND):
            number = 1000 + len(dropped)
            root.drop(f"r{number}", SIDECAR.format(number=number), **{f"r{number}_pdf": PDF + b"%% %d\n" % number})
            dropped.append(number)

    thread = threading.Thread(target=drop_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _patience(idle: Root) -> float:
    """So many seconds may pass until it is off. On a busy machine a start takes long with nothing to do, too, and so may this."""
    began = time.monotonic()
    idle.run("run", "--once", afresh=True)
    return max(WITHDRAWN_SECONDS, STARTS * (time.monotonic() - began))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_every_twenty_seconds_and_oftener_under_twenty_drops_a_second_withdrawn_items_go_at_once_and_new_ones_come(
    root: Root, tmp_path: Path
) -> None:
    """A life ends when more is public than before it, at its end of 20 seconds at the earliest, or at once: whatever was begun then."""
    chance, idle, dropped, withdrawn = random.Random(5), new_office(tmp_path / "idle"), list[int](), set[str]()
    for number in range(len(ENDS)):
        root.drop(f"first{number}", SIDECAR.format(number=number), **{f"first{number}_pdf": PDF + b"%% first %d\n" % number})
    root.once()
    with _dropping(root, dropped):
        wait_for(lambda: len(dropped) > BACKLOG, "there is a backlog", 60)
        for end in ENDS:
            before, patience = _shown(root), _patience(idle)
            item = chance.choice(sorted(before))
            root.run("withdraw", item, "--reason", "the wrong client", user="m.devries")
            withdrawn.add(item)
            daemon, began = root.popen("run"), time.monotonic()
            try:
                wait_for(lambda item=item: item not in _shown(root), f"{item} is off", patience)
                wait_for(lambda before=before: len(_shown(root)) > len(before), "more is public than before", 120)
                wait_for(lambda began=began, end=end: time.monotonic() - began > end, "this life is over", end + 1)
                assert daemon.poll() is None
                assert not withdrawn & _shown(root)
            finally:
                daemon.kill()
                daemon.wait()
    root.once()
    assert len(_shown(root)) == len(ENDS) + len(dropped) - len(withdrawn)
    assert _left(root) == 0
    root.run("verify")


def test_a_portal_folder_that_is_deleted_under_the_daemon_comes_back(root: Root) -> None:
    root.drop("report", SIDECAR.format(number=1), report_pdf=PDF)
    with root.daemon():
        wait_for(lambda: _shown(root), "the report is public")
        (root.path / "var" / "portal").rename(root.path / "away")  # at once: the daemon may be at work in it
        wait_for(lambda: _shown(root), "it is public again")
    root.run("verify")


def test_while_the_vaults_disk_is_not_mounted_nothing_is_put_in_its_place(root: Root, tmp_path: Path) -> None:
    root.drop("first", SIDECAR.format(number=1), first_pdf=PDF)
    root.once()
    item = root.json("items")[0]["item"]
    vault, away = root.path / "var" / "vault", root.path / "var" / "away"
    vault.rename(away)
    vault.mkdir()  # where its disk is to be mounted
    (vault / "lost+found").mkdir()
    root.drop("second", SIDECAR.format(number=2), second_pdf=PDF + b"% 2\n")
    told = "nothing of the vault lies here: is its disk mounted?"
    assert told in root.run("run", "--once", code=4).stderr
    (tmp_path / "letter.txt").write_text("letter")
    assert told in root.run("attach", item, str(tmp_path / "letter.txt"), code=4, user="m.devries").stderr
    root.run("verify", "--repair", code=1)
    assert "nothing of the vault lies here" in root.run("doctor", code=1).stdout
    assert told in root.run("status").stdout
    assert [path.name for path in vault.iterdir()] == ["lost+found"]
    vault.rename(root.path / "var" / "mountpoint")
    away.rename(vault)
    root.once()
    assert root.receipt("second")
    root.run("verify")
    # It is lost, and an admin says so.
    vault.rename(away)
    root.drop("third", SIDECAR.format(number=3), third_pdf=PDF + b"% 3\n")
    root.run("run", "--once", code=4)
    root.run("adopt", "--reason", "the disk failed, and there is no backup", user="j.admin")
    root.once()
    assert root.receipt("third")


def test_when_a_vault_that_was_gone_comes_back_drops_go_on_without_a_restart(root: Root) -> None:
    root.drop("first", SIDECAR.format(number=1), first_pdf=PDF)
    vault, away = root.path / "var" / "vault", root.path / "var" / "away"
    with root.daemon() as daemon:
        wait_for(lambda: root.receipt("first"), "it takes drops")
        vault.rename(away)
        root.drop("second", SIDECAR.format(number=2), second_pdf=PDF + b"% 2\n")
        daemon.until_said("a drop can't be taken now")
        away.rename(vault)
        root.drop("third", SIDECAR.format(number=3), third_pdf=PDF + b"% 3\n")
        root.until_taken("acme-bv", "second", "third")
