"""How commands print: tables for people, JSON for programs, one way for all of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import select
import shlex
import shutil
import subprocess  # PAGER is the user's own  # nosec B404
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TextIO, TypeAlias
from unicodedata import combining, east_asian_width

from desk.cli import session
from desk.cli.translation import _
from dossier.text import clock, jsontext
from dossier.text.names import has_bad_characters, printable
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence, from_data, told

if TYPE_CHECKING:
    from datetime import datetime

    from dossier.office.office import Office
    from dossier.office.people import Actor

P = ParamSpec("P")
Told: TypeAlias = Sentence | Sequence[Sentence]

Entry: TypeAlias = Mapping[str, Any]
Column: TypeAlias = tuple[str, str | Callable[[Entry], object]]
"""A heading, and what of an entry stands below it: the value of a key, or what is made of it."""


def as_json(value: Any) -> None:
    """Print `value` as JSON, readable by people too: of a list, or of what comes one by one, an
    entry a line.

    Sentences are told. Nothing is printed before all of it is there: whoever reads may be slow, and
    the database waits meanwhile.
    """
    if not isinstance(value, list | Iterator):
        print(json_of(value, 2))
    elif lines := list(map(json_of, value)):
        print("[")
        _print_lines(lines, ",\n")
        print("]")
    else:
        print("[]")


def json_of(value: Any, indent: int | None = None) -> str:
    """`value` as JSON, in which characters that could steer a terminal or turn the text around are
    escaped."""
    made = _in_a_line(value) if indent is None else json.dumps(value, ensure_ascii=False, indent=indent, default=text)
    if made.isascii():
        return made
    if (sys.stdout.encoding or "utf-8").lower() not in ("utf-8", "utf8"):
        return re.sub("[^\0-\x7f]", lambda found: json.dumps(found[0])[1:-1], made)
    return re.sub(_STEERING, lambda found: f"\\u{ord(found[0]):04x}", made)


def for_a_file() -> None:
    """What is printed from now on is to be kept as a file: UTF-8, whatever this terminal shows."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


_STEERING = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
"""Compiled when it is looked for: that takes longer than a command prints."""


def text(value: object) -> str:
    """Any value as it may be printed: no control characters, whatever somebody put into a
    description or a name.

    A sentence is told in the reader's language, with the words of the command line; of a list, each
    value.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    if isinstance(value, list):
        return ", ".join(map(text, value))
    if isinstance(value, dict):  # a sentence as an event keeps it
        value = from_data(value)
    if isinstance(value, Sentence):
        value = told(value, session.language(), session.WORDS)
    lines = str(value).splitlines() or [""]
    return "\n".join(printable(line) if has_bad_characters(line) or not line.isprintable() else line for line in lines)


_in_a_line = jsontext.writer(ensure_ascii=False, default=text)


def refusal(why: Refusal) -> str:
    """All reasons of a refusal in one line."""
    return " ".join(text(why.told(session.language(), session.WORDS)).split())


def outcome(action: Callable[Concatenate[Office, datetime, Actor, P], Told], *given: P.args, **named: P.kwargs) -> None:
    """Have it done for whoever types, and print what became of it."""
    office, actor = session.opened_as_remembered(), session.actor()
    became = action(office, clock.utc_now(), actor, *given, **named)
    print(text(became) if isinstance(became, Sentence) else several(became))


def leave_unread() -> bool:
    """Whoever read what is printed has enough of it, as `| head` has: what follows is lost, and
    Python does not complain of it at its end. False: it was another pipe that broke."""
    left = [stream for stream in (sys.stdout, sys.stderr) if _is_left(stream)]
    for stream in left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return bool(left)


def _is_left(stream: TextIO) -> bool:
    poll = select.poll()
    poll.register(stream, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _number, event in poll.poll(0))


@contextlib.contextmanager
def read_or_not() -> Iterator[None]:
    """What is printed inside may be more than anybody reads: what is done next is done all the
    same."""
    try:
        yield
    except BrokenPipeError:
        if not leave_unread():
            raise


def several(sentences: Iterable[Sentence | str]) -> str:
    """Sentences in one line, one behind the other."""
    return ". ".join(text(one).removesuffix(".") for one in sentences)


def listing(found: Iterable[Entry], json: bool, columns: Sequence[Column], empty: str, spare: Sequence[str] = ()) -> None:
    """Print what was found: all of it for programs, else a table of it.

    `empty`, `spare`: as for `table`.
    """
    if json:
        as_json(found)
    else:
        rows = ([one[what] if isinstance(what, str) else what(one) for _heading, what in columns] for one in found)
        table([heading for heading, _what in columns], rows, empty, spare)


def moment(key: str) -> Callable[[Entry], str]:
    """What a column shows of the moment that stands at this key."""
    return lambda one: day_and_time(one[key])


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "", spare: Sequence[str] = ()) -> None:
    """Print a table; with nothing in it, `empty`.

    On a pipe there are no colours, and nothing is cut off.

    `spare`: the columns that a terminal may do without where it is too narrow, in this order.
    """
    cells = [[text(value) for value in row] for row in rows]
    if not cells:
        if empty:
            print(empty)
    elif sys.stdout.isatty():
        _table_on_terminal(columns, cells, spare)
    else:
        _table_on_pipe(columns, cells)


SHORT, ENOUGH, LEAST = 16, 20, 10
"""A column no wider than the first is never cut off. One that is gets so much room as the second,
or a spare column goes; and the third at least, or the row goes on below."""


def _table_on_terminal(columns: Sequence[str], cells: Sequence[Sequence[str]], spare: Sequence[str]) -> None:
    """A row is a line, as wide as the terminal: of the widest columns, what does not fit is cut off
    with a `…`. Where the terminal is too narrow even for that, a row goes on below."""
    terminal = shutil.get_terminal_size()
    rows = [[" ".join(cell.split("\n")) for cell in row] for row in [columns, *cells]]
    full = {index: max(_width(row[index]) for row in rows) for index in range(len(columns))}
    chosen = [index for index in full if any(row[index] for row in rows[1:])]
    widths = _fitted([full[index] for index in chosen], terminal.columns)
    for name in spare:
        cut = [now for now, index in zip(widths, chosen, strict=True) if now < full[index]]
        if cut and min(cut) < ENOUGH and name in columns:
            chosen = [index for index in chosen if columns[index] != name]
            widths = _fitted([full[index] for index in chosen], terminal.columns)
    shared, colours = _("shared"), not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    groups = [
        (group, _fitted([full[index] for index in group], terminal.columns - (BELOW if number else 0)))
        for number, group in enumerate(_beside(chosen, widths, terminal.columns))
    ]
    lines = []
    for number, row in enumerate(rows):
        for group, fitting in groups:
            line = []
            for index, width in zip(group, fitting, strict=True):
                cell = _cut(row[index], width)
                padded = cell + " " * (width - _width(cell))
                colour = "1" if number == 0 else _colour(row[index]) if columns[index] == shared else ""
                line.append(f"\x1b[{colour}m{padded}\x1b[0m" if colour and colours else padded)
            if group is groups[0][0] or any(row[index] for index in group):
                lines.append((" " * (0 if group is groups[0][0] else BELOW) + "  ".join(line)).rstrip())
    _paged(lines, terminal.lines)


BELOW = 2
"""How far the rest of a row stands in, where it goes on below."""


def _beside(columns: Sequence[int], widths: Sequence[int], room: int) -> list[list[int]]:
    """The columns that stand beside each other: all of them, or as many as there is room for."""
    groups, used = [[columns[0]]], widths[0]
    for column, width in zip(columns[1:], widths[1:], strict=True):
        if used + 2 + width <= room:
            groups[-1].append(column)
            used += 2 + width
        else:
            groups.append([column])
            used = BELOW + width
    return groups


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths that fit into the terminal: the widest gives way first, and none of SHORT."""
    found, long = list(widths), [index for index, width in enumerate(widths) if width > SHORT]
    while sum(found) + 2 * (len(found) - 1) > room and any(found[index] > LEAST for index in long):
        found[max(long, key=lambda index: found[index])] -= 1
    return found


def _cut(cell: str, width: int) -> str:
    """The text, or as many whole words of it as there is room for; of a first word that is too
    long, its beginning."""
    if _width(cell) <= width:
        return cell
    short = cell
    while short and _width(short) > width - 1:
        short = short[:-1]
    words = short if cell[len(short) :].startswith(" ") else short.rpartition(" ")[0]
    return (words or short).rstrip() + "…"


def _colour(cell: str) -> str:
    """Of a share state: green for what the client sees, yellow for what somebody must see to."""
    return {_("published"): "32", _("approved"): "32", _("concept"): "33", _("returned"): "31", _("withdrawn"): "2"}.get(cell, "")


def _paged(lines: Sequence[str], height: int) -> None:
    """Print lines; what is longer than the terminal goes through PAGER, if one is set."""
    pager = os.environ.get("PAGER", "").strip()
    if not pager or len(lines) < height or isinstance(sys.stdout, _Held):
        print("\n".join(lines))
        return
    environ = {"LESS": "FRX", **os.environ}  # as git does: colours, and no page for what fits
    try:
        subprocess.run(shlex.split(pager), input="\n".join(lines) + "\n", text=True, env=environ, check=False)  # nosec B603
    except (OSError, ValueError):
        print("\n".join(lines))


class _Held(io.StringIO):
    """What is printed for a terminal, until all of it is there."""

    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """What is printed inside goes through PAGER as a whole where a table would."""
    if not sys.stdout.isatty():
        yield
        return
    with contextlib.redirect_stdout(_Held()) as held:
        yield
    _paged(held.getvalue().splitlines(), shutil.get_terminal_size().lines)


def indented(begin: str, value: object) -> None:
    """Print a text behind `begin`.

    On a terminal no word of it is broken, and its other lines stand below the first.
    """
    lines = text(value).split("\n")
    if sys.stdout.isatty():
        room = max(SHORT, shutil.get_terminal_size().columns - len(begin))
        lines = [
            piece for line in lines for piece in textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]
        ]
    print(begin + f"\n{'':{len(begin)}}".join(lines))


def _table_on_pipe(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """As wide as it has to be. rich would do it as well, but takes 40 ms to come."""
    rows = [columns, *cells]
    widths = [max(map(_width, "\n".join(column).split("\n"))) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        whole = "".join(row)
        if whole.isascii() and "\n" not in whole:  # as nearly all are
            lines.append("  ".join(map(str.ljust, row, widths)).rstrip())
            continue
        several = zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
        lines += ["  ".join(map(_padded, parts, widths)).rstrip() for parts in several]
    _print_lines(lines)


AT_ONCE = 500
"""Lines that are printed together. One by one each could be a call of the system
(PYTHONUNBUFFERED), and all of thousands would need as much memory once more."""


def _print_lines(lines: Sequence[str], between: str = "\n") -> None:
    for at in range(0, len(lines), AT_ONCE):
        print((between if at else "") + between.join(lines[at : at + AT_ONCE]), end="")
    print()


def _padded(line: str, width: int) -> str:
    return line + " " * (width - _width(line))


def _width(line: str) -> int:
    """How many places a text takes in a terminal."""
    if line.isascii():
        return len(line)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in line)


def number(count: int) -> str:
    """`40311` → `40,311`, in Dutch `40.311`."""
    return f"{count:,}".replace(",", "." if session.language() == "nl" else ",")


def day_and_time(iso: str | None) -> str:
    """`2026-11-24T10:00:00+01:00` → `2026-11-24 10:00`."""
    return (iso or "")[:16].replace("T", " ")
