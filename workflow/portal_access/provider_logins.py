"""Logins begun with an identity provider, until they come back: once, in the same browser.

What goes to the provider and back (state, nonce, the PKCE verifier) is kept here and not in a
cookie, so that two tabs do not overwrite each other's. The cookie only says which browser it is:
an answer that somebody else began is nobody's login (RFC 9700 section 4.7).
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta

from dossier.database.database import transaction
from dossier.database.web_tables import ProviderLogin
from dossier.office.office import Office
from dossier.text import clock
from workflow.portal_access.access import hash_of

MINUTES = 10
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class StartedLogin:
    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636)."""


def begin(now: datetime, browser: str, goal: str) -> StartedLogin:
    """A login that begins in this browser and leads to `goal`; too old ones are forgotten."""
    made = StartedLogin(*(secrets.token_urlsafe(32) for _ in range(3)))
    end = clock.to_text(now + timedelta(minutes=MINUTES))
    with transaction():
        ProviderLogin.delete().where(ProviderLogin.expires_at <= clock.to_text(now)).execute()
        ProviderLogin.insert(
            hash=hash_of(made.state),
            browser=hash_of(browser),
            nonce=made.nonce,
            verifier=made.verifier,
            goal=goal,
            expires_at=end,
        ).execute()
    return made


def begun_at(login: ProviderLogin) -> datetime:
    """When this login began."""
    return clock.from_text(login.expires_at) - timedelta(minutes=MINUTES)


def use_up(now: datetime, browser: str, state: str) -> ProviderLogin | None:
    """The login with this state, once, if begun in this browser and not too old; else None.

    Whatever happens at once, one of them gets it. What another browser brings uses nothing up.
    """
    mine = (ProviderLogin.hash == hash_of(state)) & (ProviderLogin.browser == hash_of(browser))
    with transaction():
        row = ProviderLogin.get_or_none(mine & (ProviderLogin.expires_at > clock.to_text(now)))
        if row is not None:
            ProviderLogin.delete().where(mine).execute()
    return row


def subject_of(id_token: str) -> str:
    """What an ID token that was judged when it came calls the person (`sub`)."""
    claims = id_token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def whose(office: Office, subject: str) -> str | None:
    """The staff member whom the provider calls so; None if that is nobody who is here."""
    return next((code for code, person in office.staff.items() if person.active and person.oidc_subject == subject), None)
