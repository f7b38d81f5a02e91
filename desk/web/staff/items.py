"""An item whole, its files, and what can be done with it from its page."""

from __future__ import annotations

from itertools import groupby
from urllib.parse import quote

from starlette.responses import Response

from desk.actions import changing, item_view, withdrawing
from desk.actions.changing import wish_from
from desk.web.shell.sending import Kept, saved_file, size_of
from desk.web.staff import papers
from desk.web.staff.visit import WORDS, Visit
from dossier.text.refusals import Conflict, Refusal
from dossier.text.sentences import told
from workflow.items.amending import FileChanges
from workflow.items.rules import Wish

EDITABLE = ("description", "status", "location", "labels", "explanation")
"""Fields that are changed in their place."""


def item(visit: Visit) -> Response:
    """The page of an item."""
    return _page(visit, visit.request.path_params["item"])


def _page(visit: Visit, name: str, status: int = 200, **more: object) -> Response:
    office, language = visit.office, visit.language
    found = item_view.view(office, visit.actor, visit.now, name, note=visit.request.method == "GET")
    story = [
        {
            "at": one.at, "who": one.who, "what": told(one.what, language, WORDS),
            "more": [told(line, language, WORDS) for line in one.more], "is_sharing": one.is_sharing,
        }
        for one in found.story
    ]  # fmt: skip
    values: dict[str, object] = {
        "found": found, "one": found.summary, "papers": papers.papers(
            visit.easel, [(file.name, file.size, file.media_type, file.sha256) for file in found.files], found.attention,
        ), "days": [(day, list(lines)) for day, lines in groupby(story, key=lambda line: str(line["at"])[:10])],
        "why": [told(line, language, WORDS) for line in found.why], "visible": told(found.visible, language, WORDS),
        "latest": next((line for line in sorted(story, key=lambda line: str(line["at"]), reverse=True) if line["who"]), None),
        "attention": [told(line, language, WORDS) for line in found.attention], "statuses": office.settings.items.statuses,
        "problems": {}, "typed": {}, "done": visit.field("done"),
    }  # fmt: skip
    return visit.page("item.html", status, **{**values, **more})


def edit(visit: Visit) -> Response:
    """Change fields of an item, if it is still the version that the page showed."""
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    typed = {field: visit.field(field) for field in EDITABLE if field in visit.form}
    keys: dict[str, str | list[str] | None] = dict(typed)
    if "labels" in typed:
        keys["labels"] = [label.strip() for label in typed["labels"].split(",") if label.strip()]
    version = visit.field("version")
    try:
        wish, share_all = wish_from(visit.office, key, keys)
        changing.change(
            visit.office, visit.now, visit.actor, key, wish, FileChanges(share_all=share_all),
            if_version=int(version) if version.isdecimal() else None,
        )  # fmt: skip
    except Conflict as refusal:
        return _page(visit, name, 409, problems={"if_version": refusal.told(visit.language, WORDS)}, typed=typed)
    except Refusal as refusal:
        problems = {one.key: told(one.message, visit.language, WORDS) for one in refusal.problems}
        return _page(visit, name, 422, problems=problems, typed=typed)
    return visit.to(f"/items/{name}?done=changed")


def withdraw(visit: Visit) -> Response:
    """Take it off the portal, with a reason."""
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    try:
        withdrawing.withdraw(visit.office, visit.now, visit.actor, key, visit.field("reason"))
    except Refusal as refusal:
        return _page(
            visit, name, 422, problems={"reason": refusal.told(visit.language, WORDS)}, typed={"reason": visit.field("reason")}
        )
    return visit.to(f"/items/{name}?done=withdrawn")


def put_back(visit: Visit) -> Response:
    """Put back on the portal what was approved."""
    name = visit.request.path_params["item"]
    withdrawing.put_back(visit.office, visit.now, visit.actor, item_view.find(visit.office, visit.actor, name).id)
    return visit.to(f"/items/{name}?done=put_back")


def change_files(visit: Visit) -> Response:
    """Rename or remove an attachment, or change whether it is shared."""
    name, file = visit.request.path_params["item"], visit.field("file")
    key = item_view.find(visit.office, visit.actor, name).id
    what = visit.field("what")
    changes = {
        "remove": FileChanges(remove=[file]),
        "rename": FileChanges(rename={file: visit.field("name")}),
        "share": FileChanges(shares={file: True}),
        "keep": FileChanges(shares={file: False}),
    }.get(what)
    if changes is None:
        return _page(visit, name, 422)
    try:
        changing.change(visit.office, visit.now, visit.actor, key, Wish(), changes, must_be_there=[file])
    except Refusal as refusal:
        return _page(visit, name, 422, problems={"files": refusal.told(visit.language, WORDS)})
    return visit.to(f"/items/{name}?done=changed")


def attachment(visit: Visit) -> Response:
    """A file of an item, whole or in part; `?version=N`: an earlier one. It is given only once that is recorded."""
    name, file, version = visit.request.path_params["item"], visit.request.path_params["name"], visit.field("version")
    row = item_view.version_of(visit.office, visit.actor, name, file, int(version) if version.isdecimal() else None)
    vault = visit.vault
    kept = Kept(vault.place(row.sha256), size_of(vault.size, row.sha256), lambda start, end: vault.pieces(row.sha256, start, end))
    if kept.size != row.size:
        return visit.page("message.html", 503, about="trouble", reason=None)
    if visit.request.method == "GET":
        item_view.note_file(visit.now, visit.actor, name, file)
    return saved_file(visit.request, kept, row.name, row.media_type, row.sha256)


def address(name: str, file: str, version: int | None = None) -> str:
    """Where a file of an item is."""
    return f"/items/{name}/attachments/{quote(file, safe='')}" + (f"?version={version}" if version else "")
