"""A Dutch office: of all that is written into its folders, and said by its commands, nothing is English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import PDF, Root, new_office

from dossier.text.sentences import CATALOGUES

SETTINGS = """\
office: {language: nl}
identity: {trust_sidecar: true}
watch: {settle_seconds: 0, folder_settle_seconds: 0}
items: {statuses: [nieuw, gereed], closed: [], labels: [btw, loon], locations: [2025/Jaarrekening], description_min: 8}
types:
  brief: {fields: {kenmerk: text, datum: date}, required: [kenmerk]}
mail: {host: 127.0.0.1, port: 9}
"""
GOOD = "omschrijving: Jaarrekening 2025\ngemaakt_door: p.bakker\nbijlagen: [a.pdf]\n"
SHARED = GOOD + "delen: ja\nstatus_delen: concept\ngoedkeurder: k.smit\nbijlagen_delen: alle\n"

FAULTY = [
    "omschrijving: Jaar",
    "omschrijving: 'a\tb'",
    "omschrijving: Jaarrekening #12",
    "omschrijving: Jaarrekening\nbijlagen: b.pdf",
    "bijlagen: [a.pdf, a.pdf]\nstatus: klaar",
    GOOD + "soort: memo",
    GOOD + "soort: brief\ndatum: morgen",
    GOOD + "dossierlocatie: ../elders",
    GOOD + "dossierlocatie: 2024/Aangifte",
    GOOD + "labels: [onbekend, btww]",
    GOOD + "labels: btw",
    GOOD + "delen: misschien",
    GOOD + "status_delen: concept",
    GOOD + "delen: nee\nbijlagen_delen: alle\ntoelichting_delen: ja",
    GOOD + "delen: ja\nstatus_delen: goedgekeurd\ngoedkeurder: k.smit",
    GOOD + "delen: ja\nstatus_delen: concept\ngoedkeurder: niemand\ncontactpersoon: wie\nemail_notificatie: ja",
    GOOD + "delen: ja\nstatus_delen: concept\ngoedkeurder: []\ngoedkeuringen: 5",
    GOOD + "delen: ja\nstatus_delen: concept\ngoedkeurder: k.smit\ngoedkeuringen: 2\nemail_notificatie: ja",
    GOOD + "verwijderen: [b.pdf]\nhernoemen: {c.pdf: c.pdf}",
    GOOD + "dossierstuk: 12\nreden: fout",
    GOOD + "dossierstuk: D-2026-009999",
    GOOD + "klant: northwind-ltd",
    GOOD + "omschrijvin: nog een\ngeheim: ja",
    GOOD + "omschrijving: nog een keer",
    GOOD + "description: twice told",
    "omschrijving: Jaarrekening 2025\ngemaakt_door: iemand\nbijlagen: [a.pdf]\n",
    "omschrijving: Jaarrekening 2025\ngemaakt_door: p.bakker\nbijlagen: [{bestand: a.pdf, sha256: 12, delen: wellicht, zomaar: 1}]\n",
    "omschrijving: Jaarrekening 2025\ngemaakt_door: p.bakker\nbijlagen: [map/a.pdf, 'con.pdf', 'a?.pdf']\n",
    "omschrijving: Jaarrekening 2025\ngemaakt_door: p.bakker\nbijlagen: [{bestand: a.pdf, naam: x.exe}]\n",
    "omschrijving: [a\n",
    "- een\n- twee\n",
    "omschrijving: Een: twee\n",
]
"""What is wrong with each is told in its WHY.txt."""

CONCEPT = GOOD + "delen: ja\nstatus_delen: concept\nbijlagen_delen: alle\n"
ONE_FAULT = {
    "contact": CONCEPT + "goedkeurder: k.smit\nemail_notificatie: ja\ncontactpersoon: niemand",
    "contact-unread": CONCEPT + "goedkeurder: k.smit\nemail_notificatie: ja\ncontactpersoon: [wie]",
    "approver": CONCEPT + "goedkeurder: niemand",
    "approver-unread": CONCEPT + "goedkeurder: {a: b}",
    "share-unread": CONCEPT.replace("delen: ja", "delen: wellicht") + "goedkeurder: k.smit",
    "status-unread": CONCEPT.replace("concept", "wellicht") + "goedkeurder: k.smit",
    "maker": CONCEPT.replace("p.bakker", "iemand") + "goedkeurder: k.smit",
    "maker-unread": GOOD.replace("p.bakker", "[x]") + "delen: ja\nstatus_delen: goedgekeurd\nbijlagen_delen: alle",
    "description-unread": GOOD.replace("Jaarrekening 2025", "[a]"),
    "attachments-unread": CONCEPT.replace("[a.pdf]", "{a: b}") + "goedkeurder: k.smit",
    "type": GOOD + "soort: memo\nkenmerk: x",
    "field": GOOD + "soort: brief\nkenmerk: {a: b}",
    "item-unread": GOOD + "dossierstuk: 12\nverwijderen: [b.pdf]",
    "client": CONCEPT + "goedkeurder: k.smit\nklant: nergens\nemail_notificatie: ja\ncontactpersoon: j.jansen",
    "not-yaml": GOOD + "toelichting: een: twee",
}
"""One thing is wrong with each, from which other faults would follow."""

TYPED = [
    "decision: misschien", "decision:goedkeuren", "decision: afkeuren", "decision: [a", "content: anders\ndecision:", "decision: goedkeuren",
]  # fmt: skip
"""What an approver makes of the line `decision:`."""


def english() -> Iterator[str]:
    """The parts of all English sentences that are three words or more, and no part of a Dutch one."""
    forms = [one for path in CATALOGUES.glob("*.toml") for one in tomllib.loads(path.read_text(encoding="utf-8")).values()]
    dutch = " ".join(str(form["nl"]) for form in forms)
    for form in forms:
        for text in form["en"] if isinstance(form["en"], list) else [form["en"]]:
            for part in re.split(r"\{[^{}]*\}|`", text):
                if len(part.split()) >= 3 and len(part) > 12 and part not in dutch:
                    yield part


ENGLISH = tuple(english())


def in_english(text: str) -> list[str]:
    return [part for part in ENGLISH if part in text]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Faulty drops and good ones, taken at once."""
    root = new_office(tmp_path_factory.mktemp("dutch") / "kantoor", settings=SETTINGS)
    root.environ |= {"LANG": "nl_NL.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}
    for number, sidecar in enumerate(FAULTY):
        root.place("acme-bv", {f"fout-{number}/a.pdf": PDF + b"%d" % number, f"fout-{number}/item.yaml": sidecar})
    root.place("acme-bv", {"pak/a.exe": b"MZ\x90\0" + b"\0" * 60, "pak/item.yaml": GOOD.replace("a.pdf", "a.exe")})
    for name, sidecar in ONE_FAULT.items():
        root.place("acme-bv", {f"een-{name}/a.pdf": PDF + name.encode(), f"een-{name}/item.yaml": sidecar})
    (root.path / "checked").write_text(root.run("check", str(root.inbox()), code=1).stdout)
    for number in range(len(TYPED)):
        card = SHARED.replace("2025", f"202{number}")
        root.place("acme-bv", {f"goed-{number}/a.pdf": PDF, f"goed-{number}/item.yaml": card})
    root.once()
    return root


def test_what_is_wrong_with_a_drop_is_told_in_dutch_whatever_it_is(root: Root) -> None:
    whys = {path.parent.name[16:]: path.read_text() for path in (root.inbox() / "_rejected").glob("*/WHY.txt")}
    assert set(whys) == {"pak", *(f"fout-{number}" for number in range(len(FAULTY))), *(f"een-{name}" for name in ONE_FAULT)}
    for name, text in whys.items():
        assert in_english(text) == [], (name, text)
        assert "--" not in text, "an option is a command's, and no sidecar's"
    assert in_english((root.path / "checked").read_text()) == []
    assert "`omschrijving` is verplicht" in "".join(whys.values())


@pytest.mark.parametrize("name", ONE_FAULT)
def test_a_fault_is_told_once_and_nothing_that_only_follows_from_it(root: Root, name: str) -> None:
    text = root.why(f"een-{name}")
    assert text is not None
    assert len(text.splitlines()) == 1, text


def test_queue_files_are_dutch_through_all_that_an_approver_does(root: Root) -> None:
    queue = root.path / "var/queue/k.smit"
    papers = dict(zip(sorted(queue.glob("D-*.yaml")), TYPED, strict=True))
    for paper, typed in papers.items():
        text = paper.read_text()
        assert text.startswith("# Beslissen: zet goedkeuren of afkeuren achter decision: en sla op.")
        assert in_english(text) == []
        paper.write_text(re.sub("^decision:", typed, text, count=1, flags=re.MULTILINE))
    root.place("acme-bv", {"goed-0/a.pdf": PDF, "goed-0/item.yaml": SHARED.replace("2025", "2020")})
    root.once()
    written = {path: path.read_text() for path in [*queue.rglob("*.yaml"), *(root.inbox() / "_done").glob("*.yaml")]}
    for path, text in written.items():
        assert in_english(text) == [], (path, text)
    assert sum("\n# ! " in f"\n{text}" for text in written.values()) == len(TYPED)
    assert "dezelfde aanlevering is al eerder verwerkt" in "".join(written.values())


def test_commands_speak_dutch_of_it(root: Root) -> None:
    item = root.json("items")[0]["item"]
    for words in (
        ("status",), ("doctor",), ("why", item), ("notify", item, "--contact", "niemand"), ("reject", item, "--comment", " "),
        ("restore", str(root.path)),
    ):  # fmt: skip
        done = root.run(*words, code=None, user="j.admin")
        told = done.stdout + done.stderr
        assert (in_english(told), "Traceback" in told) == ([], False), (words, told)


def test_english_is_found_where_it_is(tmp_path: Path) -> None:
    assert in_english("report.yaml:1: `description` is required: one line that tells the client what this is")
