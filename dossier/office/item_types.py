"""Types of item: what a type's rules, fields and date of review say. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from dossier.office.terms import ENGLISH
from dossier.text.names import fold
from dossier.text.sentences import Sentence, either, sentence

if TYPE_CHECKING:
    from dossier.office.keys import FieldKind, ItemType

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def faults(
    types: Mapping[str, ItemType], labels: Collection[str], staff: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...], Sentence]]:
    """What is wrong with the types of a configuration: (type, keys below it, message)."""
    for name, kind in types.items():
        for field in kind.fields:
            if field in ENGLISH:
                yield name, ("fields", field), sentence("config.field_taken", field=field)
        for key in kind.required:
            if key not in ENGLISH and key not in kind.fields:
                yield name, ("required",), sentence("config.no_such_field", field=key)
        for label in kind.labels:
            if labels and fold(label) not in {fold(one) for one in labels}:
                yield name, ("labels",), sentence("config.no_such_label", label=label)
        for code in kind.staff or ():
            if code not in staff:
                yield name, ("staff",), sentence("config.no_such_person", person=code)
        if kind.review_field is not None and kind.fields.get(kind.review_field) != "date":
            yield name, ("review_field",), sentence("config.no_date_field", field=kind.review_field)


def fitting(kind: FieldKind, text: str) -> str | None:
    """`text` as a field of this kind holds it (a choice as the office spells it); None: unfit."""
    if kind == "text":
        return text
    if kind == "date":
        return text if is_date(text) else None
    return next((choice for choice in kind if fold(choice) == fold(text)), None)


def wanted(kind: FieldKind) -> Sentence | str:
    """What a field of this kind takes."""
    if kind == "text" or kind == "date":
        return sentence("rules.a_text") if kind == "text" else sentence("rules.a_date")
    return either(kind)


def is_date(text: str) -> bool:
    try:
        return bool(_ISO_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def review_due(kind: ItemType, fields: Mapping[str, str], changed: date) -> date | None:
    """When it must be looked at again; `changed`: made or last changed. None: never."""
    told = fields.get(kind.review_field or "")
    if told and is_date(told):  # it may be older than the field is a date
        return date.fromisoformat(told)
    return months_later(changed, kind.review_months) if kind.review_months else None


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month. 9999-12-31 at most."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
