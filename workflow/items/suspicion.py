"""What the wrong-client guard found in files that are about to be shared outright, and what follows (CONTRACT section 4).

With `sharing.guard: hold` the item becomes a concept: somebody looks, with the finding on top of the queue file. With
`warn` it is shared, and its maker is told. What could not be searched is no finding, but is told in the item's history.
The guard only ever asks for one look more: rights and four eyes hold as for any concept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.office import people
from dossier.office.office import Office
from dossier.trail import trail
from workflow.items import notes
from workflow.items.rules import Draft

if TYPE_CHECKING:
    from dossier.office.keys import Client


class Unscreened(Exception):
    """A file that would be shared outright was not looked at: the item was changed since. Look again, and try again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that names other clients and not its own."""

    name: str
    sha256: str
    clients: tuple[str, ...]
    words: str
    """As the file has them."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What is known of the files of one item that a change would share outright."""

    seen: frozenset[str] = frozenset()
    """SHA-256 of each file that was looked at."""
    findings: tuple[Finding, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    """(name, why it could not be searched)."""

    def only(self, sha256s: Iterable[str]) -> Screened:
        """What of it is about these files. Raises Unscreened."""
        wanted = set(sha256s)
        if not wanted <= self.seen:
            raise Unscreened
        return replace(self, findings=tuple(finding for finding in self.findings if finding.sha256 in wanted))

    def told(self) -> dict[str, Any]:
        """For the trail: what was not searched."""
        return {"not_searched": [{"name": name, "reason": reason} for name, reason in self.unread]} if self.unread else {}


NOTHING = Screened()


def is_on(office: Office) -> bool:
    return office.settings.sharing.guard != "off"


def holds(office: Office, screened: Screened) -> bool:
    """True if what was found makes a concept of what would have been shared outright."""
    return bool(screened.findings) and office.settings.sharing.guard == "hold"


def held(office: Office, draft: Draft) -> Draft:
    """The draft as a concept for the client's default approver, else for any admin."""
    default = office.clients[draft.client].default_approver
    approvers = (default,) if default else tuple(people.admins(office))
    return replace(draft, share_status="concept", approvers=approvers, approvals="all" if default else "any")


def sentences(office: Office, client: str, screened: Screened) -> list[str]:
    """The findings for a person, a line each."""
    return [
        f"`{finding.name}` names {_named(finding.clients, office.clients)} (it says: {finding.words}), and nowhere"
        f" {_named([client], office.clients)}. Was it meant for another client?"
        for finding in screened.findings
    ]


def warnings(office: Office, client: str, screened: Screened) -> list[str]:
    """The findings for the maker, with what was done about it."""
    done = (
        "It is not shared until somebody has looked at it and approved it."
        if office.settings.sharing.guard == "hold"
        else "It is shared all the same; take it off the portal with: dossier withdraw ITEM --reason TEXT"
    )
    return [f"{sentence} {done}" for sentence in sentences(office, client, screened)]


def _named(clients: Sequence[str], known: Mapping[str, Client]) -> str:
    names = [f"{known[code].name} ({code})" if code in known else code for code in clients[:5]]
    return " and ".join(names) + (f" and {len(clients) - 5} more" if len(clients) > 5 else "")


def record(office: Office, now: datetime, item: Any, screened: Screened) -> None:
    """Tell of findings: in the history, to the approvers (a pending item is held), to the maker by mail.

    Call inside `transaction()`, once the item has the state that follows.
    """
    if not screened.findings:
        return
    is_held = office.settings.sharing.guard == "hold"
    found = [{"name": f.name, "sha256": f.sha256, "clients": list(f.clients), "words": f.words} for f in screened.findings]
    trail.record(now, trail.DAEMON, "held_by_guard" if is_held else "warned_by_guard", item.id, {"findings": found})
    if is_held:
        notes.add({item.pending: sentences(office, item.client, screened)})
    from workflow.outbox import outbox  # what only reads items needs no mail

    rows = [f"{f.name}: {_named(f.clients, office.clients)} ({f.words})" for f in screened.findings]
    payload = {"description": item.description, "findings": rows, "held": is_held}
    outbox.enqueue_to_staff(office, now, "guard", item, item.created_by, payload)
