"""Documents of which a picture can be drawn."""

from __future__ import annotations

import fpdf


def pdf(text: str) -> bytes:
    """A PDF with a page that says this in large letters."""
    made = fpdf.FPDF()
    made.add_page()
    made.set_font("helvetica", size=40)
    made.multi_cell(0, 30, text)
    return bytes(made.output())
