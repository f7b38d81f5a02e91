"""The process that takes text out of a file, for texts.py: it may crash, hang or run out.

It gets a file's descriptor and a letter over its standard input (a socket) and answers with a
length and JSON: the text, what could not be read, and whether it took too long. It opens no file by
name, writes none, and has limits on memory and files from its start; each file has its own on time.
Time is kept by the kernel's timers, whose signals end the process wherever it hangs, in C code too.

A library that raises what nobody foresaw ends the process as well: the file counts as not read
though it could be (dossier/workers/child.py), which is what a guard must take for the worst.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import struct

from dossier.files.marks import marks_of
from dossier.workers.child import NO_MEMORY
from workflow.guard.at_a_glance import MAIL, PDF, PICTURE
from workflow.guard.readers import any_file, mail
from workflow.guard.readers.gathering import MAX_CHARACTERS, Enough, Gathering, NoText

MEMORY_BYTES = 768 * 1024 * 1024
"""Address space: Python and the libraries take about 100 MB of it, a file of MAX_BYTES 200 MB."""

MAX_BYTES = 200 * 1024 * 1024
"""A larger file isn't read."""

CPU_SECONDS, WALL_SECONDS, OCR_WALL_SECONDS = 4.0, 15.0, 100.0
"""Then the process is ended by SIGPROF or SIGALRM."""

MMAP_THRESHOLD, TRIM_THRESHOLD = (-3, 1024 * 1024), (-1, 4 * 1024 * 1024)
"""Parameters of mallopt(3) and their bytes: what is smaller than the one comes from the heap, and
so much at its end is kept for the next page."""

TIRED_BYTES = 300 * 1024 * 1024
"""A process that took so much memory ends after its answer and says so; a new one follows."""


def answer(letter: bytes, descriptor: int) -> dict[str, object]:
    """What is in the file, and what could not be read. A small letter: pictures as well."""
    gathering = Gathering(any_file.read_part, with_ocr=letter.islower())
    try:
        _read(gathering, letter.upper(), descriptor)
    except NoText as reason:
        gathering.miss(str(reason))
    except Enough:
        pass
    return {"text": "".join(gathering.pieces)[: 2 * MAX_CHARACTERS], "unread": gathering.unread, "slow": gathering.is_slow}


def _read(gathering: Gathering, letter: bytes, descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    if size > MAX_BYTES:
        raise NoText("too_large")
    if letter in (PDF, PICTURE):
        content = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)  # unmapped with the last handle on it
        buffer = (ctypes.c_ubyte * size).from_buffer(content)
        (any_file.read_pdf if letter == PDF else any_file.read_picture)(gathering, buffer)
        return
    with open(descriptor, "rb", closefd=False) as stream:
        stream.seek(0)
        if letter == MAIL:
            mail.read_mail(gathering, stream)
        else:
            any_file.read_kind(gathering, stream, marks_of(descriptor).kind, "")


def limit() -> None:
    """What this process may never do, whatever a file makes of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for kind, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)):
        resource.setrlimit(kind, (most, most))


def keep_heap() -> None:
    """Keep a little memory between two pages: to give it back each time and to be given cleared
    memory anew takes a sixth of all reading. Where the C library has no such word, all stays as it
    is."""
    with contextlib.suppress(AttributeError):
        for parameter, value in (MMAP_THRESHOLD, TRIM_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, value)


def main() -> None:
    limit()
    keep_heap()
    wire = socket.socket(fileno=0)
    while True:
        letter, descriptors, _, _ = socket.recv_fds(wire, 1, 1)
        if not letter or not descriptors:
            return
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_REAL, OCR_WALL_SECONDS if letter.islower() else WALL_SECONDS)
        try:
            found = answer(letter, descriptors[0])
        except MemoryError:
            os._exit(NO_MEMORY)
        os.close(descriptors[0])
        tired = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > TIRED_BYTES
        data = json.dumps({**found, "tired": tired}).encode()
        wire.sendall(struct.pack(">I", len(data)) + data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if tired:
            return


if __name__ == "__main__":
    main()
