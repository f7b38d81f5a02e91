"""What a client's folder on the portal looks like: index.html, items.json, feed.xml, _pages/.

Of a long list the older items stand on pages of their own (lists.py), which index.html leads to
and searches.

Pure: values in, text out; publishing.py writes it. Whatever a description or a file name holds, it
is text on these pages: templates escape everything, links are percent-encoded, and the page's
Content-Security-Policy allows no script or style but its own two files. Attachments are links with
`download`, so that an HTML or SVG file is saved and not shown as if it were the portal; a web
server in front should say `Content-Disposition: attachment` too, for who types the address.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from dossier.text import clock
from dossier.text.names import extension
from workflow.messages.firm import Ask
from workflow.messages.language import HERE, environment
from workflow.messages.logo import Logo
from workflow.portal.placing import PAGES

if TYPE_CHECKING:
    from jinja2 import Template

    from dossier.database.tables import FileShown, OlderItems, Shown

LOGO = "logo.png"
"""The firm's logo, in _pages/."""

FEED_ENTRIES = 100
"""A feed says what is new; the whole list is the index."""

_NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries was changed last: Atom requires a time (RFC 4287 section 4.1.1)."""

# XML 1.0 section 2.2: what isn't a character of it. Of these UTF-8 can't hold the surrogates
# either.
_NOT_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_YEAR = re.compile(r"(?<![0-9A-Za-z.,])(?:19[5-9]|20[0-9])[0-9](?![0-9A-Za-z]|[.,][0-9])")

_KINDS = {
    "pdf": {"pdf"},
    "sheet": {"csv", "ods", "xls", "xlsb", "xlsm", "xlsx"},
    "text": {"doc", "docx", "eml", "md", "msg", "odp", "odt", "ppt", "pptx", "rtf", "txt"},
    "image": {"bmp", "gif", "heic", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"},
    "archive": {"7z", "gz", "rar", "tar", "zip"},
}
_KIND_OF = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}


@dataclass(frozen=True, slots=True)
class ShownFile:
    """An attachment as the client sees it; `size` in bytes."""

    name: str
    size: int
    sha256: str
    media_type: str
    picture: str | None = None
    """Where a small picture of its first page lies, in the client's folder, if there is one."""

    @property
    def version(self) -> str:
        """Names its content in an address: another file of the same name has another."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class ZipOfAll:
    """All attachments of an item in one file: its place in the client's folder, and its bytes."""

    path: str
    size: int

    @property
    def version(self) -> str:
        """As ShownFile.version: its name ends with a digest over what is in it."""
        return self.path.rpartition("-")[2].removesuffix(".zip")


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item as the client sees it. `explanation`: None unless shared; `published_at`: ISO
    8601."""

    item: str
    description: str
    explanation: str | None
    published_at: str
    attachments: tuple[ShownFile, ...]
    archive: ZipOfAll | None = None
    year: str = ""
    """Which year the paper is about, as far as its words tell; see `year_of`."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A picture or archive under _pages/: of which item, made of what (PageFile.source)."""

    name: str
    item: int
    source: str
    size: int


def shown_item(
    item: str,
    key: int,
    published_at: str,
    shown: Shown,
    location: str | None,
    made: Mapping[tuple[int, str], Extra] | None = None,
) -> ShownItem:
    """What an edition shows; `made`: (the item's key, source) → its pictures and archive."""
    attachments = shown["attachments"]
    pictures = [made.get((key, one["sha256"])) for one in attachments] if made else [None] * len(attachments)
    seen = tuple(
        ShownFile(one["name"], one["size"], one["sha256"], one["media_type"], f"{PAGES}/{picture.name}" if picture else None)
        for one, picture in zip(attachments, pictures, strict=True)
    )
    packed = made.get((key, archive_source(attachments))) if made and len(seen) > 1 else None
    archive = ZipOfAll(f"{PAGES}/{packed.name}", packed.size) if packed else None
    at = clock.local_iso(published_at) or ""
    year = year_of(shown["description"], location, at)
    return ShownItem(item, shown["description"], shown["explanation"], at, seen, archive, year)


@dataclass(frozen=True, slots=True)
class House:
    """What the firm has on every page: title, name and logo, and whom this client can call."""

    title: str
    firm: str = ""
    logo: Logo | None = None
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Staying:
    """What stays of index.html, below the items that are made: it was made with the same look."""

    html: str
    count: int
    """Items in it."""
    years: Sequence[str]
    """In which they were published, the latest first."""
    papers: Sequence[str]
    """Which years they are about."""


@dataclass(frozen=True, slots=True)
class PreviewNote:
    """That a page is for staff to look at: what it says on top, and the item in question, if there
    is one."""

    banner: str
    language: str
    item: str
    mark: str
    """What stands at the item in question."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Where a picture lies (ShownFile.picture) → the picture itself, as an address."""
    is_alone: bool = False
    """Only that item is on the page, whatever else there is."""


def index_html(
    house: House,
    client_name: str,
    language: str,
    items: Sequence[ShownItem],
    preview: PreviewNote | None = None,
    older: Sequence[OlderItems] = (),
    staying: Staying | None = None,
) -> str:
    """The page for people; `items` newest first. 10,000 items take about a third of a second.

    `older`: the pages of what stands there no more, of a long list. With `staying` there must be an
    item.

    As a preview it is one file that needs nothing else: its style is inside, and it leads only to
    the files of the item in question, which lie beside it.
    """
    style = static_files()["style.css"].decode() if preview else ""
    years, papers = _by_year(items), [item.year for item in items]
    papers += [year for page in older for year in page["years"]]
    count = len(items) + sum(page["count"] for page in older)
    if staying is not None:
        if years[-1][0] != staying.years[0]:
            years.append((staying.years[0], []))
        papers += staying.papers
        count += staying.count
    return text_only(
        _template("index.html", language).render(
            house=house, client_name=client_name, items=items, version=_static_version(), preview=preview, style=style,
            style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(), years=years,
            headings=[*(year for year, _ in years), *(staying.years[1:] if staying else ())], papers=papers_of(papers),
            count=count, up="", page=None, older=[(older_name(page["number"]), page) for page in older],
            staying=staying.html if staying else "",
        )
    )  # fmt: skip


def older_name(number: int) -> str:
    """The name of a page of older items, in _pages/."""
    return f"older-{number}.html"


def older_html(house: House, client_name: str, language: str, items: Sequence[ShownItem], page: OlderItems) -> str:
    """A page of older items, in _pages/: `items` newest first."""
    years = _by_year(items)
    return text_only(
        _template("index.html", language).render(
            house=house, client_name=client_name, items=items, version=_static_version(), preview=None, years=years,
            headings=[year for year, _ in years], papers=[], count=len(items), up="../", page=page, older=[], staying="",
        )
    )  # fmt: skip


def older_js(items: Sequence[ShownItem], page: OlderItems) -> str:
    """What the search on index.html finds the items of a page of older ones by (see search.js)."""
    told = [
        [
            item.item,
            item.published_at,
            item.year,
            item.description,
            item.explanation or "",
            [file.name for file in item.attachments],
        ]
        for item in items
    ]
    return f"older({page['number']}, {json.dumps(told)});\n"


def _by_year(items: Sequence[ShownItem]) -> list[tuple[str, list[ShownItem]]]:
    return [(year, list(group)) for year, group in groupby(items, key=lambda item: item.published_at[:4])]


def papers_of(years: Iterable[str]) -> list[str]:
    """The years that the papers are about, the latest first."""
    return sorted({year for year in years if year}, reverse=True)


def year_of(description: str, location: str | None, published_at: str) -> str:
    """The year a paper is about: the last in its description, its location, or its publishing.

    The year is all that a client learns of the location. What would lie far ahead is no year but a
    number.
    """
    for text in (description, location or ""):
        found = [year for year in _YEAR.findall(text) if year <= str(int(published_at[:4]) + 1)]
        if found:
            return str(max(found))
    return published_at[:4]


def items_json(client_code: str, items: Sequence[ShownItem], staying: bytes = b"") -> bytes:
    """The same for programs (CONTRACT section 6), an item a line; `items` newest first.

    `staying`: the lines that stay below them, to the end.
    """
    lines = ITEMS_JSON_COMMA.join(items_json_line(item) for item in items)
    return items_json_head(client_code) + lines + (ITEMS_JSON_COMMA + staying if staying else ITEMS_JSON_TAIL)


def items_json_begin(item: str) -> bytes:
    """How the line of an item begins."""
    return f'{{"item": "{item}"'.encode()


ITEMS_JSON_COMMA, ITEMS_JSON_TAIL = b",\n", b"\n]}\n"
"""What stands in items.json between the lines of items, and at its end."""


def items_json_head(client_code: str) -> bytes:
    """How items.json begins."""
    return f'{{"schema_version": 1, "client": {json.dumps(client_code)}, "items": [\n'.encode()


def items_json_line(item: ShownItem) -> bytes:
    """An item in items.json."""
    return json.dumps(_as_json(item)).encode()


def feed_xml(title: str, client_code: str, client_name: str, base_url: str, items: Sequence[ShownItem], staying: str = "") -> str:
    """An Atom feed (RFC 4287) of the newest FEED_ENTRIES. An item keeps its id when replaced.

    `staying`: the entries that stay below these.
    """
    home = _home(base_url, client_code)
    newest = items[:FEED_ENTRIES]
    return text_only(
        _template("feed.xml", "en").render(
            title=title,
            client_name=client_name,
            home=home,
            id=_feed_id(home),
            updated=newest[0].published_at if newest else _NEVER,
            entries=[(item, _feed_id(f"{home}/{item.item}")) for item in newest],
            staying=staying,
        )
    )


def feed_id(base_url: str, client_code: str, item: str) -> str:
    """What an item is called in the feed."""
    return _feed_id(f"{_home(base_url, client_code)}/{item}")


def _home(base_url: str, client_code: str) -> str:
    return f"{base_url.rstrip('/')}/{quote(client_code)}"


def archive_source(attachments: Sequence[FileShown]) -> str:
    """What an archive is of: a digest over the names and contents in it."""
    listed = json.dumps([[one["name"], one["sha256"]] for one in attachments])
    return hashlib.sha256(listed.encode()).hexdigest()


@cache
def static_files() -> dict[str, bytes]:
    """What the pages need beside them, in _pages/: name → content."""
    return {name: (HERE / "templates" / name).read_bytes() for name in ("style.css", "search.js")}


def look(house: House, base_url: str, client_code: str, client_name: str, language: str) -> str:
    """A digest over what pages are made of besides the items, templates and texts included."""
    of_house = [house.title, house.firm, house.logo and house.logo.version, house.ask and [house.ask.name, house.ask.phone]]
    made_of = json.dumps([of_house, base_url, client_code, client_name, language])
    return hashlib.sha256(f"{_own_digest()}{made_of}".encode()).hexdigest()[:32]


@cache
def _static_version() -> str:
    """Behind the names of style and script, so that no browser takes an old one of its cache."""
    return hashlib.sha256(b"".join(static_files().values())).hexdigest()[:8]


@cache
def _own_digest() -> str:
    digest = hashlib.sha256()
    templates = [HERE / "templates" / name for name in ("index.html", "feed.xml", *static_files())]
    for path in [*templates, *sorted(HERE.glob("locale/*/LC_MESSAGES/*.po")), Path(__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _template(name: str, language: str) -> Template:
    templates = environment(language)
    templates.filters.update(encoded=encoded, badge=badge, kind=kind, dial=dial)
    return templates.get_template(name)


def _as_json(item: ShownItem) -> dict[str, object]:
    return {
        "item": item.item,
        "description": item.description,
        "explanation": item.explanation,
        "published_at": item.published_at,
        "attachments": [
            {"name": file.name, "size": file.size, "sha256": file.sha256, "media_type": file.media_type}
            for file in item.attachments
        ],
    }


def text_only(text: str) -> str:
    return _NOT_TEXT.sub("\ufffd", text)


def _feed_id(address: str) -> str:
    return uuid5(NAMESPACE_URL, address).urn


def dial(phone: str) -> str:
    """A telephone number as an address has it (RFC 3966): `+31 20 123 45 67` → `+31201234567`."""
    return re.sub(r"\(0\)|[^+0-9]", "", phone)


def encoded(name: str) -> str:
    return quote(name, safe="")


def badge(name: str) -> str:
    """The file's type as its name tells it: `PDF`; a dot for a name that doesn't."""
    suffix = extension(name)
    return suffix.upper() if suffix.isascii() and suffix.isalnum() and len(suffix) <= 4 else "·"


def kind(name: str) -> str:
    return _KIND_OF.get(extension(name), "other")
