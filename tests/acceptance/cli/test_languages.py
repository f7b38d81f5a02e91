"""What the command line says is in the reader's language, help and wrong usage too, and never steers the terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from kit.mail_server import serving
from kit.support import PDF, STAFF, Root, dossier, new_office, plain_environ

STEERING = "\x1b[31mred\x9b2J\u202egnp"
"""A colour, an erased screen, and a turn of the direction."""

DROP = """\
description: Jaarrekening 2025
share: yes
share_status: concept
share_attachments: all
approver: m.devries
created_by: p.bakker
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Marieke reads Dutch, Karel reads English; nobody else says what they read, and the office is English."""
    root = new_office(tmp_path_factory.mktemp("languages") / "office")
    staff = STAFF.replace("{name: Marieke de Vries", "{language: nl, name: Marieke de Vries")
    (root.path / "config/staff.yaml").write_text(staff.replace("{name: Karel Smit", "{language: en, name: Karel Smit"))
    root.environ |= {"LANG": "", "LC_ALL": "", "LC_MESSAGES": ""}
    root.drop("a", DROP, a_pdf=PDF)
    root.once()
    root.run("show", root.json("items")[0]["item"], user="m.devries")  # so that there is something she viewed
    return root


def test_a_person_is_told_in_their_own_language_whatever_the_machine_speaks(root: Root) -> None:
    root.environ["LANG"] = "en_GB.UTF-8"
    assert "wacht op" in root.run("queue", user="m.devries").stdout
    root.environ["LANG"] = "nl_NL.UTF-8"
    assert "waits for" in root.run("queue", user="k.smit").stdout


def test_without_a_language_of_their_own_the_machines_counts_and_then_the_offices(root: Root) -> None:
    root.environ["LANG"] = "nl_NL.UTF-8"
    assert "gemaakt door" in root.run("queue", user="p.bakker").stdout
    root.environ["LANG"] = "C.UTF-8"
    assert "made by" in root.run("queue", user="p.bakker").stdout
    settings = root.path / "config/settings.yaml"
    before = settings.read_text()
    settings.write_text(before + "office: {language: nl}\n")
    assert "gemaakt door" in root.run("queue", user="p.bakker").stdout
    settings.write_text(before)


def test_a_table_of_keys_is_dutch_in_dutch(root: Root) -> None:
    dutch = replace(root, environ={**root.environ, "LANG": "nl_NL.UTF-8"})
    root.run("token", "new", "books", "--for", "p.bakker", "--scope", "items:read", "--until", "2099-12-31", user="j.admin")
    assert dutch.run("token", "list", user="j.admin").stdout.splitlines()[-1].endswith("  geldig")
    staff = root.path / "config/staff.yaml"
    before = staff.read_text()
    staff.write_text(before.replace("p.bakker: {", "p.bakker: {active: false, "))
    assert dutch.run("token", "list", user="j.admin").stdout.splitlines()[-1].endswith("  de medewerker is weg")
    staff.write_text(before)
    root.run("token", "revoke", "books", user="j.admin")
    assert dutch.run("token", "list", user="j.admin").stdout.splitlines()[-1].endswith("  ingetrokken")


def test_what_is_refused_is_told_in_the_readers_language_whatever_the_offices(root: Root) -> None:
    root.drop("kort", "created_by: m.devries\ndescription: kort\n")
    root.once()
    dutch = replace(root, environ={**root.environ, "LANG": "nl_NL.UTF-8"})
    assert "heeft 4 tekens" in dutch.run("rejected", user="m.devries").stdout
    [refused] = dutch.json("rejected", user="m.devries")
    assert "has 4 characters" in refused["why"][0], "programs are told what WHY.txt says"
    shutil.rmtree(root.path / refused["path"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reject", "2026-000099", "--comment", "x"), "er is geen dossierstuk"),
        (("show", "D-{year}-000001"), "gedeeld:"),
        (("why", "D-{year}-000001"), "het wacht op goedkeuring door m.devries"),
        (("why", "1"), "het wacht op goedkeuring door m.devries"),
        (("why", "nergens.pdf"), "nergens.pdf is er niet."),
        (("status",), "1  wacht op een goedkeurder"),
        (("retention", "list"), "bewaard tot"),
        (("outbox", "--state", "failed"), "Er zijn geen mails."),
        (("outbox",), "te beslissen"),
        (("items", "niets"), "Geen stuk past."),
        (("audit", "verify"), "gebeurtenissen, elk zoals ze is geschreven"),
        (("recent",), "omschrijving"),
        (("rejected",), "Er is niets geweigerd."),
        (("check", "inbox/acme-bv"), "hier is niets te controleren"),
    ],
)
def test_dutch_is_spoken_throughout(root: Root, words: tuple[str, ...], told: str) -> None:
    year = root.json("items")[0]["item"][2:6]
    root.environ["LANG"] = ""
    words = tuple(str(root.path / word) if word.startswith("inbox/") else word.format(year=year) for word in words)
    done = root.run(*words, code=None, user="m.devries")
    assert told in done.stdout + done.stderr


HELP = re.compile(r"\b(the|with|and|what|only|are|this|Usage|Options|Commands|required|Example)\b")
"""Words that are English and not Dutch."""


def commands(help_text: str) -> list[str]:
    return re.findall(r"^  ([a-z-]+) +\S", help_text.partition("Opdrachten:")[2], re.MULTILINE)


def test_every_help_is_dutch_in_dutch() -> None:
    environ = {**plain_environ(), "LANG": "nl_NL.UTF-8", "COLUMNS": "200"}

    def help_of(*words: str) -> str:
        return dossier(*words, "--help", folder=Path("/"), environ=environ).stdout

    whole = help_of()
    assert len(commands(whole)) > 35
    for command in ("items", "new", "erase", "retention", "audit", "clients"):
        assert command in commands(whole)
        whole += help_of(command)
    for line in whole.splitlines():
        told = re.sub(r"Voorbeeld: .*|<[^>]*>|\[[A-Z]+\][.]*|--[a-z-]+", "", line)
        assert not HELP.search(told), line


def test_the_columns_of_a_dutch_help_stand_under_each_other() -> None:
    environ = {**plain_environ(), "LANG": "nl_NL.UTF-8"}
    told = dossier("items", "--help", folder=Path("/"), environ=environ).stdout
    rows = [line for line in told.splitlines() if re.match(r"  (--|-h)\S.*\S  +\S", line)]
    assert len(rows) > 5
    assert len({re.search(r"\S(  +)\S", row).end(1) for row in rows}) == 1  # type: ignore[union-attr]
    assert "--limit <getal> " in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("queu",), "Deze opdracht bestaat niet: 'queu'. Bedoelt u 'queue'?"),
        (("queue", "--limt", "3"), "Deze optie bestaat niet: --limt"),
        (("queue", "--limit", "veel"), "'veel' is geen geheel getal."),
        (("queue", "--limit", "-1"), "-1 ligt niet binnen"),
        (("queue", "--limit"), "Optie '--limit' vraagt om een waarde."),
        (("approve",), "Er ontbreekt een argument: 'STUK...'."),
        (("withdraw", "2026-000001"), "Er ontbreekt een optie: '--reason'."),
        (("run", "--log", "half"), "'half' is niet een van"),
        (("items", "--since", "gisteren"), "'gisteren' is geen dag; geef er een als 2026-12-31"),
        (("show", "2026-000001", "nog"), "Er is een argument te veel"),
        (("import", "/nergens", "--map", "/nergens"), "'/nergens' bestaat niet."),
    ],
)
def test_wrong_usage_is_told_in_dutch(words: tuple[str, ...], told: str) -> None:
    environ = {**plain_environ(), "LANG": "nl_NL.UTF-8", "COLUMNS": "200"}
    done = dossier(*words, folder=Path("/"), environ=environ)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Error" not in done.stderr
    assert "Try" not in done.stderr


# What comes from outside


def test_what_a_mail_server_answers_and_people_write_can_not_steer_the_terminal(tmp_path: Path) -> None:
    root = new_office(tmp_path / "office")
    shared = DROP.replace("concept\n", "approved\n").replace("approver: m.devries\n", "notify: yes\ncontact: j.jansen\n")
    with serving() as post:
        post.on_rcpt = lambda address: f"550 {STEERING}"
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(post.port)}
        root.drop("a", shared.replace("p.bakker", "m.devries"), a_pdf=PDF)
        root.once()
    [item] = [one["item"] for one in root.json("items")]
    root.run("withdraw", item, "--reason", f"wrong {STEERING}", user="m.devries")
    said = {
        command: root.run(*command.split(), user="m.devries").stdout
        for command in (
            "outbox", "outbox --json", f"show {item}", f"show {item} --json", f"why {item}", f"proof {item}", f"proof {item} --json",
            "audit log", "audit log --json", "audit export", "doctor --json" if os.geteuid() else "audit verify",
        )
    }  # fmt: skip
    for command, text in said.items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text), command
    assert json.loads(said[f"proof {item} --json"])["item"] == item
    assert "red" in said["outbox"]
    sheet = tmp_path / "proof.html"
    sheet.write_text(said[f"proof {item}"])
    root.run("proof", "--check", str(sheet))
