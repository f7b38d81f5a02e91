"""JSON Schemas of sidecars and of the files in config/, by which editors complete and check what is typed."""

from __future__ import annotations

from typing import Any

from dossier.office.field_texts import describe_models
from dossier.office.keys import MODELS, Settings
from ingest.sidecar.schema import sidecar_schema

SCHEMAS = ("sidecar", "settings", "clients", "staff")


def schema_of(what: str, settings: Settings | None) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12): of a sidecar (as this office allows, with `settings`), or of a file of config/."""
    if what == "sidecar":
        return sidecar_schema(settings)
    describe_models()
    schema = MODELS[what].model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
