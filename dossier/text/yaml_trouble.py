"""What was meant by YAML that can't be read: libyaml's complaint in, line and sentence out. Pure.

libyaml says what it did not find ("did not find expected key"). Whoever wrote the file wants to
know which line it is, and how it should read. What people get wrong is always the same: a colon or
an `@` in a value, no blank behind the colon, a tab, quotes that are not closed or not straight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dossier.text.names import clipped
from dossier.text.sentences import Sentence, sentence

if TYPE_CHECKING:
    from yaml import Mark, MarkedYAMLError

SHOWN = 80
"""So many characters of a line are shown."""

_KEY = re.compile(r"(?P<before>\s*(?:- +)?(?P<key>[^\s:#\"'\[{][^:#\"'\[{]*):)(?P<gap>[ \t]*)(?P<value>.*)")
_CUT_OFF = re.compile(r"(?P<before>.*[\[{,:][ \t]*)(?P<text>[^\[{,:\"'#]+[ \t]#[^,\]}]*)(?P<rest>.*)")
_IN_QUOTES = re.compile(r"""(?P<quote>["'])(?:[^"']*[ (]|[^"']+(?=(?P=quote)[^\s,.]))(?P=quote).*(?P=quote)""")
"""A text in quotes in which a quote stands that ends none: `'Bakkerij 't Hoekje'`."""
_EMPTY = re.compile(r"[^#]*:[ \t]*(?P<mark>\{[ \t]*\}|\[[ \t]*\])[ \t]*(#.*)?")
_CURLY = str.maketrans("“”„‟‘’‚", '""""\'\'\'')


def what_was_meant(text: str, error: MarkedYAMLError) -> tuple[int, Sentence]:
    """The line (from 1; 0: the whole file) that a yaml.MarkedYAMLError is about, and what to do."""
    pieces = _BREAK.split(text)
    number, meant = _meant(pieces[::2], error)
    number -= sum(map(_is_unseen, pieces[1 : max(1, 2 * number - 1) : 2]))
    line = _line(text.split("\n"), number - 1).rstrip("\r")
    if any(map(_is_unseen, line)):
        better = "".join(" " if _is_unseen(character) else character for character in line)
        return number, sentence("yaml.odd_break", line=_printable(line), better=_printable(better))
    return number, meant


_BREAK = re.compile("(\r\n|[\r\n\x85\u2028\u2029])")
"""What ends a line to YAML."""


def _is_unseen(end: str) -> bool:
    """True of what ends a line to YAML, and is a blank or nothing to most editors."""
    return end in "\x85\u2028\u2029"


def _meant(lines: Sequence[str], error: MarkedYAMLError) -> tuple[int, Sentence]:
    """As `what_was_meant`, with the line's number as YAML counts."""
    problem, context = error.problem or error.context or "unreadable", error.context or ""
    at = error.problem_mark or error.context_mark
    if at is None:
        return 0, sentence("yaml.not_yaml", what=" ".join(problem.split()))
    begun = error.context_mark or at
    here, before = _line(lines, at.line), _line(lines, at.line - 1)
    opening = _line(lines, begun.line)
    if is_oddly_blank(here):
        return at.line + 1, sentence("yaml.odd_blanks", line=_printable(here))
    if "tab" in problem or "\t" in here[: len(here) - len(here.lstrip())] or here[at.column : at.column + 1] == "\t":
        return at.line + 1, sentence("yaml.tab", line=_printable(here), better=_printable(here.expandtabs(2)))
    if any(curly in opening + here for curly in "“”„") and "mapping values" in problem:
        return at.line + 1, sentence("yaml.curly_quotes", line=_printable(here), better=_printable(here.translate(_CURLY)))
    if "quoted scalar" in context and "end of stream" in problem:
        return begun.line + 1, _to_be_closed(opening, begun.column)
    if "flow" in context and "nesting depth" not in problem:
        return _about_brackets(lines, begun.line)
    if "quoted scalar" in context and re.search("escape|hexdecimal", problem):
        return at.line + 1, sentence("yaml.backslash", line=_printable(here), better=_printable(_in_single_quotes(here)))
    if "block sequence entries" in problem and re.search(r":[ \t]+-[ \t]", here):
        return at.line + 1, _to_be_quoted("yaml.dash", here)
    if _begins_oddly(problem, context, here):
        return at.line + 1, _to_be_quoted("yaml.odd_begin", here, begun.column if begun.line == at.line else at.column)
    if "mapping values" in problem or "expected ':'" in problem:
        return _about_colons(lines, at, begun)
    if "expected key" in problem and re.search(r":\s*[\"'].*[\"']", here):
        return at.line + 1, _to_be_quoted("yaml.behind_quotes", here)
    if "expected key" in problem and _lacks_blank(before):
        return at.line, _with_blank(before)
    if "did not find expected" in problem and here.strip():
        return _about_indents(lines, at, problem)
    return at.line + 1, sentence("yaml.unreadable", line=_printable(here))


def about_bare_text(text: str, line: int) -> Sentence:
    """What to do about a text, on this line (from 1), where `key: value` was expected."""
    here = _line(text.split("\n"), line - 1).rstrip("\r")
    if is_oddly_blank(here):
        return sentence("yaml.odd_blanks", line=_printable(here))
    return _with_blank(here) if _lacks_blank(here) else sentence("yaml.bare_text")


LONG = 500
"""Characters of a line of which it is told at most what was meant: in no more than a moment."""


def _begins_oddly(problem: str, context: str, line: str) -> bool:
    """True of a value whose first character means something to YAML: `@`, `?`, `>`, `[a] b`."""
    return (
        "cannot start any token" in problem
        or "an alias" in context
        or "an anchor" in context
        or "a tag" in context
        or "a block scalar" in context
        or "mapping keys are not allowed" in problem
        or ("expected node content" in problem and re.search(r":[ \t]+[,\]}]", line[:LONG]) is not None)
        or ("expected key" in problem and re.search(r":\s*(?:\[[^\]]*\]|\{[^}]*\})[ \t]*\w", line[:LONG]) is not None)
    )


def _about_colons(lines: Sequence[str], at: Mark, begun: Mark) -> tuple[int, Sentence]:
    """One colon too many, or one without a blank behind it."""
    for number in dict.fromkeys((begun.line, at.line, at.line - 1)):
        if _lacks_blank(line := _line(lines, number)):
            return number + 1, _with_blank(line)
        if is_oddly_blank(line):
            return number + 1, sentence("yaml.odd_blanks", line=_printable(line))
    here = _line(lines, at.line)
    found = _KEY.fullmatch(here)
    if found and re.search(r":(\s|$)", found["value"]):
        return at.line + 1, _to_be_quoted("yaml.colon", here)
    if found and here[:1] in " \t":
        return at.line + 1, sentence("yaml.indented", line=_printable(here), better=_printable(here.strip()))
    number = begun.line if begun.line != at.line else at.line
    return number + 1, sentence("yaml.no_colon", line=_printable(_line(lines, number)))


def _about_indents(lines: Sequence[str], at: Mark, problem: str) -> tuple[int, Sentence]:
    """A line that begins where no other does, or below a value that is whole already."""
    here, number = _line(lines, at.line), at.line - 1
    while number > 0 and not lines[number].partition("#")[0].strip():
        number -= 1
    above = _line(lines, number)
    values = {"line": _printable(here), "above": _printable(above)}
    if _indent(here) > _indent(above):
        if found := _EMPTY.fullmatch(above):
            return number + 1, sentence("yaml.empty_brackets", **values, mark=found["mark"])
        return at.line + 1, sentence("yaml.indented", line=values["line"], better=_printable(here.strip()))
    if _indent(here) < _indent(above):
        return at.line + 1, sentence("yaml.dedented", **values)
    if "'-' indicator" in problem:
        return at.line + 1, sentence("yaml.no_dash", line=values["line"])
    return at.line + 1, sentence("yaml.unreadable", line=values["line"])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def is_oddly_blank(line: str) -> bool:
    """True if blanks stand before the text, or behind its first colon, that are none to YAML: as
    they come along from a mail or a page."""
    return re.match(r"(?:[ \t]*|[^:]*:)[^\S \t\r\n]", line) is not None


def _about_brackets(lines: Sequence[str], number: int) -> tuple[int, Sentence]:
    """One that was opened on this line, or above it."""
    while number > 0 and not re.search(r"[\[{]", _line(lines, number)):
        number -= 1
    line = _line(lines, number)
    mark = max("[{", key=line.rfind)
    if len(line) <= LONG and (cut := _CUT_OFF.fullmatch(line)):
        mark = max("[{", key=cut["before"].rfind)
        better = f"{cut['before']}{quoted(cut['text'].rstrip())}{cut['rest']}"
        return number + 1, sentence("yaml.comment_in_brackets", line=_printable(line), mark=mark, better=_printable(better))
    if _is_closed(line):
        return number + 1, sentence("yaml.unreadable", line=_printable(line))
    return number + 1, sentence("yaml.open_bracket", line=_printable(line), mark=mark, end="]" if mark == "[" else "}")


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number] if 0 <= number < len(lines) else ""


def _lacks_blank(line: str) -> bool:
    return re.fullmatch(r"\s*[A-Za-z_]\w*:[^\s:/\\].*", line) is not None


def _with_blank(line: str) -> Sentence:
    key, _, value = line.partition(":")
    return sentence("yaml.no_blank", line=_printable(line), better=_printable(f"{key}: {value}"))


_APOSTROPHE = re.compile(r"'[A-Za-z]{1,2}[- ]")
"""Of a word that begins with one: `'s-Hertogenbosch`, `'t Hoekje`."""


def _to_be_closed(line: str, at: int) -> Sentence:
    """`line` with its quote closed, or with quotes around an apostrophe that was taken for one."""
    better = f'{line[:at]}"{line[at:].rstrip()}"' if _APOSTROPHE.match(line, at) and '"' not in line else line + line[at : at + 1]
    return sentence("yaml.open_quote", line=_printable(line), better=_printable(better))


_ITEM_BEGINS = re.compile(r"[\[{,][ \t]*|:[ \t]+|^[ \t]*-[ \t]+")


def _is_closed(line: str) -> bool:
    """True if no bracket of it waits for its end."""
    return all(line.count(begin) <= line.count(end) for begin, end in ("[]", "{}"))


def _item_at(line: str, column: int) -> tuple[int, int] | None:
    """From where to where the item of a list stands there; None where there is no list."""
    is_within = not _is_closed(line[:column])
    if not is_within and not re.match(r"[ \t]*-[ \t]", line):
        return None
    begin = max((found.end() for found in _ITEM_BEGINS.finditer(line[:column])), default=0)
    end = re.compile(r"[,\]}]|$").search(line, column) if is_within else None
    return begin, begin + len(line[begin : end.start() if end else len(line)].rstrip())


def _to_be_quoted(code: str, line: str, column: int | None = None) -> Sentence:
    """`line` with its value in quotes; of a list, the item that stands at `column`."""
    if column is not None and len(line) <= LONG and (item := _item_at(line, column)):
        better = f"{line[: item[0]]}{quoted(line[slice(*item)])}{line[item[1] :]}"
        return sentence(code, line=_printable(line), better=_printable(better))
    found = _KEY.fullmatch(line)
    if found is None:
        return sentence(code, line=_printable(line), better=_printable(f'"{line.strip()}"'))
    value = found["value"].strip()
    if code == "yaml.behind_quotes" and _IN_QUOTES.fullmatch(value):
        value = value[1:-1]
    return sentence(code, line=_printable(line), better=_printable(f"{found['before']} {quoted(value)}"))


def _in_single_quotes(line: str) -> str:
    """`line` with what stands in double quotes in single ones, in which a backslash is one."""
    return re.sub(r'"([^"]*)"', lambda found: "'" + found[1].replace("'", "''") + "'", line)


def quoted(value: str) -> str:
    """The value as it can stand behind a key, in quotes that it has none of."""
    return f'"{value}"' if '"' not in value and "\\" not in value else "'" + value.replace("'", "''") + "'"


def _printable(line: str) -> str:
    return clipped(line.strip(), SHOWN)
