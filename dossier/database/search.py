"""Finding items by their words: the index, kept in the transaction that changes an item."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from peewee import SQL, DatabaseError, ModelSelect, Table

from dossier.database import file_texts
from dossier.database.database import is_shared
from dossier.database.file_texts import Said
from dossier.database.tables import PROXY, Item, TextDue, TextRow, chunks


def forget_old_words() -> None:
    """Changed words go from the index: it is written anew as a whole. Inside `transaction()`."""
    if not is_shared():
        PROXY.execute_sql("INSERT INTO item_text (item_text) VALUES ('optimize')")
        PROXY.execute_sql("INSERT INTO item_text_files (item_text_files) VALUES ('optimize')")


MOST_WORDS = 20
"""More words make no search narrower that anybody would type."""

FEW_CLIENTS = 50
"""The text index looks for items of so many clients; of more, for items of any."""


def search_text(
    rows: Sequence[TextRow], replace: bool = False, said: Mapping[int, Mapping[str, Said]] = MappingProxyType({})
) -> None:
    """Put what items are found by into the index; files are read later. Inside `transaction()`.

    `said`: what the files of these new items say, by SHA-256: nothing is left to be read of them.
    """
    file_texts.make_due([row[0] for row in rows if row[0] not in said], replace)
    if said:
        file_texts.keep_new([(row, said[row[0]]) for row in rows if row[0] in said])
    if replace:
        file_texts.follow(rows)
    if is_shared():
        from dossier.database import postgresql

        postgresql.search_text(rows, replace)
        return
    for row in rows if replace else ():
        PROXY.execute_sql("DELETE FROM item_text WHERE rowid = ?", (row[0],))
    size = 5_000
    for chunk in chunks(rows, size):
        places = ",".join("(?,?,?,?,?,?)" for _ in chunk)
        values = [value for row in chunk for value in row]
        PROXY.execute_sql(
            f"INSERT INTO item_text (rowid, description, explanation, labels, names, client) VALUES {places}",  # noqa: S608  # nosec B608
            values,
        )


INDEXES: Mapping[str, str] = MappingProxyType({
    "item_text": """description, explanation, labels, names, client, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'""",
    "item_text_files": """rest, text, client, files UNINDEXED, tokenize = "unicode61 remove_diacritics 2", prefix = '3'""",
})  # fmt: skip
"""SQLite's, as the migrations made them."""

_PARTS = ("data", "idx", "content", "docsize", "config")
"""The tables in which FTS5 keeps an index."""


def why_damaged() -> str | None:
    """What is wrong with SQLite's index of words, which its `integrity_check` does not see; None if
    nothing is. All of it is read, but for the words of files."""
    if is_shared():
        return None
    try:
        PROXY.execute_sql("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, item_text, instance)")
        try:
            counted = (
                "count(DISTINCT doc) FROM temp.indexed", "count(*) FROM item_text_docsize", "count(*) FROM item_text_content",
                "count(*) FROM item", "count(*) FROM item_text_files_docsize", "count(*) FROM item_text_files_content",
            )  # fmt: skip
            found = PROXY.execute_sql(f"SELECT {', '.join(f'(SELECT {one})' for one in counted)}").fetchone()  # nosec B608
        finally:
            PROXY.execute_sql("DROP TABLE temp.indexed")
        PROXY.execute_sql("SELECT rowid FROM item_text_files WHERE item_text_files MATCH 'a' LIMIT 1").fetchone()
    except DatabaseError as error:
        return str(error)
    *words, items, sizes, texts = found
    return None if set(words) == {items} and sizes == texts else f"{words}, {items}; {sizes}, {texts}"


def empty_indexes() -> None:
    """SQLite's index of words is made anew, with nothing in it. Inside `transaction()`."""
    for name, columns in INDEXES.items():
        try:
            PROXY.execute_sql(f"DROP TABLE IF EXISTS {name}")
        except DatabaseError:  # FTS5 can't even open it
            PROXY.execute_sql("PRAGMA writable_schema = ON")
            PROXY.execute_sql("DELETE FROM sqlite_master WHERE name = ? AND sql LIKE 'CREATE VIRTUAL TABLE %'", (name,))
            PROXY.execute_sql("PRAGMA writable_schema = RESET")
        for part in _PARTS:
            PROXY.execute_sql(f"DROP TABLE IF EXISTS {name}_{part}")
        PROXY.execute_sql(f"CREATE VIRTUAL TABLE {name} USING fts5 ({columns})")
    TextDue.delete().execute()


Ends = tuple[int, int]
"""The first and the last key between which the items lie."""


def matching(
    query: ModelSelect[Item], words: str, clients: Collection[str] = (), ends: Ends | None = None
) -> list[ModelSelect[Item]] | None:
    """`query` over Item, in parts, the best first; None without a word.

    The parts: whole words of the description, beginnings of its words, beginnings anywhere. Each
    has only items of which every word of `words` fits so, and none of an earlier part. `clients`:
    those that `query` asks for anyway. `ends`: where all of it lies anyway. (No bm25: it reads
    all hits, which takes seconds for a common word, and an office looks for what is new.)
    """
    found = _words(words)
    if not found:
        return None
    if is_shared():
        from dossier.database import postgresql

        return postgresql.matching(query, found)
    whole, begun = " AND ".join(f'"{word}"' for word in found), _begun(found)
    parts = [
        f"{{description}} : ({whole})",
        f"{{description}} : ({begun})",
        f"{{description explanation labels names}} : ({begun})",
    ]
    only = _of_clients(clients)
    expressions = [parts[0] + only, *(f"({part}{only}) NOT ({before})" for before, part in pairwise(parts))]
    return [_joined(query, "item_text", expression, ends) for expression in expressions]


def matching_files(
    query: ModelSelect[Item], words: str, clients: Collection[str] = (), alone: bool = False, ends: Ends | None = None
) -> ModelSelect[Item] | None:
    """`query` over Item: each word is in its files or where `matching` looks, but not all there.

    `alone`: those that have every word in the text of their files. None without a word.
    """
    found = _words(words)
    if not found:
        return None
    if is_shared():
        from dossier.database import postgresql

        return postgresql.matching_files(query, found, alone)
    begun, only = _begun(found), _of_clients(clients)
    expression = f"{{text}} : ({begun}){only}" if alone else f"({{rest text}} : ({begun}){only}) NOT ({{rest}} : ({begun}))"
    return _joined(query, "item_text_files", expression, ends)


def has_words(words: str) -> bool:
    """True if there is a letter or a digit in it, without which nothing can be found."""
    return bool(_words(words))


def _words(words: str) -> list[str]:
    found = re.findall(r"\w+", unicodedata.normalize("NFC", words))
    return list(dict.fromkeys(word for word in found if word.strip("_")))[:MOST_WORDS]


def _begun(found: Sequence[str]) -> str:
    return " AND ".join(f'"{word}"*' for word in found)  # no operators


def _of_clients(clients: Collection[str]) -> str:
    codes = " OR ".join(f'"{code.replace(chr(34), "")}"' for code in sorted(clients))
    return f" AND client : ({codes})" if 0 < len(clients) <= FEW_CLIENTS else ""


def _joined(query: ModelSelect[Item], index: str, expression: str, ends: Ends | None) -> ModelSelect[Item]:
    """SQLite must go from the words to the items, whatever it thinks of their number: CROSS JOIN.

    It must be told of the ends at the words: there it leaps to them.
    """
    text = Table(index).alias("words")
    joined = query.join(text, on=(text.c.rowid == Item.id))
    if ends is not None:
        joined = joined.where(text.c.rowid.between(*ends))
    return joined.where(SQL(f'"words"."{index}" MATCH ?', [expression])).order_by(SQL('"words"."rowid" DESC'))
