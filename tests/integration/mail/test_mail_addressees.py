"""Who gets a mail, under which address and words; and mails that a person sends again, tries again or calls off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import MailOffice, Server, serving, text_of
from kit.servers import change
from kit.support import CLIENTS

from dossier.database.database import transaction
from dossier.office.people import Actor
from dossier.text.refusals import Refusal
from dossier.text.sentences import told, unpacked
from workflow.items import amending, items, rules
from workflow.mail import resending
from workflow.outbox import notices, outbox
from workflow.reports import finding

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")


@pytest.fixture
def office(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port)


# Who gets it


def test_a_contact_who_has_left_since_gets_nothing_and_the_maker_is_told(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "450 later" if "acme" in address else None
    key = office.item()
    office.mailer.round(office.now)
    office.write("clients", CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: false"))
    office.reload()
    server.on_rcpt = lambda address: None
    office.later(5)
    office.send_all()
    assert office.mails()[0].state == "cancelled"
    assert office.get(key).notify is False
    assert "not_notified" in office.actions(key)
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]
    assert "niet meer" in text_of(server.mails[0]) or "not active" in str(server.mails[0])


def test_a_contact_who_had_left_before_publishing_gets_nothing(tmp_path: Path, server: Server) -> None:
    gone = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: false")
    office = MailOffice(tmp_path / "office", server.port, clients=gone)
    key = office.item()
    office.send_all()
    assert office.get(key).notify is False
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]


def test_a_corrected_address_is_the_one_that_is_used(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "450 later"
    office.item()
    office.mailer.round(office.now)
    office.write("clients", CLIENTS.replace("j.jansen@acme.example", "jan@acme.example"))
    office.reload()
    server.on_rcpt = lambda address: None
    office.later(5)
    assert server.recipients == ["j.jansen@acme.example", "jan@acme.example"]


def test_a_mail_about_what_was_withdrawn_meanwhile_is_not_sent(office: MailOffice, server: Server) -> None:
    key = office.item()
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, key, "verkeerde klant")
    office.send_all()
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]
    assert office.mails()[0].state == "cancelled"


def test_when_the_maker_has_left_the_admins_are_told(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    office.item()
    staff = (office.root / "config/staff.yaml").read_text()
    office.write("staff", staff.replace("rights: [create]}", "rights: [create], active: false}"))
    office.reload()
    office.send_all()
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["j.admin@office.example"]


def test_addresses_and_names_beyond_ascii_arrive(tmp_path: Path, server: Server) -> None:
    clients = CLIENTS.replace(
        "name: Jan Jansen, email: j.jansen@acme.example", "name: Jürgen Łukasz, email: jürgen@bücher.example"
    )
    office = MailOffice(tmp_path / "office", server.port, clients=clients)
    office.item("Jaarrekening Façade 2025 ✓")
    assert office.send_all() == 1
    assert server.recipients == ["jürgen@xn--bcher-kva.example"]
    assert server.mails[0]["To"].addresses[0].display_name == "Jürgen Łukasz"
    assert "Façade 2025 ✓" in server.mails[0]["Subject"]


def test_an_address_that_the_server_cannot_take_has_failed_at_once(tmp_path: Path) -> None:
    clients = CLIENTS.replace("email: j.jansen@acme.example", "email: jürgen@acme.example")
    with serving(smtputf8=False) as server:
        office = MailOffice(tmp_path / "office", server.port, clients=clients)
        office.item()
        office.mailer.round(office.now)
        assert "SMTPUTF8" in told(unpacked(office.mails()[0].error))
        assert office.mails()[0].state == "failed"
        assert office.send_all() == 1
        assert server.recipients == ["p.bakker@office.example"]


@pytest.mark.parametrize(
    "description", ["A =?UTF-8?Q?=0A?=Bcc: x@e.nl", "A =?utf-8?b?CkJjYzogeEBlLm5s?= B", "<script>alert(1)</script>"]
)
def test_nothing_in_a_description_becomes_a_header_or_markup_on_the_wire(
    office: MailOffice, server: Server, description: str
) -> None:
    office.item(description)
    office.send_all()
    [raw], [mail] = server.raw, server.mails
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    assert "Bcc" not in mail
    assert server.recipients == ["j.jansen@acme.example"]
    assert "<script>" not in text_of(mail, "html")


# Another contact

BOTH = CLIENTS.replace(
    "email: j.jansen@acme.example}", "email: j.jansen@acme.example}, {id: s.okafor, name: Sarah, email: s@acme.example}"
)


@pytest.fixture
def with_two(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port, clients=BOTH)


def amend(office: MailOffice, key: int, **wish: Any) -> None:
    with transaction():
        amending.amend(office.office, office.now, BAKKER, key, rules.Wish(**wish), amending.FileChanges())
    office.publish()


@pytest.mark.parametrize("trouble", ["450 later", "550 nobody here"])
def test_when_another_contact_is_chosen_the_mail_goes_to_them_alone(with_two: MailOffice, server: Server, trouble: str) -> None:
    office = with_two
    server.on_rcpt = lambda address: trouble
    key = office.item()
    office.mailer.round(office.now)
    server.recipients.clear()
    server.on_rcpt = lambda address: None
    amend(office, key, contact="s.okafor")
    office.later(3600)
    assert [address for address in server.recipients if "acme" in address] == ["s@acme.example"]
    assert [mail.state for mail in office.mails()] == ["cancelled", "sent"]
    assert office.get(key).notify is False
    assert office.actions(key).count("mail_cancelled") == 1


def test_a_mail_called_off_for_another_contact_can_be_sent_all_the_same_and_nobody_gets_two(
    with_two: MailOffice, server: Server
) -> None:
    office = with_two
    key = office.item()
    amend(office, key, contact="s.okafor")
    office.send_all()
    with transaction():
        resending.retry(office.office, office.now, BAKKER, office.mails()[0].id)
    office.send_all()
    assert server.recipients == ["s@acme.example", "j.jansen@acme.example"]
    assert office.get(key).notify is False
    amend(office, key, labels=("checked",))
    assert office.send_all() == 0


def test_when_nobody_is_to_be_told_any_more_the_mail_that_waits_does_not_go(office: MailOffice, server: Server) -> None:
    key = office.item()
    amend(office, key, notify=False)
    assert office.send_all() == 0
    assert [mail.state for mail in office.mails()] == ["cancelled"]


def test_whoever_is_chosen_while_the_mail_to_another_goes_is_told_as_well(with_two: MailOffice, server: Server) -> None:
    office = with_two
    key = office.item()
    chosen = f"UPDATE item SET contact = 's.okafor', unsettled = TRUE WHERE id = {key}"
    server.on_data = lambda data: change(office.office.root, chosen)
    office.mailer.round(office.now)
    assert (office.get(key).notify, office.get(key).notified_at is not None) == (True, True)


def test_a_mail_to_an_earlier_contact_that_is_tried_again_leaves_nobody_to_be_told(with_two: MailOffice, server: Server) -> None:
    office = with_two
    server.on_rcpt = lambda address: "550 nobody here"
    key = office.item()
    office.mailer.round(office.now)
    server.on_rcpt = lambda address: None
    amend(office, key, contact="s.okafor")
    office.later(3600)
    [first] = [mail for mail in office.mails() if mail.recipient == "j.jansen"]
    with transaction():
        resending.retry(office.office, office.now, BAKKER, first.id)
    office.later(3600)
    assert [mail.state for mail in office.mails()] == ["sent", "sent"]
    assert office.get(key).notify is False


def test_another_contact_of_what_was_told_already_gets_no_mail(with_two: MailOffice) -> None:
    office = with_two
    key = office.item()
    office.send_all()
    amend(office, key, contact="s.okafor")
    assert office.send_all() == 0


# By hand


def test_notify_sends_again_to_the_same_or_another_contact_as_a_mail_of_its_own(tmp_path: Path, server: Server) -> None:
    both = CLIENTS.replace(
        "email: j.jansen@acme.example}", "email: j.jansen@acme.example}, {id: s.okafor, name: Sarah, email: s@acme.example}"
    )
    office = MailOffice(tmp_path / "office", server.port, clients=both)
    key = office.item()
    office.send_all()
    with transaction():
        resending.notify(office.office, office.now, BAKKER, key, "s@ACME.example")
    office.send_all()
    with transaction():
        resending.notify(office.office, office.now, BAKKER, key, "j.jansen")
    office.send_all()
    assert server.recipients == ["j.jansen@acme.example", "s@acme.example", "j.jansen@acme.example"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 3
    assert office.get(key).contact == "j.jansen"
    assert office.actions(key).count("notify_asked") == 2
    assert office.send_all() == 0


def test_notify_is_refused_in_words_where_it_makes_no_sense(office: MailOffice, server: Server) -> None:
    key = office.item()
    for actor, contact, words in (
        (BAKKER, "nobody", "no active contact `nobody`; its contacts are: j.jansen"),
        (Actor("k.smit2", "command"), None, "there is no item"),
        (BAKKER, None, "waits already; see: dossier outbox"),
    ):
        with pytest.raises(Refusal, match=words), transaction():
            resending.notify(office.office, office.now, actor, key, contact)
    office.send_all()
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, key, "fout")
    office.publish()
    with pytest.raises(Refusal, match="nothing on the portal"), transaction():
        resending.notify(office.office, office.now, BAKKER, key, None)


def test_notify_for_a_concept_is_sent_when_it_is_published(office: MailOffice, server: Server) -> None:
    from workflow.approval import deciding

    key = office.item()
    office.send_all()
    with transaction():
        wish = rules.Wish(description="Nieuwe woorden", approvers=("m.devries",), share_status="concept")
        amending.amend(office.office, office.now, BAKKER, key, wish, amending.FileChanges())
        deciding.decide(office.office, office.now, Actor("m.devries", "command"), key, "approve", "")
        said = resending.notify(office.office, office.now, BAKKER, key, None)
    assert "once it is on the portal" in str(said)
    office.publish()
    office.send_all()
    assert server.mails[-1]["Subject"] == "Voor u klaargezet: Nieuwe woorden"
    assert len(server.mails) == 2


def test_a_failed_mail_can_be_tried_again_and_stays_the_same_mail(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    key = office.item()
    office.send_all()
    [failed] = outbox.listing("failed")
    [noticed] = finding.whole(office.get(key))["attention"]
    assert "Jan Jansen <j.jansen@acme.example> could not be mailed about it: “550 no”" in told(noticed)
    server.on_rcpt = lambda address: None
    for _ in range(2):  # a command that was killed once it had done it, and is given again
        with transaction():
            resending.retry(office.office, office.now, BAKKER, failed["id"])
    assert office.actions(key).count("mail_retried") == 1
    office.send_all()
    assert server.mails[-1]["Message-ID"] == failed["message_id"]
    assert office.get(key).notify is False
    assert finding.whole(office.get(key))["attention"] == []
    with pytest.raises(Refusal, match=r"was sent on \d{4}-\d\d-\d\d \d\d:\d\d;"), transaction():
        resending.retry(office.office, office.now, BAKKER, failed["id"])


def test_a_maker_is_not_told_of_a_mail_that_went_at_a_later_try(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    with transaction():  # a first letter: what follows comes ten minutes later
        about = {"drop": "a", "reasons": [], "where": "b"}
        notices.tell(office.office, office.now, "refused", "p.bakker", None, about, "acme-bv")
    office.send_all()
    office.now += timedelta(seconds=5)
    office.item()
    office.send_all()
    [failed] = outbox.listing("failed")
    server.on_rcpt = lambda address: None
    with transaction():
        resending.retry(office.office, office.now, BAKKER, failed["id"])
    office.send_all()
    office.now += timedelta(seconds=notices.PAUSE_SECONDS)
    office.send_all()
    [told_of] = office.mails("failed")
    assert told_of.state == "cancelled"


def test_a_contact_without_a_name_is_not_the_items_own(office: MailOffice, server: Server) -> None:
    key = office.item()
    office.send_all()
    with pytest.raises(Refusal, match="who gets the mail"), transaction():
        resending.notify(office.office, office.now, BAKKER, key, "")
    assert [one.kind for one in office.mails()] == ["ready"]


@pytest.mark.parametrize(("chosen", "said"), [("each", "is tried again now"), ("digest", "with the next mail to them")])
def test_when_a_mail_is_tried_again_is_told_as_the_contact_chose_it(
    tmp_path: Path, server: Server, chosen: str, said: str
) -> None:
    clients = CLIENTS.replace("email: j.jansen@acme.example", f"email: j.jansen@acme.example, notify: {chosen}")
    office = MailOffice(tmp_path / "office", server.port, clients=clients)
    office.item()
    with transaction():
        assert said in told(resending.retry(office.office, office.now, BAKKER, office.mails()[0].id))


def test_a_mail_that_waits_can_be_called_off(office: MailOffice, server: Server) -> None:
    key = office.item()
    number = office.mails()[0].id
    with transaction():
        resending.cancel(office.office, office.now, BAKKER, number)
    assert office.send_all() == 0
    assert office.get(key).notify is False
    assert office.actions(key)[-1] == "mail_cancelled"
    with pytest.raises(Refusal, match="was cancelled already"), transaction():
        resending.cancel(office.office, office.now, BAKKER, number)
    with pytest.raises(Refusal, match="no mail 99"), transaction():
        resending.cancel(office.office, office.now, BAKKER, 99)


def test_a_mail_called_off_while_others_are_being_sent_is_not_sent(office: MailOffice, server: Server) -> None:
    keys = [office.item(f"Stuk nummer {n}") for n in range(2)]
    second = office.mails()[1].id

    def call_off(address: str) -> None:
        change(office.office.root, f"UPDATE mail SET state = 'cancelled' WHERE id = {second}")

    server.on_rcpt = call_off
    office.send_all()
    assert len(server.mails) == 1
    assert office.get(keys[0]).notified_at
    assert office.get(keys[1]).notified_at is None
