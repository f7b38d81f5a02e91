"""What is refused of a type that not all staff may know of is its owner's alone: on the share, in lists, whatever is wrong with it."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.accounts import ACCOUNTS, SETTINGS, AccountOffice
from kit.support import PDF, once_here

TYPES = """\
types: {salary: {share: approval, staff: [m.devries]}, wwft: {share: never, staff: [m.devries], required: [risk], fields: {risk: [low, high]}}, note: {}}
presets: {wwft: {folder: Wwft, type: wwft}}
"""

BROKEN = "description: Due diligence of Acme\ntype: Wwft\nrisk: [low\n"
LACKS = "description: Due diligence of Acme\nsoort: wwft\nattachments: []\n"
UNREAD = {
    "twice": "type: wwft\ntype: wwft\n", "both": "type: wwft\nsoort: wwft\n", "listed": "type: [wwft]\n", "tagged": "soort: !x wwft\n",
    "misspelt": "typ: wwft\n",
}  # fmt: skip
"""The type can't be known from what was read; but there it stands."""


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(settings=SETTINGS + TYPES)
    made.drop("m.devries", "broken", BROKEN, {"broken.pdf": PDF})
    made.drop("m.devries", "lacks", LACKS, {})
    made.put("m.devries", "Wwft/passport.pdf", PDF)
    made.drop("m.devries", "plain", "description: no\nattachments: []\n", {})
    made.drop("m.devries", "salaries", "description: Salaries of May\ntype: salary\nstatus: paid\nattachments: []\n", {})
    for stem, lines in UNREAD.items():
        made.drop("m.devries", stem, f"description: Due diligence of Acme\n{lines}attachments: []\n", {})
    made.put("m.devries", "wide.yaml", BROKEN.encode("utf-16"))
    made.put("m.devries", "wide.pdf", PDF)
    once_here(made.root)
    made.drop("m.devries", "good", "description: Due diligence of Acme\ntype: wwft\nrisk: low\nattachments: []\n", {})
    once_here(made.root)
    amends = f"item: {made.root.told('good')['item']}\n"
    made.drop("m.devries", "amends", amends + amends + "description: Due diligence, again\n", {})
    once_here(made.root)
    yield made
    made.remove()


def refused(office: AccountOffice, stem: str) -> Path:
    (found,) = (office.root.inbox() / "_rejected").glob(f"*-{stem}")
    return found


@pytest.mark.parametrize("stem", ["broken", "lacks", "passport.pdf", "wide", "amends", *UNREAD])
def test_the_folder_of_a_refused_drop_is_readable_by_its_owner_alone(office: AccountOffice, stem: str) -> None:
    folder = refused(office, stem)
    status = folder.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (pwd.getpwnam(ACCOUNTS["m.devries"]).pw_uid, 0o700)
    assert (folder / "WHY.txt").is_file()
    assert lists(ACCOUNTS["m.devries"], folder)
    assert not lists(ACCOUNTS["k.smit"], folder)


def test_any_other_refused_drop_is_there_for_everybody_who_may_see_the_clients_folder(office: AccountOffice) -> None:
    assert stat.S_IMODE(refused(office, "plain").stat().st_mode) == stat.S_IMODE(office.root.inbox().stat().st_mode)


def test_no_list_tells_others_of_it(office: AccountOffice) -> None:
    assert [one for one in ("broken", "lacks", "passport", "plain") if one in office.run("k.smit", "rejected")] == ["plain"]
    told = office.run("m.devries", "rejected")
    assert all(one in told for one in ("broken", "lacks", "passport", "plain"))
    # The rest of a folder that a colleague finds says nothing of it either.
    office.put("k.smit", "lacks.yaml.txt", b"description: Something else\n")
    assert "refused" not in office.run("k.smit", "why", "inbox/acme-bv/lacks.yaml.txt", code=None)
    assert "refused" not in office.run("k.smit", "why", "inbox/acme-bv/broken.yaml", code=None)
    assert "refused" in office.run("m.devries", "why", "inbox/acme-bv/broken.yaml", code=None)


def test_no_event_tells_others_of_it(office: AccountOffice) -> None:
    told, others = (office.run(who, "audit", "log", "--json") for who in ("m.devries", "k.smit"))
    assert "plain.yaml" in others
    for piece in ("salaries", "paid", "salary"):
        assert piece in told
        assert piece not in others
    assert "lacks" not in told + others, "what is never shared is not even there"


KEPT = """\
import os, sys
from dossier.files import files, kernel
from dossier.files.beneath import open_beneath
os.umask(0)
os.setgid(65534); os.setgroups([]); os.setuid(int(sys.argv[2]))
os.mkdir(sys.argv[1] + "/kept", 0o777)
with open_beneath(sys.argv[1], "kept") as folder:
    files.keep_for(folder, int(sys.argv[3]))
    open(sys.argv[1] + "/kept/WHY.txt", "w").close()
"""


def test_a_daemon_that_is_not_root_gives_the_owner_access_and_nobody_else(office: AccountOffice) -> None:
    ground = office.folder / "ground"
    ground.mkdir()
    os.chmod(ground, 0o777)
    daemon, owner, other = (pwd.getpwnam(user).pw_uid for user in ("news", ACCOUNTS["m.devries"], ACCOUNTS["k.smit"]))
    subprocess.run([sys.executable, "-c", KEPT, str(ground), str(daemon), str(owner)], check=True, timeout=60)
    assert lists(pwd.getpwuid(owner).pw_name, ground / "kept")
    assert not lists(pwd.getpwuid(other).pw_name, ground / "kept")
    assert lists("news", ground / "kept")


def lists(user: str, folder: Path) -> bool:
    """True if this account of the machine can list the folder, move a file out of it, and back."""
    move = 'cd "$1" && ls WHY.txt && mv WHY.txt WHY.moved && mv WHY.moved WHY.txt'
    words = ["setpriv", f"--reuid={user}", "--clear-groups", "sh", "-c", move, "sh", str(folder)]
    return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0
