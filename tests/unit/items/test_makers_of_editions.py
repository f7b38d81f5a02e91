"""Whose work an edition is, of what is kept with the item (workflow/items/makers.py)."""

from __future__ import annotations

from workflow.items import makers

MADE = makers.of_new(["p.bakker", "j.admin"], [[], ["p.bakker"], ["k.smit"]])


def test_a_file_of_the_makers_own_is_not_told_of_anew() -> None:
    assert MADE == {"item": ["p.bakker", "j.admin"], "file 2": ["k.smit"]}


def test_an_edition_has_the_makers_of_what_it_shows_each_once() -> None:
    whole = makers.added(makers.added(MADE, makers.EXPLANATION, ["l.visser"]), makers.SINCE, ["p.bakker", "m.devries"])
    assert makers.of_edition(whole, False, [0, 1]) == ["p.bakker", "j.admin", "m.devries"]
    assert makers.of_edition(whole, False, [2]) == ["p.bakker", "j.admin", "m.devries", "k.smit"]
    assert makers.of_edition(whole, True, []) == ["p.bakker", "j.admin", "m.devries", "l.visser"]


def test_an_approval_ends_what_was_seen_and_keeps_the_rest() -> None:
    whole = makers.added(makers.added(MADE, makers.EXPLANATION, ["l.visser"]), makers.SINCE, ["m.devries"])
    assert makers.once_approved(whole, False, [0]) == {"item": MADE["item"], "file 2": ["k.smit"], "explanation": ["l.visser"]}
    assert makers.once_approved(whole, True, [0, 2]) == {"item": MADE["item"]}
