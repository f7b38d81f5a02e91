"""Whose name or number is in this text? The pure half of the guard (CONTRACT section 4).

A `Directory` is built once for a configuration and searches for the names and identifiers of all
clients in one pass (Aho-Corasick). Accents, case, dots, spaces, line ends, hyphenation and the ways
to write `B.V.` make no difference: names are compared as letters and digits alone, and what lay
between them is looked at afterwards.

A mention is `sure` where it can only mean that client. "Zon" or "De Bakker" is sure beside a legal
form or behind a label such as `Client:`; "Acme" where it is written as a name; "Bakkerij De Zon"
wherever it stands. What is not sure accuses nobody, but does count as a client's own.

No attempt is made to find a misspelt name, a person by half of their name, or a client by what they
do.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Literal

import ahocorasick

from workflow.guard.common_words import COMMON, FILLERS, TRADES
from workflow.guard.numbers import Number, is_number_here, numbers_of

if TYPE_CHECKING:
    from dossier.office.keys import Client

HINT_LETTERS = 5
"""A word of a name that no other client has is a hint to its owner from so many letters on."""

NAME_LETTERS = 4
"""A single word stands out as a name from so many letters on."""

_FORMS: Mapping[str, str] = {
    "bv": r"b[.\s]{0,3}v|besloten vennootschap",
    "nv": r"n[.\s]{0,3}v|naamloze vennootschap",
    "vof": r"v[.\s]{0,3}o[.\s]{0,3}f|vennootschap onder firma",
    "cv": r"c[.\s]{0,3}v|commanditaire vennootschap",
    "ua": r"u[.\s]{0,3}a",
    "bvba": r"b[.\s]{0,3}v[.\s]{0,3}b[.\s]{0,3}a",
    "ltd": r"ltd|limited",
    "llc": r"l[.\s]{0,3}l[.\s]{0,3}c",
    "llp": r"l[.\s]{0,3}l[.\s]{0,3}p",
    "plc": r"p[.\s]{0,3}l[.\s]{0,3}c",
    "inc": r"inc|incorporated",
    "gmbh": r"g[.\s]{0,3}m[.\s]{0,3}b[.\s]{0,3}h",
    "sarl": r"s[.\s]{0,3}[aà][.\s]{0,3}r[.\s]{0,3}l",
    "stichting": r"stichting|stg",
    "vereniging": r"vereniging",
    "cooperatie": r"cooperatie|cooperatieve vereniging",
    "maatschap": r"maatschap",
}
"""Legal forms and the ways to write them, longest first where one begins another."""

_NO_COMPANY = ("stichting", "vereniging", "cooperatie", "maatschap")
"""With one of these before it a name is somebody else than without."""

_ANY_FORM = "|".join(f"(?P<{form}>{pattern})" for form, pattern in sorted(_FORMS.items(), key=lambda pair: -len(pair[1])))
_FORM_AFTER = re.compile(rf"\.?[\s,]{{0,3}}\(?(?:{_ANY_FORM})\b(?!\.t\b)\.?", re.IGNORECASE)
"""But not the `n.v.` in `n.v.t.`, which says that something doesn't apply."""
_FORM_BEFORE = re.compile(rf"(?<![^\W_]\.)\b(?!cv\b)(?:{_ANY_FORM})\b\.?\s{{1,2}}$", re.IGNORECASE)
"""But not what ends `t.b.v.`, `o.b.v.` or `t.n.v.`, and not somebody's CV."""
_LEADS = re.compile(r"(?:^|[\n\t;|:,(\"]|\b[a-z]+\.?)\s*$")
"""Before a form that stands in front of its name."""
_FORM_AT_END = re.compile(rf"[\s,(]+(?:{_ANY_FORM})\b[.)\s]*$", re.IGNORECASE)
_FORM_AT_FRONT = re.compile(rf"^(?:{_ANY_FORM})\b\.?\s+", re.IGNORECASE)
_OTHER_COMPANY = re.compile(
    rf"(?:[ ]+(?:(?:&|en|and)[ ]+)?[A-Z0-9][\w'-]*){{1,3}}[ ,]{{1,2}}(?i:{re.sub('[?]P<[a-z]+>', '?:', _ANY_FORM)})\b"
)
"""`Acme Holding B.V.` is not `Acme B.V.`"""

_ALIASES = re.compile(
    r"[()]|\bh[./]?\s?o[./]?\s?d[./]?\s?n\b\.?|\bt/a\b|\bhandelend onder de naam\b|\btrading as\b|\bvoorheen\b|\bv/h\b|\bformerly\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|[\t|;\n])\s*(?:naam\s)?(?:klant|client|relatie|debiteur|naam|name|bedrijf|onderneming|administratie|opdrachtgever|werkgever|werknemer"
    r"|inhoudingsplichtige|tenaamstelling|belastingplichtige|belanghebbende|geadresseerde|rekeninghouder|verzekeringnemer|customer|company|employer"
    r"|employee|taxpayer|account holder|addressee|policyholder|aan|to|van|from|betreft)(?:s?naam|\s?name)?"
    r"\s*[:;\t]\s*\"?$",
    re.IGNORECASE,
)
_HOLDER = re.compile(r"\b(?:t[./]?\s?n[./]?\s?v\.?|ten name van|op naam van)\s*:?\s*$", re.IGNORECASE)
"""Before whose an account, a policy or a car is."""
_TITLES = re.compile(
    r"\s*(?:(?:aan|to|de|het|en|and|heer|heren|hr|dhr|mevrouw|mevr|mw|mej|fam|familie|erven|directie van|drs|dr|ir|ing|mr|mrs|ms|miss|prof)\b"
    r"[.\s/&]*)*",
    re.IGNORECASE,
)
"""What may stand before a name in an address."""
_FROM_THE = re.compile(r" van d(?:e|en|er) ")
_STATE = re.compile(r"\(?\b(?:i\.\s?o\.|in oprichting|in liquidatie|in faillissement|i\.\s?l\.)\s*\)?\s*$", re.IGNORECASE)
"""What a company's name ends in for a while."""
_HONORIFICS = frozenset(["dhr", "dr", "drs", "fam", "familie", "ing", "ir", "mevr", "mevrouw", "mr", "mrs", "ms", "mw", "prof"])
"""With which a name may begin, and need not."""
_CLOSING = re.compile(r"(?:groet(?:en)?|hoogachtend|regards|sincerely|faithfully|yours)[ ,.]*\s*$", re.IGNORECASE)
"""Above a name that signs."""
_CELL_END = re.compile(r"[ .,\"]*(?:[\n\t;|<]|$)")
_POSTCODE = re.compile(
    r"[ .,]*\n(?:(?:[^\n]*\n){0,2}[^\n]{0,40}\b[1-9]\d{3} ?[A-Z]{2}\b|\s*(?:(?:statutair )?gevestigd )?te [A-Z])"
)
"""Behind the first line of an address, and of the cover of annual accounts: `te Utrecht`."""
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?:]\s|[\n\t;|\"])\s*$")
_TITLE = re.compile(r"[^\n\t;|]{0,40}[^\n\t;|.,](?:\n|$)")
"""A short line of its own, such as `Acme jaarrekening 2025`, is no sentence."""
_BETWEEN_NAMES = re.compile(
    r"[;:?!\t|<>=]|\n\s*\n|(?<![^\W\d_])(?!(?:gebr|drs|ing|prof|mevr|dhr|fam|mij|inst|bedr|adm|ver|int|intern|ned|alg|techn|[^\W\d_]+mij)\.)[^\W\d_]{3,}\.\s",
    re.IGNORECASE,
)
"""What can't lie inside a name as it is written: it ends a sentence, a cell, a paragraph."""
_ESTABLISHMENT = re.compile(
    r"\b(?:[A-Z][^\W\d_]+(?i:erij|zaak|bedrijf|bureau|winkel|kantoor|handel|centrum|maatschappij|mij\.?|onderneming|school|salon|praktijk)"
    r"|(?i:apotheek|brasserie|cafe|camping|eetcafe|garage|gebr\.?|gebroeders|hotel|juwelier|makelaardij|notaris|restaurant|slager|supermarkt))[ ]$"
)
"""`Meubelzaak Smit B.V.` is not `Smit B.V.`"""

_SHORT = {"gebroeders": "gebr", "firma": "fa", "administratie": "adm", "administratiekantoor": "admkantoor"}
"""Words of names, and how they are shortened; `-maatschappij` is `-mij`, too."""
_LONG = {short: long for long, short in _SHORT.items()}
_PREFIXES = frozenset(["d", "de", "den", "der", "du", "het", "la", "le", "t", "te", "ten", "ter", "v", "van", "vd", "von"])
"""What stands between a person's first name, or initials, and the surname."""
_WORD_FOLLOWS = re.compile(r"[. ]*[^\W\d_]")

_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_LETTERS = str.maketrans(
    {
        "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D",
        "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "’": "'", "‘": "'", "\u00ad": None, "\u200b": None, "\u200c": None,
        "\u200d": None, "\u2060": None, "\ufeff": None, "\u2010": "-", "\u2011": "-", "\ufffe": "-",
        **dict.fromkeys("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    }
)  # fmt: skip
"""How letters are written without what they wear; marks of the direction, which Windows puts around
numbers that are copied, say nothing."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_ESCAPED = re.compile(r"\\u((?:[0-9a-cA-CefEF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2})")
"""A letter as JSON may write it."""

_HYPHENATED = re.compile(r"[-\x02](?:(?<=[^\W\d_].)\s*\n\s*(?=[a-z])|(?<=\x02))")
"""PDFium gives U+0002 for a hyphen that only breaks a word. Begins with what is seldom there: so it
is looked for ten times as fast."""

_QUOTING = re.compile(r"\n[ \t>]{0,100}>[ \t]?")
"""Before each line of a mail that is answered (RFC 3676, 4.5)."""

_INLINE = re.compile(r"</?(?:a|b|em|font|i|mark|small|span|strong|u)\b[^<>]{0,300}>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
"""A page's marks in what is no page: a program kept it in XML, JSON or a table."""

_SQUEEZED = {code: chr(code).lower() if chr(code).isalnum() else None for code in range(128)}
"""What is left of an ASCII character where only letters and digits are compared."""


def fold_text(text: str) -> str:
    """The text without accents, ligatures, hyphenation, what marks lines as quoted, and a page's
    marks; case and gaps between words stay."""
    if "%20" in text:
        text = text.replace("%20", " ")  # in a link
    if "\\u" in text:
        text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.translate(_LETTERS)))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n>" in text or "\n >" in text:
        text = _QUOTING.sub("\n", text)
    if "&nbsp;" in text:
        text = text.replace("&nbsp;", " ")
    if "</" in text or "<br" in text:
        text = _BREAK.sub("\n", _INLINE.sub("", text))
    return _HYPHENATED.sub("", text)


@dataclass(frozen=True, slots=True)
class Mention:
    """Clients (more than one have the same name) that a text names, and how."""

    clients: frozenset[str]
    kind: Literal["name", "number"]
    words: str
    """As the text has it."""
    sure: bool


@dataclass(frozen=True, slots=True)
class _Name:
    """A client's name, or one of several. `level`: sure anywhere, in capitals, by a form,
    nowhere."""

    client: str
    form: str
    level: Literal["anywhere", "capitals", "form", "hint"]
    is_turned: bool = False
    """`Vries, J. de`"""


class ClientNames:
    """All clients' names and identifiers. `firm`: what the office itself is called, on all its
    letters; a client of such a name is the office."""

    def __init__(self, clients: Mapping[str, Client], firm: Iterable[str] = ()) -> None:
        self._firm: set[str] = set()
        self._known: dict[str, list[_Name | Number]] = {}
        self.unsearchable: list[tuple[str, str]] = []
        """(client, identifier) of those that are too short to be searched for."""
        own = {core for name in firm for core in _cores(name)}
        owners = Counter(word for client in clients.values() for word in set(_words(client.name)))
        for code, client in clients.items():
            if _cores(client.name) & own:
                self._firm.add(code)
            self._add_names(code, client.name, owners)
            for identifier in client.identifiers:
                numbers = numbers_of(code, fold_text(identifier))
                for pattern, number in numbers:
                    self._add(pattern, number)
                if not numbers:
                    self.unsearchable.append((code, identifier))
        self._automaton = ahocorasick.Automaton()
        for pattern, entries in self._known.items():
            self._automaton.add_word(pattern, (len(pattern), entries))
        self._automaton.make_automaton()

    def _add_names(self, code: str, name: str, owners: Mapping[str, int]) -> None:
        patterns = set()
        for core, form in _names_of(fold_text(name)):
            for pattern in _spellings(core):
                patterns.add(pattern)
                self._add(pattern, _Name(code, form, _level(core)))
            for turned in _turned(core) if not form else ():
                for pattern in _spellings(turned):
                    self._add(pattern, _Name(code, form, _level(core), is_turned=True))
        for word in set(_words(name)) - patterns:
            if owners[word] == 1 and len(word) >= HINT_LETTERS and word not in TRADES and word not in COMMON:
                self._add(word, _Name(code, "", "hint"))

    def _add(self, pattern: str, entry: _Name | Number) -> None:
        entries = self._known.setdefault(pattern, [])
        if entry not in entries:
            entries.append(entry)

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Every client that `text` names, each way once."""
        if not self._known:
            return ()
        text = fold_text(text)
        if text.isascii() and next(self._automaton.iter(text.translate(_SQUEEZED)), None) is None:
            return ()  # most papers: no name's letters stand in it, wherever its words begin and end
        tokens = _TOKEN.findall(text)
        squeezed = "".join(tokens).lower()
        bounds = list(accumulate(map(len, tokens), initial=0))
        if len(squeezed) != bounds[-1]:  # a letter whose small form is longer; no language of ours has one
            squeezed = "".join(token.lower() if len(token.lower()) == len(token) else token for token in tokens)
        hits = []
        for end, (length, entries) in self._automaton.iter(squeezed):
            first, behind = bisect_left(bounds, end + 1 - length), bisect_left(bounds, end + 1)
            if bounds[first] == end + 1 - length and bounds[behind] == end + 1:
                hits.append((first, behind, entries))
        if not hits:
            return ()
        spans = [match.span() for match in _TOKEN.finditer(text)]
        places = [(spans[first][0], spans[behind - 1][1], entries) for first, behind, entries in hits]
        return _unique([*_numbers_at(text, places), *_names_at(text, places)])

    def foreign(self, mentions: Sequence[Mention], own: str) -> tuple[Mention, ...]:
        """The mentions that make a finding: another client's, and none of `own`'s. Empty: none."""
        if self.names_own(mentions, own):
            return ()
        return tuple(m for m in mentions if m.sure and own not in m.clients and not m.clients <= self._firm)

    def names_own(self, mentions: Sequence[Mention], own: str) -> bool:
        """True if `own` is among them, not only by a name shared with one whose number is there."""
        numbered = {code for m in mentions if m.kind == "number" and own not in m.clients for code in m.clients}
        return any(own in m.clients and not (m.kind == "name" and m.clients & numbered) for m in mentions)


def _numbers_at(text: str, places: Iterable[tuple[int, int, list[_Name | Number]]]) -> Iterable[Mention]:
    for start, end, entries in places:
        numbers = [entry for entry in entries if isinstance(entry, Number) and is_number_here(entry, text, start, end)]
        if numbers:
            yield Mention(frozenset(number.client for number in numbers), "number", _excerpt(text[start:end]), True)


def _names_at(text: str, places: Iterable[tuple[int, int, list[_Name | Number]]]) -> Iterable[Mention]:
    """A name that is part of a longer one is not that name: `Acme` in `Acme Holding`."""
    reach = -1
    for start, end, entries in sorted(places, key=lambda place: (place[0], -place[1])):
        is_turned = "," in text[start:end] and not _WORD_FOLLOWS.match(text, end)
        names = [entry for entry in entries if isinstance(entry, _Name) and entry.is_turned in (False, is_turned)]
        if not names or end <= reach or not _stands_alone(text, start, end):
            continue
        found = list(_judged(text, start, end, names))
        if found:
            reach = end
        yield from found


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not before.isalnum() and not after.isalnum() and not _BETWEEN_NAMES.search(text, start, end)


def _judged(text: str, start: int, end: int, names: Sequence[_Name]) -> Iterable[Mention]:
    """Which of the clients with this name are meant where it stands."""
    form, words = _form_at(text, start, end)
    if any(name.form == form for name in names) and form:
        names = [name for name in names if name.form == form]
    is_name = _is_written_as_name(text, start, end)
    addressed = is_name and _is_addressed(text, start, end)
    other = not form and _OTHER_COMPANY.match(text, end) is not None
    is_kind = _ESTABLISHMENT.search(text, max(0, start - 30), start) is not None
    for sure in (True, False):
        clients = frozenset(
            name.client for name in names
            if _is_sure(name, form, is_name, addressed, other or (is_kind and name.level == "form")) is sure
            and (sure or is_name or name.level == "anywhere")
        )  # fmt: skip
        if clients:
            yield Mention(clients, "name", words, sure)


def _is_sure(name: _Name, form: str, is_name: bool, addressed: bool, other: bool) -> bool:
    if name.level == "hint" or other:
        return False
    if form and (name.form == form or (not name.form and form not in _NO_COMPANY)):
        return True
    if form:
        return False  # another legal person
    return name.level == "anywhere" or addressed or (name.level == "capitals" and is_name)


def _is_written_as_name(text: str, start: int, end: int) -> bool:
    """True for `De Zon`, `DE ZON`, `de Zon`, and within `info@zon.nl`; not for `de zon`.

    One word that begins a sentence has its capital from that.
    """
    parts = [
        word for word in _TOKEN.findall(text, start, end) if (word.isupper() if len(word) == 1 else word.lower() not in FILLERS)
    ]
    if any(part.islower() for part in parts):
        return len(parts) == 1 and (text[start - 1 : start] in ("@", "/", ".") or text[start - 4 : start].lower() == "www.")
    begins = len(parts) < 2 and not text[start:end].isupper() and _SENTENCE_BEGINS.search(text, max(0, start - 4), start)
    is_title = text[start - 1 : start] in ("", "\n") and _TITLE.match(text, end)
    return bool(is_title or not (begins and re.match(r" [a-z]", text[end : end + 2])))


def _is_addressed(text: str, start: int, end: int) -> bool:
    """True behind a label, in a line or cell of its own, and on the first line of an address, maybe
    behind `De heer`; not where somebody signs."""
    line = text.rfind("\n", 0, start) + 1
    before = text[text.rfind("\n", 0, max(0, line - 1)) + 1 : start]  # a label may be on the line before
    if _CELL_END.match(text, end) and (_LABEL.search(before) or _HOLDER.search(before)):
        return True
    is_address = _TITLES.fullmatch(text, line, start) is not None and _POSTCODE.match(text, end) is not None
    return is_address and not _CLOSING.search(text, max(0, line - 30), line)


def _form_at(text: str, start: int, end: int) -> tuple[str, str]:
    """The legal form behind a name, or else before it; and the name with it, as written."""
    if after := _FORM_AFTER.match(text, end):
        return str(after.lastgroup), _excerpt(text[start : after.end()])
    if (before := _FORM_BEFORE.search(text, max(0, start - 30), start)) and _is_of_what_follows(text, before):
        return str(before.lastgroup), _excerpt(text[before.start() : end])
    return "", _excerpt(text[start:end])


def has_legal_form(name: str) -> bool:
    """True for what is called as a legal person or a partnership is."""
    return any(form for _, form in _names_of(name))


def _is_of_what_follows(text: str, form: re.Match[str]) -> bool:
    """False for the form of a name that ends there: `Tulp B.V. Smit`, or on the line before."""
    if form.lastgroup in _NO_COMPANY:
        return True
    if "\n" in form[0]:
        return False
    return form.lastgroup not in ("bv", "nv") or _LEADS.search(text[max(0, form.start() - 30) : form.start()]) is not None


def _names_of(name: str) -> Iterable[tuple[list[str], str]]:
    """The names in `J. Jansen h.o.d.n. Bakkerij De Zon`, each as its words and legal form."""
    name = _STATE.sub(" ", name)
    wholes = [name.replace("(", " ").replace(")", " ")] if "(" in name else []
    for part in [*_ALIASES.split(name), *wholes]:
        rest, form = part.strip(" ,.-"), ""
        if match := _FORM_AT_END.search(rest) or _FORM_AT_FRONT.search(rest):
            form = str(match.lastgroup)
            rest = rest[: match.start()] + rest[match.end() :]
        words = rest.lower()
        core = re.findall(r"[^\W_]+|&", words)
        if any(word != "&" for word in core):
            yield core, form
        if core and core[0] in _HONORIFICS and len(core) > 1:
            yield core[1:], form


def _spellings(core: Sequence[str]) -> set[str]:
    """The ways to write a name's words as letters alone: `&` is also `en` or `and`, `van der` is
    `v.d.`, and `Gebr.` is `Gebroeders`."""
    written = _FROM_THE.sub(" vd ", f" {' '.join(core)} ").split()
    ways = {tuple(each(word) for word in way) for way in (core, written) for each in (str, _shortened, _lengthened)}
    if {"&", "en", "and"} & set(core[1:-1]):
        joints = ("", "en", "and")
        return {"".join(joint if word in ("&", "en", "and") else word for word in way) for way in ways for joint in joints}
    return {"".join(word for word in way if word != "&") for way in ways}


def _shortened(word: str) -> str:
    return _SHORT.get(word, f"{word.removesuffix('maatschappij')}mij" if word.endswith("maatschappij") else word)


def _lengthened(word: str) -> str:
    return _LONG.get(word, f"{word.removesuffix('mij')}maatschappij" if word.endswith("mij") else word)


def _turned(core: Sequence[str]) -> Iterable[list[str]]:
    """A person's name as lists have it, `Vries, J. de` and `De Vries, J.`: of initials, or of what
    stands before a prefix."""
    given = list(takewhile(lambda word: len(word) == 1 and word.isalpha(), core))
    if not given and len(core) > 2 and core[1] in _PREFIXES:
        given = list(core[:1])
    prefix = list(takewhile(_PREFIXES.__contains__, core[len(given) :]))
    surname = core[len(given) + len(prefix) :]
    if given and surname and not any(word == "&" or word in TRADES for word in core):
        yield [*surname, *given, *prefix]
        yield [*prefix, *surname, *given]


def _level(core: Sequence[str]) -> Literal["anywhere", "capitals", "form"]:
    """How much a name says by itself. Ordinary words in their ordinary order (`groot onderhoud`)
    say nothing, unless they are written as a name."""
    words = [word for word in core if word not in FILLERS and len(word) > 1]
    if len(words) > 1 and words[0] not in TRADES and all(word in TRADES or word in COMMON or word.isdigit() for word in words):
        return "capitals"
    initials = [word for word in core if len(word) == 1 and word.isalpha()]
    trades = [word for word in words if word in TRADES]
    telling = [
        word for word in words if word not in TRADES and word not in COMMON and len(word) >= NAME_LETTERS and not word.isdigit()
    ]
    if len(words) > 1 and len(trades) < len(words):
        return "anywhere" if telling or trades else "capitals"
    if telling or (words and len(initials) > 1):
        return "capitals"
    return "form"


def _words(name: str) -> list[str]:
    return [token.lower() for token in _TOKEN.findall(fold_text(name))]


def _cores(name: str) -> set[str]:
    return {pattern for core, _ in _names_of(fold_text(name)) for pattern in _spellings(core)}


def _unique(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    found: dict[tuple[object, ...], Mention] = {}
    for mention in mentions:
        found.setdefault((mention.clients, mention.kind, mention.sure), mention)
    return tuple(found.values())


def _excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 60 else line[:59] + "…"
