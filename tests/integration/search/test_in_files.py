"""Finding items by what their files say: behind what they say themselves, and gone when the files go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, PETRA, Records

from desk.actions import looking_up, undoing
from dossier.database import file_texts
from dossier.database.database import transaction
from dossier.database.tables import PROXY, Attachment, TextDue
from dossier.vault.folder import Vault
from workflow.guard.texts import Texts
from workflow.reports import finding
from workflow.reports.finding import Filter
from workflow.retention import retention
from workflow.search import reading_files
from workflow.search.reading_files import read_some


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office", settings="sharing: {guard: off}\nitems: {bin_days: 0}\n")
    yield records
    records.close()


def read(office: Records, vault: Vault | None = None, known: Any = lambda _: None) -> None:
    texts = Texts()
    while read_some(vault or office.vault, texts, known, False, 2):
        pass
    texts.close()


def found(office: Records, words: str, in_files: bool = False, **filters: Any) -> list[int]:
    wanted = Filter(words=words, in_files=in_files, **filters)
    named = finding.clients_by_word(office.office, words)
    return [item.id for item in finding.find_items(wanted, 0, named=named)]


def texts_kept() -> str:
    return "".join(row[0] for row in PROXY.execute_sql("SELECT text FROM item_text_files").fetchall())


def test_words_in_files_are_found_behind_words_of_the_items_themselves(office: Records) -> None:
    said = office.make(description="Zonnebloem on top")
    both = office.make(description="Zonnebloem too", files=[office.file("a.txt", "zonnebloem")])
    only = office.make(description="Nothing of it", files=[office.file("b.txt", "Groeten uit ZÓNNEBLOEM-straat")])
    read(office)
    assert found(office, "zonneb") == [both, said, only]
    assert found(office, "zonneb", in_files=True) == [only, both]
    assert found(office, "zonneb", client="zon") == []


def test_the_words_of_one_search_may_be_in_file_and_item_and_name_the_client(office: Records) -> None:
    key = office.make(description="Polis voor de auto", files=[office.file("b.txt", "kenteken AB123C")])
    other = office.make(client="zon", description="Polis", files=[office.file("b.txt", "kenteken AB123C")])
    read(office)
    assert found(office, "polis AB123C") == [other, key]
    assert found(office, "acme AB123C") == found(office, "acme polis ab123") == [key]
    assert found(office, "polis AB123C", in_files=True) == []
    page = finding.find_items(Filter(words="polis ab123"), 1)
    assert [item.id for item in finding.find_items(Filter(words="polis ab123"), 1, page[0].id)] == [key]


def test_a_replaced_and_a_removed_file_take_their_text_along_at_once(office: Records) -> None:
    key = office.make(files=[office.file("a.txt", "zonnebloem"), office.file("b.txt", "madelief")])
    read(office)
    office.amend(key, put=[office.file("a.txt", "klaproos")])
    assert (found(office, "zonnebloem"), found(office, "madelief")) == ([], [key])
    assert "zonnebloem" not in texts_kept()
    read(office)
    assert found(office, "klaproos", in_files=True) == [key]
    office.amend(key, remove=["b.txt"])
    assert "madelief" not in texts_kept()


def test_what_was_deleted_is_not_found_and_goes_with_the_bin(office: Records) -> None:
    key = office.make(files=[office.file("a.txt", "zonnebloem")])
    read(office)
    undoing.delete(office.office, office.tick(), PETRA, key)
    assert found(office, "zonnebloem") == []
    undoing.undelete(office.office, office.tick(), PETRA, key)
    assert found(office, "zonnebloem") == [key]
    undoing.delete(office.office, office.tick(), PETRA, key)
    office.now += timedelta(days=2)
    with transaction():
        assert retention.remove(office.office, office.tick(), JOOST, [key]) == [key]
    assert texts_kept() == ""
    read(office)
    assert texts_kept() == ""


def test_a_file_is_read_once_and_not_at_all_if_the_guard_just_read_it(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = list[str]()
    real = Vault.local
    monkeypatch.setattr(Vault, "local", lambda self, sha256: opened.append(sha256) or real(self, sha256))
    one, two = office.file("a.txt", "zonnebloem"), office.file("b.txt", "madelief")
    key = office.make(files=[one])
    read(office)
    office.amend(key, put=[two])
    read(office, known={two.sha256: "madelief"}.get)
    office.amend(key, description="Another description")
    read(office)
    assert opened == [one.sha256]
    assert found(office, "another madelief zonnebloem") == [key]


def test_an_item_that_changes_while_its_file_is_read_is_read_again_and_the_others_are_kept(office: Records) -> None:
    keys = [office.make(files=[office.file(f"{name}.txt", name)]) for name in ("klaproos", "madelief", "viooltje")]
    new = office.file("zonnebloem.txt", "zonnebloem")

    amended = list[str]()

    def meanwhile(sha256: str) -> None:
        if not amended:
            amended.append(sha256)
            office.amend(keys[1], put=[new], remove=["madelief.txt"])

    texts = Texts()
    read_some(office.vault, texts, meanwhile, False, 3)
    assert [row.item for row in TextDue.select()] == [keys[1]]
    assert [found(office, name, in_files=True) for name in ("klaproos", "madelief", "viooltje")] == [[keys[0]], [], [keys[2]]]
    read_some(office.vault, texts, meanwhile, False, 3)
    texts.close()
    assert found(office, "zonnebloem", in_files=True) == [keys[1]]


def test_who_finds_nothing_to_read_writes_nothing_and_so_wakes_nobody(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    office.make(files=[office.file("klaproos.txt", "klaproos")])
    read(office)
    monkeypatch.setattr(reading_files, "transaction", lambda: pytest.fail("on PostgreSQL every transaction wakes all daemons"))
    read(office)


def test_while_a_backlog_goes_on_only_what_the_guard_has_read_is_kept_and_no_file_is_opened(office: Records) -> None:
    files = [office.file(f"{name}.txt", name) for name in ("klaproos", "madelief", "viooltje")]
    keys = [office.make(files=[files[0]]), office.make(files=[files[1], files[2]])]
    has_read = {files[0].sha256: "klaproos", files[1].sha256: "madelief"}
    for file in files:
        office.vault.location(file.sha256).unlink()
    texts = Texts()
    read_some(office.vault, texts, has_read.pop, False, 10, has_read.__contains__)
    texts.close()
    assert found(office, "klaproos", in_files=True) == [keys[0]]
    assert [row.item for row in TextDue.select()] == [keys[1]]
    assert list(has_read.values()) == ["madelief"]


def test_a_move_takes_the_text_to_the_other_client(office: Records) -> None:
    key = office.make(files=[office.file("a.txt", "zonnebloem")])
    read(office)
    undoing.move(office.office, office.tick(), JOOST, key, "zon")
    assert (found(office, "zonnebloem", client="acme-bv"), found(office, "zonnebloem", client="zon")) == ([], [key])


def test_what_nobody_can_read_keeps_no_item_from_being_found(office: Records) -> None:
    lost = office.file("lost.txt", "zonnebloem")
    odd = office.file("b.txt", "anything")
    key = office.make(files=[lost, office.file("scan.png", "\x89PNG\r\n\x1a\n"), odd])
    office.vault.location(lost.sha256).unlink()
    read(office, known={odd.sha256: "made\0lief"}.get)
    assert found(office, "lief", in_files=True) == [key]
    assert TextDue.select().count() == 0


def test_of_very_much_text_the_beginning_is_searched(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_texts, "LONGEST", 20)
    key = office.make(files=[office.file("a.txt", "zonnebloem"), office.file("b.txt", "madelief klaproos")])
    read(office)
    assert (found(office, "madelief"), found(office, "klaproos")) == ([key], [])
    office.amend(key, remove=["a.txt"])
    read(office)
    assert found(office, "klaproos") == [key]
    assert {row.name for row in Attachment.select().where(Attachment.current)} == {"b.txt"}


def test_a_reader_who_may_not_know_of_the_client_or_type_finds_nothing_by_its_files(office: Records) -> None:
    limited = (office.root / "config/staff.yaml").read_text().replace("rights: [create]}", "rights: [create], clients: [zon]}")
    office.make(files=[office.file("a.txt", "zonnebloem")])
    office.configure(staff=limited)
    read(office)
    assert looking_up.find_items(office.office, PETRA, Filter(words="zonnebloem", in_files=True), 0) == []
    assert len(looking_up.find_items(office.office, JOOST, Filter(words="zonnebloem", in_files=True), 0)) == 1
