"""A name in config/ that a comment would cut off is a fault, with advice; a comment that is meant as one isn't."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import OWN_CLIENTS, OWN_STAFF, own_office

from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError


def test_a_name_that_a_comment_would_cut_off_is_a_fault_with_advice(tmp_path: Path) -> None:
    office = own_office(tmp_path, clients=OWN_CLIENTS.replace("name: Bakkerij Zon", "name: Bakkerij #1"))
    with pytest.raises(ConfigurationError) as refused:
        load_office(office.path, {})
    (fault,) = refused.value.faults
    assert 'put the whole value in quotes: `"Bakkerij #1"`' in str(fault.message)
    office.set("clients", OWN_CLIENTS.replace("name: Bakkerij Zon", "name: Bakkerij Zon  # left in 2025"))
    assert load_office(office.path, {}).clients["zon"].name == "Bakkerij Zon"


def test_a_word_that_is_none_of_the_choices_is_named_with_them(tmp_path: Path) -> None:
    office = own_office(tmp_path, staff=OWN_STAFF.replace("rights: [admin]", "rights: [admin, aprove]"))
    with pytest.raises(ConfigurationError) as refused:
        load_office(office.path, {})
    (fault,) = refused.value.faults
    assert str(fault).endswith("rights.1: `aprove` can't stand here; give create, share, approve or admin")
    assert fault.told("nl").endswith("`aprove` kan hier niet staan; geef create, share, approve of admin")
