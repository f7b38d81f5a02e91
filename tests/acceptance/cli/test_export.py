"""`export`: a client's whole dossier comes out as folders that anybody can read, and goes into another office again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kit.browsing import DESKTOP, PHONE, accessibility_faults, chromium
from kit.support import PDF, SETTINGS, Root, new_office
from playwright.sync_api import ViewportSize

TYPES = "types: {wwft: {share: never, staff: [m.devries], fields: {risk: [low, high]}}, advice: {fields: {note: text}}}\n"
BY = "created_by: m.devries\n"


@pytest.fixture
def office(root: Root) -> Root:
    root.set("settings", SETTINGS + TYPES)
    keys = f"{BY}description: Jaarrekening <2025>\nlabels: [btw, kopie]\nexplanation: only for us\ntype: advice\nnote: a field\n"
    attachments = "attachments: [{file: a.pdf, note: a secret note}, item.json]\n"
    root.place("acme-bv", {"a.pdf": PDF + b"a", "item.json": b"[]", "a.yaml": keys + attachments})
    root.drop("w", f"{BY}description: Identificatie\ntype: wwft\nrisk: high\n", w_pdf=PDF + b"w")
    root.drop("z", f"{BY}description: Of somebody else\n", "northwind-ltd", z_pdf=PDF + b"z")
    root.drop("e", f"{BY}description: Nothing with it\nattachments: []\n")
    root.once()
    return root


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("D-*/item.json"))]


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_dossier_comes_out_with_its_files_their_hashes_and_a_page_and_without_what_is_the_offices_own(
    office: Root, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    office.run("export", "acme-bv", str(out), user="m.devries")
    assert [one["description"] for one in told(out)] == ["Jaarrekening <2025>", "Nothing with it"]
    first = told(out)[0]
    assert {(out / one["path"]).read_bytes() for one in first["attachments"]} == {PDF + b"a", b"[]"}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    page = (out / "index.html").read_text()
    assert "Jaarrekening &lt;2025&gt;" in page
    assert f'href="{first["item"]}/a.pdf"' in page
    for secret in (b"only for us", b"a secret note", b"Identificatie", b"history", b"somebody else"):
        assert secret not in everything(out)
    assert any(event["detail"].get("how") == "export" for event in office.json("show", first["item"])["history"])


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_page_of_a_dossier_holds_long_names_and_breaks_no_number(office: Root, tmp_path: Path, size: ViewportSize) -> None:
    office.place("acme-bv", {"l" * 180 + ".pdf": PDF, "long.yaml": f"{BY}description: Long\nattachments: [{'l' * 180}.pdf]\n"})
    office.once()
    office.run("export", "acme-bv", str(tmp_path / "out"), user="m.devries")
    with chromium() as browser:
        page = browser.new_page(viewport=size)
        page.goto((tmp_path / "out/index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for link in page.locator("td:first-child a").all():
            assert len(link.evaluate("(one) => [...one.getClientRects()]")) == 1
        assert accessibility_faults(page) == []


@pytest.mark.parametrize("internal", [True, False])
def test_a_dossier_with_what_the_guard_could_not_read_comes_out(root: Root, tmp_path: Path, internal: bool) -> None:
    root.set("settings", SETTINGS.replace("guard: off", "guard: hold"))
    shared = f"{BY}description: Jaarrekening 2025\nshare: yes\nshare_status: approved\nshare_attachments: all\n"
    root.drop("p", shared, p_pdf=b"%PDF-1.4\nno more than this\n%%EOF\n")
    root.once()
    root.run("export", "acme-bv", str(tmp_path / "out"), *(["--internal"] if internal else []), user="m.devries")
    (item,) = told(tmp_path / "out")
    assert (["was not searched" in line for line in item["attention"]] == [True]) if internal else "attention" not in item


def test_internally_all_of_it_comes_out_to_whoever_may_know_of_it(office: Root, tmp_path: Path) -> None:
    office.run("export", "acme-bv", str(tmp_path / "all"), "--internal", user="m.devries")
    assert {one["description"] for one in told(tmp_path / "all")} >= {"Identificatie", "Jaarrekening <2025>"}
    assert b"only for us" in everything(tmp_path / "all")
    assert b"a secret note" in everything(tmp_path / "all")
    said = office.run("export", "acme-bv", str(tmp_path / "less"), "--internal", user="p.bakker").stdout
    assert b"Identificatie" not in everything(tmp_path / "less")
    assert "never shared" not in said


def test_it_goes_on_where_it_was_and_mends_what_is_not_whole(office: Root, tmp_path: Path) -> None:
    out = tmp_path / "out"
    office.run("export", "acme-bv", str(out))
    (a,) = out.glob("D-*/a.pdf")
    untouched = (a.parent / "attachment item.json").stat()
    a.write_bytes(PDF)
    (out / "index.html").unlink()
    assert "(1 was there already)" in office.run("export", "acme-bv", str(out)).stdout
    assert a.read_bytes() == PDF + b"a"
    assert (out / "index.html").exists()
    assert (a.parent / "attachment item.json").stat().st_ino == untouched.st_ino


def test_what_is_no_part_of_the_dossier_any_more_is_named_when_it_goes_on(office: Root, tmp_path: Path) -> None:
    out = tmp_path / "out"
    office.run("export", "acme-bv", str(out), user="m.devries")
    first, second = (one["item"] for one in told(out))
    office.run("move", second, "--client", "northwind-ltd", user="j.admin")
    office.run("rename", first, "a.pdf", "b.pdf", user="m.devries")
    done = office.run("export", "acme-bv", str(out), user="m.devries")
    assert "2 things lie there besides" in done.stdout
    assert done.stderr.splitlines() == [f"{out}/{first}/a.pdf", f"{out}/{second}"]
    office.run("edit", first, "--type", "wwft", "--field", "risk=low", user="m.devries")
    assert f"{out}/{first}" in office.run("export", "acme-bv", str(out), user="m.devries").stderr.splitlines()


KILLED = """\
import os, signal, sys

left, rename = int(sys.argv.pop(1)), os.rename


def counted(*words, dst_dir_fd=None, **more):
    # In the folder that the dossier goes to, which is held open.
    global left
    left -= dst_dir_fd is not None
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(*words, dst_dir_fd=dst_dir_fd, **more)


os.rename = counted
from desk.cli.main import main

main()
"""


@pytest.mark.parametrize("step", [0, 1, 2, 4, 6])
def test_killed_at_any_step_it_goes_on_and_ends_as_if_nothing_had_been(exported: Root, tmp_path: Path, step: int) -> None:
    whole, out = exported.path.parent / "whole", tmp_path / "out"
    words = ["--root", str(exported.path), "export", "acme-bv", str(out)]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(step), *words], env=exported.whole_environ(), timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not (out / "SHA256SUMS").exists(), "it was killed half-way"
    exported.run("export", "acme-bv", str(out))
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    names = {path.relative_to(whole) for path in whole.rglob("*")}
    assert {path.relative_to(out) for path in out.rglob("*")} == names, "nothing half written is left"
    same = [name for name in names if (whole / name).is_file() and name.name != "export.json"]
    assert [name for name in same if (out / name).read_bytes() != (whole / name).read_bytes()] == []


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An office, and beside it a whole export of a client's dossier."""
    made = new_office(tmp_path_factory.mktemp("exported") / "office", SETTINGS)
    made.place("acme-bv", {"a.pdf": PDF + b"a", "b.pdf": PDF + b"b", "a.yaml": f"{BY}description: Annual accounts 2025\n"
                           "attachments: [a.pdf, b.pdf]\n"})  # fmt: skip
    made.drop("e", f"{BY}description: Nothing with it\nattachments: []\n")
    made.once()
    made.run("export", "acme-bv", str(made.path.parent / "whole"))
    return made


def test_nothing_is_written_through_a_link_nor_into_what_is_not_an_export(office: Root, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    office.run("export", "acme-bv", str(out))
    (home,) = (path.parent for path in out.glob("D-*/a.pdf"))
    target = other / "mine.pdf"
    target.write_bytes(b"mine")
    (home / "a.pdf").unlink()
    (home / "a.pdf").symlink_to(target)
    office.run("export", "acme-bv", str(out))
    assert target.read_bytes() == b"mine"
    assert not (home / "a.pdf").is_symlink()
    home.rename(tmp_path / "away")
    home.symlink_to(other)
    office.run("export", "acme-bv", str(out), code=4)
    assert [path.name for path in other.iterdir()] == ["mine.pdf"]
    office.run("export", "acme-bv", str(other), code=1)
    office.run("export", "northwind-ltd", str(out), code=1)
    office.run("export", "acme-bv", str(office.path / "var/portal/acme-bv"), code=1)
    office.run("export", "nobody", str(tmp_path / "new"), code=1)
    assert [path.name for path in other.iterdir()] == ["mine.pdf"]


def test_another_office_takes_it_in_and_publishes_nothing(office: Root, tmp_path: Path) -> None:
    out = tmp_path / "out"
    office.run("export", "acme-bv", str(out), "--internal", user="m.devries")
    second_root = new_office(tmp_path / "second", SETTINGS + TYPES)
    said = second_root.run("import", str(out), user="m.devries")
    assert "left out" not in said.stdout + said.stderr
    second_root.once()
    before = {one["description"]: one for one in office.json("items", "--client", "acme-bv", user="m.devries")}
    after = {one["description"]: one for one in second_root.json("items", user="m.devries")}
    assert before.keys() == after.keys()
    for description, one in after.items():
        for key in ("labels", "explanation", "type", "fields", "status", "location"):
            assert one[key] == before[description][key], (description, key)
        assert (one["share"], one["share_state"]) == (False, "private")
    assert {a["sha256"] for one in told(out) for a in one["attachments"]} == {
        a["sha256"] for one in after.values() for a in second_root.json("show", one["item"], user="m.devries")["attachments"]
    }


def test_what_the_vault_lacks_is_named_and_all_else_comes_out_and_the_same_command_brings_it_later(
    office: Root, tmp_path: Path
) -> None:
    out, files = tmp_path / "out", office.told("a")["attachments"]
    lacking, damaged = (office.path / "var/vault" / one["sha256"][:2] / one["sha256"] for one in files)
    kept = {path: path.read_bytes() for path in (lacking, damaged)}
    lacking.unlink()
    damaged.chmod(0o600)
    damaged.write_bytes(b"{}")
    given = office.run("export", "acme-bv", str(out), code=1)
    assert "2 files are lacking" in given.stdout
    assert "the vault lacks `a.pdf`" in given.stderr
    assert "`item.json` is damaged" in given.stderr
    assert [one["description"] for one in told(out)] == ["Jaarrekening <2025>", "Nothing with it"]
    assert "exported_at" not in json.loads((out / "export.json").read_text())
    assert subprocess.run(["sha256sum", "--check", "--status", "SHA256SUMS"], cwd=out, check=False).returncode == 1
    for path, data in kept.items():
        path.write_bytes(data)
    office.run("export", "acme-bv", str(out))
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    assert "exported_at" in json.loads((out / "export.json").read_text())
