"""Finding items: by words and filters, ranked, paged; and what people without the right to a type are not told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, MARIEKE, PETRA, Records
from kit.servers import new_database
from peewee import DatabaseError

from desk.actions import item_view, looking_up
from dossier.database import postgresql
from dossier.database.database import is_shared, transaction
from dossier.database.tables import PROXY, item_name
from dossier.office import people
from dossier.office.people import ALL, Actor, Readable
from dossier.text.names import without_accents
from dossier.text.refusals import NotFound, Refusal
from dossier.trail import trail
from workflow.items import items
from workflow.reports import finding, viewed
from workflow.reports.finding import Filter

TYPES = "types: {wwft: {share: never, staff: [m.devries], fields: {risk: [low, high], note: text}}, advice: {}}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office", settings="sharing: {guard: off}\n" + TYPES)
    yield records
    records.close()


def found(
    office: Records, words: str = "", limit: int = 0, after: int | None = None, may: Readable = ALL, **filters: Any
) -> list[int]:
    return [item.id for item in finding.find_items(Filter(words=words, **filters), limit, after, may)]


def test_words_are_found_in_description_explanation_labels_fields_and_attachment_names(office: Records) -> None:
    keys = [
        office.make(description="Zonnebloem in the description"),
        office.make(explanation="a zonnebloem in the explanation"),
        office.make(labels=("zonnebloem",)),
        office.make(files=[office.file("scan-zonnebloem-3.pdf", "x")]),
        office.make(MARIEKE, type="wwft", fields={"note": "zonnebloem"}),
    ]
    office.make(description="Something else altogether")
    assert sorted(found(office, "zonnebloem")) == keys


@pytest.mark.parametrize("words", ["client", "cliënt", "CLIENT", "cli", "CLIE\u0308NT", "jaar cliënt", "clië jaarr"])
def test_accents_and_case_make_no_difference_and_beginnings_are_enough(office: Records, words: str) -> None:
    key = office.make(description="Jaarrekening van de cliënt")
    assert found(office, words) == [key]


@pytest.mark.parametrize("words", ["lient", "jaarrekening bank"])
def test_every_word_must_begin_a_word(office: Records, words: str) -> None:
    office.make(description="Jaarrekening van de cliënt")
    assert found(office, words) == []


UNDERSCORES = [
    ("q3", True), ("btw_q3", True), ("2025", True), ("BTW_Q3_2025.pdf", True), ("_q3_", True), ("btw _ q3", True), ("_", False), ("tw", False),
]  # fmt: skip


@pytest.mark.parametrize(("words", "fits"), UNDERSCORES)
def test_a_word_ends_at_an_underscore(office: Records, words: str, fits: bool) -> None:
    key = office.make(description="Aangifte", files=[office.file("btw_q3_2025.pdf", "x")])
    assert found(office, words) == ([key] if fits else [])


@pytest.mark.sqlite  # it has a PostgreSQL of its own
@pytest.mark.parametrize(("words", "fits"), UNDERSCORES)
def test_so_do_words_that_an_earlier_version_put_into_postgresql(tmp_path: Path, words: str, fits: bool) -> None:
    settings = f"sharing: {{guard: off}}\ndatabase: {{url: '{new_database()}'}}\n"
    office = Records(tmp_path / "office", settings=settings)
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(postgresql, "_words", lambda text: re.findall(r"\w+", without_accents(text)))
        key = office.make(description="Aangifte", files=[office.file("btw_q3_2025.pdf", "x")])
        other = office.make(description="Het _ en o_o")
    import_module("dossier.database.migrations.0054_underscores").up(None, PROXY.obj)
    assert found(office, words) == ([key] if fits else [])
    assert found(office, "het o") == [other]
    office.close()


@pytest.mark.parametrize(
    "words", ['"', "a:b", "NEAR(", "OR", "jaar*", "jaar AND", "-", "((", "description:x", "\0", "'; DROP TABLE item; --"]
)
def test_no_words_break_the_search(office: Records, words: str) -> None:
    office.make(description="Jaarrekening van de cliënt")
    found(office, words)
    found(office, words, client="acme-bv")


def test_a_thousand_words_are_no_burden(office: Records) -> None:
    office.make()
    assert found(office, " ".join(f"w{number}" for number in range(1000))) == []


def test_the_best_match_comes_first_and_among_equals_the_newest(office: Records) -> None:
    in_note = office.make(description="Something else", explanation="with the accounts")
    begins = office.make(description="The accountsheet of the year")
    whole_old = office.make(description="The accounts of 2024 are here")
    whole_new = office.make(description="Accounts for the year 2025")
    assert found(office, "accounts") == [whole_new, whole_old, begins, in_note]


def test_pages_are_stable_while_items_come_in_and_each_item_is_on_one_page(office: Records) -> None:
    keys = [office.make(description=f"Accounts number {number}") for number in range(5)]
    keys += [office.make(description=f"Accountsheet number {number}") for number in range(5)]
    keys += [office.make(explanation="accounts", description=f"Something {number} else") for number in range(5)]
    whole, pages, after = found(office, "accounts"), list[int](), None
    while page := found(office, "accounts", limit=4, after=after):
        pages += page
        after = page[-1]
        office.make(description="Accounts that came in between")
    assert pages == whole
    assert sorted(pages) == sorted(keys)


def test_an_item_is_found_by_its_number_before_those_that_speak_of_it(office: Records) -> None:
    asked, other = office.make(description="Accounts of the year"), office.make(description="Nothing to do with it")
    name = item_name(asked)
    speaks = office.make(description=f"A letter about {name} and its errors")
    for words in (name, f" {name.lower()} ", name.removeprefix("D-")):
        assert found(office, words) == [asked, speaks], words
        assert found(office, words, limit=1) == [asked]
        assert found(office, words, limit=1, after=asked) == [speaks]
        assert found(office, words, limit=1, after=speaks) == []
    assert found(office, name[-6:])[0] == asked
    assert found(office, name, in_files=True) == found(office, name, status="done") == []
    assert found(office, name, may=Readable(frozenset({"zon"}), frozenset())) == []
    assert other not in found(office, name)
    assert found(office, item_name(asked + 500)) == []


@pytest.mark.parametrize("words", ["2026", "1", "26-1", "2026-1", "D-2026", "000001x", "D-99999-000001"])
def test_what_is_no_whole_number_of_an_item_finds_none_by_it(office: Records, words: str) -> None:
    office.make(description="Accounts of the year")
    assert found(office, words) == []


def test_pages_without_words_go_from_new_to_old(office: Records) -> None:
    keys = [office.make() for _ in range(5)]
    assert found(office, limit=2) == keys[:2:-1]
    assert found(office, limit=2, after=keys[3]) == [keys[2], keys[1]]


def test_filters_combine_with_each_other_and_with_words(office: Records) -> None:
    key = office.make(location="2025/Accounts/VAT", labels=("VAT", "Q3"), status="done", type="advice")
    for other in (
        {"location": "2025/Accounts/VAT", "labels": ("VAT",), "status": "new", "type": "advice"},
        {"location": "2025/Accountsheet", "labels": ("VAT",), "status": "done", "type": "advice"},
        {"location": "2025/Accounts", "labels": ("VAT 2",), "status": "done", "type": "advice"},
        {"location": "2025/Accounts", "labels": ("VAT",), "status": "done"},
    ):
        office.make(**other)
    elsewhere = office.make(client="zon", location="2025/Accounts", labels=("vat",), status="done", type="advice")
    wanted = {"location": "2025/Accounts", "label": "vat", "status": "done", "type": "advice"}
    assert found(office, **wanted) == [elsewhere, key]
    assert found(office, client="acme-bv", share_state="private", since=date(2026, 11, 24), **wanted) == [key]
    assert found(office, "annual", client="acme-bv", **wanted) == [key]
    assert found(office, "annual", client="zon", **wanted) == [elsewhere]
    assert found(office, since=date(2026, 11, 25), **wanted) == []


@pytest.mark.parametrize("typed", ["2025/Geïnd", "/2025 / Geïnd/", unicodedata.normalize("NFD", "2025/Geïnd")])
def test_a_place_is_found_however_it_is_typed_and_what_lies_below_another_is_not(office: Records, typed: str) -> None:
    keys = [office.make(location=place) for place in ("2025/Geïnd/a", "2025/geïnd/b", "2025/Geïnd")]
    assert found(office, location=typed) == [keys[2], keys[0]]


def test_where_items_of_a_filter_lie_makes_a_search_quicker_and_leaves_nothing_out(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.configure(settings="sharing: {guard: off}\ntypes: {letter: {}}\n")
    for number, place in enumerate(("2015", "2015/Lease", "2015-old", "2016", "2015/Lease/Car", None)):
        wish = {"labels": ("vat",), "type": "letter"} if number % 2 else {}
        office.make(description=f"Annual accounts {number}", location=place, **wish)
    filters = [
        Filter(words=words, **narrowed)
        for words in ("", "annual", "accounts 3", "nothing")
        for narrowed in (
            {"location": "2015"}, {"location": "2015/Lease/"}, {"location": "2015/Lease/Car"}, {"location": "2017"}, {"label": "VAT"},
            {"type": "letter"}, {"share_state": "private"}, {"share_state": "concept"}, {"since": date(2026, 1, 1)},
            {"since": date(2027, 1, 1)}, {"location": "2015", "label": "vat"}, {"label": "vat", "in_files": True},
        )
    ]  # fmt: skip
    found = [[item.id for item in finding.find_items(one, 0)] for one in filters]
    assert len({tuple(keys) for keys in found}) >= 8
    monkeypatch.setattr(finding, "_ends", lambda wanted: None)
    assert found == [[item.id for item in finding.find_items(one, 0)] for one in filters]


def test_what_was_changed_is_found_by_what_it_is_now(office: Records) -> None:
    key = office.make(files=[office.file("old.pdf", "x")])
    office.amend(key, description="Completely different", rename={"old.pdf": "renamed.pdf"}, labels=("fresh",))
    assert [found(office, words) for words in ("annual", "old")] == [[], []]
    assert [found(office, words) for words in ("different", "renamed", "fresh")] == [[key]] * 3


# Types that not everybody may know of


def test_an_item_of_a_type_is_not_told_to_who_has_no_right_to_it(office: Records) -> None:
    office.make()
    secret = office.make(MARIEKE, type="wwft", fields={"risk": "high"})
    for code, sees in (("p.bakker", False), ("os:root", False), ("m.devries", True), ("j.admin", True)):
        who = Actor(code, "command")
        may = people.readable(office.office, who)
        assert (secret in found(office, may=may)) is sees
        assert (secret in found(office, "annual", may=may)) is sees
        if sees:
            assert items.get_for(office.office, who, secret).id == secret
        else:
            with pytest.raises(NotFound, match=f"^there is no item {item_name(secret)}$"):
                items.get_for(office.office, who, secret)


def test_nobody_changes_or_withdraws_what_he_must_not_know_of(office: Records) -> None:
    secret = office.make(MARIEKE, type="wwft")
    absent = secret + 1000
    for act in (lambda key: office.amend(key, PETRA, labels=("x",)), lambda key: office.withdraw(key, PETRA)):
        said = []
        for key in (secret, absent):
            with pytest.raises(Refusal) as refusal:
                act(key)
            said.append(str(refusal.value).replace(item_name(key), "ITEM"))
        assert said[0] == said[1]
    assert items.get(secret).labels == []


def test_recent_tells_of_what_was_looked_at(office: Records) -> None:
    keys = [office.make() for _ in range(20)]
    for key in [*keys, keys[7]]:
        viewed.note_view(office.tick(), JOOST, items.get(key))
    expected = [keys[7], *[key for key in reversed(keys) if key != keys[7]]][: viewed.RECENT]
    assert viewed.recent(JOOST, "item") == [item_name(key) for key in expected]
    assert viewed.recent(JOOST, "client") == ["acme-bv"]
    assert viewed.recent(Actor("os:root", "command"), "item") == []


def test_who_looks_again_within_the_hour_is_written_down_once(office: Records) -> None:
    key = office.make()
    looks: list[tuple[Actor, float, str]] = [
        (JOOST, 0, "show"),
        (PETRA, 1, "show"),
        (JOOST, 59, "show"),
        (JOOST, 59, "get a.pdf"),
        (JOOST, 61, "show"),
    ]
    start = office.tick()
    for actor, minutes, how in looks:
        viewed.note_view(start + timedelta(minutes=minutes), actor, items.get(key), how)
    told = [(event["actor"], event["detail"]["how"]) for event in trail.history(key) if event["action"] == "viewed"]
    assert told == [(JOOST.code, "show"), (PETRA.code, "show"), (JOOST.code, "get a.pdf"), (JOOST.code, "show")]


def test_who_looks_in_anothers_name_is_written_down_though_that_one_looked_within_the_hour(office: Records) -> None:
    key = office.make()
    start = office.tick()
    for minutes, behind in enumerate((None, JOOST.code, None, JOOST.code)):
        looker = PETRA._replace(behind=behind)
        viewed.note_view(start + timedelta(minutes=minutes), looker, items.get(key), "get a.pdf")
    told = [event["detail"].get("behind") for event in trail.history(key) if event["action"] == "viewed"]
    assert told == [None, JOOST.code]


def test_who_looks_at_nothing_else_within_a_minute_writes_nothing(office: Records) -> None:
    first, second = office.make(), office.make()
    start = office.tick()

    def writes(key: int, seconds: float, how: str = "show") -> bool:
        with pytest.MonkeyPatch.context() as patch:
            begun = []
            patch.setattr(viewed, "transaction", lambda: begun.append(1) or transaction())
            viewed.note_view(start + timedelta(seconds=seconds), JOOST, items.get(key), how)
        return bool(begun)

    looks = [(first, 0), (first, 59), (second, 70), (first, 80), (first, 139), (first, 141)]
    assert [writes(*look) for look in looks] == [True, False, True, True, False, True]
    assert writes(first, 142, "get a.pdf"), "that is another look"
    assert viewed.recent(JOOST, "item") == [item_name(first), item_name(second)]


def test_what_cannot_be_written_down_is_shown_with_a_word_and_no_file_is_given(office: Records) -> None:
    key = office.make()
    read_only = "SET default_transaction_read_only = {}" if is_shared() else "PRAGMA query_only = {}"
    PROXY.execute_sql(read_only.format("ON"))
    try:
        shown = looking_up.show(office.office, office.tick(), JOOST, key)
        assert shown["attention"] == [looking_up.NOT_NOTED]
        with pytest.raises(DatabaseError, match=r"attempt to write|read-only"):
            item_view.note_file(office.tick(), JOOST, item_name(key), "a.pdf")
    finally:
        PROXY.execute_sql(read_only.format("OFF"))
    assert looking_up.show(office.office, office.tick(), JOOST, key)["attention"] == []


def test_clients_are_found_by_letters_that_not_every_keyboard_has(office: Records) -> None:
    names = {"a": "Łódź Størksen", "b": "Yılmaz Großhandel", "c": "Æbelø Đurić"}
    office.configure(clients="clients:\n" + "".join(f"  {code}: {{name: {name}}}\n" for code, name in names.items()))
    for words, code in (
        ("lodz storksen", "a"),
        ("ŁÓDŹ", "a"),
        ("yilmaz grosshandel", "b"),
        ("YILMAZ", "b"),
        ("aebelo duric", "c"),
    ):
        assert finding.find_clients(office.office, words) == [code], words
    assert finding.clients_by_word(office.office, "yilmaz") == {"yilmaz": ["b"]}


def test_clients_are_found_by_what_they_are_called_and_only_those_of_the_reader(office: Records) -> None:
    own = Readable(frozenset({"acme-bv"}))
    for words, all_of_them in (
        ("", ["acme-bv", "zon"]),
        (" ", ["acme-bv", "zon"]),
        ("%", []),
        ("🧾", []),
        ("zon", ["zon"]),
        ("jan ACME", ["acme-bv"]),
    ):
        assert finding.find_clients(office.office, words) == all_of_them
        assert finding.find_clients(office.office, words, own) == [code for code in all_of_them if code == "acme-bv"]
    assert finding.clients_by_word(office.office, "Zon") == {"Zon": ["zon"]}
    assert finding.clients_by_word(office.office, "Zon", own) == {}


def test_what_changes_while_it_is_looked_for_is_found_or_not_and_no_error(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, look = office.make(), finding.tuples

    def look_and_change(query: Any) -> list[tuple[Any, ...]]:
        seen = look(query)
        with transaction():
            PROXY.execute_sql(f"UPDATE item SET share_state = 'withdrawn' WHERE id = {key}")
        return seen

    monkeypatch.setattr(finding, "tuples", look_and_change)
    assert found(office, share_state="private") == []
