"""Plain text in any encoding, whatever its name ends in; and HTML, as the text it shows.

Starts nothing and needs no library: any process may do it.
"""

from __future__ import annotations

import binascii
import codecs
import contextlib
import re
from collections.abc import Iterator

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_LOOK_BYTES = 4096
_ZEROS_LEAST = 0.3
"""Of every second byte of a text in UTF-16 so many are zero, if it is in a language of ours."""

_ODD_MOST = 0.02
"""A text has no more control characters than this."""

_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27, 30, 31})

_BLOCKS = re.compile(
    r"<(?:p|div|br|tr|li|ul|ol|h[1-6]|table|title|section|article|option|/p|/div|/tr|/li|/h[1-6])\b[^<>]{0,2000}>", re.IGNORECASE
)
_CELLS = re.compile(r"</?(?:td|th)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAGS = re.compile(r"<[!/?a-zA-Z][^<>]{0,10000}>")
_SHOWN_ATTRIBUTES = re.compile(
    r"\b(?:alt|title|content|value|label|placeholder|aria-label)\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(r"\s[\w:.-]{1,100}\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')")
_ADDRESS = re.compile(r"\bdata:[^,\"'<>\s]{0,200};base64,([A-Za-z0-9+/=%\s]{40,})", re.IGNORECASE)
"""A file within an address (RFC 2397)."""
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


_USUAL = "Klant 1."


_SEALED = re.compile(r"^[ \t]*-----BEGIN (?:PGP MESSAGE|PKCS7|CMS)-----", re.MULTILINE)
"""RFC 4880 section 6.2, RFC 7468 sections 8 and 9: what is encrypted or signed, as letters."""


def has_sealed(text: str) -> bool:
    """True if something in it says nothing to a reader, though it is text."""
    return _SEALED.search(text) is not None


def is_sealed(text: str) -> bool:
    """True if it is nothing else."""
    return _SEALED.match(text.lstrip()) is not None


def encoding_of(head: bytes) -> str | None:
    """How a text that begins so is encoded; None: no text. `utf-8` may turn out to be cp1252."""
    for mark, encoding in _WIDE.items():
        if head.startswith(mark):
            return encoding
    some = head[:_LOOK_BYTES]
    if b"\0" not in some:
        odd_ones = len(some) - len(some.translate(None, _CONTROLS))
        return "utf-8" if odd_ones <= len(some) * _ODD_MOST else None
    even, odd = some[0::2].count(0), some[1::2].count(0)
    least = _ZEROS_LEAST * len(some) / 2
    if odd > least and not even:
        return "utf-16-le"
    return "utf-16-be" if even > least and not odd else None


def decoded(data: bytes, is_whole: bool = True) -> str | None:
    """The text, or None. Unless it `is_whole`, it may be cut off within a character."""
    encoding = encoding_of(data)
    if encoding is None:
        return None
    if encoding != "utf-8":
        return data.decode(encoding, "replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig", "strict" if is_whole else "ignore")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def decoded_as(data: bytes, charset: str) -> str:
    """As somebody says that it is encoded; as text, where it can't be.

    Where letters of ASCII would be other ones in it (UTF-16, EBCDIC), both: programs label so what
    they write in UTF-8, and whoever shows it looks at the bytes.
    """
    try:
        text, is_usual = data.decode(charset), _USUAL.encode(charset) == _USUAL.encode()
    except (LookupError, ValueError):
        return decoded(data) or ""
    return text if is_usual else f"{text}\n{decoded(data) or ''}"


def decoded_html(data: bytes) -> str:
    """As it says itself, or else as text."""
    charset = _CHARSET.search(data[:_LOOK_BYTES])
    if charset and not data.startswith(tuple(_WIDE)):
        return decoded_as(data, charset[1].decode("ascii"))
    return decoded(data) or ""


def attributes_of(source: str) -> str:
    """What stands in attributes of something like XML, whichever they are."""
    import html

    return "\n".join(html.unescape(first or second) for first, second in _ATTRIBUTES.findall(source))


def files_in(source: str) -> Iterator[bytes]:
    """The files that are written out in addresses of a page or drawing."""
    from urllib.parse import unquote

    for written in _ADDRESS.findall(source) if "base64," in source else ():
        with contextlib.suppress(ValueError):
            yield binascii.a2b_base64(unquote(written))


def text_of_html(source: str) -> str:
    """What is to be read, what stands in attributes that people get to see, and remarks."""
    import html

    remarks = "\n".join(piece.partition("-->")[0] for piece in source.split("<!--")[1:])
    told = "\n".join(html.unescape(first or second) for first, second in _SHOWN_ATTRIBUTES.findall(source))
    text = _TAGS.sub("", _CELLS.sub("\t", _BLOCKS.sub("\n", source)))
    return f"{html.unescape(text)}\n{told}\n{remarks}"
