"""The desk's templates, compiled once for each language, with its texts in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from markupsafe import Markup, escape

from desk.web.staff import moments
from dossier.text.sentences import Sentence, told
from ingest.inbox import found
from workflow.messages.language import Translator, environment, read_catalogue
from workflow.portal import pages

HERE = Path(__file__).parent


@cache
def translator(language: str) -> Translator:
    """The texts of the desk's pages."""
    return read_catalogue(HERE / "locale", "pages", language)


class FixedTexts(Extension):
    """Texts without values are put into a template when it is compiled, in the one language of its
    environment.

    To ask for each of them at every click took a third of the time that a page took.
    """

    _CALL = ("name", "lparen", "string", "rparen")

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """`_("text")` becomes `("its translation"|safe)`, which the compiler makes one with the
        text around it."""
        kept: list[Token] = []
        for token in stream:
            kept.append(token)
            if token.type != self._CALL[len(kept) - 1] or (len(kept) == 1 and token.value != "_"):
                yield from kept
                kept = []
            elif len(kept) == len(self._CALL):
                _, opened, text, closed = kept
                yield from (opened, Token(text.lineno, "string", self._told(text.value)))
                yield from (Token(text.lineno, "pipe", "|"), Token(text.lineno, "name", "safe"), closed)
                kept = []
        yield from kept

    def _told(self, text: str) -> str:
        gettext: Any = self.environment.globals["gettext"]
        return str(gettext(Context(self.environment, {}, "", {}), text))


def coded(text: str) -> Markup:
    """A sentence as HTML: what stands in it between backticks, a key or a file's name, as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped  # nosec B704


_CODE = re.compile("`([^`\n]+)`")


@cache
def templates(language: str) -> Environment:
    made = environment(language, HERE / "templates", translator(language), FixedTexts)
    made.filters |= {
        "encoded": pages.encoded, "kind": pages.kind, "badge": pages.badge,
        "moment": lambda iso, now: moments.moment(iso, now, language),
        "ahead": lambda iso, now: moments.ahead(iso, now, language),
        "minute": lambda iso: moments.to_the_minute(iso[:16].replace("T", " "), language),
        "stem": found.stem_put_away, "coded": coded,
        "did": lambda action: told(Sentence(f"trail.did_{action}"), language).removeprefix("trail.did_").replace("_", " "),
        "date": lambda iso: moments.date(iso, language), "weekday": lambda iso: moments.weekday(iso, language),
    }  # fmt: skip
    return made
