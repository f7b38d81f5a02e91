"""The sidecar's form (CONTRACT section 3)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.keys import Preset, Settings
from dossier.text.yamltext import Fault
from ingest.sidecar.keys import KEYS, AttachmentEntry
from ingest.sidecar.presets import Spoken
from ingest.sidecar.reading import Sidecar, claimed_files, item_named, read_sidecar, reads_as_sidecar, type_named
from ingest.sidecar.schema import sidecar_schema

ROOT = Path(__file__).parents[3]
PLAIN = Settings()
STRICT = Settings.model_validate(
    {
        "items": {"labels": ["BTW", "Lonen"], "locations": ["2025/Jaarrekening", "2026"]},
        "types": {
            "advice": {"required": ["location", "matter"], "fields": {"matter": "text", "due": "date", "level": ["Low", "High"]}},
            "letter": {"fields": {"sent": "date"}},
        },
    }
)
NEW = "description: Annual accounts 2025\n"
OLD = "item: D-2026-000012\n"
SHARED = NEW + "share: yes\nshare_status: concept\n"


def good(text: str, settings: Settings = PLAIN) -> Sidecar:
    sidecar, faults = read_sidecar(text.encode(), settings)
    assert faults == []
    assert sidecar is not None
    return sidecar


def faults_of(text: str | bytes, settings: Settings = PLAIN) -> list[Fault]:
    return read_sidecar(text.encode() if isinstance(text, str) else text, settings)[1]


def test_english_and_dutch_say_the_same() -> None:
    english = """
        description: Annual accounts 2025
        status: done
        location: 2025/Jaarrekening
        labels: [accounts, 2025]
        explanation: Final.
        attachments:
        - {file: a.pdf, name: b.pdf, share: yes, note: ours}
        share_attachments: all
        share_explanation: yes
        share: yes
        share_status: approved
        notify: yes
        contact: j.jansen
        created_by: p.bakker
    """
    dutch = """
        omschrijving: Annual accounts 2025
        status: done
        dossierlocatie: 2025/Jaarrekening
        labels: [accounts, 2025]
        toelichting: Final.
        bijlagen:
        - {bestand: a.pdf, naam: b.pdf, delen: ja, notitie: ours}
        bijlagen_delen: alle
        toelichting_delen: JA
        delen: ja
        status_delen: goedgekeurd
        email_notificatie: True
        contactpersoon: j.jansen
        gemaakt_door: p.bakker
    """
    sidecar = good(english)
    assert sidecar == good(dutch)
    assert sidecar.attachments == (AttachmentEntry("a.pdf", "b.pdf", True, "ours", None, 8),)
    assert (sidecar.share_attachments, sidecar.share_status, sidecar.lines["contact"]) == (True, "approved", 14)
    assert "approver" not in sidecar.given


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (NEW + "labels: [2025, 1.10, 00123, 12:30, no]", "labels", ("2025", "1.10", "00123", "12:30", "no")),
        (NEW + "labels: []", "labels", ()),
        (NEW + "labels:", "labels", None),
        (NEW + "labels: [null, ~, 1_000, 0o17]", "labels", ("null", "~", "1_000", "0o17")),
        (NEW + "location: /2025/ Jaarrekening //x/", "location", "2025/Jaarrekening/x"),
        (NEW + "location: 2025", "location", "2025"),
        (NEW + "location: 2025/Gei\u0308nd", "location", "2025/Geïnd"),
        (NEW + "status: DONE", "status", "done"),
        (NEW + "explanation: |\n  one\n  two", "explanation", "one\ntwo"),
        (NEW + 'explanation: ""', "explanation", ""),
        (NEW + "explanation: \u200eשלום", "explanation", "\u200eשלום"),
        (NEW + "attachments: []", "attachments", ()),
        (NEW, "attachments", None),
        (NEW + "attachments: [a.pdf]", "attachments", (AttachmentEntry("a.pdf", None, None, None, None, 2),)),
        (OLD + f"bijlagen: [{{file: a, sha256: {'A' * 64}}}]", "attachments", (AttachmentEntry("a", *3 * [None], "a" * 64, 2),)),
        (NEW + "share: Nee", "share", False),
        (NEW + "share: ~", "share", None),
        (NEW + "share_attachments: geen", "share_attachments", False),
        (SHARED + "approver: m.devries", "approvers", ("m.devries",)),
        (SHARED + "approver: [m.devries, k.smit]\napprovals: 2", "approvals", 2),
        (SHARED + "approver: [m.devries, k.smit]\napprovals: any", "approvals", "any"),
        (SHARED + "approvals: 1", "approvals", 1),
        (SHARED, "approvers", ()),
        (OLD, "item", "D-2026-000012"),
        ("dossierstuk: 2026-000012", "item", "D-2026-000012"),
        ("item: d-2026-1000012", "item", "D-2026-1000012"),
        (OLD + "approver: k.smit", "approvers", ("k.smit",)),
        (OLD + "notify: yes", "notify", True),
        (OLD + "attachments: [{file: a.pdf, share: yes}]", "share", None),
        (OLD + "remove: [a.pdf, b.pdf]", "remove", ("a.pdf", "b.pdf")),
        (OLD + "hernoemen: {a.pdf: A.pdf}", "rename", {"a.pdf": "A.pdf"}),
    ],
)
def test_values_are_taken_as_they_are_written(text: str, key: str, value: Any) -> None:
    assert getattr(good(text), key) == value


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (NEW + "labels: [btw, LONEN]", "labels", ("BTW", "Lonen")),
        (NEW + "location: 2025/jaarrekening/Concept", "location", "2025/Jaarrekening/Concept"),
        (NEW + "soort: Advice\nlocation: 2026\nmatter: Tax\nlevel: high", "fields", {"matter": "Tax", "level": "High"}),
        (OLD + "due: 2026-12-31", "fields", {"due": "2026-12-31"}),
        (OLD + "type: letter", "type", "letter"),
        ("description: Btw\u00a02026", "description", "Btw\u00a02026"),
    ],
)
def test_what_the_office_allows_is_kept_in_its_own_spelling(text: str, key: str, value: Any) -> None:
    assert getattr(good(text, STRICT), key) == value


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "`description` is required"),
        ("status: done", 1, "`description` is required"),
        ("delen: nee", 1, "`description` is required"),
        ("description:", 1, "is required"),
        ("description: short", 1, "at least 8"),
        ('description: "' + r"\u200b" * 9 + '"', 1, "has 0 characters"),
        ("description: " + "x" * 201, 1, "at most 200"),
        ("description: [a]", 1, "give a text"),
        ("description: |\n  one line\n  two lines", 1, "one line"),
        ('description: "bell \\a in here"', 1, "control or direction"),
        ("description: over\u202eride the text", 1, "control or direction"),
        (NEW + "descripton: x", 2, "did you mean `description`?"),
        (NEW + "Share: yes", 2, "did you mean `share`?"),
        (NEW + "qqq: x", 2, "no key `qqq`"),
        (NEW + "~: x", 2, "there is no key"),
        (NEW + "status: new\nstatus: done", 3, "given twice"),
        (NEW + '"a\\nb": 1\n"a\\nb": 2', 3, "`a\\nb` is given twice"),
        (NEW + "share: no\ndelen: nee", 3, "`delen` and `share` (line 2) are the same key"),
        (NEW + "status: klaar", 2, "give new, in_progress, done or closed"),
        (NEW + "type: advice", 2, "no type yet"),
        (NEW + "location: ../x", 2, "such as 2025/Jaarrekening"),
        (NEW + "location: a\\b", 2, "such as 2025/Jaarrekening"),
        (NEW + "location: C:/a", 2, "such as 2025/Jaarrekening"),
        (NEW + "labels: a", 2, "give a list"),
        (NEW + 'attachments: ""', 2, "such as [report.pdf]"),
        (NEW + "labels:\n- Tax\n- tax", 4, "given twice"),
        (NEW + "labels: [Straße, STRASSE]", 2, "given twice"),
        (NEW + "labels:\n- [a]", 3, "give a text"),
        (NEW + 'explanation: "\\a"', 2, "control characters"),
        (NEW + "share: maybe", 2, "give yes or no"),
        (NEW + "share: 1", 2, "give yes or no"),
        (NEW + "share: on", 2, "give yes or no"),
        (NEW + "share: [yes]", 2, "give yes or no"),
        (NEW + "share_attachments: some", 2, "all or none"),
        (NEW + "share: yes\nshare_status: published", 3, "concept or approved"),
        (SHARED + "approver: []", 4, "the list is empty"),
        (SHARED + "approver: [k.smit, k.smit]", 4, "given twice"),
        (SHARED + "approvals: 0", 4, "a number of approvers"),
        (SHARED + "approvals: most", 4, "a number of approvers"),
        (SHARED + "approver: k.smit\napprovals: 2", 5, "there is one approver"),
        (SHARED + "notify: yes", 4, "no `contact` is given"),
        ("item: 12", 1, "such as D-2026-000012"),
        ("item: D-2026-000000", 1, "such as D-2026-000012"),
        (NEW + "remove: [a.pdf]", 2, "`remove` needs `item`"),
        (NEW + "hernoemen: {a: b}", 2, "`hernoemen` needs `dossierstuk`"),
        (OLD + "remove: a.pdf", 2, "give a list"),
        (OLD + "rename: [a, b]", 2, "old and new names"),
        (OLD + "rename: {a.pdf: x/b.pdf}", 2, "folder part"),
        (OLD + "rename: {a.pdf: a.pdf}", 2, "that name already"),
        (OLD + "rename: {a.pdf: c.pdf, b.pdf: C.pdf}", 2, "two attachments"),
        (OLD + "rename: {a.pdf: }", 2, "give a file name"),
        (OLD + "remove: [a.pdf]\nrename: {A.pdf: b.pdf}", 3, "renamed and removed"),
        (OLD + "remove: [a.pdf]\nattachments: [a.pdf]", 3, "attached and removed"),
        ("- a", 1, "found a list"),
        ("a", 1, "found a bare text"),
        ("a: [", 1, "not YAML"),
        (NEW + "explanation: !!python/object x", 2, "tags"),
        (NEW + "explanation: &a x", 2, "aliases"),
        ("---\na: b\n---\n", 3, "more than one document"),
        (b"\xff", 1, "UTF-8"),
        (b"a: " + b"x" * 70_000, 0, "64 kB"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str | bytes, line: int, said: str) -> None:
    told = [fault for fault in faults_of(text) if fault.line == line and said in str(fault.message)]
    assert told, faults_of(text)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("x/a.pdf", "folder part"),
        ("../a.pdf", "folder part"),
        ("x\\a.pdf", "folder part"),
        ("CON.pdf", "Windows keeps"),
        ("conout$.pdf", "Windows keeps"),
        ("a?.pdf", "Windows can't hold"),
        (".hidden", "never taken"),
        ("a.tmp", "never taken"),
        ('"a\\u202efdp.doc"', "control or direction"),
        ("a.EXE", "files of type .exe are not taken"),
        ("{file: a.txt, name: a.js}", "files of type .js are not taken"),
        ("", "give a file name"),
        ("~", "never taken"),
        ("[a]", "give a file name"),
        ("{name: a.pdf}", "names no `file`"),
        ("{file: }", "names no `file`"),
        ("{file: a, name: b/c}", "folder part"),
        ("{file: a, bestand: b}", "same key in two languages"),
        ("{file: a, shared: yes}", "did you mean `share`?"),
        ("{file: a, share: perhaps}", "give yes or no"),
        ("{file: a, sha256: 12}", "64 digits"),
    ],
)
def test_a_wrong_attachment_is_told_with_its_line(entry: str, said: str) -> None:
    faults = faults_of(NEW + f"attachments:\n- ok.pdf\n- {entry}\n")
    assert [fault.line for fault in faults] == [4]
    assert said in str(faults[0].message)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("[a.pdf, a.pdf]", "listed twice"),
        ("[{file: a.pdf, name: x}, {file: a.pdf, name: y}]", "listed twice"),
        ("[caf\u00e9.pdf, cafe\u0301.pdf]", "listed twice"),
        ("[a.pdf, A.pdf]", "two attachments are called `a.pdf`"),
        ("[a.pdf, {file: b.pdf, name: A.PDF}]", "two attachments"),
    ],
)
def test_a_name_that_two_attachments_share_is_refused(entries: str, said: str) -> None:
    (fault,) = faults_of(NEW + f"attachments: {entries}")
    assert said in str(fault.message)


def test_two_files_that_differ_in_case_can_both_be_attached_under_different_names() -> None:
    assert good(NEW + "attachments: [a.pdf, {file: A.pdf, name: b.pdf}]")


@pytest.mark.parametrize("share", ["", "share: no\n", "delen: nee\n"])
@pytest.mark.parametrize(
    "line",
    [
        "share_status: concept",
        "approver: k.smit",
        "approvals: all",
        "share_attachments: all",
        "share_explanation: yes",
        "notify: yes",
        "attachments: [{file: a.pdf, share: yes}]",
    ],
)
def test_what_belongs_to_sharing_contradicts_share_no(share: str, line: str) -> None:
    faults = faults_of(NEW + share + "contact: j\n" + line)
    assert len(faults) == 1
    assert faults[0].line == 3 + bool(share)
    assert ("is no" if share else "is not given") in str(faults[0].message)


@pytest.mark.parametrize("line", ["share_attachments: none", "share_explanation: no", "notify: no", "contact: j"])
def test_saying_no_twice_is_no_contradiction(line: str) -> None:
    good(NEW + "share: no\n" + line)


def test_an_amendment_that_says_share_no_and_names_an_approver_contradicts_itself() -> None:
    assert [fault.line for fault in faults_of(OLD + "share: no\napprover: k.smit")] == [3]


@pytest.mark.parametrize("line", ["approver: k.smit", "approvals: any", "goedkeurder: k.smit"])
def test_what_is_approved_outright_has_no_approver(line: str) -> None:
    (fault,) = faults_of(NEW + "share: yes\nshare_status: approved\n" + line)
    assert (fault.line, "which asks nobody" in str(fault.message)) == (4, True)


def test_a_contradiction_is_told_in_the_words_of_the_writer() -> None:
    (fault,) = faults_of("omschrijving: Jaarrekening 2025\ngoedkeurder: k.smit\n")
    assert str(fault.message) == "`goedkeurder` is given, but `delen` is not given; write `delen: ja`, or leave `goedkeurder` out"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (NEW + "labels:\n- BTW\n- lonn", 4, "did you mean `Lonen`?"),
        (NEW + "labels: [zzz]", 2, "give BTW or Lonen"),
        (NEW + "location: 2025", 2, "begin with 2025/Jaarrekening or 2026"),
        (NEW + "location: 20260", 2, "not among"),
        (NEW + "type: memo", 2, "give advice or letter"),
        (NEW + "type: advice\nmatter: x", 2, "needs `location`"),
        (NEW + "type: advice\nlocation: 2026", 2, "needs `matter`"),
        (NEW + "matter: x", 2, "`matter` is a key of type advice"),
        (NEW + "type: letter\nmatter: x", 3, "`matter` is a key of type advice"),
        (NEW + "type: letter\nsent: 31-12-2026", 3, "a date such as"),
        (NEW + "type: letter\nsent: 2026-02-30", 3, "a date such as"),
        (OLD + "level: middle", 2, "give Low or High"),
        (OLD + "mater: x", 2, "did you mean `matter`?"),
    ],
)
def test_what_the_office_does_not_allow_is_told(text: str, line: int, said: str) -> None:
    (fault,) = faults_of(text, STRICT)
    assert (fault.line, said in str(fault.message)) == (line, True), fault


NEEDS = Settings.model_validate(
    {
        "types": {
            "deed": {"required": ["bijlagen"]},
            "letter": {"required": ["approver"]},
            "memo": {"required": ["approver"], "approval": "internal"},
        }
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "type: deed",
        "type: deed\nattachments: [a.pdf]",
        "type: letter",
        "type: letter\nshare: yes\nshare_status: approved",
        "type: letter\nshare: yes\napprover: k.smit",
        "type: memo\napprover: k.smit",
    ],
)
def test_what_a_type_requires_need_not_be_said_where_it_can_be_seen_or_nobody_is_asked(text: str) -> None:
    good(NEW + text, NEEDS)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("type: deed\nattachments: []", 3, "needs an attachment"),
        ("type: letter\nshare: yes", 2, "needs `approver`"),
        ("type: memo", 2, "needs `approver`"),
    ],
)
def test_what_a_type_requires_and_is_not_there_is_told(text: str, line: int, said: str) -> None:
    (fault,) = faults_of(NEW + text, NEEDS)
    assert (fault.line, said in str(fault.message)) == (line, True), fault


def test_every_fault_is_told_at_once_in_the_order_of_the_lines() -> None:
    sidecar, faults = read_sidecar((ROOT / "demo/samples/acme-bv/aanslag-vpb-2024.yaml").read_bytes(), PLAIN)
    assert [fault.line for fault in faults] == [4, 5, 6, 8, 10]
    assert sidecar is not None
    assert sidecar.approvers == ("p.bakker",)  # so that it can be told that she may not approve


def test_a_file_that_can_not_be_read_to_its_end_is_no_sidecar_and_misses_nothing() -> None:
    sidecar, faults = read_sidecar(b"sttus: done\nlabels: [a\n", PLAIN)
    assert sidecar is None
    assert [fault.line for fault in faults] == [1, 2]
    assert read_sidecar(NEW.encode() + b"labels: [*x]\nlabels: [!x b]", PLAIN)[0] is not None


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("attachments: [a.pdf, {file: b.pdf, oops: 1}]\nshare: maybe", ("a.pdf", "b.pdf")),
        ("bijlagen: [{bestand: a.pdf}]\nlabels: [", ("a.pdf",)),
        ("attachments: a.pdf", ("a.pdf",)),
        ("attachments: []", ()),
        ("attachments:", None),
        ("attachments: {a: b}", None),
        ("labels: [", None),
        ("", None),
    ],
)
def test_the_files_of_a_faulty_sidecar_are_still_known(text: str, claimed: tuple[str, ...] | None) -> None:
    assert claimed_files(text.encode()) == claimed
    sidecar, _ = read_sidecar(text.encode(), PLAIN)
    if sidecar is not None:
        assert (None if sidecar.attachments is None else tuple(entry.file for entry in sidecar.attachments)) == claimed


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        (NEW, True),
        (OLD, True),
        (OLD + "created_by: p.bakker", True),
        (OLD + "status: done", False),
        (OLD + "remove: [a]", False),
    ],
)
def test_only_an_amendment_that_changes_something_by_itself_needs_no_files(text: str, needs: bool) -> None:
    assert good(text).needs_files is needs


@pytest.mark.parametrize(
    ("own", "shared"), [("", True), ("explanation: ours\n", None), ("explanation: for all\nshare_explanation: yes\n", True)]
)
def test_an_explanation_of_a_sidecars_own_is_not_shared_on_a_presets_word(own: str, shared: bool | None) -> None:
    preset = Preset.model_validate(
        {"folder": "Loon", "share": "yes", "share_status": "approved", "explanation": "Your slip", "share_explanation": "yes"}
    )
    sidecar, faults = read_sidecar(f"{NEW}{own}".encode(), PLAIN, Spoken("slips", preset))
    assert sidecar is not None
    assert (faults, sidecar.share, sidecar.share_explanation) == ([], True, shared)


@pytest.mark.parametrize(
    ("own", "all_shared"),
    [
        ("labels: [eigen]\n", True),
        ("attachments: [a.pdf]\n", None),  # of those it says which
        ("share: yes\nshare_status: approved\n", None),
        ("share_attachments: none\n", False),
        ("share: no\n", None),
    ],
)
def test_a_preset_that_shares_shares_the_files_of_a_sidecar_that_says_nothing_of_it(own: str, all_shared: bool | None) -> None:
    preset = Preset.model_validate({"folder": "Loon", "share": "yes", "share_status": "approved"})
    sidecar, faults = read_sidecar(f"{NEW}{own}".encode(), PLAIN, Spoken("slips", preset))
    assert sidecar is not None
    assert (faults, sidecar.share_attachments) == ([], all_shared)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("type: wwft", "wwft"), ("soort: 'WWFT'", "wwft"), ("{typ: wwft}", "wwft"), ("type: !x wwft", "wwft"), ("type:\n  - wwft", "wwft"),
        ("labels: [wwft]", None), ("type: wwft-light", "wwft-light"), ("type: memo\nexplanation: wwft", None), ("", None),
    ],
)  # fmt: skip
def test_the_type_that_a_sidecar_names_is_known_whatever_is_wrong_with_it(text: str, named: str | None) -> None:
    assert type_named(text, {"wwft", "wwft-light"}) == named


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["type" + " " * 60_000, "type" + ": !" * 20_000, "wwft " * 13_000, "x" * 60_000 + " wwft", "item" + "-" * 60_000]
)
def test_no_text_makes_it_take_long(text: str) -> None:
    type_named(text, {"wwft"})
    item_named(text)
    reads_as_sidecar(text.encode(), PLAIN)
    for opens in ("a: [", "a: {b: "):
        read_sidecar(f"description: x\n{opens}{text} #\n".encode(), PLAIN)
        read_sidecar(f"description: x\n{':[' * 30_000}\n".encode(), PLAIN)


WORDS = [word for key in KEYS for word in (key.english, key.dutch)]
VALUES = ["yes", "no", "x", "2", "", "~", "*a", "'", "concept", "approved", "all", "D-2026-000012"]
VALUES += ["[a, b]", "[a, a]", "{a: b}", "[{file: a}]"]
LINES = st.tuples(st.sampled_from([*WORDS, "matter", "level", "?", "- a"]), st.sampled_from(VALUES) | st.text(max_size=20))


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    for settings in (PLAIN, STRICT):
        sidecar, faults = read_sidecar(data, settings)
        assert sidecar is not None or faults
    claimed_files(data)


@given(st.lists(LINES))
def test_no_text_makes_the_reader_fail(lines: list[tuple[str, str]]) -> None:
    data = "\n".join(f"{key}: {value}" for key, value in lines).encode("utf-8", "surrogatepass")
    _, faults = read_sidecar(data, STRICT)
    assert faults == sorted(faults)
    assert not any("\n" in str(fault.message) for fault in faults)


def test_the_schema_has_every_key_in_both_languages_and_the_offices_choices() -> None:
    schema = sidecar_schema(STRICT)
    assert set(schema["properties"]) == {*WORDS, "matter", "due", "level", "sent"}
    assert all(value.get("description") for value in schema["properties"].values())
    assert schema["properties"]["soort"]["enum"] == ["advice", "letter", None]
    assert set(sidecar_schema(None)["properties"]) == set(WORDS)


def test_the_documentation_names_every_key_and_its_samples_are_good() -> None:
    text = (ROOT / "docs/sidecar.md").read_text(encoding="utf-8")
    assert [word for word in WORDS if f"`{word}" not in text] == []
    samples = re.findall(r"```yaml\n(# yaml-language-server:.*?)```", text, re.DOTALL)
    assert len(samples) >= 4
    for sample in samples:
        good(sample)
