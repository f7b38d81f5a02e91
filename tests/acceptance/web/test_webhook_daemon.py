"""A webhook from outside: the daemon tells it of a drop; killed and started again, it sends the same message once more."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.receivers import receiving
from kit.support import OWN_SETTINGS, own_office, wait_for


def test_the_daemon_tells_what_happens_and_killed_at_any_time_sends_it_again_under_the_same_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        hook = f"webhooks:\n  books: {{url: '{receiver.url}', for: k.smit, secret_env: BOOKS_SECRET, private: [127.0.0.1]}}\n"
        office = own_office(tmp_path / "office", settings=OWN_SETTINGS + "identity: {trust_sidecar: true}\n" + hook)
        secret = office.run("webhooks", "secret").stdout.strip()
        monkeypatch.setenv("BOOKS_SECRET", secret)
        assert "books" in office.run("webhooks", "test", "books", user="k.smit").stdout
        receiver.got.clear()
        receiver.answers = [500] * 100
        with office.daemon() as daemon:
            wait_for(lambda: office.json("webhooks", user="k.smit")[0]["name"] == "books", "it is known")
            office.drop(
                "letter",
                "description: A letter of the tax office\ncreated_by: p.bakker\n",
                **{"letter.pdf": b"%PDF-1.4\n%%EOF\n"},
            )
            office.until_taken("acme-bv", "letter")
            wait_for(lambda: receiver.got, "it is tried")
            daemon.kill()
            daemon.wait()
        tried = len(receiver.got)
        receiver.answers.clear()
        office.run("webhooks", "enable", "books", user="k.smit")
        with office.daemon():
            wait_for(lambda: len(receiver.got) > tried, "it is told of the item")
            assert any(one["type"] == "created" for one in receiver.verified(secret))
        ids = receiver.ids()
        assert ids[0] == ids[1]
        wait_for(lambda: office.json("webhooks", user="k.smit")[0]["error"] is None, "all is well again")
