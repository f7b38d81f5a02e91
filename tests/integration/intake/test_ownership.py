"""A sidecar speaks for its owner's files only: whose each file is, decides whether it may be shared outright. With real accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.accounts import ACCOUNTS, NOBODYS, SETTINGS, AccountOffice, staff
from kit.support import PDF

CARD = "description: Annual accounts 2025\nattachments: [report.pdf]\nshare: yes\nshare_status: approved\n"
WHOLE_FOLDER = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\n"
OTHER = b"%PDF-1.4\nwhat somebody else wrote\n%%EOF\n"
MAKER = "m.devries"
WHO = {
    NOBODYS: f"belongs to {NOBODYS}, who is nobody in config/staff.yaml",
    "p.bakker": "belongs to p.bakker, who may not share for acme-bv",
}


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice()
    yield made
    made.remove()


def newest(office: AccountOffice) -> str:
    return str(office.json("items", "--limit", "1")[0]["item"])


def is_held(office: AccountOffice, item: str, reason: str, file: str) -> None:
    """A concept for the admin, with the reason on top of the queue file, in the receipt and in the trail."""
    shown = office.json("show", item)
    assert (shown["share_state"], shown["approver"]) == ("concept", "j.admin")
    queue = (office.path / "var" / "queue" / "j.admin" / f"{item}.yaml").read_text()
    head = queue[: queue.index("\ndecision:")].replace("\n# ", " ")
    assert f"`{file}` {reason}, and not to {MAKER}" in head
    held = [event for event in shown["history"] if event["action"] == "held"]
    assert reason in held[-1]["detail"]["reasons"][0]


def owners(office: AccountOffice, item: str) -> dict[str, str]:
    created = office.json("show", item)["history"][0]["detail"]
    return {one["name"]: one["owner"] for one in created["attachments"]}


@pytest.mark.parametrize("who", WHO)
def test_a_file_that_somebody_else_supplies_is_not_shared_on_a_sidecars_word(office: AccountOffice, who: str) -> None:
    office.put(MAKER, "wanted.yaml", (CARD + f"labels: [{who}]\n").encode())
    office.once()
    office.put(who, "report.pdf", OTHER + who.encode())
    office.once()
    item = newest(office)
    is_held(office, item, WHO[who], "report.pdf")
    assert office.public(item) is None
    assert owners(office, item) == {"report.pdf": who if who in ACCOUNTS else f"os:{who}"}
    assert f"{WHO[who]}, and not to {MAKER}" in (office.root.receipt("wanted") or "")
    assert "It is not shared until somebody has looked at it and approved it." in (office.root.receipt("wanted") or "")


def test_a_file_put_into_somebody_elses_folder_drop_is_not_shared_on_their_word(office: AccountOffice) -> None:
    office.put(MAKER, "map/a.pdf", PDF)
    (office.root.inbox() / "map").chmod(0o777)
    office.put(NOBODYS, "map/b.pdf", OTHER)
    office.put(MAKER, "map/item.yaml", WHOLE_FOLDER.encode())
    office.once()
    item = newest(office)
    is_held(office, item, WHO[NOBODYS], "b.pdf")
    assert owners(office, item) == {"a.pdf": MAKER, "b.pdf": f"os:{NOBODYS}"}


def test_a_file_that_comes_into_a_published_item_by_a_sidecars_word_is_not_shared_either(office: AccountOffice) -> None:
    office.drop(MAKER, "good", CARD + "labels: [good]\n", {"report.pdf": PDF})
    office.once()
    item = newest(office)
    assert office.public(item) == {"report.pdf": PDF}
    office.put(MAKER, "more.yaml", f"item: {item}\nattachments: [report.pdf]\n".encode())
    office.put("p.bakker", "report.pdf", OTHER)
    office.once()
    is_held(office, item, WHO["p.bakker"], "report.pdf")
    assert office.public(item) == {"report.pdf": PDF}, "what was approved stays until the other is"
    amended = [event for event in office.json("show", item)["history"] if event["action"] == "amended"][-1]["detail"]
    assert amended["replaced"][0]["owner"] == "p.bakker"


def test_the_file_of_another_who_may_share_is_shared_and_the_trail_says_whose_it_was() -> None:
    office = AccountOffice(staff=staff().replace("rights: [create, approve]", "rights: [create, share, approve]"))
    try:
        office.put(MAKER, "wanted.yaml", CARD.encode())
        office.put("k.smit", "report.pdf", PDF)
        office.once()
        item = newest(office)
        assert office.public(item) == {"report.pdf": PDF}
        assert owners(office, item) == {"report.pdf": "k.smit"}
    finally:
        office.remove()


def test_of_a_file_that_is_held_for_its_owner_nobody_is_told_that_it_is_shared() -> None:
    office = AccountOffice(SETTINGS.replace("guard: off", "guard: hold"))
    try:
        office.put(MAKER, "wanted.yaml", CARD.encode())
        office.put(NOBODYS, "report.pdf", OTHER)  # and no whole PDF, so that the guard can't read it
        office.once()
        receipt = office.root.receipt("wanted") or ""
        assert "not searched for other clients" in receipt
        assert ("It is shared;" in receipt.replace("\n  ", " "), office.public(newest(office))) == (False, None)
    finally:
        office.remove()


@pytest.mark.parametrize("identity", [f"{{file_owners: [{NOBODYS}]}}", "{trust_sidecar: true}"])
def test_files_of_an_account_that_counts_as_the_owners_are_shared(identity: str) -> None:
    office = AccountOffice(SETTINGS + f"identity: {identity}\n")
    try:
        card = CARD + (f"created_by: {MAKER}\n" if "trust" in identity else "")
        office.put(MAKER, "wanted.yaml", card.encode())
        office.put(NOBODYS, "report.pdf", PDF)
        office.once()
        assert office.public(newest(office)) == {"report.pdf": PDF}
    finally:
        office.remove()


def test_the_owner_of_a_shared_file_does_not_approve_it(office: AccountOffice) -> None:
    card = "description: A letter to the client\nattachments: [letter.pdf]\nshare: yes\nshare_status: concept\napprover: k.smit\n"
    office.put("p.bakker", "letter.yaml", card.encode())
    office.put("k.smit", "letter.pdf", PDF)
    office.once()
    item = newest(office)
    assert "four eyes" in office.run("k.smit", "approve", item, code=1)
    office.run("j.admin", "approve", item)
    office.once()
    assert office.public(item) == {"letter.pdf": PDF}
