"""The portal and its upkeep by the installed command: verify, withdraw, pictures, and a portal that can't be."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import folders
from kit.support import PDF, SETTINGS, Root, new_office, wait_for
from PIL import Image

SHARED = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"
HOME = "var/portal/acme-bv"


@pytest.fixture
def published(root: Root) -> str:
    """An office with one item on the portal; its number."""
    root.drop("report", SHARED, report_pdf=PDF, report_txt=b"with it")
    root.once()
    return str(root.json("items")[0]["item"])


def test_verify_says_that_nothing_differs(root: Root, published: str) -> None:
    assert "as the database says" in root.run("verify").stdout
    assert root.json("verify") == []


def test_verify_repair_mends_the_portal_without_a_daemon(root: Root, published: str) -> None:
    home = root.path / HOME
    (home / published / "report.pdf").write_bytes(b"changed")
    (home / published / "report.txt").unlink()
    (home / "mine.txt").write_text("mine")
    before = (home / "index.html").read_bytes()
    (home / "index.html").write_text("hacked")
    found = root.run("verify", code=1)
    assert sorted(found.stdout.splitlines()) == [
        f"portal: acme-bv/{published}/report.pdf: was changed",
        f"portal: acme-bv/{published}/report.txt: is missing",
        "portal: acme-bv/index.html: was changed",
        "portal: acme-bv/mine.txt: does not belong here",
    ]
    assert "dossier verify --repair" in found.stderr
    assert (home / "mine.txt").exists(), "without --repair nothing is changed"
    mended = root.run("verify", "--repair").stdout
    assert mended.count("(mended)") == 4
    assert root.run("verify").stdout
    assert (home / published / "report.pdf").read_bytes() == PDF
    assert (home / published / "report.txt").read_bytes() == b"with it"
    assert (home / "index.html").read_bytes() == before
    kept = {path.name: path.read_bytes() for path in (root.path / "var/quarantine").rglob("*") if path.is_file()}
    assert kept == {"mine.txt": b"mine", "report.pdf": b"changed", "index.html": b"hacked"}


def test_a_running_daemon_mends_what_verify_asks_for(root: Root, published: str) -> None:
    with root.daemon():
        (root.path / HOME / published / "report.pdf").write_bytes(b"changed")
        assert "(mended)" in root.run("verify", "--repair").stdout
        assert (root.path / HOME / published / "report.pdf").read_bytes() == PDF
        root.run("verify")
    root.run("audit", "verify")


def test_a_folder_that_was_the_portal_before_is_told_of_until_it_is_gone(root: Root, published: str) -> None:
    root.environ["DOSSIER_PATHS__PORTAL"] = "var/shown"
    root.once()
    now = root.path / "var/shown/acme-bv" / published / "report.pdf"
    assert now.read_bytes() == PDF
    root.run("withdraw", published, "--reason", "Wrong year", user="m.devries")
    root.once()
    assert not now.exists()
    assert (root.path / HOME / published / "report.pdf").is_file(), "nobody takes it off there"
    [alarm] = root.json("status")["alarms"]
    assert f"{root.path}/var/portal was the portal before" in alarm
    assert "remove the clients' folders in it" in alarm
    shutil.rmtree(root.path / "var/portal")
    root.once()
    assert root.json("status")["alarms"] == []


def test_a_damaged_vault_file_without_a_good_copy_is_told_with_what_to_do(root: Root, published: str) -> None:
    root.run("withdraw", published, "--reason", "Wrong year", user="m.devries")
    root.once()
    [path] = [path for path in (root.path / "var/vault").glob("??/*") if path.read_bytes() == PDF]
    path.write_bytes(b"X" + PDF[1:])
    left = root.run("verify", "--repair", code=1)
    assert left.stdout == f"vault: {path.parent.name}/{path.name}: was changed (a file of {published})\n"
    assert "from a backup" in left.stderr


def test_the_daemon_adds_pictures_and_archives_after_publishing(root: Root) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(stream, "JPEG")
    pages = root.path / HOME / "_pages"
    with root.daemon():
        root.drop("photo", SHARED, photo_jpg=stream.getvalue(), photo_txt=b"of the building")
        wait_for(lambda: list(pages.glob("*.webp")) and list(pages.glob("*.zip")), "picture and archive are up")
        index = root.path / HOME / "index.html"
        wait_for(lambda: all(path.name in index.read_text() for path in pages.glob("D-*")), "the page names them")
        item = root.json("items")[0]["item"]
        root.run("withdraw", item, "--reason", "Wrong year", user="m.devries")
        wait_for(lambda: not list(pages.glob("D-*")), "they went with the item")
        assert not (root.path / HOME / item).exists()
        root.run("verify")


def test_withdraw_tells_who_saw_it_and_drafts_the_entry(root: Root, published: str) -> None:
    told = root.run("withdraw", published, "--reason", "Of another client", user="m.devries").stdout
    assert told.startswith(f"{published} is withdrawn\n")
    [draft] = (root.path / "var/breaches").glob(f"{published}-*.md")
    assert str(draft) in told
    assert "Of another client" in draft.read_text()
    assert draft.stat().st_mode & 0o007 == 0


def test_a_portal_that_is_a_mount_point_is_refused_before_anything_is_done(root: Root) -> None:
    portal = root.path / "var/portal"
    portal.mkdir(parents=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", portal, portal], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        refused = root.run("run", "--once", code=4)
    finally:
        subprocess.run(["umount", portal], check=True)
    assert "is a mount point" in refused.stderr
    assert f"set paths.portal to a folder within it, such as {portal}/portal" in refused.stderr
    assert list(portal.iterdir()) == []


def test_a_portal_within_a_mounted_file_system_works(root: Root, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "none", disk], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        root.environ["DOSSIER_PATHS__PORTAL"] = str(disk / "portal")
        root.drop("report", SHARED, report_pdf=PDF)
        root.once()
        item = root.json("items")[0]["item"]
        assert (disk / "portal/acme-bv" / item / "report.pdf").read_bytes() == PDF
        assert sorted(path.name for path in disk.iterdir()) == [".portal-staging", "portal"]
        (disk / "portal/acme-bv" / "mine.txt").write_text("mine")
        root.run("verify", "--repair")
        assert [path.read_text() for path in (root.path / "var/quarantine").rglob("mine.txt")] == ["mine"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("is_tidied", [False, True])
def test_what_was_withdrawn_goes_though_the_daemon_starts_on_a_full_disk(root: Root, tmp_path: Path, is_tidied: bool) -> None:
    """Where nothing of an earlier daemon lies beside the portal that could make room, it is told."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "none", disk], capture_output=True).returncode:
        pytest.skip("needs the right to mount")

    def shown() -> set[str]:
        return {path.parent.name for path in disk.glob("portal/acme-bv/*/*.pdf")}

    try:
        root.environ["DOSSIER_PATHS__PORTAL"] = str(disk / "portal")
        for name in ("annual", "letter"):
            root.drop(name, f"{SHARED}labels: [{name}]\n", **{f"{name}_pdf": PDF})
        root.once()
        first, second = sorted(one["item"] for one in root.json("items"))
        assert shown() == {first, second}
        root.run("withdraw", first, "--reason", "The wrong year", user="m.devries")
        if is_tidied:
            shutil.rmtree(next(path for path in (disk / ".portal-staging").iterdir() if path.is_dir()))
        there = os.statvfs(disk)
        subprocess.run(["mount", "-o", f"remount,nr_inodes={there.f_files - there.f_ffree}", disk], check=True)
        if is_tidied:
            assert "make room there" in root.run("run", "--once", code=4).stderr
        else:
            root.once()
            assert shown() == {second}
        subprocess.run(["mount", "-o", "remount,nr_inodes=10000", disk], check=True)
        root.once()
        assert shown() == {second}
        root.run("verify")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_portals_folder_that_comes_back_shows_nothing_that_was_taken_off_meanwhile(root: Root, tmp_path: Path) -> None:
    for name in ("annual", "letter"):
        root.drop(name, f"{SHARED}labels: [{name}]\n", **{f"{name}_pdf": PDF})
    root.once()
    first, second = sorted(one["item"] for one in root.json("items"))
    portal, away = root.path / "var/portal", tmp_path / "away"

    def shown() -> tuple[set[str], list[str]]:
        """(what lies there, what the list names)."""
        home = portal / "acme-bv"
        named = [one["item"] for one in json.loads((home / "items.json").read_text())["items"]]
        return {one.name for one in home.iterdir() if one.name.startswith("D-")}, named

    with root.daemon():
        portal.rename(away)
        wait_for(lambda: (portal / "acme-bv/items.json").exists() and shown()[1], "all is made anew")
        root.run("withdraw", first, "--reason", "The wrong year", user="m.devries")
        wait_for(lambda: shown() == ({second}, [second]), "it is taken off")
        portal.rename(tmp_path / "meanwhile")
        away.rename(portal)
        wait_for(lambda: shown() == ({second}, [second]), "what lies in the folder that came back is seen to")
    portal.rename(away)
    root.once()
    root.run("withdraw", second, "--reason", "The wrong year", user="m.devries")
    root.once()
    assert shown() == (set(), [])
    portal.rename(tmp_path / "then")
    away.rename(portal)
    assert shown() == ({second}, [second])
    root.once()
    assert shown() == (set(), [])
    root.run("verify")


@pytest.fixture
def on_disk() -> Iterator[Root]:
    """An office on a disk, whose file system may give the number of a removed folder to the next one."""
    folder = folders.new_folder("portal", folders.DISK)
    yield new_office(folder / "office")
    folders.remove(folder)


def test_nor_does_a_copy_that_has_the_number_of_the_folder_before(on_disk: Root) -> None:
    root, portal, copy = on_disk, on_disk.path / "var/portal", on_disk.path / "copy"
    root.drop("annual", SHARED, annual_pdf=PDF)
    root.once()
    [item] = [one["item"] for one in root.json("items")]
    shutil.copytree(portal, copy)
    root.run("withdraw", item, "--reason", "The wrong year", user="m.devries")
    root.once()
    number = portal.stat().st_ino
    shutil.rmtree(portal)
    for place in (portal.with_name(f"made{one}") for one in range(200)):
        place.mkdir()
        if place.stat().st_ino == number:
            break
    else:
        pytest.skip("this file system doesn't use the number of a folder again at once")
    place.rename(portal)
    shutil.copytree(copy, portal, dirs_exist_ok=True)
    assert (portal / "acme-bv" / item).exists()
    root.once()
    assert not (portal / "acme-bv" / item).exists()


def test_what_was_taken_off_does_not_stand_there_again_by_an_old_copy_put_over_the_folder(root: Root, tmp_path: Path) -> None:
    for name in ("annual", "letter"):
        root.drop(name, f"{SHARED}labels: [{name}]\n", **{f"{name}_pdf": PDF})
    root.once()
    first, second = sorted(one["item"] for one in root.json("items"))
    portal, copy = root.path / "var/portal", tmp_path / "copy"
    shutil.copytree(portal, copy)
    (copy / "gone-bv" / "D-2025-000001").mkdir(parents=True)
    (copy / "acme-bv/_pages" / f"{first}-0123456789ab.zip").write_bytes(b"all of it")
    root.run("withdraw", first, "--reason", "The wrong year", user="m.devries")
    root.once()
    for start in ("once", "daemon"):
        shutil.copytree(copy, portal, dirs_exist_ok=True)
        assert (portal / "acme-bv" / first).exists()
        if start == "once":
            root.once()
        else:
            with root.daemon():
                wait_for(lambda: not (portal / "acme-bv" / first).exists(), "it is off again")
                wait_for(lambda: root.run("verify", code=None).returncode == 0, "all is mended")
        assert [(portal / "acme-bv" / one).exists() for one in (first, second)] == [False, True]
        assert first not in (portal / "acme-bv/items.json").read_text()
        assert not (portal / "gone-bv").exists()
        assert not list((portal / "acme-bv/_pages").glob(f"{first}-*"))


def test_run_once_tells_what_could_not_be_published_and_why(root: Root) -> None:
    root.drop("report", SHARED.replace("approved", "concept\napprover: k.smit"), report_pdf=PDF)
    root.once()
    (item,) = (one["item"] for one in root.json("items"))
    (kept,) = (path for path in (root.path / "var/vault").rglob("*") if path.is_file() and path.read_bytes() == PDF)
    kept.chmod(0o640)
    kept.write_bytes(PDF[::-1])
    root.run("approve", item, user="k.smit")
    done = root.run("run", "--once", code=4)
    assert "published 0" in done.stdout
    told = done.stderr.splitlines()[-1]
    assert item in told
    assert "report.pdf" in told
    kept.write_bytes(PDF)
    root.once()
    assert (root.path / HOME / item / "report.pdf").read_bytes() == PDF


def test_two_offices_do_not_share_a_portal_also_where_neither_shows_anything_yet(root: Root, tmp_path: Path) -> None:
    root.once()
    other = new_office(tmp_path / "other", settings=f"{SETTINGS}paths: {{portal: {root.path}/var/portal}}\n")
    refused = other.run("run", "--once", code=4)
    assert "is the portal of another office" in refused.stderr
    root.drop("annual", SHARED, annual_pdf=PDF)
    root.once()
    [item] = [one["item"] for one in root.json("items")]
    other.run("run", "--once", code=4)
    assert (root.path / "var/portal/acme-bv" / item).is_dir()
    shutil.rmtree(root.path / "var/portal")  # its own is gone, and with it all that it had
    other.run("adopt", "--reason", "The first office is closed", user="j.admin")
    other.once()
    assert (root.path / "var/portal/acme-bv").is_dir()
    assert "is the portal of another office" in root.run("run", "--once", code=4).stderr
