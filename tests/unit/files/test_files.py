"""Files are read in pieces, from anywhere to anywhere."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("size", [0, 1, 10, files.CHUNK])
def test_a_file_that_grows_while_it_is_copied_is_not_read_byte_by_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    source, more = tmp_path / "report.pdf", bytes(3 * files.CHUNK)
    source.write_bytes(bytes(size))
    read, has_writer, reads = os.read, files.has_writer, list[int]()

    def grows(descriptor: int) -> bool | None:
        """When it was asked whether somebody writes, somebody does."""
        is_written = has_writer(descriptor)
        with open(source, "ab") as writing:
            writing.write(more)
        return is_written

    def counted(descriptor: int, most: int) -> bytes:
        reads.append(most)
        return read(descriptor, most)

    monkeypatch.setattr(files, "has_writer", grows)
    monkeypatch.setattr(os, "read", counted)
    with pytest.raises(files.Changed):
        files.copy_whole(source, tmp_path / "copy.pdf")
    assert len(reads) < 10
    assert not (tmp_path / "copy.pdf").exists()


def test_of_many_files_the_whole_file_system_is_synced_unless_that_was_done_a_moment_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, synced = [tmp_path / f"{number}.pdf" for number in range(files.GROUP)], list[str]()
    for one in many:
        one.write_bytes(b"1")
    monkeypatch.setattr(files, "_syncfs", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    files.sync(many, (), {tmp_path.stat().st_dev})
    assert synced == []
    files.sync(many, (), {tmp_path.stat().st_dev + 1})
    assert synced == [str(tmp_path)]
