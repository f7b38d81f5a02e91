"""The tables, one class each. A row's meaning is said here; who writes it, by the room that does.

Times are texts as clock.to_text writes them (UTC, all of one length). Lists and mappings are JSON
in a text column. An item's key is its number without the letters: year x 10,000,000 + the number in
the year, so keys sort by age.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, TypeVar

import peewee
from peewee import (
    OP,
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    Expression,
    Field,
    Function,
    IntegerField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
    fn,
)

from dossier.text import jsontext

V = TypeVar("V")

PROXY = DatabaseProxy()

_Reader = Callable[[object], object]
"""What makes of a value that the driver gave the one that it stands for."""

_PER_YEAR = 10_000_000

GENESIS = "0" * 64
"""The hash before the first event."""

TextRow = tuple[int, str, str, str, str, str]
"""What an item is found by: its key, description, explanation, labels, attachment names, client."""


def item_name(key: int) -> str:
    """2026_0000012 → `D-2026-000012`."""
    return f"D-{key // _PER_YEAR}-{key % _PER_YEAR:06d}"


def item_key(name: str) -> int:
    """`D-2026-000012` or `2026-000012` → the item's key. Raises ValueError."""
    year, number = name.strip().upper().removeprefix("D-").split("-")
    if not (year.isascii() and number.isascii() and year.isdecimal() and number.isdecimal()) or int(number) >= _PER_YEAR:
        raise ValueError(name)
    if len(year) > 4:  # a larger key fits no database
        raise ValueError(name)
    return first_key(int(year)) + int(number)


def first_edition(item: int) -> int:
    """What the numbers of an item's editions are added to."""
    return item * 10_000


def first_key(year: int) -> int:
    """What the numbers of a year are added to."""
    return year * _PER_YEAR


def chunks(values: Sequence[V], size: int = 500) -> Iterator[Sequence[V]]:
    """The values, some at a time: both databases take only so many in one `IN (…)`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def among(column: object, keys: Iterable[int]) -> Expression:
    """The condition that a column is one of these numbers, however many they are.

    They go to the database as one value. To write a place for each takes peewee four times as long
    as all else that finding its row costs.
    """
    numbers = ",".join(map(str, keys))
    if isinstance(PROXY.obj, SqliteDatabase):
        return Expression(column, OP.IN, SQL("(SELECT value FROM json_each(?))", [f"[{numbers}]"]))
    return Expression(column, OP.EQ, SQL("ANY(%s::bigint[])", [f"{{{numbers}}}"]))


_CLIENTS = """WITH RECURSIVE found(client) AS (
    SELECT MIN(client) FROM item{where}
    UNION ALL
    SELECT (SELECT MIN(client) FROM item WHERE client > found.client{rest}) FROM found WHERE found.client IS NOT NULL
) SELECT client FROM found WHERE client IS NOT NULL"""


def clients_with_items(are_public: bool = False) -> set[str]:
    """The clients of all items, or of those that are public: from one to the next by an index, of
    which DISTINCT would read all."""
    where, rest = (" WHERE public IS NOT NULL", " AND public IS NOT NULL") if are_public else ("", "")
    return {client for (client,) in PROXY.execute_sql(_CLIENTS.format(where=where, rest=rest)).fetchall()}


def unsought(column: Field) -> Field | NodeList:
    """A column for a condition by which nothing is looked for: SQLite, which does not know how many
    rows have a value, takes any index that fits, and may pass over most of a table by it."""
    return NodeList((SQL("+"), column), glue="") if isinstance(PROXY.obj, SqliteDatabase) else column


def among_texts(column: Field, texts: Iterable[str]) -> Expression:
    """The condition that a column is one of these texts, however many they are: one value."""
    given = json.dumps(list(texts))
    if isinstance(PROXY.obj, SqliteDatabase):
        return Expression(column, OP.IN, SQL("(SELECT value FROM json_each(?))", [given]))
    return Expression(column, OP.IN, SQL("(SELECT jsonb_array_elements_text(%s::jsonb))", [given]))


def together(column: BigIntegerField) -> Function:
    """The numbers in this column of all rows of a group, as a text: `1,2,3`, in any order."""
    return fn.GROUP_CONCAT(column) if isinstance(PROXY.obj, SqliteDatabase) else fn.STRING_AGG(column.cast("text"), ",")


def tuples(query: Any) -> list[tuple[Any, ...]]:
    return list(query.tuples())


def plain_rows(query: Any) -> list[tuple[Any, ...]]:
    """As the driver gives them: JSON is text yet. Several times as fast, for thousands of rows."""
    return list(PROXY.execute(query).fetchall())


def insert_rows(table: Any, rows: Sequence[Sequence[Any]], fields: Sequence[Any] | None = None) -> None:
    """Insert rows with a value for each of `fields` (all columns, in order). In a transaction."""
    if not rows:
        return
    columns = list(fields) if fields is not None else table._meta.sorted_fields
    texts = [index for index, column in enumerate(columns) if isinstance(column, JSONText)]
    values = [list(row) for row in rows]
    for row in values:
        for index in texts:
            row[index] = columns[index].db_value(row[index])
    insert_values(table._meta.table_name, [column.column_name for column in columns], values)


def insert_values(table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows of what the database itself keeps in these columns. Inside a transaction.

    Peewee takes longer to write a statement with thousands of values than all else that a drop
    costs. SQLite is given one row after another. A server would be waited for, and waits, at each;
    so PostgreSQL gets all of them at once, as JSON, of which it makes what its columns are.
    """
    names = ", ".join(f'"{column}"' for column in columns)
    if isinstance(PROXY.obj, SqliteDatabase):
        places = ", ".join("?" * len(columns))
        insert_with(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)  # noqa: S608 - names of ours  # nosec B608
        return
    statement = f'INSERT INTO "{table}" ({names}) SELECT {names} FROM json_populate_recordset(NULL::"{table}", %s)'  # noqa: S608  # nosec B608
    for some in chunks(rows):
        PROXY.execute_sql(statement, (_plain_json([dict(zip(columns, row, strict=True)) for row in some]),))


def insert_with(statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a statement that inserts a row, for each of these rows. Call inside a transaction."""
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        PROXY.connection().cursor().executemany(statement, rows)


def find_row(field: Any, value: object) -> Any:
    """The row of `field`'s table in which it has this value; None if there is none.

    As `get_or_none`, with a statement that is put together without peewee: for what each request of
    a program asks several times.
    """
    statement, names, readers = _finding(field.model, field.column_name, PROXY.obj.param)
    found = PROXY.execute_sql(statement, (value,)).fetchone()
    if found is None:
        return None
    row = field.model(__no_default__=True)
    row.__data__ = dict(zip(names, found, strict=True))
    for name, read in readers:
        row.__data__[name] = read(row.__data__[name])
    return row


@lru_cache
def _finding(table: type[Table], column_name: str, param: str) -> tuple[str, list[str], list[tuple[str, _Reader]]]:
    """What `find_row` asks, the names of what comes, and what is made of values that peewee would
    not give as the driver does."""
    columns = table._meta.sorted_fields
    names = ", ".join(f'"{column.column_name}"' for column in columns)
    statement = f'SELECT {names} FROM "{table._meta.table_name}" WHERE "{column_name}" = {param}'  # noqa: S608 - names of ours  # nosec B608
    as_they_are = (CharField, TextField, IntegerField)
    readers = [
        (column.name, column.python_value)
        for column in columns
        if isinstance(column, JSONText) or not isinstance(column, as_they_are)
    ]
    return statement, [column.name for column in columns], readers


def change_row(field: Any, value: object, **changes: object) -> int:
    """Change columns of the rows in which `field` has this value; how many there are. Call inside a
    transaction.

    As `update`, with a statement that is put together without peewee.
    """
    table, param = field.model, PROXY.obj.param
    columns = [table._meta.fields[name] for name in changes]
    sets = ", ".join(f'"{column.column_name}" = {param}' for column in columns)
    values = [column.db_value(one) for column, one in zip(columns, changes.values(), strict=True)]
    statement = f'UPDATE "{table._meta.table_name}" SET {sets} WHERE "{field.column_name}" = {param}'  # noqa: S608 - names of ours  # nosec B608
    return int(PROXY.execute_sql(statement, (*values, value)).rowcount)


if TYPE_CHECKING:
    _Text = TextField
else:

    class _Text(TextField):
        def __class_getitem__(cls, _value: object) -> type[TextField]:
            return cls


_plain_json = jsontext.writer(separators=(",", ":"), ensure_ascii=False)
_compact = jsontext.writer(separators=(",", ":"))


class JSONText(_Text[V]):
    """A list or mapping, kept as JSON text. `JSONText[list[str]]` says what is in it."""

    if TYPE_CHECKING:

        def __new__(cls, *, null: bool = False) -> JSONText[Any]: ...

    def db_value(self, value: object) -> object:
        return value if value is None else _compact(value)

    def python_value(self, value: Any) -> Any:
        return value if value is None else json.loads(value)


class FileShown(TypedDict):
    """An attachment, as its client sees it."""

    name: str
    size: int
    sha256: str
    media_type: str


class Shown(TypedDict):
    """All that a client sees of an item, or would see: what is decided on."""

    description: str
    explanation: str | None
    attachments: list[FileShown]
    internal: NotRequired[dict[str, Any]]
    """What no client sees, of an item that is approved inside the office (items/internal.py)."""


class Table(Model):
    class Meta:
        database = PROXY
        legacy_table_names = False
        primary_key = False
        """Each table names its own. Else peewee would copy one for each of them at every start."""


class Counter(Table):
    """The last item number of each year, counted in the transaction that makes it: no holes."""

    year = IntegerField(primary_key=True)
    last = IntegerField()


class Item(Table):
    """A dossier item as the office has it now. What the client sees is an Edition."""

    id = BigIntegerField(primary_key=True)
    client = CharField()
    description = TextField()
    status = TextField()
    type = TextField(null=True)
    location = TextField(null=True)
    labels: JSONText[list[str]] = JSONText()
    explanation = TextField(null=True)
    fields: JSONText[dict[str, str]] = JSONText()
    """The extra keys of the item's type."""
    share = BooleanField()
    share_explanation = BooleanField()
    share_state = CharField()
    approvers: JSONText[list[str]] = JSONText()
    approvals = TextField()
    """`all`, `any` or a number, as text."""
    notify = BooleanField()
    contact = TextField(null=True)
    created_by = CharField()
    created_at = CharField()
    published_at = CharField(null=True)
    notified_at = CharField(null=True)
    version = IntegerField()
    """Counts the changes; `edit --if-version` compares it."""
    pending = BigIntegerField(null=True)
    """The edition that waits for approval."""
    standing = BigIntegerField(null=True)
    """The edition that is approved: what belongs on the portal."""
    public = BigIntegerField(null=True)
    """The edition that is on the portal."""
    unsettled = BooleanField()
    """True while publishing.py has something to do for this item."""
    makers: JSONText[Mapping[str, Sequence[str]]] = JSONText()
    """Whose work it is, by part (workflow/items/makers.py)."""
    approval: JSONText[dict[str, str | None] | None] = JSONText(null=True)
    """Of an item that is approved inside the office: {state, by, at, content} (internal.py)."""
    due = CharField(null=True)
    """The day on which something must be done with it, such as 2027-03-01 (items/dates.py)."""
    owner = CharField(null=True)
    """Who sees to it; null: who made it."""


class Label(Table):
    """One label of an item, folded, to find items by."""

    item = BigIntegerField()
    folded = TextField()

    class Meta:
        primary_key = CompositeKey("item", "folded")


class Attachment(Table):
    """A version of a file of an item. Those that were replaced or removed are not `current`."""

    id = AutoField()
    item = BigIntegerField()
    position = IntegerField()
    name = TextField()
    share = BooleanField()
    note = TextField(null=True)
    version = IntegerField()
    sha256 = CharField()
    size = BigIntegerField()
    media_type = TextField()
    added_at = CharField()
    current = BooleanField()


class Edition(Table):
    """All that a client sees of an item at once: what is decided on, what stands, what stood.

    `state`: pending, standing, superseded, returned, withdrawn, dropped (overtaken by a change
    before it was decided), approved (inside the office, where no client sees it).
    """

    id = BigIntegerField(primary_key=True)
    """The item's key x 10,000 + the number of the edition: an item's editions lie together."""
    item = BigIntegerField()
    content = CharField()
    """`sha256:…` over `shown`: what an approver's decision holds for."""
    shown: JSONText[Shown] = JSONText()
    state = CharField()
    made_by = CharField()
    made_at = CharField()
    approved_by = CharField(null=True)
    approved_at = CharField(null=True)
    makers: JSONText[list[str]] = JSONText()
    """Everybody whose work this is: who may not decide on it (workflow/items/makers.py)."""


def editions_of(item: int) -> object:
    """The condition that an Edition is this item's, by the numbers: no index has all items."""
    return Edition.id.between(first_edition(item), first_edition(item + 1) - 1)


class Decision(Table):
    """What one approver decided on one edition. One a seat, ever: the first stands."""

    edition = BigIntegerField()
    approver = CharField()
    """Whose seat it is."""
    decided_by = CharField()
    """Who filled it."""
    decision = CharField()
    comment = TextField(null=True)
    at = CharField()
    behind = CharField(null=True)
    """Who really decided, where that is another (`--as`)."""

    class Meta:
        primary_key = CompositeKey("edition", "approver")


class EditionNote(Table):
    """A line for whoever decides on an edition, such as the guard's finding (notes.py)."""

    edition = BigIntegerField()
    line = IntegerField()
    text = TextField()

    class Meta:
        primary_key = CompositeKey("edition", "line")


class Asked(Table):
    """A person was asked to decide on an edition. Written before their queue file is."""

    edition = BigIntegerField()
    person = CharField()
    at = CharField()
    written_at = CharField(null=True)
    """When their queue file was there for the first time."""
    is_open = BooleanField()
    """False once there is nothing for them to decide any more."""
    reminded_at = CharField(null=True)
    escalated_at = CharField(null=True)

    class Meta:
        primary_key = CompositeKey("edition", "person")


class Drop(Table):
    """A drop that was claimed, taken or refused, and what its files still need until `cleared`."""

    id = BigIntegerField(primary_key=True)
    """Counts up in the order of taking."""
    client = CharField()
    folder: JSONText[str | None] = JSONText(null=True)
    """A folder drop's folder; of a preset's, the way to it, which ends in `/`. JSON holds any
    name."""
    stem = TextField()
    fingerprint = CharField(null=True)
    """SHA-256 over client, sidecar bytes and file contents; null for a refused drop."""
    kind = CharField()
    """claimed (its files are out of the inbox, nothing is decided), taken, duplicate or refused."""
    item = BigIntegerField(null=True)
    at = CharField()
    files: JSONText[list[list[object]]] = JSONText()
    """[[name, device, inode, size, mtime in ns], …], the sidecar last: exactly what was seen."""
    target = TextField(null=True)
    """Of a refused drop: its folder under _rejected."""
    text = TextField()
    """The receipt, or WHY.txt."""
    cleared = BooleanField()
    hidden = CharField(null=True)
    """A word in its files' names from when they are claimed until they are gone (leaving.aside)."""
    of_type = TextField(null=True)
    """A refused drop's type, where it is never shared or not all staff may know of it."""
    told: JSONText[dict[str, str] | None] = JSONText(null=True)
    """Of a refused drop: language → `text` in it, of the languages that aren't the office's. None:
    erased, or older."""


class Event(Table):
    """A link of the trail (trail.py): codes and numbers only. People's words are in EventDetail."""

    seq = BigIntegerField(primary_key=True)
    at = CharField()
    actor = TextField()
    """On whose account: a staff member, `os:USER`, or `dossier` itself."""
    behind = TextField(null=True)
    """Who really typed it, where that is another."""
    way = CharField()
    """command, drop, queue, daemon, …"""
    action = CharField()
    item = BigIntegerField(null=True)
    subject = TextField(null=True)
    """What it is about if it is no item: a client's code."""
    digest = CharField()
    """SHA-256 of salt and detail."""
    hash = CharField()


class EventDetail(Table):
    """What an event tells besides, of and about people: erasable without breaking the chain."""

    seq = BigIntegerField(primary_key=True)
    salt = CharField()
    detail = TextField()


class Mail(Table):
    """The outbox. `state`: waiting, sent, failed, cancelled."""

    id = AutoField()
    message_id = CharField(unique=True)
    kind = CharField()
    """ready, bundle, login, unopened to contacts; others to staff (workflow/messages/kinds.py)."""
    item = BigIntegerField(null=True, index=True)
    client = CharField(null=True)
    recipient = CharField()
    """The contact's or staff member's id."""
    name = TextField()
    email = TextField()
    language = CharField()
    payload: JSONText[dict[str, Any]] = JSONText()
    """What the letter is made of."""
    state = CharField()
    attempts = IntegerField()
    """How often the server was asked to take it."""
    due_at = CharField()
    created_at = CharField()
    sent_at = CharField(null=True)
    error = TextField(null=True)
    unreached = IntegerField(default=0)
    """How often in a row it was due and there was no server; 0 again once there is one."""
    within = IntegerField(null=True)
    """The digest that this mail goes in, instead of by itself."""


class Viewed(Table):
    """When a person last looked at an item or a client."""

    actor = CharField()
    kind = CharField()
    subject = CharField()
    at = CharField()

    class Meta:
        primary_key = CompositeKey("actor", "kind", "subject")


class Note(Table):
    """What the daemon must remember: an alarm that was told, an anchor that was written."""

    key = CharField(primary_key=True)
    value = TextField()

    @classmethod
    def read(cls, key: str) -> str | None:
        note = find_row(cls.key, key)
        return None if note is None else str(note.value)

    @classmethod
    def put(cls, key: str, value: str) -> None:
        """Write it down, or anew. Call inside `transaction()`."""
        cls.insert(key=key, value=value).on_conflict(conflict_target=[cls.key], update={cls.value: value}).execute()

    @classmethod
    def put_first(cls, key: str, value: str) -> bool:
        """Write it down, unless it is there; True if it was not. Call inside `transaction()`."""
        if cls.read(key) is not None:
            return False
        cls.insert(key=key, value=value).execute()
        return True


class OlderItems(TypedDict):
    """A page of older items of a client."""

    number: int
    at: str
    """`at` and `item`: when the newest that may stand there was published, and its number."""
    item: int
    since: str
    """`since`, `until`: when its oldest and newest item were published, ISO 8601 with offset."""
    until: str
    count: int
    size: int
    """Bytes of its lines in items.json."""
    years: list[str]
    """Which years the papers are about."""


class Page(Table):
    """A client who has a folder on the portal."""

    client = CharField(primary_key=True)
    look = CharField()
    """What its pages were made with besides the items (pages.look); another makes them anew."""
    made: JSONText[dict[str, str]] = JSONText()
    """{file name: its SHA-256} of the pages as they were written last."""
    older: JSONText[list[OlderItems]] = JSONText()
    """Of a long list, the pages of older items, newest first (workflow/portal/lists.py)."""


class PageFile(Table):
    """A file under _pages/ made of what an item shows: a first page's picture, or an archive."""

    name = CharField(primary_key=True)
    client = CharField()
    item = BigIntegerField()
    source = CharField()
    """What it was made of: an attachment's SHA-256; of an archive pages.archive_source."""
    sha256 = CharField()
    size = BigIntegerField()


class Listing(Table):
    """How often what a client sees was changed: counted by triggers of the items' table (0047)."""

    client = CharField(primary_key=True)
    revision = BigIntegerField()


class Revision(Table):
    """How often something that pages count was changed (revisions.py). Counted by triggers
    (0051)."""

    about = CharField(primary_key=True)
    number = BigIntegerField()


class PageDue(Table):
    """An item on the portal for which files under _pages/ have to be made yet."""

    item = BigIntegerField(primary_key=True)


class Delegation(Table):
    """A drop placed in the inbox for somebody, until it is taken or refused (delegation.py)."""

    client = CharField()
    folder = CharField()
    """The name of the drop's folder in the client's inbox."""
    maker = CharField()
    """Whose drop it is, and must say so in `created_by`."""
    behind = CharField(null=True)
    """Who really placed it, where that is another: a staff member's code, or `os:USER`."""
    uid = BigIntegerField()
    """Who owns its files."""
    sidecar = CharField()
    """SHA-256 of the sidecar's bytes."""
    files: JSONText[dict[str, str]] = JSONText()
    """{name: SHA-256} of its attachments."""
    made_at = CharField()

    class Meta:
        primary_key = CompositeKey("client", "folder")


class Sighting(Table):
    """A sidecar that was seen in an inbox and not taken at once (ingest/intake/sightings.py)."""

    inode = CharField()
    device = CharField()
    """Both as text: some file systems count beyond 63 bits."""
    born = CharField()
    """Nanoseconds since 1970; empty where the file system keeps no birth times."""
    sha256 = CharField()
    client = CharField()
    """In whose folder it was seen first; in a preset's, with the way to that (Found.ground)."""
    refused = BooleanField()
    """It was moved to _rejected."""
    at = CharField()

    class Meta:
        primary_key = CompositeKey("inode", "device", "born", "sha256")


class Opening(Table):
    """A contact opened an edition's page (`name` and `sha256` empty) or a file of it."""

    edition = BigIntegerField()
    contact = CharField()
    """The contact's id, of the item's client."""
    name = CharField()
    sha256 = CharField()
    item = BigIntegerField()
    first_at = CharField()
    last_at = CharField()
    times = IntegerField()

    class Meta:
        primary_key = CompositeKey("edition", "contact", "name", "sha256")


class Hold(Table):
    """A legal hold: nothing of this client or item is removed. `kind`: client or item."""

    kind = CharField()
    subject = CharField()
    """A client's code, or an item's number."""
    reason = TextField()
    by = CharField()
    at = CharField()

    class Meta:
        primary_key = CompositeKey("kind", "subject")


class Removal(Table):
    """An item that was removed when its term was over: its number stays, and that it was."""

    item = BigIntegerField(primary_key=True)
    at = CharField()


class Binned(Table):
    """An item in the bin (workflow/items/undoing.py)."""

    item = BigIntegerField(primary_key=True)
    by = CharField()
    at = CharField()


class TextDue(Table):
    """An item whose files have to be read, to find it by what they say (file_texts.py)."""

    item = BigIntegerField(primary_key=True)


class Leaving(Table):
    """A vault file of a removed item. It goes once no other attachment names it for sure."""

    sha256 = CharField(primary_key=True)


class Redaction(Table):
    """An event written anew without a name (redacting.py): the link the chain was made of."""

    seq = BigIntegerField(primary_key=True)
    link = CharField()


class Erasure(Table):
    """A person was erased on request. Who that was is only in the report."""

    id = IntegerField(primary_key=True)
    """The person is called `erased-ID` since."""
    at = CharField()
    report = TextField(null=True)
    """The report (JSON), until it is on the disk."""
