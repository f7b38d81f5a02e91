"""Attachments are known by their bytes, and what is blocked is, whatever it is called."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from dossier.office.keys import Intake
from ingest.intake import kinds

DEFAULT = Intake().blocked_types
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PE = b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(64) + b"PE\0\0\x4c\x01" + bytes(200)


def zipped(*names: str, comment: bytes = b"") -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x" * 2000)
        archive.comment = comment
    return made.getvalue()


def compound(class_id: str, directory_at: int = 40) -> bytes:
    """A compound file whose root has this class; its directory lies behind the first 8 kB."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + bytes.fromhex("3e000300feff0900")
    header = header.ljust(48, b"\0") + directory_at.to_bytes(4, "little")
    root = "Root Entry".encode("utf-16le").ljust(80, b"\0") + bytes.fromhex(class_id)
    return header.ljust(512 * (directory_at + 1), b"\0") + root.ljust(512, b"\0")


def office(kind: str) -> bytes:
    made = BytesIO()
    if kind == "docx":
        docx.Document().save(made)
    else:
        Workbook().save(made)
    return made.getvalue()


def examined(folder: Path, name: str, data: bytes) -> kinds.Kind:
    path = folder / "copy"
    path.write_bytes(data)
    return kinds.examine(name, path)


MSI = compound("84100c0000000000c000000000000046")
DOC = compound("0609020000000000c000000000000046")


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.pdf", PE, "exe"),
        ("a.pdf", b"MZ\x90\0\x03\0", "exe"),
        ("a.txt", bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(56), "lnk"),
        ("a.doc", MSI, "msi"),
        ("a.zip", zipped("META-INF/MANIFEST.MF", "Main.class"), "jar"),
        ("a.docx", zipped("META-INF/MANIFEST.MF", "Main.class"), "jar"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + zipped("META-INF/MANIFEST.MF", comment=b"x" * 3000), "jar"),
        ("a.pdf", PDF + zipped("Main.class", "META-INF/MANIFEST.MF"), "jar"),
        ("a.zip", zipped(*(f"{n:05d}" for n in range(3000)), "META-INF/MANIFEST.MF"), "jar"),
        ("a.html", b"<html><head><HTA:APPLICATION id=x></head>", "hta"),
        ("a.txt", b"\xef\xbb\xbf@echo off\r\ndel *.*\r\n", "bat"),
        ("a.txt", b"Get-Item\r\n# SIG # Begin signature block\r\n", "ps1"),
        ("a.txt", b"#@~^MgAAAA==", "js"),
    ],
)
def test_a_blocked_type_is_known_under_any_name(tmp_path: Path, name: str, data: bytes, found: str) -> None:
    kind = examined(tmp_path, name, data)
    assert found in kind.contents
    assert "whatever its name says" in (kinds.blocked(name, kind, DEFAULT) or "")
    assert kinds.blocked(name, kind, []) is None


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("letter.txt", b"MZ is how this letter begins, and it goes on for long enough to be one.", "text/plain"),
        ("a.txt", b"", "text/plain"),
        ("a.csv", b"date;amount\n2026-01-01;12\n", "text/csv"),
        ("a.docx", office("docx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", office("xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pdf", office("xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.doc", DOC, "application/msword"),
        ("a.zip", zipped("a.txt"), "application/zip"),
        ("a.pdf", b"%PDF-1.7\nstream\n" + zipped("META-INF/MANIFEST.MF") + b"\nendstream\n%%EOF\n", "application/pdf"),
        ("a.bin", PDF, "application/pdf"),
        ("a.unheard", b"\x01\x02\x03 nothing known", "application/octet-stream"),
        ("noextension", b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    ],
)
def test_what_is_not_blocked_has_the_type_of_its_bytes(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    kind = examined(tmp_path, name, data)
    assert kind.media_type == media_type
    assert kinds.blocked(name, kind, DEFAULT) is None


def test_an_office_may_block_other_types_too(tmp_path: Path) -> None:
    kind = examined(tmp_path, "a.pdf", zipped("a.txt"))
    assert "content is that of a .zip file" in (kinds.blocked("a.pdf", kind, ["zip"]) or "")
    assert kinds.blocked("a.docx", examined(tmp_path, "a.docx", office("docx")), ["xlsx"]) is None
    assert "content is that of a .pdf" in (kinds.blocked("a.bin", examined(tmp_path, "a.bin", PDF), ["pdf"]) or "")


@given(st.binary(max_size=300), st.sampled_from(["", "PK\x05\x06", "MZ", "%PDF-", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes, begin: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    examined(folder, "a.pdf", begin.encode("latin-1") + data)
    examined(folder, "a.pdf", data + begin.encode("latin-1") + data)
