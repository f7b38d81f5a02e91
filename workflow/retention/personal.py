"""A person in the office's records: who is meant, and their name taken out of texts. Pure.

What names a person: their names and mail addresses, wherever they stand as whole words (`Jan
Jansen`, `jan-jansen.pdf`), and their code where it stands for them: as a value of its own, in
backquotes, or behind the client's code. A code is often a word that others have too, so within
sentences it is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dossier.text.names import nfc


@dataclass(frozen=True)
class ErasedPerson:
    """Who is to be erased. `seats`: (client, contact's id); `staff`: a staff member's code."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """Mail addresses, folded (access.folded)."""
    seats: tuple[tuple[str, str], ...] = ()
    staff: str | None = None

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        """What names the person in any text."""
        wanted = [r"[\s._-]+".join(map(re.escape, nfc(name).split())) for name in self.names if name.strip()]
        wanted += [re.escape(nfc(address)) for address in self.addresses]
        wanted += [re.escape(f"{client}/{contact}") for client, contact in self.seats]
        if not wanted:
            return None
        longest_first = "|".join(sorted(wanted, key=len, reverse=True))
        return re.compile(rf"(?<![\w@])(?:{longest_first})(?![\w@])", re.IGNORECASE)

    def codes(self, client: str | None) -> frozenset[str]:
        """The person's codes as they stand in what is about this client."""
        return frozenset(contact for code, contact in self.seats if code == client)

    def is_named_in(self, text: str, client: str | None = None) -> bool:
        return self.without(text, client, "") != nfc(text)

    def without(self, text: str, client: str | None, pseudonym: str) -> str:
        """`text`, about this client, with `pseudonym` in the person's place."""
        told = nfc(text)
        if self._words is not None:
            told = self._words.sub(pseudonym, told)
        for code in self.codes(client):
            told = pseudonym if told == code else told.replace(f"`{code}`", f"`{pseudonym}`")
        return told

    def without_in(self, value: object, client: str | None, pseudonym: str) -> object:
        """As `without`, for all texts of a JSON value; what does not name the person stays."""
        if isinstance(value, str):
            return self.without(value, client, pseudonym) if self.is_named_in(value, client) else value
        if isinstance(value, Mapping):
            return {
                self.without_in(key, client, pseudonym): self.without_in(one, client, pseudonym) for key, one in value.items()
            }
        if isinstance(value, list):
            return [self.without_in(one, client, pseudonym) for one in value]
        return value
