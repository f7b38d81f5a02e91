"""What an item may become: a wish and an office in, a draft or all that is wrong with it out. Pure.

A drop, `dossier new`, `edit` and an amendment all ask for the same things, so they are judged here, once. A problem
names the key it is about; the caller knows the line or the option.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from dossier.office import people
from dossier.office.item_types import ENGLISH, fitting, wanted
from dossier.office.office import Office
from dossier.text.names import fold
from dossier.text.refusals import Problem

if TYPE_CHECKING:
    from dossier.office.keys import Client, ItemType

ShareStatus = Literal["concept", "approved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks of an item. None: nothing was said about it."""

    description: str | None = None
    status: str | None = None
    type: str | None = None
    location: str | None = None
    labels: tuple[str, ...] | None = None
    explanation: str | None = None
    fields: Mapping[str, str] | None = None
    share: bool | None = None
    share_status: ShareStatus | None = None
    share_explanation: bool | None = None
    approvers: tuple[str, ...] | None = None
    approvals: str | None = None
    notify: bool | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item as it shall be; attachments apart. `share_status` is None for what is not shared."""

    client: str
    description: str
    status: str
    type: str | None = None
    location: str | None = None
    labels: tuple[str, ...] = ()
    explanation: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    share: bool = False
    share_status: ShareStatus | None = None
    share_explanation: bool = False
    approvers: tuple[str, ...] = ()
    approvals: str = "all"
    notify: bool = False
    contact: str | None = None
    """The contact's id."""


def new_draft(office: Office, client: str, maker: str, wish: Wish) -> tuple[Draft, list[Problem]]:
    """The item that `wish` asks for, made by `maker` for `client`, and all that forbids it."""
    problems: list[Problem] = []
    customer = office.clients.get(client)
    if customer is None:
        problems.append(Problem("", f"there is no client `{client}` in config/clients.yaml"))
        customer = _gone(client)
    elif not customer.active:
        problems.append(Problem("", f"client {client} is not active any more; ask an admin"))
    refusal = people.why_not_create(office, maker, client)
    if refusal:
        problems.append(Problem("created_by", refusal))
    base = Draft(client=client, description=wish.description or "", status=wish.status or office.settings.items.statuses[0])
    draft, problems = _apply(office, customer, base, maker, wish, problems)
    if draft.share and wish.approvers:
        problems += approver_problems(office, draft, [maker])
    if draft.share and draft.share_status == "concept":
        able = not any(problem.key == "approver" for problem in problems)
        draft, more = asking(office, draft, [maker])
        problems += more if able else []
    problems += [Problem("type", f"an item of type {draft.type} needs `{key}`; add it") for key in lacking_keys(office, draft)]
    return draft, problems


def amended_draft(office: Office, current: Draft, actor: str, wish: Wish) -> tuple[Draft, list[Problem]]:
    """`current`, an item as it is, changed as `actor` wishes, and all that forbids it.

    `share_status` of the answer is what was asked for; whether a change needs approval again, and
    who may be asked for it, is for amending.py to see.
    """
    problems: list[Problem] = []
    client = office.clients.get(current.client)
    if client is None or not client.active:
        problems.append(Problem("", f"client {current.client} is not active any more; ask an admin"))
        client = client or _gone(current.client)
    refusal = people.why_not_create(office, actor, current.client)
    if refusal:
        problems.append(Problem("created_by", refusal))
    closed = office.settings.items.closed
    if current.status in closed and not (people.is_admin(office, actor) and wish.status and wish.status not in closed):
        problems.append(Problem("", f"the item is {current.status}: nothing changes until an admin gives it another status"))
    draft, problems = _apply(office, client, current, actor, wish, problems)
    had = lacking_keys(office, current) if draft.type == current.type else []
    for key in lacking_keys(office, draft):
        if key not in had:  # what an older item lacks of a newer rule is not asked for at every change
            problems.append(Problem("type", f"an item of type {draft.type} needs `{key}`; give it a value"))
    return draft, problems


def _apply(
    office: Office, client: Client, base: Draft, actor: str, wish: Wish, problems: list[Problem]
) -> tuple[Draft, list[Problem]]:
    share = base.share if wish.share is None else wish.share
    kind = office.settings.types.get(wish.type or base.type or "")
    problems += _type_problems(office, base, actor, wish)
    draft = Draft(
        client=base.client,
        description=wish.description or base.description,
        status=wish.status or base.status,
        type=wish.type or base.type,
        location=base.location if wish.location is None else wish.location or None,
        labels=_labels(kind, base, wish, problems),
        explanation=base.explanation if wish.explanation is None else wish.explanation or None,
        fields=_fields(kind, wish.type or base.type, base.fields, wish, problems),
        share=share,
        share_status=_share_status(client, base, wish, share, problems),
        share_explanation=base.share_explanation if wish.share_explanation is None else wish.share_explanation,
        approvers=base.approvers if wish.approvers is None else wish.approvers,
        approvals=wish.approvals or base.approvals,
        notify=base.notify and share if wish.notify is None else wish.notify,
        contact=base.contact if wish.contact is None else _contact(client, wish.contact, problems),
    )
    if share:
        if not client.portal and (not base.share or wish.share or wish.share_status):
            problems.append(Problem("share", f"client {base.client} has no portal: nothing of it can be shared"))
        if kind and kind.share == "never":
            problems.append(
                Problem("share", f"an item of type {draft.type} is never shared; use `share: no`, or leave `share` out")
            )
        elif kind and kind.share == "approval" and wish.share_status == "approved":
            problems.append(Problem("share_status", f"an item of type {draft.type} needs approval: use `share_status: concept`"))
    if share and draft.share_status == "approved" and wish.share_status == "approved":
        refusal = people.why_not_share(office, actor, base.client)
        if refusal:
            problems.append(Problem("share_status", f"{refusal}; or use `share_status: concept` and name an approver"))
    if draft.notify and draft.contact is None:
        problems.append(Problem("notify", "`notify` is yes, but no `contact` is given; name the contact who gets the mail"))
    if draft.notify and not share:
        problems.append(Problem("notify", "`notify` is yes, but `share` is no: there would be nothing to see"))
    return draft, problems


def _type_problems(office: Office, base: Draft, actor: str, wish: Wish) -> list[Problem]:
    """Whether the actor may make an item of the type that is wished for, out of what it was."""
    if wish.type is None or wish.type == base.type:
        return []
    problems = []
    refusal = people.why_not_type(office, actor, wish.type)
    if refusal:
        problems.append(Problem("type", refusal))
    was = office.settings.types.get(base.type or "")
    if was and was.share == "never" and not people.is_admin(office, actor):
        problems.append(
            Problem("type", f"an item of type {base.type} is never shared, so it stays one; make a new item, or ask an admin")
        )
    return problems


def _labels(kind: ItemType | None, base: Draft, wish: Wish, problems: list[Problem]) -> tuple[str, ...]:
    """The labels, in the type's spelling."""
    labels = base.labels if wish.labels is None else wish.labels
    if kind is None or not kind.labels or (labels == base.labels and wish.type in (None, base.type)):
        return labels
    allowed = {fold(label): label for label in kind.labels}
    wrong = ", ".join(f"`{label}`" for label in labels if fold(label) not in allowed)
    if wrong:
        given = ", ".join(kind.labels)
        problems.append(Problem("labels", f"{wrong} is no label of type {wish.type or base.type}; give {given}"))
    return tuple(allowed.get(fold(label), label) for label in labels)


def _fields(
    kind: ItemType | None, name: str | None, base: Mapping[str, str], wish: Wish, problems: list[Problem]
) -> dict[str, str]:
    """The extra fields as they shall be: what the type has, with a value that fits. An empty one is taken out."""
    known = kind.fields if kind else {}
    # A type that the office no longer has keeps what it holds.
    found = {key: value for key, value in base.items() if key in known or (kind is None and wish.type is None)}
    for key, value in (wish.fields or {}).items():
        fitted = fitting(known[key], value) if key in known and value else None
        if key not in known:
            there = f"type {name} has no key `{key}`" if name else f"`{key}` is a key of some types; this item has no type"
            problems.append(Problem(key, f"{there}; leave it out"))
        elif value and fitted is None:
            problems.append(Problem(key, f"`{key}`: `{value[:60]}` does not fit; give {wanted(known[key])}"))
        elif fitted:
            found[key] = fitted
        else:
            found.pop(key, None)
    return found


def lacking_keys(office: Office, draft: Draft) -> list[str]:
    """What the draft's type requires and it has no value for; its attachments apart."""
    kind = office.settings.types.get(draft.type or "")
    has = {
        "location": draft.location, "labels": draft.labels, "explanation": draft.explanation, "contact": draft.contact,
        "approver": draft.approvers or draft.share_status != "concept", **{key: draft.fields.get(key) for key in kind.fields},
    } if kind else {}  # fmt: skip
    return [key for key in kind.required if not has.get(ENGLISH.get(key, key), True)] if kind else []


def _share_status(client: Client, base: Draft, wish: Wish, share: bool, problems: list[Problem]) -> ShareStatus | None:
    if not share:
        return None
    status = wish.share_status or base.share_status
    if status is None and (client.default_approver or wish.approvers):
        return "concept"
    if status is None:
        message = "`share` is yes, so say `share_status: concept` (with an approver) or `share_status: approved`"
        problems.append(Problem("share_status", message))
    return status


def asking(office: Office, draft: Draft, makers: Collection[str]) -> tuple[Draft, list[Problem]]:
    """The draft with those who are asked to approve it, and why nobody can be. `makers`: of the item, and of this change."""
    client, problems = office.clients.get(draft.client) or _gone(draft.client), list[Problem]()
    approvers = draft.approvers or ((client.default_approver,) if client.default_approver else ())
    if not approvers:
        problems.append(Problem("approver", "a concept needs an `approver`: name who must approve it"))
    if draft.approvals.isdecimal() and int(draft.approvals) > max(1, len(approvers)):
        problems.append(Problem("approvals", f"`approvals` is {draft.approvals}, but there are {len(approvers)} approvers"))
    seats = people.desks(office, draft.client, draft.type, approvers, makers, date.min)
    if approvers and not all(desk.people for desk in seats):
        problems.append(Problem("approver", "nobody who may approve this is left; name another approver"))
    return replace(draft, approvers=tuple(approvers)), problems


def approver_problems(office: Office, draft: Draft, makers: Collection[str]) -> list[Problem]:
    """Who was named as approver and can't be. A default approver who can't is replaced instead (people.desks)."""
    problems = []
    for approver in draft.approvers:
        refusal = people.why_not_approve(office, approver, draft.client, draft.type, makers)
        if refusal:
            problems.append(Problem("approver", f"{refusal}; name another approver"))
    return problems


def _contact(client: Client, wanted: str, problems: list[Problem]) -> str | None:
    """The id of the active contact who is meant by id or e-mail."""
    for contact in client.contacts:
        if wanted == contact.id or wanted.casefold() == contact.email.casefold():
            if not contact.active:
                problems.append(Problem("contact", f"contact {contact.id} is not active any more; name another"))
            return contact.id
    known = ", ".join(contact.id for contact in client.contacts if contact.active) or "none yet"
    problems.append(Problem("contact", f"this client has no contact `{wanted}`; its contacts are: {known}"))
    return None


def attachment_problems(office: Office, draft: Draft, shares: Mapping[str, bool | None]) -> list[Problem]:
    """`shares`: attachment name → whether it is shared, None if nobody said. With `ask`, a shared item must say so."""
    if not draft.share or office.settings.sharing.choose_attachments != "ask":
        return []
    silent = [name for name, share in shares.items() if share is None]
    if not silent:
        return []
    listed = ", ".join(f"`{name}`" for name in silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    return [
        Problem(
            "attachments",
            f"say which attachments are shared: {listed}; use `share_attachments: all` or `none`, or `share` at each",
        )
    ]


def chosen(office: Office, share: bool | None) -> bool:
    """What is done with an attachment that nobody said anything about."""
    return office.settings.sharing.choose_attachments == "all" if share is None else share


def _gone(code: str) -> Client:
    """What stands in for a client who is not in config/ any more: it has no contact, no approver and no portal page."""
    from dossier.office.keys import Client  # takes long to import, and is rarely needed

    return Client(name=code)
