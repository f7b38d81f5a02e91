"""Serving the portal or the desk: a socket, uvicorn on it in one process or several, and the rest.

A web server in front, where there is one, does the TLS (else `portal.certificate`) and stands up to
floods from many places. Here a connection that doesn't get its request out in time is closed. There
are only so many connections at once, and one caller has a part of them; whoever reads an answer
slowly keeps theirs.

It stops within STOP_SECONDS of SIGTERM or SIGINT. A download that takes longer is cut off, and the
browser can resume it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from desk.web import workers
from desk.web.door import CONNECTIONS, Door, Shares
from desk.web.portal.app import PortalWeb
from desk.web.shell.answers import Guard
from desk.web.shell.gate import Gate
from dossier.cluster import presence
from dossier.database import identity, trouble
from dossier.database.database import close_database, for_people, held_open, open_database
from dossier.database.identity import NotThisOffice
from dossier.database.trouble import UNAVAILABLE
from dossier.office.office import Office
from dossier.text import clock, system
from dossier.text.refusals import Conflict
from dossier.text.sentences import sentence
from workflow.portal_access import access, staff_access
from workflow.reminders import unopened

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from dossier.office.keys import DeskSettings as DeskSettings
    from dossier.office.keys import PortalSettings as PortalSettings

log = structlog.get_logger("web")

REQUEST_SECONDS = 20
"""How long a request may take to arrive, from the connection or the answer before it on."""

BODY_BYTES = 64 * 1024
"""With so much of a file these seconds begin anew: a large one takes longer than that."""

OF_ONE_CLIENT, OF_ONE_OFFICE = 100, 300
"""Connections at once from one address, on the portal and on the desk. A browser opens six, and a
firm's may come from one address; on the desk all of the office's. Web servers in front
(`trusted_proxies`) have no such bound."""

HEADER_BYTES = 32 * 1024
"""All headers of a request together."""

HELD_BYTES = 16 * 1024
"""More of an answer than this is sent as it comes."""

STOP_SECONDS = 4

SYSTEMD_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START of systemd/sd-daemon.h."""

DAEMON_SECONDS = 3
"""So much later than the portal the daemon may come up, before anything is said."""

HOUR_SECONDS = 3600

MOST_WORKERS = 4
"""Processes that answer, where config/ does not say how many; else one for each processor."""


class InOne:
    """A connection that sends at once what is written to it in one turn of the event loop: head and
    body of an answer are one packet, for which its reader wakes up once."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if data and not self._held:
            self._loop.call_soon(self._send)
        self._held += data
        if len(self._held) > HELD_BYTES:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        held, self._held = self._held, b""
        if held:
            self._transport.write(held)


class Impatient(H11Protocol):
    """uvicorn's HTTP, but a request that was begun isn't waited for as long as it takes."""

    _clock: asyncio.TimerHandle | None = None
    _came = 0
    """Bytes that came since the clock was started."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport: Any = InOne(transport, self.loop)
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        if self._clock is None and (self.cycle is None or self.cycle.response_complete):
            self._start_clock()
        self._came += len(data)
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:  # of the next request there is only a part yet
            return
        if not self.cycle.more_body:
            self._stop_clock()
        elif self._came >= BODY_BYTES:
            self._stop_clock()
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        self._came = 0
        self._clock = self.loop.call_later(REQUEST_SECONDS, self._is_late)

    def _is_late(self) -> None:
        """Whoever sends a file waits for us where it is not read as quickly as it comes."""
        if self.flow.read_paused:
            self._start_clock()
        else:
            self.transport.abort()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: the application in its guard, and what is done for it each hour."""

    name: Literal["portal", "desk"]
    app: ASGIApp
    settings: PortalSettings | DeskSettings
    hourly: Callable[[], None]
    waits_for: str
    """What nobody gets while no daemon runs."""
    of_one: int
    """Connections at once from one address."""
    gate: Gate[Any]


def portal_site(office: Office, environ: Mapping[str, str]) -> Site:
    """The portal, for clients."""
    web = PortalWeb(office, environ)

    def hourly() -> None:
        unopened.note_portal(clock.utc_now())
        access.sweep(clock.utc_now())

    guarded = Guard(web.app, web.gate.prefix)
    waits_for = "nobody gets the mail with which to log in"
    return Site("portal", guarded, office.settings.portal, hourly, waits_for, OF_ONE_CLIENT, web.gate)


def desk_site(office: Office, environ: Mapping[str, str]) -> Site:
    """The desk, for staff."""
    from desk.actions import config_files, first_run, tokens
    from desk.web.api.app import Api
    from desk.web.staff.app import HEADERS, DeskWeb
    from ingest.sources import staging

    config_files.finish(office, clock.utc_now())
    address = first_run.offer(office, clock.utc_now())
    if address:
        log.warning("nobody administers this office yet: open this address within an hour; it works once", address=address)
    api = Api(office, environ)
    web = DeskWeb(office, environ, api.addresses, api.configured)
    guarded = Guard(web.app, web.gate.prefix, HEADERS)
    waits_for = "what is dropped or decided waits"
    if office.settings.desk.oidc is None:
        waits_for = f"nobody gets the mail with which to log in, and {waits_for}"

    def hourly() -> None:
        first_run.note_admins(web.gate.office())
        staff_access.sweep(clock.utc_now())
        staging.sweep(office, clock.utc_now())
        tokens.sweep(clock.utc_now())

    return Site("desk", guarded, office.settings.desk, hourly, waits_for, OF_ONE_OFFICE, web.gate)


def serve(
    office: Office, environ: Mapping[str, str], site: Callable[[Office, Mapping[str, str]], Site], host: str, port: int
) -> None:
    """Serve until SIGTERM or SIGINT. Raises DatabaseUnavailable, also when the database is swapped
    meanwhile.

    Conflict: the office was restored for trying, and nothing of it is shown to clients.

    OSError: an address or certificate can't be used.
    """
    workers.keep_memory_together()
    open_database(office)
    for_people()
    if site is portal_site and identity.is_trial():
        raise Conflict("keeping.no_portal_of_a_trial")
    made = site(office, environ)
    made.gate.office()  # once for all processes
    configuration, beside = _configuration(office, made), Beside(office, made)
    count = made.settings.workers or min(os.cpu_count() or 1, MOST_WORKERS)
    with _listen(made.name, host, port) as listening:
        # from here on stopping is orderly; each process says when it can
        signal.pthread_sigmask(signal.SIG_BLOCK, workers.STOPS)
        _tell(made, *listening.getsockname()[:2])
        if count > 1:
            close_database()  # a connection belongs to one process
            shares = Shares(count)
            workers.keep_running(count, lambda number: _answer(made, configuration, listening, shares, number), beside.tick)
        else:
            _answer_alone(made, configuration, listening, beside)
    close_database()
    log.info("stopped serving")
    if beside.wrong:
        raise beside.wrong


def _answer(site: Site, configuration: uvicorn.Config, listening: socket.socket, shares: Shares, number: int = 0) -> None:
    """Answer in this process, the one with this number, until SIGTERM or SIGINT."""
    server = uvicorn.Server(configuration)

    def stop(*_: object) -> None:
        server.should_exit = True

    for one in workers.STOPS:
        # until uvicorn takes them, and when it sends them on at its end
        signal.signal(one, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, workers.STOPS)
    with held_open(), Door(os.dup(listening.fileno()), site.of_one, site.gate.is_proxy, shares, number) as door:
        server.run(sockets=[door])


def _answer_alone(site: Site, configuration: uvicorn.Config, listening: socket.socket, beside: Beside) -> None:
    """The same in the one process there is, with a thread for what is done beside."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(workers.TICK_SECONDS):
            if beside.tick():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=tick, name="beside", daemon=True)
    thread.start()
    _answer(site, configuration, listening, Shares(1))
    over.set()
    thread.join(timeout=2)


def _configuration(office: Office, site: Site) -> uvicorn.Config:
    settings = site.settings
    # not a line for whatever robots send
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    given = (settings.certificate, settings.key)
    certificate, key = (office.root / path if path else None for path in given)
    if certificate:
        _check_certificate(certificate, key or certificate)
    made = uvicorn.Config(
        site.app, http=Impatient, loop="asyncio", ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, limit_concurrency=CONNECTIONS, h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_graceful_shutdown=STOP_SECONDS, ssl_certfile=certificate, ssl_keyfile=key,
    )  # fmt: skip
    made.load()
    return made


def _check_certificate(certificate: Path, key: Path) -> None:
    """Raise OSError, with the file and why, for what no TLS can be served with. Nobody is asked for
    a password."""
    for path in (certificate, key):
        with path.open("rb"):
            """It is there, and may be read."""
    asked = list[str]()

    def password() -> str:
        asked.append("once")
        return "none"

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password)
    except ssl.SSLError as error:
        why = sentence("daemon.encrypted_key") if asked else sentence("daemon.no_certificate", why=error.reason or "PEM")
        raise OSError(error.errno or 0, why, str(key if asked else certificate)) from error


def _listen(name: str, host: str, port: int) -> socket.socket:
    """A socket that listens: the one that systemd holds for this process (sd_listen_fds(3)), else
    one of our own. `name`: below which settings an address is given."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=SYSTEMD_DESCRIPTOR)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = sentence("daemon.address_taken", why=system.why_not_listen(error), name=name)
        raise OSError(error.errno, why, f"{host}:{port}") from error


def _tell(site: Site, host: str, port: int) -> None:
    settings = site.settings
    scheme = "https" if settings.certificate else "http"
    shown_host = f"[{host}]" if ":" in host else host
    log.info(f"serving the {site.name}", address=f"{scheme}://{shown_host}:{port}", base_url=settings.base_url, pid=os.getpid())
    if not settings.base_url.startswith("https://") and not _is_this_machine(host):
        log.warning(
            f"the {site.name} is open to the network without TLS: whoever listens in reads along; see docs/{site.name}.md"
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Beside:
    """What goes on beside answering, a tick at a time, in one process of the server."""

    def __init__(self, office: Office, site: Site) -> None:
        self._office, self._site = office, site
        self._due = self._began = time.monotonic()
        self._told = False
        self.wrong: NotThisOffice | None = None
        """Why the database is not the one any more that it was."""

    def tick(self) -> bool:
        """True if serving must stop: the database was swapped."""
        now = time.monotonic()
        try:
            identity.check_still(self._office)
        except NotThisOffice as error:
            self.wrong = error
            return True
        except UNAVAILABLE:
            return False  # it is away; the pages say so
        finally:
            close_database()
        is_due, is_to_tell = now >= self._due, not self._told and now >= self._began + DAEMON_SECONDS
        try:
            if is_due:
                self._due = now + HOUR_SECONDS
                self._site.hourly()
            if is_to_tell:
                self._told = True
                if not presence.daemons(self._office, clock.utc_now()):
                    log.warning(f"no daemon runs here: until one does (dossier run), {self._site.waits_for}")
        except UNAVAILABLE as error:
            log.error("the database can't be used", error=str(trouble.told(error)))
        finally:
            close_database()
        return False
