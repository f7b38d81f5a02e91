"""What the kernel tells of writers, and where it isn't believed."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from dossier.files import kernel
from dossier.files.leases import has_writer

# Opens the file for writing and closes it, as fast as it can, for a second.
WRITER = "import os, sys, time\nend = time.monotonic() + 1\nwhile time.monotonic() < end:\n  os.close(os.open(sys.argv[1], os.O_WRONLY))\n"

# Asks, as fast as it can, for as long: without a handler for any signal.
ASKER = (
    "import os, sys, time\nfrom dossier.files.leases import has_writer\nend, found = time.monotonic() + 1, set()\n"
    "while time.monotonic() < end:\n  fd = os.open(sys.argv[1], os.O_RDONLY)\n  found.add(has_writer(fd))\n  os.close(fd)\n"
    "print(sorted(found))\n"
)


def test_a_writer_that_comes_while_we_ask_ends_nobody(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"x")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path]) for _ in range(2)]
    asked = subprocess.run([sys.executable, "-c", ASKER, path], capture_output=True, text=True)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert [writer.wait() for writer in writers] == [0, 0]
    assert "False" in asked.stdout


@pytest.mark.parametrize("kind", [0x6969, 0xFF534D42, 0xFE534D42, 0x65735546])
def test_on_a_network_file_system_it_can_not_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    class Libc:
        @staticmethod
        def fstatfs(descriptor: int, buffer: ctypes.Array[ctypes.c_long]) -> int:
            buffer[0] = kind if kind < 0x80000000 else kind - (1 << 32)  # as the kernel may sign it
            return 0

    path = tmp_path / "report.pdf"
    path.write_bytes(b"x")
    with open(path, "rb") as file, open(path, "ab"):
        assert has_writer(file.fileno()) is True
        monkeypatch.setattr(kernel, "_libc", Libc)
        assert has_writer(file.fileno()) is None
