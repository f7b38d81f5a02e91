"""What a process gives up for good before it does something risky; what it starts gives it up too.

`threads_only` is for a library that computes in a thread of its own: RLIMIT_NPROC can't tell a
thread from a process, and counts what else the account runs. `only_these_files` and `no_calls_out`
are for a program that opens what a stranger wrote. All are of seccomp(2) and landlock(7), need no
right, and nothing takes them off again. Where the kernel lacks them, OSError: nothing risky may be
done.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

Step = tuple[int, int, int, int]
"""Of a filter: what to do, how many steps to skip if it holds and if it doesn't, and a number."""

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 1, 22, 38, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000  # linux/seccomp.h
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand in struct seccomp_data

_OTHER_ABI = 0x40000000
"""From here on, numbers are those of x32, a second set of calls that would pass the filter."""

_CLONE_THREAD = 0x10000

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS: dict[str, dict[str, int]] = {
    "x86_64": {
        "clone": 56,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "execveat": 322,
        "socket": 41,
        "connect": 42,
        "bind": 49,
        "listen": 50,
        "kill": 62,
    },
    "aarch64": {
        "clone": 220,
        "execve": 221,
        "execveat": 281,
        "socket": 198,
        "connect": 203,
        "bind": 200,
        "listen": 201,
        "kill": 129,
    },
}
_CLONE3, _IO_URING_SETUP = 435, 425
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446

_READ, _READ_FOLDER, _EXECUTE, _WRITE, _TRUNCATE, _REFER = 1 << 2, 1 << 3, 1 << 0, 1 << 1, 1 << 14, 1 << 13
_RIGHTS_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE
_ALL_RIGHTS = (1 << 13) - 1  # of the first version; REFER and TRUNCATE came with the second and third


def ends_with_its_parent() -> None:
    """The kernel kills this process when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def threads_only() -> None:
    """From now on this process starts threads, and no process or program. Raises OSError."""
    calls = _calls()
    steps: list[Step] = []
    for name in ("fork", "vfork", "execve", "execveat"):
        steps += _refused(calls.get(name), errno.EPERM)
    # The flags of clone3 lie in memory, where no filter can look: the C library is told that there
    # is no such call, and takes `clone`.
    steps += _refused(_CLONE3, errno.ENOSYS)
    steps += [(_EQUAL, 0, 3, calls["clone"]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps += [(_ANY_BIT, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    _filter(steps)


def no_calls_out() -> None:
    """From now on it reaches no address and no other's socket, and ends no process. OSError."""
    calls = _calls()
    steps = [
        *_refused(calls["connect"], errno.EACCES),
        *_refused(calls["kill"], errno.EPERM),
        *_refused(_IO_URING_SETUP, errno.ENOSYS),
    ]
    # A socket to be called by is none either, though the program that asked for it believes it has
    # one.
    steps += [*_refused(calls["bind"], 0), *_refused(calls["listen"], 0)]
    steps += [(_EQUAL, 0, 3, calls["socket"]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps += [(_EQUAL, 1, 0, 1), (_RETURN, 0, 0, _ERRNO | errno.EACCES)]  # 1: AF_UNIX
    _filter(steps)


def only_these_files(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on it opens only what lies in these places, as far as they exist. OSError."""
    version = _call(_LANDLOCK_CREATE, None, 0, 1)
    rights = _ALL_RIGHTS | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _call(_LANDLOCK_CREATE, struct.pack("Q", rights), 8, 0)
    try:
        for places, allowed in ((readable, _READ | _READ_FOLDER | _EXECUTE), (writable, rights)):
            for place in places:
                if place.exists():
                    _add(rules, place, allowed & rights)
        _no_new_rights()
        _call(_LANDLOCK_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _add(rules: int, place: Path, allowed: int) -> None:
    descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed &= ~0 if place.is_dir() else _RIGHTS_OF_FILES
        _call(_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", allowed, descriptor), 0)
    finally:
        os.close(descriptor)


def _calls() -> dict[str, int]:
    calls = _CALLS.get(platform.machine())
    if calls is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return calls


def _refused(number: int | None, error: int) -> list[Step]:
    return [] if number is None else [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]


def _filter(steps: Sequence[Step]) -> None:
    """Have each system call go through these steps; what none of them refuses is allowed."""
    head = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, _ARCHITECTURES[platform.machine()]), (_RETURN, 0, 0, _KILL)]
    head += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _OTHER_ABI), (_RETURN, 0, 0, _KILL)]
    every = [*head, *steps, (_RETURN, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in every))
    _no_new_rights()
    _prctl(_PR_SET_SECCOMP, _FILTER, struct.pack("HP", len(every), ctypes.addressof(code)), 0, 0)


def _no_new_rights() -> None:
    """No set-user-id program gives any: the kernel asks for this before it takes a filter."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _prctl(*arguments: object) -> None:
    _answered(ctypes.CDLL(None, use_errno=True).prctl(*arguments))


def _call(*arguments: object) -> int:
    return _answered(ctypes.CDLL(None, use_errno=True).syscall(*arguments))


def _answered(answer: int) -> int:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer
