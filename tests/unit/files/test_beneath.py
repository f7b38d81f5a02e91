"""What is done in a folder that is held open is done in it, whatever its name leads to meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from pathlib import Path

import pytest
from kit.swapping import SECONDS, swapped

from dossier.files import files, kernel, moves
from dossier.files.beneath import LastOpened, open_beneath, open_folder
from dossier.text import system


@pytest.fixture(params=["in one call", "step by step"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With openat2(2), and as on a kernel that has none."""
    if request.param == "step by step":
        monkeypatch.setattr(kernel, "open_beneath", lambda folder, path, flags: None)


@pytest.mark.usefixtures("_way")
def test_a_link_beneath_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "acme" / "_done").mkdir(parents=True)
    (tmp_path / "inbox" / "link").symlink_to("acme")
    (tmp_path / "inbox" / "acme" / "up").symlink_to(tmp_path)
    (tmp_path / "inbox" / "file").touch()
    (tmp_path / "way").symlink_to("inbox")
    with open_beneath(tmp_path / "way", "acme", "_done") as folder:  # the office's own way to its inbox may be a link
        assert folder.path == f"{tmp_path}/way/acme/_done"
    for names in (("link", "_done"), ("link",), ("acme", "up"), ("acme", "up", "inbox"), ("file",), ("file", "x")):
        with pytest.raises(NotADirectoryError, match="no folder, but a link or a file"):
            open_beneath(tmp_path / "inbox", *names)
    with pytest.raises(FileNotFoundError) as found:
        open_beneath(tmp_path / "inbox", "acme", "_rejected")
    assert found.value.filename == f"{tmp_path}/inbox/acme/_rejected"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0b"])
def test_a_name_in_a_folder_has_no_folder_part(tmp_path: Path, name: str) -> None:
    with open_folder(tmp_path) as folder, pytest.raises(ValueError, match="not the name"):
        folder / name
    with open_folder(tmp_path) as folder, pytest.raises(ValueError, match="not the name"):
        folder.open(name)


def test_errors_say_the_whole_name(tmp_path: Path) -> None:
    with open_folder(tmp_path) as folder:
        for do in (
            lambda: files.read_plain(folder / "lacks", 10),
            lambda: moves.move(folder / "lacks", folder / "other"),
            lambda: files.copy_to(folder / "lacks", folder / "other"),
            lambda: files.hash_file(folder / "lacks"),
        ):
            with pytest.raises(FileNotFoundError) as found:
                do()
            assert found.value.filename == f"{tmp_path}/lacks"


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("call", ["listdir", "scandir"])
def test_a_folder_that_can_not_be_listed_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def failed(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), descriptor)

    with open_folder(tmp_path) as folder:
        monkeypatch.setattr(os, call, failed)
        with pytest.raises(OSError, match="Input") as failure:
            list(folder.names() if call == "listdir" else folder.entries())
    assert system.said(failure.value, "en").startswith(f"{tmp_path}: Input/output error; the disk")


def test_what_a_descriptor_was_told_of_is_no_name(tmp_path: Path) -> None:
    assert system.said(OSError(errno.EROFS, os.strerror(errno.EROFS), 7), "en").startswith("Read-only file system; ")


def test_a_folder_that_is_exchanged_with_a_link_all_the_time_leads_nowhere_else(tmp_path: Path) -> None:
    inbox, elsewhere = tmp_path / "inbox", tmp_path / "elsewhere"
    (inbox / "acme" / "_done").mkdir(parents=True)
    (elsewhere / "_done").mkdir(parents=True)
    (elsewhere / "_done" / "secret.pdf").write_bytes(b"another's")
    (inbox / "acme" / "_done" / "secret.pdf").write_bytes(b"mine")
    written, refused = 0, 0
    with swapped({inbox / "acme": elsewhere, inbox / "acme" / "_done": elsewhere / "_done"}):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                with open_beneath(inbox, "acme", "_done") as done:
                    assert files.read_plain(done / "secret.pdf", 100)[0] == b"mine"
                    name = f"{secrets.token_hex(12)}.yaml"
                    files.write_whole(done / name, b"x")
                    moves.move(done / name, done / f"{name}.moved")
                    files.copy_to(done / "secret.pdf", done / f"{name}.copy")
                    moves.link(done / f"{name}.copy", done / f"{name}.link")
                    with contextlib.suppress(NotADirectoryError):  # somebody else's link is no folder of ours
                        files.made_folder(done / f"{name}.d").close()
                    written += 1
            except (NotADirectoryError, FileNotFoundError):
                refused += 1
    assert written > 20
    assert refused > 20
    assert sorted(os.listdir(elsewhere / "_done")) == ["secret.pdf"]
    assert sorted(os.listdir(elsewhere)) == ["_done"]
    assert len(os.listdir(inbox / "acme" / "_done")) == written * 4 + 1


def test_the_same_number_on_another_file_system_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    seen = files.look(tmp_path / "a")
    assert seen is not None
    other = seen._replace(device=seen.device + 1)
    assert not seen.is_same_content(other)
    assert not seen.is_untouched(other)
    assert seen.is_untouched(seen)


def test_a_new_folder_gets_the_rights_of_the_one_that_it_is_in(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o2770)
    with open_folder(tmp_path) as home, files.made_folder(home / "_done", like=home.status()) as done:
        assert done.status().st_mode & 0o7777 == 0o2770


def test_a_tree_is_removed_and_linked_without_following_links(tmp_path: Path) -> None:
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "x").write_bytes(b"x")
    elsewhere.mkdir()
    (elsewhere / "y").write_bytes(b"y")
    (tree / "a" / "link").symlink_to(elsewhere)
    with open_folder(tmp_path) as home:
        made = moves.link_tree(home / "tree", tmp_path / "copy")
        assert made == [tmp_path / "copy", tmp_path / "copy" / "a", tmp_path / "copy" / "a" / "b"]
        assert (tmp_path / "copy" / "a" / "link").is_symlink()
        files.remove_tree(home / "tree")
    assert not tree.exists()
    assert (tmp_path / "copy" / "a" / "b" / "x").read_bytes() == b"x"
    assert (elsewhere / "y").read_bytes() == b"y"


def test_the_folder_that_was_opened_last_is_held_until_another_one_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with LastOpened(tmp_path) as folders:
        first = folders.open("a")
        (tmp_path / "a").rename(tmp_path / "moved")
        assert folders.open("a") is first
        files.write_whole(first / "x", b"1")
        assert (tmp_path / "moved" / "x").exists()
        assert folders.open("b").path == f"{tmp_path}/b"
        with pytest.raises(FileNotFoundError):
            folders.open("a")
        assert folders.open("b").names() == []
