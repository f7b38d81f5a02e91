"""Small pictures for a preview: of the files in question, and of what is on the portal.

They are there to be looked at while somebody decides; a preview without them is as good. So
whatever goes wrong with one, it is left out, and of many concepts at once none are drawn.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from dossier.database.tables import FileShown
from dossier.files import files
from dossier.office.office import Office
from dossier.vault.folder import Damaged, Vault
from workflow.portal.pages import ShownItem
from workflow.portal.pictures import Artist, may_have_picture
from workflow.portal.site import open_site

MOST_CONCEPTS = 20
"""So many concepts at once have their files drawn: a file takes hundredths of a second."""

MOST_FILES = 12
"""Files of one concept that are drawn."""

MOST_BYTES = 300_000
"""Of pictures of what is on the portal, in one preview."""


class Pictures:
    """What draws them, and finds them. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self._vault = vault
        self._artist: Artist | None = None

    def of_files(self, attachments: Sequence[FileShown]) -> dict[str, str]:
        """SHA-256 → the picture as an address, of those of these attachments that can be drawn."""
        wanted = [one for one in attachments if may_have_picture(one["media_type"])][:MOST_FILES]
        found = {}
        for one in wanted:
            self._artist = self._artist or Artist(files.stopping.is_set)
            try:
                with self._vault.local(one["sha256"]) as path:
                    drawn = self._artist.draw(path)
            except (OSError, Damaged, files.NotPlain):
                continue  # told where it matters: the copies beside the preview can't be made either
            if drawn:
                found[one["sha256"]] = _address(drawn)
        return found

    def of_public(self, client: str, items: Sequence[ShownItem]) -> dict[str, str]:
        """Where a picture lies in the client's folder → itself as an address; the newest items'."""
        site, found, room = open_site(self.office), dict[str, str](), MOST_BYTES
        for place in (file.picture for item in items for file in item.attachments if file.picture):
            name = f"{client}/{place}"
            try:
                size = site.size(name)
                if size is None or size > room:
                    break
                found[place] = _address(b"".join(site.pieces(name, 0, size)))
            except OSError:
                break
            room -= size
        return found

    def rest(self) -> None:
        """End the drawing process; it is started anew when it is needed."""
        if self._artist is not None:
            self._artist.close()
            self._artist = None


def _address(picture: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
