"""Words that name nobody by themselves: by these the guard knows a generic name.

"Bakkerij De Zon" is somebody, "De Bakker" and "zon" are not. No list is complete: a word that lacks
costs an approver one look too many, a word too many costs a name that is found only beside its
legal form. So: words that are common in the mail and papers of an office, and the names that many
people have. Folded as guard.fold_text does, lower case.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

_WORDS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}

FILLERS, TRADES, COMMON = _WORDS["fillers"], _WORDS["trades"], _WORDS["common"]
