"""Standard streams that are closed, full, or that nobody reads to the end: a command does what it was asked for all the same."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from kit.support import DOSSIER, NOTIFIED, PDF, Root, wait_for

SIDECAR = (
    "description: A letter, with a description of some length, number {}\nattachments: []\ncreated_by: p.bakker\nlabels: [bulk]\n"
)


def shell(root: Root, line: str) -> tuple[int, str]:
    """What bash makes of a line in which $D is the command."""
    environ = {**root.whole_environ(), "D": f"{DOSSIER} --root {root.path} --as m.devries"}
    done = subprocess.run(["bash", "-c", line], env=environ, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def place(root: Root, stem: str, count: int) -> None:
    for number in range(count):
        root.drop(f"{stem}{number}", SIDECAR.format(number))


def statuses(root: Root) -> set[str]:
    return {one["status"] for one in root.json("items", "bulk", "--limit", "0")}


def test_what_several_items_are_to_become_they_become_though_nobody_reads_on(root: Root) -> None:
    place(root, "a", 120)
    root.once()
    code, told = shell(root, "$D edit --where label=bulk --status done --yes | head -1; echo ${PIPESTATUS[0]}")
    assert (code, told.splitlines()[-1]) == (0, "0")
    assert statuses(root) == {"done"}
    assert shell(root, "$D items --limit 0 | head -1; exit ${PIPESTATUS[0]}")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_leads_nowhere(root: Root, closed: str) -> None:
    place(root, "a", 2)
    lines = ("$D run --once", "$D edit 1 2 --status done", "$D edit --where label=bulk --status new </dev/null")
    assert [shell(root, f"{line} {closed}")[0] for line in lines] == [0, 0, 2]
    assert statuses(root) == {"done"}
    assert not (root.path / "var/errors.log").exists()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_can_not_show_a_sign_shows_its_number_and_programs_get_it(root: Root, encoding: str) -> None:
    root.drop("a", SIDECAR.format("één İ 日本 🙂"))
    root.once()
    environ = {**root.whole_environ(), "PYTHONIOENCODING": encoding}
    command = [str(DOSSIER), "--root", str(root.path), "items"]
    said = subprocess.run(command, env=environ, capture_output=True, check=True).stdout.decode(encoding)
    assert ("🙂" if encoding == "utf-8" else "\\U0001f642") in said
    told = subprocess.run([*command, "--json"], env=environ, capture_output=True, check=True).stdout.decode(encoding)
    assert json.loads(told)[0]["description"].endswith("één İ 日本 🙂")


def test_what_is_kept_as_a_file_is_utf_8_wherever_it_is_printed(root: Root) -> None:
    root.drop("a", NOTIFIED.replace("Annual accounts", "Één İ 日本 🙂"), a_pdf=PDF)
    root.once()
    place, environ = root.path / "printed", {**root.whole_environ(), "PYTHONIOENCODING": "latin-1"}
    for words in (("mail", "preview", "1", "--html"), ("proof", "1")):
        with place.open("wb") as file:
            subprocess.run([str(DOSSIER), "--root", str(root.path), *words], env=environ, stdout=file, check=True)
        assert "Één İ 日本 🙂" in place.read_text("utf-8"), words
    assert json.loads(root.run("proof", "--check", str(place), "--json").stdout)["holds"]


def test_what_is_wrong_has_its_exit_code_though_it_can_be_told_nobody(root: Root) -> None:
    assert [shell(root, f"$D {words} 2>/dev/full")[0] for words in ("show 2026-000099", "show x", "items --nonsense")] == [
        1,
        2,
        2,
    ]


@pytest.mark.parametrize("output", ["full", "closed", "left"])
def test_a_key_that_nobody_can_have_got_is_not_made(root: Root, output: str) -> None:
    new = "$D --as j.admin token new scanner --for p.bakker --scope items:read --until 2099-12-31"
    ours, theirs = os.pipe()
    os.close(ours)  # nobody reads what is written to the other end
    where = ">&-" if output == "closed" else ">/dev/full"
    if output == "left":
        environ = {**root.whole_environ(), "D": f"{DOSSIER} --root {root.path}"}
        done = subprocess.run(["bash", "-c", new], env=environ, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
        code, told = done.returncode, done.stderr
    else:
        code, told = shell(root, f"{new} {where}")
    os.close(theirs)
    assert (code, "so none was made" in told) == (4, True), told
    assert root.json("token", "list") == []
    assert [one for one in root.json("audit", "log") if one["action"] == "token_made"] == []
    assert shell(root, new)[1].startswith("dossier_"), "its name is free"


def test_drops_are_taken_though_the_log_can_not_be_written(root: Root) -> None:
    place(root, "a", 2)
    assert shell(root, "$D run --once 2>/dev/full")[0] == 0
    assert statuses(root) == {"new"}


def test_a_daemon_goes_on_when_whoever_read_its_log_has_left(root: Root) -> None:
    ours, theirs = os.pipe()
    command = [str(DOSSIER), "--root", str(root.path), "run"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=root.whole_environ()) as daemon:
        os.close(theirs)
        said = b""
        while b"running" not in said:
            said += os.read(ours, 65536)
        os.close(ours)
        place(root, "a", 3)
        wait_for(lambda: len(root.json("items", "bulk")) == 3, "the drops are taken")
        assert daemon.poll() is None
        daemon.terminate()
        assert daemon.wait(10) == 0


def test_what_a_command_logs_is_not_among_what_it_was_asked_for(root: Root) -> None:
    place(root, "a", 1)
    root.once()
    mark = root.path / "var/anchors/office.json"
    mark.write_text("damaged")
    command = [str(DOSSIER), "--root", str(root.path), "items", "--json"]
    done = subprocess.run(command, env=root.whole_environ(), capture_output=True, text=True, check=True)
    assert [one["item"] for one in json.loads(done.stdout)] == [root.json("items")[0]["item"]]
    assert "can't be read" in done.stderr
