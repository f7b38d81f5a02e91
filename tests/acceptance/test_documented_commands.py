"""Every command that the documentation shows is run: here, in an office in which it makes sense, or where ELSEWHERE says, with the reason.

A command is a line of a fenced or indented block that is no picture, no configuration and no output. Item numbers of the pages stand
for an item of this office that is in the state that the command is about; paths outside the office for folders of the test.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from kit import forking
from kit.mail_server import Server
from kit.support import CLIENTS, DOSSIER, PATIENCE, PDF, SETTINGS, STAFF, Root, free_port, wait_for

CHECKOUT = Path(__file__).resolve().parents[2]

MAKE_RUN = "the demo office: tests/acceptance/test_readme.py starts what `make run` starts"
ELSEWHERE = {
    # Line of a page, or how it begins: who runs it, or why nobody can here.
    "make run": MAKE_RUN,
    "make test": "it is what runs this",
    "dossier webhooks test": "needs a receiver: tests/acceptance/web/test_webhook_daemon.py",
    "sudo dossier": "needs root: tests/acceptance/office/test_file_server.py",
    "dossier samba": "needs accounts and a group of the staff: tests/acceptance/office/test_file_server.py",
    "dossier migrate-db postgresql:": "needs a PostgreSQL server: tests/acceptance/backup/test_migrate_db.py",
}

PROGRAMS = r"(sudo -u dossier )?(\.venv/bin/)?(dossier|make|rm) "
"""What is run here; anything else in a block of commands must be followed on a fresh machine."""

NOT_HERE = {
    # How a block begins that is not run here: what it is, or what it needs.
    "   staff  ": "the picture of the flow",
    "Subject: ": "a template of a mail: tests/acceptance/daemon/test_operations.py",
    "systemctl stop dossier\ndossier backup": "systemd and a PostgreSQL server: tests/acceptance/backup/test_migrate_db.py",
    "metrics: ": "a setting: tests/acceptance/daemon/test_watched.py",
}

ADMIN = "b.boss"
PEOPLE = f"""\
{STAFF}
  b.boss: {{name: Bo Boss, email: boss@office.example, rights: [create, share, approve, admin]}}
  l.visser: {{name: Laura Visser, email: l.visser@office.example, active: no}}
"""
OFFICE = f"""\
{SETTINGS}
retention: {{terms: {{gone: [{{years: 1, counted_from: relation_end, basis: our own rule}}]}}}}
types: {{short: {{keep: [gone]}}}}
webhooks: {{books: {{url: "https://books.example/hook", for: b.boss}}}}
"""

SHARED = "share: yes\nshare_attachments: all\n"
STATES = {
    "private": "created_by: b.boss\n",
    "due": "type: short\ncreated_by: b.boss\n",
    "concept": f"{SHARED}share_status: concept\napprover: k.smit\ncreated_by: p.bakker\n",
    "published": f"{SHARED}share_status: approved\nnotify: yes\ncontact: j.jansen\ncreated_by: b.boss\n",
}
NEEDED = {
    "approve": "concept",
    "reject": "concept",
    "remind": "concept",
    "withdraw": "published",
    "publish": "withdrawn",
    "notify": "published",
    "undelete": "deleted",
}
"""The state in which an item must be for a command; private, if it isn't said."""
_BEFORE = {"withdrawn": "published", "deleted": "private"}
"""The state from which an item is brought into that one by a command."""
PAPERLESS = """[{"model": "documents.correspondent", "pk": 1, "fields": {"name": "acme-bv"}}, {"model": "documents.document", "pk": 2,
"fields": {"title": "Letter", "correspondent": 1, "tags": [], "created": "2024-03-01"}, "__exported_file_name__": "brief.pdf"}]"""
FILES = ("accounts.pdf", "scan0001.pdf", "draft.docx")


def _guide() -> ModuleType:
    """What `make try-install` follows."""
    found = importlib.util.spec_from_file_location("guide", CHECKOUT / "packaging/try/guide.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["guide"] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it."""

    page: str
    line: str


def _pages() -> list[Path]:
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), *sorted((CHECKOUT / "docs/nl").glob("*.md"))]


def shown_commands(page: Path) -> Iterator[Shown]:
    """The commands of a page that are neither of the tour nor followed on a fresh machine."""
    name, text = page.name, page.read_text()
    for block in _blocks_to_run(page):
        yield from (Shown(name, line) for line in _commands(block))
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (Shown(name, line) for line in _commands(plain, only_indented=True))


def _blocks_to_run(page: Path) -> Iterator[str]:
    """The fenced blocks of commands that are run here."""
    guide = _guide()
    followed = {
        block.text
        for part in (*guide.FOLLOWED, guide.IN_CONTAINERS, guide.WITH_COMPOSE, guide.WITH_THE_PACKAGE)
        if part[0] == page.name and page.parent.name == "docs"
        for block in guide.blocks(*part)
        if block.kind == "sh"
    }
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        if kind in ("", "sh") and block not in followed and not block.startswith(tuple(NOT_HERE)):
            yield block


def _commands(text: str, only_indented: bool = False) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        bare = line.strip()
        if (line.startswith("    ") or not only_indented) and re.match(PROGRAMS, bare):
            # What is meant by it stands behind a # or some spaces.
            said = re.split(r"\s{3,}|\s+#|  (?=[a-z])", bare)[0]
            yield from re.split(r", (?:or|and)[^:]*: ", said)


def test_a_page_shows_no_command_that_nobody_runs() -> None:
    """Each is run below or by make try-install; what is left must have its reason."""
    kinds = {kind for page in _pages() for kind in re.findall(r"^```(\w*)\n", page.read_text(), re.MULTILINE)}
    assert kinds <= {"", "sh", "console", "yaml", "nginx", "caddy", "ini", "json", "text"}, (
        "a new kind of block: say here whether it is run"
    )
    for page in _pages():
        for block in _blocks_to_run(page):
            for line in filter(None, block.splitlines()):
                assert re.match(PROGRAMS, line), (
                    f"{page.name}: nobody runs `{line}`: let it be run here, by make try-install, or say why not"
                )
    assert len([one for page in _pages() for one in shown_commands(page)]) > 60
    for reason in (*ELSEWHERE.values(), *NOT_HERE.values()):
        for named in re.findall(r"tests/\S+\.py", reason):
            assert (CHECKOUT / named).exists()
    for start in ELSEWHERE:
        assert any(one.line.startswith(start) for page in _pages() for one in shown_commands(page)), f"no page shows {start}"


@dataclass
class Prepared:
    """An office, made for the commands of some pages: for each of their items one of its own."""

    root: Root
    post: Server
    top: Path
    items: dict[str, str] = field(default_factory=dict)
    restored: int = 0

    def make(self, shown: list[Shown]) -> None:
        self.root.set("staff", PEOPLE)
        self.root.set("settings", OFFICE)
        self.root.set("clients", CLIENTS.replace("identifiers:", "ended: 2020-12-31\n    identifiers:"))
        for number, one in enumerate(shown):
            for place, _ in enumerate(re.findall(ITEM, one.line)):
                self._drop(f"i{number}-{place}", STATES[_BEFORE.get(state := _state(one.line), state)])
        for stem in ("later0", "later1"):
            self._drop(stem, STATES["published"])
        self.post.on_data = lambda data: "451 later" if b"later" in data else None
        self.root.once()
        self.items = {item["description"]: item["item"] for item in self._list("items", "--limit", "0")}
        for number, one in enumerate(shown):
            if _state(one.line) == "withdrawn" and re.search(ITEM, one.line):
                self.run(f"dossier withdraw {self.items[_description(f'i{number}-0')]} --reason wrong")
            if _state(one.line) == "deleted":
                self.run(f"dossier delete {self.items[_description(f'i{number}-0')]}")
        self._place_files()

    def _drop(self, stem: str, keys: str) -> None:
        folder = self.root.inbox() / stem
        folder.mkdir()
        for name in FILES:
            (folder / name).write_bytes(PDF + stem.encode())
        (folder / ".new").write_text(f"description: {_description(stem)}\n{keys}")
        (folder / ".new").rename(folder / "item.yaml")

    def _place_files(self) -> None:
        """What the examples take for granted."""
        (self.top / "home").mkdir()
        (self.top / "home/accounts-v2.pdf").write_bytes(PDF + b"2")
        for name in ("report.pdf", "letter.pdf"):
            (self.root.path / name).write_bytes(PDF)
        unsorted = self.root.path / "inbox/_unsorted"
        unsorted.mkdir()
        for name in ("scan-0012.pdf", "scan-0013.pdf"):
            (unsorted / name).write_bytes(PDF)
        archive = self.top / "archive/1001/2019"
        archive.mkdir(parents=True)
        (archive / "Jaarrekening.pdf").write_bytes(PDF)
        [first, *_] = re.findall(r"(?:^    .*\n)+", (CHECKOUT / "docs/import.md").read_text(), re.MULTILINE)
        (self.root.path / "map.yaml").write_text(re.sub(r"(?m)^    ", "", first))
        (self.top / "paperless").mkdir()
        (self.top / "paperless/brief.pdf").write_bytes(PDF)
        (self.top / "paperless/manifest.json").write_text(PAPERLESS)
        [given, *_] = re.findall(r"```yaml\n(.*?)```", (CHECKOUT / "docs/moving.md").read_text(), re.DOTALL)
        (self.root.path / "paperless.yaml").write_text(given)
        for name in ("relaties.csv", "medewerkers.csv"):
            (self.root.path / name).write_text(f"Code;Naam;E-mail\nfrom.{name[0]};Iemand Anders;iemand@{name}\n")
        (self.root.inbox() / "report.yaml").write_text("description: Annual report\nattachments: []\ncreated_by: b.boss\n")

    def here(self, number: int, line: str) -> str:
        """The command with this office's items, folders and ports."""
        line = line.removeprefix("sudo -u dossier ").replace(".venv/bin/", "")
        for place, item in enumerate(re.findall(ITEM, line)):
            line = line.replace(item, self.items[_description(f"i{number}-{place}")], 1)
        if " 17" in line:
            waiting = [mail["id"] for mail in self._list("outbox") if mail["state"] not in ("sent", "cancelled")]
            line = line.replace(" 17", f" {waiting[0]}")
        if " restore " in line:
            self.restored += 1
        made = f"{self.top}/restored{self.restored}"
        if "retention run" in line:
            line += " --yes"  # on a terminal it asks
        if "snapshots/" in line:
            line = re.sub(r"snapshots/\S+", f"snapshots/{min(os.listdir(self.top / 'backup/snapshots'))}", line)
        for path, mine in (
            ("/mnt/backup/office", f"{self.top}/backup"), ("/mnt/archive", f"{self.top}/archive"), ("/tmp/trial", made),
            ("/mnt/paperless", f"{self.top}/paperless"),
            ("/srv/office", made if self.restored else f"{self.top}/new"), ("/passport.pdf", "/accounts.pdf"),
            ("--host 0.0.0.0 --port 8443", f"--host 127.0.0.1 --port {free_port()}"), ("ITEM", self.items[_description("later1")]),
        ):  # fmt: skip
            line = line.replace(path, mine)
        return line

    def _list(self, *words: str) -> list[dict[str, str]]:
        done = forking.run(["dossier", *words, "--json"], self.root.path, self.root.whole_environ())
        found: list[dict[str, str]] = json.loads(done.stdout)
        return found

    def run(self, line: str) -> None:
        """The command as a shell runs it in the office's folder, by who may do it."""
        if "erase" in line and "--yes" in line:  # as the page says: first they are taken out
            self.root.set("clients", CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: no"))
            self.run("dossier run --once")
        user = "k.smit" if {"approve", "reject"} & set(line.split()) else ADMIN
        environ = self.root.whole_environ() | {"DOSSIER_USER": user, "HOME": f"{self.top}/home"}
        if f"--root {self.top}" in line:
            del environ["DOSSIER_USER"]
        line, _, target = line.partition(" > ")
        words = [word.replace("~/", f"{self.top}/home/") for word in shlex.split(line)]
        if words[0] == "rm":
            assert words == ["rm", "-rf", f"{self.top}/restored{self.restored}"]
            shutil.rmtree(words[-1])
        elif (words[-1] == "run" and "retention" not in words) or {"portal", "desk", "serve"} & set(words):
            self._start_and_stop(words, environ)
        else:
            done = forking.run(words, self.root.path, environ)
            end = time.monotonic() + PATIENCE
            while done.returncode and "erase" in words and time.monotonic() < end:  # a mail may be under way on a busy machine
                self.run("dossier run --once")
                done = forking.run(words, self.root.path, environ)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            if target:
                (self.root.path / target).write_text(done.stdout)

    def _start_and_stop(self, words: list[str], environ: dict[str, str]) -> None:
        log = self.top / "log"
        ports = {f"DOSSIER_{site}__PORT": str(free_port()) for site in ("PORTAL", "DESK")}
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [str(DOSSIER), *words[1:]], cwd=self.root.path, env=environ | ports,
                stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            wait_for(lambda: process.poll() is not None or re.search(r"\brunning\b|serving", log.read_text()), f"{words} works")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, f"{words}\n{log.read_text()}"
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


ITEM = r"\b(?:D-)?20\d\d-0000\d\d\b"


def _description(stem: str) -> str:
    return f"Annual accounts {stem}"


def _state(line: str) -> str:
    words = line.split()
    if "retention" in words:
        return "due"
    return next((NEEDED[word] for word in words if word in NEEDED), "published" if "preview" in words else "private")


@pytest.mark.slow
@pytest.mark.parametrize("pages", ["the reference", "the pages"])
def test_every_command_of_the_documentation_does_what_it_says(pages: str, root: Root, post: Server, tmp_path: Path) -> None:
    chosen = [page for page in _pages() if (page.name == "commands.md") == (pages == "the reference")]
    shown = [one for page in chosen for one in shown_commands(page) if not one.line.startswith(tuple(ELSEWHERE))]
    shown.sort(key=lambda one: one.line == "dossier retention run")  # it removes what the others are about
    office = Prepared(root, post, tmp_path)
    office.make(shown)
    for number, one in enumerate(shown):
        office.run(office.here(number, one.line))
