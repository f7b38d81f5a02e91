"""Mail addresses as they stand in config/."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dossier.office.keys import Contact


@pytest.mark.parametrize("pasted", ["\u200bjan@acme.example", "\u202ajan@acme.example\u202c", "jan@ac\u00adme.example\ufeff"])
def test_what_nobody_sees_of_a_pasted_address_is_no_part_of_it(pasted: str) -> None:
    assert Contact(id="jan", name="Jan", email=pasted).email == "jan@acme.example"


@pytest.mark.parametrize("wrong", ["\u200b@acme.example", "jan@\u200b", "Jan <jan@acme.example>"])
def test_what_is_no_address_without_that_is_none(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Contact(id="jan", name="Jan", email=wrong)
