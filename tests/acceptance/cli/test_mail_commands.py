"""Mail as its users see it: the installed command, a real server, a daemon that is killed at the worst moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter

import pytest
from kit.mail_server import Server, text_of
from kit.support import PDF, Root, wait_for

SHARED = """\
description: Annual accounts {number}
share: yes
share_status: approved
share_attachments: all
notify: yes
contact: j.jansen
created_by: m.devries
"""

KILLED_AFTER_250 = """
import os, signal, sys
from workflow.mail import delivering
delivering.mark_sent = lambda *ignored: os.kill(os.getpid(), signal.SIGKILL)
from desk.cli.main import run
sys.argv[1:] = {arguments!r}
sys.exit(run())
"""


def _drop(root: Root, count: int) -> None:
    for number in range(count):
        root.drop(f"report{number}", SHARED.format(number=number), **{f"report{number}_pdf": PDF + str(number).encode()})


@pytest.mark.slow
def test_killed_between_250_and_the_commit_only_that_mail_is_repeated_with_the_same_message_id(root: Root, post: Server) -> None:
    _drop(root, 4)
    script = KILLED_AFTER_250.format(arguments=["--root", str(root.path), "run", "--once"])
    killed = subprocess.run([sys.executable, "-c", script], env=root.whole_environ(), capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(post.mails) == 1
    root.once()
    counts = Counter(mail["Message-ID"] for mail in post.mails)
    assert sorted(counts.values()) == [1, 1, 1, 2]
    assert counts[post.mails[0]["Message-ID"]] == 2
    for number in range(1, 5):
        item = root.json("show", root.json("items")[number - 1]["item"])
        assert (item["notify"], bool(item["notified_at"])) == (False, True)
    root.once()
    assert len(post.mails) == 5


def test_a_daemon_killed_while_the_server_has_the_mail_sends_it_again_after_the_next_start(root: Root, post: Server) -> None:
    _drop(root, 1)
    with root.daemon() as daemon:
        keep = post.handle_DATA

        async def kill(server: object, session: object, envelope: object) -> str:
            daemon.kill()
            return await keep(server, session, envelope)

        post.handle_DATA = kill  # type: ignore[method-assign]
        wait_for(lambda: daemon.poll() is not None, "the daemon is killed")
        wait_for(lambda: post.mails, "the server keeps the mail all the same")
        post.handle_DATA = keep  # type: ignore[method-assign]
    root.once()
    root.once()
    assert len({mail["Message-ID"] for mail in post.mails}) == 1
    assert len(post.mails) == 2
    assert root.json("outbox")[0]["state"] == "sent"


def test_the_outbox_tells_what_waits_failed_and_was_sent_and_mails_can_be_sent_again(root: Root, post: Server) -> None:
    _drop(root, 1)
    root.environ["DOSSIER_MAIL__PORT"] = "9"
    root.once()
    [mail] = root.json("outbox")
    item = mail["item"]
    assert (mail["state"], mail["to"]) == ("waiting", "j.jansen")
    assert mail["attempts"] >= 1  # a slow machine comes to the next try
    assert "Connection refused" in mail["error"]
    assert root.json("show", item)["notify"] is True
    assert "ALARM: mail can't be sent" in root.run("status").stdout
    root.environ["DOSSIER_MAIL__PORT"] = str(post.port)
    assert "waiting" in root.run("outbox", "--state", "waiting").stdout
    root.run("outbox", "retry", str(mail["id"]), user="p.bakker")
    root.once()
    assert len(post.mails) == 1
    assert root.json("outbox", "--state", "sent")[0]["message_id"] == post.mails[0]["Message-ID"]
    done = root.run("notify", item, "--contact", "j.jansen", user="p.bakker")
    assert f"{item}: a mail to Jan Jansen <j.jansen@acme.example> is in the outbox" in done.stdout
    again = root.run("notify", item, user="p.bakker", code=1)
    assert again.stderr.count("\n") == 1
    waiting = root.json("outbox", "--state", "waiting")[0]
    root.run("outbox", "cancel", str(waiting["id"]), user="p.bakker")
    root.once()
    assert len(post.mails) == 1
    refused = root.run("outbox", "retry", "99", user="p.bakker", code=1)
    assert "there is no mail 99" in refused.stderr
    root.run("notify", item, "--contact", "nobody", user="p.bakker", code=1)
    root.run("notify", "nonsense", user="p.bakker", code=2)


def test_a_preview_shows_the_mail_in_the_offices_own_words(root: Root, post: Server) -> None:
    _drop(root, 1)
    root.once()
    item = root.json("items")[0]["item"]
    assert "Subject: Voor u klaargezet: Annual accounts 0" in root.run("mail", "preview", item).stdout
    folder = root.path / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text("Subject: Nieuw: {{ description }}\n\nDag {{ name }}\n")
    assert "Subject: Nieuw: Annual accounts 0\n\nDag Jan Jansen" in root.run("mail", "preview", item).stdout
    assert "<p" in root.run("mail", "preview", item, "--html").stdout
    (folder / "ready.nl.txt").write_text("Subject: Nieuw\n\n{{ nonsense }}\n")
    assert "config/templates/ready.nl.txt:1: 'nonsense' is undefined" in root.run("mail", "preview", item, code=1).stderr


def test_whose_drop_was_refused_reads_why_in_a_mail_and_an_import_tells_nobody(root: Root, post: Server) -> None:
    root.drop("wrong", "created_by: p.bakker\ndescription: Annual accounts\nstatus: lost\n")
    concept = "created_by: p.bakker\ndescription: Annual accounts\nshare: yes\nshare_attachments: all\nattachments: [a.pdf]\n"
    root.place("acme-bv", {"import-0123456789abcdef0123/a.pdf": PDF, "import-0123456789abcdef0123/item.yaml": concept})
    root.once()
    assert [item["share_state"] for item in root.json("items")] == ["concept"]
    [mail] = post.mails
    assert (mail["To"].addresses[0].username, mail["Subject"]) == ("p.bakker", "Refused: wrong for Acme B.V.")
    assert "`lost`" in " ".join(text_of(mail).split())
    root.once()
    assert len(post.mails) == 1
