"""Languages: English is the source text, Dutch comes from locale/nl/LC_MESSAGES/dossier.po.

What a person reads outside the office (pages, mails) is made here into that person's language:
texts by gettext, dates and sizes by Babel. The .po file is read as it is: there is no compiled copy
that could be behind it.

Babel and Jinja take longer to import than most commands last, and most commands need neither: they
are imported where they are used.
"""

from __future__ import annotations

import gettext
import re
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel import Locale
    from jinja2 import Environment
    from jinja2.ext import Extension

HERE = Path(__file__).parents[1]

_UNITS = ("digital-byte", "digital-kilobyte", "digital-megabyte", "digital-gigabyte", "digital-terabyte")


class Translator(gettext.NullTranslations):
    """Texts in one language; a text that lacks a translation stays English."""

    def __init__(self, texts: dict[str, str], plurals: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.texts = texts
        self.plurals = plurals

    def gettext(self, message: str) -> str:
        return self.texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        one, many = self.plurals.get(msgid1, (msgid1, msgid2))
        # English and Dutch have the same plural rule.
        return one if n == 1 else many


@cache
def translator(language: str) -> Translator:
    """The texts of `language` (`en` or `nl`)."""
    return read_catalogue(HERE / "locale", "dossier", language)


def read_catalogue(folder: Path, name: str, language: str) -> Translator:
    """The texts of `folder`/LANGUAGE/LC_MESSAGES/`name`.po; English, the source, has none."""
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    if language != "en":
        text = (folder / language / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8")
        for entry in re.split(r"\n\s*\n", text):
            said = {key: _unquoted(quoted) for key, quoted in _PO_LINES.findall(entry)}
            if "msgid_plural" in said:
                plurals[said["msgid"]] = (said["msgstr[0]"], said["msgstr[1]"])
            elif said.get("msgid"):
                texts[said["msgid"]] = said["msgstr"]
    return Translator(texts, plurals)


_PO_LINES = re.compile(r'^(msg\S+)((?:\s*"(?:[^"\\]|\\.)*")+)', re.MULTILINE)
"""A line of a .po file: what it begins with, and its quoted text, on any number of lines."""


def _unquoted(quoted: str) -> str:
    inside = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted))
    return re.sub(r"\\(.)", lambda escaped: {"n": "\n", "t": "\t"}.get(escaped[1], escaped[1]), inside)


@cache
def _locale(language: str) -> Locale:
    from babel import Locale

    # English as it is written in Europe: 24 November 2026, not November 24, 2026.
    return Locale("en", "GB") if language == "en" else Locale(language)


@lru_cache(maxsize=4096)
def day(iso: str, language: str) -> str:
    """`2026-11-24…` → `24 november 2026`: the date as `iso` has it, whatever comes behind it."""
    from babel.dates import format_date

    return str(format_date(date.fromisoformat(iso[:10]), "long", locale=_locale(language)))


def size(count: int, language: str) -> str:
    """Bytes for people: `39 kB`, `1,2 MB`. One decimal below ten; a kB is 1000 bytes."""
    value, unit = float(count), 0
    # 999,600 bytes are 1.0 MB, not 1000 kB.
    while unit + 1 < len(_UNITS) and round(value) >= 1000:
        value, unit = value / 1000, unit + 1
    return _quantity(round(value, 1) if unit and round(value, 1) < 10 else round(value), unit, language)


@lru_cache(maxsize=8192)
def _quantity(value: float, unit: int, language: str) -> str:
    # Babel takes 30 µs for it, and an index of 10,000 items has but some 1,000 different ones.
    from babel.units import format_unit

    # Short, English has "12 byte"; of Dutch there is no long form.
    length: Literal["short", "long"] = "long" if unit == 0 and language == "en" else "short"
    return str(format_unit(value, _UNITS[unit], length=length, locale=_locale(language)))


@cache
def environment(
    language: str, folder: Path = HERE / "templates", texts: Translator | None = None, *extensions: type[Extension]
) -> Environment:
    """The templates, compiled once, with texts, dates and sizes of `language`. All is escaped.

    `folder`, `texts`: of pages with a catalogue of their own. An overlay would share its texts with
    all others.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folder),
        extensions=["jinja2.ext.i18n", *extensions],
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.install_gettext_translations(texts or translator(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["language"] = language
    made.filters["day"] = lambda iso: day(iso, language)
    made.filters["size"] = lambda count: size(count, language)
    return made
