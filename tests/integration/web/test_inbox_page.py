"""The page of what lies in the inbox: until when it waits and for what, and throwing away what was refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from kit.clicking import Person, goal_of
from kit.records import JOOST, KAREL, LISA, Records, with_inbox
from kit.support import PDF

from desk.actions import explaining, my_work, overview
from desk.web.staff import moments
from desk.web.staff.inbox import PAGE_ROWS
from dossier.database.tables import Drop, Viewed
from dossier.files import settling
from dossier.office import people
from dossier.text import clock
from dossier.trail import trail
from ingest.inbox.looking import Looker
from ingest.intake.intake import Intake
from ingest.sources import staging


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


def rows(page: bytes) -> dict[str, str]:
    """Name → all that is told of it, of what waits."""
    [section] = re.findall(r'(?s)<section class="card" aria-labelledby="wa">.*?</section>', page.decode())
    lines = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", line)).strip() for line in re.findall(r"(?s)<li .*?</li>", section)]
    return {line.split(" ")[0]: line for line in lines}


def placed(office: Records, **files: bytes | str) -> Path:
    home = office.root / "inbox/acme-bv"
    for name, content in files.items():
        (home / name.replace("_", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    return home


def after(path: Path, hours: float) -> str:
    """So long after the file's last change, as a page in Dutch tells it."""
    then = datetime.fromtimestamp(os.stat(path).st_ctime).astimezone() + timedelta(hours=hours)
    return moments.ahead(then.isoformat(), clock.utc_now(), "nl")


def test_what_waits_is_told_with_until_when_and_what_then(office: Records) -> None:
    home = placed(office, short_yaml="description: Waits for it\nattachments: [ledger.xlsx]\n", alone_pdf=PDF)
    told = rows(Person(office).get("/inbox").body)
    assert f"wacht op ledger.xlsx tot {after(home / 'short.yaml', 24)} daarna geweigerd" in told["short.yaml"]
    assert f"wat is het? tot {after(home / 'alone.pdf', 24)} daarna horen de beheerders het" in told["alone.pdf"]
    placed(office, short_yaml="description: Waits for it\nattachments: [alone.pdf]\n")
    with open(home / "alone.pdf", "ab"):
        assert re.search(r"wordt nog geschreven \d\d:\d\d$", rows(Person(office).get("/inbox").body)["short.yaml"])


def test_what_waited_for_a_person_long_enough_waits_for_one_still(office: Records) -> None:
    office.configure(settings="intake: {wait_hours: 0.0000001}\n")
    placed(office, alone_pdf=PDF)
    told = rows(Person(office).get("/inbox").body)
    assert "de beheerders kregen bericht" in told["alone.pdf"]
    assert "tot iemand iets doet" in told["alone.pdf"]


def test_what_is_taken_by_itself_is_told_with_when(office: Records) -> None:
    office.configure(settings="intake: {without_sidecar: create, create_after_seconds: 7200}\n")
    home = placed(
        office, alone_pdf=PDF, cut_yaml="description: Has no end\nattachments: [cut.pdf]\n", cut_pdf=b"%PDF-1.7\n1 0 obj"
    )
    told = rows(Person(office).get("/inbox").body)
    assert after(home / "cut.pdf", 1 / 6) in told["cut.yaml"]
    assert after(home / "alone.pdf", 2) in told["alone.pdf"]
    ends = {one["path"]: one["then"] for one in overview.waits(office.office, JOOST)}
    assert ends == {"acme-bv/cut.yaml": "taken", "acme-bv/alone.pdf": "taken"}


def test_what_was_taken_lately_and_how_long_the_oldest_waits_is_told(office: Records) -> None:
    office.configure(settings=TRUSTED + "types: {secret: {share: never, staff: [k.smit]}}\n")
    take(office, clock.utc_now() - timedelta(days=3), "one", "share: yes\nshare_attachments: all\napprover: m.devries\n")
    take(office, clock.utc_now(), "two", "share: yes\nshare_attachments: all\napprover: m.devries\n")
    take(office, clock.utc_now(), "three", "")
    take(office, clock.utc_now(), "four", "type: secret\n", by="k.smit")
    assert "zijn er 2 aanleveringen opgenomen" in Person(office).get("/inbox").body.decode()
    assert "zijn er 3 aanleveringen opgenomen" in Person(office, "k.smit").get("/inbox").body.decode()
    assert "aanleveringen opgenomen" not in Person(office).get("/inbox?of=me").body.decode()
    for page in ("/", "/queue"):
        assert "2 stukken wachten op u. Het oudste wacht al 3 dagen." in Person(office, "m.devries").get(page).body.decode()
        assert "Het oudste" not in Person(office).get(page).body.decode()


def take(office: Records, now: datetime, stem: str, keys: str, by: str = "l.visser") -> None:
    sidecar = f"description: Annual accounts\ncreated_by: {by}\nattachments: [{stem}.pdf]\n{keys}"
    placed(office, **{f"{stem}_pdf": PDF + stem.encode(), f"{stem}_yaml": sidecar})
    intake = Intake(office.office, office.vault)
    try:
        intake.take(now, Looker(office.office).look("acme-bv", *settling.now()).ready)
    finally:
        intake.gate.close()


def test_ones_own_files_are_told_so_on_the_start_page_too(office: Records) -> None:
    home = placed(office, short_yaml="description: Waits for it\nattachments: [ledger.xlsx]\n")
    page = Person(office).get("/").body.decode()
    assert f"wacht op ledger.xlsx · tot {after(home / 'short.yaml', 24)}, daarna geweigerd" in page


TRUSTED = "identity: {trust_sidecar: true}\nwatch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\n"


def refuse(office: Records, *stems: str, by: str = "l.visser", keys: str = "") -> list[str]:
    """Drops that somebody made and that were refused, all in one moment; their folders in `_rejected`."""
    for stem in stems:
        sidecar = f"description: Annual accounts\nstatus: nonsense\ncreated_by: {by}\nattachments: [{stem}.pdf]\n{keys}"
        placed(office, **{f"{stem}_pdf": PDF, f"{stem}_yaml": sidecar})
    intake = Intake(office.office, office.vault)
    try:
        intake.take(clock.utc_now(), Looker(office.office).look("acme-bv", *settling.now()).ready)
    finally:
        intake.gate.close()
    return [next(path.name for path in rejected(office).iterdir() if path.name.endswith(f"-{stem}")) for stem in stems]


def rejected(office: Records) -> Path:
    return office.root / "inbox/acme-bv/_rejected"


def inside(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_refused_drop_is_thrown_away_whole_and_taken_out_again(office: Records) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    lisa, path = Person(office), f"/inbox/refused/acme-bv/{folder}"
    had = inside(rejected(office) / folder)
    assert sorted(had) == ["WHY.txt", "accounts.pdf", "accounts.yaml"]
    assert "Weggooien" in lisa.get(path).body.decode()
    told = [lisa.post(f"{path}/bin") for _ in range(2)]
    assert [(one.status, goal_of(one)) for one in told] == [(303, "/inbox?done=thrown")] * 2
    assert inside(rejected(office) / "_bin" / folder) == had
    assert lisa.get(path).status == 404
    assert folder not in lisa.get("/inbox").body.decode()
    assert folder not in lisa.get("/").body.decode()
    page = lisa.get("/bin").body.decode()
    assert "accounts" in page
    assert "Lisa Visser" in page
    told = [lisa.post(f"{path}/unbin") for _ in range(2)]
    assert [(one.status, goal_of(one)) for one in told] == [(303, path)] * 2
    assert inside(rejected(office) / folder) == had
    assert lisa.get(path).status == 200
    events = [(one.actor, one.action, one.subject, one.said.get("folder")) for one in trail.events(client="acme-bv")]
    assert [one for one in events if one[1] in trail.ABOUT_REFUSED] == [
        ("l.visser", "refused", "acme-bv", None),
        ("l.visser", "thrown_away", "acme-bv", folder),
        ("l.visser", "taken_out", "acme-bv", folder),
    ]


@pytest.mark.parametrize("above", ["", "_bin"])
def test_a_refused_drop_whose_folder_has_a_name_that_is_no_text_is_told_as_any_other(office: Records, above: str) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    (rejected(office) / above).mkdir(exist_ok=True)
    (rejected(office) / folder).rename(rejected(office) / above / os.fsdecode(b"20261130-120000-\xff"))
    assert [Person(office).get(path).status for path in ("/", "/inbox", "/inbox?of=me", "/bin")] == [200] * 4
    assert r"\udcff" in Person(office).get("/bin" if above else "/inbox").body.decode()


ODD = [
    b"20261130-120000-line\nbreak",
    "x\u202efdp.exe".encode(),
    b"20261130-\xff\xfe",
    b"a" * 250,
    b"\x1b[31mred",
    b"a?b#c%41",
    b"back\\slash",
]


@pytest.mark.parametrize("odd", ODD, ids=["line", "bidi", "no text", "long", "escape", "signs", "backslash"])
def test_a_refused_drop_of_any_name_is_opened_thrown_away_taken_out_and_given_back_by_its_links(
    office: Records, odd: bytes
) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    (rejected(office) / folder).rename(place := rejected(office) / os.fsdecode(odd))
    person = Person(office, "j.admin")  # by its name nobody knows whose it was
    [path] = re.findall(r'href="(/inbox/refused/acme-bv/[^"]+)"', person.get("/inbox").body.decode())
    page = person.get(path)
    assert page.status == 200
    assert f'action="{path}/bin"' in page.body.decode()
    assert person.post(f"{path}/bin").status == 303
    assert not place.exists()
    [out] = re.findall(r'action="(/inbox/refused/acme-bv/[^"]+/unbin)"', person.get("/bin").body.decode())
    assert goal_of(person.post(out)) == path
    assert place.exists()
    assert Person(office).post(path, sidecar="description: Annual accounts 2025\n").status == 303
    staging.finish(office.office)
    assert not place.exists()


def test_of_many_refused_drops_only_those_on_the_page_are_told_in_the_readers_language(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.configure(settings=TRUSTED)
    refuse(office, *(f"d{number:02}" for number in range(PAGE_ROWS + 5)))
    asked, why_in = list[int](), overview.why_in
    monkeypatch.setattr(overview, "why_in", lambda language, written: asked.append(len(written)) or why_in(language, written))
    lisa = Person(office)
    for page, shown in ((1, PAGE_ROWS), (2, 5)):
        told = lisa.get(f"/inbox?refused={page}").body.decode()
        assert (told.count("is geen status"), "is no status" in told) == (shown, False)
    assert max(asked) == PAGE_ROWS


def test_a_scan_whose_name_is_no_text_is_told_and_does_not_keep_anybody_from_the_inbox(office: Records) -> None:
    (office.root / "inbox/_unsorted").mkdir(exist_ok=True)
    (office.root / "inbox/_unsorted" / os.fsdecode(b"scan-\xe9.pdf")).write_bytes(PDF)
    page = Person(office).get("/inbox")
    assert page.status == 200
    assert "de naam is geen UTF-8" in page.body.decode()


def test_only_its_maker_or_an_admin_throws_a_refused_drop_away(office: Records) -> None:
    office.configure(settings=TRUSTED)
    hers, his = refuse(office, "hers", by="l.visser") + refuse(office, "his", by="k.smit")
    for folder, who, status in ((hers, "k.smit", 403), (his, "l.visser", 403), (his, "j.admin", 303), (hers, "l.visser", 303)):
        person = Person(office, who)
        assert ("Weggooien" in person.get(f"/inbox/refused/acme-bv/{folder}").body.decode()) == (status == 303)
        assert person.post(f"/inbox/refused/acme-bv/{folder}/bin").status == status
    assert Person(office, "l.visser").post(f"/inbox/refused/acme-bv/{his}/unbin").status == 403
    assert "Terughalen" not in Person(office, "p.bakker").get("/bin").body.decode()
    assert sorted(path.name for path in (rejected(office) / "_bin").iterdir()) == sorted([hers, his])


def test_a_drop_that_was_refused_beside_others_at_the_same_moment_is_its_makers(office: Records) -> None:
    office.configure(settings=TRUSTED)
    placed(office, his_pdf=PDF, his_yaml="description: Annual accounts\nstatus: nonsense\ncreated_by: k.smit\n")
    [hers] = refuse(office, "hers")
    his = next(path.name for path in rejected(office).iterdir() if path.name.endswith("-his"))
    assert Person(office, "k.smit").post(f"/inbox/refused/acme-bv/{hers}/bin").status == 403
    assert Person(office, "k.smit").post(f"/inbox/refused/acme-bv/{his}/bin").status == 303


def test_my_work_tells_of_refused_drops_to_whoever_made_them(office: Records) -> None:
    office.configure(settings=TRUSTED)
    refuse(office, "accounts", by="l.visser")
    assert [one["kind"] for one in my_work.in_the_inbox(office.office, LISA)] == ["refused"]
    assert my_work.in_the_inbox(office.office, KAREL) == []
    assert [("accounts" in Person(office, who).get("/").body.decode()) for who in ("l.visser", "k.smit")] == [True, False]


@pytest.mark.parametrize("folder", ["..", "_bin", "nothing", "20261124-101500-x%2F.."])
def test_what_is_no_refused_drop_is_not_thrown_away(office: Records, folder: str) -> None:
    office.configure(settings=TRUSTED)
    refuse(office, "accounts")
    for what in ("bin", "unbin"):
        assert Person(office, "j.admin").post(f"/inbox/refused/acme-bv/{folder}/{what}").status == 404
        assert Person(office, "j.admin").post(f"/inbox/refused/nobody/{folder}/{what}").status == 404
    assert len(list(rejected(office).iterdir())) == 1


def test_what_can_not_be_moved_stays_and_is_in_no_trail(office: Records) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    (rejected(office) / "_bin").write_text("somebody's own file")
    told = Person(office).post(f"/inbox/refused/acme-bv/{folder}/bin")
    assert told.status == 404 or "kan niet weg" in told.body.decode()
    assert "thrown_away" not in [one.action for one in trail.events(client="acme-bv")]
    assert (rejected(office) / folder / "accounts.pdf").read_bytes() == PDF
    (rejected(office) / "_bin").unlink()
    (rejected(office) / "_bin" / folder).mkdir(parents=True)
    assert Person(office).post(f"/inbox/refused/acme-bv/{folder}/bin").status == 409
    assert "thrown_away" not in [one.action for one in trail.events(client="acme-bv")]


def test_of_a_type_that_not_all_may_know_of_nobody_else_sees_what_was_thrown_away(office: Records) -> None:
    types = "types: {salary: {share: approval, staff: [l.visser]}, wwft: {share: never, staff: [l.visser]}}\n"
    office.configure(settings=TRUSTED + types)
    folders = refuse(office, "salaries", keys="type: salary\n") + refuse(office, "passport", keys="type: wwft\n")
    for folder in folders:
        assert Person(office).post(f"/inbox/refused/acme-bv/{folder}/bin").status == 303
    for who, sees in (("l.visser", True), ("k.smit", False)):
        page = Person(office, who).get("/bin").body.decode()
        assert [("salaries" in page), ("passport" in page)] == [sees, sees]
    assert Person(office, "k.smit").post(f"/inbox/refused/acme-bv/{folders[0]}/unbin").status == 404
    may = people.readable(office.office, KAREL)
    details = [trail.told(one, may) for one in trail.events(client="acme-bv") if one.action == "thrown_away"]
    assert not any("salaries" in str(one) or "passport" in str(one) for one in details)
    whole = [one.said for one in trail.events(client="acme-bv") if one.action == "thrown_away"]
    assert [one.get("folder") for one in whole] == [folders[0], None]


def test_a_drop_whose_files_are_still_put_there_is_not_thrown_away(office: Records) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    Drop.update(cleared=False).execute()
    (rejected(office) / folder / "accounts.yaml").rename(office.root / "inbox/acme-bv/.taken-somewhere")
    assert Person(office).post(f"/inbox/refused/acme-bv/{folder}/bin").status == 409
    assert (rejected(office) / folder / "accounts.pdf").exists()


def test_check_tells_nothing_of_what_was_thrown_away(office: Records) -> None:
    office.configure(settings=TRUSTED)
    [folder] = refuse(office, "accounts")
    Person(office).post(f"/inbox/refused/acme-bv/{folder}/bin")
    lines, good = explaining.check(office.office, LISA, [rejected(office) / "_bin" / folder / "accounts.yaml"], "en")
    assert ("nonsense" in str(lines), good) == (False, 0)


def test_the_inbox_can_be_looked_at_for_ones_own_alone(office: Records) -> None:
    office.configure(settings=TRUSTED)
    hers, his = refuse(office, "hers", by="l.visser") + refuse(office, "his", by="k.smit")
    lisa = Person(office)
    pages = [lisa.get(f"/inbox{query}").body.decode() for query in ("", "?of=me")]
    assert [(hers in page, his in page) for page in pages] == [(True, True), (True, False)]
    assert 'href="/inbox?of=me"' in pages[0]
    assert f'href="/inbox/refused/acme-bv/{hers}"' in lisa.get("/").body.decode(), "a click away from one's start page"
    assert "Er ligt niets van u in de inbox" in Person(office, "m.devries").get("/inbox?of=me").body.decode()


def test_whoever_looked_at_their_own_alone_has_not_seen_to_the_rest(office: Records) -> None:
    office.configure(settings=TRUSTED)
    refuse(office, "his", by="k.smit")
    Person(office).get("/inbox?of=me")
    assert not Viewed.select().where(Viewed.kind == "rejected").exists()
    Person(office).get("/inbox")
    assert Viewed.select().where(Viewed.kind == "rejected").exists()
