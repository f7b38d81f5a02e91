"""What a queue file tells: concepts from the database, for each who is asked. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dossier.database.tables import Asked, Decision, Edition, Item, Shown, first_edition, item_name, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, sentence, told
from workflow.approval import deciding
from workflow.approval.waiting import Asking, Concept
from workflow.items import notes, suspicion
from workflow.messages.language import translator
from workflow.portal.pages import PreviewNote, ShownItem
from workflow.portal.showing import newest_public, shown_item
from workflow.queue import client_view, paper
from workflow.queue.client_view import MOST_ITEMS
from workflow.queue.paper import Sheet
from workflow.queue.pictures import MOST_CONCEPTS, Pictures


class Sheets:
    """The sheets of a batch of concepts, read at once."""

    def __init__(self, office: Office, askings: Sequence[Asking], pictures: Pictures) -> None:
        self.office = office
        self._pictures = pictures
        self._draws = len(askings) <= MOST_CONCEPTS
        editions = [asking.concept.edition for asking in askings]
        self._items = {item.id: item for item in Item.select().where(Item.id.in_([a.concept.item for a in askings]))}
        self._editions = {edition.id: edition for edition in Edition.select().where(Edition.id.in_(editions))}
        self._notes = notes.on_all(editions)
        self._not_searched = suspicion.not_searched(list(self._items.values()))
        self._portals: dict[tuple[str, ...], tuple[list[ShownItem], int]] = {}
        """By client and types that the reader must not know of."""

    def sheet(self, asking: Asking, person: str) -> Sheet:
        """What `person`'s queue file tells."""
        concept = asking.concept
        item, edition = self._items[concept.item], self._editions[concept.edition]
        client, language = self.office.clients.get(concept.client), self.office.settings.office.language
        changed = _listed(changes(concept, edition, item.standing, person))
        lines = [*remarks(asking, person, edition.shown), *changed]
        return Sheet(
            item=item_name(concept.item), content=edition.content, client=concept.client,
            client_name=client.name if client else None, shown=edition.shown, explanation=item.explanation,
            made_by=edition.made_by, made_at=edition.made_at, attention=tuple(told(note, language) for note in self._attention(item, person)),
            remarks=tuple(told(line, language) for line in lines),
            language=language,
        )  # fmt: skip

    def _attention(self, item: Item, person: str) -> list[Sentence | str]:
        noted = suspicion.for_reader(self._notes.get(item.pending or 0, []), people.readable_clients(self.office, person))
        return [*noted, *(line for line in self._not_searched.get(item.id, ()) if line not in noted)]

    def preview(self, now: datetime, asking: Asking, person: str) -> str | None:
        """`preview.html` for `person`; None of what no client would see.

        It is the portal's own page (pages.py) with its style and pictures inside, no script, a
        banner on top, a mark at the item in question, and links only to that item's own files,
        which lie beside it.
        """
        code, edition = asking.concept.client, self._editions[asking.concept.edition]
        if "internal" in edition.shown:
            return None
        hidden = people.hidden_types(self.office, person)
        if (code, *hidden) not in self._portals:
            self._portals[code, *hidden] = newest_public(code, MOST_ITEMS, hidden)
        newest, count = self._portals[code, *hidden]
        item = self._items[asking.concept.item]
        own = shown_item(clock.to_text(now), item.id, edition.shown, item.location)
        drawn = self._pictures.of_files(edition.shown["attachments"]) if self._draws else {}
        own = replace(own, attachments=tuple(replace(file, picture=file.sha256) for file in own.attachments))
        others = [one for one in newest if one.item != own.item]
        count += 1 - (item.public is not None)
        language = people.language_of(self.office, person)
        _ = translator(language).gettext
        banner = _("Preview: what the client would see after %(item)s is approved.") % {"item": own.item}
        if count > MOST_ITEMS:
            banner += " " + client_view.only_the_newest(language, count)
        note = PreviewNote(banner, language, own.item, _("To be decided"), drawn | self._pictures.of_public(code, others))
        return client_view.page(self.office, code, [own, *others[: MOST_ITEMS - 1]], note)


def remarks(asking: Asking, person: str, shown: Shown) -> list[Sentence]:
    """Why this person is asked, how many others are, and what else is decided on inside."""
    concept, seat = asking.concept, asking.seat_of(person)
    told = []
    if inside := shown.get("internal"):
        told.append(sentence("queue.inside", type=inside["type"]))
        values = {**inside["fields"], **{key: inside[key] for key in ("location", "labels", "due", "owner") if inside.get(key)}}
        told += [sentence("queue.field", name=name, value=value) for name, value in values.items()]
        told += [sentence("queue.note", name=name, note=note) for name, note in inside["notes"].items()]
    if seat is not None and seat.approver != person:
        code = "queue.asked_in_place" if seat.approver else "queue.asked"
        told.append(sentence(code, approver=seat.approver, reason=seat.reason))
    seats = list(dict.fromkeys(concept.approvers))
    if len(seats) > 1:
        needed, by = deciding.needed(seats, concept.approvals), [one.by for one in asking.decided]
        code = "queue.approvals_so_far" if by else "queue.approvals"
        told.append(sentence(code, needed=needed, seats=seats, by=by))
    return told


def seen_before(concept: Concept, edition: Edition, standing: int | None, person: str) -> tuple[Edition, Sentence] | None:
    """(edition, since when) of what this person saw last; else what the client sees; or None.

    Whether somebody opened a file can't be known. So what was asked and not decided counts as
    looked at only the first time: nothing that changed on the way is left out.
    """
    first = first_edition(concept.item)
    if edition.id == first + 1:
        return None
    range_ = Asked.edition.between(first, edition.id - 1) & (Asked.person == person)
    asked: dict[int, str] = dict(tuples(Asked.select(Asked.edition, Asked.at).where(range_).order_by(Asked.edition)))
    mine = Decision.edition.between(first, edition.id - 1) & (Decision.decided_by == person)
    last = Decision.select().where(mine).order_by(Decision.edition.desc()).first()
    if last is not None:
        code = "queue.since_approved" if last.decision == "approve" else "queue.since_rejected"
        base, then = last.edition, sentence(code, at=clock.to_the_minute(last.at))
    elif asked:
        base = min(asked)
        then = sentence("queue.since_asked", at=clock.to_the_minute(asked[base]))
    elif standing is not None:
        base, then = standing, sentence("queue.since_public")
    else:
        return None
    return Edition.get_by_id(base), then


def changes(concept: Concept, edition: Edition, standing: int | None, person: str) -> list[Sentence]:
    """What changed since this person looked last (seen_before); the first line says since when."""
    before = seen_before(concept, edition, standing, person)
    if before is None:
        return []
    found = paper.differences(before[0].shown, edition.shown)
    if not found and before[0].content != edition.content:
        found = [sentence("queue.client_changed")]  # the same, of what is another client's by now
    return [sentence("queue.changed", then=before[1]), *found] if found else [sentence("queue.unchanged", then=before[1])]


def _listed(lines: Sequence[Sentence]) -> list[Sentence]:
    """Of several lines, those behind the first as a list."""
    return [*lines[:1], *(sentence("queue.listed", what=line) for line in lines[1:])]
