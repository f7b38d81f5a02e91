"""What may not lie in the portal's folder: clients see all that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.queues import CLIENTS, STAFF

from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError


def faults(root: Path, settings: str, **environ: str) -> list[tuple[str, int | None, str]]:
    (root / "config").mkdir(exist_ok=True)
    for name, text in {"settings": settings, "clients": CLIENTS, "staff": STAFF}.items():
        (root / "config" / f"{name}.yaml").write_text(text)
    try:
        load_office(root, environ)
    except ConfigurationError as error:
        return [(fault.key, fault.line, str(fault.message)) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ("paths: {queue: var/portal}\n", ["paths.queue"]),
        ("paths:\n  vault: var/portal/../portal/vault\n", ["paths.vault"]),
        ("paths: {portal: inbox}\n", ["paths.inbox"]),
        ("paths: {portal: config}\n", ["paths.portal"]),
        ("paths: {portal: var}\n", ["paths.portal"]),
        ("paths: {portal: .}\n", ["paths.portal"]),
        ("database: {url: 'sqlite:///var/portal/dossier.db'}\n", ["database.url"]),
        ("paths: {portal: 's3://bucket/portal', vault: 's3://bucket/vault'}\n", []),
        ("paths: {portal: inbox/portal, queue: var, vault: var/portals}\n", []),
    ],
)
def test_nothing_else_lies_in_the_portals_folder(tmp_path: Path, settings: str, keys: list[str]) -> None:
    found = faults(tmp_path, settings)
    assert sorted(key for key, _, _ in found) == keys
    assert all("clients see all that" in message for _, _, message in found)


def test_a_place_from_the_environment_counts_as_well(tmp_path: Path) -> None:
    assert [key for key, _, _ in faults(tmp_path, "", DOSSIER_PATHS__VAULT=f"{tmp_path}/var/portal/x")] == ["paths.vault"]
