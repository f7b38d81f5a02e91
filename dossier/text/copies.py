"""What programs leave beside a sidecar that looks like one: backups, copies, conflicts. Pure.

Such a file is never taken for an attachment unless a list names it: it holds what the office says
to itself. It is known by its name here, and else by being read (ingest/sidecar,
`reads_as_sidecar`). Beside a queue file such a copy never decides anything.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from dossier.text.names import fold, is_sidecar, stem

# Notepad, editors (sed -i.bak, perl -pi.orig, nano .save, emacs, vim), version control, people,
# Explorer where it hides endings (.yaml.yaml), and what packs a file alone.
_BEHIND = re.compile(
    r"(?P<card>.+\.ya?ml)(?:[._-](?:txt|text|bak\d*|bkp|backup|orig|original|save\d*|sav|old|new|copy|kopie|rej|swp|tmp|ya?ml|zip|gz|\d{1,3})|~\d*)+",
    re.IGNORECASE,
)
_EMACS = re.compile(r"#(?P<card>.+\.ya?ml)#", re.IGNORECASE)

# Explorer, Finder, Nautilus, browsers; Syncthing, Nextcloud, Dropbox, OneDrive and Synology Drive
# on a conflict.
_WITHIN = re.compile(
    r"(?P<stem>.+?)(?:\.sync-conflict-\d{8}-\d{6}(?:-\w+)?"
    r"|\s*[-–]\s*(?:copy|kopie)(?:\s*\(\d+\))?"
    r"|\s+(?:copy|kopie)(?:\s*\d+)?"
    r"|\s*\(\d+\)"
    r"|[ ._-]*\((?:[^()]*(?:conflict|copy|kopie)[^()]*)\)"
    r"|[ ._-]+conflict\w*(?:[ ._-][\w.-]+)*)+(?P<end>\.ya?ml)",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:copy|kopie)(?:\s*\(\d+\))?\s+(?:of|van)\s+(?P<card>.+\.ya?ml)", re.IGNORECASE)


def copy_of(name: str) -> str | None:
    """The sidecar that a file of this name is a copy of, or was to be; None if of none."""
    for pattern in (_BEHIND, _EMACS, _BEFORE):
        if found := pattern.fullmatch(name):
            return copy_of(found["card"]) or found["card"]
    if found := _WITHIN.fullmatch(name):
        card = found["stem"] + found["end"]
        return copy_of(card) or card
    return None


def is_copy(name: str) -> bool:
    """True for a name that is no sidecar's own, and looks like the copy of one."""
    return not is_sidecar(name) and copy_of(name) is not None


def is_copy_of(name: str, card: str) -> bool:
    """True for a name that looks like that of a copy of this sidecar, whatever it ends in."""
    copied = copy_of(name)
    return copied is not None and fold(stem(copied)) == fold(stem(card))


_ALIKE = str.maketrans("аеорсухіјѕԁһԛԝοαυνιΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhqwoauviABEZHIKMNOPTYXABEKMHOPCTYXIJS")
"""Letters of Cyrillic and Greek that look like ours."""
OUTLINES_KEPT = 10_000

_MARKS = frozenset(["Cf", "Pd", "Pi", "Pf"])
"""What isn't seen; dashes; quotes that open and close."""
_NO_LETTERS = frozenset("'\"`´′″„‚‛‟_−")


@lru_cache(OUTLINES_KEPT)
def outline(name: str) -> str:
    """What two names that look the same share: blanks, quotes, dashes and capitals apart."""
    plain = fold(unicodedata.normalize("NFKC", name).translate(_ALIKE)).translate(_ALIKE)
    return "".join(c for c in plain if unicodedata.category(c) not in _MARKS and c not in _NO_LETTERS and not c.isspace())
