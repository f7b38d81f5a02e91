"""Nobody decides on their own work, in whatever name and after whatever others changed (CONTRACT section 4)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from kit.accounts import AccountOffice, staff

CONCEPT = "description: Annual accounts 2025\nshare: yes\nshare_status: concept\napprover: k.smit\nattachments: [a.txt]\n"


@pytest.fixture
def office() -> Iterator[AccountOffice]:
    made = AccountOffice()
    yield made
    shutil.rmtree(made.folder)


def item(office: AccountOffice) -> str:
    [found] = [one["item"] for one in office.json("items")]
    return str(found)


def test_an_approver_who_replaced_the_file_may_not_approve_it_after_its_maker_corrected_a_word(office: AccountOffice) -> None:
    office.drop("p.bakker", "accounts", CONCEPT, {"a.txt": b"as it was made"})
    office.once()
    one = item(office)
    new = office.folder / "new.txt"
    new.write_bytes(b"the approver's own")
    office.run("k.smit", "replace", one, "a.txt", str(new))
    office.run("p.bakker", "edit", one, "--description", "Annual accounts of 2025")
    assert "four eyes" in office.run("k.smit", "approve", one, code=1)
    office.once()
    assert office.public(one) is None
    assert not list((office.path / "var/queue/k.smit").glob("D-*.yaml"))
    # Somebody else may, and from then on it is nobody's work but its maker's.
    office.run("j.admin", "approve", one)
    office.once()
    assert office.public(one) == {"a.txt": b"the approver's own"}
    office.run("p.bakker", "edit", one, "--description", "Annual accounts, 2025")
    office.run("k.smit", "approve", one)


def test_an_admin_who_made_it_may_not_approve_it_in_anothers_name(office: AccountOffice) -> None:
    office.drop("j.admin", "accounts", CONCEPT, {"a.txt": b"made by the admin"})
    office.once()
    one = item(office)
    assert "four eyes" in office.run("j.admin", "approve", one, code=1)
    refused = office.run("j.admin", "approve", one, acts_for="k.smit", code=1)
    assert "j.admin acts here for k.smit" in refused
    assert "four eyes" in refused
    office.once()
    assert office.public(one) is None
    office.run("k.smit", "approve", one)


def test_who_made_it_in_anothers_name_may_not_approve_it(office: AccountOffice) -> None:
    source = office.folder / "a.txt"
    source.write_bytes(b"made by the admin")
    words = ("--description", "Annual accounts 2025", "--share", "--share-all", "--approver", "k.smit")
    office.run("j.admin", "new", "acme-bv", str(source), *words, acts_for="p.bakker")
    office.once()
    one = item(office)
    assert office.json("show", one)["created_by"] == "p.bakker"
    office.run("j.admin", "approve", one, code=1)
    assert "four eyes" in office.run("j.admin", "approve", one, acts_for="l.visser", code=1)
    assert "four eyes" in office.run("j.admin", "approve", one, acts_for="k.smit", code=1)
    office.run("k.smit", "approve", one)


def test_nobody_fills_two_seats_in_others_names(office: AccountOffice) -> None:
    both = CONCEPT.replace("k.smit", "[k.smit, l.visser]")
    office.drop("p.bakker", "accounts", both, {"a.txt": b"for both"})
    office.once()
    one = item(office)
    office.run("j.admin", "approve", one, acts_for="k.smit")
    assert "j.admin decided on" in office.run("j.admin", "approve", one, acts_for="l.visser", code=1)
    office.once()
    assert office.public(one) is None
    office.run("l.visser", "approve", one)
    office.once()
    assert office.public(one) == {"a.txt": b"for both"}


def test_what_is_asked_again_instead_of_being_published_lies_before_somebody_after_the_same_run(office: AccountOffice) -> None:
    office.drop("p.bakker", "accounts", CONCEPT, {"a.txt": b"accounts"})
    office.once()
    office.run("k.smit", "approve", item(office))
    office.root.set("staff", staff().replace("os_user: games, rights: [create, approve]", "os_user: games, rights: [create]"))
    office.once()
    assert office.public(item(office)) is None
    assert [path.name for path in (office.path / "var/queue/j.admin").glob("D-*.yaml")] == [f"{item(office)}.yaml"]
