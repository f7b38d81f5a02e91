"""A Samba server beside the office: the shares and accounts that config/ asks for, what has drifted
from them, and what can be done about it.

Nothing of the machine's is changed but what nobody has yet: `apply` makes accounts that don't exist
and writes the include file, which is this office's own. Accounts that exist, passwords, smb.conf
and groups are told of, each with the command that would do it, and left to the administrator.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from desk.actions.new_office import TEMPLATES
from dossier.files import files
from dossier.office import people
from dossier.office.office import Office
from dossier.text.refusals import Conflict, Forbidden, Unavailable
from dossier.text.sentences import Sentence, plain, sentence

SMB_CONF, INCLUDE = Path("/etc/samba/smb.conf"), Path("/etc/samba/dossier.conf")

NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""A name that `useradd` takes, and that can't be an option or a number."""

FIRST_UID = 1000
"""Accounts below are the system's (Debian policy section 9.2.2)."""

_AMISS = {"unfit": "samba.unfit_account", "system": "samba.system_account", "missing": "samba.missing_account"}
"""What is said of an account that can't be used as it is."""

SECONDS = 60

State = Literal["there", "missing", "system", "unfit"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a staff member's files belong to."""

    user: str
    staff: str
    state: State
    is_member: bool
    """Of the inbox's group."""
    has_password: bool | None
    """With Samba; None where that can't be asked."""


@dataclass(frozen=True, slots=True)
class FileServerPlan:
    """What there is, what there should be."""

    include: Path
    block: str
    """What the include file should hold."""
    group: str
    accounts: list[Account]
    drift: list[Sentence]
    """What is not as config/ asks for, each with what to do."""


def plan(office: Office, include: Path = INCLUDE) -> FileServerPlan:
    """Look at the office and the machine.

    Changes nothing. Raises Conflict for folders that no share can have.
    """
    group = _group_of(office)
    block = _block(office, group)
    accounts = list(_accounts(office, group))
    return FileServerPlan(include, block, group, accounts, list(_drift(office, include, block, group, accounts)))


def apply(office: Office, include: Path = INCLUDE) -> tuple[list[Sentence], FileServerPlan]:
    """Make the accounts that don't exist, write the include file; returns what was done, and what
    is left to do.

    Raises Forbidden for anybody but root, Unavailable if an account can't be made; OSError.
    """
    if os.geteuid() != 0:
        raise Forbidden("samba.not_root")
    before, done = plan(office, include), list[Sentence]()
    for account in before.accounts:
        if account.state == "missing":
            _make_account(account.user, before.group)
            done.append(sentence("samba.made_account", user=account.user, staff=account.staff))
    if _read(include) != before.block:
        files.make_folder(include.parent)
        files.write_durably(include, before.block.encode(), 0o644)
        done.append(sentence("samba.written", path=str(include)))
    return done, plan(office, include)


def _make_account(user: str, group: str) -> None:
    """Raises Unavailable."""
    words = ["useradd", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "--groups", group, user]
    try:
        made = _run(words)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("samba.no_account", user=user, why=plain(str(error))) from error
    if made.returncode != 0:
        raise Unavailable("samba.no_account", user=user, why=plain(made.stderr.strip()))


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Raises OSError, TimeoutExpired."""
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)  # nosec B603


def _group_of(office: Office) -> str:
    """The group that whatever is dropped is given to: the inbox's.

    Raises Conflict if that is nobody's group.
    """
    try:
        found = grp.getgrgid(os.stat(office.inbox).st_gid)
    except (OSError, KeyError):
        found = None
    if found is None or found.gr_gid == 0:
        raise Conflict("samba.no_group", folder=str(office.inbox))
    return found.gr_name


def _block(office: Office, group: str) -> str:
    """The shares.

    Raises Conflict for a path or a group that smb.conf(5) would read as something else.
    """
    paths = {"inbox": str(office.inbox), "queue": str(office.queue)}
    for text in (*paths.values(), group):
        if re.search(r"[%\x00-\x1f\"\\;#]", text) or text != text.strip() or not text.isprintable():
            raise Conflict("samba.unfit_path", path=text)
    return Template((TEMPLATES / "samba.conf").read_text(encoding="utf-8")).substitute(paths, group=group)


def _accounts(office: Office, group: str) -> Iterator[Account]:
    """Those of the staff who are here, by their names."""
    known, members = _with_password(), _members(group)
    named = {person.os_user: code for code, person in office.staff.items() if person.active and person.os_user}
    named.pop(_own_user(office), None)  # the daemon's: an admin acts as that by command, and gets to no share
    for user, code in sorted(named.items()):
        state = _state_of(user)
        yield Account(user, code, state, user in members, known if known is None else user in known)


def _state_of(user: str) -> State:
    if not NAME.fullmatch(user):
        return "unfit"
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        return "missing"
    return "there" if found.pw_uid >= FIRST_UID and found.pw_name != "nobody" else "system"


def _members(group: str) -> set[str]:
    """All who are in the group, also those whose own group it is."""
    found = grp.getgrnam(group)
    return {*found.gr_mem, *(one.pw_name for one in pwd.getpwall() if one.pw_gid == found.gr_gid)}


def _with_password() -> set[str] | None:
    """The accounts that Samba knows; None where that can't be asked."""
    program = shutil.which("pdbedit", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin:/usr/sbin")
    if program is None or os.geteuid() != 0:
        return None
    try:
        told = _run([program, "-L"])
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {line.partition(":")[0] for line in told.stdout.splitlines() if ":" in line} if told.returncode == 0 else None


def _drift(office: Office, include: Path, block: str, group: str, accounts: list[Account]) -> Iterator[Sentence]:
    """Each thing that is not as config/ asks for."""
    for one in accounts:
        values = {"user": one.user, "staff": one.staff, "group": group}
        code = _AMISS.get(one.state) or ("samba.not_in_group" if not one.is_member else None)
        if code is not None:
            yield sentence(code, **values)
        if one.state in ("there", "missing") and one.has_password is False:
            yield sentence("samba.no_password", **values)
    yield from _left_over(office, group)
    there = _read(include)
    if there != block:
        yield sentence("samba.include_differs" if there is not None else "samba.no_include", path=str(include))
    if not re.search(rf"^\s*include\s*=\s*{re.escape(str(include))}\s*$", _read(SMB_CONF) or "", re.MULTILINE):
        yield sentence("samba.not_included", path=str(include), smb_conf=str(SMB_CONF))


def _own_user(office: Office) -> str:
    """Whose the office is."""
    return people.user_name(os.stat(office.var if office.var.exists() else office.root).st_uid)


def _left_over(office: Office, group: str) -> Iterator[Sentence]:
    """Who gets into the shares and is none of the staff who are here."""
    expected = {person.os_user for person in office.staff.values() if person.active} | {_own_user(office), "root"}
    for user in sorted(_members(group) - expected):
        yield sentence("samba.not_staff", user=user, group=group, command=f"gpasswd -d {shlex.quote(user)} {shlex.quote(group)}")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
