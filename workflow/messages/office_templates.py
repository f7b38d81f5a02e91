"""An office's own mails: words and looks from config/templates/, in place of the ones that come with the program.

    config/templates/ready.nl.txt     words of one kind of mail in one language: `Subject: …`, an empty line, the text
    config/templates/letter.html      looks of the HTML part of every mail

The text is a Jinja template; both parts of the mail are made of it. A line that begins with four spaces is what the mail is
about, one with `> ` a quotation, one with `- ` a row; a paragraph that is nothing but an address becomes the button.
What a template may name is listed in docs/operations.md; any other name is a fault.

A template is the office's own, but the values in it are not: they stay one line, and escaped in the HTML part. A faulty
template never holds up a mail: the usual words go out, and the fault is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dossier.office.office import Office
from workflow.messages import messages
from workflow.messages.composing import Block, Letter, compose, one_line
from workflow.messages.language import translator

FOLDER = Path("config/templates")

KINDS = ("ready", "bundle", "returned", "failed", "reminder", "digest", "escalation")
"""The mails whose words an office can choose."""

_ADDRESS = re.compile(r"https?://\S+")


class TemplateFault(Exception):
    """A template of the office is wrong; the message names file, line and fault."""


def letter_of(
    office: Office, kind: str, language: str, name: str, client: str | None, item: str | None, payload: Mapping[str, Any]
) -> tuple[Letter, TemplateFault | None]:
    """The letter in the office's own words and looks where it has them, and what is wrong with those, if anything is."""
    usual = messages.letter_of(office, kind, language, name, client, item, payload)
    try:
        return _own_letter(office, kind, language, _values(office, name, client, item, payload), usual), None
    except TemplateFault as fault:
        return usual, fault


def faults(office: Office) -> list[str]:
    """What is wrong with the templates of this office, each tried with made-up values."""
    found: list[str] = []
    known = {"letter.html", *(f"{kind}.{language}.txt" for kind in KINDS for language in ("nl", "en"))}
    folder = office.root / FOLDER
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found += [f"{FOLDER / name}: there is no such mail; a template is named letter.html or KIND.LANGUAGE.txt, such as ready.nl.txt"
              for name in names if name not in known and not name.startswith(".")]  # fmt: skip
    for kind in KINDS:
        for language in ("nl", "en"):
            fault = letter_of(office, kind, language, "Jan Jansen", next(iter(office.clients), ""), "D-2026-000001", _EXAMPLE)[1]
            if fault is not None and str(fault) not in found:
                found.append(str(fault))
    return found


_ROW = {"item": "D-2026-000001", "client": "Acme B.V.", "description": "Annual accounts", "since": "2026-11-23T09:00:00+01:00",
        "link": "https://portal.example/acme-bv"}  # fmt: skip
_EXAMPLE = {**_ROW, "contact": "Jan", "reason": "550 unknown", "approver": "Marieke", "comment": "Page 3 lacks", "items": [_ROW]}


def _values(office: Office, name: str, client: str | None, item: str | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    firm = parseaddr(office.settings.mail.sender)[0] or office.settings.portal.title
    customer = office.clients.get(client or "")
    about = {"name": name, "client": customer.name if customer else client or "", "item": item or "", "firm": firm}
    return {key: _one_line(value) for key, value in {**payload, **about}.items()}


def _one_line(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: _one_line(item) for key, item in value.items()}
    return [_one_line(item) for item in value] if isinstance(value, list) else value


def _own_letter(office: Office, kind: str, language: str, values: Mapping[str, Any], usual: Letter) -> Letter:
    """`usual`, its words and looks replaced where the office has its own. Raises TemplateFault."""
    letter = usual
    words = _read(office, f"{kind}.{language}.txt") if kind in KINDS else None
    if words is not None:
        name, text = words
        head, _, body = _rendered(name, text, values, escape=False).replace("\r\n", "\n").partition("\n\n")
        if not head.startswith("Subject: ") or "\n" in head or not body.strip():
            raise TemplateFault(f"{name}:1: begin with a line `Subject: …`, then an empty line, then the text")
        letter = compose(language, one_line(head.removeprefix("Subject: ")), _blocks(language, body))
    looks = _read(office, "letter.html")
    if looks is not None:
        shown = {"subject": letter.subject, "blocks": letter.blocks, "language": language, "_": translator(language).gettext}
        letter = replace(letter, html=_rendered(*looks, shown, escape=True))
    return letter


def _read(office: Office, name: str) -> tuple[str, str] | None:
    """(name for people, text) of a template; None if the office has none of its own."""
    try:
        return str(FOLDER / name), (office.root / FOLDER / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateFault(f"{FOLDER / name}:1: it can't be read: {error}") from error


def _rendered(name: str, text: str, values: Mapping[str, Any], escape: bool) -> str:
    environment = SandboxedEnvironment(autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    try:
        return environment.from_string(text).render(values)
    except TemplateError as error:
        raise TemplateFault(f"{name}:{getattr(error, 'lineno', None) or 1}: {error.message}") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise TemplateFault(f"{name}:1: {error}") from error


def _blocks(language: str, body: str) -> list[Block]:
    """The paragraphs of a text as what they are."""
    found = []
    for part in re.split(r"\n[ \t]*\n", body.strip("\n")):
        lines = part.split("\n")
        if all(line.startswith("- ") for line in lines):
            found.append(Block("rows", rows=tuple(line[2:].strip() for line in lines)))
        elif all(line.startswith("    ") for line in lines):
            found.append(Block("matter", " ".join(line.strip() for line in lines)))
        elif all(line.startswith("> ") for line in lines):
            found.append(Block("quote", "\n".join(line[2:].strip() for line in lines)))
        elif _ADDRESS.fullmatch(part.strip()):
            found.append(Block("link", translator(language).gettext("View it on the portal"), part.strip()))
        elif part.strip():
            found.append(Block("paragraph", part.strip()))
    return found
