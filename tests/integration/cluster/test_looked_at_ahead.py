"""What another process saw in a client's folder counts only as long as the folder was claimed all the while: on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kit.servers import new_database
from kit.support import PDF, own_office
from peewee import OperationalError

from dossier.cluster.claims import Claims, inbox
from dossier.database.database import close_database, open_database
from dossier.files import settling
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.workers.pool import WorkerPool
from ingest.inbox import lookout as lookouts
from ingest.inbox.found import View
from ingest.inbox.looking import Looker
from ingest.inbox.looking_ahead import LookAhead
from ingest.inbox.lookout import Lookout

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

CLIENTS = ["first-bv", "second-bv"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clients = "clients:\n" + "".join(f"  {code}: {{name: {code}}}\n" for code in CLIENTS)
    settings = f"watch: {{settle_seconds: 0}}\ndatabase: {{url: '{new_database()}'}}\n"
    root = own_office(tmp_path / "office", settings=settings, clients=clients)
    for code in CLIENTS:
        root.place(code, {"a.pdf": PDF, "a.yaml": "description: Annual accounts\n"})
    made = load_office(root.path, {})
    open_database(made)
    yield made
    close_database()


def test_a_claim_does_not_outlive_its_connection_though_others_were_claimed_since(office: Office) -> None:
    claims = Claims()
    assert claims.take(inbox(CLIENTS[0]))
    claims.confirm([inbox(CLIENTS[0])])
    close_database()
    open_database(office)
    assert not claims.has_all([inbox(CLIENTS[0])])
    assert claims.take(inbox(CLIENTS[1]))
    claims.confirm([inbox(CLIENTS[1])])
    with pytest.raises(OperationalError, match="the connection was lost"):
        claims.confirm([inbox(CLIENTS[0])])


class _Seen(LookAhead):
    """Another process has looked at every client's folder."""

    def turns(self, clients: Sequence[str]) -> Iterator[tuple[str, View | None]]:
        for client in clients:
            assert self._claim(client)
            yield client, Looker(self._office).look(client, *settling.now())


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_was_seen_before_a_claim_was_lost_is_looked_at_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    claims = Claims()
    lookout = Lookout(
        office, lambda: None, lambda cause, text: None, lambda client: claims.take(inbox(client)), workers=WorkerPool(),
        is_ours=lambda client: not is_lost and claims.has_all((inbox(client),)),
    )  # fmt: skip
    monkeypatch.setattr(lookouts, "LookAhead", _Seen)
    looked, look = list[str](), lookout.looker.look
    monkeypatch.setattr(lookout.looker, "look", lambda client, *now: looked.append(client) or look(client, *now))
    assert [[one.client for one in found] for found in lookout.ready()] == [[client] for client in CLIENTS]
    assert looked == (CLIENTS if is_lost else [])
