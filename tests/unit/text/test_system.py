"""What the system says is told with the file's name and what to do about it."""

from __future__ import annotations

import errno
import os

import pytest
from peewee import DatabaseError, OperationalError

from desk.cli import main
from dossier.database import trouble
from dossier.text import system


@pytest.mark.parametrize(
    ("code", "todo", "te_doen"),
    [(errno.ENOSPC, "make room", "maak daar ruimte"), (errno.EDQUOT, "quota", "quotum"), (errno.EROFS, "mount it for writing", "schrijfbaar"),
     (errno.EIO, "look at it", "kijk ernaar"), (errno.EMFILE, "LimitNOFILE", "LimitNOFILE"), (errno.ENFILE, "fs.file-max", "fs.file-max"),
     (errno.EPERM, "lsattr", "lsattr"), (errno.EBUSY, "findmnt", "findmnt"), (errno.ENOMEM, "MemoryMax", "MemoryMax"),
     (errno.EACCES, "the right", "het recht"), (errno.EXDEV, "one disk", "één schijf"), (errno.ESTALE, "mount the share", "koppel de netwerkmap")],
)  # fmt: skip
def test_an_error_of_the_system_names_the_file_says_what_is_wrong_and_what_to_do(code: int, todo: str, te_doen: str) -> None:
    error = OSError(code, os.strerror(code), "/srv/office/var/vault")
    told = system.said(error, "en")
    assert told.startswith(f"/srv/office/var/vault: {os.strerror(code)}; ")
    assert todo in told
    assert te_doen in system.said(error, "nl")
    assert os.strerror(code) not in system.said(error, "nl")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_of_what_somebody_asked_for_it_is_not_told_that_it_is_tried_again(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    error = OSError(code, os.strerror(code), "/mnt/stick/export")
    assert main._told(error) == 4
    told = capsys.readouterr().err
    assert told.startswith(f"/mnt/stick/export: {os.strerror(code)}; ")
    assert told.rstrip().endswith("then try again")
    assert "waits" not in told


def test_words_of_our_own_are_told_as_they_are() -> None:
    error = OSError(errno.EIO, "reads back otherwise than it was written", "/srv/office/var/vault/ab")
    assert system.said(error, "en") == "/srv/office/var/vault/ab: reads back otherwise than it was written"


def test_a_disk_that_failed_is_no_damaged_database() -> None:
    told = str(trouble.told(OperationalError("disk I/O error")))
    assert "disk" in told
    assert "try again" in told
    assert "damaged" not in told
    assert "restore" not in told


def test_a_restore_is_not_advised_before_all_of_the_database_was_looked_through() -> None:
    told = str(trouble.told(DatabaseError("database disk image is malformed")))
    assert "dossier doctor" in told
    assert "restore" not in told


def test_a_machine_without_threads_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main._told(RuntimeError("can't start new thread")) == 4
    assert "TasksMax" in capsys.readouterr().err


def test_a_machine_without_memory_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main._told(MemoryError()) == 4
    said = capsys.readouterr().err
    assert "MemoryMax" in said
    assert "errors.log" not in said
