"""What is installed works without the checkout: sdist, wheel, the units for systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import pytest
import yaml
from kit.support import PDF, free_port, need, wait_for

import dossier
from desk.actions.new_office import found
from dossier.office.opening import load_office

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("dossier", "ingest", "workflow", "desk")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
LOCKS = ("requirements.lock", "requirements-s3.lock", "requirements-build.lock")
OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation")


@pytest.mark.parametrize(("code", "seconds"), [(0, "86400"), (1, "86400"), (4, "60")])
def test_compose_makes_no_backup_a_minute_where_what_lacks_in_each_thins_out_the_good_ones(
    tmp_path: Path, code: int, seconds: str
) -> None:
    for name, does in (("dossier", f"exit {code}"), ("sleep", f"echo $1 >{tmp_path}/slept; kill -TERM $PPID")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    office = yaml.safe_load((CHECKOUT / "packaging/compose.yaml").read_text())["services"]["backup"]
    *shell, script = office["entrypoint"]
    subprocess.run([*shell, script.replace("$$", "$")], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, timeout=30)
    assert (tmp_path / "slept").read_text().split() == [seconds]


@pytest.mark.parametrize("was", ["", "2.0.0"])
def test_the_package_begins_no_office_where_one_was(tmp_path: Path, was: str) -> None:
    """Nothing is begun below a mount point whose disk is not there at an upgrade."""
    script = (CHECKOUT / "packaging/deb/postinst").read_text()
    functions = script[script.index("# Where an office was none is begun") : script.index("start() {")]
    words = f"set -e\n{functions}\nOFFICE={tmp_path}/office WAS={was}\nchown() {{ echo begun; exit; }}\nmake_office\n"
    done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True)
    assert (done.stdout == "begun\n") == (was == "")
    assert ("mount its disk" in done.stderr) == (was != "")
    assert (tmp_path / "office").exists() == (was == "")


def test_the_package_installed_once_more_makes_its_program_anew_beside_the_one_that_runs(tmp_path: Path) -> None:
    script = (CHECKOUT / "packaging/deb/postinst").read_text()
    function = script[script.index("make_program() {") : script.index("# Where an office was none is begun")]
    stub = """python3() {
        [ "$1" = -m ] || { echo 3.11; return; }
        mkdir -p "$3/bin" && printf '#!/bin/sh\\n' >"$3/bin/python3" && chmod +x "$3/bin/python3"
    }"""

    def made(was: str) -> str:
        words = f"set -e\n{stub}\n{function}\nOWN={tmp_path} WAS={was}\nmake_program\n".replace("@VERSION@", "2.0.1")
        subprocess.run(["sh", "-c", words.replace("/opt", f"{tmp_path}/opt")], check=True, stdout=subprocess.DEVNULL)
        return (tmp_path / "opt/dossier").readlink().name

    assert [made(""), made("2.0.0"), made("2.0.1"), made("2.0.1")] == [
        "venv-2.0.1-3.11", "venv-2.0.1-3.11", "venv-2.0.1-3.11-again", "venv-2.0.1-3.11",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, which is built from what a checkout holds."""
    there = tmp_path_factory.mktemp("checkout")
    for name in (*PACKAGES, "packaging", "docs"):
        shutil.copytree(CHECKOUT / name, there / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "SECURITY.md", *LOCKS):
        shutil.copy(CHECKOUT / name, there)
    made = tmp_path_factory.mktemp("made")
    build = f"from setuptools import build_meta; print(build_meta.build_sdist({str(made)!r}))"
    subprocess.run([sys.executable, "-c", build], cwd=there, check=True, capture_output=True)
    [sdist] = made.glob("dossier_office-*.tar.gz")
    subprocess.run([*PIP, "wheel", *OFFLINE, "--wheel-dir", made, sdist], check=True, cwd=made)
    [built] = made.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_every_module_template_translation_and_migration(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.split("/")[0] in PACKAGES}
    here = {
        str(path.relative_to(CHECKOUT))
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == here
    assert wheel.name.startswith(f"dossier_office-{dossier.__version__}-")


def test_the_wheel_has_the_pages_with_every_picture_that_they_show(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        share = {name.partition(".data/data/share/dossier/")[2] for name in archive.namelist()}
    pages = [*(CHECKOUT / "docs").glob("*.md"), *(CHECKOUT / "docs/nl").glob("*.md")]
    for page in pages:
        assert str(page.relative_to(CHECKOUT)) in share
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text()):
            assert os.path.normpath(page.relative_to(CHECKOUT).parent / picture) in share, f"{page.name} shows {picture}"


def test_the_sdist_holds_what_is_needed_to_install_and_no_more(wheel: Path) -> None:
    [sdist] = wheel.parent.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {name.split("/")[0] for name in inside} == {
        *PACKAGES, "docs", "packaging", "dossier_office.egg-info", "pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "SECURITY.md",
        "requirements.lock", "requirements-s3.lock", "requirements-build.lock", "PKG-INFO", "setup.cfg",
    }  # fmt: skip
    assert {name.split("/")[1] for name in inside if name.startswith("packaging/")} == {
        "Containerfile", "compose.yaml", "Caddyfile", "build.in", "completion", "grafana", "man", "prometheus", "samba", "systemd",
    }  # fmt: skip


@pytest.mark.slow
def test_an_office_works_with_what_was_installed_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python, command = venv / "bin/python", venv / "bin/dossier"
    subprocess.run([*PIP, "--python", python, "install", *OFFLINE, wheel], check=True)
    site = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip()
    (Path(site) / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DOSSIER_", "PYTHON"))}
    office = tmp_path / "office"

    def run(*words: str) -> str:
        done = subprocess.run([command, *words], capture_output=True, text=True, env=environ, cwd=tmp_path, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = subprocess.check_output(
        [python, "-c", "import desk, dossier; print(desk.__file__, dossier.__file__)"], text=True, cwd=tmp_path
    )
    assert where.count(str(venv)) == 2
    assert dossier.__version__ in run("--version")
    run("init", str(office))
    (office / "config/clients.yaml").write_text("clients: {acme-bv: {name: Acme B.V.}}\n")
    inbox = office / "inbox/acme-bv"
    inbox.mkdir()
    (inbox / "report.pdf").write_bytes(PDF)
    (inbox / "report.yaml").write_text("description: Annual accounts\n")
    assert "taken 1," in run("--root", str(office), "run", "--once")
    assert (inbox / "_done/report.receipt.yaml").exists()
    assert (venv / "share/dossier/systemd/dossier.service").exists()
    assert (venv / "share/dossier/samba/smb.conf").exists()
    assert (venv / "share/man/man1/dossier.1").exists()
    assert (venv / "share/bash-completion/completions/dossier").exists()
    assert (venv / "share/dossier/docs/operations.md").exists()
    doctor = subprocess.run(
        [command, "--root", office, "doctor"], capture_output=True, text=True, env=environ, cwd=tmp_path, timeout=120
    )
    assert f"ok     versions   dossier {dossier.__version__}" in doctor.stdout
    assert "could not be looked at" not in doctor.stdout
    before = {path: path.read_bytes() for path in office.rglob("*") if path.is_file()}
    subprocess.run([*PIP, "--python", python, "uninstall", "--yes", "dossier-office"], check=True, capture_output=True)
    assert not command.exists()
    assert {path: path.read_bytes() for path in office.rglob("*") if path.is_file()} == before, "what an office holds stays"


@pytest.mark.slow
def test_what_is_given_away_has_the_same_bytes_under_any_umask(tmp_path: Path) -> None:
    made = []
    for umask in (0o002, 0o077):
        build = f"import os, make_dist, pathlib; os.umask({umask}); make_dist.DIST = pathlib.Path({str(tmp_path / str(umask))!r}); make_dist.main()"
        subprocess.run([sys.executable, "-c", build], cwd=CHECKOUT / "packaging", check=True, capture_output=True)
        made.append({path.name: path.read_bytes() for path in (tmp_path / str(umask)).iterdir()})
    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []


UNITS = sorted((CHECKOUT / "packaging/systemd").iterdir())


def test_every_service_reads_the_same_environment() -> None:
    for unit in (path for path in UNITS if path.suffix == ".service"):
        assert "EnvironmentFile=-/etc/dossier/environment\n" in unit.read_text(), unit.name


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    analyze = need("systemd-analyze")
    for unit in UNITS:
        # Where it will be is not where it is now.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/dossier/bin/dossier", "/bin/true"))
    done = subprocess.run([analyze, "verify", *tmp_path.iterdir()], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "dossier" in line]) == (0, [])


def test_systemd_waits_for_an_upgrade_of_the_database_however_long_it_takes() -> None:
    """Until the daemon says that it is ready, it would be ended after a minute and a half."""
    [daemon] = [unit.read_text() for unit in UNITS if unit.name == "dossier.service"]
    assert "Type=notify" in daemon
    assert re.findall(r"^TimeoutStartSec=(.*)$", daemon, re.MULTILINE) == ["infinity"]


@pytest.mark.parametrize("name", ["dossier.service", "dossier-portal.service", "dossier-desk.service"])
def test_a_service_has_no_right_that_it_does_not_need(name: str) -> None:
    analyze = need("systemd-analyze")
    path = CHECKOUT / "packaging/systemd" / name
    done = subprocess.run([analyze, "security", "--offline=true", "--threshold=25", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("site", ["portal", "desk"])
def test_a_site_listens_on_the_socket_that_systemd_holds(site: str, tmp_path: Path) -> None:
    activate = need("systemd-socket-activate")
    command = Path(sys.executable).with_name("dossier")
    office, port = tmp_path / "office", free_port()
    subprocess.run([command, "init", office], check=True, capture_output=True)
    with open(tmp_path / "log", "wb") as log:
        words = [
            activate,
            f"--listen=127.0.0.1:{port}",
            f"--setenv=PATH={os.environ['PATH']}",
            command,
            "--root",
            office,
            site,
        ]
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        from http.client import HTTPConnection

        def answer() -> int:
            try:
                connection = HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", "/")
                return connection.getresponse().status
            except ConnectionError:
                return 0

        assert wait_for(answer, f"the {site} answers") in (200, 302, 303)
        assert f"127.0.0.1:{port}" in (tmp_path / "log").read_text()
    finally:
        process.terminate()
        process.wait(10)


def test_the_scripts_of_the_debian_package_are_shell_and_name_the_units_that_it_has() -> None:
    scripts = {name: (CHECKOUT / "packaging/deb" / name).read_text() for name in ("preinst", "postinst", "prerm", "postrm")}
    for name, text in scripts.items():
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
        assert text.startswith("#!/bin/sh\n"), name
    for unit in UNITS:
        assert unit.name in scripts["postinst"]
        if unit.name != "dossier-backup.service":  # started by its timer
            assert unit.name in scripts["prerm"]
            assert unit.name in scripts["postrm"]


@pytest.mark.parametrize("country", ["none", "nl"])
def test_the_debian_package_tells_a_new_office_where_backups_go(country: Literal["none", "nl"], tmp_path: Path) -> None:
    found(tmp_path, country, has_founder=False)
    [line] = re.findall(r"^ +(printf .*settings\.yaml)$", (CHECKOUT / "packaging/deb/postinst").read_text(), re.MULTILINE)
    subprocess.run(["sh", "-ec", line], env={"OFFICE": str(tmp_path)}, check=True)
    assert load_office(tmp_path, {}).settings.backup.folder == "/var/backups/dossier"
