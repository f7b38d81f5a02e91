"""Clients and staff from a list, as practice software exports it: CSV or Excel in, a plan out, and
config/ changed by it.

    read_file      its bytes
    read_table     the file as rows of text: separator, encoding and sheet are found out
    columns_of     which column holds what, by its heading; a heading can be given another meaning
    plan_clients   what is new, what changes, what is not in the list any more, and each fault with
    plan_staff     its row and column. Nothing is written
    apply          config/ as the plan says, comments kept; the folders of new clients

A list says what it says and no more: a key that it has no column for stays, nobody and nothing is
removed, and the same list twice changes nothing. Numbers of citizens (BSN) are never taken, nor
what may be one: a fiscal number is a citizen's unless the client's name has a legal form.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from desk.actions import config_files
from desk.actions.config_files import FILES
from dossier.files import files
from dossier.office import editing, keys
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Invalid, fault
from dossier.text.sentences import Sentence, plain, sentence

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

MOST_BYTES = 32 * 1024 * 1024
MOST_ROWS = 100_000

SEPARATORS = ";,\t|"

Kind = Literal["clients", "staff"]

_WHO = (
    "klant",
    "client",
    "relatie",
    "debiteur",
    "debiteuren",
    "customer",
    "cust",
    "dossier",
    "administratie",
    "organisatie",
    "bedrijf",
    "account",
)
_STAFF = ("medewerker", "personeel", "personeels", "werknemer", "gebruiker", "staff", "employee", "user")
_NUMBER = ("code", "nummer", "nr", "no", "id", "number")


def _each(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """`klantcode`, `klantnummer`, … and `codeklant`: either may come first."""
    return tuple(chain.from_iterable((one + other, other + one) for one in first for other in second))


FISCAL = ("fiscaalnummer", "fiscaalnr", "fiscaal", "finummer", "finr", "fiscalnumber")
"""Headings of a column with what is an RSIN of a legal person, and a BSN of a citizen."""

HEADINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "clients": {
        "code": ("code", "client", "nummer", "nr", "debiteur", "number", "no", "id", "zoekcode", "relationcode", *_each(_WHO, _NUMBER)),
        "name": ("naam", "name", "handelsnaam", "onderneming", "company", "relatie", "klant", "organisatie", "bedrijf", "statutairenaam",
                 "customer", "naam1", "name1", "tenaamstelling", *_each((*_WHO, "bedrijfs", "company"), ("naam", "name"))),
        "kvk": ("handelsregisternummer", "chamberofcommerce", "cocnumber", "cocno", "coc", "kamervankoophandel", "handelsregister",
                "kvk", "inschrijfnummerkvk", "kvkinschrijfnummer", "kvkdossiernummer", *_each(("kvk",), _NUMBER)),
        "rsin": ("rsin", *FISCAL, *_each(("rsin",), _NUMBER)),
        "vat": ("btw", "btwidentificatienummer", "btwidnr", "btwidnummer", "vat", "omzetbelastingnummer", "obnummer",
                *_each(("btw", "vat"), _NUMBER)),
        "contact_name": ("contactpersoon", "contact", "contactpersonen", "contactperson", "tav", "terattentievan", "contactpersoon1",
                         *_each(("contact", "contactpersoon", "contactperson"), ("naam", "name"))),
        "contact_email": ("email", "emailadres", "mail", "mailadres", "emailaddress", "email1", "emailadres1", "epost",
                          *_each(("email", "emailadres", "mail", "emailaddress"), ("contact", "contactpersoon", "contactperson", "algemeen"))),
        "language": ("taal", "language", "taalcode", "languagecode", "correspondentietaal"),
        "default_approver": ("goedkeurder", "approver", "defaultapprover", "accountant", "relatiebeheerder", "klantbeheerder", "accountmanager",
                             "klantverantwoordelijke", "dossierverantwoordelijke", "relatieverantwoordelijke"),
        "active": ("actief", "active"),
    },
    "staff": {
        "code": ("code", "medewerker", "initialen", "staff", "employee", *_each(_STAFF, _NUMBER)),
        "name": ("naam", "name", "volledigenaam", "fullname", "weergavenaam", "displayname", *_each(_STAFF[:-2], ("naam", "name"))),
        "first_name": ("voornaam", "roepnaam", "firstname", "givenname"),
        "infix": ("tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "infix"),
        "last_name": ("achternaam", "lastname", "surname", "familienaam", "familyname"),
        "email": ("email", "emailadres", "mail", "mailadres", "emailaddress", "zakelijkemail", "emailzakelijk", "emailwerk", "workemail"),
        "os_user": ("osuser", "gebruikersnaam", "gebruiker", "username", "login", "account", "accountnaam", "inlognaam", "loginname"),
        "rights": ("rechten", "rights", "rol", "rollen", "roles", "role"),
        "language": ("taal", "language", "taalcode", "languagecode"),
        "active": ("actief", "active"),
    },
}  # fmt: skip
"""What the columns of common exports are called, Dutch and English, as letters and digits alone."""

KNOWN = frozenset(word for kinds in HEADINGS.values() for words in kinds.values() for word in words)
"""All of these."""

NAME_PARTS = ("first_name", "infix", "last_name")
"""The columns of which a name is made where none holds it whole."""

HEAD_ROWS = 20
"""So many rows are looked through for the headings: a title or an empty row may stand above."""

NUMBERS = (("kvk", "KvK"), ("rsin", "RSIN"), ("vat", "btw"))
"""The columns with numbers that one client has, and how config/ calls these."""

MAY_BE_NOTHING = {"email", "contact_email", "contact_name", "default_approver", "language"}

NOTHING = {"", "nvt", "na", "onbekend", "unknown", "geen", "none", "leeg", "nietbekend", "nietvantoepassing", "notapplicable"}
"""What people and programs write where there is nothing, without its dots and dashes."""

DIGITS, ZEROS_MOST = {"kvk": 8, "rsin": 9}, 2
"""How long a number always is, and so many zeros it may begin with: a spreadsheet drops them."""

NEVER_TAKEN = re.compile("^bsn|bsn$|burgerservice|^sofi")
"""Headings of a column with the numbers of citizens, as `BSN-nummer` and `BSN/RSIN`."""

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
class Row:
    number: int
    """As the spreadsheet counts: the headings are row 1."""
    cells: Mapping[str, str]
    """Heading → text."""


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


def read_file(path: Path) -> bytes:
    """What is in a list; of one that is too large a byte too much. Raises OSError."""
    with files.open_plain(path) as descriptor, open(descriptor, "rb", closefd=False) as stream:
        return stream.read(MOST_BYTES + 1)


def read_table(path: Path, data: bytes) -> list[Row]:
    """The rows of a CSV or Excel file; `path` says what it is called.

    Raises Invalid if it is neither, or too large.
    """
    if len(data) > MOST_BYTES:
        raise Invalid([fault("file", "lists.too_large", file=path.name, most=MOST_BYTES // 1024 // 1024)])
    rows = list(
        _sheet(path, data) if zipfile.is_zipfile(io.BytesIO(data)) or data[:4] == b"\xd0\xcf\x11\xe0" else _csv(path, data)
    )
    if len(rows) > MOST_ROWS:
        raise Invalid([fault("file", "lists.too_many_rows", file=path.name, most=MOST_ROWS)])
    full = [index for index, cells in enumerate(rows) if sum(1 for cell in cells if cell) > 1]
    if not full:
        raise Invalid([fault("file", "lists.no_headings", file=path.name)])
    first = next((index for index in full[:HEAD_ROWS] if _knows(rows[index])), full[0])
    headings = _each_once(rows[first])
    return [
        Row(first + 2 + index, {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading})
        for index, cells in enumerate(rows[first + 1 :])
        if any(cells)
    ] or [Row(first + 1, dict.fromkeys(filter(None, headings), ""))]


def _knows(cells: Sequence[str]) -> int:
    """How many of these are headings that are known."""
    return sum(_bare(cell) in KNOWN for cell in cells)


def _each_once(headings: Sequence[str]) -> list[str]:
    """The headings; of one that comes again, `E-mail (2)`: what is in that column is not taken for
    the first one's."""
    return [
        f"{heading} ({again})" if heading and (again := headings[: index + 1].count(heading)) > 1 else heading
        for index, heading in enumerate(headings)
    ]


_DOS = re.compile(rb"[A-Za-z][\x81-\x84\x87-\x89\x8b]|[a-z][\x8a\x8c]")
"""Accented letters as DOS wrote them; for Windows these bytes are signs that follow no letter."""

_WINDOWS = re.compile(rb"[\xc0-\xff]")
"""Accented letters as Windows writes them; for DOS these bytes drew boxes."""


def _encodings(data: bytes) -> Sequence[str]:
    """What the file may be written in, the likeliest first."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    if b"\0" in data[:2]:
        return ("utf-16-be",) if data[:1] == b"\0" else ("utf-16-le",)
    if b"\r" in data and b"\n" not in data:
        return ("utf-8-sig", "mac-roman")
    return ("utf-8-sig", "cp850" if _DOS.search(data) and not _WINDOWS.search(data) else "cp1252")


def _separator(text: str) -> str:
    """What stands between the cells: as the headings have it, else the first row with several."""
    lines = list(islice(filter(str.strip, text.splitlines()), HEAD_ROWS))
    found = max(((_knows(line.split(one)), -index, one) for index, line in enumerate(lines) for one in SEPARATORS), default=None)
    if found is not None and found[0] > 0:
        return found[2]
    first = next((line for line in lines if any(one in line for one in SEPARATORS)), "")
    return max(SEPARATORS, key=first.count)


_END = "the end"
"""Is a row of its own behind the last one, unless a quotation mark was opened and not closed."""


def _csv(path: Path, data: bytes) -> Iterator[list[str]]:
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid([fault("file", "lists.unreadable", file=path.name)])
    if "\0" in text:
        raise Invalid([fault("file", "lists.unreadable", file=path.name)])
    # Excel says which separator it chose in a first line of its own.
    told = re.match(r"sep=(.)\r?\n", text)
    separator = told[1] if told else _separator(text)
    lines = f"{text[told.end() :] if told else text}\n{_END}"
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=separator)
    try:
        row, cells = 1, next(rows)
        for following in rows:
            yield [_clean(cell) for cell in cells]
            row, cells = row + 1, following
        if cells != [_END]:  # all behind it would be one cell
            raise Invalid([fault("file", "lists.open_quote", file=path.name, row=row)])
    except csv.Error as error:
        raise Invalid([fault("file", "lists.broken", file=path.name, error=plain(str(error)))]) from error


def _sheet(path: Path, data: bytes) -> Iterator[list[str]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python(nrows=MOST_ROWS + 2)
    except (python_calamine.CalamineError, python_calamine.PasswordError, ValueError, OSError, IndexError) as error:
        raise Invalid([fault("file", "lists.broken", file=path.name, error=plain(str(error)))]) from error
    for cells in rows:
        yield [_clean(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)) for cell in cells]


def _clean(cell: str) -> str:
    """One line, without what is invisible."""
    return " ".join("".join(c for c in unicodedata.normalize("NFC", cell) if c.isprintable() or c.isspace()).split())


def _letters(text: str) -> str:
    """The text in small letters without accents; what has no such letter is left out."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isascii())


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, _letters(text)))


def columns_of(kind: Kind, headings: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Heading → key.

    `given` says it for some; `-` as key: nothing is taken from it. Raises Invalid.
    """
    known = HEADINGS[kind]
    problems = [
        fault("map", "lists.no_such_heading", heading=one, known=", ".join(headings)) for one in given if one not in headings
    ]
    problems += [
        fault("map", "lists.no_such_key", key_=key, known=", ".join(known)) for key in given.values() if key not in (*known, "-")
    ]
    for key in known:
        if len(both := [heading for heading, one in given.items() if one == key]) > 1:
            problems.append(fault("map", "lists.key_twice", key_=key, columns=", ".join(both)))
    found = guessed(kind, headings, given)
    if not problems and not {"name", "last_name"} & set(found.values()):
        problems.append(fault("map", "lists.no_name", known=", ".join(headings)))
    if problems:
        raise Invalid(problems)
    return found


def guessed(kind: Kind, headings: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """The same, whatever is wrong with it."""
    known, found = HEADINGS[kind], dict[str, str]()
    for heading in headings:
        bare = _bare(heading)
        if heading in given or NEVER_TAKEN.search(bare):
            continue
        key = next((key for key, words in known.items() if bare in words), None)
        if key is not None and key not in found.values() and key not in given.values():
            found[heading] = key
    return found | {heading: key for heading, key in given.items() if key != "-" and not NEVER_TAKEN.search(_bare(heading))}


def plan(kind: Kind, office: Office, environ: Mapping[str, str], path: Path, data: bytes, given: Mapping[str, str]) -> ListPlan:
    """What importing this list would do.

    Raises Invalid, OSError; ConfigurationError if the office could not be read after.
    """
    rows = read_table(path, data)
    columns = columns_of(kind, list(rows[0].cells), given)
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
    """The rows, without fiscal numbers that may be those of citizens; `notes` tell how many."""
    fiscal = next((heading for heading, key in columns.items() if key == "rsin" and _bare(heading) in FISCAL), None)
    if fiscal is None:
        return rows
    from workflow.guard.directory import has_legal_form  # most lists have no such column

    named = [heading for heading, key in columns.items() if key in ("name", *NAME_PARTS)]
    left = {
        row.number
        for row in rows
        if _said("rsin", row.cells.get(fiscal, "")) and not any(has_legal_form(row.cells.get(one, "")) for one in named)
    }
    if left:
        notes.append(sentence("lists.maybe_citizens", heading=fiscal, count=len(left)))
    return [Row(row.number, {**row.cells, fiscal: ""}) if row.number in left else row for row in rows]


def _said(key: str, text: str) -> str:
    """What a cell says; nothing where it says in words that there is nothing, or, in place of a
    number, has no digit but zeros."""
    if key in dict(NUMBERS):
        return text if re.search(r"[1-9]", text) else ""
    return "" if key in MAY_BE_NOTHING and _bare(text) in NOTHING else text


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
    for key in ("contact_email", "email"):
        if values.get(key) and not re.fullmatch(keys.EMAIL, values[key]):
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
    numbers = {_bare(values[key]) for key in ("kvk", "rsin", "vat") if values.get(key)}
    for code, client in office.clients.items():
        known = {re.sub(r"\D", "", one) for one in client.identifiers} - {""}
        if numbers & {*known, *(_bare(one) for one in client.identifiers)}:
            return code
    return next((code for code, client in office.clients.items() if _bare(client.name) == _bare(values["name"])), None)


def _other_number(office: Office, found: Mapping[str, ListEntry], code: str, values: Mapping[str, str]) -> tuple[str, str] | None:
    """The key of a number by which this is another client than the one of the same name, and what
    that one has. None: it may be the same."""
    has = [
        *(office.clients[code].identifiers if code in office.clients else ()),
        *(found[code].identifiers if code in found else ()),
    ]
    theirs = {key: {_digits(one) for one in has if _bare(one).startswith(_bare(label))} for key, label in NUMBERS}
    if any(values.get(key) and _digits(values[key]) in theirs[key] for key, _ in NUMBERS):
        return None
    return next(((key, ", ".join(has)) for key, _ in NUMBERS if values.get(key) and theirs[key]), None)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _slug(name: str) -> str:
    """`Acme B.V.` → `acme-bv`."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[.']", "", _letters(name))).strip("-")[:48] or "client"


def _person_code(name: str) -> str:
    """`Jan de Vries` → `j.devries`."""
    words = list(filter(None, map(_bare, name.split())))
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
    have = {_bare(one) for one in old.identifiers}
    digits = {re.sub(r"\D", "", one) for one in have}
    new = [one for one in entry.identifiers if _bare(one) not in have and re.sub(r"\D", "", one) not in digits]
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
