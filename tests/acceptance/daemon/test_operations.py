"""What docs/operations.md gives to copy works as it stands there. Its commands: test_documented_commands.py."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kit.mail_server import Server
from kit.support import NOTIFIED, PDF, Root

GUIDE = (Path(__file__).resolve().parents[3] / "docs/operations.md").read_text()


def _blocks() -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    return [text for kind, text in found if not kind]  # what is for root is followed by make try-install


def test_the_template_of_the_guide_is_a_good_one(root: Root, post: Server) -> None:
    [template] = [block for block in _blocks() if block.startswith("Subject:")]
    root.drop("report", NOTIFIED, report_pdf=PDF)
    folder = root.path / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(template)
    root.once()
    assert post.mails[0]["Subject"] == "New from Office: Annual accounts"
    assert root.run("doctor").returncode == 0


def test_every_name_that_the_guide_tells_is_known_in_the_template_of_its_kind(root: Root, post: Server) -> None:
    folder = root.path / "config/templates"
    folder.mkdir()
    always = re.findall(r"`(\w+)`", GUIDE.partition("Names in every template:")[2].partition("`since")[0])
    for row in GUIDE.partition("| kind | to | other names |\n")[2].partition("\n\n")[0].splitlines()[1:]:
        kinds, _, names = (cell.strip() for cell in row.strip("|").split("|"))
        own = [] if names.startswith("the same") else re.findall(r"\w+", names.partition(": each")[0])
        shown = " ".join(f"{{{{ {name} }}}}" for name in (*always, *own))
        for kind in kinds.split(", "):
            for language in ("nl", "en"):
                (folder / f"{kind}.{language}.txt").write_text(f"Subject: S\n\n{shown}\n")
    assert "templates" not in {one["check"] for one in json.loads(root.run("doctor", "--json", code=None).stdout)}
