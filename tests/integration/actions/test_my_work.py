"""What waits for a person: asked at each click, found out once, and never older than what was decided, changed or configured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.records import CLIENTS, STAFF, Records

from desk.actions import deciding, my_work
from dossier.database.tables import Mail, item_name
from dossier.office import hours, people
from dossier.office.people import Actor
from workflow.approval import waiting

WHO = ("m.devries", "k.smit", "l.visser", "j.admin", "p.bakker")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(
        tmp_path / "office",
        settings="sharing: {guard: off}\ntypes: {wwft: {share: approval, staff: [k.smit, p.bakker]}, plan: {approval: internal}}\n",
    )
    yield records
    records.close()


def told(office: Records) -> dict[str, list[int]]:
    """Person → what waits for them, as their pages count it; held against what is found out from the start."""
    found = {who: my_work.keys_to_decide(office.office, Actor(who, "desk"), office.now) for who in WHO}
    for who, keys in found.items():
        may = people.readable(office.office, Actor(who, "desk"))
        asked = waiting.who_is_asked(office.office, hours.today(office.office, office.now), may)
        assert keys == [key for key, whom in asked.items() if who in whom]
    return found


def concept(office: Records, *approvers: str, kind: str | None = None) -> int:
    files = [office.file("a.pdf", "a", share=True)]
    return office.make(files=files, share=True, share_status="concept", approvers=approvers, approvals="all", type=kind)


def test_what_waits_for_a_person_follows_each_decision_change_and_withdrawal(office: Records) -> None:
    one, both = concept(office, "m.devries"), concept(office, "m.devries", "k.smit")
    assert told(office)["m.devries"] == [one, both]
    assert told(office)["k.smit"] == [both]
    office.decide(both, "approve", Actor("k.smit", "command"))
    assert told(office)["k.smit"] == []
    office.amend(both, description="Annual accounts 2025, once more")  # another edition: both are asked again
    assert told(office)["k.smit"] == [both]
    office.decide(one, "reject")
    assert told(office)["m.devries"] == [both]
    office.amend(both, approvers=("m.devries",))
    assert told(office)["k.smit"] == []


def test_what_waits_over_midnight_has_not_waited_for_a_day(office: Records) -> None:
    keys = [concept(office, "m.devries")]
    found = [my_work.oldest_days(keys, office.now + timedelta(hours=hours_)) for hours_ in (-1, 0, 12, 23, 25, 49)]
    assert found == [0, 0, 0, 0, 1, 2]


def test_what_waits_for_a_person_follows_who_is_there_and_may_what(office: Records) -> None:
    one, secret = concept(office, "m.devries"), concept(office, "k.smit", kind="wwft")
    assert told(office) == {"m.devries": [one], "k.smit": [secret], "l.visser": [], "j.admin": [], "p.bakker": []}
    office.configure(staff=STAFF.replace("rights: [create, approve]", "rights: [create]", 1))
    assert told(office)["m.devries"] == []
    office.configure(staff=STAFF.replace("k.smit: {name", "k.smit: {clients: [zon], name"))
    assert told(office)["k.smit"] == []
    office.configure(staff=STAFF, clients=CLIENTS)
    assert told(office)["m.devries"] == [one]


def test_a_concept_that_was_offered_before_is_told_as_changed(office: Records) -> None:
    first, second = concept(office, "m.devries"), concept(office, "m.devries")
    office.amend(second, description="Annual accounts 2025, corrected")
    marieke = Actor("m.devries", "desk")
    again = {one.key: one.is_again for one in my_work.to_decide(office.office, marieke, office.now)}
    assert again == {first: False, second: True}


def test_what_nobody_opened_is_told_to_its_maker_while_they_may_know_of_it(office: Records) -> None:
    files = [office.file("a.pdf", "a", share=True)]
    key = office.make(Actor("l.visser", "command"), files=files, share=True, share_status="approved")
    office.publish()
    reader = Actor("l.visser", "desk")
    found, count = my_work.unopened(office.office, reader, office.now, 5)
    assert ([one.item for one in found], count) == ([item_name(key)], 1)
    office.configure(staff=STAFF.replace("rights: [create, share]}", "rights: [create, share], clients: [zon]}"))
    assert my_work.unopened(office.office, reader, office.now, 5) == ([], 0)


def test_of_what_nobody_opened_it_is_told_that_the_mail_about_it_failed(office: Records) -> None:
    office.published(notify=True, contact="j.jansen")
    reader = Actor("l.visser", "desk")

    def has_failed() -> list[bool]:
        return [one.has_failed for one in my_work.unopened(office.office, reader, office.now, 5)[0]]

    assert has_failed() == [False]
    Mail.update(state="failed", error="550 no").execute()
    assert has_failed() == [True]


def test_what_nobody_opened_is_told_as_far_as_one_looks(office: Records) -> None:
    keys = [office.published() for _ in range(7)]
    reader = Actor("l.visser", "desk")
    found, count = my_work.unopened(office.office, reader, office.now, 5, 5)
    assert ([one.item for one in found], count) == ([item_name(key) for key in keys[5:]], 7)


def test_what_was_returned_is_told_to_its_maker_while_they_may_know_of_it(office: Records) -> None:
    key = concept(office, "m.devries")
    deciding.decide(office.office, office.tick(), Actor("m.devries", "desk"), key, "reject", "The wrong year")
    reader = Actor("p.bakker", "desk")
    assert [(one.item, one.comment) for one in my_work.returned(office.office, reader)] == [(item_name(key), "The wrong year")]
    office.configure(staff=STAFF.replace("language: nl, rights: [create]}", "language: nl, rights: [create], clients: [zon]}"))
    assert my_work.returned(office.office, reader) == []


def test_what_was_returned_inside_the_office_is_told_until_it_is_offered_again(office: Records) -> None:
    key, other = (office.make(type="plan", approvers=("m.devries",)) for _ in range(2))
    office.decide(key, "reject", comment="A signature is lacking")
    office.decide(other, "approve")
    reader = Actor("p.bakker", "desk")
    assert [(one.item, one.comment) for one in my_work.returned(office.office, reader)] == [
        (item_name(key), "A signature is lacking")
    ]
    office.amend(key, description="A plan with a signature")
    assert my_work.returned(office.office, reader) == []
