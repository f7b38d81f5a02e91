"""What every command needs: the office, its database, and who acts.

Found once for each call of `dossier`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dossier.text.sentences import Sentence, Words

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from dossier.database.identity import NotAsItWas
    from dossier.office.fingerprint import Fingerprint
    from dossier.office.office import Office
    from dossier.office.people import Actor
    from dossier.office.terms import ConfigurationError, Language

Log = Annotated[Literal["auto", "human", "json"], typer.Option("--log", help="How to log; auto: human on a terminal, else json.")]
"""The option of whatever runs on and logs."""


class Globals:
    """The options before the command."""

    root: Path | None = None
    staff: str | None = None


GARBAGE_AT = 1_000_000
"""As in start.py, for what lists thousands and ends: none of that is a ring."""

GIVEN = Globals()
_office: Office | None = None
_language: Language | None = None
_doubt: NotAsItWas | None = None
_fault: ConfigurationError | None = None
_nobody: Sentence | None = None


def office() -> Office:
    """The office as it is configured. Raises ConfigurationError, RootNotFound."""
    global _office
    if _office is None:
        from dossier.office.opening import load_office

        _office = load_office(_root(), os.environ)
    return _office


def remembered_office() -> Office:
    """The same, as config/ is remembered, for what only looks something up in it."""
    global _office
    if _office is None:
        _office = _known_office()
    return _office


def office_despite_faults() -> Office:
    """As `remembered_office`, for what needs no database: while config/ has a fault, it is as the
    daemon that runs goes on with, and the fault is told."""
    return _opened_as_going_on() or remembered_office()


def office_as_read() -> tuple[Office, Fingerprint | None]:
    """The same, and what config/ was like before it was read, if it is read now."""
    from dossier.office import fingerprint

    state = fingerprint.of(_root()) if _office is None else None
    return office(), state


def _root() -> Path:
    from dossier.office.opening import find_root

    return find_root(_here(), GIVEN.root, os.environ)


def _here() -> Path:
    """The folder that the command is typed in; the topmost one if that was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def spare_driver() -> None:
    """Keep peewee from loading PostgreSQL's driver, which takes longer than most commands, where
    the office is on SQLite.

    It loads whatever is installed as soon as it is imported, and that may be before the settings
    are read; so they are only searched for the word here. A word too many costs a tenth of a
    second.
    """
    if "peewee" in sys.modules:
        return
    settings = "config/settings.yaml"
    given = GIVEN.root or (Path(os.environ["DOSSIER_ROOT"]) if os.environ.get("DOSSIER_ROOT") else None)
    roots = [given] if given else [_here(), *_here().parents]
    try:
        text = next((root / settings).read_text(errors="replace") for root in roots if (root / settings).is_file())
    except (OSError, StopIteration):
        return
    said = "\n".join((text, os.environ.get("DOSSIER_DATABASE__URL", ""), *sys.argv))
    if not re.search(r"^[^#\n]*postgres", said, re.IGNORECASE | re.MULTILINE):
        sys.modules["psycopg"] = None  # type: ignore[assignment]


def spare_colours() -> None:
    """Keep structlog, for what runs on, from loading rich, which comes with typer: tracebacks in
    colours cost each process 5 MB, and 50 ms before it begins."""
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]


def log_apart() -> None:
    """What a command logs goes to stderr: on stdout is what was asked for. Many commands never load
    structlog, so it is told when it is loaded."""
    if "structlog" in sys.modules:
        _to_stderr(sys.modules["structlog"])
    else:
        sys.meta_path.insert(0, _LogsApart())


class _LogsApart:
    """Finds structlog, once, for whoever imports it first."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != "structlog":
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                _to_stderr(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _to_stderr(structlog: ModuleType) -> None:
    if not structlog.is_configured():
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))  # as it is then


def opened() -> Office:
    """The office, its database open: to read only if there is a `doubt` of it.

    Raises DatabaseUnavailable besides.
    """
    global _doubt
    from dossier.database.database import open_to_read

    if _fault is not None:
        raise _fault
    found = office()
    _doubt = open_to_read(found)
    return found


def opened_as_remembered() -> Office:
    """As `opened`, with config/ as it is remembered, if it is still the same. Models only have
    attributes, which is all that what is asked of items and mails needs."""
    remembered_office()
    return opened()


def doubt() -> NotAsItWas | None:
    """Why the database may only be read.

    Whoever asks tells it; else it is told at the end of the command.
    """
    global _doubt
    told, _doubt = _doubt, None
    return told


def leave_mark() -> None:
    """What a command has written is known to whoever opens the database next (identity.py).

    Never raises.
    """
    if _office is None or "dossier.database.identity" not in sys.modules:
        return
    from dossier.database import identity
    from dossier.database.tables import PROXY
    from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable

    if PROXY.obj is not None and not PROXY.is_closed():
        with contextlib.suppress(OSError, DatabaseUnavailable, *UNAVAILABLE):
            identity.mark(_office)


def opened_if_there() -> bool:
    """Open the database, if there is one that can be used; False for a command that has something
    to tell without it, too."""
    from dossier.database.trouble import UNAVAILABLE
    from dossier.text.refusals import Unavailable

    url = office().settings.database.url
    if url.startswith("sqlite:///") and not (office().root / url.removeprefix("sqlite:///")).exists():
        return False
    try:
        opened()
    except (Unavailable, *UNAVAILABLE):
        return False
    return True


def opened_quickly() -> Office:
    """As `opened`, for a command that only reads, and shall answer at once: config/ as it is
    remembered, if it is still the same.

    While config/ has a fault, it is as the daemon that runs goes on with, and the fault is told.
    """
    from dossier.database.database import for_one_answer

    going_on = _opened_as_going_on()
    if going_on is not None:
        return going_on
    found = opened()
    for_one_answer()
    gc.set_threshold(GARBAGE_AT)
    return found


def opened_despite_faults() -> Office:
    """As `opened`, for a change that can't wait until somebody has mended config/: while it has a
    fault, it is as the daemon that runs goes on with, and the fault is told."""
    return _opened_as_going_on() or opened()


def _opened_as_going_on() -> Office | None:
    """The office as the daemon that runs goes on with it, its database open; None while config/ has
    no fault. Raises ConfigurationError if no daemon runs."""
    global _office, _fault, _doubt
    if _office is None:
        from dossier.office.terms import ConfigurationError

        try:
            _office = _known_office()
        except ConfigurationError as error:
            _office = _going_on()
            if _office is None:
                raise
            _fault = error
    if _fault is None:
        return None
    from dossier.cluster import presence
    from dossier.database.database import open_to_read
    from dossier.database.identity import NotThisOffice
    from dossier.database.trouble import DatabaseUnavailable
    from dossier.text import clock

    assert _office is not None
    try:
        _doubt = open_to_read(_office)
    except NotThisOffice:
        raise
    except DatabaseUnavailable:  # the password of its database stands in config/, perhaps
        raise _fault from None
    if not presence.daemons(_office, clock.utc_now()):
        raise _fault
    return _office


def _going_on() -> Office | None:
    """What the daemon goes on with, if it has left that."""
    from dossier.office import cache

    return cache.going_on(_root(), os.environ)


def fault() -> ConfigurationError | None:
    """What is wrong with config/: this command answered from what the daemon goes on with."""
    return _fault


WORDS = Words("option")
"""How the command line calls a sidecar's keys: as options."""


def language() -> Language:
    """What this command is read in: the person's language, else that of LANG, else the office's,
    else English.

    Told once for each call of `dossier`. Never raises.
    """
    global _language
    if _language is None:
        given = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        spoken = given[:2].lower() if given[:2].lower() in ("nl", "en") else None
        with contextlib.suppress(Exception):
            from desk.actions import acting
            from dossier.office.terms import ConfigurationError

            try:
                found = _office or _known_office()
                spoken = spoken or found.settings.office.language
                spoken = acting.own_language(found, _named()) or spoken
            except ConfigurationError as error:
                spoken = spoken or error.language
        _language = "nl" if spoken == "nl" else "en"
    return _language


def _known_office() -> Office:
    """The office as config/ is remembered, if it is still the same; else it is read.

    Its models only have attributes.
    """
    from dossier.office.opening import known_office

    return known_office(_root(), os.environ)


def _named() -> str | None:
    """Whom `--as` names, also if that is nobody (`--as "$WHO"`): it is not passed over."""
    return GIVEN.staff if GIVEN.staff is not None else os.environ.get("DOSSIER_USER") or None


def actor(despite_faults: bool = False) -> Actor:
    """Who does this. Raises Refusal if that can't be told, or may not be claimed, and while config/
    has a fault, unless it can't wait."""
    from desk.actions import acting

    if _fault is not None and not despite_faults:
        raise _fault
    return acting.doing(office(), _named())


def manager() -> Actor:
    """Who changes config/: an admin, or whoever runs the office's daemon. Raises Refusal."""
    from desk.actions import acting

    return acting.managing(office(), _named())


def reader() -> Actor:
    """Who reads this: a staff member, or the operating system's user. Raises Refusal."""
    global _nobody
    from desk.actions import acting

    found = acting.reading(office(), _named())
    _nobody = acting.told_nothing(office(), found)
    return found


def nobody() -> Sentence | None:
    """Why whoever reads is told nothing, if they are nobody here."""
    return _nobody


def reader_of_all() -> Actor:
    """As `reader`, for what is about the whole office.

    Raises Forbidden if they may not know of every client.
    """
    from desk.actions import acting

    return acting.reading_all(office(), _named())
