"""What no client ever sees is approved inside the office: dropped in an inbox, decided on in a queue file."""

from __future__ import annotations

from kit.support import PDF, SETTINGS, Root

TYPES = "types: {wwft: {share: never, approval: internal, staff: [p.bakker, m.devries], fields: {risk: [low, high]}}}\n"


def test_a_private_item_of_such_a_type_is_decided_on_in_a_queue_file_and_never_published(root: Root) -> None:
    root.set("settings", SETTINGS + TYPES)
    keys = "created_by: p.bakker\ndescription: Due diligence\ntype: wwft\nrisk: high\napprover: m.devries\n"
    root.drop("id", keys, id_pdf=PDF)
    root.once()
    (found,) = root.json("queue", user="m.devries")
    assert root.json("queue", user="k.smit") == []
    folder = root.path / "var/queue/m.devries"
    paper = folder / f"{found['item']}.yaml"
    assert "risk: high" in paper.read_text()
    assert [path.name for path in (folder / found["item"]).iterdir()] == ["id.pdf"]
    assert (found["approval"]["state"], found["share_state"]) == ("waiting", "private")
    paper.write_text(paper.read_text().replace("\ndecision:", "\ndecision: approve", 1))
    root.once()
    told = root.json("show", found["item"], user="p.bakker")
    assert (told["approval"]["state"], told["approval"]["by"]) == ("approved", "m.devries")
    assert (told["share"], told["share_state"], told["public"]) == (False, "private", False)
    assert [path.name for path in (root.path / "var/portal").rglob("*") if "id" in path.name and path.suffix == ".pdf"] == []
    root.run("verify")
    root.run("audit", "verify")
