"""What can be chosen when an item is made or shared: who may approve it, and whether its maker may share outright."""

from __future__ import annotations

from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor


def may_share_outright(office: Office, actor: Actor, client: str) -> bool:
    """True if this person's items need no approver."""
    return people.why_not_share(office, actor.code, client) is None


def approvers(office: Office, actor: Actor, client: str, kind: str | None) -> list[str]:
    """Who may approve what this person makes for the client, of this type; the default approver first."""
    able = [code for code in office.staff if people.why_not_approve(office, code, client, kind, actor.people) is None]
    default = office.clients[client].default_approver
    return sorted(able, key=lambda code: code != default)
