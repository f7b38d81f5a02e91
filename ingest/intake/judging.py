"""May this drop become an item, and what would it be? Found in, judgement out.

The daemon judges what it is about to take, `dossier check` and `dossier new` judge the same way
beforehand. What can only be seen in the bytes of the attachments (their kind, their sha256) is
looked at when they are received (intake.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Problem, fault
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault
from ingest.inbox.found import Found
from ingest.intake import ownership
from ingest.intake.ownership import Whose, whose
from ingest.sidecar.reading import Sidecar
from ingest.sidecar.wish import wish_of
from workflow.items.rules import Draft, Wish, attachment_problems, new_draft


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a drop asks for, who made it, and all that forbids it."""

    actor: Actor
    wish: Wish | None
    """None: the sidecar could not be read to its end."""
    draft: Draft | None
    """None: it amends an item, which only the database knows."""
    faults: list[Fault] = field(default_factory=list)
    whose: Whose = field(default_factory=Whose)
    """Whose its files are."""


def judge(office: Office, found: Found, delegated: Actor | None = None) -> Judgement:
    """Judge one drop. `delegated`: for whom it was placed (delegation.py), whoever owns it."""
    card = found.looks[found.sidecar_name] if found.sidecar_name else next(iter(found.looks.values()))
    owner, is_unsigned = people.user_name(card.uid), delegated is None and ownership.is_unsigned(office, card)
    own = None if is_unsigned else people.staff_by_user(office, owner)
    maker, refusal = _maker(office, found, owner, is_unsigned, delegated)
    behind = None if own == maker else f"os:{owner}"
    is_placed = delegated is not None and maker == delegated.code
    actor, faults = Actor(maker, "drop", delegated.behind if delegated and is_placed else behind), list(found.faults)
    sidecar = found.sidecar
    if sidecar is None:
        # Where `created_by` is believed, who made it can't be known before it can be read.
        unknown = refusal is None or office.settings.identity.trust_sidecar
        return Judgement(actor, None, None, faults if unknown or refusal is None else [*faults, Fault(1, refusal)])
    problems = [] if refusal is None else [Problem("created_by", refusal)]
    wish = wish_of(sidecar)
    by_preset = _doubts_of_preset(office, found, sidecar, maker if found.sidecar_name is not None else own, owner)
    draft = None
    if sidecar.item is None:
        draft, more = new_draft(office, found.client, maker, wish)
        # Whoever there isn't has no rights either: that is not told besides.
        problems += [one for one in more if not (refusal and (one.key in ("created_by", "type") or _is_about_sharing(one)))]
        if by_preset:  # it is made a concept, for these doubts
            problems = [problem for problem in problems if not _is_about_sharing(problem)]
        if "share_attachments" not in sidecar.told and not any(problem.key == "share" for problem in problems):
            problems += attachment_problems(office, draft, _shares(found))
    if sidecar.client is not None and sidecar.client != found.client:
        problems = [problem for problem in problems if problem.key != "contact"]  # it may well be one of that client
        is_known = sidecar.client in office.clients and people.may_read(office, actor, sidecar.client)
        code = "intake.another_client" if is_known else "intake.no_such_client"
        problems.append(fault("client", code, said=sidecar.client, client=found.client))
    problems += _file_problems(office, found)
    faults += [Fault(line_of(sidecar, one.key), one.message, one.key) for one in problems if one.key not in sidecar.told]
    theirs = whose(office, found, maker, is_delegated=delegated is not None)
    return Judgement(actor, wish, draft, faults, replace(theirs, doubts=(*theirs.doubts, *by_preset)))


def _is_about_sharing(problem: Problem) -> bool:
    """True for: its maker may not share by themselves."""
    return isinstance(problem.message, Sentence) and problem.message.code == "rules.or_a_concept"


def _doubts_of_preset(office: Office, found: Found, sidecar: Sidecar, speaks: str | None, owner: str) -> list[Sentence]:
    """Why what a preset would share must be looked at first: its owner may not share. `speaks`: the
    staff member whose word it is, if it is one's.

    What the sidecar itself says is refused to them, as ever.
    """
    if sidecar.share_status != "approved" or "share_status" not in sidecar.filled:
        return []
    if speaks is not None and people.has_right(office.staff.get(speaks), "share", found.client):
        return []
    file = names.printable(next(iter(found.matched.values()), found.stem))
    return [sentence("intake.preset_foreign", preset=found.preset, owner=speaks or owner, file=file, client=found.client)]


# Where a key is spoken of that was not given, the fault is at the one that asks for it.
_INSTEAD = {"approvals": "approver", "approver": "share_status", "share_status": "share", "contact": "notify"}


def line_of(sidecar: Sidecar | None, key: str) -> int:
    """The line of a sidecar that a problem with `key` is about."""
    lines = sidecar.lines if sidecar else {}
    while key not in lines and key in _INSTEAD:
        key = _INSTEAD[key]
    return lines.get(key, 1)


def entries(found: Found) -> Iterator[tuple[str, bool | None, str | None, str]]:
    """(name in the item, shared or None, expected sha256 or None, name on disk) of each."""
    sidecar = found.sidecar
    if sidecar is not None and sidecar.attachments is not None:
        for entry in sidecar.attachments:
            if entry.file in found.matched:
                name = names.nfc(entry.name or entry.file)
                yield name, said(sidecar, entry.share), entry.sha256, found.matched[entry.file]
        return
    for asked, disk in found.matched.items():
        yield names.nfc(asked), sidecar.share_attachments if sidecar else None, None, disk


def _shares(found: Found) -> dict[str, bool | None]:
    """Name in the item → shared or None, of each that is there, and of those that are listed and
    never came."""
    sidecar = found.sidecar
    if sidecar is not None and sidecar.attachments is not None:
        return {names.nfc(entry.name or entry.file): said(sidecar, entry.share) for entry in sidecar.attachments}
    return {name: share for name, share, _, _ in entries(found)}


def said(sidecar: Sidecar, share: bool | None) -> bool | None:
    """What was said of one attachment: its own `share` wins over `share_attachments`."""
    return sidecar.share_attachments if share is None else share


def _maker(office: Office, found: Found, owner: str, is_unsigned: bool, delegated: Actor | None) -> tuple[str, Sentence | None]:
    """Who made a drop whose sidecar is `owner`'s, or why that can't be (CONTRACT section 3)."""
    left = None if is_unsigned else people.owner_of(office, owner)
    own, sidecar = left if left is not None and office.staff[left].active else None, found.sidecar
    stands_in = office.settings.presets[found.preset].maker if found.preset and found.sidecar_name is None else None
    if stands_in is not None and left is None:
        return stands_in, None
    named = sidecar.created_by if sidecar else None
    if named is not None and (office.settings.identity.trust_sidecar or (delegated and named == delegated.code)):
        person = office.staff.get(named)
        if person is None:
            return named, sentence("intake.no_such_staff", staff=named)
        return named, None if person.active else sentence("intake.staff_not_active", staff=named)
    if own is None:
        if named is not None and owner == people.user_name(os.geteuid()):
            return named, sentence("intake.holds_once", maker=named)
        code = "intake.nobodys" if left is None else "intake.owner_left"
        code = "intake.nobodys_or_say" if office.settings.identity.trust_sidecar else code
        code = "intake.unsigned" if is_unsigned else code
        return named or f"os:{owner}", sentence(code, owner=owner, staff=left)
    if named is not None and named != own:
        code = "intake.somebody_elses" if named in office.staff else "intake.no_such_maker"
        return own, sentence(code, named=named, owner=own)
    return own, None


def _file_problems(office: Office, found: Found) -> list[Problem]:
    """Names, sizes and numbers of the files themselves."""
    messages: list[Sentence] = []
    limits = office.settings.intake
    listed = found.sidecar is not None and found.sidecar.attachments is not None
    if len(found.matched) > limits.max_files and not listed:  # of a list it is told when it is read
        messages.append(sentence("intake.too_many_files", files=len(found.matched), most=limits.max_files))
    seen: dict[str, str] = {}
    for name, _, _, disk in entries(found):
        shown, look = names.printable(name), found.looks.get(disk)
        # What a sidecar lists, and what lies beside it under one name, was told of when it was read
        # and paired.
        if not listed and (fault := names.name_fault(name)):
            messages.append(sentence("intake.of_file", file=shown, what=fault))
        folded = names.fold(name)
        if folded in seen and not found.faults:
            messages.append(sentence("intake.one_to_windows", file=shown, other=names.printable(seen[folded])))
        seen.setdefault(folded, name)
        if look and look.size > limits.max_file_mb * 1024 * 1024:
            messages.append(sentence("intake.too_large", file=shown, most=limits.max_file_mb))
        blocked = [kind for kind in (names.extension(disk), names.extension(name)) if kind in limits.blocked_types]
        if blocked and not listed:
            messages.append(sentence("intake.blocked", file=shown, ending=blocked[0]))
    return [Problem("attachments", message) for message in messages]
