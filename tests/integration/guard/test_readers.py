"""Whatever can be read of a file by whoever gets it is read by the guard, in each format that an office uses."""

from __future__ import annotations

import base64
import binascii
import codecs
import gzip
import hashlib
import io
import json
import os
import quopri
import re
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from fpdf import FPDF
from kit.compound import Streams, compound
from kit.guard_corpus import pdf, scan, word
from kit.papers import NAMES, documents, mail, outlook, picture, signed, stored, utf16, zipped
from kit.support import need
from PIL import Image, ImageDraw, ImageFont

from workflow.guard.at_a_glance import FileText
from workflow.guard.readers import macros
from workflow.guard.readers.gathering import ENOUGH_SECONDS, Gathering
from workflow.guard.readers.pdf_objects import PdfObjects
from workflow.guard.texts import Texts

pytestmark = pytest.mark.usefixtures("real_children")

NAME = "Noorderlicht Beheer B.V."


@pytest.fixture(scope="module")
def reader() -> Iterator[Texts]:
    reader = Texts()
    yield reader
    reader.close()


@pytest.fixture
def read(reader: Texts, tmp_path: Path) -> Iterator[object]:
    def read(name: str, data: bytes) -> FileText:
        (tmp_path / name).write_bytes(data)
        return reader.begin(tmp_path / name, name).result(120)

    return read  # type: ignore[return-value]


def reasons(text: FileText) -> list[str]:
    return [str(why) for why in text.unread]


LETTER = ("body", "header", "footer", "comment", "property", "table")
LEDGER = ("body", "header", "footer", "comment", "property", "sheet", "hidden")
PLACES = [
    *((name, place) for name in ("letter.docx", "letter.doc", "letter.dot", "letter.odt", "letter.rtf") for place in LETTER),
    *((name, place) for name in ("ledger.xlsx", "ledger.xls", "ledger.xlt", "ledger.ods") for place in LEDGER),
    *((name, place) for name in ("slides.pptx", "slides.ppt", "slides.odp") for place in ("body", "note")),
]


def test_names_are_found_in_every_place_of_office_papers_old_and_new(read) -> None:
    lacking = []
    for name in dict(PLACES):
        found = read(name, stored(name))
        assert (found.unread, found.failure) == ((), None), name
        lacking += [(name, place) for other, place in PLACES if other == name and NAMES[place] not in found.text]
    assert lacking == []
    assert "12345678" in read("ledger.xls", stored("ledger.xls")).text


def repacked(name: str, change: dict[str, str | bytes], replace: tuple[str, str] | None = None) -> bytes:
    """An office file with other parts, or with something replaced in all parts."""
    with zipfile.ZipFile(io.BytesIO(stored(name))) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    if replace:
        parts = {one: data.replace(replace[0].encode(), replace[1].encode()) for one, data in parts.items()}
    return zipped({**parts, **change})


WORD_SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def part(root: str, inside: str) -> str:
    """A part of a Word file."""
    return f'<w:{root} xmlns:w="{WORD_SPACE}">{inside}</w:{root}>'


def test_strict_open_xml_is_read_as_the_usual_one(read) -> None:
    strict = repacked("letter.docx", {}, (WORD_SPACE, "http://purl.oclc.org/ooxml/wordprocessingml/main"))
    assert all(NAMES[place] in read("letter.docx", strict).text for place in LETTER)


LINK = f'<Relationships><Relationship Target="file:///Z:/{NAME.replace(" ", "%20")}" TargetMode="External"/></Relationships>'
WORKBOOK = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}
STRINGS = f"<sst><si><t>Klant</t></si><si><t>{NAME}</t></si></sst>"
SHEET = '<worksheet><sheetData><row><c t="s"><v>1</v></c></row></sheetData></worksheet>'


def outlook_with(streams: Streams) -> bytes:
    """A mail of Outlook with these besides."""
    return compound({"__properties_version1.0": bytes(32), "__substg1.0_1000001F": utf16("Zie"), **streams})


ATTACHMENT = {"__properties_version1.0": bytes(8), "__substg1.0_3707001F": utf16("a.txt"), "__substg1.0_37010102": b"x"}


def ruled(rules: str, cell: str = "<c><v>1</v></c>") -> bytes:
    """A workbook with this cell, and these rules of its sheet."""
    return zipped(
        {**WORKBOOK, "xl/worksheets/sheet1.xml": f"<worksheet><sheetData><row>{cell}</row></sheetData>{rules}</worksheet>"}
    )


def header(text: str) -> str:
    """A sheet with nothing but this header."""
    return f"<worksheet><headerFooter><oddHeader>{text}</oddHeader></headerFooter></worksheet>"


def within_a_mail(kind: str, coding: str, inner: bytes) -> bytes:
    """A mail with this part in it."""
    head = f"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n"
    return head.encode() + inner


def drawing(name: str, inside: str) -> bytes:
    """A drawing of Visio with this in a part of it."""
    return zipped(
        {"[Content_Types].xml": "<Types/>", "visio/document.xml": "<VisioDocument/>", f"visio/{name}": f"<a>{inside}</a>"}
    )


def appointment(line: str) -> bytes:
    """An appointment with this line in it, cut as RFC 5545 section 3.1 has it."""
    cut = "\r\n ".join(line[at : at + 74] for at in range(0, len(line), 74))
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Bespreking\r\n{cut}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()


def as_file(data: bytes) -> bytes:
    """A file within an object of a document ([MS-OLEDS] 2.3.6)."""
    lain = (
        b"\2\0brief.docx\0C:\\brief.docx\0\0\0\3\0" + struct.pack("<I", 8) + b"C:\\a.tm\0" + struct.pack("<I", len(data)) + data
    )
    return struct.pack("<I", len(lain)) + lain


def in_rtf(program: bytes, data: bytes) -> bytes:
    """A formatted text with an object of this program ([MS-OLEDS] 2.2.5)."""
    named = struct.pack("<III", 0x501, 2, len(program) + 1) + program + b"\0" + bytes(8) + struct.pack("<I", len(data)) + data
    return b"{\\rtf1\\ansi Zie {\\object\\objemb{\\*\\objdata " + named.hex().encode() + b"}{\\result blad}}}"


def in_slides(data: bytes) -> bytes:
    """Slides with an object, as PowerPoint packs it ([MS-PPT] 2.10.35)."""
    packed = struct.pack("<I", len(data)) + zlib.compress(data)
    records = struct.pack("<HHI", 0, 0x0FA8, 5) + b"Beste" + struct.pack("<HHI", 0x10, 0x1011, len(packed)) + packed
    return compound({"PowerPoint Document": records, "Current User": bytes(20)})


def open_text(inside: str) -> bytes:
    """A text of OpenDocument with this in it."""
    content = f'<o:d xmlns:o="o" xmlns:t="t" xmlns:x="x"><t:p>Beste</t:p>{inside}</o:d>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}, stored_first=True)


def twice(name: str, first: str, second: str) -> bytes:
    """An office file with two parts of one name."""
    made = io.BytesIO(repacked("letter.docx", {name: first}))
    with zipfile.ZipFile(made, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr(name, second)
    return made.getvalue()


def remarked() -> bytes:
    """A zip with a remark on it."""
    made = io.BytesIO(zipped({"a.txt": "x"}))
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = NAME.encode()
    return made.getvalue()


def module(source: bytes) -> bytes:
    """A stream with the source of a macro in it, packed as Office does ([MS-OVBA] 2.4.1)."""
    packed = b"".join(b"\0" + source[at : at + 8] for at in range(0, len(source), 8))
    return b"cache\1" + struct.pack("<H", 0xB000 | len(packed) - 1) + packed


SOURCE = b'Attribute VB_Name = "M"\r\n\' voor ' + NAME.encode()
MACROS = compound({"VBA": {"dir": b"x", "M": module(SOURCE)}})
ATTACHED = mail("x", {"a.docx": word(NAME)})
LINE = b"From a@b.example Mon Jan  5 10:00:00 2026\n"
PACKED_AS = b"".join(binascii.b2a_uu(word(NAME)[at : at + 45]) for at in range(0, len(word(NAME)), 45))
STOREY = {"__properties_version1.0": bytes(8), "__substg1.0_3701000D": {"Package": word(NAME)}}

WITHIN = {
    "deleted.docx": repacked("letter.docx", {"word/footnotes.xml": part("footnotes", f"<w:p><w:del><w:delText>{NAME}</w:delText></w:del></w:p>")}),
    "box.docx": repacked("letter.docx", {"word/document.xml": part("document", "<w:t>Noorderlicht </w:t><w:t>Beheer B.V.</w:t>")}),
    "picture.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<docPr descr="{NAME}"/>')}),
    "variable.docx": repacked("letter.docx", {"word/settings.xml": part("settings", f'<w:docVar w:name="Klant" w:val="{NAME}"/>')}),
    "link.docx": repacked("letter.docx", {"word/_rels/header9.xml.rels": LINK}),
    "custom.docx": repacked("letter.docx", {"customXml/item1.xml": f'<klant naam="{NAME}"/>'}),
    "embedded.docx": repacked("letter.docx", {"word/embeddings/a.docx": word(NAME)}),
    "chunk.docx": repacked("letter.docx", {"word/afchunk.mht": mail(NAME)}),
    "drawing.xlsx": repacked("ledger.xlsx", {"xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:a="a"><a:p><a:r><a:t>{NAME}</a:t></a:r></a:p></xdr:wsDr>'}),
    "pivot.xlsx": repacked("ledger.xlsx", {"xl/pivotCache/pivotCacheRecords1.xml": f'<pivotCacheRecords><r><s v="{NAME}"/></r></pivotCacheRecords>'}),
    "thread.xlsx": repacked("ledger.xlsx", {"xl/threadedComments/threadedComment1.xml": f"<ThreadedComments><text>{NAME}</text></ThreadedComments>"}),
    "defined.xlsx": repacked("ledger.xlsx", {"xl/workbook.xml": f'<workbook><sheets><sheet name="{NAME}"/></sheets></workbook>'}),
    "named.xlsx": zipped({**WORKBOOK, "xl/sharedStrings.xml": STRINGS, "xl/worksheets/Blad1.xml": SHEET}),
    "cased.xlsx": zipped({**WORKBOOK, "xl/SharedStrings.xml": STRINGS, "xl/Worksheets/Sheet1.xml": SHEET}),
    "bold.xlsx": zipped({**WORKBOOK, "xl/worksheets/sheet1.xml": header("&amp;LNoorderlicht &amp;B&amp;IBeheer&amp;B B.V.")}),
    "remark.pptx": repacked("slides.pptx", {"ppt/comments/comment1.xml": f"<p:cmLst xmlns:p=\"p\"><p:cm><p:text>{NAME}</p:text></p:cm></p:cmLst>"}),
    "object.odt": repacked("letter.odt", {"Object 1/content.xml": f'<o:d xmlns:o="o" xmlns:t="t"><t:p>{NAME}</t:p></o:d>'}),
    "page.vsdx": zipped({"[Content_Types].xml": "<Types/>", "visio/pages/page1.xml": f"<PageContents><Shape><Text>{NAME}</Text></Shape></PageContents>"}),
    "runs.vsdx": drawing("pages/page1.xml", "<Shape><Text><cp IX='0'/>Noorderlicht <cp IX='1'/>Beheer <fld IX='0'>B.V.</fld></Text></Shape>"),
    "data.vsdx": drawing("pages/page1.xml", f"<Shape><Section N='Property'><Row N='Klant'><Cell N='Value' V='{NAME}' U='STR'/></Row></Section></Shape>"),
    "layer.vsdx": drawing("pages/pages.xml", f"<PageSheet><Section N='Layer'><Row IX='0'><Cell N='Name' V='{NAME}'/></Row></Section></PageSheet>"),
    "remark.vsdx": drawing("comments.xml", f"<CommentList><CommentEntry>{NAME}</CommentEntry></CommentList>"),
    "author.vsdx": drawing("comments.xml", f"<AuthorList><AuthorEntry Name='{NAME}'/></AuthorList>"),
    "master.vsdx": drawing("masters/masters.xml", f"<Master Name='{NAME}'/>"),
    "records.vsdx": drawing("data/recordset1.xml", f"<rs:data xmlns:rs='r' xmlns:z='z'><z:row c0='{NAME}'/></rs:data>"),
    "attribute.xaf": f'<auditfile><company><companyName>x</companyName><customer naam="{NAME}"/></company></auditfile>'.encode(),
    "wide.xml": f'<?xml version="1.0" encoding="UTF-16"?><a b="{NAME}"/>'.encode("utf-16"),
    "broken.xml": f"<a><b>{NAME}</a>".encode(),
    "entity.xml": f'<?xml version="1.0"?><a><b>&nbsp;</b><c naam="{NAME}"/></a>'.encode(),
    "page.xhtml": b'<?xml version="1.0"?><html xmlns="x"><body><p>Noorder<b>licht</b> Beheer <i>B.V.</i></p></body></html>',
    "drawing.svg": b"<svg xmlns='x'><text><tspan>Noorderlicht</tspan> <tspan>Beheer B.V.</tspan></text></svg>",
    "flat.fodt": b'<?xml version="1.0"?><o:document xmlns:o="o" xmlns:t="t"><t:p>Noorder<t:span>licht</t:span> Beheer B.V.</t:p></o:document>',
    "flat.xml": b'<?xml version="1.0"?><pkg:package xmlns:pkg="p" xmlns:w="w"><w:p><w:t>Noorder</w:t><w:t>licht Beheer B.V.</w:t></w:p></pkg:package>',
    "invoice.xml": b'<Invoice xmlns:cbc="c"><cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="factuur.pdf">'
    + base64.encodebytes(pdf(NAME)) + b"</cbc:EmbeddedDocumentBinaryObject></Invoice>",
    "page.html": f'<html><body><img alt="{NAME}"></body></html>'.encode(),
    "inline.html": b"<p>Noorder<b>licht</b> Beheer&nbsp;B.V.</p>",
    "text.unheard": f"Brief aan {NAME}".encode(),
    "statement.940": f":20:1\r\n:25:NL1\r\n:86:{NAME}\r\n".encode(),
    "narrow.txt": f"Cliënt {NAME}".encode("cp1252"),
    "wide.txt": utf16(f"Cliënt {NAME}"),
    "wide-big.txt": f"Brief aan {NAME}".encode("utf-16-be"),
    "wide-marked.csv": codecs.BOM_UTF16_BE + NAME.encode("utf-16-be"),
    "packed.gz": gzip.compress(NAME.encode()),
    "names.zip": zipped({f"{NAME}/leeg.txt": b" "}),
    "within.zip": zipped({"a/b.docx": word(NAME)}),
    "zipped.xaf": zipped({"audit.xaf": f"<auditfile><companyName>{NAME}</companyName></auditfile>"}),
    "signed.asice": zipped({"mimetype": "application/vnd.etsi.asic-e+zip", "a.xbrl": f"<x><n>{NAME}</n></x>"}, stored_first=True),
    "old.pub": compound({"Quill": {"QuillSub": {"CONTENTS": utf16(NAME)}}}),
    "old-narrow.doc": compound({"WordDocument": bytes(512) + f"Brief aan {NAME}\r".encode("cp1252") + bytes(4000)}),
    "plain.eml": mail(NAME), "subject.eml": mail("x", Subject=f"Stukken van {NAME}"), "attached.eml": mail("x", {"a.docx": word(NAME)}),
    "name.eml": mail("x", {f"{NAME}.bin": b"\0\1"}), "twice.eml": mail("x", {"a.eml": mail("y", {"b.docx": word(NAME)})}),
    "zip.eml": mail("x", {"a.zip": zipped({"b.pdf": pdf(NAME)})}), "noname.unheard": mail(NAME),
    "encoded.eml": within_a_mail("message/rfc822", "base64", base64.encodebytes(mail(NAME))),
    "quoted.eml": within_a_mail("message/rfc822", "quoted-printable", quopri.encodestring(mail(NAME))),
    "global.eml": within_a_mail("message/global", "8bit", mail("x", Subject=f"Stukken van {NAME}")),
    "body.msg": outlook(NAME), "subject.msg": outlook("x", subject=NAME), "attached.msg": outlook("x", {"a.pdf": pdf(NAME)}),
    "twice.msg": outlook("x", {"a.msg": outlook("y", {"b.docx": word(NAME)})}), "header.rtf": b"{\\rtf1\\ansi{\\header Noorderlicht Beh\\'65er B.V.}}",
    "marked.eml": codecs.BOM_UTF8 + ATTACHED,
    "late.eml": b"\r\n" + ATTACHED,
    "line.eml": LINE + ATTACHED,
    "wide.eml": ATTACHED.decode("latin-1").encode("utf-16"),
    "several.mbox": LINE + mail("x") + b"\n" + LINE + ATTACHED, "several.unheard": LINE + mail("x") + b"\n" + LINE + ATTACHED,
    "apple.emlx": b"%d      \n" % len(ATTACHED) + ATTACHED + b"<plist/>",
    "before.eml": within_a_mail("multipart/mixed; boundary=q", "8bit", f"{NAME}\n--q\n\nx\n--q--".encode()),
    "said.eml": within_a_mail("image/pdf", "base64", base64.encodebytes(pdf(NAME))),
    "drawn.eml": within_a_mail("image/svg+xml", "8bit", f"<svg><text>{NAME}</text></svg>".encode()),
    "utf-16.eml": within_a_mail("text/plain; charset=utf-16", "8bit", f"Aan {NAME} ".encode()),
    "ebcdic.eml": within_a_mail("text/plain; charset=cp037", "8bit", f"Aan {NAME}".encode()),
    "blank.eml": within_a_mail("text/plain", "base64 ", base64.encodebytes(NAME.encode())),
    "remark.eml": within_a_mail("text/plain", "base64 (x)", base64.encodebytes(NAME.encode())),
    "old.eml": within_a_mail("text/plain", "8bit", b"Zie\n\nbegin 644 a.docx\n" + PACKED_AS + b"`\nend\n"),
    "blind.eml": mail("x", Bcc=f'"{NAME}" <a@b.example>'),
    "returned.eml": within_a_mail("text/rfc822-headers", "8bit", b"Subject: =?utf-8?b?%b?=\r\n\r\n" % base64.b64encode(NAME.encode())),
    "report.eml": within_a_mail("message/delivery-status", "8bit", f"Reporting-MTA: dns; x\r\n\r\nX-Display-Name: {NAME}\r\n".encode()),
    "both.msg": compound({
        "__properties_version1.0": bytes(32), "__substg1.0_1000001F": utf16("Zie de opmaak"), "__substg1.0_10130102": f"<p>{NAME}</p>".encode(),
    }),
    "object.msg": compound({"__properties_version1.0": bytes(32), "__substg1.0_1000001F": utf16("Zie het blad"), "__attach_version1.0_#00000000": STOREY}),
    "object.doc": compound({"WordDocument": bytes(6000), "ObjectPool": {"_1": {"Package": word(NAME)}}}),
    "object.ppt": in_slides(compound({"Package": word(NAME)})),
    "file.doc": compound({"WordDocument": bytes(6000), "ObjectPool": {"_1": {"\x01Ole10Native": as_file(pdf(NAME))}}}),
    "object.docx": repacked("letter.docx", {"word/embeddings/oleObject1.bin": compound({"\x01Ole10Native": as_file(pdf(NAME))})}),
    "object.rtf": in_rtf(b"Word.Document.12", compound({"Package": word(NAME)})), "file.rtf": in_rtf(b"Package", as_file(pdf(NAME))[4:]),
    "piece.docx": repacked("letter.docx", {"word/htmlDoc1.dat": f"<p>{NAME}</p>"}), "piece-of-word.docx": repacked("letter.docx", {"chunk.docx": word(NAME)}),
    "drawing.docx": repacked("letter.docx", {"word/media/image1.svg": f"<svg><text>{NAME}</text></svg>"}), "choice.docx": repacked("letter.docx", {
        "word/document.xml": part("document", f'<w:dropDownList><w:listItem w:displayText="{NAME}"/></w:dropDownList>')}),
    "after.docx": repacked("letter.docx", {"customXml/item1.xml": "<a><b>Jaarstukken</b></a>", "word/Extra.XML": part("p", f"<w:t>{NAME}</w:t>")}),
    "twice.docx": twice("word/footnotes.xml", part("footnotes", f"<w:t>{NAME}</w:t>"), part("footnotes", "<w:t>x</w:t>")),
    "unnamed.xlsx": zipped({**WORKBOOK, "xl/sharedStrings.xml": STRINGS, "xl/worksheets/a/sheet1.xml": SHEET}),
    "field.odt": open_text(f'<x:text x:current-value="{NAME}"/>'), "choice.odt": open_text(f'<x:drop-down><x:label x:value="{NAME}"/></x:drop-down>'),
    "utf-16.html": f'<html><head><meta charset="utf-16"></head><body><p>{NAME}</p></body></html>'.encode(), "remark.zip": remarked(),
    "watermark.docx": repacked("letter.docx", {"word/header9.xml": part("hdr", f'<v:shape xmlns:v="v"><v:textpath string="{NAME}"/></v:shape>')}),
    "table.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:tblPr><w:tblDescription w:val="{NAME}"/></w:tblPr>')}),
    "hidden.odt": open_text(f'<x:hidden-text x:string-value="{NAME}"/>'),
    "piece.html": b"<p>Noorder<b>licht</b> Beheer B.V.</p>",
    "remark.xml": f"<a><!-- {NAME} --><b>x</b></a>".encode(), "remark.html": f"<html><!-- {NAME} --><p>x</p></html>".encode(),
    "file.xml": b"<bericht><bestand>a.pdf</bestand><inhoud>\n" + base64.encodebytes(pdf(NAME)) + b"</inhoud></bericht>",
    "flat-object.xml": b'<?xml version="1.0"?><pkg:package xmlns:pkg="p"><pkg:binaryData>' + base64.b64encode(word(NAME)) + b"</pkg:binaryData></pkg:package>",
    "address.html": b"<html><body>Zie<embed src='data:application/pdf;base64," + base64.b64encode(pdf(NAME)) + b"'></body></html>",
    "export.json": json.dumps({"naam": "a.pdf", "inhoud": base64.b64encode(pdf(NAME)).decode()}).encode(),
    "escaped.json": b'{"data":"' + base64.b64encode(word(NAME)).replace(b"/", b"\\/").replace(b"+", b"\\u002b") + b'"}',
    "numbers.json": b'[ 2026, "Noorder\\u006cicht Beheer B.V."]',
    "settings.ini": f"[General]\r\nmap=D:\\Klanten\\{NAME}\\2026\r\n".encode(),
    "copied.log": f"[2026-11-30 10:12] copied D:\\Klanten\\{NAME}\\a.pdf\r\n".encode(),
    "lines.json": json.dumps([base64.encodebytes(word(NAME)).decode()]).encode(),
    "letters.json": json.dumps({"naam": "\u00a0".join(["Noorderlicht", "Beheer", "B.V."])}).encode(),
    "text.json": json.dumps({"x": base64.b64encode(f"Aan de directie van {NAME}, Utrecht".encode()).decode()}).encode(),
    "meeting.ics": appointment("ATTACH;FMTTYPE=application/pdf;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.pdf:" + base64.b64encode(pdf(NAME)).decode()),
    "short.ics": appointment("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + base64.b64encode(NAME.encode()).decode()),
    "folded.ics": appointment("DESCRIPTION:Wij spreken elkaar over de jaarrekening en de aangifte van Noorderlicht Beheer B.V."),
    "inline.txt": b"Bijgaand:\n\n" + base64.encodebytes(word(NAME)) + b"Groet",
    "inline.eml": within_a_mail("text/plain", "8bit", b"Bijgaand:\r\n\r\n" + base64.encodebytes(word(NAME)) + b"\r\nGroet"),
    "body.eml": within_a_mail("text/html", "8bit", b"<p><a href='data:application/pdf;base64," + base64.b64encode(pdf(NAME)) + b"'>a</a>"),
    "address.svg": b"<svg xmlns='x'><text>Zie</text><image href='data:application/pdf;base64," + base64.b64encode(pdf(NAME)) + b"'/></svg>",
    "page.xps": zipped({"[Content_Types].xml": "<Types/>", "Documents/1/Pages/1.fpage": "<FixedPage xmlns='x'>"
        "<Glyphs UnicodeString='Aan Noorderlicht'/><Glyphs UnicodeString='Beheer B.V. te Utrecht'/></FixedPage>"}),
    "file.uue": b"begin 644 a.docx\n" + PACKED_AS + b"`\nend\n",
    "called.gz": b"\x1f\x8b\x08\x1c" + bytes(6) + b"\3\0abc" + f"{NAME}.txt\0remark\0".encode() + gzip.compress(b"Beste")[10:],
    "letter.pdf.p7m": signed(pdf(NAME)), "pieces.docx.p7m": signed(word(NAME), in_pieces=True), "signer.p7m": signed(b"Beste", NAME),
    "beside.p7s": signed(None, NAME), "opaque.eml": mail("x", {"smime.p7m": signed(within_a_mail("text/plain", "base64", base64.encodebytes(NAME.encode())))}),
    "body.p7m": signed(b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nNoorder=\r\nlicht Beheer B.V."),
    "old.vcf": b"BEGIN:VCARD\r\nVERSION:2.1\r\nORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Noorder=6C=\r\nicht=20Beheer B.V.\r\nEND:VCARD",
    "link.html": b"<p>Zie <a href='file:///Z:/Noorderlicht%20Beheer%20B.V./a.pdf'>a</a>", "data.html": f'<p data-klant="{NAME}">x'.encode(),
    "category.msg": outlook_with({"__substg1.0_8002101F-00000000": utf16(f"{NAME}\0")}),
    "taken-from.msg": outlook_with({"__attach_version1.0_#00000000": ATTACHMENT | {"__substg1.0_370D001F": utf16(f"Z:\\{NAME}\\a.txt")}}),
    "shown-as.msg": outlook_with({"__attach_version1.0_#00000000": ATTACHMENT | {"__substg1.0_3001001F": utf16(NAME)}}),
    "default.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:ffData><w:default w:val="{NAME}"/></w:ffData>')}),
    "tag.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:sdtPr><w:tag w:val="{NAME}"/></w:sdtPr>')}),
    "person.docx": repacked("letter.docx", {"word/people.xml": f'<x:people xmlns:x="x"><x:person x:author="{NAME}"/></x:people>'}),
    "query.docx": repacked("letter.docx", {"word/settings.xml": part("settings", f'<w:mailMerge><w:query w:val="SELECT * FROM `{NAME}`"/></w:mailMerge>')}),
    "prompt.xlsx": ruled(f'<dataValidations><dataValidation promptTitle="Klant" prompt="{NAME}"/></dataValidations>'),
    "error.xlsx": ruled(f'<dataValidations><dataValidation error="{NAME}"/></dataValidations>'),
    "filter.xlsx": ruled(f'<autoFilter><filterColumn><filters><filter val="{NAME}"/></filters></filterColumn></autoFilter>'),
    "scenario.xlsx": ruled(f'<scenarios><scenario name="{NAME}"/></scenarios>'),
    "formula.xlsx": ruled("", f'<c><f>IF(A1="{NAME}",1,0)</f><v>0</v></c>'),
    "colour.xlsx": ruled(f'<conditionalFormatting><cfRule><formula>A1="{NAME}"</formula></cfRule></conditionalFormatting>'),
    "table.xlsx": repacked("ledger.xlsx", {"xl/tables/table1.xml": f'<table displayName="T"><filters><filter val="{NAME}"/></filters></table>'}),
    "slicer.xlsx": repacked("ledger.xlsx", {"xl/slicers/slicer1.xml": f'<slicers><slicer caption="{NAME}"/></slicers>'}),
    "pivot-table.xlsx": repacked("ledger.xlsx", {"xl/pivotTables/pivotTable1.xml": f'<pivotTableDefinition rowHeaderCaption="{NAME}"/>'}),
    "remark.xlsx": repacked("ledger.xlsx", {"xl/workbook.xml": f'<workbook><definedName name="a" comment="{NAME}">A!A1</definedName></workbook>'}),
    "choice.xlsx": repacked("ledger.xlsx", {"xl/ctrlProps/ctrlProp1.xml": f'<formControlPr><itemLst><item val="{NAME}"/></itemLst></formControlPr>'}),
    "tooltip.pptx": repacked("slides.pptx", {"ppt/slides/slide9.xml": f'<p:sld xmlns:p="p" xmlns:a="a"><a:hlinkClick tooltip="{NAME}"/></p:sld>'}),
    "author.pptx": repacked("slides.pptx", {"ppt/authors.xml": f'<p:authorLst xmlns:p="p"><p:author name="{NAME}"/></p:authorLst>'}),
    "show.pptx": repacked("slides.pptx", {"ppt/presentation.xml": f'<p:presentation xmlns:p="p"><p:custShow name="{NAME}"/></p:presentation>'}),
    "slide.odp": open_text(f'<x:page x:name="{NAME}"/>'), "template.odt": open_text(f'<x:template x:title="{NAME}"/>'),
    "linked.odt": open_text('<x:section-source x:href="../Noorderlicht%20Beheer%20B.V./a.odt"/>'),
    "linked.ods": open_text('<x:table-source x:href="../Noorderlicht%20Beheer%20B.V..ods"/>'),
    "valid.ods": open_text(f'<x:content-validation x:condition="cell-content-is-in-list(&quot;{NAME}&quot;)"/>'),
    "help.ods": open_text(f'<x:help-message x:title="{NAME}"/>'), "filter.ods": open_text(f'<x:filter-condition x:value="{NAME}"/>'),
    "formula.ods": open_text(f'<x:table-cell x:formula="of:=IF([.A1]=&quot;{NAME}&quot;;1;0)"/>'),
    "variable.odt": open_text(f'<x:user-field-decl x:string-value="{NAME}"/>'),
    "index.odt": open_text(f'<x:alphabetical-index-mark x:string-value="{NAME}"/>'),
    "bookmark.rtf": b"{\\rtf1 Aan {\\*\\bkmkstart _Hlk1}{\\b Noorder}{\\*\\bkmkend _Hlk1}licht Beheer B.V.}",
    "begun.rtf": b"{\\rtf1 {\\*\\bkmkstart _Hlk1}Noorderlicht Beheer B.V.{\\*\\bkmkend _Hlk1}en meer}",
    "field.rtf": b"{\\rtf1{\\field{\\*\\fldinst FORMTEXT{\\*\\formfield{\\*\\ffdeftext " + NAME.encode() + b"}}}}}",
    "info.rtf": b"{\\rtf1{\\info{\\title Brief}{\\*\\company " + NAME.encode() + b"}{\\operator Jan}}Beste}",
    "variable.rtf": b"{\\rtf1{\\*\\docvar {Klant}{" + NAME.encode() + b"}}Beste}",
    "custom.rtf": b"{\\rtf1{\\*\\userprops{\\propname Klant}\\proptype30{\\staticval " + NAME.encode() + b"}}Beste}",
    "note.rtf": b"{\\rtf1 stukken{\\footnote " + NAME.encode() + b"}}",
    "watermark.rtf": b"{\\rtf1 x{\\shp{\\*\\shpinst{\\sp{\\sn gtextUNICODE}{\\sv Noorder\\'6cicht Beheer B.V.}}}}}",
    "picture.rtf": b"{\\rtf1 x{\\pict{\\*\\picprop{\\sp{\\sn wzDescription}{\\sv " + NAME.encode() + b"}}}89504e47}}",
    "binary.rtf": b"{\\rtf1 x{\\pict\\pngblip\\bin5 {{{\\{}" + NAME.encode() + b"}", "none.rtf": b"{\\rtf1 \\bin0 " + NAME.encode() + b"}",
    "unicode.rtf": b"{\\rtf1\\ansi\\uc1 N\\u111?orderlicht Beheer B.V.}",
    "macro.docm": repacked("letter.docx", {"word/vbaProject.bin": MACROS}),
    "macro.xlsm": repacked("ledger.xlsx", {"xl/vbaProject.bin": MACROS}),
    "macro.xls": compound({"Workbook": bytes(5000), "_VBA_PROJECT_CUR": {"VBA": {"M": module(SOURCE)}}}),
    "inserted-by.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:ins w:author="{NAME}"><w:t>x</w:t></w:ins>')}),
    "changed-by.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:rPr><w:rPrChange w:author="{NAME}"/></w:rPr>')}),
    "shape.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<docPr name="{NAME}"/>')}),
    "bookmark.docx": repacked("letter.docx", {"word/document.xml": part("document", f'<w:bookmarkStart w:name="{NAME}"/>')}),
    "source.docx": repacked("letter.docx", {"word/settings.xml": part("settings", f'<w:mailMerge><w:connectString w:val="Source=Z:\\{NAME}"/></w:mailMerge>')}),
    "shape.pptx": repacked("slides.pptx", {"ppt/slides/slide9.xml": f'<p:sld xmlns:p="p"><p:cNvPr name="{NAME}"/></p:sld>'}),
    "layout.pptx": repacked("slides.pptx", {"ppt/slideLayouts/slideLayout9.xml": f'<p:l xmlns:p="p"><p:cSld name="{NAME}"/></p:l>'}),
    "shape.xlsx": repacked("ledger.xlsx", {"xl/drawings/drawing1.xml": f'<x:wsDr xmlns:x="x"><x:cNvPr name="{NAME}"/></x:wsDr>'}),
    "lay-at.xlsx": repacked("ledger.xlsx", {"xl/workbook.xml": f'<workbook><x:absPath xmlns:x="x" url="Z:\\{NAME}\\"/></workbook>'}),
    "called.xlsx": repacked("ledger.xlsx", {"xl/workbook.xml": f'<workbook><definedName name="{NAME}">A!A1</definedName></workbook>'}),
    "opened-by.xlsx": repacked("ledger.xlsx", {"xl/workbook.xml": f'<workbook><fileSharing userName="{NAME}"/></workbook>'}),
    "changed-by.xlsx": repacked("ledger.xlsx", {"xl/revisions/revisionHeaders.xml": f'<headers><header userName="{NAME}"/></headers>'}),
    "shown.xlsx": repacked("ledger.xlsx", {"xl/styles.xml": f'<styleSheet><numFmts><numFmt formatCode="0 &quot;{NAME}&quot;"/></numFmts></styleSheet>'}),
    "total.xlsx": repacked("ledger.xlsx", {"xl/tables/table1.xml": f'<table displayName="T"><tableColumn totalsRowLabel="{NAME}"/></table>'}),
    "table-alt.xlsx": repacked("ledger.xlsx", {"xl/tables/table1.xml": f'<table><x:table xmlns:x="x" altTextSummary="{NAME}"/></table>'}),
    "data-field.xlsx": repacked("ledger.xlsx", {"xl/pivotTables/pivotTable1.xml": f'<pivotTableDefinition><dataField name="{NAME}"/></pivotTableDefinition>'}),
    "button.xlsx": ruled(f'<controls><control><controlPr altText="{NAME}"/></control></controls>'),
    "scenario-by.xlsx": ruled(f'<scenarios><scenario name="x" user="{NAME}"/></scenarios>'),
    "shape.odt": open_text(f'<x:frame x:name="{NAME}"/>'), "section.odt": open_text(f'<x:section x:name="{NAME}"/>'),
    "bookmark.odt": open_text(f'<x:bookmark-start x:name="{NAME}"/>'), "box.odt": open_text(f'<x:checkbox x:label="{NAME}"/>'),
    "shape.rtf": b"{\\rtf1 x{\\shp{\\*\\shpinst{\\sp{\\sn wzName}{\\sv " + NAME.encode() + b"}}}}}",
    "header.eml": mail("x", **{"X-Klant": NAME}), "receipt-to.eml": mail("x", **{"Disposition-Notification-To": f'"{NAME}" <a@b.example>'}),
    "enriched.eml": within_a_mail("text/enriched", "7bit", b"Aan <bold>Noorder</bold>licht Beheer B.V."),
    "binary.eml": within_a_mail("multipart/mixed; boundary=q", "binary", b"--q\r\n\r\n" + NAME.encode() + b"\r\n--q\r\n"
        b"Content-Type: image/png\r\nContent-ID: <a>\r\n\r\n\x89PNG\r\n\x1a\n\0\1\0\1\r\n--q--"),
    "utf-7.eml": within_a_mail("text/plain; charset=utf-7", "7bit", b"Aan +AE4-oorderlicht Beheer B.V."),
    "wrapped.html": b"<html><p>Noorderlicht\n\t\tBeheer B.V.</p></html>", "broken.html": b"<html><p>Noorderlicht<br/>\n\nBeheer B.V.</p></html>",
    "noted.html": b"<html><p>Noorderlicht<a href='#1'><sup>1</sup></a> Beheer B.V.</p></html>",
    "divided.html": b"<html><div>Noorderlicht</div>\n\n<div>Beheer B.V.</div></html>",
    "typed.html": b"<html><p>x</p><pre>Noorderlicht\nBeheer B.V.</pre></html>",
    "unquoted.html": b"<html><p title=Noorderlicht&nbsp;Beheer&nbsp;B.V.>x</p></html>",
    "picture.html": b"<html><p>x<img src='Noorderlicht%20Beheer%20B.V..png'></p></html>",
    "instruction.xml": f"<a><?klant {NAME}?><b>x</b></a>".encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", WITHIN)
def test_a_name_is_found_wherever_it_can_be_read(read, name: str) -> None:
    found = read(name, WITHIN[name])
    assert NAME in re.sub(r"\s+", " ", found.text)
    assert found.failure is None


TURN = '<w:ins w:author="Ine Jongh"><w:r><w:t>{}</w:t></w:r></w:ins>'
OUT = '<w:del w:author="Ine Jongh"><w:r><w:delText>{}</w:delText></w:r></w:del>'
FROM_HERE, TO_HERE = "<w:r><w:t>Noorder", 'licht </w:t></w:r><w:r><w:t xml:space="preserve">Beheer B.V.</w:t></w:r>'
BROKEN = {
    "bookmark": FROM_HERE + '</w:t></w:r><w:bookmarkStart w:id="0" w:name="_GoBack"/><w:r><w:t xml:space="preserve">' + TO_HERE,
    "put-in": f"{FROM_HERE}licht </w:t></w:r>{TURN.format('Beheer')}<w:r><w:t> B.V.</w:t></w:r>",
    "taken-out": f"{FROM_HERE}</w:t></w:r>{OUT.format('zicht ')}<w:r><w:t>{TO_HERE}",
    "as-it-was": f"{FROM_HERE}licht </w:t></w:r>{OUT.format('Beheer')}{TURN.format('Holding')}<w:r><w:t> B.V.</w:t></w:r>",
    "box": f"{FROM_HERE}</w:t><w:drawing><docPr name='Vak 1'/><align>center</align><txbxContent><w:p><w:r><w:t>Elders</w:t></w:r></w:p>"
    f"</txbxContent></w:drawing><w:t>{TO_HERE}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_stands_in_the_middle_of_a_name_does_not_break_it(read, name: str) -> None:
    data = repacked("letter.docx", {"word/document.xml": part("document", f"<w:body><w:p>{BROKEN[name]}</w:p></w:body>")})
    assert NAME in read("letter.docx", data).text


@pytest.mark.parametrize(
    "between",
    [
        "<o:annotation><c>Ine Jongh</c><date>2026-01-01</date><x:p>Klopt dit?</x:p></o:annotation>",
        "<x:note><x:note-citation>1</x:note-citation><x:note-body><x:p>Zie elders.</x:p></x:note-body></x:note>",
        "<x:bookmark x:name='hier'/>",
    ],
)
def test_a_remark_in_the_middle_of_a_name_does_not_break_it_in_opendocument(read, between: str) -> None:
    found = read("letter.odt", open_text(f'<x:p xmlns:o="o">Noorderlicht {between}Beheer B.V.</x:p>'))
    assert NAME in found.text


def test_of_a_paragraph_without_an_end_what_is_there_is_read(read) -> None:
    cut = repacked(
        "letter.docx", {"word/document.xml": part("document", f"<w:p><w:t>{NAME}</w:t>").removesuffix("</w:document>")}
    )
    found = read("letter.docx", cut)
    assert NAME in found.text
    assert reasons(found)


def test_lines_of_a_page_are_those_that_are_shown(read) -> None:
    found = read("a.html", b"<html><dl><dt>Klant:</dt><dd>Zon</dd></dl>een\n\n  regel<pre>twee\n  regels</pre><p>drie</p></html>")
    assert found.text.strip() == "Klant:\nZon\neen regel\n\ntwee\nregels\n\ndrie"


@pytest.mark.parametrize("codes", ["&amp;C&amp;K01+000", "&amp;12", "&amp;&quot;Arial,Bold&quot;&amp;14&amp;KFF0000"])
def test_what_stands_before_a_name_in_a_header_is_no_part_of_it(read, codes: str) -> None:
    data = zipped({**WORKBOOK, "xl/worksheets/sheet1.xml": header(codes + NAME)})
    assert NAME in read("a.xlsx", data).text.splitlines()


def test_the_storage_of_a_mail_within_a_mail_of_outlook_is_read(read) -> None:
    inner = {"__properties_version1.0": bytes(8), "__substg1.0_1000001F": utf16(NAME)}
    attached = {"__properties_version1.0": bytes(8), "__substg1.0_3707001F": utf16("doorgestuurd"), "__substg1.0_3701000D": inner}
    assert NAME in read("a.msg", compound({"__properties_version1.0": bytes(32), "__attach_version1.0_#00000000": attached})).text


def test_a_mail_of_outlook_that_has_only_formatted_text_is_read(read) -> None:
    text = b"{\\rtf1\\ansi " + NAME.encode() + b"}"
    literal = b"".join(b"\0" + text[at : at + 8] for at in range(0, len(text), 8))
    for kind, data in ((b"MELA", text), (b"LZFu", literal)):
        packed = struct.pack("<II4sI", len(data) + 12, len(text), kind, 0) + data
        assert NAME in read("a.msg", compound({"__properties_version1.0": bytes(32), "__substg1.0_10090102": packed})).text
    html = f"<html><body><p>{NAME}</p></body></html>".encode()
    assert NAME in read("b.msg", compound({"__properties_version1.0": bytes(32), "__substg1.0_10130102": html})).text


def test_what_stands_in_a_text_in_base64_and_is_no_paper_is_told_or_left(read) -> None:
    picture_of = base64.b64encode(picture("PNG")).decode()
    key = base64.b64encode(hashlib.sha512(b"key").digest()).decode()
    found = read("a.json", json.dumps({"foto": picture_of, "sleutel": key, "regel": "-" * 60}).encode())
    assert (key in found.text, reasons(found)) == (True, [])
    packed = base64.b64encode(b"7z\xbc\xaf\x27\x1c" + bytes(60)).decode()
    assert "`data` in it: " in reasons(read("b.json", json.dumps({"inhoud": packed}).encode()))[0]
    assert (
        "`data` in it: it is damaged"
        in reasons(read("c.json", json.dumps({"inhoud": base64.b64encode(word(NAME)).decode()[:-400]}).encode()))[0]
    )
    found = read("d.txt", base64.encodebytes(word("x")).rstrip(b"=\n") + b"\nNoorderlicht\nBeheer B.V.")
    assert NAME in re.sub(r"\s+", " ", found.text)


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        ("19b0006162636465666768 00696a6b6c6d6e6f70 007172737475762e", b"abcdefghijklmnopqrstuv."),
        ("03b002614500", b"a" * 73),
        (
            "2fb00023616161626364658266007061 6768696a01380861 6b6c00306d6e6f70 0671027004107273 747576107778797a 003c",
            b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        ),
    ],
)
def test_macros_are_unpacked_as_the_format_has_it(packed: str, text: bytes) -> None:
    """The examples of [MS-OVBA] 3.2."""
    assert macros.source(bytes.fromhex(packed)) == text


def test_of_a_drawing_that_by_which_its_shapes_are_drawn_is_not_read(read) -> None:
    cells = "<Cell N='PinX' V='2.5'/><Cell N='LineColor' V='Themed'/><Cell N='Value' V='12345678'/>"
    assert read("a.vsdx", drawing("pages/page1.xml", f"<Shape>{cells}</Shape>")).text.split() == ["12345678"]


# PDF


def with_fields() -> bytes:
    """A PDF with a field that was filled in, whose appearance nobody drew, and a note beside it."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/NeedAppearances true>>>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Annots[4 0 R 5 0 R 6 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(naam)/V(Noorderlicht Beheer B.V.)/Rect[10 10 150 30]/P 3 0 R>>",
        b"<</Type/Annot/Subtype/Text/Contents(Zuiderlicht Beheer B.V.)/Rect[50 50 60 60]/P 3 0 R>>",
        b"<</Type/Annot/Subtype/Link/A<</S/URI/URI(https://westerlicht.example)>>/Rect[70 70 80 80]/P 3 0 R>>",
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 7>>\n%%EOF"


def paper(*pages: str | None, title: str = "", attached: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """A PDF; a page without text is a picture."""
    document = FPDF()
    document.set_font("Helvetica", size=11)
    document.set_title(title)
    for text in pages:
        document.add_page()
        if text is None:
            document.image(io.BytesIO(picture("PNG")), 10, 10, 100)
        else:
            document.multi_cell(0, 6, text)
    for name, data in attached.items():
        document.embed_file(basename=name, bytes=data)
    return bytes(document.output())


def test_notes_fields_links_properties_and_attachments_of_a_pdf_are_read(read) -> None:
    text = read("a.pdf", with_fields()).text
    for name in (NAME, "Zuiderlicht Beheer B.V.", "westerlicht.example"):
        assert name in text
    link = with_fields().replace(b"/S/URI/URI(https://westerlicht.example)", b"/S/Launch/F(Z:/Westerlicht/brief.pdf)")
    assert "Westerlicht" in read("f.pdf", link).text
    assert NAME in read("b.pdf", paper("x", title=NAME)).text
    assert NAME in read("c.pdf", paper("x", attached={"a.docx": word(NAME)})).text
    assert NAME in read("d.pdf", b"\xef\xbb\xbf\r\n" + paper(NAME)).text


SEALED = b"-----BEGIN PGP MESSAGE-----\n\nhQEMA5sd8sdf9sd8f\n=abcd\n-----END PGP MESSAGE-----\n"


def with_catalogue(catalogue: bytes, *more: bytes) -> bytes:
    """A PDF of one page, whose catalogue names objects 6 and following."""
    said = b"BT /F1 12 Tf 20 100 Td (Een ogenblik geduld) Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue, b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(said), said), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", *more,
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 9>>\n%%EOF"


def test_what_a_field_asks_and_offers_and_properties_in_xml_are_read(read) -> None:
    value = b"/FT/Tx/T(naam)/V(Noorderlicht Beheer B.V.)"
    assert NAME in read("a.pdf", with_fields().replace(value, b"/FT/Tx/T(naam)/TU(Noorderlicht Beheer B.V.)/V(x)")).text
    assert (
        NAME
        in read("b.pdf", with_fields().replace(value, b"/FT/Ch/Ff 131072/T(naam)/Opt[(x)(Noorderlicht Beheer B.V.)]/V(x)")).text
    )
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:title xmlns:dc="d">{NAME}</dc:title></x:xmpmeta>'.encode()
    stream = b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream" % (len(packet), packet)
    assert NAME in read("c.pdf", with_catalogue(b"/Metadata 6 0 R", stream)).text


def drawn(count: int) -> bytes:
    """A PDF of a page with words, and one with so many lines."""
    document = FPDF()
    document.set_font("Helvetica", size=11)
    document.add_page()
    document.multi_cell(0, 6, "Beste")
    document.add_page()
    for number in range(count):
        document.line(10, number, 90, number)
    return bytes(document.output())


def in_an_unknown_font() -> bytes:
    """A PDF whose font doesn't say which letters its signs are."""
    said = b"BT /F1 12 Tf 20 100 Td <002400250026004400450046> Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(said), said),
        b"<</Type/Font/Subtype/Type0/BaseFont/Onbekend/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Onbekend/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 7>>\n%%EOF"


def noted_scan() -> bytes:
    """A scan on which somebody has put a note."""
    document = FPDF()
    document.add_page()
    document.image(io.BytesIO(picture("PNG")), 10, 10, 100)
    document.text_annotation(20, 20, "akkoord")
    return bytes(document.output())


def covered(*said: str, is_unseen: bool = False, width: int = 210, stamp: str = "") -> bytes:
    """Pages with a picture that takes all of each, unless its `width` in millimetres says less."""
    document = FPDF()
    document.set_font("helvetica", size=9)
    document.set_auto_page_break(False)
    for words in said:
        document.add_page()
        document.image(io.BytesIO(picture("PNG")), 0, 0, width, 297)
        with document.local_context(text_mode="INVISIBLE" if is_unseen else "FILL"):
            document.multi_cell(180, 5, words)
        document.text(10, 290, stamp)
    return bytes(document.output())


def test_a_scan_with_a_stamp_is_told_as_one(read) -> None:
    few = "one of its pages is a picture with few words on it"
    assert few in reasons(read("a.pdf", covered("Ingekomen 12-01-2026, dossier 2026-0113, pagina 1 van 1")))[0]
    assert few in reasons(read("b.pdf", covered("FAX 12-01-2026 10:44 VAN +31 20 1234567 P.01/03")))[0]
    assert "2 of its pages are pictures" in reasons(read("c.pdf", covered("Bates 001", "Bates 002")))[0]
    for said in (
        covered("Bijlage 3", is_unseen=True, stamp="p. 7"),
        covered("Akkoord", width=60),
        covered("Geachte heer, " * 20),
    ):
        assert reasons(read("d.pdf", said)) == []


def test_what_a_pdf_shows_without_letters_that_are_known_is_told(read) -> None:
    assert reasons(read("a.pdf", drawn(5))) == []
    assert "one of its pages has no text" in reasons(read("b.pdf", drawn(60)))[0]
    assert "there is no text in it" in reasons(read("c.pdf", in_an_unknown_font()))[0]
    assert "there is no text in it" in reasons(read("d.pdf", noted_scan()))[0]
    many = paper("x", attached={f"{number:03}.txt": NAME.encode() if number == 100 else b"x" for number in range(101)})
    assert "only its beginning was read" in reasons(read("e.pdf", many))[0]


def in_objects(*parts: bytes) -> bytes:
    """Objects 20 and following in an object stream, as object 6."""
    at, heads = 0, list[bytes]()
    for number, part in enumerate(parts, 20):
        heads.append(b"%d %d" % (number, at))
        at += len(part) + 1
    head = b" ".join(heads) + b"\n"
    packed = zlib.compress(head + b"\n".join(parts))
    return b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (
        len(parts),
        len(head),
        len(packed),
        packed,
    )


LAYERED = b"/OCProperties<</OCGs[6 0 R]/D<</Order[6 0 R]>>>>"
WIDE = codecs.BOM_UTF16_BE + NAME.encode("utf-16-be")


@pytest.mark.parametrize(
    "data",
    {
        "plain": with_catalogue(LAYERED, b"<</Type/OCG/Name(%s)>>" % NAME.encode()),
        "hex": with_catalogue(LAYERED, b"<</Type/OCG/Name<%s>/Usage<</CreatorInfo<</Creator(x)>>>>>>" % WIDE.hex().encode()),
        "escaped": with_catalogue(LAYERED, rb"<</Name(\(Klant\) Noorder\154icht Beheer B.V.)/Type /OCG>>"),
        "group": with_catalogue(b"/OCProperties<</OCGs[6 0 R]/D<</Order[(%s)[6 0 R]]>>>>" % NAME.encode(), b"<</Type/OCG/Name(x)>>"),
        "packed": with_catalogue(LAYERED.replace(b"6 0 R", b"21 0 R"), in_objects(b"<</A 1>>", b"<</Type/OCG/Name(%s)>>" % NAME.encode())),
    }.items(), ids=lambda one: one[0],
)  # fmt: skip
def test_what_the_layers_of_a_pdf_are_called_is_read(read, data: tuple[str, bytes]) -> None:
    assert NAME in read("a.pdf", data[1]).text


def test_of_a_large_pdf_its_objects_are_looked_for_in_a_fraction_of_the_time_that_its_reading_may_take() -> None:
    data = os.urandom(16 * 1024 * 1024)
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        PdfObjects(Gathering(lambda *_: None), None, data)
        seconds.append(time.process_time() - begun)
    assert min(seconds) * 32 < ENOUGH_SECONDS, "of 512 MB, as many as a file may have"


def specified(number: int = 7) -> bytes:
    return b"<</Type/Filespec/F(a.docx)/UF<%s>/AFRelationship/Source/EF<</F %d 0 R/UF %d 0 R>>>>" % (
        (codecs.BOM_UTF16_BE + "brief.docx".encode("utf-16-be")).hex().encode(), number, number
    )  # fmt: skip


def embedded(data: bytes, said: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (said, len(data), data)


def with_notes(note: bytes, *more: bytes) -> bytes:
    """A PDF with this note on its page."""
    return with_catalogue(b"", note, *more).replace(b"/MediaBox", b"/Annots[6 0 R]/MediaBox")


SAID = NAME.encode()
PACKED_PROPERTIES = zlib.compress(
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:title xmlns:dc="d">{NAME}</dc:title></x:xmpmeta>'.encode()
)


@pytest.mark.parametrize(
    "data",
    {
        "properties": with_catalogue(b"", b"<</Company(%s)>>" % SAID).replace(b"/Size", b"/Info 6 0 R/Size"),
        "packed properties": with_catalogue(b"/Metadata 6 0 R", embedded(PACKED_PROPERTIES, b"/Type/Metadata/Filter/FlateDecode")),
        "page label": with_catalogue(b"/PageLabels<</Nums[0<</P(%s )/S/D>>]>>" % SAID),
        "subject": with_notes(b"<</Type/Annot/Subtype/Text/Rect[9 9 20 20]/Contents(x)/Subj(%s)>>" % SAID),
        "link": with_notes(b"<</Type/Annot/Subtype/Link/Rect[9 9 20 20]/Contents(%s)/A<</S/URI/URI(https://x.example)>>>>" % SAID),
        "picture": with_catalogue(b"/StructTreeRoot 6 0 R", b"<</Type/StructTreeRoot/K 7 0 R>>", b"<</S/Figure/Alt(Logo van %s)>>" % SAID),
        "packed": with_catalogue(b"/StructTreeRoot 20 0 R", in_objects(b"<</K 21 0 R>>", b"<</S/Figure/Alt (Logo van %s)>>" % SAID)),
        "signature": with_catalogue(b"", b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>/Name(%s)/Reason(akkoord)>>" % SAID),
        "file": with_catalogue(b"/AF[6 0 R]", b"<</F(a.txt)/Desc(%s)/EF<</F 7 0 R>>>>" % SAID, embedded(b"x")),
        "own property": with_catalogue(b"", b"<</Producer(x)/Klant(%s)>>" % SAID).replace(b"/Size", b"/Info 6 0 R/Size"),
        "script": with_catalogue(b"/OpenAction 6 0 R", b"<</S/JavaScript/JS(app.alert\\('%s'\\))>>" % SAID),
        "long script": with_catalogue(b"/OpenAction 6 0 R", b"<</S/JavaScript/JS 7 0 R>>", embedded(b"app.alert('%s')" % SAID)),
        "field": with_catalogue(b"/AcroForm<</Fields[6 0 R]>>", b"<</FT/Tx/T(%s)/Kids[7 0 R]>>" % SAID, b"<</Parent 6 0 R>>"),
        "field before": with_catalogue(b"/AcroForm<</Fields[6 0 R]>>", b"<</FT/Tx/T(a)/V(x)/DV(%s)>>" % SAID),
        "second action": with_notes(
            b"<</Type/Annot/Subtype/Link/Rect[9 9 20 20]/A<</S/URI/URI(http://x)/Next<</S/URI/URI(http://x/%s)>>>>>>" % SAID
        ),
        "named place": with_catalogue(b"/Names<</Dests 6 0 R>>", b"<</Names[(%s)[3 0 R/Fit]]>>" % SAID),
        "portfolio": with_catalogue(b"/Collection<</Schema<</a<</Subtype/S/N(%s)>>>>>>" % SAID),
    }.items(), ids=lambda one: one[0],
)  # fmt: skip
def test_what_is_said_in_a_pdf_beside_its_pages_is_read(read, data: tuple[str, bytes]) -> None:
    found = read("a.pdf", data[1])
    assert (NAME in found.text, reasons(found)) == (True, [])


def test_the_program_that_made_a_pdf_is_nobodys_name(read) -> None:
    made = with_catalogue(b"", b"<</Creator(%s)/Producer<%s>/Title(Brief)>>" % (SAID, SAID.hex().encode()))
    found = read("a.pdf", made.replace(b"/Size", b"/Info 6 0 R/Size"))
    assert (NAME in found.text, "Brief" in found.text) == (False, True)


def test_a_file_that_a_pdf_has_beside_its_list_of_attachments_is_read(read) -> None:
    packed = embedded(zlib.compress(word(NAME)), b"/Type/EmbeddedFile/Filter/FlateDecode")
    found = read("a.pdf", with_catalogue(b"/AF[6 0 R]", specified(), packed))
    assert (NAME in found.text, "brief.docx" in found.text, reasons(found)) == (True, True, [])
    inner = embedded(paper(NAME), b"/Type/EmbeddedFile")  # a PDF, in which there are ends of streams
    assert NAME in read("b.pdf", with_catalogue(b"/AF 20 0 R", in_objects(b"[<</F(a)/EF<</F 7 0 R>>>>]"), inner)).text
    found = read("c.pdf", with_catalogue(b"/AF[6 0 R]", specified(), embedded(word(NAME), b"/Filter/LZWDecode")))
    assert "`brief.docx` in it: files of its kind are not read" in reasons(found)[0]
    found = read("d.pdf", with_catalogue(b"/AF[6 0 R]", specified(12)))
    assert "`brief.docx` in it: " in reasons(found)[0]
    made = FPDF()
    made.set_encryption(owner_password="owner", user_password="")  # as a bank does: to be read, and not changed
    made.add_page()
    made.embed_file(basename="brief.docx", bytes=word(NAME), compress=True)
    assert NAME in read("e.pdf", bytes(made.output()).replace(b"/EmbeddedFiles", b"/EmbeddedOther")).text


def test_what_stands_in_the_list_and_beside_it_is_read_once(read) -> None:
    names = b"/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>/AF[6 0 R]"
    for coded in (
        embedded(zlib.compress(NAME.encode()), b"/Filter/FlateDecode"),
        embedded(NAME.encode().hex().encode() + b">", b"/Filter/ASCIIHexDecode"),
    ):
        found = read("a.pdf", with_catalogue(names, specified(), coded))
        assert (found.text.count(NAME), reasons(found)) == (1, [])


def test_bookmarks_and_a_form_of_xml_in_a_pdf_are_read(read) -> None:
    outline = (
        b"<</Type/Outlines/First 7 0 R/Last 7 0 R>>",
        b"<</Title(Jaarrekening %s)/Parent 6 0 R/First 7 0 R>>" % NAME.encode(),
    )
    assert NAME in read("a.pdf", with_catalogue(b"/Outlines 6 0 R", *outline)).text
    form = b'<xdp:xdp xmlns:xdp="x"><datasets><naam>', NAME.encode(), b"</naam></datasets></xdp:xdp>"
    packets = [b"<</Length %d>>stream\n%s\nendstream" % (len(part), part) for part in form]
    names = b"/AcroForm<</Fields[]/XFA[(preamble) 6 0 R(datasets) 7 0 R(postamble) 8 0 R]>>"
    assert NAME in read("b.pdf", with_catalogue(names, *packets)).text


PASTED = {"word/media/image1.jpeg": b"\xff\xd8\xff" + os.urandom(20_000)}
"""A scan that somebody put into a letter."""


def test_a_letter_with_a_picture_in_it_is_no_scan(read) -> None:
    said = part("document", "<w:r><w:t>Geachte heer, hierbij zenden wij u de stukken van dit jaar.</w:t></w:r>" * 3)
    assert reasons(read("a.docx", repacked("letter.docx", PASTED | {"word/document.xml": said}))) == []
    assert (
        reasons(
            read(
                "b.docx",
                repacked("letter.docx", {"word/media/logo.png": picture("PNG"), "word/document.xml": part("document", "")}),
            )
        )
        == []
    )


def packed_as(method: int, archive: bytes) -> bytes:
    """An archive that says so of how it is packed: 9 is how Windows packs what is large."""
    data = bytearray(archive)
    for head, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        struct.pack_into("<H", data, data.index(head) + at, method)
    return bytes(data)


def test_what_could_not_be_read_is_told_with_the_right_reason(read) -> None:
    told = {
        "protected.docx": (stored("protected-letter.docx"), "protected by a password"),
        "protected.pdf": (pdf("geheim", owner_password="a", user_password="b"), "protected by a password"),
        "scan.pdf": (scan(), "there is no text in it (a scan"), "photo.jpg": (picture("JPEG"), "there is no text in it (a scan"),
        "some.pdf": (paper("Beste", None, None), "2 of its pages have no text"), "one.pdf": (paper("Beste", None), "one of its pages has no text"),
        "damaged.docx": (stored("letter.docx")[:-300], "it is damaged"), "torn.xlsx": (b"PK\x03\x04" + b"x" * 200, "damaged"),
        "drawing.vsd": (documents()["drawing.vsd"], "files of its kind are not read"), "sheet.numbers": (documents()["sheet.numbers"], "files of its kind"),
        "sealed.asc": (SEALED, "files of its kind are not read"), "sealed.eml": (mail(SEALED.decode()), "files of its kind are not read"),
        "sealed-below.eml": (mail("Beste,\n\n" + SEALED.decode()), "files of its kind are not read"),
        "sealed-below.txt": (b"Beste,\n\n" + SEALED, "files of its kind are not read"),
        "empty.txt": (b"", "it is empty"), "binary.txt": (b"abc\0def\1\2\3", "files of its kind are not read"),
        "long.txt": (b"woord " * 700_000, "only its beginning was read"), "mail.eml": (mail("x", {"scan.pdf": scan()}), "`scan.pdf` in it: there is no text"),
        "deep.eml": (mail("x", {"a.eml": mail("y", {"b.eml": mail("z", {"c.docx": word("w")})})}), "`a.eml › b.eml › c.docx` in it: what is packed so deep"),
        "sealed.p7m": (signed(b"x", kind=3), "files of its kind are not read"), "beside.p7s": (signed(None), "files of its kind are not read"),
        "pasted.docx": (repacked("letter.docx", PASTED | {"word/document.xml": part("document", "<w:r><w:t>Zie scan</w:t></w:r>")}), "hardly any text"),
        "pasted.xlsx": (zipped(WORKBOOK | {"xl/media/image1.png": os.urandom(20_000), "xl/worksheets/sheet1.xml": "<worksheet/>"}), "hardly any text"),
        "pasted.odt": (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "Pictures/1.jpg": b"\xff\xd8\xff" + os.urandom(20_000),
            "content.xml": "<document/>"}, stored_first=True), "hardly any text"),
        "twice.p7m": (signed(signed(b"x")), "what is packed so deep"), "torn.p7m": (signed(b"x" * 90)[:60], "it is damaged"),
        "scan.pdf.p7m": (signed(scan()), "there is no text in it"),
        "packed.zip": (packed_as(9, zipped({"a.txt": "x"})), "`a.txt` in it: files of its kind are not read"),
        "two.zip": (zipped({"a.zip": zipped({"b.txt": "c"})}), "`a.zip` in it: what is packed so deep"),
        "whole.eml": (within_a_mail("multipart/mixed", "8bit", base64.encodebytes(pdf(NAME))), "it is damaged"),
        "strange.eml": (within_a_mail("application/pdf", "base-64", base64.encodebytes(pdf(NAME))), "it is damaged"),
        "torn.eml": (within_a_mail("text/plain", "base64", b"eA==\n" + base64.encodebytes(NAME.encode())), "it is damaged"),
        "object.msg": (compound({"__properties_version1.0": bytes(32), "__substg1.0_1000001F": utf16("Zie"), "__attach_version1.0_#00000000": {
            "__properties_version1.0": bytes(8), "__substg1.0_3701000D": {"CONTENTS": bytes(90)}}}), "`attachment` in it: files of its kind"),
        "object.rtf": (in_rtf(b"Package", bytes(90)), "files of its kind are not read"),
        "binary.rtf": (b"{\\rtf1 Zie{\\object{\\*\\objdata\\bin9 123456789}}}", "files of its kind are not read"),
        "printed.ps": (b"%!PS-Adobe-3.0\n(Noor) show (derlicht) show\n", "files of its kind are not read"),
        "printed.prn": (b"\x1bE\x1b&l0ONoor\x1b&a1Cderlicht", "files of its kind are not read"),
        "telephone.eml": (within_a_mail("multipart/mixed; boundary=q", "8bit", b"--q\r\nContent-Type: text/plain\r\n\r\nZie\r\n--q\r\n"
            b"Content-Type: image/jpeg; name=scan.jpg\r\nContent-Disposition: inline; filename=scan.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(picture("JPEG")) + b"--q--\r\n"), "`scan.jpg` in it: there is no text"),
        "short.rtf": (b"{\\rtf1 Zie{\\pict\\bin999 }" + NAME.encode() + b"}", "it is damaged"),
        "model.xlsx": (repacked("ledger.xlsx", {"xl/model/item.data": bytes(90)}), "`item.data` in it: files of its kind are not read"),
        "logo.eml": (mail("x", {"p.docx": stored("protected-letter.docx")}), "`p.docx` in it: it is protected"),
    }  # fmt: skip
    for name, (data, reason) in told.items():
        found = read(name, data)
        assert found.failure is None, name
        assert any(reason in why for why in reasons(found)), (name, reasons(found))
        assert len(reasons(found)) == 1, (name, reasons(found))


def test_a_logo_in_a_mail_is_no_paper_that_was_not_read(read) -> None:
    data = mail("Beste").replace(
        b"Content-Type: text/plain", b'Content-Type: multipart/related; boundary="q"\r\n\r\n--q\r\nContent-Type: text/plain', 1
    )
    data += b"\r\n--q\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--q--\r\n"
    assert read("a.eml", data).unread == ()


# Scans


@pytest.fixture
def tesseract() -> None:
    """It reads what is said to be a scan elsewhere: that the office must ask for it is seen there."""
    need("tesseract", "tesseract-ocr")


def scanned(kind: str, text: str = NAME) -> bytes:
    """A page of paper, photographed."""
    page = Image.new("L", (1200, 500), "white")
    ImageDraw.Draw(page).multiline_text((60, 60), f"Jaarrekening 2025\n{text}\nKvK 12345678", "black", ImageFont.load_default(56))
    made = io.BytesIO()
    page.save(made, kind, dpi=(200, 200))
    return made.getvalue()


SCANNED: dict[str, Callable[[], bytes]] = {
    "scan.png": lambda: scanned("PNG"), "scan.jpg": lambda: scanned("JPEG"), "scan.tif": lambda: scanned("TIFF"),
    "scan.pdf": lambda: scanned("PDF"), "scan.eml": lambda: mail("Bijgaand", {"scan.pdf": scanned("PDF")}),
    "scan.zip": lambda: zipped({"a.png": scanned("PNG")}),
}  # fmt: skip


@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize("name", SCANNED)
def test_scans_are_read_where_the_office_wants_it_and_only_there(reader: Texts, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(SCANNED[name]())
    without, found = (reader.begin(tmp_path / name, name, with_ocr=wanted).result(120) for wanted in (False, True))
    assert NAME not in without.text
    assert without.unread
    assert NAME in re.sub(r"\s+", " ", found.text)
    assert "12345678" in found.text
    assert (found.unread, found.failure) == ((), None)


@pytest.mark.usefixtures("tesseract")
def test_what_has_no_text_stays_a_scan_also_for_who_reads_scans(reader: Texts, tmp_path: Path) -> None:
    for name, data in {"white.pdf": scan(), "photo.heic": stored("photo.heic"), "torn.png": scanned("PNG")[:900]}.items():
        (tmp_path / name).write_bytes(data)
        found = reader.begin(tmp_path / name, name, with_ocr=True).result(120)
        assert found.failure is None, name
        assert found.unread, name


# Hostile files


def laughs() -> str:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{lines}]><x>&a11;</x>'


def bomb(part: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(part, "w") as stream:
            stream.write(b"<a>")
            for _ in range(600):
                stream.write(b"x " * 500_000)
    return made.getvalue()


def looping() -> bytes:
    """A compound file whose directory goes round in circles."""
    data = bytearray(outlook("x"))
    at = int.from_bytes(data[48:52], "little")
    table = (int.from_bytes(data[76:80], "little") + 1) * 512
    data[table + 4 * at : table + 4 * at + 4] = at.to_bytes(4, "little")
    return bytes(data)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "laughs.xml": lambda: laughs().encode(), "laughs.docx": lambda: repacked("letter.docx", {"word/document.xml": laughs()}),
    "deep.xml": lambda: b"<a>" * 400_000,
    "deep.xaf": lambda: b"<?xml version='1.0'?>" + b"<a b='c'>" * 200_000 + NAME.encode(),
    "file.xml": lambda: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "bomb.docx": lambda: bomb("word/document.xml"), "bomb.xlsx": lambda: bomb("xl/sharedStrings.xml"),
    "bomb.zip": lambda: bomb("a.txt"), "bomb.odt": lambda: bomb("content.xml"),
    "many.zip": lambda: zipped({f"{number}.txt": b"x" for number in range(20_000)}),
    "groups.rtf": lambda: b"{\\rtf1" + b"{" * 500_000, "bomb.gz": lambda: gzip.compress(bytes(300_000_000), 1),
    "parts.eml": lambda: b"MIME-Version: 1.0\r\n" + b"".join(b"Content-Type: multipart/a; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(3_000)),
    "loop.msg": looping, "wide.html": lambda: b"<p " * 1_000_000, "typed.html": lambda: b"<html><pre>" * 300_000, "tags.html": lambda: b"<" * 3_000_000,
    "runs.doc": lambda: compound({"WordDocument": bytes([65, 0, 200]) * 2_000_000}),
    "records.ppt": lambda: compound({"PowerPoint Document": b"\x0f\0\0\0\0\0\0\0" * 500_000}),
    "header.eml": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\nMIME-Version: 1.0\r\n\r\nx",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_no_more_than_its_share_and_hides_nothing(read, name: str) -> None:
    began = time.monotonic()
    found = read(name, HOSTILE[name]())
    assert found.text or found.unread or found.failure
    assert "root:" not in found.text
    assert time.monotonic() - began < 40
    assert NAME in read("good.pdf", pdf(NAME)).text


@pytest.mark.slow
def test_mangled_files_of_every_kind_never_break_the_reader(read) -> None:
    import random

    dice = random.Random(11)
    for name, data in documents().items():
        mangled = bytearray(data)
        for _ in range(dice.randrange(1, 30)):
            mangled[dice.randrange(len(mangled))] = dice.randrange(256)
        found = read(
            name, bytes(mangled[: dice.randrange(len(mangled) // 2, len(mangled) + 1)]) if dice.random() < 0.3 else bytes(mangled)
        )
        assert found.text or found.unread or found.failure, name
