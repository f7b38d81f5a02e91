"""A client's whole dossier out of the office, for a hand-over or for who asks what is kept of them,
and for `import` elsewhere.

    DIR/index.html                  for people; needs no server and nothing from elsewhere
    DIR/D-2026-000012/item.json     what the office knows of the item
    DIR/D-2026-000012/report.pdf    each attachment as it is now
    DIR/SHA256SUMS                  of all of these, for `sha256sum -c`
    DIR/import.csv, map.yaml        for `dossier import DIR`; nothing in them shares anything
    DIR/export.json                 whose it is, written first: a folder with other things and
                                    without it is not touched

Without `internal`, items of types that are never shared stay behind, and explanations, notes and
history. Everything is written beneath DIR, in folders that are held open, and never through a link.
Each item is in the trail before its files are given. Killed anywhere, the next run goes on: what
lies there with the right hash is not copied again. Only a run that came to its end, with all files,
says so in export.json. What the vault lacks keeps nothing else from being given: it is named, in
SHA256SUMS and import.csv too, and a later run brings it once the vault has it.

The desk gives the same in one archive, put together while it is sent: `parts`. There export.json is
the last file, and an archive that broke off can't be opened. What the vault lacks is named in
LACKING.txt.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from desk.actions import client_card
from dossier.database import readable
from dossier.database.database import close_database, transaction
from dossier.database.tables import PROXY, Item, chunks, item_name, tuples
from dossier.files import files, moves
from dossier.files.beneath import Folder, open_folder
from dossier.office import people
from dossier.office.keys import Client
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock, names
from dossier.text.refusals import Conflict, NotFound, Unavailable
from dossier.text.sentences import Sentence, sentence, told
from dossier.text.yamltext import scalar
from dossier.trail import trail
from dossier.vault.bucket import Gone
from dossier.vault.folder import Damaged, Vault
from dossier.vault.opening import open_vault
from workflow.reports import finding, viewed

MARK, PAGE, SUMS, TABLE, MAP, ITEM = "export.json", "index.html", "SHA256SUMS", "import.csv", "map.yaml", "item.json"

LACKING = "LACKING.txt"
"""In an archive: what the vault could not give, or not as it was kept."""

FOLDER_MODE, FILE_MODE = 0o750, 0o640

_OFFICES_OWN = ("explanation", "attention", "openings", "history", "due", "owner")
"""What of an item is told only to the office itself."""

Told = dict[str, Any]


@dataclass(slots=True)
class Exported:
    """What an export wrote."""

    items: int = 0
    files: int = 0
    """In all; with those that an earlier run had written."""
    there: int = 0
    """Were there already."""
    stayed: int = 0
    """Items of types that are never shared, which stayed behind."""
    lacking: list[Sentence] = field(default_factory=list)
    """What the vault could not give, or not as it was kept."""
    strangers: list[str] = field(default_factory=list)
    """What lies in the folder besides: of an earlier run, what is no part of the dossier now."""


def count(office: Office, reader: Actor, client: str) -> int:
    """How many items the client has, as far as the reader may know of them. Raises NotFound."""
    return client_card.count_items(client, _may(office, reader, client))


def export(
    office: Office, now: datetime, reader: Actor, client: str, folder: Path, internal: bool, progress: Callable[[int], None]
) -> Exported:
    """Write the client's dossier beneath `folder`, or go on with it.

    `progress` is told of each item.

    Raises NotFound; Conflict if the folder is the office's own or holds something else; OSError.
    """
    may = _may(office, reader, client)
    _refuse_own(office, folder)
    files.make_folder(folder, FOLDER_MODE)
    mark = _mark(office, client, internal)
    done, listed, sums, vault = Exported(), list[Told](), list[tuple[str, str]](), open_vault(office, to_read=True)
    with open_folder(folder) as top:
        _begin(top, mark)
        for item in _items(client, may):
            if internal or _may_leave(office, item.type):
                listed.append(_write_item(office, now, reader, vault, top, item, may, internal, sums, done))
            else:
                done.stayed += 1
            progress(1)
        ours = {MARK, *(one["item"] for one in listed)}
        for name, text in _overviews(office.clients[client], listed, sums):
            files.write_whole(top / name, text.encode(), FILE_MODE)
            ours.add(name)
        done.strangers += sorted(set(top.names()) - ours - files.of_the_disk(top.path))
        files.sync_whole(top)
        with transaction():
            trail.record(now, reader, "exported", None, {"items": done.items, "internal": internal}, client)
        if not done.lacking:
            finished = {**mark, "items": done.items, "files": done.files, "exported_at": clock.local_iso(clock.to_text(now))}
            files.write_durably(top / MARK, _json(finished), FILE_MODE)
    return done


def _items(client: str, may: Readable) -> Iterator[Item]:
    """The client's items that the reader may know of, a few at a time.

    No query is open while one is worked on: SQLite lets nobody write who still reads what was there
    before another wrote.
    """
    query: Any = readable.only_items(Item.select(), may).where(Item.client == client).order_by(Item.id)
    last = 0
    while found := list(query.where(Item.id > last).limit(TOLD_OF_AT_ONCE)):
        yield from found
        last = found[-1].id


def _overviews(client: Client, listed: Sequence[Told], sums: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The files (name, text) that tell of all items together."""
    yield PAGE, _page(client.name, listed, client.language)
    yield TABLE, _table(listed)
    yield MAP, _map(listed)
    yield SUMS, "".join(f"{sha256}  {path}\n" for sha256, path in sums)


MOST_AT_ONCE = 5000
"""Items in one archive. Of each some kilobytes are held until its end, for the overviews; more go
by the command."""

TOLD_OF_AT_ONCE = 25
"""Items that are read in one go of the database, before their files are sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of an archive: its path there, its time (ISO 8601), its bytes, and what gives those
    from one place to before another."""

    path: str
    at: str
    size: int
    pieces: Callable[[int, int], Iterator[bytes]]


def parts(office: Office, now: datetime, reader: Actor, client: str, internal: bool) -> Iterator[Part]:
    """The client's dossier as the files of one archive, each made when it is asked for; that it is
    given is recorded at once.

    Raises NotFound; Conflict for more than MOST_AT_ONCE items. Whoever iterates may do so in any
    thread, and takes the bytes of a part before the next.
    """
    may = _may(office, reader, client)
    mine = readable.only_items(Item.select(Item.id, Item.type), may).where(Item.client == client).order_by(Item.id)
    keys = [key for key, kind in tuples(mine.limit(MOST_AT_ONCE + 1)) if internal or _may_leave(office, kind)]
    if len(keys) > MOST_AT_ONCE:
        raise Conflict("exporting.too_many", most=MOST_AT_ONCE, client=client)
    with transaction():
        trail.record(now, reader, "exported", None, {"items": len(keys), "internal": internal}, client)
    return _parts(office, now, reader, client, internal, keys)


def _parts(office: Office, now: datetime, reader: Actor, client: str, internal: bool, keys: Sequence[int]) -> Iterator[Part]:
    vault, at = open_vault(office, to_read=True), now.astimezone().isoformat(timespec="seconds")
    listed, sums, lacking, count = list[Told](), list[tuple[str, str]](), list[str](), 0
    language = people.language_of(office, reader.code)

    def made(path: str, data: bytes) -> Part:
        sums.append((hashlib.sha256(data).hexdigest(), path))
        return Part(path, at, len(data), lambda start, end: iter((data[start:end],)))

    for some in chunks(keys, TOLD_OF_AT_ONCE):
        for told_of in _told_of(office, now, reader, client, internal, some):
            yield made(f"{told_of['item']}/{ITEM}", _json(told_of))
            for one in told_of["attachments"]:
                sums.append((one["sha256"], one["path"]))
                size, given = vault.size(one["sha256"]), hashlib.sha256()
                if size == one["size"]:
                    yield Part(
                        one["path"], told_of["created_at"], one["size"], partial(_hashed, vault, one["sha256"], given.update)
                    )
                if given.hexdigest() == one["sha256"]:
                    count += 1
                else:
                    why = sentence(
                        "getting.lacking" if size is None else "getting.damaged", file=one["name"], sha256=one["sha256"]
                    )
                    lacking.append(told(sentence("exporting.lacking", item=told_of["item"], why=why), language))
            listed.append({key: value for key, value in told_of.items() if key not in ("history", "openings")})
    for path, text in _overviews(office.clients[client], listed, sums):
        yield made(path, text.encode())
    if lacking:
        yield made(LACKING, "".join(f"{line}\n" for line in lacking).encode())
    finished = {} if lacking else {"items": len(listed), "files": count, "exported_at": at}
    yield made(MARK, _json({**_mark(office, client, internal), **finished}))


def _hashed(vault: Vault, sha256: str, update: Callable[[bytes], None], start: int, end: int) -> Iterator[bytes]:
    """The bytes of a file of the vault, as far as they can be read; `update` is told of them."""
    with contextlib.suppress(OSError):
        for piece in vault.pieces(sha256, start, end):
            update(piece)
            yield piece


def _mark(office: Office, client: str, internal: bool) -> Told:
    """What export.json says from the beginning: whose it is."""
    return {"schema_version": 1, "client": client, "name": office.clients[client].name, "internal": internal}


def _told_of(office: Office, now: datetime, reader: Actor, client: str, internal: bool, keys: Sequence[int]) -> list[Told]:
    """What item.json says of these, with a connection of their own: what is sent meanwhile keeps
    none open."""
    PROXY.connect(reuse_if_open=True)
    try:
        may = _may(office, reader, client)
        found = readable.only_items(Item.select(), may).where((Item.client == client) & Item.id.in_(list(keys))).order_by(Item.id)
        return [_tell(office, now, reader, one, may, internal) for one in list(found)]  # read before what was read is recorded
    finally:
        close_database()


def _may(office: Office, reader: Actor, client: str) -> Readable:
    may = people.readable(office, reader)
    if client not in office.clients or not may.has(client):
        raise NotFound("undoing.no_such_client", client=client)
    return may


def _may_leave(office: Office, kind: str | None) -> bool:
    """False for a type that is never shared, and for one that config/ does not know any more."""
    return kind is None or (kind in office.settings.types and office.settings.types[kind].share != "never")


def _refuse_own(office: Office, folder: Path) -> None:
    """Raises Conflict for a folder in which the office itself works: what lies on the portal, say,
    is seen by a client."""
    whole = folder.resolve()
    for own in (office.inbox, office.queue, office.portal, office.vault, office.var, office.root / "config"):
        if whole.is_relative_to(own.resolve()) or own.resolve().is_relative_to(whole):
            raise Conflict("exporting.office_s_own", folder=str(folder), own=str(own))


def _begin(top: Folder, mark: Told) -> None:
    """Say whose folder this is. Raises Conflict if it holds something else than what one left that
    was killed here."""
    said, holds_some = _said(top), not all(map(files.is_temporary, set(top.names()) - files.of_the_disk(top.path)))
    if holds_some and any(said.get(key) != mark[key] for key in ("schema_version", "client", "internal")):
        raise Conflict("exporting.not_empty", folder=top.path)
    files.sweep_temporaries(top)
    files.write_durably(top / MARK, _json(mark), FILE_MODE)


def _said(top: Folder) -> Told:
    """What export.json of an earlier run says."""
    try:
        said = json.loads(files.read_plain(top / MARK, 65_536)[0])
    except (ValueError, OSError):
        return {}
    return said if isinstance(said, dict) else {}


def _write_item(
    office: Office, now: datetime, reader: Actor, vault: Vault, top: Folder, item: Item, may: Readable, internal: bool,
    sums: list[tuple[str, str]], done: Exported,
) -> Told:  # fmt: skip
    """Write an item's folder; returns what item.json says of it, with the path of each file."""
    told_of, home = _tell(office, now, reader, item, may, internal), item_name(item.id)
    with files.made_folder(top / home, FOLDER_MODE) as folder:
        files.sweep_temporaries(folder)
        wanted = {ITEM}
        for one in told_of["attachments"]:
            name = one["path"].removeprefix(f"{home}/")
            wanted.add(name)
            sums.append((one["sha256"], one["path"]))
            try:
                done.there += _put(vault, folder, name, one)
                done.files += 1
            except Unavailable as error:
                done.lacking.append(sentence("exporting.lacking", item=home, why=error.sentence))
        data = _json(told_of)
        files.write_whole(folder / ITEM, data, FILE_MODE)
        sums.append((files.hash_file(folder / ITEM), f"{home}/{ITEM}"))
        done.strangers += [f"{home}/{name}" for name in sorted(set(folder.names()) - wanted)]
    done.items += 1
    return told_of


def _tell(office: Office, now: datetime, reader: Actor, item: Item, may: Readable, internal: bool) -> Told:
    """What item.json says of an item, with the path of each file.

    That it is given is recorded first.
    """
    viewed.note_view(now, reader, item, "export")
    told_of = finding.whole(item, may)
    told_of["attention"] = [told(line, office.settings.office.language) for line in told_of["attention"]]
    if not internal:
        told_of = {key: value for key, value in told_of.items() if key not in _OFFICES_OWN}
    home = item_name(item.id)
    for one in told_of["attachments"]:
        if not internal:
            del one["note"]
        name = one["name"] if names.fold(one["name"]) != ITEM else f"attachment {one['name']}"
        one["path"] = f"{home}/{name}"
    return told_of


def _put(vault: Vault, folder: Folder, name: str, attachment: Told) -> bool:
    """Write an attachment; True if it was there already. Raises Unavailable."""
    place, part = folder / name, folder / f".{attachment['sha256'][:16]}.part"
    seen = files.look(place)
    if seen is not None and seen.size == attachment["size"] and files.hash_file(place) == attachment["sha256"]:
        return True
    files.remove(part)
    try:
        with vault.local(attachment["sha256"]) as kept:
            written = files.copy_to(kept, part, FILE_MODE)
    except (FileNotFoundError, Damaged, Gone) as error:
        raise Unavailable("getting.lacking", file=attachment["name"], sha256=attachment["sha256"]) from error
    if written != attachment["sha256"]:
        files.remove(part)
        raise Unavailable("getting.damaged", file=attachment["name"], sha256=attachment["sha256"])
    moves.move(part, place)
    return False


def _json(value: Told) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape")


# For people

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;margin:1rem auto;padding:0 1rem;max-width:70rem}h1{line-height:1.2}"
    "h1,td{overflow-wrap:anywhere}a{color:inherit}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #999}"
    "td:nth-child(-n+2){white-space:nowrap}td:nth-child(3){width:45%}"
    "@media(max-width:40rem){thead{display:none}td{display:block;width:auto!important;padding:.1rem 0;border:0}"
    "tr{display:block;padding:.5rem 0;border-bottom:1px solid #999}}tr{break-inside:avoid}"
)


def _page(name: str, listed: Sequence[Told], language: Any) -> str:
    def say(code: str, **values: object) -> str:
        return escape(told(sentence(f"exporting.{code}", **values), language))

    rows = []
    for one in reversed(listed):
        links = "<br>".join(f'<a href="{escape(quote(file["path"]))}">{escape(file["name"])}</a>' for file in one["attachments"])
        facts = [one["description"], ", ".join(filter(None, (one["location"], *one["labels"])))]
        rows.append(
            f'<tr><td><a href="{one["item"]}/{ITEM}">{one["item"]}</a><td>{one["created_at"][:10]}'
            f"<td>{'<br>'.join(escape(fact) for fact in facts if fact)}<td>{links}</tr>"
        )
    heads = "".join(f'<th scope="col">{say(head)}' for head in ("item", "day", "description", "files"))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(name)}</title>\n"
        f"<style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{escape(name)}</h1><p>{say('counted', count=len(listed))}</p>\n"
        f"<table><thead><tr>{heads}</thead><tbody>\n" + "\n".join(rows) + "\n</tbody></table></main></body></html>\n"
    )


# For `dossier import`


def _fields(listed: Sequence[Told]) -> list[str]:
    return sorted({key for one in listed for key in one["fields"]})


def _labels(listed: Sequence[Told]) -> list[str]:
    return [f"label_{number}" for number in range(1, max((len(one["labels"]) for one in listed), default=0) + 1)]


_COLUMNS = ("item", "client", "description", "status", "type", "location", "explanation", "due")


def _table(listed: Sequence[Told]) -> str:
    """A row a file; of an item without files, one."""
    text = io.StringIO()
    fields, labels = _fields(listed), _labels(listed)
    table = csv.writer(text)
    table.writerow([*_COLUMNS, *labels, *(f"field_{key}" for key in fields), "path"])
    for one in listed:
        row = [one.get(key) or "" for key in _COLUMNS]
        row += [*one["labels"], *[""] * (len(labels) - len(one["labels"]))] + [one["fields"].get(key, "") for key in fields]
        table.writerows([*row, path] for path in [file["path"] for file in one["attachments"]] or [""])
    return text.getvalue()


def _map(listed: Sequence[Told]) -> str:
    """What import.csv means. `share` is not in it: what comes in is private."""
    keys = [f'  {key}: "{{{key}}}"' for key in _COLUMNS[2:]]
    keys += [f'  {scalar(key)}: "{{field_{key}}}"' for key in _fields(listed)]
    labels = ", ".join(f'"{{{label}}}"' for label in _labels(listed))
    keys += [f"  labels: [{labels}]"] if labels else []
    return "\n".join((
        f"table: {TABLE}", "encoding: utf-8", 'attachments: ["{path}"]', 'one_item_per: "{item}"', 'client: "{client}"',
        r"no_part: '(index\.html|SHA256SUMS|map\.yaml|export\.json|D-[^/]+/item\.json)'", "item:", *keys, "",
    ))  # fmt: skip
