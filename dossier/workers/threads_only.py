"""A process that may start threads, and no other process: what a library needs that computes in a thread of its own.

`RLIMIT_NPROC` can't tell the two apart, and counts what else the account runs. The kernel's filter of
system calls can (seccomp(2)): it is set once, holds for all threads, and nothing takes it off again.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2
_CLONE_THREAD = 0x10000
_OTHER_ABI = 0x40000000
"""From here on, numbers are those of x32, a second set of calls, by which the filter could be passed."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000  # linux/seccomp.h
_NUMBER, _ARCHITECTURE, _FLAGS = 0, 4, 16  # where they stand in struct seccomp_data

_MACHINES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, 56, (57, 58, 59, 322)),
    "aarch64": (0xC00000B7, 220, (221, 281)),
}
"""Its name for the kernel, `clone`, and what else starts a process or a program: fork, vfork, execve, execveat."""

_CLONE3 = 435
"""Its flags lie in memory, where a filter can't look: the C library is told that there is no such call, and takes `clone`."""


def threads_only() -> None:
    """From now on this process starts threads only. Raises OSError where the kernel, or this machine, has no such filter."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, "no filter of system calls for this machine")
    architecture, clone, starting = machine
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _OTHER_ABI), (_RETURN, 0, 0, _KILL)]
    for number in starting:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    steps += [
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FLAGS),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    steps += [(_RETURN, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HP", len(steps), ctypes.addressof(code))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or library.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0):
        code_of_error = ctypes.get_errno()
        raise OSError(code_of_error, os.strerror(code_of_error))
