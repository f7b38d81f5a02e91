"""The desk's pages as people use them: finding, reading, deciding, changing, taking off. What they may not see is in no byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Answer, Browser

from dossier.office import editing


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), "types: {wwft: {share: never, staff: [m.devries]}}\n") as made:
        yield made


@pytest.fixture(scope="module")
def karel(rig: DeskRig) -> Browser:
    """Works for zon alone."""
    return rig.browser("k.smit")


def make(rig: DeskRig, stem: str, keys: str = "", client: str = "acme-bv", by: str = "p.bakker", data: bytes = PDF) -> str:
    """An item made by dropping it; its number."""
    text = (
        f"created_by: {by}\ndescription: Paper {stem} of the year\nattachments: [{{file: {stem}.pdf, name: paper.pdf}}]\n{keys}"
    )
    rig.office.place(client, {f"{stem}.pdf": data + stem.encode(), f"{stem}.yaml": text})
    rig.office.until_taken(client, stem)
    return str(rig.office.told(stem, client)["item"])


CONCEPT = "share: yes\nshare_status: concept\nshare_attachments: all\n"
APPROVED = "share: yes\nshare_status: approved\nshare_attachments: all\n"


def digest(page: str) -> str:
    return re.findall(r'name="content" value="(sha256:[0-9a-f]+)"', page)[0]


def test_a_concept_is_approved_on_its_page_and_the_next_one_follows(rig: DeskRig, marieke: Browser) -> None:
    first, second = make(rig, "one", f"{CONCEPT}notify: yes\ncontact: j.jansen\n"), make(rig, "two", CONCEPT)
    assert first in marieke.get("/").text
    page = marieke.get(f"/queue/{first}")
    assert "Jan Jansen krijgt" in page.text
    assert "Acme B.V." in page.text
    assert "paper.pdf" in page.text
    answer = marieke.post(f"/queue/{first}", {"decision": "approve", "comment": "", "content": digest(page.text)})
    assert answer.goes_to == f"/queue/{second}?was={first}&did=approve"
    assert "is goedgekeurd" in marieke.get(answer.goes_to).text
    wait_for(lambda: rig.state(first) == "published", "it is on the portal")
    page = marieke.get(f"/queue/{second}")
    assert marieke.post(f"/queue/{second}", {"decision": "reject", "comment": " ", "content": digest(page.text)}).status == 422
    marieke.post(f"/queue/{second}", {"decision": "reject", "comment": "Page 3: missing #", "content": digest(page.text)})
    assert rig.state(second) == "returned"
    petra = rig.browser("p.bakker")
    assert "Page 3: missing #" in petra.get("/").text
    assert re.search("Marieke de Vries [^<]*: Page 3: missing #", petra.get(f"/items/{second}").text), "by name, not by code"


def test_what_was_changed_since_it_was_shown_is_not_approved(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "three", CONCEPT)
    seen = digest(marieke.get(f"/queue/{item}").text)
    rig.office.run("edit", item, "--description", "Something else entirely", user="p.bakker")
    answer = marieke.post(f"/queue/{item}", {"decision": "approve", "comment": "all well", "content": seen})
    assert answer.status == 409
    assert "Something else entirely" in answer.text
    assert "all well" in answer.text
    assert rig.state(item) == "concept"


@pytest.mark.parametrize("first", ["command", "queue file", "browser"])
def test_of_two_decisions_the_first_stands_and_the_second_is_told_so(rig: DeskRig, marieke: Browser, first: str) -> None:
    item = make(rig, f"four{first.partition(' ')[0]}", CONCEPT)
    file = rig.office.path / f"var/queue/m.devries/{item}.yaml"
    wait_for(file.exists, "the queue file is there")
    seen = digest(marieke.get(f"/queue/{item}").text)
    if first == "command":
        rig.office.run("reject", item, "--comment", "no", user="m.devries")
    elif first == "queue file":
        file.write_text(file.read_text().replace("\ndecision:", "\ndecision: reject").replace("\ncomment:", "\ncomment: no"))
    else:
        marieke.post(f"/queue/{item}", {"decision": "reject", "comment": "no", "content": seen})
    wait_for(lambda: rig.state(item) == "returned", "the first decision counts")
    answer = marieke.post(f"/queue/{item}", {"decision": "approve", "comment": "Typed at <length>", "content": seen})
    assert (answer.status, "afgekeurd door Marieke de Vries" in answer.text) == (409, True)
    assert "Typed at &lt;length&gt;" in answer.text, "what was typed is not lost, though there is nothing to decide any more"
    assert rig.state(item) == "returned"


def test_whoever_made_it_can_not_approve_it_on_the_page_either(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "five", f"{CONCEPT}approver: j.admin\n".replace("approver: j.admin\n", ""), by="m.devries")
    page = marieke.get(f"/queue/{item}").text
    assert 'name="content"' not in page
    content = rig.office.json("queue")
    shown = next((one.get("content") for one in content if one["item"] == item), None)
    answer = marieke.post(f"/queue/{item}", {"decision": "approve", "comment": "", "content": shown or "sha256:0"})
    assert answer.status in (403, 409)
    assert rig.state(item) == "concept"


@pytest.mark.parametrize(
    "path", ["/clients/acme-bv", "/clients/nobody", "/items/{item}", "/queue/{item}", "/items/{item}/attachments/paper.pdf"]
)
def test_what_a_person_may_not_know_of_is_not_there(rig: DeskRig, karel: Browser, path: str) -> None:
    item = make(rig, f"hidden{abs(hash(path)) % 1000}", CONCEPT)
    answer = karel.get(path.format(item=item))
    assert answer.status == 404
    assert "Acme" not in answer.text
    never = karel.get(path.format(item="D-2020-000099").replace("acme-bv", "never-was")).text
    assert re.sub(r"D-\d+-\d+|acme-bv|never-was|nobody", "", answer.text) == re.sub(
        r"D-\d+-\d+|acme-bv|never-was|nobody", "", never
    )


def test_lists_counts_and_searches_hold_nothing_of_other_clients(rig: DeskRig, karel: Browser) -> None:
    make(rig, "secretpaper", CONCEPT)
    for path in ("/", "/clients", "/queue", "/?q=secretpaper", "/?q=acme", "/clients?q=acme"):
        text = karel.get(path).text
        assert "Acme" not in text.replace('value="acme"', ""), path
        assert "Paper secretpaper" not in text


def test_a_search_that_finds_nothing_leads_to_the_inbox_where_what_was_refused_lies(marieke: Browser) -> None:
    told = marieke.get("/?q=nothingfits").text
    assert 'href="/inbox">kijk in de inbox</a>' in told.partition("<main")[2]


def test_the_search_box_finds_an_item_by_its_number_for_whoever_may_know_of_it(
    rig: DeskRig, marieke: Browser, karel: Browser
) -> None:
    item = make(rig, "numbered", CONCEPT)
    for words in (item, item.removeprefix("D-"), item[-6:], str(int(item[-6:]))):
        assert f'href="/items/{item}"' in marieke.get(f"/?q={words}").text, words
        assert (
            item
            not in karel.get(f"/?q={words}").text.replace(f"“{item}”", "").replace(f'value="{item}"', "").partition("<main")[2]
        )


def test_a_file_comes_out_as_it_went_in_whole_or_in_part_and_is_noted(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "six")
    answer = marieke.get(f"/items/{item}/attachments/paper.pdf")
    assert answer.body == PDF + b"six"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    part = marieke.get(f"/items/{item}/attachments/paper.pdf", range="bytes=2-5")
    assert (part.status, part.body) == (206, (PDF + b"six")[2:6])
    for known in (answer.headers["etag"], f'"other", W/{answer.headers["etag"]}', "*"):
        told = marieke.get(f"/items/{item}/attachments/paper.pdf", if_none_match=known)
        assert (told.status, told.body, told.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert marieke.get(f"/items/{item}/attachments/paper.pdf", if_none_match='"other"').status == 200
    events = [one for one in rig.office.json("show", item)["history"] if one["action"] == "viewed"]
    assert any("paper.pdf" in str(one["detail"]) for one in events)
    for version in ("7", "-1", "1a", "", "9" * 30):
        assert marieke.get(f"/items/{item}/attachments/paper.pdf?version={version}").status == 404, version


def test_a_field_is_changed_in_its_place_unless_somebody_was_first(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "seven")
    page = marieke.get(f"/items/{item}").text
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    done = marieke.post(f"/items/{item}/edit", {"version": version, "location": "2025/Jaarrekening"})
    assert done.goes_to == f"/items/{item}?done=changed"
    assert rig.office.json("show", item)["location"] == "2025/Jaarrekening"
    late = marieke.post(f"/items/{item}/edit", {"version": version, "location": "2024/Elsewhere"})
    assert late.status == 409
    assert "2024/Elsewhere" in late.text
    assert rig.office.json("show", item)["location"] == "2025/Jaarrekening"
    version = re.findall(r'name="version" value="(\d+)"', late.text)[0]
    wrong = marieke.post(f"/items/{item}/edit", {"version": version, "status": "nonsense"})
    assert wrong.status == 422
    assert "nonsense" in wrong.text


def test_taking_off_the_portal_needs_a_reason(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "eight", APPROVED, by="m.devries")
    wait_for(lambda: rig.state(item) == "published", "it is on the portal")
    assert marieke.post(f"/items/{item}/withdraw", {"reason": " "}).status == 422
    assert rig.state(item) == "published"
    assert marieke.post(f"/items/{item}/withdraw", {"reason": "Wrong year"}).goes_to == f"/items/{item}?done=withdrawn"
    assert rig.state(item) == "withdrawn"
    assert "Wrong year" in marieke.get(f"/items/{item}").text
    off, back = (f"/items/{item}?done={done}" for done in ("withdrawn", "put_back"))
    assert "Het is van het portaal." in marieke.get(off).text
    assert "Het gaat terug op het portaal" not in marieke.get(back).text, "loaded once more"
    rig.office.run("publish", item, user="m.devries")
    assert "Het is van het portaal." not in marieke.get(off).text, "loaded once more"
    assert "Het gaat terug op het portaal" in marieke.get(back).text


def test_what_is_typed_by_others_is_text_and_nothing_more(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "nine", 'explanation: "<script>alert(1)</script> {{ 7*7 }}"\nlabels: [\'"><img src=x>\']\n')
    for path in (f"/items/{item}", "/clients/acme-bv", "/?q=%3Cscript%3E"):
        text = marieke.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_a_client_is_found_and_its_dossier_filtered(rig: DeskRig, marieke: Browser) -> None:
    make(rig, "ten", "location: 2023/Btw\nlabels: [special]\n")
    assert "/clients/acme-bv" in marieke.get("/clients?q=12345678").text
    page = marieke.get("/clients/acme-bv?location=2023").text
    assert "Paper ten of the year" in page
    assert "Paper one of the year" not in page
    assert "Paper ten of the year" in marieke.get("/clients/acme-bv?label=special").text
    assert marieke.get("/clients/acme-bv?after=nonsense&type=x&share=y&page=-1").status == 200
    assert "acme-bv" in marieke.get("/").text, "it counts as viewed"


def test_a_refused_drop_is_mended_on_its_page_and_given_back(rig: DeskRig, marieke: Browser) -> None:
    rig.office.place("acme-bv", {"bad.pdf": PDF, "bad.yaml": "created_by: p.bakker\ndescription: short\nstatus: nonsense\n"})
    wait_for(lambda: "bad" in marieke.get("/inbox").text and "/inbox/refused/" in marieke.get("/inbox").text, "it is refused")
    path = re.findall(r'href="(/inbox/refused/acme-bv/[^"]*bad)"', marieke.get("/inbox").text)[0]
    page = marieke.get(path).text
    assert "nonsense" in page
    assert "bad.pdf" in page
    why = rig.office.rejected("bad") / "WHY.txt"  # type: ignore[operator]
    for english, dutch in (("is no status; give", "is geen status; geef"), ("has 5 characters", "heeft 5 tekens")):
        assert english in why.read_text(), "it is the office's language in the folder"
        assert (english in page, dutch in page) == (False, True), "and the reader's on the page"
    assert "heeft 5 tekens" in marieke.get("/inbox").text
    why.write_text("bad.yaml:2: somebody wrote this\n")
    assert "somebody wrote this" in marieke.get(path).text
    still = marieke.post(path, {"sidecar": "description: Long enough by now\nstatus: wrong\n"})
    assert still.status == 422
    assert "Long enough by now" in still.text
    assert re.search(r'class="wrong"><i>2</i>status: wrong</span><span class="why">.*is geen status', still.text), "at its line"
    goal = marieke.post(path, {"sidecar": "created_by: p.bakker\ndescription: Long enough by now\n"}).goes_to
    wait_for(lambda: marieke.get(goal).status == 303, "it is taken")
    item = re.findall(r"D-\d{4}-\d{6}", marieke.get(goal).goes_to)[0]
    found = rig.office.json("show", item)
    assert (found["created_by"], found["attachments"][0]["name"]) == ("m.devries", "bad.pdf")
    assert marieke.get(path).status == 404
    assert rig.browser("k.smit").get(path).status == 404


def test_a_refused_drop_of_a_type_that_is_not_for_a_reader_is_not_found_though_they_know_its_address(
    rig: DeskRig, marieke: Browser
) -> None:
    card = "created_by: m.devries\ndescription: Één melding: van Acme\ntype: wwft\n"
    rig.office.place("acme-bv", {"melding.pdf": PDF, "melding.yaml": card.encode("utf-16")})
    rejected = wait_for(lambda: rig.office.rejected("melding"), "it is refused")
    path = f"/inbox/refused/acme-bv/{rejected.name}"
    wait_for(lambda: marieke.get(path).status == 200, "its files lie beside WHY.txt, which comes first")
    assert "Één melding: van Acme" in marieke.get(path).text, "UTF-16 is shown as text"
    petra = rig.browser("p.bakker")
    assert rejected.name not in petra.get("/inbox").text
    assert petra.get(path).status == 404
    assert petra.post(path, {"sidecar": "description: Long enough by now\n"}).status == 404
    assert rejected.is_dir()


def test_the_office_is_for_admins_and_a_file_of_config_is_checked_shown_as_a_difference_and_saved(
    rig: DeskRig, marieke: Browser
) -> None:
    assert marieke.get("/office").status == 403
    assert marieke.get("/office/staff").status == 403
    joost = rig.browser("j.admin")
    assert joost.get("/office").status == 200
    page = joost.get("/office/text/clients").text
    seen = re.findall(r'name="digest" value="(\w+)"', page)[0]
    path = rig.office.path / "config/clients.yaml"
    before = path.read_text()
    wish = f"# kept\n{before}  new-bv: {{name: New B.V.}}\n"
    shown = joost.post("/office/text/clients", {"text": wish, "digest": seen, "check": "1"})
    assert "new-bv" in shown.text
    assert path.read_text() == before
    wrong = joost.post("/office/text/clients", {"text": wish + "  bad: {nam: x}\n", "digest": seen, "save": "1"})
    assert wrong.status == 422
    assert "nam" in wrong.text
    assert path.read_text() == before
    assert joost.post("/office/text/clients", {"text": wish, "digest": "0" * 64, "save": "1"}).status == 409
    copies = rig.office.path / "var" / editing.HISTORY
    copies.write_text("no folder")
    failed = joost.post("/office/text/clients", {"text": wish, "digest": seen, "save": "1"})
    assert (failed.status, "could not be written" in failed.text, "new-bv: {name: New B.V.}" in failed.text) == (503, True, True)
    copies.unlink()
    try:
        assert (
            joost.post("/office/text/clients", {"text": wish, "digest": seen, "save": "1"}).goes_to
            == "/office/text/clients?done=1"
        )
        assert path.read_text() == wish
        wait_for(lambda: "New B.V." in joost.get("/clients").text, "it holds")
    finally:
        path.write_text(before)


@pytest.mark.parametrize("path", ["/", "/queue", "/inbox?of=me", "/clients/acme-bv?share_state=pending"])
def test_a_list_says_by_its_etag_whether_something_on_it_changed_and_to_ask_is_no_click(
    rig: DeskRig, marieke: Browser, path: str
) -> None:
    again = f"{path}{'&' if '?' in path else '?'}again=1"

    def is_same(shown: Answer) -> bool:
        return marieke.get(again, if_none_match=shown.headers["etag"]).status == 304

    shown = wait_for(lambda: shown if is_same(shown := marieke.get(path)) else None, "what was dropped before is settled")
    assert f"data-live={shown.headers['etag']}" in shown.text
    marieke.get("/clients/zon")
    before = rig.office.run("recent", user="m.devries").stdout
    assert marieke.get("/clients/acme-bv?again=1").status == 200
    assert rig.office.run("recent", user="m.devries").stdout == before, "nobody looked at it"
    rig.office.place("acme-bv", {f"lies {len(path)}.pdf": PDF + path.encode()})
    make(rig, f"live{len(path)}", CONCEPT, by="m.devries" if path == "/inbox?of=me" else "p.bakker")
    wait_for(lambda: not is_same(shown), "it is told")


def test_what_is_made_of_a_form_and_what_is_read_has_no_etag(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "unlive")
    for page in (marieke.get(f"/items/{item}"), marieke.get("/clients/acme-bv/new"), marieke.post("/queue", {})):
        assert page.status == 200
        assert page.headers["etag"] is None
        assert "data-live" not in page.text


@pytest.mark.parametrize(
    "path", ["/", "/queue", "/inbox", "/due", "/clients", "/clients?q=zon", "/clients/zon", "/items/D-2099-000001", "/nowhere"]
)
def test_a_head_is_answered_as_a_get_without_the_page(rig: DeskRig, marieke: Browser, path: str) -> None:
    for browser in (marieke, Browser(rig.port)):
        got, headed = (browser.get(path, method) for method in ("GET", "HEAD"))
        assert headed.body == b""
        for name in ("etag", "location", "content-type", "cache-control"):
            assert (headed.status, headed.headers[name]) == (got.status, got.headers[name]), name
