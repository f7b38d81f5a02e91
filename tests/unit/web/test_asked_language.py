"""In which language somebody reads who is not logged in, by what their browser asks for."""

from __future__ import annotations

import pytest

from desk.web.shell.answers import asked_language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("nl", "nl"), ("nl-BE,nl;q=0.9,en;q=0.8", "nl"), ("en-GB,nl;q=0.9", "en"), ("nl; q=0.9, en ;Q=0.5", "nl"), ("de, nl;q=0", "en"),
        ("nl;q=0.4,en;q=1.", "en"), ("fr", "en"), ("", "en"), ("nl;q=soon", "nl"), (",,;q=,*", "en"),
    ],
)  # fmt: skip
def test_what_is_wanted_most_of_dutch_and_english_else_english(accept: str, language: str) -> None:
    assert asked_language(accept) == language
