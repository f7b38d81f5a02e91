"""What programs can ask about drops, as `resources` has it for all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeGuard

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.responses import Response

from desk.web.api.call import BODY_BYTES, Call, answer, collected, odd_value, where_is
from desk.web.api.resources import check_unknown, keys_of
from desk.web.shell.bodies import Malformed, json_object
from desk.web.shell.parts import Part, parts
from dossier.database.web_tables import StagedDrop
from dossier.office import terms
from dossier.office.terms import ENGLISH
from dossier.text import clock, names
from dossier.text.refusals import Invalid, Problem, fault
from dossier.text.sentences import sentence
from ingest.sidecar.keys import ENTRY_KEYS
from ingest.sources import staging
from ingest.sources.dropping import Keys
from ingest.sources.staging import Fate, Said


def begin_drop(call: Call) -> Response:
    row = staging.begin(call.office, call.now, call.actor, call.text("client", required=True), call.once)
    begun = {"drop": row.id, "client": row.client, "expires_at": clock.local_iso(row.expires_at)}
    return answer(begun, 201, has_headers=True)


def put_file(call: Call, pieces: Iterable[bytes]) -> Response:
    row = staging.find(call.office, call.actor, call.path("drop"))
    call.header("If-None-Match")  # an empty one would let it take another's place

    def check(had: Mapping[str, object] | None) -> None:
        if had is not None:
            check_unknown(call, call.path("name"), had["sha256"])

    told = staging.put(call.office, row, call.path("name"), _while_it_may(call, pieces), is_seen=False, check=check)
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
def drop_received(call: Call, pieces: Iterable[bytes]) -> Iterator[tuple[StagedDrop, Mapping[str, object], list[Problem]]]:
    """A drop that comes as a whole, as a form with the field `drop` and then files; what that
    field says besides the client; and what is wrong with files that could not be taken. It is to be
    committed inside; else it is gone afterwards."""
    form = parts(call.request.headers.get("content-type", ""), pieces)
    first = next(form, None)
    if first is None or first.name != "drop" or first.file:
        raise Malformed("tokens.drop_first")
    body = json_object(_at_most(first.pieces, BODY_BYTES), BODY_BYTES)
    client = replace(call, body=body).text("client", required=True)
    with staging.received(call.office, call.now, call.actor, client, _files(form)) as (row, wrong):
        yield row, {key: value for key, value in body.items() if key != "client"}, wrong


def refuse_lacking(call: Call, row: StagedDrop, wrong: list[Problem]) -> None:
    """Raise Invalid if files could not be taken, as `wrong` says, with what is wrong besides; of
    what is said of files nothing, which may only seem so as these are missing."""
    if not wrong:
        return
    body = {key: value for key, value in call.body.items() if ENGLISH.get(key, key) not in _OF_FILES}
    try:
        besides = staging.faults(call.office, call.actor, row, *_said_of(replace(call, body=body), row))
    except Invalid as refused:
        besides = list(refused.problems)
    raise Invalid([*wrong, *(one for one in besides if ENGLISH.get(one.key, one.key) not in _OF_FILES)])


_OF_FILES = frozenset({"attachments", "files", "shares", "share_attachments"})


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
    with collected(wrong):
        said |= _shares(row, body.pop("shares", None) or {})
    with collected(wrong):
        if (listed := body.pop("attachments" if "attachments" in body else "bijlagen", None)) is not None:
            said |= _attachments(row, listed, said)
    for word, value in body.items():
        with collected(wrong):
            if ENGLISH.get(word) == "rename" and _is_names(value):
                keys[word] = value
            else:
                keys |= keys_of({word: value})
    if wrong:
        about = {ENGLISH.get(one.key, one.key) for one in wrong}
        if not about & _OTHERS_FOLLOW:
            rest = staging.faults(call.office, call.actor, row, keys, said)
            wrong += [one for one in rest if ENGLISH.get(one.key, one.key) not in about]
        raise Invalid(wrong)
    return keys, said


_OTHERS_FOLLOW = frozenset({"shares", "attachments", "share", "item", "type"})
"""Keys of which one that can't be read makes others look wrong that are right."""


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
