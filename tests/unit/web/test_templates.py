"""The desk's templates have its texts in them, and leave those of the portal's pages alone, which are made in the same process."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import desk
import dossier
from desk.web.staff.templating import templates, translator
from dossier.text.sentences import Sentence, told
from workflow.items.steps import STEPS
from workflow.messages import language
from workflow.portal.pages import _KINDS

PAGES = Path(desk.__file__).parent / "web/staff/templates"
API_PAGES = PAGES.parents[1] / "api/templates"
TRAIL = Path(dossier.__file__).parent / "sentences/trail.toml"

_SAME = {"en": "Skip to the list", "nl": "Direct naar de lijst"}


@pytest.mark.parametrize("tongue", ["en", "nl"])
def test_pages_of_the_portal_that_the_desk_shows_keep_their_own_texts(tongue: str) -> None:
    made = templates(tongue).from_string('{{ _("Client, item or text") }}').render()
    assert made == translator(tongue).gettext("Client, item or text")
    assert language.environment(tongue).from_string('{{ _("Skip to the list") }}').render() == _SAME[tongue]


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('<i title="{{ _("Log out") }}">', '<i title="Uitloggen">'),
        ('{{ "<" ~ _("Log out") }}', "&lt;Uitloggen"),
        ('{{ {"a": _("Log out")}["a"] }}', "Uitloggen"),
        ('{{ _("100 %% of it") }}', "100 % of it"),
        ('{% set n = 2 %}{{ _("%(n)s of them", n="<") }}', "&lt; of them"),
    ],
)  # fmt: skip
def test_a_text_is_told_as_before_wherever_it_stands_in_a_template(template: str, made: str) -> None:
    assert templates("nl").from_string(template).render() == made


@pytest.mark.parametrize(
    ("action", "said"),
    [("created", "maakte het"), ("mail_failed", "kon een mail niet bezorgen"), ("of_a_later_version", "of a later version")],
)
def test_what_was_done_is_told_in_the_trail_in_the_readers_language_whatever_it_was(action: str, said: str) -> None:
    assert templates("nl").from_string('{% from "parts.html" import deed %}{{ deed(action) }}').render(action=action) == said


ACTIONS = [code.removeprefix("did_") for code in tomllib.loads(TRAIL.read_text(encoding="utf-8")) if code.startswith("did_")]


@pytest.mark.parametrize("action", ACTIONS)
def test_each_thing_that_is_done_has_a_sentence_of_its_own_in_the_trail(action: str) -> None:
    made = templates("nl").from_string('{% from "parts.html" import deed %}{{ deed(action) }}').render(action=action)
    assert " " in made
    assert made != told(Sentence(f"trail.did_{action}"), "nl")


def test_each_class_that_the_sheet_speaks_of_is_on_a_page() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (PAGES / "desk.css").read_text(), flags=re.DOTALL)
    spoken = set(re.findall(r"\.([a-z][\w-]*)(?=[^{};]*\{)", sheet))
    pages = "".join(page.read_text() for page in (*PAGES.glob("*.html"), *API_PAGES.glob("*.html")))
    attributes = re.findall(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', pages, re.DOTALL)
    script = re.findall(r'(?:classList\.\w+\(|className\s*[:=]\s*)"([^"]+)"', (PAGES / "desk.js").read_text())
    worn = {word for words in (*attributes, *script) for word in re.findall(r"[\w-]+", words)}
    assert spoken - worn <= {*STEPS, *_KINDS}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.name)
def test_no_sentence_takes_its_direction_from_the_name_that_it_begins_with(page: Path) -> None:
    assert not re.findall(r'dir="auto"(?:\{%[^%]*%\}|[^>{])*>\{\{ [^}]*\|coded', page.read_text(encoding="utf-8"))
