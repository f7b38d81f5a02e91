"""JSON Schemas of sidecars and of the files in config/, by which editors complete and check what is
typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dossier.office import people
from dossier.office.field_texts import describe_models
from dossier.office.keys import MODELS, Settings
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.yamltext import scalar
from ingest.sidecar.schema import sidecar_properties, sidecar_schema

SCHEMAS = ("sidecar", "settings", "clients", "staff")


def schema_of(what: str, settings: Settings | None) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12): of a sidecar (as this office allows, with `settings`), or of a
    file of config/."""
    if what == "sidecar":
        return sidecar_schema(settings)
    describe_models()
    schema = MODELS[what].model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def settings_told(office: Office, reader: Actor) -> Settings:
    """The settings by which a sidecar's schema is made for this reader: without the types that they
    may not know of. The daemon's user and root, who make one for all, are given all types."""
    is_office = reader.code.startswith(people.OS) and people.readable_clients(office, reader.code) is None
    return office.settings if is_office else people.settings_for(office, reader)


class SidecarKey(NamedTuple):
    """A key that may stand in a sidecar, for whoever writes one."""

    word: str
    about: str
    values: list[str]
    """What it can be, as it is written in YAML; empty if that is free."""


def sidecar_keys(office: Office, actor: Actor, language: str) -> list[SidecarKey]:
    """The keys of a sidecar, in both languages; of types, those that this person may know of."""
    settings = people.settings_for(office, actor)
    return [
        # A word is a text in a sidecar, also where other readers of YAML find a number or true.
        SidecarKey(word, str(about["description"]), [one if one.isalnum() else scalar(one) for one in _choices(about)])
        for word, about in sidecar_properties(settings, language).items()
    ]


def _choices(schema: object) -> Iterator[str]:
    """The texts that a schema names: of the value itself, of one of its forms, or of what is in its
    list."""
    if isinstance(schema, Mapping):
        yield from (one for one in (*schema.get("enum", ()), *schema.get("examples", ())) if isinstance(one, str))
        for one in (*schema.get("anyOf", ()), schema.get("items")):
            yield from _choices(one)
