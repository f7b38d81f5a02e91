"""Machines that have an inbox of their own each: what one of them had begun in its inbox, no other one gives up in another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.servers import new_database
from kit.support import PDF, Root, own_office

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Drop
from dossier.files import settling
from dossier.files.beneath import LastOpened
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.looking import Looker
from ingest.intake import leaving
from ingest.intake.intake import Intake
from ingest.intake.outcome import Outcome

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\nmail: {host: 127.0.0.1, port: 9}\n"
GOOD = "description: A good description\n"


@pytest.fixture
def offices(tmp_path: Path) -> Iterator[tuple[Root, Office, Office]]:
    """The office as each of two machines has it; each took a drop of this client before."""
    root = own_office(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    here = load_office(root.path, {})
    there = load_office(root.path, {"DOSSIER_PATHS__INBOX": str(tmp_path / "machine/inbox")})
    open_database(here)
    for number, office in enumerate((here, there)):
        home = office.inbox / "acme-bv"
        home.mkdir(parents=True, exist_ok=True)
        (home / "first.pdf").write_bytes(PDF + b"%d" % number)
        (home / "first.yaml").write_text(GOOD)
        intake = Intake(office, Vault(office.vault))
        assert intake.take(clock.utc_now(), Looker(office).look("acme-bv", *settling.now()).ready).taken == 1
        intake.forget()
        intake.close()
    yield root, here, there
    close_database()


@pytest.mark.parametrize("kind", ["claimed", "refused", "taken"])
def test_what_was_begun_in_the_inbox_of_another_machine_is_left_to_it(offices: tuple[Root, Office, Office], kind: str) -> None:
    root, here, there = offices
    (root.inbox() / "a.pdf").write_bytes(PDF)
    (root.inbox() / "a.yaml").write_text(GOOD)
    intake = Intake(here, Vault(here.vault))
    [drop] = intake._judge_all(clock.utc_now(), Looker(here).look("acme-bv", *settling.now()).ready, Outcome())
    intake._record_claims(clock.utc_now(), [drop])
    with LastOpened(here.inbox) as homes:
        leaving.claim(homes, drop.row)
    with transaction():
        Drop.update(kind=kind, target="20261124-101500-a", text="a.yaml:1: no").where(~Drop.cleared).execute()
    intake.close()  # killed
    if kind == "taken":
        for name in os.listdir(root.inbox()):
            if name.startswith(".taken-"):
                (root.inbox() / name).unlink()  # and its receipt is not written yet

    def recover(office: Office) -> None:
        intake = Intake(office, Vault(office.vault))
        intake.recover("acme-bv")
        intake.recover("acme-bv")
        intake.forget()
        intake.close()

    recover(there)
    assert Drop.select().where(~Drop.cleared).count() == 1
    assert not (there.inbox / "acme-bv/_done/a.receipt.yaml").exists()
    recover(here)
    assert not Drop.select().where(~Drop.cleared).exists()
    left = {path.name for path in root.inbox().iterdir() if path.is_file()}
    assert left == ({"a.pdf", "a.yaml"} if kind == "claimed" else set())
    assert (root.inbox() / "_done/a.receipt.yaml").exists() == (kind == "taken")
    assert (root.inbox() / "_rejected/20261124-101500-a/a.pdf").exists() == (kind == "refused")
