"""What is told of faults in config/, each once: names that a comment would cut off, keys that there are none of, and
YAML that can't be read on."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import OWN_CLIENTS, OWN_STAFF, own_office

from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError


def test_a_name_that_a_comment_would_cut_off_is_a_fault_with_advice(tmp_path: Path) -> None:
    office = own_office(tmp_path, clients=OWN_CLIENTS.replace("name: Bakkerij Zon", "name: Bakkerij #1"))
    with pytest.raises(ConfigurationError) as refused:
        load_office(office.path, {})
    (fault,) = refused.value.faults
    assert 'put the whole value in quotes: `"Bakkerij #1"`' in str(fault.message)
    office.set("clients", OWN_CLIENTS.replace("name: Bakkerij Zon", "name: Bakkerij Zon  # left in 2025"))
    assert load_office(office.path, {}).clients["zon"].name == "Bakkerij Zon"


def test_a_word_that_is_none_of_the_choices_is_named_with_them(tmp_path: Path) -> None:
    office = own_office(tmp_path, staff=OWN_STAFF.replace("rights: [admin]", "rights: [admin, aprove]"))
    with pytest.raises(ConfigurationError) as refused:
        load_office(office.path, {})
    (fault,) = refused.value.faults
    assert str(fault).endswith("rights.1: `aprove` can't stand here; give create, share, approve or admin")
    assert fault.told("nl").endswith("`aprove` kan hier niet staan; geef create, share, approve of admin")


def told(tmp_path: Path, **files: str) -> list[str]:
    office = own_office(tmp_path)
    for name, text in files.items():
        office.set(name, text)
    with pytest.raises(ConfigurationError) as refused:
        load_office(office.path, {})
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize(
    "wrong",
    [
        "    name: @home\n",
        '    name: "Acme\n',
        "    name:Acme\n    active: no\n",
        "    name: Acme\n    contacts:\n    - {id: j, name: Jan, email: j@x.example\n",
        "    name: Acme\n    identifiers: [KvK #12]\n",
    ],
)
def test_of_a_file_that_cannot_be_read_to_its_end_nothing_is_said_to_be_missing(tmp_path: Path, wrong: str) -> None:
    (fault,) = [one for one in told(tmp_path, clients="clients:\n  acme-bv:\n" + wrong) if "clients.yaml" in one]
    assert "this is not YAML" in fault


def test_a_key_is_never_asked_back_with_itself_and_where_it_belongs_is_told(tmp_path: Path) -> None:
    clients = "clients:\n  acme-bv: {nam: Acme, phone: 020}\n"
    settings = "four_eyes: no\nbase_url: http://x.example\nmail: {hots: x}\n"
    faults = "\n".join(told(tmp_path, clients=clients, settings=settings))
    assert "clients.acme-bv.nam: there is no such key; did you mean `name`?" in faults
    assert "clients.acme-bv.phone: there is no such key\n" in faults + "\n"
    assert "four_eyes: there is no such key here; it belongs under `sharing`" in faults
    assert "base_url: there is no such key\n" in faults
    assert "mail.hots: there is no such key; did you mean `host`?" in faults


def test_a_required_key_that_is_misspelt_is_not_missing_besides(tmp_path: Path) -> None:
    (fault,) = [one for one in told(tmp_path, clients="clients:\n  acme-bv: {naam: Acme}\n") if "clients.yaml" in one]
    assert fault.endswith("clients.acme-bv.naam: there is no such key; did you mean `name`?")
    faults = told(tmp_path / "another", clients="clients:\n  acme-bv: {phone: 020}\n")
    assert any(one.endswith("clients.acme-bv.name: this key is required") for one in faults)


@pytest.mark.parametrize(
    ("clients", "fault"),
    [
        ("zon", "clients: `zon` can't stand here; give all, or a list, such as [a, b]"),
        ("{zon: x}", "clients: `{'zon': 'x'}` can't stand here; give all, or a list, such as [a, b]"),
        ("[a/b]", "clients.0: use 1 to 64 letters a-z, digits, dots, dashes and underscores, beginning with a letter or digit"),
    ],
)
def test_of_what_may_be_one_word_or_a_list_one_thing_is_told(tmp_path: Path, clients: str, fault: str) -> None:
    (found,) = told(tmp_path, staff=f"staff:\n  p.bakker: {{name: Petra, email: p@office.example, clients: {clients}}}\n")
    assert found.endswith(f"staff.p.bakker.{fault}")


def test_statuses_of_ones_own_need_not_say_which_of_them_close(tmp_path: Path) -> None:
    office = own_office(tmp_path / "one", settings="items: {statuses: [nieuw, gereed]}\n")
    assert load_office(office.path, {}).settings.items.statuses == ["nieuw", "gereed"]
    (fault,) = told(tmp_path / "another", settings="items: {statuses: [nieuw, gereed], closed: [closed]}\n")
    assert fault.endswith("items.closed: `closed` is not one of items.statuses")


def test_a_required_key_with_nothing_behind_it_is_told_as_that(tmp_path: Path) -> None:
    assert told(tmp_path, clients="clients:\n")[0].endswith(
        "clients.yaml:1: clients: nothing stands behind this key, and it is required"
    )
