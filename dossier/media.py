"""What kind of file a name tells of. Without the machine's own tables: the same name is the same type everywhere."""

from __future__ import annotations

import mimetypes

from dossier.names import extension

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
