"""The queue folder: concepts as files that approvers decide on. The paper form of approval.py; the only writer there.

    <approver>/<ITEM>.yaml       the concept; `decision:` and `comment:` are the approver's, the rest is ours
    <approver>/<ITEM>/           copies of the files that would be shared
    <approver>/_decided/         what was decided

The database is the truth: what is missing here is written, what was decided is moved away, in any order and after any
crash. What the approver typed is his alone: a file is only replaced if it is still the one that was read, and whatever
is refused stays in it, with `# !` lines on top that say why.

Killed here? After the decision is in the database and before the file is moved: the next round finds the item decided
and moves it. While copies are made: the queue file is written last, so the next round makes them again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from dossier import clock, files, people, settling
from dossier.database import transaction
from dossier.files import Look
from dossier.models import Edition, Item, item_key, item_name
from dossier.people import Actor, NotAllowed
from dossier.settings import Office
from dossier.vault import Vault
from dossier.yamltext import Limits, Plain, plain, read_map, scalar
from workflow import approval, notes

log = structlog.get_logger("queue")

LIMITS = Limits(depth=4, nodes=5_000)

WORDS: dict[str, Literal["approve", "reject"]] = {
    "approve": "approve", "goedkeuren": "approve", "reject": "reject", "afkeuren": "reject",
}  # fmt: skip

DELETED_SECONDS = 2.0
"""A queue file that is gone so long was deleted; an editor that saves by rename is quicker."""

_TYPED = ("decision", "comment")


@dataclass(slots=True)
class _Written:
    """A queue file as we last wrote or read it."""

    edition: int
    look: Look | None
    gone_since: float | None = None


class QueueFolder:
    """The queue folder of an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault
        self._settling = settling.Settling(office.settings.watch.settle_seconds)
        self._written: dict[tuple[str, str], _Written] = {}
        self._made_folders = False

    def round(self, now: datetime) -> float | None:
        """Read what was decided, write what is missing, move away what is done.

        Returns in how many seconds something will be ready to be looked at again; None if nothing waits for time.
        """
        if not self._made_folders:
            self._make_folders()
        pending = self._pending()
        soonest = self._read_decisions(now, pending)
        return min((s for s in (soonest, self._write(now, self._pending())) if s is not None), default=None)

    def forget_people(self) -> None:
        """Staff or settings have changed: new approvers get a folder."""
        self._made_folders = False
        self._settling.settle_seconds = self.office.settings.watch.settle_seconds

    def _make_folders(self) -> None:
        for code, person in self.office.staff.items():
            if person.active and ("approve" in person.rights or "admin" in person.rights):
                files.make_folder(self.office.queue / code)
        self._made_folders = True

    def _pending(self) -> dict[str, Any]:
        return {item_name(item.id): item for item in Item.select().where(Item.pending.is_null(False)).order_by(Item.id)}

    # Reading

    def _read_decisions(self, now: datetime, pending: dict[str, Any]) -> float | None:
        soonest: float | None = None
        wall, monotonic = settling.now()
        for person in self._folders():
            folder = self.office.queue / person
            names = [name for name in os.listdir(folder) if name.endswith(".yaml") and not name.startswith((".", "_"))]
            self._settling.forget(folder, set(names))
            for name in names:
                seen = files.look(folder / name)
                known = self._written.get((person, name))
                if seen is None or (known and known.look == seen):
                    continue
                left = self._settling.seconds_left(folder, name, seen, wall, monotonic)
                if left > 0:
                    soonest = left if soonest is None else min(soonest, left)
                    continue
                self._inspect(now, person, folder / name, pending.get(name.removesuffix(".yaml")))
        return soonest

    def _folders(self) -> list[str]:
        """The approvers' folders that are there. A link is no folder: it could lead anywhere."""
        if not self.office.queue.is_dir():
            return []
        with os.scandir(self.office.queue) as entries:
            return sorted(
                entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name in self.office.staff
            )

    def _inspect(self, now: datetime, person: str, path: Path, item: Any) -> None:
        """Read one queue file and do what it says, or say in it why not."""
        name = path.name.removesuffix(".yaml")
        if not _is_item_name(name):
            return
        try:
            data, seen = files.read_plain(path, LIMITS.bytes + 1)
        except OSError as error:
            log.warning("queue file can't be read", path=str(path), error=str(error))
            return
        tree, faults = read_map(data, LIMITS)
        typed = {key: plain(tree.entries[key].node) for key in _TYPED if key in tree.entries}
        if item is None:
            self._put_away(now, person, path, data, seen, typed)
            return
        if faults:
            self._complain(person, path, data, seen, item, [f"line {f.line}: {f.message}" for f in faults])
            return
        edition = Edition.get_by_id(item.pending)
        reason = self._objection(person, seen, plain(tree), item, edition)
        decision = typed.get("decision")
        if reason is None and decision in (None, ""):
            self._complain(person, path, data, seen, item, [])
            return
        verdict = WORDS.get(decision.strip().casefold()) if isinstance(decision, str) else None
        if reason is None and verdict is None:
            reason = f"`{decision}` is not a decision; write approve, goedkeuren, reject or afkeuren behind decision:"
        if reason is not None:
            self._complain(person, path, data, seen, item, [reason])
            return
        assert verdict is not None
        comment = typed.get("comment")
        self._decide(now, person, path, data, seen, item, verdict, comment if isinstance(comment, str) else "", edition.content)

    def _objection(self, person: str, seen: Look, got: Plain, item: Any, edition: Any) -> str | None:
        """Why this file can't decide anything, whatever it says; None if it can."""
        owner = people.staff_by_user(self.office, people.user_name(seen.uid))
        if owner is not None and owner != person and seen.uid != os.geteuid():
            return f"this file was saved by {owner}, but it lies in the folder of {person}; {person} must decide himself"
        if person not in approval.people_asked(self.office, item, clock.utc_now().astimezone().date()):
            return f"{item_name(item.id)} does not wait for {person}; remove this copy"
        expected, _ = read_map(self._render(item, edition, ()).encode(), LIMITS)
        if not isinstance(got, dict) or got.get("content") != edition.content:
            return "this is not what is to be decided now: the item was changed since, or this is an old copy. The present one is below"
        ours, theirs = _without_typed(plain(expected)), _without_typed(got)
        if ours != theirs:
            keys = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
            return f"only decision and comment may be changed here, but {', '.join(keys)} was; put it back (delete this file to get a fresh one)"
        return None

    def _decide(
        self, now: datetime, person: str, path: Path, data: bytes, seen: Look, item: Any, verdict: Literal["approve", "reject"],
        comment: str, content: str,
    ) -> None:  # fmt: skip
        try:
            with transaction():
                state = approval.decide(self.office, now, Actor(person, "queue"), item.id, verdict, comment, content)
        except approval.AlreadyDecided as refusal:
            self._put_away(now, person, path, _with_notes(data, [str(refusal)]), seen, {})
        except NotAllowed as refusal:
            self._complain(person, path, data, seen, item, [str(refusal)])
        else:
            log.info("decided", item=item_name(item.id), by=person, decision=verdict, share_state=state)
            self._put_away(now, person, path, data, seen, {})

    def _complain(self, person: str, path: Path, data: bytes, seen: Look, item: Any, reasons: list[str]) -> None:
        """Put `reasons` on top of the file (none: take old ones off), leaving the rest as it is.

        A file about another content than the present one is written anew, what was typed in its notes.
        """
        edition = Edition.get_by_id(item.pending)
        text = _with_notes(data, reasons)
        tree, _ = read_map(data, LIMITS)
        old = tree.entries.get("content")
        asked = person in approval.people_asked(self.office, item, clock.utc_now().astimezone().date())
        if asked and old is not None and plain(old.node) != edition.content:
            typed = [
                f"you had typed: {key}: {value}"
                for key in _TYPED
                if key in tree.entries and (value := plain(tree.entries[key].node))
            ]
            text = self._render(item, edition, [*reasons, *typed]).encode()
            self._write_copies(person, item, edition)
        if text != data and not files.replace_if_same(path, text, seen):
            return  # saved again meanwhile: the next round reads that
        if reasons:
            log.info("queue file refused", item=item_name(item.id), approver=person, reason=reasons[0])
        self._written[person, path.name] = _Written(edition.id, files.look(path))

    # Writing

    def _write(self, now: datetime, pending: dict[str, Any]) -> float | None:
        """Bring the folders up to date with what waits; returns in how many seconds a missing file comes back."""
        soonest: float | None = None
        today = now.astimezone().date()
        wanted: set[tuple[str, str]] = set()
        monotonic = settling.now()[1]
        for name, item in pending.items():
            for person in approval.people_asked(self.office, item, today):
                key = (person, f"{name}.yaml")
                wanted.add(key)
                known = self._written.get(key)
                edition = None
                path = self.office.queue / person / f"{name}.yaml"
                there = files.look(path)
                if known is None and there is None:
                    edition = Edition.get_by_id(item.pending)
                    notes: list[str] = []
                elif known and there is None:
                    known.gone_since = known.gone_since or monotonic
                    left = known.gone_since + DELETED_SECONDS - monotonic
                    if left > 0:
                        soonest = left if soonest is None else min(soonest, left)
                        continue
                    edition, notes = (
                        Edition.get_by_id(item.pending),
                        ["this file was deleted before anything was decided; here it is again"],
                    )
                elif known and known.edition != item.pending and there is not None and there == known.look:
                    data, seen = files.read_plain(path, LIMITS.bytes + 1)
                    self._complain(
                        person, path, data, seen, item, ["the item was changed since; this is what is to be decided now"]
                    )
                    continue
                if edition is not None:
                    self._write_copies(person, item, edition)
                    files.write_whole(path, self._render(item, edition, notes).encode())
                    self._written[key] = _Written(edition.id, files.look(path))
        for key in [key for key in self._written if key not in wanted]:
            self._clear(now, *key)
        return soonest

    def _clear(self, now: datetime, person: str, file_name: str) -> None:
        """The item is not this person's to decide any more: move his file away."""
        path = self.office.queue / person / file_name
        try:
            data, seen = files.read_plain(path, LIMITS.bytes + 1)
        except OSError:
            del self._written[person, file_name]
            return
        self._put_away(now, person, path, data, seen, {})

    def _put_away(self, now: datetime, person: str, path: Path, data: bytes, seen: Look, typed: dict[str, Plain]) -> None:
        """Move a file whose item is decided (or not this person's any more) to `_decided`, with a note on what became of it."""
        item = Item.get_or_none(Item.id == item_key(path.name.removesuffix(".yaml")))
        said = any(value not in (None, "") for value in typed.values())
        outcome = approval.what_was_decided(item) if item is not None else "there is no such item"
        notes = [outcome] if said or item is None else []
        folder = path.parent / "_decided"
        files.make_folder(folder)
        target = folder / path.name
        if os.path.lexists(target):
            target = folder / f"{path.stem}-{now.astimezone():%Y%m%d-%H%M%S-%f}.yaml"
        body = _with_notes(data, notes) if notes else data
        if not notes and not said:
            body = f"# {outcome}\n".encode() + data
        if not files.replace_if_same(path, body, seen):
            return
        files.move(path, target)
        files.remove_tree(path.parent / path.stem)
        self._written.pop((person, path.name), None)

    def _write_copies(self, person: str, item: Any, edition: Any) -> None:
        folder = self.office.queue / person / item_name(item.id)
        files.remove_tree(folder)
        files.make_folder(folder)
        for attachment in edition.shown["attachments"]:
            copy = files.copy_hashed(self.vault.location(attachment["sha256"]), folder, mode=0o644)
            files.move(copy.path, folder / attachment["name"])

    def _render(self, item: Any, edition: Any, reasons: list[str] | tuple[()]) -> str:
        """The queue file of an edition (CONTRACT section 4)."""
        client = self.office.clients.get(item.client)
        lines = [f"# ! {reason}" for reason in reasons]
        lines += [f"# Attention: {' '.join(note.split())}" for note in notes.on(edition.id)]
        lines += [
            "# To decide: put approve or reject behind decision:, and save. A rejection needs a comment.",
            "decision:",
            "comment:",
            f"item: {item_name(item.id)}",
            f"content: {edition.content}        # what is being decided on",
            f"client: {scalar(f'{client.name} ({item.client})' if client else item.client)}",
            f"description: {scalar(edition.shown['description'])}",
            *_explanation(edition.shown["explanation"]),
            f"made_by: {scalar(edition.made_by)}",
            f"made_at: {clock.shown(edition.made_at)}",
        ]
        attachments = [
            f"  - {{name: {_flow(a['name'])}, size: {a['size']}, sha256: {a['sha256']}}}" for a in edition.shown["attachments"]
        ]
        lines += ["attachments:", *attachments] if attachments else ["attachments: []"]
        return "\n".join(lines) + "\n"


def _explanation(text: str | None) -> list[str]:
    return ["explanation:"] if text is None else [f"explanation: {scalar(text)}"]


def _flow(name: str) -> str:
    """A scalar that is also safe inside `{…}`."""
    written = scalar(name)
    return written if written[0] in "\"'" or not set(written) & set(",[]{}") else "'" + name.replace("'", "''") + "'"


def _is_item_name(name: str) -> bool:
    try:
        return item_name(item_key(name)) == name
    except ValueError:
        return False


def _without_typed(values: Plain) -> dict[str, Plain]:
    return {key: value for key, value in values.items() if key not in _TYPED} if isinstance(values, dict) else {}


def _with_notes(data: bytes, notes: list[str]) -> bytes:
    """`data` with its old notes taken off and these put on top."""
    marker = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
    rest = data[len(marker) :]
    while rest.startswith(b"# !"):
        rest = rest.partition(b"\n")[2]
    return marker + "".join(f"# ! {' '.join(note.split())}\n" for note in notes).encode() + rest
