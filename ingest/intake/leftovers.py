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


def pointing_back(one: NotTaken, may: Readable) -> Sentence:
    """Why this waits, and of which drop it seems to be left. The database must be open."""
    if one.reason.code not in _WAITS or not one.names:
        return one.reason
    back = _drop_of(one.client, one.names[0].rpartition("/")[2], may)
    return one.reason if back is None else sentence("intake.left", reason=one.reason, back=back)


def _drop_of(client: str, name: str, may: Readable) -> Sentence | None:
    is_card = names.is_sidecar(name)
    stems = {names.stem(name)} if is_card else {name, name.rpartition(".")[0] or name}
    newest = int(Drop.select(fn.MAX(Drop.id)).scalar() or 0)
    query = Drop.select().where((Drop.client == client) & (Drop.id > newest - LAST) & (Drop.kind != "claimed"))
    for row in readable.only_drops(query, may).order_by(Drop.id.desc()):
        is_folder = row.folder is not None and not row.folder.endswith("/")
        has_name = not is_folder and any(file[0] == name for file in row.files)
        if row.stem not in stems and not has_name:
            continue
        at = clock.to_the_minute(row.at)
        if row.kind == "refused":
            return sentence("intake.left_of_refused", drop=row.stem, at=at, folder=row.target)
        code = "left_card" if is_card else "left_file" if has_name else "left_late"
        return sentence(f"intake.{code}", item=item_name(row.item or 0), at=at)
    return None
