"""Whoever asks for a lot at once waits for themselves, and holds up nobody else (shell/gate.py)."""

from __future__ import annotations

import anyio

from desk.web.shell.gate import AT_ONCE, Turns


def test_two_requests_of_a_session_are_answered_at_once_and_another_sessions_does_not_wait_for_them() -> None:
    turns, now, most, answered = Turns(), 0, 0, 0

    async def busy(until: anyio.Event) -> None:
        nonlocal now, most, answered
        async with turns.of("busy"):
            now += 1
            most = max(most, now)
            await until.wait()
            now -= 1
            answered += 1

    async def play() -> None:
        until = anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(busy, until)
            await anyio.wait_all_tasks_blocked()
            assert now == AT_ONCE
            with anyio.fail_after(5):
                async with turns.of("somebody else"), turns.of(""), turns.of(""), turns.of(""):
                    assert now == AT_ONCE
            until.set()

    anyio.run(play)
    assert (most, answered) == (AT_ONCE, 50)


def test_a_request_that_is_given_up_takes_nobodys_turn() -> None:
    turns = Turns()

    async def play() -> None:
        async with turns.of("one"), turns.of("one"):
            with anyio.move_on_after(0) as given_up:
                async with turns.of("one"):
                    pass
            assert given_up.cancelled_caught
        with anyio.fail_after(5):
            async with turns.of("one"), turns.of("one"):
                pass

    anyio.run(play)
