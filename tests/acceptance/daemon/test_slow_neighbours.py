"""A daemon whose neighbours keep it waiting stops in time all the same, and nothing that they did not take is lost."""

from __future__ import annotations

import os
import signal
import socket

import pytest
from kit.guard_corpus import pdf
from kit.mail_server import Server
from kit.receivers import SECRET, receiving
from kit.support import NOTIFIED, PDF, SETTINGS, Root, free_port, wait_for


@pytest.mark.slow
def test_a_stop_waits_for_no_slow_mail_server_no_silent_receiver_and_no_file_that_is_being_read(root: Root, post: Server) -> None:
    port = free_port()
    hook = f"{{url: 'http://127.0.0.1:{port}/', for: j.admin, secret_env: BOOKS_SECRET, private: [127.0.0.1]}}"
    root.set("settings", f"{SETTINGS}webhooks:\n  books: {hook}\n")
    root.environ["BOOKS_SECRET"] = SECRET
    post.think_seconds = 20
    with socket.create_server(("127.0.0.1", port)) as silent, root.daemon(afresh=True) as daemon:
        wait_for(lambda: root.json("webhooks", user="j.admin"), "the daemon knows the webhook")
        root.drop("letter", NOTIFIED, letter_pdf=pdf("zonnebloem"))
        [reader] = wait_for(lambda: daemon.children("texts_child"), "the file is being read")
        os.kill(reader, signal.SIGSTOP)
        line = silent.accept()[0]
        wait_for(lambda: post.recipients, "a mail is being sent")
        assert daemon.stop() == 0
        line.close()
    assert not post.mails
    post.think_seconds = 0
    with receiving(port) as receiver, root.daemon():
        wait_for(lambda: post.mails, "the mail is sent")
        wait_for(lambda: root.json("items", "zonnebloem", "--in", "files"), "the item is found by what its file says")
        wait_for(lambda: "created" in [one["type"] for one in receiver.verified(SECRET)], "the webhook is told")


def test_a_stop_waits_for_no_scanner_that_is_silent(root: Root) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        root.set("settings", f"{SETTINGS}intake: {{clamd: 'tcp:127.0.0.1:{silent.getsockname()[1]}'}}\n")
        with root.daemon() as daemon:
            root.drop("letter", "description: A letter\ncreated_by: p.bakker\n", letter_pdf=PDF)
            line = silent.accept()[0]
            wait_for(lambda: line.recv(4096).endswith(bytes(4)), "all of the file is sent")
            assert daemon.stop() == 0
            line.close()
        assert root.receipt("letter") is None
    root.set("settings", SETTINGS)
    root.once()
    assert root.receipt("letter")
