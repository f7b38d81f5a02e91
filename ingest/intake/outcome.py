"""What became of a batch of drops, and which alarms that raises and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dossier.text.sentences import Sentence, sentence


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    postponed: int = 0
    """Changed while they were copied, or the environment failed: they are still in the inbox."""
    trouble: dict[str, Sentence] = field(default_factory=dict)
    """Client → what keeps its drops from being taken (disk full, no permission)."""
    stays: dict[str, Sentence] = field(default_factory=dict)
    """Client → a drop of theirs that the inbox does not let go, and why."""
    scanner_gone: Sentence | None = None
    """Why the virus scanner can't be asked: one cause, however many clients wait for it."""

    def alarms(self, clients: Iterable[str]) -> Iterator[tuple[str, Sentence | None]]:
        """(cause, sentence, or None if over), after these clients' drops were tried."""
        if self.scanner_gone is not None:  # that it is back is seen by asking it (scanning.why_gone)
            yield "scanner", self.scanner_gone
        for client in {*clients, *self.trouble}:
            why = self.trouble.get(client)
            is_other = why is not None and why != self.scanner_gone
            yield f"intake {client}", sentence("alarms.not_taken", why=why) if is_other else None
            yield f"stays {client}", self.stays.get(client)
