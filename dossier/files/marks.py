"""What a file is, by marks that it must have to work, whatever its name says.

Reads a few kilobytes at known places: the head, a zip's index, an OLE file's directory. A program
is known by what makes it run (the header of a Windows or DOS program, an installer's class or
tables, a Java class, a manifest that names a main class), not by its first bytes: mails of Outlook,
protected workbooks and installers begin alike, and so do jars and half of all formats.

A script (bat, js, vbs, ps1) is told only by marks that no letter has: under another name nothing
runs it. Nothing is unpacked but the few bytes that decide.
"""

from __future__ import annotations

import codecs
import os
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

HEAD_BYTES = 8192
"""So much of a file's beginning is read."""

_END_OF_ZIP, _ZIP_TAIL = b"PK\x05\x06", 22 + 65535
_INDEX_MOST = 4 * 1024 * 1024
"""Bytes of a zip's index that are read: some 40,000 names."""

_ENTRY = struct.Struct("<10xH8xI4xHHH8xI")
"""An entry of a zip's index (APPNOTE.TXT 4.3.12): method, packed size, three lengths, place."""

_CLASSES_MOST, _MANIFEST_MOST = 8, 65_536
"""So many entries are looked into for being classes, and so much of a manifest is read."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_DIRECTORY_MOST = 4_096
"""Sectors of an OLE file's directory: more than 16,000 names."""

_NO_SECTOR = 0xFFFFFFFA
"""From here on, a sector's number is none ([MS-CFB] 2.1)."""

PROGRAM = frozenset({"exe", "dll", "scr", "com"})

_INSTALLERS = frozenset(bytes.fromhex(f"{kind}100c0000000000c000000000000046") for kind in ("84", "86", "82"))
"""{000C1084-…}, -86, -82: the root's class in an .msi, .msp, .mst."""

_MSI_TABLE = re.compile("\u4840[\u3800-\u4840]+")
"""How Windows Installer writes the names of its tables, in an installer whatever its class."""

_SHORTCUT = bytes.fromhex("4c0000000114020000000000c000000000000046")  # [MS-SHLLINK] 2.1: HeaderSize and LinkCLSID
_ENCODED_SCRIPT = b"#@~^"  # Windows Script Encoder
_SIGNED_POWERSHELL = b"# SIG # Begin signature block"
_SHEBANG = re.compile(rb"#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?")
_INTERPRETERS: Mapping[str, frozenset[str]] = {
    "sh": frozenset({"sh"}), "bash": frozenset({"sh", "bash"}), "dash": frozenset({"sh"}), "ksh": frozenset({"sh", "ksh"}),
    "zsh": frozenset({"sh", "zsh"}), "python": frozenset({"py"}), "perl": frozenset({"pl"}), "ruby": frozenset({"rb"}),
    "php": frozenset({"php"}), "node": frozenset({"js"}), "pwsh": frozenset({"ps1"}), "awk": frozenset({"awk"}),
    "tclsh": frozenset({"tcl"}), "lua": frozenset({"lua"}), "osascript": frozenset({"scpt"}),
}  # fmt: skip

_HEADS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"II*\0", "tif"), (b"MM\0*", "tif"), (b"{\\rtf", "rtf"), (b"\x1f\x8b\x08", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"MSCF\0\0\0\0", "cab"), (b"\x7fELF", "elf"),
    (b"\x78\x9f\x3e\x22", "tnef"), (b"!BDN", "pst"), (b"OggS", "ogg"), (b"fLaC", "flac"), (b"ID3", "mp3"), (b"SQLite format 3\0", "sqlite"),
)  # fmt: skip
_BRANDS: Mapping[bytes, str] = {
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic", b"mif1": "heic",
    b"msf1": "heic", b"avif": "avif", b"avis": "avif", b"qt  ": "mov", b"M4A ": "m4a",
}  # fmt: skip
"""ISO/IEC 14496-12: what stands behind `ftyp`; anything else is a film."""

_MIMETYPE = re.compile(rb"PK\x03\x04.{22}\x08\0..mimetype", re.DOTALL)
_OPEN = "application/vnd.oasis.opendocument."
_BY_MIMETYPE: tuple[tuple[bytes, str], ...] = tuple(
    (mimetype.encode(), kind)
    for mimetype, kind in sorted((
        (f"{_OPEN}text", "odt"), (f"{_OPEN}text-template", "ott"), (f"{_OPEN}text-master", "odm"), (f"{_OPEN}spreadsheet", "ods"),
        (f"{_OPEN}spreadsheet-template", "ots"), (f"{_OPEN}presentation", "odp"), (f"{_OPEN}presentation-template", "otp"),
        (f"{_OPEN}graphics", "odg"), (f"{_OPEN}graphics-template", "otg"), (f"{_OPEN}chart", "odc"), (f"{_OPEN}formula", "odf"),
        (f"{_OPEN}base", "odb"), ("application/vnd.etsi.asic-e+zip", "asice"), ("application/vnd.etsi.asic-s+zip", "asics"),
        ("application/epub+zip", "epub"),
    ))
)  # fmt: skip
"""What the first file in such a zip says, one that begins another before it."""

_OPEN_KINDS = frozenset(kind for mimetype, kind in _BY_MIMETYPE if mimetype.startswith(_OPEN.encode()))

_PARTS: tuple[tuple[bytes, str], ...] = (
    (b"word/", "docx"), (b"xl/workbook.bin", "xlsb"), (b"xl/", "xlsx"), (b"ppt/", "pptx"), (b"visio/", "vsdx"),
)  # fmt: skip
_STREAMS: tuple[tuple[str, str], ...] = (
    ("encryptedpackage", "protected"), ("drmcontent", "protected"),
    ("__properties_version1.0", "msg"), ("worddocument", "doc"), ("workbook", "xls"), ("book", "xls"),
    ("powerpoint document", "ppt"), ("visiodocument", "vsd"), ("quill", "pub"), ("props", "mpp"),
)  # fmt: skip
_MACRO_STREAMS = frozenset({"_vba_project", "_vba_project_cur", "macros"})
_MACRO_PARTS = (b"vbaproject.bin", b"xl/macrosheets/", b"basic/script-lc.xml")
_OPEN_SCRIPTS = b"scripts/"
"""Where OpenDocument keeps programs that are not in Basic."""

_MACRO_RECORDS: Mapping[str, re.Pattern[bytes]] = {
    "xls": re.compile(rb"\x85\x00.\x00.{4}[\x00-\x02]\x01[\x01-\x1f]", re.DOTALL),
    "ppt": re.compile(rb"[\x0f\x1f]\x00\xff\x03\x14\x00{3}\x02\x00\x00\x04\x0c\x00{3}.{4}\x01\x00{3}", re.DOTALL),
}
"""What no storage tells of: a sheet of Excel 4.0's macros ([MS-XLS] 2.4.28, `dt`), and the program
of slides, which lies packed among them ([MS-PPT] 2.4.10 and 2.4.11, `fHasMacros`)."""

_RECORDS_PIECE, _RECORD_MOST = 1024 * 1024, 32
"""Bytes that are read at once to look for these, and of the longest."""

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_XML = re.compile(rb"<(\?xml|[A-Za-z_][\w.-]*:?[\w.-]*[\s/>])")
_HTML = re.compile(rb"(<!--.{0,1000}?-->\s*)*<(!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE | re.DOTALL)
_SIGNED_DATA = re.compile(rb"\x30[\x80-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07", re.DOTALL)  # RFC 5652 section 3
_OBJECT = re.compile(rb"\b[0-9]+\s+[0-9]+\s+obj\b")
_PDF_WITHIN = 1024
"""A PDF begins within so many bytes (ISO 32000-1, annex H.3.4.1)."""

_SWIFT = re.compile(rb"(?:[^\r\n]{0,120}\r?\n){0,4}:20:[^\r\n]{1,64}\r?\n(?::21:[^\r\n]*\r?\n)?:25P?:")


@dataclass(frozen=True, slots=True)
class Marks:
    """What the bytes say. `kind`: the usual extension of such a file, empty if they say nothing."""

    kind: str = ""
    programs: frozenset[str] = frozenset()
    """What could be run: the extensions that Windows, Java or a shell would run such bytes by."""
    has_macros: bool = False
    head: bytes = field(default=b"", repr=False)


class ZipMember(NamedTuple):
    """A file in a zip's index. `at`: where its local header begins, by the index."""

    name: bytes
    method: int
    packed: int
    at: int


Source: TypeAlias = int | bytes
"""A file's descriptor, or all its bytes."""


def marks_of(source: Source) -> Marks:
    """What a file is. Raises OSError."""
    head = piece_of(source, HEAD_BYTES, 0)
    index, shift = _zip_index(source)
    programs = _programs(head)
    # Wherever a zip begins: java runs what has its index at the end, whatever is in front, a PDF
    # for example.
    if index and _is_jar(source, index, shift):
        programs |= {"jar"}
    if head.startswith(_OLE):
        root, names = _ole_directory(source, head)
        if root in _INSTALLERS or any(_MSI_TABLE.fullmatch(name) for name in names):
            return Marks("msi", programs | {"msi"}, head=head)
        lower = {name.lower().strip(" \t") for name in names}
        kind = next((kind for stream, kind in _STREAMS if stream in lower), "ole")
        return Marks(kind, programs, bool(lower & _MACRO_STREAMS) or _has_macro_record(source, kind), head)
    if head.startswith(b"PK\x03\x04") or (index and head.startswith(b"PK")):
        listed = index.lower()  # Office knows no capitals in it
        kind = _kind_of_zip(head, listed)
        has_macros = any(part in listed for part in _MACRO_PARTS) or (kind in _OPEN_KINDS and _OPEN_SCRIPTS in listed)
        return Marks(kind, programs, has_macros, head)
    return Marks(_kind_by_head(head, programs), programs, head=head)


def is_pdf(head: bytes) -> bool:
    """True for the head of a PDF, also with a byte order mark or junk before it, as every reader
    lets pass. A text that speaks of one has no object in it; what packs one is something else."""
    at = head.find(b"%PDF-", 0, _PDF_WITHIN)
    if at <= 0:
        return at == 0
    return _OBJECT.search(head, at) is not None and not _SIGNED_DATA.match(head) and head[257:262] != b"ustar"


def _has_macro_record(source: Source, kind: str) -> bool:
    """True if there is a record that says so. Raises OSError."""
    at = 0
    while kind in _MACRO_RECORDS and (piece := piece_of(source, _RECORDS_PIECE, at)):
        if _MACRO_RECORDS[kind].search(piece):
            return True
        at += max(1, len(piece) - _RECORD_MOST) if len(piece) == _RECORDS_PIECE else len(piece)
    return False


def zip_entries(index: bytes) -> Iterator[ZipMember]:
    """What a zip's index names, as far as it is whole."""
    at = 0
    while at + 46 <= len(index) and index.startswith(b"PK\x01\x02", at):
        method, packed, name, extra, comment, place = _ENTRY.unpack_from(index, at)
        yield ZipMember(index[at + 46 : at + 46 + name], method, packed, place)
        at += 46 + name + extra + comment


def piece_of(source: Source, length: int, at: int) -> bytes:
    """At most so many bytes of it, from `at` on. Raises OSError."""
    if isinstance(source, int):
        return os.pread(source, length, at)
    return source[at : at + length]


def _kind_by_head(head: bytes, programs: frozenset[str]) -> str:
    if programs >= PROGRAM:
        return "exe"
    for mark, kind in _HEADS:
        if head.startswith(mark):
            return kind
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if head.startswith(b"RIFF") and len(head) >= 12:
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12], "")
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if _SIGNED_DATA.match(head):
        return "p7m"
    if head[257:262] == b"ustar":
        return "tar"
    return "pdf" if is_pdf(head) else _kind_of_text(head)


def _kind_of_text(head: bytes) -> str:
    if head.startswith(_WIDE):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _HTML.match(text):
        return "html"
    if _XML.match(text):
        return "xml"
    return "mt940" if _SWIFT.match(text) else ""


# Programs


def _programs(head: bytes) -> frozenset[str]:
    """What the file could be run as, by its head; jars and installers are known by their index."""
    found: set[str] = set()
    # A letter may begin with MZ; in a program zero bytes follow at once. One for DOS has no other
    # mark, so PE isn't asked for.
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        found |= PROGRAM
    if head.startswith(_SHORTCUT):
        found.add("lnk")
    if head.startswith(b"\xca\xfe\xba\xbe") and 45 <= int.from_bytes(head[6:8], "big") < 200:
        found |= {"class", "jar"}  # JVMS 4.1; an Apple program with the same magic has fewer than 45 parts
    if head.startswith(_ENCODED_SCRIPT):
        found |= {"vbs", "js"}
    lower = head.lower()
    if b"<hta:application" in lower:
        found.add("hta")
    text = lower.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"@echo off"):
        found |= {"bat", "cmd"}
    if _SIGNED_POWERSHELL in head:
        found.add("ps1")
    if script := _SHEBANG.match(head.removeprefix(codecs.BOM_UTF8)):
        called = [part.rpartition(b"/")[2].decode("latin-1") for part in script.groups() if part]
        name = called[1] if called[0] == "env" and len(called) > 1 else called[0]
        found |= _INTERPRETERS.get(name, _INTERPRETERS.get(name.rstrip("0123456789."), frozenset()))
    return frozenset(found)


def _is_jar(source: Source, index: bytes, shift: int) -> bool:
    """True if a zip holds a Java class, or a manifest that says which class java begins with."""
    upper = index.upper()
    if b".CLASS" not in upper and b"META-INF/MANIFEST.MF" not in upper:
        return False
    classes = 0
    for entry in zip_entries(index):
        name = entry.name.upper()
        if name == b"META-INF/MANIFEST.MF":
            if re.search(
                rb"(?im)^(main-class|launcher-agent-class|premain-class):", _unpacked(source, entry, shift, _MANIFEST_MOST)
            ):
                return True
        elif name.endswith(b".CLASS") and classes < _CLASSES_MOST:
            classes += 1
            if _unpacked(source, entry, shift, 4) == b"\xca\xfe\xba\xbe":
                return True
    return False


# Inside of zip files


def _zip_index(source: Source) -> tuple[bytes, int]:
    """A zip's central directory (APPNOTE.TXT 4.3.12), its first part at least; empty if it is none.

    Returned with how many bytes stand in front of the zip.
    """
    size = os.fstat(source).st_size if isinstance(source, int) else len(source)
    begin = max(0, size - _ZIP_TAIL)
    tail = piece_of(source, _ZIP_TAIL, begin)
    at = tail.rfind(_END_OF_ZIP)
    end = tail[at : at + 22] if at >= 0 else b""
    # One whose comment does not reach to the end of the file belongs to a zip inside another file.
    if len(end) < 22 or begin + at + 22 + int.from_bytes(end[20:22], "little") != size:
        return b"", 0
    length, place = int.from_bytes(end[12:16], "little"), int.from_bytes(end[16:20], "little")
    if length > begin + at:  # a very large zip (zip64) writes it elsewhere
        length = min(begin + at, _INDEX_MOST)
    # By where it ends, not by where it says it begins: what is in front of the zip is not counted
    # there.
    start = begin + at - length
    return piece_of(source, min(length, _INDEX_MOST), start), start - place if place != 0xFFFFFFFF else 0


def _unpacked(source: Source, entry: ZipMember, shift: int, most: int) -> bytes:
    """The first `most` bytes of a file in a zip; none if they can't be had."""
    header = piece_of(source, 30, max(0, entry.at + shift))
    if not header.startswith(b"PK\x03\x04"):
        return b""
    start = entry.at + shift + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    data = piece_of(source, min(entry.packed, most + 1024), start)
    if entry.method == 0:
        return data[:most]
    try:
        return zlib.decompressobj(-15).decompress(data, most) if entry.method == 8 else b""
    except zlib.error:
        return b""


def _kind_of_zip(head: bytes, names: bytes) -> str:
    """docx, odt, asice … by its index in small letters, or its first entry; else `zip`."""
    if _MIMETYPE.match(head):
        start = 30 + 8 + int.from_bytes(head[28:30], "little")
        told = [kind for mimetype, kind in _BY_MIMETYPE if head.startswith(mimetype, start)]
        if told:
            return told[-1]  # the longest, as they are in order
    if b"[content_types].xml" in names:
        return next((kind for part, kind in _PARTS if part in names), "zip")
    if b"index/document.iwa" in names or b"index.zip" in names:
        return "iwork"
    return "kmz" if re.search(rb"doc\.kmlpk", names) else "zip"


# Inside of OLE files


def _ole_directory(source: Source, header: bytes) -> tuple[bytes, list[str]]:
    """The root's class and all names of a compound file's directory ([MS-CFB] 2.6), if whole."""
    size = 1 << min(int.from_bytes(header[30:32], "little"), 12)
    if size < 512:
        return b"", []
    root, names = b"", list[str]()
    table, sector = _Sectors(source, header, size), int.from_bytes(header[48:52], "little")
    for _ in range(_DIRECTORY_MOST):
        if sector >= _NO_SECTOR:
            break
        data = piece_of(source, size, (sector + 1) * size)
        for at in range(0, len(data) - 127, 128):
            length, kind = int.from_bytes(data[at + 64 : at + 66], "little"), data[at + 66]
            if kind in (1, 2, 5) and 2 <= length <= 64:
                names.append(data[at : at + length - 2].decode("utf-16-le", "replace"))
            if kind == 5 and not root:
                root = data[at + 80 : at + 96]
        sector = table.after(sector)
    return root, names


class _Sectors:
    """Which sector of a compound file follows which ([MS-CFB] 2.3 and 2.5)."""

    def __init__(self, source: Source, header: bytes, size: int) -> None:
        self._source, self._size = source, size
        self._tables = list(struct.unpack("<109I", header[76:512])) if len(header) >= 512 else []
        self._more = int.from_bytes(header[68:72], "little")

    def after(self, sector: int) -> int:
        """The next one; none behind the last, or where the file is damaged."""
        number, place = divmod(sector, self._size // 4)
        while number >= len(self._tables) and self._more < _NO_SECTOR and len(self._tables) < _DIRECTORY_MOST * 64:
            data = piece_of(self._source, self._size, (self._more + 1) * self._size)
            if len(data) < self._size:
                return _NO_SECTOR
            *tables, self._more = struct.unpack(f"<{self._size // 4}I", data)
            self._tables += tables
        if number >= len(self._tables) or self._tables[number] >= _NO_SECTOR:
            return _NO_SECTOR
        data = piece_of(self._source, 4, (self._tables[number] + 1) * self._size + 4 * place)
        return int.from_bytes(data, "little") if len(data) == 4 else _NO_SECTOR
