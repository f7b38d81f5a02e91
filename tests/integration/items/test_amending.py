"""Amendments: what they need approval for, and what the client sees meanwhile (CONTRACT section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, KAREL, LISA, MARIEKE, PETRA, STAFF, Records

from desk.actions import changing, item_view
from dossier.database.database import transaction
from dossier.database.tables import Attachment, Edition, Item, first_edition, item_name
from dossier.text.refusals import Conflict, Invalid, Refusal
from dossier.trail import auditing
from workflow.items import breaches, items, undoing, versions


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office")
    yield records
    assert auditing.first_fault() is None
    records.close()


OLD = {"accounts.pdf": "accounts"}

# A change that the client would see, by a person without the share right


def test_a_published_item_becomes_a_concept_and_the_client_sees_the_old_version_until_approval(office: Records) -> None:
    key = office.published()
    office.amend(key, put=[office.file("accounts.pdf", "corrected")])
    assert office.state(key) == "concept"
    assert office.on_portal(key) == OLD
    office.decide(key, "approve")
    assert office.on_portal(key) == {"accounts.pdf": "corrected"}
    assert office.state(key) == "published"
    assert office.attachments(key) == {"accounts.pdf": (2, True), "notes.pdf": (1, False)}


@pytest.mark.parametrize(
    "change",
    [
        {"rename": {"accounts.pdf": "accounts 2025.pdf"}},
        {"remove": ["accounts.pdf"]},
        {"shares": {"notes.pdf": True}},
        {"shares": {"accounts.pdf": False}},
        {"share_all": True},
        {"description": "Annual accounts, corrected"},
        {"explanation": "See page 3", "share_explanation": True},
    ],
)
def test_whatever_changes_what_the_client_sees_must_be_approved_again(office: Records, change: dict[str, Any]) -> None:
    key = office.published()
    office.amend(key, **change)
    assert office.state(key) == "concept"
    assert office.on_portal(key) == OLD


@pytest.mark.parametrize(
    ("wish", "keys"),
    [
        ({"share": True}, ["share_status", "attachments"]),  # and not that a concept needs an approver
        ({"share": True, "share_status": "concept"}, ["attachments", "approver"]),
        ({"share": True, "type": "secret", "share_status": "concept"}, ["share"]),  # and not of which files, or by whom
    ],
)
def test_what_only_follows_from_another_fault_of_a_change_is_not_told(
    tmp_path: Path, wish: dict[str, Any], keys: list[str]
) -> None:
    clients = "clients: {acme-bv: {name: Acme B.V.}}\n"
    settings = "sharing: {guard: off}\ntypes: {secret: {share: never}}\n"
    office = Records(tmp_path / "bare", settings=settings, clients=clients)
    key = office.make(files=[office.file("a.pdf", "a")])
    with pytest.raises(Invalid) as refused:
        office.amend(key, PETRA, **wish)
    assert [problem.key for problem in refused.value.problems] == keys
    office.close()


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ("vat",)},
        {"status": "done"},
        {"location": "2025/Accounts"},
        {"explanation": "For us only"},
        {"rename": {"notes.pdf": "our notes.pdf"}},
        {"remove": ["notes.pdf"]},
        {"contact": "j.jansen"},
        {"approvers": ("k.smit",)},
    ],
)
def test_what_the_client_would_not_notice_needs_no_approval(office: Records, change: dict[str, Any]) -> None:
    key = office.published()
    assert office.amend(key, **change)
    assert office.state(key) == "published"
    assert office.on_portal(key) == OLD
    assert items.get(key).pending is None


def test_a_rejected_amendment_leaves_the_approved_version_on_the_portal(office: Records) -> None:
    key = office.published()
    office.amend(key, put=[office.file("accounts.pdf", "wrong")])
    office.decide(key, "reject")
    assert office.state(key) == "returned"
    assert office.on_portal(key) == OLD
    office.amend(key, labels=("vat",))
    assert office.state(key) == "returned"
    office.amend(key, put=[office.file("accounts.pdf", "right")])
    assert office.state(key) == "concept"
    office.decide(key, "approve")
    assert office.on_portal(key) == {"accounts.pdf": "right"}


@pytest.mark.parametrize("rejected", [False, True])
def test_a_change_that_is_taken_back_needs_nobody(office: Records, rejected: bool) -> None:
    key = office.published()
    office.amend(key, rename={"accounts.pdf": "other.pdf"})
    if rejected:
        office.decide(key, "reject")
    office.amend(key, rename={"other.pdf": "accounts.pdf"})
    assert office.state(key) == "published"
    assert items.get(key).pending is None
    assert office.on_portal(key) == OLD
    assert "reverted" in office.actions(key)


# By a person with it


def test_who_may_share_changes_what_the_client_sees_at_once(office: Records) -> None:
    key = office.published()
    office.amend(
        key, LISA, put=[office.file("accounts.pdf", "corrected", True)], rename={"accounts.pdf": "old.pdf"}, remove=["notes.pdf"]
    )
    assert office.on_portal(key) == {"old.pdf": "accounts", "accounts.pdf": "corrected"}
    assert office.attachments(key) == {"old.pdf": (1, True), "accounts.pdf": (1, True)}


def test_who_may_share_can_still_ask_for_approval(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, description="Please look at this", share_status="concept")
    assert office.state(key) == "concept"
    assert office.on_portal(key) == OLD


def test_an_item_of_a_type_that_needs_approval_is_a_concept_again_whoever_changes_it(office: Records) -> None:
    key = office.published()
    office.configure(settings="sharing: {guard: off}\ntypes: {advice: {share: approval}}\n")
    office.amend(key, LISA, type="advice")
    office.amend(key, LISA, description="Changed by who may share")
    assert office.state(key) == "concept"


# A concept


def test_an_amended_concept_asks_anew_and_the_old_question_is_gone(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "one", share=True)], share=True)
    first = items.get(key).pending
    office.amend(key, put=[office.file("a.pdf", "two")])
    assert items.get(key).pending == first + 1
    assert Edition.get_by_id(first).state == "dropped"
    office.decide(key, "approve")
    assert office.on_portal(key) == {"a.pdf": "two"}


def test_a_label_leaves_a_concept_as_it_is(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "one", share=True)], share=True)
    first = items.get(key).pending
    office.amend(key, labels=("vat",))
    assert items.get(key).pending == first


@pytest.mark.parametrize("change", [{"approvers": ("k.smit",)}, {"approvals": "any"}])
def test_other_approvers_are_asked_anew(office: Records, change: dict[str, Any]) -> None:
    key = office.make(files=[office.file("a.pdf", "one", share=True)], share=True, approvers=("m.devries", "k.smit"))
    office.decide(key, "approve", MARIEKE)
    first = items.get(key).pending
    office.amend(key, **change)
    assert items.get(key).pending == first + 1
    assert office.state(key) == "concept"


def test_a_concept_can_be_shared_outright_by_who_may(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "one", share=True)], share=True)
    with pytest.raises(Invalid):
        office.amend(key, PETRA, share_status="approved")
    assert office.on_portal(key) is None
    office.amend(key, LISA, share_status="approved")
    assert office.on_portal(key) == {"a.pdf": "one"}


# Off the portal


@pytest.mark.parametrize("actor", [MARIEKE, LISA, JOOST])
def test_share_no_takes_a_public_item_off_as_withdraw_does(office: Records, actor: Any) -> None:
    key, other = (office.published(notify=True, contact="j.jansen") for _ in range(2))
    office.amend(key, actor, share=False, reason="wrong year")
    office.withdraw(other, actor)
    assert office.on_portal(key) is None
    item = items.get(key)
    assert (item.share, item.share_state, item.standing, item.public, item.notify) == (False, "withdrawn", None, None, False)
    assert office.actions(key) == office.actions(other)
    assert office.last_detail(key, "withdrawn") == office.last_detail(other, "withdrawn")
    assert [one.item for one in breaches.due()] == [key, other]
    office.restore(key)
    assert office.on_portal(key) == OLD
    assert items.get(key).share


def test_taking_off_needs_a_reason_and_somebody_who_may(office: Records) -> None:
    key = office.published()
    with pytest.raises(Invalid, match="say why it is taken off, with `reason`"):
        office.amend(key, LISA, share=False)
    with pytest.raises(Invalid, match=r"p\.bakker may not withdraw"):
        office.amend(key, PETRA, share=False, reason="wrong year")
    with pytest.raises(Invalid, match="`reason` says why an item is taken off"):
        office.amend(key, LISA, labels=("x",), reason="no reason")
    assert office.on_portal(key) == OLD


def test_nothing_delays_taking_off(office: Records) -> None:
    for how in ("closed", "client", "approver"):
        key = office.published(status="closed")
        if how == "approver":  # who may approve and not make items
            office.configure(staff=STAFF.replace("rights: [create, approve]", "rights: [approve]"))
        office.amend(key, KAREL if how == "approver" else LISA, share=False, reason=how)
        assert office.on_portal(key) is None
        with pytest.raises(Invalid, match="nothing changes until an admin"):
            office.amend(key, LISA, labels=("x",))


def test_what_else_is_asked_with_taking_off_is_judged_as_ever(office: Records) -> None:
    key = office.published(status="closed")
    with pytest.raises(Invalid, match="nothing changes until an admin"):
        office.amend(key, LISA, share=False, reason="wrong year", labels=("x",))
    other = office.published()
    office.amend(other, LISA, share=False, reason="wrong year", labels=("x",))
    assert office.on_portal(other) is None
    assert (items.get(other).labels, office.actions(other)[-3:]) == (["x"], ["amended", "withdrawn", "taken_off"])


def test_share_no_of_what_nobody_approved_makes_it_private_without_a_reason(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "a", share=True)], share=True)
    office.amend(key, PETRA, share=False)
    assert office.state(key) == "private"
    assert breaches.due() == []


def test_a_withdrawn_item_that_is_edited_stays_off_until_somebody_says_share(office: Records) -> None:
    key = office.published()
    office.withdraw(key)
    office.amend(key, LISA, put=[office.file("accounts.pdf", "corrected")], description="Annual accounts 2024")
    assert office.state(key) == "withdrawn"
    assert office.on_portal(key) is None
    office.amend(key, PETRA, share=True)
    assert office.state(key) == "concept"
    assert office.on_portal(key) is None
    office.decide(key, "approve")
    assert office.on_portal(key) == {"accounts.pdf": "corrected"}


def test_publish_puts_back_what_was_approved_and_not_what_was_edited_since(office: Records) -> None:
    key = office.published()
    office.withdraw(key)
    office.amend(key, PETRA, put=[office.file("accounts.pdf", "corrected")])
    assert office.restore(key) is False
    assert office.on_portal(key) == OLD
    office.amend(key, PETRA, labels=("vat",))
    assert office.state(key) == "published"
    office.amend(key, PETRA, share_status="concept")
    assert office.state(key) == "concept"
    office.decide(key, "approve")
    assert office.on_portal(key) == {"accounts.pdf": "corrected"}


def test_a_label_on_an_item_that_was_withdrawn_asks_for_no_approver(office: Records) -> None:
    key = office.make(LISA, "zon", files=[office.file("a.pdf", "one", share=True)], share=True, share_status="approved")
    office.withdraw(key)
    assert office.amend(key, LISA, labels=("vat",))


# A private item that is to be shared


def test_every_attachment_of_an_item_that_becomes_shared_must_be_said(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "one"), office.file("b.pdf", "two")])
    with pytest.raises(Invalid, match=r"`a\.pdf`"):
        office.amend(key, LISA, share=True, share_status="approved", put=[office.file("c.pdf", "three", share=True)])
    office.amend(key, LISA, share=True, share_status="approved", shares={"a.pdf": True, "b.pdf": False})
    assert office.on_portal(key) == {"a.pdf": "one"}


def test_a_file_that_is_added_to_a_shared_item_must_say_whether_it_is_shared(office: Records) -> None:
    key = office.published()
    with pytest.raises(Invalid, match=r"say which attachments are shared: `new\.pdf`"):
        office.amend(key, LISA, put=[office.file("new.pdf", "new")])
    office.amend(key, LISA, put=[office.file("new.pdf", "new")], share_all=True)
    assert office.on_portal(key) == {**OLD, "new.pdf": "new"}, "share_attachments is about the files that come with it"


def test_share_attachments_without_files_is_about_all_of_them(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, share_all=True)
    assert office.on_portal(key) == {**OLD, "notes.pdf": "notes"}


# Attachments


def test_two_attachments_can_swap_their_names(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, rename={"accounts.pdf": "notes.pdf", "notes.pdf": "accounts.pdf"})
    assert office.on_portal(key) == {"notes.pdf": "accounts"}


def test_replaced_and_removed_versions_stay_in_the_vault_and_in_the_records(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, put=[office.file("accounts.pdf", "corrected")], remove=["notes.pdf"])
    kept = list(Attachment.select().where(Attachment.item == key).order_by(Attachment.id))
    assert [(row.name, row.version, row.current) for row in kept] == [
        ("accounts.pdf", 1, False), ("notes.pdf", 1, False), ("accounts.pdf", 2, True),
    ]  # fmt: skip
    assert [office.vault.location(row.sha256).read_text() for row in kept] == ["accounts", "notes", "corrected"]


def test_each_version_that_had_a_name_is_got_by_its_number_and_the_one_that_is_there_is_the_latest(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "one"), office.file("b.pdf", "other")])
    office.amend(key, put=[office.file("a.pdf", "two")])
    office.amend(key, remove=["a.pdf"])
    office.amend(key, put=[office.file("a.pdf", "three")])
    texts = ["one", "two", "three"]
    for change in (
        {"remove": ["a.pdf"], "put": [office.file("a.pdf", "four")]},
        {"remove": ["a.pdf"], "rename": {"b.pdf": "a.pdf"}},
    ):
        office.amend(key, **change)
        texts.append(office.vault.location(items.attachments_of(key)[-1].sha256).read_text())
    assert texts[3:] == ["four", "other"]
    told = versions.versions(key)["a.pdf"]
    assert [(one.number, one.is_current) for one in told] == [(5, True), (4, False), (3, False), (2, False), (1, False)]
    found = [item_view.version_of(office.office, PETRA, item_name(key), "a.pdf", one.number) for one in reversed(told)]
    assert [office.vault.location(row.sha256).read_text() for row in found] == texts
    assert found[-1].sha256 == item_view.version_of(office.office, PETRA, item_name(key), "a.pdf", None).sha256


def test_the_same_bytes_again_are_no_new_version_and_nothing_to_approve(office: Records) -> None:
    key = office.published()
    version = items.get(key).version
    assert office.amend(key, PETRA, put=[office.file("accounts.pdf", "accounts")]) == []
    assert items.get(key).version == version
    assert office.actions(key)[-1] == "published"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"remove": ["gone.pdf"]}, "no attachment `gone.pdf`"),
        ({"rename": {"gone.pdf": "x.pdf"}}, "no attachment `gone.pdf`"),
        ({"rename": {"accounts.pdf": "x.pdf"}, "remove": ["Accounts.pdf"]}, "`accounts.pdf` is renamed and removed"),
        ({"rename": {"accounts.pdf": "Notes.PDF"}}, "has an attachment `Notes.PDF` already"),
        ({"rename": {"accounts.pdf": "a/b.pdf"}}, "folder part"),
        ({"rename": {"accounts.pdf": "accounts.exe"}}, "files of type .exe are not taken"),
        ({"rename": {"accounts.pdf": "x\u202efdp.pdf"}}, "direction characters"),
        ({"shares": {"gone.pdf": True}}, "no attachment `gone.pdf`"),
    ],
)
def test_what_cant_be_done_to_attachments_is_told_and_nothing_is_changed(office: Records, change: Any, word: str) -> None:
    key = office.published()
    before = Item.get_by_id(key).__data__, office.attachments(key)
    with pytest.raises(Invalid, match=word):
        office.amend(key, LISA, labels=("vat",), **change)
    assert (Item.get_by_id(key).__data__, office.attachments(key)) == before


def test_all_reasons_are_told_at_once(office: Records) -> None:
    key = office.published()
    with pytest.raises(Invalid) as refusal:
        office.amend(key, PETRA, remove=["gone.pdf"], contact="nobody", share_status="approved")
    assert {problem.key for problem in refusal.value.problems} == {"remove", "contact", "share_status"}


def test_a_renamed_file_is_of_the_kind_that_its_new_name_tells(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, rename={"notes.pdf": "notes.txt"})
    assert [row.media_type for row in items.attachments_of(key)] == ["application/pdf", "text/plain"]


# Versions of the item


def test_a_conditional_change_is_refused_when_somebody_else_changed_it_meanwhile(office: Records) -> None:
    key = office.published()
    version = items.get(key).version
    office.amend(key, PETRA, if_version=version, labels=("vat",))
    with pytest.raises(Conflict, match="version 2"):
        office.amend(key, PETRA, if_version=version, labels=("other",))
    assert items.get(key).labels == ["vat"]


def test_an_item_runs_out_of_editions_with_a_word_and_not_into_the_next_item(office: Records) -> None:
    key = office.published()
    Edition.update(id=first_edition(key) + items.MOST_EDITIONS).where(Edition.id == first_edition(key) + 1).execute()
    Item.update(standing=first_edition(key) + items.MOST_EDITIONS, public=first_edition(key) + items.MOST_EDITIONS).execute()
    with pytest.raises(Refusal, match="make a new item"):
        office.amend(key, LISA, description="One too many of them")
    assert office.amend(key, LISA, labels=("vat",))


# Who may, and when


def test_a_closed_item_is_frozen_until_an_admin_opens_it(office: Records) -> None:
    key = office.published()
    office.amend(key, LISA, status="closed")
    for actor, change in ((LISA, {"labels": ("x",)}), (LISA, {"status": "done"}), (JOOST, {"labels": ("x",)})):
        with pytest.raises(Invalid, match="nothing changes until an admin"):
            office.amend(key, actor, **change)
    office.withdraw(key)
    for actor in (LISA, JOOST):
        with pytest.raises(Refusal, match="nothing changes until an admin"):
            office.restore(key, actor)
    office.amend(key, JOOST, status="done")
    office.amend(key, LISA, labels=("x",))


def test_an_admin_deletes_or_moves_no_closed_item_either(office: Records) -> None:
    key = office.make(status="closed")
    for undo in (undoing.delete, partial(undoing.move, client="zon")):
        with pytest.raises(Refusal, match="nothing changes until an admin"):
            undo(office.office, office.tick(), JOOST, key)
    office.amend(key, JOOST, status="done")
    with transaction():
        undoing.delete(office.office, office.tick(), JOOST, key)


def test_an_item_of_a_client_that_is_gone_from_the_configuration_is_refused_in_words(office: Records) -> None:
    key = office.make(LISA, "zon", files=[office.file("a.pdf", "one", share=True)], share=True, share_status="approved")
    office.configure(clients="clients: {acme-bv: {name: Acme B.V.}}\n")
    with pytest.raises(Invalid, match="zon"):
        office.amend(key, LISA, description="Changed all the same")


def test_nobody_who_may_approve_is_told_at_once(office: Records) -> None:
    key = office.make(LISA, "zon", files=[office.file("a.pdf", "one", share=True)], share=True, share_status="approved")
    with pytest.raises(Invalid, match="name who must approve it"):
        office.amend(key, PETRA, description="Changed by who may not share")
    office.amend(key, PETRA, description="Changed by who may not share", approvers=("k.smit",))
    assert office.decide(key, "approve", KAREL) == "approved"


# The trail


def test_the_trail_tells_what_was_changed_from_what_and_what_is_shared_and_what_not(office: Records) -> None:
    key = office.published()
    office.amend(
        key, PETRA, status="done", put=[office.file("accounts.pdf", "corrected"), office.file("x.pdf", "x", share=False)]
    )
    told = office.last_detail(key, "amended")
    assert told["changed"] == {"status": {"from": "new", "to": "done"}, "approvers": {"from": [], "to": ["m.devries"]}}
    assert [one["name"] for one in told["replaced"]] == ["accounts.pdf"]
    assert [one["name"] for one in told["added"]] == ["x.pdf"]
    assert (told["shared"], told["not_shared"]) == (["accounts.pdf"], ["notes.pdf", "x.pdf"])
    assert told["rights"] == ["create"]
    assert office.last_detail(key, "offered")["shared"] == ["accounts.pdf"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"status": "finished", "contact": "nobody"}, {"status", "contact"}),  # what can't be read, and what can't be done
        ({"due": "soon", "owner": "x.nobody", "labels": ["a", "a"]}, {"due", "owner", "labels"}),
        ({"share": "maybe", "share_status": "concept", "approver": "x.nobody"}, {"share", "approver"}),
        ({"contact": ["a", "b"], "notify": "yes"}, {"contact"}),  # and not that a contact must be named
        ({"share": "no", "reason": "wrong year", "status": "finished"}, {"status"}),
    ],
)
def test_all_that_is_wrong_with_a_change_by_keys_is_told_at_once(
    office: Records, keys: dict[str, str | list[str]], told: set[str]
) -> None:
    key = office.published()
    with pytest.raises(Invalid) as refused:
        changing.edit(office.office, office.tick(), LISA, key, keys)
    assert {problem.key for problem in refused.value.problems} == told
    assert office.state(key) == "published"
