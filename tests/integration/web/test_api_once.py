"""A request with an Idempotency-Key is done once, also if somebody is killed between the deed and the answer."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import peewee
import pytest
from kit.records import JOOST, LISA, SETTINGS, STAFF, Records
from kit.support import PDF
from peewee import OperationalError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from desk.actions import tokens
from desk.web.api.app import Api
from desk.web.api.call import Call
from desk.web.api.routes import ROUTES
from dossier.database.database import close_database, go_on, is_shared, keep_for_next
from dossier.database.tables import PROXY, Mail, item_name
from dossier.database.web_tables import ApiAnswer, StagedDrop
from dossier.files import files, moves
from dossier.text import clock
from dossier.text.refusals import Conflict, NotFound
from dossier.text.sentences import sentence
from ingest.intake import delegation
from ingest.sources import staging


class Killed(BaseException):
    pass


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, SETTINGS)
    (made.office.inbox / "acme-bv").mkdir(parents=True)
    yield made
    made.close()


class Program:
    def __init__(self, office: Records) -> None:
        self.office = office
        self.api = Api(office.office, {})
        now = clock.utc_now()
        self.key = tokens.new(office.office, now, JOOST, "program", "l.visser", tokens.SCOPES, date(2099, 12, 31))
        self.bearer = tokens.bearer(office.office, now, self.key)

    def ask(self, path: str, body: dict[str, object], key: str = "k", **places: str) -> Any:
        """(status, answer) of a POST, as the server would have it done."""
        route = next(one for one in ROUTES if one.method == "POST" and one.path == path)
        request: Any = SimpleNamespace(
            url=SimpleNamespace(path=path.format(**places)),
            method="POST",
            path_params=places,
            query_params={},
            headers=Headers({"idempotency-key": key}),
        )
        call = Call(request, body, clock.utc_now(), "192.0.2.7", self.office.vault, self.bearer, self.office.office)
        made = self.api._asked(route, call)
        return made.status_code, json.loads(bytes(made.body))

    def ask_whole(self, key: str = "k") -> Any:
        """(status, answer) of a drop in one request."""
        told = json.dumps({"client": "acme-bv", "description": "Annual accounts 2025"}).encode()
        head = b'--b\r\nContent-Disposition: form-data; name="drop"\r\n\r\n'
        file = b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="accounts.pdf"\r\n\r\n'
        headers = Headers({"idempotency-key": key, "content-type": "multipart/form-data; boundary=b"})
        request: Any = SimpleNamespace(url=SimpleNamespace(path="/drops"), method="POST", query_params={}, headers=headers)
        call = Call(request, {}, clock.utc_now(), "192.0.2.7", self.office.vault, self.bearer, self.office.office)
        call = dataclasses.replace(call, again=lambda: call)
        made = self.api._whole_drop(call, [head + told + file + PDF + b"\r\n--b--\r\n"])
        return made.status_code, json.loads(bytes(made.body))


def mails(item: int) -> int:
    return Mail.select().where((Mail.item == item) & (Mail.kind == "ready")).count()


def test_killed_between_the_deed_and_the_answer_it_is_not_done_again_and_answered_all_the_same(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, item = Program(office), office.published()
    name = item_name(item)

    def killed(*_: object) -> None:
        raise Killed

    for path, body, places in (
        ("/items/{item}/notify", {"contact": "j.jansen"}, {"item": name}),
        ("/items/{item}/withdraw", {"reason": "the wrong year"}, {"item": name}),
        ("/drops", {"client": "acme-bv"}, {}),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(tokens, "keep_answer", killed)
            with pytest.raises(Killed):
                program.ask(path, body, **places)
        Mail.update(state="sent").execute()  # a second one would not be refused
        first, second = (program.ask(path, body, **places) for _ in range(2))
        assert first == second
        assert first[0] in (200, 201, 202)
    assert mails(item) == 1
    assert office.actions(item).count("withdrawn") == 1
    assert office.actions(item).count("viewed") == 1, "as it is by now, which no event told of"
    assert StagedDrop.select().count() == 1
    row = StagedDrop.select().get()
    assert any(row.id in one.name for one in (office.office.inbox / "acme-bv").iterdir())


def test_what_was_refused_is_not_held_for_done(office: Records) -> None:
    program = Program(office)
    for _ in range(2):
        with pytest.raises(NotFound):
            program.ask("/items/{item}/notify", {}, item="D-2026-000009")
    assert ApiAnswer.select().count() == 0
    item = office.published(LISA)
    program.ask("/items/{item}/notify", {"contact": "j.jansen"}, item=item_name(item))
    with pytest.raises(Conflict):
        program.ask("/items/{item}/notify", {"contact": "another"}, item=item_name(item))
    assert mails(item) == 1


def test_an_answer_is_given_again_only_to_whoever_may_still_know_of_it(office: Records) -> None:
    program, item = Program(office), office.published()
    for path, body, places in (
        ("/items/{item}/withdraw", {"reason": "the wrong year"}, {"item": item_name(item)}),
        ("/items/{item}/publish", {}, {"item": item_name(item)}),
        ("/items/{item}/notify", {"contact": "j.jansen"}, {"item": item_name(item)}),
        ("/drops", {"client": "acme-bv"}, {}),
    ):
        program.ask(path, body, **places)
    limited = STAFF.replace("nl, rights: [create, share]", "nl, clients: [zon], rights: [create, share]")
    office.configure(staff=limited)
    program.bearer = tokens.bearer(office.office, clock.utc_now(), program.key)
    for path, body, places in (
        ("/items/{item}/withdraw", {"reason": "the wrong year"}, {"item": item_name(item)}),
        ("/items/{item}/notify", {"contact": "j.jansen"}, {"item": item_name(item)}),
        ("/drops", {"client": "acme-bv"}, {}),
    ):
        with pytest.raises(NotFound):
            program.ask(path, body, **places)


MOMENTS = (
    (files, "make_folder"), (files, "open_new"), (files, "write_whole"), (files, "sync_beneath"), (staging, "change_row"),
    (moves, "move"), (delegation, "record"), (peewee._atomic, "__exit__"),
)  # fmt: skip
"""What a whole drop does one after the other: before and behind each of them is a moment to be killed."""


@pytest.mark.slow
def test_a_whole_drop_that_is_killed_anywhere_is_nothing_or_one_and_asked_again_one(office: Records) -> None:
    program, at, left = Program(office), 0, set[str]()
    while _killed_at(program, at):
        at += 1
        staging.finish(office.office)  # as the daemon does when it starts
        inbox = office.office.inbox / "acme-bv"
        before = {path.name for path in inbox.iterdir() if not path.name.startswith(".")}
        assert len(before - left) <= 1
        first, second = program.ask_whole(f"key {at}"), program.ask_whole(f"key {at}")
        assert first == second
        assert first[0] == 202
        now = {path.name for path in inbox.iterdir() if not path.name.startswith(".")}
        (made,) = now - left
        assert sorted(path.name for path in (inbox / made).iterdir()) == ["accounts.pdf", "item.yaml"]
        assert (inbox / made / "accounts.pdf").read_bytes() == PDF
        assert StagedDrop.get_by_id(first[1]["drop"]).folder == made
        left = now
    assert at > 12
    staging.sweep(office.office, clock.utc_now() + timedelta(hours=25))
    assert len({path.name for path in inbox.iterdir()} - left) == 1, "the one that nobody killed"


def _killed_at(program: Program, moment: int) -> bool:
    """Have a whole drop asked for by a process that is killed at this moment; False: it came to its end before."""
    close_database()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            left = iter(range(moment, -1, -1))
            for place, name in MOMENTS:
                _kill_around(place, name, lambda: next(left) == 0 and os.kill(os.getpid(), signal.SIGKILL))
            go_on()
            program.ask_whole(f"key {moment + 1}")
            code = 0
        finally:
            os._exit(code)
    ended = os.waitpid(child, 0)[1]
    go_on()
    assert os.waitstatus_to_exitcode(ended) in (0, -signal.SIGKILL)
    return ended != 0


def _kill_around(place: Any, name: str, maybe: Callable[[], object]) -> None:
    real = getattr(place, name)

    def around(*given: Any, **more: Any) -> Any:
        maybe()
        try:
            return real(*given, **more)
        finally:
            maybe()

    setattr(place, name, around)


def test_two_processes_that_are_asked_the_same_do_it_once(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one was faster, between the look for its answer and the deed: that would go on now, or be refused as it is done."""
    program, item = Program(office), office.published()
    name, looked = item_name(item), tokens.answered
    for path, body, is_refused_now in (
        ("/items/{item}/notify", {"contact": "j.jansen"}, False),
        ("/items/{item}/withdraw", {"reason": "the wrong year"}, True),
    ):
        first = program.ask(path, body, item=name)
        Mail.update(state="sent").execute()
        blind = iter([None])
        monkeypatch.setattr(tokens, "answered", lambda *asked, blind=blind: next(blind, looked(*asked)))
        assert program.ask(path, body, item=name) == first
        if is_refused_now:
            with pytest.raises(Conflict):
                program.ask(path, body, "another key", item=name)
    assert mails(item) == 1


def test_what_a_key_asks_is_answered_also_where_its_use_can_not_be_written_down(office: Records) -> None:
    now = clock.utc_now()
    key = tokens.new(office.office, now, JOOST, "reader", "l.visser", ["items:read"], date(2099, 12, 31))
    read_only = "SET default_transaction_read_only = {}" if is_shared() else "PRAGMA query_only = {}"
    PROXY.execute_sql(read_only.format("ON"))
    try:
        with capture_logs() as logged:
            assert tokens.bearer(office.office, now, key) is not None
    finally:
        PROXY.execute_sql(read_only.format("OFF"))
    assert [(one["key"], one["log_level"]) for one in logged] == [("reader", "error")]
    assert [one["used_at"] for one in tokens.listing(office.office, now) if one["name"] == "reader"] == [None]
    tokens.bearer(office.office, now, key)
    assert [one["used_at"] for one in tokens.listing(office.office, now) if one["name"] == "reader"] != [None]


def test_while_the_database_is_away_that_is_told_as_a_problem(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on() -> None:
        raise OperationalError("it is away")

    request = Request(
        {"type": "http", "method": "GET", "path": "/api/v1/items", "headers": [], "query_string": b"", "client": None}
    )
    monkeypatch.setattr("desk.web.shell.gate.go_on", go_on)
    answer = Program(office).api._gate.answer(lambda _: Response(), request, {})
    assert (answer.status_code, answer.media_type) == (503, "application/problem+json")
    assert json.loads(bytes(answer.body))["detail"]


def test_while_the_vaults_disk_is_away_that_is_told_as_a_problem(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on() -> None:
        raise FileNotFoundError(errno.ENOENT, sentence("vault.away"), "vault")

    request = Request(
        {"type": "http", "method": "PUT", "path": "/api/v1/items", "headers": [], "query_string": b"", "client": None}
    )
    monkeypatch.setattr("desk.web.shell.gate.go_on", go_on)
    answer = Program(office).api._gate.answer(lambda _: Response(), request, {})
    assert (answer.status_code, answer.media_type) == (503, "application/problem+json")


def test_what_a_request_opened_serves_the_next_unless_another_file_is_there_now(office: Records) -> None:
    go_on()
    first = PROXY.connection()
    keep_for_next()
    go_on()
    if is_shared():
        assert PROXY.connection() is not first, "PostgreSQL may have been started anew"
        return
    assert PROXY.connection() is first
    path = office.office.root / "var" / "dossier.db"
    copy = path.with_name("copy.db")
    PROXY.execute_sql(f"VACUUM INTO '{copy}'")
    copy.replace(path)
    go_on()
    assert PROXY.connection() is not first
    PROXY.execute_sql("BEGIN")
    keep_for_next()
    assert PROXY.is_closed(), "nothing is left half done"
