"""`dossier doctor`: everything a set-up can get wrong, looked at in a minute, and for each what to do.

A finding is `ok`, a `note` (works, but somebody should know) or `wrong` (exit 1). A check that fails itself is a finding too: one
that can't be made must not hide the others. Nothing is changed: a file is put into the inbox for a moment, under a name
that is never taken, as only that shows what this user and this file system can do; no mail is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dossier.database import close_database
from dossier.models import PROXY
from dossier.settings import Office

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look showed; `todo` says what to do about it."""

    check: str
    level: Level
    message: str
    todo: str = ""


Check = Callable[[Office, Mapping[str, str]], Iterator[Finding]]


def ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def note(check: str, message: str, todo: str) -> Finding:
    return Finding(check, "note", message, todo)


def wrong(check: str, message: str, todo: str) -> Finding:
    return Finding(check, "wrong", message, todo)


def examine(office: Office, environ: Mapping[str, str]) -> list[Finding]:
    """Make every check, in the order in which one would mend things."""
    from desk import doctor_folders, doctor_machine, doctor_office, doctor_queue, doctor_store

    checks: tuple[tuple[str, Check, bool], ...] = (
        # name, check, whether it needs the database
        ("versions", doctor_machine.versions, False),
        ("clock", doctor_machine.clocks, False),
        ("folders", doctor_folders.folders, False),
        ("inbox", doctor_folders.inbox, False),
        ("queue", doctor_queue.queue, False),
        ("portal", doctor_folders.portal, False),
        ("secrets", doctor_folders.secrets_of_the_office, False),
        ("store", doctor_store.stores, False),
        ("disk", doctor_folders.room, False),
        ("inotify", doctor_folders.inotify, False),
        ("scanner", doctor_office.scanner, False),
        ("database", doctor_office.database, False),
        ("trail", doctor_office.the_trail, True),
        ("people", doctor_office.people_and_rights, False),
        ("people", doctor_office.concepts, True),
        ("clients", doctor_office.clients, False),
        ("mail", doctor_office.mail, False),
        ("templates", doctor_office.templates, False),
        ("daemon", doctor_office.daemon, False),
        ("alarm", doctor_office.standing_alarms, True),
        ("backup", doctor_office.backups, True),
    )
    found: list[Finding] = []
    close_database()
    for name, check, needs_database in checks:
        if needs_database and (PROXY.obj is None or PROXY.is_closed()):
            continue
        try:
            found += check(office, environ)
        except Exception as error:  # noqa: BLE001 - whatever one check trips over, the others are made
            found.append(wrong(name, f"this could not be looked at: {type(error).__name__}: {error}", "mend that first"))
    return found
