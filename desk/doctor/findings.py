"""What one look of `doctor` shows: `ok`, a `note` (it works, but somebody should know), or `wrong` (exit 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dossier.office.office import Office

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look showed; `todo` says what to do about it."""

    check: str
    level: Level
    message: str
    todo: str = ""


Check = Callable[[Office, Mapping[str, str]], Iterator[Finding]]


def ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def note(check: str, message: str, todo: str) -> Finding:
    return Finding(check, "note", message, todo)


def wrong(check: str, message: str, todo: str) -> Finding:
    return Finding(check, "wrong", message, todo)
