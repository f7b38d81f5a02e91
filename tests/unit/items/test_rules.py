"""What an item may become, and that each thing that is wrong is told once. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dossier.office.keys import Client, Contact, Settings, Staff
from dossier.office.office import Office
from dossier.text.refusals import Problem
from dossier.text.sentences import Sentence
from workflow.items import rules
from workflow.items.rules import Draft, Wish

PEOPLE = {
    "p.bakker": {"rights": ["create"], "clients": ["acme-bv", "bare", "gone", "closed-off"]},
    "m.devries": {"rights": ["create", "share", "approve"]}, "k.smit": {"rights": ["create", "approve"]},
    "h.gone": {"rights": ["create", "share"], "active": False}, "j.admin": {"rights": ["admin"]},
}  # fmt: skip
JAN = Contact(id="j.jansen", name="Jan", email="jan@acme.example")
OLD = Contact(id="o.old", name="Old", email="old@acme.example", active=False)
CLIENTS = {
    "acme-bv": Client(name="Acme", default_approver="m.devries", contacts=[JAN, OLD]), "bare": Client(name="Bare"),
    "gone": Client(name="Gone", active=False), "closed-off": Client(name="Closed", portal=False),
}  # fmt: skip
TYPES = {
    "wwft": {"share": "never", "staff": ["m.devries"]}, "advice": {"share": "approval", "required": ["matter", "contact"],
    "fields": {"matter": "text", "due": "date"}, "labels": ["tax"]},
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Office:
    staff = {code: Staff(name=code, email=f"{code}@x.example", **more) for code, more in PEOPLE.items()}  # type: ignore[arg-type]
    return Office(tmp_path, Settings(types=TYPES), CLIENTS, staff)  # type: ignore[arg-type]


def codes(problems: list[Problem]) -> list[tuple[str, str]]:
    """(key, code) of each, without the part before the dot."""
    return [
        (problem.key, problem.message.code.partition(".")[2]) for problem in problems if isinstance(problem.message, Sentence)
    ]


SHARED = {"share": True, "share_status": "approved"}


@pytest.mark.parametrize(
    ("maker", "client", "wish", "told"),
    [
        ("p.bakker", "acme-bv", {}, []),
        ("p.bakker", "acme-bv", {"share": True}, []),
        ("m.devries", "bare", SHARED, []),
        # One fault each
        ("p.bakker", "nowhere", {"share": True, "contact": "x", "notify": True, "approvers": ("k.smit",)}, [("", "no_such_client")]),
        ("p.bakker", "gone", {}, [("", "client_not_active")]),
        ("p.bakker", "acme-bv", {"share": True, "notify": True, "contact": "nobody"}, [("contact", "no_such_contact")]),
        ("p.bakker", "bare", {"notify": True, "contact": "x", "share": True, "approvers": ("k.smit",)}, [("contact", "no_contacts")]),
        ("p.bakker", "acme-bv", {"share": True, "notify": True, "contact": "OLD@acme.example"}, [("contact", "contact_not_active")]),
        ("p.bakker", "acme-bv", {"share": True, "notify": True}, [("contact", "notify_whom")]),
        ("p.bakker", "acme-bv", {"notify": True}, [("notify", "notify_of_nothing")]),
        ("h.gone", "acme-bv", SHARED, [("created_by", "has_left")]),
        ("nobody", "acme-bv", SHARED, [("created_by", "no_such_staff")]),
        ("p.bakker", "acme-bv", SHARED, [("share_status", "or_a_concept")]),
        ("p.bakker", "closed-off", {**SHARED, "notify": False}, [("share", "no_portal")]),
        ("p.bakker", "closed-off", {"share": True}, [("share", "no_portal")]),
        ("p.bakker", "bare", {"share": True}, [("share_status", "say_share_status")]),
        ("p.bakker", "bare", {"share": True, "share_status": "concept"}, [("approver", "concept_needs_approver")]),
        ("p.bakker", "acme-bv", {"share": True, "approvers": ("p.bakker",)}, [("approver", "another_approver")]),
        ("p.bakker", "acme-bv", {"share": True, "approvals": "2"}, [("approvals", "too_many_approvals")]),
        ("p.bakker", "acme-bv", {"type": "wwft", **SHARED}, [("type", "other_type")]),
        ("m.devries", "acme-bv", {"type": "wwft", **SHARED}, [("share", "never_shared")]),
        ("p.bakker", "acme-bv", {"type": "advice"}, [("matter", "type_needs"), ("contact", "type_needs")]),
        ("p.bakker", "acme-bv", {"type": "advice", "contact": "x", "fields": {"matter": "m"}}, [("contact", "no_such_contact")]),
        (
            "p.bakker", "acme-bv", {"type": "advice", "contact": "j.jansen", "fields": {"matter": "m", "due": "soon", "odd": "x"}},
            [("due", "does_not_fit"), ("odd", "no_such_field")],
        ),
        ("p.bakker", "acme-bv", {"fields": {"matter": "m"}}, [("matter", "field_without_type")]),
        # Two that do not follow from each other
        (
            "m.devries", "acme-bv", {"type": "advice", "contact": "j.jansen", "fields": {"matter": "m"}, "labels": ("x",), **SHARED},
            [("labels", "no_label"), ("share_status", "needs_approval")],
        ),
    ],
)  # fmt: skip
def test_each_fault_of_a_new_item_is_told_once(
    office: Office, maker: str, client: str, wish: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    _, problems = rules.new_draft(office, client, maker, Wish(**{"description": "Annual accounts", **wish}))
    assert codes(problems) == told


def test_an_address_of_somebody_who_left_and_of_whoever_came_after_them_is_that_of_the_second(office: Office) -> None:
    contacts = [
        Contact(id="o.old", name="Old", email="Info@acme.example", active=False),
        Contact(id="n.new", name="New", email="info@acme.example"),
    ]
    acme = office.clients["acme-bv"].model_copy(update={"contacts": contacts})
    other = Office(office.root, office.settings, {**office.clients, "acme-bv": acme}, office.staff)
    draft, problems = rules.new_draft(
        other, "acme-bv", "p.bakker", Wish(description="Annual accounts", contact="INFO@acme.example")
    )
    assert (draft.contact, codes(problems)) == ("n.new", [])
    _, problems = rules.new_draft(other, "acme-bv", "p.bakker", Wish(description="Annual accounts", contact="o.old"))
    assert codes(problems) == [("contact", "contact_not_active")]


def test_somebody_who_does_not_work_for_the_client_is_told_so_once(office: Office) -> None:
    staff = {**office.staff, "l.visser": Staff(name="L", email="l@x.example", rights=["create", "share"], clients=["bare"])}
    elsewhere = Office(office.root, office.settings, office.clients, staff)
    _, problems = rules.new_draft(elsewhere, "acme-bv", "l.visser", Wish(description="Annual accounts", **SHARED))  # type: ignore[arg-type]
    assert codes(problems) == [("created_by", "other_clients")]


OWN = Draft(client="acme-bv", description="Annual accounts", status="new")


@pytest.mark.parametrize(
    ("current", "actor", "wish", "told"),
    [
        ({}, "p.bakker", {"labels": ("x",)}, []),
        ({"client": "gone"}, "p.bakker", {"labels": ("x",)}, [("", "client_not_active")]),
        ({"status": "closed"}, "p.bakker", {"status": "new"}, [("", "closed")]),
        ({"status": "closed"}, "j.admin", {"labels": ("x",)}, [("", "closed")]),
        ({"status": "closed"}, "j.admin", {"status": "new"}, []),
        ({"type": "wwft"}, "m.devries", {"type": "advice"}, [("type", "stays_of_type")]),
        ({"type": "advice"}, "p.bakker", {"labels": ("tax",)}, []),  # what an older item lacks is not asked for
        ({}, "p.bakker", {"type": "advice", "fields": {"matter": "m"}, "contact": "x"}, [("contact", "no_such_contact")]),
        ({"client": "closed-off"}, "p.bakker", {"share": True}, [("share", "no_portal")]),
    ],
)
def test_each_fault_of_a_change_is_told_once(
    office: Office, current: dict[str, Any], actor: str, wish: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    _, problems = rules.amended_draft(office, Draft(**{**vars_of(OWN), **current}), actor, Wish(**wish))
    assert codes(problems) == told


def vars_of(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


def test_only_taking_it_off_asks_neither_the_right_to_make_items_nor_an_open_one(office: Office) -> None:
    shared = Draft(**{**vars_of(OWN), "client": "gone", "status": "closed", "share": True, "notify": True, "contact": "j.jansen"})
    draft, problems = rules.amended_draft(office, shared, "k.smit", Wish(share=False), only_taken_off=True)
    assert (draft.share, draft.share_status, draft.notify, codes(problems)) == (False, None, False, [])


def test_of_many_attachments_that_nobody_said_anything_of_the_first_are_named(office: Office) -> None:
    [problem] = rules.attachment_problems(office, Draft(**{**vars_of(OWN), "share": True}), dict.fromkeys("abcdefg"))
    assert str(problem.message).startswith("say which attachments are shared: `a`, `b`, `c`, `d`, `e` and 2 more;")
    assert rules.attachment_problems(office, OWN, {"a": None}) == []
