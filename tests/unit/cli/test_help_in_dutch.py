"""Whoever reads Dutch gets every help text, each place for a value, and each word of the tables in Dutch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from desk.cli import main, printing, session
from desk.cli.translation import _
from dossier.text.sentences import Sentence, told
from workflow.reports import story

TOP = Path(__file__).parents[3]
SOURCES = [path for part in ("dossier", "workflow", "ingest", "desk") for path in (TOP / part).rglob("*.py")]
SAME = {"CODE", "ID", "ID...", "N", "S", "SHA256", "URL", "+LABEL", "-LABEL"}
"""What is called so in Dutch as well."""


def every(command: Any, words: tuple[str, ...] = ("dossier",)) -> Iterator[tuple[str, Any, Any]]:
    """(as it is typed, the command, its context) of each there is."""
    ctx = command.context_class(command, info_name=words[-1])
    yield " ".join(words), command, ctx
    for name, one in getattr(command, "commands", {}).items():
        yield from every(one, (*words, name))


def test_no_help_text_of_any_command_is_left_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "language", lambda: "nl")
    found = list(every(get_command(main.whole())))
    assert len(found) > 60
    places: dict[str, set[str]] = {}
    for words, command, ctx in found:  # before the first help is made, which puts it into Dutch
        for text in (command.help, *(getattr(one, "help", None) for one in command.params)):
            assert not text or _(text) != text, (words, text)
        shown = [re.sub(r"[][.<>{}()]", "", one.make_metavar(ctx)) for one in command.params if one.metavar]
        places[words] = {part for whole in shown for part in re.split(r"[|/= ]", whole)} - SAME - {"", "-"}
    for words, command, ctx in found:
        help_text = command.get_help(ctx).partition("Voorbeeld:")[0]
        left = [place for place in places[words] if re.search(rf"(?<![A-Z-]){re.escape(place)}(?![A-Z])", help_text)]
        assert not left, (words, left)
        assert "<str>" not in help_text, words


def test_what_happened_is_told_in_dutch_words() -> None:
    actions = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and len(node.args) > 2 and ast.unparse(node.func) in ("trail.record", "trail.NewEvent"):
                action = node.args[2 if "record" in ast.unparse(node.func) else 1]
                actions |= {one.value for one in ast.walk(action) if isinstance(one, ast.Constant)}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "action":
                actions |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    assert len(actions) > 40
    for action in actions:
        assert told(Sentence(f"trail.did_{action}"), "en") == action
        assert not re.search("did_|_", told(Sentence(f"trail.did_{action}"), "nl")), action


def test_what_an_event_tells_in_its_detail_is_called_in_dutch_and_what_is_no_key_as_it_is() -> None:
    keys = {
        key.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("trail.record", "NewEvent")
        for one in node.args[3:]
        if isinstance(one, ast.Dict)
        for key in one.keys
        if isinstance(key, ast.Constant)
    }
    assert len(keys) > 20
    for key in keys:
        assert story.called(key, told) == key
        assert story.called(key, lambda text: told(text, "nl")) != f"trail.called_{key}"
        assert told(Sentence(f"trail.called_{key}"), "nl") != f"trail.called_{key}", key
    assert story.called("acme-bv", lambda text: told(text, "nl")) == "acme-bv"


def test_what_doctor_looks_at_has_a_name_in_dutch() -> None:
    checks = {
        node.args[0].value
        for path in SOURCES if "doctor" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("ok", "note", "wrong") and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    assert len(checks) > 20
    checks |= {  # (name, what is called or where it lies)
        word.value
        for path in SOURCES if path.name in ("doctor.py", "folders.py") and "doctor" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple) and len(node.elts) > 1 and isinstance(node.elts[1], ast.Attribute | ast.Lambda)
        for word in ast.walk(node.elts[0]) if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }  # fmt: skip
    assert {"folders", "vault", "portal on its way"} <= checks
    for check in checks:
        code = Sentence(f"doctor.area_{check.replace(' ', '_')}")
        assert told(code, "en") == check
        assert "area_" not in told(code, "nl"), check


def test_a_large_number_is_written_as_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for language, written in (("en", "40,311"), ("nl", "40.311")):
        monkeypatch.setattr(session, "_language", language)
        assert printing.number(40311) == written
