"""Every way a file arrives, watched natively and polled, with a real daemon: nothing is taken before it is whole, nothing is missed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit.folders import OTHER_FILE_SYSTEM
from kit.support import OWN_CLIENTS, OWN_SETTINGS, Daemon, Root, own_office, wait_for

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
GOOD = "description: Annual accounts 2025\n"
MANY = 40
SETTLE_SECONDS = 0.2
STEPS = 8


def listing(*names: str) -> str:
    return GOOD + f"attachments: [{', '.join(names)}]\n"


@dataclass
class Running:
    office: Root
    daemon: Daemon
    elsewhere: Path
    """A folder on the inbox's file system."""
    _count: int = 0

    @property
    def home(self) -> Path:
        return self.office.path / "inbox" / "acme-bv"

    def name(self) -> str:
        """A stem that no other test uses."""
        self._count += 1
        return f"drop-{self._count}"

    def taken(self, stem: str, *contents: bytes) -> None:
        """Wait for the receipt, and see that it names exactly these contents, and that nothing of the drop is left."""
        self.office.until_taken("acme-bv", stem)
        found = sorted(entry["sha256"] for entry in self.office.told(stem)["attachments"])
        assert found == sorted(hashlib.sha256(data).hexdigest() for data in contents)
        wait_for(
            lambda: not [name for name in self.office.tree("acme-bv") if name.startswith(f"{stem}.")], f"{stem} leaves the inbox"
        )

    def reconfigure(self, **texts: str) -> None:
        """Write config files and wait until the daemon has read them."""
        before = self.daemon.log().count("configuration read again")
        for name, text in texts.items():
            self.office.set(name, text)
        wait_for(lambda: self.daemon.log().count("configuration read again") > before, "config/ is read again")

    def looked(self) -> None:
        """The daemon has looked at the folder: what settled before now would be taken by now, as a drop is that comes after it."""
        stem = self.name()
        self.office.place("acme-bv", {f"{stem}.pdf": PDF, f"{stem}.yaml": f"description: A drop that comes after, {stem}\n"})
        self.office.until_taken("acme-bv", stem)

    def is_decided(self, stem: str) -> bool:
        return bool(self.office.receipt(stem) or self.office.rejected(stem))

    def not_yet(self, stem: str) -> None:
        """Not taken and not refused, though the daemon has looked."""
        self.looked()
        assert not self.is_decided(stem)

    def written_step_by_step(self, write: Callable[[str, int], None]) -> str:
        """A drop that is written to in STEPS steps, a good deal less than SETTLE_SECONDS apart, and is not taken between them.

        The stem. Where this machine was too busy for that pace, it is begun anew with another one.
        """
        while True:
            stem, before = self.name(), time.monotonic()
            for step in range(STEPS):
                write(stem, step)
                time.sleep(SETTLE_SECONDS / 3)
                is_decided, now = self.is_decided(stem), time.monotonic()
                if now - before > SETTLE_SECONDS:
                    break
                assert not is_decided
                before = now
            else:
                return stem


@pytest.fixture(scope="module", params=["native", "polling"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("office")
    watch = f"{{settle_seconds: {SETTLE_SECONDS}, folder_settle_seconds: {SETTLE_SECONDS}, mode: {request.param}, poll_seconds: 0.25, rescan_seconds: 3600}}"
    office = own_office(root, settings=OWN_SETTINGS.replace("{settle_seconds: 0.2, folder_settle_seconds: 0.2}", watch))
    (office.path / "inbox" / "acme-bv").mkdir()
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    with office.daemon() as daemon:
        daemon.until_said(f'"mode": "{request.param}"')
        yield Running(office, daemon, elsewhere)


only_native = pytest.mark.parametrize("running", ["native"], indirect=True)
"""Where the way of watching makes no difference."""

# Whole or not


def test_a_file_still_open_for_writing_is_left_alone(running: Running) -> None:
    stem = running.name()
    with open(running.home / f"{stem}.pdf", "wb") as slow:
        slow.write(PDF)
        slow.flush()
        running.office.place("acme-bv", {f"{stem}.yaml": GOOD})
        running.not_yet(stem)
        slow.write(PDF)
    running.taken(stem, PDF + PDF)


@only_native
def test_a_sidecar_still_open_for_writing_is_left_alone(running: Running) -> None:
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.pdf": PDF})
    with open(running.home / f"{stem}.yaml", "w") as slow:
        slow.write(GOOD)
        slow.flush()
        running.not_yet(stem)
        slow.write("labels: [late]\n")
    running.taken(stem, PDF)


def test_a_file_that_grows_again_and_again_is_taken_when_it_is_whole(running: Running) -> None:
    def grow(stem: str, step: int) -> None:
        if step == 0:
            running.office.place("acme-bv", {f"{stem}.yaml": GOOD})
        with open(running.home / f"{stem}.pdf", "ab") as growing:
            growing.write(PDF)

    stem = running.written_step_by_step(grow)
    running.taken(stem, PDF * STEPS)


def test_a_file_that_is_replaced_by_rename_is_taken_as_it_is_then(running: Running) -> None:
    def put(stem: str, step: int) -> None:
        new = running.home / f".{stem}.new"
        new.write_bytes(PDF + bytes([step]))
        new.rename(running.home / f"{stem}.pdf")
        if step == 0:
            running.office.place("acme-bv", {f"{stem}.yaml": GOOD})

    stem = running.written_step_by_step(put)
    running.taken(stem, PDF + bytes([STEPS - 1]))


@only_native
def test_a_download_under_another_name_is_taken_once_it_is_renamed(running: Running) -> None:
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.yaml": GOOD})
    for suffix in ("crdownload", "part"):
        (running.home / f"{stem}.pdf.{suffix}").write_bytes(PDF)
    running.not_yet(stem)
    (running.home / f"{stem}.pdf.part").rename(running.home / f"{stem}.pdf")
    running.office.until_taken("acme-bv", stem)
    assert (running.home / f"{stem}.pdf.crdownload").read_bytes() == PDF
    (running.home / f"{stem}.pdf.crdownload").unlink()


# Every way


@pytest.mark.parametrize("order", ["sidecar first", "files first", "both at once"])
def test_sidecar_first_or_files_first_makes_no_difference(running: Running, order: str) -> None:
    stem = running.name()
    card, pdf = {f"{stem}.yaml": GOOD}, {f"{stem}.pdf": PDF}
    first, then = (card, pdf) if order == "sidecar first" else (pdf, card)
    running.office.place("acme-bv", first)
    if order != "both at once":
        running.not_yet(stem)
    running.office.place("acme-bv", then)
    running.taken(stem, PDF)


def test_files_that_are_written_elsewhere_and_renamed_in(running: Running) -> None:
    stem = running.name()
    for name, data in ((f"{stem}.pdf", PDF), (f"{stem}.yaml", GOOD.encode())):
        (running.elsewhere / name).write_bytes(data)
        (running.elsewhere / name).rename(running.home / name)
    running.taken(stem, PDF)


def test_files_that_are_hard_linked_in(running: Running) -> None:
    stem = running.name()
    for name, data in ((f"{stem}.pdf", PDF), (f"{stem}.yaml", GOOD.encode())):
        (running.elsewhere / name).write_bytes(data)
        os.link(running.elsewhere / name, running.home / name)
    running.taken(stem, PDF)
    assert (running.elsewhere / f"{stem}.pdf").read_bytes() == PDF


@only_native
@pytest.mark.skipif(not os.access(OTHER_FILE_SYSTEM, os.W_OK), reason="there is no second file system here")
def test_files_that_are_moved_in_from_another_file_system(running: Running) -> None:
    stem = running.name()
    other = OTHER_FILE_SYSTEM / f"dossier-{os.getpid()}-{stem}"
    for name, data in ((f"{stem}.pdf", PDF), (f"{stem}.yaml", GOOD.encode())):
        other.write_bytes(data)
        shutil.move(other, running.home / name)
    running.taken(stem, PDF)


def test_a_folder_that_is_moved_in_with_its_contents(running: Running) -> None:
    stem = running.name()
    folder = running.elsewhere / stem
    folder.mkdir()
    for name, data in (("item.yaml", GOOD.encode()), ("a.pdf", PDF), ("b.pdf", PDF + b"b")):
        (folder / name).write_bytes(data)
    folder.rename(running.home / stem)
    running.taken(stem, PDF, PDF + b"b")
    wait_for(lambda: not (running.home / stem).exists(), "the folder is gone")


def test_a_folder_that_is_copied_in_file_by_file(running: Running) -> None:
    stem = running.name()
    (running.home / stem).mkdir()
    names = [f"page-{number}.pdf" for number in range(4)]
    (running.home / stem / "item.yaml").write_text(listing(*names))
    for number, name in enumerate(names):
        running.not_yet(stem)
        (running.home / stem / name).write_bytes(PDF + bytes([number]))
    running.taken(stem, *(PDF + bytes([number]) for number in range(4)))


@only_native
def test_a_folder_whose_sidecar_comes_last_and_lists_nothing_takes_all_that_is_in_it(running: Running) -> None:
    stem = running.name()
    (running.home / stem).mkdir()
    for number in range(5):
        (running.home / stem / f"{number}.pdf").write_bytes(PDF + bytes([number]))
    running.not_yet(stem)
    (running.home / stem / "item.yaml").write_text(GOOD)
    running.taken(stem, *(PDF + bytes([number]) for number in range(5)))


def test_a_folder_that_is_renamed_while_it_waits_is_taken_under_its_new_name(running: Running) -> None:
    old, new = running.name(), running.name()
    (running.home / old).mkdir()
    (running.home / old / "item.yaml").write_text(listing("a.pdf"))
    running.looked()
    (running.home / old).rename(running.home / new)
    (running.home / new / "a.pdf").write_bytes(PDF)
    running.taken(new, PDF)
    assert not running.is_decided(old)


@only_native
def test_a_sidecar_that_is_edited_while_its_files_are_still_coming(running: Running) -> None:
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.yaml": listing(f"{stem}-a.pdf"), f"{stem}-b.pdf": PDF + b"b"})
    running.looked()
    running.office.place("acme-bv", {f"{stem}.yaml": listing(f"{stem}-a.pdf", f"{stem}-b.pdf", f"{stem}-c.pdf")})
    running.office.place("acme-bv", {f"{stem}-a.pdf": PDF})
    running.not_yet(stem)
    running.office.place("acme-bv", {f"{stem}-c.pdf": PDF + b"c"})
    running.office.until_taken("acme-bv", stem)
    running.taken(stem, PDF, PDF + b"b", PDF + b"c")


@only_native
def test_many_drops_by_several_writers_at_once_are_each_taken_once(running: Running) -> None:
    stem = running.name()
    script = (
        "import sys, pathlib, time\n"
        "home, stem, first = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])\n"
        f"for n in range(first, first + {MANY}):\n"
        "    (home / f'{stem}-{n}.yaml').write_text('description: Annual accounts %d\\n' % n)\n"
        "    with open(home / f'{stem}-{n}.pdf', 'wb') as file:\n"
        "        for part in range(4):\n"
        "            file.write(b'%PDF-1.7' + b'x' * 10000 + b'%%EOF'); file.flush(); time.sleep(0.002)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(running.home), stem, str(first)]) for first in (0, MANY, 2 * MANY)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    running.office.until_taken("acme-bv", *(f"{stem}-{number}" for number in range(3 * MANY)))
    receipts = [running.office.told(f"{stem}-{number}") for number in range(3 * MANY)]
    assert len({receipt["item"] for receipt in receipts}) == 3 * MANY
    assert {receipt["attachments"][0]["sha256"] for receipt in receipts} == {
        hashlib.sha256((b"%PDF-1.7" + b"x" * 10000 + b"%%EOF") * 4).hexdigest()
    }


def test_a_client_folder_that_is_made_while_the_daemon_runs(running: Running) -> None:
    assert not (running.office.path / "inbox" / "zon").exists()
    running.office.place("zon", {"a.pdf": PDF, "a.yaml": GOOD, "map/item.yaml": GOOD, "map/b.pdf": PDF})
    running.office.until_taken("zon", "a", "map")


def test_a_client_folder_that_is_moved_in_with_drops_in_it(running: Running) -> None:
    shutil.rmtree(running.office.path / "inbox" / "zon", ignore_errors=True)
    away = running.elsewhere / "zon"
    (away / "folder").mkdir(parents=True)
    for name, data in (
        ("m.pdf", PDF),
        ("m.yaml", GOOD.encode()),
        ("folder/item.yaml", GOOD.encode() + b"labels: [f]\n"),
        ("folder/n.pdf", PDF),
    ):
        (away / name).write_bytes(data)
    away.rename(running.office.path / "inbox" / "zon")
    running.office.until_taken("zon", "m", "folder")
    running.office.place("zon", {"later.pdf": PDF + b"l", "later.yaml": GOOD})
    running.office.until_taken("zon", "later")


# The configuration, read again


@only_native
def test_a_client_that_is_added_to_the_configuration_while_the_daemon_runs(running: Running) -> None:
    running.office.place("nieuw", {"a.pdf": PDF, "a.yaml": GOOD})
    running.looked()
    assert running.office.tree("nieuw") == ["a.pdf", "a.yaml"]
    running.office.set("clients", OWN_CLIENTS + "  nieuw: {name: Nieuw B.V.}\n")
    running.office.until_taken("nieuw", "a")
    running.office.place("nieuw", {"b.pdf": PDF, "b.yaml": GOOD + "labels: [b]\n"})
    running.office.until_taken("nieuw", "b")


@only_native
def test_a_faulty_configuration_is_reported_and_the_old_one_kept(running: Running) -> None:
    running.office.set("clients", OWN_CLIENTS + "  nieuw: {nam: Nieuw B.V.}\n")
    running.daemon.until_said("clients.yaml:8")
    told = running.office.run("status", code=None)
    assert told.returncode == 0, "what only reads goes on"
    assert "config/clients.yaml:8" in told.stderr
    refused = running.office.run("edit", "D-2026-000001", "--status", "new", code=3)
    assert (
        refused.stderr.splitlines()[-1] == "config/clients.yaml:8: clients.nieuw.nam: there is no such key; did you mean `name`?"
    )
    running.daemon.until_said("config/ was changed, but is wrong; the old one holds")
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.pdf": PDF, f"{stem}.yaml": GOOD + f"labels: [{stem}]\n"})
    running.taken(stem, PDF)
    running.office.set("clients", OWN_CLIENTS)
    wait_for(lambda: "is wrong" not in running.office.run("status").stdout, "the alarm is over")


def test_settings_that_are_changed_hold_for_the_next_drop(running: Running) -> None:
    settings = (running.office.path / "config/settings.yaml").read_text()
    running.reconfigure(settings=settings + "intake: {max_file_mb: 1}\n")
    stem, big = running.name(), bytes(1024 * 1024) + PDF
    running.office.place("acme-bv", {f"{stem}.pdf": big, f"{stem}.yaml": GOOD})
    running.office.until_rejected("acme-bv", stem)
    other = (
        settings.replace("mode: native", "mode: polling") if "mode: native" in settings else settings.replace("polling", "native")
    )
    running.reconfigure(settings=other)
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.pdf": big, f"{stem}.yaml": GOOD})
    running.taken(stem, big)
    running.reconfigure(settings=settings)


@only_native
def test_paths_that_are_changed_are_an_alarm_until_the_daemon_is_started_again(running: Running) -> None:
    settings = (running.office.path / "config/settings.yaml").read_text()
    running.office.set("settings", settings + "paths: {inbox: other}\n")
    running.daemon.until_said("restart dossier")
    stem = running.name()
    running.office.place("acme-bv", {f"{stem}.pdf": PDF, f"{stem}.yaml": GOOD + f"labels: [{stem}]\n"})
    running.taken(stem, PDF)
    running.office.set("settings", settings)
