"""The table of what programs can ask: method, path, scope, what it does, what is sent and what
comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.responses import Response

from desk.web.api import drops, models, resources
from desk.web.api.call import LIMIT_MOST, Call
from desk.web.api.models import Answer

Handler = Callable[[Call], Response]
Streamed = Callable[[Call, Iterable[bytes]], Response]
Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 99_999_999}
NAMES: Schema = {"type": "array", "items": TEXT}
YES_NO: Schema = {"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "ja", "nee", "true", "false"]}]}


@dataclass(frozen=True, slots=True)
class Route:
    method: Literal["GET", "PATCH", "PUT", "POST", "DELETE"]
    path: str
    scope: str
    summary: str
    gives: type[Answer] | tuple[type[Answer]] | None
    """What is answered, or (in brackets) a list of what; None: the bytes of a file."""
    handler: Handler | None = None
    streamed: Streamed | None = None
    query: Sequence[tuple[str, str, Schema]] = ()
    """Name, meaning and schema of each parameter behind the `?`."""
    body: Schema | None = None
    """JSON Schema of what is sent, with an example."""
    status: int = 200
    is_repeatable: bool = False
    """An `Idempotency-Key` holds for it."""
    again: Handler | None = None
    """What answers such a request that was done, and whose answer was lost. None: to do it again
    does nothing."""
    check: Callable[[Call], None] | None = None
    """Raises Invalid with all that can be seen to be wrong with what is said, before anything is
    done."""
    takes_form: bool = False
    """It may be sent as a form with files as well: a whole drop."""
    takes_version: bool = False
    """If-Match can say which version it is about; PATCH must."""

    @property
    def keys(self) -> Sequence[str] | None:
        """The keys that its body may have; None: it is not for the face to say."""
        schema = self.body or {}
        return None if schema.get("additionalProperties") else list(schema.get("properties", ()))

    @property
    def texts(self) -> Sequence[str]:
        """The keys of its body that are texts, whichever."""
        return [key for key, schema in (self.body or {}).get("properties", {}).items() if schema.get("type") == "string"]

    @property
    def has_tag(self) -> bool:
        """Its answer has an ETag, and If-None-Match and If-Match are heeded."""
        return self.method == "GET" and self.gives in (None, models.Item)


def _object(example: Schema, required: Sequence[str] = (), /, **properties: Schema) -> dict[str, Any]:
    """An object with these keys alone."""
    return {
        "type": "object", "properties": properties, "required": list(required), "examples": [example], "additionalProperties": False,
    }  # fmt: skip


def _open(schema: Schema) -> dict[str, Any]:
    """The same object, with other keys besides, which are judged as a sidecar's are."""
    return {**schema, "additionalProperties": True}


KEYS: Mapping[str, Schema] = {
    "description": TEXT, "status": TEXT, "type": TEXT, "location": TEXT, "labels": NAMES, "explanation": TEXT, "share": YES_NO,
    "share_status": {"enum": ["concept", "approved"]}, "share_attachments": {"enum": ["all", "none"]}, "share_explanation": YES_NO,
    "approver": {"anyOf": [TEXT, NAMES]}, "approvals": {"anyOf": [TEXT, {"type": "integer"}]}, "notify": YES_NO, "contact": TEXT,
    "due": {**TEXT, "description": "a day, such as 2027-03-01; empty: none"}, "owner": TEXT,
}  # fmt: skip
"""The keys of a sidecar; those of the item's type may stand beside them."""

ATTACHMENT = _object(
    {"file": "annual-accounts.pdf", "name": "Jaarrekening 2025.pdf", "share": True}, ["file"],
    file=TEXT, name=TEXT, share=YES_NO, note=TEXT, sha256=TEXT,
)  # fmt: skip

REASON = {**TEXT, "description": "why it is taken off the portal; with `share` no"}
CHANGE = _open(_object({"location": "2025/Jaarrekening", "labels": ["annual"]}, (), **KEYS, reason=REASON))
AMENDING: Mapping[str, Schema] = {
    "item": {**TEXT, "description": "the number of an item that is there, which the drop changes; needs the scope items:write as well"},
    "remove": NAMES, "rename": {"type": "object", "additionalProperties": TEXT, "description": "old name → new one"}, "reason": REASON,
}  # fmt: skip
NEW = _open(_object(
    {"description": "Annual accounts 2025", "share": True, "share_status": "concept", "shares": {"annual-accounts.pdf": True}}, (), **KEYS, **AMENDING,
    shares={"type": "object", "additionalProperties": {"type": "boolean"}, "description": "of each file: is it shared?"},
    attachments={"type": "array", "items": {"anyOf": [TEXT, ATTACHMENT]}, "description": "the files that were sent, with what is said of each"},
))  # fmt: skip
WHOLE: Schema = {
    "type": "object",
    "properties": {
        "drop": {**NEW, "properties": {"client": TEXT, **NEW["properties"]}, "required": ["client"], "description": "comes first"},
        "file": {"type": "array", "items": {**TEXT, "contentMediaType": "application/octet-stream"}, "description": "each with its file name"},
    },
    "required": ["drop"],
}  # fmt: skip
"""A drop as a form with its files."""

DECISION = _object(
    {"decision": "approve", "content": f"sha256:{models.SHA256}"}, ["decision", "content"],
    decision={"enum": ["approve", "reject"]}, comment={**TEXT, "description": "a rejection needs one"}, content=TEXT,
)  # fmt: skip

LIMIT = ("limit", "how many; default 50", {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST})


def _after(what: str) -> tuple[str, str, Schema]:
    return ("after", f"go on behind this {what}", TEXT)


BEHIND_EVENT = ("after", "go on behind the event of this number", {"type": "integer", "minimum": 0, "maximum": 10**18 - 1})

FILTERS: Sequence[tuple[str, str, Schema]] = (
    ("q", "words", TEXT), ("client", "code", TEXT), ("label", "with this label", TEXT), ("location", "this and what is below it", TEXT),
    ("status", "one of items.statuses", TEXT), ("type", "one of types", TEXT),
    ("share_state", "how far it is shared", {"enum": list(models.ShareState.__args__)}),  # type: ignore[attr-defined]
    ("since", "made on this day or later", {"type": "string", "format": "date"}),
    ("due_by", "something must be done with it on this day or before; the earliest first", {"type": "string", "format": "date"}),
    ("unopened", "on the portal, and opened by no contact yet", {"enum": ["yes", "no"]}),
    ("in", "files: the words are in their text", {"enum": ["files"]}), _after("item"), LIMIT,
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/clients", "items:read", "Clients, by name.", (models.Client,), resources.clients,
        query=(("q", "beginnings of words", TEXT), _after("client"), LIMIT), check=resources.paged(resources.clients_behind),
    ),
    Route("GET", "/clients/{client}", "items:read", "One client with its contacts.", models.Client, resources.client),
    Route(
        "GET", "/items", "items:read", "Items, newest first, or best match first.", (models.Summary,), resources.item_list, query=FILTERS,
        check=resources.check_filter,
    ),
    Route("GET", "/items/{item}", "items:read", "One item with attachments and history; counts as viewed.", models.Item, resources.item),
    Route(
        "PATCH", "/items/{item}", "items:write", "Change an item; If-Match says which version.", models.Item, resources.change, body=CHANGE,
        takes_version=True,
    ),
    Route(
        "GET", "/items/{item}/attachments/{name}", "items:read", "The file, whole or in part; counts as viewed.", None, resources.attachment,
        query=(("version", "an earlier one", NUMBER),),
    ),
    Route(
        "PUT", "/items/{item}/attachments/{name}", "items:write", "Add a file, or a new version of it.", models.Item,
        streamed=resources.put_attachment, query=(("share", "is it shared?", {"enum": ["yes", "no"]}),), takes_version=True,
    ),
    Route(
        "DELETE", "/items/{item}/attachments/{name}", "items:write", "Take a file out of the item.", models.Item,
        resources.remove_attachment, takes_version=True,
    ),
    Route(
        "POST", "/items/{item}/attachments/{name}/rename", "items:write", "Give a file another name.", models.Item, resources.rename_attachment,
        body=_object({"name": "accounts-2025.pdf"}, ["name"], name=TEXT), is_repeatable=True, again=resources.item, takes_version=True,
    ),
    Route("GET", "/items/{item}/why", "items:read", "All that keeps it off the portal.", models.Reasons, resources.why),
    Route("GET", "/items/{item}/proof", "items:read", "What the client could see from when to when.", models.Proof, resources.proof_sheet),
    Route(
        "GET", "/items/{item}/history", "items:read", "Its events, oldest first.", (models.Happened,), resources.history,
        query=(BEHIND_EVENT, LIMIT), check=resources.paged(resources.behind_event),
    ),
    Route(
        "GET", "/items/{item}/openings", "items:read", "Who of the client opened what, first things first.", (models.Opening,), resources.opened,
        query=(_after("opening, by its `id`"), LIMIT), check=resources.paged(resources.openings_behind),
    ),
    Route(
        "GET", "/queue", "items:read", "Concepts that this person may decide on, with the digest to decide on.", (models.Waiting,), resources.queue,
        query=(_after("item"), LIMIT), check=resources.paged(resources.behind_item),
    ),
    Route(
        "POST", "/items/{item}/decision", "queue:decide", "Approve or reject what was seen.", models.Decided, resources.decide, check=resources.check_decision,
        body=DECISION, is_repeatable=True, again=resources.decided, takes_version=True,
    ),
    Route(
        "POST", "/items/{item}/withdraw", "items:write", "Take it off the portal.", models.Item, resources.withdraw, check=resources.check_withdrawal,
        body=_object({"reason": "the wrong year"}, ["reason"], reason=TEXT), is_repeatable=True, again=resources.item, takes_version=True,
    ),
    Route(
        "POST", "/items/{item}/publish", "items:write", "Put back what was approved.", models.Item, resources.publish, is_repeatable=True,
        again=resources.item, takes_version=True,
    ),
    Route(
        "POST", "/items/{item}/notify", "items:write", "Mail a contact about it.", models.Asked, resources.notify,
        body=_object({"contact": "j.jansen"}, contact=TEXT), status=202, is_repeatable=True, again=resources.notified,
        takes_version=True,
    ),
    Route(
        "POST", "/drops", "drops:write", "Begin a drop; as a form with files, a whole drop in one request.", models.Begun, drops.begin_drop,
        body=_object({"client": "acme-bv"}, ["client"], client=TEXT), status=201, is_repeatable=True, takes_form=True,
    ),
    Route("PUT", "/drops/{drop}/files/{name}", "drops:write", "Put a file into it.", models.Staged, streamed=drops.put_file),
    Route(
        "POST", "/drops/{drop}/commit", "drops:write", "Make an item of it; all faults at once.", models.Drop, drops.commit_drop,
        body=NEW, status=202, is_repeatable=True,
    ),
    Route("GET", "/drops/{drop}", "drops:write", "What became of it: open, waiting, taken, duplicate or refused.", models.Drop, drops.drop),
    Route(
        "GET", "/events", "office:read", "The trail behind an event, oldest first.", (models.Event,), resources.events,
        query=(BEHIND_EVENT, LIMIT), check=resources.paged(resources.behind_event),
    ),
    Route("GET", "/status", "office:read", "The daemon and its queues.", models.Status, resources.status),
)  # fmt: skip
