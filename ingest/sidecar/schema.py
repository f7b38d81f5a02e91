"""The JSON Schema of a sidecar, made from its keys."""

from __future__ import annotations

from typing import Any

from dossier.office.keys import Settings
from ingest.sidecar.keys import KEYS, TEXT


def sidecar_schema(settings: Settings | None) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a sidecar, for editors; with `settings` also what this office allows."""
    properties: dict[str, Any] = {}
    for key in KEYS:
        schema = dict(key.schema)
        if settings is not None:
            schema = _with_choices(schema, key.english, settings)
        properties[key.english] = {**schema, "description": key.text}
        if key.dutch != key.english:
            properties[key.dutch] = {**schema, "description": f"{key.text} ({key.english})"}
    for name, kind in settings.types.items() if settings else ():
        for word, values in kind.fields.items():
            what = "a date such as 2026-12-31" if values == "date" else "text" if values == "text" else " or ".join(values)
            properties.setdefault(word, {**TEXT, "description": f"Of type {name}: {what}."})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sidecar",
        "description": "One dossier item and the files that belong to it.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "anyOf": [{"required": [word]} for word in ("description", "omschrijving", "item", "dossierstuk")],
        "allOf": [{"not": {"required": [key.english, key.dutch]}} for key in KEYS if key.dutch != key.english],
    }


def _with_choices(schema: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    items = settings.items
    if key == "description":
        return {**schema, "minLength": items.description_min}
    choices = {"status": items.statuses, "type": list(settings.types)}.get(key)
    if choices:
        return {"enum": [*choices, None]}
    if key == "labels" and items.labels:
        return {**schema, "items": {"enum": list(items.labels)}}
    if key == "location" and items.locations:
        return {**schema, "examples": list(items.locations)}
    return schema
