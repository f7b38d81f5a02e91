"""The table "Who is believed" of docs/choosing.md: a test for each of its rows, here or where ELSEWHERE says. With real accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.accounts import CLIENTS, NOBODYS, SETTINGS, AccountOffice, staff
from kit.support import PDF, once_here

CHECKOUT = Path(__file__).resolve().parents[3]
SCANS = "presets: {scan: {folder: Scans, maker: m.devries, share: yes, share_status: approved}}\n"
TRUSTING = "identity: {trust_sidecar: yes}\n"
OUTRIGHT = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\n"
ELSEWHERE = {
    "the desk": (
        "tests/acceptance/web/test_desk_new_item.py::test_files_and_words_without_a_script_become_an_item",
        "tests/acceptance/web/test_desk_identity.py::test_a_person_logs_in_at_the_provider_and_comes_back_to_where_they_wanted",
    ),
    "the API": ("tests/acceptance/web/test_api.py::test_a_drop_is_put_together_committed_and_becomes_an_item_of_its_person",),
}


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(SETTINGS + SCANS, CLIENTS, staff())
    yield made
    made.remove()


def item_of(office: AccountOffice, stem: str) -> str:
    once_here(office.root)
    receipt = office.root.receipt(stem)
    assert receipt, office.root.tree("acme-bv")
    return re.findall(r"D-\d{4}-\d{6}", receipt)[0]


def made_by(office: AccountOffice, item: str) -> str:
    return str(office.json("show", item)["created_by"])


def a_file_on_a_share_an_account_each(office: AccountOffice) -> None:
    office.drop("p.bakker", "each", "description: A letter of today\n", {"each.pdf": PDF + b"1"})
    office.drop("p.bakker", "liar", "description: A letter of today\ncreated_by: m.devries\n", {"liar.pdf": PDF + b"2"})
    assert made_by(office, item_of(office, "each")) == "p.bakker"
    assert "m.devries" in (office.root.why("liar") or "")


def a_file_on_a_share_one_account_for_all(office: AccountOffice) -> None:
    office.drop(NOBODYS, "all", OUTRIGHT, {"all.pdf": PDF + b"3"})
    office.put(NOBODYS, "Scans/scan.pdf", PDF + b"4")
    item = item_of(office, "scan.pdf")
    assert f"`{NOBODYS}`'s, who is nobody" in (office.root.why("all") or "")
    shown = office.json("show", item)
    assert (shown["created_by"], shown["share_state"], shown["public"]) == ("m.devries", "concept", False)


def created_by_in_a_sidecar(office: AccountOffice) -> None:
    settings = office.path / "config/settings.yaml"
    before = settings.read_text()
    settings.write_text(before + TRUSTING)
    try:
        office.drop(NOBODYS, "said", "description: A letter of today\ncreated_by: k.smit\n", {"said.pdf": PDF + b"5"})
        assert made_by(office, item_of(office, "said")) == "k.smit"
        assert "identity.trust_sidecar is on" in office.root.run("doctor", code=None).stdout
    finally:
        settings.write_text(before)


def a_command_on_the_server(office: AccountOffice) -> None:
    source = office.folder / "paper.pdf"
    source.write_bytes(PDF + b"6")
    words = ("new", "acme-bv", str(source), "--description")
    office.run("p.bakker", *words, "Typed by Petra")
    source.write_bytes(PDF + b"7")
    office.run("j.admin", *words, "Typed for Petra", acts_for="p.bakker")
    source.write_bytes(PDF + b"8")
    office.run("p.bakker", *words, "Typed for another", acts_for="m.devries", code=1)
    once_here(office.root)
    made = {one["description"]: one["item"] for one in office.json("items")}
    assert made_by(office, made["Typed by Petra"]) == made_by(office, made["Typed for Petra"]) == "p.bakker"
    assert "j.admin" in str(office.json("show", made["Typed for Petra"])["history"][0])
    assert "Typed for another" not in made


HERE = {
    "a file on a share, an account each": a_file_on_a_share_an_account_each,
    "a file on a share, one account for all": a_file_on_a_share_one_account_for_all,
    "`created_by` in a sidecar, with `identity.trust_sidecar: yes`": created_by_in_a_sidecar,
    "a command on the server": a_command_on_the_server,
}


@pytest.mark.slow
@pytest.mark.parametrize("row", HERE)
def test_it_is_believed_to_be_of_whom_the_table_says(office: AccountOffice, row: str) -> None:
    HERE[row](office)


def test_each_row_of_the_table_has_its_test() -> None:
    table = (CHECKOUT / "docs/choosing.md").read_text().partition("## Who is believed")[2]
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", table, re.MULTILINE)[1:]
    assert rows == [*ELSEWHERE, *HERE]
    for named in (one for several in ELSEWHERE.values() for one in several):
        path, _, test = named.partition("::")
        assert f"def {test}(" in (CHECKOUT / path).read_text(), named
