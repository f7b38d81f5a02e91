"""When the thread of the mails to log in with looks again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from desk.daemon import mail_work
from desk.daemon.mail_work import UNHEARD_SECONDS, WAKE_SECONDS, LoginMails
from workflow.mail.sending import Round


@pytest.mark.parametrize(
    ("due_in", "looks_in"), [(None, UNHEARD_SECONDS), (3600.0, UNHEARD_SECONDS), (1.5, 1.5), (0.0, WAKE_SECONDS)]
)
def test_it_looks_again_when_a_mail_is_due(monkeypatch: pytest.MonkeyPatch, due_in: float | None, looks_in: float) -> None:
    given: Any = SimpleNamespace()
    mails = LoginMails(given, {}, lambda *_: None, given)
    monkeypatch.setattr(mail_work, "data_version", lambda: 1)
    monkeypatch.setattr(mails, "_take", lambda _: True)
    monkeypatch.setattr(mails, "round", lambda _: Round())
    monkeypatch.setattr(mails.mailer, "seconds_to_next", lambda _: due_in)
    assert mails.step() == pytest.approx(looks_in, abs=0.5)
    assert mails.step() == pytest.approx(looks_in, abs=0.5)
