"""Real programs bring files into an inbox while the daemon runs, slowly: what is taken must be whole, and nothing is left.

    make try-programs    plays those that this machine has, and writes the table in docs/inbox.md

Each brings a file of FILE_BYTES for a sidecar that lies there already, at a pace that keeps it on its way for
at least five times the settling time where the program can be slowed down, or is killed midway and goes on. They play at once.
"""

from __future__ import annotations

import hashlib
import os
import pty
import random
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kit.support import OWN_CLIENTS, OWN_STAFF, Root, free_port, own_office, wait_for

SETTLE_SECONDS = 0.4
FILE_BYTES = 300_000
PACE = 100_000
"""Bytes a second, where a program can be told."""

SETTINGS = f"""\
watch: {{settle_seconds: {SETTLE_SECONDS}, folder_settle_seconds: {SETTLE_SECONDS}}}
sharing: {{guard: off}}
mail: {{host: 127.0.0.1, port: 9}}
"""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inbox.md"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


@dataclass
class Play:
    """One program's turn: its own folder with the file `stem.pdf`, and where that is to be brought."""

    root: Root
    stem: str
    source: Path
    home: Path

    def run(self, *words: str | Path, text: str | None = None, cwd: Path | None = None) -> None:
        done = subprocess.run(list(map(str, words)), input=text, text=True, capture_output=True, timeout=60, cwd=cwd)
        assert done.returncode == 0, f"{words[0]}: {done.stdout[-500:]}{done.stderr[-500:]}"

    def killed(self, *words: str | Path, text: str | None = None) -> None:
        """Run it, and kill it when a part of the file is on its way."""
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if text is not None and process.stdin is not None:
            process.stdin.write(text.encode())
            process.stdin.flush()
        wait_for(self._is_under_way, f"{words[0]} has begun with {self.stem}")
        process.kill()
        process.wait()

    def _is_under_way(self) -> bool:
        return any(0 < path.stat().st_size < FILE_BYTES for path in self.home.glob(f"*{self.stem}.pdf*") if path.exists()) or any(
            0 < path.stat().st_size < FILE_BYTES for path in self.home.glob(f".*{self.stem}.pdf*") if path.exists()
        )


def slowly(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PACE // 10):
        yield data[start : start + PACE // 10]
        time.sleep(0.1)


# The programs


def rsync(play: Play) -> None:
    limit = f"--bwlimit={PACE // 1000}"
    play.killed("rsync", limit, play.source, play.home)
    play.run("rsync", limit, play.source, play.home)


def rsync_inplace(play: Play) -> None:
    limit = f"--bwlimit={PACE // 1000}"
    play.killed("rsync", "--inplace", limit, play.source, play.home)
    play.run("rsync", "--inplace", limit, play.source, play.home)


def rsync_append(play: Play) -> None:
    limit = f"--bwlimit={PACE // 1000}"
    play.killed("rsync", "--inplace", limit, play.source, play.home)
    play.run("rsync", "--append-verify", limit, play.source, play.home)


def sftp(play: Play) -> None:
    play.run("sftp", "-D", SFTP_SERVER, "-l", str(PACE * 8 // 1000), "-b", "-", text=f"put {play.source} {play.home}/\n")


def sftp_reput(play: Play) -> None:
    play.killed("sftp", "-D", SFTP_SERVER, "-l", str(PACE * 8 // 1000), text=f"put {play.source} {play.home}/\n")
    play.run(
        "sftp",
        "-D",
        SFTP_SERVER,
        "-l",
        str(PACE * 8 // 1000),
        "-b",
        "-",
        text=f"reput {play.source} {play.home}/{play.source.name}\n",
    )


def tar(play: Play) -> None:
    play.run("tar", "cf", play.source.with_suffix(".tar"), "-C", play.source.parent, play.source.name)
    process = subprocess.Popen(["tar", "xf", "-", "-C", str(play.home)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    for piece in slowly(play.source.with_suffix(".tar").read_bytes()):
        process.stdin.write(piece)
        process.stdin.flush()
    process.stdin.close()
    assert process.wait(30) == 0


def unzip(play: Play) -> None:
    with zipfile.ZipFile(play.source.with_suffix(".zip"), "w") as packed:
        packed.write(play.source, play.source.name)
    play.run("unzip", "-q", play.source.with_suffix(".zip"), "-d", play.home)


def seven_zip(play: Play) -> None:
    play.run("7z", "a", play.source.with_suffix(".7z"), play.source)
    play.run("7z", "x", f"-o{play.home}", play.source.with_suffix(".7z"))


def git(play: Play) -> None:
    there = play.source.parent / "repository"
    who = ("-c", "user.name=x", "-c", "user.email=x@office.example")
    play.run("git", "init", "-q", there)
    shutil.copy(play.source, there)
    play.run("git", *who, "add", ".", cwd=there)
    play.run("git", *who, "commit", "-qm", "x", cwd=there)
    play.run("git", f"--git-dir={there}/.git", f"--work-tree={play.home}", "checkout", "-q", "HEAD", "--", play.source.name)


def rclone_local(play: Play) -> None:
    play.run("rclone", "--config", "/dev/null", "copy", f"--bwlimit={PACE // 1000}k", play.source, play.home)


def curl_webdav(play: Play) -> None:
    port = free_port()
    server = subprocess.Popen(
        ["rclone", "--config", "/dev/null", "serve", "webdav", str(play.home), "--addr", f"127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL,
    )
    try:
        words = ["curl", "-sfT", str(play.source), "--limit-rate", str(PACE), f"http://127.0.0.1:{port}/"]
        wait_for(
            lambda: subprocess.run(["curl", "-s", words[-1]], capture_output=True).returncode == 0, "the WebDAV server answers"
        )
        play.run(*words)
    finally:
        server.terminate()
        server.wait()


def libreoffice(play: Play) -> None:
    text = play.source.with_suffix(".txt")
    text.write_text("The annual accounts\n" * 2000)
    profile = f"-env:UserInstallation=file://{play.source.parent}/profile"
    play.run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", play.home, text)


def edited_by(play: Play, *words: str | Path, text: str | None = None) -> None:
    """The sidecar is saved by an editor; then the file comes."""
    play.run(*words, text=text)
    shutil.copy(play.source, play.home / f".{play.source.name}.part")
    (play.home / f".{play.source.name}.part").rename(play.home / play.source.name)


def sed(play: Play) -> None:
    edited_by(play, "sed", "-i.bak", "s/before/after/", play.home / f"{play.stem}.yaml")


def vim(play: Play) -> None:
    edited_by(play, "vim", "-es", "-u", "NONE", "-c", "%s/before/after/", "-c", "wq", play.home / f"{play.stem}.yaml")


def emacs(play: Play) -> None:
    lisp = '(progn (while (search-forward "before" nil t) (replace-match "after")) (save-buffer))'
    edited_by(play, "emacs", "--batch", "-Q", play.home / f"{play.stem}.yaml", "--eval", lisp)


def nano(play: Play) -> None:
    """Somebody types a line on top, and saves (Ctrl-O, Enter), and leaves (Ctrl-X)."""
    sidecar = play.home / f"{play.stem}.yaml"
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = subprocess.Popen(
        ["nano", "-I", str(sidecar)], stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    for keys, then in (
        (b"", b"description"),
        (b"# said by nano\r", b"Modified"),
        (b"\x0f", b"Write"),
        (b"\r", b"Wrote"),
        (b"\x18", b"\x1b[?1049l"),
    ):
        os.write(screen, keys)
        shown = b""
        while then not in shown:
            shown += os.read(screen, 4096)
    os.close(screen)
    assert process.wait(30) == 0
    assert sidecar.read_text().startswith("# said by nano\n")
    edited_by(play, "true")


@contextmanager
def ftp(play: Play) -> Iterator[str]:
    """vsftpd for the folder; its address."""
    port, empty = free_port(), play.source.parent / "empty"
    empty.mkdir()
    settings = play.source.parent / "vsftpd.conf"
    settings.write_text(
        f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nrun_as_launching_user=YES\nseccomp_sandbox=NO\n"
        f"anonymous_enable=YES\nno_anon_password=YES\nanon_root={play.home}\nwrite_enable=YES\nanon_upload_enable=YES\n"
        f"anon_other_write_enable=YES\nanon_world_readable_only=NO\nanon_umask=022\nsecure_chroot_dir={empty}\n"
        "allow_writeable_chroot=YES\n"
    )
    server = subprocess.Popen(["vsftpd", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"ftp://127.0.0.1:{port}/"
        wait_for(lambda: subprocess.run(["curl", "-s", address], capture_output=True).returncode == 0, "the FTP server answers")
        yield address
    finally:
        server.terminate()
        server.wait()


def curl_appe(play: Play) -> None:
    """Resumed, curl asks for the size that is there and sends the rest by APPE."""
    with ftp(play) as address:
        words = ("curl", "-sf", "--limit-rate", str(PACE), "-T", play.source, address)
        play.killed(*words)
        play.run(*words, "-C", "-")


def lftp(play: Play) -> None:
    with ftp(play) as address:
        slow = f"set net:limit-rate {PACE}; set net:socket-buffer 8192"
        play.killed("lftp", "-e", f"{slow}; put {play.source}; quit", address)
        play.run("lftp", "-e", f"{slow}; put -c {play.source}; quit", address)


def rclone_sftp(play: Play) -> None:
    port, key, own = free_port(), play.source.parent / "key", play.source.parent / "host"
    for path in (key, own):
        play.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    os.makedirs("/run/sshd", exist_ok=True)
    options = [
        f"Port={port}", "ListenAddress=127.0.0.1", f"HostKey={own}", f"AuthorizedKeysFile={key}.pub", "StrictModes=no", "PidFile=none",
        "PermitRootLogin=yes", "UsePAM=no", "Subsystem=sftp internal-sftp",
    ]  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    server = subprocess.Popen([str(shutil.which("sshd")), "-D", "-f", "/dev/null", *words], stderr=subprocess.DEVNULL)
    try:
        wait_for(
            lambda: subprocess.run(["ssh-keyscan", "-p", str(port), "127.0.0.1"], capture_output=True).stdout, "sshd answers"
        )
        there = f":sftp,host=127.0.0.1,port={port},user=root,key_file={key}:{play.home}"
        play.run("rclone", "--config", "/dev/null", "copy", f"--bwlimit={PACE // 1000}k", play.source, there)
    finally:
        server.terminate()
        server.wait()


def syncthing(play: Play) -> None:
    """From another folder into the inbox, which only receives."""
    folders = {"sender": (play.source.parent / "shared", "sendonly"), "inbox": (play.home, "receiveonly")}
    folders["sender"][0].mkdir()
    homes, ports, devices = {}, {}, {}
    for name in folders:
        homes[name], ports[name] = play.source.parent / f"syncthing-{name}", free_port()
        play.run("syncthing", "generate", f"--home={homes[name]}")
        told = subprocess.run(
            ["syncthing", "device-id", f"--home={homes[name]}"], capture_output=True, text=True, check=False
        ).stdout
        told = (
            told
            or subprocess.run(
                ["syncthing", "--device-id", f"--home={homes[name]}"], capture_output=True, text=True, check=True
            ).stdout
        )
        devices[name] = told.strip()
    known = "".join(
        f'<device id="{device}" name="{name}"><address>tcp://127.0.0.1:{ports[name]}</address></device>'
        for name, device in devices.items()
    )
    members = "".join(f'<device id="{device}"></device>' for device in devices.values())
    servers = []
    try:
        for name, (folder, kind) in folders.items():
            (folder / ".stfolder").mkdir(exist_ok=True)
            (homes[name] / "config.xml").write_text(
                f'<configuration version="36"><folder id="f" path="{folder}" type="{kind}" rescanIntervalS="1">{members}</folder>{known}'
                f'<gui enabled="true"><address>127.0.0.1:{free_port()}</address></gui><options>'
                f"<listenAddress>tcp://127.0.0.1:{ports[name]}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>"
                "<localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>"
                "<urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH><startBrowser>false</startBrowser>"
                "<reconnectionIntervalS>1</reconnectionIntervalS></options></configuration>"
            )
            words = ["syncthing", "serve", "--no-browser", f"--home={homes[name]}"]
            servers.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        shutil.copy(play.source, folders["sender"][0] / play.source.name)
        play.root.until_taken("acme-bv", play.stem)
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()
        shutil.rmtree(play.home / ".stfolder", ignore_errors=True)


@dataclass(frozen=True)
class Program:
    name: str
    needs: Sequence[str]
    how: str
    play: Callable[[Play], None]


PROGRAMS = (
    Program("rsync", ["rsync"], "killed midway, and again", rsync),
    Program("rsync --inplace", ["rsync"], "killed midway, and again", rsync_inplace),
    Program("rsync --append-verify", ["rsync"], "killed midway, and resumed", rsync_append),
    Program("sftp put", ["sftp"], "slowly", sftp),
    Program("sftp reput", ["sftp"], "killed midway, and resumed", sftp_reput),
    Program("rclone", ["rclone"], "slowly, to a folder", rclone_local),
    Program("curl to WebDAV", ["curl", "rclone"], "slowly; the server is rclone's", curl_webdav),
    Program("tar", ["tar"], "slowly, from a pipe", tar),
    Program("unzip", ["unzip"], "at once", unzip),
    Program("7z", ["7z"], "at once", seven_zip),
    Program("git checkout", ["git"], "at once", git),
    Program("LibreOffice", ["soffice"], "headless, to PDF", libreoffice),
    Program("sed -i.bak", ["sed"], "saves the sidecar", sed),
    Program("vim", ["vim"], "saves the sidecar", vim),
    Program("emacs", ["emacs"], "saves the sidecar", emacs),
    Program("nano", ["nano"], "saves the sidecar", nano),
    Program("vsftpd (APPE)", ["vsftpd", "curl"], "killed midway, and resumed", curl_appe),
    Program("lftp", ["lftp", "vsftpd", "curl"], "killed midway, and resumed", lftp),
    Program("rclone over sftp", ["rclone", "sshd"], "slowly", rclone_sftp),
    Program("Syncthing", ["syncthing"], "into a folder that only receives", syncthing),
)

NOT_PLAYED = (
    (
        "smbclient",
        "cut off midway, and again",
        "waits until it is whole: tests/acceptance/inbox/test_samba.py, against a Samba server",
    ),
)


def played(programs: Sequence[Program]) -> dict[str, str]:
    """Program → what became of its drop: `taken whole`, or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="dossier-programs-") as folder:
        root = own_office(Path(folder) / "office", settings=SETTINGS, clients=OWN_CLIENTS, staff=OWN_STAFF)
        with root.daemon(), ThreadPoolExecutor(len(programs)) as pool:
            return dict(
                zip(
                    [one.name for one in programs], pool.map(lambda one: _outcome(root, Path(folder), one), programs), strict=True
                )
            )


def _outcome(root: Root, folder: Path, program: Program) -> str:
    stem = re.sub(r"\W+", "-", program.name).strip("-")
    source = folder / stem / f"{stem}.pdf"
    source.parent.mkdir()
    source.write_bytes(b"%PDF-1.4\n" + random.Random(stem).randbytes(FILE_BYTES) + b"\n%%EOF\n")
    home = root.inbox()
    (home / f".{stem}.yaml").write_text(f"description: Said before {program.name}\n")
    (home / f".{stem}.yaml").rename(home / f"{stem}.yaml")
    try:
        program.play(Play(root, stem, source, home))
        root.until_taken("acme-bv", stem)
    except BaseException as error:  # noqa: BLE001 - what went wrong is the outcome
        return f"FAILED: {error}"
    told = root.told(stem)["attachments"]
    if program.play is libreoffice:
        return "taken whole" if len(told) == 1 else f"FAILED: {told}"
    whole = hashlib.sha256(source.read_bytes()).hexdigest()
    return "taken whole" if [one["sha256"] for one in told] == [whole] else f"FAILED: a part of it: {told}"


def missing(program: Program) -> str | None:
    lacks = [one for one in program.needs if shutil.which(one) is None]
    lacks += [SFTP_SERVER] if "sftp" in program.needs and not os.path.exists(SFTP_SERVER) else []
    return lacks[0] if lacks else None


def main() -> int:
    there = [one for one in PROGRAMS if missing(one) is None]
    outcomes = played(there)
    rows = [
        f"| {one.name} | {one.how} | {outcomes.get(one.name, f'not played: {missing(one)} is not on this machine')} |"
        for one in PROGRAMS
    ]
    rows += [f"| {name} | {how} | {why} |" for name, how, why in NOT_PLAYED]
    table = "\n".join(["| program | how | outcome |", "|---|---|---|", *rows])
    print(table)
    if any("FAILED" in outcome for outcome in outcomes.values()):
        return 1
    text = PAGE.read_text()
    PAGE.write_text(
        re.sub(r"(?<=<!-- programs -->\n).*?(?=\n<!-- /programs -->)", lambda _: f"\n{table}\n", text, flags=re.DOTALL)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
