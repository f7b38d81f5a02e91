"""Every change of a file in an approver's folder: nothing saved meanwhile is overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from dossier.files import files, moves
from dossier.files.beneath import At
from dossier.text.sentences import Sentence
from workflow.queue import paper

DECIDED, REFUSED = "_decided", "_refused"

MOST_BYTES = 1024 * 1024
"""Of a file that is none of ours: a larger one is moved as it is, without a note in it."""


def move_to(source: At, folder: str, name: str) -> str:
    """Move `source` into a folder beside it; its name there. What is no folder makes room."""
    place = source.with_name(folder)
    if files.exists(place) and not files.is_folder(place):
        moves.move(place, moves.free_name(place))
    with files.made_folder(place, 0o750) as inner:
        return moves.move_into(source, inner, name).name


def set_aside(place: At) -> str:
    """Move what lies there, whatever it is, to `_refused`; returns its name there."""
    return move_to(place, REFUSED, place.name)


def keep_copy(place: At, data: bytes) -> str:
    """Keep what was typed, `data`, in `_refused`; returns its name there."""
    copy = place.with_name(f".{place.name}.kept")
    files.write_whole(copy, data, 0o640 | files.UNSIGNED)
    return move_to(copy, REFUSED, place.name)


def put_away(place: At, outcome: Sequence[Sentence | str], language: str) -> bool:
    """Move a queue file to `_decided` with a note of what became of it; False: saved again."""
    seen = files.look(place)
    if seen is None:
        return True
    if seen.size <= MOST_BYTES:
        data, seen = files.read_plain(place, MOST_BYTES)
        if not moves.replace_if_same(place, paper.with_reasons(data, outcome, language), seen):
            return False
    move_to(place, DECIDED, place.name)
    return True
