"""Vault and portal in an object store, by the installed command: the same house, with the store's own ways of failing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
import yaml
from mail_server import Server
from stores import Shop, moved_in, shop
from support import PDF, Root, wait_for

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


def test_what_is_approved_reaches_the_portal_in_the_store(root: Root, store: Shop, post: Server) -> None:
    big = bytes(range(256)) * 80_000
    with root.daemon():
        root.drop("report", APPROVED + "notify: yes\ncontact: j.jansen\n", report_pdf=PDF, report_bin=big)
        wait_for(lambda: post.mails, "the mail came")
    digest = hashlib.sha256(big).hexdigest()
    names = store.on_portal()
    assert "acme-bv/D-2026-000001/report.pdf" in names
    assert store.read("acme-bv/D-2026-000001/report.bin") == big
    assert store.of_vault(digest) == big
    shown = json.loads(store.read("acme-bv/items.json"))
    assert [one["item"] for one in shown["items"]] == ["D-2026-000001"]
    assert store.uploads() == []
    root.run("verify")
    root.run("withdraw", "D-2026-000001", "--reason", "wrong year", user="j.admin")
    root.once()
    assert not [name for name in store.on_portal() if "D-2026" in name]
    assert json.loads(store.read("acme-bv/items.json"))["items"] == []
    root.run("verify")
