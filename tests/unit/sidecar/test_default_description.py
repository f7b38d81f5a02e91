"""What an item is called that nobody described. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.keys import Settings
from dossier.text.yamltext import scalar
from ingest.sidecar.default_description import description_of
from ingest.sidecar.reading import read_sidecar


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("jaarrekening_2025-def.pdf", "jaarrekening 2025-def"),
        ("brief.van.de.bank.pdf", "brief.van.de.bank"),
        ("scan.pdf", "File scan.pdf"),
        ("aangifte 1e kwartaal...pdf", "aangifte 1e kwartaal"),
        ("jaarrekening Acme B.V..pdf", "jaarrekening Acme B.V."),
        ("  odd \u202e name \x07 of a file .docx", "odd name of a file"),
        ("VAT\u00a0return 2026.pdf", "VAT return 2026"),
    ],
)
def test_a_files_name_becomes_a_line(name: str, description: str) -> None:
    assert description_of(name, 8, "en") == description


def test_a_short_name_is_told_in_the_offices_language() -> None:
    assert description_of("scan.pdf", 8, "nl") == "Bestand scan.pdf"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip))
def test_whatever_a_file_is_called_a_sidecar_could_say_the_same(name: str) -> None:
    described = description_of(name, 8, "en")
    sidecar, _ = read_sidecar(f"description: {scalar(described)}\n".encode(), Settings())
    assert sidecar is not None
    assert sidecar.description == described
