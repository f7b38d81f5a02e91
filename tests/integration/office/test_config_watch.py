"""Changes of config/ are seen however they are made, and what can't hold without a new start keeps nothing else from holding."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dossier.office import fingerprint, opening, watching
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.terms import CLIENTS, SETTINGS, STAFF
from dossier.office.watching import Common, ConfigWatch
from dossier.text.sentences import Sentence

JAN = "contacts: [{id: j.jansen, name: Jan, email: j@acme.example}]"


def clients(*more: str) -> str:
    return f"clients:\n  acme-bv: {{name: Acme B.V.{''.join(f', {one}' for one in more)}}}\n"


class Watched:
    """An office whose config/ is watched."""

    def __init__(self, root: Path, common: Common | None = None) -> None:
        self.root = root
        (root / "config").mkdir(parents=True)
        for name, text in ((SETTINGS, ""), (CLIENTS, clients(JAN)), (STAFF, "staff: {}\n")):
            (root / name).write_text(text)
        self.alarms: dict[str, str] = {}
        self.watch = ConfigWatch(load_office(root, {}), {}, self.alarm, common)

    def alarm(self, cause: str, text: Sentence | None) -> None:
        if text is None:
            self.alarms.pop(cause, None)
        else:
            self.alarms[cause] = str(text)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def contacts(self) -> list[str]:
        office = self.watch.changed()
        assert office is not None
        return [contact.id for contact in office.clients["acme-bv"].contacts]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "office")


def test_what_was_not_changed_is_not_read_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SETTINGS, CLIENTS, STAFF):
        os.utime(watched.root / name, (1, 1))
    assert watched.watch.changed() is None
    monkeypatch.setattr(watching, "load_office", lambda *_: pytest.fail("read again"))
    assert watched.watch.changed() is None


def test_what_was_read_when_config_was_like_this_is_not_read_again_at_the_first_look(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (SETTINGS, CLIENTS, STAFF):
        os.utime(watched.root / name, (1, 1))
    state = fingerprint.of(watched.root)
    watch = ConfigWatch(load_office(watched.root, {}), {}, watched.alarm, state=state)
    with monkeypatch.context() as patched:
        patched.setattr(watching, "load_office", lambda *_: pytest.fail("read again"))
        assert watch.changed() is None
    watched.write(CLIENTS, clients())
    changed = watch.changed()
    assert changed is not None
    assert changed.clients["acme-bv"].contacts == []


def test_what_was_changed_before_the_first_look_is_seen(watched: Watched) -> None:
    watched.write(CLIENTS, clients())
    assert watched.contacts() == []


def test_a_change_within_the_same_instant_is_seen(watched: Watched) -> None:
    assert watched.watch.changed() is None
    path = watched.root / CLIENTS
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("j.jansen", "k.jansen"))  # of the same size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert watched.contacts() == ["k.jansen"]


@pytest.mark.parametrize("how", ["its target is written", "it leads elsewhere", "its target is replaced"])
def test_a_change_behind_a_link_is_seen(watched: Watched, how: str) -> None:
    kept, link = watched.root / "kept.yaml", watched.root / CLIENTS
    link.rename(kept)
    link.symlink_to(kept)
    assert watched.watch.changed() is None
    if how == "its target is written":
        kept.write_text(clients())
    else:
        other = watched.root / "other.yaml"
        other.write_text(clients())
        if how == "it leads elsewhere":
            link.unlink()
            link.symlink_to(other)
        else:
            other.rename(kept)
    assert watched.contacts() == []


@pytest.mark.parametrize(
    "change",
    [
        "paths: {portal: elsewhere}",
        pytest.param("database: {url: 'sqlite:///var/other.db'}", marks=pytest.mark.sqlite),  # else the environment names one
        "store: {region: eu}",
    ],
)
def test_what_needs_a_new_start_keeps_nobody_s_access_alive(watched: Watched, change: str) -> None:
    before = load_office(watched.root, {})
    watched.write(SETTINGS, f"{change}\nitems: {{description_min: 3}}\n")
    watched.write(CLIENTS, clients())
    office = watched.watch.changed()
    assert office is not None
    assert office.clients["acme-bv"].contacts == []
    assert office.settings.items.description_min == 3
    assert (office.portal, office.settings.database) == (before.portal, before.settings.database)
    assert "restart" in watched.alarms["paths"]
    watched.write(CLIENTS, clients("active: no"))  # and it goes on
    changed = watched.watch.changed()
    assert changed is not None
    assert not changed.clients["acme-bv"].active
    watched.write(SETTINGS, "")
    assert watched.watch.changed() is not None
    assert watched.alarms == {}


def test_with_faults_the_old_one_holds_and_the_alarm_names_the_first(watched: Watched) -> None:
    watched.write(CLIENTS, "clients: {acme-bv: {nam: x}}\n")
    assert watched.watch.changed() is None
    assert watched.alarms["config"].startswith("config/ was changed, but is wrong; the old one holds: config/clients.yaml:1: ")
    watched.write(CLIENTS, clients())
    assert watched.contacts() == []
    assert watched.alarms == {}


def test_what_is_changed_while_it_is_read_is_read_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = iter([clients("active: no"), clients()])
    read: Callable[..., Office] = opening.load_office

    def reading(*given: object) -> Office:
        office = read(*given)
        if (text := next(texts, None)) is not None:
            watched.write(CLIENTS, text)
        return office

    watched.write(CLIENTS, "clients: {}\n")  # half of a file that is being written
    monkeypatch.setattr(watching, "load_office", reading)
    assert watched.contacts() == []


def changed_for_a_sister(folder: Path) -> Watched:
    """An office whose contact was taken out, which only another process of the same server has seen."""
    watched = Watched(folder / "office", Common())
    assert watched.watch.changed() is None
    watched.write(CLIENTS, clients())
    sister = os.fork()
    if not sister:
        os._exit(watched.contacts() != [])
    assert os.waitpid(sister, 0)[1] == 0
    return watched


def test_a_process_that_missed_a_change_takes_it_from_its_sister_while_config_has_a_fault(tmp_path: Path) -> None:
    watched = changed_for_a_sister(tmp_path)
    watched.write(CLIENTS, "clients: {")
    assert watched.contacts() == [], "who was taken out stays out"
    assert watched.alarms
    assert watched.watch.changed() is None
    watched.write(CLIENTS, clients(JAN))
    assert watched.contacts() == ["j.jansen"]


def test_what_was_right_last_counts_also_where_it_is_what_was_there_at_first(tmp_path: Path) -> None:
    watched = changed_for_a_sister(tmp_path)
    watched.write(CLIENTS, clients(JAN))
    assert watched.watch.changed() is None, "as this process has it"
    watched.write(CLIENTS, "clients: {")
    assert watched.watch.changed() is None
