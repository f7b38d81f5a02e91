"""How commands print: tables for people, JSON for programs, one way for all of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from dossier.text.names import has_bad_characters, shown


def as_json(value: Any) -> None:
    """Print `value` as JSON, readable by people too: of a list, an entry a line."""
    if isinstance(value, list) and value:
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in value)
        print(f"[\n{lines}\n]")
    else:
        print(json.dumps(value, ensure_ascii=False, indent=2))


def text(value: object) -> str:
    """Any value as it may be printed: no control characters, whatever somebody put into a description or a name."""
    if value is None:
        return ""
    lines = str(value).splitlines() or [""]
    return "\n".join(shown(line) if has_bad_characters(line) or not line.isprintable() else line for line in lines)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "") -> None:
    """Print a table; with nothing in it, `empty`. On a pipe there are no colours, and nothing is cut off."""
    cells = [[text(value) for value in row] for row in rows]
    if not cells:
        if empty:
            print(empty)
    elif sys.stdout.isatty():
        _table_on_terminal(columns, cells)
    else:
        _table_on_pipe(columns, cells)


def _table_on_terminal(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in ("item", "client", "status", "shared", "approver"))
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    Console().print(made)


def _table_on_pipe(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """As wide as it has to be. rich would do it as well, but takes 40 ms to come."""
    lines = [[cell.split("\n") for cell in row] for row in [columns, *cells]]
    widths = [max(_width(line) for row in lines for line in row[index]) for index in range(len(columns))]
    for row in lines:
        for height in range(max(map(len, row))):
            parts = [cell[height] if height < len(cell) else "" for cell in row]
            print("  ".join(part + " " * (width - _width(part)) for part, width in zip(parts, widths, strict=True)).rstrip())


def _width(line: str) -> int:
    """How many places a text takes in a terminal."""
    if line.isascii():
        return len(line)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in line)


def day_and_time(iso: str | None) -> str:
    """`2026-11-24T10:00:00+01:00` → `2026-11-24 10:00`."""
    return (iso or "")[:16].replace("T", " ")
