"""Which media type a file has, by its name and by what its bytes are. The one place that knows.

The own table stands on top of Python's, which is asked without the machine's additions: the same
file has the same type everywhere. A name is believed where the bytes may go by it (an .oft is built
as a .msg is), and else the bytes are. MT940, audit files (XAF), XBRL, SBR and UBL have no
registered types of their own: they are the text or the XML that they are written in. A text or a
web page may begin with any tag, and stays what its name says.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from dossier.text.names import extension

UNKNOWN = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_OWN: Mapping[str, str] = {
    # Office
    "docx": f"{_OFFICE}.wordprocessingml.document", "dotx": f"{_OFFICE}.wordprocessingml.template",
    "docm": "application/vnd.ms-word.document.macroEnabled.12", "dotm": "application/vnd.ms-word.template.macroEnabled.12",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet", "xltx": f"{_OFFICE}.spreadsheetml.template",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12", "xltm": "application/vnd.ms-excel.template.macroEnabled.12",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "xlam": "application/vnd.ms-excel.addin.macroEnabled.12",
    "pptx": f"{_OFFICE}.presentationml.presentation", "potx": f"{_OFFICE}.presentationml.template", "ppsx": f"{_OFFICE}.presentationml.slideshow",
    "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12", "ppsm": "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
    "potm": "application/vnd.ms-powerpoint.template.macroEnabled.12", "vsdx": "application/vnd.ms-visio.drawing",
    "vsdm": "application/vnd.ms-visio.drawing.macroEnabled.12", "vstx": "application/vnd.ms-visio.template",
    "doc": "application/msword", "dot": "application/msword", "xls": "application/vnd.ms-excel", "xlt": "application/vnd.ms-excel",
    "xla": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint", "pot": "application/vnd.ms-powerpoint", "pps": "application/vnd.ms-powerpoint",
    "vsd": "application/vnd.visio", "pub": "application/x-mspublisher", "mpp": "application/vnd.ms-project", "mpt": "application/vnd.ms-project",
    "msg": "application/vnd.ms-outlook", "oft": "application/vnd.ms-outlook", "pst": "application/vnd.ms-outlook", "one": "application/onenote",
    "snt": "application/x-ole-storage", "protected": "application/encrypted", "ole": "application/x-ole-storage", "rtf": "application/rtf",
    "odt": f"{_OPEN}.text", "ott": f"{_OPEN}.text-template", "odm": f"{_OPEN}.text-master", "ods": f"{_OPEN}.spreadsheet",
    "ots": f"{_OPEN}.spreadsheet-template", "odp": f"{_OPEN}.presentation", "otp": f"{_OPEN}.presentation-template", "odg": f"{_OPEN}.graphics",
    "otg": f"{_OPEN}.graphics-template", "odc": f"{_OPEN}.chart", "odf": f"{_OPEN}.formula", "odb": f"{_OPEN}.base",
    "fodt": f"{_OPEN}.text-flat-xml", "fods": f"{_OPEN}.spreadsheet-flat-xml", "fodp": f"{_OPEN}.presentation-flat-xml",
    "numbers": "application/vnd.apple.numbers", "pages": "application/vnd.apple.pages", "key": "application/vnd.apple.keynote",
    # The trade
    "xml": "application/xml", "xbrl": "application/xml", "xaf": "application/xml", "sbr": "application/xml", "ubl": "application/xml",
    "xsd": "application/xml", "xsl": "application/xml", "camt": "application/xml", "xbri": "application/zip", "xbr": "application/zip",
    "mt940": "text/plain", "940": "text/plain", "mt942": "text/plain", "sta": "text/plain", "swi": "text/plain", "asc": "text/plain",
    "adf": "text/plain", "json": "application/json", "md": "text/markdown", "log": "text/plain", "yaml": "application/yaml", "yml": "application/yaml",
    "ics": "text/calendar", "vcf": "text/vcard",
    # Signed
    "p7m": "application/pkcs7-mime", "p7c": "application/pkcs7-mime", "p7s": "application/pkcs7-signature", "p7b": "application/x-pkcs7-certificates",
    "asice": "application/vnd.etsi.asic-e+zip", "sce": "application/vnd.etsi.asic-e+zip", "asics": "application/vnd.etsi.asic-s+zip",
    "scs": "application/vnd.etsi.asic-s+zip", "tnef": "application/vnd.ms-tnef",
    # Packed
    "zip": "application/zip", "7z": "application/x-7z-compressed", "rar": "application/vnd.rar", "gz": "application/gzip", "tgz": "application/gzip",
    "bz2": "application/x-bzip2", "xz": "application/x-xz", "tar": "application/x-tar", "cab": "application/vnd.ms-cab-compressed",
    "kmz": "application/vnd.google-earth.kmz", "kml": "application/vnd.google-earth.kml+xml", "epub": "application/epub+zip",
    # Mail and pictures
    "eml": "message/rfc822", "mht": "message/rfc822", "mhtml": "message/rfc822", "heic": "image/heic", "heif": "image/heif", "hif": "image/heif",
    "avif": "image/avif", "webp": "image/webp", "jfif": "image/jpeg", "bmp": "image/bmp", "m4a": "audio/mp4", "m4v": "video/mp4",
    "wav": "audio/wav", "ogg": "audio/ogg", "flac": "audio/flac",
    # Programs
    "exe": "application/vnd.microsoft.portable-executable", "dll": "application/vnd.microsoft.portable-executable", "msi": "application/x-msi",
    "jar": "application/java-archive", "class": "application/java-vm", "lnk": "application/x-ms-shortcut", "elf": "application/x-executable",
    "sqlite": "application/vnd.sqlite3",
}  # fmt: skip

_BY_NAME = mimetypes.MimeTypes(filenames=())

_GOES_BY: Mapping[str, str] = {
    "docx": "docx dotx docm dotm", "xlsx": "xlsx xltx xlsm xltm xlam", "xlsb": "xlsb", "pptx": "pptx potx ppsx pptm ppsm potm", "vsdx": "vsdx vsdm vstx",
    "protected": "docx dotx docm dotm xlsx xltx xlsm xltm xlsb xlam pptx potx ppsx pptm ppsm potm vsdx vsdm vstx",
    "doc": "doc dot", "xls": "xls xlt xla", "ppt": "ppt pot pps", "vsd": "vsd vss vst", "msg": "msg oft", "pub": "pub", "mpp": "mpp mpt",
    "ole": "doc dot xls xlt ppt pot pps vsd msg oft pub mpp mpt snt",
    "iwork": "numbers pages key", "zip": "zip asice sce asics scs xbri xbr kmz numbers pages key epub odt ods odp odg vsdx",
    "asice": "asice sce", "asics": "asics scs", "gz": "gz tgz", "jpg": "jpg jpeg jpe jfif", "tif": "tif tiff", "heic": "heic heif hif", "avif": "avif heif",
    "html": "html htm xhtml", "p7m": "p7m p7c p7s p7b", "mp4": "mp4 m4v m4a mov 3gp", "exe": "exe dll scr com sys ocx cpl", "msi": "msi msp mst",
    "mt940": "mt940 940 mt942 sta swi txt asc", "pdf": "pdf ai",
}  # fmt: skip
"""What else a file of a kind (marks.py) may be called; the kind itself where it isn't listed."""


def by_name(name: str) -> str:
    """The media type that the name's extension stands for; UNKNOWN for none."""
    return _by_extension(extension(name))


@lru_cache(maxsize=500)
def _by_extension(own: str) -> str:
    return _OWN.get(own) or _BY_NAME.guess_type(f"x.{own}", strict=False)[0] or UNKNOWN


def by_content(kind: str, name: str) -> str:
    """The media type of a file whose bytes are of this kind (marks.py), and that has this name."""
    told = by_name(name)
    if extension(name) in names_of(kind) or (kind == "xml" and re.search(r"^text/|[/+]xml$|-flat-xml$", told)):
        return told
    return by_name(f"x.{'zip' if kind == 'iwork' else kind}")


def names_of(kind: str) -> frozenset[str]:
    """The extensions that files of a kind go by."""
    return frozenset(_GOES_BY.get(kind, kind).split())


# These a browser saves, or shows in a viewer of its own. All else is told it is just bytes: nothing
# that could act as a page.
_KNOWN_TYPES = re.compile(
    r"application/(pdf|zip|gzip|msword|vnd\.ms-(excel|powerpoint|outlook)|vnd\.openxmlformats-officedocument\.[a-z]+\.[a-z]+"
    r"|vnd\.oasis\.opendocument\.[a-z]+)|image/(png|jpeg|gif|tiff|webp|bmp|heic|avif)|text/(plain|csv)"
)


def as_saved(media_type: str) -> str:
    """The type that a browser may be told of a file of somebody else's."""
    return media_type if _KNOWN_TYPES.fullmatch(media_type) else UNKNOWN


def saved_as(name: str, is_shown: bool = False) -> str:
    """Content-Disposition (RFC 6266): the name, and for whoever reads ASCII something near it.

    The file is to be saved, or (`is_shown`) shown, and saved under this name after that.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and c.isprintable())
    plain = re.sub(r'["\\%;]', "_", plain).strip() or "file"
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
