"""An office with concepts and its queue folder in this process, without a daemon: for tests of approval."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Edition, Item, item_key, item_name
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text.yamltext import plain, read_map
from dossier.vault.folder import Vault
from workflow.approval import deciding
from workflow.items import amending, items
from workflow.items.amending import FileChanges
from workflow.items.items import File, NewItem
from workflow.items.rules import Draft, Wish
from workflow.queue.queue import QueueFolder
from workflow.reports import finding

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

SETTINGS = """\
identity: {trust_sidecar: true}
watch: {settle_seconds: 0, folder_settle_seconds: 0}
sharing: {guard: off, choose_attachments: all}
"""
CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., default_approver: m.devries, contacts: [{id: j.jansen, name: Jan, email: j@acme.example}]}
  zon: {name: Bakkerij Zon}
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, language: nl, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, language: nl, rights: [create, share, approve]}
  k.smit: {name: Karel Smit, email: k.smit@office.example, language: nl, rights: [create, approve]}
  l.visser: {name: Lisa Visser, email: l.visser@office.example, rights: [create, approve], language: en}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, language: nl, rights: [admin]}
"""


class QueueOffice:
    """An office and its queue folder. Its clock stands still unless a test moves it."""

    def __init__(self, root: Path, **config: str) -> None:
        self.root = root
        self.environ: dict[str, str] = {}
        if os.environ.get("TEST_DATABASE") == "postgresql":
            from kit.servers import new_database

            self.environ["DOSSIER_DATABASE__URL"] = new_database()
        self.queue = root / "var" / "queue"
        (root / "config").mkdir(parents=True, exist_ok=True)
        self.configure(**{"settings": SETTINGS, "clients": CLIENTS, "staff": STAFF, **config})
        self.now = START
        open_database(self.office)
        self.restart()

    def configure(self, **texts: str) -> None:
        """Write config files; a running office takes them over as the daemon does."""
        for name, text in texts.items():
            (self.root / "config" / f"{name}.yaml").write_text(text)
        self.office: Office = load_office(self.root, self.environ)
        if hasattr(self, "folder"):
            self.folder.office = self.office
            self.folder.forget_people()

    def restart(self) -> None:
        """As a daemon that starts: everything it remembered is gone."""
        self.vault = Vault(self.office.vault)
        self.folder = QueueFolder(self.office, self.vault)
        self.queue.mkdir(exist_ok=True)

    def close(self) -> None:
        close_database()

    def file(self, name: str, data: bytes = b"%PDF-1.4 some file") -> File:
        """A file that is in the vault."""
        digest = hashlib.sha256(data).hexdigest()
        place = self.vault.location(digest)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        return File(name, digest, len(data), "application/pdf", True)

    def concept(
        self, description: str = "Annual accounts 2025", approvers: Sequence[str] = ("m.devries",), approvals: str = "all",
        maker: str = "p.bakker", client: str = "acme-bv", files: Mapping[str, bytes] | None = None, **more: Any,
    ) -> str:  # fmt: skip
        """A new concept; returns its name."""
        kept = tuple(self.file(name, data) for name, data in (files or {"accounts.pdf": b"%PDF-1.4 accounts"}).items())
        draft = Draft(
            client=client, description=description, status="new", share=True, share_status="concept", approvers=tuple(approvers),
            approvals=approvals, **more,
        )  # fmt: skip
        with transaction():
            keys = items.create_all(self.office, self.now, [NewItem(draft, kept, Actor(maker, "drop"), "test.yaml")])
        return item_name(keys[0])

    def amend(self, item: str, by: str = "p.bakker", put: Mapping[str, bytes] | None = None, **wish: Any) -> None:
        changes = FileChanges(put=[self.file(name, data) for name, data in (put or {}).items()])
        with transaction():
            amending.amend(self.office, self.now, Actor(by, "command"), item_key(item), Wish(**wish), changes)

    def decide(self, item: str, by: str, verdict: Any = "approve", comment: str = "") -> str:
        """As the commands approve and reject do."""
        with transaction():
            return deciding.decide(self.office, self.now, Actor(by, "command"), item_key(item), verdict, comment)

    def withdraw(self, item: str, by: str = "j.admin") -> None:
        with transaction():
            items.withdraw(self.office, self.now, Actor(by, "command"), item_key(item), "for a reason")

    def round(self, most: int = 50) -> None:
        """Rounds of the queue folder, everywhere, until there is nothing to be done at once."""
        self.folder.hint(None)
        for _ in range(most):
            again = self.folder.round(self.now)
            if again != 0.0:
                return
        raise AssertionError("the queue folder does not come to rest")

    def later(self, **by: float) -> None:
        """Some time goes by."""
        self.now += timedelta(**by)

    def path(self, item: str, approver: str = "m.devries") -> Path:
        return self.queue / approver / f"{item}.yaml"

    def text(self, item: str, approver: str = "m.devries") -> str:
        return self.path(item, approver).read_text(encoding="utf-8")

    def values(self, item: str, approver: str = "m.devries") -> dict[str, Any]:
        tree, faults = read_map(self.path(item, approver).read_bytes())
        assert not faults
        found = plain(tree)
        assert isinstance(found, dict)
        return dict(found)

    def type(self, item: str, decision: str, comment: str = "", approver: str = "m.devries") -> None:
        """Fill in a queue file as an editor that saves in place does."""
        path = self.path(item, approver)
        text = path.read_text(encoding="utf-8")
        for key, value in {"decision": decision, **({"comment": comment} if comment else {})}.items():
            # By a function: what is typed may have a backslash in it.
            text = re.sub(rf"^{key}:.*$", lambda _, line=f"{key}: {value}": line, text, count=1, flags=re.MULTILINE)  # type: ignore[misc]
        with open(path, "r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()

    def state(self, item: str) -> str:
        return str(Item.get_by_id(item_key(item)).share_state)

    def standing(self, item: str) -> dict[str, Any] | None:
        """What is approved of an item."""
        row = Item.get_by_id(item_key(item))
        return dict(Edition.get_by_id(row.standing).shown) if row.standing else None

    def whole(self, item: str) -> dict[str, Any]:
        """What `show --json` gives."""
        return dict(json.loads(json.dumps(finding.whole(Item.get_by_id(item_key(item))), default=str)))

    def actions(self, item: str) -> list[str]:
        return [event["action"] for event in self.whole(item)["history"]]


def top(text: str) -> list[str]:
    """The reasons on top of a queue file."""
    return [line.removeprefix("# ! ") for line in text.splitlines() if line.startswith("# ! ")]


def decided(office: QueueOffice, item: str, approver: str = "m.devries") -> str:
    return (office.queue / approver / "_decided" / f"{item}.yaml").read_text(encoding="utf-8")
