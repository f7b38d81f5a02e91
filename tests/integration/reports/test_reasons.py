"""Why an item is not on the portal, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import STAFF, Records

from dossier.database.tables import item_name
from dossier.office.people import Actor
from workflow.items import items
from workflow.reports import finding, reasons


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, settings="sharing: {guard: off}\n")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("approvals", "told"),
    [
        ("any", ["it waits for approval by m.devries, k.smit or j.admin"]),
        ("2", ["it waits for 2 more approvals, by m.devries, k.smit or j.admin"]),
        ("all", [f"it waits for approval by {who}" for who in ("m.devries", "k.smit", "j.admin")]),
    ],
)
def test_of_several_approvers_it_is_told_how_many_are_enough(office: Records, approvals: str, told: list[str]) -> None:
    office.configure(staff=STAFF.replace("admin]", "admin, approve]"))
    asked = {"approvers": ("m.devries", "k.smit", "j.admin"), "approvals": approvals}
    key = office.make(files=[office.file("a.pdf", "a", share=True)], share=True, share_status="concept", **asked)

    def found() -> list[str]:
        return [str(one).partition(", since")[0] for one in reasons.reasons(office.office, office.now, items.get(key))]

    assert found() == told
    if approvals == "2":
        office.decide(key, "approve", Actor("k.smit", "command"))
        assert found() == ["it waits for approval by m.devries or j.admin"]


@pytest.mark.parametrize("is_seen", [False, True])
def test_what_was_withdrawn_can_be_put_back_only_if_it_was_approved(office: Records, is_seen: bool) -> None:
    key = office.make(files=[office.file("a.pdf", "a", share=True)], share=True, share_status="concept", approvers=("m.devries",))
    if is_seen:
        office.decide(key, "approve")
    office.withdraw(key, reason="wrong")
    [told] = [str(one) for one in reasons.reasons(office.office, office.now, items.get(key))]
    assert told.endswith(f"wrong; put it back with: dossier publish {item_name(key)}") == is_seen
    assert told.endswith(f"before: offer it again with: dossier edit {item_name(key)} --share") != is_seen
    assert items.can_be_restored(items.get(key)) == is_seen


def test_what_was_put_back_without_a_change_says_that_the_change_is_not_shared(office: Records) -> None:
    key = office.published(description="Annual accounts", share_explanation=False)
    office.withdraw(key)
    office.amend(key, description="Annual accounts 2025")
    office.restore(key)
    office.publish()

    def found() -> list[str]:
        return [str(one) for one in reasons.reasons(office.office, office.now, items.get(key))]

    [told] = found()
    assert [told] == list(map(str, finding.whole(items.get(key))["attention"]))
    assert told.endswith(f"is not shared; offer it with: dossier edit {item_name(key)} --share --share-status concept")
    assert "The client sees the version" in str(reasons.visible(items.get(key)))
    office.amend(key, share=True, share_status="concept", approvers=("m.devries",))
    assert [one.partition(",")[0] for one in found()] == ["it waits for approval by m.devries"], "as it was advised"
    office.amend(key, description="Annual accounts")
    assert found() == finding.whole(items.get(key))["attention"] == []
    assert "on the portal since" in str(reasons.visible(items.get(key)))
