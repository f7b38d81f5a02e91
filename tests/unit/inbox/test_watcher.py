"""How a folder is watched: by its file system's type; and that the watcher hints at what it should."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from kit.support import wait_for
from watchdog.observers import inotify_c

from ingest.inbox.watcher import FolderWatch, Watcher, file_system_of, mode_for

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /srv/share rw - {kind} server:/export rw
31 30 0:41 / /srv/share/local\\040disk rw - xfs /dev/vdb rw
32 22 0:42 / /srv/müller rw - nfs4 server:/m rw
33 22 0:43 / /srv/share rw - {kind} server:/again rw
"""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "vboxsf", "drvfs", "ceph", "fuse.rclone"])
def test_network_file_systems_are_polled(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MOUNTS.format(kind=kind)
    assert file_system_of(Path("/srv/share/inbox"), mounts) == kind
    monkeypatch.setattr(Path, "read_text", lambda path: mounts)
    assert mode_for(Path("/srv/share/inbox"), "auto") == "polling"
    assert mode_for(Path("/srv/share/inbox"), "native") == "native"
    assert mode_for(Path("/srv"), "auto") == "native"
    assert mode_for(Path("/srv"), "polling") == "polling"


def test_the_mount_nearest_to_the_folder_counts_whatever_its_name() -> None:
    mounts = MOUNTS.format(kind="cifs")
    assert file_system_of(Path("/srv/share/local disk/inbox"), mounts) == "xfs"
    assert file_system_of(Path("/srv/share/local"), mounts) == "cifs"
    assert file_system_of(Path("/srv/shared"), mounts) == "ext4"
    assert file_system_of(Path("/srv/müller/in"), mounts) == "nfs4"


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "fuse.bindfs"])
def test_local_file_systems_are_watched_natively(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path: MOUNTS.format(kind=kind))
    assert mode_for(Path("/srv/share/inbox"), "auto") == "native"


class Hints:
    """What a watcher hinted at."""

    def __init__(self) -> None:
        self.all: list[str | None] = []

    def __call__(self, client: str | None) -> None:
        self.all.append(client)

    def after(self, act: Callable[[], object], wanted: str | None) -> None:
        """`act` makes a hint at `wanted`."""
        self.all.clear()
        act()
        wait_for(lambda: wanted in self.all, lambda: f"a hint at {wanted}; there are {self.all}")


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def watcher(tmp_path: Path, hints: Hints) -> Iterator[Watcher]:
    inbox = tmp_path / "inbox"
    (inbox / "acme" / "folder").mkdir(parents=True)
    (inbox / "acme" / "_done").mkdir()
    made = Watcher(inbox, hints, depth=2)
    assert made.start() is None
    yield made
    made.stop()
    assert not made.is_alive()


def test_it_hints_at_the_client_of_whatever_may_make_a_file_whole(watcher: Watcher, hints: Hints, tmp_path: Path) -> None:
    acme = watcher.folder / "acme"
    outside = tmp_path / "outside"
    outside.write_bytes(b"x")
    hints.after(lambda: (acme / "a.pdf").write_bytes(b"x"), "acme")
    hints.after(lambda: (acme / "folder" / "b.pdf").write_bytes(b"x"), "acme")
    hints.after(lambda: os.link(outside, acme / "linked.pdf"), "acme")
    hints.after(lambda: outside.rename(acme / "moved.pdf"), "acme")
    hints.after(lambda: (acme / "moved.pdf").rename(acme / "folder" / "again.pdf"), "acme")
    hints.after((acme / "a.pdf").unlink, "acme")


def test_folders_that_come_later_are_watched_too(watcher: Watcher, hints: Hints, tmp_path: Path) -> None:
    inbox = watcher.folder
    hints.after((inbox / "new").mkdir, "new")
    hints.after(lambda: (inbox / "new" / "a.pdf").write_bytes(b"x"), "new")
    hints.after((inbox / "new" / "drop").mkdir, "new")
    hints.after(lambda: (inbox / "new" / "drop" / "b.pdf").write_bytes(b"x"), "new")
    (tmp_path / "away" / "drop").mkdir(parents=True)
    hints.after(lambda: (tmp_path / "away").rename(inbox / "came"), "came")
    hints.after(lambda: (inbox / "came" / "drop" / "c.pdf").write_bytes(b"x"), "came")


def test_a_folder_that_is_renamed_or_made_anew_hints_under_the_name_it_has(
    watcher: Watcher, hints: Hints, tmp_path: Path
) -> None:
    inbox = watcher.folder
    hints.after(lambda: (inbox / "acme").rename(inbox / "zon"), "zon")
    hints.after(lambda: (inbox / "zon" / "a.pdf").write_bytes(b"x"), "zon")
    hints.after(lambda: (inbox / "zon" / "folder" / "b.pdf").write_bytes(b"x"), "zon")
    hints.after(lambda: (inbox / "zon").rename(tmp_path / "gone"), "zon")
    hints.after((inbox / "zon").mkdir, "zon")
    hints.after(lambda: (inbox / "zon" / "c.pdf").write_bytes(b"x"), "zon")
    hints.after((inbox / "between").mkdir, "between")  # all hints before this one have come
    hints.all.clear()
    (tmp_path / "gone" / "d.pdf").write_bytes(b"x")
    hints.after((inbox / "last").mkdir, "last")
    assert "zon" not in [hint for hint in hints.all if hint != "last"]


def test_what_is_never_taken_makes_no_noise(watcher: Watcher, hints: Hints) -> None:
    acme = watcher.folder / "acme"
    hints.all.clear()
    (acme / "_done" / "a.receipt.yaml").write_bytes(b"x")
    (acme / ".hidden").write_bytes(b"x")
    (acme / "a.pdf.part").write_bytes(b"x")
    (acme / "_rejected").mkdir()
    (acme / "_rejected" / "a.pdf").write_bytes(b"x")
    hints.after((watcher.folder / "end").mkdir, "end")
    assert "acme" not in hints.all


def test_a_watch_begins_anew_when_another_folder_lies_there(tmp_path: Path, hints: Hints) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "acme").mkdir(parents=True)
    watch = FolderWatch(inbox, hints, depth=2)
    assert watch.supervise("native")
    assert not watch.supervise("native")
    inbox.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        watch.supervise("native")
    assert watch.polls
    (tmp_path / "away").rename(inbox)
    assert watch.supervise("native")
    assert not watch.polls
    hints.after(lambda: (inbox / "acme" / "a.pdf").write_bytes(b"x"), "acme")
    assert watch.supervise("polling")
    assert watch.polls
    watch.stop()


def test_what_is_used_of_the_inside_of_watchdog_is_there() -> None:
    """A minor version of watchdog may change it, as it is no public interface; so one version is pinned (pyproject.toml).

    Where this fails after an update, watcher.py must follow what it names. Lock files pin it once more.
    """
    assert metadata.version("watchdog").startswith("7.1."), "try watcher.py against this version, then move the pin"
    calls = {"add_callback": ["self", "path", "mask", "callback", "id_"], "remove_callbacks": ["self", "callbacks"]}
    for name, expected in calls.items():
        found = list(inspect.signature(getattr(inotify_c.InotifyFD, name)).parameters)
        assert found == expected, f"InotifyFD.{name} takes {found} now: watcher.py calls it with {expected}"
    for name in ("start", "stop", "is_alive", "join"):
        assert hasattr(inotify_c.InotifyFD, name), f"InotifyFD.{name} is gone: watcher.py begins and ends the thread by it"
    told = {name for name in dir(inotify_c.WatchCallback) if name.startswith("on_")}
    assert told == {"on_event", "on_watch_deleted", "on_queue_overflow"}, (
        f"what is called has changed: {told}; see the end of watcher.py"
    )
    for name in ("wd", "mask", "name", "is_directory", "is_create", "is_moved_to"):
        assert hasattr(inotify_c.InotifyEvent, name) or name in inotify_c.InotifyEvent.__annotations__, (
            f"an event has no `{name}` any more: Watcher._take asks for it"
        )
