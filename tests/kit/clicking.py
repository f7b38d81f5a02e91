"""People who click on the desk of an office in this process, without a browser or a server."""

from __future__ import annotations

from datetime import timedelta

from desk.web.staff.app import DeskWeb
from dossier.database.web_tables import DeskSession
from dossier.text import clock
from kit.calling import Caller, Told
from kit.records import Records
from workflow.portal_access import staff_access


class Person:
    """Somebody whose last click was half an hour ago."""

    def __init__(self, office: Records, who: str = "l.visser") -> None:
        self.began = clock.utc_now() - timedelta(minutes=30)
        session = staff_access.begin(office.office, self.began, who, office.office.staff[who].email, "192.0.2.7")
        self.cookie = f"dossier-desk={session}"
        self.caller = Caller(DeskWeb(office.office, {}).app)

    def get(self, path: str) -> Told:
        return self.caller.ask("GET", path, cookie=self.cookie)

    def post(self, path: str, **fields: str) -> Told:
        return self.caller.post(path, list(fields.items()), cookie=self.cookie)

    def is_seen_since(self) -> bool:
        return bool(DeskSession.get().seen_at > clock.to_text(self.began))


def goal_of(told: Told) -> str:
    """Where an answer sends the browser to."""
    return dict(told.headers)[b"location"].decode()
