"""Pictures and archives: made after the item is up, gone with it, and a hostile file harms nobody."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fpdf
import pytest
from kit.papers import stored, zipped
from kit.portals import CLIENTS, SETTINGS, PortalOffice, raised
from kit.support import need
from PIL import Image

from dossier.database.tables import PageDue, PageFile
from dossier.trail import trail
from workflow.portal import mending, office_child, office_papers, pictures, pictures_child, publishing, verifying
from workflow.portal.pictures import Artist

pytestmark = pytest.mark.usefixtures("real_children")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


@pytest.fixture
def artist() -> Iterator[Artist]:
    made = Artist()
    yield made
    made.close()


def a_pdf(text: str = "Annual accounts") -> bytes:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=40)
    pdf.multi_cell(0, 30, text)
    return bytes(pdf.output())


def an_image(kind: str = "PNG", size: tuple[int, int] = (600, 300)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "navy").save(stream, kind)
    return stream.getvalue()


def page(office: PortalOffice) -> str:
    return (office.office.portal / "acme-bv/index.html").read_text()


def test_an_item_is_up_before_its_picture_and_then_has_one(office: PortalOffice) -> None:
    item = office.share({"a.pdf": a_pdf()})
    office.publish()
    assert not office.extras()
    office.dress()
    (name,) = office.extras()
    assert name.startswith(f"{item}-")
    assert f'src="_pages/{name}"' in page(office)
    with Image.open(office.extras()[name]) as image:
        assert image.format == "WEBP"
        assert image.height == pictures_child.HEIGHT
    assert not PageDue.select().exists()
    office.check()
    assert verifying.look(office.office, office.vault) == []


def test_several_attachments_have_an_archive_with_exactly_them(office: PortalOffice) -> None:
    item = office.share({"a.txt": b"one", "Jaarrekening 2025 — définitief.pdf": b"two"})
    single = office.share({"a.txt": b"one"})
    office.publish()
    office.dress()
    (name,) = office.extras()
    assert name.startswith(item)
    assert f'href="_pages/{name}" download="{item}.zip"' in page(office)
    assert single not in name
    with zipfile.ZipFile(office.extras()[name]) as archive:
        assert {entry: archive.read(entry) for entry in archive.namelist()} == {
            "a.txt": b"one",
            "Jaarrekening 2025 — définitief.pdf": b"two",
        }
        assert archive.testzip() is None


def test_a_picture_that_went_in_a_round_whose_transaction_was_lost_is_forgotten_by_the_next(office: PortalOffice) -> None:
    item = office.share({"a.pdf": a_pdf("1")})
    office.publish()
    office.dress()
    (gone,) = office.extras().values()
    gone.unlink()  # the swap was on the disk when the power went, what the database was to say of it was not
    (told,) = verifying.look(office.office, office.vault)
    assert str(told).endswith(f"is missing (made for {item})")
    office.amend(item, {"a.pdf": a_pdf("2")})
    office.publish()
    office.dress()
    assert verifying.look(office.office, office.vault) == []


def test_they_go_with_the_item_and_are_replaced_with_it(office: PortalOffice) -> None:
    item, other = office.share({"a.pdf": a_pdf("1"), "b.txt": b"b"}), office.share({"c.pdf": a_pdf("2")})
    office.publish()
    office.dress()
    before = set(office.extras())
    assert len(before) == 3
    office.amend(item, {"a.pdf": a_pdf("3")})
    office.publish()
    assert {name for name in office.extras() if name.startswith(item)} == set()
    office.dress()
    assert len(office.extras()) == 3
    assert len(set(office.extras()) & before) == 1
    office.amend(item, description="Another description")
    office.publish()
    assert len(office.extras()) == 3
    office.withdraw(item)
    office.publish()
    assert [name.rpartition("-")[0] for name in office.extras()] == [other]
    assert not PageFile.select().where(PageFile.name.startswith(item)).exists()
    office.configure(clients=CLIENTS.replace("name: Acme", "portal: false, name: Acme"))
    office.reload()
    office.publish()
    assert not PageFile.select().exists()
    office.configure(clients=CLIENTS)
    office.reload()
    office.publish()
    office.dress()
    assert len(office.extras()) == 1
    assert verifying.look(office.office, office.vault) == []


def test_what_was_made_of_an_item_that_was_withdrawn_meanwhile_is_thrown_away(office: PortalOffice) -> None:
    item = office.share({"a.pdf": a_pdf(), "b.txt": b"b"})
    office.publish()
    studio = office.portal.studio()
    batch = studio.make(10, 10)
    assert batch is not None
    office.withdraw(item)
    office.portal.put_up(batch)
    office.publish()
    assert office.extras() == {}
    assert not list((office.root / "var/.portal-staging").glob("*/pages/*"))
    office.restore(item)
    office.publish()
    assert PageDue.select().exists()
    studio.close()


def test_a_crash_between_placing_and_recording_leaves_no_picture_of_a_withdrawn_item(office: PortalOffice) -> None:
    item, other = office.share({"a.pdf": a_pdf()}), office.share({"b.txt": b"b"})
    office.publish()
    office.dress()
    PageFile.delete().execute()  # as if it had been placed, and the transaction had never ended
    PageDue.insert(item=office.row(item).id).execute()
    office.withdraw(item)
    office.start()
    office.publish()
    assert office.extras() == {}
    assert list(office.tree()) == [f"{other}/b.txt"]


def test_a_changed_or_missing_picture_is_made_anew(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    office.share({"a.pdf": a_pdf()})
    office.share({"b.pdf": a_pdf("b")})
    office.publish()
    office.dress()
    first, second = office.extras().values()
    good = first.read_bytes(), second.read_bytes()
    first.write_bytes(b"changed")
    second.unlink()
    assert sorted(one.kind for one in verifying.look(office.office, office.vault)) == ["changed", "lacks"]
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    mending.mend(office.portal, office.now, mending.asked(), raised)
    office.publish()
    assert verifying.look(office.office, office.vault) == []
    assert "_pages/D-" not in page(office)
    office.dress()
    assert (first.read_bytes(), second.read_bytes()) == good
    assert verifying.look(office.office, office.vault) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_images_have_a_picture(artist: Artist, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(an_image(kind))
    with Image.open(io.BytesIO(artist.draw(path))) as image:
        assert image.size == (pictures_child.WIDTH, pictures_child.WIDTH // 2)


def test_a_photo_of_a_telephone_has_a_picture_and_can_be_read_as_a_page(artist: Artist, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(stored("photo.heic"))
    with Image.open(io.BytesIO(artist.draw(path))) as image:
        assert image.size == (pictures_child.WIDTH, pictures_child.WIDTH * 3 // 4)
    page = artist.page(path, 0, 400)
    assert page is not None
    with Image.open(io.BytesIO(page.picture)) as image:
        assert image.size == (400, 300)


def darkest(picture: bytes) -> int:
    with Image.open(io.BytesIO(picture)) as image:
        return int(image.convert("L").getextrema()[0])


def a_form(value: str) -> bytes:
    """A form with a field in which this stands, and that no program has drawn."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/NeedAppearances true/DA(/Helv 40 Tf 0 g)/DR<</Font<</Helv 5 0 R>>>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Annots[4 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(naam)/V(%s)/DA(/Helv 40 Tf 0 g)/Rect[10 100 290 160]/F 4/P 3 0 R>>" % value.encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF"


def test_what_is_filled_in_on_a_form_is_shown_and_marked(artist: Artist, tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(a_form(""))
    assert darkest(artist.draw(path)) > 200
    path.write_bytes(a_form("Noorderlicht"))
    assert darkest(artist.draw(path)) < 100
    page = artist.page(path, 0, 600, ["Noorderlicht"])
    assert page is not None
    assert page.found == 1


def test_a_picture_of_many_greys_is_shown_in_grey(artist: Artist, tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.new("I;16", (300, 300), 0x4000).save(path)
    assert 40 < darkest(artist.draw(path)) < 90


def test_a_first_page_in_landscape_is_shown_whole(artist: Artist, tmp_path: Path) -> None:
    path = tmp_path / "wide.pdf"
    pdf = fpdf.FPDF("landscape")
    pdf.add_page()
    path.write_bytes(bytes(pdf.output()))
    with Image.open(io.BytesIO(artist.draw(path))) as image:
        assert image.width == pictures_child.WIDTH
        assert abs(image.width / image.height - 297 / 210) < 0.02


@pytest.mark.slow
def test_what_draws_office_papers_may_open_no_more_files_than_by_default_though_the_daemon_may(tmp_path: Path) -> None:
    """Some programs look at each that they might have open, before they begin."""
    if not office_papers.can_be_confined():
        pytest.skip("nothing can be confined here")
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nulimit -n > "$HOME/most"\n')
    program.chmod(0o700)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        assert office_papers._run(str(program), tmp_path, "paper.odt", time.monotonic() + 30) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert int((tmp_path / "most").read_text()) == min(office_child.OPEN_FILES, before[1])


@pytest.mark.slow
def test_office_papers_have_a_picture_where_the_office_wants_it(office: PortalOffice) -> None:
    need("soffice", "libreoffice-{writer,calc,impress}-nogui")
    papers = {name: stored(name) for name in ("letter.docx", "ledger.xls", "slides.odp")}
    refused = {"protected.docx": stored("protected-letter.docx"), "torn.docx": papers["letter.docx"][:-300]}
    office.share(papers)
    office.publish()
    office.dress()
    assert not [name for name in office.extras() if name.endswith(".webp")]
    office.configure(settings=SETTINGS + "portal: {office_pictures: libreoffice}\n")
    office.reload()
    office.share({**papers, **refused})
    office.publish()
    office.dress()
    drawn = [path for name, path in office.extras().items() if name.endswith(".webp")]
    assert len(drawn) == len(papers)
    with Image.open(drawn[0]) as image:
        assert image.format == "WEBP"
    assert not list(office.portal.site.staging.rglob("office-*"))


def test_an_office_paper_shows_nothing_of_another_file_that_it_links_to(artist: Artist, tmp_path: Path) -> None:
    need("soffice", "libreoffice-{writer,calc,impress}-nogui")
    """The picture that it links to is red, and lies beside the folder in which it is drawn."""
    Image.new("RGB", (300, 300), "red").save(tmp_path / "secret.png")
    frame = f'<draw:image xlink:href="file://{tmp_path}/secret.png" xlink:type="simple"/>'
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible"))
    )
    content = (
        f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:text><text:p>Beste'
        f'<draw:frame svg:width="9cm" svg:height="9cm">{frame}</draw:frame></text:p></office:text></office:body></office:document-content>'
    )
    with zipfile.ZipFile(io.BytesIO(stored("letter.odt"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    paper = tmp_path / "linking.odt"
    paper.write_bytes(zipped({**parts, "content.xml": content}, stored_first=True))

    def redness() -> int:
        with office_papers.as_pdf(paper, tmp_path) as made:
            assert made is not None
            with Image.open(io.BytesIO(artist.draw(made))) as image:
                points = image.convert("RGB").tobytes()
                return sum(1 for red, green in zip(points[::3], points[1::3], strict=True) if red > 200 and green < 80)

    assert redness() == 0


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 900])
def test_a_pdf_has_a_picture_with_a_byte_order_mark_or_other_bytes_before_it(
    artist: Artist, tmp_path: Path, before: bytes
) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(before + a_pdf())
    with Image.open(io.BytesIO(artist.draw(path))) as image:
        assert image.height == pictures_child.HEIGHT


def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 points in some kilobytes."""
    stream = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(stream, "PNG")
    return stream.getvalue()


def endless_pdf() -> bytes:
    """A page that draws without end: forms that call each other, each ten times."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>")
    call = b"/F Do " * 10
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(call), call))
    depth = 12
    for level in range(depth):
        body = call if level < depth - 1 else b"0 0 600 800 re f " * 50
        resources = b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + level) if level < depth - 1 else b""
        objects.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]%s/Length %d>>stream\n%s\nendstream" % (resources, len(body), body)
        )
    out = b"%PDF-1.4\n"
    for number, body in enumerate(objects, 1):
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return out + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF\n" % (len(objects) + 1)


def hostile() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "only a head": b"%PDF-1.7\n",
        "noise": b"%PDF-1.7\n" + bytes(range(256)) * 100,
        "an image bomb": bomb(),
        "a PDF without end": endless_pdf(),
        "half an image": an_image("JPEG")[:200],
        "half a photo": stored("photo.heic")[:3000],
        "no photo": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    }


@pytest.mark.slow
def test_a_hostile_file_has_no_picture_and_takes_nobody_along(
    artist: Artist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, good = tmp_path / "hostile", tmp_path / "good"
    good.write_bytes(a_pdf())
    started = time.monotonic()
    for name, data in hostile().items():
        path.write_bytes(data)
        assert artist.draw(path) == b"", name
        assert artist.draw(good), name
    assert time.monotonic() - started < 5 * pictures_child.WALL_SECONDS


def test_a_drawing_process_that_died_is_replaced(artist: Artist, tmp_path: Path) -> None:
    path = tmp_path / "good"
    path.write_bytes(a_pdf())
    assert artist.draw(path)
    assert artist._child.process is not None
    artist._child.process.kill()
    artist._child.process.wait()
    assert artist.draw(path)


def test_the_fork_can_open_no_file_and_no_socket_and_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file might make of the process that draws it: it gets no further."""
    script = tmp_path / "evil.py"
    script.write_text(
        "import os, socket, sys\n"
        "from workflow.portal import pictures_child as child\n"
        "def evil(kind, content):\n"
        "    start = [os.fork, lambda: os.posix_spawn('/bin/true', ['true'], {})] if kind == b'H' else []\n"
        "    for attempt in (lambda: open('/etc/passwd'), socket.socket, os.pipe, lambda: open('/tmp/x', 'w'), *start):\n"
        "        try:\n"
        "            attempt()\n"
        "        except OSError:\n"
        "            continue\n"
        "        return b'it could'\n"
        "    return b'RIFF0000WEBP'\n"
        "child.draw = evil\n"
        "for kind in (b'P', b'H'):\n"
        "    sys.stdout.write(child.in_fork(kind, os.open(sys.argv[1], os.O_RDONLY)).decode())\n"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, script, script], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (2 * "RIFF0000WEBP", "")


def test_an_archive_that_would_be_too_large_is_not_made(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "ARCHIVE_BYTES", 5)
    office.share({"a.txt": b"one", "b.txt": b"two"})
    office.publish()
    office.dress()
    assert office.extras() == {}
    assert not PageDue.select().exists()


def test_a_full_disk_is_no_harm_and_it_is_tried_again(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office.share({"a.txt": b"one", "b.txt": b"two"})
    office.publish()
    studio = office.portal.studio()
    with monkeypatch.context() as broken:
        broken.setattr(pictures.files, "hash_file", lambda path: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            studio.make(10, 10)
    office.dress()
    assert len(office.extras()) == 1
    studio.close()


def test_an_amendment_that_is_killed_between_the_swap_and_the_record_leaves_no_picture_missing_after_the_next_start(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    item = office.share({"a.pdf": a_pdf()})
    office.publish()
    office.dress()
    assert list(office.extras())
    office.amend(item, {"a.pdf": a_pdf("b")})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(publishing, "record", die)
        with pytest.raises(KeyboardInterrupt):
            office.portal.round(office.now)
    office.start()
    office.publish()
    assert verifying.look(office.office, office.vault) == []
    office.dress()
    assert list(office.extras())
    assert verifying.look(office.office, office.vault) == []


def test_a_missing_picture_is_told_with_the_item_that_it_is_of(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    item = office.share({"a.pdf": a_pdf()})
    office.publish()
    office.dress()
    for path in office.extras().values():
        path.unlink()
    found = verifying.look(office.office, office.vault)
    assert found
    assert all(f"made for {item}" in str(one) for one in found)
