"""`dossier portal` as a server: TLS, web servers in front, other addresses, hostile and slow callers, stopping."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.portals import PortalOffice
from kit.support import DOSSIER, Root, free_port, need, plain_environ, wait_for
from kit.web import Browser, Served, file_links, portal

from dossier.database.web_tables import LoginRate, LoginSession
from dossier.text.clock import utc_now
from workflow.portal_access import access

SETTINGS = "sharing: {guard: off}\nidentity: {trust_sidecar: true}\n"
BIG = bytes(range(256)) * 40_000


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    """An office with an item on the portal; no daemon runs."""
    made = PortalOffice(tmp_path / "office")
    made.share({"big.bin": BIG})
    made.publish()
    yield made
    made.close()


def serve(office: PortalOffice, settings: str = "", *arguments: str) -> Served:
    office.configure(settings=SETTINGS + settings)
    return portal(office.root, free_port(), *arguments)


def link(office: PortalOffice) -> str:
    """A login link, as the daemon would mail it: what follows base_url."""
    url = access.new_link(office.office, utc_now(), "j.jansen@acme.example", "/", "nl")
    return url.removeprefix(office.office.settings.portal.base_url.rstrip("/"))


def test_behind_tls_the_cookie_is_for_this_host_and_tls_alone(office: PortalOffice) -> None:
    with serve(office, 'portal: {base_url: "https://portal.vis.example"}\n') as served:
        answer = Browser(served.port).post(link(office))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-dossier=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")[1:]}


def test_it_serves_tls_by_itself_with_a_certificate(office: PortalOffice, tmp_path: Path) -> None:
    subprocess.run(
        [
            need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", office.root / "portal.key", "-out", office.root / "portal.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with serve(office, 'portal: {base_url: "https://localhost", certificate: portal.pem, key: portal.key}\n') as served:
        context = ssl.create_default_context(cafile=str(office.root / "portal.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=10, context=context)
        connection.request("GET", "/_login")
        answer = connection.getresponse()
        assert (answer.status, b"</html>" in answer.read()) == (200, True)
        assert (connection.sock.version() or "") >= "TLSv1.2"
        connection.close()


def ask(port: int, forwarded: str) -> set[str]:
    """Ask for a link; from which networks that counts."""
    LoginRate.delete().execute()
    assert Browser(port).post("/_login", {"address": "a@b.example"}, x_forwarded_for=forwarded).status == 200
    return {row.key.split()[1] for row in LoginRate.select() if row.key.startswith("network")}


def test_a_caller_behind_a_web_server_is_known_by_its_word_only_if_that_is_trusted(office: PortalOffice) -> None:
    with serve(office) as served:
        assert ask(served.port, "203.0.113.7") == {"127.0.0.0/24"}
        assert served.said("X-Forwarded-For is not believed")
    with serve(office, "portal: {trusted_proxies: [127.0.0.1, 10.0.0.0/8]}\n") as served:
        assert ask(served.port, "203.0.113.7") == {"203.0.113.0/24"}
        assert ask(served.port, "198.51.100.1, 203.0.113.7, 10.1.2.3") == {"203.0.113.0/24"}  # the first is the caller's own word
        assert ask(served.port, "nonsense") == {"unknown"}


def test_a_web_server_in_front_is_known_also_by_a_socket_of_systemd_for_all_addresses(office: PortalOffice) -> None:
    office.configure(settings=SETTINGS + "portal: {trusted_proxies: [127.0.0.1], workers: 1}\n")
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listening:
        given = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{listening.fileno()}'
        command = ["bash", "-c", given, "bash", str(DOSSIER), "--root", str(office.root), "portal"]
        process = subprocess.Popen(
            command, pass_fds=[listening.fileno()], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=plain_environ()
        )
        try:
            assert ask(listening.getsockname()[1], "203.0.113.7") == {"203.0.113.0/24"}
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("kept", ["", "/klanten"])
def test_the_portal_may_have_a_path_of_another_server(office: PortalOffice, kept: str) -> None:
    """`kept`: a web server in front passes its path on, or takes it off."""
    with serve(office, 'portal: {base_url: "https://www.vis.example/klanten/"}\n') as served:
        browser = Browser(served.port)
        for typed in (kept + "/", "/klanten", "/klanten/"):
            assert browser.get(typed).goes_to == "/klanten/_login"
        page = browser.get(kept + "/_login").text
        assert 'action="/klanten/_login"' in page
        style = re.findall(r'href="(/klanten/_static/[^"]+)"', page)[0]
        assert browser.get(kept + style.removeprefix("/klanten")).headers["content-type"].startswith("text/css")
        path = link(office)
        assert path.startswith("/_login/")
        assert browser.post(kept + path).goes_to == "/klanten/"
        for typed in (kept + "/", "/klanten"):
            assert browser.get(typed).goes_to == "/klanten/acme-bv/"
        file = file_links("".join(browser.get(kept + "/acme-bv/").text.split("/klanten")))[0]
        assert browser.get(kept + file).body == BIG


def test_hostile_requests_are_refused_and_the_next_is_answered(office: PortalOffice) -> None:
    requests = [
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%0d%0aSet-Cookie:%20x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /_login HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"a" * 20_000,
        b"POST /_login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /_login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2000\r\n"
        + b"a" * 8192
        + b"\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"DELETE /acme-bv/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\nCookie: dossier=\xff\xfe; $Version=1\r\nConnection: close\r\n\r\n",
    ]
    with serve(office) as served:
        for request in requests:
            with closing(socket.create_connection(("127.0.0.1", served.port), timeout=10)) as caller:
                caller.sendall(request)
                answer = caller.recv(65_536)
            status = answer.split(b" ")[1] if answer else b"closed"
            assert status in (b"303", b"400", b"404", b"405", b"413", b"422", b"closed"), (request[:60], answer[:300])
            assert b"set-cookie: x" not in answer.lower()
        assert Browser(served.port).get("/_login").status == 200
        assert "Traceback" not in served.log()


def test_a_caller_who_does_not_get_his_request_out_is_cut_off(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    from desk.web import server

    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.2)
    assert serve_in_thread(server, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
    assert serve_in_thread(server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab") == b""
    assert serve_in_thread(server, b"") == b""
    assert serve_in_thread(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def serve_in_thread(module: object, request: bytes) -> bytes:
    """What a server that answers after half a second says to `request`."""
    import asyncio

    import uvicorn

    async def slow(scope: object, receive: object, send: object) -> None:
        while (await receive()).get("more_body"):  # type: ignore[operator]
            pass
        await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"done"})  # type: ignore[operator]

    server = uvicorn.Server(uvicorn.Config(slow, http=module.Impatient, ws="none", lifespan="off", log_config=None))  # type: ignore[attr-defined,arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        server.capture_signals = lambda: closing(type("None", (), {"close": lambda self: None})())  # type: ignore[method-assign,assignment,return-value]
        thread.start()
        with closing(socket.create_connection(listening.getsockname(), timeout=10)) as caller:
            caller.sendall(request)
            try:
                answer = caller.recv(65_536)
            except ConnectionResetError:
                answer = b""
        server.should_exit = True
        thread.join()
    return answer


def test_a_disk_that_can_not_take_the_trail_gives_no_file(office: PortalOffice) -> None:
    """What can't be written down is not shown; the next click tries anew."""
    import sqlite3

    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
        page = browser.get("/acme-bv/").text
        file = file_links(page)[0]
        database = sqlite3.connect(office.root / "var/dossier.db")
        database.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        database.commit()
        refused = browser.get(file)
        assert refused.status == 503
        assert BIG[:100] not in refused.body
        database.execute("DROP TRIGGER full")
        database.commit()
        database.close()
        assert browser.get(file).body == BIG


def test_a_vault_that_lacks_the_file_is_said_so_and_nothing_else_is_sent(office: PortalOffice) -> None:
    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
        file = file_links(browser.get("/acme-bv/").text)[0]
        kept = next(path for path in office.office.vault.rglob("*") if path.is_file() and path.stat().st_size == len(BIG))
        kept.rename(kept.with_suffix(".away"))
        assert browser.get(file).status == 503
        assert served.said("the vault lacks a file that is on the portal")
        kept.symlink_to("/etc/passwd")
        assert browser.get(file).status == 503


def test_it_stops_at_once_even_while_somebody_downloads(office: PortalOffice) -> None:
    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
        file = file_links(browser.get("/acme-bv/").text)[0]
        with closing(socket.create_connection(("127.0.0.1", served.port), timeout=10)) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.sendall(f"GET {file} HTTP/1.1\r\nHost: x\r\nCookie: dossier={browser.cookies['dossier']}\r\n\r\n".encode())
            caller.recv(1000)
            before = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(timeout=10) == 0
            assert time.monotonic() - before < 8


def test_who_asks_for_a_link_while_no_daemon_runs_is_told_that_no_mail_goes_out(office: PortalOffice) -> None:
    with serve(office) as served:
        for address in ("j.jansen@acme.example", "nobody@acme.example"):
            asked = Browser(served.port).post("/_login", {"address": address}, accept_language="nl")
            assert (asked.status, "Er gaat nu geen mail uit" in asked.text, "onderweg" in asked.text) == (200, True, False)
            assert "Kijk in uw mail" not in asked.text
    with Served(office.root, free_port(), (), "desk") as served:
        asked = Browser(served.port).post("/_login", {"address": "m.devries@office.example"}, accept_language="nl")
        assert (asked.status, "dus er gaat nu geen mail uit" in asked.text, "onderweg" in asked.text) == (200, True, False)
        assert "Kijk in uw mail" not in asked.text


def test_what_can_not_be_listened_on_is_said_in_a_line(office: PortalOffice) -> None:
    root = Root(office.root)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = root.run("portal", "--port", str(taken.getsockname()[1]), code=4)
    assert "Address already in use; give another address (portal.host and portal.port in config/settings.yaml)" in done.stderr
    said = root.run("portal", "--host", "nowhere.invalid", code=4).stderr
    assert "Unknown error" not in said
    assert "; give another address (portal.host" in said
    (office.root / "portal.pem").write_text("no certificate")
    (office.root / "portal.key").write_text("no key")
    office.configure(settings=SETTINGS + "portal: {certificate: portal.pem, key: portal.key}\n")
    done = root.run("portal", "--port", "0", code=4)
    assert done.stderr.count("\n") == 1
    assert "it is not a certificate and its key" in done.stderr
    office.configure(settings=SETTINGS)
    (office.root / "config/settings.yaml").write_text(SETTINGS + "portal: {certificate: portal.pem}\n")
    done = root.run("portal", "--port", "0", code=3)
    assert "config/settings.yaml:3: portal: give both `certificate` and `key`, or neither" in done.stderr
    (office.root / "config/settings.yaml").write_text(SETTINGS + "desk: {key: portal.key}\n")
    done = root.run("desk", "--port", "0", code=3)
    assert "config/settings.yaml:3: desk: give both `certificate` and `key`, or neither" in done.stderr


def test_which_file_of_the_certificate_can_not_be_used_is_said_and_nobody_is_asked_for_a_password(office: PortalOffice) -> None:
    root, openssl = Root(office.root), need("openssl")
    made = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-passout",
        "pass:x",
        "-subj",
        "/CN=x",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run(made, check=True, capture_output=True, cwd=office.root)
    for certificate, key, said in (
        ("cert.pem", "key.pem", "key.pem: the key is encrypted"),
        ("cert.pem", "none.pem", "none.pem: No such file"),
        ("none.pem", "key.pem", "none.pem: No such file"),
        ("key.pem", "cert.pem", "key.pem: it is not a certificate and its key (PEM)"),
    ):
        office.configure(settings=f"{SETTINGS}portal: {{certificate: {certificate}, key: {key}}}\n")
        done = root.run("portal", "--port", "0", code=4)
        assert f"{office.root}/{said}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_who_starts_it_is_told_what_it_lacks(office: PortalOffice) -> None:
    with serve(office, "", "--host", "0.0.0.0") as served:
        wait_for(lambda: served.said("without TLS"), "it says that there is no TLS")
        wait_for(lambda: served.said("no daemon runs here"), "it says that no daemon runs")
    with serve(office) as served:
        assert not served.said("without TLS")


def test_a_contact_who_is_gone_is_out_although_the_paths_were_changed_too(office: PortalOffice) -> None:
    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
        assert browser.get("/acme-bv/").status == 200
        for text in ("paths: {portal: elsewhere}\n", "database: {url: 'sqlite:///var/other.db'}\n", "store: {region: eu}\n"):
            (office.root / "config/settings.yaml").write_text(SETTINGS + text)
            assert browser.get("/acme-bv/").status == 200
        gone = (office.root / "config/clients.yaml").read_text().replace("j.jansen@acme.example", "k.klaas@acme.example")
        (office.root / "config/clients.yaml").write_text(gone)
        assert browser.get("/acme-bv/").goes_to == "/_login?next=/acme-bv/"
        assert served.said("restart dossier (run, portal, desk) for that")


def test_a_configuration_that_is_kept_elsewhere_is_read_again_too(office: PortalOffice, tmp_path: Path) -> None:
    clients = office.root / "config/clients.yaml"
    clients.rename(tmp_path / "clients.yaml")
    clients.symlink_to(tmp_path / "clients.yaml")
    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
        assert browser.get("/acme-bv/").status == 200
        clients.write_text(clients.read_text().replace("language: en,", "language: en, active: false,"))
        assert browser.get("/acme-bv/").status == 303


def workers_of(served: Served) -> set[int]:
    pid = served.process.pid
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def is_there(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_several_processes_answer_and_one_that_dies_is_started_again(office: PortalOffice) -> None:
    with serve(office, "portal: {workers: 2}\n") as served:
        wait_for(lambda: len(workers_of(served)) == 2, "two processes answer")
        browser, before = Browser(served.port), workers_of(served)
        browser.post(link(office))
        os.kill(min(before), signal.SIGKILL)
        assert all(browser.get("/acme-bv/").status == 200 for _ in range(10))  # a login holds in each of them
        wait_for(lambda: len(workers_of(served)) == 2 and min(before) not in workers_of(served), "there are two again")
        assert served.said("it is started again")
        began = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(10) == 0
        assert time.monotonic() - began < 5
    assert served.log().count("stopped serving") == 1


def test_no_process_goes_on_answering_without_the_first(office: PortalOffice) -> None:
    served = serve(office, "portal: {workers: 2}\n").__enter__()
    wait_for(lambda: len(workers_of(served)) == 2, "two processes answer")
    others = workers_of(served)
    served.process.kill()
    served.process.wait()
    wait_for(lambda: not any(map(is_there, others)), "they stop too")


def test_no_more_callers_are_let_in_than_there_is_room_for(office: PortalOffice) -> None:
    with serve(office, "portal: {workers: 1}\n") as served:
        sources = [(f"127.0.0.{2 + number // 92}", 0) for number in range(460)]  # more than one address may have
        callers = [socket.create_connection(("127.0.0.1", served.port), timeout=20, source_address=one) for one in sources]
        try:
            assert callers[-1].recv(1) == b""  # cut off
            callers[420].sendall(b"GET /_login HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 503 " in callers[420].recv(1000)
        finally:
            for caller in callers:
                caller.close()
        wait_for(lambda: Browser(served.port).get("/_login").status == 200, "there is room again")


def test_a_session_holds_over_a_restart(office: PortalOffice) -> None:
    with serve(office) as served:
        browser = Browser(served.port)
        browser.post(link(office))
    with serve(office) as served:
        browser.port = served.port
        assert browser.get("/acme-bv/").status == 200
    assert LoginSession.select().count() == 1
