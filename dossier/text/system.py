"""What the operating system says when it can't do something, as a sentence in any language."""

from __future__ import annotations

import errno
import os

from dossier.text.sentences import Sentence, plain, sentence, told

KNOWN = (
    "EACCES", "EPERM", "ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE",
    "ENFILE", "EBUSY", "ENOMEM", "ENAMETOOLONG", "ELOOP", "EXDEV", "ESTALE", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EADDRINUSE",
    "EADDRNOTAVAIL",
)  # fmt: skip
"""Errors that have a sentence of their own."""

ADVISED = ("EACCES", "EPERM", "ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "EBUSY", "ENOMEM", "EXDEV", "ESTALE")
"""Of these, wherever they come from, it can be said what to do."""


def why(error: OSError) -> Sentence:
    """What went wrong, without the file's name. Other than our own errors is told as it came."""
    own: object = error.args[0] if len(error.args) == 1 else error.strerror
    if isinstance(own, Sentence):
        return own
    name = errno.errorcode.get(error.errno or 0, "")
    if name in KNOWN and error.strerror == os.strerror(error.errno or 0):
        return Sentence(f"system.{name.lower()}")
    return plain(error.strerror or str(error))


def why_not_listen(error: OSError) -> Sentence:
    """Why an address can't be listened on (socket.create_server), without what Python says of its
    attempt."""
    return why(OSError(error.errno, (error.strerror or str(error)).partition(" (while attempting")[0]))


ASKED = ("ENOSPC", "EDQUOT", "EIO")
"""Of these something else is to be done where somebody asked for it (a command, a page), and
nothing tries it again by itself."""


def said(error: OSError, language: str) -> str:
    """Which file, what went wrong with it, and what to do if that can be told, in a line."""
    return told(whole(error), language)


def whole(error: OSError, is_asked: bool = False) -> Sentence:
    """The same, as a sentence. `is_asked`: of what nothing tries again by itself."""
    what = why(error)
    if error.filename and not isinstance(error.filename, int):  # of a call that was told a descriptor
        what = sentence("system.of_a_file", file=os.fsdecode(error.filename), why=what)
    return _advised(error, what, is_asked) or what


def advised(error: OSError, is_asked: bool = False) -> Sentence | None:
    """What went wrong and what to do, without the file's name; None if it is not the machine."""
    return _advised(error, why(error), is_asked)


def _advised(error: OSError, what: Sentence, is_asked: bool) -> Sentence | None:
    name = errno.errorcode.get(error.errno or 0, "")
    if name not in ADVISED or error.strerror != os.strerror(error.errno or 0):
        return None
    about = "asked_about" if is_asked and name in ASKED else "do_about"
    return sentence("system.with_advice", what=what, todo=sentence(f"system.{about}_{name.lower()}"))
