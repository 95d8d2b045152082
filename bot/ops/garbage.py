"""How often a process that serves looks for garbage."""

from __future__ import annotations

import gc

_YOUNG = 10_000
"""Objects that come to be, beyond those that go, between two looks. Nearly everything here goes by
its count of references: with Python's 700 the looks took a twentieth of the bot's time."""


def settle() -> None:
    """Whatever there is by now stays, so it is not looked at again; the rest is, less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
