"""What must be there before the daemon begins: its folders, and the right to use them."""

from __future__ import annotations

import os

from dossier.files import files
from dossier.office.office import Office


class InboxMissing(Exception):
    """The environment fails from the start (exit code 4): a folder can't be made, read or written."""


def check_folders(office: Office) -> None:
    """Make those that are ours. Raises InboxMissing."""
    if office.vault_store or office.portal_store:
        from dossier.object_store import store

        store.require()
    for path in (office.inbox, office.queue, office.portal, office.vault):
        try:
            if path != office.inbox:
                files.make_folder(path, 0o750 if path == office.vault else 0o755)
        except OSError as error:
            raise InboxMissing(f"{error.filename}: {error.strerror}; give this user the right to write there") from error
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            what = "there is no such folder" if not path.exists() else "this user can't read and write there"
            raise InboxMissing(f"{path}: {what}; make it, or give the right to it")
