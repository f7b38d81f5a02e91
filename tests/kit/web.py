"""What the tests of the web portal need: a mailbox, the portal as a process, a caller that keeps cookies, and all of it together."""

from __future__ import annotations

import asyncio
import email
import email.message
import email.policy
import http.client
import json
import re
import signal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import lxml.html
from aiosmtpd.controller import Controller

from kit.support import DOSSIER, Root, free_port, own_office, plain_environ, start, wait_for


class MailBox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.is_slow = False
        """It thinks about every mail but those to log in with, until this ends."""
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        assert isinstance(mail, email.message.EmailMessage)
        while self.is_slow and "/_login/" not in text_of(mail):
            await asyncio.sleep(0.05)
        self.mails.append(mail)
        return "250 taken"

    def stop(self) -> None:
        self._controller.stop()

    def to(self, address: str, after: int = 0) -> list[email.message.EmailMessage]:
        return [mail for mail in self.mails[after:] if mail["To"].addresses[0].addr_spec.lower() == address.lower()]

    def link_to(self, address: str, after: int = 0) -> str:
        """The path of the login link in the first mail to `address` beyond the first `after` of all."""
        wait_for(lambda: [mail for mail in self.to(address, after) if "/_login/" in text_of(mail)], f"a link mailed to {address}")
        texts = [text_of(mail) for mail in self.to(address, after)]
        return next(found[0] for found in (re.findall(r"/_login/[\w-]+", text) for text in texts) if found)


def text_of(mail: email.message.EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def goes_to(self) -> str:
        assert self.status == 303, (self.status, self.text)
        return self.headers["location"]


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return self._ask(method, path, None, headers)

    def post(self, path: str, fields: Mapping[str, str] | Sequence[tuple[str, str]] | None = None, **headers: str) -> Answer:
        return self._ask("POST", path, urlencode(fields or {}), {"content-type": "application/x-www-form-urlencoded", **headers})

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        for line in response.headers.get_all("set-cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer

    def announce(self, method: str, path: str, length: int, **headers: str) -> Answer:
        """What is said to a request of so many bytes of which none is sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        for name, value in {"cookie": cookie, "content-length": str(length), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def log_in(self, mailbox: MailBox, address: str, goal: str = "/") -> str:
        """As a person would: type the address, wait for the mail, open its link, press the button. Returns where that leads."""
        before = len(mailbox.mails)
        assert self.post("/_login", {"address": address, "next": goal}).status == 200
        link = mailbox.link_to(address, before)
        assert self.get(link).status == 200
        return self.post(link).goes_to


def send_form(browser: Browser, path: str, fields: Mapping[str, str], files: Sequence[tuple[str, bytes]] = ()) -> Answer:
    """A form as a browser without a script sends it."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
    ]
    for name, data in files:
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/pdf\r\n\r\n'
        )
        parts.append(head.encode() + data + b"\r\n")
    body = b"".join(parts) + f"--{edge}--\r\n".encode()
    return browser._ask("POST", path, body, {"content-type": f"multipart/form-data; boundary={edge}"})  # type: ignore[arg-type]


def filled_in(html: str, button: str = "") -> list[tuple[str, str]]:
    """What a browser would send of the page's form with a field `was`; `button`: the one that is pressed."""
    forms = [form for form in lxml.html.fromstring(html).forms if "was" in form.fields]
    return [*forms[-1].form_values(), *([(button, "1")] if button else [])]


def links(html: str) -> list[str]:
    """Where the links of a page lead, as they would be asked for."""
    return [found.replace("&amp;", "&") for found in re.findall(r'<a [^>]*?href="([^"#]+)"', html)]


def file_links(html: str) -> list[str]:
    """Where its files are saved from."""
    others = ("/archive/", "/_all/", "?view=")
    return [one for one in links(html) if len(urlsplit(one).path.split("/")) == 5 and not any(other in one for other in others)]


class Served:
    """`dossier portal` or `dossier desk` as a process, from `with` on; stopped at its end, which must go well."""

    def __init__(self, root: Path, port: int, arguments: Sequence[str], site: str = "portal") -> None:
        self.port, self._site = port, site
        self._log = root / f"{site}.log"
        self._command = [str(DOSSIER), "--root", str(root), site, "--port", str(port), *arguments]

    def __enter__(self) -> Served:
        with self._log.open("ab") as out:
            self._from = out.tell()
            self.process = start(self._command, plain_environ(), out)
        wait_for(lambda: self.said(f"serving the {self._site}") or self.process.poll() is not None, f"the {self._site} serves")
        assert self.process.poll() is None, self.log()
        return self

    def log(self) -> str:
        return self._log.read_bytes()[self._from :].decode(errors="replace")

    def said(self, text: str) -> bool:
        return text in self.log()

    def peak(self) -> int:
        """The most memory, in bytes, that it ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(timeout=10)
            if kind is None:
                assert code == 0, self.log()
                assert not self.said("unexpected error"), self.log()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


def portal(root: Path, port: int, *arguments: str) -> Served:
    return Served(root, port, arguments)


@dataclass
class Rig:
    """An office as it runs: daemon, mail, portal."""

    office: Root
    mailbox: MailBox
    port: int

    def browser(self, address: str | None = None, goal: str = "/") -> Browser:
        browser = Browser(self.port)
        if address:
            browser.log_in(self.mailbox, address, goal)
        return browser

    def publish(self, client: str, stem: str, files: Mapping[str, bytes], more: str = "", description: str = "") -> str:
        """Drop files as an item that is shared outright; its number, once it is on the portal."""
        keys = (
            f"description: {description or f'{stem} of the year'}\n"
            "share: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: p.bakker\n"
        )
        names = {f"{stem}-{name}": data for name, data in files.items()}
        listed = f"attachments: {json.dumps([{'file': f'{stem}-{name}', 'name': name} for name in files])}\n"
        self.office.place(client, {**names, f"{stem}.yaml": keys + listed + more})
        self.office.until_taken(client, stem)
        item = str(self.office.told(stem, client)["item"])
        wait_for(lambda: self.show(item)["public"], f"{item} on the portal")
        return item

    @classmethod
    @contextmanager
    def running(cls, root: Path, clients: str) -> Iterator[Rig]:
        """An office with these clients, its daemon, its mail server, its portal."""
        mailbox, port = MailBox(), free_port()
        settings = f"""\
watch: {{settle_seconds: 0.1, folder_settle_seconds: 0.1}}
sharing: {{guard: off}}
mail: {{host: 127.0.0.1, port: {mailbox.port}, sender: "Kantoor Vis <kantoor@vis.example>"}}
portal: {{base_url: "http://127.0.0.1:{port}", title: Klantportaal Vis}}
"""
        office = own_office(root, settings=settings, clients=clients)
        try:
            with office.daemon(), portal(root, port):
                yield cls(office, mailbox, port)
        finally:
            mailbox.stop()

    def show(self, item: str) -> dict[str, Any]:
        return self.office.json("show", item)
