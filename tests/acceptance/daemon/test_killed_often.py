"""A daemon that is killed again and again under a backlog: what was withdrawn goes first, and each life gets further."""

from __future__ import annotations

import json
import time

import pytest
from kit.support import PDF, Root, wait_for

DROPS, LIVES = 1000, 2
SIDECAR = (
    "description: Annual accounts {number}\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"
)

WITHDRAWN_SECONDS = 5


def _shown(root: Root) -> set[str]:
    """The numbers of the items that the client sees."""
    index = root.path / "var" / "portal" / "acme-bv" / "items.json"
    return {item["item"] for item in json.loads(index.read_text())["items"]} if index.exists() else set()


def _left(root: Root) -> int:
    return sum(1 for path in root.inbox().iterdir() if path.suffix == ".yaml")


@pytest.mark.slow
def test_a_daemon_that_is_killed_again_and_again_takes_off_first_what_was_withdrawn_and_gets_further_each_time(
    root: Root,
) -> None:
    """Long before the backlog is taken; so a kill every 20 seconds, or a machine that is slow, can't keep it from that."""
    for number in range(LIVES):
        root.drop(f"first{number}", SIDECAR.format(number=number), **{f"first{number}_pdf": PDF + b"%% %d\n" % number})
    root.once()
    public = sorted(_shown(root))
    assert len(public) == LIVES
    for number in range(DROPS):
        root.drop(f"r{number:04d}", SIDECAR.format(number=number + 10), **{f"r{number:04d}_pdf": PDF + b"%% %d\n" % number})
    for item in public:
        before, left = len(_shown(root)), _left(root)
        root.run("withdraw", item, "--reason", "the wrong client", user="m.devries")
        began = time.monotonic()
        daemon = root.popen("run")
        try:
            wait_for(lambda item=item: item not in _shown(root), f"{item} is off")
            assert time.monotonic() - began < WITHDRAWN_SECONDS
            assert _left(root) > left - DROPS // 3
            wait_for(lambda before=before: len(_shown(root)) > before, "more is published than before")
            assert _left(root), "the backlog was taken first"
        finally:
            daemon.kill()
            daemon.wait()
    root.once()
    assert len(_shown(root)) == DROPS
    root.run("verify")


def test_a_portal_folder_that_is_deleted_under_the_daemon_comes_back(root: Root) -> None:
    root.drop("report", SIDECAR.format(number=1), report_pdf=PDF)
    with root.daemon():
        wait_for(lambda: _shown(root), "the report is public")
        (root.path / "var" / "portal").rename(root.path / "away")  # at once: the daemon may be at work in it
        wait_for(lambda: _shown(root), "it is public again")
    root.run("verify")


def test_when_a_vault_that_was_gone_comes_back_drops_go_on_without_a_restart(root: Root) -> None:
    root.drop("first", SIDECAR.format(number=1), first_pdf=PDF)
    vault, away = root.path / "var" / "vault", root.path / "var" / "away"
    with root.daemon() as daemon:
        wait_for(lambda: root.receipt("first"), "it takes drops")
        vault.rename(away)
        root.drop("second", SIDECAR.format(number=2), second_pdf=PDF + b"% 2\n")
        daemon.until_said("a drop can't be taken now")
        away.rename(vault)
        root.drop("third", SIDECAR.format(number=3), third_pdf=PDF + b"% 3\n")
        root.until_taken("acme-bv", "second", "third")
