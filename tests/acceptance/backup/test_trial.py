"""`restore --trial`: an office to look at and try, from which nothing leaves until an admin makes it the real one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kit.mail_server import Server
from kit.receivers import SECRET, receiving
from kit.support import NOTIFIED, PDF, SETTINGS, Root, free_port, new_office

CONCEPT = """\
description: Tax return
share: yes
share_status: concept
approver: m.devries
share_attachments: all
created_by: p.bakker
"""


def _trial(root: Root, dest: Path, post: Server) -> Root:
    """A trial of an office that has published and mailed once, and in which a concept waits."""
    root.drop("accounts", NOTIFIED, accounts_pdf=PDF)
    root.drop("tax", CONCEPT, tax_pdf=PDF + b"tax")
    root.once()
    assert len(post.mails) >= 1
    root.run("backup", str(dest))
    trial = Root(root.path.with_name("trial"), dict(root.environ))
    said = trial.run("restore", str(dest), "--trial").stdout
    assert "For trying: nothing is mailed, published or sent" in said
    return trial


@pytest.mark.slow
def test_nothing_leaves_a_trial_until_an_admin_makes_it_the_real_office(root: Root, post: Server, tmp_path: Path) -> None:
    port = free_port()
    hook = f"{{url: 'http://127.0.0.1:{port}/', for: j.admin, secret_env: BOOKS_SECRET, private: [127.0.0.1]}}"
    root.environ["BOOKS_SECRET"] = SECRET
    with receiving(port) as receiver:
        root.set("settings", f"{SETTINGS}webhooks:\n  books: {hook}\n")
        trial = _trial(root, tmp_path / "backups", post)
        concept = next(one["item"] for one in trial.json("queue", user="m.devries"))
        mails, told = len(post.mails), len(receiver.verified(SECRET))

        trial.drop("second", NOTIFIED.replace("Annual accounts", "Quarterly figures"), second_pdf=PDF + b"second")
        with trial.daemon() as daemon:
            trial.until_taken("acme-bv", "second")
            trial.run("approve", concept, user="m.devries")
            assert daemon.stop() == 0
        trial.once()

        assert trial.json("show", concept)["share_state"] == "approved"
        assert not [path for path in (trial.path / "var/portal").rglob("*") if path.is_file()]
        assert len(post.mails) == mails
        assert len(receiver.verified(SECRET)) == told
        assert "nothing is sent from there" in trial.run("webhooks", "test", "books", user="j.admin", code=4).stderr
        assert trial.json("status")["trial"]
        assert "FOR TRYING" in trial.run("status").stdout
        assert "restored for trying" in trial.run("doctor", code=None).stdout
        assert "clients are shown nothing" in trial.run("portal", "--port", "0", code=1).stderr
        trial.run("verify")
        assert re.fullmatch(r"http://\S+/_login/[\w-]{43}\n", trial.run("desk", "--link", "p.bakker").stdout)
        assert trial.json("audit", "log")[-1]["action"] == "desk_link_made"
        trial.run("desk", "--link", "nobody", code=1)
        trial.run("desk", "--link", "p.bakker", user="p.bakker", code=1)
        root.run("desk", "--link", "p.bakker", code=1)

        trial.run("adopt", "--reason", "no", user="p.bakker", code=1)
        adopted = trial.run("adopt", "--reason", "The real one burnt down", user="j.admin").stdout
        assert "1 mail waits" in adopted
        trial.run("verify", "--repair")
        trial.once()
        assert len(list((trial.path / "var/portal/acme-bv").glob("D-*"))) == 3
        assert len(post.mails) > mails
        assert len(receiver.verified(SECRET)) > told
        assert trial.json("status")["trial"] is None


def test_a_process_that_has_opened_no_database_mails_nothing_until_the_marks_say_that_it_is_no_trial(
    root: Root, post: Server, tmp_path: Path
) -> None:
    trial = _trial(root, tmp_path / "backups", post)
    code = (
        "import sys\nfrom pathlib import Path\nfrom dossier.database import identity\nfrom dossier.office.opening import load_office\n"
        "from workflow.mail import smtp\n"
        "office = load_office(Path(sys.argv[1]), {})\n"
        "for asked in (False, True):\n"
        "    asked and identity.ask_marks(office)\n"
        "    try:\n"
        "        smtp.open_line(office.settings.mail.model_copy(update={'port': int(sys.argv[2])}), {}).quit()\n"
        "        print('mails')\n"
        "    except smtp.NoServer as error:\n"
        "        print(error.sentence.code)\n"
    )
    for office, said in ((root, "mail.trial\nmails\n"), (trial, "mail.trial\nmail.trial\n")):
        asked = subprocess.run([sys.executable, "-c", code, str(office.path), str(post.port)], capture_output=True, text=True)
        assert asked.stdout == said, asked.stderr


def test_neither_a_trial_nor_its_office_works_on_the_others_database(root: Root, post: Server, tmp_path: Path) -> None:
    trial = _trial(root, tmp_path / "backups", post)
    for one, other in ((trial, root), (root, trial)):
        one.environ["DOSSIER_DATABASE__URL"] = f"sqlite:///{other.path / 'var/dossier.db'}"
        assert "adopt" in one.run("items", code=4).stderr
        assert one.run("run", "--once", code=4)
        del one.environ["DOSSIER_DATABASE__URL"]
        one.run("items")


def test_a_trial_stays_one_through_its_own_backup_and_lies_in_its_own_folders(root: Root, post: Server, tmp_path: Path) -> None:
    trial = _trial(root, tmp_path / "backups", post)
    trial.run("backup", str(tmp_path / "again"))
    second = Root(root.path.with_name("second"), dict(root.environ))
    second.run("restore", str(tmp_path / "again"))
    assert second.json("status")["trial"]
    second.once()
    assert not [path for path in (second.path / "var/portal").rglob("*") if path.is_file()]

    root.set("settings", SETTINGS.replace("identity:", f"paths: {{portal: {tmp_path / 'portal'}}}\nidentity:", 1))
    digest = root.run("backup", str(tmp_path / "outside")).stdout.split("sha256:")[1].split()[0]
    third = Root(root.path.with_name("third"), dict(root.environ))
    refused = third.run("restore", str(tmp_path / "outside"), "--trial", "--digest", digest, code=1)
    assert "paths.portal" in refused.stderr


@pytest.mark.sqlite
def test_neither_a_trial_nor_an_office_begun_anew_is_backed_up_among_the_backups_of_one_in_the_same_folder(
    root: Root, tmp_path: Path
) -> None:
    dest = tmp_path / "backups"
    mark = dest / "dossier-backup.json"
    root.run("backup", str(dest))
    known = json.loads(mark.read_text())
    mark.write_text(json.dumps({name: known[name] for name in ("format", "what", "root", "host")}))  # by an earlier version
    root.run("backup", str(dest))
    assert json.loads(mark.read_text()) == known
    root.path.rename(tmp_path / "the first")
    new_office(root.path)
    assert "of another office, which was in" in root.run("backup", str(dest), code=1).stderr
    root.path.rename(tmp_path / "the second")
    root.run("restore", str(dest), "--trial")
    assert "this one is for trying" in root.run("backup", str(dest), code=1).stderr
    root.run("backup", str(tmp_path / "of the trial"))
    root.run("adopt", "--reason", "The first burnt down", user="j.admin")
    root.run("backup", str(dest))
    assert len(list(dest.glob("snapshots/*"))) == 3


@pytest.mark.sqlite
def test_a_trial_does_not_work_in_the_places_of_the_real_office(root: Root, tmp_path: Path) -> None:
    """Its settings are the real office's; a place that was named for the restore is named for every command."""
    real = tmp_path / "inbox"
    (real / "acme-bv").mkdir(parents=True)
    root.set("settings", f"{SETTINGS}paths: {{inbox: {real}}}\n")
    root.once()
    root.run("backup", str(tmp_path / "backups"))
    trial = Root(root.path.with_name("trial"), dict(root.environ))
    refused = trial.run("restore", str(tmp_path / "backups"), "--trial", code=1).stderr
    assert "DOSSIER_PATHS__INBOX=" in refused
    assert "--digest" not in refused, "that would not help"
    inside = Root(trial.path, {**root.environ, "DOSSIER_PATHS__INBOX": "inbox"})
    inside.run("restore", str(tmp_path / "backups"), "--trial")
    inside.once()
    (real / "acme-bv/a.yaml").write_text("description: For the real office\ncreated_by: p.bakker\nattachments: []\n")
    for words in (("run", "--once"), ("status",), ("verify", "--repair")):
        assert "DOSSIER_PATHS__INBOX=" in trial.run(*words, code=4).stderr
    assert "lead out of it" in trial.run("doctor", code=1).stdout
    assert (real / "acme-bv/a.yaml").exists()
    elsewhere = Root(root.path.with_name("elsewhere"), {**root.environ, "DOSSIER_PATHS__INBOX": str(tmp_path / "another")})
    elsewhere.run("restore", str(tmp_path / "backups"), "--trial")
    elsewhere.once()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_root_is_not_told_to_restore_as_root(root: Root, tmp_path: Path) -> None:
    root.drop("scan", "description: Without its file\nattachments: [later.pdf]\n")
    os.chown(root.inbox() / "scan.yaml", 1, 1)
    root.run("backup", str(tmp_path / "backups"))
    told = Root(root.path.with_name("back"), dict(root.environ)).run("restore", str(tmp_path / "backups")).stderr
    assert "has no account in config/: 1; give them back (chown)" in told
    assert "as root" not in told
