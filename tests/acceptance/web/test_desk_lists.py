"""Clients and staff from a list on the desk: what it would change is shown first, faults name row and column, nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import lxml.html
import pytest
from kit.desk import DeskRig
from kit.web import Answer, Browser, send_form

LIST = (Path(__file__).parents[2] / "lists/relaties-300.csv").read_bytes()
PAGE = "/office/import/clients"


@pytest.fixture(scope="module")
def admin(rig: DeskRig) -> Browser:
    return rig.browser("j.admin")


def again(answer: Answer, **more: str) -> dict[str, str]:
    """What the browser would send of the page's form."""
    [form] = [form for form in lxml.html.fromstring(answer.text).forms if "packed" in form.fields]
    return {name: str(value) for name, value in form.form_values() if name not in ("heading", "file")} | more


def clients(rig: DeskRig) -> str:
    return (rig.office.path / "config/clients.yaml").read_text()


def test_a_list_is_shown_first_and_then_brought_in_with_folders(rig: DeskRig, admin: Browser) -> None:
    assert PAGE in admin.get("/office/clients").text
    before = clients(rig)
    shown = send_form(admin, PAGE, {}, [("relaties.csv", LIST)])
    assert shown.status == 200
    assert "300" in shown.text
    assert "Relatienummer" in shown.text
    assert clients(rig) == before
    done = send_form(admin, PAGE, again(shown, save="1"))
    assert done.goes_to == "/office/clients?brought=300"
    assert "1300" in clients(rig)
    assert before.rstrip() in clients(rig), "what was there stays as it was"
    assert (rig.office.path / "inbox/1300").is_dir()
    assert "j.admin" in rig.office.run("audit", "log", user="j.admin").stdout
    nothing = send_form(admin, PAGE, {}, [("relaties.csv", LIST)])
    assert 'name="save"' not in nothing.text


def test_whom_a_list_brings_in_is_told_by_name_and_how_many_more(admin: Browser) -> None:
    rows = "".join(f"Praktijk {number};n-{number}\n" for number in range(203))
    shown = send_form(admin, PAGE, {}, [("relaties.csv", f"Naam;Code\n{rows}".encode())])
    assert re.search(r"<td>n-7</td><td[^>]*>Praktijk 7</td>", shown.text)
    assert "n-199" in shown.text
    assert "<td>n-200" not in shown.text
    assert re.search(r"and 3 more|en nog 3", shown.text)


def test_what_is_left_out_of_a_list_is_said_on_the_page(admin: Browser) -> None:
    shown = send_form(admin, PAGE, {}, [("relaties.csv", b"Naam;Fiscaal nummer\nJan de Linde;123456782\n")])
    assert "rows passed over: 1" in shown.text


def test_a_fault_names_row_and_column_and_nothing_is_changed(rig: DeskRig, admin: Browser) -> None:
    before = clients(rig)
    shown = send_form(admin, PAGE, {}, [("relaties.csv", b"Naam;E-mail;Contactpersoon\nPraktijk De Linde;nobody;Lies\n")])
    assert shown.status == 422
    assert re.search(r"(regel|row) 2, E-mail: <code>nobody</code>", shown.text)
    assert 'name="save"' not in shown.text
    send_form(admin, PAGE, again(shown, save="1"))
    assert clients(rig) == before


def test_a_column_is_given_its_meaning_on_the_page(rig: DeskRig, admin: Browser) -> None:
    shown = send_form(admin, PAGE, {}, [("relaties.csv", b"Naam;Zoeksleutel\nPraktijk De Eik;de-eik-99\n")])
    body = [("heading", "Naam"), ("heading", "Zoeksleutel"), *(again(shown) | {"as:1": "code"}).items()]
    corrected = admin.post(PAGE, body)
    assert "de-eik-99" in corrected.text


def test_what_was_shown_is_what_is_done(rig: DeskRig, admin: Browser) -> None:
    shown = send_form(admin, PAGE, {}, [("relaties.csv", b"Naam;Code\nPraktijk De Es;de-es\n")])
    (rig.office.path / "config/clients.yaml").write_text(clients(rig) + "\n# somebody was here\n")
    answer = send_form(admin, PAGE, again(shown, save="1"))
    assert answer.status == 200
    assert "de-es" not in clients(rig), "it is shown anew"


@pytest.mark.parametrize("form", [{}, {"packed": "x"}, {"packed": "AAAA", "save": "1"}])
def test_without_a_list_it_asks_for_one(admin: Browser, form: dict[str, str]) -> None:
    answer = send_form(admin, PAGE, form)
    assert answer.status == 422


def test_only_an_admin_brings_a_list_in(rig: DeskRig) -> None:
    petra = rig.browser("p.bakker")
    assert petra.get(PAGE).status in (403, 404)
    assert send_form(petra, PAGE, {}, [("relaties.csv", LIST)]).status in (403, 404)
    assert Browser(rig.port).get(PAGE).status == 303


def test_columns_that_are_not_known_are_chosen_in_the_browser(rig: DeskRig, admin: Browser) -> None:
    asked = send_form(admin, PAGE, {}, [("lijst.csv", b"Ordner;Omschrijving;Tweede\n77;Praktijk Lelie;Lelie\n")])
    assert asked.status == 422
    assert "say below which one does" in asked.text
    assert "--map" not in asked.text, "that is for the command line"
    heads = [("heading", "Ordner"), ("heading", "Omschrijving"), ("heading", "Tweede")]
    twice = admin.post(PAGE, [*heads, *again(asked, **{"as:0": "code", "as:1": "name", "as:2": "name"}).items()])
    assert twice.status == 422
    assert "can be taken from one column only: Omschrijving, Tweede" in twice.text
    shown = admin.post(PAGE, [*heads, *again(twice, **{"as:2": "-"}).items()])
    assert (shown.status, 'name="save"' in shown.text) == (200, True)
    other = send_form(admin, PAGE, again(shown, heading="Ordner"), [("andere.csv", b"Code;Naam\n78;Praktijk Roos\n")])
    assert (other.status, "78" in other.text) == (200, True), "another list has columns of its own"
    done = admin.post(PAGE, [*heads, *again(shown, save="1").items()])
    assert done.goes_to == "/office/clients?brought=1"
    assert "Praktijk Lelie" in clients(rig)
