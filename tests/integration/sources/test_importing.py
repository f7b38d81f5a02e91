"""`dossier import`: an archive becomes drops, once each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.guard_corpus import pdf
from kit.support import DOSSIER, Root, once_here, wait_for

from dossier.database.database import close_database, open_database
from dossier.database.tables import Drop, Item
from dossier.files import settling
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text import clock
from ingest.inbox.looking import Looker
from ingest.sources.archive import Archive, MapError, read_import_map
from ingest.sources.importing import Importer, ImportReport
from workflow.items import items
from workflow.reports import finding

BY_NAME = r"""
files: '(?P<client>[^/]+)/(?P<year>\d{4})/(?P<title>[^/]+)\.(pdf|txt)'
client: "{client}"
translate: {client: {"1001": acme-bv, "1002": northwind-ltd}}
item:
  description: "{title} {year}"
  location: "{year}/Archief"
  labels: [archief, "{year}"]
"""
BY_TABLE = """
table: index.csv
delimiter: ";"
attachments: ["{map}/{bestand}"]
one_item_per: "{stuk}"
translate: {klant: {"1001": acme-bv}, stand: {A: closed}}
client: "{klant}"
item: {description: "{titel}", status: "{stand}", explanation: "{opmerking}"}
"""
TABLE = """stuk;klant;titel;map;bestand;stand;opmerking
1;1001;Jaarrekening 2019;a;een.pdf;A;Eerste regel
1;1001;Jaarrekening 2019;a;twee.pdf;A;
2;1001;Brief aan de belastingdienst;b;een.pdf;A;
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    for path, text in {
        "1001/2019/Jaarrekening.pdf": "a", "1001/2020/Jaarrekening.pdf": "b", "1002/2019/Letter of intent.txt": "c", "1001/2019/Thumbs.db": "x",
        "1001/2019/@eaDir/Jaarrekening.pdf": "x", "1001/2019/Icon\r": "x", "loose.doc": "d",
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def by_table(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    for path in ("a/een.pdf", "a/twee.pdf", "b/een.pdf"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(pdf(path))
    (folder / "index.csv").write_text(TABLE)
    return folder


@pytest.fixture
def office(root: Root) -> Iterator[Root]:
    """It needs next to no room, so that a disk that is nearly full fails no test of what the import takes."""
    root.environ["DOSSIER_ALARMS__FREE_MB"] = "1"
    yield root
    close_database()


def importing(root: Root, folder: Path, given: str, skip_faulty: bool = False) -> tuple[ImportReport, ImportReport | None]:
    """What the command does, in this process: (what was seen, what was done)."""
    path = root.path / "map.yaml"
    path.write_text(given)
    office = load_office(root.path, root.environ)
    open_database(office)
    importer = Importer(office, Actor("p.bakker", "command"), Archive(folder, read_import_map(path)))
    seen = importer.look()
    return seen, None if seen.faulty and not skip_faulty else importer.place(clock.utc_now(), seen.faulty)


def command(root: Root, folder: Path, given: str, *options: str, code: int = 0) -> str:
    (root.path / "map.yaml").write_text(given)
    done = root.run("import", str(folder), "--map", str(root.path / "map.yaml"), *options, user="p.bakker", code=code)
    return done.stdout + done.stderr


def taken(root: Root) -> list[dict[str, object]]:
    once_here(root)
    open_database(load_office(root.path, root.environ))
    return [finding.whole(items.get(row.id)) for row in Item.select().order_by(Item.id)]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_become_items_by_what_their_paths_say(office: Root, archive: Path) -> None:
    before = tree(archive)
    seen, done = importing(office, archive, BY_NAME)
    assert (seen.entries, [str(one) for one in seen.left_out]) == (3, ["loose.doc"])
    assert done is not None
    assert done.placed == 3
    found = {item["description"]: item for item in taken(office)}
    assert sorted(found) == ["Jaarrekening 2019", "Jaarrekening 2020", "Letter of intent 2019"]
    one = found["Letter of intent 2019"]
    assert (one["client"], one["location"], one["labels"]) == ("northwind-ltd", "2019/Archief", ["archief", "2019"])
    assert (one["created_by"], one["share_state"]) == ("p.bakker", "private")
    assert [a["name"] for a in one["attachments"]] == ["Letter of intent.txt"]  # type: ignore[attr-defined]
    assert tree(archive) == before


def test_rows_of_a_table_become_items_and_rows_of_one_item_its_attachments(office: Root, by_table: Path) -> None:
    importing(office, by_table, BY_TABLE)
    found = {str(item["description"]): item for item in taken(office)}
    assert len(found) == 2
    first = found["Jaarrekening 2019"]
    assert (first["status"], first["explanation"]) == ("closed", "Eerste regel")
    assert [a["name"] for a in first["attachments"]] == ["een.pdf", "twee.pdf"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("by", ["table", "paths"])
def test_items_get_their_numbers_in_the_order_of_the_archive(office: Root, tmp_path: Path, by: str) -> None:
    folder, titles = tmp_path / "many", [f"Letter {number:03}" for number in range(300)]
    (folder / "1001/2019").mkdir(parents=True)
    for title in titles:
        (folder / f"1001/2019/{title}.txt").write_text(title)
    if by == "table":
        titles.reverse()
        rows = "".join(f"{number};1001;{title};1001/2019;{title}.txt;A;\n" for number, title in enumerate(titles))
        (folder / "index.csv").write_text(f"{TABLE.splitlines()[0]}\n{rows}")
    importing(office, folder, BY_TABLE if by == "table" else BY_NAME)
    once_here(office)
    open_database(load_office(office.path, office.environ))
    numbered = [item.description.removesuffix(" 2019") for item in Item.select().order_by(Item.id)]
    assert numbered == titles


def test_an_imported_drop_that_somebody_writes_to_holds_up_no_other(office: Root, archive: Path) -> None:
    importing(office, archive, BY_NAME)
    folders = sorted(office.inbox().glob("import-*"), key=lambda folder: (folder / "item.yaml").stat().st_mtime_ns)
    wall, monotonic = settling.now()
    looker = Looker(load_office(office.path, office.environ))
    with next(folders[0].glob("*.pdf")).open("a"):
        for later in (0.0, 10.0, 20.0):
            view = looker.look("acme-bv", wall + later, monotonic + later)
    assert [found.folder for found in view.ready] == [folders[1].name]


def test_a_dry_run_tells_everything_and_writes_nothing(office: Root, archive: Path) -> None:
    (archive / "1003/2019").mkdir(parents=True)
    (archive / "1003/2019/Onbekend.pdf").write_text("x")
    for options in ((), ("--dry-run",)):
        said = command(office, archive, BY_NAME, *options, code=1)
        assert "1003/2019/Onbekend.pdf: there is no client `1003`" in said
        assert "4 items" in said
        assert "nothing was imported" in said
        assert "left out: loose.doc" in said
    assert os.listdir(office.path / "inbox") == []
    assert "3 are in the inbox now, 0 were imported before" in command(office, archive, BY_NAME, "--skip-faulty")
    assert len(taken(office)) == 3


def test_run_again_it_goes_on_where_it_was_also_with_another_map(office: Root, archive: Path) -> None:
    importing(office, archive, BY_NAME)
    _, done = importing(office, archive, BY_NAME)
    assert done is not None
    assert (done.placed, done.before) == (0, 3)
    assert len(taken(office)) == 3
    (archive / "1001/2021").mkdir()
    (archive / "1001/2021/Jaarrekening.pdf").write_text("e")
    _, done = importing(office, archive, BY_NAME.replace("archief, ", ""))
    assert done is not None
    assert (done.placed, done.before) == (1, 3)
    assert len(taken(office)) == 4


def test_another_file_by_the_path_of_one_that_was_imported_is_told_of(office: Root, archive: Path) -> None:
    importing(office, archive, BY_NAME)
    path = archive / "1001/2019/Jaarrekening.pdf"
    for text in ("another one", "z", "a"):  # longer, as long, and as it was
        path.write_text(text)
        seen, _ = importing(office, archive, BY_NAME)
        told = [str(one) for one in seen.changed]
        assert told == [] if text == "a" else "1001/2019/Jaarrekening.pdf` is another file now" in told[0]
    taken(office)
    path.write_text("z")
    said = command(office, archive, BY_NAME, "--dry-run")
    assert "1001/2019/Jaarrekening.pdf: imported before (D-" in said
    assert "1 has other files now" in said
    [number] = [item["item"] for item in taken(office) if item["description"] == "Jaarrekening 2019"]
    office.run("replace", str(number), "Jaarrekening.pdf", str(path), user="j.admin")
    assert importing(office, archive, BY_NAME)[0].changed == []
    path.write_text("a")
    assert importing(office, archive, BY_NAME)[0].changed == [], "it is an earlier version"


def test_what_a_killed_import_left_half_copied_is_removed(office: Root, archive: Path) -> None:
    left = office.inbox() / ".import-import-0123456789"
    left.mkdir()
    (left / "half.pdf").write_text("x")
    importing(office, archive, BY_NAME)
    assert not left.exists()
    assert len(taken(office)) == 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (BY_NAME.replace("{title} {year}", "{titel}"), "there is no `titel`"),
        (BY_NAME.replace("files:", "filse:"), "filse: there is no such key"),
        (BY_NAME.replace("(?P<client>", "(?P<client"), "no regular expression"),
        (BY_NAME + "table: index.csv\n", "say either `table`"),
        ("client: acme-bv\n", "item: this key is required"),
    ],
)
def test_a_faulty_map_is_told_of_before_anything_is_done(office: Root, archive: Path, given: str, told: str) -> None:
    with pytest.raises(MapError, match=told):
        importing(office, archive, given)
    assert os.listdir(office.path / "inbox") == []


def test_an_encoding_that_is_none_is_told_with_its_line(office: Root, archive: Path) -> None:
    assert "there is no such encoding" in command(office, archive, BY_NAME + "encoding: klingon\n", code=1)


def test_a_table_that_is_not_there_is_told_of_without_a_traceback(office: Root, archive: Path) -> None:
    said = command(office, archive, BY_TABLE, code=4)
    assert "index.csv" in said
    assert "Traceback" not in said


def test_no_row_reaches_a_file_outside_the_archive(office: Root, by_table: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_text("x")
    (by_table / "index.csv").write_text(TABLE + "3;1001;Een geheim stuk;..;secret.pdf;A;\n4;1001;Nog een geheim;/etc;passwd;A;\n")
    seen, done = importing(office, by_table, BY_TABLE)
    assert [fault for _, fault in seen.faults if "there is no such file in the archive" not in str(fault)] == []
    assert (len(seen.faults), done) == (2, None)


def test_names_that_can_be_no_attachments_get_the_nearest_that_can(office: Root, by_table: Path) -> None:
    for number, name in enumerate(("Brief: 'a' of b?.pdf", "CON.pdf", "_concept.pdf", "Cafe\u0301.pdf", "vol. .pdf")):
        (by_table / "b" / name).write_bytes(pdf(f"paper {number}"))
    (by_table / os.fsdecode(b"b/Re\xe7u.pdf")).write_bytes(pdf("not UTF-8"))
    wanted = ("Brief: 'a' of b?.pdf", "con.PDF", "_concept.pdf", "Café.pdf", "vol. .pdf", "Reçu.pdf")
    rows = "".join(f"9;1001;Een brief van toen;b;{name};A;\n" for name in wanted)
    (by_table / "index.csv").write_text(TABLE + rows, encoding="cp1252")
    seen, done = importing(office, by_table, BY_TABLE.replace("delimiter", "encoding: cp1252\ndelimiter"))
    assert (seen.faults, done is not None) == ([], True)
    assert len(seen.renamed) == 4
    found = {str(item["description"]): item for item in taken(office)}
    assert [a["name"] for a in found["Een brief van toen"]["attachments"]] == [  # type: ignore[attr-defined]
        "Brief- 'a' of b-.pdf", "CON-.pdf", "concept.pdf", "Café.pdf", "vol. .pdf", "Re-u.pdf",
    ]  # fmt: skip


def test_a_name_that_is_not_utf_8_is_read_in_the_maps_encoding_also_where_paths_say_it(office: Root, archive: Path) -> None:
    (archive / os.fsdecode(b"1001/2019/Re\xe7u.pdf")).write_bytes(b"x")
    seen, done = importing(office, archive, BY_NAME)
    assert ["say `encoding` in the map" in str(fault) for _, fault in seen.faults] == [True]
    assert done is None
    seen, done = importing(office, archive, "encoding: cp1252" + BY_NAME)
    assert (seen.faults, done is not None) == ([], True)
    assert "Reçu 2019" in {str(item["description"]) for item in taken(office)}


def test_an_empty_file_is_told_of_as_the_daemon_would_not_take_it(office: Root, archive: Path) -> None:
    (archive / "1001/2019/Jaarrekening.pdf").write_bytes(b"")
    seen, _ = importing(office, archive, BY_NAME, skip_faulty=True)
    assert [(source, "the file is empty" in str(fault)) for source, fault in seen.faults] == [
        ("1001/2019/Jaarrekening.pdf", True)
    ]
    assert len(taken(office)) == 2


def test_two_files_of_one_item_with_the_same_name_are_numbered(office: Root, by_table: Path) -> None:
    (by_table / "index.csv").write_text(TABLE + "3;1001;Uit twee mappen samen;a;een.pdf;A;\n3;1001;;b;een.pdf;A;\n")
    importing(office, by_table, BY_TABLE)
    found = {str(item["description"]): item for item in taken(office)}
    assert [a["name"] for a in found["Uit twee mappen samen"]["attachments"]] == ["een.pdf", "een (2).pdf"]  # type: ignore[attr-defined]


def test_rows_of_an_item_that_are_torn_apart_are_told_of_and_only_those_are_left_out(office: Root, by_table: Path) -> None:
    torn = "1;1001;Jaarrekening 2019;b;een.pdf;A;\n" + "2;1001;Brief aan de belastingdienst;b;een.pdf;A;\n"
    (by_table / "index.csv").write_text(TABLE + torn)
    seen, done = importing(office, by_table, BY_TABLE, skip_faulty=True)
    assert [source for source, _ in seen.faults] == ["index.csv:5", "index.csv:6"]
    assert "follow each other" in str(seen.faults[0][1])
    assert done is not None
    assert (done.placed, done.before) == (2, 0)
    assert len(taken(office)) == 2


def test_what_no_item_speaks_for_is_told_also_links_and_what_cannot_be_read(office: Root, archive: Path) -> None:
    (archive / "1001/2019/_concept.doc").write_text("x")
    (archive / "1001/2019/elders.pdf").symlink_to("/etc/passwd")
    (archive / "away").symlink_to("/etc")
    seen, done = importing(office, archive, BY_NAME)
    assert [str(one) for one in seen.left_out] == [
        "away (a link; it is not followed)", "loose.doc", "1001/2019/_concept.doc", "1001/2019/elders.pdf (a link; it is not followed)",
    ]  # fmt: skip
    assert done is not None
    assert done.placed == 3


def test_no_row_leads_through_a_link(office: Root, by_table: Path) -> None:
    (by_table / "etc").symlink_to("/etc")
    (by_table / "index.csv").write_text(TABLE + "3;1001;Een geheim stuk;etc;passwd;A;\n")
    seen, done = importing(office, by_table, BY_TABLE)
    assert [(source, str(fault)) for source, fault in seen.faults] == [
        ("index.csv:5", "`etc/passwd`: there is no such file in the archive")
    ]
    assert done is None


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (TABLE.replace(";", ","), 'delimiter: ","'),
        (TABLE.replace(";", "\t"), 'delimiter: "\\\\t"'),
        (TABLE.replace("map;bestand", "map;map"), "two columns are called `map`"),
        (TABLE.replace("twee", "één"), "say `encoding` in the map, such as cp1252"),
    ],
)
def test_a_table_that_is_read_in_the_wrong_way_says_what_to_write_in_the_map(
    office: Root, by_table: Path, table: str, told: str
) -> None:
    (by_table / "index.csv").write_bytes(table.encode("cp1252"))
    with pytest.raises(MapError, match=told):
        importing(office, by_table, BY_TABLE)


def test_a_table_as_excel_saves_it_says_its_delimiter_itself(office: Root, by_table: Path) -> None:
    (by_table / "index.csv").write_bytes(b"\xef\xbb\xbfsep=;\r\n" + TABLE.replace("\n", "\r\n").encode())
    seen, done = importing(office, by_table, BY_TABLE.replace('delimiter: ";"', ""))
    assert (seen.entries, seen.faults) == (2, [])
    assert done is not None


def test_without_room_for_all_of_it_nothing_is_begun(office: Root, archive: Path) -> None:
    office.environ["DOSSIER_ALARMS__FREE_MB"] = "1000000000"
    said = command(office, archive, BY_NAME, code=4)
    assert "the import needs 1 MB here" in said
    assert os.listdir(office.path / "inbox") == []


@pytest.mark.slow
def test_killed_again_and_again_and_run_again_nothing_is_lost_and_nothing_comes_twice(office: Root, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    for number in range(520):
        path = folder / f"1001/{2010 + number % 10}/Stuk {number}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pdf(f"paper {number}"))
    before = tree(folder)
    given = office.path / "map.yaml"
    given.write_text(BY_NAME)
    words = [str(DOSSIER), "--root", str(office.path), "--as", "p.bakker", "import", str(folder), "--map", str(given)]
    for wanted in (1, 260):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=office.whole_environ())
        home = office.inbox()
        wait_for(lambda: process.poll() is not None or len(os.listdir(home)) > wanted, "some drops are placed")  # noqa: B023
        process.kill()
        process.wait()
        if wanted == 1:
            once_here(office)  # what is there by then is taken in between
    done = subprocess.run(words, capture_output=True, text=True, env=office.whole_environ(), check=False)
    assert done.returncode == 0, done.stderr
    once_here(office)
    assert Item.select().count() == 520
    assert Drop.select().where(Drop.kind == "taken").count() == 520
    assert tree(folder) == before


def test_a_map_leads_to_nothing_outside_the_archive(archive: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(TABLE)
    (archive / "link.csv").symlink_to(outside)
    (archive / "folder").symlink_to(tmp_path)
    for table in ("../outside.csv", str(outside), "link.csv", "folder/outside.csv"):
        (tmp_path / "map.yaml").write_text(BY_TABLE.replace("index.csv", table))
        with pytest.raises(FileNotFoundError, match="is not followed"):
            list(Archive(archive, read_import_map(tmp_path / "map.yaml")).entries())
