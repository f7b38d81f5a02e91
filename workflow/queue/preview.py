"""`preview.html` beside a queue file: the client's portal as it would be, on one page.

It is the portal's own page (pages.py) with its style and pictures inside, no script, a banner on
top, a mark at the item in question, and links only to that item's own files, which lie beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workflow.messages.language import translator
from workflow.portal import pages
from workflow.portal.pages import House, PreviewNote, ShownItem

MOST_ITEMS = 50
"""Of a long portal only the newest are in the preview: it is made anew for each concept."""


def preview_html(
    house: House,
    client_name: str,
    client_language: str,
    reader_language: str,
    own: ShownItem,
    others: Sequence[ShownItem],
    count: int,
    pictures: Mapping[str, str],
) -> str:
    """The page, `own` as it would be published now on top of the newest `others`.

    `count`: how many there are of these others. `pictures`: ShownFile.picture → the picture as an
    address.
    """
    _ = translator(reader_language).gettext
    banner = _("Preview: what the client would see after %(item)s is approved.") % {"item": own.item}
    if count + 1 > MOST_ITEMS:
        banner += " " + _("Only the newest %(shown)d of %(count)d items are on it.") % {"shown": MOST_ITEMS, "count": count + 1}
    preview = PreviewNote(banner, reader_language, own.item, _("To be decided"), pictures)
    return pages.index_html(house, client_name, client_language, [own, *others[: MOST_ITEMS - 1]], preview)
