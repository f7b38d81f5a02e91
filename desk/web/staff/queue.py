"""Deciding: what waits for this person, and one concept with all that a decision needs in view."""

from __future__ import annotations

from starlette.responses import Response

from desk.actions import concepts, deciding, item_view, my_work
from desk.web.staff import papers
from desk.web.staff.visit import WORDS, Visit
from dossier.text.refusals import Refusal
from dossier.text.sentences import told
from workflow.approval.deciding import AlreadyDecided, ContentChanged


def queue(visit: Visit) -> Response:
    """All that waits for this person, oldest first."""
    return visit.page("queue.html", waits=my_work.to_decide(visit.office, visit.actor, visit.now))


def concept(visit: Visit) -> Response:
    """One concept; a POST decides on it."""
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    if visit.request.method == "POST":
        return _decide(visit, name, key)
    return _page(visit, key)


def _page(visit: Visit, key: int, status: int = 200, **more: object) -> Response:
    language = visit.language
    found = concepts.view(visit.office, visit.actor, visit.now, key, note=visit.request.method == "GET")
    waits = my_work.to_decide(visit.office, visit.actor, visit.now)
    names = [one.item for one in waits]
    place = names.index(found.item) if found.item in names else None
    values: dict[str, object] = {
        "found": found, "waits": waits, "files": papers.papers(
            visit.easel, [(one["name"], one["size"], one["media_type"], one["sha256"]) for one in found.shown["attachments"]],
            found.attention, found.before,
        ), "place": place,
        "before": names[place - 1] if place else None,
        "after": names[place + 1] if place is not None and place + 1 < len(names) else (names[0] if place is None and names else None),
        "attention": [told(line, language, WORDS) for line in found.attention],
        "changes": [told(line, language, WORDS) for line in found.changes],
        "remarks": [told(line, language, WORDS) for line in found.remarks],
        "why_not": told(found.why_not, language, WORDS) if found.why_not else None,
        "became": told(found.became, language, WORDS) if found.became else None,
        "problem": None, "comment": visit.field("comment"), "was": visit.field("was"), "did": visit.field("did"),
    }  # fmt: skip
    return visit.page("decide.html", status, **{**values, **more})


def _decide(visit: Visit, name: str, key: int) -> Response:
    """Nothing is approved but what was shown: `content` is the digest of that."""
    verdict, comment, content = visit.field("decision"), visit.field("comment"), visit.field("content")
    if verdict not in ("approve", "reject") or not content:
        return _page(visit, key, 422, problem="unclear")
    if verdict == "reject" and not comment.strip():
        return _page(visit, key, 422, problem="comment")
    waits = [one.item for one in my_work.to_decide(visit.office, visit.actor, visit.now)]
    following = next((one for one in waits[waits.index(name) + 1 :] + waits if one != name), None) if name in waits else None
    try:
        deciding.decide(
            visit.office, visit.now, visit.actor, key, "approve" if verdict == "approve" else "reject", comment, content
        )
    except ContentChanged:
        return _page(visit, key, 409, problem="changed")
    except AlreadyDecided:
        return _page(visit, key, 409, problem="late")
    except Refusal as refusal:
        return _page(visit, key, refusal.http_status, problem="refused", why_not=refusal.told(visit.language, WORDS))
    return visit.to(f"/queue/{following}?was={name}&did={verdict}" if following else f"/queue?was={name}&did={verdict}")
