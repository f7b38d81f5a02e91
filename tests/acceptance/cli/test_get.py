"""`get`: files come out of the dossier as they went in, and it is written down who got them."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from kit.support import DOSSIER, PDF, Root


@pytest.fixture
def item(root: Root) -> str:
    keys = "created_by: m.devries\ndescription: Annual accounts 2025\nattachments: [a.pdf, b.pdf]\n"
    root.place("acme-bv", {"a.pdf": PDF + b"one", "b.pdf": PDF + b"b", "a.yaml": keys})
    root.once()
    root.place(
        "acme-bv",
        {
            "a.pdf": PDF + b"two",
            "x.yaml": f"created_by: m.devries\nitem: {root.json('items')[0]['item']}\nattachments: [a.pdf]\n",
        },
    )
    root.once()
    return str(root.json("items")[0]["item"])


def test_all_attachments_one_or_an_earlier_version_come_out(root: Root, item: str, tmp_path: Path) -> None:
    to = tmp_path / "out"
    to.mkdir()
    root.run("get", item, "--to", str(to), user="m.devries")
    assert {path.name: path.read_bytes() for path in to.iterdir()} == {"a.pdf": PDF + b"two", "b.pdf": PDF + b"b"}
    command = [
        DOSSIER,
        "--root",
        root.path,
        "--as",
        "m.devries",
        "get",
        item.removeprefix("D-"),
        "a.pdf",
        "--version",
        "1",
        "--to",
        "-",
    ]
    assert subprocess.run(command, capture_output=True, check=True, env=root.whole_environ()).stdout == PDF + b"one"
    command[-2:] = ["-"]
    assert subprocess.run(command, capture_output=True, check=True, env=root.whole_environ()).stdout == PDF + b"one"
    events = [event for event in root.json("show", item)["history"] if event["action"] == "viewed"]
    assert any("a.pdf (version 1)" in event["detail"]["how"] for event in events)


def test_nothing_is_written_over_and_what_is_not_there_is_told(root: Root, item: str, tmp_path: Path) -> None:
    (tmp_path / "b.pdf").write_bytes(b"mine")
    assert "b.pdf" in root.run("get", item, "b.pdf", "--to", str(tmp_path), code=1).stderr
    assert (tmp_path / "b.pdf").read_bytes() == b"mine"
    assert list(tmp_path.glob(".*.part")) == []
    for words in (
        ["get", item, "c.pdf"],
        ["get", item, "a.pdf", "--version", "9"],
        ["get", "D-2020-000001"],
        ["get", item, "--to", "-"],
    ):
        assert root.run(*words, code=1).stderr


def test_what_was_broken_off_is_gone_on_with(root: Root, item: str, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF + b"two")
    before = (tmp_path / "a.pdf").stat()
    assert root.run("get", item, "--to", str(tmp_path)).stdout.splitlines() == [f"{tmp_path}/a.pdf", f"{tmp_path}/b.pdf"]
    assert (tmp_path / "a.pdf").stat().st_ino == before.st_ino
    (tmp_path / "b.pdf").unlink()
    (tmp_path / "b.pdf").symlink_to(tmp_path / "a.pdf")
    assert "b.pdf is there already" in root.run("get", item, "--to", str(tmp_path), code=1).stderr


def test_nothing_is_written_through_a_link_in_the_place_of_its_part(root: Root, item: str, tmp_path: Path) -> None:
    other = tmp_path / "mine"
    other.write_bytes(b"mine")
    (tmp_path / f".{hashlib.sha256(PDF + b'two').hexdigest()[:16]}.part").symlink_to(other)
    root.run("get", item, "a.pdf", "--to", str(tmp_path))
    assert (other.read_bytes(), (tmp_path / "a.pdf").read_bytes()) == (b"mine", PDF + b"two")
    assert list(tmp_path.glob(".*.part")) == []


def test_a_damaged_file_is_not_given(root: Root, item: str, tmp_path: Path) -> None:
    for path in (root.path / "var/vault").rglob("*"):
        if path.is_file() and path.read_bytes() == PDF + b"b":
            path.chmod(0o600)
            path.write_bytes(PDF + b"X")
    told = root.run("get", item, "b.pdf", "--to", str(tmp_path), code=4)
    assert "dossier verify" in told.stderr
    assert list(tmp_path.glob("*.pdf")) == []
