"""A fuzz target (atheris): any bytes as a sidecar, as a queue file's YAML, as the names in a folder.

    pip install atheris            in a virtual environment of your own, with dossier in it; it is in no lock file
    python tests/fuzz/fuzz_sidecar.py -max_total_time=600 CORPUS

It fails on an exception, on a fault without words or out of order, on what is neither read nor refused, and on a name that
pairing loses or gives out twice. The seeds are written into CORPUS at the start.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dossier", "ingest"]):
    from dossier.office.keys import Settings
    from dossier.text.yamltext import Limits, plain, read_map, scalar
    from ingest.inbox.pairing import Claim, pair, pair_folder
    from ingest.sidecar.reading import claimed_files, read_sidecar

SETTINGS = Settings.model_validate(
    {
        "items": {"labels": ["BTW", "Lonen"], "locations": ["2025"]},
        "types": {"advice": {"required": ["matter"], "fields": {"matter": "text", "due": "date", "level": ["Low", "High"]}}},
    }
)
SEEDS = [
    b"description: Annual accounts 2025\nshare: yes\nshare_status: concept\napprover: [m.devries]\nattachments:\n- {file: a.pdf, name: b.pdf}\n",
    b"omschrijving: Jaarrekening 2025\ndelen: ja\nbijlagen_delen: alle\nlabels: [BTW]\nsoort: advice\nmatter: x\ndue: 2026-01-02\n",
    b"item: D-2026-000012\nremove: [a.pdf]\nrename: {b.pdf: c.pdf}\n",
    b"description: &a x\nexplanation: *a\nlabels: !!set {a, b}\n---\nx: y\n",
    "description: |\n  twee\n  regels\ntoelichting: 'é \u202e'\n".encode(),
    b"\xef\xbb\xbfdescription: x\r\n",
    "description: x".encode("utf-16"),
    b"report.pdf\0report.yaml\0report.pdf.yaml\0REPORT.PDF\0item.yaml\0a.yml",
]


def check_sidecar(data: bytes) -> None:
    sidecar, faults = read_sidecar(data, SETTINGS)
    assert sidecar is not None or faults
    assert faults == sorted(faults)
    assert all(fault.message and "\n" not in str(fault.message) and fault.line >= 0 for fault in faults)
    listed = claimed_files(data)
    if sidecar is not None and not faults:
        assert sidecar.description is not None or sidecar.item is not None
        assert (sidecar.attachments is None) == (listed is None)


def check_yaml(data: bytes) -> None:
    tree, faults = read_map(data, Limits(depth=4, nodes=5000))
    if not faults:
        for value in plain(tree).values():  # type: ignore[union-attr]
            if isinstance(value, str):
                again, wrong = read_map(f"key: {scalar(value)}\n".encode("utf-8", "surrogatepass"))
                assert wrong or plain(again) == {"key": value}, value


def check_pairing(data: bytes) -> None:
    names = {part.decode("utf-8", "surrogateescape") for part in data.split(b"\0") if part and b"/" not in part}
    cards = sorted(name for name in names if name.lower().endswith((".yaml", ".yml")))
    others = sorted(names)
    claims = {card: Claim(tuple(others[: index % 4]) if index % 2 else None) for index, card in enumerate(cards) if index % 5}
    found = pair(names, claims)
    given = [name for candidate in found.candidates for name in (candidate.sidecar, *candidate.files)] + list(found.loose)
    assert sorted(given) == others, (names, found)
    if any(name.lower() in ("item.yaml", "item.yml") for name in names):
        pair_folder(names, names[0], Claim(None))


def check_one(data: bytes) -> None:
    check_sidecar(data)
    check_yaml(data)
    check_pairing(data)


if __name__ == "__main__":
    for folder in [word for word in sys.argv[1:] if not word.startswith("-")]:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, check_one)
    atheris.Fuzz()
