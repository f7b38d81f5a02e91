"""A request to the web portal, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.web.shell import answers
from desk.web.shell.answers import page
from desk.web.shell.cookies import Cookie
from desk.web.shell.gate import Form
from dossier.database.tables import LoginSession
from dossier.office.office import Office
from dossier.vault.folder import Vault
from workflow.portal_access.access import Seat, SeatDirectory

COOKIE = Cookie("dossier", lambda office: office.settings.portal.base_url)


@dataclass(frozen=True, slots=True)
class ClientVisit:
    """A request, and who makes it."""

    request: Request
    form: Form
    directory: SeatDirectory
    now: datetime
    peer: str
    """The caller's IP address."""
    vault: Vault
    session: LoginSession | None = None
    seats: tuple[Seat, ...] = ()
    """What they may see; empty for who isn't logged in."""

    def field(self, name: str) -> str:
        """The last value of a field of the form; "" if it is not in it."""
        return self.form.get(name, [""])[-1]

    @property
    def office(self) -> Office:
        return self.directory.office

    @property
    def clients(self) -> list[str]:
        return list(dict.fromkeys(seat.client for seat in self.seats))

    def seats_for(self, client: str) -> list[Seat]:
        return [seat for seat in self.seats if seat.client == client]

    @property
    def language(self) -> str:
        """The contact's, once it is known who it is; else what the browser asks for."""
        for seat in self.seats_for(self.request.path_params.get("client", "")) or self.seats:
            return seat.contact.language or self.office.clients[seat.client].language
        return answers.asked_language(self.request.headers.get("accept-language", ""))

    def page(self, name: str, status: int = 200, **values: Any) -> Response:
        return page(self.office, values.pop("language", self.language), name, status, seats=self.seats, **values)

    def to(self, path: str) -> Response:
        """Go on to a path of the portal."""
        return RedirectResponse(answers.prefix(self.office) + path, 303)
