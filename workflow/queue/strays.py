"""Copies of queue files, left beside them: they decide nothing, and that is told.

`D-2026-000012.yaml.txt`, `D-2026-000012 (1).yaml`, `D-2026-000012 approved.yaml`: somebody may have
typed a decision into one of these, and wait for it.
"""

from __future__ import annotations

import re

from dossier.database.tables import item_key, item_name
from dossier.files.beneath import open_beneath
from dossier.office.office import Office
from dossier.text import names
from dossier.text.names import fold
from dossier.text.sentences import Sentence, sentence

_OURS = re.compile(r"D-[0-9]{4}-[0-9]{6,7}(?:\.yaml)?")
"""Of most there are thousands: a queue file, and the folder beside it."""

_OURS_AMONG_ALL = re.compile(rf"(?<![^/]){_OURS.pattern}/")
"""The same, in names of which each ends with a slash."""


_NUMBER = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{6,7}(?![0-9])")
"""Of an item, in the name of a file that somebody called as they liked."""


def item_meant(name: str) -> int | None:
    """The item whose queue file a name is a copy of; None if of none, or it is the file."""
    if name.startswith((".", "_", "~")) or _OURS.fullmatch(name):
        return None
    from dossier.text import copies  # its patterns take longer to make than a command lasts

    card = copies.copy_of(name)
    if card is None and fold(name).endswith((".yaml", ".yml")) and (number := _NUMBER.search(name)):
        card = f"{number[0]}.yaml"
    if card is None and fold(name).endswith(".txt"):
        card = f"{name.rpartition('.')[0]}.yaml"  # Notepad's own ending
    try:
        return item_key(card[: card.rindex(".")]) if card is not None else None
    except ValueError:
        return None


def _not_ours(names_there: list[str]) -> list[str]:
    """What else lies there. Thousands are passed over at once: no name has a slash."""
    return _OURS_AMONG_ALL.sub("", "/".join([*names_there, ""])).split("/")[:-1]


def told_of(office: Office, approver: str | None = None) -> dict[int, list[Sentence]]:
    """Item → what looks like a decision on it, in folders (this one) that this user may read."""
    found: dict[int, list[Sentence]] = {}
    for person in [approver] if approver is not None else sorted(office.staff):
        try:
            with open_beneath(office.queue, person) as folder:
                there = sorted(_not_ours(folder.names()))
        except OSError:
            continue
        for name in there:
            if (item := item_meant(name)) is not None:
                path = names.printable(f"{person}/{name}")
                found.setdefault(item, []).append(sentence("queue.copy_lies_there", path=path, card=f"{item_name(item)}.yaml"))
    return found
