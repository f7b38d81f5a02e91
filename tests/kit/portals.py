"""An office with items that are put on the portal in this process, without a daemon: for tests of publishing and its pages."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Item, item_key, item_name, tuples
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.vault.folder import Vault
from workflow.items import amending, items
from workflow.items.amending import FileChanges
from workflow.items.items import File, NewItem
from workflow.items.rules import Draft, Wish
from workflow.portal.publishing import Publisher

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MARIEKE = Actor("m.devries", "command")
MADE = ("index.html", "items.json", "feed.xml")

SETTINGS = "sharing: {guard: off, choose_attachments: all}\nidentity: {trust_sidecar: true}\n"
CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., language: en, contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]}
  zon: {name: Bakkerij Zon}
"""
STAFF = """\
staff:
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve, admin]}
"""


def raised(error: OSError) -> None:
    """Told of what can't be mended, where all can."""
    raise error


class PortalOffice:
    """An office, its vault and its portal. Its clock goes a minute further with each round."""

    def __init__(self, root: Path, **config: str) -> None:
        self.root = root
        (root / "config").mkdir(parents=True)
        self.configure(**{"settings": SETTINGS, "clients": CLIENTS, "staff": STAFF, **config})
        self.now = START
        open_database(self.office)
        self.start()

    def configure(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.root / "config" / f"{name}.yaml").write_text(text)
        self.office: Office = load_office(self.root, {})

    def start(self) -> None:
        """As a daemon that starts: everything it remembered is gone."""
        self.vault = self._opened(Vault(self.office.vault))
        self.portal = Publisher(self.office, self.vault)
        self.portal.prepare()

    def _opened(self, vault: Vault) -> Vault:
        """The vault of before has let go of its lock, as when its process ended."""
        before: Vault | None = getattr(self, "vault", None)
        if before is not None and before._receiving is not None:
            before._receiving.close()
        return vault

    def reload(self) -> None:
        """As a daemon that sees a changed configuration."""
        self.portal.office = self.office
        self.portal.reconsider_clients()

    def close(self) -> None:
        close_database()

    # What staff do

    def keep(self, data: bytes, name: str = "some.pdf") -> File:
        """Put a file in the vault."""
        source = self.root / "source"
        source.write_bytes(data)
        copy = self.vault.receive(source)
        self.vault.keep(copy)
        kind = "application/pdf" if name.endswith(".pdf") else "application/octet-stream"
        return File(name, copy.sha256, len(data), kind, share=True)

    def share(
        self, files: Mapping[str, bytes], client: str = "acme-bv", description: str = "Annual accounts", **draft: Any
    ) -> str:
        """An item that is shared outright; its number. It is on the portal after `publish`."""
        return self.share_all([(files, client, description)], **draft)[0]

    def share_all(self, wanted: Sequence[tuple[Mapping[str, bytes], str, str]], **draft: Any) -> list[str]:
        new = [
            NewItem(
                Draft(client=client, description=description, status="new", share=True, share_status="approved", **draft),
                tuple(self.keep(data, name) for name, data in files.items()),
                MARIEKE,
                "test.yaml",
            )
            for files, client, description in wanted
        ]
        with transaction():
            return [item_name(key) for key in items.create_all(self.office, self.now, new)]

    def amend(self, item: str, files: Mapping[str, bytes] | None = None, **wish: Any) -> None:
        """Change an item outright: files are added, or replace those of the same name."""
        changes = {name: wish.pop(name) for name in ("remove", "rename") if name in wish}
        put = [self.keep(data, name) for name, data in (files or {}).items()]
        with transaction():
            amending.amend(self.office, self.now, MARIEKE, item_key(item), Wish(**wish), FileChanges(put=put, **changes))

    def withdraw(self, item: str) -> None:
        with transaction():
            items.withdraw(self.office, self.now, MARIEKE, item_key(item), "Wrong client")

    def restore(self, item: str) -> None:
        with transaction():
            items.restore(self.office, self.now, MARIEKE, item_key(item))

    def turn(self, what: str, items: list[str], withdrawn: list[str], dice: random.Random) -> None:
        """Withdraw one of these items, or restore the last that was withdrawn, where that can be."""
        if what == "withdraw" and len(items) > 3:
            withdrawn.append(items.pop(dice.randrange(len(items))))
            self.withdraw(withdrawn[-1])
        elif what == "restore" and withdrawn:
            items.append(withdrawn.pop())
            self.restore(items[-1])

    def publish(self) -> int:
        """Rounds until there is nothing to do; how many there were."""
        rounds = 0
        while self.portal.has_work(self.now):
            self.now += timedelta(minutes=1)
            self.portal.round(self.now)
            rounds += 1
        return rounds

    def dress(self) -> None:
        """Make the pictures and archives that are due, and put them up."""
        studio = self.portal.studio()
        batch = studio.make(1000, 60)
        studio.close()
        if batch is not None:
            self.portal.put_up(batch)
        self.publish()

    def extras(self, client: str = "acme-bv") -> dict[str, Path]:
        """Pictures and archives that lie in a client's _pages."""
        folder = self.office.portal / client / "_pages"
        return {path.name: path for path in sorted(folder.glob("D-*"))}

    # What there is then

    def row(self, item: str) -> Any:
        return Item.get_by_id(item_key(item))

    def tree(self, client: str = "acme-bv") -> dict[str, bytes]:
        """What lies in a client's folder: path → content; not what is made for the pages."""
        home = self.office.portal / client
        return {
            str(path.relative_to(home)): path.read_bytes()
            for path in sorted(home.rglob("*"))
            if path.is_file() and path.name not in MADE and path.parent.name != "_pages"
        }

    def listed(self, client: str = "acme-bv") -> dict[str, str]:
        """What items.json says: path → SHA-256."""
        told = json.loads((self.office.portal / client / "items.json").read_text())
        return {f"{item['item']}/{file['name']}": file["sha256"] for item in told["items"] for file in item["attachments"]}

    def on_pages(self, client: str = "acme-bv") -> list[str]:
        """The items of index.html and of the pages of older items that it leads to, newest first; no other such page is there."""
        home = self.office.portal / client
        index = (home / "index.html").read_text()
        led_to = re.findall(r'href="(_pages/older-[0-9]+)\.html"', index)
        assert {f"_pages/{path.stem}" for path in (home / "_pages").glob("older-*")} == set(led_to)
        found = re.findall(r'<article id="([^"]+)"', index)
        for name in led_to:
            there = re.findall(r'<article id="([^"]+)"', (home / f"{name}.html").read_text())
            searched = (home / f"{name}.js").read_text()
            assert [entry[0] for entry in json.loads(searched[searched.index("[") : -3])] == there
            found += there
        return found

    def check(self) -> None:
        """The invariant: on the portal is what stands approved, to the byte, and items.json and index.html say so; nothing else is."""
        shown = {code for code, client in self.office.clients.items() if client.active and client.portal}
        for entry in self.office.portal.iterdir():
            assert entry.name in shown
            tree = self.tree(entry.name)
            assert {name: hashlib.sha256(data).hexdigest() for name, data in tree.items()} == self.listed(entry.name)
            assert {path.name for path in entry.iterdir() if not path.name.startswith("D-")} == {*MADE, "_pages"}
            named = [item["item"] for item in json.loads((entry / "items.json").read_text())["items"]]
            query = Item.select(Item.id).where((Item.client == entry.name) & Item.public.is_null(False))
            newest = query.order_by(Item.published_at.desc(), Item.id.desc())
            assert named == [item_name(key) for (key,) in tuples(newest)] == self.on_pages(entry.name)
        for item in Item.select():
            folder = self.office.portal / item.client / item_name(item.id)
            assert folder.is_dir() == (item.standing is not None and item.client in shown)
            assert (item.public is not None) == folder.is_dir()
            if folder.is_dir():
                assert item_name(item.id) in self.on_pages(item.client)
        assert not list((self.root / "var").rglob("*.tmp"))
