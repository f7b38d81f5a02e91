"""What the operating system says when it can't do something, as a sentence: its own words are English alone."""

from __future__ import annotations

import errno
import os

from dossier.text.sentences import Sentence, plain

KNOWN = (
    "EACCES", "EPERM", "ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE",
    "ENAMETOOLONG", "ELOOP", "EXDEV", "ESTALE", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EADDRINUSE",
    "EADDRNOTAVAIL",
)  # fmt: skip
"""Errors that have a sentence of their own."""


def why(error: OSError) -> Sentence:
    """What went wrong, without the file's name; whatever else is told as it came."""
    name = errno.errorcode.get(error.errno or 0, "")
    if name in KNOWN and error.strerror == os.strerror(error.errno or 0):
        return Sentence(f"system.{name.lower()}")
    return plain(error.strerror or str(error))
