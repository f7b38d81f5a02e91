"""While a daemon works on a client's folder, until its files have left it, no other daemon gets to it: on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kit.folders import new_folder, remove
from kit.queues import SETTINGS, STAFF
from kit.servers import new_database
from kit.support import wait_for

from desk.daemon import drop_work
from desk.daemon.daemon import Daemon
from dossier.cluster import claims
from dossier.database.database import close_database, open_database
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.text import clock
from ingest.intake.clearing import Clearing
from ingest.intake.intake import Intake

CLIENTS, DROPS, AT_ONCE = [f"client-{number}" for number in range(6)], 50, 100
"""So many drops each, and so many in a batch: enough for the processes that help."""

CARD = "description: Report {number}\ncreated_by: m.devries\n"


@pytest.mark.sqlite  # it has a PostgreSQL of its own
def test_a_backlogs_folders_are_kept_from_other_daemons_until_their_files_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    root, url = new_folder("kept"), new_database()
    try:
        _make_office(root, url)
        office = load_office(root, {})
        monkeypatch.setattr(drop_work, "AT_ONCE", AT_ONCE)
        with psycopg.connect(url, autocommit=True) as other:
            seen = _Seen(other)
            monkeypatch.setattr(Intake, "finish", seen.before(Intake.finish, lambda intake, now, batch, *more: batch.clients))
            monkeypatch.setattr(Clearing, "wait", seen.before(Clearing.wait, Clearing.begun_for))
            _take_all(root, office)
            assert seen.free == [], "nobody else could have had a folder that was worked on"
            assert seen.count > len(CLIENTS), "files of one batch left while the next was written down"
            assert all(other.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,) for key in seen.keys)
    finally:
        remove(root)


@pytest.mark.sqlite
def test_of_many_clients_some_are_claimed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All claims at a server share a table that has room for some thousands."""
    root, url = new_folder("many"), new_database()
    try:
        _make_office(root, url)
        office = load_office(root, {})
        monkeypatch.setattr(claims, "MOST", 3)
        held, take_some = list[int](), claims.Claims.take_some

        def counted(taking: claims.Claims, names: Any) -> set[str]:
            taken = take_some(taking, names)
            held.append(len(taking._held))
            return taken

        monkeypatch.setattr(claims.Claims, "take_some", counted)
        _take_all(root, office)
        assert max(held) == 3
    finally:
        remove(root)


def _take_all(root: Path, office: Office) -> None:
    open_database(office)
    one = Daemon(office, {}, once=True)
    one._since = clock.utc_now()
    one._set_up()
    try:
        wait_for(lambda: _is_taken(root, one), "all is taken")
    finally:
        one.drops.intake.close()
        one._release_hands()
        close_database()


def _is_taken(root: Path, one: Daemon) -> bool:
    one.drops.take(one._meanwhile)
    receipts = sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))
    return receipts == len(CLIENTS) * DROPS and not list(root.glob("inbox/*/*.yaml"))


class _Seen:
    """Which folders another connection could claim at the moments that it is asked."""

    def __init__(self, other: psycopg.Connection[Any]) -> None:
        self.other, self.free, self.keys, self.count = other, list[str](), set[int](), 0

    def before(self, real: Callable[..., Any], clients: Callable[..., set[str]]) -> Callable[..., Any]:
        def looked(*given: Any, **named: Any) -> Any:
            for client in clients(*given, **named):
                key = claims.key_of(claims.inbox(client))
                self.keys.add(key)
                self.count += 1
                if self.other.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,):
                    self.free.append(client)
            return real(*given, **named)

        return looked


def _make_office(root: Path, url: str) -> None:
    (root / "config").mkdir(parents=True)
    clients = "clients:\n" + "".join(f"  {client}: {{name: {client}}}\n" for client in CLIENTS)
    for name, text in (("settings", f"{SETTINGS}database: {{url: '{url}'}}\n"), ("clients", clients), ("staff", STAFF)):
        (root / "config" / f"{name}.yaml").write_text(text)
    for client in CLIENTS:
        home = root / "inbox" / client
        home.mkdir(parents=True)
        for number in range(DROPS):
            (home / f"{number}.pdf").write_bytes(b"%%PDF-1.7\n%s %d\n%%%%EOF\n" % (client.encode(), number))
            (home / f"{number}.yaml").write_text(CARD.format(number=number))
