"""Names under which programs write a file until it is whole, and the name that it gets then. Pure.

Such a file is never taken. But while one is open or grows, the files that are there already are not
all that will come: a small one is whole long before the large one beside it.
"""

from __future__ import annotations

import re

CLAIMED = ".taken-"
"""What a file's name begins with from when its drop is claimed until it is gone (leaving.py)."""

OURS = (CLAIMED, ".new-", ".drop-")
"""What intake and the sources of drops put beside drops, which becomes no file of a set."""

_KNOWN = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"[.~]syncthing[.~](.+)\.tmp",
        r"\.in\.(.+?)\.?",  # lftp, xfer:temp-file-name
        r"(.+)\.[0-9A-Za-z]{8}\.partial",  # rclone
        r"\.(.+)\.~[0-9a-f]+",  # Nextcloud, ownCloud
        r"\.(.+)\.sb-[0-9a-f]+-\w+",  # macOS
        r"(.+)\.sb-[0-9a-f]{8}-[0-9A-Za-z]{6}",
        r"\.(.+)\.[0-9A-Za-z]{6}",  # rsync
        r"(.+)\.(?:part|partial|filepart|crdownload|opdownload|fdmdownload|duckpart|!sync|tmp)",  # browsers, WinSCP, KDE, Cyberduck, Resilio
    )
)

_ANY = re.compile(
    r"\.goutputstream-\w+|~[A-Za-z]{2,3}\d+\.tmp|[0-9A-F]{6,8}\.tmp|\.nfs[0-9a-f]+|unconfirmed \d+\.crdownload", re.IGNORECASE
)
"""Names that say nothing of the next one: GNOME, Office, an open file on NFS, Chrome."""


def becoming(name: str) -> str | None:
    """The name that a file written under this one gets; "" if any, None if this is none such."""
    if name.startswith(OURS):
        return None
    if _ANY.fullmatch(name):
        return ""
    for pattern in _KNOWN:
        if found := pattern.fullmatch(name):
            return found[1]
    return None
