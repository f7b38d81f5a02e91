"""What stands between backticks in a sentence is code on a page, and nothing in it is markup."""

from __future__ import annotations

import pytest

from desk.web.staff.templating import coded


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`share`: give yes or no", "<code>share</code>: give yes or no"),
        ("`<img src=x onerror=alert(1)>` is no key", "<code>&lt;img src=x onerror=alert(1)&gt;</code> is no key"),
        ("<b>no</b> `a.pdf` and `b.pdf`", "&lt;b&gt;no&lt;/b&gt; <code>a.pdf</code> and <code>b.pdf</code>"),
        ("a ` alone", "a ` alone"),
        ("``", "``"),
    ],
)
def test_what_is_between_backticks_is_code(text: str, html: str) -> None:
    assert coded(text) == html
