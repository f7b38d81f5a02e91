"""Why an item is not on the portal, or not as it is now: every reason at once. Reads only."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from dossier.database.tables import Edition, item_name
from dossier.office import hours
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from dossier.vault.opening import open_vault
from workflow.approval import waiting
from workflow.portal.site import open_site


def reasons(office: Office, now: datetime, item: Any) -> list[str]:
    """All that keeps this item, as it is now, off the portal; nothing if it is there."""
    found = [*_of_client(office, item), *_of_type(office, item), *_of_state(office, now, item)]
    if item.standing and item.standing != item.public and not found:
        found += _of_publishing(office, item)
    return found


def _of_client(office: Office, item: Any) -> list[str]:
    client = office.clients.get(item.client)
    if client is None:
        return [f"client {item.client} is not in config/clients.yaml any more"]
    found = [] if client.active else [f"client {item.client} is not active (config/clients.yaml)"]
    return found if client.portal else [*found, f"client {item.client} has no portal (config/clients.yaml)"]


def _of_type(office: Office, item: Any) -> list[str]:
    kind = office.settings.types.get(item.type or "")
    return [f"an item of type {item.type} is never shared"] if kind and kind.share == "never" else []


def _of_state(office: Office, now: datetime, item: Any) -> list[str]:
    name, state = item_name(item.id), item.share_state
    if state == "private":
        return [f"it is not shared; share it with: dossier edit {name} --share"]
    if state == "concept":
        return _of_concept(office, now, item)
    if state == "returned":
        told = _last(item, "rejected")
        return [
            f"{told['actor']} returned it: {told['comment']}; change it, and it is offered again" if told else "it was returned"
        ]
    if state == "withdrawn":
        told = _last(item, "withdrawn")
        why = f" by {told['actor']}: {told['reason']}" if told else ""
        return [f"it was withdrawn{why}; put it back with: dossier publish {name}"]
    return []


def _of_concept(office: Office, now: datetime, item: Any) -> list[str]:
    edition = Edition.get_by_id(item.pending)
    askings = waiting.Seating(office, hours.today(office, now)).askings([item.id])
    since = clock.shown(edition.made_at)
    found = []
    for desk in (desk for asking in askings for desk in asking.desks):
        whom = " or ".join(desk.people) or "nobody: no one who may approve it is left, name another approver with dossier edit"
        instead = f" ({desk.reason})" if desk.reason else ""
        found.append(f"it waits for approval by {whom}{instead}, since {since}")
    return found or [f"it waits for approval since {since}"]


def _last(item: Any, action: str) -> dict[str, Any] | None:
    """The last event of this kind: who, and what was said with it."""
    told = [event for event in trail.history(item.id) if event["action"] == action]
    return {"comment": "", "reason": "", **told[-1]["detail"], "actor": told[-1]["actor"]} if told else None


def _of_publishing(office: Office, item: Any) -> list[str]:
    """It is approved; then it is the daemon's to do."""
    edition, vault = Edition.get_by_id(item.standing), open_vault(office, to_read=True)
    found = []
    try:
        found += [
            f"the vault lacks {attachment['name']} ({attachment['sha256']}); see: dossier verify"
            for attachment in edition.shown["attachments"]
            if vault.size(attachment["sha256"]) is None
        ]
        open_site(office).homes()
    except OSError as error:
        found.append(f"{error.filename}: {error.strerror}")
    if office.portal_store is None and not os.access(office.portal, os.W_OK):
        found.append(f"this user can't write to the portal's folder {office.portal}")
    return [*found, "it is approved, and the daemon has not published it yet; if that lasts, see: dossier status"]


def visible(item: Any) -> str:
    """What the client sees of it now, in a sentence."""
    if item.public is None:
        return "The client sees nothing of it."
    if item.pending is not None or item.public != item.standing:
        return f"The client sees the version that was published on {clock.shown(item.published_at)}."
    return f"It is on the portal since {clock.shown(item.published_at)}."
