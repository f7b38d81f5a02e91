"""Folders and files of another account on the portal, as a copy that root put back, before a daemon without root's rights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kit.ownership import DAEMON, give, needs_root, open_folder
from kit.support import Root, new_office, wait_for

OUTRIGHT = "description: Paper number {}\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"

pytestmark = needs_root
folder = pytest.fixture(open_folder)


@pytest.fixture
def office(folder: Path) -> Root:
    root = new_office(folder / "office")
    root.uid = DAEMON
    for number in range(4):
        root.place("acme-bv", {f"d{number}.txt": f"paper {number}".encode(), f"d{number}.yaml": OUTRIGHT.format(number)})
    give(DAEMON, root.path)
    root.once()
    assert items(root) == [f"D-2026-{number:06d}" for number in range(1, 5)]
    return root


def items(root: Root) -> list[str]:
    return sorted(path.name for path in (root.path / "var/portal/acme-bv").glob("D-*"))


@pytest.mark.parametrize(
    "theirs",
    [
        lambda first, second: [first],
        lambda first, second: [first, second],
        lambda first, second: [first / "d0.txt", second / "d1.txt"],
    ],
    ids=["a folder that goes", "and one that stays", "files"],
)
def test_what_is_another_accounts_keeps_nothing_on_the_portal(office: Root, theirs: Callable[[Path, Path], list[Path]]) -> None:
    client = office.path / "var/portal/acme-bv"
    with office.daemon():
        give(0, *theirs(client / "D-2026-000001", client / "D-2026-000002"))
        for number in range(1, 4):
            office.run("withdraw", f"D-2026-{number:06d}", "--reason", "of another client", user="m.devries")
            wait_for(lambda left=4 - number: len(items(office)) == left, lambda: f"it is gone; there is {items(office)}")
        assert office.run("verify").returncode == 0


def test_a_client_who_went_from_the_portal_with_anothers_folder_goes_again(office: Root) -> None:
    clients = (office.path / "config/clients.yaml").read_text()
    give(0, office.path / "var/portal/acme-bv/D-2026-000001")
    with office.daemon():
        for _ in range(2):
            office.set("clients", clients.replace("    default_approver", "    portal: false\n    default_approver", 1))
            wait_for(lambda: not (office.path / "var/portal/acme-bv").exists(), "the client is off the portal")
            office.set("clients", clients)
            wait_for(lambda: len(items(office)) == 4, lambda: f"all are back; there is {items(office)}")
            give(0, office.path / "var/portal/acme-bv/D-2026-000001")
