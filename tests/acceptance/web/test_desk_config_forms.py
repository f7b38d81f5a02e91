"""config/ as forms on the desk: comments stay, the change is shown first, faults stand at their fields, nothing typed is lost."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from kit.desk import DeskRig
from kit.support import wait_for
from kit.web import Answer, Browser, filled_in

CLIENTS = """\
# Our clients.
clients:
  acme-bv:                       # since 1998
    name: Acme B.V.              # not Acme Holding
    default_approver: m.devries
    identifiers: ["KvK 12345678"]
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}   # the owner

  # Twenty years with us.
  zon:
      name: 'Bakkerij Zon'
      contacts: [{id: f.yilmaz, name: Fatma Yılmaz, email: fatma@zon.example}]
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    settings = (
        "types: {wwft: {share: never}}   # the law\npresets:\n  btw:\n    folder: Btw   # of each quarter\n    soort: wwft\n"
    )
    with DeskRig.running(tmp_path_factory.mktemp("office"), settings, CLIENTS) as made:
        yield made


@pytest.fixture
def clients(rig: DeskRig) -> Iterator[Path]:
    path = rig.office.path / "config/clients.yaml"
    yield path
    path.write_text(CLIENTS)


def change(page: str, fields: Mapping[str, str], button: str) -> list[tuple[str, str]]:
    """What is sent of this page with these fields typed; "": a tick that is taken away."""
    kept = [(name, value) for name, value in filled_in(page, button) if name not in fields]
    return [*kept, *((name, value) for name, value in fields.items() if value or name not in ("active", "portal"))]


def saved(joost: Browser, path: str, fields: Mapping[str, str]) -> Answer:
    """Typed, looked at, saved."""
    shown = joost.post(path, change(joost.get(path).text, fields, "look"))
    assert shown.status == 200, shown.text
    return joost.post(path, filled_in(shown.text, "save"))


def test_a_form_shows_the_change_before_it_is_saved_and_touches_nothing_else(rig: DeskRig, joost: Browser, clients: Path) -> None:
    typed = {"name": "Acme Nederland B.V.", "ended": "2026-12-31", "contacts.0.email": "jan@acme.example",
             "contacts.1.name": "Sarah Okafor", "contacts.1.email": "sarah@acme.example", "default_approver": "marieke"}  # fmt: skip
    shown = joost.post("/office/clients/acme-bv", change(joost.get("/office/clients/acme-bv").text, typed, "look"))
    assert clients.read_text() == CLIENTS, "nothing is saved before it was seen"
    assert re.search(r"<del>Acme B.V.</del>\s*<ins>Acme Nederland B.V.</ins>", shown.text)
    assert joost.post("/office/clients/acme-bv", filled_in(shown.text, "save")).goes_to == "/office/clients/acme-bv?done=1"
    wish = CLIENTS.replace("name: Acme B.V. ", "name: Acme Nederland B.V. ").replace("j.jansen@acme", "jan@acme")
    contact = "      - {id: s.okafor, name: Sarah Okafor, email: sarah@acme.example}\n    ended: 2026-12-31\n"
    wish = wish.replace("# the owner\n", f"# the owner\n{contact}")
    assert re.sub("  +#", " #", clients.read_text()) == re.sub("  +#", " #", wish), "comments stay, also in their column"
    [copy] = (rig.office.path / "var/config-history").glob("clients-*.yaml")
    assert copy.read_text() == CLIENTS
    [event] = [one for one in rig.office.json("audit", "log") if one["action"] == "config_changed"]
    assert (event["actor"], event["detail"]["changed"]) == ("j.admin", {"acme-bv": ["name", "ended", "contacts"]})


def test_saving_writes_only_what_was_shown(joost: Browser, clients: Path) -> None:
    shown = joost.post("/office/clients/zon", change(joost.get("/office/clients/zon").text, {"name": "Zon"}, "look"))
    again = joost.post("/office/clients/zon", change(shown.text, {"name": "Another"}, "save"))
    assert (again.status, "Another" in again.text, clients.read_text() == CLIENTS) == (200, True, True)


def test_every_fault_stands_at_its_field_and_what_was_typed_stays(joost: Browser, clients: Path) -> None:
    typed = {
        "name": "",
        "default_approver": "nobody",
        "ended": "soon",
        "contacts.0.email": "no address",
        "identifiers": "KvK 1\nkept",
    }
    answer = joost.post("/office/clients/acme-bv", change(joost.get("/office/clients/acme-bv").text, typed, "look"))
    assert (answer.status, clients.read_text() == CLIENTS) == (422, True)
    for field in ("name", "ended", "contacts.0.email"):
        assert re.search(
            rf'id="{re.escape(field)}"[^>]*aria-invalid="true" aria-describedby="f-{re.escape(field)}-1"', answer.text
        )
    assert dict(filled_in(answer.text))["contacts.0.email"] == "no address"
    assert "kept" in dict(filled_in(answer.text))["identifiers"]
    answer = joost.post(
        "/office/clients/acme-bv", change(answer.text, {"name": "A", "ended": "", "contacts.0.email": "a@b.example"}, "look")
    )
    assert re.search(r'id="default_approver"[^>]*aria-invalid', answer.text), "what one file says of another is judged, too"


def test_who_was_second_is_told_what_the_file_says_now_and_loses_nothing(joost: Browser, clients: Path) -> None:
    page = joost.get("/office/clients/zon").text
    shown = joost.post("/office/clients/zon", change(page, {"name": "Bakkerij De Zon"}, "look")).text
    assert saved(joost, "/office/clients/zon", {"name": "Zon & Zonen"}).status == 303
    late = joost.post("/office/clients/zon", filled_in(shown, "save"))
    assert (late.status, dict(filled_in(late.text))["name"]) == (409, "Bakkerij De Zon")
    assert "Zon &amp; Zonen" in late.text
    assert "Zon & Zonen" in clients.read_text()
    other = joost.get("/office/clients/acme-bv").text
    assert saved(joost, "/office/clients/zon", {"name": "Zon"}).status == 303
    mine = joost.post("/office/clients/acme-bv", change(other, {"name": "Acme"}, "look"))
    assert mine.status == 200, "a change of another client is none of this one's business"


def test_a_new_client_gets_its_folder_and_a_code_that_is_taken_is_told(rig: DeskRig, joost: Browser, clients: Path) -> None:
    new = {"code": "new-bv", "name": "New #1 B.V.", "language": "en", "identifiers": "KvK 87654321\nRSIN 1"}
    assert saved(joost, "/office/new/clients", new).goes_to == "/office/clients/new-bv?done=1"
    assert clients.read_text() == CLIENTS + (
        "\n  new-bv:\n    name: 'New #1 B.V.'\n    language: en\n    identifiers: [KvK 87654321, RSIN 1]\n"
    )
    assert (rig.office.path / "inbox/new-bv").is_dir()
    wait_for(lambda: joost.get("/clients/new-bv").status == 200, "it holds")
    taken = joost.post("/office/new/clients", change(joost.get("/office/new/clients").text, {**new, "code": "zon"}, "look"))
    assert (taken.status, dict(filled_in(taken.text))["code"]) == (409, "zon")
    for wrong in ("", "a b", "../x"):
        answer = joost.post("/office/new/clients", change(joost.get("/office/new/clients").text, {**new, "code": wrong}, "look"))
        assert (answer.status, 'id="f-code-1"' in answer.text) == (422, True)


@pytest.mark.parametrize(("kind", "others"), [("clients", {"name"}), ("staff", {"name", "email"})])
def test_of_a_new_one_all_that_is_to_be_filled_in_is_told_at_once_and_in_words_of_a_form(
    joost: Browser, kind: str, others: set[str]
) -> None:
    path = f"/office/new/{kind}"
    for code, told in ("", {"code", *others}), ("somebody", others):
        page = joost.post(path, change(joost.get(path).text, {"code": code}, "look"))
        assert page.status == 422
        assert set(re.findall(r'id="f-(\w+)-1"', page.text)) == told
        assert page.text.count("fill this in") == 2 * len(told), "on top and at the field"
        assert "this key" not in page.text


def test_staff_presets_and_types_are_forms_too(rig: DeskRig, joost: Browser) -> None:
    staff, settings = rig.office.path / "config/staff.yaml", rig.office.path / "config/settings.yaml"
    before, shown = settings.read_text(), joost.get("/office/staff/p.bakker").text
    page = joost.post(
        "/office/staff/p.bakker", [*change(shown, {"clients": "some", "clients.list": "zon"}, "look"), ("rights", "share")]
    )
    assert "stands on the portal at once" in html.unescape(page.text)
    done = joost.post("/office/staff/p.bakker", filled_in(page.text, "save"))
    assert done.status == 303, done.text[done.text.index("<main") :][:1500]
    assert (
        saved(
            joost,
            "/office/staff/k.smit",
            {"away.from": "2031-12-21", "away.until": "2032-01-03", "substitute": "m.devries", "notices.opened": "daily"},
        ).status
        == 303
    )
    assert "rights: [create, share], language: nl, clients: [zon]}" in staff.read_text()
    assert "substitute: m.devries, away: {from: 2031-12-21, until: 2032-01-03}, notices: {opened: daily}}" in staff.read_text()
    assert saved(joost, "/office/presets/btw", {"labels": "Btw\nkwartaal", "description": "Aangifte", "type": ""}).status == 303
    assert saved(joost, "/office/types/wwft", {"keep_years": "5", "fields": "soort_stuk: text\nkeuze: a, b"}).status == 303
    assert settings.read_text().replace(" # the law", "   # the law") == before.replace(
        "{wwft: {share: never}}", "{wwft: {share: never, fields: {soort_stuk: text, keuze: [a, b]}, keep_years: 5}}"
    ).replace("    soort: wwft\n", "    description: Aangifte\n    labels: [Btw, kwartaal]\n")
    odd = joost.post("/office/types/wwft", change(joost.get("/office/types/wwft").text, {"fields": "no colon"}, "look"))
    assert (odd.status, 'id="f-fields-1"' in odd.text) == (422, True)


def test_the_last_admin_is_told_that_nobody_manages_the_office_any_more(rig: DeskRig, joost: Browser) -> None:
    staff = rig.office.path / "config/staff.yaml"
    before, form = staff.read_text(), joost.get("/office/staff/j.admin").text

    def told() -> tuple[bool, bool]:
        text = joost.post("/office/staff/j.admin", change(form, {"rights": "create"}, "look")).text
        return "That is you" in text, "Nobody else manages the office" in text

    assert told() == (True, False)
    staff.write_text(before.replace("rights: [admin]}", "rights: [create]}"))
    try:
        form = joost.get("/office/staff/j.admin").text
        assert told() == (True, True)
    finally:
        staff.write_text(before)


def test_a_contact_entered_by_mistake_is_taken_out_and_one_that_something_names_is_not(
    rig: DeskRig, joost: Browser, clients: Path
) -> None:
    twice = CLIENTS.replace("# the owner\n", "# the owner\n      - {id: typo, name: Jann Janse, email: jan@acme.example}\n")
    clients.write_text(twice)
    text = "created_by: m.devries\ndescription: Stuk voor Jan\nshare: yes\nshare_status: approved\nnotify: yes\ncontact: j.jansen\nattachments: []\n"
    rig.office.place("acme-bv", {"jan.yaml": text})
    rig.office.until_taken("acme-bv", "jan")
    page = joost.get("/office/clients/acme-bv").text
    used = joost.post("/office/clients/acme-bv", change(page, {"contacts.0.out": "yes"}, "look"))
    assert (used.status, clients.read_text()) == (422, twice)
    assert re.search(r'id="contacts.0.out"[^>]*checked[^>]*aria-invalid="true"', used.text)
    assert "set this contact not active" in used.text
    shown = joost.post("/office/clients/acme-bv", change(page, {"contacts.1.out": "yes"}, "look"))
    assert "<b>Jann Janse</b> is taken out." in shown.text
    assert joost.post("/office/clients/acme-bv", filled_in(shown.text, "save")).status == 303
    assert clients.read_text() == CLIENTS


def test_an_entry_is_taken_out_unless_something_uses_it(rig: DeskRig, joost: Browser, clients: Path) -> None:
    assert saved(joost, "/office/new/clients", {"code": "mistake", "name": "Mis B.V."}).status == 303
    assert saved(joost, "/office/new/types", {"code": "once", "share": "free"}).status == 303
    for path in ("/office/clients/mistake", "/office/types/once"):
        kind, code = path.split("/")[2:]
        wait_for(
            lambda code=code: (
                code in (rig.office.path / "config" / ("settings.yaml" if code == "once" else "clients.yaml")).read_text()
            ),
            "it is there",
        )
        shown = joost.post(path, filled_in(joost.get(path).text, "out"))
        assert (shown.status, "is taken out of the file" in shown.text) == (200, True)
        again = [(name, value if name != "save" else "out") for name, value in filled_in(shown.text, "save")]
        assert joost.post(path, again).goes_to == f"/office/{kind}?out={code}"
        assert joost.get(path).status == 404
    assert clients.read_text() == CLIENTS
    assert "share: never" in (rig.office.path / "config/settings.yaml").read_text()
    for path in ("/office/staff/j.admin", "/office/types/wwft"):
        if path.endswith("wwft"):
            rig.office.place(
                "zon", {"id.yaml": "created_by: p.bakker\ndescription: Paspoort van de bakker\ntype: wwft\nattachments: []\n"}
            )
            rig.office.until_taken("zon", "id")
        before = {one: one.read_bytes() for one in (rig.office.path / "config").iterdir()}
        refused = joost.post(
            path, [(name, value if name != "save" else "out") for name, value in filled_in(joost.get(path).text, "save")]
        )
        assert (refused.status, "can&#39;t be taken out" in refused.text) == (409, True), refused.text
        assert {one: one.read_bytes() for one in (rig.office.path / "config").iterdir()} == before
    marieke = rig.browser("m.devries")
    assert marieke.post("/office/types/wwft", {"out": "1"}).status == 403


def test_the_forms_are_for_admins_and_what_is_not_there_is_404(rig: DeskRig, joost: Browser) -> None:
    marieke = rig.browser("m.devries")
    paths = ("/office/clients", "/office/clients/zon", "/office/new/staff", "/office/presets/btw")
    assert [marieke.get(path).status for path in paths] == [403] * 4
    assert marieke.post("/office/clients/zon", {"name": "x"}).status == 403
    assert [
        joost.get(path).status for path in ("/office/clients/nobody", "/office/mail", "/office/new/mail", "/office/types/x/y")
    ] == [404] * 4
    assert [joost.get(f"/office/{kind}?q=zzz").status for kind in ("clients", "staff", "presets", "types")] == [200] * 4


def test_the_file_of_a_large_office_is_saved_and_of_one_that_is_too_long_that_is_told(joost: Browser, clients: Path) -> None:
    before = clients.read_text()
    page = joost.get("/office/text/clients").text
    digest = re.search('name="digest" value="([^"]+)"', page)
    assert digest is not None
    large = before + "# some 2,000 clients more\n" * 25_000
    try:
        assert joost.post("/office/text/clients", {"text": large, "digest": digest[1], "save": "1"}).status == 303
        assert clients.read_text() == large
        refused = joost.post("/office/text/clients", {"text": large * 7, "digest": digest[1], "save": "1"})
        assert (refused.status, "longer than is taken here" in refused.text) == (413, True)
    finally:
        clients.write_text(before)


def test_what_is_wrong_elsewhere_in_the_configuration_is_told_in_the_readers_language(rig: DeskRig) -> None:
    staff = rig.office.path / "config/staff.yaml"
    before = staff.read_text()
    staff.write_text(before.replace("rights: [create, admin]}", "rights: [create, admin], language: nl}"))
    try:
        dirk = rig.browser("j.admin")
        wait_for(lambda: '<html lang="nl">' in dirk.get("/office").text, "the reader is Dutch")
        page = dirk.post("/office/clients/zon", change(dirk.get("/office/clients/zon").text, {}, "out")).text
        assert "staff.k.smit.clients: er is geen klant <code>zon</code>" in html.unescape(page)
    finally:
        staff.write_text(before)
