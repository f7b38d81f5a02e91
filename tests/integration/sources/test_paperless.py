"""`dossier import --from paperless`: what the exporter of Paperless-ngx wrote becomes drops, once each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.guard_corpus import pdf
from kit.support import DOSSIER, Root, once_here

from dossier.database.database import close_database, open_database
from dossier.database.tables import Item
from dossier.office.opening import load_office
from ingest.sources import paperless
from ingest.sources.archive import MapError
from ingest.sources.paperless import PaperlessArchive
from workflow.items import items

MAP = 'translate: {correspondent: {"Acme B.V.": acme-bv}, tags: {tax: belasting}}\n'


@pytest.fixture
def office(root: Root) -> Iterator[Root]:
    yield root
    close_database()


def document(pk: int, title: str, correspondent: int | None, tags: list[Any], name: str, **more: str) -> dict[str, Any]:
    fields = {"title": title, "correspondent": correspondent, "document_type": 5, "storage_path": None, "tags": tags,
              "created": "2024-03-01T00:00:00Z", "added": "2024-03-02T09:00:00Z", "archive_serial_number": 7, "content": "text of the page"}  # fmt: skip
    return {"model": "documents.document", "pk": pk, "fields": fields, "__exported_file_name__": name, **more}


def export(folder: Path, *documents: dict[str, Any]) -> Path:
    """As document_exporter lays a folder out; the thumbnail and the archived version lie beside the originals."""
    folder.mkdir()
    for name in ("scan.pdf", "brief.pdf", "scan.pdf-archive.pdf", "scan.pdf-thumbnail.webp"):
        (folder / name).write_bytes(pdf(name))
    listed: list[dict[str, Any]] = [
        {"model": "documents.correspondent", "pk": 1, "fields": {"name": "Acme B.V.", "match": ""}},
        {"model": "documents.tag", "pk": 3, "fields": {"name": "tax"}},
        {"model": "documents.tag", "pk": 4, "fields": {"name": "2024"}},
        {"model": "documents.documenttype", "pk": 5, "fields": {"name": "Invoice"}},
        {"model": "documents.note", "pk": 1, "fields": {"document": 11, "note": "Paid in April"}},
        {"model": "auth.user", "pk": 1, "fields": {"username": "admin"}},
        *documents,
    ]
    (folder / "manifest.json").write_text(json.dumps(listed))
    (folder / "metadata.json").write_text('{"version": "2.14.7"}')
    return folder


def scanned() -> dict[str, Any]:
    more = {"__exported_archive_name__": "scan.pdf-archive.pdf", "__exported_thumbnail_name__": "scan.pdf-thumbnail.webp"}
    return document(11, "Factuur", 1, [3, 4], "scan.pdf", **more)


def command(root: Root, folder: Path, *options: str, code: int = 0) -> str:
    (root.path / "map.yaml").write_text(MAP)
    words = [DOSSIER, "--root", root.path, "--as", "p.bakker", "import", folder, "--from", "paperless", *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_documents_become_items_with_their_tags_their_client_and_both_files(office: Root, tmp_path: Path) -> None:
    folder = export(tmp_path / "export", scanned(), document(12, "Brief", 1, [], "brief.pdf"))
    told = command(office, folder, "--map", str(office.path / "map.yaml"))
    assert "2 items" in told
    assert "left out" not in told, "thumbnails and manifests are no documents"
    once_here(office)
    open_database(load_office(office.path, {}))
    made = {item.description: items.get(item.id) for item in Item.select()}
    assert set(made) == {"Factuur, 2024-03-01", "Brief, 2024-03-01"}
    invoice = made["Factuur, 2024-03-01"]
    assert (invoice.client, invoice.location, invoice.explanation) == ("acme-bv", "2024", "Paid in April")
    assert set(invoice.labels) == {"belasting", "2024", "Invoice"}
    assert "are in the inbox now" in told
    assert "(2 of them were imported before)" in command(office, folder, "--map", str(office.path / "map.yaml"), "--dry-run")


def test_a_manifest_that_is_split_is_read_where_it_lies(tmp_path: Path) -> None:
    folder = export(tmp_path / "export")
    (folder / "json").mkdir()
    (folder / "json/brief.pdf-manifest.json").write_text(json.dumps([document(12, "Brief", 1, [3], "brief.pdf")]))
    [entry] = PaperlessArchive(folder, paperless.read_map(None)).entries()
    assert (entry.client, entry.paths) == ("Acme B.V.", ("brief.pdf",))
    assert entry.keys["labels"] == ["tax", "Invoice"]


@pytest.mark.parametrize("manifest", ["", "{}", "[", "[" * 100_000, '{"model": "x"}'])
def test_what_is_no_manifest_is_told_of_in_words(tmp_path: Path, manifest: str) -> None:
    folder = export(tmp_path / "export")
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(MapError, match="no manifest"):
        list(PaperlessArchive(folder, paperless.read_map(None)).entries())


@pytest.mark.slow
def test_a_hostile_manifest_reaches_no_file_outside_and_is_no_traceback(office: Root, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    odd = document(
        13, "Odd document", 1, [[], {}, None, 99], "../secret.txt", __exported_archive_name__=str(tmp_path / "secret.txt")
    )
    folder = export(
        tmp_path / "export",
        odd,
        {"model": "documents.document", "pk": 14, "fields": {"title": [], "correspondent": {}}},
        {"model": [], "fields": {}},
    )
    told = command(office, folder, "--map", str(office.path / "map.yaml"), code=1)
    assert "Traceback" not in told
    assert "nothing was imported" in told
    assert not list((office.path / "inbox").rglob("*secret*"))
