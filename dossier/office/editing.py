"""Changing config/ as a careful person would: comments, order and quotes stay, and only what is meant changes.

A change is made on the file's text, looked at as a whole before it counts, and written in one
rename with a copy of what was in var/config-history/. Who may do it is for the caller to know.
"""

from __future__ import annotations

import difflib
import io
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from errno import EAGAIN
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.files import files
from dossier.office.words import CLIENTS, SETTINGS, STAFF
from dossier.text.sentences import sentence

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

HISTORY = "config-history"
"""Below var/: what each file of config/ was before it was changed here."""


def edited(text: str, section: str, change: Callable[[CommentedMap], None]) -> str:
    """The text of a file of config/ after `change` was made to its mapping `section` (such as `clients`)."""
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


def in_one_line(values: Mapping[str, Any]) -> CommentedMap:
    """A mapping that is written as `{key: value, …}`."""
    from ruamel.yaml.comments import CommentedMap

    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def difference(name: str, before: str, after: str) -> str:
    """What changes, as lines with - and +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"{name} (now)", f"{name} (then)", lineterm="", n=1)
    return "\n".join(lines)


def check(root: Path, environ: Mapping[str, str], name: str, text: str) -> None:
    """Raise ConfigurationError if the office could not be read with `text` in the place of the file `name`."""
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


def write(root: Path, now: datetime, name: str, before: bytes, text: str) -> Path:
    """Put `text` in the place of the file `name`, which must still hold `before`; returns where the copy of that lies.

    Owner and mode stay as they are. Where the file is a link, the file that it leads to is written.
    Raises OSError; Changed if somebody else wrote the file meanwhile. Killed anywhere, the file is
    as it was or as it shall be.
    """
    path = (root / name).resolve()
    status = path.stat()
    history = root / "var" / HISTORY
    files.make_folder(history, 0o750)
    copy = history / f"{path.stem}-{now.astimezone():%Y%m%d-%H%M%S-%f}{path.suffix}"
    files.write_whole(copy, before, 0o640)
    if path.read_bytes() != before:
        raise files.Changed(EAGAIN, sentence("config.changed_meanwhile"), str(path))
    files.write_whole(path, text.encode(), status.st_mode & 0o777, durably=True)
    files.give_like(path, status)
    return copy
