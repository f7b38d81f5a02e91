"""The wrong-client guard: what looks like another client's is not shared unseen (CONTRACT section 4)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit import guard_corpus
from kit.guard_corpus import pdf, sheet, word
from kit.support import CLIENTS, SETTINGS, Root, need, once_here
from PIL import Image, ImageDraw, ImageFont

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Mail, item_key
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text import clock
from workflow.approval import deciding
from workflow.items import items
from workflow.messages.letters import letter_of
from workflow.reports import finding

OURS, THEIRS = "Jaarrekening 2025 van Acme B.V.", "Jaarrekening 2025 van Northwind Ltd, KvK onbekend"
SHARED = "description: Jaarrekening 2025\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"


@pytest.fixture
def guarded(root: Root) -> Iterator[Root]:
    root.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    yield root
    close_database()


def drop(root: Root, sidecar: str = SHARED, stem: str = "a", **attachments: bytes) -> dict[str, Any]:
    """Drop it for acme-bv and let it be taken; the newest item then."""
    root.drop(stem, sidecar, **attachments)
    once_here(root)
    return newest(root)


def newest(root: Root) -> dict[str, Any]:
    open_database(load_office(root.path, root.environ))
    return {"root": str(root.path), **finding.whole(finding.find_items(finding.Filter(), 1)[0])}


def events(item: Mapping[str, Any], action: str) -> list[dict[str, Any]]:
    return [event["detail"] for event in item["history"] if event["action"] == action]


def mails(root: Root) -> list[tuple[str, str]]:
    """(kind, recipient) of all mails of the outbox."""
    return [(mail.kind, mail.recipient) for mail in Mail.select().order_by(Mail.id)]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.pdf", pdf(THEIRS)), ("a.docx", word(THEIRS)), ("a.xlsx", sheet(THEIRS)), ("a.txt", THEIRS.encode()), ("a.csv", THEIRS.encode())],
)  # fmt: skip
def test_what_names_another_client_waits_for_an_approver_with_the_finding_on_top(guarded: Root, name: str, data: bytes) -> None:
    (guarded.inbox() / name).write_bytes(data)
    item = drop(guarded, SHARED + f"notify: yes\ncontact: j.jansen\nattachments: [{name}]\n")
    assert (item["share_state"], item["public"], item["approver"]) == ("concept", False, "m.devries")
    assert list((guarded.path / "var/portal").glob("*/D-*")) == []
    # m.devries made it herself: with four eyes it lies with the admins
    [paper] = (guarded.path / "var/queue").glob("*/D-*.yaml")
    assert paper.parent.name == "j.admin"
    first = paper.read_text().splitlines()[0]
    assert first.startswith("#")
    for piece in (name, "Northwind Ltd (northwind-ltd)", "Acme B.V. (acme-bv)"):
        assert piece in first
    receipt = yaml.safe_load(guarded.receipt("a") or "")
    assert "not shared until" in receipt["warnings"][0]
    assert events(item, "held_by_guard")[0]["findings"][0]["name"] == name
    [named] = [e for e in guarded.json("audit", "log", "--client", "northwind-ltd") if e["action"] == "named_elsewhere"]
    assert (named["client"], named["detail"]["item"], named["detail"]["name"]) == ("northwind-ltd", item["item"], name)
    assert mails(guarded) == [("guard", "m.devries"), ("decide", "j.admin")]


@pytest.mark.parametrize(
    ("sidecar", "name", "told"),
    [
        (SHARED, "Northwind_Ltd 2025.txt", "`Northwind_Ltd 2025.txt` names"),
        (SHARED + "attachments: [{file: a.txt, name: Northwind Ltd.txt}]\n", "a.txt", "`Northwind Ltd.txt` names"),
        (SHARED.replace("Jaarrekening", "Stukken van Northwind Ltd"), "a.txt", "`Stukken van Northwind Ltd 2025` names"),
        (SHARED + "explanation: Zoals besproken met Northwind Ltd\nshare_explanation: yes\n", "a.txt", "`Zoals besproken met Northwind Ltd` names"),
    ],
)  # fmt: skip
def test_what_the_client_would_read_beside_a_file_is_searched_as_well(guarded: Root, sidecar: str, name: str, told: str) -> None:
    (guarded.inbox() / name).write_bytes(b"Zie de bijlage")
    item = drop(guarded, sidecar + (f"attachments: ['{name}']\n" if "attachments: [" not in sidecar else ""))
    assert (item["share_state"], item["public"]) == ("concept", False)
    assert told in yaml.safe_load(guarded.receipt("a") or "")["warnings"][0]


def test_where_a_file_names_this_client_the_name_of_another_beside_it_is_no_finding_and_an_explanation_of_the_office_never_is(
    guarded: Root,
) -> None:
    (guarded.inbox() / "Factuur Northwind Ltd.txt").write_bytes(OURS.encode())
    words = "explanation: Ook voor Northwind Ltd\nattachments: [Factuur Northwind Ltd.txt]\n"
    assert drop(guarded, SHARED.replace("2025", "en factuur van Northwind Ltd") + words)["share_state"] == "published"


def test_the_name_of_a_file_clears_nothing_that_stands_in_it_and_a_duplicates_receipt_tells_of_no_finding(guarded: Root) -> None:
    for _ in range(2):
        (guarded.inbox() / "Acme B.V. 2025.txt").write_bytes(THEIRS.encode())
        item = drop(guarded, SHARED + "attachments: [Acme B.V. 2025.txt]\n")
        assert (item["item"], item["share_state"]) == ("D-2026-000001", "concept")
    receipts = [yaml.safe_load(path.read_text()) for path in guarded.inbox().glob("_done/*.receipt.yaml")]
    assert sorted((one.get("duplicate", False), "warnings" in one) for one in receipts) == [(False, True), (True, False)]


def test_a_finding_of_somebody_elses_drop_waits_for_the_default_approver(guarded: Root) -> None:
    guarded.set("staff", "staff:\n  p.bakker: {name: P, email: p@o.example, rights: [create, share]}\n"
                "  m.devries: {name: M, email: m@o.example, rights: [approve]}\n  j.admin: {name: J, email: j@o.example, rights: [admin]}\n")  # fmt: skip
    item = drop(guarded, SHARED.replace("m.devries", "p.bakker"), a_pdf=pdf(THEIRS))
    assert item["approver"] == "m.devries"
    assert [paper.parent.name for paper in (guarded.path / "var/queue").glob("*/D-*.yaml")] == ["m.devries"]


LIMITED = """staff:
  p.bakker: {name: P, email: p@o.example, rights: [create, share], clients: [acme-bv]}
  m.devries: {name: M, email: m@o.example, rights: [approve], clients: [acme-bv]}
  j.admin: {name: J, email: j@o.example, rights: [admin, approve]}
"""


def test_whoever_may_not_know_of_the_client_that_was_found_is_told_of_another_client_and_an_admin_is_asked_as_well(
    guarded: Root,
) -> None:
    guarded.set("staff", LIMITED)
    item = drop(guarded, SHARED.replace("m.devries", "p.bakker"), a_pdf=pdf(THEIRS))
    papers = {paper.parent.name: paper.read_text() for paper in (guarded.path / "var/queue").glob("*/D-*.yaml")}
    assert sorted(papers) == ["j.admin", "m.devries"]
    assert "Northwind" in papers["j.admin"].splitlines()[0]
    assert "names another client" in papers["m.devries"].splitlines()[0]
    told = [
        papers["m.devries"],
        guarded.receipt("a") or "",
        str([mail.payload for mail in Mail.select().where(Mail.recipient == "p.bakker")]),
    ]
    for user in ("p.bakker", "m.devries"):
        told += [command(guarded, *words, user=user) for words in (
            ("show", item["item"]), ("show", item["item"], "--json"), ("why", item["item"]), ("queue", "--json"), ("audit", "log", "--json"),
        )]  # fmt: skip
    for text in told:
        assert "northwind" not in text.lower()
    assert "Northwind Ltd" in command(guarded, "show", item["item"], user="j.admin")
    office = load_office(guarded.path, {})
    with transaction():
        deciding.decide(office, clock.utc_now(), Actor("m.devries", "command"), item_key(item["item"]), "approve", "")
    assert "northwind" not in command(guarded, "show", item["item"], "--json", user="m.devries").lower()


def test_where_nobody_who_is_asked_may_know_of_the_client_that_was_found_the_admins_get_a_mail(guarded: Root) -> None:
    guarded.set("staff", LIMITED.replace("[admin, approve]", "[admin]"))
    drop(guarded, SHARED.replace("m.devries", "p.bakker"), a_pdf=pdf(THEIRS))
    letters = {mail.recipient: str(mail.payload) for mail in Mail.select().where(Mail.kind == "guard")}
    assert sorted(letters) == ["j.admin", "p.bakker"]
    assert "Northwind Ltd" in letters["j.admin"]
    assert "Northwind" not in letters["p.bakker"]


def test_without_a_default_approver_any_admin_is_asked(guarded: Root) -> None:
    guarded.set("clients", CLIENTS.replace("    default_approver: m.devries\n", ""))
    item = drop(guarded, a_pdf=pdf(THEIRS))
    assert (item["share_state"], item["approver"], item["approvals"]) == ("concept", "j.admin", "any")
    assert [paper.parent.name for paper in (guarded.path / "var/queue").glob("*/D-*.yaml")] == ["j.admin"]


@pytest.mark.parametrize(
    "text", [OURS, "Factuur van Northwind Ltd aan ACME BV", "Aan KvK 12345678 van Northwind Ltd", "Tarieven van 2026"]
)
def test_what_names_its_own_client_or_nobody_is_shared_at_once(guarded: Root, text: str) -> None:
    assert drop(guarded, a_pdf=pdf(text))["share_state"] == "published"
    assert "warnings" not in (guarded.receipt("a") or "")


@pytest.mark.parametrize("said", ['office: {name: "%s"}', 'mail: {sender: "%s <post@office.example>"}'])
def test_the_offices_own_letterhead_is_no_other_client_though_the_office_is_one_too(guarded: Root, said: str) -> None:
    guarded.set("clients", CLIENTS + "  own: {name: Administratiekantoor De Vries B.V., contacts: []}\n")
    letter = b"Administratiekantoor De Vries B.V.\nHierbij de stukken."
    assert drop(guarded, a_txt=letter)["share_state"] == "concept"
    guarded.set("settings", SETTINGS.replace("guard: off", "guard: hold") + (said % "Administratiekantoor De Vries") + "\n")
    assert drop(guarded, stem="b", b_txt=letter + b"\n2")["share_state"] == "published"


def test_a_client_is_not_the_office_for_being_called_as_one_that_gave_no_name(guarded: Root) -> None:
    guarded.set("clients", CLIENTS + "  post: {name: Office B.V., contacts: []}\n")
    guarded.set("settings", SETTINGS.replace("guard: off", "guard: hold") + 'mail: {sender: "Vink <post@office.example>"}\n')
    assert drop(guarded, a_txt=b"Office B.V.\nHierbij de stukken.")["share_state"] == "concept"


def test_each_file_must_name_its_own_client_itself(guarded: Root) -> None:
    item = drop(guarded, SHARED + "attachments: [a.pdf, b.pdf]\n", a_pdf=pdf(OURS), b_pdf=pdf(THEIRS))
    assert item["share_state"] == "concept"
    assert [found["name"] for found in events(item, "held_by_guard")[0]["findings"]] == ["b.pdf"]


def test_a_file_that_is_not_shared_is_not_searched(guarded: Root) -> None:
    sidecar = SHARED.replace("share_attachments: all\n", "attachments: [{file: a.pdf, share: yes}, {file: b.pdf, share: no}]\n")
    assert drop(guarded, sidecar, a_pdf=pdf(OURS), b_pdf=pdf(THEIRS))["share_state"] == "published"


def test_what_is_private_or_a_concept_is_not_held(guarded: Root) -> None:
    item = drop(guarded, "description: Onze notities\ncreated_by: m.devries\n", a_pdf=pdf(THEIRS))
    assert item["share_state"] == "private"
    concept = SHARED.replace("approved", "concept") + "approver: k.smit\n"
    item = drop(guarded, concept, "b", b_pdf=pdf(THEIRS))
    assert (item["share_state"], item["approver"]) == ("concept", "k.smit")
    assert events(item, "held_by_guard") == []


def test_with_warn_it_is_shared_and_the_maker_is_told(guarded: Root) -> None:
    guarded.set("settings", SETTINGS.replace("guard: off", "guard: warn"))
    item = drop(guarded, a_pdf=pdf(THEIRS))
    assert item["share_state"] == "published"
    assert events(item, "warned_by_guard") != []
    assert "Northwind Ltd" in yaml.safe_load(guarded.receipt("a") or "")["warnings"][0]
    [mail] = Mail.select()
    assert (mail.kind, mail.recipient) == ("guard", "m.devries")
    office = load_office(guarded.path, guarded.environ)
    letter, _ = letter_of(office, mail.kind, "nl", mail.name, mail.client, item["item"], mail.payload)
    assert "`a.pdf` noemt Northwind Ltd (northwind-ltd)" in " ".join(letter.text.split())
    assert "dossier withdraw" in letter.text


def test_what_is_copied_is_looked_at_too(guarded: Root) -> None:
    other = drop(guarded, "description: Verkeerd opgeborgen\ncreated_by: m.devries\n", "b", b_pdf=pdf(THEIRS))["item"]
    close_database()
    shared = drop(guarded, a_pdf=pdf(OURS))
    assert shared["share_state"] == "published"
    close_database()
    guarded.run("copy", other, "b.pdf", "--to", shared["item"], "--share", user="m.devries")
    item = newest(guarded)
    assert (item["item"], item["share_state"]) == (shared["item"], "concept")
    assert [one["name"] for one in events(item, "held_by_guard")[0]["findings"]] == ["b.pdf"]


def test_with_off_nothing_is_searched(root: Root) -> None:
    assert drop(root, a_pdf=pdf(THEIRS))["share_state"] == "published"
    close_database()


def test_what_cannot_be_read_is_shared_and_its_maker_is_told_why_in_receipt_and_history(guarded: Root) -> None:
    item = drop(guarded, a_pdf=guard_corpus.scan())
    assert item["share_state"] == "published"
    [told] = events(item, "approved")[0]["not_searched"]
    assert told["name"] == "a.pdf"
    assert "no text" in told["reason"]
    [warning] = yaml.safe_load(guarded.receipt("a") or "")["warnings"]
    assert "`a.pdf` was not searched" in warning
    assert "no text in it (a scan" in warning


def test_whoever_looks_is_told_what_nobody_searched_until_the_file_is_another(guarded: Root, tmp_path: Path) -> None:
    item = drop(guarded, SHARED + "attachments: [a.pdf, b.pdf]\n", a_pdf=guard_corpus.scan(), b_pdf=pdf(OURS))
    told = "`a.pdf` was not searched for other clients' names, or not all of it: there is no text in it (a scan or a picture)."
    assert guarded.json("show", item["item"])["attention"] == [told]
    assert told in " ".join(command(guarded, "show", item["item"]).split())
    assert told in command(guarded, "why", item["item"])
    assert guarded.json("why", item["item"])["attention"] == [told]
    (tmp_path / "a.pdf").write_bytes(pdf(OURS))
    command(guarded, "replace", item["item"], "a.pdf", str(tmp_path / "a.pdf"))
    assert guarded.json("show", item["item"])["attention"] == []


def test_what_was_not_searched_stands_on_the_queue_file_when_it_is_asked_again(guarded: Root) -> None:
    item = drop(guarded, a_pdf=guard_corpus.scan())
    assert item["share_state"] == "published"
    body = f"item: {item['item']}\ncreated_by: p.bakker\ndescription: Jaarrekening 2025, herzien\n"
    assert drop(guarded, body, "b")["share_state"] == "concept"
    [paper] = (guarded.path / "var/queue").glob("*/D-*.yaml")
    assert "`a.pdf` was not searched" in paper.read_text().splitlines()[0]


def test_an_office_may_have_held_what_cannot_be_read(guarded: Root) -> None:
    guarded.set("settings", SETTINGS.replace("guard: off", "guard_unread: hold") + "office: {language: nl}\n")
    item = drop(guarded, a_pdf=guard_corpus.scan())
    assert (item["share_state"], item["public"]) == ("concept", False)
    [paper] = (guarded.path / "var/queue").glob("*/D-*.yaml")
    assert "`a.pdf` is niet, of niet helemaal, op namen van andere klanten doorzocht" in paper.read_text().splitlines()[0]
    assert "Het wordt pas gedeeld als iemand" in yaml.safe_load(guarded.receipt("a") or "")["warnings"][0]
    assert mails(guarded) == [("guard", "m.devries"), ("decide", "j.admin")]
    approve(item)
    once_here(guarded)
    assert newest(guarded)["share_state"] == "published"


def test_an_office_may_have_scans_read_and_one_of_another_client_is_held(guarded: Root) -> None:
    need("tesseract", "tesseract-ocr")
    page, made = Image.new("L", (1600, 300), "white"), io.BytesIO()
    ImageDraw.Draw(page).text((60, 60), THEIRS, "black", ImageFont.load_default(48))
    page.save(made, "PDF", dpi=(200, 200))
    assert drop(guarded, a_pdf=made.getvalue())["share_state"] == "published"
    guarded.set("settings", SETTINGS.replace("guard: off", "guard_ocr: tesseract"))
    item = drop(guarded, SHARED.replace("2025", "2024"), "b", b_pdf=made.getvalue() + b"\n")
    assert (item["share_state"], item["public"]) == ("concept", False)
    assert events(item, "held_by_guard")[0]["findings"][0]["name"] == "b.pdf"


def test_the_same_drop_again_is_a_duplicate_whatever_the_guard_finds(guarded: Root) -> None:
    data = pdf(THEIRS)
    first = drop(guarded, a_pdf=data)
    assert drop(guarded, a_pdf=data)["item"] == first["item"]
    assert "duplicate: true" in (guarded.receipt("a") or "")


# Amendments and commands


def command(root: Root, *words: str, code: int = 0, user: str = "m.devries") -> str:
    done = root.run(*words, user=user, code=code)
    return done.stdout + done.stderr


def approve(item: Mapping[str, Any]) -> None:
    office = load_office(Path(item["root"]), {})
    with transaction():
        deciding.decide(office, clock.utc_now(), Actor("j.admin", "command"), item_key(item["item"]), "approve", "")


def withdraw(item: Mapping[str, Any]) -> None:
    office = load_office(Path(item["root"]), {})
    with transaction():
        items.withdraw(office, clock.utc_now(), Actor("j.admin", "command"), item_key(item["item"]), "wrong client")


def test_an_amending_drop_with_another_clients_file_is_held_and_the_client_keeps_what_was_approved(guarded: Root) -> None:
    item = drop(guarded, a_pdf=pdf(OURS))
    assert item["share_state"] == "published"
    amending = f"item: {item['item']}\ncreated_by: m.devries\n"
    assert (
        drop(guarded, amending + "attachments: [{file: b.pdf, share: no}]\n", "b", b_pdf=pdf(THEIRS))["share_state"]
        == "published"
    )
    item = drop(guarded, amending + "attachments: [{file: c.pdf, share: yes}]\n", "c", c_pdf=pdf(THEIRS))
    assert (item["share_state"], item["public"]) == ("concept", True)
    assert "Northwind Ltd" in yaml.safe_load(guarded.receipt("c") or "")["warnings"][0]
    folder = guarded.path / "var/portal/acme-bv" / item["item"]
    assert [path.name for path in folder.iterdir()] == ["a.pdf"]
    approve(item)
    once_here(guarded)
    assert sorted(path.name for path in folder.iterdir()) == ["a.pdf", "c.pdf"]
    assert newest(guarded)["share_state"] == "published"


def test_what_was_approved_with_the_finding_in_view_is_not_held_again_by_a_later_change(guarded: Root) -> None:
    item = drop(guarded, a_pdf=pdf(THEIRS))
    approve(item)
    once_here(guarded)
    assert "goes on the portal" in command(guarded, "edit", item["item"], "--description", "Jaarrekening 2025, herzien")
    once_here(guarded)
    assert newest(guarded)["share_state"] == "published"


CHANGES = [
    ("rename", ["a.txt", "Northwind Ltd.txt"], "rename: {a.txt: Northwind Ltd.txt}", "`Northwind Ltd.txt` names"),
    ("edit", ["--description", "Stukken van Northwind Ltd"], "description: Stukken van Northwind Ltd", "`Stukken van Northwind Ltd` names"),
    ("edit", ["--explanation", "Voor Northwind Ltd"], "explanation: Voor Northwind Ltd", "`Voor Northwind Ltd` names"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "words", "key", "told"), CHANGES)
@pytest.mark.parametrize("by_drop", [False, True])
def test_a_change_of_what_the_client_reads_beside_a_file_is_searched_as_well(
    guarded: Root, verb: str, words: list[str], key: str, told: str, by_drop: bool
) -> None:
    shared = SHARED + "explanation: Zie de bijlage\nshare_explanation: yes\n"
    item = drop(guarded, shared, a_txt=b"Zie de bijlage")["item"]
    if by_drop:
        changed = drop(guarded, f"item: {item}\ncreated_by: m.devries\n{key}\n", "b")
        said = yaml.safe_load(guarded.receipt("b") or "")["warnings"][0]
    else:
        said = command(guarded, verb, item, *words)
        changed = newest(guarded)
    assert (changed["share_state"], changed["public"]) == ("concept", True)
    assert told in said


def test_a_changed_description_is_cleared_by_a_file_that_the_client_has_and_names_them(guarded: Root) -> None:
    item = drop(guarded, a_txt=OURS.encode())["item"]
    command(guarded, "edit", item, "--description", "Factuur van Northwind Ltd")
    command(guarded, "rename", item, "a.txt", "Northwind Ltd.txt")
    assert newest(guarded)["share_state"] == "approved"


def test_a_file_that_was_approved_is_not_held_for_what_is_in_it_once_it_is_renamed(guarded: Root) -> None:
    item = drop(guarded, a_pdf=pdf(THEIRS))
    approve(item)
    once_here(guarded)
    command(guarded, "rename", item["item"], "a.pdf", "Jaarrekening.pdf")
    assert newest(guarded)["share_state"] == "approved"


def test_what_is_shared_without_a_file_is_searched_too_and_so_is_what_is_put_back(guarded: Root) -> None:
    guarded.set("settings", SETTINGS)
    words = SHARED.replace("Jaarrekening", "Stukken van Northwind Ltd") + "attachments: []\n"
    item = drop(guarded, words)
    assert item["share_state"] == "published"
    withdraw(item)
    guarded.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    assert "`Stukken van Northwind Ltd 2025` names" in command(guarded, "publish", item["item"])
    assert newest(guarded)["share_state"] == "concept"
    assert drop(guarded, words.replace("2025", "2024"), "b")["share_state"] == "concept"


def test_a_finding_in_a_description_is_in_view_until_it_says_something_else(guarded: Root) -> None:
    item = drop(guarded, a_txt=b"Zie de bijlage")["item"]
    command(guarded, "edit", item, "--description", "Stukken van Northwind Ltd")
    command(guarded, "edit", item, "--share-explanation", "--explanation", "Nader", user="p.bakker")
    assert "`Stukken van Northwind Ltd` names" in str(newest(guarded)["attention"][0])
    command(guarded, "edit", item, "--description", "Stukken van het jaar", user="p.bakker")
    assert newest(guarded)["attention"] == []


def test_a_finding_stays_in_view_through_changes_until_somebody_approved_or_the_file_is_another(
    guarded: Root, tmp_path: Path
) -> None:
    item = drop(guarded, a_txt=THEIRS.encode(), b_txt=OURS.encode())["item"]
    [line] = newest(guarded)["attention"]

    def after(*words: str, user: str = "p.bakker") -> list[Any]:
        guarded.run(*words, user=user)
        return list(newest(guarded)["attention"])

    assert after("edit", item, "--description", "Jaarrekening 2025, nader") == [line]
    assert after("edit", item, "--share-none") == after("edit", item, "--share-all") == [line]
    assert [str(one) for one in after("rename", item, "a.txt", "c.txt")] == [str(line).replace("a.txt", "c.txt")]
    guarded.once()
    [paper] = (guarded.path / "var/queue").glob("*/D-*.yaml")
    assert "`c.txt` names Northwind Ltd" in paper.read_text()
    guarded.run("reject", item, "--comment", "Look again", user="j.admin")
    assert len(after("edit", item, "--share", "--share-status", "concept")) == 1
    (tmp_path / "c.txt").write_text(OURS + " again")
    assert after("replace", item, "c.txt", str(tmp_path / "c.txt")) == []


def test_a_finding_is_in_view_when_what_was_held_is_taken_back_and_offered_again(guarded: Root, tmp_path: Path) -> None:
    item = drop(guarded, a_txt=THEIRS.encode())["item"]
    [line] = newest(guarded)["attention"]
    concept = ("--share", "--share-all", "--share-status", "concept")

    def offered() -> list[str]:
        guarded.run("edit", item, *concept, user="p.bakker")
        guarded.once()
        papers = [paper.read_text() for paper in (guarded.path / "var/queue").glob("*/D-*.yaml")]
        assert all(str(one) in paper for one in newest(guarded)["attention"] for paper in papers)
        return [str(one) for one in newest(guarded)["attention"]]

    guarded.run("edit", item, "--no-share", "--reason", "Nog niet", user="j.admin")
    assert newest(guarded)["share_state"] == "private"
    guarded.run("rename", item, "a.txt", "c.txt", user="p.bakker")
    assert offered() == [str(line).replace("a.txt", "c.txt")]
    guarded.run("withdraw", item, "--reason", "Nog niet", user="j.admin")
    assert offered() == [str(line).replace("a.txt", "c.txt")]
    guarded.run("edit", item, "--no-share", "--reason", "Nog niet", user="j.admin")
    (tmp_path / "c.txt").write_text(OURS + " again")
    guarded.run("replace", item, "c.txt", str(tmp_path / "c.txt"), user="p.bakker")
    assert offered() == []
    approve(newest(guarded))
    guarded.run("withdraw", item, "--reason", "Toch niet", user="j.admin")
    assert offered() == []


def test_commands_that_share_outright_are_held_and_say_why(guarded: Root, tmp_path: Path) -> None:
    item = drop(guarded, "description: Jaarrekening 2025\ncreated_by: m.devries\n", a_pdf=pdf(THEIRS))
    said = command(guarded, "edit", item["item"], "--share", "--share-status", "approved", "--share-all")
    assert "waits for approval by j.admin" in said
    assert "Northwind Ltd (northwind-ltd)" in said
    item = newest(guarded)
    assert item["share_state"] == "concept"
    assert events(item, "held_by_guard") != []
    assert "Northwind Ltd" in command(guarded, "queue")
    assert "Northwind Ltd" in guarded.json("queue")[0]["attention"][0]
    assert "attention:" in command(guarded, "show", item["item"])
    once_here(guarded)
    [paper] = (guarded.path / "var/queue/j.admin").glob("D-*.yaml")
    assert "Northwind Ltd" in paper.read_text().splitlines()[0]
    for name, text in (("ours.pdf", OURS), ("theirs.pdf", THEIRS)):
        (tmp_path / name).write_bytes(pdf(text))
    item = drop(guarded, SHARED.replace("2025", "2026"), "b", b_pdf=pdf(OURS))
    said = command(guarded, "attach", item["item"], str(tmp_path / "ours.pdf"), "--share")
    assert "goes on the portal" in said
    said = command(guarded, "replace", item["item"], "ours.pdf", str(tmp_path / "theirs.pdf"))
    assert "Northwind Ltd (northwind-ltd)" in said
    assert newest(guarded)["share_state"] == "concept"


def test_what_was_withdrawn_is_put_back_only_after_a_look_if_nobody_ever_looked(guarded: Root) -> None:
    guarded.set("settings", SETTINGS)
    item = drop(guarded, a_pdf=pdf(THEIRS))
    assert item["share_state"] == "published"
    withdraw(item)
    once_here(guarded)
    guarded.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    assert "Northwind Ltd (northwind-ltd)" in command(guarded, "publish", item["item"])
    once_here(guarded)
    item = newest(guarded)
    assert (item["share_state"], item["public"]) == ("concept", False)
    approve(item)
    withdraw(item)
    once_here(guarded)
    assert "goes back on the portal" in command(guarded, "publish", item["item"])
    once_here(guarded)
    assert newest(guarded)["share_state"] == "published"


def test_two_amendments_in_one_look_are_each_searched(guarded: Root) -> None:
    item = drop(guarded, a_pdf=pdf(OURS))
    for stem, text in (("b", THEIRS), ("c", OURS)):
        body = f"item: {item['item']}\ncreated_by: m.devries\nattachments: [{{file: {stem}.pdf, share: yes}}]\n"
        guarded.drop(stem, body, **{f"{stem}_pdf": pdf(text)})
    once_here(guarded)
    item = newest(guarded)
    assert item["share_state"] == "concept"
    assert [found["name"] for found in events(item, "held_by_guard")[0]["findings"]] == ["b.pdf"]
