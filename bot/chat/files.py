"""Files that go to Discord, and what is to be done with them afterwards."""

from __future__ import annotations

import discord


def close(file: discord.File) -> None:
    """Let go of a file that was sent, or was not.

    discord.py closes what it opened itself, and has a buffer refer to itself: that would be in
    memory until somebody looks for rings.
    """
    file.close()
    file.fp.close()
