"""What is told to a person, in no language yet: a code, and the values that belong in its sentence.

    Sentence("items.no_such_item", {"item": "D-2026-000012"})

The rooms below the faces say what is the matter as such values. The sentence itself is made where
somebody reads it: by a command, on a page, in a WHY.txt, in the reader's language and with the
words of that place. The sentences stand in dossier/sentences/, a file for each first part of a
code, with its English and its Dutch side by side:

    [no_such_item]
    en = "there is no item {item}"
    nl = "er is geen dossierstuk {item}"

Within a sentence:
    {item}             a value; one that is a sentence itself is told in the same language, and
                       a list of them with commas
    {key[contact]}     a sidecar's key as this place calls it: `contact`, `--contact`
    {set[share=no]}    a key with a value, as this place writes it: `share: no`, `--no-share`
    {key_in[needed]}   the key that a value names, in the words of this place
    en = ["{count} file", "{count} files"]     one and many, told by the first of COUNTS in it

Where a sentence needs other words in one place, `en_desk` and `nl_desk` are for pages of the desk,
`en_cli` and `nl_cli` for the command line.

A code that nobody wrote a sentence for is told as it is: nothing that is told ever raises. The
tests hold that each code has both its sentences, and each sentence the values it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

CATALOGUES = Path(__file__).parents[1] / "sentences"

LANGUAGES = ("en", "nl")
"""Those that each sentence is written in."""

COUNTS = ("count", "hours", "minutes", "seconds", "years", "has", "events", "files", "tries", "length", "size", "was", "most")
"""Values by which a sentence has one form for one and another for many; `count` counts unseen,
too."""

PLAIN = "plain"
"""The code of words that are passed on as they came, from a mail server for one."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing to be told. `str()` tells it in English, with English keys, for logs."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return told(self)

    def __hash__(self) -> int:
        return hash((self.code, str(sorted((name, str(value)) for name, value in self.values.items()))))


def sentence(code: str, /, **values: object) -> Sentence:
    """The sentence with this code (`items.no_such_item`) and these values."""
    return Sentence(code, values)


def plain(text: str) -> Sentence:
    """Words from elsewhere, told as they are in every language."""
    return Sentence(PLAIN, {"text": text})


class SentenceError(ValueError):
    """What went wrong, as a sentence."""

    def __init__(self, code: str, /, **values: object) -> None:
        self.sentence = Sentence(code, values)
        super().__init__(str(self.sentence))


class Words(NamedTuple):
    """How the place where a sentence is read calls keys and values.

    `form`: as a sidecar writes them, as an option of a command, or as a field on a page.
    """

    form: Literal["sidecar", "option", "field"] = "sidecar"
    keys: Mapping[str, str] = MappingProxyType({})
    """English key → the word of this place."""
    values: Mapping[str, str] = MappingProxyType({})
    """English value (`yes`, `approved`) → the word of this place."""

    def key(self, name: str) -> str:
        word = self.keys.get(name, name)
        return f"--{word.replace('_', '-')}" if self.form == "option" else word

    def word(self, name: str) -> str:
        """As `key`, but no option: what a type's own field is called, too."""
        return self.keys.get(name, name)

    def setting(self, text: str) -> str:
        """`share=no` as it is written here."""
        name, _, value = text.partition("=")
        word = self.values.get(value, value)
        if self.form != "option":
            return f"{self.key(name)}: {word}"
        if value in ("yes", "no"):
            switch = self.key(name)
            return switch if value == "yes" else f"--no-{switch.removeprefix('--')}"
        return f"{self.key(name)} {word}"


SIDECAR = Words()


def as_data(what: Sentence | str) -> object:
    """As plain values for JSON, to be kept; `from_data` makes the same sentence of them."""
    if isinstance(what, str):
        return what
    return {"code": what.code, "values": {name: _value_as_data(one) for name, one in what.values.items()}}


def _value_as_data(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_value_as_data(one) for one in value]
    return as_data(value) if isinstance(value, Sentence) else value


def from_data(kept: object) -> Sentence | str:
    """The sentence that `as_data` was given; of something else, the words that it is."""
    if not (isinstance(kept, Mapping) and isinstance(kept.get("code"), str) and isinstance(kept.get("values"), Mapping)):
        return str(kept)
    return Sentence(kept["code"], {name: _value_from_data(one) for name, one in kept["values"].items()})


def _value_from_data(kept: object) -> object:
    if isinstance(kept, list):
        return [_value_from_data(one) for one in kept]
    return from_data(kept) if isinstance(kept, Mapping) else kept


def packed(what: Sentence | str) -> str:
    """As one text, for a column of the database."""
    return what if isinstance(what, str) else json.dumps(as_data(what), ensure_ascii=False)


def unpacked(text: str) -> Sentence | str:
    """What `packed` made a text of."""
    try:
        return from_data(json.loads(text)) if text.startswith('{"code": ') else text
    except ValueError:
        return text


def told(what: Sentence | str, language: str = "en", words: Words = SIDECAR) -> str:
    """The sentence in `language` (en or nl), with the words of the place where it is read."""
    if isinstance(what, str):
        return what
    if what.code == PLAIN:
        return str(what.values.get("text", ""))
    forms = _forms(what.code)
    form = forms.get(language) or forms.get("en")
    if words.form in _APART:
        form = forms.get(f"{language}_{_APART[words.form]}") or form
    if isinstance(form, list):
        form = form[0] if _number(what.values, form[-1]) == "1" else form[-1]
    values = {name: _value_told(value, language, words) for name, value in what.values.items()}
    if not isinstance(form, str):
        return " ".join([what.code, *(f"{name}={value}" for name, value in values.items())])
    try:
        asked = {
            "key": _Asked(words.key),
            "set": _Asked(words.setting),
            "key_in": _Asked(lambda name: words.word(str(values[name]))),
        }
        return form.format_map({**values, **asked})
    except (KeyError, IndexError, ValueError, AttributeError):
        return f"{what.code}: {form}"


def _number(values: Mapping[str, object], form: str) -> str:
    """What tells whether one or many are meant."""
    told_by = (name for name in COUNTS if name in values and (name == "count" or f"{{{name}}}" in form))
    return str(values.get(next(told_by, "")))


def _value_told(value: object, language: str, words: Words) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(_value_told(one, language, words)) for one in value)
    return told(value, language, words) if isinstance(value, Sentence) else value


def either(words: Sequence[Sentence | str]) -> Sentence | str:
    """`k.smit or m.devries`; nothing of none."""
    if not words:
        return ""
    return sentence("text.either", first=list(words[:-1]), last=words[-1]) if len(words) > 1 else words[0]


def in_a_row(what: Sequence[Sentence]) -> Sentence:
    """One or more whole sentences as one."""
    return sentence("text.in_a_row", first=what[0], rest=in_a_row(what[1:])) if len(what) > 1 else what[0]


def several_told(what: Iterable[Sentence | str], language: str = "en", words: Words = SIDECAR) -> str:
    """Sentences in one line."""
    return "; ".join(told(one, language, words) for one in what)


_APART = {"field": "desk", "option": "cli"}
"""Where a catalogue may have words of its own, such as `en_desk`."""


class _Asked:
    """What `{key[…]}`, `{set[…]}` and `{key_in[…]}` are asked of."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer

    def __getitem__(self, name: str) -> str:
        return self._answer(name)


@cache
def _forms(code: str) -> Mapping[str, str | list[str]]:
    """How the sentence with this code is told, from dossier/sentences/: `en`, `nl` and so on.

    What these files say is nearly always written as in JSON, and that is read in no time; to load
    what reads TOML, and to read a whole file, takes longer than most commands last.
    """
    part, _, name = code.partition(".")
    section = _catalogue(part).partition(f"\n[{name}]\n")[2].partition("\n[")[0]
    try:
        return {key: json.loads(form) for key, _, form in (line.partition(" = ") for line in section.splitlines() if line)}
    except ValueError:
        import tomllib

        return tomllib.loads(section)


@cache
def _catalogue(part: str) -> str:
    try:
        return "\n" + (CATALOGUES / f"{part}.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
