"""`dossier new` on a terminal: asks step by step what an item needs. Only asks; dropping.py judges and writes.

An answer that can't be used is asked for again at once, with the reason. Enter takes what stands in [ ].
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from desk.cli import printing
from dossier.files import files
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from ingest.sources.dropping import Request
from workflow.reports import finding

OFFERED = 9
"""So many clients are offered by number."""


def ask(office: Office, who: Actor, client: str | None, given: list[Path] | None) -> Request:
    """Ask for everything that was not given."""
    code = client if client is not None else _ask_client(office, who)
    print(f"\n1. Files for {code}")
    found = list(given) if given else _ask_files()
    print("\n2. What it is")
    keys: dict[str, Any] = {"description": _text("Description (the client sees it)", lambda text: _long_enough(office, text))}
    keys["status"] = _choice("Status", office.settings.items.statuses)
    if office.settings.types:
        keys["type"] = _optional_choice("Type", list(office.settings.types))
        kind = office.settings.types.get(keys["type"] or "")
        keys |= {name: _text(name.capitalize()) for name in kind.fields} if kind else {}
    print("\n3. Where it belongs")
    keys["location"] = _optional("Location, such as 2025/Jaarrekening")
    keys["labels"] = [label.strip() for label in (_optional("Labels, with commas") or "").split(",") if label.strip()]
    print("\n4. Explanation")
    keys["explanation"] = _optional("Explanation, for the office")
    print("\n5. Sharing")
    shared: list[str] = []
    if typer.confirm("Share it with the client?", default=False):
        shared = _ask_sharing(office, who, code, found, keys)
        print("\n6. Notification")
        _ask_notification(office, code, keys)
    return Request(code, found, keys, shared)


def _ask_client(office: Office, who: Actor) -> str:
    may = people.readable(office, who)
    offered = [code for code in finding.recent(who, "client") if code in office.clients and may.has(code)][:OFFERED]
    if offered:
        print("The clients that you looked at last:")
    while True:
        for number, code in enumerate(offered, 1):
            print(f"  {number}  {code}  {printing.text(office.clients[code].name)}")
        answer = str(typer.prompt("Client (number, code, or words to search for)")).strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1]
        if answer in office.clients and may.has(answer):
            return answer
        fitting = finding.find_clients(office, answer, may)
        if len(fitting) == 1 and typer.confirm(f"{fitting[0]}, {office.clients[fitting[0]].name}?", default=True):
            return fitting[0]
        offered = fitting[:OFFERED]
        if not fitting:
            print("No client fits; try the beginning of its name.")
        elif len(fitting) > OFFERED:
            print(f"{len(fitting)} clients fit; the first of them:")


def _ask_files() -> list[Path]:
    found: list[Path] = []
    while True:
        answer = str(typer.prompt("File (Enter when that's all)", default="", show_default=False)).strip()
        if not answer:
            return found
        try:
            names = shlex.split(answer)  # a file dragged into the terminal comes in quotes
        except ValueError:
            names = [answer]
        for path in [Path(name).expanduser() for name in names]:
            if files.look(path) is None:
                print(f"  {path}: there is no such file")
            else:
                found.append(path)
                print(f"  {len(found)} file{'s' if len(found) > 1 else ''}")


def _ask_sharing(office: Office, who: Actor, client: str, found: list[Path], keys: dict[str, Any]) -> list[str]:
    """Fill `keys` with how it is shared; returns which files are, if only some are."""
    keys["share"] = "yes"
    names = [path.name for path in found]
    shared = [name for name in names if typer.confirm(f"  Does the client see {name}?", default=True)]
    if len(shared) == len(names) or not shared:
        keys["share_attachments"] = "all" if shared else "none"
        shared = []
    if keys["explanation"] and typer.confirm("  Does the client see the explanation?", default=False):
        keys["share_explanation"] = "yes"
    may = people.why_not_share(office, who.code, client) is None
    keys["share_status"] = _choice("Approved already, or a concept", ["concept", "approved"]) if may else "concept"
    if keys["share_status"] == "concept":
        able = [
            code for code in office.staff if people.why_not_approve(office, code, client, keys.get("type"), (who.code,)) is None
        ]
        default = office.clients[client].default_approver
        print(f"  Approvers: {', '.join(able) or 'nobody; ask an admin'}")
        answer = _text(
            "Approver",
            lambda text: None if text in office.staff else "no staff member has this id",
            default or next(iter(able), ""),
        )
        keys["approver"] = answer
    return shared


def _ask_notification(office: Office, client: str, keys: dict[str, Any]) -> None:
    contacts = [contact for contact in office.clients[client].contacts if contact.active]
    if not contacts:
        print("This client has no contact, so nobody gets a mail.")
    elif typer.confirm("Mail a contact once it is on the portal?", default=False):
        keys["notify"] = "yes"
        keys["contact"] = _choice("Contact", [contact.id for contact in contacts])


def _text(question: str, objection: Callable[[str], str | None] = lambda text: None, default: str = "") -> str:
    while True:
        answer = str(typer.prompt(question, default=default or None)).strip()
        wrong = objection(answer) if answer else "give a text"
        if wrong is None:
            return answer
        print(f"  {wrong}")


def _long_enough(office: Office, text: str) -> str | None:
    least = office.settings.items.description_min
    return None if least <= len(text) <= 200 else f"give {least} to 200 characters"


def _optional(question: str) -> str | None:
    return str(typer.prompt(f"{question} (Enter: none)", default="", show_default=False)).strip() or None


def _choice(question: str, choices: list[str]) -> str:
    listed = f"{question} ({', '.join(choices)})"
    return _text(listed, lambda text: None if text in choices else f"give {' or '.join(choices)}", choices[0])


def _optional_choice(question: str, choices: list[str]) -> str | None:
    while True:
        answer = _optional(f"{question}: {', '.join(choices)}")
        if answer is None or answer in choices:
            return answer
        print(f"  give {' or '.join(choices)}, or nothing")
