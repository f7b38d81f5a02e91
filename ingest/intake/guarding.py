"""The wrong-client guard between receive and commit: what is to be shared is searched first.

Reading begins while other files are still being copied. A drop whose file takes long to read stays
in the inbox for the next look, so that it holds up no other; by then it may have been read. Nothing
here is kept on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dossier.database.tables import item_key
from dossier.office import people
from dossier.office.office import Office
from dossier.text import system
from dossier.text.sentences import Sentence
from dossier.vault.folder import Vault
from ingest.intake.candidate import Candidate, changes_of, files_of
from workflow.guard.at_a_glance import FileText
from workflow.guard.screening import PATIENCE_SECONDS, Screen
from workflow.items import amending, suspicion
from workflow.items.items import shown_to_client
from workflow.items.rules import chosen
from workflow.items.suspicion import NewToClient


class GuardOfIntake:
    """The guard for intake. `patient`: there is no next look; wait to the end."""

    def __init__(self, vault: Vault, patient: bool = False) -> None:
        self._vault = vault
        self.screen = Screen()
        self._patience = None if patient else PATIENCE_SECONDS

    def begin(self, office: Office, drop: Candidate, texts: Mapping[str, FileText]) -> None:
        """Start to read what was received. `texts`: by SHA-256, read already. OSError."""
        if not suspicion.is_on(office) or not may_share(drop):
            return
        for file, place in zip(files_of(drop), drop.places, strict=True):
            if drop.amends or chosen(office, file.share):
                self.screen.begin(office, place, file.name, file.sha256, texts.get(file.sha256))

    def judge(
        self, office: Office, now: datetime, drops: Sequence[Candidate], trouble: dict[str, Sentence]
    ) -> tuple[list[Candidate], list[Candidate]]:
        """Say what was found, and make concepts of what is held or doubtful; (those, waiting ones).

        `trouble` gets what keeps a client's files from being read.
        """
        shared, unreadable = dict[int, NewToClient](), set[int]()
        for drop in drops if suspicion.is_on(office) else ():
            try:
                shared[id(drop)] = self._shared(office, now, drop) if may_share(drop) else NewToClient()
            except OSError as error:
                trouble[drop.found.client] = system.whole(error)
                unreadable.add(id(drop))
        late = self.screen.wait([one for new in shared.values() for one in (*new.files, *new.kept())], self._patience)
        judged, left = list[Candidate](), list[Candidate]()
        for drop in drops:
            new = shared.get(id(drop), NewToClient())
            if id(drop) in unreadable or any(sha256 in late for _, sha256 in (*new.files, *new.kept())):
                left.append(drop)
                continue
            judged.append(drop)
            drop.screened = self.screen.verdict(office, drop.found.client, new)
            if drop.draft is not None:
                drop.doubts = drop.doubts if _is_outright(drop) else []
            found = suspicion.warnings(office, drop.found.client, drop.screened, bool(drop.doubts))
            drop.warnings = [*drop.noticed, *suspicion.for_reader(found, people.readable_clients(office, drop.actor.code))]
            if drop.draft is not None and (drop.doubts or suspicion.holds(office, drop.screened)):
                drop.draft = suspicion.held(office, drop.draft, drop.screened)
        self.screen.forget_old()
        return judged, left

    def _shared(self, office: Office, now: datetime, drop: Candidate) -> NewToClient:
        """What this drop would share outright; being read, or read."""
        if drop.draft is not None:
            files = [file._replace(share=chosen(office, file.share)) for file in files_of(drop)]
            return suspicion.new_to_client(shown_to_client(drop.draft, files))
        assert drop.amends is not None
        assert drop.wish is not None
        changes = amending.still_to_do(item_key(drop.amends), changes_of(drop))  # it may be one that was made before
        shared = amending.would_share(office, now, drop.actor, item_key(drop.amends), drop.wish, changes)
        brought = {file.sha256 for file in changes.put}
        for name, sha256 in shared.files:
            if sha256 not in brought:
                self.screen.begin_kept(office, self._vault, name, sha256)
        self.screen.begin_known(office, self._vault, shared)
        return shared

    def close(self) -> None:
        self.screen.close()


def may_share(drop: Candidate) -> bool:
    """True if this drop could share something outright."""
    if drop.faults:
        return False
    if drop.amends is not None:
        return drop.wish is not None and drop.wish.share is not False
    return _is_outright(drop)


def _is_outright(drop: Candidate) -> bool:
    return drop.draft is not None and drop.draft.share and drop.draft.share_status == "approved"
