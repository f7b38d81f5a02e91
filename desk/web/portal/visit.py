"""A request to the web portal, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import HTMLResponse, Response

from desk.web.portal.templating import STATICS, article, templates
from desk.web.shell.answers import asked_language
from desk.web.shell.face import Face
from desk.web.shell.visit import Visit
from dossier.database.web_tables import LoginSession
from workflow.portal import pages, showing
from workflow.portal_access.access import Seat, SeatDirectory


@dataclass(frozen=True, slots=True)
class ClientVisit(Visit):
    """A request, and who makes it."""

    face = Face("dossier", lambda office: office.settings.portal)

    directory: SeatDirectory
    session: LoginSession | None = None
    seats: tuple[Seat, ...] = ()
    """What they may see; empty for who isn't logged in."""

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
        return asked_language(self.request.headers.get("accept-language", ""))

    def page(self, name: str, status: int = 200, language: str = "", **values: Any) -> Response:
        """The page made of this template, in `language` or the visitor's, with what every page has:
        the firm's name and logo, who is logged in, where addresses begin."""
        language = language or self.language
        html = templates(language).get_template(name).render(
            house=showing.house_of(self.office, values.get("client") or next(iter(self.clients), None)),
            root=self.face.prefix(self.office), statics=STATICS.addresses, article=partial(article, language),
            seats=self.seats, is_one_client=len(self.clients) == 1, **values,
        )  # fmt: skip
        return HTMLResponse(pages.text_only(html), status)
