"""`dossier proof`: a sheet of what the client could see, that is verified without the office."""

from __future__ import annotations

import getpass
import hashlib
import io
import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

import pypdfium2
import pytest
from kit.browsing import chromium
from kit.mail_server import serving
from kit.support import PDF, Root, dossier, new_office
from PIL import Image

from workflow.reports import proof

RELEASED = Path(__file__).parents[2] / "released/1.0.0"
ITEM = f"D-{datetime.now():%Y}-000001"
SHARED = """\
description: Jaarrekening <2025> & "meer"
share: yes
share_status: concept
share_attachments: all
approver: m.devries
notify: yes
contact: j.jansen
created_by: p.bakker
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An office with an item that was approved, published, mailed of, replaced and withdrawn; another item came between."""
    root = new_office(tmp_path_factory.mktemp("proof") / "office")
    with serving() as post:
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(post.port)}
        _live(root)
    return root


def _live(root: Root) -> None:
    root.drop("a", SHARED, a_pdf=PDF)
    root.once()
    root.run("approve", ITEM, user="m.devries")
    root.once()
    root.drop("b", "description: Of somebody else\ncreated_by: p.bakker\n", "northwind-ltd", b_pdf=PDF)
    root.once()
    root.run("edit", ITEM, "--description", "Jaarrekening 2025, herzien", user="m.devries")
    root.once()
    root.run("withdraw", ITEM, "--reason", "Wrong year", user="m.devries")
    root.once()


@pytest.fixture(scope="module")
def printed(root: Root) -> str:
    return root.run("proof", ITEM, "--language", "nl", user="m.devries").stdout


@pytest.fixture
def sheet(printed: str, tmp_path: Path) -> Path:
    path = tmp_path / "proof.html"
    path.write_text(printed)
    return path


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """By somebody who has no office."""
    return dossier("proof", "--check", path, folder=path.parent)


def proof_in(path: Path) -> dict[str, object]:
    found = re.search(r'id="proof">\n(.*?)\n</script>', path.read_text(), re.DOTALL)
    assert found
    return json.loads(found.group(1))


def test_it_tells_what_was_seen_from_when_to_when_by_whose_approval(sheet: Path) -> None:
    told = proof_in(sheet)
    first, second = told["periods"]  # type: ignore[misc]
    assert first["what"]["description"] == 'Jaarrekening <2025> & "meer"'
    assert [one["by"] for one in first["approved_by"]] == ["m.devries"]
    assert first["until"] == second["from"]
    assert second["until"] is not None
    page = sheet.read_text().split("<script", 1)[0]
    assert "kon zien van" in page
    assert "&lt;2025&gt;" in page
    assert "Of somebody else" not in sheet.read_text()
    assert "De mailserver antwoordde: “<bdi>250 2.0.0 queued as 4711</bdi>”." in page
    assert (
        f"Marieke de Vries (m.devries) via {getpass.getuser()} heeft het ingetrokken. De reden: “<bdi>Wrong year</bdi>”." in page
    )


def test_it_is_in_sentences_and_has_no_raw_keys(sheet: Path) -> None:
    page = re.sub(r"<style>.*?</style>|<script.*", "", sheet.read_text(), flags=re.DOTALL)
    shown = re.sub(r"<[^>]+>", "", page)
    assert not re.search(r"\b(content|answer|reason|comment|to|contact): ", shown)
    assert not re.search(r"[a-z]+_[a-z]+|T\d\d:\d\d|None|\{", shown)


def test_printed_on_a4_no_hash_is_cut_and_each_date_is_on_one_line(sheet: Path, tmp_path: Path) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"file://{sheet}")
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        page.close()
    document = pypdfium2.PdfDocument(printed)
    assert [round(length) for length in document[0].get_size()] == [595, 842]
    lines = [line for number in range(len(document)) for line in document[number].get_textpage().get_text_bounded().splitlines()]
    told = proof_in(sheet)
    hashes = {one["sha256"] for period in told["periods"] for one in period["what"]["attachments"]}  # type: ignore[attr-defined]
    hashes |= {period["content"] for period in told["periods"]} | {told["anchor"]["head"]}  # type: ignore[attr-defined,index]
    for whole in hashes:
        assert [line for line in lines if line.strip().endswith(whole)], whole
    dated = [line for line in lines if re.search(r"\d{4}, \d\d:", line)]
    assert len(dated) > 8
    for line in dated:
        assert re.search(r"\d{1,2} [a-z]+ \d{4}, \d\d:\d\d:\d\d UTC", line), line
    if folder := os.environ.get("SCREENSHOTS"):
        document[0].render(scale=1.6).to_pil().save(Path(folder) / "proof.png")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_sheet_of_version_1_holds_as_it_was_printed(language: str, tmp_path: Path) -> None:
    old = (RELEASED / f"proof.{language}.html").read_text()
    path = tmp_path / "old.html"
    path.write_text(old)
    assert check(path).returncode == 0
    path.write_text(old.replace("<h1>", "<h1>Nothing of "))
    assert "shows something else" in check(path).stderr


EARLIER = {
    "1.html": "6d056542158ec38275381bb45674e687691760633941bb9dc7b8c401051d8a93",
    "2.css": "5df790a854d03a7e2bb23e1311d4bd3e3351b710eef9d546a78ebce438b1bf0b",
    "2.en.html": "cafd3a97bd7dc49adac213f55ba2ddc9aa27637839a8d35a902edc907825ded8",
    "2.nl.html": "e8b48e1a69250fa8fa886983dc891279b0b5a1494bff258bb3d60a1e7891b9d2",
}
"""SHA-256 of the pages that sheets were made with before."""


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_sheet_of_version_2_holds_as_it_was_printed(sheet: Path, language: str) -> None:
    pages = Path(proof.__file__).parents[1] / "templates/proof"
    assert {name: hashlib.sha256((pages / name).read_bytes()).hexdigest() for name in EARLIER} == EARLIER
    told = proof_in(sheet)
    assert told["proof"] == 3
    sheet.write_text(proof.render({**told, "proof": 2}, language))
    assert ("<main>" in sheet.read_text(), check(sheet).returncode) == (False, 0)
    sheet.write_text(sheet.read_text().replace("<h1>", "<h1>Nothing of "))
    assert "shows something else" in check(sheet).stderr


def test_the_firms_logo_is_on_it_and_in_it(root: Root, tmp_path: Path) -> None:
    place = root.path / "config/logo.png"
    stream = io.BytesIO()
    Image.new("RGB", (300, 60), (11, 95, 85)).save(stream, "PNG")
    place.write_bytes(stream.getvalue())
    path = tmp_path / "proof.html"
    path.write_text(root.run("proof", ITEM, user="m.devries").stdout)
    place.unlink()
    assert '<img src="data:image/png;base64,' in path.read_text()
    assert check(path).returncode == 0
    path.write_text(re.sub(r'"logo":"[^"]+"', '"logo":"AAAA"', path.read_text()))
    done = check(path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_it_holds_without_the_office(sheet: Path) -> None:
    done = check(sheet)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(proof_in(sheet)["anchor"]["head"]) in done.stdout  # type: ignore[index]


def test_without_an_office_it_is_only_said_that_a_sheet_fits_itself(sheet: Path) -> None:
    assert "fits itself. It leads to the anchor" in check(sheet).stdout
    assert "can't be told here" in check(sheet).stdout


def test_in_the_office_it_is_said_that_a_sheet_fits_its_trail(sheet: Path, root: Root, tmp_path: Path) -> None:
    done = root.run("proof", "--check", str(sheet))
    assert "fits itself, and this office's trail" in done.stdout
    assert "can't be told" not in done.stdout
    database = root.path / "var/dossier.db"
    away = database.rename(tmp_path / "away.db")
    try:
        assert "fits itself" in root.run("proof", "--check", str(sheet)).stdout
        assert not database.exists(), "checking makes no database"
    finally:
        away.rename(database)


@pytest.mark.parametrize(("begins", "line_end"), [(b"", b"\r\n"), (b"\xef\xbb\xbf", b"\n")], ids=["line ends", "byte order mark"])
def test_a_sheet_holds_that_went_through_a_mail_or_an_editor(sheet: Path, tmp_path: Path, begins: bytes, line_end: bytes) -> None:
    sent = tmp_path / "sent.html"
    sent.write_bytes(begins + sheet.read_bytes().replace(b"\n", line_end))
    assert check(sent).returncode == 0
    sent.write_bytes(sent.read_bytes().replace(b"</body>", b"more</body>"))
    assert "shows something else" in check(sent).stderr


def test_a_sheet_is_checked_where_the_configuration_is_wrong(sheet: Path, tmp_path: Path) -> None:
    other = new_office(tmp_path / "other")
    other.set("settings", "office: [")
    done = other.run("proof", "--check", str(sheet))
    assert "can't be told here" in done.stdout


def test_a_sheet_of_another_office_fits_itself_and_not_this_offices_trail(root: Root, tmp_path: Path) -> None:
    other = new_office(tmp_path / "other")
    other.drop("a", "description: Something else\ncreated_by: p.bakker\n", a_pdf=PDF)
    other.once()
    path = tmp_path / "forged.html"
    path.write_text(other.run("proof", ITEM).stdout)
    assert check(path).returncode == 0
    done = root.run("proof", "--check", str(path), code=1)
    assert "fits itself, but not this office's trail" in done.stderr
    told = json.loads(root.run("proof", "--check", str(path), "--json", code=1).stdout)
    assert (told["holds"], told["fits_trail"]) == (False, False)


def test_json_holds_as_well(sheet: Path, root: Root) -> None:
    path = sheet.with_name("proof.json")
    path.write_text(root.run("proof", ITEM, "--json").stdout)
    assert check(path).returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"action":"withdrawn"', '"action":"restored"', "does not lie in the chain"),
        ("Wrong year", "Right year", "was changed"),
        ('"size":', '"size":1', "is not what was approved"),
        ('"client":"acme-bv"', '"client":"acme-nv"', "is not what was approved"),
        ("<h2>", "<h2>Nothing. ", "shows something else"),
    ],
)
def test_a_sheet_that_was_changed_does_not_hold(sheet: Path, old: str, new: str, what: str) -> None:
    text = sheet.read_text()
    assert old in text
    sheet.write_text(text.replace(old, new))
    done = check(sheet)
    assert done.returncode == 1
    assert what in done.stderr


@pytest.mark.parametrize(
    "text", ["", "<html>", '{"proof": 1}', '{"proof": 1, "chain": 7, "anchor": [], "events": [{}]}', "\x00\xff"]
)
def test_what_is_no_sheet_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.html"
    path.write_text(text)
    done = check(path)
    assert done.returncode == 1
    assert "no" in done.stderr
    assert "Traceback" not in done.stderr
