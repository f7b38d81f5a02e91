"""The queue folder with real files and a real database: whatever an approver's editor does to their file."""

from __future__ import annotations

import base64
import io
import re

import fpdf
import pytest
from kit.queues import QueueOffice, decided, top
from PIL import Image

from dossier.database.tables import Asked

# What it is


def test_a_concept_makes_a_file_that_says_all_and_copies_beside_it(office: QueueOffice) -> None:
    name = office.concept(explanation="Please look at page 3", files={"a.pdf": b"one", "preview.html": b"two"})
    office.round()
    values = office.values(name)
    assert list(values) == [
        "decision", "comment", "item", "content", "client", "description", "explanation", "made_by", "made_at", "attachments",
    ]  # fmt: skip
    assert values["decision"] is None
    assert values["comment"] is None
    assert values["item"] == name
    assert values["client"] == "Acme B.V. (acme-bv)"
    assert values["explanation"] == "Please look at page 3"
    assert values["made_by"] == "p.bakker"
    assert [(a["name"], a["size"]) for a in values["attachments"]] == [("a.pdf", "3"), ("preview.html", "3")]
    assert office.text(name).startswith("# To decide: put approve or reject behind decision:, and save.")
    folder = office.queue / "m.devries" / name
    assert {path.name for path in folder.iterdir()} == {"a.pdf", "preview.html", "_preview.html"}
    assert (folder / "a.pdf").read_bytes() == b"one"
    assert (folder / "preview.html").read_bytes() == b"two"


def test_an_explanation_of_several_lines_reads_as_it_was_written(office: QueueOffice) -> None:
    name = office.concept(explanation="First line\n\n  indented: yes\n# no comment", share_explanation=True)
    office.round()
    assert office.values(name)["explanation"] == "First line\n\n  indented: yes\n# no comment"
    assert "\n  # no comment\n" in office.text(name)


def test_the_preview_shows_the_item_links_its_copies_and_carries_no_script(office: QueueOffice, item: str) -> None:
    page = (office.queue / "m.devries" / item / "preview.html").read_text()
    assert "Annual accounts 2025" in page
    assert 'href="accounts.pdf"' in page
    assert "<script" not in page
    assert "Voorbeeld: wat de klant ziet" in page


def test_the_preview_marks_the_item_in_question_and_shows_its_pictures(office: QueueOffice) -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(stream, "PNG")
    first = office.concept("Something else 2024")
    name = office.concept("Annual accounts 2025", files={"a.pdf": bytes(pdf.output()), "b.png": stream.getvalue(), "c.txt": b"x"})
    office.round()
    page = (office.queue / "m.devries" / name / "preview.html").read_text()
    assert re.findall(r'<article id="([^"]+)"[^>]* class="asked">', page) == [name]
    assert "Te beslissen</strong>" in page
    pictures = re.findall(r'<img src="data:image/webp;base64,([^"]+)"', page)
    assert [Image.open(io.BytesIO(base64.b64decode(one))).format for one in pictures] == ["WEBP", "WEBP"]
    assert "img-src data:;" in page
    assert first not in page


# Deciding


@pytest.mark.parametrize("word", ["approve", "Approve ", '"approve"', "'goedkeuren'", "GOEDKEUREN", "\n  approve"])
def test_the_words_for_yes_decide_however_they_are_written(office: QueueOffice, item: str, word: str) -> None:
    office.type(item, word)
    office.round()
    assert office.state(item) == "approved"
    assert not office.path(item).exists()
    assert not (office.queue / "m.devries" / item).exists()
    assert f"{item} was approved by m.devries" in decided(office, item)


@pytest.mark.parametrize("word", ["reject", "Afkeuren"])
def test_a_rejection_with_its_comment_returns_the_item(office: QueueOffice, item: str, word: str) -> None:
    office.type(item, word, "page 3 is missing")
    office.round()
    assert office.state(item) == "returned"
    last = office.whole(item)["history"][-1]
    assert (last["action"], last["actor"], last["detail"]["comment"]) == ("rejected", "m.devries", "page 3 is missing")


@pytest.mark.parametrize(
    "how",
    ["crlf", "cr", "bom", "utf16", "no comments", "quoted values"],
)
def test_what_editors_do_to_the_text_leaves_it_valid(office: QueueOffice, item: str, how: str) -> None:
    office.type(item, "approve")
    path = office.path(item)
    text = path.read_text()
    data = {
        "crlf": lambda: text.replace("\n", "\r\n").encode(),
        "cr": lambda: text.replace("\n", "\r").encode(),
        "bom": lambda: b"\xef\xbb\xbf" + text.encode(),
        "utf16": lambda: text.encode("utf-16"),
        "no comments": lambda: "".join(f"{line.split(' #')[0]}\n" for line in text.splitlines() if line[0] != "#").encode(),
        "quoted values": lambda: text.replace(
            "description: Annual accounts 2025", 'description: "Annual accounts 2025"'
        ).encode(),
    }[how]()
    path.write_bytes(data)
    office.round()
    assert office.state(item) == "approved", path.read_text() if path.exists() else ""


def test_an_editor_that_takes_blanks_at_the_ends_of_lines_away_changes_nothing(office: QueueOffice) -> None:
    name = office.concept(explanation="First line  \n \n  indented\t\nlast ")
    office.round()
    office.type(name, "approve")
    path = office.path(name)
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))
    office.round()
    assert office.state(name) == "approved", path.read_text() if path.exists() else ""


def test_an_editor_that_saves_by_rename_and_leaves_other_files_is_fine(office: QueueOffice, item: str) -> None:
    path = office.path(item)
    text = path.read_text().replace("\ndecision:", "\ndecision: approve", 1)
    path.rename(path.with_name(f"{path.name}~"))
    office.round()
    swap, number = path.with_name(f".{path.name}.swp"), path.with_name("4913")
    for other in (swap, number):
        other.write_bytes(b"b0VIM 9.0")
    path.write_text(text)
    office.round()
    assert office.state(item) == "approved"
    assert swap.exists()
    assert number.exists()


@pytest.mark.parametrize(
    "said",
    [
        "wrong: see page 3", "see #12", "#3 is wrong", '"Profit" is "loss"', "'t is de verkeerde", "- no", "> 3 pages lack", "[page 3]",
        "*not* yet", "@jan: `a`!", "fout: é #1",
    ],
)  # fmt: skip
def test_a_comment_is_free_text_to_the_end_of_its_line(office: QueueOffice, item: str, said: str) -> None:
    path = office.path(item)
    path.write_text(path.read_text().replace("\ndecision:\ncomment:", f"\ndecision: reject\ncomment: {said}  ", 1))
    office.round()
    assert office.whole(item)["history"][-1]["detail"]["comment"] == said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" |\n  one: two\n  three #4", "one: two\nthree #4\n"),
        (' "page 3: #4"', "page 3: #4"),
        (" page 3\n  lacks", "page 3 lacks"),
    ],
)
def test_a_comment_may_be_a_block_or_in_quotes(office: QueueOffice, item: str, typed: str, said: str) -> None:
    path = office.path(item)
    path.write_text(path.read_text().replace("\ndecision:\ncomment:", f"\ndecision: reject\ncomment:{typed}", 1))
    office.round()
    assert office.whole(item)["history"][-1]["detail"]["comment"] == said


def test_a_file_that_is_saved_without_a_decision_waits_on(office: QueueOffice, item: str) -> None:
    office.type(item, "", "I am still looking")
    before = office.text(item)
    office.round()
    assert office.text(item) == before
    assert office.state(item) == "concept"
    office.type(item, "approve")
    office.round()
    assert office.whole(item)["history"][-1]["detail"]["comment"] == "I am still looking"


# Unclear is no


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("decision:", "decision: aprove", "`aprove` is not a decision"),
        ("decision:", "decision: approve, reject", "is not a decision"),
        ("decision:", "decision: yes", "`yes` is not a decision"),
        ("decision:", "decision: [approve]", "is not a decision"),
        ("decision:", "decision: approve\ndecision: reject", "`decision` is given twice"),
        ("decision:", "decision:approve", "a blank is missing behind the colon; write `decision: approve`"),
        ("decision:", "decision approve", "put a colon and a space behind decision or comment"),
        ("decision:", "decision: !!str approve", "tags"),
        ("decision:", "decision: &a approve", "aliases"),
        ("decision:", 'decision: "approve', "not YAML"),
        ("comment:", "comment: wrong\n  see: page 3", "a comment of several lines has a `|` behind comment:"),
        ("comment:", "comment: wrong\nsee page 3", "a comment of several lines has a `|` behind comment:"),
        ("comment:", "comment: |\nsee page 3", "a comment of several lines has a `|` behind comment:"),
        ("comment:", "comment: wrong,\n  see #3", "would be left out"),
        ("comment:", "comment: see page 3\ncomment: and #4", "`comment` is given twice"),
        ("comment:", "comment:\n  page 3: wrong", "put it behind comment: on one line"),
        ("attachments:", "---\ndecision: approve\nattachments:", "more than one document"),
    ],
)
def test_what_is_unclear_is_refused_with_the_words_allowed(
    office: QueueOffice, item: str, old: str, new: str, reason: str
) -> None:
    path = office.path(item)
    saved = path.read_text().replace(f"\n{old}", f"\n{new}", 1)
    path.write_text(saved)
    office.round()
    assert office.state(item) == "concept"
    reasons = top(path.read_text())
    assert any(reason in one for one in reasons), reasons
    assert all(word in reasons[-1] for word in ("approve", "goedkeuren", "reject", "afkeuren"))
    assert path.read_text().endswith(saved), "whatever was typed is not lost"
    office.restart()
    office.round()
    assert top(path.read_text()) == reasons, "it is said once"


@pytest.mark.parametrize(
    ("new", "whole"),
    [
        ("decision: approve\ndecision: reject", "line 5: `decision` is given twice (first on line 4); keep one"),
        ("decision: approve\x01", "line 4: a character that a text file can't hold (a NUL or control character)"),
    ],
)
def test_what_is_unclear_is_told_with_no_advice_that_would_not_mend_it(
    office: QueueOffice, item: str, new: str, whole: str
) -> None:
    path = office.path(item)
    path.write_text(path.read_text().replace("\ndecision:", f"\n{new}", 1))
    office.round()
    assert top(path.read_text())[0] == whole


def test_a_rejection_needs_a_comment(office: QueueOffice, item: str) -> None:
    office.type(item, "reject")
    office.round()
    assert "a rejection needs a comment" in top(office.text(item))[0]
    text = office.text(item).replace("\ncomment:", "\ncomment: page 3 is missing", 1)
    office.path(item).write_text(text)
    office.round()
    assert office.state(item) == "returned"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("Annual accounts 2025", "Annual accounts 2026", "description"),
        ("accounts.pdf", "other.pdf", "attachments"),
        ("made_by: p.bakker", "made_by: k.smit", "made_by"),
        ("made_by: p.bakker\n", "", "made_by"),
        ("item: D-", "more: yes\nitem: D-", "more"),
        ("item: D-2026-000001", "item: D-2026-000002", "item"),
        ("client: Acme B.V. (acme-bv)", "client: Zon (acme-bv)", "client"),
        ("explanation:\n", "explanation: it is fine\n", "explanation"),
    ],
)
def test_only_decision_and_comment_may_be_changed(office: QueueOffice, item: str, old: str, new: str, key: str) -> None:
    office.type(item, "approve")
    office.path(item).write_text(office.text(item).replace(old, new, 1))
    office.round()
    assert office.state(item) == "concept"
    assert top(office.text(item)) == [
        f"only decision and comment may be changed here, but {key} was; put it back (or delete this file to get a fresh one)"
    ]
    assert "decision: approve" in office.text(item)
    office.path(item).write_text(office.text(item).replace(new, old, 1) if new else office.text(item) + old)
    office.round()
    assert office.state(item) == "approved"


def test_the_line_that_is_named_is_the_line_in_the_file_as_it_is_then(office: QueueOffice, item: str) -> None:
    path = office.path(item)
    path.write_text(path.read_text().replace("\ndecision:", '\ndecision: "approve', 1))
    office.round()
    path.write_text(path.read_text().replace('"approve', "[approve", 1))
    office.round()
    lines = path.read_text().splitlines()
    number = int(top(path.read_text())[0].split()[1].rstrip(":"))
    assert lines[number - 1].startswith(("decision", "comment")), (number, lines)


# Asked again, and by others


def test_when_it_is_asked_again_the_file_says_what_changed(office: QueueOffice, item: str) -> None:
    office.type(item, "reject", "page 3 is missing")
    office.round()
    office.amend(item, description="Annual accounts 2025, final", put={"accounts.pdf": b"%PDF-1.4 better", "letter.pdf": b"x"})
    office.round()
    text = office.text(item)
    assert "# Changed since you rejected it on" in text
    assert "# - description: was Annual accounts 2025, is now Annual accounts 2025, final" in text
    assert "# - attachment accounts.pdf: replaced" in text
    assert "# - attachment letter.pdf: added" in text
    assert (office.queue / "m.devries" / item / "accounts.pdf").read_bytes() == b"%PDF-1.4 better"
    office.restart()
    office.round()
    assert office.text(item) == text


def test_changes_of_several_amendments_add_up(office: QueueOffice, item: str) -> None:
    office.amend(item, description="Annual accounts 2025, second")
    office.round()
    office.amend(item, put={"letter.pdf": b"x"})
    office.round()
    text = office.text(item)
    assert "was Annual accounts 2025, is now Annual accounts 2025, second" in text
    assert "attachment letter.pdf: added" in text


def test_who_never_looked_is_told_what_differs_from_what_the_client_sees(office: QueueOffice, item: str) -> None:
    office.decide(item, "m.devries")
    office.amend(item, description="Annual accounts 2025, final", approvers=("k.smit",))
    office.round()
    assert "# Changed from what the client sees now:" in office.text(item, "k.smit")
    assert office.standing(item) is not None


def test_a_decision_by_command_moves_the_file_with_a_note(office: QueueOffice, item: str) -> None:
    office.type(item, "", "not sure yet")
    office.decide(item, "m.devries")
    office.round()
    assert "was approved by m.devries" in top(decided(office, item))[0]
    assert "not sure yet" in decided(office, item)
    assert not office.path(item).exists()


def test_a_withdrawal_moves_the_file_with_a_note(office: QueueOffice, item: str) -> None:
    office.withdraw(item)
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "withdrawn"
    assert "was withdrawn by j.admin" in top(decided(office, item))[0]


def test_a_note_for_the_approver_stays_on_top_and_in_the_trail(office: QueueOffice) -> None:
    from dossier.database.database import transaction
    from dossier.database.tables import Item, item_key
    from workflow.items import notes

    name = office.concept()
    with transaction():
        notes.add({Item.get_by_id(item_key(name)).pending: ["accounts.pdf names Bakkerij Zon\n(zon)"]})
    office.round()
    assert office.text(name).startswith("# Attention: accounts.pdf names Bakkerij Zon (zon)\n")
    office.type(name, "aprove")
    office.round()
    assert "# Attention: accounts.pdf names Bakkerij Zon (zon)" in office.text(name)
    office.path(name).write_text(office.text(name).replace("aprove", "approve"))
    office.round()
    assert office.whole(name)["history"][-1]["detail"]["in_view"] == ["accounts.pdf names Bakkerij Zon\n(zon)"]


def test_a_restart_writes_nothing_again_and_loses_nothing(office: QueueOffice, item: str) -> None:
    other = office.concept("Another thing entirely", approvers=["k.smit", "m.devries"])
    office.round()
    office.type(other, "approve")
    before = {path: path.stat().st_ino for path in office.queue.rglob("*") if ".staging" not in path.parts}
    office.restart()
    office.round()
    assert all(path.stat().st_ino == inode for path, inode in before.items() if item in str(path))
    assert not office.path(other).exists()
    assert "# Approvals needed: 2, of k.smit, m.devries. One rejection returns it. Approved so far by m.devries." in office.text(
        other, "k.smit"
    )
    office.type(item, "approve")
    office.round()
    assert (office.state(item), office.state(other)) == ("approved", "concept")
    assert {(row.person, row.is_open) for row in Asked.select()} == {("m.devries", False), ("k.smit", True)}


def test_a_new_name_of_the_client_does_not_spoil_a_file_that_lies_there(office: QueueOffice, item: str) -> None:
    office.type(item, "approve")
    office.configure(clients=(office.root / "config" / "clients.yaml").read_text().replace("Acme B.V.", "Acme Holding N.V."))
    office.round()
    assert office.state(item) == "approved"


def test_what_nobody_typed_in_is_written_anew_where_the_client_was_renamed_while_no_daemon_ran(
    office: QueueOffice, item: str
) -> None:
    (office.root / "config" / "clients.yaml").write_text(
        (office.root / "config" / "clients.yaml").read_text().replace("Acme B.V.", "Acme Holding N.V.")
    )
    office.configure()
    office.restart()
    office.round()
    assert "client: Acme Holding N.V. (acme-bv)" in office.text(item)
    assert top(office.text(item)) == []


def test_another_explanation_of_our_own_does_not_spoil_a_file_that_lies_open(office: QueueOffice) -> None:
    item = office.concept(explanation="Please look")
    office.round()
    office.amend(item, explanation="Please look at page 3")
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"


def test_a_damaged_vault_file_keeps_only_its_own_item_from_being_asked(office: QueueOffice) -> None:
    bad, good = office.concept(files={"bad.pdf": b"bad"}), office.concept(files={"good.pdf": b"good"})
    place = office.vault.location(office.file("bad.pdf", b"bad").sha256)
    place.write_bytes(b"rot")
    office.round()
    assert not office.path(bad).exists()
    assert office.path(good).exists()
