"""Proof: what a client could see of an item from when to when, on a sheet that needs no database.

A sheet holds all events of the item with their salts, what each approved content was, and the links
of the trail from the item's first event to the next anchor. A link tells nothing of the event that
it stands for, so nothing of other items is on the sheet. Whoever has it can compute every digest up
to the anchor's head. That this head is the office's own is seen where the anchor lies besides: in
`var/anchors/`, in a backup, in the mailbox of `trail.anchors_to`.

Names of people are as the office gave them, which nobody can check. The trail has the code that
stands behind each.

The sheet proves that what it tells lies in the trail as it stood at the anchor, unchanged. It can't
prove that no other event of the item lies between, as links tell nothing; where the database is,
`dossier audit verify` does.

An event from which a person was erased later (trail.redact) is shown as it is kept since, with the
link that the chain holds. The event that tells of the erasure is on the sheet too.

Collecting reads only; `check` and `render` are pure.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from dossier.database import tables
from dossier.database.tables import Edition, Event, Item, Shown, editions_of, item_name, tuples
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import clock, sentences
from dossier.text.names import has_bad_characters
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence, sentence
from dossier.trail import anchors, auditing, redacting, trail
from dossier.trail.trail import Anchor, RecordedEvent
from workflow.items.items import content_digest
from workflow.messages import firm, logo
from workflow.messages.language import HERE, environment

VERSION = 3
"""Of new sheets. Those of earlier versions are checked by the page they were made with."""

VERSIONS = (1, 2, 3)

MOST_BYTES = 64 * 1024 * 1024
"""No sheet that is checked is larger."""

_SCRIPT = re.compile(r'<script type="application/json" id="proof">\n(.*?)\n</script>', re.DOTALL)

THROUGH = {"en": "through", "nl": "via"}
"""Between who did something and what it was done through: an account, an API key."""

_EVENT = ("seq", "at", "actor", "behind", "way", "action", "item", "subject", "digest")


class NotASheet(Refusal):
    """What was given is no proof sheet; it says why."""


def collect(office: Office, now: datetime, item: Item, may: Readable = ALL) -> dict[str, object]:
    """An item's proof, as `proof --json` gives it. The trail must hold at least its making."""
    told = list(trail.events(item=item.id))
    events = [trail.for_reader(event, may) for event in told]
    first, anew = events[0].seq, redacting.redactions(events[0].seq, events[-1].seq)
    anew = {event.seq: anew[event.seq] for event in events if event.seq in anew}
    erasures = _erasures(anew)
    anchor, is_kept = _anchor_for(office, now, max(event.seq for event in [*events, *erasures]))
    before = Event.get_or_none(Event.seq == first - 1)
    kept = redacting.redactions(first, anchor.length)
    links = [
        kept.get(row[0]) or trail.link_of(row)
        for row in tuples(Event.select(*trail.LINKED).where(Event.seq.between(first, anchor.length)).order_by(Event.seq))
    ]
    contents = _contents(item, [str(event.said.get("from")) for event in told if event.action == "moved"])
    client, picture = office.clients.get(item.client), logo.find(office)
    return {
        "proof": VERSION,
        "office": office.settings.portal.title,
        "firm": firm.name_of(office),
        "logo": base64.b64encode(picture.data).decode() if picture else None,
        "names": _names(office, item.client, events),
        "item": item_name(item.id),
        "client": item.client,
        "client_name": client.name if client else item.client,
        "made_at": clock.to_text(now),
        "periods": periods(events, contents),
        "events": [_told(event, anew.get(event.seq)) for event in events],
        **({"erasures": [_told(event) for event in erasures]} if erasures else {}),
        "contents": contents,
        "chain": {"before": before.hash if before else tables.GENESIS, "from": first, "links": links},
        "anchor": {"at": anchor.at, "length": anchor.length, "head": anchor.head, "kept": is_kept},
    }


def _contents(item: Item, before: Sequence[str]) -> dict[str, Shown]:
    """What the client saw, or would have seen, by its digest; without what was for a client before
    the item was moved (`before`): nobody saw that, and its digest is of that client."""
    found = tuples(Edition.select(Edition.content, Edition.shown).where(editions_of(item.id)))
    others = [client for client in before if client != item.client]
    return {
        content: shown for content, shown in found if content not in [content_digest(item.id, client, shown) for client in others]
    }  # fmt: skip


def _names(office: Office, client: str, events: Sequence[RecordedEvent]) -> dict[str, str]:
    """What those named in these events are called: staff, and `contact:CLIENT/ID`."""
    named = set[str]()
    for event in events:
        named |= {event.actor, event.behind or ""}
        detail = event.said
        for key in ("to", "contact", "approvers"):
            given = detail.get(key) or []
            named |= {given} if isinstance(given, str) else {str(one) for one in given}
    customer = office.clients.get(client)
    contacts = {f"contact:{client}/{one.id}": one for one in (customer.contacts if customer else ())}
    found = {code: person.name for code, person in office.staff.items() if code in named}
    return found | {code: one.name for code, one in contacts.items() if code in named or one.id in named}


def _anchor_for(office: Office, now: datetime, seq: int) -> tuple[Anchor, bool]:
    """The first anchor at or behind this event, and is it in var/anchors/; else the chain."""
    known, _ = anchors.read(anchors.folder_of(office)) if anchors.folder_of(office).is_dir() else ([], None)
    fitting = sorted((one for one in known if one.length >= seq and anchors.misfit(one) is None), key=lambda one: one.length)
    if fitting:
        return fitting[0], True
    length, head = trail.head()
    return Anchor(clock.to_text(now), length, head), False


def _erasures(anew: Mapping[int, str]) -> list[RecordedEvent]:
    """The events that tell how these were written anew."""
    if not anew:
        return []
    since = Event.select(Event.seq).where((Event.action == "erased") & (Event.seq > min(anew)))
    wanted = {str(seq) for seq in anew}
    return [event for event in trail.those(row[0] for row in tuples(since)) if wanted & _attested(event).keys()]


def _attested(erasure: RecordedEvent) -> dict[str, str]:
    """What an erasure's event says of events that were written anew: number → link."""
    return dict(erasure.said.get("redacted", {}))


def _told(event: RecordedEvent, link: str | None = None) -> dict[str, Any]:
    told = {**dict(zip(_EVENT, event[:9], strict=True)), "salt": event.salt, "detail": event.detail}
    return {**told, "link": link} if link else told


Seen = TypedDict(
    "Seen", {"from": str, "until": str | None, "content": str, "what": Shown | None, "approved_by": list[dict[str, object]]}
)
"""What a client could see. `until`: None while it still can."""


def periods(events: Iterable[RecordedEvent], contents: Mapping[str, Shown]) -> list[Seen]:
    """What was published, each until the next or until it was taken off."""
    found: list[Seen] = []
    approved: dict[str, list[dict[str, object]]] = {}
    for event in events:
        detail = event.said
        content = str(detail.get("content", ""))
        if event.action == "approved" and content:
            by = {"by": event.actor, "behind": event.behind, "at": event.at, "way": event.way}
            approved.setdefault(content, []).append({**by, "outright": detail.get("outright", False)})
        if event.action in ("published", "taken_off"):
            if found and found[-1]["until"] is None:
                found[-1]["until"] = event.at
            if event.action == "published":
                shown = contents.get(content)
                found.append(
                    {"from": event.at, "until": None, "content": content, "what": shown, "approved_by": approved.get(content, [])}
                )
    return found


# Checking


def read(text: str) -> dict[str, object]:
    """The proof in a sheet (HTML) or in what `proof --json` printed. Raises NotASheet."""
    within = _SCRIPT.search(text)
    try:
        found = json.loads(within.group(1) if within else text)
    except ValueError as error:
        raise NotASheet("proof.no_proof_in_it") from error
    if not isinstance(found, dict) or found.get("proof") not in VERSIONS:
        raise NotASheet("proof.other_version")
    return found


def check(text: str) -> tuple[dict[str, object], list[Sentence]]:
    """(the proof in a sheet, all that does not fit in it). Needs no database. Raises NotASheet.

    A sheet that fits itself may still be another office's, or forged as a whole: whether its anchor
    is this office's is left to the caller.
    """
    from jinja2 import TemplateError

    # Mail and editors change line ends and put a byte order mark in front. Nothing is shown by
    # that.
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    proof = read(text)
    try:
        faults = _faults(proof)
        if not faults and _SCRIPT.search(text) and text != render(proof, _language_of(text)):
            faults.append(sentence("proof.shows_something_else"))
    except (KeyError, TypeError, ValueError, AttributeError, TemplateError) as error:
        raise NotASheet("proof.not_whole", error=f"{type(error).__name__} {error}") from error
    return proof, faults


def _faults(proof: Mapping[str, Any]) -> list[Sentence]:
    chain, anchor = proof["chain"], proof["anchor"]
    faults: list[Sentence] = []
    events = [_event(told) for told in proof["events"]]
    erasures = [_event(told) for told in proof.get("erasures", [])]
    links = {told["seq"]: str(told["link"]) for told in proof["events"] if "link" in told}
    attested: dict[str, str] = {}
    for event in sorted(erasures, key=lambda event: event.seq):
        attested |= _attested(event) if event.action == "erased" else {}
    for event in [*events, *erasures]:
        name = auditing.named(event)
        place, link = event.seq - chain["from"], links.get(event.seq) or trail.link_of(event)
        if not 0 <= place < len(chain["links"]) or link != chain["links"][place]:
            faults.append(sentence("proof.not_in_chain", event=name))
        if event.seq in links and attested.get(str(event.seq)) != trail.link_of(event):
            faults.append(sentence("proof.changed_untold", event=name))
        if event.detail is not None and trail.detail_digest(event.salt or "", event.detail) != event.digest:
            faults.append(sentence("proof.detail_changed", event=name))
    strange = [event for event in events if item_name(event.item or 0) != proof["item"]]
    faults += [sentence("proof.another_items", event=auditing.named(event)) for event in strange]
    head = chain["before"]
    for link in chain["links"]:
        head = trail.chained(head, link)
    if head != anchor["head"] or chain["from"] + len(chain["links"]) - 1 != anchor["length"]:
        faults.append(sentence("proof.not_to_anchor"))
    key = events[0].item if events else None
    for content, shown in proof["contents"].items():
        if key is None or content_digest(key, proof["client"], shown) != content:
            faults.append(sentence("proof.not_what_was_approved", content=content))
    if proof["periods"] != periods(events, proof["contents"]):
        faults.append(sentence("proof.periods"))
    return faults


def _event(told: Mapping[str, object]) -> RecordedEvent:
    return RecordedEvent._make([*(told[name] for name in _EVENT), "", told["salt"], told["detail"]])


# The sheet


def render(proof: Mapping[str, object], language: str) -> str:
    """The sheet: a page that a reviewer understands without the system, the proof in it."""
    kept = json.dumps(proof, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
    page = _page_of_version_1(proof, language, kept) if proof["proof"] == 1 else _page(proof, language, kept)
    # What a mail server answered, or a description says, may steer a terminal or turn the text
    # around.
    return "".join(character if character == "\n" or not has_bad_characters(character) else "\ufffd" for character in page)


def _page(proof: Mapping[str, Any], language: str, kept: str) -> str:
    names = proof["names"]

    def name(actor: str, behind: str | None = None) -> str:
        """A person with their code, which alone is proven."""
        if actor == "daemon":
            return {"en": "The program", "nl": "Het programma"}[language]
        code = actor.removeprefix("os:") if actor.startswith("os:") else actor.rpartition("/")[2]
        shown = f"{names[actor]} ({code})" if actor in names else code
        return f"{shown} {THROUGH[language]} {name(behind)}" if behind else shown

    picture = logo.checked(base64.b64decode(proof["logo"], validate=True)) if proof["logo"] else None
    return environment(language).get_template(f"proof/{proof['proof']}.{language}.html").render(
        proof=proof, kept=kept, logo=picture, style=(HERE / f"templates/proof/{proof['proof']}.css").read_text(encoding="utf-8"),
        events=[{**event, "detail": json.loads(event["detail"] or "{}"), "erased": event["detail"] is None} for event in proof["events"]],
        moment=lambda iso: _moment(iso, language), number=lambda count: f"{count:,}".replace(",", "." if language == "nl" else ","),
        name=name, names=lambda codes: ", ".join(name(code) for code in codes), plain=lambda value: _value(value or "", language),
        contact=lambda code: name(f"contact:{proof['client']}/{code}"),
    )  # fmt: skip


_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}


def _moment(iso: str, language: str) -> str:
    """`24 November 2026, 09:12:05 UTC`: as it is kept, the same wherever the sheet is read."""
    year, month, day = iso[:10].split("-")
    return f"{int(day)} {_MONTHS[language].split()[int(month) - 1]} {year}, {iso[11:19]} UTC"


def _page_of_version_1(proof: Mapping[str, Any], language: str, kept: str) -> str:
    """As version 1 made sheets. Its words in proof.toml and in the pages' Dutch stay."""
    lines = [_line(event, language) for event in proof["events"]]
    actions = {name: sentences.told(Sentence(f"proof.action_{name}"), language) for name in _ACTIONS}
    template = environment(language).get_template("proof/1.html")
    return template.render(proof=proof, events=lines, shown=_local, kept=kept, actions=actions)


_ACTIONS = (
    "created", "amended", "offered", "approved", "rejected", "published", "taken_off", "withdrawn", "restored", "notified",
    "not_notified", "mail_failed", "opened", "downloaded", "viewed",
)  # fmt: skip
"""Events that have a name of their own on the sheet."""


def _line(event: Mapping[str, Any], language: str) -> dict[str, Any]:
    detail = json.loads(event["detail"]) if event["detail"] is not None else {}
    wanted = ("comment", "reason", "to", "contact", "answer", "name", "content")
    return {
        **event,
        "told": [(name, _value(detail[name], language)) for name in wanted if detail.get(name)],
        "erased": event["detail"] is None,
    }


def _value(value: object, language: str) -> str:
    return sentences.told(sentences.from_data(value), language) if isinstance(value, Mapping) else str(value)


def _local(iso: str) -> str:
    """As it is kept, in UTC, to the second: the same wherever the sheet is read."""
    return f"{iso[:10]} {iso[11:19]} UTC"


def _language_of(text: str) -> str:
    return "nl" if '<html lang="nl">' in text[:200] else "en"
