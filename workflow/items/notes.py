"""Notes for approvers: lines that must be in view when an edition is decided on.

Whoever makes an edition (the wrong-client guard, for one) adds them in the same transaction. They
are kept as sentences, and told in the language of whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dossier.database.tables import EditionNote, chunks, insert_rows, tuples
from dossier.text.sentences import Sentence, packed, unpacked

CHUNK = 5_000
"""Numbers in one `IN (…)`, so that both databases take it."""


def add(lines: Mapping[int, Sequence[Sentence | str]]) -> None:
    """Put these lines (edition → lines) under what is told already. In `transaction()`."""
    have = {edition: len(found) for edition, found in on_all(lines).items()}
    rows = [
        (edition, have.get(edition, 0) + number, packed(line))
        for edition, several in lines.items()
        for number, line in enumerate(several, 1)
    ]
    insert_rows(EditionNote, rows)


def on(edition: int) -> list[Sentence | str]:
    """The lines on one edition, in their order."""
    return on_all([edition]).get(edition, [])


def on_all(editions: Iterable[int]) -> dict[int, list[Sentence | str]]:
    """The lines on each of these editions that has any."""
    wanted, found = list(editions), dict[int, list[Sentence | str]]()
    for some in chunks(wanted, CHUNK):
        found |= on_these(some)
    return found


def on_these(editions: object) -> dict[int, list[Sentence | str]]:
    """As `on_all`; a few, or a query that selects them."""
    found = dict[int, list[Sentence | str]]()
    query = EditionNote.select(EditionNote.edition, EditionNote.text).where(EditionNote.edition.in_(editions))
    for edition, text in tuples(query.order_by(EditionNote.edition, EditionNote.line)):
        found.setdefault(edition, []).append(unpacked(text))
    return found
