"""Every change of a file in an approver's folder. Nothing that somebody saved meanwhile is overwritten, no link followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dossier.files import files, moves
from dossier.files.beneath import open_folder
from dossier.text.sentences import Sentence
from workflow.queue import paper

DECIDED, REFUSED = "_decided", "_refused"

MOST_BYTES = 1024 * 1024
"""Of a file that is none of ours: a larger one is moved as it is, without a note in it."""


def move_to(source: Path, home: Path, folder: str, name: str) -> str:
    """Move `source` into a folder of the approver's `home`; returns its name there. What lies there and is none, makes room."""
    with open_folder(home) as opened:
        place = opened / folder
        if files.exists(place) and not files.is_folder(place):
            moves.move(place, moves.free_name(place))
        with files.made_folder(place, 0o750) as inner:
            return moves.move_into(source, inner, name).name


def set_aside(path: Path) -> str:
    """Move what lies at `path`, whatever it is, to `_refused`; returns its name there."""
    return move_to(path, path.parent, REFUSED, path.name)


def keep_copy(path: Path, data: bytes) -> str:
    """Keep what was typed, `data`, in `_refused`; returns its name there."""
    copy = path.with_name(f".{path.name}.kept")
    files.write_whole(copy, data, 0o640)
    return move_to(copy, path.parent, REFUSED, path.name)


def put_away(path: Path, outcome: Sequence[Sentence | str], language: str) -> bool:
    """Move a queue file to `_decided`, with a note on what became of it; False if it was saved again at this moment."""
    seen = files.look(path)
    if seen is None:
        return True
    if seen.size <= MOST_BYTES:
        data, seen = files.read_plain(path, MOST_BYTES)
        if not moves.replace_if_same(path, paper.with_reasons(data, outcome, language), seen):
            return False
    move_to(path, path.parent, DECIDED, path.name)
    return True
