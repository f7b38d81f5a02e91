"""Webhooks: signed as the standard says, in order, at least once, of what their staff member may see, and to no address within."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.receivers import Receiver, receiving
from kit.records import CLIENTS, JOOST, SETTINGS, STAFF, Records
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from desk.actions import auditing, undoing, webhooks
from dossier.database.web_tables import Hook
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Unavailable
from dossier.text.sentences import Sentence, unpacked
from dossier.trail import trail
from workflow.webhooks import sending
from workflow.webhooks.posting import is_public, post
from workflow.webhooks.sending import DISABLE_DAYS, Sender

SECRET, NEWER = webhooks.new_secret(), webhooks.new_secret()
ENVIRON = {"HOOK_SECRET": SECRET}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def settings(receiver: Receiver, staff: str = "j.admin", private: str = "[127.0.0.1]", url: str = "") -> str:
    hook = f"{{url: '{url or receiver.url}', for: {staff}, secret_env: HOOK_SECRET, private: {private}}}"
    return f"{SETTINGS}webhooks:\n  books: {hook}\n"


@pytest.fixture
def office(tmp_path: Path, receiver: Receiver) -> Iterator[Records]:
    staff = STAFF + "  z.zon: {name: Zoë Zon, email: z@office.example, rights: [create], clients: [zon]}\n"
    made = Records(tmp_path, settings(receiver), CLIENTS, staff)
    yield made
    made.close()


class Daemon:
    """What the daemon does for webhooks, and the alarms it raises."""

    def __init__(self, office: Records, environ: dict[str, str] | None = None) -> None:
        self.alarms: dict[str, Sentence | None] = {}
        self.sender = Sender(office.office, environ or ENVIRON, self.alarms.__setitem__)
        self.sender.round(clock.utc_now())  # a new webhook begins at the end of the trail

    def round(self, later: timedelta = timedelta()) -> int:
        return self.sender.round(clock.utc_now() + later)


def row() -> Any:
    return Hook.get_by_id("books")


def test_a_receiver_verifies_each_event_by_the_library_of_the_standard_and_gets_what_the_events_of_the_api_tell(
    office: Records, receiver: Receiver
) -> None:
    office.make(description="Before there was a webhook")
    daemon = Daemon(office)
    begin = trail.head()[0]
    item = office.make(description="Jaarrekening met é")
    daemon.round()
    got = receiver.verified(SECRET)
    events = auditing.after(office.office, Actor("j.admin", "api:x"), begin, 100)
    assert [one["data"] for one in got] == events
    assert [one["type"] for one in got] == [one["action"] for one in events]
    assert {one["data"]["item"] for one in got} == {f"D-{item // 10**7}-{item % 10**7:06d}"}
    assert set(receiver.paths) == {"/hook?from=dossier"}
    with pytest.raises(WebhookVerificationError):
        Webhook(NEWER).verify(receiver.got[0][1], receiver.got[0][0])
    assert daemon.round() == 0, "each once, if all goes well"


def test_of_a_webhook_to_which_nothing_was_sent_it_is_not_said_that_it_works(office: Records, receiver: Receiver) -> None:
    def state() -> str:
        return str(webhooks.listing(office.office)[0]["state"])

    assert state() == "nothing was sent yet"
    daemon = Daemon(office)
    assert state() == "nothing was sent yet"
    office.make()
    daemon.round()
    assert state() == "it works"


def test_while_a_secret_is_changed_the_old_one_and_the_new_one_verify(office: Records, receiver: Receiver) -> None:
    daemon = Daemon(office, {"HOOK_SECRET": f"{NEWER} {SECRET}"})
    office.make()
    daemon.round()
    assert receiver.verified(SECRET) == receiver.verified(NEWER) != []


@pytest.mark.parametrize("kept", ["", "whsec_", "whsec_c2hvcnQ=", "no secret!"])
def test_without_a_secret_nothing_is_sent_and_it_is_told(office: Records, receiver: Receiver, kept: str) -> None:
    daemon = Daemon(office, {"HOOK_SECRET": kept})
    office.make()
    daemon.round()
    assert receiver.got == []
    assert "HOOK_SECRET" in str(webhooks.listing(office.office)[0]["error"])


def test_what_is_not_taken_is_sent_again_with_growing_pauses_the_same_id_and_in_order(
    office: Records, receiver: Receiver
) -> None:
    daemon = Daemon(office)
    receiver.answers = [500, 302, 503]
    office.make()
    office.make()
    pauses, later = [], timedelta()
    for _ in range(3):
        now = clock.utc_now() + later
        assert daemon.sender.round(now) == 1
        pauses.append(round((clock.from_text(row().due_at) - now).total_seconds()))
        assert daemon.sender.round(now) == 0, "not before the pause is over"
        later += timedelta(seconds=pauses[-1] + 1)
    assert pauses == [5, 25, 125]
    daemon.round(later)
    ids = receiver.ids()
    assert len(set(ids[:4])) == 1, "the same event"
    numbers = [int(one.partition(".")[0]) for one in ids[3:]]
    assert numbers == sorted(numbers)
    assert set(receiver.paths) == {"/hook?from=dossier"}, "no redirect is followed"
    assert row().attempts == 0
    assert len({body for _, body in receiver.got[:4]}) == 1, "with the time when it happened, as the standard says"


def test_what_was_put_off_under_a_clock_that_was_ahead_goes_once_it_is_put_back(office: Records, receiver: Receiver) -> None:
    daemon = Daemon(office)
    receiver.answers = [500]
    office.make()
    assert daemon.round(timedelta(days=400)) == 1
    assert row().attempts == 1
    assert daemon.round() > 0
    assert row().attempts == 0
    assert sending.seconds_to_next(office.office, clock.utc_now() - timedelta(days=1)) == sending.LOOK_SECONDS


@pytest.mark.parametrize(("said", "pause"), [("90", 90), ("1", 5), ("99999999", 4 * 3600), ("soon", 5), ("-7", 5), ("", 5)])
def test_a_receiver_that_says_when_to_try_again_is_left_alone_until_then(
    office: Records, receiver: Receiver, said: str, pause: int
) -> None:
    daemon = Daemon(office)
    receiver.answers, receiver.retry_after = [429], said
    office.make()
    now = clock.utc_now()
    daemon.sender.round(now)
    assert round((clock.from_text(row().due_at) - now).total_seconds()) == pause


def test_killed_before_it_was_marked_the_next_start_sends_it_again_under_the_same_id(
    office: Records, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(office)
    office.make()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workflow.webhooks.sending._went", killed)
    with pytest.raises(KeyboardInterrupt):
        daemon.round()
    monkeypatch.undo()
    daemon.round()
    ids = receiver.ids()
    assert ids[0] == ids[1]
    assert len(set(ids)) == len(ids) - 1


def test_after_days_of_failure_it_is_disabled_with_an_alarm_and_goes_on_where_it_was_once_it_is_enabled(
    office: Records, receiver: Receiver
) -> None:
    daemon = Daemon(office)
    receiver.answers = [500] * 2
    office.make()
    daemon.round()
    assert daemon.alarms["webhook books"] is None
    later = timedelta(days=DISABLE_DAYS, seconds=1)
    daemon.round(later)
    daemon.round(later)
    alarm = daemon.alarms["webhook books"]
    assert alarm is not None
    assert "books" in str(alarm)
    assert "500" in str(alarm)
    later *= 2
    assert daemon.round(later) == 0
    assert str(webhooks.listing(office.office)[0]["state"]) == "disabled"
    webhooks.enable(office.office, clock.utc_now() + later, JOOST, "books")
    daemon.round(later)
    assert daemon.alarms["webhook books"] is None
    assert len(set(receiver.ids()[:3])) == 1


def test_a_receiver_that_says_it_is_gone_is_asked_no_more(office: Records, receiver: Receiver) -> None:
    daemon = Daemon(office)
    receiver.answers = [410]
    office.make()
    daemon.round()
    assert row().disabled_at is not None


def test_it_tells_what_its_staff_member_may_see_at_that_moment_and_nothing_else(office: Records, receiver: Receiver) -> None:
    office.configure(settings=settings(receiver, "z.zon"))
    daemon = Daemon(office)
    office.make(client="acme-bv", description="Of acme alone")
    mine = office.make(client="zon", description="Of the bakery")
    daemon.round()
    assert {one["data"]["item"] for one in receiver.verified(SECRET)} == {f"D-{mine // 10**7}-{mine % 10**7:06d}"}
    count = len(receiver.got)
    office.make(client="zon")
    gone = STAFF + "  z.zon: {name: Zoë Zon, email: z@office.example, rights: [create], clients: [zon], active: false}\n"
    office.configure(staff=gone)
    daemon.sender.office = office.office
    daemon.round()
    assert len(receiver.got) == count, "who has left is told nothing"
    assert "z.zon" in str(webhooks.listing(office.office)[0]["state"])


@pytest.mark.parametrize("change", ["left", "moved"])
def test_whoever_loses_the_right_between_two_events_is_told_no_more(
    office: Records, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    office.configure(settings=settings(receiver, "z.zon"))
    daemon = Daemon(office)
    first, *others = [office.make(client="zon", description=f"Of the bakery {number}") for number in range(4)]
    send = sending.posting.post

    def then_less(*words: Any) -> Any:
        answer = send(*words)
        if change == "left":
            less = "  z.zon: {name: Zoë Zon, email: z@office.example, rights: [create], clients: [acme-bv]}\n"
            office.configure(staff=STAFF + less)
            daemon.sender.office = office.office
        else:
            for one in others:
                undoing.move(office.office, office.now, JOOST, one, "acme-bv")
        return answer

    monkeypatch.setattr(sending.posting, "post", then_less)
    monkeypatch.setattr(sending, "ASKED_SECONDS", 0.0 if change == "moved" else 60.0)
    daemon.round()
    assert {one["data"]["item"] for one in receiver.verified(SECRET)} == {f"D-{first // 10**7}-{first % 10**7:06d}"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%1",
        "fd00::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:0a00:0001::1", "ff02::1", "255.255.255.255",
        "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "2001::1", "2001:db8::1", "3fff::1", "fec0::1", "5f00::1", "192.88.99.1",
    ],
)  # fmt: skip
def test_an_address_within_is_no_public_one(address: str) -> None:
    assert not is_public(address)


def test_a_public_address_is_one() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize(
    ("private", "host"),
    [
        ("[]", "127.0.0.1"),
        ("[10.0.0.0/8]", "localhost"),
        ("[]", "2130706433"),
        ("[]", "[::1]"),
        ("[]", "0x7f.1"),
        ("[]", "[::ffff:127.0.0.1]"),
        ("[]", "[::127.0.0.1]"),
    ],
)
def test_a_private_address_is_gone_to_only_if_the_settings_name_it(
    office: Records, receiver: Receiver, private: str, host: str
) -> None:
    office.configure(settings=settings(receiver, private=private, url=f"http://{host}:{receiver.port}/"))
    daemon = Daemon(office)
    office.make()
    daemon.round()
    assert receiver.got == []
    assert "private" in str(unpacked(row().error))


def test_a_name_that_leads_elsewhere_the_next_moment_leads_nowhere_within(
    office: Records, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is resolved once, and the connection goes to the address that was looked at."""
    asked: list[str] = []
    went: list[Any] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: Any, *_: object) -> None:
        went.append(address)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setattr("socket.create_connection", connect)
    office.configure(settings=settings(receiver, private="[]", url="https://books.example/hook"))
    hook = office.office.settings.webhooks["books"]
    answer = post(hook, ENVIRON, "1.x", clock.utc_now(), "test", {})
    assert (asked, went, answer.status) == (["books.example"], [("93.184.215.14", 443)], 0)


def test_of_a_receivers_addresses_the_next_is_tried_where_one_does_not_answer(
    office: Records, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        hosts = ["127.0.0.2", "127.0.0.1"] if host == "books.example" else [host]
        return [entry for one in hosts for entry in resolved(one, port, *more, **named)]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    office.configure(settings=settings(receiver, private="[127.0.0.0/8]", url=f"http://books.example:{receiver.port}/"))
    answer = post(office.office.settings.webhooks["books"], ENVIRON, "1.x", clock.utc_now(), "test", {})
    assert answer.status == 200, str(answer.sentence)


@pytest.mark.parametrize("rest", [b"content-length: 50\r\n\r\nok", b"transfer-encoding: chunked\r\n\r\nno number\r\n"])
def test_a_yes_is_a_yes_whatever_comes_behind_it(office: Records, receiver: Receiver, rest: bytes) -> None:
    def say(listening: socket.socket) -> None:
        line = listening.accept()[0]
        with line:
            got = b""
            while not got.endswith(b"}"):
                got += line.recv(65536)
            line.sendall(b"HTTP/1.1 200 OK\r\n" + rest)

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        saying = threading.Thread(target=say, args=(listening,))
        saying.start()
        office.configure(settings=settings(receiver, url=f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        answer = post(office.office.settings.webhooks["books"], ENVIRON, "1.x", clock.utc_now(), "test", {})
        saying.join()
    assert answer.is_yes


def test_over_the_internet_nothing_goes_in_the_open(office: Records, receiver: Receiver) -> None:
    office.configure(settings=settings(receiver, private="[]", url="http://93.184.215.14/hook"))
    answer = post(office.office.settings.webhooks["books"], ENVIRON, "1.x", clock.utc_now(), "test", {})
    assert (answer.status, answer.sentence.code) == (0, "webhooks.in_the_open")


def test_whoever_answers_drop_by_drop_is_cut_off(office: Records, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.webhooks.posting.ANSWER_SECONDS", 0.3)

    def drip(listening: socket.socket) -> None:
        line = listening.accept()[0]
        with line, suppress(OSError):
            for letter in b"HTTP/1.1 200 OK\r\n" * 30:
                line.sendall(bytes([letter]))
                time.sleep(0.05)

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        dripping = threading.Thread(target=drip, args=(listening,))
        dripping.start()
        office.configure(settings=settings(receiver, url=f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        began = time.monotonic()
        answer = post(office.office.settings.webhooks["books"], ENVIRON, "1.x", clock.utc_now(), "test", {})
        assert (answer.status, time.monotonic() - began < 5) == (0, True)
        dripping.join()


def test_a_receiver_that_says_nothing_is_told_of_as_that(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.webhooks.posting.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        office.configure(settings=settings(Receiver(listening.getsockname()[1])))
        daemon = Daemon(office)
        office.make(description="About this nobody says anything")
        daemon.round()
        assert str(unpacked(row().error)) == "it did not answer within 0.2 seconds"


def test_webhooks_that_fail_wait_until_those_that_work_were_told(office: Records, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}"
    hooks = "".join(
        f"  {name}: {{url: '{url}/{name}', for: j.admin, secret_env: HOOK_SECRET, private: [127.0.0.1]}}\n"
        for name in ("a", "b", "works")
    )
    office.configure(settings=f"{SETTINGS}webhooks:\n{hooks}")
    daemon = Daemon(office)
    office.make(description="The first two answer nothing good")
    receiver.answers = [500, 500]
    daemon.round()
    office.make(description="The third hears of it before they are asked again")
    receiver.answers, receiver.paths = [200, 500, 500], []
    assert daemon.round(timedelta(minutes=1)) == 2
    first, *others = receiver.paths
    assert (first, len(others)) == ("/works", 1)
    assert daemon.round(timedelta(minutes=1)) == 1
    assert sorted(receiver.paths[1:]) == ["/a", "/b"]


def test_a_test_message_is_verified_as_the_others_and_a_refusal_is_told(office: Records, receiver: Receiver) -> None:
    told = webhooks.try_out(office.office, clock.utc_now(), ENVIRON, "books")
    assert "books" in str(told)
    [message] = receiver.verified(SECRET)
    assert (message["type"], message["data"]) == ("test", {"webhook": "books"})
    receiver.answers = [401]
    with pytest.raises(Unavailable, match="401"):
        webhooks.try_out(office.office, clock.utc_now(), ENVIRON, "books")
