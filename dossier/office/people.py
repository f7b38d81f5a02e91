"""Every "may this person do that, or know of that?", and who stands in for whom.

An office and names in, answers out. A refusal is a sentence for the person who is refused; None is
a yes. Rights are asked again at each moment that counts (intake, decision, publishing, reading), so
an answer is never kept.
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dossier.office.office import Office
from dossier.office.terms import Language, Right
from dossier.text.refusals import Forbidden, NotFound
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from dossier.office.keys import Settings, Staff


OS, MAIL, SUBJECT = "os:", "mail:", "sub:"
"""Before the name of a user of the operating system, an address, and what an identity provider
calls somebody, where a staff member's code could stand."""


def user_name(uid: int) -> str:
    """The operating system's name for a user id; the number itself if it has none. It is asked once
    a second: in an office whose users are kept by a server, that is far away."""
    return _name_within(uid, int(time.monotonic()))


@lru_cache(maxsize=1000)
def _name_within(uid: int, second: int) -> str:
    del second
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_of(office: Office, os_user: str) -> str | None:
    """The staff member whose `os_user` this is, still here or not; None if it is nobody's."""
    return next((code for code, person in office.staff.items() if person.os_user == os_user), None)


def staff_by_user(office: Office, os_user: str) -> str | None:
    """The staff member whose `os_user` this is; None if it is nobody's, or that person has left."""
    code = owner_of(office, os_user)
    return code if code is not None and office.staff[code].active else None


def language_of(office: Office, code: str | None) -> Language:
    """What this person reads; the office's language for whoever has none, or is nobody here."""
    person = office.staff.get(code) if code is not None else None
    return (person.language if person else None) or office.settings.office.language


def has_right(person: Staff | None, right: Right, client: str | None = None) -> bool:
    """True if `person` is here, has `right` and works for `client`, if given. Admins do for all."""
    if person is None or not person.active or right not in person.rights:
        return False
    return client is None or works_for(person, client)


def works_for(person: Staff, client: str) -> bool:
    return works_for_all(person) or client in person.clients


def works_for_all(person: Staff) -> bool:
    return "admin" in person.rights or person.clients == "all"


def is_admin(office: Office, code: str) -> bool:
    return has_right(office.staff.get(code), "admin")


def admins(office: Office) -> list[str]:
    """Everybody with the `admin` right, in the order of staff.yaml."""
    return [code for code, person in office.staff.items() if has_right(person, "admin")]


def why_not(office: Office, code: str, right: Right, client: str) -> Sentence | None:
    """Why `code` may not do for `client` what `right` allows; None if they may."""
    person = office.staff.get(code)
    refusal = _why_not_here(person, code)
    if refusal or person is None:
        return refusal
    if right not in person.rights:
        return sentence("people.lacks_right", staff=code, right=right)
    return None if works_for(person, client) else sentence("people.other_clients", staff=code, client=client)


def _why_not_here(person: Staff | None, code: str) -> Sentence | None:
    if person is None:
        return sentence("people.no_such_staff", staff=code)
    return None if person.active else sentence("people.has_left", staff=code)


def rights_now(office: Office, code: str) -> list[str]:
    """What `code` has of rights at this moment, for the trail."""
    person = office.staff.get(code)
    return list(person.rights) if person is not None and person.active else []


def why_not_create(office: Office, code: str, client: str) -> Sentence | None:
    """An admin may, and who has `create`."""
    return None if is_admin(office, code) else why_not(office, code, "create", client)


def why_not_type(office: Office, code: str, name: str | None) -> Sentence | None:
    """Making items of a type, and knowing that there are any (types.NAME.staff)."""
    if name is None or name not in hidden_types(office, code):
        return None
    return sentence("people.other_type", staff=code, type=name)


def why_not_own(office: Office, code: str, client: str, kind: str | None) -> Sentence | None:
    """Seeing to an item of type `kind` for `client`: whoever is here and may know of it."""
    person = office.staff.get(code)
    refusal = _why_not_here(person, code)
    if refusal or person is None:
        return refusal
    if not works_for(person, client):
        return sentence("people.other_clients", staff=code, client=client)
    return why_not_type(office, code, kind)


def hidden_types(office: Office, code: str) -> list[str]:
    """The types of whose items `code` must not know: staff or an operating system's user."""
    restricted = [name for name, kind in office.settings.types.items() if kind.staff is not None]
    if not restricted or is_admin(office, code):
        return []
    active = code in office.staff and office.staff[code].active
    return [name for name in restricted if not active or code not in (office.settings.types[name].staff or ())]


def why_not_share(office: Office, code: str, client: str) -> Sentence | None:
    """Sharing outright, without an approver."""
    return why_not(office, code, "share", client)


def why_not_approve(office: Office, code: str, client: str, kind: str | None, makers: Collection[str] = ()) -> Sentence | None:
    """Deciding on a concept of type `kind`. `makers`: whose work it is (`staff_among`)."""
    if office.settings.sharing.four_eyes and code in staff_among(office, makers):
        return sentence("people.four_eyes", staff=code)
    return why_not(office, code, "approve", client) or why_not_type(office, code, kind)


def staff_among(office: Office, names: Iterable[str]) -> set[str]:
    """The staff members whom these are: codes, or whatever else `lasting` names people by.

    A user who is nobody's os_user is nobody here: an account that several people share, a file
    server's for one, says nothing about who it was. The same goes for an address.
    """
    found = {_whose(office, name) for name in names}
    return {code for code in found if code is not None}


def _whose(office: Office, name: str) -> str | None:
    if ":" not in name:
        return name
    found = [code for code, person in office.staff.items() if name in _known_as(person)]
    return found[0] if len(found) == 1 else None


def _known_as(person: Staff) -> list[str]:
    """What staff.yaml knows somebody by besides their code."""
    known = ((OS, person.os_user), (SUBJECT, person.oidc_subject), (MAIL, person.email.casefold()))
    return [kind + name for kind, name in known if name]


def lasting(office: Office, names: Iterable[str]) -> list[str]:
    """Makers, by all that staff.yaml knows them by: somebody whose code is changed there stays who
    made it, as long as the account, the address or the identity provider's name is the same."""
    found = list(names)
    for code in [_whose(office, name) for name in found]:
        if code in office.staff:
            found += [code, *_known_as(office.staff[code])]
    return list(dict.fromkeys(found))


def why_not_restore(office: Office, code: str, client: str) -> Sentence | None:
    """Putting back on the portal what was approved before: an admin, and who may share outright."""
    return None if is_admin(office, code) else why_not_share(office, code, client)


def why_not_withdraw(office: Office, code: str, client: str, maker: str) -> Sentence | None:
    """Taking off the portal is safe: an admin, the maker, whoever may share or approve for it."""
    person = office.staff.get(code)
    may = code == maker or any(has_right(person, right, client) for right in ("share", "approve"))
    if is_admin(office, code) or (may and person is not None and person.active and works_for(person, client)):
        return None
    return _why_not_here(person, code) or sentence("people.may_not_withdraw", staff=code, client=client)


# Who may know of what


def settings_for(office: Office, who: Actor) -> Settings:
    """The settings, less the types that `who` must not know of: what `who` says is read by them, so
    that no fault names one."""
    hidden = readable(office, who).hidden_types
    if not hidden:
        return office.settings
    known = {name: kind for name, kind in office.settings.types.items() if name not in hidden}
    return office.settings.model_copy(update={"types": known})


class Readable(NamedTuple):
    """What a reader may know of. Whatever lists, counts or finds something filters by it."""

    clients: frozenset[str] | None = None
    """The codes of the clients; None: all of them."""
    hidden_types: frozenset[str] = frozenset()
    """The types of whose items the reader must not know that there are any."""

    def has(self, client: str | None, kind: str | None = None) -> bool:
        """True if the reader may know of an item of this client and type. None: of no client."""
        return kind not in self.hidden_types and (self.clients is None or client in self.clients)


ALL = Readable()


def readable(office: Office, who: Actor) -> Readable:
    """What `who` may know of (CONTRACT section 2).

    A staff member: the clients they work for, without the types that are not for them. By command,
    the office's own user and root: all clients, whoever of the staff they are. Any other user of
    the operating system: nothing. Who acts for another by command reads what both may read; an
    admin, what the other may.
    """
    clients, hidden = readable_clients(office, who.code), hidden_types(office, who.code)
    if who.way == "command" and who.behind is None and who.code in office.staff:
        clients = None if office.staff[who.code].os_user in _unlimited(office) else clients
    elif who.way == "command" and who.behind is not None:
        other = readable_clients(office, who.behind)
        if other is not None:
            clients = other if clients is None else clients & other
        if not (who.behind.startswith(OS) and other is None):
            hidden += hidden_types(office, who.behind)
    return Readable(clients, frozenset(hidden))


def may_read(office: Office, who: Actor, client: str, kind: str | None = None) -> bool:
    """True if `who` may know of this client's items (of this type)."""
    return readable(office, who).has(client, kind)


def readable_clients(office: Office, name: str) -> frozenset[str] | None:
    """The clients that a staff member, or a user `os:USER`, may know of; None: all of them."""
    if name.startswith(OS):
        return None if name.removeprefix(OS) in _unlimited(office) else frozenset()
    person = office.staff.get(name)
    if person is None or not person.active:
        return frozenset()
    return None if person.clients == "all" or "admin" in person.rights else frozenset(person.clients)


def _unlimited(office: Office) -> tuple[str, str]:
    """The users whom nothing in the office is hidden from: they may read its files anyway."""
    return user_name(0), user_name(own_uid(office))


def own_uid(office: Office) -> int:
    """Whose the office is: the owner of `var/`, which the daemon makes."""
    for folder in (office.var, office.root):
        try:
            return os.stat(folder).st_uid
        except OSError:
            continue
    return os.geteuid()


# Who stands in for whom


def is_away(person: Staff, today: date) -> bool:
    return person.away is not None and person.away.from_ <= today <= person.away.until


def substitutes(office: Office, code: str, today: date) -> list[str]:
    """Who stands in for `code` today: their substitute while they are away, and so on.

    Everybody on the way is in the answer; the configuration refuses circles.
    """
    found: list[str] = []
    person = office.staff.get(code)
    while person is not None and is_away(person, today) and person.substitute and person.substitute not in found:
        found.append(person.substitute)
        person = office.staff.get(person.substitute)
    return found


class ApproverSeat(NamedTuple):
    """One approver's seat for one concept, and who may fill it today, the approver first."""

    approver: str
    people: tuple[str, ...]
    reason: Sentence | None = None
    """Why others than the approver are asked, if they are."""


def approver_seats(
    office: Office,
    client: str,
    kind: str | None,
    approvers: Iterable[str],
    makers: Collection[str],
    today: date,
    gone: Collection[str] = (),
) -> list[ApproverSeat]:
    """Where a concept lies today: a seat for each approver, with whoever stands in for them.

    An approver who left, lost the right, may not decide on these makers' work, or is away with
    nobody able to stand in, is replaced by the client's default approver or, without one who may,
    by the admins; then any one of them fills the seat. `gone`: who has filled another seat of this
    concept; nobody fills two. Without approvers there is one seat, of the default approver or the
    admins.
    """
    matter = _Matter(office, client, kind, staff_among(office, makers), today, staff_among(office, gone))
    return [_seat(matter, seat) for seat in dict.fromkeys(approvers)] or [_seat(matter, default_approver(office, client) or "")]


class _Matter(NamedTuple):
    """What is to be decided on, when, and who can't any more (`approver_seats`)."""

    office: Office
    client: str
    kind: str | None
    makers: Collection[str]
    today: date
    gone: Collection[str]

    def why_not(self, code: str) -> Sentence | None:
        if code in self.gone:
            return sentence("people.decided_already", staff=code)
        return why_not_approve(self.office, code, self.client, self.kind, self.makers)

    def is_away(self, code: str) -> bool:
        return is_away(self.office.staff[code], self.today)

    def able(self, approver: str) -> list[str]:
        """Of an approver and whoever stands in today, those who may decide."""
        return [code for code in (approver, *substitutes(self.office, approver, self.today)) if self.why_not(code) is None]


def _seat(matter: _Matter, approver: str) -> ApproverSeat:
    able: list[str] = matter.able(approver)
    reason: Sentence | None = None
    if approver not in able:
        reason = matter.why_not(approver) if approver else sentence("people.nobody_named")
    elif matter.is_away(approver):
        away = matter.office.staff[approver].away
        reason = sentence("people.is_away", staff=approver, until=str(away.until if away else matter.today))
    if all(matter.is_away(code) for code in able):  # or nobody is able
        able += [code for code in _fallback(matter) if code not in able]
    return ApproverSeat(approver, tuple(able), reason)


def _fallback(matter: _Matter) -> list[str]:
    """Who decides when nobody named can: the default approver or a substitute, else every admin."""
    able = matter.able(default_approver(matter.office, matter.client) or "")
    if any(not matter.is_away(code) for code in able):
        return able
    barred = {*matter.gone, *(matter.makers if matter.office.settings.sharing.four_eyes else ())}
    return able + [code for code in admins(matter.office) if code not in barred and code not in able]


def default_approver(office: Office, client: str) -> str | None:
    """Who is asked about this client's items if nobody is named."""
    return office.clients[client].default_approver if client in office.clients else None


# Who acts


class Actor(NamedTuple):
    """Who does something, and by which way: `command`, `drop`, `queue`, `daemon`."""

    code: str
    """The staff member; of what is only read, maybe `os:USER`."""
    way: str
    behind: str | None = None
    """Who really typed it, where that is another: a staff member's code, or `os:USER`."""

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody whose deed this is, for four eyes (`staff_among`)."""
        return (self.code,) if self.behind is None else (self.code, self.behind)


def acting(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who runs this command: the one `named` (--as, DOSSIER_USER), else whose os_user this is.

    Raises NotFound, Forbidden.
    """
    user = user_name(os.geteuid() if uid is None else uid)
    own = staff_by_user(office, user)
    if named is None:
        if own is None:
            raise Forbidden("people.who_are_you" if office.settings.identity.trust_sidecar else "people.no_account", user=user)
        return Actor(own, "command")
    if named not in office.staff:
        raise NotFound("people.not_in_staff_yaml", staff=named)
    if not office.staff[named].active:
        raise Forbidden("people.has_left", staff=named)
    if named == own:
        return Actor(own, "command")
    if office.settings.identity.trust_sidecar or (own is not None and is_admin(office, own)):
        return Actor(named, "command", behind=own or f"{OS}{user}")
    if own is None:
        raise Forbidden("people.no_account", user=user)
    raise Forbidden("people.may_not_act_for", staff=named)


def managing(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who changes clients and staff: an admin, or root and the office's own user.

    These two may write config/ anyway. Raises Forbidden, NotFound.
    """
    user = os.geteuid() if uid is None else uid
    if named is None and staff_by_user(office, user_name(user)) is None and user in (0, own_uid(office)):
        return Actor(f"{OS}{user_name(user)}", "command")
    actor = acting(office, named, uid)
    if not is_admin(office, actor.code):
        raise Forbidden("lists.not_admin", who=actor.code)
    return actor


def reader(office: Office, named: str | None, uid: int | None = None) -> Actor:
    """Who reads: as `acting`, but nobody of the staff reads by the operating system's name."""
    if named is None:
        user = user_name(os.geteuid() if uid is None else uid)
        return Actor(staff_by_user(office, user) or f"{OS}{user}", "command")
    return acting(office, named, uid)
