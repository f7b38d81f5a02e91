"""Withdrawing: who could see it and opened it is told, and the register of data breaches gets a draft of its entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from kit.portals import CLIENTS, MARIEKE, SETTINGS, PortalOffice
from peewee import OperationalError

from desk.actions import withdrawing
from dossier.cluster import presence
from dossier.database.tables import Mail, Opening, item_key
from dossier.files import files
from dossier.text import clock
from dossier.text.refusals import Unavailable
from dossier.text.sentences import told
from workflow.items import breaches
from workflow.reports import drafts


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


def shown_time(text: str) -> str:
    return (clock.local_iso(text) or "")[:16].replace("T", " ")


def opened(office: PortalOffice, item: str, name: str, at: datetime, times: int = 1) -> None:
    text = clock.to_text(at)
    Opening.insert(
        edition=office.row(item).public, contact="j.jansen", name=name, sha256="", item=item_key(item),
        first_at=text, last_at=text, times=times,
    ).execute()  # fmt: skip


def withdraw(
    office: PortalOffice, item: str, reason: str = "It is another client's", language: str = "en"
) -> tuple[list[str], str]:
    lines = [told(one, language) for one in withdrawing.withdraw(office.office, office.now, MARIEKE, item_key(item), reason)]
    drafts = list((office.root / "var/breaches").glob("*.md"))
    return lines, drafts[0].read_text() if drafts else ""


def test_what_the_daemon_does_not_get_off_the_portal_is_told_and_is_no_success(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = office.share({"payslips.pdf": b"1"})
    office.publish()
    withdraw(office, item)
    without_daemon = withdrawing.wait_until_gone(office.office, office.now, [item_key(item)])
    assert without_daemon is not None
    assert "run --once" in told(without_daemon, "en")
    monkeypatch.setattr(presence, "daemons", lambda *_: [{}])
    monkeypatch.setattr(withdrawing, "GONE_WITHIN_SECONDS", 0.1)
    with pytest.raises(Unavailable, match=f"still sees {item}") as refusal:
        withdrawing.wait_until_gone(office.office, office.now, [item_key(item)])
    assert refusal.value.exit_code == 4
    office.publish()
    assert withdrawing.wait_until_gone(office.office, office.now, [item_key(item)]) is None


@pytest.mark.parametrize(
    ("module", "call", "error", "why"),
    [
        (files, "write_durably", OSError(28, "No space left on device"), "No space left on device"),
        (breaches, "done", OperationalError("database or disk is full"), "database or disk is full; make room on its disk"),
    ],
)
def test_where_no_draft_can_be_written_it_is_withdrawn_all_the_same_and_said_to_be(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch, module: ModuleType, call: str, error: Exception, why: str
) -> None:
    item = office.share({"payslips.pdf": b"1"})
    office.publish()

    def full(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(module, call, full)
        lines, _ = withdraw(office, item)
    assert lines[0] == f"{item} is withdrawn"
    assert lines[1].startswith("It was on the portal of Acme B.V. (acme-bv) from ")
    assert lines[-1].startswith(f"The draft for the register of data breaches can't be written now ({why})")
    assert office.row(item).share_state == "withdrawn"
    drafts.write_what_was_left(office.office, office.now + timedelta(minutes=1))
    assert list((office.root / "var/breaches").glob("*.md"))


def test_who_opened_it_and_when_is_told_and_drafted(office: PortalOffice) -> None:
    item = office.share({"payslips.pdf": b"1", "b.txt": b"22"}, description="Payslips <October>", notify=True, contact="j.jansen")
    office.publish()
    Mail.update(state="sent", sent_at=clock.to_text(office.now)).execute()
    opened(office, item, "", office.now)
    opened(office, item, "payslips.pdf", office.now, times=3)
    at, end = shown_time(office.row(item).published_at), shown_time(clock.to_text(office.now))
    lines, draft = withdraw(office, item)
    assert lines[:2] == [f"{item} is withdrawn", f"It was on the portal of Acme B.V. (acme-bv) from {at} to {end}."]
    assert "  - Jan Jansen <j.jansen@acme.example>: the page of the item, on " + end in lines
    assert f"  - Jan Jansen <j.jansen@acme.example>: payslips.pdf, 3 times, from {end} to {end}" in lines
    assert lines[-1].startswith("Draft for the register of data breaches: ")
    for words in (
        f"- Item: {item}: Payslips \\<October\\>", "Client on whose portal it was: Acme B.V. (acme-bv)",
        f"On the portal: from {at} to {end}", "payslips.pdf (1 byte, SHA-256 ", "b.txt (2 bytes, SHA-256 ",
        "- Approved by: Marieke de Vries (m.devries), ", "- Who could see it: Jan Jansen \\<j.jansen@acme.example\\>",
        "- Mail about it: Jan Jansen ", "payslips.pdf, 3 times", "Why it was withdrawn: It is another client's", "within 72 hours",
    ):  # fmt: skip
        assert words in draft, words
    office.publish()
    assert office.tree() == {}


def test_each_period_on_the_portal_is_told(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    office.withdraw(item)
    office.publish()
    office.restore(item)
    office.publish()
    office.amend(item, {"a.pdf": b"2"})
    office.publish()
    lines, draft = withdraw(office, item)
    assert len([line for line in lines if line.startswith("It was on the portal")]) == 3
    assert draft.count("a.pdf (1 byte") == 2
    assert "Nobody opened it through the portal's own web server." in lines


def test_what_was_never_to_be_seen_needs_no_draft(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    lines, draft = withdraw(office, item)
    assert lines == [f"{item} is withdrawn; nothing of it was on the portal"]
    assert draft == ""


def test_the_draft_is_in_the_offices_language_and_nothing_in_it_is_markup(tmp_path: Path) -> None:
    office = PortalOffice(
        tmp_path / "dutch",
        clients=CLIENTS.replace("Acme B.V.", "'*Acme* [x](http://evil)'"),
        settings=SETTINGS + "office: {language: nl}\n",
    )
    item = office.share({"a.pdf": b"1"}, description="# Kop `code`")
    office.publish()
    lines, draft = withdraw(office, item, "Regel 1\n# Regel 2", "nl")
    assert lines[-2] == "Wat via een andere webserver is opgehaald, staat in het logboek van die server."
    assert draft.startswith("# Register van datalekken: concept van een vermelding\n")
    assert "\\# Kop \\`code\\`" in draft
    assert "\\*Acme\\* \\[x\\](http://evil)" in draft
    assert "Waarom het is ingetrokken: Regel 1 \\# Regel 2" in draft
    office.close()
