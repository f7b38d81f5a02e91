"""A new office: commented config/, JSON Schemas for editors, an empty inbox. Never overwrites."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal

from desk.actions.schemas import SCHEMAS, schema_of
from dossier.files import files
from dossier.office import people
from dossier.office.terms import CLIENTS, RESTORING, SETTINGS, STAFF
from dossier.text.refusals import Conflict
from dossier.text.yamltext import scalar

TEMPLATES = Path(__file__).parents[1] / "templates"


EXAMPLE = "config/example-sidecar.yaml"


Country = Literal["nl", "none"]
"""For which country `init` fills in terms, types, statuses and holidays."""


def country_of(environ: Mapping[str, str]) -> Country:
    """The Netherlands where the machine's locale is Dutch as it is spoken there, else none."""
    spoken = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "nl" if spoken.partition(".")[0] in ("nl", "nl_NL") else "none"


def found(folder: Path, country: Country = "none", has_founder: bool = True) -> list[Path]:
    """Make an office in `folder`; returns the files that were written.

    What exists is left as it is. Raises Conflict if a restore broke off there.

    `has_founder`: whoever does this is its first staff member and admin; else the desk's first page
    makes one.

    For the Netherlands the files are in Dutch, with the terms of retention, types, statuses and
    holidays of an office there.
    """
    if os.path.lexists(folder / RESTORING):
        raise Conflict("setting_up.restore_broken_off", folder=str(folder))
    written: list[Path] = []
    me = _founder()
    for name in (SETTINGS, CLIENTS, STAFF, EXAMPLE):
        template = Path(name).name if country == "none" else Path(name).with_suffix(f".{country}.yaml").name
        text = Template((TEMPLATES / template).read_text(encoding="utf-8")).safe_substitute(me)
        if name == STAFF and not has_founder:
            text = text.partition("\nstaff:\n")[0] + "\nstaff: {}\n"
        _write_new(folder / name, text, written)
    for what in SCHEMAS:
        text = json.dumps(schema_of(what, None), ensure_ascii=False, indent=2) + "\n"
        _write_new(folder / "config" / "schema" / f"{what}.json", text, written)
    files.make_folder(folder / "inbox", 0o775)
    return written


def _write_new(path: Path, text: str, written: list[Path]) -> None:
    if os.path.lexists(path):
        return
    files.make_folder(path.parent)
    files.write_whole(path, text.encode())
    written.append(path)


def _founder() -> dict[str, str]:
    """Who types `dossier init`: the office's first staff member, who can begin at once.

    In a container that may be a number without a name.
    """
    user, name = people.user_name(os.geteuid()), ""
    with contextlib.suppress(KeyError):
        name = pwd.getpwuid(os.geteuid()).pw_gecos.split(",")[0].strip()
    code = re.sub(r"[^A-Za-z0-9._-]", "-", user).strip(".-_") or "admin"
    return {"code": code, "name": scalar(name or user), "user": scalar(user)}
