"""Writers of JSON for what is written thousands of times: a drop has two dozen lists and
mappings."""

from __future__ import annotations

import json
from collections.abc import Callable


def writer(
    ensure_ascii: bool = True,
    sort_keys: bool = False,
    separators: tuple[str, str] = (", ", ": "),
    default: Callable[[object], object] | None = None,
) -> Callable[[object], str]:
    """What writes as `json.dumps` does with these. Nothing may stand within itself.

    Python's own makes one anew at each call, which takes as long as to write what is small.
    """
    plain = json.JSONEncoder(ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=separators, default=default)
    make: Callable[..., Callable[[object, int], tuple[str, ...]]] | None = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # another Python than the usual one
        return plain.encode
    text = json.encoder.encode_basestring_ascii if ensure_ascii else json.encoder.encode_basestring
    comma, colon = separators
    write = make(None, plain.default, text, None, colon, comma, sort_keys, plain.skipkeys, plain.allow_nan)
    return lambda value: "".join(write(value, 0))
