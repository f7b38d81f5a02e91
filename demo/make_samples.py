"""Makes the attachments in demo/samples/: small PDFs and spreadsheets such as an accountancy
office has.

    .venv/bin/python demo/make_samples.py        (needs the development environment: make setup-dev)

Run once; the files are committed. With the same versions of fpdf2 and openpyxl the same bytes
come out: no time and no random number goes into them. The sidecars beside them are written by
hand. All names and figures are made up.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from openpyxl import Workbook
from openpyxl.styles import Font

SAMPLES = Path(__file__).parent / "samples"
MADE_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OFFICE = "Van Dam & De Vries Accountants"

Row = tuple[str, ...]
Cells = list[list[str | int | float]]


def letterhead(title: str, subtitle: str, language: str) -> FPDF:
    """A page with the office's name on top, `title` and `subtitle` under it."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(MADE_AT)
    pdf.set_title(title)
    pdf.set_lang(language)
    pdf.set_margins(22, 20)
    pdf.add_page()
    pdf.set_font("Helvetica", size=9)
    pdf.cell(0, 5, OFFICE, align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(12)
    pdf.set_font("Helvetica", "B", 17)
    pdf.cell(0, 9, title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, 6, subtitle, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    return pdf


def figures(pdf: FPDF, heading: str, rows: list[Row]) -> None:
    """A table of figures; a row whose first cell ends in `:` is a heading, one that begins with
    `=` a total."""
    pdf.set_font("Helvetica", "B", 12)
    pdf.cell(0, 9, heading, new_x="LMARGIN", new_y="NEXT")
    for label, *amounts in rows:
        total = label.startswith("=")
        pdf.set_font("Helvetica", "B" if total or label.endswith(":") else "", 10)
        pdf.cell(96, 6, label.lstrip("="), border="T" if total else 0)
        for amount in amounts:
            pdf.cell(34, 6, amount, align="R", border="T" if total else 0)
        pdf.ln(6)
    pdf.ln(5)


def paragraphs(pdf: FPDF, *texts: str) -> None:
    pdf.set_font("Helvetica", size=10.5)
    for text in texts:
        pdf.multi_cell(0, 5.5, text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)


def save_pdf(pdf: FPDF, name: str) -> None:
    (SAMPLES / name).write_bytes(bytes(pdf.output()))


def save_sheet(name: str, title: str, cells: Cells, bold: tuple[int, ...]) -> None:
    """A workbook of one sheet; the rows numbered in `bold` (from 1) are headings or totals."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in cells:
        sheet.append(row)
    for number in bold:
        for cell in sheet[number]:
            cell.font = Font(bold=True)
    sheet.column_dimensions["A"].width = 36
    for letter in "BCDEF":
        sheet.column_dimensions[letter].width = 15
    book.properties.creator = OFFICE
    book.properties.created = MADE_AT.replace(tzinfo=None)
    raw = io.BytesIO()
    book.save(raw)
    (SAMPLES / name).write_bytes(without_time(raw.getvalue()))


def without_time(workbook: bytes) -> bytes:
    """The same workbook with MADE_AT wherever openpyxl puts the time of saving: in its
    properties and in the zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "docProps/core.xml":
                stamp = MADE_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, data)
            plain = zipfile.ZipInfo(entry.filename, MADE_AT.timetuple()[:6])
            plain.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(plain, data)
    return out.getvalue()


def acme_annual_accounts() -> None:
    pdf = letterhead("Jaarrekening 2025", "Acme B.V., Utrecht\nKvK 12345678 - RSIN 001234567", "nl")
    figures(
        pdf,
        "Balans per 31 december 2025 (in euro)",
        [
            ("", "2025", "2024"),
            ("Activa:", "", ""),
            ("Materiële vaste activa", "184.250", "201.700"),
            ("Voorraden", "62.480", "58.915"),
            ("Vorderingen", "97.310", "88.060"),
            ("Liquide middelen", "141.960", "96.325"),
            ("=Totaal activa", "486.000", "445.000"),
            ("Passiva:", "", ""),
            ("Eigen vermogen", "291.400", "248.150"),
            ("Langlopende schulden", "110.000", "125.000"),
            ("Kortlopende schulden", "84.600", "71.850"),
            ("=Totaal passiva", "486.000", "445.000"),
        ],
    )
    figures(
        pdf,
        "Winst- en verliesrekening over 2025 (in euro)",
        [
            ("", "2025", "2024"),
            ("Netto-omzet", "1.284.300", "1.197.640"),
            ("Kostprijs van de omzet", "-742.900", "-705.110"),
            ("Personeelskosten", "-338.750", "-321.480"),
            ("Overige bedrijfskosten", "-128.900", "-124.070"),
            ("Vennootschapsbelasting", "-15.500", "-10.630"),
            ("=Resultaat na belastingen", "58.250", "36.350"),
        ],
    )
    paragraphs(pdf, "Samengesteld op basis van de door de directie van Acme B.V. verstrekte gegevens. Utrecht, 2 november 2026.")
    save_pdf(pdf, "acme-bv/jaarrekening-2025.pdf")
    save_sheet(
        "acme-bv/werkbalans-2025.xlsx",
        "Werkbalans 2025",
        [
            ["Acme B.V. - werkbalans 2025", "", "", ""],
            ["Grootboekrekening", "Saldo", "Correctie", "Na correctie"],
            ["0210 Machines", 201700, -17450, "=B3+C3"],
            ["3000 Voorraad grondstoffen", 64980, -2500, "=B4+C4"],
            ["1300 Debiteuren", 99810, -2500, "=B5+C5"],
            ["1100 Bank", 141960, 0, "=B6+C6"],
            ["Totaal", "=SUM(B3:B6)", "=SUM(C3:C6)", "=SUM(D3:D6)"],
        ],
        bold=(1, 2, 7),
    )


def acme_tax_assessment() -> None:
    pdf = letterhead("Controle aanslag Vpb 2024", "Acme B.V., RSIN 001234567", "nl")
    paragraphs(
        pdf,
        "De definitieve aanslag vennootschapsbelasting 2024 is gecontroleerd met de ingediende aangifte.",
        "Belastbaar bedrag volgens aangifte EUR 46.980, volgens aanslag EUR 46.980. Er is geen reden voor bezwaar.",
        "Betaling van EUR 8.926 uiterlijk 15 december 2026 onder vermelding van het aanslagnummer.",
    )
    save_pdf(pdf, "acme-bv/aanslag-vpb-2024.pdf")


def bakery_payroll() -> None:
    pdf = letterhead("Loonjournaal oktober 2026", "Bakkerij De Zon, KvK 23456789", "nl")
    figures(
        pdf,
        "Samenvatting (in euro)",
        [
            ("Brutolonen, 6 medewerkers", "16.940,00"),
            ("Ingehouden loonheffing", "-3.128,00"),
            ("Pensioenpremie werknemers", "-702,45"),
            ("=Netto te betalen", "13.109,55"),
            ("Af te dragen aan de Belastingdienst", "6.214,00"),
        ],
    )
    paragraphs(pdf, "Graag voor 25 november betalen. De bedragen per medewerker staan in de loonstaat hierbij.")
    save_pdf(pdf, "bakkerij-zon/loonstaat-2026-10.pdf")
    staff = [
        ("Bakker", 3120),
        ("Bakker", 2980),
        ("Banketbakker", 3260),
        ("Verkoop", 2540),
        ("Verkoop", 2480),
        ("Bezorging", 2560),
    ]
    rows: Cells = [["Bakkerij De Zon - loonstaat oktober 2026", "", ""], ["Functie", "Bruto", "Uren"]]
    rows += [[role, gross, 152] for role, gross in staff]
    rows.append(["Totaal", "=SUM(B3:B8)", "=SUM(C3:C8)"])
    save_sheet("bakkerij-zon/loonstaat-2026-10.xlsx", "Oktober 2026", rows, bold=(1, 2, 9))


def bakery_vat_return() -> None:
    pdf = letterhead("Aangifte omzetbelasting", "Derde kwartaal 2026\nBakkerij De Zon, RSIN 002345678", "nl")
    figures(
        pdf,
        "Rubrieken (in euro)",
        [
            ("", "Omzet", "Btw"),
            ("1a Leveringen hoog tarief", "8.410", "1.766"),
            ("1b Leveringen laag tarief", "96.250", "8.662"),
            ("5b Voorbelasting", "", "-5.903"),
            ("=Te betalen", "", "4.525"),
        ],
    )
    paragraphs(pdf, "De aangifte is op 28 oktober 2026 ingediend. Betaling uiterlijk 31 oktober 2026.")
    save_pdf(pdf, "bakkerij-zon/btw-2026-q3/btw-aangifte-2026-q3.pdf")
    save_sheet(
        "bakkerij-zon/btw-2026-q3/omzet-per-maand.xlsx",
        "Q3 2026",
        [
            ["Bakkerij De Zon - omzet derde kwartaal 2026", "", ""],
            ["Maand", "Hoog tarief", "Laag tarief"],
            ["Juli", 2760, 30180],
            ["Augustus", 2590, 28340],
            ["September", 3060, 37730],
            ["Totaal", "=SUM(B3:B5)", "=SUM(C3:C5)"],
        ],
        bold=(1, 2, 6),
    )


def northwind_letter_and_accounts() -> None:
    pdf = letterhead("Engagement letter", "Northwind Trading Ltd, company number 09876543", "en")
    paragraphs(
        pdf,
        "Dear Ms Brown,",
        "This letter sets out the basis on which we act for Northwind Trading Ltd for the year ending 31 December 2026.",
        "1. We will prepare the annual accounts from the records and explanations that you give us.",
        "2. We will prepare the corporate income tax return and send it to you for approval before it is filed.",
        "3. Our fees are based on the time spent and are invoiced quarterly.",
        "Please sign and return one copy. We look forward to working with you.",
        f"Yours sincerely,\n\n{OFFICE}",
    )
    save_pdf(pdf, "northwind-ltd/engagement-letter.pdf")

    pdf = letterhead("Annual accounts 2025", "Northwind Trading Ltd, company number 09876543", "en")
    figures(
        pdf,
        "Balance sheet at 31 December 2025 (EUR)",
        [
            ("", "2025", "2024"),
            ("Fixed assets", "71,300", "80,450"),
            ("Stocks", "143,900", "131,220"),
            ("Debtors", "88,640", "92,010"),
            ("Cash at bank", "54,160", "38,320"),
            ("Creditors", "-120,500", "-126,400"),
            ("=Net assets", "237,500", "215,600"),
        ],
    )
    paragraphs(pdf, "Prepared from the records of Northwind Trading Ltd and approved by its directors on 20 October 2026.")
    save_pdf(pdf, "northwind-ltd/annual-accounts-2025.pdf")


if __name__ == "__main__":
    for folder in ("acme-bv", "bakkerij-zon/btw-2026-q3", "northwind-ltd"):
        (SAMPLES / folder).mkdir(parents=True, exist_ok=True)
    acme_annual_accounts()
    acme_tax_assessment()
    bakery_payroll()
    bakery_vat_return()
    northwind_letter_and_accounts()
