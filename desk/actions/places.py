"""By which names people reach the office, and where its backups go: what an admin chooses on the
desk.

    web_server_block  what Caddy must be told, with the office's own names in it
    save_names        https://NAME becomes the address of desk and portal
    folder_faults     why backups can't go to a folder
    save_folder       the folder that backups go to

The names are only saved once the web server answers by them: from then on the desk sends people
there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from desk.actions import config_files
from desk.actions.acting import need_admin
from dossier.backup import backup
from dossier.database.tables import Note
from dossier.office import editing, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import SETTINGS
from dossier.text import system
from dossier.text.refusals import Invalid, Problem, Refusal, fault

_MEANT = "names that were meant"
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_HERE = "127.0.0.1"


def is_fixed(environ: Mapping[str, str], key: str) -> bool:
    """True if the environment says this setting (such as `desk.base_url`), so that config/ doesn't
    count."""
    return f"DOSSIER_{key.upper().replace('.', '__')}" in environ


def name_typed(text: str) -> str:
    """A host name as somebody may have typed or pasted it: with https:// before it, with capitals,
    with a slash at its end."""
    return re.sub(r"^https?://", "", text.strip().lower()).rstrip("/.")


def name_faults(desk: str, portal: str) -> list[Problem]:
    """What is wrong with these names, of which both may be empty."""
    if not desk and not portal:
        return []
    typed = {"desk_name": desk, "portal_name": portal}
    wrong = [fault(key, "places.name") for key, name in typed.items() if not _NAME.fullmatch(name)]
    return wrong or ([fault("portal_name", "places.same_name")] if desk == portal else [])


def names(office: Office) -> tuple[str, str]:
    """The names of desk and portal: those in use, else those that were meant once, else nothing."""
    known = tuple(urlsplit(one.base_url) for one in (office.settings.desk, office.settings.portal))
    if all(one.scheme == "https" and one.hostname for one in known):
        return str(known[0].hostname), str(known[1].hostname)
    note = Note.read(_MEANT)
    desk, portal = json.loads(note) if note else ("", "")
    return desk, portal


def note_meant(desk: str, portal: str) -> None:
    """Remember names until they are in use. Call inside `transaction()`."""
    Note.put(_MEANT, json.dumps([desk, portal]))


def web_server_block(office: Office, desk: str, portal: str) -> str:
    """What stands in Caddy's file for these names; it gets their certificates by itself."""
    settings = office.settings
    return "\n".join(
        f'{name} {{\n\theader Strict-Transport-Security "max-age=31536000"\n\treverse_proxy {_HERE}:{port}\n}}\n'
        for name, port in ((desk, settings.desk.port), (portal, settings.portal.port))
    )


def save_names(office: Office, environ: Mapping[str, str], now: datetime, actor: Actor, desk: str, portal: str) -> None:
    """From now on people reach desk and portal by these names, over TLS.

    Raises Forbidden, Invalid, ConfigurationError, OSError.
    """
    need_admin(office, actor)
    wrong = name_faults(desk, portal) or ([] if desk else [fault("desk_name", "places.name")])
    if wrong:
        raise Invalid(wrong)
    sections = {
        section: {"base_url": f"https://{name}", "trusted_proxies": [*dict.fromkeys([*there.trusted_proxies, _HERE])]}
        for section, name, there in (("desk", desk, office.settings.desk), ("portal", portal, office.settings.portal))
    }
    _put(office, environ, now, actor, sections)


def folder_faults(office: Office, folder: str) -> list[Problem]:
    """Why backups can't go there: it lies within the office, holds something else, or the services'
    account can't write it."""
    if not folder.startswith("/"):
        return [fault("backup_folder", "config.whole_path")]
    path = Path(folder)
    try:
        backup.need_fit(office, path)
        above = next(one for one in (path, *path.parents) if one.exists())
        if not above.is_dir():
            return [fault("backup_folder", "places.no_folder", path=str(above))]
        if not _may_write(above):
            code = "places.not_writable" if above == path else "places.not_makeable"
            return [fault("backup_folder", code, path=str(above), folder=folder, user=people.user_name(os.geteuid()))]
    except Refusal as refusal:
        return [Problem("backup_folder", refusal.sentence)]
    except OSError as error:
        values = {"folder": folder, "user": people.user_name(os.geteuid()), "why": system.why(error)}
        return [fault("backup_folder", "places.unreadable", **values)]
    return []


def save_folder(office: Office, environ: Mapping[str, str], now: datetime, actor: Actor, folder: str) -> None:
    """Backups go there from the next one on; "" for nowhere in particular.

    Raises Forbidden, Invalid, ConfigurationError, OSError.
    """
    need_admin(office, actor)
    wrong = folder_faults(office, folder) if folder else []
    if wrong:
        raise Invalid(wrong)
    _put(office, environ, now, actor, {"backup": {"folder": folder or None}})


def _put(
    office: Office, environ: Mapping[str, str], now: datetime, actor: Actor, sections: Mapping[str, Mapping[str, object]]
) -> None:
    config_files.put(office, now, actor, SETTINGS, *editing.with_keys(office.root, environ, SETTINGS, sections))


def _may_write(folder: Path) -> bool:
    """True if this account may make files there.

    systemd shows the desk all but the office as a disk that can't be written
    (ProtectSystem=strict), so that whoever breaks into it can't touch a backup. Then the folder's
    own rights are looked at: they hold for the backup's service, which is the same account.
    """
    if os.access(folder, os.W_OK | os.X_OK):
        return True
    if not os.statvfs(folder).f_flag & os.ST_RDONLY:
        return False
    status, groups = folder.stat(), {os.getegid(), *os.getgroups()}
    shift = 6 if status.st_uid == os.geteuid() else 3 if status.st_gid in groups else 0
    return os.geteuid() == 0 or (status.st_mode >> shift & 3) == 3
