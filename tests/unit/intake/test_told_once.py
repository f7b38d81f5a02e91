"""A sidecar with one thing wrong tells one fault, and one with two tells two at most: none that only follows from another. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dossier.files.files import Look
from dossier.office.keys import Client, Contact, Settings, Staff
from dossier.office.office import Office
from dossier.text.yamltext import Fault
from ingest.inbox.found import Found
from ingest.intake.judging import judge
from ingest.sidecar.keys import DUTCH
from ingest.sidecar.reading import read_sidecar

Lines = dict[str, str]
Plant = Callable[[Lines], list[tuple[str, str]] | None]

STAFF = {
    "p.bakker": {"rights": ["create"]}, "m.devries": {"rights": ["create", "share", "approve"]},
    "k.smit": {"rights": ["create", "approve"]}, "j.admin": {"rights": ["admin"]},
}  # fmt: skip
CONTACTS = [
    Contact(id="j.jansen", name="Jan", email="jan@acme.example"),
    Contact(id="o.old", name="Old", email="old@acme.example", active=False),
]
SETTINGS = {
    "types": {
        "wwft": {"share": "never", "staff": ["m.devries"]}, "memo": {"share": "never", "approval": "internal"},
        "advice": {"share": "approval", "required": ["matter", "contact"], "fields": {"matter": "text", "until": "date"}, "labels": ["tax"]},
    },
    "identity": {"trust_sidecar": True}, "items": {"labels": ["vat", "tax"], "locations": ["2025/Tax"]},
}  # fmt: skip

PETRA = {"description": "Annual accounts 2025", "created_by": "p.bakker"}
LISA = {"description": "Annual accounts 2025", "created_by": "m.devries"}
MORE = {
    "status": "new", "labels": "[vat]", "location": "2025/Tax", "explanation": "Some words", "due": "2027-03-01", "owner": "m.devries",
    "client": "acme-bv",
}  # fmt: skip
MAIL = {"notify": "yes", "contact": "j.jansen"}
CONCEPT = {"share": "yes", "share_attachments": "all", "share_status": "concept", "approver": "k.smit", **MAIL}
TWO = {
    "share": "yes",
    "share_attachments": "all",
    "share_explanation": "yes",
    "approver": "[k.smit, m.devries]",
    "approvals": "2",
}
OUTRIGHT = {"share": "yes", "share_attachments": "all", "share_status": "approved"}
ADVICE = {"type": "advice", "matter": "what it is", "until": "2027-01-01", "labels": "[tax]"}
LISTED = {"share": "yes", "share_status": "concept", "attachments": "[{file: a.pdf, share: yes}, {file: b.pdf, share: no}]"}
GOOD: dict[str, Lines] = {
    "plain": LISA, "more": {**LISA, **MORE}, "concept": {**PETRA, **MORE, **CONCEPT}, "two": {**PETRA, **TWO, **MAIL},
    "outright": {**LISA, **OUTRIGHT, **MAIL, **MORE}, "advice": {**LISA, **ADVICE, "contact": "j.jansen"},
    "shared advice": {**PETRA, **ADVICE, **CONCEPT}, "memo": {**PETRA, "type": "memo", "approver": "k.smit"},
    "listed": {**PETRA, **LISTED, **MAIL}, "secret": {**LISA, "type": "wwft"},
}  # fmt: skip

WRONG = {
    "description": "Short", "status": "finished", "type": "nothing", "location": "../x", "labels": "[vax]", "share": "maybe",
    "share_attachments": "some", "share_explanation": "perhaps", "share_status": "finished", "approver": "[k.smit, x.nobody]",
    "approvals": "7", "notify": "perhaps", "contact": "nobody", "created_by": "x.nobody", "client": "bare", "due": "soon",
    "owner": "x.nobody", "matter": "[a]", "until": "soon",
}  # fmt: skip


def put(key: str, value: str, *, needs: str = "", unless: str = "") -> Plant:
    """The key with this value, instead of the one that it has if it is `needs`; none where `unless` is given."""

    def plant(lines: Lines) -> list[tuple[str, str]] | None:
        if (needs and needs not in lines) or (unless and unless in lines):
            return None
        return list({**lines, key: value}.items())

    return plant


def instead(key: str, value: str) -> Plant:
    return put(key, value, needs=key)


def twice(key: str, word: str, value: str, *, first: bool = False) -> Plant:
    """The key once more, as `word`."""

    def plant(lines: Lines) -> list[tuple[str, str]] | None:
        if key not in lines:
            return None
        return [(word, value), *lines.items()] if first else [*lines.items(), (word, value)]

    return plant


def without(key: str, needs: str) -> Plant:
    return lambda lines: [one for one in lines.items() if one[0] != key] if {key, needs} <= lines.keys() else None


def misspelt(key: str) -> Plant:
    return lambda lines: [(f"{word}x" if word == key else word, value) for word, value in lines.items()] if key in lines else None


FAULTS: dict[str, Plant] = {
    **{f"{key}: {value}": instead(key, value) for key, value in WRONG.items()},
    **{f"{key} is no text": instead(key, "{a: b}") for key in WRONG},
    **{f"{key} is twice the same": twice(key, key, "yes") for key in WRONG},
    **{f"{key} is twice, first wrong": twice(key, key, value, first=True) for key, value in WRONG.items()},
    **{f"{key} is there in Dutch": twice(key, DUTCH[key], value) for key, value in WRONG.items() if DUTCH.get(key, key) != key},
    **{f"{key} is there in Dutch, first": twice(key, DUTCH[key], value, first=True) for key, value in WRONG.items() if DUTCH.get(key, key) != key},
    **{f"{key} is misspelt": misspelt(key) for key in WRONG},
    **{f"{key} is an alias": instead(key, "*a") for key in WRONG if key != "matter"},
    **{f"{key} has a tag": instead(key, f"!!python/name:os.system {value}") for key, value in WRONG.items() if value[0] != "["},
    "cut off": instead("description", "Annual accounts #12"), "cut off and short": instead("description", "Invoice #12"),
    "an old contact": instead("contact", "o.old"), "an empty contact": instead("contact", ""), "no contact": without("contact", "notify"),
    "no description": without("description", "created_by"), "no key of its type": without("matter", "type"),
    "its own maker": put("approver", "[p.bakker, k.smit]", needs="approvals"), "an approver twice": instead("approver", "[k.smit, k.smit]"),
    "a list in a list": instead("approver", "[[k.smit]]"), "no approvers": instead("approver", "[]"),
    "share is left out": without("share", "notify"), "share is empty": put("share", "", needs="notify"), "share is no": put("share", "no", needs="notify"),
    "approved and asked": lambda lines: list({**lines, "approver": "k.smit"}.items()) if lines.get("share_status") == "approved" else None,
    "asked and not shared": lambda lines: list({**lines, "approver": "x.nobody"}.items()) if not {"share", "type"} & lines.keys() else None,
    "a reason": put("reason", "why"), "remove": put("remove", "[a.pdf]"), "rename": put("rename", "{a.pdf: b.pdf}"), "no number": put("item", "D-12"),
    "a secret type": put("type", "wwft", needs="approvals"), "another type's key": put("matter", "x", unless="type"),
    "another type's keys": lambda lines: [*lines.items(), ("matter", "x"), ("until", "soon")] if lines.get("type") in ("memo", "wwft") else None,
    **{f"attachments: [{{{entry}}}]": instead("attachments", f"[{{{entry}}}]") for entry in (
        "file: 'a?b.pdf', share: yes", "file: a.pdf, share: perhaps", "file: a.pdf, shaer: yes", "file: a.pdf, share: yes, share: no",
        "file: a.pdf, bestand: a.pdf, share: yes", "file: a.pdf, share: yes, sha256: abc", "name: a.pdf, share: yes",
        "file: a.pdf, share: yes}, {file: a.pdf, share: yes",
    )},
    "a file that is to be shared": put("attachments", "[{file: a.pdf, share: yes}, {file: b.pdf, share: yes}]", unless="share"),
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    clients = {"acme-bv": Client(name="Acme", default_approver="m.devries", contacts=CONTACTS), "bare": Client(name="Bare")}
    staff = {code: Staff(name=code, email=f"{code}@x.example", **more) for code, more in STAFF.items()}  # type: ignore[arg-type]
    return Office(tmp_path_factory.mktemp("told"), Settings(**SETTINGS), clients, staff)  # type: ignore[arg-type]


def faults_of(office: Office, lines: list[tuple[str, str]]) -> list[Fault]:
    sidecar, faults = read_sidecar("".join(f"{word}: {value}\n" for word, value in lines).encode(), office.settings)
    listed = [one.file for one in sidecar.attachments] if sidecar and sidecar.attachments is not None else ["a.pdf"]
    look = Look(0, 0, 10, 0, 0, 65533)
    looks = {**dict.fromkeys(listed, look), "item.yaml": look}
    found = Found("acme-bv", "new", "item.yaml", "", sidecar, {name: name for name in listed}, looks, tuple(faults))
    return sorted(set(judge(office, found).faults))


def test_what_is_planted_in_is_good_before(office: Office) -> None:
    assert {name: faults_of(office, list(lines.items())) for name, lines in GOOD.items()} == {name: [] for name in GOOD}


@pytest.mark.parametrize("name", FAULTS)
def test_one_thing_that_is_wrong_is_told_once(office: Office, name: str) -> None:
    planted = [lines for good in GOOD.values() if (lines := FAULTS[name](good)) is not None]
    assert planted
    for lines in planted:
        told = faults_of(office, lines)
        assert len(told) == 1, (lines, told)


def test_two_things_that_are_wrong_are_told_as_two_at_most(office: Office) -> None:
    chance, names, played = random.Random(20261128), list(FAULTS), 0
    while played < 2000:
        good, (one, other) = chance.choice(list(GOOD.values())), chance.sample(names, 2)
        lines = FAULTS[one](good)
        both = FAULTS[other](dict(lines)) if lines is not None and len(dict(lines)) == len(lines) else None
        if both is not None:
            played += 1
            told = faults_of(office, both)
            assert 1 <= len(told) <= 2, (one, other, both, told)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({**PETRA, **TWO, "approver": "[p.bakker, k.smit, k.smit]"}, ["given twice", "p.bakker made this"]),
        ({**PETRA, **CONCEPT, "approver": "[[k.smit], x.nobody]"}, ["give a text", "no staff member `x.nobody`"]),
        ({**LISA, "remove": "a.pdf"}, ["needs `item`", "give a list"]),
        ({**LISA, "rename": "[a.pdf]"}, ["needs `item`", "old and new names"]),
    ],
)
def test_one_fault_of_a_list_hides_no_other_that_stays_when_it_is_mended(office: Office, lines: Lines, told: list[str]) -> None:
    faults = [str(fault.message) for fault in faults_of(office, list(lines.items()))]
    assert len(faults) == len(told)
    assert all(any(part in fault for fault in faults) for part in told), faults


def test_a_misspelt_item_is_told_without_what_only_goes_with_it(office: Office) -> None:
    (fault,) = faults_of(office, [*LISA.items(), ("itm", "D-2026-000001"), ("remove", "[a.pdf]")])
    assert "did you mean `item`" in str(fault.message)
