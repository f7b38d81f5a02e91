"""How commands print: tables for people, JSON for programs, one way for all of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from dossier.names import has_bad_characters, shown


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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[text(value) for value in row] for row in rows]
    if not cells:
        if empty:
            print(empty)
        return
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in ("item", "client", "status", "shared", "approver"))
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    if sys.stdout.isatty():
        Console().print(made)
        return
    widest = max(len(line) for row in [columns, *cells] for cell in row for line in cell.splitlines() or [""])
    console = Console(width=(widest + 2) * len(columns), color_system=None)
    with console.capture() as captured:
        console.print(made)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def day_and_time(iso: str | None) -> str:
    """`2026-11-24T10:00:00+01:00` → `2026-11-24 10:00`."""
    return (iso or "")[:16].replace("T", " ")
