"""What a withdrawal has to be told about: who could see the item, from when to when, who opened it; and a draft of the
entry for the office's register of data breaches (GDPR article 33, paragraph 5: its facts, its effects, what was done about it).

Whether it was a breach is for people to say. The draft holds what this system knows, and says what it can't know: what was
fetched through another web server than `dossier portal`, and whether somebody read what he fetched. Reads only; the draft is
text, and the caller's to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dossier.database.tables import Edition, Item, Mail, first_edition, item_name
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.messages.language import size, translator
from workflow.portal_access import openings

REPORT_HOURS = 72
"""GDPR article 33, paragraph 1: counted from when the office became aware of it."""


_DOTS = "…………"
"""What people have to fill in."""


@dataclass(frozen=True, slots=True)
class Period:
    """The files that were to be seen, from when to when."""

    since: str
    until: str
    files: tuple[tuple[str, int, str], ...]
    """(name, bytes, SHA-256)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a client could see of an item that is being withdrawn. Times are as people see them; contacts are `Name <address>`."""

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
    first = first_edition(key)
    editions = Edition.select().where(Edition.id.between(first, first + 9_999) & Edition.approved_by.is_null(False))
    return Exposure(
        item_name(key), item.description, f"{client.name if client else item.client} ({item.client})", tuple(periods),
        tuple(contacts[one.id] for one in client.contacts if one.active) if client else (),
        tuple(
            (contacts.get(one["contact"], one["contact"]), one["file"], _minute(one["first_at"]), _minute(one["last_at"]), one["times"])
            for one in openings.openings_of(item)
        ),
        tuple((f"{mail.name} <{mail.email}>", _minute(clock.shown(mail.sent_at))) for mail in sent),
        tuple((person_name(office, one.approved_by or ""), _minute(clock.shown(one.approved_at))) for one in editions.order_by(Edition.id)),
    )  # fmt: skip


def person_name(office: Office, code: str) -> str:
    """A staff member as the register names him."""
    person = office.staff.get(code)
    return f"{person.name} ({code})" if person else code


def _minute(iso: str | None) -> str:
    return (iso or "")[:16].replace("T", " ")


def _periods(now: datetime, key: int) -> list[Period]:
    """What the trail says was published, each until the next or until it was taken off."""
    found: list[Period] = []
    open_since: str | None = None
    shown: tuple[tuple[str, int, str], ...] = ()
    editions = {one.content: one for one in Edition.select().where(Edition.item == key)}
    for event in trail.history(key):
        if event["action"] not in ("published", "taken_off"):
            continue
        at = _minute(clock.shown(event["at"]))
        if open_since is not None:
            found.append(Period(open_since, at, shown))
        edition = editions.get(event["detail"].get("content", ""))
        open_since = at if event["action"] == "published" else None
        shown = tuple((a["name"], a["size"], a["sha256"]) for a in edition.shown["attachments"]) if edition else ()
    if open_since is not None:
        found.append(Period(open_since, _minute(clock.shown(clock.to_text(now))), shown))
    return found


def told(language: str, seen: Exposure) -> list[str]:
    """The lines that who withdraws is told."""
    _ = translator(language).gettext
    lines = []
    for period in seen.periods:
        values = {"since": period.since, "until": period.until, "client": seen.client}
        lines.append(_("It was on the portal of %(client)s from %(since)s to %(until)s.") % values)
    if not seen.openings:
        lines.append(_("Nobody opened it through the portal's own web server."))
    else:
        lines.append(_("Opened by:"))
        lines += [f"  - {line}" for line in _opening_lines(language, seen)]
    lines.append(_("What was fetched through another web server is in the log of that server."))
    return lines


def _opening_lines(language: str, seen: Exposure) -> list[str]:
    _ = translator(language).gettext
    lines = []
    for contact, file, first, last, times in seen.openings:
        what = file or _("the page of the item")
        values = {"contact": contact, "what": what, "first": first, "last": last, "times": times}
        one = _("%(contact)s: %(what)s, on %(first)s")
        many = _("%(contact)s: %(what)s, %(times)d times, from %(first)s to %(last)s")
        lines.append((one if times == 1 else many) % values)
    return lines


def entry(language: str, now: datetime, actor: str, reason: str, seen: Exposure) -> str:
    """The draft of the entry, as Markdown. What people have to fill in has a line of dots."""
    _ = translator(language).gettext
    at = _minute(clock.shown(clock.to_text(now)))
    latest = _minute(clock.shown(clock.to_text(now + timedelta(hours=REPORT_HOURS))))
    none = [_("none")]
    files = list(dict.fromkeys(file for period in seen.periods for file in period.files))
    facts: list[tuple[str, Sequence[str]]] = [
        (_("Item"), [f"{seen.item}: {_safe(seen.description)}"]),
        (_("Client on whose portal it was"), [_safe(seen.client)]),
        (_("On the portal"), [_("from %(since)s to %(until)s") % {"since": p.since, "until": p.until} for p in seen.periods]),
        (_("Files"), [f"{_safe(name)} ({size(count, language)}, SHA-256 {digest})" for name, count, digest in files] or none),
        (_("Approved by"), [f"{_safe(who)}, {when}" for who, when in seen.approved_by] or none),
        (_("Who could see it"), [_safe(contact) for contact in seen.contacts] or none),
        (_("Mail about it"), [f"{_safe(who)}, {when}" for who, when in seen.mails] or none),
        (_("Opened, as far as is known here"), [_safe(line) for line in _opening_lines(language, seen)] or none),
    ]
    when = _("within %(hours)d hours after it was noticed; noticed now, that is by %(latest)s")
    lines = [
        "# " + _("Register of data breaches: draft of an entry"),
        "",
        _("Drafted on %(at)s, when %(actor)s withdrew %(item)s.") % {"at": at, "actor": _safe(actor), "item": seen.item},
        _("If this was no breach of personal data, throw the draft away."),
    ]
    lines += ["", "## " + _("The facts"), ""]
    for name, values in facts:
        lines += [f"- {name}: {values[0]}"] if len(values) == 1 else [f"- {name}:", *(f"  - {value}" for value in values)]
    lines += _points(
        (_("Why it was withdrawn"), _safe(reason)),
        (_("How and by whom it was noticed, and when"), _DOTS),
        (_("From the logs of other web servers that serve the portal"), _DOTS),
    )
    lines += ["", "## " + _("The effects"), ""]
    lines += _points(
        (_("Whose personal data were in it, and of how many people"), _DOTS),
        (_("Which kinds of data (national number, health, income …)"), _DOTS),
        (_("What may come of it for them"), _DOTS),
    )
    lines += ["", "## " + _("What was done"), ""]
    lines += _points(
        (_("Withdrawn from the portal"), at),
        (_("Who saw it was asked to delete it, and has confirmed"), _DOTS),
        (_("What is done so that it does not happen again"), _DOTS),
    )
    lines += ["", "## " + _("Reporting"), ""]
    lines += _points(
        (_("To the supervisory authority"), f"{_DOTS} ({when % {'hours': REPORT_HOURS, 'latest': latest}})"),
        (_("To the people concerned"), _DOTS),
        (_("If not reported, why not"), _DOTS),
    )
    return "\n".join(lines) + "\n"


def _points(*points: tuple[str, str]) -> list[str]:
    return [f"- {name}: {value}" for name, value in points]


def _safe(text: str) -> str:
    """On one line, and no Markdown."""
    plain = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|" else character for character in plain)
