"""Presets: which one speaks for a file, and what can be wrong with them. Pure.

A preset says of the files in a folder of each client's inbox, or of names that fit a pattern, what
a sidecar would say of them (CONTRACT section 3). What is made of it is in
ingest/sidecar/presets.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dossier.office.terms import ENGLISH
from dossier.text.names import fold, is_ignored, is_sidecar, name_fault
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from dossier.office.keys import Preset, Settings

DEEPEST = 4
"""Folders within a preset's are looked into so many levels down (location_from_folders)."""

OF_SHARING = ("share_status", "share_attachments", "share_explanation", "approver", "approvals", "notify", "contact")
"""Keys that mean nothing of an item that isn't shared."""


def of_folder(settings: Settings, folder: str) -> str | None:
    """The name of the preset whose folder this is, capitals apart."""
    folded = fold(folder)
    return next((name for name, one in settings.presets.items() if one.folder and fold(one.folder) == folded), None)


def of_name(settings: Settings, file: str) -> str | None:
    """The name of the first preset with a pattern that fits this name of a file."""
    folded = fold(file)
    return next(
        (name for name, one in settings.presets.items() if any(fnmatchcase(folded, fold(pattern)) for pattern in one.match)), None
    )


def folders(settings: Settings) -> list[str]:
    """The folders that every client's inbox has."""
    return [one.folder for one in settings.presets.values() if one.folder]


Fault = tuple[str, tuple[str, ...], Sentence]
"""(preset, keys below it, message)"""


def faults(settings: Settings, staff: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the presets of a configuration."""
    had: set[str] = set()
    for name, preset in settings.presets.items():
        if not (preset.folder or preset.match):
            yield name, (), sentence("config.preset_of_nothing")
        if preset.folder:
            if fold(preset.folder) in had:
                yield name, ("folder",), sentence("config.preset_folder_twice", folder=preset.folder)
            had.add(fold(preset.folder))
            if name_fault(preset.folder) or is_ignored(preset.folder) or is_sidecar(preset.folder):
                yield name, ("folder",), sentence("config.preset_folder")
        if preset.location_from_folders and not preset.folder:
            yield name, ("location_from_folders",), sentence("config.preset_no_folder")
        for code in dict.fromkeys([*preset.approver, *([preset.maker] if preset.maker else [])]):
            if code not in staff:
                yield name, ("maker" if code == preset.maker else "approver",), sentence("config.no_such_person", person=code)
        yield from _choices(settings, name, preset)
        yield from _fields(settings, name, preset)
        yield from _sharing(settings, name, preset)


def _choices(settings: Settings, name: str, preset: Preset) -> Iterator[Fault]:
    items = settings.items
    if preset.status and fold(preset.status) not in {fold(one) for one in items.statuses}:
        yield name, ("status",), sentence("config.no_such_status", status=preset.status)
    if preset.type and preset.type not in settings.types:
        yield name, ("type",), sentence("config.no_such_type", type=preset.type)
    for label in preset.labels:
        if items.labels and fold(label) not in {fold(one) for one in items.labels}:
            yield name, ("labels",), sentence("config.no_such_label", label=label)


def _fields(settings: Settings, name: str, preset: Preset) -> Iterator[Fault]:
    kind = settings.types.get(preset.type or "")
    for key in preset.fields:
        if kind is None or key not in kind.fields:
            yield name, (key,), sentence("config.preset_cannot_say" if key in ENGLISH else "config.no_such_key")


def _sharing(settings: Settings, name: str, preset: Preset) -> Iterator[Fault]:
    """Keys that say against each other, as they would in a sidecar."""
    if not preset.share:
        for key in OF_SHARING:
            if getattr(preset, key):
                yield name, (key,), sentence("config.preset_not_shared", word=key)
        return
    kind: Mapping[str, str] = {"never": "config.preset_never_shared", "approval": "config.preset_needs_approval"}
    rule = settings.types[preset.type].share if preset.type in settings.types else "free"
    if rule == "never" or (rule == "approval" and preset.share_status == "approved"):
        yield name, ("share" if rule == "never" else "share_status",), sentence(kind[rule], type=preset.type)
    if preset.share_status == "approved" and (preset.approver or preset.approvals):
        yield name, ("share_status",), sentence("config.preset_asks_nobody")
    if preset.notify and not preset.contact:
        yield name, ("notify",), sentence("config.preset_notifies_nobody")
