"""Presets: files put into a preset's folder become an item each, by the rights of whoever they are of. With real accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.accounts import NOBODYS, SETTINGS, AccountOffice, staff
from kit.support import OWN_CLIENTS, OWN_SETTINGS, OWN_STAFF, PDF, Root, once_here, own_office, wait_for

from dossier.files import settling
from dossier.office.opening import load_office
from dossier.text import clock
from ingest.inbox.looking import Looker

CHECKOUT = Path(__file__).resolve().parents[3]

PRESETS = """\
types: {vat: {fields: {period: text}}, wwft: {share: never, staff: [m.devries]}}
presets:
  vat: {folder: BTW, type: vat, period: month, location: Belasting, labels: [btw], location_from_folders: yes}
  outright: {folder: Meteen, share: yes, share_status: approved}
  ask: {folder: Vragen, share: yes, share_status: concept, approver: k.smit}
  scan: {folder: Scans, maker: m.devries}
  scan_out: {folder: Scans delen, maker: m.devries, share: yes, share_status: approved}
  wwft: {folder: Wwft, type: wwft}
  letters: {match: ["brief*.pdf", "BELASTING-*"], labels: [brief]}
"""


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(settings=SETTINGS + PRESETS, staff=staff())
    yield made
    made.remove()


def bytes_of(text: str) -> bytes:
    return PDF.replace(b"%%EOF", f"% {text}\n%%EOF".encode())


def taken(office: AccountOffice, who: str, path: str, text: str = "", client: str = "acme-bv") -> dict[str, Any]:
    """The item that became of a file of somebody, put into a client's folder."""
    office.put(who, path, bytes_of(text or path), client)
    once_here(office.root)
    name = path.rpartition("/")[2]
    receipt = yaml.safe_load(office.root.receipt(name, client) or "")
    assert receipt, office.root.tree(client)
    return {**office.json("show", receipt["item"]), "receipt": receipt}


def test_the_folders_are_made_for_every_client_with_the_rights_of_the_clients_own(office: AccountOffice) -> None:
    for client in ("acme-bv", "zon"):
        home = office.root.inbox(client)
        made = {path.name for path in home.iterdir() if path.is_dir() and not path.name.startswith("_")}
        assert made >= {"BTW", "Meteen", "Vragen", "Scans", "Wwft"}
        assert (home / "BTW").stat().st_mode == home.stat().st_mode


def test_a_file_in_a_presets_folder_becomes_an_item_with_its_keys(office: AccountOffice) -> None:
    item = taken(office, "p.bakker", "BTW/aangifte_2026-q1.pdf")
    assert (item["description"], item["type"], item["labels"]) == ("aangifte 2026-q1", "vat", ["btw"])
    assert (item["location"], item["fields"], item["created_by"]) == ("Belasting", {"period": "month"}, "p.bakker")
    assert (item["share_state"], item["public"]) == ("private", False)
    assert item["receipt"]["preset"] == "vat"
    assert item["history"][0]["detail"]["preset"] == "vat"
    assert (office.root.inbox() / "BTW").is_dir(), "the folder stays"


def test_folders_within_a_presets_say_where_in_the_dossier(office: AccountOffice) -> None:
    (office.root.inbox() / "BTW" / "2025").mkdir(exist_ok=True)
    item = taken(office, "p.bakker", "BTW/2025/Q3/aangifte-2025-q3.pdf")
    assert item["location"] == "Belasting/2025/Q3"
    assert (office.root.inbox() / "BTW" / "2025" / "Q3").is_dir()


def test_the_same_bytes_in_another_folder_or_under_another_name_are_no_duplicate_but_at_once_again_they_are(
    office: AccountOffice,
) -> None:
    (office.root.inbox() / "BTW" / "2026").mkdir(exist_ok=True)
    numbers = [
        taken(office, "p.bakker", f"BTW/2026/{folder}/nihil{name}.pdf", "nihil")["item"]
        for folder, name in (("01", ""), ("02", ""), ("02", "-2"))
    ]
    assert len(set(numbers)) == 3
    again = taken(office, "p.bakker", "BTW/2026/02/nihil-2.pdf", "nihil")
    assert (again["item"], again["receipt"]["duplicate"]) == (numbers[2], True)


def test_the_same_bytes_in_another_month_are_no_duplicate(tmp_path: Path) -> None:
    office = own_office(tmp_path / "o", settings=f"{OWN_SETTINGS}presets: {{slips: {{folder: Loon}}}}\n")
    for month in ("2026-10-05", "2026-10-06", "2026-11-05"):
        office.place("acme-bv", {"Loon/loonstrook.pdf": PDF})
        at_the_time_of(office, month)
    assert len(office.json("items")) == 2


def at_the_time_of(office: Any, day: str) -> None:
    """`run --once` as on this day, by the program's clock."""
    real = clock.utc_now
    clock.utc_now = lambda: datetime.fromisoformat(f"{day}T10:00:00+00:00")  # type: ignore[assignment]
    try:
        once_here(office)
    finally:
        clock.utc_now = real


def test_names_in_the_clients_own_folder_that_fit_a_pattern_are_taken_alike(office: AccountOffice) -> None:
    item = taken(office, "p.bakker", "Belasting-2026.pdf")
    assert (item["labels"], item["receipt"]["preset"]) == (["brief"], "letters")
    office.put("p.bakker", "other.pdf", PDF)
    once_here(office.root)
    assert (office.root.inbox() / "other.pdf").exists()
    (office.root.inbox() / "other.pdf").unlink()


def test_a_sidecar_beside_the_file_says_more_and_wins(office: AccountOffice) -> None:
    office.drop(
        "p.bakker", "BTW/brief", "description: Brief van de inspecteur\nlabels: [bezwaar]\n", {"BTW/brief.pdf": bytes_of("side")}
    )
    once_here(office.root)
    receipt = yaml.safe_load(office.root.receipt("brief") or "")
    item = office.json("show", receipt["item"])
    assert (item["description"], item["labels"]) == ("Brief van de inspecteur", ["bezwaar"])
    assert (item["type"], item["location"], receipt["preset"]) == ("vat", "Belasting", "vat")


def test_a_sidecar_that_shares_nothing_wins_over_a_preset_that_does(office: AccountOffice) -> None:
    office.drop("m.devries", "Meteen/niet", "description: Not for the client\nshare: no\n", {"Meteen/niet.pdf": bytes_of("niet")})
    once_here(office.root)
    item = office.json("show", office.root.told("niet")["item"])
    assert (item["share_state"], item["public"]) == ("private", False)


def test_an_amendment_in_a_presets_folder_says_all_itself(office: AccountOffice) -> None:
    made = taken(office, "p.bakker", "BTW/later.pdf")
    office.put("p.bakker", "Vragen/more.yaml", f"item: {made['item']}\nstatus: done\n".encode())
    once_here(office.root)
    item = office.json("show", made["item"])
    assert (item["status"], item["share_state"], item["labels"]) == ("done", "private", ["btw"])


def test_who_may_share_shares_at_once_and_the_client_has_it(office: AccountOffice) -> None:
    item = taken(office, "m.devries", "Meteen/jaarrekening.pdf")
    assert item["share_state"] == "published"
    assert office.public(item["item"]) == {"jaarrekening.pdf": bytes_of("Meteen/jaarrekening.pdf")}


@pytest.mark.parametrize("who", ["p.bakker", "k.smit"])
def test_of_whoever_may_not_share_it_is_a_concept_with_the_reason(office: AccountOffice, who: str) -> None:
    item = taken(office, who, f"Meteen/van-{who}.pdf")
    assert (item["share_state"], item["approver"], item["public"]) == ("concept", "j.admin", False)
    assert f"which {who}" in item["receipt"]["warnings"][0]
    head = (office.path / "var/queue/j.admin" / f"{item['item']}.yaml").read_text()
    assert "preset `outright` shares at once" in head.replace("\n# ", " ")


def test_a_sidecar_of_whoever_may_not_share_gets_no_more_by_lying_in_a_presets_folder(office: AccountOffice) -> None:
    office.drop("p.bakker", "Meteen/stil", "description: Says nothing of sharing\n", {"Meteen/stil.pdf": bytes_of("stil")})
    office.drop(
        "p.bakker", "Meteen/luid", "description: Says approved itself\nshare: yes\nshare_status: approved\n",
        {"Meteen/luid.pdf": bytes_of("luid")},
    )  # fmt: skip
    once_here(office.root)
    silent = office.json("show", office.root.told("stil")["item"])
    assert (silent["share_state"], silent["public"]) == ("concept", False)
    assert "may not" in (office.root.why("luid") or "") or "share" in (office.root.why("luid") or "")
    assert office.root.receipt("luid") is None


def test_a_concept_of_a_preset_asks_its_approver_and_never_its_maker(office: AccountOffice) -> None:
    assert taken(office, "p.bakker", "Vragen/concept.pdf")["approver"] == "k.smit"
    office.put("k.smit", "Vragen/eigen.pdf", bytes_of("eigen"))
    once_here(office.root)
    assert "k.smit" in (office.root.why("eigen.pdf") or ""), "four eyes"


def test_a_file_of_nobodys_account_gets_the_presets_maker_and_is_never_shared_outright(office: AccountOffice) -> None:
    item = taken(office, NOBODYS, "Scans/scan0001.pdf")
    assert (item["created_by"], item["share_state"]) == ("m.devries", "private")
    shared = taken(office, NOBODYS, "Scans delen/scan0002.pdf")
    assert (shared["created_by"], shared["share_state"], shared["public"]) == ("m.devries", "concept", False)
    office.put(NOBODYS, "BTW/scan0003.pdf", bytes_of("3"))
    office.put(NOBODYS, "Scans/card.yaml", b"description: A sidecar of nobody\nattachments: []\n")
    once_here(office.root)
    assert f"`{NOBODYS}`'s, who is nobody" in (office.root.why("scan0003.pdf") or "")
    assert f"`{NOBODYS}`'s, who is nobody" in (office.root.why("card") or "")


def test_somebody_who_has_left_gets_no_maker_to_stand_in(tmp_path: Path) -> None:
    office = AccountOffice(settings=SETTINGS + PRESETS, staff=staff(p_bakker="active: no"))
    try:
        office.put("p.bakker", "Scans/late.pdf", PDF)
        once_here(office.root)
        assert "p.bakker, whose account that is, is not active any more" in (office.root.why("late.pdf") or "")
        assert office.json("items") == []
    finally:
        office.remove()


def test_an_item_of_a_type_that_is_not_for_its_owner_is_refused(office: AccountOffice) -> None:
    office.put("p.bakker", "Wwft/onderzoek.pdf", bytes_of("wwft"))
    once_here(office.root)
    assert office.root.why("onderzoek.pdf") is not None
    office.put("m.devries", "Wwft/onderzoek-2.pdf", bytes_of("wwft"))
    once_here(office.root)
    item = office.root.told("onderzoek-2.pdf")["item"]
    assert json.loads(office.run("m.devries", "show", item, "--json"))["type"] == "wwft"
    assert "there is no item" in office.run("p.bakker", "show", item, code=1)


def test_a_presets_folder_is_never_a_folder_drop_and_a_folder_within_one_is_told_of(office: AccountOffice) -> None:
    home = office.root.inbox()
    (home / "Vragen" / "2025").mkdir()
    office.put("p.bakker", "Vragen/2025/verloren.pdf", PDF)
    office.put("p.bakker", "Vragen/item.yaml", b"description: Only of what it lists\nattachments: [bij.pdf]\nshare: no\n")
    office.put("p.bakker", "Vragen/bij.pdf", bytes_of("bij"))
    office.put("p.bakker", "Vragen/los.pdf", bytes_of("los"))
    once_here(office.root)
    assert [one["name"] for one in office.json("show", office.root.told("item")["item"])["attachments"]] == ["bij.pdf"]
    assert office.root.told("los.pdf")["preset"] == "ask"
    why = office.root.run("why", str(home / "Vragen" / "2025"), code=None).stdout
    assert "is a folder within `Vragen`, whose files become an item each" in why
    assert "is a folder within `Vragen`" in office.root.run("check", str(home), code=None).stdout
    (home / "Vragen" / "2025" / "verloren.pdf").unlink()
    (home / "Vragen" / "2025").rmdir()


def test_the_why_txt_that_comes_back_with_the_file_becomes_no_item(office: AccountOffice) -> None:
    office.put(NOBODYS, "BTW/terug.pdf", bytes_of("terug"))
    once_here(office.root)
    refused = office.root.rejected("terug.pdf")
    assert refused is not None
    for name in ("WHY.txt", "terug.pdf"):
        office.put("p.bakker", f"BTW/{name}", (refused / name).read_bytes())
    once_here(office.root)
    assert office.root.told("terug.pdf")["preset"] == "vat"
    assert office.root.receipt("WHY.txt") is None
    (office.root.inbox() / "BTW" / "WHY.txt").unlink()


@pytest.mark.parametrize("step", ["_claim", "_keep", "_commit", "clear_up"])
def test_killed_on_the_way_a_file_of_a_preset_is_taken_once_by_the_next_start(office: AccountOffice, step: str) -> None:
    name = f"killed{step}.pdf"
    (office.root.inbox() / "BTW" / "2024").mkdir(exist_ok=True)
    office.put("p.bakker", f"BTW/2024/{name}", bytes_of(step))
    office.root.killed_at(f"ingest.intake.intake:Intake.{step}")
    once_here(office.root)
    told = office.root.told(name)
    assert told["preset"] == "vat"
    assert [one["item"] for one in office.json("items", f"killed{step}")] == [told["item"]]
    assert not (office.root.inbox() / "BTW" / "2024" / name).exists()


def test_what_would_have_each_file_of_a_preset_refused_is_told_by_doctor(tmp_path: Path) -> None:
    settings = """\
types: {advice: {required: [matter], fields: {matter: text}}}
presets:
  good: {folder: Goed, location: 2025}
  wrong: {folder: Slecht, location: ../x, description: kort}
  lacks: {folder: Advies, type: advice}
  asks: {folder: Vragen, share: yes, share_status: concept, approver: k.smit}
"""
    staff_ = OWN_STAFF.replace("rights: [admin]", "rights: [create]")
    root = own_office(tmp_path / "o", settings=OWN_SETTINGS + settings, staff=staff_)
    root.inbox("acme-bv")
    told = root.run("doctor", code=None).stdout
    assert re.findall(r"WRONG +presets +(\w+)", told) == ["wrong", "wrong", "lacks", "asks"]
    for why in ("give a place in the dossier", "has 4 characters", "needs `matter`", "does not have the right `approve`"):
        assert why in told


def test_a_file_waits_a_moment_for_a_sidecar_and_that_is_told(tmp_path: Path) -> None:
    root = own_office(tmp_path, settings="watch: {settle_seconds: 1, folder_settle_seconds: 5}\npresets: {vat: {folder: BTW}}\n")
    root.place("acme-bv", {"BTW/aangifte.pdf": PDF})
    looker, (wall, monotonic) = Looker(load_office(root.path, {})), settling.now()
    looker.look("acme-bv", wall, monotonic)
    (waits,) = looker.look("acme-bv", wall + 3, monotonic + 3).waiting
    assert (waits.path, waits.is_in_vain) == ("acme-bv/BTW/aangifte.pdf", False)
    assert "waits 5 seconds for a sidecar" in str(waits.reason)
    (found,) = looker.look("acme-bv", wall + 6, monotonic + 6).ready
    assert (found.preset, found.stem) == ("vat", "aangifte.pdf")


def test_what_others_move_into_a_folder_that_shares_at_once_is_not_shared_on_its_owners_right(office: AccountOffice) -> None:
    """Whoever may write to the client's folder may move a file of somebody who may share, and its owner stays."""
    home = office.root.inbox()
    with office.root.daemon():
        office.put("m.devries", "intern.pdf", bytes_of("intern"))
        office.put("m.devries", "kaart.yaml", b"description: Not said to be shared\nattachments: [erbij.pdf, komt-niet.pdf]\n")
        office.put("m.devries", "erbij.pdf", bytes_of("erbij"))
        wait_for(lambda: "kaart.yaml" in office.root.run("status").stdout, "the daemon has seen the sidecar")
        wait_for(lambda: "intern.pdf" in office.root.run("status").stdout, "the daemon has seen the file")
        (home / "intern.pdf").rename(home / "Meteen" / "intern.pdf")
        office.root.until_taken("acme-bv", "intern.pdf")
        (home / "kaart.yaml").rename(home / "Meteen" / "kaart.yaml")
        (home / "erbij.pdf").rename(home / "Meteen" / "erbij.pdf")
        office.put("m.devries", "Meteen/komt-niet.pdf", bytes_of("komt-niet"))
        office.root.until_taken("acme-bv", "kaart")
    for stem in ("intern.pdf", "kaart"):
        item = office.json("show", office.root.told(stem)["item"])
        assert (item["share_state"], item["public"]) == ("concept", False)
        assert "lay elsewhere in the inbox" in office.root.told(stem)["warnings"][-1]


def test_nor_is_it_where_the_daemon_was_started_anew_in_between(office: AccountOffice) -> None:
    with office.root.daemon():
        office.put("m.devries", "intern.pdf", bytes_of("intern"))
        wait_for(lambda: "intern.pdf" in office.root.run("status").stdout, "the daemon has seen the file")
    (office.root.inbox() / "intern.pdf").rename(office.root.inbox() / "Meteen" / "intern.pdf")
    office.put("m.devries", "Meteen/nieuw.pdf", bytes_of("nieuw"))
    with office.root.daemon():
        office.root.until_taken("acme-bv", "intern.pdf")
        office.root.until_taken("acme-bv", "nieuw.pdf")
    states = [office.json("show", office.root.told(stem)["item"])["share_state"] for stem in ("intern.pdf", "nieuw.pdf")]
    assert [state == "concept" for state in states] == [True, False]


@pytest.mark.parametrize("page", ["docs/presets.md", "docs/nl/presets.md"])
def test_the_three_examples_in_the_documentation_are_taken_as_they_stand(tmp_path: Path, page: str) -> None:
    root = own_office(tmp_path / "made", staff=OWN_STAFF)
    root.run("init", str(tmp_path / "office"), "--country", "nl" if "/nl/" in page else "none")
    office = Root(tmp_path / "office")
    block = re.findall(r"^```yaml\n(presets:.*?)^```", (CHECKOUT / page).read_text(), re.DOTALL | re.MULTILINE)[0]
    text = (office.path / "config/settings.yaml").read_text()
    office.set("settings", re.sub(r"(?m)^presets: \{\}$", "", text) + block)
    office.set("staff", OWN_STAFF)
    office.set("clients", OWN_CLIENTS)
    settings = load_office(office.path, {}).settings
    assert len(settings.presets) == 3
    assert [preset.share for preset in settings.presets.values()] == [False, True, False]
