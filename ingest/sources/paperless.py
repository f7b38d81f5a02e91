"""An archive as Paperless-ngx exports it: manifest.json, originals, and PDF/A versions.

A document becomes an item with its original, and its archived version if there is one. Tags and
type become labels, the correspondent is translated to a client by the map. Reads the folder only.
Custom fields, permissions and what Paperless read of a page stay behind. With `--split-manifest`,
what lies beside the documents in `…-manifest.json` is read too; an export as a zip file is unpacked
first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dossier.files import files
from dossier.text.sentences import sentence
from ingest.sources.archive import SEVERAL, Archive, ImportMap, MapError, Row, read_import_map

MANIFEST, METADATA = "manifest.json", "metadata.json"
MANIFEST_BYTES = 1024 * 1024 * 1024
"""At most so large: it holds the text of all pages."""

_SPLIT = "-manifest.json"
_ORIGINAL, _ARCHIVED, _THUMBNAIL = "__exported_file_name__", "__exported_archive_name__", "__exported_thumbnail_name__"
_NAMED = {"documents.correspondent": "correspondent", "documents.documenttype": "document_type", "documents.storagepath": "storage_path",
          "documents.tag": "tags"}  # fmt: skip
"""The manifest's models that only have a name, and what a document calls them."""

_COLUMNS = ("number", "title", "created", "year", "added", "asn", "notes", *_NAMED.values(), "original", "archived")

DEFAULT = {
    "table": MANIFEST,
    "attachments": ["{original}", "{archived}"],
    "client": "{correspondent}",
    "item": {
        "description": "{title}, {created}",
        "location": "{year}",
        "labels": ["{tags}", "{document_type}"],
        "explanation": "{notes}",
    },
}
"""What is done where the map doesn't say otherwise."""


def read_map(path: Path | None) -> ImportMap:
    """The map at `path` with DEFAULT for the keys that it hasn't. Raises MapError, OSError."""
    return ImportMap.model_validate(DEFAULT) if path is None else read_import_map(path, DEFAULT)


class PaperlessArchive(Archive):
    """The folder of an export, in the order of the documents' numbers."""

    def _rows(self) -> Iterator[Row]:
        found = self._objects(MANIFEST)
        for path, reason in self._walk():
            if reason is None and path.endswith(_SPLIT):
                found += self._objects(path)
                self.used.add(path)
        self.used.add(METADATA)
        self._check_names(set(_COLUMNS), "map")
        names: dict[tuple[str, int], str] = {}
        notes: dict[int, list[str]] = {}
        for one in found:
            fields = one["fields"]
            if one["model"] in _NAMED:
                names[_NAMED[one["model"]], one["pk"]] = _text(fields.get("name"))
            elif one["model"] == "documents.note" and isinstance(fields.get("document"), int):
                notes.setdefault(fields["document"], []).append(_text(fields.get("note")))
        documents = [one for one in found if one["model"] == "documents.document"]
        for one in sorted(documents, key=lambda one: int(one["pk"])):
            yield self._row(one, names, notes)

    def _row(self, one: dict[str, Any], names: dict[tuple[str, int], str], notes: dict[int, list[str]]) -> Row:
        fields, number = one["fields"], int(one["pk"])
        created = _text(fields.get("created"))[:10]
        tags = fields.get("tags")
        labels = [names.get(("tags", tag), "") for tag in (tags if isinstance(tags, list) else []) if isinstance(tag, int)]
        values = {
            "number": _text(number),
            "title": _text(fields.get("title")),
            "created": created,
            "year": created[:4],
            "added": _text(fields.get("added"))[:10],
            "asn": _text(fields.get("archive_serial_number")),
            "notes": "\n".join(notes.get(number, [])),
            "original": _text(one.get(_ORIGINAL)),
            "archived": _text(one.get(_ARCHIVED)),
        }
        for name in ("correspondent", "document_type", "storage_path"):
            named = fields.get(name)
            values[name] = self._meaning(name, names.get((name, named), "") if isinstance(named, int) else "")
        values["tags"] = SEVERAL.join(self._meaning("tags", label) for label in labels)
        if picture := _text(one.get(_THUMBNAIL)):
            self.used.add(self.locate(os.path.normpath(picture)) or picture)
        wanted = [self._filled(template, values) for template in self.map.attachments]
        return f"{MANIFEST}: {values['number']}", values, [os.path.normpath(path) for path in wanted if path]

    def _objects(self, path: str) -> list[dict[str, Any]]:
        """What a manifest lists, as far as it has its shape. MapError if it is none; OSError."""
        located = self.locate(path)
        if located is None:
            raise MapError((path, sentence("importing.no_manifest")))
        with self.opened(located) as place:
            data, _ = files.read_plain(place, MANIFEST_BYTES + 1)
        try:
            listed = json.loads(data) if len(data) <= MANIFEST_BYTES else None
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list):
            raise MapError((path, sentence("importing.no_manifest")))
        objects = [one for one in listed if isinstance(one, dict) and isinstance(one.get("fields"), dict)]
        return [one for one in objects if isinstance(one.get("model"), str) and isinstance(one.get("pk"), int)]


def _text(value: object) -> str:
    """A value of the manifest; "" for none, and for what is no plain value."""
    return str(value).strip() if isinstance(value, str | int) else ""
