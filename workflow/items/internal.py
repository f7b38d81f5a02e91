"""Approval inside the office: an item of such a type that isn't shared waits as well.

It waits in the same queue, by the same rules, on an edition of its own. That edition shows all
fields and files of the item, so a decision holds for all of it; it never stands and is never
published, as its digest is no digest of what a client would see. What became of it is in
`Item.approval`; no share state changes. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dossier.database.tables import Shown
from dossier.office.office import Office
from dossier.text import clock

if TYPE_CHECKING:
    from workflow.items.rules import Draft

WAITING, APPROVED, RETURNED = "waiting", "approved", "returned"

APPROVED_EDITION = "approved"
"""The state of an edition that was approved inside the office."""


def is_asked(office: Office, draft: Draft) -> bool:
    """True if an item like this waits for an approval inside the office."""
    from workflow.items.rules import asks_inside  # whoever only looks at items needs no rules

    return not draft.share and asks_inside(office, draft.type)


def content_of(draft: Draft, attachments: Iterable[Any]) -> Shown:
    """All that is decided on: as Edition.shown, all attachments, and what no client would see."""
    files = list(attachments)
    return {
        "description": draft.description,
        "explanation": draft.explanation,
        "attachments": [{"name": a.name, "size": a.size, "sha256": a.sha256, "media_type": a.media_type} for a in files],
        "internal": {
            "type": draft.type, "location": draft.location, "labels": list(draft.labels), "fields": dict(draft.fields),
            "notes": {a.name: a.note for a in files if a.note},
            **({"due": draft.due} if draft.due else {}), **({"owner": draft.owner} if draft.owner else {}),
        },
    }  # fmt: skip


def state(what: str, at: str, content: str, by: str | None = None) -> dict[str, str | None]:
    """What is kept of it with the item."""
    return {"state": what, "by": by, "at": at, "content": content}


def told(kept: Mapping[str, str | None]) -> dict[str, str | None]:
    """`approval` of an item, as programs are told it."""
    return {"state": kept["state"], "by": kept["by"], "at": clock.local_iso(kept["at"])}
