"""`dossier new` on a terminal: asks step by step what an item needs.

Only asks; dropping.py judges and writes.

An answer that can't be used is asked for again at once, with the reason. Enter takes what stands in
[ ].
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from desk.actions import looking_up, offering
from desk.cli import printing
from desk.cli.translation import _, confirm, ngettext
from dossier.files import files
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Invalid
from ingest.sources.dropping import Request, no_client

OFFERED = 9
"""So many clients are offered by number."""


def ask(office: Office, who: Actor, client: str | None, given: list[Path] | None) -> Request:
    """Ask for everything that was not given. Raises Invalid for a client that there is none of."""
    code = client if client is not None else _ask_client(office, who)
    if (unknown := no_client(office, who, code)) is not None:
        raise Invalid([unknown])
    types = offering.types(office, who)
    print("\n" + _("1. Files for %(client)s") % {"client": code})
    found = list(given) if given else _ask_files()
    print("\n" + _("2. What it is"))
    keys: dict[str, Any] = {"description": _text(_("Description (the client sees it)"), lambda text: _long_enough(office, text))}
    keys["status"] = _choice(_("Status"), office.settings.items.statuses)
    if types:
        keys["type"] = _optional_choice(_("Type"), list(types))
        kind = types.get(keys["type"] or "")
        keys |= {name: _text(name.capitalize()) for name in kind.fields} if kind else {}
    print("\n" + _("3. Where it belongs"))
    keys["location"] = _optional(_("Location, such as 2025/Jaarrekening"))
    keys["labels"] = [label.strip() for label in (_optional(_("Labels, with commas")) or "").split(",") if label.strip()]
    print("\n" + _("4. Explanation"))
    keys["explanation"] = _optional(_("Explanation, for the office"))
    print("\n" + _("5. Sharing"))
    shared: list[str] = []
    if confirm(_("Share it with the client?")):
        shared = _ask_sharing(office, who, code, found, keys)
        print("\n" + _("6. Notification"))
        _ask_notification(office, code, keys)
    return Request(code, found, keys, shared)


def _ask_client(office: Office, who: Actor) -> str:
    known = set(looking_up.find_clients(office, who, ""))
    offered = looking_up.recent(office, who)[1][:OFFERED]
    if offered:
        print(_("The clients that you looked at last:"))
    while True:
        for number, code in enumerate(offered, 1):
            print(f"  {number}  {code}  {printing.text(office.clients[code].name)}")
        answer = str(typer.prompt(_("Client (number, code, or words to search for)"))).strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1]
        if answer in known:
            return answer
        fitting = looking_up.find_clients(office, who, answer)
        if len(fitting) == 1 and confirm(f"{fitting[0]}, {printing.text(office.clients[fitting[0]].name)}?", default=True):
            return fitting[0]
        offered = fitting[:OFFERED]
        if not fitting:
            print(_("No client fits; try the beginning of its name."))
        elif len(fitting) > OFFERED:
            print(_("%(count)s clients fit; the first of them:") % {"count": len(fitting)})


def _ask_files() -> list[Path]:
    found: list[Path] = []
    while True:
        answer = str(typer.prompt(_("File (Enter when that's all)"), default="", show_default=False)).strip()
        if not answer:
            return found
        try:
            names = shlex.split(answer)  # a file dragged into the terminal comes in quotes
        except ValueError:
            names = [answer]
        for path in [Path(name).expanduser() for name in names]:
            if files.look(path) is None:
                print("  " + _("%(path)s: there is no such file") % {"path": path})
            else:
                found.append(path)
                print("  " + ngettext("%(count)s file", "%(count)s files", len(found)) % {"count": len(found)})


def _ask_sharing(office: Office, who: Actor, client: str, found: list[Path], keys: dict[str, Any]) -> list[str]:
    """Fill `keys` with how it is shared; returns which files are, if only some are."""
    keys["share"] = "yes"
    names = [path.name for path in found]
    shared = [
        name for name in names if confirm("  " + _("Does the client see %(name)s?") % {"name": printing.text(name)}, default=True)
    ]
    if len(shared) == len(names) or not shared:
        keys["share_attachments"] = "all" if shared else "none"
        shared = []
    if keys["explanation"] and confirm("  " + _("Does the client see the explanation?")):
        keys["share_explanation"] = "yes"
    is_free = offering.may_share_outright(office, who, client)
    keys["share_status"] = _choice(_("Approved already, or a concept"), ["concept", "approved"]) if is_free else "concept"
    if keys["share_status"] == "concept":
        able = offering.approvers(office, who, client, keys.get("type"))
        print("  " + _("Approvers: %(names)s") % {"names": ", ".join(able) or _("nobody; ask an admin")})
        answer = _text(
            _("Approver"),
            lambda text: None if text in office.staff else _("no staff member has this id"),
            office.clients[client].default_approver or next(iter(able), ""),
        )
        keys["approver"] = answer
    return shared


def _ask_notification(office: Office, client: str, keys: dict[str, Any]) -> None:
    contacts = [contact for contact in office.clients[client].contacts if contact.active]
    if not contacts:
        print(_("This client has no contact, so nobody gets a mail."))
    elif confirm(_("Mail a contact once it is on the portal?")):
        keys["notify"] = "yes"
        keys["contact"] = _choice(_("Contact"), [contact.id for contact in contacts])


def _text(question: str, objection: Callable[[str], str | None] = lambda text: None, default: str = "") -> str:
    while True:
        answer = str(typer.prompt(question, default=default or None)).strip()
        wrong = objection(answer) if answer else _("give a text")
        if wrong is None:
            return answer
        print(f"  {wrong}")


def _long_enough(office: Office, text: str) -> str | None:
    least = office.settings.items.description_min
    return None if least <= len(text) <= 200 else _("give %(least)s to 200 characters") % {"least": least}


def _optional(question: str) -> str | None:
    told = _("%(question)s (Enter: none)") % {"question": question}
    return str(typer.prompt(told, default="", show_default=False)).strip() or None


def _choice(question: str, choices: list[str]) -> str:
    wrong = _("give one of: %(choices)s") % {"choices": ", ".join(choices)}
    return _text(f"{question} ({', '.join(choices)})", lambda text: None if text in choices else wrong, choices[0])


def _optional_choice(question: str, choices: list[str]) -> str | None:
    while True:
        answer = _optional(f"{question}: {', '.join(choices)}")
        if answer is None or answer in choices:
            return answer
        print("  " + _("give one of: %(choices)s; or nothing") % {"choices": ", ".join(choices)})
