"""`make try-deb`: the package in dist/ is installed, upgraded, removed and purged on fresh
machines of Debian and Ubuntu.

On each: `apt install` ends with the address of the first page, whoever opens it becomes the
admin, and a drop becomes an item; the package of the next version upgrades it after a backup;
`remove` keeps the office, `purge` asks. On the first also: an office of 1.0.0, installed by hand
as docs/installing.md said then, is taken over by the package. The machines have no network but
their own; what apt needs of Debian lies ready in them. Ends with 0 if all of that held. What was
typed and printed is in FOLDER/transcript-deb.txt.

Takes some minutes, and root; see machine.py.  usage: deb.py [FOLDER [SUITE …]]
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import guide
from machine import CHECKOUT, Failed, Machine, need

SUITES = ("bookworm", "trixie", "noble")
FIRST = r"http://localhost:8081/_first/[\w-]+"
OLD = '__version__ = "1.0.0"'
SERVICES = "dossier dossier-desk.socket dossier-portal.socket dossier-backup.timer"


class Transcript:
    def __init__(self, path: Path) -> None:
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115

    def say(self, text: str) -> None:
        print(text, flush=True)
        self._file.write(text + "\n")
        self._file.flush()


class Server:
    """A machine on which root types."""

    def __init__(self, machine: Machine, transcript: Transcript) -> None:
        self.machine, self.transcript = machine, transcript

    def root(self, command: str, may_fail: bool = False) -> str:
        code, printed = self.machine.sh(f"cd /root; export DEBIAN_FRONTEND=noninteractive; {command}")
        lines = [line for line in printed.rstrip().splitlines() if "(Reading database" not in line]
        self.transcript.say("\n".join([f"# {command}", *lines[-25:]]))
        if code and not may_fail:
            raise Failed(f"{command}\nended with {code}")
        return printed

    def holds(self, what: str, true: bool) -> None:
        if not true:
            raise Failed(f"not so: {what}")
        self.transcript.say(f"(holds: {what})")

    def waits(self, command: str, why: str) -> None:
        until = time.monotonic() + 30
        while self.machine.sh(command)[0]:
            if time.monotonic() > until:
                raise Failed(f"after 30 seconds still not: {why}")
            time.sleep(0.3)
        self.transcript.say(f"(holds: {why})")

    def takes_a_drop(self, office: str, stem: str) -> None:
        self.root(
            f"cd {office}/inbox/acme-bv && printf 'A letter' > {stem}.txt && printf 'description: {stem} of today\\n' > {stem}.yaml"
            f" && chown $(stat -c %U:%G .) {stem}.*"
        )
        self.waits(f"test -e {office}/inbox/acme-bv/_done/{stem}.receipt.yaml", f"{stem} becomes an item")

    def is_well(self) -> None:
        self.root(f"systemctl is-active {SERVICES}")
        failed = self.root("systemctl --failed --no-legend --plain")
        self.holds("no unit failed", not failed.strip())


def fresh(server: Server, package: str, following: str) -> None:
    """Install, first page, work, upgrade, remove, install again, purge."""
    [command] = guide.blocks(*guide.WITH_THE_PACKAGE)[0].lines()
    server.holds("the guide names this package", command == f"apt install ./{package}")
    printed = server.root(command.replace("apt", "apt-get --yes", 1))
    found = re.search(FIRST, printed.rsplit("administers", 1)[-1])
    server.holds("the end of apt tells the address of the first page", bool(found))
    assert found
    server.is_well()
    server.root("ls -ld /srv/dossier /srv/dossier/* /etc/dossier/config && man -w dossier && ls -l /opt/dossier", may_fail=True)
    server.root("systemctl show -p User,NoNewPrivileges,ProtectSystem,CapabilityBoundingSet dossier dossier-desk")
    page = server.root(f"curl -sS {found[0]} | grep -o '<h1[^>]*>[^<]*\\|value=\"/[^\"]*'")
    server.holds("the first page opens, and says where backups go", "<h1" in page and 'value="/var/backups/dossier' in page)
    fields = {"office": "Office", "language": "en", "name": "Anna Beheer", "code": "a.beheer", "email": "a.beheer@office.example",
              "mail_host": "", "sender": ""}  # fmt: skip
    server.root("install -d -o dossier -g dossier -m 700 /mnt/disk")
    for backups, answer in (("/etc/backups", "422"), ("/mnt/disk/office", "303")):
        words = " ".join(f"--data-urlencode '{key}={value}'" for key, value in (fields | {"backup_folder": backups}).items())
        done = server.root(f"curl -sS -o /dev/null -w '%{{http_code}}' -H 'Origin: http://localhost:8081' {words} {found[0]}")
        server.holds(f"backups to {backups}: {answer}", done.strip().endswith(answer))
    server.root("grep -q a.beheer /etc/dossier/config/staff.yaml")
    server.root("printf 'clients:\\n  acme-bv: {name: Acme B.V.}\\n' > /etc/dossier/config/clients.yaml")
    server.root(
        "sed -i 's/a.beheer:/a.beheer:\\n    os_user: dossier/' /etc/dossier/config/staff.yaml; cat /etc/dossier/config/staff.yaml | tail -8"
    )
    server.root("install -d -o dossier -g office -m 2770 /srv/dossier/inbox/acme-bv")
    server.takes_a_drop("/srv/dossier", "first")

    printed = server.root(f"apt-get install --yes ./{following}")
    server.holds("a backup came first", "a backup first" in printed)
    server.root("find /mnt/disk/office -maxdepth 2 | head -8")
    server.root("test -e /mnt/disk/office/dossier-backup.json && test ! -e /var/backups/dossier/dossier-backup.json")
    server.holds("the new version is there", "2.0.1" in server.root("dossier --version"))
    server.is_well()
    server.takes_a_drop("/srv/dossier", "second")
    items = server.root("runuser -u dossier -- dossier --root /srv/dossier items")
    server.holds("both items are in the office", "first of today" in items and "second of today" in items)

    server.root("rm -r /opt/dossier/lib/python3*/site-packages/peewee*")
    server.root(f"apt-get install --yes --reinstall ./{following}")
    server.is_well()
    server.takes_a_drop("/srv/dossier", "mended")

    server.root("apt-get remove --yes dossier")
    server.root("mv /srv/dossier /srv/away")
    printed = server.root(f"apt-get install --yes ./{following}")
    server.holds("no new office is begun where one was", "mount its disk" in printed)
    server.root("test ! -e /srv/dossier && ! systemctl is-active dossier && mv /srv/away /srv/dossier")
    server.root("dpkg-reconfigure dossier")
    server.is_well()
    server.root("apt-get remove --yes dossier")
    server.holds("the program is gone", server.machine.sh("test -e /opt/dossier -o -e /usr/bin/dossier")[0] != 0)
    server.root("test -s /srv/dossier/var/dossier.db && ! systemctl is-active dossier")
    server.root(f"apt-get install --yes ./{following}")
    server.is_well()
    server.takes_a_drop("/srv/dossier", "third")
    server.root("apt-get purge --yes dossier")
    server.root("test -s /srv/dossier/var/dossier.db && test ! -e /etc/dossier")
    server.root(f"apt-get install --yes ./{following}")
    server.root("echo dossier dossier/purge-office boolean true | debconf-set-selections && apt-get purge --yes dossier")
    server.root("test ! -e /srv/dossier && ! getent passwd dossier && ls -d /var/backups/dossier")


def taken_over(server: Server, package: str) -> None:
    """An office of 1.0.0, installed by hand, becomes the package's."""
    for command in (
        "apt-get install --yes python3-venv",
        "python3 -m venv /opt/dossier",
        "/opt/dossier/bin/pip install -q --no-index --find-links /var/old --require-hashes -r /var/old/requirements.lock",
        "/opt/dossier/bin/pip install -q --no-index --no-deps /var/old/dossier-1.0.0-py3-none-any.whl",
        "ln -s /opt/dossier/bin/dossier /usr/local/bin/dossier",
        "groupadd --system office",
        "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin --groups office dossier",
        "dossier init /srv/office",
        "printf 'clients:\\n  acme-bv: {name: Acme B.V.}\\n' > /srv/office/config/clients.yaml",
        "printf 'staff:\\n  a.beheer: {name: Anna, email: a@office.example, os_user: dossier, rights: [admin, create]}\\n'"
        " > /srv/office/config/staff.yaml",
        "mkdir -p /srv/office/var && chown dossier:dossier /srv/office && chown -R dossier:dossier /srv/office/var",
        "chmod 711 /srv/office && chmod 700 /srv/office/var && chown -R root:dossier /srv/office/config",
        "chmod -R u=rwX,g=rX,o= /srv/office/config && chown dossier:office /srv/office/inbox && chmod 2750 /srv/office/inbox",
        "install -d -o dossier -g office -m 2770 /srv/office/inbox/acme-bv",
        "install -m 644 /opt/dossier/share/dossier/systemd/* /etc/systemd/system/ && install -d -m 711 /etc/dossier",
        "systemctl daemon-reload && systemctl enable --now dossier dossier-portal.socket",
        "install -d -o dossier -g dossier -m 700 /mnt/backup/office && systemctl enable --now dossier-backup.timer",
    ):
        server.root(command)
    server.takes_a_drop("/srv/office", "old")
    server.root("dossier --version")

    printed = server.root(f"apt-get install --yes ./{package}")
    server.holds("a backup came first, where backups always went", "a backup first" in printed)
    server.root("ls /mnt/backup/office")
    server.holds("nobody is asked to become the first admin", not re.search(FIRST, printed))
    server.holds("the new version is there", "2.0.0" in server.root("dossier --version"))
    server.is_well()
    server.takes_a_drop("/srv/office", "new")
    items = server.root("runuser -u dossier -- dossier --root /srv/dossier items")
    server.holds("old and new items are in the office", "old of today" in items and "new of today" in items)
    server.root("systemctl start dossier-backup.service && ls -l /srv/dossier /etc/dossier/config /opt")


def old_release(folder: Path) -> Path | None:
    """The last 1.0.0 of the history with its libraries, as `make dist` made it; None without
    that history."""
    done = subprocess.run(
        ["git", "log", "--format=%H", "-1", f"-S{OLD}", "--", "dossier/__init__.py"], cwd=CHECKOUT, capture_output=True, text=True
    )
    made, source = folder / "old", folder / "old-source"
    if done.returncode or not done.stdout.strip():
        return None
    if not made.exists():
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        archive = subprocess.run(
            ["git", "archive", f"{done.stdout.strip()}^"], cwd=CHECKOUT, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        part = folder / "old.part"
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", part, source], check=True)
        subprocess.run([*pip, "download", "--require-hashes", "-r", source / "requirements.lock", "-d", part], check=True)
        shutil.copyfile(source / "requirements.lock", part / "requirements.lock")
        part.rename(made)
    return made


def next_version(folder: Path, package: Path) -> Path:
    """The package of the next version, made of the same files."""
    root, made = folder / "next", folder / "dossier_2.0.1_amd64.deb"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", package, root], check=True)
    [wheel] = root.glob("usr/lib/dossier/wheels/dossier_office-*.whl")
    source = folder / "next-source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    with open(folder / "next.tar", "w+b") as archive:
        subprocess.run(["git", "archive", "HEAD"], cwd=CHECKOUT, check=True, stdout=archive)
        subprocess.run(["tar", "-x", "-C", source, "-f", archive.name], check=True)
    init = source / "dossier/__init__.py"
    init.write_text(re.sub(r'__version__ = ".*"', '__version__ = "2.0.1"', init.read_text()))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", wheel.parent, source], check=True, stderr=subprocess.DEVNULL)
    wheel.unlink()
    version = wheel.name.split("-")[1]
    for name in ("control", "preinst", "postinst"):
        script = root / "DEBIAN" / name
        script.write_text(script.read_text().replace(version, "2.0.1"))
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", root, made], check=True, stdout=subprocess.DEVNULL
    )
    shutil.rmtree(root)
    return made


def machine(folder: Path, suite: str) -> Machine:
    made = Machine(folder, f"deb-{suite}", suite)
    shutil.copytree(folder / "packages", made.path / "root", dirs_exist_ok=True)
    return made


def main() -> int:
    need("mmdebstrap", "systemd-nspawn", "dpkg-deb")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/var/tmp/dossier-try")
    folder.mkdir(parents=True, exist_ok=True)
    transcript = Transcript(folder / "transcript-deb.txt")
    [package] = (CHECKOUT / "dist").glob("*.deb")
    given = folder / "packages"
    shutil.rmtree(given, ignore_errors=True)
    given.mkdir()
    shutil.copyfile(package, given / package.name)
    following = next_version(folder, package)
    following.rename(given / following.name)
    old = old_release(folder)
    for suite in sys.argv[2:] or SUITES:
        stories = ["fresh", *(["taken over"] if old and suite == SUITES[0] else [])]
        for story in stories:
            began = time.monotonic()
            transcript.say(f"\n=== {suite}: {story}")
            booted = machine(folder, suite)
            server = Server(booted, transcript)
            try:
                if story == "fresh":
                    fresh(server, package.name, following.name)
                else:
                    assert old
                    shutil.copytree(old, booted.path / "var/old")
                    taken_over(server, package.name)
            except Failed as fault:
                transcript.say(f"\nFAILED: {fault}")
                booted.sh("journalctl -n 60 --no-pager > /var/journal")
                transcript.say((booted.path / "var/journal").read_text())
                return 1
            finally:
                booted.stop()
            transcript.say(f"\n{suite}, {story}: all of it works, {(time.monotonic() - began) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
