"""`/metrics` for Prometheus and `/healthz`, on the address of `metrics` in the settings.

Numbers only: no client, no person, no name of a file. What waits is looked up when it is asked
for, at most once in FRESH_SECONDS however often that is. While the database can't be used,
/metrics has what is known without, and /healthz says 503. An address that can't be had is tried
again, and is in nobody's way: the daemon raises an alarm (`trouble`) and works.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import structlog
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from desk.actions import overview
from desk.daemon.summary import RunSummary
from dossier import __version__
from dossier.backup import backup
from dossier.database.database import close_database
from dossier.database.tables import Edition, Item, Mail
from dossier.database.trouble import UNAVAILABLE
from dossier.office.office import Office
from dossier.office.people import ALL
from dossier.text import clock, system
from dossier.text.sentences import Sentence, sentence

log = structlog.get_logger("metrics")

FRESH_SECONDS = 10.0

HANGS_SECONDS = 300.0
"""So long without a word of the working thread is no work any more; a drop of large files takes
less."""

AGAIN_SECONDS = 5.0
"""How often an address that could not be had is tried again."""


class MetricsServer:
    """Answers from `start` to `end`: `office` as it is now, what was `done`, and when the working
    thread last worked (monotonic seconds)."""

    def __init__(self, office: Callable[[], Office], done: RunSummary, worked_at: Callable[[], float]) -> None:
        self._office, self._done, self._worked_at = office, done, worked_at
        self._lock = threading.Lock()
        self._waiting: tuple[float, list[Metric]] = (float("-inf"), [])
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        app = Starlette(routes=[Route("/metrics", self._metrics), Route("/healthz", self._health)])
        self._server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False)
        )
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: Sentence | None = None
        """Why nothing is answered now."""

    def start(self) -> None:
        """From now on, or once its address can be had."""
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._thread = threading.Thread(target=self._run, args=(self._listen(),), name="metrics", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _run(self, listening: socket.socket | None) -> None:
        while listening is None:
            if self._over.wait(AGAIN_SECONDS):
                return
            listening = self._listen()
        self._server.run([listening])

    def _listen(self) -> socket.socket | None:
        """The address that the settings have now, listened on; None if it can't be had."""
        settings, before = self._office().settings.metrics, self.trouble
        if settings.port is None:  # taken out of the settings since
            self.trouble = None
            return None
        address = f"{settings.host}:{settings.port}"
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        try:
            listening = socket.create_server((settings.host, settings.port), family=family)
        except OSError as error:
            self.trouble = sentence("daemon.metrics_address_taken", address=address, why=system.why_not_listen(error))
            if self.trouble != before:
                log.warning("metrics can't be served; tried again", address=address, error=str(self.trouble))
            return None
        self.trouble = None
        log.info("metrics are served", address=f"http://{address}/metrics")
        return listening

    def _metrics(self, _: Request) -> Response:
        try:
            return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
        finally:
            close_database()

    def _health(self, _: Request) -> Response:
        try:
            fault = self._fault()
            return PlainTextResponse(f"{fault or 'ok'}\n", 503 if fault else 200)
        finally:
            close_database()

    def _fault(self) -> str | None:
        silent = time.monotonic() - self._worked_at()
        if silent > HANGS_SECONDS:
            return f"the working thread has not moved for {silent:.0f} seconds"
        try:
            Item.select(Item.id).limit(1).execute()
        except UNAVAILABLE as error:
            return f"the database can't be used: {error}"
        return None

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it."""
        done, office = self._done, self._office()
        yield InfoMetricFamily("dossier", "This daemon.", {"version": __version__})
        drops = CounterMetricFamily("dossier_drops", "Drops since this daemon started, by outcome.", labels=["outcome"])
        for outcome, count in (("taken", done.taken), ("duplicate", done.duplicates), ("refused", done.refused)):
            drops.add_metric([outcome], count)
        yield drops
        yield CounterMetricFamily("dossier_published", "Items put on the portal, or put there anew.", done.published)
        yield CounterMetricFamily("dossier_mails_sent", "Mails that the server took.", done.mailed)
        decided = done.taken + done.duplicates + done.refused
        yield SummaryMetricFamily(
            "dossier_take_seconds", "From a drop that is whole to its item or refusal.", decided, done.taking_seconds
        )
        yield SummaryMetricFamily(
            "dossier_publish_seconds", "Putting items on the portal.", done.published, done.publishing_seconds
        )
        free = GaugeMetricFamily("dossier_free_bytes", "Room left where this folder is.", labels=["folder"])
        for name, path in (
            ("var", office.var),
            ("inbox", office.inbox),
            ("queue", office.queue),
            *([("portal", office.portal)] if office.portal_store is None else []),
            *([("vault", office.vault)] if office.vault_store is None else []),
        ):
            with contextlib.suppress(OSError):
                room = os.statvfs(path)
                free.add_metric([name], room.f_bavail * room.f_frsize)
        yield free
        yield GaugeMetricFamily(
            "dossier_worked_seconds_ago", "Since the working thread last moved.", time.monotonic() - self._worked_at()
        )
        yield from self._what_waits(office)

    def _what_waits(self, office: Office) -> list[Metric]:
        with self._lock:
            if time.monotonic() - self._waiting[0] >= FRESH_SECONDS:
                try:
                    self._waiting = (time.monotonic(), list(_waiting(office, clock.utc_now())))
                except UNAVAILABLE as error:
                    log.warning("what waits can't be told", error=str(error))
                    self._waiting = (time.monotonic(), [])
            return self._waiting[1]


def _waiting(office: Office, now: datetime) -> Iterator[Metric]:
    found = overview.status_within(office, ALL)
    count = GaugeMetricFamily("dossier_waiting", "What waits, and refused drops that nobody took back.", labels=["what"])
    for what, key in (
        ("drop", "waiting"),
        ("concept", "queued"),
        ("mail", "outbox"),
        ("rejected", "rejected"),
        ("failed_mail", "failed_mails"),
    ):
        count.add_metric([what], found[key])
    yield count
    oldest = GaugeMetricFamily("dossier_oldest_seconds", "Age of the oldest that waits; 0 if none does.", labels=["what"])
    concept = Edition.select(Edition.made_at).join(Item, on=(Edition.id == Item.pending)).order_by(Edition.made_at).first()
    mail = Mail.select(Mail.created_at).where(Mail.state == "waiting").order_by(Mail.created_at).first()
    since = {
        "drop": min((datetime.fromisoformat(one["since"]) for one in found["waits"]), default=now),
        "concept": clock.from_text(concept.made_at) if concept else now,
        "mail": clock.from_text(mail.created_at) if mail else now,
    }
    for what, moment in since.items():
        oldest.add_metric([what], max(0.0, (now - moment).total_seconds()))
    yield oldest
    last = backup.last()
    age = (now - clock.from_text(last["at"])).total_seconds() if last else 0.0
    yield GaugeMetricFamily("dossier_backup_seconds_ago", "Since the last backup; 0 if there never was one.", max(0.0, age))
    wrong = backup.trouble(office, now) is not None
    yield GaugeMetricFamily("dossier_backup_trouble", "1 if the last backup failed, lacks something or is late.", float(wrong))
    yield GaugeMetricFamily("dossier_alarms", "Alarms that stand; dossier status tells which.", len(found["alarms"]))
