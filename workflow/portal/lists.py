"""The pages of a client's folder, made as far as something of them changes.

Up to WHOLE items stand on index.html, and of these what is older than all that changes is copied
(whole_list.py). Of a longer list the newest stand there, and the older ones
on pages of their own: _pages/older-N.html, PART on each, and beside it older-N.js, by which the
search on index.html finds them. Such a page is made anew only when something changes of what stands
on it. So one item more writes as much with ten thousand items as with five thousand, but for
items.json, which always has all: there the lines of pages that stay are copied from the items.json
that lies there.

That is done only if the items.json that lies there is, by its digest, the one that was written
down. What is copied was held against the trail when it was made, and nothing of it was taken off or
replaced since, as that makes its page anew. Where something is not as it was written down
`NotAsWritten` is raised, and the publisher makes all pages of this client anew.

A page is written into the staging folder as soon as it is made: a long list takes no more memory
than one of its parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from peewee import Expression, Tuple, fn

from dossier.database.prepared import Prepared
from dossier.database.tables import Item, OlderItems, Page, item_name
from dossier.files import files
from dossier.office.office import Office
from dossier.workers.pool import WorkerPool
from workflow.portal import pages
from workflow.portal.folder_site import FolderSite
from workflow.portal.pages import Extra, ShownItem, papers_of
from workflow.portal.placing import PAGES
from workflow.portal.showing import NEWEST_FIRST, STANDS, Changes, Place, house_of, is_among, newest_first, portions
from workflow.portal.whole_list import ListedItem, NotAsWritten, OldPages, WholeList, WrittenPage, new_page, write_whole

WHOLE = 3000
"""Items that all stand on index.html: such a page has a megabyte and a half, and opens at once."""

PART = 500
"""Items on a page of older ones. index.html then has a quarter of this to less than twice this."""

WORTH_TELLING = 25
"""Items of a list whose pages another process makes: of fewer it takes as long to tell them."""

WORTH_COPYING = 25
"""Items of a list that are copied from the pages that lie there: fewer are as quickly made."""

OLDER = "older-"
"""How the names of pages of older items begin."""


@dataclass(slots=True)
class ClientPages:
    """What becomes of the pages of a client's folder."""

    content: dict[str, bytes | Path] = field(default_factory=dict)
    """Name → what is in it, in the order in which they may appear; a path is that of a staged file.
    Pages that stay are not in it."""
    digests: dict[str, str] = field(default_factory=dict)
    """Name → SHA-256, of all pages."""
    older: list[OlderItems] = field(default_factory=list)

    def forget_content(self) -> None:
        """They are staged: the pages of a thousand clients would fill the memory."""
        self.content = {name: page for name, page in self.content.items() if isinstance(page, Path)}


class KnownPages(NamedTuple):
    """What was written down of a client's pages, as far as that is believed."""

    page: Page
    stays: Place | None
    """Of a whole list, from which item on what lies there stays as it is; None: nothing does."""


def known_pages(page: Page, touched: Collection[Place], is_less: bool) -> KnownPages:
    """`touched`: where in the list something changes; `is_less`: something goes from it."""
    is_any = bool(page.made and touched and not page.older and not is_less)
    return KnownPages(page, _staying_from(page.client, min(touched), len(touched)) if is_any else None)


def _staying_from(code: str, lowest: Place, more: int) -> Place | None:
    """The second below this place: the one above it is made, so that something stands above.

    Nothing stays of a list that is short, or becomes too long; nor where more waits for a round
    below.
    """
    [(count,)] = _COUNT.rows(code)
    if count + more > WHOLE or _WAITS_BELOW.rows(code, *lowest):
        return None
    rows: list[Place] = _BELOW.rows(code, *lowest)
    return rows[1] if len(rows) > WORTH_COPYING else None


def _below(code: object, *lowest: object) -> Expression:
    condition: Expression = is_among(code, None, None) & (Tuple(*lowest) > STANDS)
    return condition


_COUNT = Prepared(lambda code: Item.select(fn.COUNT(Item.id)).where(is_among(code, None, None)))
_WAITS_BELOW = Prepared(lambda code, *lowest: Item.select(Item.id).where(_below(code, *lowest) & Item.unsettled).limit(1))
_BELOW = Prepared(
    lambda code, *lowest: (
        Item.select(Item.published_at, Item.id).where(_below(code, *lowest)).order_by(*NEWEST_FIRST).limit(WORTH_COPYING + 1)
    )
)


def place_of(page: OlderItems) -> Place:
    """The newest place that belongs to this page."""
    return page["at"], page["item"]


def ranges(known: KnownPages | None, touched: Collection[Place]) -> list[tuple[Place | None, Place | None]]:
    """What is made anew where these places are touched, (above, upto): the first always."""
    older = known.page.older if known else []
    found: list[tuple[Place | None, Place | None]] = [(place_of(older[0]) if older else known and known.stays, None)]
    for above, upto in _bounds(older):
        if _is_touched(above, upto, touched):
            found.append((above, upto))
    return found


def _bounds(older: Sequence[OlderItems]) -> list[tuple[Place | None, Place]]:
    uppers = [place_of(one) for one in older]
    return list(zip([*uppers[1:], None], uppers, strict=True)) if uppers else []


def _is_touched(above: Place | None, upto: Place, touched: Collection[Place]) -> bool:
    return any((above is None or place > above) and place <= upto for place in touched)


def begin_pages(
    office: Office,
    code: str,
    changes: Changes,
    site: FolderSite,
    known: KnownPages | None,
    touched: Collection[Place],
    workers: WorkerPool | None,
) -> Callable[[], ClientPages]:
    """Make a client's pages after these changes; what is returned waits for them. Both may raise
    NotAsWritten; OSError.

    `known`: what was written down of those that lie there; `touched`: where in the list something
    changes. `workers`, if given, make those of whole lists.
    """
    making = _Making(office, code, changes, site, known, touched)
    whole = making.whole_list()
    if whole is None:
        pages_made = making.make_in_parts()
        return lambda: pages_made
    if workers is None or len(whole.items) < WORTH_TELLING or (whole.old and not site.can_travel):
        return lambda: making.made_of(write_whole(whole))
    answer = workers.begin(write_whole, whole)
    return lambda: making.made_of(answer())


class _Making:
    """The pages of one client in one round."""

    def __init__(
        self, office: Office, code: str, changes: Changes, site: FolderSite, known: KnownPages | None, touched: Collection[Place]
    ) -> None:
        self._office, self._code, self._changes, self._site = office, code, changes, site
        last = known.page if known else None
        self._stays = known.stays if known else None
        self._last, self._touched = last, touched
        self._client, self._house = office.clients[code], house_of(office, code)
        self._made = ClientPages()
        self._staged_pages: list[Path] = []
        self._numbers = max((one["number"] for one in last.older), default=0) if last else 0

    def whole_list(self) -> WholeList | None:
        """What the pages are made of, if all of it stands on index.html."""
        if self._last is not None and self._last.older:
            return None
        items, up = list[ListedItem](), list[Extra]()
        for some, extras in portions(self._code, self._changes, self._stays):
            items += some
            up += extras
            if len(items) > WHOLE:
                return None
        client, address = self._client, self._office.settings.portal.base_url
        folder = self._site.staging / "pages"
        return WholeList(self._code, client.name, client.language, self._house, address, items, up, folder, self._old())

    def _old(self) -> OldPages | None:
        """The pages that lie there, where a part of them stays."""
        if self._last is None or self._stays is None:
            return None
        return OldPages(item_name(self._stays[1]), self._last.made, self._site.pieces)

    def made_of(self, written: Mapping[str, WrittenPage]) -> ClientPages:
        """The pages of a whole list, which lie ready, and what they need beside them."""
        self._put_static()
        for name, page in written.items():
            self._made.content[name] = page.path
            self._made.digests[name] = page.digest
        return self._made

    def make_in_parts(self) -> ClientPages:
        try:
            return self._make_in_parts()
        except BaseException:
            for path in self._staged_pages:
                files.remove(path)
            raise

    def _make_in_parts(self) -> ClientPages:
        self._put_static()
        with _Writing(self._staged()) as lines:
            lines.write(pages.items_json_head(self._code))
            index = self._make_lists(lines)
            lines.write(pages.ITEMS_JSON_TAIL)
        older, client, portal = self._made.older, self._client, self._office.settings.portal
        self._put("index.html", pages.index_html(self._house, client.name, client.language, index, older=older).encode())
        # In this order: see write_whole.
        self._made.content["items.json"] = lines.path
        self._made.digests["items.json"] = lines.digest.hexdigest()
        newest = index[: pages.FEED_ENTRIES]
        self._put("feed.xml", pages.feed_xml(portal.title, self._code, client.name, portal.base_url, newest).encode())
        return self._made

    def _put_static(self) -> None:
        for name, data in pages.static_files().items():
            self._put_unless_there(f"{PAGES}/{name}", data)
        if self._house.logo:
            self._put_unless_there(f"{PAGES}/{pages.LOGO}", self._house.logo.data)

    def _put(self, name: str, data: bytes) -> None:
        self._made.content[name] = data
        self._made.digests[name] = hashlib.sha256(data).hexdigest()

    def _put_unless_there(self, name: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        if self._last is None or self._last.made.get(name) != digest:
            self._made.content[name] = data
        self._made.digests[name] = digest

    def _staged(self) -> Path:
        self._staged_pages.append(new_page(self._site.staging / "pages"))
        return self._staged_pages[-1]

    # The list

    def _make_lists(self, lines: _Writing) -> list[ShownItem]:
        """Make the pages of older items and items.json; returns what stands on index.html."""
        if self._last is None or not self._last.older:
            return self._make_all(lines)
        kept = list(self._last.older)
        index = self._between(place_of(kept[0]), None)
        while kept and len(index) < max(1, PART // 4):
            del kept[0]
            index = self._between(place_of(kept[0]) if kept else None, None)
        index, *cut = _cut(index)
        lines.write_items(one for _, one in index)
        for some in cut:
            self._make_older(lines, some)
        self._go_on(lines, kept)
        return [one for _, one in index]

    def _make_all(self, lines: _Writing) -> list[ShownItem]:
        stream = newest_first(self._code, self._changes)
        index = list(islice(stream, PART))
        lines.write_items(one for _, one in index)
        count = _COUNT.rows(self._code)[0][0] + len(self._changes.shown)
        self._numbers = count // PART + 1  # the oldest page has the lowest number
        number = self._numbers
        while some := list(islice(stream, PART)):
            self._make_older(lines, some, number)
            number -= 1
        return [one for _, one in index]

    def _go_on(self, lines: _Writing, kept: Sequence[OlderItems]) -> None:
        """The older pages that are there: what nothing touches stays, the others are made anew."""
        size = self._site.size(f"{self._code}/items.json")
        if size is None:
            raise NotAsWritten
        old = _Reading(self._site.pieces(f"{self._code}/items.json", 0, size))
        start = (
            size - len(pages.ITEMS_JSON_TAIL) - sum(one["size"] for one in kept) - (len(kept) - 1) * len(pages.ITEMS_JSON_COMMA)
        )
        for (above, upto), page in zip(_bounds(kept), kept, strict=True):
            if _is_touched(above, upto, self._touched):
                found = self._between(above, upto)
                if found:
                    first, *rest = _cut(found)
                    self._make_older(lines, first, page["number"], upto)
                    for some in rest:
                        self._make_older(lines, some)
            else:
                old.skip_to(start)
                lines.write_lines(old.read(page["size"]))
                self._keep_older(page)
            start += page["size"] + len(pages.ITEMS_JSON_COMMA)
        assert self._last is not None
        if old.digest_of_all() != self._last.made.get("items.json"):
            raise NotAsWritten

    def _between(self, above: Place | None, upto: Place | None) -> list[tuple[Place, ShownItem]]:
        return list(newest_first(self._code, self._changes, above, upto))

    def _keep_older(self, page: OlderItems) -> None:
        assert self._last is not None
        for name in _names(page["number"]):
            self._made.digests[name] = self._last.made[name]
        self._made.older.append(page)

    def _make_older(
        self, lines: _Writing, items: Sequence[tuple[Place, ShownItem]], number: int | None = None, upto: Place | None = None
    ) -> None:
        """A page of these items, newest first."""
        if number is None:
            self._numbers += 1
            number = self._numbers
        shown = [one for _, one in items]
        size = lines.write_items(shown)
        at, key = upto or items[0][0]
        page: OlderItems = {
            "number": number, "at": at, "item": key, "since": shown[-1].published_at, "until": shown[0].published_at,
            "count": len(shown), "size": size, "years": papers_of(one.year for one in shown),
        }  # fmt: skip
        html = pages.older_html(self._house, self._client.name, self._client.language, shown, page)
        for name, text in zip(_names(number), (html, pages.older_js(shown, page)), strict=True):
            path, data = self._staged(), text.encode()
            files.write_whole(path, data)
            self._made.content[name] = path
            self._made.digests[name] = hashlib.sha256(data).hexdigest()
        self._made.older.append(page)


def _names(number: int) -> tuple[str, str]:
    html = f"{PAGES}/{pages.older_name(number)}"
    return html, f"{html.removesuffix('.html')}.js"


def _cut(items: list[tuple[Place, ShownItem]]) -> list[list[tuple[Place, ShownItem]]]:
    """The items in parts, all of PART but for the first, which has less than twice that."""
    cut = []
    while len(items) >= 2 * PART:
        cut.append(items[-PART:])
        items = items[:-PART]
    return [items, *reversed(cut)]


class _Writing:
    """An items.json that is written. Afterwards `path` is whole, and `digest` is of all of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = hashlib.sha256()
        self._has_lines = False
        self._stream: BinaryIO

    def __enter__(self) -> _Writing:
        self._stream = open(files.open_new(self.path, 0o644), "wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._stream.write(data)

    def write_items(self, items: Iterator[ShownItem] | Sequence[ShownItem]) -> int:
        """Some items, a line each; returns their bytes."""
        data = pages.ITEMS_JSON_COMMA.join(pages.items_json_line(one) for one in items)
        if data:
            self.write_lines([data])
        return len(data)

    def write_lines(self, pieces: Iterator[bytes] | Sequence[bytes]) -> None:
        """The lines of some items, as they are."""
        if self._has_lines:
            self.write(pages.ITEMS_JSON_COMMA)
        self._has_lines = True
        for piece in pieces:
            self.write(piece)


class _Reading:
    """The items.json that lies there, read once from beginning to end, and hashed on the way."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self._piece = memoryview(b"")
        self._at = 0

    def read(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes. Raises NotAsWritten if there are less."""
        while count:
            if not self._piece:
                piece = next(self._pieces, b"")
                if not piece:
                    raise NotAsWritten
                self._digest.update(piece)
                self._piece = memoryview(piece)
            some = self._piece[:count]
            self._piece = self._piece[len(some) :]
            self._at += len(some)
            count -= len(some)
            yield bytes(some)

    def skip_to(self, start: int) -> None:
        if start < self._at:
            raise NotAsWritten
        for _ in self.read(start - self._at):
            pass

    def digest_of_all(self) -> str:
        for piece in self._pieces:
            self._digest.update(piece)
        return self._digest.hexdigest()


def older_names(names: Iterable[str]) -> set[str]:
    """Of what lies in PAGES, the pages of older items and what belongs to them."""
    return {name for name in names if name.startswith(OLDER) and name.endswith((".html", ".js"))}


def older_names_of(page: Page) -> set[str]:
    """The same, as it was written down."""
    return older_names(name.removeprefix(f"{PAGES}/") for name in page.made)
