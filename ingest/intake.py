"""A drop becomes an item, or a refusal: the only writer of the inbox.

What happens to a batch of drops, in this order:

 1. judge     sidecar, rights, rules; pure.
              Killed here? Nothing was done. The next look finds the drop as it was.
 2. receive   each attachment is copied into the vault and hashed on the way.
              Killed here? Copies without a name; swept at the next start.
 3. keep      the copies get their names in the vault, then one sync.
              Killed here? Vault files that no item names: harmless, and found again by hash when the drop is taken.
 4. commit    one transaction: item, attachments, events, and the drop itself, not yet `cleared`, with exactly which files it
              was made of, and its receipt. For a refused drop: the same, with its WHY.txt and where its files go.
              Killed before? As 3. Killed after? The drop is taken, and the next start goes on with 5.
 5. clear     the files that were taken leave the inbox and the receipt is written; refused files move to _rejected, the
              sidecar last. A file that was changed or replaced since it was looked at stays: it is a new one.
              Killed anywhere in here? The drop is not `cleared`: the next start does 5 again; every part of it may be repeated.
 6. forget    sync, then the drop is `cleared`, with the next transaction.

At each point every file is in the inbox, or in the vault with an item, or in _rejected; from 4 to 5 in two of them, and
the database knows.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from dossier import clock, files, names, trail
from dossier.database import transaction
from dossier.files import Copy, Look
from dossier.models import Drop, Item, item_key, item_name, tuples
from dossier.people import Actor
from dossier.settings import Office
from dossier.vault import Vault
from dossier.yamltext import Fault, scalar
from ingest import delegation, kinds
from ingest.judging import entries, judge, said
from ingest.looking import WHY, Found
from workflow import items
from workflow.items import File, FileChanges, NewItem
from workflow.rules import Draft, Wish

log = structlog.get_logger("intake")

AT_ONCE = 250
"""Drops in one batch: a transaction of well under a second, a stop within one."""

WORKERS = 4
"""Threads that copy and hash; both release the interpreter's lock."""

POISONED = 3
"""So many times the same drop may fail for an unknown reason before it is refused."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    postponed: int = 0
    """Changed while they were copied, or the environment failed: they are still in the inbox."""
    trouble: str | None = None
    """What is wrong with the environment (disk full, no permission), if anything."""


@dataclass(slots=True)
class _Case:
    """One drop on its way through the steps."""

    found: Found
    actor: Actor
    draft: Draft | None = None
    wish: Wish | None = None
    files: list[tuple[str, Copy]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fingerprint: str = ""
    item: int | None = None
    first_taken_at: str | None = None
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def amends(self) -> str | None:
        return self.found.sidecar.item if self.found.sidecar else None


class Intake:
    """Takes drops for an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault
        self._done: list[tuple[int, Path]] = []
        self._failures: dict[tuple[str, str | None, str], int] = {}
        self._last_id = 0

    def recover(self) -> int:
        """Finish what was committed but not cleared when the last daemon ended. Returns how many drops."""
        rows = list(Drop.select().where(~Drop.cleared).order_by(Drop.id))
        for row in rows:
            try:
                self._clear(row.__data__)
            except OSError as error:
                log.error("a taken drop could not be cleared from the inbox", client=row.client, drop=row.stem, error=str(error))
        self.forget()
        if rows:
            log.info("finished what was interrupted", drops=len(rows))
        return len(rows)

    def take(self, now: datetime, found: Sequence[Found]) -> Outcome:
        """Take or refuse these drops. One that can't be done now stays in the inbox. Raises Interrupted; database errors."""
        outcome = Outcome()
        cases = [self._judge(one) for one in found]
        with ThreadPoolExecutor(WORKERS) as pool:
            received = list(pool.map(self._receive, cases))
        ready = []
        for case, error in zip(cases, received, strict=True):
            if error is None:
                ready.append(case)
            else:
                self._postpone(now, case, error, outcome)
        ready += self._poisoned(cases, ready)
        try:
            self._keep(ready)
        except OSError as error:
            outcome.trouble = str(error)
            outcome.postponed += len(ready)
            log.error("drops can't be kept now", error=str(error), drops=len(ready))
            return outcome
        self._commit(now, ready, outcome)
        for case in ready:
            if not case.row:
                continue
            try:
                self._clear(case.row)
            except OSError as error:
                outcome.trouble = str(error)
                log.error("taken, but its files can't be removed from the inbox", drop=case.found.stem, error=str(error))
        return outcome

    # 1. judge

    def _judge(self, found: Found) -> _Case:
        judgement = judge(self.office, found, self._delegated(found))
        return _Case(found, judgement.actor, judgement.draft, judgement.wish, faults=judgement.faults)

    def _delegated(self, found: Found) -> str | None:
        """For whom an admin made this drop by command, if one did."""
        named = found.sidecar.created_by if found.sidecar else None
        return delegation.of(found.data) if named and not self.office.settings.identity.trust_sidecar else None

    # 2. receive, 3. keep

    def _receive(self, case: _Case) -> Exception | None:
        """Copy the drop's files into the vault; what goes wrong is the answer, for the thread that asked. Runs in a pool."""
        try:
            if not case.faults:
                place = case.found.place(self.office.inbox)
                for name, _, digest, disk in entries(case.found):
                    copy = self.vault.receive(place / disk, case.found.looks[disk])
                    case.files.append((name, copy))
                    kind = kinds.examine(name, copy.path)
                    case.kinds.append(kind.media_type)
                    reason = kinds.blocked(name, kind, self.office.settings.intake.blocked_types)
                    line = case.found.sidecar.lines.get("attachments", 1) if case.found.sidecar else 1
                    if reason:
                        case.faults.append(Fault(line, f"`{names.shown(name)}`: {reason}"))
                    if digest and digest != copy.sha256:
                        case.faults.append(
                            Fault(
                                line,
                                f"`{names.shown(name)}` has another sha256 ({copy.sha256}) than the sidecar says; was it copied whole?",
                            )
                        )
            if case.faults:
                self._discard(case)
        except files.Interrupted:
            self._discard(case)
            raise
        except Exception as error:  # noqa: BLE001 - one bad drop never blocks another; _postpone counts it
            self._discard(case)
            return error
        return None

    def _discard(self, case: _Case) -> None:
        for _, copy in case.files:
            self.vault.discard(copy)
        case.files.clear()

    def _postpone(self, now: datetime, case: _Case, error: Exception, outcome: Outcome) -> None:
        """The drop stays in the inbox. What nobody foresaw is counted, so that it is not tried for ever."""
        found = case.found
        if isinstance(error, files.Changed | FileNotFoundError):
            outcome.postponed += 1
            return
        if isinstance(error, OSError) and not isinstance(error, files.NotPlain | PermissionError):
            outcome.postponed += 1
            outcome.trouble = str(error)
            log.error("a drop can't be taken now", client=found.client, drop=names.shown(found.stem), error=str(error))
            return
        key = (found.client, found.folder, found.stem)
        self._failures[key] = self._failures.get(key, 0) + 1
        error_id = f"E-{now.astimezone():%Y%m%d-%H%M%S}-{len(self._failures)}"
        log.error(
            "an unexpected error with a drop", client=found.client, drop=names.shown(found.stem), error_id=error_id,
            traceback="".join(traceback.format_exception(error)),
        )  # fmt: skip
        if self._failures[key] < POISONED:
            outcome.postponed += 1
            return
        del self._failures[key]
        what = error.strerror if isinstance(error, OSError) else type(error).__name__
        case.faults = [
            Fault(
                1,
                f"this drop could not be taken after {POISONED} tries ({what}); ask your administrator to look for {error_id} in the log",
            )
        ]

    def _poisoned(self, cases: Sequence[_Case], ready: Sequence[_Case]) -> list[_Case]:
        there = {id(case) for case in ready}
        return [case for case in cases if id(case) not in there and case.faults]

    def _keep(self, cases: Sequence[_Case]) -> None:
        for case in cases:
            case.kept = [self.vault.keep(copy) for _, copy in case.files]
        kept = [path for case in cases for path in case.kept]
        files.sync(kept, [path.parent for path in kept])

    # 4. commit

    def _commit(self, now: datetime, cases: Sequence[_Case], outcome: Outcome) -> None:
        for case in cases:
            case.fingerprint = _fingerprint(case)
        with transaction():
            self._mark_cleared()
            self._find_duplicates(cases)
            new = [case for case in cases if not case.faults and case.item is None and case.amends is None]
            firsts: dict[str, _Case] = {}
            for case in new:
                firsts.setdefault(case.fingerprint, case)
            makers = list(firsts.values())
            for case, key in zip(makers, items.create_all(self.office, now, [_new_item(case) for case in makers]), strict=True):
                case.item = key
            for case in new:
                if firsts[case.fingerprint] is not case:
                    case.item, case.first_taken_at = firsts[case.fingerprint].item, clock.to_text(now)
            for case in cases:
                if case.amends and not case.faults and case.item is None:
                    self._amend(now, case)
            self._record(now, cases, outcome)

    def _find_duplicates(self, cases: Sequence[_Case]) -> None:
        wanted = {case.fingerprint: case for case in cases if not case.faults}
        prints = list(wanted)
        found: dict[str, tuple[int, str]] = {}
        for start in range(0, len(prints), 500):
            query = Drop.select(Drop.fingerprint, Drop.item, Drop.at).where(
                Drop.fingerprint.in_(prints[start : start + 500]) & (Drop.kind == "taken")
            )
            found.update({fingerprint: (item, at) for fingerprint, item, at in tuples(query)})
        for case in cases:
            if not case.faults and case.fingerprint in found:
                case.item, case.first_taken_at = found[case.fingerprint]

    def _amend(self, now: datetime, case: _Case) -> None:
        """An amendment, in the batch's transaction. Refused, it becomes a refused drop."""
        sidecar, lines = case.found.sidecar, case.found.sidecar.lines if case.found.sidecar else {}
        assert sidecar is not None
        assert case.wish is not None
        assert case.amends is not None
        key = item_key(case.amends)
        item = Item.get_or_none((Item.id == key) & (Item.client == case.found.client))
        if item is None:
            case.faults.append(
                Fault(
                    lines.get("item", 1), f"client {case.found.client} has no item {case.amends}; look it up with: dossier items"
                )
            )
            return
        put = [File(f.name, f.sha256, f.size, f.media_type, said(sidecar, f.share), f.note) for f in _files_of(case)]
        changes = FileChanges(
            remove=sidecar.remove, rename=sidecar.rename, put=put, share_all=sidecar.share_attachments if not put else None
        )
        try:
            items.amend(self.office, now, case.actor, key, case.wish, changes)
        except items.Refused as refusal:
            case.faults += [Fault(lines.get(problem.key, 1), problem.message) for problem in refusal.problems]
        else:
            case.item = key

    def _record(self, now: datetime, cases: Sequence[_Case], outcome: Outcome) -> None:
        at, entries, rows = clock.to_text(now), [], []
        self._last_id = max(self._last_id + 1, int(now.timestamp() * 1e6) << 11)
        for case in cases:
            found, refused = case.found, bool(case.faults)
            kind = "refused" if refused else "duplicate" if case.first_taken_at else "taken"
            text = _why(case) if refused else _receipt(case, at)
            target = f"{now.astimezone():%Y%m%d-%H%M%S}-{short(found.stem)}" if refused else None
            looks = [[name, *_look_values(look)] for name, look in found.looks.items()]
            self._last_id += 1
            case.row = {
                "id": self._last_id, "client": found.client, "folder": found.folder, "stem": found.stem,
                "fingerprint": None if refused else case.fingerprint, "kind": kind, "item": None if refused else case.item,
                "at": at, "files": looks, "target": target, "text": text, "cleared": False,
            }  # fmt: skip
            rows.append(case.row)
            if refused:
                told = {"source": names.shown(found.stem), "reasons": text.splitlines()}
                entries.append(trail.Entry(case.actor, "refused", None, told, found.client))
                outcome.refused += 1
            elif kind == "duplicate":
                entries.append(trail.Entry(case.actor, "duplicate", case.item, {"source": names.shown(found.stem)}))
                outcome.duplicates += 1
            else:
                outcome.taken += 1
            number = {"item": item_name(case.item)} if case.item else {}
            log.info(kind, client=found.client, drop=names.shown(found.stem), **number, by=case.actor.code)
        for start in range(0, len(rows), 500):
            Drop.insert_many(rows[start : start + 500]).execute()
        trail.record_all(now, entries)

    # 5. clear, 6. forget

    def _clear(self, row: Mapping[str, Any]) -> None:
        """Do with the files in the inbox what was decided about the drop. May be repeated."""
        home = self.office.inbox / row["client"]
        place = home / row["folder"] if row["folder"] is not None else home
        looks = {name: Look(*values) for name, *values in row["files"]}
        if row["kind"] == "refused":
            self._move_to_rejected(home, place, looks, row["target"], row["text"])
        else:
            for name, look in looks.items():
                if not files.remove_if_same(place / name, look):
                    log.warning("a file was changed after it was taken; it stays in the inbox", file=str(place / name))
            _write_receipt(home / "_done", short(row["stem"]), row)
        if row["folder"] is not None:
            files.remove_folder(place)
        self._done.append((row["id"], home))

    def _move_to_rejected(self, home: Path, place: Path, looks: Mapping[str, Look], target: str, text: str) -> None:
        folder = home / "_rejected" / target
        number = 1
        while (lies := files.look(folder / WHY)) is not None and files.read_plain(folder / WHY, lies.size)[0] != text.encode():
            number += 1
            folder = home / "_rejected" / f"{target}-{number}"
        files.make_folder(folder)
        files.write_whole(folder / WHY, text.encode())
        for name, look in looks.items():
            now = files.look(place / name)
            if now is not None and now.is_same_content(look) and name != WHY:
                files.move(place / name, folder / name)
            elif name == WHY:
                files.remove_if_same(place / name, look)

    def has_uncleared(self) -> bool:
        return bool(self._done)

    def forget(self) -> None:
        """Once it is certain to be on the disk, mark what was cleared."""
        if self._done:
            with transaction():
                self._mark_cleared()

    def _mark_cleared(self) -> None:
        done, self._done = self._done, []
        folders = dict.fromkeys(folder for _, home in done for folder in (home, home / "_done", home / "_rejected"))
        files.sync((), [folder for folder in folders if folder.is_dir()])
        ids = [key for key, _ in done]
        for start in range(0, len(ids), 500):
            Drop.update(cleared=True).where(Drop.id.in_(ids[start : start + 500])).execute()


def short(stem: str) -> str:
    """A stem that leaves room for what is put before and behind it in a file name of 255 bytes."""
    raw = stem.encode("utf-8", "surrogateescape")
    if len(raw) <= 200:
        return stem
    import hashlib

    return raw[:180].decode("utf-8", "ignore") + "~" + hashlib.sha256(raw).hexdigest()[:12]


def _files_of(case: _Case) -> list[File]:
    sidecar = case.found.sidecar
    notes = {}
    if sidecar and sidecar.attachments:
        notes = {names.nfc(entry.name or entry.file): entry.note for entry in sidecar.attachments}
    shares = {name: share for name, share, _, _ in entries(case.found)}
    return [
        File(name, copy.sha256, copy.source.size, media_type, shares.get(name), notes.get(name))
        for (name, copy), media_type in zip(case.files, case.kinds, strict=True)
    ]


def _new_item(case: _Case) -> NewItem:
    assert case.draft is not None
    return NewItem(case.draft, tuple(_files_of(case)), case.actor, names.shown(case.found.sidecar_name or case.found.stem))


def _fingerprint(case: _Case) -> str:
    """What makes two drops the same: the client, the sidecar's bytes, and each file's content."""
    import hashlib

    contents = sorted(copy.sha256 for _, copy in case.files)
    name = "" if case.found.sidecar_name else case.found.stem
    text = "\n".join([case.found.client, hashlib.sha256(case.found.data).hexdigest(), name, *contents])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _look_values(look: Look) -> list[int]:
    return [look.device, look.inode, look.size, look.mtime_ns, look.ctime_ns, look.uid]


def _why(case: _Case) -> str:
    """WHY.txt: a line for each fault, `file:line: message`."""
    return "".join(f"{case.found.shown}:{max(1, fault.line)}: {fault.message}\n" for fault in sorted(set(case.faults)))


def _receipt(case: _Case, at: str) -> str:
    assert case.item is not None
    lines = [f"item: {item_name(case.item)}", f"taken_at: {clock.shown(case.first_taken_at or at)}"]
    if case.first_taken_at:
        lines.append("duplicate: true  # the same drop was taken before")
    lines.append("attachments:" if case.files else "attachments: []")
    lines += [f"  - name: {scalar(name)}\n    sha256: {copy.sha256}" for name, copy in case.files]
    return "\n".join(lines) + "\n"


def _write_receipt(folder: Path, stem: str, row: Mapping[str, Any]) -> None:
    """Put the receipt in `_done`. An earlier one of the same name, of another drop, is kept under its time."""
    files.make_folder(folder)
    path, data = folder / f"{stem}.receipt.yaml", row["text"].encode()
    there = files.look(path)
    if there is not None:
        old = files.read_plain(path, there.size)[0]
        if old == data:
            return
        kept = folder / f"{stem}.{datetime.fromtimestamp(there.mtime_ns / 1e9):%Y%m%d-%H%M%S-%f}.receipt.yaml"
        files.move_new(path, kept)
    files.write_whole(path, data)
