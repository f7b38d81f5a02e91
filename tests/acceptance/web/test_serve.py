"""`serve`: daemon, desk and portal in one command; what ends one of them leaves the others alone."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from kit.support import DOSSIER, PDF, free_port, new_office, wait_for


@pytest.mark.slow
def test_one_command_takes_drops_and_serves_both_sites_and_one_that_dies_is_started_again(tmp_path: Path) -> None:
    desk, portal = free_port(), free_port()
    root = new_office(tmp_path / "office")
    root.set(
        "settings",
        f"identity: {{trust_sidecar: true}}\nwatch: {{settle_seconds: 0.1, folder_settle_seconds: 0.1}}\ndesk: {{port: {desk}}}\nportal: {{port: {portal}}}\n",
    )
    log = tmp_path / "log"
    (tmp_path / "desk.py").write_text("raise SystemExit('a file of the folder was run')\n")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [DOSSIER, "--root", root.path, "serve"], stdout=out, stderr=out, env=root.whole_environ(), cwd=tmp_path
        )
    try:
        wait_for(lambda: "serving the desk" in log.read_text() and "serving the portal" in log.read_text(), "both serve")
        for port in (desk, portal):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_login", timeout=20) as answer:
                assert answer.status == 200
        root.place("acme-bv", {"a.pdf": PDF, "a.yaml": "created_by: p.bakker\ndescription: Annual accounts\n"})
        root.until_taken("acme-bv", "a")
        children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        assert len(children) == 3
        victim = next(pid for pid in children if b"desk\0--log" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: log.read_text().count("serving the desk") == 2, "the desk is back")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in children if pid != victim)
    finally:
        process.kill()
        process.wait()
