"""Random staff, approvers, drops, crashes and clock jumps against a small model of what may be.

The office is the real one below the daemon: database, vault, queue folder, portal. After each step all is brought to rest, and:
- on the portal is exactly what the model says was approved, and nothing else;
- the trail verifies;
- every open concept has one queue file with everybody who is asked, and no file lies there that nobody is asked about.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from kit import folders
from kit.queues import QueueOffice
from kit.support import LONG

from dossier.database.database import transaction
from dossier.database.tables import item_key
from dossier.office.people import Actor
from dossier.text.refusals import Refusal
from dossier.trail import auditing
from workflow.approval import waiting
from workflow.items import items
from workflow.portal.publishing import Publisher

STAFF = ("p.bakker", "m.devries", "k.smit", "l.visser", "j.admin")
RIGHTS = {
    "p.bakker": ["create"], "m.devries": ["create", "share", "approve"], "k.smit": ["create", "approve"],
    "l.visser": ["create", "approve"], "j.admin": ["admin"],
}  # fmt: skip
APPROVERS = ("m.devries", "k.smit", "l.visser")


@dataclass
class Concept:
    """What the model knows of an item."""

    description: str
    maker: str
    approvers: list[str]
    approvals: str
    state: str = "concept"
    changers: set[str] = field(default_factory=set)
    """Who changed it since it was approved last."""
    approved: dict[str, str] = field(default_factory=dict)
    """Who approved what waits now, and in which word."""
    public: str | None = None
    """The description that the client may see."""
    before: str | None = None
    """What they saw before it was withdrawn."""

    @property
    def needed(self) -> int:
        return {"all": len(self.approvers), "any": 1}.get(self.approvals) or min(int(self.approvals), len(self.approvers))


class Office(RuleBasedStateMachine):
    concepts: Bundle[str] = Bundle("concepts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = folders.new_folder("state")
        self.office = QueueOffice(self.folder / "office")
        self.model: dict[str, Concept] = {}
        self.gone: set[str] = set()
        self.away: set[str] = set()
        self.number = 0

    @initialize(target=concepts)
    def begin(self) -> Any:
        self.start()
        return self.add("p.bakker", ["m.devries", "k.smit"], "any")

    def teardown(self) -> None:
        self.office.close()
        folders.remove(self.folder)

    def start(self) -> None:
        self.office.restart()
        self.portal = Publisher(self.office.office, self.office.vault)
        self.portal.prepare()

    # What people do

    @rule(
        target=concepts, maker=st.sampled_from(("p.bakker", "k.smit", "l.visser")), data=st.data(),
        approvals=st.sampled_from(("all", "any", "2")),
    )  # fmt: skip
    def offer(self, maker: str, data: Any, approvals: str) -> Any:
        able = [code for code in APPROVERS if code != maker and code not in self.gone]
        if maker in self.gone or not able:
            return multiple()
        chosen = data.draw(st.lists(st.sampled_from(able), min_size=1, max_size=3, unique=True))
        return self.add(maker, chosen, approvals)

    def add(self, maker: str, approvers: list[str], approvals: str) -> str:
        self.number += 1
        text = f"Description number {self.number}"
        item = self.office.concept(text, approvers=approvers, approvals=approvals, maker=maker)
        self.model[item] = Concept(text, maker, approvers, approvals)
        return item

    def may_decide(self, item: str, who: str) -> bool:
        """Whether `who` may: not by who is asked (that is for the office to know), but by what must never happen."""
        one = self.model[item]
        barred = who in self.gone or who in {one.maker, *one.changers} or who in one.approved
        return one.state == "concept" and not barred and (who == "j.admin" or "approve" in RIGHTS[who])

    @rule(
        item=concepts, pick=st.integers(0, 5), other=st.sampled_from((None, None, None, *STAFF[:3])),
        word=st.sampled_from(("approve", "approve", "reject")), by_file=st.booleans(),
    )  # fmt: skip
    def decide(self, item: str, pick: int, other: str | None, word: str, by_file: bool) -> None:
        """Somebody who is asked decides, or anybody."""
        found = waiting.Seating(self.office.office, self.office.now.date()).askings([item_key(item)])
        asked = [person for asking in found for person in asking.people]
        who = other or (sorted(asked)[pick % len(asked)] if asked else "m.devries")
        if by_file:
            if self.office.path(item, who).exists():
                self.office.type(item, word, "because", approver=who)
                self.office.round()
                self.decided(item, who, word, who in asked)
            return
        try:
            self.office.decide(item, who, word, "because")
        except Refusal:
            assert who not in asked
        else:
            self.decided(item, who, word, who in asked)

    def decided(self, item: str, who: str, word: str, was_asked: bool) -> None:
        one = self.model[item]
        assert was_asked, f"{who} decided on {item}, and was not asked"
        assert self.may_decide(item, who), f"{who} may not decide on {item}"
        if word == "reject":
            one.state, one.approved = "returned", {}
            return
        one.approved[who] = word
        if len(one.approved) >= one.needed:
            one.state, one.public, one.approved, one.changers = "published", one.description, {}, set()

    @rule(item=concepts, who=st.sampled_from(STAFF), what=st.sampled_from(("amend", "amend", "withdraw", "restore")))
    def change(self, item: str, who: str, what: str) -> None:
        {"amend": self.amend, "withdraw": self.withdraw, "restore": self.restore}[what](item, who)

    def amend(self, item: str, who: str) -> None:
        one = self.model[item]
        self.number += 1
        text = f"Description number {self.number}"
        try:
            self.office.amend(item, by=who, description=text)
        except Refusal:
            return  # who has left, may not create, or would be the last who could approve
        assert who not in self.gone
        one.description = text
        one.changers.add(who)
        if one.state == "published" and who == "m.devries":  # may share outright
            one.public, one.changers = text, set()
        elif one.state in ("concept", "returned", "published"):
            one.state, one.approved = "concept", {}

    def withdraw(self, item: str, who: str) -> None:
        one = self.model[item]
        try:
            self.office.withdraw(item, who)
        except Refusal:
            return
        assert who not in self.gone
        one.before, one.public, one.state, one.approved = one.public or one.before, None, "withdrawn", {}

    def restore(self, item: str, who: str) -> None:
        one = self.model[item]
        try:
            with transaction():
                items.restore(self.office.office, self.office.now, Actor(who, "command"), item_key(item))
        except Refusal:
            return
        assert who in ("m.devries", "j.admin")
        assert one.before is not None
        one.public, one.state = one.before, "published"

    # What becomes of people, files, time and machines

    @rule(what=st.sampled_from(("leave or return", "away or back", "crash", "clock")), who=st.sampled_from(APPROVERS),
          hours=st.sampled_from((-30, 1, 30, 9_000)))  # fmt: skip
    def happen(self, what: str, who: str, hours: int) -> None:
        if what == "crash":
            self.start()
        elif what == "clock":
            self.office.later(hours=hours)
        else:
            changed = self.gone if what == "leave or return" else self.away
            changed ^= {who}
            self.configure()

    def configure(self) -> None:
        substitute = {"m.devries": "k.smit", "k.smit": "l.visser"}
        lines = []
        for code in STAFF:
            more = f", substitute: {substitute[code]}" if code in substitute else ""
            more += ", active: no" if code in self.gone else ""
            more += ", away: {from: 2026-01-01, until: 2027-12-31}" if code in self.away else ""
            lines.append(f"  {code}: {{name: {code}, email: {code}@office.example, rights: [{', '.join(RIGHTS[code])}]{more}}}")
        self.office.configure(staff="staff:\n" + "\n".join(lines) + "\n")
        self.portal.office = self.office.office

    @rule(item=concepts, who=st.sampled_from(STAFF), how=st.sampled_from(("damage", "delete", "copy")))
    def spoil(self, item: str, who: str, how: str) -> None:
        path = self.office.path(item, who)
        if not path.exists():
            return
        if how == "delete":
            path.unlink()
            self.start()  # so that nobody waits for an editor
        elif how == "damage":
            path.write_bytes(path.read_bytes().replace(b"decision:", b'decision: "approve', 2))
        else:
            copy = self.office.path(item, "p.bakker")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text().replace("\ndecision:", "\ndecision: approve", 1))
            self.office.round()
            copy.unlink()

    # What must hold

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        for _ in range(3):
            self.office.round()
            while self.portal.has_work(self.office.now) and self.portal.round(self.office.now):
                pass
            self.office.later(seconds=1)
        index = self.folder / "office" / "var" / "portal" / "acme-bv" / "items.json"
        there = {one["item"]: one["description"] for one in json.loads(index.read_text())["items"]} if index.exists() else {}
        assert there == {item: one.public for item, one in self.model.items() if one.public is not None}
        assert auditing.first_fault() is None
        asked = {asking.concept.item: set(asking.people) for asking in self.seating().askings(waiting.versions())}
        for item, one in self.model.items():
            state = self.office.state(item)
            assert state == one.state
            folders = {path.parent.name for path in self.office.queue.glob(f"*/{item}.yaml")}
            assert folders == (asked.pop(item_key(item)) if state == "concept" else set())
            assert state != "concept" or folders or "j.admin" in {one.maker, *one.changers}, "nothing is stuck"
        assert not asked

    def seating(self) -> waiting.Seating:
        return waiting.Seating(self.office.office, self.office.now.date())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    from workflow.queue import approver_folder

    monkeypatch.setattr(approver_folder, "DELETED_SECONDS", 0.0)


TestOffice = pytest.mark.sampled(Office.TestCase)
EXAMPLES = int(os.environ.get("STATE_EXAMPLES", "20" if LONG else "3"))
"""The same ones each time; `make races` plays more, and other ones."""

TestOffice.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
    derandomize="STATE_EXAMPLES" not in os.environ,
)  # fmt: skip
