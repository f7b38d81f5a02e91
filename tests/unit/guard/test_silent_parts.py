"""A part of an office file in which a glance finds nothing says nothing to whoever reads all of it either."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from workflow.guard.readers import xml
from workflow.guard.readers.gathering import Gathering, NoText
from workflow.guard.readers.office import OPEN, SHEET, WORD
from workflow.guard.readers.xml import Rules

NAMES = some.sampled_from(
    ["w:style", "name", "w:docPr", "alias", "aliases", "fldSimple", "s", "table-cell", "posOffset", "v", "x:y:sheet"]
)
VALUES = some.sampled_from(["", "Acme", "a > b", "3 &lt; 4", "&#65;cme", " "])
ATTRIBUTES = some.sampled_from(["w:val", "name", "descr", "v", "string-value"])
TEXTS = some.sampled_from(
    ["", " ", "\n  ", "Acme", "&amp;", "&#65;", "<![CDATA[Acme]]>", "<!-- > Acme -->", "<?go > Acme?>", "é"]
)


@some.composite
def elements(draw: some.DrawFn, depth: int = 3) -> str:
    name = draw(NAMES)
    given = "".join(
        f'{draw(some.sampled_from([" ", chr(10)]))}{one}="{draw(VALUES)}"' for one in draw(some.sets(ATTRIBUTES, max_size=2))
    )
    inner = [draw(TEXTS), *(draw(elements(depth - 1)) for _ in range(draw(some.integers(0, 2)) if depth else 0)), draw(TEXTS)]
    body = "".join(inner)
    return f"<{name}{given}>{body}</{name}>" if body or draw(some.booleans()) else f"<{name}{given}/>"


HEADS = some.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n', '<!DOCTYPE a [<!ENTITY who "Acme">]>'])


def said(rules: Rules, part: bytes, whole_bytes: int) -> tuple[str, str]:
    """(what it says, without gaps; the reason why it could not be read)."""
    gathering = Gathering(lambda *_: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "WHOLE_BYTES", whole_bytes)
        try:
            rules.read(gathering, io.BytesIO(part))
        except NoText as reason:
            return "".join("".join(gathering.pieces).split()), str(reason)
    return "".join("".join(gathering.pieces).split()), ""


@pytest.mark.slow
@settings(max_examples=600)
@given(HEADS, elements(), some.sampled_from(["utf-8", "utf-16"]), some.sampled_from([WORD, SHEET, OPEN]), some.data())
def test_a_glance_hides_nothing(head: str, element: str, encoding: str, rules: Rules, data: some.DataObject) -> None:
    part = (head if encoding == "utf-8" else "") + element
    encoded = part.encode(encoding)
    encoded = encoded[: data.draw(some.one_of(some.just(len(encoded)), some.integers(0, len(encoded))))]
    assert said(rules, encoded, xml.WHOLE_BYTES) == said(rules, encoded, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("name", ["docPr", "wp:docPr", "x:y:docPr"])
def test_what_an_element_shows_is_found_however_it_is_written(name: str, encoding: str) -> None:
    assert said(WORD, f'\ufeff<{name} descr="Acme"/>'.encode(encoding), xml.WHOLE_BYTES) == ("Acme", "")


@pytest.mark.parametrize("part", [b"<a>\xc0", "<a>Acme</a>".encode("cp037"), b"<a><b></a>", b""])
def test_what_is_no_whole_xml_is_told_also_where_a_glance_finds_no_text(part: bytes) -> None:
    assert said(WORD, part, xml.WHOLE_BYTES) == ("", "damaged")


def test_styles_are_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "parse", lambda *_: pytest.fail("each element was called for"))
    styles = "".join(f'<w:style w:styleId="s{number}">\n <w:rPr/>\n</w:style>' for number in range(1000))
    assert said(WORD, f"<w:styles>{styles}</w:styles>".encode(), xml.WHOLE_BYTES) == ("", "")
