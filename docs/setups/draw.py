"""The pictures of docs/choosing.md: `python docs/setups/draw.py`. Boxes and arrows on a grid, in colours that hold on light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path

HERE = Path(__file__).parent
WIDE, HIGH, STEP_X, STEP_Y = 150, 54, 200, 92

Box = tuple[str, float, float]
"""Its lines, and where it is on the grid."""

SETUPS: dict[str, tuple[dict[str, Box], list[tuple[str, str]]]] = {
    "share": (
        {
            "staff": ("staff\nbrowser, share", 0, 0),
            "clients": ("clients\nbrowser", 0, 1),
            "web": ("web server\nTLS", 1, 0.5),
            "samba": ("Samba\ninbox, queue", 1, -0.5),
            "dossier": ("dossier\ndaemon, desk, portal", 2, 0),
            "office": ("the office\nSQLite, files", 3, 0),
            "backup": ("backup\nanother disk", 3, 1),
        },
        [
            ("staff", "samba"),
            ("staff", "web"),
            ("clients", "web"),
            ("web", "dossier"),
            ("samba", "dossier"),
            ("dossier", "office"),
            ("office", "backup"),
        ],
    ),
    "desk": (
        {
            "staff": ("staff\nbrowser", 0, 0),
            "clients": ("clients\nbrowser", 0, 1),
            "web": ("web server\nTLS", 1, 0.5),
            "dossier": ("dossier\ndaemon, desk, portal", 2, 0.5),
            "office": ("the office\nSQLite, files", 3, 0),
            "backup": ("backup\nanother disk", 3, 1),
        },
        [("staff", "web"), ("clients", "web"), ("web", "dossier"), ("dossier", "office"), ("office", "backup")],
    ),
    "containers": (
        {
            "people": ("staff and clients\nbrowser", 0, 0.5),
            "web": ("web server\nTLS", 1, 0.5),
            "desk": ("container\ndesk", 2, -0.5),
            "portal": ("container\nportal", 2, 0.5),
            "daemon": ("container\ndaemon", 2, 1.5),
            "office": ("a volume\nthe office", 3, 0.5),
            "backup": ("a volume\nbackup", 3, 1.5),
        },
        [
            ("people", "web"),
            ("web", "desk"),
            ("web", "portal"),
            ("desk", "office"),
            ("portal", "office"),
            ("daemon", "office"),
            ("daemon", "backup"),
        ],
    ),
    "several": (
        {
            "people": ("staff and clients\nbrowser", 0, 0.5),
            "web": ("web server\nTLS", 1, 0.5),
            "one": ("machine 1\ndaemon, desk, portal", 2, 0),
            "two": ("machine 2\ndaemon, desk, portal", 2, 1),
            "database": ("PostgreSQL", 3, -0.25),
            "store": ("object store\nvault, portal", 3, 0.5),
            "share": ("network share\ninbox, queue", 3, 1.25),
        },
        [
            ("people", "web"),
            ("web", "one"),
            ("web", "two"),
            *((one, to) for one in ("one", "two") for to in ("database", "store", "share")),
        ],
    ),
}


def picture(boxes: dict[str, Box], arrows: list[tuple[str, str]]) -> str:
    top = min(y for _, _, y in boxes.values())
    places = {name: (x * STEP_X + 8, (y - top) * STEP_Y + 8) for name, (_, x, y) in boxes.items()}
    width = max(x for x, _ in places.values()) + WIDE + 8
    height = max(y for _, y in places.values()) + HIGH + 8
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" font-size="13" text-anchor="middle">',
        '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#0f766e"/></marker></defs>',
    ]
    for one, other in arrows:
        (x1, y1), (x2, y2) = places[one], places[other]
        ends = (x1 + WIDE / 2, y1 + HIGH, x2 + WIDE / 2, y2) if x1 == x2 else (x1 + WIDE, y1 + HIGH / 2, x2, y2 + HIGH / 2)
        out.append(
            '<line x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}" stroke="#0f766e" stroke-width="1.6" marker-end="url(#end)"/>'.format(
                *ends
            )
        )
    for name, (text, _, _) in boxes.items():
        x, y = places[name]
        out.append(f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="6" fill="#f0fdfa" stroke="#0f766e"/>')
        lines = text.split("\n")
        for number, line in enumerate(lines):
            at = y + HIGH / 2 + 5 + (number - (len(lines) - 1) / 2) * 17
            weight = ' font-weight="bold"' if number == 0 else ""
            out.append(f'<text x="{x + WIDE / 2:g}" y="{at:g}" fill="#134e4a"{weight}>{escape(line)}</text>')
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    for name, setup in SETUPS.items():
        (HERE / f"{name}.svg").write_text(picture(*setup))
