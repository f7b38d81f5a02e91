"""`python -m desk.doctor ROOT LANGUAGE`: what is found, as JSON in this language, for whoever
shows it to a person (desk/actions/examining.py)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from desk.doctor.doctor import examine
from dossier.office.opening import load_office
from dossier.text.sentences import told


def main() -> None:
    root, language = sys.argv[1:]
    found = examine(load_office(Path(root), os.environ), os.environ)
    lines = [
        {
            "check": one.check,
            "about": told(one.about, language),
            "level": one.level,
            "message": told(one.message, language),
            "todo": told(one.todo, language) if one.todo else "",
        }
        for one in found
    ]
    print(json.dumps(lines))


if __name__ == "__main__":
    main()
