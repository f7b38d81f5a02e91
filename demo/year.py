"""The year before this one in the demo office: what its staff made of twenty clients, with the
clock set back. Always the same.

    .venv/bin/python demo/year.py        (make run does it, the first time)

Nothing is written past the program: each item is a drop in the inbox, each approval a decision
of an approver, every few days a round of a daemon that goes by those days' clock. It takes some
seconds.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from paper import pdf

from desk.actions import deciding
from desk.daemon.daemon import Daemon
from dossier.cluster import presence
from dossier.database import identity
from dossier.database.tables import item_key
from dossier.files import files
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.yamltext import scalar

WITH_STAFF = ("bakkerij-zon", "teeuwkens-bouw", "gulden-pollepel", "krukas-klep", "wattelaar", "krulspeld-kam")
"""Clients with people on their payroll."""

QUARTERS = ("eerste", "tweede", "derde", "vierde")
MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """What is dropped, when, by whom, and whether the client gets it."""

    day: datetime
    client: str
    name: str
    description: str
    location: str
    labels: str
    maker: str
    approver: str
    """"": the maker shares it outright; `-`: it stays in the office."""
    lines: tuple[str | tuple[str, str], ...]
    comment: str = ""
    """With it, the approver returned it."""


def amount(euros: int) -> str:
    return f"{euros:,}".replace(",", ".") + ",00"


def papers(office: Office, year: int) -> list[Paper]:
    """All of the year, in the order in which they came."""
    chance = random.Random(2026)
    made: list[Paper] = []

    def day(month: int, first: int, last: int) -> datetime:
        found = datetime(year, month, chance.randint(first, last), chance.randint(7, 15), chance.randint(0, 59), tzinfo=UTC)
        return found + timedelta(days=max(0, found.weekday() - 4) and 7 - found.weekday())  # nobody works at the weekend

    def add(month: int, first: int, last: int, *words: str, lines: tuple[str | tuple[str, str], ...], comment: str = "") -> None:
        name, description, location, labels, maker, approver = words
        made.append(Paper(day(month, first, last), code, name, description, location, labels, maker, approver, lines, comment))

    for code, client in office.clients.items():
        size = chance.randint(60, 900) * 1000
        who = f"{client.name}, {client.identifiers[0]}"
        decides = "k.smit" if chance.random() < 0.6 else "m.devries"
        add(1, 6, 24, f"opdrachtbevestiging-{year}", f"Opdrachtbevestiging {year}", f"{year}/Opdracht", "opdracht", "m.devries", "",
            lines=(who, "", f"Wij bevestigen u de opdracht voor het jaar {year}:", "- de administratie en de aangiften omzetbelasting",
                   f"- de jaarrekening over {year - 1} en de aangifte over dat jaar", "", "Met vriendelijke groet,", "Marieke de Vries"))  # fmt: skip
        for quarter, month in enumerate((4, 7, 10, 12)):
            sales, paid = size // 4 + chance.randint(-9000, 9000), size // 30 + chance.randint(0, 4000)
            wrong = code == "krukas-klep" and quarter == 1
            add(month, 3, 22, f"btw-{year}-k{quarter + 1}", f"Btw-aangifte {QUARTERS[quarter]} kwartaal {year}", f"{year}/Btw",
                f"btw, kwartaal {quarter + 1}", "p.bakker", decides,
                lines=(who, "", ("1a  Leveringen en diensten, hoog tarief", amount(sales)), ("     Omzetbelasting", amount(sales * 21 // 100)),
                       ("5b  Voorbelasting", amount(-paid)), ("Te betalen", amount(sales * 21 // 100 - paid))),
                comment="De voorbelasting wijkt af van het grootboek. Graag nog eens nakijken." if wrong else "")  # fmt: skip
        profit, month = size // 9 + chance.randint(-12000, 20000), chance.randint(4, 9)
        add(month, 1, 25, f"jaarrekening-{year - 1}", f"Jaarrekening {year - 1}", f"{year - 1}/Jaarrekening", f"jaarrekening, {year - 1}",
            "p.bakker", decides,
            lines=(who, "", ("Netto-omzet", amount(size)), ("Kostprijs van de omzet", amount(-size * 5 // 9)),
                   ("Personeelskosten", amount(-size * 2 // 9)), ("Overige bedrijfskosten", amount(profit - size * 2 // 9)),
                   ("Resultaat", amount(profit)), "", f"Samengesteld door {office.settings.office.name}."))  # fmt: skip
        add(month + 1, 1, 25, f"aangifte-{year - 1}", f"Winstaangifte {year - 1}", f"{year - 1}/Aangifte", f"aangifte, {year - 1}",
            "p.bakker", decides,
            lines=(who, "", ("Belastbare winst", amount(profit)), ("Te betalen", amount(profit // 5))))  # fmt: skip
        add(month, 1, 25, f"bespreking-{year}", f"Verslag van de jaarbespreking {year}", f"{year}/Intern", "bespreking", "m.devries", "-",
            lines=(who, "", "Besproken: de marge, de debiteuren en de plannen voor het komend jaar.", "Actie: offerte van de bank opvragen."))  # fmt: skip
        if code in WITH_STAFF:
            for number, name in enumerate(MONTHS, 1):
                wages = size // 60 + chance.randint(0, 800)
                add(number, 20, 26, f"loonstaat-{year}-{number:02}", f"Loonstaat {name} {year}", f"{year}/Lonen", f"lonen, {name}",
                    "m.devries", "",
                    lines=(who, "", ("Brutolonen", amount(wages)), ("Ingehouden loonheffing", amount(-wages // 6)),
                           ("Uit te betalen", amount(wages - wages // 6))))  # fmt: skip
    return sorted(made, key=lambda paper: paper.day)


@contextmanager
def clock_at(moment: list[datetime]) -> Iterator[None]:
    """The office's one clock stands at `moment[0]`."""
    real, clock.utc_now = clock.utc_now, lambda: moment[0]
    try:
        yield
    finally:
        clock.utc_now = real


def drop(office: Office, paper: Paper) -> None:
    folder = office.inbox / paper.client
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{paper.name}.pdf").write_bytes(pdf(office.settings.office.name, paper.description, paper.lines))
    said = {"description": paper.description, "location": paper.location, "created_by": paper.maker, "status": "done"}
    if paper.approver != "-":
        said |= {"share": "yes", "share_attachments": "all", "share_status": "concept" if paper.approver else "approved"}
        said |= {"approver": paper.approver} if paper.approver else {}
    text = "".join(f"{key}: {scalar(value)}\n" for key, value in said.items() if value not in ("yes",))
    text += "".join(f"{key}: {value}\n" for key, value in said.items() if value == "yes") + f"labels: [{paper.labels}]\n"
    (folder / f"{paper.name}.yaml").write_text(text, encoding="utf-8")


def decide(office: Office, now: datetime, returned: dict[str, str]) -> None:
    """The approvers decide on all that waits for them."""
    for approver in ("k.smit", "m.devries"):
        actor = Actor(approver, "desk")
        for waiting in deciding.queue(office, now, actor, approver).items:
            key = item_key(str(waiting["item"]))
            comment = returned.get(f"{waiting['client']}: {waiting['description']}", "")
            deciding.decide(office, now, actor, key, "reject" if comment else "approve", comment)


class Year(Daemon):
    """A daemon that lives through a year of papers, some days at a time, and leaves pictures and
    search to the one that comes after it."""

    def __init__(self, office: Office, environ: dict[str, str], coming: list[Paper], moment: list[datetime]) -> None:
        super().__init__(office, environ, once=True)
        self._coming, self._moment = coming, moment
        self._returned = {f"{one.client}: {one.description}": one.comment for one in coming if one.comment}

    def _work_once(self) -> None:
        presence.take_over(self.office, self._lead_at_once)
        rest = list(self._coming)
        while rest and not files.stopping.is_set():
            self._moment[0] = rest[0].day
            while rest and rest[0].day < self._moment[0] + timedelta(days=3):
                drop(self.office, rest.pop(0))
            self.drops.lookout.look_everywhere()
            while self.summary.taken + self.summary.refused < len(self._coming) - len(rest) and not files.stopping.is_set():
                if not self.drops.take(self._meanwhile):
                    time.sleep(0.005)
            # Decided before the folders of the approvers are filled, so that nobody draws what is
            # looked at by nobody.
            self._moment[0] += timedelta(hours=3)
            decide(self.office, self._moment[0], self._returned)
            while self._decide_and_publish():
                pass
        while self.mails.once(self.claims, at_once=True):
            pass
        identity.mark(self.office)


def live(root: Path, environ: dict[str, str], year: int) -> int:
    """Let the office have that year; the number of its items."""
    # Our papers are whole and name nobody else, so nobody waits for them to settle and the guard
    # need not read them.
    environ = environ | {"DOSSIER_WATCH__SETTLE_SECONDS": "0", "DOSSIER_SHARING__GUARD": "off"}
    office = load_office(root, environ)
    coming, moment = papers(office, year), [datetime(year, 1, 1, tzinfo=UTC)]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with clock_at(moment):
        return Year(office, environ, coming, moment).run().taken


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    print(live(here, dict(os.environ), clock.utc_now().year - 1), "items")
