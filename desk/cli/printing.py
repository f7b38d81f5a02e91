"""How commands print: tables for people, JSON for programs, one way for all of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from desk.cli import session
from desk.cli.words import _
from dossier.text.names import has_bad_characters, shown
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence, from_data, told


def as_json(value: Any) -> None:
    """Print `value` as JSON, readable by people too: of a list, an entry a line. Sentences are told."""
    if isinstance(value, list) and value:
        lines = ",\n".join(json_of(one) for one in value)
        print(f"[\n{lines}\n]")
    else:
        print(json_of(value, 2))


def json_of(value: Any, indent: int | None = None) -> str:
    """`value` as JSON, in which characters that could steer a terminal or turn the text around are escaped."""
    made = json.dumps(value, ensure_ascii=False, indent=indent, default=text)
    return made if made.isascii() else _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", made)


_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def value(kept: Any) -> str:
    """A value of an event's detail: a sentence that was kept is told, the rest is printed as it is."""
    if isinstance(kept, list):
        return ", ".join(value(one) for one in kept)
    return text(from_data(kept) if isinstance(kept, dict) else kept)


def text(value: object) -> str:
    """Any value as it may be printed: no control characters, whatever somebody put into a description or a name.

    A sentence is told in the reader's language, with the words of the command line.
    """
    if value is None:
        return ""
    if isinstance(value, Sentence):
        value = told(value, session.language(), session.WORDS)
    lines = str(value).splitlines() or [""]
    return "\n".join(shown(line) if has_bad_characters(line) or not line.isprintable() else line for line in lines)


def refusal(why: Refusal) -> str:
    """All reasons of a refusal in one line."""
    return " ".join(text(why.told(session.language(), session.WORDS)).split())


def several(sentences: Iterable[Sentence | str]) -> str:
    """Sentences in one line, one behind the other."""
    return ". ".join(text(one).removesuffix(".") for one in sentences)


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
    short = (_("item"), _("client"), _("status"), _("shared"), _("approver"))
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in short)
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
