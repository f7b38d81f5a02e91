"""What was changed in the database since it was approved is found, is not shown by the web portal, and is not published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.documents import pdf
from kit.portals import CLIENTS, MARIEKE, PortalOffice, raised

from dossier.database.database import transaction
from dossier.database.tables import Edition, Event, EventDetail, Item, first_edition, item_key
from dossier.trail import redacting
from workflow.items.items import content_digest
from workflow.portal import mending, verifying
from workflow.portal_access import openings
from workflow.portal_access.lines import listed


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalOffice]:
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    made = PortalOffice(tmp_path / "office")
    made.share({"a.pdf": b"first"}, description="Annual accounts")
    made.share({"b.pdf": b"second"}, description="Tax return")
    made.publish()
    yield made
    made.close()


FIRST, SECOND = "D-2026-000001", "D-2026-000002"


def look(office: PortalOffice) -> list[str]:
    return [str(one) for one in verifying.look(office.office, office.vault)]


def edition(item: str) -> int:
    return first_edition(item_key(item)) + 1


def set_shown(item: str, with_digest: bool) -> None:
    row = Edition.get_by_id(edition(item))
    row.shown = {**row.shown, "description": "Approved by nobody"}
    if with_digest:
        row.content = content_digest(item_key(item), "acme-bv", row.shown)
    row.save()


def set_event(item: str, with_digest: bool) -> None:
    """The event of the approval tells of the new content, too."""
    set_shown(item, with_digest=True)
    event = Event.get((Event.item == item_key(item)) & (Event.action == "approved"))
    detail = EventDetail.get_by_id(event.seq)
    detail.detail = json.dumps({**json.loads(detail.detail), "content": Edition.get_by_id(edition(item)).content})
    detail.save()
    if with_digest:
        from dossier.trail.trail import detail_digest

        event.digest = detail_digest(detail.salt, detail.detail)
        event.save()


CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    "its text": (lambda: set_shown(FIRST, False), "what the client would see was changed in the database"),
    "its text and digest": (lambda: set_shown(FIRST, True), "the trail does not tell that m.devries approved this"),
    "the event's words too": (lambda: set_event(FIRST, False), "the trail does not tell that m.devries approved this"),
    "the event's digest too": (lambda: set_event(FIRST, True), "the trail does not tell that m.devries approved this"),
    "who approved it": (
        lambda: Edition.update(approved_by="k.smit").where(Edition.id == edition(FIRST)).execute(),
        "the trail does not tell that k.smit approved this",
    ),
    "when": (
        lambda: Edition.update(approved_at="2026-11-24T08:00:00.000000Z").where(Edition.id == edition(FIRST)).execute(),
        "the trail does not tell that m.devries approved this on 2026-11-24T08",
    ),
    "which edition it is": (
        lambda: Item.update(public=edition(SECOND), standing=edition(SECOND)).where(Item.id == item_key(FIRST)).execute(),
        "what the client would see was changed in the database",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_item_that_was_changed_in_the_database_is_found_and_not_shown(office: PortalOffice, what: str) -> None:
    change, told = CHANGES[what]
    assert look(office) == []
    assert openings.find_shown(office.office, ["acme-bv"], item_key(FIRST)) is not None
    change()
    [found] = [one for one in look(office) if one.startswith("database:")]
    assert found.startswith(f"database: acme-bv/{FIRST}: {told}")
    # The web portal shows it at once no more, and the rest as before.
    assert openings.find_shown(office.office, ["acme-bv"], item_key(FIRST)) is None
    lines = listed(office.office, "acme-bv").lines
    assert [one.what.item for one in openings.load_shown(office.office, "acme-bv", lines)] == [SECOND]
    # Whatever is published next of this client, it goes from the folder, and comes back when it is put right.
    office.now += timedelta(minutes=1)
    third = office.share({"c.pdf": b"third"})
    office.publish()
    assert sorted(office.tree()) == [f"{SECOND}/b.pdf", f"{third}/c.pdf"]
    assert "Approved by nobody" not in (office.office.portal / "acme-bv/items.json").read_text()
    assert "can't be published now" in str(office.portal.pauses.trouble)
    office.now += timedelta(minutes=1)
    office.amend(FIRST, {"a.pdf": b"approved anew"}, share_status="approved", description="Annual accounts 2025")
    office.publish()
    assert office.tree()[f"{FIRST}/a.pdf"] == b"approved anew"
    assert look(office) == []


def test_pages_that_are_made_for_a_picture_show_nothing_that_was_changed_in_the_database(office: PortalOffice) -> None:
    office.now += timedelta(minutes=1)
    office.share({"c.pdf": pdf("A letter"), "d.pdf": pdf("Another")}, description="Two papers")
    office.publish()
    set_shown(FIRST, with_digest=True)
    office.dress()
    assert office.extras(), "the pictures are up"
    assert "Approved by nobody" not in (office.office.portal / "acme-bv/index.html").read_text()
    assert not (office.office.portal / "acme-bv" / FIRST).exists()


def test_what_verify_finds_in_the_database_goes_from_the_portal_when_it_is_mended(office: PortalOffice) -> None:
    set_shown(FIRST, with_digest=True)
    mending.mend(office.portal, office.now, ["mend:acme-bv"], raised)
    office.publish()
    assert sorted(office.tree()) == [f"{SECOND}/b.pdf"]
    assert len(look(office)) == 1, "it is told until it is approved anew"


def test_who_made_an_item_is_compared_with_the_trail(office: PortalOffice) -> None:
    Item.update(created_by="p.bakker").where(Item.id == item_key(FIRST)).execute()
    assert look(office) == [f"database: acme-bv/{FIRST}: the database says that p.bakker made it; the trail says: m.devries"]


def test_an_item_that_was_withdrawn_does_not_stand_again_by_a_change_of_the_database(office: PortalOffice) -> None:
    office.withdraw(FIRST)
    office.publish()
    Item.update(standing=edition(FIRST), share_state="approved", unsettled=True).where(Item.id == item_key(FIRST)).execute()
    Edition.update(state="standing").where(Edition.id == edition(FIRST)).execute()
    office.publish()
    assert sorted(office.tree()) == [f"{SECOND}/b.pdf"]
    assert look(office) == [f"database: acme-bv/{FIRST}: the trail tells that it was taken off since it was approved"]


def test_an_item_that_no_event_tells_of_is_not_published(office: PortalOffice) -> None:
    row, shown = Item.get_by_id(item_key(FIRST)), Edition.get_by_id(edition(FIRST))
    values = {**row.__data__, "id": row.id + 7, "standing": shown.id + 70_000, "public": None, "unsettled": True}
    content = content_digest(row.id + 7, "acme-bv", shown.shown)
    Item.insert(values).execute()
    Edition.insert({**shown.__data__, "id": shown.id + 70_000, "item": row.id + 7, "content": content}).execute()
    office.publish()
    assert sorted(office.tree()) == [f"{FIRST}/a.pdf", f"{SECOND}/b.pdf"]
    assert [one.partition(": the trail")[0] for one in look(office)] == ["database: acme-bv/D-2026-000008"]


def test_what_was_withdrawn_and_put_back_or_erased_from_the_trail_still_fits(office: PortalOffice) -> None:
    office.withdraw(FIRST)
    office.publish()
    office.restore(FIRST)
    events = [event.seq for event in Event.select().where(Event.item == item_key(SECOND))]
    with transaction():
        redacting.erase(office.now, MARIEKE, events, "asked for")
    office.start()
    office.publish()
    assert sorted(office.tree()) == [f"{FIRST}/a.pdf", f"{SECOND}/b.pdf"]
    assert look(office) == []


def test_a_detail_that_went_without_an_erasure_is_no_approval(office: PortalOffice) -> None:
    event = Event.get((Event.item == item_key(FIRST)) & (Event.action == "approved"))
    EventDetail.delete().where(EventDetail.seq == event.seq).execute()
    assert look(office) == [f"database: acme-bv/{FIRST}: the trail does not tell that m.devries approved this on {event.at}"]


@pytest.mark.parametrize("inside", ["x.pdf", "D-2026-000001/x.pdf", "_pages/x.js", None])
def test_a_folder_that_was_planted_for_a_client_without_items_is_found_and_moved(
    office: PortalOffice, inside: str | None
) -> None:
    office.configure(clients=f"{CLIENTS}  leeg: {{name: Leeg B.V.}}\n")
    office.reload()
    office.publish()
    home = office.office.portal / "leeg"
    if inside:
        (home / inside).parent.mkdir(parents=True, exist_ok=True)
        (home / inside).write_bytes(b"planted")
    else:
        home.mkdir(exist_ok=True)
        (home / "folder").mkdir()
    found = look(office)
    assert len(found) == 1
    assert found[0].startswith("portal: leeg")
    assert found[0].endswith(": does not belong here")
    mending.mend(office.portal, office.now, ["mend:leeg"], raised)
    office.publish()
    assert look(office) == []
    assert not any(b"planted" in path.read_bytes() for path in home.rglob("*") if path.is_file())
