"""SQLite's index of words is damaged: it is told, and made anew."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kit.support import Root

from dossier.database.search import INDEXES

pytestmark = pytest.mark.sqlite

DAMAGES = {
    "its data is gone": "DELETE FROM item_text_data",
    "its data is zeros": "UPDATE item_text_data SET block = zeroblob(length(block)) WHERE id > 10",
    "its texts are gone": "DELETE FROM item_text_content",
    "all of it is gone": "DROP TABLE item_text",
    "that of files is gone": "DELETE FROM item_text_files_data",
    "files' texts are gone": "DELETE FROM item_text_files_content",
}


def _do(root: Path, statement: str) -> None:
    with closing(sqlite3.connect(root / "var/dossier.db")) as database, database:
        database.execute(statement)


def _wrong(root: Root) -> dict[str, str]:
    """What doctor finds wrong → what to do."""
    return {
        one["message"]: one["todo"]
        for one in json.loads(root.run("doctor", "--json", code=None).stdout)
        if one["level"] == "wrong"
    }


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_index_is_told_with_what_to_do_and_made_anew(root: Root, statement: str) -> None:
    root.drop("note", "description: Notitie over de fusie\nlabels: [geheim]\ncreated_by: p.bakker\n", note_txt=b"about the moon")
    root.drop("more", "description: Another one of them\ncreated_by: p.bakker\n", more_txt=b"of other things")
    root.once()
    assert len(root.json("items", "moon")) == 1
    before = _wrong(root)
    _do(root.path, statement)
    [(message, todo)] = [one for one in _wrong(root).items() if one[0] not in before]
    assert "the index of words is damaged" in message
    assert todo == "make it anew: dossier verify --repair"
    assert "the index of words is damaged" in root.run("verify", code=1).stdout
    assert "(mended)" in root.run("verify", "--repair").stdout
    root.drop("new", "description: Made after the damage\ncreated_by: p.bakker\n", new_txt=b"of the sun")
    root.once()
    for words in ("fusie", "geheim", "note.txt", "moon", "damage", "sun"):
        assert len(root.json("items", words)) == 1, words
    assert root.run("verify").returncode == 0


def test_it_is_made_anew_as_the_migrations_made_it(root: Root) -> None:
    root.once()
    with closing(sqlite3.connect(root.path / "var/dossier.db")) as database:
        for name, columns in INDEXES.items():
            [(made,)] = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,))
            assert " ".join(made.split("(", 1)[1].split()) == " ".join(f"{columns})".split())


def test_tables_that_are_gone_are_told(root: Root) -> None:
    root.once()
    _do(root.path, "DROP TABLE viewed")
    assert "tables are gone from it: viewed" in _wrong(root)
