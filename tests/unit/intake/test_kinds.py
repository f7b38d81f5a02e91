"""Attachments are known by their bytes, and what is blocked is, whatever it is called."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.compound import compound
from kit.papers import CLASS, documents, picture, programs, stored, zipped
from kit.support import need

from dossier.office.keys import IntakeSettings
from dossier.text import media
from dossier.text.sentences import Sentence
from ingest.intake import kinds

DEFAULT = IntakeSettings().blocked_types
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
DOCUMENTS, PROGRAMS = documents(), programs()
DISGUISES = ("pdf", "msg", "numbers", "docx", "xlsx", "jpg", "txt", "zip", "asice", "xaf", "doc", "")


def examined(folder: Path, name: str, data: bytes) -> kinds.Kind:
    path = folder / "copy"
    path.write_bytes(data)
    return kinds.examine(name, path)


def refused(name: str, kind: kinds.Kind, blocked: Sequence[str] = DEFAULT, macros: str = "warn") -> Sentence | None:
    return kinds.blocked(name, kind, blocked, macros)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_program_is_taken(tmp_path: Path, name: str) -> None:
    assert refused(name, examined(tmp_path, name, DOCUMENTS[name])) is None


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_known_under_any_name(tmp_path: Path, name: str) -> None:
    ending = name.rpartition(".")[2]
    for disguise in DISGUISES:
        kind = examined(tmp_path, f"paper.{disguise}", PROGRAMS[name])
        assert ending in kind.contents
        assert refused(f"paper.{disguise}", kind) is not None, disguise
        assert refused(f"paper.{disguise}", kind, []) is None
    assert refused(name, examined(tmp_path, name, b"anything")) is not None


NEARLY = {
    "letter.txt": b"MZ is how this letter begins, and it goes on for long enough to be one.",
    "manual.txt": b"#! is called a shebang", "readme.md": b"# SIG is a special interest group",
    "sources.zip": zipped({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", "Main.java": "class Main {}"}),
    "school.zip": zipped({"timetable.class": "monday"}), "report.pdf": PDF + b"stream\n" + zipped({"Main.class": CLASS}) + b"\nendstream\n%%EOF\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NEARLY)
def test_what_only_looks_like_a_program_is_taken(tmp_path: Path, name: str) -> None:
    assert refused(name, examined(tmp_path, name, NEARLY[name])) is None


@pytest.mark.parametrize(
    ("line", "ending"), [("#!/bin/sh", "sh"), ("#! /usr/bin/env -S python3.11 -u", "py"), ("#!/usr/bin/perl -w", "pl")]
)
def test_a_script_is_known_by_its_first_line_where_its_type_is_blocked(tmp_path: Path, line: str, ending: str) -> None:
    kind = examined(tmp_path, "a.txt", f"{line}\necho\n".encode())
    assert refused("a.txt", kind) is None
    assert refused("a.txt", kind, [ending]) is not None


SLIDES = struct.pack("<HHI", 0x1F, 0x03FF, 20) + struct.pack("<HHIIII", 2, 0x0400, 12, 7, 1, 2)
SHEETS = (
    struct.pack("<HHIBB", 0x0085, 13, 4711, 0, 0) + b"\5\0Blad1" + struct.pack("<HHIBB", 0x0085, 13, 4712, 1, 1) + b"\5\0Macr1"
)
WITHOUT_STORAGE = {
    "packed.ppt": compound({"PowerPoint Document": bytes(5000) + SLIDES, "Current User": bytes(20)}),
    "sheet.xls": compound({"Workbook": bytes(5000) + SHEETS}),
    "capitals.xlsm": zipped(
        {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "XL/VBAPROJECT.BIN": bytes(60)}
    ),
    "python.ods": zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>", "Scripts/python/a.py": "x = 1"},
        stored_first=True,
    ),
}
"""Files with macros that no storage, or another name, tells of."""


@pytest.mark.parametrize("name", WITHOUT_STORAGE)
def test_macros_are_known_wherever_a_format_keeps_them(tmp_path: Path, name: str) -> None:
    assert examined(tmp_path, name, WITHOUT_STORAGE[name]).has_macros


def test_slides_and_sheets_without_macros_have_none(tmp_path: Path) -> None:
    others = {
        "a.ppt": WITHOUT_STORAGE["packed.ppt"].replace(SLIDES[-8:], struct.pack("<II", 0, 2)),
        "b.xls": WITHOUT_STORAGE["sheet.xls"].replace(b"\1\5\0Macr1", b"\2\5\0Macr1"),
        "c.zip": zipped({"Scripts/python/a.py": "x = 1"}),
        **{name: stored(name) for name in ("slides.ppt", "ledger.xls", "ledger.xlt", "ledger.ods", "slides.odp")},
    }
    assert [name for name, data in others.items() if examined(tmp_path, name, data).has_macros] == []


def test_a_word_file_is_one_however_its_parts_are_spelt(tmp_path: Path) -> None:
    data = zipped({"[content_types].xml": "<Types/>", "Word/document.xml": "<w/>"})
    assert examined(tmp_path, "a.docx", data).media_type.endswith("wordprocessingml.document")


@pytest.mark.parametrize("name", ["macros.xls", "macros.xlsm"])
def test_macros_are_taken_warned_of_or_refused_as_the_office_wants(tmp_path: Path, name: str) -> None:
    kind = examined(tmp_path, name, DOCUMENTS[name])
    assert "has macros" in str(kinds.warning(name, kind, "warn"))
    assert (kinds.warning(name, kind, "take"), refused(name, kind)) == (None, None)
    assert "save it without macros" in str(refused(name, kind, macros="refuse"))
    assert kinds.warning("ledger.xlsx", examined(tmp_path, "ledger.xlsx", DOCUMENTS["ledger.xlsx"]), "warn") is None


MORE_EXACT = {
    "application/x-ole-storage": {"application/vnd.ms-project", "application/x-mspublisher", "application/vnd.visio"},
    "application/zip": {"application/vnd.ms-visio.drawing", "application/vnd.apple.numbers", "application/vnd.apple.pages",
                        "application/vnd.apple.keynote", "application/vnd.etsi.asic-e+zip", "application/vnd.google-earth.kmz"},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"application/vnd.ms-excel.sheet.binary.macroEnabled.12",
                                                                          "application/vnd.ms-excel.sheet.macroEnabled.12"},
    "application/vnd.ms-visio.drawing.main+xml": {"application/vnd.ms-visio.drawing"},
    "application/encrypted": {media.by_name(f"a.{ending}") for ending in ("docx", "xlsx", "pptx")},
    "application/octet-stream": {"application/pkcs7-mime"}, "text/xml": {"application/xml"}, "text/rtf": {"application/rtf"}, "text/plain": {"text/csv"},
}  # fmt: skip
"""What Debian's `file` says of some files, and what they are called here."""


def test_media_types_are_those_that_file_tells_or_more_exact_ones(tmp_path: Path) -> None:
    need("file")
    for name, data in DOCUMENTS.items():
        (tmp_path / name).write_bytes(data)
        told = subprocess.run(["file", "--brief", "--mime-type", tmp_path / name], capture_output=True, text=True).stdout.strip()
        ours = kinds.examine(name, tmp_path / name).media_type
        assert ours == told or ours in MORE_EXACT.get(told, ()), f"{name}: {ours}, but file says {told}"
        assert ours != media.UNKNOWN


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("letter.txt", b"MZ is how this letter begins, and it goes on for long enough to be one.", "text/plain"),
        ("a.txt", b"", "text/plain"),
        ("a.csv", b"date;amount\n2026-01-01;12\n", "text/csv"),
        ("a.docx", stored("letter.docx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", stored("ledger.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pdf", stored("ledger.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.doc", stored("letter.doc"), "application/msword"),
        ("a.pdf", stored("letter.doc"), "application/msword"),
        ("a.png", picture("AVIF"), "image/avif"),
        ("a.zip", zipped({"a.txt": "een"}), "application/zip"),
        ("a.html", b"<script>let a = 1</script><h1>Aangifte</h1>", "text/html"),
        ("a.htm", b"<div>Aangifte</div>", "text/html"),
        ("a.txt", b"<naam> is nog niet ingevuld", "text/plain"),
        ("a.bin", b"<naam>Acme</naam>", "application/xml"),
        ("a.bin", PDF, "application/pdf"),
        ("a.unheard", b"\x01\x02\x03 nothing known", "application/octet-stream"),
        ("noextension", b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    ],
)
def test_what_is_not_blocked_has_the_type_of_its_bytes(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    kind = examined(tmp_path, name, data)
    assert kind.media_type == media_type
    assert refused(name, kind) is None


def test_an_office_may_block_other_types_too(tmp_path: Path) -> None:
    kind = examined(tmp_path, "a.pdf", zipped({"a.txt": "een"}))
    assert "content is that of a .zip file" in str(refused("a.pdf", kind, ["zip"]))
    assert refused("a.docx", examined(tmp_path, "a.docx", stored("letter.docx")), ["xlsx", "zip", "docm"]) is None
    assert "content is that of a .pdf" in str(refused("a.bin", examined(tmp_path, "a.bin", PDF), ["pdf"]))


@given(st.binary(max_size=300), st.sampled_from(["", "PK\x05\x06", "MZ", "%PDF-", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes, begin: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    examined(folder, "a.pdf", begin.encode("latin-1") + data)
    examined(folder, "a.pdf", data + begin.encode("latin-1") + data)


def test_types_are_blocked_however_their_ending_is_written_in_the_settings() -> None:
    assert IntakeSettings(blocked_types=[".EXE", " *.bat", "js"]).blocked_types == ["exe", "bat", "js"]
