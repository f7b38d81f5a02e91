"""How well the wrong-client guard sees: papers of every kind, each looked at for its own client and for others.

    guard.py [--seed N...] [--missed]        --missed lists what was not found, and what was found wrongly

A paper that lies in its own client's folder must raise no finding, though it names suppliers and customers who are clients;
one that lies in another's must. In another's whom the paper names as well, no finding is what CONTRACT section 4 asks for.
Prints a table, then the same as JSON. The documents are those of tests/kit/guard_corpus.py.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from kit import guard_corpus

from workflow.guard.directory import ClientNames
from workflow.guard.texts import Texts


def measure(seed: int, wrong: int = 5, every: int = 1) -> tuple[list[dict[str, Any]], list[str]]:
    """Rates for each kind of paper; each is looked at for its own client and for `wrong` others. `every`: so many-th paper only."""
    known = guard_corpus.clients()
    directory, reader, source = ClientNames(known, "Vink Accountants"), Texts(), random.Random(seed)
    counts: dict[str, Counter[str]] = {}
    remarks = []
    with tempfile.TemporaryDirectory() as folder:
        for paper in guard_corpus.Office(known, seed).papers(every):
            path = Path(folder) / paper.file_name
            path.write_bytes(paper.data)
            text = reader.begin(path, paper.file_name).result()
            mentions = directory.mentions(text.text)
            count = counts.setdefault(paper.kind, Counter())
            count["papers"] += 1
            count["unread"] += bool(text.unread or text.failure)
            if found := directory.foreign(mentions, paper.client):
                count["false"] += 1
                remarks.append(f"wrongly found in {paper.file_name} of {known[paper.client].name}: {[m.words for m in found]}")
            strangers = [code for code in known if code != paper.client and code not in paper.names]
            for other in source.sample(strangers, wrong if paper.kind != "circular" else 0):
                count["wrong"] += 1
                found = directory.foreign(mentions, other)
                if any(paper.client in mention.clients for mention in found):
                    count["named"] += 1
                if found:
                    count["hits"] += 1
                else:
                    remarks.append(f"not found in {paper.file_name} of {known[paper.client].name} among {known[other].name}'s")
    reader.close()
    rows = [
        {"kind": kind, **{key: count[key] for key in ("papers", "unread", "false", "wrong", "hits", "named")}}
        for kind, count in counts.items()
    ]
    return [*rows, {**added(rows), "kind": "all"}], remarks


def added(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows of counts as one."""
    return {key: value if key == "kind" else sum(row[key] for row in rows) for key, value in rows[0].items()}


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| paper | read | false alarms, own client | found, wrong client | found by its own name or number |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['kind']} | {row['papers'] - row['unread']} of {row['papers']} | {row['false']} ({row['false'] / row['papers']:.1%})"
        + (
            f" | {row['hits']} of {row['wrong']} ({row['hits'] / row['wrong']:.1%}) | {row['named'] / row['wrong']:.1%} |"
            if row["wrong"]
            else " | | |"
        )
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="how well the wrong-client guard sees")
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3], help="which papers (default 1 2 3)")
    parser.add_argument("--missed", action="store_true", help="list what was not found, and what was found wrongly")
    arguments = parser.parse_args()
    began = time.perf_counter()
    measured = [measure(seed) for seed in arguments.seed]
    rows = [added(same_kind) for same_kind in zip(*(rows for rows, _ in measured), strict=True)]
    remarks = [remark for _, more in measured for remark in more]
    print(table(rows))
    if arguments.missed:
        print("\n".join(remarks))
    print(json.dumps({"benchmark": "guard", "seconds": round(time.perf_counter() - began, 1), "results": rows}))


if __name__ == "__main__":
    main()
