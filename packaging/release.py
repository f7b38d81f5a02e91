"""`make release`: all that must be green before a version is given away, one after the other; it
ends at the first that is not.

Before anything is run it refuses, with every reason: changes that are not committed, a version
without a heading of its own on top of CHANGELOG.md, one that has its tag already, one whose
stored office is missing. What each target printed is in build/release/COMMIT; what was green
there is not run again for the same commit, so hours are not lost to the last of them. Nothing is
tagged or sent anywhere.

Takes some hours, a machine that does nothing else, and root.  usage: release.py [--list]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
TARGETS = (
    "audit",
    "test",
    "long",
    "test-postgresql",
    "trouble",
    "races",
    "attacks",
    "sample",
    "sample-fuzz-api",
    "large-upload",
    "crash-store",
    "try-programs",
    "try-identity",
    "try-firefox",
    "docs",
    "deb",
    "try-tests",
    "try-install",
    "try-container",
    "try-deb",
    "soak",
    "crash",
    "power",
)
"""What fails soonest comes first. The measuring ones (bench) are no part of it: a busy machine
is no reason not to mend something."""

WRITES = ("docs/reliability.md", "docs/killed.md", "docs/inbox.md")
"""Pages into which some of them write what they saw. That is no change of the version that is
tried."""


def git(checkout: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=checkout, check=True, capture_output=True, text=True).stdout


def reasons(checkout: Path) -> list[str]:
    """Why the version in this checkout can't be released as it is; each says what to do."""
    found = []
    changed = [line[3:] for line in git(checkout, "status", "--porcelain").splitlines()]
    if left := [path for path in changed if path not in WRITES]:
        found.append(f"not committed: {', '.join(left[:5])}{' …' if len(left) > 5 else ''}: commit it, or put it away")
    [version] = re.findall(r'__version__ = "(.+)"', (checkout / "dossier/__init__.py").read_text())
    headings = re.findall(r"^## (\S+)$", (checkout / "CHANGELOG.md").read_text(), re.MULTILINE)
    if headings[:1] != [version]:
        found.append(f"CHANGELOG.md does not begin with `## {version}`: say there what changed")
    if git(checkout, "tag", "--list", f"v{version}").strip():
        found.append(f"v{version} is released already: raise __version__ in dossier/__init__.py")
    if not (checkout / "tests/released" / version / "told.json").exists():
        found.append(f"there is no stored office of {version}: `make release-office`, and commit it")
    listed = (checkout / "tests/released/migrations.txt").read_text()
    if new := [
        path.name
        for path in sorted((checkout / "dossier/database/migrations").glob("[0-9]*.py"))
        if f"  {path.name}\n" not in listed
    ]:
        found.append(
            f"{', '.join(new)} came after the stored office of {version}: remove tests/released/{version}, `make release-office`, and commit it"
        )
    return found


def run(checkout: Path, target: str, kept: Path) -> bool:
    """True if the target is green, now or before for this commit; its output is in `kept`, and
    how many minutes it took."""
    green, log = kept / f"{target}.green", kept / f"{target}.log"
    if green.exists():
        print(f"{target}: green before", flush=True)
        return True
    print(f"{target} …", end=" ", flush=True)
    began = time.monotonic()
    with open(log, "wb") as output:
        done = subprocess.run(["make", target], cwd=checkout, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    minutes = f"{(time.monotonic() - began) / 60:.1f}"
    print(f"{'green' if done.returncode == 0 else 'NOT GREEN'}, {minutes} minutes", flush=True)
    if done.returncode:
        print("\n".join(log.read_text(errors="replace").splitlines()[-20:]))
        return False
    green.write_text(minutes)
    return True


def play(checkout: Path) -> int:
    """Run what is not green yet for this commit; 0 once all of it is, else 1. It may be ended at
    any moment and begun again."""
    commit = git(checkout, "rev-parse", "HEAD").strip()
    kept = checkout / "build/release" / commit
    kept.mkdir(parents=True, exist_ok=True)
    for number, target in enumerate(TARGETS, 1):
        if not run(checkout, target, kept):
            print(
                f"\nNot released: `make {target}` is not green, {number - 1} of {len(TARGETS)} before it are. All that it printed is in"
                f" {(kept / target).relative_to(checkout)}.log.\nIf it was the machine, `make release` goes on here. If it is the program, mend it"
                " and commit: the new commit is played from the beginning."
            )
            return 1
    print(f"\nAll of it is green for {commit[:12]}; in minutes:")
    print("\n".join(f"  {(kept / f'{target}.green').read_text():>6}  {target}" for target in TARGETS))
    print("What is given away is in dist/:")
    print("\n".join(f"  {path.name}" for path in sorted((checkout / "dist").iterdir())))
    return 0


def main() -> int:
    if sys.argv[1:] == ["--list"]:
        print("\n".join(TARGETS))
        return 0
    why = reasons(CHECKOUT)
    if os.geteuid() != 0:
        why.append("this needs root: machines, disks and networks of its own are made")
    if why:
        print("\n".join(f"Not released: {one}." for one in why), file=sys.stderr)
        return 1
    return play(CHECKOUT)


if __name__ == "__main__":
    sys.exit(main())
