"""What `doctor` looks at in the office itself: database, people and their rights, clients, mail, daemon, backups."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import parseaddr

from desk.doctor.findings import Finding, note, ok, wrong
from dossier import __version__
from dossier.backup import backup
from dossier.cluster import presence
from dossier.database import snapshot, trouble
from dossier.database.database import close_database, open_database, probe
from dossier.database.tables import PROXY, Event, Item
from dossier.database.trouble import UNAVAILABLE, DatabaseTooNew, DatabaseUnavailable
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import anchors, trail
from ingest.intake import scanning
from workflow.mail import smtp
from workflow.messages import letters, logo
from workflow.outbox import alarms

BACKUP_DAYS = 8
"""After so long without a backup somebody should know."""

AHEAD_SECONDS = 60
"""What happened so far in the future shows that the clock was set back."""

APART_SECONDS = 2
"""A clock that is kept differs from another by far less."""

_HERE = ("localhost", "127.0.0.1", "::1")


def database(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    path = snapshot.sqlite_path(office)
    if path is not None and not path.exists():
        yield ok("database", f"{path}: made when the daemon starts")
        return
    try:
        open_database(office)
    except DatabaseTooNew as error:
        yield wrong("database", str(error), "install the version of dossier that it was written by, or a later one")
        return
    except DatabaseUnavailable as error:
        todo = "start the server, or mend database.url"
        if path is not None:
            todo = f"give {people.user_name(os.geteuid())} the right to it and to its folder: chown {people.user_name(os.geteuid())} {path}"
        yield wrong("database", " ".join(str(error).split()), todo)
        return
    try:
        probe()
    except UNAVAILABLE as error:
        yield wrong("database", f"nothing can be written: {trouble.told(error)}", "until then nothing is taken, decided or sent")
    if path is not None:
        fault = snapshot.why_damaged(path)
        if fault:
            close_database()
            yield wrong("database", f"{path} is damaged: {fault}", "stop the daemon and restore the last backup: dossier restore")
            return
        yield ok("database", f"SQLite, {path.stat().st_size / 1e6:.1f} MB, whole")
    else:
        apart = round(clock.ahead().total_seconds())
        if abs(apart) > APART_SECONDS:
            how = f"{abs(apart)} seconds {'behind' if apart > 0 else 'ahead of'} the database server's"
            yield note(
                "clock", f"this machine's is {how}", "dossier goes by the server's; set both by a time server, such as chrony"
            )
        version = PROXY.execute_sql("SHOW server_version").fetchone()[0]
        yield ok("database", f"PostgreSQL {version}")
        if fault := snapshot.why_no_dump(str(version)):
            yield wrong(
                "database", f"it can't be backed up: {fault}", "install postgresql-client, in the server's version or a later one"
            )


def scanner(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    address = office.settings.intake.clamd
    if address is None:
        return
    gone = scanning.why_gone(address)
    if gone:
        yield wrong("scanner", gone, "systemctl start clamav-daemon; let the daemon's user into its socket's group")
    else:
        yield ok("scanner", f"clamd answers at {address}")


def the_trail(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    last = Event.select(Event.at).order_by(Event.seq.desc()).first()
    if last is not None and clock.from_text(last.at) > clock.utc_now() + timedelta(seconds=AHEAD_SECONDS):
        yield wrong("clock", f"the last event in the trail is of {clock.shown(last.at)}, which is still to come", "set the clock")
    found, fault = anchors.read(anchors.folder_of(office))
    newest = max(found, key=lambda anchor: anchor.length, default=None)
    fault = fault or (anchors.misfit(newest) if newest else None)
    if fault:
        yield wrong("trail", str(fault), "see what happened: dossier audit verify; a backup has what was there")
    else:
        yield ok("trail", f"{trail.head()[0]} events; all of them are checked by: dossier audit verify")


def people_and_rights(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    active = {code: person for code, person in office.staff.items() if person.active}
    if not people.admins(office):
        yield wrong("people", "nobody is an admin: nobody hears of alarms or can help when an approver is gone",
                    "give somebody the right `admin` in config/staff.yaml")  # fmt: skip
    if not any(people.has_right(person, "create") or people.has_right(person, "admin") for person in active.values()):
        yield wrong("people", "nobody may make items", "give staff the right `create` in config/staff.yaml")
    for code, person in active.items():
        if person.substitute and not people.has_right(office.staff[person.substitute], "approve"):
            yield wrong("people", f"{person.substitute} stands in for {code}, but may not approve",
                        f"give {person.substitute} the right `approve`, or name another substitute")  # fmt: skip
        if office.settings.identity.trust_sidecar:
            continue
        if not person.os_user:
            yield note(
                "people",
                f"{code} has no os_user: a file that {code} drops is refused",
                f"give {code} an os_user in config/staff.yaml",
            )
        elif not _exists(person.os_user):
            yield note("people", f"{code}'s os_user `{person.os_user}` is no user of this machine",
                       "mend the name, or make the machine know it (getent passwd NAME)")  # fmt: skip
    yield ok("people", f"{len(active)} staff members")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def concepts(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    """Those that wait for somebody who can't decide on them."""
    told = set()
    for item in Item.select(Item.client, Item.approvers, Item.type).where(Item.pending.is_null(False)):
        for code in item.approvers:
            refusal = people.why_not_approve(office, code, item.client, item.type)
            if refusal and (code, refusal) not in told:
                told.add((code, refusal))
                yield wrong("people", f"a concept of {item.client} waits for {code}: {refusal}",
                            "mend the rights; until then the client's default approver or an admin is asked")  # fmt: skip


def clients(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    active = {code: client for code, client in office.clients.items() if client.active}
    for code, client in active.items():
        approver = client.default_approver
        refusal = people.why_not_approve(office, approver, code, None) if approver else None
        if refusal:
            yield wrong("clients", f"{code}'s default approver can't approve: {refusal}",
                        f"give {approver} the right `approve` (config/staff.yaml), or name another (config/clients.yaml)")  # fmt: skip
        if client.portal and not any(contact.active for contact in client.contacts):
            yield wrong("clients", f"{code} has no contact: nobody can be told or log in",
                        "add one under `contacts` in config/clients.yaml, or set `portal: false`")  # fmt: skip
    yield ok("clients", f"{len(active)} active clients")


def mail(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The dialogue up to RCPT, to the office's own address; then it is reset, and nothing is sent."""
    settings = office.settings.mail
    if settings.username and settings.security == "none" and settings.host not in _HERE:
        yield wrong("mail", f"the password of {settings.username} goes unencrypted to {settings.host}",
                    "set mail.security to starttls or tls")  # fmt: skip
    try:
        answer = smtp.try_out(settings, environ)
    except smtp.NoServer as error:
        yield wrong("mail", str(error), "until then mails wait in the outbox")
        return
    if answer.is_yes:
        yield ok("mail", f"{settings.host}, port {settings.port}, takes mail from {parseaddr(settings.sender)[1]}")
    elif answer.of_sender:
        yield wrong(
            "mail",
            f"the server refuses mail from {settings.sender}: {answer.text}",
            "set mail.sender to an address that it lets send",
        )
    else:
        yield wrong("mail", f"the server refuses mail to {parseaddr(settings.sender)[1]}: {answer.text}",
                    "let it relay for this machine, or set mail.username and the password")  # fmt: skip
    base = office.settings.portal.base_url
    if "//localhost" in base or "//127.0.0.1" in base:
        yield note(
            "mail",
            f"links in mails begin with {base}, which only opens on this machine",
            "set portal.base_url to where clients reach the portal",
        )


def templates(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    for fault in letters.faults(office):
        yield wrong("templates", str(fault), "mend it; until then the usual letter is sent. See: dossier mail preview ITEM")


def picture(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    fault = logo.fault(office)
    if fault is not None:
        yield wrong("logo", f"{logo.PLACE}: {fault}", "until then mails and the portal are without it")


def daemon(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    running = presence.daemons(office, clock.utc_now()) if PROXY.obj is not None and not PROXY.is_closed() else []
    if not running:
        yield note("daemon", "none runs: nothing is taken, published or mailed", "systemctl start dossier, or: dossier run")
    for one in running:
        where = f"process {one.get('pid', 'unknown')} on {one.get('host', 'this machine')}"
        if one.get("version", __version__) != __version__:
            yield wrong(
                "daemon", f"version {one['version']} runs ({where}), and {__version__} is installed", "systemctl restart dossier"
            )
        else:
            yield ok("daemon", f"it runs ({where})")


def standing_alarms(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    for text in alarms.standing():
        yield wrong("alarm", str(text), "see docs/operations.md, Alarms")


def backups(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    last = backup.last()
    if last is None:
        yield note("backup", "none was made yet", "dossier backup DEST, every night, to another disk (docs/operations.md)")
        return
    age = clock.utc_now() - clock.from_text(last["at"])
    if age > timedelta(days=BACKUP_DAYS):
        yield note("backup", f"the last one is {age.days} days old ({last['to']})", "see why it was not made since")
    elif not os.path.isdir(last["to"]):
        yield note(
            "backup", f"the last one, of {clock.shown(last['at'])}, is not at {last['to']} now", "mount that disk when backing up"
        )
    else:
        yield ok("backup", f"the last one is of {clock.shown(last['at'])}, in {last['to']}")
