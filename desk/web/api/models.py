"""What programs are answered, as models: of them the OpenAPI document is made, with its examples.

They describe the answers and do not make them: those come from the actions, as `--json` gives them.
The tests hold each answer against its model. An answer may get further keys in later versions.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ITEM, MOMENT, SHA256 = "D-2026-000012", "2026-11-24T10:00:00+01:00", "9f" * 32

ShareState = Literal["private", "concept", "approved", "published", "returned", "withdrawn"]


class Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, extra="allow", serialize_by_alias=True, defer_build=True)


class Problem(Answer):
    """What is refused (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["there is no status `nonsense`"])
    """The sentence that the command line would print, in the language of the key's staff member."""
    faults: list[Fault]
    """Each fault with the key that it is about."""


class Fault(Answer):
    key: str = Field(examples=["status"])
    message: str = Field(examples=["there is no status `nonsense`"])


class Contact(Answer):
    id: str = Field(examples=["j.jansen"])
    name: str = Field(examples=["Jan Jansen"])
    email: str = Field(examples=["j.jansen@acme.example"])
    language: str | None = Field(examples=[None])
    active: bool
    notify: str = Field(examples=["each"])


class Client(Answer):
    client: str = Field(examples=["acme-bv"])
    name: str = Field(examples=["Acme B.V."])
    language: str = Field(examples=["nl"])
    active: bool
    portal: bool
    ended: date | None = Field(examples=[None])
    default_approver: str | None = Field(examples=["m.devries"])
    identifiers: list[str] = Field(examples=[["KvK 12345678"]])
    dates: dict[str, date] = Field(examples=[{"id_valid_until": "2027-03-01"}])
    """Days on which something about this client must be done."""
    contacts: list[Contact]


class Approval(Answer):
    """What became of an item that is approved inside the office."""

    state: Literal["waiting", "approved", "returned"]
    by: str | None = Field(examples=["m.devries"])
    at: datetime = Field(examples=[MOMENT])


class Summary(Answer):
    """An item as lists have it."""

    item: str = Field(examples=[ITEM])
    client: str = Field(examples=["acme-bv"])
    description: str = Field(examples=["Annual accounts 2025"])
    status: str = Field(examples=["done"])
    type: str | None = Field(examples=[None])
    location: str | None = Field(examples=["2025/Jaarrekening"])
    labels: list[str] = Field(examples=[["annual"]])
    explanation: str | None = Field(examples=[None])
    fields: dict[str, Any] = Field(examples=[{}])
    """The extra keys of the item's type."""
    created_by: str = Field(examples=["p.bakker"])
    created_at: datetime = Field(examples=[MOMENT])
    share: bool
    share_state: ShareState = Field(examples=["published"])
    public: bool
    """Some version of it is on the portal now."""
    approver: str | list[str] | None = Field(examples=["m.devries"])
    approvals: str = Field(examples=["all"])
    notify: bool
    contact: str | None = Field(examples=["j.jansen"])
    notified_at: datetime | None = Field(examples=[MOMENT])
    published_at: datetime | None = Field(examples=[MOMENT])
    due: date | None = Field(examples=["2027-03-01"])
    """The day on which something must be done with it."""
    owner: str | None = Field(examples=["p.bakker"])
    """Who sees to it; null: who made it."""
    due_on: date | None = Field(None, examples=[None])
    """In a list by `due_by`: its first day, be it `due`, a field of its type or a review."""
    due_for: str | None = Field(None, examples=[None])
    """What of it is due on that day: `due`, `review`, or the field's name."""
    version: int = Field(examples=[3])
    """What If-Match names."""
    approval: Approval | None = Field(None, examples=[None])
    """Only of an item that is approved inside the office."""


class Version(Answer):
    """What an attachment was, or is."""

    version: int = Field(examples=[1])
    name: str = Field(examples=["annual-accounts.pdf"])
    size: int = Field(examples=[40311])
    sha256: str = Field(examples=[SHA256])
    by: str | None = Field(examples=["p.bakker"])
    """Who brought it, if the trail still says it."""
    at: datetime = Field(examples=[MOMENT])


class Attachment(Answer):
    name: str = Field(examples=["annual-accounts.pdf"])
    size: int = Field(examples=[40311])
    sha256: str = Field(examples=[SHA256])
    media_type: str = Field(examples=["application/pdf"])
    share: bool
    version: int = Field(examples=[1])
    note: str | None = Field(examples=[None])
    versions: list[Version]
    """The latest first."""


class Happened(Answer):
    """An event of an item."""

    seq: int = Field(examples=[1204])
    at: datetime = Field(examples=[MOMENT])
    actor: str = Field(examples=["m.devries"])
    action: str = Field(examples=["approved"])
    detail: dict[str, Any] = Field(examples=[{"way": "api:books"}])


class Opening(Answer):
    """That a contact of the client opened something."""

    id: str = Field(examples=["9f" * 8])
    contact: str = Field(examples=["j.jansen"])
    file: str | None = Field(examples=["annual-accounts.pdf"])
    """None: the item's page."""
    sha256: str | None = Field(examples=[SHA256])
    first_at: datetime = Field(examples=[MOMENT])
    last_at: datetime = Field(examples=[MOMENT])
    times: int = Field(examples=[2])
    current: bool
    """It is what is on the portal now."""


class Item(Summary):
    attention: list[str] = Field(examples=[[]])
    """What somebody should look at."""
    attachments: list[Attachment]
    openings: list[Opening]
    history: list[Happened]


class Changed(Answer):
    """An item that was changed by a key that may not read."""

    item: str = Field(examples=[ITEM])
    version: int = Field(examples=[3])
    share_state: ShareState = Field(examples=["published"])


class Waiting(Summary):
    """A concept that waits for a decision."""

    content: str = Field(examples=[f"sha256:{SHA256}"])
    """The digest of all that the client would see; a decision holds for it alone."""
    attention: list[str] = Field(examples=[[]])
    asked: list[str] = Field(examples=[["m.devries"]])
    """Whom it waits for."""


class Reasons(Answer):
    item: str = Field(examples=[ITEM])
    share_state: ShareState = Field(examples=["concept"])
    public: bool
    """Some version of it is on the portal now."""
    reasons: list[str] = Field(examples=[["it waits for the approval of m.devries"]])
    attention: list[str] = Field(examples=[[]])


class Proof(Answer):
    """A sheet of proof: see docs/trail.md for what its parts are and how they are verified."""

    proof: int = Field(examples=[3])
    """Which form of a sheet it is."""
    office: str = Field(examples=["Client portal"])
    """The portal's title."""
    firm: str = Field(examples=["Office"])
    logo: str | None = Field(examples=[None])
    """The firm's logo, its bytes as base64."""
    names: dict[str, str] = Field(examples=[{"m.devries": "Marieke de Vries"}])
    """Of everybody who is in it."""
    item: str = Field(examples=[ITEM])
    client: str = Field(examples=["acme-bv"])
    client_name: str = Field(examples=["Acme B.V."])
    made_at: datetime = Field(examples=[MOMENT])
    periods: list[dict[str, Any]] = Field(examples=[[]])
    events: list[dict[str, Any]] = Field(examples=[[]])
    erasures: list[dict[str, Any]] = Field([], examples=[[]])
    """Only of an item of which something was erased."""
    contents: dict[str, Any] = Field(examples=[{}])
    chain: dict[str, Any] = Field(examples=[{}])
    anchor: dict[str, Any] = Field(examples=[{}])


class Decided(Answer):
    item: str = Field(examples=[ITEM])
    share_state: ShareState = Field(examples=["approved"])


class Asked(Answer):
    """What was asked for is done soon."""

    item: str = Field(examples=[ITEM])


class Begun(Answer):
    """A drop that can be put together."""

    drop: str = Field(examples=["cb861e4e9b8147b413b15774"])
    client: str = Field(examples=["acme-bv"])
    expires_at: datetime = Field(examples=[MOMENT])
    """Then it is swept away, if it was not committed."""


class Staged(Answer):
    """A file that came whole."""

    name: str = Field(examples=["annual-accounts.pdf"])
    size: int = Field(examples=[40311])
    sha256: str = Field(examples=[SHA256])


class Drop(Answer):
    drop: str = Field(examples=["cb861e4e9b8147b413b15774"])
    client: str = Field(examples=["acme-bv"])
    state: Literal["open", "waiting", "taken", "duplicate", "refused"] = Field(examples=["taken"])
    item: str | None = Field(examples=[ITEM])
    faults: list[Fault] = Field(examples=[[]])
    """Why it was refused."""


class Event(Answer):
    """An event of the trail."""

    seq: int = Field(examples=[1204])
    at: datetime = Field(examples=[MOMENT])
    actor: str = Field(examples=["dossier"])
    action: str = Field(examples=["published"])
    item: str | None = Field(examples=[ITEM])
    subject: str | None = Field(examples=[None])
    """What it is about if it is no item."""
    client: str | None = Field(examples=[None])
    """The same, as `audit log --json` calls it."""
    detail: dict[str, Any] = Field(examples=[{"way": "daemon", "attachments": ["annual-accounts.pdf"]}])


class Daemon(Answer):
    """One that runs; of one that is just starting nothing is known."""

    pid: int = Field(0, examples=[4711])
    host: str = Field("", examples=["server"])
    since: datetime | None = Field(None, examples=[MOMENT])
    leads: bool = False
    version: str = Field("", examples=["2.0.0"])


class Status(Answer):
    waiting: int = Field(examples=[0])
    queued: int = Field(examples=[2])
    outbox: int = Field(examples=[0])
    items: int = Field(examples=[12041])
    rejected: int = Field(examples=[0])
    unsorted: int = Field(examples=[0])
    """Files that have no client yet, if this person may see them."""
    failed_mails: int = Field(examples=[0])
    trial: str | None = Field(examples=[None])
    """Since when this office is one for trying (`restore --trial`), from which nothing is mailed or
    published."""
    daemon: Daemon | None = Field(examples=[None])
    daemons: list[Daemon] = Field(examples=[[]])
    """All that run, the one that leads first."""
    alarms: list[str] = Field(examples=[[]])
    """What is wrong around the office."""
    waits: list[dict[str, Any]] = Field(examples=[[]])
    left_alone: list[dict[str, Any]] = Field(examples=[[]])
