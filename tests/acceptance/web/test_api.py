"""The API: what a program may with its key, and no more; drops, decisions, changes, each once and for what was seen."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kit.desk import DeskRig
from kit.support import PDF, need, wait_for
from kit.web import Answer, Browser
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from desk.web.api.app import A_MINUTE
from desk.web.api.routes import ROUTES

A_FEW = 5

ALL = ("items:read", "items:write", "drops:write", "queue:decide", "office:read")

REVOKED = count()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), "sharing: {guard: off}\nintake: {max_file_mb: 4096}\n") as made:
        yield made


def key(
    rig: DeskRig, name: str, staff: str, *scopes: str, until: str = "2099-12-31", more: tuple[str, ...] = (), by: str = "j.admin"
) -> str:
    words = [word for scope in scopes or ALL for word in ("--scope", scope)]
    return rig.office.run("token", "new", name, "--for", staff, *words, "--until", until, *more, user=by).stdout.strip()


@pytest.fixture(scope="module")
def petras(rig: DeskRig) -> Iterator[str]:
    """Keys of Petra's program. Each is for a few tests, as all of them ask more often than one key may in a minute (A_MINUTE)."""
    return (one for number in count() for one in [key(rig, f"petra-{number}", "p.bakker")] * A_FEW)


@pytest.fixture
def petra(petras: Iterator[str]) -> str:
    return next(petras)


@pytest.fixture(scope="module")
def marieke(rig: DeskRig) -> str:
    return key(rig, "marieke", "m.devries", by="b.boss")  # whoever issued the makers' keys is behind what they make


def ask(rig: DeskRig, token: str | None, method: str, path: str, body: object = None, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body)
    sent = {"authorization": f"Bearer {token}"} if token else {}
    return Browser(rig.port)._ask(method, f"/api/v1{path}", data, {**sent, **headers})  # type: ignore[arg-type]


def told(answer: Answer) -> Any:
    return json.loads(answer.text)


def drop(rig: DeskRig, token: str, keys: dict[str, object], files: dict[str, bytes], client: str = "acme-bv") -> str:
    """The item that a drop becomes."""
    begun = ask(rig, token, "POST", "/drops", {"client": client})
    assert begun.status == 201, begun.text
    made = told(begun)["drop"]
    for name, data in files.items():
        put = told(ask(rig, token, "PUT", f"/drops/{made}/files/{name}", data))
        assert put == {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    committed = ask(rig, token, "POST", f"/drops/{made}/commit", keys)
    assert committed.status == 202, committed.text
    return taken(rig, token, made)


def whole_drop(rig: DeskRig, token: str, keys: dict[str, object]) -> Answer:
    """A drop without files in one request."""
    form = {"client": "acme-bv", **keys}
    body = f'--B\r\nContent-Disposition: form-data; name="drop"\r\n\r\n{json.dumps(form)}\r\n--B--\r\n'
    return ask(rig, token, "POST", "/drops", body.encode(), **{"content-type": "multipart/form-data; boundary=B"})


def taken(rig: DeskRig, token: str, made: str) -> str:
    """The item that the drop becomes; asked for ten times a second, as a key may not ask for more for long."""
    wait_for(lambda: told(ask(rig, token, "GET", f"/drops/{made}"))["state"] == "taken", "it is taken", step=0.1)
    return str(told(ask(rig, token, "GET", f"/drops/{made}"))["item"])


CONCEPT = {"description": "Annual accounts 2025", "share": True, "share_status": "concept", "share_attachments": "all"}


def test_a_drop_is_put_together_committed_and_becomes_an_item_of_its_person(rig: DeskRig) -> None:
    petra = key(rig, "hers", "p.bakker")
    item = drop(rig, petra, {**CONCEPT, "labels": ["annual", "2025"]}, {"accounts.pdf": PDF})
    found = told(ask(rig, petra, "GET", f"/items/{item}"))
    assert (found["created_by"], found["share_state"], found["labels"]) == ("p.bakker", "concept", ["annual", "2025"])
    got = ask(rig, petra, "GET", f"/items/{item}/attachments/accounts.pdf", range="bytes=0-3")
    assert (got.status, got.body) == (206, b"%PDF")
    for whole in ("bytes=0-", "bytes=-9999", "bytes=0-9999"):
        got = ask(rig, petra, "GET", f"/items/{item}/attachments/accounts.pdf", range=whole)
        assert (got.status, got.body, got.headers["content-range"]) == (206, PDF, f"bytes 0-{len(PDF) - 1}/{len(PDF)}")
    etag = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    changed = told(ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2025"}, if_match=etag))["history"][-1]
    assert (changed["actor"], changed["detail"]["way"], changed["detail"]["behind"]) == ("p.bakker", "api:hers", "j.admin")


def test_a_drop_for_a_client_who_has_left_is_refused_before_its_files_are_sent(rig: DeskRig, petra: str) -> None:
    clients = rig.office.path / "config/clients.yaml"
    before = clients.read_text()
    clients.write_text(before.replace("    name: Bakkerij Zon\n", "    name: Bakkerij Zon\n    active: false\n"))
    try:
        wait_for(lambda: not told(ask(rig, petra, "GET", "/clients/zon"))["active"], "it is read", step=0.1)
        answer = ask(rig, petra, "POST", "/drops", {"client": "zon"})
        assert (answer.status, told(answer)["detail"]) == (422, "klant zon is niet meer actief; vraag een beheerder")
    finally:
        clients.write_text(before)


def test_all_faults_of_a_drop_come_at_once_each_with_its_key_and_nothing_happens(rig: DeskRig, petra: str) -> None:
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    answer = ask(rig, petra, "POST", f"/drops/{made}/commit", {"description": "x", "status": "nonsense"})
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {one["key"] for one in told(answer)["faults"]} >= {"description", "status"}
    assert told(ask(rig, petra, "GET", f"/drops/{made}"))["state"] == "open"


def test_faults_of_what_can_not_be_read_come_with_those_of_the_rest(rig: DeskRig, petra: str) -> None:
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    keys = {"description": "x", "status": "nonsense", "labels": {"a": 1}, "location": 1.5, "klant": "zon"}
    answer = ask(rig, petra, "POST", f"/drops/{made}/commit", keys)
    assert (answer.status, {one["key"] for one in told(answer)["faults"]}) == (422, keys.keys())


def test_a_drop_may_say_for_whom_it_is_and_who_made_it_as_it_is(rig: DeskRig, petra: str) -> None:
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    ask(rig, petra, "PUT", f"/drops/{made}/files/accounts.pdf", PDF + b"whose")
    keys = {"description": "It says whose it is", "client": "acme-bv", "gemaakt_door": "p.bakker"}
    for other in ({"client": "zon"}, {"gemaakt_door": "m.devries"}):
        answer = ask(rig, petra, "POST", f"/drops/{made}/commit", {**keys, **other, "status": "nonsense"})
        assert {one["key"] for one in told(answer)["faults"]} == {*other, "status"}
    assert ask(rig, petra, "POST", f"/drops/{made}/commit", keys).status == 202
    assert told(ask(rig, petra, "GET", f"/items/{taken(rig, petra, made)}"))["created_by"] == "p.bakker"


def test_attachments_are_listed_as_in_a_sidecar_and_every_file_that_was_sent_is_in_the_list(rig: DeskRig, petra: str) -> None:
    keys: dict[str, object] = {"description": "Letters of the year"}
    listed = [{"file": "één.pdf", "name": "letter 1.pdf", "note": "signed: no", "sha256": hashlib.sha256(PDF).hexdigest()}]
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    for name, data in {"%C3%A9%C3%A9n.pdf": PDF, "two.pdf": PDF + b"2"}.items():
        ask(rig, petra, "PUT", f"/drops/{made}/files/{name}", data)
    for wrong, said in (
        (listed, "two.pdf is verstuurd en staat niet in de lijst"),
        ([*listed, "two.pdf", "three.pdf"], "three.pdf is niet verstuurd"),
        ([*listed, "two.pdf", "two.pdf"], "two.pdf staat twee keer in de lijst"),
        ([*listed, {"file": "two.pdf", "sha256": "0" * 64}], "two.pdf heeft een andere sha256"),
        ([{"file": "two.pdf", "nota": "x"}], "een lijst van bestandsnamen, of van objecten"),
    ):
        answer = ask(rig, petra, "POST", f"/drops/{made}/commit", {**keys, "attachments": wrong})
        assert answer.status == 422
        assert said in told(answer)["faults"][0]["message"]
        assert told(answer)["faults"][0]["key"] == "attachments"
    keys["attachments"] = [*listed, "two.pdf"]
    assert ask(rig, petra, "POST", f"/drops/{made}/commit", keys).status == 202
    found = told(ask(rig, petra, "GET", f"/items/{taken(rig, petra, made)}"))
    assert [one["name"] for one in found["attachments"]] == ["letter 1.pdf", "two.pdf"]


def test_what_is_not_to_be_shared_is_not_though_it_is_named_in_another_way(rig: DeskRig, petra: str) -> None:
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    for name, data in {"caf%C3%A9.pdf": PDF + b"c", "two.pdf": PDF + b"t"}.items():
        ask(rig, petra, "PUT", f"/drops/{made}/files/{name}", data)
    keys = {**CONCEPT, "description": "Named in another way"}
    for shares in ({"tow.pdf": False}, {"cafe\u0301.pdf": False, "caf\u00e9.pdf": True}):
        answer = ask(rig, petra, "POST", f"/drops/{made}/commit", {**keys, "shares": shares})
        assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, ["shares"])
    assert ask(rig, petra, "POST", f"/drops/{made}/commit", {**keys, "shares": {"cafe\u0301.pdf": False}}).status == 202
    found = told(ask(rig, petra, "GET", f"/items/{taken(rig, petra, made)}"))
    assert {one["name"]: one["share"] for one in found["attachments"]} == {"café.pdf": False, "two.pdf": True}


def test_a_drop_takes_the_keys_of_a_sidecar_in_dutch_too(rig: DeskRig, petra: str) -> None:
    keys: dict[str, object] = {"omschrijving": "Een stuk in het Nederlands", "delen": "ja", "status_delen": "concept"}
    listed = {"bestand": "brief.pdf", "naam": "Brief.pdf", "delen": "Ja"}
    item = drop(rig, petra, {**keys, "bijlagen": [listed]}, {"brief.pdf": PDF + b"nl"})
    found = told(ask(rig, petra, "GET", f"/items/{item}"))
    assert (found["description"], found["share_state"]) == (keys["omschrijving"], "concept")
    assert [(one["name"], one["share"]) for one in found["attachments"]] == [("Brief.pdf", True)]
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    ask(rig, petra, "PUT", f"/drops/{made}/files/brief.pdf", PDF)
    for more in ({"bijlagen": [{**listed, "file": "brief.pdf"}]}, {"bijlagen": ["brief.pdf"], "attachments": ["brief.pdf"]}):
        assert ask(rig, petra, "POST", f"/drops/{made}/commit", {**keys, **more}).status == 422


def test_a_drop_that_amends_an_item_renames_and_removes_its_files(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Amended by a drop"}, {"old-name.pdf": PDF + b"r", "gone.pdf": PDF + b"g"})
    keys: dict[str, object] = {"item": item, "rename": {"old-name.pdf": "new #1.pdf"}, "verwijderen": ["gone.pdf"]}
    assert drop(rig, petra, keys, {}) == item
    assert [one["name"] for one in told(ask(rig, petra, "GET", f"/items/{item}"))["attachments"]] == ["new #1.pdf"]
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    answer = ask(rig, petra, "POST", f"/drops/{made}/commit", {"item": item, "rename": ["new #1.pdf"]})
    assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, ["rename"])


def test_a_key_for_new_items_alone_changes_none_by_a_drop(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Changed by whoever may"}, {"kept.pdf": PDF + b"kept"})
    scanner = key(rig, "scanner", "p.bakker", "drops:write")
    for word in ("item", "dossierstuk"):
        keys: dict[str, object] = {word: item, "remove": ["kept.pdf"]}
        made = told(ask(rig, scanner, "POST", "/drops", {"client": "acme-bv"}))["drop"]
        for answer in (ask(rig, scanner, "POST", f"/drops/{made}/commit", keys), whole_drop(rig, scanner, keys)):
            assert (answer.status, "`items:write`" in told(answer)["detail"]) == (403, True), answer.text
    hidden: dict[str, object] = {"explanation: none\nitem": item, "remove": ["kept.pdf"]}
    made = told(ask(rig, scanner, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    for answer in (ask(rig, scanner, "POST", f"/drops/{made}/commit", hidden), whole_drop(rig, scanner, hidden)):
        assert answer.status == 422, answer.text
    assert [one["name"] for one in told(ask(rig, petra, "GET", f"/items/{item}"))["attachments"]] == ["kept.pdf"]
    assert drop(rig, scanner, {"description": "A new one, as before", "item": None}, {"new.pdf": PDF + b"new"}) != item


@pytest.mark.parametrize("whole", [False, True], ids=["file by file", "in one request"])
def test_what_forbids_a_change_by_a_drop_is_told_when_it_is_sent_and_refuses_nothing_later(
    rig: DeskRig, petra: str, whole: bool
) -> None:
    item = drop(rig, petra, {"description": f"To be changed by drops {whole}"}, {"one.pdf": PDF + b"1"})
    other = drop(rig, petra, {"description": f"Another client's item {whole}"}, {}, client="zon")
    there = [path.name for path in rig.office.inbox("acme-bv").glob("_rejected/*")]

    def sent(keys: dict[str, object]) -> Answer:
        if whole:
            return whole_drop(rig, petra, keys)
        made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
        return ask(rig, petra, "POST", f"/drops/{made}/commit", keys)

    for keys, faulty in (
        ({"item": "D-2026-009999", "location": "2026"}, ["item"]),
        ({"item": other, "location": "2026"}, ["item"]),
        ({"item": item, "remove": ["two.pdf"], "rename": {"three.pdf": "four.pdf"}}, ["remove", "rename"]),
        ({"item": item, "status": "nonsense", "remove": ["two.pdf"]}, ["status", "remove"]),
        ({"item": item, "rename": {"one.pdf": "one.exe"}}, ["rename"]),
    ):
        answer = sent(keys)
        assert (answer.status, sorted(one["key"] for one in told(answer)["faults"])) == (422, sorted(faulty)), answer.text
    twice = [told(sent({"item": item, "remove": ["one.pdf"]})) for _ in range(2)]
    assert taken(rig, petra, twice[0]["drop"]) == item
    assert sorted(told(sent({"item": item, "remove": ["one.pdf"]}))) == sorted(twice[0]), "what changes nothing is a duplicate"
    assert [path.name for path in rig.office.inbox("acme-bv").glob("_rejected/*")] == there


def test_a_decision_holds_for_the_content_that_was_seen(rig: DeskRig, petra: str, marieke: str) -> None:
    item = drop(rig, petra, {**CONCEPT, "description": "To be decided on"}, {"a.pdf": PDF + b"d"})
    [waits] = [one for one in told(ask(rig, marieke, "GET", "/queue")) if one["item"] == item]
    version = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    ask(rig, petra, "PATCH", f"/items/{item}", {"description": "Something else by now"}, if_match=version)
    answer = ask(rig, marieke, "POST", f"/items/{item}/decision", {"decision": "approve", "content": waits["content"]})
    assert answer.status == 409
    [waits] = [one for one in told(ask(rig, marieke, "GET", "/queue")) if one["item"] == item]
    done = ask(rig, marieke, "POST", f"/items/{item}/decision", {"decision": "approve", "content": waits["content"]})
    assert told(done).get("share_state") == "approved", done.text
    late = ask(
        rig, marieke, "POST", f"/items/{item}/decision", {"decision": "reject", "comment": "no", "content": waits["content"]}
    )
    assert late.status == 409
    own = ask(rig, petra, "POST", f"/items/{item}/decision", {"decision": "approve", "content": waits["content"]})
    assert own.status in (403, 409)


def test_what_is_due_is_found_by_its_day_with_who_sees_to_it(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "To be filed in time", "due": "2027-03-01", "owner": "m.devries"}, {})
    assert item not in [one["item"] for one in told(ask(rig, petra, "GET", "/items?due_by=2027-02-28"))]
    [found] = [one for one in told(ask(rig, petra, "GET", "/items?due_by=2027-03-01")) if one["item"] == item]
    assert (found["due"], found["owner"], found["due_on"], found["due_for"]) == ("2027-03-01", "m.devries", "2027-03-01", "due")
    version = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    done = ask(rig, petra, "PATCH", f"/items/{item}", {"due": "", "owner": ""}, if_match=version)
    assert (told(done)["due"], told(done)["owner"]) == (None, None)


def test_the_queue_pages_oldest_first(rig: DeskRig, petra: str, marieke: str) -> None:
    for number in range(2):
        drop(rig, petra, {**CONCEPT, "description": f"Waits as number {number}"}, {f"w{number}.pdf": PDF + b"w%d" % number})
    whole = [one["item"] for one in told(ask(rig, marieke, "GET", "/queue?limit=200"))]
    paged, after = list[str](), ""
    while page := told(ask(rig, marieke, "GET", f"/queue?limit=1{after}")):
        paged += [one["item"] for one in page]
        after = f"&after={page[-1]['item']}"
    assert paged == whole == sorted(whole)
    assert len(paged) >= 2


def test_a_change_says_which_version_it_is_of(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "To be changed soon"}, {"c.pdf": PDF + b"c"})
    seen = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    assert ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2025"}).status == 428
    done = ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2025", "labels": ["x"]}, if_match=seen)
    assert (done.status, told(done)["location"]) == (200, "2025")
    assert ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2026"}, if_match=seen).status == 412
    wrong = ask(rig, petra, "PATCH", f"/items/{item}", {"status": "nonsense", "nokey": "x"}, if_match=done.headers["etag"])
    assert wrong.status == 422


@pytest.mark.parametrize(
    ("said", "status"),
    [('"{}"', 200), ('"0", "{}"', 200), ("*", 200), ('"0"', 412), ('W/"{}"', 412), ("{}", 412), ("", 422), (" ", 422)],
)
def test_a_version_is_said_in_quotes_and_one_of_several_will_do(rig: DeskRig, petra: str, said: str, status: int) -> None:
    item = drop(rig, petra, {"description": "Its version is said"}, {"v.pdf": PDF + said.encode()})
    version = rig.office.json("show", item)["version"]
    answer = ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2026"}, if_match=said.format(version))
    assert answer.status == status


def test_a_file_that_is_to_be_new_takes_the_place_of_none(rig: DeskRig, petra: str) -> None:
    new = {"if-none-match": "*"}
    item = drop(rig, petra, {"description": "Files that are to be new"}, {"one.pdf": PDF + b"new"})
    seen = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    for name, headers in (
        ("one.pdf", new),
        ("ONE.pdf", new),
        ("one.pdf", {"if-none-match": f'"{hashlib.sha256(PDF + b"new").hexdigest()}"'}),
    ):
        assert ask(rig, petra, "PUT", f"/items/{item}/attachments/{name}", PDF, **headers).status == 412
    assert ask(rig, petra, "GET", f"/items/{item}").headers["etag"] == seen
    assert ask(rig, petra, "PUT", f"/items/{item}/attachments/two.pdf", PDF, **new).status == 200
    assert ask(rig, petra, "PUT", f"/items/{item}/attachments/one.pdf", PDF, **{"if-none-match": '"other"'}).status == 200
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    assert [ask(rig, petra, "PUT", f"/drops/{made}/files/one.pdf", PDF, **new).status for _ in range(2)] == [200, 412]


def test_files_are_added_replaced_renamed_and_taken_out(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "With several files"}, {"one.pdf": PDF + b"1"})
    assert ask(rig, petra, "PUT", f"/items/{item}/attachments/two.pdf", PDF + b"2").status == 200
    replaced = told(ask(rig, petra, "PUT", f"/items/{item}/attachments/two.pdf", PDF + b"22"))
    assert {one["name"]: one["version"] for one in replaced["attachments"]} == {"one.pdf": 1, "two.pdf": 2}
    assert ask(rig, petra, "GET", f"/items/{item}/attachments/two.pdf?version=1").body == PDF + b"2"
    ask(rig, petra, "POST", f"/items/{item}/attachments/two.pdf/rename", {"name": "three.pdf"})
    left = told(ask(rig, petra, "DELETE", f"/items/{item}/attachments/one.pdf"))
    assert [one["name"] for one in left["attachments"]] == ["three.pdf"]
    assert ask(rig, petra, "PUT", f"/items/{item}/attachments/x.exe", b"MZ").status == 422
    assert ask(rig, petra, "DELETE", f"/items/{item}/attachments/never.pdf").status == 404


def test_a_file_has_one_name_however_its_accents_are_written(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Names with accents"}, {"plain.pdf": PDF + b"plain"})
    apart, whole = "caf%65%CC%81.pdf", "caf%C3%A9.pdf"
    assert ask(rig, petra, "PUT", f"/items/{item}/attachments/{apart}", PDF + b"1").status == 200
    for name in (apart, whole):
        assert ask(rig, petra, "GET", f"/items/{item}/attachments/{name}").status == 200
        assert rig.browser("p.bakker").get(f"/items/{item}/attachments/{name}").status == 200
    found = told(ask(rig, petra, "PUT", f"/items/{item}/attachments/{whole}", PDF + b"2"))["attachments"]
    assert [(one["name"], one["version"]) for one in found] == [("plain.pdf", 1), ("caf\u00e9.pdf", 2)]
    assert ask(rig, petra, "POST", f"/items/{item}/attachments/{apart}/rename", {"name": "cafe.pdf"}).status == 200
    for method, path in (("PUT", f"/items/{item}/attachments/caf%E9.pdf"), ("PUT", "/drops/x/files/caf%E9.pdf")):
        answer = ask(rig, petra, method, path, PDF)
        assert (answer.status, "UTF-8" in told(answer)["detail"]) == (400, True)


def test_a_file_that_is_not_taken_is_called_by_its_own_name(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "No programs in it"}, {"doc.pdf": PDF + b"doc"})
    program = b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0" + b"\0" * 400
    answer = ask(rig, petra, "PUT", f"/items/{item}/attachments/report.pdf", program)
    assert answer.status == 422
    assert told(answer)["detail"].startswith("report.pdf: ")
    assert "uploads" not in answer.text


def test_what_a_change_can_not_say_is_told_and_nothing_is_changed(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Changed by its keys"}, {"stays.pdf": PDF + b"stays"})
    for key, value in (
        ("client", "zon"),
        ("created_by", "j.admin"),
        ("item", item),
        ("attachments", []),
        ("verwijderen", ["stays.pdf"]),
    ):
        answer = ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2026", key: value}, if_match="*")
        assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, [key])
    assert rig.office.json("show", item)["location"] is None


def test_who_is_shown_an_item_by_a_change_that_changes_nothing_is_in_its_history(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Looked at by a change", "labels": ["one"]}, {"n.pdf": PDF + b"look"})
    for who, body in (("m.devries", {}), ("j.admin", {"labels": ["one"]})):
        both = key(rig, f"nothing-{who}", who, "items:read", "items:write")
        asked = ask(rig, both, "PATCH", f"/items/{item}", body, if_match="*")
        assert told(asked)["description"] == "Looked at by a change"
        assert {"action": "viewed", "actor": who} in [
            {name: event[name] for name in ("action", "actor")} for event in rig.office.json("show", item)["history"]
        ]


def test_a_key_that_may_not_read_is_told_no_more_than_that_its_change_is_made(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Changed by a stranger"}, {"n.pdf": PDF + b"blind"})
    blind, changes = key(rig, "blind", "m.devries", "items:write"), list[Answer]()
    changes.append(ask(rig, blind, "PATCH", f"/items/{item}", {"location": "2026"}, if_match="*"))
    assert changes[-1].headers["etag"].startswith('"2')
    changes.append(ask(rig, blind, "PATCH", f"/items/{item}", {"location": "2026"}, if_match=changes[-1].headers["etag"]))
    changes.append(ask(rig, blind, "PUT", f"/items/{item}/attachments/m.pdf", PDF + b"m"))
    rename = ("POST", f"/items/{item}/attachments/m.pdf/rename", {"name": "o.pdf"})
    changes += [ask(rig, blind, *rename, idempotency_key="blind") for _ in range(2)]
    changes.append(ask(rig, blind, "DELETE", f"/items/{item}/attachments/o.pdf"))
    assert [told(one) for one in changes] == [
        {"item": item, "version": version, "share_state": "private"} for version in (2, 2, 3, 4, 4, 5)
    ]
    looks = [one for one in rig.office.json("show", item)["history"] if one["action"] == "viewed" and one["actor"] == "m.devries"]
    assert looks == [], "nothing of it was shown"


def test_whoever_reads_why_an_item_waits_what_happened_to_it_or_who_opened_it_is_in_the_trail(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Looked at in parts"}, {"n.pdf": PDF + b"parts"})

    def looks(who: str) -> list[str]:
        events = rig.office.json("audit", "log", "--item", item)
        return [one["detail"]["how"] for one in events if one["action"] == "viewed" and one["actor"] == who]

    reading = key(rig, "in-parts", "j.admin", "items:read")
    for part in ("why", "history", "openings", "proof"):
        assert [ask(rig, reading, "GET", f"/items/{item}/{part}").status for _ in range(2)] == [200, 200]
    assert looks("j.admin") == ["why", "history", "openings", "proof"], "once an hour each"
    rig.office.run("why", item, user="m.devries")
    assert looks("m.devries") == ["why"]


def test_what_a_program_has_already_is_not_sent_again_and_whatever_is_told_anew_is(
    rig: DeskRig, petra: str, marieke: str
) -> None:
    item = drop(rig, petra, {"description": "Asked for often"}, {"n.pdf": PDF + b"n"})  # no mail about it comes into its history
    for path in (f"/items/{item}", f"/items/{item}/attachments/n.pdf"):
        tag = ask(rig, marieke, "GET", path).headers["etag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            answer = ask(rig, marieke, "GET", path, if_none_match=known)
            assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
            assert ask(rig, marieke, "HEAD", path, if_none_match=known).status == 304
        assert ask(rig, marieke, "GET", path, if_none_match='"other"').status == 200
        for match, status in ((tag, 200), (f'"other", {tag}', 200), ("*", 200), ('"other"', 412)):
            assert ask(rig, marieke, "GET", path, if_match=match).status == status, match
        assert ask(rig, marieke, "GET", path, if_match='"other"', if_none_match=tag).status == 412
    seen = ask(rig, marieke, "GET", f"/items/{item}")
    assert ask(rig, petra, "GET", f"/items/{item}").status == 200
    now = ask(rig, marieke, "GET", f"/items/{item}", if_none_match=seen.headers["etag"])
    # Its history tells who looked, and it is no new version.
    assert (now.status, told(now)["version"]) == (200, told(seen)["version"])
    version = f'"{told(seen)["version"]}"'
    assert ask(rig, marieke, "GET", f"/items/{item}", if_match=version).status == 200
    assert ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2025"}, if_match=version).status == 200
    assert ask(rig, marieke, "GET", f"/items/{item}", if_match=version).status == 412


def test_a_header_on_several_lines_is_one_list(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Asked for in two lines"}, {"n.pdf": PDF + b"two lines"})
    path = f"/items/{item}/attachments/n.pdf"
    tag = ask(rig, petra, "GET", path).headers["etag"]

    def asked(method: str, address: str, name: str, lines: list[str], body: bytes = b"") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=10)
        connection.putrequest(method, f"/api/v1{address}")
        for header, value in [("Authorization", f"Bearer {petra}"), *((name, line) for line in lines)]:
            connection.putheader(header, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        connection.close()
        return answer.status

    assert asked("GET", path, "If-None-Match", ['"other"', tag]) == 304
    assert asked("PUT", path, "If-None-Match", ['"other"', tag], PDF) == 412
    assert asked("PATCH", f"/items/{item}", "If-Match", ['"99"', "", '"1"'], b'{"location": "2025"}') == 200


@pytest.mark.parametrize(
    ("path", "key_", "words"),
    [
        ("/items?labl=annual", "labl", "hier is geen parameter `labl`; wel: q, client, label"),
        ("/items?label=annual&label=2025", "label", "`label` is twee keer gegeven"),
        ("/status?client=acme-bv", "client", "dit adres neemt geen parameters"),
        *(
            (f"/items?{name}=", name, f"`{name}` is leeg")
            for name in (
                "q",
                "client",
                "label",
                "location",
                "status",
                "type",
                "share_state",
                "since",
                "due_by",
                "unopened",
                "in",
                "after",
                "limit",
            )
        ),
        ("/items?client=%20", "client", "`client` is leeg"),
        ("/clients?q=", "q", "`q` is leeg"),
        ("/items?in=files", "in", "geef de woorden die in de tekst van de bestanden moeten staan"),
        ("/queue?after=", "after", "`after` is leeg"),
        ("/events?after=", "after", "`after` is leeg"),
    ],
)
def test_a_filter_that_is_mistyped_empty_or_given_twice_is_refused_and_does_not_give_everything(
    rig: DeskRig, petra: str, path: str, key_: str, words: str
) -> None:
    answer = ask(rig, petra, "GET", path)
    assert answer.status == 422
    [wrong] = told(answer)["faults"]
    assert wrong["key"] == key_
    assert words in wrong["message"] == told(answer)["detail"]


def test_a_contact_who_is_not_there_is_told_in_the_words_of_the_api(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "To be mailed about"}, {})
    answer = ask(rig, petra, "POST", f"/items/{item}/notify", {"contact": "nobody"})
    assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, ["contact"])
    assert told(answer)["detail"] == "klant acme-bv heeft geen actieve contactpersoon `nobody`; de contactpersonen zijn: j.jansen"
    for body in ({}, {"contact": ""}):
        assert "zeg in `contact` wie de mail krijgt" in told(ask(rig, petra, "POST", f"/items/{item}/notify", body))["detail"]


def test_a_request_with_an_idempotency_key_is_done_once(rig: DeskRig, petra: str) -> None:
    first, second = (ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}, idempotency_key="k1") for _ in range(2))
    assert (first.status, first.text, first.headers["location"]) == (second.status, second.text, second.headers["location"])
    assert ask(rig, petra, "POST", "/drops", {"client": "zon"}, idempotency_key="k1").status == 409
    long = [told(ask(rig, petra, "POST", "/drops", {"client": "zon"}, idempotency_key="k" * 300 + end))["drop"] for end in "12"]
    assert len(set(long)) == 2


def test_the_same_request_sent_many_times_at_once_is_done_once(rig: DeskRig, petra: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        sent = [
            threads.submit(ask, rig, petra, "POST", "/drops", {"client": "acme-bv"}, idempotency_key="at once") for _ in range(8)
        ]
        assert len({told(one.result())["drop"] for one in sent}) == 1


def test_of_changes_of_one_version_at_once_one_is_made_and_the_others_are_too_late(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Changed by many at once"}, {"many.pdf": PDF + b"many"})
    found = set()
    for turn in range(5):
        etag = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
        with ThreadPoolExecutor(8) as threads:
            sent = [
                threads.submit(ask, rig, petra, "PATCH", f"/items/{item}", {"location": f"{turn}/{one}"}, if_match=etag)
                for one in range(8)
            ]
            statuses = [one.result().status for one in sent]
        assert statuses.count(200) == 1
        found |= set(statuses)
    assert found == {200, 412}


def test_a_file_is_not_touched_in_another_version_than_the_program_says(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Of one version"}, {"v.pdf": PDF + b"v"})
    seen = ask(rig, petra, "GET", f"/items/{item}").headers["etag"]
    ask(rig, petra, "PATCH", f"/items/{item}", {"location": "2025"}, if_match=seen)
    file = f"/items/{item}/attachments/v.pdf"
    for method, path, body in (("DELETE", file, None), ("POST", f"{file}/rename", {"name": "w.pdf"}), ("PUT", file, PDF)):
        assert ask(rig, petra, method, path, body, if_match=seen).status == 412, method
    found = ask(rig, petra, "GET", f"/items/{item}")
    assert [(one["name"], one["version"]) for one in told(found)["attachments"]] == [("v.pdf", 1)]
    assert ask(rig, petra, "POST", f"{file}/rename", {"name": "w.pdf"}, if_match=found.headers["etag"]).status == 200


def test_a_precondition_that_is_empty_lets_no_change_through(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "Changed by a program without a version"}, {"w.pdf": PDF + b"empty"})
    was, file = told(ask(rig, petra, "GET", f"/items/{item}"))["version"], f"/items/{item}/attachments/w.pdf"
    begun = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    calls = [
        ("PUT", file, b"other", "If-Match"), ("PUT", file, b"other", "If-None-Match"), ("PUT", f"{file}x", b"other", "If-None-Match"),
        ("DELETE", file, None, "If-Match"), ("POST", f"{file}/rename", {"name": "x.pdf"}, "If-Match"),
        ("POST", f"{file}/rename", {"name": "x.pdf"}, "Idempotency-Key"), ("POST", "/drops", {"client": "acme-bv"}, "Idempotency-Key"),
        ("POST", f"/items/{item}/withdraw", {"reason": "wrong"}, "If-Match"), ("PUT", f"/drops/{begun}/files/w.pdf", PDF, "If-None-Match"),
    ]  # fmt: skip
    for method, path, body, header in calls:
        for empty in ("", " "):
            answer = ask(rig, petra, method, path, body, **{header.replace("-", "_"): empty})
            assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, [header]), (method, path)
    assert told(ask(rig, petra, "GET", f"/items/{item}"))["version"] == was


def test_an_item_is_not_decided_on_nor_mailed_in_another_version_than_the_program_says(rig: DeskRig, marieke: str) -> None:
    item = drop(rig, marieke, {**CONCEPT, "description": "To be decided in one version"}, {"q.pdf": PDF + b"q"})
    seen = ask(rig, marieke, "GET", f"/items/{item}").headers["etag"]
    now = ask(rig, marieke, "PATCH", f"/items/{item}", {"location": "2025"}, if_match=seen).headers["etag"]
    decision = {"decision": "reject", "comment": "no", "content": "0" * 64}
    for what, body in (("decision", decision), ("notify", {})):
        assert ask(rig, marieke, "POST", f"/items/{item}/{what}", body, if_match=seen).status == 412, what
        assert ask(rig, marieke, "POST", f"/items/{item}/{what}", body, if_match=now).status not in (200, 202, 412), what
    version = now.partition("-")[0] + '"'  # the rest of it changes with the history, to which the daemon may add
    assert ask(rig, marieke, "GET", f"/items/{item}", if_match=version).status == 200


def test_an_item_is_not_taken_off_in_another_version_than_the_program_says(rig: DeskRig, marieke: str) -> None:
    item = drop(rig, marieke, {**CONCEPT, "description": "To be taken off", "share_status": "approved"}, {"o.pdf": PDF + b"o"})
    seen = ask(rig, marieke, "GET", f"/items/{item}").headers["etag"]
    now = ask(rig, marieke, "PATCH", f"/items/{item}", {"location": "2025"}, if_match=seen).headers["etag"]
    assert ask(rig, marieke, "POST", f"/items/{item}/withdraw", {"reason": "wrong"}, if_match=seen).status == 412
    off = ask(rig, marieke, "POST", f"/items/{item}/withdraw", {"reason": "wrong"}, if_match=now)
    assert (off.status, told(off)["share_state"]) == (200, "withdrawn")
    assert ask(rig, marieke, "POST", f"/items/{item}/publish", {}, if_match=seen).status == 412
    assert ask(rig, marieke, "POST", f"/items/{item}/publish", {}, if_match=off.headers["etag"]).status == 200


@pytest.mark.parametrize(
    "keys", [{"share": "no", "reason": "wrong"}, {"delen": "nee", "reden": "fout"}, {"share": False, "reden": "fout"}]
)
def test_the_reason_for_taking_it_off_is_read_in_both_languages(rig: DeskRig, marieke: str, keys: dict[str, object]) -> None:
    said = f"Off because of {json.dumps(keys)}"
    item = drop(rig, marieke, {**CONCEPT, "description": said, "share_status": "approved"}, {"r.pdf": PDF + said.encode()})
    off = ask(rig, marieke, "PATCH", f"/items/{item}", keys, if_match="*")
    assert (off.status, told(off)["share_state"]) == (200, "withdrawn")


def test_each_use_of_a_key_is_in_the_log_with_its_name_and_so_is_one_that_is_good_no_more(rig: DeskRig) -> None:
    used = key(rig, "used", "p.bakker")
    ask(rig, used, "GET", "/clients?q=secret-word")
    ask(rig, used, "POST", "/items/D-2026-000001/decision", {})
    rig.office.run("token", "revoke", "used", user="j.admin")
    ask(rig, used, "GET", "/clients")
    lines = [json.loads(line) for line in rig.desk.log().splitlines() if '"used"' in line]
    assert [(one["event"], one.get("method"), one.get("path"), one["staff"]) for one in lines] == [
        ("a program asks", "GET", "/api/v1/clients", "p.bakker"),
        ("a program asks", "POST", "/api/v1/items/D-2026-000001/decision", "p.bakker"),
        ("a key was used that is good no more", None, None, "p.bakker"),
    ]
    assert "secret-word" not in rig.desk.log()
    assert used not in rig.desk.log()


def test_a_parameter_that_can_not_be_meant_is_told_and_nothing_else_is_given(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "With parameters"}, {"q.pdf": PDF + b"q"})
    file = f"/items/{item}/attachments/q.pdf"
    for method, path, key in (
        ("GET", f"{file}?version=first", "version"),
        ("PUT", f"{file}?share=perhaps", "share"),
        ("GET", "/clients?after=nobody", "after"),
        ("GET", "/items?since=2026-01-01&after=nothing", "after"),
    ):
        answer = ask(rig, petra, method, path, PDF if method == "PUT" else None)
        assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, [key]), path
    [first, *others] = [one["client"] for one in told(ask(rig, petra, "GET", "/clients"))]
    assert [one["client"] for one in told(ask(rig, petra, "GET", f"/clients?after={first}"))] == others


def test_a_key_that_asks_too_often_is_told_how_long_to_wait_and_no_other_key_waits(rig: DeskRig, petra: str) -> None:
    busy = key(rig, "busy", "p.bakker")
    for _ in range(2 * A_MINUTE + 1):  # a slow machine takes more than a minute for the first
        answer = ask(rig, busy, "GET", "/drops/none")
        if answer.status == 429:
            break
    assert answer.status == 429
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= 60
    assert str(seconds) in told(answer)["detail"]
    assert ask(rig, petra, "GET", "/clients").status == 200


@pytest.mark.parametrize("path", ["/clients", "/items", "/items/D-2026-000001", "/queue", "/events", "/status", "/drops/x"])
def test_without_a_good_key_nothing_is_told(rig: DeskRig, path: str) -> None:
    name = f"revoked-{next(REVOKED)}"
    revoked = key(rig, name, "p.bakker")
    rig.office.run("token", "revoke", name, user="j.admin")
    for token in (None, "", "dossier_wrong", revoked):
        answer = ask(rig, token, "GET", path)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    browser = rig.browser("m.devries")
    assert browser.get(f"/api/v1{path}").status == 401, "a session of the desk opens nothing here"


def test_a_key_may_no_more_than_its_scopes_its_clients_and_its_person(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {**CONCEPT, "description": "Of acme alone"}, {"s.pdf": PDF + b"s"})
    reader = key(rig, "reader", "m.devries", "items:read")
    assert ask(rig, reader, "GET", f"/items/{item}").status == 200
    assert ask(rig, reader, "PATCH", f"/items/{item}", {"location": "x"}, if_match="*").status == 403
    assert ask(rig, reader, "POST", f"/items/{item}/decision", {"decision": "approve", "content": "x"}).status == 403
    of_zon = key(rig, "ofzon", "m.devries", *ALL, more=("--client", "zon"))
    limited = key(rig, "limited", "k.smit")
    for token in (of_zon, limited):
        assert ask(rig, token, "GET", f"/items/{item}").status == 404
        assert ask(rig, token, "GET", "/clients/acme-bv").status == 404
        assert [one["client"] for one in told(ask(rig, token, "GET", "/clients"))] == ["zon"]
        for path in ("/items?limit=200", "/queue", "/events?limit=200", "/status"):
            assert "acme" not in ask(rig, token, "GET", path).text.lower(), path
        assert ask(rig, token, "POST", "/drops", {"client": "acme-bv"}).status == 404
    admin = key(rig, "admin-of-zon", "j.admin", *ALL, more=("--client", "zon"))
    assert ask(rig, admin, "GET", f"/items/{item}").status == 404
    assert ask(rig, admin, "POST", f"/items/{item}/withdraw", {"reason": "because"}).status == 404


def test_whoever_issued_a_key_can_not_approve_by_it_what_they_made(rig: DeskRig, petra: str) -> None:
    admins = key(rig, "admins", "j.admin")
    item = drop(rig, admins, {**CONCEPT, "description": "Made by the admin"}, {"m.pdf": PDF + b"m"})
    by_admin = key(rig, "mariekes-by-admin", "m.devries")
    queue = told(ask(rig, key(rig, "m2", "m.devries", by="b.boss"), "GET", "/queue"))
    [waits] = [one for one in queue if one["item"] == item]
    answer = ask(rig, by_admin, "POST", f"/items/{item}/decision", {"decision": "approve", "content": waits["content"]})
    assert answer.status == 403
    assert rig.office.json("show", item)["share_state"] == "concept"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"client": 7}',
        b'{"client": ["a"]}',
        b"nul",
        b'{"a":' * 3000,
        b'{"a":' * 450 + b"1" + b"}" * 450,
        b'{"client":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"client": "zon", "client": "acme-bv"}',
        b'{"client": "acme-bv", "contcat": "j.jansen"}',
        b'{"x":"' + b"y" * 1_100_000 + b'"}',
    ],
)
def test_what_can_not_be_read_is_refused_in_a_sentence(rig: DeskRig, petra: str, body: bytes) -> None:
    answer = ask(rig, petra, "POST", "/drops", body)
    assert answer.status in (400, 413, 422)
    assert told(answer)["detail"]
    assert not re.search("recursion|: (list|int|str|NoneType)$", told(answer)["detail"]), "in the words of no program"


def test_a_key_that_was_mistyped_or_stands_there_twice_is_told_and_nothing_is_done(rig: DeskRig, petra: str) -> None:
    item = drop(
        rig, petra, {**CONCEPT, "description": "With keys that are not meant", "contact": "j.jansen"}, {"k.pdf": PDF + b"k"}
    )
    for path, body, key, word in (
        ("notify", {"contcat": "l.lid"}, "contcat", "contact"),
        ("withdraw", {"reason": "wrong", "reden": "fout"}, "reden", "reason"),
        ("publish", {"reason": "why not"}, "reason", ""),
    ):
        answer = ask(rig, petra, "POST", f"/items/{item}/{path}", body)
        assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, [key])
        assert word in told(answer)["detail"]
    twice = ask(rig, petra, "POST", f"/items/{item}/decision", b'{"decision": "reject", "decision": "approve", "content": "x"}')
    assert (twice.status, "`decision`" in told(twice)["detail"]) == (400, True)
    assert ask(rig, petra, "POST", "/items/D-2026-999999/notify", {"contcat": "l.lid"}).status == 404
    assert rig.office.json("show", item)["notify"] is False


def test_a_part_of_a_file_and_a_packed_one_are_not_taken_for_it(rig: DeskRig, petra: str) -> None:
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    item = drop(rig, petra, {"description": "A file that breaks off"}, {"off.pdf": PDF + b"off"})
    for path in (f"/drops/{made}/files/part.pdf", f"/items/{item}/attachments/part.pdf"):
        part = ask(rig, petra, "PUT", path, PDF[20:], content_range=f"bytes 20-{len(PDF) - 1}/{len(PDF)}")
        assert (part.status, "Content-Range" in told(part)["detail"]) == (400, True)
        packed = ask(rig, petra, "PUT", path, PDF, content_encoding="gzip")
        assert (packed.status, "Content-Encoding" in told(packed)["detail"]) == (415, True)
        assert ask(rig, petra, "PUT", path, PDF, content_encoding="identity").status == 200
    assert ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}, content_encoding="gzip").status == 415


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW", "POST"])
def test_whatever_is_refused_is_told_as_a_problem(rig: DeskRig, petra: str, method: str) -> None:
    for path, status in (("/items", 405), ("/nowhere", 404), ("", 405)):
        answer = ask(rig, petra, method, path)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), path
        assert "GET" in answer.headers.get("allow", "") or status == 404


def test_parts_of_a_file_that_are_not_there_and_pages_of_other_sites_are_refused_in_a_sentence(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "A paper with parts"}, {"parts.pdf": PDF})
    path = f"/items/{item}/attachments/parts.pdf"
    missing = ask(rig, petra, "GET", path, range=f"bytes={len(PDF)}-")
    assert (missing.status, missing.headers["content-type"]) == (416, "application/problem+json")
    assert missing.headers["content-range"] == f"bytes */{len(PDF)}"
    assert str(len(PDF)) in told(missing)["detail"]
    known = ask(rig, petra, "GET", path, range="bytes=9999-", if_none_match=missing.headers["etag"])
    assert (known.status, known.body) == (304, b"")  # section 14.2: the range is looked at last
    for passed_over in ("lines=1-2", "bytes=5-2", "nonsense"):  # RFC 9110 section 14.2
        whole = ask(rig, petra, "GET", path, range=passed_over)
        assert (whole.status, whole.headers["content-length"]) == (200, str(len(PDF)))
    assert {ask(rig, petra, "GET", path, range=f"{unit}=0-3").status for unit in ("bytes", "Bytes")} == {206}
    foreign = ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}, origin="https://elsewhere.example")
    assert (foreign.status, "Origin" in told(foreign)["detail"]) == (403, True)
    folder = ask(rig, petra, "PUT", "/drops/0/files/a%2fb.pdf", PDF)
    assert (folder.status, folder.headers["content-type"]) == (404, "application/problem+json")


def test_what_no_contact_has_opened_is_found_as_by_the_command(rig: DeskRig, marieke: str) -> None:
    keys = {**CONCEPT, "description": "Lies there unopened", "share_status": "approved"}
    shared = drop(rig, marieke, keys, {"unopened.pdf": PDF + b"unopened"})
    private = drop(rig, marieke, {"description": "Lies in the office"}, {"private.pdf": PDF + b"not shared"})
    wait_for(lambda: rig.office.json("show", shared)["public"], "it is on the portal")
    found = [one["item"] for one in told(ask(rig, marieke, "GET", "/items?unopened=yes&limit=200"))]
    assert found == [one["item"] for one in rig.office.json("items", "--unopened", "--limit", "0")]
    assert (shared in found, private in found) == (True, False)
    assert private in [one["item"] for one in told(ask(rig, marieke, "GET", "/items?unopened=no"))]
    assert ask(rig, marieke, "GET", "/items?unopened=perhaps").status == 422


def test_a_filter_that_names_what_there_is_none_of_is_told_as_the_command_tells_it(rig: DeskRig, petra: str) -> None:
    for name, value in (("client", "acme"), ("status", "closedd"), ("type", "nonsense"), ("share_state", "publishd")):
        refused = ask(rig, petra, "GET", f"/items?{name}={value}")
        assert (refused.status, [one["key"] for one in told(refused)["faults"]]) == (422, [name])
    said = rig.office.run("items", "--share-state", "publishd", user="p.bakker", code=1).stderr
    assert told(ask(rig, petra, "GET", "/items?share_state=publishd"))["detail"] in said


def test_lists_page_and_wrong_parameters_are_told(rig: DeskRig, petra: str) -> None:
    for number in range(3):
        drop(rig, petra, {"description": f"Page number {number}"}, {f"p{number}.pdf": PDF + b"p%d" % number}, "zon")
    seen: list[str] = []
    after = ""
    while page := told(ask(rig, petra, "GET", f"/items?client=zon&limit=2{after}")):
        seen += [one["item"] for one in page]
        after = f"&after={page[-1]['item']}"
    assert len(seen) == len(set(seen)) >= 3
    for query in ("limit=0", "limit=x", "limit=9999", f"limit=000000001{'9' * 30}", "since=yesterday", "after=nothing"):
        assert ask(rig, petra, "GET", f"/items?{query}").status == 422, query
    assert "geef een geheel getal van 1 tot en met 200" in ask(rig, petra, "GET", "/items?limit=0").text


def test_a_list_does_not_end_or_begin_anew_behind_an_item_that_left_it(rig: DeskRig, petra: str) -> None:
    keys = {"description": "Turned over quickly", "due": "2027-03-01"}
    items = [drop(rig, petra, keys, {f"{name}.pdf": PDF + name.encode()}) for name in ("t1", "t2")]
    for filters in ("q=turned", "due_by=2027-03-01&q=turned"):
        first = told(ask(rig, petra, "GET", f"/items?{filters}&limit=1"))
        assert len(told(ask(rig, petra, "GET", f"/items?{filters}&after={first[0]['item']}"))) == 1
    ask(rig, petra, "PATCH", f"/items/{items[1]}", {"description": "Something else", "due": ""}, if_match="*")
    for filters in ("q=turned", "due_by=2027-03-01"):
        answer = ask(rig, petra, "GET", f"/items?{filters}&after={items[1]}")
        assert (answer.status, [one["key"] for one in told(answer)["faults"]]) == (422, ["after"]), filters
    assert ask(rig, petra, "GET", f"/items?status=new&after={items[1]}").status == 200, "by number there is no doubt"
    assert items[1] in rig.office.run("items", "turned", "--after", items[1], user="p.bakker", code=1).stderr


def test_a_number_that_no_item_can_have_is_an_item_that_is_not_there(rig: DeskRig, petra: str) -> None:
    far = "D-9999999999999999999999-000001"
    assert ask(rig, petra, "GET", f"/items/{far}").status == 404
    assert ask(rig, petra, "DELETE", f"/items/{far}/attachments/a.pdf").status == 404
    assert ask(rig, petra, "GET", f"/items?after={far}").status == 422
    assert rig.browser("p.bakker").get(f"/items/{far}").status == 404
    assert far in rig.office.run("show", far, user="p.bakker", code=2).stderr


def test_events_go_on_behind_the_last_one_seen(rig: DeskRig, petra: str) -> None:
    first = told(ask(rig, petra, "GET", "/events?limit=2"))
    following = told(ask(rig, petra, "GET", f"/events?after={first[-1]['seq']}&limit=2"))
    assert following[0]["seq"] > first[-1]["seq"]


def test_behind_an_event_that_is_not_there_no_program_waits_for_ever(rig: DeskRig, petra: str) -> None:
    """After a backup was put back, say: the events up to that number would be told to nobody."""
    last = rig.office.json("audit", "log")[-1]["seq"]
    assert ask(rig, petra, "GET", f"/events?after={last}").status == 200
    beyond = ask(rig, petra, "GET", f"/events?after={last + 1000}")
    assert beyond.status == 422
    assert "`after`: geef het nummer van een gebeurtenis; de laatste is" in told(beyond)["detail"]


def test_the_openapi_document_tells_every_route_and_every_route_is_there(rig: DeskRig, petra: str) -> None:
    document = told(ask(rig, None, "GET", "/openapi.json"))
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method in operations:
            answer = ask(
                rig, petra, method.upper(), re.sub(r"\{\w+\}", "nothing", path), {} if method in ("post", "patch") else None
            )
            assert answer.status not in (405, 500), (method, path, answer.text)
    assert ask(rig, petra, "GET", "/nowhere").status == 404
    assert ask(rig, petra, "GET", "/nowhere").headers["content-type"] == "application/problem+json"


def test_the_openapi_document_is_one(rig: DeskRig) -> None:
    document = told(ask(rig, None, "GET", "/openapi.json"))
    validate(document, cls=OpenAPIV31SpecValidator)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"][min(operation["responses"])]["content"].get("application/json")
            assert content is None or content["example"], (method, path)


def test_every_example_and_every_answer_is_as_its_model_says_key_for_key(rig: DeskRig, petra: str, marieke: str) -> None:
    item = drop(rig, petra, {**CONCEPT, "description": "As the models say"}, {"m.pdf": PDF + b"model"})
    begun = told(ask(rig, petra, "POST", "/drops", {"client": "zon"}))["drop"]
    document = told(ask(rig, None, "GET", "/openapi.json"))
    for route in ROUTES:
        if route.gives is None:
            continue
        model = route.gives[0] if isinstance(route.gives, tuple) else route.gives
        said = document["paths"][route.path][route.method.lower()]["responses"][str(route.status)]["content"]["application/json"]
        answers = [said["example"]]
        if route.method == "GET":
            path = route.path.format(client="acme-bv", item=item, drop=begun, name="m.pdf")
            answers.append(told(ask(rig, petra if route.path == "/drops/{drop}" else marieke, "GET", path)))
        for answer in answers:
            for one in answer if isinstance(route.gives, tuple) else [answer]:
                model.model_validate(one)
                assert set(one) <= set(model.model_fields), route.path


def test_an_answer_has_the_keys_that_the_command_gives_programs(rig: DeskRig, petra: str, marieke: str) -> None:
    item = drop(rig, petra, {**CONCEPT, "description": "Keys as the command has them"}, {"keys.pdf": PDF + b"keys"})
    for path, command in (
        (f"/items/{item}", ["show", item]), (f"/items/{item}/why", ["why", item]), (f"/items/{item}/proof", ["proof", item]),
        ("/items?limit=1", ["items", "--limit", "1"]), ("/clients?limit=1", ["clients"]), ("/queue?limit=1", ["queue"]),
        ("/events?limit=1", ["audit", "log", "--limit", "1"]), ("/status", ["status"]),
    ):  # fmt: skip
        given, printed = told(ask(rig, marieke, "GET", path)), rig.office.json(*command, user="m.devries")
        [given, printed] = [one[0] if isinstance(one, list) else one for one in (given, printed)]
        assert set(given) == set(printed), path


def test_the_api_is_shown_as_a_page_without_a_script(rig: DeskRig) -> None:
    answer = Browser(rig.port).get("/api/v1")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', answer.text)[0].startswith("/_static/desk.css")
    for route in ROUTES:
        assert f"{route.method} {route.path}" in answer.text


def test_the_lines_with_curl_do_what_the_page_says(rig: DeskRig, petra: str, tmp_path: Path) -> None:
    need("curl")
    page = (Path(__file__).parents[3] / "docs/api.md").read_text()
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    script = "".join(blocks).replace("https://desk.office.example", f"http://127.0.0.1:{rig.port}")
    assert script.count("curl ") >= 12
    (tmp_path / "accounts.pdf").write_bytes(PDF + b"curl")
    environ = {**os.environ, "KEY": petra}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "back.pdf").read_bytes() == PDF + b"curl"
    assert json.loads((tmp_path / "item.json").read_text())["description"] == "Annual accounts 2025"
    assert "2025/Jaarrekening" in done.stdout
    assert "%PDF" in done.stdout


def test_a_large_file_costs_no_memory(rig: DeskRig, petra: str) -> None:
    """UPLOAD_MB of it: with `make large-upload` 2 GB, within 64 MB."""
    size = int(os.environ.get("UPLOAD_MB", "96")) * 1024 * 1024
    made = told(ask(rig, petra, "POST", "/drops", {"client": "acme-bv"}))["drop"]
    ask(rig, petra, "PUT", f"/drops/{made}/files/small.txt", b"x")  # what is loaded once is loaded
    before, piece = rig.desk.peak(), b"a line of a text\n" * 65536
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=600)
    connection.putrequest("PUT", f"/api/v1/drops/{made}/files/large.txt")
    connection.putheader("authorization", f"Bearer {petra}")
    connection.putheader("content-length", str(size))
    connection.endheaders()
    digest, left = hashlib.sha256(), size
    while left:
        digest.update(piece[:left])
        connection.send(piece[:left])
        left -= len(piece[:left])
    answer = connection.getresponse()
    put = json.loads(answer.read())
    connection.close()
    assert (answer.status, put["size"], put["sha256"]) == (200, size, digest.hexdigest())
    assert rig.desk.peak() - before < 64 * 1024 * 1024


def test_signs_that_no_text_can_have_and_days_before_every_office_are_answered_in_words(rig: DeskRig, petra: str) -> None:
    for path in ("/items?q=a&client=%00", "/items?label=%00", "/items?in=files&q=%00", "/items/%00", "/clients?q=%00"):
        told_ = ask(rig, petra, "GET", path)
        assert told_.status == 400, path
        assert "NUL" in told(told_)["detail"]
    refused = ask(rig, petra, "POST", "/drops", {"client": "acme\x00bv"})
    assert refused.status == 400
    for day in ("0001-01-01", "9999-12-31"):
        for name in ("since", "due_by"):
            assert ask(rig, petra, "GET", f"/items?{name}={day}").status == 200


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/items?client=nobody&status=nonsense&since=yesterday&due_by=never&limit=0&after=nothing&statuss=new", 7),
        ("/items?unopened=perhaps&in=pictures&share_state=publishd&type=nonsense", 4),
        ("/clients?limit=0&after=nobody", 2),
        ("/queue?limit=0&after=nothing&client=acme-bv", 3),
        ("/events?limit=0&after=nothing", 2),
        ("/items/{item}/history?limit=0&after=nothing&q=x", 3),
        ("/items/{item}/openings?limit=0&after=nothing", 2),
    ],
)
def test_all_that_is_wrong_with_a_filter_is_told_at_once(rig: DeskRig, petra: str, path: str, wrong: int) -> None:
    item = (
        drop(rig, petra, {"description": "For all faults of a list"}, {"a.pdf": PDF + path.encode()}) if "{item}" in path else ""
    )
    answer = ask(rig, petra, "GET", path.format(item=item))
    keys = re.findall(r"[?&](\w+)=", path)
    assert len(keys) == wrong
    assert (answer.status, sorted(one["key"] for one in told(answer)["faults"])) == (422, sorted(keys))


@pytest.mark.parametrize(
    ("what", "body", "keys"),
    [
        (
            "decision",
            {"decision": "perhaps", "content": 5, "comment": [], "item": "x"},
            ["comment", "content", "decision", "item"],
        ),
        ("decision", {"decision": "reject"}, ["comment", "content"]),
        ("decision", {}, ["content", "decision"]),
        ("withdraw", {"reason": " ", "why": "x", "how": "y"}, ["how", "reason", "why"]),
        ("withdraw", {"reason": 5, "why": "x"}, ["reason", "why"]),
        ("notify", {"contact": 5, "to": "x"}, ["contact", "to"]),
        ("attachments/a.pdf/rename", {"name": 5, "to": "x"}, ["name", "to"]),
    ],
)
def test_all_that_is_wrong_with_a_decision_a_withdrawal_or_another_deed_is_told_at_once(
    rig: DeskRig, petra: str, what: str, body: dict[str, Any], keys: list[str]
) -> None:
    item = drop(rig, petra, {"description": "For all faults at once"}, {"a.pdf": PDF + repr((what, keys, body)).encode()})
    token = key(rig, f"all-{next(REVOKED)}", "p.bakker") if what == "decision" else petra
    answer = ask(rig, token, "POST", f"/items/{item}/{what}", body)
    assert (answer.status, sorted(one["key"] for one in told(answer)["faults"])) == (422, keys)
    empty = ask(rig, token, "POST", f"/items/{item}/{what}", body, if_match="", idempotency_key="")
    assert sorted(one["key"] for one in told(empty)["faults"]) == sorted([*keys, "If-Match", "Idempotency-Key"])
    assert ask(rig, token, "POST", f"/items/D-2019-000001/{what}", body).status == 404, "whatever was said of it"


def test_the_history_of_an_item_and_its_openings_page_as_lists_do(rig: DeskRig, petra: str) -> None:
    item = drop(rig, petra, {"description": "With a history"}, {"h.pdf": PDF + b"h"})
    for number in range(3):
        assert ask(rig, petra, "PATCH", f"/items/{item}", {"location": f"2025/{number}"}, if_match="*").status == 200
    ask(rig, petra, "GET", f"/items/{item}/history")  # that it was looked at is noted now
    whole = told(ask(rig, petra, "GET", f"/items/{item}"))["history"]
    assert told(ask(rig, petra, "GET", f"/items/{item}/history?limit=200")) == whole
    assert len(whole) >= 4
    seen, after = [], ""
    while page := told(ask(rig, petra, "GET", f"/items/{item}/history?limit=3{after}")):
        assert len(page) <= 3
        seen += page
        after = f"&after={page[-1]['seq']}"
    assert seen == whole
