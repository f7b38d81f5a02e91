"""A mail server that never comes to an end of its answer costs no memory, and no more than the time-out of a step."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from dossier.database import identity
from dossier.office.keys import MailSettings
from workflow.mail import smtp


@pytest.fixture(autouse=True)
def _of_a_real_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database nobody knows, and nothing is mailed."""
    monkeypatch.setattr(identity, "_trial_since", None)


@contextlib.contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[MailSettings]:
    """A mail server that says what `talk` says to the first who calls."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with contextlib.suppress(OSError):
                line, _ = listening.accept()
                with line:
                    talk(line)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield MailSettings(host="127.0.0.1", port=listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def endless(begin: bytes, more: bytes, pause: float = 0) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(begin)
        while True:
            line.sendall(more)
            time.sleep(pause)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        endless(b"", b"220-welcome to the server that never stops\r\n" * 100),
        endless(b"220-", b"x" * 65536),
        endless(b"", b"220-slowly\r\n", pause=0.05),
        endless(b"220-", b"x", pause=0.05),
    ],
    ids=["lines", "one line", "slow lines", "one slow line"],
)
def test_a_greeting_without_an_end_costs_no_memory_and_no_more_than_the_time_out(
    monkeypatch: pytest.MonkeyPatch, talk: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1)
    with server(talk) as mail:
        tracemalloc.start()
        began = time.monotonic()
        with pytest.raises(smtp.NoServer, match=r"does not come to an end of its answer|does not answer in time"):
            smtp.open_line(mail, {})
        took, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert took < 3
    assert peak < 4_000_000


def test_an_endless_answer_to_a_mail_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1)

    def talk(line: socket.socket) -> None:
        line.sendall(b"220 hello\r\n")
        heard = line.makefile("rb")
        heard.readline()
        line.sendall(b"250-here\r\n250 SIZE 1000000\r\n")
        heard.readline()
        endless(b"", b"250-yes, and\r\n" * 100)(line)

    message = EmailMessage()
    message.set_content("text")
    with server(talk) as mail:
        line = smtp.open_line(mail, {})
        answer = smtp.hand_over(line, mail.sender, "j.jansen@acme.example", message.as_bytes(), lambda: True)
    assert answer is not None
    assert answer.is_silence
    assert "does not come to an end" in str(answer.text)


def test_answers_of_several_lines_and_in_pieces_are_understood() -> None:
    def talk(line: socket.socket) -> None:
        for piece in (b"220-", b"one\r\n22", b"0 two\r", b"\n"):
            line.sendall(piece)
            time.sleep(0.02)
        heard = line.makefile("rb")
        heard.readline()
        line.sendall(b"250-here\n250-SIZE 1000\n250\n")
        heard.readline()

    with server(talk) as mail:
        line = smtp.open_line(mail, {})
        assert line.esmtp_features["size"] == "1000"
        smtp.close_line(line, politely=False)
