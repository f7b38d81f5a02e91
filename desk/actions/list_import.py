"""Clients and staff from a list, as practice software exports it, into config/.

    plan           what is new, what changes, what is not in the list any more, and each fault with
                   its row and column. Nothing is written
    apply          config/ as the plan says, comments kept; the folders of new clients

A list says what it says and no more: a key that it has no column for stays, nobody and nothing is
removed, and the same list twice changes nothing. Numbers of citizens (BSN) are never taken, nor
what may be one: a fiscal number is a citizen's unless the client's name has a legal form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.actions import config_files
from desk.actions.config_files import FILES
from desk.actions.list_table import FISCAL, TURNOVER, Kind, Row, bare, columns_of, letters, read_table
from dossier.files import files
from dossier.office import editing
from dossier.office.key_types import EMAIL
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.names import name_fault
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

NAME_PARTS = ("first_name", "infix", "last_name")
"""The columns of which a name is made where none holds it whole."""

NUMBERS = (("kvk", "KvK"), ("rsin", "RSIN"), ("vat", "btw"))
"""The columns with numbers that one client has, and how config/ calls these."""

MAY_BE_NOTHING = {"email", "contact_email", "contact_name", "default_approver", "language"}

NOTHING = {"", "nvt", "na", "onbekend", "unknown", "geen", "none", "leeg", "nietbekend", "nietvantoepassing", "notapplicable"}
"""What people and programs write where there is nothing, without its dots and dashes."""

DIGITS, ZEROS_MOST = {"kvk": 8, "rsin": 9}, 2
"""How long a number always is, and so many zeros it may begin with: a spreadsheet drops them."""

_YES, _NO = (
    ("ja", "yes", "true", "waar", "1", "j", "y", "actief", "active"),
    ("nee", "no", "false", "onwaar", "0", "n", "inactief", "inactive"),
)
_LANGUAGES = {
    **dict.fromkeys(("nl", "nl-nl", "nld", "nederlands", "dutch"), "nl"),
    **dict.fromkeys(("en", "eng", "engels", "english", "en-gb", "en-us"), "en"),
}
_RIGHTS = {"maken": "create", "delen": "share", "goedkeuren": "approve", "beheer": "admin", "beheerder": "admin"}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a cell; its row is left out.

    `column` is the heading, "" for the row as a whole.
    """

    row: int
    column: str
    message: Sentence


@dataclass(slots=True)
class ListEntry:
    """One client or member of staff, as the list has them."""

    code: str
    values: dict[str, object] = field(default_factory=dict)
    """Key → what the list says, as config/ has it."""
    identifiers: list[str] = field(default_factory=list)
    contacts: list[dict[str, str]] = field(default_factory=list)
    row: int = 0


@dataclass(slots=True)
class ListPlan:
    """What importing a list would do."""

    kind: Kind
    columns: dict[str, str]
    """Heading → what it is taken for."""
    ignored: list[str]
    """Headings that nothing is taken from."""
    notes: list[Sentence] = field(default_factory=list)
    """What else of the list is left out."""
    new: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Code → name, of those that are new."""
    changed: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Code → (key, now, then)."""
    gone: list[str] = field(default_factory=list)
    """In config/ and not in the list. They stay."""
    faults: list[RowFault] = field(default_factory=list)
    before: bytes = b""
    text: str = ""
    """The file as it would be."""
    difference: str = ""


def plan(kind: Kind, office: Office, environ: Mapping[str, str], path: Path, data: bytes, given: Mapping[str, str]) -> ListPlan:
    """What importing this list would do.

    Raises Invalid, OSError; ConfigurationError if the office could not be read after.
    """
    rows = read_table(path, data)
    columns = columns_of(kind, rows, given)
    made = ListPlan(kind, columns, [heading for heading in rows[0].cells if heading not in columns])
    if not any(any(row.cells.values()) for row in rows):
        made.faults.append(RowFault(rows[0].number, "", sentence("lists.no_rows")))
        return made
    entries = _entries(kind, office, _without_citizens(rows, columns, made.notes), columns, made.faults)
    made.before = (office.root / FILES[kind]).read_bytes()
    there: Mapping[str, Any] = office.clients if kind == "clients" else office.staff

    def change(section: CommentedMap) -> None:
        for entry in entries.values():
            old = there.get(entry.code)
            if old is None:
                section[entry.code] = _new_entry(kind, entry)
                made.new.append(entry.code)
                made.names[entry.code] = str(entry.values.get("name", ""))
            elif told := _change_entry(kind, section[entry.code], old, entry):
                made.changed[entry.code] = told

    if kind == "clients":
        made.notes += _notes_of_clients(office, rows, columns, entries.values())
    before = made.before.decode()
    text = editing.edited(before, kind, change)
    made.gone = [code for code in there if code not in entries]
    made.text = text if made.new or made.changed else before
    if (made.new or made.changed) and not made.faults:
        editing.check(office.root, environ, FILES[kind], made.text)
    made.difference = editing.difference(FILES[kind], before, made.text)
    return made


def apply(office: Office, now: datetime, actor: Actor, made: ListPlan) -> list[Path]:
    """Do what the plan says; returns the folders that were made. Raises OSError, Changed."""
    if made.new or made.changed:
        changed = {code: [key for key, _, _ in told] for code, told in made.changed.items()}
        config_files.put(office, now, actor, FILES[made.kind], made.before, made.text, new=made.new, changed=changed)
    return make_inboxes(office, made.new) if made.kind == "clients" else []


def make_inboxes(office: Office, clients: Sequence[str]) -> list[Path]:
    """The folders of these clients in the inbox, owned as the inbox is; those that were there are
    left alone.

    The clients are in config/ by now: what can't be made is left to the daemon, which makes it or
    says why it can't.
    """
    made = list[Path]()
    try:
        for folder in [office.inbox / code for code in clients]:
            if not folder.exists():
                status = office.inbox.stat()
                files.make_folder(folder, status.st_mode & 0o7777)
                files.give_like(folder, status)
            made.append(folder)
    except OSError as error:
        import structlog  # takes longer to import than it takes to make them

        structlog.get_logger("lists").warning("clients' folders can't be made now; the daemon makes them", error=str(error))
    return made


def contact_code(name: str, taken: set[str]) -> str:
    """The id that a new contact gets: from the name, and none that is taken."""
    return _free(_person_code(name), taken)


# From rows to entries


def _entries(
    kind: Kind, office: Office, rows: Sequence[Row], columns: Mapping[str, str], faults: list[RowFault]
) -> dict[str, ListEntry]:
    found: dict[str, ListEntry] = {}
    by_name: dict[str, str] = {}
    by_user = {one.os_user: code for code, one in office.staff.items() if one.os_user}
    there: Collection[str] = office.clients if kind == "clients" else office.staff
    spelled = {_without_zeros(code): code for code in there} | {code.casefold(): code for code in there}
    for row in rows:
        values = {key: _with_zeros(key, _said(key, row.cells.get(heading, ""))) for heading, key in columns.items()}
        headings = {key: heading for heading, key in columns.items()}
        if "name" not in values:
            values["name"] = " ".join(filter(None, (values.get(key, "") for key in NAME_PARTS)))
        wrong = list(_faults_of(kind, office, values))
        faults += [RowFault(row.number, headings.get(key, ""), message) for key, message in wrong]
        if wrong:
            continue
        name = values["name"]
        if values.get("code"):
            values["code"] = _as_before(values["code"], there, spelled)
        code = values.get("code") or _known_code(kind, office, values) or by_name.get(name)
        if not values.get("code") and code is not None and (other := _other_number(office, found, code, values)):
            key, has = other
            faults.append(RowFault(row.number, headings[key], sentence("lists.other_number", name=name, code=code, has=has)))
            continue
        if code is None:
            code = _free(_slug(name) if kind == "clients" else _person_code(name), found)
        entry = found.get(code)
        if entry is None:
            entry = found[code] = ListEntry(code, row=row.number)
            spelled.setdefault(code.casefold(), code)
            by_name[name] = code
        elif entry.values.get("name") != name:
            faults.append(RowFault(row.number, headings.get("code", ""), sentence("lists.twice", code=code, row=entry.row)))
            continue
        user = values.get("os_user")
        if user and by_user.setdefault(user, code) != code:
            faults.append(RowFault(row.number, headings["os_user"], sentence("lists.user_taken", user=user, code=by_user[user])))
            continue
        _take_over(office, entry, values)
    return found


def _without_citizens(rows: Sequence[Row], columns: Mapping[str, str], notes: list[Sentence]) -> Sequence[Row]:
    """The rows, without numbers that may be those of citizens; `notes` tell how many."""
    doubtful = [one for one, key in columns.items() if key in ("rsin", "vat") and bare(one) in (*FISCAL, *TURNOVER)]
    if not doubtful:
        return rows
    from workflow.guard.directory import has_legal_form  # most lists have no such column

    named = [heading for heading, key in columns.items() if key in ("name", *NAME_PARTS)]
    citizens = {row.number for row in rows if not any(has_legal_form(row.cells.get(one, "")) for one in named)}
    for heading in doubtful:
        left = [row for row in rows if row.number in citizens and _said("rsin", row.cells.get(heading, ""))]
        notes += [sentence("lists.maybe_citizens", heading=heading, count=len(left))] if left else []
    nothing = dict.fromkeys(doubtful, "")
    return [Row(row.number, {**row.cells, **nothing}) if row.number in citizens else row for row in rows]


def _notes_of_clients(
    office: Office, rows: Sequence[Row], columns: Mapping[str, str], entries: Iterable[ListEntry]
) -> Iterator[Sentence]:
    """What else there is to know: contacts that are left out, and new clients that may be there
    under another code."""
    headings = {key: heading for heading, key in columns.items()}
    person, address = headings.get("contact_name"), headings.get("contact_email", "")
    cells = [row.cells for row in rows if person and _said("contact_name", row.cells.get(person, ""))]
    if left := sum(not _said("contact_email", one.get(address, "")) for one in cells):
        yield sentence("lists.contacts_without_address", count=left)
    has = {bare(one): code for code, client in office.clients.items() for one in client.identifiers}
    new = [(entry.code, one) for entry in entries if entry.code not in office.clients for one in entry.identifiers]
    same = {code: has[bare(one)] for code, one in new if bare(one) in has}
    if same:
        told = [f"{code} ({other})" for code, other in islice(same.items(), 10)]
        yield sentence("lists.same_number", clients=", ".join(told) + ("…" if len(same) > 10 else ""))


def _said(key: str, text: str) -> str:
    """What a cell says; nothing where it says in words that there is nothing, or, in place of a
    number, has no digit but zeros."""
    if key in dict(NUMBERS):
        return text if re.search(r"[1-9]", text) else ""
    return "" if key in MAY_BE_NOTHING and bare(text) in NOTHING else text


def _with_zeros(key: str, text: str) -> str:
    """A number as it was before a spreadsheet took it for an amount; all else as it is."""
    length = DIGITS.get(key, 0)
    return text.zfill(length) if text.isdecimal() and length - ZEROS_MOST <= len(text) else text


def _faults_of(kind: Kind, office: Office, values: Mapping[str, str]) -> Iterator[tuple[str, Sentence]]:
    if not values.get("name"):
        yield "name", sentence("lists.name_missing")
    code = values.get("code")
    if code and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", code):
        yield "code", sentence("lists.bad_code", code=code)
    elif code and name_fault(code) and code not in (office.clients if kind == "clients" else office.staff):
        yield "code", sentence("lists.bad_folder", code=code)
    for key in ("contact_email", "email"):
        if values.get(key) and not re.fullmatch(EMAIL, values[key]):
            yield key, sentence("lists.bad_address", address=values[key])
    if kind == "staff" and not values.get("email") and values.get("code") not in office.staff:
        yield "email", sentence("lists.address_missing")
    if values.get("active") and values["active"].casefold() not in (*_YES, *_NO):
        yield "active", sentence("lists.bad_yes_no", value=values["active"])
    if values.get("language") and values["language"].casefold() not in _LANGUAGES:
        yield "language", sentence("lists.bad_language", value=values["language"])
    approver = values.get("default_approver")
    if approver and _staff_code(office, approver) is None:
        yield "default_approver", sentence("lists.no_such_staff", who=approver)
    for right in _split(values.get("rights", "")):
        if right not in ("create", "share", "approve", "admin"):
            yield "rights", sentence("lists.no_such_right", right=right)


def _take_over(office: Office, entry: ListEntry, values: Mapping[str, str]) -> None:
    said = entry.values
    said["name"] = values["name"]
    if values.get("language"):
        said["language"] = _LANGUAGES[values["language"].casefold()]
    said.update({key: values[key] for key in ("email", "os_user") if values.get(key)})
    if values.get("default_approver"):
        said["default_approver"] = _staff_code(office, values["default_approver"])
    if values.get("active"):
        said["active"] = values["active"].casefold() in _YES
    if values.get("rights"):
        said["rights"] = _split(values["rights"])
    for key, label in NUMBERS:
        number = values.get(key, "")
        if number and f"{label} {number}" not in entry.identifiers:
            entry.identifiers.append(f"{label} {number}")
    address = values.get("contact_email", "")
    if address and all(one["email"].casefold() != address.casefold() for one in entry.contacts):
        name = values.get("contact_name") or address.partition("@")[0]
        entry.contacts.append({"id": contact_code(name, {one["id"] for one in entry.contacts}), "name": name, "email": address})


def _known_code(kind: Kind, office: Office, values: Mapping[str, str]) -> str | None:
    """Whom config/ has already, known by a number, an address or the name."""
    if kind == "staff":
        address, name = values.get("email", "").casefold(), values["name"]
        known_staff = (code for code, one in office.staff.items() if one.email.casefold() == address or one.name == name)
        return next(known_staff, None)
    numbers = {bare(values[key]) for key in ("kvk", "rsin", "vat") if values.get(key)}
    for code, client in office.clients.items():
        known = {re.sub(r"\D", "", one) for one in client.identifiers} - {""}
        if numbers & {*known, *(bare(one) for one in client.identifiers)}:
            return code
    return next((code for code, client in office.clients.items() if bare(client.name) == bare(values["name"])), None)


def _as_before(code: str, there: Container[str], spelled: Mapping[str, str]) -> str:
    """The code as config/, or a row above, has it: in other capitals, or with the zeros that a
    spreadsheet drops."""
    return code if code in there else spelled.get(code.casefold()) or spelled.get(_without_zeros(code)) or code


def _without_zeros(code: str) -> str:
    return code.lstrip("0") if code.isdecimal() else code.casefold()


def _other_number(office: Office, found: Mapping[str, ListEntry], code: str, values: Mapping[str, str]) -> tuple[str, str] | None:
    """The key of a number by which this is another client than the one of the same name, and what
    that one has. None: it may be the same."""
    has = [
        *(office.clients[code].identifiers if code in office.clients else ()),
        *(found[code].identifiers if code in found else ()),
    ]
    theirs = {key: {_digits(one) for one in has if bare(one).startswith(bare(label))} for key, label in NUMBERS}
    if any(values.get(key) and _digits(values[key]) in theirs[key] for key, _ in NUMBERS):
        return None
    return next(((key, ", ".join(has)) for key, _ in NUMBERS if values.get(key) and theirs[key]), None)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _slug(name: str) -> str:
    """`Acme B.V.` → `acme-bv`."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[.']", "", letters(name))).strip("-")[:48] or "client"


def _person_code(name: str) -> str:
    """`Jan de Vries` → `j.devries`."""
    words = list(filter(None, map(bare, name.split())))
    return f"{words[0][0]}.{''.join(words[1:])}" if len(words) > 1 else words[0] if words else "contact"


def _free(code: str, taken: Container[str]) -> str:
    return next(free for free in chain([code], (f"{code}{number}" for number in count(2))) if free not in taken)


def _split(text: str) -> list[str]:
    return [_RIGHTS.get(word.casefold(), word.casefold()) for word in re.split(r"[\s,;/+]+", text) if word]


def _staff_code(office: Office, who: str) -> str | None:
    """Whom a cell means: by code, name or address."""
    folded = who.casefold()
    return next(
        (code for code, one in office.staff.items() if folded in (code.casefold(), one.name.casefold(), one.email.casefold())),
        None,
    )


# From entries to config/


def _new_entry(kind: Kind, entry: ListEntry) -> dict[str, object]:
    made = dict(entry.values)
    is_active = made.pop("active", True)
    if kind == "staff":
        made.setdefault("rights", ["create"])
    if not is_active:
        made["active"] = False
    if entry.identifiers:
        made["identifiers"] = entry.identifiers
    if entry.contacts:
        made["contacts"] = [editing.in_one_line(contact) for contact in entry.contacts]
    return made


def _change_entry(kind: Kind, node: CommentedMap, old: Any, entry: ListEntry) -> list[tuple[str, str, str]]:
    told = []
    for key, value in entry.values.items():
        now = getattr(old, key)
        if value != now and not (isinstance(value, list) and sorted(value) == sorted(now)):
            told.append((key, _shown(now), _shown(value)))
            node[key] = value
    return told + _add_to_client(node, old, entry) if kind == "clients" else told


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value or "")


def _add_to_client(node: CommentedMap, old: Any, entry: ListEntry) -> list[tuple[str, str, str]]:
    """Numbers and contacts that the client has not yet; and what a contact is called now."""
    have = {bare(one) for one in old.identifiers}
    digits = {re.sub(r"\D", "", one) for one in have}
    new = [one for one in entry.identifiers if bare(one) not in have and re.sub(r"\D", "", one) not in digits]
    if new:
        node.setdefault("identifiers", []).extend(new)
    told = [("identifiers", "", one) for one in new]
    ids = {contact.id for contact in old.contacts}
    there = {contact.email.casefold(): index for index, contact in reversed(list(enumerate(old.contacts)))}
    for contact in entry.contacts:
        index = there.get(contact["email"].casefold())
        if index is None:
            made = {**contact, "id": _free(contact["id"], ids)}
            ids.add(made["id"])
            node.setdefault("contacts", []).append(editing.in_one_line(made))
            told.append(("contacts", "", f"{made['name']} <{made['email']}>"))
        elif old.contacts[index].name != contact["name"] and contact["name"] != contact["email"].partition("@")[0]:
            node["contacts"][index]["name"] = contact["name"]
            told.append(("contacts", old.contacts[index].name, contact["name"]))
    return told
