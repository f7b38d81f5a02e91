"""Whatever lies in an inbox: the daemon lives on, nobody waits for it, nothing outside is reached, memory stays small."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, Daemon, Root, own_office, wait_for

PDF = b"%PDF-1.7\n" + bytes(range(256)) + b"\n%%EOF\n"
GOOD = "description: Annual accounts 2025\n"
MEMORY_MB = 200
FILES = 10_000
SECRET = b"%PDF-1.7 nobody may see this"


@dataclass
class Running:
    office: Root
    daemon: Daemon
    outside: Path
    count: int = 0

    @property
    def home(self) -> Path:
        return self.office.path / "inbox" / "acme-bv"

    def still_works(self) -> None:
        """Another client's drop is taken, as if nothing had happened."""
        self.count += 1
        stem = f"good-{self.count}"
        self.office.place("zon", {f"{stem}.pdf": PDF, f"{stem}.yaml": f"description: Annual accounts {self.count}\n"})
        self.office.until_taken("zon", stem)
        assert self.daemon.is_alive()

    def vault(self) -> set[str]:
        return {path.name for path in (self.office.path / "var/vault").rglob("*") if path.is_file()}

    def memory_mb(self) -> float:
        """The most that the daemon ever had."""
        for line in Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the daemon is gone")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("office")
    office = own_office(root, settings=OWN_SETTINGS + "intake: {max_file_mb: 100}\n")
    (office.path / "inbox" / "acme-bv").mkdir()
    outside = root / "outside"
    outside.mkdir()
    (outside / "secret.pdf").write_bytes(SECRET)
    with office.daemon() as daemon:
        made = Running(office, daemon, outside)
        yield made
        assert made.memory_mb() < MEMORY_MB
        assert hashlib.sha256(SECRET).hexdigest() not in made.vault()
        assert (outside / "secret.pdf").read_bytes() == SECRET
        assert "Traceback" not in daemon.log()


def test_links_are_reported_and_never_followed(running: Running) -> None:
    (running.home / "linked.pdf").symlink_to(running.outside / "secret.pdf")
    (running.home / "linked.yaml").write_text(GOOD)
    (running.outside / "card.yaml").write_text(GOOD)
    (running.home / "card.yaml").symlink_to(running.outside / "card.yaml")
    (running.home / "card.pdf").write_bytes(PDF)
    (running.outside / "folder").mkdir()
    (running.outside / "folder" / "item.yaml").write_text(GOOD)
    (running.home / "folder").symlink_to(running.outside / "folder")
    (running.office.path / "inbox" / "northwind").symlink_to(running.outside)
    (running.home / "nowhere.pdf").symlink_to("/nonexistent")
    (running.home / "round.pdf").symlink_to(running.home / "round.pdf")
    running.still_works()
    assert running.office.receipt("linked") is None
    assert running.office.receipt("card") is None
    told = running.office.run("status").stdout
    for name in ("acme-bv/linked.pdf", "acme-bv/card.yaml", "acme-bv/folder", "acme-bv/nowhere.pdf", "acme-bv/round.pdf"):
        assert f"{name} is a link: it is never taken; put the file itself here" in told, name
    assert "northwind is a link, and no folder: nothing is taken from there" in told
    for path in running.home.iterdir():
        if path.is_symlink():
            path.unlink()
    for name in ("linked.yaml", "card.pdf"):
        (running.home / name).unlink()
    (running.office.path / "inbox" / "northwind").unlink()


def test_one_file_under_several_names_is_taken_as_so_many(running: Running) -> None:
    """Hard links, as of a program that saves room: each name that is claimed changes the time of all."""
    running.office.place("acme-bv", {"one.pdf": PDF})
    for name in ("two.pdf", "three.pdf"):
        os.link(running.home / "one.pdf", running.home / name)
    running.office.place("acme-bv", {"one.yaml": f"{GOOD}attachments: [one.pdf, two.pdf, three.pdf]\n"})
    running.office.until_taken("acme-bv", "one")
    running.office.place("acme-bv", {"bad.yaml": f"{GOOD}wrong: key\nattachments: [a.pdf, b.pdf]\n", "a.pdf": PDF})
    os.link(running.home / "a.pdf", running.home / "b.pdf")
    names = {"WHY.txt", "a.pdf", "b.pdf", "bad.yaml"}
    refused = running.home / "_rejected"
    wait_for(lambda: {path.name for path in refused.glob("*-bad/*")} == names, "it is refused with all its files")


@pytest.mark.parametrize("what", ["attachment", "sidecar", "folder"])
def test_a_link_that_is_swapped_in_at_any_moment_is_not_followed(running: Running, what: str) -> None:
    """A file or folder and a link to a secret change places without pause while drops are taken from there."""
    over = threading.Event()
    place = running.home / f"swap-{what}"
    if what == "folder":
        (running.outside / "swapped").mkdir()
        (running.outside / "swapped" / "item.yaml").write_text(GOOD)
        (running.outside / "swapped" / "a.pdf").write_bytes(SECRET)

    def swap() -> None:
        number = 0
        while not over.is_set():
            number += 1
            card = f"description: Annual accounts {number}\n"
            if what == "folder":
                made = running.outside / "made"
                made.mkdir()
                (made / "item.yaml").write_text(card)
                (made / "a.pdf").write_bytes(PDF)
                _replace(made, place)
                _replace(_link(running.outside / "link", running.outside / "swapped"), place)
                continue
            name = "a.pdf" if what == "attachment" else "a.yaml"
            (running.outside / name).write_bytes(PDF if what == "attachment" else card.encode())
            os.replace(running.outside / name, running.home / name)
            os.replace(_link(running.outside / "link", running.outside / "secret.pdf"), running.home / name)
            other = "a.yaml" if what == "attachment" else "a.pdf"
            (running.home / other).write_bytes(card.encode() if what == "attachment" else PDF)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(3):
            running.still_works()
    finally:
        over.set()
        swapper.join()
    running.still_works()
    assert hashlib.sha256(SECRET).hexdigest() not in running.vault()
    for path in running.home.iterdir():
        if path.is_symlink():
            path.unlink()


def _link(path: Path, target: Path) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    return path


def _replace(source: Path, place: Path) -> None:
    """Put `source` at `place`; what was there goes away."""
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        aside = source.parent / "aside"
        place.rename(aside)
        for path in aside.iterdir():
            path.unlink()
        aside.rmdir()
    source.rename(place)


def test_pipes_sockets_and_devices_hold_up_nothing(running: Running) -> None:
    os.mkfifo(running.home / "pipe.pdf")
    os.mkfifo(running.home / "pipe.yaml")
    (running.home / "waits.yaml").write_text(GOOD + "attachments: [pipe.pdf]\n")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(running.home / "s.pdf")) if len(str(running.home)) < 90 else None
        if os.geteuid() == 0:
            os.mknod(running.home / "zero.pdf", 0o600 | 0o020000, os.makedev(1, 5))
        running.still_works()
        told = running.office.run("status").stdout
    for name in ("pipe.pdf", "pipe.yaml", *(["zero.pdf"] if os.geteuid() == 0 else [])):
        assert f"acme-bv/{name} is no plain file: it is never taken" in told
    assert "acme-bv/waits.yaml waits for pipe.pdf" in told
    assert running.office.receipt("waits") is None
    for name in ("pipe.pdf", "pipe.yaml", "waits.yaml", "s.pdf", "zero.pdf"):
        (running.home / name).unlink(missing_ok=True)


def test_a_hard_link_to_a_file_elsewhere_is_copied_and_the_file_stays(running: Running) -> None:
    elsewhere = running.outside / "minutes.pdf"
    elsewhere.write_bytes(PDF + b"minutes")
    os.link(elsewhere, running.home / "minutes.pdf")
    (running.home / "minutes.yaml").write_text(GOOD + "labels: [minutes]\n")
    running.office.until_taken("acme-bv", "minutes")
    assert elsewhere.read_bytes() == PDF + b"minutes"
    elsewhere.write_bytes(b"changed afterwards")
    assert hashlib.sha256(PDF + b"minutes").hexdigest() in running.vault()
    kept = running.office.path / "var/vault" / hashlib.sha256(PDF + b"minutes").hexdigest()[:2]
    assert [path.read_bytes() for path in kept.iterdir()] == [PDF + b"minutes"]


NAMES = [
    b"two\nlines", b"tab\tbed", b"bell\x07", b"\xff\xfe\xfd", b"a\xe2\x80\xaegnp", b"\xef\xbb\xbfbom", b"CON", b"nul.txt", b"aux",
    b"with space ", b"dot.", b"quote\"'`$(id)", b"a" * 240, "é".encode() * 120, b"%s%n", b"<script>alert(1)<", b"-rf", b"a\\b",
    unicodedata.normalize("NFD", "café").encode(), unicodedata.normalize("NFC", "café").encode(), b"CAFE", b"cafe", b"{{7*7}}",
]  # fmt: skip


def test_no_name_is_too_strange(running: Running) -> None:
    """Each is the name of a sidecar, of its file, and of a folder drop; each drop is taken or refused, and none is lost."""
    home = os.fsencode(running.office.path / "inbox" / "namen")
    running.office.set("clients", "clients:\n  acme-bv: {name: A}\n  zon: {name: Z}\n  namen: {name: N}\n")
    wait_for(lambda: running.daemon.said("configuration read again"), "config/ is read again")
    os.mkdir(home)
    for number, name in enumerate(NAMES):
        card = f"description: Annual accounts {number}\n".encode()
        for path, data in ((name + b".pdf", PDF + name), (name + b".yaml", card)):
            _write(os.path.join(home, path), data)
        folder = os.path.join(home, b"map " + name)
        os.mkdir(folder)
        for path, data in ((name + b".pdf", PDF + name), (b"item.yaml", card + b"labels: [folder]\n")):
            _write(os.path.join(folder, path), data)

    def left() -> list[bytes]:
        return [name for name in os.listdir(home) if not name.startswith((b"_", b"-rf"))]

    wait_for(lambda: not left(), lambda: f"taken or refused; left are {left()}")
    done = [name for name in os.listdir(home + b"/_done") if name.endswith(b".receipt.yaml")]
    refused = os.listdir(home + b"/_rejected")
    assert len(done) + len(refused) == 2 * len(NAMES)
    for folder in refused:
        assert os.path.getsize(home + b"/_rejected/" + folder + b"/WHY.txt") > 10
    running.still_works()


def _write(path: bytes, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(running: Running) -> None:
    running.office.place(
        "acme-bv", {"bom.pdf": PDF, "bom.yaml": b"\xef\xbb\xbfdescription: Annual accounts 2025\r\nlabels: [a, b]\r\n"}
    )
    running.office.until_taken("acme-bv", "bom")


@pytest.mark.slow
def test_ten_thousand_files_in_one_folder(running: Running) -> None:
    for number in range(FILES):
        _write(os.fsencode(running.home / f"scan-{number}.pdf"), b"")
    running.still_works()
    running.office.place("acme-bv", {"among.pdf": PDF, "among.yaml": GOOD + "labels: [among]\n"})
    running.office.until_taken("acme-bv", "among")
    for number in range(FILES):
        (running.home / f"scan-{number}.pdf").unlink()


@pytest.mark.slow
def test_a_folder_drop_of_ten_thousand_files_is_refused_with_all_of_them(running: Running) -> None:
    (running.home / "huge").mkdir()
    for number in range(FILES):
        _write(os.fsencode(running.home / "huge" / f"{number}.pdf"), b"x")
    (running.home / "huge" / "item.yaml").write_text(GOOD)
    wait_for(lambda: not (running.home / "huge").exists(), "it is refused", 60)
    assert running.office.why("huge").startswith(f"item.yaml:1: {FILES} files in one drop; at most 200")
    refused = running.office.rejected("huge")
    assert refused is not None
    assert len(os.listdir(refused)) == FILES + 2


def test_hundreds_of_the_largest_sidecars_that_wait(running: Running) -> None:
    text = "explanation: " + "x" * 65_000 + "\n"
    for number in range(600):
        running.office.place("acme-bv", {f"large-{number}.yaml": f"description: Annual accounts {number}\n" + text})
    running.still_works()
    for number in range(600):
        (running.home / f"large-{number}.yaml").unlink()


def test_a_sparse_file_of_five_gigabytes_is_refused_at_once(running: Running) -> None:
    with open(running.home / "sparse.pdf", "wb") as file:
        file.truncate(5 * 1024**3)
    (running.home / "sparse.yaml").write_text(GOOD)
    running.office.until_rejected("acme-bv", "sparse")
    assert running.office.why("sparse") == "sparse.yaml:1: `sparse.pdf` is larger than 100 MB; make it smaller or split it\n"
    running.still_works()
