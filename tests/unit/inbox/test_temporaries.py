"""Names under which programs write a file until it is whole. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.text.names import is_ignored
from ingest.inbox.temporaries import OURS, becoming


@pytest.mark.parametrize(
    ("name", "will_be"),
    [
        (".report.pdf.Ab12cD", "report.pdf"),
        ("report.pdf.part", "report.pdf"),
        ("report.pdf.crdownload", "report.pdf"),
        ("report.pdf.filepart", "report.pdf"),
        ("report.pdf.a1B2c3D4.partial", "report.pdf"),
        (".syncthing.report.pdf.tmp", "report.pdf"),
        ("~syncthing~report.pdf.tmp", "report.pdf"),
        (".in.report.pdf.", "report.pdf"),
        (".report.pdf.~1f2e", "report.pdf"),
        (".report.pdf.sb-1f2e-AbCd", "report.pdf"),
        ("report.xlsx.sb-5f3c8ab1-W2kq9Z", "report.xlsx"),
        ("report.pdf.!sync", "report.pdf"),
        ("report.pdf.duckpart", "report.pdf"),
        (".goutputstream-K1AB2C", ""),
        ("1F2E3D4C.tmp", ""),
        ("Unconfirmed 123456.crdownload", ""),
        (".nfs00000001", ""),
        ("report.pdf", None),
        (".drop-0123456789abcdef01234567", None),
        (".hidden", None),
    ],
)
def test_what_a_file_will_be_called_is_told_by_its_name(name: str, will_be: str | None) -> None:
    assert becoming(name) == will_be


@given(st.sampled_from(OURS), st.text(max_size=30))
def test_what_the_office_puts_there_itself_becomes_nothing(begin: str, rest: str) -> None:
    assert becoming(begin + rest) is None


@given(st.text(min_size=1, max_size=30).filter(lambda name: "/" not in name and "\0" not in name))
def test_what_becomes_another_file_is_never_taken_itself(name: str) -> None:
    assert becoming(name) is None or is_ignored(name)
