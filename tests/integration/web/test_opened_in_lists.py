"""Lists of items tell how many of the client's contacts opened what is on the portal, and who returned an item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.clicking import Person
from kit.records import LISA, Records, with_inbox

from dossier.database.tables import item_name
from workflow.portal_access import access, openings
from workflow.portal_access.access import SeatDirectory

CONTACTS = """\
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}
      - {id: n.dewit, name: Nora de Wit, email: n.dewit@acme.example}
      - {id: o.left, name: Otto Left, email: o.left@acme.example}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        clients = (made.root / "config/clients.yaml").read_text()
        made.configure(clients=re.sub(r"    contacts: .*\n", CONTACTS, clients, count=1))
        yield made


def opens(office: Records, item: int, *contacts: str) -> None:
    for contact in contacts:
        [seat] = SeatDirectory(office.office).seats(access.folded(f"{contact}@acme.example"))
        shown = openings.find_shown(office.office, ["acme-bv"], item)
        assert shown is not None
        openings.record(office.office, office.tick(), [seat], shown)


def told(office: Records, path: str = "/clients/acme-bv", who: str = "l.visser") -> dict[str, str]:
    """Item → what a list says of its sharing: the state, and what stands below."""
    page = Person(office, who).get(path).body.decode()
    rows = re.findall(r"(?s)<tr>(.*?)</tr>|<li class=\"row[^>]*>(.*?)</li>", page)
    found = {}
    for row in map("".join, rows):
        if (item := re.search(r"/items/(D-\d+-\d+)", row)) and (
            state := re.search(r'(<span class="state.*?)(?:</td>|</div>)', row)
        ):
            found[item[1]] = re.sub(r"<[^>]*>", "|", state[1]).replace("||", "|").strip("|")
    return found


@pytest.mark.parametrize("path", ["/clients/acme-bv", "/?q=annual"])
def test_a_list_tells_how_many_of_the_contacts_opened_what_is_there_now(office: Records, path: str) -> None:
    one, two, three = (office.published() for _ in range(3))
    private = office.make(description="Annual, for the office")
    opens(office, two, "j.jansen", "n.dewit", "o.left")
    opens(office, three, "n.dewit")
    opens(office, three, "n.dewit")
    office.configure(
        clients=(office.root / "config/clients.yaml")
        .read_text()
        .replace("o.left@acme.example}", "o.left@acme.example, active: no}")
    )
    assert told(office, path) == {
        item_name(one): "Op het portaal|nog niet geopend",
        item_name(two): "Op het portaal|geopend door 2 van 2",
        item_name(three): "Op het portaal|geopend door 1 van 2",
        item_name(private): "Niet gedeeld",
    }
    office.amend(two, share_explanation=True, explanation="What changed")
    assert told(office, path)[item_name(two)] == "Concept|de klant ziet de versie ervoor"
    office.decide(two, "approve")
    office.publish()
    assert told(office, path)[item_name(two)] == "Op het portaal|nog niet geopend", "nobody opened what is there now"


def test_what_was_taken_off_says_how_many_had_opened_it(office: Records) -> None:
    one, two = office.published(), office.published()
    opens(office, one, "j.jansen", "o.left")
    for item in (one, two):
        office.withdraw(item)
        office.publish()
    assert told(office) == {item_name(one): "Ingetrokken|was geopend door 2", item_name(two): "Ingetrokken"}


def test_what_was_returned_says_by_whom_the_last_time(office: Records) -> None:
    files = [office.file("a.pdf", "a", share=True)]
    item = office.make(files=files, share=True, share_status="concept", approvers=("m.devries", "k.smit"), approvals="any")
    office.decide(item, "reject")
    assert told(office) == {item_name(item): "Teruggestuurd|door Marieke de Vries"}


def test_of_a_client_without_contacts_no_list_counts_who_opened_what(office: Records) -> None:
    office.configure(clients="clients: {acme-bv: {name: Acme B.V.}}\n")
    item = office.published()
    assert told(office) == {item_name(item): "Op het portaal"}


def opened_told(office: Records, item: int) -> list[tuple[str, str]]:
    """(who, what) of the part of an item's page that tells who opened it."""
    page = Person(office).get(f"/items/{item_name(item)}").body.decode()
    part = re.search(r'(?s)<h2 id="ge">.*?</section>', page)
    assert part is not None
    found = re.findall(r"(?s)<dt[^>]*>(.*?)</dt><dd>(.*?)</dd>", part[0])
    return [(who, re.sub(r"<[^>]*>", "", re.sub(r"<time.*?</time>", "TIME", what))) for who, what in found]


def downloads(office: Records, item: int, contact: str, file: str) -> None:
    [seat] = SeatDirectory(office.office).seats(access.folded(f"{contact}@acme.example"))
    shown = openings.find_shown(office.office, ["acme-bv"], item)
    assert shown is not None
    [one] = [each for each in shown.what.attachments if each.name == file]
    openings.record(office.office, office.tick(), [seat], shown, [one])


def test_an_items_page_tells_of_each_contact_what_they_opened_of_it(office: Records) -> None:
    files = [office.file(f"{name}.pdf", name, share=True) for name in ("one", "two", "three")]
    item = office.make(LISA, files=files, share=True, share_status="approved")
    assert opened_told(office, item) == []
    office.publish()
    assert opened_told(office, item) == [("Jan Jansen", "nog niet"), ("Nora de Wit", "nog niet"), ("Otto Left", "nog niet")]
    opens(office, item, "n.dewit", "o.left")
    downloads(office, item, "n.dewit", "two.pdf")
    office.configure(
        clients=(office.root / "config/clients.yaml")
        .read_text()
        .replace("o.left@acme.example}", "o.left@acme.example, active: no}")
    )
    assert opened_told(office, item) == [
        ("Jan Jansen", "nog niet"),
        ("Nora de Wit", "TIME, 1 van 3 bestandentwo.pdf"),
        ("Otto Left", "TIME"),
    ]
    office.amend(item, LISA, description="Annual accounts 2025, corrected")
    office.publish()
    assert opened_told(office, item)[:2] == [("Jan Jansen", "nog niet"), ("Nora de Wit", "TIME, een eerdere versietwo.pdf")]


def test_an_items_history_can_be_read_for_its_sharing_alone(office: Records) -> None:
    item = office.published()
    office.amend(item, LISA, location="2025/Elsewhere")
    lisa, path = Person(office), f"/items/{item_name(item)}"
    everything, sharing = (lisa.get(path + query).body.decode().partition('id="g"')[2] for query in ("", "?only=sharing"))
    assert [("2025/Elsewhere" in one, "Op het portaal gezet" in one) for one in (everything, sharing)] == [
        (True, True),
        (False, True),
    ]
    assert f'href="{path}?only=sharing#g"' in everything
