"""A mark outside of the database that a newer one takes the place of while it is read is no damaged one."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import own_office

from dossier.database import identity
from dossier.files import files
from dossier.office.opening import load_office


def test_a_mark_that_is_replaced_while_it_is_read_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = own_office(tmp_path / "office")
    root.run("run", "--once")
    office = load_office(root.path, root.environ)
    known = identity.read(office)
    assert known is not None
    read, newer = files.read_plain, known._replace(length=known.length + 7)

    def replaced(path: Path, limit: int) -> object:
        monkeypatch.setattr(files, "read_plain", read)
        for place in identity.places(office):
            if place.parent.is_dir():
                files.write_whole(place, identity._written(newer))
        raise files.Changed(11, "it is being changed", str(path))

    monkeypatch.setattr(files, "read_plain", replaced)
    assert identity.read(office) == newer
    assert "can't be read" not in "".join(capfd.readouterr())
