"""Who is asked, as days, absences and rights go by; several approvers; reminders; and nothing that stays stuck."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.queues import QueueOffice

from dossier.database.tables import Item, Mail, item_key, item_name
from dossier.text import clock
from dossier.text.refusals import Refusal
from workflow.approval import deciding
from workflow.messages import letters
from workflow.portal.publishing import Publisher
from workflow.reminders import reminders


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    made = QueueOffice(tmp_path / "office")
    yield made
    made.close()


def staff(office: QueueOffice, code: str, change: str) -> None:
    """Change somebody in staff.yaml: `change` is put at the end of their line, in place of the same keys."""
    lines = (office.root / "config" / "staff.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"  {code}:"):
            for key in ("rights", "language"):
                if f"{key}:" in change:
                    start = line.index(f", {key}:")
                    end = line.index("]", start) + 1 if key == "rights" else line.index("}", start)
                    line = line[:start] + line[end:]
            lines[number] = f"{line[:-1]}, {change}}}"
    office.configure(staff="\n".join(lines) + "\n")


def asked(office: QueueOffice, item: str) -> set[str]:
    """Whose folder holds a file of this item."""
    return {path.parent.name for path in office.queue.glob(f"*/{item}.yaml")}


def details(office: QueueOffice, item: str, action: str) -> list[dict[str, Any]]:
    return [event["detail"] for event in office.whole(item)["history"] if event["action"] == action]


# Several approvers


@pytest.mark.parametrize(("approvals", "needed"), [("all", 3), ("any", 1), ("2", 2)])
def test_so_many_of_several_must_approve(office: QueueOffice, approvals: str, needed: int) -> None:
    three = ["m.devries", "k.smit", "l.visser"]
    item = office.concept(approvers=three, approvals=approvals)
    office.round()
    assert asked(office, item) == set(three)
    for number, approver in enumerate(three[:needed], 1):
        assert office.state(item) == "concept"
        office.type(item, "approve", approver=approver)
        office.round()
        assert details(office, item, "approved")[-1]["still_needed"] == needed - number
    assert office.state(item) == "approved"
    assert asked(office, item) == set()


def test_one_rejection_returns_it_whoever_approved(office: QueueOffice) -> None:
    item = office.concept(approvers=["m.devries", "k.smit"])
    office.decide(item, "m.devries")
    office.decide(item, "k.smit", "reject", "page 3 is missing")
    office.round()
    assert office.state(item) == "returned"
    assert asked(office, item) == set()


def test_an_approval_of_what_was_changed_since_does_not_count(office: QueueOffice) -> None:
    item = office.concept(approvers=["m.devries", "k.smit"])
    office.decide(item, "m.devries")
    office.amend(item, description="Another description")
    assert office.decide(item, "k.smit") == "concept"
    office.round()
    assert asked(office, item) == {"m.devries"}


def test_nobody_gives_two_of_the_approvals(office: QueueOffice) -> None:
    staff(office, "m.devries", "away: {from: 2026-11-20, until: 2026-11-30}, substitute: k.smit")
    item = office.concept(approvers=["m.devries", "k.smit"], client="zon")
    office.round()
    assert asked(office, item) == {"m.devries", "k.smit"}
    office.decide(item, "k.smit")
    office.round()
    assert asked(office, item) == {"m.devries", "j.admin"}, "their own seat first, and no other besides"
    with pytest.raises(deciding.AlreadyDecided):
        office.decide(item, "k.smit")
    office.decide(item, "j.admin")
    assert office.state(item) == "approved"


# Four eyes


def test_neither_the_maker_nor_who_changed_it_approves(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"], maker="l.visser", client="zon")
    with pytest.raises(Refusal, match="four eyes"):
        office.decide(item, "l.visser")
    office.amend(item, by="k.smit", description="Another description")
    office.round()
    assert asked(office, item) == {"j.admin"}
    with pytest.raises(Refusal, match="four eyes"):
        office.decide(item, "k.smit")


# Absences and lost rights


def test_the_file_goes_to_the_substitute_as_well_and_comes_back_when_the_absence_is_over(office: QueueOffice) -> None:
    staff(office, "k.smit", "away: {from: 2026-11-20, until: 2026-11-25}, substitute: l.visser")
    item = office.concept(approvers=["k.smit"])
    office.round()
    assert asked(office, item) == {"k.smit", "l.visser"}
    assert "# You are asked in place of k.smit: k.smit is away until 2026-11-25." in office.text(item, "l.visser")
    assert details(office, item, "passed_on") == [
        {"way": "daemon", "seat": "k.smit", "to": ["l.visser"], "reason": "k.smit is away until 2026-11-25"}
    ]
    office.later(days=2)
    office.round()
    assert asked(office, item) == {"k.smit"}
    moved = (office.queue / "l.visser" / "_decided" / f"{item}.yaml").read_text()
    assert moved.startswith(f"# ! {item} does not wait for l.visser any more")


def test_a_substitutes_decision_is_recorded_as_his_in_anothers_seat(office: QueueOffice) -> None:
    staff(office, "k.smit", "away: {from: 2026-11-20, until: 2026-11-25}, substitute: l.visser")
    item = office.concept(approvers=["k.smit"])
    office.round()
    office.type(item, "approve", approver="l.visser")
    office.round()
    event = office.whole(item)["history"][-1]
    assert (event["actor"], event["detail"]["seat"], event["detail"]["rights"]) == ("l.visser", "k.smit", ["create", "approve"])


@pytest.mark.parametrize(("change", "reason"), [
    ("active: no", "k.smit is not active any more"),
    ("rights: [create]", "k.smit does not have the right `approve`; ask an admin"),
    ("clients: []", "k.smit does not work for client acme-bv; ask an admin"),
    ("away: {from: 2026-11-20, until: 2026-11-25}", "k.smit is away until 2026-11-25"),
])  # fmt: skip
def test_what_waits_for_who_left_lost_the_right_or_is_away_is_not_stuck(office: QueueOffice, change: str, reason: str) -> None:
    item, other = office.concept(approvers=["k.smit"]), office.concept(approvers=["k.smit"], client="zon")
    office.round()
    assert asked(office, item) == {"k.smit"}
    staff(office, "k.smit", change)
    office.round()
    own = {"k.smit"} if "away" in change else set()
    assert asked(office, item) == {"m.devries"} | own, "the client's default approver"
    assert asked(office, other) == {"j.admin"} | own, "the admins, without one"
    assert details(office, item, "passed_on")[-1] == {
        "way": "daemon", "seat": "k.smit", "to": ["m.devries"], "reason": reason,
    }  # fmt: skip
    if not own:
        with pytest.raises(Refusal):
            office.decide(item, "k.smit")
    office.type(other, "approve", approver="j.admin")
    office.round()
    assert office.state(other) == "approved"


def test_a_right_that_comes_back_brings_the_file_back(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    old = (office.root / "config" / "staff.yaml").read_text()
    staff(office, "k.smit", "active: no")
    office.round()
    office.configure(staff=old)
    office.round()
    assert asked(office, item) == {"k.smit"}


def test_where_nobody_is_left_the_admins_are_told_once_and_a_new_right_ends_it(office: QueueOffice) -> None:
    text = (office.root / "config" / "staff.yaml").read_text()
    item = office.concept(approvers=["k.smit"], client="zon", maker="j.admin")
    for code in ("k.smit", "l.visser", "m.devries"):
        staff(office, code, "rights: [create]")
    office.round()
    office.restart()
    office.round()
    assert asked(office, item) == set()
    (mail,) = Mail.select()
    assert (mail.recipient, mail.kind) == ("j.admin", "nobody_left")
    name, payload = item_name(mail.item), mail.payload
    letter, _ = letters.letter_of(office.office, mail.kind, mail.language, mail.name, mail.client, name, payload)
    assert item in letter.subject
    assert "Geef iemand het recht `approve`" in letter.text or "Give somebody the right `approve`" in letter.text
    assert details(office, item, "nobody_left")
    office.configure(staff=text)
    office.round()
    assert asked(office, item) == {"k.smit"}


def test_an_approver_whose_folder_was_never_made_gets_one(office: QueueOffice) -> None:
    office.round()
    text = (office.root / "config" / "staff.yaml").read_text()
    office.configure(staff=text + "  n.new: {name: New, email: n@office.example, rights: [approve]}\n")
    office.round()
    assert (office.queue / "n.new").is_dir()


# Rights are asked again before publishing


def publish(office: QueueOffice) -> None:
    office.later(seconds=1)
    portal = Publisher(office.office, office.vault)
    portal.prepare()
    for _ in range(5):
        portal.round(office.now)


def on_portal(office: QueueOffice, item: str) -> bool:
    return (office.root / "var" / "portal" / "acme-bv" / item).exists()


@pytest.mark.parametrize("change", ["active: no", "rights: [create]"])
def test_an_approval_by_who_has_lost_the_right_before_it_is_published_is_asked_again(office: QueueOffice, change: str) -> None:
    item = office.concept(approvers=["k.smit"])
    office.decide(item, "k.smit")
    staff(office, "k.smit", change)
    publish(office)
    assert not on_portal(office, item)
    assert office.state(item) == "concept"
    assert "k.smit" in details(office, item, "asked_again")[0]["reason"]
    office.round()
    assert asked(office, item) == {"m.devries"}
    assert "it was approved before, but k.smit" in office.text(item)
    office.type(item, "approve")
    office.round()
    publish(office)
    assert on_portal(office, item)
    assert office.state(item) == "published"


def test_what_was_public_stays_as_it_was_while_a_change_is_asked_again(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.decide(item, "k.smit")
    publish(office)
    office.amend(item, put={"accounts.pdf": b"%PDF-1.4 better"})
    office.decide(item, "k.smit")
    staff(office, "k.smit", "active: no")
    publish(office)
    assert (office.root / "var" / "portal" / "acme-bv" / item / "accounts.pdf").read_bytes() == b"%PDF-1.4 accounts"
    assert office.state(item) == "concept"
    office.decide(item, "m.devries")
    publish(office)
    assert (office.root / "var" / "portal" / "acme-bv" / item / "accounts.pdf").read_bytes() == b"%PDF-1.4 better"


def test_sharing_outright_counts_only_as_long_as_the_right_until_it_is_published(office: QueueOffice) -> None:
    item = office.concept(maker="p.bakker")
    office.amend(item, by="m.devries", share_status="approved")
    assert office.state(item) == "approved"
    staff(office, "m.devries", "rights: [create, approve]")
    publish(office)
    assert not on_portal(office, item)
    assert office.state(item) == "concept"


def test_what_was_published_stays_when_its_approver_leaves_and_comes_back_with_the_client(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.decide(item, "k.smit")
    publish(office)
    staff(office, "k.smit", "active: no")
    clients = (office.root / "config" / "clients.yaml").read_text()
    publish(office)
    assert on_portal(office, item)
    office.configure(clients=clients.replace("name: Acme B.V.", "name: Acme B.V., portal: no"))
    publish(office)
    assert not on_portal(office, item)
    office.configure(clients=clients)
    publish(office)
    assert on_portal(office, item)


def test_what_an_admin_puts_back_needs_no_other_approval(office: QueueOffice) -> None:
    from dossier.database.database import transaction
    from dossier.office.people import Actor
    from workflow.items import items

    item = office.concept(approvers=["k.smit"])
    office.decide(item, "k.smit")
    office.later(seconds=1)
    office.withdraw(item)
    staff(office, "k.smit", "active: no")
    with transaction():
        items.restore(office.office, office.now, Actor("j.admin", "command"), item_key(item))
    publish(office)
    assert on_portal(office, item)


# Reminders


def remind(office: QueueOffice, **later: float) -> list[tuple[str, str, list[str]]]:
    """Some time later: the letters that are new, as (kind, to, items)."""
    office.later(**later)
    last = max((row.id for row in Mail.select(Mail.id)), default=0)
    reminders.remind(office.office, office.now)
    return [
        (row.kind, row.recipient, [line["item"] for line in row.payload["items"]])
        for row in Mail.select().where(Mail.id > last).order_by(Mail.id)
    ]


def test_an_approver_is_reminded_once_and_then_it_escalates_once(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.round()
    assert remind(office, hours=23) == []
    assert remind(office, hours=1) == [("reminder", "k.smit", [item])]
    assert remind(office, hours=47) == []
    assert remind(office, hours=1) == [("escalation", "j.admin", [item])]
    office.restart()
    office.round()
    assert remind(office, days=100) == []
    assert [event for event in office.actions(item) if event in ("reminded", "escalated")] == ["reminded", "escalated"]


def test_it_escalates_to_the_substitute_if_there_is_one(office: QueueOffice) -> None:
    staff(office, "k.smit", "substitute: l.visser")
    item = office.concept(approvers=["k.smit"])
    office.round()
    assert remind(office, hours=72) == [("reminder", "k.smit", [item]), ("escalation", "l.visser", [item])]


def test_what_falls_due_together_is_one_letter_in_the_readers_language(office: QueueOffice) -> None:
    items = [office.concept(f"Annual accounts {year}", approvers=["l.visser"]) for year in (2024, 2025)]
    office.round()
    assert remind(office, hours=24) == [("reminder", "l.visser", items)]
    mail = Mail.get(Mail.kind == "reminder")
    letter = letters.letter_of(office.office, mail.kind, mail.language, mail.name, None, None, mail.payload)[0]
    assert letter.subject == "2 concepts wait for your decision"
    assert "Acme B.V.: Annual accounts 2024" in letter.text


def test_what_is_decided_is_not_reminded_of(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.round()
    office.decide(item, "k.smit")
    assert remind(office, days=9) == [], "even before the queue folder knows of it"


def test_who_stands_in_is_reminded_from_when_he_was_asked(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.round()
    office.later(hours=20)
    staff(office, "k.smit", "active: no")
    office.round()
    assert remind(office, hours=23) == []
    assert remind(office, hours=1) == [("reminder", "m.devries", [item])]


def test_a_change_that_is_asked_anew_is_reminded_of_anew(office: QueueOffice) -> None:
    item = office.concept(approvers=["k.smit"])
    office.round()
    assert remind(office, hours=24) == [("reminder", "k.smit", [item])]
    office.amend(item, description="Another description")
    office.round()
    assert remind(office, hours=23) == []
    assert remind(office, hours=1) == [("reminder", "k.smit", [item])]


def test_nobody_is_mailed_outside_office_hours(office: QueueOffice) -> None:
    settings = (office.root / "config" / "settings.yaml").read_text()
    office.configure(settings=f"{settings}office_hours: {{days: [mon, tue, wed, thu, fri], from: 09:00, until: 17:00, "
                     "time_zone: Europe/Amsterdam, holidays: [2026-11-30]}\n")  # fmt: skip
    office.now += timedelta(days=2, hours=8)  # Thursday 26 November, 18:00 in Amsterdam
    item = office.concept(approvers=["k.smit"])
    office.round()
    office.later(hours=24)  # Friday 18:00
    letters = [(clock.to_text(office.now)[:16], found) for _ in range(24 * 5) if (found := remind(office, hours=1))]
    assert letters == [
        ("2026-12-01T08:00", [("reminder", "k.smit", [item]), ("escalation", "j.admin", [item])]),
    ], "on Tuesday at nine, after a weekend and a holiday"


def test_who_wants_a_digest_gets_one_mail_a_day_with_all_that_waits(office: QueueOffice) -> None:
    settings = (office.root / "config" / "settings.yaml").read_text()
    office.configure(settings=f"{settings}office_hours: {{from: 09:00, until: 17:00, time_zone: UTC}}\n")
    staff(office, "k.smit", "digest: yes")
    first = office.concept(approvers=["k.smit"])
    office.round()
    assert remind(office, hours=0) == [("digest", "k.smit", [first])], "at nine"
    second = office.concept(approvers=["k.smit"])
    office.round()
    assert remind(office, hours=7) == []
    assert remind(office, hours=17) == [("digest", "k.smit", [first, second])]
    office.decide(first, "k.smit")
    office.decide(second, "k.smit")
    office.round()
    assert remind(office, hours=24) == []


def test_a_long_list_names_the_oldest_and_counts_the_rest(office: QueueOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "LISTED", 2)
    for _ in range(5):
        office.concept(approvers=["l.visser"])
    office.round()
    remind(office, hours=24)
    mail = Mail.get(Mail.kind == "reminder")
    letter = letters.letter_of(office.office, mail.kind, mail.language, mail.name, None, None, mail.payload)[0]
    assert letter.subject == "5 concepts wait for your decision"
    assert "and 3 more" in letter.text
    assert Item.select().count() == 5
