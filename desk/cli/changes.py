"""Commands that change an item: edit, attach, replace, rename, remove, copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from desk.cli import completing, options, printing, session, wishes
from desk.cli.many import ManyItems, Where, Yes, each_of, seen_off
from desk.cli.numbers import OneItem, key_of
from desk.cli.translation import Command, _, add
from dossier.office.terms import YES_NO
from dossier.text import clock
from dossier.text.names import nfc
from dossier.text.refusals import Invalid, fault
from dossier.text.sentences import Sentence

_SWITCHES = ("--share", "--share-explanation", "--notify")


class SwitchCommand(Command):
    """A command whose switches can also be said as in a sidecar: `--share yes`, `--share no`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        found: list[str] = []
        for arg in args:
            name, _, value = arg.partition("=")
            if found and found[-1] in _SWITCHES and arg.lower() in YES_NO:
                found[-1] = _switch(found[-1], YES_NO[arg.lower()])
            elif found[-2:-1] == ["--label"] and found[-1][:1] in ("+", "-") and _is_label_change(arg):
                found += ["--label", arg]  # as in: --label +vat -old
            elif name in _SWITCHES and value.lower() in YES_NO:
                found.append(_switch(name, YES_NO[value.lower()]))
            else:
                found.append(arg)
        return super().parse_args(ctx, found)


def _is_label_change(arg: str) -> bool:
    return len(arg) > 1 and (arg[0] == "+" or (arg[0] == "-" and arg[1] != "-" and arg not in ("-d", "-h")))


def _switch(name: str, on: bool) -> str:
    return name if on else f"--no-{name.removeprefix('--')}"


Share = Annotated[
    bool | None, typer.Option("--share/--no-share", help="Whether the client gets it. Must be said if the item is shared.")
]


def register(app: typer.Typer) -> None:
    add(
        app, edit, 'dossier edit 2026-000012 --status done --label vat --label "year 2025"',
        'dossier edit --where "client=acme-bv label=vat status=new" --status done', cls=SwitchCommand,
    )  # fmt: skip
    add(app, attach, "dossier attach 2026-000012 letter.pdf --share", cls=SwitchCommand)
    add(app, replace, "dossier replace 2026-000012 accounts.pdf ~/accounts-v2.pdf")
    add(app, rename, 'dossier rename 2026-000012 scan0001.pdf "Annual accounts 2025.pdf"')
    add(app, remove, "dossier remove 2026-000012 draft.docx")
    add(app, copy, "dossier copy 2026-000012 accounts.pdf --to 2026-000031 --no-share", cls=SwitchCommand)


@options.spread("wish", wishes.EDIT)
def edit(
    items: ManyItems = None,
    *,
    wish: options.Given,
    if_version: Annotated[int | None, typer.Option(metavar="N", help="Only if it is this version still (show tells it).")] = None,
    where: Where = None,
    yes: Yes = False,
) -> None:
    """Change an item, or several. What the client sees of a shared item must be approved again,
    unless you may share."""
    from desk.actions import changing

    share_file, label = wish["share_file"], wish["labels"] or ()
    if (wish["share_all"], wish["share_none"], bool(share_file)).count(True) > 1:
        raise typer.BadParameter(_("give --share-file, or --share-all, or --share-none"))
    keys = wishes.keys_of(wish) | {"labels": [one for one in label if one] if label else None}
    if not share_file and all(value is None for value in keys.values()):
        raise typer.BadParameter(_("what is to be changed? see: dossier edit --help"))
    if if_version is not None and (where or len(items or ()) > 1):
        raise typer.BadParameter(_("--if-version is about one item"))
    office, actor = session.opened_as_remembered(), session.actor()
    steps = [len(one) > 1 and one[0] in "+-" for one in label]
    is_step = bool(label) and all(steps)
    if any(steps) and not is_step:
        raise typer.BadParameter(_("give --label the labels that it shall have, or only +LABEL and -LABEL"))

    def act(key: int, version: int | None) -> Sequence[Sentence | str]:
        wanted = dict(keys)
        if is_step:
            more, less = ([one[1:] for one in label if one[0] == sign] for sign in "+-")
            wanted["labels"] = changing.labels_with(office, actor, key, more, less)
        only = if_version if if_version is not None else version
        told = changing.edit(office, clock.utc_now(), actor, key, wanted, share_only=share_file, if_version=only)
        withdrawn.extend([key] if wanted.get("share") == "no" else ())
        return told

    with seen_off() as withdrawn:
        each_of(items, where, yes, actor, act)


@contextmanager
def _in_own_words(item: str) -> Iterator[None]:
    """What lacks is told by the options that these commands have. None of them names who approves,
    so how that is done is told too."""
    try:
        yield
    except Invalid as refusal:
        problems = wishes.asked_by(refusal.problems, "--share", "--no-share")
        if any(one.key == "approver" for one in problems):
            from dossier.database.tables import item_name

            problems.append(fault("approver", "actions.approver_first", item=item_name(key_of(item))))
        raise Invalid(problems) from refusal


def attach(
    item: OneItem,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    share: Share = None,
    note: Annotated[str | None, typer.Option(help="For the office.")] = None,
) -> None:
    """Add files to an item. One of a name that is there already takes its place, as a new
    version."""
    from desk.actions import changing

    sources = [changing.Source(path, nfc(path.name), share, note) for path in files]
    with _in_own_words(item):
        printing.outcome(changing.attach, key_of(item), sources)


def replace(
    item: OneItem, name: Annotated[str, typer.Argument(metavar="NAME")], file: Annotated[Path, typer.Argument(metavar="FILE")]
) -> None:
    """Put a new version in the place of an attachment, which keeps its name."""
    from desk.actions import changing

    with _in_own_words(item):
        printing.outcome(changing.replace, key_of(item), name, file)


def rename(
    item: OneItem, old: Annotated[str, typer.Argument(metavar="OLD")], new: Annotated[str, typer.Argument(metavar="NEW")]
) -> None:
    """Give an attachment another name."""
    from desk.actions import changing

    with _in_own_words(item):
        printing.outcome(changing.rename, key_of(item), old, new)


def remove(item: OneItem, names: Annotated[list[str], typer.Argument(metavar="NAME...")]) -> None:
    """Take attachments out of an item. What they held stays in the vault."""
    from desk.actions import changing

    with _in_own_words(item):
        printing.outcome(changing.remove, key_of(item), names)


def copy(
    item: OneItem,
    names: Annotated[list[str], typer.Argument(metavar="NAME...")],
    to: Annotated[str, typer.Option("--to", metavar="ITEM", help="The item that gets them.", autocompletion=completing.items)],
    share: Share = None,
) -> None:
    """Copy attachments to another item."""
    from desk.actions import changing

    with _in_own_words(to):
        printing.outcome(changing.copy, key_of(item), names, key_of(to), share)
