"""The wrong-client guard at work: texts, names of clients, and earlier findings, by SHA-256.

Reading begins when a file comes in and goes on beside whatever is done with it; the verdict is
asked for before the transaction that shares it. A file that takes long holds up nobody else:
whoever waits is told which are not read yet, and asks again later. What is found is kept in memory,
for the configuration it was found with.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

import structlog

from dossier.files import files
from dossier.office.office import Office
from dossier.text.names import extension
from dossier.text.sentences import Sentence
from dossier.vault.folder import Vault
from workflow.guard.at_a_glance import FileText
from workflow.guard.directory import ClientNames, Mention
from workflow.guard.texts import Texts
from workflow.items.suspicion import GuardFinding, NewToClient, Screened, Unread
from workflow.messages import firm

log = structlog.get_logger("guard")

PATIENCE_SECONDS = 1.5
"""When nothing more was read for so long, what is still being read is left for later."""

GLANCE_SECONDS = 0.25
"""How soon it is seen that the process is to end."""

KEPT = 2_000
"""Readings that are remembered from one batch to the next; each is a kilobyte or two."""

TAKEN_CHARACTERS, TAKEN_FILES = 20_000_000, 10_000
"""So much of what was read is remembered to search in; each file is asked for once."""

Key = tuple[str, str]
"""SHA-256, and the extension: it says how the bytes are read."""


@dataclass(frozen=True, slots=True)
class FileMentions:
    """Whom one file names, as far as it could be read."""

    mentions: tuple[Mention, ...] = ()
    unread: tuple[Sentence, ...] = ()
    failure: Sentence | None = None
    """Why nobody knows what else it says, though it can be read."""


FAILED = FileMentions(failure=Sentence("guard.reader_ended"))


class Screen:
    """Searches files for clients. Any thread may use it."""

    def __init__(self) -> None:
        self.texts = Texts()
        self._taken, self._characters = OrderedDict[str, str](), 0
        self._lock = threading.Lock()
        self._office: Office | None = None
        self._directory: ClientNames | None = None
        self._readings: OrderedDict[Key, Future[FileMentions]] = OrderedDict()
        self._late: set[Future[FileMentions]] = set()

    def begin(self, office: Office, path: str | Path, name: str, sha256: str, text: FileText | None = None) -> None:
        """Start to read the file at `path`, if it wasn't read before; `text`: it was, just now.

        It may be moved or removed meanwhile. Raises OSError.
        """
        key = (sha256, extension(name))
        with self._lock:
            self._use(office)
            if key in self._readings:
                return
            reading = self._readings[key] = Future[FileMentions]()
            if text is not None and not text.text:
                self._keep_taken(sha256, "")
                reading.set_result(FileMentions((), text.unread, text.failure))
                return
        try:
            with_ocr = office.settings.sharing.guard_ocr == "tesseract"
            self.texts.begin(path, name, text, with_ocr).add_done_callback(
                lambda text: self._search(office, text, reading, sha256)
            )
        except BaseException:
            with self._lock:
                self._readings.pop(key, None)
            reading.set_result(FAILED)
            raise

    def begin_kept(self, office: Office, vault: Vault, name: str, sha256: str) -> None:
        """As `begin`, a file of the vault."""
        with self._lock:
            if office is self._office and (sha256, extension(name)) in self._readings:
                return
        with vault.local(sha256) as path:
            self.begin(office, path, name, sha256)

    def _search(self, office: Office, taken: Future[FileText], reading: Future[FileMentions], sha256: str) -> None:
        """Look for clients in a text that has come."""
        try:
            text = taken.result()
            with self._lock:
                self._keep_taken(sha256, text.text)
            mentions = self._known(office).mentions(text.text) if text.text else ()
            reading.set_result(FileMentions(mentions, text.unread, text.failure))
        except BaseException as error:  # noqa: BLE001 - whoever waits must get an answer; cancelled when the daemon ends
            log.warning("a text could not be searched", error=f"{type(error).__name__}: {error}")
            reading.set_result(FAILED)

    def _keep_taken(self, sha256: str, text: str) -> None:
        """Remember a text, and forget the oldest if there are too many. Under the lock."""
        self._characters += len(text) - len(self._taken.pop(sha256, ""))
        self._taken[sha256] = text
        while self._characters > TAKEN_CHARACTERS or len(self._taken) > TAKEN_FILES:
            self._characters -= len(self._taken.popitem(last=False)[1])

    def has_text(self, sha256: str) -> bool:
        """True if `take_text` has an answer."""
        with self._lock:
            return sha256 in self._taken

    def take_text(self, sha256: str) -> str | None:
        """What the file with this SHA-256 says, if read lately; it is not remembered any longer."""
        with self._lock:
            text = self._taken.pop(sha256, None)
            self._characters -= len(text or "")
            return text

    def take_texts(self, hashes: Collection[str]) -> dict[str, str] | None:
        """The same of the files of an item, by SHA-256; None if one of them was not read lately."""
        with self._lock:
            if not all(sha256 in self._taken for sha256 in hashes):
                return None
            found = {sha256: self._taken.pop(sha256) for sha256 in dict.fromkeys(hashes)}
            self._characters -= sum(map(len, found.values()))
            return found

    def _use(self, office: Office) -> None:
        """Forget what was found with another configuration. Under the lock."""
        if office is not self._office:
            self._office, self._directory = office, None
            self._readings.clear()

    def _known(self, office: Office) -> ClientNames:
        with self._lock:
            if office is self._office and self._directory is not None:
                return self._directory
            own = (firm.name_of(office), parseaddr(office.settings.mail.sender)[0])
            directory = ClientNames(office.clients, own)
            if office is self._office:
                self._directory = directory
                for client, identifier in directory.unsearchable:
                    log.warning("an identifier is too short to be searched for", client=client, identifier=identifier)
            return directory

    def wait(self, attachments: Iterable[tuple[str, str]], patience: float | None = PATIENCE_SECONDS) -> set[str]:
        """Wait for readings of these (name, SHA-256); returns the SHA-256s not read yet.

        Gives up when nothing more was read for `patience` seconds (None: never), at once on what
        was given up before. Raises Interrupted.
        """
        with self._lock:
            readings = {sha256: self._readings.get((sha256, extension(name))) for name, sha256 in attachments}
        pending = {reading for reading in readings.values() if reading is not None and not reading.done()}
        since = time.monotonic()
        while pending and (patience is None or not pending <= self._late):
            done, pending = wait(pending, GLANCE_SECONDS, FIRST_COMPLETED)
            if files.stopping.is_set():
                raise files.Interrupted
            if done:
                since = time.monotonic()
            elif patience is not None and time.monotonic() - since > patience:
                break
        self._late = {reading for reading in (*self._late, *pending) if not reading.done()}
        return {sha256 for sha256, reading in readings.items() if reading in pending}

    def verdict(self, office: Office, client: str, new: NewToClient) -> Screened:
        """What was found in this of an item of `client`; a file that was not read is not `seen`.

        What a file is called is a finding where it does not name that client itself, and what is
        said beside the files where nothing else does.
        """
        if not new:
            return Screened()
        with self._lock:
            self._use(office)
        directory, named = self._known(office), list[Mention]()
        seen, findings, unread = set(new.said), list[GuardFinding](), list[Unread]()
        for name, sha256 in (*new.files, *new.kept()):
            is_new, is_renamed = (name, sha256) in new.files, (name, sha256) in new.renamed
            with self._lock:
                reading = self._readings.get((sha256, extension(name)))
            found = reading.result() if reading is not None and reading.done() else None
            if is_new and found is None:
                continue
            seen.update([sha256] if is_new else [name] if is_renamed else ())
            found, called = found or FileMentions(), directory.mentions(name.rpartition(".")[0] or name)
            named += [*found.mentions, *called]
            unread += [Unread(name, sha256, why) for why in found.unread] if is_new else []
            if directory.names_own(found.mentions, client):
                unread += [Unread(name, sha256, found.failure)] if is_new and found.failure else []
                continue
            foreign = directory.foreign(found.mentions, client) if is_new else ()
            foreign = foreign or (directory.foreign(called, client) if is_new or is_renamed else ())
            if is_new and found.failure is not None and not foreign:
                findings.append(GuardFinding(name, sha256, failure=found.failure))
            if foreign:
                findings.append(_naming(name, sha256, foreign))
        for text in new.said:
            mentions = directory.mentions(text)
            if (foreign := directory.foreign(mentions, client)) and not directory.names_own([*named, *mentions], client):
                findings.append(_naming(text, "", foreign))
        return Screened(frozenset(seen), tuple(findings), tuple(unread))

    def clients_named(self, name: str, sha256: str) -> dict[str, Mention]:
        """The clients that a file names which was read, each with how: those first that it names by
        a number, and then surely."""
        with self._lock:
            reading = self._readings.get((sha256, extension(name)))
        mentions = reading.result().mentions if reading is not None and reading.done() else ()
        likeliest = sorted(mentions, key=lambda mention: (mention.kind != "number", not mention.sure, len(mention.clients)))
        found = dict[str, Mention]()
        for mention in likeliest:
            for code in sorted(mention.clients):
                found.setdefault(code, mention)
        return found

    def forget_old(self) -> None:
        """Remember the last KEPT that were read. Never what is being read: somebody waits for
        it."""
        with self._lock:
            old = list(self._readings)[: max(0, len(self._readings) - KEPT)]
            for key in old:
                if self._readings[key].done():
                    del self._readings[key]

    def begin_known(self, office: Office, vault: Vault, new: NewToClient) -> None:
        """As `begin_kept`, files that the client has beside what is new. What can't be got names
        nobody."""
        for name, sha256 in new.kept():
            try:
                self.begin_kept(office, vault, name, sha256)
            except OSError as error:
                log.warning("a file of the vault could not be searched", sha256=sha256, error=str(error))

    def screen(self, office: Office, vault: Vault, client: str, new: NewToClient) -> Screened:
        """Read these files of the vault to the end, and say what was found."""
        for name, sha256 in new.files:
            self.begin_kept(office, vault, name, sha256)
        self.begin_known(office, vault, new)
        self.wait([*new.files, *new.kept()], None)
        return self.verdict(office, client, new)

    def close(self) -> None:
        """End the processes that read."""
        self.texts.close()


def _naming(name: str, sha256: str, foreign: Iterable[Mention]) -> GuardFinding:
    foreign = tuple(foreign)
    clients = tuple(sorted({code for mention in foreign for code in mention.clients}))
    return GuardFinding(name, sha256, clients, ", ".join(dict.fromkeys(mention.words for mention in foreign[:5])))
