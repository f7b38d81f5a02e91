"""Taking the text out of the files of items that are new or were changed, the newest first.

What the wrong-client guard has read just now is not read again. A killed reader leaves the item due,
and the next start reads it: keeping the text and striking the item off are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from dossier.database import file_texts
from dossier.database.database import transaction
from dossier.database.file_texts import Said
from dossier.database.tables import Item, TextDue, item_name
from dossier.files import files
from dossier.vault.bucket import Gone
from dossier.vault.folder import Damaged, Vault
from workflow.guard.texts import Texts
from workflow.items import items

log = structlog.get_logger("search")

AT_ONCE = 20
"""Items a round: a stop waits for no more than one file."""


def read_some(vault: Vault, texts: Texts, known: Callable[[str], str | None], with_ocr: bool) -> bool:
    """Read the files of the next items that are due; False if none is left.

    `known`: what the file with this SHA-256 says, if that was read just now. Raises OSError where the vault can't be reached, and what the
    database raises; not inside `transaction()`.
    """
    keys = file_texts.due(AT_ONCE)
    for key in keys:
        if files.stopping.is_set():
            break
        said = file_texts.texts_of(key)
        hashes = _hashes(key)
        for name, sha256 in hashes:
            if sha256 not in said:
                text = known(sha256)
                said[sha256] = _read(vault, texts, key, name, sha256, with_ocr) if text is None else Said(text)
        with transaction():
            if _hashes(key) != hashes:
                continue  # it was changed meanwhile, and is due still
            item: Item = Item.get_by_id(key)
            row = items.text_row(key, items.draft_of(item), items.attachments_of(key))
            file_texts.keep(row, {sha256: said[sha256] for _, sha256 in hashes})
            TextDue.delete().where(TextDue.item == key).execute()
    return len(keys) == AT_ONCE


def _hashes(key: int) -> list[tuple[str, str]]:
    """(name, SHA-256) of each attachment as it is now; bytes that it has twice are read once."""
    found: dict[str, str] = {}
    for row in items.attachments_of(key):
        found.setdefault(row.sha256, row.name)
    return [(name, sha256) for sha256, name in found.items()]


def _read(vault: Vault, texts: Texts, key: int, name: str, sha256: str, with_ocr: bool) -> Said:
    try:
        with vault.local(sha256) as path:
            return Said(texts.begin(path, name, None, with_ocr).result().text)
    except (FileNotFoundError, Damaged, Gone) as error:
        log.warning(
            "a file is not in the vault as it should be, so nobody finds it by its text", item=item_name(key), error=str(error)
        )
        return Said("", is_whole=False)
