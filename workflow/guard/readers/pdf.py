"""PDF by pdfium: pages, forms, notes, properties, bookmarks, layers, and files attached to it.

One bad page doesn't hide the others. Pages without a letter on which there is a picture are
counted: they are scans, and nobody knows what they say, unless OCR is on. So are those that a
picture covers, with no more words on it than a stamp or a telefax puts there.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import pypdfium2
from pypdfium2 import raw

from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText
from workflow.guard.readers.pdf_objects import PdfObjects
from workflow.guard.readers.xml import read_xml

_PROPERTIES = (b"Title", b"Author", b"Subject", b"Keywords", b"Company", b"Manager", b"Category", b"Comments")
"""What the standard has, and what programs add to it."""
_NOTES = (b"Contents", b"RC", b"T", b"Subj")
"""What a note says: its text, the same with markup, who wrote it, and about what."""

_ANY = re.compile(r"[^\W_]")
_PICTURES = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM, raw.FPDF_PAGEOBJ_SHADING)
_OBJECTS_MOST = 50
"""Among so many of a page's objects a picture is looked for. More, and no word among them, are a
drawing, be it of letters."""

_STAMP_MOST = 120
"""Letters and digits that are put on a scan: when it came in, its number, the line of a telefax."""
_COVERING = 0.7
"""Pictures of this part of a page are what there is on it."""
_FORMS_DEEP = 3
"""Programs that stamp lay the page into a form, and that into one more."""

_SAMPLE = 50
"""Of so many letters of a page it is asked whether they are known."""

_NOTES_MOST = 1_000
"""Of a page."""

_ATTACHED_MOST, _TITLES_MOST, _PACKETS_MOST, _CHOICES_MOST = 100, 1_000, 100, 1_000
"""Where there are more, it is told that not all was read."""

_XMP = re.compile(rb"<x:xmpmeta\b.{1,1000000}?</x:xmpmeta>", re.DOTALL)
"""Properties as XML, which stand in the file as they are, to be found so (ISO 16684-1, 7.3)."""


def read_pdf(gathering: Gathering, content: object, ocr: Callable[[object], str] | None = None) -> None:
    """`content`: bytes that stay. `ocr`: page → the text in its pictures. Enough, Unreadable."""
    with _opened(content) as document:
        gathering.add("\n".join(_string(partial(raw.FPDF_GetMetaText, document, name)) for name in _PROPERTIES) + "\n")
        gathering.add("\n".join(_titles(gathering, document)) + "\n")
        objects, read = PdfObjects(gathering, document, content), set[bytes]()
        gathering.add("\n".join(objects.titles()) + "\n")
        gathering.add("\n".join(objects.scripts()) + "\n")
        _read_more_properties(gathering, content, objects)
        if raw.FPDF_GetFormType(document) != raw.FORMTYPE_NONE:
            document.init_forms()
            _read_form(gathering, document)
        scans = stamped = words = 0
        for number in range(len(document)):
            try:
                text, unseen = _text_of_page(gathering, document, number, ocr, read)
            except pypdfium2.PdfiumError:
                gathering.miss("damaged")
                continue
            words += not unseen and _ANY.search(text) is not None
            scans += unseen == "some_pages"
            stamped += unseen == "stamped"
            gathering.add(f"{text}\n{_string(partial(raw.FPDF_GetPageLabel, document, number))}\n")
            gathering.look_at_clock()
        for attachment in range(_at_most(gathering, raw.FPDFDoc_GetAttachmentCount(document), _ATTACHED_MOST)):
            _read_attached(gathering, raw.FPDFDoc_GetAttachment(document, attachment), read)
        objects.read_attached(read)
    if stamped:
        gathering.miss("stamped", stamped)
    if scans or not (words or stamped):
        gathering.miss("some_pages" if words or stamped else "scan", max(scans, 1))


@contextlib.contextmanager
def _opened(content: Any) -> Iterator[Any]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        protected = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise NoText("password" if protected else "damaged") from error
    with contextlib.closing(document):
        yield document


def _at_most(gathering: Gathering, count: int, most: int) -> int:
    """So many of them are read; that there are more is told."""
    if count > most:
        gathering.miss("beginning")
    return min(count, most)


def _read_more_properties(gathering: Gathering, content: object, objects: PdfObjects) -> None:
    """A title may stand here alone, as later standards have it (ISO 32000-2, 14.3)."""
    packets = [packet[0] for packet in islice(_XMP.finditer(content), _PACKETS_MOST)]  # type: ignore[call-overload]  # bytes, or an array of them
    for packet in packets or objects.packed_properties():
        with contextlib.suppress(NoText):
            read_xml(gathering, io.BytesIO(packet))
        gathering.add("\n")


def _titles(gathering: Gathering, document: object) -> list[str]:
    """What its bookmarks are called."""
    titles, waiting = list[str](), [raw.FPDFBookmark_GetFirstChild(document, None)]
    while waiting and len(titles) < _TITLES_MOST:
        if mark := waiting.pop():
            titles.append(_string(partial(raw.FPDFBookmark_GetTitle, mark)))
            waiting += [raw.FPDFBookmark_GetNextSibling(document, mark), raw.FPDFBookmark_GetFirstChild(document, mark)]
    _at_most(gathering, len(titles) + any(waiting), _TITLES_MOST)
    return titles


def _read_form(gathering: Gathering, document: object) -> None:
    """A form of XML (XFA): its pages are made of it by few programs, and say nothing by
    themselves."""
    packets, size = list[bytes](), ctypes.c_ulong(0)
    for number in range(_at_most(gathering, raw.FPDF_GetXFAPacketCount(document), _PACKETS_MOST)):
        raw.FPDF_GetXFAPacketContent(document, number, None, 0, size)
        if size.value > PART_BYTES - sum(map(len, packets)):
            gathering.miss("beginning")
        elif size.value:
            buffer = ctypes.create_string_buffer(size.value)
            raw.FPDF_GetXFAPacketContent(document, number, buffer, size.value, size)
            packets.append(buffer.raw)
    if packets:
        gathering.part("XFA", io.BytesIO(b"".join(packets)))


def _text_of_page(
    gathering: Gathering, document: Any, number: int, ocr: Callable[[Any], str] | None, read: set[bytes]
) -> tuple[str, str]:
    """(its text, notes and fields; why what a picture on it says is not known, if it isn't). What
    is attached to notes is `read`, too."""
    notes = ""
    with contextlib.ExitStack() as loaded:
        page = loaded.enter_context(contextlib.closing(document[number]))
        if raw.FPDFPage_GetAnnotCount(page):
            notes, is_drawn_on = _notes(gathering, document, page, read)
            if is_drawn_on:
                raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)  # what is drawn over the page; seen when it is loaded again
                loaded.close()
                page = loaded.enter_context(contextlib.closing(document[number]))
        with contextlib.closing(page.get_textpage()) as textpage:
            text, is_known = _text(textpage), _has_known_letters(textpage)
            is_stamp = is_known and 0 < len(_ANY.findall(text)) <= _STAMP_MOST and not _has_unseen_letters(textpage)
        has_text = is_known and _ANY.search(text) is not None
        has_picture = (is_stamp and _is_covered(page)) if has_text else (not is_known or _has_picture(page))
        recognised = ocr(page) if ocr and has_picture else ""
        is_unseen = has_picture and not _ANY.search(recognised)
        return f"{text}\n{recognised}\n{notes}", ("stamped" if has_text else "some_pages") if is_unseen else ""


def _text(textpage: object) -> str:
    """All of a page, also beside the paper: to ask for what lies within bounds takes longer."""
    count = raw.FPDFText_CountChars(textpage)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count + 1))()
    taken = raw.FPDFText_GetText(textpage, 0, count, buffer)
    return bytes(buffer)[: 2 * max(0, taken - 1)].decode("utf-16-le", "replace")


def _has_known_letters(textpage: object) -> bool:
    """False for text in a font that doesn't say which letters its signs are: as good as a
    picture."""
    count = raw.FPDFText_CountChars(textpage)
    some = range(0, count, max(1, count // _SAMPLE))
    unknown = sum(int(raw.FPDFText_HasUnicodeMapError(textpage, number) == 1) for number in some)
    return 2 * unknown <= len(some)


def _has_unseen_letters(textpage: object) -> bool:
    """True for a scan that was read already, and has its words below the picture."""
    signs = (raw.FPDFText_GetTextObject(textpage, number) for number in range(raw.FPDFText_CountChars(textpage)))
    return any(sign and raw.FPDFTextObj_GetTextRenderMode(sign) == raw.FPDF_TEXTRENDERMODE_INVISIBLE for sign in signs)


def _notes(gathering: Gathering, document: Any, page: Any, read: set[bytes]) -> tuple[str, bool]:
    """(what notes and fields of forms say, whether anything but links is on the page)."""
    told, is_drawn_on = list[str](), False
    for number in range(_at_most(gathering, raw.FPDFPage_GetAnnotCount(page), _NOTES_MOST)):
        note = raw.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        try:
            kind = raw.FPDFAnnot_GetSubtype(note)
            if kind == raw.FPDF_ANNOT_LINK:
                action = raw.FPDFLink_GetAction(raw.FPDFAnnot_GetLink(note))
                if action:
                    told.append(_string(partial(raw.FPDFAction_GetURIPath, document, action), "utf-8"))
                    told.append(_string(partial(raw.FPDFAction_GetFilePath, action), "utf-8"))
                told.append(_string(partial(raw.FPDFAnnot_GetStringValue, note, b"Contents")))
                continue
            is_drawn_on = True
            told += [_string(partial(raw.FPDFAnnot_GetStringValue, note, name)) for name in _NOTES]
            if kind == raw.FPDF_ANNOT_FILEATTACHMENT:
                _read_attached(gathering, raw.FPDFAnnot_GetFileAttachment(note), read)
            if kind == raw.FPDF_ANNOT_WIDGET and document.formenv is not None:
                told += _field(gathering, document.formenv, note)
        finally:
            raw.FPDFPage_CloseAnnot(note)
    return "\n".join(filter(None, told)), is_drawn_on


def _field(gathering: Gathering, form: object, note: object) -> list[str]:
    """What a field of a form says: its value, what it asks, and what may be chosen."""
    told = [
        _string(partial(get, form, note)) for get in (raw.FPDFAnnot_GetFormFieldValue, raw.FPDFAnnot_GetFormFieldAlternateName)
    ]
    choices = _at_most(gathering, raw.FPDFAnnot_GetOptionCount(form, note), _CHOICES_MOST)
    return told + [_string(partial(raw.FPDFAnnot_GetOptionLabel, form, note, number)) for number in range(choices)]


def _has_picture(page: object) -> bool:
    count = raw.FPDFPage_CountObjects(page)
    return count > _OBJECTS_MOST or any(
        raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, number)) in _PICTURES for number in range(count)
    )


def _is_covered(page: object) -> bool:
    """True if pictures take most of it."""
    paper = float(raw.FPDF_GetPageWidthF(page) * raw.FPDF_GetPageHeightF(page))
    objects = [raw.FPDFPage_GetObject(page, number) for number in range(min(raw.FPDFPage_CountObjects(page), _OBJECTS_MOST))]
    return _pictured(objects, paper, _FORMS_DEEP) >= _COVERING * paper


def _pictured(objects: list[object], paper: float, deep: int) -> float:
    """How much of the `paper` the pictures among these take, and those in forms."""
    area = 0.0
    for one in objects:
        kind = raw.FPDFPageObj_GetType(one)
        if kind == raw.FPDF_PAGEOBJ_FORM and deep:
            count = min(max(0, raw.FPDFFormObj_CountObjects(one)), _OBJECTS_MOST)
            inner = [raw.FPDFFormObj_GetObject(one, number) for number in range(count)]
            area += _pictured(inner, paper, deep - 1)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = (ctypes.c_float() for _ in range(4))
            if raw.FPDFPageObj_GetBounds(one, left, bottom, right, top):
                area += min((right.value - left.value) * (top.value - bottom.value), paper)
    return area


def _read_attached(gathering: Gathering, attachment: object, read: set[bytes]) -> None:
    """Read it; the SHA-256 of what is in it is added to `read`."""
    size = ctypes.c_ulong(0)
    name = _string(partial(raw.FPDFAttachment_GetName, attachment)) if attachment else ""
    name = name or "attachment"
    if not attachment or not raw.FPDFAttachment_GetFile(attachment, None, 0, size):
        gathering.within(name, _damaged)
        return
    if not size.value:
        return
    if size.value > PART_BYTES:
        gathering.within(name, _too_large)
        return
    buffer = ctypes.create_string_buffer(size.value)
    raw.FPDFAttachment_GetFile(attachment, buffer, size.value, size)
    read.add(hashlib.sha256(buffer.raw).digest())
    gathering.part(name, io.BytesIO(buffer.raw))


def _damaged() -> None:
    raise NoText("damaged")


def _too_large() -> None:
    raise NoText("too_large")


def _string(get: Callable[[object, int], int], encoding: str = "utf-16-le") -> str:
    """A string of pdfium, which first tells its length in bytes with its end, then gives it."""
    size = min(get(None, 0), PART_BYTES)
    if size < 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    get(buffer, size)
    return bytes(buffer)[:size].decode(encoding, "replace").rstrip("\0")
