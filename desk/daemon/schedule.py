"""The scheduled jobs: which function, how often, nothing more.

A job only wakes what does the work (or does little itself), so a late or doubled one costs
nothing: the database and the folders are the queue. Late jobs run once, late; APScheduler would
drop them after a second. What connection to a database server a job opened is closed behind it.
"""

from __future__ import annotations

import inspect
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import structlog

from desk.daemon.scheduled_job import ScheduledJob
from desk.sparing import without
from dossier.database.database import close_database, is_shared
from dossier.database.trouble import UNAVAILABLE, told

_asyncio = ModuleType("asyncio")  # no job here is written for it: one question is all that is asked of it
vars(_asyncio)["iscoroutinefunction"] = inspect.iscoroutinefunction
with without("asyncio", _asyncio):
    from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
    from apscheduler.executors.base import BaseExecutor, run_job
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.util import undefined

log = structlog.get_logger("schedule")


class _OneThread(BaseExecutor):  # type: ignore[misc]
    """Runs its jobs one after the other. Unlike APScheduler's pool, the end of the process does
    not wait for the one that runs."""

    def __init__(self) -> None:
        super().__init__()
        self._given: queue.SimpleQueue[tuple[Any, list[datetime]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="schedule", daemon=True).start()

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002 - nobody waits
        self._given.put(None)

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        self._given.put((job, run_times))

    def _run(self) -> None:
        while given := self._given.get():
            job, run_times = given
            self._run_job_success(job.id, run_job(job, "default", run_times, self._logger.name))


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]
    """Goes on where the machine's clock was put back: APScheduler would wait until it is as late
    as it was. It wakes up in time, as it sleeps by another clock."""

    def _process_jobs(self) -> float | None:
        now = datetime.now(UTC)
        for job in self.get_jobs():
            if job.next_run_time - now > job.trigger.interval:
                job.modify(next_run_time=now)
        seconds: float | None = super()._process_jobs()
        return seconds


def start(jobs: Sequence[ScheduledJob]) -> BackgroundScheduler:
    """Run the jobs on a thread of their own, the long ones and the punctual ones on others,
    until `shutdown()` of the answer."""
    scheduler = _Scheduler(
        executors={name: _OneThread() for name in ("default", "long", "punctual")},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        timezone="UTC",
    )
    scheduler.add_listener(_report, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    for job in jobs:
        executor = "long" if job.is_long else "punctual" if job.is_punctual else "default"
        begins = datetime.now(UTC) if job.is_punctual else undefined
        names = {"id": job.name, "name": job.name, "executor": executor}
        scheduler.add_job(_tidy(job), "interval", seconds=job.seconds, next_run_time=begins, **names)
    scheduler.start()
    return scheduler


def change(scheduler: BackgroundScheduler, jobs: Sequence[ScheduledJob]) -> None:
    """Run the jobs that `start` was given as often as these say."""
    for job in jobs:
        scheduler.reschedule_job(job.name, trigger="interval", seconds=job.seconds)


def _tidy(job: ScheduledJob) -> Callable[[], None]:
    """What the job does, and its connection to a server closed behind it; one to SQLite's file, and
    the punctual job's, is kept until something goes wrong."""

    def run() -> None:
        is_kept = False
        try:
            job.function()
            is_kept = job.is_punctual or not is_shared()
        finally:
            if not is_kept:
                close_database()

    return run


def _report(event: JobExecutionEvent) -> None:
    if isinstance(event.exception, UNAVAILABLE):
        log.warning(
            "a scheduled job has no database; it runs again at its next time", job=event.job_id, error=str(told(event.exception))
        )
    elif event.exception:
        log.error(
            "a scheduled job failed; it runs again at its next time",
            job=event.job_id,
            error=str(event.exception),
            traceback=event.traceback,
        )
    else:
        log.warning("a scheduled job was missed", job=event.job_id)
