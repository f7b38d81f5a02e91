"""Taking the text out of files, good and bad."""

from __future__ import annotations

import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pytest
from kit import guard_corpus
from kit.guard_corpus import inflating, pdf, scan
from kit.papers import stored

from workflow.guard import texts
from workflow.guard.at_a_glance import FileText
from workflow.guard.texts import Texts

pytestmark = pytest.mark.usefixtures("real_children")


@pytest.fixture(scope="module")
def reader() -> Iterator[Texts]:
    reader = Texts()
    yield reader
    reader.close()


def read(reader: Texts, path: Path, name: str | None = None, seconds: float = 60) -> FileText:
    return reader.begin(path, name or path.name).result(seconds)


def test_the_text_of_a_pdf_is_read(reader: Texts, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Jaarrekening van Acme B.V.\nKvK 12345678 geëist"))
    found = read(reader, path)
    assert (found.unread, found.failure) == ((), None)
    assert "Acme B.V." in found.text
    assert "geëist" in found.text


def test_paragraphs_tables_headers_and_text_boxes_of_word_are_read(reader: Texts, tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Kop van Acme"
    document.sections[0].footer.paragraphs[0].text = "Voet van Acme"
    document.add_paragraph("Geachte Zon")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "KvK", "12345678"
    document.save(str(tmp_path / "a.docx"))
    text = read(reader, tmp_path / "a.docx").text
    for piece in ("Kop van Acme", "Voet van Acme", "Geachte Zon", "KvK", "12345678"):
        assert piece in text


def test_cells_of_every_sheet_are_read_and_whole_numbers_stay_whole(reader: Texts, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["KvK", 12345678.0])
    book.create_sheet("Zon").append(["naam", "Acme B.V."])
    book.save(tmp_path / "a.xlsx")
    text = read(reader, tmp_path / "a.xlsx").text
    assert "KvK\t12345678\n" in text
    assert "naam\tAcme B.V.\n" in text
    assert "\nZon\n" in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_whatever_encoding(reader: Texts, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes("Cliënt;Café Zon".encode(encoding))
    assert read(reader, tmp_path / "a.csv").text == "Cliënt;Café Zon"


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman"])
def test_a_table_as_dos_or_a_mac_writes_it_is_read_too(reader: Texts, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes("naam;plaats\nCafé Zürich;Höhne\n".encode(encoding))
    assert "Café Zürich;Höhne" in read(reader, tmp_path / "a.csv").text


def test_signs_of_windows_are_no_letters_of_dos_or_a_mac(reader: Texts, tmp_path: Path) -> None:
    text = "Zo’n “café” – auto’s… ‘s avonds, Beneš à € 5\xa0‰"
    (tmp_path / "a.txt").write_bytes(text.encode("cp1252"))
    assert read(reader, tmp_path / "a.txt").text == text


def test_markup_of_xml_and_html_is_no_text(reader: Texts, tmp_path: Path) -> None:
    (tmp_path / "a.xaf").write_text("<company><name>Jansen &amp; Zonen</name></company>")
    assert read(reader, tmp_path / "a.xaf").text.split() == ["name:", "Jansen", "&", "Zonen"]


def test_what_cannot_be_read_says_why(reader: Texts, tmp_path: Path) -> None:
    cases = {
        "scan.pdf": (scan(), "scan"),
        "secret.pdf": (pdf("geheim", owner_password="a", user_password="b"), "password"),
        "random.pdf": (b"%PDF-1.7\n" + random.Random(1).randbytes(40_000), "damaged"),
        "torn.pdf": (pdf("half")[:200], "damaged"),
        "torn.docx": (b"PK\x03\x04" + b"x" * 200, "damaged"),
        "secret.xlsx": (stored("protected-ledger.xlsx"), "password"),
        "photo.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "scan"),
        "binary.txt": (b"abc\0def", "format"),
        "numbers.txt": (bytes([0, 1, 0, 7, 0, 2]) * 50, "format"),
        "empty.txt": (b"", "empty"),
    }
    for name, (data, reason) in cases.items():
        (tmp_path / name).write_bytes(data)
        found = read(reader, tmp_path / name)
        assert not found.text.strip()
        assert [why.code for why in found.unread] == [f"guard.{reason}"], name


def test_what_only_begins_as_a_pdf_costs_no_process(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + random.Random(1).randbytes(40_000))
    reader = Texts()
    assert read(reader, path).unread
    assert reader._children == []


def test_a_file_that_is_removed_meanwhile_is_read_all_the_same(reader: Texts, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Acme B.V."))
    reading = reader.begin(path, "a.pdf")
    path.unlink()
    assert "Acme" in reading.result(60).text


# Hostile files


@pytest.mark.slow
def test_a_pdf_that_never_ends_is_given_up_and_the_next_one_is_read(reader: Texts, tmp_path: Path) -> None:
    endless = tmp_path / "endless.pdf"
    endless.write_bytes(guard_corpus.endless())
    began = time.monotonic()
    slow = reader.begin(endless, "endless.pdf")
    good = tmp_path / "good.pdf"
    good.write_bytes(pdf("Acme B.V."))
    assert "Acme" in read(reader, good).text
    found = slow.result(60)
    assert found.failure is not None
    assert found.failure.code in ("guard.too_slow", "guard.reader_ended"), found
    assert time.monotonic() - began < 40
    for _ in range(2 * texts.PROCESSES):
        assert "Acme" in read(reader, good).text


@pytest.mark.slow
def test_a_file_that_blows_up_takes_no_more_memory_than_is_allowed(reader: Texts, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(inflating(b" " * 800_000_000))
    assert not read(reader, bomb).text
    sheet = tmp_path / "bomb.docx"
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as stream:
            for _ in range(800):
                stream.write(b" " * 1_000_000)
    found = read(reader, sheet)
    assert found.unread or found.failure
    good = tmp_path / "good.pdf"
    good.write_bytes(pdf("Acme B.V."))
    assert "Acme" in read(reader, good).text


def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Acme B.V."))
    reader = Texts()
    assert "Acme" in read(reader, path).text
    for child in list(reader._children):
        if child.process is not None:
            child.process.kill()
            child.process.wait()
    for _ in range(2 * texts.PROCESSES):
        assert "Acme" in read(reader, path).text
    reader.close()


@pytest.mark.slow
def test_mangled_files_never_hang_or_break_the_reader(reader: Texts, tmp_path: Path) -> None:
    source = random.Random(7)
    good = pdf("Jaarrekening van Acme B.V.")
    for number in range(60):
        data = bytearray(good)
        for _ in range(source.randrange(1, 40)):
            data[source.randrange(len(data))] = source.randrange(256)
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(data[: source.randrange(50, len(data))] if number % 3 == 0 else data)
        found = read(reader, path)
        assert found.text or found.unread or found.failure


def page_faults() -> int:
    """How often the kernel gave memory to the processes that read."""
    children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    readers = [pid for pid in children if "texts_child" in Path(f"/proc/{pid}/cmdline").read_text()]
    return sum(int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7]) for pid in readers)


@pytest.mark.slow
def test_memory_is_kept_from_one_page_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("\n".join(f"Jaarrekening van Acme B.V., regel {number}, met de toelichting" for number in range(60))))
    reader = Texts()
    try:
        for _ in range(5):
            read(reader, path)
        before = page_faults()
        for _ in range(20):  # one in each; a hundred, where nothing is kept
            read(reader, path)
        assert page_faults() - before < 400
    finally:
        reader.close()
