"""Every "may this person do that?", and who stands in for whom. Pure: an office and names in, answers out.

A refusal is a sentence for the person who is refused; None is a yes. Rights are asked again at each moment that
counts (intake, decision, publishing), so an answer is never kept.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dossier.office.office import Language, Office, Right
from dossier.text.refusals import Forbidden, Refusal

if TYPE_CHECKING:
    from dossier.office.office import Staff


def user_name(uid: int) -> str:
    """The operating system's name for a user id; the number itself if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_of(office: Office, os_user: str) -> str | None:
    """The staff member whose `os_user` this is, whether he is still here or not; None if it is nobody's."""
    return next((code for code, person in office.staff.items() if person.os_user == os_user), None)


def staff_by_user(office: Office, os_user: str) -> str | None:
    """The staff member whose `os_user` this is; None if it is nobody's, or he has left."""
    code = owner_of(office, os_user)
    return code if code is not None and office.staff[code].active else None


def language_of(office: Office, code: str | None) -> Language:
    """What this person reads; the office's language for whoever has none, or is nobody here."""
    person = office.staff.get(code) if code is not None else None
    return (person.language if person else None) or office.settings.office.language


def has_right(person: Staff | None, right: Right, client: str | None = None) -> bool:
    """True if `person` is here, has `right`, and (if given) works for `client`. An admin works for every client."""
    if person is None or not person.active or right not in person.rights:
        return False
    return client is None or "admin" in person.rights or person.clients == "all" or client in person.clients


def is_admin(office: Office, code: str) -> bool:
    return has_right(office.staff.get(code), "admin")


def admins(office: Office) -> list[str]:
    """Everybody with the `admin` right, in the order of staff.yaml."""
    return [code for code, person in office.staff.items() if has_right(person, "admin")]


def why_not(office: Office, code: str, right: Right, client: str) -> str | None:
    """Why `code` may not do for `client` what `right` allows; None if he may."""
    person = office.staff.get(code)
    if person is None:
        return f"there is no staff member `{code}`"
    if not person.active:
        return f"{code} is not active any more"
    if right not in person.rights:
        return f"{code} does not have the right `{right}`; ask an admin"
    if not has_right(person, right, client):
        return f"{code} does not work for client {client}; ask an admin"
    return None


def rights_now(office: Office, code: str) -> list[str]:
    """What `code` has of rights at this moment, for the trail."""
    person = office.staff.get(code)
    return list(person.rights) if person is not None and person.active else []


def why_not_create(office: Office, code: str, client: str) -> str | None:
    """An admin may, and who has `create`."""
    return None if is_admin(office, code) else why_not(office, code, "create", client)


def why_not_type(office: Office, code: str, name: str | None) -> str | None:
    """Making items of a type, and knowing that there are any (types.NAME.staff)."""
    if name is None or name not in hidden_types(office, code):
        return None
    return f"{code} has no right to items of type {name}; ask an admin"


def hidden_types(office: Office, code: str) -> list[str]:
    """The types of whose items `code` must not know: staff or an operating system's user."""
    restricted = [name for name, kind in office.settings.types.items() if kind.staff is not None]
    if not restricted or is_admin(office, code):
        return []
    active = code in office.staff and office.staff[code].active
    return [name for name in restricted if not active or code not in (office.settings.types[name].staff or ())]


def why_not_share(office: Office, code: str, client: str) -> str | None:
    """Sharing outright, without an approver."""
    return why_not(office, code, "share", client)


def why_not_approve(office: Office, code: str, client: str, kind: str | None, makers: Collection[str] = ()) -> str | None:
    """Deciding on a concept of type `kind` for `client`. `makers`: who made the item, and who made it what it is now."""
    if office.settings.sharing.four_eyes and code in makers:
        return f"{code} made this item or changed it last, and who made it may not approve it (four eyes)"
    return why_not(office, code, "approve", client) or why_not_type(office, code, kind)


def why_not_restore(office: Office, code: str, client: str) -> str | None:
    """Putting back on the portal what was approved before: an admin, and who may share outright."""
    return None if is_admin(office, code) else why_not_share(office, code, client)


def why_not_withdraw(office: Office, code: str, client: str, maker: str) -> str | None:
    """Taking off the portal is the safe direction: an admin, who made it, and who may share or approve for the client."""
    person = office.staff.get(code)
    if is_admin(office, code) or has_right(person, "share", client) or has_right(person, "approve", client):
        return None
    if code == maker:
        return why_not(office, code, "create", client)
    return f"{code} may not withdraw an item of {client}; its maker, an approver, who may share, or an admin can"


def is_away(person: Staff, today: date) -> bool:
    return person.away is not None and person.away.from_ <= today <= person.away.until


def substitutes(office: Office, code: str, today: date) -> list[str]:
    """Who stands in for `code` today: his substitute if he is away, that one's if he is away too, and so on.

    Everybody on the way is in the answer; the configuration refuses circles.
    """
    found: list[str] = []
    person = office.staff.get(code)
    while person is not None and is_away(person, today) and person.substitute and person.substitute not in found:
        found.append(person.substitute)
        person = office.staff.get(person.substitute)
    return found


@dataclass(frozen=True, slots=True)
class Desk:
    """One approver's seat for one concept: whose it is, and who may fill it today (himself first, if he may)."""

    approver: str
    people: tuple[str, ...]
    reason: str | None = None
    """Why others than the approver are asked, if they are."""


def desks(
    office: Office,
    client: str,
    kind: str | None,
    approvers: Iterable[str],
    makers: Collection[str],
    today: date,
    gone: Collection[str] = (),
) -> list[Desk]:
    """Where a concept lies today: a seat for each approver, with whoever stands in for him.

    An approver who left, lost the right, may not decide on these makers' work, or is away with nobody able to stand in for
    him, is replaced by the client's default approver or, without one who may, by the admins; then any one of them
    fills the seat. `gone`: who has filled another seat of this concept; nobody fills two. Without approvers there is
    one seat, of the default approver or the admins.
    """
    matter = _Matter(office, client, kind, makers, today, gone)
    return [_desk(matter, seat) for seat in dict.fromkeys(approvers)] or [_desk(matter, _default_approver(office, client) or "")]


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is to be decided on, when, and who can't any more (`desks`)."""

    office: Office
    client: str
    kind: str | None
    makers: Collection[str]
    today: date
    gone: Collection[str]

    def why_not(self, code: str) -> str | None:
        if code in self.gone:
            return f"{code} has decided in another's place already"
        return why_not_approve(self.office, code, self.client, self.kind, self.makers)

    def is_away(self, code: str) -> bool:
        return is_away(self.office.staff[code], self.today)

    def able(self, approver: str) -> list[str]:
        """Of an approver and who stands in for him today, those who may decide."""
        return [code for code in (approver, *substitutes(self.office, approver, self.today)) if self.why_not(code) is None]


def _desk(matter: _Matter, approver: str) -> Desk:
    able, reason = matter.able(approver), None
    if approver not in able:
        reason = matter.why_not(approver) if approver else "nobody was named"
    elif matter.is_away(approver):
        away = matter.office.staff[approver].away
        reason = f"{approver} is away until {away.until if away else matter.today}"
    if all(matter.is_away(code) for code in able):  # or nobody is able
        able += [code for code in _fallback(matter) if code not in able]
    return Desk(approver, tuple(able), reason)


def _fallback(matter: _Matter) -> list[str]:
    """Who decides when nobody named can: the client's default approver or his substitutes, else every admin (four eyes)."""
    able = matter.able(_default_approver(matter.office, matter.client) or "")
    if any(not matter.is_away(code) for code in able):
        return able
    barred = {*matter.gone, *(matter.makers if matter.office.settings.sharing.four_eyes else ())}
    return able + [code for code in admins(matter.office) if code not in barred and code not in able]


def _default_approver(office: Office, client: str) -> str | None:
    return office.clients[client].default_approver if client in office.clients else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a staff member, maybe on behalf of whom he acts, and by which way (`command`, `drop`, `queue`, `daemon`)."""

    code: str
    way: str
    behind: str | None = None
    """The staff member (or operating system's user) who really typed it, where that is another."""


def acting(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who runs this command: the one `named` (--as, DOSSIER_USER), else whose os_user this is. Raises Refusal."""
    user = user_name(os.geteuid() if uid is None else uid)
    own = staff_by_user(office, user)
    if named is None:
        if own is None:
            raise Refusal(f"`{user}` is nobody's os_user in config/staff.yaml; say who you are with --as STAFF")
        return Actor(own, "command")
    if named not in office.staff:
        raise Refusal(f"there is no staff member `{named}` in config/staff.yaml")
    if not office.staff[named].active:
        raise Refusal(f"{named} is not active any more")
    if named == own:
        return Actor(own, "command")
    if office.settings.identity.trust_sidecar or (own is not None and is_admin(office, own)):
        return Actor(named, "command", behind=own or f"os:{user}")
    raise Refusal(f"acting for {named} needs an admin, or identity.trust_sidecar in config/settings.yaml")


def managing(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who changes clients and staff: an admin, or root and the daemon's own user, who may write config/ anyway. Raises Refusal."""
    user = os.geteuid() if uid is None else uid
    if named is None and staff_by_user(office, user_name(user)) is None and user in (0, _keeper(office)):
        return Actor(f"os:{user_name(user)}", "command")
    actor = acting(office, named, uid)
    if not is_admin(office, actor.code):
        raise Forbidden("lists.not_admin", who=actor.code)
    return actor


def _keeper(office: Office) -> int | None:
    """The user whose the office's `var` is: the daemon's."""
    try:
        return os.stat(office.var).st_uid
    except OSError:
        return None


def reader(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who reads: as `acting`, but somebody who is no staff member reads under the operating system's name."""
    if named is None:
        user = user_name(os.geteuid() if uid is None else uid)
        return Actor(staff_by_user(office, user) or f"os:{user}", "command")
    return acting(office, named, uid)
