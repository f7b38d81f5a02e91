"""The demo office, started by `make run`: daemon, desk and portal, a mail catcher that prints
what it gets, and sample drops.

The first time the office lives through the year before this one (year.py), so that there is
something to find.

Promises: each sample is dropped once in the life of this office, however often the demo is
started (var/demo-placed remembers it; an office that starts anew, without var/, gets them
again). Ctrl-C, SIGTERM or a closed terminal stops everything within five seconds. If the daemon
ends by itself, so does the demo, with the daemon's exit code.
"""

from __future__ import annotations

import email
import email.message
import email.policy
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.text import clock
from workflow.portal_access import access, staff_access

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "demo" / "samples"
PLACED = ROOT / "var" / "demo-placed"
HOST, MAIL_PORT, PORTAL_PORT, DESK_PORT = "127.0.0.1", 2525, 8080, 8081
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 4.5
"""How long a part may take to stop before it is killed: they promise five seconds, and so does
the demo."""

SETTLE_SECONDS = 1.2
"""After so long the samples are whole to the daemon's first look, so their items get the numbers
that the README tells of."""

PATIENCE_SECONDS = 30.0
"""So long the desk and the portal may take to answer, and the samples to be taken, before the
guide is printed all the same."""

GUIDE = """
The demo office runs in {root}
{samples} Mail is caught on port {port} and printed here.

Open these in a browser. Each link logs in once, within {minutes} minutes; open the second in a private window.
  as Marieke, of the staff      {staff}
  as Karel, who approves        {approver}
  as Fatma, who is a client     {client}
Later, type one of these addresses at {desk} or {portal};
the mail with the link is printed here:
  m.devries@office.example, k.smit@office.example, fatma@bakkerijdezon.example

Or in another terminal, in this folder:
  .venv/bin/dossier items                       all items
  .venv/bin/dossier --as k.smit approve ITEM    or open var/queue/k.smit/ITEM.yaml, put
                                                approve behind `decision:` and save
  .venv/bin/dossier --as p.bakker new acme-bv FILE --description "My first item"
                                                or copy a file and NAME.yaml into inbox/acme-bv/;
                                                demo/samples/ has examples

Ctrl-C stops it. To begin again with an empty office: stop, rm -rf var inbox/*/_*, make run
"""


class MailPrinter:
    """Prints each mail as it comes: From, To, Subject, and the plain text part; none while
    `is_quiet`."""

    is_quiet = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        if self.is_quiet:
            return "250 caught"
        mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        body = mail.get_body(("plain",)) if isinstance(mail, email.message.EmailMessage) else None
        text = body.get_content().strip() if body else "(no plain text part)"
        head = "\n".join(f"{name + ':':9}{mail.get(name, '')}" for name in ("From", "To", "Subject"))
        say("\n" + textwrap.indent(f"{head}\n\n{text}", "  | ", lambda _: True) + "\n")
        return "250 caught"


def say(text: str) -> None:
    """Prints in one write, so that lines of the daemon don't come in between."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def catch_mail(printer: MailPrinter) -> Controller:
    """The mail catcher, started: on MAIL_PORT, or on any free port if that is taken."""
    # Tried out first: a controller whose port is taken says so only after five seconds.
    port = free_port(MAIL_PORT) or free_port(0)
    catcher = Controller(printer, hostname=HOST, port=port)
    catcher.start()
    return catcher


def make_year(environ: dict[str, str], printer: MailPrinter) -> None:
    """The year before this one, in an office that has nothing yet. Broken off, it has as much of
    it as was made."""
    if (ROOT / "var/dossier.db").exists():
        return
    say("The office lives through a year with twenty clients first; some seconds, once ...")
    printer.is_quiet = True
    subprocess.run([sys.executable, ROOT / "demo/year.py"], cwd=ROOT, env=environ, check=True, process_group=0)
    printer.is_quiet = False


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else 0; for 0 any free port."""
    try:
        with socket.create_server((HOST, wanted)) as server:
            return int(server.getsockname()[1])
    except OSError:
        return 0


def place_samples() -> int:
    """Puts every sample that this office has not had yet into the inbox, sidecars last; the
    number placed."""
    PLACED.parent.mkdir(exist_ok=True)
    known = set(PLACED.read_text(encoding="utf-8").splitlines()) if PLACED.exists() else set()
    entries = [entry for client in SAMPLES.iterdir() for entry in client.iterdir() if not entry.name.startswith(".")]
    placed = 0
    for entry in sorted(entries, key=lambda entry: (entry.suffix == ".yaml", entry)):
        name = str(entry.relative_to(SAMPLES))
        if name not in known:
            place(entry, ROOT / "inbox" / entry.parent.name, name)
            placed += 1
    return placed


def place(entry: Path, inbox: Path, name: str) -> None:
    """One file or folder, under a hidden name until it is whole; what is there already stays."""
    inbox.mkdir(parents=True, exist_ok=True)
    hidden, target = inbox / f".{entry.name}", inbox / entry.name
    if entry.is_dir():
        shutil.copytree(entry, hidden, dirs_exist_ok=True)
        point_to_schema(hidden / "item.yaml")
    else:
        shutil.copyfile(entry, hidden)
        if entry.suffix == ".yaml":
            point_to_schema(hidden)
    # Remembered first: killed here, a sample is missing, which is better than a sample that comes
    # twice.
    with PLACED.open("a", encoding="utf-8") as record:
        record.write(name + "\n")
    if not target.exists():
        hidden.rename(target)
    elif hidden.is_dir():
        shutil.rmtree(hidden)
    else:
        hidden.unlink()


def point_to_schema(sidecar: Path) -> None:
    """The inbox lies a folder higher than the samples: mends the path by which an editor finds
    the schema."""
    text = sidecar.read_text(encoding="utf-8")
    sidecar.write_text(text.replace("$schema=../", "$schema=", 1), encoding="utf-8")


def start(environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """`dossier` on the checkout, in a process group of its own: Ctrl-C is for the demo, which
    passes it on."""
    command = Path(sys.executable).with_name("dossier")
    if not command.exists():
        sys.exit(f"There is no {command}; run: make setup")
    return subprocess.Popen([command, *arguments], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, process_group=0)


def is_ready(ports: Iterable[int]) -> bool:
    """True when somebody listens on each port and no sample lies in the inbox any more."""
    for port in ports:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            return False
    return not any((ROOT / "inbox" / name).exists() for name in PLACED.read_text(encoding="utf-8").splitlines())


def links(environ: dict[str, str]) -> dict[str, str]:
    """A link for Marieke, for Karel and for Fatma of the bakery, as the mails to them would have
    it."""
    office, now = load_office(ROOT, environ), clock.utc_now()
    open_database(office)
    try:

        def of_staff(code: str) -> str:
            return staff_access.new_link(office, now, code, office.staff[code].email, "/")

        return {
            "staff": of_staff("m.devries"),
            "approver": of_staff("k.smit"),
            "client": access.new_link(office, now, "fatma@bakkerijdezon.example", "/", "nl"),
        }
    finally:
        close_database()


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ends the daemon, the desk and the portal, politely first."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            say("A part of it did not stop in time and was killed; nothing is lost, the next start goes on.")


def main() -> int:
    def interrupted(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupted)
    catcher = None
    running: list[subprocess.Popen[bytes]] = []
    try:
        printer = MailPrinter()
        catcher = catch_mail(printer)
        portal_port, desk_port = (free_port(wanted) or free_port(0) for wanted in (PORTAL_PORT, DESK_PORT))
        portal, desk = f"http://localhost:{portal_port}", f"http://localhost:{desk_port}"
        environ = {
            **os.environ, "DOSSIER_ROOT": str(ROOT), "DOSSIER_MAIL__HOST": HOST, "DOSSIER_MAIL__PORT": str(catcher.port),
            "DOSSIER_PORTAL__BASE_URL": portal, "DOSSIER_DESK__BASE_URL": desk,
        }  # fmt: skip
        make_year(environ, printer)
        placed = place_samples()
        if placed:
            time.sleep(SETTLE_SECONDS)
        daemon = start(environ, "run", "--log", "human")
        running.append(daemon)
        running.append(start(environ, "portal", "--port", str(portal_port), "--log", "human"))
        running.append(start(environ, "desk", "--port", str(desk_port), "--log", "human"))
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_ready((portal_port, desk_port)) and daemon.poll() is None and time.monotonic() < until:
            time.sleep(0.2)
        if daemon.poll() is None:
            samples = (
                "Six sample drops were put into the inbox, on top of last year's items."
                if placed
                else "The samples were dropped at an earlier start."
            )
            say(GUIDE.format(
                root=ROOT, port=catcher.port, samples=samples, minutes=access.LINK_MINUTES, portal=portal, desk=desk, **links(environ)
            ))  # fmt: skip
        ended = daemon.wait()
        say(f"The daemon ended by itself, with exit code {ended}; what it said is above.")
        return ended
    except KeyboardInterrupt:
        say("\nStopping ...")
        return 0
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        stop(running)
        if catcher is not None:
            catcher.stop()
        say("The demo office is stopped.")


if __name__ == "__main__":
    sys.exit(main())
