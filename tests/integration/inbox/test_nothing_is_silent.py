"""Whatever lies in an inbox and isn't taken, `status`, `check` and `why` name with what to do; what lies there in vain is told to its owner."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from kit.support import OWN_CLIENTS, OWN_SETTINGS, PDF, Root, once_here, own_office, wait_for

from dossier.files import files
from dossier.office import people
from dossier.office.opening import load_office
from ingest.intake.checking import check

GOOD = "description: Annual accounts 2025\n"


@pytest.fixture
def office(tmp_path: Path) -> Root:
    made = own_office(tmp_path / "office")
    made.inbox("acme-bv")
    return made


def why(office: Root, path: str) -> str:
    return office.run("why", str(office.path / "inbox" / path), code=None).stdout


def waits(office: Root) -> dict[str, str]:
    """What `status` tells of, and why."""
    found = office.json("status")
    return {one["path"].removeprefix("acme-bv/"): one["reason"] for one in [*found["waits"], *found["left_alone"]]}


@pytest.mark.parametrize(
    ("asked", "lies"),
    [
        ("jaarrekening 2025.pdf", "jaarrekening\u00a02025.pdf"),
        ("“def” 2025.pdf", '"def" 2025.pdf'),
        ("btw-aangifte.pdf", "btw–aangifte.pdf"),
        ("brief.pdf", "brief.pdf.pdf"),
        ("lijst", "lijst.xlsx"),
        ("“brief.pdf”", "brief.pdf"),
        ("btw_2025.pdf", "BTW 2025.pdf"),
        ("acc\u043eunt.pdf", "account.pdf"),
    ],
)
def test_a_file_of_nearly_the_same_name_is_told_of_with_what_to_rename(office: Root, asked: str, lies: str) -> None:
    office.place("acme-bv", {lies: PDF, "report.yaml": f"{GOOD}attachments:\n  - '{asked}'\n"})
    shown = lies.replace("\u00a0", "\\xa0")
    told = f"waits for {asked}; is `{shown}` meant? Rename that to `{asked}`"
    assert waits(office)["report.yaml"].startswith(told)
    assert told in why(office, f"acme-bv/{lies}")  # who asks of the file is told, too


def test_of_two_that_may_be_meant_the_one_that_differs_in_blanks_is_named(office: Root) -> None:
    office.place("acme-bv", {"a – b.pdf": PDF, "a b.pdf": PDF, "report.yaml": f"{GOOD}attachments: ['a  b.pdf']\n"})
    assert waits(office)["report.yaml"].startswith("waits for a  b.pdf; is `a b.pdf` meant?")


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("brief.yaml.txt", "rename it to `brief.yaml`"),
        ("brief (1).yaml", "if it is a copy of `brief.yaml`, rename it to that"),
        ("brief.yaml.bak", "rename it to `brief.yaml`"),
    ],
)
def test_why_of_a_file_tells_of_the_sidecar_that_is_called_otherwise(office: Root, card: str, told: str) -> None:
    office.place("acme-bv", {"brief.pdf": PDF, "other.pdf": PDF, card: GOOD})
    assert told in why(office, "acme-bv/brief.pdf")
    assert told not in why(office, "acme-bv/other.pdf")


@pytest.mark.parametrize(
    ("card", "lies", "better"),
    [("Brief 2025.yaml", "brief_2025.pdf", "brief_2025.pdf.yaml"), ("btw .yml", "btw.xlsx", "btw.xlsx.yml"), ("lijst–1.yaml", "lijst-1", "lijst-1.yaml")],
)  # fmt: skip
def test_a_sidecar_of_nearly_the_name_of_its_file_is_told_of_with_what_to_rename(
    office: Root, card: str, lies: str, better: str
) -> None:
    office.place("acme-bv", {lies: PDF, card: GOOD})
    assert waits(office)[card].startswith(f"waits for its files; is `{lies}` meant? Name the sidecar `{better}`")
    (office.path / "inbox/acme-bv" / card).rename(office.path / "inbox/acme-bv" / better)
    once_here(office)
    assert list(office.path.glob("inbox/acme-bv/_done/*.receipt.yaml"))


def test_what_lies_in_no_clients_folder_is_told_of_with_where_to_put_it(office: Root) -> None:
    office.place("Acme_BV", {"a.pdf": PDF})
    office.place("stranger", {"a.pdf": PDF})
    (office.path / "inbox/loose.pdf").write_bytes(PDF)
    for path, told in {
        "Acme_BV/a.pdf": "is `acme-bv` meant, move what is in it there",
        "stranger": "is no client's folder (config/clients.yaml): nothing is taken from there; move what is in it",
        "loose.pdf": "lies in no client's folder: nothing is taken from there; move it into the folder of the client",
    }.items():
        assert told in " ".join(why(office, path).split())


def test_a_folder_or_a_link_that_is_listed_as_a_file_is_told_of_as_what_it_is(office: Root) -> None:
    office.place(
        "acme-bv", {"Map/a.pdf": PDF, "one.yaml": f"{GOOD}attachments: [map]\n", "two.yaml": f"{GOOD}attachments: [link.pdf]\n"}
    )
    os.symlink("/etc/hostname", office.path / "inbox/acme-bv/link.pdf")
    told = waits(office)
    assert told["one.yaml"].startswith("waits for map: a folder or a link has that name here; put the file itself there")
    assert told["two.yaml"].startswith("waits for link.pdf: a folder or a link has that name here")
    assert "list the files that are meant" in why(office, "acme-bv/one.yaml").replace("\n", " ")


def test_a_sidecar_beside_a_link_or_a_folder_of_its_name_is_told_of_it(office: Root) -> None:
    office.place(
        "acme-bv",
        {"one.yaml": GOOD, "two.yaml": GOOD, "two/a.pdf": PDF, "three.yaml": GOOD, "three/a.pdf": PDF, "three.pdf": PDF},
    )
    (office.inbox("acme-bv") / "one.pdf").symlink_to("/etc/hostname")
    told = waits(office)
    assert told["one.yaml"].startswith("waits for one.pdf: a folder or a link has that name here; put the file itself there")
    assert told["two.yaml"].startswith(
        "waits for its files; is the folder `two` meant? Put the sidecar into it, and call it item.yaml"
    )
    assert "call it item.yaml" in why(office, "acme-bv/two")
    once_here(office)
    assert office.receipt("three") is not None


def test_a_sidecar_that_is_not_called_as_one_is_told_of_with_its_right_name(office: Root) -> None:
    office.place(
        "acme-bv",
        {
            "a.pdf": PDF,
            "a.yaml.txt": GOOD,
            "b (1).yaml": GOOD,
            "c.txt": GOOD,
            "map/report.yaml": GOOD,
            "map/b.pdf": PDF,
            "d.yaml.yaml": GOOD,
        },
    )
    told = waits(office)
    assert "if it is a copy of `d.yaml`, rename it to that" in told["d.yaml.yaml"]
    assert "rename it to `a.yaml`" in told["a.yaml.txt"]
    assert "if it is a copy of `b.yaml`, rename it to that" in told["b (1).yaml"]
    assert "rename it to `c.yaml`" in told["c.txt"]
    assert "if `report.yaml` is its sidecar, rename that to item.yaml" in told["map"]
    assert "rename it to `a.yaml`" in why(office, "acme-bv/a.yaml.txt")


@pytest.mark.parametrize("code", ["jansen.part", "de-boer.tmp", "desktop.ini"])
def test_a_clients_folder_is_looked_at_though_no_file_of_its_name_is_taken(office: Root, code: str) -> None:
    office.set("clients", f"{OWN_CLIENTS}  {code}: {{name: Jansen}}\n")
    office.place(code, {"a.yaml": GOOD + "foo: bar\n", "b.pdf": PDF})
    path = str(office.path / "inbox" / code)
    assert "b.pdf" in office.run("why", path, code=None).stdout
    assert "b.pdf waits for a sidecar" in office.run("status").stdout
    once_here(office)
    assert "no key `foo`" in (office.why("a", code) or "")


def test_a_folder_within_a_folder_is_told_of_whatever_is_in_it(office: Root) -> None:
    office.place("acme-bv", {"acme-bv/report.pdf": PDF})
    deep = office.path / "inbox/acme-bv/map/inner"
    deep.mkdir(parents=True)
    (deep / "b.pdf").write_bytes(PDF)
    told = waits(office)
    assert "is a folder within `map`: nothing in it is taken" in told["map/inner"]
    assert "is the client's folder within itself" in told["acme-bv"]
    for path in ("acme-bv/map/inner/b.pdf", "acme-bv/map/inner", "acme-bv/map", "acme-bv/acme-bv/report.pdf"):
        assert "Nothing keeps" not in why(office, path), path
        assert "nothing in it is taken" in why(office, path), path
    assert "nothing in it is taken" in office.run("check", str(office.path / "inbox"), code=1).stdout


def test_why_of_what_was_refused_says_what_is_still_wrong_with_it_and_where_to_put_it(office: Root) -> None:
    office.place("acme-bv", {"report.yaml": GOOD + "statu: new\n", "report.pdf": PDF})
    once_here(office)
    [folder] = (office.path / "inbox/acme-bv/_rejected").iterdir()
    back = "is not taken from here; move the corrected files back into inbox/acme-bv"
    for one in (folder, folder / "report.yaml"):
        told = " ".join(why(office, str(one)).split())
        assert "did you mean `status`?" in told
        assert told.count(back) == 1
    (folder / "report.yaml").write_text(GOOD)
    for one in (folder, folder / "report.yaml", folder / "report.pdf"):
        told = " ".join(why(office, str(one)).split())
        assert (told.count("- "), told.count(back)) == (1, 1)


def test_why_never_says_that_nothing_keeps_what_is_not_taken(office: Root) -> None:
    office.place(
        "acme-bv", {"map/item.yaml": GOOD + "attachments: [a.pdf]\n", "map/a.pdf": PDF, "map/extra.pdf": PDF, "@eaDir/x.pdf": PDF}
    )
    (office.path / "inbox/zon").mkdir()
    with office.daemon():
        pass
    office.place(
        "acme-bv", {"map/item.yaml": GOOD + "attachments: [a.pdf]\n", "map/a.pdf": PDF, "whole.pdf": PDF, "whole.yaml": GOOD}
    )
    for path in ("acme-bv/map/extra.pdf", "acme-bv/@eaDir/x.pdf", "zon", "acme-bv"):
        assert "Nothing keeps" not in why(office, path), path
    assert "belongs to no drop" in why(office, "acme-bv/map/extra.pdf")
    assert "never taken" in why(office, "acme-bv/@eaDir/x.pdf")
    assert "nothing lies there" in why(office, "zon")


def test_a_refused_drop_that_is_dragged_back_as_a_whole_folder_is_taken_once_it_is_corrected(office: Root) -> None:
    office.place("acme-bv", {"report.pdf": PDF, "report.yaml": GOOD + "status: nonsense\n"})
    once_here(office)
    (folder,) = (office.path / "inbox/acme-bv/_rejected").iterdir()
    (folder / "report.yaml").write_text(GOOD)
    shutil.move(folder, office.path / "inbox/acme-bv" / folder.name)
    once_here(office)
    assert [entry["name"] for entry in office.told("report")["attachments"]] == ["report.pdf"]
    assert not (office.path / "inbox/acme-bv" / folder.name).exists()


def test_what_lies_there_in_vain_is_an_alarm_and_its_owner_gets_a_letter_once(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=OWN_SETTINGS + "intake: {wait_hours: 0.0001}\n", clients=OWN_CLIENTS)
    office.place("acme-bv", {"los.pdf": PDF, "map/inner/a.pdf": PDF, "loose.yaml.txt": GOOD})
    changed = os.stat(office.path / "inbox/acme-bv/loose.yaml.txt").st_ctime
    wait_for(lambda: time.time() > changed + 0.5, "wait_hours pass")
    once_here(office)
    once_here(office)
    (alarm,) = [one for one in office.json("status")["alarms"] if "inbox/acme-bv" in one]
    assert "lies in the inbox for more than 0.0001 hours" in alarm
    assert "and 2 more, see: dossier check inbox/acme-bv" in alarm
    (letter,) = [one for one in office.json("outbox") if one["to"] == "p.bakker"]
    assert letter["kind"] == "alarm"
    shutil.rmtree(office.path / "inbox/acme-bv/map")
    for name in ("los.pdf", "loose.yaml.txt"):
        (office.path / "inbox/acme-bv" / name).unlink()
    once_here(office)
    assert [one for one in office.json("status")["alarms"] if "inbox/acme-bv" in one] == []


def test_the_alarm_about_a_client_who_is_removed_from_the_configuration_is_over(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=OWN_SETTINGS + "intake: {wait_hours: 0.0001}\n", clients=OWN_CLIENTS)
    office.place("zon", {"los.pdf": PDF})
    changed = os.stat(office.path / "inbox/zon/los.pdf").st_ctime
    wait_for(lambda: time.time() > changed + 0.5, "wait_hours pass")
    once_here(office)
    assert [one for one in office.json("status")["alarms"] if "inbox/zon" in one or "zon/los.pdf" in one]
    office.set("clients", OWN_CLIENTS.replace("  zon:\n    name: Bakkerij Zon\n", ""))
    once_here(office)
    assert [one for one in office.json("status")["alarms"] if "zon/los.pdf" in one] == []
    assert (office.path / "inbox/zon/los.pdf").exists()


def test_a_file_that_was_taken_while_it_was_looked_at_is_not_said_to_stay(office: Root) -> None:
    loaded = load_office(office.path, office.environ)
    [told], good = check(loaded, [loaded.inbox / "acme-bv/report.yaml"])
    assert good == 0
    assert str(told.what).startswith("is not there any more; what became of it tells: dossier why")


def test_who_may_read_what_the_daemon_may_not_is_told_of_that(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    office.place(
        "acme-bv",
        {"card.yaml": GOOD, "card.pdf": PDF, "file.yaml": GOOD, "file.pdf": PDF, "map/item.yaml": GOOD, "map/a.pdf": PDF},
    )
    home, read = office.inbox("acme-bv"), load_office(office.path, {})
    monkeypatch.setattr(people, "own_uid", lambda _: os.geteuid() + 4000)  # the daemon is another user

    def told(path: str) -> str:
        return " ".join(str(one.what) for one in check(read, [home / path])[0])

    for one in (home, home / "map"):
        one.chmod(0o755)
    assert (told("card.yaml"), told("file.pdf"), told("map")) == ("", "", "")
    for path, mode in (("card.yaml", 0o600), ("file.pdf", 0o600), ("map", 0o700)):
        (home / path).chmod(mode)
    assert "may not be read by the daemon yet" in told("card.yaml")
    assert "waits for file.pdf, which the daemon may not read yet" in told("file.pdf")
    assert "can't be read now (Permission denied)" in told("map")


@pytest.mark.parametrize(
    ("kind", "mode", "barred"),
    [
        (stat.S_IFREG, 0o600, (False, True, False)),
        (stat.S_IFREG, 0o640, (False, False, False)),  # it may be in that group
        (stat.S_IFREG, 0o004, (True, False, False)),
        (stat.S_IFDIR, 0o744, (False, True, False)),
        (stat.S_IFDIR, 0o750, (False, False, False)),
    ],
)
def test_who_surely_may_not_read_is_known_by_mode_and_owner(kind: int, mode: int, barred: tuple[bool, bool, bool]) -> None:
    status = os.stat_result((kind | mode, 1, 1, 1, 1000, 1000, 1, 0, 0, 0))
    assert tuple(files.is_barred(status, uid) for uid in (1000, 1001, 0)) == barred
