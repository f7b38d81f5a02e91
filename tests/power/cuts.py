"""Plays one scene on one kind of file system, cuts the power at many moments, and judges what comes after.

cuts.py SCENE KIND [--busy] --states N [--seed N] [--keep]     a line of JSON for each state
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from disks import KINDS, Disks, State, build, lacks
from judging import Facts, after_the_start, before_the_start
from kit import folders, forking
from kit.mail_server import Server, serving
from scenes import BY_NAME, CONTACT, Scene


def record(scene: Scene, disks: Disks, server: Server, busy: bool) -> None:
    """The scene, played once, every write of it in the log."""
    facts: list[dict[str, Any]] = []
    with disks.prepared():
        play = scene.office(disks, server)
        if scene.before is not None:
            disks.mark = lambda **more: facts.append(more)  # type: ignore[method-assign]
            play.start()
            scene.before(play)
            play.stop()
            del disks.mark
    server.mails.clear()
    with disks.recorded(busy):
        play = scene.office(disks, server)
        try:
            play.fact(before=facts)
            play.start()
            server.on_data = lambda data: play.fact(mailed=True) if CONTACT.encode() in data else None
            scene.then(play)
            play.stop()
            play.fact(over=True)
        finally:
            play.end()
            server.on_data = lambda data: None


def judge(scene: Scene, disks: Disks, server: Server, state: State) -> list[str]:
    """What is wrong after this cut."""
    with disks.after(state):
        play, facts = scene.office(disks, server), Facts(disks.marks(state.cut))
        server.mails.clear()

        def run(*words: str, root: Path = play.root.path) -> CompletedProcess[str]:
            return forking.run(["dossier", "--root", str(root), *words], disks.folder, play.root.whole_environ())

        return [*before_the_start(play, facts), *after_the_start(play, facts, run)]


def judged(scene: Scene, kind: str, busy: bool, states: int, seed: int, keep: bool) -> Iterator[dict[str, Any]]:
    folder = folders.new_folder("power", folders.MEMORY if folders.MEMORY.is_dir() else folders.PLACE)
    kept = False
    try:
        with serving() as server:
            disks = Disks(folder, kind, scene.disks)
            record(scene, disks, server, busy)
            for state in disks.states(states, random.Random(seed)):
                faults = judge(scene, disks, server, state)
                kept = kept or bool(faults)
                yield {"scene": scene.name, "kind": kind, "busy": busy, "cut": state.cut, "how": state.how, "faults": faults}
    finally:
        if keep and kept:
            print(f"left at {folder}", file=sys.stderr)
        else:
            folders.remove(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scene", choices=sorted(BY_NAME))
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--busy", action="store_true", help="another program syncs files of its own all the time")
    parser.add_argument("--states", type=int, default=40, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave images and log where something was found")
    arguments = parser.parse_args()
    if reason := lacks():
        print(reason, file=sys.stderr)
        return 2
    build()
    bad = 0
    for state in judged(
        BY_NAME[arguments.scene], arguments.kind, arguments.busy, arguments.states, arguments.seed, arguments.keep
    ):
        bad += bool(state["faults"])
        print(json.dumps(state), flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
