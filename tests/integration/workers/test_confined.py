"""What a process has given up stays given up, in what it starts as well: the kernel holds it to that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASKED = "import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)"
"""Which version of landlock(7) there is; not with what is tested."""

CONFINED = """
import os, signal, socket, subprocess, sys
from pathlib import Path
from dossier.workers.confined import no_calls_out, only_these_files
folder, other, port, parent = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), os.getppid()
waiting = str(folder.parent / "socket")
only_these_files([Path("/usr"), Path("/lib"), Path("/lib64"), Path("/bin")], [folder])
no_calls_out()
(folder / "mine").write_text("mine")
assert (folder / "mine").read_text() == "mine"
assert subprocess.run(["/bin/true"]).returncode == 0
(folder / "link").symlink_to(other)
for attempt in (
    other.read_text, (folder / "link").read_text, lambda: other.write_text("x"), other.unlink, lambda: os.listdir(other.parent),
    lambda: (other.parent / "new").write_text("x"), lambda: (folder / "mine").rename(other), lambda: os.kill(parent, 0),
    lambda: Path(f"/proc/{parent}/environ").read_text(), lambda: socket.create_connection(("127.0.0.1", port)),
    lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM), lambda: socket.socket(socket.AF_UNIX).connect(waiting),
    lambda: subprocess.run(["/bin/cat", str(other)], check=True, stderr=subprocess.DEVNULL),
):
    try:
        attempt()
    except (OSError, subprocess.CalledProcessError):
        continue
    sys.exit("it could")
print("held")
"""


def test_only_what_it_was_left_is_within_its_reach(tmp_path: Path) -> None:
    import socket

    if subprocess.run([sys.executable, "-c", ASKED], capture_output=True).returncode:
        pytest.skip("the kernel, or the container, confines nothing here")
    folder, other = tmp_path / "folder", tmp_path / "others" / "file"
    folder.mkdir()
    other.parent.mkdir()
    other.write_text("somebody else's")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as near:
        near.bind(str(tmp_path / "socket"))
        near.listen()
        done = subprocess.run(
            [sys.executable, "-c", CONFINED, folder, other, str(server.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.stdout, done.stderr) == ("held\n", "")
    assert other.read_text() == "somebody else's"
