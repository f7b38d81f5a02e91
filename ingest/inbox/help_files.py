"""What staff need to know to write a sidecar, as text files in the inbox: names, codes, presets.

    inbox/_staff.txt               who works here, and who may approve
    inbox/CLIENT/_client.txt       the client's contacts, approvers and presets

Their names begin with `_`, so nothing is ever taken for a drop. Only a file that says on its first
line that it is ours is ever written anew; what else lies there, and whatever a link leads to, is
left alone. No mail address stands in them: many people read them, and a contact's `id` is enough
for a sidecar.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from dossier.files import files, moves
from dossier.files.beneath import At, open_beneath
from dossier.office import people
from dossier.office.office import Office
from dossier.text.names import printable
from dossier.text.sentences import Sentence, sentence, told

STAFF, CLIENT = "_staff.txt", "_client.txt"

MARK = "(dossier help)"
"""What the first line ends with, in every language and version."""

STAMP_SECONDS = 2.0
"""The coarsest time stamps of files (FAT)."""

MODE = 0o644
"""Of a file that lies where drops do: what others wrote into it would be a sidecar of ours."""

MOST_BYTES = 1024 * 1024
"""A file that is larger is none of ours."""


def write_staff(office: Office) -> None:
    """Bring the list of staff up to date. OSError."""
    with open_beneath(office.inbox) as folder:
        _bring(folder / STAFF, _text(office, _of_staff(office)))


def write_client(office: Office, client: str, since: float = 0.0) -> None:
    """Bring the help in a client's folder up to date. OSError.

    It is not read if nothing was done to it since then (seconds since 1970), when it was right.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if os.lstat(f"{office.inbox}/{client}/{CLIENT}").st_ctime < since - STAMP_SECONDS:
            return
    with open_beneath(office.inbox, client) as folder:
        _bring(folder / CLIENT, _text(office, _of_client(office, client)))


def _bring(place: At, text: bytes) -> None:
    seen = files.look(place)
    if seen is None:
        if not files.exists(place):
            files.sweep_temporaries(place.folder)
            moves.replace_if_same(place, text, None, MODE)
        return
    if seen.size > MOST_BYTES:
        return
    data, seen = files.read_plain(place, MOST_BYTES)
    if data != text and data.splitlines()[:1] and data.splitlines()[0].rstrip().endswith(MARK.encode()):
        files.sweep_temporaries(place.folder)
        moves.replace_if_same(place, text, seen, MODE)


def _text(office: Office, lines: Iterator[Sentence]) -> bytes:
    language = office.settings.office.language
    head = f"{told(sentence('inbox.help_head'), language)} {MARK}"
    return "\n".join([head, "", *(told(line, language) for line in lines), ""]).encode("utf-8", "backslashreplace")


def _of_staff(office: Office) -> Iterator[Sentence]:
    yield sentence("inbox.help_staff")
    for code, person in office.staff.items():
        if person.active:
            may = "inbox.help_approver" if "approve" in person.rights else "inbox.help_person"
            yield Sentence(may, {"code": code, "name": _plain(person.name)})


def _of_client(office: Office, client: str) -> Iterator[Sentence]:
    known = office.clients[client]
    yield sentence("inbox.help_client", name=_plain(known.name), code=client)
    contacts = [contact for contact in known.contacts if contact.active]
    yield sentence("inbox.help_contacts" if contacts else "inbox.help_no_contacts")
    for contact in contacts:
        yield sentence("inbox.help_person", code=contact.id, name=_plain(contact.name))
    able = [code for code in office.staff if not people.why_not_approve(office, code, client, None)]
    yield sentence("inbox.help_approvers" if able else "inbox.help_no_approvers")
    for code in able:
        own = "inbox.help_default" if code == known.default_approver else "inbox.help_person"
        yield Sentence(own, {"code": code, "name": _plain(office.staff[code].name)})
    types = office.settings.types
    named = {  # of a type that not everybody may know of, nothing is said
        name: one for name, one in office.settings.presets.items() if one.type not in types or types[one.type].staff is None
    }
    if named:
        yield sentence("inbox.help_presets")
    for name, preset in named.items():
        where = [f"{preset.folder}/"] if preset.folder else []
        yield sentence("inbox.help_preset", name=name, where=[*where, *preset.match])


def _plain(name: str) -> str:
    """A name as it can be printed; nothing of one that is a mail address."""
    return "" if "@" in name else printable(name)
