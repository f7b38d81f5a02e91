"""Approval inside the office: what isn't shared waits for its approver in the same way, and nothing of it is ever published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, KAREL, MARIEKE, PETRA, Records

from desk.actions import changing, deciding, undoing
from dossier.database.tables import Edition, Item, item_name
from dossier.text.refusals import Conflict, Invalid, Refusal
from dossier.trail import trail
from ingest.sidecar.reading import read_sidecar
from workflow.approval.deciding import content_waiting
from workflow.items import items, rules
from workflow.items.rules import Wish
from workflow.reports import finding, reasons

SETTINGS = """\
sharing: {guard: off}
types:
  wwft: {share: never, approval: internal, staff: [p.bakker, m.devries], fields: {risk: [low, high]}}
  plan: {approval: internal}
  secret: {share: never}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office", settings=SETTINGS)
    yield records
    records.close()


def told(key: int) -> dict[str, Any]:
    return finding.summary(items.get(key))


def made(office: Records, **wish: Any) -> int:
    return office.make(type="wwft", fields={"risk": "low"}, files=[office.file("id.pdf", "passport")], **wish)


def test_it_waits_and_is_approved_without_a_share_state_or_a_publication(office: Records) -> None:
    key = made(office)
    assert told(key)["approval"] == {"state": "waiting", "by": None, "at": told(key)["created_at"]}
    found = deciding.queue(office.office, office.now, MARIEKE)
    assert [(one["item"], one["asked"]) for one in found.items] == [(item_name(key), ["m.devries"])]
    assert any("m.devries" in str(one) for one in reasons.reasons(office.office, office.now, items.get(key)))
    deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    office.publish()
    assert {name: told(key)[name] for name in ("share", "share_state", "public")} == {
        "share": False, "share_state": "private", "public": False,
    }  # fmt: skip
    assert (told(key)["approval"]["state"], told(key)["approval"]["by"]) == ("approved", "m.devries")
    assert content_waiting(key) is None
    assert [event["action"] for event in trail.history(key)] == ["created", "offered", "approved"]
    with pytest.raises(Refusal):
        office.restore(key)


def test_a_returned_one_is_asked_again_once_it_is_changed_and_so_is_an_approved_one(office: Records) -> None:
    key = made(office)
    deciding.decide(office.office, office.tick(), MARIEKE, key, "reject", "which passport?")
    assert told(key)["approval"]["state"] == "returned"
    office.amend(key, fields={"risk": "high"})
    assert told(key)["approval"]["state"] == "waiting"
    deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    office.amend(key, status="done")
    assert told(key)["approval"]["state"] == "approved"
    for what in ({"put": [office.file("id.pdf", "another")]}, {"explanation": "seen"}, {"labels": ("new",)}):
        office.amend(key, **what)
        assert told(key)["approval"]["state"] == "waiting", what
        deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")


def test_a_decision_holds_for_exactly_what_was_looked_at(office: Records) -> None:
    key = made(office)
    seen = content_waiting(key)
    office.amend(key, fields={"risk": "high"})
    with pytest.raises(Refusal):
        deciding.decide(office.office, office.tick(), MARIEKE, key, "approve", content=seen)
    assert told(key)["approval"]["state"] == "waiting"
    assert Edition.select().where(Edition.state == "dropped").count() == 1


def test_only_the_types_staff_is_asked_and_nobody_decides_on_their_own_work(office: Records) -> None:
    _, problems = rules.new_draft(
        office.office, "acme-bv", "p.bakker", Wish(description="For another", type="wwft", approvers=("k.smit",))
    )
    assert [problem.key for problem in problems] == ["approver"]
    key = made(office)
    with pytest.raises(Refusal):
        deciding.decide(office.office, office.tick(), KAREL, key, "approve")
    office.amend(key, MARIEKE, fields={"risk": "high"})
    with pytest.raises(Refusal):
        deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    assert told(key)["approval"]["state"] == "waiting"


def test_what_is_shared_after_all_goes_the_way_of_concepts(office: Records) -> None:
    key = office.make(type="plan", files=[office.file("plan.pdf", "plan", share=True)])
    inside = content_waiting(key)
    office.amend(key, share=True, share_status="concept", share_all=True)
    assert ("approval" in told(key), told(key)["share_state"]) == (False, "concept")
    assert content_waiting(key) != inside
    office.decide(key, "approve")
    office.publish()
    assert told(key)["share_state"] == "published"
    changing.edit(office.office, office.tick(), JOOST, key, {"share": "no", "reason": "not yet"})
    office.publish()
    assert (told(key)["public"], told(key)["approval"]["state"]) == (False, "waiting")
    deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    office.publish()
    assert Item.select().where(Item.public.is_null(False)).count() == 0


def test_what_nobody_could_approve_inside_goes_off_the_portal_all_the_same(office: Records) -> None:
    office.configure(clients="clients:\n  acme-bv: {name: Acme B.V.}\n")
    office.portal.office = office.office
    key = office.published(type="plan")
    changing.edit(office.office, office.tick(), JOOST, key, {"share": "no", "reason": "of another"})
    office.publish()
    assert (told(key)["public"], told(key)["share_state"], content_waiting(key)) == (False, "withdrawn", None)
    with pytest.raises(Invalid):
        office.amend(key, PETRA, description="What is changed waits")
    office.amend(key, PETRA, description="What is changed waits", approvers=("k.smit",))
    assert told(key)["approval"]["state"] == "waiting"


def test_what_is_put_back_on_the_portal_waits_for_nobody_inside(office: Records) -> None:
    key = office.published(type="plan")
    changing.edit(office.office, office.tick(), JOOST, key, {"share": "no", "reason": "not yet"})
    assert content_waiting(key)
    office.restore(key)
    assert office.on_portal(key) == {"accounts.pdf": "accounts"}
    assert ("approval" in told(key), content_waiting(key)) == (False, None)
    with pytest.raises(Conflict, match=r"put back on the portal by l\.visser"):
        deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")


def test_what_waits_is_not_deleted_meanwhile(office: Records) -> None:
    key = made(office)
    with pytest.raises(Refusal):
        undoing.delete(office.office, office.tick(), PETRA, key)


@pytest.mark.parametrize("is_approved", [False, True])
def test_for_another_client_it_is_asked_again(office: Records, is_approved: bool) -> None:
    key = made(office, owner="m.devries")
    seen = content_waiting(key)
    if is_approved:
        deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    undoing.move(office.office, office.tick(), PETRA, key, "zon")
    assert (told(key)["client"], told(key)["approval"]["state"], told(key)["owner"]) == ("zon", "waiting", "m.devries")
    assert content_waiting(key) not in (None, seen), "a word for the other client's holds no more"
    assert [(one["item"], one["asked"]) for one in deciding.queue(office.office, office.now, MARIEKE).items] == [
        (item_name(key), ["m.devries"])
    ]
    assert [event["action"] for event in trail.history(key)][-2:] == ["moved", "offered"]
    deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    assert told(key)["approval"]["state"] == "approved"


def test_an_approver_without_share_is_right_in_a_sidecar_of_such_a_type_alone(office: Records) -> None:
    def faults(kind: str) -> list[str]:
        data = f"description: About a client\ntype: {kind}\napprover: m.devries\nattachments: []\n"
        return [str(fault.message) for fault in read_sidecar(data.encode(), office.office.settings)[1]]

    assert faults("wwft") == []
    assert "share: yes" not in faults("secret")[0]


@pytest.mark.parametrize("change", ["file", "description", "explanation"])
def test_who_changed_what_was_approved_inside_still_made_what_the_client_is_to_see(office: Records, change: str) -> None:
    key = office.make(type="plan", files=[office.file("plan.pdf", "plan", share=True)], approvers=("m.devries",))
    put = [office.file("plan.pdf", "by Karel", share=True)] if change == "file" else []
    wish = {} if change == "file" else {change: "Written by Karel"}
    office.amend(key, KAREL, put=put, **wish)
    deciding.decide(office.office, office.tick(), MARIEKE, key, "approve")
    office.amend(key, labels=("vat",), approvers=("k.smit",))  # inside it is asked anew, and what Karel did was looked at
    deciding.decide(office.office, office.tick(), KAREL, key, "approve")
    shared = {"share": True, "share_all": True, "share_explanation": True, "share_status": "concept"}
    with pytest.raises(Refusal, match="four eyes"):
        office.amend(key, **shared, approvers=("k.smit",))
    office.amend(key, **shared, approvers=("m.devries",))
    assert office.decide(key, "approve", MARIEKE) == "approved"
    office.amend(key, PETRA, description="Corrected", share_status="concept", approvers=("k.smit",))
    assert office.decide(key, "approve", KAREL) == "approved"


def test_who_changed_only_what_the_client_is_not_to_see_inside_did_not_make_what_is_shared(office: Records) -> None:
    key = office.make(type="plan", files=[office.file("plan.pdf", "plan", share=True)], approvers=("m.devries",))
    office.amend(key, KAREL, labels=("vat",), approvers=("m.devries",))
    with pytest.raises(Refusal, match="four eyes"):
        deciding.decide(office.office, office.tick(), KAREL, key, "approve")
    office.amend(key, share=True, share_all=True, share_status="concept", approvers=("k.smit",))
    assert office.decide(key, "approve", KAREL) == "approved"
