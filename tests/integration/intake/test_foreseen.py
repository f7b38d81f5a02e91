"""`check` and `why` say beforehand what the daemon then says: of what amends an item, of what was placed for somebody, of what was refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import OWN_STAFF, PDF, Root, own_office

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nmail: {host: 127.0.0.1, port: 9}\n"
GOOD = "description: Annual accounts 2025\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    staff = OWN_STAFF.replace("rights: [create, share]", "rights: [create, share, admin]")
    made = own_office(tmp_path_factory.mktemp("foreseen") / "office", settings=SETTINGS, staff=staff)
    made.drop("first", GOOD + "attachments: [a.pdf]\n", a_pdf=PDF)
    made.drop("closed", GOOD + "status: closed\nlabels: [closed]\nattachments: []\n")
    made.drop("binned", GOOD + "labels: [binned]\nattachments: []\n")
    made.once()
    made.run("delete", str(made.told("binned")["item"]))
    return made


def checked(root: Root, path: Path) -> list[str]:
    """What `check` says of it, `line: message`; nothing if all is well."""
    done = root.run("check", str(path), code=None)
    return [line.partition(f"{path.name}:")[2] for line in done.stdout.splitlines()] if done.returncode else []


@pytest.mark.parametrize(
    "text",
    [
        "item: D-2026-999999\nstatus: done\n",
        "item: {first}\nremove: [b.pdf]\nlabels: [tax]\n",
        "item: {first}\nshare: yes\nshare_status: concept\napprover: k.smit\n",
        "item: {first}\nshare: yes\nshare_status: concept\nshare_attachments: all\n",
        "item: {first}\nstatus: nonsense\nrename: {{c.pdf: d.pdf}}\n",
        "item: {closed}\nlabels: [tax]\n",
        "item: {binned}\nlabels: [tax]\n",
        "item: {first}\nattachments: [b.pdf]\nlabels: [good]\n",
    ],
)
def test_a_change_of_an_item_is_judged_by_the_item_as_it_is(tmp_path: Path, root: Root, text: str) -> None:
    items = {stem: root.told(stem)["item"] for stem in ("first", "closed", "binned")}
    stem = tmp_path.name
    path = root.drop(stem, text.format(**items), b_pdf=PDF + b"% b\n")
    told = checked(root, path)
    why = root.run("why", str(path), code=None).stdout
    root.once()
    refused = root.why(stem)
    (root.inbox() / "b.pdf").unlink(missing_ok=True)
    assert told == [line.partition(":")[2] for line in (refused or "").splitlines()]
    assert all(line.partition(": ")[2] in why for line in told)
    assert bool(refused) is not bool(root.receipt(stem))
    assert bool(refused) is (not text.endswith("[good]\n"))


def test_a_change_that_was_made_before_is_as_good_as_then(root: Root) -> None:
    text = f"item: {root.told('first')['item']}\nrename: {{a.pdf: c.pdf}}\n"
    for _ in range(2):
        path = root.drop("again", text)
        assert checked(root, path) == []
        root.once()
        assert root.why("again") is None
    assert root.told("again")["duplicate"] is True


def test_what_was_placed_for_somebody_is_theirs(tmp_path: Path, root: Root) -> None:
    (tmp_path / "letter.pdf").write_bytes(PDF + b"% letter\n")
    root.run("new", "acme-bv", str(tmp_path / "letter.pdf"), "--description", "A letter for Marieke", user="m.devries")
    (folder,) = (path for path in root.inbox().glob("a-letter-for-marieke*") if path.is_dir())
    assert checked(root, folder / "item.yaml") == []
    assert "somebody" not in root.run("why", str(folder), code=None).stdout
    root.once()
    assert root.json("show", root.told(folder.name)["item"])["created_by"] == "m.devries"


def test_a_refused_sidecar_is_checked_where_it_lies_and_it_is_told_where_to_put_it(root: Root) -> None:
    root.drop("short", "description: Short\nattachments: []\n")
    root.once()
    refused = root.rejected("short")
    assert refused is not None
    card = refused / "short.yaml"
    assert "`description` has 5 characters" in "".join(checked(root, card))
    card.write_text("description: Long enough by now\nattachments: []\n")
    for place in (card, refused):
        assert "move the corrected files back into inbox/acme-bv" in "".join(checked(root, place))
