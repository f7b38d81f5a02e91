"""The start page, "my work": what waits for this person, what came back, what lies in the inbox, what was looked at last."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from desk.web.staff.visit import Visit


def counts(visit: Visit) -> Mapping[str, int]:
    """What the menu counts for this person."""
    del visit
    return {}


def start(visit: Visit) -> Response:
    return visit.page("start.html")
