"""Changing config/ as a careful person would: comments, order and quotes stay.

A change is made on the file's text, looked at as a whole before it counts, and written in one
rename with a copy of what was in var/config-history/. Who may do it is for the caller to know.
"""

from __future__ import annotations

import difflib
import io
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from errno import EAGAIN
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.files import files
from dossier.files.beneath import open_folder
from dossier.office.reading import CONFIG_LIMITS
from dossier.office.terms import CLIENTS, SETTINGS, STAFF
from dossier.text.sentences import sentence
from dossier.text.yamltext import Map, plain, read_map

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

HISTORY = "config-history"
"""Below var/: what each file of config/ was before it was changed here."""


def edited(text: str, section: str, change: Callable[[CommentedMap], object]) -> str:
    """The text of a file of config/ after `change` was made to its mapping `section`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text) or CommentedMap()
    there = tree.get(section)
    if not isinstance(there, CommentedMap) or not there:
        # `clients: {}` of a new office: what comes is to stand in lines of its own.
        tree[section] = there = CommentedMap()
    change(there)
    made = io.StringIO()
    yaml.dump(tree, made)
    return made.getvalue()


def edited_entry(text: str, section: str, code: str, change: Callable[[CommentedMap], None]) -> str:
    """The text after `change` was made to the mapping `code` of `section`, the last if it is new.

    Only the lines of this mapping are written anew, so no byte of the others changes. Where
    mappings have no lines of their own, as in `clients: {a: {…}, b: {…}}`, the whole file is
    written anew.
    """
    place = _place(text, section, code)
    if place is None:
        return edited(text, section, lambda there: change(_within(there, code)))
    lines, (first, last, margin) = text.splitlines(keepends=True), place
    snippet = f"{section}:\n{''.join(lines[first:last])}" if last > first else ""
    made = edited(snippet, section, lambda there: change(_within(there, code))).split("\n", 1)[1].rstrip("\n") + "\n"
    # What is made has a margin of two; the mapping keeps to that of the others.
    made = "".join(margin + line[2:] if line[:2] == "  " else line for line in made.splitlines(keepends=True))
    if last == first:
        if first and not lines[first - 1].endswith("\n"):
            lines[first - 1] += "\n"
        made = ("\n" if "\n" in lines[:first] else "") + made
    return "".join([*lines[:first], made, *lines[last:]])


def without_entry(text: str, section: str, code: str) -> str:
    """The text without the mapping `code` of `section`; a comment above it may be about others."""
    place, tree = _place(text, section, code), read_map(text.encode(), CONFIG_LIMITS)[0]
    there = tree.entries[section].node if section in tree.entries else None
    if place is None or not isinstance(there, Map) or len(there.entries) == 1:
        return edited(text, section, lambda node: node.pop(code, None))
    lines, (first, last, _) = text.splitlines(keepends=True), place
    while first and not lines[first - 1].strip():  # the blank line that set it apart
        first -= 1
    return "".join([*lines[:first], *lines[last:]])


def _within(there: CommentedMap, code: str) -> CommentedMap:
    from ruamel.yaml.comments import CommentedMap

    if not isinstance(there.get(code), CommentedMap):
        there[code] = CommentedMap()
    found: CommentedMap = there[code]
    return found


def _place(text: str, section: str, code: str) -> tuple[int, int, str] | None:
    """A mapping's first and last line, and its margin; the lines are the same if it isn't there.

    None where its lines are not its own. What is a comment or blank at its end is left to whatever
    follows.
    """
    tree, faults = read_map(text.encode(), CONFIG_LIMITS)
    there = tree.entries.get(section)
    if faults or there is None or not isinstance(there.node, Map) or not there.node.entries:
        return None
    lines = text.splitlines(keepends=True)
    starts = [entry.line for entry in there.node.entries.values()]
    behind = min((entry.line for entry in tree.entries.values() if entry.line > there.line), default=len(lines) + 1)
    if starts[0] == there.line or len(set(starts)) < len(starts) or starts[-1] >= behind:
        return None
    margin = lines[starts[-1] - 1][: -len(lines[starts[-1] - 1].lstrip(" "))]
    if code not in there.node.entries:
        last = _without_tail(lines, starts[-1], behind - 1)
        return (last, last, margin) if _is_alone(lines[starts[-1] - 1 : last], section, there.node, -1) else None
    number = list(there.node.entries).index(code)
    first, end = starts[number] - 1, (starts[number + 1] if number + 1 < len(starts) else behind) - 1
    for last in (_without_tail(lines, first + 1, end), end):
        if _is_alone(lines[first:last], section, there.node, number):
            return first, last, margin
    return None


def _without_tail(lines: Sequence[str], first: int, end: int) -> int:
    while end > first and lines[end - 1].strip()[:1] in ("", "#"):
        end -= 1
    return end


def _is_alone(lines: Sequence[str], section: str, there: Map, number: int) -> bool:
    """True if these lines say by themselves what they say in the file."""
    code, entry = list(there.entries.items())[number]
    tree, faults = read_map(f"{section}:\n{''.join(lines)}".encode(), CONFIG_LIMITS)
    said = tree.entries[section].node if section in tree.entries else None
    return not faults and isinstance(said, Map) and plain(said) == {code: plain(entry.node)}


def in_one_line(values: Mapping[str, object] | Sequence[str]) -> CommentedMap | CommentedSeq:
    """What is written as `{key: value, …}`, or as `[a, b]`."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    made = CommentedMap(values) if isinstance(values, Mapping) else CommentedSeq(values)
    made.fa.set_flow_style()
    return made


def difference(name: str, before: str, after: str) -> str:
    """What changes, as lines with - and +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"{name} (now)", f"{name} (then)", lineterm="", n=1)
    return "\n".join(lines)


def check(root: Path, environ: Mapping[str, str], name: str, text: str) -> None:
    """Raise ConfigurationError if the office could not be read with `text` as the file `name`."""
    from dossier.office.reading import read_office

    with tempfile.TemporaryDirectory(prefix="dossier-config-") as folder:
        there = Path(folder)
        (there / "config").mkdir()
        for one in (SETTINGS, CLIENTS, STAFF):
            if one == name:
                (there / one).write_text(text, encoding="utf-8")
            elif (root / one).exists():
                (there / one).write_bytes((root / one).read_bytes())
        read_office(there, environ)


def put(root: Path, environ: Mapping[str, str], now: datetime, name: str, sections: Mapping[str, Mapping[str, object]]) -> Path:
    """Put keys into sections of the file `name`, a None taking its key out; returns where the copy
    of what it was lies.

    Raises ConfigurationError where the office could not be read then; OSError; Changed.
    """
    return write(root, now, name, *with_keys(root, environ, name, sections))


def with_keys(
    root: Path, environ: Mapping[str, str], name: str, sections: Mapping[str, Mapping[str, object]]
) -> tuple[bytes, str]:
    """The file `name` as it is, and as it would be with these keys (a None takes its key out).

    Raises ConfigurationError where the office could not be read then; OSError.
    """
    before = (root / name).read_bytes()
    text = before.decode("utf-8")
    for section, values in sections.items():
        text = edited(text, section, partial(_set, values=values))
    check(root, environ, name, text)
    return before, text


def _set(there: CommentedMap, values: Mapping[str, object]) -> None:
    for key, value in values.items():
        if value is None:
            there.pop(key, None)
        else:
            there[key] = value


def write(root: Path, now: datetime, name: str, before: bytes, text: str) -> Path:
    """Put `text` in the place of the file `name`, which must hold `before`; where the copy is.

    Owner and mode stay as they are, and the copy has them too: whoever could read it can read both,
    also where root writes. Where the file is a link, the file that it leads to is written. Raises
    OSError; Changed if somebody else wrote the file meanwhile. Killed anywhere, the file is as it
    was or as it shall be.
    """
    path = (root / name).resolve()
    status = path.stat()
    stem = f"{path.stem}-{now.astimezone():%Y%m%d-%H%M%S-%f}{path.suffix}"
    files.make_folder(root / "var")
    with open_folder(root / "var") as var, files.made_folder(var / HISTORY, 0o750, var.status()) as history:
        files.sweep_temporaries(history)
        files.write_whole(history / stem, before, 0o640, like=status)
    if path.read_bytes() != before:
        raise files.Changed(EAGAIN, sentence("config.changed_meanwhile"), str(path))
    with open_folder(path.parent) as home:
        files.sweep_temporaries(home)
    _write(path, text.encode(), status)
    return root / "var" / HISTORY / stem


def put_back(root: Path, name: str, before: bytes, text: str) -> None:
    """Undo a `write` of a moment ago, unless somebody else wrote the file since. OSError."""
    path = (root / name).resolve()
    if path.read_bytes() == text.encode():
        _write(path, before, path.stat())


def _write(path: Path, data: bytes, like: os.stat_result) -> None:
    files.write_whole(path, data, like.st_mode & 0o777, durably=True, like=like)
