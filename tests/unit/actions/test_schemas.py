"""The JSON Schemas that lie beside the demo office's config are the program's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk.actions.schemas import SCHEMAS, schema_of

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("what", SCHEMAS)
def test_the_schemas_of_the_demo_office_are_those_of_the_program(what: str) -> None:
    kept = json.loads((CHECKOUT / "config/schema" / f"{what}.json").read_text())
    assert kept == json.loads(json.dumps(schema_of(what, None))), "write them anew with: make schemas"
