"""`doctor` for whoever asks over the web: in a process of its own, for it opens and closes the
database as it looks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from desk.actions.acting import need_admin
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Unavailable

PATIENCE_SECONDS = 60.0


def examine(office: Office, actor: Actor) -> list[dict[str, Any]]:
    """What `doctor --json` tells, in the actor's language: {check, about, level, message, todo}.

    Raises Forbidden; Unavailable if it comes to no end.
    """
    need_admin(office, actor)
    command = [sys.executable, "-P", "-m", "desk.doctor", str(office.root), people.language_of(office, actor.code)]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise Unavailable("desk.no_doctor") from error
    return found
