"""Files are read in pieces, from anywhere to anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dossier.files import files


@pytest.mark.parametrize(
    ("start", "end", "wanted"), [(0, 10, b"0123456789"), (3, 5, b"34"), (8, 99, b"89"), (4, 4, b""), (20, 30, b"")]
)
def test_a_part_of_a_file_comes_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int, end: int, wanted: bytes
) -> None:
    monkeypatch.setattr(files, "CHUNK", 4)
    (tmp_path / "a").write_bytes(b"0123456789")
    found = list(files.pieces(tmp_path / "a", start, end))
    assert b"".join(found) == wanted
    assert all(0 < len(piece) <= 4 for piece in found)
