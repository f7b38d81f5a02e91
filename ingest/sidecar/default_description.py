"""What an item is called that nobody described: a line made from its file's name. Pure."""

from __future__ import annotations

import re

from dossier.office.terms import Language
from dossier.text.names import MAX_NAME_BYTES, has_bad_characters, nfc
from dossier.text.sentences import sentence, told
from ingest.sidecar.keys import DESCRIPTION_MAX

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_DOTS = re.compile(r"[\s.]*\.\.$")
"""`kwartaal...pdf` ends in no abbreviation; `Acme B.V..pdf` does."""


def description_of(name: str, least: int, language: Language) -> str:
    """`jaarrekening_2025-def.pdf` → `jaarrekening 2025-def`; a name under `least` is a file's."""
    blank = "".join(" " if c.isspace() else c for c in nfc(name))
    whole = "".join(c for c in blank if not has_bad_characters(c) and c.isprintable())[:MAX_NAME_BYTES].strip()
    plain = " ".join(_DOTS.sub("", _ENDING.sub("", whole)).replace("_", " ").split())
    if len(plain) < least:
        plain = told(sentence("inbox.file", file=whole), language)
    return plain[:DESCRIPTION_MAX].strip()
