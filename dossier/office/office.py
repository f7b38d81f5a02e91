"""The office as it is configured: its settings, clients and staff, and where its folders lie.

What config/*.yaml can say is in keys.py, how it is read in reading.py; where an office is found, in
opening.py. Who may do what is decided in people.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dossier.office.keys import Client, Settings, Staff


@dataclass(frozen=True, slots=True)
class Office:
    """An office as it is configured. `root` and every path that the methods give are absolute."""

    root: Path
    settings: Settings
    clients: dict[str, Client]
    staff: dict[str, Staff]
    inbox: Path = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """It is asked for a dozen times a drop, and at ten thousand folders."""
        object.__setattr__(self, "inbox", self.root / self.settings.paths.inbox)

    @property
    def queue(self) -> Path:
        return self.root / self.settings.paths.queue

    @property
    def portal(self) -> Path:
        """The portal's folder; with an object store, the one for what is on its way there."""
        given = self.settings.paths.portal
        return self.root / given if isinstance(given, Path) else self.var / "store" / "portal"

    @property
    def vault(self) -> Path:
        """The vault's folder; with an object store, the one for what is on its way and locks."""
        given = self.settings.paths.vault
        return self.root / given if isinstance(given, Path) else self.var / "store" / "vault"

    @property
    def portal_store(self) -> str | None:
        """`s3://bucket/prefix`, where the portal lies in an object store."""
        given = self.settings.paths.portal
        return None if isinstance(given, Path) else given

    @property
    def vault_store(self) -> str | None:
        """`s3://bucket/prefix`, where the vault is an object store."""
        given = self.settings.paths.vault
        return None if isinstance(given, Path) else given

    @property
    def var(self) -> Path:
        """What the daemon keeps for itself: its lock, its staging, its log."""
        return self.root / "var"
