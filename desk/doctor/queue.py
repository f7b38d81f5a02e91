"""What `doctor` looks at in the queue: each approver's folder is theirs, and nobody else's.

Whoever can write in an approver's folder can decide as that approver. Whoever can read it sees what
waits there, also of clients that they must not know of. So the rights of every member of staff with
an account on this machine are worked out as the kernel does, by mode and by access list (acl(5)).
Not looked at: what the configuration of a network share lets through or keeps out.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from desk.doctor.findings import Finding, note, wrong
from dossier.office import people
from dossier.office.office import Office
from dossier.text.names import fold

READ, WRITE, ENTER = 4, 2, 1
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
"""The kinds of entry in an access list, as in linux/posix_acl.h."""


def queue(office: Office) -> Iterator[Finding]:
    if not office.queue.is_dir():
        return
    for path in [office.queue, *sorted(path for path in office.queue.iterdir() if path.is_dir())]:
        if os.stat(path).st_mode & stat.S_IWOTH:
            yield wrong("queue", "doctor.queue_open", path=str(path))
    yield from _alike(office)
    there = dict(users(office))
    for code in office.staff:
        path = office.queue / code
        if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
            yield wrong("queue", "doctor.queue_no_folder", path=str(path), staff=code)
        elif path.is_dir():
            yield from _whose(path, code, there)
            yield from _papers(path, code, there.get(code))


def _alike(office: Office) -> Iterator[Finding]:
    """Approvers whose folders are one for Windows, which a share is seen from."""
    folded: dict[str, str] = {}
    for code in (code for code, person in office.staff.items() if people.has_right(person, "approve")):
        if (first := folded.setdefault(fold(code), code)) != code:
            yield wrong("queue", "doctor.queue_alike", staff=code, other=first, path=str(office.queue / code))


def users(office: Office) -> Iterator[tuple[str, pwd.struct_passwd]]:
    """Members of staff and who they are on this machine, but for who runs the daemon and for
    root: these get everywhere."""
    for code, person in office.staff.items():
        if person.active and person.os_user:
            with contextlib.suppress(KeyError):
                user = pwd.getpwnam(person.os_user)
                if user.pw_uid not in (0, os.geteuid()):
                    yield code, user


def _whose(path: Path, code: str, there: Mapping[str, pwd.struct_passwd]) -> Iterator[Finding]:
    for other, user in there.items():
        rights = rights_of(path, user)
        values = {"staff": code, "path": str(path), "user": user.pw_name, "owner": owner_and_mode(path)}
        if other == code and rights & (WRITE | ENTER) != WRITE | ENTER:
            yield note("queue", "doctor.cannot_save", **values)
        elif other != code and rights & WRITE and rights & ENTER:
            yield wrong("queue", "doctor.can_decide_as", **values, other=other)
        elif other != code and rights & READ:
            yield note("queue", "doctor.can_see_in", **values, other=other)


def _papers(folder: Path, code: str, user: pwd.struct_passwd | None) -> Iterator[Finding]:
    """Queue files that the approver can't read or save in place, though the folder is theirs;
    and papers that are empty."""
    files = [path for path in sorted(folder.glob("D-*.yaml")) if path.is_file() and not path.is_symlink()]
    if user is not None and rights_of(folder, user) & (WRITE | ENTER) == WRITE | ENTER:
        barred = [path for path in files if rights_of(path, user) & (READ | WRITE) != READ | WRITE]
        if barred:
            values = {"staff": code, "user": user.pw_name, "path": str(barred[0]), "owner": owner_and_mode(barred[0])}
            yield note("queue", "doctor.cannot_save_file", count=len(barred), **values)
    papers = [*files, *sorted(folder.glob("D-*/*preview.html"))]
    if empty := [path for path in papers if path.is_file() and not path.stat().st_size]:
        yield note("queue", "doctor.empty_paper", count=len(empty), path=str(empty[0]))


def owner_and_mode(path: Path) -> str:
    status = path.stat()
    return f"{people.user_name(status.st_uid)} {stat.filemode(status.st_mode)}"


def rights_of(path: Path, user: pwd.struct_passwd) -> int:
    """What `user` may do with `path`: READ, WRITE, ENTER together."""
    status = path.stat()
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    if status.st_uid == user.pw_uid:
        return status.st_mode >> 6 & 7
    entries = _access_list(path)
    if not entries:
        return status.st_mode >> (3 if status.st_gid in groups else 0) & 7
    mask = next((rights for kind, rights, _ in entries if kind == MASK), 7)
    for kind, rights, number in entries:
        if kind == USER and number == user.pw_uid:
            return rights & mask
    through = [
        rights
        for kind, rights, number in entries
        if (kind == GROUP_OBJ and status.st_gid in groups) or (kind == GROUP and number in groups)
    ]
    if through:
        together = 0
        for rights in through:
            together |= rights
        return together & mask
    return next(rights for kind, rights, _ in entries if kind == OTHER)


def _access_list(path: Path) -> list[tuple[int, int, int]]:
    """(kind, rights, user or group) of each entry; none where there is no list, or the file
    system has none."""
    try:
        data = os.getxattr(path, "system.posix_acl_access")
    except OSError:  # ENODATA, ENOTSUP: the mode says it all
        return []
    return list(struct.iter_unpack("<HHI", data[4:]))
