"""Taking the text out of the files of items that are new or were changed, the newest first.

What the wrong-client guard has read just now is not read again. A killed reader leaves the item
due, and the next start reads it: keeping the text and striking the item off are one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import structlog

from dossier.database import file_texts
from dossier.database.database import transaction
from dossier.database.file_texts import Said
from dossier.database.tables import Attachment, Item, TextDue, among, item_name, plain_rows
from dossier.files import files
from dossier.vault.bucket import Gone
from dossier.vault.folder import Damaged, Vault
from workflow.guard.texts import Texts
from workflow.items import items

log = structlog.get_logger("search")

KEEP_SECONDS, KEEP_CHARACTERS = 1.0, 10_000_000
"""What was read for so long, or says so much, is kept before anything else is read."""


class _File(NamedTuple):
    """An attachment as it is now."""

    name: str
    sha256: str


def read_some(
    vault: Vault, texts: Texts, known: Callable[[str], str | None], with_ocr: bool, most: int,
    may_read: Callable[[str], bool] = lambda _: True,
) -> bool:  # fmt: skip
    """Read the files of the next due items and keep that in one transaction; False: none left.

    `known`: what the file with this SHA-256 says, if that was read just now. An item with a file
    that `may_read` does not let through (SHA-256) stays due. Raises OSError where the vault can't
    be reached, and what the database raises; not inside `transaction()`.
    """
    keys = file_texts.due(most)
    files_of, kept = _files_of(keys), file_texts.kept_of(keys)
    said, until, room = dict[int, dict[str, Said]](), time.monotonic() + KEEP_SECONDS, KEEP_CHARACTERS
    for key in keys:
        if files.stopping.is_set() or time.monotonic() > until or room < 0:
            break
        found = file_texts.texts_of(key) if key in kept else {}
        lacking = {sha256: name for sha256, name in _hashes(files_of[key]).items() if sha256 not in found}
        if not all(map(may_read, lacking)):
            continue
        for sha256, name in lacking.items():
            text = known(sha256)
            found[sha256] = _read(vault, texts, key, name, sha256, with_ocr) if text is None else Said(text)
            room -= len(found[sha256].text)
        said[key] = found
    is_more = len(said) < len(keys) or len(keys) == most
    if not said:  # a transaction would wake whoever listens to a database server
        return is_more
    with transaction():
        now = _files_of(list(said))
        done = [key for key in said if _hashes(now[key]) == _hashes(files_of[key])]  # else it was changed, and is due still
        found_by = Item.select(Item.id, Item.client, Item.description, Item.explanation, Item.labels, Item.fields)
        rows = [
            items.text_row(item.id, item, [file.name for file in now[item.id]]) for item in found_by.where(among(Item.id, done))
        ]
        file_texts.keep_each([(row, {sha256: said[row[0]][sha256] for sha256 in _hashes(now[row[0]])}) for row in rows])
        TextDue.delete().where(among(TextDue.item, done)).execute()
    return is_more


def _files_of(keys: Sequence[int]) -> dict[int, list[_File]]:
    """The attachments of these items as they are now, in their order."""
    found: dict[int, list[_File]] = {key: [] for key in keys}
    query = Attachment.select(Attachment.item, Attachment.name, Attachment.sha256)
    query = query.where(among(Attachment.item, keys) & Attachment.current).order_by(Attachment.position, Attachment.id)
    for key, name, sha256 in plain_rows(query):
        found[key].append(_File(name, sha256))
    return found


def _hashes(attachments: Iterable[_File]) -> dict[str, str]:
    """SHA-256 → name; bytes that an item has twice are read once, by the first name."""
    found: dict[str, str] = {}
    for row in attachments:
        found.setdefault(row.sha256, row.name)
    return found


def _read(vault: Vault, texts: Texts, key: int, name: str, sha256: str, with_ocr: bool) -> Said:
    try:
        with vault.local(sha256) as path:
            return Said(texts.begin(path, name, None, with_ocr).result().text)
    except (FileNotFoundError, Damaged, Gone) as error:
        log.warning(
            "a file is not in the vault as it should be, so nobody finds it by its text", item=item_name(key), error=str(error)
        )
        return Said("", is_whole=False)
