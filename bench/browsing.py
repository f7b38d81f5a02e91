"""A browser for benchmarks of the desk and the portal: it logs in, and keeps its connection and
its cookie."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlencode, urlsplit

import common


class Browser:
    """A browser that keeps its connection and its cookie."""

    def __init__(self, port: int, link: str) -> None:
        """`link`: a login link, which is used up."""
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookie = ""
        answer, _ = self.ask(urlsplit(link).path, {})
        self._cookie = str(answer.getheader("set-cookie")).partition(";")[0]

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {"cookie": self._cookie, "content-type": "application/x-www-form-urlencoded"}
        what = ("GET" if form is None else "POST", path, None if form is None else urlencode(form), headers)
        try:
            self._line.request(*what)
            answer = self._line.getresponse()
        except ConnectionError:  # the server closes a connection that was quiet
            self._line.close()
            self._line.request(*what)
            answer = self._line.getresponse()
        data = answer.read()
        if answer.status not in (200, 303, 409):
            raise common.BenchmarkFailed(f"{path}: {answer.status} {data[:300]!r}")
        return answer, data

    def timed(self, path: str, form: dict[str, str] | None = None) -> tuple[float, int]:
        """(milliseconds, bytes) of a page."""
        began = time.perf_counter()
        _, data = self.ask(path, form)
        return 1000 * (time.perf_counter() - began), len(data)
