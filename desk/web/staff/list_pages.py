"""For admins: clients and staff from a list, as practice software exports it. What it would change
is shown first, as the command shows it.

Between that page and the next the list lies in the form itself, packed: nothing waits on the server
for somebody who goes away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.responses import Response

from desk.actions import acting, list_import, list_table
from desk.actions.list_import import ListPlan
from desk.actions.list_table import HEADINGS, MOST_BYTES, Kind
from desk.web.shell.bodies import TooLong
from desk.web.staff.saving import saving
from desk.web.staff.visit import StaffVisit
from dossier.text.refusals import Invalid, NotFound, Problem, Refusal, fault
from dossier.text.sentences import Sentence

MOST_PACKED = 384 * 1024
"""Bytes of a packed list that a form carries: some 30,000 rows."""

SHOWN = 200
"""Clients or staff that are shown of what would be new or changed."""


def bring_in(visit: StaffVisit) -> Response:
    """`/office/import/clients` and `…/staff`: choose a list, see what it would do and what its
    columns are taken for, do it."""
    kind: Kind | None = next((kind for kind in HEADINGS if kind == visit.request.path_params["kind"]), None)
    if kind is None:
        raise NotFound("desk.no_such_entry", code=visit.request.path_params["kind"])
    acting.need_admin(visit.office, visit.actor)
    if visit.request.method != "POST":
        return _page(visit, kind)
    carried: dict[str, str] = {}
    columns: dict[str, str] = {}
    try:
        name, data = _list(visit)
        packed = base64.b64encode(zlib.compress(data)).decode()
        if len(packed) > MOST_PACKED:
            raise TooLong("desk.list_too_large", file=name)
        rows = list_table.read_table(Path(name), data)
        headings = list(rows[0].cells)
        chosen = {heading: visit.field(f"as:{number}") or "-" for number, heading in enumerate(visit.fields("heading"))}
        given = {heading: key for heading, key in chosen.items() if heading in headings}  # not of the list before
        carried = {"name": name, "packed": packed}
        columns = dict.fromkeys(headings, "") | list_table.guessed(kind, rows, given)
        with saving(visit):
            made = list_import.plan(kind, visit.office, os.environ, Path(name), data, given)
            if visit.field("save") and not made.faults and visit.field("shown") == _digest(made):
                list_import.apply(visit.office, visit.now, visit.actor, made)
                return visit.to(f"/office/{kind}?brought={len(made.new)}")
    except Refusal as refusal:
        problems = [
            fault("map", "desk.no_name_column")
            if isinstance(one.message, Sentence) and one.message.code == "lists.no_name"
            else one
            for one in refusal.problems
        ]
        return _page(visit, kind, problems, None, columns, carried, refusal.http_status)
    return _page(visit, kind, (), made, columns, carried, 422 if made.faults else 200)


def _list(visit: StaffVisit) -> tuple[str, bytes]:
    """Name and bytes of the list: the one that was chosen now, else the one that the form carries.
    Raises Invalid."""
    for name, pieces in visit.uploads:
        data = bytearray()
        for piece in pieces:
            data += piece
            if len(data) > MOST_BYTES:
                break
        return Path(name).name[:200] or "list", bytes(data)
    try:
        unpacking = zlib.decompressobj()
        data = bytearray(unpacking.decompress(base64.b64decode(visit.field("packed"), validate=True), MOST_BYTES))
        if visit.field("packed") and unpacking.eof:
            return visit.field("name")[:200] or "list", bytes(data)
    except (zlib.error, binascii.Error, ValueError):
        pass
    raise Invalid([fault("file", "desk.no_list")])


def _digest(made: ListPlan) -> str:
    """Of what was shown: the file before and after."""
    return hashlib.sha256(made.before + b"\0" + made.text.encode()).hexdigest()


def _page(
    visit: StaffVisit, kind: Kind, problems: Sequence[Problem] = (), made: ListPlan | None = None,
    columns: Mapping[str, str] | None = None, carried: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """`columns`: heading → key, or nothing. `carried`: the list itself, for the next request."""
    faults = [(one.row, one.column, visit.told(one.message)) for one in made.faults] if made else []
    notes = [visit.told(note) for note in made.notes] if made else []
    return visit.page(
        "list_import.html", status, kind=kind, notes=notes, problems=[visit.told(one.message) for one in problems], made=made, carried=carried, faults=faults,
        most=SHOWN, columns=columns, keys=list(HEADINGS[kind]), digest=_digest(made) if made else "",
    )  # fmt: skip
