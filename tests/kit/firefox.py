"""Firefox without a screen, told what to do by the protocol that it brings itself (Marionette): no driver beside it is needed.

A message is its length, a colon, and JSON: [0, number, command, values] there, [1, number, fault, answer] back
(firefox-source-docs.mozilla.org/testing/marionette/Protocol.html).
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kit.support import free_port, wait_for

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""Key of a reference to an element (WebDriver, section 11)."""


class Firefox:
    """A window of Firefox."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._read()
        self._count = 0
        self.version = str(self.ask("WebDriver:NewSession")["capabilities"]["browserVersion"])

    def ask(self, command: str, **values: object) -> Any:
        """What Firefox answers; an AssertionError with what it refuses."""
        self._count += 1
        message = json.dumps([0, self._count, command, values]).encode()
        self._line.sendall(b"%d:%s" % (len(message), message))
        _, _, fault, answer = json.loads(self._read())
        assert fault is None, (command, values, fault)
        return answer.get("value") if isinstance(answer, dict) and answer.keys() == {"value"} else answer

    def _read(self) -> bytes:
        length, data = b"", b""
        while (one := self._line.recv(1)) != b":":
            length += one
        while len(data) < int(length):
            data += self._line.recv(int(length) - len(data))
        return data

    def go(self, address: str) -> None:
        self.ask("WebDriver:Navigate", url=address)

    def give(self, cookies: Mapping[str, str]) -> None:
        for name, value in cookies.items():
            self.ask("WebDriver:AddCookie", cookie={"name": name, "value": value, "path": "/"})

    def size(self, width: int, height: int) -> None:
        self.ask("WebDriver:SetWindowRect", width=width, height=height)

    def run(self, script: str, *arguments: object, is_later: bool = False) -> Any:
        """What a script returns; `is_later`: what it gives to its last argument. The page's own policy does not hold for it."""
        command = "WebDriver:ExecuteAsyncScript" if is_later else "WebDriver:ExecuteScript"
        return self.ask(command, script=script, args=list(arguments), sandbox="default")

    def find(self, selector: str) -> str:
        return str(self.ask("WebDriver:FindElement", using="css selector", value=selector)[_ELEMENT])

    def click(self, selector: str) -> None:
        self.ask("WebDriver:ElementClick", id=self.find(selector))

    def type(self, selector: str, text: str) -> None:
        """Into a field; into one for files, a path."""
        self.ask("WebDriver:ElementSendKeys", id=self.find(selector), text=text)

    def text(self, selector: str) -> str:
        return str(self.ask("WebDriver:GetElementText", id=self.find(selector)))


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Debian's Firefox, with a profile of its own in `folder`."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    assert path is not None, "there is no Firefox: apt-get install firefox-esr"
    folder.mkdir()
    port = free_port()
    (folder / "user.js").write_text(
        f'user_pref("marionette.port", {port});\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
    )
    command = [path, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with open(folder / "firefox.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    try:
        wait_for(lambda: _listens(port), lambda: f"Firefox listens: {(folder / 'firefox.log').read_text()[-500:]}")
        yield Firefox(port)
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
