"""`make deb`: dist/dossier_VERSION_amd64.deb, of the wheel that `make dist` left in dist/, and
of the lock file with the library for object stores.

One package for every release with one of PYTHONS: it carries the libraries as wheels for each of
them, and its postinst makes the venv of those that fit the Python that is there, without a
network. The same dist/ and the same wheels give the same bytes.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DIST, DEB = CHECKOUT / "dist", CHECKOUT / "packaging/deb"
PYTHONS = ("3.11", "3.12", "3.13")
"""Debian 12, Ubuntu 24.04, Debian 13; `Depends` in packaging/deb/control says the same."""

PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux1_x86_64",
)
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
LOCK = "requirements-s3.lock"
BACKUPS = "/var/backups/dossier"


def wheels(lock: Path, kept: Path) -> None:
    """The libraries of the lock file for every Python, by the package index of this machine's
    pip."""
    chosen = [f"--platform={one}" for one in PLATFORMS]
    for version in PYTHONS:
        words = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--only-binary=:all:"]
        words += ["--require-hashes", "-r", str(lock), "-d", str(kept), f"--python-version={version}", *chosen]
        subprocess.run(words, check=True, stderr=subprocess.DEVNULL)


def unit(text: str) -> str:
    """A unit as the package has it: its own places."""
    for hand, mine in (
        ("/etc/systemd/system/", "/usr/lib/systemd/system/"),
        ("/srv/office", "/srv/dossier"),
        ("/mnt/backup/office", BACKUPS),
        ("RequiresMountsFor=/mnt/backup", f"RequiresMountsFor={BACKUPS}"),
    ):
        text = text.replace(hand, mine)
    return text


def tree(root: Path, wheel: Path, version: str, stored: Path) -> None:
    """All files of the package below `root`."""

    def put(where: str, data: bytes, mode: int = 0o644) -> None:
        path = root / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)

    for one in sorted([*stored.glob("*.whl"), wheel]):
        put(f"usr/lib/dossier/wheels/{one.name}", one.read_bytes())
    put("usr/lib/dossier/requirements.lock", (DIST / LOCK).read_bytes())
    for one in sorted((CHECKOUT / "packaging/systemd").iterdir()):
        put(f"usr/lib/systemd/system/{one.name}", unit(one.read_text()).encode())
    put("usr/share/man/man1/dossier.1.gz", gzip.compress((CHECKOUT / "packaging/man/dossier.1").read_bytes(), mtime=0))
    for name, where in (
        ("dossier", "bash-completion/completions/dossier"),
        ("_dossier", "zsh/vendor-completions/_dossier"),
        ("dossier.fish", "fish/vendor_completions.d/dossier.fish"),
    ):
        put(f"usr/share/{where}", (CHECKOUT / "packaging/completion" / name).read_bytes())
    put("usr/share/doc/dossier/changelog.gz", gzip.compress((CHECKOUT / "CHANGELOG.md").read_bytes(), mtime=0))
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/dossier").symlink_to("/opt/dossier/bin/dossier")
    (root / "etc/dossier").mkdir(parents=True)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    for one in sorted(DEB.iterdir()):
        text = one.read_text().replace("@VERSION@", version).replace("@SIZE@", str(size)).replace("@WHEEL@", wheel.name)
        put(f"DEBIAN/{one.name}", text.encode(), 0o755 if one.name in SCRIPTS else 0o644)
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    (root / "etc/dossier").chmod(0o711)


def make(target: Path, stored: Path) -> Path:
    """The package of what is in dist/, in the folder `target`; libraries are kept in `stored`."""
    [wheel] = DIST.glob("*.whl")
    version = wheel.name.split("-")[1]
    made = target / f"dossier_{version}_amd64.deb"
    lock = DIST / LOCK
    if stored.exists() and (stored / "of").read_bytes() != lock.read_bytes():
        shutil.rmtree(stored)
    if not stored.exists():
        part = stored.with_name(f"{stored.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        wheels(lock, part)
        shutil.copyfile(lock, part / "of")
        part.rename(stored)
    seconds = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "dossier"
        root.mkdir()
        tree(root, wheel, version, stored)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(root), str(made)],
            env={**os.environ, "SOURCE_DATE_EPOCH": seconds}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return made


def main() -> None:
    if shutil.which("dpkg-deb") is None:
        sys.exit("This needs dpkg-deb: a Debian or Ubuntu, or its package dpkg.")
    stored = CHECKOUT / "build/wheels"
    stored.parent.mkdir(exist_ok=True)
    print(make(DIST, stored).relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
