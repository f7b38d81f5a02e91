"""The virus scanner, with a real clamd that knows one signature: that of the EICAR test file."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, free_port, need, own_office, wait_for

from ingest.intake.scanning import NotScanned, ScannerGone, find_virus, why_gone

GOOD = "description: Annual accounts 2025\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n%%EOF\n"


class Clamd:
    """A scanner that can be started and stopped; `unix` and `tcp` are its addresses."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.unix, self.tcp = f"unix:{folder}/clamd.ctl", f"tcp:127.0.0.1:{self.port}"
        (folder / "db").mkdir()
        (folder / "db" / "local.ndb").write_text(f"Local.Eicar:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(
            f"Foreground yes\nLocalSocket {folder}/clamd.ctl\nTCPSocket {self.port}\nTCPAddr 127.0.0.1\n"
            f"DatabaseDirectory {folder}/db\nStreamMaxLength 1M\nFixStaleSocket yes\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [need("clamd"), "--config-file", str(self.folder / "clamd.conf")], stdout=log, stderr=log
            )
        wait_for(self._answers, (self.folder / "log").read_text)

    def _answers(self) -> bool:
        try:
            return find_virus(self.tcp, self.folder / "clamd.conf", "x") is None
        except NotScanned:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    made = Clamd(tmp_path_factory.mktemp("clamd"))
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_what_is_found_is_named_and_what_is_clean_is_clean(clamd: Clamd, tmp_path: Path, way: str) -> None:
    path, address = tmp_path / "file", getattr(clamd, way)
    path.write_bytes(PDF + b"x" * 700_000)
    assert find_virus(address, path, "a.pdf") is None
    path.write_bytes(b"")
    assert find_virus(address, path, "a.pdf") is None
    path.write_bytes(b"x" * 600_000 + EICAR)
    assert "Local.Eicar" in (find_virus(address, path, "a.pdf") or "")


def test_a_file_over_the_scanners_limit_is_not_clean_but_not_scanned(clamd: Clamd, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size in (1_100_000, 30_000_000):
        path.write_bytes(EICAR + b"x" * size)
        with pytest.raises(NotScanned, match=r"StreamMaxLength|size limit exceeded"):
            find_virus(clamd.unix, path, "a.pdf")


@pytest.mark.parametrize("address", ["unix:/nonexistent/clamd.ctl", "tcp:127.0.0.1:9"])
def test_a_scanner_that_is_not_there_has_not_scanned(tmp_path: Path, address: str) -> None:
    (tmp_path / "file").write_bytes(PDF)
    with pytest.raises(NotScanned, match=r"can't be asked .*start clamd, or see intake\.clamd"):
        find_virus(address, tmp_path / "file", "a.pdf")


def test_a_finding_refuses_the_drop_and_a_scanner_that_is_away_holds_it(clamd: Clamd, tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=OWN_SETTINGS + f"intake: {{clamd: '{clamd.unix}'}}\n")
    office.place("acme-bv", {"bad.pdf": PDF + EICAR, "bad.yaml": GOOD, "good.pdf": PDF, "good.yaml": GOOD})
    office.once()
    (line,) = office.why("bad").splitlines()
    assert line.startswith("bad.yaml:1: `bad.pdf`: the virus scanner found Local.Eicar")
    assert office.receipt("good")
    assert office.receipt("bad") is None

    office.place(
        "acme-bv", {"large.pdf": b"x" * 3_000_000 + PDF, "large.yaml": GOOD, "small.pdf": PDF + b"s", "small.yaml": GOOD}
    )
    done = office.run("run", "--once", code=None)
    assert (done.returncode, "StreamMaxLength" in done.stderr or "limits" in done.stderr) == (4, True), done.stderr
    assert office.receipt("small")
    assert "large.pdf" in office.tree("acme-bv")

    clamd.stop()
    try:
        office.place("zon", {"later.pdf": PDF, "later.yaml": GOOD})
        done = office.run("run", "--once", code=None)
        assert (done.returncode, "start clamd" in done.stderr) == (4, True), done.stderr
        assert office.tree("zon") == ["later.pdf", "later.yaml"]
        assert "start clamd" in office.run("status").stdout
        assert why_gone(clamd.unix) is not None
        assert why_gone(clamd.tcp) is not None
    finally:
        clamd.start()
    assert (why_gone(clamd.unix), why_gone(clamd.tcp)) == (None, None)
    office.once(code=4)
    assert office.receipt("later", "zon")
    told = [
        (one["action"], one["detail"]["alarm"]) for one in office.json("audit", "log", "--limit", "0") if "alarm" in one["detail"]
    ]
    assert [one for one in told if one[1] == "scanner"] == [("alarm", "scanner"), ("alarm_over", "scanner")]
    assert ("alarm", "intake zon") not in told


def test_a_scanner_that_took_all_and_hung_up_has_not_scanned_that_file_and_is_not_away(tmp_path: Path) -> None:
    """As clamd at its limit, where the rest of the file had gone into the line already: a reset in place of an answer."""
    path = tmp_path / "file"
    path.write_bytes(PDF)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            line = server.accept()[0]
            wait_for(lambda: line.recv(1000, socket.MSG_PEEK).endswith(PDF + bytes(4)), "all of it was sent")
            line.close()  # what is left unread makes the end a reset (RFC 1122, 4.2.2.13)

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(NotScanned, match="hung up") as told:
            find_virus(f"tcp:127.0.0.1:{server.getsockname()[1]}", path, "file")
        thread.join()
    assert not isinstance(told.value, ScannerGone)


def test_an_address_that_is_none_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings="intake: {clamd: /run/clamav/clamd.ctl}\n")
    done = office.run("status", code=None)
    assert (done.returncode, done.stderr) == (
        3, "config/settings.yaml:1: intake.clamd: give unix:/path/of/the/socket or tcp:HOST:PORT\n"
    )  # fmt: skip
