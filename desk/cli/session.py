"""What every command needs: the office, its database, and who acts. Found once for each call of `dossier`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.text.sentences import Words

if TYPE_CHECKING:
    from dossier.office.office import Office
    from dossier.office.people import Actor, Readable
    from dossier.office.words import Language


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
        from dossier.office.opening import find_root, load_office

        _office = load_office(find_root(Path.cwd(), GIVEN.root, os.environ), os.environ)
    return _office


def spare_driver() -> None:
    """Keep peewee from loading PostgreSQL's driver, which takes longer than most commands, where the office is on SQLite.

    It loads whatever is installed as soon as it is imported, and that may be before the settings are read; so they are only
    searched for the word here. A word too many costs a tenth of a second.
    """
    if "peewee" in sys.modules:
        return
    settings = "config/settings.yaml"
    given = GIVEN.root or (Path(os.environ["DOSSIER_ROOT"]) if os.environ.get("DOSSIER_ROOT") else None)
    roots = [given] if given else [Path.cwd(), *Path.cwd().parents]
    try:
        text = next((root / settings).read_text(errors="replace") for root in roots if (root / settings).is_file())
    except (OSError, StopIteration):
        return
    said = "\n".join((text, os.environ.get("DOSSIER_DATABASE__URL", ""), *sys.argv))
    if not re.search(r"^[^#\n]*postgres", said, re.IGNORECASE | re.MULTILINE):
        sys.modules["psycopg"] = None  # type: ignore[assignment]


def opened() -> Office:
    """The office, its database open. Raises DatabaseUnavailable besides."""
    from dossier.database.database import open_database

    found = office()
    open_database(found)
    return found


def opened_quickly() -> Office:
    """As `opened`, for a command that shall answer at once: config/ as it is remembered, if it is still the same."""
    global _office
    if _office is None:
        from dossier.office.opening import find_root, known_office

        _office = known_office(find_root(Path.cwd(), GIVEN.root, os.environ), os.environ)
    return opened()


WORDS = Words("option")
"""How the command line calls a sidecar's keys: as options."""


def language() -> Language:
    """What this command is read in: the person's language, else that of LANG, else the office's, else English. Never raises."""
    from dossier.office.words import ConfigurationError

    spoken = "en"
    with contextlib.suppress(Exception):
        try:
            spoken = (_office or office()).settings.office.language
        except ConfigurationError as error:
            spoken = error.language
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            spoken = {"nl": "nl", "en": "en"}.get(os.environ[name][:2].lower(), spoken)
            break
    with contextlib.suppress(Exception):
        from dossier.office import people

        known = office()
        person = known.staff.get(people.acting(known, _named()).code)
        spoken = (person.language if person else None) or spoken
    return "nl" if spoken == "nl" else "en"


def _named() -> str | None:
    return GIVEN.staff or os.environ.get("DOSSIER_USER") or None


def actor() -> Actor:
    """Who does this. Raises Refusal if that can't be told, or may not be claimed."""
    from dossier.office import people

    return people.acting(office(), _named())


def manager() -> Actor:
    """Who changes config/: an admin, or whoever runs the office's daemon. Raises Refusal."""
    from dossier.office import people

    return people.managing(office(), _named())


def reader() -> Actor:
    """Who reads this: a staff member, or the operating system's user."""
    from dossier.office import people

    return people.reader(office(), _named())


def readable() -> Readable:
    """What whoever reads this may know of."""
    from dossier.office import people

    return people.readable(office(), reader())


def reader_of_all() -> Actor:
    """As `reader`, for what is about the whole office. Raises Forbidden if they may not know of every client."""
    from dossier.office import people
    from dossier.text.refusals import Forbidden

    who = reader()
    if people.readable(office(), who).clients is not None:
        raise Forbidden("people.not_of_all", staff=who.code)
    return who
