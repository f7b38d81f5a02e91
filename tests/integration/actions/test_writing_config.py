"""A file of config/ that is written here: with its rights from the first moment on, and never without the trail."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import JOOST, Records

from desk.actions import config_files, first_run, list_import
from dossier.database.tables import Event
from dossier.files import files
from dossier.office import editing
from dossier.office.terms import CLIENTS, STAFF
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


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from desk.actions import config_files, first_run
from dossier.database.database import open_database
from dossier.office import editing
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.office.terms import CLIENTS, STAFF

office, what, write = load_office(Path(sys.argv[1]), dict(os.environ)), sys.argv[2], editing.write
open_database(office)

def killed(root, now, name, before, text):
    made = write(root, now, name, before, text)
    if name in (CLIENTS, STAFF):
        os.kill(os.getpid(), signal.SIGKILL)
    return made

editing.write = killed
now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
if what == "first":
    said = first_run.Beginning("Kantoor", "nl", "Anna Beheer", "a.beheer", "anna@noord.example")
    first_run.begin(office, {}, now, sys.argv[3], said, "192.0.2.7")
JOOST = Actor("j.admin", "desk", "os:root")
config_files.put(office, now, JOOST, CLIENTS, b"clients: {}\\n", "clients: {}  # none yet\\n", client="zon")
"""


def _killed(office: Records, *words: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(office.root), *words], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_of_a_file_that_was_written_by_somebody_who_was_killed_then_the_trail_tells(office: Records) -> None:
    _killed(office, "put")
    assert ((office.root / CLIENTS).read_text(), _noted(office)) == (THEN, 0)
    for _ in range(2):
        config_files.finish(office.office, office.tick())
    [event] = Event.select().where(Event.action == "config_changed")
    assert (event.actor, event.behind, event.way) == ("j.admin", "os:root", "desk")
    [told] = [one.said for one in trail.events() if one.action == "config_changed"]
    assert (told["file"], told["client"]) == (CLIENTS, "zon")


def test_a_change_that_was_not_made_is_not_told(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(editing, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            _put(office)
    (office.root / CLIENTS).write_text(THEN)
    config_files.finish(office.office, office.tick())
    assert _noted(office) == 0, "whoever wrote it by hand is another"


@pytest.fixture
def new_office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "new", clients=BEFORE.decode(), staff="staff: {}\n")
    yield records
    records.close()


ANNA = first_run.Beginning("Kantoor", "nl", "Anna Beheer", "a.beheer", "anna@noord.example")


def _offered(office: Records) -> str:
    address = first_run.offer(office.office, office.now)
    assert address is not None
    return address.rpartition("/")[2]


@pytest.mark.parametrize("which", ["settings.yaml", "staff.yaml"])
def test_where_the_trail_cannot_tell_of_the_first_admin_there_is_none(
    new_office: Records, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    secret, record = _offered(new_office), trail.record
    before = {path.name: path.read_bytes() for path in (new_office.root / "config").glob("*.yaml")}

    def full(*words: object, **more: object) -> None:
        if str(words[4]["file"]).endswith(which):  # type: ignore[index]
            raise OSError(28, "No space left on device")
        record(*words, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(trail, "record", full)
        with pytest.raises(OSError, match="No space"):
            first_run.begin(new_office.office, {}, new_office.now, secret, ANNA, "192.0.2.7")
    assert {path.name: path.read_bytes() for path in (new_office.root / "config").glob("*.yaml")} == before
    assert first_run.is_good(new_office.office, new_office.now, secret), "the address can be used again"
    first_run.begin(new_office.office, {}, new_office.now, secret, ANNA, "192.0.2.7")
    assert _noted(new_office) == 2


def test_an_admin_who_was_written_when_the_desk_was_killed_has_an_event(new_office: Records) -> None:
    _killed(new_office, "first", _offered(new_office))
    assert "a.beheer" in (new_office.root / STAFF).read_text()
    config_files.finish(new_office.office, new_office.tick())
    told = [(one.actor, one.said["file"]) for one in trail.events() if one.action == "config_changed"]
    assert told == [("a.beheer", "config/settings.yaml"), ("a.beheer", STAFF)]


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
