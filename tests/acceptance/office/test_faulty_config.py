"""A fault in config/ under a running daemon: reading goes on, from what the daemon goes on with, and it is said."""

from __future__ import annotations

import os

import pytest
from kit.servers import new_database
from kit.support import PDF, Root, wait_for

from dossier.text.database_address import without_password

CONCEPT = "description: Annual accounts one\nshare: yes\nshare_status: concept\nshare_attachments: all\ncreated_by: p.bakker\n"


def test_while_config_has_a_fault_reading_goes_on_and_nothing_is_changed_by_it(root: Root) -> None:
    root.drop("one", CONCEPT, one_pdf=PDF)
    root.once()
    [item] = [one["item"] for one in root.json("items")]
    with root.daemon():
        path = root.path / "config/clients.yaml"
        good = path.read_text()
        path.write_text(f"{good}nonsense: 1\n")
        fetched = ("get", item, "--to", str(root.path / "fetched"))
        lists = (("outbox",), ("bin",), ("rejected",), ("clients",), ("clients", "acme-bv"), ("recent",), ("proof", item))
        for words in (*lists, fetched):
            done = root.run(*words)
            assert "the daemon goes on with" in done.stderr, words
            assert done.stdout, words
        waits = root.path / "inbox/acme-bv/lonely.pdf"
        waits.write_bytes(PDF)
        for words in (("status",), ("items",), ("show", item), ("why", item), ("why", str(waits)), ("queue",)):
            done = root.run(*words)
            assert "config/clients.yaml" in done.stderr, words
            assert "the daemon goes on with" in done.stderr, words
            assert done.stdout, words
        assert [one["item"] for one in root.json("items")] == [item]
        for words in (("approve", item), ("edit", item, "--status", "done")):
            assert "config/clients.yaml" in root.run(*words, user="m.devries", code=3).stderr
        path.write_text(good)
        root.run("approve", item, user="m.devries")
        assert root.run("status").stderr == ""
    path.write_text(f"{good}nonsense: 1\n")
    assert "config/clients.yaml" in root.run("status", code=3).stderr, "no daemon goes on with anything"


@pytest.mark.parametrize("gone", ["settings", "clients", "staff"])
def test_a_file_of_config_that_is_gone_is_a_fault_of_config_and_no_missing_office(root: Root, gone: str) -> None:
    root.drop("one", CONCEPT, one_pdf=PDF)
    root.once()
    path = root.path / f"config/{gone}.yaml"
    with root.daemon():
        path.rename(root.path / "kept")
        done = root.run("items")
        assert f"config/{gone}.yaml" in done.stderr
        assert "the daemon goes on with" in done.stderr
        assert "Annual accounts one" in done.stdout
    told = root.run("items", code=3).stderr
    assert f"config/{gone}.yaml:0: there is no such file" in told
    assert "writes what is missing" in told


def test_a_key_is_revoked_though_config_has_a_fault(root: Root) -> None:
    root.run("token", "new", "leaked", "--for", "p.bakker", "--scope", "items:read", "--until", "2099-12-31", user="j.admin")
    with root.daemon():
        path = root.path / "config/clients.yaml"
        good = path.read_text()
        path.write_text(f"{good}nonsense: 1\n")
        assert "leaked" in root.run("token", "list", user="j.admin").stdout
        refused = root.run("token", "revoke", "leaked", user="p.bakker", code=1).stderr
        assert "p.bakker" in refused
        words = ("token", "new", "another", "--for", "p.bakker", "--scope", "items:read", "--until", "2099-12-31")
        assert "config/clients.yaml" in root.run(*words, user="j.admin", code=3).stderr
        done = root.run("token", "revoke", "leaked", user="j.admin")
        assert "config/clients.yaml" in done.stderr
        path.write_text(good)
    [key] = root.json("token", "list", user="j.admin")
    assert key["state"] == "revoked"
    path.write_text(f"{good}nonsense: 1\n")
    assert "config/clients.yaml" in root.run("token", "revoke", "leaked", user="j.admin", code=3).stderr


def test_an_item_is_withdrawn_though_config_has_a_fault(root: Root) -> None:
    root.drop("one", CONCEPT, one_pdf=PDF)
    root.once()
    [item] = [one["item"] for one in root.json("items")]
    root.run("approve", item, user="m.devries")
    with root.daemon():
        shown = root.path / "var/portal/acme-bv"
        wait_for(lambda: [*shown.rglob("*.pdf")], "it is on the portal")
        with open(root.path / "config/clients.yaml", "a") as file:
            file.write("nonsense: 1\n")
        done = root.run("withdraw", item, "--reason", "Of another client", user="m.devries")
        assert "config/clients.yaml" in done.stderr
        wait_for(lambda: not [*shown.rglob("*.pdf")], "it is off the portal")
    assert "config/clients.yaml" in root.run("withdraw", item, "--reason", "Again", user="m.devries", code=3).stderr


@pytest.mark.sqlite  # it has a PostgreSQL of its own
def test_so_it_does_on_postgresql_without_a_password_and_else_the_fault_is_told(root: Root) -> None:
    url = new_database()
    with open(root.path / "config/settings.yaml", "a") as file:
        file.write(f"database: {{url: '{url}'}}\n")
    root.drop("one", CONCEPT, one_pdf=PDF)
    root.once()
    with root.daemon():
        with open(root.path / "config/clients.yaml", "a") as file:
            file.write("nonsense: 1\n")
        assert [one["share_state"] for one in root.json("items")] == ["concept"]
        kept = root.path / "var/config.going-on.json"
        text = kept.read_text()
        assert without_password(url) in text
        kept.write_text(text.replace(without_password(url), "postgresql://nobody@127.0.0.1:1/nothing"))
        assert "config/clients.yaml" in root.run("items", code=3).stderr


def test_a_pipe_in_place_of_a_file_is_told_and_not_waited_for(root: Root) -> None:
    path = root.path / "config/clients.yaml"
    path.unlink()
    os.mkfifo(path)
    for words in (("items",), ("status",), ("run", "--once")):
        assert "config/clients.yaml: it is no ordinary file" in root.run(*words, code=3).stderr.replace(":0:", ":"), words
