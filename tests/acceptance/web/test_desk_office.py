"""What admins do on the desk: keys for programs, legal holds, the trail, examining the set-up; and files that have no client yet."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Browser

LIST = '<ul class="below">'
"""Begins what was found in the trail."""


def test_a_mail_that_waits_says_what_it_is_about_and_until_when(rig: DeskRig, joost: Browser) -> None:
    keys = "created_by: p.bakker\nshare: yes\nshare_status: concept\nshare_attachments: all\n"

    def row(number: int) -> str:
        item = str(rig.office.told(f"w{number}")["item"])
        return joost.get("/office").text.partition(f">{item}</a>")[2].partition("</tr>")[0]

    for number in (1, 2):
        rig.office.place(
            "acme-bv", {f"w{number}.pdf": PDF + b"%d" % number, f"w{number}.yaml": f"description: Paper w{number}\n{keys}"}
        )
        rig.office.until_taken("acme-bv", f"w{number}")
        if number == 1:  # a second one that comes before the first has gone goes with it
            wait_for(lambda: "<td>sent" in row(1), "the first mail goes at once")
    wait_for(lambda: "until" in row(2), "the second mail within ten minutes waits for others")
    assert re.search(r"to decide</span></td><td>waiting, until [^<]*\d\d:\d\d</td>", row(2))


def test_a_key_is_made_shown_once_and_revoked(rig: DeskRig, joost: Browser) -> None:
    fields = [("name", "scanner"), ("for", "Petra Bakker (p.bakker)"), ("scope", "drops:write"), ("scope", "items:read")]
    fields += [("clients", "Acme B.V. (acme-bv)"), ("until", "2031-12-31")]
    answer = joost._ask("POST", "/office/tokens", urlencode(fields), {"content-type": "application/x-www-form-urlencoded"})
    [key] = re.findall(r'id="key">(dossier_\S+)</p>', answer.text)
    told = joost.get("/office").text
    assert key not in told
    assert "drops:write, items:read · Only these clients: acme-bv · until 2031-12-31" in told, "its last day, as it was typed"
    [made] = rig.office.json("token", "list")
    assert (made["for"], made["scopes"], made["clients"]) == ("p.bakker", ["drops:write", "items:read"], ["acme-bv"])
    again = joost.post("/office/tokens", {"name": "scanner", "for": "p.bakker", "scope": "items:read", "until": "2031-12-31"})
    assert again.status == 409
    assert joost.post("/office/tokens", {"name": "x", "for": "p.bakker", "until": "soon"}).status == 422
    assert joost.post("/office/tokens/scanner/revoke").status == 303
    assert rig.browser("m.devries").post("/office/tokens", {"name": "mine", "for": "m.devries"}).status == 403


def test_a_hold_is_laid_and_ended_with_a_reason(rig: DeskRig, joost: Browser) -> None:
    hold = {"subject": "Acme B.V. (acme-bv)", "reason": "Court case", "what": "hold"}
    assert joost.post("/office/holds", {**hold, "subject": "nobody"}).status == 422
    assert joost.post("/office/holds", hold).goes_to == "/office?done=hold#holds"
    assert "Court case" in joost.get("/office").text
    assert joost.post("/office/holds", {**hold, "what": "release", "reason": "It is over"}).status == 303
    assert "Court case" not in re.sub(r"(?s).*Legal holds", "", joost.get("/office").text)


def test_a_hold_on_a_client_who_is_not_in_the_configuration_any_more_is_ended(rig: DeskRig, joost: Browser) -> None:
    clients = (rig.office.path / "config/clients.yaml").read_text()
    rig.office.set("clients", clients + "  acme: {name: Acme Holding}\n")
    assert joost.post("/office/holds", {"subject": "acme", "reason": "Court case", "what": "hold"}).status == 303
    rig.office.set("clients", clients)
    assert joost.post("/office/holds", {"subject": "acme", "reason": "It is over", "what": "release"}).status == 303
    last = rig.office.json("audit", "log", user="j.admin")[-1]
    assert (last["action"], last["detail"]["hold"]) == ("released", "acme"), "not acme-bv, which is looked for first by its name"


def test_what_is_kept_long_enough_is_listed_and_removed_by_an_admin_who_has_looked_at_it(rig: DeskRig, joost: Browser) -> None:
    for number in (1, 2):
        sidecar = f"created_by: p.bakker\ndescription: Old paper {number}\nlabels: [old]\n"
        rig.office.place("zon", {f"old{number}.pdf": PDF + b"%d" % number, f"old{number}.yaml": sidecar})
    rig.office.until_taken("zon", "old1", "old2")
    held, gone = (rig.office.told(f"old{number}", "zon")["item"] for number in (1, 2))
    config = {name: (rig.office.path / f"config/{name}.yaml").read_text() for name in ("settings", "clients")}
    terms = "retention: {default: [wwft], terms: {wwft: [{years: 5, basis: Wwft art. 33, counted_from: relation_end}]}}\n"
    try:
        rig.office.set("clients", re.sub(r"(?m)^( *)zon:\n", r"\g<0>\1  ended: 2001-01-01\n", config["clients"]))
        rig.office.set("settings", config["settings"] + terms)
        joost.post("/office/holds", {"subject": held, "reason": "Complaint", "what": "hold"})
        page = wait_for(lambda: f'value="{gone}"' in (text := joost.get("/office/retention").text) and text, "it may go")
        assert "Wwft art. 33" in page
        assert f'value="{held}"' not in page, "what is held can't be ticked"
        assert joost.post("/office/retention", {"sure": "yes"}).status == 422
        assert joost.post("/office/retention", {"item": gone}).status == 422
        assert joost.post("/office/retention", {"item": held, "sure": "yes"}).status == 409
        assert rig.browser("m.devries").get("/office/retention").status == 403
        assert rig.browser("m.devries").post("/office/retention", {"item": gone, "sure": "yes"}).status == 403
        assert joost.get(f"/items/{gone}").status == 200
        assert joost.post("/office/retention", {"item": gone, "sure": "yes"}).goes_to == "/office/retention?done=1"
        assert "Old paper 2" not in joost.get(f"/items/{gone}").text
        assert "Old paper 1" in joost.get(f"/items/{held}").text
        rig.office.run("audit", "verify")
    finally:
        for name, text in config.items():
            rig.office.set(name, text)


def test_the_trail_is_filtered_and_the_set_up_examined_by_admins_alone(rig: DeskRig, joost: Browser) -> None:
    rig.office.place("zon", {"z.pdf": PDF, "z.yaml": "created_by: p.bakker\ndescription: Paper of the bakery\n"})
    rig.office.until_taken("zon", "z")
    item = rig.office.told("z", "zon")["item"]
    rig.office.run("--as", "p.bakker", "edit", item, "--status", "in_progress")
    told = joost.get(f"/office/trail?item={item}").text.partition(LIST)[2]
    for deed in ("made", "changed"):
        assert re.search(
            rf'<b>Petra Bakker</b> <span class="soft">\(by os:\w+\)</span> {deed} it · <a class="nowrap" href="/items/{item}">',
            told,
        )
    assert "status: new → in_progress" in told
    assert not re.search(r"&#39;|None|\[\]|True|False", told), "no values as a program writes them"
    assert f'<a class="nowrap" href="/items/{item}">{item}</a>' in joost.get("/office").text
    rig.office.run("audit", "export", "--client", "zon")
    assert "exported the trail · zon" in joost.get("/office/trail?client=zon").text
    assert item not in joost.get(f"/office/trail?item={item}&until=2020-01-01").text.partition(LIST)[2]
    by_code = joost.get(f"/office/trail?item={item}&person=p.bakker").text.partition(LIST)[2]
    assert item in by_code
    assert joost.get(f"/office/trail?item={item}&person=petra&client=bakkerij").text.partition(LIST)[2] == by_code, "by name"
    assert joost.get("/office/trail?since=yesterday").status == 422
    assert joost.get("/office/trail?until=9999-12-31").status in (200, 422)
    assert 'name="notices.due"' in joost.get("/office/staff/p.bakker").text
    examined = joost.get("/office/doctor")
    assert (examined.status, "inbox" in examined.text) == (200, True)
    marieke = rig.browser("m.devries")
    assert [marieke.get(path).status for path in ("/office/trail", "/office/doctor")] == [403, 403]
    assert marieke.post("/office/holds", {"subject": "acme-bv", "reason": "x", "what": "hold"}).status == 403


def test_a_file_without_a_client_is_given_to_the_one_that_its_text_names(rig: DeskRig, joost: Browser) -> None:
    folder = rig.office.path / "inbox/_unsorted"
    folder.mkdir(exist_ok=True)
    (folder / "scan 1.txt").write_text("Statement for Bakkerij Zon")
    marieke = rig.browser("m.devries")
    path = "/inbox/unsorted/scan%201.txt"
    assert path in marieke.get("/inbox").text
    karel = rig.browser("k.smit")
    assert "scan 1.txt" not in karel.get("/inbox").text, "it may be anybody's"
    assert [karel.get(one).status for one in (path, f"{path}/file")] == [404, 404]
    page = marieke.get(path).text
    assert 'value="zon" checked' in page
    assert "de naam staat in de tekst: Bakkerij Zon" in page
    (folder / "scan 2.txt").write_text("Betreft: KvK 12345678")
    assert "het nummer staat in de tekst: 12345678" in marieke.get("/inbox/unsorted/scan%202.txt").text
    assert marieke.get(f"{path}/file").body == b"Statement for Bakkerij Zon"
    wrong = marieke.post(path, {"chosen": "", "client": "nobody at all", "description": "Kept"})
    assert (wrong.status, "Kept" in wrong.text) == (422, True)
    two = marieke.post(path, {"chosen": "zon", "client": "Acme B.V.", "description": "Whose?"})
    assert (two.status, "Bakkerij Zon is aangevinkt, en er is een andere klant getypt" in two.text) == (422, True)
    wait_for(lambda: marieke.post(path, {"chosen": "zon", "description": "Statement of November"}).status == 303, "it is given")
    wait_for(lambda: "Statement of November" in str(rig.office.json("items", "--client", "zon")), "it is an item")
    assert marieke.get(path).status == 404


def test_a_file_that_came_without_a_sidecar_gets_one_on_the_desk(rig: DeskRig, joost: Browser) -> None:
    rig.office.place("acme-bv", {"brief é.txt": b"Geachte heer"})
    marieke, karel = rig.browser("m.devries"), rig.browser("k.smit")
    path = "/inbox/waiting/acme-bv/brief%20%C3%A9.txt"
    assert f'href="{path}"' in marieke.get("/inbox").text
    assert [karel.get(one).status for one in (path, f"{path}/file")] == [404, 404], "it is none of Karel's clients'"
    assert marieke.get("/inbox/waiting/acme-bv/other.txt").status == 404
    assert marieke.get("/inbox/waiting/acme-bv/_unsorted").status == 404
    assert marieke.get(f"{path}/file").body == b"Geachte heer"
    wrong = marieke.post(path, {"description": "kort", "labels": "post"})
    assert (wrong.status, 'value="kort"' in wrong.text, 'value="post"' in wrong.text) == (422, True, True)
    typed = {"description": "Brief van de heer", "location": "2025/Post", "labels": "post"}
    wait_for(lambda: marieke.post(path, typed).goes_to == "/inbox?done=assigned", "nobody writes to it any more")
    page = marieke.get("/inbox?done=assigned").text
    assert page.index("een stuk van de klant") < page.index("<h1"), (
        "what was done is told on top of all that waits and was refused"
    )
    wait_for(lambda: rig.office.json("items", "Brief van de heer"), "it is an item")
    [found] = rig.office.json("items", "Brief van de heer")
    assert (found["client"], found["location"], found["created_by"], found["share"]) == (
        "acme-bv",
        "2025/Post",
        "m.devries",
        False,
    )
    assert marieke.get(path).status == 404
