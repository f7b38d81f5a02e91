"""A letter as it goes over the line: headers, plain and HTML (RFC 5322, 2045, 2047).

The headers are encoded and folded here, and the email package has no more to do with them: that of
Python 3.11 loses the blank between two encoded words (RFC 2047 section 6.2) and makes words of over
75 characters. Whatever a description, a name or a mail server's answer holds, it stays text in its
header: one line, without control characters, and never an encoded word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.charset import Charset
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from itertools import chain, repeat
from urllib.parse import quote

from dossier.office.keys import MailSettings
from workflow.messages.addresses import ascii_domain
from workflow.messages.composing import LOGO_ADDRESS, Letter, one_line
from workflow.outbox.addressees import Addressee

HEADER_CHARACTERS = 400
"""No header text is longer. A description has at most 200, and a subject says a little more."""

LINE = 76
"""Characters on a line of a header (RFC 2047 section 2: with encoded words, no more than that)."""

WORD = 75
"""Characters of an encoded word (RFC 2047 section 2)."""

_UTF8 = Charset("utf-8")
"""Quoted-printable or base64, whichever is shorter; never split inside a character."""

# RFC 2047. Python 3.11's header parser decodes these, line ends and all (cpython issue 121650).
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[^?\s]*\?[^?]*\?=")

# RFC 5322 section 3.2.3: a name of these alone needs no quotes.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


@dataclass(frozen=True, slots=True)
class MailHead:
    """A mail's headers. `sender` and `reply_to` are `Name <address>`; `date` has an offset."""

    sender: str
    to_name: str
    to_email: str
    message_id: str
    date: datetime
    language: str
    reply_to: str | None = None
    may_unsubscribe: bool = False
    """It is one of a series that its reader can be taken off."""

    @classmethod
    def of(cls, office: MailSettings, to: Addressee, message_id: str, date: datetime, may_unsubscribe: bool = False) -> MailHead:
        """A mail of the office to them."""
        return cls(office.sender, to.name, to.email, message_id, date, to.language, office.reply_to, may_unsubscribe)


def mime(letter: Letter, head: MailHead) -> bytes:
    """The mail as it is sent: headers, a plain and an HTML part."""
    return headers(letter.subject, head) + _body(letter).as_bytes()


def headers(subject: str, head: MailHead) -> bytes:
    """The headers, in ASCII; in UTF-8 where the address itself is not (RFC 6532)."""
    lines = [
        _header("From", _mailbox("From", *parseaddr(head.sender))),
        _header("To", _mailbox("To", head.to_name, head.to_email)),
        *([_header("Reply-To", _mailbox("Reply-To", *parseaddr(head.reply_to)))] if head.reply_to else []),
        _header("Subject", _words("Subject", subject)),
        _header("Date", [format_datetime(head.date)]),
        _header("Message-ID", [head.message_id]),
        # RFC 3834, and the same in Microsoft's words ([MS-OXCMAIL] section 2.1.3.1.9): no absence
        # notes, please.
        _header("Auto-Submitted", ["auto-generated"]),
        _header("X-Auto-Response-Suppress", ["OOF,", "AutoReply"]),
        *([_header("List-Unsubscribe", [_unsubscribe(head)])] if head.may_unsubscribe else []),
        _header("Content-Language", [head.language]),
    ]
    return "".join(lines).encode()


def header_text(text: str) -> str:
    """What of `text` can be in a header: one line, no encoded words, HEADER_CHARACTERS."""
    line = _ENCODED_WORD.sub(" ", one_line(text))
    # What is left can't become one either, not even joined with what was taken out from between.
    line = one_line(line.replace("=?", "= ?").replace("?=", "? ="))
    return line if len(line) <= HEADER_CHARACTERS else line[: HEADER_CHARACTERS - 1].rstrip() + "…"


def _body(letter: Letter) -> EmailMessage:
    """Both parts. Quoted-printable: a server without 8BITMIME takes it, and no line is too long."""
    body = EmailMessage(policy=policy.SMTP)
    body.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    body.add_alternative(letter.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if letter.logo is not None:
        html = body.get_body(("html",))
        assert isinstance(html, EmailMessage)
        address = f"<{LOGO_ADDRESS.removeprefix('cid:')}>"
        html.add_related(letter.logo.data, "image", "png", cid=address, filename="logo.png", disposition="inline")
    return body


# Headers


def _header(name: str, words: Sequence[str]) -> str:
    """A header of these words, folded between them; unfolded, one blank is between two."""
    lines = [f"{name}:"]
    for number, word in enumerate(words):
        fits = len(lines[-1]) + 1 + len(word) <= LINE
        # A line of the header's name alone would be legal, but some programs don't know that.
        if fits or (number == 0 and not word.startswith("=?")):
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines) + "\r\n"


def _words(name: str, text: str) -> list[str]:
    """Free text as the words of the header `name`: ASCII as it is, else all encoded."""
    line = header_text(text)
    return line.split() if line.isascii() else list(_encoded(line, LINE - len(f"{name}: ")))


def _mailbox(header: str, name: str, address: str) -> list[str]:
    """A name and an address as words. RFC 5322 section 3.4: quotes around marks."""
    shown, email = header_text(name), ascii_domain(address)
    if shown.isascii() and _ATOMS.fullmatch(shown):
        words = shown.split()
    elif shown.isascii() and len(shown) <= LINE - 20:
        words = ['"' + re.sub(r'([\\"])', r"\\\1", shown) + '"'] if shown else []
    else:
        words = list(_encoded(shown, LINE - len(f"{header}: ")))
    return [*words, f"<{email}>" if words else email]


def _encoded(text: str, first: int) -> Iterator[str]:
    """The encoded words for `text`: the first of at most `first` characters, others WORD.

    Blanks are within the words: those between two encoded words are not text (RFC 2047 section
    6.2).
    """
    lengths = chain([min(first, WORD)], repeat(WORD))
    return (word for word in _UTF8.header_encode_lines(text, lengths) if word)


def _unsubscribe(head: MailHead) -> str:
    """Whom to write to (RFC 2369 section 3.2): one mail or many is a person's to change."""
    address = ascii_domain(parseaddr(head.reply_to or head.sender)[1])
    return f"<mailto:{quote(address, safe='@')}?subject=unsubscribe>"
