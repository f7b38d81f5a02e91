"""Deciding: what waits for this person, and one concept with all that a decision needs in view."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from desk.actions import concepts, deciding, item_view, my_work
from desk.web.shell.paging import leaf
from desk.web.shell.sending import PREVIEW
from desk.web.staff import papers
from desk.web.staff.start import keys_to_decide
from desk.web.staff.visit import StaffVisit
from dossier.database.tables import item_name
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence
from workflow.approval.deciding import VERDICTS, AlreadyDecided, ContentChanged

PAGE_CONCEPTS = 50
BEFORE, BEHIND = 2, 18
"""So many before and behind the one that is decided stand beside it."""


def queue(visit: StaffVisit) -> Response:
    """All that waits for this person, oldest first. A POST approves those that were ticked and
    opened before."""
    became: list[tuple[str, str, bool]] = []
    if visit.request.method == "POST":
        chosen = [(name, content) for name, _, content in (one.partition(" ") for one in visit.fields("chosen"))]
        for name, what in concepts.approve_opened(visit.office, visit.now, visit.actor, chosen[:PAGE_CONCEPTS]):
            became.append((name, visit.told(what), isinstance(what, Sentence)))
    all_keys = keys_to_decide(visit)
    keys = leaf(visit, all_keys, PAGE_CONCEPTS)
    waits = my_work.to_decide(visit.office, visit.actor, visit.now, keys.rows)
    opened, oldest_days = concepts.opened(visit.actor, waits), my_work.oldest_days(all_keys, visit.now)
    return visit.page("queue.html", keys=keys, waits=waits, opened=opened, became=became, oldest_days=oldest_days)


def concept(visit: StaffVisit) -> Response:
    """One concept; a POST decides on it."""
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    if visit.request.method == "POST":
        return _decide(visit, name, key)
    return _page(visit, key)


def preview(visit: StaffVisit) -> Response:
    """The client's portal as it would be after approval, to be looked at beside the decision."""
    key = item_view.find(visit.office, visit.actor, visit.request.path_params["item"]).id
    return HTMLResponse(concepts.preview(visit.office, visit.actor, visit.now, key), headers=PREVIEW)


def previewed_file(visit: StaffVisit) -> Response:
    """A file that the preview leads to: the item's own."""
    name, file = visit.request.path_params["item"], visit.request.path_params["name"]
    item_view.version_of(visit.office, visit.actor, name, file, None)
    return visit.to(f"/items/{name}/attachments/{quote(file, safe='')}")


def _page(visit: StaffVisit, key: int, status: int = 200, **more: object) -> Response:
    found = concepts.view(visit.office, visit.actor, visit.now, key, note=visit.request.method != "HEAD")
    concepts.note_shown(visit.now, visit.actor, found)
    keys = keys_to_decide(visit)
    place = keys.index(key) if key in keys else None
    first = max(0, (place or 0) - BEFORE)
    waits = my_work.to_decide(visit.office, visit.actor, visit.now, keys[first : first + BEFORE + 1 + BEHIND])
    following = keys[place + 1 : place + 2] if place is not None else keys[:1]
    values: dict[str, object] = {
        "found": found, "waits": waits, "count": len(keys), "files": papers.papers(
            visit.easel, [(one["name"], one["size"], one["media_type"], one["sha256"]) for one in found.shown["attachments"]],
            found.attention, found.before,
        ), "place": place,
        "before": item_name(keys[place - 1]) if place else None,
        "after": item_name(following[0]) if following else None,
        "attention": [visit.told(line) for line in found.attention],
        "changes": [visit.told(line) for line in found.changes],
        "remarks": [visit.told(line) for line in found.remarks],
        "why_not": visit.told(found.why_not) if found.why_not else None,
        "became": visit.told(found.became) if found.became else None,
        "problem": None, "comment": visit.field("comment"), "was": visit.field("was"), "did": visit.field("did"),
    }  # fmt: skip
    return visit.page("decide.html", status, **{**values, **more})


def _decide(visit: StaffVisit, name: str, key: int) -> Response:
    """Nothing is approved but what was shown: `content` is the digest of that."""
    verdict, comment, content = VERDICTS.get(visit.field("decision")), visit.field("comment"), visit.field("content")
    if verdict is None or not content or len(set(visit.fields("decision"))) > 1:
        return _page(visit, key, 422, problem="unclear")
    if verdict == "reject" and not comment.strip():
        return _page(visit, key, 422, problem="comment")
    if verdict == "approve" and visit.field("asked") and not visit.field("seen"):
        return _page(visit, key, 422, problem="seen")
    keys = keys_to_decide(visit)
    rest = [*(one for one in keys if one > key), *(one for one in keys if one < key)]
    try:
        if verdict == "approve":
            concepts.refuse_unseen(visit.actor, concepts.view(visit.office, visit.actor, visit.now, key))
        became = deciding.decide(visit.office, visit.now, visit.actor, key, verdict, comment, content)
    except Refusal as refusal:
        before = deciding.decided_so(visit.actor, key, verdict, comment, content)
        if before is None:
            return _refused(visit, key, refusal)
        became = before  # pressed twice: nothing is wrong
    following = f"/queue/{item_name(rest[0])}" if rest else "/queue"
    did = "more" if became.code == deciding.AND_MORE else verdict
    return visit.to(f"{following}?was={name}&did={did}")


def _refused(visit: StaffVisit, key: int, refusal: Refusal) -> Response:
    if isinstance(refusal, ContentChanged):
        return _page(visit, key, 409, problem="changed")
    if isinstance(refusal, AlreadyDecided):
        return _page(visit, key, 409, problem="late")
    return _page(visit, key, refusal.http_status, problem="refused", why_not=visit.told(refusal))
