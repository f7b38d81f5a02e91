"""What a file is, by its first bytes and its name; and whether such files are taken. Pure."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection

import puremagic

from dossier.names import extension

# Without the machine's own tables: the same file is the same type everywhere. Formats that mimetypes lacks are added.
_BY_NAME = mimetypes.MimeTypes(filenames=())
for _suffix, _type in {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".xbrl": "application/xml",
    ".xaf": "application/xml",
    ".msg": "application/vnd.ms-outlook",
    ".eml": "message/rfc822",
    ".md": "text/markdown",
    ".7z": "application/x-7z-compressed",
    ".rar": "application/vnd.rar",
    ".heic": "image/heic",
    ".webp": "image/webp",
}.items():
    _BY_NAME.add_type(_type, _suffix)

# The commonest files are known at a glance; puremagic takes 0.3 ms for each.
_AT_A_GLANCE = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}

UNKNOWN = "application/octet-stream"


def recognise(name: str, head: bytes) -> tuple[str, str | None]:
    """(media type, extension that the content tells of or None) of a file with this name and these first bytes."""
    own = extension(name)
    by_name = _BY_NAME.guess_type(f"x.{own}", strict=False)[0] or UNKNOWN
    if own in _AT_A_GLANCE and head.startswith(_AT_A_GLANCE[own]):
        return by_name, own
    if not head:
        return by_name, None
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return by_name, None
    told = [match.extension.lstrip(".").lower() for match in matches]
    if own in told:
        return by_name, own
    best = matches[0]
    sure = len(best.byte_match) >= 4
    return (best.mime_type if sure and best.mime_type else by_name), told[0] or None


def blocked(name: str, head: bytes, told: str | None, blocked_types: Collection[str]) -> str | None:
    """Why a file is not taken for its type, or None. `told` is the extension that `recognise` gave."""
    own = extension(name)
    if own in blocked_types:
        return f"files of type .{own} are not taken; put it in another form, or ask an admin"
    # "MZ" alone may begin a text; programs hold zero bytes near it.
    if told in blocked_types and not (head.startswith(b"MZ") and b"\0" not in head[:512]):
        return f"its content is that of a .{told} file, whatever its name says; such files are not taken"
    if "jar" in blocked_types and head.startswith(b"PK\x03\x04") and b"META-INF/MANIFEST.MF" in head:
        return "its content is that of a .jar file, whatever its name says; such files are not taken"
    return None
