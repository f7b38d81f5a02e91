"""Keeps libraries from loading what nobody here asks of them: each start would wait for it, and it
would lie in memory for as long as the process lives."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without(module: str, stand_in: ModuleType | None = None) -> Iterator[None]:
    """Meanwhile, this module can't be imported; or whoever imports it gets the stand-in."""
    loaded = sys.modules.get(module)
    sys.modules[module] = stand_in  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
        if loaded is not None:
            sys.modules[module] = loaded
