"""An office with a real database, vault and portal in this process, for tests of what happens to items. No daemon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import item_name
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.trail import trail
from dossier.vault.folder import Vault
from workflow.approval import deciding
from workflow.items import amending, items
from workflow.items.amending import FileChanges
from workflow.items.items import File, NewItem
from workflow.items.rules import Wish, new_draft
from workflow.portal.publishing import Publisher

SETTINGS = "sharing: {guard: off}\n"
CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    default_approver: m.devries
    contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]
  zon: {name: Bakkerij Zon}
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, language: nl, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, language: nl, rights: [create, approve]}
  l.visser: {name: Lisa Visser, email: l.visser@office.example, language: nl, rights: [create, share]}
  k.smit: {name: Karel Smit, email: k.smit@office.example, language: nl, rights: [create, approve]}
  j.admin: {name: Joost Admiraal, email: j.admiraal@office.example, language: nl, rights: [admin]}
"""

PETRA, MARIEKE, LISA, KAREL, JOOST = (
    Actor(code, "command") for code in ("p.bakker", "m.devries", "l.visser", "k.smit", "j.admin")
)


class Records:
    """The office, and what people do in it. The clock goes on a minute with each thing that is done."""

    def __init__(self, root: Path, settings: str = SETTINGS, clients: str = CLIENTS, staff: str = STAFF) -> None:
        self.root = root
        (root / "config").mkdir(parents=True)
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        self.configure(settings=settings, clients=clients, staff=staff)
        open_database(self.office)
        self.vault = Vault(self.office.vault)
        self.portal = Publisher(self.office, self.vault)
        self.portal.prepare()

    def close(self) -> None:
        close_database()

    def configure(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.root / "config" / f"{name}.yaml").write_text(text)
        self.office = load_office(self.root, {})

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def file(self, name: str, content: str, share: bool | None = None) -> File:
        """A file in the vault."""
        source = self.root / "source"
        source.write_text(content)
        copy = self.vault.receive(source)
        self.vault.keep(copy)
        return File(name, copy.sha256, copy.source.size, "application/pdf", share)

    def make(
        self, actor: Actor = PETRA, client: str = "acme-bv", files: Sequence[File] = (), source: str = "test.yaml", **wish: Any
    ) -> int:
        """A new item; its key."""
        draft, problems = new_draft(self.office, client, actor.code, Wish(**{"description": "Annual accounts 2025", **wish}))
        assert not problems, problems
        with transaction():
            return items.create_all(self.office, self.tick(), [NewItem(draft, tuple(files), actor, source)])[0]

    def published(self, actor: Actor = LISA, **wish: Any) -> int:
        """An item on the portal: accounts.pdf shared, notes.pdf not."""
        files = [self.file("accounts.pdf", "accounts", share=True), self.file("notes.pdf", "notes", share=False)]
        key = self.make(actor, files=files, share=True, share_status="approved", **wish)
        self.publish()
        return key

    def amend(self, key: int, actor: Actor = PETRA, if_version: int | None = None, **what: Any) -> list[str]:
        """Keys of FileChanges and of Wish alike."""
        changes = {name: what.pop(name) for name in list(what) if name in FileChanges.__dataclass_fields__}
        with transaction():
            return amending.amend(
                self.office, self.tick(), actor, key, Wish(**what), FileChanges(**changes), if_version=if_version
            )

    def decide(self, key: int, verdict: Literal["approve", "reject"], actor: Actor = MARIEKE, comment: str = "look") -> str:
        with transaction():
            return deciding.decide(self.office, self.tick(), actor, key, verdict, comment)

    def withdraw(self, key: int, actor: Actor = JOOST, reason: str = "wrong year") -> None:
        with transaction():
            items.withdraw(self.office, self.tick(), actor, key, reason)

    def restore(self, key: int, actor: Actor = LISA) -> bool:
        with transaction():
            return items.restore(self.office, self.tick(), actor, key)

    def publish(self) -> None:
        while self.portal.has_work(self.now):
            self.portal.round(self.tick())

    # What is there

    def state(self, key: int) -> str:
        self.publish()
        return str(items.get(key).share_state)

    def on_portal(self, key: int) -> Mapping[str, str] | None:
        """What the client finds of an item, name → content; None if it is not there at all."""
        self.publish()
        folder = self.office.portal / items.get(key).client / item_name(key)
        return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else None

    def actions(self, key: int) -> list[str]:
        return [event["action"] for event in trail.history(key)]

    def last_detail(self, key: int, action: str) -> dict[str, Any]:
        return [event["detail"] for event in trail.history(key) if event["action"] == action][-1]

    def attachments(self, key: int) -> dict[str, tuple[int, bool]]:
        """Name → (version, shared)."""
        return {row.name: (row.version, row.share) for row in items.attachments_of(key)}


@contextmanager
def with_inbox(root: Path) -> Iterator[Records]:
    """An office in which acme-bv has a folder of the inbox."""
    made = Records(root)
    (root / "inbox/acme-bv").mkdir(parents=True)
    yield made
    made.close()
