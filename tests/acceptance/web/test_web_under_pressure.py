"""The portal under pressure: neither idle connections nor requests in somebody's name lock anybody out."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import PortalOffice
from kit.support import free_port, need, wait_for
from kit.web import Browser, Served, portal

from dossier.database.web_tables import LoginRequest
from dossier.text.clock import utc_now
from workflow.portal_access import access

SETTINGS = "sharing: {guard: off}\nidentity: {trust_sidecar: true}\n"
JAN = "j.jansen@acme.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    """An office with an item on the portal; no daemon runs."""
    made = PortalOffice(tmp_path / "office")
    made.share({"a.pdf": b"a"})
    made.publish()
    yield made
    made.close()


def serve(office: PortalOffice, settings: str = "") -> Served:
    office.configure(settings=SETTINGS + settings)
    return portal(office.root, free_port())


@contextlib.contextmanager
def idle(port: int, count: int, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """So many connections that say nothing."""
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)))
            for _ in range(count)
        ]


def status_for(port: int, source: str, context: ssl.SSLContext | None = None) -> int | None:
    """What `/_login` answers to somebody with this address; None if it sends them away."""
    if context is None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    else:
        line = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, source_address=(source, 0), context=context)
    with contextlib.closing(line):
        try:
            line.request("GET", "/_login")
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


@pytest.mark.parametrize("encrypted", [False, True])
def test_idle_connections_from_one_address_lock_nobody_else_out(office: PortalOffice, encrypted: bool) -> None:
    """In one process: connections are counted in each, and the system shares them out as it likes."""
    settings, context = "portal: {workers: 1}\n", None
    if encrypted:
        key, certificate = office.root / "portal.key", office.root / "portal.pem"
        command = [
            need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        settings = 'portal: {base_url: "https://localhost", certificate: portal.pem, key: portal.key, workers: 1}\n'
        context = ssl.create_default_context(cafile=str(certificate))
    with serve(office, settings) as served:
        with idle(served.port, 460):
            assert [status_for(served.port, f"127.0.0.{last}", context) for last in (2, 3)] == [200, 200]
            assert status_for(served.port, "127.0.0.1", context) is None
        wait_for(lambda: status_for(served.port, "127.0.0.1", context) == 200, "there is room again")


def test_a_web_server_in_front_has_as_many_connections_as_there_are(office: PortalOffice) -> None:
    with serve(office, "portal: {trusted_proxies: [127.0.0.1]}\n") as served, idle(served.port, 200):
        assert status_for(served.port, "127.0.0.1") == 200


def test_somebody_who_asks_in_anothers_name_locks_nobody_out(office: PortalOffice) -> None:
    link = access.new_link(office.office, utc_now(), JAN, "/", "en")
    path = link.removeprefix(office.office.settings.portal.base_url.rstrip("/"))
    with serve(office, "portal: {trusted_proxies: [127.0.0.1]}\n") as served:
        inside = Browser(served.port)
        session = access.new_link(office.office, utc_now(), JAN, "/", "en")
        inside.post(session.removeprefix(office.office.settings.portal.base_url.rstrip("/")), x_forwarded_for="192.0.2.9")
        asked = 0
        for network in range(12):  # twelve networks ask until they are sent away
            for _ in range(60):
                asked += 1
                peer = f"198.51.{network}.7"
                if Browser(served.port).post("/_login", {"address": JAN}, x_forwarded_for=peer).status == 429:
                    break
        assert asked > 60
        assert inside.get("/acme-bv/", x_forwarded_for="192.0.2.9").status == 200
        assert Browser(served.port).post("/_login", {"address": JAN}, x_forwarded_for="192.0.2.9").status == 200
        opened = Browser(served.port)
        assert opened.post(path, x_forwarded_for="192.0.2.9").goes_to == "/"
        assert opened.get("/acme-bv/", x_forwarded_for="192.0.2.9").status == 200


@pytest.mark.slow
def test_from_many_networks_a_mailbox_is_not_filled_and_its_owner_has_a_link_that_lets_in(office: PortalOffice) -> None:
    now = utc_now()
    for minute in range(120):
        for network in range(10):
            access.ask(now + timedelta(minutes=minute), JAN, f"10.{network}.{minute}.1", "/")
    mails = [request.at for request in LoginRequest.select().order_by(LoginRequest.id)]
    assert len(mails) < 80
    newest = max(mails)
    assert newest > access.clock.to_text(now + timedelta(minutes=119 - access.LINK_MINUTES / 3))
