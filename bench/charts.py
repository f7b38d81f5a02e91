"""Charts as SVG, made of values. Pure: no file is touched, no library needed, and the same
values give the same bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, TOP = 720, 225, 70, 46
BAR, GAP = 16, 8
COLOURS = ("#1b5e8c", "#c8741a", "#8a8f98", "#3c7d46")
LIMIT = "#b3261e"

_STYLE = "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.small{font-size:11px;fill:#555}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `kind` chooses its colour and is told in the legend."""

    label: str
    value: float
    kind: str = ""


def bars(title: str, unit: str, values: Sequence[Bar], limit: float | None = None) -> str:
    """Lying bars, one below the other; `limit` is a line across them: what the target allows."""
    most = 1.08 * max([one.value for one in values] + [limit or 0.0]) or 1.0
    room = WIDTH - LEFT - RIGHT
    kinds = list(dict.fromkeys(one.kind for one in values if one.kind))
    top = TOP + (22 if kinds else 0)
    height = top + len(values) * (BAR + GAP) + 30
    made = [*_begin(title, height), *_legend(kinds)]
    for number, one in enumerate(values):
        y = top + number * (BAR + GAP)
        colour = COLOURS[kinds.index(one.kind) % len(COLOURS)] if one.kind else COLOURS[0]
        long = max(1.0, room * max(0.0, one.value) / most)
        made.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(one.label)}</text>')
        made.append(f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{colour}"/>')
        made.append(f'<text x="{LEFT + long + 6:.1f}" y="{y + 13}">{_number(one.value)}</text>')
    if limit is not None:
        x = LEFT + room * limit / most
        made.append(
            f'<line x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{height - 28}" stroke="{LIMIT}" stroke-dasharray="4 3"/>'
        )
        made.append(f'<text class="small" x="{x:.1f}" y="{height - 14}" text-anchor="middle">target {_number(limit)}</text>')
    made.append(f'<text class="small" x="16" y="{height - 14}">{escape(unit)}</text>')
    return _end(made)


def lines(title: str, across: str, up: str, series: dict[str, Sequence[tuple[float, float]]]) -> str:
    """Values over values; the one across on a logarithmic scale, the one up from zero."""
    height, bottom, left = 340, 46, 64
    points = [point for one in series.values() for point in one]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    most = 1.15 * max(y for _, y in points) or 1.0
    span = math.log(high / low) or 1.0
    room, tall = WIDTH - left - 40, height - TOP - 22 - bottom

    def place(x: float, y: float) -> tuple[float, float]:
        return left + room * math.log(x / low) / span, height - bottom - tall * y / most

    made = [*_begin(title, height), *_legend(list(series))]
    for number in range(5):
        y = most * number / 4
        at = place(low, y)[1]
        made.append(f'<line x1="{left}" y1="{at:.1f}" x2="{left + room}" y2="{at:.1f}" stroke="#ddd"/>')
        made.append(f'<text class="small" x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{_number(y)}</text>')
    made += [
        f'<text class="small" x="{place(x, 0)[0]:.1f}" y="{height - bottom + 18}" text-anchor="middle">{int(x):,}</text>'
        for x in sorted({x for x, _ in points})
    ]
    for number, one in enumerate(series.values()):
        placed = [place(x, y) for x, y in one]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        colour = COLOURS[number % len(COLOURS)]
        made.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        made += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in placed]
    made.append(f'<text class="small" x="{left}" y="{height - 10}">{escape(across)}; up: {escape(up)}</text>')
    return _end(made)


def _begin(title: str, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
    ]


def _legend(kinds: Sequence[str]) -> list[str]:
    made, x = [], 16
    for number, kind in enumerate(kinds):
        made.append(f'<rect x="{x}" y="40" width="11" height="11" fill="{COLOURS[number % len(COLOURS)]}"/>')
        made.append(f'<text x="{x + 16}" y="50">{escape(kind)}</text>')
        x += 30 + 8 * len(kind)
    return made


def _end(made: Sequence[str]) -> str:
    return "\n".join([*made, "</svg>"]) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
