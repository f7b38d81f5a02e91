"""`make try-install`: a new administrator follows the documentation on a fresh machine, to a
running office, and on to a restore and an upgrade.

What the administrator types is what stands in the pages (guide.py); what the others do (staff
through the share, the client on the portal, the office's mail server) is written here. Ends with
0 if every command did what its page says and everybody got what was meant for them; else with 1
and the command that did not. All that was typed and printed is in FOLDER/transcript.txt.

Takes some minutes, and root; see machine.py.  usage: install.py [FOLDER]
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import guide
from machine import CHECKOUT, Failed, Machine, need, wheels

PASSWORD = "drop-by-drop"
PORTAL, DESK = "https://portal.office.example", "https://desk.office.example"
DRAWING = CHECKOUT / "demo/samples/acme-bv/jaarrekening-2025.pdf"
PATIENCE = 30.0
CONCEPT = """\
omschrijving: Jaarrekening 2025
delen: ja
bijlagen_delen: alle
email_notificatie: ja
contactpersoon: j.jansen
"""


class Story:
    """One afternoon. Each step prints what is typed and what comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.transcript = open(folder / "transcript.txt", "w", encoding="utf-8")  # noqa: SIM115
        self.desk = folder / "desk"
        shutil.rmtree(self.desk, ignore_errors=True)
        self.desk.mkdir()
        self.machine = Machine(folder, "server")
        self.links: set[str] = set()

    def say(self, text: str) -> None:
        if not text:
            return
        print(text, flush=True)
        self.transcript.write(text + "\n")
        self.transcript.flush()

    def head(self, text: str) -> None:
        self.say(f"\n=== {text}")

    # The administrator

    def root(self, command: str, why_not: str = "") -> str:
        """A command of the administrator, which must end with 0."""
        typed = PASSWORD if command.startswith("smbpasswd") or "openssl passwd" in command else ""
        code, printed = self.machine.sh(f"cd /root; {command}", typed)
        self.say(f"# {command}")
        self.say(trimmed(printed, 12 if "install" in command else 40))
        if code != 0:
            raise Failed(f"{command}\nended with {code}. {why_not}")
        return printed

    def follow(self, page: str, heading: str, only: Callable[[guide.Block], bool] = lambda _: True) -> None:
        """Do what a section of the documentation says."""
        self.head(f"docs/{page}: {heading}")
        for block in guide.blocks(page, heading):
            if not only(block):
                continue
            if block.file:
                self.write(block)
            elif block.kind == "sh":
                for line in block.lines():
                    self.root(line)

    def write(self, block: guide.Block) -> None:
        path = self.machine.path / str(block.file).lstrip("/")
        text = guide.with_keys(path.read_text(), block.text) if block.is_partial else block.text
        self.say(f"# editor {block.file}\n{trimmed(block.text)}")
        path.write_text(text)

    # The others

    def share(self, user: str, share: str, *commands: str, may_fail: bool = False) -> str:
        """Somebody in the office at their own computer, on a share of the server."""
        words = [
            "smbclient",
            f"//{self.machine.address}/{share}",
            "-U",
            f"{user}%{PASSWORD}",
            "-m",
            "SMB3",
            "-c",
            "; ".join(commands),
        ]
        done = self.machine.outside(words)
        self.say(f"{user}@desk$ smbclient //server/{share}: {'; '.join(commands)}\n{trimmed(done.stdout)}")
        if not may_fail and (done.returncode or "NT_STATUS" in done.stdout):
            raise Failed(f"{user} can't do that on the share {share}")
        return done.stdout

    def drop(self, user: str, stem: str, sidecar: str) -> None:
        (self.desk / f"{stem}.yaml").write_text(sidecar)
        shutil.copyfile(DRAWING, self.desk / f"{stem}.pdf")
        self.share(user, "inbox", f"lcd {self.desk}", "cd acme-bv", f"put {stem}.pdf", f"put {stem}.yaml")

    def receipt(self, user: str, stem: str) -> str:
        """The item's number, once the drop is taken."""
        found = self.wait(
            lambda: re.search(r"D-\d{4}-\d{6}", self._quietly(user, "inbox", f"get acme-bv/_done/{stem}.receipt.yaml -")),
            f"{stem} is taken",
        )
        self.say(f"(receipt: {found[0]})")
        return str(found[0])

    def _quietly(self, user: str, share: str, command: str) -> str:
        words = ["smbclient", f"//{self.machine.address}/{share}", "-U", f"{user}%{PASSWORD}", "-m", "SMB3", "-c", command]
        return self.machine.outside(words).stdout

    def wait(self, what: Callable[[], Any], why: str) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := what():
                return found
            time.sleep(0.3)
        raise Failed(f"after {PATIENCE:g} seconds still not: {why}")

    def browser(self, *words: str) -> str:
        """The client's browser, at home."""
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--cacert",
            str(self.desk / "portal.pem"),
        ]
        for site in (PORTAL, DESK):
            command += ["--resolve", f"{site.removeprefix('https://')}:443:{self.machine.address}"]
        command += ["--cookie", str(self.desk / "cookies"), "--cookie-jar", str(self.desk / "cookies"), *words]
        done = self.machine.outside(command)
        if done.returncode:
            raise Failed(f"the browser can't: {' '.join(words)}: {done.stdout}")
        return done.stdout

    def mail_server(self) -> None:
        """The office's mail server, which is another machine."""
        self.machine.serve(
            [sys.executable, str(Path(__file__).with_name("mails.py")), self.machine.mail_address], self.desk / "mail"
        )

    def mails(self) -> str:
        return (self.desk / "mail").read_text().replace("\r", "")

    def log_in(self, address: str) -> None:
        (self.desk / "cookies").unlink(missing_ok=True)
        self.browser("--data", f"next=/&address={address}", f"{PORTAL}/_login")
        link = self.wait(
            lambda: next(iter(set(re.findall(rf"{PORTAL}/_login/\S+", self.mails())) - self.links), None),
            "the mail with the link comes",
        )
        self.links.add(link)
        self.browser("--data", "", link)

    def sees(self, *texts: str) -> str:
        """The client's list, which must have `texts` in it."""
        page = self.browser("--location", f"{PORTAL}/acme-bv/")
        shown = [line for line in re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).splitlines() if line.strip()]
        self.say("client@home$ browser " + PORTAL + "/acme-bv/\n" + trimmed("\n".join(" ".join(line.split()) for line in shown)))
        for text in texts:
            if text not in page:
                raise Failed(f"the client does not see {text!r}")
        return page


def trimmed(text: str, most: int = 40) -> str:
    """As people quote: no empty lines at the end, and the middle of what is long left out."""
    lines = text.rstrip().splitlines()
    if len(lines) > most:
        lines = [*lines[: most // 2], f"  … {len(lines) - most} lines …", *lines[-most // 2 :]]
    return "\n".join(lines)


def packages(folder: Path) -> tuple[Path, Path]:
    """The wheel of the checkout, and one of the next version made of the same code."""
    made = []
    for version in (None, "2.0.1"):
        source = folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CHECKOUT / name, source / name)
        if version:
            init = source / "dossier/__init__.py"
            init.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text()))
        target = folder / f"wheel-{version or 'now'}"
        shutil.rmtree(target, ignore_errors=True)
        words = [
            sys.executable,
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
        ]
        subprocess.run([*words, "--wheel-dir", target, source], check=True, cwd=folder, stderr=subprocess.DEVNULL)
        made.append(next(target.glob("*.whl")))
    return made[0], made[1]


def prepare(story: Story) -> Path:
    """What the administrator has: a fresh server, the files of dossier, a package index, a
    certificate. Returns the next version's wheel."""
    server = story.machine.path
    now, following = packages(story.folder)
    shutil.copyfile(now, server / "root" / now.name)
    shutil.copyfile(CHECKOUT / "requirements.lock", server / "root/requirements.lock")
    shutil.copytree(wheels(story.folder, "requirements.lock"), server / "var/wheels")
    (server / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /var/wheels\n")
    (server / "etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\nDpkg::Use-Pty "0";\nquiet "1";\n')
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=portal.office.example", "-addext",
         "subjectAltName=DNS:portal.office.example,DNS:clients.office.example,DNS:desk.office.example", "-keyout", server / "etc/ssl/portal.key",
         "-out", server / "etc/ssl/portal.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    for name in ("pem", "key"):
        shutil.copyfile(server / f"etc/ssl/portal.{name}", server / f"etc/ssl/desk.{name}")
    shutil.copyfile(server / "etc/ssl/portal.pem", story.desk / "portal.pem")
    story.mail_server()
    return following


def first_day(story: Story) -> None:
    """docs/installing.md from its beginning to its end."""
    for heading in (
        "1. The program",
        "2. Its user, and the group of the staff",
        "3. The office and its folders",
        "4. The daemon",
    ):
        story.follow("installing.md", heading)
    story.follow("installing.md", "5. The shares")
    story.follow("portal.md", "Start it", lambda block: block.file == "/etc/nginx/conf.d/portal.conf")
    story.follow("desk.md", "Start it", lambda block: block.file == "/etc/nginx/conf.d/desk.conf")
    story.follow("installing.md", "6. The portal and the desk")
    if "dossier, for staff" not in story.browser(f"{DESK}/_login"):
        raise Failed("the desk does not ask who it is")

    closed(story)
    story.head("Staff, an approver and a client at work")
    [sidecar] = [block.text for block in guide.blocks("installing.md", "7. Try it") if block.kind == "yaml"]
    story.drop("pbakker", "first", sidecar)
    story.receipt("pbakker", "first")
    story.follow("installing.md", "7. Try it", lambda block: block.kind == "sh")
    decide(story, "accounts")
    story.log_in("j.jansen@acme.example")
    page = story.sees("Jaarrekening 2025")
    if "A first try" in page:
        raise Failed("the client sees what was not shared")
    download(story, page)
    denied = story.share("pbakker", "queue", "cd m.devries", "ls", may_fail=True)
    if "NT_STATUS_ACCESS_DENIED" not in denied:
        raise Failed("another member of staff gets into the approver's folder")

    story.follow("installing.md", "8. The first backup", lambda block: "backup" in block.text)
    story.head("docs/operations.md: a restore on trial")
    for block in guide.blocks("operations.md", "Restore"):
        if "/tmp/trial" in block.text:
            for line in block.lines():
                story.root(line)
    story.head("The server is restarted")
    story.machine.restart()
    story.mail_server()
    story.follow("installing.md", "8. The first backup", lambda block: "is-active" in block.text)
    failed = story.root("systemctl --failed --no-legend --plain")
    if failed.strip():
        raise Failed(f"after the restart: {failed}")


def closed(story: Story) -> None:
    """The daemon has the one right that its unit gives, and can write nowhere but in the office."""
    story.head("What the daemon may do")
    status = story.root("grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$(systemctl show -p MainPID --value dossier)/status")
    for words in ("CapEff:\t0000000010000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        if words not in status:
            raise Failed(f"the daemon does not run with {words!r}")
    inside = "nsenter -t $(systemctl show -p MainPID --value dossier) -m"
    for path in ("/etc/x", "/usr/x", "/srv/office/config/x", "/srv/office/x"):
        printed = story.root(f"! {inside} touch {path}")
        if "Read-only file system" not in printed:
            raise Failed(f"the daemon could write {path}")


def decide(story: Story, stem: str) -> str:
    """A concept is dropped by one and approved by another, both through the share; the item's
    number."""
    story.drop("pbakker", stem, f"{CONCEPT}labels: [{stem}]\n")
    item = story.receipt("pbakker", stem)
    mine = story.desk / f"{item}.yaml"
    story.wait(lambda: f"{item}.yaml" in story._quietly("mdevries", "queue", "ls m.devries/*"), "it is asked")
    story.share(
        "mdevries",
        "queue",
        f"lcd {story.desk}",
        "cd m.devries",
        "ls",
        f"get {item}.yaml",
        f"get {item}\\preview.html preview.html",
    )
    story.say(f"mdevries@desk$ editor {item}.yaml\n{trimmed(mine.read_text())}")
    mine.write_text(re.sub(r"(?m)^decision:.*$", "decision: goedkeuren", mine.read_text()))
    story.share("mdevries", "queue", f"lcd {story.desk}", "cd m.devries", f"put {item}.yaml")
    story.wait(lambda: f"?item={item}" in story.mails(), "the client has a mail")
    story.say("(mail to the client)\n" + trimmed(story.mails()[story.mails().rindex("--- to") :]))
    return item


def download(story: Story, page: str) -> None:
    for link in re.findall(r'href="(/acme-bv/[^"]+\.pdf)"', page):
        saved = story.desk / "saved.pdf"
        story.browser("--output", str(saved), PORTAL + link)
        story.say(f"client@home$ saved {link}, {saved.stat().st_size} bytes")
        if saved.read_bytes() != DRAWING.read_bytes():
            raise Failed("what the client saved is not what was dropped")


def restored(story: Story) -> None:
    """The disk is gone: docs/operations.md, Restore."""
    story.head("docs/operations.md: Restore")
    shell = [block for block in guide.blocks("operations.md", "Restore") if block.kind == "sh"]
    for line in shell[0].lines():
        story.root(line)
    for block in guide.blocks("installing.md", "3. The office and its folders"):
        if block.kind == "sh" and ("chown" in block.text or "/queue/" in block.text):
            for line in block.lines():
                story.root(line)
    for line in shell[1].lines():
        story.root(line)
    story.log_in("j.jansen@acme.example")
    download(story, story.sees("Jaarrekening 2025"))
    decide(story, "after-restore")


def upgraded(story: Story, following: Path) -> None:
    """A new version: docs/operations.md, Upgrade."""
    shutil.copyfile(following, story.machine.path / "root" / following.name)
    story.follow("operations.md", "Upgrade")
    if "2.0.1" not in story.root("dossier --version"):
        raise Failed("the new version is not the one that runs")
    decide(story, "after-upgrade")
    story.log_in("j.jansen@acme.example")
    story.sees("Jaarrekening 2025")


def served_by_nginx(story: Story) -> None:
    """The other way to serve the portal: docs/serving.md."""
    story.head("docs/serving.md instead: nginx serves the folder, with a password")
    story.root("systemctl disable --now dossier-portal.socket dossier-portal.service")
    story.root("rm /etc/nginx/conf.d/portal.conf")
    story.follow("serving.md", "nginx")
    story.follow("serving.md", "Let it read")
    story.root("nginx -t")
    story.root("systemctl restart nginx")
    item = decide(story, "by-nginx")
    for client, password, wanted in (("acme-bv", PASSWORD, "200"), ("acme-bv", "wrong", "401"), ("zon", PASSWORD, "403")):
        for line in guide.blocks("serving.md", "Check it")[0].lines():
            command = line.replace("D-2026-000012/annual-accounts.pdf", f"{item}/by-nginx.pdf").replace("acme-bv", client)
            words = command.replace("-u j.jansen", f"-u j.jansen:{password}").split()
            words += [
                "--cacert",
                str(story.desk / "portal.pem"),
                "--resolve",
                f"clients.office.example:443:{story.machine.address}",
            ]
            answer = story.machine.outside(words).stdout.replace("\r", "")
            story.say(f"client@home$ {command}\n{trimmed(answer, 12)}")
            if f" {wanted} " not in answer.partition("\n")[0]:
                raise Failed(f"that is not {wanted}")
            if wanted == "200" and not {"content-disposition: attachment", "x-content-type-options: nosniff"} <= set(
                answer.lower().splitlines()
            ):
                raise Failed("the attachment could open as a page")


def main() -> int:
    need("mmdebstrap", "systemd-nspawn", "nsenter", "setpriv", "smbclient", "curl", "openssl", "ip")
    story = Story(Path(sys.argv[1] if len(sys.argv) > 1 else "/var/tmp/dossier-try"))
    try:
        following = prepare(story)
        first_day(story)
        restored(story)
        upgraded(story, following)
        served_by_nginx(story)
    except Failed as fault:
        story.say(f"\nFAILED: {fault}")
        story.say(trimmed(story.machine.sh("journalctl --no-pager -n 60 -u dossier -u dossier-portal -u smbd -u nginx")[1], 60))
        return 1
    finally:
        story.machine.stop()
    story.say(f"\nAll of it works. The transcript is {story.folder / 'transcript.txt'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
