"""What the environment says of a setting wins; what is wrong with it is told of the variable, and not of a file that does not say it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import new_office

from dossier.office.opening import load_office
from dossier.office.terms import ConfigFault, ConfigurationError
from dossier.text.sentences import Sentence


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_office(tmp_path / "office", settings="office_hours: {from: '09:00'}\nmail: {port: 2525}\n").path


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MIAL__PORT", "1", "mial: there is no such key; did you mean `mail`?"),
        ("MAIL__HOST__X", "1", "mail.host: give a text"),
        ("MAIL__PORT__X", "1", "mail.port.x: there is no such key"),
        ("MAIL__PORT", "[25]", "mail.port: give a whole number"),
        ("OFFICE", "x", "office: expected `key: value` lines here"),
        ("ITEMS__CLOSED", "[gone]", "items.closed: `gone` is not one of items.statuses"),
        ("PRESETS__SCANS__NOKEY", "x", "presets.scans.nokey: there is no such key"),
    ],
)
def test_a_fault_of_a_variable_names_the_variable(root: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_office(root, {f"DOSSIER_{name}": value})
    assert f"environment:DOSSIER_{name}: {told}" in map(str, refused.value.faults)
    assert "settings.yaml" not in str(refused.value)


def test_a_fault_of_the_file_is_told_of_the_file_though_a_variable_says_something_beside_it(root: Path) -> None:
    (root / "config/settings.yaml").write_text("office_hours: {from: '09:00', until: '08:00'}\n")
    with pytest.raises(ConfigurationError) as refused:
        load_office(root, {"DOSSIER_OFFICE_HOURS__COUNTRY": "NL"})
    assert [(fault.file, fault.line) for fault in refused.value.faults] == [("config/settings.yaml", 1)]


@pytest.mark.slow
@pytest.mark.parametrize("value", ["99999999", "99999999999999999999", "inf"])
@pytest.mark.parametrize(
    "key", ["sharing: {remind_hours", "sharing: {escalate_hours", "alarms: {rejected_hours", "items: {bin_days"]
)
def test_a_time_that_is_longer_than_any_calendar_means_never(tmp_path: Path, key: str, value: str) -> None:
    if "bin_days" in key and value == "inf":
        return  # whole days
    office = new_office(tmp_path / "office", settings=f"{key}: {value}}}\nidentity: {{trust_sidecar: yes}}\n")
    office.drop("one", "description: To be thrown away\nattachments: []\ncreated_by: p.bakker\n")
    office.drop("two", "descripion: x\n")
    assert "taken 1, duplicates 0, refused 1" in office.once()
    office.run("delete", "1", user="p.bakker")
    assert len(office.json("bin")) == 1
    office.once()


@pytest.mark.parametrize("value", ["[a]", "{b: c}", "'2026-01-02T10:00'"])
@pytest.mark.parametrize(
    "place", ["desk: {key: %s}", "office_hours: {holidays: [%s]}", "watch: {poll_seconds: %s}", "mail: {port: %s}"]
)
def test_whatever_stands_in_the_place_of_a_value_is_told_in_the_readers_language(root: Path, place: str, value: str) -> None:
    (root / "config/settings.yaml").write_text(place % value + "\n")
    faults: list[ConfigFault] = []
    try:
        load_office(root, {})
    except ConfigurationError as refused:
        faults = refused.faults
    assert [one for one in faults if not isinstance(one.message, Sentence)] == []
