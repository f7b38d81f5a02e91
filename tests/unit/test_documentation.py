"""What the documentation says of the code is true of the code."""

from __future__ import annotations

import importlib.util
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

import dossier
from desk.cli.main import whole
from dossier.office.keys import Settings

CHECKOUT = Path(__file__).resolve().parents[2]


def test_each_line_of_the_threat_model_names_a_test_that_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (CHECKOUT / "docs/security.md").read_text()))
    there = {name for path in (CHECKOUT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert named
    assert named <= there, sorted(named - there)


def test_each_function_that_the_architecture_names_is_there() -> None:
    named = re.findall(r"`((?:dossier|workflow|ingest|desk)(?:\.\w+)+)`", (CHECKOUT / "docs/architecture.md").read_text())
    assert len(named) > 20
    for name in named:
        pkgutil.resolve_name(name)
    for path in re.findall(r"`((?:dossier|workflow|ingest|desk)/[\w/.]+)`", (CHECKOUT / "docs/architecture.md").read_text()):
        assert (CHECKOUT / path).exists(), path


def test_each_library_is_told_why_it_was_chosen() -> None:
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    told = (CHECKOUT / "docs/decisions.md").read_text().casefold()
    for one in [*wanted["dependencies"], *(one for some in wanted["optional-dependencies"].values() for one in some)]:
        [name] = re.findall(r"^[\w.-]+", one)
        assert name.casefold() in told or name.partition("-")[0].casefold() in told, name


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.relative_to(CHECKOUT)}: {target}"


def test_the_guide_installs_this_version() -> None:
    guide = (CHECKOUT / "docs/installing.md").read_text()
    assert set(re.findall(r"dossier_office-(\S+?)-py3-none-any\.whl", guide)) == {dossier.__version__}
    assert f"\n## {dossier.__version__}\n" in (CHECKOUT / "CHANGELOG.md").read_text()


def test_a_command_in_a_sentence_exists_with_its_options() -> None:
    """Those in blocks are run, by tests/acceptance/test_documented_commands.py."""
    for page in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        for span in re.findall(r"`((?:\.venv/bin/)?dossier [^`]+)`", page.read_text()):
            assert _unknown(span) is None, f"{page.name}: `{span}`: there is no {_unknown(span)}"


@cache
def _program() -> Any:
    return get_command(whole())


def _unknown(span: str) -> str | None:
    """The first word of a command that the program does not know."""
    command = _program()
    for word in re.split(r"[\s|]+", span)[1:]:
        parameters = [parameter for one in (command, _program()) for parameter in one.params]
        known = {option for one in parameters for option in (*one.opts, *one.secondary_opts)}
        if word.startswith("-") and word not in known | {"--help"}:
            return word
        commands = getattr(command, "commands", {})
        if commands and re.fullmatch(r"[a-z][a-z-]+", word):
            if word not in commands:
                return word
            command = commands[word]
    return None


def test_every_alarm_is_explained() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (CHECKOUT / "docs/operations.md").read_text(), re.MULTILINE)
    explained = {name.replace("`", "") for row in rows for name in row.split("; ")}
    alarms = tomllib.loads((CHECKOUT / "dossier/sentences/alarms.toml").read_text())
    assert {one["en"] for name, one in alarms.items() if name.startswith("called_")} <= explained


def test_a_piece_of_configuration_on_a_page_is_read_without_a_fault() -> None:
    """Sidecars too: what is no configuration must at least be YAML."""
    seen = 0
    for page in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            found = yaml.load(block, yaml.BaseLoader)  # as text, which is how dossier reads it
            if set(found) <= set(Settings.model_fields):
                Settings.model_validate(found)
                seen += 1
    assert seen >= 5


def test_every_key_says_what_it_is_for() -> None:
    rows = re.findall(r"^\| (`.*) \|$", (CHECKOUT / "docs/configuration.md").read_text(), re.MULTILINE)
    assert [row for row in rows if row.endswith("| ")] == []


@pytest.mark.parametrize("page", ["configuration.md", "commands.md", "../packaging/man/dossier.1"])
def test_the_reference_is_what_the_models_and_the_code_say(page: str) -> None:
    found = importlib.util.spec_from_file_location("make_reference", CHECKOUT / "docs/make_reference.py")
    assert found
    assert found.loader
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    assert (CHECKOUT / "docs" / page).read_text() == made.PAGES[page](), "say: make reference"


def test_every_command_and_option_is_in_the_reference() -> None:
    page = (CHECKOUT / "docs/commands.md").read_text()
    sections = {}
    for head, _, body in (part.partition("\n") for part in page.split("\n## ")[1:]):
        sections[" ".join(takewhile(re.compile("[a-z-]+").fullmatch, head.split()))] = body
    for path, command in _commands(_program(), "dossier"):
        assert path in sections
        for option in (option for one in command.params for option in (*one.opts, *one.secondary_opts)):
            assert not option.startswith("--") or option in sections[path], f"{path} {option}"


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each of them, by what is typed; a group that does something without a command behind it,
    or by a hidden one of its own, is one too."""
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        if not below or command.invoke_without_command:
            yield path if command.hidden else f"{path} {name}", command
        if below:
            yield from _commands(command, f"{path} {name}")
