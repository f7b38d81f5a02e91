"""A new item: files put together with what a sidecar can say, judged while one types, saved once.

It ends as a drop in the inbox (ingest/sources/staging.py), which intake takes like any other. With
a script, each file comes in a request of its own; without one, they come with the form. What was
typed and what came in stays through every fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from starlette.responses import JSONResponse, Response

from desk.actions import client_card, offering
from desk.web.staff.visit import StaffVisit
from dossier.database.web_tables import StagedDrop
from dossier.text import names, system
from dossier.text.refusals import Invalid, NotFound, Problem, Refusal, Unavailable, fault
from ingest.sources import staging
from ingest.sources.staging import Said

log = structlog.get_logger("web")

TEXTS = ("description", "status", "type", "location", "explanation", "due", "share_status", "contact")
YES_NO = ("share", "share_explanation", "notify")
_PLACES = frozenset((*TEXTS, *YES_NO, "attachments", "labels", "owner", "approver", "approvals"))
"""Keys that the form has a place of this id for."""


def new_item(visit: StaffVisit) -> Response:
    """The form; a POST adds files (`add`), takes one out (`out`), checks (`check`), or saves."""
    code = visit.request.path_params["client"]
    client_card.check(visit.office, visit.actor, code)
    offering.check_making(visit.office, visit.actor, code)
    if visit.request.method != "POST":
        offering.check_active(visit.office, code)  # of what was typed already, the judge tells it, and nothing is lost
        begun = _begun(visit, code)
        if begun is None or begun.folder is None:
            return _page(visit, code, begun, {})
        # What a tab still keeps of it (desk.js) is over: whoever asks for a new item has one.
        return _page(visit, code, None, {}, saved=begun.id) if visit.field("kept") else visit.to(f"/drops/{begun.id}")
    row = _drop(visit, code)
    problems = _add(visit, row)
    if out := visit.field("out"):
        staging.remove(visit.office, row, out)
    row = staging.find(visit.office, visit.actor, row.id)
    keys, said = _keys(visit), _said(visit, row)
    if visit.field("check"):
        return JSONResponse({"faults": _told(visit, staging.faults(visit.office, visit.actor, row, keys, said))})
    if problems or visit.field("add") or out:
        return _page(visit, code, row, _by_key(visit, problems), 422 if problems else 200)
    try:
        staging.commit(visit.office, visit.now, visit.actor, row, keys, said)
    except Invalid as refused:
        return _page(visit, code, row, _by_key(visit, refused.problems), 422)
    except OSError as error:
        return _page(visit, code, row, _by_key(visit, _unavailable(error).problems), 503)
    return visit.to(f"/drops/{row.id}")


def _begun(visit: StaffVisit, code: str) -> StagedDrop | None:
    """The drop that a page was putting together when it was loaded anew, by its address; None if it
    is gone."""
    try:
        row = staging.find(visit.office, visit.actor, visit.field("drop")) if visit.field("drop") else None
    except NotFound:
        return None
    return row if row is not None and row.client == code else None


def _drop(visit: StaffVisit, code: str) -> StagedDrop:
    """The drop that this form puts together; a new one at first."""
    key = visit.field("drop")
    if key:
        row = staging.find(visit.office, visit.actor, key)
        if row.client != code:
            raise NotFound("staging.no_drop")
        return row
    return staging.begin(visit.office, visit.now, visit.actor, code)


def _add(visit: StaffVisit, row: StagedDrop) -> list[Problem]:
    """Take the files in that came with the form; why some were not."""
    problems: list[Problem] = []
    here = set[str]()
    for name, pieces in visit.uploads:
        if (folded := names.fold(name)) in here:  # the one before is seen by nobody yet, and would be missed by nobody
            problems.append(fault("attachments", "staging.sent_twice", file=names.printable(name)))
            continue
        here.add(folded)
        try:
            _put(visit, row, name, pieces)
        except Refusal as refusal:
            problems += [Problem("attachments", one.message) for one in refusal.problems]
    return problems


def _put(visit: StaffVisit, row: StagedDrop, name: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Take a file in. Raises Refusal; Unavailable for what the machine has no room for, say."""
    try:
        return staging.put(visit.office, row, name, pieces)
    except OSError as error:
        raise _unavailable(error) from error


def _unavailable(error: OSError) -> Unavailable:
    """What the machine can't do just now, as a refusal. Raises the error itself if it says nothing
    of the machine."""
    advice = system.advised(error)
    if advice is None:
        raise error
    log.error("a file that was sent can't be kept", error=str(error))
    return Unavailable(advice)


def put_file(visit: StaffVisit, pieces: Iterable[bytes]) -> Response:
    """One file, as a script sends it; answers with its size, or with what is wrong with it."""
    if visit.session is None:
        return Response(status_code=401)
    row = staging.find(visit.office, visit.actor, visit.request.path_params["drop"])
    try:
        return JSONResponse(_put(visit, row, visit.request.path_params["name"], pieces))
    except Refusal as refusal:
        return JSONResponse({"faults": _told(visit, refusal.problems)}, refusal.http_status)


def begin(visit: StaffVisit) -> Response:
    """A drop for a script to put files into: its id."""
    code = visit.request.path_params["client"]
    client_card.check(visit.office, visit.actor, code)
    try:
        return JSONResponse({"drop": staging.begin(visit.office, visit.now, visit.actor, code).id}, 201)
    except Refusal as refusal:
        return JSONResponse({"faults": _told(visit, refusal.problems)}, refusal.http_status)


def take_out(visit: StaffVisit) -> Response:
    """Take a file out again, as a script asks."""
    asked = visit.request.path_params
    staging.remove(visit.office, staging.find(visit.office, visit.actor, asked["drop"]), asked["name"])
    return Response(status_code=204)


def sent(visit: StaffVisit) -> Response:
    """What became of a saved item: it is on its way, is taken, or was refused after all."""
    row = staging.find(visit.office, visit.actor, visit.request.path_params["drop"])
    became = staging.fate(visit.office, row, visit.language)
    if became.state in ("taken", "duplicate"):
        return visit.to(f"/items/{became.item}?done={'made' if became.state == 'taken' else 'twice'}")
    if became.state == "open":
        return visit.to(f"/clients/{quote(row.client)}/new")
    return visit.page("sent.html", row=row, became=became)


def _keys(visit: StaffVisit) -> dict[str, str | Sequence[str] | None]:
    """What the form says, as a sidecar's keys. What is not shared says nothing of sharing, but whom
    its type asks for an approval inside the office."""
    keys: dict[str, str | Sequence[str] | None] = {key: visit.field(key).replace("\r\n", "\n").strip() or None for key in TEXTS}
    keys.update({key: "yes" if visit.field(key) == "yes" else None for key in YES_NO})
    keys["labels"] = visit.parts("labels")
    keys["owner"] = visit.person("owner") or None
    keys["approver"] = visit.people("approver")
    keys["approvals"] = visit.field("approvals") or None if len(keys["approver"] or ()) > 1 else None
    for name in visit.form:
        if name.startswith("field."):
            keys[name.removeprefix("field.")] = visit.field(name).strip() or None
    kind = offering.types(visit.office, visit.actor).get(visit.field("type"))
    asks_inside = keys["share"] is None and kind is not None and kind.approval == "internal"
    if keys["share"] is None:
        for key in ("share_status", "share_explanation", "notify", "contact"):
            keys[key] = None
    if keys["share_status"] != "concept" and not asks_inside:
        keys["approver"] = keys["approvals"] = None
    return keys


def _said(visit: StaffVisit, row: StagedDrop) -> dict[str, Said]:
    """Of each file its name and note, and whether the client gets it; None where nobody said, and
    where nothing is shared."""
    shares = {"yes": True, "no": False} if visit.field("share") == "yes" else {}
    return {
        name: Said(
            shares.get(visit.field(f"share:{name}")), visit.field(f"name:{name}").strip(), visit.field(f"note:{name}").strip()
        )
        for name in row.files
    }


def _told(visit: StaffVisit, problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"key": one.key, "message": visit.told_at_field(one.message)} for one in problems]


def _by_key(visit: StaffVisit, problems: Iterable[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in _told(visit, problems):
        said = found.setdefault(one["key"], [])
        if one["message"] not in said:
            said.append(one["message"])
    return found


def _page(
    visit: StaffVisit,
    code: str,
    row: StagedDrop | None,
    problems: Mapping[str, Sequence[str]],
    status: int = 200,
    saved: str = "",
) -> Response:
    office, client = visit.office, visit.office.clients[code]
    locations, labels = client_card.used_lately(code, client_card.check(office, visit.actor, code))
    fresh = staging.find(office, visit.actor, row.id) if row is not None else None
    preset = offering.preset_keys(office, visit.actor, visit.field("preset")) if visit.request.method != "POST" else {}

    def typed(name: str) -> str:
        return visit.field(name) or preset.get(name, "")

    def place_of(key: str) -> str:
        """The id of what is to be mended in the form."""
        kind = offering.types(office, visit.actor).get(typed("type"))
        return f"field.{typed('type')}.{key}" if kind and key in kind.fields else key if key in _PLACES else "save"

    is_sent = visit.request.method == "POST"
    approvers = visit.fields("approver") if is_sent else offering.preset_approvers(office, visit.actor, visit.field("preset"))
    return visit.page(
        "new.html", status, presets=offering.presets(office, visit.actor), named=offering.named, chosen_approvers=[one for one in approvers if one],
        client=code, card=client, row=fresh, problems=problems, locations=locations, labels=labels,
        approvers=offering.approvers(office, visit.actor, code), owners=offering.owners(office, code), types=offering.types(office, visit.actor),
        statuses=office.settings.items.statuses, settings=office.settings,
        may_share=offering.may_share_outright(office, visit.actor, code),
        contacts=[one for one in client.contacts if one.active], typed=typed, place_of=place_of, saved=saved,
    )  # fmt: skip
