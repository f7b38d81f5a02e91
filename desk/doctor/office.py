"""What `doctor` looks at in the office itself: database, people and their rights, clients, mail,
daemon, backups."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import parseaddr

from desk.doctor.findings import Finding, note, ok, wrong
from dossier import __version__
from dossier.backup import backup
from dossier.cluster import presence
from dossier.database import identity, search, snapshot, trouble
from dossier.database.database import close_database, open_to_read, probe
from dossier.database.identity import NotAsked, NotThisOffice
from dossier.database.tables import PROXY, Event, Item, item_name
from dossier.database.trouble import UNAVAILABLE, DatabaseTooNew, DatabaseUnavailable
from dossier.database.web_tables import tables_of_an_office
from dossier.files import files
from dossier.office import hours, people
from dossier.office.keys import Preset, Staff
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import clock
from dossier.text.names import fold, name_fault
from dossier.text.sentences import Sentence
from dossier.trail import anchors, trail
from ingest.intake import scanning
from ingest.sidecar.presets import Spoken
from ingest.sidecar.reading import read_preset
from workflow.mail import smtp
from workflow.messages import letters, logo
from workflow.outbox import alarms

AHEAD_SECONDS = 60
"""What happened so far in the future shows that the clock was set back."""

APART_SECONDS = 2
"""A clock that is kept differs from another by far less."""

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""PostgreSQL's settings without which a power cut takes what was committed."""

_HERE = ("localhost", "127.0.0.1", "::1")


def database(office: Office) -> Iterator[Finding]:
    path = snapshot.sqlite_path(office)
    try:
        if path is not None and not path.exists():
            identity.expect(office)
            yield ok("database", "doctor.made_later", path=str(path))
            return
        if doubt := open_to_read(office):
            raise doubt
    except (NotThisOffice, NotAsked) as error:
        yield wrong("database", "doctor.not_this_office", why=error.sentence)
        return
    except DatabaseTooNew as error:
        yield wrong("database", "doctor.database_too_new", why=error.sentence)
        return
    except DatabaseUnavailable as error:
        why = error.sentence
        fault = None
        if path is not None:
            with contextlib.suppress(sqlite3.OperationalError):
                fault = snapshot.why_damaged(path, thoroughly=True)
        if fault:
            yield wrong("database", "doctor.database_damaged", path=str(path), why=fault)
        elif path is not None:
            yield wrong("database", "doctor.database_barred", why=why, user=people.user_name(os.geteuid()), path=str(path))
        else:
            yield wrong("database", "doctor.database_gone", why=why)
        return
    if gone := sorted(tables_of_an_office() - set(PROXY.get_tables())):
        yield wrong("database", "doctor.tables_gone", tables=", ".join(gone))
        return
    try:
        probe()
    except UNAVAILABLE as error:
        yield wrong("database", "doctor.database_takes_nothing", why=trouble.told(error))
    if path is not None:
        try:
            fault = snapshot.why_damaged(path, thoroughly=True)
        except sqlite3.OperationalError as error:
            yield wrong("database", "doctor.database_takes_nothing", why=trouble.told(error))
            return
        if fault:
            close_database()
            yield wrong("database", "doctor.database_damaged", path=str(path), why=fault)
            return
        yield ok("database", "doctor.sqlite_whole", mb=-(-path.stat().st_size // 10**6))
        if damage := search.why_damaged():
            yield wrong("database", "doctor.index_damaged", why=damage)
    else:
        yield from _postgresql()
    if since := identity.trial_since():
        yield note("database", "doctor.trial", since=clock.to_the_minute(since))


def _postgresql() -> Iterator[Finding]:
    from dossier.database.postgresql import HOLDS_ANY_TEXT

    apart = round(clock.ahead().total_seconds())
    if abs(apart) > APART_SECONDS:
        yield note("clock", "doctor.clock_behind" if apart > 0 else "doctor.clock_ahead", seconds=abs(apart))
    version = PROXY.execute_sql("SHOW server_version").fetchone()[0]
    yield ok("database", "doctor.postgresql", version=str(version))
    if off := [name for name in DURABLE if PROXY.execute_sql(f"SHOW {name}").fetchone()[0] == "off"]:
        yield note("database", "doctor.not_durable", settings=", ".join(off))
    if (encoding := PROXY.obj.encoding()) not in HOLDS_ANY_TEXT:
        yield wrong("database", "doctor.other_encoding", encoding=encoding)
    if no_dump := snapshot.why_no_dump(str(version)):
        yield wrong("database", "doctor.no_dump", why=no_dump)


def scanner(office: Office) -> Iterator[Finding]:
    address = office.settings.intake.clamd
    if address is None:
        return
    gone = scanning.why_gone(address)
    if gone:
        yield wrong("scanner", "doctor.no_scanner", why=gone)
    else:
        yield ok("scanner", "doctor.scanner", address=address)


def the_trail(office: Office) -> Iterator[Finding]:
    last = Event.select(Event.at).order_by(Event.seq.desc()).first()
    if last is not None and clock.from_text(last.at) > clock.utc_now() + timedelta(seconds=AHEAD_SECONDS):
        yield wrong("clock", "doctor.event_to_come", at=clock.to_the_minute(last.at))
    found, fault = anchors.read(anchors.folder_of(office))
    newest = max(found, key=lambda anchor: anchor.length, default=None)
    fault = fault or (anchors.misfit(newest) if newest else None)
    if fault:
        yield wrong("trail", "doctor.trail_wrong", why=fault)
    else:
        yield ok("trail", "doctor.trail", count=trail.head()[0])


def people_and_rights(office: Office) -> Iterator[Finding]:
    active = {code: person for code, person in office.staff.items() if person.active}
    if not people.admins(office):
        yield wrong("people", "doctor.no_admin")
    if not any(people.has_right(person, "create") or people.has_right(person, "admin") for person in active.values()):
        yield wrong("people", "doctor.no_makers")
    for code, person in active.items():
        if person.substitute and not people.has_right(office.staff[person.substitute], "approve"):
            yield wrong("people", "doctor.substitute_may_not", substitute=person.substitute, staff=code)
    yield from _alike(active)
    for code in filter(_is_lost_on_windows, active):
        yield note("people", "doctor.staff_not_for_windows", staff=code)
    if not office.settings.identity.trust_sidecar:
        if without := [code for code, person in active.items() if not person.os_user]:
            yield note("people", "doctor.no_os_user", staff=without[0], count=len(without))
        for code, person in active.items():
            if person.os_user and not _exists(person.os_user):
                yield note("people", "doctor.no_such_os_user", staff=code, user=person.os_user)
    yield ok("people", "doctor.staff", count=len(active))


def _alike(active: Mapping[str, Staff]) -> Iterator[Finding]:
    """Two people who are one to somebody: by their folder on a share, by the letters they get."""
    codes, addresses = dict[str, str](), dict[str, str]()
    for code, person in active.items():
        if (first := codes.setdefault(code.casefold(), code)) != code:
            yield wrong("people", "doctor.codes_alike", staff=code, other=first)
        if (first := addresses.setdefault(person.email.casefold(), code)) != code:
            yield note("people", "doctor.one_address", staff=code, other=first, address=person.email)


def _is_lost_on_windows(code: str) -> bool:
    """True if a folder of this name can't be opened from Windows."""
    fault = name_fault(code)
    return fault is not None and fault.code == "names.reserved"


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def concepts(office: Office, may: Readable = ALL) -> Iterator[Finding]:
    """Those that wait for somebody who can't decide on them: by whom it is, and why not; as far as
    the reader may know of them. An admin can, where nobody else is left to be asked."""
    today = hours.today(office, clock.utc_now())
    waiting = Item.select(Item.id, Item.client, Item.approvers, Item.type).where(Item.pending.is_null(False))
    found: dict[tuple[str, Sentence], list[int]] = {}
    for item in waiting.order_by(Item.id):
        for code in item.approvers if may.has(item.client, item.type) else ():
            refusal = people.why_not_approve(office, code, item.client, item.type)
            if refusal and code not in people.approver_seats(office, item.client, item.type, [code], (), today)[0].people:
                found.setdefault((code, refusal), []).append(item.id)
    for (code, refusal), items in found.items():
        first = item_name(items[0])
        yield wrong("people", "doctor.approver_may_not", staff=code, why=refusal, count=len(items), item=first)


def clients(office: Office) -> Iterator[Finding]:
    active = {code: client for code, client in office.clients.items() if client.active}
    for code, client in active.items():
        approver = client.default_approver
        refusal = people.why_not_approve(office, approver, code, None) if approver else None
        if refusal:
            yield wrong("clients", "doctor.default_approver_may_not", client=code, why=refusal, staff=approver)
    for code in filter(_is_lost_on_windows, active):
        yield note("clients", "doctor.client_not_for_windows", client=code)
    untold = [code for code, one in active.items() if one.portal and not any(contact.active for contact in one.contacts)]
    if untold:
        yield wrong("clients", "doctor.no_contact", client=untold[0], count=len(untold))
    yield ok("clients", "doctor.clients", count=len(active))


def of_presets(office: Office, may: Readable = ALL) -> Iterator[Finding]:
    """What would have every file of a preset refused, and folders that people look for in vain.

    Nothing of a preset whose type the reader may not know of.
    """
    presets = {name: one for name, one in office.settings.presets.items() if one.type not in may.hidden_types}
    active = [code for code, client in office.clients.items() if client.active and (office.inbox / code).is_dir()]
    for name, preset in presets.items():
        _, faults = read_preset(Spoken(name, preset), "x" * office.settings.items.description_min, office.settings)
        for fault in faults:
            yield wrong("presets", "doctor.preset_is_wrong", preset=name, why=fault.message)
        found: dict[tuple[str, Sentence | None], list[str]] = {}
        for code in active:
            for one in _of_preset_for(office, preset, code):
                found.setdefault(one, []).append(code)
        for (told, why), codes in found.items():
            path = str(office.inbox / codes[0] / str(preset.folder))
            finding = note if told == "doctor.preset_lacks_folder" else wrong
            yield finding("presets", told, preset=name, client=codes[0], count=len(codes), path=path, why=why)
    if presets:
        yield ok("presets", "doctor.presets", names=", ".join(presets))


def _of_preset_for(office: Office, preset: Preset, code: str) -> Iterator[tuple[str, Sentence | None]]:
    """What is the matter with a preset for one client, and why if there is more to say."""
    for approver in preset.approver:
        if why := people.why_not_approve(office, approver, code, preset.type):
            yield "doctor.preset_approver_may_not", why
    path = office.inbox / code / str(preset.folder)
    if preset.folder and not files.is_folder(path) and fold(preset.folder) not in map(fold, os.listdir(path.parent)):
        yield "doctor.preset_lacks_folder", None
    if preset.folder and files.exists(path) and not files.is_folder(path):
        yield "doctor.preset_no_folder", None
    refusal = people.why_not_create(office, preset.maker, code) if preset.maker else None
    if refusal or (preset.maker and (refusal := people.why_not_type(office, preset.maker, preset.type))):
        yield "doctor.preset_maker_may_not", refusal
    is_asked = preset.share and preset.share_status != "approved" and not preset.approver
    if is_asked and not office.clients[code].default_approver:
        yield "doctor.preset_asks_nobody", None


def mail(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The dialogue up to RCPT, to the office's own address; then it is reset, and nothing is
    sent."""
    settings = office.settings.mail
    if identity.ask_marks(office) or identity.is_trial():
        return
    if settings.username and settings.security == "none" and settings.host not in _HERE:
        yield wrong("mail", "doctor.password_in_clear", user=settings.username, host=settings.host)
    try:
        answer = smtp.try_out(settings, environ)
    except smtp.NoServer as error:
        yield wrong("mail", "doctor.no_mail_server", why=error.sentence)
        return
    if answer.is_yes:
        yield ok("mail", "doctor.mail_server", host=settings.host, port=settings.port, sender=parseaddr(settings.sender)[1])
    elif answer.of_sender:
        yield wrong("mail", "doctor.sender_refused", sender=settings.sender, answer=answer.text)
    else:
        yield wrong("mail", "doctor.relay_refused", recipient=parseaddr(settings.sender)[1], answer=answer.text)
    base = office.settings.portal.base_url
    if "//localhost" in base or "//127.0.0.1" in base:
        yield note("mail", "doctor.links_here_only", address=base)


def templates(office: Office) -> Iterator[Finding]:
    for fault in letters.faults(office):
        yield wrong("templates", "doctor.template_wrong", why=fault)


def picture(office: Office) -> Iterator[Finding]:
    fault = logo.fault(office)
    if fault is not None:
        yield wrong("logo", "doctor.logo_wrong", path=str(logo.PLACE), why=fault)


def daemon(office: Office) -> Iterator[Finding]:
    running = presence.daemons(office, clock.utc_now()) if PROXY.obj is not None and not PROXY.is_closed() else []
    if not running:
        yield note("daemon", "doctor.no_daemon")
    for one in running:
        values = {"pid": one.get("pid", "?"), "host": one.get("host", socket.gethostname())}
        if one.get("version", __version__) != __version__:
            yield wrong("daemon", "doctor.other_version", **values, runs=one["version"], installed=__version__)
        else:
            yield ok("daemon", "doctor.daemon", **values)


def standing_alarms(office: Office) -> Iterator[Finding]:  # noqa: ARG001
    for text in alarms.standing():
        yield wrong("alarm", "doctor.alarm", what=text)


def backups(office: Office) -> Iterator[Finding]:
    last = backup.last()
    if fault := backup.trouble(office, clock.utc_now()):
        yield wrong("backup", "doctor.backup_trouble", what=fault)
    elif last is None:
        yield note("backup", "doctor.no_backup")
    elif not os.path.isdir(last["to"]):
        yield note("backup", "doctor.backup_away", at=clock.to_the_minute(last["at"]), path=last["to"])
    else:
        yield ok("backup", "doctor.backup", at=clock.to_the_minute(last["at"]), path=last["to"])
