"""Writing config/ from a page: what can go wrong with that, as a refusal that the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from desk.web.staff.visit import StaffVisit
from dossier.files import files
from dossier.office.terms import ConfigurationError
from dossier.text import system
from dossier.text.refusals import Conflict, Invalid, Problem, Unavailable

log = structlog.get_logger("web")


@contextmanager
def saving(visit: StaffVisit) -> Iterator[None]:
    """Meanwhile something is written. Raises Invalid with every fault that config/ would have then,
    Conflict if somebody else wrote, and Unavailable if it can't be written."""
    try:
        yield
    except ConfigurationError as error:
        raise Invalid([Problem("", fault.told(visit.language)) for fault in error.faults]) from error
    except files.Changed as error:
        raise Conflict("config.changed_meanwhile") from error
    except OSError as error:
        log.warning("config/ can't be written", path=visit.request.url.path, error=str(error))
        raise Unavailable("desk.config_unwritable", error=system.why(error)) from error
