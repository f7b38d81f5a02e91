"""A person's name taken out of texts, wherever it stands for them and nowhere else. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.retention.personal import ErasedPerson

JAN = ErasedPerson(("Jan Jansen",), ("j.jansen@acme.example",), (("acme-bv", "jan"),))


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Mail to Jan Jansen <j.jansen@acme.example>", "Mail to erased-1 <erased-1>"),
        (
            "jan-jansen.pdf, JAN_JANSEN.pdf and jan.jansen.pdf",
            "erased-1.pdf, JAN_JANSEN.pdf and erased-1.pdf".replace("JAN_JANSEN", "erased-1"),
        ),
        ("contact acme-bv/jan", "contact erased-1"),
        ("no contact `jan` of this client", "no contact `erased-1` of this client"),
        ("jan", "erased-1"),
        ("of jan there is nothing, nor of Jan Jansens, nor xj.jansen@acme.example", None),
        ("Jansen and Jan", None),
    ],
)
def test_a_person_goes_out_of_a_text_about_their_client(text: str, without: str | None) -> None:
    assert JAN.without(text, "acme-bv", "erased-1") == (text if without is None else without)
    assert JAN.is_named_in(text, "acme-bv") == (without is not None)


def test_a_code_is_somebody_elses_at_another_client() -> None:
    assert JAN.without("jan", "zon", "erased-1") == "jan"
    assert not JAN.is_named_in("no contact `jan`", "zon")


def test_a_name_is_found_however_its_accents_are_written() -> None:
    andre = ErasedPerson(("Andr\u00e9 K\u00fchn",))
    assert andre.without("by Andre\u0301 Ku\u0308hn", None, "erased-1") == "by erased-1"


def test_somebody_of_whom_nothing_is_known_is_named_nowhere() -> None:
    assert ErasedPerson().without("Jan Jansen", "acme-bv", "erased-1") == "Jan Jansen"


VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["Jan Jansen", "jan", "of Jan  Jansen", "j.jansen@acme.example", "other"]) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["jan", "a", "Jan Jansen"]), inner, max_size=3),
    max_leaves=9,
)  # fmt: skip


@given(VALUES)
def test_what_was_without_them_once_stays_as_it_is_and_keeps_its_shape(value: object) -> None:
    once = JAN.without_in(value, "acme-bv", "erased-1")
    assert JAN.without_in(once, "acme-bv", "erased-1") == once
    assert type(once) is type(value)
    assert "Jan Jansen" not in str(once)
