"""bot.ops.garbage: what is there when a bot begins to serve is not looked through again."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
import discord
from bot.ops.garbage import settle

class Ring:
    pass

settle()
looks = []
gc.callbacks.append(lambda phase, info: looks.append(phase) if phase == "start" else None)
kept = [[] for _ in range(5000)]
few = len(looks)
freed = []
for _ in range(20_000):
    ring = Ring()
    ring.self = ring
print(len(gc.get_objects()) < 70_000, few, len(looks) > 0, len(gc.get_objects()) < 60_000)
"""


def test_it_looks_seldom_and_garbage_goes_all_the_same() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["True", "0", "True", "True"]
