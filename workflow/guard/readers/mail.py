"""Mail as it was sent (.eml, .mht): its headers, its texts decoded, and what is attached to it.

Also as mail programs keep it: with a line of their own above it (.emlx), or many in a file (.mbox).
"""

from __future__ import annotations

import codecs
import io
import re
from email import message_from_bytes, policy
from email.errors import InvalidBase64LengthDefect
from email.header import decode_header, make_header
from email.message import Message
from functools import partial
from typing import BinaryIO

from dossier.files.marks import marks_of
from workflow.guard.readers.gathering import PART_BYTES, PICTURES, Gathering, NoText
from workflow.guard.readers.plain_text import (
    decoded,
    decoded_as,
    decoded_html,
    encoding_of,
    has_sealed,
    read_letters,
    read_uuencoded,
    text_of_html,
)
from workflow.guard.readers.xml import read_files_in

_MAILS = ("message/rfc822", "message/global")
_HEADS = ("text/rfc822-headers", "message/global-headers")
"""What of a mail is sent back with a report that it did not arrive (RFC 3462, RFC 6533)."""

_OF_MACHINES = re.compile(
    r"(?:Received|ARC-|DKIM-|DomainKey|Authentication-Results|Message-ID|References|In-Reply-To|Date|MIME-Version"
    r"|Content-(?!Description)|X-(?:MS-|Microsoft|Google-|Spam|Virus|Received|Mailer|Originating-IP))",
    re.IGNORECASE,
)
"""Headers that say which machines a mail went by, and how it is written. Each other one is
somebody's."""

_MARKED_UP = ("text/html", "text/enriched", "text/richtext")
"""The last two are older (RFC 1896, RFC 1341), and marked with tags as well."""

_CODINGS = ("", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue")
"""RFC 2045 section 6.1, and those besides that Python knows."""

_MAIL = re.compile(
    rb"(?:(?:Return-Path|Received|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To|Content-Type|X-[\w-]+):[^\n]*\n(?:[ \t][^\n]*\n)*){2}",
    re.IGNORECASE,
)
_MIME = re.compile(rb"^(?:MIME-Version|Content-Transfer-Encoding):", re.IGNORECASE | re.MULTILINE)

_ABOVE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\d{1,10} *\r?\n)?")
"""What programs put above a mail: a mark, empty lines, its length (.emlx)."""
_NEXT = re.compile(rb"(?:^|(?<=\n))From [^\r\n]+ \d\d:\d\d[^\r\n]*\r?\n(?=[!-9;-~]+:)")
"""Above each mail of an .mbox (RFC 4155)."""
_GOES_ON = re.compile(r"=\s*[\w+/]")
"""Where base64 ends for some programs and goes on for others."""
HEADER_MOST = 10_000
"""Characters of a header that are decoded; a line of a mail has at most 998 (RFC 5322, 2.1.1)."""

ENDINGS = frozenset({"eml", "emlx", "mbox", "mht", "mhtml"})


def is_mail(head: bytes) -> bool:
    """True for what begins as a mail does, whatever it is called."""
    head = _without_what_is_above(head)
    return _MAIL.match(head) is not None and _MIME.search(head) is not None


def read_mail(gathering: Gathering, stream: BinaryIO) -> None:
    """One mail, or several in a file. Raises Enough, Unreadable."""
    data = stream.read(PART_BYTES)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    for one in _NEXT.split(_without_what_is_above(data)) if _NEXT.match(data) else [_without_what_is_above(data)]:
        try:
            message = message_from_bytes(one, policy=policy.compat32)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise NoText("damaged") from error
        _read(gathering, message)


def _without_what_is_above(data: bytes) -> bytes:
    above = _ABOVE.match(data)
    begun = data[above.end() if above else 0 :]
    return begun[first.end() :] if (first := _NEXT.match(begun)) else begun


def _read(gathering: Gathering, message: Message) -> None:
    for name, value in message.items():
        if not _OF_MACHINES.match(name):
            gathering.add(f"{name}: {_header(str(value)[:HEADER_MOST])}\n")
    _read_part(gathering, message)


def _read_part(gathering: Gathering, part: Message) -> None:
    """A body, what belongs to it, and what is attached. Raises Enough, Unreadable."""
    waiting = [part]
    while waiting:  # by a list, not by recursion: parts may lie as deep as somebody likes
        part = waiting.pop()
        content, name = part.get_content_type(), _name(part)
        payload: object = part.get_payload()
        gathering.add("\n".join(filter(None, (part.preamble, part.epilogue))))
        if content in _MAILS and isinstance(payload, list):
            for inner in payload:
                gathering.within(name or "mail", partial(_read_inner, gathering, inner, part))
        elif isinstance(payload, list):
            if content.startswith("message/"):  # a report: it says all in headers of its own
                gathering.add(
                    "\n".join(_header(str(value)[:HEADER_MOST]) for inner in payload for value in inner.values()) + "\n"
                )
            waiting.extend(reversed(payload))
        elif content in ("text/plain", *_MARKED_UP) and part.get_content_disposition() != "attachment":
            data = _data(gathering, part)
            text = _text(part, data) if content == "text/plain" or part.get_content_charset() else decoded_html(data)
            if has_sealed(text):
                gathering.miss("format")
            if content in _MARKED_UP:
                gathering.add(text_of_html(text))
                read_files_in(gathering, text)
                read_uuencoded(gathering, text)
            else:
                read_letters(gathering, text)
            gathering.add("\n")
        elif content in _HEADS:
            gathering.within(name or content, partial(read_mail, gathering, io.BytesIO(_data(gathering, part))))
        else:
            if content.startswith("multipart/"):  # its parts can't be told from each other
                gathering.miss("damaged")
            data = _data(gathering, part)
            if not (content.startswith("image/") and _is_in_text(part) and _is_logo(data)):
                gathering.part(name or content, io.BytesIO(data))


def _is_in_text(part: Message) -> bool:
    """True for what the text can show, by an address (RFC 2392, RFC 2557); what it can't is
    attached, were it by a telephone that calls it `inline`."""
    is_named = part.get("Content-ID") is not None or part.get("Content-Location") is not None
    return is_named and part.get_content_disposition() != "attachment"


def _is_logo(data: bytes) -> bool:
    """True for a picture, which in a mail's text is no paper. What only says so is none."""
    seen = marks_of(data)
    return seen.kind in PICTURES or (not seen.kind and encoding_of(seen.head) is None)


def _read_inner(gathering: Gathering, inner: Message, part: Message) -> None:
    """A mail within `part`. Some programs encode it, though none may (RFC 2045 section 6.4)."""
    coding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if coding not in ("base64", "quoted-printable"):
        _read(gathering, inner)
        return
    coded = Message()
    coded["Content-Transfer-Encoding"] = coding
    coded.set_payload(inner.as_bytes().decode("ascii", "surrogateescape"))
    read_mail(gathering, io.BytesIO(_data(gathering, coded)))


def _data(gathering: Gathering, part: Message) -> bytes:
    """Its bytes, decoded as it says. What can't be is told."""
    coding = str(part.get("Content-Transfer-Encoding", "")).partition("(")[0].strip().lower()  # with no comment (RFC 2045, 6.1)
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = coding
    payload = part.get_payload(decode=True)
    is_cut = coding == "base64" and _GOES_ON.search(str(part.get_payload())) is not None
    if is_cut or coding not in _CODINGS or any(isinstance(defect, InvalidBase64LengthDefect) for defect in part.defects):
        gathering.miss("damaged")
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, data: bytes) -> str:
    charset = part.get_content_charset()
    return decoded_as(data, charset) if charset else decoded(data) or ""


def _name(part: Message) -> str:
    try:
        return _header((part.get_filename() or "")[:HEADER_MOST])
    except (ValueError, LookupError, TypeError, AttributeError):
        return "attachment"


def _header(value: object) -> str:
    """In letters, whatever it was written in (RFC 2047)."""
    try:
        return str(make_header(decode_header(str(value))))
    except (ValueError, LookupError, UnicodeError):
        return str(value)
