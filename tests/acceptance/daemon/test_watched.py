"""The daemon is watched from outside: Prometheus, a health check, systemd, somebody at a terminal."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from kit.support import DOSSIER, PDF, SETTINGS, Root, free_port, wait_for
from prometheus_client.parser import text_string_to_metric_families

PACKAGING = Path(__file__).parents[3] / "packaging"
CONCEPT = "description: Annual accounts\nshare: yes\nshare_status: concept\nshare_attachments: all\ncreated_by: p.bakker\n"


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def _numbers(port: int) -> dict[str, float]:
    status, text = _get(port, "/metrics")
    assert status == 200
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_the_daemon_tells_prometheus_what_it_did_and_what_waits(root: Root) -> None:
    port = free_port()
    root.set("settings", f"{SETTINGS}metrics: {{port: {port}}}\n")
    root.drop("whole", CONCEPT, whole_pdf=PDF)
    root.drop("wrong", "description: short\ncreated_by: p.bakker\n")
    root.drop("half", "description: Something is missing\nattachments: [gone.pdf]\ncreated_by: p.bakker\n")
    with root.daemon():
        wait_for(lambda: root.receipt("whole") and root.why("wrong"), "both are decided")
        wait_for(lambda: _numbers(port)["dossier_take_seconds_count"] == 2, "both are counted")
        assert _get(port, "/healthz") == (200, "ok\n")
        assert _get(port, "/else")[0] == 404
        found = _numbers(port)
        text = _get(port, "/metrics")[1]
    assert (found["dossier_drops_total taken"], found["dossier_drops_total refused"]) == (1, 1)
    assert (found["dossier_waiting drop"], found["dossier_waiting concept"], found["dossier_waiting rejected"]) == (1, 1, 1)
    assert found["dossier_oldest_seconds drop"] >= 0
    assert found["dossier_take_seconds_sum"] > 0
    assert found["dossier_free_bytes vault"] > 0
    assert found["dossier_free_bytes var"] > 0
    assert not any(word in text for word in ("acme", "Annual", "bakker", "gone.pdf"))
    _is_shown_by_what_is_shipped(text)


@pytest.mark.sqlite
def test_the_health_check_says_no_while_the_database_can_not_be_used(root: Root) -> None:
    port = free_port()
    root.set("settings", f"{SETTINGS}metrics: {{port: {port}}}\n")
    with root.daemon():
        wait_for(lambda: _get(port, "/healthz")[0] == 200, "it is well")
        with closing(sqlite3.connect(root.path / "var/dossier.db", isolation_level=None)) as database:
            database.execute("ALTER TABLE item RENAME TO away")
            try:
                _, words = wait_for(lambda: (found := _get(port, "/healthz"))[0] == 503 and found, "it is not well")
                assert "database" in words
                found = _numbers(port)
                assert found["dossier_drops_total taken"] == 0
                assert "dossier_alarms" not in found, "by this the rule DossierNoDatabase knows it"
            finally:
                database.execute("ALTER TABLE away RENAME TO item")
        wait_for(lambda: _get(port, "/healthz")[0] == 200, "it is well again")


def test_an_address_for_metrics_that_is_taken_is_told_and_keeps_nothing_from_being_taken(root: Root) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        root.set("settings", f"{SETTINGS}metrics: {{port: {port}}}\n")
        root.drop("first", CONCEPT, first_pdf=PDF)
        with root.daemon() as daemon:
            wait_for(lambda: root.receipt("first"), "the drop is taken")
            assert f"127.0.0.1:{port}" in daemon.log()

            def told() -> list[str]:
                return [alarm for alarm in root.json("status")["alarms"] if "metrics.port" in alarm]

            wait_for(told, "status tells it")
            assert "metrics.port" in root.run("doctor", code=None).stdout
            taken.close()
            wait_for(lambda: not told(), "it is over")
            assert _get(port, "/healthz") == (200, "ok\n")


def test_an_alarm_about_metrics_ends_when_they_are_not_asked_for_any_more(root: Root) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        root.set("settings", f"{SETTINGS}metrics: {{port: {taken.getsockname()[1]}}}\n")
        with root.daemon():
            wait_for(lambda: root.json("status")["alarms"], "status tells it")
        assert root.json("status")["alarms"]
        root.set("settings", SETTINGS)
        with root.daemon():
            wait_for(lambda: not root.json("status")["alarms"], "it is over")


def test_systemd_is_told_that_the_daemon_is_ready_works_and_stops(root: Root, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        root.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        with root.daemon():
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
        heard = b""
        while b"STOPPING=1" not in heard:
            heard = systemd.recv(100)


def test_status_on_a_terminal_is_shown_again_when_something_came(root: Root) -> None:
    (root.path / "inbox/acme-bv").mkdir()
    root.run("status", "--watch", code=2)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [DOSSIER, "--root", root.path, "status", "--watch"], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, **root.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""

    def shows(words: bytes) -> bool:
        nonlocal seen
        seen += os.read(ours, 65536)
        return words in seen

    try:
        wait_for(lambda: shows(b"0  wait in the inbox"), "the first look")
        root.drop("half", "description: Something is missing\nattachments: [gone.pdf]\n")
        wait_for(lambda: shows(b"1  waits in the inbox"), "the next look")
    finally:
        process.terminate()
        process.wait(10)
        os.close(ours)


def _named_in(text: str) -> set[str]:
    return set(re.findall(r"\bdossier_\w+", text))


def _is_shown_by_what_is_shipped(text: str) -> None:
    """Every metric that the dashboard and the alert rules name is there, with the labels that they ask for; and they name them all."""
    there = {sample.name: sample.labels for family in text_string_to_metric_families(text) for sample in family.samples}
    board = json.loads((PACKAGING / "grafana/dossier.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((PACKAGING / "prometheus/dossier.rules.yml").read_text())["groups"][0]["rules"]
    for name in _named_in(" ".join([*asked, *(rule["expr"] for rule in rules), board["templating"]["list"][1]["query"]])):
        assert name in there, name
    assert {name for name in there if not name.endswith("_created")} <= _named_in(" ".join(asked)), "the dashboard shows them all"
    samples = {
        (sample.name, *sample.labels.items()) for family in text_string_to_metric_families(text) for sample in family.samples
    }
    for name, label, value in re.findall(
        r'(dossier_\w+)\{[^}]*?(\w+)="(\w+)"', " ".join([*asked, *(rule["expr"] for rule in rules)])
    ):
        assert (name, (label, value)) in samples, (name, label, value)
    for panel in board["panels"]:
        for label in re.findall(r"\{\{(\w+)\}\}", " ".join(target["legendFormat"] for target in panel["targets"])):
            assert all(label in there[name] for name in _named_in(" ".join(target["expr"] for target in panel["targets"])))
    documented = _named_in((PACKAGING.parent / "docs/operations.md").read_text())
    assert {re.sub(r"_(sum|count)$", "", name) for name in there if name != "dossier_info"} <= {
        re.sub(r"_(sum|count)$", "", name) for name in documented
    }
