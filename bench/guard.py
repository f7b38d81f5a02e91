"""How well the wrong-client guard sees: papers of every kind, each looked at for its own client
and for others.

    guard.py [--seed N...] [--missed]
        --missed lists what was not found, and what was found wrongly

A paper that lies in its own client's folder must raise no finding, though it names suppliers and
customers who are clients; one that lies in another's must. In another's whom the paper names as
well, no finding is what CONTRACT section 4 asks for. Then letters to clients and papers of
strangers, which name nobody's client, in every format. Prints two tables, then the same as JSON.
The documents are those of tests/kit/guard_corpus.py.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from kit import guard_corpus
from kit.formats import FORMATS

from workflow.guard.directory import ClientNames, Mention
from workflow.guard.texts import Texts


def measure(seed: int, wrong: int = 5, every: int = 1) -> tuple[list[dict[str, Any]], list[str]]:
    """Rates for each kind of paper; each is looked at for its own client and for `wrong` others.
    `every`: so many-th paper only."""
    known = guard_corpus.clients()
    directory, reader, source = ClientNames(known, ["Vink Accountants"]), Texts(), random.Random(seed)
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


def measure_formats(seed: int, wrong: int = 3, letters: int = 60, strangers: int = 40) -> tuple[list[dict[str, Any]], list[str]]:
    """Rates for each format: of letters to clients, and of texts of strangers, each looked at
    among `wrong` clients' papers."""
    known = guard_corpus.with_common_names(guard_corpus.clients())
    directory, reader, source = ClientNames(known, ["Vink Accountants"]), Texts(), random.Random(seed)
    rows, remarks = [], []
    with tempfile.TemporaryDirectory() as folder:
        for ending, make in FORMATS.items():
            count = Counter[str](letters=0, unread=0, false=0, wrong=0, hits=0, strangers=0, alarms=0)

            def mentions(
                text: str, name: str, make: Callable[[str], bytes] = make, count: Counter[str] = count
            ) -> Sequence[Mention]:
                path = Path(folder) / name
                path.write_bytes(make(text))
                read = reader.begin(path, name).result()
                count["unread"] += bool(read.unread or read.failure)
                return directory.mentions(read.text)

            for code, text, others in islice(guard_corpus.Office(known, seed).letters(), letters):
                found = mentions(text, f"letter.{ending}")
                count["letters"] += 1
                if alarm := directory.foreign(found, code):
                    count["false"] += 1
                    remarks.append(f"wrongly found in a letter.{ending} of {known[code].name}: {[m.words for m in alarm]}")
                for other in source.sample([one for one in known if one not in (code, *others)], wrong):
                    count["wrong"] += 1
                    count["hits"] += bool(directory.foreign(found, other))
            for text in guard_corpus.of_strangers(seed, strangers):
                found = mentions(text, f"stranger.{ending}")
                count["strangers"] += 1
                alarms = [alarm for other in source.sample(list(known), wrong) if (alarm := directory.foreign(found, other))]
                count["alarms"] += bool(alarms)
                remarks += [f"wrongly found in a stranger.{ending}: {[m.words for m in alarm]}" for alarm in alarms]
            rows.append({"kind": ending, **count})
    reader.close()
    return [*rows, {**added(rows), "kind": "all"}], remarks


def table_of_formats(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| format | read | false alarms, own client | found, wrong client | false alarms, strangers' papers |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        all_of, strangers = row["letters"] + row["strangers"], row["strangers"]
        lines.append(
            f"| {row['kind']} | {all_of - row['unread']} of {all_of} | {row['false']} of {row['letters']} ({row['false'] / row['letters']:.1%})"
            f" | {row['hits']} of {row['wrong']} ({row['hits'] / row['wrong']:.1%}) | {row['alarms']} of {strangers} ({row['alarms'] / strangers:.1%}) |"
        )
    return "\n".join(lines)


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
    of_formats = [measure_formats(seed) for seed in arguments.seed]
    format_rows = [added(same_kind) for same_kind in zip(*(rows for rows, _ in of_formats), strict=True)]
    remarks += [remark for _, more in of_formats for remark in more]
    print("\n" + table_of_formats(format_rows))
    if arguments.missed:
        print("\n".join(remarks))
    print(
        json.dumps(
            {"benchmark": "guard", "seconds": round(time.perf_counter() - began, 1), "results": rows, "formats": format_rows}
        )
    )


if __name__ == "__main__":
    main()
