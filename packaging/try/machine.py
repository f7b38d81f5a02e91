"""A fresh Debian machine to try the documentation on: a root file system of its own, booted with
systemd in a container.

Promises: what is done in it touches nothing of this machine but one folder, and it has no
network but one of its own, so what the guide installs with apt and pip lies ready in it.
Programs that run `outside` are other people's: they have the machine's network and nothing else
of it. `stop` ends the machine and leaves its folder, to be looked at; killed in between, the
machine ends with its parent.

Needs root, mmdebstrap and systemd-nspawn (Debian: mmdebstrap, systemd-container).
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
FOUND = ("apt", "systemd-sysv", "dbus", "ca-certificates", "iproute2", "procps", "curl", "openssl", "nano")
"""What a server that was just installed has."""
READY = ("python3-venv", "samba", "sudo", "nginx")
"""What the guide installs: downloaded, not installed."""
ENVIRON = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "COLUMNS": "140",
}
UBUNTU = "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://archive.ubuntu.com/ubuntu {} main universe"
"""Where Ubuntu's releases come from; the key is in Debian's package ubuntu-keyring."""

BOOT_SECONDS = 60.0
COMMAND_SECONDS = 300.0


class Failed(Exception):
    """A command of the guide did not do what the guide says."""


def need(*programs: str) -> None:
    """End with what is missing and where it comes from."""
    lacking = [name for name in programs if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if os.geteuid() != 0:
        sys.exit("This needs root: it makes users and mounts in a machine of its own.")
    if lacking:
        sys.exit(
            f"This needs {', '.join(lacking)}. On Debian: apt-get install mmdebstrap systemd-container samba smbclient curl buildah podman"
            " podman-compose netavark aardvark-dns crun"
        )


def base(folder: Path, suite: str = SUITE) -> Path:
    """A tar file with a minimal Debian and the guide's packages in apt's cache; made once, kept
    in `folder`."""
    made = folder / f"{suite}.tar"
    if not made.exists():
        part = made.with_suffix(".part.tar")
        fetch = f'chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get -o APT::Install-Recommends=true install --yes --download-only {" ".join(READY)}'
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(FOUND)}", "--skip=cleanup/apt", f"--customize-hook={fetch}",
             suite, part, *([UBUNTU.format(suite), UBUNTU.format(f"{suite}-updates")] if suite == "noble" else [])],
            check=True,
        )  # fmt: skip
        part.rename(made)
    return made


def wheels(folder: Path, *locks: str) -> Path:
    """The libraries of these lock files as wheels, by the package index of this machine's pip."""
    made = folder / "wheels"
    words = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--require-hashes"]
    for lock in locks:
        subprocess.run([*words, "-r", CHECKOUT / lock, "-d", made], check=True, stderr=subprocess.DEVNULL)
    return made


class Machine:
    """The booted machine."""

    address = "192.168.1.10"
    mail_address = "192.168.1.25"

    def __init__(self, folder: Path, name: str, suite: str = SUITE) -> None:
        self.path = folder / name
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        subprocess.run(["tar", "-C", self.path, "-xf", base(folder, suite)], check=True)
        (self.path / "etc/hostname").write_text("server\n")
        (self.path / "etc/hosts").write_text(f"127.0.0.1 localhost server\n{self.mail_address} mail.office.example\n")
        self._log = open(folder / f"{name}.boot.log", "wb")  # noqa: SIM115
        self._servers: list[subprocess.Popen[bytes]] = []
        self._start()

    def _start(self) -> None:
        words = ["setpriv", "--pdeathsig=TERM", "systemd-nspawn", "--quiet", f"--directory={self.path}", "--boot"]
        words += ["--private-network", "--timezone=off", "--register=no", "--keep-unit", "--console=pipe"]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        until = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise Failed(f"the machine does not start: {Path(self._log.name).read_text()[-2000:]}")
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            if children:
                self.leader = int(children[0])
                self._plug_in()
                done = self._enter(["systemctl", "is-system-running", "--wait"])
                if done.stdout.strip() in ("running", "degraded"):
                    return
            time.sleep(0.2)
        raise Failed("the machine does not get ready")

    def _plug_in(self) -> None:
        """A network card with two addresses, the server's and that of the office's mail server."""
        if self.outside(["ip", "link", "show", "lan"]).returncode:
            for words in (
                ["link", "add", "lan", "type", "veth", "peer", "name", "switch"],
                ["addr", "add", f"{self.address}/24", "dev", "lan"],
                ["addr", "add", f"{self.mail_address}/24", "dev", "lan"],
                ["link", "set", "lan", "up"],
                ["link", "set", "switch", "up"],
            ):
                self.outside(["ip", *words])

    def _inside(self) -> list[str]:
        command = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"]
        return [*command, "/usr/bin/env", "-i", *(f"{key}={value}" for key, value in ENVIRON.items())]

    def _enter(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._inside(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=COMMAND_SECONDS,
        )  # fmt: skip

    def sh(self, script: str, typed: str = "") -> tuple[int, str]:
        """What root's shell in the machine does with `script`; on a terminal, with `typed` at
        each question, if that is given."""
        words = ["bash", "-c", script]
        if not typed:
            done = self._enter(words)
            return done.returncode, done.stdout
        return on_a_terminal([*self._inside(), *words], typed)

    def outside(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """A program of this computer on the machine's network: somebody at another desk, or at
        home."""
        command = ["nsenter", f"--target={self.leader}", "--net", "--", *words]
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
        )

    def serve(self, words: Sequence[str], output: Path) -> None:
        """A server of somebody else on the machine's network, until the machine stops."""
        with open(output, "ab") as log:
            words = ["setpriv", "--pdeathsig=TERM", "nsenter", f"--target={self.leader}", "--net", "--", *words]
            self._servers.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def restart(self) -> None:
        """Shut down and boot again; what others served on its network is gone."""
        self._shut_down()
        self._start()

    def stop(self) -> None:
        """Shut down in good order, at most half a minute."""
        self._shut_down()
        self._log.close()

    def _shut_down(self) -> None:
        for server in self._servers:
            server.terminate()
            server.wait()
        self._servers.clear()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


def on_a_terminal(words: Sequence[str], typed: str) -> tuple[int, str]:
    """Run a program that asks on a terminal; each time it waits behind a colon, `typed` and
    Enter are typed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(words[0], list(words))
    printed, asked = b"", 0
    until = time.monotonic() + COMMAND_SECONDS
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 1)
        if ready:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # EIO: the program has ended
                break
            if not data:
                break
            printed += data
            if printed.count(b"assword:") > asked:
                asked = printed.count(b"assword:")
                os.write(terminal, typed.encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), printed.decode().replace("\r\n", "\n")
