"""The start page, "my work": what waits for this person, what came back, what lies in the inbox,
what was looked at last.

With words in the search box it is the answer to a search: clients first, then items.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from desk.actions import first_run, looking_up, my_work, overview
from desk.actions.sharing_lines import sharing_lines
from desk.web.shell.paging import leaf
from desk.web.staff.visit import StaffVisit
from dossier.cluster import presence
from dossier.database import identity
from dossier.office.office import Office
from workflow.reports.finding import Filter

COUNTED_SECONDS = 3.0
"""What the menu says of the inbox is no older."""

PART = 20
"""Where it takes long to count, no more than one part in so many of the time goes to it."""

_counted: dict[str, tuple[Office, float, int]] = {}
"""Staff → the configuration, until when this holds, and how much lay in the inbox for them."""

_counting = threading.Lock()
"""One thread counts at a time; others tell meanwhile what was counted last."""

FOUND = 30
"""So many clients and items a search shows."""


def counts(visit: StaffVisit) -> Mapping[str, int]:
    """What the menu counts for this person; and the daemons that run, as a page says on top if
    there are none."""
    return {
        "queue": len(keys_to_decide(visit)),
        "inbox": _count_in_the_inbox(visit),
        "trial": int(identity.is_trial()),
        "daemons": len(presence.daemons(visit.office, visit.now)),
    }


def _count_in_the_inbox(visit: StaffVisit) -> int:
    """As it was COUNTED_SECONDS ago, longer while it takes long: it takes a look into the folders
    of many clients."""
    began = time.monotonic()
    known = _last_count(visit)
    if known is not None and began < known[1]:
        return known[2]
    if not _counting.acquire(blocking=known is None):
        return known[2] if known is not None else 0
    try:
        known = _last_count(visit)
        if known is None or began >= known[1]:  # nobody counted while this waited
            count = len(my_work.in_the_inbox(visit.office, visit.actor))
            now = time.monotonic()
            known = (visit.office, now + max(COUNTED_SECONDS, PART * (now - began)), count)
            _counted[visit.actor.code] = known
        return known[2]
    finally:
        _counting.release()


def _last_count(visit: StaffVisit) -> tuple[Office, float, int] | None:
    """As in `_counted`; None if this person was not counted for under this configuration."""
    known = _counted.get(visit.actor.code)
    return known if known is not None and known[0] is visit.office else None


def keys_to_decide(visit: StaffVisit) -> Sequence[int]:
    """What waits for this person, oldest first; asked once for all that a page needs of it."""
    known = visit.request.state
    if not hasattr(known, "to_decide"):
        known.to_decide = my_work.keys_to_decide(visit.office, visit.actor, visit.now)
    return list(known.to_decide)


def start(visit: StaffVisit) -> Response:
    """My work; with `?q=`, what fits these words."""
    words = visit.field("q").strip()[:200]
    return _search(visit, words) if words else _work(visit)


def _work(visit: StaffVisit) -> Response:
    office, actor, now = visit.office, visit.actor, visit.now
    keys = keys_to_decide(visit)
    decide, inbox = my_work.to_decide(office, actor, now, keys[: my_work.SHOWN]), my_work.in_the_inbox(office, actor)
    unopened, unopened_count = my_work.unopened(office, actor, now, my_work.SHOWN)
    unopened_leaf = leaf(visit, range(unopened_count), my_work.SHOWN, "unopened")
    if unopened_leaf.number > 1:
        unopened, _ = my_work.unopened(office, actor, now, my_work.SHOWN, unopened_leaf.rows[0])
    items, codes = looking_up.recent(office, actor)
    return visit.page(
        "start.html", most_waiting=overview.MOST_WAITING, decide=decide, decide_count=len(keys), shown=my_work.SHOWN,
        oldest_days=my_work.oldest_days(keys, now),
        returned=leaf(visit, my_work.returned(office, actor), my_work.SHOWN, "returned"),
        inbox=[{**one, "lines": [visit.told(line) for line in one["lines"]]} for one in inbox], unopened=unopened, leaf=unopened_leaf,
        items=items, clients=[(code, office.clients[code].name) for code in codes],
        left=[(visit.told(one), page) for one, page in first_run.left(office, actor)],
        absent=sorted({one.approver for one in decide} - {actor.code}),
    )  # fmt: skip


def _search(visit: StaffVisit, words: str) -> Response:
    clients = looking_up.find_clients(visit.office, visit.actor, words)
    items = looking_up.find_items(visit.office, visit.actor, Filter(words=words), FOUND + 1)
    if not items and words.isascii() and words.isdecimal():
        items = looking_up.of_number(visit.office, visit.actor, words)
    return visit.page(
        "search.html", words=words, clients=clients[:FOUND], client_count=len(clients),
        items=items[:FOUND], has_more=len(items) > FOUND, fitting=looking_up.fitting_files(items[:FOUND], words),
        lines=sharing_lines(visit.office, items[:FOUND]),
    )  # fmt: skip
