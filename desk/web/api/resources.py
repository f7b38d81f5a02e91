"""What programs can ask, one function each: parse, call one action, give its value. Keys are those
of `--json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from typing import Any, TypeVar

from starlette.responses import Response

from desk.actions import (
    auditing,
    changing,
    client_card,
    deciding,
    explaining,
    item_view,
    looking_up,
    mailing,
    my_work,
    overview,
    withdrawing,
)
from desk.actions.changing import STALE, Source, wish_from
from desk.web.api.call import Call, Outdated, answer, collected, odd_value, problem
from desk.web.shell.receiving import received
from desk.web.shell.sending import of_vault, saved_file
from dossier.database.tables import Item, item_key, item_name
from dossier.text import names
from dossier.text.refusals import Conflict, Invalid, NotFound, Problem, fault
from dossier.text.sentences import Sentence, sentence, told
from workflow.approval.deciding import VERDICTS, Verdict
from workflow.items import items
from workflow.items.amending import FileChanges
from workflow.items.rules import Wish
from workflow.portal_access.opened import OpeningTold, openings_of
from workflow.reports import finding, viewed
from workflow.reports.finding import Filter


class VersionNeeded(Conflict):
    """Nothing is changed without saying which version (RFC 6585 section 3)."""

    http_status = 428


def paged(behind: Callable[[Call], object]) -> Callable[[Call], None]:
    """Raises Invalid with all that is wrong with how a list is paged. `behind` reads `after`."""

    def check(call: Call) -> None:
        for read in (behind, Call.limit):
            with collected(call.wrong):
                read(call)

    return check


# Clients


def clients(call: Call) -> Response:
    return answer([_client(call, code) for code in clients_behind(call)[: call.limit()]])


def clients_behind(call: Call) -> list[str]:
    codes = looking_up.find_clients(call.office, call.actor, call.query("q")[:200])
    after = call.query("after")
    if after and after not in codes:  # from the start again, a program that pages would never end
        raise odd_value("after", sentence("api.client"))
    return codes[codes.index(after) + 1 :] if after else codes


def client(call: Call) -> Response:
    code = call.path("client")
    client_card.check(call.office, call.actor, code)
    return answer(_client(call, code))


def _client(call: Call, code: str) -> dict[str, Any]:
    return {"client": code, **call.office.clients[code].model_dump(mode="json")}


# Items


def check_filter(call: Call) -> None:
    """Raises Invalid with all that is wrong with a filter of items."""
    paged(behind_item)(call)
    looking_up.check_filter(call.office, call.actor, _filter(call, call.wrong))


def _filter(call: Call, wrong: list[Problem]) -> Filter:
    """The filter of items that is asked for, as far as it can be read; `wrong` gets the rest."""

    def read(name: str, reading: Callable[[str], T], wanted: str = "") -> T | None:
        try:
            return _read(call, name, reading, wanted)
        except Invalid as refused:
            wrong.extend(refused.problems)
            return None

    return Filter(
        client=call.query("client") or None, label=call.query("label") or None, location=call.query("location") or None,
        status=call.query("status") or None, type=call.query("type") or None, share_state=call.query("share_state") or None,
        since=read("since", date.fromisoformat), due_by=read("due_by", date.fromisoformat), words=call.query("q")[:200],
        in_files=bool(read("in", FILES.__getitem__)), unopened=bool(read("unopened", YES_NO.__getitem__, "share")),
    )  # fmt: skip


def behind_item(call: Call) -> int | None:
    return _read(call, "after", item_key)


def item_list(call: Call) -> Response:
    return answer(looking_up.find_items(call.office, call.actor, _filter(call, []), call.limit(), behind_item(call)))


T = TypeVar("T")

FILES, YES_NO = {"files": True}, {"yes": True, "no": False}
"""What some parameters can be, and mean."""


def _read(call: Call, name: str, read: Callable[[str], T], wanted: str = "") -> T | None:
    """This parameter as `read` reads it; None if it was not given. Raises Invalid."""
    text = call.query(name)
    try:
        return read(text) if text else None
    except (ValueError, KeyError):
        raise odd_value(name, sentence(f"api.{wanted or name}")) from None


def item(call: Call) -> Response:
    """The item, to a key that may read."""
    if not call.may("items:read"):
        return _that_it_is_done(_item(call))
    return _told(call, looking_up.show(call.office, call.now, call.actor, item_view.key_of(call.path("item")), "api"))


def _item(call: Call) -> Item:
    return item_view.find(call.office, call.actor, call.path("item"))


def _whole(call: Call, key: int) -> Response:
    if not call.may("items:read"):
        return _that_it_is_done(items.get(key))
    return _told(call, looking_up.whole(call.office, call.actor, key))


def _that_it_is_done(found: Item) -> Response:
    told = {"item": item_name(found.id), "version": int(found.version), "share_state": found.share_state}
    return answer(told, has_headers=True)


def _told(call: Call, whole: dict[str, Any]) -> Response:
    attention = [told(line, call.language) for line in whole["attention"]]
    return answer(whole | {"attention": attention}, has_headers=True)


def _version(call: Call, found: Item) -> int | None:
    """The version that the program says it changes; None if it says none. Raises Outdated.

    An ETag says it, and so does the version alone in its place; one of several will do.
    """
    wanted = call.header("If-Match")
    if wanted is None:
        return None
    own = re.compile(rf'"{found.version}(-[0-9a-f]{{16}})?"')
    if wanted != "*" and not any(own.fullmatch(one.strip()) for one in wanted.split(",")):
        raise Outdated("tokens.version", version=found.version)
    return int(found.version)


@contextmanager
def _unless_changed() -> Iterator[None]:
    """Raises Outdated also for what was changed after its version was looked at."""
    try:
        yield
    except Conflict as refusal:
        said = refusal.sentence
        if isinstance(said, Sentence) and said.code == STALE:
            raise Outdated("tokens.version", version=said.values["version"]) from refusal
        raise


def change(call: Call) -> Response:
    found = _item(call)
    if call.header("If-Match") is None:
        raise VersionNeeded("tokens.if_match", version=found.version)
    wish, share_all = wish_from(call.office, call.actor, found.id, keys_of(call.body))
    return _changed(call, found, FileChanges(share_all=share_all), wish)


def check_unknown(call: Call, name: str, sha256: object) -> None:
    """Raises Outdated for a file that is there although If-None-Match says that it is not to be."""
    if call.is_known(f'"{sha256}"'):
        raise Outdated("tokens.is_there", file=names.printable(name))


def _changed(call: Call, found: Item, changes: FileChanges, wish: Wish | None = None, sources: Sequence[Source] = ()) -> Response:
    """The item, once it was changed so. Raises Outdated, Invalid and whatever else refuses it."""
    version = _version(call, found)
    if "if-none-match" in call.request.headers:  # what was looked for before holds for this version
        version = int(found.version)
    with _unless_changed():
        changing.change(call.office, call.now, call.actor, found.id, wish or Wish(), changes, sources=sources, if_version=version)
    if items.get(found.id).version == found.version:  # no event tells of them, though they are shown it
        return item(call)
    return _whole(call, found.id)


def keys_of(body: Mapping[str, object]) -> dict[str, str | Sequence[str] | None]:
    """JSON values as a sidecar would have them. Raises Invalid for what no key can be."""
    keys: dict[str, str | Sequence[str] | None] = {}
    wrong = []
    for key, value in body.items():
        if value is None or isinstance(value, str):
            keys[key] = value
        elif isinstance(value, bool):
            keys[key] = "yes" if value else "no"
        elif isinstance(value, int):
            keys[key] = str(value)
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            keys[key] = value
        else:
            wrong.append(fault(key, "tokens.value", key_=key, wanted=sentence("api.simple")))
    if wrong:
        raise Invalid(wrong)
    return keys


def attachment(call: Call) -> Response:
    version = _read(call, "version", _number)
    row = item_view.version_of(call.office, call.actor, call.path("item"), call.path("name"), version)
    kept = of_vault(call.vault, row.sha256)
    if kept.size != row.size:
        raise NotFound("getting.lacking", file=row.name, sha256=row.sha256)
    item_view.note_file(call.now, call.actor, item_name(row.item), row.name)
    made = saved_file(call.request, kept, row.name, row.media_type, row.sha256)
    if made.status_code == 416:
        told = problem(call, 416, sentence("api.no_part", size=kept.size))
        told.headers["content-range"] = made.headers["content-range"]
        told.headers["etag"] = f'"{row.sha256}"'
        return told
    return made


def _number(text: str, digits: int = 8) -> int:
    """Raises ValueError for what is no whole number, or larger than any there is."""
    if not (text.isascii() and text.isdecimal() and len(text) <= digits):
        raise ValueError(text)
    return int(text)


def put_attachment(call: Call, pieces: Iterable[bytes]) -> Response:
    """A new attachment, or a new version of the one of this name."""
    found, name = _item(call), call.path("name")
    share = _read(call, "share", YES_NO.__getitem__)
    _version(call, found)  # before the file comes
    call.header("If-None-Match")
    with suppress(NotFound):
        there = item_view.version_of(call.office, call.actor, call.path("item"), name, None)
        check_unknown(call, there.name, there.sha256)
    with received(call.office, name, pieces) as part:
        call = call.as_of_now()
        _item(call)
        return _changed(call, found, FileChanges(), sources=[Source(part, name, share, called=name)])


def remove_attachment(call: Call) -> Response:
    found, name = _item(call), call.path("name")
    item_view.version_of(call.office, call.actor, call.path("item"), name, None)
    return _changed(call, found, FileChanges(remove=[name]))


def rename_attachment(call: Call) -> Response:
    found, name = _item(call), call.path("name")
    item_view.version_of(call.office, call.actor, call.path("item"), name, None)
    return _changed(call, found, FileChanges(rename={name: call.text("name", required=True)}))


def why(call: Call) -> Response:
    found = _item(call)
    why_it_waits, state, is_public = explaining.why_item(call.office, call.now, call.actor, found.id)
    reasons, attention = ([told(one, call.language) for one in some] for some in (why_it_waits.reasons, why_it_waits.besides))
    it = {"item": item_name(found.id), "share_state": state, "public": is_public}
    return answer({**it, "reasons": reasons, "attention": attention})


def proof_sheet(call: Call) -> Response:
    return answer(auditing.prove(call.office, call.now, call.actor, _item(call).id))


def history(call: Call) -> Response:
    viewed.note_shown(call.now, call.actor, _item(call), "history")
    return answer(item_view.history(call.office, call.actor, call.path("item"), behind_event(call), call.limit()))


def opened(call: Call) -> Response:
    found = _item(call)
    viewed.note_shown(call.now, call.actor, found, "openings")
    return answer(openings_behind(call)[: call.limit()])


def openings_behind(call: Call) -> list[OpeningTold]:
    told, after = openings_of(_item(call)), call.query("after")
    ids = [one["id"] for one in told]
    if after and after not in ids:
        raise odd_value("after", sentence("api.opening"))
    return told[ids.index(after) + 1 :] if after else told


# Deciding, taking off, mailing


def queue(call: Call) -> Response:
    behind, limit = behind_item(call), call.limit()
    keys = [key for key in sorted(my_work.keys_to_decide(call.office, call.actor, call.now)) if behind is None or key > behind]
    waiting = my_work.to_decide(call.office, call.actor, call.now, keys[:limit])
    known = {item_.id: item_ for item_ in Item.select().where(Item.id.in_([one.key for one in waiting]))}
    asked = deciding.asked(call.office, call.now, call.actor, [*known])
    return answer([
        {
            **finding.summary(known[one.key]), "content": one.content,
            "attention": [told(line, call.language) for line in one.attention], "asked": asked.get(one.key, ()),
        }
        for one in waiting
        if one.key in known
    ])  # fmt: skip


def check_decision(call: Call) -> None:
    """Raises Invalid with all that can be seen to be wrong with a decision."""
    for key in ("decision", "content"):
        with collected(call.wrong):
            call.text(key, required=True)
    with collected(call.wrong):
        is_approved = _verdict(call) == "approve"
        if call.wrong and not is_approved and not call.text("comment").strip():
            call.wrong.append(fault("comment", "deciding.comment_needed"))


def _verdict(call: Call) -> Verdict:
    verdict = VERDICTS.get(call.text("decision", required=True))
    if verdict is None:
        raise odd_value("decision", ", ".join(VERDICTS))
    return verdict


def decide(call: Call) -> Response:
    found = _item(call)
    verdict, content = _verdict(call), call.text("content", required=True)
    _version(call, found)
    deciding.decide(call.office, call.now, call.actor, found.id, verdict, call.text("comment"), content)
    return decided(call)


def decided(call: Call) -> Response:
    found = _item(call)
    return answer({"item": item_name(found.id), "share_state": items.get(found.id).share_state})


def check_withdrawal(call: Call) -> None:
    """Raises Invalid with all that can be seen to be wrong with a withdrawal."""
    if not call.text("reason", required=True).strip() and call.wrong:
        call.wrong.append(fault("reason", "items.withdrawal_needs_reason"))


def withdraw(call: Call) -> Response:
    found, reason = _item(call), call.text("reason", required=True)
    version = _version(call, found)
    with _unless_changed():
        withdrawing.withdraw(call.office, call.now, call.actor, found.id, reason, version)
    return _whole(call, found.id)


def publish(call: Call) -> Response:
    found = _item(call)
    version = _version(call, found)
    with _unless_changed():
        withdrawing.put_back(call.office, call.now, call.actor, found.id, version)
    return _whole(call, found.id)


def notify(call: Call) -> Response:
    found = _item(call)
    contact = call.text("contact") if call.body.get("contact") is not None else None
    _version(call, found)
    mailing.notify(call.office, call.now, call.actor, found.id, contact)
    return notified(call)


def notified(call: Call) -> Response:
    return answer({"item": item_name(_item(call).id)}, 202)


# The office


def behind_event(call: Call) -> int:
    after = _read(call, "after", partial(_number, digits=18), "number") or 0
    if after > (last := auditing.last()):  # of another trail, before a backup was put back: it would wait for ever
        raise odd_value("after", sentence("api.event", last=last))
    return after


def events(call: Call) -> Response:
    return answer(auditing.after(call.office, call.actor, behind_event(call), call.limit()))


def status(call: Call) -> Response:
    return answer(overview.status(call.office, call.actor), language=call.language)
