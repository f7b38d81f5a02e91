"""The office as it is configured, and where it is found.

What config/*.yaml can say is in keys.py, how it is read in reading.py. Both need pydantic, which takes longer to
import than most commands take to answer; so the models can be imported from here, but only who really uses one pays for it.
Who may do what is decided in people.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dossier.office.keys import (
        MODELS,
        Alarms,
        Away,
        Client,
        Clients,
        Contact,
        Database,
        FieldKind,
        Identity,
        Intake,
        Items,
        ItemType,
        Mail,
        OfficeHours,
        Paths,
        Portal,
        Settings,
        Sharing,
        Staff,
        StaffList,
        Store,
        Strict,
        Trail,
        Watch,
    )  # fmt: skip

__all__ = [
    "CLIENTS",
    "DAYS",
    "MODELS",
    "RESTORING",
    "SETTINGS",
    "STAFF",
    "Alarms",
    "Away",
    "Client",
    "Clients",
    "ConfigurationError",
    "Contact",
    "Database",
    "Day",
    "FieldKind",
    "Identity",
    "Intake",
    "ItemType",
    "Items",
    "Language",
    "Mail",
    "Office",
    "OfficeHours",
    "Paths",
    "Portal",
    "Right",
    "RootNotFound",
    "Settings",
    "Sharing",
    "Staff",
    "StaffList",
    "Store",
    "Strict",
    "Trail",
    "Watch",
    "find_root",
    "known_office",
    "load_office",
]  # fmt: skip

Language = Literal["nl", "en"]
Right = Literal["create", "share", "approve", "admin"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

RESTORING = ".restoring"
"""The mark of a folder that a restore has begun to fill and that is no office yet (restore.py)."""

SETTINGS, CLIENTS, STAFF = "config/settings.yaml", "config/clients.yaml", "config/staff.yaml"


class ConfigurationError(Exception):
    """The configuration is wrong; `faults` are lines `file:line: key: message` (exit code 3)."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RootNotFound(ConfigurationError):
    """There is no office here: no config/settings.yaml in this folder or any above it."""


@dataclass(frozen=True, slots=True)
class Office:
    """An office as it is configured. `root` is absolute, and so is every path that the methods give."""

    root: Path
    settings: Settings
    clients: dict[str, Client]
    staff: dict[str, Staff]

    @property
    def inbox(self) -> Path:
        return self.root / self.settings.paths.inbox

    @property
    def queue(self) -> Path:
        return self.root / self.settings.paths.queue

    @property
    def portal(self) -> Path:
        """The portal's folder; where the portal lies in an object store, the folder for what is on its way there."""
        given = self.settings.paths.portal
        return self.root / given if isinstance(given, Path) else self.var / "store" / "portal"

    @property
    def vault(self) -> Path:
        """The vault's folder; where the vault is an object store, the folder for what is on its way there, and for locks."""
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


def find_root(start: Path, given: Path | None, environ: Mapping[str, str]) -> Path:
    """The office's folder: `given`, else DOSSIER_ROOT, else the nearest folder above `start` with config/settings.yaml.

    Raises RootNotFound.
    """
    named = given or (Path(environ["DOSSIER_ROOT"]) if environ.get("DOSSIER_ROOT") else None)
    if named is not None:
        if not (named / SETTINGS).is_file():
            if (named / RESTORING).exists():
                raise RootNotFound([f"{named}: a restore was broken off here; remove that folder and restore again"])
            raise RootNotFound([f"{named / SETTINGS}:0: there is no such file; make an office with: dossier init {named}"])
        return named.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder.resolve()
    raise RootNotFound([f"no {SETTINGS} in {start} or above it; go to an office's folder, give --root, or: dossier init"])


def load_office(root: Path, environ: Mapping[str, str]) -> Office:
    """Read and check all of config/. Raises ConfigurationError with every fault of every file, in order."""
    from dossier.office.reading import read_office

    return read_office(root, environ)


def known_office(root: Path, environ: Mapping[str, str]) -> Office:
    """As `load_office`, quicker where config/ is as it was the last time (cache.py). Its models only have attributes."""
    from dossier.office import cache

    found = cache.read(root, environ)
    if found is None:
        found = load_office(root, environ)
        cache.write(found, environ)
    return found


def __getattr__(name: str) -> Any:
    """The models, once somebody asks for one."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dossier.office import keys

    return getattr(keys, name)
