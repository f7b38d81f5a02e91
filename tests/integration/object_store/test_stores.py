"""Vault and portal in an object store: what is there at every request, and what a store may do to them."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from kit.portals import CLIENTS, SETTINGS, PortalOffice, raised
from kit.stores import KEYS, Shop, named, shop, watch_the_portal
from kit.support import Root

from desk.doctor import store as doctor_store
from dossier.database.database import transaction
from dossier.database.tables import Attachment, item_key
from dossier.files import files
from dossier.object_store import client
from dossier.office.opening import load_office
from dossier.office.reading import read_office
from dossier.office.terms import ConfigurationError
from dossier.trail import trail
from dossier.vault import bucket
from dossier.vault.bucket import Gone, ObjectVault
from dossier.vault.opening import open_vault
from workflow.items import items
from workflow.items.items import File
from workflow.portal import lists, mending, store_site, verifying
from workflow.portal.placing import PAGE_NAMES
from workflow.portal.publishing import Publisher
from workflow.portal.store_site import StoreChange
from workflow.reports import reasons
from workflow.retention import retention


class StoreOffice(PortalOffice):
    """As PortalOffice, with both in a store."""

    def __init__(self, root: Path, to: Shop) -> None:
        self.shop = to
        super().__init__(root)

    def configure(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.root / "config" / f"{name}.yaml").write_text(text)
        self.office = load_office(self.root, self.shop.environ)

    def start(self) -> None:
        self.vault = self._opened(open_vault(self.office))
        self.portal = Publisher(self.office, self.vault)
        self.portal.prepare()

    def keep(self, data: bytes, name: str = "some.pdf") -> File:
        source = self.root / "source"
        source.write_bytes(data)
        copy = self.vault.receive(source)
        self.vault.sync([self.vault.keep(copy)], [copy])
        kind = "application/pdf" if name.endswith(".pdf") else "application/octet-stream"
        return File(name, copy.sha256, len(data), kind, share=True)

    def named(self, client: str = "acme-bv") -> list[str]:
        """What items.json says is there."""
        return named(self.shop.read(f"{client}/items.json"), client)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreOffice]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with shop() as to:
        made = StoreOffice(tmp_path / "office", to)
        yield made
        made.close()


@pytest.fixture
def watched(office: StoreOffice) -> list[str]:
    """Faults that were there after any request: an index that names what lacks, a file that was never approved."""
    faults: list[str] = []
    watch_the_portal(office.shop, faults)
    return faults


@pytest.mark.slow
def test_the_index_never_names_what_is_not_there(office: StoreOffice, watched: list[str]) -> None:
    first = office.share({"one.pdf": b"one", "two.bin": os.urandom(1_200_000)})
    second = office.share({"other.pdf": b"other"})
    office.publish()
    office.amend(first, {"three.pdf": b"three"}, remove=["one.pdf"])
    office.amend(second, {"other.pdf": b"other, corrected"})
    office.publish()
    assert set(office.named()) == {f"acme-bv/{first}/two.bin", f"acme-bv/{first}/three.pdf", f"acme-bv/{second}/other.pdf"}
    assert office.shop.read(f"acme-bv/{second}/other.pdf") == b"other, corrected"
    office.withdraw(first)
    office.publish()
    assert office.named() == [f"acme-bv/{second}/other.pdf"]
    assert not [name for name in office.shop.on_portal() if first in name]
    assert watched == []
    assert verifying.look(office.office, office.vault) == []


def test_an_object_of_the_portal_is_saved_and_never_acts_as_a_page(office: StoreOffice) -> None:
    item = office.share({"page.html": b"<script>", "Café.pdf": b"%PDF"})
    office.publish()
    head = office.shop.direct.head_object(Bucket=office.shop.portal, Key=f"shown/acme-bv/{item}/page.html")
    assert (head["ContentType"], head["CacheControl"]) == ("application/octet-stream", "no-cache")
    assert head["ContentDisposition"].startswith("attachment; ")
    index = office.shop.direct.head_object(Bucket=office.shop.portal, Key="shown/acme-bv/index.html")
    assert index["ContentType"] == "text/html; charset=utf-8"
    assert "ContentDisposition" not in index


@pytest.mark.slow
def test_what_is_withdrawn_while_it_is_sent_never_appears(
    office: StoreOffice, watched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.share({"good.pdf": b"good"})
    office.publish()
    item = office.share({"secret.pdf": b"secret", "secret.bin": os.urandom(1_200_000)})
    stage = StoreChange.stage

    def stage_and_withdraw(self: StoreChange) -> list[Path]:
        done = stage(self)
        if office.shop.uploads():
            office.withdraw(item)
        return done

    monkeypatch.setattr(StoreChange, "stage", stage_and_withdraw)
    office.publish()
    assert watched == []
    assert office.shop.uploads() == []
    assert items.get(item_key(item)).share_state == "withdrawn"


@pytest.mark.slow
def test_what_was_withdrawn_leaves_the_store_though_there_is_no_room_here_for_new_pages(
    office: StoreOffice, watched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, gone = office.share({"a.pdf": b"1"}), office.share({"g.pdf": b"g"})
    office.publish()
    office.withdraw(gone)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(files, "write_whole", full)
        office.portal.take_off(office.now)
        there = office.shop.on_portal()
        assert not [name for name in there if gone in name]
        assert [name for name in there if stays in name]
        assert not [name for name in there for page in PAGE_NAMES if name.endswith(f"acme-bv/{page}")]
        assert office.portal.pauses.trouble
    office.now += timedelta(hours=1)
    office.publish()
    assert office.named() == [f"acme-bv/{stays}/a.pdf"]
    assert watched == []
    assert verifying.look(office.office, office.vault) == []


def test_a_bucket_that_was_emptied_is_filled_again(office: StoreOffice) -> None:
    item = office.share({"one.pdf": b"one"})
    office.publish()
    for name in office.shop.on_portal():
        office.shop.direct.delete_object(Bucket=office.shop.portal, Key=f"shown/{name}")
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    mending.mend(office.portal, office.now, mending.asked(), raised)
    office.publish()
    assert office.named() == [f"acme-bv/{item}/one.pdf"]
    assert verifying.look(office.office, office.vault) == []


@pytest.mark.slow
@pytest.mark.parametrize("lies_there", ["as it was written", "changed", "gone"])
def test_what_is_older_is_copied_from_the_pages_that_lie_there(
    office: StoreOffice, lies_there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "WORTH_COPYING", 2)
    older = [office.share({"a.pdf": b"%d" % number}, description=f"Item {number}") for number in range(6)]
    office.publish()
    made = list[int]()
    write_whole = lists.write_whole
    monkeypatch.setattr(lists, "write_whole", lambda wanted: made.append(len(wanted.items)) or write_whole(wanted))
    index = {"Bucket": office.shop.portal, "Key": "shown/acme-bv/index.html"}
    if lies_there == "changed":
        office.shop.direct.put_object(**index, Body=office.shop.read("acme-bv/index.html").replace(b"Item 1", b"Item 7"))
    elif lies_there == "gone":
        office.shop.direct.delete_object(**index)
    newest = office.share({"b.pdf": b"new"})
    office.publish()
    assert made == ([2] if lies_there == "as it was written" else [2, 7])
    assert office.named() == [f"acme-bv/{newest}/b.pdf", *(f"acme-bv/{item}/a.pdf" for item in reversed(older))]
    assert b"Item 7" not in office.shop.read("acme-bv/index.html")
    assert office.shop.read("acme-bv/index.html").count(b"<article ") == 7
    assert verifying.look(office.office, office.vault) == []


@pytest.mark.slow
def test_a_client_without_a_portal_has_nothing_there(office: StoreOffice) -> None:
    office.share({"one.pdf": b"one"})
    office.publish()
    assert office.shop.on_portal()
    office.configure(clients=CLIENTS.replace("name: Acme B.V.", "name: Acme B.V., portal: no"))
    office.reload()
    office.publish()
    assert [name for name in office.shop.on_portal() if name.startswith("acme-bv/")] == []


@pytest.mark.parametrize("fault", [403, "half", "garble"])
def test_while_the_vault_can_not_be_read_nothing_is_published_and_nothing_lost(office: StoreOffice, fault: str | int) -> None:
    item = office.share({"one.pdf": b"one"})
    office.shop.gate.fault = lambda method, path: (
        fault if method == "GET" and "/vault/" in path and "list-type" not in path else None
    )
    office.portal.round(office.now)
    assert not [name for name in office.shop.on_portal() if item in name]
    assert items.get(item_key(item)).public is None
    assert office.portal.pauses.trouble
    assert {403: "refuses", "half": "broke off", "garble": "damaged"}[fault] in str(office.portal.pauses.trouble)
    office.shop.gate.fault = lambda method, path: None
    office.now += timedelta(minutes=1)
    office.publish()
    assert office.shop.read(f"acme-bv/{item}/one.pdf") == b"one"
    assert office.portal.pauses.trouble is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "where"), [(403, "one.pdf"), ("break", "two.bin"), ("lost", "two.bin"), ("lost", "items.json"), (403, "index.html")]
)
def test_a_publication_that_breaks_off_is_done_again(
    office: StoreOffice, fault: str | int, where: str, watched: list[str]
) -> None:
    gone = office.share({"old.pdf": b"old"})
    office.publish()
    office.withdraw(gone)
    item = office.share({"one.pdf": b"one", "two.bin": os.urandom(1_200_000)})
    office.shop.gate.fault = lambda method, path: fault if method in ("PUT", "POST") and where in path else None
    office.portal.round(office.now)  # what is withdrawn goes in a round of its own
    office.portal.round(office.now)
    assert items.get(item_key(item)).public is None
    assert office.portal.pauses.trouble
    assert office.shop.portal in str(office.portal.pauses.trouble)
    office.shop.gate.fault = lambda method, path: None
    office.start()
    office.publish()
    assert set(office.named()) == {f"acme-bv/{item}/one.pdf", f"acme-bv/{item}/two.bin"}
    assert not [name for name in office.shop.on_portal() if gone in name]
    assert watched == []
    assert office.shop.uploads() == []


def test_a_store_that_does_not_keep_up_gets_less_at_once(office: StoreOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request takes a second of the twelve that a round has; a round has five pages besides its items."""
    seconds = itertools.count()
    monkeypatch.setattr(store_site, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    monkeypatch.setattr(store_site, "AT_ONCE", 20)
    office.start()
    numbers = [office.share({"one.pdf": b"%d" % number}) for number in range(20)]
    rounds = []
    while not rounds or rounds[-1] < len(numbers):
        office.now += timedelta(minutes=1)
        assert office.portal.has_work(office.now)
        office.portal.round(office.now)
        rounds.append(sum(items.get(item_key(number)).public is not None for number in numbers))
        assert len(rounds) < 12
    assert rounds == [0, 0, 5, 12, 20]
    assert len(office.named()) == 20


def test_what_does_not_belong_in_a_bucket_goes_to_the_quarantine(office: StoreOffice) -> None:
    item = office.share({"one.pdf": b"one"})
    office.publish()
    shop = office.shop
    digest = hashlib.sha256(b"one").hexdigest()
    for key, data in (
        (f"acme-bv/{item}/planted.html", b"1"), ("acme-bv", b"2"), ("acme-bv/../x", b"3"), ("nobody/x.pdf", b"4"), (f"acme-bv/{item}/one.pdf", b"other"),
    ):  # fmt: skip
        shop.direct.put_object(Bucket=shop.portal, Key=f"shown/{key}", Body=data)
    shop.direct.put_object(Bucket=shop.vault, Key=f"office/vault/{digest[:2]}/{digest}", Body=b"damaged")
    shop.direct.put_object(Bucket=shop.vault, Key="office/vault/odd", Body=b"5")
    found = verifying.look(office.office, office.vault)
    assert {(one.path, one.kind) for one in found} == {
        (f"acme-bv/{item}/planted.html", "stranger"), ("acme-bv/.", "stranger"), ("acme-bv/../x", "stranger"), ("nobody", "stranger"),
        (f"acme-bv/{item}/one.pdf", "changed"), (f"{digest[:2]}/{digest}", "changed"), ("odd", "stranger"),
    }  # fmt: skip
    # The vault's copy is damaged, and the portal's too: only when the good one is back it can be mended.
    shop.direct.put_object(Bucket=shop.vault, Key=f"office/vault/{digest[:2]}/{digest}", Body=b"one")
    office.start()
    mending.ask(office.now, trail.DAEMON, found)
    mending.mend(office.portal, office.now, mending.asked(), raised)
    office.publish()
    assert verifying.look(office.office, office.vault) == []
    assert shop.read(f"acme-bv/{item}/one.pdf") == b"one"
    kept = sorted(path.read_bytes() for path in (office.root / "var/quarantine").rglob("*") if path.is_file())
    assert kept == [b"1", b"2", b"3", b"4", b"5", b"other"]


def test_the_vault_takes_back_from_the_portal_what_it_lost(office: StoreOffice) -> None:
    office.share({"one.pdf": b"one"})
    office.publish()
    digest = hashlib.sha256(b"one").hexdigest()
    office.shop.direct.delete_object(Bucket=office.shop.vault, Key=f"office/vault/{digest[:2]}/{digest}")
    found = verifying.look(office.office, office.vault)
    assert [(one.path, one.kind) for one in found] == [(f"{digest[:2]}/{digest}", "lacks")]
    mending.mend_vault(office.portal, office.now, found)
    assert office.shop.of_vault(digest) == b"one"


# The vault


def test_a_file_is_stored_once_whatever_it_is_called(office: StoreOffice) -> None:
    office.keep(b"same", "one.pdf")
    office.keep(b"same", "two.pdf")
    puts = [path for method, path in office.shop.gate.asked if method == "PUT" and "/vault/" in path]
    assert len(puts) == 1
    assert list((office.office.vault / ".incoming").iterdir()) == [office.office.vault / ".incoming/.lock"]


def test_what_lies_under_a_files_name_is_compared_and_not_believed(office: StoreOffice) -> None:
    file = office.keep(b"good")
    office.shop.direct.put_object(Bucket=office.shop.vault, Key=f"office/vault/{file.sha256[:2]}/{file.sha256}", Body=b"evil")
    office.keep(b"good")
    assert office.shop.of_vault(file.sha256) == b"good"


def test_a_large_file_goes_in_parts_and_comes_back_as_it_was(office: StoreOffice) -> None:
    data = os.urandom(20 * 1024 * 1024 + 7)
    file = office.keep(data)
    assert sum("partNumber=" in path for _, path in office.shop.gate.asked) == 3
    assert office.shop.of_vault(file.sha256) == data
    with office.vault.local(file.sha256) as path:
        assert path.read_bytes() == data
    assert not path.exists()
    assert b"".join(office.vault.pieces(file.sha256, 9_000_000, 9_000_010)) == data[9_000_000:9_000_010]


def test_half_an_upload_is_nothing(office: StoreOffice) -> None:
    office.shop.gate.fault = lambda method, path: "break" if "partNumber=2" in path else None
    with pytest.raises(client.StoreFailed):
        office.keep(os.urandom(20 * 1024 * 1024))
    assert office.shop.in_vault() == []
    assert office.shop.uploads() == []
    assert list((office.office.vault / ".incoming").iterdir()) == [office.office.vault / ".incoming/.lock"]


def test_a_store_that_keeps_something_else_than_was_sent_is_caught(office: StoreOffice) -> None:
    office.shop.gate.swap = b"something else"
    with pytest.raises(client.StoreFailed, match="is not what was sent"):
        office.keep(b"what was sent")


def test_a_store_whose_listing_has_no_end_is_not_listened_to(office: StoreOffice) -> None:
    office.keep(b"one")
    office.shop.gate.fault = lambda method, path: "endless"
    with pytest.raises(client.StoreFailed, match="each once"):
        list(office.vault.shelves())


def test_a_removed_items_file_leaves_the_store_when_it_lay_there_an_hour(
    office: StoreOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = office.keep(b"gone")
    assert office.vault.remove(file.sha256, lambda: False) is False
    monkeypatch.setattr(bucket, "SETTLED_SECONDS", -1)
    assert office.vault.remove(file.sha256, lambda: True) is True
    assert office.shop.in_vault() == [file.sha256]
    assert office.vault.remove(file.sha256, lambda: False) is True
    assert office.shop.in_vault() == []
    assert office.vault.remove(file.sha256, lambda: False) is True
    assert retention.sweep(office.vault) == (0, 0)


def test_a_file_that_was_found_and_then_removed_is_not_made_an_attachment(
    office: StoreOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "SETTLED_SECONDS", -1)
    file = office.keep(b"same")
    office.vault.vouch([file.sha256])
    office.keep(b"same")
    other = open_vault(office.office)
    assert isinstance(other, ObjectVault)
    assert other.remove(file.sha256, lambda: Attachment.select().where(Attachment.sha256 == file.sha256).exists())
    with pytest.raises(Gone), transaction():
        office.vault.vouch([file.sha256])
    office.keep(b"same")
    with transaction():
        office.vault.vouch([file.sha256])


def test_keys_come_from_a_file_that_may_be_changed_while_all_goes_on(office: StoreOffice) -> None:
    path = office.root / "keys"
    office.keep(b"one")
    assert office.shop.gate.keys == {KEYS["AWS_ACCESS_KEY_ID"]}
    office.configure(settings=f"{SETTINGS}\nstore: {{credentials_file: keys}}\n")
    office.vault = open_vault(office.office)
    with pytest.raises(OSError, match="holds the keys for the object store"):
        office.keep(b"two")
    for number, key in enumerate(("first", "second")):
        path.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = s\n")
        os.utime(path, (number, number))
        office.keep(b"two" + key.encode())
    assert office.shop.gate.keys == {KEYS["AWS_ACCESS_KEY_ID"], "first", "second"}
    path.chmod(0o644)
    assert any("can read" in str(one.message) for one in doctor_store.stores(office.office) if one.level == "wrong")


# What people are told


def test_why_says_what_is_wrong_with_the_store(office: StoreOffice) -> None:
    item = office.share({"one.pdf": b"one"})
    office.shop.gate.stop()
    told = reasons.reasons(office.office, office.now, items.get(item_key(item)))
    assert any("can't be reached" in str(line) for line in told)


def _doctor(office: StoreOffice) -> dict[tuple[str, str], str]:
    return {(one.check, one.level): str(one.message) for one in doctor_store.stores(office.office)}


def test_doctor_tries_a_store_and_leaves_nothing_there(office: StoreOffice) -> None:
    found = _doctor(office)
    assert set(found) == {("vault", "ok"), ("portal", "ok")}
    assert "nobody without a key gets in" in found["vault", "ok"]
    assert office.shop.in_vault() == office.shop.on_portal() == office.shop.uploads() == []


def test_doctor_says_that_a_bucket_is_open_to_all(office: StoreOffice) -> None:
    office.shop.gate.is_public = True
    assert "anybody can" in _doctor(office)["vault", "wrong"]


def test_doctor_says_what_a_key_may_not_do(office: StoreOffice) -> None:
    office.shop.gate.fault = lambda method, path: 403 if method == "DELETE" and "/vault" in path else None
    assert "refuses" in _doctor(office)["vault", "wrong"]


def test_doctor_says_that_there_is_no_bucket(office: StoreOffice) -> None:
    office.shop.direct.delete_bucket(Bucket=office.shop.portal)
    assert f"there is no bucket {office.shop.portal}" in _doctor(office)["portal", "wrong"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PATHS__VAULT", "s3://", "give s3://BUCKET"),
        ("PATHS__VAULT", "s3://Bad_Bucket/x", "give s3://BUCKET"),
        ("PATHS__VAULT", "s3://bucket/../x", "give s3://BUCKET"),
        ("PATHS__INBOX", "s3://bucket/x", "only portal and vault"),
        ("STORE__ENDPOINT", "https://key:secret@s3.example", "without a key in it"),
        ("PATHS__PORTAL", "s3://bucket/office/portal", "must not lie in one another"),
        ("STORE__SECRET_KEY", "x", "there is no such key"),
    ],
)
def test_a_store_that_is_set_up_wrongly_is_told_at_the_start(root: Root, name: str, value: str, message: str) -> None:
    given = {"DOSSIER_PATHS__VAULT": "s3://bucket/office", "DOSSIER_PATHS__PORTAL": "s3://bucket/portal"}
    assert read_office(root.path, given).vault_store == "s3://bucket/office"
    with pytest.raises(ConfigurationError, match=message):
        read_office(root.path, {**given, f"DOSSIER_{name}": value})
