"""init, the configuration, its faults, schemas, exit codes: what somebody meets who sets an office up."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from kit import folders
from kit.support import DOSSIER, PDF, STAFF, Root, dossier, plain_environ
from typer.testing import CliRunner

from desk.cli.main import whole
from dossier.office.opening import load_office


def test_init_makes_an_office_that_works_and_never_overwrites(tmp_path: Path) -> None:
    root = Root(tmp_path / "new")
    subprocess.run([DOSSIER, "init", root.path], check=True, capture_output=True)
    assert list((root.path / "inbox").iterdir()) == []
    assert "taken 0" in root.once()
    clients = root.path / "config/clients.yaml"
    clients.write_text("# mine\nclients: {}\n")
    again = subprocess.run([DOSSIER, "init", root.path], check=True, capture_output=True, text=True)
    assert clients.read_text() == "# mine\nclients: {}\n"
    assert "nothing was changed" in again.stdout


def test_who_makes_an_office_can_drop_into_it_at_once(tmp_path: Path) -> None:
    root = Root(tmp_path / "new")
    root.run("init")
    root.set("clients", "clients:\n  acme-bv: {name: Acme B.V.}\n")
    file = tmp_path / "report.pdf"
    file.write_bytes(PDF)
    root.run("new", "acme-bv", str(file), "-d", "My first item", "--share", "--share-status", "approved", "--share-all")
    assert "taken 1" in root.once()
    [item] = root.json("items")
    assert item["public"] is True


def test_a_user_without_a_name_makes_an_office_and_drops_into_it() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    folder = folders.new_folder("nameless")
    try:
        os.chown(folder, 54321, 54321)
        root = Root(folder, uid=54321)
        root.run("init")
        root.set("clients", "clients:\n  acme-bv: {name: Acme B.V.}\n")
        root.run("new", "acme-bv", "-d", "Nothing but words")
        assert "taken 1" in root.once()
        assert root.json("show", "1")["created_by"] == "54321"
    finally:
        folders.remove(folder)


@pytest.mark.parametrize(("options", "locale"), [(("--country", "nl"), "C.UTF-8"), ((), "nl_NL.UTF-8")])
def test_a_dutch_office_begins_with_its_terms_types_and_words(tmp_path: Path, options: tuple[str, ...], locale: str) -> None:
    root = Root(tmp_path / "new")
    root.environ["LC_ALL"] = locale
    root.run("init", *options)
    office = load_office(root.path, {})
    terms = office.settings.retention.terms
    assert [(term.years, term.counted_from, str(term.from_)) for term in terms["wwft"]] == [
        (5, "relation_end", "None"), (5, "relation_end", "2027-07-10"),
    ]  # fmt: skip
    assert terms["fiscaal"][0].years == terms["loon"][0].years == 7
    assert set(office.settings.types) == {"wwft", "jaarrekening", "aangifte", "loon", "correspondentie"}
    assert office.settings.types["wwft"].share == "never"
    assert office.settings.items.statuses[0] == "nieuw"
    assert office.settings.office.language == "nl"
    root.set("clients", "clients:\n  acme-bv: {name: Acme B.V.}\n")
    sample = (root.path / "config/example-sidecar.yaml").read_text().replace("goedkeurder: ", "# goedkeurder: ")
    (root.path / "inbox/acme-bv").mkdir()
    (root.path / "inbox/acme-bv/jaarverslag.yaml").write_text(
        sample.replace("concept  ", "goedgekeurd").replace("jaarrekening", "loon")
    )
    (root.path / "inbox/acme-bv/jaarverslag.pdf").write_bytes(PDF)
    assert "1" in root.once()
    [item] = root.json("items")
    assert (item["status"], item["location"], item["public"]) == ("gereed", "Jaarrekening/2025", True)


@pytest.mark.parametrize(
    "name", ["config/settings.yaml", "config/clients.yaml", "config/staff.yaml", "config/example-sidecar.yaml"]
)
def test_each_file_names_a_schema_that_init_writes(tmp_path: Path, name: str) -> None:
    Root(tmp_path).run("init")
    path = tmp_path / name
    [schema] = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(), re.MULTILINE)
    assert json.loads((path.parent / schema).read_text())["$schema"].startswith("https://json-schema.org/")


def test_every_fault_of_the_configuration_is_told_at_once_with_exit_3(root: Root) -> None:
    root.set("settings", "watch: {settle_secs: 2}\nmail: {port: many}\n")
    root.set("staff", STAFF + "  x.y: {name: X, email: no-address, rights: [fly], substitute: nobody}\n")
    root.set("clients", "clients:\n  acme-bv: {name: Acme, active: perhaps}\n  acme-bv: {name: Twice}\n")
    for command in (["items"], ["run", "--once"], ["check", str(root.path / "inbox")]):
        faults = root.run(*command, code=3).stderr.splitlines()
        places = {tuple(fault.split(":")[:2]) for fault in faults}
        assert places == {
            ("config/settings.yaml", "1"), ("config/settings.yaml", "2"), ("config/staff.yaml", "6"),
            ("config/clients.yaml", "2"), ("config/clients.yaml", "3"),
        }  # fmt: skip
        assert any("watch.settle_secs: there is no such key; did you mean `settle_seconds`?" in fault for fault in faults)
    assert not (root.path / "var").exists()


def test_an_environment_variable_overrides_a_setting_and_is_named_when_wrong(root: Root) -> None:
    root.environ["DOSSIER_MAIL__PORT"] = "ninety"
    assert "DOSSIER_MAIL__PORT" in root.run("items", code=3).stderr
    root.environ["DOSSIER_MAIL__PORT"] = "2525"
    root.environ["DOSSIER_PATHS__PORTAL"] = "elsewhere"
    root.drop(
        "a",
        "description: Something shared\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n",
        a_pdf=PDF,
    )
    root.once()
    assert len(list((root.path / "elsewhere/acme-bv").glob("D-*/a.pdf"))) == 1


def test_the_root_is_found_by_option_by_environment_or_above(root: Root, tmp_path: Path) -> None:
    inner = root.inbox() / "deep"
    inner.mkdir()
    assert dossier("items", folder=inner).returncode == 0
    by_environment = {**plain_environ(), "DOSSIER_ROOT": str(root.path)}
    assert dossier("items", folder=tmp_path, environ=by_environment).returncode == 0
    nowhere = dossier("items", folder=tmp_path)
    assert (nowhere.returncode, "dossier init" in nowhere.stderr) == (3, True)


def test_wrong_usage_is_exit_2_and_a_refusal_exit_1_with_one_line(root: Root) -> None:
    assert root.run("fly", code=2).stderr
    assert root.run("show", "twelve", code=2).stderr
    assert root.run("items", "--limit", "many", code=2).stderr
    for words, user in (
        (["show", "2026-000099"], None),
        (["approve", "2026-000099"], "k.smit"),
        (["withdraw", "2026-000099", "--reason", "x"], "j.admin"),
    ):
        done = root.run(*words, user=user, code=1)
        assert done.stderr.strip() == "there is no item D-2026-000099"
    assert "nobody's os_user" in root.run("approve", "2026-000001", code=1).stderr
    assert "no staff member" in root.run("approve", "2026-000001", user="x.y", code=1).stderr


def test_an_unwritable_folder_is_exit_4_with_its_path(root: Root) -> None:
    # A file where the folder should be: root, too, can't write there.
    (root.path / "var").mkdir()
    (root.path / "var/portal").write_text("in the way")
    assert "var/portal" in root.run("run", "--once", code=4).stderr
    root.environ["DOSSIER_DATABASE__URL"] = "sqlite:////proc/dossier.db"
    assert "/proc/dossier.db" in root.run("items", code=4).stderr


def test_help_of_every_command_has_an_example(root: Root) -> None:
    listed = root.run("--help").stdout
    commands = re.findall(r"^  ([a-z-]+)  ", listed.split("Commands:")[1], re.MULTILINE)
    wanted = "init run check new clients recent items show queue approve reject withdraw publish rejected status schema"
    assert set(commands) >= set(wanted.split())
    for command in commands:  # in this process: to start forty takes as many times as long
        assert "Example" in CliRunner().invoke(whole(), [command, "--help"]).output, command


def test_the_version_has_one_source(root: Root) -> None:
    import dossier

    assert root.run("--version").stdout == f"dossier {dossier.__version__}\n"
