"""The daemon's log: one line for each thing that happened to a drop or an item, with its number, whoever did it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import Server
from kit.support import Root, wait_for

SHARED = "share: yes\nshare_status: {}\nshare_attachments: all\ncreated_by: {}\n"

SAID = {
    "created": "taken", "taken_off": "taken off the portal", "notified": "mail sent", "not_notified": "mail called off",
    "mail_failed": "mail failed",
}  # fmt: skip
"""What the log calls it, where that is not what the trail calls it."""


def _expected(event: dict[str, Any]) -> str:
    if event["detail"]["way"] == "drop" and event["action"] == "amended":
        return "taken"
    if event["detail"]["way"] == "queue" and event["action"] in ("approved", "rejected"):
        return "decided"
    return SAID.get(event["action"], event["action"].replace("_", " "))


@pytest.mark.sqlite
def test_each_thing_that_happened_to_an_item_is_one_line_with_its_number(root: Root, post: Server, tmp_path: Path) -> None:
    with root.daemon():
        first = f"description: Annual accounts\nnotify: yes\ncontact: j.jansen\n{SHARED.format('approved', 'm.devries')}"
        root.drop("one", first, one_txt=b"1")
        wait_for(lambda: root.receipt("one") and post.mails, "it is on the portal and told")
        [one] = [item["item"] for item in root.json("items")]
        root.drop("one", first, one_txt=b"1")
        wait_for(lambda: "duplicate" in (root.receipt("one") or ""), "the same again is no second item")
        root.drop("two", f"description: Tax return 2025\napprover: k.smit\n{SHARED.format('concept', 'p.bakker')}", two_txt=b"2")
        root.drop(
            "three", f"description: Payroll October\napprover: k.smit\n{SHARED.format('concept', 'p.bakker')}", three_txt=b"3"
        )
        root.drop("wrong", "description: x\n", wrong_txt=b"4")
        wait_for(lambda: root.receipt("two") and root.receipt("three") and root.why("wrong"), "all is decided")
        two = next(item["item"] for item in root.json("items") if item["description"] == "Tax return 2025")
        three = next(item["item"] for item in root.json("items") if item["description"] == "Payroll October")
        paper = root.path / f"var/queue/k.smit/{two}.yaml"
        wait_for(paper.exists, "it is asked")
        paper.write_text(paper.read_text().replace("\ndecision:", "\ndecision: aprove", 1))
        wait_for(lambda: paper.read_text().startswith("# !"), "a word that is nearly right is refused")
        paper.write_text(paper.read_text().replace("decision: aprove", "decision: approve", 1))
        root.run("reject", three, "--comment", "September is missing", user="k.smit")
        root.run("edit", one, "--description", "Annual accounts 2025", user="m.devries")
        root.drop("amend", f"item: {one}\nlocation: 2025/Accounts\ncreated_by: m.devries\n")
        wait_for(lambda: root.receipt("amend"), "the change is taken")
        root.run("withdraw", one, "--reason", "wrong year", user="m.devries")
        wait_for(lambda: not list((root.path / "var/portal/acme-bv").glob(f"{one}/*")), "it is off")
        root.run("retention", "hold", "--client", "acme-bv", "--reason", "court case", user="j.admin")
        wait_for(lambda: "held" in _log(root), "the last is told")
    lines = [json.loads(line) for line in _log(root).splitlines()]
    told = Counter((line["item"], line["event"]) for line in lines if line.get("item"))
    events = [event for event in root.json("audit", "log", "--limit", "0", user="j.admin") if event["item"]]
    happened = Counter((event["item"], _expected(event)) for event in events if event["action"] != "viewed")
    assert {key: told[key] for key in happened} == dict(happened)
    assert told[two, "queue file refused"] == 1
    assert all(line.get("by") or line["event"] not in ("amended", "withdrawn") for line in lines)
    [refused] = [line for line in lines if line["event"] == "refused"]
    assert (refused["client"], refused["drop"]) == ("acme-bv", "wrong")
    assert [line["client"] for line in lines if line["event"] == "held"] == ["acme-bv"]
    assert {line["level"] for line in lines} <= {"info", "warning"}


def _log(root: Root) -> str:
    return root.path.with_name(f"{root.path.name}-daemon.log").read_text()
