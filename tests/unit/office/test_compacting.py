"""Models of config/ that were made anew say the same as those that were read, and share what is the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from pydantic import ValidationError

from dossier.office.compacting import compacted
from dossier.office.keys import Clients

READ = Clients.model_validate(
    {
        "clients": {
            f"client-{number}": {
                "name": f"Bakkerij De Zon {number} \N{SUN WITH FACE}",
                "identifiers": ["KvK 12345678"],
                "dates": {"id_valid_until": "2027-03-01"},
                "contacts": [{"id": "j.jansen", "name": "Jan Jansen", "email": "j@zon.example"}],
            }
            for number in range(3)
        }
    }
).clients


def test_a_model_made_anew_says_what_the_one_that_was_read_said() -> None:
    made = compacted(READ)
    assert made == READ
    assert [one.model_dump_json() for one in made.values()] == [one.model_dump_json() for one in READ.values()]
    assert made["client-1"].model_fields_set == {"name", "identifiers", "dates", "contacts"}
    assert made["client-1"].dates == {"id_valid_until": date(2027, 3, 1)}
    assert made["client-1"].model_copy(update={"active": False}).active is False


def test_nothing_of_what_was_read_is_kept_and_the_same_text_is_kept_once() -> None:
    made, read = compacted(READ), READ["client-0"]
    one, other = made["client-0"], made["client-1"]
    assert one.name is not read.name
    assert one.contacts[0] is not read.contacts[0]
    assert one.contacts[0].email is other.contacts[0].email
    assert one.contacts is not other.contacts


def test_a_model_made_anew_is_as_frozen_as_any() -> None:
    with pytest.raises(ValidationError):
        compacted(READ)["client-0"].name = "Another"  # type: ignore[misc]


PROGRAM = """
import sys
from dossier.office.compacting import compacted
from dossier.office.keys import Clients
read = Clients.model_validate({"clients": {f"c{number}": {"name": "A", "contacts": [{"id": "x", "name": "B", "email": "b@c.example"}]}
                                           for number in range(100)}}).clients
for one in compacted(read).values():
    for model in (one, one.contacts[0]):
        assert sys.getsizeof(model.__dict__) < 0.6 * sys.getsizeof(dict(model.__dict__)), "each keeps the names of its attributes"
"""


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="Python 3.13 has room for thirty names in each, whatever is done")
def test_of_many_models_the_names_of_their_attributes_are_kept_once() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
