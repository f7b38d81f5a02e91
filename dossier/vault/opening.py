"""The vault that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dossier.database import identity
from dossier.vault.folder import Vault

if TYPE_CHECKING:
    from dossier.office.office import Office


def open_vault(office: Office, to_read: bool = False) -> Vault:
    """A folder or an object store, asked nothing yet. `to_read`: nothing is made that lacks, nor
    where the folder's disk is away; what is to be received waits until it is back."""
    if office.vault_store is None:
        return Vault(office.vault, to_read or identity.is_vault_away(office))
    from dossier.vault.bucket import ObjectVault

    return ObjectVault(office, office.vault_store, to_read)
