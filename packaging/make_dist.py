"""`make dist`: sdist and wheel of what is committed, in dist/, with the lock files they were
tested with.

Built from an export of HEAD, so nothing that merely lies in the checkout gets in. The same
commit gives the same bytes, whenever and wherever it is built with these versions of the tools,
whoever builds it: times are the commit's, owners nobody, rights the same under any umask, and
entries sorted.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DIST = CHECKOUT / "dist"


def same_each_time(sdist: Path, seconds: int) -> None:
    """Write the archive anew without what differs from one build to the next."""
    whole = sdist.with_suffix(".part")
    with (
        tarfile.open(sdist) as made,
        open(whole, "wb") as file,
        gzip.GzipFile("", "wb", mtime=seconds, fileobj=file) as packed,
        tarfile.open(fileobj=packed, mode="w") as anew,
    ):
        for entry in sorted(made.getmembers(), key=lambda entry: entry.name):
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.pax_headers = seconds, 0, 0, "", "", {}
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            anew.addfile(entry, made.extractfile(entry) if entry.isfile() else None)
    whole.replace(sdist)


def main() -> None:
    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=CHECKOUT, check=True, stdout=subprocess.PIPE).stdout

    seconds = git("log", "-1", "--format=%ct").decode().strip()
    os.umask(0o022)  # a wheel keeps the rights of its files
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "--no-same-permissions", "-C", folder], input=git("archive", "HEAD"), check=True)
        words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), folder]
        done = subprocess.run(
            words, env={**os.environ, "SOURCE_DATE_EPOCH": seconds}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            sys.exit(done.stdout[-3000:])
        for lock in ("requirements.lock", "requirements-s3.lock"):
            shutil.copyfile(Path(folder) / lock, DIST / lock)
    [sdist] = DIST.glob("*.tar.gz")
    same_each_time(sdist, int(seconds))
    print("\n".join(f"dist/{path.name}" for path in sorted(DIST.iterdir())))


if __name__ == "__main__":
    main()
