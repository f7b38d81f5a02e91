"""`dossier new`: writes a drop into the inbox, whole at once, and waits for what becomes of it.

The files are copied into a folder whose name is never taken, synced, and the folder gets its own name in one step. Killed
before that? A hidden folder is left in the inbox, and the files are still where they were.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dossier.database.database import transaction
from dossier.files import files, moves
from dossier.files.files import Look
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Invalid, Problem, Refusal, fault
from dossier.text.yamltext import scalar
from ingest.inbox.listing import WHY
from ingest.inbox.looking import Found
from ingest.intake import delegation, kinds
from ingest.intake.judging import judge
from ingest.sidecar.reading import read_sidecar

LOOK_SECONDS = 0.05
"""How often `--wait` looks whether the receipt is there."""


@dataclass(slots=True)
class Request:
    """What `dossier new` was asked for. Keys of the sidecar that are None or empty are left out."""

    client: str
    files: Sequence[Path]
    keys: Mapping[str, str | Sequence[str] | None]
    """English key → value, or list of values."""
    shared: Sequence[str] = field(default_factory=tuple)
    """Names of the attachments that are shared, where only some are."""


def sidecar_text(request: Request, maker: str) -> str:
    """The sidecar of the drop."""
    lines = ["# yaml-language-server: $schema=../../../config/schema/sidecar.json", f"client: {scalar(request.client)}"]
    for key, value in request.keys.items():
        if value is None or value == () or value == []:
            continue
        if isinstance(value, str):
            lines.append(f"{key}: {scalar(value)}")
        else:
            lines += [f"{key}:", *(f"  - {scalar(one)}" for one in value)]
    lines.append("attachments:" if request.files else "attachments: []")
    for path in request.files:
        share = f"\n    share: {'yes' if path.name in request.shared else 'no'}" if request.shared else ""
        lines.append(f"  - file: {scalar(path.name)}{share}")
    lines.append(f"created_by: {scalar(maker)}")
    return "\n".join(lines) + "\n"


def staged_sidecar(
    client: str, keys: Mapping[str, str | Sequence[str] | None], listed: Mapping[str, Mapping[str, object]], maker: str
) -> str:
    """The sidecar of a drop whose files are known by their hashes: {name: {sha256, share}}."""
    lines = [f"client: {scalar(client)}"]
    for key, value in keys.items():
        if value is None or value == "" or value == () or value == []:
            continue
        if isinstance(value, str):
            lines.append(f"{key}: {scalar(value)}")
        else:
            lines += [f"{key}:", *(f"  - {scalar(one)}" for one in value)]
    lines.append("attachments:" if listed else "attachments: []")
    for name, told in listed.items():
        lines += [f"  - file: {scalar(name)}", f"    sha256: {told['sha256']}"]
        if told.get("share") is not None:
            lines.append(f"    share: {'yes' if told['share'] else 'no'}")
    lines.append(f"created_by: {scalar(maker)}")
    return "\n".join(lines) + "\n"


def drop(office: Office, now: datetime, actor: Actor, request: Request) -> Path:
    """Put the drop into the inbox; returns its folder. Raises Invalid with all that is wrong; OSError.

    The database must be open if `actor` acts for another.
    """
    data = sidecar_text(request, actor.code).encode()
    _judge(office, actor, request, data)
    home = office.inbox / request.client
    target = home / folder_name(request.keys["description"], now)
    hidden = home / f".new-{secrets.token_hex(8)}"
    files.make_folder(hidden, 0o777)
    hashes: dict[str, str] = {}
    try:
        for path in request.files:
            copy = files.copy_hashed(path, hidden, mode=0o666)
            moves.move(copy.path, hidden / path.name)
            hashes[path.name] = copy.sha256
        files.write_whole(hidden / "item.yaml", data, 0o666)
        files.sync([*(hidden / path.name for path in request.files), hidden / "item.yaml"], [hidden])
        if actor.behind is not None and not office.settings.identity.trust_sidecar:
            with transaction():
                delegation.record(now, actor, request.client, target.name, hidden, data, hashes)
        moves.move(hidden, target)
        files.sync((), [home])
    except BaseException:
        files.remove_tree(hidden)
        raise
    return target


def _judge(office: Office, actor: Actor, request: Request, data: bytes) -> None:
    """Raise Invalid if the daemon would refuse it."""
    wrong = problems(office, actor, request, data, is_delegated=actor.behind is not None)
    if wrong:
        raise Invalid(wrong)


def problems(office: Office, actor: Actor, request: Request, data: bytes, is_delegated: bool = True) -> list[Problem]:
    """Why the daemon would refuse it, each with its key; nothing if it would take it."""
    if request.client not in office.clients or not people.may_read(office, actor, request.client):
        return [fault("client", "dropping.no_client", client=request.client)]
    limits, found_wrong = office.settings.intake, list[Problem]()
    looks: dict[str, Look] = {}
    for path in request.files:
        look = files.look(path)
        if look is None:
            code = "dropping.no_plain_file" if os.path.lexists(path) else "dropping.no_file"
            found_wrong.append(fault("attachments", code, path=str(path)))
        elif path.name in looks:
            found_wrong.append(fault("attachments", "dropping.same_name", path=str(path)))
        else:
            looks[path.name] = look
            reason = kinds.blocked(path.name, kinds.examine(path.name, path), limits.blocked_types, limits.macros)
            found_wrong += [fault("attachments", "dropping.file_fault", path=str(path), why=reason)] if reason else []
    sidecar, faults = read_sidecar(data, office.settings)
    own = Look(0, 0, len(data), 0, 0, os.geteuid())
    found = Found(
        request.client,
        "new",
        "item.yaml",
        "",
        sidecar,
        {name: name for name in looks},
        {**looks, "item.yaml": own},
        tuple(faults),
    )
    for one in judge(office, found, actor if is_delegated else None).faults:
        found_wrong.append(Problem(_key_at(data, one.line), one.message))
    return list({str(one.message): one for one in reversed(found_wrong)}.values())[::-1]


def _key_at(data: bytes, line: int) -> str:
    """The key of the sidecar that stands at this line, or above it."""
    keys = [text.partition(b":")[0].decode() for text in data.splitlines()[:line] if re.match(rb"\w+:", text)]
    return keys[-1] if keys else ""


def folder_name(description: object, now: datetime) -> str:
    """`Jaarrekening 2025` → `jaarrekening-2025-20261124-101500-3f9a`: told apart by people, and free."""
    bare = "".join(c for c in unicodedata.normalize("NFD", str(description).casefold()) if not unicodedata.combining(c))
    slug = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].strip("-") or "item"
    return f"{slug}-{now.astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def wait(office: Office, client: str, folder: Path, seconds: float) -> str:
    """The number of the item that the drop became. Raises Refusal if it is refused, or nothing happens in `seconds`."""
    home, stem = office.inbox / client, folder.name
    receipt = home / "_done" / f"{stem}.receipt.yaml"
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            return receipt.read_text(encoding="utf-8").splitlines()[0].removeprefix("item: ")
        refused = sorted((home / "_rejected").glob(f"*-{stem}/{WHY}"))
        if refused:
            raise Refusal("dropping.refused", reasons="; ".join(refused[0].read_text(encoding="utf-8").splitlines()))
        time.sleep(LOOK_SECONDS)
    what = f"{names.shown(str(folder.relative_to(office.root)) if folder.is_relative_to(office.root) else str(folder))}"
    raise Refusal("dropping.nothing_happened", what=what, seconds=f"{seconds:g}")
