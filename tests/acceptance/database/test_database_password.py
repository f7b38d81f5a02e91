"""The password in a database's address is told nowhere, whatever is wrong with the address or with the program."""

from __future__ import annotations

import stat
from dataclasses import replace
from types import SimpleNamespace

import pytest
from kit.support import Root

from desk.cli import main, session


@pytest.mark.sqlite
@pytest.mark.parametrize("password", ["ge%heim", "12/geheim"])
def test_an_address_that_can_not_be_read_gives_no_password_away(root: Root, password: str) -> None:
    url = f"postgresql://dossier:{password}@db.office.example:5432/dossier"
    there = replace(root, environ={**root.environ, "DOSSIER_DATABASE__URL": url})
    for words in (("status",), ("doctor",), ("verify",), ("run", "--once"), ("backup", "/nonexistent/backup")):
        done = there.run(*words, code=3)
        assert done.stderr.startswith("environment:DOSSIER_DATABASE__URL: database.url: this is no address of a database; give ")
        assert "heim" not in done.stdout + done.stderr.replace("%2F", "")
    moved = root.run("migrate-db", url, code=2)
    assert "heim" not in moved.stdout + moved.stderr
    assert not any("heim" in path.read_text(errors="replace") for path in (root.path / "var").glob("*.log"))


def test_the_log_of_unexpected_errors_is_for_the_office_alone_and_has_no_password(
    root: Root, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    var = root.path / "var"
    var.mkdir(exist_ok=True)
    (var / "errors.log").touch(0o644)  # of an earlier version
    monkeypatch.setattr(session, "office", lambda: SimpleNamespace(var=var))
    monkeypatch.setattr("sys.argv", ["dossier", "migrate-db", "postgresql://u:gehe/im@host/db"])
    assert main._told(RuntimeError("no way to postgresql://u:gehe/im@host/db")) == 4
    told, log = capsys.readouterr().err, (var / "errors.log").read_text()
    assert "postgresql://***@host/db" in told
    assert log.startswith("dossier migrate-db postgresql://***@host/db\n")
    assert "gehe" not in told + log
    assert stat.S_IMODE((var / "errors.log").stat().st_mode) == 0o640
