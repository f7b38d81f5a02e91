"""`dossier doctor`: what can be wrong with a set-up, and for each finding what to do.

A finding is `ok`, a `note` (it works, but somebody should know) or `wrong` (exit 1). A check that
itself fails is a finding too, so that it hides no other. Nothing is changed and no mail is sent.
Only a file is put into the inbox for a moment, under a name that is never taken: nothing else shows
what this user and this file system can do.
"""

from __future__ import annotations

from collections.abc import Mapping

from desk.doctor import accounts, folders, machine, queue, store
from desk.doctor import office as of_the_office
from desk.doctor.findings import Check, Finding, wrong
from dossier.database.database import close_database
from dossier.database.tables import PROXY
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import system


def examine(office: Office, environ: Mapping[str, str], reader: Actor | None = None) -> list[Finding]:
    """Make every check, in the order in which one would mend things; what this reader may know."""
    may = people.readable(office, reader) if reader is not None else people.ALL
    checks: tuple[tuple[str, Check, bool], ...] = (
        # name, check, whether it needs the database
        ("versions", machine.versions, False),
        ("program", machine.program, False),
        ("clock", lambda _: machine.clocks(environ), False),
        ("programs", machine.helpers, False),
        ("folders", folders.folders, False),
        ("inbox", folders.inbox, False),
        ("queue", queue.queue, False),
        ("portal", folders.portal, False),
        ("secrets", folders.secrets_of_the_office, False),
        ("store", store.stores, False),
        ("disk", folders.room, False),
        ("inotify", folders.inotify, False),
        ("scanner", of_the_office.scanner, False),
        ("database", of_the_office.database, False),
        ("trail", of_the_office.the_trail, True),
        ("people", of_the_office.people_and_rights, False),
        ("people", accounts.accounts, False),
        ("people", lambda office: of_the_office.concepts(office, may), True),
        ("clients", of_the_office.clients, False),
        ("presets", lambda office: of_the_office.of_presets(office, may), False),
        ("mail", lambda office: of_the_office.mail(office, environ), False),
        ("templates", of_the_office.templates, False),
        ("logo", of_the_office.picture, False),
        ("daemon", of_the_office.daemon, False),
        ("alarm", of_the_office.standing_alarms, True),
        ("backup", of_the_office.backups, True),
    )
    found: list[Finding] = []
    close_database()
    for name, check, needs_database in checks:
        if needs_database and (PROXY.obj is None or PROXY.is_closed()):
            continue
        try:
            found += check(office)
        except OSError as error:
            found.append(wrong(name, "doctor.not_looked_at", error=system.whole(error)))
        except Exception as error:  # noqa: BLE001 - whatever one check trips over, the others are made
            found.append(wrong(name, "doctor.not_looked_at", error=f"{type(error).__name__}: {error}"))
    return found
