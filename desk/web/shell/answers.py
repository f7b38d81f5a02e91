"""Around every answer: headers that keep it in its place, and the path that a server's addresses
begin with.

Each says: no script, no frame, no guessing of types, no keeping, no telling other sites where the
reader came from (Referrer-Policy `same-origin`; `no-referrer` would take the Origin off our own
forms, Fetch standard, "append a request Origin header").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class Guard:
    """Around the whole of it: the headers above where an answer has none of its own, and base_url's
    path taken off.

    A web server in front may pass its path on or take it off itself; both are understood.
    """

    def __init__(self, app: ASGIApp, before: Callable[[], str], headers: Mapping[str, str] = HEADERS) -> None:
        """`before`: the path of base_url."""
        self._app, self._before = app, before
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                given = {name for name, _ in own}
                own.extend(header for header in self._headers if header[0] not in given)
            await send(message)

        if scope["type"] == "http":
            before = self._before()
            if before and f"{scope['path']}/".startswith(f"{before}/"):
                scope = {**scope, "path": scope["path"].removeprefix(before) or "/"}
        await self._app(scope, receive, guarded)


def asked_language(accept: str) -> str:
    """`nl` or `en`, whichever an Accept-Language header wants more; English if neither."""
    wanted: list[tuple[float, str]] = []
    for part in accept.split(",")[:20]:
        tag, _, weight = re.sub(r"\s", "", part).lower().partition(";q=")
        language = tag.partition("-")[0]
        if language in ("nl", "en"):
            wanted.append((float(weight) if re.fullmatch(r"[01](\.[0-9]{0,3})?", weight) else 1.0, language))
    wanted = [one for one in wanted if one[0] > 0]  # 0 is a no (RFC 9110 section 12.4.2)
    return max(wanted, key=lambda one: one[0])[1] if wanted else "en"
