"""An office that never had an admin gets its first one on the desk, by an address that only the
desk's log tells.

    offer    at the desk's start: a secret, kept as its SHA-256, good once and for an hour
    is_good  whether an address is the one that was offered last, and still good
    begin    writes office, mail and the admin into config/, and logs the admin in

Once an office had an admin, or anybody ever did anything in it, there is no such address any more,
whatever becomes of config/.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from desk.actions import config_files, places
from dossier.backup import backup
from dossier.database.database import transaction
from dossier.database.tables import Event, Note
from dossier.database.web_tables import DeskToken
from dossier.office import editing, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import SETTINGS, STAFF
from dossier.text import clock
from dossier.text.refusals import Invalid, NotFound, Problem, fault
from dossier.text.sentences import Sentence, sentence
from workflow.outbox import alarms
from workflow.portal_access import access, staff_access

HOURS = 1
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,253}|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]{0,40}")
"""A name or an address, without a port."""

_OFFERED, _BEGUN, _HAD, _CLICKED = "first run", "first run done", "had an admin", "a mailed link was clicked"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the first page asks."""

    office: str
    language: str
    name: str
    code: str
    email: str
    mail_host: str = ""
    sender: str = ""
    desk_name: str = ""
    """By which desk and portal are reached; they count once their web server is there (places.py).
    """
    portal_name: str = ""
    backup_folder: str = ""


def note_admins(office: Office) -> None:
    """Remember for ever that there was an admin."""
    if any("admin" in person.rights for person in office.staff.values()) and Note.read(_HAD) is None:
        _remember(_HAD, "yes")


def _remember(key: str, value: str) -> None:
    """Write it down, unless it is already. Not within `transaction()`."""
    with transaction():
        Note.insert(key=key, value=value).on_conflict_ignore().execute()


def is_new(office: Office) -> bool:
    """True while there never was an admin, and no person ever did anything here.

    The backup of every night is no person.
    """
    note_admins(office)
    by_people = (Event.way != "daemon") & (Event.action != "backed_up")
    return Note.read(_HAD) is None and not Event.select().where(by_people).exists()


def offer(office: Office, now: datetime) -> str | None:
    """The address of the first page, new at each start of the desk; None for an office that has or
    had an admin."""
    if not is_new(office):
        return None
    secret = secrets.token_urlsafe(32)
    value = json.dumps({"hash": _hash(secret), "until": clock.to_text(now + timedelta(hours=HOURS))})
    with transaction():
        Note.put(_OFFERED, value)
    return f"{office.settings.desk.base_url.rstrip('/')}/_first/{secret}"


def is_good(office: Office, now: datetime, secret: str) -> bool:
    """True if this is the secret that was offered last, and it was not used and is not too old."""
    note = Note.read(_OFFERED)
    if note is None or not is_new(office):
        return False
    offered = json.loads(note)
    return bool(secrets.compare_digest(offered["hash"], _hash(secret)) and offered["until"] > clock.to_text(now))


def begin(office: Office, environ: Mapping[str, str], now: datetime, secret: str, said: Beginning, peer: str) -> str:
    """Write it into config/, make this person the admin; the value of their session's cookie.

    Raises NotFound for a secret that is not good, Invalid with every fault; ConfigurationError,
    OSError. All of it or nothing, and the address is used up with the rest; killed in between,
    `config_files.finish` tells the trail. The file with the staff is written last.
    """
    if not is_good(office, now, secret):
        raise NotFound("first_run.over")
    wrong = [*_faults(said), *places.name_faults(said.desk_name, said.portal_name)]
    if said.backup_folder:
        wrong += places.folder_faults(office, said.backup_folder)
    if wrong:
        raise Invalid(wrong)
    changes = [
        (file, *editing.with_keys(office.root, environ, file, sections))
        for file, sections in ((SETTINGS, _settings(said)), (STAFF, {"staff": {said.code: _person(said)}}))
    ]
    with config_files.putting(office, now, Actor(said.code, "desk"), changes):
        _use_up(secret)
        Note.insert(key=_BEGUN, value=clock.to_text(now)).on_conflict_ignore().execute()
        if said.desk_name:
            places.note_meant(said.desk_name, said.portal_name)
    return staff_access.begin(office, now, said.code, said.email, peer)


def _use_up(secret: str) -> None:
    """Raises NotFound for the second of two at once. Within `transaction()`."""
    note = Note.read(_OFFERED)
    if note is None or json.loads(note)["hash"] != _hash(secret):
        raise NotFound("first_run.over")
    if Note.delete().where((Note.key == _OFFERED) & (Note.value == note)).execute() != 1:
        raise NotFound("first_run.over")


def left(office: Office, actor: Actor) -> list[tuple[Sentence, str]]:
    """What an office that began on the first page has not said yet; for an admin alone.

    Each as what to do next, with the page of the desk on which it is done.
    """
    if not people.is_admin(office, actor.code) or Note.read(_BEGUN) is None:
        return []
    settings, folder = office.settings, office.settings.backup.folder or ""
    has_mail, has_backup = settings.mail.host != "localhost", backup.last() is not None
    by_link = has_mail and settings.desk.oidc is None
    trouble = (alarms.text_of("mail") or alarms.text_of("mail sender")) if has_mail else None
    is_here = urlsplit(settings.desk.base_url).hostname in ("localhost", "127.0.0.1")
    lacks = (
        ("no_clients", "/office/import/clients", not office.clients),
        ("no_staff", "/office/staff", len(office.staff) < 2),
        ("no_mail", "/office/text/settings", not has_mail),
        ("mail_trouble", "/office/text/settings", trouble is not None),
        ("no_click", "/_login", by_link and not _is_clicked()),
        ("no_address", "/office/setup", is_here),
        ("no_presets", "/office/presets", not settings.presets),
        ("no_backup_folder", "/office/setup#backup", not folder and not has_backup),
        ("no_backup", "/office/setup#backup", bool(folder) and not has_backup),
    )
    values = {"folder": folder, "why": trouble}
    return [(sentence(f"first_run.{what}", **values), page) for what, page, is_lacking in lacks if is_lacking]


def _is_clicked() -> bool:
    """True once anybody has logged in by a mailed link: so mail arrives."""
    if Note.read(_CLICKED) is None:
        if not DeskToken.select().where(DeskToken.used_at.is_null(False)).exists():
            return False
        note_click()
    return True


def note_click() -> None:
    """Remember for ever that somebody clicked a mailed link."""
    _remember(_CLICKED, "yes")


def _faults(said: Beginning) -> list[Problem]:
    is_fit = {
        "office": 1 <= len(said.office) <= 80,
        "language": said.language in ("nl", "en"),
        "name": 1 <= len(said.name) <= 80,
        "code": re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", said.code),
        "email": access.is_address(said.email),
        "mail_host": not said.mail_host or _HOST.fullmatch(said.mail_host),
        "sender": not said.mail_host or access.is_address(said.sender),
    }
    return [fault(key, f"first_run.{'email' if key == 'sender' else key}") for key, fits in is_fit.items() if not fits]


def _settings(said: Beginning) -> dict[str, dict[str, Any]]:
    """Sections of settings.yaml with what is put into them; what was left for later is left out."""
    sections: dict[str, dict[str, Any]] = {"office": {"name": said.office, "language": said.language}}
    if said.mail_host:
        name = " ".join(re.sub(r'["<>\\,;:@()\[\]]', " ", said.office).split())
        sections["mail"] = {"host": said.mail_host, "sender": f"{name} <{said.sender}>"}
    if said.backup_folder:
        sections["backup"] = {"folder": said.backup_folder}
    return sections


def _person(said: Beginning) -> dict[str, Any]:
    rights = ["create", "share", "approve", "admin"]
    return {"name": said.name, "email": said.email, "rights": rights, "clients": "all", "language": said.language}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
