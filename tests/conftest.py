"""The fixtures: an office in a temporary folder, and an SMTP server for it. What they are made of is in support.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from support import CLIENTS, SETTINGS, STAFF, Post, Root, free_port, need

__all__ = ["need"]


# The same cases in each run, whatever the machine's load: a red test is a change's fault. More and other ones: HYPOTHESIS_PROFILE=default.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """An office with two clients and four staff members, none of whom has an os_user."""
    made = Root(tmp_path / "office")
    (made.path / "config").mkdir(parents=True)
    for name, text in (("settings", SETTINGS), ("clients", CLIENTS), ("staff", STAFF)):
        made.set(name, text)
    (made.path / "inbox").mkdir()
    if os.environ.get("TEST_DATABASE") == "postgresql":
        from servers import new_database

        made.environ["DOSSIER_DATABASE__URL"] = new_database()
    return made


@pytest.fixture
def post(root: Root) -> Iterator[Post]:
    """A real SMTP server, which `root` sends its mail to."""
    from aiosmtpd.controller import Controller

    made = Post(free_port())
    controller = Controller(made, hostname="127.0.0.1", port=made.port)
    controller.start()
    root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(made.port)}
    yield made
    controller.stop()
