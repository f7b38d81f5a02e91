"""What is told to people: each code has its sentence in both languages, and each sentence gets the values it names."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.text import sentences
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Unavailable
from dossier.text.sentences import CATALOGUES, Sentence, Words, plain, sentence, told

TOP = Path(__file__).parents[3]
MAKERS = {"Sentence", "sentence", "fault", "Refusal", "NotFound", "Forbidden", "Conflict", "Unavailable", "ok", "note", "wrong",
          "say", "Misread", "UnfitValue", "TemplateFault", "NotALogo", "NotSent", "AlreadyDecided", "ContentChanged"}  # fmt: skip
"""What is called with a code: the code is their first text, but for those that have a key before it."""

BEHIND_A_KEY = {"fault", "ok", "note", "wrong", "say", "Misread"}


def entries() -> Iterator[tuple[str, dict[str, str | list[str]]]]:
    for path in sorted(CATALOGUES.glob("*.toml")):
        for name, forms in tomllib.loads(path.read_text(encoding="utf-8")).items():
            yield f"{path.stem}.{name}", forms


def named(form: str) -> set[str]:
    asked = (name.removeprefix("key_in[").removesuffix("]") for _, name, _, _ in string.Formatter().parse(form) if name)
    return {name.partition("[")[0] for name in asked} - {"key", "set"}


def calls() -> Iterator[tuple[str, str, set[str] | None]]:
    """(place, code, names of the values; None if they can't be told) of each call that makes a sentence."""
    for floor in ("dossier", "workflow", "ingest", "desk"):
        for path in (TOP / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name not in MAKERS:
                    continue
                given = node.args[1:] if name in BEHIND_A_KEY else node.args
                if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) and " " not in given[0].value:
                    values = {one.arg for one in node.keywords if one.arg}
                    all_known = all(one.arg for one in node.keywords) and not (name == "Sentence" and len(given) > 1)
                    yield f"{path.relative_to(TOP)}:{node.lineno}", given[0].value, values if all_known else None
                    if name in ("note", "wrong"):
                        yield f"{path.relative_to(TOP)}:{node.lineno}", f"{given[0].value}_todo", values if all_known else None


def test_each_sentence_is_there_in_both_languages_with_the_same_values() -> None:
    for code, forms in entries():
        assert set(forms) - {"en_desk", "nl_desk", "en_cli", "nl_cli"} == {"en", "nl"}, code
        assert {name[2:] for name in forms if name[:2] == "en"} == {name[2:] for name in forms if name[:2] == "nl"}, code
        shapes = {language: form if isinstance(form, list) else [form] for language, form in forms.items()}
        assert len(shapes["en"]) == len(shapes["nl"]) in (1, 2), code
        assert {name for form in shapes["en"] for name in named(form)} == {
            name for form in shapes["nl"] for name in named(form)
        }, code


def test_each_sentence_is_read_as_its_file_has_it() -> None:
    for code, forms in entries():
        assert sentences._forms(code) == forms, code
    assert sentences._forms("story.nothing_like_it") == sentences._forms("nowhere.at_all") == {}


def test_each_code_has_its_sentence_and_gets_the_values_that_it_names() -> None:
    known = {
        code: {n for form in forms.values() for f in (form if isinstance(form, list) else [form]) for n in named(f)}
        for code, forms in entries()
    }
    for place, code, values in calls():
        if code == sentences.PLAIN:
            continue
        assert code in known, f"{place}: {code} has no sentence"
        theirs = (values or set()) & {"key", "set", "key_in"}
        assert not theirs, f"{place}: {code} has a value called {theirs}, which are the words'"
        assert values is None or known[code] <= values, f"{place}: {code} is not given {known[code] - values}"


@pytest.mark.parametrize(
    ("words", "key", "setting"),
    [
        (Words(), "share_status", "share: no"),
        (Words(keys={"share_status": "status_delen", "share": "delen"}, values={"no": "nee"}), "status_delen", "delen: nee"),
        (Words("option"), "--share-status", "--no-share"),
    ],
)
def test_a_key_is_called_as_the_place_where_it_is_read_calls_it(words: Words, key: str, setting: str) -> None:
    assert (words.key("share_status"), words.setting("share=no")) == (key, setting)


def test_a_key_that_a_value_names_is_told_in_the_words_of_the_place() -> None:
    lacking, dutch = sentence("rules.type_needs", type="aml", needed="explanation"), Words(keys={"explanation": "toelichting"})
    assert told(lacking) == "an item of type aml needs `explanation`; add it"
    by_option = "an item of type aml needs `explanation`; give it (what is the type's own: `--field KEY=VALUE`)"
    assert told(lacking, "en", Words("option")) == by_option
    assert "heeft `toelichting` nodig" in told(lacking, "nl", dutch)
    assert "heeft `risk` nodig" in told(sentence("rules.type_needs", type="aml", needed="risk"), "nl", dutch)


def test_what_names_a_command_is_said_in_the_words_of_the_desk_there() -> None:
    about = sentence("undoing.in_bin", item="D-2026-000012")
    assert "dossier undelete" in told(about)
    assert "dossier undelete" in told(about, "nl", Words("option"))
    assert told(about, "nl", Words("field")) == "D-2026-000012 ligt in de prullenbak; haal het daar terug, onder Klanten"
    for code, forms in entries():
        if code.startswith(("undoing.", "items.", "reasons.", "rules.")):
            for language in ("en", "nl"):
                told_there = forms.get(f"{language}_desk") or forms[language]
                assert "dossier " not in str(told_there).replace("dossier item", ""), code


MANY = re.compile(
    r"(?:\{(?!n\})\w+\}|%\(\w+\)[sd]) (?:more |open |nog )?(?:items|files|drops|days|hours|minutes|seconds|years|months|events|rows|mails|clients|contacts|"
    r"attachments|approvals|tries|times|characters|bytes|versions|concepts|messages|things|people|stukken|dossierstukken|bestanden|"
    r"aanleveringen|dagen|minuten|seconden|maanden|gebeurtenissen|rijen|klanten|contactpersonen|bijlagen|goedkeuringen|pogingen|"
    r"tekens|versies|concepten|berichten)\b"
)
"""A number before what there are many of. Dutch says the same of one hour, one year and one time as of more."""

NEVER_ONE = {
    "breach.opened_often": "told where it is more than one",
    "doctor.too_many_folders": "the kernel allows thousands",
    "exporting.too_many": "a constant",
    "items.too_many_editions": "a constant",
    "lists.too_many_rows": "a constant",
    "names.too_long": "a constant",
    "provider.not_begun": "a constant",
    "webhooks.silent": "a constant",
    "%(count)s clients fit; the first of them:": "told where there are too many",
    "%(count)s more files": "told from three on",
    "All %(count)s clients": "told where not all are shown",
    "All %(count)s pages": "told where not all are shown",
    "A link works once, and for %(minutes)s minutes. Here you can ask for another one.": "a constant",
    "The link works once, for %(minutes)s minutes. There is no password.": "a constant",
    "The link works once, for %(minutes)s minutes. You need no password.": "a constant",
    "Download all %(count)s files": "an archive has two or more",
    "Only the newest %(shown)d of %(count)d items are on it.": "told of thousands",
    "within %(hours)d hours after it was noticed; noticed now, that is by %(latest)s": "a constant",
    "%(count)s events": "of a sheet of version 1",
}


def test_of_one_it_is_told_as_of_one() -> None:
    for code, forms in entries():
        told_of_many = any(isinstance(form, str) and MANY.search(form) for form in forms.values())
        assert not told_of_many or code in NEVER_ONE, code
    for path in (TOP / "workflow", TOP / "desk"):
        for catalogue in path.rglob("*.po"):
            for entry in re.split(r"\n\s*\n", catalogue.read_text(encoding="utf-8")):
                if "msgid_plural" not in entry and (found := re.search(r'^msgid ((?:\s*".*")+)', entry, re.MULTILINE)):
                    text = "".join(re.findall(r'"(.*)"', found[1]))
                    assert not MANY.search(text) or text in NEVER_ONE, text


@pytest.mark.parametrize(
    ("about", "en", "nl"),
    [
        (sentence("retention.in_bin", since="today", count=1), "for 1 day", "voor 1 dag"),
        (sentence("retention.in_bin", since="today", count=0), "for 0 days", "voor 0 dagen"),
        (sentence("inbox.did_not_come", file="a.pdf", hours="1"), "within 1 hour;", "binnen 1 uur;"),
        (sentence("inbox.did_not_come", file="a.pdf", hours="0.5"), "within 0.5 hours;", "binnen 0.5 uur;"),
        (sentence("sidecar.too_short", word="description", length=1, least=8), "has 1 character;", "heeft 1 teken;"),
        (sentence("sidecar.too_short", word="description", length=2, least=1), "has 2 characters;", "heeft 2 tekens;"),
        (sentence("guard.and_more", named="x", count=1), "x and 1 more", "x en nog 1"),
    ],
)
def test_which_number_is_meant_is_told_by_the_sentence(about: Sentence, en: str, nl: str) -> None:
    assert en in told(about)
    assert nl in told(about, "nl")


def test_what_has_no_sentence_is_told_all_the_same() -> None:
    assert told(sentence("nowhere.to_be_found", count=2)) == "nowhere.to_be_found count=2"
    assert told(plain("451 try again {later}"), "nl") == "451 try again {later}"


def test_each_kind_of_refusal_knows_how_a_command_ends_and_how_an_answer_is_numbered() -> None:
    kinds: list[tuple[Refusal, int, int]] = [
        (NotFound("x y"), 1, 404), (Forbidden("x y"), 1, 403), (Conflict("x y"), 1, 409),
        (Invalid([Problem("share", "x y"), Problem("", "z z")]), 1, 422), (Unavailable("x y"), 4, 503),
    ]  # fmt: skip
    assert [(one.exit_code, one.http_status) for one, _, _ in kinds] == [(code, status) for _, code, status in kinds]
    assert str(kinds[3][0]) == "x y; z z"
    assert [one.key for one in kinds[3][0].problems] == ["share", ""]
