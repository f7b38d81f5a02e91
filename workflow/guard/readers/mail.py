"""Mail as it was sent (.eml, .mht): its headers, its texts decoded, and what is attached to it."""

from __future__ import annotations

import io
import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from functools import partial
from typing import BinaryIO

from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText
from workflow.guard.readers.plain_text import decoded, decoded_html, is_sealed, text_of_html

_MAILS = ("message/rfc822", "message/global")

_HEADERS = ("Subject", "From", "To", "Cc", "Reply-To", "Organization", "Thread-Topic")

_MAIL = re.compile(
    rb"(?:(?:Return-Path|Received|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To|Content-Type|X-[\w-]+):[^\n]*\n(?:[ \t][^\n]*\n)*){2}",
    re.IGNORECASE,
)
_MIME = re.compile(rb"^(?:MIME-Version|Content-Transfer-Encoding):", re.IGNORECASE | re.MULTILINE)

HEADER_MOST = 10_000
"""Characters of a header that are decoded; a line of a mail has at most 998 (RFC 5322, 2.1.1)."""

ENDINGS = frozenset({"eml", "mht", "mhtml"})


def is_mail(head: bytes) -> bool:
    """True for what begins as a mail does, whatever it is called."""
    return _MAIL.match(head) is not None and _MIME.search(head) is not None


def read_mail(gathering: Gathering, stream: BinaryIO) -> None:
    """Raises Enough, Unreadable."""
    try:
        message = message_from_bytes(stream.read(PART_BYTES), policy=policy.compat32)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoText("damaged") from error
    _read(gathering, message)


def _read(gathering: Gathering, message: Message) -> None:
    for name in _HEADERS:
        for value in message.get_all(name, ()):
            gathering.add(f"{name}: {_header(str(value)[:HEADER_MOST])}\n")
    _read_part(gathering, message)


def _read_part(gathering: Gathering, part: Message) -> None:
    """A body, what belongs to it, and what is attached. Raises Enough, Unreadable."""
    waiting = [part]
    while waiting:  # by a list, not by recursion: parts may lie as deep as somebody likes
        part = waiting.pop()
        content, name = part.get_content_type(), _name(part)
        payload: object = part.get_payload()
        if content in _MAILS and isinstance(payload, list):
            for inner in payload:
                gathering.within(name or "mail", partial(_read_inner, gathering, inner, part))
        elif isinstance(payload, list):
            waiting.extend(reversed(payload))
        elif content in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            data = _data(part)
            text = _text(part, data) if content == "text/plain" or part.get_content_charset() else decoded_html(data)
            if is_sealed(text):
                gathering.miss("format")
            gathering.add(f"{text_of_html(text) if content == 'text/html' else text}\n")
        elif not (content.startswith("image/") and part.get_content_disposition() != "attachment"):  # a logo is no paper
            gathering.part(name or content, io.BytesIO(_data(part)))


def _read_inner(gathering: Gathering, inner: Message, part: Message) -> None:
    """A mail within `part`. Some programs encode it, though none may (RFC 2045 section 6.4)."""
    coding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if coding not in ("base64", "quoted-printable"):
        _read(gathering, inner)
        return
    coded = Message()
    coded["Content-Transfer-Encoding"] = coding
    coded.set_payload(inner.as_bytes().decode("ascii", "surrogateescape"))
    read_mail(gathering, io.BytesIO(_data(coded)))


def _data(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, data: bytes) -> str:
    charset = part.get_content_charset()
    try:
        return data.decode(charset) if charset else decoded(data) or ""
    except (LookupError, UnicodeDecodeError):
        return decoded(data) or ""


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
