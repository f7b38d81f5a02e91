"""Head and body of an answer are one packet."""

from __future__ import annotations

import asyncio

from desk.web.server import HELD_BYTES, InOne


class Line:
    """What is sent, packet by packet."""

    def __init__(self) -> None:
        self.sent: list[bytes | None] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(None)

    def is_closing(self) -> bool:
        return None in self.sent


def test_what_is_written_in_one_turn_is_sent_at_once_and_what_is_much_as_it_comes() -> None:
    async def write() -> tuple[Line, list[list[bytes | None]]]:
        line, seen = Line(), list[list[bytes | None]]()
        whole = InOne(line, asyncio.get_running_loop())
        whole.write(b"head ")
        whole.write(b"body")
        whole.write(b"")
        seen.append([*line.sent])
        await asyncio.sleep(0)
        seen.append([*line.sent])
        whole.write(much := bytes(HELD_BYTES + 1))
        seen.append([*line.sent])
        whole.write(b"end")
        whole.close()
        await asyncio.sleep(0)
        assert whole.is_closing()
        assert line.sent == [b"head body", much, b"end", None]
        return line, seen

    _, seen = asyncio.run(write())
    assert seen[0] == []
    assert seen[1] == [b"head body"]
    assert len(seen[2]) == 2
