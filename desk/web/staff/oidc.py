"""Logging in to the desk with the office's identity provider: away to it, and back.

Nobody becomes staff by logging in: the provider's identifier must stand in staff.yaml as
`oidc_subject`, where an admin enters it. Whoever it isn't is shown theirs, to give to the admin.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from functools import lru_cache

from starlette.responses import RedirectResponse, Response

from desk.web.identity.provider import Provider, refused
from desk.web.staff.visit import StaffVisit, goal_of
from dossier.office.keys import Oidc
from dossier.office.office import Office
from dossier.text.refusals import NotFound
from workflow.portal_access import provider_logins, staff_access

BACK = "/_oidc/back"
"""Where the provider sends browsers back to, below desk.base_url."""

FACE = replace(StaffVisit.face, cookie="dossier-oidc")


@lru_cache(maxsize=4)
def _made(settings: Oidc, secret: str) -> Provider:
    return Provider(settings, {settings.client_secret_env: secret})


def provider(office: Office) -> Provider | None:
    """The office's identity provider, if it has one."""
    settings = office.settings.desk.oidc
    return _made(settings, os.environ.get(settings.client_secret_env, "")) if settings is not None else None


def begin(visit: StaffVisit) -> Response:
    """Away to the provider."""
    known = _needed(visit)
    browser = visit.request.cookies.get(FACE.cookie_name(visit.office)) or secrets.token_urlsafe(32)
    begun = provider_logins.begin(visit.now, browser, goal_of(visit.field("next") or "/"))
    address = known.address(_back(visit.office), begun.state, begun.nonce, begun.verifier, _is_anew(visit.office))
    answer = RedirectResponse(address, 303)
    FACE.set_cookie(answer, visit.office, browser, provider_logins.MINUTES * 60)
    return answer


def back(visit: StaffVisit) -> Response:
    """What the provider sent back: a session for the staff member whom it is about. Raises
    Refusal."""
    known, said = _needed(visit), visit.request.query_params
    if any(len(said.getlist(name)) > 1 for name in said):
        raise refused("provider.twice")
    browser = visit.request.cookies.get(FACE.cookie_name(visit.office), "")
    login = provider_logins.use_up(visit.now, browser, said.get("state", ""))
    if login is None:
        raise refused("provider.not_begun", minutes=provider_logins.MINUTES)
    since = provider_logins.begun_at(login) if _is_anew(visit.office) else None
    person = known.person(visit.now, dict(said), _back(visit.office), login.nonce, login.verifier, since)
    code = provider_logins.whose(visit.office, person.subject)
    if code is None:
        raise refused("provider.unknown", subject=person.subject)
    if visit.session is not None:
        staff_access.log_out(visit.now, visit.session)
    answer = visit.to(goal_of(login.goal))
    value = staff_access.begin_by_provider(visit.office, visit.now, code, person.id_token, visit.peer)
    visit.face.set_cookie(answer, visit.office, value)
    return answer


def goodbye(visit: StaffVisit) -> str | None:
    """Where this person logs out at the provider as well; None if they did not log in there."""
    known = provider(visit.office)
    if known is None or visit.session is None or not visit.session.id_token:
        return None
    return known.goodbye(visit.session.id_token, f"{visit.office.settings.desk.base_url.rstrip('/')}/_login?bye=1")


def _needed(visit: StaffVisit) -> Provider:
    known = provider(visit.office)
    if known is None:
        raise NotFound("provider.none")
    return known


def _is_anew(office: Office) -> bool:
    """True if whoever logs in says anew who they are, however lately they said it there."""
    return office.settings.desk.confirm_minutes is not None


def _back(office: Office) -> str:
    return office.settings.desk.base_url.rstrip("/") + BACK
