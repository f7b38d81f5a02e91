"""A letter: the blocks it is made of, its plain and its HTML part, and its MIME form. Nothing is sent, nothing is looked up.

Pure. Whatever a description, a name or a mail server's answer holds, it stays text: one line where a line is meant, escaped in
the HTML part, and without line ends, control characters or encoded words in a header. What letters say is in messages.py.
Whether an address exists is not looked at; the mail server says so.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

from dossier.text.names import has_bad_characters
from workflow.messages.language import environment

HEADER_CHARACTERS = 200
"""No header text is longer: a description is no longer either."""

TEXT_WIDTH = 76
"""Of the plain part; links are never broken."""

# RFC 2047. Python 3.11's header parser decodes these, line ends and all (cpython issue 121650).
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[^?\s]*\?[^?]*\?=")
# RFC 5322 section 3.2.3: in a name these mean something else. The quotes they would need get lost when long headers are folded.
_SPECIALS = str.maketrans(dict.fromkeys('"<>()[]:;@\\,', " "))


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str
    blocks: tuple[Block, ...] = ()
    """What text and html were made of."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a letter: a paragraph, what it is about, a quotation, a link, or rows."""

    kind: Literal["paragraph", "matter", "quote", "link", "rows"]
    text: str = ""
    link: str = ""
    rows: tuple[str, ...] = ()


# How it is put together


def compose(language: str, subject: str, blocks: Sequence[Block]) -> Letter:
    """A letter, plain and HTML, of these blocks."""
    text = "\n\n".join(_plain(block) for block in blocks) + "\n"
    html = environment(language).get_template("letter.html").render(subject=subject, blocks=blocks)
    return Letter(subject, text, html, tuple(blocks))


def _plain(block: Block) -> str:
    """A block as it is in the plain part."""
    if block.kind == "link":
        return f"{block.text}:\n{block.link}"
    if block.kind == "rows":
        return "\n".join(_wrapped(row, "- ", "  ") for row in block.rows)
    first = {"matter": "    ", "quote": "> "}.get(block.kind, "")
    return "\n".join(_wrapped(line, first, first) for line in block.text.split("\n"))


def _wrapped(line: str, first: str, rest: str) -> str:
    wrapped = textwrap.wrap(
        line, TEXT_WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapped) or first.rstrip()


def one_line(text: str) -> str:
    """Text on one line, without control characters, surrogates and direction marks."""
    return " ".join("".join(" " if has_bad_characters(character) else character for character in text).split())


def several_lines(text: str) -> str:
    """Text with its line ends, each line as `one_line` has it."""
    return "\n".join(one_line(line) for line in text.strip().splitlines())


# MIME


def mime(
    letter: Letter, sender: str, to_name: str, to_email: str, message_id: str, date: datetime, language: str
) -> EmailMessage:
    """The mail as it is sent: plain and HTML. `sender` is `Name <address>`; `date` has an offset."""
    from_name, from_email = parseaddr(sender)
    wide = needs_smtputf8(to_email) or needs_smtputf8(from_email)
    message = EmailMessage(policy=policy.SMTPUTF8 if wide else policy.SMTP)
    message["From"] = _address(from_name, from_email)
    message["To"] = _address(to_name, to_email)
    message["Subject"] = header_text(letter.subject)
    message["Date"] = date
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    # Quoted-printable: a server without 8BITMIME takes it, and no line is too long.
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = language  # last: setting the content clears what begins with Content-
    return message


def header_text(text: str) -> str:
    """What of `text` can stand in a header: one line, no encoded words, at most HEADER_CHARACTERS."""
    line = _ENCODED_WORD.sub(" ", one_line(text))
    # What is left can't become one either, not even joined with what was taken out from between.
    line = one_line(line.replace("=?", "= ?").replace("?=", "? ="))
    return line if len(line) <= HEADER_CHARACTERS else line[: HEADER_CHARACTERS - 1].rstrip() + "…"


def needs_smtputf8(address: str) -> bool:
    """True if the part before the @ isn't ASCII: only a server with SMTPUTF8 (RFC 6531) can take it."""
    return not ascii_domain(address).isascii()


def _address(name: str, email: str) -> Address:
    local, _, domain = ascii_domain(email).rpartition("@")
    return Address(header_text(name.translate(_SPECIALS)), local, domain)


def ascii_domain(address: str) -> str:
    """The address with its domain as the DNS has it: `info@bücher.example` → `info@xn--bcher-kva.example`.

    As IDNA 2008 does (RFC 5891), where `straße` is a name of its own; Python's codec "idna" makes it `strasse`, which
    may be somebody else's.
    """
    local, at, domain = address.rpartition("@")
    labels = unicodedata.normalize("NFKC", domain).lower().split(".")
    return local + at + ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels)
