"""A new item on the desk: files and words become a drop, once; faults beside their fields; nothing typed is lost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

import pytest
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Answer, Browser, send_form

PRESETS = """\
presets:
  payroll:
    folder: Lonen
    location: 2025/Loon
    labels: [loon]
    share: yes
    share_status: concept
    share_attachments: all
    approver: [m.devries, j.admin]
    approvals: 2
types: {kyc: {required: [risk], fields: {risk: [low, high], passport: text}}}
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), f"sharing: {{guard: off}}\n{PRESETS}") as made:
        yield made


def become(browser: Browser, answer: Answer) -> str:
    """The item that a saved form became."""
    goal = answer.goes_to
    wait_for(lambda: browser.get(goal).status == 303, "it is taken")
    return re.findall(r"D-\d{4}-\d{6}", browser.get(goal).goes_to)[0]


def test_files_and_words_without_a_script_become_an_item(rig: DeskRig, petra: Browser) -> None:
    fields = {
        "description": "Jaarrekening 2025: dé versie #3", "location": "2025/Jaarrekening", "labels": "jaarwerk, ter ondertekening",
        "explanation": "Eerste regel\r\ntweede regel", "share": "yes", "share_status": "concept", "share:jaarrekening é.pdf": "yes",
        "share:notities.pdf": "no", "name:notities.pdf": "aantekeningen.pdf",
        "note:notities.pdf": "Nog te controleren: zie \"blad 3\"", "due": "2030-03-01",
        "owner": "Marieke", "save": "1",
    }  # fmt: skip
    files = [("jaarrekening é.pdf", PDF), ("notities.pdf", PDF + b"2")]
    item = become(petra, send_form(petra, "/clients/acme-bv/new", fields, files))
    found = rig.office.json("show", item)
    assert found["description"] == "Jaarrekening 2025: dé versie #3"
    assert (found["created_by"], found["share_state"], found["location"]) == ("p.bakker", "concept", "2025/Jaarrekening")
    assert found["explanation"] == "Eerste regel\ntweede regel"
    assert found["labels"] == ["jaarwerk", "ter ondertekening"]
    assert (found["due"], found["owner"]) == ("2030-03-01", "m.devries")
    assert [(one["name"], one["share"], one["sha256"]) for one in found["attachments"]] == [
        ("jaarrekening é.pdf", True, hashlib.sha256(files[0][1]).hexdigest()),
        ("aantekeningen.pdf", False, hashlib.sha256(files[1][1]).hexdigest()),
    ]
    page = petra.get(f"/items/{item}").text
    assert "Petra Bakker" in page
    assert "Nog te controleren: zie &#34;blad 3&#34;" in page


def test_with_faults_nothing_is_made_and_all_that_was_typed_and_sent_stays(rig: DeskRig, petra: Browser) -> None:
    before = len(rig.office.json("items", "--limit", "0"))
    fields = {
        "description": "short",
        "explanation": "Een <b>toelichting</b>",
        "share": "yes",
        "share_status": "approved",
        "save": "1",
    }
    answer = send_form(petra, "/clients/acme-bv/new", fields, [("a.pdf", PDF)])
    assert answer.status == 422
    for kept in ('value="short"', "Een &lt;b&gt;toelichting&lt;/b&gt;", "a.pdf"):
        assert kept in answer.text
    assert 'href="#description"' in answer.text
    assert 'href="#share_status"' in answer.text
    assert len(rig.office.json("items", "--limit", "0")) == before
    drop = re.findall(r'name="drop" value="(\w+)"', answer.text)[0]
    mended = {**fields, "drop": drop, "description": "Long enough by now", "share_status": "concept", "share:a.pdf": "yes"}
    item = become(petra, send_form(petra, "/clients/acme-bv/new", mended))
    assert rig.office.json("show", item)["attachments"][0]["name"] == "a.pdf"


def test_each_line_of_the_summary_leads_to_its_field_and_that_one_says_the_same(petra: Browser) -> None:
    fields = {"type": "kyc", "share": "yes", "share_status": "concept", "notify": "yes", "due": "soon", "save": "1"}
    page = send_form(petra, "/clients/acme-bv/new", fields, [("a.pdf", PDF)]).text
    summary = page[page.index('id="faults"') :].partition("</ul>")[0]
    goals = re.findall(r'href="#([^"]+)"', summary)
    assert {"description", "field.kyc.risk", "contact", "due", "attachments"} <= set(goals)
    for goal in goals:
        assert page.count(f' id="{goal}"') == 1, goal
    for goal in ("description", "field.kyc.risk", "contact", "due"):
        [field] = re.findall(rf'<(?:input|select)\b[^>]*? id="{goal}"[^>]*>', page)
        assert 'aria-invalid="true"' in field, goal
        [said] = re.findall(r'aria-describedby="([^"]+)"', field)
        assert all(page.count(f' id="{one}"') == 1 for one in said.split()), goal


def test_pressed_twice_is_saved_once(rig: DeskRig, petra: Browser) -> None:
    answer = send_form(
        petra, "/clients/acme-bv/new", {"description": "Pressed twice by somebody", "add": "1"}, [("b.pdf", PDF + b"b")]
    )
    fields = {
        "drop": re.findall(r'name="drop" value="(\w+)"', answer.text)[0],
        "description": "Pressed twice by somebody",
        "save": "1",
    }
    first, second = (send_form(petra, "/clients/acme-bv/new", fields) for _ in range(2))
    assert first.goes_to == second.goes_to
    become(petra, first)
    assert sum(one["description"] == "Pressed twice by somebody" for one in rig.office.json("items", "--limit", "0")) == 1


def test_a_script_sends_each_file_alone_and_asks_what_is_wrong_so_far(rig: DeskRig, petra: Browser) -> None:
    drop = json.loads(petra.post("/clients/acme-bv/drops").text)["drop"]
    data = PDF + bytes(3_000_000)
    answer = petra._ask("PUT", f"/drops/{drop}/files/big%20one.pdf", data, {})  # type: ignore[arg-type]
    assert json.loads(answer.text) == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert petra._ask("PUT", f"/drops/{drop}/files/bad.exe", b"MZ", {}).status == 422  # type: ignore[arg-type]
    asked = petra.post("/clients/acme-bv/new", {"drop": drop, "description": "x", "check": "1"})
    assert {one["key"] for one in json.loads(asked.text)["faults"]} == {"description"}
    assert petra.get(f"/drops/{drop}/files/big%20one.pdf", method="DELETE").status == 204
    asked = petra.post("/clients/acme-bv/new", {"drop": drop, "description": "Nothing but words here", "check": "1"})
    assert json.loads(asked.text)["faults"] == []


def test_a_drop_is_its_makers_alone_and_another_clients_form_does_not_take_it(rig: DeskRig, petra: Browser) -> None:
    drop = json.loads(petra.post("/clients/acme-bv/drops").text)["drop"]
    other = rig.browser("m.devries")
    assert other._ask("PUT", f"/drops/{drop}/files/x.pdf", PDF, {}).status == 404  # type: ignore[arg-type]
    assert other.get(f"/drops/{drop}").status == 404
    assert petra.post("/clients/zon/new", {"drop": drop, "description": "Into another client", "save": "1"}).status == 404
    assert rig.browser("k.smit").get("/clients/acme-bv/new").status == 404
    assert Browser(rig.port)._ask("PUT", f"/drops/{drop}/files/x.pdf", PDF, {}).status == 401  # type: ignore[arg-type]


def test_a_preset_fills_the_form_in_and_an_approver_is_found_by_typing(rig: DeskRig, petra: Browser) -> None:
    page = petra.get("/clients/acme-bv/new?preset=payroll").text
    for filled in (
        'value="2025/Loon"',
        'name="labels" value="loon"',
        'name="approver" list="approvers" autocomplete="off" value="Marieke de Vries (m.devries)"',
        'name="approver" list="approvers" autocomplete="off" value="Joost Admiraal (j.admin)"',
        '<option value="2" selected>',
        'name="share_attachments" value="all"',
        'name="share" value="yes" checked',
    ):
        assert filled in page, filled
    assert petra.get("/clients/acme-bv/new?preset=nobody").status == 200
    added = send_form(petra, "/clients/acme-bv/new", {"share_attachments": "all", "add": "1"}, [("a.pdf", PDF)]).text
    assert 'name="share:a.pdf" value="yes" checked' in added, "what the preset says of files holds for each that comes"
    fields = {
        "description": "Loonstroken van november",
        "share": "yes",
        "share_status": "concept",
        "approver": "marieke",
        "save": "1",
    }
    item = become(petra, send_form(petra, "/clients/acme-bv/new", {**fields, "share:l.pdf": "yes"}, [("l.pdf", PDF + b"loon")]))
    assert rig.office.json("show", item)["approver"] == "m.devries"
    wrong = send_form(petra, "/clients/acme-bv/new", {**fields, "approver": "nobody known"})
    assert (wrong.status, 'value="nobody known"' in wrong.text) == (422, True)


def test_two_files_of_one_name_in_one_form_are_not_taken_for_each_other(rig: DeskRig, petra: Browser) -> None:
    fields = {"description": "Twee scans met één naam", "save": "1"}
    answer = send_form(petra, "/clients/acme-bv/new", fields, [("scan.pdf", PDF + b"1"), ("Scan.PDF", PDF + b"2")])
    assert answer.status == 422
    assert "Scan.PDF is twee keer verstuurd" in re.sub("</?code>", "", answer.text)
    drop = re.findall(r'name="drop" value="(\w+)"', answer.text)[0]
    item = become(petra, send_form(petra, "/clients/acme-bv/new", {**fields, "drop": drop}, [("tweede scan.pdf", PDF + b"2")]))
    names = sorted(one["name"] for one in rig.office.json("show", item)["attachments"])
    assert names == ["scan.pdf", "tweede scan.pdf"]


def test_what_is_wrong_with_many_files_alike_is_told_once(petra: Browser) -> None:
    files = [(f"{number}.txt", b"tekst") for number in range(203)]
    answer = send_form(petra, "/clients/acme-bv/new", {"description": "Te veel bestanden", "save": "1"}, files)
    assert answer.status == 422
    assert answer.text.count('href="#attachments"') == 1
