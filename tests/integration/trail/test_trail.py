"""The trail on a real database: every later change to it is found, and what people wrote can go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.actions import auditing as actions
from dossier.database import tables
from dossier.database.database import close_database, is_shared, open_database, transaction
from dossier.database.tables import PROXY, Event, EventDetail
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text.refusals import Refusal
from dossier.trail import anchors, auditing, redacting, trail

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PETRA = Actor("p.bakker", "command", behind="k.smit")

CONFIG = {
    "settings": "sharing: {guard: off}\n",
    "clients": "clients: {acme-bv: {name: Acme B.V.}}\n",
    "staff": "staff: {p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}}\n",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with a trail of nine events."""
    (tmp_path / "config").mkdir()
    for name, text in CONFIG.items():
        (tmp_path / "config" / f"{name}.yaml").write_text(text)
    found = load_office(tmp_path, {})
    open_database(found)
    for number in range(3):
        add_events(number, 3)
    yield found
    close_database()


def add_events(number: int, count: int) -> None:
    at = NOW + timedelta(hours=number)
    with transaction():
        trail.record_all(
            at, [trail.NewEvent(PETRA, "tried", None, {"words": f"{number}.{n} — cliënt"}, "acme-bv") for n in range(count)]
        )


def sql(*statements: str) -> None:
    """As somebody would who has the file and sqlite3, or is the database's administrator."""
    PROXY.execute_sql("SET session_replication_role = replica" if is_shared() else "PRAGMA foreign_keys = 0")
    for statement in statements:
        PROXY.execute_sql(statement)


def rewritten_from(seq: int) -> None:
    """The chain written anew from event `seq` on, by somebody who knows how it is made."""
    previous = Event.get_by_id(seq - 1).hash if seq > 1 else tables.GENESIS
    for event in list(trail.events()):
        if event.seq >= seq:
            previous = trail.chained(previous, trail.link_of(event))
            Event.update(hash=previous).where(Event.seq == event.seq).execute()


def test_a_trail_that_nobody_touched_verifies(office: Office) -> None:
    assert trail.head()[0] == 9
    assert auditing.first_fault() is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2026-11-24T09:00:00.000001Z'"), ("actor", "'m.devries'"), ("behind", "NULL"), ("way", "'drop'"),
        ("action", "'approved'"), ("item", "20260000001"), ("subject", "'acme-bW'"), ("digest", "'00'"), ("hash", "'00'"),
    ],
)  # fmt: skip
def test_one_changed_value_of_an_event_is_found_and_named(office: Office, column: str, value: str) -> None:
    sql(f"UPDATE event SET {column} = {value} WHERE seq = 5")
    assert "event 5 " in str(auditing.first_fault() or "")


def test_one_changed_byte_of_a_detail_is_found_and_named(office: Office) -> None:
    sql("UPDATE event_detail SET detail = replace(detail, '1.1', '1.2') WHERE seq = 5")
    assert "the detail of event 5 " in str(auditing.first_fault() or "")


def test_a_removed_row_is_found(office: Office) -> None:
    sql("DELETE FROM event WHERE seq = 5", "DELETE FROM event_detail WHERE seq = 5")
    assert str(auditing.first_fault()) == "event 5 is missing: the next one is 6"


def test_a_removed_row_is_found_though_the_others_were_numbered_anew(office: Office) -> None:
    for table in ("event_detail", "event"):
        sql(
            f"DELETE FROM {table} WHERE seq = 5",
            f"UPDATE {table} SET seq = -seq + 1 WHERE seq > 5",
            f"UPDATE {table} SET seq = abs(seq) WHERE seq < 0",
        )
    assert "event 5 " in str(auditing.first_fault() or "")


def test_a_swapped_pair_is_found(office: Office) -> None:
    for table in ("event", "event_detail"):
        sql(f"UPDATE {table} SET seq = -seq WHERE seq IN (5, 6)", f"UPDATE {table} SET seq = 11 + seq WHERE seq < 0")
    assert "event 5 " in str(auditing.first_fault() or "")


def test_the_first_of_several_faults_is_named(office: Office) -> None:
    sql("UPDATE event SET actor = 'x' WHERE seq IN (3, 7)")
    assert "event 3 " in str(auditing.first_fault() or "")


# A tail that was cut off, and a chain that was written anew


def test_a_cut_tail_is_found_by_the_anchor(office: Office) -> None:
    anchors.add(office, NOW)
    sql("DELETE FROM event WHERE seq > 7", "DELETE FROM event_detail WHERE seq > 7")
    assert auditing.first_fault() is None
    fault = str(auditing.first_fault(anchors.read(anchors.folder_of(office))[0]))
    assert fault.startswith("event 8 is missing")
    assert "9 events" in fault


def test_a_tail_that_was_cut_without_its_details_is_found_without_an_anchor(office: Office) -> None:
    sql("DELETE FROM event WHERE seq > 7")
    assert str(auditing.first_fault() or "").startswith("event 8 is missing")


def test_a_rewritten_chain_is_found_by_the_anchor(office: Office) -> None:
    anchors.add(office, NOW)
    sql("UPDATE event SET actor = 'm.devries' WHERE seq = 4")
    rewritten_from(4)
    assert auditing.first_fault() is None
    assert "event 9 is not what the anchor" in str(auditing.first_fault(anchors.read(anchors.folder_of(office))[0]))


def test_a_wholly_deleted_trail_is_found_by_the_anchor(office: Office) -> None:
    anchors.add(office, NOW)
    sql("DELETE FROM event", "DELETE FROM event_detail")
    assert str(auditing.first_fault(anchors.read(anchors.folder_of(office))[0])).startswith("event 1 is missing")


# Anchors


def lines(office: Office) -> dict[str, list[dict[str, Any]]]:
    return {
        path.name: [json.loads(line) for line in path.read_text().splitlines()]
        for path in anchors.folder_of(office).glob("*.jsonl")
    }


def test_there_is_one_anchor_a_day_and_one_when_the_daemon_ends(office: Office) -> None:
    first, _ = anchors.add(office, NOW)
    assert first is not None
    assert first.length == 9
    add_events(3, 1)
    assert anchors.add(office, NOW + timedelta(hours=4)) == (None, None)
    assert anchors.add(office, NOW + timedelta(hours=5), ending=True)[0] is not None
    assert anchors.add(office, NOW + timedelta(hours=6), ending=True) == (None, None)
    assert anchors.add(office, NOW + timedelta(days=1))[0] is not None
    found = lines(office)
    assert {name: [line["length"] for line in day] for name, day in found.items()} == {
        "2026-11-24.jsonl": [9, 10],
        "2026-11-25.jsonl": [10],
    }
    assert found["2026-11-24.jsonl"][0] == {"at": "2026-11-24T09:00:00.000000Z", "length": 9, "head": first.head}


def test_there_is_one_anchor_a_day_also_after_a_clock_that_was_ahead(office: Office) -> None:
    assert anchors.add(office, NOW + timedelta(days=3650))[0] is not None
    for day in (0, 1):
        assert anchors.add(office, NOW + timedelta(days=day))[0] is not None
        assert anchors.add(office, NOW + timedelta(days=day, hours=1)) == (None, None)


def test_many_events_on_one_day_get_an_anchor_of_their_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "EVENTS_BETWEEN", 5)
    anchors.add(office, NOW)
    add_events(3, 4)
    assert anchors.add(office, NOW)[0] is None
    add_events(4, 1)
    assert anchors.add(office, NOW)[0] is not None


def cut(office: Office) -> None:
    sql("DELETE FROM event WHERE seq > 7", "DELETE FROM event_detail WHERE seq > 7")


def rewrite(office: Office) -> None:
    sql("UPDATE event SET actor = 'm.devries' WHERE seq = 4")
    rewritten_from(4)


@pytest.mark.parametrize("tamper", [cut, rewrite])
def test_a_trail_that_was_tampered_with_gets_no_fresh_anchor_but_an_alarm(
    office: Office, tamper: Callable[[Office], None]
) -> None:
    anchors.add(office, NOW)
    before = lines(office)
    tamper(office)
    add_events(5, 1)
    anchor, alarm = anchors.add(office, NOW + timedelta(days=2))
    assert anchor is None
    assert alarm
    assert lines(office) == before


@pytest.mark.parametrize("text", ["nonsense\n", "[]\n", '{"at": "x", "length": 1, "head": "0"}\n', "[" * 100_000])
def test_an_anchor_that_cant_be_read_is_told_with_its_file_and_line(office: Office, text: str) -> None:
    anchors.add(office, NOW)
    path = anchors.folder_of(office) / "2026-11-24.jsonl"
    path.write_text(path.read_text() + text)
    assert str(anchors.add(office, NOW + timedelta(days=1))[1]).startswith(f"{path}:2:")


def test_an_empty_trail_has_no_anchor(office: Office) -> None:
    sql("DELETE FROM event", "DELETE FROM event_detail")
    assert anchors.add(office, NOW) == (None, None)


# Erasing


def test_erased_text_is_gone_and_the_chain_still_verifies(office: Office) -> None:
    with transaction():
        assert redacting.erase(NOW, PETRA, [4, 5], "on request") == 2
    assert auditing.first_fault() is None
    assert not EventDetail.select().where(EventDetail.seq.in_([4, 5])).exists()
    assert [trail.told(event).get("erased") for event in trail.events(client="acme-bv")] == [None] * 3 + [True] * 2 + [None] * 4
    last = list(trail.events())[-1]
    assert (last.action, trail.told(last)["events"], last.actor, last.behind) == ("erased", [4, 5], "p.bakker", "k.smit")


def test_a_detail_that_went_without_an_erasure_is_found(office: Office) -> None:
    sql("DELETE FROM event_detail WHERE seq = 5")
    assert "the detail of event 5 " in str(auditing.first_fault() or "")


def test_what_tells_of_an_erasure_cant_be_erased(office: Office) -> None:
    with transaction():
        redacting.erase(NOW, PETRA, [4], "on request")
    with pytest.raises(Refusal), transaction():
        redacting.erase(NOW, PETRA, [3, 10], "on request")
    assert auditing.first_fault() is None
    assert EventDetail.select().where(EventDetail.seq == 3).exists()


def test_erasing_twice_is_no_error_and_no_second_event(office: Office) -> None:
    for _ in range(2):
        with transaction():
            redacting.erase(NOW, PETRA, [4], "on request")
    assert trail.head()[0] == 10


# Finding


def test_the_filters_combine(office: Office) -> None:
    later = NOW + timedelta(hours=1)
    assert [
        event.seq for event in trail.events(client="acme-bv", person="k.smit", since=later, until=later + timedelta(hours=1))
    ] == [4, 5, 6]
    assert [event.seq for event in trail.events(person="p.bakker", newest=2)] == [8, 9]
    assert list(trail.events(client="other")) == []
    assert list(trail.events(person="m.devries")) == []


def test_who_reads_an_export_but_to_its_middle_is_in_the_trail(office: Office) -> None:
    now, reader = NOW + timedelta(days=1), Actor("p.bakker", "command")
    reading = actions.export(office, now, reader, actions.EventFilter(person="k.smit", since=NOW + timedelta(hours=1)))
    assert next(reading)[0].seq == 4
    [last] = trail.events(newest=1)
    assert (last.actor, last.action, last.said) == ("p.bakker", "exported", {"events": 6})
    assert [event.seq for event, _ in reading] == [5, 6, 7, 8, 9], "and not that it was exported"
