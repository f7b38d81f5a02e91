"""Every call of the API is asked whatever its document allows, and what it forbids: no answer of 500, none that the document does not have.

A few requests of each with all tests; for FUZZ_SECONDS on SQLite and as long on PostgreSQL with `make fuzz-api`, where what it
forbids comes in as well.
"""

from __future__ import annotations

import itertools
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import date
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from kit.desk import DeskRig
from kit.servers import new_database
from kit.support import PDF, wait_for
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from desk.actions import tokens
from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text import clock

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
"""For each database; 0: EXAMPLES of each call, once."""

EXAMPLES = 25 if SECONDS else 2
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if SECONDS else (GenerationMode.POSITIVE,)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXPECTED = {200, 201, 202, 206, 304, 400, 403, 404, 405, 409, 412, 413, 416, 422, 428, 429}
"""Valid data is refused where there is no such item, drop or right; so 4xx is no fault. 401 would be: the key is good."""

CONCEPT = "description: Annual accounts 2025\nshare: yes\nshare_status: concept\nshare_attachments: all\ncreated_by: p.bakker\n"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"] if SECONDS else ["sqlite"])
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    database = f"database: {{url: '{new_database()}'}}\n" if request.param == "postgresql" else ""
    with DeskRig.running(tmp_path_factory.mktemp("office"), f"sharing: {{guard: off}}\n{database}") as made:
        for number in range(3):
            made.office.drop(f"item{number}", CONCEPT, **{f"item{number}.pdf": PDF + bytes([number + 65])})
        made.office.until_taken("acme-bv", *(f"item{number}" for number in range(3)))
        wait_for(lambda: len(made.office.json("items")) == 3, "they are there")
        yield made


@pytest.fixture(scope="module")
def keys(rig: DeskRig) -> Iterator[str]:
    """Keys in turn: one alone is told to wait after 600 requests a minute."""
    office = load_office(rig.office.path, os.environ)
    open_database(office)
    made = [
        tokens.new(office, clock.utc_now(), Actor("b.boss", "command"), f"k{number}", staff, tokens.SCOPES, date(2099, 12, 31))
        for number in range(20)
        for staff in (("m.devries", "p.bakker", "j.admin")[number % 3],)
    ]
    close_database()
    return itertools.cycle(made)


def test_no_request_is_answered_otherwise_than_the_document_says(rig: DeskRig, keys: Iterator[str]) -> None:
    address = f"http://127.0.0.1:{rig.port}/api/v1"
    document = requests.get(f"{address}/openapi.json", timeout=10).json()
    del document["security"]  # else requests without a good key are tried, too
    schema = schemathesis.openapi.from_dict(document)
    real = {
        "item": [f"D-{date.today().year}-00000{number}" for number in (1, 2, 3)],
        "client": ["acme-bv", "zon"],
        "name": ["item0.pdf"],
    }
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) >= 20
    ends = time.monotonic() + SECONDS
    for _ in range(10**9):
        for operation in operations:
            for mode in MODES:
                _ask(operation, mode, real, keys, address)
        if time.monotonic() >= ends:
            break


def _ask(operation: Any, mode: GenerationMode, real: dict[str, list[str]], keys: Iterator[str], address: str) -> None:
    strategy = operation.as_strategy(mode)

    @hypothesis.seed(secrets.randbits(64) if SECONDS else 7)
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(st.data())
    def asked(data: Any) -> None:
        case = data.draw(strategy)
        for name, there in real.items():
            if name in (case.path_parameters or {}) and data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(there))
        answer = case.call(address, headers={"Authorization": f"Bearer {next(keys)}"}, timeout=30)
        assert answer.status_code in EXPECTED, (answer.status_code, answer.text[:300])
        case.validate_response(answer, checks=CHECKS)

    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():  # there may be nothing that it forbids
        asked()


def test_the_office_is_whole_after_all_that(rig: DeskRig) -> None:
    rig.office.run("verify")
    rig.office.run("audit", "verify")
