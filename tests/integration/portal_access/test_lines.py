"""The lists of the web portal are made of lines that are kept: they say what is on the portal now, whatever was changed since they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from kit.portals import PortalOffice

from dossier.database.tables import Item, item_key
from workflow.portal_access import lines
from workflow.portal_access.lines import Line


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


def test_a_list_is_at_every_step_what_one_that_is_made_anew_would_be(office: PortalOffice) -> None:
    def listed(client: str = "acme-bv") -> Sequence[Line]:
        office.publish()
        kept = lines.listed(office.office, client).lines
        lines._kept.clear()
        assert lines.listed(office.office, client).lines == kept
        return kept

    assert listed() == []
    one = office.share({"a.pdf": b"one"}, description="Annual accounts 2024")
    two = office.share({"b.pdf": b"two"}, description="Payroll of March")
    other = office.share({"c.pdf": b"three"}, client="zon")
    assert [line.text.split()[0].upper() for line in listed()] == [two, one]
    assert [line.text.split()[0].upper() for line in listed("zon")] == [other]

    office.amend(one, {"more.pdf": b"more"}, description="Jaarrekening café 2025")
    found = next(line for line in listed() if line.text.split()[0].upper() == one)
    assert "cafe 2025 a.pdf more.pdf" in found.text
    assert (found.year, found.size) == ("2025", len(b"one") + len(b"more"))
    office.amend(two, location="2023/Payroll")
    assert {line.year for line in listed()} == {"2025", "2023"}

    office.withdraw(one)
    assert one not in [line.text.split()[0].upper() for line in lines.listed(office.office, "acme-bv").lines]  # before any round
    listed()
    office.restore(one)
    assert one in [line.text.split()[0].upper() for line in listed()]


def test_of_many_clients_only_the_last_are_kept(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_KEPT", 2)
    lines._kept.clear()
    for client in ("acme-bv", "zon"):
        office.share_all([({"a.pdf": b"one"}, client, "Annual accounts")] * 2)
    office.publish()
    for client in ("acme-bv", "zon", "acme-bv"):
        assert len(lines.listed(office.office, client).lines) == 2
        assert [name for _, name in lines._kept] == [client]


def test_a_list_is_kept_until_what_it_says_is_changed_by_whomever(office: PortalOffice) -> None:
    first, second = (item_key(office.share({"a.pdf": b"one"}, description=f"Annual accounts {year}")) for year in (2023, 2024))
    office.publish()
    kept = lines.listed(office.office, "acme-bv")
    Item.update(description="Another one", unsettled=True).where(Item.id == first).execute()
    assert lines.listed(office.office, "acme-bv") is kept
    changes: list[dict[str, Any]] = [
        {"location": "2021"}, {"published_at": "2022-01-01T09:00:00.000000Z"}, {"type": "internal"}, {"standing": None},
        {"standing": Item.public}, {"client": "zon"}, {"client": "acme-bv"}, {"public": None},
    ]  # fmt: skip
    for change in changes:
        Item.update(**change).where(Item.id == first).execute()
        found = lines.listed(office.office, "acme-bv")
        assert found is not kept, change
        lines._kept.clear()
        assert lines.listed(office.office, "acme-bv").lines == found.lines
        kept = lines.listed(office.office, "acme-bv")
    assert [line.key for line in kept.lines] == [second]
