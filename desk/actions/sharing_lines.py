"""What lists tell of an item's sharing besides its state: how many of the client's contacts opened
it, or who returned it. Reads only, and for a page of a list at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dossier.database.tables import item_key
from dossier.office.office import Office
from dossier.trail import trail
from workflow.portal_access import opened


class SharingLine(NamedTuple):
    """Of an item on the portal or taken off it how often it was opened; of a returned one by whom
    it was."""

    opened: int = 0
    """Contacts who opened it as it is there now; of what was taken off, who ever opened it."""
    of: int = 0
    """Contacts who can open it now."""
    returned_by: str = ""


def sharing_lines(office: Office, found: Sequence[Mapping[str, Any]]) -> dict[str, SharingLine]:
    """Item → what is told of it, of those of which something is; `found` as `items --json` tells
    them."""
    states = {item_key(one["item"]): str(one["share_state"]) for one in found if one["public"] or one["share_state"] in _TOLD}
    told = opened.openers([key for key, state in states.items() if state != "returned"]) if states else {}
    returned = [key for key, state in states.items() if state == "returned"]
    by = {event.item: event.actor for event in trail.of_items(returned, ["rejected"])} if returned else {}
    lines = {}
    for one in found:
        key, client = item_key(one["item"]), office.clients.get(one["client"])
        if key not in states:
            continue
        contacts = {contact.id for contact in client.contacts if contact.active} if client else set()
        who = told.get(key, opened.Openers())
        if states[key] == "returned":
            lines[one["item"]] = SharingLine(returned_by=by.get(key, ""))
        elif one["public"]:
            lines[one["item"]] = SharingLine(len(who.now & contacts), len(contacts))
        else:
            lines[one["item"]] = SharingLine(len(who.ever))
    return lines


_TOLD = {"withdrawn", "returned"}
