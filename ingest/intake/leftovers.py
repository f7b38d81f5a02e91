"""What lies in the inbox of a drop that is decided already: told as that, with what to do.

A file that comes late, a sidecar that was saved again, a PDF whose sidecar was refused: each waits
for what will not come, as the rest of its drop left the inbox a moment ago.
"""

from __future__ import annotations

from peewee import fn

from dossier.database import readable
from dossier.database.tables import Drop, item_name
from dossier.office.people import Readable
from dossier.text import clock, names
from dossier.text.sentences import Sentence, sentence
from ingest.inbox.found import NotTaken

_WAITS = {
    "inbox.waits_for_sidecar", "inbox.waits_for_item_yaml", "inbox.waits_for", "inbox.waits_for_files",
    "inbox.waits_for_item_files",
}  # fmt: skip

LAST = 2000
"""So many of the office's last drops are looked through."""


class Leftovers:
    """Of which drop something seems to be left. Asks the database, which must be open, once for
    each client: for one look, as `status` and `check` take."""

    def __init__(self, may: Readable) -> None:
        self._may = may
        self._clients: dict[str, _Decided] = {}

    def pointing_back(self, one: NotTaken) -> Sentence:
        """Why this waits, and of which drop it seems to be left."""
        if one.reason.code not in _WAITS or not one.names:
            return one.reason
        decided = self._clients.get(one.client)
        if decided is None:
            decided = self._clients[one.client] = _Decided(one.client, self._may)
        back = decided.drop_of(one.names[0].rpartition("/")[2])
        return one.reason if back is None else sentence("intake.left", reason=one.reason, back=back)


class _Decided:
    """A client's last drops, the newest first."""

    def __init__(self, client: str, may: Readable) -> None:
        newest = int(Drop.select(fn.MAX(Drop.id)).scalar() or 0)
        query = Drop.select().where((Drop.client == client) & (Drop.id > newest - LAST) & (Drop.kind != "claimed"))
        self._drops: list[Drop] = list(readable.only_drops(query, may).order_by(Drop.id.desc()))
        self._by_stem: dict[str, int] = {}
        self._by_file: dict[str, int] = {}
        for place, row in enumerate(self._drops):
            self._by_stem.setdefault(row.stem, place)
            if row.folder is None or row.folder.endswith("/"):
                for file in row.files:
                    self._by_file.setdefault(str(file[0]), place)

    def drop_of(self, name: str) -> Sentence | None:
        is_card = names.is_sidecar(name)
        stems = {names.stem(name)} if is_card else {name, name.rpartition(".")[0] or name}
        has_name = self._by_file.get(name)
        places = [place for place in (has_name, *map(self._by_stem.get, stems)) if place is not None]
        if not places:
            return None
        row = self._drops[min(places)]
        at = clock.to_the_minute(row.at)
        if row.kind == "refused":
            return sentence("intake.left_of_refused", drop=row.stem, at=at, folder=row.target)
        code = "left_card" if is_card else "left_file" if has_name == min(places) else "left_late"
        return sentence(f"intake.{code}", item=item_name(row.item or 0), at=at)
