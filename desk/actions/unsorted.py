"""What came without a client, whose it may be, and giving it to one."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dossier.files import files
from dossier.files.beneath import open_beneath
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from ingest.sources import unsorted
from ingest.sources.dropping import Keys as Keys
from ingest.sources.unsorted import ALONE as ALONE
from ingest.sources.unsorted import Unsorted
from workflow.guard.screening import Screen

MOST_SUGGESTED = 5
"""So many clients are suggested for a file."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A client whose name or number stands in a file."""

    client: str
    name: str
    words: str
    """The name or number, as the file has it."""
    is_number: bool


def unsorted_files(office: Office, reader: Actor) -> list[Unsorted]:
    """What lies in inbox/_unsorted, oldest first, for staff who work for all clients.

    Raises OSError.
    """
    return unsorted.lying(office, people.readable(office, reader))


def suggestions(office: Office, reader: Actor, given: Path) -> list[Suggestion]:
    """The clients whose names and numbers stand in the text of a file there, the likeliest first.

    Raises NotFound; OSError.
    """
    name = unsorted.check(office, people.readable(office, reader), unsorted.name_of(office, given))
    path = office.inbox / unsorted.FOLDER / name
    with contextlib.closing(Screen()) as screen:
        sha256 = files.hash_file(path)
        screen.begin(office, path, name, sha256)
        screen.wait([(name, sha256)], patience=None)
        found = screen.clients_named(name, sha256)
    active = [(code, how) for code, how in found.items() if office.clients[code].active]
    return [Suggestion(code, office.clients[code].name, how.words, how.kind == "number") for code, how in active[:MOST_SUGGESTED]]


def check_waiting(office: Office, reader: Actor, client: str, name: str) -> None:
    """Raise NotFound unless this file waits in the client's own folder for its sidecar."""
    unsorted.check_waiting(office, people.readable(office, reader), client, name)


def content(office: Office, reader: Actor, name: str, client: str | None = None) -> tuple[str, Iterator[bytes]]:
    """(name, bytes) of a file there, or of one that waits in this client's own folder, to be looked
    at.

    Raises NotFound; the bytes raise OSError, and NotPlain for what is none by now.
    """
    may = people.readable(office, reader)
    if client is None:
        unsorted.check(office, may, name)
    else:
        unsorted.check_waiting(office, may, client, name)

    def pieces() -> Iterator[bytes]:
        with open_beneath(office.inbox, client or unsorted.FOLDER) as folder, files.open_plain(folder / name) as descriptor:
            yield from files.pieces_of(descriptor, 0, os.fstat(descriptor).st_size)

    return name, pieces()


def suggested(found: Sequence[Suggestion]) -> Sentence:
    """The same in a sentence."""
    if not found:
        return sentence("unsorted.names_nobody")
    return sentence("unsorted.names_clients", clients=", ".join(f"{one.name} ({one.client})" for one in found))


def why(office: Office, reader: Actor, given: Path) -> list[Sentence]:
    """What keeps a file there from being taken. Raises NotFound; OSError."""
    name = unsorted.check(office, people.readable(office, reader), unsorted.name_of(office, given))
    path = shlex.quote(names.printable(f"{office.inbox.name}/{unsorted.FOLDER}/{name}"))
    return [sentence("unsorted.waits", path=path), suggested(suggestions(office, reader, given))]


def assign(office: Office, now: datetime, actor: Actor, given: Path, client: str, keys: Keys, share: bool | None = None) -> Path:
    """Make a drop of a file there for this client; returns the drop's folder in the inbox.

    Raises as unsorted.assign.
    """
    return unsorted.assign(office, now, actor, unsorted.name_of(office, given), client, keys, share)


def describe(office: Office, now: datetime, actor: Actor, name: str, client: str, keys: Keys) -> Path:
    """Make a drop of a file that waits in the client's own folder for its sidecar.

    Returns and raises as `assign`.
    """
    return unsorted.assign(office, now, actor, name, client, keys, is_clients=True)
