"""What a person may know of is bounded by the clients they work for, whatever is asked (CONTRACT section 2)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from kit.support import Root, new_office

STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create, share], clients: [acme-bv]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, rights: [admin, approve]}
"""
OURS = "description: Annual accounts 2025\nshare: no\ncreated_by: m.devries\nattachments: [ours.txt]\n"
THEIRS = (
    "description: Merger with Zeppelin\nshare: yes\nshare_status: concept\napprover: j.admin\ncreated_by: m.devries\n"
    "attachments: [{file: theirs.txt, share: yes}]\nnotify: yes\ncontact: a.brown\n"
)
MINE, OTHER = "D-2026-000001", "D-2026-000002"
SECRETS = ("northwind", "zeppelin", "theirs.txt", "brown")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An item of each client, and of the other client one refused and one waiting drop, and a mail that failed."""
    root = new_office(tmp_path_factory.mktemp("reading") / "office", staff=STAFF)
    root.environ["DOSSIER_USER"] = "p.bakker"
    root.drop("a-ours", OURS, ours_txt=b"ours")
    root.once()
    root.drop("b-theirs", THEIRS, client="northwind-ltd", theirs_txt=b"theirs")
    root.drop("refused", "description: Zeppelin\nnonsense: yes\ncreated_by: m.devries\n", client="northwind-ltd")
    root.drop("waits", THEIRS.replace("theirs.txt", "later-theirs.txt"), client="northwind-ltd")
    root.once()
    root.run("notify", OTHER, user="m.devries")
    (root.path / "free.txt").write_text("free")
    (root.path / "inbox" / "nobody-ltd").mkdir()
    return root


def said(root: Root, *words: str, code: int | None = None) -> str:
    done = root.run(*(word.replace("INBOX", str(root.path / "inbox")) for word in words), code=code)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("items",), ("items", "--json"), ("items", "merger"), ("items", "--limit", "0", "--share-state", "concept"),
        ("queue",), ("queue", "--json"), ("queue", "--approver", "j.admin"), ("clients",), ("clients", "--json"), ("recent",),
        ("outbox",), ("outbox", "--json"), ("rejected",), ("rejected", "--json"), ("status",), ("status", "--json"),
        ("audit", "log", "--limit", "0"), ("audit", "log", "--json"), ("audit", "export"), ("audit", "export", "--format", "csv"),
        ("retention", "list"), ("check", "INBOX"), ("doctor",), ("verify",), ("backup", "copy"),
    ],
)  # fmt: skip
def test_no_list_count_or_search_tells_of_another_client(office: Root, words: tuple[str, ...]) -> None:
    told = said(office, *words).lower()
    assert not [secret for secret in (*SECRETS, OTHER.lower()) if secret in told], told


@pytest.mark.parametrize(
    "words",
    [
        ("show", OTHER), ("proof", OTHER), ("why", OTHER), ("edit", OTHER, "--label", "x"), ("notify", OTHER, "--contact", "x"),
        ("approve", OTHER), ("reject", OTHER, "--comment", "no"), ("withdraw", OTHER, "--reason", "no"), ("publish", OTHER),
        ("copy", OTHER, "theirs.txt", "--to", MINE), ("copy", MINE, "ours.txt", "--to", OTHER, "--no-share"),
        ("attach", OTHER, "free.txt", "--no-share"), ("remove", OTHER, "theirs.txt"), ("rename", OTHER, "theirs.txt", "t.txt"),
        ("mail", "preview", OTHER),
    ],
)  # fmt: skip
def test_an_item_of_another_client_is_as_one_that_never_was(office: Root, words: tuple[str, ...]) -> None:
    absent = [word.replace(OTHER, "D-2026-000999") for word in words]
    assert said(office, *words, code=1) == said(office, *absent, code=1).replace("D-2026-000999", OTHER)


def test_a_client_whom_one_does_not_work_for_is_as_one_that_never_was(office: Root) -> None:
    for words in (
        ("new", "CLIENT", "--description", "Something else"), ("check", "INBOX/CLIENT"), ("audit", "log", "--client", "CLIENT"),
        ("items", "--client", "CLIENT"), ("retention", "list", "--client", "CLIENT"), ("why", "INBOX/CLIENT"),
    ):  # fmt: skip
        told = [said(office, *[word.replace("CLIENT", client) for word in words]) for client in ("northwind-ltd", "nobody-ltd")]
        assert told[0] == told[1].replace("nobody-ltd", "northwind-ltd"), words


def test_only_who_works_for_all_clients_verifies_the_whole_trail(office: Root) -> None:
    assert said(office, "audit", "verify", code=1) == said(office, "verify", code=1)
    assert "events, each as it was written" in office.run("audit", "verify", user="j.admin").stdout


def test_what_one_works_for_is_told_as_ever(office: Root) -> None:
    assert [item["item"] for item in office.json("items")] == [MINE]
    assert office.json("show", MINE)["description"] == "Annual accounts 2025"
    assert [client["client"] for client in office.json("clients")] == ["acme-bv"]
    counts = office.json("status")
    assert [counts[name] for name in ("items", "queued", "waiting", "rejected", "outbox")] == [1, 0, 0, 0, 0]
    assert len(office.json("items", user="j.admin")) == 2


def test_another_user_of_the_system_who_is_nobodys_os_user_reads_nothing(office: Root, tmp_path: Path) -> None:
    # By trust alone they could act for others; what these may know of stays theirs.
    from dossier.office import people
    from dossier.office.opening import load_office

    here = load_office(office.path, office.environ)
    for named in (None, "m.devries", "j.admin"):
        assert people.readable(here, people.reader(here, named, 65534)).clients == frozenset()
    assert people.readable(here, people.reader(here, "m.devries", 0)).clients is None


def test_an_empty_name_is_nobodys_and_not_passed_over(office: Root) -> None:
    assert "no staff member ``" in said(office, "--as", "", "items", code=1)


def test_who_is_nobody_here_is_told_so_and_does_not_take_it_that_there_is_nothing(office: Root) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    for path in (office.path / "var", *(office.path / "var").rglob("*")):
        path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))
    stranger = replace(office, uid=65534, environ={**office.environ, "DOSSIER_USER": ""})
    for words in (("items",), ("status",), ("queue", "--json"), ("clients",)):
        assert "nobody's os_user" in stranger.run(*words).stderr, words
    assert office.run("items").stderr == office.run("items", user="j.admin").stderr == ""
