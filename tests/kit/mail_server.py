"""An SMTP server that behaves as the test says: refuses, defers, falls silent, breaks off, thinks long. And an office to mail from."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

import dossier.office.opening
from dossier.database.database import open_database, transaction
from dossier.database.tables import Item, Mail
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.trail import trail
from dossier.vault.folder import Vault
from kit.support import CLIENTS, PDF, STAFF, free_port
from workflow.approval import deciding
from workflow.items import items
from workflow.items.rules import Draft
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms
from workflow.portal.publishing import Publisher

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Server:
    """`on_rcpt`, `on_data`: what is answered, by address or mail; None: yes. `seen`: every command with an address."""

    port: int
    host: str = "127.0.0.1"
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    """The name by which each client called itself."""
    connections: int = 0
    on_mail: Callable[[str], str | None] = lambda address: None
    on_rcpt: Callable[[str], str | None] = lambda address: None
    on_data: Callable[[bytes], str | None] = lambda data: None
    think_seconds: float = 0.0
    break_off: str = ""
    """Where the connection is cut: RCPT, or END (when it has the whole mail)."""

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self.greetings.append(hostname)
        return responses

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.senders.append(address)
        envelope.mail_from = address
        return self.on_mail(address) or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.recipients.append(address.encode(errors="surrogateescape").decode())
        if await self._breaks_off(server, "RCPT"):
            return "421 gone"
        envelope.rcpt_tos.append(address)
        return self.on_rcpt(address) or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        data = envelope.original_content
        if await self._breaks_off(server, "END"):
            return "421 gone"
        answer = self.on_data(data)
        if answer is None:
            self.raw.append(data)
            # As text: read from bytes, headers in UTF-8 (RFC 6532) come out as surrogates.
            message = email.message_from_string(data.decode(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
        return answer or "250 2.0.0 queued as 4711"

    async def _breaks_off(self, server: SMTP, where: str) -> bool:
        if self.think_seconds:
            await asyncio.sleep(self.think_seconds)
        if self.break_off != where:
            return False
        assert server.transport is not None
        server.transport.abort()
        return True


class _Controller(Controller):
    def __init__(self, handler: Server, **options: Any) -> None:
        super().__init__(handler, hostname=handler.host, port=handler.port, ready_timeout=10)
        self._options = {"enable_SMTPUTF8": options.pop("smtputf8", True), **options}

    def factory(self) -> SMTP:
        self.handler.connections += 1
        return SMTP(self.handler, **self._options)


@contextmanager
def serving(server: Server | None = None, **options: Any) -> Iterator[Server]:
    """The server, running. `smtputf8=False`: without that extension; others as for aiosmtpd's SMTP."""
    made = server or Server(free_port())
    controller = _Controller(made, **options)
    controller.start()
    made.connections = 0  # the controller tried it out
    try:
        yield made
    finally:
        controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """A part of a mail, with the line ends of this machine."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def login_with(password: bytes) -> dict[str, Any]:
    """Options of a server that wants a login with this password, over a line without encryption."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == password
        return AuthResult(success=good, handled=not good and False)

    return {"authenticator": check, "auth_required": True, "auth_require_tls": False}


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class MailOffice:
    """An office with items on its portal and a Mailer, in this process; the test says what time it is."""

    def __init__(
        self, root: Path, port: int, clients: str = CLIENTS, environ: dict[str, str] | None = None, **mail: object
    ) -> None:
        self.root, self.environ, self.now = root, environ or {}, START
        (root / "config").mkdir(parents=True)
        (root / "inbox").mkdir()
        settings = {"host": "127.0.0.1", "port": port, **mail}
        self.write("settings", "mail: {" + ", ".join(f"{key}: {value}" for key, value in settings.items()) + "}\n")
        self.write("clients", clients)
        # The mails of this office go to clients: its staff do not hear of each approval that it takes.
        self.write("staff", STAFF.replace("rights:", "language: nl, notices: {approved: never}, rights:"))
        self.office: Office = dossier.office.opening.load_office(root, {})
        open_database(self.office)
        self.vault = Vault(self.office.vault)
        self.portal = Publisher(self.office, self.vault)
        self.portal.prepare()
        self.told: list[tuple[str, str | None]] = []
        self.alarms = StandingAlarms(self.office)
        self.mailer = Mailer(self.office, self.environ, self.tell)

    def tell(self, cause: str, text: str | None) -> None:
        if self.alarms.tell(self.now, cause, text):
            self.told.append((cause, text))

    def write(self, name: str, text: str) -> None:
        (self.root / "config" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def reload(self) -> None:
        office = dossier.office.opening.load_office(self.root, {})
        for room in (self, self.portal, self.mailer, self.alarms):
            room.office = office

    def item(self, description: str = "Jaarrekening 2025", client: str = "acme-bv", contact: str = "j.jansen") -> int:
        """An item on the portal whose contact is to be told."""
        source = self.root / "report.pdf"
        source.write_bytes(PDF)
        copy = self.vault.receive(source)
        self.vault.keep(copy)
        file = items.File("report.pdf", copy.sha256, len(PDF), "application/pdf", True)
        draft = Draft(client=client, description=description, status="new", share=True, share_status="concept",
                      approvers=("m.devries",), notify=True, contact=contact)  # fmt: skip
        with transaction():
            new = items.NewItem(draft, (file,), Actor("p.bakker", "drop"), "report.yaml")
            key = items.create_all(self.office, self.now, [new])[0]
            deciding.decide(self.office, self.now, Actor("m.devries", "command"), key, "approve", "")
        self.publish()
        return key

    def publish(self) -> None:
        while self.portal.has_work(self.now):
            self.portal.round(self.now)

    def later(self, seconds: float) -> Round:
        """Some time on, a round."""
        self.now += timedelta(seconds=seconds)
        self.alarms.write_letters(self.now)
        return self.mailer.round(self.now)

    def send_all(self) -> int:
        """Rounds until nothing is due; how many mails went."""
        sent = 0
        while (done := self.mailer.round(self.now)).handled:
            sent += done.sent
        return sent

    def mails(self, kind: str = "ready") -> list[Any]:
        return list(Mail.select().where(Mail.kind == kind).order_by(Mail.id))

    def get(self, key: int) -> Any:
        return Item.get_by_id(key)

    def actions(self, key: int) -> list[str]:
        return [event["action"] for event in trail.history(key)]
