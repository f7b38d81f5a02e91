"""Random staff, drops, moved files, changes and decisions, with real owners: whatever the client finds, somebody vouched for.

Each word and each byte is somebody's, and only theirs. What comes to be on the portal must have been approved by people who may and
had no part in it, or be the work of people who may share outright. Database, inbox, intake, portal are the real ones, in this
process; the model knows nothing of how they keep who made what. Changes, decisions and takings off are asked of the rooms
themselves, of the desk by its forms, and of the API.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from kit import folders
from kit.calling import Caller
from kit.ownership import needs_root
from kit.records import Records
from kit.support import LONG

from desk.actions import tokens
from desk.web.api.app import Api
from desk.web.staff.app import DeskWeb
from dossier.database.database import transaction
from dossier.database.tables import Edition, Item, item_name
from dossier.files import settling
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.trail import trail
from ingest.inbox.looking import Looker
from ingest.intake.intake import Intake
from workflow.approval import deciding
from workflow.items import amending, items
from workflow.items.amending import FileChanges
from workflow.items.rules import Wish
from workflow.portal_access import staff_access

STAFF = ("a", "b", "c", "d", "root")
"""The last is an admin, who may act for the others; the others have rights by chance."""
UIDS = {code: 30001 + number for number, code in enumerate(STAFF)} | {"nobody": 30009}
CLIENTS = ("acme-bv", "zon")
SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off, choose_attachments: all}\n"

people = st.sampled_from(STAFF)
owners = st.sampled_from((*STAFF, "nobody"))
clients = st.sampled_from(CLIENTS)
picks = st.integers(0, 5)
shares = st.sampled_from(("approved", "concept"))
behinds = st.sampled_from((None, None, None, "root"))
faces = st.sampled_from(("command", "desk", "api"))


@dataclass
class Word:
    """A description, or the bytes of a file."""

    makers: set[str]
    """Whose work it is. Who offered it, or made the item it is in, is one besides; that is known by the item."""
    approved: set[tuple[str, str]] = field(default_factory=set)
    """(client, whose approval) that was complete."""


class Rights(RuleBasedStateMachine):
    drops: Bundle[tuple[str, str]] = Bundle("drops")
    """(stem, client's folder) of a sidecar and its file, either of which may lie there, or come yet."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = folders.new_folder("rights")
        self.words: dict[str, Word] = {}
        self.number = 0

    @initialize(
        rights=st.permutations([{"share", "approve"}, {"approve"}, {"approve"}, set[str]()]),
        limited=st.permutations(["all", "all", "all", "[zon]"]),
    )
    def begin(self, rights: list[set[str]], limited: list[str]) -> None:
        self.rights = {code: {"create", *some} for code, some in zip(STAFF, rights, strict=False)} | {"root": {"admin", "create"}}
        self.clients = {code: CLIENTS if some == "all" else (some[1:-1],) for code, some in zip(STAFF, limited, strict=False)}
        self.clients["root"] = CLIENTS
        lines = [
            f'  {code}: {{name: {code}, email: {code}@office.example, os_user: "{UIDS[code]}", rights: [{", ".join(sorted(has))}],'
            f" clients: {'all' if len(self.clients[code]) == 2 else '[' + self.clients[code][0] + ']'}}}"
            for code, has in self.rights.items()
        ]
        texts = {
            "settings": SETTINGS, "staff": "staff:\n" + "\n".join(lines) + "\n",
            "clients": "clients:\n  acme-bv: {name: Acme B.V.}\n  zon: {name: Bakkerij Zon}\n",
        }  # fmt: skip
        self.records = Records(self.folder / "office", **texts)
        self.office = self.records.office
        for client in CLIENTS:
            (self.office.inbox / client).mkdir(parents=True)
        self.intake = Intake(self.office, self.records.vault)
        self.intake.recover()
        self.caller = Caller(DeskWeb(self.office, {}, Api(self.office, {}).addresses).app)
        now, root, until = clock.utc_now(), Actor("root", "command"), date(2099, 12, 31)
        self.cookies = {
            code: staff_access.begin(self.office, now, code, self.office.staff[code].email, "192.0.2.7") for code in STAFF
        }
        self.keys = {code: tokens.new(self.office, now, root, f"of-{code}", code, tokens.SCOPES, until) for code in STAFF}
        for who in (STAFF[0], STAFF[-1]):
            self.put_drop(who, "acme-bv", "concept", self.able("approve", "acme-bv", 0, who), who)

    def teardown(self) -> None:
        if hasattr(self, "intake"):
            self.intake.close()
            self.records.close()
        folders.remove(self.folder)

    # What people do

    def word(self, what: str, *makers: str) -> str:
        """A text that there is nowhere else, which these have made."""
        self.number += 1
        text = f"{what} number {self.number:04d}"
        self.words[text] = Word(set(makers))
        return text

    def put(self, owner: str, client: str, name: str, text: str) -> None:
        hidden = self.office.inbox / client / f".{name}.new"
        hidden.write_text(text)
        os.chown(hidden, UIDS[owner], -1)
        hidden.rename(hidden.with_name(name))

    def able(self, right: str, client: str, pick: int, but: str = "") -> str:
        """Somebody who may."""
        found = [code for code in STAFF[:4] if right in self.rights[code] and client in self.clients[code] and code != but]
        return found[pick % len(found)] if found else "root"

    def put_drop(self, who: str, client: str, share: str, approver: str, owner: str | None, item: str | None = None) -> str:
        """A sidecar of `who`, and its file of `owner` unless that is still to come; returns the stem."""
        stem = f"drop{self.number}"
        lines = [f"client: {client}", f"attachments: [{stem}.txt]", f"description: {self.word('A description', who)}"]
        lines += [f"item: {item}"] if item else []
        lines += ["share: yes", f"share_status: {share}"] + ([f"approver: {approver}"] if share == "concept" else [])
        self.put(who, client, f"{stem}.yaml", "\n".join(lines) + "\n")
        if owner is not None:
            self.put(owner, client, f"{stem}.txt", self.word("The bytes", owner))
        return stem

    @rule(client=clients, pick=picks, anybody=st.none() | people, owner=st.none() | owners, share=shares, item=st.none() | picks)
    def drop(self, client: str, pick: int, anybody: str | None, owner: str | None, share: str, item: int | None) -> None:
        """Of somebody who may, or of anybody, with a file of anybody's. Of `item`: a change of one that is there already."""
        who = anybody or self.able("share" if share == "approved" else "create", client, pick)
        keys = [one.id for one in Item.select().where(Item.client == client).order_by(Item.id)]
        key = keys[item % len(keys)] if item is not None and keys else None
        if key is not None and share == "approved" and self.may_share(who, client):
            self.vouch(who, key)  # for what is there already; the file that comes now is not theirs to vouch for
        amends = None if key is None else item_name(key)
        self.put_drop(who, client, share, self.able("approve", client, pick, who), owner or who, amends)

    @rule(target=drops, client=clients, pick=picks, share=shares)
    def drop_a_sidecar(self, client: str, pick: int, share: str) -> tuple[str, str]:
        """Its file is still to come."""
        who = self.able("share" if share == "approved" else "create", client, pick)
        return self.put_drop(who, client, share, self.able("approve", client, pick, who), None), client

    @rule(drop=drops, owner=owners, client=clients)
    def bring(self, drop: tuple[str, str], owner: str, client: str) -> None:
        """The file that is still to come, or one of its name for another client."""
        self.put(owner, client, f"{drop[0]}.txt", self.word("The bytes", owner))

    @rule(drop=drops, ending=st.sampled_from(("yaml", "txt")), there=clients)
    def move(self, drop: tuple[str, str], ending: str, there: str) -> None:
        """`mv` keeps the owner."""
        for client in CLIENTS:
            path = self.office.inbox / client / f"{drop[0]}.{ending}"
            if path.exists():
                path.rename(self.office.inbox / there / path.name)
                return

    def some_item(self, number: int) -> Any:
        found = list(Item.select().order_by(Item.id))
        return found[number % len(found)] if found else None

    def actor(self, who: str, behind: str | None, face: str) -> Actor:
        """Who does it, and who is behind: by command an admin who acts for another; by the API whoever made the key."""
        behind = {"command": behind, "desk": None, "api": "root"}[face]
        return Actor(who, face, behind if behind != who else None)

    def ask(self, face: str, who: str, path: str, fields: dict[str, str], method: str = "POST", **headers: str) -> bool:
        """A form of the desk, or a call of the API; True if it was done."""
        if face == "desk":
            told = self.caller.post(path, list(fields.items()), cookie=f"dossier-desk={self.cookies[who]}")
        else:
            body = json.dumps(fields).encode()
            told = self.caller.ask(method, f"/api/v1{path}", body, authorization=f"Bearer {self.keys[who]}", **headers)
        assert told.status in (200, 303, 400, 403, 404, 409, 412, 422), (path, told.everything)
        return told.status in (200, 303)

    @rule(number=picks, anybody=st.none() | people, behind=behinds, what=st.sampled_from(("text", "file", "ask")),
          share=st.none() | st.none() | shares, pick=picks, face=faces)  # fmt: skip
    def change(
        self, number: int, anybody: str | None, behind: str | None, what: str, share: str | None, pick: int, face: str
    ) -> None:
        """By whoever is to approve it, or anybody."""
        item = self.some_item(number)
        if item is None:
            return
        who = anybody or next(iter(item.approvers), "a")
        actor = self.actor(who, behind, face)
        wish: dict[str, Any] = {"description": self.word("A description", *actor.people)} if what == "text" else {}
        wish |= {"share": True, "share_status": share} if share else {}
        wish |= {"approvers": (self.able("approve", item.client, pick, who),)} if share == "concept" else {}
        name = next((row.name for row in items.attachments_of(item.id)), "new.txt")
        if face != "command":
            self.change_by(face, who, item, what, wish, name, actor.people)
            return
        put = [self.records.file(name, self.word("The bytes", *actor.people))] if what == "file" else []
        try:
            with transaction():
                done = amending.amend(self.office, self.records.tick(), actor, item.id, Wish(**wish), FileChanges(put=put))
        except Refusal:
            return
        if "share" in done:
            assert self.may_share(who, item.client)
            self.vouch(who, item.id)

    def change_by(
        self, face: str, who: str, item: Any, what: str, wish: dict[str, Any], name: str, makers: tuple[str, ...]
    ) -> None:
        """Words by the desk's form; words, files and sharing by the API."""
        path, version = f"/items/{item_name(item.id)}", items.get(item.id).version
        if face == "desk":
            if what == "text":
                self.ask(face, who, f"{path}/edit", {"description": wish["description"], "version": str(version)})
            return
        if what == "file":
            bytes_of = self.word("The bytes", *makers).encode()
            self.caller.ask("PUT", f"/api/v1{path}/attachments/{name}", bytes_of, authorization=f"Bearer {self.keys[who]}")
        fields = {key: value for key, value in wish.items() if key != "approvers"} | {"approver": list(wish.get("approvers", ()))}
        was = len(trail.history(item.id))
        version = items.get(item.id).version
        self.ask(face, who, path, {key: value for key, value in fields.items() if value}, "PATCH", if_match=f'"{version}"')
        new = trail.history(item.id)[was:]
        if any(event["action"] == "approved" and event["detail"]["outright"] for event in new):
            assert self.may_share(who, item.client)
            self.vouch(who, item.id)

    @rule(number=picks, anybody=st.none() | people, behind=behinds, decision=st.sampled_from(("approve",) * 4 + ("reject",)), face=faces)  # fmt: skip
    def decide(self, number: int, anybody: str | None, behind: str | None, decision: Any, face: str) -> None:
        found = list(Item.select().where(Item.pending.is_null(False)).order_by(Item.id))
        if not found:
            return
        item = found[number % len(found)]
        who = anybody or item.approvers[0]
        actor = self.actor(who, behind, face)
        shown = Edition.get_by_id(item.pending).shown
        if face == "command":
            try:
                with transaction():
                    after = deciding.decide(self.office, self.records.tick(), actor, item.id, decision, "because")
            except Refusal:
                return
        else:
            name, content = item_name(item.id), Edition.get_by_id(item.pending).content
            path = f"/queue/{name}" if face == "desk" else f"/items/{name}/decision"
            if not self.ask(face, who, path, {"decision": decision, "comment": "because", "content": content}):
                return
            after = items.get(item.id).share_state
        assert who == "root" or "approve" in self.rights[who], f"{who} may not approve"
        assert item.client in self.clients[who], f"{who} doesn't work for {item.client}"
        assert item.created_by not in actor.people, f"{actor.people} made the item"
        for text in self.texts_of(shown):
            word = self.words[text]
            if not any(client == item.client for client, _ in word.approved):  # else it stood, and somebody vouched for it
                assert not word.makers & set(actor.people), f"{actor.people} made {text!r}"
            if after == "approved":
                word.approved.add((item.client, who))

    @rule(number=picks, who=people, what=st.sampled_from(("withdraw", "restore")), face=faces)
    def take_off_or_put_back(self, number: int, who: str, what: str, face: str) -> None:
        item = self.some_item(number)
        if item is None:
            return
        if face != "command":
            self.ask(
                face,
                who,
                f"/items/{item_name(item.id)}/{'withdraw' if what == 'withdraw' else 'publish'}",
                {"reason": "a reason"},
            )
            return
        try:
            with transaction():
                if what == "withdraw":
                    items.withdraw(self.office, self.records.tick(), Actor(who, "command"), item.id, "a reason")
                else:
                    items.restore(self.office, self.records.tick(), Actor(who, "command"), item.id)
        except Refusal:
            return

    # What must hold

    def texts_of(self, shown: dict[str, Any]) -> list[str]:
        """The description of an edition and what its files hold."""
        files = [self.records.vault.location(one["sha256"]).read_text() for one in shown["attachments"]]
        return [shown["description"], *files]

    def vouch(self, who: str, key: int) -> None:
        """Somebody who may shares the item, as it is, outright."""
        item = items.get(key)
        for text in self.texts_of(items.shown_to_client(items.draft_of(item), items.attachments_of(key))):
            self.words[text].approved.add((item.client, who))

    def may_share(self, who: str, client: str) -> bool:
        return "share" in self.rights.get(who, ()) and client in self.clients[who]

    @invariant()
    def somebody_vouched_for_all_that_a_client_finds(self) -> None:
        if not hasattr(self, "intake"):
            return
        for client in CLIENTS:
            self.intake.take(self.records.tick(), Looker(self.office).look(client, *settling.now()).ready)
        self.records.publish()
        for client in CLIENTS:
            folder = self.office.portal / client
            index = folder / "items.json"
            for one in json.loads(index.read_text())["items"] if index.exists() else ():
                files = [(folder / one["item"] / file["name"]).read_text() for file in one["attachments"]]
                assert all(text in self.words for text in files)
                for text in (one["description"], *files):
                    word = self.words[text]
                    outright = any(self.may_share(who, client) for who in word.makers)
                    assert outright or any(where == client for where, _ in word.approved), f"nobody vouched for {text!r}: {word}"


# All its examples would share one PostgreSQL database; SQLite gives each a file of its own. To make a failure smaller takes longer
# than a test may, and then nothing of it would be told.
TestRights = pytest.mark.sampled(pytest.mark.sqlite(needs_root(Rights.TestCase)))
TestRights.settings = settings(
    max_examples=int(os.environ.get("STATE_EXAMPLES", "20" if LONG else "8")), stateful_step_count=20, deadline=None,
    suppress_health_check=list(HealthCheck), derandomize="STATE_EXAMPLES" not in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
