"""What a run of the daemon did, in numbers: printed by `run --once`, and counted in /metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from dossier.text.sentences import Sentence
from ingest.intake.outcome import Outcome


@dataclass(slots=True)
class RunSummary:
    """What a run did; `waiting` and `trouble` are known when it has ended."""

    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    published: int = 0
    mailed: int = 0
    taking_seconds: float = 0.0
    publishing_seconds: float = 0.0
    waiting: int = 0
    trouble: list[Sentence] = field(default_factory=list)

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Some drops were taken or refused, which took so long."""
        self.taken += outcome.taken
        self.duplicates += outcome.duplicates
        self.refused += outcome.refused
        self.taking_seconds += seconds

    def add_trouble(self, outcome: Outcome) -> None:
        """Some drops could not be taken; each reason is told once."""
        self.trouble += [words for words in dict.fromkeys(outcome.trouble.values()) if words not in self.trouble]

    def add_published(self, count: int, seconds: float) -> None:
        """So many items were put on the portal, or taken off, which took so long."""
        self.published += count
        self.publishing_seconds += seconds if count else 0.0
