"""What counts as a click on the desk, and that what is done from a page holds for what stood on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit.calling import Caller
from kit.clicking import Person, goal_of
from kit.records import JOOST, LISA, PETRA, SETTINGS, STAFF, Records, with_inbox

from desk.web.staff.app import DeskWeb
from dossier.database.database import transaction
from dossier.database.tables import Edition, Viewed, item_name
from dossier.database.web_tables import DeskSession
from dossier.office.people import Actor
from dossier.text import clock
from ingest.sources import staging
from workflow.items import items
from workflow.portal_access import staff_access
from workflow.retention import retention

EMAIL = "l.visser@office.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


def test_a_page_that_asks_again_by_itself_keeps_nobody_logged_in(office: Records) -> None:
    lisa, desk = Person(office), Actor("l.visser", "desk")
    row = staging.begin(office.office, clock.utc_now(), desk, "acme-bv")
    staging.commit(office.office, clock.utc_now(), desk, row, {"description": "On its way"}, {})
    assert lisa.get(f"/drops/{row.id}?again=1").status == 200
    assert not lisa.is_seen_since()
    assert b"data-again" in lisa.get(f"/drops/{row.id}").body
    assert lisa.is_seen_since()


def test_the_page_of_a_link_is_not_for_whoever_left_since_it_was_mailed(office: Records) -> None:
    secret = staff_access.new_link(office.office, clock.utc_now(), "l.visser", EMAIL, "/").rpartition("/")[2]
    assert b"Lisa Visser" in Caller(DeskWeb(office.office, {}).app).ask("GET", f"/_login/{secret}").body
    office.configure(staff=STAFF.replace("nl, rights: [create, share]", "nl, active: no, rights: [create, share]"))
    told = Caller(DeskWeb(office.office, {}).app).ask("GET", f"/_login/{secret}")
    assert (told.status, b"Lisa Visser" in told.body) == (410, False)


ANOTHER = STAFF.replace(EMAIL, "lars.visser@office.example")
"""The code was given to somebody else, or the address was somebody else's."""


def test_a_session_ends_when_the_address_that_it_was_begun_by_is_not_the_persons_any_more(office: Records) -> None:
    office.configure(staff=STAFF.replace(EMAIL, "L.Visser@Office.example"))
    lisa = Person(office)
    office.configure(staff=STAFF)
    assert Caller(DeskWeb(office.office, {}).app).ask("GET", "/", cookie=lisa.cookie).status == 200, "the same mailbox"
    office.configure(staff=ANOTHER)
    told = Caller(DeskWeb(office.office, {}).app).ask("GET", "/", cookie=lisa.cookie)
    assert (told.status, b"Lisa Visser" in told.body) == (303, False)
    assert not DeskSession.select().exists()
    office.configure(staff=STAFF)
    assert Caller(DeskWeb(office.office, {}).app).ask("GET", "/", cookie=lisa.cookie).status == 303, (
        "it does not come to life again"
    )


def test_a_link_lets_nobody_in_once_the_address_that_it_was_mailed_to_is_not_the_persons_any_more(office: Records) -> None:
    secret = staff_access.new_link(office.office, clock.utc_now(), "l.visser", EMAIL, "/").rpartition("/")[2]
    office.configure(staff=ANOTHER)
    caller = Caller(DeskWeb(office.office, {}).app)
    told = caller.ask("GET", f"/_login/{secret}")
    assert (told.status, b"Visser" in told.body) == (410, False)
    assert caller.post(f"/_login/{secret}", []).status == 410
    assert not DeskSession.select().exists()


def test_both_words_at_once_are_no_decision(office: Records) -> None:
    files = [office.file("accounts.pdf", "accounts", share=True)]
    item = office.make(files=files, share=True, share_status="concept", approvers=("m.devries",))
    marieke = Person(office, "m.devries")
    content = Edition.get_by_id(items.get(item).pending).content
    fields = [("decision", "reject"), ("decision", "approve"), ("comment", "look"), ("content", content)]
    path = f"/queue/{item_name(item)}"
    assert marieke.caller.post(path, fields, cookie=marieke.cookie).status == 422
    assert office.state(item) == "concept"
    assert marieke.caller.post(path, fields[1:], cookie=marieke.cookie).status == 303
    assert office.state(item) == "published"


def offered(office: Records, *approvers: str, **wish: str) -> tuple[int, str]:
    """A concept that waits for these, and its digest."""
    files = [office.file("accounts.pdf", "accounts", share=True)]
    item = office.make(files=files, share=True, share_status="concept", approvers=approvers, **wish)
    return item, str(Edition.get_by_id(items.get(item).pending).content)


@pytest.mark.parametrize("path", ["/queue/{item}", "/queue"])
def test_whoever_logged_in_too_long_ago_to_decide_logs_in_anew_and_keeps_what_was_typed(office: Records, path: str) -> None:
    item, content = offered(office, "m.devries")
    name = item_name(item)
    marieke, path = Person(office, "m.devries"), path.format(item=name)
    fields = {"decision": "approve", "comment": "Zie blad 3", "content": content, "chosen": f"{name} {content}"}
    assert marieke.get(f"/queue/{name}").status == 200
    office.configure(settings=f"{SETTINGS}desk: {{confirm_minutes: 20}}\n")
    marieke.caller = Caller(DeskWeb(office.office, {}).app)
    assert marieke.get(f"/queue/{name}").status == 200, "to look, half an hour is not too long"
    told = marieke.post(path, **fields)
    assert (told.status, b"Zie blad 3" in told.body, office.state(item)) == (401, True, "concept")
    assert marieke.get("/queue").status == 303, "that session is over"
    office.configure(settings=f"{SETTINGS}desk: {{confirm_minutes: 45}}\n")
    fresh = Person(office, "m.devries")
    assert fresh.post(path, **fields).status in (200, 303)
    assert office.state(item) == "published"


@pytest.mark.parametrize(("decision", "did"), [("approve", "approve"), ("reject", "reject")])
def test_a_decision_that_is_pressed_twice_is_answered_twice_alike(office: Records, decision: str, did: str) -> None:
    item, content = offered(office, "m.devries")
    following, _ = offered(office, "m.devries")
    marieke, path = Person(office, "m.devries"), f"/queue/{item_name(item)}"
    told = [marieke.post(path, decision=decision, comment="look", content=content) for _ in range(2)]
    assert [one.status for one in told] == [303, 303]
    assert set(map(goal_of, told)) == {f"/queue/{item_name(following)}?was={item_name(item)}&did={did}"}
    assert office.actions(item).count({"approve": "approved", "reject": "rejected"}[decision]) == 1


def test_an_approval_of_two_that_is_pressed_twice_still_waits_for_the_other(office: Records) -> None:
    item, content = offered(office, "m.devries", "k.smit")
    marieke = Person(office, "m.devries")
    told = [marieke.post(f"/queue/{item_name(item)}", decision="approve", content=content) for _ in range(2)]
    assert [(one.status, goal_of(one).partition("?")[2]) for one in told] == [(303, f"was={item_name(item)}&did=more")] * 2
    assert office.state(item) == "concept"


@pytest.mark.parametrize(
    "other", [{"decision": "reject", "comment": "no"}, {"decision": "approve", "comment": "with another word"}]
)
def test_whoever_says_something_else_the_second_time_is_told_what_stands(office: Records, other: dict[str, str]) -> None:
    item, content = offered(office, "m.devries")
    marieke, path = Person(office, "m.devries"), f"/queue/{item_name(item)}"
    assert marieke.post(path, decision="approve", content=content).status == 303
    told = marieke.post(path, content=content, **other)
    assert (told.status, b"Marieke de Vries" in told.body) == (409, True)


def test_of_two_people_the_second_is_told_who_was_first(office: Records) -> None:
    item, content = offered(office, "m.devries", "k.smit", approvals="any")
    path = f"/queue/{item_name(item)}"
    assert Person(office, "m.devries").post(path, decision="approve", content=content).status == 303
    told = Person(office, "k.smit").post(path, decision="approve", content=content)
    assert (told.status, b"Marieke de Vries" in told.body) == (409, True)


def test_an_approval_is_not_said_again_of_what_came_off_the_portal_since(office: Records) -> None:
    item, content = offered(office, "m.devries")
    marieke, path = Person(office, "m.devries"), f"/queue/{item_name(item)}"
    assert marieke.post(path, decision="approve", content=content).status == 303
    office.publish()
    office.withdraw(item)
    assert marieke.post(path, decision="approve", content=content).status == 409


def test_what_was_ticked_and_is_sent_twice_is_approved_both_times(office: Records) -> None:
    item, content = offered(office, "m.devries")
    marieke = Person(office, "m.devries")
    marieke.get(f"/queue/{item_name(item)}")
    told = [marieke.post("/queue", chosen=f"{item_name(item)} {content}") for _ in range(2)]
    assert [one.status for one in told] == [200, 200]
    assert all(b'class="state ok"' in one.body and b'class="state refused"' not in one.body for one in told)
    assert office.actions(item).count("approved") == 1


def test_what_was_changed_since_the_page_was_made_is_not_put_back(office: Records) -> None:
    item = office.published()
    office.withdraw(item)
    lisa, version = Person(office), items.get(item).version
    assert f'name="version" value="{version}"'.encode() in lisa.get(f"/items/{item_name(item)}").body.partition(b"/publish")[2]
    office.amend(item, LISA, location="2026")
    assert lisa.post(f"/items/{item_name(item)}/publish", version=str(version)).status == 409
    assert office.state(item) == "withdrawn"
    assert lisa.post(f"/items/{item_name(item)}/publish", version=str(version + 1)).status == 303
    assert office.state(item) == "published"


def test_of_a_removed_item_the_page_offers_no_change_that_would_be_refused(office: Records) -> None:
    office.configure(settings=SETTINGS + "retention: {default: [tax], terms: {tax: [{years: 1, basis: AWR}]}}\n")
    item, lisa = office.make(LISA), Person(office)
    path = f"/items/{item_name(item)}"
    assert f'action="{path}/edit"'.encode() in lisa.get(path).body
    with transaction():
        assert retention.remove(office.office, datetime(2034, 1, 1, tzinfo=UTC), JOOST, [item]) == [item]
    page = lisa.get(path)
    assert (page.status, b"(removed)" in page.body) == (200, True)
    assert f'method="post" action="{path}/'.encode() not in page.body


def test_whatever_is_done_with_an_item_is_answered_twice_alike_when_it_is_sent_twice(office: Records) -> None:
    lisa = Person(office)
    shared, private = office.published(), office.make(LISA, files=[office.file("a.pdf", "a"), office.file("b.pdf", "b")])

    def twice(item: int, where: str, **fields: str) -> None:
        version = str(items.get(item).version)
        told = [lisa.post(f"/items/{item_name(item)}/{where}", version=version, **fields) for _ in range(2)]
        assert [one.status for one in told] == [303, 303], where
        assert goal_of(told[0]) == goal_of(told[1])
        office.publish()

    twice(shared, "edit", location="2026/Elsewhere")
    twice(shared, "withdraw", reason="wrong year")
    twice(shared, "publish")
    twice(shared, "notify", contact="j.jansen")
    twice(private, "files", what="rename", file="a.pdf", name="c.pdf")
    twice(private, "files", what="remove", file="b.pdf")
    twice(private, "move", client="zon")
    twice(private, "delete")
    twice(private, "undelete")
    counted = [office.actions(shared).count(one) for one in ("amended", "withdrawn", "restored")]
    assert counted == [1, 1, 1]
    assert [office.actions(private).count(one) for one in ("moved", "deleted", "undeleted")] == [1, 1, 1]


@pytest.mark.parametrize("who", [PETRA, LISA], ids=["somebody else", "they themselves, elsewhere"])
def test_once_anybody_did_something_else_with_the_item_the_second_press_is_told_so(office: Records, who: Actor) -> None:
    item = office.make(LISA)
    path, version = f"/items/{item_name(item)}/edit", str(items.get(item).version)
    lisa = Person(office)
    assert lisa.post(path, version=version, location="2026").status == 303
    office.amend(item, who, location="2025")
    told = lisa.post(path, version=version, location="2026")
    assert (told.status, items.get(item).location) == (409, "2025")
    assert who == LISA or b"Petra Bakker" in told.body


def test_only_the_same_form_of_the_same_person_a_moment_later_is_a_second_press(office: Records) -> None:
    item = office.make(LISA)
    path, version = f"/items/{item_name(item)}/edit", str(items.get(item).version)
    lisa = Person(office)
    assert lisa.post(path, version=version, location="2026").status == 303
    assert lisa.post(path, version=version, location="2025").status == 409, "something else"
    told = Person(office, "p.bakker").post(path, version=version, location="2026")
    assert (told.status, b"Lisa Visser" in told.body) == (409, True), "somebody else"
    assert lisa.post(path, version=version, location="2026").status == 303
    Viewed.update(at=clock.to_text(clock.utc_now() - timedelta(minutes=2))).where(Viewed.kind.startswith("pressed ")).execute()
    assert lisa.post(path, version=version, location="2026").status == 409, "later"
    assert office.actions(item).count("amended") == 1
