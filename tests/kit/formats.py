"""One text in every format that an office gets its papers in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from html import escape

from fpdf import FPDF

from kit.compound import compound
from kit.guard_corpus import sheet, word
from kit.papers import mail, outlook, stored, utf16, zipped


def _pdf(text: str) -> bytes:
    """In a font that has no letters beyond Latin-1, as old programs make them."""
    document = FPDF()
    document.set_font("Helvetica", size=10)
    document.add_page()
    for line in text.splitlines():
        document.multi_cell(0, 5, line.encode("latin-1", "replace").decode("latin-1"), new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def _refilled(name: str, part: str, content: str) -> bytes:
    """A stored paper with another main part."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(stored(name))) as archive:
        parts: dict[str, bytes | str] = {one: archive.read(one) for one in archive.namelist()}
    kept = {one: data for one, data in parts.items() if one in ("mimetype", "[Content_Types].xml")}
    return zipped({**kept, part: content}, stored_first="mimetype" in parts)


def _open_document(name: str, text: str) -> bytes:
    spaces = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.splitlines())
    return _refilled(
        name, "content.xml", f"<office:document-content {spaces}><office:body>{lines}</office:body></office:document-content>"
    )


def _slides(text: str) -> bytes:
    lines = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.splitlines())
    space = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    return _refilled("slides.pptx", "ppt/slides/slide1.xml", f"<p:sld {space}>{lines}</p:sld>")


def _rtf(text: str) -> bytes:
    return (
        "{\\rtf1\\ansi "
        + "".join(c if ord(c) < 128 and c not in "\\{}\n" else "\\par " if c == "\n" else f"\\u{ord(c)}?" for c in text)
        + "}"
    ).encode()


def _rows(text: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([line] for line in text.splitlines())
    return out.getvalue().encode()


FORMATS: Mapping[str, Callable[[str], bytes]] = {
    "pdf": _pdf, "docx": word, "xlsx": sheet, "pptx": _slides, "odt": lambda text: _open_document("letter.odt", text),
    "ods": lambda text: _open_document("ledger.ods", text), "rtf": _rtf,
    "doc": lambda text: compound({"WordDocument": bytes(512) + utf16(text.replace("\n", "\r")) + bytes(4000)}),
    "msg": outlook, "eml": mail, "html": lambda text: f"<html><body><p>{escape(text).replace(chr(10), '<br>')}</p></body></html>".encode(),
    "xml": lambda text: "\n".join(["<a>", *(f'<regel tekst="{escape(line)}"/>' for line in text.splitlines()), "</a>"]).encode(),
    "txt": lambda text: text.encode("utf-16-le"), "csv": _rows,
    "940": lambda text: (":20:1\r\n:25:NL91ABNA0417164300\r\n" + "".join(f":86:{line}\r\n" for line in text.splitlines())).encode(),
    "zip": lambda text: zipped({"brief.docx": word(text)}),
}  # fmt: skip
"""The ending of a file's name → what makes such a file of a text."""
