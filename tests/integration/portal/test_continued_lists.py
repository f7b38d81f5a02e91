"""What is older than all that changes is copied from the pages that lie there: to the byte as if all were made anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.documents import pdf
from kit.portals import MADE, PortalOffice

from dossier.database.tables import Edition, Item, Page, first_edition, item_key
from workflow.portal import lists, pages, publishing, verifying, whole_list
from workflow.portal.showing import Changes
from workflow.portal.whole_list import WholeList, WrittenPage

ODD = (
    "Annual accounts 2025",
    '</div><article id="D-2026-000003" data-year="1999">',
    '</article></section><h2 id="year-1999">',
    "</entry>\n<entry>\n<id>urn:uuid:0</id>",
    '{"item": "D-2026-000002"',
    ']}\\n {"item": "D-2026-000001", "description": "&lt;/div&gt; 1987"',
    "Été – café \u2028 \U0001f4c4",
)
"""Descriptions, some of which look like a part of the pages."""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalOffice]:
    """An office of whose lists little is enough to be copied."""
    monkeypatch.setattr(lists, "WORTH_COPYING", 2)
    monkeypatch.setattr(pages, "FEED_ENTRIES", 8)
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[WholeList]:
    """What pages are made of, each time."""
    wanted: list[WholeList] = []
    write_whole = whole_list.write_whole

    def noted(one: WholeList) -> dict[str, WrittenPage]:
        wanted.append(one)
        return write_whole(one)

    monkeypatch.setattr(lists, "write_whole", noted)
    return wanted


def shared(office: PortalOffice, count: int, description: str = "Item") -> list[str]:
    """So many items more, published."""
    items = office.share_all([({"a.txt": b"%d" % number}, "acme-bv", f"{description} {number}") for number in range(count)])
    office.publish()
    return items


def lying(office: PortalOffice) -> dict[str, str]:
    return {name: (office.office.portal / "acme-bv" / name).read_text() for name in MADE}


def made_anew(office: PortalOffice) -> dict[str, str]:
    """The pages as they are when all of them is made of what the database has."""
    nothing = Changes({}, frozenset(), ())
    content = lists.begin_pages(office.office, "acme-bv", nothing, office.portal.site, None, (), None)().content
    return {name: content[name].read_text() for name in MADE if isinstance(content[name], Path)}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_changes_the_pages_are_to_the_byte_as_if_all_were_made_anew(office: PortalOffice, seed: int) -> None:
    dice = random.Random(seed)
    items, withdrawn = shared(office, 5), list[str]()
    for _ in range(25):
        match dice.choice(("more", "more", "paper", "amend", "withdraw", "restore", "dress", "start", "year")):
            case "more":
                items += shared(office, dice.randint(1, 4), dice.choice(ODD).replace("\n", " "))
            case "paper":
                items.append(office.share({"a.pdf": pdf("A letter"), "b.pdf": pdf("Another")}, description="Two papers of 2019"))
            case "amend":
                office.amend(dice.choice(items), description=f"{dice.choice(ODD)} {dice.random()}".replace("\n", " "))
            case "withdraw" | "restore" as what:
                office.turn(what, items, withdrawn, dice)
            case "dress":
                office.publish()
                office.dress()
            case "start":
                office.start()
            case "year":
                office.now += timedelta(days=dice.randint(30, 400))
        office.publish()
        office.check()
        assert lying(office) == made_anew(office)
    assert verifying.look(office.office, office.vault) == []


def test_an_item_more_is_made_without_those_that_are_there(office: PortalOffice, made: list[WholeList]) -> None:
    shared(office, 30)
    made.clear()
    newest = shared(office, 1)
    assert [[one.item for one in wanted.items] for wanted in made] == [[newest[0], "D-2026-000030"]]
    assert lying(office) == made_anew(office)


def test_an_item_that_changes_is_made_with_those_above_it(office: PortalOffice, made: list[WholeList]) -> None:
    items = [shared(office, 1)[0] for _ in range(30)]
    office.share({"a.pdf": pdf("One"), "b.pdf": pdf("Two")})
    office.publish()
    shared(office, 2)
    made.clear()
    office.dress()  # the picture of the third from above
    assert len(made[-1].items) == 4
    office.amend(items[20], description="Annual accounts, corrected")  # it goes to the top
    office.publish()
    assert len(made[-1].items) == 14
    assert lying(office) == made_anew(office)


@pytest.mark.parametrize("page", MADE)
@pytest.mark.parametrize("damage", ["changed", "gone", "cut off"])
def test_pages_that_are_not_as_they_were_written_are_made_anew(office: PortalOffice, page: str, damage: str) -> None:
    shared(office, 12)
    path = office.office.portal / "acme-bv" / page
    text = path.read_text()
    match damage:
        case "changed":
            path.write_text(text.replace("Item 1", "Item 7"))
        case "gone":
            path.unlink()
        case "cut off":
            path.write_text(text[: len(text) // 2])
    shared(office, 1)
    office.check()
    assert lying(office) == made_anew(office)


def test_pages_that_were_placed_and_not_recorded_are_made_anew(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    shared(office, 12)
    more = office.share_all([({"a.txt": b"1"}, "acme-bv", f"Another {number}") for number in range(3)])

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            office.publish()
    assert more[0] in lying(office)["index.html"]
    office.withdraw(more[0])
    office.start()
    office.publish()
    office.check()
    assert more[0] not in lying(office)["index.html"]
    assert lying(office) == made_anew(office)


def test_what_was_changed_in_the_database_does_not_get_onto_pages_that_are_made_for_something_else(office: PortalOffice) -> None:
    old = shared(office, 12)[2]
    row = Edition.get_by_id(first_edition(item_key(old)) + 1)
    row.shown = {**row.shown, "description": "Approved by nobody"}
    row.save()
    shared(office, 1)
    assert not any("Approved by nobody" in text for text in lying(office).values())
    assert len(verifying.look(office.office, office.vault)) == 1


def test_a_list_with_something_below_that_waits_is_made_anew(office: PortalOffice) -> None:
    """As where a folder that was lost comes back in several rounds: what is not there yet is on no page."""
    items = shared(office, 12)
    office.amend(items[1], description="Annual accounts, corrected")
    known = lists.known_pages(Page.get_by_id("acme-bv"), [("9999", 1)], is_less=False)
    assert known.stays is None
    Item.update(unsettled=False).execute()
    known = lists.known_pages(Page.get_by_id("acme-bv"), [("9999", 1)], is_less=False)
    assert known.stays is not None
