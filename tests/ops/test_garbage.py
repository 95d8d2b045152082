"""bot.ops.garbage: what is there when a bot begins to serve is not looked through again."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
import discord
from bot.ops.garbage import settle

before = len(gc.get_objects())
settle()
print(before > 20_000, len(gc.get_objects()) < 5_000)
"""


def test_only_what_comes_later_is_looked_through() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["True", "True"]
