"""What went wrong is put right: the bin, and another client's dossier; never of what a client saw (CONTRACT section 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.accounts import SETTINGS, AccountOffice, staff

CARD = "description: Annual accounts 2025\nattachments: [a.txt]\n"
OUTRIGHT = CARD + "share: yes\nshare_status: approved\n"
CONCEPT = CARD + "share: yes\nshare_status: concept\napprover: k.smit\n"


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(staff=staff(l_visser="clients: [acme-bv]"))
    yield made
    made.remove()


def drop(office: AccountOffice, stem: str, card: str = CARD, who: str = "p.bakker", data: bytes = b"") -> str:
    """A new item; its number."""
    office.drop(who, stem, card, {"a.txt": data or stem.encode()})
    office.once()
    return str(office.json("items", "--limit", "1")[0]["item"])


def listed(office: AccountOffice) -> list[str]:
    return [one["item"] for one in office.json("items", "--limit", "0")]


def test_what_is_deleted_is_in_the_bin_alone_and_comes_back_as_it_was(office: AccountOffice) -> None:
    one = drop(office, "gone")
    before, count = office.json("show", one), office.json("status")["items"]
    assert f"{one} is in the bin" in office.run("p.bakker", "delete", one)
    assert one not in listed(office)
    assert one not in [item["item"] for item in office.json("items", "annual")]
    assert one not in office.run("p.bakker", "recent")
    assert office.json("status")["items"] == count - 1
    for words in (("show", one), ("get", one), ("edit", one, "--status", "done"), ("why", one), ("delete", one)):
        assert f"dossier undelete {one}" in office.run("p.bakker", *words, code=1)
    [lies] = office.json("bin")
    assert (lies["item"], lies["deleted_by"]) == (one, "p.bakker")
    assert one in office.run("p.bakker", "undelete", one)
    after = office.json("show", one)
    assert {**after, "history": 0, "version": 0} == {**before, "history": 0, "version": 0}
    assert [event["action"] for event in after["history"] if event["action"].endswith("deleted")] == ["deleted", "undeleted"]
    assert office.json("bin") == []
    office.run("p.bakker", "undelete", one, code=1)


def test_who_was_to_be_mailed_still_is_after_the_bin(office: AccountOffice) -> None:
    one = drop(office, "mailed", CONCEPT + "notify: yes\ncontact: j.jansen\n")
    office.run("k.smit", "reject", one, "--comment", "page 3 is missing")
    office.run("p.bakker", "delete", one)
    office.run("p.bakker", "undelete", one)
    after = office.json("show", one)
    assert (after["share_state"], after["notify"], after["contact"]) == ("returned", True, "j.jansen")


def test_what_is_in_the_bin_goes_by_its_short_number_too(office: AccountOffice) -> None:
    one = drop(office, "short")
    number = str(int(one.rpartition("-")[2]))
    office.run("p.bakker", "delete", number)
    for words in (("show", number), ("get", number), ("why", number), ("delete", number)):
        assert f"dossier undelete {one}" in office.run("p.bakker", *words, code=1)
    assert one in office.run("p.bakker", "undelete", number)
    assert office.json("show", number)["item"] == one


def test_only_its_maker_or_an_admin_deletes_or_moves_an_item(office: AccountOffice) -> None:
    one = drop(office, "whose")
    for words in (("delete", one), ("move", one, "--client", "zon")):
        assert "k.smit has not made" in office.run("k.smit", *words, code=1)
    office.run("j.admin", "delete", one)
    office.run("k.smit", "undelete", one, code=1)
    office.run("p.bakker", "undelete", one)


def test_the_same_drop_given_again_after_it_was_deleted_is_new(office: AccountOffice) -> None:
    one = drop(office, "again", data=b"again and again")
    assert drop(office, "again", data=b"again and again") == one
    office.run("p.bakker", "delete", one)
    assert drop(office, "again", data=b"again and again") not in (one, None)
    assert len(listed(office)) == len(set(listed(office)))


def test_what_a_client_saw_is_neither_deleted_nor_moved_not_even_once_it_was_withdrawn(office: AccountOffice) -> None:
    one = drop(office, "seen", OUTRIGHT, "m.devries")
    words = [("delete", one), ("move", one, "--client", "zon")]
    for each in words:
        assert "a client could see" in office.run("m.devries", *each, code=1)
    office.run("m.devries", "withdraw", one, "--reason", "wrong year")
    for who in ("m.devries", "j.admin"):
        for each in words:
            assert "a client could see" in office.run(who, *each, code=1)


def test_under_a_legal_hold_nothing_is_deleted_or_moved(office: AccountOffice) -> None:
    one = drop(office, "held")
    office.run("j.admin", "retention", "hold", "--item", one, "--reason", "court case")
    for words in (("delete", one), ("move", one, "--client", "zon")):
        assert "court case" in office.run("p.bakker", *words, code=1)
    office.run("j.admin", "retention", "release", "--item", one, "--reason", "settled")
    office.run("p.bakker", "delete", one)


def test_a_move_ends_approvals_and_both_dossiers_tell_of_it(office: AccountOffice) -> None:
    one = drop(office, "moved", CONCEPT)
    office.run("p.bakker", "move", one, "--client", "zon")
    shown = office.json("show", one)
    assert (shown["client"], shown["share_state"], shown["share"], shown["approver"]) == ("zon", "private", False, None)
    assert [(e["detail"]["from"], e["detail"]["to"]) for e in shown["history"] if e["action"] == "moved"] == [("acme-bv", "zon")]
    assert "does not wait" in office.run("k.smit", "approve", one, code=1)
    office.once()
    assert not list((office.path / "var" / "queue").glob(f"*/{one}.yaml"))
    assert one in [item["item"] for item in office.json("items", "--client", "zon", "annual")]
    assert one not in [item["item"] for item in office.json("items", "--client", "acme-bv")]
    assert f"there is no item {one}" in office.run("l.visser", "show", one, code=1)


def test_whoever_does_not_work_for_the_client_that_an_item_was_moved_from_is_not_told_which_it_was(office: AccountOffice) -> None:
    one = drop(office, "came")
    for client in ("zon", "acme-bv"):
        office.run("p.bakker", "move", one, "--client", client)
    words = (
        ("show", one),
        ("show", one, "--json"),
        ("audit", "log", "--item", one),
        ("audit", "export", "--item", one),
        ("proof", one, "--json"),
    )
    for each in words:
        assert "zon" in office.run("p.bakker", *each)
        assert "zon" not in office.run("l.visser", *each)


def test_what_was_approved_for_one_client_is_not_put_back_for_another(office: AccountOffice) -> None:
    one = drop(office, "approved", CONCEPT)
    office.run("k.smit", "approve", one)  # and no daemon publishes it before it is withdrawn
    office.run("k.smit", "withdraw", one, "--reason", "another client's")
    office.once()
    office.run("p.bakker", "move", one, "--client", "zon")
    office.run("m.devries", "publish", one, code=1)
    office.once()
    assert office.public(one, "zon") is None
    assert office.public(one) is None


def test_nobody_moves_an_item_to_a_client_whom_they_do_not_work_for(office: AccountOffice) -> None:
    one = drop(office, "lisas", who="l.visser")
    assert "there is no client zon" in office.run("l.visser", "move", one, "--client", "zon", code=1)
    assert "there is no client nobody" in office.run("l.visser", "move", one, "--client", "nobody", code=1)


def test_after_its_days_in_the_bin_an_admin_removes_it_for_good_and_not_what_a_term_keeps(office: AccountOffice) -> None:
    terms = "retention: {terms: {tax: [{years: 7, counted_from: creation, basis: tax}]}}\n"
    office.root.set("settings", SETTINGS + terms + "types: {advice: {keep: [tax]}}\n")
    one, kept, other = drop(office, "for-good"), drop(office, "kept", CARD + "type: advice\n"), drop(office, "other")
    for each in (one, kept):
        office.run("p.bakker", "delete", each)
    assert "Nothing may go" in office.run("j.admin", "retention", "run", "--yes")
    office.root.set("settings", SETTINGS + terms + "types: {advice: {keep: [tax]}}\nitems: {bin_days: 0}\n")
    assert "may not" in office.run("p.bakker", "retention", "run", "--yes", code=1)
    office.run("j.admin", "retention", "run", one, "--yes")
    assert one not in [lies["item"] for lies in office.json("bin")]
    assert kept in [lies["item"] for lies in office.json("bin")]
    assert "tax" in office.run("j.admin", "retention", "run", kept, "--yes", code=1)
    assert other in listed(office)
    office.run("p.bakker", "undelete", one, code=1)
    office.run("j.admin", "audit", "verify")


def test_an_earlier_version_is_put_back_but_not_in_the_place_of_one_that_a_client_saw(office: AccountOffice) -> None:
    office.root.set("settings", SETTINGS)
    one = drop(office, "versions", data=b"the first")
    office.drop("p.bakker", "second", f"item: {one}\nattachments: [a.txt]\n", {"a.txt": b"the second"})
    office.once()
    assert "has not made" in office.run("k.smit", "revert", one, "a.txt", "--version", "1", code=1)
    office.run("p.bakker", "revert", one, "a.txt", "--version", "9", code=1)
    office.run("p.bakker", "revert", one, "a.txt", "--version", "1")
    shown = office.json("show", one)
    assert [(file["version"], file["size"]) for file in shown["attachments"]] == [(3, len(b"the first"))]
    assert [event["detail"]["replaced"][0].get("of_version") for event in shown["history"] if event["action"] == "amended"] == [
        None,
        1,
    ]
    office.run("m.devries", "edit", one, "--share", "--share-status", "approved", "--share-all")
    office.once()
    assert office.public(one) == {"a.txt": b"the first"}
    assert "a client could see version 3" in office.run("p.bakker", "revert", one, "a.txt", "--version", "2", code=1)


def test_a_file_that_was_taken_out_is_put_back(office: AccountOffice) -> None:
    office.root.set("settings", SETTINGS)
    one = drop(office, "taken-out", data=b"the first one")
    office.drop("p.bakker", "second", f"item: {one}\nattachments: [a.txt]\n", {"a.txt": b"the second one"})
    office.once()
    office.run("p.bakker", "remove", one, "a.txt")
    assert "has not made" in office.run("k.smit", "revert", one, "a.txt", "--version", "2", code=1)
    assert "has no" in office.run("p.bakker", "revert", one, "a.txt", "--version", "9", code=1)
    office.run("p.bakker", "revert", one, "a.txt", "--version", "1")
    shown = office.json("show", one)
    assert [(file["name"], file["size"]) for file in shown["attachments"]] == [("a.txt", len(b"the first one"))]
    told = [event["detail"] for event in shown["history"] if event["action"] == "amended"][-1]
    assert told["added"][0]["of_version"] == 1
    office.run("p.bakker", "revert", one, "a.txt", "--version", "2")
    assert office.run("p.bakker", "get", one, "a.txt", "--to", "-") == "the second one"


def test_what_a_file_was_before_it_was_renamed_and_taken_out_is_given_and_put_back_under_its_last_name(
    office: AccountOffice,
) -> None:
    office.root.set("settings", SETTINGS)
    one = drop(office, "renamed-out", data=b"the first one")
    office.drop("p.bakker", "second-one", f"item: {one}\nattachments: [a.txt]\n", {"a.txt": b"the second one"})
    office.once()
    office.run("p.bakker", "rename", one, "a.txt", "b.txt")
    office.run("p.bakker", "remove", one, "b.txt")
    assert office.run("p.bakker", "get", one, "b.txt", "--version", "1", "--to", "-") == "the first one"
    office.run("p.bakker", "revert", one, "b.txt", "--version", "1")
    shown = office.json("show", one)
    assert [(file["name"], file["size"]) for file in shown["attachments"]] == [("b.txt", len(b"the first one"))]


def test_both_histories_tell_of_a_copy_and_who_made_the_file_does_not_approve_it(office: AccountOffice) -> None:
    source = drop(office, "source", who="k.smit", data=b"of Karel")
    target = drop(office, "target", "description: A letter to the client\nattachments: []\n")
    office.run("p.bakker", "copy", source, "a.txt", "--to", target)
    there, here = (office.json("show", each)["history"] for each in (source, target))
    assert [(e["detail"]["to"], e["detail"]["files"]) for e in there if e["action"] == "copied"] == [(target, ["a.txt"])]
    assert [e["detail"]["added"][0]["copied_from"] for e in here if e["action"] == "amended"] == [source]
    office.run("p.bakker", "edit", target, "--share", "--share-status", "concept", "--share-all", "--approver", "l.visser")
    assert "four eyes" in office.run("k.smit", "approve", target, code=1)
    office.run("l.visser", "approve", target)


def test_who_made_a_file_does_not_approve_a_copy_of_a_copy_of_it_nor_an_earlier_version_of_that(office: AccountOffice) -> None:
    source = drop(office, "first", who="k.smit", data=b"made by Karel")
    between, target = (drop(office, stem, f"description: A letter, {stem}\nattachments: []\n") for stem in ("second", "third"))
    office.run("p.bakker", "copy", source, "a.txt", "--to", between)
    office.run("p.bakker", "copy", between, "a.txt", "--to", target)
    offer = ("edit", target, "--share", "--share-status", "concept", "--share-all", "--approver", "k.smit")
    assert "four eyes" in office.run("p.bakker", *offer, code=1)
    (office.folder / "other.txt").write_text("of Petra")
    office.run("p.bakker", "replace", target, "a.txt", str(office.folder / "other.txt"))
    office.run("p.bakker", "revert", target, "a.txt", "--version", "1")
    assert "four eyes" in office.run("p.bakker", *offer, code=1)
    office.run("p.bakker", *offer[:-1], "l.visser")
    office.run("l.visser", "approve", target)
