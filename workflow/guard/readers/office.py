"""Word, Excel, PowerPoint, Visio from 2007 on, OpenDocument: every XML part of the zip is read.

So comments, headers, footers, notes, text boxes, charts, hidden sheets, document properties, what
was deleted under tracking, and what a pivot table remembers of its source are read as well. What is
embedded is read as what is attached to a mail.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

from dossier.files.marks import HEAD_BYTES, marks_of
from workflow.guard.readers.cells import read_cells, whole
from workflow.guard.readers.gathering import PART_BYTES, PICTURES, Gathering, NoText
from workflow.guard.readers.macros import read_macros
from workflow.guard.readers.plain_text import encoding_of
from workflow.guard.readers.xml import Rules, parse, read_xml, texts_in_formula

_POSITIONS = frozenset({"posOffset", "pctWidth", "pctHeight", "TotalTime", "Pages", "Words", "Characters", "Lines", "Paragraphs",
                        "CharactersWithSpaces", "AppVersion", "DocSecurity", "i4"})  # fmt: skip
"""Numbers that place and count things: none of them is anybody's."""

_CHANGES = ("ins", "del", "moveFrom", "moveTo", "cellIns", "cellDel", "cellMerge", "numberingChange",
            *(f"{what}Change" for what in ("rPr", "pPr", "sectPr", "tblPr", "tblPrEx", "tblGrid", "trPr", "tcPr")))  # fmt: skip
"""What is changed under tracking says by whom."""

_SEEN = {
    **dict.fromkeys(_CHANGES, ("author",)),
    "docPr": ("name", "descr", "title"),
    "cNvPr": ("name", "descr", "title"),
    "cSld": ("name",),
    "bookmarkStart": ("name",),
    "attr": ("val",),
    "mailSubject": ("val",),
    "connectString": ("val",),
    "docVar": ("name", "val"),
    "alias": ("val",),
    "fldSimple": ("instr",),
    "property": ("name",),
    "listEntry": ("val",),
    "listItem": ("displayText", "value"),
    "comment": ("author",),
    "cmAuthor": ("name",),
    "person": ("displayName", "author"),
    "Page": ("Name",),
    "section": ("name",),
    "textpath": ("string",),
    "shape": ("alt",),
    "imagedata": ("title",),
    "tblCaption": ("val",),
    "tblDescription": ("val",),
    "hyperlink": ("tooltip", "display"),
    "helpText": ("val",),
    "statusText": ("val",),
    "tag": ("val",),
    "default": ("val",),
    "query": ("val",),
    **dict.fromkeys(("hlinkClick", "hlinkHover", "hlinkMouseOver"), ("tooltip",)),
    "author": ("name",),
    "custShow": ("name",),
}
WORD = Rules(
    {"p": "\n", "tc": "\t", "tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "instrText": " ", "lpwstr": "\n", "lpstr": "\n",
     "title": "\n", "subject": "\n", "creator": "\n", "description": "\n", "keywords": "\n", "lastModifiedBy": "\n", "Company": "\n",
     "Manager": "\n", "category": "\n", "Template": "\n", "v": "\n", "Text": "\n", "text": "\n"},
    _SEEN, _POSITIONS,
)  # fmt: skip
"""Word, PowerPoint, drawings, charts and properties."""

VISIO = Rules(
    {**WORD.spaces, "CommentEntry": "\n"},
    {**_SEEN, "Shape": ("Name",), "Master": ("Name", "Prompt"), "AuthorEntry": ("Name",), "DataRecordSet": ("Name",),
     "DataColumn": ("Label",), "Cell": ("V",)},
    _POSITIONS,
    {"Cell": ("N", frozenset({"Value", "Label", "Prompt", "Format", "Name", "Description", "Address", "SubAddress", "ExtraInfo",
                              "Comment", "Menu"}))},
)  # fmt: skip
"""Drawings of Visio, with what is noted of a shape, its layers and links ([MS-VSDX] 2.2.5). Of the
cells by which a shape is drawn none is anybody's."""

_SHEET_SEEN = {
    "hyperlink": ("display", "tooltip"),
    "dataValidation": ("promptTitle", "prompt", "errorTitle", "error"),
    "filter": ("val",),
    "customFilter": ("val",),
    "scenario": ("name", "user", "comment"),
    "protectedRange": ("name",),
    **dict.fromkeys(("controlPr", "objectPr"), ("altText",)),
}
"""What stands in a sheet in attributes."""
SHEET = Rules(
    {"t": "\n", "text": "\n", "v": "\n", "definedName": "\n", "oddHeader": "\n", "oddFooter": "\n", "evenHeader": "\n", "evenFooter": "\n",
     "firstHeader": "\n", "firstFooter": "\n", "p": "\n", "title": "\n"},
    {**_SEEN, "s": ("v",), "sheet": ("name",), "table": ("name", "displayName", "altText", "altTextSummary"),
     "tableColumn": ("name", "totalsRowLabel"), "cacheField": ("name",), "pivotCacheDefinition": ("refreshedBy",),
     "dbPr": ("connection",), "sheetName": ("val",), "connection": ("name", "description", "sourceFile"), "textPr": ("sourceFile",),
     "definedName": ("name", "comment"), "item": ("val", "n"), "numFmt": ("formatCode",), "absPath": ("url",),
     "fileSharing": ("userName",), "customWorkbookView": ("name",), "userInfo": ("name",), "header": ("userName",),
     "rcmt": ("author",), "rsnm": ("oldName", "newName"), **dict.fromkeys(("slicer", "timeline"), ("name", "caption")),
     **dict.fromkeys(("pivotField", "dataField"), ("name",)),
     "pivotTableDefinition": ("name", "rowHeaderCaption", "colHeaderCaption", "dataCaption", "grandTotalCaption", "missingCaption",
                              "errorCaption", "altText", "altTextSummary"), **_SHEET_SEEN},
    _POSITIONS,
)  # fmt: skip
"""What else lies in a workbook: comments, tables, pivots, links to other workbooks."""

OPEN = Rules(
    {"p": "\n", "h": "\n", "tab": "\t", "s": " ", "line-break": "\n", "table-cell": "\t", "table-row": "\n", "title": "\n", "subject": "\n",
     "creator": "\n", "initial-creator": "\n", "description": "\n", "keyword": "\n", "user-defined": "\n", "desc": "\n"},
    {"table": ("name",), "table-cell": ("value", "string-value", "formula"), "user-defined": ("name",), "a": ("title", "href"), "named-range": ("name",),
     "page": ("name",), "template": ("title", "href"), "database-range": ("name",), "scenario": ("comment",), "filter-condition": ("value",),
     "content-validation": ("condition",), "help-message": ("title",), "error-message": ("title",), "user-field-decl": ("string-value",),
     "alphabetical-index-mark": ("string-value",), "table-source": ("href",), "section-source": ("href",), "image": ("href",),
     **dict.fromkeys(("text", "textarea", "combobox", "formatted-text"), ("current-value", "value")), "item": ("label",),
     "option": ("label",), "label": ("value",), "style": ("display-name",), "database-display": ("database-name", "table-name"),
     **dict.fromkeys(("section", "bookmark", "bookmark-start", "reference-mark", "reference-mark-start", "layer", "show", "frame", "g", "rect",
                      "line", "ellipse", "polygon", "polyline", "path", "connector", "custom-shape"), ("name",)),
     **dict.fromkeys(("button", "checkbox", "radio"), ("label", "title")),
     **dict.fromkeys(("variable-set", "toc-mark", "user-index-mark"), ("string-value",)), "hidden-text": ("string-value",),
     "conditional-text": ("string-value-if-true", "string-value-if-false")},
    frozenset({"binary-data", "editing-cycles", "editing-duration", "note-citation"}),
)  # fmt: skip
"""OpenDocument, in a zip or flat."""

PRINTED = Rules({}, {"Glyphs": ("UnicodeString",)}, frozenset())
"""A page of XPS: each run of letters is an attribute (ECMA-388, 12.1.3)."""

_PICTURE = re.compile(r"(?:(?:word|xl|ppt)/media|pictures)/[^/]+\.(?:png|jpe?g|gif|bmp|tiff?|webp|heic)", re.IGNORECASE)
_PICTURE_BYTES = 5 * 1024
"""The scan of a page with a few lines on it has more."""
_SAID = re.compile(
    r"word/document\d*\.xml|content\.xml|ppt/slides/[^/]+\.xml|xl/(?:sharedstrings[^/]*|worksheets/[^/]+)\.xml", re.IGNORECASE
)
_SAID_MOST, _FEW_LETTERS = 256 * 1024, 120
"""Bytes of what is written in a document, beyond which there are more than a few letters."""
_MARKED_UP = re.compile(r"<[^<>]*>")

_CELLS = re.compile(r"xl/(?:worksheets|macrosheets)/[^/]+\.xml", re.IGNORECASE)
_STRINGS = re.compile(r"xl/sharedstrings[^/]*\.xml", re.IGNORECASE)
"""Where a workbook usually has these. Some programs call its sheets otherwise."""

_EMBEDDED = re.compile(r"(?:word|xl|ppt|visio)/(?:embeddings/.+|model/.+|(?:afchunk|altchunk)[^/]*)", re.IGNORECASE)
_WORDLESS = re.compile(r"\.(?:odttf|fntdata|ttf|otf)|/vbaProject[^/]*\.bin|/printerSettings[^/]*\.bin", re.IGNORECASE)
"""What the names of fonts, macros and printers end in."""
_MACROS = re.compile(r".*/vbaProject\.bin", re.IGNORECASE)
_LINK = re.compile(rb"<Relationship\b[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>")
_TARGET = re.compile(rb"Target\s*=\s*[\"']([^\"']{1,2000})[\"']")


def read_office(gathering: Gathering, stream: BinaryIO, kind: str) -> None:
    """A document of this kind (marks.py): docx, odt … Raises Enough, Unreadable."""
    with opened(stream) as archive:
        with contextlib.suppress(NoText):  # whichever part is damaged is told below
            if _is_picture(archive):
                gathering.miss("pictured")
        if kind.startswith(("od", "ot")):
            _read_open(gathering, archive)
            return
        parts = sorted(archive.infolist(), key=lambda part: _turn(part.filename))
        if kind == "xlsx":
            _read_sheets(gathering, archive, parts)
        if kind == "xlsb":
            read_cells(gathering, stream)
        for part in parts:
            home = part.filename.partition("/")[0].lower()
            _read_part(gathering, archive, part, {"xl": SHEET, "visio": VISIO}.get(home, WORD))


def _is_picture(archive: zipfile.ZipFile) -> bool:
    """True for a document that is hardly more than pictures, a scan that was put into it, say."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts if _PICTURE.fullmatch(part.filename)) < _PICTURE_BYTES:
        return False
    said = [part for part in parts if _SAID.fullmatch(part.filename)]
    if sum(part.file_size for part in said) > _SAID_MOST:
        return False
    written = (_MARKED_UP.sub("", packed_part(archive, part).getvalue().decode("utf-8", "replace")) for part in said)
    return sum(sum(map(str.isalnum, text)) for text in written) <= _FEW_LETTERS


@contextlib.contextmanager
def opened(stream: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A zip. Raises Unreadable for what is none, also while it is used."""
    with _or_unreadable(), zipfile.ZipFile(stream) as archive:
        yield archive


def packed_part(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> io.BytesIO:
    """What is packed under this name, of a large one only the beginning. Unreadable."""
    with _or_unreadable(), archive.open(name) as part:
        return io.BytesIO(part.read(PART_BYTES))


@contextlib.contextmanager
def _or_unreadable() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:  # packed in a way that zipfile doesn't know
        raise NoText("format") from error
    except RuntimeError as error:  # zipfile says so of a password, in words
        raise NoText("password" if "encrypted" in str(error) else "damaged") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, struct.error) as error:
        raise NoText("damaged") from error


def _turn(name: str) -> tuple[int, str]:
    """Small parts that often name somebody come first: properties, headers; then the document."""
    if name.startswith("docProps/"):
        return 0, name
    if re.search(r"/(header|footer|comments|workbook)[^/]*\.xml$", name):
        return 1, name
    return (2 if re.search(r"/(document|slide\d+|page\d+|footnotes|endnotes)\.xml$", name) else 3), name


def _read_part(gathering: Gathering, archive: zipfile.ZipFile, part: zipfile.ZipInfo, rules: Rules) -> None:
    """One part, by its name (of two with one name, both). A damaged one does not hide the
    others."""
    name = part.filename
    ending = name.rpartition(".")[2].lower()
    try:
        if _EMBEDDED.fullmatch(name):
            gathering.part(name.rpartition("/")[2], packed_part(archive, part))
        elif ending == "rels":
            for link in _LINK.findall(archive.open(part).read(PART_BYTES)):
                gathering.add("\n".join(unquote(target.decode("utf-8", "replace")) for target in _TARGET.findall(link)) + "\n")
        elif name.startswith(("customXml/", "visio/data/")) and ending == "xml":
            read_xml(gathering, archive.open(part))  # type: ignore[arg-type]  # it reads as a file does
        elif ending in ("xml", "vml"):
            if name != "[Content_Types].xml" and not (_CELLS.fullmatch(name) or _STRINGS.fullmatch(name)):
                with archive.open(part) as stream:
                    rules.read(gathering, stream)  # type: ignore[arg-type]
        else:
            _read_other(gathering, archive, part)
        gathering.add("\n")
    except NoText as reason:
        gathering.miss(str(reason))


def _read_other(gathering: Gathering, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Whatever else lies in a document. A chunk of text may have any name, a drawing has words;
    photographs, and what is neither text nor of a kind that is read, are no paper."""
    if _MACROS.fullmatch(part.filename):
        with _or_unreadable():
            read_macros(gathering, packed_part(archive, part))
    if part.is_dir() or _WORDLESS.search(part.filename):
        return
    with _or_unreadable(), archive.open(part) as begun:
        if marks_of(begun.read(HEAD_BYTES)).kind in PICTURES:
            return
    stream = packed_part(archive, part)
    seen = marks_of(stream.getvalue())
    if seen.head and seen.kind not in PICTURES and (seen.kind or encoding_of(seen.head) is not None):
        gathering.part(part.filename.rpartition("/")[2], stream)


# Workbooks


def _read_sheets(gathering: Gathering, archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """The sheets' names and cells, hidden or not, with formulas as they were when saved; then the
    texts that no cell names."""
    shared, named = list[str](), set[int]()
    for part in parts:
        if _STRINGS.fullmatch(part.filename):
            _collect_strings(gathering, archive, part, shared)
    for part in parts:
        if _CELLS.fullmatch(part.filename):
            with archive.open(part) as stream:
                _read_sheet(gathering, stream, shared, named)  # type: ignore[arg-type]
    for number, text in enumerate(shared):
        if number not in named:
            gathering.add(f"{text}\n")


def _collect_strings(gathering: Gathering, archive: zipfile.ZipFile, part: zipfile.ZipInfo, shared: list[str]) -> None:
    """The texts that the cells of all sheets name by number."""
    pieces, phonetic = list[str](), 0

    def started(name: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        phonetic += name == "rPh"

    def ended(name: str) -> None:
        nonlocal phonetic
        phonetic -= name == "rPh"
        if name == "si":
            shared.append("".join(pieces))
            pieces.clear()

    with archive.open(part) as stream:
        parse(stream, gathering, started, ended, lambda piece: None if phonetic else pieces.append(piece))  # type: ignore[arg-type]


_SHEET_TEXTS = frozenset({"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter",
                          "formula1", "formula2"})  # fmt: skip
_FORMULAS = frozenset({"f", "formula"})
"""Of cells, and of rules for their colours."""


def _read_sheet(gathering: Gathering, stream: BinaryIO, shared: list[str], named: set[int]) -> None:
    """A row of cells a line, a tab between two."""
    kind, pieces, formula, row, wanted = "", list[str](), list[str](), list[str](), False

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal kind, wanted
        if name == "c":
            kind = attributes.get("t", "n")
        elif name in ("v", "t") or name in _SHEET_TEXTS:
            wanted = True
        elif name in _FORMULAS:
            formula.append("")
        elif seen := _SHEET_SEEN.get(name):
            gathering.add("\n".join([*(attributes.get(one, "") for one in seen), ""]))

    def ended(name: str) -> None:
        nonlocal wanted
        if name in ("v", "t"):
            wanted = False
        elif name == "c":
            row.append(_cell("".join(pieces), kind, shared, named))
            pieces.clear()
        elif name == "row" and row:
            gathering.add("\t".join(cell for cell in row if cell) + "\n")
            row.clear()
        elif name in _SHEET_TEXTS:
            wanted = False
            gathering.add(without_codes("".join(pieces)) + "\n")
            pieces.clear()
        elif name in _FORMULAS:
            if told := texts_in_formula("".join(formula)):
                gathering.add(f"{told}\n")
            formula.clear()

    def text(piece: str) -> None:
        if wanted:
            pieces.append(piece)
        elif formula:
            formula.append(piece)

    parse(stream, gathering, started, ended, text)


def _cell(written: str, kind: str, shared: list[str], named: set[int]) -> str:
    if kind == "s":
        number = int(written) if written.isdecimal() else len(shared)
        named.add(number)
        return shared[number] if number < len(shared) else ""
    if kind == "n" and ("E" in written or written.endswith(".0")):
        with contextlib.suppress(ValueError):
            return whole(float(written))
    return written


_CODES = re.compile(r"(?:&(?:[LCR]|\"[^\"]{0,100}\"|\d{1,3}|K(?:[0-9A-F]{6}|\d\d[+-]\d{3})|[A-Z&]))+")
"""ECMA-376 part 1, 18.3.1.46: left, centre, right, font, size, colour, the date and so on."""


def without_codes(text: str) -> str:
    """A sheet's header or footer without what says how it stands; any other text as it is."""
    return _CODES.sub("\n", text) if _CODES.match(text) else text


# OpenDocument


def _read_open(gathering: Gathering, archive: zipfile.ZipFile) -> None:
    """Styles have the headers and footers; objects are documents within the document."""
    if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.open("META-INF/manifest.xml").read(
        PART_BYTES
    ):
        raise NoText("password")
    parts = archive.infolist()
    for part in sorted(parts, key=lambda part: (part.filename != "meta.xml", part.filename != "styles.xml", part.filename)):
        name = part.filename
        if name.rpartition("/")[2] in ("meta.xml", "styles.xml", "content.xml"):
            with archive.open(part) as stream:
                OPEN.read(gathering, stream)  # type: ignore[arg-type]
            gathering.add("\n")
        elif re.fullmatch(r"Object[^/]*", name):
            gathering.part(name, packed_part(archive, part))
        elif name != "mimetype" and not name.endswith((".xml", ".rdf")):
            _read_other(gathering, archive, part)
