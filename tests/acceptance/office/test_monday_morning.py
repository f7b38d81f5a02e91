"""What docs/tasks.md promises of config/: a client more, somebody who leaves, an approver on leave. Its commands run in test_documented_commands.py."""

from __future__ import annotations

import re
import textwrap
from datetime import date, timedelta
from pathlib import Path

from kit.support import CLIENTS, PDF, STAFF, Root

PAGE = (Path(__file__).parents[3] / "docs/tasks.md").read_text()


def lines(first: str) -> str:
    """The indented lines of the page that begin with `first`."""
    found = re.search(rf"(?m)^(?P<space> +){first}.*\n(?:(?P=space).*\n)*", PAGE)
    assert found, first
    return textwrap.dedent(found[0])


def drop(root: Root, client: str, stem: str, keys: str) -> None:
    folder = root.path / "inbox" / client
    folder.mkdir(exist_ok=True)
    (folder / f"{stem}.pdf").write_bytes(PDF + stem.encode())
    (folder / f"{stem}.yaml").write_text(f"description: Papers called {stem}\n{keys}")


CONCEPT = "share: yes\nshare_attachments: all\nshare_status: concept\napprover: k.smit\ncreated_by: p.bakker\n"


def test_a_client_more_is_taken_as_the_page_writes_it(root: Root) -> None:
    root.set("clients", CLIENTS.rstrip() + "\n" + textwrap.indent(lines("de-linde:"), "  "))
    drop(root, "de-linde", "first", "created_by: p.bakker\n")
    root.once()
    assert "de-linde" in root.run("items").stdout


def test_of_somebody_who_left_nothing_counts_and_another_is_asked_about_what_waited(root: Root) -> None:
    drop(root, "acme-bv", "waiting", CONCEPT)
    root.once()
    root.set("staff", STAFF.replace("k.smit: {", "k.smit: {active: no, "))
    drop(root, "acme-bv", "later", CONCEPT.replace("p.bakker", "k.smit"))
    root.once()
    assert "k.smit" in root.run("rejected").stdout
    [item] = re.findall(r"D-\d{4}-\d{6}", root.run("queue", "--approver", "m.devries").stdout)
    assert item not in root.run("queue", "--approver", "k.smit").stdout
    assert (root.path / "var/queue/m.devries" / f"{item}.yaml").exists()


def test_of_an_approver_on_leave_the_substitute_is_asked_as_well_also_of_what_waits(root: Root) -> None:
    drop(root, "acme-bv", "waiting", CONCEPT)
    root.once()
    today = date.today()
    leave = re.sub(
        r"from: \S+, until: [^}]+", f"from: {today - timedelta(1)}, until: {today + timedelta(1)}", lines("substitute:")
    )
    said = ", ".join(line for line in leave.splitlines())
    root.set("staff", STAFF.replace("k.smit: {", f"k.smit: {{{said}, "))
    root.once()
    for approver in ("k.smit", "m.devries"):
        assert list((root.path / "var/queue" / approver).glob("D-*.yaml")), approver
