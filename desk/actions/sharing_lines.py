"""What lists tell of an item's sharing besides its state: how many of the client's contacts opened
it, or who returned it. Reads only, and for a page of a list at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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


def sharing_lines(office: Office, found: Sequence[Mapping[str, object]]) -> dict[str, SharingLine]:
    """Item → what is told of it, of those of which something is; `found` as `items --json` tells
    them."""
    told = {str(one["item"]): one for one in found if one["public"] or one["share_state"] in _TOLD}
    keys = {name: item_key(name) for name in told}
    returned = [keys[name] for name, one in told.items() if one["share_state"] == "returned"]
    by = {event.item: event.actor for event in trail.of_items(returned, ["rejected"])} if returned else {}
    who = opened.openers(list(keys.values())) if keys else {}
    lines = {}
    for name, one in told.items():
        client, openers = office.clients.get(str(one["client"])), who.get(keys[name], opened.Openers())
        contacts = {contact.id for contact in client.contacts if contact.active} if client else set()
        if one["share_state"] == "returned":
            lines[name] = SharingLine(returned_by=by.get(keys[name], ""))
        elif one["public"]:
            lines[name] = SharingLine(len(openers.now & contacts), len(contacts))
        else:
            lines[name] = SharingLine(len(openers.ever))
    return lines


_TOLD = {"withdrawn", "returned"}
