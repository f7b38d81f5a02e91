"""The table of routes as an OpenAPI 3.1 document, and as a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from desk.web.api.models import Answer, Changed, Drop, Item, Problem
from desk.web.api.routes import ROUTES, TEXT, WHOLE, Route
from desk.web.shell.parts import FORM
from dossier import __version__

JSON, PROBLEM, BYTES = "application/json", "application/problem+json", "application/octet-stream"

NOT_EMPTY = {**TEXT, "minLength": 1}

_REF = "#/components/schemas/{model}"


def document(server: str) -> dict[str, Any]:
    """The OpenAPI document; `server`: the desk's address."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    known: list[type[BaseModel]] = [
        Problem,
        Changed,
        *dict.fromkeys(model for route in ROUTES if (model := _model(route)) is not None),
    ]
    _, schemas = models_json_schema([(model, "serialization") for model in known], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dossier",
            "version": "1",
            "description": f"Items, drops and decisions of one office. dossier {__version__}.",
        },
        "servers": [{"url": f"{server}/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}, "schemas": schemas["$defs"]},
    }


def _model(route: Route) -> type[Answer] | None:
    return route.gives[0] if isinstance(route.gives, tuple) else route.gives


def _operation(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}",
        "summary": route.summary,
        "description": f"Needs the scope `{route.scope}`.",
        "parameters": _parameters(route),
        "responses": {
            str(route.status): _good(route),
            "default": _said("Refused.", PROBLEM, {"$ref": _REF.format(model="Problem")}),
        },
    }
    if route.has_tag:
        made["responses"][str(route.status)]["headers"] = {"ETag": {"schema": TEXT}}
        made["responses"]["304"] = {"description": "It is as If-None-Match says."}
    if route.gives is None:
        made["responses"]["206"] = {**_good(route), "description": "A part of it."}
    if route.takes_form:
        made["responses"]["202"] = {**_given_as(Drop), "description": "A whole drop is taken in."}
    if route.streamed is not None:
        made["requestBody"] = {"required": True, "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
    elif route.body is not None:
        example = route.body["examples"][0]
        made["requestBody"] = {
            "required": bool(route.body["required"]),
            "content": {
                JSON: {"schema": {key: part for key, part in route.body.items() if key != "examples"}, "example": example}
            },
        }
        if route.takes_form:
            made["requestBody"]["content"][FORM] = {"schema": dict(WHOLE), "encoding": {"drop": {"contentType": JSON}}}
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [_parameter(part[1:-1], "path", NOT_EMPTY, True) for part in route.path.split("/") if part.startswith("{")]
    for name, meaning, schema in route.query:
        found.append({**_parameter(name, "query", NOT_EMPTY if schema is TEXT else schema), "description": meaning})
    if route.has_tag or route.streamed is not None:
        found.append(_parameter("If-None-Match", "header", TEXT if route.has_tag else NOT_EMPTY))
    if route.takes_version or route.has_tag:
        found.append(_parameter("If-Match", "header", NOT_EMPTY, route.method == "PATCH"))
    if route.is_repeatable:
        found.append(_parameter("Idempotency-Key", "header", NOT_EMPTY))
    return found


def _parameter(name: str, place: str, schema: Mapping[str, Any], required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": dict(schema)}


def _good(route: Route) -> dict[str, Any]:
    model = _model(route)
    if model is None:
        return _said("The file, in its own media type.", "*/*", {"type": "string", "format": "binary"})
    said = _given_as(model, isinstance(route.gives, tuple))
    if model is Item and route.scope != "items:read":
        either = [said["content"][JSON]["schema"], {"$ref": _REF.format(model=Changed.__name__)}]
        said["content"][JSON]["schema"] = {"anyOf": either}
        said["description"] = "Done. The whole item, to a key with `items:read`."
    return said


def _given_as(model: type[Answer], is_list: bool = False) -> dict[str, Any]:
    one, example = {"$ref": _REF.format(model=model.__name__)}, _example(model)
    said = _said("Done.", JSON, {"type": "array", "items": one} if is_list else one)
    said["content"][JSON]["example"] = [example] if is_list else example
    return said


def _said(what: str, kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {kind: {"schema": dict(schema)}}}


def _example(model: type[BaseModel]) -> dict[str, Any]:
    """An answer of this kind, of the examples of its keys."""
    made: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if field.examples:
            made[name] = field.examples[0]
        elif field.annotation is bool:
            made[name] = True
        else:  # a list of other answers
            inner = next(one for one in getattr(field.annotation, "__args__", ()))
            made[name] = [_example(inner)]
    return made


def page(server: str, style: str) -> str:
    """The same for people, without a script; `style`: the address of the desk's."""
    whole = document(server)
    operations = [
        {"method": method.upper(), "path": path, **operation, "sent": _sent(operation), "given": _given(operation)}
        for path, under in whole["paths"].items()
        for method, operation in under.items()
    ]
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return made.get_template("api.html").render(server=whole["servers"][0]["url"], operations=operations, style=style)


def _sent(operation: Mapping[str, Any]) -> str | None:
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    return _as_json(content["example"]) if content else None


def _given(operation: Mapping[str, Any]) -> tuple[str, str | None]:
    """(status, example) of what is answered if all goes well."""
    status, good = next(iter(operation["responses"].items()))
    content = good["content"].get(JSON)
    return status, _as_json(content["example"]) if content else None


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
