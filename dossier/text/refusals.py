"""One tree for everything that is refused, whoever asked: a person, a program, a drop or a page.

A refusal says in a code and values why (sentences.py); the face that shows it makes the sentence.
Each kind knows the exit code of a command and the HTTP status of an answer, so no face keeps a
table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from dossier.text.sentences import SIDECAR, Sentence, Words, several_told

REFUSED, USAGE, MISCONFIGURED, ENVIRONMENT = 1, 2, 3, 4
"""The exit codes of the command line (CONTRACT section 5)."""


class Problem(NamedTuple):
    """What is wrong with what was asked, and the key it is about; "" is none in particular."""

    key: str
    message: Sentence | str


class Refusal(Exception):
    """What was asked is not done, and nothing was changed."""

    exit_code: ClassVar[int] = REFUSED
    http_status: ClassVar[int] = 403

    def __init__(self, code: str | Sentence, /, **values: object) -> None:
        """`code` and its values, or a sentence that somebody else made."""
        self.sentence: Sentence | str = code if isinstance(code, Sentence) or " " in code else Sentence(code, values)
        super().__init__(self.sentence)

    @property
    def problems(self) -> Sequence[Problem]:
        """Every reason, with the key that it is about."""
        return (Problem("", self.sentence),)

    def told(self, language: str = "en", words: Words = SIDECAR) -> str:
        """All reasons in one line."""
        return several_told((problem.message for problem in self.problems), language, words)

    def __str__(self) -> str:
        return self.told()


class NotFound(Refusal):
    """There is no such thing, or it is none of this person's business whether there is."""

    http_status = 404


class Forbidden(Refusal):
    """This person has no right to it."""

    http_status = 403


class Conflict(Refusal):
    """It can't be done with the thing as it is now: somebody was first, or it was changed."""

    http_status = 409


class Invalid(Refusal):
    """What was given is not right. Every fault is told at once, each with its key."""

    http_status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._problems = tuple(problems)
        super().__init__(self._problems[0].message if self._problems else Sentence("refusals.nothing"))

    @property
    def problems(self) -> Sequence[Problem]:
        return self._problems


class Unavailable(Refusal):
    """The surroundings fail, and it may go well later: a full disk, a server that is away."""

    exit_code = ENVIRONMENT
    http_status = 503


def fault(key: str, code: str, /, **values: object) -> Problem:
    """A problem with `key`, as a code and its values."""
    return Problem(key, Sentence(code, values))
