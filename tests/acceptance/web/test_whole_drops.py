"""A drop in one request: a form with its keys and its files, whole, once, or nothing of it."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Answer, Browser

KEYS = {
    "client": "acme-bv",
    "description": "Annual accounts 2025",
    "share": True,
    "share_status": "concept",
    "share_attachments": "all",
}
BOUNDARY = "------b0undary"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    settings = "sharing: {guard: off}\nintake: {max_file_mb: 4096, max_files: 3}\n"
    with DeskRig.running(tmp_path_factory.mktemp("office"), settings) as made:
        yield made


@pytest.fixture(scope="module")
def petra(rig: DeskRig) -> str:
    words = ("--for", "p.bakker", "--scope", "drops:write", "--scope", "items:read", "--until", "2099-12-31")
    return rig.office.run("token", "new", "petra", *words, user="j.admin").stdout.strip()


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, file, data in parts:
        named = f'; filename="{file}"' if file is not None else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(rig: DeskRig, token: str, body: bytes, **headers: str) -> Answer:
    given = {"authorization": f"Bearer {token}", "content-type": KIND, **headers}
    return Browser(rig.port)._ask("POST", "/api/v1/drops", body, given)  # type: ignore[arg-type]


def drop(keys: dict[str, Any], **files: bytes) -> bytes:
    return form(
        ("drop", None, json.dumps(keys).encode()), *(("file", name.replace("_", "."), data) for name, data in files.items())
    )


def told(answer: Answer) -> Any:
    return json.loads(answer.text)


def see(rig: DeskRig, token: str, path: str) -> Any:
    return told(Browser(rig.port)._ask("GET", f"/api/v1{path}", None, {"authorization": f"Bearer {token}"}))


def item_of(rig: DeskRig, token: str, name: str) -> Any:
    wait_for(lambda: see(rig, token, f"/drops/{name}")["state"] == "taken", "it is taken", step=0.1)
    return see(rig, token, f"/items/{see(rig, token, f'/drops/{name}')['item']}")


def lying(rig: DeskRig, client: str = "acme-bv") -> list[str]:
    """What of drops lies in the client's folder, which the first one makes."""
    home = rig.office.path / "inbox" / client
    return [name for name in os.listdir(home) if "drop-" in name] if home.exists() else []


def test_a_drop_comes_with_its_files_in_one_request_and_becomes_an_item_of_its_person(rig: DeskRig, petra: str) -> None:
    keys = {**KEYS, "shares": {"één.pdf": False}}
    body = form(
        ("drop", None, json.dumps(keys).encode()), ("file", "accounts.pdf", PDF), ("what it is called", "één.pdf", PDF + b"1")
    )
    answer = send(rig, petra, body)
    assert answer.status == 202, answer.text
    assert answer.headers["location"] == f"drops/{told(answer)['drop']}"
    assert {**told(answer), "drop": ""} == {"drop": "", "client": "acme-bv", "state": "waiting", "item": None, "faults": []}
    found = item_of(rig, petra, told(answer)["drop"])
    assert (found["created_by"], found["share_state"], found["description"]) == ("p.bakker", "concept", KEYS["description"])
    assert {one["name"]: one["share"] for one in found["attachments"]} == {"accounts.pdf": True, "één.pdf": False}
    got = Browser(rig.port)._ask(
        "GET", f"/api/v1/items/{found['item']}/attachments/accounts.pdf", None, {"authorization": f"Bearer {petra}"}
    )
    assert got.body == PDF


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (drop({**KEYS, "status": "nonsense", "description": "x"}, a_pdf=PDF), 422, "nonsense"),
        (drop({**KEYS, "client": "nobody"}, a_pdf=PDF), 404, "nobody"),
        (drop({"description": "Of no client"}, a_pdf=PDF), 422, "client"),
        (drop({**KEYS, "created_by": "m.devries"}, a_pdf=PDF), 422, "created_by"),
        (drop({**KEYS, "klant": "zon"}, a_pdf=PDF), 422, "klant"),
        (drop({**KEYS, "attachments": ["a.pdf", "b.pdf"]}, a_pdf=PDF), 422, "b.pdf"),
        (drop({**KEYS, "attachments": ["a.pdf"]}, a_pdf=PDF, b_pdf=PDF), 422, "b.pdf"),
        (drop({**KEYS, "shares": {"b.pdf": False}}, a_pdf=PDF), 422, "b.pdf"),
        (drop(KEYS, a_pdf=b""), 422, "a.pdf"),
        (drop(KEYS, a_exe=b"MZ"), 422, "a.exe"),
        (drop(KEYS, item_yaml=b"client: zon"), 422, "item.yaml"),
        (drop(KEYS, a_pdf=PDF, A_pdf=PDF + b"2"), 422, "A.pdf"),
        (drop(KEYS, **{f"{number}_pdf": PDF + b"%d" % number for number in range(4)}), 422, "3"),
        (form(("drop", None, json.dumps(KEYS).encode()), ("file", "../a.pdf", PDF)), 422, "a.pdf"),
        (form(("drop", None, json.dumps(KEYS).encode()), ("share", None, b"no")), 400, "share"),
        (form(("file", "a.pdf", PDF), ("drop", None, json.dumps(KEYS).encode())), 400, "drop"),
        (form(("drop", "drop.json", json.dumps(KEYS).encode()), ("file", "a.pdf", PDF)), 400, "drop"),
        (form(("drop", None, b"[]"), ("file", "a.pdf", PDF)), 400, "JSON"),
        (form(("drop", None, b'{"client": "acme-bv", "client": "zon"}'), ("file", "a.pdf", PDF)), 400, "client"),
        (form(("drop", None, json.dumps(KEYS).encode() + b" " * 1024 * 1024), ("file", "a.pdf", PDF)), 413, "lang"),
        (drop(KEYS, a_pdf=PDF)[:-8], 400, "formulier"),
        (form(), 400, "drop"),
        (b"", 400, "formulier"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_left_of_it(rig: DeskRig, petra: str, body: bytes, status: int, said: str) -> None:
    answer = send(rig, petra, body)
    assert (answer.status, said in answer.text) == (status, True), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert lying(rig) == []


@pytest.mark.parametrize("labels", [["fine"], 5])
def test_all_that_is_wrong_with_its_files_and_its_keys_is_told_at_once(rig: DeskRig, petra: str, labels: object) -> None:
    said = {**KEYS, "status": "nonsense", "contact": "nobody", "labels": labels, "shares": {"a.exe": True, "c.pdf": True}}
    answer = send(rig, petra, drop(said, a_exe=b"MZ", b_pdf=b"", c_pdf=PDF))
    faults = [(one["key"], one["message"]) for one in json.loads(answer.text)["faults"]]
    assert [key for key, _ in faults[:2]] == ["files", "files"]
    assert ("a.exe" in faults[0][1], "b.pdf" in faults[1][1]) == (True, True)
    assert {key for key, _ in faults[2:]} == {"status", "contact"} | ({"labels"} if labels == 5 else set())
    assert (answer.status, lying(rig)) == (422, [])


def test_without_a_good_key_nothing_is_read_of_it(rig: DeskRig, petra: str) -> None:
    narrow = rig.office.run(
        "token", "new", "reader", "--for", "p.bakker", "--scope", "items:read", "--until", "2099-12-31", user="j.admin"
    ).stdout.strip()
    assert send(rig, "nonsense", drop(KEYS, a_pdf=PDF)).status == 401
    assert send(rig, narrow, drop(KEYS, a_pdf=PDF)).status == 403
    assert send(rig, petra, drop(KEYS, a_pdf=PDF), content_encoding="gzip").status == 415
    assert send(rig, petra, drop(KEYS, a_pdf=PDF), origin="https://elsewhere.example").status == 403
    assert lying(rig) == []


def test_what_says_itself_that_it_is_over_the_limit_is_refused_before_any_of_it_is_read(rig: DeskRig, petra: str) -> None:
    begun = told(send(rig, petra, b'{"client": "zon"}', content_type="application/json"))["drop"]
    mb, key = 1024 * 1024, f"Bearer {petra}"
    for method, path, kind, length in (
        ("PUT", f"/drops/{begun}/files/a.pdf", "application/pdf", 4096 * mb + 1),
        ("POST", "/drops", KIND, 4 * 4096 * mb + 1),
        ("POST", "/drops", "application/json", mb + 1),
    ):
        answer = Browser(rig.port).announce(method, f"/api/v1{path}", length, authorization=key, content_type=kind)
        assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json"), path
        assert told(answer)["detail"]
    unknown = Browser(rig.port).announce("PUT", f"/api/v1/drops/{begun}/files/a.pdf", 99 * 4096 * mb, authorization="Bearer no")
    assert unknown.status == 401


def test_one_that_breaks_off_leaves_nothing(rig: DeskRig, petra: str) -> None:
    body = drop({**KEYS, "description": "It breaks off"}, a_pdf=PDF + b"x" * 600_000)
    with socket.create_connection(("127.0.0.1", rig.port), timeout=30) as line:
        head = f"POST /api/v1/drops HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {petra}\r\nContent-Type: {KIND}\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body[:500_000])
        wait_for(lambda: lying(rig), "it has begun")
    wait_for(lambda: not lying(rig), "nothing is left")


def _send_some(rig: DeskRig, method: str, path: str, body: bytes, some: int, **headers: str) -> http.client.HTTPConnection:
    """A request of which so many bytes were sent."""
    line = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=20)
    line.putrequest(method, path)
    for name, value in {**headers, "content-length": str(len(body))}.items():
        line.putheader(name, value)
    line.endheaders()
    line.send(body[:some])
    return line


@pytest.mark.parametrize("loss", ["revoked", "left", "no rights"])
def test_whoever_loses_the_key_while_a_file_comes_changes_nothing(rig: DeskRig, petra: str, loss: str) -> None:
    root, number, config = rig.office, loss.replace(" ", "-"), (rig.office.path / "config/staff.yaml").read_text()
    words = (
        "--for",
        "p.bakker",
        "--scope",
        "drops:write",
        "--scope",
        "items:write",
        "--scope",
        "items:read",
        "--until",
        "2099-12-31",
    )
    key = root.run("token", "new", number, *words, user="j.admin").stdout.strip()
    item = item_of(
        rig, petra, told(send(rig, petra, drop({**KEYS, "description": f"Before {loss}"}, a_pdf=PDF + loss.encode())))["drop"]
    )
    may, data = {"authorization": f"Bearer {key}"}, PDF * 4000
    body, some = drop({**KEYS, "description": f"While {loss}"}, big_pdf=data), 300_000
    lines = [
        _send_some(rig, "POST", "/api/v1/drops", body, some, **may, **{"content-type": KIND}),
        _send_some(rig, "PUT", f"/api/v1/items/{item['item']}/attachments/b.pdf", data, some, **may),
    ]
    wait_for(lambda: lying(rig) and list((root.path / "var/uploads").glob("*")), "both are being received")
    match loss:
        case "revoked":
            root.run("token", "revoke", number, user="j.admin")
        case "left":
            root.set("staff", config.replace("rights: [create], language", "rights: [create], active: false, language"))
        case _:
            root.set("staff", config.replace("rights: [create], language", "rights: [approve], language"))
    try:
        answers = []
        for line, whole in zip(lines, (body, data), strict=True):
            line.send(whole[some:])
            answers.append(line.getresponse().status)
            line.close()
        assert answers == ([422, 422] if loss == "no rights" else [401, 401])
    finally:
        root.set("staff", config)
    assert (lying(rig), list((root.path / "var/uploads").glob("*"))) == ([], [])
    assert see(rig, petra, f"/items/{item['item']}")["version"] == item["version"]


def test_a_file_of_a_drop_is_not_kept_for_whoever_loses_the_key_while_it_comes(rig: DeskRig) -> None:
    words = ("--for", "p.bakker", "--scope", "drops:write", "--until", "2099-12-31")
    key = rig.office.run("token", "new", "lost", *words, user="j.admin").stdout.strip()
    may, data = {"authorization": f"Bearer {key}"}, PDF * 4000
    asked = Browser(rig.port)._ask("POST", "/api/v1/drops", b'{"client": "acme-bv"}', {**may, "content-type": "application/json"})
    folder = rig.office.path / "inbox/acme-bv" / f".drop-{told(asked)['drop']}"
    line = _send_some(rig, "PUT", f"/api/v1/drops/{told(asked)['drop']}/files/big.pdf", data, 300_000, **may)
    wait_for(lambda: list(folder.iterdir()), "it is being received")
    rig.office.run("token", "revoke", "lost", user="j.admin")
    line.send(data[300_000:])
    assert line.getresponse().status == 401
    line.close()
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_with_an_idempotency_key_it_is_one_drop_and_another_one_is_refused(rig: DeskRig, petra: str) -> None:
    body = drop({**KEYS, "description": "Sent several times"}, a_pdf=PDF + b"once")
    with ThreadPoolExecutor(6) as threads:
        answers = [one.result() for one in [threads.submit(send, rig, petra, body, idempotency_key="one") for _ in range(6)]]
    assert {one.status for one in answers} == {202}, [one.text for one in answers]
    assert len({told(one)["drop"] for one in answers}) == 1
    assert {one.headers["location"] for one in answers} == {f"drops/{told(answers[0])['drop']}"}
    again = form(
        ("drop", None, json.dumps({**KEYS, "description": "Sent several times"}).encode()), ("file", "a.pdf", PDF + b"twice")
    )
    assert send(rig, petra, again, idempotency_key="one").status == 409
    item_of(rig, petra, told(answers[0])["drop"])
    assert told(send(rig, petra, body, idempotency_key="one")) == told(answers[0]), "the same answer"
    assert [one["description"] for one in see(rig, petra, "/items?limit=200")].count("Sent several times") == 1
    assert lying(rig) == []


def test_a_large_file_in_it_costs_no_memory(rig: DeskRig, petra: str) -> None:
    size = int(os.environ.get("UPLOAD_MB", "96")) * 1024 * 1024
    send(rig, petra, drop({**KEYS, "description": "Small, to begin with"}, a_txt=b"small"))
    before, piece = rig.desk.peak(), b"a line of a text\n" * 65536
    whole = drop({**KEYS, "description": "A large file"}, large_txt=b"@")
    first, _, last = whole.partition(b"@")
    line = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=600)
    line.putrequest("POST", "/api/v1/drops")
    for name, value in {
        "authorization": f"Bearer {petra}",
        "content-type": KIND,
        "content-length": str(len(first) + size + len(last)),
    }.items():
        line.putheader(name, value)
    line.endheaders()
    line.send(first)
    left = size
    while left:
        line.send(piece[:left])
        left -= len(piece[:left])
    line.send(last)
    answer = line.getresponse()
    made = json.loads(answer.read())
    line.close()
    assert answer.status == 202
    assert rig.desk.peak() - before < 64 * 1024 * 1024
    found = item_of(rig, petra, made["drop"])
    assert [(one["name"], one["size"]) for one in found["attachments"]] == [("large.txt", size)]
