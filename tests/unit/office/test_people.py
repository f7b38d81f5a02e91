"""Who may do what, and who stands in for whom. Pure: an office and names in, answers out."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dossier.office import hours, people
from dossier.office.keys import Client, Settings, Staff
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError
from dossier.text.refusals import Refusal

DAY = date(2026, 11, 24)
AWAY = {"from": "2026-11-20", "until": "2026-11-30"}


def office(settings: dict[str, Any] | None = None, default: str | None = "m.devries", **staff: dict[str, Any]) -> Office:
    people_ = {
        "p.bakker": {"rights": ["create"]},
        "m.devries": {"rights": ["create", "share", "approve"]},
        "k.smit": {"rights": ["create", "approve"]},
        "l.visser": {"rights": ["create", "approve"]},
        "j.admin": {"rights": ["admin"]},
    }
    for code, more in staff.items():
        name = code.replace("_", ".")
        people_[name] = {**people_.get(name, {}), **more}
    made = {code: Staff(name=code, email=f"{code}@office.example", **values) for code, values in people_.items()}  # type: ignore[arg-type]
    return Office(
        Path("/nowhere"), Settings(**(settings or {})), {"acme-bv": Client(name="Acme", default_approver=default)}, made
    )


def asked(found: Office, *approvers: str, makers: tuple[str, ...] = ("p.bakker",), gone: tuple[str, ...] = ()) -> list[list[str]]:
    return [list(seat.people) for seat in people.approver_seats(found, "acme-bv", None, approvers, makers, DAY, gone)]


def test_an_approver_who_is_here_is_asked_alone() -> None:
    assert asked(office(), "k.smit") == [["k.smit"]]


def test_while_an_approver_is_away_his_substitute_is_asked_as_well() -> None:
    found = office(k_smit={"substitute": "l.visser", "away": AWAY})
    (seat,) = people.approver_seats(found, "acme-bv", None, ["k.smit"], ["p.bakker"], DAY)
    assert seat.people == ("k.smit", "l.visser")
    assert str(seat.reason) == "k.smit is away until 2026-11-30"
    assert asked(office(k_smit={"substitute": "l.visser"}), "k.smit") == [["k.smit"]]


@pytest.mark.parametrize(
    ("day", "is_away"), [("2026-11-19", False), ("2026-11-20", True), ("2026-11-30", True), ("2026-12-01", False)]
)
def test_both_days_of_an_absence_count(day: str, is_away: bool) -> None:
    found = office(k_smit={"substitute": "l.visser", "away": AWAY})
    assert (len(people.substitutes(found, "k.smit", date.fromisoformat(day))) == 1) == is_away


def test_the_substitute_of_a_substitute_is_followed() -> None:
    found = office(k_smit={"substitute": "l.visser", "away": AWAY}, l_visser={"substitute": "m.devries", "away": AWAY})
    assert asked(found, "k.smit") == [["k.smit", "l.visser", "m.devries"]]


def test_who_is_away_with_nobody_to_stand_in_has_nothing_stuck() -> None:
    assert asked(office(k_smit={"away": AWAY}), "k.smit") == [["k.smit", "m.devries"]]
    assert asked(office(k_smit={"away": AWAY, "substitute": "p.bakker"}), "k.smit") == [["k.smit", "m.devries"]]
    assert asked(office(default=None, k_smit={"away": AWAY}), "k.smit") == [["k.smit", "j.admin"]]


@pytest.mark.parametrize("change", [{"active": False}, {"rights": ["create"]}, {"clients": []}])
def test_an_approver_who_left_or_lost_the_right_is_replaced_by_the_default_approver_else_the_admins(
    change: dict[str, Any],
) -> None:
    assert asked(office(k_smit=change), "k.smit") == [["m.devries"]]
    assert asked(office(default=None, k_smit=change), "k.smit") == [["j.admin"]]
    assert asked(office(k_smit=change, m_devries={"active": False}), "k.smit") == [["j.admin"]]
    assert asked(office(k_smit=change, m_devries={"away": AWAY, "substitute": "l.visser"}), "k.smit") == [
        ["m.devries", "l.visser"]
    ]
    assert asked(office(k_smit=change, m_devries={"away": AWAY}), "k.smit") == [["m.devries", "j.admin"]]


def test_somebody_who_is_not_in_the_list_any_more_is_replaced() -> None:
    assert asked(office(), "h.gone") == [["m.devries"]]


def test_nobody_named_means_the_default_approver_else_the_admins() -> None:
    assert asked(office()) == [["m.devries"]]
    assert asked(office(default=None)) == [["j.admin"]]


def test_with_four_eyes_neither_who_made_it_nor_who_changed_it_is_asked() -> None:
    assert asked(office(), "k.smit", makers=("k.smit",)) == [["m.devries"]]
    assert asked(office(), "k.smit", makers=("p.bakker", "k.smit")) == [["m.devries"]]
    assert asked(office(j_admin={"rights": ["admin", "create"]}, default=None), "k.smit", makers=("j.admin", "k.smit")) == [[]]
    assert asked(office({"sharing": {"four_eyes": False}}), "k.smit", makers=("k.smit",)) == [["k.smit"]]


def test_nobody_fills_two_seats() -> None:
    found = office(k_smit={"substitute": "l.visser", "away": AWAY})
    assert asked(found, "k.smit", "l.visser", gone=("l.visser",)) == [["k.smit", "m.devries"], ["m.devries"]]
    assert asked(office(), "k.smit", "k.smit") == [["k.smit"]]


def test_who_may_not_know_of_a_type_is_not_asked_about_it() -> None:
    found = office({"types": {"advice": {"staff": ["p.bakker", "l.visser"]}}})
    assert [list(d.people) for d in people.approver_seats(found, "acme-bv", "advice", ["k.smit"], ["p.bakker"], DAY)] == [
        ["j.admin"]
    ]
    assert [list(d.people) for d in people.approver_seats(found, "acme-bv", "advice", ["l.visser"], ["p.bakker"], DAY)] == [
        ["l.visser"]
    ]


def test_rights_are_for_clients() -> None:
    found = office(k_smit={"clients": ["other"]}, m_devries={"clients": ["acme-bv"]})
    assert people.why_not_approve(found, "m.devries", "acme-bv", None) is None
    assert "does not work for client acme-bv" in str(people.why_not_approve(found, "k.smit", "acme-bv", None))
    assert "does not have the right `share`" in str(people.why_not_share(found, "k.smit", "acme-bv"))
    assert people.why_not_restore(found, "j.admin", "acme-bv") is None
    assert people.why_not_create(found, "j.admin", "acme-bv") is None


@pytest.mark.parametrize(
    ("by", "may"), [("j.admin", True), ("m.devries", True), ("k.smit", True), ("p.bakker", True), ("h.gone", False)]
)
def test_who_may_withdraw(by: str, may: bool) -> None:
    assert (people.why_not_withdraw(office(), by, "acme-bv", "p.bakker") is None) == may
    assert people.why_not_withdraw(office(), "p.bakker", "acme-bv", "k.smit") is not None


CONFIG = {"settings.yaml": "", "clients.yaml": "clients: {}\n"}
PERSON = "  {code}: {{name: {code}, email: {code}@office.example, substitute: {other}}}\n"


@pytest.mark.parametrize("pairs", [[("a", "a")], [("a", "b"), ("b", "a")], [("a", "b"), ("b", "c"), ("c", "b")]])
def test_substitutes_in_a_circle_are_refused_with_file_line_and_key(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    (tmp_path / "config").mkdir()
    for name, text in CONFIG.items():
        (tmp_path / "config" / name).write_text(text)
    staff = "".join(PERSON.format(code=code, other=other) for code, other in pairs)
    (tmp_path / "config" / "staff.yaml").write_text(f"staff:\n{staff}")
    with pytest.raises(ConfigurationError) as refusal:
        load_office(tmp_path, {})
    assert any("config/staff.yaml:" in fault and "in a circle" in fault for fault in map(str, refusal.value.faults))


# Who may know of what

ROOT, NOBODY = people.user_name(0), people.user_name(65534)


@pytest.mark.parametrize(
    ("who", "clients"),
    [
        (people.Actor("p.bakker", "command"), None),
        (people.Actor("k.smit", "command"), {"acme-bv"}),
        (people.Actor("j.admin", "command"), None),
        (people.Actor("a.peters", "command"), None),  # whose account is root
        (people.Actor("a.peters", "desk"), {"zon"}),
        (people.Actor("a.peters", "command", behind="j.admin"), {"zon"}),
        (people.Actor("h.gone", "command"), set()),
        (people.Actor("l.visser", "command"), set()),  # has left
        (people.Actor(f"os:{ROOT}", "command"), None),
        (people.Actor(f"os:{NOBODY}", "command"), set()),
        # For another
        (people.Actor("p.bakker", "command", behind="k.smit"), {"acme-bv"}),
        (people.Actor("k.smit", "command", behind="p.bakker"), {"acme-bv"}),
        (people.Actor("k.smit", "command", behind="m.devries"), set()),
        (people.Actor("k.smit", "command", behind="j.admin"), {"acme-bv"}),
        (people.Actor("p.bakker", "command", behind="j.admin"), None),
        (people.Actor("p.bakker", "command", behind=f"os:{ROOT}"), None),
        (people.Actor("p.bakker", "command", behind=f"os:{NOBODY}"), set()),
        # Whose file a drop or a queue file is says nothing about what its maker may know of.
        (people.Actor("p.bakker", "drop", behind=f"os:{NOBODY}"), None),
    ],
)
def test_who_may_know_of_which_clients(who: people.Actor, clients: set[str] | None, tmp_path: Path) -> None:
    found = office(
        k_smit={"clients": ["acme-bv"]}, m_devries={"clients": ["zon"]}, l_visser={"active": False},
        a_peters={"clients": ["zon"], "os_user": ROOT},
    )  # fmt: skip
    mine = Office(tmp_path, found.settings, found.clients, found.staff)
    may = people.readable(mine, who)
    assert may.clients == clients
    assert [people.may_read(mine, who, code) for code in ("acme-bv", "zon")] == [
        clients is None or code in clients for code in ("acme-bv", "zon")
    ]
    assert may.has(None) is (clients is None)


def test_the_offices_own_user_may_know_of_all_clients(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    os.chown(tmp_path / "var", 65534, -1) if os.geteuid() == 0 else None
    mine, owner = Office(tmp_path, Settings(), {}, {}), people.user_name((tmp_path / "var").stat().st_uid)
    assert people.readable(mine, people.Actor(f"os:{owner}", "command")) == people.ALL


def test_who_acts_for_another_reads_of_a_types_items_only_if_both_may() -> None:
    types = {"types": {"advice": {"staff": ["p.bakker"]}}}
    found = office(types)
    for who, sees in (
        (people.Actor("p.bakker", "command"), True),
        (people.Actor("p.bakker", "command", behind="k.smit"), False),
        (people.Actor("p.bakker", "command", behind="j.admin"), True),
        (people.Actor("k.smit", "command", behind="j.admin"), False),
        (people.Actor("p.bakker", "command", behind=f"os:{ROOT}"), True),
    ):
        assert people.may_read(found, who, "acme-bv", "advice") is sees, who


def test_an_admin_works_for_all_clients_or_the_configuration_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for name, text in CONFIG.items():
        (tmp_path / "config" / name).write_text(text)
    staff = "staff:\n  a:\n    name: A\n    email: a@office.example\n    rights: [create, admin]\n    clients: []\n"
    (tmp_path / "config" / "staff.yaml").write_text(staff)
    with pytest.raises(ConfigurationError) as refusal:
        load_office(tmp_path, {})
    [fault] = map(str, refusal.value.faults)
    assert fault.startswith("config/staff.yaml:6: staff.a.clients: ")
    assert "clients: all" in fault


# The office's clock

HOURS = {
    "days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:30", "until": "17:00", "time_zone": "Europe/Amsterdam",
    "holidays": ["2026-12-25"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("utc", "are_open"),
    [
        ("2026-11-24T07:29", False), ("2026-11-24T07:30", True), ("2026-11-24T15:59", True), ("2026-11-24T16:00", False),
        ("2026-07-01T06:30", True), ("2026-07-01T06:29", False),  # summer time
        ("2026-11-22T12:00", False),  # a Sunday
        ("2026-12-25T12:00", False), ("2026-12-24T12:00", True),
    ],
)  # fmt: skip
def test_office_hours_have_days_times_a_time_zone_and_holidays(utc: str, are_open: bool) -> None:
    assert hours.are_open(office({"office_hours": HOURS}), datetime.fromisoformat(f"{utc}+00:00")) == are_open


@pytest.mark.parametrize(
    ("day", "is_open"), [("2026-04-27", False), ("2026-05-14", False), ("2027-03-29", False), ("2026-04-28", True)]
)
def test_nobody_is_reminded_on_the_public_holidays_of_the_offices_country(day: str, is_open: bool) -> None:
    mine = office({"office_hours": {**HOURS, "country": "NL"}})
    assert hours.are_open(mine, datetime.fromisoformat(f"{day}T10:00+00:00")) == is_open


def test_without_office_hours_it_is_always_open() -> None:
    assert all(
        hours.are_open(office(), datetime(2026, 11, day, hour, 59, tzinfo=UTC)) for day in (21, 22, 23) for hour in range(24)
    )


def test_the_offices_day_is_that_of_its_time_zone() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert hours.today(office({"office_hours": HOURS}), late) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ("{from: 17:00, until: 09:00}", "later"), ("{from: 9 uur}", "08:30"), ("{time_zone: Europe/Amstrdam}", "time zone"),
        ("{days: [ma]}", "mon"), ("{holidays: [kerst]}", "date"), ("{country: Atlantis}", "two letters"),
    ],
)  # fmt: skip
def test_wrong_office_hours_are_told(tmp_path: Path, settings: str, word: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text(f"office_hours: {settings}\n")
    (tmp_path / "config" / "clients.yaml").write_text("clients: {}\n")
    (tmp_path / "config" / "staff.yaml").write_text("staff: {}\n")
    with pytest.raises(ConfigurationError) as refusal:
        load_office(tmp_path, {})
    assert "config/settings.yaml:1: office_hours" in str(refusal.value.faults[0])
    assert word in str(refusal.value.faults[0])


def test_nobody_acts_for_another_but_an_admin() -> None:
    mine = office(p_bakker={"os_user": people.user_name(0)}, l_visser={"active": False})
    assert people.acting(mine, None, 0) == people.acting(mine, "p.bakker", 0) == people.Actor("p.bakker", "command")
    for named in ("m.devries", "j.admin", "l.visser", "nobody.here"):
        with pytest.raises(Refusal):
            people.acting(mine, named, 0)
        with pytest.raises(Refusal):
            people.reader(mine, named, 0)
    for named in (None, "j.admin"):  # nor is anybody sent from one to the other
        with pytest.raises(Refusal, match=rf"is nobody's os_user.*write `os_user: {people.user_name(0)}` there"):
            people.acting(office(), named, 0)
    admin = office(j_admin={"os_user": people.user_name(0)})
    assert people.acting(admin, "m.devries", 0) == people.Actor("m.devries", "command", behind="j.admin")


def test_who_a_user_is_is_asked_once_in_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_, clock = list[int](), [100.0]

    def answer(uid: int) -> Any:
        asked_.append(uid)
        return SimpleNamespace(pw_name=f"user-{len(asked_)}")

    monkeypatch.setattr(people.pwd, "getpwuid", answer)
    monkeypatch.setattr(people.time, "monotonic", lambda: clock[0])
    assert [people.user_name(4_000_001) for _ in range(3)] == ["user-1"] * 3
    clock[0] += 1
    assert people.user_name(4_000_001) == "user-2"
