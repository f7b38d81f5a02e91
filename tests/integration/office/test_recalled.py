"""config/ as it is remembered: as good as reading it, and never believed when it may be wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dossier.office import cache
from dossier.office.keys import Strict
from dossier.office.opening import known_office, load_office
from dossier.office.terms import CLIENTS, SETTINGS, STAFF

SETTINGS_TEXT = """\
paths: {inbox: /srv/inbox}
sharing: {four_eyes: no, remind_hours: 12.5}
office_hours: {from: "08:30", until: "17:00", time_zone: Europe/Amsterdam}
portal: {trusted_proxies: [10.0.0.0/8]}
types:
  wwft: {share: never, staff: [p.bakker], fields: {risk: [low, high], review: date}, review_field: review}
"""
CLIENTS_TEXT = """\
clients:
  acme-bv: {name: Acme B.V., identifiers: ["KvK 12345678"], contacts: [{id: j.jansen, name: Jan, email: j@acme.example}]}
  zon: {name: Zon}
  away: {name: Away, active: no, language: en, dates: {mandate: 2027-03-01}}
"""
STAFF_TEXT = """\
staff:
  p.bakker: {name: Petra, email: p@office.example, rights: [create], away: {from: 2026-12-21, until: 2027-01-03}, clients: [acme-bv]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "var").mkdir()
    for name, text in ((SETTINGS, SETTINGS_TEXT), (CLIENTS, CLIENTS_TEXT), (STAFF, STAFF_TEXT)):
        write(tmp_path / name, text)
    return tmp_path


@pytest.mark.parametrize("said", ["", "desk: {base_url: 'http://localhost:8081'}\n"])
def test_whether_somebody_said_where_the_desk_is_is_remembered(root: Path, said: str) -> None:
    write(root / SETTINGS, SETTINGS_TEXT + said)
    read = load_office(root, {})
    cache.write(read, {})
    known = cache.read(root, {})
    assert known is not None
    for office in (read, known, cache.unpacked(cache.packed(known))):
        assert ("base_url" in office.settings.desk.model_fields_set) == bool(said)


def write(path: Path, text: str, age: float = 60.0) -> None:
    path.write_text(text)
    then = time.time() - age
    os.utime(path, (then, then))


def snapshots(root: Path) -> list[Path]:
    return list((root / "var").glob("config.*.json"))


def same(one: Any, other: Any) -> bool:
    """The same attributes, all the way down."""
    if isinstance(other, Strict):
        return all(same(getattr(one, name), getattr(other, name)) for name in type(other).model_fields)
    if isinstance(other, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in other)
    if isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_it_has_every_attribute_that_config_has(root: Path) -> None:
    known_office(root, {})
    assert len(snapshots(root)) == 1
    known, read = cache.read(root, {}), load_office(root, {})
    assert known is not None
    assert type(known.settings) is cache.Recalled
    for part in ("settings", "clients", "staff"):
        assert same(getattr(known, part), getattr(read, part)), part
    assert (known.inbox, known.queue) == (read.inbox, read.queue)


def test_a_change_of_any_file_is_seen_at_once(root: Path) -> None:
    known_office(root, {})
    write(root / STAFF, STAFF_TEXT.replace("[create]", "[share]"))
    assert cache.read(root, {}) is None
    assert known_office(root, {}).staff["p.bakker"].rights == ["share"]
    (root / CLIENTS).unlink()
    assert cache.read(root, {}) is None


def test_who_may_not_know_of_a_type_has_settings_without_it_from_memory_too(root: Path) -> None:
    from dossier.office.people import Actor, settings_for

    read = load_office(root, {})
    for who in ("p.bakker", "os:nobody"):
        expected = settings_for(read, Actor(who, "drop"))
        for _ in range(2):  # the first time it is read
            found = settings_for(known_office(root, {}), Actor(who, "drop"))
            assert (list(found.types), found.mail.port) == (list(expected.types), 25)
    assert len(list(settings_for(known_office(root, {}), Actor("os:nobody", "drop")).types)) == 0


def test_other_variables_are_another_configuration(root: Path) -> None:
    known_office(root, {})
    assert known_office(root, {"DOSSIER_MAIL__PORT": "2525"}).settings.mail.port == 2525
    assert known_office(root, {}).settings.mail.port == 25
    assert cache.read(root, {"DOSSIER_ROOT": str(root), "DOSSIER_USER": "p.bakker"}) is not None, "they are no settings"


def test_a_file_that_was_changed_just_now_gets_none(root: Path) -> None:
    write(root / SETTINGS, SETTINGS_TEXT, age=0)
    known_office(root, {})
    assert snapshots(root) == []


@pytest.mark.parametrize("text", ["", "nonsense", "{}\n{}", "KEY\nnonsense", 'KEY\n{"a": 1}', "KEY\n" + "[" * 100_000])
def test_a_damaged_one_is_as_none(root: Path, text: str) -> None:
    known_office(root, {})
    (path,) = snapshots(root)
    path.write_text(text.replace("KEY", path.read_text().splitlines()[0]))
    assert cache.read(root, {}) is None
    assert known_office(root, {}).clients["acme-bv"].name == "Acme B.V."


def test_one_that_others_can_write_or_read_is_not_believed(root: Path) -> None:
    known_office(root, {})
    (path,) = snapshots(root)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o620)
    assert cache.read(root, {}) is None


def test_one_that_is_a_link_is_not_believed(root: Path) -> None:
    known_office(root, {})
    (path,) = snapshots(root)
    path.rename(root / "elsewhere.json")
    path.symlink_to(root / "elsewhere.json")
    assert cache.read(root, {}) is None


def test_without_a_var_folder_the_office_is_read_all_the_same(root: Path) -> None:
    (root / "var").rmdir()
    assert known_office(root, {}).clients["acme-bv"].name == "Acme B.V."
    assert not (root / "var").exists()


def test_another_process_is_told_all_of_it_and_needs_not_the_rules_to_hear_it(root: Path) -> None:
    office = replace(load_office(root, {}), root=root / "a line\nin a n\udce4me")
    told = cache.packed(office)
    for heard in (cache.unpacked(told), cache.unpacked(cache.packed(cache.unpacked(told)))):
        assert heard.root == office.root
        for part in ("settings", "clients", "staff"):
            assert same(getattr(heard, part), getattr(office, part)), part
    loaded = "import sys, ingest.inbox.looking_ahead as it; it._office(sys.stdin.buffer.read()); print('pydantic' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", loaded], input=told, capture_output=True, check=True, timeout=60)
    assert asked.stdout.split() == [b"False"]
