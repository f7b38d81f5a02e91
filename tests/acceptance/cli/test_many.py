"""Many items at once: listed first, asked on a terminal, each judged by itself, and told which one was refused and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import PDF, Root
from kit.terminals import on_terminal

PRIVATE = "created_by: {by}\ndescription: {what}\nlabels: [{label}]\n"
CONCEPT = (
    "created_by: p.bakker\ndescription: {what}\nshare: yes\nshare_attachments: all\nshare_status: concept\napprover: m.devries\n"
)


@pytest.fixture
def office(root: Root) -> Root:
    root.drop("a", PRIVATE.format(by="p.bakker", what="First scan of the day", label="scan"), a_pdf=PDF + b"a")
    root.drop("b", PRIVATE.format(by="m.devries", what="Second scan of the day", label="scan"), b_pdf=PDF + b"b")
    root.drop("c", PRIVATE.format(by="p.bakker", what="Something to keep", label="other"), c_pdf=PDF + b"c")
    root.drop("d", CONCEPT.format(what="Concept the first"), d_pdf=PDF + b"d")
    root.drop("e", CONCEPT.format(what="Concept the other"), e_pdf=PDF + b"e")
    root.once()
    return root


def numbers(root: Root, *words: str) -> dict[str, str]:
    return {one["description"]: one["item"] for one in root.json("items", *words)}


def answered(root: Root, answer: str, *words: str) -> tuple[int, str]:
    return on_terminal(root, *words, answer=answer, TERM="dumb", COLUMNS="120")


def test_what_a_search_finds_is_listed_and_changed_and_nothing_else(office: Root) -> None:
    assert "--yes" in office.run("edit", "--where", "label=scan", "--status", "done", user="j.admin", code=2).stderr
    said = office.run("edit", "--where", "client=acme-bv label=scan day", "--status", "done", "--yes", user="m.devries").stdout
    assert "First scan of the day" in said
    assert {one["description"]: one["status"] for one in office.json("items", "--status", "done")} == {
        "First scan of the day": "done", "Second scan of the day": "done",
    }  # fmt: skip
    for wrong in ("nobody=1", 'label="scan', "", "label=scan label=other", "client=acme-nv"):
        assert office.run("edit", "--where", wrong, "--status", "new", "--yes", user="m.devries", code=None).returncode in (1, 2)
    assert "No item fits" in office.run("delete", "--where", "nothinglikeit", "--yes", user="j.admin").stdout


def test_a_search_for_signs_alone_finds_nothing_and_so_changes_nothing(office: Root) -> None:
    for signs in ("***", "&", "…", '"-" status=new'):
        said = office.run("edit", "--where", signs, "--status", "done", "--yes", user="m.devries").stdout
        assert said == "No item fits.\n"
    assert office.json("items", "--status", "done") == office.json("items", "?") == []
    assert len(office.json("items", "first & scan")) == 1
    assert len(office.json("items", " ")) == 5


def test_on_a_terminal_it_is_asked_first(office: Root) -> None:
    code, said = answered(office, "n", "--as", "j.admin", "delete", "--where", "label=scan")
    assert code == 0
    assert "Go on with these 2 items?" in said
    assert len(numbers(office, "scan")) == 2
    assert answered(office, "y", "--as", "j.admin", "delete", "--where", "label=scan")[0] == 0
    assert numbers(office, "scan") == {}


def test_of_several_it_is_said_what_was_refused_of_which_and_the_others_are_done(office: Root) -> None:
    known = numbers(office, "scan")
    done = office.run("delete", *known.values(), "D-2020-000001", user="p.bakker", code=1)
    refused = [line for line in done.stderr.splitlines() if line.startswith("D-")]
    assert {line.split(":")[0] for line in refused} == {known["Second scan of the day"], "D-2020-000001"}
    assert "2 of 3 were refused" in done.stderr
    assert list(numbers(office, "scan")) == ["Second scan of the day"]


def test_files_of_several_items_come_each_in_a_folder(office: Root, tmp_path: Path) -> None:
    known = numbers(office, "scan")
    office.run("get", *known.values(), "--to", str(tmp_path / "out"))
    office.run("get", "--where", "other label=other", "--to", str(tmp_path / "out"), "--yes")
    there = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.pdf")}
    assert there == {
        f"{known['First scan of the day']}/a.pdf", f"{known['Second scan of the day']}/b.pdf",
        f"{numbers(office, 'keep')['Something to keep']}/c.pdf",
    }  # fmt: skip
    office.run("get", *known.values(), "a.pdf", code=2)


def test_several_are_approved_or_returned_but_never_by_a_search(office: Root) -> None:
    known = numbers(office, "concept")
    office.run("approve", "--where", "concept", user="m.devries", code=2)
    assert "Concept the first" in office.run("reject", *known.values(), "--comment", "page 3", user="m.devries").stdout
    assert {one["share_state"] for one in office.json("items", "concept")} == {"returned"}


def test_several_are_taken_off_with_one_reason(office: Root) -> None:
    known = numbers(office, "concept")
    office.run("withdraw", *known.values(), "--reason", "wrong year", user="j.admin")
    assert {one["share_state"] for one in office.json("items", "concept")} == {"withdrawn"}
