"""An office for the crash harness: made in a folder, worked on by the installed program in a fork, and looked at from outside.

From outside means: files as they lie there, and the database's tables read with sqlite3 from a copy. Nothing of the
program's own code says whether the program did right, but for the trail's verification.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

SETTINGS = """\
identity: {trust_sidecar: true}
watch: {settle_seconds: 0, folder_settle_seconds: 0}
sharing: {guard: off, choose_attachments: all}
mail: {host: 127.0.0.1, port: 9}
"""
CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    default_approver: m.devries
    contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]
  zon:
    name: Bakkerij Zon
    default_approver: m.devries
    contacts: [{id: z.zon, name: Zus Zon, email: zus@zon.example}]
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
"""

_TIME = re.compile(r"\d{8}-\d{6}(-\d{6})?(\.\d+)?")


def make(root: Path, inbox: Path | None = None) -> None:
    """A new office. `inbox`: elsewhere, on another file system."""
    (root / "config").mkdir(parents=True)
    paths = f"paths: {{inbox: {json.dumps(str(inbox))}}}\n" if inbox else ""
    for name, text in (("settings", SETTINGS + paths), ("clients", CLIENTS), ("staff", STAFF)):
        (root / "config" / f"{name}.yaml").write_text(text)
    (inbox or root / "inbox").mkdir(parents=True, exist_ok=True)


def run(root: Path, *arguments: str) -> int:
    """The command `dossier --root ROOT ARGUMENTS` in this process (a fork of the harness); returns its exit code."""
    from desk.cli import main

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    with open(root / "out.txt", "ab", buffering=0) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.pop("DOSSIER_USER", None)
    os.environ["DOSSIER_INTAKE__HELP_FILES"] = "no"  # an inbox that holds what the scenario puts there
    os.environ["DOSSIER_INTAKE__MAKE_FOLDERS"] = "no"
    sys.argv = ["dossier", "--root", str(root), *arguments]
    return main.run()


def daemon_once(root: Path) -> int:
    return run(root, "run", "--once", "--log", "json")


def drop(home: Path, files: dict[str, bytes | str]) -> None:
    """Put files into a client's folder, or a folder of it."""
    for name, data in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def sidecar(description: str, **keys: object) -> str:
    return yaml.safe_dump({"description": description, "created_by": "p.bakker", **keys}, sort_keys=False)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tree(folder: Path) -> dict[str, str]:
    """Path below `folder` → SHA-256, of each file."""
    return {str(path.relative_to(folder)): sha(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


def number(key: int) -> str:
    """An item's key as people write it."""
    year, count = divmod(key, 10_000_000)
    return f"D-{year}-{count:06d}"


class Records:
    """The database as it is now, read from a copy: looking must not finish what the daemon left open."""

    def __init__(self, root: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dossier-look-")
        source = root / "var" / "dossier.db"
        for suffix in ("", "-wal"):
            if Path(f"{source}{suffix}").exists():
                shutil.copy(f"{source}{suffix}", self._folder.name)
        self._database = sqlite3.connect(f"{self._folder.name}/dossier.db")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()


def picture(root: Path, inbox: Path) -> dict[str, Any]:
    """All that can be seen of an office at rest, without times and random names: two that did the same look the same."""
    records = Records(root)
    try:
        pictured = {
            "inbox": _inbox(inbox),
            "items": records.rows(
                "SELECT id, client, description, status, share_state, created_by, standing, public, unsettled, notify, contact"
                " FROM item ORDER BY id"
            ),
            "attachments": records.rows(
                "SELECT item, name, share, version, sha256, size, current FROM attachment ORDER BY item, id"
            ),
            "editions": records.rows("SELECT id, item, state, shown FROM edition ORDER BY id"),
            "drops": records.rows("SELECT kind, client, stem, item, cleared FROM 'drop' ORDER BY kind, stem, item"),
            # What is told to whom; which of it goes in one mail depends on when it came.
            "mails": records.rows(
                "SELECT kind, recipient, item FROM mail WHERE kind NOT IN ('alarm', 'notices') ORDER BY kind, item"
            ),
            # That the disk was full is told, and that it is over; it changes nothing else.
            "events": sorted(
                Counter(records.rows("SELECT action, item FROM event WHERE action NOT LIKE 'alarm%'")).items(), key=str
            ),
            "counter": records.rows("SELECT year, last FROM counter"),
            "portal": _portal(root / "var" / "portal"),
            "queue": sorted(_TIME.sub("T", name) for name in tree(root / "var" / "queue")),
            "vault": sorted(
                name
                for name in tree(root / "var" / "vault")
                if not name.startswith(".incoming/") and name != ".office.json"  # on a full disk that is written later
            ),
        }
    finally:
        records.close()
    return json.loads(json.dumps(pictured))  # type: ignore[no-any-return]


def unnumbered(pictured: dict[str, Any]) -> dict[str, Any]:
    """A picture in which items bear no numbers, but their places in the order of clients and descriptions.

    A drop that had to wait, as its disk was full for a moment, gets a later number than in an undisturbed run: nothing else may differ.
    """
    items = {row[0]: place for place, row in enumerate(sorted(pictured["items"], key=lambda row: row[1:3]))}
    editions: dict[int | None, str | None] = {None: None}
    for key, item, *_ in pictured["editions"]:
        editions[key] = f"{items[item]}.{sum(text.startswith(f'{items[item]}.') for text in editions.values() if text)}"

    def placed(rows: list[list[Any]], column: int) -> list[list[Any]]:
        return sorted(([*row[:column], items.get(row[column], row[column]), *row[column + 1 :]] for row in rows), key=str)

    rows = {
        "items": placed([[*row[:6], editions[row[6]], editions[row[7]], *row[8:]] for row in pictured["items"]], 0),
        "attachments": placed(pictured["attachments"], 0),
        "editions": placed([[editions[row[0]], *row[1:]] for row in pictured["editions"]], 1),
        "drops": placed(pictured["drops"], 3),
        "mails": placed(pictured["mails"], 2),
        "events": sorted(([[action, items.get(item, item)], count] for (action, item), count in pictured["events"]), key=str),
    }
    text = json.dumps(pictured | rows)
    for key, place in items.items():
        text = text.replace(number(key), f"item {place}")
    whole: dict[str, Any] = json.loads(text)
    for name, shown in whole["portal"].items():
        if name.endswith("/items.json"):
            shown.sort(key=lambda item: item["item"])
    return whole | {"queue": sorted(whole["queue"])}


def _inbox(inbox: Path) -> dict[str, object]:
    seen: dict[str, object] = {}
    for name, digest in tree(inbox).items():
        shown = _TIME.sub("T", name)
        if name.endswith(".receipt.yaml"):
            receipt = yaml.safe_load((inbox / name).read_text())
            seen[shown] = {key: value for key, value in receipt.items() if key != "taken_at"}
        elif name.endswith("/WHY.txt"):
            seen[shown] = (inbox / name).read_text()
        else:
            seen[shown] = digest
    return seen


def _portal(portal: Path) -> dict[str, object]:
    seen: dict[str, object] = {}
    for name, digest in tree(portal).items():
        if name.endswith("/items.json"):
            # Newest first: what was published a moment later comes first, so here they are sorted otherwise.
            items = sorted(json.loads((portal / name).read_text())["items"], key=lambda item: item["item"])
            seen[name] = [{key: value for key, value in item.items() if key != "published_at"} for item in items]
        else:
            # Pages tell times; that they are there, and what items.json says, is what is compared.
            seen[name] = digest if re.search(r"/D-\d+-\d+/", name) else ""
    return seen


def faults_now(root: Path, inbox: Path, dropped: Sequence[bytes]) -> list[str]:
    """What must not be, at any instant, whatever was just killed."""
    faults = []
    records = Records(root)
    try:
        kept = {row[0] for row in records.rows("SELECT sha256 FROM attachment")}
        editions = records.rows("SELECT item, state, shown FROM edition")
        sidecars = {row[0] for row in records.rows("SELECT stem FROM 'drop' WHERE kind IN ('taken', 'duplicate')")}
    finally:
        records.close()
    lies = tree(inbox)
    here, named = Counter(lies.values()), Counter(digest for name, digest in lies.items() if "/.taken-" not in f"/{name}")
    vault = root / "var" / "vault"
    for data, times in Counter(dropped).items():
        digest = sha(data)
        if digest in kept and named[digest] >= times:
            faults.append(f"an item was made of a file that the inbox had not let go: {data[:40]!r}")
        in_vault = digest in kept and (vault / digest[:2] / digest).exists()
        if not here[digest] and not in_vault and not (data.startswith(b"description:") and sidecars):
            faults.append(f"a file is nowhere: {data[:40]!r}")
    for digest in kept:
        path = vault / digest[:2] / digest
        if not path.exists() or sha(path.read_bytes()) != digest:
            faults.append(f"the vault lacks what an item names: {digest[:12]}")
    return faults + portal_faults(root, editions)


def portal_faults(root: Path, editions: Sequence[tuple[Any, ...]]) -> list[str]:
    """What is wrong with the portal, to a reader who comes now."""
    faults = []
    approved = {
        (number(item), a["name"], a["sha256"])
        for item, state, shown in editions
        for a in json.loads(shown)["attachments"]
        if state in ("standing", "superseded", "withdrawn")
    }
    for home in sorted((root / "var" / "portal").glob("*")):
        files = {name: digest for name, digest in tree(home).items() if re.match(r"D-\d+-\d+/", name)}
        for name, digest in files.items():
            item, file = name.split("/", 1)
            if (item, file, digest) not in approved:
                faults.append(f"{home.name}/{name} is on the portal and was never approved")
        index = home / "items.json"
        if not index.exists():
            continue
        named = {
            f"{item['item']}/{a['name']}": a["sha256"]
            for item in json.loads(index.read_text())["items"]
            for a in item["attachments"]
        }
        faults += [
            f"{home.name}/items.json names {name}, which is not there so" for name in named if files.get(name) != named[name]
        ]
        older = sorted((home / "_pages").glob("older-*.html"))
        page = "".join(path.read_text() for path in (home / "index.html", *older))
        faults += [f"{home.name}/index.html lacks {name}" for name in named if name.split("/")[1] not in page]
    return faults


def strays(root: Path, inbox: Path) -> list[str]:
    """Files with hidden or temporary names that are left over in an office at rest."""
    found = []
    for folder in (inbox, root / "var"):
        for path in folder.rglob("*"):
            name = path.name
            if (
                path.is_file()
                and (name.endswith(".tmp") or name.startswith(".taken") or ".incoming/" in str(path))
                and name != ".lock"
            ):
                found.append(str(path.relative_to(folder)))
        found += [str(path) for path in folder.glob(".*staging*/*/*/**/*")]
    return found


def trail_fault(root: Path) -> str | None:
    """What `audit verify` would say; to be called in a fork."""
    from dossier.database.database import close_database, open_database
    from dossier.office.opening import load_office
    from dossier.trail import auditing

    open_database(load_office(root, {}))
    try:
        fault = auditing.first_fault()
        return None if fault is None else str(fault)
    finally:
        close_database()
