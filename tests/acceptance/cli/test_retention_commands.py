"""dossier retention, as an admin uses it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest
from kit.mail_server import Server
from kit.support import Root


def test_an_admin_sees_what_is_kept_and_why_and_nothing_goes_before_its_term(root: Root) -> None:
    settings = (root.path / "config" / "settings.yaml").read_text()
    root.set("settings", settings + "\nretention: {default: [tax], terms: {tax: [{years: 7, basis: AWR art. 52}]}}\n")
    root.drop("note", "description: A note for the file\ncreated_by: p.bakker\n", note_txt=b"hello")
    root.once()
    [found] = root.json("retention", "list")
    assert found["because"].startswith("AWR art. 52: 7 years after it was made on ")
    assert (found["over"], found["held_up_by"]) == (False, [])
    listed = root.run("retention", "list").stdout.splitlines()
    assert re.split(r"\s{2,}", listed[0].strip())[:4] == ["item", "client", "kept until", "because"]
    assert re.split(r"\s{2,}", listed[1].strip())[:4] == [found["item"], "acme-bv", found["kept_until"], found["because"]]
    admin = "j.admin"
    done = root.run("retention", "run", found["item"], "--yes", user=admin, code=1)
    assert done.returncode == 1
    assert "nothing was removed" in done.stderr
    held = root.run("retention", "hold", "--item", found["item"], "--reason", "complaint", user=admin)
    assert held.returncode == 0, held.stderr
    [found] = root.json("retention", "list")
    assert found["held_up_by"] == [f"legal hold on {found['item']}: complaint"]
    assert root.run("retention", "run", "--yes", user=admin).stdout == "Nothing may go.\n"
    assert root.run("audit", "verify").returncode == 0


@pytest.mark.sqlite
def test_without_a_daemon_the_admins_hear_once_a_month_what_may_go(root: Root, post: Server) -> None:
    terms = "retention: {default: [tax], terms: {tax: [{years: 1, counted_from: relation_end, basis: AWR art. 52}]}}\n"
    root.set("settings", (root.path / "config/settings.yaml").read_text() + terms)
    clients = (root.path / "config/clients.yaml").read_text()
    root.set("clients", clients.replace("    name: Acme B.V.", "    name: Acme B.V.\n    ended: 2019-12-31"))
    root.drop("note", "description: A note for the file\ncreated_by: p.bakker\n", note_txt=b"hello")
    root.once()
    with closing(sqlite3.connect(root.path / "var/dossier.db")) as database, database:
        database.execute("UPDATE note SET value = '2019-12' WHERE key = 'retention:month'")  # another month
    for _ in range(2):
        root.once()
    assert [str(mail["To"]) for mail in post.mails] == ["Joost Admiraal <j.admin@office.example>"]


def test_a_person_is_erased_on_request_as_the_guide_says(root: Root, post: Server) -> None:
    settings = (root.path / "config" / "settings.yaml").read_text()
    root.set("settings", settings + "\nretention: {default: [tax], terms: {tax: [{years: 7, basis: AWR art. 52}]}}\n")
    shared = "share: yes\nshare_status: approved\nshare_attachments: all\nnotify: yes\ncontact: j.jansen\ncreated_by: m.devries\n"
    root.drop("accounts", f"description: Accounts of Jan Jansen\n{shared}", accounts_txt=b"x")
    root.once()
    assert [str(mail["To"]) for mail in post.mails] == ["Jan Jansen <j.jansen@acme.example>"]
    active = root.run("erase", "acme-bv/j.jansen", user="j.admin").stdout
    assert "first: acme-bv/j.jansen is active in config/clients.yaml" in active
    clients = (root.path / "config" / "clients.yaml").read_text()
    root.set("clients", clients.replace("{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}", ""))
    assert "an admin can" in root.run("erase", "acme-bv/j.jansen", user="k.smit", code=1).stderr
    listed = root.json("erase", "acme-bv/j.jansen", user="j.admin")
    assert (listed["done"], listed["obstacles"]) == (False, [])
    assert {"mails", "trail", "contact"} <= {one["area"] for one in listed["findings"] if one["fate"] == "goes"}
    assert [one["because"][:60] for one in listed["findings"] if (one["area"], one["ground"]) == ("item", "term")]
    root.run("erase", "acme-bv/j.jansen", "--yes", user="j.admin", code=1)
    done = root.run("erase", "acme-bv/j.jansen", "--reason", "request of 3 March", "--yes", user="j.admin").stdout
    assert "in their place stands erased-1" in done
    assert (root.path / "var/erasures/erased-1.html").exists()
    (root.path / "var/breaches").mkdir(exist_ok=True)
    left = [root.path / "var" / name / ".0123456789abcdef.tmp" for name in ("erasures", "breaches")]
    for one in left:  # of a command that was killed: it names the person
        one.write_text("Jan Jansen")
    root.once()
    assert not any(one.exists() for one in left)
    assert "j.jansen" not in root.run("show", "--json", "2026-000001".replace("2026", root.json("items")[0]["item"][2:6])).stdout
    root.run("audit", "verify")
    lines = [json.loads(line) for line in root.run("audit", "export").stdout.splitlines()]
    assert any(line["link"] for line in lines)
    assert "j.jansen" not in str(lines)
    assert "Nothing" in root.run("retention", "list", "--due").stdout
