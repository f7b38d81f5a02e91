"""One drop on its way through intake, and what is made of it: item, receipt, WHY.txt, fingerprint. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dossier.database.tables import Delegation, item_name
from dossier.files.files import Copy
from dossier.office.people import Actor
from dossier.text import clock, names
from dossier.text.sentences import Sentence, sentence, told
from dossier.text.yamltext import Fault, scalar
from ingest.inbox.looking import Found
from ingest.intake.judging import entries
from ingest.intake.ownership import Whose
from ingest.intake.sightings import NOWHERE, Origin
from ingest.sidecar.reading import words_of
from workflow.items.amending import FileChanges
from workflow.items.items import File, NewItem
from workflow.items.rules import Draft, Wish
from workflow.items.suspicion import NOTHING, Screened
from workflow.outbox.notices import IMPORTED


@dataclass(slots=True)
class Case:
    """One drop on its way through the steps."""

    found: Found
    actor: Actor
    delegation: Delegation | None = None
    """What was written down when it was placed for somebody (delegation.py)."""
    draft: Draft | None = None
    wish: Wish | None = None
    files: list[tuple[str, Copy]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Where each of `files` lies now."""
    faults: list[Fault] = field(default_factory=list)
    whose: Whose = field(default_factory=Whose)
    """Whose the files are."""
    origin: Origin = NOWHERE
    """What the daemon knew of its sidecar from before."""
    doubts: list[Sentence] = field(default_factory=list)
    """Why what it would share outright needs somebody's look first."""
    screened: Screened = NOTHING
    """What the wrong-client guard found."""
    noticed: Sequence[Sentence] = ()
    """What its maker should know of the files as they are."""
    warnings: Sequence[str] = ()
    """For whoever reads the receipt."""
    fingerprint: str = ""
    item: int | None = None
    first_taken_at: str | None = None
    """Of a duplicate: when the same drop was taken before."""
    share_state: str | None = None
    """Of a duplicate: that of the item now."""
    claim: dict[str, Any] = field(default_factory=dict)
    """The Drop as it was recorded before its files were claimed."""
    row: dict[str, Any] = field(default_factory=dict)
    """The Drop as it is now: claimed, or what it became."""

    def reset(self, faults: Sequence[Fault]) -> None:
        """Begin the commit anew, with these faults."""
        self.faults, self.item, self.first_taken_at, self.share_state, self.row = list(faults), None, None, None, self.claim

    @property
    def amends(self) -> str | None:
        return self.found.sidecar.item if self.found.sidecar else None


def files_of(case: Case) -> list[File]:
    sidecar = case.found.sidecar
    notes = {}
    if sidecar and sidecar.attachments:
        notes = {names.nfc(entry.name or entry.file): entry.note for entry in sidecar.attachments}
    listed, files = {name: (share, disk) for name, share, _, disk in entries(case.found)}, []
    for (name, copy), media_type in zip(case.files, case.kinds, strict=True):
        share, disk = listed[name]
        owner = case.whose.owners.get(disk)
        makers = (owner,) if owner is not None and disk in case.whose.foreign else ()
        files.append(File(name, copy.sha256, copy.source.size, media_type, share, notes.get(name), makers, owner))
    return files


def new_item_of(case: Case) -> NewItem:
    assert case.draft is not None
    source = names.printable(case.found.sidecar_name or case.found.stem)
    if is_import(case):
        source = f"{case.found.folder}/{source}"
    return NewItem(case.draft, tuple(files_of(case)), case.actor, source, case.screened, case.doubts, case.found.preset)


def is_import(case: Case) -> bool:
    """True if an import placed it (ingest/sources/importing.py)."""
    return case.found.is_folder and (case.found.folder or "").startswith(IMPORTED)


def changes_of(case: Case) -> FileChanges:
    """What an amending drop does to the item's attachments."""
    sidecar = case.found.sidecar
    assert sidecar is not None
    return FileChanges(remove=sidecar.remove, rename=sidecar.rename, put=files_of(case), share_all=sidecar.share_attachments)


def fingerprint_of(case: Case, now: datetime) -> str:
    """What makes two drops the same: the client, the sidecar's bytes, and each file's content.

    Of what came without a sidecar also its name and, where a preset speaks for it, the folder and the
    month: the same blank return comes again and again. Contents in the order of the sidecar's list, or
    of the names: two files that changed places are another drop.
    """
    listed = case.found.sidecar is not None and case.found.sidecar.attachments is not None
    contents = [copy.sha256 for _, copy in (case.files if listed else sorted(case.files, key=lambda entry: entry[0]))]
    name = "" if case.found.sidecar_name else case.found.stem
    if case.found.preset and name:
        name = f"{case.found.preset}/{case.found.called} {now.astimezone():%Y-%m}"
    text = "\n".join([case.found.client, case.found.digest, name, *contents])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def why_text(case: Case, language: str) -> str:
    """WHY.txt: a line for each fault, `file:line: message`."""
    words, shown = words_of(case.found.sidecar, language), case.found.told_as
    faults = [f"{shown}:{max(1, fault.line)}: {told(fault.message, language, words)}\n" for fault in sorted(set(case.faults))]
    return "".join(faults).encode("utf-8", "backslashreplace").decode()


def _advice(case: Case) -> Sentence:
    """What to do with a duplicate, where more was meant."""
    assert case.item is not None
    if case.amends is not None:
        return sentence("intake.changes_nothing", item=item_name(case.item))
    code = {"withdrawn": "again_withdrawn", "returned": "again_returned", "private": "again_private"}.get(case.share_state or "")
    return sentence(f"intake.{code or 'again'}", item=item_name(case.item))


def receipt_text(case: Case, at: str, language: str, is_secret: bool = False) -> str:
    """The receipt. `is_secret`: not everybody who sees the folder may know of such items, so it says the number and no more."""
    assert case.item is not None
    lines = [f"item: {item_name(case.item)}", f"taken_at: {clock.local_iso(case.first_taken_at or at)}"]
    if is_secret:
        return "\n".join(lines) + "\n"
    if case.found.preset:
        lines.append(f"preset: {scalar(case.found.preset)}")
    if case.first_taken_at:
        lines.append(f"duplicate: true  # {told(sentence('intake.taken_before'), language)}")
        if case.share_state is not None:
            lines += [f"share_state: {case.share_state}", f"advice: {scalar(told(_advice(case), language))}"]
    lines.append("attachments:" if case.files else "attachments: []")
    lines += [f"  - name: {scalar(name)}\n    sha256: {copy.sha256}" for name, copy in case.files]
    doubts = [told(sentence("intake.is_concept", reason=doubt), language) for doubt in case.doubts if not case.first_taken_at]
    if warnings := [*case.warnings, *doubts]:
        lines += ["warnings:", *(f"  - {scalar(warning)}" for warning in warnings)]
    return "\n".join(lines) + "\n"
