"""What a preset says of files, read by a sidecar's readers: it can say nothing else. Pure.

A sidecar beside the files says more, and wins: the preset only fills in the keys that it leaves
out, and of these none that would say against it. A sidecar that amends an item says all itself.
Whether it may be done is judged as for any drop, by the rights of whoever the file is of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dossier.office.presets import OF_SHARING
from dossier.text.yamltext import List, Node, Scalar
from ingest.sidecar.keys import BY_WORD, SidecarReading, read_field

if TYPE_CHECKING:
    from dossier.office.keys import Preset

_TEXTS = (
    "description", "status", "type", "location", "explanation", "share_status", "share_attachments", "approvals", "contact",
)  # fmt: skip
_YES = ("share", "share_explanation", "notify")
_LISTS = ("labels", "approver")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A preset that speaks for the files in one place."""

    name: str
    preset: Preset
    folders: Sequence[str] = ()
    """The folders within the preset's that the files lie in."""

    def nodes(self) -> dict[str, Node]:
        """Key → what a sidecar would have behind it."""
        preset, found = self.preset, dict[str, Node]()
        found.update((key, Scalar(str(value), 1)) for key in _TEXTS if (value := getattr(preset, key)) is not None)
        found.update((key, Scalar("yes", 1)) for key in _YES if getattr(preset, key))
        found.update((key, List([Scalar(one, 1) for one in value], 1)) for key in _LISTS if (value := getattr(preset, key)))
        if self.folders:
            found["location"] = Scalar("/".join([*([preset.location] if preset.location else []), *self.folders]), 1)
        return found


def fill(reading: SidecarReading, spoken: Spoken) -> None:
    """Give the keys that the sidecar leaves out what the preset says of them."""
    if "item" in reading.given:
        return
    left_out = _against(reading)
    for key, node in spoken.nodes().items():
        if key not in reading.given and key not in left_out:
            _fill(reading, key)
            value = reading.read(BY_WORD[key].read, node, key)
            if value is not None:
                reading.values[key] = value
    kind = (
        reading.settings.types.get(reading.values.get("type", "")) if reading.values.get("type") == spoken.preset.type else None
    )
    for key, text in spoken.preset.fields.items():
        if kind is not None and key in kind.fields and key not in reading.given:
            _fill(reading, key)
            value = reading.read(read_field, Scalar(text, 1), key, kinds=[kind.fields[key]])
            if value is not None:
                reading.fields[key] = value
    if "share" in reading.filled and "attachments" not in reading.given:
        reading.values.setdefault("share_attachments", True)  # it shares the files that it speaks for


def _fill(reading: SidecarReading, key: str) -> None:
    reading.words[key], reading.lines[key] = key, 1
    reading.given.add(key)
    reading.filled.add(key)


def _against(reading: SidecarReading) -> set[str]:
    """Keys that the preset must not fill in, as they would say against what the sidecar says."""
    given, left_out = reading.given, set[str]()
    if "share" in given and reading.values.get("share") is not True:
        left_out |= {"share", *OF_SHARING}
    if given & {"approver", "approvals"}:
        left_out |= {"share_status", "approver", "approvals"}
    if reading.values.get("share_status") == "approved":
        left_out |= {"approver", "approvals"}
    if "explanation" in given:  # the preset's word is about its own: this one is the office's
        left_out.add("share_explanation")
    return left_out
