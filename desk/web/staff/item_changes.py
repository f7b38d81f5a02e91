"""What can be done with an item from its page, each a form that is posted.

Every form that changes an item carries the version that its page showed. If the item is another one
by now, nothing is done, and the page comes back with what was typed beside what is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from starlette.responses import Response

from desk.actions import changing, item_view, looking_up, mailing, offering, throwing_away, undoing, withdrawing
from desk.actions.changing import STALE, Source, wish_from
from desk.web.shell.paging import leaf
from desk.web.shell.receiving import received
from desk.web.staff import items
from desk.web.staff.visit import StaffVisit
from dossier.database.tables import item_name
from dossier.office import hours
from dossier.text import names
from dossier.text.refusals import Conflict, Invalid, Refusal, fault
from dossier.text.sentences import Sentence
from workflow.items.amending import FileChanges
from workflow.items.rules import Wish

EDITABLE = ("description", "status", "type", "location", "labels", "explanation", "due", "owner", "approver", "contact")
"""Fields that are changed in their place; those of the item's type besides."""

PAGE_BINNED = 50


def edit(visit: StaffVisit) -> Response:
    """Change fields of an item."""
    typed = {field: visit.field(field) for field in visit.form if field in EDITABLE or field.startswith("field.")}
    keys: dict[str, str | Sequence[str] | None] = {name.removeprefix("field."): value for name, value in typed.items()}
    if "labels" in typed:
        keys["labels"] = visit.parts("labels")
    if typed.get("owner"):
        keys["owner"] = visit.person("owner")
    if typed.get("approver"):
        keys["approver"] = [offering.code_typed(one, visit.office.staff) for one in visit.parts("approver")]
    return _changed(visit, "changed", lambda key: _amend(visit, key, keys), typed=typed)


def share(visit: StaffVisit) -> Response:
    """Share it, or change how: which files, concept or approved, whom to ask, whom to mail."""
    typed = {name: visit.field(name) for name in visit.form}
    keys: dict[str, str | Sequence[str] | None] = {"share": "yes", "share_status": visit.field("share_status") or None}
    if keys["share_status"] != "approved":
        keys["approver"] = visit.people("approver") or None
        keys["approvals"] = visit.field("approvals") or None
    keys["share_explanation"] = "yes" if visit.field("share_explanation") else "no"
    keys["notify"] = "yes" if visit.field("notify") else "no"
    keys["contact"] = visit.field("contact") if visit.field("notify") else None
    said = {name.removeprefix("share:"): visit.choice(name) for name in visit.form if name.startswith("share:")}
    shares = {name: is_shared for name, is_shared in said.items() if is_shared is not None}
    return _changed(visit, "changed", lambda key: _amend(visit, key, keys, FileChanges(shares=shares)), "share", typed)


def _amend(
    visit: StaffVisit, key: int, keys: Mapping[str, str | Sequence[str] | None], changes: FileChanges | None = None
) -> Sequence[Sentence]:
    wish, share_all = wish_from(visit.office, visit.actor, key, keys)
    changes = changes or FileChanges(share_all=share_all)
    return changing.change(visit.office, visit.now, visit.actor, key, wish, changes, if_version=_version(visit))


def _version(visit: StaffVisit) -> int:
    """Of the state that the form was made on. Raises Conflict for a form that doesn't say it: it
    would change what somebody else changed meanwhile."""
    version = visit.number("version")
    if version is None:
        raise Conflict("desk.of_no_version")
    return version


def withdraw(visit: StaffVisit) -> Response:
    """Take it off the portal, with a reason. It is never held up by what else was changed."""
    reason = visit.field("reason")
    withdrawn = partial(withdrawing.withdraw, visit.office, visit.now, visit.actor)
    return _changed(visit, "withdrawn", lambda key: withdrawn(key, reason), "reason", {"reason": reason})


def put_back(visit: StaffVisit) -> Response:
    """Put back on the portal what was approved."""
    put = partial(withdrawing.put_back, visit.office, visit.now, visit.actor)
    return _changed(visit, "put_back", lambda key: put(key, _version(visit)))


def notify(visit: StaffVisit) -> Response:
    """Mail somebody of the client about it, again or for the first time."""
    contact = visit.field("contact") or None
    send = partial(mailing.notify, visit.office, visit.now, visit.actor)
    return _changed(visit, "mailed", lambda key: send(key, contact), "notify")


def remind(visit: StaffVisit) -> Response:
    """Remind whoever is asked to decide on it."""
    done = "reminded" if hours.are_open(visit.office, visit.now) else "reminded_later"
    send = partial(mailing.remind, visit.office, visit.now, visit.actor)
    return _changed(visit, done, send, "remind")


def change_files(visit: StaffVisit) -> Response:
    """Rename or remove an attachment, change whether it is shared, or put an earlier version
    back."""
    file = visit.field("file")
    changes = {
        "remove": FileChanges(remove=[file]),
        "rename": FileChanges(rename={file: visit.field("name").strip()}),
        "share": FileChanges(shares={file: True}),
        "keep": FileChanges(shares={file: False}),
    }.get(visit.field("what"))
    change = partial(changing.change, visit.office, visit.now, visit.actor)
    if visit.field("what") == "revert":
        of_version = visit.number("of") or 0
        revert = partial(changing.revert, visit.office, visit.now, visit.actor)
        return _changed(visit, "changed", lambda key: revert(key, file, of_version, _version(visit)), "file", {"of": file})
    if changes is None:
        return items.page(visit, visit.request.path_params["item"], 422)

    def put(key: int) -> Sequence[Sentence]:
        return change(key, Wish(), changes, must_be_there=[file], if_version=_version(visit))

    is_renamed = visit.field("what") == "rename"
    typed = {"of": file, **({"name": visit.field("name")} if is_renamed else {})}
    return _changed(visit, "changed", put, "rename" if is_renamed else "file", typed)


def attach(visit: StaffVisit) -> Response:
    """Add the files that came with the form, or put one in the place of `replace`, which keeps its
    name."""
    replaced, said = visit.field("replace"), visit.choice("share")

    def put(key: int) -> Sequence[Sentence]:
        if not visit.uploads:
            raise Invalid([fault("files", "desk.no_files")])
        first = visit.uploads[0][0]
        if replaced and names.extension(first) != names.extension(replaced):
            raise Invalid([fault("files", "actions.other_kind", file=names.printable(first), name=names.printable(replaced))])
        with ExitStack() as stack:
            sources = [
                Source(
                    stack.enter_context(received(visit.office, name, pieces)),
                    replaced or names.nfc(name),
                    None if replaced else said,
                    called=name,
                )
                for name, pieces in visit.uploads[: 1 if replaced else None]
            ]
            return changing.change(
                visit.office, visit.now, visit.actor, key, sources=sources, if_version=_version(visit),
                must_be_there=[replaced] if replaced else (),
            )  # fmt: skip

    return _changed(visit, "changed", put, "replace" if replaced else "files", {"of": replaced} if replaced else None)


def copy(visit: StaffVisit) -> Response:
    """Copy an attachment to another item."""

    def put(key: int) -> Sequence[Sentence]:
        to = looking_up.key_typed(visit.field("to").strip(), visit.office, visit.actor)
        return changing.copy(visit.office, visit.now, visit.actor, key, [visit.field("file")], to, visit.choice("share"))

    return _changed(visit, "copied", put, "copy", {"of": visit.field("file"), "to": visit.field("to")})


def delete(visit: StaffVisit) -> Response:
    """Put it into the bin."""
    put = partial(undoing.delete, visit.office, visit.now, visit.actor)
    return _changed(
        visit, "", lambda key: put(key, _version(visit)), "undo", goal=f"/bin?was={visit.request.path_params['item']}"
    )


def move(visit: StaffVisit) -> Response:
    """Give it to another client, whose name or code was typed."""
    code = offering.code_typed(visit.field("client"), looking_up.known_clients(visit.office, visit.actor))
    give = partial(undoing.move, visit.office, visit.now, visit.actor)
    return _changed(visit, "moved", lambda key: give(key, code, _version(visit)), "client", {"client": visit.field("client")})


def bin_page(visit: StaffVisit) -> Response:
    """What is in the bin, the latest first."""
    return _bin(visit, 200, visit.field("was"), None)


def _bin(visit: StaffVisit, status: int, was: str, problem: str | None) -> Response:
    """`was`: the item that was put into it just now, if it lies there still."""
    rows = undoing.in_bin(visit.office, visit.actor)
    binned, was = leaf(visit, rows, PAGE_BINNED), was if was in [one["item"] for one in rows] else ""
    refused = leaf(visit, throwing_away.in_bin(visit.office, visit.actor, visit.language), PAGE_BINNED, "refused")
    may_take_out = partial(throwing_away.may_throw_away, visit.office, visit.actor)
    return visit.page("bin.html", status, binned=binned, refused=refused, may_take_out=may_take_out, was=was, problem=problem)


def undelete(visit: StaffVisit) -> Response:
    """Take it out of the bin."""
    try:
        key = looking_up.key_typed(visit.request.path_params["item"], visit.office, visit.actor)
        undoing.undelete(visit.office, visit.now, visit.actor, key)
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return _bin(visit, refusal.http_status, "", visit.told(refusal))
    return visit.to(f"/items/{item_name(key)}?done=undeleted")


def _changed(
    visit: StaffVisit,
    done: str,
    change: Callable[[int], object],
    about: str = "",
    typed: Mapping[str, str] | None = None,
    goal: str | None = None,
) -> Response:
    """Make the change, and go on to where it is seen; or the item's page with why not, beside what
    was typed.

    `about`: the place of the page that a refusal without a field of its own is told at.
    """
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    try:
        change(key)
    except Conflict as refusal:
        sentence = refusal.sentence
        is_stale = isinstance(sentence, Sentence) and sentence.code == STALE
        problems = {"if_version" if is_stale else about: visit.told(refusal)}
        return items.page(visit, name, 409, problems=problems, typed=typed or {}, opened=about)
    except Refusal as refusal:
        problems = {key or about: message for key, message in visit.problems(refusal).items()}
        if about and not (problems.keys() & (typed or {}).keys()):
            problems = {about: " ".join(problems.values())}
        return items.page(visit, name, refusal.http_status, problems=problems, typed=typed or {}, opened=about)
    return visit.to(goal or f"/items/{name}?done={done}")
