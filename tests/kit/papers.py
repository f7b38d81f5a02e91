"""Files of all kinds that an office gets, and programs that go by their names.

What other programs made lies in tests/papers/ (make.py there says how); what can be made by rule is made here.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import setuptools
from PIL import Image

from kit.compound import compound

STORED = Path(__file__).parents[1] / "papers"

NAMES = {
    "body": "Aardenburg Beheer B.V.", "header": "Boterbloem Beheer B.V.", "footer": "Cipressen Beheer B.V.",
    "comment": "Duindoorn Beheer B.V.", "property": "Esdoorn Beheer B.V.", "sheet": "Fluitenkruid", "hidden": "Goudsbloem Beheer B.V.",
    "note": "Hazelaar Beheer B.V.", "table": "Iepenlaan Beheer B.V.",
}  # fmt: skip
"""What the papers made by make.py name, each in one place."""

OPC = "http://schemas.openxmlformats.org/package/2006/content-types"
CLASS = b"\xca\xfe\xba\xbe\x00\x00\x00\x3d" + bytes(60)
SWIFT = b":20:940S261128\r\n:25:NL91ABNA0417164300\r\n:28C:00001/001\r\n:60F:C261101EUR1000,00\r\n:86:Factuur 118\r\n:62F:C261128EUR1000,00\r\n"


def stored(name: str) -> bytes:
    return (STORED / name).read_bytes()


def element(tag: int, *parts: bytes) -> bytes:
    """As ASN.1 writes it (X.690), with a length of four bytes."""
    content = b"".join(parts)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def signed(data: bytes | None, signer: str = "", *, in_pieces: bool = False, kind: int = 2) -> bytes:
    """As openssl packs it (RFC 5652), but for the signature. None: what is signed lies elsewhere."""
    about = [bytes.fromhex("06092a864886f70d010701")]
    if data is not None:
        pieces = [element(4, data[at : at + 100]) for at in range(0, len(data), 100)]
        about.append(element(0xA0, b"\x24\x80" + b"".join(pieces) + b"\0\0" if in_pieces else element(4, data)))
    name = element(0x30, bytes.fromhex("060355040a0c"), bytes([len(signer.encode())]), signer.encode())
    inner = element(
        0x30, bytes.fromhex("020101"), b"\x31\x80\0\0" if in_pieces else element(0x31), element(0x30, *about), element(0xA0, name)
    )
    return element(0x30, bytes.fromhex("06092a864886f70d0107") + bytes([kind]), element(0xA0, inner))


def zipped(files: Mapping[str, bytes | str], stored_first: bool = False) -> bytes:
    """A zip file; with `stored_first` its first file is not deflated, as ODF and ASiC ask."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(files.items()):
            archive.writestr(name, data, zipfile.ZIP_STORED if stored_first and number == 0 else zipfile.ZIP_DEFLATED)
    return made.getvalue()


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, kind)
    return made.getvalue()


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def mail(text: str, attached: Mapping[str, bytes] = {}, **headers: str) -> bytes:
    """An .eml, base64 and all."""
    message = EmailMessage()
    for name, value in {"From": "a@client.example", "To": "b@office.example", "Subject": "stukken", **headers}.items():
        message[name] = value
    message.set_content(text, cte="base64")
    for name, data in attached.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def outlook(text: str, attached: Mapping[str, bytes] = {}, subject: str = "stukken") -> bytes:
    """An Outlook .msg ([MS-OXMSG]) with its usual streams."""
    parts: dict[str, bytes | Mapping[str, bytes]] = {
        "__properties_version1.0": bytes(32), "__nameid_version1.0": {"__substg1.0_00020102": bytes(16)}, "__substg1.0_001A001F": utf16("IPM.Note"),
        "__substg1.0_0037001F": utf16(subject), "__substg1.0_1000001F": utf16(text), "__substg1.0_0C1A001F": utf16("P. Bakker"),
        "__recip_version1.0_#00000000": {"__properties_version1.0": bytes(8), "__substg1.0_3001001F": utf16("J. Jansen")},
    }  # fmt: skip
    for number, (name, data) in enumerate(attached.items()):
        parts[f"__attach_version1.0_#{number:08X}"] = {
            "__properties_version1.0": bytes(8), "__substg1.0_3707001F": utf16(name), "__substg1.0_37010102": data,
        }  # fmt: skip
    return compound(parts, "0b0d020000000000c000000000000046")


def documents() -> dict[str, bytes]:
    """Name → contents of what an office is sent and must be able to take: what is no program."""
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n'
    made = {
        "mail.msg": outlook("Bijgaand de stukken."), "template.oft": outlook("Geachte heer,"),
        "plan.mpp": compound({"   114": {"Props": bytes(5000)}, "Props": bytes(100), "\x05SummaryInformation": bytes(80)}),
        "flyer.pub": compound({"Quill": {"QuillSub": {"CONTENTS": utf16("Uitnodiging")}}, "Contents": bytes(6000)}, "01120200" + "00" * 4 + "c000000000000046"),
        "drawing.vsd": compound({"VisioDocument": bytes(9000)}, "141a020000000000c000000000000046"),
        "notes.snt": compound({"Version": bytes(4), "4a5f7c0c-b0d9-4a": {"0": b"{\\rtf1 memo}", "3": utf16("memo")}}),
        "workbook.xlsb": zipped({"[Content_Types].xml": f'<Types xmlns="{OPC}"/>', "xl/workbook.bin": bytes(80), "xl/worksheets/sheet1.bin": bytes(80)}),
        "drawing.vsdx": zipped({"[Content_Types].xml": f'<Types xmlns="{OPC}"/>', "visio/document.xml": "<VisioDocument/>"}),
        "sheet.numbers": zipped({"Index/Document.iwa": bytes(90), "Index/CalculationEngine.iwa": bytes(90), "preview.jpg": picture("JPEG")}),
        "text.pages": zipped({"Index/Document.iwa": bytes(90), "Metadata/Properties.plist": b"bplist00"}),
        "talk.key": zipped({"Index/Document.iwa": bytes(90), "Index/Slide.iwa": bytes(90)}),
        "signed.asice": zipped({"mimetype": "application/vnd.etsi.asic-e+zip", "accounts.xbrl": f"{xml}<xbrl/>", "META-INF/manifest.xml": f"{xml}<manifest/>",
                                "META-INF/signatures0.xml": f"{xml}<XAdESSignatures/>"}, stored_first=True),
        "report.xbri": zipped({"report/META-INF/reportPackage.json": "{}", "report/reports/accounts.xhtml": f"{xml}<html/>"}),
        "drawing.odg": zipped({"mimetype": "application/vnd.oasis.opendocument.graphics", "content.xml": "<a/>", "META-INF/manifest.xml": "<m/>"},
                              stored_first=True),
        "route.kmz": zipped({"doc.kml": f'{xml}<kml xmlns="http://www.opengis.net/kml/2.2"/>'}),
        "audit.xaf": f'{xml}<auditfile xmlns="http://www.auditfiles.nl/XAF/3.2"><header/></auditfile>'.encode(),
        "zipped.xaf": zipped({"audit.xaf": f"{xml}<auditfile/>"}),
        "accounts.xbrl": f'{xml}<xbrli:xbrl xmlns:xbrli="http://www.xbrl.org/2003/instance"/>'.encode(),
        "invoice.xml": f'{xml}<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'.encode(),
        "statement.940": SWIFT, "statement.sta": b"ABNANL2A\r\n940\r\nABNANL2A\r\n" + SWIFT, "statement.txt": SWIFT,
        "mail.eml": mail("Bijgaand de stukken."), "text.txt": "Geachte mevrouw,\n\nHierbij de cijfers, één voor één.\n".encode(),
        "numbers.csv": b"datum;bedrag\n2026-01-01;12\n", "page.html": b"<!DOCTYPE html><html><body>Beste</body></html>",
        "photo.jpg": picture("JPEG"), "photo.png": picture("PNG"), "photo.gif": picture("GIF"), "scan.tif": picture("TIFF"), "photo.webp": picture("WEBP"),
        "photo.bmp": picture("BMP"), "photo.avif": picture("AVIF"), "photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "packed.zip": zipped({"a.txt": "een"}), "audit.xaf.gz": gzip.compress(b"<auditfile/>"),
        "log.bz2": bz2.compress(b"een"), "log.xz": lzma.compress(b"een"),
        "bom.pdf": b"\xef\xbb\xbf" + stored("letter.pdf"), "macros.xls": compound({"Workbook": bytes(5000), "_VBA_PROJECT_CUR": {"VBA": {"dir": bytes(60)}}}),
        "macros.xlsm": zipped({"[Content_Types].xml": f'<Types xmlns="{OPC}"/>', "xl/workbook.xml": "<workbook/>", "xl/vbaProject.bin": bytes(60)}),
    }  # fmt: skip
    programs = ("installer.msi", "program.jar", "make.py")
    return {
        **made,
        **{path.name: path.read_bytes() for path in sorted(STORED.iterdir()) if path.is_file() and path.name not in programs},
    }


def programs() -> dict[str, bytes]:
    """Name → contents of programs, which are refused whatever they are called."""
    made = Path(setuptools.__file__).parent
    main, letter = "Main-Class: Main\n", stored("letter.pdf")
    return {
        "windows-32.exe": (made / "cli-32.exe").read_bytes(), "windows-64.exe": (made / "cli-64.exe").read_bytes(),
        "windows-arm.exe": (made / "gui-arm64.exe").read_bytes(),
        "dos.exe": b"MZ\x90\0\x03\0" + bytes(90), "installer.msi": stored("installer.msi"), "program.jar": stored("program.jar"),
        "other-class.msi": compound({"\u4840\u3f3f\u4577\u446c\u3e6a\u44b2\u482f": bytes(40), "\u4840\u3fff\u43e4\u41ec\u45e4\u44ac\u4831": bytes(40)}),
        "far.msi": compound({"a": bytes(5000)}, "84100c0000000000c000000000000046", pad_sectors=20_000),
        "classes.jar": zipped({"nl/Main.class": CLASS}), "manifest.jar": zipped({"META-INF/MANIFEST.MF": f"Manifest-Version: 1.0\n{main}"}),
        "lower.jar": zipped({"meta-inf/manifest.mf": f"Manifest-Version: 1.0\n{main.lower()}"}),
        "many.jar": zipped({**{f"{number:05d}": b"x" for number in range(3000)}, "META-INF/MANIFEST.MF": main}),
        "as-a-document.jar": zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>", "META-INF/MANIFEST.MF": main}),
        "behind-a-pdf.jar": letter + stored("program.jar"), "behind-a-photo.jar": picture("JPEG") + stored("program.jar"),
        "signed-by-mimetype.jar": zipped({"mimetype": "application/vnd.etsi.asic-e+zip", "Main.class": CLASS}, stored_first=True),
        "shortcut.lnk": bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(56), "application.hta": b"<html><head><HTA:APPLICATION id=x></head>",
        "batch.bat": b"\xef\xbb\xbf@echo off\r\ndel *.*\r\n", "signed.ps1": b"Get-Item\r\n# SIG # Begin signature block\r\n", "encoded.vbs": b"#@~^MgAAAA==",
        "node.js": b"#!/usr/bin/env node\nprocess.exit()\n", "shell.ps1": b"#!/usr/bin/pwsh -NoProfile\nGet-Item\n",
    }  # fmt: skip
