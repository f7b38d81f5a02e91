"""Whatever is posted to a form of the desk, it is answered: nothing falls over, and nothing is done that was not asked for."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator

import pytest
from kit import desk_pages
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Browser

from desk.web.staff.app import DeskWeb
from dossier.office.opening import load_office

FIELDS = {
    "/_login": ("address", "next"),
    "/clients/acme-bv/new": ("drop", "description", "status", "type", "location", "labels", "explanation", "share", "share_status",
                             "approver", "notify", "contact", "share:x", "field.x", "out", "add", "check", "save"),
    "/clients/acme-bv/drops": ("x",),
    "/items/{item}/edit": ("version", "description", "status", "type", "location", "labels", "explanation", "field.x", "field."),
    "/items/{item}/share": ("version", "share_status", "approver", "approvals", "share_explanation", "notify", "contact", "share:paper.pdf",
                            "share:"),
    "/items/{item}/withdraw": ("reason",),
    "/items/{item}/publish": ("x",),
    "/items/{item}/notify": ("contact",),
    "/items/{item}/remind": ("x",),
    "/items/{item}/files": ("version", "file", "what", "name", "of"),
    "/items/{item}/attach": ("version", "replace", "share", "file"),
    "/items/{item}/copy": ("file", "to", "share"),
    "/items/{item}/move": ("version", "client"),
    "/items/{item}/undelete": ("x",),
    "/items/{spare}/delete": ("version",),
    "/clients/zon/export": ("internal",),
    "/sessions": ("session", "all"),
    "/office/sessions": ("session", "staff"),
    "/office/retention": ("sure", "chosen"),
    "/office/import/clients": ("name", "packed", "heading", "as:0", "shown", "save"),
    "/office/setup": ("what", "desk_name", "portal_name", "backup_folder"),
    "/_login/no-such-link": ("x",),
    "/_first/no-such-secret": ("name", "code", "email"),
    "/no/such/page": ("x",),
    "/queue": ("chosen",),
    "/queue/{item}": ("decision", "comment", "content", "asked", "seen"),
    "/inbox/unsorted/scan.txt": ("chosen", "client", "description", "location", "labels"),
    "/inbox/waiting/acme-bv/alone.txt": ("description", "location", "labels"),
    "/inbox/refused/acme-bv/{refused}": ("sidecar",),
    "/inbox/refused/acme-bv/gone/bin": ("x",),
    "/inbox/refused/acme-bv/gone/unbin": ("x",),
    "/office/mails/1": ("what",),
    "/office/tokens": ("name", "for", "scope", "clients", "until"),
    "/office/tokens/nobody/revoke": ("x",),
    "/office/holds": ("subject", "reason", "what"),
    "/clients/acme-bv/many": ("chosen", "what", "status", "label", "location", "reason", "sure"),
    "/office/clients/acme-bv": ("was", "shown", "name", "language", "identifiers", "contacts.0.id", "contacts.0.name", "ended", "save"),
    "/office/new/staff": ("code", "name", "email", "rights", "clients", "clients.list", "away.from", "notices.decide"),
    "/office/new/presets": ("code", "folder", "match", "fields", "approver", "labels", "explanation"),
    "/office/text/settings": ("text", "digest", "check"),
}  # fmt: skip
"""Each form of the desk, and its fields."""

VALUES = {
    "empty": b"",
    "oversized": b"a" * 20_000,
    "wrongly encoded": b"%ff%fe%c0%80",
    "a half surrogate": b"%ed%a0%80",
    "with a NUL": b"a%00b",
    "lines and controls": b"a%0d%0ab%1b%5b2J%e2%80%ae",
    "a huge number": b"9" * 400,
    "yaml": b"%5b*a%2c+%26a%2c+%21%21python%2fobject%3aos.system%2c+%7b",
    "paths": b"..%2f..%2fetc%2fpasswd",
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), "sharing: {guard: off}\n") as made:
        yield made


@pytest.fixture(scope="module")
def places(rig: DeskRig) -> Iterator[dict[str, str]]:
    """An item and a refused drop; at the end the item is as it was."""
    rig.office.place("acme-bv", {"paper.pdf": PDF, "paper.yaml": "created_by: p.bakker\ndescription: Paper of the year\n"})
    rig.office.place("acme-bv", {"bad.pdf": PDF + b"2", "bad.yaml": "created_by: p.bakker\ndescription: short\n"})
    (rig.office.path / "inbox/_unsorted").mkdir(exist_ok=True)
    (rig.office.path / "inbox/_unsorted/scan.txt").write_text("Something")
    rig.office.place("acme-bv", {"alone.txt": b"Something else"})
    rig.office.place("acme-bv", {"spare.txt": b"Spare", "spare.yaml": "created_by: p.bakker\ndescription: Goes into the bin\n"})
    rig.office.until_taken("acme-bv", "paper", "spare")
    wait_for(lambda: rig.office.json("rejected"), "the other one is refused")
    refused = rig.office.json("rejected")[0]["path"].rpartition("/")[2]
    item = rig.office.told("paper", "acme-bv")["item"]
    yield {"item": item, "refused": refused, "spare": rig.office.told("spare", "acme-bv")["item"]}
    found = rig.office.json("show", item)
    assert (found["client"], found["share"], found["attachments"][0]["name"]) == ("acme-bv", False, "paper.pdf")


def send(browser: Browser, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=20)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    connection.request("POST", path, body, {"content-type": kind, "cookie": cookie})
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


def test_every_form_of_the_desk_is_in_the_list(rig: DeskRig) -> None:
    routes = desk_pages.routes(DeskWeb(load_office(rig.office.path, {}), {}).app.routes, "POST") - {"/_logout"}
    for route in routes:
        pattern = re.sub(r"\{[^}]+\}", ".+", route)
        assert any(re.fullmatch(pattern, form) for form in FIELDS if route != "/{anything:path}" or form.startswith("/no/")), (
            route
        )


@pytest.mark.parametrize("form", FIELDS)
def test_a_form_with_fields_missing_doubled_oversized_or_wrongly_encoded_is_answered(
    rig: DeskRig, joost: Browser, places: dict[str, str], form: str
) -> None:
    path, names = form.format(**places), [name.replace(":", "%3A").encode() for name in FIELDS[form]]
    bodies = {what: b"&".join(name + b"=" + value for name in names) for what, value in VALUES.items()}
    doubled = b"&".join(name + b"=" + value for name in names for value in (b"yes", b"no"))
    bodies |= {"nothing": b"", "doubled": doubled, "no form": b"\xff\x00=&&&=%%%", "a name alone": b"&".join(names)}
    for what, body in bodies.items():
        if form == "/_login" and what not in ("nothing", "wrongly encoded", "with a NUL"):
            continue  # so many would be told to wait
        status, text = send(joost, path, body)
        assert status in range(200, 500), (what, status)
        if status != 303:
            assert text, what
            assert b"Traceback" not in text
    most = 4_300_000 if "/text/" in form else 600_000
    for body in (b"a=" + b"x" * most, b"&".join([b"a=1"] * 3001)):
        status, text = send(joost, path, body)
        assert (status, b"<h1" in text) == (413, True)
    if form.endswith(("/new", "/attach")):
        for body in (b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", b"\x00" * 5000):
            assert send(joost, path, body, "multipart/form-data; boundary=b")[0] in range(200, 500)
        assert send(joost, path, b"x", "multipart/form-data")[0] in range(200, 500)
    assert (rig.office.path / "inbox/_unsorted/scan.txt").exists() or form.startswith("/inbox/unsorted")


def test_what_says_itself_that_it_is_over_the_limit_is_refused_before_any_of_it_is_read(rig: DeskRig, joost: Browser) -> None:
    drop = json.loads(joost.post("/clients/acme-bv/drops").text)["drop"]
    for method, path, kind, words in (
        ("POST", "/clients/acme-bv/new", "multipart/form-data; boundary=b", "MB"),
        ("POST", "/clients/acme-bv/new", "application/x-www-form-urlencoded", "<h1"),
        ("POST", "/_login", "application/x-www-form-urlencoded", "<h1"),
        ("PUT", f"/drops/{drop}/files/a.pdf", "application/pdf", "512 MB"),
    ):
        answer = joost.announce(method, path, 512 * 1024 * 1024 * 201 + 1, content_type=kind)
        assert (answer.status, words in answer.text) == (413, True), (path, kind, answer.text)


def test_a_form_from_an_address_that_is_none_is_another_sites(joost: Browser) -> None:
    assert joost.post("/_logout", origin="http://[").status == 403
    assert joost.get("/").status == 200


def test_addresses_with_odd_names_and_searches_are_answered(rig: DeskRig, joost: Browser, places: dict[str, str]) -> None:
    item = places["item"]
    odd = ("%00", "%ff", "..%2f..", "%e2%80%ae", "a" * 3000, "%ed%a0%80", "D-2026-99999999999999", "'%22%3Cx%3E", "%25")
    for one in odd:
        for path in (
            f"/?q={one}", f"/clients?q={one}&page={one}", f"/clients/{one}", f"/clients/acme-bv?q={one}&label={one}&after={one}", f"/items/{one}",
            f"/items/{item}/attachments/{one}?version={one}", f"/items/{item}/pages/{one}?content={one}&page={one}", f"/queue/{one}",
            f"/queue/{one}/preview/", f"/inbox/unsorted/{one}", f"/inbox/waiting/acme-bv/{one}",
            f"/inbox/waiting/{one}/x", f"/inbox/refused/acme-bv/{one}", f"/inbox?of={one}&refused={one}", f"/drops/{one}",
            f"/items/{item}/portal/{one}/", f"/items/{item}/portal/now/{one}", f"/clients/{one}/portal", f"/clients/acme-bv/new?drop={one}",
            f"/items/{item}?only={one}", f"/_suggest/clients?q={one}",
            f"/office/trail?item={one}&client={one}&since={one}", f"/_login/{one}", f"/bin?was={one}",
        ):  # fmt: skip
            assert joost.get(path).status < 500, path
