"""Papers as an accountancy office has them, for clients with the names that clients have: what the guard is measured on.

Every paper is about one client, and names other parties as such papers do: suppliers and customers who are clients too,
the tax office, employees. Names and numbers are written in the ways in which people and programs write them. Made anew from
a seed, so that the same seed is the same papers.
"""

from __future__ import annotations

import csv
import io
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import docx
import openpyxl
from fpdf import FPDF

from dossier.office.keys import Client


def pdf(text: str, **encryption: str) -> bytes:
    """A PDF of one page."""
    document = FPDF()
    if encryption:
        document.set_encryption(**encryption)
    document.add_page()
    document.set_font("Helvetica", size=11)
    document.multi_cell(0, 6, text)
    return bytes(document.output())


def word(text: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def sheet(text: str) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append([text])
    book.save(out)
    return out.getvalue()


def scan() -> bytes:
    """A PDF with nothing but a line drawn in it."""
    document = FPDF()
    document.add_page()
    document.line(1, 1, 50, 50)
    return bytes(document.output())


def inflating(content: bytes) -> bytes:
    """A PDF whose one page is drawn by `content`, deflated."""
    data = zlib.compress(content, 1)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(data), data), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF"


def endless() -> bytes:
    """A PDF that takes longer to read than anything is given."""
    return inflating(b"BT /F 9 Tf " + b"(Acme Acme Acme) Tj 0.01 0 Td " * 3_000_000 + b"ET")


NAMES = """\
Acme B.V.|Bakkerij De Zon|Zon|De Bakker|Jansen Holding B.V.|Jansen Bouw B.V.|Jan Jansen|J. de Vries|Mariëlle Hoogeboom
Stichting Kinderopvang De Vlinder|Café 't Hoekje|Garage Peters V.O.F.|Alfa Advies B.V.|Zorg en Welzijn B.V.|Delta B.V.
ABC Transport B.V.|Huisartsenpraktijk Van den Berg|Maatschap Tandartsen Lindelaan|Noord Logistics B.V.|Kwekerij Bloemenlust
Het Groene Huis B.V.|Achterberg Holding B.V.|Achterberg Transport B.V.|Northwind Trading Ltd|Fatma Yılmaz|Van Dijk Beheer B.V.
Loodgietersbedrijf Smit & Zn.|Smit & Partners Advocaten N.V.|Optiek Scherpzicht|Rijschool Vooruit|Drukkerij Jongeneel B.V.
Coöperatie Veldzicht U.A.|Vereniging Oranje Boven|Slagerij Van der Meer|Hotel Zeezicht Exploitatie B.V.|Quintessa Software B.V.
Müller GmbH|Restaurant La Bella Vita|Visser Visserij B.V.|Schildersbedrijf Kleurrijk h.o.d.n. Kleurrijk Wonen|De Jonge Boer B.V.
Installatiebedrijf Warmtepunt B.V.|Tuincentrum 't Groene Hart|Bureau Blauw|Pieter-Jan Verstraeten|Klaver Vier B.V.|Horizon B.V.
Interim Noorderlicht|Boekhandel Bladzijde|Stal Wildenborg|Exact Bouwkosten B.V.|Fysiotherapie Centrum West|Prins Schoenen B.V."""

SENTENCES = """\
De zon scheen volop in het tweede kwartaal, wat de omzet uit de buitenverkoop ten goede kwam.
Horizon en doelstellingen van de onderneming zijn in overleg met de directie vastgesteld.
Noord en Zuid worden als aparte regio's in de cijfers verantwoord.
De bakker om de hoek levert de lunch; deze kosten zijn niet volledig aftrekbaar.
Delta tussen begroting en werkelijkheid is in de bijlage toegelicht.
Alfa en bèta van de portefeuille worden niet afzonderlijk gemeten.
Zorg en welzijn van het personeel hebben de aandacht van het bestuur.
De materiële vaste activa worden gewaardeerd tegen aanschafprijs, verminderd met lineaire afschrijvingen.
Het groene huis aan de overzijde is geen eigendom van de onderneming.
Wij hebben de jaarrekening samengesteld op basis van de gegevens die u ons hebt verstrekt.
Exact berekend bedraagt het verschil minder dan een procent van het balanstotaal.
De voorziening voor groot onderhoud is gevormd op grond van een meerjarenplan.
Prins en koning der betalingsmiddelen blijft de bankoverschrijving.
Het resultaat over het boekjaar is ten gunste van de overige reserves gebracht.
Transport, verzekering en opslag zijn onder de overige bedrijfskosten opgenomen.
Vier maal per jaar ontvangt u van ons een overzicht van de te betalen omzetbelasting.
De jonge medewerkers volgen een interne opleiding die door de branche wordt betaald.
Scherp gestelde prijzen hebben tot een lagere brutomarge geleid dan was begroot.
Vooruit betaalde kosten zijn onder de overlopende activa opgenomen.
Het bestuur heeft de intentie de activiteiten in het komende jaar voort te zetten.""".splitlines()

STRANGERS = """\
De Graaf Assurantiën B.V.|Waterschap Rivierenland|Notariskantoor Ten Hove|Kamer van Koophandel|Stadsdeel Zuid|Universiteit Leiden
Bouwbedrijf Oosterhof V.O.F.|Brouwerij Het Anker|Vereniging van Eigenaars Parkzicht|Larsen & Sons Ltd|Meridian Systems Inc.|UWV
Pensioenfonds Metaal en Techniek|Gemeente Haarlemmermeer|Van Rijn Vastgoed B.V.|Oakfield Consulting LLP|Ziekenhuis Gelderse Vallei"""

PUBLIC_SENTENCES = """\
Annual Report of the Supervisory Board, Summit on Climate, and a Focus on Growth.
Report any Incident to the Service Desk; the Exact Time is on the Ticket.
The Horizon Programme funds Research; the Delta Works protect the Coast.
Zon, Wind en Water: de Energie van Morgen. Zorg en Welzijn in de Regio.
Prins Hendrikkade 33, Horizonlaan 5, Deltaweg 12, Zonnestraat 8, Bakkerstraat 1.
Bakkers en slagers ontvangen een tegemoetkoming; de Bakker van het jaar komt uit Delft.
Aan de Bewoners van dit Pand: het Groene Hart wordt opnieuw ingericht.
Jan en Piet gaan Vooruit. De Vries is een veelvoorkomende naam, Jansen ook.
HORIZON 2030 - STRATEGISCH PLAN - NOORD EN ZUID - FOCUS OP KWALITEIT
Stal, schuur en erf blijven in gebruik. Transport over de weg neemt toe.
Total 12.345.678, page 12 of 48, reference 20261103, telephone 020 123 45 67.
Blauw licht, een centrum in het westen, optiek en installatie: lees de handleiding.
Terms and Conditions apply. Partners in Business. Alfa Romeo, Delta Air Lines.
Interim Report, First Quarter: Revenue rose; see Note 4. Visser en vis in de Noordzee.""".splitlines()

EMPLOYEES = ["M. Bakker", "Sanne de Jong", "K. van Dijk", "Achmed Benali", "Petra Jansen", "J. Visser", "Tom Smit"]


COMMON = "Report|Summit|Focus|Service|Partners"
"""Clients whose name is one common word, as some are: they have a KvK number, and are found by that."""


def clients(seed: int = 1) -> dict[str, Client]:
    """The office: most clients have a KvK number and a RSIN or BSN, some an IBAN, some nothing."""
    source, found = random.Random(seed), {}
    for index, name in enumerate(NAMES.replace("\n", "|").split("|")):
        identifiers = []
        if index % 5:
            identifiers.append(f"KvK {source.randrange(10_000_000, 99_999_999)}")
        if index % 3:
            identifiers.append(f"{'RSIN' if '.' in name else 'BSN'} {_proven(source)}")
        if index % 4 == 1:
            identifiers.append(_account(source))
        found[f"c{index:02d}"] = Client(name=name, identifiers=identifiers)
    return found


def with_common_names(known: dict[str, Client], seed: int = 1) -> dict[str, Client]:
    """These clients, and some whose name is one common word."""
    source = random.Random(f"common {seed}")
    return known | {
        name.lower(): Client(name=name, identifiers=[f"KvK {source.randrange(10_000_000, 99_999_999)}"])
        for name in COMMON.split("|")
    }


def of_strangers(seed: int, count: int) -> Iterator[str]:
    """Texts that are about no client: of firms and offices that are none, and of the words that clients are called by."""
    source = random.Random(f"strangers {seed}")
    for _ in range(count):
        names = source.sample(STRANGERS.replace("\n", "|").split("|"), 3)
        yield "\n".join([
            names[0], "Postbus 1234, 1000 AA Amsterdam", "", source.choice(PUBLIC_SENTENCES), f"Aan: {names[1]}", f"KvK {source.randrange(10**7, 10**8)}",
            *source.choices(PUBLIC_SENTENCES, k=6), *source.choices(SENTENCES, k=4), f"Namens {names[2]}",
        ])  # fmt: skip


def _proven(source: random.Random) -> str:
    """Nine digits that pass the 11-test."""
    while True:
        digits = [source.randrange(1, 10), *(source.randrange(10) for _ in range(7))]
        last = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
        if last < 10:
            return "".join(map(str, [*digits, last]))


def _account(source: random.Random) -> str:
    tail = f"{source.choice(['ABNA', 'RABO', 'INGB'])}{source.randrange(10**9, 10**10)}"
    number = "".join(str(int(character, 36)) for character in f"{tail}NL00")
    return f"NL{98 - int(number) % 97:02d}{tail}"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document about `client`. `names` are others it names. A circular is about nobody."""

    kind: str
    client: str
    file_name: str
    data: bytes
    names: tuple[str, ...] = ()


class Office:
    """Writes papers about its clients."""

    def __init__(self, known: dict[str, Client], seed: int) -> None:
        self.clients = known
        self._source = random.Random(seed)

    def papers(self, every: int = 1) -> Iterator[Paper]:
        """One of each kind for every client; of those, so many-th only."""
        number = 0
        for code in self.clients:
            for kind, write in (
                ("annual accounts", self._accounts), ("tax assessment", self._assessment), ("payslip", self._payslip),
                ("letter", self._letter), ("purchase invoice", self._invoice), ("ledger", self._ledger), ("debtors", self._debtors),
                ("bank statement", self._statement), ("audit file", self._audit_file), ("circular", self._circular),
            ):  # fmt: skip
                number += 1
                if number % every:
                    continue
                others = tuple(self._source.sample([other for other in self.clients if other != code], self._source.randrange(4)))
                suffix, data = write(code, others)
                others = () if kind == "circular" else others
                yield Paper(kind, code, f"{kind.replace(' ', '-')}-{code}.{suffix}", data, others)

    def letters(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """For every client a letter as text, and which others it names."""
        for code in self.clients:
            others = tuple(self._source.sample([other for other in self.clients if other != code], self._source.randrange(3)))
            lines = ["Vink Accountants", self.name(code), self.number(code, "KvK"), "", *self._sentences(5)]
            yield code, "\n".join([*lines, *(f"Over {self.name(other)} schreven wij u eerder." for other in others)]), others

    # How names and numbers are written

    def name(self, code: str) -> str:
        name = self.clients[code].name.split(" h.o.d.n. ")[-1]
        way = self._source.randrange(7)
        if way == 0:
            return name.upper()
        if way == 1:
            return name.replace("B.V.", "BV").replace("V.O.F.", "VOF").replace("N.V.", "NV")
        if way == 2:
            return name.replace("B.V.", "B. V.").replace(" ", "  ")
        if way == 3:
            return name.replace("ë", "e").replace("ü", "u").replace("ı", "i").replace("ö", "o").replace("&", "en")
        if way == 4 and name.count(" ") > 1:
            first, _, rest = name.rpartition(" ")
            return f"{first}\n{rest}"
        return name

    def number(self, code: str, kind: str) -> str:
        """A line with the client's number of this kind, or nothing."""
        found = [identifier for identifier in self.clients[code].identifiers if kind in identifier]
        if not found or self._source.random() < 0.3:
            return ""
        digits = found[0].rpartition(" ")[2]
        if kind == "KvK":
            return self._source.choice(
                [f"KvK {digits}", f"K.v.K.-nummer: {digits[:2]}.{digits[2:5]}.{digits[5:]}", f"Handelsregister {digits}"]
            )
        if kind == "NL":
            return self._source.choice([digits, " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))])
        grouped = f"{digits[:4]}.{digits[4:6]}.{digits[6:]}"
        return self._source.choice(
            [f"RSIN {digits}", f"Fiscaal nummer {grouped}", f"BTW NL{digits}B01", f"Aanslagnummer {grouped}.V.26.0112"]
        )

    def _sentences(self, count: int) -> list[str]:
        return self._source.choices(SENTENCES, k=count)

    def _amount(self) -> str:
        return f"{self._source.randrange(100, 999)}.{self._source.randrange(100, 999)}"

    # Papers

    def _pages(self, pages: list[list[str]]) -> bytes:
        document = FPDF()
        document.set_font("Helvetica", size=10)
        for lines in pages:
            document.add_page()
            for line in lines:
                plain = line.replace("ı", "i").encode("latin-1", "replace").decode("latin-1")
                document.multi_cell(0, 5, plain, new_x="LMARGIN", new_y="NEXT")
        return bytes(document.output())

    def _word(self, header: str, lines: list[str]) -> bytes:
        document = docx.Document()
        document.sections[0].header.paragraphs[0].text = header
        for line in lines:
            document.add_paragraph(line)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()

    def _sheet(self, title: str, rows: list[list[object]]) -> bytes:
        book = openpyxl.Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _accounts(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        head = ["Jaarrekening 2025", self.name(code), self.number(code, "KvK"), "Vink Accountants"]
        body = [f"Vordering op {self.name(other)}: {self._amount()}" for other in others]
        pages = [
            head,
            self._sentences(8),
            ["Balans per 31 december 2025", *(f"Post {n}  {self._amount()}  {self._amount()}" for n in range(20)), *body],
        ]
        return (
            ("pdf", self._pages(pages))
            if self._source.random() < 0.7
            else ("docx", self._word(head[1], [*head, *self._sentences(8), *body]))
        )

    def _assessment(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        lines = ["Belastingdienst", "Postbus 2523, 6401 DA Heerlen", "", "Aan:", self.name(code), "Aanslag vennootschapsbelasting 2024",
                 self.number(code, "SN") or self.number(code, "SIN"), f"Te betalen: {self._amount()}", *self._sentences(3)]  # fmt: skip
        return "pdf", self._pages([lines])

    def _payslip(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        employee = self._source.choice(EMPLOYEES)
        lines = [f"Werkgever: {self.name(code)}", f"Werknemer: {employee}", f"BSN {_proven(self._source)}", "Periode 10 2026",
                 f"Bruto loon {self._amount()}", f"Loonheffing {self._amount()}", *self._sentences(1)]  # fmt: skip
        return "pdf", self._pages([lines])

    def _letter(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        lines = [self.name(code), "Dorpsstraat 1", "1234 AB Delft", "", "Geachte heer, mevrouw,", *self._sentences(4),
                 *(f"Over {self.name(other)} schreven wij u eerder." for other in others[:1]), "Met vriendelijke groet,", "Vink Accountants"]  # fmt: skip
        return ("docx", self._word("Vink Accountants", lines)) if self._source.random() < 0.6 else ("pdf", self._pages([lines]))

    def _invoice(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        """From a supplier who is a client too, if there is one."""
        supplier = self.name(others[0]) if others else "Groothandel Van Elders"
        lines = [
            supplier,
            self.number(others[0], "NL") if others else "",
            "FACTUUR 20261103",
            f"Aan: {self.name(code)}",
            f"Totaal € {self._amount()},00",
        ]
        return "pdf", self._pages([[line.replace("€", "EUR") for line in lines] + self._sentences(2)])

    def _ledger(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        rows: list[list[object]] = [
            ["Grootboek 2025", self.name(code).replace("\n", " ")],
            ["KvK", self.number(code, "KvK")],
            ["datum", "omschrijving", "debet", "credit"],
        ]
        rows += [
            [20250101 + n, self._source.choice(SENTENCES)[:40], self._source.randrange(10**6), 12_345_678.5] for n in range(40)
        ]
        rows += [[20251231, f"Factuur {self.name(other)}", self._source.randrange(10**6), 0] for other in others]
        return "xlsx", self._sheet("Grootboek", rows)

    def _debtors(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        rows: list[list[object]] = [[f"Debiteuren van {self.name(code)}".replace("\n", " ")], ["naam", "saldo"]]
        rows += [[self.name(other), self._source.randrange(10**5)] for other in others] + [["Diversen", 100.0]]
        return "xlsx", self._sheet("Debiteuren", rows)

    def _statement(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";")
        writer.writerow(["Rekeninghouder", self.name(code), self.number(code, "NL")])
        writer.writerow(["datum", "tegenpartij", "omschrijving", "bedrag"])
        for other in others * 2:
            writer.writerow([20260105, self.name(other), self._source.choice(SENTENCES), f"{self._amount()},00"])
        return "csv", out.getvalue().encode("cp1252", "replace")

    def _audit_file(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        name = self.name(code).replace("&", "&amp;")
        lines = ["<auditfile><header><fiscalYear>2025</fiscalYear></header><company>", f"<companyName>{name}</companyName>"]
        lines += [f"<custSupName>{self.name(other).replace('&', '&amp;')}</custSupName>" for other in others]
        return "xaf", "\n".join([*lines, "</company></auditfile>"]).encode()

    def _circular(self, code: str, others: tuple[str, ...]) -> tuple[str, bytes]:
        """To every client alike, naming none."""
        return "docx", self._word(
            "Vink Accountants", ["Geachte relatie,", *self._sentences(15), "Met vriendelijke groet,", "Vink Accountants"]
        )
