"""The table of what programs can ask: method, path, scope, what it does, what is sent and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.responses import Response

from desk.web.api import resources
from desk.web.api.call import Call

Handler = Callable[[Call], Response]
Streamed = Callable[[Call, Iterable[bytes]], Response]

TEXT = {"type": "string"}
NAMES = {"type": "array", "items": TEXT}
OBJECT = {"type": "object"}


@dataclass(frozen=True, slots=True)
class Route:
    method: Literal["GET", "PATCH", "PUT", "POST", "DELETE"]
    path: str
    scope: str
    summary: str
    handler: Handler | None = None
    streamed: Streamed | None = None
    query: Sequence[tuple[str, str]] = ()
    """Name and meaning of each parameter behind the `?`."""
    body: Mapping[str, Any] | None = None
    """JSON Schema of what is sent."""
    status: int = 200
    gives: str = "application/json"
    is_repeatable: bool = False
    """An `Idempotency-Key` holds for it."""
    takes_version: bool = False
    """If-Match can say which version it is about; PATCH must."""


def _object(required: Sequence[str] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


KEYS = _object(
    description=TEXT, status=TEXT, type=TEXT, location=TEXT, labels=NAMES, explanation=TEXT, share={"type": ["boolean", "string"]},
    share_status={"enum": ["concept", "approved"]}, share_attachments={"enum": ["all", "none"]},
    share_explanation={"type": ["boolean", "string"]}, approver={"anyOf": [TEXT, NAMES]}, approvals=TEXT,
    notify={"type": ["boolean", "string"]}, contact=TEXT,
)  # fmt: skip
"""The keys of a sidecar, and those of the item's type besides."""

PAGE = (("after", "go on behind this one"), ("limit", "how many, 1 to 200; default 50"))

ROUTES: tuple[Route, ...] = (
    Route("GET", "/clients", "items:read", "Clients, by name.", resources.clients, query=(("q", "beginnings of words"), *PAGE)),
    Route("GET", "/clients/{client}", "items:read", "One client with its contacts.", resources.client),
    Route(
        "GET", "/items", "items:read", "Items, newest first, or best match first.", resources.item_list,
        query=(
            ("q", "words"), ("client", "code"), ("label", ""), ("location", "this and what is below it"), ("status", ""),
            ("type", ""), ("share_state", ""), ("since", "a day"), ("in", "files: the words are in their text"), *PAGE,
        ),
    ),
    Route("GET", "/items/{item}", "items:read", "One item with attachments and history; counts as viewed.", resources.item),
    Route("PATCH", "/items/{item}", "items:write", "Change an item; If-Match says which version.", resources.change, body=KEYS, takes_version=True),
    Route(
        "GET", "/items/{item}/attachments/{name}", "items:read", "The file, whole or in part; counts as viewed.", resources.attachment,
        query=(("version", "an earlier one"),), gives="application/octet-stream",
    ),
    Route(
        "PUT", "/items/{item}/attachments/{name}", "items:write", "Add a file, or a new version of it.",
        streamed=resources.put_attachment, query=(("share", "yes or no"),), takes_version=True,
    ),
    Route("DELETE", "/items/{item}/attachments/{name}", "items:write", "Take a file out of the item.", resources.remove_attachment, takes_version=True),
    Route(
        "POST", "/items/{item}/attachments/{name}/rename", "items:write", "Give a file another name.", resources.rename_attachment,
        body=_object(["name"], name=TEXT), is_repeatable=True, takes_version=True,
    ),
    Route("GET", "/items/{item}/why", "items:read", "All that keeps it off the portal.", resources.why),
    Route("GET", "/items/{item}/proof", "items:read", "What the client could see from when to when.", resources.proof_sheet),
    Route("GET", "/items/{item}/history", "items:read", "Its events, oldest first.", resources.history),
    Route("GET", "/items/{item}/openings", "items:read", "Who of the client opened what.", resources.opened),
    Route("GET", "/queue", "items:read", "Concepts that this person may decide on, with the digest to decide on.", resources.queue),
    Route(
        "POST", "/items/{item}/decision", "queue:decide", "Approve or reject what was seen.", resources.decide,
        body=_object(["decision", "content"], decision={"enum": ["approve", "reject"]}, comment=TEXT, content=TEXT), is_repeatable=True,
    ),
    Route(
        "POST", "/items/{item}/withdraw", "items:write", "Take it off the portal.", resources.withdraw,
        body=_object(["reason"], reason=TEXT), is_repeatable=True,
    ),
    Route("POST", "/items/{item}/publish", "items:write", "Put back what was approved.", resources.publish, is_repeatable=True),
    Route(
        "POST", "/items/{item}/notify", "items:write", "Mail a contact about it.", resources.notify, body=_object(contact=TEXT),
        status=202, is_repeatable=True,
    ),
    Route(
        "POST", "/drops", "drops:write", "Begin a drop.", resources.begin_drop, body=_object(["client"], client=TEXT), status=201,
        is_repeatable=True,
    ),
    Route("PUT", "/drops/{drop}/files/{name}", "drops:write", "Put a file into it.", streamed=resources.put_file),
    Route(
        "POST", "/drops/{drop}/commit", "drops:write", "Make an item of it; all faults at once.", resources.commit_drop,
        body={**KEYS, "properties": {**KEYS["properties"], "shares": {"type": "object", "additionalProperties": {"type": "boolean"}}}},
        status=202, is_repeatable=True,
    ),
    Route("GET", "/drops/{drop}", "drops:write", "What became of it: open, waiting, taken, duplicate or refused.", resources.drop),
    Route(
        "GET", "/events", "office:read", "The trail behind an event, oldest first.", resources.events,
        query=(("after", "the number of an event"), ("limit", "how many, 1 to 200; default 50")),
    ),
    Route("GET", "/status", "office:read", "The daemon and its queues.", resources.status),
)  # fmt: skip


def document(server: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the table."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dossier", "version": "1", "description": "Dossier items, drops and decisions of one office."},
        "servers": [{"url": f"{server}/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    **_object(
                        ["title", "status", "detail", "faults"], type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT,
                        faults={"type": "array", "items": _object(["key", "message"], key=TEXT, message=TEXT)},
                    )
                }
            },
        },
    }  # fmt: skip


def _operation(route: Route) -> dict[str, Any]:
    name = f"{route.method.lower()}_{route.path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}"
    parameters: list[dict[str, Any]] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": TEXT}
        for part in route.path.split("/")
        if part.startswith("{")
    ]
    parameters += [
        {"name": one, "in": "query", "schema": TEXT, **({"description": what} if what else {})} for one, what in route.query
    ]
    if route.takes_version:
        needed = route.method == "PATCH"
        parameters.append({"name": "If-Match", "in": "header", "required": needed, "schema": TEXT})
    if route.is_repeatable:
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": TEXT})
    good: dict[str, Any] = {
        "description": "done",
        "content": {route.gives: {"schema": {} if route.gives == "application/json" else TEXT}},
    }
    refused = {
        "description": "refused",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    made: dict[str, Any] = {
        "operationId": name, "summary": route.summary, "description": f"Needs the scope `{route.scope}`.", "parameters": parameters,
        "responses": {str(route.status): good, "default": refused},
    }  # fmt: skip
    if route.gives == "application/octet-stream":
        made["responses"]["206"] = good
    if route.streamed is not None:
        made["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    elif route.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    return made
