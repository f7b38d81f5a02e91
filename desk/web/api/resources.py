"""What programs can ask, one function each: parse, call one action, give its value. Keys are those
of `--json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, TypeGuard, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
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
from desk.web.api.call import BODY_BYTES, Call, answer, odd_value, problem, where_is
from desk.web.shell.bodies import Malformed, json_object
from desk.web.shell.parts import Part, parts
from desk.web.shell.receiving import received
from desk.web.shell.sending import of_vault, saved_file
from dossier.database.tables import Item, item_key, item_name
from dossier.database.web_tables import StagedDrop
from dossier.office import terms
from dossier.office.terms import ENGLISH
from dossier.text import clock, names
from dossier.text.refusals import Conflict, Invalid, NotFound, Problem, fault
from dossier.text.sentences import Sentence, sentence, told
from ingest.sidecar.keys import ENTRY_KEYS
from ingest.sources import staging
from ingest.sources.dropping import Keys
from ingest.sources.staging import Fate, Said
from workflow.approval.deciding import VERDICTS
from workflow.items import items
from workflow.items.amending import FileChanges
from workflow.items.rules import Wish
from workflow.portal_access.opened import openings_of
from workflow.reports import finding
from workflow.reports.finding import Filter


class Outdated(Conflict):
    """The version that was to be changed is not the one that is there (RFC 9110 section 13.1.1)."""

    http_status = 412


class VersionNeeded(Conflict):
    """Nothing is changed without saying which version (RFC 6585 section 3)."""

    http_status = 428


# Clients


def clients(call: Call) -> Response:
    codes = looking_up.find_clients(call.office, call.actor, call.query("q")[:200])
    after = call.query("after")
    if after and after not in codes:  # from the start again, a program that pages would never end
        raise odd_value("after", sentence("api.client"))
    codes = codes[codes.index(after) + 1 :] if after else codes
    return answer([_client(call, code) for code in codes[: call.limit()]])


def client(call: Call) -> Response:
    code = call.path("client")
    client_card.check(call.office, call.actor, code)
    return answer(_client(call, code))


def _client(call: Call, code: str) -> dict[str, Any]:
    return {"client": code, **call.office.clients[code].model_dump(mode="json")}


# Items


def item_list(call: Call) -> Response:
    since = _read(call, "since", date.fromisoformat)
    behind = _read(call, "after", item_key)
    wanted = Filter(
        client=call.query("client") or None, label=call.query("label") or None, location=call.query("location") or None,
        status=call.query("status") or None, type=call.query("type") or None, share_state=call.query("share_state") or None,
        since=since, due_by=_read(call, "due_by", date.fromisoformat), words=call.query("q")[:200], in_files=bool(_read(call, "in", FILES.__getitem__)),
    )  # fmt: skip
    looking_up.check_filter(call.office, call.actor, wanted)
    return answer(looking_up.find_items(call.office, call.actor, wanted, call.limit(), behind))


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
    wish, share_all = wish_from(call.office, call.actor, found.id, _keys(call.body))
    return _changed(call, found, FileChanges(share_all=share_all), wish)


def _check_unknown(call: Call, name: str, sha256: object) -> None:
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


def _keys(body: Mapping[str, object]) -> dict[str, str | Sequence[str] | None]:
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
        _check_unknown(call, there.name, there.sha256)
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
    why_it_waits, _, _ = explaining.why_item(call.office, call.now, call.actor, found.id)
    reasons, attention = ([told(one, call.language) for one in some] for some in (why_it_waits.reasons, why_it_waits.besides))
    return answer({"item": item_name(found.id), "reasons": reasons, "attention": attention})


def proof_sheet(call: Call) -> Response:
    return answer(auditing.prove(call.office, call.now, call.actor, _item(call).id))


def history(call: Call) -> Response:
    finding.note_shown(call.now, call.actor, _item(call), "history")
    return answer(item_view.history(call.office, call.actor, call.path("item")))


def opened(call: Call) -> Response:
    found = _item(call)
    finding.note_shown(call.now, call.actor, found, "openings")
    return answer(openings_of(found))


# Deciding, taking off, mailing


def queue(call: Call) -> Response:
    behind, limit = _read(call, "after", item_key), call.limit()
    keys = [key for key in sorted(my_work.keys_to_decide(call.office, call.actor, call.now)) if behind is None or key > behind]
    waiting = my_work.to_decide(call.office, call.actor, call.now, keys[:limit])
    known = {item_.id: item_ for item_ in Item.select().where(Item.id.in_([one.key for one in waiting]))}
    return answer([
        {
            **finding.summary(known[one.key]), "content": one.content,
            "attention": [told(line, call.language) for line in one.attention],
        }
        for one in waiting
        if one.key in known
    ])  # fmt: skip


def decide(call: Call) -> Response:
    found = _item(call)
    said, content = call.text("decision", required=True), call.text("content", required=True)
    verdict = VERDICTS.get(said)
    if verdict is None:
        raise odd_value("decision", ", ".join(VERDICTS))
    deciding.decide(call.office, call.now, call.actor, found.id, verdict, call.text("comment"), content)
    return decided(call)


def decided(call: Call) -> Response:
    found = _item(call)
    return answer({"item": item_name(found.id), "share_state": items.get(found.id).share_state})


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
    mailing.notify(call.office, call.now, call.actor, found.id, contact)
    return notified(call)


def notified(call: Call) -> Response:
    return answer({"item": item_name(_item(call).id)}, 202)


# Drops


def begin_drop(call: Call) -> Response:
    row = staging.begin(call.office, call.now, call.actor, call.text("client", required=True), call.once)
    begun = {"drop": row.id, "client": row.client, "expires_at": clock.local_iso(row.expires_at)}
    return answer(begun, 201, has_headers=True)


def put_file(call: Call, pieces: Iterable[bytes]) -> Response:
    row = staging.find(call.office, call.actor, call.path("drop"))
    if (there := row.files.get(names.nfc(call.path("name")))) is not None:
        _check_unknown(call, call.path("name"), there["sha256"])
    told = staging.put(call.office, row, call.path("name"), _while_it_may(call, pieces), is_seen=False)
    return answer({"name": call.path("name"), **told})


def _while_it_may(call: Call, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file for a drop, if its key may still send it once it has come."""
    yield from pieces
    now = call.as_of_now()
    staging.find(now.office, now.actor, now.path("drop"))


def commit_drop(call: Call) -> Response:
    row = staging.find(call.office, call.actor, call.path("drop"))
    staging.commit(call.office, call.now, call.actor, row, *_said_of(call, row))
    return _fate(row, staging.fate(call.office, row, call.language) if row.folder else Fate("waiting"), 202)


@contextmanager
def drop_received(call: Call, pieces: Iterable[bytes]) -> Iterator[tuple[StagedDrop, Mapping[str, object]]]:
    """A drop that comes as a whole, as a form with the field `drop` and then files, and what that
    field says besides the client. It is to be committed inside; else it is gone afterwards."""
    form = parts(call.request.headers.get("content-type", ""), pieces)
    first = next(form, None)
    if first is None or first.name != "drop" or first.file:
        raise Malformed("tokens.drop_first")
    body = json_object(_at_most(first.pieces, BODY_BYTES), BODY_BYTES)
    client = replace(call, body=body).text("client", required=True)
    with staging.received(call.office, call.now, call.actor, client, _files(form)) as row:
        yield row, {key: value for key, value in body.items() if key != "client"}


def _at_most(pieces: Iterable[bytes], most: int) -> bytes:
    """All of it, or of what is longer a little more than is taken."""
    whole = b""
    for piece in pieces:
        whole += piece
        if len(whole) > most:
            break
    return whole


def _files(form: Iterable[Part]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Raises Malformed for what is no file."""
    for part in form:
        if part.file is None:
            raise Malformed("tokens.only_files", name=names.clipped(part.name))
        yield part.file, part.pieces


def commit_received(call: Call, row: StagedDrop) -> Response:
    """`call.body`: as `drop_received` gave it."""
    staging.commit_received(call.office, call.now, call.actor, row, *_said_of(call, row))
    return as_received(row)


def as_received(row: StagedDrop) -> Response:
    """What is answered if such a drop is committed."""
    made = _fate(row, Fate("waiting"), 202)
    made.headers.update(where_is(row.id))
    return made


def _said_of(call: Call, row: StagedDrop) -> tuple[Keys, dict[str, Said]]:
    """The keys of the sidecar, and what is said of each file. Raises Invalid with every fault, also
    those of what could be read; Forbidden for a drop that changes an item if the key is for new
    ones alone."""
    body = dict(call.body)
    if any(ENGLISH.get(word) == "item" and value is not None for word, value in body.items()):
        call.need("items:write")
    keys, said, wrong = dict[str, str | Sequence[str] | Mapping[str, str] | None](), dict[str, Said](), list[Problem]()
    with _collected(wrong):
        said |= _shares(row, body.pop("shares", None) or {})
    with _collected(wrong):
        if (listed := body.pop("attachments" if "attachments" in body else "bijlagen", None)) is not None:
            said |= _attachments(row, listed, said)
    for word, value in body.items():
        with _collected(wrong):
            if ENGLISH.get(word) == "rename" and _is_names(value):
                keys[word] = value
            else:
                keys |= _keys({word: value})
    if wrong:
        about = {ENGLISH.get(one.key, one.key) for one in wrong}
        if not about & _OTHERS_FOLLOW:
            rest = staging.faults(call.office, call.actor, row, keys, said)
            wrong += [one for one in rest if ENGLISH.get(one.key, one.key) not in about]
        raise Invalid(wrong)
    return keys, said


_OTHERS_FOLLOW = frozenset({"shares", "attachments", "share", "item", "type"})
"""Keys of which one that can't be read makes others look wrong that are right."""


@contextmanager
def _collected(wrong: list[Problem]) -> Iterator[None]:
    """What is refused inside is added to `wrong`."""
    try:
        yield
    except Invalid as refused:
        wrong += refused.problems


def _shares(row: StagedDrop, shares: object) -> dict[str, Said]:
    """Of each file that was sent, as far as it is said, whether it is shared. Raises Invalid, also
    for what was not sent: it would be shared though it was said that it is not."""
    if not isinstance(shares, dict) or not all(isinstance(one, bool) for one in shares.values()):
        raise odd_value("shares", sentence("api.shares"))
    found, wrong = dict[str, Said](), list[Problem]()
    for given, share in shares.items():
        name = names.nfc(given)
        if name not in row.files or name in found:
            wrong.append(fault("shares", "api.named_twice" if name in found else "api.not_sent", file=names.printable(name)))
        found[name] = Said(share)
    if wrong:
        raise Invalid(wrong)
    return found


def _is_names(value: object) -> TypeGuard[dict[str, str]]:
    """True for old names with new ones, as a sidecar's `rename` has them."""
    return isinstance(value, dict) and bool(value) and all(isinstance(new, str) for new in value.values())


class _Listed(BaseModel):
    """What is said of a file that was sent, as in a sidecar."""

    model_config = ConfigDict(extra="forbid", strict=True)
    file: str
    name: str = ""
    share: bool | None = None
    note: str = ""
    sha256: str = ""


_LIST = TypeAdapter(list[str | _Listed])


def _attachments(row: StagedDrop, listed: object, said: Mapping[str, Said]) -> dict[str, Said]:
    """The sidecar's `attachments`: names of the files that were sent, or what is said of each; all
    of them. Raises Invalid."""
    found, wrong = dict[str, Said](), list[Problem]()
    try:
        given = [_in_english(one) for one in listed] if isinstance(listed, list) else listed
        entries = [_Listed(file=one) if isinstance(one, str) else one for one in _LIST.validate_python(given)]
    except ValidationError:
        raise Invalid([fault("attachments", "tokens.value", key_="attachments", wanted=sentence("api.attachments"))]) from None
    for one in entries:
        name = names.nfc(one.file)
        if name not in row.files or name in found:
            wrong.append(fault("attachments", "api.named_twice" if name in found else "api.not_sent", file=names.printable(name)))
        elif one.sha256 and one.sha256.lower() != row.files[name]["sha256"]:
            wrong.append(fault("attachments", "api.another_file", file=names.printable(name)))
        share = said.get(name, Said()).share if one.share is None else one.share
        found[name] = Said(share, one.name, one.note)
    wrong += [fault("attachments", "api.not_listed", file=names.printable(name)) for name in row.files if name not in found]
    if wrong:
        raise Invalid(wrong)
    return found


def _in_english(entry: object) -> object:
    """What is said of a file, as a sidecar may say it: with the Dutch keys, and `share` as a word.
    None for what says something twice."""
    if not isinstance(entry, dict):
        return entry
    words = {ENTRY_KEYS.get(word, word): value for word, value in entry.items()}
    if isinstance(share := words.get("share"), str):
        words["share"] = terms.YES_NO.get(share.lower(), share)
    return words if len(words) == len(entry) else None


def drop(call: Call) -> Response:
    row = staging.find(call.office, call.actor, call.path("drop"))
    return _fate(row, staging.fate(call.office, row, call.language), 200)


def _fate(row: StagedDrop, became: Fate, status: int) -> Response:
    faults = [{"key": one.key, "message": str(one.message)} for one in became.faults]
    return answer({"drop": row.id, "client": row.client, "state": became.state, "item": became.item, "faults": faults}, status)


# The office


def events(call: Call) -> Response:
    after = _read(call, "after", partial(_number, digits=18), "number") or 0
    if after > (last := auditing.last()):  # of another trail, before a backup was put back: it would wait for ever
        raise odd_value("after", sentence("api.event", last=last))
    return answer(auditing.after(call.office, call.actor, after, call.limit()))


def status(call: Call) -> Response:
    return answer(overview.status(call.office, call.actor), language=call.language)
