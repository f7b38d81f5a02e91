"""What is done with an item from its page: sharing it, mailing, files, proof, and putting right what went wrong."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import lxml.html
import pytest
from kit.desk import CLIENTS, DeskRig
from kit.support import PDF, wait_for
from kit.web import Browser, text_of


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    settings = "sharing: {guard: off}\ntypes: {letter: {fields: {subject: text}}, secret: {share: never}}\n"
    with DeskRig.running(tmp_path_factory.mktemp("office"), settings) as made:
        yield made


def make(rig: DeskRig, stem: str, keys: str = "", by: str = "m.devries", client: str = "acme-bv") -> str:
    """A private item with one attachment, paper.pdf; its number."""
    listed = f"attachments: [{{file: {stem}.pdf, name: paper.pdf}}]"
    text = f"created_by: {by}\ndescription: Paper {stem} of the year\n{listed}\n{keys}"
    rig.office.place(client, {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": text})
    rig.office.until_taken(client, stem)
    return str(rig.office.told(stem, client)["item"])


def version(browser: Browser, item: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', browser.get(f"/items/{item}").text)[0]


def upload(browser: Browser, path: str, fields: dict[str, str], name: str, data: bytes) -> int:
    """A form with a file, as a browser sends it without a script; the answer's status."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, data, b"\r\n--b--\r\n"]).decode("latin-1")
    return browser._ask("POST", path, body, {"content-type": "multipart/form-data; boundary=b"}).status


def test_a_private_item_is_shared_from_its_page_to_an_approver_found_by_typing(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "share")
    typed = {"version": version(marieke, item), "share_status": "concept", "approver": "Joost Admiraal (j.admin)"}
    refused = marieke.post(f"/items/{item}/share", typed)
    assert refused.status == 422, "nobody said whether paper.pdf is shared, and j.admin may not approve"
    assert "Joost Admiraal (j.admin)" in refused.text
    typed = {"version": typed["version"], "share_status": "concept", "approver": "", "share:paper.pdf": "yes", "notify": "yes"}
    assert marieke.post(f"/items/{item}/share", {**typed, "contact": "j.jansen"}).goes_to == f"/items/{item}?done=changed"
    found = rig.office.json("show", item)
    assert (found["share_state"], found["notify"], found["contact"]) == ("concept", True, "j.jansen")
    assert [one["share"] for one in found["attachments"]] == [True]


@pytest.mark.parametrize("face", ["command", "desk", "api", "drop"])
def test_a_type_and_a_contact_are_taken_off_again(rig: DeskRig, marieke: Browser, face: str) -> None:
    item = make(rig, f"typed-{face}", "type: letter\nsubject: VAT\ncontact: j.jansen\n")
    assert "VAT" in marieke.get(f"/items/{item}").text
    if face == "command":
        rig.office.run("edit", item, "--type", "", "--contact", "", user="m.devries")
    elif face == "desk":
        for field in ("type", "contact"):
            assert marieke.post(f"/items/{item}/edit", {"version": version(marieke, item), field: ""}).status == 303
    elif face == "api":
        scopes = ("--scope", "items:read", "--scope", "items:write", "--until", "2099-12-31")
        key = rig.office.run("token", "new", "off", "--for", "m.devries", *scopes, user="j.admin").stdout.strip()
        headers = {"authorization": f"Bearer {key}", "if-match": f'"{version(marieke, item)}"'}
        body = '{"type": "", "contact": ""}'
        assert Browser(rig.port)._ask("PATCH", f"/api/v1/items/{item}", body, headers).status == 200
    else:
        amending = f"created_by: m.devries\nitem: {item}\ntype: ''\ncontact: ''\n"
        rig.office.place("acme-bv", {"taken-off.yaml": amending})
        rig.office.until_taken("acme-bv", "taken-off")
    found = rig.office.json("show", item)
    assert (found["type"], found["contact"], found["fields"]) == (None, None, {})


def test_a_type_and_a_contact_that_are_needed_stay(rig: DeskRig, tmp_path: Path) -> None:
    secret = make(rig, "kept-secret", "type: secret\n")
    refused = rig.office.run("edit", secret, "--type", "", user="m.devries", code=1).stderr
    assert "secret" in refused
    assert rig.office.json("show", secret)["type"] == "secret"
    asked = make(rig, "kept-contact", "share: yes\nshare_attachments: all\nnotify: yes\ncontact: j.jansen\n")
    refused = rig.office.run("edit", asked, "--contact", "", user="m.devries", code=1).stderr
    assert "contact" in refused
    assert rig.office.json("show", asked)["contact"] == "j.jansen"
    paper = tmp_path / "new.pdf"
    paper.write_bytes(PDF + b"new")
    words = ("new", "acme-bv", str(paper), "--description", "A new one", "--type", "")
    refused = rig.office.run(*words, user="m.devries", code=1).stderr
    assert "type" in refused, "of a new item it is a value that somebody forgot"


def test_of_many_files_the_most_are_folded(rig: DeskRig, marieke: Browser) -> None:
    files = {f"bill-{number:02d}.pdf": PDF + bytes([number]) for number in range(12)}
    rig.office.place(
        "acme-bv",
        {**files, "bills.yaml": f"created_by: m.devries\ndescription: Twelve bills\nattachments: [{', '.join(files)}]\n"},
    )
    rig.office.until_taken("acme-bv", "bills")
    page = marieke.get(f"/items/{rig.office.told('bills', 'acme-bv')['item']}").text
    shown, folded = page.split('<details class="ruled more"><summary>')
    assert "bill-05.pdf" in shown
    assert "bill-06.pdf" not in shown
    assert "bill-11.pdf" in folded.partition("Add files")[0]
    assert re.match(r"6 more files|Nog 6 bestanden", folded)
    few = marieke.get(f"/items/{make(rig, 'few')}").text
    assert "more files" not in few


def test_a_search_shows_which_file_it_was_that_fitted(rig: DeskRig, marieke: Browser) -> None:
    rig.office.place("acme-bv", {
        "quarter.txt": b"Omzetbelasting over het derde kwartaal", "Overzicht caf\u00e9.txt": b"rondje", "other.txt": b"niets",
        "search.yaml": "created_by: m.devries\ndescription: Papers of autumn\nattachments: [quarter.txt, Overzicht caf\u00e9.txt, other.txt]\n".encode(),
    })  # fmt: skip
    rig.office.until_taken("acme-bv", "search")
    item = rig.office.told("search", "acme-bv")["item"]

    def shown(words: str) -> list[str]:
        return re.findall(rf'href="[^"]*/items/{item}/attachments/[^"]*"><span[^>]*>([^<]*)<', marieke.get(f"/?q={words}").text)

    assert shown("autumn") == []
    assert shown("overzicht") == ["Overzicht café.txt"]
    assert shown("autumn+cafe") == ["Overzicht café.txt"]
    wait_for(lambda: shown("omzetbelasting") == ["quarter.txt"], "the texts of the files are read")


def test_an_approver_is_named_by_name_by_code_or_by_a_part_that_fits_one_alone(rig: DeskRig) -> None:
    petra = rig.browser("p.bakker")
    for number, typed in enumerate(("m.devries", "Marieke de Vries", "marieke", "Marieke de Vries (m.devries)")):
        item = make(rig, f"named{number}", by="p.bakker")
        form = {"version": version(petra, item), "share_status": "concept", "approver": typed, "share:paper.pdf": "yes"}
        assert petra.post(f"/items/{item}/share", form).status == 303
        assert rig.office.json("show", item)["approver"] == "m.devries"


def test_the_address_where_a_form_was_refused_leads_to_its_page(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "refused", by="p.bakker")
    for form in ("edit", "share", "withdraw", "publish", "notify", "remind", "files", "attach", "copy", "delete", "move"):
        assert marieke.get(f"/items/{item}/{form}").goes_to == f"/items/{item}"
    assert marieke.get("/clients/acme-bv/many").goes_to == "/clients/acme-bv"
    assert marieke.get("/inbox/refused/acme-bv/a%20b%3F%C3%A9/bin").goes_to == "/inbox/refused/acme-bv/a%20b%3F%C3%A9"
    assert rig.browser("b.boss").get("/office/tokens").goes_to == "/office"
    assert marieke.get(f"/items/{item}/nothing").status == 404


def test_of_several_approvers_those_are_reminded_who_have_not_decided(rig: DeskRig, marieke: Browser) -> None:
    shared = "share: yes\nshare_attachments: all\nshare_status: concept\napprover: [m.devries, k.smit]\n"
    item = make(rig, "remindboth", shared, "p.bakker", "zon")
    petra, karel = rig.browser("p.bakker"), rig.browser("k.smit")
    wait_for(lambda: "Herinner Karel Smit, Marieke de Vries<" in petra.get(f"/items/{item}").text, "both are asked")
    assert "Remind Marieke de Vries<" in karel.get(f"/items/{item}").text, "and not himself"
    rig.office.run("approve", item, user="m.devries")
    assert "Herinner Karel Smit<" in petra.get(f"/items/{item}").text
    assert f'action="/items/{item}/remind"' not in karel.get(f"/items/{item}").text, "it waits for him alone"


def test_an_approver_is_reminded_at_once_and_at_most_once_an_hour(rig: DeskRig, marieke: Browser) -> None:
    shared = "share: yes\nshare_attachments: all\nshare_status: concept\napprover: m.devries\n"
    item, address = make(rig, "remind", shared, by="p.bakker"), "m.devries@office.example"
    wait_for((rig.office.path / f"var/queue/m.devries/{item}.yaml").exists, "she is asked")
    petra = rig.browser("p.bakker")
    page = petra.get(f"/items/{item}").text
    assert f'action="/items/{item}/remind"' in page
    assert f'action="/items/{item}/remind"' not in marieke.get(f"/items/{item}").text, "it waits for herself"
    before = len(rig.mailbox.to(address))
    assert petra.post(f"/items/{item}/remind").goes_to == f"/items/{item}?done=reminded"
    wait_for(lambda: [mail for mail in rig.mailbox.to(address)[before:] if item in text_of(mail)], "a reminder")
    assert petra.post(f"/items/{item}/remind").status == 303, "pressed twice"
    again = petra.post(f"/items/{item}/remind", {"later": "yes"})
    assert again.status == 409
    assert "Marieke de Vries" in again.text
    assert "m.devries" in rig.office.run("remind", item, user="p.bakker", code=1).stderr
    assert rig.office.run("remind", item, user="m.devries", code=1).stderr.strip()
    [told] = [event for event in rig.office.json("show", item)["history"] if event["action"] == "reminded"]
    assert (told["actor"], told["detail"]["to"]) == ("p.bakker", "m.devries")
    rig.office.run("audit", "erase", "--item", item, "--reason", "asked for", user="b.boss")
    rig.office.run("remind", item, user="p.bakker")
    rig.office.run("approve", item, user="m.devries")
    assert petra.post(f"/items/{item}/remind", {"late": "yes"}).status == 409
    assert f'action="/items/{item}/remind"' not in petra.get(f"/items/{item}").text
    assert petra.post("/items/D-2026-999999/remind").status == 404


def test_somebody_is_mailed_about_what_is_on_the_portal(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "mail")
    form = {"version": version(marieke, item), "share_status": "approved", "share:paper.pdf": "yes"}
    assert marieke.post(f"/items/{item}/share", form).status == 303
    wait_for(lambda: rig.office.json("show", item)["public"], "it is on the portal")
    before = len(rig.mailbox.mails)
    assert marieke.post(f"/items/{item}/notify", {"contact": "nobody"}).status in (403, 404, 422)
    assert marieke.post(f"/items/{item}/notify", {"contact": "j.jansen"}).goes_to == f"/items/{item}?done=mailed"
    wait_for(lambda: len(rig.mailbox.mails) > before, "the mail")
    assert marieke.post(f"/items/{item}/delete", {"version": version(marieke, item)}).status == 409, "a client could see it"


def test_files_are_added_replaced_put_back_and_copied(rig: DeskRig, marieke: Browser) -> None:
    item, other = make(rig, "files"), make(rig, "other")
    fields = {"version": version(marieke, item)}
    assert upload(marieke, f"/items/{item}/attach", fields, "annex.pdf", PDF + b"annex") == 303
    assert upload(marieke, f"/items/{item}/attach", fields, "late.pdf", PDF) == 409, "the item is another version by now"
    fields = {"version": version(marieke, item), "replace": "paper.pdf"}
    assert upload(marieke, f"/items/{item}/attach", fields, "paper.docx", b"x") == 422
    assert upload(marieke, f"/items/{item}/attach", fields, "newer.pdf", PDF + b"newer") == 303
    found = {one["name"]: one["version"] for one in rig.office.json("show", item)["attachments"]}
    assert found == {"paper.pdf": 2, "annex.pdf": 1}
    form = {"version": version(marieke, item), "file": "paper.pdf", "what": "revert", "of": "1"}
    assert marieke.post(f"/items/{item}/files", form).status == 303
    assert marieke.get(f"/items/{item}/attachments/paper.pdf").body == PDF + b"files"
    assert marieke.post(f"/items/{item}/files", form).status == 303, "it was pressed twice"
    found = {one["name"]: one["version"] for one in rig.office.json("show", item)["attachments"]}
    assert found == {"paper.pdf": 3, "annex.pdf": 1}, "and done once"
    assert marieke.post(f"/items/{item}/copy", {"file": "annex.pdf", "to": "D-1999-000001"}).status == 404
    assert marieke.post(f"/items/{item}/copy", {"file": "annex.pdf", "to": other.removeprefix("D-")}).status == 303
    assert "annex.pdf" in [one["name"] for one in rig.office.json("show", other)["attachments"]]
    assert marieke.post(f"/items/{item}/attach", {"version": version(marieke, item)}).status == 422, "no file came"
    assert "weggehaald" not in marieke.get(f"/items/{item}").text.partition("Wat er gebeurde")[0]
    for what, file, name in (("rename", "annex.pdf", "bijlage.pdf"), ("remove", "paper.pdf", "")):
        form = {"version": version(marieke, item), "file": file, "what": what, "name": name}
        assert marieke.post(f"/items/{item}/files", form).status == 303
    taken_out = marieke.get(f"/items/{item}").text.partition("Eén bestand is weggehaald")[2].partition("</details>")[0]
    [(path, called)] = re.findall(r'href="([^"]+)"[^>]*>([^<]+)<', taken_out)
    assert called == "paper.pdf"
    assert marieke.get(path).body == PDF + b"files", "a way back for what was taken out by mistake"
    assert not list((rig.office.path / "var/uploads").iterdir())


def test_what_no_client_saw_is_deleted_taken_out_of_the_bin_and_moved(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "undo")
    stale = version(marieke, item)
    rig.office.run("edit", item, "--location", "2025", user="m.devries")
    assert marieke.post(f"/items/{item}/delete", {"version": stale}).status == 409
    assert marieke.post(f"/items/{item}/delete", {"version": version(marieke, item)}).goes_to == f"/bin?was={item}"
    assert marieke.get(f"/items/{item}").status == 404 or "prullenbak" in marieke.get(f"/items/{item}").text
    assert item in marieke.get("/bin").text
    assert f"{item} ligt nu in de prullenbak" in marieke.get(f"/bin?was={item}").text
    assert item not in rig.browser("k.smit").get("/bin").text, "it is none of Karel's clients'"
    assert rig.browser("p.bakker").post(f"/items/{item}/undelete").status in (403, 404)
    assert marieke.post(f"/items/{item}/undelete").goes_to == f"/items/{item}?done=undeleted"
    assert item not in marieke.get(f"/bin?was={item}").text, "loaded once more"
    typed = {"version": version(marieke, item), "client": "no such client"}
    assert "no such client" in marieke.post(f"/items/{item}/move", typed).text
    assert marieke.post(f"/items/{item}/move", {**typed, "client": "bakkerij z"}).goes_to == f"/items/{item}?done=moved"
    assert rig.office.json("show", item)["client"] == "zon"


def test_whoever_may_know_of_it_is_told_what_lies_in_the_bin_and_what_is_closed(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "binned")
    marieke.post(f"/items/{item}/delete", {"version": version(marieke, item)})
    found = marieke.get(f"/items/{item}")
    assert (found.status, "ligt in de prullenbak" in found.text, 'href="/bin"' in found.text) == (404, True, True)
    assert rig.browser("k.smit").get(f"/items/{item}").text.count("prullenbak") == 0
    other = make(rig, "beside")
    shown = f"{other} {version(marieke, other)}"
    ticked = urlencode([("chosen", item), ("chosen", shown), ("what", "location"), ("location", "2025/Post"), ("sure", "1")])
    form = {"content-type": "application/x-www-form-urlencoded"}
    told = marieke._ask("POST", "/clients/acme-bv/many", ticked, form).text
    assert f"{item} staat niet meer in het dossier van deze klant" in told, "not left out in silence"
    assert rig.office.json("show", other)["location"] == "2025/Post"
    closed = make(rig, "closed", "due: 2030-03-01\n")
    assert "1 mrt 2030" in marieke.get(f"/items/{closed}").text
    rig.office.run("edit", closed, "--status", "closed", user="m.devries")
    page = marieke.get(f"/items/{closed}").text
    assert "er verandert niets totdat een beheerder het een andere status geeft" in page
    assert "1 mrt 2030" in page


def test_clients_are_offered_while_one_types_and_only_ones_own(rig: DeskRig, marieke: Browser) -> None:
    assert marieke.get("/_suggest/clients?q=12345678").text == '["Acme B.V. (acme-bv)"]'
    assert rig.browser("k.smit").get("/_suggest/clients?q=").text == '["Bakkerij Zon (zon)"]'


def test_the_proof_is_a_page_that_can_be_kept_and_checked(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "proof")
    answer = marieke.get(f"/items/{item}/proof")
    assert "sandbox" in answer.headers["content-security-policy"]
    kept = marieke.get(f"/items/{item}/proof?save=1")
    assert kept.headers["content-disposition"].startswith("attachment")
    sheet = rig.office.path / "proof.html"
    sheet.write_text(kept.text)
    assert rig.office.run("proof", "--check", str(sheet)).returncode == 0
    assert rig.browser("k.smit").get(f"/items/{item}/proof").status == 404


def test_a_day_and_who_sees_to_it_are_given_on_the_page_and_stand_in_the_list_of_what_is_due(
    rig: DeskRig, marieke: Browser
) -> None:
    item = make(rig, "dated")
    day = (datetime.now().astimezone().date() + timedelta(days=2)).isoformat()
    typed = {"version": version(marieke, item), "due": day, "owner": "Petra Bakker"}
    assert marieke.post(f"/items/{item}/edit", typed).goes_to == f"/items/{item}?done=changed"
    found = rig.office.json("show", item)
    assert (found["due"], found["owner"]) == (day, "p.bakker")
    assert item not in marieke.get("/due").text, "Petra sees to it"
    assert item in marieke.get("/due?all=yes").text
    assert item in rig.browser("p.bakker").get("/due").text
    refused = marieke.post(f"/items/{item}/edit", {"version": version(marieke, item), "due": "soon"})
    assert refused.status == 422
    assert "2026-12-31" in refused.text, "what a date looks like"


def test_a_form_that_does_not_say_which_state_it_was_made_on_changes_nothing(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "stateless")
    before = rig.office.json("show", item)
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("edit", {"description": "Over a change of others"}), ("edit", {"location": "2026", "version": "newest"}),
        ("share", {"share_status": "concept", "approver": "m.devries"}), ("files", {"what": "remove", "file": "a.pdf"}),
        ("files", {"what": "revert", "file": "a.pdf", "of": "1"}), ("move", {"client": "zon"}), ("delete", {}), ("publish", {}),
    )  # fmt: skip
    for form, typed in forms:
        page = marieke.post(f"/items/{item}/{form}", typed)
        assert (page.status, "bij welke stand" in page.text) == (409, True), form
        assert all(one in page.text for one in (typed.get("location"), typed.get("description")) if one), "what was typed stays"
    assert upload(marieke, f"/items/{item}/attach", {}, "annex.pdf", PDF + b"annex") == 409
    after = rig.office.json("show", item)
    assert (after["version"], after["client"]) == (before["version"], before["client"])


def test_several_items_of_a_list_are_changed_at_once_each_judged_by_itself(rig: DeskRig, marieke: Browser) -> None:
    first, second, third = (make(rig, f"many{number}") for number in range(3))
    assert f'name="chosen" value="{first}"' in marieke.get("/clients/acme-bv").text
    chosen = [("chosen", first), ("chosen", second)]
    asked = marieke.post("/clients/acme-bv/many", [*chosen, ("what", "status")])
    listed = re.findall(r'name="chosen" value="([^"]+)"', asked.text)
    assert ([one.partition(" ")[0] for one in listed], third in asked.text) == ([first, second], False)
    assert marieke.post(f"/items/{second}/edit", {"version": version(marieke, second), "location": "2025/Elders"}).status == 303
    sure = [*(("chosen", one) for one in listed), ("what", "status"), ("status", "done"), ("sure", "1")]
    became = marieke.post("/clients/acme-bv/many", sure)
    assert (became.text.count("state ok"), became.text.count("state refused")) == (1, 1), "the second was changed meanwhile"
    assert [rig.office.json("show", one)["status"] for one in (first, second, third)] == ["done", "new", "new"]

    def shown() -> list[tuple[str, str]]:
        page = marieke.post("/clients/acme-bv/many", [("chosen", first), ("chosen", third), ("what", "label")])
        return [("chosen", one) for one in re.findall(r'name="chosen" value="([^"]+)"', page.text)]

    unseen = [("chosen", first), ("chosen", third), ("what", "label"), ("label", "btw, 2025"), ("sure", "1")]
    assert marieke.post("/clients/acme-bv/many", unseen).text.count("state refused") == 2, "of no state that was shown"
    assert rig.office.json("show", third)["labels"] == []
    labels = [*shown(), ("what", "label"), ("label", "btw, 2025"), ("sure", "1")]
    assert marieke.post("/clients/acme-bv/many", labels).text.count("state ok") == 2
    assert rig.office.json("show", third)["labels"] == ["btw", "2025"]
    assert marieke.post("/clients/acme-bv/many", [("chosen", first), ("what", "withdraw"), ("sure", "1")]).status == 422
    assert marieke.post("/clients/acme-bv/many", [("what", "delete"), ("sure", "1")]).status == 422
    gone = marieke.post("/clients/acme-bv/many", [*shown(), ("what", "delete"), ("sure", "1")])
    assert gone.text.count("state ok") == 2
    assert "dossier undelete" not in gone.text, "it is said in the words of the desk"
    assert first in marieke.get("/bin").text
    karel = rig.browser("k.smit")
    assert karel.post("/clients/acme-bv/many", [*chosen, ("what", "delete"), ("sure", "1")]).status == 404
    hidden = karel.post("/clients/zon/many", [*chosen, ("what", "delete"), ("sure", "1")])
    never = karel.post("/clients/zon/many", [("chosen", "D-2026-999999"), ("what", "delete"), ("sure", "1")])
    assert (hidden.status, hidden.text) == (422, never.text), "what may not be known of is as what never was"


def test_a_whole_dossier_comes_as_one_archive_with_what_the_command_writes(
    rig: DeskRig, marieke: Browser, tmp_path: Path
) -> None:
    make(rig, "exported", "explanation: Of the office alone.\n")
    karel = rig.browser("k.smit")  # works for zon alone
    assert karel.post("/clients/acme-bv/export").status == 404
    for internal, words in ((False, []), (True, ["--internal"])):
        rig.office.run("export", "acme-bv", str(tmp_path / str(internal)), *words)
        written = {
            path.relative_to(tmp_path / str(internal)).as_posix(): path.read_bytes()
            for path in (tmp_path / str(internal)).rglob("*")
            if path.is_file()
        }
        answer = marieke.post("/clients/acme-bv/export", {"internal": "yes"} if internal else {})
        assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            assert archive.testzip() is None
            given = {name.removeprefix("acme-bv/"): archive.read(name) for name in archive.namelist()}
        assert given.keys() == written.keys()
        assert ("Of the office alone" in b"".join(given.values()).decode("utf-8", "replace")) is internal
        for line in given["SHA256SUMS"].decode().splitlines():
            sha256, _, path = line.partition("  ")
            assert hashlib.sha256(given[path]).hexdigest() == sha256, path
        assert {name for name in given if given[name] != written[name]} <= {
            "export.json",
            "SHA256SUMS",
            *(name for name in given if internal and name.endswith("item.json")),
        }
    events = [one for one in rig.office.json("audit", "log") if (one["action"], one["actor"]) == ("exported", "m.devries")]
    assert {one["detail"]["internal"] for one in events} == {True, False}


def test_an_archive_names_what_the_vault_lacks_and_has_all_else(rig: DeskRig, marieke: Browser) -> None:
    gone, damaged, whole = (make(rig, name) for name in ("gone", "damaged", "whole"))
    told = {item: rig.office.json("show", item)["attachments"][0] for item in (gone, damaged, whole)}
    places = {item: next((rig.office.path / "var/vault").rglob(f"*{one['sha256'][2:]}")) for item, one in told.items()}
    places[gone].unlink()
    places[damaged].chmod(0o644)
    places[damaged].write_bytes(bytes(told[damaged]["size"]))
    with zipfile.ZipFile(io.BytesIO(marieke.post("/clients/acme-bv/export").body)) as archive:
        given = {name.removeprefix("acme-bv/"): archive.read(name) for name in archive.namelist()}
    lacking = given["LACKING.txt"].decode()
    assert [item for item in told if item in lacking] == [gone, damaged]
    name = f"{whole}/{told[whole]['name']}"
    assert hashlib.sha256(given[name]).hexdigest() == told[whole]["sha256"]
    assert f"{gone}/{told[gone]['name']}" not in given
    assert f"{gone}/item.json" in given
    assert "exported_at" not in json.loads(given["export.json"]), "it is not whole"


def test_whoever_comes_second_is_told_of_all_that_was_changed_meanwhile_and_no_more(rig: DeskRig, marieke: Browser) -> None:
    item, petra = make(rig, "second", by="p.bakker"), rig.browser("p.bakker")
    before, told = version(petra, item), re.findall(r'name="told" value="(\d+)"', petra.get(f"/items/{item}").text)[0]
    marieke.post(f"/items/{item}/edit", {"version": before, "location": "2025/Elsewhere"})
    marieke.post(f"/items/{item}/edit", {"version": version(marieke, item), "labels": "first, second"})
    page = petra.post(f"/items/{item}/edit", {"version": before, "told": told, "explanation": "Mine"})
    assert page.status == 409
    notice = page.text[page.text.index('role="alert"') :].partition("</ul>")[0]
    assert "2025/Elsewhere" in notice
    assert "first, second" in notice
    assert notice.count("Marieke de Vries") == 2
    assert "Petra Bakker" not in notice
    assert 'href="#e-if_version"' not in notice


def test_what_is_wrong_with_a_change_of_a_file_stands_at_that_file_with_what_was_typed(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "atfile")
    fields = {"file": "paper.pdf", "version": version(marieke, item)}
    refused = {
        "rename": marieke.post(f"/items/{item}/files", {**fields, "what": "rename", "name": "a/b.pdf"}),
        "copy": marieke.post(f"/items/{item}/copy", {**fields, "to": "D-2020-000001"}),
    }
    for about, typed in (("rename", "a/b.pdf"), ("copy", "D-2020-000001")):
        page = refused[about].text
        [more] = re.findall(r'<details class="versions no-print" open>.*?</details>', page, re.DOTALL)
        assert f'id="{about}-f"' in more
        [field] = re.findall(rf'<input [^>]*value="{re.escape(typed)}"[^>]*>', more)
        assert f'aria-invalid="true" aria-describedby="{about}-f"' in field
        assert page.count(f'id="{about}-f"') == 1


def test_what_config_offers_no_more_stays_chosen_in_the_form_of_its_field(tmp_path: Path) -> None:
    with DeskRig.running(
        tmp_path, "sharing: {guard: off}\nitems: {statuses: [new, old, closed]}\ntypes: {letter: {}, deed: {}}\n"
    ) as rig:
        item = make(
            rig,
            "before",
            "status: old\ntype: letter\ncontact: j.jansen\nshare: yes\nshare_status: concept\nshare_attachments: all\n",
        )
        settings = (rig.office.path / "config/settings.yaml").read_text()
        rig.office.set("settings", settings.replace("[new, old, closed]", "[new, done, closed]").replace("letter: {}, ", ""))
        rig.office.set("clients", CLIENTS.replace("{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}", ""))
        browser = rig.browser("m.devries")
        page = browser.get(f"/items/{item}").text
        assert re.findall(r'<option value="(\w[\w.]*)" selected>', page) == ["old", "letter", "j.jansen"]


def test_whom_it_is_shared_to_again_without_another_name_is_told_at_the_field(rig: DeskRig, marieke: Browser) -> None:
    item = make(
        rig, "again", "share: yes\nshare_status: concept\nshare_attachments: all\napprover: k.smit\n", client="zon", by="p.bakker"
    )
    assert re.findall(r'<label for="e-approver">[^<]*<span class="hint">([^<]*)', marieke.get(f"/items/{item}").text) == [
        "zoals nu: Karel Smit"
    ]
    typed = {"version": version(marieke, item), "share_status": "concept", "approver": "", "share:paper.pdf": "yes"}
    assert marieke.post(f"/items/{item}/share", typed).status == 303
    assert rig.office.json("show", item)["approver"] == "k.smit"


def test_what_never_was_on_the_portal_is_not_said_to_be_taken_off_it(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "called-back", "share: yes\nshare_status: concept\nshare_attachments: all\n", by="p.bakker")
    assert "Haal het er nu af" not in marieke.get(f"/items/{item}").text
    done = marieke.get(marieke.post(f"/items/{item}/withdraw", {"reason": "Te vroeg"}).goes_to).text
    assert "Het wordt niet meer gedeeld." in done
    assert "Het is van het portaal." not in done


def test_each_form_that_says_which_state_it_was_made_on_says_what_its_page_told(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "forms")
    fields = {"version": version(marieke, item), "replace": "paper.pdf"}
    assert upload(marieke, f"/items/{item}/attach", fields, "paper.pdf", PDF + b"newer") == 303
    forms = [form for form in lxml.html.fromstring(marieke.get(f"/items/{item}").text).forms if "version" in form.fields]
    assert any("of" in form.fields for form in forms), "the one that puts a version back"
    assert all("told" in form.fields for form in forms)
