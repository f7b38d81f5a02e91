"""A snapshot that somebody else wrote or changed: nothing of it lands outside the office, and nobody takes it for what was made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, Records
from kit.servers import another_database

from desk.actions import maintenance
from dossier.backup.restore import Restored
from dossier.database.database import close_database
from dossier.database.tables import Event, EventDetail
from dossier.files import files
from dossier.text.refusals import Refusal

SECRET = b"not of this office"


class Snapshot:
    """A backup that whoever can write to it may change."""

    def __init__(self, tmp_path: Path) -> None:
        self.place = tmp_path
        self.office = Records(tmp_path / "office")
        inbox = self.office.root / "inbox/acme-bv"
        inbox.mkdir(parents=True)
        (inbox / "note.txt").write_text("a note")
        self.office.published()
        self.report = maintenance.back_up(self.office.office, self.office.tick(), JOOST, tmp_path / "backups", 30)
        self.path = self.report.snapshot
        close_database()

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads((self.path / "manifest.json").read_text()))

    def change(self, change: Callable[[dict[str, Any]], None]) -> None:
        given = self.manifest
        change(given)
        (self.path / "manifest.json").write_text(json.dumps(given))

    def rewrite(self, name: str, text: str) -> None:
        """Other contents, and a manifest that says so."""
        (self.path / name).write_text(text)
        self.change(lambda given: given["files"].update({name: hashlib.sha256(text.encode()).hexdigest()}))

    def restore(self, digest: str | None = None, **environ: str) -> Restored:
        return maintenance.restore(self.path, self.place / "elsewhere", {**another_database(), **environ}, digest)

    def lies(self) -> set[str]:
        """Every name there is, but for what a restore may make."""
        return {str(path) for path in self.place.rglob("*") if not path.is_relative_to(self.place / "elsewhere")}


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    yield Snapshot(tmp_path)
    close_database()


def _note(given: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in given["loose"] if one["path"].endswith("note.txt"))


ATTACKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a file above": lambda given: _note(given).update(path="../../../planted.txt"),
    "a file above, later in its path": lambda given: _note(given).update(path="acme-bv/../../../planted.txt"),
    "a file anywhere": lambda given: _note(given).update(path="/tmp/planted-by-a-restore.txt"),
    "another folder": lambda given: _note(given).update(where="../config"),
    "the office's settings": lambda given: _note(given).update(where="config", path="settings.yaml"),
    "a name that ends early": lambda given: _note(given).update(path="acme-bv/note.txt\0.pdf"),
    "no name": lambda given: _note(given).update(path=""),
    "a hash that is a path": lambda given: _note(given).update(sha256="../" * 9 + "etc/passwd"),
    "a number that is none": lambda given: _note(given).update(uid=2**80),
    "rights that are text": lambda given: _note(given).update(mode="4755"),
    "a file below a file": lambda given: given["loose"].append({**_note(given), "path": "acme-bv/note.txt/below.txt"}),
    "a file twice": lambda given: given["loose"].append(_note(given)),
    "a file of the configuration above": lambda given: given["files"].update({"config/../../planted.yaml": "0" * 64}),
    "something else of the snapshot": lambda given: given["files"].update({"vault/x": "0" * 64}),
    "a database elsewhere": lambda given: given.update(database="../../office/var/dossier.db"),
    "no settings": lambda given: given["files"].pop("config/settings.yaml"),
    "no list": lambda given: given["files"].pop("vault.txt"),
    "lists where words belong": lambda given: given.update(made_at=["x"], files=[["a"]]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_path_of_a_manifest_leads_outside(snapshot: Snapshot, attack: str) -> None:
    snapshot.change(lambda given: ATTACKS[attack](given) and None)
    before = snapshot.lies()
    with pytest.raises(Refusal, match=r"manifest\.json can't be read"):
        snapshot.restore()
    assert snapshot.lies() == before
    assert not (snapshot.place / "elsewhere").exists()
    assert not Path("/tmp/planted-by-a-restore.txt").exists()


@pytest.mark.parametrize("name", ["manifest.json", "vault.txt", "config", "config/clients.yaml", "anchors"])
def test_no_link_in_a_snapshot_is_followed(snapshot: Snapshot, name: str) -> None:
    (snapshot.path / "anchors").mkdir(exist_ok=True)
    (snapshot.path / "anchors/2026-11-24.jsonl").write_text("")
    snapshot.change(lambda given: given["files"].update({"anchors/2026-11-24.jsonl": hashlib.sha256(b"").hexdigest()}))
    aside = snapshot.place / "aside"
    os.rename(snapshot.path / name, aside)
    os.symlink(aside, snapshot.path / name)
    with pytest.raises(Refusal, match="can't be read"):
        snapshot.restore()
    assert not (snapshot.place / "elsewhere").exists()


@pytest.mark.parametrize("line", ["../../etc/passwd 12", "x", f"{'0' * 64} -5", f"{'0' * 64} {'9' * 40}", f"{'0' * 64}"])
def test_a_list_of_the_vault_names_files_of_a_vault_alone(snapshot: Snapshot, line: str) -> None:
    snapshot.rewrite("vault.txt", (snapshot.path / "vault.txt").read_text() + line + "\n")
    with pytest.raises(Refusal, match=r"vault\.txt:\d+ is no file of a vault"):
        snapshot.restore()
    assert not (snapshot.place / "elsewhere").exists()


def test_anchors_that_are_none_are_refused(snapshot: Snapshot) -> None:
    for length, head in ((10**40, "0" * 64), (1, ["0"]), (True, "0" * 64)):
        (snapshot.path / "anchors").mkdir(exist_ok=True)
        snapshot.rewrite("anchors/2026-11-24.jsonl", json.dumps({"at": "2026-11-24T09:00:00Z", "length": length, "head": head}))
        with pytest.raises(Refusal, match="the trail of the backup does not verify"):
            snapshot.restore()
        close_database()
        shutil.rmtree(snapshot.place / "elsewhere")


def test_no_file_comes_back_with_rights_of_its_owner_for_whoever_runs_it(snapshot: Snapshot) -> None:
    def change(given: dict[str, Any]) -> None:
        for one in given["loose"]:
            one["mode"] = 0o104_755 | 0o7000

    snapshot.change(change)
    inbox = snapshot.restore().office.inbox
    assert (inbox / "acme-bv/note.txt").stat().st_mode & 0o7777 == 0o755
    assert (inbox / "acme-bv").stat().st_mode & 0o7777 == 0o3755, "a folder of a share keeps its group"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_no_file_comes_back_as_one_of_an_account_that_is_none_of_the_offices(snapshot: Snapshot) -> None:
    snapshot.change(lambda given: _note(given).update(uid=2, user="bin"))
    restored = snapshot.restore()
    assert (restored.office.inbox / "acme-bv/note.txt").stat().st_uid == 0
    assert restored.strange_owners == ["inbox/acme-bv/note.txt (bin)"]
    look = files.look(restored.office.inbox / "acme-bv/note.txt")
    assert look is not None
    assert look.is_unsigned, "it is root's now, and not root's word"


def test_what_dossier_wrote_for_others_comes_back_as_nobodys_word(snapshot: Snapshot) -> None:
    snapshot.change(lambda given: _note(given).update(mode=0o1640))
    restored = snapshot.restore()
    assert (restored.office.inbox / "acme-bv/note.txt").stat().st_mode & 0o7777 == 0o1640


@pytest.mark.parametrize("key", ["inbox", "queue", "portal", "vault"])
def test_settings_of_a_backup_that_nobody_vouches_for_lead_nowhere_else(snapshot: Snapshot, key: str) -> None:
    outside = snapshot.place / "outside"
    snapshot.rewrite("config/settings.yaml", f"paths: {{{key}: {outside}}}\n")
    for place in ("../outside", str(outside)):
        snapshot.rewrite("config/settings.yaml", f"paths: {{{key}: {place}}}\n")
        with pytest.raises(Refusal, match=rf"leads out of .* \(paths\.{key}\)"):
            snapshot.restore()
    assert not outside.exists()
    assert not (snapshot.place / "elsewhere").exists()
    digest = hashlib.sha256((snapshot.path / "manifest.json").read_bytes()).hexdigest()
    assert snapshot.restore(digest).is_known
    assert outside.exists()


def test_a_place_that_is_named_by_who_restores_is_taken(snapshot: Snapshot) -> None:
    snapshot.rewrite("config/settings.yaml", "paths: {inbox: /srv/inbox}\n")
    restored = snapshot.restore(DOSSIER_PATHS__INBOX=str(snapshot.place / "given"))
    assert (snapshot.place / "given/acme-bv/note.txt").exists()
    assert not restored.is_known


def test_the_digest_that_backup_printed_tells_the_backup_that_was_made_from_every_other(snapshot: Snapshot) -> None:
    printed = snapshot.report.digest
    as_it_was = snapshot.manifest
    snapshot.change(lambda given: _note(given).update(mtime_ns=1))
    with pytest.raises(Refusal, match="is not the backup that was made"):
        snapshot.restore(f"sha256:{printed}")
    assert not (snapshot.place / "elsewhere").exists()
    (snapshot.path / "manifest.json").write_text(json.dumps(as_it_was))
    assert snapshot.restore(f"sha256:{printed}").is_known


def test_the_trail_keeps_the_digest_of_each_backup_and_of_what_was_restored(snapshot: Snapshot) -> None:
    snapshot.restore()
    query: Any = EventDetail.select().join(Event, on=(Event.seq == EventDetail.seq)).where(Event.action == "office_restored")
    told = json.loads(query.get().detail)
    assert told["digest"] == snapshot.report.digest
    assert told["digest_was_given"] is False


def test_nothing_is_removed_through_a_link_in_a_folder_of_backups(tmp_path: Path) -> None:
    office = Records(tmp_path / "office")
    office.published()
    maintenance.back_up(office.office, office.tick(), JOOST, tmp_path / "backups", 1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").write_bytes(SECRET)
    free = next(name for name in ("00", "01", "02", "03") if not (tmp_path / "backups/vault" / name).exists())
    (tmp_path / "backups/vault" / free).symlink_to(other)
    with pytest.raises(NotADirectoryError):
        maintenance.back_up(office.office, office.tick(), JOOST, tmp_path / "backups", 1)
    assert (other / "precious").read_bytes() == SECRET
    close_database()
