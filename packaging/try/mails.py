"""The mail server of the office that is tried: takes every mail at ADDRESS, port 25, and prints
what a reader would see.

usage: mails.py ADDRESS
"""

from __future__ import annotations

import email
import email.message
import email.policy
import signal
import sys
from typing import Any

from aiosmtpd.controller import Controller


class Reader:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        assert isinstance(mail, email.message.EmailMessage)
        body = mail.get_body(("plain",))
        print(f"--- to {mail['To']}: {mail['Subject']}\n{body.get_content() if body else ''}", flush=True)
        return "250 taken"


def main() -> None:
    controller = Controller(Reader(), hostname=sys.argv[1], port=25)
    controller.start()
    signal.pause()


if __name__ == "__main__":
    main()
