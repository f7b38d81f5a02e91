"""A file of config/ that is written here: with its rights from the first moment on, and never without the trail."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import JOOST, Records

from desk.actions import config_files, list_import
from dossier.database.tables import Event
from dossier.files import files
from dossier.office import editing
from dossier.office.terms import CLIENTS
from dossier.trail import trail

BEFORE, THEN = b"clients: {}\n", "clients: {}  # none yet\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office")
    (records.root / CLIENTS).write_bytes(BEFORE)
    yield records
    records.close()


def _put(office: Records) -> None:
    config_files.put(office.office, office.tick(), JOOST, CLIENTS, BEFORE, THEN)


def _noted(office: Records) -> int:
    return Event.select().where(Event.action == "config_changed").count()


@pytest.mark.parametrize("when", ["recorded", "committed"])
def test_what_the_trail_cannot_tell_of_is_not_changed(office: Records, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    record = trail.record

    def full(*words: object, **more: object) -> None:
        if when == "committed":
            record(*words, **more)  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(trail, "record", full)
        with pytest.raises(OSError, match="No space"):
            _put(office)
    assert (office.root / CLIENTS).read_bytes() == BEFORE
    assert _noted(office) == 0
    _put(office)
    assert (office.root / CLIENTS).read_text() == THEN
    assert _noted(office) == 1


def test_what_was_left_where_somebody_was_killed_is_cleared_away(office: Records) -> None:
    left = office.root / "config" / ".0123456789abcdef.tmp"
    left.write_text(THEN)
    _put(office)
    assert not left.exists()


def test_a_client_is_there_though_the_inbox_takes_no_folder_now(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (office.office.inbox / "acme-bv").mkdir(parents=True, exist_ok=True)
    made = list_import.ListPlan("clients", {}, [], new=["acme-bv", "zon"], before=BEFORE, text=THEN)
    with monkeypatch.context() as broken:
        broken.setattr(files, "make_folder", away)
        assert list_import.make_inboxes(office.office, made.new) == [office.office.inbox / "acme-bv"]
    assert list_import.apply(office.office, office.tick(), JOOST, made) == [office.office.inbox / one for one in made.new]
    assert (office.root / CLIENTS).read_text() == THEN


def test_its_rights_are_those_of_the_file_from_the_moment_it_has_its_name(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen, rename = office.root / CLIENTS, list[tuple[int, int]](), os.rename
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 1, 1)

    def noted(source: str, target: str, **more: int) -> None:
        status = os.stat(source, dir_fd=more.get("src_dir_fd"))
        seen.append((stat.S_IMODE(status.st_mode), status.st_uid))
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", noted)
    umask = os.umask(0o077)
    try:
        copy = editing.write(office.root, office.tick(), CLIENTS, BEFORE, THEN)
    finally:
        os.umask(umask)
    status = path.stat()
    assert seen == [(0o664, status.st_uid), (0o664, status.st_uid)], "the copy of what it was, and the file"
    assert copy.read_bytes() == BEFORE
    above, var = copy.parent.stat(), (office.root / "var").stat()
    assert (above.st_uid, stat.S_IMODE(above.st_mode)) == (var.st_uid, stat.S_IMODE(var.st_mode))
