"""The portal's templates, compiled once for each language, and what its pages need beside them."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment

from desk.web.shell.statics import Statics
from workflow.messages.language import environment
from workflow.portal import pages
from workflow.portal.pages import ShownItem

TEMPLATES = Path(__file__).parents[2] / "templates"

ARTICLES_KEPT = 2000
"""Items of which the part of a page is kept; each takes a kilobyte or two."""


def _read_statics() -> dict[str, tuple[bytes, str]]:
    """The style is the folder's, and what these pages add to it."""
    style = pages.static_files()["style.css"] + (TEMPLATES / "web.css").read_bytes()
    return {"style.css": (style, "text/css"), "icon.svg": ((TEMPLATES / "icon.svg").read_bytes(), "image/svg+xml")}


STATICS = Statics(_read_statics)


@cache
def templates(language: str) -> Environment:
    made = environment(language, TEMPLATES)
    made.filters |= {"encoded": pages.encoded, "badge": pages.badge, "kind": pages.kind, "dial": pages.dial}
    return made


@lru_cache(ARTICLES_KEPT)
def article(language: str, root: str, client: str, item: ShownItem, is_new: bool, level: int) -> str:
    """An item on a page, in `language`: made once of all that it depends on."""
    made: Any = templates(language).get_template("items.html").module
    return cast(str, made.article(root, client, item, is_new, level))
