"""Runs a function in a process of its own, sees each call it makes that changes files, and can kill it or fail it at any of them.

strace counts the calls of each thread apart, so a call of a worker thread can't be singled out by its number. This does the
same as strace does (ptrace(2), with a seccomp filter so that only the calls of interest stop), with one count over all
threads, and of the calls below given folders only. Linux on x86-64.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import signal
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUPPORTED = sys.platform == "linux" and platform.machine() == "x86_64"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4

_TRACEME, _POKEUSER, _CONT, _SETOPTIONS, _GETEVENTMSG, _SYSCALL_INFO = 0, 6, 7, 0x4200, 0x4201, 0x420E
_O_FORK, _O_VFORK, _O_CLONE, _O_EXEC, _O_SECCOMP, _O_EXITKILL = 0x2, 0x4, 0x8, 0x10, 0x80, 0x100000
_EVENT_SECCOMP = 7
_WALL = 0x40000000
_RAX, _ORIG_RAX = 10 * 8, 15 * 8  # sys/user.h, struct user_regs_struct

_DESCRIPTOR, _PATH, _AT, _TWO_PATHS, _TWO_AT = "descriptor", "path", "at", "two paths", "two at"

CALLS = {
    0: ("read", _DESCRIPTOR), 1: ("write", _DESCRIPTOR), 17: ("pread64", _DESCRIPTOR), 18: ("pwrite64", _DESCRIPTOR),
    20: ("writev", _DESCRIPTOR), 40: ("sendfile", _DESCRIPTOR), 74: ("fsync", _DESCRIPTOR), 75: ("fdatasync", _DESCRIPTOR),
    77: ("ftruncate", _DESCRIPTOR), 82: ("rename", _TWO_PATHS), 83: ("mkdir", _PATH), 84: ("rmdir", _PATH), 86: ("link", _TWO_PATHS),
    87: ("unlink", _PATH), 90: ("chmod", _PATH), 92: ("chown", _PATH), 257: ("openat", _AT), 258: ("mkdirat", _AT), 263: ("unlinkat", _AT),
    264: ("renameat", _TWO_AT), 265: ("linkat", _TWO_AT), 268: ("fchmodat", _AT), 306: ("syncfs", _DESCRIPTOR), 316: ("renameat2", _TWO_AT),
    326: ("copy_file_range", _DESCRIPTOR),
}  # fmt: skip

READING = {"read", "pread64", "openat to read"}
"""Calls that change nothing: to be failed, but not worth being killed at."""


@dataclass(frozen=True)
class Call:
    """One system call: its number in the run (1 is the first), its name, and what it is about, below the watched folders."""

    number: int
    name: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {' → '.join(self.paths)}"


@dataclass
class Run:
    """What became of a traced process."""

    calls: list[Call] = field(default_factory=list)
    hit: Call | None = None
    """The first call at which something was done to it."""
    exit_code: int | None = None
    """None: it was killed."""
    seconds: float = 0.0


Wish = Callable[[Call], "int | None"]
"""Asked at each call: 0 lets it go, a positive errno fails it, KILL kills the process before it."""

KILL = -1


def nothing(_: Call) -> int:
    return 0


def run_traced(function: Callable[[], int], folders: Sequence[Path], wish: Wish = nothing, seconds: float = 60.0) -> Run:
    """Run `function` in a fork of this process (which must have one thread), and ask `wish` at each call below `folders`.

    A process that takes longer than `seconds` is killed, and TimeoutError raised.
    """
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_traced(function)
    os.waitpid(child, 0)
    options = _O_FORK | _O_VFORK | _O_CLONE | _O_EXEC | _O_SECCOMP | _O_EXITKILL
    _ptrace(_SETOPTIONS, child, 0, options)
    _ptrace(_CONT, child, 0, 0)
    run = Run()
    try:
        _follow(child, [os.fsencode(folder) for folder in folders], wish, run, seconds)
    finally:
        run.seconds = time.monotonic() - started
    return run


def run_plain(function: Callable[[], int]) -> int:
    """Run `function` in a fork, not traced; returns its exit code."""
    child = os.fork()
    if child == 0:
        _run_and_exit(function)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_and_exit(function: Callable[[], int]) -> None:
    code = 70
    try:
        code = function()
    except BaseException as error:  # noqa: BLE001 - a fork must never return into its parent's code
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _be_traced(function: Callable[[], int]) -> None:
    _libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    _ptrace(_TRACEME, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    _filter()
    _run_and_exit(function)


def _filter() -> None:
    """seccomp(2): stop for the tracer at CALLS, let everything else pass."""
    numbers = sorted(CALLS)
    load = struct.pack("HBBI", 0x20, 0, 0, 0)  # A = seccomp_data.nr
    jumps = b"".join(struct.pack("HBBI", 0x15, len(numbers) - place, 0, number) for place, number in enumerate(numbers))
    allow, trace = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000)
    program = load + jumps + allow + trace
    buffer = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer)))
    if _libc.prctl(22, 2, ctypes.addressof(header), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "seccomp")


def _ptrace(request: int, pid: int, address: int, data: int) -> int:
    done: int = _libc.ptrace(request, pid, address, data)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request}: {os.strerror(number)}")
    return done


def _follow(child: int, folders: Sequence[bytes], wish: Wish, run: Run, seconds: float) -> None:
    alive = {child}
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        while alive:
            pid, status = os.waitpid(-1, _WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                alive.discard(pid)
                if pid == child:
                    run.exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
                    for other in alive:  # helpers of a killed process
                        _kill(other)
                continue
            alive.add(pid)
            event, number = status >> 16, os.WSTOPSIG(status)
            if event == _EVENT_SECCOMP and not _at_call(pid, child, folders, wish, run):
                continue
            deliver = 0 if event or number in (signal.SIGTRAP, signal.SIGSTOP) else number
            try:
                _ptrace(_CONT, pid, 0, deliver)
            except OSError as error:
                if error.errno != errno.ESRCH:
                    raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        for pid in alive:
            _kill(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, _WALL)


def _too_long(*_: object) -> None:
    raise TimeoutError("the traced process takes too long")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _at_call(pid: int, child: int, folders: Sequence[bytes], wish: Wish, run: Run) -> bool:
    """Do what is wished at this call; False if the process was killed."""
    info = ctypes.create_string_buffer(88)
    if _libc.ptrace(_SYSCALL_INFO, pid, 88, ctypes.addressof(info)) <= 0:
        return True
    number, *args = struct.unpack_from("QQQQQQQ", info.raw, 24)
    name, kind = CALLS.get(number, (None, None))
    if name is None:
        return True
    shown = [path for raw in _paths(pid, kind, args) if (path := _below(raw, folders))]
    if name == "openat":
        name = "openat to write" if args[2] & (os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_RDWR) else "openat to read"
    if not shown:
        return True
    call = Call(len(run.calls) + 1, name, tuple(shown))
    run.calls.append(call)
    what = wish(call)
    if not what:
        return True
    run.hit = run.hit or call
    if what == KILL:
        _kill(child)
        return False
    _ptrace(_POKEUSER, pid, _ORIG_RAX, ctypes.c_ulong(-1).value)
    _ptrace(_POKEUSER, pid, _RAX, ctypes.c_ulong(-what).value)
    return True


def _paths(pid: int, kind: str | None, args: Sequence[int]) -> list[bytes]:
    if kind == _DESCRIPTOR:
        return [_of_descriptor(pid, args[0])]
    if kind == _PATH:
        return [_absolute(pid, -100, args[0])]
    if kind == _AT:
        return [_absolute(pid, args[0], args[1])]
    if kind == _TWO_PATHS:
        return [_absolute(pid, -100, args[0]), _absolute(pid, -100, args[1])]
    return [_absolute(pid, args[0], args[1]), _absolute(pid, args[2], args[3])]


def _of_descriptor(pid: int, descriptor: int) -> bytes:
    try:
        return os.readlink(b"/proc/%d/fd/%d" % (pid, ctypes.c_int(descriptor).value))
    except OSError:
        return b""


def _absolute(pid: int, folder: int, address: int) -> bytes:
    text = _text_at(pid, address)
    if text.startswith(b"/"):
        return text
    folder = ctypes.c_int(folder).value
    place = os.readlink(b"/proc/%d/cwd" % pid) if folder == -100 else _of_descriptor(pid, folder)
    return os.path.normpath(place + b"/" + text)


def _text_at(pid: int, address: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        text = b""
        while b"\0" not in text and len(text) < 4096:
            try:
                piece = memory.read(min(256, 4096 - (address + len(text)) % 4096))
            except OSError:
                break
            if not piece:
                break
            text += piece
    return text.split(b"\0")[0]


def _below(path: bytes, folders: Sequence[bytes]) -> str | None:
    for folder in folders:
        if path == folder or path.startswith(folder + b"/"):
            return os.fsdecode(path[len(folder) + 1 :]) or "."
    return None


def main(arguments: Sequence[str]) -> Any:
    """For a look at what a run does: tracer.py ROOT: the calls of `dossier --root ROOT run --once`."""
    from office import daemon_once

    run = run_traced(lambda: daemon_once(Path(arguments[0])), [Path(arguments[0])])
    print("\n".join(str(call) for call in run.calls if call.name not in READING))


if __name__ == "__main__":
    main(sys.argv[1:])
