"""`preview.html` beside a queue file: the client's portal as it would be after approval, as one page that needs nothing else.

It is the portal's own page (pages.py) with its style inside, no script, a banner on top, and links only to the item's own
files, which lie beside it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from urllib.parse import quote

from workflow.messages.language import translator
from workflow.portal import pages
from workflow.portal.pages import ShownItem

MOST_ITEMS = 50
"""Of a long portal only the newest are in the preview: it is made anew for each concept."""

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_OUTSIDE = re.compile(r"<link\b[^>]*>|<script\b[^>]*>.*?</script>|<script\b[^>]*/>", re.DOTALL)
_IMAGE = re.compile(r"<img\b[^>]*>")
_LINK = re.compile(r'\shref="([^"#][^"]*)"')


def preview_html(
    title: str,
    client: str,
    client_name: str,
    client_language: str,
    reader_language: str,
    own: ShownItem,
    others: Sequence[ShownItem],
    count: int,
) -> str:
    """The page, with `own` as it would be published now on top of the newest of the `others` that are public.

    `count`: how many there are of these others.
    """
    page = pages.index_html(title, client, client_name, client_language, [own, *others[: MOST_ITEMS - 1]])
    style = pages.static_files()["style.css"].decode()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    page = _POLICY.sub(lambda _: f'<meta http-equiv="Content-Security-Policy" content="{policy}">', page, count=1)
    page = _IMAGE.sub("", _OUTSIDE.sub("", page))
    page = page.replace("</head>", f"<style>{style}</style>\n</head>", 1)
    start = f"{quote(own.item)}/"
    page = _LINK.sub(lambda link: f' href="{link[1].removeprefix(start)}"' if link[1].startswith(start) else "", page)
    return re.sub(r"(<body\b[^>]*>)", lambda body: f"{body[1]}\n{_banner(reader_language, own.item, count + 1)}", page, count=1)


def _banner(language: str, item: str, count: int) -> str:
    _ = translator(language).gettext
    text = _("Preview: what the client would see after %(item)s is approved.") % {"item": item}
    if count > MOST_ITEMS:
        text += " " + _("Only the newest %(shown)d of %(count)d items are on it.") % {"shown": MOST_ITEMS, "count": count}
    return f'<p role="note" lang="{language}"><strong>{html.escape(text)}</strong></p>'
