"""What an entry of config/ is used by: it stays as long as the office's records name it.

Reads only.
"""

from __future__ import annotations

from typing import Any

from dossier.database.tables import Event, Item, Mail, Opening
from dossier.database.web_tables import ApiToken
from dossier.text.sentences import Sentence, sentence


def why_kept(kind: str, code: str) -> Sentence | None:
    """Why a client, person, preset or type can't be taken out; None if nothing names it."""
    if kind == "staff":
        named: tuple[Any, ...] = (
            Event.select().where(Event.actor == code), Item.select().where(Item.created_by == code),
            ApiToken.select().where(ApiToken.staff == code),
        )  # fmt: skip
        return sentence("desk.person_used", code=code) if any(query.exists() for query in named) else None
    used = {"clients": (Item.client, "desk.client_used"), "types": (Item.type, "desk.type_used")}
    if kind not in used:
        return None
    column, why = used[kind]
    count = Item.select().where(column == code).count()
    return sentence(why, code=code, count=count) if count else None


def why_contact_kept(client: str, contact: str) -> Sentence | None:
    """Why a contact can't be taken out; None if no item, mail or opening names them."""
    named: tuple[Any, ...] = (
        Item.select().where((Item.client == client) & (Item.contact == contact)),
        Mail.select().where((Mail.client == client) & (Mail.recipient == contact)),
        Opening.select().join(Item, on=(Opening.item == Item.id)).where((Item.client == client) & (Opening.contact == contact)),
    )
    return sentence("desk.contact_used", contact=contact) if any(query.exists() for query in named) else None
