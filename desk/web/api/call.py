"""A request of a program: what it asks, as whom, and how it is answered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from desk.actions.tokens import Bearer
from desk.web.shell.sending import is_known
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Conflict, Forbidden, Invalid, Problem, Refusal, fault
from dossier.text.sentences import Sentence, Words, sentence, told
from dossier.vault.folder import Vault

WORDS = Words("field")
BODY_BYTES = 1024 * 1024
"""Of a JSON object."""

LIMIT_MOST = 200


@dataclass(frozen=True, slots=True)
class Call:
    request: Request
    body: Mapping[str, Any]
    """The JSON object that was sent; empty if none was."""
    now: datetime
    peer: str
    vault: Vault
    bearer: Bearer | None
    whole: Office
    once: str | None = None
    """What this request and no other is called, if it has an Idempotency-Key."""
    again: Callable[[], Call] | None = None
    """Of one whose body is a file: what `as_of_now` asks."""
    wrong: list[Problem] = field(default_factory=list)
    """What is wrong with what is said in it, as far as it was looked at: all of it is told."""

    @property
    def office(self) -> Office:
        """The office as this key may see it."""
        return self.bearer.office if self.bearer else self.whole

    @property
    def actor(self) -> Actor:
        assert self.bearer is not None
        return self.bearer.actor

    def as_of_now(self) -> Call:
        """The same, with what its key may once its body has come, which may have taken hours.
        Raises Refusal if that is not this any more."""
        assert self.again is not None
        return self.again()

    @property
    def language(self) -> str:
        return people.language_of(self.whole, self.bearer.actor.code if self.bearer else None)

    def need(self, scope: str) -> None:
        """Raise Forbidden without this scope."""
        if not self.may(scope):
            raise Forbidden("tokens.no_right", scope=scope)

    def may(self, scope: str) -> bool:
        return self.bearer is not None and scope in self.bearer.scopes

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def header(self, name: str) -> str | None:
        """A header that keeps a change from being done twice, or over another one; None without it.
        Raises Invalid if it is empty: a variable that has no value would let the change through."""
        lines = self.request.headers.getlist(name.lower())
        if not lines:
            return None
        value = _joined(lines)
        if not value:
            raise Invalid([fault(name, "api.header_empty", name=name)])
        return value

    def refuse_wrong(self) -> None:
        """Raise Invalid if anything is wrong with what is said; of each key what was seen first."""
        if self.wrong:
            raise Invalid(list({one.key: one for one in reversed(self.wrong)}.values())[::-1])

    def take_only(self, known: Sequence[str]) -> None:
        """It is wrong to give parameters that are not among these, or one twice or empty: a filter
        that was mistyped, or whose variable has no value, would let everything through."""
        given = [name for name, _ in self.request.query_params.multi_items()]
        for name in dict.fromkeys(given):
            if name not in known:
                code = "api.no_parameter" if known else "api.no_parameters"
                self.wrong.append(fault(name, code, name=names.printable(name), known=", ".join(known)))
            elif given.count(name) > 1:
                self.wrong.append(fault(name, "api.parameter_twice", name=name))
            elif not self.query(name).strip():
                self.wrong.append(fault(name, "api.parameter_empty", name=name))

    def take_only_keys(self, known: Sequence[str]) -> None:
        """It is wrong to give keys in the body that are not among these: one that was mistyped
        would count as one that was not given."""
        code, listed = "tokens.no_key" if known else "tokens.no_keys", ", ".join(known)
        self.wrong.extend(fault(key, code, key_=names.clipped(key), known=listed) for key in self.body if key not in known)

    def unless_known(self, made: Response) -> Response:
        """This answer; 304 without it where the program has it already (If-None-Match, RFC 9110
        section 13.1.2), whichever part of it is asked for. Raises Outdated."""
        tag = made.headers.get("etag")
        if self.request.method not in ("GET", "HEAD") or tag is None or made.status_code not in (200, 206, 304, 416):
            return made
        wanted = self.header("If-Match") or "*"
        if wanted != "*" and not {tag, _VIEW.sub('"', tag)} & {one.strip() for one in wanted.split(",")}:
            raise Outdated("api.not_as_matched")
        return Response(status_code=304, headers={"etag": tag}) if self.is_known(tag) else made

    def is_known(self, tag: str) -> bool:
        """True if what has this ETag is ruled out by If-None-Match."""
        return is_known(self.request, tag)

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def limit(self) -> int:
        """`?limit=`, 1 to LIMIT_MOST. Raises Invalid."""
        text = self.query("limit")
        if not text:
            return 50
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LIMIT_MOST)) and 1 <= int(text) <= LIMIT_MOST):
            raise odd_value("limit", sentence("api.limit", most=LIMIT_MOST))
        return int(text)

    def text(self, name: str, required: bool = False) -> str:
        """A text of the body. Raises Invalid if it is something else."""
        value = self.body.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise odd_value(name, sentence("api.text"))
        return value


@contextmanager
def collected(wrong: list[Problem]) -> Iterator[None]:
    """What is refused inside as Invalid is added to `wrong`."""
    try:
        yield
    except Invalid as refused:
        wrong += refused.problems


_VIEW = re.compile(r'-[0-9a-f]{16}"$')
"""What an item's ETag has behind its version, which alone says the version, too."""


class Outdated(Conflict):
    """What is asked for is not the version that is there (RFC 9110 section 13.1.1)."""

    http_status = 412


def _joined(lines: Sequence[str]) -> str:
    """A header that may stand there several times, as one list (RFC 9110 section 5.3)."""
    return ", ".join(line.strip() for line in lines if line.strip())


def odd_value(name: str, wanted: Sentence | str) -> Invalid:
    """The refusal of a parameter or key that is not what is wanted."""
    return Invalid([fault(name, "tokens.value", key_=name, wanted=wanted)])


def headers_of(value: Mapping[str, Any], data: bytes) -> dict[str, str]:
    """The headers of an answer that follow from what is in it: which version an item is, where a
    drop is that was begun.

    What is told of an item changes also without a new version of it, when somebody looks at it for
    one, so its ETag holds a digest of all of it (`data`) besides.
    """
    if "version" in value:
        return {"etag": f'"{value["version"]}-{hashlib.sha256(data).hexdigest()[:16]}"'}
    return where_is(value["drop"]) if "expires_at" in value else {}


def where_is(drop: str) -> dict[str, str]:
    """The header that says at what address a drop is."""
    return {"location": f"drops/{drop}"}


def answer(value: Any, status: int = 200, language: str = "en", has_headers: bool = False) -> Response:
    """A value as JSON, the sentences in it in this language; of an item, and of a drop that was
    begun, with the headers that follow."""

    def plain(one: object) -> str:
        return told(one, language, WORDS) if isinstance(one, Sentence) else str(one)

    data = json.dumps(value, ensure_ascii=False, default=plain).encode("utf-8", "backslashreplace")
    return Response(data, status, headers_of(value, data) if has_headers else None, media_type="application/json")


def problem(call: Call | None, status: int, about: Refusal | Sentence | str) -> Response:
    """A refusal as problem+json."""
    language = call.language if call else "en"
    if isinstance(about, Refusal):
        detail = about.told(language, WORDS)
        faults = [{"key": one.key, "message": told(one.message, language, WORDS)} for one in about.problems]
    else:
        detail, faults = told(about, language, WORDS), []
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "faults": faults}
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response(json.dumps(body, ensure_ascii=False), status, headers, media_type="application/problem+json")
