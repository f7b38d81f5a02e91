"""Folders, files and names as they are typed: where the office is, what a path means from here, and an attachment by a name that fits."""

from __future__ import annotations

import os
import shlex
import subprocess
import unicodedata
from pathlib import Path

from kit.support import DOSSIER, PDF, Root, dossier, plain_environ

from dossier.office.opening import find_root
from dossier.office.terms import RootNotFound


def here(root: Root, folder: Path, *words: str, code: int = 0) -> str:
    """What a command prints that is typed in this folder."""
    environ = {**root.whole_environ(), "DOSSIER_ROOT": str(root.path)}
    done = dossier(*words, folder=folder, environ=environ)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_folder_where_nobody_may_look_is_no_office_and_no_trouble(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "within").mkdir(parents=True)
    closed.chmod(0)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setresuid(65534, 65534, 65534)
            find_root(closed / "within", None, {})
        except RootNotFound:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    closed.chmod(0o700)


def test_a_command_that_names_the_office_works_in_a_folder_that_was_deleted(root: Root) -> None:
    line = f"mkdir gone && cd gone && rmdir ../gone && {DOSSIER} --root {root.path} items && {DOSSIER} items"
    done = subprocess.run(["bash", "-c", line], cwd=root.path.parent, env=plain_environ(), capture_output=True, text=True)
    assert done.stdout == "No item fits.\n"
    assert (done.returncode, "give --root" in done.stderr) == (3, True)


def test_init_makes_the_office_that_root_names_and_tells_a_command_that_can_be_typed(tmp_path: Path) -> None:
    made, elsewhere = tmp_path / "our office", tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = dossier("--root", made, "init", folder=elsewhere)
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == []
    line = done.stdout.strip().rpartition("dossier ")[2]
    assert shlex.split(line) == ["--root", str(made), "run"]


def test_a_sheet_of_proof_is_verified_whatever_is_wrong_with_config(root: Root) -> None:
    root.drop("one", "description: Annual accounts\ncreated_by: p.bakker\n", one_pdf=PDF)
    root.once()
    sheet = root.path / "proof.html"
    sheet.write_text(root.run("proof", "1").stdout)
    with (root.path / "config/settings.yaml").open("a") as settings:
        settings.write("nonsense: 1\n")
    assert "the sheet fits itself" in here(root, root.path, "proof", "--check", str(sheet))


def test_why_takes_a_path_from_wherever_it_is_typed(root: Root) -> None:
    inbox = root.inbox()
    root.drop("faulty", "descripion: x\n")
    root.once()
    [refused] = (inbox / "_rejected").iterdir()
    assert "did you mean `description`?" in here(root, refused, "why", "faulty.yaml")
    assert "did you mean `description`?" in here(root, refused, "why", ".")
    assert "nothing lies there" in here(root, inbox, "why", ".")
    assert "rename it" not in here(root, inbox, "why", "..")
    (inbox / "a\nb.pdf").write_bytes(PDF)
    assert "a\\nb.pdf is not taken yet:" in here(root, inbox, "why", "a\nb.pdf")
    (inbox / "loop").symlink_to("loop")
    assert "is a link" in here(root, inbox, "why", "loop")
    assert not (root.path / "var/errors.log").exists()


def test_what_has_no_client_is_told_how_to_be_given_one(root: Root, tmp_path: Path) -> None:
    unsorted = root.path / "inbox/_unsorted"
    unsorted.mkdir()
    (unsorted / "scan 12.pdf").write_bytes(PDF)
    assert "dossier assign FILE --client CODE" in here(root, root.path, "why", "inbox/_unsorted")
    told = here(root, root.path, "why", "inbox/_unsorted/scan 12.pdf")
    words = shlex.split(told.partition("dossier ")[2].partition("\n")[0].replace("CODE", "acme-bv"))
    (tmp_path / "scan 12.pdf").write_bytes(PDF)
    assert str(tmp_path / "scan 12.pdf") in here(
        root, tmp_path, "--as", "j.admin", "assign", "scan 12.pdf", "--client", "acme-bv", code=1
    )
    assert "acme-bv" in here(root, root.path, "--as", "j.admin", *words)


def test_an_attachment_is_meant_by_its_name_capitals_and_form_of_accents_apart(root: Root) -> None:
    root.place(
        "acme-bv",
        {"Café.txt": b"one", "a.yaml": "description: Menu of the week\nattachments: [Café.txt]\ncreated_by: p.bakker\n".encode()},
    )
    root.once()
    for name in ("Café.txt", unicodedata.normalize("NFD", "Café.txt"), "CAFÉ.TXT"):
        assert root.run("get", "1", name, "-").stdout == "one"
    (root.path / "new.txt").write_text("two")
    root.run("replace", "1", "CAFÉ.txt", str(root.path / "new.txt"), user="p.bakker")
    [attachment] = root.json("show", "1")["attachments"]
    assert (attachment["name"], attachment["version"]) == ("Café.txt", 2)
    assert root.run("get", "1", "café.txt", "--version", "1", "-").stdout == "one"
    never = root.run("get", "1", "café.txt", "--version", "9", "-", code=1)
    assert "has no version 9 of `Café.txt`; the newest is 2" in never.stderr
