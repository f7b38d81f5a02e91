"""The fixtures: an office in a temporary folder, and an SMTP server for it. What they are made of is in support.py."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from kit import folders, forking, new_databases
from kit.mail_server import Server, serving
from kit.servers import DATABASE_URL, POSTGRESQL, drop_database, new_database
from kit.support import Root, need, new_office

import dossier.office.office
from dossier.database.database import close_database
from dossier.workers import child

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["need"]

# The command is started hundreds of times: it is not to be compiled anew each time, where the environment says so.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Commands are told of in the language of whoever types; the tests look for English words.
for _name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C.UTF-8"

folders.place_those_of_pytest()

new_databases.copy_from_now_on()

forking.fork_children()

# The same cases in each run, whatever the machine's load: a red test is a change's fault. More and other ones: HYPOTHESIS_PROFILE=default.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


if POSTGRESQL:
    # Before any test module takes its own name for it.
    _load_office = dossier.office.opening.load_office

    def _with_database(root: Path, environ: Mapping[str, str]) -> dossier.office.office.Office:
        given = {name: os.environ[name] for name in (DATABASE_URL,) if name in os.environ}
        return _load_office(root, {**given, **environ})

    dossier.office.opening.load_office = _with_database


def pytest_sessionstart(session: pytest.Session) -> None:
    """What runs that were killed have left goes, once for all processes of this run."""
    if not hasattr(session.config, "workerinput"):
        folders.sweep()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, for the tests of a module. Skips them where there is none."""
    from kit.browsing import chromium  # few tests need one

    with chromium() as found:
        yield found


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test opened in this process is closed behind it; with TEST_DATABASE, each has a PostgreSQL database of its own."""
    if POSTGRESQL:
        url = _give_postgresql(request, monkeypatch)
    yield
    close_database()
    if POSTGRESQL:
        drop_database(url)


def _give_postgresql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.node.get_closest_marker("sqlite"):
        pytest.skip("it is about SQLite")
    url = new_database()
    monkeypatch.setenv(DATABASE_URL, url)
    return url


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """An office with two clients and four staff members, none of whom has an os_user."""
    return new_office(tmp_path / "office")


@pytest.fixture(scope="module")
def real_children() -> Iterator[None]:
    """The processes that files are given to are programs of their own, as everywhere but in most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "subprocess", subprocess)
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    """A real SMTP server that keeps the mails it takes, and behaves as the test says."""
    with serving() as made:
        yield made


@pytest.fixture
def post(root: Root, server: Server) -> Server:
    """The server, which `root` sends its mail to."""
    root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
    return server
