"""A daemon that leads where another one did goes by what config/ says then: on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kit.portals import CLIENTS, SETTINGS, PortalOffice
from kit.servers import new_database

from desk.daemon.daemon import Daemon
from dossier.cluster.claims import LEAD, key_of
from dossier.database.database import close_database
from dossier.office import fingerprint
from dossier.office.office import Office
from dossier.text import clock

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    (made.root / "inbox").mkdir()
    yield made
    made.close()


class Waiting:
    """A daemon that does not lead, at work for a while; on a thread, and so with a connection, of its own."""

    def __init__(self, office: Office) -> None:
        self._thread = ThreadPoolExecutor(1)
        self.daemon = Daemon(office, {}, read=fingerprint.of(office.root))
        self.daemon._since = clock.utc_now()
        self.do(self.daemon._set_up)
        self.daemon._has_served = True

    def do(self, what: Callable[[], Any]) -> Any:
        return self._thread.submit(what).result(60)

    def lead(self) -> bool:
        self.daemon._lead_due = 0.0
        leads: bool = self.do(self.daemon._lead)
        return leads

    def end(self) -> None:
        self.do(self.daemon.drops.intake.close)
        self.do(self.daemon._release_hands)
        self.do(close_database)
        self._thread.shutdown()


@pytest.mark.parametrize("looks_as_before", [False, True])
def test_a_client_who_is_off_the_portal_since_it_looked_last_does_not_come_back(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch, looks_as_before: bool
) -> None:
    """As over a network, where for a while a machine sees files as they looked before."""
    item = office.share({"z.pdf": b"z"}, client="zon")
    office.publish()
    with psycopg.connect(office.office.settings.database.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of(LEAD),))
        waiting = Waiting(office.office)
        try:
            assert not waiting.lead()
            before = fingerprint.of(office.root)
            office.configure(clients=CLIENTS.replace("{name: Bakkerij Zon}", "{name: Bakkerij Zon, portal: no}"))
            office.reload()
            office.publish()
            assert not (office.office.portal / "zon").exists()
            if looks_as_before:
                monkeypatch.setattr(fingerprint, "of", lambda root: before)
            other.execute("SELECT pg_advisory_unlock_all()")
            assert waiting.lead()
            assert waiting.daemon.drops.intake.office.clients["zon"].portal, "what it took in before is judged as it was begun"
            waiting.do(waiting.daemon._decide_and_publish)
            assert not (office.office.portal / "zon").exists()
            assert office.row(item).public is None
            waiting.do(waiting.daemon._reload_if_changed)
            assert not waiting.daemon.drops.intake.office.clients["zon"].portal
        finally:
            waiting.end()
