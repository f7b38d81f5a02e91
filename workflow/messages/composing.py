"""A letter: its blocks, its plain and its HTML part. Nothing is sent or looked up.

Pure. Whatever a description, a name or a mail server's answer holds, it stays text: one line where
a line is meant, and escaped in the HTML part. What letters say is in letters.py; how a letter
becomes a mail, in workflow/mail/mime.py.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dossier.text.names import has_bad_characters
from workflow.messages.language import environment
from workflow.messages.logo import Logo

TEXT_WIDTH = 76
"""Of the plain part; links are never broken."""

LOGO_ADDRESS = "cid:logo@dossier"
"""Where the HTML part finds the logo: beside it in the mail (RFC 2392)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str
    blocks: tuple[Block, ...] = ()
    """What text and html were made of."""
    logo: Logo | None = None
    """The picture that the HTML part shows; it goes with it."""

    @property
    def standalone(self) -> str:
        """The HTML part for a browser, with the picture in it."""
        if self.logo is None:
            return self.html
        return self.html.replace(LOGO_ADDRESS, self.logo.address)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a letter: a paragraph, what it is about, a quotation, a link, or rows."""

    kind: Literal["paragraph", "matter", "quote", "link", "rows"]
    text: str = ""
    link: str = ""
    rows: tuple[str, ...] = ()


# How it is put together


def compose(language: str, subject: str, blocks: Sequence[Block], firm: str = "", logo: Logo | None = None) -> Letter:
    """A letter, plain and HTML, of these blocks; its head has the firm's logo, else its name."""
    text = "\n\n".join(_plain(block) for block in blocks) + "\n"
    shown = {"subject": subject, "blocks": blocks, "firm": firm, "logo": logo, "logo_address": LOGO_ADDRESS}
    html = environment(language).get_template("letter.html").render(shown)
    return Letter(subject, text, html, tuple(blocks), logo)


def _plain(block: Block) -> str:
    """A block as it is in the plain part."""
    if block.kind == "link":
        return f"{block.text}:\n{block.link}"
    if block.kind == "rows":
        return "\n".join(_wrapped(row, "- ", "  ") for row in block.rows)
    first = {"matter": "    ", "quote": "> "}.get(block.kind, "")
    return "\n".join(_wrapped(line, first, first) for line in block.text.split("\n"))


def _wrapped(line: str, first: str, rest: str) -> str:
    wrapped = textwrap.wrap(
        line, TEXT_WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapped) or first.rstrip()


def one_line(text: str) -> str:
    """Text on one line, without control characters, surrogates and direction marks."""
    return " ".join("".join(" " if has_bad_characters(character) else character for character in text).split())


def several_lines(text: str) -> str:
    """Text with its line ends, each line as `one_line` has it."""
    return "\n".join(one_line(line) for line in text.strip().splitlines())
