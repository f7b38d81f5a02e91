"""The terms of config/: rights, languages, days, keys of a sidecar, its files, its faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from dossier.text.sentences import Sentence, told

Language = Literal["nl", "en"]


Right = Literal["create", "share", "approve", "admin"]


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


YES_NO = {"yes": True, "ja": True, "true": True, "no": False, "nee": False, "false": False}
"""What a yes or a no can be written as, in any case."""

RESTORING = ".restoring"
"""The mark of a folder that a restore has begun to fill and that is no office yet (restore.py)."""


SIDECAR_KEYS: Mapping[str, str] = {
    "description": "omschrijving", "status": "status", "type": "soort", "location": "dossierlocatie", "labels": "labels",
    "explanation": "toelichting", "attachments": "bijlagen", "share_attachments": "bijlagen_delen",
    "share_explanation": "toelichting_delen", "share": "delen", "share_status": "status_delen", "approver": "goedkeurder",
    "approvals": "goedkeuringen", "notify": "email_notificatie", "contact": "contactpersoon", "created_by": "gemaakt_door", "client": "klant",
    "item": "dossierstuk", "remove": "verwijderen", "rename": "hernoemen",
}  # fmt: skip
"""What a sidecar says of any item, in English and Dutch: a type's extra fields need other names."""

LATER_KEYS: Mapping[str, str] = {"reason": "reden", "due": "vervaldatum", "owner": "behandelaar"}
"""Keys that came later. If a type has a field of that name, the word is the field's."""

ENGLISH = {word: english for english, dutch in SIDECAR_KEYS.items() for word in (english, dutch)}
"""Either word of each key → the English one."""


SETTINGS, CLIENTS, STAFF = "config/settings.yaml", "config/clients.yaml", "config/staff.yaml"


class ConfigFault(NamedTuple):
    """What is wrong with config/. `line`: from 1, 0 is the whole file, None is in no file."""

    file: str
    line: int | None
    key: str
    message: Sentence | str

    def told(self, language: Language = "en") -> str:
        """`file:line: key: message`, as far as there are these."""
        return told(self.as_sentence(), language)

    def as_sentence(self) -> Sentence:
        """The same, in no language yet."""
        at = self.file if self.line is None else f"{self.file}:{self.line}"
        where = ": ".join(part for part in (at, self.key) if part)
        return Sentence("config.at" if where else "config.anywhere", {"where": where, "message": self.message})

    def __str__(self) -> str:
        return self.told()


class ConfigurationError(Exception):
    """The configuration is wrong (exit code 3). `language`: the office's, as far as it is known."""

    def __init__(self, faults: Sequence[ConfigFault], language: Language = "en") -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = list(faults)
        self.language = language


class RootNotFound(ConfigurationError):
    """There is no office here: no config/settings.yaml in this folder or any above it."""
