"""What a withdrawal must be told about: who could see the item, when, and who opened it.

And a draft of the entry for the office's register of data breaches (GDPR article 33, paragraph 5:
the facts, the effects, what was done about it); drafts.py makes files of them. Whether it was a
breach is for people to say. The draft holds what this system knows, and says what it can't know:
what was fetched through another web server than `dossier portal`, and whether somebody read it.

Of the office nothing is changed here. The item is withdrawn before the draft is written, so trouble
with the draft keeps nothing on the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dossier.database.tables import Edition, Item, Mail, Shown, editions_of, item_name, tuples
from dossier.office.office import Office
from dossier.text import clock, sentences
from dossier.text.sentences import Sentence, sentence
from dossier.trail import trail
from workflow.messages.language import environment, size
from workflow.portal_access import opened
from workflow.reports import proof

REPORT_HOURS = 72
"""GDPR article 33, paragraph 1: counted from when the office became aware of it."""


@dataclass(frozen=True, slots=True)
class Period:
    """The files that were to be seen, from when to when."""

    since: str
    until: str
    files: tuple[tuple[str, int, str], ...]
    """(name, bytes, SHA-256)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a client could see of it. Times as people see them; contacts are `Name <address>`."""

    item: str
    description: str
    client: str
    periods: tuple[Period, ...]
    contacts: tuple[str, ...]
    openings: tuple[tuple[str, str | None, str, str, int], ...]
    """(contact, file or None for the item's page, first time, last time, how often)."""
    mails: tuple[tuple[str, str], ...]
    """(to whom, when it was sent)."""
    approved_by: tuple[tuple[str, str], ...]
    """(who, when)."""


def exposure(office: Office, now: datetime, key: int) -> Exposure | None:
    """What the client could see of the item until now; None if it never was on the portal."""
    item = Item.get_by_id(key)
    periods = _periods(now, key)
    if not periods:
        return None
    client = office.clients.get(item.client)
    contacts = {one.id: f"{one.name} <{one.email}>" for one in client.contacts} if client else {}
    sent = Mail.select().where((Mail.item == key) & (Mail.kind == "ready") & (Mail.state == "sent")).order_by(Mail.sent_at)
    editions = Edition.select().where(editions_of(key) & Edition.approved_by.is_null(False))
    return Exposure(
        item_name(key), item.description, f"{client.name if client else item.client} ({item.client})", tuple(periods),
        tuple(contacts[one.id] for one in client.contacts if one.active) if client else (),
        tuple(
            (contacts.get(one["contact"], one["contact"]), one["file"], clock.to_the_minute(one["first_at"]), clock.to_the_minute(one["last_at"]), one["times"])
            for one in opened.openings_of(item)
        ),
        tuple((f"{mail.name} <{mail.email}>", clock.to_the_minute(mail.sent_at)) for mail in sent),
        tuple((person_name(office, one.approved_by or ""), clock.to_the_minute(one.approved_at)) for one in editions.order_by(Edition.id)),
    )  # fmt: skip


def person_name(office: Office, code: str) -> str:
    """A staff member as the register names them."""
    person = office.staff.get(code)
    return f"{person.name} ({code})" if person else code


def _periods(now: datetime, key: int) -> list[Period]:
    """What the trail says was published, each until the next or until it was taken off."""
    contents = dict(tuples(Edition.select(Edition.content, Edition.shown).where(editions_of(key))))
    return [
        Period(
            clock.to_the_minute(seen["from"]), clock.to_the_minute(seen["until"] or clock.to_text(now)), _files_in(seen["what"])
        )
        for seen in proof.periods(trail.events(item=key), contents)
    ]


def _files_in(shown: Shown | None) -> tuple[tuple[str, int, str], ...]:
    return tuple((a["name"], a["size"], a["sha256"]) for a in shown["attachments"]) if shown is not None else ()


def told(seen: Exposure) -> list[Sentence]:
    """What whoever withdraws is told, line by line."""
    lines = [sentence("breach.on_portal", client=seen.client, since=one.since, until=one.until) for one in seen.periods]
    if seen.openings:
        lines += [sentence("breach.opened_by"), *(sentence("breach.opening", what=one) for one in _openings(seen))]
    else:
        lines.append(sentence("breach.unopened"))
    return [*lines, sentence("breach.elsewhere")]


def _openings(seen: Exposure) -> list[Sentence]:
    found = []
    for contact, file, first, last, times in seen.openings:
        code, what = "breach.opened_once" if times == 1 else "breach.opened_often", file or sentence("breach.the_page")
        found.append(sentence(code, contact=contact, what=what, times=times, first=first, last=last))
    return found


def draft(office: Office, now: datetime, by: str, reason: str, seen: Exposure) -> str:
    """The draft as Markdown in the office's language. People fill in the lines of dots."""
    language = office.settings.office.language
    shown = dict.fromkeys(file for period in seen.periods for file in period.files)
    made = environment(language).overlay(autoescape=False)  # it is no HTML: `plain` takes Markdown's own signs away
    made.filters = {**made.filters, "plain": _plain}
    return made.get_template("breach.md").render(
        seen=seen, reason=reason, actor=person_name(office, by), hours=REPORT_HOURS,
        at=clock.to_the_minute(clock.to_text(now)),
        latest=clock.to_the_minute(clock.to_text(now + timedelta(hours=REPORT_HOURS))),
        periods=[sentences.told(sentence("breach.from_to", since=p.since, until=p.until), language) for p in seen.periods],
        files=[f"{_plain(name)} ({size(count, language)}, SHA-256 {digest})" for name, count, digest in shown],
        approvals=[f"{_plain(who)}, {when}" for who, when in seen.approved_by],
        mails=[f"{_plain(who)}, {when}" for who, when in seen.mails],
        openings=[_plain(sentences.told(one, language)) for one in _openings(seen)],
    )  # fmt: skip


def _plain(text: str) -> str:
    """On one line, and no Markdown."""
    plain = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|" else character for character in plain)
