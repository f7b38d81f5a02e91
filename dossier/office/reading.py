"""Reading config/*.yaml: each file as text (yamltext.py), its meaning by the models (keys.py), all that is wrong at once.

`DOSSIER_MAIL__PORT=2525` overrides `mail.port`. Nothing here opens a database or makes a folder.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dossier.office import item_types, keys
from dossier.office.keys import Clients, Settings, Staff, StaffList, Strict
from dossier.office.office import Office
from dossier.office.words import CLIENTS, SETTINGS, STAFF, ConfigurationError
from dossier.text.yamltext import Limits, Map, Plain, line_of, plain, read_map

CONFIG_LIMITS = Limits(bytes=64 * 1024 * 1024, depth=8, nodes=5_000_000)
"""Config is the office's own and may be large (10,000 clients), but is still read with limits."""


def read_office(root: Path, environ: Mapping[str, str]) -> Office:
    """Read and check all of config/. Raises ConfigurationError with every fault of every file, in order."""
    faults: list[str] = []
    settings = _load(root, SETTINGS, Settings, faults, _overrides(environ, faults))
    clients = _load(root, CLIENTS, Clients, faults)
    staff = _load(root, STAFF, StaffList, faults)
    if settings and clients and staff:
        _check_references(settings, clients, staff, faults)
    if faults or not (settings and clients and staff):
        raise ConfigurationError(sorted(faults, key=_place_of))
    return Office(root, settings[0], clients[0].clients, staff[0].staff)


M = TypeVar("M", bound=Strict)


def _place_of(fault: str) -> tuple[str, int]:
    name, line, *_ = fault.split(":", 2)
    return name, int(line) if line.isdecimal() else 0


def _load(
    root: Path, name: str, model: type[M], faults: list[str], overrides: Mapping[tuple[str, ...], Plain] | None = None
) -> tuple[M, Map] | None:
    """One file as its model, with the tree it was read from; or None, its faults added to `faults`."""
    path = root / name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        faults.append(f"{name}:0: there is no such file; `dossier init {root}` writes what is missing")
        return None
    except OSError as error:
        faults.append(f"{name}:0: it can't be read: {error.strerror}")
        return None
    tree, found = read_map(data, CONFIG_LIMITS)
    faults += [f"{name}:{fault.line}: {fault.message}" for fault in found]
    values = _without_nulls(plain(tree))
    for path_, value in (overrides or {}).items():
        _put(values, path_, value)
    try:
        loaded = model.model_validate(values)
    except ValidationError as error:
        faults += [_describe(name, tree, detail, overrides or {}) for detail in error.errors(include_url=False)]
        return None
    return None if found else (loaded, tree)


def _without_nulls(value: Any) -> Any:
    """A key with nothing behind it is a key that was not given: a commented-out section keeps its defaults."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _put(values: Any, path: tuple[str, ...], value: Plain) -> None:
    for step in path[:-1]:
        values = values.setdefault(step, {})
        if not isinstance(values, dict):
            return
    values[path[-1]] = value


def _overrides(environ: Mapping[str, str], faults: list[str]) -> dict[tuple[str, ...], Plain]:
    """Settings from the environment: `DOSSIER_MAIL__PORT=2525` is mail.port. Lists and mappings are written as YAML."""
    found: dict[tuple[str, ...], Plain] = {}
    for name, text in sorted(environ.items()):
        path = tuple(part.lower() for part in name.removeprefix("DOSSIER_").split("__"))
        if not name.startswith("DOSSIER_") or (len(path) == 1 and path[0] not in Settings.model_fields):
            continue
        if not text.startswith(("[", "{")):
            found[path] = text
            continue
        tree, wrong = read_map(b"value: " + text.encode())
        faults += [f"environment:{name}: {fault.message}" for fault in wrong]
        found[path] = plain(tree.entries["value"].node) if "value" in tree.entries else None
    return found


_PLAIN_WORDS: dict[str, str] = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is required",
    "int_parsing": "give a whole number",
    "float_parsing": "give a number",
    "list_type": "give a list, such as [a, b]",
    "dict_type": "expected `key: value` lines here",
    "model_type": "expected `key: value` lines here",
    "string_type": "give a text",
    "too_short": "give at least one",
    "string_too_short": "give a text",
    "date_from_datetime_parsing": "give a date such as 2026-12-31",
    "date_parsing": "give a date such as 2026-12-31",
}


def _describe(name: str, tree: Map, detail: ErrorDetails, overrides: Mapping[tuple[str, ...], Plain]) -> str:
    """`file:line: key: message` of one of pydantic's errors."""
    kind, context = detail["type"], detail.get("ctx", {})
    # The key of a mapping has "[key]" behind it; a choice of models has the choice's name in it.
    steps = [step for step in detail["loc"] if step != "[key]" and not str(step).startswith(("literal[", "list["))]
    if kind == "literal_error":
        message = f"give {str(context['expected']).replace(chr(39), '')}"
    elif kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        message = detail["msg"].replace("Input should be", "give a number")
    elif kind == "value_error":
        message = str(context["error"])
    elif kind == "string_pattern_mismatch":
        message = "give an address that begins with http:// or https://"
    else:
        message = _PLAIN_WORDS.get(kind, detail["msg"])
    if kind == "extra_forbidden":
        message += _nearest(steps)
    key = ".".join(str(step) for step in steps)
    for path in overrides:
        if tuple(str(step) for step in steps[: len(path)]) == path:
            return f"environment:DOSSIER_{'__'.join(path).upper()}: {key}: {message}"
    return f"{name}:{line_of(tree, steps)}: {key}: {message}"


def _nearest(steps: list[int | str]) -> str:
    """`; did you mean …?` for a key that is nearly one of those allowed where it stands."""
    models = [model for model in vars(keys).values() if isinstance(model, type) and issubclass(model, Strict)]
    known = {field.alias or key for model in models for key, field in model.model_fields.items()}
    near = difflib.get_close_matches(str(steps[-1]), sorted(known), n=1, cutoff=0.75)
    return f"; did you mean `{near[0]}`?" if near else ""


def _check_references(
    settings: tuple[Settings, Map], clients: tuple[Clients, Map], staff: tuple[StaffList, Map], faults: list[str]
) -> None:
    """What one key says about another: approvers and substitutes exist, ids are unique, closed statuses are statuses."""
    people = staff[0].staff

    def wrong(name: str, tree: Map, path: tuple[str | int, ...], message: str) -> None:
        faults.append(f"{name}:{line_of(tree, path)}: {'.'.join(map(str, path))}: {message}")

    if (settings[0].portal.certificate is None) != (settings[0].portal.key is None):
        wrong(SETTINGS, settings[1], ("portal",), "give both `certificate` and `key`, or neither")
    for name, path, message in item_types.faults(settings[0].types, settings[0].items.labels, people):
        wrong(SETTINGS, settings[1], ("types", name, *path), message)
    for where, message in _retention_faults(settings[0]):
        wrong(SETTINGS, settings[1], where, message)
    for status in settings[0].items.closed:
        if status not in settings[0].items.statuses:
            wrong(SETTINGS, settings[1], ("items", "closed"), f"`{status}` is not one of items.statuses")
    folded: dict[str, str] = {}
    for code, client in clients[0].clients.items():
        if folded.setdefault(code.casefold(), code) != code:
            wrong(
                CLIENTS,
                clients[1],
                ("clients", code),
                f"`{folded[code.casefold()]}` differs in capitals only; Windows can't tell them apart",
            )
        here: tuple[str | int, ...] = ("clients", code)
        if client.default_approver and client.default_approver not in people:
            wrong(CLIENTS, clients[1], (*here, "default_approver"), f"there is no staff member `{client.default_approver}`")
        ids = [contact.id for contact in client.contacts]
        for index, contact in enumerate(client.contacts):
            if contact.id in ids[:index]:
                wrong(CLIENTS, clients[1], (*here, "contacts", index, "id"), f"`{contact.id}` is given twice")
    users: dict[str, str] = {}
    for code, person in people.items():
        here = ("staff", code)
        if person.os_user and person.os_user in users:
            wrong(STAFF, staff[1], (*here, "os_user"), f"`{person.os_user}` is already {users[person.os_user]}'s")
        users.setdefault(person.os_user or "", code)
        for client_code in person.clients if isinstance(person.clients, list) else []:
            if client_code not in clients[0].clients:
                wrong(STAFF, staff[1], (*here, "clients"), f"there is no client `{client_code}`")
        if "admin" in person.rights and person.clients != "all":
            wrong(
                STAFF,
                staff[1],
                (*here, "clients"),
                "an admin works for all clients: write `clients: all`, or take `admin` from `rights`",
            )
        if person.away and person.away.until < person.away.from_:
            wrong(STAFF, staff[1], (*here, "away"), "`until` is before `from`")
        if person.substitute and person.substitute not in people:
            wrong(STAFF, staff[1], (*here, "substitute"), f"there is no staff member `{person.substitute}`")
        elif _goes_in_circles(code, people):
            wrong(STAFF, staff[1], (*here, "substitute"), "the substitutes stand in for each other in a circle")


def _retention_faults(settings: Settings) -> list[tuple[tuple[str | int, ...], str]]:
    """Terms that are named and aren't there, or whose versions are not in the order of time."""
    terms = settings.retention.terms
    named: list[tuple[tuple[str | int, ...], list[str]]] = [(("retention", "default"), settings.retention.default)]
    named += [(("types", name, "keep"), kind.keep) for name, kind in settings.types.items()]
    found: list[tuple[tuple[str | int, ...], str]] = [
        (path, f"there is no `{name}` under retention.terms") for path, names in named for name in names if name not in terms
    ]
    for name, versions in terms.items():
        for index in range(1, len(versions)):
            before, start = versions[index - 1].from_, versions[index].from_
            if start is None or (before is not None and start <= before):
                found.append((("retention", "terms", name, index), "give a `from` that is later than that of the term before it"))
    return found


def _goes_in_circles(code: str, people: Mapping[str, Staff]) -> bool:
    """True if following substitutes from `code` comes back to `code`."""
    seen: set[str] = set()
    step = people[code].substitute
    while step is not None and step in people and step not in seen:
        if step == code:
            return True
        seen.add(step)
        step = people[step].substitute
    return False
