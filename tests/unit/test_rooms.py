"""How the code is laid out: floors that nothing points up from, and two rooms that move files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
FLOORS = ("dossier", "workflow", "ingest", "desk")
"""From the ground up."""

MOVERS = {"dossier/files/files.py", "dossier/files/moves.py"}
MOVES = {
    "os.rename", "os.renames", "os.replace", "os.link", "os.fsync", "os.fdatasync", "os.sync", "shutil.move", "shutil.rmtree",
    "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree",
}  # fmt: skip

ROOMS = sorted(path for floor in FLOORS for path in (TOP / floor).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_imports_only_from_its_own_floor_and_those_below(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    wrong = [(path.name, name) for path in (TOP / floor).rglob("*.py") for name in imported(path) if name.split(".")[0] in above]
    assert wrong == []


def test_files_are_moved_and_synced_in_two_rooms_only() -> None:
    wrong = [
        f"{path.relative_to(TOP)}:{node.lineno}"
        for path in ROOMS
        if str(path.relative_to(TOP)) not in MOVERS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MOVES
    ]
    assert wrong == []


def test_each_room_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(TOP)) for path in ROOMS if path.read_text().strip() and not ast.get_docstring(tree_of(path))]
    assert silent == []
