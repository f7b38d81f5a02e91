"""dossier retention, as an admin uses it."""

from __future__ import annotations

from support import Root


def test_an_admin_sees_what_is_kept_and_why_and_nothing_goes_before_its_term(root: Root) -> None:
    settings = (root.path / "config" / "settings.yaml").read_text()
    root.set("settings", settings + "\nretention: {default: [tax], terms: {tax: [{years: 7, basis: AWR art. 52}]}}\n")
    root.drop("note", "description: A note for the file\ncreated_by: p.bakker\n", note_txt=b"hello")
    root.once()
    [found] = root.json("retention", "list")
    assert found["because"].startswith("AWR art. 52: 7 years after it was made on ")
    assert (found["over"], found["held_up_by"]) == (False, [])
    assert "kept until" in root.run("retention", "list").stdout
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
