"""Commands start at once: what each imports is told here, so that nobody makes all of them slower without noticing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.portals import PortalOffice
from typer.main import get_group

from desk.cli.main import AREAS, _asked_for, name_of, of_areas, whole

OWN = ("desk", "dossier", "workflow", "ingest")

COMMAND_LINE = {"typer", "shellingham", "annotated_doc"}
DATABASE = {*COMMAND_LINE, "peewee"}

OF_THE_SYSTEM = {"sitecustomize", "usercustomize"}
"""What whoever installed Python has it do at each start."""

SLOW = {"asyncio", "ssl", "pydoc", "xml", "unittest", "multiprocessing", "concurrent.futures"}
"""Of Python's own, what takes long to import and few commands need."""

RUN = """
import json, sys
sys.argv[0] = "dossier"
from desk.cli.start import main
code = 0
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    made.share({"a.pdf": b"one"})
    made.publish()
    yield made
    made.close()


def imported(*words: str, **given: str) -> tuple[set[str], set[str]]:
    """What a command imports that is neither ours nor Python's, and what is on the list of slow things. `given`: variables."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DOSSIER_", "COV_"))} | given
    done = subprocess.run([sys.executable, "-c", RUN, *words], env=environ, capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    names = {name.partition(".")[0] for name in modules}
    others = {name for name in names if name not in sys.stdlib_module_names and name not in OWN and not name.startswith("_")}
    return others - OF_THE_SYSTEM, SLOW & set(modules)


def test_the_version_is_told_without_what_parses_the_command_line() -> None:
    others, slow = imported("--version")
    assert others == set()
    assert slow == set()


def test_finding_and_showing_items_imports_the_database_and_what_reads_config_once(office: PortalOffice) -> None:
    root = str(office.office.root)
    for folder in (office.office.root / "config").iterdir():
        os.utime(folder, (1, 1))  # what was written a moment ago is not kept
    imported("--root", root, "items")
    for words in (
        ["items"], ["items", "annual"], ["items", "--client", "acme-bv"], ["show", "D-2026-000001"], ["recent"], ["queue"],
        ["queue", "--json"], ["audit", "log"], ["why", "D-2026-000001"],
    ):  # fmt: skip
        others, slow = imported("--root", root, *words)
        assert others - {"psycopg"} <= DATABASE, words  # it is named in advance so that it is not loaded
        assert slow == set(), words
    others, slow = imported("--root", root, "status")
    assert others - {"psycopg", "cython_runtime", "sysconfig"} <= {*DATABASE, "yaml"}  # yaml's own
    assert slow <= {"concurrent.futures"}


@pytest.mark.slow
def test_what_asks_and_changes_little_reads_no_configuration_anew(office: PortalOffice) -> None:
    root, item = str(office.office.root), "D-2026-000001"
    (office.office.inbox / "acme-bv").mkdir(parents=True)
    for folder in (office.office.root / "config").iterdir():
        os.utime(folder, (1, 1))
    imported("--root", root, "items")
    for words in (
        ["outbox"],
        ["bin"],
        ["rejected"],
        ["clients", "acme"],
        ["get", item, "--to", "-"],
        ["edit", item, "--status", "done"],
        ["attach", item, __file__, "--no-share"],
        ["rename", item, Path(__file__).name, "test.py"],
        ["withdraw", item, "--reason", "Wrong year"],
        ["new", "acme-bv", __file__, "--description", "A test of Python"],
    ):
        others, _ = imported("--root", root, "--as", "m.devries", *words)
        assert not others & {"pydantic", "structlog", "stdnum"}, words


def test_what_runs_on_does_not_load_what_colours_tracebacks(office: PortalOffice) -> None:
    office.office.inbox.mkdir()
    others, _ = imported("--root", str(office.office.root), "run", "--once")
    assert "structlog" in others
    assert not others & {"pygments", "markdown_it"}


@pytest.mark.parametrize("line", ["items --client ac", "queue --approver k", "show D-"])
def test_what_a_shell_completes_needs_no_more_than_a_list_of_items(office: PortalOffice, line: str) -> None:
    root = str(office.office.root)
    for folder in (office.office.root / "config").iterdir():
        os.utime(folder, (1, 1))
    imported("--root", root, "items")
    asked = {"COMP_WORDS": f"dossier {line}", "COMP_CWORD": str(len(line.split())), "_DOSSIER_COMPLETE": "complete_bash"}
    others, slow = imported(DOSSIER_ROOT=root, **asked)
    assert others - {"psycopg"} <= DATABASE
    assert slow == set()


def test_before_what_a_shell_completes_stands_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_DOSSIER_COMPLETE", "complete_zsh")
    for line, commands in {
        "dossier show D-": ["show"],
        "dossier --root DIR show ": ["show"],
        "dossier show": None,
        "dossier ": None,
    }.items():
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        found = _asked_for([])
        assert (found is whole()) if commands is None else list(get_group(found).commands) == commands, line
    monkeypatch.setenv("COMP_WORDS", "dossier items --client ac")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert _asked_for([]) is whole(), "the cursor stands on the command"


def test_a_command_that_is_made_alone_is_as_it_is_among_all() -> None:
    for name, command in get_group(whole()).commands.items():
        alone = get_group(_asked_for(["--root", "DIR", "--as=k.smit", name, "items"]))
        assert list(alone.commands) == [name]
        assert [one.opts for one in alone.commands[name].params] == [one.opts for one in command.params]


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["itemz"], ["--as"], ["--root", "items"], ["--", "items"]])
def test_all_commands_are_there_where_it_is_not_known_which_one_it_is(words: list[str]) -> None:
    assert _asked_for(words) is whole()


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_the_commands_that_are_said_of_it(area: str) -> None:
    app = of_areas([area])
    there = [name_of(one) for one in app.registered_commands] + [str(one.name) for one in app.registered_groups]
    assert sorted(there) == sorted(AREAS[area])


def test_a_command_loads_its_own_area_and_no_yaml() -> None:
    others, slow = imported("--root", ".", "--version")
    assert others == COMMAND_LINE
    assert slow == set()
