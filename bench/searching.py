"""How long a search takes in a large office whose files are searched too: each beside `dossier
--version`, in the same run.

    searching.py [--items N] [--repeat R] [--keep DIR]
        for `make bench`: 1,000,000 items with 2 kB of text each

In an office as fill.py and texts.py make it. The searches are of two words of the files, from
the commonest to the rarest, and of beginnings of words; alone, and with what else narrows a
search. Exit code 1 if one takes more than LIMIT_MS longer than `dossier --version` by the
processor: by the clock only a machine that does nothing else tells. It also tells by how many
bytes an item the database grew by the texts.

`--keep DIR` keeps the office there and uses it again; the growth is told only by the run that
filled it.
"""

from __future__ import annotations

import subprocess
import sys

import common
from commands import best_of
from texts import vocabulary

LIMIT_MS = 150
PENDING = 1000


def searches() -> dict[str, list[str]]:
    """What is asked for, by the name it has in the table."""
    words = vocabulary()
    commonest, common_, rare = words[:2], [words[500], words[700]], [words[40_000], words[50_000]]
    place = ["--location", "2015/Dossier"]
    return {
        "the two commonest words": commonest,
        "the two commonest words, in files alone": ["--in", "files", *commonest],
        "two common words": common_,
        "a common and a rare word": [words[5], words[20_000]],
        "two rare words": rare,
        "two beginnings": [words[0][:3], words[300][:4]],
        "two beginnings of two letters": [words[0][:2], words[9][:2]],
        "a word of the item and one of its file": ["annual", words[3]],
        "the two commonest of the largest client": ["--client", "client-1999", *commonest],
        "the two commonest of another client": ["--client", "client-0042", *commonest],
        "the two commonest at an old location": [*place, *commonest],
        "two common words at an old location": [*place, *common_],
        "the two commonest with a label": ["--label", "audit report", *commonest],
        "the two commonest of those that wait": ["--state", "concept", *commonest],
    }


def main() -> int:
    arguments = common.asked(
        "searches in files in a large office, beside dossier --version", items=1_000_000, repeat=5, keep=None
    )
    with common.workplace() as folder:
        root, grown = arguments.keep or folder / "office", None
        is_new = not (root / "var" / "dossier.db").exists()
        common.filled(root, arguments.items, PENDING)
        if is_new:
            texts = subprocess.run([sys.executable, common.TEXTS, root], check=True, stdout=subprocess.PIPE)
            grown = round(float(texts.stdout))
        here = [common.DOSSIER, "--root", str(root), "--as", "k.smit", "items"]
        calls = {name: [[*here, *words]] * arguments.repeat for name, words in searches().items()}
        results = best_of(calls, arguments.repeat)
    lines = common.table(
        results, "command", {"more ms than --version": "more_ms", "of a processor": "more_cpu_ms", "MB": "memory_mb"}
    )
    if grown is not None:
        lines.append(f"the database grew by {grown:,} bytes an item")
    missed = [
        f"{one['command']} takes {one['more_cpu_ms']} ms more (at most {LIMIT_MS})"
        for one in results
        if one["more_cpu_ms"] > LIMIT_MS
    ]
    told: common.Result = {"items": arguments.items, "bytes_an_item": grown, "results": results}
    return common.finish("searching", told, lines, missed)


if __name__ == "__main__":
    common.run(main)
