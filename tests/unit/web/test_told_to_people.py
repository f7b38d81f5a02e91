"""How the desk tells a sentence: people by their names, moments as people write them, keys in the reader's language."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from desk.web.staff.visit import StaffVisit
from dossier.text.refusals import Forbidden
from dossier.text.sentences import Sentence, either, sentence

STAFF = {code: SimpleNamespace(name=name) for code, name in {"m.devries": "Marieke de Vries", "k.smit": "Karel Smit"}.items()}


class Reader(StaffVisit):
    """A visit of somebody who reads Dutch, in an office with two people."""

    language = "nl"  # type: ignore[assignment]

    def __init__(self) -> None:
        pass

    office = SimpleNamespace(staff=STAFF)  # type: ignore[assignment]


def told(line: Sentence | Forbidden) -> str:
    return cast(StaffVisit, Reader()).told(line)


AWAY = sentence("people.is_away", staff="m.devries", until="2026-12-15")


def test_whoever_is_asked_in_anothers_place_reads_names_and_days() -> None:
    line = sentence("queue.asked_in_place", approver="m.devries", reason=AWAY)
    assert (
        told(line)
        == "Deze vraag ligt hier in plaats van bij Marieke de Vries: Marieke de Vries is afwezig tot en met 15 dec 2026."
    )
    line = sentence("reasons.waits_for_instead", whom=either(["m.devries", "k.smit"]), why=AWAY, since="2026-11-28 13:28")
    assert told(line) == (
        "het wacht op goedkeuring door Marieke de Vries of Karel Smit (Marieke de Vries is afwezig tot en met 15 dec 2026),"
        " sinds 28 november 2026, 13:28"
    )


def test_a_refusal_calls_people_by_their_names_and_what_is_no_ones_stays() -> None:
    assert told(Forbidden("people.lacks_right", staff="k.smit", right="share")).startswith("Karel Smit")
    assert told(sentence("people.not_in_staff_yaml", staff="x.nobody")) == "er is geen medewerker `x.nobody` in config/staff.yaml"
    assert "k.smit" in told(sentence("webhooks.left", staff="k.smit"))
