"""Several items of a client's list at once: another status or location, labels, off the portal,
into the bin.

What was ticked is listed and asked about before anything happens; each item is then judged by
itself, as it was when it was listed, and told of by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import Response

from desk.actions import changing, client_card, looking_up, many, undoing, withdrawing
from desk.web.staff.visit import StaffVisit
from dossier.database.tables import item_name
from dossier.text.refusals import Conflict, Refusal
from dossier.text.sentences import Sentence, sentence

MOST = 200
"""So many at once; a list shows fewer."""

Act = Callable[[int, int | None], Sequence[Sentence]]
"""What is done to an item, if it still is this version of it."""


def many_items(visit: StaffVisit) -> Response:
    """First what would be done, then (`sure`) what became of each."""
    client = visit.request.path_params["client"]
    client_card.check(visit.office, visit.actor, client)
    names = [name.partition(" ")[0] for name in visit.fields("chosen")[:MOST]]
    keys = list(dict.fromkeys(looking_up.key_typed(name, visit.office, visit.actor) for name in names))
    found = [one for one in many.listed(visit.office, visit.actor, keys) if one["client"] == client]
    versions = {looking_up.key_typed(one["item"], visit.office, visit.actor): _version(visit, one) for one in found}
    act, needs = _act(visit), {"status": "status", "location": "location", "label": "label", "withdraw": "reason"}
    wanted, problem = needs.get(visit.field("what")), ""
    if act is None or not versions:
        problem = "nothing"
    elif wanted and not visit.field(wanted).strip():
        problem = wanted
    became: list[tuple[str, str, bool]] = []
    if visit.field("sure") and act is not None and not problem:
        for name, outcome in many.each(list(versions), lambda key: _done(visit, act, key, versions[key])):
            lines = [outcome] if isinstance(outcome, Refusal) else outcome
            became.append((name, "; ".join(map(visit.told, lines)), isinstance(outcome, Refusal)))
        gone = [item_name(key) for key in keys if key not in versions]
        became += [(name, visit.told(sentence("desk.not_in_list", item=name)), True) for name in gone]
    return visit.page(
        "many.html", 422 if problem and visit.field("sure") else 200, client=client, card=visit.office.clients[client], found=found,
        what=visit.field("what"), typed=visit.field, became=became, problem=problem if visit.field("sure") or problem == "nothing" else "",
        statuses=visit.office.settings.items.statuses, versions={one["item"]: _version(visit, one) or one["version"] for one in found},
    )  # fmt: skip


def _version(visit: StaffVisit, item: dict[str, object]) -> int | None:
    """The version that was listed, `D-2026-000012 3`; the one there is now before that. None where
    something is to be done and none was listed."""
    shown = dict(one.partition(" ")[::2] for one in visit.fields("chosen")).get(str(item["item"]), "")
    if shown.isascii() and shown.isdecimal() and len(shown) < 10:
        return int(shown)
    return None if visit.field("sure") else int(str(item["version"]))


def _done(visit: StaffVisit, act: Act, key: int, version: int | None) -> Sequence[Sentence]:
    if version is None and visit.field("what") != "withdraw":  # that is held up by nothing
        raise Conflict("desk.of_no_version")
    return act(key, version)


def _act(visit: StaffVisit) -> Act | None:
    office, now, actor = visit.office, visit.now, visit.actor

    def keyed(key: int, version: int | None, keys: changing.Keys) -> Sequence[Sentence]:
        return changing.change(office, now, actor, key, changing.wish_from(office, actor, key, keys)[0], if_version=version)

    def labelled(key: int, version: int | None) -> Sequence[Sentence]:
        return keyed(key, version, {"labels": changing.labels_with(office, actor, key, visit.parts("label"), ())})

    acts: dict[str, Act] = {
        "status": lambda key, version: keyed(key, version, {"status": visit.field("status").strip()}),
        "location": lambda key, version: keyed(key, version, {"location": visit.field("location").strip()}),
        "label": labelled,
        "withdraw": lambda key, version: withdrawing.withdraw(office, now, actor, key, visit.field("reason").strip()),
        "delete": lambda key, version: [undoing.delete(office, now, actor, key, version)],
    }
    return acts.get(visit.field("what"))
