"""No page of the desk is longer than 60 kB without its pictures, however much of everything there is: lists are paged or folded."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from kit import desk_pages
from kit.records import Records

from desk.actions import config_forms, retaining, tokens, undoing
from desk.web import server
from dossier.database.database import close_database, transaction
from dossier.database.tables import item_name
from dossier.database.web_tables import DeskSession
from dossier.office.people import Actor
from dossier.text import clock
from workflow.items import items
from workflow.items.items import File, NewItem
from workflow.items.rules import Wish, new_draft
from workflow.portal_access import staff_access

PAGE_BYTES = 60_000

LONGER = {"/items/{item}": 91_000, "/queue/{item}": 260_000}
"""Of an item with 300 attachments: its forms offer each of a hundred colleagues; and a decision is about all files, which are shown."""

CLIENTS, STAFF, KEYS, ATTACHMENTS, WAITING, MANY = 200, 100, 40, 300, 500, 250

LONG = "Maatschap Van den Bergh, Østergård & Dijkstra-Vermeulen te Epe"
"""A name as long as they are, and not all of it ASCII."""

ADMIN = Actor("e.admin", "desk")


def _config() -> Mapping[str, str]:
    contacts = ", ".join(f"{{id: c{n}, name: '{LONG} {n}', email: c{n}@firm.example}}" for n in range(10))
    one = f"  acme-bv: {{name: '{LONG} B.V.', default_approver: m.devries, contacts: [{contacts}]}}\n"
    clients = one + "".join(f"  client-{n}: {{name: '{LONG} {n}', default_approver: m.devries}}\n" for n in range(CLIENTS))
    rights = "rights: [create, share, approve"
    staff = f"  m.devries: {{name: Marieke de Vries, email: m@office.example, {rights}], language: nl}}\n"
    staff += f"  p.bakker: {{name: Petra Bakker, email: p@office.example, {rights}]}}\n" + desk_pages.ADMINS
    staff += "".join(f"  s.number{n}: {{name: '{LONG} {n}', email: s{n}@office.example, {rights}]}}\n" for n in range(STAFF))
    presets = ", ".join(f"preset-{n}: {{description: '{LONG}', folder: map-{n}}}" for n in range(20))
    fields = ", ".join(f"veld{n}: text" for n in range(20))
    types = ", ".join(f"type-{n}: {{}}" for n in range(20))
    return {
        "clients": f"clients:\n{clients}", "staff": f"staff:\n{staff}",
        "settings": f"office: {{name: '{LONG}'}}\nsharing: {{guard: off}}\npresets: {{{presets}}}\ntypes: {{full: {{fields: {{{fields}}}}}, {types}}}\n",
    }  # fmt: skip


class Desk:
    """The desk of an office in this process, and an admin who asks for its pages."""

    def __init__(self, records: Records) -> None:
        self._site = server.desk_site(records.office, {})
        self._cookie = staff_access.begin(
            records.office, clock.utc_now(), ADMIN.code, records.office.staff[ADMIN.code].email, "127.0.0.1"
        )

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """(status, body) of a page."""
        where, _, query = path.partition("?")
        body = urlencode(form or {}).encode()
        headers = {
            "host": "127.0.0.1",
            "cookie": f"dossier-desk={self._cookie}",
            "content-type": "application/x-www-form-urlencoded",
        }
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET" if form is None else "POST", "scheme": "http", "root_path": "",
            "path": where, "raw_path": quote(where).encode(), "query_string": query.encode(), "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        asyncio.run(self._site.app(scope, receive, send))
        return said[0]["status"], b"".join(one.get("body", b"") for one in said)


def _make(records: Records, count: int, files: tuple[File, ...], client: str = "acme-bv", **wish: Any) -> list[int]:
    """So many items at once."""
    made = []
    for n in range(count):
        whole = Wish(
            **{
                "description": f"{n} {desk_pages.LONG}",
                "location": f"{1900 + n}/{LONG}/{n}",
                "labels": [f"label {n}", LONG],
                **wish,
            }
        )
        draft, problems = new_draft(records.office, client, "p.bakker", whole)
        assert not problems, problems
        made.append(NewItem(draft, files, Actor("p.bakker", "command"), "test.yaml"))
    with transaction():
        return items.create_all(records.office, records.tick(), made)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, str]]]:
    records = Records(tmp_path_factory.mktemp("many") / "office", **_config())
    paper = records.file("a.pdf", "content")
    everybody = [f"s.number{n}" for n in range(3)]
    many = tuple(File(f"{n} {LONG}.pdf", paper.sha256, paper.size, paper.media_type, share=True) for n in range(ATTACHMENTS))
    [large] = _make(
        records,
        1,
        many,
        share=True,
        share_status="concept",
        approvers=[*everybody, "m.devries", "e.admin"],
        approvals="any",
        type="full",
    )
    shared = (File("a.pdf", paper.sha256, paper.size, paper.media_type, share=True),)
    concept = {"share": True, "share_status": "concept", "approvers": ["m.devries", "e.admin"], "approvals": "any"}
    _make(records, WAITING, shared, due=records.now.date() + timedelta(days=3), owner="e.admin", **concept)
    binned = _make(records, MANY, ())
    for key in binned:
        undoing.delete(records.office, records.now, ADMIN, key)
    [shown] = _make(records, 1, shared, share=True, share_status="approved", contact="c1")
    records.publish()
    for n in range(MANY):  # a long story
        records.amend(large, explanation=f"{n} {LONG}", actor=Actor("p.bakker", "command"))
    _fill_tables(records, large)
    names = _fill_inbox(records)
    close_database()
    entry = config_forms.read(records.office, ADMIN, "clients", "acme-bv")
    row = items.get(large)
    named = {
        "item": item_name(large), "concept": item_name(large), "shown": item_name(shown), "now": paper.sha256, "before": paper.sha256,
        "version": str(row.version), "was": entry.digest, **names,
    }  # fmt: skip
    yield Desk(records), named
    records.close()


def _fill_tables(records: Records, large: int) -> None:
    now, at = records.now, clock.to_text(clock.utc_now())
    for n in range(KEYS):
        tokens.new(
            records.office, now, ADMIN, f"key-of-a-program-{n}", "s.number1", tokens.SCOPES, (now + timedelta(days=900)).date()
        )
    for n in range(CLIENTS):
        retaining.hold(records.office, now, ADMIN, f"{LONG} {n}", f"client-{n}", None)
    with transaction():
        for n in range(MANY):
            DeskSession.insert(
                hash=hashlib.sha256(b"%d" % n).hexdigest(), staff=f"s.number{n % STAFF}", way="link", made_at=at, seen_at=at,
                expires_at=clock.to_text(clock.utc_now() + timedelta(days=1)), id_token=None,
            ).execute()  # fmt: skip


def _fill_inbox(records: Records) -> dict[str, str]:
    inbox = records.office.inbox
    for n in range(MANY):
        refused = inbox / "acme-bv/_rejected" / f"20261124-090000-{n} {LONG}"
        refused.mkdir(parents=True)
        (refused / f"{n}.yaml").write_text("created_by: p.bakker\ndescription: kort\n")
        (refused / "WHY.txt").write_text(f"{n}.yaml:2: {LONG}\n" * 3)
        (inbox / "acme-bv" / f"{n} {LONG}.pdf").write_bytes(b"%PDF-1.7")
        (inbox / "_unsorted").mkdir(exist_ok=True)
        (inbox / "_unsorted" / f"{n} {LONG}.txt").write_text("Brief")
        (inbox / f"{n} {LONG}").mkdir()
    (inbox / "acme-bv/alone.txt").write_text("Brief")
    (inbox / "_unsorted/scan.txt").write_text("Brief aan Bakkerij Zon")
    crowded = inbox / "acme-bv/_rejected/20261124-100000-many"
    crowded.mkdir()
    (crowded / "many.yaml").write_text("description: kort\n" + "".join(f"# {LONG} {n}\n" for n in range(MANY)))
    (crowded / "WHY.txt").write_text("".join(f"many.yaml:{n + 2}: {LONG}\n" for n in range(MANY)))
    for n in range(MANY):
        (crowded / f"{n} {LONG}.pdf").write_bytes(b"%PDF-1.7")
    return {"refused": crowded.name}


@pytest.mark.parametrize("route", sorted(desk_pages.PAGES))
@pytest.mark.slow
def test_no_page_is_longer_than_sixty_kilobytes_however_much_there_is(office: tuple[Desk, dict[str, str]], route: str) -> None:
    desk, named = office
    for path in desk_pages.PAGES[route]:
        _, body = desk.ask(path.format(**named))
        assert len(body) < LONGER.get(route, PAGE_BYTES), (path, len(body))
