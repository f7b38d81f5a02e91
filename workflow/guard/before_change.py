"""A change that may share outright, by command or on a page: what it shares is searched first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from dossier.office.office import Office
from dossier.text.refusals import Conflict
from dossier.vault.folder import Vault
from workflow.items import suspicion
from workflow.items.suspicion import NOTHING, NewToClient, Screened, Unscreened

TRIES = 3
"""How often a command begins anew because somebody else changed the item meanwhile."""

T = TypeVar("T")


def screened_change(
    office: Office, vault: Vault, client: str, shares: Callable[[], NewToClient], change: Callable[[Screened], T]
) -> T:
    """Do a `change` that may share outright, after what it `shares` was searched.

    `change` opens its own transaction. If it would share something else by then, that is searched
    and it is tried anew. Raises Refusal if that never ends; OSError.
    """
    if not suspicion.is_on(office):
        return change(NOTHING)
    for _ in range(TRIES):
        new, screened = shares(), NOTHING
        if new:
            from workflow.guard.screening import Screen  # few share anything outright, and it takes long to import

            with contextlib.closing(Screen()) as screen:
                screened = screen.screen(office, vault, client, new)
        try:
            return change(screened)
        except Unscreened:
            continue
    raise Conflict("guard.changing_now")
