"""What a sidecar asks of an item. Pure."""

from __future__ import annotations

from ingest.sidecar.reading import Sidecar
from workflow.items.rules import Wish


def wish_of(sidecar: Sidecar) -> Wish:
    """What a sidecar asks of an item."""
    return Wish(
        description=sidecar.description, status=sidecar.status, type=sidecar.type, location=sidecar.location,
        labels=sidecar.labels, explanation=sidecar.explanation, fields=sidecar.fields or None, share=sidecar.share,
        share_status=sidecar.share_status, share_explanation=sidecar.share_explanation, approvers=sidecar.approvers or None,
        approvals=str(sidecar.approvals) if sidecar.approvals is not None else None, notify=sidecar.notify, contact=sidecar.contact, reason=sidecar.reason,
        due=sidecar.due, owner=sidecar.owner,
    )  # fmt: skip
