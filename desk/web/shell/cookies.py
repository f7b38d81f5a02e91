"""The cookie by which a browser is known again. Each server has its own, and the other never takes it for one of its."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from dossier.office.office import Office


@dataclass(frozen=True, slots=True)
class Cookie:
    """`plain`: its name without TLS. `base_url`: where people reach the server, which says whether there is TLS."""

    plain: str
    base_url: Callable[[Office], str]

    def is_secure(self, office: Office) -> bool:
        """True if browsers may send it over TLS alone."""
        return self.base_url(office).startswith("https://")

    def name(self, office: Office) -> str:
        """Behind TLS a name that browsers take from this host alone, and over TLS alone (RFC 6265bis section 4.1.3.2)."""
        return f"__Host-{self.plain}" if self.is_secure(office) else self.plain

    def set(self, answer: Response, office: Office, value: str, seconds: int | None = None) -> None:
        """For this browser's session, which the server ends sooner, or for so many seconds."""
        answer.set_cookie(self.name(office), value, max_age=seconds, httponly=True, samesite="lax", secure=self.is_secure(office))

    def forget(self, answer: Response, office: Office) -> None:
        answer.delete_cookie(self.name(office), httponly=True, samesite="lax", secure=self.is_secure(office))
