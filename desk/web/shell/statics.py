"""What pages need beside them, such as their style: files that browsers keep, for other content has
another address."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

KEPT = {"cache-control": "public, max-age=31536000, immutable"}
"""For what has another address once it is another."""


class Statics:
    """The files of one server."""

    def __init__(self, read: Callable[[], Mapping[str, tuple[bytes, str]]]) -> None:
        """`read`: name → content and media type; asked once, when the first page is made."""
        self._read = read

    @cached_property
    def _files(self) -> Mapping[str, tuple[bytes, str]]:
        return self._read()

    @cached_property
    def addresses(self) -> dict[str, str]:
        """How a file's name ends, `css` for one → where a page finds it."""
        return {
            name.partition(".")[2]: f"_static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"
            for name, (data, _) in self._files.items()
        }

    async def answer(self, request: Request) -> Response:
        """The endpoint of `/_static/{name}`."""
        data, media_type = self._files.get(request.path_params["name"], (None, ""))
        return Response(status_code=404) if data is None else Response(data, media_type=media_type, headers=KEPT)
