"""Finding and looking as a person does it at the command line: names, numbers, typing errors, a small terminal."""

from __future__ import annotations

import os
import shlex

import pytest
from kit.support import PDF, STAFF, Root, dossier, plain_environ
from kit.terminals import on_terminal

SIDECAR = "description: {what}\nlabels: [vat]\ncreated_by: p.bakker\n"


@pytest.fixture
def office(root: Root) -> Root:
    root.drop("one", SIDECAR.format(what="Jaarrekening 2025 met de toelichting en alle bijlagen van de accountant"), one_pdf=PDF)
    root.drop("two", SIDECAR.format(what="Jaarrekening 2025"), "northwind-ltd", two_pdf=PDF + b"2")
    root.drop("three", SIDECAR.format(what="Loonstaat oktober"), three_pdf=PDF + b"3")
    root.once()
    return root


def printed(root: Root, *words: str, columns: int = 80, **environ: str) -> str:
    """What a command prints on a terminal that is so wide."""
    code, said = on_terminal(root, *words, **{"TERM": "xterm", "COLUMNS": str(columns), "LINES": "24", **environ})
    assert code == 0, said
    return said


def found(root: Root, *words: str) -> list[str]:
    return [one["description"] for one in root.json("items", *words)]


def test_a_clients_name_is_a_word_of_a_search_and_clients_are_found_by_the_middle_of_their_names(office: Root) -> None:
    assert len(found(office, "jaarrekening")) == 2
    assert found(office, "acme", "jaarrekening")[0].startswith("Jaarrekening 2025 met")
    assert found(office, "northwind", "jaarrekening") == ["Jaarrekening 2025"]
    assert found(office, "northwind", "loonstaat") == []
    assert len(found(office, "acme")) == 2
    first = office.json("items", "acme", "--limit", "1")
    rest = office.json("items", "acme", "--limit", "1", "--after", first[0]["item"])
    assert {first[0]["description"], rest[0]["description"]} == set(found(office, "acme"))
    assert [one["client"] for one in office.json("clients", "cme")] == ["acme-bv"]
    assert [one["client"] for one in office.json("clients", "3456")] == ["acme-bv"]


def test_what_a_file_says_is_found_behind_what_items_say_and_in_files_alone(office: Root) -> None:
    keys = SIDECAR.format(what="Polis van de auto")
    office.place("acme-bv", {"polis.txt": b"Kenteken AB-123-C, jaarrekening volgt", "polis.yaml": keys.encode()})
    office.once()
    assert found(office, "kenteken") == found(office, "polis", "ab", "123") == ["Polis van de auto"]
    assert found(office, "jaarrekening")[2:] == ["Polis van de auto"]
    assert found(office, "--in", "files", "jaarrekening") == ["Polis van de auto"]


def test_on_eighty_columns_a_row_is_a_line_with_a_date_and_no_word_is_broken(office: Root) -> None:
    lines = printed(office, "items", NO_COLOR="1").splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    [cut] = [line for line in lines if "…" in line]
    words = cut.partition("Jaarrekening")[2].partition("…")[0].split()
    assert set(words) <= {"2025", "met", "de", "toelichting", "en", "alle", "bijlagen", "van", "accountant"}
    made = office.json("items")[0]["created_at"][:10]
    assert all(made in line for line in lines[1:])


def test_of_a_description_of_long_words_whole_ones_are_left(office: Root) -> None:
    what = "Winstbelasting vennootschapsbelastingaangifte loonheffingennummer"
    office.drop("four", SIDECAR.format(what=what), four_pdf=PDF + b"4")
    office.once()
    [line] = [line for line in printed(office, "items", columns=60, NO_COLOR="1").splitlines() if "Winst" in line]
    assert "Winstbelasting…" in line


def test_an_item_is_shown_without_a_broken_word_and_through_the_pager(office: Root) -> None:
    item = office.json("items", "toelichting")[0]["item"]
    lines = printed(office, "show", item, columns=60, NO_COLOR="1").splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0] == f"{item}  Jaarrekening 2025 met de toelichting en alle"
    assert lines[1] == f"{'':{len(item)}}  bijlagen van de accountant"
    assert printed(office, "show", item, LINES="3", PAGER="sed s/^/paged:/").count("paged:") >= len(lines) - 2


def test_versions_are_shown_with_who_when_and_size_and_the_history_tells_which_came(office: Root) -> None:
    item = office.json("items", "loonstaat")[0]["item"]
    newer = office.path / "newer.pdf"
    newer.write_bytes(PDF + b"a longer one")
    office.run("replace", item, "three.pdf", str(newer), user="m.devries")
    office.run("rename", item, "three.pdf", "loonstaat.pdf", user="m.devries")
    [file] = office.json("show", item)["attachments"]
    assert [(one["version"], one["name"], one["by"], one["size"]) for one in file["versions"]] == [
        (2, "loonstaat.pdf", "m.devries", len(PDF) + 12), (1, "three.pdf", "p.bakker", len(PDF) + 1),
    ]  # fmt: skip
    told = office.run("show", item).stdout
    [first] = [line for line in told.splitlines() if line.startswith("three.pdf")]
    assert first.split() == ["three.pdf", "1", file["versions"][1]["at"][:10], "Petra", "Bakker", str(len(PDF) + 1)]
    assert "replaced three.pdf: it is version 2 now" in told
    office.run("get", item, "loonstaat.pdf", "--version", "1", "--to", str(office.path / "out"))
    assert (office.path / "out/three.pdf").read_bytes() == PDF + b"3"


def test_what_was_taken_out_is_told_with_the_command_that_puts_it_back(office: Root) -> None:
    item, paper = office.json("items", "loonstaat")[0]["item"], office.path / "paper of May.pdf"
    paper.write_bytes(PDF)
    office.run("attach", item, str(paper), user="m.devries")
    assert "taken out" not in office.run("show", item).stdout
    office.run("remove", item, paper.name, user="m.devries")
    [told] = [line for line in office.run("show", item).stdout.splitlines() if "was taken out" in line]
    office.run(*shlex.split(told.partition("dossier ")[2]), user="p.bakker")
    assert [one["version"] for one in office.json("show", item)["attachments"] if one["name"] == paper.name] == [2]
    assert "was taken out" not in office.run("show", item).stdout


def test_whoever_asks_for_a_client_looked_at_them_last(office: Root) -> None:
    def last() -> list[str]:
        return [one["client"] for one in office.json("recent", user="k.smit")["clients"]]

    office.run("clients", "northwind", user="k.smit")
    assert last() == []
    office.run("clients", "northwind-ltd", user="k.smit")
    assert last() == ["northwind-ltd"]
    office.run("items", "--client", "acme-bv", "nothing", user="k.smit")
    assert last() == ["acme-bv", "northwind-ltd"]
    assert not any(
        event["action"] == "viewed" for one in office.json("items") for event in office.json("show", one["item"])["history"][:-1]
    )


def test_a_list_longer_than_the_terminal_goes_through_the_pager(office: Root) -> None:
    assert printed(office, "items", LINES="3", PAGER="sed s/^/paged:/").count("paged:") == 4
    assert "paged:" not in printed(office, "items", PAGER="sed s/^/paged:/")
    assert "paged:" not in office.run("items").stdout


def test_what_there_is_none_of_is_refused_with_what_was_perhaps_meant(office: Root) -> None:
    for option, wrong, right in (
        ("--client", "acme-vb", "acme-bv"),
        ("--status", "don", "done"),
        ("--state", "publisht", "published"),
    ):
        refused = office.run("items", option, wrong, code=1).stderr
        assert wrong in refused
        assert right in refused
        assert refused.count("\n") == 1
    assert "withdrawn" in office.run("items", "--state", "zzz", code=1).stderr
    assert "there is no staff member `p.baker`" in office.run("due", "--owner", "p.baker", code=1).stderr
    assert "did you mean: acme-bv?" in office.run("due", "--client", "acme-vb", code=1).stderr
    assert "'soon' is no day; give one such as 2026-12-31." in office.run("due", "--until", "soon", code=2).stderr


def test_an_item_is_shown_by_the_end_of_its_number_with_the_name_of_its_client_and_its_history_in_sentences(office: Root) -> None:
    item = office.json("items", "loonstaat")[0]["item"]
    told = office.run("show", str(int(item[-6:])), "--as", "p.bakker").stdout
    assert item in told
    assert "Acme B.V. (acme-bv)" in told
    assert "Petra Bakker made this item of three.yaml, with one file" in told
    for number, code in (("99", 1), ("9" * 30, 2)):
        office.run("show", number, code=code)


def test_labels_are_put_on_and_taken_off_one_by_one(office: Root) -> None:
    item = office.json("items", "loonstaat")[0]["item"]
    office.run("edit", item, "--label", "+october", "-vat", "--as", "p.bakker")
    assert office.json("show", item)["labels"] == ["october"]
    office.run("edit", item, "--label", "+october", "--label", "+wages", user="p.bakker")
    assert office.json("show", item)["labels"] == ["october", "wages"]
    office.run("edit", item, "--label", "+vat", "--label", "other", user="p.bakker", code=2)
    assert "vat" in office.run("edit", item, "--label", "-vat", "-d", "Loonstaat oktober 2025", user="p.bakker", code=1).stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("show D-", "D-20"), ("items --client ac", "acme-bv"), ("queue --approver k", "k.smit"), ("new ac", "acme-bv"),
        ("move D-1 --client nor", "northwind-ltd"), ("copy D-1 a.pdf --to D-", "D-20"), ("proof D-", "D-20"), ("why D-", "D-20"),
        ("items --after D-", "D-20"), ("audit log --client ac", "acme-bv"), ("retention list --client nor", "northwind-ltd"),
    ],
)  # fmt: skip
def test_shells_complete_items_clients_and_staff(office: Root, typed: str, offered: str) -> None:
    words = ["dossier", *typed.split()]
    environ = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_DOSSIER_COMPLETE": "complete_bash"}
    done = dossier(environ={**os.environ, **environ, "DOSSIER_ROOT": str(office.path)})
    assert offered in done.stdout, done.stderr


def offered(root: Root, *words: str, **environ: str) -> list[str]:
    """What bash offers in the place of the last word; a folder that is no office's."""
    told = {"COMP_WORDS": " ".join(("dossier", *words)), "COMP_CWORD": str(len(words)), "_DOSSIER_COMPLETE": "complete_bash"}
    return dossier(folder=root.path.parent, environ={**plain_environ(), **told, **environ}).stdout.split()


def test_a_terminal_that_has_no_colours_or_shall_have_none_gets_none(office: Root) -> None:
    assert "\x1b[1m" in printed(office, "items", NO_COLOR="")
    assert "\x1b" not in printed(office, "items", NO_COLOR="1") + printed(office, "items", TERM="dumb")


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 60, 40, 30])
def test_no_table_is_wider_than_the_terminal_and_no_number_or_day_is_cut_off(office: Root, columns: int) -> None:
    shared = "share: yes\nshare_attachments: all\nshare_status: concept\napprover: m.devries\n"
    office.drop("four", SIDECAR.format(what="Aangifte") + shared, four_pdf=PDF + b"4")
    office.once()
    office.run("delete", "1", user="p.bakker")
    for words in (
        ("items", "--limit", "0"),
        ("queue",),
        ("outbox",),
        ("audit", "log"),
        ("bin",),
        ("recent",),
        ("clients",),
        ("show", "4"),
    ):
        lines = printed(office, *words, columns=columns, NO_COLOR="1").splitlines()
        assert max(map(len, lines)) <= columns or words[0] == "show", words
        told = "\n".join(lines)
        made = {one["item"]: one["created_at"][:10] for one in office.json("items")}
        assert words[0] not in ("items", "queue") or all(day in told for day in made.values())
        assert words[0] != "items" or all(item in told for item in made)


def test_what_is_completed_is_of_the_office_and_the_person_that_the_line_names(office: Root) -> None:
    office.set("staff", STAFF + "  l.lee: {name: Lee, email: l@office.example, clients: [acme-bv]}\n")
    assert offered(office, "show", "D-") == []
    line = ("--root", str(office.path), "--as")
    assert len(offered(office, *line, "m.devries", "show", "D-")) == 3
    assert len(offered(office, *line, "l.lee", "show", "D-")) == 2
    assert offered(office, *line, "l.lee", "items", "--client", "nor") == []


def test_an_item_completes_however_many_came_after_it_and_one_in_the_bin_where_it_is_taken_out(office: Root) -> None:
    for number in range(60):
        office.drop(f"more{number}", SIDECAR.format(what=f"Something more {number}") + "attachments: []\n")
    office.once()
    first = office.json("items", "--limit", "0")[-1]["item"]
    root = {"DOSSIER_ROOT": str(office.path)}
    assert first in offered(office, "show", first[:-1], **root)
    short = first.removeprefix("D-")
    assert short in offered(office, "show", short[:-1], **root)
    assert len(offered(office, "show", "D-", **root)) == 50
    assert offered(office, "show", "E", **root) == []
    office.run("delete", first, user="p.bakker")
    assert offered(office, "show", first, **root) == []
    assert offered(office, "undelete", "D-", **root) == [first]


def test_an_office_where_nothing_waits_is_well_in_a_line(office: Root) -> None:
    with office.daemon():
        assert "All is well: 3 items, and nothing waits." in office.run("status").stdout
