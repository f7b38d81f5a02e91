"""Drops from a browser or a program: put together out of sight, whole at once, once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.records import KAREL, PETRA, STAFF, Records, with_inbox
from kit.support import PDF, daemon_here

from desk.daemon.daemon import Daemon
from dossier.database.database import open_database
from dossier.database.tables import Edition, Item, Note, item_name
from dossier.database.web_tables import StagedDrop
from dossier.files import files, moves, settling
from dossier.files.beneath import Place, name_of
from dossier.office import people
from dossier.office.people import Actor
from dossier.text.refusals import Conflict, Invalid, NotFound
from dossier.text.yamltext import Limits
from ingest.inbox.looking import Looker
from ingest.intake import delegation
from ingest.sidecar import seal
from ingest.sources import dropping, placing, staging
from ingest.sources.staging import Said

KEYS = {"description": "Annual accounts 2025", "labels": ["annual", "2025"]}
DESK = Actor("p.bakker", "desk")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


def inbox(office: Records) -> list[str]:
    return sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir())


def test_what_is_put_together_is_one_whole_drop_and_pressed_twice_still_one(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    told = staging.put(office.office, row, "accounts.pdf", [PDF[:10], PDF[10:]])
    assert told == {"size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}
    assert all(name.startswith(".") for name in inbox(office))
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {"accounts.pdf": Said(share=False)})
    assert staging.commit(office.office, office.tick(), DESK, row, KEYS, {"accounts.pdf": Said(share=False)}) == folder
    assert inbox(office) == [folder]
    text = (office.root / "inbox/acme-bv" / folder / "item.yaml").read_text()
    assert "client: acme-bv" in text
    assert f"sha256: {told['sha256']}" in text
    assert "share: no" in text
    assert staging.fate(office.office, row).state == "waiting"
    (ready,) = Looker(office.office).look("acme-bv", *settling.now()).ready
    assert ready.folder == folder, "nothing has to settle first"
    with pytest.raises(Conflict):
        staging.put(office.office, row, "more.pdf", [PDF])


def test_nobody_but_its_owner_can_change_in_its_place_what_speaks_for_them(office: Records) -> None:
    """On a share the office's group may write to the folder, and to what a program makes there, unless the program says no."""
    before = os.umask(0o007)
    try:
        row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
        staging.put(office.office, row, "accounts.pdf", [PDF])
        staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
        source = office.root / "letter.pdf"
        source.write_bytes(PDF)
        request = dropping.Request("acme-bv", (source,), {"description": "Another letter"})
        dropping.drop(office.office, office.tick(), Actor("p.bakker", "command", behind="os:root"), request)
    finally:
        os.umask(before)
    made = [path for path in (office.root / "inbox/acme-bv").rglob("*") if path.is_file()]
    assert sorted(path.name for path in made) == ["accounts.pdf", "item.yaml", "item.yaml", "letter.pdf"]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o640}


def test_a_file_that_is_to_be_new_takes_the_place_of_none_that_came_at_the_same_time(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")

    def to_be_new(had: object) -> None:
        if had is not None:
            raise Conflict("staging.changed")

    def while_another_comes() -> Iterator[bytes]:
        yield PDF
        staging.put(office.office, row, "accounts.pdf", [PDF, b"the other"], check=to_be_new)

    with pytest.raises(Conflict):
        staging.put(office.office, row, "accounts.pdf", while_another_comes(), check=to_be_new)
    staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    (drop,) = (office.root / "inbox/acme-bv").iterdir()
    assert (drop / "accounts.pdf").read_bytes() == PDF + b"the other"


def test_where_it_could_not_get_its_name_it_gets_that_as_soon_as_it_is_asked_again(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(moves, "move", full)
        with pytest.raises(OSError, match="No space"):
            staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert all(name.startswith(".") for name in inbox(office))
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert inbox(office) == [folder]


def refused(office: Records, files_: dict[str, bytes]) -> str:
    """A refused drop, as it lies in _rejected; its folder's name."""
    folder = "20261124-101500-bad"
    place = office.root / "inbox/acme-bv/_rejected" / folder
    place.mkdir(parents=True)
    for name, data in {"WHY.txt": b"bad.yaml:1: too short\n", **files_}.items():
        (place / name).write_bytes(data)
    return folder


def test_what_a_refused_drop_had_attached_comes_back_with_it_and_what_was_put_beside_it_stays(office: Records) -> None:
    folder = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF, "data.yaml": b"openapi: 3.1\n"})
    place = office.root / "inbox/acme-bv/_rejected" / folder
    (place / "older").mkdir()
    (place / "older/a.pdf").write_bytes(PDF)
    text = "description: Long enough by now\nattachments: [a.pdf, data.yaml]\n"
    row = staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text)
    drop = office.root / "inbox/acme-bv" / str(row.folder)
    assert sorted(path.name for path in drop.iterdir()) == ["a.pdf", "data.yaml", "item.yaml"]
    assert (drop / "data.yaml").read_bytes() == b"openapi: 3.1\n"
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*")) == ["older", "older/a.pdf"]


GOOD = "description: Long enough by now\nattachments: [a.pdf]\n"


@pytest.mark.parametrize("left", [0, 1, 2])
def test_killed_once_it_was_given_back_the_next_start_leaves_it_in_one_place(
    office: Records, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    folder = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF})
    remove, removed = files.remove, list[Place]()

    def killed(path: Place) -> None:
        if len(removed) == left:
            raise KeyboardInterrupt
        removed.append(path)
        remove(path)

    with monkeypatch.context() as broken:
        broken.setattr(files, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
    with pytest.raises(Conflict, match="given back a moment ago"):
        staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD.replace("enough", "and otherwise"))
    staging.finish(office.office)
    assert not (office.root / "inbox/acme-bv/_rejected" / folder).exists()
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    assert Item.select().count() == 1
    assert not Note.select().where(Note.key.startswith("given back")).exists()


def test_killed_before_it_had_its_name_it_gets_that_before_what_was_refused_goes(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(placing, "_name", killed)
        with pytest.raises(KeyboardInterrupt):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
    staging._clear_what_was_given_back(office.office)
    assert (office.root / "inbox/acme-bv/_rejected" / folder / "a.pdf").exists()
    staging.finish(office.office)
    (drop,) = (name for name in inbox(office) if name != "_rejected")
    assert not drop.startswith(".")
    assert not (office.root / "inbox/acme-bv/_rejected" / folder).exists()


@pytest.mark.parametrize("call", ["write_whole", "sync_beneath"])
def test_where_a_full_disk_keeps_it_from_being_given_back_no_copy_is_left(
    office: Records, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    folder = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(files, call, full)
        with pytest.raises(OSError, match="No space"):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
    assert inbox(office) == ["_rejected"]
    assert staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD).folder is not None


def test_given_back_in_two_tabs_at_once_it_is_one_drop(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF})
    place = placing.place

    def other_first(*words: object, **more: object) -> bool:
        monkeypatch.setattr(placing, "place", place)
        staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD.replace("enough", "and otherwise"))
        return place(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(placing, "place", other_first)
    with pytest.raises(Conflict, match="given back a moment ago"):
        staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
    (drop,) = (name for name in inbox(office) if name != "_rejected")
    assert "Long and otherwise" in (office.root / "inbox/acme-bv" / drop / "item.yaml").read_text()


def test_of_two_sidecars_in_a_refused_folder_neither_is_lost(office: Records) -> None:
    folder = refused(office, {"item.yaml": b"description: x\n", "item.yml": b"description: y\n", "a.pdf": PDF})
    with pytest.raises(Invalid):
        staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, "description: Long enough by now\n")
    left = office.root / "inbox/acme-bv/_rejected" / folder
    assert sorted(path.name for path in left.iterdir()) == ["WHY.txt", "a.pdf", "item.yaml", "item.yml"]


@pytest.mark.parametrize("alike", ["scan.pdf", "SCAN.pdf"])
def test_of_two_refused_files_whose_names_differ_in_capitals_alone_neither_is_lost(office: Records, alike: str) -> None:
    folder = refused(office, {"item.yaml": b"description: Long enough by now\n", "Scan.pdf": PDF, alike: PDF + b"2"})
    for more in ("", f"attachments: [{alike}]\n"):
        text = f"description: Long enough by now\n{more}"
        with pytest.raises(Invalid, match="one name to Windows"):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text)
    left = office.root / "inbox/acme-bv/_rejected" / folder
    assert sorted(path.name for path in left.iterdir()) == sorted(["WHY.txt", "item.yaml", "Scan.pdf", alike])
    assert inbox(office) == ["_rejected"]


def test_what_is_given_back_has_the_files_of_its_list_and_no_others(office: Records) -> None:
    folder = refused(office, {"item.yaml": b"description: x\n", "a.pdf": PDF, "b.pdf": PDF + b"2"})
    for listed, told in ("[a.pdf]", "b.pdf"), ("[a.pdf, B.pdf, c.pdf]", "c.pdf"), ("[]", "a.pdf"):
        text = f"description: Long enough by now\nattachments: {listed}\n"
        with pytest.raises(Invalid, match=told) as refusal:
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text)
        assert {problem.key for problem in refusal.value.problems} == {"attachments"}
        assert inbox(office) == ["_rejected"], "nothing is begun"
    text = "description: Long enough by now\nattachments: [B.pdf, a.pdf]\n"
    row = staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text)
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    assert staging.fate(office.office, row).state == "taken"


def test_what_was_refused_after_all_is_told_by_key_and_by_no_line_of_a_file_that_nobody_sent(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    keys = {**KEYS, "status": "in_progress", "labels": ["one", "two"]}
    staging.commit(office.office, office.tick(), DESK, row, keys, {"accounts.pdf": Said(share=False)})
    office.configure(
        settings="sharing: {guard: off}\nitems: {statuses: [new, closed], labels: [one]}\n",
        staff=STAFF.replace("rights: [create]", "rights: [approve]").replace("rights: [create, ", "rights: ["),
    )
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    became = staging.fate(office.office, row)
    assert became.state == "refused"
    assert {one.key for one in became.faults} == {"status", "labels", ""}
    assert not [one for one in became.faults if "item.yaml" in str(one.message)]
    assert any("does not have the right" in str(one.message) for one in became.faults)
    [folder] = (office.root / "inbox/acme-bv/_rejected").iterdir()
    (folder / "item.yaml").unlink()
    assert {(one.key, one.message) for one in staging.fate(office.office, row).faults} == {
        ("", one.message) for one in became.faults
    }


def test_what_can_not_be_done_to_an_item_is_told_when_its_change_is_given_back(office: Records) -> None:
    number, folder = item_name(office.make(PETRA)), refused(office, {"item.yaml": b"item: 1\n"})
    for wrong in (f"item: {number}\nremove: [other.pdf]\n", "item: D-2026-000099\nlocation: Elsewhere\n"):
        with pytest.raises(Invalid):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, wrong)
    text = f"item: {number}\nlocation: Elsewhere\n"
    assert staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text).folder is not None


@pytest.mark.parametrize(
    "text",
    [
        "---\ndescription: Annual accounts 2025\n...\n",
        '# ours\n{"description": "Annual accounts 2025"}',
        "  description: Annual accounts 2025\n  klant: zon\n",
        '"client": zon\n"description": "Annual accounts 2025"\nexplanation: |\n  klant: told by phone\n',
    ],
)
def test_a_sidecar_of_any_shape_is_given_back(office: Records, text: str) -> None:
    folder = refused(office, {"bad.yaml": text.encode(), "a.pdf": PDF})
    row = staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, text)
    (ready,) = Looker(office.office, at_once=True).look("acme-bv", *settling.now()).ready
    assert (ready.folder, ready.faults) == (row.folder, ())
    assert ready.sidecar is not None
    assert (ready.sidecar.client, ready.sidecar.created_by, ready.sidecar.description) == (
        "acme-bv", DESK.code, "Annual accounts 2025",
    )  # fmt: skip
    assert ready.sidecar.explanation in (None, "klant: told by phone")


def test_with_faults_nothing_happens_and_each_has_its_field(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    keys = {"description": "short", "status": "nonsense", "share": "yes", "share_status": "approved"}
    with pytest.raises(Invalid) as refusal:
        staging.commit(office.office, office.tick(), DESK, row, keys, {})
    assert {"description", "status", "share_status"} <= {problem.key for problem in refusal.value.problems}
    assert all(name.startswith(".") for name in inbox(office))
    assert staging.fate(office.office, row).state == "open"


def test_what_lacks_is_told_at_its_own_key_and_not_at_the_one_that_asks_for_it(office: Records) -> None:
    office.configure(settings="sharing: {guard: off}\ntypes: {kyc: {required: [risk, location], fields: {risk: [low, high]}}}\n")
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    keys = {"type": "kyc", "share": "yes", "share_status": "approved", "notify": "yes", "description": None}
    found = staging.faults(office.office, DESK, staging.find(office.office, DESK, row.id), keys, {})
    by_key = {one.key: str(one.message) for one in found}
    assert {"description", "risk", "location", "contact", "attachments"} <= by_key.keys()
    assert not {"client", "type", "notify"} & by_key.keys()
    assert "`risk`" in by_key["risk"]


@pytest.mark.parametrize(
    "name", ["../evil.pdf", "a/b.pdf", "item.yaml", "x\u202e.pdf", "con.pdf", "a.part", "evil.exe", ".hidden", "_x"]
)
def test_names_that_no_drop_may_have_are_refused_at_once(office: Records, name: str) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    with pytest.raises(Invalid):
        staging.put(office.office, row, name, [PDF])
    assert list((office.root / f"inbox/acme-bv/.drop-{row.id}").iterdir()) == []


def test_a_program_under_another_name_an_empty_file_and_one_too_large_are_refused_and_nothing_stays(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    office.configure(settings="intake: {max_file_mb: 1}\n")
    program = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)
    for pieces in ([program], [], [bytes(600_000), bytes(600_000)]):
        with pytest.raises(Invalid):
            staging.put(office.office, row, "report.pdf", pieces)

    def broken() -> Iterator[bytes]:
        yield PDF
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        staging.put(office.office, row, "report.pdf", broken())
    assert list((office.root / f"inbox/acme-bv/.drop-{row.id}").iterdir()) == []
    assert StagedDrop.get_by_id(row.id).files == {}


def test_a_large_file_goes_to_the_disk_as_it_comes(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[int]()
    monkeypatch.setattr(files, "FLUSH", 1000)
    monkeypatch.setattr(files, "write_out", lambda descriptor: written.append(os.fstat(descriptor).st_size))
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "large.txt", [b"a" * 900] * 5)
    assert written == [1800, 3600]


@pytest.mark.parametrize("word", ["created_by", "gemaakt_door", "client", "klant", "bijlagen"])
@pytest.mark.parametrize("identity", ["trust_sidecar: true", "trust_sidecar: false"])
def test_whose_a_drop_is_and_what_it_holds_is_not_for_whoever_puts_it_together_to_say(
    office: Records, word: str, identity: str
) -> None:
    """Whoever started the desk is a member of staff here: their word would count for what lies there as their file."""
    me = f"  m.devries: {{name: Marieke de Vries, email: m@office.example, os_user: {people.user_name(os.geteuid())}, rights: [create, share]}}\n"
    office.configure(
        settings=f"sharing: {{guard: off}}\nidentity: {{{identity}}}\n",
        staff=f"staff:\n{me}  p.bakker: {{name: Petra, email: p@office.example, rights: [create]}}\n",
    )
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    keys = {**KEYS, "share": "yes", "share_status": "approved", "share_attachments": "all", word: "m.devries"}
    row = staging.find(office.office, DESK, row.id)
    assert [one.key for one in staging.faults(office.office, DESK, row, keys, {})] == [word, "share_status"]
    with pytest.raises(Invalid, match=word):
        staging.commit(office.office, office.tick(), DESK, row, keys, {})
    assert staging.fate(office.office, row).state == "open"


@pytest.mark.parametrize("identity", ["trust_sidecar: true", "trust_sidecar: false"])
@pytest.mark.parametrize("behind", ["m.devries", None])
def test_who_issued_the_key_that_a_drop_came_by_counts_as_its_maker_also_where_created_by_is_believed(
    office: Records, behind: str | None, identity: str
) -> None:
    office.configure(settings=f"sharing: {{guard: off}}\nidentity: {{{identity}}}\nwatch: {{settle_seconds: 0}}\n")
    program = Actor("p.bakker", "api:scanner", behind)
    row = staging.begin(office.office, office.tick(), program, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    keys = {**KEYS, "share": "yes", "share_status": "concept", "approver": ["m.devries", "k.smit"]}
    staging.commit(office.office, office.tick(), program, row, keys, {"accounts.pdf": Said(share=True)})
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    [item] = Item.select()
    assert item.created_by == "p.bakker"
    makers = Edition.get_by_id(item.pending).makers
    assert ("m.devries" in makers) == (behind is not None)


def test_a_file_in_the_place_of_one_with_other_capitals_leaves_nothing_of_that(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "Scan.pdf", [PDF])
    staging.put(office.office, row, "scan.pdf", [PDF + b"2"])
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert sorted(path.name for path in (office.root / "inbox/acme-bv" / folder).iterdir()) == ["item.yaml", "scan.pdf"]


def test_committed_again_with_other_words_it_is_told_that_they_are_not_in_it(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    said = {"accounts.pdf": Said(share=False)}
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, said)

    def again() -> None:
        assert staging.commit(office.office, office.tick(), DESK, row, KEYS, said) == folder
        for keys, shares in ({**KEYS, "description": "Other words by now"}, said), (KEYS, {"accounts.pdf": Said(share=True)}):
            with pytest.raises(Conflict):
                staging.commit(office.office, office.tick(), DESK, row, keys, shares)

    again()
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    assert staging.fate(office.office, row).state == "taken"
    again()


def test_of_two_names_that_differ_in_capitals_alone_a_program_is_told_for_it_does_not_see_what_is_there(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    for data in (PDF, PDF + b"again"):
        staging.put(office.office, row, "Scan.pdf", [data], is_seen=False)
    with pytest.raises(Invalid, match="one name to Windows"):
        staging.put(office.office, row, "scan.pdf", [PDF + b"2"], is_seen=False)
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert (office.root / "inbox/acme-bv" / folder / "Scan.pdf").read_bytes() == PDF + b"again"


def test_nobody_else_gets_at_it(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    for actor in (Actor("k.smit", "desk"), Actor("p.bakker", "api:scan"), KAREL, PETRA):
        with pytest.raises(NotFound):
            staging.find(office.office, actor, row.id)
    assert staging.find(office.office, DESK, row.id).id == row.id
    with pytest.raises(NotFound):
        staging.begin(office.office, office.tick(), DESK, "nobody")


def test_a_commit_that_was_killed_before_the_rename_is_finished_and_what_nobody_commits_is_swept(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(placing.moves, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    left = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    assert all(name.startswith(".") for name in inbox(office))
    staging.finish(office.office)
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {})  # asked again: the same
    assert inbox(office) == [f".drop-{left.id}", folder]
    staging.sweep(office.office, office.now + timedelta(hours=25))
    assert inbox(office) == [folder]


def test_what_the_desk_places_is_the_persons_once_and_forgotten_after_a_day_if_it_was_never_placed(office: Records) -> None:
    office.configure(settings="watch: {settle_seconds: 0, folder_settle_seconds: 0}\n")
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {"accounts.pdf": Said(share=False)})
    home, later = office.root / "inbox/acme-bv", office.now + timedelta(hours=25)

    def word() -> object | None:
        [found] = Looker(office.office).look("acme-bv", *settling.now()).ready
        return delegation.find(found)

    delegation.sweep(office.office, later)
    assert word() is not None  # it lies there, and may wait as long as it must
    (home / folder).rename(home / "elsewhere")
    assert word() is None
    delegation.sweep(office.office, later)
    (home / "elsewhere").rename(home / folder)
    assert word() is None


def test_what_new_lists_is_whole_whatever_its_format_says(office: Records, tmp_path: Path) -> None:
    office.configure(settings="identity: {trust_sidecar: true}\n")
    cut_off = tmp_path / "accounts.pdf"
    cut_off.write_bytes(PDF[: len(PDF) // 2])
    folder = dropping.drop(office.office, office.tick(), PETRA, dropping.Request("acme-bv", [cut_off], dict(KEYS)))
    assert f"sha256: {hashlib.sha256(cut_off.read_bytes()).hexdigest()}" in (folder / "item.yaml").read_text()


def test_a_file_that_is_sent_again_while_it_is_committed_is_told_and_nothing_is_placed(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    judge = dropping.problems

    def slowly(*values: object, **more: object) -> object:
        staging.put(office.office, row, "accounts.pdf", [PDF + b"%"])
        return judge(*values, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dropping, "problems", slowly)
        with pytest.raises(Conflict):
            staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert inbox(office) == [f".drop-{row.id}"]
    assert staging.commit(office.office, office.tick(), DESK, row, KEYS, {}) in inbox(office)


def test_a_drop_that_another_process_finishes_at_this_very_moment_is_placed_once_and_told(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    move = moves.move

    def move_second(source: Place, target: Place) -> None:
        monkeypatch.setattr(moves, "move", move)
        staging.finish(office.office)
        move(source, target)

    monkeypatch.setattr(moves, "move", move_second)
    folder = staging.commit(office.office, office.tick(), DESK, row, KEYS, {})
    assert inbox(office) == [folder]


def test_a_sidecar_that_is_too_long_with_its_seal_alone_is_told_of_before_it_is_placed(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    _, short = staging._request(office.root, DESK, row, {**KEYS, "explanation": "x"}, {})  # type: ignore[arg-type]
    without = len(seal.without(short.decode()))
    keys = {**KEYS, "explanation": "x" * (Limits().bytes - without - 40)}
    with pytest.raises(Invalid, match="64 kB"):
        staging.commit(office.office, office.tick(), DESK, row, keys, {})
    assert inbox(office) == [f".drop-{row.id}"]


def test_what_keeps_one_drop_from_its_name_keeps_no_other_from_being_given_back_and_loses_no_file(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, move = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF}), moves.move
    (office.root / "inbox/zon").mkdir(exist_ok=True)
    other = staging.begin(office.office, office.tick(), DESK, "zon")
    staging.put(office.office, other, "other.pdf", [PDF])

    def barred(source: Place, target: Place) -> None:
        if other.id in str(source):
            raise PermissionError(13, "Permission denied")
        move(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(moves, "move", barred)
        with pytest.raises(PermissionError):
            staging.commit(office.office, office.tick(), DESK, other, KEYS, {"other.pdf": Said(share=False)})
        staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
        staging.sweep(office.office, office.tick() + timedelta(days=3))
    staging.sweep(office.office, office.tick() + timedelta(days=3))
    (drop,) = (office.root / "inbox/zon").iterdir()
    assert (drop / "other.pdf").read_bytes() == PDF


def test_what_has_no_name_yet_while_the_share_is_away_gets_it_once_that_is_back(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = refused(office, {"bad.yaml": b"description: x\n", "a.pdf": PDF}), office.root / "inbox/acme-bv"

    move = moves.move

    def away(source: Place, target: Place) -> None:
        if name_of(source).startswith(staging.PREFIX):
            raise OSError(5, "Input/output error")
        move(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(moves, "move", away)
        with pytest.raises(OSError, match="Input"):
            staging.give_back(office.office, office.tick(), DESK, "acme-bv", folder, GOOD)
    home.rename(office.root / "elsewhere")
    staging.sweep(office.office, office.tick() + timedelta(days=3))
    (office.root / "elsewhere").rename(home)
    staging.sweep(office.office, office.tick() + timedelta(days=3))
    (drop,) = (name for name in inbox(office) if name != "_rejected")
    assert (home / drop / "a.pdf").read_bytes() == PDF
    assert not (home / "_rejected" / folder).exists()


def test_what_was_taken_is_forgotten_though_its_clients_folder_is_gone(office: Records) -> None:
    row = staging.begin(office.office, office.tick(), DESK, "acme-bv")
    staging.put(office.office, row, "accounts.pdf", [PDF])
    staging.commit(office.office, office.tick(), DESK, row, KEYS, {"accounts.pdf": Said(share=False)})
    office.close()
    with daemon_here():
        Daemon(office.office, {}, once=True).run()
    open_database(office.office)
    (office.root / "inbox/acme-bv").rename(office.root / "archived")
    staging.sweep(office.office, office.tick() + timedelta(days=3))
    assert StagedDrop.select().count() == 0


@pytest.mark.parametrize("name", ["large.pdf", "large.exe"])
def test_of_a_file_that_is_too_large_no_more_is_read_whatever_else_is_wrong_with_it(office: Records, name: str) -> None:
    office.configure(settings="intake: {max_file_mb: 1}\n")
    pieces = iter([b"M" * 1024 * 1024, b"M", b"never read"])
    with pytest.raises(Invalid, match="1 MB"), staging.received(office.office, office.tick(), DESK, "acme-bv", [(name, pieces)]):
        pass
    assert list(pieces) == [b"never read"]
    assert inbox(office) == []
