"""Drops through a share of a real Samba, with the configuration that comes with dossier, taken by a daemon without privileges."""

from __future__ import annotations

import contextlib
import grp
import hashlib
import json
import os
import pwd
import re
import secrets
import shlex
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit import folders
from kit.support import CLIENTS, DOSSIER, PDF, Root, free_port, need, wait_for

CONFIGURATION = Path(__file__).resolve().parents[3] / "packaging/samba/smb.conf"
GUIDE = CONFIGURATION.parents[2] / "docs/installing.md"
PASSWORD = "drop-by-drop"
CAPABILITIES = "+lease,+dac_read_search"
"""The unit's, and one by which the daemon gets at a Python that lies in another user's home, as it may on a test machine."""


@dataclass
class Share:
    root: Root
    port: int
    group: str
    service: str
    petra: str
    karel: str
    marieke: str

    def client(self, user: str, share: str = "inbox") -> list[str]:
        return ["smbclient", f"//127.0.0.1/{share}", "-p", str(self.port), "-U", f"{user}%{PASSWORD}", "-m", "SMB3"]

    def put(self, user: str, *files: Path, folder: str = "acme-bv") -> None:
        commands = "; ".join(f'put "{path}" "{path.name}"' for path in files)
        done = subprocess.run([*self.client(user), "-D", folder, "-c", commands], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def _may_have(capabilities: str) -> bool:
    words = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}",
    ]
    return subprocess.run([*words, DOSSIER, "--version"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def share() -> Iterator[Share]:
    smbd = need("smbd")
    for program in ("smbclient", "setpriv", "useradd"):
        need(program)
    if os.geteuid() != 0:
        pytest.skip("only root can make the users that a share needs")
    mark = secrets.token_hex(3)
    group, service, petra, karel, marieke = (f"t{mark}{name}" for name in ("office", "svc", "petra", "karel", "marie"))
    top = folders.new_folder("share")  # not pytest's folder: others can't enter that
    with contextlib.ExitStack() as undo:
        undo.callback(folders.remove, top)
        os.chmod(top, 0o711)
        made = Share(Root(top / "office"), free_port(), group, service, petra, karel, marieke)
        _follow_guide(made, undo)
        _configure(made)
        undo.enter_context(_samba(smbd, made, top))
        undo.enter_context(_daemon(made, top))
        yield made


def _follow_guide(made: Share, undo: contextlib.ExitStack) -> None:
    """Do what docs/installing.md says in its steps 2 and 3, with this test's names and place; `undo` takes it back."""
    steps = GUIDE.read_text().partition("## 2.")[2].partition("## 4.")[0]
    names = {"office": made.group, "dossier": made.service, "pbakker": made.petra, "mdevries": made.marieke}
    undo.callback(subprocess.run, ["groupdel", made.group], capture_output=True)
    for block in re.findall(r"```sh\n(.*?)```", steps, re.DOTALL):
        for line in block.splitlines():
            program, *words = shlex.split(line)
            words = [word.replace("/srv/office", str(made.root.path)) for word in words]
            words = [":".join(names.get(part, part) for part in word.split(":")) for word in words]
            program = str(DOSSIER) if program == "dossier" else program
            subprocess.run([program, *words], check=True, capture_output=True)
            if program == "useradd" and words[-1] == made.petra:
                subprocess.run([program, *words[:-1], made.karel], check=True, capture_output=True)
            if program == "useradd":
                for user in (made.service, made.petra, made.karel, made.marieke):
                    undo.callback(subprocess.run, ["userdel", user], capture_output=True)


def _configure(made: Share) -> None:
    made.root.set(
        "settings", "watch: {settle_seconds: 0.5, folder_settle_seconds: 0.5}\npaths: {queue: queue}\nsharing: {guard: off}\n"
    )
    made.root.set("clients", CLIENTS.replace("default_approver: m.devries", "active: true"))
    made.root.set(
        "staff",
        f"""\
staff:
  p.bakker: {{name: Petra Bakker, email: p@office.example, os_user: {made.petra}, rights: [create]}}
  k.smit: {{name: Karel Smit, email: k@office.example, os_user: {made.karel}, rights: [create, approve]}}
  m.devries: {{name: Marieke de Vries, email: m@office.example, os_user: {made.marieke}, rights: [create, approve]}}
""",
    )


@contextlib.contextmanager
def _samba(smbd: str, made: Share, top: Path) -> Iterator[None]:
    """The configuration that comes with dossier; its port, its places and the names are this test's."""
    folders = {name: top / "samba" / name for name in ("private", "state", "cache", "lock", "pid", "ncalrpc", "log")}
    for path in folders.values():
        path.mkdir(parents=True, mode=0o755)
    text = CONFIGURATION.read_text().replace("smb ports = 445", f"smb ports = {made.port}")
    include = top / "samba/dossier.conf"
    made.root.run("samba", "--apply", "--include", str(include))
    text = text.replace("/etc/samba/dossier.conf", str(include))
    places = {
        "private dir": folders["private"], "state directory": folders["state"], "cache directory": folders["cache"],
        "lock directory": folders["lock"], "pid directory": folders["pid"], "ncalrpc dir": folders["ncalrpc"],
        "log file": folders["log"] / "smbd", "interfaces": "127.0.0.1", "bind interfaces only": "yes",
    }  # fmt: skip
    text = text.replace("[global]\n", "[global]\n" + "".join(f"    {key} = {value}\n" for key, value in places.items()))
    configuration = top / "samba/smb.conf"
    configuration.write_text(text)
    for user in (made.petra, made.karel, made.marieke):
        words = ["smbpasswd", "-c", str(configuration), "-s", "-a", user]
        subprocess.run(words, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True)
    with open(top / "samba/output", "wb") as log:
        process = subprocess.Popen(
            [smbd, "-F", "--no-process-group", f"--configfile={configuration}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: process.poll() is not None or _answers(made.port), "smbd answers")
        assert process.poll() is None, (top / "samba/output").read_text()
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _as_service(made: Share) -> list[str]:
    """`dossier` as its own user without privileges; as root where this machine doesn't let a test have the capabilities."""
    command = [str(DOSSIER), "--root", str(made.root.path)]
    if not _may_have(CAPABILITIES):
        return command
    user = [f"--reuid={made.service}", f"--regid={made.service}", "--init-groups"]
    return ["setpriv", *user, f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}", "--no-new-privs", *command]


def _environ() -> dict[str, str]:
    return {**{key: value for key, value in os.environ.items() if not key.startswith("DOSSIER_")}, "HOME": "/nonexistent"}


@contextlib.contextmanager
def _daemon(made: Share, top: Path) -> Iterator[None]:
    log = top / "daemon.log"
    with open(log, "wb") as output:
        process = subprocess.Popen([*_as_service(made), "run"], stdout=output, stderr=output, env=_environ(), umask=0o007)
    try:
        wait_for(lambda: process.poll() is not None or made.root.is_running(), "the daemon runs")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_doctor_finds_nothing_wrong_with_the_folders_of_the_guide(share: Share) -> None:
    done = subprocess.run([*_as_service(share), "doctor", "--json"], capture_output=True, text=True, env=_environ(), timeout=60)
    faults = [one for one in json.loads(done.stdout) if one["level"] == "wrong"]
    # Mail servers, clocks and free space are the machine's.
    assert [one for one in faults if one["check"] in ("inbox", "queue", "portal", "vault", "var", "database")] == []


def test_doctor_names_who_could_decide_in_the_name_of_another(share: Share) -> None:
    folder = share.root.path / "queue/k.smit"
    wait_for(folder.is_dir, "the daemon has made a folder for each approver")
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0, "until it is given to somebody, it is nobody's"
    was = folder.stat()
    try:
        os.chown(folder, -1, grp.getgrnam(share.group).gr_gid)
        os.chmod(folder, 0o2770)
        done = subprocess.run(
            [*_as_service(share), "doctor", "--json"], capture_output=True, text=True, env=_environ(), timeout=60
        )
    finally:
        os.chown(folder, -1, was.st_gid)
        os.chmod(folder, stat.S_IMODE(was.st_mode))
    found = [one["message"] for one in json.loads(done.stdout) if one["check"] == "queue" and one["level"] == "wrong"]
    assert [message.partition(", by writing in")[0] for message in found] == [
        f"p.bakker ({share.petra}) can decide as k.smit",
        f"m.devries ({share.marieke}) can decide as k.smit",
    ]


def test_drops_through_a_share_arrive_whole_and_are_known_by_who_saved_them(share: Share, tmp_path: Path) -> None:
    papers = {stem: PDF + os.urandom(8_000_000) + b"\n%%EOF\n" for stem in ("one", "two")}
    for user, stem in ((share.petra, "one"), (share.karel, "two")):
        sidecar = f"description: Annual accounts, part {stem}\n".encode()
        share.put(user, _file(tmp_path, f"{stem}.yaml", sidecar), _file(tmp_path, f"{stem}.pdf", papers[stem]))
    for stem in ("one", "two"):
        wait_for(lambda stem=stem: share.root.receipt(stem) or share.root.why(stem), "both are decided")
        assert share.root.why(stem) is None
        assert hashlib.sha256(papers[stem]).hexdigest() in (share.root.receipt(stem) or "")
    assert sorted(item["created_by"] for item in share.root.json("items")) == ["k.smit", "p.bakker"]
    assert sorted(os.listdir(share.root.inbox())) == ["_client.txt", "_done"]


def test_nobody_is_somebody_else_by_saying_so(share: Share, tmp_path: Path) -> None:
    share.put(
        share.karel, _file(tmp_path, "posing.yaml", b"description: Annual accounts\ncreated_by: p.bakker\nattachments: []\n")
    )
    why = wait_for(lambda: share.root.why("posing"), "it is refused")
    assert "p.bakker" in why


def test_nobody_puts_other_words_into_what_a_colleague_dropped(share: Share, tmp_path: Path) -> None:
    said = b"description: Annual accounts of Marieke\nattachments: [to-come.pdf]\n"
    share.put(share.marieke, _file(tmp_path, "to-come.yaml", said))
    other = _file(tmp_path, "other.yaml", said.replace(b"Marieke", b"Petra"))
    tried = subprocess.run(
        [*share.client(share.petra), "-D", "acme-bv", "-c", f'put "{other}" to-come.yaml'],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "NT_STATUS_ACCESS_DENIED" in tried.stdout + tried.stderr
    assert (share.root.inbox() / "to-come.yaml").read_bytes() == said
    share.put(share.marieke, _file(tmp_path, "to-come.pdf", PDF + b"to come"))
    wait_for(lambda: share.root.receipt("to-come"), "it is taken")


def test_a_refused_drop_can_be_corrected_and_put_back_through_the_share(share: Share, tmp_path: Path) -> None:
    share.put(
        share.petra,
        _file(tmp_path, "mended.yaml", b"description: short\nattachments: [mended.pdf]\n"),
        _file(tmp_path, "mended.pdf", PDF),
    )
    wait_for(lambda: share.root.why("mended"), "it is refused")
    [folder] = (share.root.inbox() / "_rejected").glob("*-mended")
    place = f"_rejected\\{folder.name}"
    better = _file(tmp_path, "better.yaml", b"description: Long enough by now\nattachments: [mended.pdf]\n")
    commands = f'put "{better}" "{place}\\mended.yaml"; rename "{place}\\mended.pdf" mended.pdf; rename "{place}\\mended.yaml" mended.yaml'
    done = subprocess.run(
        [*share.client(share.petra), "-D", "acme-bv", "-c", commands], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: share.root.receipt("mended"), "it is taken")


@pytest.mark.slow
def test_an_upload_that_is_cut_off_midway_is_not_taken(share: Share, tmp_path: Path) -> None:
    whole = tmp_path / "cut.pdf"
    whole.write_bytes(PDF)
    os.truncate(whole, 200_000_000)
    with open(whole, "rb") as data:
        sha256 = hashlib.file_digest(data, "sha256").hexdigest()
    sidecar = _file(
        tmp_path, "cut.yaml", f"description: Annual accounts\nattachments: [{{file: cut.pdf, sha256: {sha256}}}]\n".encode()
    )
    share.put(share.petra, sidecar)
    target = share.root.inbox() / "cut.pdf"
    words = [*share.client(share.petra), "-D", "acme-bv", "-c", f'put "{whole}" cut.pdf']
    upload = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: target.exists() and target.stat().st_size > 0, "the upload has begun")
    upload.send_signal(signal.SIGSTOP)
    was = target.stat()
    assert was.st_size < 200_000_000
    assert stat.S_IMODE(was.st_mode) == 0o640
    assert (pwd.getpwuid(was.st_uid).pw_name, grp.getgrgid(was.st_gid).gr_name) == (share.petra, share.group)
    after = (("after.pdf", PDF + b"after"), ("after.yaml", b"description: A drop that comes after\n"))
    share.put(share.petra, *(_file(tmp_path, name, data) for name, data in after))
    wait_for(lambda: share.root.receipt("after"), "a drop is taken that has been quiet for a shorter time")
    assert _is_waited_for(share)
    assert (share.root.receipt("cut"), share.root.why("cut")) == (None, None)
    upload.kill()
    upload.wait()
    wait_for(
        lambda: "sha256" in str(share.root.json("status")["waits"]), "it is seen that it is not the file that was meant, yet"
    )
    assert (share.root.receipt("cut"), share.root.why("cut")) == (None, None)
    share.put(share.petra, whole)
    assert sha256 in wait_for(lambda: share.root.receipt("cut"), "the whole file is taken")


def _is_waited_for(share: Share) -> bool:
    return any("cut" in one["path"] for one in share.root.json("status")["waits"])


CONCEPT = b"description: To be decided\nshare: yes\nshare_status: concept\napprover: m.devries\nshare_attachments: all\n"


def test_an_approver_decides_in_her_folder_of_the_share_and_nobody_else_does(share: Share, tmp_path: Path) -> None:
    share.put(share.petra, _file(tmp_path, "asked.yaml", CONCEPT), _file(tmp_path, "asked.pdf", PDF))
    folder = share.root.path / "queue/m.devries"
    [sheet] = wait_for(lambda: list(folder.glob("D-*.yaml")), "it is asked")
    item, mine = sheet.stem, tmp_path / "sheet.yaml"

    def at(user: str, commands: str) -> str:
        words = [*share.client(user, "queue"), "-D", "m.devries", "-c", commands]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    for command in (f'get {sheet.name} "{mine}"', f'put "{tmp_path / "asked.yaml"}" {sheet.name}'):
        assert "NT_STATUS_ACCESS_DENIED" in at(share.petra, command)
    assert "NT_STATUS" not in at(share.marieke, f'get {sheet.name} "{mine}"; get {item}\\asked.pdf "{tmp_path / "seen.pdf"}"')
    assert (tmp_path / "seen.pdf").read_bytes() == PDF
    mine.write_bytes(re.sub(rb"(?m)^decision:.*$", b"decision: approve", mine.read_bytes()))
    assert "NT_STATUS" not in at(share.marieke, f'put "{mine}" {sheet.name}')
    wait_for(lambda: share.root.json("show", item)["share_state"] == "published", "it is published")


def test_an_approver_may_save_by_another_file_in_its_place(share: Share, tmp_path: Path) -> None:
    share.put(share.petra, _file(tmp_path, "again.yaml", CONCEPT), _file(tmp_path, "again.pdf", PDF + b"again"))
    folder = share.root.path / "queue/m.devries"
    [sheet] = wait_for(lambda: list(folder.glob("D-*.yaml")), "it is asked")
    mine = _file(tmp_path, "mine.yaml", re.sub(rb"(?m)^decision:.*$", b"decision: reject", sheet.read_bytes()))
    mine.write_bytes(re.sub(rb"(?m)^comment:.*$", b"comment: The wrong year", mine.read_bytes()))
    commands = f'put "{mine}" .new; del {sheet.name}; rename .new {sheet.name}'
    words = [*share.client(share.marieke, "queue"), "-D", "m.devries", "-c", commands]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert "NT_STATUS" not in done.stdout + done.stderr
    wait_for(lambda: share.root.json("show", sheet.stem)["share_state"] == "returned", "it is returned")


def test_nobody_gets_in_without_a_password_of_his_own_or_out_of_the_inbox(share: Share) -> None:
    for words in (["-N"], ["-U", f"{share.petra}%wrong"]):
        base = ["smbclient", "//127.0.0.1/inbox", "-p", str(share.port), *words, "-c", "ls"]
        assert subprocess.run(base, capture_output=True, timeout=60).returncode != 0
    made = subprocess.run([*share.client(share.petra), "-c", "mkdir no-client"], capture_output=True, text=True, timeout=60)
    assert "NT_STATUS_ACCESS_DENIED" in made.stdout + made.stderr
