"""How long a gateway that cannot be reached is left alone.

discord.py waits up to 17 minutes between two tries, so that a bot stays away for as long after
Discord has come back. Half a minute on the average costs Discord nothing, and nobody notices it.
"""

from __future__ import annotations

from discord import shard
from discord.backoff import ExponentialBackoff

LONGEST_EXPONENT = 6
"""2⁶ seconds."""


class Brief(ExponentialBackoff[bool]):
    """Rests that grow to a minute."""

    def __init__(self) -> None:
        super().__init__(integral=False)
        self._max = LONGEST_EXPONENT


def reconnect_soon() -> None:
    """Have every shard that is made from here on rest like that; discord.py has no setting."""
    shard.ExponentialBackoff = Brief  # type: ignore[misc,assignment]
