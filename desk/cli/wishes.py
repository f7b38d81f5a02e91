"""What an item is to be, as options: asked by `new` (NEW), `assign` (ASSIGN) and `edit` (EDIT) in
nearly the same words; `keys_of` makes of it what a sidecar would say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import typer

from desk.cli import completing, options
from desk.cli.translation import _
from dossier.text.refusals import Problem, fault
from dossier.text.sentences import Sentence

_FIELD = options.texts(metavar="KEY=VALUE", help="A key of the item's type.")

NEW = {
    "description": options.text("--description", "-d", help="One line; the client sees it."),
    "status": options.text(),
    "type": options.text(),
    "location": options.text(),
    "labels": options.texts("--label"),
    "explanation": options.text(),
    "share": options.switch("--share", "For the client's portal."),
    "share_status": Annotated[Literal["concept", "approved"] | None, typer.Option()],
    "share_all": options.switch("--share-all", "All files are shared."),
    "share_none": options.switch("--share-none", "No file is shared."),
    "share_file": options.texts("--share-file", metavar="NAME", help="Only these files are shared."),
    "share_explanation": options.switch("--share-explanation", "The client sees the explanation too."),
    "approver": options.texts(metavar="STAFF", autocompletion=completing.staff),
    "approvals": options.text(help="With several approvers: all, any, or a number."),
    "notify": options.switch("--notify", "A mail to the contact once it is on the portal."),
    "contact": options.text(metavar="ID"),
    "due": options.text(metavar="DATE", help="The day on which something must be done with it, as 2027-03-01."),
    "owner": options.text(metavar="STAFF", help="Who sees to it; without it who makes it.", autocompletion=completing.staff),
    "field": _FIELD,
}

ASSIGN = {name: kind for name, kind in NEW.items() if name != "share_file"} | {
    "share_all": options.switch("--share-all", "The file is shared."),
    "share_none": options.switch("--share-none", "The file is not shared."),
}

EDIT = {name: kind for name, kind in NEW.items() if name not in ("due", "owner")} | {
    "type": options.text(help='One of the types of the office; "" for none.'),
    "location": options.text(help='The place in the dossier; "" for none.'),
    "labels": options.texts("--label", help='Each label it shall have; "" for none. +LABEL and -LABEL: one more, one less.'),
    "explanation": options.text(help='Free text; "" for none.'),
    "share": options.switch("--share/--no-share", "On the client's portal, or off it."),
    "share_all": options.switch("--share-all", "All attachments are shared."),
    "share_none": options.switch("--share-none", "No attachment is shared."),
    "share_file": options.texts("--share-file", metavar="NAME", help="Only these attachments are shared."),
    "share_explanation": options.switch("--share-explanation/--no-share-explanation", "The client sees the explanation too."),
    "notify": options.switch("--notify/--no-notify", "A mail to the contact once it is on the portal."),
    "contact": options.text(metavar="ID", help='Who gets that mail; "" for nobody.'),
    "due": options.text(metavar="DATE", help='When something must be done with it; "" for never.'),
    "owner": options.text(metavar="STAFF", help='Who sees to it; "" for who made it.', autocompletion=completing.staff),
    "reason": options.text("--reason", help="With --no-share: why it is taken off the portal; goes into the history."),
}


def keys_of(wish: options.Given) -> dict[str, Any]:
    """What NEW, ASSIGN or EDIT ask, by the keys of a sidecar. None: not given.

    Raises BadParameter for a field without a value.
    """
    keys: dict[str, Any] = {}
    for name, value in wish.items():
        if name == "share_all":
            keys["share_attachments"] = "all" if value else "none" if wish["share_none"] else None
        elif name not in ("share_none", "share_file", "field"):
            keys[name] = ("yes" if value else "no") if isinstance(value, bool) else value
    return keys | dict(map(_field, wish["field"] or ()))


def asked_by(problems: Iterable[Problem], yes: str, no: str) -> list[Problem]:
    """What is wrong, told by a command that has these two options alone to say what is shared."""
    return [
        fault("share", "actions.say_whether", attachments=one.message.values["attachments"], yes=yes, no=no)
        if isinstance(one.message, Sentence) and one.message.code == "rules.say_which"
        else one
        for one in problems
    ]


def _field(given: str) -> tuple[str, str]:
    name, is_said, value = given.partition("=")
    if not is_said:
        raise typer.BadParameter(_("--field %(given)s: give KEY=VALUE") % {"given": given})
    return name, value
