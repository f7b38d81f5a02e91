"""An office whose staff have accounts on this machine: files have real owners, commands are run by whose they are. Needs root."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit import folders, forking
from kit.support import DOSSIER, Root, new_office

ACCOUNTS = {"p.bakker": "daemon", "m.devries": "bin", "k.smit": "games", "l.visser": "man", "j.admin": "mail"}
"""Staff member → an account that each Debian has. `news` is nobody's."""

NOBODYS = "news"

SETTINGS = "watch: {settle_seconds: 0.1, folder_settle_seconds: 0.1}\nsharing: {guard: off, choose_attachments: all}\n"
CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]}
  zon: {name: Bakkerij Zon}
"""
RIGHTS = {
    "p.bakker": "[create]", "m.devries": "[create, share, approve]", "k.smit": "[create, approve]",
    "l.visser": "[create, approve]", "j.admin": "[create, approve, admin]",
}  # fmt: skip


def staff(**more: str) -> str:
    """staff.yaml; `more`: for `k_smit`, what there is besides."""
    lines = ["staff:"]
    for code, user in ACCOUNTS.items():
        also = more.get(code.replace(".", "_"), "")
        lines.append(
            f"  {code}: {{name: {code}, email: {code}@office.example, os_user: {user}, rights: {RIGHTS[code]}{also and ', '}{also}}}"
        )
    return "\n".join(lines) + "\n"


class AccountOffice:
    """The office. `once` is the daemon, as root; `run` a command by somebody."""

    def __init__(
        self, settings: str = SETTINGS, clients: str = CLIENTS, staff: str = staff(), place: Path = folders.PLACE
    ) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give files to other accounts")
        self.folder = folders.new_folder("accounts", place)
        os.chmod(self.folder, 0o755)
        self.root: Root = new_office(self.folder / "office", settings, clients, staff)
        self.path = self.root.path
        for client in ("acme-bv", "zon"):
            self.root.inbox(client)
        self.once()

    def remove(self) -> None:
        folders.remove(self.folder)

    def once(self) -> None:
        """What the daemon does."""
        self.root.once()

    def run(self, who: str, *words: str, acts_for: str | None = None, code: int | None = 0) -> str:
        """`dossier WORDS`, run by this staff member's account (or by an account of the machine); what was said."""
        # The account is real; that it may open the office's files is a matter of groups on a real machine.
        account = forking.Account(pwd.getpwnam(ACCOUNTS.get(who, who)).pw_uid, os.getegid(), ("dac_override", "dac_read_search"))
        command = [str(DOSSIER), "--root", str(self.path), *(["--as", acts_for] if acts_for else []), *words]
        done = forking.run(command, Path.cwd(), self.root.whole_environ(), account=account)
        if code is not None:
            assert done.returncode == code, f"{who}: {words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if done.returncode == 0 else done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self.root.run(*words, "--json").stdout)

    def drop(self, who: str, stem: str, sidecar: str, files: Mapping[str, bytes], client: str = "acme-bv") -> None:
        """Files of somebody in a client's inbox folder, the sidecar last."""
        for name, data in {**files, f"{stem}.yaml": sidecar.encode()}.items():
            self.put(who, name, data, client)

    def put(self, who: str, name: str, data: bytes, client: str = "acme-bv") -> Path:
        """One file of somebody; the name may have a folder in front, which is theirs too if it is made now."""
        path, uid = self.root.inbox(client) / name, pwd.getpwnam(ACCOUNTS.get(who, who)).pw_uid
        if not path.parent.exists():
            path.parent.mkdir()
            os.chown(path.parent, uid, -1)
        hidden = path.with_name(f".{path.name}.new")
        hidden.write_bytes(data)
        os.chown(hidden, uid, -1)
        return hidden.rename(path)

    def public(self, item: str, client: str = "acme-bv") -> dict[str, bytes] | None:
        """What the client finds of an item; None if it is not there."""
        folder = self.path / "var" / "portal" / client / item
        return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else None
