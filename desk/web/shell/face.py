"""What makes the portal and the desk two servers: settings of its own, and a cookie that the other
never takes for its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from dossier.office.keys import DeskSettings, PortalSettings
from dossier.office.office import Office


@dataclass(frozen=True, slots=True)
class Face:
    """`cookie`: by which a browser is known again, as it is called without TLS. `settings`: those
    of config/."""

    cookie: str
    settings: Callable[[Office], PortalSettings | DeskSettings]

    def prefix(self, office: Office) -> str:
        """The path of base_url, which every address begins with; empty for most."""
        return urlsplit(self.settings(office).base_url).path.rstrip("/")

    def is_secure(self, office: Office) -> bool:
        """True if people reach it over TLS, and browsers may send the cookie over TLS alone."""
        return self.settings(office).base_url.startswith("https://")

    def cookie_name(self, office: Office) -> str:
        """Behind TLS a name that browsers take from this host alone, and over TLS alone (RFC
        6265bis section 4.1.3.2)."""
        return f"__Host-{self.cookie}" if self.is_secure(office) else self.cookie

    def set_cookie(self, answer: Response, office: Office, value: str, seconds: int | None = None) -> None:
        """For this browser's session, which the server ends sooner, or for so many seconds."""
        name, is_secure = self.cookie_name(office), self.is_secure(office)
        answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=is_secure)

    def forget_cookie(self, answer: Response, office: Office) -> None:
        answer.delete_cookie(self.cookie_name(office), httponly=True, samesite="lax", secure=self.is_secure(office))
