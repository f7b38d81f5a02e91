"""How many of what, in the reader's language: `1 file`, `2 files`."""

from __future__ import annotations

from desk.cli.translation import ngettext


def items(count: int) -> str:
    return ngettext("%(count)s item", "%(count)s items", count) % {"count": count}


def files(count: int) -> str:
    return ngettext("%(count)s file", "%(count)s files", count) % {"count": count}


def events(count: int) -> str:
    return ngettext("%(count)s event", "%(count)s events", count) % {"count": count}


def anchors(count: int) -> str:
    return ngettext("%(count)s anchor", "%(count)s anchors", count) % {"count": count}


def rows(count: int) -> str:
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": count}


def tables(count: int) -> str:
    return ngettext("%(count)s table", "%(count)s tables", count) % {"count": count}
