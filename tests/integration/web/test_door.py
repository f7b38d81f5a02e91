"""Who comes to a server is shared out among its processes: two doors at one socket, as two processes have them."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from desk.web.door import PATIENCE_SECONDS, Door, Shares


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def doors(kept: ExitStack) -> list[Door]:
    listening = kept.enter_context(socket.create_server(("127.0.0.1", 0)))
    shares = Shares(2)
    made = [kept.enter_context(Door(os.dup(listening.fileno()), 100, lambda peer: False, shares, number)) for number in (0, 1)]
    for door in made:
        door.setblocking(False)
    return made


def come(doors: list[Door], kept: ExitStack) -> None:
    kept.enter_context(socket.create_connection(doors[0].getsockname()[:2]))


def let_in(door: Door, kept: ExitStack) -> socket.socket | None:
    """As asyncio does when somebody waits at the socket: once more after each who came in."""
    try:
        line, _ = door.accept()
    except BlockingIOError:
        return None
    with pytest.raises(BlockingIOError):
        door.accept()
    return kept.enter_context(line)


def test_a_process_that_is_always_first_takes_no_more_than_its_share(doors: list[Door], kept: ExitStack) -> None:
    taken = [0, 0]
    for _ in range(8):
        come(doors, kept)
        for number in (0, 1):
            if let_in(doors[number], kept) is not None:
                taken[number] += 1
                break
    assert taken == [4, 4]


def test_who_left_does_not_count(doors: list[Door], kept: ExitStack) -> None:
    come(doors, kept)
    line = let_in(doors[0], kept)
    assert line is not None
    come(doors, kept)
    assert let_in(doors[0], kept) is None
    line.close()
    assert let_in(doors[0], kept) is not None


def test_a_process_that_takes_nobody_is_waited_for_a_moment_only(doors: list[Door], kept: ExitStack) -> None:
    for _ in range(3):
        come(doors, kept)
        until = time.monotonic() + 50 * PATIENCE_SECONDS
        while let_in(doors[0], kept) is None:
            assert time.monotonic() < until


def test_who_comes_while_no_more_files_may_be_opened_is_cut_off(doors: list[Door], kept: ExitStack) -> None:
    door = doors[0]
    callers = [kept.enter_context(socket.create_connection(door.getsockname()[:2], timeout=10)) for _ in range(3)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = list[int]()
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 3, hard))
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for caller in callers[:2]:
            with pytest.raises(ConnectionAbortedError):
                door.accept()
            assert caller.recv(1) == b""
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert let_in(door, kept) is not None
