"""`make try-container`: the image is built from packaging/Containerfile and run as
docs/installing.md says, with podman, and with its compose.

The base image is a minimal Debian with Python that is made here, so no image registry is needed;
BASE=… names another. The commands are those of the page; only places, names and numbers are this
try's. Then a drop, its receipt, the portal, the stop; with compose the first page, health, and a
backup. Ends with 0 if all of that held, and removes what it made but for the images that are
made here.

Takes some minutes, and root.  usage: container.py [FOLDER]
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import guide
from machine import CHECKOUT, SUITE, Failed, need, wheels

SERVICE, STAFF, GROUP = 10001, 20001, 20000
DRAWING = CHECKOUT / "demo/samples/acme-bv/jaarrekening-2025.pdf"
USERS = f"root:x:0:0::/root:/bin/sh\ndossier:x:{SERVICE}:{SERVICE}::/:/bin/false\npbakker:x:{STAFF}:{STAFF}::/:/bin/false\n"
GROUPS = f"root:x:0:\ndossier:x:{SERVICE}:\noffice:x:{GROUP}:dossier,pbakker\n"
PEOPLE = """\
staff:
  a.beheer: {name: Anna Beheer, email: a.beheer@office.example, os_user: dossier, rights: [admin]}
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, os_user: pbakker, rights: [create, share]}
"""
CLIENTS = "clients:\n  acme-bv: {name: Acme B.V., contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]}\n"
FIRST = re.compile(r"https://desk\.localhost/_first/[\w-]+")
SIDECAR = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\nshare_attachments: all\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Try:
    """The folder in which it happens, and the names that are used once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark = folder, secrets.token_hex(3)
        self.office, self.backup = folder / "office", folder / "backup"
        for path in (self.office, self.backup):
            shutil.rmtree(path, ignore_errors=True)
        self.backup.mkdir(parents=True)
        (folder / "passwd").write_text(USERS)
        (folder / "group").write_text(GROUPS)
        (folder / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
        self.port = free_port()
        self.environ = dict(os.environ)

    def here(self, command: str) -> str:
        """A command of the page with the places, names and numbers of this try."""
        for word, mine in (
            ("$(getent group office | cut -d: -f3)", str(GROUP)),
            ("/srv/office:", f"{self.office}:"),
            ("-m 711 /srv/office", f"-m 711 {self.office}"),
            ("/etc/passwd:/", f"{self.folder}/passwd:/"),
            ("/etc/group:/", f"{self.folder}/group:/"),
            ("/mnt/backup:", f"{self.backup}:"),
            ("-m 700 /mnt/backup", f"-m 700 {self.backup}"),
            ("127.0.0.1:8080:", f"127.0.0.1:{self.port}:"),
        ):
            command = command.replace(word, mine)
        command = re.sub(r"--name (\S+)", rf"--name \1-{self.mark}", command)
        command = re.sub(r"(healthcheck run|exec|stop) dossier\b", rf"\1 dossier-{self.mark}", command)
        # The image is the last word of a build's name, and the first word that is no option of a
        # run.
        return re.sub(
            r"(-t |:rw |[^ ]+:/mnt/backup |:8080 |:/srv/office )dossier\b", rf"\1localhost/dossier-{self.mark}", command
        )

    def run(self, command: str, may_fail: bool = False, quiet: bool = False) -> str:
        if not quiet:
            print(f"# {command}", flush=True)
        done = subprocess.run(
            command, shell=True, env=self.environ, cwd=CHECKOUT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        # podman keeps time for health checks by systemd; without one it says so at every start.
        printed = "\n".join(line for line in done.stdout.splitlines() if "systemd connection" not in line)
        if not quiet:
            print("\n".join(printed.splitlines()[-25:]), flush=True)
        if done.returncode and not may_fail:
            raise Failed(f"{command}\nended with {done.returncode}")
        return printed


def image(one: Try, name: str, packages: str, *said: str) -> str:
    """A minimal Debian with these packages, and with what is `said` of it as an image, made
    once; its name."""
    made, archive = f"localhost/dossier-try-{name}", one.folder / f"{name}.tar"
    if subprocess.run(["podman", "image", "exists", made]).returncode:
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", SUITE, archive], check=True)
        changes = [word for one in said for word in ("--change", one)]
        subprocess.run(["podman", "import", *changes, archive, made], check=True, capture_output=True)
        archive.unlink()
    return made


def prepare(one: Try) -> str:
    """Settings for podman that this machine lets it have; the base image's name."""
    configuration = one.folder / "containers.conf"
    limits = '[containers]\ndefault_ulimits = ["nofile=10000:10000", "nproc=10000:10000"]\n'
    if base := os.environ.get("BASE"):
        return base
    base = image(one, "base", "python3-venv,ca-certificates")
    for text in ("", limits, f'{limits}[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'):
        text += '[network]\nnetwork_backend = "netavark"\n'  # containers know each other by name
        configuration.write_text(text)
        one.environ["CONTAINERS_CONF"] = str(configuration)
        if subprocess.run(["podman", "run", "--rm", base, "true"], env=one.environ, capture_output=True).returncode == 0:
            return base
    raise Failed("podman can run nothing on this machine")


@contextlib.contextmanager
def cleaned(one: Try) -> Iterator[None]:
    try:
        yield
    finally:
        names = [f"dossier-{one.mark}", f"dossier-portal-{one.mark}"]
        subprocess.run(["podman", "rm", "--force", "--ignore", *names], env=one.environ, capture_output=True)
        subprocess.run(["podman", "rmi", "--force", f"localhost/dossier-{one.mark}"], env=one.environ, capture_output=True)
        shutil.rmtree(one.office, ignore_errors=True)
        shutil.rmtree(one.backup, ignore_errors=True)


def story(one: Try, base: str) -> None:
    build, init, daemon, portal = (block.lines() for block in guide.blocks(*guide.IN_CONTAINERS))
    offline = f"--build-arg BASE={base}"
    if "BASE" not in os.environ:
        libraries = wheels(one.folder, "requirements-s3.lock", "requirements-build.lock")
        offline += f" -v {libraries}:/wheels:ro -v {one.folder}/pip.conf:/etc/pip.conf:ro"
    one.run(one.here(build[0]).replace("podman build", f"podman build {offline}"))
    for line in init:
        one.run(one.here(line))
    (one.office / "config/staff.yaml").write_text(PEOPLE)
    (one.office / "config/clients.yaml").write_text(CLIENTS)
    inbox = one.office / "inbox/acme-bv"
    inbox.mkdir()
    os.chown(inbox, SERVICE, GROUP)
    inbox.chmod(0o2770)
    for line in daemon[:2]:
        one.run(one.here(line))
    drop(inbox)
    wait(lambda: list(inbox.glob("_done/*.receipt.yaml")), "the drop is taken")
    one.run(f"cat {inbox}/_done/accounts.receipt.yaml")
    wait(lambda: list(one.office.glob("var/portal/acme-bv/D-*/accounts.pdf")), "it is on the portal")
    for line in daemon[2:]:
        # No mail server belongs to this office: doctor says so, and nothing else.
        printed = one.run(one.here(line), may_fail="doctor" in line)
        if "doctor" in line and [found for found in printed.splitlines() if found.startswith("WRONG") and "mail" not in found]:
            raise Failed("doctor finds something wrong in the container")
    closed(one)
    one.run(one.here(portal[0]))
    wait(lambda: answers(one.port), "the portal answers")
    one.run(f"curl -si http://127.0.0.1:{one.port}/ | head -3")
    began = time.monotonic()
    one.run(f"podman stop dossier-{one.mark} dossier-portal-{one.mark}")
    print(f"(stopped in {time.monotonic() - began:.1f} s)")
    for name in (f"dossier-{one.mark}", f"dossier-portal-{one.mark}"):
        if one.run(f"podman inspect {name} --format '{{{{.State.ExitCode}}}}'").strip() != "0":
            raise Failed(f"{name} did not end in good order")


def is_well(one: Try, service: str) -> bool:
    """Without systemd podman keeps no time for health checks: this is one of them."""
    words = ["podman", "healthcheck", "run", f"dossier-{one.mark}_{service}_1"]
    return subprocess.run(words, env=one.environ, capture_output=True).returncode == 0


def composed(one: Try) -> None:
    """The office of compose.yaml: up, the first page, health, a backup, down."""
    folder = one.folder / "compose"
    folder.mkdir(exist_ok=True)
    for name in ("compose.yaml", "Caddyfile"):
        shutil.copyfile(CHECKOUT / "packaging" / name, folder / name)
    desk, portal = "desk.localhost", "portal.localhost"  # for these Caddy makes certificates of its own
    port = free_port()
    names, up, asked = guide.blocks(*guide.WITH_COMPOSE)
    if not {"DESK", "PORTAL"} <= {line.partition("=")[0] for line in names.lines()}:
        raise Failed("the guide says other names than DESK and PORTAL")
    caddy = image(
        one, "caddy", "caddy,ca-certificates",
        'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]', "ENV XDG_DATA_HOME=/data",
    )  # fmt: skip
    (folder / ".env").write_text(
        f"DESK={desk}\nPORTAL={portal}\nIMAGE=localhost/dossier-{one.mark}\nCADDY_IMAGE={caddy}\nHTTP=127.0.0.1:{free_port()}\nHTTPS=127.0.0.1:{port}\n"
    )
    compose = f"podman-compose -p dossier-{one.mark}"

    def said(command: str) -> str:
        return one.run(command.replace("podman-compose -f packaging", f"{compose} -f {folder}"))

    curl = f"curl -sSk -c {folder}/cookies -b {folder}/cookies --connect-to {desk}:443:127.0.0.1:{port} --connect-to {portal}:443:127.0.0.1:{port}"
    try:
        said(up.lines()[0])
        wait(
            lambda: FIRST.search(one.run(f"{compose} -f {folder}/compose.yaml logs desk", quiet=True)), "the log tells an address"
        )
        found = FIRST.search(said(up.lines()[1]))
        assert found
        wait(lambda: "<form" in one.run(f"{curl} {found[0]}", may_fail=True, quiet=True), "the first page opens")
        fields = {"office": "Office", "language": "en", "name": "Anna Beheer", "code": "a.beheer", "email": "a.beheer@office.example",
                  "mail_host": "", "sender": ""}  # fmt: skip
        words = " ".join(f"--data-urlencode '{key}={value}'" for key, value in fields.items())
        one.run(f"{curl} -o /dev/null -H 'Origin: https://{desk}' {words} {found[0]}")
        if "Anna Beheer" not in one.run(f"{curl} https://{desk}/office/staff", quiet=True):
            raise Failed("the first admin is not in")
        if "303" not in one.run(f"{curl} -o /dev/null -w '%{{http_code}}' https://{portal}/"):
            raise Failed("the portal does not answer")
        for service in ("daemon", "desk", "portal"):
            wait(partial(is_well, one, service), f"{service} is well")
            print(f"({service} is well)")
        printed = one.run(asked.lines()[0].replace("podman-compose -f packaging", f"{compose} -f {folder}"), may_fail=True)
        if [line for line in printed.splitlines() if line.startswith("WRONG") and "mail" not in line]:
            raise Failed("doctor finds something wrong in the containers")
        wait(lambda: "snapshots" in one.run(f"{compose} -f {folder}/compose.yaml logs backup", quiet=True), "a backup is made")
    finally:
        one.run(f"{compose} -f {folder}/compose.yaml down --volumes", may_fail=True)
        shutil.rmtree(folder)


def drop(inbox: Path) -> None:
    """What a colleague of another user number leaves in the inbox."""
    for name, data in (("accounts.pdf", DRAWING.read_bytes()), ("accounts.yaml", SIDECAR.encode())):
        path = inbox / name
        path.write_bytes(data)
        os.chown(path, STAFF, GROUP)
        path.chmod(0o660)


def closed(one: Try) -> None:
    """No rights but one, nothing can be written but the office."""
    status = one.run(f"podman exec dossier-{one.mark} grep -E 'Uid|CapEff|NoNewPrivs' /proc/1/status")
    for words in (f"Uid:\t{SERVICE}\t{SERVICE}", "CapEff:\t0000000010000000", "NoNewPrivs:\t1"):
        if words not in status:
            raise Failed(f"the daemon does not run with {words!r}")
    for path in ("/x", "/opt/dossier/x"):
        if "Read-only" not in one.run(f"podman exec dossier-{one.mark} touch {path}", may_fail=True):
            raise Failed(f"{path} can be written")


def answers(port: int) -> bool:
    return subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/"]).returncode == 0


def wait(what: Callable[[], object], why: str) -> None:
    until = time.monotonic() + 30
    while not what():
        if time.monotonic() > until:
            raise Failed(f"after 30 seconds still not: {why}")
        time.sleep(0.3)


def main() -> int:
    need("podman", "podman-compose", "mmdebstrap", "curl")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/var/tmp/dossier-try")
    folder.mkdir(parents=True, exist_ok=True)
    one = Try(folder)
    with cleaned(one):
        try:
            story(one, prepare(one))
            composed(one)
        except Failed as fault:
            print(f"\nFAILED: {fault}")
            one.run(f"podman logs --tail 30 dossier-{one.mark}", may_fail=True)
            return 1
    print("\nAll of it works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
