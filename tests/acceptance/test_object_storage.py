"""Vault and portal in an object store, by the installed command: the same house, with the store's own ways of failing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
import yaml
from stores import Shop, moved_in, shop
from support import PDF, Root

APPROVED = """\
description: Annual accounts 2025
share: yes
share_status: approved
share_attachments: all
created_by: m.devries
"""


@pytest.fixture
def store(root: Root) -> Iterator[Shop]:
    with shop() as made:
        moved_in(root, made)
        yield made


def test_a_file_is_in_the_store_before_its_item_is_in_the_database(root: Root, store: Shop) -> None:
    root.environ.pop("DOSSIER_PATHS__PORTAL")
    root.drop("report", APPROVED, report_pdf=PDF)
    root.once()
    digest = hashlib.sha256(PDF).hexdigest()
    assert yaml.safe_load(root.receipt("report") or "")["attachments"] == [{"name": "report.pdf", "sha256": digest}]
    assert store.in_vault() == [digest]
    assert store.of_vault(digest) == PDF
    assert (root.path / "var/portal/acme-bv/D-2026-000001/report.pdf").read_bytes() == PDF
    root.run("verify")
