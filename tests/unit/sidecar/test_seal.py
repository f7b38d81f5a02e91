"""What tells of a sidecar that it is whole."""

from __future__ import annotations

from ingest.sidecar import seal

TEXT = "description: Annual accounts 2025\ncreated_by: p.bakker\n"


def test_a_seal_fits_what_it_was_made_of_and_nothing_else() -> None:
    data = seal.sealed(TEXT.encode())
    assert seal.is_whole(data)
    assert not seal.is_whole(TEXT.encode())
    assert not any(seal.is_whole(data[:end]) for end in range(len(data)))
    assert not seal.is_whole(data.replace(b"2025", b"2026"))
    assert not seal.is_whole(data + b"\n")


def test_a_text_without_its_seal_is_what_was_sealed_wherever_the_seal_stands_by_now() -> None:
    text = seal.sealed(TEXT.encode()).decode()
    assert seal.without(text) == TEXT
    assert seal.without(f"{text}status: done\n") == f"{TEXT}status: done\n"
    assert seal.without(TEXT) == TEXT
