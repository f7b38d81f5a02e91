"""The daemon's work on the trail: an anchor a day, by mail too if the office wishes, and once a
day the whole chain verified."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Note
from dossier.files import files
from dossier.office.office import Office
from dossier.text.sentences import Sentence, sentence
from dossier.trail import anchors, auditing
from workflow.outbox import addressees, outbox

log = structlog.get_logger("trail")

TRAIL_SECONDS = 3600
"""How often it is seen whether an anchor, or today's look at the whole trail, is due."""

_VERIFIED = "trail verified"


class TrailWork:
    """`alarm` raises (with a text) or ends (None) an alarm. Any thread uses it, one at a time."""

    def __init__(self, office: Office, alarm: Callable[[str, Sentence | None], None], stands: bool) -> None:
        self.office = office
        self._alarm = alarm
        self._is_doubtful = stands
        """An alarm stands, so the trail is looked at again whatever day it is."""

    def anchor(self, now: datetime, ending: bool = False) -> None:
        """Add an anchor if one is due, and mail it. Nothing else waits for it, so trouble with
        the disk is only told."""
        try:
            added, fault = anchors.add(self.office, now, ending)
        except OSError as error:
            log.error("the trail can't be anchored now", error=str(error))
            return
        if fault is not None:
            self._doubt(fault)
        elif added is not None and not ending and (to := addressees.of_anchors(self.office)):
            with transaction():
                line = anchors.line_of(added).strip()
                outbox.enqueue(self.office, now, "anchor", None, None, "trail.anchors_to", to, {"line": line})

    def verify_daily(self, now: datetime) -> None:
        """Once a day, and while there is doubt: walk the whole chain, against its anchors and
        the records."""
        today = f"{now.astimezone():%Y-%m-%d}"
        if Note.read(_VERIFIED) == today and not self._is_doubtful:
            return
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            found, fault = anchors.read(anchors.folder_of(self.office))
            fault = auditing.first_fault(found) or fault
        except files.Interrupted:
            return
        if fault is not None:
            self._doubt(fault)
            return
        self._is_doubtful = False
        self._alarm("trail", None)
        with transaction():
            Note.put(_VERIFIED, today)

    def _doubt(self, fault: Sentence) -> None:
        self._is_doubtful = True
        self._alarm("trail", sentence("daemon.trail_in_doubt", fault=fault))
