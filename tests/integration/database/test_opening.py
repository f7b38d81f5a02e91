"""What keeps a database from being opened is told with what to do about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from kit.records import Records

from dossier.database import trouble
from dossier.database.database import open_database
from dossier.database.trouble import DatabaseUnavailable
from dossier.text.sentences import told

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("number", "todo"), [(errno.EACCES, "give this user the right to it"), (errno.EMFILE, "raise the limit of the process")]
)
def test_a_file_that_can_not_be_opened_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, todo: str
) -> None:
    office, opened = Records(tmp_path / "office"), os.open
    office.close()

    def barred(path: Any, *words: Any, **more: Any) -> int:
        if str(path).endswith("dossier.db"):
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, *words, **more)

    monkeypatch.setattr(os, "open", barred)
    with pytest.raises(DatabaseUnavailable) as refusal:
        open_database(office.office)
    said = told(trouble.told(refusal.value), "en")
    assert said.startswith(f"{office.root / 'var/dossier.db'}: {os.strerror(number)}; {todo}")
