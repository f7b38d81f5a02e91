"""A model of config/ made anew, as small as it can be.

What is read of a large file lies in memory between all that reading made and threw away, and that
memory can't be given back. Of 10,000 clients it is 47 MB; made anew, while all the rest is still
there, they are 10.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TypeVar, cast

from dossier.office.keys import Client, Contact, Staff, Strict

V = TypeVar("V")

for _model in (Client, Contact, Staff):
    # What the attributes of a class are called is kept once for all of its objects only if the
    # first of them have them: CPython leaves less room for names with each that is made without.
    _first = _model.__new__(_model)
    for _name in _model.model_fields:
        object.__setattr__(_first, _name, None)


def compacted(values: Mapping[str, V]) -> dict[str, V]:
    """Models by their codes, made anew; texts that are the same are one, and codes are the same as
    the names of folders that are called so."""
    maker = _Maker()
    return {sys.intern(maker.text(code)): cast(V, maker.made(model)) for code, model in values.items()}


class _Maker:
    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._given: dict[frozenset[str], set[str]] = {}

    def text(self, value: str) -> str:
        known = self._texts.get(value)
        if known is None:
            known = value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
            self._texts[known] = known
        return known

    def made(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Strict):
            return self._model(value)
        if isinstance(value, list):
            return [self.made(inner) for inner in value]
        if isinstance(value, dict):
            return {self.made(key): self.made(inner) for key, inner in value.items()}
        return value

    def _model(self, value: Strict) -> Strict:
        """An attribute after the other: what a class has in common is then kept once, not in a
        dictionary for each."""
        made = type(value).__new__(type(value))
        for name, inner in value.__dict__.items():
            object.__setattr__(made, name, self.made(inner))
        given = frozenset(value.model_fields_set)
        object.__setattr__(made, "__pydantic_fields_set__", self._given.setdefault(given, set(given)))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made
