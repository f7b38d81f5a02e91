"""What a client sees and would see, for staff to look at, on the pages of an item and of a client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.clicking import Person
from kit.records import JOOST, LISA, PETRA, Records, with_inbox

from dossier.database.tables import Opening, item_name
from dossier.trail import trail
from workflow.queue import client_view

TYPES = "sharing: {guard: off}\ntypes: {salary: {share: free, staff: [l.visser, m.devries]}}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


def page(person: Person, item: int, when: str = "now") -> str:
    told = person.get(f"/items/{item_name(item)}/portal/{when}/")
    assert told.status == 200, told.body
    return told.body.decode()


def frames(person: Person, item: int) -> list[str]:
    """When: the views that the item's page has in it."""
    return re.findall(r'<iframe src="/items/[^/]*/portal/(\w+)/"', person.get(f"/items/{item_name(item)}").body.decode())


def test_an_item_is_shown_as_the_client_sees_it_and_as_they_would(office: Records) -> None:
    item = office.published(explanation="For the office alone", labels=("annual",))
    petra, at = Person(office, "p.bakker"), f"/items/{item_name(item)}/portal"
    assert frames(petra, item) == ["now"]
    now = page(petra, item)
    assert "Dit ziet de klant nu van D-" in now
    assert "Annual accounts 2025" in now
    assert 'href="accounts.pdf"' in now
    assert not [one for one in ("notes.pdf", "For the office alone", "annual<", "private") if one in now]
    assert [petra.get(f"{at}/{when}/").status for when in ("next", "gone", "Now")] == [404] * 3

    new = office.file("accounts.pdf", "the corrected accounts", share=True)
    office.amend(item, PETRA, description="Annual accounts 2025, corrected", put=[new])
    assert frames(petra, item) == ["now", "next"]
    assert "corrected" not in page(petra, item)
    assert "Annual accounts 2025, corrected" in page(petra, item, "next")
    files = [petra.get(f"{at}/{when}/accounts.pdf") for when in ("now", "next")]
    assert [one.body for one in files] == [b"accounts", b"the corrected accounts"]
    assert all(b"attachment" in dict(one.headers)[b"content-disposition"] for one in files)
    assert [petra.get(f"{at}/{when}/notes.pdf").status for when in ("now", "next", "gone")] == [404] * 3
    assert "accounts.pdf" in office.last_detail(item, "viewed")["how"], "who gets a file is in the trail"
    assert not Opening.select().exists(), "no client opened anything"


def test_who_looks_at_what_waits_by_its_preview_alone_is_in_the_trail(office: Records) -> None:
    item = office.make(
        PETRA, files=[office.file("a.pdf", "a", share=True)], share=True, share_status="concept", approvers=("m.devries",)
    )
    told = Person(office, "p.bakker").get(f"/queue/{item_name(item)}/preview/")
    assert told.status == 200
    assert office.actions(item)[-1] == "viewed"
    assert office.last_detail(item, "viewed")["how"] == "decision"


def test_who_is_shown_an_item_for_what_they_asked_in_vain_is_in_the_trail(office: Records) -> None:
    item = office.make(
        PETRA, files=[office.file("a.pdf", "a", share=True)], share=True, share_status="concept", approvers=("m.devries",)
    )
    name = item_name(item)
    for who, path in (("k.smit", f"/items/{name}/withdraw"), ("l.visser", f"/queue/{name}")):
        told = Person(office, who).post(path, decision="perhaps")
        assert (told.status, "a.pdf" in told.body.decode()) == (422, True)
        assert [event["actor"] for event in trail.history(item)][-1] == who


def test_what_was_renamed_since_is_given_under_the_name_that_the_client_sees(office: Records) -> None:
    item = office.published()
    office.amend(item, PETRA, rename={"accounts.pdf": "annual-accounts.pdf"})
    petra, at = Person(office, "p.bakker"), f"/items/{item_name(item)}/portal"
    assert petra.get(f"{at}/now/accounts.pdf").body == b"accounts"
    assert petra.get(f"{at}/next/annual-accounts.pdf").body == b"accounts"


def test_what_is_not_shared_or_was_taken_off_has_no_such_view(office: Records) -> None:
    private = office.make(PETRA, files=[office.file("a.pdf", "a")])
    withdrawn = office.published()
    office.withdraw(withdrawn)
    office.publish()
    for item in (private, withdrawn):
        assert frames(Person(office), item) == []
        for when in ("now", "next"):
            assert Person(office).get(f"/items/{item_name(item)}/portal/{when}/").status == 404


def test_what_was_returned_is_shown_as_it_was_offered(office: Records) -> None:
    item = office.make(
        files=[office.file("a.pdf", "a", share=True)], share=True, share_status="concept", approvers=("m.devries",)
    )
    office.decide(item, "reject")
    assert frames(Person(office), item) == ["next"]
    assert "Nog niet op het portaal" in page(Person(office), item, "next")


def test_the_whole_portal_of_a_client_is_looked_at_as_far_as_one_may_know_of_it(office: Records) -> None:
    office.configure(settings=TYPES)
    office.published(LISA, description="Everybody's own business")
    office.published(LISA, description="What she earns", type="salary")
    sees = {who: Person(office, who).get("/clients/acme-bv/portal").body.decode() for who in ("l.visser", "p.bakker")}
    assert all("Everybody&#39;s own business" in one for one in sees.values())
    assert ["What she earns" in one for one in sees.values()] == [True, False]
    assert ["2 stukken" in one for one in sees.values()] == [True, False]
    assert 'href="/clients/acme-bv/portal"' in Person(office).get("/clients/acme-bv").body.decode()
    assert "Er staat hier nog niets" in Person(office).get("/clients/zon/portal").body.decode()


def test_of_a_long_portal_the_newest_are_shown_that_one_may_know_of(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_view, "MOST_ITEMS", 2)
    office.configure(settings=TYPES)
    for number in range(3):
        office.published(LISA, description=f"Everybody's own business {number}")
    for _ in range(3):
        office.published(LISA, description="What she earns", type="salary")
    sees = {who: Person(office, who).get("/clients/acme-bv/portal").body.decode() for who in ("l.visser", "p.bakker")}
    assert [one.count("<article") for one in sees.values()] == [2, 2]
    assert ["What she earns" in one for one in sees.values()] == [True, False]
    assert ["nieuwste 2 van 6 stukken" in sees["l.visser"], "nieuwste 2 van 3 stukken" in sees["p.bakker"]] == [True, True]


def test_nobody_looks_at_the_portal_of_a_client_they_may_not_know_of(office: Records) -> None:
    item = office.published()
    office.configure(
        staff=(office.root / "config/staff.yaml")
        .read_text()
        .replace("rights: [create, approve]", "clients: [zon], rights: [create, approve]")
    )
    karel = Person(office, "k.smit")
    for path in (
        f"/items/{item_name(item)}/portal/now/",
        f"/items/{item_name(item)}/portal/now/accounts.pdf",
        "/clients/acme-bv/portal",
    ):
        assert karel.get(path).status == 404
        assert karel.caller.ask("GET", path).status == 303, "without a session"


def test_a_client_without_a_portal_sees_nothing(office: Records) -> None:
    item = office.published()
    office.configure(
        clients=(office.root / "config/clients.yaml").read_text().replace("name: Acme B.V.", "name: Acme B.V.\n    portal: no")
    )
    assert frames(Person(office, JOOST.code), item) == []
    assert Person(office).get(f"/items/{item_name(item)}/portal/now/").status == 404
    told = Person(office).get("/clients/acme-bv/portal").body.decode()
    assert "Annual accounts" not in told
