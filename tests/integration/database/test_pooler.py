"""A pooler between daemon and PostgreSQL would give the locks of one to another: it is seen, and refused."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from dossier.database.trouble import DatabaseUnavailable

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own


class Pooler:
    """Passes on all that is said; but as poolers do, it gives numbers of its own to connections."""

    def __init__(self, url: str, renumbers: bool) -> None:
        asked = urlsplit(url)
        with psycopg.connect(url) as connection:
            self._server = (connection.info.hostaddr or connection.info.host, connection.info.port)
        self._renumbers = renumbers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql://{asked.username}@127.0.0.1:{self._listening.getsockname()[1]}{asked.path}?sslmode=disable"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = self._reach()
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _reach(self) -> socket.socket:
        host, port = self._server
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def _answer(self, source: socket.socket, target: socket.socket) -> None:
        """Message by message (protocol 3): a byte for its kind, and four for its length, which count themselves."""
        with contextlib.suppress(OSError), source.makefile("rb") as stream:
            while head := stream.read(5):
                kind, length = struct.unpack("!cI", head)
                rest = stream.read(length - 4)
                if kind == b"K" and self._renumbers:
                    rest = struct.pack("!I", 7) + rest[4:]
                target.sendall(head + rest)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def pooler(renumbers: bool) -> Iterator[str]:
    made = Pooler(new_database(), renumbers)
    try:
        yield made.url
    finally:
        made.close()


def test_a_pooler_between_is_refused_and_told_of(tmp_path: Path) -> None:
    with pooler(renumbers=True) as url, pytest.raises(DatabaseUnavailable, match="a pooler stands between"):
        PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")


def _turn_away(listening: socket.socket) -> None:
    """As PgBouncer does, as it comes, with whoever asks for `options`."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = listening.accept()
            with client:
                (length,) = struct.unpack("!I", client.recv(4))
                asked = client.recv(length - 4)
                fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
                assert b"options" in asked
                client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)


def test_a_pooler_that_takes_no_options_is_told_of_as_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_turn_away, args=(listening,), daemon=True).start()
        url = f"postgresql://dossier@127.0.0.1:{listening.getsockname()[1]}/dossier?sslmode=disable"
        with pytest.raises(DatabaseUnavailable, match="a pooler stands between"):
            PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")


@pytest.mark.slow
def test_what_only_passes_on_is_none(tmp_path: Path) -> None:
    with pooler(renumbers=False) as url:
        office = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")
        office.share({"a.pdf": b"1"})
        office.close()
