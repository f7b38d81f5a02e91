"""A text as one YAML scalar: read again it is the text, whatever it looks like."""

from __future__ import annotations

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dossier.text.yamltext import Limits, plain, read_map, scalar

LIKELY = st.text(alphabet="aeyNoOT.-_/ 09:#", max_size=8)


@given(st.one_of(LIKELY, st.text(max_size=30)))
@example("no")
@example("Off")
@example("report 2025.pdf")
@example("a - b")
@example("null")
@example("it's: a 'name': # and more")
def test_what_is_written_as_a_scalar_is_read_as_it_was(text: str) -> None:
    line = f"key: {scalar(text)}\n"
    assert "\n" not in scalar(text)
    try:
        line.encode()
    except UnicodeEncodeError:
        return  # half a surrogate: no file can hold it
    assert yaml.safe_load(line) == {"key": text}
    tree, faults = read_map(line.encode(), Limits())
    assert (faults, plain(tree)) == ([], {"key": text})
