"""The commands of docs/operations.md, as they stand there, on an office with a few things in it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mail_server import Server
from support import PDF, Root

GUIDE = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text()

NOTIFIED = """\
description: Annual accounts
share: yes
share_status: approved
share_attachments: all
notify: yes
contact: j.jansen
created_by: m.devries
"""


def _blocks() -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    return [text for kind, text in found if not kind]  # what is for root is followed by make try-install


def test_every_command_of_the_guide_does_what_it_says(root: Root, post: Server, tmp_path: Path) -> None:
    keep = post.handle_DATA

    async def later(*_: object) -> str:
        return "451 later"

    post.handle_DATA = later  # type: ignore[method-assign]
    root.drop("report", NOTIFIED, report_pdf=PDF)
    root.once()
    post.handle_DATA = keep  # type: ignore[method-assign]
    [mail], [item] = root.json("outbox"), root.json("items")
    backups, made, restored, seen = tmp_path / "backups", root, 0, 0
    for line in "\n".join(_blocks()).splitlines():
        command = re.split(r"\s{3,}", line.strip())[0]
        if not command.startswith("dossier "):
            continue
        words, user = shlex.split(command)[1:], "p.bakker"
        if words[0] == "--root":
            words, user = words[2:], None
            if words[0] == "restore":
                restored += 1
                made = Root(tmp_path / f"restored{restored}")
        else:
            made = root
        given = {"/mnt/backup/office": str(backups), "17": str(mail["id"]), "D-2026-000012": item["item"]}
        if backups.exists():
            given["/mnt/backup/office/snapshots/20261124T230000.000000Z"] = str(next((backups / "snapshots").iterdir()))
        made.run(*(given.get(word, word) for word in words), user=user)
        seen += 1
    assert seen >= 12
    root.once()
    assert [mail["To"].addresses[0].addr_spec for mail in post.mails] == ["j.jansen@acme.example"]


def test_the_template_of_the_guide_is_a_good_one(root: Root, post: Server) -> None:
    [template] = [block for block in _blocks() if block.startswith("Subject:")]
    root.drop("report", NOTIFIED, report_pdf=PDF)
    folder = root.path / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(template)
    root.once()
    assert post.mails[0]["Subject"] == "New from Office: Annual accounts"
    assert root.run("doctor").returncode == 0
