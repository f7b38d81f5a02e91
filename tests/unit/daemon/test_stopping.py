"""A stop that comes at any moment is heard."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# The main thread holds the event's lock nearly all the time; a handler that takes it, too, hangs at once.
BUSY = """
import threading
from desk.daemon.process import call_on_stop
event, over = threading.Event(), []
def stop():
    event.set()
    over.append(1)
call_on_stop(stop)
print("ready", flush=True)
while not over:
    event.set()
    event.clear()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_anything_does_not_hang(number: signal.Signals) -> None:
    for _ in range(3):
        busy = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
        try:
            assert busy.stdout is not None
            assert busy.stdout.readline() == "ready\n"
            busy.send_signal(number)
            assert busy.wait(10) == 0
        finally:
            busy.kill()
            busy.communicate()
