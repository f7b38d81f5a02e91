"""What every command needs: the office, its database, and who acts. Found once for each call of `dossier`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dossier.people import Actor
    from dossier.settings import Office


@dataclass(slots=True)
class Globals:
    """The options before the command."""

    root: Path | None = None
    staff: str | None = None


GIVEN = Globals()
_office: Office | None = None


def office() -> Office:
    """The office as it is configured. Raises ConfigurationError, RootNotFound."""
    global _office
    if _office is None:
        from dossier.settings import find_root, load_office

        _office = load_office(find_root(Path.cwd(), GIVEN.root, os.environ), os.environ)
    return _office


def opened() -> Office:
    """The office, its database open. Raises DatabaseUnavailable besides."""
    from dossier.database import open_database

    found = office()
    open_database(found)
    return found


def _named() -> str | None:
    return GIVEN.staff or os.environ.get("DOSSIER_USER") or None


def actor() -> Actor:
    """Who does this. Raises NotAllowed if that can't be told, or may not be claimed."""
    from dossier import people

    return people.acting(office(), _named())


def reader() -> Actor:
    """Who reads this: a staff member, or the operating system's user."""
    from dossier import people

    return people.reader(office(), _named())
