"""What an item may become: a wish and an office in, a draft or all that is wrong with it out. Pure.

A drop, `dossier new`, `edit` and an amendment all ask for the same things, so they are judged here,
once. A problem names the key it is about; the caller knows the line or the option. What only
follows from another problem is not told besides it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from dossier.office import people
from dossier.office.item_types import fitting, wanted
from dossier.office.office import Office
from dossier.office.terms import ENGLISH
from dossier.text.names import fold
from dossier.text.refusals import Problem, fault
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from dossier.office.keys import Client, ItemType

ShareStatus = Literal["concept", "approved"]

MOST_APPROVERS = 12
"""So many people are named who may approve."""

MOST_NAMED = 5
"""Of many attachments so many are named in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks of an item. None: nothing was said about it."""

    description: str | None = None
    status: str | None = None
    type: str | None = None
    """Empty, of an item that is there: none any more."""
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
    """Empty, of an item that is there: nobody any more."""
    due: str | None = None
    """The day on which something must be done with it; empty: none any more."""
    owner: str | None = None
    """Who sees to it; empty: who made it."""
    reason: str | None = None
    """Why it is taken off the portal."""
    faults: tuple[Problem, ...] = ()
    """What of it could not be read: told with all that forbids the rest."""
    told: frozenset[str] = frozenset()
    """Keys about which the faults say enough."""

    def objections(self, problems: Iterable[Problem]) -> list[Problem]:
        """The faults, and of the problems those that don't only follow from them."""
        return [*self.faults, *(problem for problem in problems if problem.key not in self.told)]


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
    due: str | None = None
    owner: str | None = None


def new_draft(office: Office, client: str, maker: str, wish: Wish) -> tuple[Draft, list[Problem]]:
    """The item that `wish` asks for, made by `maker` for `client`, and all that forbids it."""
    problems: list[Problem] = []
    customer = office.clients.get(client)
    if customer is None:
        problems.append(fault("", "rules.no_such_client", client=client))
    elif not customer.active:
        problems.append(fault("", "rules.client_not_active", client=client))
    if customer is not None and (refusal := people.why_not_create(office, maker, client)):
        problems.append(Problem("created_by", refusal))
    base = Draft(client=client, description=wish.description or "", status=wish.status or office.settings.items.statuses[0])
    draft = _apply(office, customer, base, maker, wish, problems)
    if customer is None:
        return draft, problems
    is_inside = not draft.share and asks_inside(office, draft.type)
    is_open = is_settled(problems)
    if (draft.share or is_inside) and wish.approvers and is_open:
        problems += approver_problems(office, draft, [maker])
    if is_open and (is_inside or (draft.share and draft.share_status == "concept")):
        able = not _tells_of(problems, "approver")
        draft, more = asking(office, draft, [maker])
        problems += more if able else []
    told = {problem.key for problem in problems}
    lacking = [key for key in lacking_keys(office, draft) if not told & {ENGLISH.get(key, key), "type"}]
    lacking = [ENGLISH.get(key, key) for key in lacking]
    problems += [fault(key, "rules.type_needs", type=draft.type, needed=key) for key in lacking]
    return draft, problems


def is_settled(problems: Sequence[Problem]) -> bool:
    """True if type and sharing can be as asked: else nobody need be named to approve it so."""
    return not _tells_of(problems, "type", "share")


def _tells_of(problems: Sequence[Problem], *keys: str) -> bool:
    return any(problem.key in keys for problem in problems)


def asks_inside(office: Office, kind: str | None) -> bool:
    """True for a type whose items wait for an approval inside the office when not shared."""
    return kind in office.settings.types and office.settings.types[kind].approval == "internal"


def amended_draft(
    office: Office, current: Draft, actor: str, wish: Wish, only_taken_off: bool = False
) -> tuple[Draft, list[Problem]]:
    """`current`, an item as it is, changed as `actor` wishes, and all that forbids it.

    `share_status` of the answer is what was asked for; whether a change needs approval again, and
    who may be asked for it, is for amending.py to see. `only_taken_off`: nothing is asked but that
    it goes off the portal, which needs neither the right to make items nor an open one.
    """
    problems: list[Problem] = []
    client = office.clients.get(current.client)
    if not only_taken_off:
        if client is None or not client.active:
            problems.append(fault("", "rules.client_not_active", client=current.client))
        if refusal := people.why_not_create(office, actor, current.client):
            problems.append(Problem("created_by", refusal))
        problems += _closed_problems(office, current.status, actor, wish.status)
    draft = _apply(office, client, current, actor, wish, problems)
    if wish.share_status and wish.share is None and not draft.share:
        problems.append(fault("share_status", "rules.status_of_nothing"))
    had = lacking_keys(office, current) if draft.type == current.type else []
    told = {problem.key for problem in problems}
    for key in lacking_keys(office, draft):
        if key not in had and not told & {ENGLISH.get(key, key), "type"}:
            # What an older item lacks of a newer rule is not asked for at every change.
            problems.append(fault("type", "rules.type_needs_value", type=draft.type, needed=ENGLISH.get(key, key)))
    return draft, problems


def _closed_problems(office: Office, status: str, actor: str, wanted_status: str | None) -> list[Problem]:
    """A closed item stays as it is, unless an admin opens it."""
    closed = office.settings.items.closed
    opens = people.is_admin(office, actor) and wanted_status is not None and wanted_status not in closed
    return [] if status not in closed or opens else [fault("", "rules.closed", status=status)]


def _apply(office: Office, client: Client | None, base: Draft, actor: str, wish: Wish, problems: list[Problem]) -> Draft:
    """The draft; what forbids it goes into `problems`."""
    share = base.share if wish.share is None else wish.share
    type_name = base.type if wish.type is None else wish.type or None
    kind = office.settings.types.get(type_name or "")
    problems += _type_problems(office, base, actor, wish)
    draft = Draft(
        client=base.client,
        description=wish.description or base.description,
        status=wish.status or base.status,
        type=type_name,
        location=base.location if wish.location is None else wish.location or None,
        labels=_labels(kind, base, wish, problems),
        explanation=base.explanation if wish.explanation is None else wish.explanation or None,
        fields=_fields(kind, type_name, base.fields, wish, problems),
        share=share,
        share_status=_share_status(client, base, wish, share, problems),
        share_explanation=base.share_explanation if wish.share_explanation is None else wish.share_explanation,
        approvers=base.approvers if wish.approvers is None else wish.approvers,
        approvals=wish.approvals or base.approvals,
        notify=base.notify and share if wish.notify is None else wish.notify,
        contact=base.contact if wish.contact is None else _contact(client, wish.contact, problems),
        due=base.due if wish.due is None else wish.due or None,
        owner=base.owner if wish.owner is None else wish.owner or None,
    )
    if wish.owner and client is not None and (refusal := people.why_not_own(office, wish.owner, base.client, draft.type)):
        problems.append(fault("owner", "rules.another_owner", why=refusal))
    if share:
        more = _sharing_problems(office, client, kind, base, draft, actor, wish, problems)
        if _tells_of(more, "share"):  # then how it would be shared is no question
            problems[:] = [problem for problem in problems if problem.key != "share_status"]
        problems += more
    if draft.notify and not share:
        problems.append(fault("notify", "rules.notify_of_nothing"))
    elif draft.notify and draft.contact is None and not _tells_of(problems, "contact"):
        problems.append(fault("contact", "rules.notify_whom"))
    return draft


def _sharing_problems(
    office: Office,
    client: Client | None,
    kind: ItemType | None,
    base: Draft,
    draft: Draft,
    actor: str,
    wish: Wish,
    before: Sequence[Problem],
) -> list[Problem]:
    """Why it can't be shared, or not so. `before`: the problems that are told of already."""
    if kind and kind.share == "never":  # if it gets another type, that may well be shared
        return [] if _tells_of(before, "type") else [fault("share", "rules.never_shared", type=draft.type)]
    if client is not None and not client.portal and (not base.share or wish.share or wish.share_status):
        return [fault("share", "rules.no_portal", client=base.client)]
    if wish.share_status != "approved":
        return []
    if kind and kind.share == "approval":
        return [fault("share_status", "rules.needs_approval", type=draft.type)]
    refusal = people.why_not_share(office, actor, base.client) if client is not None else None
    if refusal is None or refusal in [problem.message for problem in before]:
        return []
    return [fault("share_status", "rules.or_a_concept", why=refusal)]


def _type_problems(office: Office, base: Draft, actor: str, wish: Wish) -> list[Problem]:
    """Whether the actor may make an item of the type that is wished for, out of what it was."""
    if wish.type is None or wish.type == base.type:
        return []
    if refusal := people.why_not_type(office, actor, wish.type):
        return [Problem("type", refusal)]
    was = office.settings.types.get(base.type or "")
    if was and was.share == "never" and not people.is_admin(office, actor):
        return [fault("type", "rules.stays_of_type", type=base.type)]
    return []


def _labels(kind: ItemType | None, base: Draft, wish: Wish, problems: list[Problem]) -> tuple[str, ...]:
    """The labels, in the type's spelling."""
    labels = base.labels if wish.labels is None else wish.labels
    if kind is None or not kind.labels or (labels == base.labels and wish.type in (None, base.type)):
        return labels
    allowed = {fold(label): label for label in kind.labels}
    wrong = ", ".join(f"`{label}`" for label in labels if fold(label) not in allowed)
    if wrong:
        problems.append(
            fault("labels", "rules.no_label", label=wrong, type=wish.type or base.type, allowed=", ".join(kind.labels))
        )
    return tuple(allowed.get(fold(label), label) for label in labels)


def _fields(
    kind: ItemType | None, name: str | None, base: Mapping[str, str], wish: Wish, problems: list[Problem]
) -> dict[str, str]:
    """The extra fields as they shall be: the type's, with fitting values. Empty ones go."""
    known = kind.fields if kind else {}
    # A type that the office no longer has keeps what it holds.
    found = {key: value for key, value in base.items() if key in known or (kind is None and wish.type is None)}
    for key, value in (wish.fields or {}).items():
        fitted = fitting(known[key], value) if key in known and value else None
        if key not in known:
            code = "rules.no_such_field" if name else "rules.field_without_type"
            problems.append(Problem(key, Sentence(code, {"type": name, "field": key})))
        elif value and fitted is None:
            problems.append(fault(key, "rules.does_not_fit", field=key, value=value[:60], wanted=wanted(known[key])))
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


def _share_status(client: Client | None, base: Draft, wish: Wish, share: bool, problems: list[Problem]) -> ShareStatus | None:
    if not share:
        return None
    status = wish.share_status or base.share_status
    if status is None and client is not None and not (client.default_approver or wish.approvers):
        problems.append(fault("share_status", "rules.say_share_status"))
        return None
    return status or "concept"


def asking(office: Office, draft: Draft, makers: Collection[str]) -> tuple[Draft, list[Problem]]:
    """The draft with its approvers, and why nobody can be. `makers`: whose work it is."""
    client, problems = office.clients.get(draft.client), list[Problem]()
    approvers = draft.approvers or ((client.default_approver,) if client and client.default_approver else ())
    if not approvers:
        problems.append(fault("approver", "rules.concept_needs_approver", whom=_who_approves(office, draft, makers)))
    elif draft.approvals.isdecimal() and int(draft.approvals) > len(approvers):
        problems.append(fault("approvals", "rules.too_many_approvals", approvals=draft.approvals, count=len(approvers)))
    seats = people.approver_seats(office, draft.client, draft.type, approvers, makers, date.min)
    if approvers and not all(seat.people for seat in seats):
        problems.append(fault("approver", "rules.nobody_left"))
    return replace(draft, approvers=tuple(approvers)), problems


def approver_problems(office: Office, draft: Draft, makers: Collection[str]) -> list[Problem]:
    """Named approvers who can't be. A default one who can't is replaced (approver_seats)."""
    problems = []
    for approver in draft.approvers:
        refusal = people.why_not_approve(office, approver, draft.client, draft.type, makers)
        if refusal:
            problems.append(fault("approver", "rules.another_approver", why=refusal, whom=_who_approves(office, draft, makers)))
    return problems


def _who_approves(office: Office, draft: Draft, makers: Collection[str]) -> Sentence:
    """Who can be named as approver, by name and code: nobody knows the codes by heart."""
    able = [code for code in office.staff if not people.why_not_approve(office, code, draft.client, draft.type, makers)]
    named = _named([f"{office.staff[code].name} ({code})" for code in able], MOST_APPROVERS)
    return sentence("rules.approvers_are", known=named) if able else sentence("rules.nobody_approves")


def _named(several: Sequence[str], most: int) -> Sentence | str:
    """These with commas; of more than `most`, how many others there are."""
    listed = ", ".join(several[:most])
    return sentence("rules.and_more", named=listed, count=len(several) - most) if len(several) > most else listed


def _contact(client: Client | None, wanted: str, problems: list[Problem]) -> str | None:
    """The active contact meant by id or address; None: nobody. Nothing is told of a client there is
    not."""
    if client is None or not wanted:
        return wanted or None
    fitting = [one for one in client.contacts if wanted == one.id or wanted.casefold() == one.email.casefold()]
    if fitting:  # an address may be that of somebody who left, and of whoever came after them
        contact = min(fitting, key=lambda one: (one.id != wanted, not one.active))
        if not contact.active:
            problems.append(fault("contact", "rules.contact_not_active", contact=contact.id))
        return contact.id
    known = ", ".join(contact.id for contact in client.contacts if contact.active)
    if known:
        problems.append(fault("contact", "rules.no_such_contact", contact=wanted, known=known))
    else:
        problems.append(fault("contact", "rules.no_contacts", contact=wanted))
    return None


def attachment_problems(office: Office, draft: Draft, shares: Mapping[str, bool | None]) -> list[Problem]:
    """`shares`: attachment → shared?, None if unsaid. With `ask` a shared item must say so."""
    if not draft.share or office.settings.sharing.choose_attachments != "ask":
        return []
    silent = [f"`{name}`" for name, share in shares.items() if share is None]
    return [fault("attachments", "rules.say_which", attachments=_named(silent, MOST_NAMED))] if silent else []


def chosen(office: Office, share: bool | None) -> bool:
    """What is done with an attachment that nobody said anything about."""
    return office.settings.sharing.choose_attachments == "all" if share is None else share
