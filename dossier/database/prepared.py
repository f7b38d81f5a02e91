"""Queries that are written once: peewee takes longer to write one than SQLite to answer it.

    _LAST = Prepared(lambda keys: Event.select(fn.MAX(Event.seq)).where(Event.item.in_(keys)))
    _LAST.rows([1, 2, 3])

For what each request asks. A query that is put together by what is asked for stays peewee's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from peewee import CharField, Field, IntegerField, TextField, Value

from dossier.database.tables import PROXY, JSONText, chunks

_MOST = 512
"""Values of a list that go into one statement."""

Row = tuple[Any, ...]

_Query: TypeAlias = Any
"""What peewee makes: it says nothing of its types."""

_Lengths = tuple[int | None, ...]
"""Of each argument that is a list how many places it has."""


class _Gap:
    """Where a value goes: the number of the argument, and of the place in it if that is a list."""

    def __init__(self, argument: int, place: int) -> None:
        self.argument = argument
        self.place = place


class _Written(NamedTuple):
    statement: str
    order: list[object]
    """What goes into it: gaps, and values that stand in the query itself."""
    readers: list[tuple[int, Callable[[object], object]]]
    """What is made of columns that peewee would not give as the driver does."""


class Prepared:
    """A query of which only the values differ.

    `write` gets a stand-in for each argument, for a list a list of them, and returns the query.
    Arguments are given as the database has them: a list is several values, never JSON text. One
    that is empty is (NULL): whatever is asked to be in it, or not in it, is not found. Any thread
    may use it.
    """

    def __init__(self, write: Callable[..., _Query]) -> None:
        self._write = write
        self._written: dict[tuple[str, _Lengths], _Written] = {}

    def rows(self, *given: object) -> list[Row]:
        """What is found, as `tuples` gives it; of a long first list of its parts, in order."""
        if not given or not isinstance(given[0], list):
            return self._rows(given)
        return [row for some in chunks(given[0], _MOST) for row in self._rows((some, *given[1:]))]

    def plain_rows(self, *given: object) -> list[Row]:
        """As the driver gives them: JSON is text yet. No list is long."""
        written = self._for(given)
        found: list[Row] = PROXY.execute_sql(written.statement, _values(written.order, given)).fetchall()
        return found

    def row(self, *given: object) -> Row | None:
        """The first row; None if there is none."""
        found = self.rows(*given)
        return found[0] if found else None

    def run(self, *given: object) -> int:
        """Change rows; how many. Call inside a transaction."""
        written = self._for(given)
        return int(PROXY.execute_sql(written.statement, _values(written.order, given)).rowcount)

    def _rows(self, given: Sequence[object]) -> list[Row]:
        found = self.plain_rows(*given)
        for index, read in self._for(given).readers:
            found = [(*row[:index], read(row[index]), *row[index + 1 :]) for row in found]
        return found

    def _for(self, given: Sequence[object]) -> _Written:
        """The statement for lists of such lengths: of a power of two, so that there are few."""
        database = PROXY.obj
        key = database.param, tuple(_places(one) if isinstance(one, list) else None for one in given)
        written = self._written.get(key)
        if written is None:
            places: list[object] = []
            for argument, length in enumerate(key[1]):
                stand_ins = [Value(_Gap(argument, place), converter=False) for place in range(length or 1)]
                places.append(stand_ins[0] if length is None else stand_ins)
            query = self._write(*places)
            statement, order = query.bind(database).sql()
            written = self._written[key] = _Written(statement, order, _readers(query))
        return written


def _values(order: Sequence[object], given: Sequence[object]) -> list[object]:
    """What goes into the statement. Behind the end of a list comes its last value once more."""
    full = [(*one, *[one[-1] if one else None] * (_places(one) - len(one))) if isinstance(one, list) else (one,) for one in given]
    return [full[one.argument][one.place] if isinstance(one, _Gap) else one for one in order]


def _places(values: Sequence[object]) -> int:
    return 1 << max(0, len(values) - 1).bit_length()


def _readers(query: _Query) -> list[tuple[int, Callable[[object], object]]]:
    return [
        (index, column.python_value)
        for index, column in enumerate(getattr(query, "_returning", None) or ())
        if isinstance(column, JSONText)
        or (isinstance(column, Field) and not isinstance(column, IntegerField | CharField | TextField))
    ]
