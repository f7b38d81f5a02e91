"""Letters: what a mail of each kind says, made of a template in its language and of values.

    templates/letters/ready.nl.txt    the words of a kind in a language, as the program has them
    config/templates/ready.nl.txt     an office's own words in place of them
    config/templates/letter.html      an office's own looks of the HTML part of every mail

A template is Jinja: a line `Subject: …`, an empty line, the text; both parts of the mail are made
of it. A line that begins with four spaces is what the mail is about, one with `> ` a quotation, one
with `- ` a row. An address on a line of its own is a button; a line before it that ends with a
colon is what stands on the button. What a template may name is listed in docs/operations.md; any
other name is a fault.

A template may be the office's own, but the values in it are not: they stay one line, and escaped in
the HTML part. A faulty template never holds up a mail: the usual words go out, and the fault is
told.

A letter to a client says the description, the names of client and firm, whom to call, and the link,
and nothing else of the item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dossier.office.office import Office
from dossier.text.sentences import Sentence, SentenceError, sentence, told, unpacked
from workflow.messages import firm, logo
from workflow.messages.composing import LOGO_ADDRESS, Block, Letter, compose, one_line, several_lines
from workflow.messages.language import HERE, day, translator

OWN = Path("config/templates")
USUAL = HERE / "templates" / "letters"

OWN_KINDS = (
    "ready", "bundle", "unopened", "returned", "failed", "guard", "reminder", "digest", "escalation", "nobody_left",
    "retention", "notices",
)  # fmt: skip
"""The mails whose words an office can choose: none that let in, no alarms, no anchors."""

LIKE = {
    "digest": "reminder", "desk_login": "login",
    **dict.fromkeys(("decide", "approved", "published", "refused", "waiting", "opened", "due"), "notices"),
}  # fmt: skip
"""Kinds whose usual words are those of another."""

_SENTENCES = ("reason", "findings", "lines", "subject")
"""What is no text but a sentence, or several, as the outbox keeps them (sentences.packed)."""

_ADDRESS = re.compile(r"https?://\S+")


class TemplateFault(SentenceError):
    """A template of the office is wrong; the sentence names file, line and fault."""


def letter_of(
    office: Office, kind: str, language: str, name: str, client: str | None, item: str | None, payload: Mapping[str, object]
) -> tuple[Letter, TemplateFault | None]:
    """The letter, in the office's own words and looks if it has them; and what is wrong there.

    `payload` is what a row of the outbox holds. Raises ValueError for a kind that there is no
    letter of.
    """
    values = _values(office, kind, language, name, client, item, payload)
    try:
        return _letter(office, kind, language, values, own_words=True), None
    except TemplateFault as fault:
        return _letter(office, kind, language, values, own_words=False), fault


def faults(office: Office) -> list[Sentence]:
    """What is wrong with the templates of this office, each tried with made-up values."""
    known = {"letter.html", *(f"{kind}.{language}.txt" for kind in OWN_KINDS for language in ("nl", "en"))}
    folder = office.root / OWN
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = [
        sentence("letters.no_such_mail", file=str(OWN / name)) for name in names if name not in known and name[0] not in ".~"
    ]
    for kind in OWN_KINDS if names else ():
        for language in ("nl", "en"):
            client = next(iter(office.clients), "")
            fault = letter_of(office, kind, language, "Jan Jansen", client, "D-2026-000001", _EXAMPLE)[1]
            if fault is not None and fault.sentence not in found:
                found.append(fault.sentence)
    return found


_ROW = {"item": "D-2026-000001", "client": "Acme B.V.", "description": "Annual accounts", "since": "2026-11-23T09:00:00+01:00",
        "link": "https://portal.example/acme-bv", "asked": ["Marieke"]}  # fmt: skip
_EXAMPLE = {
    **_ROW, "contact": "Jan", "reason": "550 unknown", "approver": "Marieke", "comment": "Page 3 lacks", "phone": "", "items": [_ROW],
    "descriptions": ["Annual accounts"], "findings": ["accounts.pdf"], "held": True, "lines": ["D-2026-000001"], "more": 0,
    "subject": "To decide", "reasons": ["report.yaml:1: a fault"], "page": "/queue", "decides": True,
}  # fmt: skip


# Values


def _values(
    office: Office, kind: str, language: str, name: str, client: str | None, item: str | None, payload: Mapping[str, Any]
) -> dict[str, object]:
    """What a template may name. Every text is one line."""
    customer, ask = office.clients.get(client or ""), firm.ask_of(office, client)
    read = {key: _unpacked(value) if key in _SENTENCES else value for key, value in payload.items()}
    shown = {key: _in_words(value, language) for key, value in read.items()}
    several = {key: _told(read[key], language) for key in ("comment", "reason") if key in read}
    listed: Any = shown.get("items") or shown.get("descriptions") or ()
    about = {
        "name": name, "client": customer.name if customer else client or "", "item": item or "", "firm": firm.name_of(office),
        "portal": office.settings.office.name if kind == "desk_login" else office.settings.portal.title,
        "desk": _desk_of(office), "ask_name": ask.name if ask else "",
        "alarm": told(alarm_name(str(payload.get("cause", ""))), language),
    }  # fmt: skip
    return {
        "more": 0,
        "count": len(listed) + payload.get("more", 0),
        **shown,
        **{f"{key}_lines": several_lines(text).split("\n") for key, text in several.items()},
        **{key: one_line(text) for key, text in about.items()},
        "ask_phone": ask.phone.replace(" ", "\u00a0") if ask else "",  # it stays on one line
    }


def alarm_name(cause: str) -> Sentence | str:
    """What an alarm is called: `intake acme-bv` by its first word, `watch inbox` by both."""
    for name in (cause.replace(" ", "_").replace(":", "_"), cause.partition(" ")[0]):
        called = Sentence(f"alarms.called_{name}")
        if told(called) != called.code:
            return called
    return cause


def _desk_of(office: Office) -> str:
    """Where staff reach the desk; empty where nobody has said it."""
    desk = office.settings.desk
    given = getattr(desk, "model_fields_set", ())  # a snapshot of an earlier version doesn't say it
    return desk.base_url.rstrip("/") if "base_url" in given else ""


def _in_words(value: object, language: str) -> object:
    if isinstance(value, Mapping):
        return {key: _in_words(one, language) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_words(one, language) for one in value]
    return one_line(told(value, language)) if isinstance(value, str | Sentence) else value


def _told(value: object, language: str) -> str:
    return told(value if isinstance(value, str | Sentence) else str(value), language)


def _unpacked(value: Any) -> object:
    return [unpacked(one) for one in value] if isinstance(value, list) else unpacked(value)


# Templates


def _letter(office: Office, kind: str, language: str, values: Mapping[str, Any], own_words: bool) -> Letter:
    """The letter in the office's own words and looks, or the program's. TemplateFault."""
    if LIKE.get(kind) == "notices":
        kind = "notices"  # an office has its own words for all of them, or for none
    own = _own(office, f"{kind}.{language}.txt") if own_words and kind in OWN_KINDS else None
    picture = logo.find(office)
    name, text = own or (kind, _usual(LIKE.get(kind, kind), language))
    head, _, body = _rendered(name, text, values, language, escape=False).strip("\n").partition("\n\n")
    if not head.startswith("Subject: ") or "\n" in head or not body.strip():
        raise TemplateFault("letters.no_subject", file=name)
    letter = compose(language, one_line(head.removeprefix("Subject: ")), _blocks(language, body), values["firm"], picture)
    looks = _own(office, "letter.html") if own_words else None
    if looks is None:
        return letter
    shown = {
        "subject": letter.subject, "blocks": letter.blocks, "language": language, "_": translator(language).gettext,
        "firm": values["firm"], "logo": picture, "logo_address": LOGO_ADDRESS,
    }  # fmt: skip
    html = _rendered(*looks, shown, language, escape=True)
    return replace(letter, html=html, logo=picture if LOGO_ADDRESS in html else None)


@cache
def _usual(kind: str, language: str) -> str:
    try:
        return (USUAL / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"there is no letter for {kind}") from None


def _own(office: Office, name: str) -> tuple[str, str] | None:
    """(name for people, text) of a template; None if the office has none of its own."""
    try:
        return str(OWN / name), (office.root / OWN / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateFault("letters.unreadable", file=str(OWN / name), error=str(error)) from error


def _rendered(name: str, text: str, values: Mapping[str, object], language: str, escape: bool) -> str:
    try:
        return _environment(language, escape).from_string(text).render(values).replace("\r\n", "\n")
    except TemplateError as error:
        line = getattr(error, "lineno", None) or 1
        raise TemplateFault("letters.wrong", file=name, line=line, error=str(error.message)) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise TemplateFault("letters.wrong", file=name, line=1, error=str(error)) from error


@cache
def _environment(language: str, escape: bool) -> Environment:
    made = SandboxedEnvironment(autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["day"] = lambda iso: day(iso, language)
    return made


def _blocks(language: str, body: str) -> list[Block]:
    """The paragraphs of a text as what they are."""
    found = []
    for part in re.split(r"\n(?:[ \t]*\n)+", body.strip("\n")):
        lines = part.split("\n")
        if all(line.startswith("- ") for line in lines):
            found.append(Block("rows", rows=tuple(line[2:].strip() for line in lines)))
        elif all(line.startswith("    ") for line in lines):
            found.append(Block("matter", " ".join(line.strip() for line in lines)))
        elif all(line.startswith(">") for line in lines):
            found.append(Block("quote", "\n".join(line[1:].strip() for line in lines)))
        elif _ADDRESS.fullmatch(lines[-1].strip()) and len(lines) <= 2 and (len(lines) == 1 or lines[0].rstrip().endswith(":")):
            label = (
                lines[0].strip().removesuffix(":") if len(lines) == 2 else translator(language).gettext("View it on the portal")
            )
            found.append(Block("link", label, lines[-1].strip()))
        elif part.strip():
            found.append(Block("paragraph", part.strip()))
    return found
