"""What of a request is refused by what it says of itself, or by its bytes.

All of it raises a refusal: Malformed, TooLong or Packed. Nothing here waits, or knows a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from dossier.office.office import Office
from dossier.text import names
from dossier.text.refusals import Refusal
from dossier.text.sentences import plain

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class Malformed(Refusal):
    """What was sent can't be read."""

    http_status = 400


class TooLong(Refusal):
    """What was sent is longer than anything that is taken here."""

    http_status = 413


class Packed(Refusal):
    """What was sent is packed in a way that nobody unpacks here (RFC 9110 section 15.5.16)."""

    http_status = 415


def one_file_bytes(office: Office) -> int:
    """So long a file may be."""
    return office.settings.intake.max_file_mb * 1024 * 1024


def all_files_bytes(office: Office) -> int:
    """So long a form may be that brings as many files as an item may have, and its fields."""
    return (office.settings.intake.max_files + 1) * one_file_bytes(office)


def json_object(body: bytes, most: int) -> dict[str, object]:
    """The JSON object that these bytes are; an empty one of nothing. Raises Malformed; TooLong for
    more than `most` bytes."""
    if len(body) > most:
        raise TooLong("tokens.too_long")
    try:
        found = json.loads(body, object_pairs_hook=_object) if body.strip() else {}
        is_all_text = is_text(found)
    except RecursionError as error:
        raise Malformed("tokens.too_deep") from error
    except ValueError as error:
        raise Malformed("tokens.no_json", error=plain(str(error)[:200])) from error
    if not isinstance(found, dict):
        raise Malformed("tokens.no_object")
    if not is_all_text:
        raise Malformed("tokens.no_text")
    return found


def refuse_other_than_utf_8(request: Request) -> None:
    """Raise Malformed for an address that is no UTF-8 (RFC 3986 section 2.5): a file would get a
    name that nobody gave it."""
    try:
        unquote_to_bytes(request.scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError as error:
        raise Malformed("tokens.no_utf_8") from error


def refuse_part(request: Request) -> None:
    """Raise Malformed for a part of a file, as programs send that go on where they broke off, and
    Packed for a packed one: kept as the file, either would be another one than was meant (RFC 9110
    section 14.5)."""
    if "content-range" in request.headers:
        raise Malformed("tokens.part_sent")
    refuse_packed(request)


def said_bytes(request: Request) -> int:
    """How long the body is, as the request says itself (Content-Length); 0 if it doesn't say it."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() else 0


def refuse_longer(most: int) -> NoReturn:
    """Raise TooLong for what has more than `most` bytes."""
    raise TooLong("tokens.too_large", most=most // 1024 // 1024)


def refuse_packed(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Packed("tokens.packed")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises Malformed for a key that stands in it twice: which value was meant,
    nobody knows (RFC 8259 section 4)."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Malformed("tokens.key_twice", key_=names.clipped(key))
        found[key] = value
    return found


def is_text(value: Any) -> bool:
    """False if there is a sign in it, however deep, that no text can have: NUL, which no database
    takes, or half a character."""
    if isinstance(value, str):
        return not _NO_TEXT.search(value)
    if isinstance(value, Mapping):
        return all(is_text(key) and is_text(one) for key, one in value.items())
    return not isinstance(value, list) or all(map(is_text, value))
