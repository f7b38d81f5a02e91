"""What is given away is in order: lock files, make's targets with the scripts behind them, and what a release refuses."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from kit.support import need

CHECKOUT = Path(__file__).resolve().parents[2]
MAKEFILE = (CHECKOUT / "Makefile").read_text()
LOCKS = {name: (CHECKOUT / name).read_text() for name in sorted(path.name for path in CHECKOUT.glob("requirements*.lock"))}


def pins(lock: str) -> dict[str, str]:
    """Library → its version."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[\S+\])?==(\S+)", LOCKS[lock], re.MULTILINE))


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", one)[0].lower().replace(".", "-") for one in requirements}


def test_a_lock_file_names_versions_and_hashes_and_no_address() -> None:
    assert set(LOCKS) == {f"requirements{part}.lock" for part in ("", "-s3", "-build", "-dev", "-audit")}
    for name, text in LOCKS.items():
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        assert "://" not in text, name
        assert not [line for line in lines if line.startswith("-")], f"{name} has an option of pip's"
        for entry in re.split(r"^(?=[a-z])", "\n".join(lines).strip(), flags=re.MULTILINE)[1:]:
            assert re.match(r"[a-z0-9._-]+(\[\S+\])?==\S+ \\\n    --hash=sha256:", entry), f"{name}: {entry[:80]}"


def test_an_office_installs_what_it_needs_and_nothing_that_only_the_demo_or_the_build_does() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    wheel, extras = project["project"], project["project"]["optional-dependencies"]
    office, store, build = pins("requirements.lock"), pins("requirements-s3.lock"), pins("requirements-build.lock")
    assert wanted(wheel["dependencies"]) <= set(office)
    assert not set(office) & (wanted(extras["dev"]) | wanted(project["build-system"]["requires"]) | {"aiosmtpd", "pip", "wheel"})
    assert wanted(extras["s3"]) <= set(store)
    assert set(store) - set(office) == {"boto3", "botocore", "jmespath", "s3transfer"}
    assert wanted(project["build-system"]["requires"]) <= set(build)
    everything = pins("requirements-dev.lock")
    for lock in (office, store, build):
        assert lock.items() <= everything.items(), "the tests run with what an office runs with"


def test_what_is_given_away_says_who_made_it_and_for_which_pythons_and_leads_to_no_stranger() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["authors"]
    assert project["requires-python"] == ">=3.11"
    told = {one.rpartition(" ")[2] for one in project["classifiers"] if one.startswith("Programming Language :: Python :: 3.")}
    assert told == {"3.11", "3.12", "3.13", "3.14"}
    assert all(version in (CHECKOUT / "CONTRIBUTING.md").read_text() for version in told)
    assert "urls" in project or "**pyproject.toml has no `urls`.**" in (CHECKOUT / "docs/decisions.md").read_text()


def test_image_and_package_have_the_lock_file_with_the_library_for_object_stores() -> None:
    for name in ("Containerfile", "make_deb.py", "make_dist.py"):
        assert "requirements-s3.lock" in (CHECKOUT / "packaging" / name).read_text(), name


def targets() -> list[str]:
    return sorted(
        {target for line in re.findall(r"^([\w. /-]+):(?!=)", MAKEFILE, re.MULTILINE) for target in line.split()} - {".PHONY"}
    )


def dry(target: str) -> str:
    done = subprocess.run(["make", "--dry-run", "--always-make", target], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, f"make {target}: {done.stderr}"
    return done.stdout


def test_what_make_would_run_is_there() -> None:
    seen = set()
    for target in targets():
        if not target.startswith("."):
            seen |= {
                (target, word) for word in re.findall(r"(?<![\w./-])[\w.-]+(?:/[\w.-]+)*\.(?:py|in)\b(?:::\w+)?", dry(target))
            }
    for target, word in seen:
        path, _, test = word.partition("::")
        if path not in ("make_reference.py",):
            assert any((CHECKOUT / top / path).exists() for top in ("", "bench")), f"make {target} runs {path}"
        if test:
            assert f"def {test}(" in (CHECKOUT / path).read_text(), f"make {target} runs {word}"
    assert len(seen) > 20


IMPORT = """
import os, runpy, sys
for path in sys.argv[1:]:
    sys.path[0] = os.path.dirname(path)
    runpy.run_path(path, run_name="imported")
"""
SCRIPTS = (
    "packaging/*.py packaging/try/*.py docs/*.py docs/setups/*.py .ci/*.py demo/*.py"
    " tests/*/all.py tests/soak/soak.py tests/programs/play.py tests/released/store.py bench/*.py"
)


def test_every_script_finds_what_it_imports() -> None:
    paths = [str(path) for pattern in SCRIPTS.split() for path in sorted(CHECKOUT.glob(pattern))]
    assert len(paths) >= 40
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT, *paths],
        cwd=CHECKOUT, env=os.environ | {"PYTHONPATH": str(CHECKOUT / "tests")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]


def release() -> ModuleType:
    found = importlib.util.spec_from_file_location("release", CHECKOUT / "packaging/release.py")
    assert found
    assert found.loader
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def test_a_release_runs_every_target_that_proves_something() -> None:
    """Whoever writes a new target says here whether a release needs it."""
    proves_nothing = {
        "help", "setup", "setup-dev", "run", "clean", "format", "lock", "schemas", "reference", "screenshots",  # do something
        "release", "release-office", "dist",  # dist is part of deb
        "lint", "types", "unit", "several",  # parts of test, and of trouble
        "fuzz-api",  # sample-fuzz-api, longer
        "bench", "bench-plots", "bench-guard",  # measure
    }  # fmt: skip
    there = {target for target in targets() if re.fullmatch(r"[a-z0-9-]+", target)}
    assert set(release().TARGETS) == there - proves_nothing
    assert proves_nothing <= there


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A checkout that may be released."""
    need("git")
    for name, text in {
        "dossier/__init__.py": '__version__ = "2.0.0"\n',
        "CHANGELOG.md": "# Changes\n\n## 2.0.0\n\n- More.\n\n## 1.0.0\n",
        "tests/released/2.0.0/told.json": "{}",
        "tests/released/migrations.txt": "0a1b  0001_first.py\n",
        "dossier/database/migrations/0001_first.py": "",
        "docs/reliability.md": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-qm", "All of it"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_what_is_in_order_may_be_released_also_after_a_page_was_written_anew(ready: Path) -> None:
    (ready / "docs/reliability.md").write_text("seen again")
    assert release().reasons(ready) == []


def test_a_release_refuses_what_is_not_in_order_with_every_reason(ready: Path) -> None:
    (ready / "dossier/__init__.py").write_text('__version__ = "2.1.0"\n')
    (ready / "dossier/database/migrations/0002_more.py").write_text("")
    (ready / "more.py").write_text("")
    not_committed, no_heading, no_office, too_late = release().reasons(ready)
    assert "more.py" in not_committed
    assert "dossier/__init__.py" in not_committed
    assert "`## 2.1.0`" in no_heading
    assert "make release-office" in no_office
    assert "0002_more.py came after the stored office of 2.1.0" in too_late
    subprocess.run(["git", "checkout", "-q", "."], cwd=ready, check=True)
    subprocess.run(["git", "clean", "-qfd"], cwd=ready, check=True)
    subprocess.run(["git", "tag", "v2.0.0"], cwd=ready, check=True)
    [released] = release().reasons(ready)
    assert "v2.0.0 is released already" in released


def test_a_release_ends_at_the_first_that_is_not_green_and_goes_on_there(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Played with a Makefile whose targets only note that they ran; one of them fails until the machine is in order."""
    made = release()
    failing = made.TARGETS[6]
    rules = "".join(f"{target}:\n\t@echo {target} >>played\n" for target in made.TARGETS)
    (ready / "Makefile").write_text(f".PHONY: {' '.join(made.TARGETS)}\n{rules}\t@true\n".replace(
        f"echo {failing} >>played", f"echo {failing} >>played; echo no room left; test -e in-order"
    ))  # fmt: skip
    (ready / "dist").mkdir()
    (ready / "dist/dossier.deb").write_text("")
    played = ready / "played"

    assert made.play(ready) == 1
    assert played.read_text().split() == list(made.TARGETS[:7])
    told = capsys.readouterr().out
    assert "no room left" in told
    assert f"`make {failing}` is not green, 6 of {len(made.TARGETS)} before it are" in told
    assert len(list((ready / "build/release").glob("*/*.log"))) == 7

    played.unlink()
    (ready / "in-order").write_text("")
    assert made.play(ready) == 0
    assert played.read_text().split() == list(made.TARGETS[6:]), "what was green is not played again"
    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.partition("in minutes:")[2].splitlines()[1 : len(made.TARGETS) + 1]] == list(
        made.TARGETS
    )
    assert "dossier.deb" in told

    played.unlink()
    commit = ["git", "-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-qm", "More", "--allow-empty"]
    subprocess.run(commit, cwd=ready, check=True)
    assert made.play(ready) == 0
    assert played.read_text().split() == list(made.TARGETS), "another commit is played from the beginning"
