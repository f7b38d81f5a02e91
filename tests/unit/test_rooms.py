"""How the code is laid out: floors and wings that nothing points up from, no circles, and two rooms that move files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
FLOORS = ("dossier", "workflow", "ingest", "desk")
"""From the ground up."""

WINGS = {
    "dossier": "text, files, workers, office, object_store, database, trail, vault, cluster, backup",
    "workflow": "messages, outbox, items, guard.readers, guard, approval, portal, queue, portal_access, mail, webhooks, search, reports, reminders, retention",
    "ingest": "sidecar, inbox, intake, sources",
    "desk": "actions, doctor, web.shell, web.identity, web.portal, web.staff, web.api, web, daemon, cli",
}
"""Floor → its wings, from left to right: each imports only from those left of it, and from lower floors."""

MOVERS = {"dossier/files/files.py", "dossier/files/moves.py"}
MOVES = {
    "os.rename", "os.renames", "os.replace", "os.link", "os.fsync", "os.fdatasync", "os.sync", "shutil.move", "shutil.rmtree",
    "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree",
}  # fmt: skip

ROOMS = sorted(path for floor in FLOORS for path in (TOP / floor).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports, inside functions too."""
    known = {name_of(path) for path in ROOMS}
    found: dict[str, set[str]] = {}
    for path in ROOMS:
        named: set[str] = set()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= (whole & known) or {node.module or ""}
        found[name_of(path)] = (named & known) - {name_of(path)}
    return found


def place_of(name: str) -> int | None:
    """How far to the right of its floor a module lies; None for one that lies in no wing."""
    floor, _, rest = name.partition(".")
    wings = WINGS[floor].split(", ")
    fitting = [wing for wing in wings if rest == wing or rest.startswith(f"{wing}.")]
    return wings.index(max(fitting, key=len)) if fitting else None


def test_the_picture_of_the_house_has_its_wings_in_their_order() -> None:
    picture = (TOP / "docs/architecture.md").read_text().partition("```text")[2].partition("```")[0]
    for floor, wings in WINGS.items():
        rows = picture.partition(f"  {floor}/ ")[2].partition("\n\n")[0].splitlines()
        wanted = list(dict.fromkeys(wing.partition(".")[0] for wing in wings.split(", ")))
        assert [word for line in rows for word in re.split(r" {2,}", line.strip()) if word in wanted] == wanted


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_imports_only_from_its_own_floor_and_those_below(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    wrong = [(path.name, name) for path in (TOP / floor).rglob("*.py") for name in imported(path) if name.split(".")[0] in above]
    assert wrong == []


def test_each_wing_has_its_place() -> None:
    there = {f"{path.parent.relative_to(TOP)}".replace("/", ".") for path in ROOMS} - set(FLOORS)
    placed = {f"{floor}.{wing}" for floor, wings in WINGS.items() for wing in wings.split(", ")}
    assert there - placed == {"dossier.database.migrations"}


def test_a_room_imports_only_from_its_own_wing_and_those_left_of_it() -> None:
    wrong = set()
    for name, wanted in imports().items():
        for other in wanted:
            here, there = place_of(name), place_of(other)
            if name.split(".")[0] == other.split(".")[0] and here is not None and there is not None and there > here:
                wrong.add((name, other))
    assert wrong == set()


def test_no_room_imports_itself_by_way_of_others() -> None:
    ahead = imports()
    while free := {name for name, wanted in ahead.items() if not wanted & ahead.keys()}:
        ahead = {name: wanted for name, wanted in ahead.items() if name not in free}
    assert ahead == {}


def test_a_face_opens_no_transaction_and_asks_no_rights() -> None:
    """It calls an action (desk/actions), which does both at the moment it acts."""
    free = {"language_of", "owner_of", "user_name", "rights_now"}
    wrong = []
    for path in [*(TOP / "desk/cli").rglob("*.py"), *(TOP / "desk/web").rglob("*.py")]:
        for node in ast.walk(tree_of(path)):
            named = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            is_right = named.startswith("people.") and named.removeprefix("people.") not in free
            if named in ("transaction", "overwriting") or named.startswith("readable.") or is_right:
                wrong.append(f"{path.relative_to(TOP)}:{getattr(node, 'lineno', 0)} {named}")
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


ANY = {"dossier": 40, "workflow": 30, "ingest": 14, "desk": 165}
"""On so many lines of each floor a value's type is not said. A number may only go down."""


@pytest.mark.parametrize("floor", FLOORS)
def test_types_are_said_on_all_lines_but_a_few_that_get_fewer(floor: str) -> None:
    lines = {
        (path, node.lineno)
        for path in ROOMS
        if path.relative_to(TOP).parts[0] == floor
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    assert len(lines) <= ANY[floor]
