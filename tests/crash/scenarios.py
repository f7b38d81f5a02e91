"""What is interrupted: each scenario is an office with something to do for the daemon."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.folders import OTHER_FILE_SYSTEM
from office import daemon_once, drop, make, number, picture, run, sidecar
from tracer import run_plain


@dataclass
class Work:
    """An office that a scenario is played in."""

    root: Path
    inbox: Path
    dropped: list[bytes] = field(default_factory=list)
    """What was put in the inbox, ever."""

    def put(self, client: str, files: dict[str, bytes | str]) -> None:
        drop(self.inbox / client, files)
        self.dropped += [data if isinstance(data, bytes) else data.encode() for data in files.values()]

    def daemon(self) -> None:
        """Let the daemon do all there is to do."""
        code = run_plain(lambda: daemon_once(self.root))
        assert code == 0, (self.root / "out.txt").read_text()[-2000:]

    def command(self, *arguments: str) -> None:
        code = run_plain(lambda: run(self.root, *arguments))
        assert code == 0, (self.root / "out.txt").read_text()[-2000:]

    def number(self, which: int) -> str:
        """The number of the first, second… item of the office."""
        return number(self.picture()["items"][which - 1][0])

    def picture(self) -> dict[str, Any]:
        return picture(self.root, self.inbox)


@dataclass(frozen=True)
class Scenario:
    """`before` is done once and kept; `then` is done anew for each kill, and leaves the daemon something to do."""

    name: str
    title: str
    before: Callable[[Work], None]
    then: Callable[[Work], None]
    elsewhere: bool = False
    """The inbox is on another file system than the vault."""
    settings: str = ""
    first: bool = False
    """The daemon has never run in this office."""

    def begin(self, folder: Path) -> Work:
        """A fresh office, `before` done."""
        inbox = Path(tempfile.mkdtemp(prefix="dossier-crash-", dir=OTHER_FILE_SYSTEM)) if self.elsewhere else folder / "inbox"
        work = Work(folder, inbox)
        make(folder, inbox if self.elsewhere else None)
        if self.settings:
            with open(folder / "config" / "settings.yaml", "a") as settings:
                settings.write(self.settings)
        if not self.first:
            work.daemon()
        self.before(work)
        return work

    def again(self, template: Work, folder: Path) -> Work:
        """A copy of `template`, `then` done."""
        shutil.copytree(template.root, folder, symlinks=True)
        inbox = folder / "inbox"
        if self.elsewhere:
            inbox = Path(tempfile.mkdtemp(prefix="dossier-crash-", dir=OTHER_FILE_SYSTEM))
            shutil.copytree(template.inbox, inbox, dirs_exist_ok=True)
            settings = folder / "config" / "settings.yaml"
            settings.write_text(settings.read_text().replace(str(template.inbox), str(inbox)))
        work = Work(folder, inbox, list(template.dropped))
        self.then(work)
        return work


def _pdf(word: str) -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n% " + word.encode() + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _nothing(_: Work) -> None:
    pass


def _taken(work: Work) -> None:
    work.put("acme-bv", {
        "letter.pdf": _pdf("letter"), "sheet.csv": b"a;b\n1;2\n",
        "report.yaml": sidecar("Report of the year 2025", attachments=["letter.pdf", "sheet.csv"]),
    })  # fmt: skip


def _shared(work: Work) -> None:
    card = sidecar(
        "Annual accounts 2025", share=True, share_status="approved", notify=True, contact="j.jansen", created_by="m.devries"
    )
    work.put("acme-bv", {"accounts.pdf": _pdf("accounts"), "accounts.xml": b"<a/>", "accounts.yaml": card})


def _shared_quietly(work: Work) -> None:
    """As _shared, without a mail, which would be tried again at a time of its own."""
    card = sidecar("Annual accounts 2025", share=True, share_status="approved", created_by="m.devries")
    work.put("acme-bv", {"accounts.pdf": _pdf("accounts"), "accounts.xml": b"<a/>", "accounts.yaml": card})


def _concept(work: Work) -> None:
    card = sidecar("Annual accounts 2025", share=True, share_status="concept", approver="m.devries")
    work.put("acme-bv", {"accounts.pdf": _pdf("accounts"), "accounts.yaml": card})


def _refused(work: Work) -> None:
    work.put(
        "acme-bv", {"odd.pdf": _pdf("odd"), "odd.csv": b"1;2\n", "odd.yaml": sidecar("Something odd here", status="upside down")}
    )


def _folder(work: Work) -> None:
    work.put("acme-bv", {
        "vat-2026/item.yaml": sidecar("VAT return of 2026, third quarter"), "vat-2026/vat.pdf": _pdf("vat"), "vat-2026/b.csv": b"1;2\n",
    })  # fmt: skip


def _folder_refused(work: Work) -> None:
    work.put("acme-bv", {
        "vat-2026/item.yaml": sidecar("VAT return of 2026", expires="never"), "vat-2026/vat.pdf": _pdf("vat"), "vat-2026/b.csv": b"1;2\n",
    })  # fmt: skip


def _then_refused_again(work: Work) -> None:
    """A refused folder drop comes back, with its WHY.txt, corrected."""
    rejected = next((work.inbox / "acme-bv" / "_rejected").iterdir())
    rejected.rename(work.inbox / "acme-bv" / "vat-again")
    work.put("acme-bv", {"vat-again/item.yaml": sidecar("VAT return of 2026, third quarter")})
    work.dropped = [data for data in work.dropped if b"expires" not in data]


def _amended(work: Work) -> None:
    card = sidecar(
        "Annual accounts 2025, corrected", item=work.number(1), attachments=["accounts.pdf", "note.txt"],
        remove=["accounts.xml"], created_by="m.devries",
    )  # fmt: skip
    work.put("acme-bv", {"accounts.pdf": _pdf("accounts, corrected"), "note.txt": b"a note\n", "correction.yaml": card})


def _done(*steps: Callable[[Work], None]) -> Callable[[Work], None]:
    def play(work: Work) -> None:
        for step in steps:
            step(work)
        work.daemon()

    return play


def _decided(work: Work) -> None:
    path = next((work.root / "var" / "queue" / "m.devries").glob("D-*.yaml"))
    path.write_text(path.read_text().replace("decision:\n", "decision: approve\n", 1))


def _withdrawn(work: Work) -> None:
    work.command("--as", "m.devries", "withdraw", work.number(1), "--reason", "sent to the wrong client")


def _off(work: Work) -> None:
    clients = work.root / "config" / "clients.yaml"
    clients.write_text(clients.read_text().replace("name: Acme B.V.\n", "name: Acme B.V.\n    portal: false\n"))


def _loose(work: Work) -> None:
    work.put("zon", {"payslip.pdf": _pdf("payslip")})


def _many(work: Work) -> None:
    for one in range(6):
        work.put("zon", {f"m{one}.pdf": _pdf(f"m{one}"), f"m{one}.yaml": sidecar(f"One of many, number {one}")})
        shared = sidecar(f"One of many, shared {one}", share=True, share_status="approved", created_by="m.devries")
        work.put("acme-bv", {f"s{one}.pdf": _pdf(f"s{one}"), f"s{one}.yaml": shared})
    for step in (_taken, _refused, _folder, _folder_refused_elsewhere):
        step(work)
    work.put("zon", {"twin.pdf": _pdf("m1"), "twin.yaml": sidecar("One of many, number 1")})


def _folder_refused_elsewhere(work: Work) -> None:
    work.put("zon", {"bad/item.yaml": sidecar("Bad"), "bad/bad.pdf": _pdf("bad")})


def _publishing(work: Work) -> None:
    """New, replaced and withdrawn, in one round."""
    _amended(work)
    second = sidecar("A second one, shared", share=True, share_status="approved", created_by="m.devries")
    work.put("acme-bv", {"second.pdf": _pdf("second"), "second.yaml": second})
    work.command("--as", "m.devries", "withdraw", work.number(2), "--reason", "a mistake")


def _also_shared(work: Work) -> None:
    card = sidecar("Another one, to be withdrawn", share=True, share_status="approved", created_by="m.devries")
    work.put("acme-bv", {"other.pdf": _pdf("other"), "other.yaml": card})


SCENARIOS = [
    Scenario("first", "The very first start of an office, with a drop waiting", _nothing, _taken, first=True),
    Scenario("taken", "A drop is taken", _nothing, _taken),
    Scenario("shared", "A drop is taken, published and its contact told", _nothing, _shared),
    Scenario("refused", "A drop is refused", _nothing, _refused),
    Scenario("folder", "A folder drop is taken", _nothing, _folder),
    Scenario("folder-refused", "A folder drop is refused", _nothing, _folder_refused),
    Scenario("folder-again", "A refused folder drop comes back, corrected", _done(_folder_refused), _then_refused_again),
    Scenario("amended", "An amendment is taken and replaces what is on the portal", _done(_shared_quietly), _amended),
    Scenario("duplicate", "A drop comes a second time", _done(_taken), _taken),
    Scenario("loose", "A file without a sidecar is taken", _nothing, _loose, settings="intake: {without_sidecar: create, create_after_seconds: 0}\n"),
    Scenario("elsewhere", "A drop is taken from an inbox on another file system", _nothing, _taken, elsewhere=True),
    Scenario("elsewhere-refused", "A drop is refused on another file system", _nothing, _folder_refused, elsewhere=True),
    Scenario("concept", "A concept is laid before its approver", _nothing, _concept),
    Scenario("approved", "A queue file is decided, and the item published", _done(_concept), _decided),
    Scenario("withdrawn", "An item is withdrawn", _done(_shared_quietly), _withdrawn),
    Scenario("off", "A client loses the portal", _done(_shared_quietly, _also_shared), _off),
    Scenario("publishing", "New, replaced and withdrawn in one round", _done(_shared_quietly, _also_shared), _publishing),
    Scenario("batch", "Drops of every kind in one batch", _nothing, _many),
]  # fmt: skip

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
