"""What the tests of the desk need: an office with its daemon, a mailbox and the desk as a process, and people who click."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit.support import Daemon, Root, free_port, new_office
from kit.web import Browser, MailBox, Served

CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    default_approver: m.devries
    identifiers: ["KvK 12345678"]
    contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]
  zon:
    name: Bakkerij Zon
    contacts: [{id: f.yilmaz, name: Fatma Yılmaz, email: fatma@zon.example}]
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create], language: nl}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve], language: nl}
  k.smit: {name: Karel Smit, email: k.smit@office.example, rights: [create, approve], clients: [zon]}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, rights: [create, admin]}
  b.boss: {name: Bo Boss, email: b.boss@office.example, rights: [admin]}
  l.visser: {name: Lisa Visser, email: l.visser@office.example, rights: [create], active: false}
"""


@dataclass
class DeskRig:
    """An office as it runs: daemon, mail, desk."""

    office: Root
    mailbox: MailBox
    port: int
    daemon: Daemon
    desk: Served

    def browser(self, who: str | None = None, goal: str = "/") -> Browser:
        """A browser; `who` (a staff code) is logged in."""
        browser = Browser(self.port)
        if who:
            assert browser.log_in(self.mailbox, f"{who}@office.example", goal) == goal
        return browser

    def state(self, item: str) -> str:
        return str(self.office.json("show", item)["share_state"])

    @classmethod
    @contextmanager
    def running(
        cls,
        root: Path,
        settings: str = "",
        clients: str = CLIENTS,
        staff: str = STAFF,
        base_url: str = "",
        desk: str = "",
        port: int = 0,
    ) -> Iterator[DeskRig]:
        """`base_url`: of a server in front; `desk`: more keys of the desk's settings; `port`: where somebody waits for it already."""
        mailbox, port = MailBox(), port or free_port()
        whole = f"""\
office: {{name: Kantoor Eikenvoorde}}
watch: {{settle_seconds: 0.1, folder_settle_seconds: 0.1}}
identity: {{trust_sidecar: true}}
mail: {{host: 127.0.0.1, port: {mailbox.port}, sender: "Kantoor <kantoor@office.example>"}}
desk: {{base_url: "{base_url or f"http://127.0.0.1:{port}"}"{f", {desk}" if desk else ""}}}
{settings}"""
        office = new_office(root, settings=whole, clients=clients, staff=staff)
        try:
            with office.daemon() as daemon, Served(root, port, (), "desk") as served:
                yield cls(office, mailbox, port, daemon, served)
        finally:
            mailbox.stop()
