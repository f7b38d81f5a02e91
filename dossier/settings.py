"""config/*.yaml as strict models: what an office has set, and all that is wrong with it at once.

Three files make an `Office`: settings.yaml, clients.yaml, staff.yaml. Each is read as text (yamltext.py) and
given its meaning by the models below; `DOSSIER_MAIL__PORT=2525` overrides `mail.port`. Nothing here opens a
database or makes a folder. Who may do what is decided in people.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from dossier import item_types
from dossier.yamltext import Limits, Map, Plain, line_of, plain, read_map

CONFIG_LIMITS = Limits(bytes=64 * 1024 * 1024, depth=8, nodes=5_000_000)
"""Config is the office's own and may be large (10,000 clients), but is still read with limits."""

SETTINGS, CLIENTS, STAFF = "config/settings.yaml", "config/clients.yaml", "config/staff.yaml"


class ConfigurationError(Exception):
    """The configuration is wrong; `faults` are lines `file:line: key: message` (exit code 3)."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RootNotFound(ConfigurationError):
    """There is no office here: no config/settings.yaml in this folder or any above it."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _code(value: str) -> str:
    # It becomes a folder's name on every kind of file system, and must not look like one that is never taken.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value) or value.endswith("."):
        raise ValueError("use 1 to 64 letters a-z, digits, dots, dashes and underscores, beginning with a letter or digit")
    return value


def _one_line(value: str) -> str:
    if not value.strip() or any(character in value for character in "\r\n\0"):
        raise ValueError("give one line of text")
    return value.strip()


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>\"(),:;\[\]\\\x00-\x1f]+@[^@\s<>\"(),:;\[\]\\\x00-\x1f]+", value):
        raise ValueError("give an e-mail address such as name@office.example")
    return value


def _sender(value: str) -> str:
    try:
        _email(parseaddr(value)[1])
    except ValueError as error:
        raise ValueError("give a name and an address, such as Office <office@office.example>") from error
    return _one_line(value)


def _yes_no(value: object) -> object:
    if isinstance(value, str):
        if value.lower() in ("yes", "ja", "true"):
            return True
        if value.lower() in ("no", "nee", "false"):
            return False
    if isinstance(value, bool):
        return value
    raise ValueError("give yes or no")


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise ValueError("give an address or network such as 127.0.0.1 or 10.0.0.0/8") from None


Code = Annotated[str, AfterValidator(_code)]
Network = Annotated[str, AfterValidator(_network)]
Line = Annotated[str, AfterValidator(_one_line)]
Email = Annotated[str, AfterValidator(_email)]
YesNo = Annotated[bool, BeforeValidator(_yes_no, json_schema_input_type=bool)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Language = Literal["nl", "en"]


class Paths(Strict):
    inbox: Path = Path("inbox")
    """Where staff drop files, a folder for each client."""
    queue: Path = Path("var/queue")
    """Where approvers decide, a folder for each of them."""
    portal: Path = Path("var/portal")
    """What clients see, a folder for each."""
    vault: Path = Path("var/vault")
    """Every attachment ever accepted, by its SHA-256."""


class Database(Strict):
    url: Line = "sqlite:///var/dossier.db"
    """sqlite:///PATH (from the root), or postgresql://USER:PASSWORD@HOST/NAME."""


class Watch(Strict):
    mode: Literal["auto", "native", "polling"] = "auto"
    """auto polls on network file systems, else listens to the kernel."""
    settle_seconds: float = Field(1.0, ge=0, le=3600)
    """A file whose writer has closed it and that was quiet so long is whole."""
    poll_seconds: float = Field(5.0, gt=0, le=3600)
    """How often a polled inbox is looked at."""
    rescan_seconds: float = Field(60, gt=0, le=86400)
    """A full look, whatever the watcher said or missed."""


class Intake(Strict):
    wait_hours: float = Field(24, gt=0)
    """How long a drop may be incomplete before it is refused."""
    max_file_mb: int = Field(512, gt=0)
    """The largest file that is taken, in megabytes of 1,048,576 bytes."""
    max_files: int = Field(200, gt=0)
    """The most files in one drop."""
    without_sidecar: Literal["wait", "create"] = "wait"
    """wait for a sidecar, or create a private item named after the file."""
    blocked_types: list[Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]] = [
        "exe", "dll", "bat", "cmd", "com", "scr", "msi", "js", "vbs", "ps1", "jar", "lnk", "hta",
    ]  # fmt: skip
    """File types that are refused, by name or by content."""


class Items(Strict):
    statuses: list[Word] = Field(["new", "in_progress", "done", "closed"], min_length=1)
    """The statuses an item can have; a new one gets the first."""
    closed: list[Word] = ["closed"]
    """Statuses that freeze an item: nothing changes until an admin opens it again."""
    locations: list[Word] = []
    """Allowed dossier locations, as prefixes of paths; empty: any."""
    labels: list[Word] = []
    """Allowed labels; empty: any."""
    description_min: int = Field(8, ge=1, le=200)
    """The least characters of a description."""


class Sharing(Strict):
    choose_attachments: Literal["ask", "all", "none"] = "ask"
    """ask: a shared item must say for each attachment whether it is shared; all; none."""
    four_eyes: YesNo = True
    """Who made an item may not approve it."""
    guard: Literal["hold", "warn", "off"] = "hold"
    """The wrong-client guard: hold makes the item a concept, warn tells the maker."""
    remind_hours: float = Field(24, gt=0)
    """After so many hours a waiting approver is reminded."""
    escalate_hours: float = Field(72, gt=0)
    """After so many hours the substitute, else every admin, is told."""


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", value):
        raise ValueError("give a time from 00:00 to 24:00, such as 08:30")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("there is no such time zone; give one such as Europe/Amsterdam") from None
    return value


Time = Annotated[str, AfterValidator(_time)]


class OfficeHours(Strict):
    """When approvers may be reminded. As it is by default: always."""

    days: list[Day] = list(DAYS)
    """Working days: mon, tue, wed, thu, fri, sat, sun."""
    from_: Time = Field("00:00", alias="from")
    until: Time = "24:00"
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    """Such as Europe/Amsterdam; without it that of the machine. The days of `away` in staff.yaml go by it, too."""
    holidays: list[date] = []
    """Days, such as 2026-12-25, on which nobody is reminded."""

    @model_validator(mode="after")
    def _in_order(self) -> OfficeHours:
        if self.until <= self.from_:
            raise ValueError("`until` must be later on the day than `from`")
        return self


class Identity(Strict):
    trust_sidecar: YesNo = False
    """yes: `created_by` is believed; no: the owner of the file decides."""


class Mail(Strict):
    host: Line = "localhost"
    """The mail server that takes what this office sends."""
    port: int = Field(25, ge=1, le=65535)
    """25 for a server of one's own, 587 with starttls, 465 with tls."""
    security: Literal["none", "starttls", "tls"] = "none"
    """starttls: encrypted after the greeting; tls: from the start. The server's certificate is checked."""
    username: Line | None = None
    """Who logs in; without it nobody does."""
    password_env: Line = "DOSSIER_MAIL_PASSWORD"
    """The environment variable that holds the password."""
    sender: Annotated[str, AfterValidator(_sender)] = "Office <office@office.example>"
    """Name and address that mails come from."""
    max_attempts: int = Field(8, ge=1)
    """A mail that still isn't accepted after so many tries has failed."""


class Alarms(Strict):
    """What the admins are told by mail."""

    free_mb: int = Field(1024, ge=0)
    """Less room than this, in megabytes of 1,048,576 bytes, on a disk that the office uses raises an alarm."""
    rejected_hours: float = Field(24, gt=0)
    """A refused drop that nobody looked at for so long raises an alarm."""


class Portal(Strict):
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")] = "http://localhost:8080"
    """Where clients reach the portal; links in mails begin with it."""
    title: Line = "Client portal"
    host: Line = "127.0.0.1"
    """The address that `dossier portal` listens on; 0.0.0.0 or ::, and everybody who reaches this machine reaches it."""
    port: int = Field(8080, ge=1, le=65535)
    """The port that `dossier portal` listens on."""
    certificate: Path | None = None
    """A TLS certificate with its chain (PEM), for `dossier portal` without a web server in front; given with `key`."""
    key: Path | None = None
    """The private key of `certificate` (PEM, not encrypted)."""
    trusted_proxies: list[Network] = []
    """Web servers in front of `dossier portal`, as addresses or networks: their X-Forwarded-For is believed."""
    session_hours: float = Field(8, gt=0, le=720)
    """After so many hours a contact logs in again; after an hour without a click as well."""
    remind_contact_days: float = Field(7, ge=0)
    """A contact who was told of an item and has not opened it for so many days is reminded, once; 0: never.
    Only where `dossier portal` is used: otherwise nobody knows what was opened."""


class Trail(Strict):
    anchors_to: Email | None = None
    """Who gets the trail's daily anchor by mail: a mailbox that nobody who can write to the database can write to."""


FieldKind = Literal["text", "date"] | Annotated[list[Word], Field(min_length=1)]


class ItemType(Strict):
    share: Literal["never", "approval", "free"] = "free"
    """never: such an item can't be shared, and no client ever hears of it; approval: only as a concept; free: as the maker's rights allow."""
    staff: list[Code] | None = None
    """Who may make such items and know of them, besides admins; without it, all staff."""
    required: list[Word] = []
    """Keys that an item of this type must have, by their English or Dutch names."""
    fields: dict[Word, FieldKind] = {}
    """Extra keys: text, date, or the list of choices."""
    labels: list[Word] = []
    """The labels that such an item can have; empty: those of items.labels."""
    review_months: int | None = Field(None, gt=0)
    """So many months after it was made or last changed an item must be looked at again, and whoever made it gets a mail."""
    review_field: Word | None = None
    """The date field that says instead when an item must be looked at again."""
    keep_years: int | None = Field(None, gt=0)


class Settings(Strict):
    """settings.yaml: firm-wide settings."""

    paths: Paths = Paths()
    database: Database = Database()
    watch: Watch = Watch()
    intake: Intake = Intake()
    items: Items = Items()
    sharing: Sharing = Sharing()
    office_hours: OfficeHours = OfficeHours()
    identity: Identity = Identity()
    mail: Mail = Mail()
    alarms: Alarms = Alarms()
    portal: Portal = Portal()
    trail: Trail = Trail()
    types: dict[Word, ItemType] = {}
    """Kinds of item with rules of their own."""


class Contact(Strict):
    id: Code
    name: Line
    email: Email
    language: Language | None = None
    """nl or en; without it the client's."""
    active: YesNo = True
    """no: has left; gets no mail any more."""
    notify: Literal["each", "digest"] = "each"
    """each: a mail for each item; digest: at most one mail an hour, with all that came."""


class Client(Strict):
    name: Line
    language: Language = "nl"
    """nl or en: portal pages and mail."""
    active: YesNo = True
    """no: no more drops, and nothing on the portal."""
    portal: YesNo = True
    """no: nothing of this client can be shared, and what was is taken off."""
    default_approver: Code | None = None
    identifiers: list[Line] = []
    """Registration numbers by which the wrong-client guard knows this client, such as "KvK 12345678"."""
    contacts: list[Contact] = []


class Away(Strict):
    from_: date = Field(alias="from")
    until: date
    """The last day away."""


Right = Literal["create", "share", "approve", "admin"]


class Staff(Strict):
    name: Line
    email: Email
    os_user: Line | None = None
    """Whose files and commands these are, by the operating system."""
    rights: list[Right] = []
    clients: Literal["all"] | list[Code] = "all"
    """all, or a list of client codes."""
    language: Language = "nl"
    """nl or en: the mails this person gets."""
    active: YesNo = True
    """no: has left; may do nothing, and nothing waits for this person."""
    substitute: Code | None = None
    """Who decides while this person is away."""
    away: Away | None = None
    digest: YesNo = False
    """yes: one mail a day with all that waits for this person, at the beginning of the office's day, in place of reminders."""


class Clients(Strict):
    """clients.yaml: clients and their contacts."""

    clients: dict[Code, Client]


class StaffList(Strict):
    """staff.yaml: staff, rights, substitutes."""

    staff: dict[Code, Staff]


MODELS: dict[str, type[Strict]] = {"settings": Settings, "clients": Clients, "staff": StaffList}


@dataclass(frozen=True, slots=True)
class Office:
    """An office as it is configured. `root` is absolute, and so is every path that the methods give."""

    root: Path
    settings: Settings
    clients: dict[str, Client]
    staff: dict[str, Staff]

    @property
    def inbox(self) -> Path:
        return self.root / self.settings.paths.inbox

    @property
    def queue(self) -> Path:
        return self.root / self.settings.paths.queue

    @property
    def portal(self) -> Path:
        return self.root / self.settings.paths.portal

    @property
    def vault(self) -> Path:
        return self.root / self.settings.paths.vault

    @property
    def var(self) -> Path:
        """What the daemon keeps for itself: its lock, its staging, its log."""
        return self.root / "var"


def find_root(start: Path, given: Path | None, environ: Mapping[str, str]) -> Path:
    """The office's folder: `given`, else DOSSIER_ROOT, else the nearest folder above `start` with config/settings.yaml.

    Raises RootNotFound.
    """
    named = given or (Path(environ["DOSSIER_ROOT"]) if environ.get("DOSSIER_ROOT") else None)
    if named is not None:
        if not (named / SETTINGS).is_file():
            raise RootNotFound([f"{named / SETTINGS}:0: there is no such file; make an office with: dossier init {named}"])
        return named.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder.resolve()
    raise RootNotFound([f"no {SETTINGS} in {start} or above it; go to an office's folder, give --root, or: dossier init"])


def load_office(root: Path, environ: Mapping[str, str]) -> Office:
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
    known = {field.alias or key for model in _all_models() for key, field in model.model_fields.items()}
    near = difflib.get_close_matches(str(steps[-1]), sorted(known), n=1, cutoff=0.75)
    return f"; did you mean `{near[0]}`?" if near else ""


def _all_models() -> list[type[Strict]]:
    return [
        Settings,
        Paths,
        Database,
        Watch,
        Intake,
        Items,
        Sharing,
        OfficeHours,
        Identity,
        Mail,
        Alarms,
        Portal,
        Trail,
        ItemType,
        Client,
        Contact,
        Staff,
        Away,
    ]


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
        if person.away and person.away.until < person.away.from_:
            wrong(STAFF, staff[1], (*here, "away"), "`until` is before `from`")
        if person.substitute and person.substitute not in people:
            wrong(STAFF, staff[1], (*here, "substitute"), f"there is no staff member `{person.substitute}`")
        elif _goes_in_circles(code, people):
            wrong(STAFF, staff[1], (*here, "substitute"), "the substitutes stand in for each other in a circle")


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
