"""The portal's folder behind a real nginx and a real Caddy, set up as docs/serving.md says."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.portals import CLIENTS, PortalOffice
from kit.support import free_port, need, wait_for

DOCS = (Path(__file__).parents[3] / "docs/serving.md").read_text()
CHEAP_HASHES = (
    "$2b$04$F.XrFqvM6WQlm.puemtLk.8uFlr1.yILlHCw9bwHyyoMO9R.xqYQa",
    "$2b$04$NTvJt7qURJJXRN53xnFxDeSoNl6OUciQI.XUxqrlVGnpXJe7W9lu2",
)
"""Of `acme-bv secret` and `zon secret`. Those of `caddy hash-password` cost a second of computing with each request, as does a user unknown."""

HOSTILE = b"<!doctype html><script>alert(document.domain)</script>"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office", clients=CLIENTS + "  closed: {name: Without a password}\n")
    made.share({"page.html": HOSTILE, "100% sure?#.txt": b"text"})
    made.share({"a.txt": b"zon"}, "zon")
    made.share({"a.txt": b"closed"}, "closed")
    made.publish()
    made.dress()
    yield made
    made.close()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL)


def nginx(office: PortalOffice, folder: Path, port: int) -> list[str]:
    """The documented configuration without TLS, and passwords made as documented; the command that serves."""
    program, openssl = need("nginx"), need("openssl")
    [block] = blocks("nginx")
    block = re.sub(r".*ssl_certificate.*\n", "", block).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    block = block.replace("/srv/office/var/portal", str(office.office.portal)).replace("/etc/nginx/portal/", f"{folder}/")
    for client, user in (("acme-bv", "j.jansen"), ("zon", "z.zon")):
        hashed = subprocess.run([openssl, "passwd", "-6", f"{client} secret"], capture_output=True, text=True, check=True).stdout
        (folder / f"{client}.htpasswd").write_text(f"{user}:{hashed}")
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;\nevents {{}}\n"
        f"http {{ access_log off; include /etc/nginx/mime.types; {own}\n{block}\n}}\n"
    )
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(office: PortalOffice, folder: Path, port: int) -> list[str]:
    program = need("caddy")
    main, client_file = blocks("caddy")
    for (client, user), hashed in zip((("acme-bv", "j.jansen"), ("zon", "z.zon")), CHEAP_HASHES, strict=True):
        text = client_file.replace("acme-bv", client).replace("j.jansen", user).replace("PASSWORD-HASH", hashed)
        (folder / f"{client}.caddy").write_text(text)
    main = main.replace("/srv/office/var/portal", str(office.office.portal)).replace("/etc/caddy/portal/", f"{folder}/")
    main = main.replace("clients.office.example", f"http://127.0.0.1:{port}")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{main}")
    return [program, "run", "--config", str(folder / "Caddyfile")]


def get(port: int, path: str, user: str | None = None, password: str = "") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    told = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection.request("GET", path, headers={"Authorization": f"Basic {told}"} if user else {})
    return connection.getresponse()


def until_served(port: int, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert process.poll() is None, "the web server ended"
        with contextlib.suppress(OSError):
            get(port, "/")
            return True
        return False

    wait_for(answers, "the web server answers")


@pytest.mark.parametrize("server", [nginx, caddy])
def test_each_client_sees_his_own_folder_and_attachments_are_downloads(
    server: object, office: PortalOffice, tmp_path: Path
) -> None:
    folder, port = tmp_path / "server", free_port()
    folder.mkdir()
    command = server(office, folder, port)  # type: ignore[operator]
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    try:
        until_served(port, process)
        walk(office, port)
    finally:
        process.terminate()
        process.wait(10)


def walk(office: PortalOffice, port: int) -> None:
    acme = ("j.jansen", "acme-bv secret")
    item, zon, closed = ("D-2026-000001", "D-2026-000002", "D-2026-000003")
    assert get(port, "/").status == 404
    assert get(port, "/acme-bv/").status == 401
    assert get(port, f"/acme-bv/{item}/page.html").status == 401
    assert get(port, "/acme-bv/", "j.jansen", "wrong").status == 401
    assert get(port, f"/zon/{zon}/a.txt", *acme).status == 401
    assert get(port, f"/closed/{closed}/a.txt", *acme).status in (403, 404)
    assert get(port, f"/acme-bv/../zon/{zon}/a.txt", *acme).status in (400, 401, 404)
    page = get(port, "/acme-bv/", *acme)
    assert (page.status, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert page.headers["Content-Disposition"] is None
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.read() == (office.office.portal / "acme-bv/index.html").read_bytes()
    style = get(port, "/acme-bv/_pages/style.css?x", *acme)
    assert (style.status, style.headers["Content-Type"].partition(";")[0]) == (200, "text/css")
    attached = get(port, f"/acme-bv/{item}/page.html", *acme)
    assert (attached.status, attached.read()) == (200, HOSTILE)
    [archive] = [name for name in office.extras() if name.endswith(".zip")]
    for answer in (attached, get(port, f"/acme-bv/_pages/{archive}", *acme)):
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert get(port, f"/acme-bv/{item}/100%25%20sure%3F%23.txt", *acme).read() == b"text"
    office.withdraw(item)
    office.publish()
    assert get(port, f"/acme-bv/{item}/page.html", *acme).status == 404
    assert get(port, f"/acme-bv/_pages/{archive}", *acme).status == 404
    assert get(port, "/acme-bv/", *acme).status == 200
