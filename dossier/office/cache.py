"""What config/ said when it was last read, so that a command need not read and check it all again.

    var/config.<uid>.json     the user's own, for it holds what config/ holds

It is believed only if it is this user's and nobody else's to write, of this version of the program,
of the same DOSSIER_ variables, and config/ still is as it was when it was read (fingerprint.py).

Nothing is lost if it can't be written, or is lost.

    var/config.going-on.json  what the daemon goes on with while config/ has a fault, for commands
                              that only read
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier import __version__
from dossier.office import fingerprint
from dossier.office.office import Office

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dossier.office.keys import Client

_MOST_BYTES = 256 * 1024 * 1024

_NO_SETTINGS = ("DOSSIER_ROOT", "DOSSIER_USER")
"""These say where the office is, and who types, and nothing of what config/ says."""


class Recalled:
    """A model of keys.py with its attributes, and of all else only how a copy is made of it."""

    __slots__ = ("__dict__",)

    def model_copy(self, *, update: Mapping[str, object]) -> Recalled:
        """The same with other attributes."""
        made = Recalled()
        made.__dict__ = {**self.__dict__, **update}
        return made

    def __repr__(self) -> str:
        return f"Recalled({self.__dict__})"


def read(root: Path, environ: Mapping[str, str]) -> Office | None:
    """The office, if its snapshot still holds."""
    try:
        return _kept(root, _path(root), _key(root, environ), os.geteuid(), 0o077)
    except OSError:
        return None


def write(office: Office, environ: Mapping[str, str]) -> None:
    """Keep what was read a moment ago. Best effort."""
    from dossier.files import files

    with contextlib.suppress(OSError, TypeError):
        key = _key(office.root, environ)
        if fingerprint.is_racy(office.root):
            return
        if office.var.is_dir():
            files.write_whole(_path(office.root), _bytes(key, office), 0o600)


def write_going_on(office: Office) -> None:
    """Leave what this daemon works by, its database without a password. Best effort."""
    from dossier.files import files
    from dossier.text.database_address import without_password

    database = office.settings.database
    database = database.model_copy(update={"url": without_password(database.url)})
    settings = office.settings.model_copy(update={"database": database})
    with contextlib.suppress(OSError, TypeError):
        files.write_whole(_going_on(office.root), _bytes(__version__, replace(office, settings=settings)), 0o640)


def going_on(root: Path, environ: Mapping[str, str]) -> Office | None:
    """What the daemon here goes on with, if it has left that. Its models only have attributes."""
    try:
        office = _kept(root, _going_on(root), __version__, os.stat(root / "var").st_uid, 0o022)
    except OSError:
        return None
    if office is not None:
        database: Any = office.settings.database
        database.url = environ.get("DOSSIER_DATABASE__URL") or database.url
    return office


def packed(office: Office) -> bytes:
    """An office for another process, which need not load the rules of config/ to unpack it."""
    return _bytes(_json(str(office.root)), office)


def unpacked(data: bytes) -> Office:
    """What was `packed`. Its models only have attributes."""
    root, _, text = data.partition(b"\n")
    return _office(Path(json.loads(root)), text)


def _going_on(root: Path) -> Path:
    return root / "var" / "config.going-on.json"


def _path(root: Path) -> Path:
    return root / "var" / f"config.{os.geteuid()}.json"


def _bytes(mark: str, office: Office) -> bytes:
    """A file that begins with this mark. One model after the other is told: with all clients at
    once it takes ten times the memory."""
    usual = _usual(office.clients)

    def pieces() -> Iterator[str]:
        yield f'{mark}\n{{"map!":[["settings",{_json(_settings(office))}],["usual",{_json(_plain(usual))}]'
        for name, models, known in (("clients", office.clients, usual), ("staff", office.staff, {})):
            yield f',["{name}",{{"map!":['
            for index, (code, model) in enumerate(models.items()):
                yield f"{',' if index else ''}{_json((code, _attributes(model, known)))}"
            yield "]}]"
        yield "]}"

    return b"".join(piece.encode() for piece in pieces())


def _settings(office: Office) -> dict[str, object]:
    """Of the desk also what somebody said: mails lead to it only if its address was."""
    desk = office.settings.desk
    return {
        **_attributes(office.settings, {}),
        "desk": {**_attributes(desk, {}), "model_fields_set": sorted(desk.model_fields_set)},
    }


def _usual(clients: Mapping[str, Client]) -> dict[str, object]:
    """What a client is of whom config/ says nothing else. So little is kept of each of thousands,
    and a command has it at once."""
    fields = next((getattr(type(client), "model_fields", {}) for client in clients.values()), {})
    return {name: field.get_default(call_default_factory=True) for name, field in fields.items() if not field.is_required()}


def _kept(root: Path, path: Path, mark: str, owner: int, others: int) -> Office | None:
    """The office in a file that begins with this mark; None if it is not to be believed. OSError.

    It must be the owner's, and have none of the rights for `others`.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != owner or status.st_mode & others or status.st_size > _MOST_BYTES:
            return None
        if file.readline().strip() != mark.encode():
            return None
        text = file.read()
    try:
        return _office(root, text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _office(root: Path, text: bytes) -> Office:
    told = json.loads(text, object_hook=_recalled)
    usual = told["usual"].__dict__
    for client in told["clients"].values():
        client.__dict__ = {**usual, **client.__dict__}
    return Office(root, told["settings"], told["clients"], told["staff"])


def _key(root: Path, environ: Mapping[str, str]) -> str:
    """A digest of all that the office was made of."""
    program = os.stat(Path(__file__).with_name("keys.py"))
    parts: list[object] = [__version__, program.st_mtime_ns, str(root)]
    parts += [fingerprint.of(root)]
    parts += sorted((name, value) for name, value in environ.items() if name.startswith("DOSSIER_") and name not in _NO_SETTINGS)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _told(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, Path):
        return {"path!": str(value)}
    if isinstance(value, date):
        return {"date!": value.isoformat()}
    return _attributes(value, {})


def _attributes(model: BaseModel | Recalled, usual: Mapping[str, object]) -> dict[str, object]:
    """What a model says, without what is `usual`."""
    said = model.__dict__ if isinstance(model, Recalled) else {name: getattr(model, name) for name in type(model).model_fields}
    if not isinstance(model, Recalled) and getattr(model, "keeps_what_was_given", False):
        said["model_fields_set"] = sorted(model.model_fields_set)
    return _plain({name: one for name, one in said.items() if name not in usual or one != usual[name]})


def _plain(said: Mapping[str, object]) -> dict[str, object]:
    """Attributes, of which those that are mappings themselves are marked."""
    return {name: _map(one) if isinstance(one, dict) else one for name, one in said.items()}


def _map(values: Mapping[str, object]) -> dict[str, object]:
    """A mapping, marked, to be told from a model."""
    return {"map!": list(values.items())}


_json = json.JSONEncoder(default=_told, separators=(",", ":")).encode


def _recalled(told: dict[str, Any]) -> Any:
    if "map!" in told:
        return dict(told["map!"])
    if "path!" in told:
        return Path(told["path!"])
    if "date!" in told:
        return date.fromisoformat(told["date!"])
    found = Recalled()
    found.__dict__ = told
    return found
