"""Finding an office and reading its configuration.

keys.py and reading.py need pydantic, which takes longer to import than most commands take to
answer; so both are imported only by whoever really reads config/.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path

from dossier.office.office import Office
from dossier.office.terms import CLIENTS, RESTORING, SETTINGS, STAFF, ConfigFault, RootNotFound
from dossier.text.sentences import sentence


def find_root(start: Path, given: Path | None, environ: Mapping[str, str]) -> Path:
    """The office's folder: `given`, DOSSIER_ROOT, or the nearest above `start` that has settings.

    Raises RootNotFound.
    """
    named = given or (Path(environ["DOSSIER_ROOT"]) if environ.get("DOSSIER_ROOT") else None)
    if named is not None:
        if not any((named / name).is_file() for name in (SETTINGS, CLIENTS, STAFF)):
            if (named / RESTORING).exists():
                raise RootNotFound([ConfigFault(str(named), None, "", sentence("config.restore_broken_off"))])
            raise RootNotFound(
                [ConfigFault(str(named / SETTINGS), 0, "", sentence("config.no_settings", root=shlex.quote(str(named))))]
            )
        return named.resolve()
    for folder in (start, *start.parents):
        with contextlib.suppress(PermissionError):  # nobody's office who may not look there
            if (folder / SETTINGS).is_file():
                return folder.resolve()
    raise RootNotFound([ConfigFault("", None, "", sentence("config.no_office_here", file=SETTINGS, folder=start))])


def load_office(root: Path, environ: Mapping[str, str]) -> Office:
    """Read and check all of config/. Raises ConfigurationError with every fault, in order."""
    from dossier.office.reading import read_office

    return read_office(root, environ)


def known_office(root: Path, environ: Mapping[str, str]) -> Office:
    """As `load_office`, from the cache where config/ is unchanged: models with attributes only."""
    from dossier.office import cache

    found = cache.read(root, environ)
    if found is None:
        found = load_office(root, environ)
        cache.write(found, environ)
    return found
