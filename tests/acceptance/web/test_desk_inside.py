"""What is approved inside the office, and what several approve, on the desk: said as it is, and asked of whom it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from kit.desk import CLIENTS, STAFF, DeskRig
from kit.support import PDF
from kit.web import Answer, Browser, send_form

TYPES = """\
sharing: {guard: off}
types: {wwft: {share: never, approval: internal, staff: [p.bakker, m.devries, g.groot], fields: {risk: [low, high]}}}
"""
NO_PORTAL = "  stil: {name: Stille Vennoot, portal: false}\n  weg: {name: Vertrokken B.V., active: false}\n"
GERARD = "  g.groot: {name: Gerard Groot, email: g.groot@office.example, rights: [approve]}\n"
AT_ONCE = "Na akkoord staat het direct op het portaal."


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), TYPES, CLIENTS + NO_PORTAL, STAFF + GERARD) as made:
        yield made


def item(rig: DeskRig, stem: str, keys: str) -> str:
    text = f"created_by: p.bakker\ndescription: Paper {stem} of the year\nexplanation: Voor het kantoor\n{keys}"
    rig.office.place("acme-bv", {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": text})
    rig.office.until_taken("acme-bv", stem)
    return str(rig.office.told(stem, "acme-bv")["item"])


def decide(browser: Browser, item: str, decision: str, comment: str = "") -> Answer:
    content = re.findall(r'name="content" value="([^"]+)"', browser.get(f"/queue/{item}").text)[0]
    return browser.post(f"/queue/{item}", {"decision": decision, "comment": comment, "content": content})


def test_nothing_of_an_approval_inside_the_office_speaks_of_the_portal(rig: DeskRig, petra: Browser, marieke: Browser) -> None:
    name = item(rig, "inside", "type: wwft\napprover: m.devries\n")
    page = marieke.get(f"/queue/{name}").text
    assert AT_ONCE not in page
    assert "Wat gedeeld wordt" not in page
    assert "Toelichting, alleen voor het kantoor" in page
    assert "Binnen het kantoor" in marieke.get("/queue").text
    page = petra.get(f"/items/{name}").text
    assert "het wacht op goedkeuring door Marieke de Vries" in page
    assert "Stukken van deze soort worden nooit gedeeld." in page
    assert "Delen met de klant" not in page
    assert "--share" not in rig.office.run("why", name, user="p.bakker").stdout
    assert decide(marieke, name, "reject", "Er ontbreekt iets").status == 303
    assert "Marieke de Vries heeft het teruggestuurd: Er ontbreekt iets" in petra.get(f"/items/{name}").text
    version = re.findall(r'name="version" value="(\d+)"', petra.get(f"/items/{name}").text)[0]
    typed = {"version": version, "approver": "Gerard Groot, marieke"}
    assert petra.post(f"/items/{name}/edit", typed).goes_to == f"/items/{name}?done=changed"
    assert rig.office.json("show", name, user="p.bakker")["approver"] == ["g.groot", "m.devries"]
    page = petra.get(f"/items/{name}").text
    assert "het wacht op goedkeuring door Gerard Groot" in page
    assert "Gerard Groot, Marieke de Vries" in page
    for who in ("m.devries", "g.groot"):
        assert decide(rig.browser(who), name, "approve").status == 303
    assert "Gerard Groot heeft het op" in petra.get(f"/items/{name}").text


@pytest.mark.parametrize("client", ["zon", "stil"])
def test_whom_it_asks_is_said_where_it_is_made_also_of_a_client_without_an_approver_or_a_portal(
    rig: DeskRig, petra: Browser, client: str
) -> None:
    fields = {"description": f"Onderzoek naar {client}", "type": "wwft", "save": "1"}
    refused = send_form(petra, f"/clients/{client}/new", fields)
    assert refused.status == 422
    assert "noem wie het moet goedkeuren; " in refused.text
    assert 'name="approver"' in refused.text
    made = send_form(petra, f"/clients/{client}/new", {**fields, "approver": "Gerard"})
    assert made.goes_to.startswith("/drops/")


def test_a_fault_calls_the_fields_in_the_readers_language(rig: DeskRig, petra: Browser) -> None:
    fields = {"description": "kort", "labels": "a, A", "share": "yes", "notify": "yes", "save": "1"}
    page = send_form(petra, "/clients/zon/new", fields).text
    assert "<code>omschrijving</code> heeft 4 tekens" in page
    assert "kies de contactpersoon die de mail krijgt" in page
    assert "geef aan hoe het wordt gedeeld: als concept, met een goedkeurder, of goedgekeurd" in page
    assert "<code>labels</code>" in page
    assert "<code>description</code>" not in page


def test_with_several_approvers_nobody_is_told_that_one_of_them_is_enough(rig: DeskRig, petra: Browser) -> None:
    shared = "share: yes\nshare_status: concept\nshare_attachments: all\napprover: [m.devries, g.groot]\n"
    name = item(rig, "both", shared)
    marieke, gerard = rig.browser("m.devries"), rig.browser("g.groot")
    page = marieke.get(f"/queue/{name}").text
    assert "Nodig: 2 x goedgekeurd, door Marieke de Vries, Gerard Groot." in page
    assert AT_ONCE not in page
    assert "Zodra genoeg goedkeurders akkoord zijn, staat het op het portaal." in page
    goal = decide(marieke, name, "approve").goes_to
    assert "is door u goedgekeurd; het wacht nog op anderen." in marieke.get(goal).text
    for browser in (petra, marieke):
        assert f'href="/queue/{name}"' not in browser.get(f"/items/{name}").text, "it is not theirs to decide"
    assert f'href="/queue/{name}"' in gerard.get(f"/items/{name}").text
    assert "After approval it is on the portal at once." in gerard.get(f"/queue/{name}").text
    assert "is approved." in gerard.get(decide(gerard, name, "approve").goes_to).text


def test_nobody_is_led_to_make_an_item_for_a_client_who_has_left(rig: DeskRig, petra: Browser) -> None:
    assert "Vertrokken B.V." in petra.get("/clients").text
    assert "Vertrokken B.V." not in petra.get("/clients?for=new").text
    assert "Maak hier een stuk" not in petra.get("/clients/weg").text
    found = petra.get("/clients/weg/new")
    assert (found.status, "klant weg is niet meer actief" in found.text) == (403, True)
    late = send_form(petra, "/clients/weg/new", {"description": "Getypt voor de klant vertrok", "save": "1"})
    assert (late.status, "Getypt voor de klant vertrok" in late.text) == (422, True), "nothing typed is lost"
