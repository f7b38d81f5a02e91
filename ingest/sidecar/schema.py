"""The JSON Schema of a sidecar, made from its keys."""

from __future__ import annotations

from dossier.office.item_types import wanted
from dossier.office.keys import Settings
from dossier.text.sentences import sentence, told
from ingest.sidecar.keys import KEYS, TEXT


def sidecar_schema(settings: Settings | None) -> dict[str, object]:
    """A sidecar's JSON Schema (draft 2020-12); with `settings` also what this office allows."""
    language = settings.office.language if settings else "en"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sidecar",
        "description": told(sentence("sidecar.about"), language),
        "type": "object",
        "properties": sidecar_properties(settings, language),
        "additionalProperties": False,
        "anyOf": [{"required": [word]} for word in ("description", "omschrijving", "item", "dossierstuk")],
        "allOf": [{"not": {"required": [key.english, key.dutch]}} for key in KEYS if key.dutch != key.english],
    }


def sidecar_properties(settings: Settings | None, language: str) -> dict[str, dict[str, object]]:
    """Each key that a sidecar may have, in both languages, with its schema and what it is for."""
    properties: dict[str, dict[str, object]] = {}
    for key in KEYS:
        schema = dict(key.schema)
        if settings is not None:
            schema = _with_choices(schema, key.english, settings)
        about = told(sentence(f"sidecar.about_{key.english}"), language)
        properties[key.english] = {**schema, "description": about}
        if key.dutch != key.english:
            properties[key.dutch] = {**schema, "description": f"{about} ({key.english})"}
    for name, kind in settings.types.items() if settings else ():
        for word, values in kind.fields.items():
            about = told(sentence("sidecar.about_field", type=name, wanted=wanted(values)), language)
            properties.setdefault(word, {**TEXT, "description": about})
    return properties


def _with_choices(schema: dict[str, object], key: str, settings: Settings) -> dict[str, object]:
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
