"""A database's address: whether it is one, and what of it may be told. Its password is not.

PostgreSQL's library tells what it can't read of an address, and that may be a part of the password.
So an address is looked at here, by that library's rules, before it gets that far.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

SQLITE = "sqlite:///"

# The rules of libpq (its documentation, "Connection URIs"): what stands before an @ is user and
# password, whatever is in it but an @ or a slash.
_ANY = r"(?:[^@/%]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[^\s:@/?#%,\[\]]|%[0-9A-Fa-f]{2})*)(?::[0-9]{1,5})?"
_PARAMETER = r"[a-z_]+=(?:[^\s@&#%]|%[0-9A-Fa-f]{2})*"
_POSTGRESQL = (
    rf"(?P<scheme>postgres(?:ql)?)://(?:(?P<user>(?:[^:@/%]|%[0-9A-Fa-f]{{2}})*)(?::(?P<password>{_ANY}))?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?:/(?P<name>(?:[^\s@/?#%]|%[0-9A-Fa-f]{{2}})*))?"
    rf"(?:\?(?P<parameters>{_PARAMETER}(?:&{_PARAMETER})*))?"
)


class Address(NamedTuple):
    """The address of a database on PostgreSQL. `bare` is without user and password."""

    user: str
    password: str
    bare: str
    without_secrets: str
    """Without parameters, too."""


def read(url: str) -> Address | None:
    """The parts of an address of PostgreSQL; None if it is none."""
    found = re.fullmatch(_POSTGRESQL, url)  # compiled here: an office on SQLite never asks
    if found is None:
        return None
    password, user, kept = found["password"] or "", found["user"] or "", []
    for parameter in (found["parameters"] or "").split("&"):
        key, _, value = parameter.partition("=")
        if key == "password":
            password = value
        elif key == "user":
            user = value
        elif key:
            kept.append(parameter)
    name = f"/{found['name']}" if found["name"] is not None else ""
    told = f"{found['scheme']}://{found['hosts']}{name}"
    return Address(unquote(user), unquote(password), f"{told}?{'&'.join(kept)}" if kept else told, told)


def is_address(url: str) -> bool:
    """True for sqlite:///PATH, and for an address of PostgreSQL."""
    return len(url) > len(SQLITE) if url.startswith(SQLITE) else read(url) is not None


def without_secrets(url: str) -> str:
    """What of an address may be told. Never raises."""
    found = None if url.startswith(SQLITE) else read(url)
    return url if url.startswith(SQLITE) else found.without_secrets if found else "database.url"


def without_password(url: str) -> str:
    """The address by which who has its password elsewhere (~/.pgpass) gets to the same database."""
    found = None if url.startswith(SQLITE) else read(url)
    if found is None:
        return url if url.startswith(SQLITE) else without_passwords(url)
    scheme, _, rest = found.bare.partition("://")
    return f"{scheme}://{quote(found.user, safe='')}@{rest}" if found.user else found.bare


def without_passwords(text: str) -> str:
    """A text with user and password of all addresses in it replaced; best effort, for logs."""
    return re.sub(r"\b([a-z][a-z0-9+]*://)[^\s'\"]*@", r"\1***@", text)
