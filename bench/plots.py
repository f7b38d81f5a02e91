"""From what the benchmarks measured to docs/performance.md: its tables, and its pictures in
docs/performance/.

    plots.py          `make bench-plots`, after `make bench`

What is in build/bench/ is taken over into docs/performance/results.json; of a benchmark that was
not run again, what is there holds. In the page everything between `<!-- NAME -->` and `<!--
/NAME -->` is written anew, the rest is yours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import common
from charts import Bar, bars, lines

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURES = DOCS / "performance.md", DOCS / "performance"
KEPT = PICTURES / "results.json"

Result = dict[str, Any]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(columns), ["---"] * len(columns), *cells])


def backlog(result: Result) -> tuple[str, dict[str, str]]:
    found = result["results"]
    rows = [
        (
            one["drops"],
            one["floor_per_second"],
            one["naive_per_second"],
            one["dossier_per_second"],
            one["ratio"],
            " ".join(map(str, one.get("turns", ()))),
            one["naive_ratio"],
        )
        for one in found
    ]
    columns = (
        "drops",
        "floor, drops/s",
        "naive, drops/s",
        "dossier, drops/s",
        "of the floor",
        "in each turn",
        "of the naive script",
    )
    values = [
        Bar(f"{one['drops']:,} drops", one[f"{name}_per_second"], name) for one in found for name in ("dossier", "floor", "naive")
    ]
    return table(columns, rows), {"backlog": bars("A backlog", "drops a second", values)}


def papers(result: Result) -> tuple[str, dict[str, str]]:
    columns = ("", "papers", "seconds", "papers/s", "of the floor", "memory, MB")
    rows = [
        tuple(one[key] for key in ("what", "papers", "seconds", "per_second", "ratio", "memory_mb")) for one in result["results"]
    ]
    return f"The floor: {result['floor_per_second']} papers a second.\n\n{table(columns, rows)}", {}


def growth(result: Result) -> tuple[str, dict[str, str]]:
    by_drops, by_items = result["by_drops"], result["by_items"]
    first = table(
        ("drops in the backlog", "ms a drop", "floor, ms a drop", "memory, MB"),
        [(one["drops"], one["ms_per_drop"], one["floor_ms_per_drop"], one["memory_mb"]) for one in by_drops],
    )
    second = table(
        ("items there already", "ms a drop", "memory, MB"),
        [(one["items"], one["ms_per_drop"], one["memory_mb"]) for one in by_items],
    )
    pictures = {
        "growth-drops": lines(
            "The time of a drop in a backlog of so many", "drops in the backlog", "ms a drop",
            {
                "dossier": [(one["drops"], one["ms_per_drop"]) for one in by_drops],
                "floor": [(one["drops"], one["floor_ms_per_drop"]) for one in by_drops],
            },
        ),
        "growth-items": bars(
            "The time of a drop in an office with so many items", "ms a drop",
            [Bar(f"{one['items']:,} items", one["ms_per_drop"]) for one in by_items], 1.1 * by_items[0]["ms_per_drop"],
        ),
    }  # fmt: skip
    return f"{first}\n\n{second}", pictures


def latency(result: Result) -> tuple[str, dict[str, str]]:
    columns = ("", "half of them within, ms", "99 of 100 within, ms", "memory, MB")
    rows = [(one["case"], one["p50_ms"], one["p99_ms"], one["memory_mb"]) for one in result["results"]]
    return table(columns, rows), {}


def idle(result: Result) -> tuple[str, dict[str, str]]:
    rows = [(one["mode"], f"{one['cpu_percent']} %", one["memory_mb"]) for one in result["results"]]
    return table(("watching", "of a core", "memory, MB"), rows), {}


def fairness(result: Result) -> tuple[str, dict[str, str]]:
    both = [("alone", result["alone"]), (f"while the other takes {result['backlog']:,} drops", result["beside"])]
    rows = [(name, one["p50_ms"], one["p99_ms"], one["noisy_per_second"]) for name, one in both]
    columns = ("the quiet office", "half of them within, ms", "99 of 100 within, ms", "the other takes, drops/s")
    values = [
        Bar(name, one[key], kind)
        for name, one in (("alone", result["alone"]), ("beside a backlog", result["beside"]))
        for key, kind in (("p50_ms", "half of them"), ("p99_ms", "99 of 100"))
    ]
    return table(columns, rows), {"fairness": bars("A drop in a quiet office, beside a noisy one", "ms to the receipt", values)}


def commands(result: Result) -> tuple[str, dict[str, str]]:
    rest = [one for one in result["results"] if one["command"] not in ("--version", "--version alone", "python -c pass")]
    columns = ("command", "more than `dossier --version`, ms", "processor time, ms", "memory, MB")
    rows = [(f"`{one['command']}`", one["more_ms"], one["cpu_ms"], one["memory_mb"]) for one in rest]
    values = [Bar(one["command"], one["more_ms"]) for one in rest if one["more_ms"] < 1000]
    title = f"Commands in an office of {result['items']:,} items, {result['pending']:,} waiting"
    return table(columns, rows), {"commands": bars(title, "ms more than dossier --version", values, 50)}


def publishing(result: Result) -> tuple[str, dict[str, str]]:
    rows = [(one["items"], round(one["bytes"] / 1e6, 1), round(one["ms"])) for one in result["rounds"]]
    lost = f"A lost portal of {result['lost']:,} items of one client: {result['memory_mb']:.0f} MB, {result['seconds']:.1f} s of the processor."
    return f"{table(('items of the client', 'written, MB', 'processor time, ms'), rows)}\n\n{lost}", {}


def portal(result: Result) -> tuple[str, dict[str, str]]:
    columns = ("items", "page", "a second", "p95, ms", "processor time, ms")
    rows = [tuple(one[key] for key in ("items", "page", "per_second", "p95_ms", "cpu_ms")) for one in result["results"]]
    return table(columns, rows), {}


def scale(result: Result) -> tuple[str, dict[str, str]]:
    keys = ("what", "per_second", "of_sqlite", "of_one", "daemon_ms", "server_ms", "memory_mb")
    columns = ("", "drops/s", "of SQLite", "of one daemon", "daemons, ms a drop", "PostgreSQL, ms a drop", "memory, MB")
    return table(columns, [tuple(one[key] for key in keys) for one in result["results"]]), {}


def start(result: Result) -> tuple[str, dict[str, str]]:
    rows = [(one["items"], one["seconds"], one["memory_mb"]) for one in result["results"]]
    return table(("items", "ready after, s", "memory, MB"), rows), {}


SECTIONS: dict[str, Callable[[Result], tuple[str, dict[str, str]]]] = {
    "backlog": backlog, "papers": papers, "growth": growth, "latency": latency, "idle": idle, "fairness": fairness, "commands": commands, "start": start,
    "publishing": publishing, "portal": portal, "scale": scale,
}  # fmt: skip


def memory(results: dict[str, Result]) -> str:
    """All that needed memory, in one picture."""
    found: list[Bar] = []
    for name, one in results.items():
        for row in (*one.get("results", ()), *one.get("by_drops", ()), *one.get("by_items", ())):
            if "memory_mb" in row and name != "commands":
                what = next(f"{key} {row[key]:,}" if isinstance(row[key], int) else f"{row[key]}" for key in row)
                found.append(Bar(f"{name}: {what}", row["memory_mb"]))
    return bars("The most that was resident at once", "MB", found, common.MEMORY_MB)


def main() -> int:
    results: dict[str, Result] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for path in sorted(common.RESULTS.glob("*.json")):
        results[path.stem] = json.loads(path.read_text())
    if not results:
        print("there is nothing to show; measure with: make bench", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    made = {name: SECTIONS[name](results[name]) for name in SECTIONS if name in results}
    made["memory"] = ("", {"memory": memory(results)})
    page = PAGE.read_text()
    for name, (text, pictures) in made.items():
        for picture, drawn in pictures.items():
            (PICTURES / f"{picture}.svg").write_text(drawn)
        below = [f"Measured on {results[name]['at']}: {results[name]['machine']}."] if name in results else []
        shown = "\n\n".join([text, *(f"![{picture}](performance/{picture}.svg)" for picture in pictures), *below]).strip()
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, found, rest = page.partition(begin)
        if not found or end not in rest:
            print(f"{PAGE.name} has no place for {name}", file=sys.stderr)
            return 1
        page = f"{before}{begin}\n\n{shown}\n\n{end}{rest.partition(end)[2]}"
    KEPT.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page)
    print(f"{PAGE} and {PICTURES} are as of the last measurements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
