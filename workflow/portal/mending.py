"""Putting right what verifying.py found on the portal and in the vault.

It is for the portal's own thread (the daemon's, or a command's that holds its lock): others leave a
note of what is to be mended. What lacks or was changed is published anew; a changed file is kept in
var/quarantine, and what doesn't belong is moved there. Nothing is ever deleted. A vault file that
is gone or damaged is taken back from the portal, if a good copy is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote, unquote_to_bytes

from dossier.database.database import transaction
from dossier.database.tables import Attachment, Edition, Item, Note, PageDue, PageFile, item_name, tuples
from dossier.office.people import Actor
from dossier.text import names
from dossier.trail import trail
from workflow.portal.placing import PAGES
from workflow.portal.publishing import Publisher
from workflow.portal.showing import is_on_portal
from workflow.portal.verifying import Difference, look_at_client, look_at_editions, look_at_vault, public_keys

_ASKED, _VAULT = "mend:", "mend: the vault"


def ask(now: datetime, actor: Actor, differences: Sequence[Difference]) -> None:
    """Leave notes of what is to be mended, for whoever writes the portal. What the daemon finds
    again, after a kill say, while it is to be mended already, the trail tells once."""
    keys = {_VAULT if one.where == "vault" else _ASKED + _written(one.path.partition("/")[0]) for one in differences}
    if actor == trail.DAEMON and keys <= set(asked()):
        return
    with transaction():
        for key in sorted(keys):
            Note.insert(key=key, value="").on_conflict_ignore().execute()
        told = {"differences": [str(one) for one in differences[:100]], "count": len(differences)}
        trail.record(now, actor, "mending_asked", None, told)


def asked() -> list[str]:
    """What was asked for and is not done yet."""
    near = (Note.key > "me") & (Note.key < "mf")  # by letters alone: PostgreSQL may have signs in another order
    return [row[0] for row in tuples(Note.select(Note.key).where(near & Note.key.startswith(_ASKED)).order_by(Note.key))]


def _written(name: str) -> str:
    """A name on the portal as a note has it: whatever bytes it is of."""
    return quote(os.fsencode(name), safe="")


def _read(written: str) -> str:
    return os.fsdecode(unquote_to_bytes(written))


def mend(portal: Publisher, now: datetime, wanted: Sequence[str], failed: Callable[[OSError], None]) -> list[str]:
    """Do what was `asked`, but what concerns clients for whom other daemons work just now. Returns
    what was done; when the next rounds published anew, forget it. The portal's thread.

    What can't be done holds up nothing else: `failed` is told why, and it is still asked for.
    """
    done = []
    for number, key in enumerate(wanted, 1):
        name = _read(key.removeprefix(_ASKED))
        try:
            if key == _VAULT:
                mend_vault(portal, now, look_at_vault(portal.vault, lambda _: True))
            elif name not in portal.office.clients or portal.claim((name,)):
                _mend_on_portal(portal, now, name)
            else:
                continue
        except OSError as error:
            failed(error)
            continue
        done.append(key)
        if number % portal.site.at_once == 0:  # the server has room for a number of claims
            portal.let_go()
    return done


def forget(wanted: Sequence[str]) -> None:
    """It is mended, as far as it can be."""
    with transaction():
        Note.delete().where(Note.key.in_(list(wanted))).execute()


def _mend_on_portal(portal: Publisher, now: datetime, name: str) -> None:
    """Mend what is on the portal by this name: a client's folder, or what doesn't belong."""
    office, site = portal.office, portal.site
    if name not in office.clients and not public_keys(names.printable(name)):
        if site.has(name):
            portal.quarantine.move(now, name)
        return
    if not is_on_portal(office, name):
        portal.reconsider_clients()
        return
    found = look_at_client(office, name, is_read=True) + look_at_editions(lambda _: True, name)
    in_the_way: OSError | None = None
    for one in found:
        if one.where == "portal" and one.kind != "lacks" and site.has(one.path):
            try:
                portal.quarantine.move(now, one.path, is_copied=one.kind == "changed")
            except OSError as error:
                if one.kind == "changed":  # without a copy it is not replaced
                    raise
                in_the_way = in_the_way or error  # what was changed is put right all the same
    entries: dict[int, list[str]] = {}
    for one in found:
        if one.item is not None:
            entries.setdefault(one.item, []).append(str(one))
    extras = [one.path.rpartition("/")[2] for one in found if one.item is None and one.path.startswith(f"{name}/{PAGES}/")]
    with transaction():
        for key, told in entries.items():
            trail.record(now, trail.DAEMON, "mended", key, {"differences": told})
        for extra in extras:
            _make_again(extra)
    if found:
        portal.redo(entries, [name])
    if in_the_way is not None:
        raise in_the_way


def _make_again(extra: str) -> None:
    """A picture or archive that is gone or was changed: its item's are made anew."""
    row = PageFile.get_or_none(PageFile.name == extra)
    if row is not None:
        PageFile.delete().where(PageFile.name == extra).execute()
        PageDue.insert(item=row.item).on_conflict_ignore().execute()


def mend_vault(portal: Publisher, now: datetime, found: Sequence[Difference]) -> None:
    """Take back from the portal what the vault lacks, and move away what doesn't belong in it.
    OSError: what can't be moved away stays, behind all else."""
    for one in found:
        if one.kind != "stranger":
            _take_back(portal, now, one)
    strangers = [one.path for one in found if one.kind == "stranger"]
    if strangers and (lock := portal.vault.alone()):
        with lock:
            _move_away(portal, now, strangers)


def _move_away(portal: Publisher, now: datetime, strangers: Sequence[str]) -> None:
    """Out of the vault with those that no attachment needs. OSError as in `mend_vault`."""
    in_the_way: OSError | None = None
    for name in strangers:
        if not Attachment.select().where(Attachment.sha256 == names.printable(name.rpartition("/")[2])).exists():
            try:
                portal.quarantine.move_from_vault(now, name)
            except OSError as error:
                in_the_way = in_the_way or error
    if in_the_way is not None:
        raise in_the_way


def _take_back(portal: Publisher, now: datetime, wrong: Difference) -> None:
    """Give the vault a good copy of its file from the portal, where there is one."""
    digest = wrong.path.rpartition("/")[2]
    query: object = Attachment.select(Attachment.item).where(Attachment.sha256 == digest).distinct()
    public = Item.select(Item.id, Item.client, Edition.shown).join(Edition, on=(Item.public == Edition.id))
    for key, client, shown in tuples(public.where(Item.id.in_(query))):
        for one in shown["attachments"]:
            source = f"{client}/{item_name(key)}/{one['name']}"
            if one["sha256"] == digest and portal.site.size(source) is not None and portal.site.digest(source) == digest:
                if wrong.kind == "changed":
                    portal.quarantine.move_from_vault(now, wrong.path)
                with portal.site.local(source) as path:
                    copy = portal.vault.receive(path)
                portal.vault.sync([portal.vault.keep(copy)], [copy])
                with transaction():
                    trail.record(now, trail.DAEMON, "vault_mended", key, {"sha256": digest})
                return
