"""Logging in to the desk by a provider that others made and that is certified: oidc-provider, on Node.js (`make try-identity`).

What a bad provider says is in tests/integration/web/test_identity_provider.py; here a good one has its own mind about all that a
standard leaves open.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from kit.desk import STAFF, DeskRig
from kit.support import free_port, wait_for
from kit.web import Browser

pytestmark = pytest.mark.skipif(
    not os.environ.get("IDENTITY_PROVIDER"), reason="needs Node.js and the network; make try-identity"
)

CLIENT, SECRET = "the-desk", "a secret: of 100% + the client"
KNOWN = STAFF.replace("rights: [create], language: nl}", "rights: [create], language: nl, oidc_subject: petra}")


class Certified:
    """The provider as a process, which knows whoever types a name."""

    def __init__(self, folder: Path, port: int, desk: str, algorithm: str) -> None:
        self.issuer = f"http://localhost:{port}"
        self._script = folder / "provider.mjs"
        shutil.copy(Path(__file__).with_name("provider.mjs"), self._script)
        client = {
            "client": CLIENT, "secret": SECRET, "redirect": f"{desk}/_oidc/back", "after": f"{desk}/_login?bye=1",
            "algorithm": algorithm,
        }  # fmt: skip
        self._command = ["node", self._script.name, str(port), json.dumps(client)]

    @contextmanager
    def running(self) -> Iterator[None]:
        """With keys that are new each time."""
        process = subprocess.Popen(self._command, cwd=self._script.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(self._answers, "the provider answers")
            yield
        finally:
            process.terminate()
            process.wait()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5).ok
        except requests.ConnectionError:
            return False

    def log_in(self, person: requests.Session, address: str, name: str, desk: str) -> str:
        """What somebody does there who is sent to `address`; where they are sent back to."""
        answer = person.get(address, allow_redirects=False, timeout=10)
        for _ in range(12):
            if "location" in answer.headers:
                goal = urljoin(answer.url, answer.headers["location"])
                if goal.startswith(f"{desk}/"):
                    return goal.removeprefix(desk)
                answer = person.get(goal, allow_redirects=False, timeout=10)
            else:
                answer = self._press(person, answer, {"login": name, "password": "whatever"})
        raise AssertionError(answer.text)

    def _press(self, person: requests.Session, page: requests.Response, typed: dict[str, str]) -> requests.Response:
        """Fill in the page's form and send it."""
        action = re.search(r'action="([^"]+)"', page.text)
        assert action, page.text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return person.post(urljoin(page.url, action[1]), {**fields, **typed}, allow_redirects=False, timeout=10)

    def log_out(self, person: requests.Session, address: str, desk: str) -> str:
        """What somebody does there who is sent to `address` to log out; where that leads."""
        answer = self._press(person, person.get(address, allow_redirects=False, timeout=10), {"logout": "yes"})
        assert answer.headers["location"].startswith(desk), answer.text
        return answer.headers["location"].removeprefix(desk)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_people_log_in_and_out_with_a_certified_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    port = free_port()
    desk = f"http://127.0.0.1:{port}"
    provider = Certified(Path(os.environ["IDENTITY_PROVIDER"]).resolve(), free_port(), desk, algorithm)
    monkeypatch.setenv("DESK_OIDC", SECRET)
    oidc = f"oidc: {{issuer: '{provider.issuer}', client_id: {CLIENT}, client_secret_env: DESK_OIDC}}"
    with DeskRig.running(tmp_path / "office", staff=KNOWN, desk=oidc, port=port) as rig:

        def come_back(browser: Browser, name: str, person: requests.Session) -> str:
            return provider.log_in(person, browser.get("/_oidc?next=/clients").goes_to, name, desk)

        with provider.running():
            petra, there = rig.browser(), requests.Session()
            back = come_back(petra, "petra", there)
            assert "iss=" in back, "it says who it is, as RFC 9207 has it"
            assert petra.get(back).goes_to == "/clients"
            assert "Petra Bakker" in petra.get("/").text
            assert petra.get(back).status == 403, "once"
            stranger = rig.browser()
            refused = stranger.get(come_back(stranger, "stranger", requests.Session()))
            assert refused.status == 403
            assert "stranger" in refused.text
            away = petra.post("/_logout").headers["refresh"].partition("url=")[2]
            assert provider.log_out(there, away, desk).startswith("/_login?bye=1")
            assert petra.get("/").status == 303
        with provider.running():
            again = rig.browser()
            assert again.get(come_back(again, "petra", requests.Session())).goes_to == "/clients", "it has other keys now"
    assert "a login was refused" in rig.desk.log()
