"""Pages don't look anew into folders of the inbox in which nothing lay: what comes into one is seen at the next look all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import Root

from desk.actions import overview
from dossier.database.database import open_database
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.people import Actor
from ingest.inbox import listing, looking

ADMIN = Actor("j.admin", "desk")


@pytest.fixture
def office(root: Root, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(listing, "RESTED_NS", 0)  # a test does not wait until a folder is old
    made = load_office(root.path, root.environ)
    open_database(made)
    return made


def waits(office: Office) -> list[str]:
    return [one["path"] for one in overview.waits(office, ADMIN)]


def test_what_comes_into_a_folder_that_was_bare_is_seen_at_the_next_look(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = office.inbox / "acme-bv"
    (folder / "_done").mkdir(parents=True)
    assert waits(office) == []

    looked: list[str] = []
    real = looking.Looker.look
    monkeypatch.setattr(looking.Looker, "look", lambda self, client, *when: looked.append(client) or real(self, client, *when))
    assert waits(office) == []
    assert looked == []
    (folder / "a.pdf").write_bytes(b"content")
    assert waits(office) == ["acme-bv/a.pdf"]
    (folder / "a.pdf").unlink()
    (folder / "b").mkdir()
    assert waits(office) == []
    (folder / "b" / "b.pdf").write_bytes(b"content")  # which changes the folder b alone
    assert waits(office) == ["acme-bv/b"]


def test_a_drop_that_is_refused_where_nothing_was_is_told_at_the_next_look(office: Office) -> None:
    home = office.inbox / "acme-bv" / "_rejected"
    home.mkdir(parents=True)
    assert overview.rejected(office, ADMIN) == overview.rejected(office, ADMIN) == []
    refused = home / "20261124-090000-a"
    refused.mkdir()
    (refused / "WHY.txt").write_text("a.yaml:1: no description\n")
    (refused / "a.yaml").write_text("status: new\n")
    assert [one["client"] for one in overview.rejected(office, ADMIN)] == ["acme-bv"]


def test_a_folder_that_changed_a_moment_ago_is_looked_into_again(tmp_path: Path) -> None:
    stamp = listing.stamp_of(str(tmp_path))
    listing.note_bare(str(tmp_path), stamp)
    assert not listing.is_still_bare(str(tmp_path), stamp)


def test_of_a_backlog_pages_look_at_a_part_and_status_tells_all(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MOST_WAITING", 1)
    for client in ("acme-bv", "northwind-ltd"):
        (office.inbox / client).mkdir(parents=True)
        (office.inbox / client / "a.pdf").write_bytes(b"content")
    assert waits(office) == ["acme-bv/a.pdf", "northwind-ltd/a.pdf"]
    assert [one["path"] for one in overview.waits(office, ADMIN, is_whole=False)] == ["acme-bv/a.pdf"]
    assert [one["path"] for one in overview.of_the_inbox(office, ADMIN)["waits"]] == ["acme-bv/a.pdf"]
