"""What the daemon would say of sidecars and folders, doing nothing: `dossier check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from dossier.files import files, settling
from dossier.office import presets
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import names, system
from dossier.text.sentences import Sentence, sentence, told
from dossier.text.yamltext import Fault
from ingest.inbox import listing, looking
from ingest.inbox.found import Found, NotTaken
from ingest.inbox.looking import Looker
from ingest.intake import kinds
from ingest.intake.judging import entries, judge
from ingest.intake.staying import Lying, lying
from ingest.sidecar.reading import Sidecar, read_sidecar, words_of


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong or waited for: `file:line: what`."""

    path: Path
    line: int
    what: Sentence | str
    sidecar: Sidecar | None = None

    def told(self, language: str) -> str:
        """In one line, with the words of whoever wrote the sidecar."""
        return f"{self.path}:{self.line}: {told(self.what, language, words_of(self.sidecar, language))}"


Told = Callable[[NotTaken], Sentence]
"""Why something waits, as it is told."""

Judged = Callable[[Found], Sequence[Fault]]
"""What forbids a drop that is all there. Raises OSError."""


def _plainly(one: NotTaken) -> Sentence:
    return one.reason


class Known(NamedTuple):
    """What an open database tells besides."""

    stays: Mapping[Lying, Sentence] = MappingProxyType({})
    """What the daemon found that the inbox does not let go (staying.recorded)."""
    why: Told = _plainly
    """Leftovers.pointing_back."""
    judged: Judged | None = None
    """foreseeing.faults; without it only the drop itself is judged."""


def check(office: Office, paths: Iterable[Path], may: Readable = ALL, known: Known = Known()) -> tuple[list[Remark], int]:
    """(what is wrong or waited for, in the order of `paths`; how many drops are good).

    A path in the inbox is judged as the daemon would; of a sidecar that lies elsewhere only the
    form can be. `may`: what the reader may know of; other clients are none.
    """
    findings: list[Remark] = []
    good = 0
    for path in paths:
        told, count = _check_path(office, path, may, known)
        findings += told
        good += count
    return findings, good


def place_of(path: Path) -> Path:
    """Where something lies; of a link, the link."""
    return path.resolve() if path.name in (".", "..", "") else path.parent.resolve() / path.name


def _check_path(office: Office, path: Path, may: Readable, known: Known) -> tuple[list[Remark], int]:
    inbox, where = office.inbox.resolve(), place_of(path)
    if where == inbox:
        clients, others = listing.clients_with_folders(office)
        others |= listing.never_sorted(office)
        told = [Remark(path / names.printable(name), 1, reason) for name, reason in others.items() if may.clients is None]
        results = [_check_client(office, client, path / client, None, known) for client in filter(may.has, clients)]
        return told + [line for lines, _ in results for line in lines], sum(count for _, count in results)
    parts = where.relative_to(inbox).parts if where.is_relative_to(inbox) else ()
    if parts and parts[0] == listing.UNSORTED and may.clients is None:
        return _check_unsorted(office, path, parts[1:]), 0
    if parts and may.clients is None and (reason := listing.clients_with_folders(office)[1].get(parts[0])):
        return [Remark(path, 1, reason)], 0
    if parts and not (parts[0] in office.clients and may.has(parts[0])):
        return [Remark(path, 1, sentence("inbox.no_client", client=parts[0]))], 0
    if len(parts) == 1:
        return _check_client(office, parts[0], path, None, known)
    if is_of_refused(office, parts, may):
        return _check_refused(office, path, parts[0]), 0
    if any(names.is_ignored(part) for part in parts[1:]):
        return [Remark(path, 1, sentence("inbox.never_taken"))], 0
    if parts:
        told, good = _check_client(office, parts[0], path.parents[len(parts) - 2], parts[1:], known)
        is_presets = len(parts) == 2 and path.is_dir() and presets.of_folder(office.settings, parts[1]) is not None
        if told or good or is_presets:
            return told, good
        return [Remark(path, 1, sentence("inbox.nobodys" if files.exists(path) else "inbox.gone_meanwhile"))], 0
    if path.is_dir():
        cards = _cards_in(path)
        told = [finding for card in cards for finding in _check_form(office, card)]
        return told, len(cards) - len({finding.path for finding in told})
    told = _check_form(office, path)
    return told, 0 if told else 1


def is_of_refused(office: Office, parts: Sequence[str], may: Readable) -> bool:
    """True of the way, from the inbox, to a refused drop's folder or a file in it, that they may
    know of."""
    is_refused = len(parts) > 2 and parts[1] == "_rejected" and parts[2] != listing.BIN
    return is_refused and may.has(parts[0]) and not listing.speaks_of(office, parts[0], parts[2], may.hidden_types)


def _check_unsorted(office: Office, path: Path, only: Sequence[str]) -> list[Remark]:
    """What has no client yet; of that what `only`, a name or a way to it, leads to."""
    lying = listing.unsorted(office)
    if not only:
        return [Remark(path / names.printable(name), 1, reason) for name, reason in lying.items()]
    return [Remark(path, 1, lying.get(only[0], sentence("inbox.never_taken")))]


def _cards_in(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if names.is_sidecar(entry.name) and entry.is_file())


def _check_refused(office: Office, path: Path, client: str) -> list[Remark]:
    """A refused drop, or its sidecar, maybe corrected by now: it is not taken from there."""
    cards = _cards_in(path) if path.is_dir() else [path] if names.is_sidecar(path.name) else []
    told = [finding for card in cards for finding in _check_form(office, card)]
    return told or [was_refused(office, path, client)]


def was_refused(office: Office, path: Path, client: str) -> Remark:
    """What to do about something in a refused drop's folder."""
    return Remark(path, 1, sentence("inbox.was_refused", folder=f"{office.inbox.name}/{client}"))


def _check_form(office: Office, path: Path) -> list[Remark]:
    """A sidecar that lies anywhere."""
    try:
        data, _ = files.read_plain(path, looking.SIDECAR_BYTES + 1)
    except OSError as error:
        return [Remark(path, 1, sentence("inbox.unreadable", why=system.why(error)))]
    sidecar, faults = read_sidecar(data, office.settings)
    return [Remark(path, max(1, fault.line), fault.message, sidecar) for fault in faults]


def _check_client(office: Office, client: str, place: Path, only: Sequence[str] | None, known: Known) -> tuple[list[Remark], int]:
    """A client's folder, or the drop that `only` (file, or folder and maybe file) is part of."""
    looker = Looker(office, at_once=True)
    view = looker.look(client, *settling.now())
    findings: list[Remark] = []
    good = 0
    for found in view.ready:
        if only is not None and not _is_part(found, only):
            continue
        lies = place / (found.folder or "") / names.printable(found.sidecar_name or found.stem)
        told = [Remark(lies, line, what, found.sidecar) for line, what in _check_drop(office, found, known.judged)]
        if (reason := known.stays.get(lying(found))) is not None:
            told.append(Remark(lies, 1, reason, found.sidecar))
        findings += told
        good += not told
    findings += [
        Remark(place.parent / one.path if one.path.startswith(f"{client}/") else Path(one.path), 1, _since(known.why(one), one))
        for one in [*view.waiting, *view.odd]
        if only is None or _is_about(one, only)
    ]
    return findings, good


def _is_part(found: Found, only: Sequence[str]) -> bool:
    """True if `only`, from the client's folder, goes with this drop, or the drop is in it."""
    here, folder = "/".join(only), f"{found.folder}/" if found.is_folder else found.folder or ""
    return any(f"{folder}{name}" == here or f"{folder}{name}".startswith(f"{here}/") for name in found.looks)


def _is_about(one: NotTaken, only: Sequence[str]) -> bool:
    here = "/".join(only)
    return any(name == here or name.startswith(f"{here}/") or here.startswith(f"{name}/") for name in one.names)


def _since(why: Sentence, one: NotTaken) -> Sentence:
    return sentence("inbox.since", why=why, since=f"{looking.at(one.since):%Y-%m-%d %H:%M}")


def _check_drop(office: Office, found: Found, judged: Judged | None) -> list[tuple[int, Sentence | str]]:
    """(line, what is wrong) for each fault of a drop that is all there."""
    try:
        faults = judge(office, found).faults if judged is None else judged(found)
    except OSError as error:
        return [(1, sentence("inbox.unreadable", why=system.why(error)))]
    line = found.sidecar.lines.get("attachments", 1) if found.sidecar else 1
    told = [(max(1, fault.line), fault.message) for fault in sorted(set(faults))]
    for name, _, digest, disk in entries(found):
        told += [(line, what) for what in _check_content(office, found.place(office.inbox) / disk, name, digest)]
    return told


def _check_content(office: Office, path: Path, name: str, digest: str | None) -> list[Sentence]:
    """What is wrong with an attachment's bytes."""
    limits = office.settings.intake
    try:
        reason = kinds.blocked(name, kinds.examine(name, path), limits.blocked_types, limits.macros)
        is_new = reason is not None and names.extension(name) not in limits.blocked_types
        found = [sentence("intake.of_file", file=names.printable(name), what=reason)] if is_new else []
        if digest and (other := files.hash_file(path)) != digest:
            found.append(sentence("intake.another_sha256", file=names.printable(name), sha256=other))
    except OSError as error:
        return [sentence("intake.unreadable", file=names.printable(name), why=system.why(error))]
    return found
