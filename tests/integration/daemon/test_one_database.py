"""An office has a database of its own: a second daemon on it is refused, from whatever root."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.records import CLIENTS, SETTINGS, STAFF

from dossier.cluster import presence
from dossier.office.opening import load_office


@pytest.mark.parametrize("url", ["sqlite:////{folder}/of all.db", "sqlite:///../of all.db"])
def test_two_roots_do_not_work_on_one_database_at_once(tmp_path: Path, url: str) -> None:
    texts = {"settings": SETTINGS, "clients": CLIENTS, "staff": STAFF}
    offices = []
    for name in ("one", "two"):
        config = tmp_path / name / "config"
        config.mkdir(parents=True)
        for file, text in texts.items():
            (config / f"{file}.yaml").write_text(text)
        environ = {"DOSSIER_DATABASE__URL": url.format(folder=str(tmp_path).lstrip("/"))}
        offices.append(load_office(tmp_path / name, environ))
    one, two = offices
    with presence.alone(one), pytest.raises(presence.AlreadyRunning, match=r"of all\.db"), presence.alone(two):
        pass
    with presence.alone(two):
        pass
