"""Whether so much lies in the inbox that other processes are started before any of it is read."""

from __future__ import annotations

from kit.support import Root

from dossier.office.opening import load_office
from dossier.workers.pool import MANY
from ingest.inbox import listing


def test_a_backlog_is_seen_at_a_glance_and_a_few_drops_are_none(root: Root) -> None:
    office = load_office(root.path, root.environ)
    assert listing.backlog(office) == []
    for number in range(MANY):
        (root.inbox() / f"{number}.pdf").touch()
    assert listing.backlog(office) == []
    for number in range(MANY):
        (root.inbox() / f"{number}.yaml").touch()
    assert listing.backlog(office) == ["acme-bv"]
