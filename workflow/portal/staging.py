"""Items' files are copied from the vault for the portal: step 1 of publishing.py's list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dossier.files import files
from dossier.text.sentences import Sentence, sentence
from dossier.vault.folder import Vault


def stage_each(vault: Vault, folder: Path, wanted: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> dict[str, Sentence]:
    """Stage items' files (name, SHA-256) from the vault; what is wrong with those that can't be.

    Any process may do it, and it may be done again. Raises Interrupted; OSError where a copy can't
    be written.
    """
    damaged = {}
    for item, attachments in wanted:
        home = f"{folder}/{item}"
        files.make_empty(home)
        for name, digest in attachments:
            try:
                if vault.copy_to(digest, f"{home}/{name}") != digest:
                    damaged[item] = sentence("publishing.copy_damaged", file=name, sha256=digest)
            except FileNotFoundError:
                damaged[item] = sentence("publishing.copy_gone", file=name, sha256=digest)
    return damaged
