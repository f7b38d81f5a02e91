"""The desk behind a real nginx and a real Caddy that do TLS, set up as docs/desk.md says, with a real Chromium in front."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.browsing import chromium
from kit.desk import DeskRig
from kit.support import free_port, need, wait_for
from playwright.sync_api import Error, Page, expect

DOCS = (Path(__file__).parents[3] / "docs/desk.md").read_text()
LARGE = b"%PDF-1.4\n" + bytes(range(256)) * 12_000 + b"\n%%EOF\n"
"""More than nginx takes unless it is told to."""


def block(kind: str) -> str:
    [found] = re.findall(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL)
    return str(found)


def certificate(folder: Path) -> None:
    subprocess.run(
        [
            need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "desk.key", "-out", folder / "desk.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def nginx(folder: Path, public: int, served: int) -> list[str]:
    """nginx with the block of the documentation, on other ports and with a certificate of this test."""
    text = block("nginx").replace("443", f"127.0.0.1:{public}").replace("127.0.0.1:8081", f"127.0.0.1:{served}")
    text = text.replace("desk.office.example", "localhost").replace("/etc/ssl/", f"{folder}/")
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {own}\n{text}}}\n"
    )
    return [need("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, public: int, served: int) -> list[str]:
    text = block("caddy").replace("127.0.0.1:8081", f"127.0.0.1:{served}")
    text = text.replace("desk.office.example {", f"https://localhost:{public} {{\n\ttls {folder}/desk.pem {folder}/desk.key")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}")
    return [need("caddy"), "run", "--config", str(folder / "Caddyfile")]


@pytest.mark.parametrize("server", [nginx, caddy])
@pytest.mark.slow
def test_a_large_file_is_uploaded_over_tls_as_the_documentation_sets_it_up(
    server: Callable[[Path, int, int], list[str]], tmp_path: Path
) -> None:
    folder, public = tmp_path / "server", free_port()
    folder.mkdir()
    certificate(folder)
    base = f"https://localhost:{public}"
    with DeskRig.running(tmp_path / "office", base_url=base, desk="trusted_proxies: [127.0.0.1]") as rig:
        environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(
            server(folder, public, rig.port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ
        )
        try:
            with chromium() as browser:
                walk(rig, browser.new_context(ignore_https_errors=True).new_page(), base, tmp_path)
        finally:
            process.terminate()
            process.wait(10)


def walk(rig: DeskRig, page: Page, base: str, folder: Path) -> None:
    def answers() -> bool:
        try:
            answer = page.goto(f"{base}/clients/zon/new")
        except Error:  # it doesn't listen yet
            return False
        return answer is not None and answer.status == 200

    wait_for(answers, "the server in front answers")
    page.fill("#address", "p.bakker@office.example")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.goto(base + rig.mailbox.link_to("p.bakker@office.example"))
    page.locator("main button").click()
    expect(page).to_have_url(f"{base}/clients/zon/new")
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-dossier-desk", True, True)
    (folder / "groot.pdf").write_bytes(LARGE)
    page.set_input_files("#pick", str(folder / "groot.pdf"))
    page.fill("#description", "Een groot bestand")
    page.get_by_role("button", name="Bewaren").click()
    expect(page.locator("h1")).to_have_text("Een groot bestand", timeout=20_000)
    assert "X-Forwarded-For is not believed" not in (rig.office.path / "desk.log").read_text()


def test_an_office_whose_addresses_have_a_path_is_not_told_of_names_that_nobody_typed(tmp_path: Path) -> None:
    portal = 'portal: {base_url: "https://www.vis.example/klanten"}\n'
    with DeskRig.running(tmp_path / "office", portal, base_url="https://www.vis.example/desk") as rig:
        browser = rig.browser()
        assert browser.get("/desk").goes_to == "/desk/_login?next=%2F"
        assert browser.log_in(rig.mailbox, "j.admin@office.example", "/office/setup") == "/desk/office/setup"
        untouched = browser.get("/desk/office/setup")
        assert (untouched.status, 'class="fault"' in untouched.text) == (200, False)
        assert browser.get("/desk/office/setup?desk_name=x&portal_name=x").status == 422
