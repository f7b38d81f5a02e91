"""What a client sees, and would see, for staff to look at: the portal's own pages, made anew.

Reads only, and no client's opening is noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from desk.actions import client_card
from desk.actions.item_view import find
from dossier.database.tables import FileShown
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import NotFound
from dossier.vault.opening import open_vault
from workflow.queue import client_view
from workflow.queue.pictures import Pictures
from workflow.reports import viewed


def views(office: Office, actor: Actor, name: str) -> tuple[list[str], int]:
    """Which of these there are of an item: `now`, what the client sees of it; `next`, what they
    would, once it is approved or published. And how many files the client sees. Raises NotFound."""
    item = find(office, actor, name)
    now = client_view.edition(office, item, is_next=False)
    there = {"now": now is not None, "next": client_view.next_key(office, item) is not None}
    return [when for when, is_so in there.items() if is_so], len(now.shown["attachments"]) if now is not None else 0


def of_item(office: Office, actor: Actor, now: datetime, name: str, is_next: bool) -> str:
    """The client's page with this item alone: as it is there now or, with `is_next`, would be.

    Raises NotFound.
    """
    item = find(office, actor, name)
    with _pictures(office) as pictures:
        page = client_view.of_item(office, now, item, actor.code, pictures, is_next)
    if page is None:
        raise NotFound("desk.no_item", item=name)
    viewed.note_shown(now, actor, item, "desk")
    return page


def file_of_item(office: Office, actor: Actor, name: str, file: str, is_next: bool) -> FileShown:
    """The file that this page leads to by its name. Raises NotFound."""
    item = find(office, actor, name)
    edition = client_view.edition(office, item, is_next)
    shown = edition.shown["attachments"] if edition is not None else []
    found = next((one for one in shown if one["name"] == names.nfc(file)), None)
    if found is None:
        raise NotFound("desk.no_file", item=name, file=file)
    return found


def of_client(office: Office, actor: Actor, code: str) -> str:
    """The client's page as it is now, as far as this person may know of it. Raises NotFound."""
    client_card.check(office, actor, code)
    with _pictures(office) as pictures:
        return client_view.whole(office, code, actor.code, pictures)


@contextmanager
def _pictures(office: Office) -> Iterator[Pictures]:
    pictures = Pictures(office, open_vault(office))
    try:
        yield pictures
    finally:
        pictures.rest()
