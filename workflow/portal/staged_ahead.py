"""Of a backlog the copies for the portal are made while drops are still taken."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

from dossier.database.prepared import Prepared
from dossier.database.tables import Edition, Item, Shown, item_name
from dossier.files import files, moves
from dossier.text.sentences import Sentence
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool, slices
from workflow.portal.folder_site import FolderSite
from workflow.portal.staging import FilesOfItem, stage_each

STAGED_AT_ONCE = 20
"""Items whose files another process copies at one request."""

AHEAD, AHEAD_BYTES = 2000, 20_000_000
"""Items that may lie ready before their turn comes, two rounds'; and the bytes of one: with more it
would be in the way of the drops that are taken."""

ROOM_BYTES = 2**30
"""With less room on the disk it is left to what is taken: nothing may be refused for a copy."""

Answer: TypeAlias = Callable[[], dict[str, Sentence]]
"""Waits for what `stage_each` gives, or its error."""


def item_wanted(client: str, key: int, shown: Shown) -> FilesOfItem:
    """What an edition of an item shows, to be staged."""
    return f"{client}/{item_name(key)}", [(one["name"], one["sha256"]) for one in shown["attachments"]]


class StagedAhead:
    """While a backlog is taken, other processes stage what the next rounds will show.

    It lies in a folder of its own. What may be shown the round decides, as ever: of what lies ready
    it takes what it wants, and the rest is removed.
    """

    def __init__(self, vault: Vault, site: FolderSite) -> None:
        self._vault, self._site = vault, site
        self._begun: dict[int, tuple[FilesOfItem, Answer]] = {}
        self._upto = 0
        self._is_used = False

    @property
    def _folder(self) -> Path:
        return self._site.staging / "ahead"

    def begin(self, workers: WorkerPool) -> None:
        """Have the files of what was shared since be staged. OSError: the folder is gone."""
        room = AHEAD - len(self._begun) if self._has_room() else 0
        rows = _SHARED_SINCE.rows(self._upto, room) if room > 0 else []
        small = [row for row in rows if sum(one["size"] for one in row[2]["attachments"]) <= AHEAD_BYTES]
        for some in slices(small, STAGED_AT_ONCE):
            wanted = {key: item_wanted(client, key, shown) for key, client, shown in some}
            stage = partial(stage_each, self._vault, self._folder)
            answer = cache(workers.begin(stage, list(wanted.values())))
            self._begun |= {key: (item, answer) for key, item in wanted.items()}
            self._is_used = True
        self._upto = max((key for key, _, _ in rows), default=self._upto)

    def _has_room(self) -> bool:
        disk = os.statvfs(self._site.staging)
        return disk.f_bavail * disk.f_frsize >= ROOM_BYTES

    def take(self, keys: Iterable[int], wanted: Mapping[int, FilesOfItem]) -> dict[int, Callable[[], bool]]:
        """Of these items those that lie ready, or soon will, as they are `wanted`; with what moves
        each to where rounds stage, and says whether it is there."""
        ready: dict[int, Callable[[], bool]] = {}
        for key in keys:
            if key in self._begun:
                item, answer = self._begun.pop(key)
                if wanted.get(key) == item:
                    ready[key] = partial(self._bring, item[0], answer)
                else:
                    _damaged(answer)
                    files.remove_tree(self._folder / item[0])
        return ready

    def _bring(self, item: str, answer: Answer) -> bool:
        damaged = _damaged(answer)
        if damaged is None or item in damaged:
            return False
        target = self._site.staging / "items" / item
        try:
            files.make_folder(target.parent, 0o750)
            moves.move(self._folder / item, target)
        except OSError:  # somebody has tidied up, or something of that name was left there
            return False
        return True

    def drop(self) -> None:
        """Remove what no round has wanted. OSError."""
        if self._is_used:
            for _, answer in self._begun.values():
                _damaged(answer)
            self._begun.clear()
            self._is_used = False
            files.remove_tree(self._folder)


def _damaged(answer: Answer) -> dict[str, Sentence] | None:
    """What can't be staged of some items that were; None: the disk did not let us. Interrupted."""
    try:
        return answer()
    except OSError:
        return None


_SHARED_SINCE = Prepared(
    lambda since, count: (
        Item.select(Item.id, Item.client, Edition.shown)
        .join(Edition, on=(Item.standing == Edition.id))
        .where((Item.id > since) & Item.unsettled & Item.public.is_null())
        .order_by(Item.id)
        .limit(count)
    )
)
