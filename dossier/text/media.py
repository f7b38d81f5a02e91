"""What kind of file a name tells of. Without the machine's own tables: the same name is the same type everywhere."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from urllib.parse import quote

from dossier.text.names import extension

UNKNOWN = "application/octet-stream"

_BY_NAME = mimetypes.MimeTypes(filenames=())
_OFFICE = "application/vnd.openxmlformats-officedocument"
for _suffix, _type in {  # formats that mimetypes lacks
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
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


def by_name(name: str) -> str:
    """The media type that the name's extension stands for; UNKNOWN for none."""
    return _BY_NAME.guess_type(f"x.{extension(name)}", strict=False)[0] or UNKNOWN


# These a browser saves, or shows in a viewer of its own. All else is told it is just bytes: nothing that could act as a page.
_KNOWN_TYPES = re.compile(
    r"application/(pdf|zip|msword|vnd\.ms-(excel|powerpoint|outlook)|vnd\.openxmlformats-officedocument\.[a-z]+\.[a-z]+"
    r"|vnd\.oasis\.opendocument\.[a-z]+)|image/(png|jpeg|gif|tiff|webp|bmp|heic)|text/(plain|csv)"
)


def as_saved(media_type: str) -> str:
    """The type that a browser may be told of a file of somebody else's."""
    return media_type if _KNOWN_TYPES.fullmatch(media_type) else UNKNOWN


def saved_as(name: str) -> str:
    """Content-Disposition (RFC 6266): the name for everybody, and for who reads ASCII only something near it."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and c.isprintable())
    plain = re.sub(r'["\\%;]', "_", plain).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
