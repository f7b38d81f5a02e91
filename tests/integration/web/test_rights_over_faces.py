"""Random staff, random pages, forms and calls of the API: nothing of a client, item or type that they may not see is in any byte of any answer.

Every text in the office (descriptions, labels, file names, what files hold, comments, drops that were
refused) has a word in it that is nowhere else, and the model knows whose it is. Which addresses there
are is asked of the application itself, so a new page is looked at without anybody thinking of it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from kit import folders
from kit.calling import Caller, Told
from kit.records import Records
from kit.support import LONG
from starlette.routing import Route

from desk.actions import tokens, undoing, withdrawing
from desk.web.api.app import BASE, Api
from desk.web.api.routes import ROUTES
from desk.web.staff.app import DeskWeb
from dossier.database.tables import Edition, Event, Item, item_name
from dossier.files import settling
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.trail import trail
from ingest.inbox.looking import Looker
from ingest.intake.intake import Intake
from ingest.sources import staging
from workflow.items import items
from workflow.portal_access import staff_access

STAFF = ("anna", "bert", "cor", "dora", "root")
CLIENTS = ("acme-bv", "zon", "kwartel")
SECRET = re.compile(r"zq\d{5}")
SETTINGS = """\
watch: {settle_seconds: 0, folder_settle_seconds: 0}
sharing: {guard: off, choose_attachments: all}
types:
  salary: {staff: [anna, dora]}
  note: {}
"""
PORT_OF_CALL = "http://desk.example"

SEARCHES = (
    "", "?q={word}", "?q={word}&client={client}", "?page=2", "?after=0", "?version=1", "?for=new&q={word}", "?since=2020-01-01",
    "?label={word}", "?location=2025", "?type=salary", "?content={content}&page=1", "?content={content}&beside={content}", "?all=yes",
)  # fmt: skip

people = st.sampled_from(STAFF)
picks = st.integers(0, 30)


@dataclass(frozen=True)
class Whose:
    """What a word belongs to."""

    client: str
    kind: str | None = None


class Faces(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = folders.new_folder("faces")
        self.secrets: dict[str, Whose] = {}
        self.drops: list[str] = []

    def word(self, client: str, kind: str | None = None) -> str:
        made = f"zq{len(self.secrets):05d}"
        self.secrets[made] = Whose(client, kind)
        return made

    @initialize(limited=st.permutations([("acme-bv",), ("zon", "kwartel"), CLIENTS, CLIENTS]))
    def begin(self, limited: list[tuple[str, ...]]) -> None:
        self.clients = dict(zip(STAFF, limited, strict=False)) | {"root": CLIENTS}
        limits = {code: "all" if code == "root" else f"[{', '.join(some)}]" for code, some in self.clients.items()}
        lines = [
            f"  {code}: {{name: {code.title()}, email: {code}@office.example, clients: {limits[code]},"
            f" rights: [{'admin, ' if code == 'root' else ''}create, share, approve]}}"
            for code in STAFF
        ]
        names = {code: self.word(code) for code in CLIENTS}
        clients = [
            f'  {code}: {{name: {names[code]} B.V., default_approver: root, identifiers: ["KvK {self.word(code)}"],'
            f" contacts: [{{id: c{self.word(code)}, name: {self.word(code)}, email: {self.word(code)}@mail.example}}]}}"
            for code in CLIENTS
        ]
        texts = {
            "settings": f"{SETTINGS}desk: {{base_url: '{PORT_OF_CALL}'}}\n", "staff": "staff:\n" + "\n".join(lines) + "\n",
            "clients": "clients:\n" + "\n".join(clients) + "\n",
        }  # fmt: skip
        self.records = Records(self.folder / "office", **texts)
        self.office = self.records.office
        for client in CLIENTS:
            (self.office.inbox / client).mkdir(parents=True)
        self.intake = Intake(self.office, self.records.vault)
        self.intake.recover()
        api = Api(self.office, {})
        web = DeskWeb(self.office, {}, api.addresses)
        self.caller = Caller(web.app)
        self.routes = [
            route for route in web.app.routes if isinstance(route, Route) and not route.path.startswith(("/_log", "/_static"))
        ]
        self.routes += [Route(f"{BASE}{one.path}", self.caller.app, methods=[one.method]) for one in ROUTES]
        now = clock.utc_now()
        self.cookies = {
            code: staff_access.begin(self.office, now, code, self.office.staff[code].email, "192.0.2.7") for code in STAFF
        }
        self.keys = {
            code: tokens.new(self.office, now, Actor("root", "command"), f"k-{code}", code, tokens.SCOPES, date(2099, 12, 31))
            for code in STAFF
        }
        for client in CLIENTS:
            for kind in (None, "salary"):
                self.make("root", client, kind, True, 0)
                self.refuse(client, kind)
                self.leave(client, kind)
        self.drops += [staging.begin(self.office, now, Actor(code, "desk"), self.clients[code][0]).id for code in STAFF]

    def teardown(self) -> None:
        if hasattr(self, "intake"):
            self.intake.close()
            self.records.close()
        folders.remove(self.folder)

    # What there is in the office

    @rule(
        who=people,
        client=st.sampled_from(CLIENTS),
        kind=st.sampled_from((None, "note", "salary")),
        is_shared=st.booleans(),
        pick=picks,
    )
    def make(self, who: str, client: str, kind: str | None, is_shared: bool, pick: int) -> None:
        """With a word in whatever can hold one; some of them as concepts for somebody who may approve them."""
        able = [code for code in STAFF if self.may(code, Whose(client, kind)) and code != who]
        if not able or not self.may(who, Whose(client, kind)):
            return
        word = lambda: self.word(client, kind)  # noqa: E731 - each a new one
        name = word()
        file = self.records.file(f"{name}.txt", f"the content is {word()}")
        wish: dict[str, Any] = (
            {"share": True, "share_status": "concept", "approvers": (able[pick % len(able)],)} if is_shared else {}
        )
        wish |= {"type": kind} if kind else {}
        self.records.make(
            Actor(who, "command"), client, [file], description=f"About {word()}", explanation=f"Because {word()}", labels=(word(),),
            location=f"2025/{word()}", **wish,
        )  # fmt: skip

    @rule(client=st.sampled_from(CLIENTS), kind=st.sampled_from((None, "salary")))
    def refuse(self, client: str, kind: str | None = None) -> None:
        """A drop that can't be taken."""
        stem = self.word(client, kind)
        folder = self.office.inbox / client
        (folder / f"{stem}.txt").write_text(f"the content is {self.word(client, kind)}")
        (folder / f"{stem}.yaml").write_text(
            f"attachments: [{stem}.txt]\ndescription: About {self.word(client, kind)}\nstatus: {self.word(client, kind)}\n"
            + (f"type: {kind}\n" if kind else "")
        )
        self.intake.take(self.records.tick(), Looker(self.office).look(client, *settling.now()).ready)

    @rule(client=st.sampled_from(CLIENTS), kind=st.sampled_from((None, "salary")))
    def leave(self, client: str, kind: str | None = None) -> None:
        """Something that waits in the inbox, for a file that is never coming."""
        word = self.word(client, kind)
        (self.office.inbox / client / f"{word}.yaml").write_text(
            f"attachments: [{self.word(client, kind)}.pdf]\ndescription: About {self.word(client, kind)}\n"
            + (f"type: {kind}\n" if kind else "")
        )

    @rule(pick=picks, verdict=st.sampled_from(("approve", "reject")), who=st.sampled_from(("dora", "root")))
    def decide(self, pick: int, verdict: Any, who: str) -> None:
        item = self.some(pick, Item.pending.is_null(False))
        if item is not None:
            try:
                self.records.decide(item.id, verdict, Actor(who, "command"), f"For {self.word(item.client, item.type)}")
            except Refusal:
                return
            self.records.publish()

    @rule(pick=picks, to=st.sampled_from(CLIENTS), what=st.sampled_from(("withdraw", "delete", "move")))
    def undo(self, pick: int, to: str, what: str) -> None:
        """What is moved is of the other client from then on, and so is all that it says."""
        item = self.some(pick)
        if item is None:
            return
        root = Actor("root", "command")
        try:
            if what == "withdraw":
                withdrawing.withdraw(self.office, self.records.tick(), root, item.id, f"For {self.word(item.client, item.type)}")
            elif what == "delete":
                undoing.delete(self.office, self.records.tick(), root, item.id)
            elif item.client != to:
                own = set(SECRET.findall(self.all_of(item)))
                undoing.move(self.office, self.records.tick(), root, item.id, to)
                self.secrets |= dict.fromkeys(own, Whose(to, item.type))
        except Refusal:
            return

    def all_of(self, item: Any) -> str:
        rows = items.attachments_of(item.id)
        files = [self.records.vault.location(row.sha256).read_text() for row in rows]
        events = [json.dumps(event["detail"]) for event in trail.history(item.id)]
        return "\n".join(
            [
                item.description,
                item.explanation or "",
                *item.labels,
                item.location or "",
                *(row.name for row in rows),
                *files,
                *events,
            ]
        )

    def some(self, pick: int, *where: Any) -> Any:
        found = list(Item.select().where(*where).order_by(Item.id)) if where else list(Item.select().order_by(Item.id))
        return found[pick % len(found)] if found else None

    # Who asks for what

    def may(self, who: str, whose: Whose) -> bool:
        return whose.client in self.clients[who] and (whose.kind != "salary" or who in ("anna", "dora", "root"))

    def filled(self, path: str, pick: int, item: Any) -> str:
        """The address with something that there is in each place of it."""
        refused = [
            (client, one.name) for client in CLIENTS for one in sorted((self.office.inbox / client / "_rejected").iterdir())
        ]
        client, folder = refused[pick % len(refused)] if refused else (item.client, "none")
        rows = items.attachments_of(item.id)
        values = {
            "item": item_name(item.id), "name": rows[0].name if rows else "none.txt", "client": client if "folder" in path else item.client,
            "folder": folder, "drop": self.drops[pick % len(self.drops)], "which": ("clients", "staff", "settings")[pick % 3],
            "number": str(pick), "anything": "nothing", "kind": ("clients", "staff", "presets", "types")[pick % 4],
            "code": (*CLIENTS, *STAFF, "salary")[pick % 9],
        }  # fmt: skip
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: quote(values.get(found[1], "1"), safe=""), path)

    @rule(who=people, pick=picks, search=st.sampled_from(SEARCHES))
    def look(self, who: str, pick: int, search: str) -> None:
        """At every address, with an item, a file, a client, a drop in it, and some search."""
        item = self.some(pick)
        word = list(self.secrets)[pick * 7 % len(self.secrets)]
        content = next((row.sha256 for row in items.attachments_of(item.id)), "none")
        for route in self.routes:
            if "GET" in (route.methods or ()):
                path = self.filled(route.path, pick, item) + search.format(word=word, client=item.client, content=content)
                self.judge(who, path, self.ask(who, "GET", path))

    @rule(who=people, pick=picks, text=st.sampled_from(("approve", "remove", "a reason", "", "42")))
    def send(self, who: str, pick: int, text: str) -> None:
        """Every form and every call, with fields that mean something: of what they may not see, nothing changes."""
        for route in self.routes:
            for method in sorted(set(route.methods or ()) - {"GET", "HEAD"}):
                if route.path != "/api/v1/{anything:path}":
                    self.send_one(who, method, route.path, pick, text)

    def send_one(self, who: str, method: str, address: str, pick: int, text: str) -> None:
        item = self.some(pick)
        path = self.filled(address, pick, item)
        edition = Edition.get_or_none(Edition.id == item.pending) if item.pending else None
        row = next(iter(items.attachments_of(item.id)), None)
        fields = {
            "decision": "approve" if text == "approve" else "reject", "comment": text, "content": edition.content if edition else text,
            "description": "Of nobody", "version": str(item.version), "reason": text, "what": text, "file": row.name if row else text,
            "name": "other.txt", "client": item.client, "text": "clients: {}\n", "save": "1", "sidecar": "description: Of nobody\ntype: salary\n",
        }  # fmt: skip
        # What is given back stays what not all may know of: else whoever gives it back says otherwise.
        is_theirs = self.may(who, Whose(item.client, item.type))
        for call in ROUTES:
            if (f"{BASE}{call.path}", call.method) == (address, method) and call.streamed is None:
                fields = {key: value for key, value in fields.items() if key in (call.body or {}).get("properties", ())}
        before, config = self.state_of(item), self.config()
        told = self.ask(who, method, path, fields, f'"{item.version}"' if "{item}" in address else "*")
        self.judge(who, path + " ".join(fields.values()), told)
        if not is_theirs:
            assert self.state_of(item) == before, path
            assert "{item}" not in address or told.status == 404, (path, told.status)
        if who != "root":
            assert self.config() == config, path

    def config(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.office.root / "config").iterdir())]

    def state_of(self, item: Any) -> object:
        now = Item.get_by_id(item.id)
        return now.version, now.share_state, now.status, now.description, Event.select().where(Event.item == item.id).count()

    def ask(self, who: str, method: str, path: str, fields: dict[str, str] | None = None, version: str = "") -> Told:
        """`version`: of the item, for a call of the API that changes it."""
        if path.startswith("/api/"):
            headers = {"authorization": f"Bearer {self.keys[who]}", **({"if_match": version} if version else {})}
            return self.caller.ask(method, path, json.dumps(fields).encode() if fields else b"", **headers)
        cookie = f"dossier-desk={self.cookies[who]}"
        if fields is None:
            return self.caller.ask(method, path, cookie=cookie)
        if method != "POST":
            return self.caller.ask(method, path, b"a body", cookie=cookie)
        return self.caller.post(path, list(fields.items()), cookie=cookie)

    def judge(self, who: str, asked: str, told: Told) -> None:
        """Nothing that they may not see, but what they said themselves. No trouble either."""
        assert told.status < 500, (asked, told.everything)
        sent = set(SECRET.findall(unquote(asked)))
        for word in set(SECRET.findall(told.everything)) - sent:
            assert self.may(who, self.secrets[word]), f"{who} is told {word} of {self.secrets[word]} by {asked}"
        codes = {code for code in CLIENTS if code not in self.clients[who] and re.search(rf"\b{code}\b", told.everything)}
        assert not codes - {code for code in CLIENTS if code in unquote(asked)}, f"{who} is told of {codes} by {asked}"


# All its examples would share one PostgreSQL database; SQLite gives each a file of its own. To make a failure smaller takes longer
# than a test may, and then nothing of it would be told.
TestFaces = pytest.mark.sampled(pytest.mark.sqlite(Faces.TestCase))
TestFaces.settings = settings(
    max_examples=int(os.environ.get("STATE_EXAMPLES", "5" if LONG else "2")), stateful_step_count=12, deadline=None,
    suppress_health_check=list(HealthCheck), derandomize="STATE_EXAMPLES" not in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
