"""Plain text in any encoding, whatever its name ends in, with the files that stand in it in base64;
and HTML, as the text it shows.

Starts nothing and needs no library: any process may do it.
"""

from __future__ import annotations

import binascii
import codecs
import contextlib
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from dossier.files.marks import marks_of
from workflow.guard.readers.gathering import PICTURES, Gathering

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_LOOK_BYTES = 4096
_ZEROS_LEAST = 0.3
"""Of every second byte of a text in UTF-16 so many are zero, if it is in a language of ours."""

_ODD_MOST = 0.02
"""A text has no more control characters than this."""

_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27, 30, 31})

_BLOCKS = re.compile(
    r"<(?:br|hr|option|/?(?:p|div|tr|li|ul|ol|dl|dt|dd|h[1-6]|table|thead|tbody|caption|title|section|article|header|footer|main|nav|aside|address"
    r"|blockquote|center|figure|figcaption|fieldset|legend|form|details|summary|pre|body))\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_PARAGRAPHS = re.compile(r"</?(?:p|h[1-6]|table|section|article|blockquote|pre)\b[^<>]{0,2000}>", re.IGNORECASE)
"""Between these is a gap; other blocks are lines below each other."""
_GAP = "\x0c"
_AS_TYPED = re.compile(r"<(/?)(?:pre|textarea|listing|xmp)\b", re.IGNORECASE)
"""Where blanks and line ends are shown as they stand. Elsewhere each run of them is one blank."""
_MARK = re.compile(r"<sup\b[^<>]{0,2000}>\s{0,20}\d{1,3}\s{0,20}</sup\s*>", re.IGNORECASE)
"""That there is a note."""
_CELLS = re.compile(r"</?(?:td|th)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAGS = re.compile(r"<[!/?a-zA-Z][^<>]{0,10000}>")
_SHOWN_ATTRIBUTES = re.compile(
    r"\b(?:alt|title|content|value|label|placeholder|summary|aria-label|href|src|action|download|data-[\w-]{1,50})"
    r"\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})'|([^\s\"'<>=]{1,2000}))",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(r"\s[\w:.-]{1,100}\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')")
_ADDRESS = re.compile(r"\bdata:[^,\"'<>\s]{0,200};base64,([A-Za-z0-9+/=%\s]{40,})", re.IGNORECASE)
"""A file within an address (RFC 2397)."""
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


_USUAL = "Klant 1."


_SEALED = re.compile(r"^[ \t]*-----BEGIN (?:PGP MESSAGE|PKCS7|CMS)-----|\A(?:\x04?%!PS|\x1b%-12345X|\x1bE)", re.MULTILINE)
"""RFC 4880 section 6.2, RFC 7468 sections 8 and 9: what is encrypted or signed, as letters. And
what is meant for a printer, in which the letters of a word need not stand together."""


_CARD = re.compile(r"\s*BEGIN:V(?:CALENDAR|CARD)\b", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_QUOTED = re.compile(
    r"^([^:\r\n]{1,1000};(?:ENCODING=)?QUOTED-PRINTABLE[^:\r\n]{0,1000}:)((?:=\r?\n|[^\r\n]){1,100000})",
    re.IGNORECASE | re.MULTILINE,
)
"""How cards of old, and Outlook, write what is not ASCII, over several lines (vCard 2.1, 2.1.3)."""
_JSON = re.compile(r"\s*(?:\{|\[\s*(?:[\"{\[\]]|-?[0-9.eE+-]{1,30}\s*,|(?:true|false|null)\b))")
"""How JSON begins; no list of settings (`[General]`) nor a log (`[2026-11-30 10:12] ...`), where a
path has backslashes: `D:\\Noord` says no line break."""
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\[^u]")
_MEANT = {"n": "\n", "N": "\n", "r": "\r", "t": "\t", "b": " ", "f": "\n"}

_STATEMENT = re.compile(r"^:86:[^:\r\n]{0,10}\?\d\d", re.MULTILINE)
_SUBFIELD = re.compile(r"\?(?:\r?\n)?\d(?:\r?\n)?\d(?:\r?\n)?")
"""Where a bank breaks what it tells after so many letters, were it in a word (MT940, field 86)."""

_ATTACHED = re.compile(
    r"^ATTACH((?:;[^:;\"\r\n]{0,1000}(?:\"[^\"\r\n]{0,1000}\")?){1,20}):([A-Za-z0-9+/=]{4,})[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ATTACHED_AS = re.compile(r";(?:X-)?FILENAME=\"?([^\";:]{1,200})", re.IGNORECASE)
"""A file in an appointment (RFC 5545, 3.8.1.1), and what programs call it."""

_LINE = "[A-Za-z0-9+/_-]"
_RUN = re.compile(
    rf"(?<!{_LINE}){_LINE}{{40,}}(?:\r?\n[ \t]*{_LINE}{{20,}})*(?:={{1,2}}|(?P<last>\r?\n[ \t]*{_LINE}{{1,19}}={{0,2}}))?"
)
"""What may be base64, in lines or not; the last line may as well be a word that follows it."""
_HEAD_LETTERS, _RUNS_MOST = 400, 1_000
_SURE_BYTES = 200
"""So many bytes that look like text in any encoding are no accident."""


_UUENCODED = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[ -`]{1,86}\r?\n)+)end\b", re.MULTILINE)
"""A file within the text, as mail programs attached it before MIME (POSIX)."""


_LETTERS = re.compile(rb"(?<=[A-Za-z])[\xc0-\xd6\xd8-\xf6\xf8-\xff]")
_OLDER = {
    "cp850": re.compile(rb"(?<=[A-Za-z])(?:[\x81-\x84\x87-\x8b]|[\x85\x93\x94](?=[a-z]))"),
    "mac_roman": re.compile(rb"(?<=[A-Za-z])(?:[\x8a\x8e\x8f\x90\x9a\x9f]|[\x87\x88\x91\x95\x99](?=[a-z]))"),
}
"""Letters with accents in cp1252; and as DOS and a Mac write them, which in cp1252 are signs that
seldom follow a letter. Excel offers these for CSV, too."""


class Packed(NamedTuple):
    """A file that stands in a text."""

    name: str
    data: bytes


def legible(text: str) -> str:
    """A text that programs write for programs (JSON; RFC 5545, RFC 6350; MT940) without what cuts
    its words; any other as it is."""
    if _CARD.match(text):
        text = _FOLD.sub("", _QUOTED.sub(_unquoted, text))
    elif not _JSON.match(text[:1_000]):
        return _SUBFIELD.sub("\n", text) if "?" in text and _STATEMENT.search(text) else text
    return _ESCAPED.sub(_meant, text) if "\\" in text else text


def _unquoted(found: re.Match[str]) -> str:
    import quopri

    data = quopri.decodestring(found[2].encode())
    return f"{found[1]}{decoded(data) or ''}"


def _meant(found: re.Match[str]) -> str:
    if found[0][1] == "u":
        return bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", "replace")
    return _MEANT.get(found[0][1], found[0][1])


def may_hold_files(text: str) -> bool:
    """True for a (legible) text with something in it that looks like a file in base64."""
    runs = enumerate(_RUN.finditer(text))
    return any(lain.search(text) for lain in (_ATTACHED, _UUENCODED)) or any(
        number == _RUNS_MOST or _is_file(_unpacked(run[0][:_HEAD_LETTERS])) for number, run in runs
    )


def read_letters(gathering: Gathering, text: str) -> None:
    """A (legible) text, and what is in the files that stand in it in base64. Raises Enough.

    Pictures are no papers there; what is neither a file nor a text is a number or a key.
    """
    for piece in _pieces(text):
        if isinstance(piece, Packed):
            gathering.part(piece.name, io.BytesIO(piece.data))
        else:
            gathering.add(piece)
        gathering.look_at_clock()
    read_uuencoded(gathering, text)


def read_uuencoded(gathering: Gathering, text: str) -> None:
    """The files that lie in the text so; what can't be read is told. Raises Enough."""
    for found in _UUENCODED.finditer(text) if "\nend" in text else ():
        try:
            data = b"".join(binascii.a2b_uu(line.encode("ascii")) for line in found[2].splitlines())
        except binascii.Error:
            data = b"\0"  # of no kind that anything reads
        gathering.part(found[1].strip(), io.BytesIO(data))


def _pieces(text: str) -> Iterator[str | Packed]:
    at = 0
    for found in _ATTACHED.finditer(text):
        if "BASE64" in found[1].upper() or "BINARY" in found[1].upper():
            named = _ATTACHED_AS.search(found[1])
            yield from _between(text[at : found.start()])
            yield Packed(named[1] if named else "attachment", _unpacked(found[2]))
            at = found.end()
    yield from _between(text[at:])


def _between(text: str) -> Iterator[str | Packed]:
    at = 0
    for run in _RUN.finditer(text):
        if _is_file(_unpacked(run[0][:_HEAD_LETTERS])):
            yield text[at : run.start()]
            yield Packed("data", _unpacked(run[0]))
            at = run.start("last") if run["last"] else run.end()
    yield text[at:]


def _unpacked(run: str) -> bytes:
    letters = "".join(run.split()).rstrip("=").replace("-", "+").replace("_", "/")
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _is_file(head: bytes) -> bool:
    """True for the beginning of a file that is no picture, or of a text."""
    kind = marks_of(head).kind
    if kind not in ("", "mt940"):
        return kind not in PICTURES
    if len(head) >= _SURE_BYTES:
        return encoding_of(head) is not None
    try:
        return head.translate(None, _CONTROLS) == head and bool(head.decode("utf-8"))
    except UnicodeDecodeError as error:
        return error.end == len(head)  # cut off within a character


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
    if even and odd:
        return None
    encoding = "utf-16-le" if odd else "utf-16-be"
    letters = some[: len(some) // 2 * 2].decode(encoding, "replace")
    odd_ones = len(letters) - len(letters.translate(dict.fromkeys(_CONTROLS)))
    return encoding if max(even, odd) > least and odd_ones <= len(letters) * _ODD_MOST else None


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
        text = data.decode("cp1252", "replace")
    others = [
        "\n".join(line for line in data.decode(encoding).splitlines() if not line.isascii())
        for encoding, letters in _OLDER.items()
        if len(letters.findall(data)) > len(_LETTERS.findall(data))
    ]
    return "\n".join([text, *others])


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


def _flowing(source: str) -> Iterator[str]:
    """The source of a page, with a blank for each run of blanks and line ends where that is how it
    is shown."""
    at, depth = 0, 0
    for found in _AS_TYPED.finditer(source):
        yield source[at : found.start()] if depth else " ".join(_MARK.sub("", source[at : found.start()]).split())
        at, depth = found.start(), max(0, depth - 1) if found[1] else depth + 1
    yield source[at:] if depth else " ".join(_MARK.sub("", source[at:]).split())


def text_of_html(source: str, is_page: bool = True) -> str:
    """What is to be read, what stands in attributes that people get to see, where links lead, and
    remarks. `is_page`: how its source is broken into lines says nothing."""
    import html
    from urllib.parse import unquote

    remarks = "\n".join(piece.partition("-->")[0] for piece in source.split("<!--")[1:])
    told = "\n".join(unquote(html.unescape("".join(value))) for value in _SHOWN_ATTRIBUTES.findall(source))
    if is_page:
        source = _PARAGRAPHS.sub(_GAP, " ".join(_flowing(source)))
    text = _TAGS.sub("", _CELLS.sub("\t", _BLOCKS.sub("\n", source)))
    if is_page:
        text = re.sub(r"\n[ \n]+", "\n", text)
        text = re.sub(f"[ \n]*{_GAP}[ \n{_GAP}]*", "\n\n", text)
    return f"{html.unescape(text)}\n{told}\n{remarks}"
