"""What `doctor` looks at in an object store: is it there, does it do what the office needs of
it, who else can look into it.

A small object, `.probe-…`, is put, read, begun, finished and deleted, beside what the office
keeps there and under no name of it: only that shows what the keys may do.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from desk.doctor.findings import Finding, note, ok, wrong
from dossier.object_store.client import StoreFailed, anonymous
from dossier.object_store.store import ObjectStore
from dossier.office.office import Office
from dossier.text import system

CLOCK_SECONDS = 60
"""A store refuses whoever's clock differs from its own by 15 minutes."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def stores(office: Office) -> Iterator[Finding]:
    given = [(name, url) for name, url in (("vault", office.vault_store), ("portal", office.portal_store)) if url]
    if not given:
        return
    settings = office.settings.store
    endpoint = urlsplit(settings.endpoint or "https://")
    if endpoint.scheme == "http" and endpoint.hostname not in _LOOPBACK:
        yield wrong("store", "doctor.store_in_clear", address=settings.endpoint)
    if settings.credentials_file is not None:
        yield from _keys(office.root / settings.credentials_file)
    if len({url.split("/")[2] for _, url in given}) < len(given):
        yield note("store", "doctor.shared_bucket")
    for name, url in given:
        store = ObjectStore(office, url)
        try:
            yield from _probe(name, store)
        except (StoreFailed, FileNotFoundError) as error:
            yield wrong(name, "doctor.store_fails", address=error.filename, why=system.why(error))


def _keys(path: Path) -> Iterator[Finding]:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield wrong("secrets", "doctor.no_keys", path=str(path), why=system.why(error))
        return
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield wrong("secrets", "doctor.keys_open", path=str(path))


def _probe(name: str, store: ObjectStore) -> Iterator[Finding]:
    store.look()
    probe, data = f".probe-{secrets.token_hex(8)}", os.urandom(1000)
    store.put(probe, data)
    try:
        if b"".join(store.stream(probe)) != data:
            yield wrong(name, "doctor.store_lies", address=store.url)
            return
        with TemporaryDirectory() as folder:
            path = Path(folder) / "probe"
            path.write_bytes(data[::-1])
            store.finish(store.begin(probe, path))
        if b"".join(store.stream(probe)) != data[::-1]:
            yield wrong(name, "doctor.store_late", address=store.url)
            return
        head = store.head(probe)
        if head is not None and abs(head.now - time.time()) > CLOCK_SECONDS:
            yield wrong(name, "doctor.store_clock", address=store.url, seconds=f"{abs(head.now - time.time()):.0f}")
        is_open = list(_open_to_all(name, store, probe))
    finally:
        store.delete(probe)
    if store.head(probe) is not None:
        yield wrong(name, "doctor.store_keeps", address=store.url)
        return
    yield from is_open
    yield ok(name, "doctor.store_open" if is_open else "doctor.store", address=store.url)


def _open_to_all(name: str, store: ObjectStore, probe: str) -> Iterator[Finding]:
    """What anybody can do who has no key. That it can't be asked is no finding: it is asked from
    here, and others sit elsewhere."""
    from botocore.exceptions import BotoCoreError, ClientError

    nobody = anonymous(store.office)
    of = "vault" if name == "vault" else "portal"
    tries: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("list", lambda: nobody.list_objects_v2(Bucket=store.bucket, MaxKeys=1)),
        ("read", lambda: nobody.get_object(Bucket=store.bucket, Key=store.key_of(probe))),
    )
    for can, ask in tries:
        try:
            ask()
        except (BotoCoreError, ClientError):
            continue
        yield wrong(name, f"doctor.anybody_can_{can}_{of}", bucket=store.bucket)
