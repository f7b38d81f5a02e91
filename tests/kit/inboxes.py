"""A client's folder of an inbox, looked at by one looker as the daemon does it, at moments that the test chooses."""

from __future__ import annotations

from collections.abc import Mapping

from dossier.files import settling
from dossier.office.opening import load_office
from ingest.inbox.found import View
from ingest.inbox.looking import Looker
from kit.support import Root

GOOD = "description: Annual accounts 2025\n"


class Inbox:
    """A client's folder, looked at by one looker, as the daemon does."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.home = root.inbox("acme-bv")
        self.looker = Looker(load_office(root.path, {}))

    def place(self, files: Mapping[str, bytes | str]) -> None:
        self.root.place("acme-bv", files)

    def look(self, after: float = 0.0) -> View:
        """What is seen so many seconds from now, if nothing happens until then."""
        wall, monotonic = settling.now()
        return self.looker.look("acme-bv", wall + after, monotonic + after)

    def ready(self, after: float) -> dict[str, list[str]]:
        """Stem → faults of each drop that is handed over then."""
        return {found.stem: [str(fault.message) for fault in found.faults] for found in self.look(after).ready}

    def waits(self, after: float) -> dict[str, str]:
        """What waits then, and why."""
        return {one.path.removeprefix("acme-bv/"): str(one.reason) for one in self.look(after).waiting}
