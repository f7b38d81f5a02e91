"""The portal as a web server: logging in, the pages, the files. One function a page; each gets a
`Visit` and gives an answer.

What is promised:
- Nobody sees anything without a session, and with one nothing but their clients' (openings.py asks
  the database with them in the question). Who is gone from config/clients.yaml is out at their next
  click: config/ is looked at on each.
- No answer tells whether an address, a client or an item exists: who isn't logged in is sent to the
  login, whatever they ask for; who is gets one and the same page for what was withdrawn, is
  another's, or never was.
- A link of a mail is used up by the POST of its page's button. A GET changes nothing but what its
  own session has opened.
- A file is sent only after its opening is in the trail, from the vault, by the hash that the
  edition on the portal names, and as something to save, or, if it is a PDF, in a sandbox without an
  origin: never as a page of this one. An address names the content too, so that it dies with it.
- No page has a script, and none is kept by the browser.

What holds for every request (config/, limits, other sites, trouble with the database) is in
shell/gate.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.web.portal import files, pages
from desk.web.portal.templating import STATICS
from desk.web.portal.visit import ClientVisit
from desk.web.shell.gate import Configured, Form, Gate
from dossier.office.office import Office
from dossier.text.refusals import Refusal
from dossier.vault.opening import open_vault
from workflow.portal_access import access
from workflow.portal_access.access import SeatDirectory

FORM_BYTES = 4096
"""No form of these pages is longer."""


class PortalWeb:
    """The portal of one office. `app` is what a server runs."""

    def __init__(self, office: Office, environ: Mapping[str, str]) -> None:
        self._vault = open_vault(office)
        self.gate = Gate(Configured(office, environ), ClientVisit.face, self._visit, message, FORM_BYTES)
        self._directory = SeatDirectory(office)
        both, get, post, route = ["GET", "POST"], ["GET"], ["POST"], self.gate.route
        self.app = self.gate.application(
            [
                route("/", pages.start, get),
                route("/_login", pages.login, both),
                route("/_login/{secret}", pages.link, both),
                route("/_logout", pages.logout, post),
                route("/_static/logo.png", files.logo, get),
                Route("/_static/{name}", STATICS.answer, methods=get),
                route("/{client}", pages.client_list, get),
                route("/{client}/", pages.client_list, get),
                route("/{client}/index.html", pages.old_address, get),
                route("/{client}/_all/{of}/{year}", files.whole_year, get),
                route("/{client}/{item}", pages.item_page, get),
                route("/{client}/{item}/archive/{content}", files.archive, get),
                route("/{client}/{item}/picture/{content}", files.picture, get),
                route("/{client}/{item}/{content}/{name}", files.download, get),
                route("/{anything:path}", pages.gone, get),
            ]
        )

    def _visit(self, request: Request, form: Form, office: Office, now: datetime, peer: str) -> ClientVisit:
        """The visit with its session, if it has one that gives access to anything."""
        directory = self._directory
        if directory.office is not office:
            directory = self._directory = SeatDirectory(office)
        visit = ClientVisit(request, form, directory.office, now, peer, self._vault, directory)
        cookie = request.cookies.get(ClientVisit.face.cookie_name(office))
        session = access.find_session(now, cookie) if cookie else None
        if session is None:
            return visit
        seats = directory.seats(session.address)
        if not seats:
            access.log_out(now, session, ())
            return visit
        return replace(visit, session=session, seats=seats)


def message(visit: ClientVisit, status: int, about: Refusal | str) -> Response:
    """A page for what went wrong. No page of the portal refuses anything but with one answer for
    all of it."""
    return pages.gone(visit) if isinstance(about, Refusal) else visit.page("message.html", status, message=about)
