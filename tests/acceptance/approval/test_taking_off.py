"""Taking something off the portal is one deed, however it is asked (CONTRACT section 2)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from kit.accounts import SETTINGS, AccountOffice, staff
from kit.support import wait_for

PUBLIC = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\nattachments: [a.txt]\n"


@pytest.fixture
def office() -> Iterator[AccountOffice]:
    """k.smit may approve and nothing else."""
    made = AccountOffice(staff=staff().replace("rights: [create, approve]", "rights: [approve]"))
    yield made
    shutil.rmtree(made.folder)


def publish(office: AccountOffice, number: int) -> str:
    office.drop("m.devries", f"d{number}", PUBLIC, {"a.txt": f"number {number}".encode()})
    office.once()
    one = f"D-2026-{number:06d}"
    assert office.public(one)
    return str(office.json("items")[0]["item"])


def told(office: AccountOffice, one: str) -> tuple[str, str, bool]:
    """(state, reason in the history, whether there is a draft for the register)."""
    shown = office.json("show", one)
    [event] = [event for event in shown["history"] if event["action"] == "withdrawn"]
    return shown["share_state"], event["detail"]["reason"], bool(list((office.path / "var/breaches").glob(f"{one}-*.md")))


def test_each_way_off_the_portal_leaves_the_same_record_and_draft(office: AccountOffice) -> None:
    one = publish(office, 1)
    assert "register of data breaches" in office.run("k.smit", "withdraw", one, "--reason", "wrong year")
    two = publish(office, 2)
    assert "--reason" in office.run("k.smit", "edit", two, "--no-share", code=1)
    assert "register of data breaches" in office.run("k.smit", "edit", two, "--no-share", "--reason", "wrong year")
    three = publish(office, 3)
    office.drop("m.devries", "off", f"item: {three}\nshare: no\n", {})
    office.once()
    assert "`reason`" in (office.root.why("off") or "")
    office.drop("m.devries", "off2", f"dossierstuk: {three}\ndelen: nee\nreden: wrong year\n", {})
    office.once()
    assert [told(office, each) for each in (one, two, three)] == [("withdrawn", "wrong year", True)] * 3
    assert [office.public(each) for each in (one, two, three)] == [None] * 3
    office.run("m.devries", "publish", two)
    office.once()
    assert office.public(two)


def test_what_went_off_as_its_clients_portal_was_switched_off_leaves_the_draft_when_it_is_withdrawn(
    office: AccountOffice,
) -> None:
    one, never = publish(office, 1), "D-2026-000002"
    clients = office.path / "config/clients.yaml"
    before = clients.read_text()
    clients.write_text(before.replace("name: Acme B.V.", "name: Acme B.V., portal: false"))
    office.once()
    assert office.public(one) is None
    done = office.run("m.devries", "withdraw", one, "--reason", "wrong client")
    assert "It was on the portal of Acme B.V. (acme-bv) from " in done
    assert told(office, one) == ("withdrawn", "wrong client", True)
    clients.write_text(before)
    office.run("m.devries", "publish", one)
    assert "nothing of it was on the portal" in office.run("m.devries", "withdraw", one, "--reason", "at once, before it went on")
    office.drop("p.bakker", "concept", PUBLIC.replace("approved", "concept\napprover: m.devries"), {"a.txt": b"seen by nobody"})
    office.once()
    assert "nothing of it was on the portal" in office.run("p.bakker", "withdraw", never, "--reason", "not yet")


def test_who_may_neither_share_nor_approve_and_has_not_made_it_can_not_in_any_way(office: AccountOffice) -> None:
    one = publish(office, 1)
    for words in (("withdraw", one, "--reason", "x"), ("edit", one, "--no-share", "--reason", "x")):
        assert "p.bakker may not withdraw" in office.run("p.bakker", *words, code=1)
    office.drop("p.bakker", "off", f"item: {one}\nshare: no\nreason: wrong year\n", {})
    office.once()
    assert "p.bakker may not withdraw" in (office.root.why("off") or "")
    assert office.public(one)


@pytest.mark.slow
def test_the_daemon_writes_the_draft_of_what_a_drop_took_off_or_a_killed_command(office: AccountOffice) -> None:
    one = publish(office, 1)
    with office.root.daemon():
        office.drop("m.devries", "off", f"item: {one}\nshare: no\nreason: wrong year\n", {})
        [draft] = wait_for(lambda: list((office.path / "var/breaches").glob(f"{one}-*.md")), "a draft")
        text = draft.read_text()
        assert office.public(one) is None
    assert "wrong year" in text
    assert "m.devries" in text


def test_what_was_shared_outright_is_approved_first_once_its_type_needs_that(office: AccountOffice) -> None:
    office.root.set("settings", SETTINGS + "types: {lease: {share: approval}}\n")
    back, stays = publish(office, 1), publish(office, 2)
    office.run("m.devries", "withdraw", back, "--reason", "wrong year")
    office.once()
    office.run("m.devries", "edit", back, "--type", "lease")
    assert "waits for approval by j.admin" in office.run("m.devries", "publish", back)
    office.drop("m.devries", "private", "description: Not shared yet\nattachments: [b.txt]\n", {"b.txt": b"a lease"})
    office.once()
    late = str(office.json("items")[0]["item"])
    office.run("m.devries", "edit", late, "--share", "--share-all", "--share-status", "approved")
    for one in (late, stays):
        office.run("m.devries", "edit", one, "--type", "lease")
    office.once()
    assert [bool(office.public(one)) for one in (back, late, stays)] == [False, False, True]
    for one in (back, late):
        assert "an item of type lease needs approval" in office.run("j.admin", "show", one)
        office.run("j.admin", "approve", one)
    office.once()
    assert all(office.public(one) for one in (back, late, stays))
