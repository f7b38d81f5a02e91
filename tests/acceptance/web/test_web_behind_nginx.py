"""The web portal behind a real nginx that does TLS, set up as docs/portal.md says, with a real Chromium in front."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.browsing import chromium
from kit.portals import PortalOffice
from kit.support import free_port, need, wait_for
from kit.web import Served, portal
from playwright.sync_api import expect

from dossier.database.web_tables import LoginRate
from dossier.text.clock import utc_now
from workflow.portal_access import access

DOCS = Path(__file__).parents[3] / "docs" / "portal.md"
DATA = bytes(range(256)) * 2000


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    made.share({"report 1.bin": DATA})
    made.publish()
    yield made
    made.close()


def nginx(folder: Path, public: int, served: int) -> subprocess.Popen[bytes]:
    """nginx with the block of the documentation, on other ports and with a certificate of this test."""
    subprocess.run(
        [
            need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-keyout", folder / "portal.key", "-out", folder / "portal.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    block = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]
    block = block.replace("443", f"127.0.0.1:{public}").replace("127.0.0.1:8080", f"127.0.0.1:{served}")
    block = block.replace("portal.office.example", "localhost").replace("/etc/ssl/", f"{folder}/")
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{block}}}\n"
    )
    return subprocess.Popen([need("nginx"), "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.PIPE)


@pytest.mark.slow
def test_the_documented_set_up_logs_in_and_downloads_over_tls(office: PortalOffice, tmp_path: Path) -> None:
    public, behind = free_port(), free_port()
    base = f"https://localhost:{public}"
    office.configure(
        settings="sharing: {guard: off}\nidentity: {trust_sidecar: true}\n"
        f"portal: {{base_url: '{base}', trusted_proxies: [127.0.0.1]}}\n"
    )
    server = nginx(tmp_path, public, behind)
    try:
        with portal(office.root, behind) as served, chromium() as browser:
            walk(office, browser.new_context(ignore_https_errors=True, accept_downloads=True), base, served)
    finally:
        server.terminate()
        server.wait(timeout=10)


def walk(office: PortalOffice, context: object, base: str, served: Served) -> None:
    page = context.new_page()  # type: ignore[attr-defined]
    wait_for(lambda: page.goto(f"{base}/acme-bv/").status == 200, "nginx answers")
    expect(page).to_have_url(f"{base}/_login?next=/acme-bv/")
    page.locator("#address").fill("nobody@acme.example")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("No mail goes out just now")
    assert not served.said("X-Forwarded-For is not believed")
    assert LoginRate.select().where(LoginRate.key.startswith("network 127.0.0.0/24")).exists()
    page.goto(access.new_link(office.office, utc_now(), "j.jansen@acme.example", "/acme-bv/", "nl"))
    page.locator("main button").click()
    expect(page.locator("h1")).to_have_text("Acme B.V.")
    cookie = context.cookies()[0]  # type: ignore[attr-defined]
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-dossier", True, True)
    with page.expect_download() as download:
        page.locator("article li a").click()
    assert download.value.suggested_filename == "report 1.bin"
    assert Path(download.value.path()).read_bytes() == DATA
    page.locator(".who button").click()
    expect(page.locator("h1")).to_have_text("You are logged out")
    assert context.cookies() == []  # type: ignore[attr-defined]
