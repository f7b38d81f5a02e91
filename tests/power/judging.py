"""What must hold of an office that runs again after a power cut, seen from outside: files, the database's tables, exit codes, mails.

Two looks: one right after the disks are mounted, when nobody has started anything, and one after `dossier run --once`. Which
facts hold, is what was noted in the log before the cut (scenes.py); so nothing of the program's own says whether it did right.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml
from scenes import CONTACT, Play, sha

Run = Callable[..., CompletedProcess[str]]
"""The command: run("verify") → what it said."""


class Facts:
    """What was noted before the cut, put together."""

    def __init__(self, marks: Sequence[dict[str, Any]]) -> None:
        marks = [fact for mark in marks for fact in mark.get("before", [mark])]
        self.dropped: list[dict[str, str]] = [mark["dropped"] for mark in marks if "dropped" in mark]
        self.stems = [mark["stem"] for mark in marks if "stem" in mark]
        self.numbers = {digest: number for mark in marks for digest, number in mark.get("numbers", {}).items()}
        self.allowed = {digest for mark in marks for digest in mark.get("allowed", ())}
        self.gone = {digest for mark in marks for digest in mark.get("gone", ())}
        leaving = {digest for mark in marks for digest in mark.get("leaving", ())}
        self.public = {digest for mark in marks for digest in mark.get("public", ())} - self.gone - leaving
        self.mailed = sum("mailed" in mark for mark in marks)
        self.backup = next((Path(mark["backup"]) for mark in marks if "backup" in mark), None)


def before_the_start(play: Play, facts: Facts) -> Iterator[str]:
    """What a client's browser could find, while nothing runs."""
    yield from _unapproved(play, facts)
    yield from _pages(play)


def after_the_start(play: Play, facts: Facts, run: Run) -> Iterator[str]:
    """What is wrong after `dossier run --once`, which is run here."""
    for words in (["run", "--once"], ["verify"], ["audit", "verify"], ["status"]):
        done = run(*words)
        if done.returncode != 0:
            yield f"{' '.join(words)} ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"
    found = json.loads(run("doctor", "--json").stdout)
    yield from (f"doctor: {one['message']}" for one in found if one["level"] == "wrong")
    yield from _unapproved(play, facts)
    yield from _pages(play)
    shown = set(play.shown().values())
    yield from (f"not on the portal, though it was approved: {digest[:12]}" for digest in facts.public - shown)
    yield from (f"on the portal, though it was withdrawn or replaced: {digest[:12]}" for digest in facts.gone & shown)
    yield from _drops(play, facts)
    yield from _empty(play)
    yield from _sheets(play)
    yield from _mails(play, facts)
    if facts.backup is not None:
        yield from _backup(play, facts.backup, run)


def _unapproved(play: Play, facts: Facts) -> Iterator[str]:
    yield from (
        f"{name} is on the portal and nobody approved it yet"
        for name, digest in play.shown().items()
        if digest not in facts.allowed
    )


def _pages(play: Play) -> Iterator[str]:
    """The pages name what is there, as it is there."""
    home = play.root.path / "var" / "portal" / "acme-bv"
    if not (home / "items.json").exists():
        return
    shown = play.shown()
    for item in json.loads((home / "items.json").read_text())["items"]:
        for one in item["attachments"]:
            name = f"{item['item']}/{one['name']}"
            if shown.get(name) != one["sha256"]:
                yield f"items.json names {name}, which is not there so"
            if item["item"] not in (home / "index.html").read_text():
                yield f"index.html lacks {item['item']}"


def _drops(play: Play, facts: Facts) -> Iterator[str]:
    """Every file that was dropped is in exactly one place, and no item is there twice."""
    vault = play.root.path / "var" / "vault"
    kept = [(digest, _number(item)) for digest, item in play.rows("SELECT DISTINCT sha256, item FROM attachment")]
    for digest, number in kept:
        path = vault / digest[:2] / digest
        if not path.exists() or sha(path.read_bytes()) != digest:
            yield f"the vault lacks what {number} names: {digest[:12]}"
    for digest, number in facts.numbers.items():
        if (digest, number) not in kept:
            yield f"{digest[:12]} is not of {number} any more"
    yield from (
        f"{count} items hold {digest[:12]}" for digest, count in Counter(digest for digest, _ in kept).items() if count > 1
    )
    lying = [path for path in play.inbox.rglob("*") if path.is_file() and path.parent.name != "_done" and path.name != "WHY.txt"]
    yield from (f"left over: {path.relative_to(play.inbox)}" for path in lying if path.name.startswith(".taken"))
    here = Counter(sha(path.read_bytes()) for path in lying if not path.name.endswith(".part"))  # those are of who drops
    for files, stem in zip(facts.dropped, facts.stems, strict=True):
        receipts = [*(play.inbox / "acme-bv" / "_done").glob(f"{stem}.receipt.yaml")]
        for name, digest in files.items():
            card = name.endswith(".yaml")
            there = here[digest] + (bool(receipts) if card else any(digest == one for one, _ in kept))
            if there != 1:
                yield f"{name} of {stem} is in {there} places"
    yield from _receipts(play)


def _receipts(play: Play) -> Iterator[str]:
    home = play.inbox / "acme-bv"
    for stem, kind, target in play.rows("SELECT stem, kind, target FROM 'drop'"):
        path = home / "_rejected" / target / "WHY.txt" if kind == "refused" else home / "_done" / f"{stem}.receipt.yaml"
        if not path.exists():
            yield f"there is no {path.relative_to(home)}"
    for path in (home / "_done").glob("*"):
        told = yaml.safe_load(path.read_bytes().replace(b"\0", b""))
        if not isinstance(told, dict) or "item" not in told:
            yield f"{path.name} is no receipt"
    for folder in (home / "_rejected").glob("*"):
        if not (folder / "WHY.txt").exists():
            yield f"{folder.name} has no WHY.txt"


def _empty(play: Play) -> Iterator[str]:
    """Nothing is empty, or zeros, that the daemon writes."""
    folders = (play.root.path / "var" / "queue", play.root.path / "var" / "portal", play.inbox)
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".part"):
        if not path.read_bytes().strip(b"\0"):
            yield f"empty: {path.name} in {path.parent.name}"


def _sheets(play: Play) -> Iterator[str]:
    """A concept lies before its approver, with true copies and a preview."""
    home = play.root.path / "var" / "queue" / "m.devries"
    for item, description in play.rows("SELECT id, description FROM item WHERE pending IS NOT NULL"):
        number = _number(item)
        sheet, folder = home / f"{number}.yaml", home / number
        if not sheet.exists() or not re.search(r"^content: sha256:[0-9a-f]{64} ", sheet.read_text(), re.MULTILINE):
            yield f"{number} waits, and its queue file does not say for what"
        elif sheet.read_text().startswith("# !"):
            yield f"{number}: the queue file complains: {sheet.read_text().splitlines()[0]}"
        preview = folder / "preview.html"
        if not preview.exists() or description not in preview.read_text():
            yield f"{number} has no preview"
        for name, digest in play.rows(f"SELECT name, sha256 FROM attachment WHERE item = {item} AND current AND share"):
            if not (folder / name).exists() or sha((folder / name).read_bytes()) != digest:
                yield f"{number}: the approver's copy of {name} is not what is to be decided on"


def _mails(play: Play, facts: Facts) -> Iterator[str]:
    """Told at least once, counting what the mail server had before the cut."""
    notified = play.rows("SELECT id, notify FROM item WHERE contact IS NOT NULL AND public IS NOT NULL")
    for item, notify in notified:
        if notify:
            yield f"nobody has been told of {_number(item)}"
    sent = facts.mailed + sum(str(mail["To"]).find(CONTACT) >= 0 for mail in play.server.mails)
    if sent < len(notified):
        yield f"{sent} mails for {len(notified)} items"


def _backup(play: Play, source: Path, run: Run) -> Iterator[str]:
    """A backup that was made is one: an office comes out of it that verifies."""
    made = play.root.path.parent / "restored"
    done = run("restore", str(source), root=made)
    if done.returncode != 0:
        yield f"restore ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"
    elif (done := run("verify", root=made)).returncode != 0:
        yield f"what was restored doesn't verify: {(done.stdout + done.stderr)[-1500:]}"
    shutil.rmtree(made, ignore_errors=True)


def _number(key: int) -> str:
    return f"D-{key // 10_000_000}-{key % 10_000_000:06d}"
