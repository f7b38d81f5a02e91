"""Where the portal lies, as the settings name it: a folder, or an object store."""

from __future__ import annotations

from dossier.office.office import Office
from workflow.portal.folder_site import FolderSite


def open_site(office: Office) -> FolderSite:
    """Where the settings say that the portal lies. Nothing is made or asked yet."""
    if office.portal_store is None:
        return FolderSite(office.portal)
    from workflow.portal.store_site import StoreSite

    return StoreSite(office, office.portal_store)
