"""A daemon that publishes is stopped in the middle of it, replaced, and woken up: on PostgreSQL, where there are several."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from dossier.database.database import close_database
from dossier.database.tables import PROXY
from dossier.database.trouble import UNAVAILABLE
from dossier.files import moves
from dossier.trail import auditing
from workflow.portal.publishing import Publisher


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    yield made
    made.close()


class Sleep:
    """Falls asleep before the `number`th rename of this thread, counted from 1; meanwhile `dream` happens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, dream: Callable[[], None]) -> None:
        self.number, self.count, self.dream = number, 0, dream
        self._sleeper = threading.get_ident()
        for name in ("move", "exchange"):
            monkeypatch.setattr(moves, name, self._sleepy(getattr(moves, name)))

    def _sleepy(self, rename: Callable[..., Any]) -> Callable[..., Any]:
        def renamed(source: Path, target: Path) -> Any:
            if threading.get_ident() == self._sleeper and PROXY.in_transaction():
                self.count += 1
                if self.count == self.number:
                    self.dream()
            return rename(source, target)

        return renamed


class Successor:
    """What the others do about a daemon that fell silent: they end its connection, and one leads instead of it."""

    def __init__(self, office: PortalOffice, meanwhile: Callable[[], None], can_swap: bool) -> None:
        self._office, self._meanwhile, self._can_swap = office, meanwhile, can_swap
        self._thread = threading.Thread(target=self._lead)

    def replace(self, to_the_end: bool) -> None:
        """Lead; until all is done, or only until its own first change is made ready (`finish` then)."""
        sleeping = PROXY.connection().info.backend_pid
        with psycopg.connect(self._office.office.settings.database.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (sleeping,))
        self._is_ready, self._may_go_on = threading.Event(), threading.Event()
        if to_the_end:
            self._may_go_on.set()
        self._thread.start()
        self._thread.join() if to_the_end else self._is_ready.wait(30)

    def finish(self) -> None:
        self._may_go_on.set()
        self._thread.join()

    def _lead(self) -> None:
        self._meanwhile()
        portal = Publisher(self._office.office, self._office.vault)
        portal.prepare()
        portal.site._can_swap = self._can_swap
        place = portal._place

        def wait_and_place(*what: Any) -> bool:
            self._is_ready.set()
            assert self._may_go_on.wait(30)
            return place(*what)

        portal._place = wait_and_place  # type: ignore[method-assign]
        while portal.has_work(self._office.now):
            portal.round(self._office.now)
        close_database()


@pytest.mark.slow
@pytest.mark.parametrize("to_the_end", [True, False])
@pytest.mark.parametrize("can_swap", [True, False])
def test_who_wakes_up_after_being_replaced_changes_nothing_on_the_portal(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch, can_swap: bool, to_the_end: bool
) -> None:
    slept = number = 0
    while slept == number:
        number += 1
        amended, gone = office.share({"a.pdf": b"1", "b.pdf": b"1"}), office.share({"g.pdf": b"g"})
        office.start()
        office.portal.site._can_swap = can_swap
        office.publish()
        office.amend(amended, {"a.pdf": b"2"}, remove=["b.pdf"])
        office.withdraw(gone)
        new, other = office.share({"n.pdf": b"n"}), office.share({"z.pdf": b"z"}, client="zon", description=f"Report {number}")

        def meanwhile(amended: str = amended, gone: str = gone, new: str = new, other: str = other) -> None:
            """The opposite of what the sleeper is about to do."""
            office.amend(amended, {"b.pdf": b"3"})
            office.restore(gone)
            office.withdraw(new)
            office.withdraw(other)

        successor = Successor(office, meanwhile, can_swap)
        with monkeypatch.context() as patch:
            sleep = Sleep(patch, number, partial(successor.replace, to_the_end))
            try:
                while office.portal.has_work(office.now):
                    office.portal.round(office.now)
            except UNAVAILABLE:
                close_database()
        if sleep.count >= number:
            slept += 1
            successor.finish()
        office.check()
    assert slept >= (2 if can_swap else 8)
    assert auditing.first_fault() is None
