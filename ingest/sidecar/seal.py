"""A sidecar that says of itself that it is whole: its last line has the SHA-256 of all above it.

Whoever writes a drop and names it in one step knows that it is whole; whoever finds it can't see
that, and waits until nobody has changed it for a while. By the seal, and by the SHA-256 of each
file that the sidecar lists, the finder can tell at once. To YAML the line is a comment. A sidecar
that somebody changed since is none with a seal any more, and is waited for like any other.
"""

from __future__ import annotations

import hashlib
import re

_SAYS = "# whole: sha256 "
_LINE = re.compile(rf"{_SAYS}([0-9a-f]{{64}})\n".encode())
_LINES = re.compile(rf"(?m)^{_SAYS}.*\n?")
_BYTES = len(_SAYS) + 65


def sealed(data: bytes) -> bytes:
    """The same sidecar, which ends in the end of a line, with its seal."""
    return data + f"{_SAYS}{hashlib.sha256(data).hexdigest()}\n".encode()


def is_whole(data: bytes) -> bool:
    """True if it has a seal that fits it."""
    said = _LINE.fullmatch(data[-_BYTES:])
    return said is not None and said[1].decode() == hashlib.sha256(data[:-_BYTES]).hexdigest()


def without(text: str) -> str:
    """The text of a sidecar without its seal, for whoever is going to change it."""
    return _LINES.sub("", text)
