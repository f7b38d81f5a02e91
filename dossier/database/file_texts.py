"""What the files of an item say, kept to find the item by, and gone when the files go.

One row an item, with the texts of its attachments as they are now. Which items' files have to be
read is in TextDue, written in the transaction that changes an item; workflow/search reads them. All
functions that write are called inside `transaction()`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dossier.database.database import is_shared
from dossier.database.tables import PROXY, TextDue, TextRow, chunks, insert_rows, insert_with, tuples

LONGEST = 500_000
"""So many characters of an item's files are searched; what is behind is not."""


class Said(NamedTuple):
    """What a file says. Where that is not whole, it is read again once its item is changed."""

    text: str
    is_whole: bool = True


def make_due(keys: Iterable[int], replace: bool = False) -> None:
    """The files of these items have to be read. `replace`: they may be due already."""
    if replace:
        for key in keys:
            TextDue.insert(item=key).on_conflict_ignore().execute()
    else:
        insert_rows(TextDue, [(key,) for key in keys])


def due(most: int) -> list[int]:
    """The items, at most so many, whose files have to be read; the newest first."""
    return [key for (key,) in tuples(TextDue.select(TextDue.item).order_by(TextDue.item.desc()).limit(most))]


def texts_of(key: int) -> dict[str, Said]:
    """What is kept of the files of an item, by SHA-256: of those that are kept whole."""
    return {sha256: said for sha256, said in _kept(key).items() if said.is_whole}


def kept_of(keys: Sequence[int]) -> set[int]:
    """Those of these items of whose files anything is kept."""
    found = set[int]()
    for some in chunks(keys):
        found |= {key for (key,) in PROXY.execute_sql(_sql("SELECT {key} FROM item_text_files WHERE {key} IN {p}", some), some)}
    return found


def _kept(key: int) -> dict[str, Said]:
    row = PROXY.execute_sql(_sql("SELECT text, files FROM item_text_files WHERE {key} IN {p}", [key]), (key,)).fetchone()
    found, at = dict[str, Said](), 0
    for sha256, length, is_whole in json.loads(row[1]) if row else ():
        found[sha256] = Said(row[0][at : at + length], is_whole)
        at += length + 1
    return found


def keep_each(items: Sequence[tuple[TextRow, Mapping[str, Said]]]) -> None:
    """Keep what the files of these items say, by SHA-256, in place of what was kept.

    A TextRow is what the item is found by besides.
    """
    for key in kept_of([row[0] for row, _ in items]):
        forget(key)
    _insert([(row, *_joined(said)) for row, said in items if said])


def keep_new(items: Sequence[tuple[TextRow, Mapping[str, Said]]]) -> None:
    """The same of items that are new: nothing was kept of them."""
    _insert([(row, *_joined(said)) for row, said in items if said])


def _joined(said: Mapping[str, Said]) -> tuple[str, str]:
    """The texts as one, and which part of it is whose."""
    pieces, files, room = list[str](), list[tuple[str, int, bool]](), LONGEST
    for sha256, one in said.items():
        piece = one.text[:room].replace("\0", " ")
        room -= len(piece)
        pieces.append(piece)
        files.append((sha256, len(piece), one.is_whole and len(piece) == len(one.text)))
    return "\n".join(pieces), json.dumps(files)


def keep_only(row: TextRow, hashes: Collection[str]) -> None:
    """Of the files with other SHA-256s, nothing is kept any more."""
    before = _kept(row[0])
    if not before.keys() <= set(hashes):
        keep_each([(row, {sha256: said for sha256, said in before.items() if sha256 in hashes})])


def forget(key: int) -> None:
    """Nothing is kept of the files of this item."""
    PROXY.execute_sql(_sql("DELETE FROM item_text_files WHERE {key} IN {p}", [key]), (key,))


def follow(rows: Sequence[TextRow]) -> None:
    """What these items are found by besides has changed."""
    for row in rows:
        if is_shared():
            found = PROXY.execute_sql("SELECT text, files FROM item_text_files WHERE item = %s", (row[0],)).fetchone()
            if found is not None:
                forget(row[0])
                _insert([(row, *found)])
        else:
            statement = "UPDATE item_text_files SET rest = ?, client = ? WHERE rowid = ?"
            PROXY.execute_sql(statement, (" ".join(row[1:5]), row[5], row[0]))


def _insert(texts: Sequence[tuple[TextRow, str, str]]) -> None:
    """Each with the texts of its files and which part is whose."""
    if is_shared():
        from dossier.database import postgresql

        statement = "INSERT INTO item_text_files (item, rest, text, files, words) VALUES (%s, %s, %s, %s, %s::tsvector)"
        rests = [" ".join(row[1:5]) for row, _, _ in texts]
        values = [
            (row[0], rest, text, files, postgresql.file_vector(rest, text))
            for rest, (row, text, files) in zip(rests, texts, strict=True)
        ]
    else:
        statement = "INSERT INTO item_text_files (rowid, rest, text, client, files) VALUES (?, ?, ?, ?, ?)"
        values = [(row[0], " ".join(row[1:5]), text, row[5], files) for row, text, files in texts]
    insert_with(statement, values)


def _sql(statement: str, keys: Sequence[int]) -> str:
    place, key = ("%s", "item") if is_shared() else ("?", "rowid")
    return statement.format(key=key, p=f"({', '.join([place] * len(keys))})")
