"""The wrong-client guard between receive and commit: what would be shared outright is searched first (CONTRACT section 4).

Reading begins while other files are still being copied. A drop whose file takes long to read stays in the inbox for the next
look, so that it holds up no other; by then it may have been read. Nothing here is kept on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dossier.database.tables import item_key
from dossier.office import people
from dossier.office.office import Office
from dossier.text import system
from dossier.text.sentences import Sentence, told
from dossier.vault.folder import Vault
from ingest.intake.candidate import Case, changes_of, files_of
from workflow.guard.at_a_glance import FileText
from workflow.guard.screening import PATIENCE_SECONDS, Screen
from workflow.items import amending, suspicion
from workflow.items.rules import chosen


class GuardOfIntake:
    """The guard for intake. `patient`: there is no next look; wait to the end."""

    def __init__(self, vault: Vault, patient: bool = False) -> None:
        self._vault = vault
        self.screen = Screen()
        self._patience = None if patient else PATIENCE_SECONDS

    def begin(self, office: Office, case: Case, texts: Mapping[str, FileText]) -> None:
        """Start to read what was received. `texts`: by SHA-256, of files that are read already. Raises OSError."""
        if not suspicion.is_on(office) or not may_share(case):
            return
        for file, place in zip(files_of(case), case.places, strict=True):
            if case.amends or chosen(office, file.share):
                self.screen.begin(office, place, file.name, file.sha256, texts.get(file.sha256))

    def judge(
        self, office: Office, now: datetime, cases: Sequence[Case], trouble: dict[str, Sentence]
    ) -> tuple[list[Case], list[Case]]:
        """Say of each case what was found, and make a concept of what must be held or is doubtful; (those, the ones that wait).

        `trouble` gets what keeps a client's files from being read.
        """
        searched, unreadable = dict[int, list[tuple[str, str]]](), set[int]()
        for case in cases if suspicion.is_on(office) else ():
            try:
                searched[id(case)] = self._shared(office, now, case) if may_share(case) else []
            except OSError as error:
                trouble[case.found.client] = system.whole(error)
                unreadable.add(id(case))
        late = self.screen.wait([one for attachments in searched.values() for one in attachments], self._patience)
        judged, left = list[Case](), list[Case]()
        for case in cases:
            attachments = searched.get(id(case), [])
            if id(case) in unreadable or any(sha256 in late for _, sha256 in attachments):
                left.append(case)
                continue
            judged.append(case)
            case.screened = self.screen.verdict(case.found.client, attachments)
            language = office.settings.office.language
            found = suspicion.for_reader(
                suspicion.warnings(office, case.found.client, case.screened), people.readable_clients(office, case.actor.code)
            )
            case.warnings = [told(one, language) for one in (*case.noticed, *found)]
            if case.draft is not None:
                case.doubts = case.doubts if _is_outright(case) else []
                if case.doubts or suspicion.holds(office, case.screened):
                    case.draft = suspicion.held(office, case.draft, case.screened)
        self.screen.forget_old()
        return judged, left

    def _shared(self, office: Office, now: datetime, case: Case) -> list[tuple[str, str]]:
        """(name, SHA-256) of what this drop would share outright. All of it is being read, or was."""
        if case.amends is None:
            return [(file.name, file.sha256) for file in files_of(case) if chosen(office, file.share)]
        assert case.wish is not None
        changes = amending.still_to_do(item_key(case.amends), changes_of(case))  # it may be one that was made before
        shared = amending.would_share(office, now, case.actor, item_key(case.amends), case.wish, changes)
        brought = {file.sha256 for file in changes.put}
        for name, sha256 in shared:
            if sha256 not in brought:
                self.screen.begin_kept(office, self._vault, name, sha256)
        return shared

    def close(self) -> None:
        self.screen.close()


def may_share(case: Case) -> bool:
    """True if this drop could share something outright."""
    if case.faults:
        return False
    if case.amends is not None:
        return case.wish is not None and case.wish.share is not False
    return _is_outright(case)


def _is_outright(case: Case) -> bool:
    return case.draft is not None and case.draft.share and case.draft.share_status == "approved"
