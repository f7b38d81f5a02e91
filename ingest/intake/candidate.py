"""One drop on its way through intake, and what is made of it: item, receipt, WHY.txt. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dossier.database.tables import Delegation, item_name
from dossier.files.files import Copy
from dossier.office.people import Actor
from dossier.text import clock, names
from dossier.text.sentences import Sentence, sentence, told
from dossier.text.yamltext import Fault, scalar
from ingest.inbox.found import Found
from ingest.intake.judging import entries
from ingest.intake.ownership import Whose
from ingest.intake.sightings import NOWHERE, Origin
from ingest.sidecar.reading import words_of
from workflow.items.amending import FileChanges
from workflow.items.items import File, NewItem
from workflow.items.rules import Draft, Wish
from workflow.items.suspicion import NOTHING, Screened


@dataclass(slots=True)
class Candidate:
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
    is_on_disk: bool = False
    """They would survive a power cut."""
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
    warnings: Sequence[Sentence] = ()
    """For whoever reads the receipt."""
    fingerprint: str = ""
    item: int | None = None
    first_taken_at: str | None = None
    """Of a duplicate: when the same drop was taken before."""
    share_state: str | None = None
    """Of a duplicate: that of the item now."""
    is_moved: bool = False
    """Of a duplicate: the item is another client's now, and what became of it is not told here."""
    claim: dict[str, object] = field(default_factory=dict)
    """The Drop as it was recorded before its files were claimed."""
    row: dict[str, object] = field(default_factory=dict)
    """The Drop as it is now: claimed, or what it became."""

    def reset(self, faults: Sequence[Fault]) -> None:
        """Begin the commit anew, with these faults."""
        self.faults, self.item, self.first_taken_at, self.share_state, self.row = list(faults), None, None, None, self.claim

    @property
    def amends(self) -> str | None:
        return self.found.sidecar.item if self.found.sidecar else None


def files_of(drop: Candidate) -> list[File]:
    sidecar = drop.found.sidecar
    notes = {}
    if sidecar and sidecar.attachments:
        notes = {names.nfc(entry.name or entry.file): entry.note for entry in sidecar.attachments}
    listed, files = {name: (share, disk) for name, share, _, disk in entries(drop.found)}, []
    for (name, copy), media_type in zip(drop.files, drop.kinds, strict=True):
        share, disk = listed[name]
        owner = drop.whose.owners.get(disk)
        makers = (owner,) if owner is not None and disk in drop.whose.foreign else ()
        files.append(File(name, copy.sha256, copy.source.size, media_type, share, notes.get(name), makers, owner))
    return files


def new_item_of(drop: Candidate) -> NewItem:
    assert drop.draft is not None
    source = names.printable(drop.found.sidecar_name or drop.found.stem)
    if is_import(drop):
        source = f"{drop.found.folder}/{source}"
    return NewItem(drop.draft, tuple(files_of(drop)), drop.actor, source, drop.screened, drop.doubts, drop.found.preset)


def is_import(drop: Candidate) -> bool:
    """True if an import placed it (ingest/sources/importing.py)."""
    return drop.found.is_folder and (drop.found.folder or "").startswith(names.IMPORTED)


def changes_of(drop: Candidate) -> FileChanges:
    """What an amending drop does to the item's attachments."""
    sidecar = drop.found.sidecar
    assert sidecar is not None
    return FileChanges(remove=sidecar.remove, rename=sidecar.rename, put=files_of(drop), share_all=sidecar.share_attachments)


def fingerprint_of(drop: Candidate, now: datetime) -> str:
    """What makes two drops the same: the client, the sidecar's bytes, and each file's content.

    Of what came without a sidecar also its name and, where a preset speaks for it, the folder and
    the month: the same blank return comes again and again. Contents in the order of the sidecar's
    list, or of the names: two files that changed places are another drop.
    """
    listed = drop.found.sidecar is not None and drop.found.sidecar.attachments is not None
    contents = [copy.sha256 for _, copy in (drop.files if listed else sorted(drop.files, key=lambda entry: entry[0]))]
    name = "" if drop.found.sidecar_name else drop.found.stem
    if drop.found.preset and name:
        name = f"{drop.found.preset}/{drop.found.called} {now.astimezone():%Y-%m}"
    return fingerprint(drop.found.client, drop.found.digest, name, contents)


def fingerprint(client: str, digest: str, name: str, contents: Sequence[str]) -> str:
    """The same of its parts. `digest`: of the sidecar's bytes; `name`: empty of what has one."""
    text = "\n".join([client, digest, name, *contents])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def why_text(drop: Candidate, language: str) -> str:
    """WHY.txt: a line for each fault, `file:line: message`."""
    words, shown = words_of(drop.found.sidecar, language), drop.found.told_as
    faults = [f"{shown}:{max(1, fault.line)}: {told(fault.message, language, words)}\n" for fault in sorted(set(drop.faults))]
    return "".join(faults).encode("utf-8", "backslashreplace").decode()


def _advice(drop: Candidate) -> Sentence:
    """What to do with a duplicate, where more was meant."""
    assert drop.item is not None
    if drop.is_moved:
        return sentence("intake.again_moved", item=item_name(drop.item))
    if drop.amends is not None:
        return sentence("intake.changes_nothing", item=item_name(drop.item))
    code = {"withdrawn": "again_withdrawn", "returned": "again_returned", "private": "again_private"}.get(drop.share_state or "")
    return sentence(f"intake.{code or 'again'}", item=item_name(drop.item))


def receipt_text(drop: Candidate, at: str, language: str, is_secret: bool = False) -> str:
    """The receipt. `is_secret`: some who see the folder may not know, so only the number."""
    assert drop.item is not None
    lines = [f"item: {item_name(drop.item)}", f"taken_at: {clock.local_iso(drop.first_taken_at or at)}"]
    if is_secret:
        return "\n".join(lines) + "\n"
    words = words_of(drop.found.sidecar, language)
    if drop.found.preset:
        lines.append(f"preset: {scalar(drop.found.preset)}")
    if drop.first_taken_at:
        lines.append(f"duplicate: true  # {told(sentence('intake.taken_before'), language)}")
        lines += [f"share_state: {drop.share_state}"] if drop.share_state is not None else []
        if drop.share_state is not None or drop.is_moved:
            lines.append(f"advice: {scalar(told(_advice(drop), language, words))}")
    lines.append("attachments:" if drop.files else "attachments: []")
    lines += [f"  - name: {scalar(name)}\n    sha256: {copy.sha256}" for name, copy in drop.files]
    said = [
        *(one for one in drop.warnings if one not in drop.doubts),
        *(sentence("intake.is_concept", reason=one) for one in drop.doubts),
    ]
    if warnings := [told(one, language, words) for one in (drop.noticed if drop.first_taken_at else said)]:
        lines += ["warnings:", *(f"  - {scalar(warning)}" for warning in warnings)]
    return "\n".join(lines) + "\n"
