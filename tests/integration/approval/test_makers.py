"""Who counts as a maker of what is to be decided on (CONTRACT section 4): more than one change back, and no more than that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, KAREL, LISA, MARIEKE, PETRA, STAFF, Records

from desk.actions import tokens
from dossier.database.tables import Edition
from dossier.office.people import Actor
from dossier.text.refusals import Forbidden
from dossier.text.sentences import told
from dossier.trail import trail
from workflow.items import items
from workflow.items.items import File
from workflow.reports.story import story

ASKED = {"share": True, "share_status": "concept", "approvers": ("k.smit",)}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office", staff=STAFF.replace("rights: [admin]", "rights: [admin], os_user: joost"))
    yield records
    records.close()


def concept(office: Records, maker: Actor = PETRA, **wish: Any) -> int:
    files = [office.file("shown.pdf", "shown", share=True), office.file("own.pdf", "own", share=False)]
    return office.make(maker, files=files, **{**ASKED, **wish})


def may(office: Records, key: int, who: Actor = KAREL) -> bool:
    """Whether this person can approve it now."""
    try:
        office.decide(key, "approve", who)
    except Forbidden as refusal:
        return "four eyes" not in str(refusal)
    return True


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ("vat",)}, {"status": "done"}, {"location": "2025"}, {"explanation": "for us"}, {"approvers": ("k.smit", "m.devries")},
        {"put": "own.pdf"}, {"rename": {"own.pdf": "ours.pdf"}}, {"remove": ["own.pdf"]},
    ],
)  # fmt: skip
def test_a_change_that_the_client_would_not_see_makes_nobody_a_maker(office: Records, change: dict[str, Any]) -> None:
    key = concept(office)
    put = [office.file(change.pop("put"), "another", share=False)] if "put" in change else []
    assert office.amend(key, KAREL, put=put, **change)
    assert may(office, key)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Annual accounts, corrected"}, {"put": "shown.pdf"}, {"rename": {"shown.pdf": "accounts.pdf"}},
        {"remove": ["shown.pdf"]}, {"shares": {"own.pdf": True}}, {"share_explanation": True},
    ],
)  # fmt: skip
def test_whoever_changed_what_the_client_would_see_is_a_maker_whatever_others_change_after(
    office: Records, change: dict[str, Any]
) -> None:
    key = concept(office, explanation="as it was made")
    put = [office.file(change.pop("put"), "another", share=True)] if "put" in change else []
    office.amend(key, KAREL, put=put, approvers=("m.devries",), **change)
    office.amend(key, LISA, description="Annual accounts, corrected again")
    office.amend(key, PETRA, description="Annual accounts, corrected once more", labels=("vat",))
    assert not may(office, key)
    assert may(office, key, MARIEKE)


def test_what_was_changed_while_nobody_was_to_see_it_counts_once_it_is_shared(office: Records) -> None:
    for change in (
        {"put": [office.file("own.pdf", "another", share=False)]}, {"rename": {"own.pdf": "accounts.pdf"}}, {"explanation": "words"},
        {"description": "Annual accounts by Karel"},
    ):  # fmt: skip
        files = [office.file("own.pdf", "own", share=False)]
        key = office.make(PETRA, files=files, explanation="as it was made")
        office.amend(key, KAREL, **change)
        wish = {**ASKED, "approvers": ("m.devries",), "share_all": True, "share_explanation": True}
        office.amend(key, PETRA, **wish)
        assert not may(office, key), change


def test_who_offers_what_was_private_or_withdrawn_is_a_maker(office: Records) -> None:
    key = office.make(PETRA, files=[office.file("a.pdf", "a", share=True)])
    office.amend(key, KAREL, **{**ASKED, "approvers": ("m.devries",), "share_all": True})
    assert not may(office, key)
    key = concept(office)
    office.decide(key, "approve", KAREL)
    office.withdraw(key, PETRA)
    office.amend(key, MARIEKE, **ASKED)
    assert not may(office, key, MARIEKE)
    assert may(office, key, KAREL)


def test_who_asks_again_for_what_was_returned_without_changing_it_is_none(office: Records) -> None:
    key = concept(office)
    office.decide(key, "reject", KAREL)
    office.amend(key, KAREL, share_status="concept")
    assert may(office, key)


KNOWN_BY = {"os_user": "karel", "oidc_subject": "5f-a"}
"""What stands with Karel in staff.yaml, besides the address."""


@pytest.mark.parametrize("lost", [[], ["os_user", "email"], ["oidc_subject", "email"], ["oidc_subject", "os_user"]])
def test_whose_code_is_changed_in_staff_yaml_is_still_who_made_it(office: Records, lost: list[str]) -> None:
    known = "".join(f", {name}: {value}" for name, value in KNOWN_BY.items())
    was = STAFF.replace("k.smit@office.example", f"K.Smit@office.example{known}")
    office.configure(staff=was)
    made, changed = concept(office, KAREL, approvers=("m.devries",)), concept(office)
    office.amend(changed, KAREL, description="Annual accounts by Karel", approvers=("m.devries",))
    now = was.replace("k.smit:", "k.jansen:").replace("K.Smit@", "k.jansen@" if "email" in lost else "k.smit@")
    for name in KNOWN_BY.keys() & lost:
        now = now.replace(f", {name}: {KNOWN_BY[name]}", "")
    office.configure(staff=now)
    renamed = Actor("k.jansen", "command")
    assert not may(office, made, renamed)
    assert not may(office, changed, renamed)
    assert may(office, made, MARIEKE)


def test_an_address_that_two_people_share_makes_neither_of_them_the_other(office: Records) -> None:
    office.configure(staff=STAFF.replace("k.smit@office", "info@office").replace("p.bakker@office", "info@office"))
    assert may(office, concept(office))


def test_once_approved_only_the_items_maker_stays_one(office: Records) -> None:
    key = concept(office)
    office.amend(key, KAREL, description="Annual accounts by Karel", approvers=("m.devries",))
    office.decide(key, "approve", MARIEKE)
    office.publish()
    office.amend(key, MARIEKE, description="Annual accounts by Marieke")
    assert not may(office, key, MARIEKE)
    assert may(office, key, KAREL)
    own = concept(office, MARIEKE)
    office.decide(own, "approve", KAREL)
    office.amend(own, PETRA, description="Annual accounts by Petra", approvers=("k.smit",))
    assert not may(office, own, MARIEKE)
    assert may(office, own, KAREL)


def test_a_file_that_nobody_was_to_see_keeps_its_makers_over_an_approval(office: Records) -> None:
    key = concept(office)
    office.amend(key, KAREL, put=[office.file("own.pdf", "by Karel", share=False)])
    office.decide(key, "approve", KAREL)
    office.publish()
    office.amend(key, PETRA, shares={"own.pdf": True})
    assert not may(office, key)


def test_what_was_approved_by_who_lost_the_right_before_it_was_published_keeps_its_makers(office: Records) -> None:
    key = concept(office)
    office.amend(key, KAREL, put=[office.file("shown.pdf", "by Karel", share=True)], approvers=("m.devries",))
    office.decide(key, "approve", MARIEKE)
    office.configure(staff=STAFF.replace("rights: [create, approve]", "rights: [create]", 1))
    office.portal.office = office.office
    assert office.state(key) == "concept"
    [again] = [event for event in trail.history(key) if event["action"] == "asked_again"]
    assert "`approve`" in again["detail"]["reason"]
    [line] = story(office.office, "acme-bv", [again])
    assert "heeft het recht `approve` niet" in told(line.what, "nl"), "in the reader's language"
    office.amend(key, PETRA, description="Annual accounts, corrected")
    assert not may(office, key)
    assert may(office, key, JOOST)


def test_whoever_put_back_what_has_to_be_approved_now_is_a_maker_whatever_others_change_after(office: Records) -> None:
    office.configure(settings="sharing: {guard: off}\ntypes: {letter: {share: free}}\n")
    key = office.published(type="letter")
    office.withdraw(key)
    office.configure(
        settings="sharing: {guard: off}\ntypes: {letter: {share: approval}}\n",
        staff=STAFF.replace("rights: [admin]", "rights: [admin, approve]"),
    )
    office.restore(key, JOOST)
    assert not may(office, key, JOOST)
    office.amend(key, LISA, description="Annual accounts, corrected")
    assert not may(office, key, JOOST)
    assert may(office, key, MARIEKE)


@pytest.mark.parametrize("owner", ["k.smit", "os:joost"])
def test_the_owner_of_a_shared_file_is_a_maker(office: Records, owner: str) -> None:
    def file(name: str, share: bool) -> File:
        kept = office.file(name, f"{name} {share}", share)
        return File(kept.name, kept.sha256, kept.size, kept.media_type, share, makers=(owner,))

    who = KAREL if owner == "k.smit" else JOOST
    shared = office.make(files=[file("a.pdf", True)], **{**ASKED, "approvers": ("m.devries",)})
    own = office.make(files=[office.file("a.pdf", "a", True), file("b.pdf", False)], **ASKED)
    later = concept(office, approvers=("m.devries",))
    office.amend(later, put=[file("shown.pdf", True)])
    for key in (shared, later):
        assert not may(office, key, who)
    assert office.decide(own, "approve", KAREL) == "approved"


def test_who_is_behind_counts_as_the_operating_systems_user_they_are(office: Records) -> None:
    made = concept(office, Actor("p.bakker", "drop", behind="os:joost"))
    assert not may(office, made, JOOST)
    assert not may(office, made, Actor("k.smit", "command", behind="j.admin"))
    assert Edition.get_by_id(items.get(made).pending).makers[:2] == ["p.bakker", "os:joost"]
    # A user who is nobody's os_user says nothing: a file server's account, say.
    shared = concept(office, Actor("p.bakker", "drop", behind="os:smb"))
    assert may(office, shared, Actor("k.smit", "queue", behind="os:smb"))


def test_whoever_issued_a_key_in_anothers_name_is_behind_what_is_done_with_it(office: Records) -> None:
    issuer = Actor("m.devries", "command", behind="j.admin")
    key = tokens.new(office.office, office.now, issuer, "karels", "k.smit", tokens.SCOPES, date(2099, 12, 31))
    bearer = tokens.bearer(office.office, office.now, key)
    assert bearer is not None
    assert not may(office, concept(office, JOOST), bearer.actor)
    assert may(office, concept(office, MARIEKE), bearer.actor)
