"""The vault that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dossier.vault.folder import Vault

if TYPE_CHECKING:
    from dossier.office.office import Office


def open_vault(office: Office, to_read: bool = False) -> Vault:
    """A folder or an object store, asked nothing yet. `to_read`: nothing is made that lacks."""
    if office.vault_store is None:
        return Vault(office.vault, to_read)
    from dossier.vault.bucket import ObjectVault

    return ObjectVault(office, office.vault_store, to_read)
