"""What a key of config/ takes: texts, addresses, numbers and folders of each kind, as types for the
models in keys.py."""

from __future__ import annotations

import re
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints

from dossier.office.terms import YES_NO
from dossier.text import names
from dossier.text.sentences import SentenceError


class UnfitValue(SentenceError):
    """A value that a key does not take."""


def like(pattern: str, code: str) -> AfterValidator:
    """A text that fits the pattern, or is told by the code."""

    def judged(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise UnfitValue(code)
        return value

    return AfterValidator(judged)


def _one_line(value: str) -> str:
    if not value.strip() or any(character in value for character in "\r\n\0"):
        raise UnfitValue("config.one_line")
    return value.strip()


EMAIL = r"[^@\s<>\"(),:;\[\]\\\x00-\x1f]+@[^@\s<>\"(),:;\[\]\\\x00-\x1f]+"
"""A mail address, as far as its form can tell."""


_UNQUOTED = re.compile(r"([^\"<>\r\n]*[,;:@()\[\]\\][^\"<>\r\n]*?)\s*(<[^<>\s]+>)")
"""A name with marks that RFC 5322 section 3.4 wants quotes around, and an address."""


def _sender(value: str) -> str:
    if unquoted := _UNQUOTED.fullmatch(value.strip()):  # nobody knows that `Jansen, De Vries & Zn.` needs them
        name = unquoted[1].strip().replace("\\", "\\\\")
        value = f'"{name}" {unquoted[2]}'
    if not re.fullmatch(EMAIL, parseaddr(value)[1]):
        raise UnfitValue("config.sender")
    return _one_line(value)


def _reply_to(value: str) -> str:
    whole = _sender(value)
    if not parseaddr(whole)[1].rpartition("@")[0].isascii():
        # It stands in every mail, and most servers take no such mail (RFC 6532).
        raise UnfitValue("config.plain_address")
    return whole.strip()


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
"""A part of a machine's name (RFC 1035 section 2.3.1)."""


def _yes_no(value: object) -> object:
    meant = YES_NO.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(meant, bool):
        raise UnfitValue("config.yes_or_no")
    return meant


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise UnfitValue("config.network") from None


# It becomes a folder's name on every kind of file system, and must not look like one that is never
# taken.
Code = Annotated[str, like(r"(?!.*\.$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "config.code")]
Scanner = Annotated[str, like(r"unix:/.+|tcp:.+:[0-9]{1,5}", "config.scanner")]
Network = Annotated[str, AfterValidator(_network)]
Line = Annotated[str, AfterValidator(_one_line)]
Machine = Annotated[str, like(rf"(?=.{{1,255}}$)(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z:.]+\])", "config.machine")]
Phone = Annotated[str, like(r"[+(]?[0-9][0-9 ()./-]{2,29}", "config.phone")]
Sender = Annotated[str, AfterValidator(_sender)]
ReplyTo = Annotated[str, AfterValidator(_reply_to)]
Email = Annotated[str, AfterValidator(names.visible), like(EMAIL, "config.email")]
YesNo = Annotated[bool, BeforeValidator(_yes_no, json_schema_input_type=bool)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _folder(value: Path) -> Path:
    if str(value).casefold().startswith("s3:"):
        raise UnfitValue("config.folder")
    return value


def _place(value: object) -> Path | str:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise UnfitValue("config.folder_or_store")
    if not str(value).casefold().startswith("s3:"):
        return Path(value)
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9!_.*'()-]+)*)/?", str(value))
    if not found or {".", ".."} & set(found[2].split("/")):
        raise UnfitValue("config.store")
    return f"s3://{found[1]}{found[2]}"


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@?#]+/?", value):
        raise UnfitValue("config.store_address")
    return value.rstrip("/")


Folder = Annotated[Path, AfterValidator(_folder)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Place = Annotated[Path | str, PlainValidator(_place, json_schema_input_type=str)]


A_THOUSAND_YEARS = 365_000
"""In days. Whoever gives more means never, and no calendar goes on for ever."""


def _at_most(most: int) -> AfterValidator:
    return AfterValidator(lambda value: min(value, most))


Hours = Annotated[float, _at_most(A_THOUSAND_YEARS * 24)]
Days = Annotated[float, _at_most(A_THOUSAND_YEARS)]
WholeDays = Annotated[int, _at_most(A_THOUSAND_YEARS)]
Months = Annotated[int, Field(gt=0), _at_most(12_000)]
