"""Where a client finds what is shared with them."""

from __future__ import annotations

from dossier.database.tables import item_name
from dossier.office.office import Office


def client_link(office: Office, client: str) -> str:
    """The page of a client."""
    return f"{office.settings.portal.base_url.rstrip('/')}/{client}/index.html"


def item_link(office: Office, client: str, key: int) -> str:
    """Where the client finds an item. A plain folder goes by what follows the `#`; `dossier
    portal`, which never sees that, by `item`."""
    name = item_name(key)
    return f"{client_link(office, client)}?item={name}#{name}"
