"""`make audit`: does anybody know a weakness of the libraries in the lock files? Asks PyPI by
pip-audit, and where that fails OSV.

Exit code 0: all of them were looked up and nothing is known; 1: something is known; 3: it could not
be looked up, or not for all. pip-audit itself says "No known vulnerabilities found" of libraries
that it could not look up; here that is no yes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CLEAN, FOUND, UNKNOWN = 0, 1, 3
PATIENCE_SECONDS = 90


def verdict(answers: Sequence[dict[str, Any] | None]) -> tuple[int, list[str]]:
    """(exit code, lines to print) for what pip-audit answered about each lock file: its JSON, or
    None if it gave none."""
    found: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for answer in answers:
        for library in (answer or {}).get("dependencies", ()):
            name = f"{library['name']} {library.get('version', '')}".strip()
            if "skip_reason" in library:
                skipped[name] = str(library["skip_reason"])
            for weakness in library.get("vulns", ()):
                fixed = ", ".join(weakness.get("fix_versions", ())) or "no version yet"
                found[f"{name} {weakness['id']}"] = f"{name}: {weakness['id']}; mended in {fixed}"
    lines = [found[name] for name in sorted(found)]
    if found:
        return FOUND, [*lines, "Raise these in pyproject.toml or the lock files: make lock"]
    if skipped or None in answers:
        first = next(iter(skipped.values()), "pip-audit gave no answer")
        what = f"{len(skipped)} libraries" if skipped else "the libraries"
        return UNKNOWN, [f"NOT CHECKED: {what} could not be looked up; that is no yes. The first reason: {first}"]
    return CLEAN, [
        f"nothing is known against any of {sum(len(answer['dependencies']) for answer in answers if answer)} libraries"
    ]


def ask(lock: Path, service: str) -> dict[str, Any] | None:
    """What pip-audit says of a lock file; None if it can't say."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(lock),
               "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "10"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        return dict(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError, OSError):
        return None


def main(locks: Sequence[str]) -> int:
    unknown = []
    for service in ("pypi", "osv"):
        code, lines = verdict([ask(Path(lock), service) for lock in locks])
        if code != UNKNOWN:
            print("\n".join(lines))
            return code
        unknown += [f"{service}: {line}" for line in lines]
    print("\n".join(unknown))
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
