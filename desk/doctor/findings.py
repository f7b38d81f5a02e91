"""What one look of `doctor` shows: `ok`, a `note` (it works, but somebody should know), or
`wrong` (exit 1).

A finding's words have a code in dossier/sentences/doctor.toml; what to do about it has the same
code with `_todo` behind it, and both are given the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dossier.office.office import Office
from dossier.text.sentences import Sentence

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look showed; `todo` says what to do about it."""

    check: str
    level: Level
    message: Sentence
    todo: Sentence | None = None

    @property
    def about(self) -> Sentence:
        """`check` in the reader's language; programs know it by its English name."""
        return Sentence(f"doctor.area_{self.check.replace(' ', '_')}")


Check = Callable[[Office], Iterator[Finding]]


def ok(check: str, code: str, /, **values: object) -> Finding:
    return Finding(check, "ok", Sentence(code, values))


def note(check: str, code: str, /, **values: object) -> Finding:
    return Finding(check, "note", Sentence(code, values), Sentence(f"{code}_todo", values))


def wrong(check: str, code: str, /, **values: object) -> Finding:
    return Finding(check, "wrong", Sentence(code, values), Sentence(f"{code}_todo", values))
