"""Programs that are told of what happens: how each is doing, a message to try one, and enabling it
again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dossier.database.database import transaction
from dossier.database.web_tables import Hook
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import NotFound, Unavailable
from dossier.text.sentences import Sentence, sentence, unpacked
from dossier.trail import trail

SECRET_BYTES = 32


def listing(office: Office) -> list[dict[str, Any]]:
    """Each webhook of the settings: {name, url, for, state, sent_at, due_at, waits_for, error}."""
    rows = {row.name: row for row in Hook.select()}
    return [_as_told(office, name, rows.get(name)) for name in office.settings.webhooks]


def _as_told(office: Office, name: str, row: Hook | None) -> dict[str, Any]:
    hook = office.settings.webhooks[name]
    person, is_failing = office.staff.get(hook.for_), row is not None and row.attempts > 0
    was_sent = row is not None and row.sent_at is not None
    state = "webhooks.failing" if is_failing else "webhooks.good" if was_sent else "webhooks.new"
    if person is None or not person.active:
        state = "webhooks.left"
    if row is not None and row.disabled_at:
        state = "webhooks.off"
    return {
        "name": name, "url": hook.url, "for": hook.for_, "state": sentence(state, staff=hook.for_),
        "sent_at": clock.local_iso(row.sent_at) if row is not None else None,
        "due_at": clock.local_iso(row.due_at) if row is not None and is_failing and not row.disabled_at else None,
        "error": unpacked(row.error) if row is not None and row.error else None,
    }  # fmt: skip


def new_secret() -> str:
    """A secret by which messages can be signed; it is kept nowhere here."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def try_out(office: Office, now: datetime, environ: Mapping[str, str], name: str) -> Sentence:
    """Send a message of the type `test` at once, whatever waits. Raises NotFound, Unavailable."""
    from workflow.webhooks import posting

    _check(office, name)
    hook = office.settings.webhooks[name]
    answer = posting.post(hook, environ, f"test.{secrets.token_hex(12)}", now, "test", {"webhook": name})
    if not answer.is_yes:
        raise Unavailable("webhooks.took_not", name=name, why=answer.sentence)
    return sentence("webhooks.took", name=name)


def enable(office: Office, now: datetime, actor: Actor, name: str) -> Sentence:
    """Go on with a webhook that was disabled, or that waits for its next try. Raises NotFound."""
    _check(office, name)
    with transaction():
        fresh = {"attempts": 0, "failing_since": None, "error": None, "disabled_at": None, "due_at": clock.to_text(now)}
        if Hook.update(**fresh).where((Hook.name == name) & (Hook.attempts > 0)).execute():
            trail.record(now, actor, "webhook_enabled", None, {"webhook": name})
    return sentence("webhooks.enabled", name=name)


def _check(office: Office, name: str) -> None:
    if name not in office.settings.webhooks:
        raise NotFound("webhooks.none", name=name)
