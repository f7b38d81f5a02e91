"""config/*.yaml as strict pydantic models: every key, what it takes, what it is when it is left
out.

The docstring under a field is its line in the reference and in the JSON Schemas. What a text or a
number must look like is in key_types.py; how the files are read, and what one key says about
another, in reading.py.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from dossier.office.key_types import (
    Code,
    Days,
    Email,
    Endpoint,
    Folder,
    Hours,
    Line,
    Machine,
    Months,
    Network,
    Phone,
    Place,
    ReplyTo,
    Scanner,
    Sender,
    UnfitValue,
    WholeDays,
    Word,
    YesNo,
    like,
)
from dossier.office.terms import DAYS, ENGLISH, Day, Language, Right
from dossier.text import database_address


def _title(model: type[object]) -> str:
    """What an editor calls a group of keys: `Mail`, not `MailSettings`."""
    return model.__name__.removesuffix("Settings") or "Settings"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, model_title_generator=_title)


class Paths(Strict):
    inbox: Folder = Path("inbox")
    """Where staff drop files, a folder for each client."""
    queue: Folder = Path("var/queue")
    """Where approvers decide, a folder for each of them."""
    portal: Place = Path("var/portal")
    """What clients see, a folder for each; or s3://BUCKET/PREFIX, see `store`."""
    vault: Place = Path("var/vault")
    """Every attachment ever accepted, by its SHA-256: a folder, or s3://BUCKET/PREFIX, see
    `store`."""

    @model_validator(mode="after")
    def _apart(self) -> Paths:
        portal, vault = f"{self.portal}/", f"{self.vault}/"
        if (
            isinstance(self.portal, str)
            and isinstance(self.vault, str)
            and (portal.startswith(vault) or vault.startswith(portal))
        ):
            raise UnfitValue("config.store_within")
        return self


class StoreSettings(Strict):
    """How the object store of `paths` is reached, if a path begins with s3://. Its keys are in the
    environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or in `credentials_file`, never here."""

    endpoint: Endpoint | None = None
    """The store's address, such as https://s3.office.example; without one it is Amazon's."""
    region: Line | None = None
    """The region of the bucket, where the store has regions."""
    path_style: YesNo = False
    """yes: the bucket is named in the path and not in the host's name, as most stores of one's own
    need it."""
    credentials_file: Path | None = None
    """A file that only the daemon can read, in the form of ~/.aws/credentials: [default],
    aws_access_key_id, aws_secret_access_key."""


def _database(value: str) -> str:
    if not database_address.is_address(value.strip()):
        raise UnfitValue("config.database")
    return value.strip()


class DatabaseSettings(Strict):
    url: Annotated[str, AfterValidator(_database)] = "sqlite:///var/dossier.db"
    """sqlite:///PATH (from the root), or postgresql://USER:PASSWORD@HOST/NAME."""


class WatchSettings(Strict):
    mode: Literal["auto", "native", "polling"] = "auto"
    """auto polls on network file systems, else listens to the kernel."""
    settle_seconds: float = Field(1.0, ge=0, le=3600)
    """A file whose writer has closed it and that was quiet so long is whole."""
    folder_settle_seconds: float = Field(5, ge=0, le=3600)
    """A folder drop without a list of its files is whole when nothing came to the folder for so
    long."""
    poll_seconds: float = Field(5.0, gt=0, le=3600)
    """How often a polled inbox is looked at; a client's folder in which nothing was put for an
    hour, every third time."""
    rescan_seconds: float = Field(60, gt=0, le=86400)
    """A full look, whatever the watcher said or missed; a folder whose time stamp did not change is
    listed every fifth time."""


def _ending(value: str) -> str:
    """As names end: `.exe` and `*.exe` are exe."""
    return value.removeprefix("*").lstrip(".") or value


class IntakeSettings(Strict):
    wait_hours: Hours = Field(24, gt=0)
    """How long a drop may be incomplete before it is refused."""
    max_file_mb: int = Field(512, gt=0)
    """The largest file that is taken, in megabytes of 1,048,576 bytes."""
    max_files: int = Field(200, gt=0)
    """The most files in one drop."""
    without_sidecar: Literal["wait", "create"] = "wait"
    """wait for a sidecar, or create a private item named after the file."""
    create_after_seconds: float = Field(60, ge=0)
    """With `create`: so long after it is whole, a file still waits for a sidecar."""
    unfinished_minutes: float = Field(10, ge=0)
    """A file that its own format calls unfinished (a PDF without its end, say) waits so long for
    the rest. Then it is taken with a warning, and what was to be shared outright becomes a
    concept."""
    blocked_types: list[
        Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1), AfterValidator(_ending)]
    ] = [
        "exe", "dll", "bat", "cmd", "com", "scr", "msi", "js", "vbs", "ps1", "jar", "lnk", "hta",
    ]  # fmt: skip
    """File types that are refused, by name or by content."""
    macros: Literal["take", "warn", "refuse"] = "warn"
    """Office files with macros: take them; say so in the receipt; or refuse them."""
    make_folders: YesNo = True
    """yes: the daemon makes the inbox folder of each active client that has none, with the inbox's
    owner, group and rights."""
    help_files: YesNo = True
    """yes: `_staff.txt` in the inbox and `_client.txt` in each client's folder tell names and
    codes, and are kept up to date."""
    clamd: Scanner | None = None
    """Where the virus scanner clamd listens, `unix:/run/clamav/clamd.ctl` or `tcp:HOST:PORT`;
    without it nothing is scanned. Its StreamMaxLength must be over max_file_mb, and
    `AlertExceedsMax yes` makes it say what it did not look at."""


class ItemsSettings(Strict):
    statuses: list[Word] = Field(["new", "in_progress", "done", "closed"], min_length=1)
    """The statuses an item can have; a new one gets the first."""
    closed: list[Word] = ["closed"]
    """Statuses that freeze an item: nothing changes until an admin opens it again. Left out:
    `closed`, where there is a status of that name."""
    locations: list[Word] = []
    """Allowed dossier locations, as prefixes of paths; empty: any."""
    labels: list[Word] = []
    """Allowed labels; empty: any."""
    description_min: int = Field(8, ge=1, le=200)
    """The least characters of a description."""
    bin_days: WholeDays = Field(35, ge=0)
    """How many days a deleted item can be taken out of the bin, before an admin's `retention run`
    removes it for good."""
    due_days: int = Field(14, ge=0, le=366)
    """So many days before a date its owner is told of it for the first time, and it stands in the
    lists of what is due."""


class SharingSettings(Strict):
    choose_attachments: Literal["ask", "all", "none"] = "ask"
    """ask: a shared item must say for each attachment whether it is shared; all; none."""
    four_eyes: YesNo = True
    """Who made an item may not approve it."""
    guard: Literal["hold", "warn", "off"] = "hold"
    """The wrong-client guard: hold makes the item a concept, warn tells the maker."""
    guard_unread: Literal["share", "hold"] = "share"
    """What the guard can't read (a scan, a password): share it and say so, or hold it as a
    concept."""
    guard_ocr: Literal["off", "tesseract"] = "off"
    """tesseract: the guard reads scans and pictures as well, where that program is installed; some
    seconds a page."""
    remind_hours: Hours = Field(24, gt=0)
    """After so many hours a waiting approver is reminded."""
    escalate_hours: Hours = Field(72, gt=0)
    """After so many hours the substitute, else every admin, is told."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise UnfitValue("config.time_zone") from None
    return value


Time = Annotated[str, like(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", "config.time")]


def _country(code: str) -> str:
    import holidays

    if code not in holidays.list_supported_countries():
        raise UnfitValue("config.country")
    return code


class OfficeHours(Strict):
    """When approvers may be reminded. As it is by default: always."""

    days: list[Day] = list(DAYS)
    """Working days: mon, tue, wed, thu, fri, sat, sun."""
    from_: Time = Field("00:00", alias="from")
    """When such a day begins, as 08:30."""
    until: Time = "24:00"
    """When it ends."""
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    """Such as Europe/Amsterdam; without it that of the machine. The days of `away` in staff.yaml go
    by it, too."""
    country: Annotated[str, AfterValidator(_country)] | None = None
    """Such as NL: on the public holidays of this country nobody is reminded."""
    holidays: list[date] = []
    """Other days, such as 2026-12-24, on which nobody is reminded."""

    @model_validator(mode="after")
    def _in_order(self) -> OfficeHours:
        if self.until <= self.from_:
            raise UnfitValue("config.until_first")
        return self


class IdentitySettings(Strict):
    trust_sidecar: YesNo = False
    """yes: `created_by` is believed; no: the owner of the file decides."""
    file_owners: list[Line] = []
    """Accounts of the operating system, a scanner's for one, whose files count as the sidecar
    owner's. Other people's files are not shared outright."""


class MailSettings(Strict):
    host: Line = "localhost"
    """The mail server that takes what this office sends."""
    port: int = Field(25, ge=1, le=65535)
    """25 for a server of one's own, 587 with starttls, 465 with tls."""
    security: Literal["none", "starttls", "tls"] = "none"
    """starttls: encrypted after the greeting; tls: from the start. The server's certificate is
    checked."""
    username: Line | None = None
    """Who logs in; without it nobody does."""
    password_env: Line = "DOSSIER_MAIL_PASSWORD"
    """The environment variable that holds the password."""
    sender: Sender = "Office <office@office.example>"
    """Name and address that mails come from."""
    reply_to: ReplyTo | None = None
    """Where answers go, such as Reception <info@office.example>; without it, to the sender."""
    helo: Machine | None = None
    """The name by which this machine greets the mail server; without it, its own full name if it
    has one, else the sender's domain."""
    max_attempts: int = Field(8, ge=1)
    """A mail that still isn't accepted after so many tries has failed."""


class AlarmsSettings(Strict):
    """What the admins are told by mail."""

    free_mb: int = Field(1024, ge=0)
    """Less room than this, in megabytes of 1,048,576 bytes, on a disk that the office uses raises
    an alarm."""
    rejected_hours: Hours = Field(24, gt=0)
    """A refused drop that nobody looked at for so long raises an alarm."""
    backup_hours: Hours = Field(36, gt=0)
    """So long after the last backup, once there was one, the next should have been made: an
    alarm."""


class BackupSettings(Strict):
    folder: Annotated[Line, like("/.*", "config.whole_path")] | None = None
    """Where `dossier backup` puts backups when it is not told a folder, such as /mnt/backup/office;
    best on another disk."""


class PortalSettings(Strict):
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")] = "http://localhost:8080"
    """Where clients reach the portal; links in mails begin with it."""
    title: Line = "Client portal"
    """What the portal is called, on its pages and in mails."""
    host: Line = "127.0.0.1"
    """The address that `dossier portal` listens on; 0.0.0.0 or ::, and everybody who reaches this
    machine reaches it."""
    port: int = Field(8080, ge=1, le=65535)
    """The port that `dossier portal` listens on."""
    certificate: Path | None = None
    """A TLS certificate with its chain (PEM), for `dossier portal` without a web server in front;
    given with `key`."""
    key: Path | None = None
    """The private key of `certificate` (PEM, not encrypted)."""
    trusted_proxies: list[Network] = []
    """Web servers in front of `dossier portal`, as addresses or networks: their X-Forwarded-For is
    believed."""
    workers: int | None = Field(None, ge=1, le=64)
    """Processes of `dossier portal` that answer; without a number one for each processor, at most
    4. Restart it after a change."""
    session_hours: float = Field(8, gt=0, le=720)
    """After so many hours a contact logs in again; after an hour without a click as well."""
    office_pictures: Literal["off", "libreoffice"] = "off"
    """libreoffice: Word, Excel, PowerPoint and OpenDocument papers have a picture on the portal
    too, where LibreOffice is installed; some seconds a paper."""
    remind_contact_days: Days = Field(7, ge=0)
    """A contact who was told of an item and has not opened it for so many days is reminded, once;
    0: never. Only where `dossier portal` is used: otherwise nobody knows what was opened."""


MANY_TENANTS = ("common", "organizations", "consumers")
"""By these names Entra ID lets in people of any firm: who vouches for them can't be told then."""


def _issuer(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"))
    except ValueError:
        is_safe = False
    if not is_safe or not re.fullmatch(r"https?://[!-~]+", value) or {"@", "?", "#"} & set(value):
        raise UnfitValue("config.issuer")
    if {"{tenantid}", *MANY_TENANTS} & set(parts.path.lower().split("/")):
        raise UnfitValue("config.one_tenant")
    return value


class Oidc(Strict):
    """An identity provider by which staff log in (OpenID Connect), in place of mailed links: see
    docs/identity.md."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    """Its issuer, exactly as it calls itself, such as
    https://login.microsoftonline.com/TENANT/v2.0."""
    client_id: Line
    """What the desk is called there."""
    client_secret_env: Line = "DOSSIER_OIDC_SECRET"
    """The environment variable of `dossier desk` that holds the client's secret."""


class DeskSettings(Strict):
    """The pages that staff work with: `dossier desk`."""

    # Which keys config/ gives is known of a snapshot (cache.py), too: mails lead to a desk whose
    # address somebody gave.
    keeps_what_was_given: ClassVar[bool] = True

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")] = "http://localhost:8081"
    """Where staff reach the desk; links in mails to them begin with it."""
    host: Line = "127.0.0.1"
    """The address that `dossier desk` listens on; 0.0.0.0 or ::, and everybody who reaches this
    machine reaches it."""
    port: int = Field(8081, ge=0, le=65535)
    """The port that `dossier desk` listens on; 0: any free one."""
    certificate: Path | None = None
    """A TLS certificate with its chain (PEM), for `dossier desk` without a web server in front;
    given with `key`."""
    key: Path | None = None
    """The private key of `certificate` (PEM, not encrypted)."""
    trusted_proxies: list[Network] = []
    """Web servers in front of `dossier desk`, as addresses or networks: their X-Forwarded-For is
    believed."""
    workers: int | None = Field(None, ge=1, le=64)
    """Processes of `dossier desk` that answer; without a number one for each processor, at most 4.
    Restart it after a change."""
    session_hours: float = Field(10, gt=0, le=720)
    """After so many hours a person logs in again; after an hour without a click as well."""
    confirm_minutes: float | None = Field(None, gt=0, le=1440)
    """Whoever decides longer than so many minutes after logging in logs in anew first; without a
    number nobody does."""
    oidc: Oidc | None = None
    """An identity provider by which staff log in; without it, by mailed links."""


class MetricsSettings(Strict):
    """Numbers about the daemon, for whoever watches it."""

    host: Line = "127.0.0.1"
    """The address that the daemon answers /metrics and /healthz on; there is no password, so keep
    it in the office."""
    port: int | None = Field(None, ge=1, le=65535)
    """Its port; without one nothing is answered. Restart the daemon after a change."""


class TrailSettings(Strict):
    anchors_to: Email | None = None
    """Who gets the trail's daily anchor by mail: a mailbox that nobody who can write to the
    database can write to."""


def _hook_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not re.fullmatch(r"https?://[!-~]+", value) or "@" in parts.netloc or "#" in value:
        raise UnfitValue("config.hook_address")
    return value


class Webhook(Strict):
    """A program that is told of each event: see docs/api.md."""

    url: Annotated[str, AfterValidator(_hook_address)]
    """Where the events are posted to. https, but for addresses that `private` names; no redirect is
    followed."""
    for_: Code = Field(alias="for")
    """The staff member for whom it is told: of what this person may see at that moment, and of
    nothing else."""
    secret_env: Line = "DOSSIER_WEBHOOK_SECRET"
    """The environment variable that holds the secret by which messages are signed, such as whsec_…;
    `dossier webhooks secret` makes one. While it is changed, the new one and the old one, with a
    blank between them: both sign."""
    private: list[Network] = []
    """Addresses or networks of the office's own that `url` may lead to. Without them it may only
    lead to public addresses."""


FieldKind = Literal["text", "date"] | Annotated[list[Word], Field(min_length=1)]


class ItemType(Strict):
    share: Literal["never", "approval", "free"] = "free"
    """never: such an item can't be shared, and no client ever hears of it; approval: only as a
    concept; free: as the maker's rights allow."""
    approval: Literal["none", "internal"] = "none"
    """internal: such an item waits for an approver also when it isn't shared, on all its fields and
    files."""
    staff: list[Code] | None = None
    """Who may make such items and know of them, besides admins; without it, all staff."""
    required: list[Word] = []
    """Keys that an item of this type must have, by their English or Dutch names."""
    fields: dict[Word, FieldKind] = {}
    """Extra keys: text, date, or the list of choices."""
    labels: list[Word] = []
    """The labels that such an item can have; empty: those of items.labels."""
    review_months: Months | None = None
    """So many months after it was made or last changed an item must be looked at again, and whoever
    made it gets a mail."""
    review_field: Word | None = None
    """The date field that says instead when an item must be looked at again."""
    keep_years: int | None = Field(None, gt=0, le=1000)
    """So many years after it was made an item is kept."""
    keep: list[Word] = []
    """Names of retention.terms that hold for such items. A type with `keep` or `keep_years` does
    not follow retention.default."""


def _or_dutch(words: dict[str, str]) -> BeforeValidator:
    """Takes the Dutch words of a sidecar's value as well."""
    return BeforeValidator(lambda value: words.get(value.lower(), value.lower()) if isinstance(value, str) else value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


ShareWord = Annotated[Literal["concept", "approved"], _or_dutch({"goedgekeurd": "approved"})]
AllNone = Annotated[Literal["all", "none"], _or_dutch({"alle": "all", "geen": "none"})]


class Preset(Strict):
    """What a folder of each client's inbox, or a pattern of names, says of the files put there
    without a sidecar: each of them becomes an item with these keys. A sidecar's other keys can be
    said in Dutch as well, and so can the extra fields of `type`."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": {"type": ["string", "number", "boolean", "array"]}})

    folder: Line | None = None
    """The folder's name. It is made in the inbox of every client."""
    match: list[Word] = []
    """Patterns such as "btw-*.pdf", for names of files in the client's own folder; capitals
    apart."""
    maker: Code | None = None
    """Who makes the item of a file whose owner is nobody's os_user, a scanner's account say. It is
    never shared outright then."""
    location_from_folders: YesNo = False
    """yes: files are taken from folders within the preset's too, and these say where in the
    dossier, behind `location`."""
    description: Line | None = None
    """Without one, the description is made from the file's name."""
    status: Word | None = None
    """One of items.statuses; without one, the first."""
    type: Word | None = None
    """One of `types`."""
    location: Word | None = None
    """The place in the dossier."""
    labels: list[Word] = []
    """The labels of each item."""
    explanation: Word | None = None
    """Free text, for the office."""
    share: YesNo = False
    """yes: the items are for the client's portal. Without it they stay private."""
    share_status: ShareWord | None = None
    """approved holds only for files of whoever may share; of others it is a concept for the
    client's default approver."""
    share_attachments: AllNone | None = None
    """Whether the files are shared, of an item that is; without a sidecar: all."""
    share_explanation: YesNo = False
    """yes: the client sees the explanation too."""
    approver: Annotated[list[Code], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = []
    """Who decides on a concept; without one, the client's default approver."""
    approvals: Literal["all", "any"] | Annotated[int, Field(ge=1)] | None = None
    """With several approvers: all (without it), any, or a number."""
    notify: YesNo = False
    """yes: `contact` gets a mail once it is on the portal."""
    contact: Line | None = None
    """The id of a contact. Of a client that has no such contact, the file is refused."""
    fields: dict[Word, Word] = {}
    """The extra fields of `type`; each can be said as a key beside the others as well."""

    @model_validator(mode="before")
    @classmethod
    def _sorted_out(cls, value: object) -> object:
        """The keys by their English names; what is none of them goes to the type's fields."""
        if not isinstance(value, dict):
            return value
        said, fields = dict[str, object](), dict(value.get("fields") or {}) if isinstance(value.get("fields"), dict) else {}
        for word, one in value.items():
            key = ENGLISH.get(word, word)
            if key in said:
                raise UnfitValue("config.two_languages")
            if key in cls.model_fields:
                said[key] = one
            else:
                fields[word] = one
        return {**said, "fields": fields} if fields else said


class Term(Strict):
    years: int = Field(gt=0, le=1000)
    """For how many years."""
    counted_from: Literal["creation", "relation_end"] = "creation"
    """creation: from the day the item was made; relation_end: from the client's `ended`. Until that
    is given, there is no end."""
    basis: Line
    """The law or agreement that says so, such as "Wwft art. 33"."""
    from_: date | None = Field(None, alias="from")
    """The day from which it holds, instead of the one before it in the list."""


class RetentionSettings(Strict):
    terms: dict[Word, Annotated[list[Term], Field(min_length=1)]] = {}
    """How long something must be kept, and why. Of each, a list: when a law changes, the new term
    stands below with its `from`."""
    default: list[Word] = []
    """The terms of items whose type has none of its own. The longest holds; without any, an item is
    kept for good."""


class Firm(Strict):
    """The office itself. Its logo is config/logo.png, if there is one."""

    name: Line = "Office"
    """What clients and staff know it by."""
    phone: Phone | None = None
    """The number that clients can call with a question; see `phone` in staff.yaml."""
    daily_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "08:00"
    """When the mails go that staff want once a day: see `notices` in staff.yaml."""
    language: Language = "en"
    """nl or en: WHY.txt, receipts, queue files, drafts, and what is told to whoever has no language
    of their own."""


class Settings(Strict):
    """settings.yaml: firm-wide settings."""

    office: Firm = Firm()
    paths: Paths = Paths()
    store: StoreSettings = StoreSettings()
    database: DatabaseSettings = DatabaseSettings()
    watch: WatchSettings = WatchSettings()
    intake: IntakeSettings = IntakeSettings()
    items: ItemsSettings = ItemsSettings()
    sharing: SharingSettings = SharingSettings()
    office_hours: OfficeHours = OfficeHours()
    identity: IdentitySettings = IdentitySettings()
    mail: MailSettings = MailSettings()
    alarms: AlarmsSettings = AlarmsSettings()
    backup: BackupSettings = BackupSettings()
    portal: PortalSettings = PortalSettings()
    desk: DeskSettings = DeskSettings()
    metrics: MetricsSettings = MetricsSettings()
    trail: TrailSettings = TrailSettings()
    webhooks: dict[Code, Webhook] = {}
    """Programs that are told of what happens, by name."""
    presets: dict[Word, Preset] = {}
    """What folders and patterns say of files that come without a sidecar."""
    types: dict[Word, ItemType] = {}
    """Kinds of item with rules of their own."""
    retention: RetentionSettings = RetentionSettings()


class Contact(Strict):
    id: Code
    """By which sidecars and commands name this person."""
    name: Line
    """What mails call this person."""
    email: Email
    """Where mails go; with it this person logs in to the portal."""
    language: Language | None = None
    """nl or en; without it the client's."""
    active: YesNo = True
    """no: has left; gets no mail any more."""
    notify: Literal["each", "digest"] = "each"
    """each: a mail for each item; digest: at most one mail an hour, with all that came."""


class Client(Strict):
    name: Line
    """What people call this client; the wrong-client guard knows it by it."""
    language: Language = "nl"
    """nl or en: portal pages and mail."""
    active: YesNo = True
    """no: no more drops, and nothing on the portal."""
    portal: YesNo = True
    """no: nothing of this client can be shared, and what was is taken off."""
    ended: date | None = None
    """The day the relation with this client ended: terms of retention are counted from it."""
    default_approver: Code | None = None
    """Who decides on what is shared without naming an approver."""
    identifiers: list[Line] = []
    """Registration numbers by which the wrong-client guard knows this client, such as "KvK
    12345678"."""
    dates: dict[Word, date] = {}
    """Days on which something about this client must be done, such as {id_valid_until: 2027-03-01}.
    The default approver is told, else the admins."""
    contacts: list[Contact] = []
    """Who is mailed, and logs in to the portal."""


class Away(Strict):
    from_: date = Field(alias="from")
    """The first day away."""
    until: date
    """The last day away."""


When = Literal["now", "daily", "never"]


class Notices(Strict):
    """What a person is told by mail as it happens: now (what follows within ten minutes comes
    together), daily (one mail at office.daily_at), or never."""

    decide: When | None = None
    """A concept waits for this person, or comes to them as a substitute. Unless it is said: now;
    with `digest: yes` never, as that mail has all of them."""
    approved: When = "now"
    """An item of theirs was approved."""
    returned: When = "now"
    """An item of theirs was returned."""
    held: When = "now"
    """The wrong-client guard found something in an item of theirs."""
    published: When = "never"
    """An item of theirs is on the portal."""
    refused: When = "now"
    """A drop of theirs was refused."""
    waiting: When = "now"
    """A drop of theirs has waited for something for over an hour."""
    opened: When = "never"
    """A client opened an item of theirs, once for each contact and each change."""
    failed: When = "now"
    """The mail to a client about an item of theirs could not be sent."""
    due: When = "now"
    """A date of an item or client that they see to comes near, and again on the day."""


class Staff(Strict):
    name: Line
    """What people call this person."""
    email: Email
    """Where mails go; with it this person logs in to the desk."""
    os_user: Line | None = None
    """Whose files and commands these are, by the operating system."""
    oidc_subject: Line | None = None
    """What the identity provider of desk.oidc calls this person (`sub`); the desk shows it to
    whoever logs in there and is not known."""
    rights: list[Right] = []
    """create: may make items; share: may share without an approver; approve: may be named as
    approver; admin: may act for another, withdraw anything, change clients and staff."""
    clients: Literal["all"] | list[Code] = "all"
    """all, or a list of client codes: for whom this person works, and of whom they may know. An
    admin has all."""
    language: Language | None = None
    """nl or en: what this person reads, on pages, in mails and of commands; without it the
    office's."""
    active: YesNo = True
    """no: has left; may do nothing, and nothing waits for this person."""
    substitute: Code | None = None
    """Who decides while this person is away."""
    away: Away | None = None
    """From when until when the substitute acts."""
    phone: Phone | None = None
    """The number that this person can be called by. Clients whose default_approver this is are
    given it; so are colleagues."""
    notices: Notices = Notices()
    """What this person hears of by mail, and when."""
    digest: YesNo = False
    """yes: one mail a day with all that waits for this person, at the beginning of the office's
    day, in place of reminders."""


class Clients(Strict):
    """clients.yaml: clients and their contacts."""

    clients: dict[Code, Client]


class StaffList(Strict):
    """staff.yaml: staff, rights, substitutes."""

    staff: dict[Code, Staff]


MODELS: dict[str, type[Strict]] = {"settings": Settings, "clients": Clients, "staff": StaffList}
