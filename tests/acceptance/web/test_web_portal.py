"""`dossier portal` and the daemon as an office runs them: logging in, what is seen and what never is, what staff are told."""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator

import pytest
from kit.support import wait_for
from kit.web import Answer, Rig, file_links, links, text_of
from PIL import Image

from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.trail import auditing

CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: J.Jansen@acme.example}
      - {id: s.okafor, name: Sarah Okafor, email: s.okafor@acme.example, language: en}
      - {id: gone, name: Gone Away, email: gone@acme.example, active: false}
  zon:
    name: Bakkerij Zon
    contacts:
      - {id: f.yilmaz, name: Fatma Yılmaz, email: fatma@zon.example}
      - {id: books, name: The Bookkeeper, email: books@keeper.example, language: en}
  north:
    name: North & Sons <Ltd>
    language: en
    contacts:
      - {id: keeper, name: The Bookkeeper, email: books@keeper.example}
"""

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4000 + b"\n%%EOF\n"
HTML = b"<!doctype html><script>document.title = 'owned'</script>"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig.running(tmp_path_factory.mktemp("office"), CLIENTS) as made:
        yield made


@pytest.fixture(autouse=True)
def _no_one_has_tried_too_often(rig: Rig) -> None:
    with sqlite3.connect(rig.office.path / "var/dossier.db", timeout=30) as database:
        database.execute("DELETE FROM login_rate")


@pytest.fixture(scope="module")
def annual(rig: Rig) -> str:
    return rig.publish("acme-bv", "Jaarrekening", {"jaarrekening 2025 é.pdf": PDF, "page.html": HTML})


def same(one: Answer, other: Answer) -> None:
    assert (one.status, one.body) == (other.status, other.body)


def test_a_contact_logs_in_with_a_mailed_link_and_downloads_what_was_shared(rig: Rig, annual: str) -> None:
    browser = rig.browser()
    assert browser.get("/").goes_to == "/_login"
    page = browser.get("/_login", accept_language="nl-NL,nl;q=0.9,en;q=0.5")
    assert '<html lang="nl">' in page.text
    assert browser.log_in(rig.mailbox, "j.jansen@acme.example") == "/"
    mail = rig.mailbox.to("J.Jansen@acme.example")[-1]
    assert mail["Subject"] == "Inloggen op Klantportaal Vis"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Beste Jan Jansen" in text_of(mail)
    assert browser.get("/").goes_to == "/acme-bv/"
    listed = browser.get("/acme-bv/")
    assert '<html lang="nl">' in listed.text
    assert annual in listed.text
    first, second = file_links(listed.text)
    got = browser.get(first)
    assert (got.status, got.body) == (200, PDF)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"jaarrekening 2025 e.pdf\"; filename*=UTF-8''jaarrekening%202025%20%C3%A9.pdf"
    )
    assert browser.get(second).body == HTML


def test_a_session_cookie_is_for_the_server_alone(rig: Rig, annual: str) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    browser.post("/_login", {"address": "s.okafor@acme.example"})
    answer = browser.post(rig.mailbox.link_to("s.okafor@acme.example", before))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie  # base_url is plain http here
    assert "domain" not in cookie
    with sqlite3.connect(rig.office.path / "var/dossier.db") as database:
        kept = "\n".join(database.iterdump())
    assert browser.cookies["dossier"] not in kept
    assert hashlib.sha256(browser.cookies["dossier"].encode()).hexdigest() in kept
    secrets = [found for mail in rig.mailbox.mails for found in re.findall(r"/_login/([\w-]+)", text_of(mail))]
    assert secrets
    assert not [secret for secret in secrets if secret in kept]


def test_a_link_is_used_up_by_the_button_and_not_by_looking(rig: Rig) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    browser.post("/_login", {"address": "fatma@zon.example", "next": "/zon/"})
    link = rig.mailbox.link_to("fatma@zon.example", before)
    scanner = rig.browser()
    for _ in range(3):
        page = scanner.get(link)
        assert page.status == 200
        assert scanner.get(link, "HEAD").status == 200
    assert not scanner.cookies
    assert f'action="{link}"' in page.text
    assert browser.post(link).goes_to == "/zon/"
    assert browser.get("/zon/").status == 200
    other = rig.browser()
    assert other.post(link).status == 410
    assert other.get(link).status == 410
    assert not other.cookies
    assert other.get("/zon/").goes_to == "/_login?next=/zon/"
    assert browser.get(link).goes_to == "/zon/"  # clicked again in the mail, by who is in


def test_an_address_that_is_pasted_with_signs_that_nobody_sees_is_the_same(rig: Rig) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    assert browser.post("/_login", {"address": "\u200bfatma@zon.example\u202c "}).status == 200
    assert browser.post(rig.mailbox.link_to("fatma@zon.example", before)).goes_to == "/"


def test_the_answer_is_the_same_for_an_address_that_is_known_and_one_that_is_not(rig: Rig) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    answers = []
    for address in ("s.okafor@acme.example", "nobody@acme.example", "gone@acme.example", "p.bakker@office.example"):
        answer = browser.post("/_login", {"address": address})
        answers.append((answer.status, answer.text.replace(address, "ADDRESS"), sorted(answer.headers.keys())))
    assert answers.count(answers[0]) == 4
    rig.mailbox.link_to("s.okafor@acme.example", before)
    with sqlite3.connect(rig.office.path / "var/dossier.db") as database:
        wait_for(lambda: database.execute("SELECT count(*) FROM login_request").fetchone() == (0,), "the requests are forgotten")
        assert "nobody@acme" not in "\n".join(database.iterdump())
    assert len(rig.mailbox.mails) == before + 1


def test_who_asks_too_often_is_told_when_to_try_again_known_or_not(rig: Rig) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    for address in ("often@acme.example", "Often@ACME.example "):
        answers = [browser.post("/_login", {"address": address}) for _ in range(12)]
    assert {answer.status for answer in answers} == {429}
    assert 0 < int(answers[-1].headers["retry-after"]) <= 90
    assert len(rig.mailbox.mails) == before


def test_a_deep_link_of_a_mail_leads_after_login_to_the_item(rig: Rig) -> None:
    before = len(rig.mailbox.mails)
    item = rig.publish("acme-bv", "Advies", {"advies.pdf": PDF}, "notify: yes\ncontact: s.okafor\n")
    wait_for(lambda: rig.mailbox.to("s.okafor@acme.example", before), "the mail that something is ready")
    link = re.findall(r"http://\S+", text_of(rig.mailbox.to("s.okafor@acme.example", before)[0]))[0]
    assert link == f"http://127.0.0.1:{rig.port}/acme-bv/index.html?item={item}#{item}"
    browser = rig.browser()
    path = link.removeprefix(f"http://127.0.0.1:{rig.port}").partition("#")[0]
    assert browser.get(path).goes_to == f"/_login?next=/acme-bv/{item}"
    form = browser.get(f"/_login?next=/acme-bv/{item}").text
    goal = re.findall(r'name="next" value="([^"]+)"', form)[0]
    assert browser.log_in(rig.mailbox, "s.okafor@acme.example", goal) == f"/acme-bv/{item}"
    page = browser.get(f"/acme-bv/{item}")
    assert "Advies of the year" in page.text
    assert browser.get(path).goes_to == f"/acme-bv/{item}"


def test_a_login_mail_does_not_wait_behind_others(rig: Rig) -> None:
    rig.mailbox.is_slow = True
    try:
        rig.publish("zon", "Bericht", {"bericht.pdf": PDF}, "notify: yes\ncontact: f.yilmaz\n")
        before = len(rig.mailbox.mails)
        browser = rig.browser()
        browser.log_in(rig.mailbox, "fatma@zon.example")
        assert len(rig.mailbox.mails) == before + 1
    finally:
        rig.mailbox.is_slow = False
    wait_for(lambda: len(rig.mailbox.mails) == before + 2, "the other mail goes as well")


@pytest.mark.parametrize(
    "goal",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/acme-bv/../x", "/acme-bv/\r\nx: y", "/_login", "x" * 3000],
)
def test_a_login_leads_nowhere_but_to_the_portal(rig: Rig, goal: str) -> None:
    page = rig.browser().post("/_login", {"address": "no address", "next": goal})
    assert page.status == 422
    assert 'name="next" value="/"' in page.text
    assert rig.browser().get(f"/acme-bv/index.html?item={'%2F%2Fevil.example'}").goes_to == "/_login?next=/acme-bv/"


def test_what_was_withdrawn_is_anothers_or_never_was_gets_one_answer(rig: Rig, annual: str) -> None:
    item = rig.publish("acme-bv", "Verkeerd", {"verkeerd.pdf": PDF})
    other = rig.publish("zon", "Vertrouwelijk", {"secret.pdf": PDF + b"zon"})
    acme, zon = rig.browser("j.jansen@acme.example"), rig.browser("fatma@zon.example")
    file = file_links(acme.get(f"/acme-bv/{item}").text)[0]
    theirs = file_links(zon.get(f"/zon/{other}").text)[0]
    assert acme.get(file).status == 200
    rig.office.run("withdraw", item, "--reason", "sent to the wrong client", user="p.bakker")
    never = acme.get("/acme-bv/D-2020-000001")
    assert never.status == 404
    assert "Niet meer beschikbaar" in never.text
    paths = [
        f"/acme-bv/{item}", file, "/acme-bv/D-2026-999999", f"/zon/{other}", theirs, theirs.replace("/zon/", "/acme-bv/"), "/zon/", "/nobody/",
        f"/acme-bv/{other}", "/acme-bv/D-2026-1", "/acme-bv/%2e%2e/zon", f"/acme-bv/{annual}/0000000000000000/page.html",
        f"/acme-bv/{annual}/page.html", "/acme-bv/items.json", "/acme-bv/feed.xml", "/a/b/c/d/e/f", "/acme-bv/D-999999999999999999999-000001",
    ]  # fmt: skip
    for path in paths:
        same(acme.get(path), never)
    assert item not in acme.get("/acme-bv/").text


def test_who_is_not_logged_in_is_sent_to_the_login_whatever_he_asks_for(rig: Rig, annual: str) -> None:
    browser = rig.browser()
    file = file_links(rig.browser("s.okafor@acme.example").get("/acme-bv/").text)[0]
    assert browser.get(f"/acme-bv/{annual}").goes_to == f"/_login?next=/acme-bv/{annual}"
    assert browser.get("/acme-bv/D-2020-000001").goes_to == "/_login?next=/acme-bv/D-2020-000001"
    assert browser.get("/nobody/").goes_to == "/_login?next=/nobody/"
    assert browser.get(file).goes_to.startswith("/_login?next=/acme-bv/D-")
    for path in (
        "/x/y/z",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/a b/",
        "/%ff%fe/",
        "/acme-bv/%00",
        "/%0d%0aSet-Cookie:x=1",
    ):
        assert browser.get(path.replace(" ", "%20")).goes_to == "/_login"
    browser.cookies = {"dossier": "forged"}
    assert browser.get("/").goes_to == "/_login"
    browser.cookies = {"dossier": "\x7f" * 100}
    assert browser.get("/").goes_to == "/_login"


def test_a_file_of_the_same_name_does_not_revive_an_old_link(rig: Rig) -> None:
    item = rig.publish("acme-bv", "Memo", {"memo.pdf": PDF + b"one"})
    browser = rig.browser("j.jansen@acme.example")
    old = file_links(browser.get(f"/acme-bv/{item}").text)[0]
    sidecar = f"item: {item}\nattachments: [memo.pdf]\nshare_attachments: all\nshare_status: approved\ncreated_by: p.bakker\n"
    rig.office.place("acme-bv", {"memo.pdf": PDF + b"two", "amend.yaml": sidecar})
    rig.office.until_taken("acme-bv", "amend")
    wait_for(lambda: old not in browser.get(f"/acme-bv/{item}").text, "the new version is on the portal")
    assert browser.get(old).status == 404
    new = file_links(browser.get(f"/acme-bv/{item}").text)[0]
    assert browser.get(new).body == PDF + b"two"


def test_parts_of_a_file_can_be_asked_for(rig: Rig, annual: str) -> None:
    browser = rig.browser("s.okafor@acme.example")
    path = file_links(browser.get(f"/acme-bv/{annual}").text)[0]
    whole = browser.get(path, "HEAD")
    assert (whole.status, whole.body, whole.headers["accept-ranges"]) == (200, b"", "bytes")
    assert whole.headers["content-length"] == str(len(PDF))
    etag = whole.headers["etag"]
    whole_by_part = [(asked, 0, len(PDF)) for asked in ("bytes=0-", "bytes=0-99999999", "bytes=-99999999")]
    for asked, start, end in (
        ("bytes=0-99", 0, 100), ("bytes=1000-", 1000, len(PDF)), ("bytes=-10", len(PDF) - 10, len(PDF)), *whole_by_part,
    ):  # fmt: skip
        part = browser.get(path, range=asked)
        assert (part.status, part.body) == (206, PDF[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PDF)}"
        assert "attachment" in part.headers["content-disposition"]
    assert browser.get(path, range="bytes=99999999-").status == 416
    assert [browser.get(path, if_none_match=known).status for known in (etag, '"other"')] == [304, 200]
    assert browser.get(path, range="bytes=0-9", if_range=etag).body == PDF[:10]
    assert browser.get(path, range="bytes=0-699999", if_range=etag).body == PDF[:700_000]
    assert "last-modified" not in whole.headers, "since when the office has it is its own business"
    changed = browser.get(path, range="bytes=0-9", if_range='"of another version"')
    assert (changed.status, changed.body) == (200, PDF)


def test_every_download_is_in_the_trail_and_staff_see_who_opened_what(rig: Rig) -> None:
    item = rig.publish("acme-bv", "Aangifte", {"aangifte.pdf": PDF + b"vpb", "other.txt": b"text"})
    unopened = rig.office.json("items", "--unopened")
    assert item in [one["item"] for one in unopened]
    jan = rig.browser("j.jansen@acme.example")
    jan.get("/acme-bv/")
    path = file_links(jan.get("/acme-bv/").text)[0]
    jan.get(path, "HEAD")
    jan.get(f"/acme-bv/{item}", "HEAD")
    jan.get(f"/acme-bv/{item}", sec_purpose="prefetch;prerender")
    assert rig.show(item)["openings"] == []
    jan.get(path)
    jan.get(path)
    for start in range(0, 5000, 1000):
        jan.get(path, range=f"bytes={start}-{start + 999}")
    rig.browser("s.okafor@acme.example").get(f"/acme-bv/{item}")
    shown = rig.show(item)
    told = [(event["actor"], event["action"]) for event in shown["history"] if event["actor"].startswith("contact:")]
    assert told == [
        ("contact:acme-bv/j.jansen", "downloaded"),
        ("contact:acme-bv/j.jansen", "downloaded"),
        ("contact:acme-bv/s.okafor", "opened"),
    ]
    downloaded = next(event["detail"] for event in shown["history"] if event["action"] == "downloaded")
    assert (downloaded["name"], downloaded["sha256"]) == ("aangifte.pdf", hashlib.sha256(PDF + b"vpb").hexdigest())
    opened = [(one["contact"], one["file"], one["times"], one["current"]) for one in shown["openings"]]
    assert opened == [("j.jansen", "aangifte.pdf", 2, True), ("s.okafor", None, 1, True)]
    human = rig.office.run("show", item).stdout
    assert "j.jansen" in human
    assert "aangifte.pdf" in human
    assert item not in [one["item"] for one in rig.office.json("items", "--unopened")]
    open_database(load_office(rig.office.path, {}))
    assert auditing.first_fault() is None
    close_database()


def test_all_files_of_an_item_come_in_one_which_is_a_download_of_each(rig: Rig) -> None:
    item = rig.publish("zon", "Dossier", {"één.pdf": PDF + b"1", "twee.txt": b"2"})
    browser = rig.browser("fatma@zon.example")

    def archives() -> list[str]:
        return [link for link in links(browser.get("/zon/").text) if f"/{item}/archive/" in link]

    wait_for(archives, "the archive is made")
    path = archives()[0]
    packed = browser.get(path)
    assert packed.headers["content-type"] == "application/zip"
    assert packed.headers["content-disposition"].startswith(f'attachment; filename="{item}.zip"')
    assert "sandbox" in packed.headers["content-security-policy"]
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"één.pdf": PDF + b"1", "twee.txt": b"2"}
    shown = rig.show(item)
    assert [(one["contact"], one["file"]) for one in shown["openings"]] == [("f.yilmaz", "twee.txt"), ("f.yilmaz", "één.pdf")]
    told = [event["detail"] for event in shown["history"] if event["action"] == "downloaded"]
    assert [(one["name"], [file["name"] for file in one["files"]]) for one in told] == [(f"{item}.zip", ["één.pdf", "twee.txt"])]
    assert "opened één.pdf, twee.txt" in rig.office.run("show", item, user="p.bakker").stdout
    other = rig.browser("s.okafor@acme.example")
    same(other.get(path), other.get("/zon/D-2020-000001"))
    assert rig.browser().get(path).goes_to == f"/_login?next=/zon/{item}"
    rig.office.run("withdraw", item, "--reason", "a test of the archive", user="p.bakker")
    same(browser.get(path), browser.get("/zon/D-2020-000001"))


def test_a_pdf_can_be_opened_in_the_browser_and_anything_else_is_only_saved(rig: Rig, annual: str) -> None:
    jan = rig.browser("j.jansen@acme.example")
    page = jan.get(f"/acme-bv/{annual}").text
    [view] = [link for link in links(page) if link.endswith("?view=1")]
    opened = jan.get(view)
    assert opened.body == PDF
    assert opened.headers["content-type"] == "application/pdf"
    assert opened.headers["content-disposition"].startswith("inline;")
    assert opened.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert opened.headers["x-content-type-options"] == "nosniff"
    [html] = [link for link in file_links(page) if link.endswith("page.html")]
    saved = jan.get(f"{html}?view=1")
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in saved.headers["content-security-policy"]
    assert ("j.jansen", "jaarrekening 2025 é.pdf") in {(one["contact"], one["file"]) for one in rig.show(annual)["openings"]}


def test_items_are_found_by_the_year_of_the_paper_and_of_publication_and_come_in_one_archive(rig: Rig) -> None:
    new = rig.publish("zon", "nieuw", {"a.pdf": PDF, "b.txt": b"twee"}, description="Jaarrekening 2024 <concept/definitief?>")
    old = rig.publish("zon", "oud", {"a.pdf": b"%PDF-1.4 oud\n%%EOF\n"}, "location: 2019/Geheim\n", description="Oude aangifte")
    fatma = rig.browser("fatma@zon.example")
    page = fatma.get("/zon/").text
    assert re.findall(r"<option[^>]*>([^<]*)</option>", page)[-2:] == ["2024", "2019"]
    assert "Geheim" not in page
    of_2019 = fatma.get("/zon/?of=2019").text
    assert old in of_2019
    assert new not in of_2019
    assert "Eén stuk gevonden" in of_2019
    both = fatma.get("/zon/?of=2019&q=jaarrekening").text
    assert old not in both
    assert new not in both
    [whole] = [link for link in links(fatma.get("/zon/?of=2024").text) if "/_all/" in link]
    packed = fatma.get(whole)
    assert packed.headers["content-disposition"].startswith('attachment; filename="zon-2024.zip"')
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"{new} Jaarrekening 2024 concept definitief/a.pdf": PDF,
            f"{new} Jaarrekening 2024 concept definitief/b.txt": b"twee",
        }
    assert {one["file"] for one in rig.show(new)["openings"]} == {"a.pdf", "b.txt"}
    year = rig.show(new)["published_at"][:4]
    everything = fatma.get(f"/zon/_all/published/{year}")
    with zipfile.ZipFile(io.BytesIO(everything.body)) as archive:
        assert {f"{new} Jaarrekening 2024 concept definitief/a.pdf", f"{old} Oude aangifte/a.pdf"} < set(archive.namelist())
    for wrong in ("/zon/_all/about/1999", "/zon/_all/about/x", "/zon/_all/other/2024", "/acme-bv/_all/about/2024"):
        assert fatma.get(wrong).status == 404
    assert rig.browser().get(whole).status == 303


def test_the_firms_logo_and_whom_to_call_are_on_every_page(rig: Rig) -> None:
    place = rig.office.path / "config/logo.png"
    settings = rig.office.path / "config/settings.yaml"
    before = settings.read_text()
    stream = io.BytesIO()
    Image.new("RGB", (300, 60), (11, 95, 85)).save(stream, "PNG")
    assert rig.browser().get("/_static/logo.png").status == 404
    try:
        place.write_bytes(stream.getvalue())
        settings.write_text(before + 'office: {name: Kantoor Vis, phone: "+31 20 123 45 67"}\n')
        page = rig.browser().get("/_login").text
        [logo] = re.findall(r'<img src="([^"]+)" width="200" height="40" alt="Kantoor Vis">', page)
        assert 'href="tel:+31201234567"' in page
        picture = rig.browser().get(logo)
        assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(picture.body)).size == (300, 60)
        place.write_bytes(b"<svg onload=alert(1)>")
        assert "<img" not in rig.browser().get("/_login").text
    finally:
        settings.write_text(before)
        place.unlink()


def test_what_a_contact_has_not_opened_is_marked_as_new_to_him(rig: Rig) -> None:
    item = rig.publish("zon", "Nieuws", {"nieuws.pdf": PDF + b"news"})
    browser = rig.browser("fatma@zon.example")

    def is_new() -> bool:
        article = re.findall(rf'<article id="{item}">.*?</article>', browser.get("/zon/").text, re.DOTALL)[0]
        return "<strong>Nieuw</strong>" in article

    assert is_new()
    browser.get(f"/zon/{item}")
    assert not is_new()


def test_one_address_of_two_clients_sees_both_and_nothing_else(rig: Rig, annual: str) -> None:
    zon, north = rig.publish("zon", "Loonstaat", {"loon.pdf": PDF}), rig.publish("north", "Accounts", {"accounts.pdf": PDF})
    browser = rig.browser("books@keeper.example")
    choice = browser.get("/")
    assert [link for link in links(choice.text) if link.endswith("/")] == ["/zon/", "/north/"]
    assert zon in browser.get("/zon/").text
    assert north in browser.get("/north/").text
    assert "North &amp; Sons &lt;Ltd&gt;" in browser.get("/north/").text
    assert browser.get("/acme-bv/").status == 404
    assert browser.get(f"/acme-bv/{annual}").status == 404
    browser.get(f"/zon/{zon}")
    assert "contact:zon/books" in {event["actor"] for event in rig.show(zon)["history"]}


def test_who_logs_out_is_out_and_says_so_by_a_post(rig: Rig) -> None:
    browser = rig.browser("s.okafor@acme.example")
    kept = dict(browser.cookies)
    assert browser.get("/_logout").status == 404
    assert "You are logged out" in browser.post("/_logout").text
    assert not browser.cookies
    browser.cookies = kept
    assert browser.get("/acme-bv/").goes_to == "/_login?next=/acme-bv/"


def test_a_post_from_another_site_does_nothing(rig: Rig) -> None:
    browser, before = rig.browser("s.okafor@acme.example"), len(rig.mailbox.mails)
    for headers in (
        {"origin": "https://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "null"},
    ):
        assert browser.post("/_logout", **headers).status == 403
        assert browser.post("/_login", {"address": "j.jansen@acme.example"}, **headers).status == 403
    assert browser.get("/acme-bv/").status == 200
    own = f"http://127.0.0.1:{rig.port}"
    assert browser.post("/_login", {"address": "s.okafor@acme.example"}, origin=own).status == 200
    rig.mailbox.link_to("s.okafor@acme.example", before)
    assert not rig.mailbox.to("J.Jansen@acme.example", before)


def test_every_answer_keeps_scripts_frames_and_guessed_types_out(rig: Rig, annual: str) -> None:
    browser = rig.browser("s.okafor@acme.example")
    page = browser.get(f"/acme-bv/{annual}")
    files = file_links(page.text)
    style = re.findall(r'href="(/_static/[^"]+)"', page.text)[0]
    for path in ("/", "/_login", "/acme-bv/", f"/acme-bv/{annual}", "/nothing", *files, style):
        answer = browser.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "script" not in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == ("no-store" if path != style else "public, max-age=31536000, immutable")
        assert "server" not in answer.headers
    hostile = browser.get(files[1])
    assert hostile.headers["content-type"] == "application/octet-stream"
    assert hostile.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in hostile.headers["content-security-policy"]
    assert "<script" not in page.text
    assert browser.get("/_static/../base.html").status != 200


def test_words_find_items_and_a_long_list_has_pages(rig: Rig, annual: str) -> None:
    browser = rig.browser("s.okafor@acme.example")
    assert annual in browser.get("/acme-bv/?q=JAARREKENING+e").text
    found = browser.get("/acme-bv/?q=nowhere%22%3E%3Cscript%3E").text
    assert "Nothing found" in found
    assert 'value="nowhere&#34;&gt;&lt;script&gt;"' in found
    assert browser.get("/acme-bv/?page=99999999999&year=1066&q=").status == 200


def test_a_contact_or_client_that_is_not_active_any_more_is_out_at_once(rig: Rig) -> None:
    browser = rig.browser("j.jansen@acme.example")
    other = rig.browser("books@keeper.example")
    assert browser.get("/acme-bv/").status == 200
    try:
        rig.office.set(
            "clients",
            CLIENTS.replace("email: J.Jansen@acme.example}", "email: J.Jansen@acme.example, active: false}").replace(
                "  zon:\n", "  zon:\n    portal: false\n"
            ),
        )
        assert browser.get("/acme-bv/").goes_to == "/_login?next=/acme-bv/"
        assert other.get("/zon/").status == 404
        assert other.get("/").goes_to == "/north/"
        rig.office.set("clients", "clients: {")
        assert other.get("/zon/").status == 404
    finally:
        rig.office.set("clients", CLIENTS)
    assert other.get("/zon/").status == 200
    assert browser.get("/acme-bv/").goes_to == "/_login?next=/acme-bv/"  # that session is over for good
