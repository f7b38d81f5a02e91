"""Drawing pages of the vault's files, and reading their texts, when that is asked for, by processes
of their own (workflow/portal/pictures_child.py, workflow/guard/texts_child.py).

A hostile file ends a process and nothing else; one that takes long holds up whoever waits for the
same process. What was drawn is not kept: browsers keep it.
"""

from __future__ import annotations

import queue
from collections.abc import Sequence
from functools import lru_cache

from dossier.files import files
from dossier.vault.folder import Damaged, Vault
from workflow.guard.texts import Texts
from workflow.portal.pictures import Artist, PagePicture

ARTISTS = 2
"""Processes that draw; a file that takes long holds up half of them."""

KEPT = 4096
"""Of so many files it is remembered how many pages they have."""

MOST_LINES = 5_000
"""Texts of more lines are not compared: that takes too long."""

TEXTS_KEPT = 32
"""Texts that are remembered, for whoever leafs through two versions."""

PAGES_SEARCHED = 12
"""Pages of a file that are searched for what the guard found, to tell where it stands."""


class Drawing:
    """What draws pages of the vault's files. Any thread may ask."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._artists: queue.SimpleQueue[Artist] = queue.SimpleQueue()
        for _ in range(ARTISTS):
            self._artists.put(Artist())
        self._texts = Texts()
        self.lines = lru_cache(TEXTS_KEPT)(self._lines)
        self.count = lru_cache(KEPT)(self._count)
        self.places = lru_cache(KEPT)(self._places)

    def page(self, sha256: str, number: int, width: int, words: Sequence[str] = ()) -> PagePicture | None:
        """A page (from 0) of a file; None if there is none to be had."""
        artist = self._artists.get()
        try:
            with self._vault.local(sha256) as path:
                return artist.page(path, number, width, words)
        except (OSError, Damaged, files.NotPlain):
            return None  # told where it matters: the file can't be downloaded either
        finally:
            self._artists.put(artist)

    def _lines(self, sha256: str, name: str) -> tuple[str, ...] | None:
        """What a file called `name` says, line by line; None if not all of it can be read."""
        try:
            with self._vault.local(sha256) as path:
                text = self._texts.begin(path, name).result()
        except (OSError, Damaged, files.NotPlain):
            return None
        lines = tuple(" ".join(line.split()) for line in text.text.splitlines() if line.strip())
        return None if text.unread or text.failure or len(lines) > MOST_LINES else lines

    def _count(self, sha256: str) -> int:
        """How many pages it has; 0 for what can't be drawn."""
        page = self.page(sha256, 0, 1)
        return page.count if page else 0

    def _places(self, sha256: str, words: tuple[str, ...]) -> dict[int, int]:
        """Page (from 0) → how often these words stand on it, of those on which they do."""
        pages = ((number, self.page(sha256, number, 1, words)) for number in range(min(self.count(sha256), PAGES_SEARCHED)))
        return {number: page.found for number, page in pages if page and page.found}
