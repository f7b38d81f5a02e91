"""A drop that is given again: one item of a new one, and what it changes now of one that amends (CONTRACT section 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import OWN_STAFF, PDF, Root, own_office

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nmail: {host: 127.0.0.1, port: 9}\n"
PRIVATE = "description: Annual accounts 2025\nattachments: [a.pdf]\n"
SHARED = PRIVATE + "share: yes\nshare_status: approved\nshare_attachments: all\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return own_office(tmp_path_factory.mktemp("again") / "office", settings=SETTINGS, staff=OWN_STAFF)


def give(root: Root, stem: str, sidecar: str, **files: bytes) -> dict[str, object]:
    """Place a drop, have it taken, and return its receipt."""
    (root.inbox() / "_done" / f"{stem}.receipt.yaml").unlink(missing_ok=True)
    root.drop(stem, sidecar, **files)
    root.once()
    assert root.why(stem) is None, root.why(stem)
    return root.told(stem)


def item_of(root: Root, stem: str, sidecar: str, data: bytes) -> str:
    return str(give(root, stem, sidecar + f"labels: [{stem}]\n", a_pdf=data)["item"])


def test_of_versions_two_three_and_two_again_the_last_one_stands(root: Root) -> None:
    item = item_of(root, "one", PRIVATE, PDF)
    two, three = PDF + b"% two\n", PDF + b"% three\n"
    amends = f"item: {item}\nattachments: [a.pdf]\n"
    for data in (two, three, two):
        assert "duplicate" not in give(root, "version", amends, a_pdf=data)
    [attachment] = root.json("show", item)["attachments"]
    assert (attachment["version"], attachment["size"]) == (4, len(two))
    again = give(root, "version", amends, a_pdf=two)
    assert (again["item"], again["duplicate"], again["share_state"]) == (item, True, "private")
    assert again["advice"] == f"nothing was changed, as {item} is as this drop asks already"
    assert root.json("show", item)["attachments"] == [attachment]


def test_of_statuses_done_in_progress_and_done_again_the_last_one_stands(root: Root) -> None:
    item = item_of(root, "status", PRIVATE, PDF)
    for status in ("done", "in_progress", "done"):
        assert "duplicate" not in give(root, "status2", f"item: {item}\nstatus: {status}\n")
        assert root.json("show", item)["status"] == status
    assert give(root, "status2", f"item: {item}\nstatus: done\n")["duplicate"] is True


def test_of_several_in_one_look_each_counts(root: Root) -> None:
    item = item_of(root, "batch", PRIVATE, PDF)
    for number, data in enumerate((b"2", b"3", b"2")):
        root.place("acme-bv", {f"v{number}/item.yaml": f"item: {item}\nattachments: [a.pdf]\n", f"v{number}/a.pdf": PDF + data})
    root.once()
    assert [root.told(f"v{number}").get("duplicate") for number in range(3)] == [None, None, None]
    assert root.json("show", item)["attachments"][0]["version"] == 4


def test_what_was_removed_or_renamed_already_is_no_fault_of_a_drop_that_comes_again(root: Root) -> None:
    item = item_of(root, "names", PRIVATE, PDF)
    rename = f"item: {item}\nrename: {{a.pdf: b.pdf}}\n"
    assert "duplicate" not in give(root, "renames", rename)
    assert give(root, "renames", rename)["duplicate"] is True
    remove = f"item: {item}\nremove: [b.pdf]\nstatus: done\n"
    assert "duplicate" not in give(root, "removes", remove)
    assert give(root, "removes", remove)["duplicate"] is True
    give(root, "status3", f"item: {item}\nstatus: in_progress\n")
    assert "duplicate" not in give(root, "removes", remove)
    assert root.json("show", item)["status"] == "done"


@pytest.mark.parametrize(
    ("state", "advice"),
    [("published", "to change it, drop a sidecar"), ("withdrawn", "dossier publish"), ("private", "share: yes")],
)
def test_a_new_drop_again_is_one_item_and_its_receipt_says_what_has_become_of_that(root: Root, state: str, advice: str) -> None:
    card = PRIVATE if state == "private" else SHARED
    item = item_of(root, state, card, PDF + state.encode())
    if state == "withdrawn":
        root.run("withdraw", item, "--reason", "sent to the wrong client")
        root.once()
    again = give(root, state, card + f"labels: [{state}]\n", a_pdf=PDF + state.encode())
    assert (again["item"], again["duplicate"], again["share_state"]) == (item, True, state)
    assert advice in str(again["advice"])
    assert root.json("show", item)["share_state"] == state


@pytest.mark.parametrize("by_drop", [True, False])
def test_what_was_taken_off_is_shared_again_as_the_receipt_advises(root: Root, by_drop: bool) -> None:
    sidecar = SHARED.replace("[a.pdf]", "[{file: a.pdf, share: yes}, {file: b.pdf, share: no}]").replace(
        "share_attachments: all\n", ""
    )
    files = {"a_pdf": PDF, "b_pdf": PDF + b"b"}
    item = give(root, f"off{by_drop}", sidecar + f"labels: [off{by_drop}]\n", **files)["item"]
    if by_drop:
        give(root, "off", f"item: {item}\nshare: no\nreason: meant for another year\n")
        root.place("acme-bv", {"late.yaml": f"item: {item}\nattachments: [c.pdf]\n", "c.pdf": PDF + b"c"})
        root.once()
    else:
        root.run("withdraw", item, "--reason", "meant for another year")
    back = f"item: {item}\nshare: yes\nshare_status: approved\n"
    if by_drop:  # of what came since nobody said whether it is shared
        root.drop("back", back)
        root.once()
        assert "say which attachments are shared: `c.pdf`; " in (root.why("back") or "")
        give(root, "less", f"item: {item}\nremove: [c.pdf]\n")
    give(root, "again", back)
    shown = root.json("show", item)
    assert (shown["share_state"], [one["share"] for one in shown["attachments"]]) == ("published", [True, False])


def test_of_an_item_that_was_moved_to_another_client_the_receipt_says_so_and_no_more(root: Root) -> None:
    card = PRIVATE + "explanation: filed wrongly\n"
    item = give(root, "moved", card, a_pdf=PDF)["item"]
    root.run("move", str(item), "--client", "zon")
    again = give(root, "moved", card, a_pdf=PDF)
    assert (again["item"], again["duplicate"], "share_state" in again) == (item, True, False)
    assert "moved to another client since" in str(again["advice"])
    assert "dossier" not in str(again["advice"])
    assert give(root, "moved", card + "# for acme after all\n", a_pdf=PDF)["item"] != item


def test_receipts_and_reasons_are_in_the_offices_language(tmp_path: Path) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS + "office: {language: nl}\n")
    item = item_of(root, "een", PRIVATE, PDF)
    again = give(root, "een", PRIVATE + "labels: [een]\n", a_pdf=PDF)
    assert str(again["advice"]).startswith(f"er is niets van gemaakt, want {item} is deze aanlevering al")
    root.drop("fout", PRIVATE + "client: zon\n", a_pdf=PDF)
    root.once()
    assert "er staat klant `zon`" in (root.why("fout") or "")


def test_a_faulty_change_is_told_wholly_at_once_and_nothing_of_it_twice(root: Root) -> None:
    item = item_of(root, "faulty", SHARED + "share_explanation: no\n", PDF + b"% faulty\n")
    root.drop("wrong", f"item: {item}\nstatus: finished\ncontact: nobody\nremove: [other.pdf]\nnotify: yes\nnotify: no\n")
    root.once()
    why = root.why("wrong")
    assert why is not None
    assert [line.partition(" ")[0] for line in why.splitlines()] == [f"wrong.yaml:{line}:" for line in (2, 3, 4, 6)], why
    root.drop("strange", "item: D-2026-999999\nstatus: finished\n")
    root.once()
    assert [line.partition(" ")[0] for line in (root.why("strange") or "").splitlines()] == ["strange.yaml:1:", "strange.yaml:2:"]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_receipt_names_keys_in_the_words_of_its_sidecar(tmp_path: Path, language: str) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS + f"office: {{language: {language}}}\n")
    for card, item_key, shared in (
        ("omschrijving: Jaarrekening 2025\n", "dossierstuk", "delen: ja"),
        ("description: Annual accounts 2025\n", "item", "share: yes"),
    ):
        item = give(root, "a", card, a_pdf=PDF)["item"]
        advice = str(give(root, "a", card, a_pdf=PDF)["advice"])
        assert f"`{item_key}: {item}`" in advice
        assert f"`{shared}`" in advice


def test_a_warning_in_a_receipt_names_keys_in_the_words_of_its_sidecar(root: Root) -> None:
    root.place(
        "acme-bv", {f"map/{name}.yaml": f"omschrijving: Brief {name}\n" for name in ("item", "item (1)")} | {"map/a.pdf": PDF}
    )
    root.once()
    assert "or list it under `bijlagen`" in str(root.told("map")["warnings"])


def test_an_empty_sidecar_is_told_of_in_the_words_of_the_offices_language(tmp_path: Path) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS + "office: {language: nl}\n")
    root.drop("leeg", "# nog in te vullen\n", a_pdf=PDF)
    root.once()
    assert "`omschrijving` is verplicht" in (root.why("leeg") or "")
