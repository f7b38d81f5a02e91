"""Pages of files as pictures: in a row beside a decision, large to be read, and two versions side
by side.

They are drawn when they are asked for, by a process of its own (workflow/portal/pictures_child.py),
so a hostile file meets neither the desk nor the browser; the file itself is only ever downloaded.
An address names the content, so what was looked at is what is decided on. That somebody had it
before their eyes is written down as a download is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from starlette.responses import Response

from desk.actions import item_view
from desk.web.shell.drawing import Drawing
from desk.web.staff.visit import StaffVisit
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.portal.pictures import may_have_picture

SMALL, LARGE = 720, 1800
"""Pixels from left to right: in a row of pages, and to be read."""

IN_A_ROW = 24
"""Pages of a file that stand in a row; all of them are a click away."""

LINES_SHOWN = 400
"""Lines of a difference between two texts that are shown."""

FILES_COUNTED = 20
"""Files of one item whose pages are counted for its page."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as the page of an item, or a decision, shows it."""

    name: str
    size: int
    media_type: str
    sha256: str
    pages: int | None
    """0: it has no picture; None: nobody looked yet, there are so many files."""
    found: dict[int, int]
    """Page (from 0) → how often what the guard found stands there."""
    before: str | None = None
    """SHA-256 of the version that the reader saw last, where this one is another."""
    is_new: bool = False
    """It was not there when the reader looked last."""

    @property
    def row(self) -> range:
        return range(min(self.pages or 0, IN_A_ROW))


def papers(
    easel: Drawing,
    attachments: Sequence[tuple[str, int, str, str]],
    attention: Sequence[Sentence | str],
    before: dict[str, str] | None = None,
) -> list[Paper]:
    """These files, (name, size, media type, SHA-256), with their pages counted. `before`: name →
    SHA-256 as they were."""
    made = []
    for number, file in enumerate(attachments):
        name, _, media_type, sha256 = file
        pages: int | None = 0
        if may_have_picture(media_type):
            pages = easel.count(sha256) if number < FILES_COUNTED else None
        words = item_view.words_found(attention, name)
        found = easel.places(sha256, words) if words and pages else {}
        then = before.get(name) if before is not None else None
        is_new = before is not None and then is None
        made.append(Paper(*file, pages, found, then if then != sha256 else None, is_new))
    return made


def picture(visit: StaffVisit) -> Response:
    """A page as a picture, with what the guard found marked."""
    name, file = visit.request.path_params["item"], visit.request.path_params["name"]
    row = item_view.with_content(visit.office, visit.actor, name, file, visit.field("content"))
    number, width = _number(visit.field("page")), LARGE if visit.field("size") == "large" else SMALL
    words = item_view.words_found(item_view.attention(visit.office, visit.actor, name), file)
    tag = f'"{row.sha256}-{number}-{width}-{"-".join(words).encode().hex()}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if visit.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    page = visit.easel.page(row.sha256, number - 1, width, words)
    if page is None:
        return Response(status_code=404)
    item_view.note_file(visit.now, visit.actor, name, file)
    return Response(page.picture, media_type="image/webp", headers=headers)


def reading(visit: StaffVisit) -> Response:
    """A page large, to be read, or beside the same page of another version."""
    name, file = visit.request.path_params["item"], visit.request.path_params["name"]
    row = item_view.with_content(visit.office, visit.actor, name, file, visit.field("content"))
    beside = visit.field("beside")
    other = item_view.with_content(visit.office, visit.actor, name, file, beside) if beside else None
    lengths = [visit.easel.count(one.sha256) for one in (other, row) if one is not None]
    pages = max(lengths)
    number = max(1, min(_number(visit.field("page")), pages))
    item = item_view.find(visit.office, visit.actor, name)
    texts = [visit.easel.lines(one.sha256, one.name) for one in (other, row)] if other is not None else []
    if texts:
        item_view.note_file(visit.now, visit.actor, name, file)
    changes = differences(*(text or () for text in texts)) if texts and None not in texts else None
    return visit.page(
        "pages.html", changes=changes, item=name, client=item.client, description=item.description, file=row, beside=other, number=number,
        pages=pages, lengths=lengths, at=[clock.local_iso(one.added_at) for one in (other or row, row)], to_decide=visit.field("from") == "queue",
    )  # fmt: skip


def differences(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """(`minus`, `plus` or "", line) where two texts differ, with a line or two around; `gap`
    between such places."""
    found = []
    for line in list(unified_diff(before, after, lineterm="", n=2))[2:]:
        if line.startswith("@@"):
            found.append(("gap", "…"))
        else:
            found.append(({"-": "minus", "+": "plus"}.get(line[0], ""), line[1:]))
    return found[1:][:LINES_SHOWN]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1
