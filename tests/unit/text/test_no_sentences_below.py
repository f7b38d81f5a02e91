"""No room below desk/ holds a sentence for a person: what is told is a code, and its words stand in dossier/sentences/.

A sentence is taken to be a text of three words or more. What is left of these is for the log, for
the database, or for another program; each is named here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[3]

SENTENCE = re.compile(r"[A-Za-z}]{2,}[,;:]? [a-z{]{2,}.* [a-z{]{2,}", re.DOTALL)
FOR_THE_DATABASE = re.compile(r"[\s(]*(SELECT|INSERT|DELETE|UPDATE|CREATE|WITH)\b")
FOR_THE_LOG = {"info", "warning", "error", "debug", "exception"}

NOT_FOR_PEOPLE = {
    # Words that are looked for in what others say, or in documents
    "dossier/database/trouble.py", "dossier/database/snapshot.py", "dossier/text/yaml_trouble.py", "dossier/text/media.py",
    "workflow/guard/directory.py", "workflow/reports/proof.py",
    # Names by which others know us, notes in the database, names of columns, and commands to a database
    "dossier/text/names.py", "dossier/database/search.py", "workflow/portal/mending.py", "workflow/reminders/unopened.py",
    # Errors of whoever calls, that no person sees, and words between processes
    "dossier/database/database.py", "dossier/files/beneath.py", "dossier/cluster/claims.py", "dossier/workers/child.py",
    "dossier/workers/pool.py", "workflow/guard/readers/ocr.py", "workflow/portal/pictures_child.py",
    # The mail server's line: smtplib's errors, which become sentences in `_what_of`
    "workflow/mail/smtp.py",
    # Pages and letters: msgids of workflow/locale
    "workflow/queue/contents.py", "workflow/queue/client_view.py", "workflow/messages/letters.py", "workflow/retention/erasure_report.py",
    # What is wrong with a manifest that somebody wrote by hand: a detail within a sentence
    "dossier/backup/manifest.py",
    # The mark of a folder of backups, and grounds in the trail
    "dossier/backup/backup.py", "workflow/retention/retention.py",
    # Reasons in the log
    "ingest/intake/clearing.py",
}  # fmt: skip


def rooms() -> Iterator[Path]:
    for floor in ("dossier", "workflow", "ingest"):
        yield from (path for path in sorted((TOP / floor).rglob("*.py")) if "migrations" not in path.parts)


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text below a node, with its line; docstrings and what is logged apart."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in FOR_THE_LOG:
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.JoinedStr):
            yield child.lineno, "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in child.values)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.lineno, child.value
        else:
            yield from texts(child)


def sentences(path: Path) -> list[str]:
    found = texts(ast.parse(path.read_text(encoding="utf-8")))
    return [f"{line}: {text}" for line, text in found if SENTENCE.search(text) and not FOR_THE_DATABASE.match(text)]


def test_no_room_below_the_desk_holds_a_sentence_for_a_person() -> None:
    told = {str(path.relative_to(TOP)): found for path in rooms() if (found := sentences(path))}
    assert {place: found for place, found in told.items() if place not in NOT_FOR_PEOPLE} == {}
    assert told.keys() >= NOT_FOR_PEOPLE, "whoever has none any more needs no exception"


def test_a_sentence_for_a_person_is_seen(tmp_path: Path) -> None:
    room = tmp_path / "room.py"
    room.write_text(
        '"""This is a docstring of it."""\nlog.error("this is for the log")\nraise Refusal(f"{a} has no b any more")\n'
    )
    assert sentences(room) == ["3: {} has no b any more"]
