"""For admins: how the office is doing, its mails, its keys, what happened, and the files of config/."""

from __future__ import annotations

import os
from typing import Any

import structlog
from starlette.responses import Response

from desk.actions import acting, auditing, config_files, mailing, overview, tokens
from desk.actions.config_files import FILES, Which
from desk.web.staff.visit import WORDS, Visit
from dossier.office.words import ConfigurationError
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence, sentence, told

log = structlog.get_logger("web")

EVENTS, MAILS = 50, 100


def office(visit: Visit) -> Response:
    """All of it at a glance."""
    acting.need_admin(visit.office, visit.actor)
    found = overview.status(visit.office, visit.actor)
    events = [
        {
            "seq": one.seq,
            "at": clock.shown(one.at),
            "actor": one.actor,
            "action": one.action.replace("_", " "),
            "about": one.subject,
        }
        for one in auditing.events(visit.office, visit.actor, auditing.Wanted(), newest=EVENTS)
    ]
    return visit.page(
        "office.html", found=found, alarms=[_told(visit, line) for line in found["alarms"]], events=events[::-1],
        mails=mailing.listing(visit.office, visit.actor, None, MAILS), tokens=tokens.listing(visit.now), done=visit.field("done"),
    )  # fmt: skip


def _told(visit: Visit, line: Sentence | str) -> str:
    return told(line, visit.language, WORDS)


def mail(visit: Visit) -> Response:
    """Try a mail again, or cancel it."""
    acting.need_admin(visit.office, visit.actor)
    number = int(visit.request.path_params["number"])
    (mailing.cancel if visit.field("what") == "cancel" else mailing.retry)(visit.office, visit.now, visit.actor, number)
    return visit.to("/office?done=mail#mails")


def revoke(visit: Visit) -> Response:
    """End a key for a program."""
    acting.need_admin(visit.office, visit.actor)
    tokens.revoke(visit.now, visit.actor, visit.request.path_params["name"])
    return visit.to("/office?done=token#tokens")


def config(visit: Visit) -> Response:
    """A file of config/: shown, checked, its difference shown, saved."""
    which: Which = visit.request.path_params["which"]
    if which not in FILES:
        return visit.page("message.html", 404, about="gone", reason=None)
    now = config_files.read(visit.office, visit.actor, which)
    if visit.request.method != "POST":
        return visit.page(
            "config.html",
            file=now,
            typed=now.text,
            digest=now.digest,
            faults=(),
            lines=(),
            conflict=None,
            done=visit.field("done"),
        )
    typed = visit.field("text")
    lines = config_files.difference(visit.office, visit.actor, which, typed).splitlines()[2:]
    values: dict[str, Any] = {
        "file": now,
        "typed": typed,
        "digest": visit.field("digest"),
        "lines": lines,
        "conflict": None,
        "faults": (),
        "done": "",
    }
    try:
        config_files.check(visit.office, os.environ, which, typed)
        if not visit.field("save"):
            return visit.page("config.html", **values)
        config_files.write(visit.office, visit.now, visit.actor, os.environ, which, typed, visit.field("digest"))
    except ConfigurationError as error:
        return visit.page("config.html", 422, **{**values, "faults": [fault.told(visit.language) for fault in error.faults]})
    except Refusal as refusal:
        return visit.page(
            "config.html",
            refusal.http_status,
            **{**values, "digest": now.digest, "conflict": refusal.told(visit.language, WORDS)},
        )
    except OSError as error:
        log.warning("config/ can't be written", file=which, error=str(error))
        why = sentence("desk.config_unwritable", error=error.strerror or str(error))
        return visit.page("config.html", 503, **{**values, "conflict": _told(visit, why)})
    return visit.to(f"/office/{which}?done=1")
