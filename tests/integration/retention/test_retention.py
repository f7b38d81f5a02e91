"""Items whose term is over are removed, and nothing else is: real files and a real database."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.records import CLIENTS, JOOST, LISA, MARIEKE, PETRA, SETTINGS, Records

from desk.actions import exporting, retaining
from dossier.database.database import transaction
from dossier.database.tables import Binned, Item, Leaving, Mail, first_key, item_name
from dossier.files import files, moves
from dossier.office import people
from dossier.office.keys import Settings
from dossier.text.refusals import Forbidden, NotFound, Refusal
from dossier.trail import auditing, trail
from dossier.vault.folder import hold_leaving
from workflow.items import dates
from workflow.reports import reasons
from workflow.retention import retention

TERMS = SETTINGS + "retention: {default: [tax], terms: {tax: [{years: 7, basis: AWR art. 52}]}}\n"
LATER = datetime(2034, 1, 1, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, settings=TERMS)
    yield made
    made.close()


def age(office: Records) -> None:
    """The vault's files are a day old."""
    for path in office.office.vault.glob("??/*"):
        os.utime(path, (time.time() - 86_400,) * 2)


def remove(office: Records, *keys: int, now: datetime = LATER) -> list[int]:
    with transaction():
        return retention.remove(office.office, now, JOOST, keys)


def names(office: Records) -> set[str]:
    return {path.name for path in office.office.vault.rglob("*") if len(path.name.rpartition("-")[2]) == 64}


def test_what_is_over_goes_with_its_files_and_the_trail_still_verifies(office: Records) -> None:
    shared = office.file("both.pdf", "both")
    key = office.make(files=[shared, office.file("alone.pdf", "alone")], description="About Jan Jansen")
    other = office.make(client="zon", files=[shared])
    age(office)
    assert remove(office, key, now=datetime(2033, 11, 24, 12, tzinfo=UTC)) == []
    assert remove(office, key) == [key]
    assert retention.sweep(office.vault) == (1, 0)
    assert names(office) == {shared.sha256}
    assert list(office.attachments(other)) == ["both.pdf"]
    assert auditing.first_fault() is None
    assert office.last_detail(key, "removed")["because"] == "AWR art. 52: 7 years after it was made on 2026-11-24"
    assert "Jansen" not in str([*trail.history(key), Item.get_by_id(key).__data__])
    assert [one.item for one in retention.kept(office.office)] == [other]
    assert remove(office, key) == []
    with pytest.raises(NotFound, match="was removed"):
        office.amend(key, LISA, description="Something else")


def test_of_what_was_removed_nothing_is_due_and_why_says_that_it_is_gone(office: Records) -> None:
    key = office.make(due="2034-01-02", owner="p.bakker")
    assert [one.day for one in dates.of_item(office.office, Item.get_by_id(key))] == [date(2034, 1, 2)]
    assert remove(office, key) == [key]
    assert list(dates.of_items(office.office, date(2034, 2, 1))) == []
    assert (Item.get_by_id(key).due, Item.get_by_id(key).owner) == (None, None)
    [told] = map(str, reasons.reasons(office.office, LATER, Item.get_by_id(key)))
    assert told.startswith("it was removed for good on 2034-01-01")


def test_who_may_not_know_of_a_type_does_not_hear_that_an_item_of_it_was_removed(office: Records) -> None:
    kind = "types: {wwft: {share: never, staff: [m.devries], review_months: 12, keep: [tax]}}\n"
    office.configure(settings=TERMS + kind)
    key = office.make(MARIEKE, type="wwft")
    assert remove(office, key) == [key]
    item = Item.get_by_id(key)
    assert item.description == "(removed)"
    assert not people.may_read(office.office, PETRA, item.client, item.type)
    assert people.may_read(office.office, MARIEKE, item.client, item.type)
    assert list(dates.of_items(office.office, date(2040, 1, 1))) == []


def test_no_client_hears_by_an_export_that_an_item_of_a_type_that_is_never_shared_was_removed(office: Records) -> None:
    office.configure(settings=TERMS + "types: {wwft: {share: never, keep: [tax]}, advice: {keep: [tax]}}\n")
    keys = [office.make(MARIEKE, type=kind) for kind in ("wwft", "advice", None)]
    assert remove(office, *keys) == keys
    paths = [one.path for one in exporting.parts(office.office, LATER, JOOST, "acme-bv", internal=False)]
    assert [path for path in paths if path.endswith("item.json")] == [f"{item_name(key)}/item.json" for key in keys[1:]]


def test_what_is_on_the_portal_or_waits_is_not_removed_before_it_is_taken_off(office: Records) -> None:
    public = office.published()
    waiting = office.make(share=True, share_status="concept", approvers=("m.devries",), files=[office.file("c.pdf", "c", True)])
    assert remove(office, public, waiting) == []
    assert office.on_portal(public) == {"accounts.pdf": "accounts"}
    office.withdraw(public)
    assert remove(office, public) == []  # it is still on its way off
    office.withdraw(waiting)
    office.publish()
    Mail.update(state="cancelled").execute()
    assert remove(office, public, waiting) == [public, waiting]
    assert auditing.first_fault() is None


@pytest.mark.parametrize("kind", ["client", "item"])
def test_a_legal_hold_keeps_what_is_over(office: Records, kind: str) -> None:
    key = office.make()
    subject = "acme-bv" if kind == "client" else item_name(key)
    with transaction():
        retention.hold(office.office, office.tick(), JOOST, kind, subject, "court case")
    assert remove(office, key) == []
    assert [str(why) for one in retention.kept(office.office) for why in one.obstacles] == [
        f"legal hold on {subject}: court case"
    ]
    with transaction():
        retention.release(office.office, office.tick(), JOOST, kind, subject, "settled")
    assert remove(office, key) == [key]


def test_a_client_who_is_not_in_the_configuration_any_more_can_be_held_and_released(office: Records) -> None:
    key, other = office.make(client="zon"), office.make()
    retaining.hold(office.office, office.tick(), JOOST, "complaint", client="acme-bv")
    office.configure(clients="clients: {}\n")
    retaining.release(office.office, office.tick(), JOOST, "settled", client="acme-bv")
    retaining.hold(office.office, office.tick(), JOOST, "court case", client="zon")
    assert remove(office, key) == []
    retaining.release(office.office, office.tick(), JOOST, "settled", client="zon")
    assert remove(office, key) == [key]
    held = retaining.hold(office.office, office.tick(), JOOST, "complaint", item=other)
    for nobody in ("nobody", held):
        with pytest.raises(NotFound, match="no client"):
            retaining.hold(office.office, office.tick(), JOOST, "court case", client=nobody)


def test_only_an_admin_removes_holds_and_releases(office: Records) -> None:
    key = office.make()
    for do in (retaining.hold, retaining.release):
        for client in ("acme-bv", "nobody"):  # which of them there is, they are not told
            with pytest.raises(Forbidden, match="administrators"):
                do(office.office, LATER, LISA, "why not", client=client)
    with pytest.raises(Refusal, match="an admin can"), transaction():
        retention.remove(office.office, LATER, LISA, [key])
    with pytest.raises(Refusal, match="an admin can"), transaction():
        retention.hold(office.office, LATER, LISA, "client", "acme-bv", "why not")
    assert [one.item for one in retention.kept(office.office)] == [key]


def test_a_file_that_was_received_lately_stays_until_it_is_sure_that_nobody_needs_it(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "same")])
    age(office)
    remove(office, key)
    again = office.file("a.pdf", "same")  # received, and its item not made yet
    assert retention.sweep(office.vault) == (0, 1)
    assert names(office) == {again.sha256}
    office.make(files=[again])
    age(office)
    assert retention.sweep(office.vault) == (0, 0)
    assert names(office) == {again.sha256}
    assert not Leaving.select().exists()


@pytest.mark.parametrize("at", ["move", "sync", "remove"])
@pytest.mark.parametrize("needed", [False, True])
def test_a_sweep_that_is_killed_anywhere_is_gone_on_with(
    office: Records, monkeypatch: pytest.MonkeyPatch, at: str, needed: bool
) -> None:
    one = office.file("a.pdf", "same")
    key = office.make(files=[one])
    if needed:
        office.make(client="zon", files=[one])
    age(office)
    remove(office, key)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(moves if at == "move" else files, at, killed)
        if needed:
            retention.sweep(office.vault)  # what another item names never leaves its place
        else:
            with pytest.raises(KeyboardInterrupt):
                retention.sweep(office.vault)
    retention.sweep(office.vault)
    assert names(office) == ({one.sha256} if needed else set())
    assert not Leaving.select().exists()
    assert not list(office.office.vault.glob(".leaving-*"))


def test_files_that_can_not_be_removed_now_are_told_as_left(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    key = office.make(files=[office.file("a.pdf", "same")])
    age(office)
    remove(office, key)

    def barred(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(moves, "move", barred)
        assert retaining.sweep(office.office) == (0, 1)
    assert retaining.sweep(office.office) == (1, 0)


def test_nothing_leaves_the_vault_while_a_backup_is_made(office: Records) -> None:
    key = office.make(files=[office.file("alone.pdf", "alone")])
    age(office)
    assert remove(office, key) == [key]
    with hold_leaving(office.office.vault):
        assert retention.sweep(office.vault) == (0, 1)
        assert names(office) != set()
    assert retention.sweep(office.vault) == (1, 0)
    assert names(office) == set()


def test_what_is_to_leave_the_vault_does_so_once_its_disk_is_back(office: Records) -> None:
    key = office.make(files=[office.file("alone.pdf", "alone")])
    age(office)
    assert remove(office, key) == [key]
    vault, away = office.office.vault, office.office.vault.with_name("away")
    vault.rename(away)
    vault.mkdir()  # where its disk is to be mounted
    assert retention.sweep(office.vault) == (0, 1)
    assert not list(vault.iterdir())
    vault.rmdir()
    away.rename(vault)
    assert retention.sweep(office.vault) == (1, 0)
    assert names(office) == set()


def test_once_a_month_the_admins_hear_what_may_go_and_nothing_goes(office: Records) -> None:
    key = office.make(files=[office.file("a.pdf", "a")])
    assert not retention.upkeep(office.office, office.tick(), office.vault)
    assert retention.upkeep(office.office, LATER, office.vault)
    assert not retention.upkeep(office.office, LATER, office.vault)
    assert [(mail.recipient, mail.payload["count"]) for mail in Mail.select().where(Mail.kind == "retention")] == [("j.admin", 1)]
    assert list(office.attachments(key)) == ["a.pdf"]


def test_a_relation_that_has_not_ended_keeps_the_file(office: Records) -> None:
    wwft = "retention: {default: [w], terms: {w: [{years: 5, counted_from: relation_end, basis: Wwft art. 33}]}}\n"
    office.configure(settings=SETTINGS + wwft)
    key = office.make()
    assert remove(office, key) == []
    office.configure(clients=CLIENTS.replace("name: Acme B.V.", "name: Acme B.V.\n    ended: 2027-03-31"))
    assert remove(office, key, now=datetime(2032, 3, 31, 12, tzinfo=UTC)) == []
    assert remove(office, key, now=datetime(2032, 4, 1, 12, tzinfo=UTC)) == [key]


DAYS = st.dates(date(2010, 12, 30), date(2026, 12, 31))
VERSIONS = st.lists(
    st.fixed_dictionaries({"years": st.integers(1, 4), "counted_from": st.sampled_from(["creation", "relation_end"])}),
    min_size=1, max_size=2,
)  # fmt: skip
NAMED = st.lists(st.sampled_from(["one", "two"]), unique=True)


@given(
    st.fixed_dictionaries({"one": VERSIONS, "two": VERSIONS}), NAMED, NAMED, st.none() | st.integers(1, 3), st.none() | DAYS,
    st.lists(st.tuples(DAYS, st.sampled_from(["acme-bv", "zon"]), st.sampled_from([None, "a", "b", "gone"]), st.booleans())),
    st.sampled_from([date(2026, 2, 28), date(2024, 2, 29), date(2025, 1, 1), date(2026, 11, 29)]),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_over_is_found_by_the_database_as_by_looking_at_each(
    office: Records, terms: dict[str, list[dict[str, Any]]], default: list[str], keep: list[str], own: int | None,
    ended: date | None, made: list[tuple[date, str, str | None, bool]], today: date,
) -> None:  # fmt: skip
    for versions in terms.values():
        for number, version in enumerate(versions):
            version |= {"basis": f"law {number}", **({"from": "2025-01-01"} if number else {})}
    kinds = {"a": {"keep": keep}, "b": {"keep": keep, "keep_years": own}}
    like = (Item.select().order_by(Item.id).first() or Item.get_by_id(office.make())).__data__
    with transaction():
        Item.delete().where(Item.description == "one of many").execute()
        Binned.delete().execute()
        for number, (day, client, kind, is_binned) in enumerate(made, 1):
            key, at = first_key(day.year) + 1000 + number, f"{day}T{number % 24:02}:30:00.000000Z"
            Item.insert(
                {**like, "id": key, "description": "one of many", "client": client, "type": kind, "created_at": at}
            ).execute()
            if is_binned:
                Binned.insert(item=key, by="l.jansen", at=at).execute()
    told = Settings(retention={"terms": terms, "default": default}, types=kinds)
    rules = office.office.settings.model_copy(update={"retention": told.retention, "types": told.types})
    clients = {**office.office.clients, "zon": office.office.clients["zon"].model_copy(update={"ended": ended})}
    now = replace(office.office, settings=rules, clients=clients)
    found = [one for one in retention.kept(now) if one.is_over(today)]
    assert list(retention.kept(now, over=today)) == found
    some = [one.item for one in found[::2]]
    assert [one.item for one in retention.kept(now, keys=some, over=today)] == some
