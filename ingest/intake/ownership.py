"""Whose files a drop is made of, and why a sidecar may not be enough to share them outright. Pure.

A sidecar speaks for its owner's files, in the folder where its owner put it (CONTRACT section 3).
Whoever may write to a folder can put a file of their own beside somebody else's sidecar, or move
the sidecar to another client's folder. So, unless `created_by` is believed
(identity.trust_sidecar), each file's owner is recorded, and what such a drop would share outright
is made a concept: somebody looks at it first, with the reasons in view.

What an owner allows is theirs: a file that its owner lets others write to counts as the owner's.
But not what dossier itself wrote, for others: a queue file, say, into which its approver writes, or
what somebody sent to the desk. It is the daemon's user's, and nobody's word.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from dossier.files.files import Look
from dossier.office import people
from dossier.office.office import Office
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from ingest.inbox.found import Found


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose the files of a drop are."""

    owners: Mapping[str, str] = field(default_factory=dict)
    """Attachment, by its name on disk → staff or `os:USER`. Empty where nobody asks."""
    foreign: frozenset[str] = frozenset()
    """Those that are not the sidecar owner's, nor count as theirs (identity.file_owners)."""
    doubts: tuple[Sentence, ...] = ()
    """Why somebody must look at it before anything of it is shared."""


def is_unsigned(office: Office, look: Look) -> bool:
    """True of what dossier wrote for others, or got back for them: whose it is says nothing."""
    return look.is_unsigned and look.uid in (os.geteuid(), people.own_uid(office))


def whose(office: Office, found: Found, maker: str, is_delegated: bool) -> Whose:
    """Look at the owners of a drop's files. `maker`: who made it, by its sidecar. `is_delegated`:
    it was placed for them, with these files."""
    if office.settings.identity.trust_sidecar:
        return Whose()
    # A file that another sidecar claims too goes with that one: then both are refused.
    uids = {disk: found.looks[disk].uid for disk in found.matched.values() if disk in found.looks}
    users = {uid: people.user_name(uid) for uid in set(uids.values())}
    nobodys = {disk for disk in uids if not is_delegated and is_unsigned(office, found.looks[disk])}
    owners = {
        disk: (None if disk in nobodys else people.owner_of(office, users[uid])) or f"os:{users[uid]}"
        for disk, uid in uids.items()
    }
    if found.sidecar_name is None:
        return Whose(owners)
    own, counted = found.looks[found.sidecar_name].uid, office.settings.identity.file_owners
    foreign = nobodys | {disk for disk, uid in uids.items() if uid != own and users[uid] not in counted}
    told = (_doubt(office, found.client, maker, disk, owners[disk]) for disk in sorted(foreign))
    return Whose(owners, frozenset(foreign), tuple(doubt for doubt in told if doubt is not None))


def _doubt(office: Office, client: str, maker: str, disk: str, owner: str) -> Sentence | None:
    person, shown = office.staff.get(owner), names.printable(disk)
    if person is None:
        return sentence("intake.nobodys_file", file=shown, owner=owner.removeprefix("os:"), maker=maker)
    if not people.has_right(person, "share", client):
        return sentence("intake.foreign_file", file=shown, owner=owner, maker=maker, client=client)
    return None
