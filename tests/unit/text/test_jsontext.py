"""JSON is written as Python writes it, byte for byte: digests are made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dossier.text import jsontext

VALUES: list[object] = [
    {}, [], "één € \ud83d \x00 \"x\" \\", 12345678901234567890, 1.5, -0.0, True, None, {"z": [1, {"a": None}], "b": "ü"},
    {2: "two", None: "none", True: "yes"}, [[[]]], ("a", ("b",)),
]  # fmt: skip


def test_what_json_has_no_word_for_is_told_as_it_is_said() -> None:
    assert jsontext.writer(default=str)([1j]) == json.dumps([1j], default=str)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"ensure_ascii": False},
        {"separators": (",", ":")},
        {"ensure_ascii": False, "separators": (",", ":")},
        {"sort_keys": True, "ensure_ascii": False},
    ],
)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_is_what_python_writes(how: dict[str, Any], value: object) -> None:
    if how.get("sort_keys") and isinstance(value, dict) and len(set(map(type, value))) > 1:
        return
    assert jsontext.writer(**how)(value) == json.dumps(value, **how)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        jsontext.writer()({"a": object()})
