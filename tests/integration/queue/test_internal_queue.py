"""What is approved inside the office lies in the queue as every concept does: substitutes, reminders, what changed since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.queues import CLIENTS, SETTINGS, STAFF, QueueOffice

from desk.actions import undoing
from dossier.database.database import transaction
from dossier.database.tables import Mail, item_key, item_name
from dossier.office.people import Actor
from dossier.text.refusals import Refusal
from workflow.items import items
from workflow.items.items import File, NewItem
from workflow.items.rules import Wish, new_draft
from workflow.mail import resending
from workflow.reminders import reminders
from workflow.reports import finding

TYPES = """\
types:
  wwft: {share: never, approval: internal, staff: [p.bakker, m.devries, k.smit], fields: {risk: [low, high], seen: text}}
  plan: {approval: internal}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    made = QueueOffice(tmp_path / "office", settings=SETTINGS + TYPES)
    yield made
    made.close()


def inside(office: QueueOffice, **more: Any) -> str:
    """An item that waits for approval inside the office; its name."""
    wish = Wish(**{"description": "Due diligence 2026", "type": "wwft", "fields": {"risk": "low"}, "labels": ("new",), **more})
    draft, problems = new_draft(office.office, "acme-bv", "p.bakker", wish)
    assert not problems
    files: tuple[File, ...] = (office.file("id.pdf"),)
    with transaction():
        (key,) = items.create_all(office.office, office.now, [NewItem(draft, files, Actor("p.bakker", "drop"), "test.yaml")])
    office.folder.round(office.now)
    return item_name(key)


def paper(office: QueueOffice, item: str, who: str = "m.devries") -> str:
    return (office.queue / who / f"{item}.yaml").read_text()


def state(item: str) -> Any:
    return finding.summary(items.get(item_key(item)))["approval"]


def test_what_was_empty_before_or_is_now_is_told_as_that(office: QueueOffice) -> None:
    item = inside(office, labels=())
    office.amend(item, labels=("urgent",))
    office.round()
    assert "# - labels: was –, is now urgent" in paper(office, item)


def test_a_substitute_gets_it_is_told_at_once_and_decides_while_the_approver_is_away(office: QueueOffice) -> None:
    away = "Marieke de Vries, substitute: k.smit, away: {from: 2026-11-20, until: 2026-12-04}"
    office.configure(staff=STAFF.replace("Marieke de Vries", away))
    item = inside(office)
    assert "You are asked in place of m.devries" in paper(office, item, "k.smit")
    assert ("decide", "k.smit") in [(mail.kind, mail.recipient) for mail in Mail.select()]
    office.decide(item, "k.smit")
    assert (state(item)["state"], state(item)["by"]) == ("approved", "k.smit")
    office.folder.round(office.now)
    assert not (office.queue / "m.devries" / f"{item}.yaml").exists()


def test_whoever_waits_too_long_is_reminded_and_then_somebody_else_of_the_types_staff_is_told(office: QueueOffice) -> None:
    office.configure(staff=STAFF.replace("Marieke de Vries", "Marieke de Vries, substitute: k.smit"))
    inside(office)
    for hours in (25, 73):
        reminders.remind(office.office, office.now + timedelta(hours=hours))
    sent = [(mail.kind, mail.recipient) for mail in Mail.select().where(Mail.kind.not_in(["decide"])).order_by(Mail.id)]
    assert sent == [("reminder", "m.devries"), ("escalation", "k.smit")]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"location": "2026/Wwft"}, ["location: was –, is now 2026/Wwft"]),
        ({"labels": ("new", "urgent")}, ["labels: was new, is now new, urgent"]),
        ({"fields": {"risk": "high", "seen": "on paper"}}, ["risk: was low, is now high", "seen: was –, is now on paper"]),
        ({"explanation": "By post"}, ["explanation: changed"]),
        ({"due": "2027-03-01", "owner": "k.smit"}, ["due: was –, is now 2027-03-01", "owner: was –, is now k.smit"]),
        ({"type": "plan", "fields": {}}, ["type: was wwft, is now plan", "risk: was low, is now –"]),
        ({"put": {"more.pdf": b"%PDF-1.4 more"}}, ["attachment more.pdf: added (13 bytes)"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_the_file_says_all_that_changed_since_its_approver_looked(
    office: QueueOffice, change: dict[str, Any], lines: list[str]
) -> None:
    item = inside(office)
    office.amend(item, "j.admin" if "type" in change else "p.bakker", **change)
    office.folder.round(office.now)
    told = paper(office, item)
    assert "Changed since you were asked" in told
    assert [line for line in lines if f"- {line}" not in told] == []
    assert "order of the attachments" not in told


def test_of_another_client_it_says_so(office: QueueOffice) -> None:
    item = inside(office)
    office.configure(clients=CLIENTS.replace("Bakkerij Zon", "Bakkerij Zon, default_approver: m.devries"))
    undoing.move(office.office, office.now, Actor("p.bakker", "command"), item_key(item), "zon")
    office.folder.round(office.now)
    assert "- it is another client's now" in paper(office, item)


def test_nobody_is_promised_a_mail_about_what_no_client_will_see(office: QueueOffice) -> None:
    item = inside(office)
    with pytest.raises(Refusal, match="nothing on the portal"), transaction():
        resending.notify(office.office, office.now, Actor("p.bakker", "command"), item_key(item), "j.jansen")
    assert items.get(item_key(item)).notify is False
