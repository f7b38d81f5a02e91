"""What the letters say, in the reader's language; how a letter is put together is in composing.py.

Pure. A letter to a client says the description, the names of client and firm, and the link, and nothing else of the item.
An office can have its own words and looks: config/templates/ (office_templates.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from dossier.office.office import Office
from dossier.text.sentences import told, unpacked
from workflow.messages.composing import Block, Letter, compose, one_line, several_lines
from workflow.messages.language import N_, day, translator

ALARMS = {
    "inbox": N_("the inbox can't be read"),
    "intake": N_("drops can't be taken"),
    "scanner": N_("the virus scanner is gone"),
    "config": N_("the configuration is wrong"),
    "paths": N_("the daemon must be restarted"),
    "client folders": N_("folders of clients are gone"),
    "watch inbox": N_("the inbox is not watched"),
    "watch queue": N_("the queue is not watched"),
    "disk": N_("the disk is nearly full"),
    "mail": N_("mail can't be sent"),
    "mail sender": N_("mail of this office is refused"),
    "mail templates": N_("a mail template is wrong"),
    "rejected": N_("nobody looks at refused drops"),
    "trail": N_("the trail does not verify"),
    "vault": N_("the vault is damaged"),
    "portal": N_("the portal or the vault is not as it should be"),
}
"""What an alarm is called in the subject of its mail."""


@dataclass(frozen=True, slots=True)
class WaitingConcept:
    """A concept that an approver has not decided on; `since` is ISO 8601."""

    item: str
    client: str
    description: str
    since: str


@dataclass(frozen=True, slots=True)
class ReadyItem:
    """One of several items that are ready on the portal."""

    item: str
    description: str
    link: str


# The letters


def ready_letter(language: str, client_name: str, contact_name: str, description: str, link: str, firm: str) -> Letter:
    """To a client's contact: something is on the portal."""
    _ = translator(language).gettext
    blocks = [
        _greeting(language, contact_name),
        Block("paragraph", _("Something is ready for you on the portal of %(client)s:") % {"client": one_line(client_name)}),
        Block("matter", one_line(description)),
        Block("link", _("View it on the portal"), link),
        _closing(language, firm),
    ]
    return compose(language, _("Ready for you: %(description)s") % {"description": one_line(description)}, blocks)


def bundle_letter(language: str, client_name: str, contact_name: str, items: Sequence[ReadyItem], firm: str) -> Letter:
    """To a client's contact who wants one mail for several items."""
    texts = translator(language)
    count, client = len(items), one_line(client_name)
    before = texts.ngettext(
        "This is ready for you on the portal of %(client)s:", "These are ready for you on the portal of %(client)s:", count
    )
    subject = texts.ngettext("%(count)d document is ready for you", "%(count)d documents are ready for you", count)
    blocks = [_greeting(language, contact_name), Block("paragraph", before % {"client": client})]
    for item in items:
        blocks += [Block("matter", one_line(item.description)), Block("link", texts.gettext("View it on the portal"), item.link)]
    return compose(language, subject % {"count": count}, [*blocks, _closing(language, firm)])


def login_letter(language: str, contact_name: str, portal: str, link: str, minutes: int, firm: str) -> Letter:
    """To a contact who asked to log in."""
    _ = translator(language).gettext
    values = {"portal": one_line(portal), "minutes": minutes}
    blocks = [
        _greeting(language, contact_name),
        Block(
            "paragraph", _("You asked to log in to %(portal)s. This link lets you in, once, for %(minutes)d minutes:") % values
        ),
        Block("link", _("Log in"), link),
        Block("paragraph", _("Was it not you who asked? Then you need do nothing: without this mail nobody gets in.")),
        _closing(language, firm),
    ]
    return compose(language, _("Log in to %(portal)s") % values, blocks)


def unopened_letter(
    language: str, client_name: str, contact_name: str, descriptions: Sequence[str], link: str, firm: str
) -> Letter:
    """To a contact: what he was told of and has not opened yet."""
    texts = translator(language)
    values = {"count": len(descriptions), "client": one_line(client_name), "description": one_line(descriptions[0])}
    subject = texts.ngettext("Not opened yet: %(description)s", "%(count)d items not opened yet", len(descriptions))
    before = texts.ngettext(
        "This is on the portal of %(client)s for you, and you have not opened it yet:",
        "These are on the portal of %(client)s for you, and you have not opened them yet:",
        len(descriptions),
    )
    blocks = [
        _greeting(language, contact_name),
        Block("paragraph", before % values),
        Block("rows", rows=tuple(one_line(description) for description in descriptions)),
        Block("link", texts.gettext("View it on the portal"), link),
        Block("paragraph", texts.gettext("This is the only reminder you get.")),
        _closing(language, firm),
    ]
    return compose(language, subject % values, blocks)


def returned_letter(
    language: str, maker_name: str, item: str, client_name: str, description: str, approver_name: str, comment: str, firm: str
) -> Letter:
    """To the maker: the approver does not want it shared like this, and says why."""
    _ = translator(language).gettext
    values = {
        "item": item,
        "approver": one_line(approver_name),
        "client": one_line(client_name),
        "description": one_line(description),
    }
    blocks = [
        _greeting(language, maker_name),
        Block("paragraph", _("%(approver)s returned %(item)s for %(client)s:") % values),
        Block("matter", values["description"]),
        Block("paragraph", _("The comment was:")),
        Block("quote", several_lines(comment)),
        Block(
            "paragraph", _("The client has seen none of this. Change the item and offer it again; then a new decision is asked.")
        ),
        _closing(language, firm),
    ]
    return compose(language, _("Returned: %(description)s (%(item)s)") % values, blocks)


def reminder_letter(language: str, approver_name: str, concepts: Sequence[WaitingConcept], firm: str, more: int = 0) -> Letter:
    """To an approver: these wait for a decision, and so many `more` that are not named."""
    texts = translator(language)
    count = len(concepts) + more
    subject = texts.ngettext("%(count)d concept waits for your decision", "%(count)d concepts wait for your decision", count)
    before = texts.ngettext("This concept still waits for your decision:", "These concepts still wait for your decision:", count)
    after = texts.gettext(
        "Decide in your folder of the queue, or with: dossier approve ITEM, dossier reject ITEM --comment TEXT."
    )
    return _list_letter(language, approver_name, subject % {"count": count}, before, concepts, more, after, firm)


def escalation_letter(language: str, name: str, concepts: Sequence[WaitingConcept], firm: str, more: int = 0) -> Letter:
    """To a substitute or an admin: an approver does not decide on these, nor on so many `more` that are not named."""
    texts = translator(language)
    count = len(concepts) + more
    subject = texts.ngettext("%(count)d concept waits too long", "%(count)d concepts wait too long", count)
    before = texts.ngettext(
        "This concept has waited too long for a decision by its approver:",
        "These concepts have waited too long for a decision by their approvers:",
        count,
    )
    after = texts.gettext("Please remind the approver, or see to it that somebody else decides.")
    return _list_letter(language, name, subject % {"count": count}, before, concepts, more, after, firm)


def review_letter(language: str, name: str, items: Sequence[WaitingConcept], firm: str, more: int = 0) -> Letter:
    """To who is responsible: these items, and so many `more`, must be looked at again; `since` is when that was due."""
    texts = translator(language)
    count = len(items) + more
    subject = texts.ngettext("%(count)d item is due for review", "%(count)d items are due for review", count)
    before = texts.ngettext("This item must be looked at again:", "These items must be looked at again:", count)
    after = texts.gettext("Look whether it still holds, then record it: dossier edit ITEM --field KEY=VALUE.")
    return _list_letter(language, name, subject % {"count": count}, before, items, more, after, firm)


def failed_mail_letter(
    language: str, maker_name: str, item: str, client_name: str, description: str, contact: str, reason: str, firm: str
) -> Letter:
    """To the maker: a contact could not be told."""
    _ = translator(language).gettext
    values = {"item": item, "contact": one_line(contact), "client": one_line(client_name), "description": one_line(description)}
    advice = _("Check the contact in config/clients.yaml, then send it again: dossier notify %(item)s --contact ID") % values
    blocks = [
        _greeting(language, maker_name),
        Block("paragraph", _("%(contact)s of %(client)s got no mail about %(item)s:") % values),
        Block("matter", values["description"]),
        Block("paragraph", _("The reason:")),
        Block("quote", several_lines(reason)),
        Block("paragraph", advice),
        _closing(language, firm),
    ]
    return compose(language, _("Mail not sent: %(description)s (%(item)s)") % values, blocks)


def guard_letter(
    language: str, maker_name: str, item: str, client_name: str, description: str, findings: Sequence[str], held: bool, firm: str
) -> Letter:
    """To the maker: what the wrong-client guard found in what is to be shared."""
    _ = translator(language).gettext
    values = {"item": item, "client": one_line(client_name), "description": one_line(description)}
    if held:
        subject, after = _("Held: %(description)s (%(item)s)"), _(
            "It is not shared until somebody has looked at it and approved it. If it was meant for another client, withdraw it:"
            " dossier withdraw %(item)s --reason TEXT"
        )  # fmt: skip
    else:
        subject, after = _("Please check: %(description)s (%(item)s)"), _(
            "It is shared all the same. If it was meant for another client, take it off the portal at once:"
            " dossier withdraw %(item)s --reason TEXT"
        )  # fmt: skip
    blocks = [
        _greeting(language, maker_name),
        Block("paragraph", _("This was noticed in the files of %(item)s, which is for %(client)s:") % values),
        Block("matter", values["description"]),
        Block("rows", rows=tuple(one_line(finding) for finding in findings)),
        Block("paragraph", after % values),
        _closing(language, firm),
    ]
    return compose(language, subject % values, blocks)


def alarm_letter(language: str, cause: str, lines: Sequence[str], is_over: bool, firm: str) -> Letter:
    """To an admin: something is wrong with the daemon or its surroundings, or is well again."""
    _ = translator(language).gettext
    name = ALARMS.get(cause) or ALARMS.get(cause.partition(" ")[0])  # `intake acme-bv` is about a client
    title = _(name) if name else one_line(cause)
    subject = _("Over: %(alarm)s (%(firm)s)") if is_over else _("Alarm: %(alarm)s (%(firm)s)")
    blocks = [
        Block("paragraph", _("This is over; nothing needs to be done:") if is_over else _("Something needs your attention:")),
        Block("rows", rows=tuple(one_line(line) for line in lines)),
        Block("paragraph", _("To see how things are: dossier status, dossier doctor.")),
    ]
    return compose(language, subject % {"alarm": title, "firm": one_line(firm)}, blocks)


def anchor_letter(language: str, line: str, firm: str) -> Letter:
    """To the mailbox that keeps the trail's anchors: one line, as it is in var/anchors/."""
    _ = translator(language).gettext
    after = _("Keep this mail. It shows later whether anything up to this moment was changed or cut off: dossier audit verify.")
    blocks = [Block("paragraph", _("An anchor of the trail:")), Block("quote", one_line(line)), Block("paragraph", after)]
    return compose(language, _("Anchor of the trail (%(firm)s)") % {"firm": one_line(firm)}, blocks)


def retention_letter(language: str, count: int, lines: Sequence[str], firm: str) -> Letter:
    """To an admin, once a month: what may be removed. Nothing goes before he says so."""
    _ = translator(language).gettext
    subject = _("%(count)d items may be removed (%(firm)s)") % {"count": count, "firm": one_line(firm)}
    blocks = [
        Block("paragraph", _("The terms of these items are over. Nothing is removed before an admin says so:")),
        Block("rows", rows=tuple(one_line(line) for line in lines)),
        Block("paragraph", _("To see all of them: dossier retention list --due. To remove them: dossier retention run.")),
    ]
    return compose(language, subject, blocks)


def letter_of(
    office: Office, kind: str, language: str, name: str, client: str | None, item: str | None, payload: Mapping[str, Any]
) -> Letter:
    """The letter that a row of the outbox asks for. Raises ValueError for a kind there is none of."""
    firm = parseaddr(office.settings.mail.sender)[0] or office.settings.portal.title
    customer = office.clients.get(client or "")
    client_name, number = (customer.name if customer else client or ""), item or ""
    if kind == "ready":
        return ready_letter(language, client_name, name, payload["description"], payload["link"], firm)
    if kind == "login":
        return login_letter(language, name, office.settings.portal.title, payload["link"], payload["minutes"], firm)
    if kind == "desk_login":
        return login_letter(language, name, office.settings.office.name, payload["link"], payload["minutes"], firm)
    if kind == "unopened":
        return unopened_letter(language, client_name, name, payload["descriptions"], payload["link"], firm)
    if kind == "bundle":
        items = [ReadyItem(row["item"], row["description"], row["link"]) for row in payload["items"]]
        return bundle_letter(language, client_name, name, items, firm)
    if kind == "returned":
        description, approver, comment = payload["description"], payload["approver"], payload["comment"]
        return returned_letter(language, name, number, client_name, description, approver, comment, firm)
    if kind == "failed":
        description, contact, reason = payload["description"], payload["contact"], payload["reason"]
        return failed_mail_letter(language, name, number, client_name, description, contact, reason, firm)
    if kind in ("reminder", "digest", "escalation", "review"):
        concepts = [WaitingConcept(row["item"], row["client"], row["description"], row["since"]) for row in payload["items"]]
        letters = {"escalation": escalation_letter, "review": review_letter}
        return letters.get(kind, reminder_letter)(language, name, concepts, firm, payload.get("more", 0))
    if kind == "guard":
        description, held = payload["description"], payload["held"]
        findings = [told(unpacked(finding), language) for finding in payload["findings"]]
        return guard_letter(language, name, number, client_name, description, findings, held, firm)
    if kind == "anchor":
        return anchor_letter(language, payload["line"], firm)
    if kind == "alarm":
        return alarm_letter(language, payload["cause"], payload["lines"], payload["over"], firm)
    if kind == "retention":
        return retention_letter(language, payload["count"], payload["lines"], firm)
    raise ValueError(f"there is no letter for {kind}")


# How they are put together


def _greeting(language: str, name: str) -> Block:
    return Block("paragraph", translator(language).gettext("Dear %(name)s,") % {"name": one_line(name)})


def _closing(language: str, firm: str) -> Block:
    words = translator(language).gettext("Kind regards,")
    return Block("paragraph", f"{words}\n{one_line(firm)}")


def _list_letter(
    language: str, name: str, subject: str, before: str, concepts: Iterable[WaitingConcept], more: int, after: str, firm: str
) -> Letter:
    since = translator(language).gettext("%(item)s, %(client)s: %(description)s (since %(day)s)")
    rows = tuple(
        since
        % {
            "item": concept.item,
            "client": one_line(concept.client),
            "description": one_line(concept.description),
            "day": day(concept.since, language),
        }
        for concept in concepts
    )
    if more:
        rows += (translator(language).ngettext("and one more", "and %(count)d more", more) % {"count": more},)
    middle = [Block("paragraph", before), Block("rows", rows=rows), Block("paragraph", after)]
    return compose(language, subject, [_greeting(language, name), *middle, _closing(language, firm)])
