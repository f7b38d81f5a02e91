"""_staff.txt and _client.txt: names and codes for whoever writes a sidecar, kept up to date, and nobody else's file is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, OWN_STAFF, PDF, Root, once_here, own_office

PRESETS = """\
types: {wwft: {share: never, staff: [m.devries]}}
presets: {vat: {folder: BTW, match: ["btw*.pdf"]}, secret: {folder: Onderzoek, type: wwft}}
"""


@pytest.fixture
def office(tmp_path: Path) -> Root:
    made = own_office(tmp_path / "office", settings=OWN_SETTINGS + PRESETS)
    made.environ.pop("DOSSIER_INTAKE__HELP_FILES", None)
    made.inbox("zon")
    made.inbox("acme-bv")
    return made


def test_they_tell_names_and_codes_and_no_mail_address(office: Root) -> None:
    once_here(office)
    staff = (office.path / "inbox/_staff.txt").read_text()
    assert "  m.devries  Marieke de Vries, may approve\n" in staff
    assert "  p.bakker  Petra Bakker\n" in staff
    client = (office.inbox() / "_client.txt").read_text()
    for said in (
        "Client Acme B.V. (client: acme-bv)",
        "  j.jansen  Jan Jansen",
        "  m.devries  Marieke de Vries",
        "  vat: BTW/, btw*.pdf",
    ):
        assert said in client
    assert "No contacts" in (office.inbox("zon") / "_client.txt").read_text()
    assert "Onderzoek" not in client
    assert "@" not in staff + client


def test_nobody_can_make_a_sidecar_of_the_daemons_user_out_of_them(office: Root) -> None:
    before = os.umask(0o007)  # as the units of systemd have it, that the office's group may write
    try:
        once_here(office)
    finally:
        os.umask(before)
    made = [office.path / "inbox/_staff.txt", office.inbox() / "_client.txt"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o640}


def test_what_a_daemon_that_was_killed_had_begun_to_write_is_gone_once_it_is_written(office: Root) -> None:
    begun = office.inbox() / ".0123456789abcdef.tmp"
    begun.write_text("Client Acme")
    once_here(office)
    assert (office.inbox() / "_client.txt").exists()
    assert not begun.exists()


def test_they_follow_the_configuration_and_are_in_the_offices_language(office: Root) -> None:
    once_here(office)
    office.set("staff", OWN_STAFF.replace("name: Marieke de Vries", "name: Marieke Jansen"))
    office.set("settings", f"office: {{language: nl}}\n{OWN_SETTINGS}")
    once_here(office)
    assert "m.devries  Marieke Jansen, mag goedkeuren" in (office.path / "inbox/_staff.txt").read_text()
    assert "Contactpersonen (contactpersoon: CODE):" in (office.inbox() / "_client.txt").read_text()
    (office.inbox() / "_client.txt").unlink()
    once_here(office)
    assert (office.inbox() / "_client.txt").exists()
    office.set("settings", f"intake: {{help_files: no}}\n{OWN_SETTINGS}")
    (office.inbox() / "_client.txt").unlink()
    once_here(office)
    assert not (office.inbox() / "_client.txt").exists()


def test_a_file_of_somebody_elses_and_what_a_link_leads_to_are_never_touched(office: Root, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("Something old (dossier help)\nmine\n")
    (office.path / "inbox/_staff.txt").symlink_to(outside)
    (office.inbox() / "_client.txt").write_text("My own notes about this client\n")
    (office.inbox("zon") / "_client.txt").mkdir()
    once_here(office)
    assert outside.read_text() == "Something old (dossier help)\nmine\n"
    assert (office.path / "inbox/_staff.txt").is_symlink()
    assert (office.inbox() / "_client.txt").read_text() == "My own notes about this client\n"
    assert (office.inbox("zon") / "_client.txt").is_dir()


def test_they_are_never_taken(office: Root) -> None:
    office.set("settings", OWN_SETTINGS + "intake: {without_sidecar: create, create_after_seconds: 0}\n")
    office.place("acme-bv", {"brief.pdf": PDF})
    once_here(office)
    once_here(office)
    assert len(office.json("items")) == 1
    assert office.json("status")["waits"] == []
    assert (office.inbox() / "_client.txt").exists()


def test_a_client_folder_that_is_a_link_gets_none_where_it_leads(office: Root, tmp_path: Path) -> None:
    office.inbox("zon").rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (office.path / "inbox/zon").symlink_to(elsewhere)
    once_here(office)
    assert list(elsewhere.iterdir()) == []
