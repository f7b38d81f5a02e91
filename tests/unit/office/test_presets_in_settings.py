"""Presets in settings.yaml: what they can say, in both languages, and every fault with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, own_office

from dossier.office import cache
from dossier.office.opening import known_office, load_office
from dossier.office.terms import ConfigurationError

TYPES = "types: {vat: {fields: {period: text}}, secret: {share: never}, careful: {share: approval}}\n"


def faults(tmp_path: Path, preset: str) -> list[str]:
    office = own_office(tmp_path / "office", settings=f"{OWN_SETTINGS}{TYPES}presets:\n  one: {{{preset}}}\n")
    try:
        load_office(office.path, {})
    except ConfigurationError as refused:
        return [f"{fault.line}:{fault.key}: {fault.message}" for fault in refused.faults]
    return []


@pytest.mark.parametrize(
    ("preset", "fault"),
    [
        ("folder: BTW, foldr: x", "foldr: there is no such key"),
        ("folder: BTW, period: Q1", "period: there is no such key"),
        ("folder: BTW, type: vat, perid: Q1", "perid: there is no such key"),
        ("folder: BTW, item: D-2026-000001", "item: a preset can't say this; leave it to a sidecar"),
        ("folder: BTW, created_by: p.bakker", "created_by: a preset can't say this; leave it to a sidecar"),
        ("labels: [btw]", "one: give `folder` or `match`"),
        ("folder: a/b", "folder: give a folder's name"),
        ("folder: _done", "folder: give a folder's name"),
        ("folder: ..", "folder: give a folder's name"),
        ("match: ['*.pdf'], location_from_folders: yes", "location_from_folders: needs `folder`"),
        ("folder: BTW, maker: nobody", "maker: there is no staff member `nobody`"),
        ("folder: BTW, share: yes, approver: nobody", "approver: there is no staff member `nobody`"),
        ("folder: BTW, status: weg", "status: `weg` is not one of items.statuses"),
        ("folder: BTW, type: weg", "type: `weg` is not one of types"),
        ("folder: BTW, share_status: approved", "share_status: is given, but nothing says `share: yes`"),
        ("folder: BTW, notify: yes", "notify: is given, but nothing says `share: yes`"),
        ("folder: BTW, share: yes, notify: yes", "notify: is yes, but no `contact` is given"),
        ("folder: BTW, share: yes, share_status: approved, approver: m.devries", "share_status: is approved, which asks nobody"),
        ("folder: BTW, type: secret, share: yes", "share: items of type secret are never shared"),
        (
            "folder: BTW, type: careful, share: yes, share_status: approved",
            "share_status: items of type careful need an approver",
        ),
        ("folder: BTW, share: maybe", "share: "),
        ("folder: BTW, status: new, type: vat, soort: vat", "a key is given in English and in Dutch"),
    ],
)
def test_what_a_preset_can_not_say_is_told_with_its_key(tmp_path: Path, preset: str, fault: str) -> None:
    found = faults(tmp_path, preset)
    assert len(found) == 1, found
    assert found[0].startswith(f"{len((OWN_SETTINGS + TYPES).splitlines()) + 2}:presets.one")
    assert fault in found[0]


def test_two_presets_of_one_folder_are_a_fault(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=OWN_SETTINGS + "presets: {one: {folder: BTW}, two: {folder: btw}}\n")
    with pytest.raises(ConfigurationError, match="is the folder of another preset, too"):
        load_office(office.path, {})


def test_a_preset_is_said_in_dutch_as_well_with_the_fields_of_its_type(tmp_path: Path) -> None:
    dutch = (
        "presets: {btw: {folder: BTW, soort: vat, period: Q1, dossierlocatie: Belasting, delen: ja, status_delen: goedgekeurd, "
        "bijlagen_delen: alle}}\n"
    )
    office = own_office(tmp_path, settings=OWN_SETTINGS + TYPES + dutch)
    preset = load_office(office.path, {}).settings.presets["btw"]
    assert (preset.type, preset.location, preset.share, preset.share_status) == ("vat", "Belasting", True, "approved")
    assert (preset.share_attachments, preset.fields) == ("all", {"period": "Q1"})


def test_a_command_that_remembers_the_configuration_knows_the_presets(tmp_path: Path) -> None:
    office = own_office(tmp_path, settings=OWN_SETTINGS + TYPES + "presets: {btw: {folder: BTW, type: vat, period: Q1}}\n")
    (office.path / "var").mkdir()
    read = load_office(office.path, {})
    cache.write(read, {})
    known = known_office(office.path, {})
    assert vars(known.settings.presets["btw"])["fields"] == {"period": "Q1"}
