"""Whatever kind of notice it is: killed where it is written, the next start tells it, and nobody hears it twice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import Server, serving
from kit.records import LISA, PETRA, STAFF, Records
from kit.support import Root, once_here

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Drop, Item, Mail
from dossier.office.opening import load_office
from dossier.text.refusals import Refusal
from dossier.text.sentences import sentence
from ingest.inbox import long_waiting
from ingest.inbox.found import NotTaken
from workflow.items import items
from workflow.items.items import NewItem
from workflow.items.rules import Wish, new_draft
from workflow.items.suspicion import GuardFinding, Screened
from workflow.mail import delivering, sending
from workflow.messages.kinds import NOTICES
from workflow.outbox import outbox
from workflow.portal_access import access, openings
from workflow.portal_access.access import SeatDirectory
from workflow.queue.queue import QueueFolder
from workflow.reminders import due

ALL_NOW = STAFF.replace("language: nl,", "language: nl, notices: {published: now, opened: now},")
SHARED = {"share": True, "share_status": "concept"}


class Killed(BaseException):
    """As SIGKILL, in the transaction in which a notice was just written."""


Cause = Callable[[], Any]


def decide(office: Records) -> Cause:
    concept(office)
    return lambda: QueueFolder(office.office, office.vault).round(office.now)


def approved(office: Records) -> Cause:
    key = concept(office)
    return lambda: office.decide(key, "approve")


def returned(office: Records) -> Cause:
    key = concept(office)
    return lambda: office.decide(key, "reject")


def guard(office: Records) -> Cause:
    office.configure(settings="sharing: {guard: hold}\n")
    file = office.file("accounts.pdf", "accounts", share=True)
    draft, _ = new_draft(
        office.office, "acme-bv", "l.visser", Wish(description="Annual accounts", share=True, share_status="approved")
    )
    found = GuardFinding("accounts.pdf", file.sha256, ("zon",), "Bakkerij Zon")
    new = NewItem(draft, (file,), LISA, "test.yaml", Screened(frozenset([file.sha256, draft.description]), (found,)))

    def take() -> None:
        with transaction():
            if not Item.select().exists():  # a drop that is taken is not taken again
                items.create_all(office.office, office.now, [new])

    return take


def published(office: Records) -> Cause:
    office.make(LISA, files=[office.file("a.pdf", "accounts", share=True)], share=True, share_status="approved")
    return office.publish


def waiting(office: Records) -> Cause:
    place = office.office.inbox / "acme-bv/report.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("description: Jaarrekening\n")
    why = sentence("intake.stays_in_folder", file="report.yaml", user="dossier")
    waits = {"acme-bv": [NotTaken("acme-bv", "acme-bv/report.yaml", why, place.stat().st_mtime - 3601)]}
    return lambda: long_waiting.tell(office.office, office.now, waits)


def opened(office: Records) -> Cause:
    key = office.published()
    seats = list(SeatDirectory(office.office).seats(access.folded("j.jansen@acme.example")))
    shown = openings.find_shown(office.office, ["acme-bv"], key)
    assert shown is not None
    return lambda: openings.record(office.office, office.now, seats, shown)


def failed(office: Records) -> Cause:
    office.published(notify=True, contact="j.jansen")
    mail = Mail.get(Mail.kind == "ready")

    def refuse() -> None:
        with transaction():
            if Mail.get_by_id(mail.id).state == "waiting":
                delivering.mark_failed(office.office, office.now, mail, sentence("mail.no_address"))

    return refuse


def due_(office: Records) -> Cause:
    office.make(PETRA, due=date.isoformat(office.now.date()))
    return lambda: due.remind(office.office, office.now)


CAUSES = {
    "decide": decide, "approved": approved, "returned": returned, "guard": guard, "published": published, "waiting": waiting,
    "opened": opened, "failed": failed, "due": due_,
}  # fmt: skip


def concept(office: Records) -> int:
    return office.make(PETRA, files=[office.file("accounts.pdf", "accounts", share=True)], **SHARED)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@contextlib.contextmanager
def killed_where_it_is_written(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write = outbox.enqueue

    def and_killed(*given: Any, **named: Any) -> None:
        write(*given, **named)
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "enqueue", and_killed)
        yield


@pytest.mark.parametrize("kind", CAUSES)
def test_killed_where_a_notice_is_written_it_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, kind: str
) -> None:
    office = Records(tmp_path / "office", staff=ALL_NOW)
    monkeypatch.setattr("ingest.inbox.long_waiting._owner", lambda office, one: "p.bakker")
    cause = CAUSES[kind](office)
    Mail.delete().where(Mail.kind != "ready").execute()
    with killed_where_it_is_written(monkeypatch), pytest.raises(Killed):
        cause()
    assert not Mail.select().where(Mail.kind == kind).exists()
    cause()
    whom = [mail.recipient for mail in Mail.select().where(Mail.kind == kind)]
    assert len(whom) == len(set(whom)) >= 1
    with contextlib.suppress(Refusal):
        cause()
    assert Mail.select().where(Mail.kind == kind).count() == len(whom)

    office.configure(settings=f"mail: {{host: 127.0.0.1, port: {server.port}}}\n")
    before = len(server.mails)
    Mail.delete().where(Mail.kind != kind).execute()
    for _ in range(2):  # the second one is a start anew, which knows nothing but the outbox
        sending.Mailer(office.office, {}, lambda cause, text: None).round(office.now, True)
    assert len(server.mails) - before == len(whom)
    office.close()


def test_killed_where_a_refused_drop_is_told_of_it_is_told_once(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    root.drop("wrong", "description: no\ncreated_by: p.bakker\nattachments: []\n")
    with killed_where_it_is_written(monkeypatch), pytest.raises(Killed):
        once_here(root)
    close_database()
    for _ in range(2):
        once_here(root)
    open_database(load_office(root.path, root.environ))
    assert [mail.recipient for mail in Mail.select().where(Mail.kind == "refused")] == ["p.bakker"]
    assert [drop.kind for drop in Drop.select()] == ["refused"]
    close_database()


def test_each_kind_of_notice_is_played() -> None:
    assert {*CAUSES, "refused"} == set(NOTICES)
