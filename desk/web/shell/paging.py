"""Lists that are told a page at a time, so that no page grows with the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from desk.web.shell.visit import Visit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """A page of a list."""

    rows: Sequence[T]
    number: int
    """From 1."""
    pages: int
    count: int
    """Rows in all."""
    key: str
    """The word of the address that says which page."""


def leaf(visit: Visit, rows: Sequence[T], size: int, key: str = "page") -> Leaf[T]:
    """The page that the address asks for, or the last one before it."""
    text = visit.request.query_params.get(key, "")
    pages = -(-len(rows) // size) or 1
    number = min(max(1, int(text)), pages) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
    return Leaf(rows[(number - 1) * size : number * size], number, pages, len(rows), key)
