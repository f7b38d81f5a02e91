"""Who is asked about a concept on one day, given what was decided so far. Pure."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dossier.office.keys import Client, Settings, Staff
from dossier.office.office import Office
from workflow.approval import deciding
from workflow.approval.waiting import Asking, Concept, Decided, Seating

TODAY = date(2026, 11, 24)


def seating(tmp_path: Path, **more: Any) -> Seating:
    staff = {
        code: Staff(name=code, email=f"{code}@x.example", rights=rights)
        for code, rights in {"p.bakker": ["create"], "k.smit": ["approve"], "l.visser": ["approve"], "m.devries": ["approve"],
                             "j.admin": ["admin"]}.items()
    }  # fmt: skip
    staff["k.smit"] = staff["k.smit"].model_copy(update=more)
    clients = {"acme-bv": Client(name="Acme", default_approver="m.devries")}
    return Seating(Office(tmp_path, Settings(), clients, staff), TODAY)


def concept(*approvers: str, approvals: str = "all", makers: tuple[str, ...] = ("p.bakker",)) -> Concept:
    return Concept(1, 1, "acme-bv", None, list(approvers), approvals, 10_001, list(makers), "")


def asked(asking: Asking) -> dict[str, tuple[str, ...]]:
    return {seat.approver: seat.people for seat in asking.seats}


def test_each_approver_has_a_seat_until_it_is_filled(tmp_path: Path) -> None:
    both = seating(tmp_path)
    assert asked(both.asking(concept("k.smit", "l.visser"))) == {"k.smit": ("k.smit",), "l.visser": ("l.visser",)}
    assert asked(both.asking(concept("k.smit", "l.visser"), [Decided("k.smit", "k.smit")])) == {"l.visser": ("l.visser",)}


def test_who_filled_anothers_seat_or_was_behind_that_does_not_fill_their_own(tmp_path: Path) -> None:
    both = seating(tmp_path)
    for done in (Decided("k.smit", "l.visser"), Decided("k.smit", "k.smit", behind="l.visser")):
        assert asked(both.asking(concept("k.smit", "l.visser"), [done])) == {"l.visser": ("m.devries",)}


def test_a_maker_is_not_asked_and_the_default_approver_is(tmp_path: Path) -> None:
    one = seating(tmp_path).asking(concept("k.smit", makers=("p.bakker", "k.smit")))
    assert asked(one) == {"k.smit": ("m.devries",)}
    [seat] = one.seats
    assert "four eyes" in str(seat.reason)


def test_a_maker_who_is_named_by_account_is_not_asked_either(tmp_path: Path) -> None:
    found = seating(tmp_path, os_user="ksmit")
    assert asked(found.asking(concept("k.smit", makers=("p.bakker", "os:ksmit")))) == {"k.smit": ("m.devries",)}
    assert asked(found.asking(concept("k.smit", makers=("p.bakker", "os:smb")))) == {"k.smit": ("k.smit",)}


def test_ones_own_seat_goes_before_anothers(tmp_path: Path) -> None:
    away = {"substitute": "l.visser", "away": {"from": "2026-11-20", "until": "2026-11-30"}}
    staff_away = Staff(name="k", email="k@x.example", rights=["approve"], **away)  # type: ignore[arg-type]
    found = seating(tmp_path, substitute="l.visser", away=staff_away.away).asking(concept("k.smit", "l.visser"))
    seat, other = found.seat_of("l.visser"), found.seat_of("k.smit")
    assert seat is not None
    assert other is not None
    assert (seat.approver, other.approver, found.seat_of("p.bakker")) == ("l.visser", "k.smit", None)


@pytest.mark.parametrize(
    ("approvers", "approvals", "needed"),
    [([], "all", 1), (["a"], "all", 1), (["a", "b"], "all", 2), (["a", "b", "b"], "all", 2), (["a", "b"], "any", 1), (["a", "b"], "9", 2)],
)  # fmt: skip
def test_so_many_approvals_are_needed(approvers: list[str], approvals: str, needed: int) -> None:
    assert deciding.needed(approvers, approvals) == needed


def test_of_concepts_that_are_alike_who_is_asked_is_found_once_and_each_clients_own_staff_is_asked(tmp_path: Path) -> None:
    found = seating(tmp_path, clients=["acme-bv"])
    found.office.clients["zon"] = Client(name="Zon", default_approver="m.devries")
    found.office.clients["own"] = Client(name="Own", default_approver="l.visser")

    def of(client: str, approver: str) -> Asking:
        return found.asking(concept(approver)._replace(client=client))

    assert of("zon", "l.visser").seats is of("acme-bv", "l.visser").seats
    assert asked(of("acme-bv", "k.smit")) == {"k.smit": ("k.smit",)}
    assert asked(of("zon", "k.smit")) == {"k.smit": ("m.devries",)}
    assert asked(of("own", "k.smit")) == {"k.smit": ("l.visser",)}
    assert "zon" in str(of("zon", "k.smit").seats[0].reason)
    assert "own" in str(of("own", "k.smit").seats[0].reason)


def test_it_depends_on_the_client_where_whoever_stands_in_works_for_some_of_them(tmp_path: Path) -> None:
    found = seating(tmp_path, clients=["acme-bv"])
    away = {"from": TODAY, "until": TODAY}
    found.office.staff["l.visser"] = Staff(name="Lotte", email="l@x.example", rights=["approve"], substitute="k.smit", away=away)  # type: ignore[arg-type]
    found.office.clients["zon"] = Client(name="Zon", default_approver="m.devries")
    people = [found.asking(concept("l.visser")._replace(client=client)).people for client in ("acme-bv", "zon")]
    assert people == [["l.visser", "k.smit"], ["l.visser", "m.devries"]]
