"""An item's history as a person would tell it. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dossier.office.keys import Client, Contact, Settings, Staff
from dossier.office.office import Office
from dossier.text.sentences import told
from workflow.reports.story import KEYS, name_of, story

OFFICE = Office(
    Path("/nowhere"),
    Settings(),
    {"acme-bv": Client(name="Acme", contacts=[Contact(id="jan", name="Jan Jansen", email="jan@acme.example")])},
    {
        "k.smit": Staff(name="Karin Smit", email="k@office.example"),
        "p.bakker": Staff(name="Piet Bakker", email="p@office.example"),
    },
)


def event(action: str, actor: str = "k.smit", **detail: Any) -> dict[str, Any]:
    return {"at": "2026-11-24T09:00:00+01:00", "actor": actor, "action": action, "detail": detail}


def lines(*events: dict[str, Any]) -> list[str]:
    return [told(one.what) for one in story(OFFICE, "acme-bv", events)]


def test_the_latest_comes_first_and_who_did_it_has_a_name() -> None:
    found = story(OFFICE, "acme-bv", [event("created", source="report.yaml"), event("opened", "contact:acme-bv/jan")])
    assert [(one.what.code, one.who) for one in found] == [("story.opened", "Jan Jansen"), ("story.created", "Karin Smit")]


def test_looks_of_the_office_are_one_line_for_each_run_of_them_with_each_name_once() -> None:
    looks = [event("viewed", one) for one in ("k.smit", "p.bakker", "k.smit")]
    found = story(OFFICE, "acme-bv", [*looks, event("published", "dossier"), event("viewed")])
    assert [one.what.code for one in found] == ["story.viewed", "story.published", "story.viewed"]
    assert found[-1].what.values["who"] == "Karin Smit, Piet Bakker"
    assert found[1].who == "", "the daemon did it by itself"


def test_that_staff_were_told_of_what_the_line_before_says_is_left_out() -> None:
    assert [
        one.what.code for one in story(OFFICE, "acme-bv", [event("notified", kind="approved"), event("notified", kind="ready")])
    ] == ["story.notified"]


def test_what_somebody_does_with_a_mail_is_told_with_the_name_of_who_gets_it() -> None:
    told_so = lines(event("mail_retried", kind="ready", to="jan"), event("mail_cancelled", kind="failed", to="p.bakker"))
    assert told_so == ["called off the mail to Piet Bakker", "had the mail to Jan Jansen sent again"]


def test_what_a_client_downloaded_is_told_by_name_be_it_one_file_or_all_in_an_archive() -> None:
    files = [{"name": "a.pdf", "sha256": "9f"}, {"name": "b.pdf", "sha256": "8e"}]
    one = event("downloaded", "contact:acme-bv/jan", **files[0])
    assert lines(one, event("downloaded", "contact:acme-bv/jan", name="D-2026-000012.zip", files=files)) == [
        "opened a.pdf, b.pdf", "opened a.pdf",
    ]  # fmt: skip


def test_what_the_guard_could_not_read_stands_beside_that_it_was_shared() -> None:
    reason = {"code": "guard.scan", "values": {}}
    now, before = ([{"name": "scan.png", "sha256": "9f", "why": reason}], [{"name": "scan.png", "reason": "a scan"}])
    found = story(OFFICE, "acme-bv", [event("approved", outright=True, not_searched=one) for one in (now, before)])
    assert [[told(line) for line in one.more] for one in found] == [
        ["`scan.png` was not searched for other clients' names, or not all of it: a scan."],
        ["`scan.png` was not searched for other clients' names, or not all of it: there is no text in it (a scan or a picture)."],
    ]


def test_of_an_event_whose_text_was_erased_nothing_is_told_that_it_does_not_say_any_more() -> None:
    gone = [event(action, way="drop", erased=True) for action in ("created", "approved", "published", "notified", "copied")]
    assert lines(*gone) == [
        f"{said} (what else was told of it is erased)" if said else "Put on the portal."
        for said in ("copied", "notified", "", "approved", "created")
    ]


def test_an_event_that_nobody_has_words_for_is_told_by_its_name() -> None:
    assert lines(event("put_in_a_box")) == [told(story(OFFICE, "acme-bv", [event("put_in_a_box")])[0].what)]
    assert "put in a box" in lines(event("put_in_a_box"))[0]


def test_each_change_of_an_amendment_is_told_with_names_for_codes() -> None:
    changed = {"owner": {"from": None, "to": "p.bakker"}, "risk": {"from": "low", "to": "high"}}
    [one] = story(
        OFFICE, "acme-bv", [event("amended", changed=changed, added=[{"name": "a.pdf"}], renamed=[{"from": "b", "to": "c"}])]
    )
    more = [told(line) for line in one.more]
    assert len(more) == 4
    assert "Piet Bakker" in more[0]
    assert "risk" in more[1]
    assert "a.pdf" in more[2]


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("k.smit", "Karin Smit"),
        ("contact:acme-bv/jan", "Jan Jansen"),
        ("contact:acme-bv/gone", "gone"),
        ("contact:gone/jan", "jan"),
        ("dossier", ""),
        ("os:scanner", "scanner"),
    ],
)
def test_a_code_of_the_trail_has_the_name_that_people_know(actor: str, name: str) -> None:
    assert name_of(OFFICE, actor) == name


@pytest.mark.parametrize("language", ["en", "nl"])
def test_each_key_has_a_name(language: str) -> None:
    for key in KEYS:
        [one] = story(OFFICE, "acme-bv", [event("amended", changed={key: {"from": None, "to": "x"}})])
        assert f"keys.{key}" not in told(one.more[0], language)


ACTIONS = (
    "amended approved asked_again contact_reminded copied created deleted due_reminded duplicate escalated exported file_erased held"
    " held_by_guard mail_cancelled mail_failed mail_retried mended moved nobody_left not_notified notified notify_asked offered opened"
    " passed_on published rejected released reminded restored reverted taken_off undeleted unshared vault_mended viewed warned_by_guard withdrawn"
)
"""All that is written in the trail about an item that is there."""


@pytest.mark.parametrize("action", ACTIONS.split())
def test_each_thing_that_happens_to_an_item_is_told_in_a_sentence_of_the_readers_language(action: str) -> None:
    [one] = story(OFFICE, "acme-bv", [event(action, source="a.yaml", to=["p.bakker"], seat="k.smit")])
    assert one.what.code != "story.other"
    assert told(one.what, "nl") != told(one.what, "en")


def test_whoever_is_asked_in_the_place_of_an_approver_is_named() -> None:
    asked = event("passed_on", "dossier", seat="k.smit", to=["p.bakker"])
    assert lines(asked) == ["It was put to Piet Bakker as well, in place of Karin Smit."]
    assert lines(event("passed_on", "dossier", seat=None, to=["p.bakker"])) == ["It was put to Piet Bakker."]


@pytest.mark.parametrize("action", ["reminded", "escalated", "passed_on", "due_reminded"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_is_told_of_one_person_reads_as_well_of_two(action: str, language: str) -> None:
    of_one, of_two = (
        told(story(OFFICE, "acme-bv", [event(action, to=to, due="2026-12-01")])[0].what, language)
        for to in (["p.bakker"], ["p.bakker", "k.smit"])
    )
    assert of_two == of_one.replace("Piet Bakker", "Piet Bakker, Karin Smit")
    assert not of_two.startswith("Piet"), "what goes before a verb would want another one for two"
