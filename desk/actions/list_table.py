"""A list of clients or staff, CSV or Excel, as rows of text.

read_file      its bytes
read_table     the file as rows: separator, encoding and sheet are found out
columns_of     which column holds what, by its heading; a heading can be given another meaning
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from dossier.files import files
from dossier.text.refusals import Invalid, fault
from dossier.text.sentences import plain

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

TURNOVER = ("omzetbelastingnummer", "omzetbelastingnr", "obnummer", "obnr")
"""Headings of one with numbers for VAT that have a BSN in them where a citizen has the business."""

HEADINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "clients": {
        "code": ("code", "client", "nummer", "nr", "debiteur", "number", "no", "id", "zoekcode", "relationcode", "verkooprelatie",
                 *_each((*_WHO, "verkooprelatie"), _NUMBER)),
        "name": ("naam", "name", "handelsnaam", "onderneming", "company", "relatie", "klant", "organisatie", "bedrijf", "statutairenaam",
                 "customer", "naam1", "name1", "tenaamstelling", *_each((*_WHO, "bedrijfs", "company"), ("naam", "name"))),
        "kvk": ("handelsregisternummer", "chamberofcommerce", "cocnumber", "cocno", "coc", "kamervankoophandel", "handelsregister",
                "kvk", "inschrijfnummerkvk", "kvkinschrijfnummer", "kvkdossiernummer", *_each(("kvk",), _NUMBER)),
        "rsin": ("rsin", *FISCAL, *_each(("rsin",), _NUMBER)),
        "vat": ("btw", "btwidentificatienummer", "btwidnr", "btwidnummer", "vat", *TURNOVER,
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

WHO_OR_WHICH = ("klant", "relatie", "organisatie", "bedrijf", "customer")
"""Headings of names that are those of codes in other exports."""

KNOWN = frozenset(word for kinds in HEADINGS.values() for words in kinds.values() for word in words)
"""All of these."""

HEAD_ROWS = 20
"""So many rows are looked through for the headings: a title or an empty row may stand above."""

NEVER_TAKEN = re.compile("^bsn|bsn$|burgerservice|^sofi")
"""Headings of a column with the numbers of citizens, as `BSN-nummer` and `BSN/RSIN`."""


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    """As the spreadsheet counts: the headings are row 1."""
    cells: Mapping[str, str]
    """Heading → text."""


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
    full = [index for index, cells in enumerate(rows) if _filled(cells) > 1]
    if not full:
        raise Invalid([fault("file", "lists.no_headings", file=path.name)])
    first = next((index for index in full[:HEAD_ROWS] if _knows(rows[index])), full[0])
    for index in full[:HEAD_ROWS]:  # below what a report tells of itself, or headings over several columns
        if index > first and _knows(rows[index]) > _knows(rows[first]) and _filled(rows[index]) > _filled(rows[first]):
            first = index
    headings = _each_once(rows[first])
    return [
        Row(first + 2 + index, {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading})
        for index, cells in enumerate(rows[first + 1 :])
        if any(cells)
    ] or [Row(first + 1, dict.fromkeys(filter(None, headings), ""))]


def _knows(cells: Sequence[str]) -> int:
    """How many of these are headings that are known."""
    return sum(bare(cell) in KNOWN for cell in cells)


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell)


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


def letters(text: str) -> str:
    """The text in small letters without accents; what has no such letter is left out."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isascii())


def bare(text: str) -> str:
    return "".join(filter(str.isalnum, letters(text)))


def columns_of(kind: Kind, rows: Sequence[Row], given: Mapping[str, str]) -> dict[str, str]:
    """Heading → key.

    `given` says it for some; `-` as key: nothing is taken from it. Raises Invalid.
    """
    known, headings = HEADINGS[kind], list(rows[0].cells)
    problems = [
        fault("map", "lists.no_such_heading", heading=one, known=", ".join(headings)) for one in given if one not in headings
    ]
    problems += [
        fault("map", "lists.no_such_key", key_=key, known=", ".join(known)) for key in given.values() if key not in (*known, "-")
    ]
    for key in known:
        if len(both := [heading for heading, one in given.items() if one == key]) > 1:
            problems.append(fault("map", "lists.key_twice", key_=key, columns=", ".join(both)))
    found = guessed(kind, rows, given)
    if not problems and not {"name", "last_name"} & set(found.values()):
        problems.append(fault("map", "lists.no_name", known=", ".join(headings)))
    if problems:
        raise Invalid(problems)
    return found


def guessed(kind: Kind, rows: Sequence[Row], given: Mapping[str, str]) -> dict[str, str]:
    """The same, whatever is wrong with it.

    A `Klant` or `Relatie` that holds numbers is the code, not the name; of two addresses the one
    that is the contact's is taken.
    """
    found = dict[str, str]()
    for heading in rows[0].cells:
        word = bare(heading)
        if heading in given or NEVER_TAKEN.search(word):
            continue
        key = next((key for key, words in HEADINGS[kind].items() if word in words), None)
        if key == "name" and word in WHO_OR_WHICH and _are_codes(row.cells.get(heading, "") for row in rows):
            key = "code"
        if key is None or key in given.values():
            continue
        earlier = next((one for one, its in found.items() if its == key), None)
        if earlier is not None and key == "contact_email" and "contact" in word and "contact" not in bare(earlier):
            del found[earlier]
        elif earlier is not None:
            continue
        found[heading] = key
    return found | {heading: key for heading, key in given.items() if key != "-" and not NEVER_TAKEN.search(bare(heading))}


def _are_codes(cells: Iterable[str]) -> bool:
    """All of them are one word with a digit in it."""
    said = [cell for cell in cells if cell]
    return bool(said) and all(re.fullmatch(r"[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*", cell) for cell in said)
