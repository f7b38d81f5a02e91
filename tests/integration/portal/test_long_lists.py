"""A client with a long list: the older items stand on pages of their own, which stay as they are until something of them changes."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.portals import PortalOffice

from dossier.database.tables import Edition, Item, Page, first_edition, item_key
from workflow.portal import lists, publishing, showing, verifying


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalOffice]:
    """An office whose lists are long from seven items on."""
    monkeypatch.setattr(lists, "WHOLE", 6)
    monkeypatch.setattr(lists, "PART", 4)
    monkeypatch.setattr(showing, "AT_ONCE", 3)
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


def shared(office: PortalOffice, count: int) -> list[str]:
    """So many items more, published."""
    items = office.share_all([({"a.txt": b"%d" % number}, "acme-bv", f"Item number {number}") for number in range(count)])
    office.publish()
    return items


def oldest(office: PortalOffice) -> Path:
    """The page of the oldest items."""
    return office.office.portal / f"acme-bv/_pages/older-{Page.get_by_id('acme-bv').older[-1]['number']}.html"


def made_anew(office: PortalOffice, since: dict[str, tuple[int, int]]) -> set[str]:
    """The pages that were written since."""
    return {name for name, seen in pages(office).items() if since.get(name) != seen}


def pages(office: PortalOffice) -> dict[str, tuple[int, int]]:
    home = office.office.portal / "acme-bv"
    found = [path for path in (*home.iterdir(), *(home / "_pages").iterdir()) if path.is_file()]
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


@pytest.mark.parametrize("count", [20, 60])
def test_one_item_more_writes_the_same_pages_however_many_there_are(office: PortalOffice, count: int) -> None:
    shared(office, count)
    before = pages(office)
    office.share({"new.txt": b"new"})
    office.publish()
    assert made_anew(office, before) == {"index.html", "items.json", "feed.xml"}
    office.check()


def test_an_older_item_that_changes_or_goes_makes_its_own_page_anew(office: PortalOffice) -> None:
    items = shared(office, 24)
    before = pages(office)
    office.amend(items[1], description="Annual accounts, corrected")
    office.publish()
    anew = {name for name in made_anew(office, before) if name.startswith("older-")}
    assert len(anew) == 2, anew  # the page and what it is found by
    office.check()
    office.withdraw(items[2])
    office.publish()
    office.check()
    assert items[2] not in json.dumps(json.loads((office.office.portal / "acme-bv/items.json").read_text()))


def test_whatever_happens_to_a_long_list_each_item_stands_on_one_page_in_its_place(office: PortalOffice) -> None:
    dice = random.Random(7)
    items, withdrawn = shared(office, 9), []
    for _ in range(20):
        match dice.choice(("more", "more", "amend", "withdraw", "restore", "start")):
            case "more":
                items += shared(office, dice.randint(1, 5))
            case "amend":
                office.amend(dice.choice(items), description=f"Annual accounts {dice.random()}")
            case "withdraw" | "restore" as what:
                office.turn(what, items, withdrawn, dice)
            case "start":
                office.start()
        office.publish()
        office.check()
    assert verifying.look(office.office, office.vault) == []


def test_a_list_that_was_long_is_whole_again_when_all_but_a_few_went(office: PortalOffice) -> None:
    items = shared(office, 12)
    for item in items[:-2]:
        office.withdraw(item)
    office.publish()
    office.check()
    assert office.on_pages() == [items[-1], items[-2]]


def test_pages_that_were_placed_and_not_recorded_name_nothing_that_was_withdrawn_meanwhile(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: object) -> int:
        raise Killed

    shared(office, 10)
    more = office.share_all([({"a.txt": b"1"}, "acme-bv", f"Another, number {number}") for number in range(9)])
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "record", killed)
        with pytest.raises(Killed):
            office.publish()
    for item in more[:6]:
        office.withdraw(item)
    office.start()
    office.publish()
    office.check()
    assert verifying.look(office.office, office.vault) == []


@pytest.mark.parametrize("damage", ["a line more in items.json", "a page that nobody recorded", "a page is gone"])
def test_what_is_not_as_it_was_written_is_made_anew(office: PortalOffice, damage: str) -> None:
    shared(office, 20)
    home = office.office.portal / "acme-bv"
    match damage:
        case "a line more in items.json":
            text = (home / "items.json").read_text()
            (home / "items.json").write_text(text.replace("Item number 1", "Item number 7"))
        case "a page that nobody recorded":
            (home / "_pages/older-99.html").write_text("<article id='D-2026-000999'>")
        case "a page is gone":
            oldest(office).unlink()
    office.share({"new.txt": b"new"})
    office.publish()
    office.check()
    assert verifying.look(office.office, office.vault) == []


def test_an_older_item_that_was_changed_in_the_database_is_not_shown_as_changed_and_is_found(office: PortalOffice) -> None:
    old = item_key(shared(office, 20)[0])
    edition = Edition.get_by_id(first_edition(old) + 1)
    Edition.update(shown={**edition.shown, "description": "Of somebody else"}).where(Edition.id == edition.id).execute()
    office.share({"new.txt": b"new"})
    office.publish()
    home = office.office.portal / "acme-bv"
    shown = "".join(path.read_text() for path in (*home.glob("*.*"), *home.glob("_pages/older-*")))
    assert "Of somebody else" not in shown
    assert [one.item for one in verifying.look_at_editions(lambda _: True)] == [old]
    office.portal.redo((), ["acme-bv"])  # all pages anew: then it is held against the trail, and goes
    office.publish()
    assert "Of somebody else" not in oldest(office).read_text()
    assert not (home / "D-2026-000001").exists()


def test_a_long_list_whose_folder_is_gone_comes_back_with_few_items_in_memory_at_once(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared(office, 40)
    before = office.tree(), office.on_pages()
    at_once: list[int] = []
    named: list[list[str]] = []
    record = publishing.record

    def counted(*args: object) -> int:
        at_once.append(len(args[2]))  # type: ignore[arg-type]
        named.append([path for path in office.listed() if not (office.office.portal / "acme-bv" / path).exists()])
        return record(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "record", counted)
    monkeypatch.setattr(office.portal.site, "at_once", 8)
    shutil.rmtree(office.office.portal)
    office.publish()
    assert (office.tree(), office.on_pages()) == before
    assert max(at_once) <= 16
    assert len(at_once) > 3
    assert not any(named), "items.json named what was not there yet"
    office.check()
    shutil.rmtree(office.office.portal / "acme-bv")
    office.share({"new.txt": b"new"})
    office.publish()
    assert len(office.tree()) == 41
    office.check()


def test_where_somebody_waits_for_the_end_of_a_round_fewer_items_are_published_in_each(office: PortalOffice) -> None:
    shared(office, 30)
    for number in range(6):
        office.share({f"{number}.txt": b"more"})
    office.portal = publishing.Publisher(office.office, office.vault, at_once=2)
    office.portal.prepare()
    assert [office.portal.round(office.now) for _ in range(4)] == [2, 2, 2, 0]


def test_a_daemon_that_ends_while_a_lost_list_comes_back_goes_on_at_its_next_start(office: PortalOffice) -> None:
    shared(office, 30)
    before = office.tree()
    office.portal.site.at_once = 5
    shutil.rmtree(office.office.portal)
    assert office.portal.has_work(office.now)
    office.portal.round(office.now)
    assert 0 < len(office.tree()) < 30
    office.start()
    office.publish()
    assert office.tree() == before
    office.check()


def test_pictures_of_older_items_are_on_their_pages(office: PortalOffice) -> None:
    office.share({"a.txt": b"1", "b.txt": b"2"})
    shared(office, 12)
    office.dress()
    html = oldest(office).read_text()
    assert 'href="../_pages/D-2026-000001-' in html
    assert 'href="../D-2026-000001/a.txt"' in html
    assert not Item.select().where(Item.unsettled).exists()
    office.check()
