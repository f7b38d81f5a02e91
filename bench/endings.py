"""How often are whole files taken for unfinished, and unfinished ones for whole
(dossier/files/endings.py)?

    .venv/bin/python bench/endings.py FOLDER…

Every PDF, zip (Office too), PNG and JPEG file in these folders is asked for its end. One that is
called unfinished is opened by a reader of its format; if that can read it, it was a false alarm.
Of each file up to CUT_MOST bytes four cut-off copies are asked, too. Changes nothing. Exit code
1 over the target.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
from PIL import Image

from dossier.files.endings import is_cut_off

TARGET_PERCENT = 0.5
"""Of whole files at most so many may be taken for unfinished."""

CUT_MOST = 5_000_000
CUTS = (0.1, 0.5, 0.9, 0.99)
"""So much of a file is left."""

KINDS = {b"%PDF-": "PDF", b"PK\x03\x04": "zip, Office", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG"}


def files_in(folders: Sequence[str]) -> Iterator[Path]:
    """Plain files in the folders, on their own file system."""
    for top in folders:
        device = os.stat(top).st_dev
        for folder, inner, names in os.walk(top):
            inner[:] = [name for name in inner if os.lstat(os.path.join(folder, name)).st_dev == device]
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and path.stat().st_size:
                    yield path


def is_readable(path: Path, kind: str) -> bool:
    """True if a reader of this format can read the file to its end."""
    try:
        if kind == "PDF":
            with pypdfium2.PdfDocument(path) as document:
                return len(document) > 0 and b"%%EOF" in path.read_bytes()
        if kind == "zip, Office":
            with zipfile.ZipFile(path) as packed:
                return packed.testzip() is None
        with Image.open(path) as picture:
            picture.load()
    except Exception:  # noqa: BLE001 - readers raise whatever they like
        return False
    return True


def says(data: bytes) -> bool:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return is_cut_off(file.fileno(), len(data))


def main(folders: Sequence[str]) -> int:
    count, alarms, damaged, cut, seen_cut = Counter[str](), Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    known = set[bytes]()
    for path in files_in(folders):
        try:
            with open(path, "rb") as file:
                head, size = file.read(1024), path.stat().st_size
                kind = next((name for start, name in KINDS.items() if head.startswith(start)), None)
                if kind is None:
                    continue
                file.seek(max(0, size - 4096))
                digest = hashlib.sha256(head + file.read()).digest()
                if digest in known:
                    continue
                known.add(digest)
                if is_cut_off(file.fileno(), size):
                    (alarms if is_readable(path, kind) else damaged)[kind] += 1
                if size <= CUT_MOST:
                    data = path.read_bytes()
                    parts = [data[: int(size * part)] for part in CUTS if size * part > 64]
                    cut[kind] += len(parts)
                    seen_cut[kind] += sum(map(says, parts))
        except OSError:
            continue
        count[kind] += 1
    print("| format | files | false alarms | damaged | cut-off copies | seen |\n|---|---|---|---|---|---|")
    for kind in sorted(count):
        rate = f"{100 * alarms[kind] / count[kind]:.2f} %"
        print(
            f"| {kind} | {count[kind]} | {alarms[kind]} ({rate}) | {damaged[kind]} | {cut[kind]} | {100 * seen_cut[kind] / max(1, cut[kind]):.1f} % |"
        )
    total = 100 * sum(alarms.values()) / max(1, sum(count.values()))
    print(f"\n{sum(count.values())} files, {sum(alarms.values())} false alarms ({total:.2f} %); target: under {TARGET_PERCENT} %")
    return int(total >= TARGET_PERCENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
