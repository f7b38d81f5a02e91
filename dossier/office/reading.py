"""Reading config/*.yaml: the text (yamltext.py), its meaning (keys.py), and all that is wrong.

`DOSSIER_MAIL__PORT=2525` overrides `mail.port`. Nothing here opens a database or makes a folder.
"""

from __future__ import annotations

import difflib
import os.path
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dossier.office import fingerprint, item_types, presets
from dossier.office.compacting import compacted
from dossier.office.key_types import UnfitValue
from dossier.office.keys import Client, Clients, Settings, Staff, StaffList, Strict
from dossier.office.office import Office
from dossier.office.terms import CLIENTS, SETTINGS, STAFF, ConfigFault, ConfigurationError, Language
from dossier.text import system
from dossier.text.database_address import SQLITE
from dossier.text.names import printable
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault, Limits, List, Map, Node, Plain, cut_off, is_whole, line_of, plain, read_map

CONFIG_LIMITS = Limits(bytes=64 * 1024 * 1024, depth=8, nodes=5_000_000)
"""Config is the office's own and may be large (10,000 clients), but is still read with limits."""


def read_office(root: Path, environ: Mapping[str, str]) -> Office:
    """Read and check all of config/. Raises ConfigurationError with every fault, in order."""
    faults: list[ConfigFault] = []
    overrides = _overrides(environ, faults)
    settings = _load(root, SETTINGS, Settings, faults, overrides)
    clients = _load(root, CLIENTS, Clients, faults)
    staff = _load(root, STAFF, StaffList, faults)
    if settings and clients and staff:
        _check_references(root, settings, clients, staff, faults, overrides)
    if faults or not (settings and clients and staff):
        in_order = sorted(faults, key=lambda fault: (fault.file, fault.line or 0))
        raise ConfigurationError(in_order, _language_of(root, settings[0] if settings else None))
    return Office(root, settings[0], compacted(clients[0].clients), compacted(staff[0].staff))


def _language_of(root: Path, settings: Settings | None) -> Language:
    """The office's language, also where its settings can't be taken as they are."""
    if settings is not None:
        return settings.office.language
    try:
        values: Any = plain(read_map(fingerprint.content(root / SETTINGS), CONFIG_LIMITS)[0])
        return "nl" if values["office"]["language"] == "nl" else "en"
    except (OSError, KeyError, TypeError):
        return "en"


M = TypeVar("M", bound=Strict)


def _load(
    root: Path, name: str, model: type[M], faults: list[ConfigFault], overrides: Mapping[tuple[str, ...], Plain] | None = None
) -> tuple[M, Map] | None:
    """One file as its model, with its tree; or None, its faults added to `faults`."""
    path = root / name
    try:
        data = fingerprint.content(path)
    except FileNotFoundError:
        faults.append(ConfigFault(name, 0, "", sentence("config.lacks", root=shlex.quote(str(root)))))
        return None
    except fingerprint.NoFile:
        faults.append(ConfigFault(name, 0, "", sentence("config.no_file")))
        return None
    except OSError as error:
        faults.append(ConfigFault(name, 0, "", sentence("config.unreadable", error=system.why(error))))
        return None
    tree, found = read_map(data, CONFIG_LIMITS)
    told = {fault.line for fault in found}
    found += [fault for fault in _cut_off_names(tree) if name != SETTINGS and fault.line not in told]
    faults += [ConfigFault(name, fault.line, "", fault.message) for fault in found]
    values = _without_nulls(plain(tree))
    for path_, value in (overrides or {}).items():
        if not _put(values, path_, value):
            faults.append(ConfigFault(_variable(path_), None, ".".join(path_), sentence("config.no_such_key")))
    try:
        loaded = model.model_validate(values)
    except ValidationError as error:
        end = None if is_whole(found) else _end_of(tree)
        details = [one for one in error.errors(include_url=False) if end is None or not _follows(one, end)]
        details = [one for one in details if not _is_told_by_another(one, details, model)]
        faults += [describe(name, tree, detail, model, overrides or {}) for detail in details]
        return None
    return None if found else (loaded, tree)


def _end_of(tree: Node) -> Place:
    """What leads to the last that was read."""
    if isinstance(tree, Map) and tree.entries:
        key = next(reversed(tree.entries))
        return key, *_end_of(tree.entries[key].node)
    return (len(tree.items) - 1, *_end_of(tree.items[-1])) if isinstance(tree, List) and tree.items else ()


def _follows(detail: ErrorDetails, end: Place) -> bool:
    """True of a fault that is there because the reading ended at `end`: the rest is missing, and
    what was being read is half."""
    return detail["type"] == "missing" or end[: len(detail["loc"])] == detail["loc"]


def _is_told_by_another(detail: ErrorDetails, details: Sequence[ErrorDetails], model: type[Strict]) -> bool:
    """True of a key that is missing because it is misspelt, and of one side of `all, or a list`."""
    form = str(detail["loc"][-1]) if detail["loc"] else ""
    if form.startswith("literal["):
        return isinstance(detail["input"], list)  # what is wrong in the list is told
    if detail["type"] == "missing":
        here = detail["loc"][:-1]
        misspelt = (one["loc"] for one in details if one["type"] == "extra_forbidden" and one["loc"][:-1] == here)
        return any(_near(_steps(place), model) == form for place in misspelt)
    return detail["type"] == "list_type" and form.startswith("list[")


def _cut_off_names(node: Node, key: str = "") -> Iterator[Fault]:
    """Names that `#` cuts off, as in `Bakkerij #1`. With a blank behind it, a comment is meant."""
    if isinstance(node, Map):
        for word, entry in node.entries.items():
            yield from _cut_off_names(entry.node, word)
    elif isinstance(node, List):
        for item in node.items:
            yield from _cut_off_names(item, key)
    elif node.comment is not None and key in ("name", "identifiers") and node.comment[1:2].strip("# "):
        yield Fault(node.line, cut_off(key, node))


def _without_nulls(value: object) -> object:
    """A key with nothing behind it was not given: a commented-out section keeps its defaults."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _put(values: Any, path: tuple[str, ...], value: Plain) -> bool:
    """False if it leads to within what is no mapping, and so is nothing."""
    for step in path[:-1]:
        values = values.setdefault(step, {})
        if not isinstance(values, dict):
            return False
    values[path[-1]] = value
    return True


def _variable(path: tuple[str, ...]) -> str:
    """How a fault calls the variable that overrides this."""
    return f"environment:DOSSIER_{'__'.join(path).upper()}"


def _overrides(environ: Mapping[str, str], faults: list[ConfigFault]) -> dict[tuple[str, ...], Plain]:
    """`DOSSIER_MAIL__PORT=2525` in the environment is mail.port. Lists and mappings are YAML."""
    found: dict[tuple[str, ...], Plain] = {}
    for name, text in sorted(environ.items()):
        path = tuple(part.lower() for part in name.removeprefix("DOSSIER_").split("__"))
        if not name.startswith("DOSSIER_") or (len(path) == 1 and path[0] not in Settings.model_fields):
            continue
        if not text.startswith(("[", "{")):
            found[path] = text
            continue
        tree, wrong = read_map(b"value: " + text.encode())
        faults += [ConfigFault(f"environment:{name}", None, "", fault.message) for fault in wrong]
        found[path] = plain(tree.entries["value"].node) if "value" in tree.entries else None
    return found


_TOLD: dict[str, str] = {
    "extra_forbidden": "config.no_such_key",
    "missing": "config.required",
    "int_parsing": "config.whole_number",
    "int_type": "config.whole_number",
    "float_parsing": "config.number",
    "float_type": "config.number",
    "list_type": "config.list",
    "dict_type": "config.mapping",
    "model_type": "config.mapping",
    "string_type": "config.text",
    "too_short": "config.at_least_one",
    "string_too_short": "config.text",
    "date_from_datetime_parsing": "config.date",
    "date_from_datetime_inexact": "config.date",
    "date_parsing": "config.date",
    "date_type": "config.date",
    "path_type": "config.text",
    "string_pattern_mismatch": "config.web_address",
}
"""What pydantic calls a fault → what is told of it."""

_LIMITS = {
    "greater_than": ("config.greater", "gt"),
    "greater_than_equal": ("config.greater_or_equal", "ge"),
    "less_than": ("config.less", "lt"),
    "less_than_equal": ("config.less_or_equal", "le"),
}


def describe(
    name: str,
    tree: Map,
    detail: ErrorDetails,
    model: type[Strict],
    overrides: Mapping[tuple[str, ...], Plain] = MappingProxyType({}),
) -> ConfigFault:
    """One of pydantic's errors, with the place where it was written."""
    steps = _steps(detail["loc"])
    if detail["type"] == "missing" and _says(tree, steps):
        return _fault_at(name, tree, steps, sentence("config.empty"), overrides)
    return _fault_at(name, tree, steps, _message(detail, steps, model), overrides)


def _steps(place: Sequence[int | str]) -> list[int | str]:
    """The keys and indices alone: the key of a mapping has "[key]" behind it; a choice of models
    has the choice's name in it."""
    return [step for step in place if step != "[key]" and not str(step).startswith(("literal[", "list["))]


def _fault_at(
    name: str, tree: Map, steps: Sequence[int | str], message: Sentence | str, overrides: Mapping[tuple[str, ...], Plain]
) -> ConfigFault:
    """What is wrong there, with the place where it was written: a line, or a variable."""
    key = ".".join(map(str, steps))
    for path in overrides:
        length = min(len(path), len(steps))
        if tuple(map(str, steps[:length])) == path[:length] and (length == len(path) or not _says(tree, steps)):
            return ConfigFault(_variable(path), None, key, message)
    return ConfigFault(name, line_of(tree, steps), key, message)


def _says(tree: Node, steps: Sequence[int | str]) -> bool:
    """True if the file has what these keys lead to."""
    for step in steps:
        if not (isinstance(tree, Map) and step in tree.entries):
            return False
        tree = tree.entries[str(step)].node
    return True


def _message(detail: ErrorDetails, steps: Sequence[int | str], model: type[Strict]) -> Sentence | str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error" and isinstance(context["error"], UnfitValue):
        return context["error"].sentence
    if kind == "literal_error":
        *others, last = re.findall("'([^']*)'", str(context["expected"]))
        said = printable(str(detail["input"])[:60])
        code = "config.choice" if others else "config.only_choice"
        if str(detail["loc"][-1]).startswith("literal["):
            code = f"{code}_or_list"
        return sentence(code, said=said, others=", ".join(others), last=last)
    if kind in _LIMITS:
        code, limit = _LIMITS[kind]
        return sentence("config.number_between", how=Sentence(code), limit=context[limit])
    if kind == "extra_forbidden":
        return _unknown(steps, model)
    return Sentence(_TOLD[kind]) if kind in _TOLD else detail["msg"]


def _unknown(steps: Sequence[int | str], model: type[Strict]) -> Sentence:
    """Of a key that there is none of: which was perhaps meant, or where it belongs."""
    word = str(steps[-1])
    if near := _near(steps, model):
        return sentence("config.no_such_key_near", near=near)
    places = [key for key, kind in _fields(model).items() if word in _fields(kind)]
    return sentence("config.belongs_under", place=places[0]) if len(places) == 1 else sentence("config.no_such_key")


def _near(steps: Sequence[int | str], model: type[Strict]) -> str | None:
    """The key that was perhaps meant."""
    here = _fields(_within(model, steps[:-1]))
    return next(iter(difflib.get_close_matches(str(steps[-1]), sorted(here), n=1, cutoff=0.75)), None)


def _within(kind: object, steps: Sequence[int | str]) -> object:
    """What these keys and indices lead to, as a type; None if it can't be told."""
    for step in steps:
        fields = _fields(kind)
        kind = fields.get(str(step)) if fields else next(iter(get_args(_without_none(kind))[-1:]), None)
    return kind


def _fields(kind: object) -> dict[str, object]:
    """The keys of a model, each with its type; none of anything else."""
    kind = _without_none(kind)
    if not (isinstance(kind, type) and issubclass(kind, Strict)):
        return {}
    return {field.alias or key: field.annotation for key, field in kind.model_fields.items()}


def _without_none(kind: object) -> object:
    """`X` of `X | None`."""
    return next((one for one in get_args(kind) if one is not type(None)), kind) if type(None) in get_args(kind) else kind


Place = tuple[str | int, ...]
Faults = Iterator[tuple[Place, Sentence]]
"""(keys and indices that lead to the place, what is wrong there)."""


def _check_references(
    root: Path,
    settings: tuple[Settings, Map],
    clients: tuple[Clients, Map],
    staff: tuple[StaffList, Map],
    faults: list[ConfigFault],
    overrides: Mapping[tuple[str, ...], Plain],
) -> None:
    """What keys say of each other: approvers exist, ids are unique, `closed` are statuses."""
    people, customers = staff[0].staff, clients[0].clients
    for name, tree, found in (
        (SETTINGS, settings[1], chain(_faults_of_places(root, settings[0]), _faults_of_settings(settings[0], people))),
        (CLIENTS, clients[1], _faults_of_clients(customers, people)),
        (STAFF, staff[1], _faults_of_staff(people, customers)),
    ):
        own = overrides if name == SETTINGS else {}
        faults += [_fault_at(name, tree, path, message, own) for path, message in found]


def _faults_of_places(root: Path, settings: Settings) -> Faults:
    """What lies in the portal's folder: clients see it, and `verify --repair` moves it away."""
    paths, url = settings.paths, settings.database.url
    if not isinstance(paths.portal, Path):
        return
    portal = os.path.normpath(root / paths.portal)
    for name in ("config", "var"):
        if (root / name).is_relative_to(portal):
            yield ("paths", "portal"), sentence("config.portal_holds", name=name)
            return
    places: dict[Place, str | Path] = {("paths", "inbox"): paths.inbox, ("paths", "queue"): paths.queue}
    if isinstance(paths.vault, Path):
        places["paths", "vault"] = paths.vault
    if url.startswith(SQLITE):
        places["database", "url"] = url.removeprefix(SQLITE)
    for key, place in places.items():
        if Path(os.path.normpath(root / place)).is_relative_to(portal):
            yield key, sentence("config.within_the_portal", portal=str(paths.portal))


def _faults_of_settings(settings: Settings, people: Mapping[str, Staff]) -> Faults:
    if (settings.portal.certificate is None) != (settings.portal.key is None):
        yield ("portal",), sentence("config.certificate_and_key")
    if settings.desk.certificate is None and settings.desk.key is not None:  # earlier versions took a file with both
        yield ("desk",), sentence("config.certificate_and_key")
    for name, path, message in item_types.faults(settings.types, settings.items.labels, people):
        yield ("types", name, *path), message
    for name, hook in settings.webhooks.items():
        if hook.for_ not in people:
            yield ("webhooks", name, "for"), sentence("config.no_such_person", person=hook.for_)
    for name, path, message in presets.faults(settings, people):
        yield ("presets", name, *path), message
    yield from _faults_of_terms(settings)
    for status in settings.items.closed if "closed" in settings.items.model_fields_set else ():
        if status not in settings.items.statuses:
            yield ("items", "closed"), sentence("config.no_such_status", status=status)


def _faults_of_terms(settings: Settings) -> Faults:
    """Terms that are named and aren't there, or whose versions are not in the order of time."""
    terms = settings.retention.terms
    named: list[tuple[Place, list[str]]] = [(("retention", "default"), settings.retention.default)]
    named += [(("types", name, "keep"), kind.keep) for name, kind in settings.types.items()]
    for path, names in named:
        yield from ((path, sentence("config.no_such_term", term=name)) for name in names if name not in terms)
    for name, versions in terms.items():
        for index, (version, later) in enumerate(pairwise(versions), 1):
            if later.from_ is None or (version.from_ is not None and later.from_ <= version.from_):
                yield ("retention", "terms", name, index), sentence("config.terms_out_of_order")


def _faults_of_clients(clients: Mapping[str, Client], people: Mapping[str, Staff]) -> Faults:
    folded: dict[str, str] = {}
    for code, client in clients.items():
        here, approver = ("clients", code), client.default_approver
        if (first := folded.setdefault(code.casefold(), code)) != code:
            yield here, sentence("config.differs_in_capitals", other=first)
        if approver and approver not in people:
            yield (*here, "default_approver"), sentence("config.no_such_person", person=approver)
        ids = [contact.id for contact in client.contacts]
        for index, contact in enumerate(ids):
            if contact in ids[:index]:
                yield (*here, "contacts", index, "id"), sentence("config.twice", what=contact)


def _faults_of_staff(people: Mapping[str, Staff], clients: Mapping[str, Client]) -> Faults:
    users: dict[str | None, str] = {}
    subjects: dict[str | None, str] = {}
    for code, person in people.items():
        here, user = ("staff", code), person.os_user
        if (first := users.setdefault(user, code)) != code and user:
            yield (*here, "os_user"), sentence("config.os_user_taken", user=user, person=first)
        if (first := subjects.setdefault(person.oidc_subject, code)) != code and person.oidc_subject:
            yield (*here, "oidc_subject"), sentence("config.subject_taken", person=first)
        for client in person.clients if isinstance(person.clients, list) else []:
            if client not in clients:
                yield (*here, "clients"), sentence("config.no_such_client", client=client)
        if "admin" in person.rights and person.clients != "all":
            yield (*here, "clients"), sentence("config.admin_has_all")
        if person.away and person.away.until < person.away.from_:
            yield (*here, "away"), sentence("config.away_ends_first")
        if person.substitute and person.substitute not in people:
            yield (*here, "substitute"), sentence("config.no_such_person", person=person.substitute)
        elif _goes_in_circles(code, people):
            yield (*here, "substitute"), sentence("config.substitutes_in_a_circle")


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
