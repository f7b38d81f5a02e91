"""A PDF of one page with text that can be searched, from nothing but the standard library."""

from __future__ import annotations

from collections.abc import Sequence

LEFT, TOP, WIDTH, HEIGHT = 62, 770, 595, 842
"""In points, on A4."""


def pdf(head: str, title: str, lines: Sequence[str | tuple[str, str]]) -> bytes:
    """A letter: the office's name, a title, and lines; of a pair the second stands to the right,
    as an amount does."""
    shown = [_text(LEFT, TOP + 30, 9, head), _text(LEFT, TOP - 20, 17, title, bold=True)]
    y = TOP - 60
    for line in lines:
        label, amount = line if isinstance(line, tuple) else (line, "")
        shown.append(_text(LEFT, y, 11, label))
        if amount:
            # A digit of Helvetica is 0.556 of its size wide, a dot or comma half of that.
            wide = sum(11 * (0.278 if one in ".,- " else 0.556) for one in amount)
            shown.append(_text(WIDTH - LEFT - wide, y, 11, amount))
        y -= 19
    page = "\n".join(shown).encode("cp1252", "replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (nl) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        f"<< /Length {len(page)} >>\nstream\n".encode() + page + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    out, starts = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        starts.append(len(out))
        out += f"{number} 0 obj\n".encode() + part + b"\nendobj\n"
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    tail = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\n"
    return out + f"{tail}startxref\n{len(out)}\n%%EOF\n".encode()


def _text(x: float, y: float, size: int, text: str, bold: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F{2 if bold else 1} {size} Tf {x:.1f} {y:.1f} Td ({escaped}) Tj ET"
