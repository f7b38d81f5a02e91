"""The desk: the pages that staff work with, as a web server. Each address is a function from a
visit to an answer.

What is promised:
- Nobody sees anything without a session, and with one nothing that the person may not see by any
  other way: each page asks the actions (desk/actions), which ask for the rights at this moment.
- A client, item or type that a person may not know of is 404, with the same page as what never was.
- A GET changes nothing but what is noted as viewed. A POST from another site is refused.
- Whoever isn't logged in is sent to the login, and comes back to where they wanted to go. What was
  typed before a session ended, or something went wrong here, is kept in the page, to be sent once
  more.
- No page asks anything of another origin, and an opened attachment can't act as the desk.

What holds for every request (config/, limits, trouble with the database) is in shell/gate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from desk.actions import pressed_twice
from desk.web.shell import answers
from desk.web.shell.bodies import one_file_bytes
from desk.web.shell.drawing import Drawing
from desk.web.shell.gate import Configured, Form, Gate, Upload
from desk.web.staff import (
    clients,
    config_forms,
    first,
    inbox,
    item_changes,
    items,
    list_pages,
    login,
    many,
    new_item,
    oidc,
    papers,
    queue,
    sessions,
    setup,
    start,
)
from desk.web.staff import office as office_pages
from desk.web.staff.visit import STATICS, StaffVisit, is_click
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.refusals import Conflict, NotFound, Refusal
from dossier.text.sentences import Sentence
from dossier.vault.opening import open_vault
from workflow.items.items import IN_BIN
from workflow.portal_access import staff_access

HEADERS = {
    **answers.HEADERS,
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; "
        "form-action 'self'; base-uri 'none'; frame-src 'self'; frame-ancestors 'none'"
    ),
}
"""As the portal's, and a script of the desk's own, which asks the desk alone."""

FORM_BYTES = 512 * 1024
"""No form of these pages is longer but that of config/; files come each in a request of their
own."""

CONFIG_BYTES = 4 * 1024 * 1024
"""Of a file of config/: some 10,000 clients."""

Handler = Callable[[StaffVisit], Response]


class DeskWeb:
    """The desk of one office. `app` is what a server runs."""

    def __init__(
        self,
        office: Office,
        environ: Mapping[str, str],
        more: Sequence[BaseRoute] = (),
        configured: Configured | None = None,
    ) -> None:
        """`more`: addresses of others on the same server, such as the API's; `configured`: what
        they look at config/ by."""
        self._vault = open_vault(office)
        self._easel = Drawing(self._vault)
        self.gate = Gate(configured or Configured(office, environ), StaffVisit.face, self._visit, message, FORM_BYTES)
        get, both, post, route = ["GET"], ["GET", "POST"], ["POST"], self.gate.route
        self.app = self.gate.application(
            [
                *more,
                route("/_login", login.login, both),
                route("/_login/{secret}", login.link, both),
                route("/_logout", login.logout, post),
                route("/_first/{secret}", first.first, both),
                route("/_oidc", oidc.begin, get),
                route(oidc.BACK, oidc.back, get),
                Route("/_static/{name}", STATICS.answer, methods=get),
                self._inside("/", start.start, get),
                self._inside("/clients", clients.client_list, get),
                self._inside("/clients/{client}", clients.client, get),
                self._with_files("/clients/{client}/new", new_item.new_item, both),
                self._sent("/clients/{client}/many", many.many_items),
                self._inside("/clients/{client}/portal", clients.as_the_client, get),
                self._sent("/clients/{client}/export", clients.export),
                self._inside("/clients/{client}/drops", new_item.begin, post),
                Route("/drops/{drop}/files/{name}", self.gate.stream(new_item.put_file, one_file_bytes), methods=["PUT"]),
                self._inside("/drops/{drop}/files/{name}", new_item.take_out, ["DELETE"]),
                self._inside("/drops/{drop}", new_item.sent, get),
                self._inside("/items/{item}", items.item, get),
                self._inside("/items/{item}/proof", items.proof, get),
                self._inside("/items/{item}/portal/{when}/", items.as_the_client, get),
                self._inside("/items/{item}/portal/{when}/{name:path}", items.file_as_the_client, get),
                self._sent("/items/{item}/edit", item_changes.edit),
                self._sent("/items/{item}/share", item_changes.share),
                self._sent("/items/{item}/withdraw", item_changes.withdraw),
                self._sent("/items/{item}/publish", item_changes.put_back),
                self._sent("/items/{item}/notify", item_changes.notify),
                self._sent("/items/{item}/remind", item_changes.remind),
                self._sent("/items/{item}/files", item_changes.change_files),
                self._with_files("/items/{item}/attach", item_changes.attach, post),
                self._inside("/items/{item}/attach", to_its_page, get),
                self._sent("/items/{item}/copy", item_changes.copy),
                self._sent("/items/{item}/delete", item_changes.delete),
                self._inside("/items/{item}/undelete", item_changes.undelete, post),
                self._sent("/items/{item}/move", item_changes.move),
                self._inside("/items/{item}/attachments/{name:path}", items.attachment, get),
                self._inside("/items/{item}/pictures/{name:path}", papers.picture, get),
                self._inside("/items/{item}/pages/{name:path}", papers.reading, get),
                self._inside("/inbox", inbox.inbox, get),
                self._inside("/inbox/unsorted/{name}", inbox.without_client, both),
                self._inside("/inbox/unsorted/{name}/file", inbox.lying_file, get),
                self._inside("/inbox/waiting/{client}/{name}", inbox.without_sidecar, both),
                self._inside("/inbox/waiting/{client}/{name}/file", inbox.lying_file, get),
                self._inside("/inbox/refused/{client}/{folder}", inbox.refused, both),
                self._sent("/inbox/refused/{client}/{folder}/bin", inbox.throw_away),
                self._inside("/inbox/refused/{client}/{folder}/unbin", inbox.take_out, post),
                self._inside("/due", clients.due, get),
                self._inside("/bin", item_changes.bin_page, get),
                self._inside("/_suggest/clients", clients.suggest, get),
                self._inside("/keys", lambda visit: visit.page("keys.html"), get),
                self._inside("/sessions", sessions.sessions, both),
                self._inside("/office", office_pages.office, get),
                self._inside("/office/setup", setup.setup, both),
                self._inside("/office/sessions", partial(sessions.sessions, is_office=True), both),
                self._inside("/office/mails/{number:int}", office_pages.mail, post),
                self._inside("/office/tokens/{name}/revoke", office_pages.revoke, post),
                self._inside("/office/doctor", office_pages.examined, get),
                self._inside("/office/trail", office_pages.trail, get),
                self._sent("/office/holds", office_pages.hold),
                self._inside("/office/retention", office_pages.retention, both),
                self._sent("/office/tokens", office_pages.new_token),
                self._inside("/office/text/{which}", office_pages.config, both, CONFIG_BYTES),
                self._inside("/office/new/{kind}", config_forms.form, both),
                self._with_files("/office/import/{kind}", list_pages.bring_in, both),
                self._inside("/office/{kind}", config_forms.listing, get),
                self._inside("/office/{kind}/{code:path}", config_forms.form, both),
                self._inside("/queue", _confirmed(queue.queue), both),
                self._inside("/queue/{item}", _confirmed(queue.concept), both),
                self._inside("/queue/{item}/preview/", queue.preview, get),
                self._inside("/queue/{item}/preview/{name:path}", queue.previewed_file, get),
                self._inside("/{anything:path}", gone, both),
            ]
        )

    def _inside(self, path: str, handler: Handler, methods: list[str], most: int | None = None) -> Route:
        """A page for people who are logged in. `most`: bytes of its form, if not FORM_BYTES."""
        return self.gate.route(
            path, lambda visit: _once(visit, handler) if visit.session is not None else _ask_who(visit), methods, most
        )

    def _sent(self, path: str, handler: Handler) -> Route:
        """Where a form is sent whose page stands again, at this address, if it is refused."""
        return self._inside(
            path, lambda visit: handler(visit) if visit.request.method == "POST" else to_its_page(visit), ["GET", "POST"]
        )

    def _with_files(self, path: str, handler: Handler, methods: list[str]) -> Route:
        """The same, whose form may bring files."""

        def answered(visit: StaffVisit, uploads: Sequence[Upload]) -> Response:
            if visit.session is None:
                return _ask_who(visit, [name for name, _ in uploads])
            return handler(replace(visit, uploads=uploads))

        return Route(path, self.gate.upload(answered), methods=methods)

    def _visit(self, request: Request, form: Form, office: Office, now: datetime, peer: str) -> StaffVisit:
        cookie = request.cookies.get(StaffVisit.face.cookie_name(office))
        session = staff_access.find_session(office, now, cookie, is_click(request)) if cookie else None
        return StaffVisit(request, form, office, now, peer, self._vault, self._easel, session, start.counts)


def _once(visit: StaffVisit, handler: Handler) -> Response:
    """The answer; of a form that finds done what it asked for, as the same person sent it twice,
    the first one's (desk/actions/pressed_twice.py)."""
    if visit.request.method != "POST":
        return handler(visit)
    path, item = visit.request.url.path, visit.request.path_params.get("item")
    try:
        answer = handler(visit)
    except (Conflict, NotFound):
        if (goal := pressed_twice.led_to(visit.now, visit.actor, path, visit.form, item)) is None:
            raise
        return RedirectResponse(goal, 303)
    if answer.status_code == 303:
        pressed_twice.note_done(visit.now, visit.actor, path, visit.form, answer.headers["location"])
    elif answer.status_code in (404, 409):
        goal = pressed_twice.led_to(visit.now, visit.actor, path, visit.form, item)
        return RedirectResponse(goal, 303) if goal is not None else answer
    return answer


def _confirmed(handler: Handler) -> Handler:
    """What decides: whoever logged in longer ago than `desk.confirm_minutes` does so anew first,
    and keeps what was typed."""

    def answered(visit: StaffVisit) -> Response:
        minutes, session = visit.office.settings.desk.confirm_minutes, visit.session
        if visit.request.method != "POST" or minutes is None or session is None:
            return handler(visit)
        if session.made_at > clock.to_text(visit.now - timedelta(minutes=minutes)):
            return handler(visit)
        staff_access.log_out(visit.now, session)
        answer = replace(visit, session=None).page("again.html", 401, typed=_typed(visit), files=(), is_confirming=True)
        visit.face.forget_cookie(answer, visit.office)
        return answer

    return answered


def _ask_who(visit: StaffVisit, files: Sequence[str] = ()) -> Response:
    """To the login; what was typed before the session ended is kept in the page, to be sent once
    more.

    A page can't keep files: those that came with the form are named, to be chosen again.
    """
    if visit.request.method in ("GET", "HEAD"):
        return visit.to_login()
    return visit.page("again.html", 401, typed=_typed(visit), files=files)


def _typed(visit: StaffVisit) -> list[tuple[str, str]]:
    return [(name, value) for name, values in visit.form.items() for value in values]


def to_its_page(visit: StaffVisit) -> Response:
    """To the page of a form, which lies above where the form is sent: whoever keeps or passes on
    the address of one that was refused has nothing but that."""
    return visit.to(quote(str(visit.request.scope["path"]).rpartition("/")[0]))


def gone(visit: StaffVisit, about: Refusal | None = None) -> Response:
    """What was deleted, is none of this person's business, or never was: one answer. Whoever may
    know of an item is told that it lies in the bin."""
    is_binned = about is not None and isinstance(about.sentence, Sentence) and about.sentence.code == IN_BIN
    reason = visit.told(about) if about is not None and is_binned else None
    return visit.page("message.html", 404, about="gone", reason=reason, words=visit.words)


def message(visit: StaffVisit, status: int, about: Refusal | str) -> Response:
    """A page for a refusal, or for what went wrong."""
    if isinstance(about, Refusal):
        if status == 404:
            return gone(visit, about) if visit.session is not None else visit.to_login()
        typed = _typed(visit) if status in (409, 422, 503) else []
        return visit.page("message.html", status, about="refusal", reason=visit.told(about), typed=typed)
    if status == 413:
        about = "long"
    typed = _typed(visit) if about == "trouble" else []
    return visit.page("message.html", status, about=about, reason=None, typed=typed)
