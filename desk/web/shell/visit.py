"""A request to a web server of ours, with what every page needs to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.web.shell.face import Face
from desk.web.shell.gate import Form
from dossier.office.office import Office
from dossier.vault.folder import Vault


@dataclass(frozen=True, slots=True)
class Visit:
    """What a client and a member of staff have in common, whoever it is."""

    face: ClassVar[Face]

    request: Request
    form: Form
    office: Office
    now: datetime
    peer: str
    """The caller's IP address."""
    vault: Vault

    def field(self, name: str) -> str:
        """The last value of a field of the form, else of the address; "" if it is in neither."""
        values = self.form.get(name)
        return values[-1] if values else self.request.query_params.get(name, "")

    def to(self, path: str) -> Response:
        """Go on to a path of this server."""
        return RedirectResponse(self.face.prefix(self.office) + path, 303)
