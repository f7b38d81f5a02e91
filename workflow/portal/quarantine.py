"""What lies on the portal or in the vault and is none of ours: never deleted, but moved to
var/quarantine, and the trail is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Edition, Item, first_edition, item_name, tuples
from dossier.files import moves
from dossier.text.names import printable
from dossier.trail import trail
from dossier.vault.folder import Vault
from workflow.portal import lists
from workflow.portal.folder_site import FolderSite
from workflow.portal.pages import LOGO
from workflow.portal.placing import PAGE_NAMES, PAGES

log = structlog.get_logger("portal")


class Quarantine:
    """Of an office's portal and vault. One thread uses it, outside `transaction()`."""

    def __init__(self, var: Path, site: FolderSite, vault: Vault, confirm: Callable[[], None]) -> None:
        """`confirm`: raises if another daemon has replaced this one, which doesn't know by now what
        is ours."""
        self._var, self._site, self._vault, self._confirm = var, site, vault, confirm

    def move(self, now: datetime, name: str, is_copied: bool = False) -> None:
        """Move to var/quarantine, and tell the trail, what does not belong on the portal.

        `is_copied`: a copy goes there; the file itself is about to be replaced.
        """
        target = self._place_for(now, name)
        self._confirm()
        self._site.move_out(name, target, is_copied)
        self._tell(now, f"portal/{name}", target, name.partition("/")[0])

    def move_from_vault(self, now: datetime, name: str) -> None:
        """As `move`, what lies in the vault as `name`."""
        target = self._place_for(now, name)
        self._vault.move_out(name, target)
        self._tell(now, f"vault/{name}", target, None)

    def clear_client(self, now: datetime, code: str) -> None:
        """Move to the quarantine whatever in a client's folder was not made by us."""
        items = {item_name(row[0]): row[0] for row in tuples(Item.select(Item.id).where(Item.client == code))}
        if not self._site.is_folder(code):
            self.move(now, code)
            return
        strangers = []
        for name in self._site.names(code):
            place = f"{code}/{name}"
            if name in items:
                self.clear_item(now, place, items[name])
            elif name == PAGES and self._site.is_folder(place):
                ours = (".webp", ".zip", ".css", ".js", LOGO)
                inside = [extra for extra in self._site.names(place) if not extra.endswith(ours)]
                self._move_all(now, place, [extra for extra in inside if extra not in lists.older_names([extra])])
            elif name not in PAGE_NAMES:
                strangers.append(name)
        self._move_all(now, code, strangers)

    def clear_item(self, now: datetime, folder: str, key: int) -> None:
        """Quarantine what is in an item's folder and never was shown to its client."""
        if not self._site.is_folder(folder):
            self.move(now, folder)
            return
        first = first_edition(key)
        editions = Edition.select().where(Edition.id.between(first, first + 9_999))
        ours = {attachment["name"] for edition in editions for attachment in edition.shown["attachments"]}
        self._move_all(now, folder, [name for name in self._site.names(folder) if name not in ours])

    def _move_all(self, now: datetime, folder: str, strangers: Sequence[str]) -> None:
        """Move these away from a folder of ours; where one can't be, as somebody else's folder, the
        folder with all that is in it: what is to go off the portal waits for nothing. One that is
        gone by now needs not be moved."""
        for name in strangers:
            try:
                self.move(now, f"{folder}/{name}")
            except OSError as error:
                if self._site.has(f"{folder}/{name}"):
                    log.warning("what does not belong there can't be moved alone", folder=folder, error=str(error))
                    self.move(now, folder)
                    return

    def _place_for(self, now: datetime, name: str) -> Path:
        folder = self._var / "quarantine" / f"{now.astimezone():%Y%m%d-%H%M%S}"
        last = re.sub(r"[\x00-\x1f\x7f]", "_", name.rpartition("/")[2])[:100]
        return moves.free_name(folder / (last if last.strip(".") else "object"))

    def _tell(self, now: datetime, what: str, target: Path, client: str | None) -> None:
        told = {"what": printable(what), "moved_to": printable(str(target))}
        with transaction():
            trail.record(now, trail.DAEMON, "quarantined", None, told, client and printable(client))
        log.warning("what does not belong there is in the quarantine", **told)
