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


def test_whoever_approves_what_is_never_shared_by_now_is_told_why_it_is_not_done(root: Root) -> None:
    root.set("settings", SETTINGS + "types: {letter: {}}\n")
    keys = "created_by: p.bakker\ndescription: A letter to all\ntype: letter\nshare: yes\nshare_attachments: all\n"
    root.drop("letter", f"{keys}share_status: concept\napprover: m.devries\n", letter_pdf=PDF)
    root.once()
    root.set("settings", SETTINGS + "types: {letter: {share: never}}\n")
    (found,) = root.json("queue", user="m.devries")
    paper = root.path / f"var/queue/m.devries/{found['item']}.yaml"
    paper.write_text(paper.read_text().replace("\ndecision:", "\ndecision: approve", 1))
    root.once()
    assert "letter is never shared" in paper.read_text().splitlines()[0]
    assert "letter is never shared" in root.run("approve", found["item"], user="m.devries", code=1).stderr
    assert root.json("show", found["item"], user="p.bakker")["share_state"] == "concept"
    root.run("reject", found["item"], "--comment", "It is never shared by now", user="m.devries")
    assert root.json("show", found["item"], user="p.bakker")["share_state"] == "returned"


def test_what_is_never_shared_and_not_for_everybody_leaves_no_trace_for_the_others(root: Root) -> None:
    root.set("settings", SETTINGS + TYPES)
    root.drop("taken", "created_by: p.bakker\ndescription: Due diligence\ntype: wwft\napprover: m.devries\n", taken_pdf=PDF)
    root.drop("odd", "created_by: p.bakker\ndescription: Unusual transaction\ntype: wwft\nrisk: enormous\n", odd_pdf=PDF)
    root.drop("plain", "created_by: p.bakker\ndescription: short\nrisk: 1\n", plain_pdf=PDF)
    root.once()
    assert set(root.told("taken")) == {"item", "taken_at"}
    assert len(root.json("rejected", user="m.devries")) == 2
    (only,) = root.json("rejected", user="k.smit")
    assert "plain" in only["path"]
    assert root.json("status", user="k.smit")["rejected"] == 1
    assert root.json("status", user="k.smit")["items"] == 0
    log = root.run("audit", "log", "--json", user="k.smit").stdout
    assert "odd" not in log
    assert "enormous" not in log
