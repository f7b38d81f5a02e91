"""Which reader a file is given to: by its bytes (marks.py). Also for files within files."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from dossier.files.marks import Marks, marks_of
from dossier.text.names import extension
from workflow.guard.readers import mail
from workflow.guard.readers.gathering import MAX_CHARACTERS, PART_BYTES, PICTURES, Gathering, NoText
from workflow.guard.readers.plain_text import (
    attributes_of,
    decoded,
    decoded_html,
    encoding_of,
    has_sealed,
    is_sealed,
    legible,
    read_letters,
    text_of_html,
)

TEXT_BYTES = 4 * MAX_CHARACTERS

_HEAD_BYTES = 4096
"""In so many bytes an XML file has begun."""

OFFICE = frozenset(
    ["docx", "xlsx", "xlsb", "pptx", "vsdx", "odt", "ott", "odm", "ods", "ots", "odp", "otp", "odg", "otg", "odc", "odf"]
)
OLD = frozenset(["doc", "xls", "ppt", "pub", "msg"])
OBJECT = "ole"
"""What some program keeps within a letter or a sheet. Such a file by itself is not read."""
PACKED = frozenset(["zip", "asice", "asics", "kmz", "epub"])
TEXT = frozenset(["", "mt940"])
READ = OFFICE | OLD | PACKED | {"pdf", "gz", "rtf", "xml", "html", "p7m"}
"""Kinds that readers know, besides text and mail."""


def is_mail(name: str, seen: Marks) -> bool:
    """True for a mail, by its beginning or its name."""
    return not seen.kind and (extension(name) in mail.ENDINGS or mail.is_mail(seen.head))


def is_sent(seen: Marks) -> bool:
    """True for what begins as a mail, were there bytes in it that no text has (RFC 3030)."""
    return not seen.kind and mail.is_mail(seen.head)


def reason_unread(seen: Marks) -> str | None:
    """Why nothing reads such a file; None if something does, were it as text."""
    if not seen.head:
        return "empty"
    if seen.kind == "protected":
        return "password"
    if not seen.kind and is_sealed(seen.head[:100].decode("utf-8-sig", "replace")):
        return "format"
    if seen.kind in READ or seen.kind in PICTURES:
        return None
    return "format" if seen.kind not in TEXT or encoding_of(seen.head) is None else None


def read_part(gathering: Gathering, name: str, stream: BinaryIO) -> None:
    """Read a file that lies within another. Raises Enough, Unreadable."""
    data = stream.read(PART_BYTES)
    seen = marks_of(data)
    if seen.kind == OBJECT:
        read_kind(gathering, io.BytesIO(data), OBJECT, name)
        return
    if (reason := reason_unread(seen)) and not is_sent(seen):
        raise NoText(reason)
    if seen.kind == "pdf":
        read_pdf(gathering, data)
    elif seen.kind in PICTURES:
        read_picture(gathering, data)
    elif is_mail(name, seen):
        mail.read_mail(gathering, io.BytesIO(data))
    elif seen.kind in TEXT:
        read_text(gathering, data)
    else:
        read_kind(gathering, io.BytesIO(data), seen.kind, name)


def read_text(gathering: Gathering, data: bytes) -> None:
    """Plain text, and the files that stand in it in base64. Raises Enough."""
    text = legible(decoded(data[:TEXT_BYTES], len(data) <= TEXT_BYTES) or "")
    if has_sealed(text):
        gathering.miss("format")
    if len(data) > TEXT_BYTES:
        gathering.miss("beginning")
    read_letters(gathering, text)


def read_kind(gathering: Gathering, stream: BinaryIO, kind: str, name: str) -> None:
    """Read a file of one of the kinds in READ but PDF, or text. Raises Enough, Unreadable."""
    if kind in TEXT:
        read_text(gathering, stream.read(TEXT_BYTES + 1))
    elif kind in OFFICE:
        from workflow.guard.readers.office import read_office

        read_office(gathering, stream, kind)
    elif kind in OLD or kind == OBJECT:
        from workflow.guard.readers.ole import read_ole

        read_ole(gathering, stream, kind)
    elif kind in PACKED:
        from workflow.guard.readers.archives import read_zip

        read_zip(gathering, stream)
    elif kind == "gz":
        from workflow.guard.readers.archives import read_gzip

        read_gzip(gathering, stream, name)
    elif kind == "rtf":
        from workflow.guard.readers.rtf import read_rtf

        read_rtf(gathering, stream.read(PART_BYTES))
    elif kind == "p7m":
        from workflow.guard.readers.signed import read_signed

        read_signed(gathering, stream, name)
    elif kind == "html":
        _read_page(gathering, decoded_html(stream.read(TEXT_BYTES)))
    else:
        _read_xml(gathering, stream)


def _read_page(gathering: Gathering, source: str, is_page: bool = True) -> None:
    """HTML, or what looks like it. Raises Enough."""
    from workflow.guard.readers.xml import read_files_in

    gathering.add(text_of_html(source, is_page))
    read_files_in(gathering, source)


def read_pdf(gathering: Gathering, content: object) -> None:
    """Raises Enough, Unreadable."""
    from workflow.guard.readers import ocr, pdf

    pdf.read_pdf(gathering, content, ocr.text_of_page if gathering.with_ocr else None)


def read_picture(gathering: Gathering, content: object) -> None:
    """Raises Enough, Unreadable."""
    if not gathering.with_ocr:
        raise NoText("scan")
    from workflow.guard.readers import ocr

    gathering.add(ocr.text_of_picture(content))


_RUNNING = re.compile(
    rb"<(?:[\w.-]+:)?(html|svg|package|wordDocument|document|FixedPage|body|div|p|span|table|section|article|main|h[1-6]|ul|ol|form|font)[\s>]"
)
"""The outermost element of what is read as running text: a name may have marks within."""

_OFFICE_ROOTS = (b"package", b"wordDocument", b"document", b"FixedPage")


def _read_xml(gathering: Gathering, stream: BinaryIO) -> None:
    """What is no proper XML is read as the text that it is; what is running text, so besides."""
    from workflow.guard.readers.xml import read_xml

    try:
        read_xml(gathering, stream)
    except NoText:
        stream.seek(0)
        source = decoded_html(stream.read(TEXT_BYTES))
        _read_page(gathering, source, is_page=False)
        gathering.add(f"\n{attributes_of(source)}")
        if stream.read(1):
            gathering.miss("beginning")
        return
    stream.seek(0)
    if root := _RUNNING.search(stream.read(_HEAD_BYTES)):
        gathering.add("\n")
        stream.seek(0)
        if root[1] not in _OFFICE_ROOTS:
            gathering.add(text_of_html(decoded_html(stream.read(TEXT_BYTES)), root[1] == b"html"))
            return
        from workflow.guard.readers.office import OPEN, PRINTED, WORD

        rules = {b"document": OPEN, b"FixedPage": PRINTED}.get(root[1], WORD)
        rules.read(gathering, stream)
