"""Items' files are copied from the vault for the portal: step 1 of publishing.py's list.

Other processes load this, and little besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from dossier.files import files
from dossier.text.sentences import Sentence, sentence
from dossier.vault.folder import Vault

FilesOfItem: TypeAlias = tuple[str, Sequence[tuple[str, str]]]
"""`client/D-2026-000001`, and of each of its files the name and SHA-256."""


def stage_each(vault: Vault, folder: Path, wanted: Sequence[FilesOfItem]) -> dict[str, Sentence]:
    """Stage items' files from the vault; what is wrong with those that can't be.

    Any process may do it, and it may be done again. Raises Interrupted; OSError where a copy can't
    be written.
    """
    damaged = {}
    for item, attachments in wanted:
        home = f"{folder}/{item}"
        files.make_empty(home)
        for name, digest in attachments:
            try:
                if vault.copy_to(digest, f"{home}/{name}", 0o644 | files.UNSIGNED) != digest:
                    damaged[item] = sentence("publishing.copy_damaged", file=name, sha256=digest)
            except FileNotFoundError:
                damaged[item] = sentence("publishing.copy_gone", file=name, sha256=digest)
    return damaged
